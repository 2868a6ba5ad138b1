//! A letter in a connection's hands: claimed, and not begun.

use appel_core::letter::Message;

use super::dispatcher::Dispatcher;
use super::in_flight::InFlight;
use super::job::Job;
use crate::failure::Problem;
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

    /// Has it in the ledger, safe from a killed process, that the letter begins: from now on it is in flight.
    pub async fn begin(mut self, message: &Message) -> Result<Job, LedgerLost> {
        let begin = vec![Entry::Begin(message.id)];
        self.dispatcher.journal.record(begin, Durability::Process).await?;
        let Some(mut job) = self.job.take() else {
            unreachable!("a letter is taken out once");
        };
        let in_flight = InFlight::new(&job.letter, message, self.dispatcher.options.clock.now());
        let mut state = self.dispatcher.state();
        state.in_flight.insert(message.id, in_flight);
        job.began = state.evidence.begins();
        drop(state);
        Ok(job)
    }
}

impl Drop for Claimed<'_> {
    fn drop(&mut self) {
        if let Some(job) = self.job.take() {
            self.dispatcher.put_back(job);
        }
    }
}
