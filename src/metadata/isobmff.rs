//! HEIC and AVIF: Exif and XMP are looked for in the whole file, and overwritten where they stand.

use std::ops::Range;

use super::told::{Closed, Found};
use super::{exif, xmp};

/// So many beginnings of a block are looked at, and so many entries of all of them.
const MOST: usize = 1000;
const MOST_ENTRIES: usize = 20_000;

/// Where blocks of Exif begin; and whether all were looked at. The name in front of them is missing in some files, and by
/// chance their first bytes may stand anywhere: one that has a directory with something in it is one.
fn blocks(bytes: &[u8]) -> (Vec<usize>, bool) {
    let mut found = Vec::new();
    let mut left = MOST_ENTRIES;
    for mark in [b"II*\0", b"MM\0*"] {
        for (nth, at) in memchr::memmem::find_iter(bytes, mark).enumerate() {
            let (listings, _) = exif::directories(&bytes[at..]);
            let entries: usize = listings.iter().map(|listing| listing.entries.len()).sum();
            if nth >= MOST || entries > left {
                return (found, false);
            }
            left -= entries;
            if entries > 0 {
                found.push(at);
            }
        }
    }
    (found, true)
}

/// What a picture tells.
pub fn read(bytes: &[u8], found: &mut Found) {
    let (blocks, whole) = blocks(bytes);
    if !whole {
        found.close(Closed::TooLarge);
    }
    for at in blocks {
        exif::block(&bytes[at..], found);
    }
    for packet in xmp::packets(bytes) {
        xmp::read(&bytes[packet], found);
    }
    // The name stands in the list of what is in the file, too.
    let is_broken = |at: usize| {
        let block = &bytes[at + 6..];
        (block.starts_with(b"II") || block.starts_with(b"MM")) && exif::Order::of(block).is_none()
    };
    if memchr::memmem::find_iter(bytes, b"Exif\0\0").any(is_broken) {
        found.close(Closed::Damaged);
    }
}

/// The same picture without what it tells.
pub fn clean(bytes: &[u8]) -> Vec<u8> {
    let mut clean = bytes.to_vec();
    for at in blocks(bytes).0 {
        let (listings, _) = exif::directories(&bytes[at..]);
        for listing in listings {
            let length = 2 + 12 * listing.entries.len() + 4;
            let values = listing.entries.into_iter().map(|entry| entry.value);
            for span in values.chain(std::iter::once(listing.at..listing.at + length)) {
                fill(&mut clean, at + span.start..at + span.end, 0);
            }
        }
    }
    for packet in xmp::packets(bytes) {
        fill(&mut clean, packet, b' ');
    }
    clean
}

fn fill(bytes: &mut [u8], span: Range<usize>, with: u8) {
    let end = span.end.min(bytes.len());
    if let Some(place) = bytes.get_mut(span.start..end) {
        place.fill(with);
    }
}
