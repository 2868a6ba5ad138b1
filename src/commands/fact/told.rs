//! What is said of a figure that was set: which letters change by it, and who has another one.

use std::collections::BTreeMap;

use appel_core::facts::Fact;
use appel_core::place::Language;
use appel_core::words::visible_line;
use appel_messages::{Value, msg};
use serde::Serialize;

use super::concerned::Concerned;
use super::{Context, by_language, changed, line};
use crate::cli;
use crate::facts::Texts;
use crate::facts::history::{self, Change};
use crate::failure::{Failure, Problem};

/// The object of `fact set --json`.
#[derive(Serialize)]
struct Told<'a> {
    event: &'static str,
    #[serde(flatten)]
    change: history::Told<'a>,
    /// Letters that say it from now on; null when the campaign is invalid.
    unsent: Option<Vec<Kind<'a>>>,
    /// Who has another figure; null when the ledger cannot be read.
    received: Option<Received<'a>>,
}

#[derive(Serialize)]
struct Received<'a> {
    letters: usize,
    copies: usize,
    /// Letters of which it is not known what they said.
    unknown: usize,
    kinds: Vec<Kind<'a>>,
    /// The first of them.
    first: Vec<One<'a>>,
}

#[derive(Serialize)]
struct Kind<'a> {
    letter: &'a str,
    language: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a str>,
    letters: usize,
}

#[derive(Serialize)]
struct One<'a> {
    letter: &'a str,
    language: &'a str,
    value: &'a str,
    to: &'a str,
}

pub fn tell(
    context: &Context,
    change: &Change,
    fact: &Fact,
    concerned: &Concerned,
    arguments: &cli::FactSet,
) -> Result<(), Failure> {
    let given: BTreeMap<Language, String> = arguments
        .language
        .iter()
        .cloned()
        .map(|tag| (tag, String::new()))
        .collect();
    let value = Texts::from(&fact.value);
    let untouched = if given.is_empty() {
        Vec::new()
    } else {
        value.untouched(&given)
    };
    if !untouched.is_empty() {
        let what = msg!(
            "fact-other-languages",
            name = &change.fact,
            languages = Value::list(untouched)
        );
        context.say_problem(&Problem::warning(what));
    }
    if context.global.json {
        return context.print_json(&told(change, concerned));
    }
    let mut text = format!("{}\n", visible_line(&change.fact));
    let mut push = |said, indent| text.push_str(&line(context, &said, indent));
    for said in changed(change.old.as_ref(), &change.new) {
        push(said, "  ");
    }
    for (language, source) in by_language(&change.source) {
        push(
            match language {
                None => msg!("fact-source", source = source),
                Some(language) => msg!("fact-source-in-language", source = source, language = language),
            },
            "  ",
        );
    }
    if let Some((as_of, _)) = fact.as_of {
        push(msg!("fact-as-of", at = super::minute(as_of)), "  ");
    }
    push(
        match fact.expires {
            None => msg!("fact-never-expires"),
            Some(expires) => msg!("fact-expires-at", at = super::minute(expires)),
        },
        "  ",
    );
    if let Some(unsent) = &concerned.unsent {
        let letters: usize = unsent.values().sum();
        push(msg!("fact-unsent", letters = letters), "");
        for ((letter, language), letters) in unsent {
            push(
                msg!("fact-kind", letter = letter, language = language, letters = *letters),
                "  ",
            );
        }
    }
    if let Some(holders) = &concerned.holders {
        push(msg!("fact-received", letters = holders.letters()), "");
        for ((letter, language, value), letters) in &holders.kinds {
            push(
                msg!(
                    "fact-kind-said",
                    letter = letter,
                    language = language,
                    value = value,
                    letters = *letters
                ),
                "  ",
            );
        }
        for holder in &holders.first {
            push(
                msg!("fact-holder", to = visible_line(&holder.to), letter = &holder.said.0),
                "    ",
            );
        }
        let more = holders.letters().saturating_sub(holders.first.len());
        if more > 0 {
            push(msg!("fact-holders-more", letters = more), "    ");
        }
        if holders.copies > 0 {
            push(msg!("fact-received-copies", copies = holders.copies), "  ");
        }
        if holders.unknown > 0 {
            push(msg!("fact-received-unknown", letters = holders.unknown), "  ");
        }
        if let Some((letter, ..)) = holders.kinds.keys().next() {
            push(msg!("fact-correct-them", letter = letter, name = &change.fact), "");
        }
    }
    context.print(&text);
    Ok(())
}

fn told<'a>(change: &'a Change, concerned: &'a Concerned) -> Told<'a> {
    let unsent = concerned.unsent.as_ref().map(|unsent| {
        let kinds = unsent.iter().map(|((letter, language), letters)| Kind {
            letter,
            language,
            value: None,
            letters: *letters,
        });
        kinds.collect()
    });
    let received = concerned.holders.as_ref().map(|holders| Received {
        letters: holders.letters(),
        copies: holders.copies,
        unknown: holders.unknown,
        kinds: holders
            .kinds
            .iter()
            .map(|((letter, language, value), letters)| Kind {
                letter,
                language,
                value: Some(value),
                letters: *letters,
            })
            .collect(),
        first: holders
            .first
            .iter()
            .map(|holder| One {
                letter: &holder.said.0,
                language: &holder.said.1,
                value: &holder.said.2,
                to: &holder.to,
            })
            .collect(),
    });
    Told {
        event: "fact",
        change: change.told(),
        unsent,
        received,
    }
}
