//! Attempts as rows for a spreadsheet: CSV (RFC 4180), one row an address, with no cell that a spreadsheet would obey.

use std::io::{self, Write};

use appel_core::words::visible_line;
use appel_messages::{Catalog, Locale};
use csv::{Terminator, Writer, WriterBuilder};
use serde_json::Value;

use super::attempt::{Statuses, hexadecimal, recipients};
use crate::outbox::ledger::{EventKind, LedgerEvent};

const COLUMNS: [&str; 12] = [
    "at",
    "letter",
    "language",
    "from",
    "role",
    "address",
    "outcome",
    "code",
    "reply",
    "message_id",
    "sha256",
    "facts",
];

/// The rows, the first one with the names of the columns.
pub struct Rows<W: Write> {
    to: Writer<W>,
    is_begun: bool,
    /// In English: programs read it too.
    statuses: Statuses,
}

impl<W: Write> Rows<W> {
    /// To a writer.
    pub fn new(to: W) -> Self {
        Self {
            to: WriterBuilder::new().terminator(Terminator::CRLF).from_writer(to),
            is_begun: false,
            statuses: Statuses::new(Catalog::of(Locale::English)),
        }
    }

    fn begin(&mut self) -> io::Result<()> {
        if !self.is_begun {
            self.is_begun = true;
            self.to.write_record(COLUMNS)?;
        }
        Ok(())
    }

    /// One event: a row for its To, and one for every copy.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn event(&mut self, event: &LedgerEvent) -> io::Result<()> {
        self.begin()?;
        let record = &event.record;
        let at = event.at.to_string();
        let message_id = record.message_id().unwrap_or_default();
        let sha256 = match &event.kind {
            EventKind::Attempt {
                sha256: Some(digest), ..
            } => hexadecimal(digest),
            _ => String::new(),
        };
        let facts = match &event.kind {
            EventKind::Attempt { facts: Some(facts), .. } => in_words(facts),
            _ => String::new(),
        };
        for (number, (address, outcome)) in recipients(event).enumerate() {
            let code = outcome.reply.code.map(|code| code.to_string()).unwrap_or_default();
            let words = match outcome.reply.reason {
                Some(_) => outcome.told().in_english(),
                None => outcome.reply.text.replace('\n', " "),
            };
            let cells = [
                &*at,
                &record.letter,
                &record.language,
                &record.sender,
                if number == 0 && record.copy_of.is_none() {
                    "to"
                } else {
                    "cc"
                },
                address,
                self.statuses.of(outcome.status),
                &code,
                &words,
                &message_id,
                &sha256,
                &facts,
            ];
            self.to.write_record(cells.map(harmless))?;
        }
        Ok(())
    }

    /// Writes what is still held, the names of the columns at least.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(mut self) -> io::Result<()> {
        self.begin()?;
        self.to.flush()
    }
}

/// Facts as the ledger keeps them, for a person: `killed: at least 14; wounded: 3`.
fn in_words(facts: &str) -> String {
    // What this program wrote is JSON; whatever else should stand there is no reason to keep the rest back.
    let facts: serde_json::Map<String, Value> = serde_json::from_str(facts).unwrap_or_default();
    let each = facts
        .iter()
        .map(|(name, value)| format!("{name}: {}", value.as_str().unwrap_or_default()));
    each.collect::<Vec<_>>().join("; ")
}

/// A cell that a spreadsheet shows and does not take for a formula; control characters in caret notation.
pub fn harmless(text: &str) -> String {
    let shown = visible_line(text);
    // Blanks before it do not keep every spreadsheet from seeing the formula; nor do the wide signs of Chinese and
    // Japanese keyboards.
    let first = text.trim_start_matches(char::is_whitespace).chars().next();
    let formula = first.is_some_and(|c| "=+-@＝＋－＠".contains(c)) || text.starts_with(['\t', '\r', '\n']);
    if formula { format!("'{shown}") } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_that_a_spreadsheet_would_obey_is_made_text() {
        let check = |text: &str, expect: &str| assert_eq!(harmless(text), expect);
        check("=1+1", "'=1+1");
        check("+49 30", "'+49 30");
        check("-1", "'-1");
        check("@SUM(A1)", "'@SUM(A1)");
        check("\t=1", "'^I=1");
        check("\rx", "'^Mx");
        check("  =1", "'  =1");
        check("＝1", "'＝1");
        check("5.1.1 no = such + user", "5.1.1 no = such + user");
        check("a\u{1b}[2J\u{202e}", "a^[[2J<U+202E>");
        check("", "");
    }
}
