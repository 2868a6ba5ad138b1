//! What every ledger must do: see `ledger::conformance`.

use std::path::PathBuf;

use jiff::Timestamp;
use rusqlite::Connection;
use tempfile::TempDir;

use crate::outbox::ledger::conformance::{Site, conformance};
use crate::outbox::ledger::testing::Files;
use crate::outbox::ledger::{self, Answer, Ledger, Location};

struct File {
    dir: TempDir,
    location: Location,
    synced: Files,
}

fn file() -> File {
    let dir = tempfile::tempdir().unwrap();
    File {
        location: Location::from(dir.path().join("ledger")),
        synced: Files::of(dir.path()),
        dir,
    }
}

impl File {
    fn path(&self) -> PathBuf {
        self.location.path().unwrap().to_owned()
    }
}

impl Site for File {
    fn open(&mut self, now: Timestamp) -> Answer<'_, Box<dyn Ledger>> {
        ledger::open(&self.location, now)
    }

    fn synced(&mut self) {
        self.synced = Files::of(self.dir.path());
    }

    fn kill(&mut self, ledger: Box<dyn Ledger>) {
        // To close a database in order would fold in what was written.
        let killed = Files::of(self.dir.path());
        drop(ledger);
        killed.put_back();
    }

    fn cut_power(&mut self, ledger: Box<dyn Ledger>) {
        drop(ledger);
        self.synced.put_back();
        let db = Connection::open(self.path()).unwrap();
        db.execute_batch("UPDATE run SET boot = 'another start of the machine'")
            .unwrap();
    }
}

conformance!(file());
