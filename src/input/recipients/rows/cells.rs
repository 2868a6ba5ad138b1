//! Whether a cell is text that a letter can hold: one line, and what its author sees.

use appel_core::words::visible_line;
use appel_messages::msg;
use csv::StringRecord;

use super::{Done, Report, Severity, bare, error, error_with, plain};
use crate::input::leavings;
use crate::input::recipients::layout::Layout;
use crate::input::recipients::names::KEPT_BACK;
use crate::input::recipients::said::What;

/// Looks at one cell; whether the row can be read on.
pub fn check(cell: &str, column: usize, layout: &Layout, report: &mut dyn Report) -> bool {
    if cell.is_empty() {
        return true;
    }
    let name = layout.names.get(column).map_or("", String::as_str);
    if name.is_empty() {
        if trimmed(cell).is_empty() {
            return true;
        }
        plain(report, Severity::Error, Some(column), &msg!("row-value-without-column"));
        return false;
    }
    let leaves = !KEPT_BACK.contains(&name);
    if leaves && is_failed_formula(cell) {
        error(report, column, "row-formula-failed", || {
            msg!("row-formula-failed", column = name, written = visible_line(cell))
        });
        return false;
    }
    if cell == "0" && is_of_words(column, layout) {
        error(report, column, "row-zero", || msg!("row-zero", column = name));
        return false;
    }
    // Nearly every cell ends here; the characters are only looked at when a byte gives a reason.
    if cell.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        return true;
    }
    has_one_line(cell, column, name, layout, leaves, report) && is_read_rightly(cell, column, name, leaves, report)
}

/// Where a number is what a spreadsheet shows in place of an empty cell.
fn is_of_words(column: usize, layout: &Layout) -> bool {
    column == layout.role
        || column == layout.name
        || [layout.salutation, layout.title, layout.gender, layout.language]
            .into_iter()
            .any(|other| other == Some(column))
}

fn has_one_line(cell: &str, column: usize, name: &str, layout: &Layout, leaves: bool, report: &mut dyn Report) -> bool {
    let is_address = column == layout.email || Some(column) == layout.cc;
    let is_bad = |c: &char| {
        // Notes have lines, like any text; they leave with no letter.
        let is_of_a_note = !leaves && matches!(c, '\n' | '\r' | '\t');
        !is_of_a_note && (is_control(*c) || (is_override(*c) && !is_address))
    };
    let Some(bad) = cell.chars().find(is_bad) else {
        return true;
    };
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

/// Whether nothing in the cell was read in another encoding than it was written in.
fn is_read_rightly(cell: &str, column: usize, name: &str, leaves: bool, report: &mut dyn Report) -> bool {
    let Some(at) = leavings::wrong_encoding(cell).filter(|_| leaves) else {
        return true;
    };
    error_with(report, Some(column), "row-wrong-encoding", || {
        let words = visible_line(leavings::around(cell, at.clone()));
        (msg!("row-wrong-encoding", column = name, words = words), None)
    });
    false
}

/// What a spreadsheet shows where a formula has no result, in its many languages: `#REF!`, `#N/A`, `#WERT!`, `#ИМЯ?`,
/// `Err:502`.
fn is_failed_formula(cell: &str) -> bool {
    if let Some(number) = cell.strip_prefix("Err:") {
        return !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    }
    let Some(word) = cell.strip_prefix('#') else {
        return false;
    };
    if !word.is_empty() && word.chars().all(|c| c == '#') {
        // A column that is too narrow for its number, saved as it looks.
        return true;
    }
    let word = word.strip_prefix(['¡', '¿']).unwrap_or(word);
    let is_of_capitals = |word: &str| {
        word.chars().any(char::is_alphabetic)
            && word
                .chars()
                .all(|c| c.is_uppercase() || c.is_ascii_digit() || matches!(c, '/' | '_' | '.'))
    };
    match word.strip_suffix(['!', '?']) {
        Some(word) => is_of_capitals(word),
        // #N/A, #N/D, #N/B, #NV, #Н/Д
        None => is_of_capitals(word) && (word.chars().count() <= 3 && (word.contains('/') || word == "NV")),
    }
}

/// A value without what is not seen at its ends.
pub fn trimmed(cell: &str) -> &str {
    cell.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{200b}' | '\u{2060}' | '\u{feff}'))
}

/// Spaces that are no plain ones were taken off, or taken for plain ones.
pub fn say_spaces(record: &StringRecord, column: Option<usize>, report: &mut dyn Report) {
    let Some(column) = column else { return };
    let written = bare(record, column);
    if !written.is_ascii() && trimmed(written) != written {
        report.done(Done {
            what: What::Spaces,
            column,
            written,
            read: "",
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_that_failed_is_seen_in_any_language_and_nothing_else_is_taken_for_one() {
        for failed in [
            "#REF!",
            "#N/A",
            "#DIV/0!",
            "#NAME?",
            "#VALUE!",
            "#NULL!",
            "#NUM!",
            "#WERT!",
            "#BEZUG!",
            "#NV",
            "#NOM?",
            "#VALEUR!",
            "#N/D",
            "#¡REF!",
            "#¿NOMBRE?",
            "#VERW!",
            "#WAARDE!",
            "#N/B",
            "#ССЫЛКА!",
            "#Н/Д",
            "#ИМЯ?",
            "Err:502",
            "#SPILL!",
            "#GETTING_DATA!",
            "####",
        ] {
            assert!(is_failed_formula(failed), "{failed}");
        }
        for other in [
            "#",
            "#1",
            "#12",
            "#Metoo",
            "#NEVERAGAIN",
            "# 3",
            "Err:",
            "Error",
            "#ABC",
            "Embassy #2!",
        ] {
            assert!(!is_failed_formula(other), "{other}");
        }
    }
}
