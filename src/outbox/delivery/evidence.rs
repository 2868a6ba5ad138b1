//! What a reply is evidence of: this letter, this reader, this connection, this account, or this server. Decided here
//! and nowhere else, by what was tried and what else was accepted; a table is in docs/reliability.md.

pub mod gist;
pub mod hints;

use std::collections::BTreeMap;

use appel_core::letter::LetterId;
use appel_core::outcome::Status;

use self::gist::Gist;
use crate::transport::{Reply, Sent, Step};

/// So many letters running are told the same, and it is the account, not a letter.
const SAME: usize = 4;
/// The same of addresses that are said not to exist: a list may be old.
const NO_SUCH_READERS: usize = 10;
/// So many are told no in whatever words, and nothing is accepted.
const ANYTHING: usize = 50;
/// So many are kept in mind.
const MOST: usize = 200;

/// Whether a reply is about the connection: it had taken letters, and now has had its share. The same letter leaves at once
/// on a fresh one; only what that says to its first letter counts further.
pub fn is_of_connection(sent: &Sent, taken: u32) -> bool {
    let reply = &sent.outcome.reply;
    let Some(code) = reply.code.filter(|_| taken > 0) else {
        return false;
    };
    if matches!(sent.outcome.status, Status::Accepted | Status::InDoubt) {
        return false;
    }
    match (code, sent.step) {
        (421, _) => true,
        (400..=599, Step::Mail | Step::Data) => !hints::shows_account(reply),
        (400..=499, Step::Rcpt | Step::Text) => hints::of_session(reply),
        _ => false,
    }
}

/// A no, or a "not now", that may be about the account.
#[derive(Debug)]
pub struct No {
    /// The letter's.
    pub id: LetterId,
    /// What was said.
    pub reply: Reply,
    /// At which step.
    pub step: Step,
    /// What of it would be the same for other letters.
    pub gist: Gist,
    /// Whether it was said for good (5xx).
    pub for_good: bool,
    /// Whether the reader is named, by words or code.
    pub names_reader: bool,
    /// Whether the address is said to be none.
    pub dead_address: bool,
}

/// What was heard of letters since the last that was accepted.
#[derive(Debug, Default)]
pub struct Evidence {
    /// Counts what begins and what is heard: a letter that began before a no was heard says nothing about that no.
    moment: u64,
    /// Whether any letter was accepted in this run.
    accepted: bool,
    /// Letters that were tried, each once.
    tried: usize,
    nos: Vec<(u64, No)>,
}

impl Evidence {
    /// A letter begins now.
    pub const fn begins(&mut self) -> u64 {
        self.moment += 1;
        self.moment
    }

    /// A letter had its first try.
    pub const fn tried(&mut self) {
        self.tried += 1;
    }

    /// Whether any letter was accepted in this run.
    pub const fn any_accepted(&self) -> bool {
        self.accepted
    }

    /// A letter that began then is accepted: so what was said before of others was about them alone. Gives those that were
    /// refused for good.
    pub fn accepted(&mut self, began: u64) -> Vec<LetterId> {
        self.accepted = true;
        if self.nos.is_empty() {
            return Vec::new();
        }
        let (settled, open): (Vec<_>, Vec<_>) = std::mem::take(&mut self.nos)
            .into_iter()
            .partition(|(heard, _)| *heard < began);
        self.nos = open;
        for_good(settled)
    }

    /// A letter is told no. Gives how many letters running were told the same, when that makes it the account's.
    pub fn said_no(&mut self, no: No) -> Option<usize> {
        self.moment += 1;
        self.nos.retain(|(_, before)| before.id != no.id);
        if self.nos.len() >= MOST {
            self.nos.remove(0);
        }
        let same = 1 + self
            .nos
            .iter()
            .filter(|(_, before)| before.gist.is_like(&no.gist))
            .count();
        let most = if no.dead_address { NO_SUCH_READERS } else { SAME };
        self.nos.push((self.moment, no));
        if same >= most {
            return Some(same);
        }
        let for_good = self.nos.iter().filter(|(_, no)| no.for_good).count();
        (for_good >= ANYTHING).then_some(for_good)
    }

    /// Everything due was tried. Gives how many letters were told the same, when fewer were due than make it the account's,
    /// none was accepted, and nothing names a reader; and what.
    pub fn all_were_told_the_same(&self) -> Option<(usize, Reply, Step)> {
        let (_, first) = self.nos.first()?;
        let same = |no: &No| no.for_good && !no.names_reader && no.gist.is_like(&first.gist);
        (!self.accepted && self.tried == self.nos.len() && self.tried < SAME && self.nos.iter().all(|(_, no)| same(no)))
            .then(|| (self.tried, first.reply.clone(), first.step))
    }

    /// Everything due was tried, and it was not the account: gives those that were refused for good.
    pub fn settle(&mut self) -> Vec<LetterId> {
        for_good(std::mem::take(&mut self.nos))
    }
}

fn for_good(nos: Vec<(u64, No)>) -> Vec<LetterId> {
    let refused = nos.into_iter().filter(|(_, no)| no.for_good);
    refused.map(|(_, no)| no.id).collect()
}

/// How many letters a connection takes, as far as was seen.
#[derive(Debug, Default)]
pub struct Lengths {
    seen: BTreeMap<u32, u32>,
    known: Option<u32>,
}

impl Lengths {
    /// As far as is known from before.
    pub const fn known(known: Option<u32>) -> Self {
        Self {
            seen: BTreeMap::new(),
            known,
        }
    }

    /// A connection was at its end after so many letters, and a fresh one took the next. Twice at the same number, and it is
    /// no accident.
    pub fn ended_after(&mut self, letters: u32) {
        let times = self.seen.entry(letters).or_default();
        *times += 1;
        if *times > 1 {
            self.known = Some(self.known.map_or(letters, |known| known.min(letters)));
        } else if self.known.is_some_and(|known| letters < known) {
            // It takes fewer than was thought.
            self.known = None;
        }
        while self.seen.len() > MOST {
            self.seen.pop_last();
        }
    }

    /// After how many letters a connection is renewed.
    pub const fn most(&self) -> Option<u32> {
        self.known
    }
}
