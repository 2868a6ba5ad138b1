//! JPEG: segments in front of a picture, and whatever stands behind it.

use std::ops::Range;

use super::told::{Closed, Found, What, is_blank};
use super::{exif, iptc, xmp};

const EXIF: &[u8] = b"Exif\0\0";
const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
const MORE_XMP: &[u8] = b"http://ns.adobe.com/xmp/extension/\0";
const PHOTOSHOP: &[u8] = b"Photoshop 3.0\0";
const COMMENT: u8 = 0xfe;

/// A segment, or the picture's own data behind one.
struct Segment {
    marker: u8,
    /// With its marker and its length.
    whole: Range<usize>,
    payload: Range<usize>,
    /// The compressed data that follows it.
    data: Range<usize>,
}

/// The segments of a whole picture, and where it ends.
fn segments(bytes: &[u8]) -> Option<(Vec<Segment>, usize)> {
    let mut segments = Vec::new();
    let mut at = 2;
    loop {
        let begin = at;
        if *bytes.get(at)? != 0xff {
            return None;
        }
        while *bytes.get(at)? == 0xff {
            at += 1;
        }
        let marker = bytes[at];
        at += 1;
        if marker == 0xd9 {
            return Some((segments, at));
        }
        if matches!(marker, 0x01 | 0xd0..=0xd7) {
            continue;
        }
        let length = u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]);
        let end = at
            .checked_add(usize::from(length))
            .filter(|end| *end <= bytes.len() && length >= 2)?;
        let payload = at + 2..end;
        at = end;
        if marker == 0xda {
            at = end_of_scan(bytes, at)?;
        }
        segments.push(Segment {
            marker,
            whole: begin..end,
            payload,
            data: end..at,
        });
    }
}

/// Where a marker stands that is none of the data's own.
fn end_of_scan(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += memchr::memchr(0xff, &bytes[at..])?;
        match *bytes.get(at + 1)? {
            0 | 0xd0..=0xd7 => at += 2,
            0xff => at += 1,
            _ => return Some(at),
        }
    }
}

/// What a picture tells.
pub fn read(bytes: &[u8], found: &mut Found) {
    if segments(bytes).is_none() {
        found.close(Closed::Damaged);
    }
    read_within(bytes, found);
}

/// The same for a picture inside of another file, where some are not whole.
pub fn read_within(bytes: &[u8], found: &mut Found) {
    let Some((segments, end)) = segments(bytes) else {
        return anywhere(bytes, found);
    };
    let mut more = Vec::new();
    for segment in &segments {
        let payload = &bytes[segment.payload.clone()];
        if is_kept(segment.marker, payload) {
            continue;
        }
        match segment.marker {
            0xe1 if payload.starts_with(EXIF) => exif::block(&payload[EXIF.len()..], found),
            0xe1 if payload.starts_with(XMP) => xmp::read(&payload[XMP.len()..], found),
            // Behind the name stand its number, its length and its place in the whole.
            0xe1 if payload.starts_with(MORE_XMP) => {
                more.extend(payload.get(MORE_XMP.len() + 40..).unwrap_or_default());
            }
            0xed if payload.starts_with(PHOTOSHOP) => iptc::read(&payload[PHOTOSHOP.len()..], found),
            COMMENT => {
                if !is_blank(payload) {
                    found.tell(What::Remark, &String::from_utf8_lossy(payload));
                }
            }
            marker => found.tell(What::Other, &format!("APP{}", marker.wrapping_sub(0xe0))),
        }
    }
    xmp::read(&more, found);
    if !is_blank(&bytes[end..]) {
        anywhere(&bytes[end..], found);
        found.tell(What::Other, &format!("+{}", bytes.len() - end));
    }
}

/// Blocks of Exif and XMP, wherever they stand: in a picture that is broken, or behind one.
fn anywhere(bytes: &[u8], found: &mut Found) {
    for at in memchr::memmem::find_iter(bytes, EXIF).take(20) {
        let block = &bytes[at + EXIF.len()..];
        if exif::Order::of(block).is_some() {
            exif::block(block, found);
        }
    }
    for packet in xmp::packets(bytes) {
        xmp::read(&bytes[packet], found);
    }
}

/// Whether a segment is needed to show the picture as it is.
fn is_kept(marker: u8, payload: &[u8]) -> bool {
    match marker {
        // A thumbnail may stand behind the first fourteen.
        0xe0 => payload.starts_with(b"JFIF\0") && payload.len() == 14,
        0xe2 => payload.starts_with(b"ICC_PROFILE\0"),
        0xee => payload.starts_with(b"Adobe") && payload.len() <= 16,
        0xe1 => {
            let block = payload.strip_prefix(EXIF).unwrap_or_default();
            exif::orientation(block).is_some_and(|orientation| block == exif::upright(orientation))
        }
        0xe3..=0xef | COMMENT => false,
        _ => true,
    }
}

/// The same picture without what it tells.
pub fn clean(bytes: &[u8]) -> Option<Vec<u8>> {
    let (segments, _) = segments(bytes)?;
    let orientation = segments.iter().find_map(|segment| {
        let payload = &bytes[segment.payload.clone()];
        exif::orientation(payload.strip_prefix(EXIF)?)
    });
    let mut clean = bytes[..2].to_vec();
    if let Some(orientation) = orientation {
        let block = exif::upright(orientation);
        let length = u16::try_from(2 + EXIF.len() + block.len()).ok()?;
        clean.extend([0xff, 0xe1]);
        clean.extend(length.to_be_bytes());
        clean.extend(EXIF);
        clean.extend(block);
    }
    for segment in &segments {
        let payload = &bytes[segment.payload.clone()];
        if segment.marker == 0xe0 && payload.starts_with(b"JFIF\0") && payload.len() > 14 {
            clean.extend([0xff, 0xe0, 0, 16]);
            clean.extend(&payload[..12]);
            clean.extend([0, 0]);
        } else if segment.marker != 0xe1 && is_kept(segment.marker, payload) {
            clean.extend(&bytes[segment.whole.clone()]);
        }
        clean.extend(&bytes[segment.data.clone()]);
    }
    clean.extend([0xff, 0xd9]);
    Some(clean)
}

/// Makes what a picture tells unreadable where it stands, for pictures inside of other files.
pub fn blank(bytes: &mut [u8]) {
    let Some((segments, end)) = segments(bytes) else {
        return;
    };
    for segment in segments {
        if segment.marker >= 0xe0 && !is_kept(segment.marker, &bytes[segment.payload.clone()]) {
            // A comment of blanks: nobody looks for anything in it.
            let marker = segment.payload.start - 3;
            bytes[marker] = COMMENT;
            bytes[segment.payload].fill(b' ');
        }
    }
    if let Some(behind) = bytes.get_mut(end..) {
        // White space behind it belongs to whatever the picture is in.
        if !is_blank(behind) {
            behind.fill(b'\n');
        }
    }
}
