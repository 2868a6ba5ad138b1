//! A ledger that this process alone may write.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::file::{boot_id, broken, connect, migrate};
use super::look::{self, Marked};
use super::post::post;
use super::reader::SqliteLedger;
use super::runs::{begin_run, settle_by_hand, settle_killed, unclaimed};
use super::{daybook, purge, recent, state};
use crate::letter::LetterId;
use crate::outbox::ledger::lock::{self, Lock};
use crate::outbox::ledger::marks::{self, Marks};
use crate::outbox::ledger::place;
use crate::outbox::ledger::{Durability, Entry, Holdings, LedgerError, LockedLedger, Settled, State};
use crate::outbox::quota::Quota;

/// How long letters that leave fast may stand in the daybook alone, where nobody else looks.
const POST_AFTER: Duration = Duration::from_millis(200);
/// How many entries may stand there: what is posted at once is in memory.
const MOST_UNPOSTED: usize = 6_000;

/// A ledger that this process alone may write.
///
/// A synced commit puts entries into the daybook, and from time to time all that stands there is posted: to a line for
/// each letter and each attempt. When letters leave slowly each commit posts.
#[derive(Debug)]
pub struct SqliteLocked {
    path: PathBuf,
    db: Connection,
    /// Of a big ledger that is to the bit as the last run left it, only from the first entry on: until then it stays so.
    run: Option<Run>,
    boot: String,
    acquired: Timestamp,
    /// Marked, and not yet in the database.
    unsynced: Vec<Entry>,
    /// The same as JSON, one after the other.
    written: Vec<u8>,
    /// In the daybook, and not posted.
    unposted: Vec<Entry>,
    posted: Instant,
    /// Letters that this run claimed and that have no outcome yet, or none that is posted.
    standing: HashMap<LetterId, State>,
    /// Those of them that have no line to be posted to yet.
    new: HashSet<LetterId>,
    /// Durably claimed, and not begun.
    claimed: HashSet<LetterId>,
    _lock: Lock,
}

/// A run that has begun, as far as the ledger is concerned.
#[derive(Debug)]
struct Run {
    key: i64,
    marks: Marks,
}

impl LockedLedger for SqliteLocked {
    fn apply(&mut self, entries: Vec<Entry>, durability: Durability) -> Result<(), LedgerError> {
        if self.run.is_none() && entries.is_empty() {
            return Ok(());
        }
        let mut run = self.begun()?;
        let applied = match durability {
            Durability::Process => self.mark(&mut run.marks, entries),
            Durability::Power => self.commit(&mut run, entries),
        };
        self.run = Some(run);
        applied
    }
}

impl SqliteLocked {
    /// Opens a ledger to write, making it when there is none, and settles what a crash left open.
    ///
    /// # Errors
    /// When another run has it, or as for [`SqliteLedger::read`].
    pub fn acquire(path: &Path, now: Timestamp) -> Result<Self, LedgerError> {
        let path = &place::prepare(path)?;
        let lock = lock::acquire(path, now)?;
        let marked = Marked::beside(path);
        marked.allows_opening(path)?;
        // Before the database is opened: to close a file lets go of every lock that the process has on it.
        let is_sealed = look::is_sealed(path, marks::seal(path));
        let mut db = connect(path)?;
        marked.allows(path, &db)?;
        migrate(path, &mut db)?;
        if !is_sealed {
            look::over(path, &db)?;
        }
        let boot = boot_id(path);
        settle_killed(path, &mut db, &boot, now).map_err(|error| broken(path, "written", &error))?;
        recent::tidy(&db, Quota::since(now)).map_err(|error| broken(path, "written", &error))?;
        let mut ledger = Self {
            path: path.to_owned(),
            db,
            run: None,
            boot,
            acquired: now,
            unsynced: Vec::new(),
            written: Vec::new(),
            unposted: Vec::new(),
            posted: Instant::now(),
            standing: HashMap::new(),
            new: HashSet::new(),
            claimed: HashSet::new(),
            _lock: lock,
        };
        if !is_sealed {
            ledger.begun_as()?;
        }
        Ok(ledger)
    }

    /// The run, which begins now if it has not; to be put back.
    fn begun(&mut self) -> Result<Run, LedgerError> {
        if let Some(run) = self.run.take() {
            return Ok(run);
        }
        let key =
            begin_run(&self.db, &self.boot, self.acquired).map_err(|error| broken(&self.path, "written", &error))?;
        let marks = Marks::begin(&self.path, key).map_err(|error| LedgerError::io(&self.path, "written", &error))?;
        Ok(Run { key, marks })
    }

    /// Its number.
    fn begun_as(&mut self) -> Result<i64, LedgerError> {
        let run = self.begun()?;
        Ok(self.run.insert(run).key)
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
        let run = self.begun_as()?;
        settle_by_hand(&mut self.db, letters, as_what, run, now).map_err(|error| broken(&self.path, "written", &error))
    }

    /// What there is of a campaign, and how much of it was handed over since a moment.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn holdings(&self, campaign: &str, since: Timestamp) -> Result<Holdings, LedgerError> {
        purge::holdings(&self.db, campaign, since).map_err(|error| broken(&self.path, "read", &error))
    }

    /// Forgets a campaign, whoever sent it, and leaves nothing of it in the files but hashes of the addresses that count
    /// since a moment; false when it is forgotten, but another program that reads the ledger kept traces from being
    /// erased.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn purge(&mut self, campaign: &str, since: Timestamp) -> Result<bool, LedgerError> {
        // The marks need nothing more: those of earlier runs are written over when this one begins.
        let run = self.begun_as()?;
        purge::forget(&mut self.db, campaign, since, run)
            .and_then(|()| purge::erase(&self.db))
            .map_err(|error| broken(&self.path, "written", &error))
    }

    /// The run is over. Without this word the next run looks at every letter for those that a killed one left open.
    ///
    /// # Errors
    /// When it cannot be written; nothing is lost by it.
    pub fn close(mut self, now: Timestamp) -> Result<(), LedgerError> {
        let Some(Run { key, marks }) = self.run.take() else {
            return Ok(());
        };
        let ended = self
            .end(key, now)
            .map_err(|error| broken(&self.path, "written", &error))?;
        let Self { path, db, _lock, .. } = self;
        // What the disk changed while the run went on must not be taken for right from now on.
        let is_right = ended && look::is_big(&path) && look::over(&path, &db).is_ok();
        // To read the file and close it lets go of the locks that this process has on it: nothing is read after this.
        drop(db);
        // Without the seal the next look takes longer, that is all.
        if is_right && let Ok(Some(digest)) = look::digest(&path) {
            let _ = marks.seal(&digest);
        }
        Ok(())
    }

    /// Whether all is in the one file now, and nothing open.
    fn end(&mut self, run: i64, now: Timestamp) -> rusqlite::Result<bool> {
        let transaction = self.db.transaction()?;
        post(&transaction, &Vec::from_iter(&self.unposted), &self.new, run)?;
        daybook::clear(&transaction, run)?;
        let ended = transaction.execute(
            "UPDATE run SET ended = ?2 WHERE key = ?1 AND NOT EXISTS
             (SELECT 1 FROM letter WHERE run = ?1 AND state IN (1, 2))",
            params![run, now.as_second()],
        )?;
        transaction.commit()?;
        // Into the one file: whoever copies it, and not what lies beside it, has the whole ledger.
        // It waits for nobody: what a reader is in the way of is folded in by whoever comes next.
        self.db.busy_timeout(Duration::ZERO)?;
        let folded_in = self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| {
            Ok(row.get::<_, i64>(0)? == 0)
        })?;
        Ok(ended == 1 && folded_in)
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

    fn mark(&mut self, marks: &mut Marks, entries: Vec<Entry>) -> Result<(), LedgerError> {
        self.check_begins(&entries)?;
        stand(&self.db, &mut self.standing, &mut self.new, &entries)
            .map_err(|error| broken(&self.path, "written", &error))?;
        let before = self.written.len();
        let marked = as_json(&entries, &mut self.written)
            .map_err(Into::into)
            .and_then(|ends| {
                let starts = std::iter::once(before).chain(ends.iter().copied());
                marks.write(starts.zip(&ends).map(|(start, end)| &self.written[start..*end]))
            });
        if let Err(error) = marked {
            self.written.truncate(before);
            return Err(LedgerError::io(&self.path, "written", &error));
        }
        self.unsynced.extend(entries);
        Ok(())
    }

    fn commit(&mut self, run: &mut Run, entries: Vec<Entry>) -> Result<(), LedgerError> {
        if entries.is_empty() && self.unsynced.is_empty() && self.unposted.is_empty() {
            return Ok(());
        }
        self.check_begins(&entries)?;
        // With nothing to write but what was marked before, letters leave slowly: there is time.
        let posts = entries.is_empty() || self.posted.elapsed() >= POST_AFTER || self.unposted.len() >= MOST_UNPOSTED;
        let before = self.written.len();
        if let Err(error) = self.write_and_commit(run, &entries, posts) {
            self.written.truncate(before);
            return Err(broken(&self.path, "written", &error));
        }
        run.marks.committed();
        self.written.clear();
        for entry in self.unsynced.iter().chain(&entries) {
            match entry {
                Entry::Claim(intent) => {
                    self.claimed.insert(intent.id);
                }
                Entry::Release(id) => {
                    self.claimed.remove(id);
                }
                Entry::Begin(_) | Entry::Outcome(_) => {}
            }
        }
        if posts {
            self.unsynced.clear();
            self.unposted.clear();
            self.new.clear();
            self.standing
                .retain(|_, state| matches!(state, State::Claimed | State::Begun));
            self.posted = Instant::now();
        } else {
            self.unposted.append(&mut self.unsynced);
            self.unposted.extend(entries);
        }
        Ok(())
    }

    /// Writes what was marked, and more, in one synced transaction, which opens a new generation of marks.
    fn write_and_commit(&mut self, run: &Run, entries: &[Entry], posts: bool) -> rusqlite::Result<()> {
        let transaction = self.db.transaction()?;
        stand(&transaction, &mut self.standing, &mut self.new, entries)?;
        if posts {
            let all: Vec<&Entry> = self.unposted.iter().chain(&self.unsynced).chain(entries).collect();
            post(&transaction, &all, &self.new, run.key)?;
            if !self.unposted.is_empty() {
                daybook::clear(&transaction, run.key)?;
            }
        } else {
            as_json(entries, &mut self.written)
                .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
            daybook::append(&transaction, run.key, &self.written)?;
        }
        transaction
            .prepare_cached("UPDATE run SET marks = ?2 WHERE key = ?1")?
            .execute(params![run.key, run.marks.next_generation().cast_signed()])?;
        transaction.commit()
    }
}

/// Follows where each letter stands, and refuses an entry that must not come after what was.
fn stand(
    db: &Connection,
    standing: &mut HashMap<LetterId, State>,
    new: &mut HashSet<LetterId>,
    entries: &[Entry],
) -> rusqlite::Result<()> {
    for entry in entries {
        match entry {
            Entry::Claim(intent) => {
                let known = match standing.get(&intent.id) {
                    Some(state) => Some(*state as i64),
                    None => state_on_line(db, intent.id)?,
                };
                // The last guard against sending twice: what was accepted, or is on its way, cannot be claimed.
                if matches!(known, Some(state::CLAIMED | state::BEGUN | state::ACCEPTED)) {
                    return Err(unclaimed(intent.id));
                }
                if known.is_none() {
                    new.insert(intent.id);
                }
                standing.insert(intent.id, State::Claimed);
            }
            Entry::Begin(id) => move_on(standing, *id, State::Begun)?,
            Entry::Release(id) => move_on(standing, *id, State::Released)?,
            Entry::Outcome(attempted) => move_on(standing, attempted.id, attempted.status.into())?,
        }
    }
    Ok(())
}

/// Only a letter that is claimed has anything happen to it.
fn move_on(standing: &mut HashMap<LetterId, State>, id: LetterId, to: State) -> rusqlite::Result<()> {
    match standing.get_mut(&id) {
        Some(state @ (State::Claimed | State::Begun)) => {
            *state = to;
            Ok(())
        }
        _ => Err(unclaimed(id)),
    }
}

/// Where the database has a letter.
fn state_on_line(db: &Connection, id: LetterId) -> rusqlite::Result<Option<i64>> {
    db.prepare_cached("SELECT state FROM letter WHERE id = ?1")?
        .query_row([id.as_bytes().as_slice()], |row| row.get(0))
        .optional()
}

/// Entries as JSON, one after the other behind what is there; gives where each ends.
fn as_json(entries: &[Entry], to: &mut Vec<u8>) -> serde_json::Result<Vec<usize>> {
    let each = entries.iter().map(|entry| {
        serde_json::to_writer(&mut *to, entry)?;
        Ok(to.len())
    });
    each.collect()
}
