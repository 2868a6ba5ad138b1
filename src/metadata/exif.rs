//! Exif and TIFF: directories of numbered entries, in pictures of all kinds.
//!
//! Every directory and every entry is looked at once, and of a value no more than a line is ever read: however a file's
//! entries point at each other, reading it costs no more than it is long.

use std::collections::BTreeSet;
use std::ops::Range;

use super::told::{Found, What};

/// So many directories, and entries of all of them, are looked at.
const MOST_DIRECTORIES: usize = 100;
const MOST_ENTRIES: usize = 20_000;
/// How many bytes of a value are read.
const LONGEST: usize = 1000;

/// Which directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Directory {
    /// Of a picture.
    Main,
    /// What Exif adds.
    Exif,
    /// Where it was taken.
    Gps,
    /// A picture inside of a picture, or what nobody else reads.
    Inner,
}

/// One entry.
#[derive(Clone, Debug)]
pub struct Entry {
    /// In which directory.
    pub directory: Directory,
    /// Its number.
    pub tag: u16,
    kind: u16,
    /// Where the entry stands, twelve bytes.
    pub at: usize,
    /// Where its value does.
    pub value: Range<usize>,
}

/// A directory's place.
pub struct Listing {
    /// Where its number of entries stands.
    pub at: usize,
    /// Its entries.
    pub entries: Vec<Entry>,
}

/// How numbers are written.
#[derive(Clone, Copy)]
pub struct Order(bool);

impl Order {
    /// That of the file, if it is one.
    pub fn of(data: &[u8]) -> Option<Self> {
        match data {
            [b'I', b'I', 42, 0, ..] => Some(Self(true)),
            [b'M', b'M', 0, 42, ..] => Some(Self(false)),
            _ => None,
        }
    }

    fn short(self, data: &[u8], at: usize) -> Option<u16> {
        let bytes = data.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if self.0 {
            u16::from_le_bytes(bytes)
        } else {
            u16::from_be_bytes(bytes)
        })
    }

    fn long(self, data: &[u8], at: usize) -> Option<u32> {
        let bytes = data.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if self.0 {
            u32::from_le_bytes(bytes)
        } else {
            u32::from_be_bytes(bytes)
        })
    }

    /// A number of two bytes as it is written.
    pub fn written(self, number: u16) -> [u8; 2] {
        if self.0 {
            number.to_le_bytes()
        } else {
            number.to_be_bytes()
        }
    }
}

/// Every directory, in the order in which they name each other; and whether all of them could be read.
pub fn directories(data: &[u8]) -> (Vec<Listing>, bool) {
    let mut listings = Vec::new();
    let Some(order) = Order::of(data) else {
        return (listings, false);
    };
    let mut whole = true;
    let mut seen = BTreeSet::new();
    let mut left = MOST_ENTRIES;
    let first = order.long(data, 4).unwrap_or(0);
    let mut waiting = vec![(first, Directory::Main)];
    while let Some((offset, directory)) = waiting.pop() {
        if offset == 0 || !seen.insert(offset) {
            continue;
        }
        if seen.len() > MOST_DIRECTORIES {
            return (listings, false);
        }
        let at = offset as usize;
        let Some(count) = order.short(data, at) else {
            whole = false;
            continue;
        };
        let mut listing = Listing {
            at,
            entries: Vec::new(),
        };
        for nth in 0..usize::from(count) {
            let Some(less) = left.checked_sub(1) else {
                listings.push(listing);
                return (listings, false);
            };
            left = less;
            let Some(entry) = entry(data, order, at + 2 + 12 * nth, directory) else {
                whole = false;
                continue;
            };
            let inner = match entry.tag {
                0x8769 => Some(Directory::Exif),
                0x8825 => Some(Directory::Gps),
                0xa005 | 0x014a => Some(Directory::Inner),
                _ => None,
            };
            if let Some(inner) = inner {
                let inner = if entry.tag == 0x014a { Directory::Main } else { inner };
                let offsets = entry.value.clone().step_by(4).take(20);
                waiting.extend(offsets.filter_map(|at| Some((order.long(data, at)?, inner))));
            }
            listing.entries.push(entry);
        }
        if let Some(next) = order
            .long(data, at + 2 + 12 * usize::from(count))
            .filter(|_| directory == Directory::Main)
        {
            waiting.push((next, Directory::Main));
        }
        listings.push(listing);
    }
    (listings, whole)
}

fn entry(data: &[u8], order: Order, at: usize, directory: Directory) -> Option<Entry> {
    let (tag, kind) = (order.short(data, at)?, order.short(data, at + 2)?);
    let count = order.long(data, at + 4)? as usize;
    let size = match kind {
        1 | 2 | 6 | 7 => 1,
        3 | 8 => 2,
        4 | 9 | 11 | 13 => 4,
        5 | 10 | 12 => 8,
        _ => return None,
    };
    let length = count.checked_mul(size)?;
    let from = if length <= 4 {
        at + 8
    } else {
        order.long(data, at + 8)? as usize
    };
    let value = from..from.checked_add(length)?;
    data.get(value.clone())?;
    Some(Entry {
        directory,
        tag,
        kind,
        at,
        value,
    })
}

/// The way up of a picture (1 to 8) that its viewer has to know.
pub fn orientation(data: &[u8]) -> Option<u16> {
    let order = Order::of(data)?;
    let (listings, _) = directories(data);
    let entry = listings.first()?.entries.iter().find(|entry| entry.tag == 0x0112)?;
    order
        .short(data, entry.value.start)
        .filter(|number| (2..=8).contains(number))
}

/// An Exif block that says nothing but that.
pub fn upright(orientation: u16) -> Vec<u8> {
    let mut block = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01".to_vec();
    block.extend(orientation.to_be_bytes());
    block.extend([0; 6]);
    block
}

/// Reads a block. That there is one is told in any case, but for one that only says which way is up.
pub fn block(data: &[u8], found: &mut Found) {
    if orientation(data).is_none_or(|orientation| data != upright(orientation)) {
        read(data, found);
        found.tell(What::Other, "Exif");
    }
}

/// Reads the directories of a block, or of a TIFF file.
pub fn read(data: &[u8], found: &mut Found) {
    let Some(order) = Order::of(data) else {
        return;
    };
    let (listings, _) = directories(data);
    let entries: Vec<&Entry> = listings.iter().flat_map(|listing| &listing.entries).collect();
    let of = |tag: u16, directory: Directory| {
        let entry = entries
            .iter()
            .find(|entry| entry.tag == tag && entry.directory == directory)?;
        Some(text(data, entry))
    };
    let (make, model) = (of(0x010f, Directory::Main), of(0x0110, Directory::Main));
    let camera: Vec<String> = [make, model].into_iter().flatten().collect();
    found.tell(What::Camera, camera.join(" ").trim());
    place(data, order, &entries, found);
    for entry in &entries {
        if let Some(what) = meaning(entry).filter(|_| !found.is_full()) {
            found.tell(what, &text(data, entry));
        }
    }
}

fn meaning(entry: &Entry) -> Option<What> {
    Some(match (entry.directory, entry.tag) {
        (Directory::Gps, 0x001d) | (Directory::Exif, 0x9003 | 0x9004) => What::Taken,
        (Directory::Gps | Directory::Inner, _) => return None,
        (_, 0x013b | 0x9c9d) => What::Author,
        (_, 0x8298) => What::Rights,
        (_, 0x0131 | 0x000b) => What::Program,
        (_, 0x0132) => What::Date,
        (_, 0x013c) => What::Device,
        (_, 0x010e | 0x010d | 0x9c9b | 0x9c9e | 0x9c9f) => What::Title,
        (_, 0x9286 | 0x9c9c) => What::Remark,
        (_, 0xa430) => What::Owner,
        (_, 0xa431 | 0xa435 | 0xa420 | 0xc62f) => What::Serial,
        (_, 0xa433 | 0xa434) => What::Camera,
        _ => return None,
    })
}

/// A value of characters.
fn text(data: &[u8], entry: &Entry) -> String {
    let value = &data[entry.value.clone()];
    let value = &value[..value.len().min(LONGEST)];
    if (0x9c9b..=0x9c9f).contains(&entry.tag) {
        let units = value.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
        return char::decode_utf16(units)
            .filter_map(Result::ok)
            .filter(|c| *c != '\0')
            .collect();
    }
    if !matches!(entry.kind, 2 | 7 | 1) {
        return String::new();
    }
    // A remark says first in which encoding it is.
    let value = match value {
        [b'A', b'S', b'C', b'I', b'I', 0, 0, 0, rest @ ..] if entry.tag == 0x9286 => rest,
        [b'U', b'N', b'I', b'C', b'O', b'D', b'E', 0, rest @ ..] if entry.tag == 0x9286 => rest,
        [0, 0, 0, 0, 0, 0, 0, 0, rest @ ..] if entry.tag == 0x9286 => rest,
        _ => value,
    };
    let text = String::from_utf8_lossy(value).replace('\0', " ");
    text.trim().to_owned()
}

fn place(data: &[u8], order: Order, entries: &[&Entry], found: &mut Found) {
    let of = |tag: u16| {
        entries
            .iter()
            .find(|entry| entry.tag == tag && entry.directory == Directory::Gps)
    };
    let degrees = |tag: u16, toward: u16, back: &str| {
        let entry = of(tag)?;
        let mut sum = 0.0;
        for (nth, per) in [1.0, 60.0, 3600.0].into_iter().enumerate() {
            let at = entry.value.start + 8 * nth;
            if at + 8 > entry.value.end {
                break;
            }
            let (over, under) = (order.long(data, at)?, order.long(data, at + 4)?);
            if under > 0 {
                sum += f64::from(over) / f64::from(under) / per;
            }
        }
        let is_back = of(toward).is_some_and(|entry| text(data, entry).eq_ignore_ascii_case(back));
        Some(if is_back { -sum } else { sum })
    };
    match (degrees(2, 1, "S"), degrees(4, 3, "W")) {
        (Some(latitude), Some(longitude)) => found.tell(What::Place, &format!("{latitude:.5}, {longitude:.5}")),
        _ if entries
            .iter()
            .any(|entry| entry.directory == Directory::Gps && entry.tag > 0) =>
        {
            found.tell(What::Place, "GPS");
        }
        _ => {}
    }
    for tag in [0x1b, 0x1c] {
        if let Some(entry) = of(tag) {
            found.tell(What::Place, text(data, entry).trim_start_matches("ASCII").trim());
        }
    }
}
