//! A letter's text: its template filled in with the row, the sender, the facts and the day.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use appel_messages::{Message, msg};
use handlebars::Template;
use jiff::civil::Date;
use serde_json::{Map, Value};

use super::decision::Letter;
use super::edition::{Chosen, Edition, LONGEST_BODY, Part, cells_in_order, filled, set_chosen, set_recipient};
use super::envelope::LetterId;
use super::flowed;
use super::markdown;
use super::prepare::{Done, Partials};
use super::sameness::{self, Compared, Sameness};
use super::text::Text;
use super::variants;
use crate::campaign::{Attachment, Campaign, Format, Sender};
use crate::links;
use crate::place::Language;
use crate::problem::{Place, Problem};
use crate::recipients::Recipients;

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
    /// Which cell of a row each value of `recipient` is, in the order in which the data has them.
    cells: Vec<usize>,
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
    /// The same by name, for the letters that say a variant with others.
    facts_by_name: Map<String, Value>,
    /// The groups of variants that it names, by their position in its edition.
    groups: Vec<usize>,
    /// Position in `Renderer::languages`.
    edition: usize,
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
            cells: cells_in_order(campaign.recipients.columns()),
        };
        // The partials as each language sees them, once for all of its templates.
        let mut seen: HashMap<&Language, Partials<'_>> = HashMap::new();
        for (name, language, template) in campaign.templates.iter() {
            let edition = renderer.edition(campaign, sender, language, personal.unwrap_or_default())?;
            let facts: Map<String, Value> = template
                .facts
                .iter()
                .filter_map(|fact| {
                    let value = campaign.facts.get(fact)?.value.get(language)?;
                    Some((fact.clone(), value.into()))
                })
                .collect();
            let words = &renderer.languages[edition].1;
            let partials = seen.entry(language).or_insert_with(|| {
                let pieces = words.groups.iter().map(|group| (group.name.clone(), group.pieces));
                Partials::new(campaign.templates.partials(language)).with_variants(pieces.collect())
            });
            let prepared = |part, fill, marked| {
                let fill = Some(fill);
                partials
                    .written_into(part, Done { fill, marked })
                    .map_err(|why| Problem::error(why.message()).at(Place::file(&template.file)))
            };
            let text: &dyn Fn(&Template) -> Option<String> = &|part| words.filled_for_all(&words.text, part);
            let markdown: &dyn Fn(&Template) -> Option<String> = &|part| words.filled_for_all_markdown(part);
            let named = if words.groups.is_empty() {
                BTreeSet::new()
            } else {
                variants::groups_in(&template.body, partials)
            };
            let ready = Ready {
                file: template.file.clone(),
                subject: prepared(&template.subject, text, false)?,
                body: prepared(&template.body, text, false)?,
                markdown: prepared(&template.body, markdown, true)?,
                format: template.format,
                attach: template.attach.clone(),
                fact_names: facts.keys().cloned().collect(),
                facts: Value::Object(facts.clone()).to_string().into(),
                facts_by_name: facts,
                groups: (0..words.groups.len())
                    .filter(|at| named.contains(words.groups[*at].name.as_str()))
                    .collect(),
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
    fn edition(
        &mut self,
        campaign: &Campaign,
        sender: &Sender,
        language: &Language,
        personal: &str,
    ) -> Result<usize, Problem> {
        if let Some(known) = self.languages.iter().position(|(known, _)| known == language) {
            return Ok(known);
        }
        let mut edition = Edition::new(campaign, sender, language, personal);
        edition.add_variants(campaign)?;
        self.languages.push((language.clone(), edition));
        Ok(self.languages.len() - 1)
    }

    /// A letter's text; `today` is the day of its first attempt, so that a later one leaves with the same words.
    ///
    /// # Errors
    /// When this row makes a subject or body that is empty, too long, or holds control characters, or when its
    /// template cannot be filled in.
    pub fn render(&self, letter: &Letter, today: Date) -> Result<Text, Problem> {
        let at_row = |problem: Problem| problem.at(self.recipients.place(letter.recipient.line, None));
        let ready = self.ready(letter).ok_or_else(|| {
            at_row(Problem::error(msg!(
                "letter-template-missing",
                template = &letter.spec.template,
                language = &letter.language,
            )))
        })?;
        let chosen = self.chosen(ready, &letter.id);
        self.fill_in(letter, ready, &chosen, today).map_err(|why| {
            let file = &ready.file;
            at_row(Problem::error(if chosen.is_empty() {
                msg!("letter-not-made", file = file, why = why)
            } else {
                let files = chosen.iter().map(|(_, variant)| variant.file.as_str());
                let variants = appel_messages::Value::list(files);
                msg!("letter-not-made-saying", file = file, variants = variants, why = why)
            }))
        })
    }

    fn ready(&self, letter: &Letter) -> Option<&Ready> {
        let languages = self.templates.get(&letter.spec.template)?;
        let (_, ready) = languages.iter().find(|(language, _)| *language == letter.language)?;
        Some(ready)
    }

    /// What this letter says of each group of variants that its text names.
    fn chosen(&self, ready: &Ready, id: &LetterId) -> Chosen<'_> {
        let (_, edition) = &self.languages[ready.edition];
        let groups = ready.groups.iter().map(|at| &edition.groups[*at]);
        groups.filter_map(|group| Some((group, group.choose(id)?))).collect()
    }

    /// This letter's text as letters with other ids would have it, of one sender or another: `each` of `ids` has one,
    /// unless it cannot be made.
    pub fn as_others<'r>(
        &'r self,
        letter: &'r Letter,
        ids: impl Iterator<Item = LetterId> + 'r,
        today: Date,
    ) -> impl Iterator<Item = Text> + 'r {
        let ready = self.ready(letter).filter(|ready| !ready.groups.is_empty());
        let made = ready.map(move |ready| {
            ids.filter_map(move |id| self.fill_in(letter, ready, &self.chosen(ready, &id), today).ok())
        });
        made.into_iter().flatten()
    }

    /// Says each variant that this letter's text names once, beside the first of every other group: what is wrong with any
    /// of them, whichever this letter has. Of very many the first `most` are tried. With how many were.
    #[must_use]
    pub fn try_variants(&self, letter: &Letter, today: Date, most: usize) -> (usize, Vec<Problem>) {
        let Some(ready) = self.ready(letter) else {
            return (0, Vec::new());
        };
        let (_, edition) = &self.languages[ready.edition];
        let groups = || ready.groups.iter().map(|at| &edition.groups[*at]);
        let first: Chosen<'_> = groups()
            .filter_map(|group| Some((group, group.variants.first()?)))
            .collect();
        let (mut tried, mut problems) = (0, Vec::new());
        let each = first
            .iter()
            .enumerate()
            .flat_map(|(at, (group, _))| group.variants.iter().map(move |variant| (at, variant)));
        for (at, variant) in each.take(most) {
            let mut chosen = first.clone();
            chosen[at].1 = variant;
            tried += 1;
            if let Err(why) = self.fill_in(letter, ready, &chosen, today) {
                let what = msg!("letter-not-made-with-variant", file = &ready.file, why = why);
                problems.push(Problem::error(what).at(Place::file(&variant.file)));
            }
        }
        (tried, problems)
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
        let ready = self.ready(letter)?;
        let (_, edition) = &self.languages[ready.edition];
        let mut context = edition.take(today);
        set_recipient(&mut context, &self.cells, &letter.recipient.cells);
        set_chosen(&mut context, &self.chosen(ready, &letter.id));
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

    fn fill_in(&self, letter: &Letter, ready: &Ready, chosen: &Chosen<'_>, today: Date) -> Result<Text, Message> {
        let (_, edition) = &self.languages[ready.edition];
        let mut context = edition.take(today);
        set_recipient(&mut context, &self.cells, &letter.recipient.cells);
        set_chosen(&mut context, chosen);
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
        for attachment in ready.attach.iter().chain(&letter.recipient.attach) {
            if !attachments.iter().any(|known| known.path == attachment.path) {
                attachments.push(attachment.clone());
            }
        }
        let (fact_names, facts) = ready.facts_with(chosen);
        Ok(Text {
            subject,
            body,
            html,
            attachments,
            fact_names,
            facts,
        })
    }
}

impl Ready {
    /// The facts of a letter that says these variants: their names, and with their words as JSON.
    fn facts_with(&self, chosen: &Chosen<'_>) -> (Arc<[String]>, Arc<str>) {
        let added = || chosen.iter().flat_map(|(_, variant)| &variant.facts);
        if added().all(|(name, _)| self.facts_by_name.contains_key(name)) {
            return (Arc::clone(&self.fact_names), Arc::clone(&self.facts));
        }
        let mut facts = self.facts_by_name.clone();
        facts.extend(added().map(|(name, words)| (name.clone(), Value::from(words.as_str()))));
        (facts.keys().cloned().collect(), Value::Object(facts).to_string().into())
    }
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
