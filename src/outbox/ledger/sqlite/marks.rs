//! How far a ledger is, in a file beside it: so that it is noticed when the database lacks what it had.
//!
//! After every commit the run and the commit's number are written here, and the number of the last one that was synced. A
//! database that lacks a synced commit was put back from a copy, or lost its write-ahead file; one that lacks others after
//! a killed process has lost the end of that file. (After a power cut it may.)

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::private;

/// The first bytes; those before this format are read by [`super::before_5`].
const MAGIC: &[u8; 8] = b"APPELMK3";
/// Then three numbers, and the first bytes of the SHA-256 of all before.
pub const LENGTH: usize = 8 + 3 * 8 + 8;

/// How far a run came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The run.
    pub run: i64,
    /// Its last synced commit that is known of.
    pub synced: u64,
    /// Its last commit.
    pub last: u64,
}

impl Mark {
    fn written(self) -> [u8; LENGTH] {
        let mut bytes = [0; LENGTH];
        let (content, sum) = bytes.split_at_mut(LENGTH - 8);
        content[..8].copy_from_slice(MAGIC);
        for (number, place) in [self.run.cast_unsigned(), self.synced, self.last]
            .into_iter()
            .zip(content[8..].chunks_exact_mut(8))
        {
            place.copy_from_slice(&number.to_be_bytes());
        }
        sum.copy_from_slice(&Sha256::digest(&*content)[..8]);
        bytes
    }

    fn read(bytes: &[u8; LENGTH]) -> Option<Self> {
        let mut numbers = bytes.strip_prefix(MAGIC)?.as_chunks::<8>().0.iter();
        let mut number = || numbers.next().map(|bytes| u64::from_be_bytes(*bytes));
        let mark = Self {
            run: number()?.cast_signed(),
            synced: number()?,
            last: number()?,
        };
        (mark.written() == *bytes).then_some(mark)
    }
}

/// The marks of a run that goes on.
#[derive(Debug)]
pub struct Marks {
    file: File,
    mark: Mark,
}

impl Marks {
    /// Begins the marks of a run, over those of the run before.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn begin(ledger: &Path, run: i64) -> io::Result<Self> {
        let mark = Mark {
            run,
            synced: 0,
            last: 0,
        };
        // Cut off only when it is known to be a file of no other name.
        let mut options = private::options();
        options.write(true).create(true).truncate(false);
        let mut file = private::open(&path(ledger), &options)?;
        file.set_len(0)?;
        file.write_all(&mark.written())?;
        Ok(Self { file, mark })
    }

    /// The number of the next commit.
    pub const fn next(&self) -> u64 {
        self.mark.last + 1
    }

    /// The last one that is safe from a power cut.
    pub const fn synced(&self) -> u64 {
        self.mark.synced
    }

    /// Whether all are.
    pub const fn all_synced(&self) -> bool {
        self.mark.last == self.mark.synced
    }

    /// The next commit is done.
    pub fn committed(&mut self, synced: bool) {
        self.mark.last += 1;
        if synced {
            self.mark.synced = self.mark.last;
        }
        // Should the database lose the commit, this is how it is noticed. Not to be able to write it loses nothing else.
        let _ = write_over(&mut self.file, &self.mark.written());
    }
}

#[cfg(unix)]
fn write_over(file: &mut File, bytes: &[u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, 0)
}

#[cfg(not(unix))]
fn write_over(file: &mut File, bytes: &[u8]) -> io::Result<()> {
    use std::io::{Seek, SeekFrom};
    file.seek(SeekFrom::Start(0))?;
    file.write_all(bytes)
}

/// How far the last run came that marked anything here.
pub fn newest(ledger: &Path) -> Option<Mark> {
    let mut file = private::open(&path(ledger), private::options().read(true)).ok()?;
    let mut bytes = [0; LENGTH];
    file.read_exact(&mut bytes).ok()?;
    Mark::read(&bytes)
}

/// Where they are.
pub fn path(ledger: &Path) -> PathBuf {
    let mut name = ledger.as_os_str().to_owned();
    name.push(".marks");
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_know_the_last_commit_and_the_last_that_was_synced() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = dir.path().join("l");
        assert_eq!(newest(&ledger), None);
        let mut marks = Marks::begin(&ledger, 7).unwrap();
        let known = |synced, last| Some(Mark { run: 7, synced, last });
        assert_eq!(newest(&ledger), known(0, 0));
        for (synced, expected) in [
            (true, known(1, 1)),
            (false, known(1, 2)),
            (false, known(1, 3)),
            (true, known(4, 4)),
        ] {
            marks.committed(synced);
            assert_eq!(newest(&ledger), expected);
        }
        assert!(marks.synced() == 4 && marks.next() == 5 && marks.all_synced());
        Marks::begin(&ledger, 8).unwrap();
        assert_eq!(newest(&ledger).unwrap().run, 8);
    }

    #[test]
    fn torn_marks_are_none() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = dir.path().join("l");
        Marks::begin(&ledger, 7).unwrap().committed(true);
        let whole = std::fs::read(path(&ledger)).unwrap();
        for at in 0..LENGTH {
            let mut flipped = whole.clone();
            flipped[at] ^= 1;
            for torn in [&whole[..at], &flipped] {
                std::fs::write(path(&ledger), torn).unwrap();
                assert_eq!(newest(&ledger), None, "torn at byte {at}");
            }
        }
    }
}
