//! A ledger that this process alone may write.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::entries::{begin_run, settle_by_hand, settle_killed, unclaimed, write_and_commit};
use super::file::{boot_id, broken, connect, make_private, migrate, real};
use super::look::{self, Marked};
use super::purge;
use super::reader::SqliteLedger;
use crate::letter::LetterId;
use crate::outbox::ledger::lock::{self, Lock};
use crate::outbox::ledger::marks::Marks;
use crate::outbox::ledger::{Durability, Entry, Holdings, LedgerError, LockedLedger, Settled};

/// A ledger that this process alone may write.
#[derive(Debug)]
pub struct SqliteLocked {
    path: PathBuf,
    db: Connection,
    run: i64,
    marks: Marks,
    /// Marked, and not yet in the database.
    unsynced: Vec<Entry>,
    /// Durably claimed, and not begun.
    claimed: HashSet<LetterId>,
    _lock: Lock,
}

impl LockedLedger for SqliteLocked {
    fn apply(&mut self, entries: Vec<Entry>, durability: Durability) -> Result<(), LedgerError> {
        match durability {
            Durability::Process => self.mark(entries),
            Durability::Power => self.commit(entries),
        }
    }
}

impl SqliteLocked {
    /// Opens a ledger to write, making it when there is none, and settles what a crash left open.
    ///
    /// # Errors
    /// When another run has it, or as for [`SqliteLedger::read`].
    pub fn acquire(path: &Path, now: Timestamp) -> Result<Self, LedgerError> {
        make_private(path).map_err(|error| LedgerError::io(path, "opened", &error))?;
        let path = &real(path);
        let lock = lock::acquire(path, now)?;
        let marked = Marked::beside(path);
        marked.allows_opening(path)?;
        let mut db = connect(path)?;
        marked.allows(path, &db)?;
        migrate(path, &mut db)?;
        look::over(path, &db)?;
        let boot = boot_id(path);
        let run = settle_killed(path, &mut db, &boot, now)
            .and_then(|()| begin_run(&db, &boot, now))
            .map_err(|error| broken(path, "written", &error))?;
        let marks = Marks::begin(path, run).map_err(|error| LedgerError::io(path, "written", &error))?;
        Ok(Self {
            path: path.to_owned(),
            db,
            run,
            marks,
            unsynced: Vec::new(),
            claimed: HashSet::new(),
            _lock: lock,
        })
    }

    /// The same ledger to read.
    ///
    /// # Errors
    /// As for [`SqliteLedger::read`].
    pub fn reader(&self) -> Result<SqliteLedger, LedgerError> {
        SqliteLedger::open(&self.path)
    }

    /// Writes down what a person found out about letters in doubt: all of them or none, safe from a power cut.
    ///
    /// # Errors
    /// When one of them is not in doubt, or it cannot be written; then nothing has changed.
    pub fn settle(&mut self, letters: &[LetterId], as_what: Settled, now: Timestamp) -> Result<(), LedgerError> {
        settle_by_hand(&mut self.db, letters, as_what, self.run, now)
            .map_err(|error| broken(&self.path, "written", &error))
    }

    /// What there is of a campaign, and how much of it was handed over since a moment.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn holdings(&self, campaign: &str, since: Timestamp) -> Result<Holdings, LedgerError> {
        purge::holdings(&self.db, campaign, since).map_err(|error| broken(&self.path, "read", &error))
    }

    /// Forgets a campaign, whoever sent it, and leaves nothing of it in the files; false when it is forgotten, but
    /// another program that reads the ledger kept traces from being erased.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn purge(&mut self, campaign: &str) -> Result<bool, LedgerError> {
        // The marks need nothing: those of earlier runs were written over when this one began.
        purge::forget(&mut self.db, campaign, self.run)
            .and_then(|()| purge::erase(&self.db))
            .map_err(|error| broken(&self.path, "written", &error))
    }

    /// The run is over. Without this word the next run looks at every letter for those that a killed one left open.
    ///
    /// # Errors
    /// When it cannot be written; nothing is lost by it.
    pub fn close(self, now: Timestamp) -> Result<(), LedgerError> {
        self.db
            .execute(
                "UPDATE run SET ended = ?2 WHERE key = ?1 AND NOT EXISTS
                 (SELECT 1 FROM letter WHERE run = ?1 AND state IN (1, 2))",
                params![self.run, now.as_second()],
            )
            // Into the one file: whoever copies it, and not what lies beside it, has the whole ledger.
            // It waits for nobody: what a reader is in the way of is folded in by whoever comes next.
            .and_then(|_| self.db.busy_timeout(Duration::ZERO))
            .and_then(|()| self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())))
            .map_err(|error| broken(&self.path, "written", &error))
    }

    /// The last look before letters begin: only what was claimed, and durably, may.
    fn check_begins(&mut self, entries: &[Entry]) -> Result<(), LedgerError> {
        for entry in entries {
            if let Entry::Begin(id) = entry
                && !self.claimed.remove(id)
            {
                return Err(broken(&self.path, "written", &unclaimed(*id)));
            }
        }
        Ok(())
    }

    fn mark(&mut self, entries: Vec<Entry>) -> Result<(), LedgerError> {
        self.check_begins(&entries)?;
        self.marks
            .write(&entries)
            .map_err(|error| LedgerError::io(&self.path, "written", &error))?;
        self.unsynced.extend(entries);
        Ok(())
    }

    fn commit(&mut self, entries: Vec<Entry>) -> Result<(), LedgerError> {
        self.check_begins(&entries)?;
        let mut all = std::mem::take(&mut self.unsynced);
        all.extend(entries);
        write_and_commit(&mut self.db, &all, self.run, self.marks.next_generation())
            .map_err(|error| broken(&self.path, "written", &error))?;
        self.marks.committed();
        for entry in all {
            match entry {
                Entry::Claim(intent) => {
                    self.claimed.insert(intent.id);
                }
                Entry::Release(id) => {
                    self.claimed.remove(&id);
                }
                Entry::Begin(_) | Entry::Outcome(_) => {}
            }
        }
        Ok(())
    }
}
