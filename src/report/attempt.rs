//! An event of a letter as the ledger knows it, told: as lines on a screen, and as an event of a run's story.

use appel_core::outcome::Outcome;
use appel_core::words::visible_line;

use crate::outbox::event::{AddressEvent, Event, LetterEvent};
use crate::outbox::ledger::{EventKind, LedgerEvent};

/// Everyone the letter went to, the To first, each with their own outcome.
pub fn recipients(event: &LedgerEvent) -> impl Iterator<Item = (&str, &Outcome)> {
    let copies = event.copies.iter();
    std::iter::once((&*event.record.recipient, &event.outcome))
        .chain(copies.map(|copy| (&*copy.address, &copy.outcome)))
}

/// A line for the letter, and one for each copy; the words of a copy only where they are not the letter's.
#[must_use]
pub fn lines(event: &LedgerEvent) -> String {
    let record = &event.record;
    let mut text = format!(
        "{}  {:<8}  {}  {}  {}  {}\n",
        event.at.strftime("%Y-%m-%d %H:%M:%S UTC"),
        event.outcome.status.in_words(),
        visible_line(&record.letter),
        visible_line(&record.language),
        visible_line(&record.recipient),
        event.outcome
    );
    for (address, outcome) in recipients(event).skip(1) {
        let status = outcome.status.in_words();
        text.push_str(&format!("    copy {status:<8}  {}", visible_line(address)));
        if outcome.reply != event.outcome.reply {
            text.push_str(&format!("  {outcome}"));
        }
        text.push('\n');
    }
    text
}

/// The same as an event, for `--json`.
#[must_use]
pub fn event(event: &LedgerEvent) -> Event {
    let (record, outcome) = (&event.record, &event.outcome);
    let recipients = recipients(event).map(|(address, outcome)| AddressEvent {
        address: address.to_owned(),
        outcome: outcome.status,
        code: outcome.reply.code,
        reply: Some(outcome.line()),
    });
    let (sha256, facts) = match &event.kind {
        EventKind::Attempt { sha256, facts } => (sha256.as_ref(), facts.as_deref()),
        EventKind::Settlement(_) => (None, None),
    };
    Event::Attempt(Box::new(LetterEvent {
        language: Some(record.language.clone()),
        from: Some(record.sender.clone()),
        message_id: record.message_id(),
        code: outcome.reply.code,
        reply: Some(outcome.line()),
        recipients: recipients.collect(),
        sha256: sha256.map(hexadecimal),
        // What this program wrote is JSON; whatever else should stand there is no reason to keep the rest back.
        facts: facts.and_then(|facts| serde_json::from_str(facts).ok()),
        settled: event.settled(),
        ..LetterEvent::new(
            record.id,
            &record.letter,
            &record.recipient,
            outcome.status.into(),
            event.at,
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
