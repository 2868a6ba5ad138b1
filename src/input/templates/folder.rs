//! The templates folder: which files are there, and which letter and language each is for.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use appel_core::place::Language;
use appel_core::words::{is_unsafe_to_show, nearest, visible_line};
use appel_messages::msg;

use super::Scope;
use crate::failure::{Place, Problem, Problems, Severity};

/// How many letters a folder has at most, each language counted.
const MOST_LETTERS: usize = 10_000;
/// How many partials.
const MOST_PARTIALS: usize = 1000;
/// How many groups of variants.
const MOST_GROUPS: usize = 200;
/// How many variants all groups have together.
const MOST_VARIANTS: usize = 1000;
/// How many files that are no templates are looked at.
const MOST_OTHERS: usize = 1000;
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
    let entries = list(dir, shown_dir, (Kind::Letter, MOST_LETTERS), scope, problems)?;
    let mut found = Vec::new();
    for mut entry in entries {
        if let Some(language) = entry.language.take() {
            found.push((entry, language));
            continue;
        }
        let own = scope.language.map_or_else(|| "en".to_owned(), ToString::to_string);
        let what = msg!(
            "template-no-language",
            file = visible_line(&entry.shown),
            better =
                language_apart(&entry.name, Kind::Letter, scope).unwrap_or_else(|| format!("{}.{own}.hbs", entry.name))
        );
        problems.push(Problem::error(what).at(Place::file(&entry.shown)));
    }
    Some(found)
}

/// The partials of `dir`, which need not exist.
pub fn partials(dir: &Path, shown_dir: &str, scope: &Scope<'_>, problems: &mut Problems) -> Vec<Entry> {
    let (dir, shown_dir) = (dir.join("partials"), format!("{shown_dir}/partials"));
    if dir.symlink_metadata().is_err() {
        return Vec::new();
    }
    list(&dir, &shown_dir, (Kind::Partial, MOST_PARTIALS), scope, problems).unwrap_or_default()
}

/// What a file of a folder is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Letter,
    Partial,
    Variant,
}

/// The variants of `dir` with their groups, a folder each; there need not be any.
pub fn variants(
    dir: &Path,
    shown_dir: &str,
    scope: &Scope<'_>,
    problems: &mut Problems,
) -> Vec<(String, Vec<(Entry, Language)>)> {
    let (dir, shown_dir) = (dir.join("variants"), format!("{shown_dir}/variants"));
    if dir.symlink_metadata().is_err() {
        return Vec::new();
    }
    let (mut found, mut all) = (Vec::new(), 0);
    for group in groups(&dir, &shown_dir, scope, problems) {
        let shown = format!("{shown_dir}/{group}");
        let entries = list(
            &dir.join(&group),
            &shown,
            (Kind::Variant, MOST_VARIANTS),
            scope,
            problems,
        );
        // What is wrong with the folder was said.
        let Some(entries) = entries else { continue };
        all += entries.len();
        if all > MOST_VARIANTS {
            problems.push(too_many(&shown_dir, MOST_VARIANTS));
            return Vec::new();
        }
        let mut variants = Vec::new();
        for mut entry in entries {
            if let Some(language) = entry.language.take() {
                variants.push((entry, language));
                continue;
            }
            let own = scope.language.map_or_else(|| "en".to_owned(), ToString::to_string);
            let what = msg!(
                "template-no-language",
                file = visible_line(&entry.shown),
                better = language_apart(&entry.name, Kind::Variant, scope)
                    .unwrap_or_else(|| format!("{}.{own}.hbs", entry.name))
            );
            problems.push(Problem::error(what).at(Place::file(&entry.shown)));
        }
        found.push((group, variants));
    }
    found
}

/// The names of the groups, in order; what is no folder is somebody's own file, unless it is meant for a variant.
fn groups(dir: &Path, shown_dir: &str, scope: &Scope<'_>, problems: &mut Problems) -> Vec<String> {
    if leads_out(dir, scope) {
        problems.push(leads_out_problem(shown_dir));
        return Vec::new();
    }
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) => {
            let what = match error.kind() {
                ErrorKind::NotADirectory => msg!("templates-not-a-folder", folder = shown_dir),
                _ => msg!("templates-unreadable", folder = shown_dir, cause = error.to_string()),
            };
            problems.push(Problem::error(what).at(Place::file(shown_dir)));
            return Vec::new();
        }
    };
    let mut groups = Vec::new();
    for (nth, entry) in entries.flatten().enumerate() {
        if nth >= MOST_ENTRIES {
            problems.push(too_many(shown_dir, MOST_ENTRIES));
            return Vec::new();
        }
        let name = entry.file_name();
        let shown = format!("{shown_dir}/{}", name.display());
        if !entry.path().is_dir() {
            if Path::new(&name).extension().is_some_and(|end| end == "hbs") {
                let what = msg!("variant-in-no-group", file = visible_line(&shown));
                problems.push(Problem::error(what).at(Place::file(shown)));
            }
            continue;
        }
        match name.to_str().filter(|name| !name.chars().any(is_unsafe_to_show)) {
            // Folders of other programs.
            Some(name) if name.starts_with('.') => {}
            Some(name) => groups.push(name.to_owned()),
            None => problems.push(Problem::error(msg!("template-name-unfit")).at(Place::file(shown))),
        }
        if groups.len() > MOST_GROUPS {
            problems.push(too_many(shown_dir, MOST_GROUPS));
            return Vec::new();
        }
    }
    groups.sort();
    groups
}

fn too_many(shown_dir: &str, most: usize) -> Problem {
    Problem::error(msg!("templates-too-many", most = most, folder = shown_dir)).at(Place::file(shown_dir))
}

fn list(
    dir: &Path,
    shown_dir: &str,
    (kind, most): (Kind, usize),
    scope: &Scope<'_>,
    problems: &mut Problems,
) -> Option<Vec<Entry>> {
    if leads_out(dir, scope) {
        problems.push(leads_out_problem(shown_dir));
        return None;
    }
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) => {
            let what = match error.kind() {
                ErrorKind::NotFound => msg!("templates-missing", folder = shown_dir),
                ErrorKind::NotADirectory => msg!("templates-not-a-folder", folder = shown_dir),
                _ => msg!("templates-unreadable", folder = shown_dir, cause = error.to_string()),
            };
            problems.push(Problem::error(what).at(Place::file(shown_dir)));
            return None;
        }
    };
    let mut names = Vec::new();
    let mut others = Vec::new();
    for (nth, entry) in entries.flatten().enumerate() {
        if nth >= MOST_ENTRIES {
            problems.push(too_many(shown_dir, MOST_ENTRIES));
            return None;
        }
        let name = entry.file_name();
        if Path::new(&name).extension().is_some_and(|end| end == "hbs") {
            names.push(name);
        } else if let Some(other) = name.to_str().filter(|_| others.len() < MOST_OTHERS) {
            others.push(other.to_owned());
        }
        if names.len() > most {
            problems.push(too_many(shown_dir, most));
            return None;
        }
    }
    names.sort();
    others.sort();
    let is_there = |name: &str| names.iter().any(|known| known == name);
    problems.extend(
        others
            .iter()
            .filter_map(|other| misnamed(other, shown_dir, kind, scope, is_there)),
    );
    let mut found: Vec<Entry> = Vec::new();
    let mut known: BTreeMap<(String, Option<Language>), String> = BTreeMap::new();
    for name in names {
        let path = dir.join(&name);
        let Some(entry) = entry(path, name.to_str(), shown_dir, scope, problems) else {
            continue;
        };
        let key = (entry.name.clone(), entry.language.clone());
        if let Some(other) = known.insert(key, entry.shown.clone()) {
            let what = msg!("template-twice", one = &entry.shown, other = other);
            problems.push(Problem::error(what).at(Place::file(&entry.shown)));
            continue;
        }
        found.push(entry);
    }
    Some(found)
}

/// What `name` says when it is meant to be a text of a letter or a partial, and is none because of its ending. What is
/// no letter of the campaign, or stands beside the text that was made of it, is somebody's own file.
fn misnamed(
    name: &str,
    shown_dir: &str,
    kind: Kind,
    scope: &Scope<'_>,
    is_there: impl Fn(&str) -> bool,
) -> Option<Problem> {
    const PLAIN: [&str; 5] = [".txt", ".text", ".md", ".html", ".htm"];
    const DOCUMENTS: [&str; 6] = [".docx", ".doc", ".odt", ".rtf", ".pages", ".docm"];
    const OTHERS: [&str; 3] = [".hbs", ".handlebars", ".hbr"];
    let lower = name.to_lowercase();
    if lower.len() != name.len() || name.starts_with(['.', '~']) || name.chars().any(is_unsafe_to_show) {
        return None;
    }
    let without = |endings: &[&'static str]| {
        let ending = endings.iter().find(|ending| lower.ends_with(*ending))?;
        name.get(..name.len() - ending.len())
    };
    let (stem, is_document) = match (without(&PLAIN), without(&DOCUMENTS), without(&OTHERS)) {
        (Some(stem), ..) => (stem, false),
        (_, Some(stem), _) => (stem, true),
        (.., Some(stem)) => (stem, false),
        _ => return None,
    };
    let inner = stem.strip_suffix(".hbs").unwrap_or(stem);
    // The ending says what it is meant for; else its name must be that of a letter.
    let is_meant = inner.len() < stem.len() || without(&OTHERS).is_some();
    let better = match language_apart(inner, kind, scope) {
        Some(better) => better,
        None if is_meant => format!("{inner}.hbs"),
        None => return None,
    };
    if is_there(&better) {
        return None;
    }
    let file = visible_line(&format!("{shown_dir}/{name}"));
    let what = if is_document {
        msg!("template-file-document", file = file, better = better)
    } else {
        msg!("template-file-ending", file = file, better = better)
    };
    Some(Problem::warning(what).at(Place::file(format!("{shown_dir}/{name}"))))
}

/// The right name for `appel.nl`, `appel-nl`, `appel_nl`, `appel nl`, where `appel` is a letter of the campaign; a variant
/// may have any name.
fn language_apart(stem: &str, kind: Kind, scope: &Scope<'_>) -> Option<String> {
    let (name, tag) = stem.rsplit_once(['.', '-', '_', ' ', '('])?;
    let tag = tag.trim_end_matches(')');
    let language = Language::parse(tag).ok()?;
    let name = name.trim_end();
    let is_known = kind == Kind::Variant || scope.letters.iter().any(|spec| spec.template == name);
    is_known.then(|| format!("{name}.{language}.hbs"))
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
        problems.push(Problem::error(msg!("template-name-unfit")).at(Place::file(shown)));
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
                let what = msg!("template-language-unknown", language = tag, name = name);
                let problem = Problem::error(what).at(Place::file(shown));
                let near = unknown.nearest().map(|near| format!("{name}.{near}.hbs"));
                problems.push(problem.hint_if_any(near.map(|near| msg!("name-near", name = near))));
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
    Problem::error(msg!("template-leads-out", file = visible_line(shown))).at(Place::file(shown))
}

/// Which letters have no text, or none in a language that another letter has.
pub fn check_coverage(entries: &[(Entry, Language)], shown_dir: &str, scope: &Scope<'_>, problems: &mut Problems) {
    let languages: HashSet<&Language> = entries.iter().map(|(_, language)| language).collect();
    if languages.len() > MOST_LANGUAGES {
        let what = msg!("templates-too-many-languages", most = MOST_LANGUAGES);
        problems.push(Problem::error(what).at(Place::file(shown_dir)));
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
        let file = format!("{shown_dir}/{template}.{own}.hbs");
        let unused = there.keys().copied().filter(|name| !is_wanted.contains(name));
        let what = msg!("template-missing", letter = *template, file = &file);
        let mut problem = Problem::error(what).at(Place::file(shown_dir));
        if problems.has_room(Severity::Error)
            && let Some(near) = nearest(template, unused)
        {
            problem = problem.hint(msg!("template-missing-near", file = file, near = near));
        }
        problems.push(problem);
    }
    warn_gaps(&wanted, &there, shown_dir, scope, problems);
    for name in there
        .keys()
        .filter(|name| !is_wanted.contains(*name) && !scope.letters.is_empty())
    {
        problems.push(Problem::warning(msg!("template-unused", name = *name)).at(Place::file(shown_dir)));
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
                let code = match other {
                    None => "template-gap-own",
                    Some(_) => "template-gap",
                };
                problems.count_only(Severity::Warning, code);
                continue;
            }
            let (tag, file) = (language.to_string(), format!("{shown_dir}/{name}.{language}.hbs"));
            let what = match other {
                None => msg!("template-gap-own", letter = name, language = tag, file = file),
                Some(other) => msg!(
                    "template-gap",
                    letter = name,
                    language = tag,
                    other = other,
                    file = file
                ),
            };
            problems.push(Problem::warning(what).at(Place::file(shown_dir)));
        }
    }
}
