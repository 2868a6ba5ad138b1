//! The variants that were tried, each once with each letter in each language, whichever a letter has itself.

use std::collections::BTreeSet;

use appel_core::letter::Letter;
use jiff::Timestamp;

use super::compose::Composer;
use crate::failure::Problems;

/// So many are tried; a campaign has some dozens.
const MOST: usize = 20_000;

/// What trying them came to.
#[derive(Default)]
pub struct Tried {
    kinds: BTreeSet<(String, String)>,
    tries: usize,
    /// What is wrong with them.
    pub problems: Problems,
}

impl Tried {
    /// Tries those that this letter's text names, unless a letter of its kind was looked at before.
    pub fn look(&mut self, composer: &Composer, letter: &Letter, date: Timestamp) {
        let has_variants = !composer.input.campaign.templates.variants.is_empty();
        let kind = || (letter.spec.template.clone(), letter.language.to_string());
        if has_variants && self.tries < MOST && self.kinds.insert(kind()) {
            let (tries, problems) = composer.try_variants(letter, date, MOST - self.tries);
            self.tries += tries;
            self.problems.extend(problems);
        }
    }
}
