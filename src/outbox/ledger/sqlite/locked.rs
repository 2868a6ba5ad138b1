//! A ledger that this process alone may write.

use std::collections::{HashMap, HashSet};
use std::future::ready;
use std::path::Path;
use std::time::{Duration, Instant};

use appel_core::letter::LetterId;
use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};

use super::file::{boot_id, broken, connect, migrate};
use super::look::{self, Marked};
use super::post::post;
use super::reader::{Eyes, Reading, Reads, timestamp};
use super::runs::{begin_run, settle_by_hand, settle_killed, unclaimed};
use super::{daybook, purge, recent, state};
use crate::outbox::ledger::lock::{self, Lock};
use crate::outbox::ledger::marks::{self, Marks};
use crate::outbox::ledger::place;
use crate::outbox::ledger::rules::{OutOfOrder, Standing};
use crate::outbox::ledger::{Answer, Claimed, Durability, Entry, Ledger, LedgerError, LedgerWriter, Settled};
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
    reading: Reading,
    /// Of a big ledger that is to the bit as the last run left it, only from the first entry on: until then it stays so.
    run: Option<Run>,
    acquired: Timestamp,
    /// Marked, and not yet in the database.
    unsynced: Vec<Entry>,
    /// The same as JSON, one after the other.
    written: Vec<u8>,
    /// In the daybook, and not posted.
    unposted: Vec<Entry>,
    posted: Instant,
    /// Letters that this run claimed and that have no outcome yet, or none that is posted.
    standing: HashMap<LetterId, Standing>,
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

impl Reads for SqliteLocked {
    fn reading(&self) -> &Reading {
        &self.reading
    }
}

impl LedgerWriter for SqliteLocked {
    fn write(&mut self, entries: Vec<Entry>, durability: Durability) -> Answer<'_, Vec<Claimed>> {
        Box::pin(ready(self.apply(entries, durability)))
    }
}

impl Ledger for SqliteLocked {
    fn settle<'l>(&'l mut self, letters: &'l [LetterId], as_what: Settled, now: Timestamp) -> Answer<'l, ()> {
        let settled = self.begun_as().and_then(|run| {
            settle_by_hand(&mut self.reading.db, letters, as_what, run, now).map_err(|error| self.not_written(&error))
        });
        Box::pin(ready(settled))
    }

    fn purge<'l>(&'l mut self, campaign: &'l str, since: Timestamp) -> Answer<'l, bool> {
        // The marks need nothing more: those of earlier runs are written over when this one begins.
        let purged = self.begun_as().and_then(|run| {
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
        let eyes = Eyes {
            boot: boot_id(path),
            under_way: false,
        };
        settle_killed(path, &mut db, &eyes.boot, now).map_err(|error| broken(path, "written", &error))?;
        recent::tidy(&db, Quota::since(now)).map_err(|error| broken(path, "written", &error))?;
        let mut ledger = Self {
            reading: Reading {
                path: path.to_owned(),
                db,
                eyes,
            },
            run: None,
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
        let key = begin_run(&self.reading.db, &self.reading.eyes.boot, self.acquired)
            .map_err(|error| self.not_written(&error))?;
        let marks = Marks::begin(&self.reading.path, key)
            .map_err(|error| LedgerError::io(&self.reading.path, "written", &error))?;
        Ok(Run { key, marks })
    }

    /// Its number.
    fn begun_as(&mut self) -> Result<i64, LedgerError> {
        let run = self.begun()?;
        Ok(self.run.insert(run).key)
    }

    fn not_written(&self, error: &rusqlite::Error) -> LedgerError {
        broken(&self.reading.path, "written", error)
    }

    fn apply(&mut self, entries: Vec<Entry>, durability: Durability) -> Result<Vec<Claimed>, LedgerError> {
        if self.run.is_none() && entries.is_empty() {
            return Ok(Vec::new());
        }
        let mut run = self.begun()?;
        let applied = match durability {
            Durability::Process => self.mark(&mut run.marks, entries),
            Durability::Power => self.commit(&mut run, entries),
        };
        self.run = Some(run);
        applied
    }

    fn end(mut self, now: Timestamp) -> Result<(), LedgerError> {
        let Some(Run { key, marks }) = self.run.take() else {
            return Ok(());
        };
        let ended = self.write_end(key, now).map_err(|error| self.not_written(&error))?;
        let Self {
            reading: Reading { path, db, .. },
            _lock,
            ..
        } = self;
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
    fn write_end(&mut self, run: i64, now: Timestamp) -> rusqlite::Result<bool> {
        let db = &mut self.reading.db;
        let transaction = db.transaction()?;
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
        db.busy_timeout(Duration::ZERO)?;
        let folded_in = db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| {
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
                return Err(self.not_written(&unclaimed(*id)));
            }
        }
        Ok(())
    }

    fn mark(&mut self, marks: &mut Marks, entries: Vec<Entry>) -> Result<Vec<Claimed>, LedgerError> {
        self.check_begins(&entries)?;
        let (entries, answers) = self.follow(entries)?;
        let before = self.written.len();
        let marked = as_json(&entries, &mut self.written)
            .map_err(Into::into)
            .and_then(|ends| {
                let starts = std::iter::once(before).chain(ends.iter().copied());
                marks.write(starts.zip(&ends).map(|(start, end)| &self.written[start..*end]))
            });
        if let Err(error) = marked {
            self.written.truncate(before);
            return Err(LedgerError::io(&self.reading.path, "written", &error));
        }
        self.unsynced.extend(entries);
        Ok(answers)
    }

    fn commit(&mut self, run: &mut Run, entries: Vec<Entry>) -> Result<Vec<Claimed>, LedgerError> {
        if entries.is_empty() && self.unsynced.is_empty() && self.unposted.is_empty() {
            return Ok(Vec::new());
        }
        self.check_begins(&entries)?;
        let (entries, answers) = self.follow(entries)?;
        // With nothing to write but what was marked before, letters leave slowly: there is time.
        let posts = entries.is_empty() || self.posted.elapsed() >= POST_AFTER || self.unposted.len() >= MOST_UNPOSTED;
        let before = self.written.len();
        if let Err(error) = self.write_and_commit(run, &entries, posts) {
            self.written.truncate(before);
            return Err(self.not_written(&error));
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
            self.standing.retain(|_, standing| standing.open.is_some());
            self.posted = Instant::now();
        } else {
            self.unposted.append(&mut self.unsynced);
            self.unposted.extend(entries);
        }
        Ok(answers)
    }

    /// Follows where each letter stands, and refuses an entry that must not come after what was. Gives the entries but for
    /// claims that are lost, and what became of each claim.
    fn follow(&mut self, entries: Vec<Entry>) -> Result<(Vec<Entry>, Vec<Claimed>), LedgerError> {
        let mut kept = Vec::with_capacity(entries.len());
        let mut answers = Vec::new();
        for entry in entries {
            let id = entry.id();
            let standing = match self.standing.get(&id) {
                Some(standing) => Some(*standing),
                None => self.on_line(id).map_err(|error| self.not_written(&error))?,
            };
            let date = match &entry {
                Entry::Claim(intent) => intent.date,
                _ => Timestamp::UNIX_EPOCH,
            };
            let (after, answer) = standing
                .unwrap_or(Standing::unknown(date))
                .after(&entry)
                .map_err(|OutOfOrder| self.not_written(&unclaimed(id)))?;
            answers.extend(answer);
            if matches!(answer, Some(Claimed::Lost(_))) {
                continue;
            }
            if standing.is_none() {
                self.new.insert(id);
            }
            self.standing.insert(id, after);
            kept.push(entry);
        }
        Ok((kept, answers))
    }

    /// Where the database has a letter.
    fn on_line(&self, id: LetterId) -> rusqlite::Result<Option<Standing>> {
        self.reading
            .db
            .prepare_cached("SELECT state, before, date FROM letter WHERE id = ?1")?
            .query_row([id.as_bytes().as_slice()], |row| {
                Ok(state::standing(row.get(0)?, row.get(1)?, timestamp(row, 2)?))
            })
            .optional()
    }

    /// Writes what was marked, and more, in one synced transaction, which opens a new generation of marks.
    fn write_and_commit(&mut self, run: &Run, entries: &[Entry], posts: bool) -> rusqlite::Result<()> {
        let transaction = self.reading.db.transaction()?;
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

/// Entries as JSON, one after the other behind what is there; gives where each ends.
fn as_json(entries: &[Entry], to: &mut Vec<u8>) -> serde_json::Result<Vec<usize>> {
    let each = entries.iter().map(|entry| {
        serde_json::to_writer(&mut *to, entry)?;
        Ok(to.len())
    });
    each.collect()
}
