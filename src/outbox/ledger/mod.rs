//! The ledger: every intent before a letter begins, every outcome before it is told.
//!
//! A letter's way through it, and what a crash makes of each state:
//!
//! | state | written | killed process | power cut |
//! | --- | --- | --- | --- |
//! | claimed | synced, in groups, before any of the group begins | due | in doubt |
//! | begun | before MAIL | in doubt | in doubt |
//! | accepted, deferred, refused, in doubt | at once, synced before it is told | as written | as written, or in doubt |
//!
//! A copy that was put off or refused while the letter was accepted has a line of its own from then on, and goes through
//! the same states.
//!
//! Whatever keeps it is behind [`Ledger`]: commands, delivery, tests and benchmarks know no more of it, and [`open`] and
//! [`read`] alone know what there is.

#[cfg(test)]
pub(crate) mod conformance;
mod entry;
mod error;
pub(crate) mod handed_over;
mod location;
mod lock;
mod nothing;
mod place;
mod record;
pub mod rules;
mod sqlite;
#[cfg(test)]
pub(crate) mod testing;

pub use entry::{Attempted, Claimed, Durability, Entry, Intent};
pub use error::{Doing, Holder, LedgerError};
pub use location::Location;
pub use nothing::NoLedger;
pub use record::{AcceptedKind, EventKind, Holdings, LastTry, LedgerEvent, Received, Record, Settled};

use std::collections::HashMap;
use std::future::{Future, ready};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use appel_core::address::Address;
use appel_core::campaign::Limits;
use appel_core::letter::{LetterId, OpenCopy, Past, Recent};
use jiff::Timestamp;

/// What a ledger answers, when it can.
pub type Answer<'l, T> = Pin<Box<dyn Future<Output = Result<T, LedgerError>> + Send + 'l>>;

/// An answer that is there at once, as that of a file is; for whoever has no runtime.
///
/// # Errors
/// As the answer.
///
/// # Panics
/// When it is not there yet.
pub fn at_once<T>(mut answer: Answer<'_, T>) -> Result<T, LedgerError> {
    match answer.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => unreachable!("this ledger has to be waited for"),
    }
}

/// Told one after the other, however many there are.
pub type Each<'l, T> = &'l mut (dyn FnMut(T) + Send);

/// What a ledger knows.
///
/// Every answer fails when the ledger cannot be read: nothing is ever taken for unknown because of that.
pub trait LedgerReader: Send {
    /// What is known of each of these letters, all at one moment: `None` where nothing is, or an intent that surely never
    /// began.
    fn past<'l>(&'l mut self, ids: &'l [LetterId]) -> Answer<'l, Vec<Option<Past>>>;

    /// What a sender's mailbox handed over since a moment, in whatever campaign, as the limits for one address count it.
    fn recent<'l>(&'l mut self, sender: &'l Address, limits: Limits, since: Timestamp) -> Answer<'l, Recent>;

    /// When letters of a sender's mailbox were handed over since a moment, in whatever campaign: accepted, or in doubt; and
    /// to how many addresses, copies that were not refused or put off among them. Only the first unless `all` are wanted.
    fn handed_over_since<'l>(
        &'l mut self,
        sender: &'l Address,
        since: Timestamp,
        all: bool,
    ) -> Answer<'l, Vec<(Timestamp, usize)>>;

    /// When the newest event of a sender's mailbox was, in whatever campaign, if that is later than a moment.
    fn event_after<'l>(&'l mut self, sender: &'l Address, moment: Timestamp) -> Answer<'l, Option<Timestamp>>;

    /// The copies that letters of a campaign and one sender left without, and that were not accepted since.
    fn open_copies<'l>(
        &'l mut self,
        campaign: &'l str,
        sender: &'l Address,
        each: Each<'l, OpenCopy>,
    ) -> Answer<'l, ()>;

    /// Of each of these letters, whether its bytes are needed again: it is in doubt, or a copy of it is put off or in
    /// doubt.
    fn bytes_are_needed<'l>(&'l mut self, letters: &'l [LetterId]) -> Answer<'l, Vec<bool>>;

    /// A letter as it is known, whatever its campaign, which comes with it.
    fn record(&mut self, id: LetterId) -> Answer<'_, Option<(String, Record)>>;

    /// What was written last of a letter: an attempt, or a person's word on one.
    fn last_event(&mut self, id: LetterId) -> Answer<'_, Option<LedgerEvent>>;

    /// How those of these letters were tried last of which the last that is known is an attempt: the `most` that were
    /// tried the latest.
    fn last_tries<'l>(&'l mut self, ids: &'l [LetterId], most: usize) -> Answer<'l, HashMap<LetterId, LastTry>>;

    /// Every letter of a campaign and one sender that did begin, and every copy that goes its own way, in the order of
    /// their first claims.
    fn records_of_sender<'l>(
        &'l mut self,
        campaign: &'l str,
        sender: &'l Address,
        each: Each<'l, Record>,
    ) -> Answer<'l, ()>;

    /// Every attempt of a campaign that left a letter of one sender in doubt, oldest first, also of letters that no longer
    /// are.
    fn doubts_of_sender<'l>(
        &'l mut self,
        campaign: &'l str,
        sender: &'l Address,
        each: Each<'l, LedgerEvent>,
    ) -> Answer<'l, ()>;

    /// Every attempt of a campaign, whoever sent it, oldest first, and every word of a person on one.
    fn events_of_campaign<'l>(&'l mut self, campaign: &'l str, each: Each<'l, LedgerEvent>) -> Answer<'l, ()>;

    /// Every letter of a campaign that stands accepted, whoever sent it, and every copy that went its own way and does, each
    /// once, in the order in which they left; one that a person settled as sent left in the attempt before.
    fn received<'l>(&'l mut self, campaign: &'l str, each: Each<'l, Received>) -> Answer<'l, ()>;

    /// Of what kinds the letters of a sender's address are that stand accepted, in whatever campaign, in the order of
    /// campaigns and letters.
    fn accepted_kinds<'l>(&'l mut self, sender: &'l Address) -> Answer<'l, Vec<AcceptedKind>>;

    /// What there is of a campaign, whoever sent it, and how much of it was handed over since a moment.
    fn holdings<'l>(&'l mut self, campaign: &'l str, since: Timestamp) -> Answer<'l, Holdings>;
}

/// What a run writes into a ledger that this process may write: only such a one can record.
pub trait LedgerWriter: Send {
    /// Writes entries, all or none, and gives an answer for each claim among them, in order. A claim that is lost is no
    /// failure: that letter is not written, the others are.
    ///
    /// It fails when they could not be written as durably as asked, or do not follow from what was written before (a
    /// begin without a claim); then none of them count.
    fn write(&mut self, entries: Vec<Entry>, durability: Durability) -> Answer<'_, Vec<Claimed>>;
}

/// A ledger that this process may write.
pub trait Ledger: LedgerReader + LedgerWriter {
    /// Writes down what a person found out about letters in doubt: all of them or none, safe from a power cut. It fails
    /// when one of them is not in doubt.
    fn settle<'l>(&'l mut self, letters: &'l [LetterId], as_what: Settled, now: Timestamp) -> Answer<'l, ()>;

    /// Forgets a campaign, whoever sent it, and leaves nothing of it behind but hashes of the addresses that count since a
    /// moment; false when it is forgotten, but another program that reads the ledger kept traces from being erased.
    fn purge<'l>(&'l mut self, campaign: &'l str, since: Timestamp) -> Answer<'l, bool>;

    /// The run is over. Without this word the next one looks at every letter for those that a killed one left open;
    /// nothing is lost by it.
    fn close(self: Box<Self>, now: Timestamp) -> Answer<'static, ()>;
}

impl<L: LedgerWriter + ?Sized> LedgerWriter for Box<L> {
    fn write(&mut self, entries: Vec<Entry>, durability: Durability) -> Answer<'_, Vec<Claimed>> {
        (**self).write(entries, durability)
    }
}

/// Opens a ledger to write, making it when there is none, and settles what a crash left open. It fails when another run
/// has it, or as [`read`] does.
#[must_use]
pub fn open(at: &Location, now: Timestamp) -> Answer<'_, Box<dyn Ledger>> {
    match at {
        Location::File(path) => {
            let ledger = sqlite::SqliteLocked::acquire(path, now);
            Box::pin(ready(ledger.map(|ledger| Box::new(ledger) as _)))
        }
    }
}

/// Opens a ledger to read; one that is not there knows nothing. It fails when what is there is no ledger, is newer than
/// this program, or cannot be read.
#[must_use]
pub fn read(at: &Location, now: Timestamp) -> Answer<'_, Box<dyn LedgerReader>> {
    match at {
        Location::File(path) => {
            let ledger = sqlite::SqliteLedger::read(path, now);
            Box::pin(ready(ledger.map(|ledger| match ledger {
                Some(ledger) => Box::new(ledger) as _,
                None => Box::new(NoLedger) as _,
            })))
        }
    }
}
