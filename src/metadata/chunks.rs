//! PNG and WebP: pictures in chunks, each with its name.

use std::ops::Range;

use super::told::{Closed, Found, What, is_blank};
use super::{exif, inflate, xmp};

/// How much of a text that is packed is read.
const MOST_TEXT: usize = 1 << 20;

struct Chunk {
    name: [u8; 4],
    whole: Range<usize>,
    data: Range<usize>,
}

/// The chunks of a whole PNG, and where it ends.
fn of_png(bytes: &[u8]) -> Option<(Vec<Chunk>, usize)> {
    let mut chunks = Vec::new();
    let mut at = 8;
    loop {
        let head = bytes.get(at..at + 8)?;
        let length = u32::from_be_bytes(*head.first_chunk()?) as usize;
        let name = *head.last_chunk()?;
        let data = at + 8..at.checked_add(8)?.checked_add(length)?;
        let whole = at..data.end.checked_add(4)?;
        bytes.get(whole.clone())?;
        at = whole.end;
        chunks.push(Chunk { name, whole, data });
        if name == *b"IEND" {
            return Some((chunks, at));
        }
    }
}

/// The chunks of a whole WebP, and where it ends.
fn of_webp(bytes: &[u8]) -> Option<(Vec<Chunk>, usize)> {
    let size = u32::from_le_bytes(*bytes.get(4..8)?.first_chunk()?) as usize;
    let end = size.checked_add(8).filter(|end| *end <= bytes.len())?;
    let mut chunks = Vec::new();
    let mut at = 12;
    while at < end {
        let head = bytes.get(at..at + 8)?;
        let name = *head.first_chunk()?;
        let length = u32::from_le_bytes(*head.last_chunk()?) as usize;
        let data = at + 8..at.checked_add(8)?.checked_add(length)?;
        let padded = data.end.checked_add(length & 1)?.min(end);
        if data.end > end {
            return None;
        }
        chunks.push(Chunk {
            name,
            whole: at..padded,
            data,
        });
        at = padded;
    }
    Some((chunks, end))
}

/// The chunks of a PNG that are needed to show it as it is.
fn png_keeps(name: [u8; 4]) -> bool {
    // Those in a capital letter are needed by definition.
    name[0].is_ascii_uppercase()
        || matches!(
            &name,
            b"tRNS"
                | b"cHRM"
                | b"gAMA"
                | b"iCCP"
                | b"sRGB"
                | b"sBIT"
                | b"bKGD"
                | b"hIST"
                | b"pHYs"
                | b"sPLT"
                | b"cICP"
                | b"mDCV"
                | b"cLLI"
                | b"acTL"
                | b"fcTL"
                | b"fdAT"
        )
}

/// What a PNG tells.
pub fn read_png(bytes: &[u8], found: &mut Found) {
    let Some((chunks, end)) = of_png(bytes) else {
        return found.close(Closed::Damaged);
    };
    for chunk in chunks.iter().filter(|chunk| !png_keeps(chunk.name)) {
        let data = &bytes[chunk.data.clone()];
        match &chunk.name {
            b"eXIf" => exif::block(data, found),
            b"tEXt" | b"zTXt" | b"iTXt" => text(chunk.name, data, found),
            b"tIME" => {
                if let [high, low, month, day, ..] = data {
                    let year = u16::from_be_bytes([*high, *low]);
                    found.tell(What::Date, &format!("{year:04}-{month:02}-{day:02}"));
                }
            }
            name => found.tell(What::Other, &String::from_utf8_lossy(name)),
        }
    }
    if !is_blank(&bytes[end..]) {
        found.tell(What::Other, &format!("+{}", bytes.len() - end));
    }
}

fn text(kind: [u8; 4], data: &[u8], found: &mut Found) {
    let Some(end) = memchr::memchr(0, data) else { return };
    let keyword = String::from_utf8_lossy(&data[..end]).into_owned();
    let rest = &data[end + 1..];
    let latin1 = |bytes: &[u8]| bytes.iter().map(|byte| char::from(*byte)).collect::<String>();
    let mut packed = |bytes: &[u8]| {
        let text = inflate::zlib(bytes, found.room.min(MOST_TEXT)).map(|(text, _)| text);
        found.unpacked(text).unwrap_or_default()
    };
    let value = match (&kind, rest) {
        (b"zTXt", [_, rest @ ..]) => latin1(&packed(rest)),
        (b"iTXt", [is_packed, _, rest @ ..]) => {
            // Its language and its keyword in that language come first.
            let value = rest.splitn(3, |byte| *byte == 0).nth(2).unwrap_or_default();
            let value = if *is_packed == 1 { packed(value) } else { value.to_vec() };
            String::from_utf8_lossy(&value).into_owned()
        }
        _ => latin1(rest),
    };
    match keyword.as_str() {
        "XML:com.adobe.xmp" => xmp::read(value.as_bytes(), found),
        "Author" | "Artist" | "Creator" => found.tell(What::Author, &value),
        "Software" | "software" => found.tell(What::Program, &value),
        "Source" | "Device" => found.tell(What::Camera, &value),
        "Creation Time" | "date:create" | "date:modify" | "date:timestamp" | "create-date" => {
            found.tell(What::Date, &value);
        }
        "Copyright" => found.tell(What::Rights, &value),
        "Title" | "Description" => found.tell(What::Title, &value),
        "Comment" => found.tell(What::Remark, &value),
        "Raw profile type exif" | "Raw profile type APP1" | "Raw profile type iptc" | "Raw profile type xmp" => {
            raw_profile(&value, found);
        }
        _ => found.tell(What::Remark, &format!("{keyword}: {value}")),
    }
}

/// The way of `ImageMagick` to write a block: its name and its length, and its bytes in hexadecimal digits.
fn raw_profile(value: &str, found: &mut Found) {
    let digits: Vec<u8> = value
        .lines()
        .skip(3)
        .flat_map(str::bytes)
        .filter(u8::is_ascii_hexdigit)
        .collect();
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let bytes: Vec<u8> = digits
        .chunks_exact(2)
        .filter_map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?))
        .collect();
    match bytes.strip_prefix(b"Exif\0\0") {
        Some(block) => exif::block(block, found),
        None if bytes.starts_with(b"8BIM") => super::iptc::read(&bytes, found),
        None => xmp::read(&bytes, found),
    }
}

/// The same PNG without what it tells.
pub fn clean_png(bytes: &[u8]) -> Option<Vec<u8>> {
    let (chunks, _) = of_png(bytes)?;
    let exif = chunks.iter().find(|chunk| chunk.name == *b"eXIf");
    let orientation = exif.and_then(|chunk| exif::orientation(&bytes[chunk.data.clone()]));
    let mut clean = bytes[..8].to_vec();
    for chunk in &chunks {
        if png_keeps(chunk.name) {
            clean.extend(&bytes[chunk.whole.clone()]);
        }
        if let Some(orientation) = orientation.filter(|_| chunk.name == *b"IHDR") {
            let block = [b"eXIf".as_slice(), &exif::upright(orientation)].concat();
            clean.extend(u32::try_from(block.len() - 4).ok()?.to_be_bytes());
            clean.extend(&block);
            clean.extend(inflate::crc32(&block).to_be_bytes());
        }
    }
    Some(clean)
}

fn webp_keeps(name: [u8; 4]) -> bool {
    matches!(
        &name,
        b"VP8 " | b"VP8L" | b"VP8X" | b"ALPH" | b"ANIM" | b"ANMF" | b"ICCP"
    )
}

/// A block of Exif as WebP has it, at times with the name that it has in a JPEG.
fn webp_exif(data: &[u8]) -> &[u8] {
    data.strip_prefix(b"Exif\0\0").unwrap_or(data)
}

/// What a WebP tells.
pub fn read_webp(bytes: &[u8], found: &mut Found) {
    let Some((chunks, end)) = of_webp(bytes) else {
        return found.close(Closed::Damaged);
    };
    for chunk in chunks.iter().filter(|chunk| !webp_keeps(chunk.name)) {
        let data = &bytes[chunk.data.clone()];
        match &chunk.name {
            b"EXIF" => exif::block(webp_exif(data), found),
            b"XMP " => xmp::read(data, found),
            name => found.tell(What::Other, &String::from_utf8_lossy(name)),
        }
    }
    if !is_blank(&bytes[end..]) {
        found.tell(What::Other, &format!("+{}", bytes.len() - end));
    }
}

/// The same WebP without what it tells.
pub fn clean_webp(bytes: &[u8]) -> Option<Vec<u8>> {
    let (chunks, _) = of_webp(bytes)?;
    let exif = chunks.iter().find(|chunk| chunk.name == *b"EXIF");
    let orientation = exif.and_then(|chunk| exif::orientation(webp_exif(&bytes[chunk.data.clone()])));
    let mut clean = bytes[..12].to_vec();
    for chunk in chunks.iter().filter(|chunk| webp_keeps(chunk.name)) {
        let at = clean.len();
        clean.extend(&bytes[chunk.whole.clone()]);
        if chunk.name == *b"VP8X"
            && let Some(flags) = clean.get_mut(at + 8)
        {
            // Bit 3 says that there is Exif, bit 2 that there is XMP.
            *flags &= !0x0c;
            *flags |= if orientation.is_some() { 0x08 } else { 0 };
        }
    }
    if let Some(orientation) = orientation {
        let block = exif::upright(orientation);
        clean.extend(b"EXIF");
        clean.extend(u32::try_from(block.len()).ok()?.to_le_bytes());
        clean.extend(&block);
    }
    let size = u32::try_from(clean.len() - 8).ok()?;
    clean[4..8].copy_from_slice(&size.to_le_bytes());
    Some(clean)
}
