//! Letters that were read in another encoding than they were written in: `Ã©` for é, `â€™` for ’.

use std::ops::Range;

/// What stands for a character that could not be read.
const REPLACEMENT: char = '\u{fffd}';

/// What Windows-1252 has at 0x80 to 0x9F; blanks where it has nothing.
const WINDOWS: &str = "€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ";

/// Where that begins first; one place is enough, for who mends it reads the file again as a whole.
pub fn wrong(text: &str) -> Option<Range<usize>> {
    let mut before = None;
    for (at, c) in text.char_indices() {
        if !c.is_ascii()
            && let Some(length) = wrong_here(before, &text[at..])
        {
            return Some(at..at + length);
        }
        before = Some(c);
    }
    None
}

/// How many bytes of `text` are wrong together, when it begins with such.
fn wrong_here(before: Option<char>, text: &str) -> Option<usize> {
    let mut chars = text.chars();
    let first = chars.next()?;
    let second = chars.next();
    if first == REPLACEMENT || text.starts_with("ï»¿") || text.starts_with("ï¿½") {
        return Some(first.len_utf8());
    }
    // The quotation marks, dashes and apostrophes of UTF-8; no language writes these two side by side.
    if text.starts_with("â€") || text.starts_with("â‚¬") {
        return Some(text.chars().take(3).map(char::len_utf8).sum());
    }
    if is_of_a_mac(before, first, second) {
        return Some(first.len_utf8());
    }
    // A letter with a quotation mark behind it: «CAFÉ», „Ä“. Amid a word there is none; and none opens behind a letter.
    if matches!(first, 'Â'..='Å') && second.is_some_and(is_punctuation) {
        let goes_on = chars.next().is_some_and(char::is_lowercase);
        let amid = before.is_some_and(char::is_lowercase) && goes_on;
        let begins = before.is_none_or(char::is_whitespace);
        let closes = second == Some('»') && goes_on;
        if !amid && !(begins && (closes || second == Some('«'))) {
            return None;
        }
    }
    let (enough, byte_of): (usize, fn(char) -> Option<u8>) = match first {
        'Â'..='Å' => (1, in_windows_1252),
        'Î' | 'Ï' | 'Ð' | 'Ñ' | 'Ø' | 'Ù' => (2, in_windows_1252),
        'Р' | 'С' => (3, in_windows_1251),
        'ä'..='é' => (6, in_windows_1252),
        _ => return None,
    };
    run(text, enough, byte_of)
}

/// What may stand behind a word in text that is right.
const fn is_punctuation(c: char) -> bool {
    matches!(
        c,
        '«' | '»'
            | '“'
            | '”'
            | '„'
            | '‘'
            | '’'
            | '‚'
            | '‹'
            | '›'
            | '…'
            | '–'
            | '—'
            | '°'
            | '·'
            | '¡'
            | '¿'
            | '\u{a0}'
            | '\u{ad}'
    )
}

/// How many bytes the characters have that make at least so many characters of UTF-8.
fn run(text: &str, enough: usize, byte_of: fn(char) -> Option<u8>) -> Option<usize> {
    /// Longer runs are not needed to be sure.
    const LOOKED_AT: usize = 24;
    let run: Vec<(usize, u8)> = text
        .chars()
        .take(LOOKED_AT)
        .map_while(|c| Some((c.len_utf8(), byte_of(c)?)))
        .collect();
    let bytes: Vec<u8> = run.iter().map(|(_, byte)| *byte).collect();
    let valid = match std::str::from_utf8(&bytes) {
        Ok(_) => bytes.len(),
        Err(error) => error.valid_up_to(),
    };
    let made = bytes[..valid].iter().filter(|byte| **byte & 0xc0 != 0x80).count();
    (made >= enough).then(|| run[..valid].iter().map(|(length, _)| length).sum())
}

/// The byte of a character beyond ASCII in Windows-1252.
fn in_windows_1252(c: char) -> Option<u8> {
    match c {
        '\u{80}'..='\u{ff}' => u8::try_from(u32::from(c)).ok(),
        ' ' => None,
        _ => WINDOWS
            .chars()
            .position(|known| known == c)
            .and_then(|nth| u8::try_from(nth + 0x80).ok()),
    }
}

/// The byte of a character beyond ASCII in Windows-1251.
fn in_windows_1251(c: char) -> Option<u8> {
    if c.is_ascii() {
        return None;
    }
    let mut room = [0; 4];
    match encoding_rs::WINDOWS_1251.encode(c.encode_utf8(&mut room)) {
        (bytes, _, false) => bytes.first().copied(),
        _ => None,
    }
}

/// Capitals and signs amid small letters, where text of an old Mac was taken for one of Windows: `BŸro`, `rŽpublique`,
/// `ƒthiopie`.
fn is_of_a_mac(before: Option<char>, c: char, behind: Option<char>) -> bool {
    let is_small = |c: Option<char>| c.is_some_and(char::is_lowercase);
    match c {
        'Ÿ' | 'Ž' | 'Š' => is_small(before) && is_small(behind),
        'ƒ' => is_small(behind) && !is_small(before),
        _ => false,
    }
}
