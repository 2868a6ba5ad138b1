//! vCard (RFC 6350, and the older 2.1 and 3.0): address books of phones and mail programs.

use appel_core::words::visible_line;

use super::Found;
use crate::failure::Place;

/// What says nothing about whom to write to, and is passed over without a word.
const PASSED_OVER: [&str; 13] = [
    "VERSION",
    "PRODID",
    "UID",
    "REV",
    "PHOTO",
    "LOGO",
    "SOUND",
    "KEY",
    "CATEGORIES",
    "N",
    "SORT-STRING",
    "CLASS",
    "KIND",
];

/// A line: its name, its parameters and its value.
struct Line {
    name: String,
    parameters: Vec<String>,
    value: String,
}

impl Line {
    fn has(&self, parameter: &str) -> bool {
        self.parameters.iter().any(|own| {
            let value = own.split_once('=').map_or(own.as_str(), |(_, value)| value);
            value
                .split(',')
                .any(|value| value.trim_matches('"').eq_ignore_ascii_case(parameter))
        })
    }
}

/// Every card.
pub fn read(text: &str, shown: &str) -> Vec<Found> {
    let mut found = Vec::new();
    let mut card: Option<Found> = None;
    let mut addresses: Vec<(bool, String)> = Vec::new();
    for (number, line) in lines(text) {
        let Some(line) = parse(&line) else { continue };
        match (line.name.as_str(), &mut card) {
            ("BEGIN", _) => {
                addresses.clear();
                card = Some(Found {
                    place: Place {
                        line: Some(number),
                        ..Place::file(shown)
                    },
                    ..Found::default()
                });
            }
            ("END", Some(_)) => {
                // The preferred one first; a person has one letter, whatever else they read.
                addresses.sort_by_key(|(preferred, _)| !preferred);
                let mut all = addresses.drain(..).map(|(_, address)| address);
                if let Some(mut card) = card.take() {
                    card.entry.email = all.next().unwrap_or_default();
                    card.unread.extend(all.map(|address| format!("EMAIL {address}")));
                    found.push(card);
                }
            }
            (name, Some(card)) => property(name, &line, card, &mut addresses),
            _ => {}
        }
    }
    found
}

fn property(name: &str, line: &Line, card: &mut Found, addresses: &mut Vec<(bool, String)>) {
    let entry = &mut card.entry;
    let value = line.value.trim();
    if value.trim_matches(';').is_empty() {
        return;
    }
    match name {
        "FN" => value.clone_into(&mut entry.name),
        "ORG" if entry.name.is_empty() => value.split(';').next().unwrap_or_default().clone_into(&mut entry.name),
        "EMAIL" => addresses.push((line.has("pref") || line.has("1"), value.to_owned())),
        "TITLE" | "ROLE" if entry.title.is_empty() => value.clone_into(&mut entry.title),
        "LANG" if entry.language.is_empty() => value.clone_into(&mut entry.language),
        "LANG" => {
            entry.language.push(' ');
            entry.language.push_str(value);
        }
        "GENDER" => entry.gender = value.split(';').next().unwrap_or_default().to_lowercase(),
        "NOTE" => value.clone_into(&mut entry.note),
        "SOURCE" => value.clone_into(&mut entry.source),
        "ORG" => card.unread.push(format!("ORG {}", visible_line(value))),
        // Where somebody lives is not whom they serve.
        name if PASSED_OVER.contains(&name) || name.starts_with("X-") => {}
        name => card.unread.push(format!("{name} {}", visible_line(&shortened(value)))),
    }
}

fn shortened(value: &str) -> String {
    const SHOWN: usize = 60;
    value.chars().take(SHOWN).collect()
}

/// The lines with the number of each; one that goes on in the next begins that one with a blank, or ends with `=`.
fn lines(text: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    for (nth, line) in text.lines().enumerate() {
        let line = line.trim_end_matches('\r');
        match found.last_mut() {
            Some((_, before)) if before.ends_with('=') && before.to_uppercase().contains("QUOTED-PRINTABLE") => {
                before.pop();
                before.push_str(line);
            }
            Some((_, before)) if line.starts_with([' ', '\t']) => before.push_str(&line[1..]),
            _ => found.push((nth + 1, line.to_owned())),
        }
    }
    found
}

fn parse(line: &str) -> Option<Line> {
    let mut quoted = false;
    let colon = line.char_indices().find(|(_, c)| {
        quoted ^= *c == '"';
        *c == ':' && !quoted
    })?;
    let (head, value) = (&line[..colon.0], &line[colon.0 + 1..]);
    let mut parts = head.split(';');
    let name = parts.next()?.trim();
    // Apple's programs put lines into groups: item1.EMAIL
    let name = name.rsplit('.').next().unwrap_or(name).to_uppercase();
    let parameters: Vec<String> = parts.map(str::to_owned).collect();
    let mut line = Line {
        name,
        parameters,
        value: String::new(),
    };
    line.value = if line.has("QUOTED-PRINTABLE") {
        unescape(&printed(value))
    } else {
        unescape(value)
    };
    Some(line)
}

/// Quoted-printable, in UTF-8.
fn printed(value: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = value.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let code = behind.get(..2).and_then(|code| std::str::from_utf8(code).ok());
        let byte = code.and_then(|code| u8::from_str_radix(code, 16).ok());
        if let Some(byte) = byte.filter(|_| *first == b'=') {
            bytes.push(byte);
            rest = &behind[2..];
        } else {
            bytes.push(*first);
            rest = behind;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn unescape(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n' | 'N') => text.push('\n'),
                Some(other) => text.push(other),
                None => {}
            },
            c => text.push(c),
        }
    }
    text
}
