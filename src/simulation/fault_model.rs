//! What a simulated server and the line to it do instead of answering, and how often.

use std::time::Duration;

use super::dice::Dice;

/// A step of the dialogue that the server has a part in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Greeting,
    Hello,
    Login,
    Mail,
    To,
    Copy,
    Data,
    /// The reply to the final dot.
    Dot,
    Reset,
    Quit,
}

/// What the server does at a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    Answer,
    /// Answers late, perhaps too late.
    Late(Duration),
    /// 4xx.
    NotNow,
    /// 5xx.
    No,
    /// 421, and hangs up.
    Shut,
    /// The words of a provider that limits an account.
    Limit,
    /// 3xx where none belongs.
    Odd,
    /// Bytes that are not a reply.
    Nonsense,
    /// A reply without an end.
    Endless,
    /// The beginning of its reply, then nothing more.
    Half,
    /// Byte by byte, so long apart.
    Drip(Duration),
    /// Its reply, and one that nothing was asked for.
    Twice,
    Close,
    Reset,
    /// Never answers, and does not hang up.
    Silent,
}

/// How often things go wrong in one run.
#[derive(Clone, Copy, Debug)]
pub struct FaultModel {
    /// In a thousand steps.
    faults: u64,
    /// Only there, when given.
    only: Option<Step>,
    /// Connections in a thousand that cannot be opened.
    pub unreachable: u64,
    /// Connections in a thousand that break in mid-stream.
    pub breaks: u64,
    /// Copies in a thousand that are put off while their letters are taken.
    put_off: u64,
    /// Server and line are sound, but unlike each other: no PIPELINING here, small pieces there.
    pub varied: bool,
}

impl FaultModel {
    pub const CALM: Self = Self {
        faults: 0,
        only: None,
        unreachable: 0,
        breaks: 0,
        put_off: 0,
        varied: false,
    };

    pub fn of(dice: &mut Dice) -> Self {
        let faults = *dice.pick(&[0, 20, 60, 150, 300, 600]);
        let only = dice
            .percent(30)
            .then(|| *dice.pick(&[Step::Mail, Step::To, Step::Copy, Step::Data, Step::Dot, Step::Reset]));
        Self {
            // Where it is the only one, it may as well fail often.
            faults: if only.is_some() { faults.max(200) } else { faults },
            only,
            unreachable: *dice.pick(&[0, 0, 50, 500]),
            breaks: *dice.pick(&[0, 0, 50, 300]),
            put_off: *dice.pick(&[0, 0, 100, 600]),
            varied: true,
        }
    }

    /// What happens at a step.
    pub fn at(&self, step: Step, dice: &mut Dice) -> Act {
        if step == Step::Copy && dice.permille(self.put_off) {
            return Act::NotNow;
        }
        if self.only.is_some_and(|only| only != step) || !dice.permille(self.faults) {
            return Act::Answer;
        }
        match dice.weighted(KINDS) {
            Act::Late(_) => Act::Late(dice.seconds(0, 700)),
            Act::Drip(_) => Act::Drip(Duration::from_millis(dice.magnitude(40_000))),
            // What ends a run for good would keep all else from being seen: seldom.
            Act::No if matches!(step, Step::Greeting | Step::Hello | Step::Login) && dice.percent(80) => Act::NotNow,
            act => act,
        }
    }
}

const KINDS: &[(u64, Act)] = &[
    (16, Act::NotNow),
    (10, Act::No),
    (8, Act::Late(Duration::ZERO)),
    (8, Act::Close),
    (8, Act::Reset),
    (6, Act::Shut),
    (5, Act::Half),
    (5, Act::Silent),
    (4, Act::Nonsense),
    (4, Act::Odd),
    (4, Act::Twice),
    (3, Act::Drip(Duration::ZERO)),
    (1, Act::Limit),
    (1, Act::Endless),
];
