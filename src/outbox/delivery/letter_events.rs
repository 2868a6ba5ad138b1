//! What is told of a letter that is not sent.

use appel_core::address::Address;
use appel_core::letter::{Letter, LetterId, Over, Skip, Status};
use jiff::Timestamp;

use crate::outbox::event::{Event, LetterEvent, Verdict, address_events};
use crate::transport::{Outcome, Reply};

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
    let outcome = Outcome::Deferred(Reply::none("not tried: the run ended before"));
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

/// What is said of any letter, before anything became of it.
pub fn blank(id: LetterId, letter: &str, to: &str, sender: &Address, at: Timestamp) -> LetterEvent {
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
