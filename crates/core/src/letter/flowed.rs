//! Text as `format=flowed` (RFC 3676): lines of 72 columns for old programs, paragraphs again for all others.
//!
//! A line that ends in a blank goes on in the next one. In languages that have no blanks between words lines are broken
//! between characters too, and the blank at the end is not part of the text (`delsp=yes`).

use std::borrow::Cow;

use icu_properties::CodePointMapData;
use icu_properties::props::GeneralCategory;
use unicode_width::UnicodeWidthChar;

use super::encode::lines_of;

/// RFC 3676 §4.2 says 78 at most, and 72 to leave room for the `>` of those who answer.
const COLUMNS: usize = 72;
/// What stands before somebody's name and address (RFC 3676 §4.3): a line of its own, whatever is around it.
const SIGNATURE: &str = "-- ";

/// How a text is flowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flow {
    /// Lines may end between any two characters, since words do; the blank at their end is none of the text.
    pub without_spaces: bool,
    /// A line that begins with `>` is a quotation; else it is text like any other.
    pub quotes: bool,
}

impl Flow {
    /// Lines of 72 columns, where there is something to break them at. Blanks at the end of a line are taken off: they would
    /// join it with the next.
    #[must_use]
    pub fn wrapped(self, text: &str) -> String {
        let mut out = String::with_capacity(text.len() + text.len() / 16);
        for (at, line) in lines_of(text).enumerate() {
            if at > 0 {
                out.push('\n');
            }
            if line == SIGNATURE {
                out.push_str(line);
                continue;
            }
            let line = without_blanks(line);
            // Most lines are short, and nothing is to be done about them. (No character is wider than its bytes are many.)
            if line.len() < COLUMNS && !is_stuffed(line) {
                out.push_str(line);
                continue;
            }
            let depth = if self.quotes { quote_depth(line) } else { 0 };
            let said = line[depth..].strip_prefix(' ').filter(|_| depth > 0);
            self.wrap(&line[..depth], said.unwrap_or(&line[depth..]), &mut out);
        }
        out
    }

    /// One paragraph.
    fn wrap(self, quoted: &str, paragraph: &str, out: &mut String) {
        let links = if self.without_spaces {
            links(paragraph)
        } else {
            Vec::new()
        };
        let mut start = 0;
        loop {
            let rest = &paragraph[start..];
            out.push_str(quoted);
            let mut room = COLUMNS - quoted.len().min(COLUMNS / 2);
            if is_stuffed(rest) || !(quoted.is_empty() || rest.is_empty()) {
                out.push(' ');
                room -= 1;
            }
            let Some(length) = self.line(rest, start, room, quoted.is_empty(), &links) else {
                out.push_str(rest);
                return;
            };
            out.push_str(&rest[..length]);
            if self.without_spaces {
                out.push(' ');
            }
            out.push('\n');
            start += length;
        }
    }

    /// How many bytes the first line of `rest` has, if it is not the last one. `start` is where that stands among `links`.
    fn line(
        self,
        rest: &str,
        start: usize,
        room: usize,
        is_plain: bool,
        links: &[std::ops::Range<usize>],
    ) -> Option<usize> {
        let added = usize::from(self.without_spaces);
        // No character is wider than its bytes are many.
        if rest.len() <= room && !rest.contains('\t') {
            return None;
        }
        if let Some(window) = rest.as_bytes().get(..=room)
            && let Some(at) = at_last_blank(window, added)
            && !(is_plain && rest[..at].trim_end_matches(' ') == "--")
        {
            return Some(at);
        }
        let mut column = 0;
        // Behind blanks, and between characters; with the columns up to there.
        let (mut blank, mut between): (Option<(usize, usize)>, Option<usize>) = (None, None);
        let mut before = None;
        let indented = rest.len() - rest.trim_start_matches(' ').len();
        for (at, c) in rest.char_indices() {
            if let Some(before) = before
                && at > indented
            {
                let may_end = if before == ' ' {
                    c != ' '
                } else {
                    self.without_spaces
                        && may_part(before, c)
                        && !links
                            .iter()
                            .any(|link| link.start < start + at && start + at < link.end)
                };
                // Alone on a line it would be taken for what stands before a signature.
                let found = may_end && !(is_plain && rest[..at].trim_end_matches(' ') == "--");
                let fits = column + added <= room;
                if found && !fits && blank.is_none() && between.is_none() {
                    // A word, or a link, that is longer than a line.
                    return Some(at);
                }
                if found && fits && before == ' ' {
                    blank = Some((at, column));
                } else if found && fits {
                    between = Some(at);
                }
            }
            column += width(c);
            if column > room
                && let Some(found) = best(blank, between, room)
            {
                return Some(found);
            }
            before = Some(c);
        }
        None
    }

    /// The text again, as programs show it that know of this format; of any that [`Flow::wrapped`] made, the same.
    #[must_use]
    pub fn unwrapped(self, wrapped: &str) -> String {
        let mut out = String::with_capacity(wrapped.len());
        // How deep the quotation is whose paragraph goes on.
        let mut open: Option<usize> = None;
        let mut lines = wrapped.split('\n').peekable();
        while let Some(line) = lines.next() {
            let depth = quote_depth(line);
            let said = line[depth..].strip_prefix(' ').unwrap_or(&line[depth..]);
            let is_signature = line == SIGNATURE;
            if open != Some(depth) || is_signature {
                if open.is_some() {
                    out.push('\n');
                }
                out.push_str(&line[..depth]);
                if depth > 0 && !said.is_empty() {
                    out.push(' ');
                }
            }
            let goes_on = said.ends_with(' ') && !is_signature && lines.peek().is_some();
            out.push_str(match said.strip_suffix(' ') {
                Some(said) if goes_on && self.without_spaces => said,
                _ => said,
            });
            open = goes_on.then_some(depth);
            if !goes_on && lines.peek().is_some() {
                out.push('\n');
            }
        }
        out
    }
}

/// A text as it arrives: without blanks at the end of its lines, but for the one of a signature.
#[must_use]
pub fn trimmed(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let ends_blank = |end: usize| end > 0 && matches!(bytes[end - 1], b' ' | b'\t');
    let mut ends = memchr::memchr_iter(b'\n', bytes).chain([bytes.len()]);
    if !ends.any(ends_blank) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for (at, line) in text.split('\n').enumerate() {
        if at > 0 {
            out.push('\n');
        }
        out.push_str(if line == SIGNATURE { line } else { without_blanks(line) });
    }
    Cow::Owned(out)
}

fn without_blanks(line: &str) -> &str {
    line.trim_end_matches([' ', '\t'])
}

fn quote_depth(line: &str) -> usize {
    line.len() - line.trim_start_matches('>').len()
}

/// RFC 3676 §4.4: what would be read as something else, or changed on the way, has a blank before it.
fn is_stuffed(line: &str) -> bool {
    line.starts_with([' ', '>']) || line.starts_with("From ")
}

/// Where to break a line of ASCII, which most are, without looking at each of its characters: behind the last blank that it
/// has room for. `window` is as much of it as a line holds, and one more.
fn at_last_blank(window: &[u8], added: usize) -> Option<usize> {
    // All of them, whatever the first one is: so they are looked at several at a time.
    let is_ascii = |all, byte: &u8| all & matches!(byte, b' '..=b'~');
    if !window.iter().fold(true, is_ascii) {
        return None;
    }
    let most = (window.len() - 1).checked_sub(added)?;
    let found = (1..=most)
        .rev()
        .find(|at| window[at - 1] == b' ' && window[*at] != b' ')?;
    // Blanks that it begins with are no place to break it.
    window[..found].iter().any(|byte| *byte != b' ').then_some(found)
}

/// Where to break: between characters only where blanks would leave much of the line empty.
fn best(blank: Option<(usize, usize)>, between: Option<usize>, room: usize) -> Option<usize> {
    match (blank, between) {
        (Some((at, column)), Some(between)) if at > between || column * 3 >= room * 2 => Some(at),
        (_, Some(between)) => Some(between),
        (blank, None) => blank.map(|(at, _)| at),
    }
}

/// The columns of a character; of one that is written onto another, none.
fn width(c: char) -> usize {
    match c {
        // Most of what is written, without a look into the table: Latin, Greek and Cyrillic, then Chinese.
        ' '..='~' | '\u{a1}'..='\u{ac}' | '\u{ae}'..='\u{2ff}' | '\u{370}'..='\u{482}' | '\u{48a}'..='\u{52f}' => 1,
        '\t' => 8,
        '\u{4e00}'..='\u{9fff}' => 2,
        _ => c.width().unwrap_or(0),
    }
}

/// Links: from their scheme on to a blank, or to what no address has in writings without blanks.
fn links(text: &str) -> Vec<std::ops::Range<usize>> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("://") {
        let scheme = text[..at].bytes().rev().take_while(u8::is_ascii_alphanumeric).count();
        let ends =
            |c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"') || NOT_FIRST.contains(c) && !c.is_ascii();
        let end = text[at..].find(ends).map_or(text.len(), |length| at + length);
        found.push(at - scheme..end);
    }
    found
}

/// What does not begin a line: it closes something, or belongs to the character before it.
const NOT_FIRST: &str = "、。，．・：；？！゛゜ヽヾゝゞ々〻ー’”）〕］｝〉》」』】〗°′″℃％‰…‥–—〜～\
    ぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶ)]}>,.!?:;%\u{e2f}\u{e30}\u{e32}\u{e33}\u{e45}\u{e46}\u{eb0}\u{eb2}\
    \u{eb3}\u{eb4}\u{ebd}\u{f0b}\u{f0d}\u{104a}\u{104b}\u{17d4}\u{17d5}";
/// What does not end one: it opens something, or belongs to the next.
const NOT_LAST: &str = "‘“（〔［｛〈《「『【〖([{<$£¥＄￡￥\u{e40}\u{e41}\u{e42}\u{e43}\u{e44}\u{ec0}\u{ec1}\u{ec2}\u{ec3}\u{ec4}\
    \u{1039}\u{17d2}\u{200d}\u{2060}\u{a0}";

/// Whether a line may end between two characters: those of a writing without blanks, or one of them and another.
fn may_part(before: char, after: char) -> bool {
    (is_without_blanks(before) || is_without_blanks(after))
        && !after.is_whitespace()
        && !before.is_whitespace()
        && !NOT_FIRST.contains(after)
        && !NOT_LAST.contains(before)
        && !is_mark(after)
}

/// Whether it is written onto the character before it, or goes with it.
fn is_mark(c: char) -> bool {
    use GeneralCategory::{EnclosingMark, Format, NonspacingMark, SpacingMark};
    !c.is_ascii()
        && matches!(
            CodePointMapData::<GeneralCategory>::new().get(c),
            EnclosingMark | Format | NonspacingMark | SpacingMark
        )
}

/// Thai, Lao, Tibetan, Burmese, Khmer, and what Chinese and Japanese are written in.
fn is_without_blanks(c: char) -> bool {
    matches!(c,
        '\u{e00}'..='\u{fff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{2e80}'..='\u{30ff}'
        | '\u{31f0}'..='\u{31ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{ff00}'..='\u{ffef}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PLAIN: Flow = Flow {
        without_spaces: false,
        quotes: false,
    };
    const QUOTES: Flow = Flow { quotes: true, ..PLAIN };
    const CHINESE: Flow = Flow {
        without_spaces: true,
        ..PLAIN
    };

    #[track_caller]
    fn check(flow: Flow, text: &str, expect: &str) {
        assert_eq!(flow.wrapped(text).replace(" \n", "·\n"), expect);
        assert_eq!(flow.unwrapped(&flow.wrapped(text)), trimmed(text));
    }

    #[test]
    fn a_paragraph_is_broken_at_72_columns_and_a_line_of_the_author_stays_one() {
        let words = ["words"; 20].join(" ");
        check(
            PLAIN,
            &format!("Short.\n\n{words}\nOne more.\n"),
            &format!(
                "Short.\n\n{}·\n{}\nOne more.\n",
                ["words"; 12].join(" "),
                ["words"; 8].join(" ")
            ),
        );
        let exactly = format!("{} {}", "a".repeat(35), "b".repeat(36));
        check(PLAIN, &exactly, &exactly);
        check(
            PLAIN,
            &format!("{exactly}b"),
            &format!("{}·\n{}", "a".repeat(35), "b".repeat(37)),
        );
    }

    #[test]
    fn blanks_at_the_end_of_a_line_are_taken_off_and_those_inside_stay() {
        check(PLAIN, "a  \nb\t\n c \n", "a\nb\n  c\n");
        let gap = format!("{}   {}", "a".repeat(60), "b".repeat(20));
        check(PLAIN, &gap, &format!("{}  ·\n{}", "a".repeat(60), "b".repeat(20)));
    }

    #[test]
    fn what_would_be_read_as_something_else_has_a_blank_before_it() {
        check(
            PLAIN,
            "From here\n> 5\n  in\nFromage",
            " From here\n > 5\n   in\nFromage",
        );
        let wrapped = format!("{} From here > there", "a".repeat(70));
        check(PLAIN, &wrapped, &format!("{}·\n From here > there", "a".repeat(70)));
    }

    #[test]
    fn what_stands_before_a_signature_is_left_alone_and_never_made() {
        check(PLAIN, "Yours\n-- \nAnn\n", "Yours\n--·\nAnn\n");
        let dashes = format!("-- {}", "a".repeat(72));
        check(PLAIN, &dashes, &dashes);
        check(PLAIN, &format!("{dashes} b"), &format!("-- {}·\nb", "a".repeat(72)));
    }

    #[test]
    fn a_link_is_never_broken() {
        let link = format!("https://x.example/{}", "a-b/".repeat(40));
        check(PLAIN, &format!("See {link} now"), &format!("See·\n{link}·\nnow"));
        let link = format!("https://x.example/声明{}", "文/".repeat(40));
        check(
            CHINESE,
            &format!("请看{link}。谢谢"),
            &format!("请看·\n{link}。·\n谢谢"),
        );
    }

    #[test]
    fn the_columns_of_common_characters_are_those_of_the_table() {
        for c in ('\u{a1}'..='\u{9fff}').filter(|c| c.width().is_some()) {
            assert_eq!(Some(width(c)), c.width(), "{c:?}");
            assert!(width(c) <= c.len_utf8(), "{c:?}");
        }
    }

    #[test]
    fn a_line_is_broken_in_the_same_place_whether_it_is_all_ascii_or_not() {
        for words in [
            "a bb  ccc dddd ".repeat(20),
            format!("{} b", "a".repeat(72)),
            format!("{}  {}", "a".repeat(71), "b".repeat(72)),
            format!("   {} b c", "a".repeat(69)),
            format!("-- {} b", "a".repeat(68)),
        ] {
            for flow in [PLAIN, CHINESE] {
                let wrapped = flow.wrapped(&words);
                assert_eq!(
                    wrapped,
                    flow.wrapped(&words.replace('a', "é")).replace('é', "a"),
                    "{words}"
                );
            }
        }
    }

    #[test]
    fn a_quotation_stays_one_in_each_of_its_lines() {
        let words = ["words"; 15].join(" ");
        check(
            QUOTES,
            &format!("> {words}\n>\n>> Deeper\nNot"),
            &format!(
                "> {}·\n> {}\n>\n>> Deeper\nNot",
                ["words"; 11].join(" "),
                ["words"; 4].join(" ")
            )
            .replace(">> Deeper", ">> Deeper"),
        );
    }

    #[test]
    fn columns_are_counted_as_they_are_drawn() {
        let chinese = "石油工人罢工要求释放被捕者并公布调查结果。".repeat(3);
        let wrapped = CHINESE.wrapped(&chinese);
        let widths: Vec<usize> = wrapped.lines().map(|line| line.chars().map(width).sum()).collect();
        assert!(widths.iter().all(|width| *width <= COLUMNS), "{widths:?}\n{wrapped}");
        assert_eq!(widths[0], 71, "{wrapped}");
        // Written onto the character before: no column of its own.
        let marks = "e\u{301}".repeat(35) + " " + &"e\u{301}".repeat(36);
        check(PLAIN, &marks, &marks);
    }

    #[test]
    fn without_blanks_between_words_a_line_ends_between_characters_that_may_part() {
        let line = "石".repeat(35);
        check(
            CHINESE,
            &format!("{line}。後"),
            &format!("{}·\n石。後", "石".repeat(34)),
        );
        check(
            CHINESE,
            &format!("{}「石」", "石".repeat(34)),
            &format!("{}·\n「石」", "石".repeat(34)),
        );
        check(
            CHINESE,
            &format!("{}Kazakhstan石", "石".repeat(32)),
            &format!("{}·\nKazakhstan石", "石".repeat(32)),
        );
        // Where there is a blank near the end, it is there.
        let thai = format!("{} {}", "ก".repeat(60), "ข".repeat(40));
        check(CHINESE, &thai, &format!("{} ·\n{}", "ก".repeat(60), "ข".repeat(40)));
        // No vowel is parted from its consonant.
        let thai = format!("{}เก้า", "ก".repeat(70));
        check(CHINESE, &thai, &format!("{}·\nเก้า", "ก".repeat(70)));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1000) })]

        #[test]
        fn whatever_is_flowed_is_read_as_it_was(
            pieces in proptest::collection::vec(prop_oneof![
                proptest::sample::select(vec![" ", "  ", "\n", ">", "From ", "-- ", "--", "\t", "https://x.example/aaaaaaaaaaaaaaaaaaa", "石", "。"]).prop_map(str::to_owned),
                "[a-z]{1,30}", "[ก-๏]{1,30}", "\\PC{0,20}",
            ], 0..40),
            without_spaces: bool,
        ) {
            let text = pieces.concat();
            let flow = Flow { without_spaces, quotes: false };
            let wrapped = flow.wrapped(&text);
            prop_assert_eq!(flow.unwrapped(&wrapped), trimmed(&text));
            for line in wrapped.split('\n') {
                let columns: usize = line.chars().map(width).sum();
                prop_assert!(columns <= COLUMNS || !line.trim().contains(' ') || line.contains('\t') || line.starts_with(' ') || line.trim_start().starts_with("-- "), "{:?}", line);
                prop_assert!(!line.starts_with('>') && !line.starts_with("From "), "{:?}", line);
            }
        }
    }
}
