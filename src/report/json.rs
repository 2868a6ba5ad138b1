//! `--json`: one object a line on stdout.

use std::io::Write;

use serde::Serialize;

use crate::outbox::event::{Event, Listener};

/// Tells letters and the summary as JSON lines.
#[derive(Debug)]
pub struct JsonLines<W> {
    to: Option<W>,
}

impl<W: Write> JsonLines<W> {
    /// To a writer. When it is closed (`| head`) the rest of the story is kept to ourselves, and the run goes on.
    pub const fn new(to: W) -> Self {
        Self { to: Some(to) }
    }

    /// Any object on a line of its own.
    pub fn line(&mut self, object: &impl Serialize) {
        let Some(to) = &mut self.to else { return };
        let written = serde_json::to_writer(&mut *to, object)
            .map_err(std::io::Error::from)
            .and_then(|()| to.write_all(b"\n"))
            .and_then(|()| to.flush());
        if written.is_err() {
            self.to = None;
        }
    }
}

impl<W: Write> Listener for JsonLines<W> {
    fn hear(&mut self, event: &Event) {
        if !matches!(event, Event::Notice(_)) {
            self.line(event);
        }
    }
}
