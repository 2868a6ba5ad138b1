//! One letter on its way: at the desk, in a connection's hands, or put off.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::time::Instant;

use super::desk::Desk;
use super::story;
use crate::letter::Letter;
use crate::outbox::event::{Event, LetterEvent};
use crate::outbox::journal::LedgerLost;

/// One letter on its way, kept small: its text is written anew for every attempt.
pub struct Job {
    pub letter: Box<Letter>,
    pub date: Timestamp,
    pub tries: u32,
    pub first_try: Option<Instant>,
    /// What is told of it should it not be tried again: how its last try went.
    pub put_off: Option<Box<LetterEvent>>,
}

impl Job {
    /// How many addresses it goes to.
    pub fn addresses(&self) -> usize {
        1 + self.letter.envelope.cc.len()
    }

    /// What is told of it when the run ends before its next try.
    pub fn not_tried(self, at: Timestamp) -> Event {
        match self.put_off {
            Some(event) => Event::Letter(event),
            None => story::untried(&self.letter, at),
        }
    }
}

/// A letter in a connection's hands that has not begun: let go of, it goes back to those that wait.
pub struct Taken {
    pub desk: Arc<Desk>,
    pub job: Option<Job>,
}

impl Taken {
    /// It begins: from now on the desk knows it as a letter in flight.
    pub fn keep(mut self) -> Job {
        // Only this and the end of a `Taken` take it out, and each comes once.
        self.job
            .take()
            .unwrap_or_else(|| unreachable!("a letter is taken once"))
    }

    /// Whether it was put off, and it is too late by now for another try.
    pub fn tried_long_enough(&self) -> bool {
        let retry_for = self.desk.options.retry_for;
        self.job
            .as_ref()
            .is_some_and(|job| job.tried_for_longer_than(retry_for))
    }

    /// It is not tried again in this run.
    pub fn leave(mut self) -> Result<(), LedgerLost> {
        let Some(job) = self.job.take() else { return Ok(()) };
        self.desk.state().day.give_back(job.addresses());
        self.desk.leave(job, true)
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        if let Some(job) = self.job.take() {
            let mut state = self.desk.state();
            state.day.give_back(job.addresses());
            state.waiting.push_front(job);
            drop(state);
            self.desk.changed.notify_waiters();
        }
    }
}

/// A letter that was put off.
pub struct Retry {
    pub at: Instant,
    pub job: Job,
}
