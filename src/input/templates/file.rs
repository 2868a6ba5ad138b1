//! A template's file while it is read: its text, its places, and what is wrong in it.

use std::ops::Range;
use std::path::Path;

use appel_messages::{Message, msg};

use crate::failure::{Place, Problem, Problems, Severity};
use crate::input::bounded::{self, MOST_TEXT, Unread};

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
    work: &'a mut usize,
}

impl<'a> File<'a> {
    /// A file with nothing found in it yet; `work` is what is left of the parser's work for all files.
    pub const fn new(shown: &'a str, text: &'a str, problems: &'a mut Problems, work: &'a mut usize) -> Self {
        Self {
            shown,
            text,
            problems,
            said: false,
            work,
        }
    }

    /// Whether the parser may go through so many bytes in tags: it looks for the place of each from the beginning.
    pub fn may_parse(&mut self, in_tags: usize) -> bool {
        let left = self.work.checked_sub(in_tags.saturating_mul(self.text.len()));
        *self.work = left.unwrap_or(0);
        left.is_some()
    }

    /// Where `span` is.
    pub fn at(&self, span: Range<usize>) -> Place {
        Place::in_source(self.shown, self.text, span)
    }

    /// Adds an error.
    pub fn error(&mut self, span: Range<usize>, what: Message) {
        self.error_with(span, what, None);
    }

    /// Adds an error with what to do, where that is not always the same.
    pub fn error_with(&mut self, span: Range<usize>, what: Message, hint: Option<Message>) {
        let mut problem = Problem::error(what);
        // Finding the place takes as long as the file is, and a file can be wrong in every line.
        if self.problems.has_room(Severity::Error) {
            problem = problem.at(self.at(span));
        }
        self.push(problem.hint_if_any(hint));
    }

    /// Adds a warning.
    pub fn warn(&mut self, span: Range<usize>, what: Message) {
        let mut problem = Problem::warning(what);
        if self.problems.has_room(Severity::Warning) {
            problem = problem.at(self.at(span));
        }
        self.problems.push(problem);
    }

    /// Adds a warning with what to do, where that is not always the same.
    pub fn warn_with(&mut self, span: Range<usize>, what: Message, hint: Message) {
        let mut problem = Problem::warning(what);
        if self.problems.has_room(Severity::Warning) {
            problem = problem.at(self.at(span)).hint(hint);
        }
        self.problems.push(problem);
    }

    /// Adds an error that knows its place.
    pub fn push(&mut self, problem: Problem) {
        self.said = true;
        self.problems.push(problem);
    }
}

/// The whole of a template's file: UTF-8, without its byte order mark, with LF line ends.
pub fn read(path: &Path, shown: &str, problems: &mut Problems) -> Option<String> {
    let wrong = |what: Message| Problem::error(what).at(Place::file(shown));
    let unread = match bounded::text(path, MOST_TEXT) {
        Ok(text) if text.contains('\r') => return Some(text.replace("\r\n", "\n").replace('\r', "\n")),
        Ok(text) => return Some(text),
        Err(unread) => unread,
    };
    problems.push(match unread {
        Unread::NotUtf8(bytes, at) => crate::input::config::not_utf8(shown, &bytes, at),
        Unread::NotAFile(_) => wrong(msg!("template-not-a-file", file = shown)),
        Unread::TooLong(bytes) => wrong(msg!("template-too-long", file = shown, size = bounded::size(bytes))),
        unread => wrong(msg!("template-unreadable", file = shown, cause = unread.message())),
    });
    None
}
