//! `config.toml` and the account file, read into a validated [`Config`].

mod account;
mod facts;
mod general;
mod letters;
mod paths;
mod read;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

pub(super) use paths::{Refused, attachment, inside};

use super::{Address, Country, Fact, Language, Sources};
use crate::failure::{Place, Problem, Problems};
use account::{SenderSection, SmtpSection};
use general::General;
use read::{Source, Table};

/// A campaign's configuration, valid.
#[derive(Clone, Debug)]
pub struct Config {
    /// The folder that holds the configuration; recipients, templates and attachments stay inside it.
    pub folder: PathBuf,
    /// `campaign.id`: names this campaign in the ledger; letters, digits, `-`, `_`, `.`.
    pub id: String,
    /// `campaign.title`.
    pub title: String,
    /// `campaign.recipients`, as a path that can be opened.
    pub recipients: PathBuf,
    /// `campaign.templates`, as a path that can be opened.
    pub templates: PathBuf,
    /// `campaign.language`: the last resort.
    pub language: Language,
    /// `campaign.deadline`: no letter leaves after it.
    pub deadline: Option<Timestamp>,
    /// Who writes.
    pub sender: Sender,
    /// How letters leave; a campaign can be checked and rehearsed without it.
    pub smtp: Option<Smtp>,
    /// The letters, in order; ids differ.
    pub letters: Vec<LetterSpec>,
    /// The facts by name.
    pub facts: BTreeMap<String, Fact>,
}

/// The person who writes (`[sender]`).
#[derive(Clone, Debug)]
pub struct Sender {
    /// `sender.name`: no line breaks, not empty.
    pub name: String,
    /// `sender.email`.
    pub email: Address,
    /// `sender.country`: chooses the embassy.
    pub country: Country,
    /// `sender.language`; `campaign.language` when not given.
    pub language: Language,
    /// Every further key, as text.
    pub extra: BTreeMap<String, String>,
}

/// The mail account (`[smtp]`).
#[derive(Clone, Debug)]
pub struct Smtp {
    /// `smtp.host`: a DNS name or an IP address.
    pub host: String,
    /// `smtp.port`; by default 465, 587 or 25 after `security`.
    pub port: u16,
    /// `smtp.security`.
    pub security: Security,
    /// `smtp.username`, by default the sender's address; `None` when it is `""`: no authentication.
    pub username: Option<String>,
    /// `smtp.auth`.
    pub auth: Auth,
    /// `smtp.password-command`: a shell command whose first line of output is the password.
    pub password_command: Option<String>,
    /// `smtp.connections`: 1 to 50.
    pub connections: usize,
    /// `smtp.rate`.
    pub rate: Rate,
    /// `smtp.daily-limit`: letters in any 24 hours.
    pub daily_limit: Option<u64>,
    /// `smtp.retry-for`.
    pub retry_for: Duration,
    /// `smtp.timeout`: one reply; the reply to the final dot has ten minutes, or this when it is longer.
    pub timeout: Duration,
    /// `smtp.ca-file`: an extra trust root, as a path that can be opened.
    pub ca_file: Option<PathBuf>,
    /// `smtp.proxy`.
    pub proxy: Option<Proxy>,
}

/// How the connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte (RFC 8314 §3.3).
    Tls,
    /// TLS after `STARTTLS` (RFC 3207), refused when not offered.
    Starttls,
    /// None: loopback hosts only.
    None,
}

/// What the password is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    /// A password, for PLAIN or LOGIN.
    Password,
    /// An OAuth 2 access token, for XOAUTH2.
    Xoauth2,
}

/// How fast letters may begin, over all connections together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rate {
    /// As fast as the server takes them.
    Unlimited,
    /// One letter each so long, evenly.
    Every(Duration),
}

/// A SOCKS5 proxy that resolves names itself (`socks5h://host:port`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    /// Its host.
    pub host: String,
    /// Its port.
    pub port: u16,
}

/// One kind of letter (`[[letter]]`).
#[derive(Clone, Debug)]
pub struct LetterSpec {
    /// `letter.id`.
    pub id: String,
    /// `letter.to`: roles, at least one.
    pub to: Vec<String>,
    /// `letter.template`, by default the id.
    pub template: String,
    /// `letter.format`.
    pub format: Format,
    /// `letter.cc`: added to the recipient's own copies.
    pub cc: Vec<Address>,
    /// `letter.attach`: files inside the campaign folder that exist and can be read.
    pub attach: Vec<Attachment>,
}

/// How the body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Plain text.
    Text,
    /// Markdown: leaves as plain text with an HTML alternative.
    Markdown,
}

/// A file that goes with a letter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Attachment {
    /// As a path that can be opened.
    pub path: PathBuf,
    /// The name the reader sees: no line breaks, no path, no direction overrides.
    pub name: String,
}

/// What could be read of a configuration: enough to check recipients and templates too, when something in it is wrong.
pub(super) struct Draft {
    /// The folder that holds the configuration, as it is opened; empty for the folder one stands in.
    pub folder: PathBuf,
    /// `campaign.language`, else `sender.language`.
    pub language: Option<Language>,
    /// The letters that could be read.
    pub letters: Vec<LetterSpec>,
    /// Every fact by name; `None` where it is wrong.
    pub facts: facts::Facts,
    /// The keys of `[sender]`; `None` when there is no such table.
    pub sender_keys: Option<BTreeSet<String>>,
    general: General,
    sender: Option<SenderSection>,
    smtp: Option<SmtpSection>,
}

impl Draft {
    /// The recipients file, as a path that can be opened.
    pub fn recipients(&self) -> Option<&Path> {
        self.general.recipients.as_deref()
    }

    /// The templates folder, as a path that can be opened.
    pub fn templates(&self) -> Option<&Path> {
        self.general.templates.as_deref()
    }

    /// The whole, when nothing in it was wrong.
    pub fn finish(self) -> Option<Config> {
        let language = self.language?;
        let sender = self.sender?.finish(&language)?;
        let smtp = self.smtp.map(|section| {
            let mut smtp = section.smtp;
            if section.username_left_out {
                smtp.username = Some(sender.email.as_str().to_owned());
            }
            smtp
        });
        Some(Config {
            folder: paths::or_here(&self.folder).to_owned(),
            id: self.general.id?,
            title: self.general.title?,
            recipients: self.general.recipients?,
            templates: self.general.templates?,
            language,
            deadline: self.general.deadline,
            sender,
            smtp,
            letters: self.letters,
            facts: self
                .facts
                .into_iter()
                .map(|(name, fact)| Some((name, fact?)))
                .collect::<Option<_>>()?,
        })
    }
}

/// Reads the configuration and the account file; every problem is pushed. `None` when nothing could be read at all.
pub(super) fn read(sources: &Sources, now: Timestamp, problems: &mut Problems) -> Option<Draft> {
    let shown = sources.config.display().to_string();
    let account_shown = sources.account.as_ref().map(|path| path.display().to_string());
    let account_text = read_account(sources, problems);
    let text = read_text(&sources.config, &shown, problems, || {
        Problem::error(format!("there is no {shown}"))
            .hint("go to a campaign's folder, name its file with --config FILE, or start a campaign: appel new DIR")
    });
    let source = Source::new(&shown, text.as_deref()?);
    let account = Source::new(
        account_shown.as_deref().unwrap_or_default(),
        account_text.as_deref().unwrap_or_default(),
    );
    let draft = read_both(sources, &source, &account, now);
    source.finish(problems);
    account.finish(problems);
    draft
}

fn read_both(sources: &Sources, source: &Source<'_>, account: &Source<'_>, now: Timestamp) -> Option<Draft> {
    let tables = source.parse();
    let account_tables = account.parse();
    let tables = tables?;
    let folder = folder_of(&sources.config);
    let account_folder = sources.account.as_deref().map(folder_of).unwrap_or_default();
    let top = Table::top(source, &tables);
    let account_top = account_tables.as_ref().map(|tables| Table::top(account, tables));

    let general = match top.table("campaign") {
        Some(table) => general::read(&table, &folder, now),
        None => {
            if !top.has("campaign") {
                source.push(
                    Problem::error("the table [campaign] is missing")
                        .at(Place::file(source.shown()))
                        .hint("add one:\n[campaign]\nid = \"my-campaign-2026\"\ntitle = \"What it asks for\"\nlanguage = \"en\""),
                );
            }
            General::default()
        }
    };
    let sender_table = choose(&top, account_top.as_ref(), "sender");
    let smtp_table = choose(&top, account_top.as_ref(), "smtp");
    let sender = sender_table.as_ref().map(|(table, _)| account::sender(table));
    let smtp = smtp_table.as_ref().map(|(table, is_account)| {
        account::smtp(table, if *is_account { &account_folder } else { &folder })
    });
    let letters = letters::read(&top, &folder);
    let facts = facts::read(&top);
    top.deny_unknown();
    if let Some(account_top) = &account_top {
        account_top.deny_unknown();
    }
    if sender_table.is_none() && !top.has("sender") {
        source.push(no_sender(sources, source));
    }
    let language = general
        .language
        .clone()
        .or_else(|| sender.as_ref().and_then(|sender| sender.language.clone()));
    let written = general.language_written || sender.as_ref().is_some_and(|sender| sender.language_written);
    if language.is_none() && !written && let Some(table) = top.table("campaign") {
        table.missing("language", "language = \"en\"");
    }
    Some(Draft {
        sender_keys: sender_table.map(|(table, _)| {
            let fixed = ["name", "email", "country", "language"].into_iter();
            fixed
                .chain(table.iter().map(|(key, _)| key))
                .map(ToOwned::to_owned)
                .collect()
        }),
        folder,
        language,
        letters,
        facts,
        general,
        sender,
        smtp: smtp.flatten(),
    })
}

/// The account's table, else the campaign's; and whether it is the account's.
fn choose<'a>(top: &Table<'a>, account: Option<&Table<'a>>, key: &'static str) -> Option<(Table<'a>, bool)> {
    let own = account.and_then(|account| account.table(key));
    match own {
        Some(table) => {
            // Asked for, so that it is no unknown key; it is not read further.
            let _ = top.get(key);
            Some((table, true))
        }
        None => top.table(key).map(|table| (table, false)),
    }
}

fn no_sender(sources: &Sources, source: &Source<'_>) -> Problem {
    let home = match &sources.account {
        Some(path) => path.display().to_string(),
        None => "your account file (~/.config/appel/config.toml, or --account FILE)".to_owned(),
    };
    Problem::error("nobody is named as the sender: the table [sender] is missing")
        .at(Place::file(source.shown()))
        .hint(format!(
            "write these lines to {home}:\n[sender]\nname = \"Your Name\"\nemail = \"you@example.org\"\ncountry = \"BE\"\nlanguage = \"fr\""
        ))
}

fn folder_of(file: &Path) -> PathBuf {
    file.parent().map(Path::to_owned).unwrap_or_default()
}

fn read_account(sources: &Sources, problems: &mut Problems) -> Option<String> {
    let path = sources.account.as_ref()?;
    if !sources.account_required && !path.exists() {
        return None;
    }
    let shown = path.display().to_string();
    read_text(path, &shown, problems, || {
        Problem::error(format!("there is no {shown}"))
            .hint("check the path after --account, or leave the flag out to use your own account file")
    })
}

/// The whole of a UTF-8 file, without its byte order mark.
fn read_text(path: &Path, shown: &str, problems: &mut Problems, missing: impl FnOnce() -> Problem) -> Option<String> {
    let regular = fs::metadata(path).map(|found| found.is_file());
    let bytes = match regular {
        Ok(true) => fs::read(path),
        Ok(false) => {
            problems.push(
                Problem::error(format!("{shown} is not a file"))
                    .hint("name the file itself: for a campaign, its config.toml"),
            );
            return None;
        }
        Err(error) => Err(error),
    };
    let bytes = match bytes {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            problems.push(missing());
            return None;
        }
        Err(error) => {
            problems.push(
                Problem::error(format!("{shown} cannot be read: {error}"))
                    .hint("check that the file is yours to read"),
            );
            return None;
        }
    };
    match String::from_utf8(bytes) {
        Ok(text) => Some(match text.strip_prefix('\u{feff}') {
            Some(rest) => rest.to_owned(),
            None => text,
        }),
        Err(error) => {
            problems.push(not_utf8(shown, error.as_bytes(), error.utf8_error().valid_up_to()));
            None
        }
    }
}

/// The problem of a file that is no UTF-8 from byte `at` on.
pub(super) fn not_utf8(shown: &str, bytes: &[u8], at: usize) -> Problem {
    let line = bytes[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
    let mut place = Place::file(shown);
    place.line = Some(line);
    Problem::error("the file is not UTF-8 text")
        .at(place)
        .hint("open it in a text editor and save it again with the encoding UTF-8")
}
