//! The texts of a campaign's letters: compiled templates, by name and language.

use std::collections::{BTreeMap, BTreeSet};

use handlebars::template::{HelperTemplate, Parameter};
use serde_json::Value;

use crate::place::Language;
use crate::spec::{Attachment, Format};

/// Every template of a campaign.
#[derive(Clone, Debug, Default)]
pub struct Templates {
    /// The letters by name; none of them has a general version.
    pub letters: BTreeMap<String, Versions<Template>>,
    /// The partials by name: `signature.fr.hbs` for one language, `signature.hbs` for all others.
    pub partials: BTreeMap<String, Versions<handlebars::Template>>,
    /// The variants by group and name: of each group that a letter names it says one.
    pub variants: BTreeMap<String, BTreeMap<String, Versions<Variant>>>,
}

/// One way to say what a group of variants says, in one language.
#[derive(Clone, Debug)]
pub struct Variant {
    /// The file, as a person names it.
    pub file: String,
    /// What it says; no variant is called in it.
    pub text: handlebars::Template,
}

/// The group that a call names, when it is `{{variant "group"}}`.
#[must_use]
pub fn variant_called(call: &HelperTemplate) -> Option<&str> {
    match (call.name.as_name()?, call.params.as_slice()) {
        (VARIANT, [Parameter::Literal(Value::String(group))]) if call.hash.is_empty() => Some(group),
        _ => None,
    }
}

/// The call that stands for one variant of a group.
pub const VARIANT: &str = "variant";

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

/// The versions of one text, by language and for all other languages.
#[derive(Clone, Debug)]
pub struct Versions<T> {
    languages: Vec<Language>,
    texts: Vec<T>,
    general: Option<T>,
}

impl<T> Default for Versions<T> {
    fn default() -> Self {
        Self {
            languages: Vec::new(),
            texts: Vec::new(),
            general: None,
        }
    }
}

impl<T> Versions<T> {
    /// Adds the version for one language, or the one for all others.
    pub fn add(&mut self, language: Option<Language>, text: T) {
        match language {
            Some(language) => {
                self.languages.push(language);
                self.texts.push(text);
            }
            None => self.general = Some(text),
        }
    }

    /// The languages that it has a version for, in the order that they were added in.
    #[must_use]
    pub fn languages(&self) -> &[Language] {
        &self.languages
    }

    /// The version for exactly this language.
    #[must_use]
    pub fn get(&self, language: &Language) -> Option<&T> {
        let at = self.languages.iter().position(|known| known == language)?;
        self.texts.get(at)
    }

    /// What a letter in `language` sees.
    #[must_use]
    pub fn best(&self, language: &Language) -> Option<&T> {
        language
            .best_of(&self.languages)
            .and_then(|best| self.get(best))
            .or(self.general.as_ref())
    }

    /// Those for one language each.
    pub fn iter(&self) -> impl Iterator<Item = (&Language, &T)> {
        self.languages.iter().zip(&self.texts)
    }

    /// The one for all other languages.
    pub const fn general(&self) -> Option<&T> {
        self.general.as_ref()
    }

    /// The same versions of something else.
    #[must_use]
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Versions<U> {
        let mut change = change;
        Versions {
            languages: self.languages,
            general: self.general.map(&mut change),
            texts: self.texts.into_iter().map(change).collect(),
        }
    }
}

impl Templates {
    /// Those that the template exists in, in the order of their tags; none when there is no such template.
    #[must_use]
    pub fn languages(&self, template: &str) -> &[Language] {
        self.letters.get(template).map_or(&[], Versions::languages)
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
            .filter_map(move |(name, partial)| Some((name.as_str(), partial.best(language)?)))
    }

    /// The variants of a group by name, as a letter in `language` sees them; none when there is no such group.
    pub fn variants(&self, group: &str, language: &Language) -> impl Iterator<Item = (&str, &Variant)> {
        let names = self.variants.get(group).into_iter().flatten();
        names.filter_map(move |(name, versions)| Some((name.as_str(), versions.best(language)?)))
    }
}
