//! Reads the whole templates folder: every file first, then every letter with its partials and variants.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::Path;

use appel_core::campaign::{Attachment, Format, LetterSpec, OwnWords};
use appel_core::place::Language;
use appel_core::templates::{Template, Templates, Variant};
use appel_messages::msg;

use super::budget::Budget;
use super::file::{self, File};
use super::folder::{self, Entry};
use super::growth::Sizes;
use super::lint::Lint;
use super::own_words::{self, Search};
use super::parse::{self, Parsed};
use super::spot::Unit;
use super::tags::Piece;
use super::{Partial, Partials, Scope, Variants, headers, marked, telling, wording};
use crate::failure::{Place, Problem, Problems, Severity};
use crate::input::config::{self, MOST_ATTACHED, MOST_ATTACHMENTS};
use crate::input::whom_to_ask;

/// The most characters of a subject that the template itself gives.
const LONGEST_SUBJECT: usize = 255;

/// A letter that is read but not yet linted; a part that could not be parsed is `None`.
struct Letter {
    entry: Entry,
    language: Language,
    text: String,
    subject: Option<Parsed>,
    body: Option<Parsed>,
    body_span: Range<usize>,
    format: Option<Format>,
    attach: Vec<Attachment>,
}

/// Reads and checks every file of `dir`; every problem is pushed. `None` when one of them is an error.
pub fn load(dir: &Path, shown_dir: &str, scope: &Scope<'_>, problems: &mut Problems) -> Option<Templates> {
    let mut budget = Budget::new(shown_dir);
    let templates = read_all(dir, shown_dir, scope, &mut budget);
    let fine = !budget.problems.any_error();
    problems.absorb(budget.problems);
    templates.filter(|_| fine)
}

fn read_all(dir: &Path, shown_dir: &str, scope: &Scope<'_>, budget: &mut Budget) -> Option<Templates> {
    let entries = folder::letters(dir, shown_dir, scope, &mut budget.problems)?;
    folder::check_coverage(&entries, shown_dir, scope, &mut budget.problems);
    let mut partials = Partials::default();
    for entry in folder::partials(dir, shown_dir, scope, &mut budget.problems) {
        read_partial(entry, &mut partials, budget);
    }
    let mut variants = Variants::new();
    for (group, entries) in folder::variants(dir, shown_dir, scope, &mut budget.problems) {
        let names = variants.entry(group).or_default();
        for (entry, language) in entries {
            read_variant(entry, language, names, budget);
        }
    }
    let letters: Vec<Letter> = entries
        .into_iter()
        .filter_map(|(entry, language)| read_letter(entry, language, scope, budget))
        .collect();
    // What is too much is not gone through; so much of it is wrong in any case.
    if !budget.is_spent() {
        weigh(&letters, (&partials, &variants), scope, budget);
    }
    if budget.is_spent() {
        return None;
    }
    let mut looked_at = BTreeSet::new();
    let mut used = Used::default();
    let mut templates = Templates::default();
    for letter in letters {
        let facts = lint(
            &letter,
            (&partials, &variants),
            shown_dir,
            scope,
            budget,
            &mut looked_at,
            &mut used,
        );
        if budget.is_spent() {
            return None;
        }
        let (Some(subject), Some(body)) = (letter.subject, letter.body) else {
            continue;
        };
        let template = Template {
            file: letter.entry.shown,
            subject: subject.template,
            body: body.template,
            format: letter.format,
            attach: letter.attach,
            facts,
        };
        templates
            .letters
            .entry(letter.entry.name)
            .or_default()
            .add(Some(letter.language), template);
    }
    used.look(&variants, shown_dir, budget);
    templates.variants = variants
        .into_iter()
        .map(|(group, names)| {
            let variant = |text: Partial| Variant {
                file: text.shown,
                text: text.parsed.template,
            };
            let names = names.into_iter().map(|(name, versions)| (name, versions.map(variant)));
            (group, names.collect())
        })
        .collect();
    templates.partials = partials
        .into_iter()
        .map(|(name, versions)| (name, versions.map(|partial| partial.parsed.template)))
        .collect();
    Some(templates)
}

/// The most text a letter may come to with its partials, in bytes.
const MOST_EXPANDED: u64 = 1 << 20;

/// Looks whether all letters, and the partials as each language sees them, fit into memory with their partials written
/// into them.
fn weigh(letters: &[Letter], (partials, variants): (&Partials, &Variants), scope: &Scope<'_>, budget: &mut Budget) {
    let mut by_language: BTreeMap<&Language, Vec<&Letter>> = BTreeMap::new();
    for letter in letters {
        by_language.entry(&letter.language).or_default().push(letter);
    }
    for (language, letters) in by_language {
        // Each language has its own words for the facts, and its own copy of the data.
        if !budget.hold(scope.length.saturating_mul(4)) {
            return;
        }
        let mut sizes = Sizes::new(partials, variants, language);
        for letter in letters {
            let Some(body) = &letter.body else { continue };
            let size = sizes.of(body);
            if size.bytes > MOST_EXPANDED {
                let at = Place::file(&letter.entry.shown);
                budget.push(Problem::error(msg!("template-too-long-with-partials")).at(at));
                // Nothing is written into it.
                return;
            }
            if !budget.hold(size.weight()) {
                return;
            }
        }
        if !budget.hold(sizes.of_called().weight()) {
            return;
        }
    }
}

/// The text of a file, when there is room for it.
fn read_text(entry: &Entry, budget: &mut Budget) -> Option<String> {
    if budget.is_spent() {
        return None;
    }
    let text = file::read(&entry.path, &entry.shown, &mut budget.problems)?;
    budget.read(&text).then_some(text)
}

fn read_partial(entry: Entry, partials: &mut Partials, budget: &mut Budget) {
    let Some(text) = read_text(&entry, budget) else {
        return;
    };
    let mut file = budget.file(&entry.shown, &text);
    let Some(parsed) = parse::template(&mut file, 0..text.len()) else {
        return;
    };
    wording::check(&mut file, &parsed.pieces);
    let partial = Partial {
        shown: entry.shown,
        text,
        parsed,
    };
    partials.entry(entry.name).or_default().add(entry.language, partial);
}

/// A variant: a paragraph, whatever blank lines its file begins and ends with.
fn read_variant(entry: Entry, language: Language, names: &mut Partials, budget: &mut Budget) {
    let Some(text) = read_text(&entry, budget) else {
        return;
    };
    let mut file = budget.file(&entry.shown, &text);
    let begin = text.len() - text.trim_start().len();
    let span = begin..begin.max(text.trim_end().len());
    if span.is_empty() {
        let at = Place::file(&entry.shown);
        file.push(Problem::error(msg!("variant-empty")).at(at));
    }
    // One that cannot be read is there all the same: letters that would say it have one slip less.
    let parsed = parse::template(&mut file, span).unwrap_or_default();
    wording::check(&mut file, &parsed.pieces);
    let variant = Partial {
        shown: entry.shown,
        text,
        parsed,
    };
    names.entry(entry.name).or_default().add(Some(language), variant);
}

fn read_letter(entry: Entry, language: Language, scope: &Scope<'_>, budget: &mut Budget) -> Option<Letter> {
    let text = read_text(&entry, budget)?;
    let mut head = budget.file(&entry.shown, &text);
    let mut headers = headers::read(&mut head);
    let said = head.said;
    if !budget.step(headers.attach.len().min(MOST_ATTACHMENTS) * STEPS_OF_A_FILE) {
        headers.attach.clear();
    }
    let mut file = budget.file(&entry.shown, &text);
    file.said = said;
    let attach = attachments(&mut file, headers.attach, scope);
    let subject = headers.subject.and_then(|span| read_subject(&mut file, span));
    let body_span = headers.body..text.len();
    let body = parse::template(&mut file, body_span.clone());
    if let Some(body) = &body {
        let is_blank = body.pieces.iter().all(|piece| match piece {
            Piece::Text(span) => text[span.clone()].trim().is_empty(),
            Piece::Tag(_) => false,
        });
        // Without header lines and without an empty line, that was said already.
        if is_blank && !file.said {
            let at = Place::file(&entry.shown);
            file.push(Problem::error(msg!("template-no-text")).at(at));
        }
        wording::check(&mut file, &body.pieces);
    }
    Some(Letter {
        entry,
        language,
        subject,
        body,
        body_span,
        format: headers.format,
        attach,
        text,
    })
}

/// To look at a file takes so much longer than to look at a piece of text.
const STEPS_OF_A_FILE: usize = 40;

/// The files of the header lines.
fn attachments(file: &mut File<'_>, written: Vec<(String, Range<usize>)>, scope: &Scope<'_>) -> Vec<Attachment> {
    let mut attach = Vec::new();
    let mut bytes = 0u64;
    if let Some((_, span)) = written.get(MOST_ATTACHMENTS) {
        file.error(span.clone(), msg!("header-too-many-files", most = MOST_ATTACHMENTS));
    }
    for (path, span) in written.into_iter().take(MOST_ATTACHMENTS) {
        match config::attachment(scope.folder, &path, scope.kept_back) {
            Ok((attachment, _)) if attach.contains(&attachment) => {}
            Ok((attachment, length)) => {
                let fitted = bytes <= MOST_ATTACHED;
                bytes = bytes.saturating_add(length);
                if fitted && bytes > MOST_ATTACHED {
                    refuse(file, span, config::too_heavy(bytes));
                }
                attach.push(attachment);
            }
            Err(refused) => refuse(file, span, refused),
        }
    }
    attach
}

fn refuse(file: &mut File<'_>, span: Range<usize>, refused: config::Refused) {
    let config::Refused { message, hint } = refused;
    file.error_with(span, message, hint);
}

fn read_subject(file: &mut File<'_>, span: Range<usize>) -> Option<Parsed> {
    let parsed = parse::template(file, span.clone())?;
    let texts = parsed.pieces.iter().filter_map(|piece| match piece {
        Piece::Text(span) => Some(file.text[span.clone()].chars().count()),
        Piece::Tag(_) => None,
    });
    let length: usize = texts.sum();
    if length > LONGEST_SUBJECT {
        file.error(
            span,
            msg!("header-subject-too-long", length = length, most = LONGEST_SUBJECT),
        );
    }
    wording::check(file, &parsed.pieces);
    Some(parsed)
}

/// What letters use of the variants.
#[derive(Default)]
struct Used {
    /// The groups, each with the languages of the letters that name it.
    groups: BTreeMap<String, BTreeSet<Language>>,
    /// The files.
    files: BTreeSet<String>,
}

impl Used {
    /// What is missing of the variants, and what is there for nothing.
    fn look(&self, variants: &Variants, shown_dir: &str, budget: &mut Budget) {
        for (group, names) in variants {
            let folder = format!("{shown_dir}/variants/{group}");
            let Some(languages) = self.groups.get(group) else {
                let what = msg!("variants-unused", name = group);
                budget.push(Problem::warning(what).at(Place::file(folder)));
                continue;
            };
            for (name, versions) in names {
                for language in languages.iter().filter(|language| versions.best(language).is_none()) {
                    let what = msg!(
                        "variant-gap",
                        name = name,
                        group = group,
                        language = language.to_string(),
                        file = format!("{folder}/{name}.{language}.hbs"),
                    );
                    budget.push(Problem::warning(what).at(Place::file(&folder)));
                }
                for (language, text) in versions.iter().filter(|(_, text)| !self.files.contains(&text.shown)) {
                    let what = msg!("variant-unused", group = group, language = language.to_string());
                    budget.push(Problem::warning(what).at(Place::file(&text.shown)));
                }
            }
        }
    }
}

/// Walks a letter with its partials and variants: the facts it uses in any case; what is wrong is pushed. `looked_at` are
/// the partials and variants whose Markdown was looked at.
fn lint(
    letter: &Letter,
    (partials, variants): (&Partials, &Variants),
    shown_dir: &str,
    scope: &Scope<'_>,
    budget: &mut Budget,
    looked_at: &mut BTreeSet<String>,
    used: &mut Used,
) -> BTreeSet<String> {
    let unit = |parsed| Unit {
        shown: &letter.entry.shown,
        text: &letter.text,
        parsed,
    };
    let mut lint = Lint::new(scope, (partials, variants), &letter.language, shown_dir, budget);
    if let Some(subject) = &letter.subject {
        lint.subject(unit(subject));
    }
    if let Some(body) = &letter.body {
        lint.body(unit(body));
    }
    let Lint {
        facts,
        own_facts,
        called,
        groups,
        ..
    } = lint;
    used.files.extend(called.keys().map(|file| (*file).to_owned()));
    for group in &groups {
        let languages = used.groups.entry((*group).to_owned()).or_default();
        languages.insert(letter.language.clone());
    }
    let users = || scope.letters.iter().filter(|spec| spec.template == letter.entry.name);
    if users().next().is_some() {
        for (name, (unit, span)) in &facts {
            let place = || Place::in_source(unit.shown, unit.text, span.clone());
            if let Some(problem) = stale(name, place, &letter.language, scope) {
                budget.push(problem);
            }
        }
    }
    let is_markdown = letter.format == Some(Format::Markdown)
        || (letter.format.is_none() && users().any(|spec| spec.format == Format::Markdown));
    // What a slip makes of a letter is not looked at: its names may mean anything.
    let is_wrong = budget.problems.iter().any(|problem| {
        let file = problem.place.as_ref().map(|place| place.file.as_str());
        problem.severity == Severity::Error
            && file.is_some_and(|file| file == letter.entry.shown || called.contains_key(file))
    });
    if !is_wrong {
        own_words(letter, (partials, variants), users(), budget);
        let files = called
            .values()
            .map(|partial| (partial.shown.as_str(), partial.text.as_str()));
        let said = groups.into_iter().filter_map(|group| {
            let texts = variants
                .get(group)?
                .values()
                .filter_map(|text| text.best(&letter.language));
            Some((group, texts.collect()))
        });
        let letter = marked::Letter {
            parts: letter.subject.iter().chain(&letter.body).collect(),
            language: &letter.language,
            is_markdown,
            variants: said.collect(),
            files: std::iter::once((letter.entry.shown.as_str(), letter.text.as_str()))
                .chain(files)
                .collect(),
        };
        for problem in telling::check(&letter, partials, scope, &mut budget.links) {
            budget.push(problem);
        }
    }
    if is_markdown {
        wording::remote_content(
            &mut budget.file(&letter.entry.shown, &letter.text),
            letter.body_span.clone(),
        );
        for partial in called.into_values() {
            if looked_at.insert(partial.shown.clone()) {
                wording::remote_content(&mut budget.file(&partial.shown, &partial.text), 0..partial.text.len());
            }
        }
    }
    own_facts
}

/// A letter that takes the sender's own words, or does not leave, has a place for them.
fn own_words<'s>(
    letter: &Letter,
    (partials, variants): (&Partials, &Variants),
    mut users: impl Iterator<Item = &'s LetterSpec>,
    budget: &mut Budget,
) {
    let (Some(spec), Some(body)) = (users.find(|spec| spec.own_words == OwnWords::Required), &letter.body) else {
        return;
    };
    let (id, at) = (&spec.id, || Place::file(&letter.entry.shown));
    match Search::new(partials, variants, &letter.language).of(&body.template) {
        own_words::Place::Always => {}
        own_words::Place::Sometimes => {
            budget.push(Problem::warning(msg!("own-words-for-some", letter = id)).at(at()));
        }
        own_words::Place::Never => budget.push(Problem::error(msg!("own-words-nowhere", letter = id)).at(at())),
    }
}

/// A figure past its time stops the run: a letter with it would say what is known to be wrong.
fn stale(name: &str, place: impl Fn() -> Place, language: &Language, scope: &Scope<'_>) -> Option<Problem> {
    let fact = (*scope.facts.get(name)?)?;
    let expires = fact.expires.filter(|expires| *expires <= scope.now)?;
    let source = fact.source.as_ref().and_then(|source| source.get(language));
    let what = msg!("fact-out-of-date", name = name, expires = expires.to_string());
    let problem = Problem::error(what).at(place());
    let ask = whom_to_ask(scope.contact);
    Some(problem.hint(match source {
        Some(source) => msg!("fact-out-of-date-ask", ask = ask, source = source, name = name),
        None => msg!("fact-out-of-date-hint", ask = ask, name = name),
    }))
}
