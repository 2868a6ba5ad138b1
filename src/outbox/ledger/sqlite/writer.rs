//! A ledger that this process alone may write.

use std::future::ready;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::columns::ReadContext;
use super::entries::{Commit, Held};
use super::file::{boot_id, broken, connect, migrate};
use super::integrity::{self, Marked};
use super::marks::Marks;
use super::reader::{Reading, Reads};
use super::runs::{begin_run, settle_by_hand, settle_killed};
use super::{purge, recent, seal};
use crate::outbox::ledger::lock::{self, Lock};
use crate::outbox::ledger::place;
use crate::outbox::ledger::{Answer, Claimed, Doing, Durability, Entry, Ledger, LedgerError, LedgerWriter, Settled};
use crate::outbox::quota::Quota;
use appel_core::letter::LetterId;

/// A ledger that this process alone may write.
///
/// What must survive a power cut is in a commit that is synced; what must survive only the process, in one that is not. A
/// synced one takes all those before it along.
#[derive(Debug)]
pub struct SqliteLocked {
    reading: Reading,
    /// From the first entry on, where the file is to the bit as the last run left it: until then it stays so.
    run: Option<Run>,
    acquired: Timestamp,
    held: Held,
    /// Whether commits are synced, as the connection is set now.
    syncs: bool,
    _lock: Lock,
}

/// A run that has begun, as far as the ledger is concerned.
#[derive(Debug)]
struct Run {
    key: i64,
    marks: Marks,
}

impl Reads for SqliteLocked {
    fn reading(&self) -> &Reading {
        &self.reading
    }
}

impl LedgerWriter for SqliteLocked {
    fn write(&mut self, entries: Vec<Entry>, durability: Durability) -> Answer<'_, Vec<Claimed>> {
        Box::pin(ready(self.apply(&entries, durability)))
    }
}

impl Ledger for SqliteLocked {
    fn settle<'l>(&'l mut self, letters: &'l [LetterId], as_what: Settled, now: Timestamp) -> Answer<'l, ()> {
        let settled = self.begun_and_synced().and_then(|run| {
            settle_by_hand(&mut self.reading.db, letters, as_what, run, now).map_err(|error| self.not_written(&error))
        });
        Box::pin(ready(settled))
    }

    fn purge<'l>(&'l mut self, campaign: &'l str, since: Timestamp) -> Answer<'l, bool> {
        let purged = self.begun_and_synced().and_then(|run| {
            purge::forget(&mut self.reading.db, campaign, since, run)
                .and_then(|()| purge::erase(&self.reading.db))
                .map_err(|error| self.not_written(&error))
        });
        Box::pin(ready(purged))
    }

    fn close(self: Box<Self>, now: Timestamp) -> Answer<'static, ()> {
        Box::pin(ready(self.end(now)))
    }
}

impl SqliteLocked {
    /// Opens a ledger to write, making it when there is none, and settles what a crash left open.
    ///
    /// # Errors
    /// When another run has it, or as for [`super::SqliteLedger::read`].
    pub fn acquire(path: &Path, now: Timestamp) -> Result<Self, LedgerError> {
        let path = &place::prepare(path)?;
        let lock = lock::acquire(path, now)?;
        let marked = Marked::beside(path);
        marked.allows_opening(path)?;
        let is_whole = seal::is_whole(path);
        let mut db = connect(path)?;
        marked.allows(path, &db)?;
        let boot = boot_id(path);
        migrate(path, &mut db, &boot, now)?;
        if !is_whole {
            integrity::check(path, &db)?;
        }
        let failed = |error| broken(path, Doing::Write, &error);
        settle_killed(path, &mut db, &boot, now).map_err(failed)?;
        recent::tidy(&db, Quota::since(now)).map_err(failed)?;
        let mut ledger = Self {
            reading: Reading {
                path: path.to_owned(),
                db,
                context: ReadContext { boot, under_way: false },
            },
            run: None,
            acquired: now,
            held: Held::default(),
            syncs: true,
            _lock: lock,
        };
        if !is_whole {
            // So that its end seals the file.
            ledger.begun_and_synced()?;
        }
        Ok(ledger)
    }

    fn not_written(&self, error: &rusqlite::Error) -> LedgerError {
        broken(&self.reading.path, Doing::Write, error)
    }

    /// Whether the next commit is synced.
    fn sync(&mut self, syncs: bool) -> rusqlite::Result<()> {
        if self.syncs != syncs {
            let db = &self.reading.db;
            let synchronous = if syncs { "FULL" } else { "NORMAL" };
            end_reading(db)?;
            db.pragma_update(None, "synchronous", synchronous)?;
            self.syncs = syncs;
            if !syncs {
                stay_reading(db)?;
            }
        }
        Ok(())
    }

    /// The run, which begins now if it has not; to be put back.
    fn begun(&mut self) -> Result<Run, LedgerError> {
        if let Some(run) = self.run.take() {
            return Ok(run);
        }
        let Reading { path, db, context } = &self.reading;
        let key = begin_run(db, &context.boot, self.acquired).map_err(|error| self.not_written(&error))?;
        let marks = Marks::begin(path, key).map_err(|error| LedgerError::io(path, Doing::Write, &error))?;
        Ok(Run { key, marks })
    }

    /// Its number, for what is written outside of its commits, and synced.
    fn begun_and_synced(&mut self) -> Result<i64, LedgerError> {
        let run = self.begun()?;
        let key = self.run.insert(run).key;
        self.sync(true).map_err(|error| self.not_written(&error))?;
        Ok(key)
    }

    fn apply(&mut self, entries: &[Entry], durability: Durability) -> Result<Vec<Claimed>, LedgerError> {
        let all_done = self.run.as_ref().is_none_or(|run| run.marks.all_synced());
        if entries.is_empty() && (durability == Durability::Process || all_done) {
            return Ok(Vec::new());
        }
        let mut run = self.begun()?;
        let committed = self.commit(&run, entries, durability == Durability::Power);
        match &committed {
            Ok(_) => {
                self.held.keep();
                run.marks.committed(durability == Durability::Power);
            }
            Err(_) => self.held.go_back(),
        }
        self.run = Some(run);
        committed.map_err(|error| self.not_written(&error))
    }

    fn commit(&mut self, run: &Run, entries: &[Entry], synced: bool) -> rusqlite::Result<Vec<Claimed>> {
        self.sync(synced)?;
        let commit = Commit {
            run: run.key,
            number: run.marks.next(),
            synced: run.marks.synced(),
        };
        let db = &self.reading.db;
        let held = &mut self.held;
        in_transaction(db, || {
            let claimed = held.write(db, entries, commit)?;
            if synced {
                db.prepare_cached("UPDATE run SET commits = ?2 WHERE key = ?1")?
                    .execute(params![run.key, commit.number.cast_signed()])?;
            }
            Ok(claimed)
        })
    }

    /// Whether nothing is open any more is for the database to say.
    fn end(mut self, now: Timestamp) -> Result<(), LedgerError> {
        let Some(mut run) = self.run.take() else {
            return Ok(());
        };
        self.write_end(&run, now).map_err(|error| self.not_written(&error))?;
        run.marks.committed(true);
        let Reading { path, db, .. } = &self.reading;
        // What the disk changed while the run went on must not be taken for right from now on.
        let seals = seal::is_worth_it(path) && integrity::check(path, db).is_ok();
        let Self { reading, _lock, .. } = self;
        let Reading { path, db, .. } = reading;
        // To read the file and close it lets go of the locks that this process has on it: nothing is read after this.
        drop(db);
        if seals {
            seal::put(&path);
        }
        Ok(())
    }

    fn write_end(&mut self, run: &Run, now: Timestamp) -> rusqlite::Result<()> {
        self.sync(true)?;
        let db = &self.reading.db;
        db.execute(
            "UPDATE run SET commits = ?3, ended = CASE WHEN NOT EXISTS
             (SELECT 1 FROM letter WHERE run = ?1 AND state IN (1, 2)) THEN ?2 END WHERE key = ?1",
            params![run.key, now.as_second(), run.marks.next().cast_signed()],
        )?;
        // Into the one file: whoever copies it, and not what lies beside it, has the whole ledger.
        // It waits for nobody: what a reader is in the way of is folded in by whoever comes next.
        db.busy_timeout(Duration::ZERO)?;
        db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
    }
}

const READING: &str = "SELECT key FROM run";

/// Begins to read, and leaves it open for the commits that are not synced, which come with every letter: each of them would
/// take the locks of a reader and let go of them again, four calls of the system. Should it be ended sooner than
/// [`end_reading`] does, nothing else is lost. Meanwhile nothing is folded into the database.
fn stay_reading(db: &Connection) -> rusqlite::Result<()> {
    let mut reading = db.prepare_cached(READING)?;
    let mut rows = reading.raw_query();
    rows.next()?;
    // Let go of, they would end it. The statement itself goes back to the others that are kept.
    std::mem::forget(rows);
    Ok(())
}

/// Ends it, where it was begun.
fn end_reading(db: &Connection) -> rusqlite::Result<()> {
    drop(db.prepare_cached(READING)?.raw_query());
    Ok(())
}

/// All or nothing. A commit comes with every letter: its two statements are prepared once.
fn in_transaction<T>(db: &Connection, write: impl FnOnce() -> rusqlite::Result<T>) -> rusqlite::Result<T> {
    db.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    let written = write().and_then(|written| db.prepare_cached("COMMIT")?.execute([]).map(|_| written));
    if written.is_err() && !db.is_autocommit() {
        // Why it could not be written is worth more than that it cannot be taken back: the next commit says that.
        let _ = db.execute_batch("ROLLBACK");
    }
    written
}
