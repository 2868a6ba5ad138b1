//! What is wrong in the rows, put at its place, as long as anybody wants to see it.

use appel_messages::{Message, msg};
use csv::StringRecord;

use super::layout::Layout;
use super::rows::{Finding, Report};
use super::said::{Done, Said};
use super::scan::QuoteSlip;
use super::table::{Rows, Spot};
use crate::failure::{Place, Problem, Problems, Severity};

/// Problems of all rows.
pub struct Findings<'a> {
    layout: &'a Layout,
    problems: &'a mut Problems,
    errors: usize,
    /// What is done to many rows.
    pub said: Said,
}

/// After so many errors nobody needs the rest of the file to know that it is no list.
const HOPELESS: usize = 1_000_000;

impl<'a> Findings<'a> {
    pub fn new(layout: &'a Layout, problems: &'a mut Problems) -> Self {
        Self {
            layout,
            problems,
            errors: 0,
            said: Said::default(),
        }
    }

    /// The values of the row at hand, and who says what is wrong in it.
    pub fn look<'l>(&'l mut self, rows: &'l mut dyn Rows) -> (&'l StringRecord, Look<'l, 'a>) {
        let (values, spot) = rows.parts();
        (values, Look { findings: self, spot })
    }

    /// Whether it is not worth while to read on.
    pub const fn is_hopeless(&self) -> bool {
        self.errors >= HOPELESS
    }

    /// Says what was done to many rows; whether there was no error.
    pub fn finish(self, shown: &str) -> bool {
        self.said.tell(self.layout, shown, self.problems);
        self.errors == 0
    }
}

/// A look at one row.
pub struct Look<'l, 'a> {
    findings: &'l mut Findings<'a>,
    spot: &'l mut dyn Spot,
}

impl Look<'_, '_> {
    /// Where a value of the row stands; without one, where the row does.
    pub fn place(&mut self, column: Option<usize>) -> Place {
        let place = self.spot.place(column);
        match column.and_then(|column| self.findings.layout.names.get(column)) {
            Some(name) if !name.is_empty() => place.field(name),
            _ => place,
        }
    }

    pub fn quote(&mut self, slip: QuoteSlip) {
        let what = slip.message();
        self.add(Severity::Error, what.code(), |look| {
            Problem::error(what).at(look.spot.slip_place(slip))
        });
    }

    /// The row has no end within what it may have.
    pub fn too_long(&mut self) {
        if let Some(slip) = self.spot.endless() {
            return self.quote(slip);
        }
        let what = msg!("row-without-end");
        self.add(Severity::Error, what.code(), |look| {
            Problem::error(what).at(look.spot.beginning())
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

    fn done(&mut self, done: Done<'_>) {
        if self.findings.said.count(&done) {
            let place = self.place(Some(done.column));
            self.findings.said.first(done.what, place);
        }
    }
}
