//! Attempts as rows for a spreadsheet: CSV (RFC 4180), one row an address, with no cell that a spreadsheet would obey.

use std::io::Write;

use csv::{Terminator, Writer, WriterBuilder};

use super::attempt::{hexadecimal, recipients};
use crate::outbox::ledger::LoggedAttempt;
use crate::words::visible_line;

const COLUMNS: [&str; 11] = [
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
];

/// The rows, the first one with the names of the columns.
pub struct Rows<W: Write> {
    /// `None` once the reader has gone.
    to: Option<Writer<W>>,
}

impl<W: Write> Rows<W> {
    /// To a writer. When it is closed (`| head`) the other rows are kept to ourselves.
    pub fn new(to: W) -> Self {
        let mut rows = Self {
            to: Some(WriterBuilder::new().terminator(Terminator::CRLF).from_writer(to)),
        };
        rows.row(COLUMNS);
        rows
    }

    /// One attempt: a row for its To, and one for every copy.
    pub fn attempt(&mut self, attempt: &LoggedAttempt) {
        let record = &attempt.record;
        let at = attempt.at.to_string();
        let message_id = record.message_id().unwrap_or_default();
        let sha256 = attempt.sha256.as_ref().map(hexadecimal).unwrap_or_default();
        for (number, (address, status, reply)) in recipients(attempt).enumerate() {
            let code = reply.code.map(|code| code.to_string()).unwrap_or_default();
            let cells = [
                &*at,
                &record.letter,
                &record.language,
                &record.sender,
                if number == 0 { "to" } else { "cc" },
                address,
                status.in_words(),
                &code,
                &reply.text.replace('\n', " "),
                &message_id,
                &sha256,
            ];
            self.row(cells.map(harmless));
        }
    }

    fn row(&mut self, cells: impl IntoIterator<Item = impl AsRef<[u8]>>) {
        if let Some(to) = &mut self.to
            && to.write_record(cells).is_err()
        {
            self.to = None;
        }
    }
}

impl<W: Write> Drop for Rows<W> {
    fn drop(&mut self) {
        if let Some(to) = &mut self.to {
            // A reader that has gone is no failure.
            let _ = to.flush();
        }
    }
}

/// A cell that a spreadsheet shows and does not take for a formula; control characters in caret notation.
fn harmless(text: &str) -> String {
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
