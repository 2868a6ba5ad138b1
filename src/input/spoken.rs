//! In which languages a campaign's letters stand, by the names of their files.

use std::collections::BTreeSet;
use std::fs;

use appel_core::place::Language;
use appel_core::problem::Problems;
use jiff::Timestamp;

use super::{Sources, config};

/// So many names are looked at.
const MOST_NAMES: usize = 10_000;

/// The languages, also of a campaign that cannot be sent as it is.
#[must_use]
pub fn spoken(sources: &Sources, now: Timestamp) -> Vec<Language> {
    let Some(draft) = config::read(sources, now, &mut Problems::new()) else {
        return Vec::new();
    };
    let names = draft.templates().and_then(|folder| fs::read_dir(folder).ok());
    let language = |entry: fs::DirEntry| {
        let name = entry.file_name().into_string().ok()?;
        let (letter, language) = name.strip_suffix(".hbs")?.rsplit_once('.')?;
        let is_letter = draft.letters.iter().any(|spec| spec.template == letter);
        Language::parse(language).ok().filter(|_| is_letter)
    };
    let names = names.into_iter().flatten().take(MOST_NAMES).flatten();
    let languages: BTreeSet<Language> = names.filter_map(language).collect();
    languages.into_iter().collect()
}
