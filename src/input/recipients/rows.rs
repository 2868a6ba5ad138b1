//! Rows to recipients: every cell of every row is looked at.

use appel_core::address::{Address, AddressError};
use appel_core::lookalike;
use appel_core::place::{Country, Language};
use appel_core::recipients::{Recipient, Serves};
use appel_core::words::visible_line;
use csv::StringRecord;

use super::layout::Layout;
use crate::failure::Severity;

/// Something wrong in a row.
#[derive(Clone, Copy)]
pub struct Finding {
    pub severity: Severity,
    /// What it is counted as, when there are too many to show.
    pub kind: &'static str,
    /// Which value of the row; `None` when the whole row is meant.
    pub column: Option<usize>,
}

/// Whoever wants to know what is wrong in a row.
pub trait Report {
    /// `words` are the message and the hint, for whoever wants them: a long list can be wrong in a million places.
    fn report(&mut self, finding: Finding, words: &dyn Fn() -> (String, String));
}

/// For rows that were checked before.
pub struct Silent;

impl Report for Silent {
    fn report(&mut self, _: Finding, _: &dyn Fn() -> (String, String)) {}
}

/// What there is to say: a message and a hint.
fn words(message: impl Into<String>, hint: impl Into<String>) -> (String, String) {
    (message.into(), hint.into())
}

fn error(report: &mut dyn Report, column: usize, kind: &'static str, words: impl Fn() -> (String, String)) {
    let finding = Finding {
        severity: Severity::Error,
        kind,
        column: Some(column),
    };
    report.report(finding, &words);
}

fn warn(report: &mut dyn Report, column: usize, kind: &'static str, words: impl Fn() -> (String, String)) {
    let finding = Finding {
        severity: Severity::Warning,
        kind,
        column: Some(column),
    };
    report.report(finding, &words);
}

const BAD_ADDRESSES: &str = "addresses that are not e-mail addresses";
const BAD_COPIES: &str = "copies that are not e-mail addresses";
const ALIKE: &str = "addresses that may not be what they seem";
const BAD_COUNTRIES: &str = "codes of no country";
const BAD_LANGUAGES: &str = "codes of no language";

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
}

/// One row, valid, or `None` after saying why not.
pub fn read(record: &StringRecord, layout: &Layout, report: &mut dyn Report) -> Option<Valid> {
    if record.len() != layout.width {
        ragged(record.len(), layout, report);
        return None;
    }
    let cell = |column: usize| cell(record, column);
    if repeats_header(record, layout) {
        let finding = Finding {
            severity: Severity::Error,
            kind: "lines with the column names again",
            column: None,
        };
        report.report(finding, &|| {
            words("the line with the column names stands here again", "delete this line")
        });
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
        let hint = "write embassy, ministry, support, or the role that a letter names under `to`";
        error(report, layout.role, "empty roles", || words("the role is empty", hint));
        fine = false;
    }
    if cell(layout.name).is_empty() {
        let hint = "write who it is, so that letters can name them";
        warn(report, layout.name, "empty names", || words("the name is empty", hint));
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
        cells: layout
            .cells
            .iter()
            .map(|at| at.map_or_else(String::new, cell))
            .collect(),
    }
}

fn ragged(found: usize, layout: &Layout, report: &mut dyn Report) {
    let wanted = layout.width;
    let finding = Finding {
        severity: Severity::Error,
        kind: "rows with too many or too few values",
        column: (found > wanted).then_some(wanted),
    };
    report.report(finding, &|| {
        let (name, sign) = match layout.delimiter {
            b'\t' => ("a tab", "\t"),
            b';' => ("a semicolon", ";"),
            _ => ("a comma", ","),
        };
        let hint = if found > wanted {
            format!("a value with {name} in it stands in double quotes")
        } else if sign == "\t" {
            "an empty value needs its tab too".to_owned()
        } else {
            format!("an empty value needs {name} too, as in a{sign}{sign}c")
        };
        let values = if found == 1 { "value" } else { "values" };
        words(
            format!("this row has {found} {values}, the first line names {wanted}"),
            hint,
        )
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
    let say = || match bad {
        '\n' | '\r' | '\u{2028}' | '\u{2029}' | '\u{85}' => words(
            format!("a line break in `{name}`"),
            "write it on one line; if two rows ran together here, a quote at its beginning is one too many",
        ),
        '\0' => words(
            format!("a zero byte in `{name}`"),
            "the file is damaged or no text: save it again as \"CSV UTF-8\"",
        ),
        '\t' => words(format!("a tab in `{name}`"), "write a space instead"),
        other => words(
            format!("the hidden character U+{:04X} in `{name}`", u32::from(other)),
            "delete the value and type it again by hand",
        ),
    };
    error(report, column, "characters that no line of text has", say);
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
                warn(report, column, ALIKE, || {
                    words(
                        format!("{}: {}", visible_line(cell), look.message().in_english()),
                        lookalike::Look::hint().in_english(),
                    )
                });
            }
            Some(address)
        }
        Err(problem) => {
            let hint = match problem {
                AddressError::Empty => "write the address, or delete the row".to_owned(),
                AddressError::NameInside => {
                    "put the name in the `name` column and only the bare address here".to_owned()
                }
                AddressError::SeveralOrSpace => {
                    "one address a row; put copies in the `cc` column, or give each address a row of its own".to_owned()
                }
                _ => address_hint(&problem),
            };
            error(report, column, BAD_ADDRESSES, || {
                words(say(cell, &problem), hint.clone())
            });
            None
        }
    }
}

fn say(cell: &str, problem: &AddressError) -> String {
    if matches!(problem, AddressError::Empty) {
        problem.message().in_english()
    } else {
        format!("{}: {}", shown(cell), problem.message().in_english())
    }
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

fn address_hint(problem: &AddressError) -> String {
    if let Some(hint) = problem.hint() {
        return hint.in_english();
    }
    match problem {
        AddressError::NoAt => "write the whole address: info@example.org",
        AddressError::LeadingHyphen => "check the address with its owner",
        _ => "fix the address: it looks like info@example.org",
    }
    .to_owned()
}

fn copies(cell: &str, column: usize, report: &mut dyn Report) -> Option<Vec<Address>> {
    if cell.is_empty() {
        return Some(Vec::new());
    }
    if cell.contains(['<', '>']) {
        let hint = "write only the bare addresses: a@example.org b@example.org";
        error(report, column, BAD_COPIES, || {
            words(say(cell, &AddressError::NameInside), hint)
        });
        return None;
    }
    if too_many(cell, MOST_COPIES, "copies", column, report) {
        return None;
    }
    let mut fine = true;
    let mut found = Vec::new();
    for part in parts(cell) {
        match Address::parse(part) {
            Ok(address) => {
                if let Some(look) = lookalike::in_address(part) {
                    warn(report, column, ALIKE, || {
                        words(
                            format!("{}: {}", visible_line(part), look.message().in_english()),
                            lookalike::Look::hint().in_english(),
                        )
                    });
                }
                found.push(address);
            }
            Err(problem) => {
                error(report, column, BAD_COPIES, || {
                    words(say(part, &problem), address_hint(&problem))
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

/// Whether a cell names more than a row can have; that is said then, and the others are not even looked at.
fn too_many(cell: &str, most: usize, what: &str, column: usize, report: &mut dyn Report) -> bool {
    let is_over = parts(cell).nth(most).is_some();
    if is_over {
        error(report, column, "rows that name too many", || {
            words(
                format!("this row names more than {most} {what}"),
                "leave the others out, or write a second row",
            )
        });
    }
    is_over
}

fn countries(cell: &str, column: usize, report: &mut dyn Report) -> Option<Serves> {
    match cell {
        "" => return Some(Serves::Everyone),
        "*" => return Some(Serves::Others),
        _ => {}
    }
    if too_many(cell, MOST_COUNTRIES, "countries", column, report) {
        return None;
    }
    let mut fine = true;
    let mut found: Vec<Country> = Vec::new();
    for code in parts(cell) {
        match Country::parse(code) {
            Ok(country) if found.contains(&country) => {}
            Ok(country) => found.push(country),
            Err(_) if code == "*" => {
                let hint =
                    "write * alone (used when no other row of the role names the sender's country), or the codes alone";
                error(report, column, BAD_COUNTRIES, || {
                    words("* stands beside country codes", hint)
                });
                fine = false;
            }
            Err(unknown) => {
                error(report, column, BAD_COUNTRIES, || {
                    let hint = match unknown.nearest() {
                        Some(near) => format!("did you mean {near}?"),
                        None => "write two-letter codes with spaces between them: BE LU".to_owned(),
                    };
                    words(
                        format!("there is no country with the code {}", visible_line(code)),
                        hint,
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
    if too_many(cell, MOST_LANGUAGES, "languages", column, report) {
        return None;
    }
    let mut fine = true;
    let mut found: Vec<Language> = Vec::new();
    for tag in parts(cell) {
        match Language::parse(tag) {
            Ok(language) if found.contains(&language) => {}
            Ok(language) => found.push(language),
            Err(unknown) => {
                error(report, column, BAD_LANGUAGES, || {
                    let hint = match unknown.nearest() {
                        Some(near) => format!("did you mean {near}?"),
                        None => "write language codes, best first: fr nl en".to_owned(),
                    };
                    words(
                        format!("there is no language with the code {}", visible_line(tag)),
                        hint,
                    )
                });
                fine = false;
            }
        }
    }
    fine.then_some(found)
}
