//! The row that names the columns: which it is, and which column is where.

use appel_core::words::{is_unsafe_to_show, nearest, visible_line};
use appel_messages::{Message, Value, msg};

use super::names::{self, KEPT_BACK, KNOWN};
use crate::failure::{Place, Problem, Problems};

/// How many columns a file has at most.
pub const MOST_COLUMNS: usize = 256;
/// How long the name of a column is at most, in bytes.
const LONGEST_NAME: usize = 200;
/// How many names of columns are listed at most.
const SHOWN: usize = 20;
const REQUIRED: [&str; 3] = ["role", "name", "email"];

/// How many rows from the beginning on may be the one that names the columns.
pub const LOOKED_AT: usize = 20;

/// Where everything in a row is.
#[derive(Clone, Debug)]
pub struct Layout {
    /// How many values a row has.
    pub width: usize,
    /// What separates them in a text; `None` in a spreadsheet.
    pub delimiter: Option<u8>,
    /// The name of each column of the file, as letters may name it; empty where it has none.
    pub names: Vec<String>,
    /// The columns without a name, in which nothing may stand.
    pub nameless: Vec<usize>,
    /// How many rows stand above the one that names the columns: a title, say.
    pub above: usize,
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
    pub salutation: Option<usize>,
    pub title: Option<usize>,
    pub gender: Option<usize>,
    pub verified: Option<usize>,
    pub attach: Option<usize>,
}

/// The row that names the columns, as it stands in the file.
pub struct Heading<'h> {
    /// What stands in each of its values.
    pub written: Vec<String>,
    /// What separates them in a text.
    pub delimiter: Option<u8>,
    /// How many rows stand above it.
    pub above: usize,
    /// Where a value of it stands; without one, where it does.
    pub place: &'h dyn Fn(Option<usize>) -> Place,
}

/// How sure it is that a row names the columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sure {
    /// It names none that is known.
    No,
    /// One, beside others.
    Perhaps,
    /// Two, and no recipient is called like that.
    Yes,
}

/// Whether these values are names of columns.
pub fn is_heading(values: &[String]) -> Sure {
    match known(values) {
        0 => Sure::No,
        1 if values.iter().filter(|value| !value.trim().is_empty()).count() < 2 => Sure::No,
        1 => Sure::Perhaps,
        _ => Sure::Yes,
    }
}

/// How many known columns these values name.
pub fn known(values: &[String]) -> usize {
    let mut known: Vec<&str> = values
        .iter()
        .take(MOST_COLUMNS)
        .filter_map(|value| names::meaning(value))
        .collect();
    known.sort_unstable();
    known.dedup();
    known.len()
}

/// Which of the first rows names the columns: the first that surely does, else the first that may, else the first.
pub fn heading_of(rows: &[Vec<String>]) -> usize {
    let surest = rows.iter().map(|row| is_heading(row)).max();
    rows.iter()
        .position(|row| Some(is_heading(row)) == surest)
        .unwrap_or_default()
}

/// Reads the names of the columns; every problem is pushed, and there is no layout when one is an error.
pub fn read(heading: &Heading<'_>, problems: &mut Problems) -> Option<Layout> {
    let place = heading.place;
    let written = &heading.written;
    if written.len() > MOST_COLUMNS {
        let what = msg!("columns-too-many", found = written.len(), most = MOST_COLUMNS);
        problems.push(Problem::error(what).at(place(Some(MOST_COLUMNS))));
        return None;
    }
    let mut fine = true;
    let mut names: Vec<String> = Vec::with_capacity(written.len());
    for (at, name) in written.iter().enumerate() {
        let name = canonical(name);
        let twin = names.iter().position(|before| is_same(before, &name));
        let what = match twin {
            Some(twin) => Some(same_twice(&written[twin], &written[at], &name)),
            None => check_name(&name, at),
        };
        if let Some(what) = what {
            problems.push(Problem::error(what).at(place(Some(at))));
            fine = false;
        }
        names.push(name);
    }
    let missing: Vec<&str> = REQUIRED
        .into_iter()
        .filter(|required| !names.iter().any(|name| name == required))
        .collect();
    if !missing.is_empty() {
        problems.push(missing_columns(&missing, &names).at(place(None)));
        fine = false;
    }
    if fine {
        say_read_as(written, &names, problems, place);
        warn_own(&names, problems, place);
    }
    let position = |wanted: &str| names.iter().position(|name| name == wanted);
    let (columns, cells) = visible_columns(&names);
    fine.then_some(())?;
    Some(Layout {
        width: names.len(),
        delimiter: heading.delimiter,
        nameless: (0..names.len()).filter(|at| names[*at].is_empty()).collect(),
        above: heading.above,
        role: position("role")?,
        name: position("name")?,
        email: position("email")?,
        country: position("country"),
        language: position("language"),
        cc: position("cc"),
        salutation: position("salutation"),
        title: position("title"),
        gender: position("gender"),
        verified: position("verified"),
        attach: position("attach"),
        columns,
        cells,
        names,
    })
}

/// Known columns by their one name; others as written, on one line.
fn canonical(written: &str) -> String {
    match names::meaning(written) {
        Some(known) => known.to_owned(),
        None => written.split_whitespace().collect::<Vec<_>>().join(" "),
    }
}

/// Whether two names are one.
fn is_same(one: &str, other: &str) -> bool {
    !one.is_empty() && one.to_lowercase() == other.to_lowercase()
}

/// What is said of two columns of which one is too many.
fn same_twice(one: &str, other: &str, name: &str) -> Message {
    let (one, other) = (one.trim(), other.trim());
    if is_same(one, other) {
        return msg!("column-twice", name = name);
    }
    msg!(
        "column-same-meaning",
        one = visible_line(one),
        other = visible_line(other),
        name = name
    )
}

/// Names in other languages are said once, with what is made of them.
fn say_read_as(written: &[String], names: &[String], problems: &mut Problems, place: &dyn Fn(Option<usize>) -> Place) {
    let others = written
        .iter()
        .zip(names)
        .filter(|(written, name)| KNOWN.contains(&name.as_str()) && !written.trim().eq_ignore_ascii_case(name));
    let read: Vec<Value> = others
        .map(|(written, name)| {
            let written = format!("`{}`", visible_line(written.trim()));
            msg!("value-read-as", written = written, read = name).into()
        })
        .collect();
    if !read.is_empty() {
        problems.push(Problem::note(msg!("columns-read-as", read = and(read, 0))).at(place(None)));
    }
}

fn check_name(name: &str, at: usize) -> Option<Message> {
    if name.len() > LONGEST_NAME {
        return Some(msg!("column-name-too-long", nth = at + 1, most = LONGEST_NAME));
    }
    if name
        .chars()
        .any(|c| is_unsafe_to_show(c) || matches!(c, '[' | ']' | '{' | '}' | '"' | '\\'))
    {
        return Some(msg!("column-name-unfit", name = visible_line(name)));
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

/// A column of one's own where a known one is absent: a slip in its name, or a name in a language that is not known, and
/// everybody would get the wrong letter in the wrong language.
fn warn_own(names: &[String], problems: &mut Problems, place: &dyn Fn(Option<usize>) -> Place) {
    let is_absent = |known: &&str| !names.iter().any(|name| name == known);
    let (mut own, mut meant): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    for (at, name) in names.iter().enumerate() {
        if name.is_empty() || KNOWN.contains(&name.as_str()) {
            continue;
        }
        match nearest(&name.to_lowercase(), KNOWN.into_iter().filter(is_absent)) {
            Some(near) => {
                meant.push(near);
                problems
                    .push(Problem::warning(msg!("column-near-known", name = name, near = near)).at(place(Some(at))));
            }
            None => own.push(name),
        }
    }
    let absent: Vec<Value> = ["country", "language"]
        .into_iter()
        .filter(|name| is_absent(name) && !meant.contains(name))
        .map(|name| format!("`{name}`").into())
        .collect();
    if own.is_empty() || absent.is_empty() {
        return;
    }
    let (own_count, more) = (own.len(), own.len().saturating_sub(SHOWN) as u64);
    let own = own
        .into_iter()
        .take(SHOWN)
        .map(|name| format!("`{}`", visible_line(name)).into());
    let own = and(own.collect(), more);
    let what = msg!("columns-own", own_count = own_count, absent = and(absent, 0), own = own);
    problems.push(Problem::warning(what).at(place(None)));
}

/// What templates may name, and where it is: every column but those that are kept back, and the known ones that the file leaves out.
fn visible_columns(names: &[String]) -> (Vec<String>, Vec<Option<usize>>) {
    let there = names.iter().cloned().enumerate().map(|(at, name)| (name, Some(at)));
    let there = there.filter(|(name, _)| !name.is_empty());
    let absent = KNOWN
        .into_iter()
        .filter(|known| !names.iter().any(|name| name == known))
        .map(|known| (known.to_owned(), None));
    there
        .chain(absent)
        .filter(|(name, _)| !KEPT_BACK.contains(&name.as_str()))
        .unzip()
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
