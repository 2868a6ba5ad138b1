//! `[[letter]]`: the kinds of letter, and what goes with them.

use std::collections::HashSet;
use std::path::Path;

use appel_core::address::Address;
use appel_core::campaign::{Attachment, Format, LetterSpec, Limits, OwnWords};
use appel_core::words::nearest;
use appel_messages::{Message, msg};

use super::KeptBack;
use super::general::word;
use super::paths::{self, MOST_ATTACHED};
use super::read::Table;
use super::source::Source;
use super::value::Value;
use crate::failure::{Place, Problem};

/// How many letters a campaign has at most.
const MOST_LETTERS: usize = 1000;
/// How many roles a letter names at most.
const MOST_ROLES: usize = 100;
/// How long the name of a role is at most, in bytes.
const LONGEST_ROLE: usize = 200;
/// How many copies `cc` names at most, whatever the limit of copies is.
const MOST_COPIES: usize = 1000;
/// How many files go with a letter at most.
pub const MOST_ATTACHMENTS: usize = 100;
/// How many files go with all letters at most, each counted as often as it is named.
const MOST_FILES: usize = 10_000;

const OWN_WORDS: &[(&str, OwnWords)] = &[("optional", OwnWords::Optional), ("required", OwnWords::Required)];
const FORMATS: &[(&str, Format)] = &[("text", Format::Text), ("markdown", Format::Markdown)];

/// Reads every `[[letter]]`; what is wrong in one is left out of it, so that the others and its template are still checked.
pub fn read(top: &Table<'_>, folder: &Path, kept_back: &KeptBack, limits: &Limits) -> Vec<LetterSpec> {
    let source = top.source();
    let Some(value) = top.get("letter") else {
        source.push(no_letter(source));
        return Vec::new();
    };
    if value.raw().is_table() {
        value.refuse(msg!("config-one-letter-table"));
        return Vec::new();
    }
    let mut letters: Vec<LetterSpec> = Vec::new();
    let items = value.list("[[letter]]");
    if items.is_empty() {
        source.push(no_letter(source));
    }
    let mut ids = HashSet::new();
    let mut files = MOST_FILES;
    let mut follows = Vec::new();
    for (nth, item) in items.into_iter().enumerate() {
        if nth == MOST_LETTERS {
            item.refuse(msg!("config-too-many-letters", most = MOST_LETTERS));
            break;
        }
        let table = Table::of(item);
        let Some(table) = table else { continue };
        let followed = table.text("follows");
        if let Some(mut letter) = read_one(&table, folder, kept_back, limits, &mut ids, &mut files) {
            if let Some(followed) = followed {
                letter.follows = Some(followed.as_str().to_owned());
                follows.push((letters.len(), followed));
            }
            letters.push(letter);
        }
    }
    for (at, followed) in follows {
        if let Some(wrong) = wrong_to_follow(&letters, &ids, at) {
            followed.refuse(wrong);
        }
    }
    letters
}

/// Why a letter cannot follow the one that it names.
fn wrong_to_follow(letters: &[LetterSpec], ids: &HashSet<&str>, at: usize) -> Option<Message> {
    let id = &letters[at].id;
    let mut way = vec![id.as_str()];
    while let Some(next) = letters
        .iter()
        .find(|letter| Some(&*letter.id) == way.last().copied())?
        .follows
        .as_deref()
    {
        if next == id {
            way.push(next);
            return Some(match way.len() {
                2 => msg!("config-follows-itself", id = id),
                _ => msg!("config-follows-in-a-circle", way = way.join(" → ")),
            });
        }
        // Another circle is said where it is, and what is wrong with another letter of it as well.
        if way.contains(&next) {
            return None;
        }
        if !ids.contains(next) {
            return (way.len() == 1).then(
                || match nearest(next, ids.iter().copied().filter(|other| other != id)) {
                    Some(near) => msg!("config-follows-no-letter-near", id = next, near = near),
                    None => msg!("config-follows-no-letter", id = next),
                },
            );
        }
        way.push(next);
    }
    None
}

fn no_letter(source: &Source<'_>) -> Problem {
    Problem::error(msg!("config-no-letter")).at(Place::file(source.shown()))
}

fn read_one<'a>(
    table: &Table<'a>,
    folder: &Path,
    kept_back: &KeptBack,
    limits: &Limits,
    ids: &mut HashSet<&'a str>,
    files: &mut usize,
) -> Option<LetterSpec> {
    let id = table.required("id", "id = \"protest\"");
    if let Some(text) = &id
        && !ids.insert(text.as_str())
    {
        text.refuse(msg!("config-same-letter-id", id = text.as_str()));
    }
    let template = table.text("template").map(|text| word(&text));
    let to = roles(table);
    let format = table
        .text("format")
        .map_or(Some(Format::Text), |text| text.choice(FORMATS));
    let own_words = table
        .text("message")
        .map_or(Some(OwnWords::Optional), |text| text.choice(OWN_WORDS));
    let cc = copies(table, limits);
    let attach = attachments(table, folder, kept_back, files);
    table.deny_unknown();
    let id = word(&id?)?;
    Some(LetterSpec {
        template: template.flatten().unwrap_or_else(|| id.clone()),
        follows: None,
        id,
        to,
        format: format.unwrap_or(Format::Text),
        says_language: false,
        own_words: own_words.unwrap_or(OwnWords::Optional),
        cc,
        attach,
    })
}

fn roles(table: &Table<'_>) -> Vec<String> {
    let example = "to = [\"embassy\", \"ministry\"]";
    let Some(value) = table.get("to") else {
        table.missing("to", example);
        return Vec::new();
    };
    let place = value.place();
    let is_list = value.raw().is_array();
    let items = value.list(example);
    if items.is_empty() && is_list {
        table
            .source()
            .push(Problem::error(msg!("config-letter-to-nobody", example = example)).at(place));
    }
    let mut roles: Vec<String> = Vec::new();
    for text in first(items, MOST_ROLES, too_many_roles).filter_map(Value::text) {
        if let Some(role) = text.line() {
            if role.len() > LONGEST_ROLE {
                text.refuse(msg!("config-role-too-long", most = LONGEST_ROLE));
            } else if roles.contains(&role) {
                text.warn(msg!("config-role-twice", role = role));
            } else {
                roles.push(role);
            }
        }
    }
    roles
}

fn copies(table: &Table<'_>, limits: &Limits) -> Vec<Address> {
    let Some(value) = table.get("cc") else {
        return Vec::new();
    };
    let place = value.place();
    let texts = value.list("cc = [\"archive@example.org\"]");
    if texts.len() > limits.copies_per_letter {
        table.source().push(
            Problem::error(msg!(
                "config-over-copies-per-letter",
                most = limits.copies_per_letter,
                count = texts.len()
            ))
            .at(place),
        );
        return Vec::new();
    }
    first(texts, MOST_COPIES, too_many_copies)
        .filter_map(Value::text)
        .filter_map(|text| super::account::address(&text))
        .collect()
}

/// `files` is how many more may go with letters.
fn attachments(table: &Table<'_>, folder: &Path, kept_back: &KeptBack, files: &mut usize) -> Vec<Attachment> {
    let Some(value) = table.get("attach") else {
        return Vec::new();
    };
    let place = value.place();
    let mut found: Vec<Attachment> = Vec::new();
    let mut bytes = 0u64;
    let written = value.list("attach = [\"files/statement.pdf\"]");
    for text in first(written, MOST_ATTACHMENTS, too_many_attachments).filter_map(Value::text) {
        let Some(left) = files.checked_sub(1) else {
            text.refuse(msg!("config-too-many-files", most = MOST_FILES));
            break;
        };
        *files = left;
        match paths::attachment(folder, text.as_str(), kept_back) {
            Ok((attachment, _)) if found.contains(&attachment) => {}
            Ok((attachment, length)) => {
                bytes = bytes.saturating_add(length);
                found.push(attachment);
            }
            Err(refused) => refused.of(&text),
        }
    }
    if bytes > MOST_ATTACHED {
        table.source().push(paths::too_heavy(bytes).at(place));
    }
    found
}

/// The first `most` of a list; that there are more is an error, which is said of the key and that number.
fn first(
    items: Vec<Value<'_>>,
    most: usize,
    too_many: impl FnOnce(&str, usize) -> Message,
) -> impl Iterator<Item = Value<'_>> {
    if let Some(beyond) = items.get(most) {
        beyond.refuse(too_many(beyond.path(), most));
    }
    items.into_iter().take(most)
}

fn too_many_roles(key: &str, most: usize) -> Message {
    msg!("config-too-many-roles", key = key, most = most)
}

fn too_many_copies(key: &str, most: usize) -> Message {
    msg!("config-too-many-copies", key = key, most = most)
}

fn too_many_attachments(key: &str, most: usize) -> Message {
    msg!("config-too-many-attachments", key = key, most = most)
}
