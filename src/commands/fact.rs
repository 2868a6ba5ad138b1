//! `appel fact`: the figures that letters say, what was changed of them, and who got which.

mod concerned;
mod set;
mod told;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use appel_core::campaign::Campaign;
use appel_core::facts::Fact;
use appel_core::words::visible_line;
use appel_messages::{Message, msg};
use jiff::Timestamp;
use serde::Serialize;

use super::Context;
use crate::cli;
use crate::facts::Texts;
use crate::facts::file::Opened;
use crate::facts::history::{self, Change, History};
use crate::failure::{Exit, Failure, Problem, Problems};
use crate::input::config::facts_of;
use crate::private::Unfit;
use crate::wrap::push_wrapped;

/// Runs it.
pub async fn run(context: &Context, arguments: &cli::Fact) -> Result<Exit, Failure> {
    match &arguments.what {
        cli::FactCommand::Set(arguments) => set::run(context, arguments).await,
        cli::FactCommand::List => list(context),
        cli::FactCommand::History(arguments) => tell_history(context, arguments),
    }
}

/// A file of the folder, through no link.
fn open(path: &Path) -> Result<Opened, Failure> {
    Opened::read(path).map_err(|error| Failure::from(unread(path, &error)))
}

fn unread(path: &Path, error: &io::Error) -> Problem {
    let Unfit { what, hint } = Unfit::from_io(path, error);
    Problem::error(what).hint(hint)
}

/// The configuration, with its facts.
fn configuration(context: &Context) -> Result<(Opened, BTreeMap<String, Option<Fact>>), Failure> {
    let path = &context.global.config;
    let shown = path.display().to_string();
    let file = open(path)?;
    if !file.is_there() {
        return Err(Failure::from(Problem::error(msg!(
            "config-no-configuration",
            path = &shown
        ))));
    }
    let mut problems = Problems::new();
    match facts_of(&file.text, &shown, &mut problems) {
        Some(facts) => Ok((file, facts)),
        None => Err(Failure::invalid(problems)),
    }
}

fn past(context: &Context) -> Result<(Opened, History), Failure> {
    let path = history::beside(&context.global.config);
    let file = open(&path)?;
    let history = history::read(&file.text).ok_or_else(|| {
        Failure::from(Problem::error(msg!(
            "fact-history-unread",
            path = appel_core::words::path(&path)
        )))
    })?;
    Ok((file, history))
}

/// A fact, for programs.
#[derive(Serialize)]
struct Listed<'a> {
    fact: &'a str,
    value: Texts,
    source: Option<Texts>,
    as_of: Option<Timestamp>,
    expires: Option<Timestamp>,
    expired: bool,
    /// Which letters say it, in which languages; `None` when the campaign is invalid.
    letters: Option<BTreeMap<&'a str, BTreeSet<String>>>,
}

fn list(context: &Context) -> Result<Exit, Failure> {
    let (_, facts) = configuration(context)?;
    let now = context.clock.now();
    let input = crate::input::load(&context.sources(), now).input;
    let mut text = String::new();
    for (name, fact) in &facts {
        let Some(fact) = fact else {
            text.push_str(&line(context, &msg!("fact-list-wrong", name = name), ""));
            continue;
        };
        let letters = input.as_ref().map(|input| letters_with(&input.campaign, name));
        let listed = Listed {
            fact: name,
            value: Texts::from(&fact.value),
            source: fact.source.as_ref().map(Texts::from),
            as_of: fact.as_of.map(|(at, _)| at),
            expires: fact.expires,
            expired: fact.expires.is_some_and(|expires| expires <= now),
            letters,
        };
        if context.global.json {
            context.print_json(&listed)?;
        } else {
            text.push_str(&told(context, &listed));
        }
    }
    if facts.is_empty() && !context.global.json {
        text.push_str(&line(context, &msg!("fact-list-none"), ""));
    }
    context.print(&text);
    Ok(Exit::Done)
}

fn told(context: &Context, listed: &Listed<'_>) -> String {
    let mut text = format!("{}\n", visible_line(listed.fact));
    for (language, value) in by_language(&listed.value) {
        let said = match language {
            None => Message::quote(value),
            Some(language) => msg!("fact-in-language", text = value, language = language),
        };
        text.push_str(&line(context, &said, "  "));
    }
    for (language, source) in listed.source.iter().flat_map(by_language) {
        let said = match language {
            None => msg!("fact-source", source = source),
            Some(language) => msg!("fact-source-in-language", source = source, language = language),
        };
        text.push_str(&line(context, &said, "  "));
    }
    let lines = [
        listed.as_of.map(|at| msg!("fact-as-of", at = minute(at))),
        listed.expires.map(|at| {
            if listed.expired {
                msg!("fact-expired-at", at = minute(at))
            } else {
                msg!("fact-expires-at", at = minute(at))
            }
        }),
    ];
    for said in lines.into_iter().flatten() {
        text.push_str(&line(context, &said, "  "));
    }
    for (letter, languages) in listed.letters.iter().flatten() {
        let languages = languages.iter().cloned().collect::<Vec<_>>().join(" ");
        let said = msg!("fact-said-by", letter = *letter, languages = languages);
        text.push_str(&line(context, &said, "  "));
    }
    if listed.letters.as_ref().is_some_and(BTreeMap::is_empty) {
        text.push_str(&line(context, &msg!("fact-said-by-none"), "  "));
    }
    text
}

fn letters_with<'c>(campaign: &'c Campaign, name: &str) -> BTreeMap<&'c str, BTreeSet<String>> {
    let mut letters: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for spec in &campaign.letters {
        for language in campaign.templates.languages(&spec.template) {
            let template = campaign.templates.get(&spec.template, language);
            if template.is_some_and(|template| template.facts.contains(name)) {
                letters.entry(&spec.id).or_default().insert(language.to_string());
            }
        }
    }
    letters
}

fn tell_history(context: &Context, arguments: &cli::FactHistory) -> Result<Exit, Failure> {
    let (_, history) = past(context)?;
    let is_wanted = |change: &&Change| arguments.only.as_ref().is_none_or(|only| *only == change.fact);
    let mut text = String::new();
    for change in history.change.iter().filter(is_wanted) {
        if context.global.json {
            context.print_json(&change.told())?;
            continue;
        }
        let at = visible_line(&change.at.to_string());
        text.push_str(&line(context, &msg!("fact-changed", at = at, name = &change.fact), ""));
        for said in changed(change.old.as_ref(), &change.new) {
            text.push_str(&line(context, &said, "  "));
        }
        for (_, source) in by_language(&change.source) {
            text.push_str(&line(context, &msg!("fact-source", source = source), "  "));
        }
    }
    if text.is_empty() && !context.global.json {
        text.push_str(&line(context, &msg!("fact-history-none"), ""));
    }
    context.print(&text);
    Ok(Exit::Done)
}

/// Each text of a fact with its language, if it is for one alone.
fn by_language(texts: &Texts) -> impl Iterator<Item = (Option<&str>, &str)> {
    let (one, each) = match texts {
        Texts::One(text) => (Some((None, &**text)), None),
        Texts::Each(texts) => (None, Some(texts)),
    };
    let each = each
        .into_iter()
        .flatten()
        .map(|(language, text)| (Some(&**language), &**text));
    one.into_iter().chain(each)
}

/// What a fact says, and said before, a line for each language in which that is another text.
fn changed(old: Option<&Texts>, new: &Texts) -> Vec<Message> {
    let before = |language: Option<&str>| match (old?, language) {
        (Texts::One(text), _) => Some(text.clone()),
        (Texts::Each(texts), Some(language)) => texts.get(language).cloned(),
        (Texts::Each(texts), None) => Some(texts.values().cloned().collect::<Vec<_>>().join(" / ")),
    };
    let line = |(language, new): (Option<&str>, &str)| {
        let said = match language {
            None => Message::quote(new),
            Some(language) => msg!("fact-in-language", text = new, language = language),
        };
        match before(language) {
            None => msg!("fact-now", now = said),
            Some(old) if old == new => msg!("fact-still", now = said),
            Some(old) => msg!("fact-now-and-before", now = said, before = old),
        }
    };
    by_language(new).map(line).collect()
}

fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// A line that fits the screen.
fn line(context: &Context, said: &Message, indent: &str) -> String {
    let mut text = String::new();
    let width = context.out.width.saturating_sub(indent.len() + 1).max(20);
    push_wrapped(&mut text, &context.out.say(said), indent, "  ", width);
    text
}
