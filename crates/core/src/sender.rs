//! Who sends a campaign's letters, and how much reaches one address from them.

use std::collections::BTreeMap;

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
    /// `sender.reply-to`: where answers go, when that is not `email`; it needs no SMTPUTF8.
    pub reply_to: Option<Address>,
    /// `sender.copy-to-self`: each letter that is accepted goes to `email` as well, by itself.
    pub copy_to_self: bool,
    /// Every further key, as text.
    pub extra: BTreeMap<String, String>,
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
