//! A message: its code, and the values that its words need.

use serde::{Serialize, Serializer};

use crate::{Catalog, Locale, Value, msg};

/// Something to say to a person, as a code with values. Made by [`msg!`](crate::msg), put in words by a [`Catalog`].
///
/// Serialised it is its English text: what scripts read does not change with the language of a screen.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Message {
    code: &'static str,
    values: Vec<(&'static str, Value)>,
}

impl Message {
    /// For [`msg!`](crate::msg), which a test holds against the catalogue.
    #[doc(hidden)]
    #[must_use]
    pub const fn new(code: &'static str, values: Vec<(&'static str, Value)>) -> Self {
        Self { code, values }
    }

    /// Somebody else's words: a server's, the system's, a library's.
    #[must_use]
    pub fn quote(words: impl Into<String>) -> Self {
        msg!("quote", words = words.into())
    }

    /// Which message it is: stable, whatever its words are.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// What its words need, by name.
    #[must_use]
    pub fn values(&self) -> &[(&'static str, Value)] {
        &self.values
    }

    /// The same with every text in it at most so many characters long: what is quoted may be as long as a file.
    #[must_use]
    pub fn shortened(mut self, most: usize) -> Self {
        for (_, value) in &mut self.values {
            value.shorten(most);
        }
        self
    }

    /// Somebody else's words, when it is nothing but those.
    #[must_use]
    pub fn quoted(&self) -> Option<&str> {
        match &*self.values {
            [("words", Value::Text(words))] if self.code == "quote" => Some(words),
            _ => None,
        }
    }

    /// In English: for what programs read, and for tests.
    #[must_use]
    pub fn in_english(&self) -> String {
        Catalog::of(Locale::English).say(self)
    }
}

impl Serialize for Message {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.quoted() {
            Some(words) => serializer.serialize_str(words),
            None => serializer.serialize_str(&self.in_english()),
        }
    }
}
