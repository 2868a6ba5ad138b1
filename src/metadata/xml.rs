//! As much of XML as metadata is written in: tags, attributes and texts, each with its place, whatever else stands around.
//!
//! Nothing is ever fetched, no entity of a document's own is known, and what is not well formed is passed over.

use std::ops::Range;

/// How deep elements are told apart.
const DEEPEST: usize = 200;
/// How long a name is at most.
const LONGEST_NAME: usize = 200;

/// One value, and where it stands.
#[derive(Debug)]
pub struct Value<'a> {
    /// The elements around it, without their prefixes; the innermost last.
    pub elements: &'a [&'a str],
    /// The attribute, without its prefix, where it is the value of one.
    pub attribute: Option<&'a str>,
    /// As it is written.
    pub raw: &'a str,
    /// Where in the text.
    pub span: Range<usize>,
}

impl Value<'_> {
    /// The innermost element but for those that only make a list.
    pub fn element(&self) -> &str {
        let is_list = |name: &&&str| matches!(**name, "li" | "Seq" | "Bag" | "Alt" | "Description" | "p" | "value");
        self.elements
            .iter()
            .rev()
            .find(|name| !is_list(name))
            .copied()
            .unwrap_or_default()
    }

    /// The element it stands in.
    pub fn innermost(&self) -> &str {
        self.elements.last().copied().unwrap_or_default()
    }

    /// As it reads.
    pub fn text(&self) -> String {
        let raw = self.raw.trim();
        let raw = raw
            .strip_prefix("<![CDATA[")
            .and_then(|raw| raw.strip_suffix("]]>"))
            .unwrap_or(raw);
        if !raw.contains('&') {
            return raw.to_owned();
        }
        let mut text = String::with_capacity(raw.len());
        let mut rest = raw;
        while let Some(at) = rest.find('&') {
            text.push_str(&rest[..at]);
            rest = &rest[at..];
            let end = rest.bytes().take(12).position(|byte| byte == b';');
            if let Some((end, c)) = end.and_then(|end| Some((end, entity(&rest[1..end])?))) {
                text.push(c);
                rest = &rest[end + 1..];
            } else {
                text.push('&');
                rest = &rest[1..];
            }
        }
        text + rest
    }
}

fn entity(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)?
        }
    })
}

fn local(name: &str) -> &str {
    let name = name.rsplit(':').next().unwrap_or_default();
    if name.len() > LONGEST_NAME { "" } else { name }
}

/// Every text and every attribute, in order; declarations of namespaces are none.
pub fn each(text: &str, seen: &mut dyn FnMut(&Value<'_>)) {
    let mut elements: Vec<&str> = Vec::new();
    // Those that are too deep to be told apart.
    let mut deeper = 0usize;
    let mut at = 0;
    while at < text.len() {
        let next = memchr::memchr(b'<', &text.as_bytes()[at..]).map_or(text.len(), |next| at + next);
        if !text[at..next].trim().is_empty() {
            see(text, at..next, &elements, seen);
        }
        at = next;
        let rest = &text[at..];
        if rest.is_empty() {
            return;
        }
        let end = |mark: &str| {
            memchr::memmem::find(rest.as_bytes(), mark.as_bytes()).map_or(text.len(), |end| at + end + mark.len())
        };
        if rest.starts_with("<!--") {
            at = end("-->");
        } else if rest.starts_with("<![CDATA[") {
            let end = end("]]>");
            see(text, at..end, &elements, seen);
            at = end;
        } else if rest.starts_with("<?") {
            at = end("?>");
        } else if rest.starts_with("<!") {
            at = end(">");
        } else if rest.starts_with("</") {
            at = end(">");
            if deeper > 0 {
                deeper -= 1;
            } else {
                elements.pop();
            }
        } else {
            at = start(text, at, &mut elements, &mut deeper, seen);
        }
    }
}

/// A text is no attribute's.
fn see<'a>(text: &'a str, span: Range<usize>, elements: &'a [&'a str], seen: &mut dyn FnMut(&Value<'_>)) {
    let raw = &text[span.clone()];
    seen(&Value {
        elements,
        attribute: None,
        raw,
        span,
    });
}

/// Reads the tag that begins at `at`; where it ends.
fn start<'a>(
    text: &'a str,
    at: usize,
    elements: &mut Vec<&'a str>,
    deeper: &mut usize,
    seen: &mut dyn FnMut(&Value<'_>),
) -> usize {
    let bytes = text.as_bytes();
    let is_end = |byte: u8| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/' | b'=');
    let word = |from: usize| {
        let length = bytes[from..].iter().position(|byte| is_end(*byte));
        from + length.unwrap_or(bytes.len() - from)
    };
    let name_end = word(at + 1);
    let name = local(&text[at + 1..name_end]);
    let is_told_apart = elements.len() < DEEPEST;
    if is_told_apart {
        elements.push(name);
    }
    let mut at = name_end;
    let mut is_open = true;
    while at < bytes.len() {
        match bytes[at] {
            b'>' => {
                at += 1;
                break;
            }
            b'/' => {
                is_open = bytes.get(at + 1) != Some(&b'>');
                at += 1;
            }
            byte if byte.is_ascii_whitespace() || byte == b'=' => at += 1,
            quote @ (b'"' | b'\'') => {
                at = memchr::memchr(quote, &bytes[at + 1..]).map_or(bytes.len(), |end| at + end + 2);
            }
            _ => {
                let end = word(at).max(at + 1);
                let attribute = &text[at..end];
                at = end;
                let value = bytes[at..]
                    .iter()
                    .position(|byte| !byte.is_ascii_whitespace() && *byte != b'=');
                let Some(from) = value.map(|skip| at + skip) else {
                    return bytes.len();
                };
                let quote = bytes[from];
                if matches!(quote, b'"' | b'\'') && bytes[at..from].contains(&b'=') {
                    let Some(length) = memchr::memchr(quote, &bytes[from + 1..]) else {
                        return bytes.len();
                    };
                    let span = from + 1..from + 1 + length;
                    at = span.end + 1;
                    if attribute != "xmlns" && !attribute.starts_with("xmlns:") {
                        seen(&Value {
                            elements,
                            attribute: Some(local(attribute)),
                            raw: &text[span.clone()],
                            span,
                        });
                    }
                }
            }
        }
    }
    match (is_open, is_told_apart) {
        (true, false) => *deeper += 1,
        (false, true) => {
            elements.pop();
        }
        _ => {}
    }
    at
}

/// The bytes as text, if they are UTF-8 or UTF-16.
pub fn decoded(bytes: &[u8]) -> Option<String> {
    let units = |read: fn([u8; 2]) -> u16, bytes: &[u8]| {
        let units = bytes.chunks_exact(2).map(|pair| read([pair[0], pair[1]]));
        String::from_utf16(&units.collect::<Vec<u16>>()).ok()
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => units(u16::from_le_bytes, rest),
        [0xfe, 0xff, rest @ ..] => units(u16::from_be_bytes, rest),
        [b'<', 0, ..] => units(u16::from_le_bytes, bytes),
        [0, b'<', ..] => units(u16::from_be_bytes, bytes),
        _ => String::from_utf8(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).to_vec()).ok(),
    }
}
