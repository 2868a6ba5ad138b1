//! Where the text of the recipients file is: a short one in memory, a long one in the open file, where it is read
//! again as often as it is needed, and each time held against what was read first.

use std::collections::hash_map::RandomState;
use std::fs::File;
use std::hash::BuildHasher;
use std::io::{Error, Result};
use std::sync::atomic::{AtomicBool, Ordering};

use super::MOST_RECORD;
use super::decode;
use super::sheet;
use crate::input::bounded::looks_like_utf_16;

/// From which size on a file is not kept in memory, and in what pieces it is then read.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// The longest file that is kept.
    pub kept: u64,
    /// The length of a chunk: what is read, and held against its checksum, at once.
    pub chunk: usize,
}

impl Sizes {
    pub const USUAL: Self = Self {
        kept: 1 << 20,
        chunk: 1 << 16,
    };
}

/// The text of a recipients file. Places in it are counted in bytes of UTF-8, without the byte order mark.
#[derive(Debug)]
pub enum Source {
    /// In memory: a short file, or one that had to be made into UTF-8 or into lines first, however long it is.
    Memory(String),
    /// In the file.
    File(Chunks),
}

impl Source {
    /// How many bytes the text has.
    pub const fn len(&self) -> usize {
        match self {
            Self::Memory(text) => text.len(),
            Self::File(chunks) => chunks.length,
        }
    }

    /// Whether there is more in the file, which nobody needs to see to know that it is no list.
    pub const fn is_hopeless(&self) -> bool {
        match self {
            Self::Memory(_) => false,
            Self::File(chunks) => chunks.hopeless,
        }
    }

    /// Whether the file was found to be another than it was, or could not be read any more.
    pub fn is_lost(&self) -> bool {
        match self {
            Self::Memory(_) => false,
            Self::File(chunks) => chunks.lost.load(Ordering::Relaxed),
        }
    }
}

/// What is in the file is not what was there before.
#[derive(Debug, thiserror::Error)]
#[error("{self:?}")]
pub struct Changed;

/// A long file, open: its text in UTF-8, and a checksum of each of its chunks.
#[derive(Debug)]
pub struct Chunks {
    file: Handle,
    /// Where the text begins, behind the byte order mark.
    begin: u64,
    length: usize,
    size: usize,
    sums: Vec<u64>,
    /// Random, so that nobody can make another chunk with the same checksum.
    keys: RandomState,
    lost: AtomicBool,
    /// Whether the file was read only so far as it took to see that it is no list.
    hopeless: bool,
}

/// Nobody writes so many zero bytes: what has more of them is no text, and may be terabytes of nothing.
const MOST_ZEROS: usize = 100_000;

impl Chunks {
    /// Reads the file once, and remembers what was there. `None` when it is no text that can be read as it stands:
    /// it is not in UTF-8, or its lines end as on old Macs, or it changed meanwhile.
    pub fn scan(file: File, sizes: Sizes) -> Result<Option<Self>> {
        let file = Handle::new(file);
        let whole = file.length()?;
        let mut first = vec![0; 1024];
        let there = file.read_at(&mut first, 0)?;
        first.truncate(there);
        let begin = decode::MARK.len() as u64 * u64::from(first.starts_with(decode::MARK));
        let text = first.strip_prefix(decode::MARK).unwrap_or(&first);
        let Ok(length) = usize::try_from(whole.saturating_sub(begin)) else {
            return Ok(None);
        };
        if sheet::is_one(&first) || looks_like_utf_16(text) {
            return Ok(None);
        }
        let mut chunks = Self {
            file,
            begin,
            length,
            size: sizes.chunk,
            sums: Vec::with_capacity(length.div_ceil(sizes.chunk)),
            keys: RandomState::new(),
            lost: AtomicBool::new(false),
            hopeless: false,
        };
        let (mut zeros, mut line) = (0, 0);
        let (mut line_feed, mut carriage_return) = (false, false);
        // The chunk at hand, behind the character that the one before broke off in.
        let mut bytes = Vec::with_capacity(sizes.chunk + 4);
        for at in (0..length).step_by(sizes.chunk) {
            let broken_off = bytes.len();
            // A record without an end, or no text: what comes behind changes nothing.
            if broken_off == 0 && (zeros > MOST_ZEROS || at - line > 2 * MOST_RECORD) {
                chunks.length = at;
                chunks.hopeless = true;
                return Ok(Some(chunks));
            }
            if !chunks.read(at, &mut bytes)? {
                return Ok(None);
            }
            let chunk = &bytes[broken_off..];
            chunks.sums.push(chunks.keys.hash_one(chunk));
            zeros += memchr::memchr_iter(0, chunk).count();
            line = memchr::memrchr2(b'\n', b'\r', chunk).map_or(line, |last| at + last);
            line_feed |= memchr::memchr(b'\n', chunk).is_some();
            carriage_return |= !line_feed && memchr::memchr(b'\r', chunk).is_some();
            match std::str::from_utf8(&bytes) {
                Ok(_) => bytes.clear(),
                Err(error) if error.error_len().is_some() => return Ok(None),
                Err(error) => drop(bytes.drain(..error.valid_up_to())),
            }
        }
        let is_text = bytes.is_empty() && (line_feed || !carriage_return);
        Ok(is_text.then_some(chunks))
    }

    /// Reads the chunk at `at` behind `bytes`; whether all of it was there.
    fn read(&self, at: usize, bytes: &mut Vec<u8>) -> Result<bool> {
        let start = bytes.len();
        bytes.resize(start + self.size.min(self.length - at), 0);
        let chunk = &mut bytes[start..];
        Ok(self.file.read_at(chunk, self.begin + at as u64)? == chunk.len())
    }

    /// Where the chunk begins in which `at` is.
    pub const fn beginning(&self, at: usize) -> usize {
        at - at % self.size
    }

    /// Puts the chunk at `at` behind `bytes`, if it is what it was.
    ///
    /// # Errors
    /// [`Changed`], or what keeps it from being read.
    pub fn load(&self, at: usize, bytes: &mut Vec<u8>) -> Result<()> {
        let start = bytes.len();
        let read = self.read(at, bytes).and_then(|whole| {
            let known = self.sums.get(at / self.size);
            if whole && known == Some(&self.keys.hash_one(&bytes[start..])) {
                Ok(())
            } else {
                Err(Error::other(Changed))
            }
        });
        if read.is_err() {
            bytes.truncate(start);
            self.lost.store(true, Ordering::Relaxed);
        }
        read
    }
}

/// A file that several passes read at once, each at a place of its own.
#[derive(Debug)]
struct Handle {
    file: File,
    /// Where reading at a place moves the one position of the file.
    #[cfg(not(unix))]
    turn: std::sync::Mutex<()>,
}

impl Handle {
    const fn new(file: File) -> Self {
        Self {
            file,
            #[cfg(not(unix))]
            turn: std::sync::Mutex::new(()),
        }
    }

    fn length(&self) -> Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    /// Fills `bytes` with what stands at `at`; less when the file ends before.
    fn read_at(&self, bytes: &mut [u8], at: u64) -> Result<usize> {
        let mut filled = 0;
        while filled < bytes.len() {
            match self.read_some(&mut bytes[filled..], at + filled as u64) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }

    #[cfg(unix)]
    fn read_some(&self, bytes: &mut [u8], at: u64) -> Result<usize> {
        std::os::unix::fs::FileExt::read_at(&self.file, bytes, at)
    }

    #[cfg(not(unix))]
    fn read_some(&self, bytes: &mut [u8], at: u64) -> Result<usize> {
        use std::io::{Read, Seek, SeekFrom};
        let _turn = self.turn.lock();
        let mut file = &self.file;
        file.seek(SeekFrom::Start(at))?;
        file.read(bytes)
    }
}
