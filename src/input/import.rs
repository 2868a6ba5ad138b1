//! Other lists as rows of recipients: address books (vCard), lists of people in office (Popolo), tables with columns of
//! their own.
//!
//! Nothing of what is read was looked at by a person: the rows come without a day in `verified`, and what could not be
//! read is said entry by entry.

mod popolo;
mod vcard;

use std::path::Path;

use appel_core::address::Address;
use appel_core::place::{Country, Language};
use appel_core::words::visible_line;
use appel_messages::{Message, msg};

use super::bounded::{self, Unread};
use super::list::ListPath;
use super::recipients;
use crate::failure::{Place, Problem, Problems, Severity};

/// The longest file that is read, in bytes.
const MOST: u64 = 32 << 20;

/// The columns of what is written, in their order. The last is empty: nobody has looked at the row yet.
pub const COLUMNS: [&str; 12] = [
    "role",
    "name",
    "email",
    "country",
    "language",
    "cc",
    "salutation",
    "title",
    "gender",
    "note",
    "source",
    "verified",
];

/// Somebody in another list; each field is the column of that name.
#[expect(missing_docs, reason = "the columns are told of in docs/guide/recipients.md")]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entry {
    pub role: String,
    pub name: String,
    pub email: String,
    pub country: String,
    pub language: String,
    pub cc: String,
    pub salutation: String,
    pub title: String,
    pub gender: String,
    pub note: String,
    pub source: String,
}

impl Entry {
    fn column(&mut self, name: &str) -> Option<&mut String> {
        Some(match name {
            "role" => &mut self.role,
            "name" => &mut self.name,
            "email" => &mut self.email,
            "country" => &mut self.country,
            "language" => &mut self.language,
            "cc" => &mut self.cc,
            "salutation" => &mut self.salutation,
            "title" => &mut self.title,
            "gender" => &mut self.gender,
            "note" => &mut self.note,
            "source" => &mut self.source,
            _ => return None,
        })
    }

    /// As a row of [`COLUMNS`].
    #[must_use]
    pub fn row(&self) -> [&str; COLUMNS.len()] {
        [
            &self.role,
            &self.name,
            &self.email,
            &self.country,
            &self.language,
            &self.cc,
            &self.salutation,
            &self.title,
            &self.gender,
            &self.note,
            &self.source,
            "",
        ]
    }
}

/// What was read, and what could not be.
#[derive(Debug, Default)]
pub struct Imported {
    /// Rows that can be written to.
    pub entries: Vec<Entry>,
    /// What was left out, and why.
    pub problems: Problems,
    /// How many entries were left out.
    pub left_out: usize,
}

/// An entry as a reader found it: with where it stands, and what in it has no place in a row.
#[derive(Default)]
struct Found {
    entry: Entry,
    place: Place,
    unread: Vec<String>,
}

/// Reads a list of another kind; `role` is for entries that have none of their own.
///
/// # Errors
/// Why nothing of it can be read.
pub fn read(list: &ListPath, shown: &str, role: Option<&str>) -> Result<Imported, Problem> {
    let mut imported = Imported::default();
    for found in find(list, shown, &mut imported.problems)? {
        match finish(found, shown, role, &mut imported.problems) {
            Some(entry) => imported.entries.push(entry),
            None => imported.left_out += 1,
        }
    }
    Ok(imported)
}

fn find(list: &ListPath, shown: &str, problems: &mut Problems) -> Result<Vec<Found>, Problem> {
    let text = text(&list.path, shown)?;
    let begin = text.as_deref().unwrap_or_default().trim_start();
    if begin
        .get(..11)
        .is_some_and(|head| head.eq_ignore_ascii_case("BEGIN:VCARD"))
    {
        return Ok(vcard::read(text.as_deref().unwrap_or_default(), shown));
    }
    if begin.starts_with(['{', '[']) {
        return popolo::read(begin, shown);
    }
    table(list, shown, problems)
}

/// The text of a file; `None` when it is none in UTF-8, as a spreadsheet is none.
fn text(path: &Path, shown: &str) -> Result<Option<String>, Problem> {
    match bounded::text(path, MOST) {
        Ok(text) => Ok(Some(text)),
        Err(Unread::NotUtf8(..)) => Ok(None),
        Err(unread) => {
            let what = msg!("import-unreadable", file = shown, why = unread.message());
            Err(Problem::error(what).at(Place::file(shown)))
        }
    }
}

/// A table with columns of its own: those that mean something are read, the others are said once.
fn table(list: &ListPath, shown: &str, problems: &mut Problems) -> Result<Vec<Found>, Problem> {
    let table = recipients::table(list, shown)?;
    let others = table
        .columns
        .iter()
        .filter(|(name, known)| known.is_none() && !name.is_empty());
    let others: Vec<_> = others
        .map(|(name, _)| format!("`{}`", visible_line(name)).into())
        .collect();
    if !others.is_empty() {
        let what = msg!("import-columns-unread", columns = recipients::and(others, 0));
        problems.push(Problem::warning(what).at(Place::file(shown)));
    }
    let found = table.rows.into_iter().map(|(place, values)| {
        let mut entry = Entry::default();
        for ((_, known), value) in table.columns.iter().zip(values) {
            if let Some(column) = known.and_then(|known| entry.column(known)) {
                *column = value;
            }
        }
        Found {
            entry,
            place,
            unread: Vec::new(),
        }
    });
    Ok(found.collect())
}

/// An entry that can be written to, or `None` after saying why it cannot.
fn finish(found: Found, shown: &str, role: Option<&str>, problems: &mut Problems) -> Option<Entry> {
    let Found {
        mut entry,
        place,
        unread,
    } = found;
    let who = if entry.name.is_empty() {
        &entry.email
    } else {
        &entry.name
    };
    let who = visible_line(who);
    let mut leave_out = |why: Message| {
        if problems.has_room(Severity::Warning) {
            let what = msg!("import-left-out", who = &who, why = why);
            problems.push(Problem::warning(what).at(place.clone()));
        } else {
            problems.count_only(Severity::Warning, "import-left-out");
        }
        None
    };
    let address = match Address::parse(entry.email.trim()) {
        Ok(address) => address,
        Err(why) => return leave_out(why.message()),
    };
    if entry.role.is_empty() {
        match role {
            Some(role) => role.clone_into(&mut entry.role),
            None => return leave_out(msg!("import-no-role")),
        }
    }
    address.as_str().clone_into(&mut entry.email);
    let mut unread = unread;
    entry.country = in_codes(
        &entry.country,
        "*",
        |word| {
            let country = Country::parse(word).ok().or_else(|| Country::named(word));
            country.map(|country| country.code().to_owned())
        },
        &mut unread,
    );
    entry.language = in_codes(
        &entry.language,
        "",
        |word| {
            let language = Language::parse(word).ok().or_else(|| Language::named(word));
            language.map(|language| language.to_string())
        },
        &mut unread,
    );
    for value in entry.row().map(str::to_owned).iter_mut().zip(COLUMNS) {
        let (text, column) = value;
        // A row has one line in each of its cells.
        if let Some(cell) = entry.column(column) {
            *cell = text.split_whitespace().collect::<Vec<_>>().join(" ");
        }
    }
    if entry.source.is_empty() {
        shown.clone_into(&mut entry.source);
    }
    if !unread.is_empty() {
        let what = msg!(
            "import-partly-read",
            who = &who,
            what = visible_line(&unread.join("; "))
        );
        if problems.has_room(Severity::Warning) {
            problems.push(Problem::warning(what).at(place));
        } else {
            problems.count_only(Severity::Warning, "import-partly-read");
        }
    }
    Some(entry)
}

/// Countries or languages as codes, however they are written; what is neither goes to `unread`.
fn in_codes(written: &str, also: &str, code: impl Fn(&str) -> Option<String>, unread: &mut Vec<String>) -> String {
    let written = written.trim();
    if written.is_empty() || written == also {
        return written.to_owned();
    }
    if let Some(one) = code(written) {
        return one;
    }
    let mut codes: Vec<String> = Vec::new();
    let read = unread.len();
    for part in written
        .split([',', ';', '/', '|'])
        .map(str::trim)
        .filter(|part| !part.is_empty())
    {
        if let Some(one) = code(part) {
            codes.push(one);
            continue;
        }
        for word in part.split_whitespace() {
            match code(word) {
                Some(one) => codes.push(one),
                None => unread.push(word.to_owned()),
            }
        }
    }
    if unread.len() > read {
        // As it was: a cell without it would serve everybody, and `check` refuses this one.
        return written.to_owned();
    }
    codes.dedup();
    codes.join(" ")
}

#[cfg(test)]
mod tests;
