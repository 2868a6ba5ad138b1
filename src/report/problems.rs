//! Problems as rows for a spreadsheet: CSV (RFC 4180), all of them, each with its place, its cell and what to do.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;

use appel_messages::Catalog;
use csv::{Terminator, WriterBuilder};

use super::spreadsheet::harmless;
use crate::failure::{Place, Problem, Problems, Severity};

const COLUMNS: [&str; 9] = [
    "severity", "code", "file", "line", "column", "field", "cell", "message", "hint",
];

/// By which they are worked through: errors first, then file by file from top to bottom.
#[must_use]
pub fn order(problem: &Problem) -> (Severity, Option<String>, Option<usize>, Option<usize>) {
    let place = problem.place.as_ref();
    (
        problem.severity,
        place.map(|place| place.file.clone()),
        place.and_then(|place| place.line),
        place.and_then(|place| place.column),
    )
}

/// Writes them to a file that is not there yet, or that was written so before.
///
/// # Errors
/// When it cannot be written, or is another file.
pub fn write_csv(path: &Path, problems: &Problems, catalog: &Catalog) -> io::Result<()> {
    let file = match OpenOptions::new().write(true).create_new(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && is_ours(path)? => {
            OpenOptions::new().write(true).truncate(true).open(path)?
        }
        opened => opened?,
    };
    write(file, problems, catalog)
}

/// Whether a file begins as ours do: nobody's list is written over.
fn is_ours(path: &Path) -> io::Result<bool> {
    // A pipe would be waited for.
    if !path.symlink_metadata()?.is_file() {
        return Ok(false);
    }
    let mut first = String::new();
    let mut start = BufReader::new(io::Read::take(File::open(path)?, 200));
    // Whatever is no text is not ours.
    let _ = start.read_line(&mut first);
    Ok(first.trim_start_matches('\u{feff}').trim_end() == COLUMNS.join(","))
}

fn write(to: impl Write, problems: &Problems, catalog: &Catalog) -> io::Result<()> {
    let mut rows = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(to);
    // Without it Excel takes the file for the machine's old code page.
    rows.write_record(COLUMNS.map(|column| match column {
        "severity" => "\u{feff}severity",
        other => other,
    }))?;
    for problem in problems {
        let place = problem.place.as_ref();
        let number = |number: Option<usize>| number.map(|number| number.to_string()).unwrap_or_default();
        let excerpt = place.and_then(|place| place.excerpt.as_ref());
        let cell = excerpt.map_or("", |excerpt| &excerpt.text[excerpt.span.clone()]);
        let cells = [
            severity(problem.severity).to_owned(),
            problem.code().to_owned(),
            place.map(file).unwrap_or_default(),
            number(place.and_then(|place| place.line)),
            number(place.and_then(|place| place.column)),
            place.and_then(|place| place.field.clone()).unwrap_or_default(),
            cell.to_owned(),
            problem.says_in(catalog),
            problem.hint_in(catalog).unwrap_or_default(),
        ];
        rows.write_record(cells.map(|cell| harmless(&cell)))?;
    }
    for more in problems.more() {
        let cells = [
            severity(more.severity).to_owned(),
            more.code.to_owned(),
            String::new(),
            String::new(),
            String::new(),
            String::new(),
            String::new(),
            format!("{} × {}", more.count, catalog.kind(more.code)),
            String::new(),
        ];
        rows.write_record(cells.map(|cell| harmless(&cell)))?;
    }
    rows.flush()
}

/// The file, and the sheet of a spreadsheet.
fn file(place: &Place) -> String {
    match &place.sheet {
        Some(sheet) => format!("{}:{sheet}", place.file),
        None => place.file.clone(),
    }
}

const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}
