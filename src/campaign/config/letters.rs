//! `[[letter]]`: the kinds of letter, and what goes with them.

use std::path::Path;

use super::general::word;
use super::limits::Limits;
use super::paths::{self, Refused};
use super::read::Table;
use super::source::Source;
use super::value::Value;
use super::{Attachment, Format, KeptBack, LetterSpec};
use crate::campaign::Address;
use crate::failure::{Place, Problem};

const FORMATS: &[(&str, Format)] = &[("text", Format::Text), ("markdown", Format::Markdown)];

/// Reads every `[[letter]]`; what is wrong in one is left out of it, so that the others and its template are still checked.
pub fn read(top: &Table<'_>, folder: &Path, kept_back: &KeptBack, limits: &Limits) -> Vec<LetterSpec> {
    let source = top.source();
    let Some(value) = top.get("letter") else {
        source.push(no_letter(source));
        return Vec::new();
    };
    if value.raw().is_table() {
        value.refuse(
            "a campaign has a list of letters",
            "write [[letter]] with two brackets above each letter",
        );
        return Vec::new();
    }
    let mut letters: Vec<LetterSpec> = Vec::new();
    let items = value.list("[[letter]]");
    if items.is_empty() {
        source.push(no_letter(source));
    }
    for table in items.into_iter().filter_map(Table::of) {
        if let Some(letter) = read_one(&table, folder, kept_back, &letters, limits) {
            letters.push(letter);
        }
    }
    letters
}

fn no_letter(source: &Source<'_>) -> Problem {
    Problem::error("the campaign has no letter")
        .at(Place::file(source.shown()))
        .hint("add one:\n[[letter]]\nid = \"protest\"\nto = [\"embassy\"]")
}

fn read_one(
    table: &Table<'_>,
    folder: &Path,
    kept_back: &KeptBack,
    before: &[LetterSpec],
    limits: &Limits,
) -> Option<LetterSpec> {
    let id = table.required("id", "id = \"protest\"");
    if let Some(text) = &id
        && before.iter().any(|other| other.id == text.as_str())
    {
        text.refuse(
            format!("two letters have the id \"{}\"", text.as_str()),
            "give each letter an id of its own: it says who got which letter",
        );
    }
    let template = table.text("template").map(|text| word(&text));
    let to = roles(table);
    let format = table
        .text("format")
        .map_or(Some(Format::Text), |text| text.choice(FORMATS));
    let cc = copies(table, limits);
    let attach = attachments(table, folder, kept_back);
    table.deny_unknown();
    let id = word(&id?)?;
    Some(LetterSpec {
        template: template.flatten().unwrap_or_else(|| id.clone()),
        id,
        to,
        format: format.unwrap_or(Format::Text),
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
        table.source().push(
            Problem::error("the letter goes to nobody: `to` is empty")
                .at(place)
                .hint(format!("name one role or more of recipients.csv: {example}")),
        );
    }
    let mut roles: Vec<String> = Vec::new();
    for text in items.into_iter().filter_map(Value::text) {
        if let Some(role) = text.line() {
            if roles.contains(&role) {
                text.warn(format!("the role \"{role}\" is named twice"), "once is enough");
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
            Problem::error(format!(
                "a letter has at most {} copies, and here are {}",
                limits.copies_per_letter,
                texts.len()
            ))
            .at(place)
            .hint(MORE_COPIES),
        );
        return Vec::new();
    }
    let texts = texts.into_iter();
    texts
        .filter_map(Value::text)
        .filter_map(|text| super::account::address(&text))
        .collect()
}

/// What to do about too many copies.
const MORE_COPIES: &str = "leave some out, or give them a row of their own; whoever sends can allow more in the account file: copies-per-letter in [limits]";

fn attachments(table: &Table<'_>, folder: &Path, kept_back: &KeptBack) -> Vec<Attachment> {
    let Some(value) = table.get("attach") else {
        return Vec::new();
    };
    let mut found: Vec<Attachment> = Vec::new();
    for text in value
        .list("attach = [\"files/statement.pdf\"]")
        .into_iter()
        .filter_map(Value::text)
    {
        match paths::attachment(folder, text.as_str(), kept_back) {
            Ok(attachment) if found.contains(&attachment) => {}
            Ok(attachment) => found.push(attachment),
            Err(Refused { message, hint }) => text.refuse(message, hint),
        }
    }
    found
}
