//! Addresses that look like others: letters of different scripts side by side, or foreign letters that pass for Latin.

use appel_messages::{Message, msg};
use unicode_script::{Script, UnicodeScript};
use unicode_security::mixed_script::AugmentedScriptSet;
use unicode_security::skeleton;

/// Why an address may not be the one that it seems to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// Letters of two scripts in one word.
    Mixed(Script, Script),
    /// Every letter of the word passes for a Latin one.
    PassesForLatin(Script),
    /// One character that passes for one of ASCII.
    PassesFor(char, char),
}

impl Look {
    /// What there is to see, as a clause that fits after the address.
    #[must_use]
    pub fn message(&self) -> Message {
        // By the name that Unicode has for it: Latin, Cyrillic.
        let name = |script: &Script| script.full_name().replace('_', " ");
        match self {
            Self::Mixed(one, other) => msg!("address-scripts-mixed", one = name(one), other = name(other)),
            Self::PassesForLatin(script) => msg!("address-looks-latin", script = name(script)),
            Self::PassesFor(one, other) => {
                let code = format!("{:04X}", u32::from(*one));
                msg!("address-letter-looks-like", letter = *one, code = code, other = *other)
            }
        }
    }
}

/// The script of a character that has one; digits, hyphens and marks have none.
fn script(c: char) -> Option<Script> {
    match c.script() {
        Script::Common | Script::Inherited | Script::Unknown => None,
        script => Some(script),
    }
}

/// What about `address` deserves a second look. Plain ASCII never does, unless a domain is written in A-labels.
#[must_use]
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

/// By Unicode's own data (UTS 39): which scripts may stand together, and which letters are drawn alike.
fn in_word(word: &str) -> Option<Look> {
    if word.is_ascii() {
        return None;
    }
    let mut together = AugmentedScriptSet::default();
    let mut found: Option<Script> = None;
    for c in word.chars() {
        together.intersect_with(c.into());
        if together.is_empty() {
            // Digits have no script, but those that use them.
            let here = script(c).or_else(|| c.script_extension().iter().next());
            return Some(Look::Mixed(found?, here?));
        }
        found = found.or(script(c));
    }
    let found = found?;
    if found == Script::Latin {
        return word.chars().find_map(|c| Some(Look::PassesFor(c, ascii_twin(c)?)));
    }
    skeleton(word)
        .all(|c| c.is_ascii())
        .then_some(Look::PassesForLatin(found))
}

/// The one ASCII character that a foreign one is drawn like.
#[must_use]
pub fn ascii_twin(c: char) -> Option<char> {
    if c.is_ascii() {
        return None;
    }
    let mut buffer = [0; 4];
    let mut drawn = skeleton(c.encode_utf8(&mut buffer));
    let twin = drawn.next().filter(char::is_ascii)?;
    drawn.next().is_none().then_some(twin)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(address: &str, expect: Option<&str>) {
        let found = in_address(address).map(|look| look.message().in_english());
        assert_eq!(found.as_deref(), expect, "{address}");
    }

    #[test]
    fn an_address_in_one_script_is_fine() {
        check("info@mid.example", None);
        check("josé@bücher.example", None);
        check("посольство@мид.рф", None);
        check("орех@сор.рф", None);
        check("info@мид.example", None);
        check("straße@łódź-øst.example", None);
        check("info@çocuk-æble-œuvre.example", None);
        check("お問い合わせ@外務省サイト.example", None);
        check("문의@외교부.example", None);
        check("وزارة@وزارة-الخارجية.example", None);
        check("info@משרד.example", None);
        check("επικοινωνία@υπουργείο.example", None);
        check("info@xn--80akhbyknj4f.example", None);
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
        check("info@аррӏе.example", Some("its Cyrillic letters look like Latin ones"));
        check(
            "info@xn--80ak6aa92e.example",
            Some("its Cyrillic letters look like Latin ones"),
        );
        check(
            "info@\u{585}\u{585}.example",
            Some("its Armenian letters look like Latin ones"),
        );
    }

    // 15
    #[test]
    fn a_rare_latin_letter_that_passes_for_a_plain_one_is_named() {
        check("info@\u{261}ov.example", Some("its `\u{261}` (U+0261) looks like `g`"));
        check("\u{131}nfo@mid.example", Some("its `\u{131}` (U+0131) looks like `i`"));
    }

    // 15
    #[test]
    fn letters_beside_digits_of_another_script_are_named() {
        check(
            "g\u{665}v@mid.example",
            Some("Latin and Arabic letters stand side by side; some look the same"),
        );
    }
}
