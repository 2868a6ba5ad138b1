//! `appel fact set`: one figure, in the configuration and its history; and whom that concerns.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use appel_core::facts::{ByLanguage, Fact};
use appel_core::letter::{Decision, Plan, Rules, Selection};
use appel_core::place::Language;
use appel_core::words::{nearest, visible_line};
use appel_messages::{Value, msg};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use toml_edit::Datetime;

use super::{Context, by_language, changed, configuration, line, past, unread};
use crate::cli;
use crate::commands::check::untold;
use crate::facts::Texts;
use crate::facts::edit::{self, Expires, Setting};
use crate::facts::history::{self, Change};
use crate::failure::{Exit, Failure, Problem, Problems, Severity};
use crate::input::config::facts_of;
use crate::input::{Identity, Input, spoken};
use crate::outbox::ledger::{self, LedgerReader};
use crate::run::compose::open_copies;
use crate::run::corrections::corrections;
use crate::run::figures::{Holders, holders, odd_times};
use crate::run::planning::Planning;

/// How many letters not sent yet, by letter and language.
type Unsent = BTreeMap<(String, String), usize>;

/// Runs it.
pub async fn run(context: &Context, arguments: &cli::FactSet) -> Result<Exit, Failure> {
    let now = context.clock.now();
    let name = &*arguments.name;
    let (file, before) = configuration(context)?;
    let old = match before.get(name) {
        None => {
            known_or_new(name, &before)?;
            None
        }
        Some(None) => return Err(Failure::from(Problem::error(msg!("fact-set-wrong", name = name)))),
        Some(Some(fact)) => Some(fact),
    };
    let setting = setting(context, arguments, old, now)?;
    let text = edit::set(&file.text, &setting)
        .map_err(|edit::NotSet| Failure::from(Problem::error(msg!("fact-not-set", name = name))))?;
    let facts = looked_at(context, &text, name, now)?;
    let (history_file, _) = past(context)?;
    let (old_texts, new_texts) = difference(old, &setting.value);
    let change = Change {
        at: moment(now)?,
        fact: name.to_owned(),
        as_of: setting.as_of,
        expires: facts[name].expires.and_then(|expires| moment(expires).ok()),
        old: old_texts,
        new: new_texts,
        source: setting.source.clone(),
    };
    let history = history::with(&history_file.text, change.clone())
        .ok_or_else(|| Failure::from(Problem::error(msg!("fact-not-set", name = name))))?;
    let config = &context.global.config;
    file.replace(&text).map_err(|error| unwritten(config, &error))?;
    let beside = history::beside(config);
    history_file
        .replace(&history)
        .map_err(|error| unwritten(&beside, &error).hint(msg!("fact-history-behind", name = name)))?;
    let concerned = Concerned::of(context, old, &facts, name).await;
    tell(context, &change, &facts[name], &concerned, arguments)?;
    Ok(Exit::Done)
}

fn unwritten(path: &Path, error: &std::io::Error) -> Failure {
    let problem = unread(path, error);
    let mut failure = Failure::cannot_deliver(problem.what);
    failure.hints.extend(problem.hint);
    failure
}

/// A name that nobody knows is a new fact, or a slip that would leave the old figure where it is.
fn known_or_new(name: &str, facts: &BTreeMap<String, Option<Fact>>) -> Result<(), Failure> {
    if let Some(near) = nearest(name, facts.keys().map(String::as_str)) {
        return Err(Failure::usage(msg!("fact-unknown-here", name = name)).hint(msg!("fact-near", name = near)));
    }
    let fits = !name.is_empty()
        && name.len() <= 100
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if fits {
        Ok(())
    } else {
        Err(Failure::usage(msg!("fact-no-name", name = visible_line(name))))
    }
}

/// What the fact is to say, by the arguments and by what it said.
fn setting(
    context: &Context,
    arguments: &cli::FactSet,
    old: Option<&Fact>,
    now: Timestamp,
) -> Result<Setting, Failure> {
    let languages = &arguments.language;
    let (values, sources) = (&arguments.values, &arguments.source);
    let fits = |texts: &[String]| texts.len() == 1 || texts.len() == languages.len();
    let different: BTreeSet<&Language> = languages.iter().collect();
    if !fits(values) || !fits(sources) || different.len() < languages.len() {
        return Err(Failure::usage(msg!("fact-uneven")));
    }
    let by_language = |texts: &[String]| -> BTreeMap<Language, String> {
        let text = |at: usize| texts.get(at).or(texts.first()).cloned().unwrap_or_default();
        let each = languages.iter().enumerate();
        each.map(|(at, language)| (language.clone(), text(at).trim().to_owned()))
            .collect()
    };
    let spoken = || spoken(&context.sources(), now);
    let asked = Asked {
        name: &arguments.name,
        spoken: &spoken,
    };
    let value = asked.texts("value", values, &by_language(values), old.map(|fact| &fact.value))?;
    let source = asked.texts(
        "source",
        sources,
        &by_language(sources),
        old.and_then(|fact| fact.source.as_ref()),
    )?;
    let as_of = match arguments.as_of.as_deref() {
        None | Some("now") => moment(now)?,
        Some(text) => parsed("--as-of", text)?,
    };
    let expires = match (arguments.expires.as_deref(), old.and_then(|fact| fact.expires)) {
        (Some(text), _) => Expires::Is(match text.parse::<SignedDuration>() {
            Ok(from_now) => moment(now.checked_add(from_now).map_err(|_| no_moment("--expires", text))?)?,
            Err(_) => parsed("--expires", text)?,
        }),
        // That of the old figure, over which the new one would be out of date at once.
        (None, Some(expires)) if expires <= now => Expires::Goes,
        (None, _) => Expires::Stays,
    };
    if let Expires::Is(at) = &expires
        && at.to_string().parse::<Timestamp>().is_ok_and(|at| at <= now)
    {
        return Err(Failure::usage(msg!("fact-expired-already")));
    }
    Ok(Setting {
        name: arguments.name.clone(),
        value,
        source,
        as_of,
        expires,
    })
}

fn no_moment(flag: &str, text: &str) -> Failure {
    Failure::usage(msg!("fact-no-moment", flag = flag, text = text))
}

fn parsed(flag: &str, text: &str) -> Result<Datetime, Failure> {
    let moment: Datetime = text.trim().parse().map_err(|_| no_moment(flag, text))?;
    if moment.offset.is_none() || moment.date.is_none() {
        return Err(no_moment(flag, text));
    }
    Ok(moment)
}

/// In whole minutes.
fn moment(at: Timestamp) -> Result<Datetime, Failure> {
    let text = at.strftime("%Y-%m-%dT%H:%M:00Z").to_string();
    text.parse().map_err(|_| no_moment("APPEL_NOW", &text))
}

/// What is asked of one fact.
struct Asked<'a> {
    name: &'a str,
    /// The languages in which the campaign's letters stand.
    spoken: &'a dyn Fn() -> Vec<Language>,
}

impl Asked<'_> {
    /// The texts of `value` or `source`: `given` as they were given, `each` by the languages they were given for.
    fn texts(
        &self,
        key: &str,
        given: &[String],
        each: &BTreeMap<Language, String>,
        old: Option<&ByLanguage>,
    ) -> Result<Texts, Failure> {
        let first = given.first().map(|text| text.trim()).unwrap_or_default();
        match old {
            // Whoever says so is the same in all languages, until they are told apart.
            None if each.is_empty() || (key == "source" && given.len() == 1) => Ok(Texts::One(first.to_owned())),
            Some(ByLanguage::One(text)) if each.is_empty() || (key == "source" && text == first) => {
                Ok(Texts::One(first.to_owned()))
            }
            Some(ByLanguage::One(_)) => Ok(Texts::with(old, each, &(self.spoken)())),
            Some(ByLanguage::Each(texts)) if each.is_empty() => {
                let mut known = texts.keys();
                if key == "source" && texts.values().any(|text| text == first) {
                    return Ok(old.map_or_else(|| Texts::One(first.to_owned()), Texts::from));
                }
                match (known.next(), known.next()) {
                    (Some(only), None) => {
                        let each = BTreeMap::from([(only.clone(), first.to_owned())]);
                        Ok(Texts::with(old, &each, &[]))
                    }
                    // One text for all would put English into French letters.
                    _ => Err(self.in_languages(key, texts.keys())),
                }
            }
            None | Some(ByLanguage::Each(_)) => Ok(Texts::with(old, each, &[])),
        }
    }

    fn in_languages<'l>(&self, key: &str, languages: impl Iterator<Item = &'l Language>) -> Failure {
        let languages: Vec<String> = languages.map(ToString::to_string).collect();
        let all = languages.iter().map(|language| format!("\"…\" --language {language}"));
        let command = [
            "appel",
            "fact",
            "set",
            self.name,
            &all.collect::<Vec<_>>().join(" "),
            "--source \"…\"",
        ];
        let what = msg!(
            "fact-in-languages",
            name = self.name,
            key = key,
            languages = languages.join(" ")
        );
        Failure::usage(what).hint(msg!("fact-in-languages-hint", command = command.join(" ")))
    }
}

/// The facts of the new text: what is wrong with the one that is set is an error, and nothing is written.
fn looked_at(context: &Context, text: &str, name: &str, now: Timestamp) -> Result<BTreeMap<String, Fact>, Failure> {
    let shown = context.global.config.display().to_string();
    let mut problems = Problems::new();
    let facts = facts_of(text, &shown, &mut problems).unwrap_or_default();
    let own = format!("facts.{name}.");
    let is_own = |problem: &&Problem| {
        let field = problem.place.as_ref().and_then(|place| place.field.as_deref());
        field.is_some_and(|field| field.starts_with(&own))
    };
    let found: Problems = problems.iter().filter(is_own).cloned().collect();
    if found.any_error() || facts.get(name).is_none_or(Option::is_none) {
        return Err(Context::invalid(found));
    }
    context.say_problems(&found);
    let facts = facts.into_iter().filter_map(|(name, fact)| Some((name, fact?)));
    let facts: BTreeMap<String, Fact> = facts.collect();
    let only = facts.get(name).map(|fact| (name.to_owned(), fact.clone()));
    for problem in odd_times(&only.into_iter().collect(), &BTreeSet::new(), &shown, now) {
        context.say_problem(&problem);
    }
    Ok(facts)
}

/// The texts that changed, before and after.
fn difference(old: Option<&Fact>, new: &Texts) -> (Option<Texts>, Texts) {
    let old = old.map(|fact| Texts::from(&fact.value));
    match (old, new) {
        (Some(Texts::Each(before)), Texts::Each(after)) => {
            let changed = |texts: &BTreeMap<String, String>, other: &BTreeMap<String, String>| {
                let texts = texts
                    .iter()
                    .filter(|(language, text)| other.get(*language) != Some(text));
                texts
                    .map(|(language, text)| (language.clone(), text.clone()))
                    .collect::<BTreeMap<_, _>>()
            };
            let (was, is) = (changed(&before, after), changed(after, &before));
            if is.is_empty() {
                return (Some(Texts::Each(before)), new.clone());
            }
            (Some(Texts::Each(was)), Texts::Each(is))
        }
        (old, new) => (old, new.clone()),
    }
}

/// Whom a new figure concerns.
#[derive(Default)]
struct Concerned {
    /// Letters that say it from now on; `None` when the campaign is invalid.
    unsent: Option<Unsent>,
    /// Who has another figure; `None` when the ledger cannot be read.
    holders: Option<Holders>,
}

impl Concerned {
    /// The figure is set already: what cannot be found out is said, and is no failure.
    async fn of(context: &Context, old: Option<&Fact>, facts: &BTreeMap<String, Fact>, name: &str) -> Self {
        let mut concerned = Self::default();
        if let Err(failure) = concerned.look(context, old, facts, name).await {
            context.say_problem(&untold(failure));
        }
        concerned
    }

    async fn look(
        &mut self,
        context: &Context,
        old: Option<&Fact>,
        facts: &BTreeMap<String, Fact>,
        name: &str,
    ) -> Result<(), Failure> {
        let now = context.clock.now();
        let loaded = crate::input::load(&context.sources(), now);
        let id = match &loaded.input {
            Some(input) => Some(input.campaign.id.clone()),
            None => Identity::read(&context.sources()).map(|identity| identity.id),
        };
        if loaded.input.is_none() {
            let errors = loaded.problems.count(Severity::Error);
            context.say_problem(&Problem::warning(msg!("fact-campaign-wrong", errors = errors)));
        }
        let mut ledger = ledger::read(&context.ledger()?, now).await?;
        if let Some(id) = id {
            self.holders = Some(holders(&mut *ledger, &id, facts, name).await?);
        }
        if let Some(input) = &loaded.input {
            self.unsent = Some(unsent(&mut *ledger, input, old, name, now).await?);
        }
        Ok(())
    }
}

/// The letters not sent yet that say another figure than before.
async fn unsent(
    ledger: &mut dyn LedgerReader,
    input: &Input,
    old: Option<&Fact>,
    name: &str,
    now: Timestamp,
) -> Result<Unsent, Failure> {
    let plan = Plan::new(&input.campaign, &input.sender, input.limits, Selection::default())?;
    let rules = Rules {
        copies: open_copies(ledger, input).await?,
        corrections: corrections(ledger, input).await?,
        as_if_received: false,
        ..Rules::to_look(now)
    };
    let new = input.campaign.facts.get(name);
    let mut planning = Planning::new(plan.decider(&rules), plan.candidates(), ledger);
    let mut unsent = Unsent::new();
    while let Some(decision) = planning.next().await? {
        let Decision::Due(letter) = decision else { continue };
        let template = input.campaign.templates.get(&letter.spec.template, &letter.language);
        let says = template.is_some_and(|template| template.facts.contains(name));
        let text = |fact: Option<&Fact>| fact.and_then(|fact| fact.value.get(&letter.language).map(str::to_owned));
        if says && letter.copy.is_none() && text(old) != text(new) {
            let kind = (letter.spec.id.clone(), letter.language.to_string());
            *unsent.entry(kind).or_default() += 1;
        }
    }
    Ok(unsent)
}

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

fn tell(
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
