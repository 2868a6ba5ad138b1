//! How long a letter can become: partials that call others ten times each grow without end.

use std::collections::HashMap;

use appel_core::place::Language;
use handlebars::template::{Template, TemplateElement};

use super::Partials;
use super::parse::Parsed;

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

    /// About how much memory it takes.
    pub const fn weight(self) -> u64 {
        self.bytes.saturating_add(self.pieces.saturating_mul(PIECE))
    }
}

/// The sizes of the partials in one language, each worked out once.
pub struct Sizes<'a> {
    partials: &'a Partials,
    language: &'a Language,
    known: HashMap<&'a str, Size>,
}

impl<'a> Sizes<'a> {
    /// Nothing is known yet.
    pub fn new(partials: &'a Partials, language: &'a Language) -> Self {
        Self {
            partials,
            language,
            known: HashMap::new(),
        }
    }

    /// What a text comes to.
    pub fn of(&mut self, parsed: &'a Parsed) -> Size {
        self.down(parsed, 0)
    }

    /// What all partials that this language sees come to, each for itself.
    pub fn of_partials(&mut self) -> Size {
        let mut all = Size::default();
        for partial in self
            .partials
            .values()
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
            for name in calls(&parsed.template) {
                if let Some(known) = self.known.get(name) {
                    whole = whole.and(*known);
                    continue;
                }
                let Some(partial) = self
                    .partials
                    .get(name)
                    .and_then(|partials| partials.best(self.language))
                else {
                    continue;
                };
                self.known.insert(name, Size::default());
                let called = self.down(&partial.parsed, depth + 1);
                self.known.insert(name, called);
                whole = whole.and(called);
            }
        }
        whole
    }
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
