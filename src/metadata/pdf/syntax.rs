//! PDF's objects, each with its place: as much of them as metadata stands in.

use std::ops::Range;

/// How deep objects are told apart.
const DEEPEST: usize = 60;

/// One object, and where it stands.
#[derive(Clone, Debug)]
pub struct Node {
    pub value: Object,
    pub span: Range<usize>,
}

#[derive(Clone, Debug)]
pub enum Object {
    /// Its bytes, without escapes.
    Text(Vec<u8>),
    Name(String),
    Number(i64),
    /// The number of another object.
    Reference(u32),
    List(Vec<Node>),
    /// In the order of the file; a key may stand twice.
    Dictionary(Vec<(String, Node)>),
    /// `true`, `null`, what nobody knows.
    Other,
}

impl Node {
    /// The entries of a dictionary; none of anything else.
    pub fn entries(&self) -> &[(String, Node)] {
        match &self.value {
            Object::Dictionary(entries) => entries,
            _ => &[],
        }
    }

    /// What stands under a key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries()
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, node)| node)
    }

    /// Whether a name stands there.
    pub fn is_name(&self, key: &str, names: &[&str]) -> bool {
        matches!(self.get(key).map(|node| &node.value), Some(Object::Name(name)) if names.contains(&name.as_str()))
    }

    /// This object and all in it.
    pub fn each(&self, seen: &mut dyn FnMut(&Node)) {
        seen(self);
        match &self.value {
            Object::List(nodes) => nodes.iter().for_each(|node| node.each(seen)),
            Object::Dictionary(entries) => entries.iter().for_each(|(_, node)| node.each(seen)),
            _ => {}
        }
    }
}

/// Reads objects one after the other. `steps` says how many bytes may be looked at in all, so that no file costs more
/// than it is long, however often its beginnings have no end.
pub struct Reader<'a> {
    pub bytes: &'a [u8],
    pub at: usize,
    pub steps: usize,
    /// How many objects may still be made.
    pub nodes: usize,
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, 0 | 9 | 10 | 12 | 13 | 32)
}

const fn is_delimiter(byte: u8) -> bool {
    matches!(
        byte,
        b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%'
    )
}

impl<'a> Reader<'a> {
    pub const fn new(bytes: &'a [u8], at: usize, steps: usize, nodes: usize) -> Self {
        Self {
            bytes,
            at,
            steps,
            nodes,
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn advance(&mut self, by: usize) -> Option<()> {
        let to = self.at.checked_add(by).filter(|to| *to <= self.bytes.len())?;
        self.steps = self.steps.checked_sub(by)?;
        self.at = to;
        Some(())
    }

    /// Passes over blanks and comments.
    pub fn skip(&mut self) -> Option<()> {
        while let Some(byte) = self.peek() {
            if byte == b'%' {
                let rest = &self.bytes[self.at..];
                self.advance(
                    rest.iter()
                        .position(|byte| matches!(byte, 10 | 13))
                        .unwrap_or(rest.len()),
                )?;
            } else if is_blank(byte) {
                self.advance(1)?;
            } else {
                break;
            }
        }
        Some(())
    }

    /// A word such as `obj` or `12`.
    pub fn word(&mut self) -> Option<&'a [u8]> {
        let rest = &self.bytes[self.at..];
        let end = rest
            .iter()
            .position(|byte| is_blank(*byte) || is_delimiter(*byte))
            .unwrap_or(rest.len());
        self.advance(end)?;
        Some(&rest[..end])
    }

    /// The next object.
    pub fn object(&mut self) -> Option<Node> {
        self.nested(0)
    }

    fn nested(&mut self, depth: usize) -> Option<Node> {
        self.skip()?;
        self.nodes = self.nodes.checked_sub(1)?;
        let start = self.at;
        let value = match self.peek()? {
            b'(' => Object::Text(self.text()?),
            b'/' => Object::Name(self.name()?),
            b'<' if self.bytes.get(start + 1) == Some(&b'<') => {
                self.advance(2)?;
                Object::Dictionary(self.dictionary(depth)?)
            }
            b'<' => Object::Text(self.digits()?),
            b'[' => {
                self.advance(1)?;
                Object::List(self.list(depth)?)
            }
            byte if is_delimiter(byte) => return None,
            _ => self.bare()?,
        };
        Some(Node {
            value,
            span: start..self.at,
        })
    }

    fn list(&mut self, depth: usize) -> Option<Vec<Node>> {
        let mut nodes = Vec::new();
        loop {
            self.skip()?;
            if self.peek()? == b']' {
                self.advance(1)?;
                return Some(nodes);
            }
            if depth >= DEEPEST {
                return None;
            }
            nodes.push(self.nested(depth + 1)?);
        }
    }

    fn dictionary(&mut self, depth: usize) -> Option<Vec<(String, Node)>> {
        let mut entries = Vec::new();
        loop {
            self.skip()?;
            match self.peek()? {
                b'>' if self.bytes.get(self.at + 1) == Some(&b'>') => {
                    self.advance(2)?;
                    return Some(entries);
                }
                b'/' if depth < DEEPEST => {
                    let key = self.name()?;
                    entries.push((key, self.nested(depth + 1)?));
                }
                _ => return None,
            }
        }
    }

    fn name(&mut self) -> Option<String> {
        self.advance(1)?;
        let word = self.word()?;
        if !word.contains(&b'#') {
            return Some(String::from_utf8_lossy(word).into_owned());
        }
        let mut bytes = Vec::with_capacity(word.len());
        let mut rest = word;
        while let Some((first, behind)) = rest.split_first() {
            if let (b'#', Some(byte)) = (first, hex(behind)) {
                bytes.push(byte);
                rest = &behind[2..];
            } else {
                bytes.push(*first);
                rest = behind;
            }
        }
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// A number, a reference, or a word.
    fn bare(&mut self) -> Option<Object> {
        let word = self.word()?;
        if word.is_empty() {
            return None;
        }
        let Some(number) = number(word) else {
            return Some(Object::Other);
        };
        let here = (self.at, self.steps);
        if let Some(target) = self.reference(number) {
            return Some(Object::Reference(target));
        }
        (self.at, self.steps) = here;
        Some(Object::Number(number))
    }

    fn reference(&mut self, number: i64) -> Option<u32> {
        let target = u32::try_from(number).ok()?;
        self.skip()?;
        let generation = self.word()?;
        if generation.is_empty() || generation.len() > 5 || !generation.iter().all(u8::is_ascii_digit) {
            return None;
        }
        self.skip()?;
        (self.word()? == b"R").then_some(target)
    }

    fn text(&mut self) -> Option<Vec<u8>> {
        self.advance(1)?;
        let mut text = Vec::new();
        let mut open = 1;
        loop {
            let byte = self.peek()?;
            self.advance(1)?;
            match byte {
                b'(' => open += 1,
                b')' => {
                    open -= 1;
                    if open == 0 {
                        return Some(text);
                    }
                }
                b'\\' => {
                    self.escaped(&mut text)?;
                    continue;
                }
                _ => {}
            }
            text.push(byte);
        }
    }

    /// What stands behind a backslash.
    fn escaped(&mut self, text: &mut Vec<u8>) -> Option<()> {
        let byte = self.peek()?;
        self.advance(1)?;
        match byte {
            b'n' => text.push(b'\n'),
            b'r' => text.push(b'\r'),
            b't' => text.push(b'\t'),
            b'b' | b'f' | b'\n' => {}
            b'\r' => {
                if self.peek() == Some(b'\n') {
                    self.advance(1)?;
                }
            }
            b'0'..=b'7' => {
                let mut code = u32::from(byte - b'0');
                for _ in 0..2 {
                    let Some(digit @ b'0'..=b'7') = self.peek() else { break };
                    self.advance(1)?;
                    code = code * 8 + u32::from(digit - b'0');
                }
                text.push(code.to_le_bytes()[0]);
            }
            other => text.push(other),
        }
        Some(())
    }

    fn digits(&mut self) -> Option<Vec<u8>> {
        self.advance(1)?;
        let rest = &self.bytes[self.at..];
        let end = memchr::memchr(b'>', rest)?;
        self.advance(end + 1)?;
        let mut digits: Vec<u8> = rest[..end].iter().copied().filter(u8::is_ascii_hexdigit).collect();
        if digits.len() % 2 == 1 {
            digits.push(b'0');
        }
        Some(digits.chunks_exact(2).filter_map(hex).collect())
    }
}

fn hex(digits: &[u8]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(digit(*digits.first()?)? << 4 | digit(*digits.get(1)?)?)
}

/// A whole number; of one with a point what stands before it.
pub fn number(word: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(word).ok()?;
    let whole = text.split('.').next().unwrap_or_default();
    let is_number = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+'));
    is_number.then(|| whole.parse().unwrap_or(0))
}

/// A text as it reads: in UTF-16, in UTF-8, or in PDF's own characters, which nearly are those of Latin-1.
pub fn text(bytes: &[u8]) -> String {
    match bytes {
        [0xfe, 0xff, ..] | [0xff, 0xfe, ..] => {
            let read = if bytes[0] == 0xfe {
                u16::from_be_bytes
            } else {
                u16::from_le_bytes
            };
            let units = bytes[2..].chunks_exact(2).map(|pair| read([pair[0], pair[1]]));
            String::from_utf16_lossy(&units.collect::<Vec<u16>>())
        }
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}
