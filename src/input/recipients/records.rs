//! The records of a recipients file, one after the other in the same memory.

use std::io::{self, Result};
use std::ops::Range;
use std::sync::Arc;

use csv::{ErrorKind, Reader, ReaderBuilder, StringRecord};

use super::MOST_RECORD;
use super::scan::{self, Form, QuoteSlip};
use super::source::Source;
use super::table::{Rows, Spot};
use super::tape::{Tape, TooLong};
use crate::failure::{Excerpt, Place};

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

/// One pass over the records of a text.
pub struct Records {
    text: Text,
    pub record: StringRecord,
    /// Whether reading came to an end before the text did.
    broken: bool,
}

/// The text, and where the record at hand stands in it.
struct Text {
    shown: String,
    form: Form,
    reader: Reader<Tape>,
    /// Where the record stands in the text.
    span: Range<usize>,
    /// The line it begins on, 1-based.
    line: usize,
    /// Where its values stand, once somebody asked.
    scanned: Option<scan::Record>,
}

impl Records {
    pub fn new(source: &Arc<Source>, form: Form, shown: &str) -> Self {
        let reader = ReaderBuilder::new()
            .delimiter(form.delimiter)
            .has_headers(false)
            .flexible(true)
            .buffer_capacity(64 * 1024)
            .from_reader(Tape::new(source, form.line_start, form.start));
        Self {
            text: Text {
                shown: shown.to_owned(),
                form,
                reader,
                span: form.start..form.start,
                line: form.first_line,
                scanned: None,
            },
            record: StringRecord::new(),
            broken: false,
        }
    }

    /// What is in memory of the text.
    #[cfg(test)]
    pub fn loaded(&self) -> &[u8] {
        self.text.reader.get_ref().loaded()
    }
}

impl Rows for Records {
    fn advance(&mut self) -> Result<bool> {
        if self.broken {
            return Ok(false);
        }
        let text = &mut self.text;
        text.scanned = None;
        let Form { start, first_line, .. } = text.form;
        let begin = start + usize::try_from(text.reader.position().byte()).unwrap_or(0);
        let begin_line = first_line + usize::try_from(text.reader.position().line()).unwrap_or(1) - 1;
        // With the line ends on both sides of it.
        text.reader.get_mut().limit(begin.saturating_add(MOST_RECORD + 4));
        match text.reader.read_record(&mut self.record) {
            Ok(true) => {}
            Ok(false) => return Ok(false),
            Err(error) => {
                self.broken = true;
                if is_too_long(&error) {
                    text.stand_at(begin, begin_line);
                }
                return Err(match error.into_kind() {
                    ErrorKind::Io(error) => error,
                    // It is valid UTF-8, cut at ASCII characters only.
                    other => io::Error::other(format!("{other:?}")),
                });
            }
        }
        let before = text.span.start;
        let position = self.record.position();
        let offset = position.map_or(0, |position| usize::try_from(position.byte()).unwrap_or(0));
        let line = position.map_or(1, |position| usize::try_from(position.line()).unwrap_or(1));
        let end = start + usize::try_from(text.reader.position().byte()).unwrap_or(0);
        let mut from = (start + offset).min(end);
        text.line = first_line + line - 1;
        let tape = text.reader.get_mut();
        // The reader counts the end of the line before, and empty lines, to this record.
        for byte in tape.slice(from..end) {
            match byte {
                b'\n' => text.line += 1,
                b'\r' => {}
                _ => break,
            }
            from += 1;
        }
        tape.move_to_line(tape.line_before(before, from));
        text.span = from..end;
        let line_end = tape.slice(text.span.clone());
        let line_end = line_end.iter().rev().take_while(|byte| matches!(byte, b'\r' | b'\n'));
        if text.span.len() - line_end.take(2).count() > MOST_RECORD {
            self.broken = true;
            return Err(io::Error::other(TooLong));
        }
        Ok(true)
    }

    fn values(&self) -> &StringRecord {
        &self.record
    }

    fn number(&self) -> usize {
        self.text.line
    }

    fn parts(&mut self) -> (&StringRecord, &mut dyn Spot) {
        (&self.record, &mut self.text)
    }

    fn slip(&self) -> Option<QuoteSlip> {
        let raw = self.text.reader.get_ref().text(self.text.span.clone());
        if !raw.as_bytes().contains(&b'"') {
            return None;
        }
        scan::record(raw, self.text.form.delimiter).slip
    }
}

impl Text {
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

    /// The bytes `span` of the row. The line is known: counting from the beginning of a long file would be slow.
    fn at(&mut self, span: Range<usize>) -> Place {
        let (start, end) = (self.span.start + span.start, self.span.start + span.end);
        let tape = self.reader.get_mut();
        let line_breaks = memchr::memchr_iter(b'\n', tape.slice(self.span.start..start)).count();
        let (line_start, line) = tape.line_around(start);
        let line = line.trim_end_matches('\r');
        let from = (start - line_start).min(line.len());
        let to = end.saturating_sub(line_start).clamp(from, line.len());
        Place {
            line: Some(self.line + line_breaks),
            column: Some(line[..from].chars().count() + 1),
            excerpt: Some(Excerpt::around(line, from..to)),
            ..Place::file(&self.shown)
        }
    }
}

impl Spot for Text {
    fn place(&mut self, column: Option<usize>) -> Place {
        let text = self.reader.get_ref().text(self.span.clone());
        let delimiter = self.form.delimiter;
        let record = self.scanned.get_or_insert_with(|| scan::record(text, delimiter));
        let span = column
            .and_then(|column| record.fields.get(column))
            .map_or(0..record.end, |field| field.span.clone());
        self.at(span)
    }

    fn beginning(&mut self) -> Place {
        self.at(0..1)
    }

    fn slip_place(&mut self, slip: QuoteSlip) -> Place {
        let span = slip.span(self.reader.get_ref().text(self.span.clone()));
        self.at(span)
    }

    fn endless(&mut self) -> Option<QuoteSlip> {
        let record = scan::record(self.reader.get_ref().text(self.span.clone()), self.form.delimiter);
        record.slip.filter(|slip| matches!(slip, QuoteSlip::NeverClosed(_)))
    }
}
