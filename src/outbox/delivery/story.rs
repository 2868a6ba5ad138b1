//! What is told and written down of a letter on its way.

use std::sync::Arc;

use jiff::Timestamp;

use crate::campaign::Address;
use crate::letter::{Letter, LetterId, Message, Over, Skip, Status};
use crate::outbox::event::{AddressEvent, Event, LetterEvent, Verdict, address_events};
use crate::outbox::ledger::Attempted;
use crate::transport::{Outcome, Reply, Sent};

/// What is needed to say of a letter in flight how it ended.
#[derive(Debug)]
pub struct Flying {
    pub event: LetterEvent,
    sha256: [u8; 32],
    facts: Arc<str>,
}

impl Flying {
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

fn not_tried() -> Outcome {
    Outcome::Deferred(Reply::none("not tried: the run ended before"))
}

/// A letter that was left out.
pub fn left_out(
    id: LetterId,
    letter: &str,
    to: &Address,
    sender: &Address,
    (reason, over): (Skip, Option<&Over>),
    at: Timestamp,
) -> Event {
    let mut event = blank(id, letter, to.as_str(), sender, at);
    event.outcome = Verdict::Skipped;
    event.reason = Some(reason);
    event.reply = over.map(ToString::to_string);
    Event::Letter(Box::new(event))
}

/// A letter that the run did not come to.
pub fn untried(letter: &Letter, at: Timestamp) -> Event {
    let envelope = &letter.envelope;
    let outcome = not_tried();
    let mut event = blank(letter.id, &letter.spec.id, envelope.to.as_str(), &envelope.from, at);
    event.outcome = Verdict::Deferred;
    event.language = Some(letter.language.to_string());
    event.cc = Some(envelope.cc.iter().map(ToString::to_string).collect());
    event.reply = Some(outcome.reply().line());
    event.recipients = address_events(envelope, &outcome, &[]);
    Event::Letter(Box::new(event))
}

/// A letter that another run had, when this one came to it.
pub fn lost(letter: &Letter, stands: Option<Status>, at: Timestamp) -> Event {
    let reason = match stands {
        Some(Status::Accepted) => Skip::AlreadyAccepted,
        Some(Status::Refused) => Skip::Refused,
        Some(Status::InDoubt) => Skip::InDoubt,
        // Due again, but not in this run; or that one is sending it.
        Some(Status::Deferred) | None => {
            let mut event = untried(letter, at);
            if let Event::Letter(letter) = &mut event {
                letter.reply = Some("not tried: another run has it".to_owned());
            }
            return event;
        }
    };
    let envelope = &letter.envelope;
    left_out(
        letter.id,
        &letter.spec.id,
        &envelope.to,
        &envelope.from,
        (reason, None),
        at,
    )
}

fn blank(id: LetterId, letter: &str, to: &str, sender: &Address, at: Timestamp) -> LetterEvent {
    LetterEvent {
        id,
        letter: letter.to_owned(),
        language: None,
        to: to.to_owned(),
        cc: None,
        subject: None,
        message_id: id.message_id(sender),
        outcome: Verdict::InDoubt,
        reason: None,
        code: None,
        reply: None,
        at,
        recipients: Vec::new(),
    }
}
