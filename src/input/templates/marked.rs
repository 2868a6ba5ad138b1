//! A letter rendered with a mark in place of every value, and with both branches of every choice.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use appel_core::links::{self, ELSE, END, IF, VALUE, mark};
use appel_core::place::Language;
use appel_core::templates::VARIANT;
use appel_messages::{Message, msg};
use handlebars::template::Template;
use handlebars::{
    Context, Handlebars, Helper, HelperDef, HelperResult, Output, RenderContext, RenderError, RenderErrorReason,
    Renderable, ScopedJson, no_escape,
};
use serde_json::{Map, Value, json};

use super::parse::Parsed;
use super::{Partial, Partials, Scope};

/// How long the words of a condition may be in a message.
const LONGEST_SHOWN: usize = 80;

/// One letter in one language, as far as it could be parsed.
pub struct Letter<'a> {
    /// Its subject and body.
    pub parts: Vec<&'a Parsed>,
    pub language: &'a Language,
    pub is_markdown: bool,
    /// The groups of variants that it names, each with the texts that its language has.
    pub variants: Vec<(&'a str, Vec<&'a Partial>)>,
    /// Every file it is made of, as people know it, with its text; the letter's own first.
    pub files: Vec<(&'a str, &'a str)>,
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

    pub fn field(&self, name: &str) -> String {
        let number = self.number(name.to_owned(), |_| Name {
            shown: name.to_owned(),
            fields: BTreeSet::from([name.to_owned()]),
        });
        mark(VALUE, number)
    }

    /// What a call makes of its arguments.
    pub fn call(&self, helper: &str, arguments: &[String]) -> usize {
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

    pub fn shown(&self, number: usize) -> String {
        self.with(|known| {
            known
                .names
                .get(number)
                .map_or_else(String::new, |name| name.shown.clone())
        })
    }

    pub fn fields(&self, numbers: impl IntoIterator<Item = usize>) -> BTreeSet<String> {
        self.with(|known| {
            let names = numbers.into_iter().filter_map(|number| known.names.get(number));
            names.flat_map(|name| name.fields.iter().cloned()).collect()
        })
    }

    /// The first field that any of them comes from; empty when none does.
    pub fn first_field(&self, numbers: impl IntoIterator<Item = usize>) -> String {
        self.fields(numbers).pop_first().unwrap_or_default()
    }

    /// Whether a value or condition is another one for some reader or sender.
    pub fn tells(&self, number: usize) -> bool {
        !self.fields([number]).is_empty()
    }

    /// Whether it comes from the recipient's row.
    pub fn is_of_recipient(&self, number: usize) -> bool {
        self.any_of_recipient([number])
    }

    /// Whether any of them comes from the recipient's row.
    pub fn any_of_recipient(&self, numbers: impl IntoIterator<Item = usize>) -> bool {
        self.fields(numbers).iter().any(|field| field.starts_with("recipient."))
    }
}

/// One letter's templates with marks in place of values.
pub struct Rendering {
    registry: Handlebars<'static>,
    context: Context,
}

impl Rendering {
    pub fn new(letter: &Letter<'_>, partials: &Partials, scope: &Scope<'_>, names: &Names) -> Self {
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
            let word = |fact: &appel_core::facts::Fact| match helper {
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
        registry.register_helper(VARIANT, Box::new(InPlace));
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

    /// Has the letter say the `nth` variant of each group; of one that has fewer, one that was said.
    pub fn choose(&mut self, letter: &Letter<'_>, nth: usize) {
        for (group, texts) in &letter.variants {
            if let Some(text) = texts.get(nth.min(texts.len().saturating_sub(1))) {
                self.registry
                    .register_template(&variant(group), text.parsed.template.clone());
            }
        }
    }

    /// The text, of at most `room` bytes.
    ///
    /// # Errors
    /// Why there is none.
    pub fn of(&self, template: &Template, room: usize) -> Result<String, Message> {
        let mut output = Capped {
            text: String::new(),
            room,
        };
        let mut render = RenderContext::new(None);
        template
            .render(&self.registry, &self.context, &mut render, &mut output)
            .map_err(|error| match error.reason() {
                RenderErrorReason::IOError(_) => msg!("link-letters-too-long"),
                reason => Message::quote(reason.to_string()),
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

/// Where the variant that is said stands among the registered texts: no partial has such a name.
fn variant(group: &str) -> String {
    format!("\0{group}")
}

/// The variant that is said.
struct InPlace;

impl HelperDef for InPlace {
    fn call<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        registry: &'reg Handlebars<'reg>,
        context: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let group = helper.param(0).and_then(|group| group.value().as_str());
        match group.and_then(|group| registry.get_template(&variant(group))) {
            // Names mean in it what they mean at the top of a letter.
            Some(text) => text.render(registry, context, &mut RenderContext::new(None), out),
            None => Ok(()),
        }
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
        self.room = room.ok_or(io::ErrorKind::FileTooLarge)?;
        self.text.push_str(part);
        Ok(())
    }
}
