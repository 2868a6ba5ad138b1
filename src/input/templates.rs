//! `templates/`: letters, partials and variants, parsed and linted.

mod branches;
mod budget;
mod conditions;
mod file;
mod folder;
mod growth;
mod headers;
mod lint;
mod load;
mod marked;
mod names;
mod operators;
mod own_words;
mod parse;
mod spot;
mod tags;
mod telling;
mod wording;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use appel_core::campaign::LetterSpec;
use appel_core::facts::Fact;
use appel_core::place::Language;
use appel_core::templates::Versions;
use jiff::Timestamp;

use super::config::{Draft, KeptBack};
use parse::Parsed;

pub(super) use load::load;

/// The partials by name, each by language and for all others.
type Partials = BTreeMap<String, Versions<Partial>>;

/// The variants by group and name. A variant is a partial that stands for one of several texts.
type Variants = BTreeMap<String, Partials>;

/// A part that several letters share, or one way to say what a group of variants says.
#[derive(Clone, Debug)]
struct Partial {
    /// The file, as people know it.
    shown: String,
    text: String,
    parsed: Parsed,
}

/// What templates may name.
pub(super) struct Scope<'a> {
    folder: &'a Path,
    /// What no letter may take with it.
    kept_back: &'a KeptBack,
    letters: &'a [LetterSpec],
    /// Every fact; `None` when it is wrong.
    facts: BTreeMap<&'a str, Option<&'a Fact>>,
    /// The keys of `[sender]`; `None` when they are not known.
    sender: Option<BTreeSet<&'a str>>,
    /// The columns of the recipients; `None` when they are not known.
    columns: Option<&'a [String]>,
    /// The campaign's language.
    language: Option<&'a Language>,
    /// Whom a sender asks about the campaign.
    contact: Option<&'a str>,
    now: Timestamp,
    /// How long the configuration is, in bytes; 0 when that is not known.
    length: u64,
}

impl<'a> Scope<'a> {
    /// As far as it could be read.
    pub fn of_draft(draft: &'a Draft, columns: Option<&'a [String]>, now: Timestamp) -> Self {
        Self {
            folder: &draft.folder,
            kept_back: &draft.kept_back,
            letters: &draft.letters,
            facts: draft
                .facts
                .iter()
                .map(|(name, fact)| (name.as_str(), fact.as_ref()))
                .collect(),
            sender: draft
                .sender_keys
                .as_ref()
                .map(|keys| keys.iter().map(String::as_str).collect()),
            columns,
            language: draft.language.as_ref(),
            contact: draft.contact(),
            now,
            length: draft.length,
        }
    }
}

#[cfg(test)]
mod tests;
