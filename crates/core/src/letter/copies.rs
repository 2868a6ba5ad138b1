//! Copies that letters left without: what the ledger knows of them, and which are still asked for.

use std::collections::HashMap;

use super::decision::{Left, Past};
use super::envelope::LetterId;
use crate::place::Language;

/// A copy that the server put off, refused or may have taken when it took the letter, or after that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenCopy {
    /// The id that the ledger knows it by.
    pub id: LetterId,
    /// The letter.
    pub letter: LetterId,
    /// Its address, as it was written.
    pub address: String,
    /// The language that the letter left in.
    pub language: String,
    /// How it stands, and the letter's Date.
    pub past: Past,
    /// The message that the letter was, as far as it is known.
    pub left: Option<Left>,
}

impl OpenCopy {
    pub(super) fn language(&self) -> Option<Language> {
        Language::parse(&self.language).ok()
    }
}

/// Those of a campaign and one sender, by their letters; mostly none.
#[derive(Clone, Debug, Default)]
pub struct OpenCopies(HashMap<LetterId, Vec<OpenCopy>>);

impl OpenCopies {
    /// One more.
    pub fn add(&mut self, copy: OpenCopy) {
        self.0.entry(copy.letter).or_default().push(copy);
    }

    /// Those of one letter.
    pub(super) fn of(&self, letter: LetterId) -> &[OpenCopy] {
        if self.0.is_empty() {
            return &[];
        }
        self.0.get(&letter).map_or(&[], Vec::as_slice)
    }
}
