//! `recipients.csv`, read into a validated [`Roster`].

mod decode;
mod layout;
mod rows;
mod scan;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use csv::{Reader, ReaderBuilder, StringRecord};

use super::{Address, Country, Language};
use crate::failure::{Excerpt, Place, Problem, Problems, Severity};
use crate::words::nearest;
use layout::Layout;
use rows::{Finding, Report, Silent};

/// One row of the recipients file, valid.
#[derive(Clone, Debug)]
pub struct Recipient {
    /// The line its record begins on, 1-based.
    pub line: usize,
    /// `role`.
    pub role: String,
    /// `name`.
    pub name: String,
    /// `email`.
    pub email: Address,
    /// `country`.
    pub serves: Serves,
    /// `language`, best first.
    pub languages: Vec<Language>,
    /// `cc`.
    pub cc: Vec<Address>,
    /// What `{{recipient.COLUMN}}` gives, in the order of [`Roster::columns`].
    pub cells: Vec<String>,
}

/// Which senders a row serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Serves {
    /// Empty cell: everyone.
    Everyone,
    /// `*`: whoever no other row of the role names.
    Others,
    /// Codes.
    Countries(Vec<Country>),
}

/// How many problems of one file are shown one by one.
const SHOWN: usize = 100;

/// The recipients file, read and valid; rows are parsed again as they are asked for, so that a long list stays small.
#[derive(Clone, Debug)]
pub struct Roster {
    shown: String,
    text: Arc<String>,
    layout: Layout,
    rows: usize,
}

impl Roster {
    /// Reads the file and looks at every row; every problem is pushed. `None` when one of them is an error.
    ///
    /// `shown` is the file as people know it; `known_roles` are the roles that letters name.
    #[must_use]
    pub fn load(path: &Path, shown: &str, known_roles: &BTreeSet<String>, problems: &mut Problems) -> Option<Self> {
        let bytes = match read_file(path, shown) {
            Ok(bytes) => bytes,
            Err(problem) => {
                problems.push(problem);
                return None;
            }
        };
        Self::read(bytes, shown, known_roles, problems)
    }

    fn read(bytes: Vec<u8>, shown: &str, known_roles: &BTreeSet<String>, problems: &mut Problems) -> Option<Self> {
        let (mut text, note) = match decode::decode(bytes, shown) {
            Ok(decoded) => decoded,
            Err(problem) => {
                problems.push(problem);
                return None;
            }
        };
        problems.extend(note);
        if !text.contains('\n') && text.contains('\r') {
            // Line ends of old Macs.
            text = text.replace('\r', "\n");
        }
        let layout = layout::read(&text, shown, problems)?;
        let mut roster = Self {
            shown: shown.to_owned(),
            text: Arc::new(text),
            layout,
            rows: 0,
        };
        let fine = roster.check(known_roles, problems);
        fine.then_some(roster)
    }

    /// What `{{recipient.COLUMN}}` may name: every column but `note`, and the known ones that the file leaves out.
    ///
    /// Known columns are in lower case, others as in the header.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.layout.columns
    }

    /// The rows, in the order of the file.
    pub fn recipients(&self) -> impl Iterator<Item = Recipient> + '_ {
        let mut records = Records::new(&self.text, &self.layout);
        std::iter::from_fn(move || {
            while records.advance() {
                if rows::is_blank(&records.record) {
                    continue;
                }
                let recipient = rows::read(&records.record, records.line, &self.layout, &mut Silent);
                if recipient.is_some() {
                    return recipient;
                }
            }
            None
        })
    }

    /// How many rows there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.rows
    }

    /// Whether there is no row; a roster that was read always has one.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The file, as people know it.
    #[must_use]
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// Looks at every row; whether all are right.
    fn check(&mut self, known_roles: &BTreeSet<String>, problems: &mut Problems) -> bool {
        let mut findings = Findings::new(&self.shown, &self.text, &self.layout, problems);
        let mut unused: BTreeMap<String, (usize, Place)> = BTreeMap::new();
        let mut records = Records::new(&self.text, &self.layout);
        let mut rows = 0;
        while records.advance() {
            findings.row = records.start..records.end;
            findings.line = records.line;
            if let Some(slip) = records.slip() {
                findings.quote(slip);
                if matches!(slip, scan::QuoteSlip::NeverClosed(_)) {
                    // Everything to the end of the file is in this one record.
                    rows += 1;
                    break;
                }
                continue;
            }
            if rows::is_blank(&records.record) {
                continue;
            }
            rows += 1;
            let Some(recipient) = rows::read(&records.record, records.line, &self.layout, &mut findings) else {
                continue;
            };
            if !known_roles.contains(&recipient.role) {
                let column = self.layout.role;
                let entry = unused.entry(recipient.role);
                entry.or_insert_with(|| (0, findings.place(Some(column)))).0 += 1;
            }
        }
        let fine = findings.finish();
        warn_unused(unused, known_roles, problems);
        if rows == 0 && fine {
            problems.push(
                Problem::error("there is no recipient in the file")
                    .at(Place::file(&self.shown))
                    .hint("add a line for each: embassy,Embassy of Kazakhstan,info@example.org"),
            );
            return false;
        }
        self.rows = rows;
        fine
    }
}

fn read_file(path: &Path, shown: &str) -> Result<Vec<u8>, Problem> {
    let cannot = |error: std::io::Error| {
        let (message, hint) = if error.kind() == ErrorKind::NotFound {
            (
                format!("there is no {shown}"),
                "put the list of recipients there, or name it under `recipients` in [campaign]",
            )
        } else {
            (
                format!("{shown} cannot be read: {error}"),
                "check that the file is yours to read",
            )
        };
        Problem::error(message).at(Place::file(shown)).hint(hint)
    };
    // A pipe or a device is never opened: that could wait for ever.
    if !fs::metadata(path).map_err(cannot)?.is_file() {
        return Err(Problem::error(format!("{shown} is not a file"))
            .at(Place::file(shown))
            .hint("name the list of recipients under `recipients` in [campaign]"));
    }
    fs::read(path).map_err(cannot)
}

/// One warning for each role that no letter names, not one for each row.
fn warn_unused(unused: BTreeMap<String, (usize, Place)>, known_roles: &BTreeSet<String>, problems: &mut Problems) {
    let roles: Vec<String> = known_roles.iter().map(|role| format!("`{role}`")).collect();
    for (role, (count, place)) in unused.into_iter().take(SHOWN) {
        let rows = if count == 1 {
            "1 row".to_owned()
        } else {
            format!("{count} rows")
        };
        let hint = match nearest(&role.to_lowercase(), known_roles.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None if roles.is_empty() => "name it under `to` in a [[letter]]".to_owned(),
            None => format!("letters are written to {}", layout::and(&roles)),
        };
        problems.push(
            Problem::warning(format!("no letter is written to the role `{role}` ({rows})"))
                .at(place)
                .hint(hint),
        );
    }
}

/// The records of a file, one after the other in the same memory.
struct Records<'a> {
    text: &'a str,
    layout: &'a Layout,
    reader: Reader<&'a [u8]>,
    record: StringRecord,
    /// Where the record begins and ends in `text`.
    start: usize,
    end: usize,
    /// The line it begins on.
    line: usize,
}

impl<'a> Records<'a> {
    fn new(text: &'a str, layout: &'a Layout) -> Self {
        let reader = ReaderBuilder::new()
            .delimiter(layout.delimiter)
            .has_headers(false)
            .flexible(true)
            .buffer_capacity(64 * 1024)
            .from_reader(&text.as_bytes()[layout.start..]);
        Self {
            text,
            layout,
            reader,
            record: StringRecord::new(),
            start: layout.start,
            end: layout.start,
            line: layout.first_line,
        }
    }

    fn advance(&mut self) -> bool {
        // From memory and from valid UTF-8, cut at ASCII characters only: there is nothing left that could fail.
        if !self.reader.read_record(&mut self.record).unwrap_or(false) {
            return false;
        }
        let position = self.record.position();
        let offset = position.map_or(0, |position| usize::try_from(position.byte()).unwrap_or(0));
        let line = position.map_or(1, |position| usize::try_from(position.line()).unwrap_or(1));
        self.start = (self.layout.start + offset).min(self.text.len());
        self.line = self.layout.first_line + line - 1;
        // The reader counts the end of the line before, and empty lines, to this record.
        for byte in &self.text.as_bytes()[self.start..] {
            match byte {
                b'\n' => self.line += 1,
                b'\r' => {}
                _ => break,
            }
            self.start += 1;
        }
        let end = usize::try_from(self.reader.position().byte()).unwrap_or(0);
        self.end = (self.layout.start + end).clamp(self.start, self.text.len());
        true
    }

    /// A slip with quotes in this record, where it stands in the text.
    fn slip(&self) -> Option<scan::QuoteSlip> {
        let raw = &self.text[self.start..self.end];
        if !raw.as_bytes().contains(&b'"') {
            return None;
        }
        scan::record(raw, self.layout.delimiter).slip
    }
}

/// Problems of rows, with their places; after the first hundred they are only counted.
struct Findings<'a> {
    shown: &'a str,
    text: &'a str,
    layout: &'a Layout,
    problems: &'a mut Problems,
    row: std::ops::Range<usize>,
    line: usize,
    said: usize,
    errors: usize,
    more_errors: usize,
    more_warnings: usize,
}

impl<'a> Findings<'a> {
    const fn new(shown: &'a str, text: &'a str, layout: &'a Layout, problems: &'a mut Problems) -> Self {
        Self {
            shown,
            text,
            layout,
            problems,
            row: 0..0,
            line: 0,
            said: 0,
            errors: 0,
            more_errors: 0,
            more_warnings: 0,
        }
    }

    /// Where a value of the row stands; without one, where the row does.
    fn place(&self, column: Option<usize>) -> Place {
        let raw = &self.text[self.row.clone()];
        let record = scan::record(raw, self.layout.delimiter);
        let span = column
            .and_then(|column| record.fields.get(column))
            .map_or(0..record.end, |field| field.span.clone());
        let place = self.at(span);
        match column.and_then(|column| self.layout.names.get(column)) {
            Some(name) => place.field(name),
            None => place,
        }
    }

    /// The bytes `span` of the row. The line is known: counting from the beginning of a long file would be slow.
    fn at(&self, span: std::ops::Range<usize>) -> Place {
        let (start, end) = (self.row.start + span.start, self.row.start + span.end);
        let line_start = self.text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = self.text[start..].find('\n').map_or(self.text.len(), |at| start + at);
        let line = self.text[line_start..line_end].trim_end_matches('\r');
        let from = (start - line_start).min(line.len());
        let to = end.saturating_sub(line_start).clamp(from, line.len());
        Place {
            file: self.shown.to_owned(),
            line: Some(self.line + self.text[self.row.start..start].matches('\n').count()),
            column: Some(line[..from].chars().count() + 1),
            field: None,
            excerpt: Some(Excerpt {
                text: line.to_owned(),
                span: from..to,
            }),
        }
    }

    fn quote(&mut self, slip: scan::QuoteSlip) {
        self.add(Severity::Error, |findings| {
            let span = slip.span(&findings.text[findings.row.clone()]);
            slip.problem().at(findings.at(span))
        });
    }

    fn add(&mut self, severity: Severity, problem: impl FnOnce(&Self) -> Problem) {
        let is_error = severity == Severity::Error;
        self.errors += usize::from(is_error);
        if self.said < SHOWN {
            self.said += 1;
            let problem = problem(self);
            self.problems.push(problem);
        } else if is_error {
            self.more_errors += 1;
        } else {
            self.more_warnings += 1;
        }
    }

    /// Says how many more there are; whether there was no error.
    fn finish(self) -> bool {
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

impl Report for Findings<'_> {
    fn report(&mut self, finding: Finding) {
        let Finding {
            severity,
            column,
            message,
            hint,
        } = finding;
        self.add(severity, |findings| {
            let problem = match severity {
                Severity::Error => Problem::error(message),
                Severity::Warning => Problem::warning(message),
                Severity::Note => Problem::note(message),
            };
            problem.at(findings.place(column)).hint(hint)
        });
    }
}

#[cfg(test)]
mod tests;
