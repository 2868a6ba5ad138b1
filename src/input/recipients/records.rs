//! The records of a recipients file, one after the other in the same memory.

use std::io::{self, Result};
use std::ops::Range;
use std::sync::Arc;

use csv::{ErrorKind, Reader, ReaderBuilder, StringRecord};

use super::MOST_RECORD;
use super::layout::Layout;
use super::scan;
use super::source::Source;
use super::tape::{Tape, TooLong};

fn is_too_long(error: &csv::Error) -> bool {
    match error.kind() {
        ErrorKind::Io(error) => has_no_end(error),
        _ => false,
    }
}

/// Whether reading ended because a record has more than it may have.
pub fn has_no_end(error: &io::Error) -> bool {
    error
        .get_ref()
        .is_some_and(<dyn std::error::Error + Send + Sync>::is::<TooLong>)
}

/// One pass over the records behind the header.
pub struct Records {
    layout: Arc<Layout>,
    reader: Reader<Tape>,
    pub record: StringRecord,
    /// Where the record stands in the text.
    pub span: Range<usize>,
    /// The line it begins on, 1-based.
    pub line: usize,
    /// Whether reading came to an end before the text did.
    broken: bool,
}

impl Records {
    pub fn new(source: &Arc<Source>, layout: &Arc<Layout>) -> Self {
        let reader = ReaderBuilder::new()
            .delimiter(layout.delimiter)
            .has_headers(false)
            .flexible(true)
            .buffer_capacity(64 * 1024)
            .from_reader(Tape::new(source, layout.line_start, layout.start));
        Self {
            layout: Arc::clone(layout),
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
        let begin = self.layout.start + usize::try_from(self.reader.position().byte()).unwrap_or(0);
        let begin_line = self.layout.first_line + usize::try_from(self.reader.position().line()).unwrap_or(1) - 1;
        // With the line ends on both sides of it.
        self.reader.get_mut().limit(begin.saturating_add(MOST_RECORD + 4));
        match self.reader.read_record(&mut self.record) {
            Ok(true) => {}
            Ok(false) => return Ok(false),
            Err(error) => {
                self.broken = true;
                if is_too_long(&error) {
                    self.stand_at(begin, begin_line);
                }
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
        let line_end = tape.slice(self.span.clone());
        let line_end = line_end.iter().rev().take_while(|byte| matches!(byte, b'\r' | b'\n'));
        if self.span.len() - line_end.take(2).count() > MOST_RECORD {
            self.broken = true;
            return Err(io::Error::other(TooLong));
        }
        Ok(true)
    }

    /// The record at hand is the one that begins behind `begin` and has no end; of it there is as much as one may have.
    fn stand_at(&mut self, begin: usize, line: usize) {
        let before = self.span.start;
        let tape = self.reader.get_mut();
        let there = tape.slice(begin..begin.saturating_add(MOST_RECORD));
        let blank = there.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
        let (mut breaks, mut start) = (0, begin);
        for byte in blank {
            breaks += usize::from(*byte == b'\n');
            start += 1;
        }
        let whole = match std::str::from_utf8(&there[start - begin..]) {
            Ok(text) => text.len(),
            Err(error) => error.valid_up_to(),
        };
        self.line = line + breaks;
        tape.move_to_line(tape.line_before(before, start));
        self.span = start..start + whole;
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
    pub fn parts(&mut self) -> (&StringRecord, &mut Tape) {
        (&self.record, self.reader.get_mut())
    }
}
