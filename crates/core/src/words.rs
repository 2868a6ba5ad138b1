//! Words made fit for a person: text from outside that a terminal must not obey, and the word that was probably meant.

use std::path::Path;

pub use appel_messages::shortened;
use icu_properties::CodePointSetData;
use icu_properties::props::{DefaultIgnorableCodePoint, NoncharacterCodePoint};

/// Text from outside made safe to show: control characters in caret notation (`^[`), invisible and
/// direction-changing ones as `<U+202E>`. Line breaks stay when the text has them between lines.
#[must_use]
pub fn visible(text: &str) -> String {
    if !text.chars().any(|c| c != '\n' && is_unsafe_to_show(c)) {
        return text.to_owned();
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        push_visible(&mut shown, c, true);
    }
    shown
}

/// Like [`visible`], on one line: line breaks too are shown as `^M^J`.
#[must_use]
pub fn visible_line(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        push_visible(&mut shown, c, false);
    }
    shown
}

/// A path, made safe to show, on one line.
#[must_use]
pub fn path(path: &Path) -> String {
    visible_line(&path.display().to_string())
}

/// The last look before text reaches a screen: whatever was not made safe where it came in, is so here. Where text is in
/// colour, the colours stay.
#[must_use]
pub fn for_screen(text: &str, color: bool) -> String {
    if !color {
        return visible(text);
    }
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("\u{1b}[") {
        shown.push_str(&visible(before));
        let end = behind
            .bytes()
            .take_while(|byte| byte.is_ascii_digit() || *byte == b';')
            .count();
        if behind[end..].starts_with('m') {
            shown.push_str("\u{1b}[");
            shown.push_str(&behind[..=end]);
            rest = &behind[end + 1..];
        } else {
            shown.push_str("^[[");
            rest = behind;
        }
    }
    shown.push_str(&visible(rest));
    shown
}

/// A line of JSON that says the same to a program, and that a terminal does not obey: what is unsafe to show stands in it
/// as an escape.
#[must_use]
pub fn json_for_screen(line: String) -> String {
    // A log has a line for every letter: of most bytes there is no need to know which character they make.
    let is_plain = |byte| matches!(byte, b' '..=b'~');
    let is_unsafe = |at: usize| {
        line.get(at..)
            .and_then(|rest| rest.chars().next())
            .is_some_and(is_unsafe_to_show)
    };
    if !line
        .bytes()
        .enumerate()
        .any(|(at, byte)| !is_plain(byte) && is_unsafe(at))
    {
        return line;
    }
    let mut escaped = String::with_capacity(line.len() + 8);
    for c in line.chars() {
        if is_unsafe_to_show(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            escaped.push(c);
        }
    }
    escaped
}

fn push_visible(shown: &mut String, c: char, keep_newline: bool) {
    if !is_unsafe_to_show(c) || (keep_newline && c == '\n') {
        shown.push(c);
    } else if c.is_ascii() {
        shown.push('^');
        shown.push(char::from(c as u8 ^ 0x40));
    } else {
        shown.push_str(&format!("<U+{:04X}>", u32::from(c)));
    }
}

/// Characters that a terminal would obey, or that a person cannot see: controls, and by Unicode's own data what is not
/// drawn (default-ignorable, noncharacters) and what ends a line or stands for an annotation.
#[must_use]
pub fn is_unsafe_to_show(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{fff9}'..='\u{fffb}')
        || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
        || CodePointSetData::new::<NoncharacterCodePoint>().contains(c)
}

/// The byte at or before `at` where a character begins.
#[must_use]
pub fn floor_char_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The byte at or behind `at` where a character begins.
#[must_use]
pub fn ceil_char_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at += 1;
    }
    at
}

/// Longer words are no slips of the pen, and comparing them takes long.
const LONGEST_SLIP: usize = 64;
/// How many words of about the right length are compared.
const MOST_COMPARED: usize = 500;

/// The known word that was probably meant: the closest one, when it is close enough to be a slip.
///
/// What it costs has a bound, however long the word and the list are.
#[must_use]
pub fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if written.len() > 4 * LONGEST_SLIP {
        return None;
    }
    let written: Vec<char> = written.chars().collect();
    let mut compared = 0;
    let mut best: Option<(usize, &str)> = None;
    for word in known {
        if word.len() > 4 * LONGEST_SLIP {
            continue;
        }
        let length = word.chars().count();
        let allowed = 1 + length / 4;
        if length.max(written.len()) > LONGEST_SLIP || length.abs_diff(written.len()) > allowed {
            continue;
        }
        compared += 1;
        if compared > MOST_COMPARED {
            break;
        }
        let allowed = best.map_or(allowed, |(distance, _)| allowed.min(distance.saturating_sub(1)));
        if let Some(distance) = distance(&written, word, allowed) {
            best = Some((distance, word));
            if distance == 0 {
                break;
            }
        }
    }
    best.map(|(_, word)| word)
}

/// How many slips (a character too many, one missing, a wrong one, two swapped) lead from `written` to `word`, when they
/// are no more than `most`: only so far from the diagonal is anything looked at.
#[must_use]
pub fn distance(written: &[char], word: &str, most: usize) -> Option<usize> {
    let word: Vec<char> = word.chars().collect();
    if written.len().abs_diff(word.len()) > most {
        return None;
    }
    let far = most + 1;
    let width = word.len() + 1;
    let mut before_last = vec![far; width];
    let mut last: Vec<usize> = (0..width).map(|at| at.min(far)).collect();
    let mut row = vec![far; width];
    for (down, a) in written.iter().enumerate() {
        row.fill(far);
        if down < most {
            row[0] = down + 1;
        }
        let from = down.saturating_sub(most);
        let to = (down + most + 1).min(word.len());
        let mut nearest = row[0];
        for across in from..to {
            let b = word[across];
            let mut steps = (last[across] + usize::from(*a != b))
                .min(last[across + 1] + 1)
                .min(row[across] + 1);
            if down > 0 && across > 0 && *a == word[across - 1] && written[down - 1] == b {
                steps = steps.min(before_last[across - 1] + 1);
            }
            row[across + 1] = steps.min(far);
            nearest = nearest.min(steps);
        }
        if nearest > most {
            return None;
        }
        std::mem::swap(&mut before_last, &mut last);
        std::mem::swap(&mut last, &mut row);
    }
    let distance = last[word.len()];
    (distance <= most).then_some(distance)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn slips_are_counted_as_the_textbook_counts_them(a in "[abc]{0,9}", b in "[abcé]{0,9}", most in 0usize..6) {
            let expect = strsim::osa_distance(&a, &b);
            let written: Vec<char> = a.chars().collect();
            prop_assert_eq!(distance(&written, &b, most), (expect <= most).then_some(expect));
        }
    }

    #[test]
    #[expect(clippy::disallowed_types, reason = "how long it takes is what is tested")]
    fn a_word_as_long_as_a_file_is_no_slip_and_a_long_list_is_not_gone_through_for_ever() {
        assert_eq!(nearest(&"k".repeat(1_000_000), ["key"]), None);
        assert_eq!(nearest("key", [&*"k".repeat(1_000_000), "kye"]), Some("kye"));
        let many: Vec<String> = (0..1_000_000).map(|nth| format!("{nth:032}")).collect();
        let began = std::time::Instant::now();
        for _ in 0..100 {
            let _ = nearest(&"0".repeat(31), many.iter().map(String::as_str));
        }
        assert!(began.elapsed().as_secs() < 5, "{:?}", began.elapsed());
    }

    #[test]
    fn a_long_text_loses_its_middle() {
        assert_eq!(shortened("short".to_owned(), 5), "short");
        assert_eq!(shortened("äbcdefghi".to_owned(), 6), "äbcd…hi");
    }

    #[test]
    fn control_and_invisible_characters_are_shown_and_not_obeyed() {
        assert_eq!(visible("a\u{1b}[31mb\u{202e}c\nd\r"), "a^[[31mb<U+202E>c\nd^M");
        assert_eq!(visible_line("250 ok\r\n\u{7f}"), "250 ok^M^J^?");
    }

    #[test]
    fn what_a_screen_gets_keeps_its_colours_and_nothing_else() {
        assert_eq!(
            for_screen("\u{1b}[1;31ma\u{1b}[0m\u{1b}[2Jb\u{9b}c\n", true),
            "\u{1b}[1;31ma\u{1b}[0m^[[2Jb<U+009B>c\n"
        );
        assert_eq!(for_screen("\u{1b}[31ma", false), "^[[31ma");
        assert_eq!(for_screen("a\u{1b}[", true), "a^[[");
    }

    #[test]
    fn json_says_the_same_and_is_not_obeyed() {
        let text = "a\u{9b}2J\u{202e}\u{e0041}\u{1b}é";
        let line = json_for_screen(serde_json::to_string(text).unwrap());
        assert_eq!(line, "\"a\\u009b2J\\u202e\\udb40\\udc41\\u001bé\"");
        assert_eq!(serde_json::from_str::<String>(&line).unwrap(), text);
    }

    #[test]
    fn what_unicode_says_is_not_drawn_is_shown() {
        for c in
            "\u{ad}\u{34f}\u{115f}\u{17b4}\u{180b}\u{200d}\u{2066}\u{2800}\u{3164}\u{fe0f}\u{ffa0}\u{1d173}\u{e0101}"
                .chars()
        {
            let is_blank = c == '\u{2800}';
            assert_eq!(
                visible(&c.to_string()),
                if is_blank {
                    c.to_string()
                } else {
                    format!("<U+{:04X}>", u32::from(c))
                }
            );
        }
    }
}
