//! The ledger in `SQLite`: one file in write-ahead mode, readable by its owner only.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use etcetera::BaseStrategy;
use jiff::Timestamp;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, Row, params};

use super::lock::{self, Lock};
use super::marks::{self, Marks};
use super::{Attempted, Durability, Entry, Intent, LedgerError, LockedLedger, LoggedAttempt, Record};
use crate::letter::{History, LetterId, Past};
use crate::transport::{Reply, Status};

/// Marks the file as ours (`PRAGMA application_id`): "appl".
const APPLICATION_ID: i64 = 0x6170_706c;
/// Each step takes the format one further; the last one is the format written (`PRAGMA user_version`).
const MIGRATIONS: &[&str] = &[include_str!("schema.sql")];

mod state {
    pub const RELEASED: i64 = 0;
    pub const CLAIMED: i64 = 1;
    pub const BEGUN: i64 = 2;
    pub const ACCEPTED: i64 = 3;
    pub const DEFERRED: i64 = 4;
    pub const REFUSED: i64 = 5;
    pub const IN_DOUBT: i64 = 6;
}

/// `$XDG_STATE_HOME/appel/ledger.sqlite3`; `None` when there is no home.
#[must_use]
pub fn default_path() -> Option<PathBuf> {
    let base = etcetera::choose_base_strategy().ok()?;
    let state = base.state_dir().unwrap_or_else(|| base.data_dir());
    Some(state.join("appel").join("ledger.sqlite3"))
}

/// A ledger to read.
#[derive(Debug)]
pub struct SqliteLedger {
    path: PathBuf,
    reading: Mutex<Reading>,
    /// Which start of the machine this is; claims of another may have begun without a trace.
    boot: String,
}

#[derive(Debug)]
struct Reading {
    db: Connection,
    /// How many questions the transaction that is open has answered; 0 when none is open.
    asked: u32,
    /// The first thing that went wrong while planning; until it is asked for, every letter counts as in doubt.
    trouble: Option<LedgerError>,
    /// The letter asked for last, and its first Date: the next question is mostly about the same.
    last: Option<(LetterId, Option<Timestamp>)>,
}

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

impl SqliteLedger {
    /// Opens a ledger to read, if there is one.
    ///
    /// # Errors
    /// When it is no ledger, is newer than this program, or cannot be read.
    pub fn read(path: &Path, now: Timestamp) -> Result<Option<Self>, LedgerError> {
        if !path.exists() {
            return Ok(None);
        }
        let mut db = connect(path)?;
        if version(path, &db)? == 0 {
            return Ok(None);
        }
        // Only a run that goes on, and holds the lock, may have left something open.
        let killed = db.query_row("SELECT EXISTS (SELECT 1 FROM run WHERE ended IS NULL)", [], |row| {
            row.get(0)
        });
        if killed.map_err(|error| broken(path, "read", &error))?
            && let Ok(_lock) = lock::acquire(path, now)
        {
            settle_killed(path, &mut db, &boot_id(), now).map_err(|error| broken(path, "written", &error))?;
        }
        Ok(Some(Self {
            path: path.to_owned(),
            reading: Reading::new(db),
            boot: boot_id(),
        }))
    }

    /// Opens a ledger to write, making it when there is none, and settles what a crash left open.
    ///
    /// # Errors
    /// When another run has it, or as for [`SqliteLedger::read`].
    pub fn lock(path: &Path, now: Timestamp) -> Result<(Self, SqliteLocked), LedgerError> {
        make_private(path).map_err(|error| unusable(path, "opened", &error))?;
        let lock = lock::acquire(path, now)?;
        let mut db = connect(path)?;
        migrate(path, &mut db)?;
        let boot = boot_id();
        let run = settle_killed(path, &mut db, &boot, now)
            .and_then(|()| begin_run(&db, &boot, now))
            .map_err(|error| broken(path, "written", &error))?;
        let marks = Marks::begin(path, run).map_err(|error| unusable(path, "written", &error))?;
        let reader = Self {
            path: path.to_owned(),
            reading: Reading::new(connect(path)?),
            boot,
        };
        let locked = SqliteLocked {
            path: path.to_owned(),
            db,
            run,
            marks,
            unsynced: Vec::new(),
            claimed: HashSet::new(),
            _lock: lock,
        };
        Ok((reader, locked))
    }

    /// The first error met while planning, if any: then nothing may be sent.
    ///
    /// # Errors
    /// That error.
    pub fn checked(&self) -> Result<(), LedgerError> {
        let mut reading = self.reading();
        reading.end();
        reading.trouble.take().map_or(Ok(()), Err)
    }

    /// The Date of a letter's first attempt, if there was one.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn first_date(&self, id: LetterId) -> Result<Option<Timestamp>, LedgerError> {
        let mut reading = self.reading();
        if let Some((last, date)) = reading.last
            && last == id
        {
            return Ok(date);
        }
        let known = reading
            .letter(id, &self.boot)
            .map_err(|error| broken(&self.path, "read", &error))?;
        Ok(known.and_then(|(_, date)| date))
    }

    /// Every letter of a campaign and sender that the ledger knows and that did begin.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn records(&self, campaign: &str, sender: &str, mut each: impl FnMut(Record)) -> Result<(), LedgerError> {
        let read = || -> rusqlite::Result<()> {
            let reading = self.reading();
            let mut query = reading.db.prepare(&format!(
                "SELECT {RECORD} FROM letter JOIN run ON run.key = letter.run
                 WHERE campaign = ?1 AND sender = ?2 ORDER BY letter.key"
            ))?;
            let mut rows = query.query(params![campaign, sender])?;
            while let Some(row) = rows.next()? {
                let record = record(row, &self.boot)?;
                if record.past != Past::Never {
                    each(record);
                }
            }
            Ok(())
        };
        let mut read = read;
        read().map_err(|error| broken(&self.path, "read", &error))
    }

    /// Every attempt of a campaign, oldest first.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn attempts(&self, campaign: &str, mut each: impl FnMut(LoggedAttempt)) -> Result<(), LedgerError> {
        let mut read = || -> rusqlite::Result<()> {
            let reading = self.reading();
            let mut query = reading.db.prepare(&format!(
                "SELECT {RECORD}, attempt.at, attempt.state, attempt.code, attempt.reply, attempt.key
                 FROM attempt JOIN letter ON letter.key = attempt.letter JOIN run ON run.key = letter.run
                 WHERE campaign = ?1 ORDER BY attempt.key"
            ))?;
            let mut copies = reading
                .db
                .prepare("SELECT address, state, code, reply FROM copy WHERE attempt = ?1")?;
            let mut rows = query.query(params![campaign])?;
            while let Some(row) = rows.next()? {
                let key: i64 = row.get(RECORD_COLUMNS + 4)?;
                let copies = copies
                    .query_map([key], |row| Ok((row.get(0)?, status(row.get(1)?), reply(row, 2)?)))?
                    .collect::<rusqlite::Result<_>>()?;
                each(LoggedAttempt {
                    record: record(row, &self.boot)?,
                    at: timestamp(row, RECORD_COLUMNS)?,
                    status: status(row.get(RECORD_COLUMNS + 1)?),
                    reply: reply(row, RECORD_COLUMNS + 2)?,
                    copies,
                });
            }
            Ok(())
        };
        read().map_err(|error| broken(&self.path, "read", &error))
    }

    /// How many letters of a sender were accepted since a moment, in whatever campaign.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn accepted_since(&self, sender: &str, since: Timestamp) -> Result<u64, LedgerError> {
        self.reading()
            .db
            .query_row(
                "SELECT count(*) FROM attempt JOIN letter ON letter.key = attempt.letter
                 WHERE attempt.at >= ?1 AND attempt.state IN (?2, ?3) AND sender = ?4",
                params![since.as_second(), state::ACCEPTED, state::IN_DOUBT, sender],
                |row| row.get::<_, i64>(0),
            )
            .map(i64::unsigned_abs)
            .map_err(|error| broken(&self.path, "read", &error))
    }

    fn reading(&self) -> MutexGuard<'_, Reading> {
        self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reading {
    const fn new(db: Connection) -> Mutex<Self> {
        Mutex::new(Self {
            db,
            asked: 0,
            trouble: None,
            last: None,
        })
    }

    /// Where a letter stands, and the Date of its first attempt, if it ever began.
    fn letter(&mut self, id: LetterId, boot: &str) -> rusqlite::Result<Option<(Past, Option<Timestamp>)>> {
        // Taking and leaving the database's locks costs more than the answer: a few hundred questions share them.
        // What this run writes meanwhile is about letters that were asked for already.
        if self.asked == 0 {
            self.db.prepare_cached("BEGIN")?.execute([])?;
        }
        self.asked += 1;
        let mut query = self.db.prepare_cached(
            "SELECT state, before, boot, date FROM letter JOIN run ON run.key = letter.run WHERE id = ?1",
        )?;
        let found = query
            .query_row([id.as_bytes().as_slice()], |row| {
                let (state, before) = (row.get(0)?, row.get(1)?);
                let never_began = matches!(state, state::RELEASED | state::CLAIMED) && before == state::RELEASED;
                let past = past(state, before, row.get_ref(2)?.as_str()? == boot);
                Ok((
                    past,
                    (!never_began || past != Past::Never).then_some(timestamp(row, 3)?),
                ))
            })
            .optional()?;
        drop(query);
        if self.asked == 256 {
            self.end();
        }
        Ok(found)
    }

    fn end(&mut self) {
        if self.asked > 0 {
            self.asked = 0;
            // Nothing was written: whatever goes wrong with the end of reading, the answers stand.
            let _ = self.db.execute_batch("COMMIT");
        }
    }
}

impl History for SqliteLedger {
    fn past(&self, id: LetterId) -> Past {
        let mut reading = self.reading();
        match reading.letter(id, &self.boot) {
            Ok(known) => {
                let (past, date) = known.unwrap_or((Past::Never, None));
                reading.last = Some((id, date));
                past
            }
            Err(error) => {
                // A letter that nothing is known of must not be taken for one that was never sent.
                reading
                    .trouble
                    .get_or_insert_with(|| broken(&self.path, "read", &error));
                Past::InDoubt
            }
        }
    }
}

/// What a state means when no run is going on; `same_boot` tells a killed process from a power cut.
fn past(state: i64, before: i64, same_boot: bool) -> Past {
    match state {
        state::RELEASED => past_of_outcome(before),
        state::CLAIMED if same_boot => past_of_outcome(before),
        state::CLAIMED | state::BEGUN => Past::InDoubt,
        outcome => past_of_outcome(outcome),
    }
}

fn past_of_outcome(state: i64) -> Past {
    match state {
        state::RELEASED => Past::Never,
        state::ACCEPTED => Past::Accepted,
        state::DEFERRED => Past::Deferred,
        state::REFUSED => Past::Refused,
        // Whatever else is found there: hold it.
        _ => Past::InDoubt,
    }
}

const RECORD: &str = "letter.id, letter.letter, letter.sender, letter.recipient, letter.language, letter.date, \
                      letter.state, letter.before, run.boot";
const RECORD_COLUMNS: usize = 9;

fn record(row: &Row, boot: &str) -> rusqlite::Result<Record> {
    Ok(Record {
        id: LetterId::from_bytes(row.get(0)?),
        letter: row.get(1)?,
        sender: row.get(2)?,
        recipient: row.get(3)?,
        language: row.get(4)?,
        date: timestamp(row, 5)?,
        past: past(row.get(6)?, row.get(7)?, row.get_ref(8)?.as_str()? == boot),
    })
}

fn timestamp(row: &Row, column: usize) -> rusqlite::Result<Timestamp> {
    let second: i64 = row.get(column)?;
    Timestamp::from_second(second).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, second))
}

fn reply(row: &Row, column: usize) -> rusqlite::Result<Reply> {
    Ok(Reply {
        code: row.get(column)?,
        text: row.get(column + 1)?,
    })
}

fn status(state: i64) -> Status {
    match state {
        state::ACCEPTED => Status::Accepted,
        state::DEFERRED => Status::Deferred,
        state::REFUSED => Status::Refused,
        _ => Status::InDoubt,
    }
}

const fn state_of(status: Status) -> i64 {
    match status {
        Status::Accepted => state::ACCEPTED,
        Status::Deferred => state::DEFERRED,
        Status::Refused => state::REFUSED,
        Status::InDoubt => state::IN_DOUBT,
    }
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
            .and_then(|_| self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())))
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
            .map_err(|error| unusable(&self.path, "written", &error))?;
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

/// Writes entries in one synced transaction, which opens a new generation of marks.
fn write_and_commit(db: &mut Connection, entries: &[Entry], run: i64, marks: u64) -> rusqlite::Result<()> {
    let transaction = db.transaction()?;
    write(&transaction, entries, run)?;
    transaction
        .prepare_cached("UPDATE run SET marks = ?2 WHERE key = ?1")?
        .execute(params![run, marks.cast_signed()])?;
    transaction.commit()
}

fn write(transaction: &Connection, entries: &[Entry], run: i64) -> rusqlite::Result<()> {
    let mut facts = HashMap::new();
    // A letter that began and ended meanwhile needs no line for having begun. (None begins again between two synced
    // commits: the claim that has to come first is one.)
    let ended: HashSet<LetterId> = entries
        .iter()
        .filter_map(|entry| match entry {
            Entry::Outcome(attempted) => Some(attempted.id),
            _ => None,
        })
        .collect();
    for entry in entries {
        match entry {
            Entry::Claim(intent) => claim(transaction, intent, run)?,
            Entry::Begin(id) if ended.contains(id) => {}
            Entry::Begin(id) => {
                let mut begin =
                    transaction.prepare_cached("UPDATE letter SET state = 2 WHERE id = ?1 AND state = 1")?;
                if begin.execute([id.as_bytes().as_slice()])? != 1 {
                    return Err(unclaimed(*id));
                }
            }
            Entry::Release(id) => {
                let mut release =
                    transaction.prepare_cached("UPDATE letter SET state = 0 WHERE id = ?1 AND state = 1")?;
                release.execute([id.as_bytes().as_slice()])?;
            }
            Entry::Outcome(attempted) => {
                let facts = match facts.get(&*attempted.facts) {
                    Some(key) => *key,
                    None => {
                        let key = facts_key(transaction, &attempted.facts)?;
                        facts.insert(&*attempted.facts, key);
                        key
                    }
                };
                outcome(transaction, attempted, facts, run)?;
            }
        }
    }
    Ok(())
}

fn claim(db: &Connection, intent: &Intent, run: i64) -> rusqlite::Result<()> {
    let mut insert = db.prepare_cached(
        "INSERT INTO letter (id, campaign, letter, sender, recipient, language, date, state, before, run)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 1, 0, ?8)
         ON CONFLICT (id) DO UPDATE SET
             before = iif(state = 0, before, state), language = excluded.language, run = excluded.run,
             date = iif(state = 0 AND before = 0, excluded.date, date), state = 1
         WHERE state NOT IN (1, 2, 3)",
    )?;
    let changed = insert.execute(params![
        intent.id.as_bytes().as_slice(),
        intent.campaign,
        intent.letter,
        intent.sender,
        intent.recipient,
        intent.language,
        intent.date.as_second(),
        run,
    ])?;
    // The last guard against sending twice: what was accepted, or is on its way, cannot be claimed.
    if changed == 1 {
        Ok(())
    } else {
        Err(unclaimed(intent.id))
    }
}

fn outcome(db: &Connection, attempted: &Attempted, facts: i64, run: i64) -> rusqlite::Result<()> {
    let state = state_of(attempted.status);
    let mut update =
        db.prepare_cached("UPDATE letter SET state = ?2 WHERE id = ?1 AND state IN (1, 2) RETURNING key")?;
    let letter: i64 = update
        .query_row(params![attempted.id.as_bytes().as_slice(), state], |row| row.get(0))
        .optional()?
        .ok_or_else(|| unclaimed(attempted.id))?;
    let mut insert = db.prepare_cached(
        "INSERT INTO attempt (letter, run, at, state, code, reply, sha256, facts)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    let attempt = insert.insert(params![
        letter,
        run,
        attempted.at.as_second(),
        state,
        attempted.reply.code,
        attempted.reply.text,
        attempted.sha256.as_slice(),
        facts,
    ])?;
    for (address, status, reply) in &attempted.copies {
        db.prepare_cached("INSERT INTO copy (attempt, address, state, code, reply) VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute(params![attempt, address, state_of(*status), reply.code, reply.text])?;
    }
    Ok(())
}

/// Letters share few sets of facts, so each set is kept once.
fn facts_key(db: &Connection, json: &str) -> rusqlite::Result<i64> {
    let known = db
        .prepare_cached("SELECT key FROM facts WHERE json = ?1")?
        .query_row([json], |row| row.get(0))
        .optional()?;
    match known {
        Some(key) => Ok(key),
        None => db
            .prepare_cached("INSERT INTO facts (json) VALUES (?1)")?
            .insert([json]),
    }
}

/// The order of the steps is this program's own; a break in it means that the ledger is not what it was.
fn unclaimed(id: LetterId) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(format!("letter {id} is not where this run left it").into())
}

/// Begins a run.
fn begin_run(db: &Connection, boot: &str, now: Timestamp) -> rusqlite::Result<i64> {
    db.prepare("INSERT INTO run (started, boot) VALUES (?1, ?2)")?
        .insert(params![now.as_second(), boot])
}

/// Makes of what killed runs left open what it must be taken for. Only whoever holds the lock may.
fn settle_killed(path: &Path, db: &mut Connection, boot: &str, now: Timestamp) -> rusqlite::Result<()> {
    let killed: Vec<(i64, u64, bool)> = db
        .prepare("SELECT key, marks, boot = ?1 FROM run WHERE ended IS NULL ORDER BY key")?
        .query_map([boot], |row| {
            Ok((row.get(0)?, row.get::<_, i64>(1)?.cast_unsigned(), row.get(2)?))
        })?
        .collect::<rusqlite::Result<_>>()?;
    for (run, generation, same_boot) in killed {
        let marks = marks::left_by(path, run, generation);
        // Without the marks, or with some perhaps lost in a power cut, whatever was claimed may have begun.
        let all_marked = same_boot && marks.is_some();
        // All or nothing: marks that were taken over once cannot be taken over again.
        let transaction = db.transaction()?;
        write(&transaction, &marks.unwrap_or_default(), run)?;
        transaction.execute(
            "INSERT INTO attempt (letter, run, at, state, code, reply)
             SELECT key, run, ?2, 6, NULL,
                    CASE state WHEN 2 THEN 'the program ended while this letter was being sent'
                               ELSE 'the machine stopped while this letter was waiting its turn, or being sent' END
             FROM letter WHERE run = ?1 AND (state = 2 OR (state = 1 AND NOT ?3)) ORDER BY key",
            params![run, now.as_second(), all_marked],
        )?;
        transaction.execute(
            "UPDATE letter SET state = iif(state = 1 AND ?2, 0, 6) WHERE run = ?1 AND state IN (1, 2)",
            params![run, all_marked],
        )?;
        transaction.execute(
            "UPDATE run SET ended = ?2 WHERE key = ?1",
            params![run, now.as_second()],
        )?;
        transaction.commit()?;
    }
    Ok(())
}

fn connect(path: &Path) -> Result<Connection, LedgerError> {
    let open = || -> rusqlite::Result<Connection> {
        let db = Connection::open_with_flags(
            path,
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        db.busy_timeout(std::time::Duration::from_secs(5))?;
        // `journal_mode` answers with the mode it chose.
        db.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
        db.execute_batch("PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF")?;
        db.set_prepared_statement_cache_capacity(32);
        // Without this guarantee every cached statement is planned anew each time its parameters change.
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        Ok(db)
    };
    open().map_err(|error| broken(path, "opened", &error))
}

/// The format, 0 when the file is still empty.
fn version(path: &Path, db: &Connection) -> Result<i64, LedgerError> {
    let read = |pragma: &str| {
        db.query_row(&format!("PRAGMA {pragma}"), [], |row| row.get::<_, i64>(0))
            .map_err(|error| broken(path, "read", &error))
    };
    let version = read("user_version")?;
    let application = read("application_id")?;
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if version > known && application == APPLICATION_ID {
        return Err(LedgerError::Newer {
            path: path.display().to_string(),
            found: version,
            known,
        });
    }
    if application != APPLICATION_ID && (version != 0 || read("schema_version")? != 0) {
        return Err(LedgerError::Damaged {
            path: path.display().to_string(),
            cause: "it is the database of another program".to_owned(),
        });
    }
    Ok(version)
}

fn migrate(path: &Path, db: &mut Connection) -> Result<(), LedgerError> {
    let version = usize::try_from(version(path, db)?).unwrap_or(0);
    for (format, sql) in (1_i64..).zip(MIGRATIONS).skip(version) {
        let mut upgrade = || -> rusqlite::Result<()> {
            let transaction = db.transaction()?;
            transaction.execute_batch(sql)?;
            transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
            transaction.pragma_update(None, "user_version", format)?;
            transaction.commit()
        };
        upgrade().map_err(|error| broken(path, "written", &error))?;
    }
    Ok(())
}

/// Makes folder (0700) and file (0600) before `SQLite` would, which asks nobody's umask.
fn make_private(path: &Path) -> std::io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder)?;
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?;
    Ok(())
}

/// Which start of the machine this is. Where the system does not tell, every start of the program counts as another:
/// then what was claimed is taken for in doubt, which is safe.
fn boot_id() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .map_or_else(|_| format!("process {}", std::process::id()), |id| id.trim().to_owned())
}

fn unusable(path: &Path, doing: &'static str, cause: &dyn std::fmt::Display) -> LedgerError {
    LedgerError::Unusable {
        path: path.display().to_string(),
        doing,
        cause: cause.to_string(),
    }
}

fn broken(path: &Path, doing: &'static str, error: &rusqlite::Error) -> LedgerError {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => LedgerError::Damaged {
            path: path.display().to_string(),
            cause: error.to_string(),
        },
        Some(ErrorCode::DiskFull) => unusable(path, doing, &"the disk is full"),
        _ => unusable(path, doing, error),
    }
}
