//! What is odd in a password that was refused: a character that nobody sees, or that came in with copying. It is named,
//! and nothing else of the password is told.

use appel_core::words::is_unsafe_to_show;
use appel_messages::{Message, msg};

/// A character that hardly belongs there, and where it stands: its kind, and one of the two ends or the inside.
pub struct Oddity {
    /// What it is called.
    pub character: Message,
    /// Where it stands.
    pub place: Message,
}

/// The first odd character of a secret; those that cannot be seen come first.
pub fn oddity(secret: &str) -> Option<Oddity> {
    let last = secret.chars().count().saturating_sub(1);
    let find = |is_wanted: fn(char) -> Option<Message>, only_at_ends: bool| {
        let mut all = secret.chars().enumerate();
        all.find_map(|(at, c)| {
            let is_end = at == 0 || at == last;
            let character = is_wanted(c).filter(|_| is_end || !only_at_ends)?;
            let place = match at {
                // A line end that follows another one is at the end as well.
                0 => msg!("odd-at-start"),
                _ if secret.chars().skip(at).all(|c| is_wanted(c).is_some()) => msg!("odd-at-end"),
                _ => msg!("odd-inside"),
            };
            Some(Oddity { character, place })
        })
    };
    find(unseen, false)
        .or_else(|| find(space, true))
        .or_else(|| find(look_alike, false))
}

/// Those that look like nothing, or like an ordinary space: their number tells nothing of the password.
fn unseen(c: char) -> Option<Message> {
    let name = match c {
        '\u{a0}' | '\u{2007}' | '\u{202f}' => msg!("odd-no-break-space"),
        '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{205f}' | '\u{3000}' => msg!("odd-other-space"),
        '\u{ad}' => msg!("odd-soft-hyphen"),
        '\u{feff}' => msg!("odd-byte-order-mark"),
        '\u{200b}'..='\u{200d}' | '\u{2060}' => msg!("odd-zero-width"),
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            msg!("odd-direction")
        }
        '\t' => msg!("odd-tab"),
        '\r' | '\n' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => msg!("odd-line-end"),
        c if c.is_control() => msg!("odd-control"),
        '\u{fffd}' => msg!("odd-replacement"),
        c if is_unsafe_to_show(c) || c.is_whitespace() && c != ' ' => msg!("odd-invisible"),
        _ => return None,
    };
    Some(msg!(
        "odd-with-number",
        name = name,
        number = format!("U+{:04X}", u32::from(c))
    ))
}

fn space(c: char) -> Option<Message> {
    (c == ' ').then(|| msg!("odd-space"))
}

/// Those that programs put in place of others. Which one it is would tell a letter of the password.
fn look_alike(c: char) -> Option<Message> {
    match c {
        '\u{ff01}'..='\u{ff60}' | '\u{ffe0}'..='\u{ffe6}' => Some(msg!("odd-full-width")),
        '\u{2010}'..='\u{2015}' | '\u{2212}' => Some(msg!("odd-dash")),
        '\u{2018}'..='\u{201f}' | '\u{2032}' | '\u{2033}' => Some(msg!("odd-quote")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(secret: &str) -> Option<String> {
        oddity(secret).map(|odd| format!("{} {}", odd.character.in_english(), odd.place.in_english()))
    }

    #[test]
    fn a_character_that_cannot_be_seen_is_named_with_its_place() {
        for (secret, expect) in [
            ("abcd\u{a0}efgh", "a no-break space (U+00A0) inside"),
            ("abcdefgh\u{a0}", "a no-break space (U+00A0) at its end"),
            ("\u{feff}abcdefgh", "a byte-order mark (U+FEFF) at its start"),
            ("abcd\u{202f}efgh", "a no-break space (U+202F) inside"),
            ("abcd\u{200b}efgh", "a zero-width character (U+200B) inside"),
            ("ab\u{ad}cd", "a soft hyphen (U+00AD) inside"),
            ("abcd\r\n", "a line end (U+000D) at its end"),
            ("abcd\n", "a line end (U+000A) at its end"),
            ("abcd\t", "a tab (U+0009) at its end"),
            ("abcd ", "a space at its end"),
            (" abcd", "a space at its start"),
            ("abcd\u{3000}", "a space of another kind (U+3000) at its end"),
            ("abcd\u{e0041}", "a character that is not drawn (U+E0041) at its end"),
            (
                "\u{200e}abcd",
                "a mark of the direction of writing (U+200E) at its start",
            ),
            ("ab\u{fffd}cd", "a sign in place of an unreadable one (U+FFFD) inside"),
            ("\u{1b}abcd", "a control character (U+001B) at its start"),
        ] {
            assert_eq!(found(secret).as_deref(), Some(expect), "{secret:?}");
        }
    }

    #[test]
    fn a_character_that_can_be_seen_is_told_by_its_kind_alone() {
        for (secret, expect) in [
            ("ab\u{ff21}cd", "a full-width letter or sign inside"),
            ("ab\u{2013}cd", "a long dash inside"),
            ("\u{201c}abcd\u{201d}", "a curly quotation mark at its start"),
        ] {
            assert_eq!(found(secret).as_deref(), Some(expect), "{secret:?}");
        }
    }

    #[test]
    fn an_ordinary_password_has_nothing_odd() {
        for secret in [
            "abcd efgh ijkl mnop",
            "p\u{e4}ssw\u{f6}rd-'\"",
            "\u{43f}\u{430}\u{440}\u{43e}",
            "",
        ] {
            assert_eq!(found(secret), None, "{secret:?}");
        }
    }
}
