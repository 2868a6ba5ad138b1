//! What is wrong in the rows, put at its place, as long as anybody wants to see it.

use std::ops::Range;

use appel_messages::{Message, msg};
use csv::StringRecord;

use super::layout::Layout;
use super::records::Records;
use super::rows::{Finding, Report};
use super::scan;
use super::tape::Tape;
use crate::failure::{Excerpt, Place, Problem, Problems, Severity};

/// Problems of all rows.
pub struct Findings<'a> {
    shown: &'a str,
    layout: &'a Layout,
    problems: &'a mut Problems,
    errors: usize,
}

/// After so many errors nobody needs the rest of the file to know that it is no list.
const HOPELESS: usize = 1_000_000;

impl<'a> Findings<'a> {
    pub const fn new(shown: &'a str, layout: &'a Layout, problems: &'a mut Problems) -> Self {
        Self {
            shown,
            layout,
            problems,
            errors: 0,
        }
    }

    /// The record at hand, and who says what is wrong in it.
    pub fn look<'l>(&'l mut self, records: &'l mut Records) -> (&'l StringRecord, Look<'l, 'a>) {
        let (row, line) = (records.span.clone(), records.line);
        let (record, tape) = records.parts();
        let look = Look {
            findings: self,
            tape,
            row,
            line,
            scanned: None,
        };
        (record, look)
    }

    /// Whether it is not worth while to read on.
    pub const fn is_hopeless(&self) -> bool {
        self.errors >= HOPELESS
    }

    /// Whether there was no error.
    pub const fn finish(self) -> bool {
        self.errors == 0
    }
}

/// A look at one row.
pub struct Look<'l, 'a> {
    findings: &'l mut Findings<'a>,
    tape: &'l mut Tape,
    row: Range<usize>,
    /// The line it begins on, 1-based.
    line: usize,
    /// Where its values stand, once somebody asked.
    scanned: Option<scan::Record>,
}

impl Look<'_, '_> {
    /// Where a value of the row stands; without one, where the row does.
    pub fn place(&mut self, column: Option<usize>) -> Place {
        let layout = self.findings.layout;
        let text = self.tape.text(self.row.clone());
        let record = self.scanned.get_or_insert_with(|| scan::record(text, layout.delimiter));
        let span = column
            .and_then(|column| record.fields.get(column))
            .map_or(0..record.end, |field| field.span.clone());
        let place = self.at(span);
        match column.and_then(|column| layout.names.get(column)) {
            Some(name) => place.field(name),
            None => place,
        }
    }

    /// The bytes `span` of the row. The line is known: counting from the beginning of a long file would be slow.
    fn at(&mut self, span: Range<usize>) -> Place {
        let (start, end) = (self.row.start + span.start, self.row.start + span.end);
        let line_breaks = memchr::memchr_iter(b'\n', self.tape.slice(self.row.start..start)).count();
        let (line_start, line) = self.tape.line_around(start);
        let line = line.trim_end_matches('\r');
        let from = (start - line_start).min(line.len());
        let to = end.saturating_sub(line_start).clamp(from, line.len());
        Place {
            file: self.findings.shown.to_owned(),
            line: Some(self.line + line_breaks),
            column: Some(line[..from].chars().count() + 1),
            field: None,
            excerpt: Some(Excerpt::around(line, from..to)),
        }
    }

    pub fn quote(&mut self, slip: scan::QuoteSlip) {
        let what = slip.message();
        self.add(Severity::Error, what.code(), |look| {
            let span = slip.span(look.tape.text(look.row.clone()));
            Problem::error(what).at(look.at(span))
        });
    }

    /// The row has no end within what it may have.
    pub fn too_long(&mut self) {
        let record = scan::record(self.tape.text(self.row.clone()), self.findings.layout.delimiter);
        if let Some(slip @ scan::QuoteSlip::NeverClosed(_)) = record.slip {
            return self.quote(slip);
        }
        let what = msg!("row-without-end");
        self.add(Severity::Error, what.code(), |look| {
            Problem::error(what).at(look.at(0..1))
        });
    }

    fn add(&mut self, severity: Severity, code: &'static str, problem: impl FnOnce(&mut Self) -> Problem) {
        self.findings.errors += usize::from(severity == Severity::Error);
        if self.findings.problems.has_room(severity) {
            let problem = problem(self);
            debug_assert_eq!(problem.code(), code, "counted as it is said");
            self.findings.problems.push(problem);
        } else {
            self.findings.problems.count_only(severity, code);
        }
    }
}

impl Report for Look<'_, '_> {
    fn report(&mut self, finding: Finding, say: &dyn Fn() -> (Message, Option<Message>)) {
        let Finding { severity, code, column } = finding;
        self.add(severity, code, |look| {
            let (what, hint) = say();
            let problem = match severity {
                Severity::Error => Problem::error(what),
                Severity::Warning => Problem::warning(what),
                Severity::Note => Problem::note(what),
            };
            problem.at(look.place(column)).hint_if_any(hint)
        });
    }
}
