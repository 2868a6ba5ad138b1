//! Words made fit for a person: text from outside that a terminal must not obey, lines that fit the screen, and the word
//! that was probably meant.

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

/// Characters that a terminal would obey, or that a person cannot see.
#[must_use]
pub fn is_unsafe_to_show(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
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
    // Blanks at the beginning are part of the first word: to measure them again and again would take long.
    let lead = text.len() - text.trim_start().len();
    let ends = text
        .match_indices(' ')
        .map(|(at, _)| at)
        .filter(|at| *at > lead)
        .chain([text.len()]);
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

/// A text of at most `most` characters: what stands in the middle of a longer one is left out.
#[must_use]
pub fn shortened(text: String, most: usize) -> String {
    if text.len() <= most || text.chars().nth(most).is_none() {
        return text;
    }
    // The reason often stands at the end, behind what was written.
    let (head, tail) = (most - most / 3, most / 3);
    let head = text.char_indices().nth(head).map_or(text.len(), |(at, _)| at);
    let tail = text
        .char_indices()
        .rev()
        .nth(tail.saturating_sub(1))
        .map_or(0, |(at, _)| at);
    format!("{}…{}", &text[..head], &text[tail..])
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

/// `1,234,567`.
#[must_use]
pub fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// How many words a list names.
const LISTED: usize = 20;

/// `a, b, c`; of a long list its beginning, and how many more there are.
#[must_use]
pub fn listed<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let mut words = words.into_iter();
    let first: Vec<&str> = words.by_ref().take(LISTED).collect();
    match words.count() {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
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
    fn a_long_text_loses_its_middle_and_a_long_list_its_end() {
        assert_eq!(shortened("short".to_owned(), 5), "short");
        assert_eq!(shortened("äbcdefghi".to_owned(), 6), "äbcd…hi");
        assert_eq!(listed(["a", "b"]), "a, b");
        assert!(listed(std::iter::repeat_n("a", 1000)).ends_with("a and 980 more"));
    }

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
