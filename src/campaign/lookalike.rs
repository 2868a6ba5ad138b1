//! Addresses that look like others: letters of different scripts side by side, or foreign letters that pass for Latin.

use std::fmt;

/// What to do about it.
pub const HINT: &str = "compare it with the address as its owner publishes it; type it again by hand";

/// Why an address may not be the one that it seems to be; `Display` is a clause that fits after the address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// Letters of two scripts in one word.
    Mixed(Script, Script),
    /// Every letter of the word passes for a Latin one.
    PassesForLatin(Script),
}

impl fmt::Display for Look {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mixed(one, other) => {
                write!(f, "{one} and {other} letters stand side by side; some look the same")
            }
            Self::PassesForLatin(script) => {
                write!(f, "its {script} letters look like Latin ones")
            }
        }
    }
}

/// A script whose letters are found in addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Script {
    Latin,
    Cyrillic,
    Greek,
    Armenian,
    Hebrew,
    Arabic,
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Latin => "Latin",
            Self::Cyrillic => "Cyrillic",
            Self::Greek => "Greek",
            Self::Armenian => "Armenian",
            Self::Hebrew => "Hebrew",
            Self::Arabic => "Arabic",
        })
    }
}

const fn script(c: char) -> Option<Script> {
    Some(match c {
        'a'..='z' | 'A'..='Z' | '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' | '\u{ff21}'..='\u{ff5a}' => {
            Script::Latin
        }
        '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => Script::Greek,
        '\u{400}'..='\u{52f}' | '\u{2de0}'..='\u{2dff}' | '\u{a640}'..='\u{a69f}' => Script::Cyrillic,
        '\u{531}'..='\u{588}' => Script::Armenian,
        '\u{591}'..='\u{5f4}' => Script::Hebrew,
        '\u{600}'..='\u{6ff}' | '\u{750}'..='\u{77f}' => Script::Arabic,
        _ => return None,
    })
}

/// Cyrillic and Greek letters that are drawn like Latin ones.
const TWINS: &str = "асеорхуіѕјһԁԛԝӏАВЕКМНОРСТХУІЅЈοναρυικΑΒΕΖΗΙΚΜΝΟΡΤΥΧ";

/// What about `address` deserves a second look. Plain ASCII never does, unless a domain is written in A-labels.
pub fn in_address(address: &str) -> Option<Look> {
    let (local, domain) = address.rsplit_once('@')?;
    let begins_a_label = |bytes: &[u8]| bytes.eq_ignore_ascii_case(b"xn--");
    if address.is_ascii() && !domain.as_bytes().windows(4).any(begins_a_label) {
        return None;
    }
    let (domain, _) = idna::domain_to_unicode(domain);
    // Under .рф every word is Cyrillic, and none of them pretends to be anything else.
    let at_home = domain.rsplit('.').next().and_then(|top| top.chars().find_map(script));
    let words = domain.split('.').chain(local.split(['.', '+', '-', '_']));
    words.into_iter().find_map(|word| match in_word(word) {
        Some(Look::PassesForLatin(script)) if at_home == Some(script) => None,
        look => look,
    })
}

fn in_word(word: &str) -> Option<Look> {
    let mut found: Option<Script> = None;
    let mut only_twins = true;
    for c in word.chars() {
        let Some(here) = script(c) else { continue };
        match found {
            Some(before) if before != here => return Some(Look::Mixed(before, here)),
            _ => found = Some(here),
        }
        only_twins &= TWINS.contains(c);
    }
    match found {
        Some(script) if script != Script::Latin && only_twins => Some(Look::PassesForLatin(script)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(address: &str, expect: Option<&str>) {
        let found = in_address(address).map(|look| look.to_string());
        assert_eq!(found.as_deref(), expect, "{address}");
    }

    #[test]
    fn an_address_in_one_script_is_fine() {
        check("info@mid.example", None);
        check("josé@bücher.example", None);
        check("посольство@мид.рф", None);
        check("орех@сор.рф", None);
        check("info@мид.example", None);
    }

    // 15
    #[test]
    fn letters_of_two_scripts_in_one_word_are_named() {
        check(
            "inf\u{43e}@mid.example",
            Some("Latin and Cyrillic letters stand side by side; some look the same"),
        );
        check(
            "info@xn--pple-43d.com",
            Some("Cyrillic and Latin letters stand side by side; some look the same"),
        );
    }

    // 15
    #[test]
    fn a_word_of_foreign_letters_that_pass_for_latin_is_named() {
        check(
            "info@\u{440}\u{430}\u{443}\u{440}\u{430}.example",
            Some("its Cyrillic letters look like Latin ones"),
        );
    }
}
