//! The ZIP archive and the XML that `.xlsx` and `.ods` files are made of, read no further than a list can be long.

use std::io::{self, BufReader, ErrorKind};

use appel_messages::{Message, msg};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::{Read, broken};
use crate::metadata::zip::{self, Unpacking};

/// How much is unpacked of one file in all, in bytes. Of that nothing is kept but the text of cells.
const MOST_UNPACKED: u64 = 256 << 20;
/// How far it is from one tag to the next at most: so much is in memory at once.
const LONGEST_TEXT: usize = 1 << 20;

/// An archive, and how much of it may still be unpacked.
pub struct Archive<'a> {
    zip: zip::Archive<'a>,
    left: u64,
}

impl<'a> Archive<'a> {
    pub fn open(bytes: &'a [u8]) -> Read<Self> {
        Ok(Self {
            zip: zip::Archive::read(bytes).ok_or_else(broken)?,
            left: MOST_UNPACKED,
        })
    }

    /// The file of this name, however its case and its slashes are written.
    fn find(&self, name: &str) -> Option<&zip::Entry> {
        let name = name.trim_start_matches('/');
        let is = |entry: &&zip::Entry| entry.name.replace('\\', "/").eq_ignore_ascii_case(name);
        self.zip.get(name).or_else(|| self.zip.entries.iter().find(is))
    }

    pub fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// The XML in a file of the archive, if it is there.
    pub fn xml(&mut self, name: &str) -> Read<Option<Xml<'_>>> {
        let Some(entry) = self.find(name) else { return Ok(None) };
        let file = self.zip.stream(entry).ok_or_else(|| msg!("sheet-password"))?;
        let capped = Capped {
            file,
            left: &mut self.left,
            run: 0,
        };
        let mut reader = Reader::from_reader(BufReader::new(capped));
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        config.check_end_names = false;
        Ok(Some(Xml {
            reader,
            buffer: Vec::new(),
        }))
    }
}

/// More is unpacked than a list can be.
#[derive(Debug, thiserror::Error)]
#[error("{self:?}")]
struct TooMuch;

/// A file of the archive, which ends where there is too much of it.
struct Capped<'a> {
    file: Unpacking<'a>,
    left: &'a mut u64,
    /// How many bytes there were since a tag began.
    run: usize,
}

impl io::Read for Capped<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let read = io::Read::read(&mut self.file, to)?;
        *self.left = self.left.saturating_sub(read as u64);
        self.run = match memchr::memrchr(b'<', &to[..read]) {
            Some(at) => read - at,
            None => self.run + read,
        };
        if *self.left == 0 || self.run > LONGEST_TEXT {
            return Err(io::Error::other(TooMuch));
        }
        Ok(read)
    }
}

/// XML, piece by piece.
pub struct Xml<'a> {
    reader: Reader<BufReader<Capped<'a>>>,
    buffer: Vec<u8>,
}

impl Xml<'_> {
    /// The next tag or text. At the end that is [`Event::Eof`].
    pub fn next(&mut self) -> Read<Event<'_>> {
        self.buffer.clear();
        self.reader
            .read_event_into(&mut self.buffer)
            .map_err(|error| said(&error))
    }

    /// The text up to the end of the element that was opened, whatever elements are in it, but for those named.
    pub fn text(&mut self, text: &mut String, except: &[&str]) -> Read<()> {
        let mut depth = 0;
        let mut skipped: Option<usize> = None;
        loop {
            match self.next()? {
                Event::Start(tag) => {
                    depth += 1;
                    if skipped.is_none() && except.contains(&tag.local_name().as_ref()) {
                        skipped = Some(depth);
                    }
                }
                Event::End(_) if depth == 0 => return Ok(()),
                Event::End(_) => {
                    if skipped == Some(depth) {
                        skipped = None;
                    }
                    depth -= 1;
                }
                Event::Eof => return Err(broken()),
                other if skipped.is_none() => add(&other, text)?,
                _ => {}
            }
            if text.len() > LONGEST_TEXT {
                return Err(msg!("sheet-too-large"));
            }
        }
    }
}

/// What a piece adds to the text around it.
pub fn add(piece: &Event<'_>, text: &mut String) -> Read<()> {
    match piece {
        Event::Text(words) => text.push_str(&words.xml10_content()),
        Event::CData(words) => text.push_str(&words.xml10_content()),
        Event::GeneralRef(name) => {
            if let Some(c) = name.resolve_char_ref().map_err(|_| broken())? {
                text.push(c);
            } else {
                // The five that XML has by itself. Others would have to be declared, which no spreadsheet does.
                text.push(match name.xml10_content().as_ref() {
                    "lt" => '<',
                    "gt" => '>',
                    "amp" => '&',
                    "quot" => '"',
                    "apos" => '\'',
                    _ => return Err(broken()),
                });
            }
        }
        _ => {}
    }
    Ok(())
}

/// An attribute by its name, whatever stands before the colon.
pub fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let mut attributes = tag.attributes();
    let found = attributes
        .with_checks(false)
        .flatten()
        .find(|found| found.key.local_name().as_ref() == name)?;
    let value = found.normalized_value(quick_xml::XmlVersion::Explicit1_0).ok()?;
    Some(value.into_owned())
}

/// The words for what keeps the XML from being read.
fn said(error: &quick_xml::Error) -> Message {
    match error {
        quick_xml::Error::Io(error)
            if error
                .get_ref()
                .is_some_and(<dyn std::error::Error + Send + Sync>::is::<TooMuch>) =>
        {
            msg!("sheet-too-large")
        }
        quick_xml::Error::Io(error) if error.kind() == ErrorKind::OutOfMemory => msg!("sheet-too-large"),
        _ => broken(),
    }
}
