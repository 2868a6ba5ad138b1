//! The facts that change by the hour: figures with their source, time and expiry.

use std::collections::BTreeMap;

use jiff::{Timestamp, tz::Offset};

use crate::place::Language;

/// One fact (`[facts.NAME]`).
#[derive(Clone, Debug)]
pub struct Fact {
    /// `value`.
    pub value: ByLanguage,
    /// `as-of`, with the offset it was written with.
    pub as_of: Option<(Timestamp, Offset)>,
    /// `source`.
    pub source: Option<ByLanguage>,
    /// `expires`: from this moment on a letter that uses the fact is not sent.
    pub expires: Option<Timestamp>,
}

/// A text that is one for all languages, or one for each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ByLanguage {
    /// The same for all.
    One(String),
    /// By language.
    Each(BTreeMap<Language, String>),
}

impl ByLanguage {
    /// The text for a letter in `language`, if there is one.
    #[must_use]
    pub fn get(&self, language: &Language) -> Option<&str> {
        match self {
            Self::One(text) => Some(text),
            Self::Each(texts) => {
                let known: Vec<Language> = texts.keys().cloned().collect();
                let best = language.best_of(&known)?;
                texts.get(best).map(String::as_str)
            }
        }
    }
}
