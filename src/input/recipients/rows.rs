//! Rows to recipients: every cell of every row is looked at.

mod cells;
mod codes;
mod dates;
mod gender;

use std::borrow::Cow;

use appel_core::address::{Address, AddressError};
use appel_core::campaign::Attachment;
use appel_core::lookalike::{self, Look};
use appel_core::place::Language;
use appel_core::recipients::{Recipient, Serves};
use appel_core::words::visible_line;
use appel_messages::{Message, msg};
use csv::StringRecord;
use jiff::civil::Date;

use super::layout::Layout;
use super::names;
use super::said::Done;
use crate::failure::Severity;

/// Something wrong in a row.
#[derive(Clone, Copy)]
pub struct Finding {
    pub severity: Severity,
    /// The code of what is said of it, by which it is counted when there are too many to show.
    pub code: &'static str,
    /// Which value of the row; `None` when the whole row is meant.
    pub column: Option<usize>,
}

/// Whoever wants to know what is wrong in a row.
pub trait Report {
    /// `say` gives the message, and what to do where the message does not say that, for whoever wants them: a long list
    /// can be wrong in a million places.
    fn report(&mut self, finding: Finding, say: &dyn Fn() -> (Message, Option<Message>));

    /// Something was done to a value, which is said once for all rows.
    fn done(&mut self, done: Done<'_>);
}

/// For rows that were checked before.
pub struct Silent;

impl Report for Silent {
    fn report(&mut self, _: Finding, _: &dyn Fn() -> (Message, Option<Message>)) {}

    fn done(&mut self, _: Done<'_>) {}
}

/// Something that is always said in the same words, which cost nothing.
pub(super) fn plain(report: &mut dyn Report, severity: Severity, column: Option<usize>, what: &Message) {
    let code = what.code();
    let finding = Finding { severity, code, column };
    report.report(finding, &|| (what.clone(), None));
}

pub(super) fn error(report: &mut dyn Report, column: usize, code: &'static str, say: impl Fn() -> Message) {
    error_with(report, Some(column), code, || (say(), None));
}

/// An error with what to do, where that is not always the same.
pub(super) fn error_with(
    report: &mut dyn Report,
    column: Option<usize>,
    code: &'static str,
    say: impl Fn() -> (Message, Option<Message>),
) {
    let finding = Finding {
        severity: Severity::Error,
        code,
        column,
    };
    report.report(finding, &say);
}

/// How many copies one row names at most.
const MOST_COPIES: usize = 1000;

/// Whether nothing stands in any cell: spreadsheets leave such rows at the end.
pub fn is_blank(record: &StringRecord) -> bool {
    record.iter().all(|cell| cell.trim().is_empty())
}

/// What is read of a valid row, besides the text of its cells.
pub struct Valid {
    pub email: Address,
    pub serves: Serves,
    pub languages: Vec<Language>,
    pub cc: Vec<Address>,
    /// `gender` as letters know it; `None` when it is to stay as it is written.
    pub gender: Option<&'static str>,
    pub verified: Option<Date>,
    /// Whoever knows the files fills them in.
    pub attach: Vec<Attachment>,
}

/// One row, valid, or `None` after saying why not.
pub fn read(record: &StringRecord, layout: &Layout, report: &mut dyn Report) -> Option<Valid> {
    if !has_its_width(record, layout) {
        ragged(record.len(), layout, report);
        return None;
    }
    let cell = |column: usize| cell(record, column);
    if repeats_header(record, layout) {
        plain(report, Severity::Error, None, &msg!("row-header-again"));
        return None;
    }
    let mut fine = true;
    for column in 0..record.len() {
        fine &= cells::check(bare(record, column), column, layout, report);
    }
    if !fine {
        // The other checks would only say the same again.
        return None;
    }
    for column in [Some(layout.role), layout.country, layout.language, Some(layout.name)] {
        cells::say_spaces(record, column, report);
    }
    if cell(layout.role).is_empty() {
        plain(report, Severity::Error, Some(layout.role), &msg!("row-role-empty"));
        fine = false;
    }
    if cell(layout.name).is_empty() {
        plain(report, Severity::Warning, Some(layout.name), &msg!("row-name-empty"));
    }
    let email = email(bare(record, layout.email), layout.email, report);
    let serves = layout.country.map_or(Some(Serves::Everyone), |column| {
        codes::countries(cell(column), column, report)
    });
    let languages = layout.language.map_or(Some(Vec::new()), |column| {
        codes::languages(cell(column), column, report)
    });
    let cc = layout
        .cc
        .map_or(Some(Vec::new()), |column| copies(bare(record, column), column, report));
    let gender = layout
        .gender
        .and_then(|column| gender::read(cell(column), column, report));
    let verified = layout
        .verified
        .and_then(|column| dates::read(cell(column), column, report));
    let (email, serves, languages, cc) = (email?, serves?, languages?, cc?);
    fine.then_some(Valid {
        email,
        serves,
        languages,
        cc,
        gender,
        verified,
        attach: Vec::new(),
    })
}

/// Whether a row has the values that the columns' names ask for; empty ones behind them make no difference.
fn has_its_width(record: &StringRecord, layout: &Layout) -> bool {
    record.len() >= layout.width && record.iter().skip(layout.width).all(|cell| cell.trim().is_empty())
}

/// The value of a row, without the plain spaces around it.
fn bare(record: &StringRecord, column: usize) -> &str {
    let cell = record.get(column).unwrap_or_default();
    if cell.starts_with(' ') || cell.ends_with(' ') {
        cell.trim_matches(' ')
    } else {
        cell
    }
}

/// The value of a row, without anything around it that is not seen.
pub fn cell(record: &StringRecord, column: usize) -> &str {
    let cell = bare(record, column);
    if cell.is_ascii() {
        return cell;
    }
    cells::trimmed(cell)
}

/// The role of a row.
pub fn role<'r>(record: &'r StringRecord, layout: &Layout) -> Cow<'r, str> {
    let role = cell(record, layout.role);
    if role.is_ascii() {
        return Cow::Borrowed(role);
    }
    // However a space in it came there, it is a space.
    Cow::Owned(role.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// A valid row as letters need it.
pub fn recipient(valid: Valid, record: &StringRecord, line: usize, layout: &Layout) -> Recipient {
    let of_column = |at: &Option<usize>| match at {
        Some(column) if *column == layout.role => role(record, layout).into_owned(),
        Some(column) if Some(*column) == layout.gender => {
            let written = || cell(record, *column).to_owned();
            valid.gender.map_or_else(written, ToOwned::to_owned)
        }
        Some(column) => cell(record, *column).to_owned(),
        None => String::new(),
    };
    Recipient {
        line,
        role: role(record, layout).into_owned(),
        name: cell(record, layout.name).to_owned(),
        cells: layout.cells.iter().map(of_column).collect(),
        email: valid.email,
        serves: valid.serves,
        languages: valid.languages,
        cc: valid.cc,
        verified: valid.verified,
        attach: valid.attach,
    }
}

fn ragged(found: usize, layout: &Layout, report: &mut dyn Report) {
    let wanted = layout.width;
    if found > wanted {
        error_with(report, Some(wanted), "row-too-long", || {
            let hint = match layout.delimiter {
                None => msg!("row-too-long-sheet"),
                Some(b'\t') => msg!("row-too-long-tab"),
                Some(b';') => msg!("row-too-long-semicolon"),
                Some(_) => msg!("row-too-long-comma"),
            };
            (msg!("row-too-long", found = found, wanted = wanted), Some(hint))
        });
        return;
    }
    error_with(report, None, "row-too-short", || {
        let hint = match layout.delimiter {
            Some(b'\t') => msg!("row-too-short-tab"),
            Some(b';') => msg!("row-too-short-semicolon"),
            _ => msg!("row-too-short-comma"),
        };
        (msg!("row-too-short", found = found, wanted = wanted), Some(hint))
    });
}

fn repeats_header(record: &StringRecord, layout: &Layout) -> bool {
    let repeats = |column: usize, name: &str| {
        record
            .get(column)
            .is_some_and(|cell| names::meaning(cell) == Some(name))
    };
    // Hardly any address is a name of that column, and only then is the role looked at.
    !record.get(layout.email).is_some_and(|cell| cell.contains('@'))
        && repeats(layout.email, "email")
        && repeats(layout.role, "role")
}

fn email(cell: &str, column: usize, report: &mut dyn Report) -> Option<Address> {
    match Address::parse(cell) {
        Ok(address) => {
            if let Some(look) = lookalike::in_address(cell) {
                lookalike(cell, &look, column, report);
            }
            Some(address)
        }
        Err(problem) => {
            if matches!(problem, AddressError::Empty) {
                plain(report, Severity::Error, Some(column), &msg!("row-email-empty"));
                return None;
            }
            error_with(report, Some(column), "row-email-unfit", || {
                let hint = match problem {
                    AddressError::NameInside => msg!("row-email-unfit-name"),
                    AddressError::SeveralOrSpace => msg!("row-email-unfit-several"),
                    _ => address_hint(&problem),
                };
                let why = problem.message();
                (msg!("row-email-unfit", written = shown(cell), why = why), Some(hint))
            });
            None
        }
    }
}

fn lookalike(written: &str, look: &Look, column: usize, report: &mut dyn Report) {
    let finding = Finding {
        severity: Severity::Warning,
        code: "row-lookalike",
        column: Some(column),
    };
    report.report(finding, &|| {
        let why = look.message();
        (msg!("row-lookalike", written = visible_line(written), why = why), None)
    });
}

/// The cell with every character visible, spaces that are no plain spaces among them.
fn shown(cell: &str) -> String {
    let mut text = String::with_capacity(cell.len());
    for c in visible_line(cell).chars() {
        if c != ' ' && c.is_whitespace() {
            text.extend(format!("<U+{:04X}>", u32::from(c)).chars());
        } else {
            text.push(c);
        }
    }
    text
}

fn address_hint(problem: &AddressError) -> Message {
    if let Some(hint) = problem.hint() {
        return hint;
    }
    match problem {
        AddressError::NoAt => msg!("row-address-hint-no-at"),
        AddressError::LeadingHyphen => msg!("row-address-hint-hyphen"),
        _ => msg!("row-address-hint"),
    }
}

fn copies(cell: &str, column: usize, report: &mut dyn Report) -> Option<Vec<Address>> {
    if cell.is_empty() {
        return Some(Vec::new());
    }
    if cell.contains(['<', '>']) {
        error_with(report, Some(column), "row-copy-unfit", || {
            let why = AddressError::NameInside.message();
            let hint = msg!("row-copy-unfit-name");
            (msg!("row-copy-unfit", written = shown(cell), why = why), Some(hint))
        });
        return None;
    }
    if codes::names_more_than(MOST_COPIES, cell) {
        error(report, column, "row-copies-too-many", || {
            msg!("row-copies-too-many", most = MOST_COPIES)
        });
        return None;
    }
    let mut fine = true;
    let mut found = Vec::new();
    for part in codes::parts(cell) {
        match Address::parse(part) {
            Ok(address) => {
                if let Some(look) = lookalike::in_address(part) {
                    lookalike(part, &look, column, report);
                }
                found.push(address);
            }
            Err(problem) => {
                error_with(report, Some(column), "row-copy-unfit", || {
                    let why = problem.message();
                    let what = msg!("row-copy-unfit", written = shown(part), why = why);
                    (what, Some(address_hint(&problem)))
                });
                fine = false;
            }
        }
    }
    fine.then_some(found)
}
