//! `--json`: one object a line on stdout.

use std::io::{self, BufWriter, Write};

use appel_core::words::json_for_screen;
use appel_messages::{Catalog, msg};
use serde::Serialize;

use crate::outbox::event::{Event, Listener};

/// Tells letters and the summary as JSON lines.
#[derive(Debug)]
pub struct JsonLines<W: Write> {
    to: Option<BufWriter<W>>,
    /// What is said to a person when they cannot be told.
    catalog: &'static Catalog,
}

impl<W: Write> JsonLines<W> {
    /// To a writer. When it is closed (`| head`) the rest of the story is kept to ourselves, and the run goes on.
    pub fn new(to: W, catalog: &'static Catalog) -> Self {
        Self {
            to: Some(BufWriter::new(to)),
            catalog,
        }
    }

    /// Any object on a line of its own.
    pub fn line(&mut self, object: &impl Serialize) {
        let Some(to) = &mut self.to else { return };
        let written = serde_json::to_string(object)
            .map_err(io::Error::from)
            .and_then(|line| writeln!(to, "{}", json_for_screen(line)));
        self.went(written);
    }

    /// What was told so far, out.
    pub fn flush(&mut self) {
        if let Some(to) = &mut self.to {
            let written = to.flush();
            self.went(written);
        }
    }

    /// What cannot be told stops nothing: the ledger has it.
    fn went(&mut self, written: io::Result<()>) {
        if let Err(error) = written {
            self.to = None;
            not_written(&error, self.catalog);
        }
    }
}

impl<W: Write> Drop for JsonLines<W> {
    fn drop(&mut self) {
        self.flush();
    }
}

/// Says that stdout cannot be written. A reader that has gone (`| head`) wanted no more; a full disk is another thing.
pub fn not_written(error: &io::Error, catalog: &Catalog) {
    if error.kind() != io::ErrorKind::BrokenPipe {
        let words = catalog.say(&msg!("output-not-written", cause = error.to_string()));
        let _ = writeln!(io::stderr(), "{words}");
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
