//! For tests, this crate's and others': a small campaign in memory, with whatever a test wants changed.
//!
//! Nothing is looked for in it: what is wrong in a test's campaign shows in its letters.

use appel_messages::{Catalog, Locale, Message};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::Timestamp;

use crate::address::Address;
use crate::campaign::{Attachment, Campaign, Format, LetterSpec, Limits, OwnWords, Sender};
use crate::facts::Fact;
use crate::letter::{Decision, Letter, Plan, Renderer, Rules, Selection};
use crate::place::{Country, Language};
use crate::problem::Problem;
use crate::recipients::{Outline, Recipient, Recipients, Rows, Serves};
use crate::templates::{Template, Templates, Variant, Versions};

/// The usual template.
pub const PROTEST_EN: &str =
    "Subject: {{campaign.title}}\n\n{{recipient.salutation}},\n\nI write from {{sender.city}}.\n\n{{sender.name}}\n";

/// What a test begins with; every field can be changed before [`Given::made`].
#[derive(Clone, Debug)]
pub struct Given {
    /// `campaign.id`.
    pub id: String,
    /// `campaign.title`.
    pub title: String,
    /// `campaign.language`.
    pub language: Language,
    /// `campaign.deadline`.
    pub deadline: Option<Timestamp>,
    /// The letters.
    pub letters: Vec<LetterSpec>,
    /// The facts.
    pub facts: BTreeMap<String, Fact>,
    /// Who writes.
    pub sender: Sender,
    /// What one address gets at most.
    pub limits: Limits,
    /// The recipients, as a table with commas.
    pub rows: String,
    /// The templates: a file's name, and its text.
    pub templates: Vec<(String, String)>,
}

/// What a test works with.
#[derive(Clone, Debug)]
pub struct Made {
    /// The campaign.
    pub campaign: Arc<Campaign>,
    /// Who writes.
    pub sender: Sender,
    /// What one address gets at most.
    pub limits: Limits,
}

/// One letter, one row, one template.
#[must_use]
pub fn given() -> Given {
    Given {
        id: "test".to_owned(),
        title: "Free them".to_owned(),
        language: language("en"),
        deadline: None,
        letters: vec![letter("protest", &["embassy"])],
        facts: BTreeMap::new(),
        sender: sender("Ann Activist", "ann@home.example", "BE", "en"),
        limits: Limits::default(),
        rows: "role,name,email,salutation\nembassy,The Embassy,embassy@kz.example,Your Excellency\n".to_owned(),
        templates: vec![("protest.en.hbs".to_owned(), PROTEST_EN.to_owned())],
    }
}

impl Given {
    /// With other recipients.
    #[must_use]
    pub fn rows(mut self, rows: &str) -> Self {
        rows.clone_into(&mut self.rows);
        self
    }

    /// With one more template, or with another text of one.
    #[must_use]
    pub fn template(mut self, file: &str, text: &str) -> Self {
        self.templates.retain(|(known, _)| known != file);
        self.templates.push((file.to_owned(), text.to_owned()));
        self
    }

    /// With whatever else is different.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// The campaign and its sender.
    ///
    /// # Panics
    /// When a template cannot be compiled, or a row is not valid.
    #[must_use]
    pub fn made(self) -> Made {
        let templates = templates(&self);
        let campaign = Campaign {
            recipients: Arc::new(List::new(&self.rows)),
            id: self.id,
            title: self.title,
            language: self.language,
            deadline: self.deadline,
            version: None,
            updated: None,
            contact: None,
            hold: None,
            letters: self.letters.into_iter().map(Arc::new).collect(),
            facts: self.facts,
            templates,
        };
        Made {
            campaign: Arc::new(campaign),
            sender: self.sender,
            limits: self.limits,
        }
    }
}

impl Made {
    /// Who gets what.
    ///
    /// # Panics
    /// When the rows cannot be read.
    #[must_use]
    pub fn plan(&self, selection: Selection) -> Arc<Plan> {
        Plan::new(&self.campaign, &self.sender, self.limits, selection).unwrap()
    }

    /// Its texts; `personal` is the sender's own paragraph.
    ///
    /// # Panics
    /// When the templates are no use.
    #[must_use]
    pub fn renderer(&self, personal: Option<&str>) -> Renderer {
        Renderer::new(&self.campaign, &self.sender, personal).unwrap()
    }

    /// Every letter that is due when nothing has left yet.
    ///
    /// # Panics
    /// When one is not.
    #[must_use]
    pub fn due(&self) -> Vec<Letter> {
        let decisions = self
            .plan(Selection::default())
            .decisions(&Rules::to_look(Timestamp::UNIX_EPOCH));
        decisions
            .map(|decision| match decision {
                Decision::Due(letter) => *letter,
                other => panic!("not due: {other:?}"),
            })
            .collect()
    }
}

/// A problem in a few lines.
#[must_use]
pub fn told(problem: &Problem) -> String {
    let english = Catalog::of(Locale::English);
    let severity = format!("{:?}", problem.severity).to_lowercase();
    let place = problem.place.as_ref().map(|place| format!("\n  in {place}"));
    let hint = problem.hint_in(english).map(|hint| format!("\n  help: {hint}"));
    format!(
        "{severity}: {}{}{}",
        problem.says_in(english),
        place.unwrap_or_default(),
        hint.unwrap_or_default()
    )
}

/// A letter to some roles.
#[must_use]
pub fn letter(id: &str, to: &[&str]) -> LetterSpec {
    LetterSpec {
        id: id.to_owned(),
        to: to.iter().map(ToString::to_string).collect(),
        template: id.to_owned(),
        follows: None,
        if_fact_was: None,
        format: Format::Text,
        says_language: false,
        own_words: OwnWords::Optional,
        cc: Vec::new(),
        attach: Vec::new(),
    }
}

/// Somebody in Brussels, wherever they are from.
///
/// # Panics
/// When the address, country or language is none.
#[must_use]
pub fn sender(name: &str, email: &str, country: &str, tag: &str) -> Sender {
    Sender {
        name: name.to_owned(),
        email: address(email),
        country: Country::parse(country).unwrap(),
        language: language(tag),
        reply_to: None,
        copy_to_self: false,
        extra: BTreeMap::from([("city".to_owned(), "Brussels".to_owned())]),
    }
}

/// An address.
///
/// # Panics
/// When it is none.
#[must_use]
pub fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

/// A language.
///
/// # Panics
/// When it is none.
#[must_use]
pub fn language(tag: &str) -> Language {
    Language::parse(tag).unwrap()
}

/// A moment.
///
/// # Panics
/// When it is none.
#[must_use]
pub fn moment(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Recipients in memory, as `recipients.csv`.
#[derive(Clone, Debug)]
pub struct List {
    columns: Vec<String>,
    rows: Arc<[Recipient]>,
    /// From this row on they can no longer be read.
    readable: Arc<AtomicUsize>,
}

impl List {
    /// Of a table with commas; a value in quotes may have one.
    ///
    /// # Panics
    /// When a row is not valid.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut records = text.lines().map(values);
        let header = records.next().unwrap_or_default();
        let mut columns: Vec<String> = header.iter().filter(|name| *name != "note").cloned().collect();
        for known in ["country", "language", "cc", "salutation", "title", "gender"] {
            if !header.iter().any(|name| name == known) {
                columns.push(known.to_owned());
            }
        }
        let rows: Vec<Recipient> = (2..)
            .zip(records)
            .map(|(line, record)| {
                let value = |column: &str| {
                    let at = header.iter().position(|name| name == column);
                    at.map_or("", |at| record[at].as_str())
                };
                recipient(line, value, &columns)
            })
            .collect();
        Self {
            columns,
            readable: Arc::new(AtomicUsize::new(usize::MAX)),
            rows: rows.into(),
        }
    }

    /// From now on what is behind so many rows can no longer be read.
    pub fn lose_behind(&self, rows: usize) {
        self.readable.store(rows, Ordering::Relaxed);
    }

    fn each<Row: 'static>(&self, make: impl Fn(&Recipient) -> Row + Send + 'static) -> Rows<Row> {
        let (rows, readable) = (Arc::clone(&self.rows), Arc::clone(&self.readable));
        let mut next = 0..rows.len();
        Box::new(std::iter::from_fn(move || {
            let at = next.next()?;
            if at < readable.load(Ordering::Relaxed) {
                return Some(Ok(make(&rows[at])));
            }
            next = 0..0;
            Some(Err(Problem::error(Message::quote("the rest is lost"))))
        }))
    }
}

fn recipient<'r>(line: usize, value: impl Fn(&str) -> &'r str, columns: &[String]) -> Recipient {
    let words = |column| value(column).split([' ', ',', ';']).filter(|word| !word.is_empty());
    Recipient {
        line,
        role: value("role").to_owned(),
        name: value("name").to_owned(),
        email: address(value("email")),
        serves: match value("country") {
            "" => Serves::Everyone,
            "*" => Serves::Others,
            _ => Serves::Countries(words("country").map(|code| Country::parse(code).unwrap()).collect()),
        },
        languages: words("language").map(language).collect(),
        cc: words("cc").map(address).collect(),
        verified: value("verified").parse().ok(),
        attach: words("attach").map(attachment).collect(),
        cells: columns.iter().map(|column| value(column).to_owned()).collect(),
    }
}

/// A file as a row names it.
fn attachment(name: &str) -> Attachment {
    Attachment {
        path: name.into(),
        name: name.rsplit('/').next().unwrap_or_default().to_owned(),
    }
}

/// The values of a line.
fn values(line: &str) -> Vec<String> {
    let mut values = vec![String::new()];
    let mut quoted = false;
    let mut characters = line.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '"' if quoted && characters.next_if_eq(&'"').is_some() => values.last_mut().unwrap().push('"'),
            '"' => quoted = !quoted,
            ',' if !quoted => values.push(String::new()),
            c => values.last_mut().unwrap().push(c),
        }
    }
    values
}

impl Recipients for List {
    fn shown(&self) -> &'static str {
        "recipients.csv"
    }

    fn columns(&self) -> &[String] {
        &self.columns
    }

    fn count(&self) -> usize {
        self.rows.len()
    }

    fn rows(&self) -> Rows<Recipient> {
        self.each(Recipient::clone)
    }

    fn outlines(&self) -> Rows<Outline> {
        self.each(|row| Outline {
            role: row.role.clone(),
            email: row.email.clone(),
            serves: row.serves.clone(),
            cc: row.cc.clone(),
        })
    }

    fn files(&self) -> Vec<Attachment> {
        self.rows.iter().flat_map(|row| row.attach.clone()).collect()
    }

    fn is_lost(&self) -> bool {
        self.readable.load(Ordering::Relaxed) < self.rows.len()
    }
}

fn templates(given: &Given) -> Templates {
    let mut templates = Templates::default();
    // In the order of their names, as a folder is read.
    for (file, text) in given
        .templates
        .iter()
        .map(|(file, text)| (file, text))
        .collect::<BTreeMap<_, _>>()
    {
        let compile = |text: &str| handlebars::Template::compile(text).unwrap();
        let (folder, name) = file.rsplit_once('/').unwrap_or_default();
        let name = if folder.is_empty() { file } else { name };
        let mut parts = name.strip_suffix(".hbs").unwrap().split('.');
        let (name, tag) = (parts.next().unwrap().to_owned(), parts.next().map(language));
        if folder == "partials" {
            let versions: &mut Versions<_> = templates.partials.entry(name).or_default();
            versions.add(tag, compile(text));
            continue;
        }
        if let Some(group) = folder.strip_prefix("variants/") {
            let names = templates.variants.entry(group.to_owned()).or_default();
            let variant = Variant {
                file: format!("templates/{file}"),
                text: compile(text),
            };
            names.entry(name).or_default().add(tag, variant);
            continue;
        }
        let (head, body) = text.split_once("\n\n").unwrap();
        let header = |name| head.lines().find_map(|line| line.strip_prefix(name));
        // Facts in partials too.
        let names_it = |fact: &&String| {
            given
                .templates
                .iter()
                .any(|(_, text)| text.contains(&format!("\"{fact}\"")))
        };
        let facts: BTreeSet<String> = given.facts.keys().filter(names_it).cloned().collect();
        let template = Template {
            file: format!("templates/{file}"),
            subject: compile(header("Subject: ").unwrap()),
            body: compile(body),
            format: header("Format: ").map(|format| match format {
                "markdown" => Format::Markdown,
                _ => Format::Text,
            }),
            attach: Vec::new(),
            facts,
        };
        templates.letters.entry(name).or_default().add(tag, template);
    }
    templates
}
