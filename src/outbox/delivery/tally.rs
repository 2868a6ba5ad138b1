//! Counts what is told, and tells it on.

use appel_core::outcome::Status;
use tokio::time::Instant;

use super::terms::{Ended, Learned, Stop};
use crate::outbox::event::{Event, Listener, Summary, Verdict};

/// The counts so far, and whom they are of interest to.
pub struct Tally<'l> {
    summary: Summary,
    copies_not_taken: usize,
    listener: &'l mut dyn Listener,
    since: Instant,
}

impl<'l> Tally<'l> {
    pub fn new(listener: &'l mut dyn Listener) -> Self {
        Self {
            summary: Summary::default(),
            copies_not_taken: 0,
            listener,
            since: Instant::now(),
        }
    }

    /// Nothing more is told.
    pub fn ended(self, stop: Option<Stop>) -> Ended {
        let mut summary = self.summary;
        summary.seconds = self.since.elapsed().as_secs_f64();
        Ended {
            summary,
            copies_not_taken: self.copies_not_taken,
            learned: Learned::default(),
            stop,
        }
    }
}

impl Listener for Tally<'_> {
    fn hear(&mut self, event: &Event) {
        if let Event::Letter(letter) = event {
            if letter.outcome != Verdict::Skipped {
                self.summary.due += 1;
            }
            self.summary.count(letter.outcome);
            if letter.outcome == Verdict::Accepted {
                let copies = letter.recipients.iter().skip(1);
                self.copies_not_taken += copies.filter(|copy| copy.outcome != Status::Accepted).count();
            }
        }
        self.listener.hear(event);
    }

    fn pause(&mut self) {
        self.listener.pause();
    }
}
