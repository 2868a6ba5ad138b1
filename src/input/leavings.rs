//! What other programs and drafts leave in a text: places to be filled in, characters of a word processor, and letters
//! that were read in the wrong encoding.
//!
//! A false alarm is worse than a miss: who is warned for nothing reads no warning any more.

mod encoding;

use std::ops::Range;

use appel_messages::{Message, msg};

use super::phrases;

/// Something that was left in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Leaving {
    /// A place that was to be filled in.
    Place,
    /// A word of somebody who was not done.
    Draft,
    /// A character that a word processor put there.
    Character(Sort),
    /// Letters that were read in another encoding than they were written in.
    Encoding,
}

/// Which character of a word processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sort {
    /// A sign of a font that only one program has: Word's bullets.
    OwnFont,
    /// A space that has no width.
    ZeroWidth,
    /// A hyphen that shows at the end of a line only.
    SoftHyphen,
    /// A space at which no line ends, where an ordinary one is meant.
    NoBreakSpace,
    /// A tab.
    Tab,
    /// A line's or a paragraph's end that is none in mail.
    LineEnd,
}

impl Sort {
    /// What it is, in words.
    pub fn message(self) -> Message {
        match self {
            Self::OwnFont => msg!("character-own-font"),
            Self::ZeroWidth => msg!("character-zero-width"),
            Self::SoftHyphen => msg!("character-soft-hyphen"),
            Self::NoBreakSpace => msg!("character-no-break-space"),
            Self::Tab => msg!("character-tab"),
            Self::LineEnd => msg!("character-line-end"),
        }
    }

    /// What to do about it.
    pub fn hint(self) -> Message {
        match self {
            Self::OwnFont => msg!("character-hint-own-font"),
            Self::ZeroWidth | Self::SoftHyphen => msg!("character-hint-delete"),
            Self::NoBreakSpace | Self::Tab => msg!("character-hint-space"),
            Self::LineEnd => msg!("character-hint-line-end"),
        }
    }
}

/// Everything that was left in `text`, in its order, with the bytes where it stands.
pub fn find(text: &str) -> Vec<(Range<usize>, Leaving)> {
    let mut found = Vec::new();
    brackets(text, &mut found);
    lines_to_write_on(text, &mut found);
    drafts(text, &mut found);
    // The rest are characters beyond ASCII, and tabs.
    if !text.is_ascii() {
        characters(text, &mut found);
        found.extend(encoding::wrong(text).map(|at| (at, Leaving::Encoding)));
    }
    tabs(text, &mut found);
    found.sort_by_key(|(at, _)| (at.start, at.end));
    found
}

/// Where letters begin that were read in another encoding than they were written in.
pub fn wrong_encoding(text: &str) -> Option<Range<usize>> {
    encoding::wrong(text)
}

/// Whether these are words of somebody's own: not blank, and more than a place that was to be filled in.
#[must_use]
pub fn says_something(text: &str) -> bool {
    let mut rest = text.to_owned();
    for (at, what) in find(text).into_iter().rev() {
        if matches!(what, Leaving::Place | Leaving::Draft) && rest.is_char_boundary(at.start) && at.end <= rest.len() {
            rest.replace_range(at, " ");
        }
    }
    let [whole, words] = [text, &rest].map(str::to_lowercase);
    let [whole, words] = [&whole, &words].map(|text| text.trim_matches(|c: char| !c.is_alphanumeric()));
    let mut letters = words.chars().filter(|c| c.is_alphanumeric());
    let first = letters.next();
    // "xxx" says nothing.
    let is_one_sign_over_and_over = letters.all(|c| Some(c) == first);
    let is_instead = |words: &str| phrases::is_placeholder(words) || phrases::stands_for_words(words);
    !is_one_sign_over_and_over && !is_instead(whole) && !is_instead(words)
}

/// The number of a character in Unicode, as it is looked up: `00A0`.
pub fn code(character: &str) -> String {
    format!("{:04X}", character.chars().next().map_or(0, u32::from))
}

/// The word around a place, to be shown.
pub fn around(text: &str, place: Range<usize>) -> &str {
    /// More of it is not needed to know it again.
    const SHOWN: usize = 20;
    let ends = |c: char| c.is_whitespace() || c.is_ascii_punctuation();
    let left = text[..place.start].chars().rev().take(SHOWN).take_while(|c| !ends(*c));
    let right = text[place.end..].chars().take(SHOWN).take_while(|c| !ends(*c));
    let from = place.start - left.map(char::len_utf8).sum::<usize>();
    let to = place.end + right.map(char::len_utf8).sum::<usize>();
    &text[from..to]
}

/// How many characters a place to be filled in has at most.
const LONGEST_PLACEHOLDER: usize = 60;

/// `[NAME]`, `[à compléter]`, `<NAME>`, `«recipient.name»`, `{recipient.name}`.
fn brackets(text: &str, found: &mut Vec<(Range<usize>, Leaving)>) {
    for (at, open) in text.match_indices(['[', '<', '«', '{']) {
        let begin = at + open.len();
        let (close, is_placeholder): (char, fn(&str) -> bool) = match open {
            "[" => (']', |inner| in_capitals(inner) || phrases::is_placeholder(inner)),
            "<" => ('>', |inner| {
                (in_capitals(inner) && !phrases::is_html(inner)) || phrases::is_placeholder(inner)
            }),
            "«" => ('»', |inner| is_field(inner) || phrases::is_merge_field(inner)),
            _ => ('}', is_name),
        };
        let rest = &text[begin..];
        let end = rest.char_indices().take(LONGEST_PLACEHOLDER).find(|(_, c)| *c == close);
        let Some((length, _)) = end.filter(|(length, _)| is_placeholder(&rest[..*length])) else {
            continue;
        };
        let behind = &rest[length + close.len_utf8()..];
        let is_other = match open {
            // [UN](https://…) is a link.
            "[" => behind.starts_with(['(', '[', ':']),
            // A backslash says that braces are meant as they are.
            "{" => text[..at].trim_end_matches('{').ends_with('\\'),
            _ => false,
        };
        if is_other {
            continue;
        }
        // `{{name}}`, where nothing is filled in.
        let (mut from, mut to) = (at, text.len() - behind.len());
        if open == "{" && text[..at].ends_with('{') && behind.starts_with('}') {
            (from, to) = (from - 1, to + 1);
        }
        found.push((from..to, Leaving::Place));
    }
}

fn in_capitals(inner: &str) -> bool {
    inner.chars().filter(|c| c.is_alphabetic()).count() >= 2
        && inner
            .chars()
            .all(|c| c.is_uppercase() || c.is_numeric() || matches!(c, ' ' | '_' | '-' | '\'' | '/' | '.' | ',' | ':'))
}

/// A field of a form letter: `recipient.name`, `First_Name`.
fn is_field(inner: &str) -> bool {
    let groups = ["recipient.", "sender.", "campaign."];
    is_name(inner)
        && !inner.contains(' ')
        && (inner.contains('_') || groups.iter().any(|group| inner.starts_with(group)))
}

/// A name of this program or of another one.
fn is_name(inner: &str) -> bool {
    let inner = inner.trim();
    inner.starts_with(char::is_alphabetic)
        && inner.chars().filter(|c| c.is_alphabetic()).count() >= 2
        && inner
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ' '))
}

/// `____` and `........`, unless the whole line is one: that parts what stands above from what stands below.
fn lines_to_write_on(text: &str, found: &mut Vec<(Range<usize>, Leaving)>) {
    const SORTS: [(char, usize); 3] = [('_', 4), ('.', 6), ('…', 3)];
    let several = text.trim_end().contains('\n');
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        for (sign, least) in SORTS {
            let mut from = 0;
            while let Some(offset) = line[from..].find(sign) {
                let begin = from + offset;
                let length = line[begin..].len() - line[begin..].trim_start_matches(sign).len();
                from = begin + length;
                if length >= least * sign.len_utf8() && !(several && line.trim().len() == length) {
                    found.push((at + begin..at + from, Leaving::Place));
                }
            }
        }
        at += line.len();
    }
}

/// `TODO`, `XXX`, `Lorem ipsum`.
fn drafts(text: &str, found: &mut Vec<(Range<usize>, Leaving)>) {
    for word in ["TODO", "FIXME", "XXX", "TBD", "Lorem", "lorem"] {
        for (at, _) in text.match_indices(word) {
            let is_lorem = word.eq_ignore_ascii_case("lorem");
            let end = at + word.len();
            let end = match text[end..].strip_prefix(" ipsum") {
                Some(rest) if is_lorem => text.len() - rest.len(),
                // In small letters and alone it is a word of Latin.
                _ if word == "lorem" => continue,
                _ => end,
            };
            let before = text[..at].chars().next_back();
            let after = text[end..].chars().next();
            let alone = |c: Option<char>| !c.is_some_and(|c| c.is_alphanumeric() || c == '_');
            if alone(before) && alone(after) {
                found.push((at..end, Leaving::Draft));
            }
        }
    }
}

fn characters(text: &str, found: &mut Vec<(Range<usize>, Leaving)>) {
    // Thai, Lao, Burmese and Khmer have no spaces between words: there it says where a line may end.
    let has_no_spaces = text.contains('\u{200b}')
        && text
            .chars()
            .any(|c| matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'));
    for (at, c) in text.char_indices() {
        let sort = match c {
            '\u{f000}'..='\u{f0ff}' => Sort::OwnFont,
            '\u{200b}' if !has_no_spaces => Sort::ZeroWidth,
            '\u{2060}' | '\u{feff}' => Sort::ZeroWidth,
            '\u{ad}' => Sort::SoftHyphen,
            '\u{a0}' | '\u{202f}' | '\u{2007}' if is_out_of_place(&text[..at], &text[at + c.len_utf8()..]) => {
                Sort::NoBreakSpace
            }
            '\u{2028}' | '\u{2029}' => Sort::LineEnd,
            _ => continue,
        };
        found.push((at..at + c.len_utf8(), Leaving::Character(sort)));
    }
}

/// How many letters a word has that is no abbreviation and no preposition.
const A_WORD: usize = 3;

/// Whether a no-break space between these two is none that somebody set: beside another space, or between two words. What
/// stands before French punctuation, in numbers, at abbreviations and behind a title is set.
fn is_out_of_place(before: &str, behind: &str) -> bool {
    let is_space = |c: char| c == ' ' || c == '\u{a0}';
    if before.ends_with(is_space) || behind.starts_with(is_space) {
        return true;
    }
    let left = before.chars().rev().take_while(|c| c.is_alphabetic()).count();
    let right = behind.chars().take_while(|c| c.is_alphabetic()).count();
    left >= A_WORD && right >= A_WORD && behind.starts_with(char::is_lowercase)
}

/// Tabs with something behind them on the line: the others are seen by nobody.
fn tabs(text: &str, found: &mut Vec<(Range<usize>, Leaving)>) {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let seen = line.trim_end();
        let tabs = seen.match_indices('\t').map(|(at, _)| start + at..start + at + 1);
        found.extend(tabs.map(|at| (at, Leaving::Character(Sort::Tab))));
        start += line.len();
    }
}

#[cfg(test)]
mod tests;
