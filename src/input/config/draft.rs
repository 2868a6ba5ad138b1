//! From the two files to one configuration: which table counts, and what only both together show.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use appel_core::campaign::{Campaign, LetterSpec, Limits};
use appel_core::place::Language;
use appel_core::recipients::Recipients;
use appel_core::templates::Templates;
use appel_messages::{Message, msg};
use encoding_rs::WINDOWS_1252;
use jiff::Timestamp;

use super::account::{self, SenderSection};
use super::facts::{self, Facts};
use super::general::{self, General};
use super::letters;
use super::limits;
use super::login;
use super::paths;
use super::read::Table;
use super::source::{self, Source};
use super::style;
use super::{FromFolder, KeptBack, Smtp};
use crate::failure::{Place, Problem, Problems};
use crate::input::bounded::{self, MOST_TEXT, Unread, looks_like_utf_16};
use crate::input::list::ListPath;
use crate::input::{Input, Organiser, Sources};

/// What could be read of a configuration: enough to check recipients and templates too, when something in it is wrong.
pub struct Draft {
    /// The folder that holds the configuration, as it is opened; empty for the folder one stands in.
    pub folder: PathBuf,
    /// `campaign.language`, else `sender.language`.
    pub language: Option<Language>,
    /// The letters that could be read.
    pub letters: Vec<LetterSpec>,
    /// Every fact by name; `None` where it is wrong.
    pub facts: Facts,
    /// The keys of `[sender]`; `None` when there is no such table.
    pub sender_keys: Option<BTreeSet<String>>,
    /// The warnings of style that are switched off, by their names.
    pub off: Vec<&'static str>,
    /// After so many days an address is to be verified again.
    verified_days: usize,
    /// What no letter may take with it.
    pub kept_back: Arc<KeptBack>,
    /// How long the files are together, in bytes.
    pub length: u64,
    general: General,
    limits: Limits,
    sender: Option<SenderSection>,
    username_written: bool,
    smtp: Option<Smtp>,
    from_folder: FromFolder,
}

impl Draft {
    /// The recipients file, as a path that can be opened.
    pub fn recipients(&self) -> Option<&Path> {
        self.general.recipients.as_deref()
    }

    /// The same, with the sheet of a spreadsheet that is named behind it.
    pub fn list(&self) -> Option<ListPath> {
        Some(ListPath {
            path: self.recipients()?.to_owned(),
            sheet: self.general.sheet.clone(),
        })
    }

    /// The templates folder, as a path that can be opened.
    pub fn templates(&self) -> Option<&Path> {
        self.general.templates.as_deref()
    }

    /// Who keeps up the campaign.
    pub fn organiser(&self) -> Organiser {
        let sender = self.sender.as_ref().and_then(|sender| sender.email.as_ref());
        Organiser::of(self.general.contact.as_deref(), sender, self.from_folder.sender)
    }

    /// The whole, with its texts and its rows, when nothing in it was wrong.
    pub fn finish(self, templates: Templates, recipients: Arc<dyn Recipients>) -> Option<Input> {
        let language = self.language?;
        let sender = self.sender?.finish(&language)?;
        let smtp = self.smtp.map(|mut smtp| {
            if !self.username_written {
                smtp.username = Some(sender.email.as_str().to_owned());
            }
            smtp
        });
        let facts = self.facts.into_iter().map(|(name, fact)| Some((name, fact?)));
        let campaign = Campaign {
            id: self.general.id?,
            title: self.general.title?,
            language,
            deadline: self.general.deadline,
            version: self.general.version,
            updated: self.general.updated,
            contact: self.general.contact,
            hold: self.general.hold,
            letters: self.letters.into_iter().map(Arc::new).collect(),
            facts: facts.collect::<Option<_>>()?,
            templates,
            recipients,
        };
        Some(Input {
            campaign: Arc::new(campaign),
            sender,
            smtp,
            from_folder: self.from_folder,
            limits: self.limits,
            folder: paths::or_here(&self.folder).to_owned(),
            kept_back: self.kept_back,
            verified_days: self.verified_days,
        })
    }
}

/// Reads the configuration and the account file; every problem is pushed. `None` when nothing could be read at all.
pub fn read(sources: &Sources, now: Timestamp, problems: &mut Problems) -> Option<Draft> {
    let shown = sources.config.display().to_string();
    let account_shown = sources.account.as_ref().map(|path| path.display().to_string());
    let account_text = read_account(sources, problems);
    let account_is_unread = account_text.is_none() && problems.any_error();
    let text = read_text(&sources.config, &shown, problems, || {
        Problem::error(msg!("config-no-configuration", path = &shown)).at(Place::file(&shown))
    });
    let source = Source::new(&shown, text.as_deref()?);
    let account = Source::new(
        account_shown.as_deref().unwrap_or_default(),
        account_text.as_deref().unwrap_or_default(),
    );
    let draft = read_both(sources, &source, &account, account_is_unread, now);
    source.finish(problems);
    account.finish(problems);
    draft
}

fn read_both(
    sources: &Sources,
    source: &Source<'_>,
    account: &Source<'_>,
    account_is_unread: bool,
    now: Timestamp,
) -> Option<Draft> {
    let tables = source.parse();
    let account_tables = account.parse();
    let tables = tables?;
    let folder = folder_of(&sources.config);
    let account_folder = sources.account.as_deref().map(folder_of).unwrap_or_default();
    let top = Table::top(source, &tables);
    let account_top = account_tables.as_ref().map(|tables| Table::top(account, tables));

    let campaign = top.table("campaign");
    if campaign.is_none() && !top.has("campaign") {
        source.push(Problem::error(msg!("config-no-campaign")).at(Place::file(source.shown())));
    }
    let general = campaign
        .as_ref()
        .map_or_else(General::default, |table| general::read(table, &folder, now));
    let sender_table = choose(&top, account_top.as_ref(), "sender");
    let smtp_table = choose(&top, account_top.as_ref(), "smtp");
    let sender = sender_table.as_ref().map(|(table, own)| account::sender(table, *own));
    let smtp = smtp_table.as_ref().and_then(|(table, own)| {
        let folder = if *own { &account_folder } else { &folder };
        account::smtp(table, folder, *own)
    });
    let is_folders = |chosen: &Option<(Table<'_>, bool)>| chosen.as_ref().is_some_and(|(_, own)| !own);
    let from_folder = FromFolder {
        sender: is_folders(&sender_table),
        smtp: is_folders(&smtp_table),
    };
    limits::refuse(&top, sources.account.as_deref());
    let limits = account_top.as_ref().map(limits::read).unwrap_or_default();
    if let (Some(sender), Some(smtp)) = (&sender, &smtp) {
        login::warn_other_domain(sender, smtp);
    }
    #[cfg(unix)]
    if let (Some(path), Some((table, true))) = (&sources.account, &smtp_table) {
        warn_readable_by_others(path, table, account);
    }
    let kept_back = Arc::new(KeptBack::new(sources, &general));
    let facts = facts::read(&top);
    let mut letters = letters::read(&top, &folder, &kept_back, &limits, &facts);
    for letter in &mut letters {
        letter.says_language = general.content_language;
    }
    let check = style::read(&top);
    top.deny_unknown();
    if let Some(account_top) = &account_top {
        account_top.deny_unknown();
    }
    // Who is named in a file that cannot be read is not known: that it cannot be read is said, and that is enough.
    let account_is_known = account_top.is_some() && !account_is_unread;
    if sender_table.is_none() && !top.has("sender") && account_is_known {
        source.push(no_sender(sources, source));
    }
    let language = general
        .language
        .clone()
        .or_else(|| sender.as_ref().and_then(|sender| sender.language.clone()));
    let written = general.language_written || sender.as_ref().is_some_and(|sender| sender.language_written);
    if language.is_none()
        && !written
        && let Some(table) = top.table("campaign")
    {
        table.missing("language", "language = \"en\"");
    }
    Some(Draft {
        sender_keys: sender_table.map(|(table, _)| {
            // What letters may name, whether it is there or not; where answers go stands in a header.
            let fixed = ["name", "email", "country", "language"].into_iter();
            let written = table.iter().map(|(key, _)| key).take(account::MOST_DETAILS);
            fixed
                .chain(written.filter(|key| !matches!(*key, "reply-to" | "copy-to-self")))
                .map(ToOwned::to_owned)
                .collect()
        }),
        length: (source.len() + account.len()) as u64,
        folder,
        language,
        letters,
        facts,
        off: check.off,
        verified_days: check.verified_days,
        general,
        limits,
        sender,
        username_written: smtp.as_ref().is_some_and(|section| section.username.is_some()),
        smtp: smtp.map(|section| section.smtp),
        from_folder,
        kept_back,
    })
}

/// The account's table, else the campaign's; and whether it is the account's.
fn choose<'a>(top: &Table<'a>, account: Option<&Table<'a>>, key: &'static str) -> Option<(Table<'a>, bool)> {
    let Some(table) = account.and_then(|account| account.table(key)) else {
        return top.table(key).map(|table| (table, false));
    };
    if let Some(other) = top.table(key) {
        top.source().push(
            Problem::note(msg!(
                "config-table-left-aside",
                key = key,
                account = table.source().shown()
            ))
            .at(other.place()),
        );
        // Left aside or not, it is in a folder that is handed on.
        if key == "smtp" {
            account::refuse_password(&other);
            account::refuse_own(&other);
        }
        if key == "sender" {
            account::refuse_own_sender(&other);
        }
    }
    Some((table, true))
}

/// Whoever reads the command, or changes it, has the mailbox.
#[cfg(unix)]
fn warn_readable_by_others(path: &Path, table: &Table<'_>, account: &Source<'_>) {
    use std::os::unix::fs::PermissionsExt;
    let open = fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o066 != 0);
    if open && table.has("password-command") {
        account.push(
            Problem::warning(msg!("account-file-readable", path = account.shown()))
                .at(table.key_place("password-command").field("smtp.password-command")),
        );
    }
}

fn no_sender(sources: &Sources, source: &Source<'_>) -> Problem {
    let home = match &sources.account {
        Some(path) => Message::quote(path.display().to_string()),
        None => msg!("account-file-of-yours"),
    };
    Problem::error(msg!("config-no-sender", home = home)).at(Place::file(source.shown()))
}

fn folder_of(file: &Path) -> PathBuf {
    file.parent().map(Path::to_owned).unwrap_or_default()
}

fn read_account(sources: &Sources, problems: &mut Problems) -> Option<String> {
    let path = sources.account.as_ref()?;
    if !sources.account_required && super::is_missing(path) {
        return None;
    }
    problems.extend(super::writable_by_others(path));
    let shown = path.display().to_string();
    read_text(path, &shown, problems, || {
        Problem::error(msg!("account-file-missing", path = &shown)).at(Place::file(&shown))
    })
}

/// The whole of a UTF-8 file, without its byte order mark.
fn read_text(path: &Path, shown: &str, problems: &mut Problems, missing: impl FnOnce() -> Problem) -> Option<String> {
    let unread = match bounded::text(path, MOST_TEXT) {
        Ok(text) if looks_like_utf_16(text.as_bytes()) => {
            problems.push(Problem::error(msg!("file-utf-16")).at(Place::file(shown)));
            return None;
        }
        Ok(text) => return Some(text),
        Err(unread) => unread,
    };
    let message = match unread {
        Unread::Missing => {
            problems.push(missing());
            return None;
        }
        Unread::NotUtf8(bytes, at) => {
            problems.push(not_utf8(shown, &bytes, at));
            return None;
        }
        Unread::NotAFile(_) => msg!("config-folder-named", path = shown),
        Unread::TooLong(bytes) => msg!("config-too-long", path = shown, size = bounded::size(bytes)),
        Unread::Io(error) => msg!("config-unreadable", path = shown, cause = error.to_string()),
    };
    problems.push(Problem::error(message).at(Place::file(shown)));
    None
}

/// The problem of a file that is no UTF-8 from byte `at` on.
pub fn not_utf8(shown: &str, bytes: &[u8], at: usize) -> Problem {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") || looks_like_utf_16(bytes) {
        return Problem::error(msg!("file-utf-16")).at(Place::file(shown));
    }
    // The bytes before are UTF-8, so their number is the same in the readable text.
    let lossy = String::from_utf8_lossy(bytes);
    let mut place = Place::in_source(shown, &lossy, at..at + '\u{fffd}'.len_utf8());
    if source::may_hold_secret(place.excerpt.as_ref().map_or("", |excerpt| &excerpt.text)) {
        place.excerpt = None;
    }
    let is_old = WINDOWS_1252
        .decode_without_bom_handling_and_without_replacement(bytes)
        .is_some()
        && !bytes
            .iter()
            .any(|byte| byte.is_ascii_control() && !byte.is_ascii_whitespace());
    let what = if is_old {
        msg!("file-old-encoding")
    } else {
        msg!("file-not-utf8")
    };
    Problem::error(what).at(place)
}
