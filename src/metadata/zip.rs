//! ZIP: what is in an archive, by its own table, unpacked up to a limit; and the same archive with some parts replaced.

use std::ops::Range;

use super::inflate;
pub use super::inflate::Unpacking;

/// So many entries are looked at.
const MOST: usize = 20_000;
/// When every part was made, by what is written: 1 January 1980, the first day that can be.
const NO_DAY: [u8; 4] = [0, 0, 0x21, 0];

/// A part of an archive.
pub struct Entry {
    /// Its name, as it is written.
    pub name: String,
    /// 0 is not packed, 8 is deflate.
    method: u16,
    flags: u16,
    crc: u32,
    size: u32,
    packed: Range<usize>,
    /// The name's own bytes.
    raw_name: Range<usize>,
    is_folder: bool,
}

/// An archive whose parts can be told apart.
pub struct Archive<'a> {
    bytes: &'a [u8],
    /// Its parts, in its own order.
    pub entries: Vec<Entry>,
    /// Whether anything stands in it that belongs to no part: a remark, or bytes in between.
    pub has_more: bool,
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..at.checked_add(2)?)?.first_chunk()?))
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..at.checked_add(4)?)?.first_chunk()?))
}

impl<'a> Archive<'a> {
    /// Reads the table at the end; `None` when there is none, or what it says is not so.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        // The remark behind it has up to 65,535 bytes.
        let tail = bytes.len().saturating_sub(22 + 0xffff);
        let end = tail + memchr::memmem::rfind(&bytes[tail..], b"PK\x05\x06")?;
        let count = usize::from(short(bytes, end + 10)?);
        let mut at = long(bytes, end + 16)? as usize;
        if count > MOST {
            return None;
        }
        let mut entries = Vec::with_capacity(count.min(1000));
        let mut used = 0usize;
        for _ in 0..count {
            if bytes.get(at..at.checked_add(4)?)? != b"PK\x01\x02" {
                return None;
            }
            let [name, extra, remark] = [28, 30, 32].map(|from| short(bytes, at + from).map(usize::from));
            let (name, extra, remark) = (name?, extra?, remark?);
            let raw_name = at + 46..at + 46 + name;
            let text = String::from_utf8_lossy(bytes.get(raw_name.clone())?).into_owned();
            let local = long(bytes, at + 42)? as usize;
            if bytes.get(local..local.checked_add(4)?)? != b"PK\x03\x04" {
                return None;
            }
            let begin = local + 30 + usize::from(short(bytes, local + 26)?) + usize::from(short(bytes, local + 28)?);
            let packed = begin..begin.checked_add(long(bytes, at + 20)? as usize)?;
            bytes.get(packed.clone())?;
            used = used.saturating_add(packed.end - local);
            entries.push(Entry {
                is_folder: text.ends_with('/'),
                name: text,
                method: short(bytes, at + 10)?,
                flags: short(bytes, at + 8)?,
                crc: long(bytes, at + 16)?,
                size: long(bytes, at + 24)?,
                packed,
                raw_name,
            });
            at = at + 46 + name + extra + remark;
            used = used.saturating_add(46 + name + extra + remark);
        }
        // Parts that share their bytes are there to unpack to more than anybody has room for.
        if used > bytes.len() {
            return None;
        }
        // Sizes may stand behind a part once more: sixteen bytes.
        let more = bytes.len().saturating_sub(used + 22);
        Some(Self {
            bytes,
            has_more: more > entries.len() * 24,
            entries,
        })
    }

    /// The part of this name.
    pub fn get(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    /// What a part holds, when it can be read and has at most `most` bytes.
    pub fn unpacked(&self, entry: &Entry, most: usize) -> Option<Vec<u8>> {
        if entry.flags & 1 == 1 {
            return None;
        }
        let data = &self.bytes[entry.packed.clone()];
        match entry.method {
            0 if data.len() <= most => Some(data.to_vec()),
            8 => inflate::raw(data, most),
            _ => None,
        }
    }

    /// What a part holds, unpacked as it is read; `None` when it is kept from readers, or packed in another way.
    pub fn stream(&self, entry: &Entry) -> Option<Unpacking<'a>> {
        if entry.flags & 1 == 1 {
            return None;
        }
        let data = self.bytes.get(entry.packed.clone())?;
        match entry.method {
            0 => Some(Unpacking::plain(data)),
            8 => Some(Unpacking::deflated(data)),
            _ => None,
        }
    }

    /// The archive once more, with other content for some parts, and no dates, remarks or owners. Whatever is not
    /// replaced is not even unpacked.
    pub fn written(&self, replaced: &dyn Fn(&Entry) -> Option<Vec<u8>>) -> Option<Vec<u8>> {
        let mut out = Vec::with_capacity(self.bytes.len());
        let mut table = Vec::new();
        for entry in &self.entries {
            let name = &self.bytes[entry.raw_name.clone()];
            let (data, method, crc, size) = match replaced(entry) {
                Some(content) => {
                    let (crc, size) = (inflate::crc32(&content), u32::try_from(content.len()).ok()?);
                    match entry.method {
                        0 => (content, 0, crc, size),
                        _ => (inflate::packed(&content), 8, crc, size),
                    }
                }
                None => (
                    self.bytes[entry.packed.clone()].to_vec(),
                    entry.method,
                    entry.crc,
                    entry.size,
                ),
            };
            let offset = u32::try_from(out.len()).ok()?;
            // Bit 11 says that the name is UTF-8, bits 1 and 2 how much work was made of packing.
            let flags = entry.flags & 0x0806;
            let mut head = Vec::with_capacity(26);
            head.extend(20u16.to_le_bytes());
            head.extend(flags.to_le_bytes());
            head.extend(method.to_le_bytes());
            head.extend(NO_DAY);
            head.extend(crc.to_le_bytes());
            head.extend(u32::try_from(data.len()).ok()?.to_le_bytes());
            head.extend(size.to_le_bytes());
            head.extend(u16::try_from(name.len()).ok()?.to_le_bytes());
            head.extend([0, 0]);
            out.extend(b"PK\x03\x04");
            out.extend(&head);
            out.extend(name);
            out.extend(data);
            table.extend(b"PK\x01\x02\x14\0");
            table.extend(&head);
            // No remark, the first disk, nothing about the file, and what is a folder is one.
            table.extend([0; 6]);
            table.extend(u32::from(entry.is_folder).wrapping_mul(0x10).to_le_bytes());
            table.extend(offset.to_le_bytes());
            table.extend(name);
        }
        let (offset, length) = (u32::try_from(out.len()).ok()?, u32::try_from(table.len()).ok()?);
        let count = u16::try_from(self.entries.len()).ok()?.to_le_bytes();
        out.extend(table);
        out.extend(b"PK\x05\x06\0\0\0\0");
        out.extend([count, count].concat());
        out.extend(length.to_le_bytes());
        out.extend(offset.to_le_bytes());
        out.extend([0, 0]);
        Some(out)
    }
}
