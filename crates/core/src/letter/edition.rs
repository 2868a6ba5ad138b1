//! What all templates of one language share: the words of the facts, the data of every letter, the partials and variants,
//! and how a text is filled in with them.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use appel_messages::{Message, msg};
use handlebars::{
    Context, Handlebars, Helper, HelperDef, Output, RenderContext, RenderError, RenderErrorReason, Renderable,
    ScopedJson, Template, no_escape,
};
use jiff::civil::Date;
use jiff::tz::Offset;
use serde_json::{Map, Value, json};

use super::date::{LongDates, long_date};
use super::markdown::{self, OwnWords};
use super::prepare::{self, Done, Partials};
use super::variants::{self, Group};
use crate::campaign::{Campaign, Sender};
use crate::facts::Fact;
use crate::links;
use crate::place::Language;
use crate::problem::{Place, Problem};
use crate::templates::VARIANT;

/// Octets of one body; a page of text is about 3,000.
pub(super) const LONGEST_BODY: usize = 64 * 1024;

/// What all templates of one language share.
#[derive(Debug)]
pub(super) struct Edition {
    pub text: Handlebars<'static>,
    pub markdown: Handlebars<'static>,
    /// The first once more, with marks around each value that it fills in.
    pub traced: Handlebars<'static>,
    /// The sender's own paragraph, for Markdown.
    pub own: Option<OwnWords>,
    /// The data of every letter but for `recipient`, whose values are overwritten in place: taken for one rendering
    /// and put back, so that no letter pays for building it, and threads do not wait for each other.
    /// With the day that `date` speaks of.
    contexts: Mutex<Vec<(Date, Context)>>,
    blank: Context,
    language: Language,
    /// The variants that this language has.
    pub groups: Vec<Group>,
}

/// The variants that a letter says, each with its group: mostly none.
pub(super) type Chosen<'e> = Vec<(&'e Group, &'e Arc<variants::Ready>)>;

impl Edition {
    pub fn new(campaign: &Campaign, sender: &Sender, language: &Language, personal: &str) -> Self {
        let dates = LongDates::new(language);
        let words = Words::of(campaign, language, &dates);
        let partials = Partials::new(campaign.templates.partials(language));
        let mut text = Handlebars::new();
        text.register_escape_fn(no_escape);
        let mut markdown = Handlebars::new();
        markdown.register_escape_fn(markdown::escape);
        for (registry, is_marked) in [(&mut text, false), (&mut markdown, true)] {
            registry.set_strict_mode(true);
            // One writes a log, the others go round the check of names.
            for helper in ["log", "lookup", "raw"] {
                registry.unregister_helper(helper);
            }
            registry.register_helper("fact", Box::new(ByName(words.values.clone())));
            registry.register_helper("source", Box::new(ByName(words.sources.clone())));
            registry.register_helper("as_of", Box::new(ByName(words.moments.clone())));
            registry.register_helper(VARIANT, Box::new(variants::InPlace));
            // For the calls that cannot be written in place. A partial that is no use is said of the letters that use it.
            for (name, partial) in campaign.templates.partials(language) {
                let (fill, marked) = (None, is_marked);
                if let Ok(mut partial) = partials.written_into(partial, Done { fill, marked }) {
                    if is_marked {
                        prepare::marked(&mut partial);
                    }
                    registry.register_template(name, partial);
                }
            }
        }
        let mut traced = text.clone();
        traced.register_escape_fn(links::traced);
        Self {
            text,
            markdown,
            traced,
            own: Some(OwnWords::of(&lf(personal))).filter(|_| !personal.trim().is_empty()),
            contexts: Mutex::new(Vec::new()),
            blank: Context::from(data(campaign, sender, personal, &dates)),
            language: language.clone(),
            groups: Vec::new(),
        }
    }

    /// Takes in the variants, once the rest is there to fill in what is the same in every letter.
    pub fn add_variants(&mut self, campaign: &Campaign) -> Result<(), Problem> {
        if campaign.templates.variants.is_empty() {
            return Ok(());
        }
        let facts = variants::words_of(&campaign.facts, &self.language);
        let fills = variants::Fills {
            text: &|part| self.filled_for_all(&self.text, part),
            markdown: &|part| self.filled_for_all_markdown(part),
        };
        let (groups, texts) = variants::prepare(&campaign.templates, &facts, &self.language, &fills)
            .map_err(|(file, why)| Problem::error(why.message()).at(Place::file(file)))?;
        for variants::Registered { key, plain, markdown } in texts {
            self.traced.register_template(&key, plain.clone());
            self.text.register_template(&key, plain);
            self.markdown.register_template(&key, markdown);
        }
        self.groups = groups;
        Ok(())
    }

    /// The text of what is the same in every letter.
    pub fn filled_for_all(&self, registry: &Handlebars<'_>, part: &Template) -> Option<String> {
        filled(registry, part, &self.blank, LONGEST_BODY, Part::Body).ok()
    }

    /// The same for Markdown. Where the sender's own words stand decides what becomes of them, and is known when the
    /// letter is filled in.
    pub fn filled_for_all_markdown(&self, part: &Template) -> Option<String> {
        if prepare::is_own_words(part) {
            Some(markdown::OWN.to_string())
        } else {
            self.filled_for_all(&self.markdown, part)
        }
    }

    pub fn take(&self, today: Date) -> Context {
        let spare = self.contexts.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match spare {
            Some((day, context)) if day == today => context,
            spare => {
                let mut context = spare.map_or_else(|| self.blank.clone(), |(_, context)| context);
                if let Some(date) = context.data_mut().get_mut("date") {
                    *date = Value::String(long_date(today, &self.language));
                }
                context
            }
        }
    }

    pub fn put_back(&self, today: Date, context: Context) {
        let mut contexts = self.contexts.lock().unwrap_or_else(PoisonError::into_inner);
        contexts.push((today, context));
    }
}

/// All that a template can name, with empty values for `recipient` and `date`.
fn data(campaign: &Campaign, sender: &Sender, personal: &str, dates: &LongDates) -> Value {
    let mut words: Map<String, Value> = sender
        .extra
        .iter()
        .map(|(key, value)| (key.clone(), Value::String(lf(value))))
        .collect();
    for (key, value) in [
        ("name", sender.name.clone()),
        ("email", sender.email.to_string()),
        ("country", sender.country.to_string()),
        ("language", sender.language.to_string()),
    ] {
        words.insert(key.to_owned(), Value::String(value));
    }
    let recipient: Map<String, Value> = campaign
        .recipients
        .columns()
        .iter()
        .map(|column| (column.clone(), Value::String(String::new())))
        .collect();
    let personal = lf(personal);
    let deadline = campaign
        .deadline
        .map(|at| dates.date(Offset::UTC.to_datetime(at).date()));
    json!({
        "sender": words,
        "recipient": recipient,
        "campaign": {
            "id": campaign.id,
            "title": campaign.title,
            "language": campaign.language.to_string(),
            "deadline": deadline.unwrap_or_default(),
        },
        "message": personal,
        "date": "",
    })
}

/// A map of these columns has its values in this order.
pub(super) fn cells_in_order(columns: &[String]) -> Vec<usize> {
    let places = columns
        .iter()
        .enumerate()
        .map(|(at, column)| (column.clone(), json!(at)));
    let map: Map<String, Value> = places.collect();
    let place = |value: &Value| value.as_u64().and_then(|at| usize::try_from(at).ok());
    map.values().filter_map(place).collect()
}

pub(super) fn set_recipient(context: &mut Context, order: &[usize], cells: &[String]) {
    let Some(recipient) = context.data_mut().get_mut("recipient").and_then(Value::as_object_mut) else {
        return;
    };
    for (value, at) in recipient.values_mut().zip(order) {
        if let Value::String(value) = value {
            value.clear();
            value.push_str(cells.get(*at).map_or("", String::as_str));
        }
    }
}

pub(super) fn set_chosen(context: &mut Context, chosen: &Chosen<'_>) {
    if !chosen.is_empty() {
        variants::set(context, chosen);
    }
}

fn lf(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

/// What the helpers say in one language, by the fact's name.
struct Words {
    values: HashMap<String, String>,
    sources: HashMap<String, String>,
    moments: HashMap<String, String>,
}

impl Words {
    fn of(campaign: &Campaign, language: &Language, dates: &LongDates) -> Self {
        let facts = &campaign.facts;
        let by_name = |word: &dyn Fn(&Fact) -> Option<String>| {
            facts
                .iter()
                .filter_map(|(name, fact)| Some((name.clone(), word(fact)?)))
                .collect()
        };
        Self {
            values: by_name(&|fact| fact.value.get(language).map(lf)),
            sources: by_name(&|fact| fact.source.as_ref()?.get(language).map(lf)),
            moments: by_name(&|fact| fact.as_of.map(|(at, offset)| dates.as_of(at, offset))),
        }
    }
}

/// `{{fact "NAME"}}`, `{{source "NAME"}}`, `{{as_of "NAME"}}`.
struct ByName(HashMap<String, String>);

impl HelperDef for ByName {
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
        self.0
            .get(name)
            .map(|word| ScopedJson::Derived(Value::String(word.clone())))
            .ok_or_else(|| {
                let call = format!("{{{{{} \"{name}\"}}}}", helper.name());
                RenderErrorReason::NestedError(Box::new(NothingToSay(call))).into()
            })
    }
}

/// A call that has no words in the letter's language.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct NothingToSay(String);

/// A part of a letter that a template fills.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    Subject,
    Body,
}

/// Output that ends with an error where no letter goes on.
struct Capped {
    text: String,
    room: usize,
}

impl Output for Capped {
    fn write(&mut self, part: &str) -> io::Result<()> {
        self.room = self
            .room
            .checked_sub(part.len())
            .ok_or_else(|| io::Error::from(io::ErrorKind::FileTooLarge))?;
        self.text.push_str(part);
        Ok(())
    }
}

pub(super) fn filled(
    registry: &Handlebars<'_>,
    template: &Template,
    context: &Context,
    cap: usize,
    part: Part,
) -> Result<String, Message> {
    let mut output = Capped {
        text: String::with_capacity(1024),
        room: cap,
    };
    let mut render = RenderContext::new(None);
    template
        .render(registry, context, &mut render, &mut output)
        .map_err(|error| match (part, error.reason()) {
            (Part::Subject, RenderErrorReason::IOError(_)) => msg!("letter-subject-bytes", most = cap),
            (Part::Body, RenderErrorReason::IOError(_)) => msg!("letter-body-bytes", most = LONGEST_BODY),
            (Part::Subject, reason) => msg!("letter-subject-unfilled", why = unfilled(reason)),
            (Part::Body, reason) => msg!("letter-body-unfilled", why = unfilled(reason)),
        })?;
    Ok(output.text)
}

fn unfilled(reason: &RenderErrorReason) -> Message {
    if let RenderErrorReason::NestedError(error) = reason
        && let Some(NothingToSay(call)) = error.downcast_ref()
    {
        return msg!("letter-nothing-to-say", call = call);
    }
    Message::quote(reason.to_string())
}
