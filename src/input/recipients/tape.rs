//! One pass over the text of the recipients file, which keeps the line at hand within reach.

use std::borrow::Cow;
use std::io::{Error, Read, Result};
use std::ops::Range;
use std::sync::Arc;

use super::MOST_RECORD;
use super::heading;
use super::source::Source;

/// How many bytes of a line are looked for behind the place that is meant.
const REACH: usize = 1024;

/// A text that is read from one end to the other. Of a file no more than a few chunks are in memory.
pub struct Tape {
    source: Arc<Source>,
    /// Of a file, the bytes of the text from `base` on, as far as they are loaded.
    chunks: Vec<u8>,
    base: usize,
    /// What was handed on to the reader ends here.
    at: usize,
    /// What stands before may be forgotten; a line begins here.
    line: usize,
    /// No more is handed on than to here.
    limit: usize,
}

/// A record has no end within what it may have.
#[derive(Debug, thiserror::Error)]
#[error("{self:?}")]
pub struct TooLong;

impl Tape {
    /// Begins to read at `at`, which is in the line that begins at `line`.
    pub fn new(source: &Arc<Source>, line: usize, at: usize) -> Self {
        let base = match &**source {
            Source::Memory(_) => 0,
            Source::File(chunks) => chunks.beginning(line),
        };
        Self {
            source: Arc::clone(source),
            chunks: Vec::new(),
            base,
            at,
            line,
            limit: usize::MAX,
        }
    }

    /// Hands on what begins before `at`, and no more.
    pub const fn limit(&mut self, at: usize) {
        self.limit = at;
    }

    /// What is in memory, from the line at hand on or from before it.
    pub fn loaded(&self) -> &[u8] {
        match &*self.source {
            Source::Memory(text) => text.as_bytes(),
            Source::File(_) => &self.chunks,
        }
    }

    /// Loads the next chunk; whether there was one.
    pub fn load(&mut self) -> Result<bool> {
        let Source::File(chunks) = &*self.source else {
            return Ok(false);
        };
        let next = self.base + self.chunks.len();
        if next >= self.source.len() {
            return Ok(false);
        }
        let done = self.line.min(self.at).saturating_sub(self.base);
        let done = done.min(self.chunks.len());
        self.chunks.drain(..done);
        self.base += done;
        chunks.load(next, &mut self.chunks)?;
        Ok(true)
    }

    fn load_until(&mut self, at: usize) -> Result<()> {
        while self.base + self.loaded().len() <= at && self.load()? {}
        Ok(())
    }

    /// The bytes of `span` that are loaded.
    pub fn slice(&self, span: Range<usize>) -> &[u8] {
        let loaded = self.loaded();
        let end = span.end.saturating_sub(self.base).min(loaded.len());
        let start = span.start.saturating_sub(self.base).min(end);
        &loaded[start..end]
    }

    /// The text of `span`, which is loaded, and ends where characters do.
    pub fn text(&self, span: Range<usize>) -> &str {
        std::str::from_utf8(self.slice(span)).unwrap_or_default()
    }

    /// Where the line begins in which `at` is, when it is not before `known`, in the line at hand.
    pub fn line_before(&self, known: usize, at: usize) -> usize {
        memchr::memrchr(b'\n', self.slice(known..at)).map_or(self.line, |found| known + found + 1)
    }

    /// From now on this is the line at hand.
    pub const fn move_to_line(&mut self, line: usize) {
        self.line = line;
    }

    /// The line in which `at` is, as far as anybody wants to see it, and where it begins.
    pub fn line_around(&mut self, at: usize) -> (usize, &str) {
        let start = self.line_before(self.line, at);
        let mut searched = at;
        let end = loop {
            let rest = self.slice(searched..at + REACH);
            if let Some(found) = memchr::memchr(b'\n', rest) {
                break searched + found;
            }
            searched += rest.len();
            // When it cannot be read, whoever reads on finds that out and says so.
            if searched >= at + REACH || !matches!(self.load(), Ok(true)) {
                break searched;
            }
        };
        let line = self.slice(start..end);
        let text = match std::str::from_utf8(line) {
            Ok(text) => text,
            // Broken off within a character.
            Err(error) => std::str::from_utf8(&line[..error.valid_up_to()]).unwrap_or_default(),
        };
        (start, text)
    }
}

impl Read for Tape {
    fn read(&mut self, to: &mut [u8]) -> Result<usize> {
        self.load_until(self.at)?;
        let mut rest = self.slice(self.at..usize::MAX);
        if self.at >= self.limit && !rest.is_empty() {
            return Err(Error::other(TooLong));
        }
        let read = rest.read(to)?;
        self.at += read;
        Ok(read)
    }
}

/// So much of the text that the header can be read from it as from the whole.
pub fn head(source: &Arc<Source>) -> Result<Cow<'_, str>> {
    if let Source::Memory(text) = &**source {
        return Ok(Cow::Borrowed(text));
    }
    let mut tape = Tape::new(source, 0, 0);
    loop {
        // Twice as much each time: a file without an end of its first line is looked through once, not for ever.
        let enough = 2 * tape.loaded().len();
        let mut more = true;
        while more && tape.loaded().len() <= enough {
            more = tape.load()?;
        }
        let text = valid(tape.loaded());
        if !more || text.len() > 2 * MOST_RECORD || heading::is_enough(text) {
            return Ok(Cow::Owned(text.to_owned()));
        }
    }
}

/// The beginning of `bytes` that is whole characters.
fn valid(bytes: &[u8]) -> &str {
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default(),
    }
}
