//! A provider with ways of its own: how many letters a connection takes, and when an account has had enough.

use super::dice::Dice;
use super::fault_model::Step;

/// What a provider allows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Provider {
    pub share: Option<Share>,
    pub enough: Option<Enough>,
}

/// How many letters a connection takes, in every run, and what is said then.
#[derive(Clone, Copy, Debug)]
pub struct Share {
    pub letters: usize,
    pub step: Step,
    pub words: &'static str,
    pub hangs_up: bool,
}

/// After how many letters of which run the account has had enough, and what is said then, until so many runs are over.
#[derive(Clone, Copy, Debug)]
pub struct Enough {
    pub run: usize,
    /// In the runs after the first nothing is taken at all.
    pub runs: usize,
    pub after: usize,
    pub step: Step,
    pub words: &'static str,
}

const SHARES: &[(Step, &str, bool)] = &[
    (Step::Mail, "421 too many messages in this connection", true),
    (
        Step::Mail,
        "452 4.5.3 Too many recipients: Too many messages sent",
        false,
    ),
    (Step::Mail, "550 enough", false),
    (Step::To, "452 4.4.5 no more", false),
    (
        Step::Data,
        "452 4.4.5 Maximum number of messages per session exceeded.",
        false,
    ),
    (Step::Data, "421 4.3.2 another one, please", true),
];

const ENOUGH: &[(Step, &str)] = &[
    (Step::Mail, "550 5.7.1 genug for heute"),
    (Step::To, "550 Failure sending mail"),
    (Step::Data, "554 assez"),
    (Step::Dot, "554 5.7.1 Message rejected under suspicion of SPAM"),
    (Step::Dot, "554 5.2.0 SubmissionQuotaExceededException"),
    (Step::Dot, "450 4.7.1 basta"),
];

impl Provider {
    pub fn of(letters: usize, runs: usize, dice: &mut Dice) -> Self {
        let share = dice.percent(25).then(|| {
            let (step, words, hangs_up) = *dice.pick(SHARES);
            Share {
                letters: dice.count(1, 8),
                step,
                words,
                hangs_up,
            }
        });
        let enough = dice.percent(25).then(|| {
            let (step, words) = *dice.pick(ENOUGH);
            let run = dice.count(0, runs - 1);
            Enough {
                run,
                // In the quiet runs nothing is in the way any more.
                runs: dice.count(1, (runs - run).min(3)),
                after: dice.count(0, letters),
                step,
                words,
            }
        });
        Self { share, enough }
    }
}
