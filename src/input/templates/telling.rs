//! Links that tell readers or senders apart: each letter is rendered once with a mark in place of every value, and with
//! both branches of every choice, and its links are looked at.
//!
//! A link with a mark in it is another one for each value. And where a choice decides which link stands in a place, the
//! link tells which way it went.

use std::collections::HashMap;

use appel_core::letter::markdown::MARKDOWN;
use appel_core::links;
use appel_messages::{Value, msg};
use handlebars::template::{Template, TemplateElement};
use pulldown_cmark::{BrokenLink, Parser};

use super::branches::{self, Found};
use super::conditions;
use super::growth::{Called, DEEPEST_PARTIAL};
use super::marked::{Letter, Names, Rendering};
use super::{Partials, Scope};
use crate::failure::{Place, Problem};

/// The most bytes of one rendering with all its branches and marks; of one letter 64 KiB leave.
const MOST_RENDERED: usize = 1024 * 1024;
/// The same of all letters together; a campaign has some hundred letters of 4 KiB.
pub const MOST_RENDERED_IN_ALL: usize = if cfg!(test) { 1 } else { 16 } * 1024 * 1024;
/// The most partials called in one letter; the renderer refuses more pieces than that.
const MOST_CALLS: u64 = 20_000;
/// How many such links of one letter are named.
const SHOWN: usize = 20;

/// How many conditions of one problem are named.
const NAMED: usize = 20;

/// What links of the letter tell readers or senders apart; `left` is how much of all letters may still be rendered.
pub fn check(letter: &Letter<'_>, partials: &Partials, scope: &Scope<'_>, left: &mut usize) -> Vec<Problem> {
    let names = Names::default();
    let mut rendering = Rendering::new(letter, partials, scope, &names);
    let mut problems: Vec<Problem> = Vec::new();
    // Each variant once, beside one of every other group.
    let rounds = letter.variants.iter().map(|(_, texts)| texts.len()).max();
    let rounds = rounds.unwrap_or(0).max(1);
    let mut first = None;
    for nth in 0..rounds {
        rendering.choose(letter, nth);
        let (mut found, links) = look(letter, nth, &rendering, partials, &names, left);
        if let Some(links) = links {
            let first = first.get_or_insert_with(|| links.clone());
            found.extend(another_link(letter, first, &links));
        }
        for problem in found {
            let is_known = |known: &Problem| known.what == problem.what && known.place == problem.place;
            if !problems.iter().any(is_known) {
                problems.push(problem);
            }
        }
        if problems.len() >= SHOWN {
            break;
        }
    }
    problems.truncate(SHOWN);
    problems
}

/// What the links of a letter tell that says the `nth` variant of each group; and which links those are, where there are
/// several variants and all of it could be looked at.
fn look(
    letter: &Letter<'_>,
    nth: usize,
    rendering: &Rendering,
    partials: &Partials,
    names: &Names,
    left: &mut usize,
) -> (Vec<Problem>, Option<Vec<String>>) {
    let mut problems = Vec::new();
    let mut links = (!letter.variants.is_empty()).then(Vec::new);
    for part in &letter.parts {
        if calls(&part.template, letter, nth, partials) > MOST_CALLS {
            // The renderer refuses it and says so.
            links = None;
            continue;
        }
        match rendering.of(&part.template, (*left).min(MOST_RENDERED)) {
            Ok(text) => {
                *left -= text.len();
                if let Some(links) = &mut links {
                    links.extend(conditions::links(&text, letter.is_markdown));
                }
                let mut found = branches::walk(&links::plain(&text, letter.is_markdown), names);
                if letter.is_markdown {
                    found.extend(labels(&text));
                }
                found.extend(conditions::compare(
                    &text,
                    letter.is_markdown,
                    &found,
                    &|number| names.tells(number),
                    left,
                ));
                problems.extend(found.iter().map(|found| problem(letter, found, names)));
            }
            Err(why) => {
                problems.push(Problem::error(msg!("link-unseen", why = why)).at(letter.file()));
                links = None;
            }
        }
    }
    (problems, links)
}

/// The error of a letter that has another link with another variant: which variant a reader gets would be told.
fn another_link(letter: &Letter<'_>, first: &[String], links: &[String]) -> Option<Problem> {
    if first == links {
        return None;
    }
    let added = links.iter().find(|link| !first.contains(link));
    let link = added.or_else(|| first.iter().find(|link| !links.contains(link)));
    let link = link.or_else(|| links.first()).map_or("", String::as_str);
    let shown = links::unmarked(link);
    Some(Problem::error(msg!("link-of-variant", link = shown)).at(letter.place(link, "")))
}

/// A link of Markdown whose label (`[text][label]`) is a value: which link it is, the value decides.
fn labels(text: &str) -> Vec<Found> {
    let mut found = Vec::new();
    let mut broken = Vec::new();
    let mut note = |link: BrokenLink<'_>| {
        broken.extend(links::values(&link.reference));
        None
    };
    let mut parser = Parser::new_with_broken_link_callback(text, MARKDOWN, Some(&mut note));
    // References are only looked up as the text is read.
    for _ in parser.by_ref() {}
    let definitions = parser.reference_definitions();
    let defined: Vec<usize> = definitions.iter().flat_map(|(label, _)| links::values(label)).collect();
    let any = definitions.iter().next().is_some();
    drop(parser);
    for value in defined.into_iter().chain(broken.into_iter().filter(|_| any)) {
        found.push(Found::Value {
            value,
            link: String::new(),
        });
    }
    found
}

fn problem(letter: &Letter<'_>, found: &Found, names: &Names) -> Problem {
    match found {
        Found::Value { value, link } => {
            let name = names.shown(*value);
            let what = if names.is_of_recipient(*value) {
                msg!("link-of-reader", name = name)
            } else {
                msg!("link-of-sender", name = name)
            };
            Problem::error(what).at(letter.place(link, &names.first_field([*value])))
        }
        Found::Choice { conditions, link } => {
            let numbers = || conditions.iter().copied();
            let what = if names.any_of_recipient(numbers()) {
                msg!("link-chosen-by-reader", names = together(numbers(), names))
            } else {
                msg!("link-chosen-by-sender", names = together(numbers(), names))
            };
            Problem::error(what).at(letter.place(link, &names.first_field(numbers())))
        }
        Found::Parts { conditions, link } => {
            let numbers = || conditions.iter().copied();
            let what = msg!("link-several-for-some", names = together(numbers(), names));
            Problem::error(what).at(letter.place(link, &names.first_field(numbers())))
        }
        Found::Part { condition, link } => {
            let what = msg!("link-for-some", name = names.shown(*condition));
            Problem::warning(what).at(letter.place(link, &names.first_field([*condition])))
        }
        Found::Invisible { link } => Problem::error(msg!("link-hidden-character")).at(letter.place(link, "")),
        Found::TooMany => Problem::error(msg!("link-too-many-choices")).at(letter.file()),
    }
}

/// `a and b and c`, of many only the first.
fn together(conditions: impl Iterator<Item = usize>, names: &Names) -> Value {
    let mut conditions = conditions.map(|condition| Value::from(format!("`{}`", names.shown(condition))));
    let and = |before: Value, next: Value| Value::from(msg!("link-and", before = before, next = next));
    let first = conditions.by_ref().take(NAMED).reduce(and);
    let first = first.unwrap_or_else(|| Value::from(String::new()));
    match conditions.count() {
        0 => first,
        more => and(first, msg!("link-and-more", count = more).into()),
    }
}

impl Letter<'_> {
    fn file(&self) -> Place {
        self.files
            .first()
            .map_or_else(Place::default, |(shown, _)| Place::file(*shown))
    }

    /// Where a link is, by the words that it begins with; else where the field is named first.
    fn place(&self, link: &str, field: &str) -> Place {
        let literal = link.split(links::is_mark).next().unwrap_or_default();
        let in_files = |find: &dyn Fn(&str) -> Option<std::ops::Range<usize>>| {
            self.files
                .iter()
                .find_map(|(shown, text)| Some(Place::in_source(*shown, text, find(text)?)))
        };
        let is_whole = literal.len() == link.len();
        let by_link = |text: &str| {
            text.match_indices(literal).find_map(|(at, _)| {
                let behind = at + literal.len();
                let tag = text[behind..]
                    .starts_with("{{")
                    .then(|| behind + closing(&text[behind..]));
                tag.or_else(|| is_whole.then_some(behind)).map(|end| at..end)
            })
        };
        let member = field.rsplit('.').next().unwrap_or_default();
        let by_field = |text: &str| {
            let tags = text.match_indices("{{").map(|(at, _)| at..at + closing(&text[at..]));
            tags.into_iter()
                .find(|tag| !member.is_empty() && text[tag.clone()].contains(member))
        };
        (literal.len() >= 4)
            .then(|| in_files(&by_link))
            .flatten()
            .or_else(|| in_files(&by_field))
            .unwrap_or_else(|| self.file())
    }
}

/// How long the tag is that `text` begins with.
fn closing(text: &str) -> usize {
    text.find("}}").map_or(text.len(), |at| at + 2)
}

/// How many partials and variants a template calls, with those that they call; of each group the `nth` variant.
fn calls(template: &Template, letter: &Letter<'_>, nth: usize, partials: &Partials) -> u64 {
    fn count<'a>(
        template: &'a Template,
        find: &impl Fn(Called<'a>) -> Option<&'a Template>,
        known: &mut HashMap<Called<'a>, u64>,
        depth: usize,
    ) -> u64 {
        let mut whole = 0_u64;
        let mut open = vec![template];
        while let Some(template) = open.pop() {
            for element in &template.elements {
                if let TemplateElement::HelperBlock(block) = element {
                    open.extend(block.template.iter().chain(&block.inverse));
                }
                let Some(call) = Called::by(element) else { continue };
                let inner = match (known.get(&call).copied(), find(call)) {
                    (Some(inner), _) => inner,
                    (None, Some(text)) if depth < DEEPEST_PARTIAL => {
                        known.insert(call, 0);
                        let inner = count(text, find, known, depth + 1);
                        known.insert(call, inner);
                        inner
                    }
                    _ => 0,
                };
                whole = whole.saturating_add(1).saturating_add(inner);
            }
        }
        whole
    }
    let find = |call: Called<'_>| {
        let text = match call {
            Called::Partial(name) => partials.get(name)?.best(letter.language)?,
            Called::Variant(group) => {
                let (_, texts) = letter.variants.iter().find(|(known, _)| *known == group)?;
                texts.get(nth.min(texts.len().saturating_sub(1)))?
            }
        };
        Some(&text.parsed.template)
    };
    count(template, &find, &mut HashMap::new(), 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_conditions_the_first_are_named() {
        let names = Names::default();
        let say = |count: usize| {
            let numbers = (0..count).map(|nth| names.call("eq", &[nth.to_string()]));
            msg!("link-several-for-some", names = together(numbers, &names)).in_english()
        };
        assert!(
            say(2).contains("depending on `(eq \"0\")` and `(eq \"1\")`: together"),
            "{}",
            say(2)
        );
        assert!(
            say(25).contains("and `(eq \"19\")` and 5 more: together"),
            "{}",
            say(25)
        );
    }
}
