//! Inputs to validated values: `config.toml`, the account file, `recipients.csv` and `templates/`, every problem collected.
//!
//! Nothing here knows of SMTP. What leaves this module is valid: nobody downstream checks again.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use appel_core::campaign::{Campaign, Limits, Sender};
use appel_core::problem::Problems;
use appel_core::recipients::Recipients;
use jiff::Timestamp;

pub mod bounded;
pub mod config;
pub mod identity;
pub mod import;
mod leavings;
pub mod list;
pub mod organiser;
mod phrases;
pub mod recipients;
mod spoken;
pub mod style;
pub mod templates;

use config::{FromFolder, KeptBack, Smtp};
pub use identity::Identity;
pub use leavings::says_something;
pub use organiser::Organiser;
pub use recipients::RecipientsFile;
pub use spoken::spoken;

/// What is read: where the files are.
#[derive(Clone, Debug)]
pub struct Sources {
    /// The campaign's `config.toml`.
    pub config: PathBuf,
    /// The account file: the one given, or the default one.
    pub account: Option<PathBuf>,
    /// Whether `--account` was given: a missing file is an error then.
    pub account_required: bool,
    /// Files of the person's own that no letter may take with it.
    pub private: Private,
}

/// Where the person's own files are, beside the account file that is read.
#[derive(Clone, Debug, Default)]
pub struct Private {
    /// The default account file, also when another one is read.
    pub account: Option<PathBuf>,
    /// The state folder: ledger, log, whatever else is kept.
    pub state: Option<PathBuf>,
    /// The ledger, wherever it is.
    pub ledger: Option<PathBuf>,
}

/// What a run is made of, valid.
#[derive(Clone, Debug)]
pub struct Input {
    /// The campaign, the same for everybody who sends it.
    pub campaign: Arc<Campaign>,
    /// Who sends it (`[sender]`).
    pub sender: Sender,
    /// How letters leave; a campaign can be checked and rehearsed without it.
    pub smtp: Option<Smtp>,
    /// Which of these two the campaign's folder says itself: nobody connects with those without the person's word.
    pub from_folder: FromFolder,
    /// What one address gets at most (`[limits]` of the account file).
    pub limits: Limits,
    /// The folder that holds the configuration; recipients, templates and attachments stay inside it.
    pub folder: PathBuf,
    /// What no letter may take with it.
    pub kept_back: Arc<KeptBack>,
    /// After so many days an address is to be verified again.
    pub verified_days: usize,
}

impl Input {
    /// Who keeps up the campaign.
    #[must_use]
    pub fn organiser(&self) -> Organiser {
        let contact = self.campaign.contact.as_deref();
        Organiser::of(contact, Some(&self.sender.email), self.from_folder.sender)
    }
}

#[cfg(test)]
impl From<appel_core::testing::Made> for Input {
    fn from(made: appel_core::testing::Made) -> Self {
        Self {
            campaign: made.campaign,
            sender: made.sender,
            smtp: None,
            from_folder: FromFolder::default(),
            limits: made.limits,
            folder: PathBuf::from("."),
            kept_back: Arc::default(),
            verified_days: 180,
        }
    }
}

/// What reading found.
#[derive(Debug)]
pub struct Loaded {
    /// What was read; `None` when any problem is an error.
    pub input: Option<Input>,
    /// Everything worth saying, in the order of the files.
    pub problems: Problems,
    /// The warnings of style that the campaign switched off (`[check] allow`), by their names.
    pub off: Vec<&'static str>,
    /// Who keeps up the campaign, as far as that could be read.
    pub organiser: Organiser,
}

/// Reads a whole campaign and finds every problem in it. `now` decides what is stale.
#[must_use]
pub fn load(sources: &Sources, now: Timestamp) -> Loaded {
    let mut problems = Problems::new();
    let (mut off, mut organiser) = (Vec::new(), Organiser::Unknown);
    let input = read(sources, now, &mut problems, (&mut off, &mut organiser));
    problems.switch_off(&off);
    Loaded {
        input: input.filter(|_| !problems.any_error()),
        problems,
        off,
        organiser,
    }
}

fn read(
    sources: &Sources,
    now: Timestamp,
    problems: &mut Problems,
    (off, organiser): (&mut Vec<&'static str>, &mut Organiser),
) -> Option<Input> {
    let draft = config::read(sources, now, problems)?;
    off.clone_from(&draft.off);
    *organiser = draft.organiser();
    let roles: BTreeSet<String> = draft
        .letters
        .iter()
        .flat_map(|letter| letter.to.iter().cloned())
        .collect();
    let roster = draft.list().and_then(|list| {
        let files = recipients::Files::new(&draft.folder, Arc::clone(&draft.kept_back));
        RecipientsFile::load_list(&list, &shown(&list.path), &roles, files, problems)
    });
    let templates = draft.templates().and_then(|path| {
        let scope = templates::Scope::of_draft(&draft, roster.as_ref().map(Recipients::columns), now);
        templates::load(path, &shown(path), &scope, problems)
    });
    draft.finish(templates?, Arc::new(roster?))
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(all(test, unix))]
mod growth_tests;

#[cfg(test)]
mod tests {
    use std::fs;

    use appel_core::campaign::Format;
    use appel_core::place::Language;

    use super::*;
    use crate::failure::{Problem, Style};

    const CONFIG: &str = r#"
[campaign]
id = "zhanaozen-2011"
title = "Zhanaozen: stop the killings"
language = "en"
deadline = 2012-01-31T23:59:00Z

[sender]
name = "Your Name"
email = "you@example.org"
country = "BE"
language = "fr"
city = "Brussels"

[smtp]
host = "smtp.example.org"

[[letter]]
id = "protest"
to = ["embassy", "ministry"]

[[letter]]
id = "solidarity"
to = ["support"]
format = "markdown"
cc = ["archive@example.org"]
attach = ["files/statement.pdf"]

[facts.killed]
value = { en = "at least 70", fr = "au moins 70" }
as-of = 2011-12-16T18:54:00+01:00
source = "strikers' committee"
expires = 2011-12-18T00:00:00Z
"#;

    const RECIPIENTS: &str = "role,name,email,country,language,cc,salutation,note,office\n\
        embassy,Embassy in Brussels,info@emb.example,BE LU,fr en,\"a@x.example; b@x.example\",Excellency,secret,3\n\
        ministry,Ministry,info@min.example,*,,,Minister,,\n\
        support,\"Committee, the\",c@support.example,,en,,Friends,,1\n";

    fn campaign() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("config.toml", CONFIG);
        write("recipients.csv", RECIPIENTS);
        write("files/statement.pdf", "%PDF");
        for letter in ["protest", "solidarity"] {
            for language in ["en", "fr"] {
                write(
                    &format!("templates/{letter}.{language}.hbs"),
                    "Subject: {{campaign.title}}\n\n{{recipient.salutation}} {{recipient.office}}\n\nI write from {{sender.city}}. \
                     {{fact \"killed\"}} ({{source \"killed\"}}, {{as_of \"killed\"}}).\n{{#if message}}{{message}}\n\n{{/if}}{{> signature}}\n",
                );
            }
        }
        write("templates/partials/signature.hbs", "{{sender.name}}\n");
        write("templates/partials/signature.fr.hbs", "Cordialement, {{sender.name}}\n");
        dir
    }

    fn load_at(dir: &Path) -> Loaded {
        let sources = Sources {
            config: dir.join("config.toml"),
            account: None,
            account_required: false,
            private: Private::default(),
        };
        load(&sources, "2011-12-17T00:00:00Z".parse().unwrap())
    }

    #[test]
    fn a_valid_campaign_is_loaded_whole_and_without_a_word() {
        let dir = campaign();
        let loaded = load_at(dir.path());
        let said: Vec<String> = loaded
            .problems
            .iter()
            .map(|p: &Problem| Style::PLAIN.render(p))
            .collect();
        assert_eq!(said, Vec::<String>::new());
        let input = loaded.input.unwrap();
        let campaign = &input.campaign;
        let rows: Vec<String> = campaign
            .recipients
            .rows()
            .map(|row| {
                let row = row.unwrap();
                let copies: Vec<&str> = row.cc.iter().map(appel_core::Address::as_str).collect();
                format!(
                    "{} {} {} {:?} {:?} {copies:?} {:?}",
                    row.line, row.role, row.email, row.serves, row.languages, row.cells
                )
            })
            .collect();
        insta::assert_snapshot!(rows.join("\n"), @r#"
        2 embassy info@emb.example Countries([BE, LU]) [fr, en] ["a@x.example", "b@x.example"] ["embassy", "Embassy in Brussels", "info@emb.example", "BE LU", "fr en", "a@x.example; b@x.example", "Excellency", "3", "", "", ""]
        3 ministry info@min.example Others [] [] ["ministry", "Ministry", "info@min.example", "*", "", "", "Minister", "", "", "", ""]
        4 support c@support.example Everyone [en] [] ["support", "Committee, the", "c@support.example", "", "en", "", "Friends", "1", "", "", ""]
        "#);
        assert_eq!(
            (campaign.id.as_str(), campaign.title.as_str()),
            ("zhanaozen-2011", "Zhanaozen: stop the killings")
        );
        assert_eq!(campaign.deadline.unwrap().to_string(), "2012-01-31T23:59:00Z");
        assert_eq!(input.sender.extra["city"], "Brussels");
        assert_eq!(
            input.smtp.as_ref().unwrap().username.as_deref(),
            Some("you@example.org")
        );
        insta::assert_debug_snapshot!(campaign.facts, @r#"
        {
            "killed": Fact {
                value: Each(
                    {
                        en: "at least 70",
                        fr: "au moins 70",
                    },
                ),
                as_of: Some(
                    (
                        2011-12-16T17:54:00Z,
                        01:00:00,
                    ),
                ),
                source: Some(
                    One(
                        "strikers' committee",
                    ),
                ),
                expires: Some(
                    2011-12-18T00:00:00Z,
                ),
            },
        }
        "#);
        assert_eq!(campaign.letters[1].cc[0].as_str(), "archive@example.org");
        assert_eq!(campaign.letters[1].attach[0].name, "statement.pdf");
        assert_eq!(campaign.letters[1].format, Format::Markdown);
        assert_eq!(campaign.recipients.count(), 3);
        assert_eq!(
            campaign.recipients.columns().join(" "),
            "role name email country language cc salutation office title gender attach"
        );
        let fr = Language::parse("fr").unwrap();
        assert_eq!(campaign.templates.languages("protest").len(), 2);
        assert!(campaign.templates.get("protest", &fr).is_some());
        assert_eq!(campaign.templates.partials(&fr).count(), 1);
    }

    #[test]
    fn the_problems_of_all_files_are_said_at_once_in_their_order() {
        let dir = campaign();
        let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
        write("config.toml", &CONFIG.replace("host =", "hots ="));
        write("recipients.csv", &RECIPIENTS.replace("info@emb.example", "info@emb"));
        write("templates/protest.en.hbs", "Subject: {{campaign.titel}}\n\nx\n");
        let loaded = load_at(dir.path());
        assert!(loaded.input.is_none());
        let said: Vec<String> = loaded
            .problems
            .iter()
            .map(|problem| format!("{}: {}", problem.place.as_ref().unwrap(), problem.what.in_english()))
            .collect();
        let said = said.join("\n").replace(&format!("{}/", dir.path().display()), "");
        insta::assert_snapshot!(said, @r"
        config.toml:15:1 smtp.host: `host` is missing in [smtp]
        config.toml:16:1 smtp.hots: unknown key `hots`
        recipients.csv:2:29 email: info@emb: the domain after the @ needs a dot, and cannot be an IP address
        templates/protest.en.hbs:1:12: `campaign.titel` is not defined
        ");
    }

    #[test]
    fn files_are_named_as_the_person_named_them() {
        let sources = Sources {
            config: PathBuf::from("no-such-folder/config.toml"),
            account: None,
            account_required: false,
            private: Private::default(),
        };
        let loaded = load(&sources, Timestamp::UNIX_EPOCH);
        assert!(loaded.input.is_none());
        assert_eq!(
            loaded.problems.iter().next().unwrap().what.in_english(),
            "there is no no-such-folder/config.toml"
        );
    }
}
