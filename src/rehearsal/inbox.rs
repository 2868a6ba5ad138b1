//! Where the letters of a rehearsal arrive: counted, the first of them remembered, and every one kept
//! as a file when asked for.
//!
//! A campaign may have a million recipients, so that memory is bounded whatever arrives.

#[cfg(test)]
mod tests;

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{mem, str};

use appel_messages::{Message, msg};

use super::server::{Arrived, Sink};
use crate::private;

/// Octets of remembered letters at most, all together. Twenty letters with large attachments would
/// otherwise hold a gigabyte.
const REMEMBERED_BYTES: usize = 64 * 1024 * 1024;

/// Octets of a Message-ID that go into a file name at most: names end at 255 on most file systems.
const NAME_LENGTH: usize = 100;

/// Collects the letters of one rehearsal. The [`Sink`] it hands out goes to the server; the inbox
/// stays with the caller.
#[derive(Debug)]
pub struct Inbox {
    state: Arc<Mutex<State>>,
}

/// What had arrived at the end of a rehearsal.
#[derive(Debug)]
pub struct Contents {
    /// Letters accepted.
    pub accepted: u64,
    /// The first of them, in order of arrival.
    pub letters: Vec<Arrived>,
    /// The first letter that could not be kept, with the file named. Such letters were answered
    /// `452` and not counted.
    pub failure: Option<io::Error>,
}

/// Why letters cannot be kept in a folder.
#[derive(Debug)]
pub enum KeepError {
    /// The folder could not be made or read.
    Folder {
        /// The folder as given.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The folder holds something already, such as another rehearsal: the two would be mixed.
    NotEmpty(PathBuf),
}

impl KeepError {
    /// What happened.
    #[must_use]
    pub fn message(&self) -> Message {
        let (Self::Folder { folder, .. } | Self::NotEmpty(folder)) = self;
        msg!("rehearsal-keeps-nothing", path = appel_core::words::path(folder))
    }

    /// Why.
    #[must_use]
    pub fn cause(&self) -> Message {
        match self {
            Self::Folder { source, .. } => Message::quote(source.to_string()),
            Self::NotEmpty(folder) => msg!("rehearsal-folder-not-empty", path = appel_core::words::path(folder)),
        }
    }
}

#[derive(Debug)]
struct State {
    accepted: u64,
    failure: Option<io::Error>,
    letters: Vec<Arrived>,
    /// How many more letters are remembered, and how many octets of them.
    room: usize,
    bytes_left: usize,
    folder: Option<PathBuf>,
}

impl Inbox {
    /// Remembers the first `letters` letters (fewer, if they are larger than 64 MiB together) and
    /// counts the others.
    #[must_use]
    pub fn remembering(letters: usize) -> Self {
        Self::new(letters, None)
    }

    /// Writes each letter to `folder` as `NNNN-ID.eml`, too: its number in order of arrival, the
    /// left side of its Message-ID, and in the file its exact bytes. Files are 0600; the folder, if
    /// it is not there yet, is made 0700.
    ///
    /// # Errors
    ///
    /// See [`KeepError`].
    pub fn keeping(letters: usize, folder: &Path) -> Result<Self, KeepError> {
        let failed = |source| KeepError::Folder {
            folder: folder.to_owned(),
            source,
        };
        private::folder(folder).map_err(failed)?;
        match fs::read_dir(folder).map_err(failed)?.next() {
            None => Ok(Self::new(letters, Some(folder.to_owned()))),
            Some(_) => Err(KeepError::NotEmpty(folder.to_owned())),
        }
    }

    fn new(room: usize, folder: Option<PathBuf>) -> Self {
        Self {
            state: Arc::new(Mutex::new(State {
                accepted: 0,
                failure: None,
                letters: Vec::new(),
                room,
                bytes_left: REMEMBERED_BYTES,
                folder,
            })),
        }
    }

    /// The end that the server gets.
    #[must_use]
    pub fn sink(&self) -> Sink {
        let state = Arc::clone(&self.state);
        Box::new(move |letter| lock(&state).take(letter))
    }

    /// What has arrived. Call it when the server has stopped: a letter that arrives later is in no
    /// report.
    #[must_use]
    pub fn into_contents(self) -> Contents {
        let mut state = lock(&self.state);
        Contents {
            accepted: state.accepted,
            letters: mem::take(&mut state.letters),
            failure: state.failure.take(),
        }
    }
}

impl State {
    /// Keeps one letter, or says why not. The caller learns of the first failure only: a full disk
    /// has one cause, and a million letters to tell it.
    fn take(&mut self, letter: Arrived) -> io::Result<()> {
        if let Some(folder) = &self.folder {
            let path = folder.join(file_name(self.accepted + 1, &letter.bytes));
            if let Err(error) = write_private(&path, &letter.bytes) {
                let kind = error.kind();
                let failure = io::Error::new(kind, format!("{}: {error}", appel_core::words::path(&path)));
                self.failure.get_or_insert(failure);
                return Err(error);
            }
        }
        if self.letters.len() < self.room && letter.bytes.len() <= self.bytes_left {
            self.bytes_left -= letter.bytes.len();
            self.letters.push(letter);
        } else {
            // What is shown is the beginning: no later, smaller letter takes the place of one that
            // was too large.
            self.room = 0;
        }
        self.accepted += 1;
        Ok(())
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    // Counts and letters are whole between any two statements above, whatever panicked.
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes a new file that only its owner can read. It never follows a link or replaces a file, and
/// leaves none half written.
fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file: File = private::options().write(true).create_new(true).open(path)?;
    file.write_all(bytes).inspect_err(|_| {
        // The reply will be 452 and the letter come again. Its remains are in the way then, but the
        // error above tells more than one about removing them.
        let _ = fs::remove_file(path);
    })
}

fn file_name(number: u64, message: &[u8]) -> String {
    let id = message_id(message).unwrap_or_default();
    let local = id.split('@').next().unwrap_or_default();
    // ASCII letters and digits are safe in a name anywhere; a leading number keeps it from being
    // `..` or `CON`.
    let safe = |letter: char| {
        if letter.is_ascii_alphanumeric() || "-_.".contains(letter) {
            letter
        } else {
            '_'
        }
    };
    let local: String = local.chars().take(NAME_LENGTH).map(safe).collect();
    let local = if local.is_empty() { "letter" } else { &local };
    format!("{number:04}-{local}.eml")
}

/// The text between the angle brackets of `Message-ID` (RFC 5322 §3.6.4), which may be folded onto
/// the next line.
fn message_id(message: &[u8]) -> Option<&str> {
    const NAME: &[u8] = b"message-id:";
    let header = message
        .windows(4)
        .position(|end| end == b"\r\n\r\n")
        .map_or(message, |end| message.split_at(end).0);
    let mut lines = header;
    let value = loop {
        match lines.split_at_checked(NAME.len()) {
            Some((name, value)) if name.eq_ignore_ascii_case(NAME) => break value,
            _ => lines = lines.get(lines.iter().position(|&octet| octet == b'\n')? + 1..)?,
        }
    };
    let value = value.trim_ascii_start().strip_prefix(b"<")?;
    let end = value.iter().position(|&octet| octet == b'>')?;
    str::from_utf8(value.get(..end)?).ok()
}
