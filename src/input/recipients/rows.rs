//! Rows to recipients: every cell of every row is looked at.

use appel_core::address::{Address, AddressError};
use appel_core::campaign::Attachment;
use appel_core::lookalike::{self, Look};
use appel_core::place::{Country, Language};
use appel_core::recipients::{Recipient, Serves};
use appel_core::words::visible_line;
use appel_messages::{Message, msg};
use csv::StringRecord;

use super::layout::Layout;
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
}

/// For rows that were checked before.
pub struct Silent;

impl Report for Silent {
    fn report(&mut self, _: Finding, _: &dyn Fn() -> (Message, Option<Message>)) {}
}

/// Something that is always said in the same words, which cost nothing.
fn plain(report: &mut dyn Report, severity: Severity, column: Option<usize>, what: &Message) {
    let code = what.code();
    let finding = Finding { severity, code, column };
    report.report(finding, &|| (what.clone(), None));
}

fn error(report: &mut dyn Report, column: usize, code: &'static str, say: impl Fn() -> Message) {
    error_with(report, Some(column), code, || (say(), None));
}

/// An error with what to do, where that is not always the same.
fn error_with(
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

/// How many countries, languages and copies one row names at most.
const MOST_COUNTRIES: usize = 300;
const MOST_LANGUAGES: usize = 100;
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
    /// Whoever knows the files fills them in.
    pub attach: Vec<Attachment>,
}

/// One row, valid, or `None` after saying why not.
pub fn read(record: &StringRecord, layout: &Layout, report: &mut dyn Report) -> Option<Valid> {
    if record.len() != layout.width {
        ragged(record.len(), layout, report);
        return None;
    }
    let cell = |column: usize| cell(record, column);
    if repeats_header(record, layout) {
        plain(report, Severity::Error, None, &msg!("row-header-again"));
        return None;
    }
    let mut fine = true;
    for column in 0..layout.width {
        fine &= check_text(cell(column), column, layout, report);
    }
    if !fine {
        // The other checks would only say the same again.
        return None;
    }
    if cell(layout.role).is_empty() {
        plain(report, Severity::Error, Some(layout.role), &msg!("row-role-empty"));
        fine = false;
    }
    if cell(layout.name).is_empty() {
        plain(report, Severity::Warning, Some(layout.name), &msg!("row-name-empty"));
    }
    let email = email(cell(layout.email), layout.email, report);
    let serves = layout
        .country
        .map_or(Some(Serves::Everyone), |column| countries(cell(column), column, report));
    let languages = layout
        .language
        .map_or(Some(Vec::new()), |column| languages(cell(column), column, report));
    let cc = layout
        .cc
        .map_or(Some(Vec::new()), |column| copies(cell(column), column, report));
    let (email, serves, languages, cc) = (email?, serves?, languages?, cc?);
    fine.then_some(Valid {
        email,
        serves,
        languages,
        cc,
        attach: Vec::new(),
    })
}

/// The value of a row, without the spaces around it.
pub fn cell(record: &StringRecord, column: usize) -> &str {
    let cell = record.get(column).unwrap_or_default();
    if cell.starts_with(' ') || cell.ends_with(' ') {
        cell.trim_matches(' ')
    } else {
        cell
    }
}

/// A valid row as letters need it.
pub fn recipient(valid: Valid, record: &StringRecord, line: usize, layout: &Layout) -> Recipient {
    let cell = |column: usize| cell(record, column).to_owned();
    Recipient {
        line,
        role: cell(layout.role),
        name: cell(layout.name),
        email: valid.email,
        serves: valid.serves,
        languages: valid.languages,
        cc: valid.cc,
        attach: valid.attach,
        cells: layout
            .cells
            .iter()
            .map(|at| at.map_or_else(String::new, cell))
            .collect(),
    }
}

fn ragged(found: usize, layout: &Layout, report: &mut dyn Report) {
    let wanted = layout.width;
    if found > wanted {
        error_with(report, Some(wanted), "row-too-long", || {
            let hint = match layout.delimiter {
                b'\t' => msg!("row-too-long-tab"),
                b';' => msg!("row-too-long-semicolon"),
                _ => msg!("row-too-long-comma"),
            };
            (msg!("row-too-long", found = found, wanted = wanted), Some(hint))
        });
        return;
    }
    error_with(report, None, "row-too-short", || {
        let hint = match layout.delimiter {
            b'\t' => msg!("row-too-short-tab"),
            b';' => msg!("row-too-short-semicolon"),
            _ => msg!("row-too-short-comma"),
        };
        (msg!("row-too-short", found = found, wanted = wanted), Some(hint))
    });
}

fn repeats_header(record: &StringRecord, layout: &Layout) -> bool {
    [(layout.role, "role"), (layout.email, "email")]
        .iter()
        .all(|(column, name)| {
            record
                .get(*column)
                .is_some_and(|cell| cell.trim().eq_ignore_ascii_case(name))
        })
}

/// Whether a cell is one line of text that a terminal and a header can hold.
fn check_text(cell: &str, column: usize, layout: &Layout, report: &mut dyn Report) -> bool {
    // Nearly every cell ends here; the characters are only looked at when a byte gives a reason.
    if cell.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        return true;
    }
    let is_address = column == layout.email || Some(column) == layout.cc;
    let Some(bad) = cell
        .chars()
        .find(|c| is_control(*c) || (is_override(*c) && !is_address))
    else {
        return true;
    };
    let name = &layout.names[column];
    match bad {
        '\n' | '\r' | '\u{2028}' | '\u{2029}' | '\u{85}' => {
            error(report, column, "row-line-break", || {
                msg!("row-line-break", column = name)
            });
        }
        '\0' => error(report, column, "row-zero-byte", || msg!("row-zero-byte", column = name)),
        '\t' => error(report, column, "row-tab", || msg!("row-tab", column = name)),
        other => error(report, column, "row-hidden-character", || {
            let code = format!("{:04X}", u32::from(other));
            msg!("row-hidden-character", code = code, column = name)
        }),
    }
    false
}

fn is_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Characters that turn the direction of what follows, and can make one text look like another.
const fn is_override(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
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
    if names_more_than(MOST_COPIES, cell) {
        error(report, column, "row-copies-too-many", || {
            msg!("row-copies-too-many", most = MOST_COPIES)
        });
        return None;
    }
    let mut fine = true;
    let mut found = Vec::new();
    for part in parts(cell) {
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

fn parts(cell: &str) -> impl Iterator<Item = &str> {
    cell.split([' ', ',', ';']).filter(|part| !part.is_empty())
}

/// Whether a cell names more than a row can have; then they are not even looked at.
fn names_more_than(most: usize, cell: &str) -> bool {
    parts(cell).nth(most).is_some()
}

fn countries(cell: &str, column: usize, report: &mut dyn Report) -> Option<Serves> {
    match cell {
        "" => return Some(Serves::Everyone),
        "*" => return Some(Serves::Others),
        _ => {}
    }
    if names_more_than(MOST_COUNTRIES, cell) {
        error(report, column, "row-countries-too-many", || {
            msg!("row-countries-too-many", most = MOST_COUNTRIES)
        });
        return None;
    }
    let mut fine = true;
    let mut found: Vec<Country> = Vec::new();
    for code in parts(cell) {
        match Country::parse(code) {
            Ok(country) if found.contains(&country) => {}
            Ok(country) => found.push(country),
            Err(_) if code == "*" => {
                plain(
                    report,
                    Severity::Error,
                    Some(column),
                    &msg!("row-star-beside-countries"),
                );
                fine = false;
            }
            Err(unknown) => {
                error_with(report, Some(column), "row-country-unknown", || {
                    let near = unknown.nearest();
                    (
                        msg!("row-country-unknown", country = visible_line(code)),
                        near.map(|near| msg!("row-code-near", near = near)),
                    )
                });
                fine = false;
            }
        }
    }
    fine.then_some(if found.is_empty() {
        Serves::Everyone
    } else {
        Serves::Countries(found)
    })
}

fn languages(cell: &str, column: usize, report: &mut dyn Report) -> Option<Vec<Language>> {
    if names_more_than(MOST_LANGUAGES, cell) {
        error(report, column, "row-languages-too-many", || {
            msg!("row-languages-too-many", most = MOST_LANGUAGES)
        });
        return None;
    }
    let mut fine = true;
    let mut found: Vec<Language> = Vec::new();
    for tag in parts(cell) {
        match Language::parse(tag) {
            Ok(language) if found.contains(&language) => {}
            Ok(language) => found.push(language),
            Err(unknown) => {
                error_with(report, Some(column), "row-language-unknown", || {
                    let near = unknown.nearest();
                    (
                        msg!("row-language-unknown", language = visible_line(tag)),
                        near.map(|near| msg!("row-code-near", near = near)),
                    )
                });
                fine = false;
            }
        }
    }
    fine.then_some(found)
}
