//! Values of a TOML file on their way to what they mean: texts, numbers, lists, moments.

use std::ops::Range;

use appel_core::words::{is_unsafe_to_show, nearest};
use appel_messages::{Message, msg};
use jiff::Timestamp;
use jiff::civil;
use jiff::tz::Offset;
use toml::de::DeValue;

use super::source::Source;
use crate::failure::{Place, Problem, Severity};
use crate::input::leavings::{self, Leaving};

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
            DeValue::Array(_) => self.not_a_text(msg!("config-hint-no-brackets")),
            DeValue::Table(_) => self.not_a_text(msg!("config-hint-one-text")),
            _ => {
                let key = self.path.rsplit('.').next().unwrap_or_default();
                self.not_a_text(msg!("config-hint-quotes", key = key, written = self.written()))
            }
        }
    }

    /// Says that it is no table.
    pub fn not_a_table<T>(&self) -> Option<T> {
        self.refuse(msg!("config-not-a-table", key = &self.path, found = kind_of(self.raw)));
        None
    }

    /// Says that it is no text.
    pub fn not_a_text<T>(&self, hint: Message) -> Option<T> {
        let message = msg!("config-not-a-text", key = &self.path, found = kind_of(self.raw));
        self.refuse_with(message, hint);
        None
    }

    /// As a whole number in `range`.
    pub fn integer(self, range: std::ops::RangeInclusive<u64>) -> Option<u64> {
        let DeValue::Integer(integer) = self.raw else {
            let hint = match self.raw.as_str().and_then(|text| text.trim().parse::<u64>().ok()) {
                Some(number) => msg!("config-hint-no-quotes", number = number.to_string()),
                None => msg!("config-hint-digits"),
            };
            let message = msg!("config-not-a-number", key = &self.path, found = kind_of(self.raw));
            self.refuse_with(message, hint);
            return None;
        };
        let number = u64::from_str_radix(integer.as_str(), integer.radix()).ok();
        if let Some(number) = number.filter(|number| range.contains(number)) {
            return Some(number);
        }
        // Not as counts: they are to be written as they are.
        let (low, high) = (range.start().to_string(), range.end().to_string());
        let allowed = if *range.end() == u64::MAX {
            msg!("config-hint-at-least", low = low)
        } else {
            msg!("config-hint-between", low = low, high = high)
        };
        let message = msg!("config-out-of-range", key = &self.path, number = integer.to_string());
        self.refuse_with(message, allowed);
        None
    }

    /// As true or false.
    pub fn truth(self) -> Option<bool> {
        if let DeValue::Boolean(truth) = self.raw {
            return Some(*truth);
        }
        let key = self.path.rsplit('.').next().unwrap_or_default();
        self.refuse(msg!(
            "config-not-a-truth",
            key = &self.path,
            found = kind_of(self.raw),
            name = key
        ));
        None
    }

    /// As a list; `example` shows how one is written.
    pub fn list(self, example: &str) -> Vec<Value<'a>> {
        let DeValue::Array(items) = self.raw else {
            self.refuse(msg!(
                "config-not-a-list",
                key = &self.path,
                found = kind_of(self.raw),
                example = example
            ));
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
            self.refuse(msg!("config-not-a-moment", key = &self.path, found = kind_of(self.raw)));
            return None;
        };
        let Some(offset) = written.offset else {
            let hint = if written.time.is_some() {
                msg!("config-hint-offset", written = written.to_string())
            } else {
                msg!("config-hint-time", written = written.to_string())
            };
            self.refuse_with(msg!("config-no-offset", key = &self.path), hint);
            return None;
        };
        let moment = to_moment(written, offset);
        if moment.is_none() {
            self.refuse(msg!("config-no-such-moment", key = &self.path));
        }
        moment
    }

    /// As it stands in the file.
    fn written(&self) -> &'a str {
        self.source.text(self.span.clone())
    }

    /// Says that it cannot be so; what to do stands with the message.
    pub fn refuse(&self, message: Message) {
        self.source.push(Problem::error(message).at(self.place()));
    }

    /// Says that it cannot be so, and what to do.
    pub fn refuse_with(&self, message: Message, hint: Message) {
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

    /// Says that it cannot be so; what to do stands with the message.
    pub fn refuse(&self, message: Message) {
        self.source.push(Problem::error(message).at(self.place()));
    }

    /// Says that it cannot be so, and what to do.
    pub fn refuse_with(&self, message: Message, hint: Message) {
        self.source.push(Problem::error(message).at(self.place()).hint(hint));
    }

    /// Says what is worth a look.
    pub fn warn(&self, message: Message) {
        let mut problem = Problem::warning(message);
        if self.source.has_room(Severity::Warning) {
            problem = problem.at(self.place());
        }
        self.source.push(problem);
    }

    /// On one line, with something in it and nothing hidden.
    pub fn line(&self) -> Option<String> {
        let text = self.written.trim();
        if text.is_empty() {
            self.refuse(msg!("config-empty", key = &self.path));
            return None;
        }
        if let Some(hidden) = text.chars().find(|c| is_hidden(*c)) {
            self.refuse_hidden(hidden);
            return None;
        }
        Some(text.to_owned())
    }

    /// On one line, and as it will stand in letters: what was left in it by a draft or another program is said.
    pub fn line_of_letters(&self) -> Option<String> {
        let line = self.line()?;
        let mut said = Vec::new();
        for (at, left) in leavings::find(&line) {
            if said.contains(&left) {
                continue;
            }
            said.push(left);
            let words = line.get(at.clone()).unwrap_or_default();
            let problem = match left {
                Leaving::Place | Leaving::Draft => {
                    Problem::warning(msg!("config-left-over", words = words, key = &self.path))
                }
                Leaving::Encoding => {
                    let words = leavings::around(&line, at);
                    Problem::warning(msg!("config-wrong-encoding", words = words, key = &self.path))
                }
                Leaving::Character(sort) => {
                    let code = leavings::code(words);
                    let what = sort.message();
                    Problem::warning(msg!(
                        "config-word-processor",
                        what = what,
                        code = code,
                        key = &self.path
                    ))
                    .hint(sort.hint())
                }
            };
            self.source.push(problem.at(self.place()));
        }
        Some(line)
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
        self.refuse(if matches!(hidden, '\n' | '\r') {
            msg!("config-line-break", key = &self.path)
        } else {
            let code = format!("U+{:04X}", u32::from(hidden));
            msg!("config-hidden-character", key = &self.path, code = code)
        });
    }

    /// One of the words of `known`.
    pub fn choice<T: Copy>(&self, known: &[(&str, T)]) -> Option<T> {
        if let Some((_, value)) = known.iter().find(|(word, _)| *word == self.written) {
            return Some(*value);
        }
        let words = known.iter().map(|(word, _)| msg!("config-choice", word = *word));
        let words = words.reduce(|before, next| msg!("config-either", before = before, next = next));
        let words = words.unwrap_or_else(|| Message::quote(""));
        let hint = match nearest(&self.written.to_ascii_lowercase(), known.iter().map(|(word, _)| *word)) {
            Some(near) => msg!("config-hint-near-choice", near = near, words = words),
            None => msg!("config-hint-choice", words = words),
        };
        self.refuse_with(
            msg!("config-not-a-choice", key = &self.path, written = self.written),
            hint,
        );
        None
    }
}

/// What nobody sees, but for the joiners and marks that Persian, Hindi, Hebrew or Mongolian are written with, and those that
/// choose how a character is drawn.
fn is_hidden(c: char) -> bool {
    is_unsafe_to_show(c)
        && !matches!(c, '\u{200c}'..='\u{200f}' | '\u{34f}' | '\u{180b}'..='\u{180f}' | '\u{fe00}'..='\u{fe0f}')
}

fn kind_of(value: &DeValue<'_>) -> Message {
    match value {
        DeValue::String(_) => msg!("config-a-text"),
        DeValue::Integer(_) => msg!("config-a-whole-number"),
        DeValue::Float(_) => msg!("config-a-number"),
        DeValue::Boolean(_) => msg!("config-true-or-false"),
        DeValue::Datetime(_) => msg!("config-a-date"),
        DeValue::Array(_) => msg!("config-a-list"),
        DeValue::Table(_) => msg!("config-a-table"),
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
