//! PDF: what its information dictionary, its XMP, its comments and its pictures tell, in every version that the file holds.
//!
//! Objects are looked for from the first byte to the last, not by the file's own table: what an editor left behind of an
//! older version is no less readable. What is taken out is overwritten where it stands, byte for byte: everything else in
//! the file, every page and every offset, is as it was.

mod syntax;

use std::collections::BTreeMap;
use std::ops::Range;

use self::syntax::{Node, Object, Reader, number, text};
use super::inflate;
use super::told::{Closed, Found, What};
use super::{jpeg, xmp};

/// So often may each byte of the file be looked at.
const STEPS: usize = 4;
/// So many objects are kept, with all that is in them.
const MOST_NODES: usize = 400_000;

/// An object of the file.
struct Part {
    number: u32,
    node: Node,
    /// Its data, if it is a stream.
    stream: Option<Range<usize>>,
    /// Whether that is XMP.
    is_xmp: bool,
}

/// Every object that stands in the file by itself; and whether all of it could be looked at.
fn parts(bytes: &[u8]) -> (Vec<Part>, bool) {
    let mut parts = Vec::new();
    let mut steps = bytes.len().saturating_mul(STEPS).saturating_add(1 << 20);
    let mut nodes = MOST_NODES;
    let mut at = 0;
    loop {
        let rest = &bytes[at..];
        let object = memchr::memmem::find(rest, b"obj").map(|found| at + found);
        let trailer = memchr::memmem::find(&rest[..object.map_or(rest.len(), |object| object - at)], b"trailer");
        let (begin, number) = match (trailer, object) {
            (Some(found), _) => (at + found + 7, Some(0)),
            (None, Some(found)) => (found + 3, number_before(bytes, found)),
            (None, None) => return (parts, true),
        };
        at = begin;
        let Some(number) = number else { continue };
        let mut reader = Reader::new(bytes, begin, steps, nodes);
        let node = reader.object();
        let end = reader.at;
        let _ = reader.skip();
        let stream = node.as_ref().and_then(|node| stream(bytes, reader.at, node));
        steps = reader.steps;
        let is_over = reader.nodes == 0 || (node.is_none() && steps < bytes.len());
        if is_over {
            return (parts, false);
        }
        if let Some(node) = node {
            at = stream.as_ref().map_or(end, |stream| stream.end).max(begin);
            let is_xmp = is_xmp(&node)
                || stream
                    .clone()
                    .is_some_and(|stream| begins_as_xmp(&node, &bytes[stream]));
            let part = Part {
                number,
                node,
                stream,
                is_xmp,
            };
            if may_tell(&part) {
                nodes = reader.nodes;
                parts.push(part);
            }
        }
    }
}

/// Whether an object may tell anything; those of pages and fonts, which are most of them, need not be kept.
fn may_tell(part: &Part) -> bool {
    let mut tells = is_trailer(part) || (part.stream.is_some() && (part.is_xmp || packed(&part.node) == Packed::Jpeg));
    tells |= part.node.is_name("Type", &["ObjStm"]);
    part.node.each(&mut |node| {
        tells |= matches!(node.value, Object::Text(_));
        tells |= node.is_name("Type", &["EmbeddedFile"]);
        tells |= ["EF", "Private", "ByteRange"].iter().any(|key| node.get(key).is_some());
        tells |= ["Author", "Creator", "Producer"]
            .iter()
            .any(|key| node.get(key).is_some());
    });
    tells
}

/// The number of the object whose `obj` stands there; `endobj` has none.
fn number_before(bytes: &[u8], at: usize) -> Option<u32> {
    let head = &bytes[at.saturating_sub(40)..at];
    let from = head.iter().rposition(|byte| !byte.is_ascii()).map_or(0, |at| at + 1);
    let text = std::str::from_utf8(&head[from..]).unwrap_or_default();
    let mut words = text.split_ascii_whitespace().rev();
    let generation = words.next()?;
    if !text.ends_with(|c: char| c.is_ascii_whitespace() || c.is_ascii_digit())
        || !generation.bytes().all(|byte| byte.is_ascii_digit())
    {
        return None;
    }
    let number = words.next()?;
    let digits = number.len() - number.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    number[number.len() - digits..].parse().ok()
}

/// Where the data of a stream stands, if it is one.
fn stream(bytes: &[u8], at: usize, node: &Node) -> Option<Range<usize>> {
    let behind = bytes.get(at..)?.strip_prefix(b"stream")?;
    if node.entries().is_empty() {
        return None;
    }
    let begin = at
        + 6
        + match behind {
            [b'\r', b'\n', ..] => 2,
            [b'\n' | b'\r', ..] => 1,
            _ => 0,
        };
    if let Some(Object::Number(length)) = node.get("Length").map(|length| &length.value)
        && let Some(end) = usize::try_from(*length)
            .ok()
            .and_then(|length| begin.checked_add(length))
        && let Some(rest) = bytes.get(end..)
    {
        let blanks = rest
            .iter()
            .take(4)
            .take_while(|byte| byte.is_ascii_whitespace())
            .count();
        if rest[blanks..].starts_with(b"endstream") {
            return Some(begin..end);
        }
    }
    let length = memchr::memmem::find(&bytes[begin..], b"endstream").unwrap_or(bytes.len() - begin);
    Some(begin..begin + length)
}

/// How a stream is packed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Packed {
    Not,
    Deflate,
    Jpeg,
    /// In a way that is not read.
    Otherwise,
}

fn packed(node: &Node) -> Packed {
    let name = |node: &Node| match &node.value {
        Object::Name(name) => match name.as_str() {
            "FlateDecode" | "Fl" => Packed::Deflate,
            "DCTDecode" | "DCT" => Packed::Jpeg,
            _ => Packed::Otherwise,
        },
        _ => Packed::Otherwise,
    };
    // What predicts pixels is in no text; else the parameters change nothing.
    let is_plain = |node: &Node| {
        let mut plain = true;
        if let Some(parameters) = node.get("DecodeParms") {
            parameters.each(&mut |node| {
                let predictor = node.get("Predictor").map(|node| &node.value);
                plain &= matches!(predictor, None | Some(Object::Number(0 | 1)));
            });
            plain &= !matches!(parameters.value, Object::Reference(_));
        }
        plain
    };
    match node.get("Filter") {
        None => Packed::Not,
        Some(filter) => match &filter.value {
            Object::List(list) => match &list[..] {
                [] => Packed::Not,
                [one] if is_plain(node) => name(one),
                _ => Packed::Otherwise,
            },
            _ if is_plain(node) || name(filter) == Packed::Jpeg => name(filter),
            _ => Packed::Otherwise,
        },
    }
}

/// What stands in objects that are packed together, and where in the unpacked text.
struct Packet {
    stream: Range<usize>,
    text: Vec<u8>,
    nodes: Vec<(u32, Node)>,
}

/// What a file is made of, as far as it tells anything.
struct Document {
    parts: Vec<Part>,
    packets: Vec<Packet>,
    /// The objects that information dictionaries, or entries of them, stand in.
    named: BTreeMap<u32, What>,
}

fn document(bytes: &[u8], found: &mut Found) -> Document {
    let (parts, whole) = parts(bytes);
    if !whole || parts.is_empty() {
        found.close(Closed::Damaged);
    }
    let mut packets = Vec::new();
    let is_encrypted = parts
        .iter()
        .any(|part| part.node.get("Encrypt").is_some() && is_trailer(part));
    if is_encrypted {
        found.close(Closed::Encrypted);
    }
    let several = parts
        .iter()
        .filter(|part| part.node.is_name("Type", &["ObjStm"]) && !is_encrypted);
    for part in several {
        let Some(stream) = part.stream.clone() else { continue };
        let Some(text) = plain(bytes, part, found) else {
            continue;
        };
        let nodes = packed_objects(&part.node, &text);
        packets.push(Packet { stream, text, nodes });
    }
    let mut named = BTreeMap::new();
    for part in parts.iter().filter(|part| is_trailer(part)) {
        if let Some(Object::Reference(target)) = part.node.get("Info").map(|node| &node.value) {
            named.insert(*target, What::Other);
        }
    }
    let mut document = Document { parts, packets, named };
    // An entry may stand elsewhere: `/Author 12 0 R`.
    let elsewhere: Vec<(u32, What)> = document
        .objects()
        .filter(|(number, node)| document.is_information(*number, node))
        .flat_map(|(_, node)| node.entries())
        .filter_map(|(key, node)| match node.value {
            Object::Reference(target) => Some((target, of_information(key))),
            _ => None,
        })
        .collect();
    for (target, what) in elsewhere {
        document.named.entry(target).or_insert(what);
    }
    document
}

fn is_trailer(part: &Part) -> bool {
    part.number == 0 || part.node.is_name("Type", &["XRef"])
}

/// The objects of a stream that holds several: pairs of numbers and places, then the objects.
fn packed_objects(node: &Node, text: &[u8]) -> Vec<(u32, Node)> {
    let of = |key: &str| match node.get(key).map(|node| &node.value) {
        Some(Object::Number(number)) => usize::try_from(*number).ok(),
        _ => None,
    };
    let (Some(count), Some(first)) = (of("N"), of("First")) else {
        return Vec::new();
    };
    let mut steps = text.len().saturating_mul(STEPS).saturating_add(1 << 16);
    let mut head = Reader::new(text, 0, steps, MOST_NODES);
    let (mut nodes, mut left) = (Vec::new(), MOST_NODES);
    let mut next = || {
        head.skip()?;
        number(head.word()?)
    };
    for _ in 0..count.min(MOST_NODES) {
        let (Some(object), Some(place)) = (next(), next()) else {
            break;
        };
        let Some(at) = usize::try_from(place).ok().and_then(|place| first.checked_add(place)) else {
            continue;
        };
        if at >= text.len() {
            continue;
        }
        let mut reader = Reader::new(text, at, steps, left);
        if let (Some(node), Ok(object)) = (reader.object(), u32::try_from(object)) {
            nodes.push((object, node));
        }
        (steps, left) = (reader.steps, reader.nodes);
    }
    nodes
}

impl Document {
    fn objects(&self) -> impl Iterator<Item = (u32, &Node)> {
        let own = self.parts.iter().map(|part| (part.number, &part.node));
        own.chain(
            self.packets
                .iter()
                .flat_map(|packet| packet.nodes.iter().map(|(number, node)| (*number, node))),
        )
    }

    /// Whether an object is an information dictionary, or part of one.
    fn is_information(&self, number: u32, node: &Node) -> bool {
        if number > 0 && self.named.contains_key(&number) {
            return true;
        }
        // One that no trailer names any more.
        let known = ["Author", "Creator", "Producer"];
        let texts = node
            .entries()
            .iter()
            .filter(|(_, node)| matches!(node.value, Object::Text(_)));
        node.get("Type").is_none() && texts.filter(|(key, _)| known.contains(&key.as_str())).count() > 0
    }

    /// Every text that tells something: in which packet, if it is in one, where, and what.
    fn texts(&self, seen: &mut dyn FnMut(Option<usize>, &Node, What)) {
        let own = self.parts.iter().map(|part| (None, part.number, &part.node));
        let packed = self.packets.iter().enumerate();
        let packed = packed.flat_map(|(nth, packet)| {
            packet
                .nodes
                .iter()
                .map(move |(number, node)| (Some(nth), *number, node))
        });
        for (packet, number, node) in own.chain(packed) {
            let is_information = self.is_information(number, node);
            if is_information && matches!(node.value, Object::Text(_)) {
                let what = self.named.get(&number).copied().unwrap_or(What::Other);
                seen(packet, node, what);
            }
            for (key, value) in node.entries().iter().filter(|_| is_information) {
                if matches!(value.value, Object::Text(_)) {
                    seen(packet, value, of_information(key));
                }
            }
            node.each(&mut |inner| {
                for (key, value) in inner.entries() {
                    let what = match key.as_str() {
                        "T" if is_comment(inner) => What::Commenter,
                        "LastModified" | "M" | "CreationDate" => What::Date,
                        _ => continue,
                    };
                    if matches!(value.value, Object::Text(_)) && !is_signature(inner) {
                        seen(packet, value, what);
                    }
                }
            });
        }
    }
}

/// What it is may be left unsaid, but not what it signs.
fn is_signature(node: &Node) -> bool {
    let is_one = node.is_name("Type", &["Sig", "DocTimeStamp"]) || node.get("ByteRange").is_some();
    is_one && node.get("Contents").is_some()
}

fn is_comment(node: &Node) -> bool {
    const COMMENTS: [&str; 18] = [
        "Text",
        "FreeText",
        "Line",
        "Square",
        "Circle",
        "Polygon",
        "PolyLine",
        "Highlight",
        "Underline",
        "Squiggly",
        "StrikeOut",
        "Caret",
        "Stamp",
        "Ink",
        "Popup",
        "FileAttachment",
        "Redact",
        "Sound",
    ];
    node.is_name("Subtype", &COMMENTS)
}

fn of_information(key: &str) -> What {
    match key {
        "Author" => What::Author,
        "Creator" | "Producer" | "PTEX.Fullbanner" => What::Program,
        "CreationDate" | "ModDate" | "SourceModified" => What::Date,
        "Company" | "Manager" => What::Company,
        "Title" | "Subject" | "Keywords" | "AAPL:Keywords" => What::Title,
        _ => What::Remark,
    }
}

/// What a file tells.
pub fn read(bytes: &[u8], found: &mut Found) {
    let document = document(bytes, found);
    if found.closed.contains(&Closed::Encrypted) {
        return;
    }
    document.texts(&mut |_, node, what| {
        if let Object::Text(bytes) = &node.value {
            let text = text(bytes);
            match day(&text).filter(|_| what == What::Date) {
                Some(day) => found.tell(what, &day),
                None => found.tell(what, &text),
            }
        }
    });
    for (_, node) in document.objects() {
        node.each(&mut |inner| {
            if is_signature(inner) {
                found.close(Closed::Signed);
                for key in ["Name", "Location", "ContactInfo"] {
                    if let Some(Object::Text(bytes)) = inner.get(key).map(|node| &node.value) {
                        found.tell(What::Author, &text(bytes));
                    }
                }
            }
            if inner.is_name("Type", &["EmbeddedFile"]) || inner.get("EF").is_some() {
                found.close(Closed::Files);
            }
            if inner.get("Private").is_some() && inner.get("LastModified").is_some() {
                found.close(Closed::Private);
            }
        });
    }
    for part in &document.parts {
        let Some(stream) = part.stream.clone() else { continue };
        if packed(&part.node) == Packed::Jpeg {
            jpeg::read_within(&bytes[stream], found);
        } else if part.is_xmp
            && let Some(packet) = plain(bytes, part, found)
        {
            xmp::read(&packet, found);
        }
    }
}

/// What is in a stream, without its packing.
fn plain(bytes: &[u8], part: &Part, found: &mut Found) -> Option<Vec<u8>> {
    let data = bytes.get(part.stream.clone()?)?;
    match packed(&part.node) {
        Packed::Not => found.unpacked((data.len() <= found.room).then(|| data.to_vec())),
        Packed::Deflate => {
            let (text, is_whole) = inflate::zlib(data, found.room).unzip();
            if is_whole == Some(false) {
                found.close(Closed::Damaged);
            }
            found.unpacked(text)
        }
        _ => {
            found.close(Closed::Damaged);
            None
        }
    }
}

/// The day of `D:20260102030405+01'00'`.
fn day(text: &str) -> Option<String> {
    let digits = text.strip_prefix("D:")?.get(..8)?;
    let is_day = digits.bytes().all(|byte| byte.is_ascii_digit());
    is_day.then(|| format!("{}-{}-{}", &digits[..4], &digits[4..6], &digits[6..]))
}

/// Whether a stream that is not called so is XMP all the same: some programs leave the name out.
fn begins_as_xmp(node: &Node, stream: &[u8]) -> bool {
    /// A byte-order mark and blanks may stand before it.
    const LOOKED_AT: usize = 1000;
    let start = &stream[..stream.len().min(LOOKED_AT)];
    let marks: [&[u8]; 3] = [b"<?xpacket", b"<x:xmpmeta", b"<rdf:RDF"];
    packed(node) == Packed::Not && marks.iter().any(|mark| memchr::memmem::find(start, mark).is_some())
}

fn is_xmp(node: &Node) -> bool {
    node.is_name("Type", &["Metadata"]) || node.is_name("Subtype", &["XML"])
}

/// The same file without what it tells; everything else stands where it stood.
pub fn clean(bytes: &[u8], room: usize) -> Option<Vec<u8>> {
    let document = document(bytes, &mut Found::new(room));
    let mut clean = bytes.to_vec();
    let mut texts: Vec<Vec<u8>> = document.packets.iter().map(|packet| packet.text.clone()).collect();
    document.texts(&mut |packet, node, _| {
        let span = node.span.clone();
        let into = match packet {
            Some(nth) => texts.get_mut(nth),
            None => Some(&mut clean),
        };
        if let Some(place) = into.and_then(|text| text.get_mut(span)) {
            empty(place);
        }
    });
    for part in &document.parts {
        let Some(stream) = part.stream.clone() else { continue };
        let place = clean.get_mut(stream)?;
        match packed(&part.node) {
            Packed::Jpeg => jpeg::blank(place),
            Packed::Not if part.is_xmp => place.fill(b' '),
            Packed::Deflate if part.is_xmp => place.copy_from_slice(&inflate::blanks(place.len())?),
            _ => {}
        }
    }
    for (packet, text) in document.packets.iter().zip(texts) {
        if packet.text == text {
            continue;
        }
        let is_plain = bytes
            .get(packet.stream.clone())
            .is_some_and(|stream| stream == packet.text);
        let packed = if is_plain { text } else { inflate::packed_zlib(&text) };
        let place = clean.get_mut(packet.stream.clone())?;
        // Behind the end of what is packed nobody reads.
        place.get_mut(..packed.len())?.copy_from_slice(&packed);
        place[packed.len()..].fill(b' ');
    }
    Some(clean)
}

/// A text with nothing in it, and blanks for what stood in it.
fn empty(place: &mut [u8]) {
    if let [open, rest @ ..] = place {
        let close = if *open == b'<' { b'>' } else { b')' };
        if let [first, rest @ ..] = rest {
            *first = close;
            rest.fill(b' ');
        }
    }
}
