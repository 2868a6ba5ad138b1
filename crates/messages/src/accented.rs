//! A language made by machine, for tests: English with a dot on every letter. What is still plain on a screen was never in
//! the catalogue.
//!
//! It is as wide as English, letter by letter, and can be read back ([`plain`]): no language has all of these letters.
//! What is no language stays: what stands between backticks, flags, and words in angle or square brackets.

use std::borrow::Cow;

const PLAIN: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const ACCENTED: &str = "ạḅċḍẹḟġḥịĵḳḷṃṇọṗʠṛṣṭụṿẉẋỵẓẠḄĊḌẸḞĠḤỊĴḲḶṂṆỌṖɊṚṢṬỤṾẈẊỴẒ";

/// With its accents.
#[must_use]
pub fn accented(text: &str) -> Cow<'_, str> {
    let mut out = String::with_capacity(text.len() * 2);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let code = code_at(rest, out.chars().next_back());
        if code > 0 {
            out.push_str(&rest[..code]);
            rest = &rest[code..];
            continue;
        }
        out.push(swapped(c, PLAIN, ACCENTED));
        rest = &rest[c.len_utf8()..];
    }
    Cow::Owned(out)
}

/// How many bytes at the beginning are no language: `` `code` ``, `--flag`, `<ID>`, `[smtp]`, `$NAME`.
fn code_at(text: &str, before: Option<char>) -> usize {
    let closed = |stops: &[char], close: char| {
        let inside = text[1..].split(stops).next().unwrap_or_default();
        let end = 1 + inside.len();
        if text[end..].starts_with(close) { end + 1 } else { 0 }
    };
    match text.as_bytes()[0] {
        // Between two values it is prose that stands between backticks: `a` and `b`.
        b'`' if text[1..].starts_with([' ', ',', ';', ':', ')']) => 0,
        b'`' => closed(&['\n', '`'], '`'),
        b'<' => closed(&['\n', ' ', '>'], '>'),
        b'[' => closed(&['\n', ' ', ']'], ']'),
        b'-' if text.starts_with("--") && !before.is_some_and(char::is_alphanumeric) => text
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
            .unwrap_or(text.len()),
        _ => 0,
    }
}

fn swapped(c: char, from: &str, to: &str) -> char {
    from.chars()
        .position(|known| known == c)
        .and_then(|at| to.chars().nth(at))
        .unwrap_or(c)
}

/// Without its accents: the English it was made from.
#[must_use]
pub fn plain(text: &str) -> String {
    text.chars().map(|c| swapped(c, ACCENTED, PLAIN)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_has_an_accent_and_comes_back_without_it() {
        let text = "The quick brown fox jumps over 13 LAZY dogs, PACKING my box.";
        let strange = accented(text);
        assert!(!strange.chars().any(|c| c.is_ascii_alphabetic()), "{strange}");
        assert_eq!(strange.chars().count(), text.chars().count());
        assert_eq!(plain(&strange), text);
    }

    #[test]
    fn what_is_no_language_stays() {
        assert_eq!(accented("` and `"), "` ạṇḍ `");
        for code in ["`to`", "--dry-run", "[smtp]", "<ID>", "`{{#if a}}`"] {
            assert_eq!(accented(code), code);
        }
        assert_eq!(accented("a -- b"), "ạ -- ḅ");
        assert_eq!(accented("a < b"), "ạ < ḅ");
        assert_eq!(accented("[in a]"), "[ịṇ ạ]");
        assert_eq!(accented("see `a` or --b, c"), "ṣẹẹ `a` ọṛ --b, ċ");
    }
}
