//! `templates/`: letters and partials, parsed and linted.

mod branches;
mod budget;
mod file;
mod folder;
mod growth;
mod headers;
mod lint;
mod load;
mod marked;
mod names;
mod parse;
mod spot;
mod tags;
mod telling;
mod variants;
mod wording;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::Timestamp;

use super::config::{Attachment, Config, Draft, Format, KeptBack, LetterSpec};
use super::{Fact, Language};
use crate::failure::Problems;
use parse::Parsed;

pub(super) use load::load;

/// Every template of a campaign, by name and language.
#[derive(Clone, Debug, Default)]
pub struct Templates {
    letters: BTreeMap<String, Versions<Template>>,
    partials: BTreeMap<String, Partials>,
}

/// The versions of one text, by language.
#[derive(Clone, Debug)]
struct Versions<T> {
    languages: Vec<Language>,
    texts: Vec<T>,
}

impl<T> Default for Versions<T> {
    fn default() -> Self {
        Self {
            languages: Vec::new(),
            texts: Vec::new(),
        }
    }
}

impl<T> Versions<T> {
    fn get(&self, language: &Language) -> Option<&T> {
        let at = self.languages.iter().position(|known| known == language)?;
        self.texts.get(at)
    }

    fn iter(&self) -> impl Iterator<Item = (&Language, &T)> {
        self.languages.iter().zip(&self.texts)
    }

    fn push(&mut self, language: Language, text: T) {
        self.languages.push(language);
        self.texts.push(text);
    }
}

/// One partial: by language, and for all others.
#[derive(Clone, Debug, Default)]
struct Partials {
    versions: Versions<Partial>,
    general: Option<Partial>,
}

impl Partials {
    /// What a letter in `language` sees.
    fn best(&self, language: &Language) -> Option<&Partial> {
        language
            .best_of(&self.versions.languages)
            .and_then(|best| self.versions.get(best))
            .or(self.general.as_ref())
    }
}

/// A part that several letters share.
#[derive(Clone, Debug)]
struct Partial {
    /// The file, as people know it.
    shown: String,
    text: String,
    parsed: Parsed,
}

/// One letter in one language.
#[derive(Clone, Debug)]
pub struct Template {
    /// The file, as a person names it.
    pub file: String,
    /// `Subject`.
    pub subject: handlebars::Template,
    /// What follows the first blank line.
    pub body: handlebars::Template,
    /// `Format`, when the file names one; else the letter's.
    pub format: Option<Format>,
    /// `Attach`.
    pub attach: Vec<Attachment>,
    /// The facts its text names, partials included.
    pub facts: BTreeSet<String>,
}

impl Templates {
    /// Reads and checks every file of `dir`; every problem is pushed. `None` when one of them is an error.
    ///
    /// `shown_dir` is the folder as people know it, `columns` are what `{{recipient.COLUMN}}` may name, and `now` decides
    /// which facts are stale.
    #[must_use]
    pub fn load(
        dir: &Path,
        shown_dir: &str,
        config: &Config,
        columns: &[String],
        now: Timestamp,
        problems: &mut Problems,
    ) -> Option<Self> {
        load(dir, shown_dir, &Scope::of_config(config, columns, now), problems)
    }

    /// Those that the template exists in, in the order of their tags; none when there is no such template.
    #[must_use]
    pub fn languages(&self, template: &str) -> &[Language] {
        self.letters
            .get(template)
            .map_or(&[], |versions| versions.languages.as_slice())
    }

    /// The template in exactly this language.
    #[must_use]
    pub fn get(&self, template: &str, language: &Language) -> Option<&Template> {
        self.letters.get(template)?.get(language)
    }

    /// Every template.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Language, &Template)> {
        self.letters.iter().flat_map(|(name, versions)| {
            versions
                .iter()
                .map(move |(language, template)| (name.as_str(), language, template))
        })
    }

    /// The partials by name, as a letter in `language` sees them: `signature.fr.hbs` before `signature.hbs`.
    pub fn partials(&self, language: &Language) -> impl Iterator<Item = (&str, &handlebars::Template)> {
        self.partials
            .iter()
            .filter_map(move |(name, partial)| Some((name.as_str(), &partial.best(language)?.parsed.template)))
    }
}

/// What templates may name.
pub(super) struct Scope<'a> {
    folder: &'a Path,
    /// What no letter may take with it; `None`: nothing in particular.
    kept_back: Option<&'a KeptBack>,
    letters: &'a [LetterSpec],
    /// Every fact; `None` when it is wrong.
    facts: BTreeMap<&'a str, Option<&'a Fact>>,
    /// The keys of `[sender]`; `None` when they are not known.
    sender: Option<BTreeSet<&'a str>>,
    /// The columns of the recipients; `None` when they are not known.
    columns: Option<&'a [String]>,
    /// The campaign's language.
    language: Option<&'a Language>,
    now: Timestamp,
    /// How long the configuration is, in bytes; 0 when that is not known.
    length: u64,
}

impl<'a> Scope<'a> {
    fn of_config(config: &'a Config, columns: &'a [String], now: Timestamp) -> Self {
        let fixed = ["name", "email", "country", "language"].into_iter();
        Self {
            folder: &config.folder,
            kept_back: None,
            letters: &config.letters,
            facts: config
                .facts
                .iter()
                .map(|(name, fact)| (name.as_str(), Some(fact)))
                .collect(),
            sender: Some(fixed.chain(config.sender.extra.keys().map(String::as_str)).collect()),
            columns: Some(columns),
            language: Some(&config.language),
            now,
            length: 0,
        }
    }

    /// As far as it could be read.
    pub fn of_draft(draft: &'a Draft, columns: Option<&'a [String]>, now: Timestamp) -> Self {
        Self {
            folder: &draft.folder,
            kept_back: Some(&draft.kept_back),
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
            now,
            length: draft.length,
        }
    }
}

#[cfg(test)]
mod tests;
