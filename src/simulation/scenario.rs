//! What a seed decides before anything happens: the campaign's size, the account, and what goes wrong in which run.

use std::time::Duration;

use jiff::Timestamp;

use super::dice::Dice;
use super::fault_model::FaultModel;
use super::provider::Provider;
use crate::input::config::Rate;

/// Everything that is fixed for all runs of one seed.
#[derive(Clone, Debug)]
pub struct Scenario {
    pub seed: u64,
    pub letters: usize,
    /// At most so many copies a letter.
    pub copies: usize,
    /// Each letter goes to its sender too, by itself.
    pub copy_to_self: bool,
    pub connections: usize,
    pub rate: Rate,
    pub retry_for: Duration,
    pub daily_limit: Option<usize>,
    pub deadline: Option<Timestamp>,
    pub timeout: Duration,
    pub login: bool,
    pub provider: Provider,
    /// Whether the system tells one start of the machine from another. Where it does not, every run counts as cut off.
    pub boots_are_known: bool,
    /// The run from which on `--resend-in-doubt` is asked for.
    pub resend_from: Option<usize>,
    /// The runs in which something may go wrong; those after them are quiet.
    pub troubled: Vec<Trouble>,
}

/// What may go wrong in one run.
#[derive(Clone, Debug)]
pub struct Trouble {
    /// How long after the run before.
    pub pause: Duration,
    /// The power was cut in between, although the run before ended by itself or was killed.
    pub power_was_cut: bool,
    pub faults: FaultModel,
    pub death: Option<(When, Death)>,
    /// Ctrl-C, and perhaps again.
    pub interrupts: Vec<When>,
    pub disk: Option<DiskFails>,
    /// `--retry-refused`.
    pub retry_refused: bool,
}

/// A moment in a run.
#[derive(Clone, Copy, Debug)]
pub enum When {
    /// At the nth thing that happens.
    Step(u64),
    After(Duration),
}

/// How a run ends that does not end by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Death {
    Killed,
    PowerCut,
}

/// The disk fails at its nth write, and ever after.
#[derive(Clone, Copy, Debug)]
pub struct DiskFails {
    pub at: u64,
    /// The failing write is there all the same, as far as it came.
    pub in_part: bool,
    /// The process is killed in the middle of that write, and never learns of it.
    pub killed: bool,
}

impl Scenario {
    pub fn of(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        // A few are large enough for more than one group of claims.
        let large = dice.permille(15);
        let letters = if large { dice.count(100, 160) } else { dice.count(1, 40) };
        let connections = dice.count(1, 6);
        let rate = match dice.between(0, 9) {
            0..4 => Rate::Unlimited,
            4 => Rate::Every(Duration::from_millis(dice.between(1, 9))),
            5..8 => Rate::Every(Duration::from_millis(dice.between(10, 3000))),
            _ => Rate::Every(dice.seconds(10, 900)),
        };
        let daily_limit = dice.percent(25).then(|| dice.count(letters.div_ceil(4), letters + 2));
        let deadline = dice
            .percent(20)
            .then(|| start() + Duration::from_secs(dice.magnitude(200_000)));
        let runs = dice.count(1, 5);
        let copies = if dice.percent(40) { 0 } else { dice.count(1, 3) };
        // Apart, so that what else a seed decides stays as it is.
        let copy_to_self = Dice::new(seed ^ 0x5e1f).percent(25);
        let provider = Provider::of(letters, runs, &mut dice.apart());
        Self {
            seed,
            letters,
            copies,
            copy_to_self,
            connections,
            rate,
            retry_for: *dice.pick(&[0, 1, 30, 120, 900, 3600].map(Duration::from_secs)),
            // It counts addresses.
            daily_limit: daily_limit.map(|letters| letters * (1 + copies + usize::from(copy_to_self))),
            deadline,
            timeout: dice.seconds(2, 90),
            login: dice.percent(30),
            provider,
            boots_are_known: dice.percent(90),
            resend_from: dice.percent(40).then(|| dice.count(0, runs + 1)),
            troubled: (0..runs).map(|_| Trouble::of(letters, &mut dice.apart())).collect(),
        }
    }

    /// What may go wrong in a run; after the troubled ones nothing does.
    pub fn trouble(&self, run: usize) -> Trouble {
        self.troubled.get(run).cloned().unwrap_or(Trouble {
            pause: Duration::from_hours(25),
            power_was_cut: false,
            faults: FaultModel::CALM,
            death: None,
            interrupts: Vec::new(),
            disk: None,
            retry_refused: false,
        })
    }

    pub fn is_quiet(&self, run: usize) -> bool {
        run >= self.troubled.len()
    }

    /// When everything must be over: after the troubled runs, a quiet one for each day's letters, and one to see that
    /// nothing is due. What a quiet run sends again is in doubt from before, so that it is counted twice.
    pub fn most_runs(&self) -> usize {
        let days = self.daily_limit.map_or(1, |limit| {
            2 * self
                .letters
                .div_ceil(limit / (1 + self.copies + usize::from(self.copy_to_self)))
        });
        self.troubled.len() + days + 2
    }
}

impl Trouble {
    fn of(letters: usize, dice: &mut Dice) -> Self {
        let death = match dice.between(0, 9) {
            0..5 => None,
            5..8 => Some(Death::Killed),
            _ => Some(Death::PowerCut),
        };
        Self {
            pause: match dice.between(0, 2) {
                0 => Duration::ZERO,
                1 => dice.seconds(1, 3600),
                _ => dice.seconds(3600, 100_000),
            },
            power_was_cut: dice.percent(10),
            faults: FaultModel::of(dice),
            death: death.map(|death| (When::of(letters, dice), death)),
            interrupts: if dice.percent(25) {
                (0..dice.between(1, 2)).map(|_| When::of(letters, dice)).collect()
            } else {
                Vec::new()
            },
            disk: dice.percent(25).then(|| DiskFails {
                at: dice.magnitude(4 * letters as u64 + 4),
                in_part: dice.percent(50),
                killed: dice.percent(40),
            }),
            retry_refused: dice.percent(20),
        }
    }
}

impl When {
    fn of(letters: usize, dice: &mut Dice) -> Self {
        if dice.percent(70) {
            Self::Step(dice.magnitude(25 * letters as u64 + 40))
        } else {
            Self::After(Duration::from_millis(dice.magnitude(3_600_000)))
        }
    }
}

/// When every simulation begins.
pub fn start() -> Timestamp {
    "2011-12-16T18:54:00Z".parse().unwrap()
}
