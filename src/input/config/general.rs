//! `[campaign]`: what the campaign is, and where its files are.

use std::path::{Path, PathBuf};

use appel_core::campaign::Hold;
use appel_core::place::Language;
use appel_messages::msg;
use jiff::Timestamp;
use toml::de::DeValue;

use super::paths;
use super::read::Table;
use super::value::{Text, Value};
use crate::failure::Problem;
use crate::input::list::is_spreadsheet;

/// What `[campaign]` says; `None` where it was wrong or is missing.
#[derive(Default)]
pub struct General {
    pub id: Option<String>,
    pub title: Option<String>,
    pub recipients: Option<PathBuf>,
    /// Which sheet of a spreadsheet the recipients are on; without it the first.
    pub sheet: Option<String>,
    pub templates: Option<PathBuf>,
    /// Left out, it is the sender's.
    pub language: Option<Language>,
    /// Whether `language` was written, right or wrong.
    pub language_written: bool,
    pub deadline: Option<Timestamp>,
    /// Whether a header names the language of each letter.
    pub content_language: bool,
    /// Which edition of the files this is.
    pub version: Option<String>,
    /// When the organiser changed them last, as it is shown.
    pub updated: Option<String>,
    /// Whom a sender asks: an address, or a page.
    pub contact: Option<String>,
    /// Why nothing is to be sent for now.
    pub hold: Option<Hold>,
}

/// Reads `[campaign]`; `folder` holds the file.
pub fn read(table: &Table<'_>, folder: &Path, now: Timestamp) -> General {
    let language = table.text("language");
    let (recipients, sheet) = recipients(table, folder);
    let general = General {
        id: table
            .required("id", "id = \"my-campaign-2026\"")
            .and_then(|text| word(&text)),
        title: table
            .required("title", msg!("config-example-title"))
            .and_then(|text| text.line_of_letters()),
        recipients,
        sheet,
        templates: path(table, folder, "templates", "templates"),
        language_written: table.has("language"),
        language: language.as_ref().and_then(read_language),
        deadline: deadline(table, now),
        content_language: table.get("content-language").and_then(Value::truth).unwrap_or_default(),
        version: table.get("version").and_then(version),
        updated: table.get("updated").and_then(updated),
        contact: table.text("contact").and_then(|text| text.line()),
        hold: hold(table),
    };
    table.deny_unknown();
    general
}

fn path(table: &Table<'_>, folder: &Path, key: &'static str, default: &str) -> Option<PathBuf> {
    let Some(value) = table.get(key) else {
        return match paths::inside(folder, default) {
            Ok(path) => Some(path),
            Err(refused) => {
                table.source().push(refused.at(table.place().field(key)));
                None
            }
        };
    };
    let text = value.text()?;
    match paths::inside(folder, text.as_str()) {
        Ok(path) => Some(path),
        Err(refused) => {
            refused.of(&text);
            None
        }
    }
}

/// The list, and behind a `#` the sheet of a spreadsheet that it is on.
fn recipients(table: &Table<'_>, folder: &Path) -> (Option<PathBuf>, Option<String>) {
    const KEY: &str = "recipients";
    let whole = |table| (path(table, folder, KEY, "recipients.csv"), None);
    if table.get(KEY).is_none() {
        return whole(table);
    }
    let Some(text) = table.text(KEY) else {
        return (None, None);
    };
    let Some((file, sheet)) = text.as_str().split_once('#') else {
        return whole(table);
    };
    // A number sign may be part of a name.
    if !is_spreadsheet(Path::new(file)) || folder.join(text.as_str()).exists() {
        return whole(table);
    }
    match paths::inside(folder, file) {
        Ok(path) => (Some(path), Some(sheet.to_owned()).filter(|sheet| !sheet.is_empty())),
        Err(refused) => {
            refused.of(&text);
            (None, None)
        }
    }
}

fn deadline(table: &Table<'_>, now: Timestamp) -> Option<Timestamp> {
    let value = table.get("deadline")?;
    let place = value.place();
    let (deadline, _) = value.moment()?;
    if deadline < now {
        table
            .source()
            .push(Problem::warning(msg!("config-deadline-passed", deadline = deadline.to_string())).at(place));
    }
    Some(deadline)
}

/// A number, or a word like "2026-11-25b".
fn version(value: Value<'_>) -> Option<String> {
    if value.raw().is_str() {
        return value.text()?.line();
    }
    value.integer(0..=u64::MAX).map(|number| number.to_string())
}

/// A day, or a moment.
fn updated(value: Value<'_>) -> Option<String> {
    if let DeValue::Datetime(written) = value.raw()
        && written.time.is_none()
        && let Some(day) = written.date
    {
        return Some(day.to_string());
    }
    let (moment, _) = value.moment()?;
    Some(moment.strftime("%Y-%m-%d %H:%M UTC").to_string())
}

fn hold(table: &Table<'_>) -> Option<Hold> {
    let value = table.get("hold")?;
    if !value.raw().is_str() {
        return value.not_a_text(msg!("config-hint-hold"));
    }
    let text = value.text()?;
    if text.as_str().trim().is_empty() {
        // Whether it is held is not to be guessed.
        text.refuse(msg!("config-hold-empty"));
        return None;
    }
    let reason = text.line()?;
    Some(Hold {
        reason,
        place: text.place(),
    })
}

/// An id: letters, digits, `-`, `_`, `.`; beginning with a letter or digit, so that it can name a file.
pub fn word(text: &Text<'_>) -> Option<String> {
    let word = text.as_str();
    let fits = word.starts_with(|c: char| c.is_ascii_alphanumeric())
        && word
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    if !fits {
        text.refuse(msg!("config-not-an-id", key = text.path(), written = word));
        return None;
    }
    if word.len() > 100 {
        text.refuse(msg!("config-word-too-long", key = text.path()));
        return None;
    }
    Some(word.to_owned())
}

/// A language tag.
pub fn read_language(text: &Text<'_>) -> Option<Language> {
    match Language::parse(text.as_str()) {
        Ok(language) => Some(language),
        Err(unknown) => {
            let hint = match unknown.nearest() {
                Some(near) => msg!("config-hint-near-code", near = near),
                None => msg!("config-hint-language"),
            };
            text.refuse_with(msg!("config-no-such-language", code = text.as_str()), hint);
            None
        }
    }
}
