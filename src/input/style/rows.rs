//! What the rows bring into the letters: places and characters that were left in cells, languages that no text has, forms
//! of address that no letter uses.

use std::collections::{BTreeMap, BTreeSet};

use appel_core::campaign::LetterSpec;
use appel_core::place::Language;
use appel_core::problem::{Problem, Problems};
use appel_core::recipients::Recipient;
use appel_messages::msg;
use handlebars::template::{Parameter, Template, TemplateElement};

use super::reading;
use crate::input::Input;
use crate::input::leavings::{self, Leaving};

/// So many different findings are told; a list can hold millions.
const TOLD: usize = 50;

/// Something that some rows have in common: the first line, and how many they are.
struct Seen<K>(BTreeMap<K, (usize, usize)>);

impl<K: Ord> Seen<K> {
    const fn new() -> Self {
        Self(BTreeMap::new())
    }

    fn note(&mut self, key: K, line: usize) {
        if let Some((_, rows)) = self.0.get_mut(&key) {
            *rows += 1;
        } else if self.0.len() < TOLD {
            self.0.insert(key, (line, 1));
        }
    }
}

/// Looks at every row once.
pub fn look(input: &Input, problems: &mut Problems) {
    let campaign = &input.campaign;
    let recipients = &campaign.recipients;
    let used: BTreeSet<String> = campaign.letters.iter().flat_map(|spec| columns(input, spec)).collect();
    let columns: Vec<(usize, &str)> = recipients
        .columns()
        .iter()
        .enumerate()
        .filter(|(_, name)| used.contains(*name))
        .map(|(nth, name)| (nth, name.as_str()))
        .collect();
    let unaddressed: Vec<&LetterSpec> = campaign
        .letters
        .iter()
        .map(AsRef::as_ref)
        .filter(|spec| leaves_salutation_out(input, spec))
        .collect();
    let salutation = recipients.columns().iter().position(|name| name == "salutation");
    let mut cells = Seen::new();
    let mut languages = Seen::new();
    let mut salutations = Seen::new();
    for row in recipients.rows() {
        // Rows that can no longer be read are told where letters are made of them.
        let Ok(row) = row else { break };
        for (nth, name) in &columns {
            let cell = row.cells.get(*nth).map_or("", String::as_str);
            for (what, words) in left_in(cell) {
                cells.note((*name, what, words), row.line);
            }
        }
        for spec in campaign.letters.iter().filter(|spec| spec.to.contains(&row.role)) {
            if let Some(gets) = gets_another(input, spec, &row) {
                let reads = row
                    .languages
                    .iter()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>()
                    .join(" ");
                languages.note((spec.id.as_str(), reads, gets), row.line);
            }
        }
        for spec in unaddressed.iter().filter(|spec| spec.to.contains(&row.role)) {
            let has_one = salutation
                .and_then(|nth| row.cells.get(nth))
                .is_some_and(|cell| !cell.is_empty());
            if has_one {
                salutations.note(spec.id.as_str(), row.line);
            }
        }
    }
    let at = |line: usize, field: &str| recipients.place(line, Some(field));
    for ((column, what, words), (line, rows)) in cells.0 {
        problems.push(cell(what, &words, column, rows).at(at(line, column)));
    }
    for ((letter, reads, gets), (line, rows)) in languages.0 {
        let what = msg!(
            "rows-without-language",
            letter = letter,
            reads = reads,
            gets = gets,
            rows = rows
        );
        problems.push(Problem::warning(what).at(at(line, "language")));
    }
    for (letter, (line, rows)) in salutations.0 {
        let what = msg!("salutation-left-out", letter = letter, rows = rows);
        problems.push(Problem::warning(what).at(at(line, "salutation")));
    }
}

/// The language that the letter goes out in to a row that names others, when it has none of those.
fn gets_another(input: &Input, spec: &LetterSpec, row: &Recipient) -> Option<String> {
    let available = input.campaign.templates.languages(&spec.template);
    let has = |wanted: &Language| wanted.best_of(available);
    if row.languages.is_empty() || row.languages.iter().any(|wanted| has(wanted).is_some()) {
        return None;
    }
    let others = [&input.sender.language, &input.campaign.language];
    // Where there is none at all, that is an error of its own.
    others.into_iter().find_map(has).map(ToString::to_string)
}

/// Whether some text of the letter addresses nobody, and none takes the row's own form of address.
fn leaves_salutation_out(input: &Input, spec: &LetterSpec) -> bool {
    let campaign = &input.campaign;
    if columns(input, spec).contains("salutation") {
        return false;
    }
    let languages = campaign.templates.languages(&spec.template).iter();
    let mut texts =
        languages.filter_map(|language| Some((language, campaign.templates.get(&spec.template, language)?)));
    texts.any(|(language, template)| {
        let bodies = reading::bodies(campaign, language, &template.body);
        bodies.iter().any(|body| reading::greeting(body).is_some())
    })
}

/// What was left in a cell; each thing once.
fn left_in(cell: &str) -> Vec<(Leaving, String)> {
    if cell.is_empty() {
        return Vec::new();
    }
    let mut found: Vec<(Leaving, String)> = Vec::new();
    for (at, what) in leavings::find(cell) {
        let words = &cell[at];
        if !found.iter().any(|(known, _)| *known == what) {
            found.push((what, words.to_owned()));
        }
    }
    found
}

fn cell(what: Leaving, words: &str, column: &str, rows: usize) -> Problem {
    match what {
        // Letters in a wrong encoding were refused before.
        Leaving::Place | Leaving::Draft | Leaving::Encoding => {
            Problem::warning(msg!("cell-left-over", words = words, column = column, rows = rows))
        }
        Leaving::Character(sort) => {
            let (what, code) = (sort.message(), leavings::code(words));
            let what = msg!(
                "cell-word-processor",
                what = what,
                code = code,
                column = column,
                rows = rows
            );
            Problem::warning(what).hint(sort.hint())
        }
    }
}

/// The columns that a letter's texts may name, and `name`, which stands in its To. A name of another group that is
/// spelt like a column counts too.
fn columns(input: &Input, spec: &LetterSpec) -> BTreeSet<String> {
    let templates = &input.campaign.templates;
    let mut found = BTreeSet::from(["name".to_owned()]);
    for language in templates.languages(&spec.template) {
        if let Some(template) = templates.get(&spec.template, language) {
            names_in(&template.subject, &mut found);
            names_in(&template.body, &mut found);
        }
    }
    // Whoever calls which of them is not looked at: a cell more is read.
    for versions in templates.partials.values() {
        for partial in versions.iter().map(|(_, partial)| partial).chain(versions.general()) {
            names_in(partial, &mut found);
        }
    }
    for variant in templates.variants.values().flat_map(|names| names.values()) {
        for (_, variant) in variant.iter() {
            names_in(&variant.text, &mut found);
        }
    }
    found
}

fn names_in(template: &Template, found: &mut BTreeSet<String>) {
    for element in &template.elements {
        match element {
            TemplateElement::Expression(call) | TemplateElement::HtmlExpression(call) => {
                name_of(&call.name, found);
                call.params.iter().for_each(|param| name_of(param, found));
            }
            TemplateElement::HelperBlock(block) => {
                // What is only asked about leaves with no letter.
                for branch in [&block.template, &block.inverse].into_iter().flatten() {
                    names_in(branch, found);
                }
            }
            TemplateElement::PartialExpression(call) => call.hash.values().for_each(|param| name_of(param, found)),
            _ => {}
        }
    }
}

fn name_of(parameter: &Parameter, found: &mut BTreeSet<String>) {
    let Some(name) = parameter.as_name() else { return };
    let last = match name.strip_suffix(']').and_then(|name| name.rsplit_once('[')) {
        Some((_, inner)) => inner,
        None => name.rsplit(['.', '/']).next().unwrap_or(name),
    };
    found.insert(last.to_owned());
}
