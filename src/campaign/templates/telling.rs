//! Links that tell readers or senders apart: each letter is rendered once with a mark in place of every value, and with
//! both branches of every choice, and its links are looked at.
//!
//! A link with a mark in it is another one for each value. And where a choice decides which link stands in a place, the
//! link tells which way it went.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use handlebars::template::{Template, TemplateElement};
use handlebars::{
    Context, Handlebars, Helper, HelperDef, HelperResult, Output, RenderContext, RenderError, RenderErrorReason,
    Renderable, ScopedJson, no_escape,
};
use pulldown_cmark::{BrokenLink, Parser};
use serde_json::{Map, Value, json};

use super::branches::{self, Found};
use super::growth::DEEPEST_PARTIAL;
use super::parse::Parsed;
use super::{Partials, Scope};
use crate::campaign::Language;
use crate::failure::{Place, Problem};
use crate::links::{self, ELSE, END, IF, VALUE, mark};

/// The most bytes of one rendering with all its branches and marks; of one letter 64 KiB leave.
const MOST_RENDERED: usize = 1024 * 1024;
/// The same of all letters together; a campaign has some hundred letters of 4 KiB.
pub const MOST_RENDERED_IN_ALL: usize = if cfg!(test) { 1 } else { 16 } * 1024 * 1024;
/// The most partials called in one letter; the renderer refuses more pieces than that.
const MOST_CALLS: u64 = 20_000;
/// How many such links of one letter are named.
const SHOWN: usize = 20;
/// How long the words of a condition may be in a message.
const LONGEST_SHOWN: usize = 80;

const HINT: &str = "use the same link for everyone: one of its own tells who opened the letter";

/// One letter in one language, as far as it could be parsed.
pub struct Letter<'a> {
    /// Its subject and body.
    pub parts: Vec<&'a Parsed>,
    pub language: &'a Language,
    pub is_markdown: bool,
    /// Every file it is made of, as people know it, with its text; the letter's own first.
    pub files: Vec<(&'a str, &'a str)>,
}

/// What links of the letter tell readers or senders apart; `left` is how much of all letters may still be rendered.
pub fn check(
    letter: &Letter<'_>,
    partials: &BTreeMap<String, Partials>,
    scope: &Scope<'_>,
    left: &mut usize,
) -> Vec<Problem> {
    let names = Names::default();
    let rendering = Rendering::new(letter, partials, scope, &names);
    let mut problems = Vec::new();
    for part in &letter.parts {
        if calls(&part.template, partials, letter.language) > MOST_CALLS {
            // The renderer refuses it and says so.
            continue;
        }
        match rendering.of(&part.template, (*left).min(MOST_RENDERED)) {
            Ok(text) => {
                *left -= text.len();
                let mut found = branches::walk(&links::plain(&text, letter.is_markdown), &names);
                if letter.is_markdown {
                    found.extend(labels(&text));
                }
                problems.extend(found.iter().map(|found| problem(letter, found, &names)));
            }
            Err(why) => problems.push(
                Problem::error(format!("the links of the letter cannot be looked at: {why}"))
                    .at(letter.file())
                    .hint("say it more simply"),
            ),
        }
    }
    problems.truncate(SHOWN);
    problems
}

/// A link of Markdown whose label (`[text][label]`) is a value: which link it is, the value decides.
fn labels(text: &str) -> Vec<Found> {
    let mut found = Vec::new();
    let mut broken = Vec::new();
    let mut note = |link: BrokenLink<'_>| {
        broken.extend(links::values(&link.reference));
        None
    };
    let mut parser = Parser::new_with_broken_link_callback(text, pulldown_cmark::Options::empty(), Some(&mut note));
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
            let message = format!("the link holds `{name}`: it differs from {}", names.whom([*value]));
            Problem::error(message)
                .at(letter.place(link, names.fields([*value]).first().map_or("", String::as_str)))
                .hint(HINT)
        }
        Found::Choice { conditions, link } => {
            let conditions = || conditions.iter().copied();
            let shown: Vec<String> = conditions().map(|c| format!("`{}`", names.shown(c))).collect();
            let whom = names.whom(conditions());
            let message = format!(
                "which link stands here depends on {}: it differs from {whom}",
                shown.join(" and ")
            );
            Problem::error(message)
                .at(letter.place(link, names.fields(conditions()).first().map_or("", String::as_str)))
                .hint(HINT)
        }
        Found::Parts { conditions, link } => {
            let shown: Vec<String> = conditions.iter().map(|c| format!("`{}`", names.shown(*c))).collect();
            let message = format!(
                "several links are there for some and not for others, depending on {}: together they tell who opened the letter",
                shown.join(" and ")
            );
            let hint = "one part with links may depend on something; put the other links where everyone gets them";
            Problem::error(message)
                .at(letter.place(
                    link,
                    names
                        .fields(conditions.iter().copied())
                        .first()
                        .map_or("", String::as_str),
                ))
                .hint(hint)
        }
        Found::Part { condition, link } => {
            let message = format!(
                "this link is only there for some, depending on `{}`",
                names.shown(*condition)
            );
            let hint =
                "who runs the other end learns of which group a reader is; give it to everyone if that is not meant";
            Problem::warning(message)
                .at(letter.place(link, names.fields([*condition]).first().map_or("", String::as_str)))
                .hint(hint)
        }
        Found::TooMany => Problem::error("too many choices stand in one word to see what link they make")
            .at(letter.file())
            .hint("put the whole word into each of the branches"),
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

/// How many partials a template calls, with those that they call.
fn calls(template: &Template, partials: &BTreeMap<String, Partials>, language: &Language) -> u64 {
    fn count<'a>(
        template: &'a Template,
        find: &impl Fn(&str) -> Option<&'a Template>,
        known: &mut HashMap<&'a str, u64>,
        depth: usize,
    ) -> u64 {
        let mut whole = 0_u64;
        let mut open = vec![template];
        while let Some(template) = open.pop() {
            for element in &template.elements {
                match element {
                    TemplateElement::PartialExpression(call) => {
                        let Some(name) = call.name.as_name() else { continue };
                        let inner = match (known.get(name).copied(), find(name)) {
                            (Some(inner), _) => inner,
                            (None, Some(partial)) if depth < DEEPEST_PARTIAL => {
                                known.insert(name, 0);
                                let inner = count(partial, find, known, depth + 1);
                                known.insert(name, inner);
                                inner
                            }
                            _ => 0,
                        };
                        whole = whole.saturating_add(1).saturating_add(inner);
                    }
                    TemplateElement::HelperBlock(block) => open.extend(block.template.iter().chain(&block.inverse)),
                    _ => {}
                }
            }
        }
        whole
    }
    let find = |name: &str| {
        partials
            .get(name)?
            .best(language)
            .map(|partial| &partial.parsed.template)
    };
    count(template, &find, &mut HashMap::new(), 0)
}

/// What marks stand for: a field, or a call that asks about some.
#[derive(Clone, Debug, Default)]
pub struct Names(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    names: Vec<Name>,
    by_key: HashMap<String, usize>,
}

#[derive(Debug)]
struct Name {
    shown: String,
    /// The fields of sender, recipient and message that it comes from.
    fields: BTreeSet<String>,
}

impl Names {
    fn with<T>(&self, act: impl FnOnce(&mut Known) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn number(&self, key: String, make: impl FnOnce(&Known) -> Name) -> usize {
        self.with(|known| {
            if let Some(number) = known.by_key.get(&key) {
                return *number;
            }
            let name = make(known);
            known.names.push(name);
            known.by_key.insert(key, known.names.len() - 1);
            known.names.len() - 1
        })
    }

    fn field(&self, name: &str) -> String {
        let number = self.number(name.to_owned(), |_| Name {
            shown: name.to_owned(),
            fields: BTreeSet::from([name.to_owned()]),
        });
        mark(VALUE, number)
    }

    /// What a call makes of its arguments.
    fn call(&self, helper: &str, arguments: &[String]) -> usize {
        self.number(format!("{helper} {}", arguments.join(" ")), |known| {
            let mut shown = format!("({helper}");
            let mut fields = BTreeSet::new();
            for argument in arguments {
                let mut is_value = false;
                for name in links::values(argument).filter_map(|value| known.names.get(value)) {
                    is_value = true;
                    shown.push_str(&format!(" {}", name.shown));
                    fields.extend(name.fields.iter().cloned());
                }
                if !is_value {
                    shown.push_str(&format!(" {argument:?}"));
                }
            }
            shown.push(')');
            if let Some((cut, _)) = shown.char_indices().nth(LONGEST_SHOWN) {
                shown.truncate(cut);
                shown.push('…');
            }
            Name { shown, fields }
        })
    }

    fn shown(&self, number: usize) -> String {
        self.with(|known| {
            known
                .names
                .get(number)
                .map_or_else(String::new, |name| name.shown.clone())
        })
    }

    fn fields(&self, numbers: impl IntoIterator<Item = usize>) -> BTreeSet<String> {
        self.with(|known| {
            let names = numbers.into_iter().filter_map(|number| known.names.get(number));
            names.flat_map(|name| name.fields.iter().cloned()).collect()
        })
    }

    /// Whether a value or condition is another one for some reader or sender.
    pub fn tells(&self, number: usize) -> bool {
        !self.fields([number]).is_empty()
    }

    /// Whether it comes from the recipient's row.
    pub fn is_of_recipient(&self, number: usize) -> bool {
        self.fields([number])
            .iter()
            .any(|field| field.starts_with("recipient."))
    }

    fn whom(&self, numbers: impl IntoIterator<Item = usize>) -> &'static str {
        let fields = self.fields(numbers);
        if fields.iter().any(|field| field.starts_with("recipient.")) {
            "reader to reader"
        } else {
            "sender to sender"
        }
    }
}

/// One letter's templates with marks in place of values.
struct Rendering {
    registry: Handlebars<'static>,
    context: Context,
}

impl Rendering {
    fn new(letter: &Letter<'_>, partials: &BTreeMap<String, Partials>, scope: &Scope<'_>, names: &Names) -> Self {
        let mut registry = Handlebars::new();
        registry.register_escape_fn(no_escape);
        for helper in ["log", "lookup", "raw", "each"] {
            registry.unregister_helper(helper);
        }
        for helper in ["if", "unless"] {
            registry.register_helper(helper, Box::new(Both(names.clone())));
        }
        for helper in ["eq", "ne", "gt", "gte", "lt", "lte", "and", "or", "not", "len"] {
            registry.register_helper(helper, Box::new(Call(helper, names.clone())));
        }
        for helper in ["fact", "source", "as_of"] {
            let word = |fact: &crate::campaign::Fact| match helper {
                "fact" => fact.value.get(letter.language).map(ToOwned::to_owned),
                "source" => fact.source.as_ref()?.get(letter.language).map(ToOwned::to_owned),
                _ => Some("now".to_owned()),
            };
            let words = scope
                .facts
                .iter()
                .filter_map(|(name, fact)| Some(((*name).to_owned(), links::unmarked(&word((*fact)?)?))));
            registry.register_helper(helper, Box::new(Words(words.collect())));
        }
        for (name, partial) in partials {
            if let Some(partial) = partial.best(letter.language)
                && letter.files.iter().any(|(shown, _)| *shown == partial.shown)
            {
                registry.register_template(name, partial.parsed.template.clone());
            }
        }
        Self {
            registry,
            context: Context::from(data(scope, names)),
        }
    }

    fn of(&self, template: &Template, room: usize) -> Result<String, String> {
        let mut output = Capped {
            text: String::new(),
            room,
        };
        let mut render = RenderContext::new(None);
        template
            .render(&self.registry, &self.context, &mut render, &mut output)
            .map_err(|error| match error.reason() {
                RenderErrorReason::IOError(_) => {
                    "with all their branches and partials the letters are too long".to_owned()
                }
                reason => reason.to_string(),
            })?;
        Ok(output.text)
    }
}

/// A mark for every field of sender, recipient and message; what is the campaign's own is the same for all.
fn data(scope: &Scope<'_>, names: &Names) -> Value {
    let group = |group: &str, keys: &mut dyn Iterator<Item = &str>| -> Map<String, Value> {
        keys.map(|key| (key.to_owned(), Value::String(names.field(&format!("{group}.{key}")))))
            .collect()
    };
    let sender = group("sender", &mut scope.sender.iter().flatten().copied());
    let recipient = group(
        "recipient",
        &mut scope.columns.iter().copied().flatten().map(String::as_str),
    );
    json!({
        "sender": sender,
        "recipient": recipient,
        "campaign": {"id": "id", "title": "title", "language": "language", "deadline": "deadline"},
        "message": names.field("message"),
        "date": "date",
    })
}

/// `{{#if}}` and `{{#unless}}` with both their branches.
struct Both(Names);

impl HelperDef for Both {
    fn call<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        registry: &'reg Handlebars<'reg>,
        context: &'rc Context,
        render: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let asked = helper
            .param(0)
            .map(|asked| asked.value().render_plain())
            .unwrap_or_default();
        let known = links::values(&asked).next();
        let condition = known.unwrap_or_else(|| self.0.call(helper.name(), &[asked]));
        out.write(&mark(IF, condition))?;
        if let Some(template) = helper.template() {
            template.render(registry, context, render, out)?;
        }
        out.write(&format!("{ELSE}"))?;
        if let Some(template) = helper.inverse() {
            template.render(registry, context, render, out)?;
        }
        out.write(&format!("{END}"))?;
        Ok(())
    }
}

/// A comparison: a value of its own.
struct Call(&'static str, Names);

impl HelperDef for Call {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        let arguments: Vec<String> = helper
            .params()
            .iter()
            .map(|value| value.value().render_plain())
            .collect();
        let number = self.1.call(self.0, &arguments);
        Ok(ScopedJson::Derived(Value::String(mark(VALUE, number))))
    }
}

/// What a fact is, by its name.
struct Words(HashMap<String, String>);

impl HelperDef for Words {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        let name = helper
            .param(0)
            .and_then(|name| name.value().as_str())
            .unwrap_or_default();
        let word = self.0.get(name).cloned().unwrap_or_default();
        Ok(ScopedJson::Derived(Value::String(word)))
    }
}

trait Plain {
    fn render_plain(&self) -> String;
}

impl Plain for Value {
    fn render_plain(&self) -> String {
        match self {
            Self::String(text) => text.clone(),
            other => other.to_string(),
        }
    }
}

struct Capped {
    text: String,
    room: usize,
}

impl Output for Capped {
    fn write(&mut self, part: &str) -> io::Result<()> {
        let room = self.room.checked_sub(part.len());
        self.room = room.ok_or_else(|| io::Error::other("too long"))?;
        self.text.push_str(part);
        Ok(())
    }
}
