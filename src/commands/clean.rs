//! `appel clean`: copies of files without what they tell of whoever made them.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use appel_core::words::path as shown;
use appel_messages::{Message, Value, msg};
use serde::Serialize;

use super::Context;
use crate::cli;
use crate::failure::{Exit, Failure, Problem};
use crate::input::bounded;
use crate::metadata::{self, Cleaned, Closed, Format, Told, What};

/// The longest file that is cleaned: all of it is in memory, more than once.
const MOST: u64 = 100 << 20;

/// Runs it: every file that can be cleaned is, whatever is wrong with the others.
pub fn run(context: &Context, arguments: &cli::Clean) -> Result<Exit, Failure> {
    let mut exit = Exit::Done;
    for file in &arguments.files {
        let done = clean(file);
        if context.global.json {
            context.print_json(&Line::of(file, &done))?;
        }
        match done {
            Ok(Done::Written { copy, taken_out }) => {
                if !context.global.json {
                    context.print_line(&msg!("clean-written", file = shown(file), copy = shown(&copy)));
                    let told = msg!("clean-taken", told = list(&taken_out));
                    let told = context.out.say(&told);
                    context.print(&format!("  {told}\n"));
                }
            }
            Ok(Done::Nothing) => {
                if !context.global.json {
                    context.print_line(&msg!("clean-nothing", file = shown(file)));
                }
            }
            Err((ended, what)) => {
                context.say_problem(&Problem::error(what));
                // What the disk does not take is worse than a file that cannot be cleaned.
                if exit != Exit::CannotDeliver {
                    exit = ended;
                }
            }
        }
    }
    Ok(exit)
}

/// What became of a file.
enum Done {
    Written { copy: PathBuf, taken_out: Vec<Told> },
    Nothing,
}

fn clean(file: &Path) -> Result<Done, (Exit, Message)> {
    let invalid = |what: Message| (Exit::Invalid, what);
    let bytes = bounded::bytes(file, MOST)
        .map_err(|unread| invalid(msg!("clean-unread", file = shown(file), why = unread.message())))?;
    let (content, taken_out) = match metadata::clean(&bytes) {
        Cleaned::Nothing => return Ok(Done::Nothing),
        Cleaned::Copy(content, taken_out) => (content, taken_out),
        Cleaned::Unknown => {
            let kind = Format::of(&bytes).message();
            return Err(invalid(msg!("clean-unknown", file = shown(file), kind = kind)));
        }
        Cleaned::Closed(why) => {
            let why = why.into_iter().map(|why| Value::from(Closed::message(why)));
            let why = Value::List(why.collect(), 0);
            return Err(invalid(msg!("clean-closed", file = shown(file), why = why)));
        }
        Cleaned::Left(told) => {
            return Err(invalid(msg!("clean-left", file = shown(file), told = list(&told))));
        }
    };
    let copy = beside(file);
    write_new(&copy, &content).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => invalid(msg!("clean-exists", copy = shown(&copy))),
        _ => (
            Exit::CannotDeliver,
            msg!("clean-unwritten", copy = shown(&copy), why = error.to_string()),
        ),
    })?;
    Ok(Done::Written { copy, taken_out })
}

/// What a file told, without what only programs can read, if there is anything else.
fn list(told: &[Told]) -> Value {
    let is_for_people = |told: &&Told| told.what != What::Other;
    let has_any = told.iter().any(|told| is_for_people(&told));
    let shown = told.iter().filter(|told| !has_any || is_for_people(told));
    Value::List(shown.map(|told| Value::from(told.message())).collect(), 0)
}

/// `statement.clean.pdf` beside `statement.pdf`.
fn beside(file: &Path) -> PathBuf {
    let mut name = file.file_stem().unwrap_or_default().to_owned();
    name.push(".clean");
    if let Some(ending) = file.extension() {
        name.push(".");
        name.push(ending);
    }
    file.with_file_name(name)
}

/// Writes a file that is not there yet; half a copy is none.
fn write_new(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    let written = file.write_all(content).and_then(|()| file.sync_all());
    if written.is_err() {
        let _ = fs::remove_file(path);
    }
    written
}

/// What a script reads of one file.
#[derive(Serialize)]
struct Line {
    file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    copy: Option<String>,
    taken_out: Vec<Message>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Message>,
}

impl Line {
    fn of(file: &Path, done: &Result<Done, (Exit, Message)>) -> Self {
        let mut line = Self {
            file: file.display().to_string(),
            copy: None,
            taken_out: Vec::new(),
            error: None,
        };
        match done {
            Ok(Done::Written { copy, taken_out }) => {
                line.copy = Some(copy.display().to_string());
                line.taken_out = taken_out.iter().map(Told::message).collect();
            }
            Ok(Done::Nothing) => {}
            Err((_, what)) => line.error = Some(what.clone()),
        }
        line
    }
}
