//! Writing entries, by the rules: to a line for each letter, and one for each attempt.

use std::collections::HashMap;
use std::sync::Arc;

use appel_messages::msg;
use jiff::Timestamp;
use rusqlite::{CachedStatement, Connection, OptionalExtension, params};

use super::columns::timestamp;
use super::wrong::Wrong;
use super::{reply, state};
use crate::outbox::ledger::rules::{self, OutOfOrder, Standing};
use crate::outbox::ledger::{Attempted, Claimed, Entry, Intent};
use appel_core::letter::LetterId;
use appel_core::outcome::{AddressOutcome, Outcome, Status};

/// So many different facts are kept in mind; letters mostly share one set.
const MOST_FACTS: usize = 256;

/// The letters that a run has, between its commits.
#[derive(Debug, Default)]
pub struct Held {
    letters: HashMap<LetterId, Line>,
    /// What to go back to should the commit at hand fail.
    before: Vec<(LetterId, Option<Line>)>,
    facts: HashMap<Arc<str>, i64>,
    /// What an older format left: its copies have no lines of their own.
    of_old: bool,
    /// The attempts that a no for good deferred, which may yet be found to be about their letters.
    unsettled: HashMap<LetterId, i64>,
}

/// A letter that a run has.
#[derive(Clone, Copy, Debug)]
struct Line {
    key: i64,
    standing: Standing,
    /// The commit that has its claim.
    claimed: u64,
}

/// One commit of a run.
#[derive(Clone, Copy, Debug)]
pub struct Commit {
    /// The run.
    pub run: i64,
    /// Its number.
    pub number: u64,
    /// The last one that was synced: only what that has, or an earlier one, may begin.
    pub synced: u64,
}

/// The order of the steps is this program's own; a break in it means that the ledger is not what it was.
pub fn out_of_order(id: LetterId) -> rusqlite::Error {
    Wrong(msg!("ledger-letter-elsewhere", letter = id.to_string())).unusable()
}

impl Held {
    /// Writes entries, in order, and gives what became of each claim. Afterwards [`Held::keep`] or [`Held::go_back`].
    pub fn write(&mut self, db: &Connection, entries: &[Entry], commit: Commit) -> rusqlite::Result<Vec<Claimed>> {
        let mut answers = Vec::new();
        let mut inserting = None;
        for entry in entries {
            answers.extend(self.write_one(db, &mut inserting, entry, commit)?);
        }
        Ok(answers)
    }

    fn write_one<'d>(
        &mut self,
        db: &'d Connection,
        inserting: &mut Option<CachedStatement<'d>>,
        entry: &Entry,
        commit: Commit,
    ) -> rusqlite::Result<Option<Claimed>> {
        let id = entry.id();
        let held = self.letters.get(&id).copied();
        if let (None, Entry::Claim(intent)) = (held, entry)
            && let Some(line) = insert(db, inserting, entry, intent, commit)?
        {
            self.before.push((id, self.letters.insert(id, line)));
            return Ok(Some(Claimed::Ours));
        }
        let known = match (held, entry) {
            (Some(line), _) => Some(line),
            (None, Entry::Claim(_) | Entry::Refuse(_)) => on_line(db, id)?,
            (None, _) => return Err(out_of_order(id)),
        };
        let date = match entry {
            Entry::Claim(intent) => intent.date,
            _ => Timestamp::UNIX_EPOCH,
        };
        let standing = known.map_or(Standing::unknown(date), |line| line.standing);
        let (after, answer) = standing.after(entry).map_err(|OutOfOrder| out_of_order(id))?;
        let (key, claimed) = match (entry, known) {
            (Entry::Claim(_), _) if answer != Some(Claimed::Ours) => return Ok(answer),
            (Entry::Claim(intent), Some(line)) => {
                claim_again(db, line, intent, after, commit)?;
                (line.key, commit.number)
            }
            (Entry::Begin(_), Some(line)) if line.claimed > commit.synced => return Err(out_of_order(id)),
            (_, Some(line)) => {
                update(db, line.key, standing, after, commit)?;
                (line.key, line.claimed)
            }
            (_, None) => return Err(out_of_order(id)),
        };
        match entry {
            Entry::Outcome(attempted) => {
                let event = self.attempt(db, key, attempted, commit.run)?;
                let Outcome { status, reply } = &attempted.outcome;
                if *status == Status::Deferred && reply.code.is_some_and(|code| code >= 500) {
                    self.unsettled.insert(id, event);
                }
                if !self.of_old {
                    let by = (commit.run, commit.number, event);
                    own_ways(db, (id, key), *status, &attempted.copies, by)?;
                }
            }
            Entry::Refuse(_) => refuse(db, key, self.unsettled.remove(&id))?,
            Entry::Claim(_) | Entry::Begin(_) | Entry::Release(_) => {}
        }
        let before = match after.open {
            Some(_) => self.letters.insert(
                id,
                Line {
                    key,
                    standing: after,
                    claimed,
                },
            ),
            None => self.letters.remove(&id),
        };
        self.before.push((id, before));
        Ok(answer)
    }

    /// What a run of an older format left open that was killed.
    pub fn of_run(db: &Connection, run: i64) -> rusqlite::Result<Self> {
        let mut held = Self {
            of_old: true,
            ..Self::default()
        };
        let mut query =
            db.prepare("SELECT id, key, state, before, date FROM letter WHERE run = ?1 AND state IN (1, 2)")?;
        let mut rows = query.query([run])?;
        while let Some(row) = rows.next()? {
            let line = Line {
                key: row.get(1)?,
                standing: state::standing(row.get(2)?, row.get(3)?, timestamp(row, 4)?),
                claimed: 0,
            };
            held.letters.insert(LetterId::from_bytes(row.get(0)?), line);
        }
        Ok(held)
    }

    /// What was written is committed.
    pub fn keep(&mut self) {
        self.before.clear();
    }

    /// It is not.
    pub fn go_back(&mut self) {
        while let Some((id, before)) = self.before.pop() {
            match before {
                Some(line) => self.letters.insert(id, line),
                None => self.letters.remove(&id),
            };
        }
        self.facts.clear();
    }

    fn attempt(&mut self, db: &Connection, letter: i64, attempted: &Attempted, run: i64) -> rusqlite::Result<i64> {
        let facts = self.facts_key(db, &attempted.facts)?;
        let Outcome { status, reply } = &attempted.outcome;
        let event = db
            .prepare_cached(
                "INSERT INTO event (letter, run, at, state, code, reason, reply, sha256, facts)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?
            .insert(params![
                letter,
                run,
                attempted.at.as_second(),
                state::of(*status),
                reply.code,
                reply.reason.and_then(reply::code),
                reply.text,
                attempted.sha256.as_slice(),
                facts,
            ])?;
        for AddressOutcome { address, outcome } in &attempted.copies {
            let Outcome { status, reply } = outcome;
            db.prepare_cached(
                "INSERT INTO copy (event, address, state, code, reason, reply) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![
                event,
                address,
                state::of(*status),
                reply.code,
                reply.reason.and_then(reply::code),
                reply.text
            ])?;
        }
        Ok(event)
    }

    /// Letters share few sets of facts, so each set is kept once.
    fn facts_key(&mut self, db: &Connection, json: &Arc<str>) -> rusqlite::Result<i64> {
        if let Some(key) = self.facts.get(json) {
            return Ok(*key);
        }
        let known = db
            .prepare_cached("SELECT key FROM facts WHERE json = ?1")?
            .query_row([&**json], |row| row.get(0))
            .optional()?;
        let key = match known {
            Some(key) => key,
            None => db
                .prepare_cached("INSERT INTO facts (json) VALUES (?1)")?
                .insert([&**json])?,
        };
        if self.facts.len() == MOST_FACTS {
            self.facts.clear();
        }
        self.facts.insert(Arc::clone(json), key);
        Ok(key)
    }
}

/// Gives copies that go their own way from now on a line each, beside the letter's; `by` are the run, its commit, and the
/// attempt in which the letter left.
pub fn own_ways(
    db: &Connection,
    (letter, key): (LetterId, i64),
    status: Status,
    copies: &[AddressOutcome],
    by: (i64, u64, i64),
) -> rusqlite::Result<()> {
    let (run, mark, attempt) = by;
    for (id, copy) in rules::own_ways(letter, status, copies) {
        let standing = Standing::of_copy(copy.outcome.status, Timestamp::UNIX_EPOCH);
        let (state, before) = state::columns(standing);
        db.prepare_cached(
            "INSERT INTO letter (id, campaign, letter, sender, recipient, language, date, state, before, run, mark,
                                 copy_of, attempt)
             SELECT ?2, campaign, letter, sender, ?3, language, date, ?4, ?5, ?6, ?7, id, ?8 FROM letter WHERE key = ?1",
        )?
        .execute(params![
            key,
            id.as_bytes().as_slice(),
            copy.address,
            state,
            before,
            run,
            mark.cast_signed(),
            attempt
        ])?;
    }
    Ok(())
}

/// Makes an attempt that was deferred one that was refused: the last of its letter, where it is not known which.
fn refuse(db: &Connection, letter: i64, event: Option<i64>) -> rusqlite::Result<()> {
    let event = match event {
        Some(event) => event,
        None => db
            .prepare_cached("SELECT max(key) FROM event WHERE letter = ?1")?
            .query_row([letter], |row| row.get(0))?,
    };
    for table in [
        "UPDATE event SET state = ?2 WHERE key = ?1 AND state = ?3",
        "UPDATE copy SET state = ?2 WHERE event = ?1 AND state = ?3",
    ] {
        let (from, to) = (state::of(Status::Deferred), state::of(Status::Refused));
        db.prepare_cached(table)?.execute([event, to, from])?;
    }
    Ok(())
}

/// Where the database has a letter that is not held.
fn on_line(db: &Connection, id: LetterId) -> rusqlite::Result<Option<Line>> {
    db.prepare_cached("SELECT key, state, before, date FROM letter WHERE id = ?1")?
        .query_row([id.as_bytes().as_slice()], |row| {
            Ok(Line {
                key: row.get(0)?,
                standing: state::standing(row.get(1)?, row.get(2)?, timestamp(row, 3)?),
                claimed: 0,
            })
        })
        .optional()
}

fn copies(intent: &Intent) -> Option<String> {
    (!intent.copies.is_empty()).then(|| serde_json::Value::from(intent.copies.clone()).to_string())
}

/// Whether anything is known of it, the database says in the same step.
const INSERT: &str =
    "INSERT INTO letter (id, campaign, letter, sender, recipient, language, date, state, before, run, copies, mark)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) ON CONFLICT (id) DO NOTHING";

/// Writes the claim of a letter of which nothing is known, which most are; `None` when that is not how it stands.
/// `inserting` is the statement that does, looked for once for a group.
fn insert<'d>(
    db: &'d Connection,
    inserting: &mut Option<CachedStatement<'d>>,
    claim: &Entry,
    intent: &Intent,
    commit: Commit,
) -> rusqlite::Result<Option<Line>> {
    let claimed = Standing::unknown(intent.date).after(claim);
    let Ok((standing, Some(Claimed::Ours))) = claimed else {
        return Ok(None);
    };
    let (state, before) = state::columns(standing);
    let statement = match inserting {
        Some(statement) => statement,
        None => inserting.insert(db.prepare_cached(INSERT)?),
    };
    let inserted = statement.insert(params![
        intent.id.as_bytes().as_slice(),
        intent.campaign,
        intent.letter,
        intent.sender,
        intent.recipient,
        intent.language,
        standing.date.as_second(),
        state,
        before,
        commit.run,
        copies(intent),
        commit.number.cast_signed(),
    ]);
    match inserted {
        Ok(key) => Ok(Some(Line {
            key,
            standing,
            claimed: commit.number,
        })),
        Err(rusqlite::Error::StatementChangedRows(0)) => Ok(None),
        Err(error) => Err(error),
    }
}

fn claim_again(db: &Connection, line: Line, intent: &Intent, after: Standing, commit: Commit) -> rusqlite::Result<()> {
    let (state, before) = state::columns(after);
    db.prepare_cached(
        "UPDATE letter SET language = ?2, date = ?3, state = ?4, before = ?5, run = ?6, copies = ?7, mark = ?8 WHERE key = ?1",
    )?
    .execute(params![
        line.key,
        intent.language,
        after.date.as_second(),
        state,
        before,
        commit.run,
        copies(intent),
        commit.number.cast_signed(),
    ])?;
    Ok(())
}

/// Moves a line on, if it is where it is thought to be: the database itself is asked, too.
fn update(db: &Connection, key: i64, from: Standing, to: Standing, commit: Commit) -> rusqlite::Result<()> {
    let ((old, _), (new, before)) = (state::columns(from), state::columns(to));
    let changed = db
        .prepare_cached("UPDATE letter SET state = ?2, before = ?3, mark = ?4 WHERE key = ?1 AND state = ?5")?
        .execute(params![key, new, before, commit.number.cast_signed(), old])?;
    if changed == 1 {
        return Ok(());
    }
    Err(rusqlite::Error::StatementChangedRows(changed))
}
