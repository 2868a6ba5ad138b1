//! `appel fact set`: one figure, in the configuration and its history; and whom that concerns.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use appel_core::facts::{ByLanguage, Fact};
use appel_core::place::Language;
use appel_core::words::{nearest, visible_line};
use appel_messages::msg;
use jiff::{SignedDuration, Timestamp};
use toml_edit::Datetime;

use super::concerned::Concerned;
use super::told::tell;
use super::{Context, configuration, past, unread};
use crate::cli;
use crate::facts::Texts;
use crate::facts::edit::{self, Expires, Setting};
use crate::facts::history::{self, Change};
use crate::failure::{Exit, Failure, Problem, Problems};
use crate::input::config::facts_of;
use crate::input::spoken;
use crate::run::figures::odd_times;

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
