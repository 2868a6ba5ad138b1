//! One record, byte by byte: where each value stands, and the slips with quotes that the CSV reader lets pass.

use std::ops::Range;

use appel_messages::{Message, msg};

/// How the text of a list is laid out: where its records begin, and what separates their values.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// The byte that separates values.
    pub delimiter: u8,
    /// Where the first record behind the one that names the columns begins.
    pub start: usize,
    /// The line it begins on, 1-based.
    pub first_line: usize,
    /// Where that line begins.
    pub line_start: usize,
}

/// A record as it stands in the file.
pub struct Record {
    /// Its values.
    pub fields: Vec<Field>,
    /// The first slip with quotes.
    pub slip: Option<QuoteSlip>,
    /// Where the record ends; the line end is not part of it.
    pub end: usize,
}

/// A value as it stands in the file.
pub struct Field {
    /// Its bytes, quotes included.
    pub span: Range<usize>,
    quoted: bool,
}

impl Field {
    /// The value, without its quotes.
    pub fn value(&self, text: &str) -> String {
        let raw = &text[self.span.clone()];
        if !self.quoted {
            return raw.to_owned();
        }
        let inner = raw.strip_prefix('"').unwrap_or(raw);
        inner.strip_suffix('"').unwrap_or(inner).replace("\"\"", "\"")
    }
}

/// What can be wrong with quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuoteSlip {
    /// Opened here and never closed.
    NeverClosed(usize),
    /// Something follows the closing quote before the next delimiter.
    AfterClosing(usize),
}

impl QuoteSlip {
    /// Which character of `text`, where the record begins, is meant.
    pub fn span(self, text: &str) -> Range<usize> {
        let (Self::NeverClosed(at) | Self::AfterClosing(at)) = self;
        let length = text
            .get(at..)
            .and_then(|rest| rest.chars().next())
            .map_or(0, char::len_utf8);
        at..at + length
    }

    /// What is said of it.
    pub fn message(self) -> Message {
        match self {
            Self::NeverClosed(_) => msg!("quote-never-closed"),
            Self::AfterClosing(_) => msg!("quote-followed"),
        }
    }
}

/// Reads the record at the beginning of `text`.
pub fn record(text: &str, delimiter: u8) -> Record {
    let bytes = text.as_bytes();
    let mut fields = Vec::new();
    let mut slip = None;
    let mut at = 0;
    loop {
        let start = at;
        let quoted = bytes.get(at) == Some(&b'"');
        if quoted {
            at += 1;
            loop {
                match bytes.get(at) {
                    None => {
                        slip = slip.or(Some(QuoteSlip::NeverClosed(start)));
                        break;
                    }
                    Some(b'"') if bytes.get(at + 1) == Some(&b'"') => at += 2,
                    Some(b'"') => {
                        at += 1;
                        break;
                    }
                    Some(_) => at += 1,
                }
            }
        }
        let closed = at;
        while bytes.get(at).is_some_and(|byte| !is_end(*byte, delimiter)) {
            at += 1;
        }
        if quoted && at > closed {
            slip = slip.or(Some(QuoteSlip::AfterClosing(closed)));
        }
        fields.push(Field {
            span: start..at,
            quoted,
        });
        if bytes.get(at) != Some(&delimiter) {
            break;
        }
        at += 1;
    }
    Record { fields, slip, end: at }
}

const fn is_end(byte: u8, delimiter: u8) -> bool {
    byte == delimiter || matches!(byte, b'\r' | b'\n')
}
