//! TIFF: a picture whose entries about its maker stand among those that it needs.

use super::told::{Closed, Found, What};
use super::{exif, iptc, xmp};

/// Whether a picture needs an entry to be shown as it is.
const fn is_kept(tag: u16) -> bool {
    matches!(
        tag,
        0x00fe..=0x0103 | 0x0106 | 0x0107..=0x010a | 0x0111 | 0x0112 | 0x0115..=0x011c | 0x011e | 0x011f | 0x0122..=0x0125
            | 0x0128 | 0x0129 | 0x012d | 0x013d..=0x0147 | 0x014a | 0x014c..=0x015b | 0x0200..=0x0214 | 0x022f | 0x8773
            // Palettes, and how scans are to be measured.
            | 0x80e3..=0x80e6
    )
}

/// What a picture tells.
pub fn read(bytes: &[u8], found: &mut Found) {
    let (listings, whole) = exif::directories(bytes);
    if !whole || listings.is_empty() {
        found.close(Closed::Damaged);
    }
    exif::read(bytes, found);
    for entry in listings.iter().flat_map(|listing| &listing.entries) {
        let value = &bytes[entry.value.clone()];
        match (entry.directory, entry.tag) {
            (exif::Directory::Main, 0x02bc) => xmp::read(value, found),
            (exif::Directory::Main, 0x83bb | 0x8649) => iptc::read(value, found),
            (exif::Directory::Main, tag) if is_kept(tag) => {}
            (_, tag) => found.tell(What::Other, &format!("TIFF {tag}")),
        }
    }
}

/// The same picture without what it tells: entries that it does not need are taken out of their directories, and their
/// values overwritten.
pub fn clean(bytes: &[u8]) -> Option<Vec<u8>> {
    let order = exif::Order::of(bytes)?;
    let (listings, whole) = exif::directories(bytes);
    if !whole {
        return None;
    }
    let mut clean = bytes.to_vec();
    for listing in &listings {
        let count = listing.entries.len();
        let behind = listing.at + 2 + 12 * count;
        let next = bytes.get(behind..behind + 4).unwrap_or_default();
        let is_main = listing
            .entries
            .first()
            .is_some_and(|entry| entry.directory == exif::Directory::Main);
        let is_kept = |entry: &&exif::Entry| is_main && is_kept(entry.tag);
        for entry in listing.entries.iter().filter(|entry| !is_kept(entry)) {
            clean.get_mut(entry.value.clone())?.fill(0);
        }
        let mut listed: Vec<u8> = Vec::with_capacity(12 * count + 4);
        for entry in listing.entries.iter().filter(is_kept) {
            listed.extend(bytes.get(entry.at..entry.at + 12)?);
        }
        let left = u16::try_from(listed.len() / 12).ok()?;
        listed.extend(if is_main { next } else { &[] });
        listed.resize(12 * count + next.len(), 0);
        clean
            .get_mut(listing.at..listing.at + 2)?
            .copy_from_slice(&order.written(left));
        clean
            .get_mut(listing.at + 2..listing.at + 2 + listed.len())?
            .copy_from_slice(&listed);
    }
    Some(clean)
}
