//! The beginning of a text: what separates its values, and which of its lines names the columns.

use std::ops::Range;

use appel_core::words::floor_char_boundary;
use appel_messages::msg;

use super::MOST_RECORD;
use super::layout::{self, Heading, LOOKED_AT, Layout, Sure};
use super::scan::{self, Form, QuoteSlip};
use crate::failure::{Place, Problem, Problems};

const DELIMITERS: [u8; 3] = [b'\t', b';', b','];

/// A record from the beginning of a text.
struct First {
    start: usize,
    record: scan::Record,
    values: Vec<String>,
}

/// The records at the beginning in which anything stands, up to the one that surely names the columns.
fn first_records(text: &str, start: usize, delimiter: u8) -> Vec<First> {
    let mut found = Vec::new();
    let mut at = start;
    while found.len() < LOOKED_AT && at < text.len() {
        let record = scan::record(&text[at..], delimiter);
        let end = at + record.end;
        let values: Vec<String> = record.fields.iter().map(|field| field.value(&text[at..])).collect();
        let next = end + line_ends(&text[end..]);
        if !values.iter().all(|value| value.trim().is_empty()) {
            let sure = layout::is_heading(&values);
            found.push(First {
                start: at,
                record,
                values,
            });
            if sure == Sure::Yes {
                break;
            }
        }
        if next == at {
            break;
        }
        at = next;
    }
    found
}

/// How many bytes of line ends `text` begins with.
fn line_ends(text: &str) -> usize {
    text.len() - text.trim_start_matches(['\r', '\n']).len()
}

/// Whether the line that names the columns is in `text`, the beginning of a file, together with all whole lines up to it.
pub fn is_enough(text: &str) -> bool {
    let (_, start) = beginning(text);
    let is_whole = |delimiter| {
        let records = first_records(text, start, delimiter);
        let Some(last) = records.last() else { return false };
        let is_all = records.len() == LOOKED_AT || layout::is_heading(&last.values) == Sure::Yes;
        is_all && text[last.start + last.record.end..].contains('\n')
    };
    // Where nothing stands there may be nothing behind it either, and that is said of the whole file.
    !text[start..].trim().is_empty() && DELIMITERS.into_iter().all(is_whole)
}

/// The delimiter that the file itself names, and where its lines begin.
fn beginning(text: &str) -> (Option<u8>, usize) {
    let mut start = line_ends(text);
    let mut delimiter = None;
    if let Some((found, end)) = separator_line(&text[start..]) {
        delimiter = Some(found);
        start += end;
        start += line_ends(&text[start..]);
    }
    (delimiter, start)
}

/// Reads the beginning of `text`; every problem is pushed, and there is nothing more to read when one is an error.
///
/// `text` is the file, or as much of it as is enough.
pub fn read(text: &str, shown: &str, problems: &mut Problems) -> Option<(Form, Layout)> {
    let (delimiter, start) = beginning(text);
    if text[start..].trim().is_empty() {
        problems.push(Problem::error(msg!("recipients-empty")).at(Place::file(shown)));
        return None;
    }
    let whole = text;
    let text = &text[..floor_char_boundary(text, start.saturating_add(MOST_RECORD + 1))];
    let delimiter = delimiter.unwrap_or_else(|| guess_delimiter(text, start));
    if let Some(note) = match delimiter {
        b';' => Some(msg!("recipients-semicolons")),
        b'\t' => Some(msg!("recipients-tabs")),
        _ => None,
    } {
        problems.push(Problem::note(note).at(Place::file(shown)));
    }
    let mut records = first_records(text, start, delimiter);
    let values: Vec<Vec<String>> = records.iter().map(|record| record.values.clone()).collect();
    let above = layout::heading_of(&values);
    if above >= records.len() {
        problems.push(Problem::error(msg!("recipients-empty")).at(Place::file(shown)));
        return None;
    }
    let First { start, record, values } = records.swap_remove(above);
    let end = start + record.end;
    let place = |span: Range<usize>| Place::in_source(shown, text, start + span.start..start + span.end);
    if let Some(slip) = record.slip {
        problems.push(Problem::error(slip.message()).at(place(slip.span(&text[start..]))));
        if matches!(slip, QuoteSlip::NeverClosed(_)) {
            return None;
        }
    }
    if record.end > MOST_RECORD || (end == text.len() && text.len() < whole.len()) {
        problems.push(Problem::error(msg!("columns-without-end")).at(place(0..1)));
        return None;
    }
    let heading = Heading {
        written: values,
        delimiter: Some(delimiter),
        above,
        place: &|column| match column.and_then(|column| record.fields.get(column)) {
            Some(field) => place(field.span.clone()),
            None => place(0..record.end),
        },
    };
    let layout = layout::read(&heading, problems)?;
    if record.slip.is_some() {
        return None;
    }
    Some((form(text, end, delimiter), layout))
}

/// What the columns of `text` are called, whatever that is, and how the records behind are laid out.
pub fn columns(text: &str) -> Option<(Form, Vec<String>)> {
    let (delimiter, start) = beginning(text);
    let delimiter = delimiter.unwrap_or_else(|| guess_delimiter(text, start));
    let mut records = first_records(text, start, delimiter);
    let values: Vec<Vec<String>> = records.iter().map(|record| record.values.clone()).collect();
    let at = layout::heading_of(&values);
    if at >= records.len() {
        return None;
    }
    let First { start, record, values } = records.swap_remove(at);
    let form = form(text, start + record.end, delimiter);
    Some((form, values))
}

/// How the records behind `end` are laid out.
fn form(text: &str, end: usize, delimiter: u8) -> Form {
    Form {
        delimiter,
        start: end,
        first_line: text[..end].matches('\n').count() + 1,
        line_start: text[..end].rfind('\n').map_or(0, |at| at + 1),
    }
}

/// Excel's own first line, `sep=;`: the delimiter and where the line ends.
fn separator_line(text: &str) -> Option<(u8, usize)> {
    let end = text.find(['\r', '\n']).unwrap_or(text.len());
    // A program that saves such a file again takes the line for a row with empty values.
    let line = text[..end].trim_matches(['"', ' ']);
    let head = line.get(..4)?;
    let delimiter = *line.as_bytes().get(4)?;
    let rest = line.get(5..)?.trim_matches(['"', ',', ';', '\t', ' ']);
    let is_one = head.eq_ignore_ascii_case("sep=") && rest.is_empty();
    (is_one && matches!(delimiter, b',' | b';' | b'\t')).then_some((delimiter, end))
}

/// The delimiter under which a line names the most known columns, and then the most columns at all.
fn guess_delimiter(text: &str, start: usize) -> u8 {
    let score = |delimiter: u8| {
        let records = first_records(text, start, delimiter);
        let rows: Vec<Vec<String>> = records.into_iter().map(|record| record.values).collect();
        let heading = rows.get(layout::heading_of(&rows));
        heading.map_or((0, 0), |values| (layout::known(values), values.len()))
    };
    // The last of equals wins, and with nothing to go by that is the comma.
    DELIMITERS
        .into_iter()
        .max_by_key(|delimiter| score(*delimiter))
        .unwrap_or(b',')
}
