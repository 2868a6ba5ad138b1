//! One letter that is due: what is known of it between its attempts.

use std::time::Duration;

use appel_core::letter::Letter;
use jiff::Timestamp;
use tokio::time::Instant;

use super::letter_events;
use crate::outbox::event::{Event, LetterEvent};

/// A letter to be sent, kept small: its text is written anew for every attempt.
pub struct Job {
    pub letter: Box<Letter>,
    pub date: Timestamp,
    pub tries: u32,
    /// When this try began, as the evidence counts.
    pub began: u64,
    /// When its first try ended.
    pub first_try: Option<Instant>,
    /// What is told of it should it not be tried again: how its last try was deferred.
    pub deferred: Option<Box<LetterEvent>>,
}

impl Job {
    /// How many addresses it goes to.
    pub fn addresses(&self) -> usize {
        self.letter.addresses()
    }

    /// What is told of it when the run ends before its next try; nothing of a copy that its letter has told of.
    pub fn not_tried(self, at: Timestamp) -> Option<Event> {
        match self.deferred {
            Some(event) => Some(event.told()),
            None if self.letter.copy.is_some() && self.tries > 0 => None,
            None => Some(letter_events::untried(&self.letter, at)),
        }
    }

    /// Since the end of its first try.
    pub fn tried_for_longer_than(&self, retry_for: Duration) -> bool {
        self.first_try.is_some_and(|since| since.elapsed() > retry_for)
    }
}

/// A letter that was deferred, and when it is tried again.
pub struct Retry {
    pub at: Instant,
    pub job: Job,
}
