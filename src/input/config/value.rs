//! Values of a TOML file on their way to what they mean: texts, numbers, lists, moments.

use std::ops::Range;

use appel_core::words::{is_unsafe_to_show, nearest};
use appel_messages::Message;
use jiff::Timestamp;
use jiff::civil;
use jiff::tz::Offset;
use toml::de::DeValue;

use super::source::Source;
use crate::failure::{Place, Problem, Severity};

/// A value that is being read.
pub struct Value<'a> {
    source: &'a Source<'a>,
    path: String,
    span: Range<usize>,
    raw: &'a DeValue<'a>,
}

impl<'a> Value<'a> {
    /// A value at `span`, which people know as `path`.
    pub const fn new(source: &'a Source<'a>, path: String, span: Range<usize>, raw: &'a DeValue<'a>) -> Self {
        Self {
            source,
            path,
            span,
            raw,
        }
    }

    /// What it is.
    pub const fn raw(&self) -> &'a DeValue<'a> {
        self.raw
    }

    /// As a text.
    pub fn text(self) -> Option<Text<'a>> {
        match self.raw {
            DeValue::String(text) => Some(Text::new(text, self.source, self.path, self.span)),
            DeValue::Array(_) => self.wrong_type("a text", "write one text, without the square brackets"),
            DeValue::Table(_) => self.wrong_type("a text", "write one text in double quotes"),
            _ => {
                let key = self.path.rsplit('.').next().unwrap_or_default();
                let hint = format!("put it in double quotes: {key} = \"{}\"", self.written());
                self.wrong_type("a text", hint)
            }
        }
    }

    /// As a whole number in `range`.
    pub fn integer(self, range: std::ops::RangeInclusive<u64>) -> Option<u64> {
        let DeValue::Integer(integer) = self.raw else {
            let hint = match self.raw.as_str().and_then(|text| text.trim().parse::<u64>().ok()) {
                Some(number) => format!("take the quotes off: {number}"),
                None => "write it in digits, without quotes and without a point".to_owned(),
            };
            return self.wrong_type("a whole number", hint);
        };
        let number = u64::from_str_radix(integer.as_str(), integer.radix()).ok();
        if let Some(number) = number.filter(|number| range.contains(number)) {
            return Some(number);
        }
        let (low, high) = (*range.start(), *range.end());
        let allowed = if high == u64::MAX {
            format!("it must be {low} or more")
        } else {
            format!("it must be from {low} to {high}")
        };
        self.refuse(format!("`{}` cannot be {integer}", self.path), allowed);
        None
    }

    /// As a list; `example` shows how one is written.
    pub fn list(self, example: &str) -> Vec<Value<'a>> {
        let DeValue::Array(items) = self.raw else {
            self.refuse(
                format!("`{}` must be a list, not {}", self.path, kind_of(self.raw)),
                format!("write it like this: {example}"),
            );
            return Vec::new();
        };
        items
            .iter()
            .map(|item| Value::new(self.source, self.path.clone(), item.span(), item.get_ref()))
            .collect()
    }

    /// The file it is in, what people know it as, and where it stands.
    pub fn into_parts(self) -> (&'a Source<'a>, String, Range<usize>) {
        (self.source, self.path, self.span)
    }

    /// As a moment: date, time and offset (RFC 3339).
    pub fn moment(self) -> Option<(Timestamp, Offset)> {
        let DeValue::Datetime(written) = self.raw else {
            let hint = "write date, time and offset, without quotes: 2012-01-31T23:59:00+01:00";
            self.refuse(
                format!("`{}` must be a date and time, not {}", self.path, kind_of(self.raw)),
                hint,
            );
            return None;
        };
        let Some(offset) = written.offset else {
            let hint = if written.time.is_some() {
                format!("add the offset: {written}Z for UTC, or {written}+01:00")
            } else {
                format!("write date, time and offset: {written}T23:59:00+01:00")
            };
            self.refuse(
                format!(
                    "`{}` does not say where on earth it is meant: the offset is missing",
                    self.path
                ),
                hint,
            );
            return None;
        };
        let moment = to_moment(written, offset);
        if moment.is_none() {
            self.refuse(
                format!("`{}` is not a moment that exists", self.path),
                "write date, time and offset: 2012-01-31T23:59:00+01:00",
            );
        }
        moment
    }

    /// Says that it is of the wrong type.
    pub fn wrong_type<T>(&self, expected: &str, hint: impl Into<Message>) -> Option<T> {
        self.refuse(
            format!("`{}` must be {expected}, not {}", self.path, kind_of(self.raw)),
            hint,
        );
        None
    }

    /// As it stands in the file.
    fn written(&self) -> &'a str {
        self.source.text(self.span.clone())
    }

    /// Says that it cannot be so.
    pub fn refuse(&self, message: impl Into<Message>, hint: impl Into<Message>) {
        self.source.push(Problem::error(message).at(self.place()).hint(hint));
    }

    /// Where it stands.
    pub fn place(&self) -> Place {
        self.source.place(self.span.clone()).field(self.path.clone())
    }

    /// `smtp.port`.
    pub fn path(&self) -> &str {
        &self.path
    }
}

/// A text that is being read.
pub struct Text<'a> {
    written: &'a str,
    source: &'a Source<'a>,
    path: String,
    span: Range<usize>,
}

impl<'a> Text<'a> {
    /// A text at `span`, which people know as `path`.
    pub const fn new(text: &'a str, source: &'a Source<'a>, path: String, span: Range<usize>) -> Self {
        Self {
            written: text,
            source,
            path,
            span,
        }
    }

    /// As written.
    pub const fn as_str(&self) -> &'a str {
        self.written
    }

    /// `smtp.port`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Where it stands.
    pub fn place(&self) -> Place {
        self.source.place(self.span.clone()).field(self.path.clone())
    }

    /// Says that it cannot be so.
    pub fn refuse(&self, message: impl Into<Message>, hint: impl Into<Message>) {
        self.source.push(Problem::error(message).at(self.place()).hint(hint));
    }

    /// Says what is worth a look.
    pub fn warn(&self, message: impl Into<Message>, hint: impl Into<Message>) {
        let mut problem = Problem::warning(message);
        if self.source.has_room(Severity::Warning) {
            problem = problem.at(self.place());
        }
        self.source.push(problem.hint(hint));
    }

    /// On one line, with something in it and nothing hidden.
    pub fn line(&self) -> Option<String> {
        let text = self.written.trim();
        if text.is_empty() {
            self.refuse(
                format!("`{}` is empty", self.path),
                "write something between the quotes",
            );
            return None;
        }
        if let Some(hidden) = text.chars().find(|c| is_hidden(*c)) {
            self.refuse_hidden(hidden);
            return None;
        }
        Some(text.to_owned())
    }

    /// Several lines are welcome, nothing hidden is; line ends become LF.
    pub fn lines(&self) -> Option<String> {
        let text = self.written.replace("\r\n", "\n");
        if let Some(hidden) = text.chars().find(|c| *c != '\n' && is_hidden(*c)) {
            self.refuse_hidden(hidden);
            return None;
        }
        Some(text)
    }

    fn refuse_hidden(&self, hidden: char) {
        let message = if matches!(hidden, '\n' | '\r') {
            format!("`{}` has a line break in it", self.path)
        } else {
            format!(
                "`{}` contains the hidden character U+{:04X}",
                self.path,
                u32::from(hidden)
            )
        };
        self.refuse(message, "write it again by hand, on one line");
    }

    /// One of the words of `known`.
    pub fn choice<T: Copy>(&self, known: &[(&str, T)]) -> Option<T> {
        if let Some((_, value)) = known.iter().find(|(word, _)| *word == self.written) {
            return Some(*value);
        }
        let words: Vec<String> = known.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        let near = nearest(&self.written.to_ascii_lowercase(), known.iter().map(|(word, _)| *word));
        let hint = match near {
            Some(near) => format!("did you mean \"{near}\"? It can be {}", words.join(" or ")),
            None => format!("it can be {}", words.join(" or ")),
        };
        self.refuse(format!("`{}` cannot be \"{}\"", self.path, self.written), hint);
        None
    }
}

/// What nobody sees, but for the joiners and marks that Persian, Hindi, Hebrew or Mongolian are written with, and those that
/// choose how a character is drawn.
fn is_hidden(c: char) -> bool {
    is_unsafe_to_show(c)
        && !matches!(c, '\u{200c}'..='\u{200f}' | '\u{34f}' | '\u{180b}'..='\u{180f}' | '\u{fe00}'..='\u{fe0f}')
}

const fn kind_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

fn to_moment(written: &toml::value::Datetime, offset: toml::value::Offset) -> Option<(Timestamp, Offset)> {
    let (date, time) = (written.date?, written.time?);
    let year = i16::try_from(date.year).ok()?;
    let date = civil::Date::new(year, i8::try_from(date.month).ok()?, i8::try_from(date.day).ok()?);
    let time = civil::Time::new(
        i8::try_from(time.hour).ok()?,
        i8::try_from(time.minute).ok()?,
        i8::try_from(time.second.unwrap_or(0)).ok()?,
        i32::try_from(time.nanosecond.unwrap_or(0)).ok()?,
    );
    let offset = match offset {
        toml::value::Offset::Z => Offset::UTC,
        toml::value::Offset::Custom { minutes } => Offset::from_seconds(i32::from(minutes) * 60).ok()?,
    };
    let moment = offset
        .to_timestamp(civil::DateTime::from_parts(date.ok()?, time.ok()?))
        .ok()?;
    Some((moment, offset))
}
