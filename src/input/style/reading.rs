//! A letter as its reader sees it, before anything is filled in: how it begins, how long it is, how its subject sounds,
//! where its links lead.

use appel_core::campaign::{Campaign, Format, LetterSpec};
use appel_core::letter::markdown::MARKDOWN;
use appel_core::place::Language;
use appel_core::problem::{Place, Problem, Problems};
use appel_core::templates::{Template, variant_called};
use appel_messages::msg;
use handlebars::template::{Parameter, Template as Text, TemplateElement};
use pulldown_cmark::{Event, LinkType, Parser, Tag, TagEnd};

use crate::input::phrases;

/// What stands where something is filled in.
pub const VALUE: char = '\u{fffc}';
/// What stands where it is a value of the recipient's row.
pub const OF_ROW: char = '\u{fff9}';

/// A page of a letter has so many characters, and about 450 words.
const A_PAGE: usize = 3000;
/// How deep partials are followed; the lint refuses more.
const DEEPEST: usize = 32;
/// How many variants of a group are read.
const MOST_VARIANTS: usize = 50;
/// How many bytes of a letter are read, and how many of its parts; nobody reads more either.
const MOST: usize = 100_000;

/// What is worth saying of one text of a letter.
pub fn look(campaign: &Campaign, spec: &LetterSpec, language: &Language, template: &Template, problems: &mut Problems) {
    let at = |text: &Text| Place {
        line: text.mapping.first().map(|place| place.0),
        ..Place::file(&template.file)
    };
    let file = || Place::file(&template.file);
    let subject = flat(campaign, language, &template.subject, 0);
    if let Some(capitals) = in_capitals(&subject) {
        problems.push(Problem::warning(msg!("subject-capitals", words = capitals)).at(at(&template.subject)));
    }
    if subject.matches(['!', '！']).count() > 1 {
        problems.push(Problem::warning(msg!("subject-exclamation")).at(at(&template.subject)));
    }
    let mut found: Vec<Problem> = Vec::new();
    let mut say = |problem: Problem| {
        if !found.iter().any(|known| known.what == problem.what) {
            found.push(problem);
        }
    };
    let bodies = bodies(campaign, language, &template.body);
    for body in &bodies {
        if let Some(words) = phrases::first_words(body.trim_start()) {
            say(Problem::warning(msg!("letter-first-words", words = words)).at(at(&template.body)));
        }
        if let Some(line) = greeting(body).filter(|line| phrases::is_known_to_filters(line)) {
            say(Problem::warning(msg!("salutation-of-nobody", words = line)).at(file()));
        }
        if template.format.unwrap_or(spec.format) == Format::Markdown {
            for (shown, target) in misleading(body) {
                say(Problem::warning(msg!("link-text-differs", shown = shown, target = target)).at(file()));
            }
        }
    }
    let length = |body: &String| body.trim().chars().filter(|c| !matches!(*c, VALUE | OF_ROW)).count();
    if let Some((length, body)) = bodies.iter().map(|body| (length(body), body)).max()
        && length > A_PAGE
    {
        let words = body.split_whitespace().count();
        let what = msg!("letter-long", length = length, words = words, most = A_PAGE);
        say(Problem::warning(what).at(file()));
    }
    problems.extend(found);
}

/// The letter with each variant once, beside one of every other group; mostly it has none.
pub fn bodies(campaign: &Campaign, language: &Language, body: &Text) -> Vec<String> {
    let groups = campaign.templates.variants.keys();
    let rounds = groups
        .map(|group| campaign.templates.variants(group, language).count())
        .max();
    let mut found = vec![flat(campaign, language, body, 0)];
    for nth in 1..rounds.unwrap_or(0).min(MOST_VARIANTS) {
        let next = flat(campaign, language, body, nth);
        // So it is where a letter names no group, or one with fewer.
        if found.last() != Some(&next) {
            found.push(next);
        }
    }
    found
}

/// The letter's text with a sign for each value; of two branches the longer one, and of variants the `nth`, or the last.
fn flat(campaign: &Campaign, language: &Language, template: &Text, nth: usize) -> String {
    let mut text = String::new();
    let mut left = MOST;
    write((campaign, language, nth), template, (0, &mut left), &mut text);
    text
}

/// `depth` is how deep it stands in others, and `left` how many parts may still be read.
fn write(
    (campaign, language, nth): (&Campaign, &Language, usize),
    template: &Text,
    (depth, left): (usize, &mut usize),
    text: &mut String,
) {
    for element in &template.elements {
        if text.len() > MOST || *left == 0 {
            return;
        }
        *left -= 1;
        match element {
            TemplateElement::RawString(raw) => text.push_str(raw),
            TemplateElement::Expression(value) | TemplateElement::HtmlExpression(value) => {
                if let Some(group) = variant_called(value).filter(|_| depth < DEEPEST) {
                    let texts: Vec<_> = campaign.templates.variants(group, language).collect();
                    if let Some((_, variant)) = texts.get(nth.min(texts.len().saturating_sub(1))) {
                        write((campaign, language, nth), &variant.text, (depth + 1, left), text);
                    }
                    continue;
                }
                let name = value.name.as_name().unwrap_or_default();
                text.push(if name.contains("recipient") { OF_ROW } else { VALUE });
            }
            TemplateElement::HelperBlock(block) => {
                let mut branches = [&block.template, &block.inverse].map(|branch| {
                    let mut inner = String::new();
                    if let Some(branch) = branch {
                        write((campaign, language, nth), branch, (depth + 1, left), &mut inner);
                    }
                    inner
                });
                // What a row decides differs from row to row, whatever it says.
                let of_row =
                    branches.iter().any(|branch| branch.contains(OF_ROW)) || block.params.iter().any(names_row);
                branches.sort_by_key(String::len);
                let [_, longer] = branches;
                if of_row && !longer.contains(OF_ROW) {
                    text.push(OF_ROW);
                }
                text.push_str(&longer);
            }
            TemplateElement::PartialExpression(call) if depth < DEEPEST => {
                let partial = call
                    .name
                    .as_name()
                    .and_then(|name| campaign.templates.partials.get(name)?.best(language));
                if let Some(partial) = partial {
                    write((campaign, language, nth), partial, (depth + 1, left), text);
                }
            }
            _ => {}
        }
    }
}

fn names_row(parameter: &Parameter) -> bool {
    match parameter {
        Parameter::Subexpression(inner) => match inner.as_element() {
            TemplateElement::Expression(call) => call.params.iter().any(names_row),
            _ => false,
        },
        other => other.as_name().is_some_and(|name| name.contains("recipient")),
    }
}

/// The line that addresses the reader, where it names nobody: one of the first lines, below the place and the date.
pub fn greeting(body: &str) -> Option<&str> {
    /// An address and a date have no more.
    const LINES: usize = 6;
    let lines = body.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.take(LINES).find(|line| phrases::names_nobody(line))
}

/// A subject that is mostly in capitals: a name or an abbreviation among other words is none.
fn in_capitals(subject: &str) -> Option<String> {
    /// Fewer letters may be abbreviations: "UN, WHO, EU".
    const LEAST: usize = 10;
    let words = subject
        .split(|c: char| !c.is_alphabetic())
        .filter(|word| word.chars().count() >= 2);
    let (mut capitals, mut all, mut loud, mut long) = (0, 0, 0, 0);
    for word in words {
        let length = word.chars().count();
        all += length;
        // Scripts without capitals shout otherwise.
        if word.chars().all(char::is_uppercase) {
            capitals += length;
            loud += 1;
            long += usize::from(length >= 5);
        }
    }
    let mostly = all >= LEAST && capitals * 10 >= all * 6 && long >= 1 && long + loud >= 4;
    let readable = |c: char| if matches!(c, VALUE | OF_ROW) { '…' } else { c };
    mostly.then(|| subject.trim().chars().map(readable).collect())
}

/// Links of Markdown whose words are an address, and another one than where they lead.
fn misleading(body: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open: Option<(String, String)> = None;
    for event in Parser::new_ext(body, MARKDOWN) {
        match event {
            Event::Start(Tag::Link {
                link_type, dest_url, ..
            }) if !matches!(link_type, LinkType::Autolink | LinkType::Email) => {
                open = Some((dest_url.to_string(), String::new()));
            }
            Event::Text(text) | Event::Code(text) => {
                if let Some((_, shown)) = &mut open {
                    shown.push_str(&text);
                }
            }
            Event::End(TagEnd::Link) => {
                if let Some((target, shown)) = open.take()
                    && let (Some(says), Some(leads)) = (host(&shown), host(&target))
                    && says != leads
                {
                    found.push((shown, target));
                }
            }
            _ => {}
        }
    }
    found
}

/// The host that a text names, when it is an address of the web and nothing else; without `www.`.
fn host(text: &str) -> Option<String> {
    let text = text.trim();
    if text.contains(char::is_whitespace) || text.contains([VALUE, OF_ROW]) {
        return None;
    }
    let lower = text.to_lowercase();
    let rest = match lower.split_once("://") {
        Some(("http" | "https", rest)) => rest,
        None if lower.starts_with("www.") || looks_like_host(&lower) => &lower,
        _ => return None,
    };
    let rest = rest.split(['/', '?', '#', ':']).next().unwrap_or_default();
    let host = rest.rsplit('@').next().unwrap_or_default().trim_end_matches('.');
    let host = host.strip_prefix("www.").unwrap_or(host);
    host.contains('.').then(|| host.to_owned())
}

/// `un.org`, `un.org/reports`, and no file, abbreviation or address of mail.
fn looks_like_host(text: &str) -> bool {
    let host = text.split('/').next().unwrap_or_default();
    let Some((name, end)) = host.rsplit_once('.') else {
        return false;
    };
    let known = [
        "org", "com", "net", "int", "info", "eu", "be", "de", "fr", "nl", "es", "ru", "uk", "ch", "example",
    ];
    let is_label = |c: char| c.is_alphanumeric() || matches!(c, '-' | '.');
    known.contains(&end) && !name.is_empty() && name.chars().all(is_label)
}
