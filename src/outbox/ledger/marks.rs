//! What happened since the ledger's last synced commit, in a file beside it that outlives a killed process.
//!
//! A synced commit costs a hundred times what a write costs that the system keeps but does not sync. So every `Begin`
//! and every outcome is written here at once, and joins the ledger with the next synced commit. Each such commit opens
//! a new generation that writes over the old one; marks of another generation count for nothing.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::Entry;
use crate::private;

/// The first bytes, then the run that the marks belong to.
const MAGIC: &[u8; 8] = b"APPELMK1";
const HEADER: usize = 16;
/// Before each mark: its length, a check over generation and bytes, the generation.
const PREFIX: usize = 4 + 8 + 8;
/// No mark is longer; what claims to be is none.
const LONGEST: usize = 1 << 20;

/// The marks of a run that goes on.
#[derive(Debug)]
pub struct Marks {
    file: File,
    generation: u64,
    at: u64,
    buffer: Vec<u8>,
}

impl Marks {
    /// Begins the marks of a run, over those of the run before.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn begin(ledger: &Path, run: i64) -> io::Result<Self> {
        let mut options = private::options();
        options.write(true).create(true).truncate(true);
        let mut file = options.open(path(ledger))?;
        file.write_all(&header(run))?;
        Ok(Self {
            file,
            generation: 0,
            at: HEADER as u64,
            buffer: Vec::with_capacity(1024),
        })
    }

    /// The generation that a synced commit opens.
    pub const fn next_generation(&self) -> u64 {
        self.generation + 1
    }

    /// That commit is done: what was marked before is in the ledger.
    pub const fn committed(&mut self) {
        self.generation += 1;
        self.at = HEADER as u64;
    }

    /// Writes marks, all with one write.
    ///
    /// # Errors
    /// When they could not be written whole; they then count for nothing.
    pub fn write(&mut self, entries: &[Entry]) -> io::Result<()> {
        self.buffer.clear();
        for entry in entries {
            let start = self.buffer.len();
            self.buffer.extend_from_slice(&[0; PREFIX]);
            serde_json::to_writer(&mut self.buffer, entry)?;
            let (prefix, bytes) = self.buffer[start..].split_at_mut(PREFIX);
            let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
            prefix[..4].copy_from_slice(&length.to_be_bytes());
            prefix[4..12].copy_from_slice(&check(self.generation, bytes));
            prefix[12..].copy_from_slice(&self.generation.to_be_bytes());
        }
        write_at(&mut self.file, &self.buffer, self.at)?;
        self.at += self.buffer.len() as u64;
        Ok(())
    }
}

#[cfg(unix)]
fn write_at(file: &mut File, bytes: &[u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, at)
}

#[cfg(not(unix))]
fn write_at(file: &mut File, bytes: &[u8], at: u64) -> io::Result<()> {
    use std::io::{Seek, SeekFrom};
    file.seek(SeekFrom::Start(at))?;
    file.write_all(bytes)
}

/// The marks that a killed run left behind its last synced commit, in order.
///
/// `None` when there are none to be trusted: the file is gone, or another run's.
pub fn left_by(ledger: &Path, run: i64, generation: u64) -> Option<Vec<Entry>> {
    let mut file = File::open(path(ledger)).ok()?;
    let mut found = [0; HEADER];
    file.read_exact(&mut found).ok()?;
    if found != header(run) {
        return None;
    }
    let mut entries = Vec::new();
    let mut reader = io::BufReader::new(file);
    while let Some(bytes) = next(&mut reader, generation) {
        match serde_json::from_slice(&bytes) {
            Ok(entry) => entries.push(entry),
            Err(_) => break,
        }
    }
    Some(entries)
}

fn next(reader: &mut impl Read, generation: u64) -> Option<Vec<u8>> {
    let mut prefix = [0; PREFIX];
    reader.read_exact(&mut prefix).ok()?;
    let (length, rest) = prefix.split_first_chunk::<4>()?;
    let (sum, rest) = rest.split_first_chunk::<8>()?;
    let length = u32::from_be_bytes(*length) as usize;
    if length > LONGEST || rest != generation.to_be_bytes() {
        return None;
    }
    let mut bytes = vec![0; length];
    reader.read_exact(&mut bytes).ok()?;
    (*sum == check(generation, &bytes)).then_some(bytes)
}

fn check(generation: u64, bytes: &[u8]) -> [u8; 8] {
    let digest = Sha256::new()
        .chain_update(generation.to_be_bytes())
        .chain_update(bytes)
        .finalize();
    let mut check = [0; 8];
    check.copy_from_slice(&digest[..8]);
    check
}

fn header(run: i64) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    header[..8].copy_from_slice(MAGIC);
    header[8..].copy_from_slice(&run.to_be_bytes());
    header
}

fn path(ledger: &Path) -> PathBuf {
    let mut name = ledger.as_os_str().to_owned();
    name.push(".marks");
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::letter::LetterId;

    fn begin(number: u8) -> Entry {
        Entry::Begin(LetterId::from_bytes([number; 16]))
    }

    #[test]
    fn marks_are_read_back_until_the_next_commit() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = dir.path().join("l");
        let mut marks = Marks::begin(&ledger, 7).unwrap();
        marks.write(&[begin(1), begin(2)]).unwrap();
        marks.write(&[begin(3)]).unwrap();
        assert_eq!(left_by(&ledger, 7, 0).unwrap(), [begin(1), begin(2), begin(3)]);
        assert_eq!(left_by(&ledger, 7, 1).unwrap(), []);
        assert_eq!(left_by(&ledger, 8, 0), None);
        marks.committed();
        marks.write(&[begin(4)]).unwrap();
        assert_eq!(left_by(&ledger, 7, 1).unwrap(), [begin(4)]);
        assert_eq!(left_by(&ledger, 7, 0).unwrap(), []);
    }

    #[test]
    fn a_torn_mark_and_what_follows_it_count_for_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = dir.path().join("l");
        Marks::begin(&ledger, 7).unwrap().write(&[begin(1), begin(2)]).unwrap();
        let whole = std::fs::read(path(&ledger)).unwrap();
        for cut in 0..whole.len() {
            std::fs::write(path(&ledger), &whole[..cut]).unwrap();
            let left = left_by(&ledger, 7, 0).unwrap_or_default();
            assert!(left.len() < 2 && left.iter().all(|entry| *entry == begin(1)));
            let mut flipped = whole.clone();
            flipped[cut] ^= 1;
            std::fs::write(path(&ledger), &flipped).unwrap();
            assert!(left_by(&ledger, 7, 0).unwrap_or_default().len() < 2);
        }
    }
}
