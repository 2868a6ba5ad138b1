//! `[facts.NAME]`: figures with their source, time and expiry.

use std::collections::BTreeMap;

use appel_core::facts::{ByLanguage, Fact};
use appel_messages::msg;
use toml::de::DeValue;

use super::general::read_language;
use super::read::Table;
use super::value::Value;
use crate::failure::Problem;

/// Every fact by name; `None` where one is wrong, so that its name is still known.
pub type Facts = BTreeMap<String, Option<Fact>>;

/// How many facts a campaign has at most.
const MOST_FACTS: usize = 1000;
/// In how many languages a text stands at most.
const MOST_LANGUAGES: usize = 200;

/// Reads every `[facts.NAME]`.
pub fn read(top: &Table<'_>) -> Facts {
    let Some(table) = top.table("facts") else {
        return Facts::new();
    };
    if let Some((name, _)) = table.iter().nth(MOST_FACTS) {
        table
            .source()
            .push(Problem::error(msg!("config-too-many-facts", most = MOST_FACTS)).at(table.key_place(name)));
    }
    table
        .iter()
        .take(MOST_FACTS)
        .map(|(name, value)| (name.to_owned(), Table::of(value).and_then(|fact| read_one(&fact))))
        .collect()
}

fn read_one(table: &Table<'_>) -> Option<Fact> {
    let value = table.get("value");
    if value.is_none() {
        table.missing("value", msg!("config-example-fact"));
    }
    let value = value.and_then(by_language);
    let source = optional(table.get("source"), by_language);
    let as_of = optional(table.get("as-of"), Value::moment);
    let expires = optional(table.get("expires"), Value::moment);
    table.deny_unknown();
    Some(Fact {
        value: value?,
        as_of: as_of?,
        source: source?,
        expires: expires?.map(|(moment, _)| moment),
    })
}

/// Nothing there is right; something there is right when it can be read.
#[expect(clippy::option_option, reason = "left out, wrong, and right are three things")]
fn optional<'a, T>(value: Option<Value<'a>>, read: impl Fn(Value<'a>) -> Option<T>) -> Option<Option<T>> {
    value.map_or(Some(None), |value| read(value).map(Some))
}

fn by_language(value: Value<'_>) -> Option<ByLanguage> {
    match value.raw() {
        DeValue::String(_) => value.text()?.line_of_letters().map(ByLanguage::One),
        DeValue::Table(_) => {
            let table = Table::of(value)?;
            if table.iter().nth(MOST_LANGUAGES).is_some() {
                table.source().push(
                    Problem::error(msg!("config-fact-too-many-languages", most = MOST_LANGUAGES)).at(table.place()),
                );
                return None;
            }
            let texts: Option<BTreeMap<_, _>> = table
                .iter()
                .map(|(tag, value)| {
                    let text = value.text();
                    let language = read_tag(&table, tag);
                    Some((language?, text?.line_of_letters()?))
                })
                // Every one is looked at before any is missed, so that all problems are said.
                .collect::<Vec<_>>()
                .into_iter()
                .collect();
            let texts = texts?;
            if texts.is_empty() {
                let problem = Problem::error(msg!("config-fact-without-text"));
                table.source().push(problem.at(table.place()));
                return None;
            }
            Some(ByLanguage::Each(texts))
        }
        _ => value.not_a_text(msg!("config-hint-fact-text")),
    }
}

fn read_tag<'a>(table: &Table<'a>, tag: &'a str) -> Option<appel_core::place::Language> {
    let text = table.key(tag);
    read_language(&text)
}
