//! The list of recipients, a CSV file or a spreadsheet, read into a validated [`RecipientsFile`].

mod decode;
mod files;
mod findings;
mod heading;
mod layout;
mod mac;
mod names;
mod raw;
mod records;
mod rows;
mod said;
mod scan;
mod sheet;
mod source;
mod table;
mod tape;

pub(super) use layout::and;
pub(super) use names::{KEPT_BACK, meaning};
pub(super) use raw::table;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind, Read as _, Seek as _};
use std::path::Path;
use std::sync::Arc;

use appel_core::campaign::Attachment;
use appel_core::recipients::{Outline, Recipient, Recipients, Rows};
use appel_core::words::{floor_char_boundary, nearest};
use appel_messages::{Value, msg};
use csv::StringRecord;

use super::bounded::{self, Unread};
use super::list::ListPath;
use crate::failure::{Place, Problem, Problems, Severity};
pub use files::Files;
use findings::Findings;
use layout::{Heading, LOOKED_AT, Layout};
use records::{Records, has_no_end};
use rows::{Silent, Valid};
use scan::Form;
use sheet::{Opened as OpenedSheet, Sheet, SheetRows};
use source::{Changed, Chunks, Sizes, Source};

/// The most a record may have, in bytes.
const MOST_RECORD: usize = 1 << 20;

/// How many roles that no letter names are said one by one.
const SHOWN: usize = 100;
/// How long a role is told apart from others, in bytes.
const LONGEST_ROLE: usize = 200;
/// The longest file that is made into UTF-8 or into lines first, for which all of it has to be in memory.
const MOST_CONVERTED: u64 = 32 << 20;

/// The recipients file, read and valid; rows are parsed again as they are asked for, so that a long list stays small.
///
/// A long file is not kept either, but read again from the disk. It stays open, so another that is put in its place
/// changes nothing; and what is written into it is noticed before any of it is used. A spreadsheet is read once, and kept.
#[derive(Clone, Debug)]
pub struct RecipientsFile {
    shown: String,
    held: Held,
    layout: Arc<Layout>,
    files: Arc<Files>,
    count: usize,
}

/// What the file holds.
#[derive(Clone, Debug)]
enum Held {
    /// Lines of text.
    Text(Arc<Source>, Form),
    /// A sheet of a spreadsheet, and which of its rows names the columns.
    Sheet(Arc<Sheet>, usize),
}

impl Held {
    /// One pass over the rows.
    fn rows(&self, shown: &str) -> Box<dyn table::Rows> {
        match self {
            Self::Text(source, form) => Box::new(Records::new(source, *form, shown)),
            Self::Sheet(sheet, heading) => Box::new(SheetRows::new(sheet, *heading, shown)),
        }
    }
}

impl RecipientsFile {
    /// Reads the file and looks at every row; every problem is pushed. `None` when one of them is an error.
    ///
    /// `shown` is the file as people know it; `known_roles` are the roles that letters name, `files` those that rows may.
    #[must_use]
    pub fn load(
        path: &Path,
        shown: &str,
        known_roles: &BTreeSet<String>,
        files: Files,
        problems: &mut Problems,
    ) -> Option<Self> {
        let list = ListPath {
            path: path.to_owned(),
            sheet: None,
        };
        Self::load_list(&list, shown, known_roles, files, problems)
    }

    /// The same, of a sheet of a spreadsheet where one is named.
    #[must_use]
    pub fn load_list(
        list: &ListPath,
        shown: &str,
        known_roles: &BTreeSet<String>,
        files: Files,
        problems: &mut Problems,
    ) -> Option<Self> {
        Self::load_in(Sizes::USUAL, list, shown, known_roles, files, problems)
    }

    /// The same as [`load`](Self::load), but no file is too short to be read in pieces from the disk: for fuzzing, where
    /// files are short.
    #[doc(hidden)]
    #[must_use]
    pub fn load_in_pieces(
        path: &Path,
        shown: &str,
        known_roles: &BTreeSet<String>,
        files: Files,
        problems: &mut Problems,
    ) -> Option<Self> {
        const PIECES: Sizes = Sizes { kept: 0, chunk: 64 };
        let list = ListPath {
            path: path.to_owned(),
            sheet: None,
        };
        Self::load_in(PIECES, &list, shown, known_roles, files, problems)
    }

    fn load_in(
        sizes: Sizes,
        list: &ListPath,
        shown: &str,
        known_roles: &BTreeSet<String>,
        files: Files,
        problems: &mut Problems,
    ) -> Option<Self> {
        let opened = open(&list.path, shown, sizes).and_then(|file| match file {
            Opened::Chunks(chunks) => Ok(Content::Text(Source::File(chunks), None)),
            Opened::Bytes(bytes) if sheet::is_one(&bytes) => {
                let found = sheet::open(&bytes, list.sheet.as_deref());
                found
                    .map(Content::Sheet)
                    .map_err(|why| Problem::error(why).at(Place::file(shown)))
            }
            Opened::Bytes(bytes) => in_memory(bytes, shown).map(|(source, note)| Content::Text(source, note)),
        });
        match opened {
            Ok(Content::Text(source, note)) => {
                problems.extend(note);
                Self::of_text(source, shown, known_roles, files, problems)
            }
            Ok(Content::Sheet(opened)) => {
                let is_chosen = list.sheet.is_some();
                Self::of_sheet(opened, is_chosen, shown, known_roles, files, problems)
            }
            Err(problem) => {
                problems.push(problem);
                None
            }
        }
    }

    fn of_text(
        source: Source,
        shown: &str,
        known_roles: &BTreeSet<String>,
        files: Files,
        problems: &mut Problems,
    ) -> Option<Self> {
        let source = Arc::new(source);
        let (form, layout) = match tape::head(&source) {
            Ok(head) => heading::read(&head, shown, problems)?,
            Err(error) => {
                problems.push(lost(&error, shown));
                return None;
            }
        };
        Self::checked(Held::Text(source, form), layout, shown, known_roles, files, problems)
    }

    fn of_sheet(
        OpenedSheet { sheet, others }: OpenedSheet,
        is_chosen: bool,
        shown: &str,
        known_roles: &BTreeSet<String>,
        files: Files,
        problems: &mut Problems,
    ) -> Option<Self> {
        if !is_chosen && !others.is_empty() {
            let others: Vec<Value> = others.into_iter().map(|name| format!("`{name}`").into()).collect();
            let what = msg!(
                "sheet-first",
                sheet = &sheet.name,
                others = layout::and(others, 0),
                file = shown
            );
            problems.push(Problem::note(what).at(Place::file(shown)));
        }
        let rows = sheet.first_rows(LOOKED_AT);
        let values: Vec<Vec<String>> = rows.iter().map(|(_, values)| values.clone()).collect();
        let above = layout::heading_of(&values);
        let Some((at, written)) = rows.into_iter().nth(above) else {
            let empty = Problem::error(msg!("recipients-empty"));
            problems.push(empty.at(Place {
                sheet: Some(sheet.name),
                ..Place::file(shown)
            }));
            return None;
        };
        let heading = Heading {
            written,
            delimiter: None,
            above,
            place: &|column| sheet.place(shown, at, column),
        };
        let layout = layout::read(&heading, problems);
        let wrong = problems.count(Severity::Error);
        sheet::say(&sheet, shown, problems);
        let is_whole = problems.count(Severity::Error) == wrong;
        let held = Held::Sheet(Arc::new(sheet), at);
        Self::checked(held, layout?, shown, known_roles, files, problems).filter(|_| is_whole)
    }

    fn checked(
        held: Held,
        layout: Layout,
        shown: &str,
        known_roles: &BTreeSet<String>,
        files: Files,
        problems: &mut Problems,
    ) -> Option<Self> {
        let mut roster = Self {
            shown: shown.to_owned(),
            held,
            layout: Arc::new(layout),
            files: Arc::default(),
            count: 0,
        };
        let fine = roster.check(known_roles, files, problems);
        fine.then_some(roster)
    }

    /// The rows, each made of what is valid in it.
    fn each<Row: 'static>(&self, make: impl Fn(Valid, &StringRecord, usize) -> Row + Send + 'static) -> Rows<Row> {
        let mut rows = self.held.rows(&self.shown);
        let (layout, shown) = (Arc::clone(&self.layout), self.shown.clone());
        Box::new(std::iter::from_fn(move || {
            loop {
                match rows.advance() {
                    Ok(true) => {}
                    Ok(false) => return None,
                    Err(error) => return Some(Err(lost(&error, &shown))),
                }
                let values = rows.values();
                if rows::is_blank(values) {
                    continue;
                }
                if let Some(valid) = rows::read(values, &layout, &mut Silent) {
                    return Some(Ok(make(valid, values, rows.number())));
                }
            }
        }))
    }

    /// Looks at every row; whether all are right.
    fn check(&mut self, known_roles: &BTreeSet<String>, mut files: Files, problems: &mut Problems) -> bool {
        let mut findings = Findings::new(&self.layout, problems);
        let mut unused = Unused::default();
        let mut records = self.held.rows(&self.shown);
        let mut rows = 0;
        let end = loop {
            match records.advance() {
                Ok(true) => {}
                end => break end,
            }
            if let Some(slip) = records.slip() {
                findings.look(&mut *records).1.quote(slip);
                if matches!(slip, scan::QuoteSlip::NeverClosed(_)) {
                    // Everything to the end of the file is in this one record.
                    rows += 1;
                    break Ok(false);
                }
                continue;
            }
            if findings.is_hopeless() {
                break Ok(false);
            }
            if rows::is_blank(records.values()) {
                findings.said.blank_rows += 1;
                continue;
            }
            rows += 1;
            let (record, mut look) = findings.look(&mut *records);
            if rows::read(record, &self.layout, &mut look).is_none() {
                continue;
            }
            if let Some(column) = self.layout.attach {
                files.check(rows::cell(record, column), column, &mut look);
            }
            let role = rows::role(record, &self.layout);
            if !known_roles.contains(&*role) {
                unused.count(&role, || look.place(Some(self.layout.role)));
            }
        };
        let end = match end {
            Err(error) if has_no_end(&error) => {
                findings.look(&mut *records).1.too_long();
                rows += 1;
                Ok(false)
            }
            end => end,
        };
        let stopped = findings.is_hopeless() || self.is_hopeless();
        let fine = findings.finish(&self.shown) && !stopped;
        unused.warn(known_roles, problems);
        if stopped {
            problems.push(Problem::error(msg!("recipients-hopeless", file = &self.shown)).at(Place::file(&self.shown)));
        }
        if let Err(error) = end {
            problems.push(lost(&error, &self.shown));
            return false;
        }
        if rows == 0 && fine {
            problems.push(Problem::error(msg!("recipients-none")).at(Place::file(&self.shown)));
            return false;
        }
        self.count = rows;
        self.files = Arc::new(files);
        fine
    }

    /// Whether there is more in the file, which nobody needs to see to know that it is no list.
    fn is_hopeless(&self) -> bool {
        match &self.held {
            Held::Text(source, _) => source.is_hopeless(),
            Held::Sheet(..) => false,
        }
    }
}

impl Recipients for RecipientsFile {
    fn shown(&self) -> &str {
        &self.shown
    }

    /// Known columns are in lower case, others as in the header.
    fn columns(&self) -> &[String] {
        &self.layout.columns
    }

    fn count(&self) -> usize {
        self.count
    }

    fn rows(&self) -> Rows<Recipient> {
        let (layout, files) = (Arc::clone(&self.layout), Arc::clone(&self.files));
        self.each(move |mut valid, values, number| {
            if let Some(column) = layout.attach {
                valid.attach = files.of(rows::cell(values, column));
            }
            rows::recipient(valid, values, number, &layout)
        })
    }

    fn outlines(&self) -> Rows<Outline> {
        let layout = Arc::clone(&self.layout);
        self.each(move |valid, values, _| Outline {
            role: rows::role(values, &layout).into_owned(),
            email: valid.email,
            serves: valid.serves,
            cc: valid.cc,
        })
    }

    fn files(&self) -> Vec<Attachment> {
        self.files.all()
    }

    fn place(&self, line: usize, column: Option<&str>) -> Place {
        let at = column.and_then(|column| self.layout.names.iter().position(|name| name == column));
        let place = match &self.held {
            Held::Text(..) => Place {
                line: Some(line),
                ..Place::file(&self.shown)
            },
            Held::Sheet(sheet, _) => sheet.at(&self.shown, line, at),
        };
        match column {
            Some(column) => place.field(column),
            None => place,
        }
    }

    fn has_verified(&self) -> bool {
        self.layout.verified.is_some()
    }

    fn is_lost(&self) -> bool {
        match &self.held {
            Held::Text(source, _) => source.is_lost(),
            Held::Sheet(..) => false,
        }
    }
}

/// What a file holds, as far as it is read.
enum Content {
    Text(Source, Option<Problem>),
    Sheet(OpenedSheet),
}

/// A file that is there.
enum Opened {
    /// A long one, whose text can be read as it stands.
    Chunks(Chunks),
    /// The bytes of any other.
    Bytes(Vec<u8>),
}

fn open(path: &Path, shown: &str, sizes: Sizes) -> Result<Opened, Problem> {
    let cannot = |error: io::Error| {
        let what = match error.kind() {
            ErrorKind::NotFound => msg!("recipients-missing", file = shown),
            _ => msg!("recipients-unreadable", file = shown, cause = error.to_string()),
        };
        Problem::error(what).at(Place::file(shown))
    };
    let (mut file, about) = match bounded::open(path) {
        Ok(opened) => opened,
        Err(Unread::NotAFile(_)) => {
            return Err(Problem::error(msg!("recipients-not-a-file", file = shown)).at(Place::file(shown)));
        }
        Err(Unread::Io(error)) => return Err(cannot(error)),
        Err(_) => return Err(cannot(ErrorKind::NotFound.into())),
    };
    if about.len() > sizes.kept {
        let again = file.try_clone().map_err(cannot)?;
        if let Some(chunks) = Chunks::scan(again, sizes).map_err(cannot)? {
            return Ok(Opened::Chunks(chunks));
        }
    }
    // On some systems the position is shared with the one that scanned.
    file.rewind().map_err(cannot)?;
    let mut bytes = Vec::new();
    let read = file.take(MOST_CONVERTED + 1).read_to_end(&mut bytes).map_err(cannot)?;
    if read as u64 > MOST_CONVERTED && sheet::is_one(&bytes) {
        return Err(Problem::error(msg!("sheet-too-large")).at(Place::file(shown)));
    }
    if read as u64 > MOST_CONVERTED {
        let size = bounded::size(about.len());
        let what = msg!("recipients-too-long-to-convert", file = shown, size = size);
        return Err(Problem::error(what).at(Place::file(shown)));
    }
    Ok(Opened::Bytes(bytes))
}

/// The text of a file, whole, and what there is to say about how it was read.
fn in_memory(bytes: Vec<u8>, shown: &str) -> Result<(Source, Option<Problem>), Problem> {
    let (mut text, note) = decode::decode(bytes, shown)?;
    if !text.contains('\n') && text.contains('\r') {
        // Line ends of old Macs.
        text = text.replace('\r', "\n");
    }
    Ok((Source::Memory(text), note))
}

/// The file cannot be read to its end, although it could before.
fn lost(error: &io::Error, shown: &str) -> Problem {
    let changed = matches!(error.get_ref(), Some(cause) if cause.is::<Changed>());
    let what = if changed {
        msg!("recipients-changed", file = shown)
    } else {
        msg!("recipients-lost", file = shown, cause = error.to_string())
    };
    Problem::error(what).at(Place::file(shown))
}

/// The roles in the file that no letter names.
#[derive(Default)]
struct Unused(BTreeMap<String, (usize, Place)>);

impl Unused {
    fn count(&mut self, role: &str, place: impl FnOnce() -> Place) {
        let role = &role[..floor_char_boundary(role, LONGEST_ROLE)];
        if let Some((rows, _)) = self.0.get_mut(role) {
            *rows += 1;
            return;
        }
        // Only the first in the alphabet are said. One that once was behind them stays there.
        let is_said = self.0.len() < SHOWN || self.0.last_key_value().is_some_and(|(last, _)| role < last.as_str());
        if is_said {
            self.0.insert(role.to_owned(), (1, place()));
        }
        if self.0.len() > SHOWN {
            self.0.pop_last();
        }
    }

    /// One warning for each, not one for each row.
    fn warn(self, known_roles: &BTreeSet<String>, problems: &mut Problems) {
        let roles = || -> Value {
            let roles = known_roles.iter().take(SHOWN).map(|role| format!("`{role}`").into());
            layout::and(roles.collect(), known_roles.len().saturating_sub(SHOWN) as u64)
        };
        for (role, (count, place)) in self.0 {
            let hint = match nearest(&role.to_lowercase(), known_roles.iter().map(String::as_str)) {
                Some(near) => Some(msg!("recipients-did-you-mean", name = near)),
                None if known_roles.is_empty() => None,
                None => Some(msg!("role-unused-roles", roles = roles())),
            };
            let problem = Problem::warning(msg!("role-unused", role = role, rows = count)).at(place);
            problems.push(problem.hint_if_any(hint));
        }
    }
}

#[cfg(test)]
mod tests;
