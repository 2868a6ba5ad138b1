//! Posting entries: from what was written in order to a line for each letter and one for each attempt.

use std::collections::{HashMap, HashSet};

use appel_core::letter::LetterId;
use rusqlite::{Connection, OptionalExtension, params};

use super::runs::unclaimed;
use super::state;
use crate::outbox::ledger::{Attempted, Entry, Intent};

/// What the entries say of one letter.
#[derive(Default)]
struct Course {
    claims: usize,
    releases: usize,
    outcomes: usize,
    /// Where it stands after them.
    state: i64,
    /// Its line, when it was written in one go.
    key: Option<i64>,
}

impl Course {
    /// Claimed once, and at most one outcome: then its line is written as it is in the end.
    const fn is_plain(&self) -> bool {
        self.claims == 1 && self.releases == 0 && self.outcomes <= 1
    }

    /// Whether nothing has to be written of its having begun. (One that is claimed more than once can begin again after
    /// an outcome.)
    const fn has_ended_or_is_plain(&self) -> bool {
        self.is_plain() || (self.claims == 0 && self.outcomes > 0)
    }
}

/// Posts entries, in order. Letters in `new` are known to have no line yet.
pub fn post(db: &Connection, entries: &[&Entry], new: &HashSet<LetterId>, run: i64) -> rusqlite::Result<()> {
    let mut courses = courses(entries);
    let mut facts = HashMap::new();
    for entry in entries {
        let id = entry.id();
        let Some(course) = courses.get_mut(&id) else { continue };
        match entry {
            Entry::Claim(intent) if course.is_plain() => {
                course.key = Some(claim(db, intent, course.state, run, new.contains(&id))?);
            }
            Entry::Claim(intent) => {
                claim(db, intent, state::CLAIMED, run, false)?;
            }
            Entry::Begin(_) if course.has_ended_or_is_plain() => {}
            Entry::Begin(id) => {
                let mut begin = db.prepare_cached("UPDATE letter SET state = 2 WHERE id = ?1 AND state = 1")?;
                if begin.execute([id.as_bytes().as_slice()])? != 1 {
                    return Err(unclaimed(*id));
                }
            }
            Entry::Release(id) => {
                let mut release = db.prepare_cached("UPDATE letter SET state = 0 WHERE id = ?1 AND state IN (1, 2)")?;
                release.execute([id.as_bytes().as_slice()])?;
            }
            Entry::Outcome(attempted) => {
                let facts = if let Some(key) = facts.get(&*attempted.facts) {
                    *key
                } else {
                    let key = facts_key(db, &attempted.facts)?;
                    facts.insert(&*attempted.facts, key);
                    key
                };
                let letter = match course.key {
                    Some(letter) => letter,
                    None => ended(db, attempted)?,
                };
                attempt(db, letter, attempted, facts, run)?;
            }
        }
    }
    Ok(())
}

fn courses(entries: &[&Entry]) -> HashMap<LetterId, Course> {
    let mut courses: HashMap<LetterId, Course> = HashMap::with_capacity(entries.len() / 2);
    for entry in entries {
        let course = courses.entry(entry.id()).or_default();
        match entry {
            Entry::Claim(_) => {
                course.claims += 1;
                course.state = state::CLAIMED;
            }
            Entry::Begin(_) => course.state = state::BEGUN,
            Entry::Release(_) => course.releases += 1,
            Entry::Outcome(attempted) => {
                course.outcomes += 1;
                course.state = state::of(attempted.status);
            }
        }
    }
    courses
}

/// Writes the line of a letter, which has none yet if it `is_new`; gives its key.
fn claim(db: &Connection, intent: &Intent, state: i64, run: i64, is_new: bool) -> rusqlite::Result<i64> {
    let copies = (!intent.copies.is_empty()).then(|| serde_json::Value::from(intent.copies.clone()).to_string());
    let values = params![
        intent.id.as_bytes().as_slice(),
        intent.campaign,
        intent.letter,
        intent.sender,
        intent.recipient,
        intent.language,
        intent.date.as_second(),
        state,
        run,
        copies,
    ];
    if is_new {
        return db.prepare_cached(INSERT)?.insert(values);
    }
    db.prepare_cached(UPSERT)?
        .query_row(values, |row| row.get(0))
        .optional()?
        // What was accepted, or is on its way, cannot be claimed.
        .ok_or_else(|| unclaimed(intent.id))
}

const INSERT: &str = "
    INSERT INTO letter (id, campaign, letter, sender, recipient, language, date, state, before, run, copies)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, ?9, ?10)";

const UPSERT: &str = "
    INSERT INTO letter (id, campaign, letter, sender, recipient, language, date, state, before, run, copies)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, ?9, ?10)
    ON CONFLICT (id) DO UPDATE SET
        before = iif(state = 0, before, state), language = excluded.language, run = excluded.run,
        copies = excluded.copies, date = iif(state = 0 AND before = 0, excluded.date, date), state = excluded.state
    WHERE state NOT IN (1, 2, 3)
    RETURNING key";

/// A letter whose claim was posted before has its outcome; gives the key of its line.
fn ended(db: &Connection, attempted: &Attempted) -> rusqlite::Result<i64> {
    db.prepare_cached("UPDATE letter SET state = ?2 WHERE id = ?1 AND state IN (1, 2) RETURNING key")?
        .query_row(
            params![attempted.id.as_bytes().as_slice(), state::of(attempted.status)],
            |row| row.get(0),
        )
        .optional()?
        .ok_or_else(|| unclaimed(attempted.id))
}

fn attempt(db: &Connection, letter: i64, attempted: &Attempted, facts: i64, run: i64) -> rusqlite::Result<()> {
    let attempt = db
        .prepare_cached(
            "INSERT INTO attempt (letter, run, at, state, code, reply, sha256, facts)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .insert(params![
            letter,
            run,
            attempted.at.as_second(),
            state::of(attempted.status),
            attempted.reply.code,
            attempted.reply.text,
            attempted.sha256.as_slice(),
            facts,
        ])?;
    for (address, status, reply) in &attempted.copies {
        db.prepare_cached("INSERT INTO copy (attempt, address, state, code, reply) VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute(params![attempt, address, state::of(*status), reply.code, reply.text])?;
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
