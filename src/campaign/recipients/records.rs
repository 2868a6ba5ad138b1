//! The records of a recipients file, one after the other in the same memory.

use std::io::{self, Result};
use std::ops::Range;

use csv::{ErrorKind, Reader, ReaderBuilder, StringRecord};

use super::layout::Layout;
use super::scan;
use super::source::Source;
use super::tape::Tape;

/// One pass over the records behind the header.
pub struct Records<'a> {
    layout: &'a Layout,
    reader: Reader<Tape<'a>>,
    pub record: StringRecord,
    /// Where the record stands in the text.
    pub span: Range<usize>,
    /// The line it begins on, 1-based.
    pub line: usize,
    /// Whether reading came to an end before the text did.
    broken: bool,
}

impl<'a> Records<'a> {
    pub fn new(source: &'a Source, layout: &'a Layout) -> Self {
        let reader = ReaderBuilder::new()
            .delimiter(layout.delimiter)
            .has_headers(false)
            .flexible(true)
            .buffer_capacity(64 * 1024)
            .from_reader(Tape::new(source, layout.line_start, layout.start));
        Self {
            layout,
            reader,
            record: StringRecord::new(),
            span: layout.start..layout.start,
            line: layout.first_line,
            broken: false,
        }
    }

    /// Reads the next record; whether there was one.
    ///
    /// # Errors
    /// When the text can no longer be read; after that there is no record.
    pub fn advance(&mut self) -> Result<bool> {
        if self.broken {
            return Ok(false);
        }
        match self.reader.read_record(&mut self.record) {
            Ok(true) => {}
            Ok(false) => return Ok(false),
            Err(error) => {
                self.broken = true;
                return Err(match error.into_kind() {
                    ErrorKind::Io(error) => error,
                    // It is valid UTF-8, cut at ASCII characters only.
                    other => io::Error::other(format!("{other:?}")),
                });
            }
        }
        let before = self.span.start;
        let position = self.record.position();
        let offset = position.map_or(0, |position| usize::try_from(position.byte()).unwrap_or(0));
        let line = position.map_or(1, |position| usize::try_from(position.line()).unwrap_or(1));
        let end = usize::try_from(self.reader.position().byte()).unwrap_or(0);
        let end = self.layout.start + end;
        let mut start = (self.layout.start + offset).min(end);
        self.line = self.layout.first_line + line - 1;
        let tape = self.reader.get_mut();
        // The reader counts the end of the line before, and empty lines, to this record.
        for byte in tape.slice(start..end) {
            match byte {
                b'\n' => self.line += 1,
                b'\r' => {}
                _ => break,
            }
            start += 1;
        }
        tape.move_to_line(tape.line_before(before, start));
        self.span = start..end;
        Ok(true)
    }

    /// A slip with quotes in this record, where it stands in the text.
    pub fn slip(&self) -> Option<scan::QuoteSlip> {
        let raw = self.reader.get_ref().text(self.span.clone());
        if !raw.as_bytes().contains(&b'"') {
            return None;
        }
        scan::record(raw, self.layout.delimiter).slip
    }

    /// The record, and the text that it stands in.
    pub fn parts(&mut self) -> (&StringRecord, &mut Tape<'a>) {
        (&self.record, self.reader.get_mut())
    }
}
