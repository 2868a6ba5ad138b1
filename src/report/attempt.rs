//! One attempt as the ledger knows it, told: as lines on a screen, and as an event.

use appel_core::words::visible_line;

use crate::outbox::event::{AddressEvent, Event, LetterEvent};
use crate::outbox::ledger::LoggedAttempt;
use crate::transport::{Reply, Status};

/// Everyone the letter went to, the To first, each with their own outcome.
pub fn recipients(attempt: &LoggedAttempt) -> impl Iterator<Item = (&str, Status, &Reply)> {
    let to = (&*attempt.record.recipient, attempt.status, &attempt.reply);
    let copies = attempt.copies.iter();
    std::iter::once(to).chain(copies.map(|(address, status, reply)| (&**address, *status, reply)))
}

/// A line for the letter, and one for each copy; the words of a copy only where they are not the letter's.
#[must_use]
pub fn lines(attempt: &LoggedAttempt) -> String {
    let record = &attempt.record;
    let mut text = format!(
        "{}  {:<8}  {}  {}  {}  {}\n",
        attempt.at.strftime("%Y-%m-%d %H:%M:%S UTC"),
        attempt.status.in_words(),
        visible_line(&record.letter),
        visible_line(&record.language),
        visible_line(&record.recipient),
        attempt.reply
    );
    for (address, status, reply) in recipients(attempt).skip(1) {
        text.push_str(&format!("    copy {:<8}  {}", status.in_words(), visible_line(address)));
        if *reply != attempt.reply {
            text.push_str(&format!("  {reply}"));
        }
        text.push('\n');
    }
    text
}

/// The same as an event, for `--json`.
#[must_use]
pub fn event(attempt: &LoggedAttempt) -> Event {
    let record = &attempt.record;
    let recipients = recipients(attempt).map(|(address, status, reply)| AddressEvent {
        address: address.to_owned(),
        outcome: status,
        code: reply.code,
        reply: Some(reply.line()),
    });
    // What this program wrote is JSON; whatever else should stand there is no reason to keep the rest back.
    let facts = attempt.facts.as_deref();
    Event::Attempt(Box::new(LetterEvent {
        language: Some(record.language.clone()),
        from: Some(record.sender.clone()),
        message_id: record.message_id(),
        code: attempt.reply.code,
        reply: Some(attempt.reply.line()),
        recipients: recipients.collect(),
        sha256: attempt.sha256.as_ref().map(hexadecimal),
        facts: facts.and_then(|facts| serde_json::from_str(facts).ok()),
        settled: attempt.settled,
        ..LetterEvent::new(
            record.id,
            &record.letter,
            &record.recipient,
            attempt.status.into(),
            attempt.at,
        )
    }))
}

/// A digest as everybody writes it.
#[must_use]
pub fn hexadecimal(digest: &[u8; 32]) -> String {
    digest
        .iter()
        .fold(String::with_capacity(64), |text, byte| text + &format!("{byte:02x}"))
}
