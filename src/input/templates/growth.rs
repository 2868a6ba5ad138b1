//! How long a letter can become: partials that call others ten times each grow without end.

use std::collections::HashMap;

use appel_core::place::Language;
use appel_core::templates::{Versions, variant_called};
use handlebars::template::{Template, TemplateElement};

use super::parse::Parsed;
use super::{Partial, Partials, Variants};

/// How deep partials may call one another.
pub const DEEPEST_PARTIAL: usize = 16;

/// What a text comes to with its partials, both branches of every question counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Its bytes.
    pub bytes: u64,
    /// Its texts and tags.
    pub pieces: u64,
}

/// What a piece takes in memory besides its text, in bytes.
const PIECE: u64 = 400;

impl Size {
    fn and(self, other: Self) -> Self {
        Self {
            bytes: self.bytes.saturating_add(other.bytes),
            pieces: self.pieces.saturating_add(other.pieces),
        }
    }

    /// The greater of both, in bytes and in pieces.
    fn or(self, other: Self) -> Self {
        Self {
            bytes: self.bytes.max(other.bytes),
            pieces: self.pieces.max(other.pieces),
        }
    }

    /// About how much memory it takes.
    pub const fn weight(self) -> u64 {
        self.bytes.saturating_add(self.pieces.saturating_mul(PIECE))
    }
}

/// What a text calls.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Called<'a> {
    /// A partial, by its name.
    Partial(&'a str),
    /// One variant of a group, by the group's name.
    Variant(&'a str),
}

impl<'a> Called<'a> {
    /// What this part of a text calls.
    pub fn by(element: &'a TemplateElement) -> Option<Self> {
        match element {
            TemplateElement::PartialExpression(call) => call.name.as_name().map(Self::Partial),
            TemplateElement::Expression(call) | TemplateElement::HtmlExpression(call) => {
                variant_called(call).map(Self::Variant)
            }
            _ => None,
        }
    }
}

/// The sizes of the partials in one language, each worked out once.
pub struct Sizes<'a> {
    partials: &'a Partials,
    variants: &'a Variants,
    language: &'a Language,
    known: HashMap<Called<'a>, Size>,
}

impl<'a> Sizes<'a> {
    /// Nothing is known yet.
    pub fn new(partials: &'a Partials, variants: &'a Variants, language: &'a Language) -> Self {
        Self {
            partials,
            variants,
            language,
            known: HashMap::new(),
        }
    }

    /// What a text comes to.
    pub fn of(&mut self, parsed: &'a Parsed) -> Size {
        self.down(parsed, 0)
    }

    /// What all partials and variants that this language sees come to, each for itself.
    pub fn of_called(&mut self) -> Size {
        let mut all = Size::default();
        let variants = self.variants.values().flat_map(Partials::values);
        for partial in self
            .partials
            .values()
            .chain(variants)
            .filter_map(|partials| partials.best(self.language))
        {
            all = all.and(self.down(&partial.parsed, 0));
        }
        all
    }

    fn down(&mut self, parsed: &'a Parsed, depth: usize) -> Size {
        let own: usize = parsed.pieces.iter().map(|piece| piece.span().len()).sum();
        let mut whole = Size {
            bytes: own as u64,
            pieces: parsed.pieces.len() as u64,
        };
        // What calls itself, or too deep, was refused.
        if depth <= DEEPEST_PARTIAL {
            for call in calls(&parsed.template) {
                if let Some(known) = self.known.get(&call) {
                    whole = whole.and(*known);
                    continue;
                }
                self.known.insert(call, Size::default());
                let mut largest = Size::default();
                for text in self.texts(call) {
                    largest = largest.or(self.down(&text.parsed, depth + 1));
                }
                self.known.insert(call, largest);
                whole = whole.and(largest);
            }
        }
        whole
    }

    /// The texts of which a call stands for one.
    fn texts(&self, call: Called<'a>) -> Vec<&'a Partial> {
        let best = |versions: &'a Versions<Partial>| versions.best(self.language);
        match call {
            Called::Partial(name) => self.partials.get(name).and_then(best).into_iter().collect(),
            Called::Variant(group) => self
                .variants
                .get(group)
                .map_or_else(Vec::new, |names| names.values().filter_map(best).collect()),
        }
    }
}

/// The partials and variants that a template calls, as often as it does.
fn calls(template: &Template) -> Vec<Called<'_>> {
    let mut found = Vec::new();
    let mut open = vec![template];
    while let Some(template) = open.pop() {
        for element in &template.elements {
            found.extend(Called::by(element));
            if let TemplateElement::HelperBlock(helper) = element {
                open.extend(helper.template.iter().chain(&helper.inverse));
            }
        }
    }
    found
}
