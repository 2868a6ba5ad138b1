//! `recipients.csv`, read into a validated [`RecipientsFile`].

mod decode;
mod files;
mod findings;
mod layout;
mod records;
mod rows;
mod scan;
mod source;
mod tape;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind, Read as _, Seek as _};
use std::path::Path;
use std::sync::Arc;

use appel_core::campaign::Attachment;
use appel_core::recipients::{Outline, Recipient, Recipients, Rows};
use appel_core::words::{floor_char_boundary, nearest};
use appel_messages::{Value, msg};

use super::bounded::{self, Unread};
use crate::failure::{Place, Problem, Problems};
pub use files::Files;
use findings::Findings;
use layout::Layout;
use records::{Records, has_no_end};
use rows::{Silent, Valid};
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
/// changes nothing; and what is written into it is noticed before any of it is used.
#[derive(Clone, Debug)]
pub struct RecipientsFile {
    shown: String,
    source: Arc<Source>,
    layout: Arc<Layout>,
    files: Arc<Files>,
    count: usize,
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
        Self::load_in(Sizes::USUAL, path, shown, known_roles, files, problems)
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
        Self::load_in(PIECES, path, shown, known_roles, files, problems)
    }

    fn load_in(
        sizes: Sizes,
        path: &Path,
        shown: &str,
        known_roles: &BTreeSet<String>,
        files: Files,
        problems: &mut Problems,
    ) -> Option<Self> {
        let source = open(path, shown, sizes).and_then(|file| match file {
            Opened::Chunks(chunks) => Ok((Source::File(chunks), None)),
            Opened::Bytes(bytes) => in_memory(bytes, shown),
        });
        match source {
            Ok((source, note)) => {
                problems.extend(note);
                Self::read(source, shown, known_roles, files, problems)
            }
            Err(problem) => {
                problems.push(problem);
                None
            }
        }
    }

    fn read(
        source: Source,
        shown: &str,
        known_roles: &BTreeSet<String>,
        files: Files,
        problems: &mut Problems,
    ) -> Option<Self> {
        let source = Arc::new(source);
        let layout = match tape::head(&source) {
            Ok(head) => layout::read(&head, shown, problems)?,
            Err(error) => {
                problems.push(lost(&error, shown));
                return None;
            }
        };
        let mut roster = Self {
            shown: shown.to_owned(),
            source,
            layout: Arc::new(layout),
            files: Arc::default(),
            count: 0,
        };
        let fine = roster.check(known_roles, files, problems);
        fine.then_some(roster)
    }

    /// The rows, each made of what is valid in it.
    fn each<Row: 'static>(&self, make: impl Fn(Valid, &Records) -> Row + Send + 'static) -> Rows<Row> {
        let mut records = Records::new(&self.source, &self.layout);
        let (layout, shown) = (Arc::clone(&self.layout), self.shown.clone());
        Box::new(std::iter::from_fn(move || {
            loop {
                match records.advance() {
                    Ok(true) => {}
                    Ok(false) => return None,
                    Err(error) => return Some(Err(lost(&error, &shown))),
                }
                if rows::is_blank(&records.record) {
                    continue;
                }
                if let Some(valid) = rows::read(&records.record, &layout, &mut Silent) {
                    return Some(Ok(make(valid, &records)));
                }
            }
        }))
    }

    /// Looks at every row; whether all are right.
    fn check(&mut self, known_roles: &BTreeSet<String>, mut files: Files, problems: &mut Problems) -> bool {
        let mut findings = Findings::new(&self.shown, &self.layout, problems);
        let mut unused = Unused::default();
        let mut records = Records::new(&self.source, &self.layout);
        let mut rows = 0;
        let end = loop {
            match records.advance() {
                Ok(true) => {}
                end => break end,
            }
            if let Some(slip) = records.slip() {
                findings.look(&mut records).1.quote(slip);
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
            if rows::is_blank(&records.record) {
                continue;
            }
            rows += 1;
            let (record, mut look) = findings.look(&mut records);
            if rows::read(record, &self.layout, &mut look).is_none() {
                continue;
            }
            if let Some(column) = self.layout.attach {
                files.check(rows::cell(record, column), column, &mut look);
            }
            let role = rows::cell(record, self.layout.role);
            if !known_roles.contains(role) {
                unused.count(role, || look.place(Some(self.layout.role)));
            }
        };
        let end = match end {
            Err(error) if has_no_end(&error) => {
                findings.look(&mut records).1.too_long();
                rows += 1;
                Ok(false)
            }
            end => end,
        };
        let stopped = findings.is_hopeless() || self.source.is_hopeless();
        let fine = findings.finish() && !stopped;
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
        self.each(move |mut valid, records| {
            if let Some(column) = layout.attach {
                valid.attach = files.of(rows::cell(&records.record, column));
            }
            rows::recipient(valid, &records.record, records.line, &layout)
        })
    }

    fn outlines(&self) -> Rows<Outline> {
        let role = self.layout.role;
        self.each(move |valid, records| Outline {
            role: rows::cell(&records.record, role).to_owned(),
            email: valid.email,
            serves: valid.serves,
            cc: valid.cc,
        })
    }

    fn files(&self) -> Vec<Attachment> {
        self.files.all()
    }

    fn is_lost(&self) -> bool {
        self.source.is_lost()
    }
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
    if read as u64 > MOST_CONVERTED && !decode::is_spreadsheet(&bytes) {
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
