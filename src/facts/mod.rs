//! Facts that are changed from the command line: in the configuration, which stays as it was written, and with a history.

pub mod edit;
pub mod file;
pub mod history;

use std::collections::BTreeMap;

use appel_core::facts::ByLanguage;
use appel_core::place::Language;
use serde::{Deserialize, Serialize};

/// A text for all languages, or one for each, as it stands in files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Texts {
    /// The same for all.
    One(String),
    /// By language tag.
    Each(BTreeMap<String, String>),
}

impl From<&ByLanguage> for Texts {
    fn from(texts: &ByLanguage) -> Self {
        match texts {
            ByLanguage::One(text) => Self::One(text.clone()),
            ByLanguage::Each(texts) => {
                let texts = texts
                    .iter()
                    .map(|(language, text)| (language.to_string(), text.clone()));
                Self::Each(texts.collect())
            }
        }
    }
}

impl Texts {
    /// With the texts of these languages; those of the others stay. `spoken` are the languages that a text for all is
    /// kept for.
    #[must_use]
    pub fn with(old: Option<&ByLanguage>, new: &BTreeMap<Language, String>, spoken: &[Language]) -> Self {
        let mut texts = match old {
            Some(ByLanguage::Each(texts)) => texts.clone(),
            Some(ByLanguage::One(text)) => spoken.iter().map(|language| (language.clone(), text.clone())).collect(),
            None => BTreeMap::new(),
        };
        texts.extend(new.iter().map(|(language, text)| (language.clone(), text.clone())));
        Self::from(&ByLanguage::Each(texts))
    }

    /// The languages whose text is not one of these; none where a text is for all.
    #[must_use]
    pub fn untouched(&self, new: &BTreeMap<Language, String>) -> Vec<String> {
        match self {
            Self::One(_) => Vec::new(),
            Self::Each(texts) => {
                let is_new = |tag: &str| new.keys().any(|language| language.to_string() == tag);
                texts.keys().filter(|tag| !is_new(tag)).cloned().collect()
            }
        }
    }
}

#[cfg(test)]
mod tests;
