//! Whether a letter has a place for the sender's own words (`{{message}}`), whatever its conditions come to.

use std::collections::HashMap;

use appel_core::place::Language;
use appel_core::templates::variant_called;
use handlebars::template::{HelperTemplate, Template, TemplateElement};

use super::growth::DEEPEST_PARTIAL;
use super::{Partials, Variants};

/// In which letters of a template the sender's words stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// In none.
    Never,
    /// In some: rows, senders or variants decide.
    Sometimes,
    /// In all.
    Always,
}

/// What is known of a language's partials and variants, each worked out once.
pub struct Search<'a> {
    partials: &'a Partials,
    variants: &'a Variants,
    language: &'a Language,
    known: HashMap<*const Template, Place>,
}

impl<'a> Search<'a> {
    /// Nothing is known yet.
    pub fn new(partials: &'a Partials, variants: &'a Variants, language: &'a Language) -> Self {
        Self {
            partials,
            variants,
            language,
            known: HashMap::new(),
        }
    }

    /// Where the words stand in a letter's body.
    pub fn of(&mut self, body: &Template) -> Place {
        self.within(body, 0)
    }

    fn within(&mut self, template: &Template, depth: usize) -> Place {
        let mut best = Place::Never;
        for element in &template.elements {
            let place = match element {
                TemplateElement::Expression(call) | TemplateElement::HtmlExpression(call) => match variant_called(call)
                {
                    Some(group) => self.variant(group, depth),
                    None if is_message(call.name.as_name()) => Place::Always,
                    None => Place::Never,
                },
                TemplateElement::HelperBlock(block) => self.block(block, depth),
                TemplateElement::PartialExpression(call) => {
                    let partial = call.name.as_name().and_then(|name| self.partials.get(name));
                    match partial.and_then(|partial| partial.best(self.language)) {
                        Some(partial) => self.once(&partial.parsed.template, depth),
                        None => Place::Never,
                    }
                }
                _ => Place::Never,
            };
            best = best.max(place);
        }
        best
    }

    fn once(&mut self, template: &Template, depth: usize) -> Place {
        let key = std::ptr::from_ref(template);
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        // What calls itself, or too deep, was refused.
        if depth > DEEPEST_PARTIAL {
            return Place::Never;
        }
        self.known.insert(key, Place::Never);
        let place = self.within(template, depth + 1);
        self.known.insert(key, place);
        place
    }

    /// Letters choose one of them.
    fn variant(&mut self, group: &str, depth: usize) -> Place {
        let Some(names) = self.variants.get(group) else {
            return Place::Never;
        };
        let language = self.language;
        let texts = names.values().filter_map(|versions| versions.best(language));
        let places: Vec<Place> = texts.map(|text| self.once(&text.parsed.template, depth)).collect();
        either(&places)
    }

    fn block(&mut self, block: &HelperTemplate, depth: usize) -> Place {
        let [yes, no] = [&block.template, &block.inverse].map(|branch| {
            branch
                .as_ref()
                .map_or(Place::Never, |branch| self.within(branch, depth))
        });
        let asked = match block.params.as_slice() {
            [only] => is_message(only.as_name()),
            _ => false,
        };
        match block.name.as_name() {
            // Where there are words, one branch is taken; it need not be the other.
            Some("if") if asked => yes,
            Some("unless") if asked => no,
            Some("with") => yes,
            _ => either(&[yes, no]),
        }
    }
}

/// Of several texts one is taken.
fn either(places: &[Place]) -> Place {
    let (least, most) = (places.iter().min(), places.iter().max());
    match (least, most) {
        (Some(Place::Always), _) => Place::Always,
        (_, Some(Place::Never) | None) => Place::Never,
        _ => Place::Sometimes,
    }
}

fn is_message(name: Option<&str>) -> bool {
    matches!(name, Some("message" | "@root.message" | "../message" | "this.message"))
}
