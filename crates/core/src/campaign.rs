//! A campaign as letters are made of it: who writes, which letters there are, and how much reaches one address.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::address::Address;
use crate::place::{Country, Language};

/// The person who writes (`[sender]`).
#[derive(Clone, Debug)]
pub struct Sender {
    /// `sender.name`: no line breaks, not empty.
    pub name: String,
    /// `sender.email`.
    pub email: Address,
    /// `sender.country`: chooses the embassy.
    pub country: Country,
    /// `sender.language`; `campaign.language` when not given.
    pub language: Language,
    /// Every further key, as text.
    pub extra: BTreeMap<String, String>,
}

/// One kind of letter (`[[letter]]`).
#[derive(Clone, Debug)]
pub struct LetterSpec {
    /// `letter.id`.
    pub id: String,
    /// `letter.to`: roles, at least one.
    pub to: Vec<String>,
    /// `letter.template`, by default the id.
    pub template: String,
    /// `letter.format`.
    pub format: Format,
    /// `letter.cc`: added to the recipient's own copies.
    pub cc: Vec<Address>,
    /// `letter.attach`: files inside the campaign folder that exist and can be read.
    pub attach: Vec<Attachment>,
}

/// How the body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Plain text.
    Text,
    /// Markdown: leaves as plain text with an HTML alternative.
    Markdown,
}

/// A file that goes with a letter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Attachment {
    /// As a path that can be opened.
    pub path: PathBuf,
    /// The name the reader sees: no line breaks, no path, no direction overrides.
    pub name: String,
}

/// How much reaches one address, from one sender, over all letters and campaigns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// `limits.letters-per-address`: letters to one address in 24 hours.
    pub letters_per_address: usize,
    /// `limits.copies-per-address`: copies to one address in 24 hours.
    pub copies_per_address: usize,
    /// `limits.copies-per-letter`.
    pub copies_per_letter: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            letters_per_address: 3,
            copies_per_address: 100,
            copies_per_letter: 25,
        }
    }
}
