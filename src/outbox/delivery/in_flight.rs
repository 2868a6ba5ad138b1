//! A letter in flight: begun, and without an outcome yet.

use std::sync::Arc;

use appel_core::letter::{Envelope, Letter, LetterId, Message};
use appel_core::outcome::{Outcome, Reason, Reply, Status};
use jiff::Timestamp;

use super::letter_events::{self, addresses};
use crate::outbox::event::{LetterEvent, Verdict};
use crate::outbox::ledger::Attempted;
use crate::transport::Sent;

/// What is needed to say how it ended.
#[derive(Debug)]
pub struct InFlight {
    envelope: Envelope,
    event: LetterEvent,
    sha256: [u8; 32],
    facts: Arc<str>,
}

impl InFlight {
    pub fn new(letter: &Letter, message: &Message, sha256: [u8; 32], at: Timestamp) -> Self {
        // In doubt is what it would be if nothing more were heard of it.
        let mut event = LetterEvent::of(letter, Verdict::InDoubt, at);
        event.subject = Some(message.subject.clone());
        Self {
            envelope: letter.goes_to(),
            event,
            sha256,
            facts: Arc::clone(&message.facts),
        }
    }

    /// The letter, also of a copy.
    pub const fn letter(&self) -> LetterId {
        self.event.id
    }

    /// The server, or the line, has spoken.
    pub fn ended(mut self, sent: &Sent, at: Timestamp) -> (Attempted, LetterEvent) {
        let recipients = addresses(&self.envelope, &sent.outcome, &sent.recipients);
        letter_events::became(&mut self.event, &sent.outcome, &recipients, at);
        let attempted = Attempted {
            id: self.event.line(),
            at,
            outcome: sent.outcome.clone(),
            sha256: self.sha256,
            facts: self.facts,
            copies: recipients.into_iter().skip(1).collect(),
        };
        (attempted, self.event)
    }

    /// Nobody knows what became of it.
    pub fn in_doubt(self, why: Reason, at: Timestamp) -> (Attempted, LetterEvent) {
        let outcome = Outcome::new(Status::InDoubt, Reply::none(why, ""));
        self.ended(&Sent::all(outcome, crate::transport::Then::Reconnect), at)
    }
}
