//! `--json`: one object a line on stdout.

use std::io::{BufWriter, Write};

use serde::Serialize;

use crate::outbox::event::{Event, Listener};

/// Tells letters and the summary as JSON lines.
#[derive(Debug)]
pub struct JsonLines<W: Write> {
    to: Option<BufWriter<W>>,
}

impl<W: Write> JsonLines<W> {
    /// To a writer. When it is closed (`| head`) the rest of the story is kept to ourselves, and the run goes on.
    pub fn new(to: W) -> Self {
        Self {
            to: Some(BufWriter::new(to)),
        }
    }

    /// Any object on a line of its own.
    pub fn line(&mut self, object: &impl Serialize) {
        let Some(to) = &mut self.to else { return };
        let written = serde_json::to_writer(&mut *to, object)
            .map_err(std::io::Error::from)
            .and_then(|()| to.write_all(b"\n"));
        if written.is_err() {
            self.to = None;
        }
    }

    /// What was told so far, out.
    pub fn flush(&mut self) {
        if self.to.as_mut().is_some_and(|to| to.flush().is_err()) {
            self.to = None;
        }
    }
}

impl<W: Write + Send> Listener for JsonLines<W> {
    fn hear(&mut self, event: &Event) {
        if !matches!(event, Event::Notice(_)) {
            self.line(event);
        }
    }

    fn pause(&mut self) {
        self.flush();
    }
}
