//! The bytes of letters that are needed again: of one in doubt, and of one whose copy was put off. What is sent once more is
//! the same message then, whatever became of facts and templates since.
//!
//! They lie in a folder beside the ledger, for their owner alone, and only while they are needed. In *slots*, one a
//! connection, stands the letter that began last on it: not synced, for what a killed process leaves behind.

use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use appel_core::letter::{Letter, LetterId, Message};
use sha2::{Digest, Sha256};

use super::ledger::{LedgerError, LedgerReader};
use crate::private::{self, Erasable};

/// What is kept begins so, with the format's number.
const BEGINS: &str = "appel 1";
/// No kept letter is longer: attachments have a limit, too.
const LONGEST: u64 = 256 << 20;
/// How the name of a kept letter ends, behind its id.
const ENDS: &str = ".letter";
/// How the name of a slot begins, before its number.
const SLOT: &str = "slot-";

/// A folder of letters.
#[derive(Debug)]
pub struct Kept {
    folder: PathBuf,
    slots: Mutex<Vec<Slot>>,
}

#[derive(Debug, Default)]
struct Slot {
    file: Option<File>,
    /// What was written last: room that is used again.
    holds: Vec<u8>,
}

/// A letter as it left.
#[derive(Debug, PartialEq, Eq)]
struct Found {
    id: LetterId,
    sha256: [u8; 32],
    subject: String,
    facts: String,
    bytes: Vec<u8>,
}

impl Kept {
    /// Beside a ledger.
    #[must_use]
    pub fn beside(ledger: &Path) -> Self {
        // Whoever names a link means what it leads to, as the ledger does.
        let ledger = fs::canonicalize(ledger).unwrap_or_else(|_| ledger.to_owned());
        let mut folder = ledger.into_os_string();
        folder.push(".letters");
        Self {
            folder: folder.into(),
            slots: Mutex::default(),
        }
    }

    fn make_folder(&self) -> io::Result<()> {
        self.is_no_link()?;
        private::own_folder(&self.folder)
    }

    /// A link is none of ours, whatever it leads to.
    fn is_no_link(&self) -> io::Result<()> {
        match fs::symlink_metadata(&self.folder) {
            Ok(found) if found.is_symlink() => Ok(private::look(&self.folder).map(|_| ())?),
            _ => Ok(()),
        }
    }

    fn path(&self, id: LetterId) -> PathBuf {
        self.folder.join(format!("{id}{ENDS}"))
    }

    /// A letter is about to begin on a connection: killed meanwhile, it is found there. That this fails stops nothing.
    pub fn put_in_slot(&self, number: usize, message: &Message, sha256: &[u8; 32]) {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() <= number {
            slots.resize_with(number + 1, Slot::default);
        }
        let slot = &mut slots[number];
        write_into(&mut slot.holds, message, sha256);
        if slot.file.is_none() {
            slot.file = self.open_slot(number).ok();
        }
        if let Some(file) = &slot.file {
            let _ = write_at_the_beginning(file, &slot.holds);
        }
    }

    fn open_slot(&self, number: usize) -> io::Result<File> {
        self.make_folder()?;
        let path = self.folder.join(format!("{SLOT}{number}"));
        private::open_own(&path, private::options().write(true).create(true))
    }

    /// Keeps a letter, safe from a power cut.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep(&self, message: &Message, sha256: &[u8; 32]) -> io::Result<()> {
        let mut bytes = Vec::new();
        write_into(&mut bytes, message, sha256);
        self.make_folder()?;
        private::write_atomic(&self.path(message.id), &bytes)
    }

    /// Keeps the letter that stands in a slot, if it is there: nobody knows what becomes of it.
    pub fn keep_what_is_in_a_slot(&self, id: LetterId) {
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let found = slots
            .iter()
            .find(|slot| Head::read(&slot.holds).is_some_and(|(head, _)| head.id == id));
        if let Some(slot) = found {
            // Where it cannot be kept, the message is written again when it is asked for.
            let _ = private::write_atomic(&self.path(id), &slot.holds);
        }
    }

    /// Whether a letter is kept.
    #[must_use]
    pub fn has(&self, id: LetterId) -> bool {
        fs::symlink_metadata(self.path(id)).is_ok()
    }

    /// The message that a letter was when it left, to whom it goes now; `None` when it is not kept, or not whole.
    #[must_use]
    pub fn message(&self, letter: &Letter) -> Option<Message> {
        self.is_no_link().ok()?;
        let found = read(&self.path(letter.id)).ok()??;
        (found.id == letter.id).then(|| Message {
            id: letter.id,
            letter: letter.spec.id.clone(),
            language: letter.language.clone(),
            envelope: letter.goes_to(),
            subject: found.subject,
            message_id: letter.id.message_id(&letter.envelope.from),
            facts: Arc::from(found.facts),
            bytes: found.bytes,
        })
    }

    /// Keeps of what a killed run left in slots what the ledger needs, and erases all that it does not need; `true` when
    /// nothing is left. To be called by whoever holds the ledger, when nothing is on its way.
    ///
    /// # Errors
    /// When the ledger cannot be read. What cannot be erased stays for the next time.
    pub async fn tidy(&self, ledger: &mut dyn LedgerReader) -> Result<bool, LedgerError> {
        self.tidy_by(async |ids| ledger.bytes_are_needed(ids).await).await
    }

    async fn tidy_by(
        &self,
        are_needed: impl AsyncFnOnce(&[LetterId]) -> Result<Vec<bool>, LedgerError>,
    ) -> Result<bool, LedgerError> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let Ok(names) = self.is_no_link().and_then(|()| fs::read_dir(&self.folder)) else {
            return Ok(true);
        };
        let mut kept = Vec::new();
        let mut slots: BTreeMap<(SystemTime, PathBuf), Option<Found>> = BTreeMap::new();
        for entry in names.flatten() {
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            if let Some(id) = name.strip_suffix(ENDS).and_then(|id| id.parse().ok()) {
                kept.push((id, path));
            } else if name.starts_with(SLOT) {
                let changed = entry.metadata().and_then(|about| about.modified());
                let found = read(&path).ok().flatten();
                slots.insert((changed.unwrap_or(SystemTime::UNIX_EPOCH), path), found);
            } else if name.starts_with(".new-") {
                erase(&path);
            }
        }
        let in_slots = slots.values().flatten().map(|found| found.id);
        let ids: Vec<LetterId> = kept.iter().map(|(id, _)| *id).chain(in_slots).collect();
        let answers = are_needed(&ids).await?;
        let needed: HashSet<LetterId> = ids
            .into_iter()
            .zip(answers)
            .filter(|(_, is)| *is)
            .map(|(id, _)| id)
            .collect();
        // Of two slots with one letter the one that was written last counts.
        for ((_, path), found) in slots {
            let is_safe = found.filter(|found| needed.contains(&found.id)).is_none_or(|found| {
                let mut bytes = Vec::new();
                found.write_into(&mut bytes);
                private::write_atomic(&self.path(found.id), &bytes).is_ok()
            });
            if is_safe {
                erase(&path);
            }
        }
        for (id, path) in kept {
            if !needed.contains(&id) {
                erase(&path);
            }
        }
        Ok(fs::remove_dir(&self.folder).is_ok())
    }
}

/// As well as the disk lets one: a file that is not one's own is left alone.
fn erase(path: &Path) {
    if let Ok(Some(file)) = Erasable::open(path) {
        let _ = file.erase();
    }
}

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// The first line of what is kept, and how long its parts are.
struct Head {
    id: LetterId,
    sha256: [u8; 32],
    subject: usize,
    facts: usize,
    bytes: usize,
}

impl Head {
    /// With what comes after it.
    fn read(text: &[u8]) -> Option<(Self, &[u8])> {
        let end = memchr::memchr(b'\n', text)?;
        let line = std::str::from_utf8(&text[..end]).ok()?;
        let mut words = line.strip_prefix(BEGINS)?.strip_prefix(' ')?.split(' ');
        let id = words.next()?.parse().ok()?;
        let digest = words.next()?;
        let mut lengths = words.map(str::parse::<usize>);
        let mut length = || lengths.next()?.ok();
        let (subject, facts, bytes) = (length()?, length()?, length()?);
        let mut sha256 = [0; 32];
        if digest.len() != 64 || !digest.is_ascii() {
            return None;
        }
        for (at, byte) in sha256.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&digest[2 * at..2 * at + 2], 16).ok()?;
        }
        let head = Self {
            id,
            sha256,
            subject,
            facts,
            bytes,
        };
        Some((head, &text[end + 1..]))
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.clear();
        let Self {
            id,
            sha256,
            subject,
            facts,
            bytes,
        } = self;
        // To memory: it does not fail.
        let _ = write!(out, "{BEGINS} {id} ");
        for byte in sha256 {
            out.extend([DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
        }
        let _ = writeln!(out, " {subject} {facts} {bytes}");
    }
}

fn write_into(out: &mut Vec<u8>, message: &Message, sha256: &[u8; 32]) {
    let head = Head {
        id: message.id,
        sha256: *sha256,
        subject: message.subject.len(),
        facts: message.facts.len(),
        bytes: message.bytes.len(),
    };
    head.write(out);
    out.extend_from_slice(message.subject.as_bytes());
    out.extend_from_slice(message.facts.as_bytes());
    out.extend_from_slice(&message.bytes);
}

impl Found {
    /// What stands in a file; `None` when it is not whole. What lies behind it is from a longer letter before.
    fn read(text: &[u8]) -> Option<Self> {
        let (head, rest) = Head::read(text)?;
        let (subject, rest) = rest.split_at_checked(head.subject)?;
        let (facts, rest) = rest.split_at_checked(head.facts)?;
        let bytes = rest.get(..head.bytes)?.to_vec();
        let sha256: [u8; 32] = Sha256::digest(&bytes).into();
        if sha256 != head.sha256 {
            return None;
        }
        Some(Self {
            id: head.id,
            sha256,
            subject: String::from_utf8(subject.to_vec()).ok()?,
            facts: String::from_utf8(facts.to_vec()).ok()?,
            bytes,
        })
    }

    fn write_into(&self, out: &mut Vec<u8>) {
        let head = Head {
            id: self.id,
            sha256: self.sha256,
            subject: self.subject.len(),
            facts: self.facts.len(),
            bytes: self.bytes.len(),
        };
        head.write(out);
        out.extend_from_slice(self.subject.as_bytes());
        out.extend_from_slice(self.facts.as_bytes());
        out.extend_from_slice(&self.bytes);
    }
}

fn read(path: &Path) -> io::Result<Option<Found>> {
    let file = match private::open_own(path, private::options().read(true)) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let mut text = Vec::new();
    file.take(LONGEST).read_to_end(&mut text)?;
    Ok(Found::read(&text))
}

#[cfg(unix)]
fn write_at_the_beginning(file: &File, bytes: &[u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, 0)
}

#[cfg(not(unix))]
fn write_at_the_beginning(mut file: &File, bytes: &[u8]) -> io::Result<()> {
    use std::io::{Seek, SeekFrom};
    file.seek(SeekFrom::Start(0))?;
    file.write_all(bytes)
}

#[cfg(test)]
mod tests;
