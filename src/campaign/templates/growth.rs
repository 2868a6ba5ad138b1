//! How long a letter can become: partials that call others ten times each grow without end.

use std::collections::{BTreeMap, HashMap};

use handlebars::template::{Template, TemplateElement};

use super::Partials;
use super::parse::Parsed;
use crate::campaign::Language;

/// How deep partials may call one another.
pub const DEEPEST_PARTIAL: usize = 16;

/// The most bytes a text in `language` comes to with its partials, both branches of every question counted.
pub fn size(parsed: &Parsed, partials: &BTreeMap<String, Partials>, language: &Language) -> u64 {
    size_of(parsed, partials, language, &mut HashMap::new(), 0)
}

fn size_of(
    parsed: &Parsed,
    partials: &BTreeMap<String, Partials>,
    language: &Language,
    known: &mut HashMap<String, u64>,
    depth: usize,
) -> u64 {
    let own: usize = parsed.pieces.iter().map(|piece| piece.span().len()).sum();
    let mut whole = own as u64;
    // What calls itself, or too deep, was refused.
    if depth <= DEEPEST_PARTIAL {
        for name in calls(&parsed.template) {
            let Some(partial) = partials.get(name).and_then(|versions| versions.best(language)) else {
                continue;
            };
            let known_size = known.get(name).copied();
            let called = known_size.unwrap_or_else(|| {
                known.insert(name.to_owned(), 0);
                let called = size_of(&partial.parsed, partials, language, known, depth + 1);
                known.insert(name.to_owned(), called);
                called
            });
            whole = whole.saturating_add(called);
        }
    }
    whole
}

/// The names of the partials that a template calls, as often as it does.
fn calls(template: &Template) -> Vec<&str> {
    let mut found = Vec::new();
    let mut open = vec![template];
    while let Some(template) = open.pop() {
        for element in &template.elements {
            match element {
                TemplateElement::PartialExpression(call) => found.extend(call.name.as_name()),
                TemplateElement::HelperBlock(helper) => {
                    open.extend(helper.template.iter().chain(&helper.inverse));
                }
                _ => {}
            }
        }
    }
    found
}
