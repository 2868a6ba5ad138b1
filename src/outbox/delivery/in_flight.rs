//! A letter in flight: begun, and without an outcome yet.

use std::sync::Arc;

use appel_core::address::Address;
use appel_core::letter::{Envelope, Letter, LetterId, Message};
use appel_core::outcome::{AddressOutcome, Outcome, Reason, Reply, Status};
use jiff::Timestamp;

use super::letter_events::{self, addresses};
use super::own_copy;
use super::terms::Options;
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
    /// The sender, when a copy goes there by itself once the letter is accepted.
    own_copy: Option<Address>,
}

impl InFlight {
    pub fn new(letter: &Letter, message: &Message, sha256: [u8; 32], at: Timestamp, options: &Options) -> Self {
        // In doubt is what it would be if nothing more were heard of it.
        let mut event = LetterEvent::of(letter, Verdict::InDoubt, at);
        event.subject = Some(message.subject.clone());
        Self {
            envelope: letter.goes_to(),
            event,
            sha256,
            facts: Arc::clone(&message.facts),
            own_copy: own_copy::of(letter, options).cloned(),
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
        let mut copies: Vec<AddressOutcome> = recipients.into_iter().skip(1).collect();
        // Of one in doubt as well: it may be settled as sent.
        if matches!(sent.outcome.status, Status::Accepted | Status::InDoubt)
            && let Some(sender) = self.own_copy
        {
            copies.push(AddressOutcome {
                address: sender.to_string(),
                outcome: own_copy::waits(),
            });
            self.event.own_copy = Some(sender);
        }
        let attempted = Attempted {
            id: self.event.line(),
            at,
            outcome: sent.outcome.clone(),
            sha256: self.sha256,
            facts: self.facts,
            copies,
        };
        (attempted, self.event)
    }

    /// Nobody knows what became of it.
    pub fn in_doubt(self, why: Reason, at: Timestamp) -> (Attempted, LetterEvent) {
        let outcome = Outcome::new(Status::InDoubt, Reply::none(why, ""));
        self.ended(&Sent::all(outcome, crate::transport::Then::Reconnect), at)
    }
}
