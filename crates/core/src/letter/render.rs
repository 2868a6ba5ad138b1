//! A letter's text: its template filled in with the row, the sender, the facts and the day.

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
use super::decision::Letter;
use super::flowed;
use super::markdown::{self, OwnWords};
use super::prepare::{self, Done, Partials};
use super::sameness::{self, Compared, Sameness};
use super::text::Text;
use crate::campaign::{Attachment, Campaign, Format, Sender};
use crate::facts::Fact;
use crate::links;
use crate::place::Language;
use crate::problem::{Place, Problem};
use crate::recipients::Recipients;

/// Octets of one body; a page of text is about 3,000.
const LONGEST_BODY: usize = 64 * 1024;
/// Characters of one subject.
const LONGEST_SUBJECT: usize = 255;

/// Every template of a campaign, ready to be filled in.
#[derive(Debug)]
pub struct Renderer {
    /// By template name.
    templates: HashMap<String, Vec<(Language, Ready)>>,
    languages: Vec<(Language, Edition)>,
    /// `recipient.COLUMN`, in the order of a row's cells.
    columns: Vec<String>,
    /// For where a row is.
    recipients: Arc<dyn Recipients>,
}

/// One template in one language.
#[derive(Debug)]
struct Ready {
    file: String,
    subject: Template,
    body: Template,
    /// The same body, for Markdown: values in it are escaped, and partials marked.
    markdown: Template,
    format: Option<Format>,
    attach: Vec<Attachment>,
    fact_names: Arc<[String]>,
    facts: Arc<str>,
    /// Position in `Renderer::languages`.
    edition: usize,
}

/// What all templates of one language share.
#[derive(Debug)]
struct Edition {
    text: Handlebars<'static>,
    markdown: Handlebars<'static>,
    /// The first once more, with marks around each value that it fills in.
    traced: Handlebars<'static>,
    /// The sender's own paragraph, for Markdown.
    own: Option<OwnWords>,
    /// The data of every letter but for `recipient`, whose values are overwritten in place: taken for one rendering
    /// and put back, so that no letter pays for building it, and threads do not wait for each other.
    /// With the day that `date` speaks of.
    contexts: Mutex<Vec<(Date, Context)>>,
    blank: Context,
    language: Language,
}

impl Renderer {
    /// Takes in every template for one sender; `personal` is their own paragraph, its lines ending in LF.
    ///
    /// # Errors
    /// When partials include each other without end, or so often that no letter could be made of them.
    pub fn new(campaign: &Campaign, sender: &Sender, personal: Option<&str>) -> Result<Self, Problem> {
        let mut renderer = Self {
            templates: HashMap::new(),
            languages: Vec::new(),
            columns: campaign.recipients.columns().to_vec(),
            recipients: Arc::clone(&campaign.recipients),
        };
        // The partials as each language sees them, once for all of its templates.
        let mut seen: HashMap<&Language, Partials<'_>> = HashMap::new();
        for (name, language, template) in campaign.templates.iter() {
            let edition = renderer.edition(campaign, sender, language, personal.unwrap_or_default());
            let facts: Map<String, Value> = template
                .facts
                .iter()
                .filter_map(|fact| {
                    let value = campaign.facts.get(fact)?.value.get(language)?;
                    Some((fact.clone(), value.into()))
                })
                .collect();
            let partials = seen
                .entry(language)
                .or_insert_with(|| Partials::new(campaign.templates.partials(language)));
            let words = &renderer.languages[edition].1;
            let prepared = |part, fill, marked| {
                let fill = Some(fill);
                partials
                    .written_into(part, Done { fill, marked })
                    .map_err(|why| Problem::error(why.message()).at(Place::file(&template.file)))
            };
            let text: &dyn Fn(&Template) -> Option<String> = &|part| words.filled_for_all(&words.text, part);
            // Where the sender's own words stand decides what becomes of them, and is known when the letter is filled in.
            let markdown: &dyn Fn(&Template) -> Option<String> = &|part| {
                if prepare::is_own_words(part) {
                    Some(markdown::OWN.to_string())
                } else {
                    words.filled_for_all(&words.markdown, part)
                }
            };
            let ready = Ready {
                file: template.file.clone(),
                subject: prepared(&template.subject, text, false)?,
                body: prepared(&template.body, text, false)?,
                markdown: prepared(&template.body, markdown, true)?,
                format: template.format,
                attach: template.attach.clone(),
                fact_names: facts.keys().cloned().collect(),
                facts: Value::Object(facts).to_string().into(),
                edition,
            };
            renderer
                .templates
                .entry(name.to_owned())
                .or_default()
                .push((language.clone(), ready));
        }
        Ok(renderer)
    }

    /// The position of a language's edition, made when it is first asked for.
    fn edition(&mut self, campaign: &Campaign, sender: &Sender, language: &Language, personal: &str) -> usize {
        if let Some(known) = self.languages.iter().position(|(known, _)| known == language) {
            return known;
        }
        let edition = Edition::new(campaign, sender, language, personal);
        self.languages.push((language.clone(), edition));
        self.languages.len() - 1
    }

    /// A letter's text; `today` is the day of its first attempt, so that a later one leaves with the same words.
    ///
    /// # Errors
    /// When this row makes a subject or body that is empty, too long, or holds control characters, or when its
    /// template cannot be filled in.
    pub fn render(&self, letter: &Letter, today: Date) -> Result<Text, Problem> {
        let at_row = |problem: Problem| problem.at(self.recipients.place(letter.recipient.line, None));
        let ready = self
            .templates
            .get(&letter.spec.template)
            .and_then(|languages| languages.iter().find(|(language, _)| *language == letter.language))
            .map(|(_, ready)| ready)
            .ok_or_else(|| {
                at_row(Problem::error(msg!(
                    "letter-template-missing",
                    template = &letter.spec.template,
                    language = &letter.language,
                )))
            })?;
        self.fill_in(letter, ready, today)
            .map_err(|why| at_row(Problem::error(msg!("letter-not-made", file = &ready.file, why = why))))
    }

    /// What the links of a letter tell about its reader: another row's are others, or one comes out of a cell.
    ///
    /// What stands in the template is looked at when it is read; here is what only the rows bring.
    pub fn telling_links(&self, letter: &Letter, text: &Text, today: Date, compared: &mut Compared) -> Option<Problem> {
        match compared.compare(letter, text, self.recipients.shown()) {
            Sameness::Same => None,
            Sameness::Different(problem) => Some(*problem),
            Sameness::New => self.link_from_cell(letter, today),
        }
    }

    fn link_from_cell(&self, letter: &Letter, today: Date) -> Option<Problem> {
        let versions = self.templates.get(&letter.spec.template)?;
        let (_, ready) = versions.iter().find(|(language, _)| *language == letter.language)?;
        let (_, edition) = &self.languages[ready.edition];
        let mut context = edition.take(today);
        set_recipient(&mut context, &self.columns, &letter.recipient.cells);
        let texts = [&ready.subject, &ready.body]
            .map(|part| filled(&edition.traced, part, &context, 16 * LONGEST_BODY, Part::Body));
        edition.put_back(today, context);
        // Facts, dates and the sender's own words are values too, and the same for every reader. A cell is known by its
        // words; it may stand for several columns, of which the first will do.
        let column = |value: &str| {
            let mut cells = self.columns.iter().zip(&letter.recipient.cells);
            let found = cells.find(|(_, cell)| !cell.is_empty() && links::plain(cell, false) == value);
            found.map(|(column, _)| column.as_str())
        };
        for text in texts {
            let text = match text {
                Ok(text) => text,
                Err(why) => return Some(sameness::not_looked_at(letter, self.recipients.shown(), why)),
            };
            if let Some((link, value)) =
                links::out_of_value(&links::plain(&text, false), |value| column(value).is_some())
            {
                return Some(sameness::from_cell(
                    letter,
                    self.recipients.shown(),
                    &link,
                    column(&value),
                ));
            }
        }
        None
    }

    fn fill_in(&self, letter: &Letter, ready: &Ready, today: Date) -> Result<Text, Message> {
        let (_, edition) = &self.languages[ready.edition];
        let mut context = edition.take(today);
        set_recipient(&mut context, &self.columns, &letter.recipient.cells);
        let format = ready.format.unwrap_or(letter.spec.format);
        let filled = (|| {
            let subject = filled(
                &edition.text,
                &ready.subject,
                &context,
                LONGEST_SUBJECT * 4,
                Part::Subject,
            )?;
            let body = match format {
                Format::Text => filled(&edition.text, &ready.body, &context, LONGEST_BODY, Part::Body)?,
                // A value has twice as many characters in it at most.
                Format::Markdown => filled(
                    &edition.markdown,
                    &ready.markdown,
                    &context,
                    2 * LONGEST_BODY,
                    Part::Body,
                )?,
            };
            Ok::<_, Message>((subject, body))
        })();
        edition.put_back(today, context);
        let (subject, body) = filled?;
        let subject = checked_subject(&subject)?;
        let (body, html) = match format {
            Format::Text => (body, None),
            Format::Markdown => {
                let (text, html) = markdown::letter(body, edition.own.as_ref(), &subject, &letter.language);
                if text.len() > LONGEST_BODY {
                    return Err(msg!("letter-body-bytes", most = LONGEST_BODY));
                }
                (text, Some(html))
            }
        };
        check_body(&body)?;
        // What a reader sees of it: blanks at the end of a line would join it with the next.
        let mut body = flowed::trimmed(body.trim_end()).into_owned();
        body.push('\n');
        let mut attachments = letter.spec.attach.clone();
        for attachment in &ready.attach {
            if !attachments.iter().any(|known| known.path == attachment.path) {
                attachments.push(attachment.clone());
            }
        }
        Ok(Text {
            subject,
            body,
            html,
            attachments,
            fact_names: Arc::clone(&ready.fact_names),
            facts: Arc::clone(&ready.facts),
        })
    }
}

impl Edition {
    fn new(campaign: &Campaign, sender: &Sender, language: &Language, personal: &str) -> Self {
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
        }
    }

    /// The text of what is the same in every letter.
    fn filled_for_all(&self, registry: &Handlebars<'_>, part: &Template) -> Option<String> {
        filled(registry, part, &self.blank, LONGEST_BODY, Part::Body).ok()
    }

    fn take(&self, today: Date) -> Context {
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

    fn put_back(&self, today: Date, context: Context) {
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

fn set_recipient(context: &mut Context, columns: &[String], cells: &[String]) {
    let Some(recipient) = context.data_mut().get_mut("recipient").and_then(Value::as_object_mut) else {
        return;
    };
    for (at, column) in columns.iter().enumerate() {
        if let Some(Value::String(value)) = recipient.get_mut(column) {
            value.clear();
            value.push_str(cells.get(at).map_or("", String::as_str));
        }
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
enum Part {
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

fn filled(
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

fn checked_subject(subject: &str) -> Result<String, Message> {
    let subject = subject.trim();
    if subject.is_empty() {
        return Err(msg!("letter-subject-empty"));
    }
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    if let Some(c) = subject.chars().find(|c| breaks(*c)) {
        return Err(match c {
            '\n' => msg!("letter-subject-line-break"),
            _ => msg!("letter-subject-character", code = format!("{:04X}", u32::from(c))),
        });
    }
    if subject.chars().count() > LONGEST_SUBJECT {
        return Err(msg!("letter-subject-long", most = LONGEST_SUBJECT));
    }
    Ok(subject.to_owned())
}

fn check_body(body: &str) -> Result<(), Message> {
    if body.trim().is_empty() {
        return Err(msg!("letter-body-empty"));
    }
    // For every letter: so all bytes of ordinary text are looked at together first, which takes no time.
    let is_ordinary = |byte: u8| matches!(byte, b' '..=b'~' | b'\n');
    if body.bytes().fold(true, |all, byte| all & is_ordinary(byte)) {
        return Ok(());
    }
    // C0 and DEL, and C1 (U+0080 to U+009F) behind its 0xC2.
    let control = |at: usize, byte: u8| match byte {
        b'\n' | b'\t' => false,
        0..0x20 | 0x7f => true,
        0x80..0xa0 => at > 0 && body.as_bytes()[at - 1] == 0xc2,
        _ => false,
    };
    match body.bytes().enumerate().find(|(at, byte)| control(*at, *byte)) {
        Some((_, byte)) => Err(msg!("letter-body-control", code = format!("{byte:04X}"))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
