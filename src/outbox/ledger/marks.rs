//! What happened since the ledger's last synced commit, in a file beside it that outlives a killed process.
//!
//! A synced commit costs a hundred times what a write costs that the system keeps but does not sync. So every `Begin`
//! and every outcome is written here at once, and joins the ledger with the next synced commit. Each such commit opens
//! a new generation that writes over the old one; marks of another generation count for nothing.
//!
//! The last mark is always an empty one, the end: so marks that were cut off or changed are told from those that ended
//! there, and a commit that the database has lost is noticed.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::Entry;
use crate::private;

/// The first bytes, then the run that the marks belong to.
const MAGIC: &[u8; 8] = b"APPELMK2";
const HEADER: usize = 16;
/// Before the digest; what a run marks begins with a brace.
const SEAL: &[u8; 7] = b"sealed ";
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
        let mut buffer = Vec::with_capacity(1024);
        buffer.extend_from_slice(&header(run));
        push_mark(&mut buffer, 0, &[])?;
        // Cut off only when it is known to be a file of no other name.
        let mut options = private::options();
        options.write(true).create(true).truncate(false);
        let mut file = private::open(&path(ledger), &options)?;
        file.set_len(0)?;
        file.write_all(&buffer)?;
        Ok(Self {
            file,
            generation: 0,
            at: HEADER as u64,
            buffer,
        })
    }

    /// The generation that a synced commit opens.
    pub const fn next_generation(&self) -> u64 {
        self.generation + 1
    }

    /// That commit is done: what was marked before is in the ledger.
    pub fn committed(&mut self) {
        self.generation += 1;
        self.at = HEADER as u64;
        // Should the database lose the commit, this is how it is noticed. Not to be able to write it loses nothing else.
        let _ = self.write(std::iter::empty());
    }

    /// The run is over, and all that it wrote is in the database: this is the digest of that file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn seal(mut self, digest: &[u8; 32]) -> io::Result<()> {
        self.write(std::iter::once([SEAL.as_slice(), digest].concat().as_slice()))
    }

    /// Writes marks, all with one write: each an entry as JSON.
    ///
    /// # Errors
    /// When they could not be written whole; they then count for nothing.
    pub fn write<'e>(&mut self, entries: impl Iterator<Item = &'e [u8]>) -> io::Result<()> {
        self.buffer.clear();
        for entry in entries {
            push_mark(&mut self.buffer, self.generation, entry)?;
        }
        let end = self.buffer.len();
        push_mark(&mut self.buffer, self.generation, &[])?;
        let written = write_at(&mut self.file, &self.buffer, self.at);
        if written.is_ok() {
            self.at += end as u64;
        } else {
            // The end goes back to where it was, over bytes that are there already: so it mostly can on a full disk.
            let _ = write_at(&mut self.file, &self.buffer[end..], self.at);
        }
        written
    }
}

fn push_mark(buffer: &mut Vec<u8>, generation: u64, content: &[u8]) -> io::Result<()> {
    let length = u32::try_from(content.len()).map_err(io::Error::other)?;
    buffer.extend_from_slice(&length.to_be_bytes());
    buffer.extend_from_slice(&check(generation, content));
    buffer.extend_from_slice(&generation.to_be_bytes());
    buffer.extend_from_slice(content);
    Ok(())
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

/// What a killed run marked after its last synced commit.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// In order.
    pub entries: Vec<Entry>,
    /// There was nothing more: the marks are there, are this run's, and end where they ended.
    pub whole: bool,
}

/// The marks that a killed run left behind its last synced commit.
pub fn left_by(ledger: &Path, run: i64, generation: u64) -> Left {
    let mut left = Left::default();
    let Ok(file) = open(ledger) else {
        return left;
    };
    let mut reader = io::BufReader::new(file);
    let mut found = [0; HEADER];
    if reader.read_exact(&mut found).is_err() || found != header(run) {
        return left;
    }
    while let Some((of, bytes)) = next(&mut reader) {
        if of != generation {
            // It was killed before it could open the new generation: what was marked before is in the commit.
            left.whole = left.entries.is_empty() && of < generation;
            break;
        }
        if bytes.is_empty() {
            left.whole = true;
            break;
        }
        match serde_json::from_slice(&bytes) {
            Ok(entry) => left.entries.push(entry),
            Err(_) => break,
        }
    }
    left
}

/// The last run that marked anything here, and its last synced commit that is known of; the database has both, or has
/// lost what it had.
pub fn newest(ledger: &Path) -> Option<(i64, u64)> {
    let mut file = open(ledger).ok()?;
    let mut found = [0; HEADER];
    file.read_exact(&mut found).ok()?;
    let run = i64::from_be_bytes(*found.strip_prefix(MAGIC)?.first_chunk()?);
    // Each commit begins anew at the top.
    let generation = next(&mut file).map_or(0, |(generation, _)| generation);
    Some((run, generation))
}

/// The digest of the database as the last run left it, if that run ended and said so.
pub fn seal(ledger: &Path) -> Option<[u8; 32]> {
    let mut file = open(ledger).ok()?;
    let mut found = [0; HEADER];
    file.read_exact(&mut found).ok()?;
    found.strip_prefix(MAGIC)?;
    let (_, mark) = next(&mut file)?;
    mark.strip_prefix(SEAL)?.try_into().ok()
}

fn open(ledger: &Path) -> io::Result<File> {
    private::open(&path(ledger), private::options().read(true))
}

/// The next mark, with its generation.
fn next(reader: &mut impl Read) -> Option<(u64, Vec<u8>)> {
    let mut prefix = [0; PREFIX];
    reader.read_exact(&mut prefix).ok()?;
    let (length, rest) = prefix.split_first_chunk::<4>()?;
    let (sum, rest) = rest.split_first_chunk::<8>()?;
    let length = u32::from_be_bytes(*length) as usize;
    let generation = u64::from_be_bytes(*rest.first_chunk()?);
    if length > LONGEST {
        return None;
    }
    let mut bytes = vec![0; length];
    reader.read_exact(&mut bytes).ok()?;
    (*sum == check(generation, &bytes)).then_some((generation, bytes))
}

/// The first bytes of the SHA-256 of a number and what belongs to it.
pub fn check(number: u64, bytes: &[u8]) -> [u8; 8] {
    let digest = Sha256::new()
        .chain_update(number.to_be_bytes())
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
    use appel_core::letter::LetterId;

    fn begin(number: u8) -> Entry {
        Entry::Begin(LetterId::from_bytes([number; 16]))
    }

    fn write(marks: &mut Marks, entries: &[Entry]) {
        let entries: Vec<_> = entries.iter().map(|entry| serde_json::to_vec(entry).unwrap()).collect();
        marks.write(entries.iter().map(Vec::as_slice)).unwrap();
    }

    fn whole(entries: &[Entry]) -> Left {
        Left {
            entries: entries.to_vec(),
            whole: true,
        }
    }

    #[test]
    fn marks_are_read_back_until_the_next_commit() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = dir.path().join("l");
        let mut marks = Marks::begin(&ledger, 7).unwrap();
        assert_eq!(left_by(&ledger, 7, 0), whole(&[]));
        write(&mut marks, &[begin(1), begin(2)]);
        write(&mut marks, &[begin(3)]);
        assert_eq!(left_by(&ledger, 7, 0), whole(&[begin(1), begin(2), begin(3)]));
        // Killed after the commit, and before it was known here.
        assert_eq!(left_by(&ledger, 7, 1), whole(&[]));
        assert_eq!(left_by(&ledger, 8, 0), Left::default());
        marks.committed();
        assert_eq!(left_by(&ledger, 7, 1), whole(&[]));
        write(&mut marks, &[begin(4)]);
        assert_eq!(left_by(&ledger, 7, 1), whole(&[begin(4)]));
        assert_eq!(left_by(&ledger, 7, 0), Left::default());
    }

    #[test]
    fn the_marks_know_the_last_run_and_its_last_commit() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = dir.path().join("l");
        assert_eq!(newest(&ledger), None);
        let mut marks = Marks::begin(&ledger, 7).unwrap();
        assert_eq!(newest(&ledger), Some((7, 0)));
        write(&mut marks, &[begin(1)]);
        assert_eq!(newest(&ledger), Some((7, 0)));
        for generation in 1..4 {
            marks.committed();
            assert_eq!(newest(&ledger), Some((7, generation)));
            write(&mut marks, &[begin(2)]);
            assert_eq!(newest(&ledger), Some((7, generation)));
            assert_eq!(left_by(&ledger, 7, generation), whole(&[begin(2)]));
        }
        std::fs::write(path(&ledger), b"no marks, but something else").unwrap();
        assert_eq!(newest(&ledger), None);
    }

    #[test]
    fn a_seal_is_there_from_the_end_of_a_run_to_the_beginning_of_the_next() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = dir.path().join("l");
        assert_eq!(seal(&ledger), None);
        let mut marks = Marks::begin(&ledger, 7).unwrap();
        write(&mut marks, &[begin(1)]);
        assert_eq!(seal(&ledger), None);
        marks.committed();
        marks.seal(&[9; 32]).unwrap();
        assert_eq!(seal(&ledger), Some([9; 32]));
        assert_eq!(newest(&ledger), Some((7, 1)));
        let whole = std::fs::read(path(&ledger)).unwrap();
        for at in 0..HEADER + PREFIX + 7 + 32 {
            let mut flipped = whole.clone();
            flipped[at] ^= 1;
            std::fs::write(path(&ledger), &flipped).unwrap();
            // (Which run it was does not matter.)
            let expected = (8..HEADER).contains(&at).then_some([9; 32]);
            assert_eq!(seal(&ledger), expected, "byte {at}");
        }
        Marks::begin(&ledger, 8).unwrap();
        assert_eq!(seal(&ledger), None);
    }

    #[test]
    fn torn_marks_are_known_to_be_and_what_stands_before_the_tear_counts() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = dir.path().join("l");
        let mut marks = Marks::begin(&ledger, 7).unwrap();
        // Older, longer marks lie behind the end.
        write(&mut marks, &[begin(8), begin(9), begin(10), begin(11)]);
        marks.committed();
        write(&mut marks, &[begin(1), begin(2)]);
        let end = usize::try_from(marks.at).unwrap() + PREFIX;
        let whole = std::fs::read(path(&ledger)).unwrap();
        for at in 0..end {
            let mut flipped = whole.clone();
            flipped[at] ^= 1;
            for torn in [&whole[..at], &flipped] {
                std::fs::write(path(&ledger), torn).unwrap();
                let left = left_by(&ledger, 7, 1);
                assert!(!left.whole, "torn at byte {at}");
                assert!([begin(1), begin(2)].starts_with(&left.entries), "{left:?}");
            }
        }
        std::fs::write(path(&ledger), &whole[..end]).unwrap();
        assert!(left_by(&ledger, 7, 1).whole);
    }
}
