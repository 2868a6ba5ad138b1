//! What is told of a letter that is not sent.

use appel_core::address::Address;
use appel_core::letter::{Envelope, Letter, LetterId, Over, Skip};
use appel_core::outcome::{AddressOutcome, Outcome, Reason, Status};
use jiff::Timestamp;

use crate::outbox::event::{AddressEvent, Event, LetterEvent, Verdict};

/// A letter that was left out.
pub fn left_out(
    id: LetterId,
    letter: &str,
    to: &Address,
    sender: &Address,
    (reason, over): (Skip, Option<&Over>),
    copy: Option<LetterId>,
    at: Timestamp,
) -> Event {
    let mut event = LetterEvent::new(id, letter, to.as_str(), Verdict::Skipped, at);
    event.message_id = Some(id.message_id(sender));
    event.reason = Some(reason);
    event.reply = over.map(Over::message);
    event.copy_id = copy;
    event.told()
}

/// A letter that the run did not come to.
pub fn untried(letter: &Letter, at: Timestamp) -> Event {
    not_tried(letter, Reason::RunEnded, at)
}

fn not_tried(letter: &Letter, why: Reason, at: Timestamp) -> Event {
    let outcome = Outcome::not_tried(why);
    let mut event = LetterEvent::of(letter, Verdict::NotTried, at);
    became(&mut event, &outcome, &addresses(&letter.goes_to(), &outcome, &[]), at);
    event.told()
}

/// What became of a letter, and of each of its addresses, goes into its event.
pub fn became(event: &mut LetterEvent, outcome: &Outcome, recipients: &[AddressOutcome], at: Timestamp) {
    event.outcome = outcome.status.into();
    event.code = outcome.reply.code;
    event.reply = Some(outcome.told());
    event.at = at;
    event.recipients = recipients
        .iter()
        .map(|its| AddressEvent::new(its, Some(outcome)))
        .collect();
}

/// Every address of an envelope with its own outcome, the To first: the letter's, where it has none of its own.
pub fn addresses(envelope: &Envelope, outcome: &Outcome, own: &[AddressOutcome]) -> Vec<AddressOutcome> {
    let of = |address: &Address| AddressOutcome {
        address: address.to_string(),
        outcome: outcome.clone(),
    };
    envelope
        .recipients()
        .map(|address| {
            let its = own.iter().find(|its| its.address == address.as_str());
            its.cloned().unwrap_or_else(|| of(address))
        })
        .collect()
}

/// A letter that another run had, when this one came to it.
pub fn lost(letter: &Letter, stands: Option<Status>, at: Timestamp) -> Event {
    let reason = match stands {
        Some(Status::Accepted) => Skip::AlreadyAccepted,
        Some(Status::Refused) => Skip::Refused,
        Some(Status::InDoubt) => Skip::InDoubt,
        // Due again, but not in this run; or that one is sending it.
        Some(Status::Deferred | Status::NotTried) | None => return not_tried(letter, Reason::AnotherRun, at),
    };
    let envelope = &letter.envelope;
    let copy = letter.copy.as_deref();
    left_out(
        letter.id,
        &letter.spec.id,
        copy.map_or(&envelope.to, |copy| &copy.to),
        &envelope.from,
        (reason, None),
        copy.map(|copy| copy.id),
        at,
    )
}
