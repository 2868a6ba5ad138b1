//! What is wrong in the rows, put at its place; after the first hundred problems the others are only counted.

use std::ops::Range;

use csv::StringRecord;

use super::SHOWN;
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
    said: usize,
    errors: usize,
    more_errors: usize,
    more_warnings: usize,
}

impl<'a> Findings<'a> {
    pub const fn new(shown: &'a str, layout: &'a Layout, problems: &'a mut Problems) -> Self {
        Self {
            shown,
            layout,
            problems,
            said: 0,
            errors: 0,
            more_errors: 0,
            more_warnings: 0,
        }
    }

    /// The record at hand, and who says what is wrong in it.
    pub fn look<'l, 't>(&'l mut self, records: &'l mut Records<'t>) -> (&'l StringRecord, Look<'l, 'a, 't>) {
        let (row, line) = (records.span.clone(), records.line);
        let (record, tape) = records.parts();
        let look = Look {
            findings: self,
            tape,
            row,
            line,
        };
        (record, look)
    }

    /// Says how many more there are; whether there was no error.
    pub fn finish(self) -> bool {
        let hint = "mend those above first, then check again";
        if self.more_errors > 0 {
            let message = format!("{} more errors in {}", self.more_errors, self.shown);
            self.problems.push(Problem::error(message).hint(hint));
        }
        if self.more_warnings > 0 {
            let message = format!("{} more warnings in {}", self.more_warnings, self.shown);
            self.problems.push(Problem::warning(message).hint(hint));
        }
        self.errors == 0
    }
}

/// A look at one row.
pub struct Look<'l, 'a, 't> {
    findings: &'l mut Findings<'a>,
    tape: &'l mut Tape<'t>,
    row: Range<usize>,
    /// The line it begins on, 1-based.
    line: usize,
}

impl Look<'_, '_, '_> {
    /// Where a value of the row stands; without one, where the row does.
    pub fn place(&mut self, column: Option<usize>) -> Place {
        let layout = self.findings.layout;
        let record = scan::record(self.tape.text(self.row.clone()), layout.delimiter);
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
        let line_breaks = self.tape.text(self.row.start..start).matches('\n').count();
        let (line_start, line) = self.tape.line_around(start);
        let line = line.trim_end_matches('\r');
        let from = (start - line_start).min(line.len());
        let to = end.saturating_sub(line_start).clamp(from, line.len());
        Place {
            file: self.findings.shown.to_owned(),
            line: Some(self.line + line_breaks),
            column: Some(line[..from].chars().count() + 1),
            field: None,
            excerpt: Some(Excerpt {
                text: line.to_owned(),
                span: from..to,
            }),
        }
    }

    pub fn quote(&mut self, slip: scan::QuoteSlip) {
        self.add(Severity::Error, |look| {
            let span = slip.span(look.tape.text(look.row.clone()));
            slip.problem().at(look.at(span))
        });
    }

    fn add(&mut self, severity: Severity, problem: impl FnOnce(&mut Self) -> Problem) {
        let is_error = severity == Severity::Error;
        self.findings.errors += usize::from(is_error);
        if self.findings.said < SHOWN {
            self.findings.said += 1;
            let problem = problem(self);
            self.findings.problems.push(problem);
        } else if is_error {
            self.findings.more_errors += 1;
        } else {
            self.findings.more_warnings += 1;
        }
    }
}

impl Report for Look<'_, '_, '_> {
    fn report(&mut self, finding: Finding) {
        let Finding {
            severity,
            column,
            message,
            hint,
        } = finding;
        self.add(severity, |look| {
            let problem = match severity {
                Severity::Error => Problem::error(message),
                Severity::Warning => Problem::warning(message),
                Severity::Note => Problem::note(message),
            };
            problem.at(look.place(column)).hint(hint)
        });
    }
}
