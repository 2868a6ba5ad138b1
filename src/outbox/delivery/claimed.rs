//! A letter in a connection's hands: claimed, and not begun.

use appel_core::letter::Message;

use super::dispatcher::Dispatcher;
use super::in_flight::InFlight;
use super::job::Job;
use crate::failure::Problem;
use crate::outbox::event::{LetterEvent, Verdict};
use crate::outbox::journal::LedgerLost;
use crate::outbox::ledger::{Durability, Entry};

/// Let go of, it goes back to those that wait.
pub struct Claimed<'d> {
    dispatcher: &'d Dispatcher,
    /// Taken out once, by what becomes of it.
    job: Option<Job>,
}

impl<'d> Claimed<'d> {
    pub const fn new(dispatcher: &'d Dispatcher, job: Job) -> Self {
        Self {
            dispatcher,
            job: Some(job),
        }
    }

    /// Whether it was deferred, and it is too late by now for another try.
    pub fn tried_long_enough(&self) -> bool {
        let retry_for = self.dispatcher.options.retry_for;
        self.job
            .as_ref()
            .is_some_and(|job| job.tried_for_longer_than(retry_for))
    }

    /// It is not tried again in this run.
    pub fn leave(mut self) -> Result<(), LedgerLost> {
        let Some(job) = self.job.take() else { return Ok(()) };
        self.dispatcher.state().quota.release(job.addresses());
        self.dispatcher.leave(job, true)
    }

    /// Its bytes.
    pub fn message(&self) -> Result<Message, Problem> {
        let Some(job) = &self.job else {
            unreachable!("a letter is taken out once");
        };
        self.dispatcher.letters().message(&job.letter, job.date)
    }

    /// Has it in the ledger, safe from a killed process, that the letter begins: from now on it is in flight, and its bytes
    /// stand in the slot of the connection.
    pub async fn begin(mut self, message: &Message, slot: usize) -> Result<Job, LedgerLost> {
        let Some(job) = &self.job else {
            unreachable!("a letter is taken out once");
        };
        let line = job.letter.line();
        let sha256 = message.sha256();
        let begin = vec![Entry::Begin(line)];
        self.dispatcher.journal.record(begin, Durability::Process).await?;
        // Not sooner: the slot has the letter before this one, whose outcome is in the ledger by now. A letter that is killed
        // right here has not left.
        if let Some(kept) = &self.dispatcher.options.kept {
            kept.put_in_slot(slot, message, &sha256);
        }
        let Some(mut job) = self.job.take() else {
            unreachable!("a letter is taken out once");
        };
        let in_flight = InFlight::new(&job.letter, message, sha256, self.dispatcher.options.clock.now());
        let mut state = self.dispatcher.state();
        state.in_flight.insert(line, in_flight);
        job.began = state.evidence.begins();
        drop(state);
        Ok(job)
    }

    /// It cannot be written as it was: that is told of a copy, whose letter has left, and nothing more comes of it in this
    /// run. `false`: it is a letter.
    pub fn leave_unwritten(&mut self, problem: &Problem) -> Result<bool, LedgerLost> {
        let Some(mut job) = self.job.take_if(|job| job.letter.copy.is_some()) else {
            return Ok(false);
        };
        self.dispatcher.state().quota.release(job.addresses());
        let now = self.dispatcher.options.clock.now();
        let mut event = LetterEvent::of(&job.letter, Verdict::Deferred, now);
        event.reply = Some(problem.what.clone());
        job.deferred = Some(Box::new(event));
        self.dispatcher.leave(job, true)?;
        Ok(true)
    }
}

impl Drop for Claimed<'_> {
    fn drop(&mut self) {
        if let Some(job) = self.job.take() {
            self.dispatcher.put_back(job);
        }
    }
}
