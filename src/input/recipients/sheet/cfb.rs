//! The compound file that `.xls` is in ([MS-CFB]): a small file system, of which one stream is read.
//!
//! Every number in it may be wrong: nothing is taken from a place that is not there, and no chain is followed further than
//! the file is long.

use appel_messages::msg;

use super::{Read, broken};

/// From here on, sector numbers are marks: the end of a chain, a free sector, and others.
const MARKS: u32 = 0xffff_fffa;

/// Two bytes of `bytes` as a number.
pub fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let found = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_le_bytes(found.try_into().ok()?))
}

/// Four bytes of `bytes` as a number.
pub fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let found = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(found.try_into().ok()?))
}

/// The stream in which a workbook is.
pub fn workbook(file: &[u8]) -> Read<Vec<u8>> {
    let compound = Compound::open(file).ok_or_else(broken)?;
    if compound.stream("EncryptedPackage").is_some() {
        return Err(msg!("sheet-password"));
    }
    if let Some(stream) = compound.stream("Workbook") {
        return Ok(stream);
    }
    if compound.stream("Book").is_some() {
        return Err(msg!("sheet-kind", kind = "xls-5"));
    }
    if compound.stream("WordDocument").is_some() {
        return Err(msg!("sheet-kind", kind = "doc"));
    }
    Err(broken())
}

struct Compound<'a> {
    file: &'a [u8],
    /// The length of a sector.
    sector: usize,
    /// For each sector, which one follows it.
    next: Vec<u32>,
    /// The same for the short sectors of small streams.
    next_short: Vec<u32>,
    directory: Vec<u8>,
    /// Streams shorter than this are in the stream of short sectors.
    cutoff: u64,
}

impl<'a> Compound<'a> {
    const SHORT: usize = 64;
    const ENTRY: usize = 128;

    fn open(file: &'a [u8]) -> Option<Self> {
        let sector = match u16_at(file, 30)? {
            9 => 512,
            12 => 4096,
            _ => return None,
        };
        let mut compound = Self {
            file,
            sector,
            next: Vec::new(),
            next_short: Vec::new(),
            directory: Vec::new(),
            cutoff: u64::from(u32_at(file, 56)?),
        };
        // Where the table of sectors is: the first 109 of its own sectors in the header, the others in a chain.
        let mut tables: Vec<u32> = (0..109).filter_map(|nth| u32_at(file, 76 + 4 * nth)).collect();
        let mut more = u32_at(file, 68)?;
        for _ in 0..compound.sectors() {
            let Some(bytes) = compound.bytes(more) else { break };
            let entries = sector / 4 - 1;
            tables.extend((0..entries).filter_map(|nth| u32_at(bytes, 4 * nth)));
            more = u32_at(bytes, 4 * entries)?;
        }
        let mut next = Vec::new();
        for table in tables
            .into_iter()
            .filter(|table| *table < MARKS)
            .take(compound.sectors())
        {
            let bytes = compound.bytes(table)?;
            next.extend((0..sector / 4).filter_map(|nth| u32_at(bytes, 4 * nth)));
        }
        compound.next = next;
        compound.directory = compound.chain(u32_at(file, 48)?)?;
        let short = compound.chain(u32_at(file, 60)?).unwrap_or_default();
        compound.next_short = (0..short.len() / 4).filter_map(|nth| u32_at(&short, 4 * nth)).collect();
        Some(compound)
    }

    /// How many sectors the file can have.
    fn sectors(&self) -> usize {
        self.file.len() / self.sector + 1
    }

    fn bytes(&self, sector: u32) -> Option<&'a [u8]> {
        let start = usize::try_from(sector).ok()?.checked_add(1)?.checked_mul(self.sector)?;
        // The last one may be cut short.
        let end = start.checked_add(self.sector)?.min(self.file.len());
        self.file.get(start..end).filter(|bytes| !bytes.is_empty())
    }

    /// The bytes of a chain of sectors.
    fn chain(&self, first: u32) -> Option<Vec<u8>> {
        let mut found = Vec::new();
        let mut sector = first;
        for _ in 0..self.sectors() {
            if sector >= MARKS {
                return Some(found);
            }
            found.extend_from_slice(self.bytes(sector)?);
            sector = *self.next.get(usize::try_from(sector).ok()?)?;
        }
        // It goes round in circles.
        None
    }

    fn short_chain(&self, first: u32, length: usize) -> Option<Vec<u8>> {
        // The stream of short sectors is that of the first entry.
        let stream = self.chain(u32_at(&self.directory, 116)?)?;
        let mut found = Vec::new();
        let mut sector = first;
        while sector < MARKS && found.len() < length {
            let start = usize::try_from(sector).ok()?.checked_mul(Self::SHORT)?;
            found.extend_from_slice(stream.get(start..start.checked_add(Self::SHORT)?.min(stream.len()))?);
            sector = *self.next_short.get(usize::try_from(sector).ok()?)?;
        }
        Some(found)
    }

    /// The stream of this name.
    fn stream(&self, name: &str) -> Option<Vec<u8>> {
        let is = |entry: &&[u8]| {
            let length = usize::from(u16_at(entry, 64).unwrap_or_default()).clamp(2, 64) - 2;
            let units = (0..length / 2).filter_map(|nth| u16_at(entry, 2 * nth));
            // 2 is a stream, the others are folders.
            entry.get(66) == Some(&2) && char::decode_utf16(units).map(|c| c.unwrap_or(' ')).eq(name.chars())
        };
        let entry = self.directory.chunks_exact(Self::ENTRY).find(is)?;
        let first = u32_at(entry, 116)?;
        let length = u64::from(u32_at(entry, 120)?);
        let length_of = usize::try_from(length).ok()?;
        let mut found = if length < self.cutoff {
            self.short_chain(first, length_of)?
        } else {
            self.chain(first)?
        };
        found.truncate(length_of);
        Some(found)
    }
}
