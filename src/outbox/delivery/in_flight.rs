//! A letter in flight: begun, and without an outcome yet.

use std::sync::Arc;

use appel_core::letter::{Letter, Message};
use jiff::Timestamp;

use super::letter_events::blank;
use crate::outbox::event::{AddressEvent, LetterEvent, Verdict, address_events};
use crate::outbox::ledger::Attempted;
use crate::transport::{Outcome, Reply, Sent};

/// What is needed to say how it ended.
#[derive(Debug)]
pub struct InFlight {
    event: LetterEvent,
    sha256: [u8; 32],
    facts: Arc<str>,
}

impl InFlight {
    pub fn new(letter: &Letter, message: &Message, at: Timestamp) -> Self {
        let mut event = blank(
            letter.id,
            &letter.spec.id,
            letter.envelope.to.as_str(),
            &letter.envelope.from,
            at,
        );
        event.language = Some(letter.language.to_string());
        event.cc = Some(letter.envelope.cc.iter().map(ToString::to_string).collect());
        event.subject = Some(message.subject.clone());
        Self {
            event,
            sha256: message.sha256(),
            facts: Arc::clone(&message.facts),
        }
    }

    /// The server, or the line, has spoken.
    pub fn ended(mut self, letter: &Letter, sent: &Sent, at: Timestamp) -> (Attempted, LetterEvent) {
        let event = &mut self.event;
        event.outcome = sent.outcome.status().into();
        event.code = sent.outcome.reply().code;
        event.reply = Some(sent.outcome.reply().line());
        event.at = at;
        event.recipients = address_events(&letter.envelope, &sent.outcome, &sent.recipients);
        let copies = letter.envelope.cc.iter().map(|address| {
            let own = sent.recipients.iter().find(|(of, _)| of == address);
            let outcome = own.map_or(&sent.outcome, |(_, outcome)| outcome);
            (address.to_string(), outcome.status(), outcome.reply().clone())
        });
        let attempted = Attempted {
            id: letter.id,
            at,
            status: sent.outcome.status(),
            reply: sent.outcome.reply().clone(),
            sha256: self.sha256,
            facts: self.facts,
            copies: copies.collect(),
        };
        (attempted, self.event)
    }

    /// Nobody knows what became of it.
    pub fn in_doubt(mut self, why: &str, at: Timestamp) -> (Attempted, LetterEvent) {
        let event = &mut self.event;
        let outcome = Outcome::InDoubt(Reply::none(why));
        event.outcome = Verdict::InDoubt;
        event.at = at;
        event.reply = Some(why.to_owned());
        let id = event.id;
        self.event.recipients = self.own_addresses(&outcome);
        let copies = self.event.cc.iter().flatten();
        let copies = copies.map(|address| (address.clone(), outcome.status(), outcome.reply().clone()));
        let attempted = Attempted {
            id,
            at,
            status: outcome.status(),
            reply: outcome.reply().clone(),
            sha256: self.sha256,
            facts: self.facts,
            copies: copies.collect(),
        };
        (attempted, self.event)
    }

    /// The To and the copies, all with one outcome.
    fn own_addresses(&self, outcome: &Outcome) -> Vec<AddressEvent> {
        std::iter::once(&self.event.to)
            .chain(self.event.cc.iter().flatten())
            .map(|address| AddressEvent {
                address: address.clone(),
                outcome: outcome.status().into(),
                code: None,
                reply: None,
            })
            .collect()
    }
}
