//! What countries and languages are called in English, French, Dutch, German, Spanish and Russian, and by their codes of
//! three letters.
//!
//! Two tables of text, `CODE: NAME|NAME|…`, from the data of Unicode's CLDR with the names that people write beside those.
//! They are looked through when a list first has a word that is no code.

use std::collections::HashMap;
use std::sync::OnceLock;

use unicode_normalization::UnicodeNormalization;

/// No name is longer, in bytes.
const LONGEST: usize = 200;

type Names = HashMap<String, &'static str>;

/// The code of the country that is called so.
pub(super) fn country(name: &str) -> Option<&'static str> {
    static NAMES: OnceLock<Names> = OnceLock::new();
    find(&NAMES, include_str!("countries.txt"), name)
}

/// The code of the language that is called so.
pub(super) fn language(name: &str) -> Option<&'static str> {
    static NAMES: OnceLock<Names> = OnceLock::new();
    find(&NAMES, include_str!("languages.txt"), name)
}

fn find(names: &'static OnceLock<Names>, table: &'static str, name: &str) -> Option<&'static str> {
    if name.len() > LONGEST {
        return None;
    }
    let names = names.get_or_init(|| read(table));
    names.get(&folded(name)).copied()
}

fn read(table: &'static str) -> Names {
    let mut all = Names::new();
    for (code, names) in table.lines().filter_map(|line| line.split_once(':')) {
        all.extend(names.split('|').map(|name| (folded(name), code)));
    }
    all.remove("");
    all
}

/// Without what people write now one way and now another: case, accents, blanks and punctuation.
fn folded(name: &str) -> String {
    name.nfkd()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_country_and_a_language_are_known_by_what_they_are_called() {
        for name in ["Kazakhstan", "KAZ", "kasachstan", "Казахстан", "KAZAJISTAN"] {
            assert_eq!(country(name), Some("KZ"), "{name}");
        }
        for (name, code) in [
            ("Belgique", "BE"),
            ("Germany", "DE"),
            ("Allemagne", "DE"),
            ("Österreich", "AT"),
            ("Osterreich", "AT"),
            ("Pays-Bas", "NL"),
            ("Côte d’Ivoire", "CI"),
            ("Cote d'Ivoire", "CI"),
            ("Türkei", "TR"),
            ("Соединенные Штаты", "US"),
        ] {
            assert_eq!(country(name), Some(code), "{name}");
        }
        for (name, code) in [
            ("français", "fr"),
            ("Francais", "fr"),
            ("Niederländisch", "nl"),
            ("русский", "ru"),
            ("DEU", "de"),
            ("қазақ тілі", "kk"),
        ] {
            assert_eq!(language(name), Some(code), "{name}");
        }
        // Two countries have these names, and no guess is right for both.
        assert_eq!(["Congo", "Korea", "Atlantis", ""].map(country), [None; 4]);
    }

    #[test]
    fn no_name_is_that_of_two() {
        for table in [include_str!("countries.txt"), include_str!("languages.txt")] {
            let mut seen = BTreeMap::new();
            for line in table.lines() {
                let (code, names) = line.split_once(": ").unwrap();
                for name in names.split('|') {
                    let before = seen.insert(folded(name), code);
                    assert!(before.is_none(), "{name}: {code} and {before:?}");
                }
            }
            assert!(seen.len() > 500);
        }
    }
}
