//! The lint: every name, call, fact and partial of a letter, before anything is rendered.
//!
//! Handlebars in strict mode would find an undefined name only when it is printed: never inside `{{#if …}}`, and never in
//! a branch that this recipient does not take. So the parsed letter is walked here, with its partials, in every branch.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

use appel_core::place::Language;
use appel_core::templates::{VARIANT, variant_called};
use appel_core::words::nearest;
use appel_messages::{Message, Value, msg};
use handlebars::template::{DecoratorTemplate, HelperTemplate, Parameter, Template, TemplateElement};
use serde_json::Value as Json;

use super::budget::Budget;
use super::growth::DEEPEST_PARTIAL;
use super::names::{self, Hints, Meaning, Surroundings};
use super::operators;
use super::spot::{Tag, Unit};
use super::tags::Piece;
use super::{Partial, Partials, Scope, Variants};
use crate::failure::{Place, Problem, Severity};

const COMPARISONS: [&str; 6] = ["eq", "ne", "gt", "gte", "lt", "lte"];
const FACTS: [&str; 3] = ["fact", "source", "as_of"];
/// What can be called, as a hint names it.
const HELPERS: [&str; 17] = [
    "if", "unless", "with", "each", "eq", "ne", "gt", "gte", "lt", "lte", "and", "or", "not", "fact", "source",
    "as_of", VARIANT,
];

/// What the walk of one letter found.
pub struct Lint<'a, 'b> {
    scope: &'a Scope<'a>,
    partials: &'a Partials,
    variants: &'a Variants,
    language: &'a Language,
    shown_dir: &'a str,
    budget: &'b mut Budget,
    /// The facts it uses, partials and variants included, and where each is used first.
    pub facts: BTreeMap<String, (Unit<'a>, Range<usize>)>,
    /// Those among them that it uses whichever variants it says.
    pub own_facts: BTreeSet<String>,
    /// The partials and variants it calls, directly or not, by their files.
    pub called: BTreeMap<&'a str, &'a Partial>,
    /// The groups of variants that it names.
    pub groups: BTreeSet<&'a str>,
    calls: Vec<String>,
    /// Partials and variants that were walked in the same surroundings, within a variant and outside.
    seen: BTreeSet<(&'a str, Surroundings, bool)>,
    in_variant: bool,
    in_subject: bool,
}

impl<'a, 'b> Lint<'a, 'b> {
    /// For a letter in `language`; `shown_dir` is the templates folder as people know it.
    pub const fn new(
        scope: &'a Scope<'a>,
        (partials, variants): (&'a Partials, &'a Variants),
        language: &'a Language,
        shown_dir: &'a str,
        budget: &'b mut Budget,
    ) -> Self {
        Self {
            scope,
            partials,
            variants,
            language,
            shown_dir,
            budget,
            facts: BTreeMap::new(),
            own_facts: BTreeSet::new(),
            called: BTreeMap::new(),
            groups: BTreeSet::new(),
            calls: Vec::new(),
            seen: BTreeSet::new(),
            in_variant: false,
            in_subject: false,
        }
    }

    /// A subject: a partial would bring its line breaks.
    pub fn subject(&mut self, unit: Unit<'a>) {
        for element in &unit.parsed.template.elements {
            if let TemplateElement::PartialExpression(_) = element {
                let span = unit.parsed.pieces.iter().find_map(|piece| match piece {
                    Piece::Tag(span) if unit.text[span.clone()].contains('>') => Some(span.clone()),
                    _ => None,
                });
                self.error(unit, span.unwrap_or(0..0), msg!("partial-in-subject"));
            }
        }
        self.in_subject = true;
        self.walk(unit, &unit.parsed.template, &Surroundings::default(), 0);
        self.in_subject = false;
    }

    /// A body.
    pub fn body(&mut self, unit: Unit<'a>) {
        self.walk(unit, &unit.parsed.template, &Surroundings::default(), 0);
    }

    fn error(&mut self, unit: Unit<'_>, span: Range<usize>, what: Message) {
        self.error_with(unit, span, what, None);
    }

    /// An error with what to do, where that is not always the same.
    fn error_with(&mut self, unit: Unit<'_>, span: Range<usize>, what: Message, hint: Option<Message>) {
        let mut problem = Problem::error(what);
        if self.budget.problems.has_room(Severity::Error) {
            problem = problem.at(Place::in_source(unit.shown, unit.text, span));
        }
        self.budget.push(problem.hint_if_any(hint));
    }

    /// An error with a word of a tag, once, and only counted when nobody would see it. `code` is that of what `say` says,
    /// which may take its time to find out what was meant.
    fn slip(
        &mut self,
        tag: Tag<'a>,
        word: &str,
        code: &'static str,
        say: impl FnOnce(&Self) -> (Message, Option<Message>),
    ) {
        if !self.budget.is_news(tag, word, code) {
            return;
        }
        let (what, hint) = say(self);
        debug_assert_eq!(what.code(), code, "counted as it is said");
        self.error_with(tag.unit, tag.find(word), what, hint);
    }

    /// `near` is a byte of the file before which nothing of this template stands.
    fn walk(&mut self, unit: Unit<'a>, template: &'a Template, around: &Surroundings, near: usize) {
        let mut near = near;
        for (nth, element) in template.elements.iter().enumerate() {
            if !self.budget.step(1) {
                return;
            }
            // A link of an {{else if}} chain has no place of its own; it is somewhere after its block's beginning.
            let place = template.mapping.get(nth);
            let at = place.and_then(|place| unit.parsed.places.get(&(place.0, place.1)));
            let at = at.map_or(near, |at| *at);
            near = near.max(at);
            let tag = Tag {
                unit,
                at,
                exact: place.is_some(),
            };
            match element {
                TemplateElement::RawString(_) | TemplateElement::Comment(_) => {}
                TemplateElement::Expression(helper) | TemplateElement::HtmlExpression(helper) => {
                    self.expression(tag, helper, around);
                }
                TemplateElement::HelperBlock(helper) => self.block(tag, helper, around),
                TemplateElement::PartialExpression(call) => self.partial(tag, call, around),
                // Blocks of partials, decorators, and whatever Handlebars may add.
                _ => self.error(unit, tag.span(), msg!("tag-unknown")),
            }
        }
    }

    fn expression(&mut self, tag: Tag<'a>, helper: &'a HelperTemplate, around: &Surroundings) {
        let alone = helper.params.is_empty() && helper.hash.is_empty();
        if let Some(group) = variant_called(helper) {
            self.variant(tag, group);
            return;
        }
        match (&helper.name, helper.name.as_name()) {
            (Parameter::Subexpression(_) | Parameter::Literal(_), _) | (_, None) => {
                self.error(tag.unit, tag.span(), msg!("call-alone-in-brackets"));
            }
            (_, Some(name)) if alone && !is_helper(name) => self.text(tag, name, around),
            (_, Some(name)) => self.call(tag, name, &Call::of(helper, Form::Inline), around),
        }
    }

    fn block(&mut self, tag: Tag<'a>, helper: &'a HelperTemplate, around: &Surroundings) {
        let name = helper.name.as_name().unwrap_or_default();
        if helper.block_param.is_some() {
            self.error(tag.unit, tag.span(), msg!("call-as-names"));
        }
        self.call(tag, name, &Call::of(helper, Form::Block), around);
        if !self.budget.step(around.weight()) {
            return;
        }
        let inner = match (name, helper.params.first().and_then(Parameter::as_name)) {
            ("each", _) => around.each(),
            ("with", Some(group)) => match names::meaning(group, around, self.scope, Hints::No) {
                Meaning::Group(group) => around.with(group),
                _ => around.clone(),
            },
            _ => around.clone(),
        };
        if let Some(template) = &helper.template {
            self.walk(tag.unit, template, &inner, tag.at);
        }
        if let Some(template) = &helper.inverse {
            self.walk(tag.unit, template, around, tag.at);
        }
    }

    /// A name that must stand for one text.
    fn text(&mut self, tag: Tag<'a>, raw: &str, around: &Surroundings) {
        match names::meaning(raw, around, self.scope, Hints::No) {
            Meaning::Text => {}
            Meaning::Group(group) => self.slip(tag, raw, "name-not-text", |_| {
                (msg!("name-not-text", name = raw, group = group), None)
            }),
            Meaning::Undefined(_) => self.undefined(tag, raw, around),
        }
    }

    fn undefined(&mut self, tag: Tag<'a>, raw: &str, around: &Surroundings) {
        self.slip(tag, raw, "name-undefined", |lint| {
            let hint = match names::meaning(raw, around, lint.scope, Hints::Yes) {
                Meaning::Undefined(_) if raw.contains(operators::CURLY) => Some(msg!("tag-hint-quotes")),
                Meaning::Undefined(hint) => hint,
                _ => None,
            };
            (msg!("name-undefined", name = raw), hint)
        });
    }

    fn argument(&mut self, tag: Tag<'a>, argument: &'a Parameter, around: &Surroundings) {
        match argument {
            Parameter::Literal(_) => {}
            Parameter::Subexpression(inner) => {
                if let TemplateElement::Expression(helper) = inner.as_element() {
                    let name = helper.name.as_name().unwrap_or_default();
                    self.call(tag, name, &Call::of(helper, Form::Inner), around);
                }
            }
            _ => self.text(tag, argument.as_name().unwrap_or_default(), around),
        }
    }

    fn call(&mut self, tag: Tag<'a>, name: &str, call: &Call<'a>, around: &Surroundings) {
        // What is wrong with the call itself; its arguments are looked at in any case.
        let wrong = match name {
            "if" | "unless" if call.infix().is_some() => {
                self.error_with(
                    tag.unit,
                    tag.find(name),
                    msg!("call-misused", name = name),
                    call.infix(),
                );
                return;
            }
            "if" | "unless" if call.form != Form::Block => Some(msg!("call-hint-block", name = name)),
            "if" | "unless" => call.wants_one("{{#if message}}"),
            "with" => self.with(call, around),
            "each" => Some(msg!("call-hint-each")),
            _ if COMPARISONS.contains(&name) => call.wants_two("(eq recipient.gender \"f\")"),
            "and" | "or" => (call.params.len() < 2).then(|| msg!("call-hint-two-or-more")),
            "not" | "len" => call.wants_one("(not message)"),
            _ if FACTS.contains(&name) => self.fact(tag, name, call),
            VARIANT => Some(msg!("call-hint-variant")),
            "lookup" => Some(msg!("call-hint-lookup")),
            "log" | "raw" => Some(msg!("call-hint-no-place")),
            _ => return self.unknown(tag, name, call, around),
        };
        if wrong.is_some() {
            self.error_with(tag.unit, tag.find(name), msg!("call-misused", name = name), wrong);
        }
        if FACTS.contains(&name) || matches!(name, VARIANT | "with" | "lookup" | "log" | "raw") {
            return;
        }
        self.arguments(tag, call, around);
        for key in call.hash.keys() {
            if !(matches!(name, "if" | "unless") && key == "includeZero") {
                self.error(tag.unit, tag.find(key), msg!("call-takes-no", name = name, key = key));
            }
        }
    }

    fn arguments(&mut self, tag: Tag<'a>, call: &Call<'a>, around: &Surroundings) {
        for argument in call.params.iter().chain(call.hash.values()) {
            self.argument(tag, argument, around);
        }
    }

    fn unknown(&mut self, tag: Tag<'a>, name: &str, call: &Call<'a>, around: &Surroundings) {
        self.slip(tag, name, "call-unknown", |lint| {
            let meaning = names::meaning(name, around, lint.scope, Hints::No);
            let is_name = !matches!(meaning, Meaning::Undefined(_));
            let hint = match nearest(name, HELPERS) {
                _ if matches!(meaning, Meaning::Group(_)) => Some(msg!("call-hint-group", name = name)),
                _ if is_name && call.form == Form::Inner => Some(msg!("call-hint-brackets")),
                _ if is_name && call.form == Form::Block => Some(msg!("call-hint-ask", name = name)),
                near => near.map(|near| msg!("word-near", word = near)),
            };
            (msg!("call-unknown", name = name, known = Value::list(HELPERS)), hint)
        });
        self.arguments(tag, call, around);
    }

    /// The hint, when `{{#with}}` goes into no group.
    fn with(&self, call: &Call<'a>, around: &Surroundings) -> Option<Message> {
        let group = match call.params {
            [only] if call.form == Form::Block && call.hash.is_empty() => only.as_name(),
            _ => None,
        };
        let is_group = group
            .is_some_and(|group| matches!(names::meaning(group, around, self.scope, Hints::No), Meaning::Group(_)));
        (!is_group).then(|| msg!("call-hint-with"))
    }

    /// A figure, its source or its time. The hint, when the call itself is wrong.
    fn fact(&mut self, tag: Tag<'a>, helper: &str, call: &Call<'a>) -> Option<Message> {
        let name = match call.params {
            [Parameter::Literal(Json::String(name))] if call.form != Form::Block && call.hash.is_empty() => name,
            [only] if only.as_name().is_some_and(|name| name.contains(operators::CURLY)) => {
                return Some(msg!("tag-hint-quotes"));
            }
            _ => return Some(msg!("call-hint-fact", name = helper)),
        };
        let Some(fact) = self.scope.facts.get(name.as_str()) else {
            self.slip(tag, name, "fact-unknown", |lint| {
                let near = nearest(name, lint.scope.facts.keys().copied());
                (
                    msg!("fact-unknown", name = name),
                    near.map(|near| msg!("fact-near", name = near)),
                )
            });
            return None;
        };
        let span = tag.find(name);
        self.facts.entry(name.clone()).or_insert((tag.unit, span.clone()));
        if !self.in_variant {
            self.own_facts.insert(name.clone());
        }
        // A fact that could not be read was said to be wrong already.
        let fact = (*fact)?;
        let language = self.language;
        let missing = match helper {
            "fact" if fact.value.get(language).is_none() => {
                Some(msg!("fact-no-text", name = name, language = language.to_string()))
            }
            "source" => match &fact.source {
                None => Some(msg!("fact-no-source", name = name)),
                Some(source) if source.get(language).is_none() => Some(msg!(
                    "fact-no-source-text",
                    name = name,
                    language = language.to_string()
                )),
                Some(_) => None,
            },
            "as_of" if fact.as_of.is_none() => Some(msg!("fact-no-time", name = name)),
            _ => None,
        };
        if let Some(missing) = missing {
            self.error(tag.unit, span, missing);
        }
        None
    }

    fn partial(&mut self, tag: Tag<'a>, call: &'a DecoratorTemplate, around: &Surroundings) {
        let group = self.partial_arguments(tag, call, around);
        let Some(name) = call.name.as_name() else {
            self.error(tag.unit, tag.span(), msg!("partial-name-made"));
            return;
        };
        let Some(versions) = self.partials.get(name) else {
            self.slip(tag, name, "partial-unknown", |lint| {
                let folder = format!("{}/partials", lint.shown_dir);
                let known = || lint.partials.keys().map(String::as_str);
                let hint = match nearest(name, known()) {
                    Some(near) => Some(msg!("word-near", word = near)),
                    None if name.contains(['/', '.', '\'', '[', '@']) => {
                        Some(msg!("partial-hint-plain", folder = &folder))
                    }
                    None if lint.partials.is_empty() => None,
                    None => Some(msg!("partial-hint-known", names = Value::list(known()))),
                };
                let file = format!("{folder}/{name}.hbs");
                (msg!("partial-unknown", name = name, file = file), hint)
            });
            return;
        };
        let Some(partial) = versions.best(self.language) else {
            let language = self.language.to_string();
            let file = format!("{}/partials/{name}", self.shown_dir);
            let what = msg!(
                "partial-no-text",
                name = name,
                language = &language,
                file = format!("{file}.{language}.hbs"),
                shared = format!("{file}.hbs")
            );
            self.error(tag.unit, tag.find(name), what);
            return;
        };
        if self.calls.iter().any(|open| open == name) {
            let round = self.calls.iter().map(String::as_str).chain([name]);
            let round: Vec<&str> = round.collect();
            let what = msg!("partial-in-a-circle", names = round.join(" → "));
            self.error(tag.unit, tag.find(name), what);
            return;
        }
        if self.calls.len() >= DEEPEST_PARTIAL {
            let what = msg!("partial-too-deep", most = DEEPEST_PARTIAL);
            self.error(tag.unit, tag.find(name), what);
            return;
        }
        if !self.budget.step(1 + around.weight() + call.hash.len()) {
            return;
        }
        let added = call.hash.keys().cloned();
        let inner = around.partial(group, added);
        self.called.insert(&partial.shown, partial);
        // The same partial in the same surroundings has nothing new to say, and could be called ten thousand times.
        if self.seen.insert((&partial.shown, inner.clone(), self.in_variant)) {
            self.calls.push(name.to_owned());
            self.walk(partial.unit(), &partial.parsed.template, &inner, 0);
            self.calls.pop();
        }
    }

    /// `{{variant "group"}}`: each text that a letter may choose.
    fn variant(&mut self, tag: Tag<'a>, group: &'a str) {
        let wrong = if self.in_subject {
            Some(msg!("variant-in-subject"))
        } else if self.in_variant {
            Some(msg!("variant-in-variant"))
        } else {
            None
        };
        if let Some(wrong) = wrong {
            self.error(tag.unit, tag.span(), wrong);
            return;
        }
        let Some((group, names)) = self.variants.get_key_value(group) else {
            self.slip(tag, group, "variant-unknown", |lint| {
                let known = || lint.variants.keys().map(String::as_str);
                let hint = match nearest(group, known()) {
                    Some(near) => Some(msg!("word-near", word = near)),
                    None if lint.variants.is_empty() => None,
                    None => Some(msg!("variant-hint-known", names = Value::list(known()))),
                };
                let (shown_dir, language) = (lint.shown_dir, lint.language);
                let file = format!("{shown_dir}/variants/{group}/NAME.{language}.hbs");
                (msg!("variant-unknown", name = group, file = file), hint)
            });
            return;
        };
        self.groups.insert(group);
        if !self.budget.step(names.len()) {
            return;
        }
        let language = self.language;
        let texts: Vec<&'a Partial> = names.values().filter_map(|versions| versions.best(language)).collect();
        if texts.is_empty() {
            let language = language.to_string();
            let file = format!("{}/variants/{group}/NAME.{language}.hbs", self.shown_dir);
            let what = msg!("variant-no-text", name = group, language = language, file = file);
            self.error(tag.unit, tag.find(group), what);
        }
        for text in texts {
            self.called.insert(&text.shown, text);
            // Names mean in it what they mean at the top of a letter.
            if self.seen.insert((&text.shown, Surroundings::default(), true)) {
                self.in_variant = true;
                let calls = std::mem::take(&mut self.calls);
                self.walk(text.unit(), &text.parsed.template, &Surroundings::default(), 0);
                self.calls = calls;
                self.in_variant = false;
            }
        }
    }

    /// The group that a partial is called with, if any.
    fn partial_arguments(
        &mut self,
        tag: Tag<'a>,
        call: &'a DecoratorTemplate,
        around: &Surroundings,
    ) -> Option<&'static str> {
        for (key, value) in &call.hash {
            let taken = names::is_taken(key) || is_helper(key);
            if taken {
                self.error(tag.unit, tag.find(key), msg!("partial-name-taken", name = key));
            }
            self.argument(tag, value, around);
        }
        match call.params.as_slice() {
            [] => None,
            [only] => match only
                .as_name()
                .map(|raw| (raw, names::meaning(raw, around, self.scope, Hints::No)))
            {
                Some((_, Meaning::Group(group))) => Some(group),
                Some((raw, Meaning::Undefined(_))) => {
                    self.undefined(tag, raw, around);
                    None
                }
                _ => {
                    self.error(tag.unit, tag.span(), msg!("partial-with-no-group"));
                    None
                }
            },
            _ => {
                self.error(tag.unit, tag.span(), msg!("partial-with-several"));
                None
            }
        }
    }
}

fn is_comparison(name: &str) -> bool {
    COMPARISONS.contains(&name) || matches!(name, "and" | "or")
}

fn is_helper(name: &str) -> bool {
    HELPERS.contains(&name) || matches!(name, "len" | "lookup" | "log" | "raw")
}

/// How a call stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// `{{name …}}`
    Inline,
    /// `{{#name …}}`
    Block,
    /// `(name …)`
    Inner,
}

struct Call<'a> {
    form: Form,
    params: &'a [Parameter],
    hash: &'a HashMap<String, Parameter>,
}

impl<'a> Call<'a> {
    fn of(helper: &'a HelperTemplate, form: Form) -> Self {
        Self {
            form,
            params: &helper.params,
            hash: &helper.hash,
        }
    }

    /// What to do when the name of a call stands between its values: `recipient.gender eq "f"`.
    fn infix(&self) -> Option<Message> {
        let [before, name, behind] = self.params else {
            return None;
        };
        let name = name.as_name().filter(|name| is_comparison(name))?;
        let written = |value: &Parameter| match value {
            Parameter::Literal(Json::String(text)) => Some(format!("\"{text}\"")),
            Parameter::Literal(literal) => Some(literal.to_string()),
            other => other.as_name().map(ToOwned::to_owned),
        };
        Some(operators::infix(&written(before)?, name, &written(behind)?))
    }

    /// What to do when there is not one argument.
    fn wants_one(&self, example: &str) -> Option<Message> {
        let found = self.params.len();
        (found != 1).then(|| msg!("call-hint-one", found = found, example = example))
    }

    /// What to do when there are not two arguments.
    fn wants_two(&self, example: &str) -> Option<Message> {
        let found = self.params.len();
        (found != 2).then(|| msg!("call-hint-two", found = found, example = example))
    }
}
