//! Tables of a TOML file on their way to what they mean: keys asked for, missing and unknown.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Range;

use appel_core::words::nearest;
use appel_messages::{Value as Words, msg};
use toml::de::{DeTable, DeValue};

use super::source::Source;
use super::value::{Text, Value};
use crate::failure::{Place, Problem, Severity};

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
        Self::new(source, String::new(), 0..0, table.get_ref())
    }

    /// A value as a table.
    pub fn of(value: Value<'a>) -> Option<Self> {
        let DeValue::Table(entries) = value.raw() else {
            return value.not_a_table();
        };
        let (source, path, span) = value.into_parts();
        Some(Self::new(source, path, span, entries))
    }

    fn new(source: &'a Source<'a>, path: String, span: Range<usize>, entries: &'a DeTable<'a>) -> Self {
        Self {
            source,
            path,
            span,
            entries,
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
    pub fn required(&self, key: &'static str, example: impl Into<Words>) -> Option<Text<'a>> {
        let value = self.get(key);
        if value.is_none() {
            self.missing(key, example);
        }
        value?.text()
    }

    /// Says that `key` is not there.
    pub fn missing(&self, key: &str, example: impl Into<Words>) {
        let table = if self.path == "letter" {
            "[[letter]]".to_owned()
        } else {
            format!("[{}]", self.path)
        };
        let message = msg!("config-key-missing", key = key, table = table, example = example.into());
        let place = self.place().field(self.path_of(key));
        self.source.push(Problem::error(message).at(place));
    }

    /// A table inside this one.
    pub fn table(&self, key: &'static str) -> Option<Self> {
        Self::of(self.get(key)?)
    }

    /// Every key with its value, known or not.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, Value<'a>)> {
        self.entries.iter().map(|(key, value)| {
            let name: &'a str = key.get_ref();
            (name, self.value(name, value))
        })
    }

    /// The key itself, read as a text.
    pub fn key(&self, key: &'a str) -> Text<'a> {
        let span = self.entries.get_key_value(key).map_or(0..0, |(found, _)| found.span());
        Text::new(key, self.source, self.path_of(key), span)
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
            Place::file(self.source.shown())
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
            let is_table = self.path.is_empty() && value.get_ref().is_table();
            if !self.source.has_room(Severity::Error) {
                let code = if is_table {
                    "config-unknown-table"
                } else {
                    "config-unknown-key"
                };
                self.source.count_only(Severity::Error, code);
                continue;
            }
            let message = if is_table {
                msg!("config-unknown-table", key = key_text)
            } else {
                msg!("config-unknown-key", key = key_text)
            };
            let known = self.known.borrow();
            let names = || known.iter().copied();
            let hint = match nearest(key_text, names()) {
                Some(near) => msg!("config-hint-near-key", near = near),
                None => msg!("config-hint-known-keys", known = names().collect::<Vec<_>>().join(", ")),
            };
            let place = self.source.place(key.span()).field(self.path_of(key_text));
            self.source.push(Problem::error(message).at(place).hint(hint));
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
        Value::new(self.source, self.path_of(key), value.span(), value.get_ref())
    }
}
