//! What was changed of facts, and when: `facts.log.toml`, beside the configuration.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use toml::value::Datetime;

use super::Texts;

/// One change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Change {
    /// When.
    pub at: Datetime,
    /// Which fact.
    pub fact: String,
    /// When the source said so.
    pub as_of: Datetime,
    /// Until when it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<Datetime>,
    /// What it said before: the texts that changed; nothing when the fact is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<Texts>,
    /// What it says.
    pub new: Texts,
    /// Who says so.
    pub source: Texts,
}

/// The same for programs, which read moments as texts.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Told<'c> {
    at: String,
    fact: &'c str,
    as_of: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    old: Option<&'c Texts>,
    new: &'c Texts,
    source: &'c Texts,
}

impl Change {
    /// For `--json`.
    #[must_use]
    pub fn told(&self) -> Told<'_> {
        Told {
            at: self.at.to_string(),
            fact: &self.fact,
            as_of: self.as_of.to_string(),
            expires: self.expires.map(|at| at.to_string()),
            old: self.old.as_ref(),
            new: &self.new,
            source: &self.source,
        }
    }
}

/// The changes of a campaign, oldest first.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct History {
    /// One after the other.
    #[serde(default)]
    pub change: Vec<Change>,
}

/// Where it is.
#[must_use]
pub fn beside(config: &Path) -> PathBuf {
    config.with_file_name("facts.log.toml")
}

/// What it says; `None` when it cannot be understood.
#[must_use]
pub fn read(text: &str) -> Option<History> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    toml::from_str(text).ok()
}

/// The text with one more change at its end; what stands there stays.
#[must_use]
pub fn with(text: &str, change: Change) -> Option<String> {
    let one = History { change: vec![change] };
    let one = toml::to_string(&one).ok()?;
    let mut all = text.to_owned();
    if !all.is_empty() {
        all.push_str(if all.ends_with('\n') { "\n" } else { "\n\n" });
    }
    all.push_str(&one);
    Some(all)
}
