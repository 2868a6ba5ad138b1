//! The variants that were tried, each once with each letter in each language, whichever a letter has itself.

use std::collections::BTreeSet;

use appel_core::letter::{Letter, Renderer};
use appel_core::place::Country;
use appel_core::templates::Templates;
use jiff::Timestamp;
use jiff::tz::Offset;

use crate::failure::Problems;

/// So many are tried; a campaign has some dozens.
const MOST: usize = 20_000;

/// What trying them came to.
#[derive(Default)]
pub struct Tried {
    kinds: BTreeSet<(String, String, Option<Country>)>,
    tries: usize,
    /// What is wrong with them.
    pub problems: Problems,
}

impl Tried {
    /// Tries those that this letter's text names, unless a letter of its kind was looked at before. `from`: for a sender in
    /// that country, where the text asks for it.
    pub fn look(
        &mut self,
        templates: &Templates,
        renderer: &Renderer,
        letter: &Letter,
        from: Option<Country>,
        date: Timestamp,
    ) {
        let kind = || (letter.spec.id.clone(), letter.language.to_string(), from);
        if !templates.variants.is_empty() && self.tries < MOST && self.kinds.insert(kind()) {
            let day = Offset::UTC.to_datetime(date).date();
            let (tries, problems) = renderer.try_variants(letter, day, MOST - self.tries);
            self.tries += tries;
            self.problems.extend(problems);
        }
    }
}
