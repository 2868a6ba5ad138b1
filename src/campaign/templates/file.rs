//! A template's file while it is read: its text, its places, and what is wrong in it.

use std::fs;
use std::ops::Range;
use std::path::Path;

use crate::failure::{Place, Problem, Problems};

/// The most a template may be, in bytes: a letter has one page, and the parser's time grows with it.
pub const MOST: u64 = 256 * 1024;

/// A template's file.
pub struct File<'a> {
    /// As people know it.
    pub shown: &'a str,
    /// Its text, with LF line ends.
    pub text: &'a str,
    /// What was found.
    pub problems: &'a mut Problems,
    /// Whether anything was found that is an error.
    pub said: bool,
}

impl<'a> File<'a> {
    /// A file with nothing found in it yet.
    pub const fn new(shown: &'a str, text: &'a str, problems: &'a mut Problems) -> Self {
        Self {
            shown,
            text,
            problems,
            said: false,
        }
    }

    /// Where `span` is.
    pub fn at(&self, span: Range<usize>) -> Place {
        Place::in_source(self.shown, self.text, span)
    }

    /// Adds an error.
    pub fn error(&mut self, span: Range<usize>, message: impl Into<String>, hint: impl Into<String>) {
        let problem = Problem::error(message).at(self.at(span));
        self.push(problem, hint);
    }

    /// Adds a warning.
    pub fn warn(&mut self, span: Range<usize>, message: impl Into<String>, hint: impl Into<String>) {
        let problem = Problem::warning(message).at(self.at(span));
        self.problems.push(problem.hint(hint));
    }

    /// Adds an error that knows its place.
    pub fn push(&mut self, problem: Problem, hint: impl Into<String>) {
        self.said = true;
        self.problems.push(problem.hint(hint));
    }
}

/// The whole of a template's file: UTF-8, without its byte order mark, with LF line ends.
pub fn read(path: &Path, shown: &str, problems: &mut Problems) -> Option<String> {
    let found = match fs::metadata(path) {
        Ok(found) => found,
        Err(error) => {
            problems.push(cannot_read(shown, &error));
            return None;
        }
    };
    if !found.is_file() {
        problems.push(
            Problem::error(format!("{shown} is not a file"))
                .at(Place::file(shown))
                .hint("take it out of the templates folder"),
        );
        return None;
    }
    if found.len() > MOST {
        problems.push(
            Problem::error(format!("{shown} is too long: {} KiB", found.len() / 1024))
                .at(Place::file(shown))
                .hint("a letter has one page; at most 256 KiB are read"),
        );
        return None;
    }
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) => {
            problems.push(cannot_read(shown, &error));
            return None;
        }
    };
    match String::from_utf8(bytes) {
        Ok(text) => {
            let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
            Some(text.replace("\r\n", "\n").replace('\r', "\n"))
        }
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            problems.push(crate::campaign::config::not_utf8(shown, error.as_bytes(), at));
            None
        }
    }
}

fn cannot_read(shown: &str, error: &std::io::Error) -> Problem {
    Problem::error(format!("{shown} cannot be read: {error}"))
        .at(Place::file(shown))
        .hint("check that the file is yours to read")
}
