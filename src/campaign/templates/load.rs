//! Reads the whole templates folder: every file first, then every letter with its partials.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;

use super::file::{self, File};
use super::folder::{self, Entry};
use super::lint::Lint;
use super::parse::{self, Parsed};
use super::spot::Unit;
use super::tags::Piece;
use super::{Partial, Scope, Template, Templates, headers, telling, wording};
use crate::campaign::Language;
use crate::campaign::config::{self, Attachment, Format};
use crate::failure::{Place, Problem, Problems, Severity};

/// How many problems are shown one by one.
const SHOWN: usize = 100;
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
    let mut found = Problems::new();
    let templates = read_all(dir, shown_dir, scope, &mut found);
    let fine = !found.any_error();
    let mut said: Vec<Problem> = Vec::new();
    for problem in found {
        if said.len() == SHOWN {
            let more = Problem::error("there are more problems in the templates");
            said.push(
                more.at(Place::file(shown_dir))
                    .hint("mend those above first, then check again"),
            );
            break;
        }
        // A slip in a partial is met by every letter that calls it.
        if !said.contains(&problem) {
            said.push(problem);
        }
    }
    problems.extend(said);
    templates.filter(|_| fine)
}

fn read_all(dir: &Path, shown_dir: &str, scope: &Scope<'_>, problems: &mut Problems) -> Option<Templates> {
    let entries = folder::letters(dir, shown_dir, scope, problems)?;
    folder::check_coverage(&entries, shown_dir, scope, problems);
    let mut templates = Templates::default();
    for entry in folder::partials(dir, shown_dir, scope, problems) {
        read_partial(entry, &mut templates, problems);
    }
    let letters: Vec<Letter> = entries
        .into_iter()
        .filter_map(|(entry, language)| read_letter(entry, language, scope, problems))
        .collect();
    let mut left = telling::MOST_RENDERED_IN_ALL;
    for letter in letters {
        let (facts, said) = lint(&letter, &templates, shown_dir, scope, &mut left);
        problems.extend(said);
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
            .push(letter.language, template);
    }
    Some(templates)
}

fn read_partial(entry: Entry, templates: &mut Templates, problems: &mut Problems) {
    let Some(text) = file::read(&entry.path, &entry.shown, problems) else {
        return;
    };
    let mut file = File::new(&entry.shown, &text, problems);
    let Some(parsed) = parse::template(&mut file, 0..text.len()) else {
        return;
    };
    wording::check(&mut file, &parsed.pieces);
    let partial = Partial {
        shown: entry.shown,
        text,
        parsed,
    };
    let slot = templates.partials.entry(entry.name).or_default();
    match entry.language {
        Some(language) => slot.versions.push(language, partial),
        None => slot.general = Some(partial),
    }
}

fn read_letter(entry: Entry, language: Language, scope: &Scope<'_>, problems: &mut Problems) -> Option<Letter> {
    let text = file::read(&entry.path, &entry.shown, problems)?;
    let mut file = File::new(&entry.shown, &text, problems);
    let headers = headers::read(&mut file);
    let mut attach = Vec::new();
    for (path, span) in headers.attach {
        match config::attachment(scope.folder, &path) {
            Ok(attachment) if attach.contains(&attachment) => {}
            Ok(attachment) => attach.push(attachment),
            Err(config::Refused { message, hint }) => file.error(span, message, hint),
        }
    }
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
            file.push(
                Problem::error("the letter has no text").at(at),
                "write it below the header lines, after an empty line",
            );
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

fn read_subject(file: &mut File<'_>, span: Range<usize>) -> Option<Parsed> {
    let parsed = parse::template(file, span.clone())?;
    let texts = parsed.pieces.iter().filter_map(|piece| match piece {
        Piece::Text(span) => Some(file.text[span.clone()].chars().count()),
        Piece::Tag(_) => None,
    });
    let length: usize = texts.sum();
    if length > LONGEST_SUBJECT {
        let message = format!("the subject is too long: {length} characters");
        file.error(
            span,
            message,
            "say it in 255 characters or fewer; mail programs show about 60",
        );
    }
    wording::check(file, &parsed.pieces);
    Some(parsed)
}

/// Walks a letter with its partials: the facts it uses, and what is wrong.
fn lint(
    letter: &Letter,
    templates: &Templates,
    shown_dir: &str,
    scope: &Scope<'_>,
    left: &mut usize,
) -> (BTreeSet<String>, Vec<Problem>) {
    let unit = |parsed| Unit {
        shown: &letter.entry.shown,
        text: &letter.text,
        parsed,
    };
    let mut lint = Lint::new(scope, &templates.partials, &letter.language, shown_dir);
    if let Some(subject) = &letter.subject {
        lint.subject(unit(subject));
    }
    if let Some(body) = &letter.body {
        lint.body(unit(body));
    }
    let Lint {
        problems: mut said,
        facts,
        called,
        ..
    } = lint;
    let users = || scope.letters.iter().filter(|spec| spec.template == letter.entry.name);
    if users().next().is_some() {
        said.extend(
            facts
                .iter()
                .filter_map(|(name, place)| stale(name, place, &letter.language, scope)),
        );
    }
    let is_markdown = letter.format == Some(Format::Markdown)
        || (letter.format.is_none() && users().any(|spec| spec.format == Format::Markdown));
    // What a slip makes of a letter is not looked at: its names may mean anything.
    if !said.iter().any(|problem| problem.severity == Severity::Error) {
        let files = templates
            .partials
            .values()
            .filter_map(|partial| partial.best(&letter.language))
            .filter(|partial| called.contains(&partial.shown))
            .map(|partial| (partial.shown.as_str(), partial.text.as_str()));
        let letter = telling::Letter {
            parts: letter.subject.iter().chain(&letter.body).collect(),
            language: &letter.language,
            is_markdown,
            files: std::iter::once((letter.entry.shown.as_str(), letter.text.as_str()))
                .chain(files)
                .collect(),
        };
        said.extend(telling::check(&letter, &templates.partials, scope, left));
    }
    if is_markdown {
        let mut found = Problems::new();
        let mut file = File::new(&letter.entry.shown, &letter.text, &mut found);
        wording::remote_content(&mut file, letter.body_span.clone());
        for partial in templates
            .partials
            .values()
            .filter_map(|partial| partial.best(&letter.language))
        {
            if called.contains(&partial.shown) {
                let mut file = File::new(&partial.shown, &partial.text, &mut found);
                wording::remote_content(&mut file, 0..partial.text.len());
            }
        }
        said.extend(found);
    }
    (facts.into_keys().collect(), said)
}

/// A figure past its time stops the run: a letter with it would say what is known to be wrong.
fn stale(name: &str, place: &Place, language: &Language, scope: &Scope<'_>) -> Option<Problem> {
    let fact = (*scope.facts.get(name)?)?;
    let expires = fact.expires.filter(|expires| *expires <= scope.now)?;
    let source = fact.source.as_ref().and_then(|source| source.get(language));
    let ask = source.map_or_else(String::new, |source| format!("ask {source} for the new figure, then "));
    Some(
        Problem::error(format!("the fact `{name}` is out of date since {expires}"))
            .at(place.clone())
            .hint(format!(
                "{ask}write it and a new `expires` under [facts.{name}] in config.toml"
            )),
    )
}
