//! An event of a letter as the ledger knows it, told: as lines on a screen, and as an event of a run's story.

use appel_core::outcome::{Outcome, Status};
use appel_core::words::visible_line;
use appel_messages::{Catalog, msg};

use crate::outbox::event::{AddressEvent, Event, LetterEvent};
use crate::outbox::ledger::{EventKind, LedgerEvent};

/// Everyone the letter went to, the To first, each with their own outcome.
pub fn recipients(event: &LedgerEvent) -> impl Iterator<Item = (&str, &Outcome)> {
    let copies = event.copies.iter();
    std::iter::once((&*event.record.recipient, &event.outcome))
        .chain(copies.map(|copy| (&*copy.address, &copy.outcome)))
}

/// The words for what became of letters, looked up once for a list of a million.
#[derive(Debug)]
pub struct Statuses([String; 5]);

impl Statuses {
    /// In a language.
    #[must_use]
    pub fn new(catalog: &Catalog) -> Self {
        let all = [
            Status::Accepted,
            Status::Deferred,
            Status::Refused,
            Status::InDoubt,
            Status::NotTried,
        ];
        Self(all.map(|status| catalog.say(&status.told())))
    }

    /// The word for one.
    #[must_use]
    pub fn of(&self, status: Status) -> &str {
        let [accepted, deferred, refused, in_doubt, not_tried] = &self.0;
        match status {
            Status::Accepted => accepted,
            Status::Deferred => deferred,
            Status::Refused => refused,
            Status::InDoubt => in_doubt,
            Status::NotTried => not_tried,
        }
    }
}

/// Tells events on lines of their own.
#[derive(Debug)]
pub struct Lines {
    catalog: &'static Catalog,
    statuses: Statuses,
    copy: String,
}

impl Lines {
    /// In a language.
    #[must_use]
    pub fn new(catalog: &'static Catalog) -> Self {
        Self {
            catalog,
            statuses: Statuses::new(catalog),
            copy: catalog.say(&msg!("attempt-copy")),
        }
    }

    /// A line for the letter, and one for each copy; the words of a copy only where they are not the letter's. A copy that
    /// went its own way has the line.
    #[must_use]
    pub fn of(&self, event: &LedgerEvent) -> String {
        let record = &event.record;
        let copy = match record.copy_of {
            None => String::new(),
            Some(_) => format!("{} ", self.copy),
        };
        let mut text = format!(
            "{}  {copy}{:<8}  {}  {}  {}  {}\n",
            event.at.strftime("%Y-%m-%d %H:%M:%S UTC"),
            self.statuses.of(event.outcome.status),
            visible_line(&record.letter),
            visible_line(&record.language),
            visible_line(&record.recipient),
            self.catalog.say(&event.outcome.told_with_code())
        );
        for (address, outcome) in recipients(event).skip(1) {
            let (copy, status) = (&self.copy, self.statuses.of(outcome.status));
            text.push_str(&format!("    {copy} {status:<8}  {}", visible_line(address)));
            if outcome.reply != event.outcome.reply {
                text.push_str("  ");
                text.push_str(&self.catalog.say(&outcome.told_with_code()));
            }
            text.push('\n');
        }
        text
    }
}

/// The same as an event, for `--json`.
#[must_use]
pub fn event(event: &LedgerEvent) -> Event {
    let (record, outcome) = (&event.record, &event.outcome);
    let recipients = recipients(event).map(|(address, outcome)| AddressEvent {
        address: address.to_owned(),
        outcome: outcome.status,
        code: outcome.reply.code,
        reply: Some(outcome.told()),
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
        reply: Some(outcome.told()),
        recipients: recipients.collect(),
        sha256: sha256.map(hexadecimal),
        // What this program wrote is JSON; whatever else should stand there is no reason to keep the rest back.
        facts: facts.and_then(|facts| serde_json::from_str(facts).ok()),
        settled: event.settled(),
        copy_id: record.copy_of.map(|_| record.id),
        ..LetterEvent::new(
            record.letter_id(),
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
