//! Words made fit for a person: text from outside that a terminal must not obey, lines that fit the screen, and the word
//! that was probably meant.

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

/// One line of a text as one or more of the screen; words longer than the screen stay whole, so that they can be copied.
pub fn push_wrapped(screen: &mut String, line: &str, indent: &str, hanging: &str, width: usize) {
    let mut rest = line.trim_end();
    if rest.is_empty() {
        screen.push('\n');
        return;
    }
    let mut first = true;
    while !rest.is_empty() {
        let hanging = if first { "" } else { hanging };
        let room = width.saturating_sub(hanging.len());
        let end = fitting(rest, room);
        screen.push_str(indent);
        screen.push_str(hanging);
        screen.push_str(rest[..end].trim_end());
        screen.push('\n');
        rest = rest[end..].trim_start_matches(' ');
        first = false;
    }
}

/// How many bytes of `text` fit into `room` columns, up to a space; at least one word.
fn fitting(text: &str, room: usize) -> usize {
    let mut fits = 0;
    let ends = text.match_indices(' ').map(|(at, _)| at).chain([text.len()]);
    for end in ends {
        let blank = text[..end].trim().is_empty();
        if console::measure_text_width(&text[..end]) > room && fits > 0 && !blank {
            break;
        }
        if !blank {
            fits = end;
        }
    }
    fits
}

/// The known word that was probably meant: the closest one, when it is close enough to be a slip.
#[must_use]
pub fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|word| (strsim::damerau_levenshtein(written, word), word))
        .filter(|(distance, word)| *distance <= 1 + word.chars().count() / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_and_invisible_characters_are_shown_and_not_obeyed() {
        assert_eq!(visible("a\u{1b}[31mb\u{202e}c\nd\r"), "a^[[31mb<U+202E>c\nd^M");
        assert_eq!(visible_line("250 ok\r\n\u{7f}"), "250 ok^M^J^?");
    }

    fn check(line: &str, width: usize, expect: &str) {
        let mut screen = String::new();
        push_wrapped(&mut screen, line, "  ", "", width);
        assert_eq!(screen, expect);
    }

    #[test]
    fn long_lines_are_broken_between_words_and_long_words_are_not() {
        check("one two three", 7, "  one two\n  three\n");
        check("  - one two", 7, "    - one\n  two\n");
        check(
            "info@a-very-long-address.example yes",
            10,
            "  info@a-very-long-address.example\n  yes\n",
        );
        check("длинная строка", 8, "  длинная\n  строка\n");
        check("", 10, "\n");
        check("   ", 10, "\n");
    }
}
