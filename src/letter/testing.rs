//! For the tests: a small campaign read by the real loaders, with whatever a test wants changed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::LazyLock;

use jiff::Timestamp;

use super::{Decision, Letter, Plan, Renderer, Rules, Selection};

use crate::campaign::config::{Format, FromFolder, LetterSpec, Limits, Sender};
use crate::campaign::{Address, Campaign, Config, Country, Language, Roster, Templates};
use crate::failure::{Problems, Style};

pub(crate) const PROTEST_EN: &str =
    "Subject: {{campaign.title}}\n\n{{recipient.salutation}},\n\nI write from {{sender.city}}.\n\n{{sender.name}}\n";

/// What a test begins with; every field can be changed before [`Given::campaign`].
pub(crate) struct Given {
    pub config: Config,
    pub rows: String,
    pub templates: Vec<(String, String)>,
}

/// One letter, one row, one template.
pub(crate) fn given() -> Given {
    Given {
        config: Config {
            folder: PathBuf::from("."),
            id: "test".to_owned(),
            title: "Free them".to_owned(),
            recipients: PathBuf::from("recipients.csv"),
            templates: PathBuf::from("templates"),
            language: language("en"),
            deadline: None,
            sender: Sender {
                name: "Ann Activist".to_owned(),
                email: address("ann@home.example"),
                country: Country::parse("BE").unwrap(),
                language: language("en"),
                extra: BTreeMap::from([("city".to_owned(), "Brussels".to_owned())]),
            },
            smtp: None,
            from_folder: FromFolder::default(),
            limits: Limits::default(),
            kept_back: std::sync::Arc::default(),
            letters: vec![letter("protest", &["embassy"])],
            facts: BTreeMap::new(),
        },
        rows: "role,name,email,salutation\nembassy,The Embassy,embassy@kz.example,Your Excellency\n".to_owned(),
        templates: vec![("protest.en.hbs".to_owned(), PROTEST_EN.to_owned())],
    }
}

impl Given {
    pub fn rows(mut self, rows: &str) -> Self {
        self.rows = rows.to_owned();
        self
    }

    pub fn template(mut self, file: &str, text: &str) -> Self {
        self.templates.retain(|(known, _)| known != file);
        self.templates.push((file.to_owned(), text.to_owned()));
        self
    }

    pub fn with(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    /// Through files and loaders, as a person's would be.
    pub fn campaign(self) -> Campaign {
        let folder = tempfile::tempdir().unwrap();
        let templates = folder.path().join("templates");
        std::fs::create_dir_all(templates.join("partials")).unwrap();
        let recipients = folder.path().join("recipients.csv");
        std::fs::write(&recipients, &self.rows).unwrap();
        for (file, text) in &self.templates {
            std::fs::write(templates.join(file), text).unwrap();
        }
        let config = Config {
            folder: folder.path().to_owned(),
            ..self.config
        };
        let roles: BTreeSet<String> = config.letters.iter().flat_map(|spec| spec.to.clone()).collect();
        let mut problems = Problems::new();
        let roster = Roster::load(&recipients, "recipients.csv", &roles, &mut problems);
        let columns = roster
            .as_ref()
            .map(|roster| roster.columns().to_vec())
            .unwrap_or_default();
        let templates = Templates::load(
            &templates,
            "templates",
            &config,
            &columns,
            Timestamp::UNIX_EPOCH,
            &mut problems,
        );
        let said: Vec<String> = problems.iter().map(|problem| Style::PLAIN.render(problem)).collect();
        assert!(!problems.any_error(), "{}", said.join("\n\n"));
        Campaign {
            config,
            templates: templates.unwrap(),
            roster: roster.unwrap(),
        }
    }
}

pub(crate) fn letter(id: &str, to: &[&str]) -> LetterSpec {
    LetterSpec {
        id: id.to_owned(),
        to: to.iter().map(ToString::to_string).collect(),
        template: id.to_owned(),
        format: Format::Text,
        cc: Vec::new(),
        attach: Vec::new(),
    }
}

pub(crate) fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

pub(crate) fn language(tag: &str) -> Language {
    Language::parse(tag).unwrap()
}

pub(crate) fn moment(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The first letter that is due.
pub(crate) fn with_first_letter<T>(given: Given, act: impl FnOnce(&Campaign, &Renderer, &Letter) -> T) -> T {
    with_letter_of(&given.campaign(), act)
}

/// The letter of [`given`], read once for tests that want it a thousand times.
pub(crate) fn with_any_letter<T>(act: impl FnOnce(&Campaign, &Renderer, &Letter) -> T) -> T {
    static CAMPAIGN: LazyLock<Campaign> = LazyLock::new(|| given().campaign());
    with_letter_of(&CAMPAIGN, act)
}

fn with_letter_of<T>(campaign: &Campaign, act: impl FnOnce(&Campaign, &Renderer, &Letter) -> T) -> T {
    let renderer = Renderer::new(campaign, None).unwrap();
    let letters = due(campaign);
    act(campaign, &renderer, &letters[0])
}

/// Every letter that is due when nothing has left yet.
pub(crate) fn due(campaign: &Campaign) -> Vec<Letter<'_>> {
    let plan = Plan::new(campaign, Selection::default()).unwrap();
    plan.decisions(Rules::to_look(Timestamp::UNIX_EPOCH))
        .map(|decision| match decision {
            Decision::Due(letter) => *letter,
            other => panic!("not due: {other:?}"),
        })
        .collect()
}
