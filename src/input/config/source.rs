//! A configuration file's text: where things stand in it, and what is wrong with them, collected, not thrown.

use std::cell::{Cell, RefCell};
use std::ops::Range;

use appel_core::words::is_unsafe_to_show;
use appel_messages::{Message, msg};
use toml::de::DeTable;

use crate::failure::{Place, Problem, Problems, Severity};

/// A configuration file's text, and what was found wrong in it so far.
pub struct Source<'a> {
    shown: &'a str,
    text: &'a str,
    problems: RefCell<Problems>,
    /// The line that was last asked about, and whether it may hold a password.
    secret: Cell<Option<((usize, usize), bool)>>,
}

impl<'a> Source<'a> {
    /// The file that people know as `shown`.
    pub const fn new(shown: &'a str, text: &'a str) -> Self {
        Self {
            shown,
            text,
            problems: RefCell::new(Problems::new()),
            secret: Cell::new(None),
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
                let span = error.span();
                let odd = span.clone().and_then(|span| odd_character(self.text, span.start));
                let message = match &odd {
                    Some((_, odd)) => odd.clone(),
                    None => msg!("config-not-toml", cause = error.message()),
                };
                let place = match odd.map(|(at, _)| at).or(span) {
                    Some(span) => self.place(span),
                    None => Place::file(self.shown),
                };
                self.push(Problem::error(message).at(place));
                None
            }
        }
    }

    /// How long the file is, in bytes.
    pub const fn len(&self) -> usize {
        self.text.len()
    }

    /// What stands at `span`.
    pub fn text(&self, span: Range<usize>) -> &'a str {
        self.text.get(span).unwrap_or_default()
    }

    /// Where `span` is.
    ///
    /// A line that may hold a password is not shown: problems end up in screenshots and logs.
    pub fn place(&self, span: Range<usize>) -> Place {
        if !self.has_room(Severity::Error) {
            // It would not be shown; and finding it takes as long as the file is.
            return Place::file(self.shown);
        }
        let line = line_around(self.text, span.start);
        let mut place = Place::in_source(self.shown, self.text, span);
        if self.holds_secret(line) {
            place.excerpt = None;
        }
        place
    }

    /// Whether a line of the file may hold a password; a long line is looked through once, however much is wrong in it.
    fn holds_secret(&self, line: &str) -> bool {
        let key = (line.as_ptr() as usize, line.len());
        if let Some((last, answer)) = self.secret.get()
            && last == key
        {
            return answer;
        }
        let answer = may_hold_secret(line);
        self.secret.set(Some((key, answer)));
        answer
    }

    /// Whether one more problem would be shown.
    pub fn has_room(&self, severity: Severity) -> bool {
        self.problems.borrow().has_room(severity)
    }

    /// Counts a problem that would not be shown.
    pub fn count_only(&self, severity: Severity, code: &'static str) {
        self.problems.borrow_mut().count_only(severity, code);
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
        problems.absorb(found);
    }
}

/// The character of a word processor or another keyboard that makes the line at `at` unreadable, and what is wrong with it.
fn odd_character(text: &str, at: usize) -> Option<(Range<usize>, Message)> {
    const CURLY: [char; 9] = ['“', '”', '„', '‟', '«', '»', '‘', '’', '‚'];
    let line = line_around(text, at);
    let start = line.as_ptr() as usize - text.as_ptr() as usize;
    let found = |at: usize, c: char, what: Message| Some((start + at..start + at + c.len_utf8(), what));
    let mut quoted: Option<char> = None;
    // Inside straight quotes everything is fine, unless they are not closed: then this one was meant to.
    let mut inside = None;
    for (at, c) in line.char_indices() {
        if let Some(quote) = quoted {
            if c == quote {
                (quoted, inside) = (None, None);
            } else if CURLY.contains(&c) {
                inside = Some((at, c));
            }
            continue;
        }
        let sign = match c {
            '"' | '\'' => {
                quoted = Some(c);
                continue;
            }
            '#' => break,
            c if CURLY.contains(&c) => return found(at, c, msg!("config-curly-quotes", found = c)),
            '＝' => "=",
            '［' => "[",
            '］' => "]",
            '＂' => "\"",
            '，' => ",",
            // Spaces that are none to a program, and characters that nobody sees.
            c if !c.is_ascii() && (c.is_whitespace() || is_unsafe_to_show(c)) => {
                let code = format!("{:04X}", u32::from(c));
                return found(
                    at,
                    c,
                    msg!("config-odd-character", like = msg!("config-a-space"), code = code),
                );
            }
            _ => continue,
        };
        let code = format!("{:04X}", u32::from(c));
        return found(
            at,
            c,
            msg!(
                "config-odd-character",
                like = msg!("config-a-sign", sign = sign),
                code = code
            ),
        );
    }
    let (at, c) = inside?;
    found(at, c, msg!("config-curly-quotes", found = c))
}

/// The line of `text` in which `at` is.
fn line_around(text: &str, at: usize) -> &str {
    let bytes = text.as_bytes();
    let at = at.min(bytes.len());
    let start = memchr::memrchr(b'\n', &bytes[..at]).map_or(0, |before| before + 1);
    let end = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |behind| at + behind);
    text.get(start..end).unwrap_or_default()
}

/// Longer lines are not taken apart: any of the words anywhere is enough.
const LONGEST_TAKEN_APART: usize = 2000;

/// Whether a key of the line, at its beginning or in an inline table, is named like a secret, or something stands before
/// the @ in a URL.
pub fn may_hold_secret(line: &str) -> bool {
    let line = line.to_ascii_lowercase();
    let url = line.split_once("://").map_or("", |(_, rest)| rest);
    let is_long = line.len() > LONGEST_TAKEN_APART;
    let named = ["pass", "pasw", "pwd", "secret", "token"].iter().any(|word| {
        if is_long {
            return line.contains(word);
        }
        line.match_indices(word).any(|(at, _)| {
            let key = line[..at]
                .trim_end_matches(|c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '"' | '\''));
            let before = key.trim_end();
            before.is_empty() || before.ends_with(['{', ','])
        })
    });
    named || url.contains('@')
}
