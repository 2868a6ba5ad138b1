//! The templates folder: which files are there, and which letter and language each is for.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use appel_core::place::Language;
use appel_core::words::{is_unsafe_to_show, nearest, visible_line};

use super::Scope;
use crate::failure::{Place, Problem, Problems, Severity};

/// How many letters a folder has at most, each language counted.
const MOST_LETTERS: usize = 10_000;
/// How many partials.
const MOST_PARTIALS: usize = 1000;
/// How many files a folder is gone through for.
const MOST_ENTRIES: usize = 100_000;
/// In how many languages letters are written at most.
const MOST_LANGUAGES: usize = 200;

/// A file of the folder.
pub struct Entry {
    /// As it is opened.
    pub path: PathBuf,
    /// As people know it.
    pub shown: String,
    /// The letter's template, or the partial.
    pub name: String,
    /// The language in its name.
    pub language: Option<Language>,
}

/// The letters of `dir`, in the order of their names; every problem is pushed.
pub fn letters(
    dir: &Path,
    shown_dir: &str,
    scope: &Scope<'_>,
    problems: &mut Problems,
) -> Option<Vec<(Entry, Language)>> {
    let entries = list(dir, shown_dir, MOST_LETTERS, scope, problems)?;
    let mut found = Vec::new();
    for mut entry in entries {
        if let Some(language) = entry.language.take() {
            found.push((entry, language));
            continue;
        }
        let own = scope.language.map_or_else(|| "en".to_owned(), ToString::to_string);
        problems.push(
            Problem::error(format!("the name of {} says no language", visible_line(&entry.shown)))
                .at(Place::file(&entry.shown))
                .hint(format!("rename it: {}.{own}.hbs", entry.name)),
        );
    }
    Some(found)
}

/// The partials of `dir`, which need not exist.
pub fn partials(dir: &Path, shown_dir: &str, scope: &Scope<'_>, problems: &mut Problems) -> Vec<Entry> {
    let (dir, shown_dir) = (dir.join("partials"), format!("{shown_dir}/partials"));
    if dir.symlink_metadata().is_err() {
        return Vec::new();
    }
    list(&dir, &shown_dir, MOST_PARTIALS, scope, problems).unwrap_or_default()
}

fn too_many(shown_dir: &str, most: usize) -> Problem {
    Problem::error(format!("there are more than {most} files in {shown_dir}"))
        .at(Place::file(shown_dir))
        .hint("take out what no letter uses")
}

fn list(dir: &Path, shown_dir: &str, most: usize, scope: &Scope<'_>, problems: &mut Problems) -> Option<Vec<Entry>> {
    if leads_out(dir, scope) {
        problems.push(leads_out_problem(shown_dir));
        return None;
    }
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) => {
            let problem = match error.kind() {
                ErrorKind::NotFound => Problem::error(format!("there is no folder {shown_dir}")).hint(
                    "make it and write the letters there: protest.en.hbs; or start from the example: appel new DIR",
                ),
                ErrorKind::NotADirectory => Problem::error(format!("{shown_dir} is not a folder"))
                    .hint("letters stand in a folder, one file for each letter and language: protest.en.hbs"),
                _ => Problem::error(format!("{shown_dir} cannot be read: {error}"))
                    .hint("check that the folder is yours to read"),
            };
            problems.push(problem.at(Place::file(shown_dir)));
            return None;
        }
    };
    let mut names = Vec::new();
    for (nth, entry) in entries.flatten().enumerate() {
        if nth >= MOST_ENTRIES {
            problems.push(too_many(shown_dir, MOST_ENTRIES));
            return None;
        }
        let name = entry.file_name();
        if Path::new(&name).extension().is_some_and(|end| end == "hbs") {
            names.push(name);
        }
        if names.len() > most {
            problems.push(too_many(shown_dir, most));
            return None;
        }
    }
    names.sort();
    let mut found: Vec<Entry> = Vec::new();
    let mut known: BTreeMap<(String, Option<Language>), String> = BTreeMap::new();
    for name in names {
        let path = dir.join(&name);
        let Some(entry) = entry(path, name.to_str(), shown_dir, scope, problems) else {
            continue;
        };
        let key = (entry.name.clone(), entry.language.clone());
        if let Some(other) = known.insert(key, entry.shown.clone()) {
            problems.push(
                Problem::error(format!(
                    "{} and {other} are for the same letter and language",
                    entry.shown
                ))
                .at(Place::file(&entry.shown))
                .hint("keep one of them"),
            );
            continue;
        }
        found.push(entry);
    }
    Some(found)
}

fn entry(
    path: PathBuf,
    name: Option<&str>,
    shown_dir: &str,
    scope: &Scope<'_>,
    problems: &mut Problems,
) -> Option<Entry> {
    let shown = format!("{shown_dir}/{}", path.file_name().unwrap_or_default().display());
    let Some(stem) = name
        .and_then(|name| name.strip_suffix(".hbs"))
        .filter(|stem| !stem.chars().any(is_unsafe_to_show))
    else {
        problems.push(
            Problem::error("a template's name has characters that cannot be shown")
                .at(Place::file(shown))
                .hint("rename it with letters, digits, - and _"),
        );
        return None;
    };
    if leads_out(&path, scope) {
        problems.push(leads_out_problem(&shown));
        return None;
    }
    let (name, language) = match stem.rsplit_once('.') {
        None => (stem, None),
        Some((name, tag)) => match Language::parse(tag) {
            Ok(language) => (name, Some(language)),
            Err(unknown) => {
                let hint = match unknown.nearest() {
                    Some(near) => format!("did you mean {name}.{near}.hbs?"),
                    None => format!("what stands before .hbs is the language: {name}.en.hbs"),
                };
                problems.push(
                    Problem::error(format!("there is no language with the code {tag}"))
                        .at(Place::file(shown))
                        .hint(hint),
                );
                return None;
            }
        },
    };
    Some(Entry {
        name: name.to_owned(),
        path,
        shown,
        language,
    })
}

/// Whether a symbolic link leads out of the campaign's folder.
fn leads_out(path: &Path, scope: &Scope<'_>) -> bool {
    let folder = if scope.folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        scope.folder
    };
    match (fs::canonicalize(folder), fs::canonicalize(path)) {
        (Ok(home), Ok(target)) => !target.starts_with(home),
        // Whoever opens it says what is wrong.
        _ => false,
    }
}

fn leads_out_problem(shown: &str) -> Problem {
    Problem::error(format!("{} leads out of the campaign's folder", visible_line(shown)))
        .at(Place::file(shown))
        .hint("put the file itself there instead of a link: a campaign must be whole when it is handed on")
}

/// Which letters have no text, or none in a language that another letter has.
pub fn check_coverage(entries: &[(Entry, Language)], shown_dir: &str, scope: &Scope<'_>, problems: &mut Problems) {
    let languages: HashSet<&Language> = entries.iter().map(|(_, language)| language).collect();
    if languages.len() > MOST_LANGUAGES {
        problems.push(
            Problem::error(format!("letters are written in more than {MOST_LANGUAGES} languages"))
                .at(Place::file(shown_dir))
                .hint("the language stands before .hbs; take out what is not meant to be one"),
        );
        return;
    }
    let mut there: BTreeMap<&str, Vec<Language>> = BTreeMap::new();
    for (entry, language) in entries {
        there.entry(&entry.name).or_default().push(language.clone());
    }
    let mut wanted: Vec<&str> = Vec::new();
    let mut is_wanted: HashSet<&str> = HashSet::new();
    for letter in scope.letters {
        if is_wanted.insert(&letter.template) {
            wanted.push(&letter.template);
        }
    }
    let own = scope.language.map_or_else(|| "en".to_owned(), ToString::to_string);
    for template in wanted.iter().filter(|template| !there.contains_key(**template)) {
        let mut hint = format!("write it to {shown_dir}/{template}.{own}.hbs");
        let unused = there.keys().copied().filter(|name| !is_wanted.contains(name));
        if problems.has_room(Severity::Error)
            && let Some(near) = nearest(template, unused)
        {
            hint = format!("{hint}; or did you mean `template = \"{near}\"` in its [[letter]]?");
        }
        problems.push(
            Problem::error(format!("the letter `{template}` has no text in any language"))
                .at(Place::file(shown_dir))
                .hint(hint),
        );
    }
    warn_gaps(&wanted, &there, shown_dir, scope, problems);
    for name in there
        .keys()
        .filter(|name| !is_wanted.contains(*name) && !scope.letters.is_empty())
    {
        problems.push(
            Problem::warning(format!("no letter uses the template `{name}`"))
                .at(Place::file(shown_dir))
                .hint("name it under `template` in a [[letter]], or delete it"),
        );
    }
}

fn warn_gaps(
    wanted: &[&str],
    there: &BTreeMap<&str, Vec<Language>>,
    shown_dir: &str,
    scope: &Scope<'_>,
    problems: &mut Problems,
) {
    let used = || wanted.iter().filter_map(|name| Some((*name, there.get(name)?)));
    // Each language once, with the first letter that has it.
    let mut known: HashSet<&Language> = HashSet::new();
    let others = used().flat_map(|(other, languages)| languages.iter().map(move |language| (Some(other), language)));
    let own = scope.language.into_iter().map(|language| (None, language));
    let all: Vec<_> = own
        .chain(others)
        .filter(|(_, language)| known.insert(language))
        .collect();
    for (name, languages) in used() {
        for (other, language) in all.iter().copied() {
            if language.best_of(languages).is_some() {
                continue;
            }
            if !problems.has_room(Severity::Warning) {
                problems.count_only(
                    Severity::Warning,
                    "letters that have no text in a language that others have",
                );
                continue;
            }
            let (why, hint) = match other {
                None => (
                    format!("the letter `{name}` has no text in {language}, the campaign's language"),
                    "whoever reads none of its other languages cannot be written to",
                ),
                Some(other) => (
                    format!("the letter `{name}` has no text in {language}, and `{other}` has"),
                    "whoever reads only that gets it in another language",
                ),
            };
            problems.push(Problem::warning(why).at(Place::file(shown_dir)).hint(format!(
                "{hint}; to translate it, write {shown_dir}/{name}.{language}.hbs"
            )));
        }
    }
}
