//! A ledger to read: what is known of each letter.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use appel_core::address::Address;
use appel_core::campaign::Limits;
use appel_core::letter::{LetterId, OpenCopy, Past, Recent};
use appel_core::outcome::Status;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::columns::{self, RECORD, RECORD_COLUMNS, ReadContext, outcome, record, timestamp};
use super::copies;
use super::file::{boot_id, broken, connect, is_newest, migrate, version};
use super::integrity::Marked;
use super::lines::Lines;
use super::runs::settle_killed;
use super::{kind, purge, received, recent, reply, state};
use crate::outbox::ledger::{
    AcceptedKind, Answer, Doing, Each, EventKind, Holdings, LastTry, LedgerError, LedgerEvent, LedgerReader, Received,
    Record, Settled, lock, place,
};

/// A ledger to read.
#[derive(Debug)]
pub struct SqliteLedger(Reading);

/// What answers questions: the connection, and how to understand what it finds.
#[derive(Debug)]
pub struct Reading {
    pub path: PathBuf,
    pub db: Connection,
    pub context: ReadContext,
}

/// Whoever has a connection to ask.
pub trait Reads: Send {
    fn reading(&self) -> &Reading;
}

impl Reads for SqliteLedger {
    fn reading(&self) -> &Reading {
        &self.0
    }
}

impl<L: Reads> LedgerReader for L {
    fn past<'l>(&'l mut self, ids: &'l [LetterId]) -> Answer<'l, Vec<Option<Past>>> {
        self.reading().answer(|reading| reading.past(ids))
    }

    fn recent<'l>(&'l mut self, sender: &'l Address, limits: Limits, since: Timestamp) -> Answer<'l, Recent> {
        self.reading()
            .answer(|reading| recent::read(&reading.db, sender, limits, since))
    }

    fn handed_over_since<'l>(
        &'l mut self,
        sender: &'l Address,
        since: Timestamp,
        all: bool,
    ) -> Answer<'l, Vec<(Timestamp, usize)>> {
        self.reading()
            .answer(|reading| recent::handed_over_since(&reading.db, sender, since, all))
    }

    fn event_after<'l>(&'l mut self, sender: &'l Address, moment: Timestamp) -> Answer<'l, Option<Timestamp>> {
        self.reading()
            .answer(|reading| recent::event_after(&reading.db, sender, moment))
    }

    fn open_copies<'l>(
        &'l mut self,
        campaign: &'l str,
        sender: &'l Address,
        each: Each<'l, OpenCopy>,
    ) -> Answer<'l, ()> {
        self.reading()
            .answer(|reading| copies::open(&reading.db, &reading.context, campaign, sender, each))
    }

    fn bytes_are_needed<'l>(&'l mut self, letters: &'l [LetterId]) -> Answer<'l, Vec<bool>> {
        self.reading()
            .answer(|reading| copies::bytes_are_needed(&reading.db, letters))
    }

    fn record(&mut self, id: LetterId) -> Answer<'_, Option<(String, Record)>> {
        self.reading().answer(|reading| reading.record(id))
    }

    fn last_event(&mut self, id: LetterId) -> Answer<'_, Option<LedgerEvent>> {
        self.reading().answer(|reading| {
            let mut last = None;
            reading.logged(
                "letter.id = ?1 ORDER BY event.key DESC LIMIT 1",
                params![id.as_bytes().as_slice()],
                &mut |attempt| last = Some(attempt),
            )?;
            Ok(last)
        })
    }

    fn last_tries<'l>(&'l mut self, ids: &'l [LetterId], most: usize) -> Answer<'l, HashMap<LetterId, LastTry>> {
        self.reading().answer(|reading| reading.last_tries(ids, most))
    }

    fn records_of_sender<'l>(
        &'l mut self,
        campaign: &'l str,
        sender: &'l Address,
        each: Each<'l, Record>,
    ) -> Answer<'l, ()> {
        self.reading()
            .answer(|reading| reading.records_of_sender(campaign, sender, each))
    }

    fn doubts_of_sender<'l>(
        &'l mut self,
        campaign: &'l str,
        sender: &'l Address,
        each: Each<'l, LedgerEvent>,
    ) -> Answer<'l, ()> {
        let which = "event.state = ?3 AND letter.campaign = ?1 AND letter.sender IN (SELECT value FROM json_each(?2))
                     ORDER BY event.key";
        self.reading().answer(|reading| {
            let sender = reading.spellings(campaign, sender)?;
            reading.logged(which, params![campaign, sender, state::IN_DOUBT], each)
        })
    }

    fn events_of_campaign<'l>(&'l mut self, campaign: &'l str, each: Each<'l, LedgerEvent>) -> Answer<'l, ()> {
        self.reading()
            .answer(|reading| reading.logged("letter.campaign = ?1 ORDER BY event.key", params![campaign], each))
    }

    fn received<'l>(&'l mut self, campaign: &'l str, each: Each<'l, Received>) -> Answer<'l, ()> {
        self.reading()
            .answer(|reading| received::each(&reading.db, &reading.context, campaign, each))
    }

    fn accepted_kinds<'l>(&'l mut self, sender: &'l Address) -> Answer<'l, Vec<AcceptedKind>> {
        self.reading().answer(|reading| received::kinds(&reading.db, sender))
    }

    fn holdings<'l>(&'l mut self, campaign: &'l str, since: Timestamp) -> Answer<'l, Holdings> {
        self.reading()
            .answer(|reading| purge::holdings(&reading.db, campaign, since))
    }
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
        let format = version(path, &db)?;
        if format == 0 {
            return Ok(None);
        }
        let boot = boot_id(path);
        // Only a run that goes on, and holds the lock, may have left something open.
        let open = is_newest(format)
            && db
                .query_row("SELECT EXISTS (SELECT 1 FROM run WHERE ended IS NULL)", [], |row| {
                    row.get(0)
                })
                .map_err(|error| broken(path, Doing::Read, &error))?;
        let mut under_way = false;
        if open || !is_newest(format) {
            match lock::acquire(path, now) {
                Ok(_lock) => {
                    migrate(path, &mut db, &boot, now)?;
                    settle_killed(path, &mut db, &boot, now).map_err(|error| broken(path, Doing::Write, &error))?;
                }
                Err(LedgerError::Busy { .. }) if open => under_way = true,
                // Not to be taken for a run that goes on: what a killed one left open would look as if it were due.
                Err(error) => return Err(error),
            }
        }
        Ok(Some(Self(Reading {
            path: path.to_owned(),
            db,
            context: ReadContext { boot, under_way },
        })))
    }
}

impl Reading {
    /// At once: a file answers where it stands.
    fn answer<'l, T: Send + 'l>(&self, ask: impl FnOnce(&Self) -> rusqlite::Result<T>) -> Answer<'l, T> {
        let answer = ask(self).map_err(|error| broken(&self.path, Doing::Read, &error));
        Box::pin(std::future::ready(answer))
    }

    fn past(&self, ids: &[LetterId]) -> rusqlite::Result<Vec<Option<Past>>> {
        // Taking and leaving the database's locks costs more than an answer: all of them share it.
        let moment = self.db.unchecked_transaction()?;
        let mut lines = Lines::default();
        ids.iter().map(|id| lines.find(&moment, &self.context, *id)).collect()
    }

    /// How an address stands as the sender of letters of a campaign, as a JSON array: small and capital letters, and the
    /// forms of a domain, are one to the address and not to the database.
    fn spellings(&self, campaign: &str, sender: &Address) -> rusqlite::Result<String> {
        let mut query = self
            .db
            .prepare("SELECT DISTINCT sender FROM letter WHERE campaign = ?1")?;
        let senders = query.query_map([campaign], |row| row.get(0))?;
        let mut spellings: Vec<String> = senders.collect::<rusqlite::Result<_>>()?;
        spellings.retain(|spelling| sender.is_spelled(spelling));
        Ok(serde_json::Value::from(spellings).to_string())
    }

    fn records_of_sender(
        &self,
        campaign: &str,
        sender: &Address,
        each: &mut dyn FnMut(Record),
    ) -> rusqlite::Result<()> {
        let sender = self.spellings(campaign, sender)?;
        let mut query = self.db.prepare(&format!(
            "SELECT {RECORD} FROM letter JOIN run ON run.key = letter.run
             WHERE campaign = ?1 AND sender IN (SELECT value FROM json_each(?2)) ORDER BY letter.key"
        ))?;
        let mut rows = query.query(params![campaign, sender])?;
        while let Some(row) = rows.next()? {
            let record = record(row, &self.context)?;
            if record.status.is_some() {
                each(record);
            }
        }
        Ok(())
    }

    fn record(&self, id: LetterId) -> rusqlite::Result<Option<(String, Record)>> {
        self.db
            .query_row(
                &format!(
                    "SELECT {RECORD}, letter.campaign FROM letter JOIN run ON run.key = letter.run WHERE letter.id = ?1"
                ),
                [id.as_bytes().as_slice()],
                |row| Ok((row.get(RECORD_COLUMNS)?, record(row, &self.context)?)),
            )
            .optional()
    }

    /// In one pass over the events, however many letters are asked about, from the latest on.
    fn last_tries(&self, ids: &[LetterId], most: usize) -> rusqlite::Result<HashMap<LetterId, LastTry>> {
        let moment = self.db.unchecked_transaction()?;
        let mut accepting = moment.prepare("SELECT DISTINCT run FROM event WHERE state = ?1 AND kind = ?2")?;
        let accepting = accepting.query_map([state::ACCEPTED, kind::ATTEMPT], |row| row.get(0))?;
        let accepting: HashSet<i64> = accepting.collect::<rusqlite::Result<_>>()?;
        let mut wanted: HashSet<LetterId> = ids.iter().copied().collect();
        let mut last = HashMap::new();
        let mut events = moment.prepare(
            "SELECT letter.id, event.kind, event.run, event.at, event.code, event.reason, event.reply
             FROM event JOIN letter ON letter.key = event.letter WHERE letter.state NOT IN (?1, ?2)
             ORDER BY event.key DESC",
        )?;
        let mut rows = events.query([state::ACCEPTED, state::REFUSED])?;
        while last.len() < most
            && !wanted.is_empty()
            && let Some(row) = rows.next()?
        {
            let id = LetterId::from_bytes(row.get(0)?);
            if !wanted.remove(&id) {
                continue;
            }
            let run: i64 = row.get(2)?;
            if let kind::ATTEMPT = row.get(1)? {
                let tried = LastTry {
                    at: timestamp(row, 3)?,
                    reply: reply::read(row, 4)?,
                    among_accepted: accepting.contains(&run),
                };
                last.insert(id, tried);
            }
        }
        Ok(last)
    }

    fn logged(
        &self,
        which: &str,
        params: impl rusqlite::Params,
        each: &mut dyn FnMut(LedgerEvent),
    ) -> rusqlite::Result<()> {
        let mut query = self.db.prepare(&format!(
            "SELECT {RECORD}, event.at, event.key, event.kind, event.state, event.code, event.reason, event.reply,
             event.sha256, facts.json
             FROM event JOIN letter ON letter.key = event.letter JOIN run ON run.key = letter.run
             LEFT JOIN facts ON facts.key = event.facts WHERE {which}"
        ))?;
        let mut rows = query.query(params)?;
        while let Some(row) = rows.next()? {
            const EVENT: usize = RECORD_COLUMNS;
            let key: i64 = row.get(EVENT + 1)?;
            let outcome = outcome(row, EVENT + 3)?;
            let kind = match (row.get(EVENT + 2)?, outcome.status) {
                (kind::SETTLEMENT, Status::Accepted) => EventKind::Settlement(Settled::Sent),
                (kind::SETTLEMENT, _) => EventKind::Settlement(Settled::Unsent),
                _ => EventKind::Attempt {
                    sha256: row.get(EVENT + 7)?,
                    facts: row.get(EVENT + 8)?,
                },
            };
            each(LedgerEvent {
                record: record(row, &self.context)?,
                at: timestamp(row, EVENT)?,
                outcome,
                copies: columns::copies(&self.db, key)?,
                kind,
            });
        }
        Ok(())
    }
}
