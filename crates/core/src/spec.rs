//! The letters that a campaign has, as its configuration names them.

use std::path::PathBuf;

use crate::address::Address;

/// One kind of letter (`[[letter]]`).
#[derive(Clone, Debug)]
pub struct LetterSpec {
    /// `letter.id`.
    pub id: String,
    /// `letter.to`: roles, at least one.
    pub to: Vec<String>,
    /// `letter.template`, by default the id.
    pub template: String,
    /// `letter.follows`: the id of another letter, which this one answers; it goes to whoever got that one.
    pub follows: Option<String>,
    /// `letter.format`.
    pub format: Format,
    /// `campaign.content-language`: whether a header names the language of its text (RFC 3282).
    pub says_language: bool,
    /// `letter.message`: whether a sender has to write a paragraph of their own.
    pub own_words: OwnWords,
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

/// What a letter wants of its sender's own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnWords {
    /// It leaves without as well.
    Optional,
    /// It leaves with a paragraph of theirs, or not at all.
    Required,
}

/// A file that goes with a letter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Attachment {
    /// As a path that can be opened.
    pub path: PathBuf,
    /// The name the reader sees: no line breaks, no path, no direction overrides.
    pub name: String,
}
