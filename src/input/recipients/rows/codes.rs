//! The countries and languages of a row: codes, or names in one of six languages.

use appel_core::place::{Country, Language, UnknownCode};
use appel_core::recipients::Serves;
use appel_core::words::visible_line;
use appel_messages::msg;

use super::{Done, Report, Severity, error, error_with, plain};
use crate::input::recipients::said::What;

/// How many countries and languages one row names at most.
const MOST_COUNTRIES: usize = 300;
const MOST_LANGUAGES: usize = 100;

/// The parts of a cell that names several things.
pub fn parts(cell: &str) -> impl Iterator<Item = &str> {
    cell.split([' ', ',', ';']).filter(|part| !part.is_empty())
}

/// Whether a cell names more than a row can have; then they are not even looked at.
pub fn names_more_than(most: usize, cell: &str) -> bool {
    parts(cell).nth(most).is_some()
}

pub fn countries(cell: &str, column: usize, report: &mut dyn Report) -> Option<Serves> {
    match cell {
        "" => return Some(Serves::Everyone),
        "*" => return Some(Serves::Others),
        _ => {}
    }
    if names_more_than(MOST_COUNTRIES, cell) {
        error(report, column, "row-countries-too-many", || {
            msg!("row-countries-too-many", most = MOST_COUNTRIES)
        });
        return None;
    }
    let mut fine = true;
    let mut found: Vec<Country> = Vec::new();
    // Beside capitals, or names, a small word of two letters is a word: "BE et LU" is no Ethiopia.
    let is_small = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_lowercase());
    let all_small = parts(cell).all(is_small);
    let code = |part: &str| Country::parse(part).ok().filter(|_| all_small || !is_small(part));
    for item in items(cell, code, Country::named) {
        match item {
            Item::Code(country) => add(&mut found, country),
            Item::Name(name, country) => {
                report.done(Done {
                    what: What::Country,
                    column,
                    written: name,
                    read: country.code(),
                });
                add(&mut found, country);
            }
            Item::Unknown("*") => {
                plain(
                    report,
                    Severity::Error,
                    Some(column),
                    &msg!("row-star-beside-countries"),
                );
                fine = false;
            }
            Item::Unknown(code) => {
                error_with(report, Some(column), "row-country-unknown", || {
                    let near = Country::parse(code).err().as_ref().and_then(UnknownCode::nearest);
                    (
                        msg!("row-country-unknown", country = visible_line(code)),
                        near.map(|near| msg!("row-code-near", near = near)),
                    )
                });
                fine = false;
            }
        }
    }
    fine.then_some(if found.is_empty() {
        Serves::Everyone
    } else {
        Serves::Countries(found)
    })
}

pub fn languages(cell: &str, column: usize, report: &mut dyn Report) -> Option<Vec<Language>> {
    if names_more_than(MOST_LANGUAGES, cell) {
        error(report, column, "row-languages-too-many", || {
            msg!("row-languages-too-many", most = MOST_LANGUAGES)
        });
        return None;
    }
    // A code of three letters is that of the same language with two, where it has one.
    let code = |tag: &str| match tag.len() {
        3 => Language::named(tag).or_else(|| Language::parse(tag).ok()),
        _ => Language::parse(tag).ok(),
    };
    let mut fine = true;
    let mut found: Vec<Language> = Vec::new();
    for item in items(cell, code, Language::named) {
        match item {
            Item::Code(language) => add(&mut found, language),
            Item::Name(name, language) => {
                report.done(Done {
                    what: What::Language,
                    column,
                    written: name,
                    read: &language.to_string(),
                });
                add(&mut found, language);
            }
            Item::Unknown(tag) => {
                error_with(report, Some(column), "row-language-unknown", || {
                    let near = Language::parse(tag).err().as_ref().and_then(UnknownCode::nearest);
                    (
                        msg!("row-language-unknown", language = visible_line(tag)),
                        near.map(|near| msg!("row-code-near", near = near)),
                    )
                });
                fine = false;
            }
        }
    }
    fine.then_some(found)
}

fn add<T: PartialEq>(found: &mut Vec<T>, new: T) {
    if !found.contains(&new) {
        found.push(new);
    }
}

/// Something that a cell names.
#[derive(Debug, PartialEq)]
enum Item<'c, T> {
    Code(T),
    /// A name, as it is written, and what it is the name of.
    Name(&'c str, T),
    Unknown(&'c str),
}

/// What separates names that may have blanks in them.
const BETWEEN: [char; 7] = [',', ';', '/', '|', '+', '&', '\n'];
/// Words between names, in six languages. Some of them are codes too: between names, in small letters, they are words.
const AND: [&str; 7] = ["and", "et", "en", "und", "y", "e", "и"];

/// What a cell names. Nearly every cell has codes alone; where it has anything else, names of several words are looked for.
fn items<T>(cell: &str, code: impl Fn(&str) -> Option<T>, named: impl Fn(&str) -> Option<T>) -> Vec<Item<'_, T>> {
    if let Some(all) = parts(cell).map(|part| code(part).map(Item::Code)).collect() {
        return all;
    }
    if let Some(one) = named(cell) {
        return vec![Item::Name(cell, one)];
    }
    let mut found = Vec::new();
    for part in cell.split(BETWEEN) {
        in_part(part, &code, &named, &mut found);
    }
    found
}

fn in_part<'c, T>(
    part: &'c str,
    code: &impl Fn(&str) -> Option<T>,
    named: &impl Fn(&str) -> Option<T>,
    found: &mut Vec<Item<'c, T>>,
) {
    /// No name has more words.
    const WORDS: usize = 8;
    let words: Vec<&str> = part.split_whitespace().collect();
    if let Some(codes) = words
        .iter()
        .map(|word| code(word).map(Item::Code))
        .collect::<Option<Vec<_>>>()
    {
        return found.extend(codes);
    }
    let mut at = 0;
    while at < words.len() {
        // At an end it joins nothing: there it is what it says, English perhaps.
        if AND.contains(&words[at]) && at > 0 && at + 1 < words.len() {
            at += 1;
            continue;
        }
        // The longest name that begins here.
        let name = (at + 1..=words.len().min(at + WORDS)).rev().find_map(|end| {
            let name = between(part, words[at], words[end - 1]);
            Some((end, name, named(name)?))
        });
        if let Some((end, name, thing)) = name {
            found.push(Item::Name(name, thing));
            at = end;
            continue;
        }
        let word = words[at];
        at += 1;
        found.push(match code(word) {
            Some(thing) => Item::Code(thing),
            None => Item::Unknown(word),
        });
    }
}

/// The text from one word to another, both of which stand in it.
fn between<'t>(text: &'t str, first: &str, last: &str) -> &'t str {
    let offset = |word: &str| word.as_ptr() as usize - text.as_ptr() as usize;
    text.get(offset(first)..offset(last) + last.len()).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_words_beside_codes_and_names_are_no_countries() {
        let all = |cell: &str| {
            let is_small = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_lowercase());
            let all_small = parts(cell).all(is_small);
            let code = |part: &str| Country::parse(part).ok().filter(|_| all_small || !is_small(part));
            items(cell, code, Country::named)
                .into_iter()
                .map(|item| match item {
                    Item::Code(country) | Item::Name(_, country) => country.to_string(),
                    Item::Unknown(word) => format!("?{word}"),
                })
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(all("BE et LU"), "BE LU");
        assert_eq!(all("BE and LU"), "BE LU");
        assert_eq!(all("Belgium and Luxembourg"), "BE LU");
        assert_eq!(all("Serbia and Montenegro"), "RS ME");
        assert_eq!(all("be et lu"), "BE ET LU");
        assert_eq!(all("au Canada"), "?au CA");
        assert_eq!(all("Trinidad and Tobago"), "TT");
    }

    fn countries_in(cell: &str) -> String {
        let items = items(cell, |code| Country::parse(code).ok(), Country::named);
        let said = items.into_iter().map(|item| match item {
            Item::Code(country) => country.to_string(),
            Item::Name(name, country) => format!("{name}={country}"),
            Item::Unknown(word) => format!("?{word}"),
        });
        said.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn names_are_found_beside_codes_and_words_between_them_are_no_codes() {
        for (cell, expected) in [
            ("BE LU", "BE LU"),
            ("be; lu", "BE LU"),
            ("KAZ", "KAZ=KZ"),
            ("Belgique", "Belgique=BE"),
            ("Pays-Bas, Belgique", "Pays-Bas=NL Belgique=BE"),
            ("Belgique et Luxembourg", "Belgique=BE Luxembourg=LU"),
            ("Costa Rica El Salvador", "Costa Rica=CR El Salvador=SV"),
            ("United States / Canada", "United States=US Canada=CA"),
            ("BE/LU", "BE LU"),
            ("BE\u{a0}LU", "BE LU"),
            ("Österreich CH", "Österreich=AT CH"),
            ("België en Nederland", "België=BE Nederland=NL"),
            ("Belgique ET", "Belgique=BE ET"),
            ("Atlantis", "?Atlantis"),
            ("*, BE", "?* BE"),
        ] {
            assert_eq!(countries_in(cell), expected, "{cell}");
        }
        assert_eq!(countries_in("Republic of Korea"), "Republic of Korea=KR");
    }
}
