//! The first line: which character separates the values, and which column is where.

use appel_core::words::{floor_char_boundary, is_unsafe_to_show, nearest, visible_line};

use appel_messages::{Message, Value, msg};

use super::MOST_RECORD;
use super::scan::{self, QuoteSlip};
use crate::failure::{Place, Problem, Problems};

/// The columns that mean something to the program, in the order in which templates know them.
pub const KNOWN: [&str; 11] = [
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
    "attach",
];
/// How many columns a file has at most.
const MOST_COLUMNS: usize = 256;
/// How long the name of a column is at most, in bytes.
const LONGEST_NAME: usize = 200;
const DELIMITERS: [u8; 3] = [b'\t', b';', b','];
const REQUIRED: [&str; 3] = ["role", "name", "email"];

/// Where everything in a row is.
#[derive(Clone, Debug)]
pub struct Layout {
    /// The byte that separates values.
    pub delimiter: u8,
    /// Where the first record after the header begins.
    pub start: usize,
    /// The line it begins on, 1-based.
    pub first_line: usize,
    /// Where that line begins.
    pub line_start: usize,
    /// How many values a row has.
    pub width: usize,
    /// The name of each column of the file.
    pub names: Vec<String>,
    /// What templates may name.
    pub columns: Vec<String>,
    /// For each of `columns`, the value that it takes; `None` is always empty.
    pub cells: Vec<Option<usize>>,
    pub role: usize,
    pub name: usize,
    pub email: usize,
    pub country: Option<usize>,
    pub language: Option<usize>,
    pub cc: Option<usize>,
    pub attach: Option<usize>,
}

/// Whether the header is in `text`, the beginning of a file, together with the whole lines that it stands on.
pub fn is_enough(text: &str) -> bool {
    let (_, start) = beginning(text);
    let is_whole = |delimiter| {
        let end = start + scan::record(&text[start..], delimiter).end;
        text[end..].contains('\n')
    };
    // Where nothing stands there may be nothing behind it either, and that is said of the whole file.
    !text[start..].trim().is_empty() && DELIMITERS.into_iter().all(is_whole)
}

/// The delimiter that the file itself names, and where its header begins.
fn beginning(text: &str) -> (Option<u8>, usize) {
    let mut start = text.len() - text.trim_start_matches(['\r', '\n']).len();
    let mut delimiter = None;
    if let Some((found, end)) = separator_line(&text[start..]) {
        delimiter = Some(found);
        start += end;
        start += text[start..].len() - text[start..].trim_start_matches(['\r', '\n']).len();
    }
    (delimiter, start)
}

/// Reads the header of `text`; every problem is pushed, and there is no layout when one is an error.
///
/// `text` is the file, or as much of it as is enough.
pub fn read(text: &str, shown: &str, problems: &mut Problems) -> Option<Layout> {
    let (delimiter, start) = beginning(text);
    if text[start..].trim().is_empty() {
        problems.push(Problem::error(msg!("recipients-empty")).at(Place::file(shown)));
        return None;
    }
    let whole = text;
    let text = &text[..floor_char_boundary(text, start.saturating_add(MOST_RECORD + 1))];
    let delimiter = delimiter.unwrap_or_else(|| guess_delimiter(&text[start..]));
    if let Some(note) = match delimiter {
        b';' => Some(msg!("recipients-semicolons")),
        b'\t' => Some(msg!("recipients-tabs")),
        _ => None,
    } {
        problems.push(Problem::note(note).at(Place::file(shown)));
    }
    let header = scan::record(&text[start..], delimiter);
    let end = start + header.end;
    let place = |span: std::ops::Range<usize>| Place::in_source(shown, text, start + span.start..start + span.end);
    if let Some(slip) = header.slip {
        problems.push(Problem::error(slip.message()).at(place(slip.span(&text[start..]))));
        if matches!(slip, QuoteSlip::NeverClosed(_)) {
            return None;
        }
    }
    if header.end > MOST_RECORD || (end == text.len() && text.len() < whole.len()) {
        problems.push(Problem::error(msg!("columns-without-end")).at(place(0..1)));
        return None;
    }
    if let Some(beyond) = header.fields.get(MOST_COLUMNS) {
        let what = msg!("columns-too-many", found = header.fields.len(), most = MOST_COLUMNS);
        problems.push(Problem::error(what).at(place(beyond.span.clone())));
        return None;
    }
    let written: Vec<String> = header.fields.iter().map(|field| field.value(&text[start..])).collect();
    let mut fine = header.slip.is_none();
    let mut names: Vec<String> = Vec::with_capacity(written.len());
    for (at, name) in written.iter().enumerate() {
        let name = canonical(name);
        let span = header.fields[at].span.clone();
        if let Some(what) = check_name(&name, at, &names) {
            problems.push(Problem::error(what).at(place(span)));
            fine = false;
        }
        names.push(name);
    }
    let missing: Vec<&str> = REQUIRED
        .into_iter()
        .filter(|required| !names.iter().any(|name| name == required))
        .collect();
    if !missing.is_empty() {
        problems.push(missing_columns(&missing, &names).at(place(0..header.end)));
        fine = false;
    }
    if fine {
        warn_near_misses(&names, problems, |at| place(header.fields[at].span.clone()));
    }
    let position = |wanted: &str| names.iter().position(|name| name == wanted);
    let (columns, cells) = visible_columns(&names);
    fine.then_some(())?;
    Some(Layout {
        delimiter,
        start: end,
        first_line: text[..end].matches('\n').count() + 1,
        line_start: text[..end].rfind('\n').map_or(0, |at| at + 1),
        width: names.len(),
        role: position("role")?,
        name: position("name")?,
        email: position("email")?,
        country: position("country"),
        language: position("language"),
        cc: position("cc"),
        attach: position("attach"),
        columns,
        cells,
        names,
    })
}

/// Excel's own first line, `sep=;`: the delimiter and where the line ends.
fn separator_line(text: &str) -> Option<(u8, usize)> {
    let end = text.find(['\r', '\n']).unwrap_or(text.len());
    let line = text[..end].trim_matches(['"', ' ']);
    let head = line.get(..4)?;
    let delimiter = *line.as_bytes().get(4)?;
    let is_one = head.eq_ignore_ascii_case("sep=") && line.len() == 5;
    (is_one && matches!(delimiter, b',' | b';' | b'\t')).then_some((delimiter, end))
}

/// The delimiter under which the header names the most known columns, and then the most columns at all.
fn guess_delimiter(text: &str) -> u8 {
    let score = |delimiter: u8| {
        let header = scan::record(text, delimiter);
        let is_known = |name: &str| KNOWN.contains(&canonical(name).as_str());
        let known = header
            .fields
            .iter()
            .filter(|field| is_known(&field.value(text)))
            .count();
        (known, header.fields.len())
    };
    // The last of equals wins, and with nothing to go by that is the comma.
    DELIMITERS
        .into_iter()
        .max_by_key(|delimiter| score(*delimiter))
        .unwrap_or(b',')
}

/// Known columns are known in any case; others are as written.
fn canonical(written: &str) -> String {
    let name = written.trim();
    match KNOWN.iter().find(|known| known.eq_ignore_ascii_case(name)) {
        Some(known) => (*known).to_owned(),
        None => name.to_owned(),
    }
}

fn check_name(name: &str, at: usize, before: &[String]) -> Option<Message> {
    if name.is_empty() {
        return Some(msg!("column-without-name", nth = at + 1));
    }
    if name.len() > LONGEST_NAME {
        return Some(msg!("column-name-too-long", nth = at + 1, most = LONGEST_NAME));
    }
    if name
        .chars()
        .any(|c| is_unsafe_to_show(c) || matches!(c, '[' | ']' | '{' | '}' | '"' | '\\'))
    {
        return Some(msg!("column-name-unfit", name = visible_line(name)));
    }
    if before.iter().any(|other| other.to_lowercase() == name.to_lowercase()) {
        return Some(msg!("column-twice", name = name));
    }
    None
}

fn missing_columns(missing: &[&str], names: &[String]) -> Problem {
    let list = missing.iter().map(|name| format!("`{name}`").into()).collect();
    let problem = Problem::error(msg!("column-missing", count = missing.len(), columns = and(list, 0)));
    if names.iter().any(|name| name.contains('@')) {
        return problem.hint(msg!("column-missing-no-header"));
    }
    let step = |wanted: &&str| {
        let mut candidates = names.iter().map(String::as_str).filter(|name| !KNOWN.contains(name));
        match candidates.find(|name| nearest(&name.to_lowercase(), [*wanted]).is_some()) {
            Some(found) => msg!("column-missing-rename", column = found, name = *wanted),
            None => msg!("column-missing-add", name = *wanted),
        }
    };
    let steps = missing.iter().map(step);
    problem.hint_if_any(steps.reduce(|before, next| msg!("column-missing-steps", before = before, next = next)))
}

/// `a, b and c`, or `a, b and 4 more`.
pub fn and(mut items: Vec<Value>, more: u64) -> Value {
    match items.pop() {
        Some(end) if more == 0 && !items.is_empty() => {
            msg!("recipients-list-and", items = Value::List(items, 0), last = end).into()
        }
        end => {
            items.extend(end);
            Value::List(items, more)
        }
    }
}

/// A slip in `language` would be a column of one's own, and everybody would get the wrong language.
fn warn_near_misses(names: &[String], problems: &mut Problems, place: impl Fn(usize) -> Place) {
    for (at, name) in names.iter().enumerate() {
        let absent = KNOWN
            .into_iter()
            .filter(|known| !names.iter().any(|name| name == known));
        if !KNOWN.contains(&name.as_str())
            && let Some(near) = nearest(&name.to_lowercase(), absent)
        {
            problems.push(Problem::warning(msg!("column-near-known", name = name, near = near)).at(place(at)));
        }
    }
}

/// What templates may name, and where it is: every column but `note`, and the known ones that the file leaves out.
fn visible_columns(names: &[String]) -> (Vec<String>, Vec<Option<usize>>) {
    let there = names.iter().cloned().enumerate().map(|(at, name)| (name, Some(at)));
    let absent = KNOWN
        .into_iter()
        .filter(|known| !names.iter().any(|name| name == known))
        .map(|known| (known.to_owned(), None));
    there.chain(absent).filter(|(name, _)| name != "note").unzip()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_a_list_stands_behind_an_and() {
        let say = |count: u64, more| {
            let items = (0..count).map(|nth| Value::from(format!("n{nth}"))).collect();
            Message::new("quote", vec![("words", and(items, more))]).in_english()
        };
        assert_eq!([say(0, 0), say(1, 0), say(2, 0)], ["", "n0", "n0 and n1"]);
        assert_eq!([say(3, 0), say(2, 7)], ["n0, n1 and n2", "n0, n1 and 7 more"]);
    }
}
