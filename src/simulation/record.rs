//! What is remembered of the runs, for what is promised to be held against.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use appel_core::letter::LetterId;
use appel_core::outcome::Status;
use jiff::Timestamp;

use super::scenario::start;
use crate::outbox::event::Verdict;

/// Letters by what they are called in a trace.
pub type ByLetter<T> = BTreeMap<LetterId, T>;

/// What is kept of all runs.
pub struct Kept {
    pub start: Timestamp,
    /// What the server took, in order.
    pub taken: Vec<Take>,
    /// The first bytes seen of each letter.
    pub bytes: HashMap<LetterId, Vec<u8>>,
    /// The runs in which a letter in doubt began again because it was asked for.
    pub asked: ByLetter<Vec<usize>>,
    /// The letters to which the server said, in whatever run, that the account has had enough.
    pub told_enough: BTreeSet<LetterId>,
    /// Every begin: the run, the letter, when, and at which time of day.
    pub begins: Vec<Begin>,
}

impl Default for Kept {
    fn default() -> Self {
        Self {
            start: start(),
            taken: Vec::new(),
            bytes: HashMap::new(),
            asked: ByLetter::new(),
            told_enough: BTreeSet::new(),
            begins: Vec::new(),
        }
    }
}

/// A letter that the server took.
#[derive(Clone, Debug)]
pub struct Take {
    pub id: LetterId,
    /// The run whose connection it came over.
    pub run: usize,
    /// The copies that it was taken for.
    pub copies: BTreeSet<String>,
    /// What the reply said, should it have arrived.
    pub words: String,
    /// Whether every reply on that connection answered something that was asked.
    pub sound: bool,
    /// When its transaction began, by the program's clock.
    pub began: Timestamp,
}

#[derive(Clone, Copy, Debug)]
pub struct Begin {
    pub run: usize,
    pub id: LetterId,
    pub clock: Timestamp,
}

/// What is kept of one run.
#[derive(Default)]
pub struct Watch {
    pub number: usize,
    pub due: BTreeSet<LetterId>,
    pub skipped: usize,
    pub resend_in_doubt: bool,
    pub retry_refused: bool,
    /// Copies that letters of this run left without, and what the server said then.
    pub put_off: ByLetter<Status>,
    pub told: ByLetter<Verdict>,
    /// Those of them that are letters, not copies.
    pub letters_told: BTreeSet<LetterId>,
    pub told_skipped: usize,
    /// Letters that the run says it did not come to.
    pub not_tried: usize,
    /// When somebody interrupted.
    pub interrupts: Vec<Duration>,
    pub ledger_lost: bool,
    /// What became of the letters to which the server said that the account has had enough.
    pub told_enough: ByLetter<Verdict>,
    /// No letter may begin before.
    pub next_turn: Duration,
    /// When a letter's first attempt ended.
    pub first_end: ByLetter<Duration>,
}
