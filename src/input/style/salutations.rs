//! Rows without a form of address, in letters that begin with it: `,` on a line of its own, and then the text.

use std::collections::BTreeMap;

use appel_core::campaign::LetterSpec;
use appel_core::problem::{Problem, Problems};
use appel_core::templates::Versions;
use appel_messages::{Value, msg};
use handlebars::template::{Parameter, Template, TemplateElement};

use crate::input::Input;

/// So many rows are named.
const NAMED: usize = 10;
/// Partials lie no deeper in each other than here.
const DEEPEST: usize = 20;

/// Warns of the rows, once for each letter.
pub fn look(input: &Input, problems: &mut Problems) {
    let campaign = &input.campaign;
    let recipients = &campaign.recipients;
    let letters: Vec<&LetterSpec> = campaign
        .letters
        .iter()
        .map(AsRef::as_ref)
        .filter(|spec| takes_it(input, spec))
        .collect();
    if letters.is_empty() {
        return;
    }
    let at = recipients.columns().iter().position(|name| name == "salutation");
    let mut empty: BTreeMap<&str, (Vec<usize>, usize)> = BTreeMap::new();
    for row in recipients.rows().map_while(Result::ok) {
        let is_empty = at
            .and_then(|at| row.cells.get(at))
            .is_none_or(|cell| cell.trim().is_empty());
        if !is_empty {
            continue;
        }
        for spec in letters.iter().filter(|spec| spec.to.contains(&row.role)) {
            let (named, count) = empty.entry(&spec.id).or_default();
            if named.len() < NAMED {
                named.push(row.line);
            }
            *count += 1;
        }
    }
    for (letter, (named, count)) in empty {
        let more = (count - named.len()) as u64;
        let place = recipients.place(named[0], Some("salutation"));
        let rows = Value::List(named.iter().map(|line| line.to_string().into()).collect(), more);
        let what = msg!("salutation-empty", letter = letter, count = count, rows = rows);
        problems.push(Problem::warning(what).at(place));
    }
}

/// Whether some text of the letter writes `{{recipient.salutation}},` without asking first whether there is one.
fn takes_it(input: &Input, spec: &LetterSpec) -> bool {
    let templates = &input.campaign.templates;
    let languages = templates.languages(&spec.template).iter();
    let mut texts = languages.filter_map(|language| templates.get(&spec.template, language));
    texts.any(|text| writes_it(&text.body, &templates.partials, 0) || writes_it(&text.subject, &templates.partials, 0))
}

fn writes_it(template: &Template, partials: &BTreeMap<String, Versions<Template>>, depth: usize) -> bool {
    let elements = &template.elements;
    elements.iter().enumerate().any(|(at, element)| match element {
        TemplateElement::Expression(call) | TemplateElement::HtmlExpression(call) => {
            // Alone on its line it leaves that line empty, which is how people write a letter without one.
            let goes_on = match elements.get(at + 1) {
                Some(TemplateElement::RawString(text)) => {
                    !text.trim_start_matches(' ').starts_with(['\n', '\r']) && !text.trim().is_empty()
                }
                _ => false,
            };
            call.params.is_empty() && is_it(&call.name) && goes_on
        }
        TemplateElement::HelperBlock(block) => {
            if block.params.iter().any(asks_for_it) {
                return false;
            }
            let mut branches = [&block.template, &block.inverse].into_iter().flatten();
            branches.any(|branch| writes_it(branch, partials, depth))
        }
        TemplateElement::PartialExpression(call) => {
            let versions = call.name.as_name().and_then(|name| partials.get(name));
            depth < DEEPEST
                && versions.is_some_and(|versions| {
                    let mut texts = versions.iter().map(|(_, text)| text).chain(versions.general());
                    texts.any(|text| writes_it(text, partials, depth + 1))
                })
        }
        _ => false,
    })
}

fn is_it(parameter: &Parameter) -> bool {
    parameter.as_name().is_some_and(|name| name == "recipient.salutation")
}

/// Whether a condition names it, on its own or in a comparison.
fn asks_for_it(parameter: &Parameter) -> bool {
    match parameter {
        Parameter::Subexpression(inner) => {
            let element = inner.as_element();
            matches!(element, TemplateElement::Expression(call) if call.params.iter().any(asks_for_it))
        }
        other => is_it(other),
    }
}
