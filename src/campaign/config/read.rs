//! TOML with places: every value knows where it stands, and what is wrong with it is collected, not thrown.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Range;

use jiff::Timestamp;
use jiff::civil;
use jiff::tz::Offset;
use toml::de::{DeTable, DeValue};

use crate::failure::{Place, Problem, Problems, is_unsafe_to_show, nearest};

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

/// A table that is being read; what nobody asked for is an unknown key.
pub struct Table<'a> {
    source: &'a Source<'a>,
    path: String,
    span: Range<usize>,
    entries: &'a DeTable<'a>,
    known: RefCell<BTreeSet<&'static str>>,
    refused: RefCell<BTreeSet<&'static str>>,
}

impl<'a> Table<'a> {
    /// The top of a file.
    pub fn top(source: &'a Source<'a>, table: &'a toml::Spanned<DeTable<'a>>) -> Self {
        Self {
            source,
            path: String::new(),
            span: 0..0,
            entries: table.get_ref(),
            known: RefCell::default(),
            refused: RefCell::default(),
        }
    }

    /// The value of `key`, if it is there.
    pub fn get(&self, key: &'static str) -> Option<Value<'a>> {
        self.known.borrow_mut().insert(key);
        self.entries.get(key).map(|value| self.value(key, value))
    }

    /// Whether `key` is there; nobody is told that it could be.
    pub fn has_refused(&self, key: &'static str) -> bool {
        self.refused.borrow_mut().insert(key);
        self.entries.contains_key(key)
    }

    /// Whether `key` is there.
    pub fn has(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    /// A text that may be left out.
    pub fn text(&self, key: &'static str) -> Option<Text<'a>> {
        self.get(key)?.text()
    }

    /// A text that must be there; `example` is the line to write.
    pub fn required(&self, key: &'static str, example: &str) -> Option<Text<'a>> {
        match self.get(key) {
            Some(value) => value.text(),
            None => {
                self.missing(key, example);
                None
            }
        }
    }

    /// Says that `key` is not there.
    pub fn missing(&self, key: &str, example: &str) {
        let table = if self.path == "letter" {
            "[[letter]]".to_owned()
        } else {
            format!("[{}]", self.path)
        };
        self.source.push(
            Problem::error(format!("`{key}` is missing in {table}"))
                .at(self.place().field(self.path_of(key)))
                .hint(format!("add a line: {example}")),
        );
    }

    /// A table inside this one.
    pub fn table(&self, key: &'static str) -> Option<Self> {
        self.get(key)?.table()
    }

    /// Every key with its value, known or not.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, Value<'a>)> {
        self.entries.iter().map(|(key, value)| {
            let name: &'a str = key.get_ref();
            (name, self.value(name, value))
        })
    }

    /// Where the key itself stands.
    pub fn key_place(&self, key: &str) -> Place {
        match self.entries.get_key_value(key) {
            Some((found, _)) => self.source.place(found.span()),
            None => self.place(),
        }
    }

    /// Where the table begins.
    pub fn place(&self) -> Place {
        if self.path.is_empty() {
            Place::file(self.source.shown)
        } else {
            self.source.place(self.span.clone())
        }
    }

    /// The file it is in.
    pub const fn source(&self) -> &'a Source<'a> {
        self.source
    }

    /// Whether somebody asked for `key`.
    pub fn is_known(&self, key: &str) -> bool {
        self.known.borrow().contains(key)
    }

    /// Ends the reading: every key that nobody asked for is a problem.
    pub fn deny_unknown(&self) {
        for (key, value) in self.entries {
            let key_text: &str = key.get_ref();
            if self.is_known(key_text) || self.refused.borrow().contains(key_text) {
                continue;
            }
            let kind = if self.path.is_empty() && value.get_ref().is_table() {
                "table"
            } else {
                "key"
            };
            let known = self.known.borrow();
            let hint = match nearest(key_text, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => {
                    let names: Vec<&str> = known.iter().copied().collect();
                    format!("known here: {}", names.join(", "))
                }
            };
            self.source.push(
                Problem::error(format!("unknown {kind} `{key_text}`"))
                    .at(self.source.place(key.span()).field(self.path_of(key_text)))
                    .hint(hint),
            );
        }
    }

    fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    fn value(&self, key: &str, value: &'a toml::Spanned<DeValue<'a>>) -> Value<'a> {
        Value {
            source: self.source,
            path: self.path_of(key),
            span: value.span(),
            value: value.get_ref(),
        }
    }
}

/// A value that is being read.
pub struct Value<'a> {
    source: &'a Source<'a>,
    path: String,
    span: Range<usize>,
    value: &'a DeValue<'a>,
}

impl<'a> Value<'a> {
    /// What it is.
    pub const fn raw(&self) -> &'a DeValue<'a> {
        self.value
    }

    /// As a text.
    pub fn text(self) -> Option<Text<'a>> {
        match self.value {
            DeValue::String(text) => Some(Text {
                text,
                source: self.source,
                path: self.path,
                span: self.span,
            }),
            DeValue::Array(_) => self.wrong_type("a text", "write one text, without the square brackets"),
            _ => {
                let key = self.path.rsplit('.').next().unwrap_or_default();
                let hint = format!("put it in double quotes: {key} = \"{}\"", self.written());
                self.wrong_type("a text", hint)
            }
        }
    }

    /// As a whole number in `range`.
    pub fn integer(self, range: std::ops::RangeInclusive<u64>) -> Option<u64> {
        let DeValue::Integer(integer) = self.value else {
            let hint = match self.value.as_str().and_then(|text| text.trim().parse::<u64>().ok()) {
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
        let DeValue::Array(items) = self.value else {
            self.refuse(
                format!("`{}` must be a list, not {}", self.path, kind_of(self.value)),
                format!("write it like this: {example}"),
            );
            return Vec::new();
        };
        items
            .iter()
            .map(|item| Value {
                source: self.source,
                path: self.path.clone(),
                span: item.span(),
                value: item.get_ref(),
            })
            .collect()
    }

    /// As a table.
    pub fn table(self) -> Option<Table<'a>> {
        match self.value {
            DeValue::Table(entries) => Some(Table {
                source: self.source,
                path: self.path,
                span: self.span,
                entries,
                known: RefCell::default(),
                refused: RefCell::default(),
            }),
            _ => {
                let hint = format!("write [{}] on a line of its own, and its keys below", self.path);
                self.wrong_type("a table", hint)
            }
        }
    }

    /// As a moment: date, time and offset (RFC 3339).
    pub fn moment(self) -> Option<(Timestamp, Offset)> {
        let DeValue::Datetime(written) = self.value else {
            let hint = "write date, time and offset, without quotes: 2012-01-31T23:59:00+01:00";
            self.refuse(
                format!("`{}` must be a date and time, not {}", self.path, kind_of(self.value)),
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
                format!("`{}` is no moment that exists", self.path),
                "write date, time and offset: 2012-01-31T23:59:00+01:00",
            );
        }
        moment
    }

    /// Says that it is of the wrong type.
    pub fn wrong_type<T>(&self, expected: &str, hint: impl Into<String>) -> Option<T> {
        self.refuse(
            format!("`{}` must be {expected}, not {}", self.path, kind_of(self.value)),
            hint,
        );
        None
    }

    /// As it stands in the file.
    fn written(&self) -> &'a str {
        self.source.text.get(self.span.clone()).unwrap_or_default()
    }

    /// Says that it cannot be so.
    pub fn refuse(&self, message: impl Into<String>, hint: impl Into<String>) {
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
    text: &'a str,
    source: &'a Source<'a>,
    path: String,
    span: Range<usize>,
}

impl<'a> Text<'a> {
    /// A key of `table`, read as a text.
    pub fn key(table: &Table<'a>, key: &'a str) -> Self {
        Self {
            text: key,
            source: table.source,
            path: table.path_of(key),
            span: table.entries.get_key_value(key).map_or(0..0, |(found, _)| found.span()),
        }
    }

    /// As written.
    pub const fn as_str(&self) -> &'a str {
        self.text
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
    pub fn refuse(&self, message: impl Into<String>, hint: impl Into<String>) {
        self.source.push(Problem::error(message).at(self.place()).hint(hint));
    }

    /// Says what is worth a look.
    pub fn warn(&self, message: impl Into<String>, hint: impl Into<String>) {
        self.source.push(Problem::warning(message).at(self.place()).hint(hint));
    }

    /// On one line, with something in it and nothing hidden.
    pub fn line(&self) -> Option<String> {
        let text = self.text.trim();
        if text.is_empty() {
            self.refuse(
                format!("`{}` is empty", self.path),
                "write something between the quotes",
            );
            return None;
        }
        if let Some(hidden) = text.chars().find(|c| is_unsafe_to_show(*c)) {
            self.refuse_hidden(hidden);
            return None;
        }
        Some(text.to_owned())
    }

    /// Several lines are welcome, nothing hidden is; line ends become LF.
    pub fn lines(&self) -> Option<String> {
        let text = self.text.replace("\r\n", "\n");
        if let Some(hidden) = text.chars().find(|c| *c != '\n' && is_unsafe_to_show(*c)) {
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
        if let Some((_, value)) = known.iter().find(|(word, _)| *word == self.text) {
            return Some(*value);
        }
        let words: Vec<String> = known.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        let near = nearest(&self.text.to_ascii_lowercase(), known.iter().map(|(word, _)| *word));
        let hint = match near {
            Some(near) => format!("did you mean \"{near}\"? It can be {}", words.join(" or ")),
            None => format!("it can be {}", words.join(" or ")),
        };
        self.refuse(format!("`{}` cannot be \"{}\"", self.path, self.text), hint);
        None
    }
}

/// Whether a key of the line, at its beginning or in an inline table, is named like a secret.
fn may_hold_secret(line: &str) -> bool {
    let line = line.to_ascii_lowercase();
    ["pass", "pasw", "pwd", "secret", "token"].iter().any(|word| {
        line.match_indices(word).any(|(at, _)| {
            let key = line[..at]
                .trim_end_matches(|c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '"' | '\''));
            let before = key.trim_end();
            before.is_empty() || before.ends_with(['{', ','])
        })
    })
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
