//! `appel import`: rows of recipients from another list, for a person to look through.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use appel_core::words::path as shown;
use appel_messages::msg;
use csv::{Terminator, WriterBuilder};

use super::Context;
use crate::cli;
use crate::failure::{Exit, Failure, Problem, Problems};
use crate::input::import::{self, COLUMNS, Entry};
use crate::input::list::ListPath;
use crate::report::spreadsheet::harmless;

/// Runs it: the rows are the result, and what could not be read is said beside it.
pub fn run(context: &Context, arguments: &cli::Import) -> Result<Exit, Failure> {
    let list = ListPath::of(&arguments.file);
    let read = import::read(&list, &shown(&list.path), arguments.role.as_deref());
    let imported = read.map_err(|problem| Failure::invalid(Problems::from_iter([problem])))?;
    context.say_problems(&imported.problems);
    if imported.entries.is_empty() {
        context.say_problem(&Problem::error(msg!("import-nothing")));
        return Ok(Exit::Invalid);
    }
    let rows =
        rows(&imported.entries).map_err(|error| Failure::cannot_deliver(msg!("import-nothing")).because(&error))?;
    match &arguments.out {
        None => context.print(&rows),
        Some(file) => write(file, &rows)?,
    }
    context.say(&msg!("import-done", rows = imported.entries.len()));
    if imported.left_out > 0 {
        context.say(&msg!("import-done-left", left = imported.left_out));
    }
    if let Some(file) = &arguments.out {
        context.say(&msg!("import-written", file = shown(file)));
    }
    Ok(Exit::Done)
}

/// A table as `recipients.csv` is one, with no cell that a spreadsheet would obey.
fn rows(entries: &[Entry]) -> Result<String, std::io::Error> {
    let mut to = WriterBuilder::new()
        .terminator(Terminator::Any(b'\n'))
        .from_writer(Vec::new());
    to.write_record(COLUMNS)?;
    for entry in entries {
        to.write_record(entry.row().map(harmless))?;
    }
    let bytes = to.into_inner().map_err(csv::IntoInnerError::into_error)?;
    String::from_utf8(bytes).map_err(std::io::Error::other)
}

fn write(file: &Path, rows: &str) -> Result<(), Failure> {
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(file)
        .and_then(|mut to| to.write_all(rows.as_bytes()).and_then(|()| to.sync_all()));
    written.map_err(|error| {
        let what = match error.kind() {
            ErrorKind::AlreadyExists => msg!("import-exists", file = shown(file)),
            _ => msg!("import-unwritable", file = shown(file), cause = error.to_string()),
        };
        Failure::invalid(Problems::from_iter([Problem::error(what)]))
    })
}
