//! A ledger to read: what is known of each letter.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::file::{boot_id, broken, connect, migrate, version};
use super::lines::Lines;
use super::look::Marked;
use super::recent;
use super::runs::settle_killed;
use super::state;
use crate::campaign::Address;
use crate::campaign::config::Limits;
use crate::letter::{LetterId, Past, Recent};
use crate::outbox::ledger::{LedgerError, LoggedAttempt, Record, Settled, lock, place};
use crate::transport::{Reply, Status};

/// A ledger to read.
#[derive(Debug)]
pub struct SqliteLedger {
    path: PathBuf,
    reading: Mutex<Reading>,
}

#[derive(Debug)]
struct Reading {
    db: Connection,
    eyes: Eyes,
}

impl SqliteLedger {
    /// Opens a ledger to read, if there is one.
    ///
    /// # Errors
    /// When it is no ledger, is newer than this program, or cannot be read.
    pub fn read(path: &Path, now: Timestamp) -> Result<Option<Self>, LedgerError> {
        let Some(path) = &place::find(path)? else {
            Marked::beside(path).allows_opening(path)?;
            return Ok(None);
        };
        let marked = Marked::beside(path);
        marked.allows_opening(path)?;
        lock::not_held_elsewhere(path)?;
        let mut db = connect(path)?;
        marked.allows(path, &db)?;
        if version(path, &db)? == 0 {
            return Ok(None);
        }
        // Only a run that goes on, and holds the lock, may have left something open.
        let open = db
            .query_row("SELECT EXISTS (SELECT 1 FROM run WHERE ended IS NULL)", [], |row| {
                row.get(0)
            })
            .map_err(|error| broken(path, "read", &error))?;
        let mut under_way = false;
        if open {
            match lock::acquire(path, now) {
                Ok(_lock) => {
                    migrate(path, &mut db)?;
                    settle_killed(path, &mut db, &boot_id(path), now)
                        .map_err(|error| broken(path, "written", &error))?;
                }
                Err(LedgerError::Busy { .. }) => under_way = true,
                // Not to be taken for a run that goes on: what a killed one left open would look as if it were due.
                Err(error) => return Err(error),
            }
        }
        drop(db);
        let ledger = Self::open(path)?;
        ledger.reading().eyes.under_way = under_way;
        Ok(Some(ledger))
    }

    pub(super) fn open(path: &Path) -> Result<Self, LedgerError> {
        let eyes = Eyes {
            boot: boot_id(path),
            under_way: false,
        };
        Ok(Self {
            path: path.to_owned(),
            reading: Mutex::new(Reading {
                db: connect(path)?,
                eyes,
            }),
        })
    }

    /// What is known of each of these letters, all at one moment: `None` where nothing is, or an intent that surely never
    /// began.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn past(&self, ids: &[LetterId]) -> Result<Vec<Option<Past>>, LedgerError> {
        let read = || -> rusqlite::Result<_> {
            let reading = self.reading();
            // Taking and leaving the database's locks costs more than an answer: all of them share it.
            let moment = reading.db.unchecked_transaction()?;
            let mut lines = Lines::default();
            ids.iter().map(|id| lines.find(&moment, &reading.eyes, *id)).collect()
        };
        read().map_err(|error| broken(&self.path, "read", &error))
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
                 WHERE campaign = ?1 AND lower(sender) = lower(?2) ORDER BY letter.key"
            ))?;
            let mut rows = query.query(params![campaign, sender])?;
            while let Some(row) = rows.next()? {
                let record = record(row, &reading.eyes)?;
                if record.status.is_some() {
                    each(record);
                }
            }
            Ok(())
        };
        let mut read = read;
        read().map_err(|error| broken(&self.path, "read", &error))
    }

    /// Every attempt of a campaign, oldest first, and every word of a person on one.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn attempts(&self, campaign: &str, each: impl FnMut(LoggedAttempt)) -> Result<(), LedgerError> {
        self.logged("letter.campaign = ?1 ORDER BY attempt.key", params![campaign], each)
    }

    /// Every attempt of a campaign and sender that ended in doubt, oldest first, also of letters that no longer are.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn doubts(&self, campaign: &str, sender: &str, each: impl FnMut(LoggedAttempt)) -> Result<(), LedgerError> {
        self.logged(
            "attempt.state = ?3 AND letter.campaign = ?1 AND lower(letter.sender) = lower(?2) ORDER BY attempt.key",
            params![campaign, sender, state::IN_DOUBT],
            each,
        )
    }

    /// The last attempt of a letter, or a person's word on it.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn last_attempt(&self, id: LetterId) -> Result<Option<LoggedAttempt>, LedgerError> {
        let mut last = None;
        self.logged(
            "letter.id = ?1 ORDER BY attempt.key DESC LIMIT 1",
            params![id.as_bytes().as_slice()],
            |attempt| last = Some(attempt),
        )?;
        Ok(last)
    }

    /// A letter as it is known, whatever its campaign, which comes with it.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn record(&self, id: LetterId) -> Result<Option<(String, Record)>, LedgerError> {
        let reading = self.reading();
        reading
            .db
            .query_row(
                &format!(
                    "SELECT {RECORD}, letter.campaign FROM letter JOIN run ON run.key = letter.run WHERE letter.id = ?1"
                ),
                [id.as_bytes().as_slice()],
                |row| Ok((row.get(RECORD_COLUMNS)?, record(row, &reading.eyes)?)),
            )
            .optional()
            .map_err(|error| broken(&self.path, "read", &error))
    }

    fn logged(
        &self,
        which: &str,
        params: impl rusqlite::Params,
        mut each: impl FnMut(LoggedAttempt),
    ) -> Result<(), LedgerError> {
        let mut read = |params| -> rusqlite::Result<()> {
            let reading = self.reading();
            let mut query = reading.db.prepare(&format!(
                "SELECT {RECORD}, attempt.at, attempt.state, attempt.code, attempt.reply, attempt.key, attempt.sha256,
                 facts.json
                 FROM attempt JOIN letter ON letter.key = attempt.letter JOIN run ON run.key = letter.run
                 LEFT JOIN facts ON facts.key = attempt.facts WHERE {which}"
            ))?;
            let mut copies = reading
                .db
                .prepare("SELECT address, state, code, reply FROM copy WHERE attempt = ?1 ORDER BY rowid")?;
            let mut rows = query.query(params)?;
            while let Some(row) = rows.next()? {
                let state = row.get(RECORD_COLUMNS + 1)?;
                let key: i64 = row.get(RECORD_COLUMNS + 4)?;
                let copies = copies
                    .query_map([key], |row| Ok((row.get(0)?, status(row.get(1)?), reply(row, 2)?)))?
                    .collect::<rusqlite::Result<_>>()?;
                each(LoggedAttempt {
                    record: record(row, &reading.eyes)?,
                    at: timestamp(row, RECORD_COLUMNS)?,
                    status: status(state),
                    reply: reply(row, RECORD_COLUMNS + 2)?,
                    copies,
                    sha256: row.get(RECORD_COLUMNS + 5)?,
                    facts: row.get(RECORD_COLUMNS + 6)?,
                    settled: match state {
                        state::SETTLED_SENT => Some(Settled::Sent),
                        state::SETTLED_UNSENT => Some(Settled::Unsent),
                        _ => None,
                    },
                });
            }
            Ok(())
        };
        read(params).map_err(|error| broken(&self.path, "read", &error))
    }

    /// When letters of a sender's mailbox were handed over since a moment, in whatever campaign: accepted, or in doubt; and
    /// to how many addresses, copies that were not refused or put off among them. Only the first unless `all` are wanted.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn handed_over_since(
        &self,
        sender: &Address,
        since: Timestamp,
        all: bool,
    ) -> Result<Vec<(Timestamp, usize)>, LedgerError> {
        let read = || -> rusqlite::Result<_> {
            let reading = self.reading();
            let mut query = reading.db.prepare(
                "SELECT attempt.at,
                 1 + (SELECT count(*) FROM copy WHERE copy.attempt = attempt.key AND copy.state IN (?2, ?3)), sender
                 FROM attempt JOIN letter ON letter.key = attempt.letter
                 WHERE attempt.at > ?1 AND attempt.state IN (?2, ?3) ORDER BY attempt.at",
            )?;
            let mut rows = query.query(params![since.as_second(), state::ACCEPTED, state::IN_DOUBT])?;
            let mut own = recent::Own::of(sender);
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                if own.is(row.get_ref(2)?.as_str()?) {
                    found.push((timestamp(row, 0)?, usize::try_from(row.get::<_, i64>(1)?).unwrap_or(1)));
                    if !all {
                        break;
                    }
                }
            }
            Ok(found)
        };
        read().map_err(|error| broken(&self.path, "read", &error))
    }

    /// What a sender handed over since a moment, in whatever campaign, as the limits for one address count it.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn recent(&self, sender: &Address, limits: Limits, since: Timestamp) -> Result<Recent, LedgerError> {
        recent::read(&self.reading().db, sender, limits, since).map_err(|error| broken(&self.path, "read", &error))
    }

    /// The newest attempt of a sender's mailbox, in whatever campaign, when it is later than a moment.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn attempt_after(&self, sender: &Address, moment: Timestamp) -> Result<Option<Timestamp>, LedgerError> {
        let read = || -> rusqlite::Result<_> {
            let reading = self.reading();
            let mut query = reading.db.prepare(
                "SELECT attempt.at, sender FROM attempt JOIN letter ON letter.key = attempt.letter
                 WHERE attempt.at > ?1 ORDER BY attempt.at DESC",
            )?;
            let mut rows = query.query(params![moment.as_second()])?;
            let mut own = recent::Own::of(sender);
            while let Some(row) = rows.next()? {
                if own.is(row.get_ref(1)?.as_str()?) {
                    return timestamp(row, 0).map(Some);
                }
            }
            Ok(None)
        };
        read().map_err(|error| broken(&self.path, "read", &error))
    }

    fn reading(&self) -> MutexGuard<'_, Reading> {
        self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How an open state is to be read.
#[derive(Debug)]
pub struct Eyes {
    /// Which start of the machine this is; claims of another may have begun without a trace.
    boot: String,
    /// Another run goes on: what is open there is on its way, not in doubt.
    under_way: bool,
}

impl Eyes {
    /// What a state means; the run's `boot` tells a killed process from a power cut. `None`: it surely never began.
    pub fn status(&self, state: i64, before: i64, boot: &str) -> Option<Status> {
        match state {
            state::RELEASED => status_of_outcome(before),
            state::CLAIMED | state::BEGUN if self.under_way => status_of_outcome(before),
            state::CLAIMED if boot == self.boot => status_of_outcome(before),
            state::CLAIMED | state::BEGUN => Some(Status::InDoubt),
            outcome => status_of_outcome(outcome),
        }
    }
}

fn status_of_outcome(state: i64) -> Option<Status> {
    (state != state::RELEASED).then(|| status(state))
}

const RECORD: &str = "letter.id, letter.letter, letter.sender, letter.recipient, letter.language, letter.date, \
                      letter.state, letter.before, run.boot";
const RECORD_COLUMNS: usize = 9;

fn record(row: &Row, eyes: &Eyes) -> rusqlite::Result<Record> {
    Ok(Record {
        id: LetterId::from_bytes(row.get(0)?),
        letter: row.get(1)?,
        sender: row.get(2)?,
        recipient: row.get(3)?,
        language: row.get(4)?,
        date: timestamp(row, 5)?,
        status: eyes.status(row.get(6)?, row.get(7)?, row.get_ref(8)?.as_str()?),
    })
}

pub fn timestamp(row: &Row, column: usize) -> rusqlite::Result<Timestamp> {
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
        state::ACCEPTED | state::SETTLED_SENT => Status::Accepted,
        state::DEFERRED | state::SETTLED_UNSENT => Status::Deferred,
        state::REFUSED => Status::Refused,
        // Whatever else is found there: hold it.
        _ => Status::InDoubt,
    }
}
