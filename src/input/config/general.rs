//! `[campaign]`: what the campaign is, and where its files are.

use std::path::{Path, PathBuf};

use appel_core::place::Language;
use jiff::Timestamp;

use super::paths::{self, Refused};
use super::read::Table;
use super::value::Text;
use crate::failure::Problem;

/// What `[campaign]` says; `None` where it was wrong or is missing.
#[derive(Default)]
pub struct General {
    pub id: Option<String>,
    pub title: Option<String>,
    pub recipients: Option<PathBuf>,
    pub templates: Option<PathBuf>,
    /// Left out, it is the sender's.
    pub language: Option<Language>,
    /// Whether `language` was written, right or wrong.
    pub language_written: bool,
    pub deadline: Option<Timestamp>,
}

/// Reads `[campaign]`; `folder` holds the file.
pub fn read(table: &Table<'_>, folder: &Path, now: Timestamp) -> General {
    let language = table.text("language");
    let general = General {
        id: table
            .required("id", "id = \"my-campaign-2026\"")
            .and_then(|text| word(&text)),
        title: table
            .required("title", "title = \"What the campaign asks for\"")
            .and_then(|text| text.line()),
        recipients: path(table, folder, "recipients", "recipients.csv"),
        templates: path(table, folder, "templates", "templates"),
        language_written: table.has("language"),
        language: language.as_ref().and_then(read_language),
        deadline: deadline(table, now),
    };
    if let Some(recipients) = &general.recipients {
        refuse_spreadsheet(table, recipients);
    }
    table.deny_unknown();
    general
}

fn path(table: &Table<'_>, folder: &Path, key: &'static str, default: &str) -> Option<PathBuf> {
    let Some(value) = table.get(key) else {
        return match paths::inside(folder, default) {
            Ok(path) => Some(path),
            Err(Refused { message, hint }) => {
                table
                    .source()
                    .push(Problem::error(message).at(table.place().field(key)).hint(hint));
                None
            }
        };
    };
    let text = value.text()?;
    match paths::inside(folder, text.as_str()) {
        Ok(path) => Some(path),
        Err(Refused { message, hint }) => {
            text.refuse(message, hint);
            None
        }
    }
}

fn refuse_spreadsheet(table: &Table<'_>, recipients: &Path) {
    let is_spreadsheet = recipients.extension().is_some_and(|end| {
        ["xlsx", "xls", "xlsm", "ods"]
            .iter()
            .any(|known| end.eq_ignore_ascii_case(known))
    });
    if is_spreadsheet {
        table.source().push(
            Problem::error("spreadsheets are not read yet")
                .at(table.key_place("recipients").field("campaign.recipients"))
                .hint(
                    "open it, choose Save As, format \"CSV UTF-8\", and name the new file here: recipients = \"recipients.csv\"",
                ),
        );
    }
}

fn deadline(table: &Table<'_>, now: Timestamp) -> Option<Timestamp> {
    let value = table.get("deadline")?;
    let place = value.place();
    let (deadline, _) = value.moment()?;
    if deadline < now {
        table.source().push(
            Problem::warning(format!("the deadline has passed: {deadline}"))
                .at(place)
                .hint("no letter leaves any more; ask the organiser for a new date if the campaign goes on"),
        );
    }
    Some(deadline)
}

/// An id: letters, digits, `-`, `_`, `.`; beginning with a letter or digit, so that it can name a file.
pub fn word(text: &Text<'_>) -> Option<String> {
    let word = text.as_str();
    let fits = word.starts_with(|c: char| c.is_ascii_alphanumeric())
        && word
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    if !fits {
        let hint = "use letters a-z, digits, -, _ and . only, and begin with a letter or digit";
        text.refuse(format!("`{}` cannot be \"{word}\"", text.path()), hint);
        return None;
    }
    if word.len() > 100 {
        text.refuse(
            format!("`{}` is longer than 100 characters", text.path()),
            "use a shorter one",
        );
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
                Some(near) => format!("did you mean \"{near}\"?"),
                None => "write its code: \"en\", \"fr\", \"pt-BR\"".to_owned(),
            };
            text.refuse(
                format!("there is no language with the code \"{}\"", text.as_str()),
                hint,
            );
            None
        }
    }
}
