//! Links in a text, as mail programs make them out: what a reader could click on, and what stands in it.
//!
//! A text may hold marks: characters that no text has (noncharacters of Unicode), put where a value begins and ends or
//! where a condition chooses. To the search they are letters, so that a link shows what it is made of.

use icu_properties::CodePointSetData;
use icu_properties::props::DefaultIgnorableCodePoint;

/// Opens the number of a value; with a traced value, the value itself follows.
pub const VALUE: char = '\u{fdd0}';
/// Ends a number.
pub const STOP: char = '\u{fdd1}';
/// Opens the number of a condition; what follows stands there when it holds.
pub const IF: char = '\u{fdd2}';
/// What follows stands there when the condition does not hold.
pub const ELSE: char = '\u{fdd3}';
/// A condition reaches no further.
pub const END: char = '\u{fdd4}';
/// A traced value ends.
pub const OVER: char = '\u{fdd5}';
/// Digits of a number.
const ZERO: u32 = 0xfde0;

/// The most characters of a scheme, and of a host's name, that are looked at.
const LONGEST_NAME: usize = 300;

/// Whether `c` is one of the marks.
#[must_use]
pub const fn is_mark(c: char) -> bool {
    matches!(c, '\u{fdd0}'..='\u{fdef}')
}

/// A mark with its number.
#[must_use]
pub fn mark(kind: char, number: usize) -> String {
    let mut mark = String::from(kind);
    for digit in number.to_string().bytes() {
        mark.extend(char::from_u32(ZERO + u32::from(digit - b'0')));
    }
    mark.push(STOP);
    mark
}

/// The number that `text` begins with, and how many bytes it has with its end.
#[must_use]
pub fn number(text: &str) -> Option<(usize, usize)> {
    let mut number = 0_usize;
    for (at, c) in text.char_indices() {
        if c == STOP {
            return Some((number, at + c.len_utf8()));
        }
        let digit = u32::from(c).checked_sub(ZERO).filter(|digit| *digit < 10)?;
        number = number.checked_mul(10)?.checked_add(usize::try_from(digit).ok()?)?;
    }
    None
}

/// The numbers of the values in a text.
pub fn values(text: &str) -> impl Iterator<Item = usize> + '_ {
    text.match_indices(VALUE)
        .filter_map(|(at, opened)| number(&text[at + opened.len()..]))
        .map(|(number, _)| number)
}

/// A text without marks.
#[must_use]
pub fn unmarked(text: &str) -> String {
    text.chars().filter(|c| !is_mark(*c)).collect()
}

/// A value with marks around it.
#[must_use]
pub fn traced(value: &str) -> String {
    if value.is_empty() {
        return String::new();
    }
    format!("{}{}{OVER}", mark(VALUE, 0), unmarked(value))
}

/// The first link that is made of a traced value, wholly or in part, and that value; only values that are `meant` count.
#[must_use]
pub fn out_of_value(text: &str, meant: impl Fn(&str) -> bool) -> Option<(String, String)> {
    let opening = mark(VALUE, 0);
    let mut plain = String::with_capacity(text.len());
    let mut values: Vec<std::ops::Range<usize>> = Vec::new();
    for (nth, piece) in text.split(opening.as_str()).enumerate() {
        let (value, behind) = match piece.split_once(OVER) {
            Some((value, behind)) if nth > 0 => (value, behind),
            _ => ("", piece),
        };
        if meant(value) {
            values.push(plain.len()..plain.len() + value.len());
        }
        plain.push_str(value);
        plain.push_str(behind);
    }
    let mut found = None;
    // Both go forward, so no value is looked at twice.
    let mut next = 0;
    in_text(&plain, |link| {
        let start = link.as_ptr() as usize - plain.as_ptr() as usize;
        while values.get(next).is_some_and(|value| value.end <= start) {
            next += 1;
        }
        let value = values.get(next).filter(|value| value.start < start + link.len());
        if found.is_none() {
            found = value.map(|value| (link.to_owned(), plain[value.clone()].to_owned()));
        }
    });
    found
}

/// The text as a program reads it that looks for links: without characters that are not drawn, wide forms as ASCII. Of
/// Markdown also without backslashes, and with its character references (`&#58;`) as the characters that they stand for.
#[must_use]
pub fn plain(text: &str, markdown: bool) -> String {
    let ignored = CodePointSetData::new::<DefaultIgnorableCodePoint>();
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let mut length = c.len_utf8();
        match c {
            _ if is_mark(c) => plain.push(c),
            '&' if markdown && let Some((meant, long)) = reference(rest) => {
                plain.push(meant);
                length = long;
            }
            '\\' if markdown && rest[1..].starts_with(|next: char| next.is_ascii_punctuation()) => {}
            '\u{ff01}'..='\u{ff5e}' => plain.extend(char::from_u32(u32::from(c) - 0xfee0)),
            '\u{3002}' | '\u{ff61}' => plain.push('.'),
            _ if c.is_ascii() || !ignored.contains(c) => plain.push(c),
            _ => {}
        }
        rest = &rest[length..];
    }
    plain
}

/// The character reference that `text` begins with, as far as it could stand in a link, and its length.
fn reference(text: &str) -> Option<(char, usize)> {
    let end = text.bytes().take(12).position(|byte| byte == b';')?;
    let name = &text[1..end];
    let c = if let Some(digits) = name.strip_prefix('#') {
        let number = match digits.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16),
            None => digits.parse(),
        };
        char::from_u32(number.ok()?)?
    } else {
        match name {
            "colon" => ':',
            "sol" => '/',
            "period" => '.',
            "quest" => '?',
            "equals" => '=',
            "num" => '#',
            "commat" => '@',
            "percnt" => '%',
            "plus" => '+',
            "lowbar" => '_',
            "hyphen" | "dash" => '-',
            "amp" => '&',
            _ => return None,
        }
    };
    Some((c, end + 1))
}

/// The links of a text, in order. For every letter of a run, so that it only looks closer where a link could be: at `/`
/// and `www.`.
pub fn in_text<'t>(text: &'t str, mut each: impl FnMut(&'t str)) {
    words(text, |word, _| in_word(word, &mut each));
}

/// A word that may hold links, and the byte of it that says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    word: String,
    at: usize,
}

/// The words of a text that may hold links.
#[must_use]
pub fn spots(text: &str) -> Vec<Spot> {
    let mut spots = Vec::new();
    words(text, |word, at| {
        let word = word.to_owned();
        spots.push(Spot { word, at });
    });
    spots
}

/// Whether a text has just these words that may hold links, and so the same links. It may say no where it has (behind a
/// blank that is none of ASCII), but it takes hardly longer than to read the text.
#[must_use]
pub fn has_spots(text: &str, spots: &[Spot]) -> bool {
    let bytes = text.as_bytes();
    let mut rest = spots.iter();
    let mut done = 0;
    for at in memchr::memchr2_iter(b'/', b'.', bytes) {
        if at < done || !is_reason(bytes, at) {
            continue;
        }
        let Some(spot) = rest.next() else { return false };
        let Some(start) = at.checked_sub(spot.at).filter(|start| *start >= done) else {
            return false;
        };
        let end = start + spot.word.len();
        let is_blank = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_whitespace);
        let begins = start == 0 || is_blank(bytes.get(start - 1));
        if bytes.get(start..end) != Some(spot.word.as_bytes()) || !begins || !is_blank(bytes.get(end)) {
            return false;
        }
        done = end;
    }
    rest.next().is_none()
}

/// Whether a `/` or `.` is a reason to look for a link.
fn is_reason(bytes: &[u8], at: usize) -> bool {
    bytes[at] == b'/' || bytes[..at].to_ascii_lowercase_ends_with(b"www")
}

fn words<'t>(text: &'t str, mut each: impl FnMut(&'t str, usize)) {
    let bytes = text.as_bytes();
    let mut done = 0;
    for at in memchr::memchr2_iter(b'/', b'.', bytes) {
        if at < done || !is_reason(bytes, at) {
            continue;
        }
        let start = text[done..at]
            .char_indices()
            .rev()
            .find(|(_, c)| c.is_whitespace())
            .map_or(done, |(space, c)| done + space + c.len_utf8());
        done = text[at..]
            .find(char::is_whitespace)
            .map_or(text.len(), |space| at + space);
        each(&text[start..done], at - start);
    }
}

trait EndsWith {
    fn to_ascii_lowercase_ends_with(&self, end: &[u8]) -> bool;
}

impl EndsWith for [u8] {
    fn to_ascii_lowercase_ends_with(&self, end: &[u8]) -> bool {
        self.len() >= end.len() && self[self.len() - end.len()..].eq_ignore_ascii_case(end)
    }
}

/// The links of one word, in order: `scheme://…`, `www.…`, `mailto:…`, and a host's name with what follows it
/// (`example.org/abc`), which many mail programs take for one as well.
pub fn in_word<'w>(word: &'w str, each: &mut impl FnMut(&'w str)) {
    let mut done = 0;
    let mut marked = None;
    for (at, c) in word.char_indices() {
        if at < done {
            continue;
        }
        let before = &word[done..at];
        let start = match c {
            ':' if word[at..].starts_with("://") => scheme(before),
            ':' if before.as_bytes().to_ascii_lowercase_ends_with(b"mailto") => Some(before.len() - "mailto".len()),
            '.' if before.as_bytes().to_ascii_lowercase_ends_with(b"www") => {
                let www = before.len() - "www".len();
                let start = begins(before, is_of_host);
                (!before[..www].ends_with(char::is_alphanumeric)).then_some(start)
            }
            '/' | '?' | '#' if at + 1 < word.len() => {
                host(before, *marked.get_or_insert_with(|| word.contains(is_mark)))
            }
            _ => None,
        };
        let Some(start) = start.map(|start| done + start) else {
            continue;
        };
        let end = at + end(&word[at..]);
        let link = word[start..end].trim_end_matches([
            '.', ',', ';', ':', '!', '?', '\'', '*', '_', '\u{2019}', '\u{201d}', '\u{bb}',
        ]);
        done = end.max(at + 1);
        each(link);
    }
}

/// Where the scheme begins that `before` ends with.
fn scheme(before: &str) -> Option<usize> {
    let bytes = before.as_bytes();
    for known in ["https", "http", "ftp"] {
        if bytes.to_ascii_lowercase_ends_with(known.as_bytes()) {
            return Some(before.len() - known.len());
        }
    }
    let part_of_one = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.') || is_mark(c);
    let start = begins(before, part_of_one);
    (start < before.len()).then_some(start)
}

/// Where the host's name begins that `before` ends with: labels and dots, the last one of letters; and not with a capital
/// as of a sentence (`St.Petersburg/…`), unless there is a mark in the word.
fn host(before: &str, marked: bool) -> Option<usize> {
    // A port may stand behind it.
    let name = before.trim_end_matches(|c: char| c.is_ascii_digit());
    let name = match name.strip_suffix(':') {
        Some(name) if name.len() + 1 < before.len() => name,
        _ => before,
    };
    let start = begins(name, is_of_host);
    let (labels, last) = name[start..].rsplit_once('.')?;
    let is_top = last.chars().filter(|c| !is_mark(*c)).all(char::is_alphabetic)
        && (last.chars().count() >= 2 || last.contains(is_mark));
    let is_sentence = last.starts_with(char::is_uppercase) && last.contains(char::is_lowercase);
    let before_it = name[..start].chars().next_back();
    (is_top
        && (marked || !is_sentence)
        && labels.ends_with(|c: char| c.is_alphanumeric() || is_mark(c))
        && !matches!(before_it, Some('@' | '/')))
    .then_some(start)
}

fn is_of_host(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '.') || is_mark(c)
}

fn begins(before: &str, part_of_one: impl Fn(char) -> bool) -> usize {
    before
        .char_indices()
        .rev()
        .take(LONGEST_NAME)
        .take_while(|(_, c)| part_of_one(*c))
        .last()
        .map_or(before.len(), |(at, _)| at)
}

/// How far a link goes: to a quote or angle bracket, or to a bracket that was not opened in it.
fn end(link: &str) -> usize {
    let (mut round, mut square) = (0_usize, 0_usize);
    for (at, c) in link.char_indices() {
        match c {
            '<' | '>' | '"' => return at,
            _ if c.is_whitespace() => return at,
            '(' => round += 1,
            '[' => square += 1,
            ')' if round == 0 => return at,
            ']' if square == 0 => return at,
            ')' => round -= 1,
            ']' => square -= 1,
            _ => {}
        }
    }
    link.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &[&str]) {
        let mut found = Vec::new();
        in_text(text, |link| found.push(link));
        assert_eq!(found, expect, "{text}");
    }

    #[test]
    fn links_are_found_as_mail_programs_find_them() {
        check("see https://x.example/a?b=c.", &["https://x.example/a?b=c"]);
        check(
            "HTTPS://X.EXAMPLE and Www.x.example,",
            &["HTTPS://X.EXAMPLE", "Www.x.example"],
        );
        check(
            "[us](https://x.example/a_(b)) <http://y.example>",
            &["https://x.example/a_(b)", "http://y.example"],
        );
        check(
            "go to x.example/abc or x.example:8080/abc",
            &["x.example/abc", "x.example:8080/abc"],
        );
        check("почта пример.рф/страница", &["пример.рф/страница"]);
        check("https://x.example/y.example/z", &["https://x.example/y.example/z"]);
    }

    #[test]
    fn a_text_with_the_same_words_for_links_is_known_quickly() {
        let known = spots("a https://x.example/a and/or www.y.example. b");
        assert!(has_spots("https://x.example/a\nor. and/or c www.y.example.", &known));
        for other in [
            "https://x.example/b and/or www.y.example.",
            "https://x.example/ab and/or www.y.example.",
            "xhttps://x.example/a and/or www.y.example.",
            "https://x.example/a and/or",
            "https://x.example/a and/or www.y.example. x/y",
            "/ https://x.example/a and/or www.y.example.",
            "é/https://x.example/a and/or www.y.example.",
            "",
        ] {
            assert!(!has_spots(other, &known), "{other}");
        }
        assert!(has_spots("no. links", &[]));
    }

    #[test]
    fn what_only_looks_like_a_link_is_none() {
        check("and/or, 16/12/2011, Mr./Mrs., km/h, H.E./H.H.", &[]);
        check("info@x.example. Then. More", &[]);
        check("", &[]);
        check("/ // . www", &[]);
    }

    #[test]
    fn a_link_is_found_however_it_is_written() {
        assert_eq!(plain("ht\u{200b}tps://x", false), "https://x");
        assert_eq!(plain("https：／／x", false), "https://x");
        assert_eq!(plain("https&#58;\\/&sol;x&#x2e;y &lt; &", true), "https://x.y &lt; &");
        assert_eq!(plain("&#58;\\/", false), "&#58;\\/");
    }

    #[test]
    fn marks_are_part_of_a_link() {
        let text = format!("see {}.x.example/a.", mark(VALUE, 12));
        let mut found = Vec::new();
        in_text(&text, |link| found.push(link));
        assert_eq!(found.len(), 1);
        assert_eq!(values(found[0]).collect::<Vec<_>>(), [12]);
    }
}
