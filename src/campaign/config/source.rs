//! A configuration file's text: where things stand in it, and what is wrong with them, collected, not thrown.

use std::cell::RefCell;
use std::ops::Range;

use toml::de::DeTable;

use crate::failure::{Place, Problem, Problems};

/// A configuration file's text, and what was found wrong in it so far.
pub struct Source<'a> {
    shown: &'a str,
    text: &'a str,
    problems: RefCell<Vec<Problem>>,
}

impl<'a> Source<'a> {
    /// The file that people know as `shown`.
    pub const fn new(shown: &'a str, text: &'a str) -> Self {
        Self {
            shown,
            text,
            problems: RefCell::new(Vec::new()),
        }
    }

    /// The file, as people know it.
    pub const fn shown(&self) -> &'a str {
        self.shown
    }

    /// Parses the whole file; a slip in the syntax is one problem, at its place.
    pub fn parse(&self) -> Option<toml::Spanned<DeTable<'a>>> {
        match DeTable::parse(self.text) {
            Ok(table) => Some(table),
            Err(error) => {
                let message = format!("the file is not written as TOML: {}", error.message());
                let problem = match error.span() {
                    Some(span) => Problem::error(message).at(self.place(span)),
                    None => Problem::error(message).at(Place::file(self.shown)),
                };
                self.push(problem.hint(
                    "texts stand in \"double quotes\", lists in [square brackets], and each `key = value` on its own line",
                ));
                None
            }
        }
    }

    /// What stands at `span`.
    pub fn text(&self, span: Range<usize>) -> &'a str {
        self.text.get(span).unwrap_or_default()
    }

    /// Where `span` is.
    ///
    /// A line that may hold a password is not shown: problems end up in screenshots and logs.
    pub fn place(&self, span: Range<usize>) -> Place {
        let mut place = Place::in_source(self.shown, self.text, span);
        if place.excerpt.as_ref().is_some_and(|line| may_hold_secret(&line.text)) {
            place.excerpt = None;
        }
        place
    }

    /// Adds a problem.
    pub fn push(&self, problem: Problem) {
        self.problems.borrow_mut().push(problem);
    }

    /// Hands over what was found, in the order of the file.
    pub fn finish(self, problems: &mut Problems) {
        let mut found = self.problems.into_inner();
        found.sort_by_key(|problem| {
            let place = problem.place.as_ref();
            // What has no line is about the whole file: last, after what is there.
            place.and_then(|place| place.line).map_or((usize::MAX, 0), |line| {
                (line, place.and_then(|place| place.column).unwrap_or(0))
            })
        });
        problems.extend(found);
    }
}

/// Whether a key of the line, at its beginning or in an inline table, is named like a secret, or something stands before
/// the @ in a URL.
fn may_hold_secret(line: &str) -> bool {
    let line = line.to_ascii_lowercase();
    let url = line.split_once("://").map_or("", |(_, rest)| rest);
    let named = ["pass", "pasw", "pwd", "secret", "token"].iter().any(|word| {
        line.match_indices(word).any(|(at, _)| {
            let key = line[..at]
                .trim_end_matches(|c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '"' | '\''));
            let before = key.trim_end();
            before.is_empty() || before.ends_with(['{', ','])
        })
    });
    named || url.contains('@')
}
