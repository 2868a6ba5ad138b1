//! Problems in the inputs: what is wrong, where, and what to do about it.

mod problems;
pub mod style;

use std::fmt;
use std::ops::Range;

use appel_messages::{Catalog, Locale, Message, Value};
use serde::Serialize;

use crate::words::{ceil_char_boundary, floor_char_boundary, shortened, visible_line};

pub use self::problems::{MOST as MOST_PROBLEMS, More, Problems};

/// How many characters a value in a message has at most; it may be as long as a file.
const LONGEST_MESSAGE: usize = 600;
/// How many characters a message has at most.
const LONGEST_WORDS: usize = 2000;
/// How many characters a hint has at most.
const LONGEST_HINT: usize = 2000;
/// How many characters the name of a field has at most.
const LONGEST_FIELD: usize = 100;

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing is sent until it is fixed.
    Error,
    /// Worth a look; does not stop the run.
    Warning,
    /// Something the program did that a person may want to know.
    Note,
}

/// A line of a source file with the part of it that is meant; of a long line what stands around that part.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Excerpt {
    /// The line, without its line end; `…` where something was left out.
    pub text: String,
    /// The bytes of `text` that are meant; always on character boundaries.
    pub span: Range<usize>,
}

impl Excerpt {
    /// How many bytes of a line are shown.
    const LONGEST: usize = 200;
    /// How many of those stand before the part that is meant, when the line is longer.
    const BEFORE: usize = 60;

    /// The bytes `span` of `line`, with what stands around them.
    #[must_use]
    pub fn around(line: &str, span: Range<usize>) -> Self {
        let start = floor_char_boundary(line, span.start);
        let end = floor_char_boundary(line, span.end).max(start);
        if line.len() <= Self::LONGEST {
            return Self {
                text: line.to_owned(),
                span: start..end,
            };
        }
        // A short line's whole length is shown even when the part that is meant stands at its end.
        let from = start
            .saturating_sub(Self::BEFORE)
            .min(line.len().saturating_sub(Self::LONGEST));
        let from = ceil_char_boundary(line, from).min(start);
        let to = floor_char_boundary(line, from + Self::LONGEST).max(start);
        let mut text = String::with_capacity(Self::LONGEST + 8);
        if from > 0 {
            text.push('…');
        }
        let moved = text.len();
        text.push_str(&line[from..to]);
        let span = start - from + moved..end.min(to) - from + moved;
        if to < line.len() {
            text.push('…');
        }
        Self { text, span }
    }
}

/// Where a problem is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Place {
    /// The file as the person named it, relative to where they stand when possible.
    pub file: String,
    /// The sheet of a spreadsheet; line and column are its rows and columns then.
    pub sheet: Option<String>,
    /// 1-based line; `None` when the whole file is meant.
    pub line: Option<usize>,
    /// 1-based column in characters.
    pub column: Option<usize>,
    /// The field, key or column that is meant: `email`.
    pub field: Option<String>,
    /// The source line, for the person to see.
    pub excerpt: Option<Excerpt>,
}

impl Place {
    /// A whole file.
    #[must_use]
    pub fn file(file: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            ..Self::default()
        }
    }

    /// The bytes `span` of `source`, the whole text of `file`.
    ///
    /// A span that is out of range or splits a character is moved to the nearest place that is neither.
    #[must_use]
    pub fn in_source(file: impl Into<String>, source: &str, span: Range<usize>) -> Self {
        let start = floor_char_boundary(source, span.start);
        let bytes = source.as_bytes();
        let line_start = memchr::memrchr(b'\n', &bytes[..start]).map_or(0, |at| at + 1);
        let line_end = memchr::memchr(b'\n', &bytes[start..]).map_or(source.len(), |at| start + at);
        let text = source[line_start..line_end].trim_end_matches('\r');
        let from = (start - line_start).min(text.len());
        let to = floor_char_boundary(source, span.end)
            .saturating_sub(line_start)
            .clamp(from, text.len());
        Self {
            file: file.into(),
            sheet: None,
            line: Some(memchr::memchr_iter(b'\n', &bytes[..start]).count() + 1),
            column: Some(text[..from].chars().count() + 1),
            field: None,
            excerpt: Some(Excerpt::around(text, from..to)),
        }
    }

    /// A cell of a spreadsheet as its program shows it, `C14`: in what is a sheet, and as far as it is known.
    #[must_use]
    pub fn cell(&self) -> Option<String> {
        self.sheet.as_ref()?;
        let row = self.line?.to_string();
        Some(self.column.map(letters).unwrap_or_default() + &row)
    }

    /// The same place, naming the field that is meant.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(shortened(field.into(), LONGEST_FIELD));
        self
    }
}

impl fmt::Display for Place {
    /// `recipients.csv:14:3 email`, `list.xlsx:Embassies!C14 email`, as much of it as is known.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", visible_line(&self.file))?;
        if let Some(sheet) = &self.sheet {
            write!(f, ":{}", visible_line(sheet))?;
            if let Some(cell) = self.cell() {
                write!(f, "!{cell}")?;
            }
        } else if let Some(line) = self.line {
            write!(f, ":{line}")?;
            if let Some(column) = self.column {
                write!(f, ":{column}")?;
            }
        }
        if let Some(field) = &self.field {
            write!(f, " {}", visible_line(field))?;
        }
        Ok(())
    }
}

/// The letters by which spreadsheets name their columns: A is 1, Z 26, AA 27.
fn letters(column: usize) -> String {
    let mut letters = Vec::new();
    let mut rest = column;
    while rest > 0 {
        rest -= 1;
        letters.push(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"[rest % 26]);
        rest /= 26;
    }
    letters.iter().rev().map(|letter| char::from(*letter)).collect()
}

/// One thing that is wrong in the inputs: what, where, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Whether it stops the run.
    pub severity: Severity,
    /// What is wrong, in one plain sentence. Its code is the problem's code, which scripts may rely on.
    pub what: Message,
    /// Where.
    pub place: Option<Place>,
    /// What to do, where that is not said with the message itself: see [`Problem::hint_in`].
    pub hint: Option<Message>,
}

impl Problem {
    /// A problem that stops the run.
    #[must_use]
    pub fn error(what: impl Into<Message>) -> Self {
        Self::new(Severity::Error, what)
    }

    /// A problem worth a look.
    #[must_use]
    pub fn warning(what: impl Into<Message>) -> Self {
        Self::new(Severity::Warning, what)
    }

    /// Something the program did, said.
    #[must_use]
    pub fn note(what: impl Into<Message>) -> Self {
        Self::new(Severity::Note, what)
    }

    fn new(severity: Severity, what: impl Into<Message>) -> Self {
        Self {
            severity,
            what: what.into().shortened(LONGEST_MESSAGE),
            place: None,
            hint: None,
        }
    }

    /// Which problem it is: what scripts may rely on, and what it is counted by when there are too many to show.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.what.code()
    }

    /// The name by which a campaign may switch it off, where it is a warning of style.
    #[must_use]
    pub fn style(&self) -> Option<&'static str> {
        match self.severity {
            Severity::Warning => style::of_code(self.code()),
            _ => None,
        }
    }

    /// The code of the reason that is told inside of it: why an address is none.
    #[must_use]
    pub fn detail(&self) -> Option<&'static str> {
        let inner = self.what.values().iter().find_map(|(_, value)| match value {
            Value::Message(inner) => Some(inner.code()),
            _ => None,
        });
        inner.filter(|code| *code != "quote")
    }

    /// The same problem, at a place.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// The same problem, with what to do, where the message's own hint does not fit or there is none.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Message>) -> Self {
        self.hint = Some(hint.into().shortened(LONGEST_HINT));
        self
    }

    /// The same problem, with what to do where somebody knows that better than the message itself.
    #[must_use]
    pub fn hint_if_any(self, hint: Option<Message>) -> Self {
        match hint {
            Some(hint) => self.hint(hint),
            None => self,
        }
    }

    /// What is wrong, in words.
    #[must_use]
    pub fn says_in(&self, catalog: &Catalog) -> String {
        shortened(catalog.say(&self.what), LONGEST_WORDS)
    }

    /// What to do, in words: what was added, or what the message itself has to say of it.
    #[must_use]
    pub fn hint_in(&self, catalog: &Catalog) -> Option<String> {
        let hint = match &self.hint {
            Some(hint) => Some(catalog.say(hint)),
            None => catalog.hint(&self.what),
        };
        hint.map(|hint| shortened(hint, LONGEST_HINT))
    }
}

impl Serialize for Problem {
    /// The object of `check --json`: in English, whatever the language of the screen.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Shape<'a> {
            severity: Severity,
            code: &'static str,
            #[serde(skip_serializing_if = "Option::is_none")]
            detail: Option<&'static str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            style: Option<&'static str>,
            file: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            sheet: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            reference: Option<String>,
            line: Option<usize>,
            column: Option<usize>,
            #[serde(skip_serializing_if = "Option::is_none")]
            field: Option<&'a str>,
            message: String,
            hint: Option<String>,
        }
        let place = self.place.as_ref();
        let english = Catalog::of(Locale::English);
        Shape {
            severity: self.severity,
            code: self.code(),
            detail: self.detail(),
            style: self.style(),
            file: place.map(|place| place.file.as_str()),
            sheet: place.and_then(|place| place.sheet.as_deref()),
            reference: place.and_then(Place::cell),
            line: place.and_then(|place| place.line),
            column: place.and_then(|place| place.column),
            field: place.and_then(|place| place.field.as_deref()),
            message: self.says_in(english),
            hint: self.hint_in(english),
        }
        .serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_outside_the_source_is_no_panic() {
        let place = Place::in_source("f", "é", 1..99);
        assert_eq!((place.line, place.column), (Some(1), Some(1)));
        assert_eq!(Place::in_source("f", "", 5..9).line, Some(1));
    }

    #[test]
    fn a_cell_of_a_spreadsheet_is_named_as_its_program_names_it() {
        let place = |column, line| Place {
            sheet: Some("Embassies".to_owned()),
            line,
            column,
            ..Place::file("list.xlsx")
        };
        assert_eq!(
            place(Some(3), Some(14)).field("email").to_string(),
            "list.xlsx:Embassies!C14 email"
        );
        assert_eq!(place(Some(28), Some(2)).to_string(), "list.xlsx:Embassies!AB2");
        assert_eq!(place(None, Some(2)).to_string(), "list.xlsx:Embassies!2");
        assert_eq!(place(None, None).to_string(), "list.xlsx:Embassies");
        assert_eq!([letters(26), letters(27), letters(703)], ["Z", "AA", "AAA"]);
    }
}
