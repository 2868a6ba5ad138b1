//! Who gets what, by where its sender is: a table for a person, and lines for programs.

use appel_core::letter::coverage::{Gap, Origin, Written};
use appel_core::words::visible_line;
use appel_messages::{Message, Value, msg};
use console::measure_text_width;
use serde::Serialize;

use super::table::table;
use crate::failure::Style;
use crate::run::matrix::{Group, Matrix, Row};

/// So many lines are shown.
const MOST_SHOWN: usize = 200;

/// One row that a letter goes to, or nobody, of senders in one place.
#[derive(Debug, Serialize)]
pub struct Line<'m> {
    /// Where they are: a country, `elsewhere`, or `everywhere`.
    senders: String,
    /// Which letter.
    letter: &'m str,
    /// Which role.
    role: &'m str,
    /// The row's address; none when the letter reaches nobody.
    to: Option<&'m str>,
    /// The row's line.
    #[serde(rename = "line", skip_serializing_if = "Option::is_none")]
    row: Option<usize>,
    /// In which language; none when the sender's own decides.
    language: Option<String>,
    /// The row's languages, when the letter exists in none of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reads: Vec<String>,
    /// How many rows there are beside it, of the same senders, role and letter.
    #[serde(skip_serializing_if = "is_zero")]
    more: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
const fn is_zero(number: &usize) -> bool {
    *number == 0
}

fn code(from: Option<Origin>) -> String {
    match from {
        None => "everywhere".to_owned(),
        Some(Origin::Country(country)) => country.to_string(),
        Some(Origin::Elsewhere(_)) => "elsewhere".to_owned(),
    }
}

/// Every line, and behind them what reaches nobody.
#[must_use]
pub fn lines(matrix: &Matrix) -> Vec<Line<'_>> {
    let rows = matrix.groups.iter().flat_map(|(group, rows)| {
        let last = rows.first.len().saturating_sub(1);
        rows.first.iter().enumerate().map(move |(place, row)| Line {
            senders: code(group.from),
            letter: &group.letter,
            role: &group.role,
            to: Some(row.to.as_str()),
            row: Some(row.line),
            language: match &row.written {
                Written::Row(language) | Written::Only(language) => Some(language.to_string()),
                Written::Sender | Written::Fallback | Written::Nothing => None,
            },
            reads: match row.written {
                Written::Fallback | Written::Only(_) => row.reads.iter().map(ToString::to_string).collect(),
                _ => Vec::new(),
            },
            more: if place == last {
                rows.count - rows.first.len()
            } else {
                0
            },
        })
    });
    let gaps = matrix.gaps.iter().map(|gap| Line {
        senders: code(Some(gap.from)),
        letter: &gap.letter,
        role: &gap.role,
        to: None,
        row: None,
        language: None,
        reads: Vec::new(),
        more: 0,
    });
    rows.chain(gaps).collect()
}

/// The table, with what reaches nobody under it.
#[must_use]
pub fn shown(matrix: &Matrix, style: &Style) -> String {
    let headings = [
        msg!("coverage-senders"),
        msg!("coverage-letter"),
        msg!("coverage-language"),
        msg!("coverage-to"),
    ]
    .map(|heading| style.say(&heading));
    let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
    let mut before = None;
    let rows = matrix.groups.iter().flat_map(|(group, rows)| {
        let more = rows.count - rows.first.len();
        let mut cells: Vec<Vec<String>> = rows
            .first
            .iter()
            .map(|row| {
                // A country is named once, where its letters begin.
                let first = before.replace(group.from) != Some(group.from);
                let senders = if first {
                    senders(group.from, style)
                } else {
                    String::new()
                };
                line(group, row, senders, style)
            })
            .collect();
        if more > 0 {
            let others = style.say(&msg!("coverage-more", count = more));
            cells.push(vec![String::new(), String::new(), String::new(), others]);
        }
        cells
    });
    let mut rows: Vec<Vec<String>> = rows.collect();
    let left = rows.len().saturating_sub(MOST_SHOWN);
    rows.truncate(MOST_SHOWN);
    let mut text = format!("{}\n\n", style.say(&msg!("coverage-title")));
    if fits(&rows, style.width) {
        text.push_str(&table(&headings, rows, style));
    } else {
        for row in &rows {
            push_stacked(&mut text, row);
        }
    }
    if left > 0 {
        text.push_str(&format!(
            "\n{}\n",
            style.say(&msg!("coverage-lines-left", count = left))
        ));
    }
    let gaps = gaps(&matrix.gaps, style);
    if !gaps.is_empty() {
        text.push('\n');
        text.push_str(&gaps);
    }
    text.push('\n');
    text
}

/// Whether the columns can stand side by side without an address being broken.
fn fits(rows: &[Vec<String>], width: usize) -> bool {
    let widest = |column: usize| rows.iter().map(|row| measure_text_width(&row[column])).max();
    let columns: usize = (0..4).filter_map(widest).sum();
    // The edge, and two blanks between columns.
    columns + 9 <= width
}

/// On a narrow screen a line of the table is a few lines, each further in.
fn push_stacked(text: &mut String, row: &[String]) {
    let [senders, letter, language, to] = row else { return };
    if !senders.is_empty() {
        text.push_str(&format!("  {}\n", visible_line(senders)));
    }
    if !letter.is_empty() {
        text.push_str(&format!("    {}, {}\n", visible_line(letter), visible_line(language)));
    }
    text.push_str(&format!("      {}\n", visible_line(to)));
}

fn line(group: &Group, row: &Row, senders: String, style: &Style) -> Vec<String> {
    let language = match &row.written {
        Written::Row(language) => language.to_string(),
        Written::Only(language) if row.reads.is_empty() => language.to_string(),
        Written::Only(language) => {
            let reads = row.reads.iter().map(ToString::to_string);
            style.say(&msg!("coverage-only", language = language, reads = Value::list(reads)))
        }
        Written::Sender => style.say(&msg!("coverage-sender")),
        Written::Fallback => {
            let reads = row.reads.iter().map(ToString::to_string);
            style.say(&msg!("coverage-fallback", reads = Value::list(reads)))
        }
        Written::Nothing => style.say(&msg!("coverage-nothing")),
    };
    let letter = format!("{} ({})", visible_line(&group.letter), visible_line(&group.role));
    vec![senders, letter, language, row.to.to_string()]
}

fn senders(from: Option<Origin>, style: &Style) -> String {
    style.say(&match from {
        None => msg!("coverage-everywhere"),
        Some(Origin::Country(country)) => return country.to_string(),
        Some(Origin::Elsewhere(_)) => msg!("coverage-elsewhere"),
    })
}

/// What reaches nobody: a line for each letter and role, in red.
fn gaps(gaps: &[Gap], style: &Style) -> String {
    let mut text = String::new();
    let mut gaps = gaps.iter().peekable();
    while let Some(first) = gaps.next() {
        let mut from = vec![senders(Some(first.from), style)];
        while let Some(next) = gaps.next_if(|next| (&next.letter, &next.role) == (&first.letter, &first.role)) {
            from.push(senders(Some(next.from), style));
        }
        let gap = gap(&first.letter, &first.role, &from);
        let line = style.in_red(&style.say(&gap));
        text.push_str(&line);
        text.push('\n');
    }
    text
}

fn gap(letter: &str, role: &str, from: &[String]) -> Message {
    msg!(
        "coverage-gap",
        letter = visible_line(letter),
        role = visible_line(role),
        count = from.len(),
        from = from.join(" "),
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use appel_core::place::Country;
    use appel_core::testing::{address, language};

    use super::*;
    use crate::run::matrix::Rows;

    #[test]
    fn on_a_narrow_screen_no_address_is_broken() {
        let group = |from| Group {
            from,
            letter: "protest".to_owned(),
            role: "embassy".to_owned(),
        };
        let rows = |to: &str, count| Rows {
            first: vec![Row {
                to: address(to),
                line: 2,
                written: Written::Row(language("fr")),
                reads: Vec::new(),
            }],
            count,
        };
        let belgium = Some(Origin::Country(Country::parse("BE").unwrap()));
        let matrix = Matrix {
            groups: BTreeMap::from([
                (group(None), rows("everybody@office.example", 1)),
                (group(belgium), rows("brussels@embassy.office.example", 3)),
            ]),
            ..Matrix::default()
        };
        let told = |width| shown(&matrix, &Style { width, ..Style::PLAIN });
        insta::assert_snapshot!(told(40), @r"
        Who gets what, by where its sender is:

          all countries
            protest (embassy), fr
              everybody@office.example
          BE
            protest (embassy), fr
              brussels@embassy.office.example
              and 2 more
        ");
        insta::assert_snapshot!(told(80), @r"
        Who gets what, by where its sender is:

          SENDERS IN     LETTER (ROLE)      LANGUAGE  TO
          all countries  protest (embassy)  fr        everybody@office.example
          BE             protest (embassy)  fr        brussels@embassy.office.example
                                                      and 2 more
        ");
    }
}
