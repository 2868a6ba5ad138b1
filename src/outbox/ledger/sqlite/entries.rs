//! What is written: claims, begins, outcomes, and what a killed run left open.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::state;
use crate::letter::LetterId;
use crate::outbox::ledger::{Attempted, Entry, Intent, Settled, State, marks};
use crate::transport::Status;

/// Writes entries in one synced transaction, which opens a new generation of marks.
pub fn write_and_commit(db: &mut Connection, entries: &[Entry], run: i64, marks: u64) -> rusqlite::Result<()> {
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
                    transaction.prepare_cached("UPDATE letter SET state = 0 WHERE id = ?1 AND state IN (1, 2)")?;
                release.execute([id.as_bytes().as_slice()])?;
            }
            Entry::Outcome(attempted) => {
                let facts = if let Some(key) = facts.get(&*attempted.facts) {
                    *key
                } else {
                    let key = facts_key(transaction, &attempted.facts)?;
                    facts.insert(&*attempted.facts, key);
                    key
                };
                outcome(transaction, attempted, facts, run)?;
            }
        }
    }
    Ok(())
}

fn claim(db: &Connection, intent: &Intent, run: i64) -> rusqlite::Result<()> {
    let mut insert = db.prepare_cached(
        "INSERT INTO letter (id, campaign, letter, sender, recipient, language, date, state, before, run, copies)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 1, 0, ?8, ?9)
         ON CONFLICT (id) DO UPDATE SET
             before = iif(state = 0, before, state), language = excluded.language, run = excluded.run,
             copies = excluded.copies, date = iif(state = 0 AND before = 0, excluded.date, date), state = 1
         WHERE state NOT IN (1, 2, 3)",
    )?;
    let copies = (!intent.copies.is_empty()).then(|| serde_json::Value::from(intent.copies.clone()).to_string());
    let changed = insert.execute(params![
        intent.id.as_bytes().as_slice(),
        intent.campaign,
        intent.letter,
        intent.sender,
        intent.recipient,
        intent.language,
        intent.date.as_second(),
        run,
        copies,
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
pub fn unclaimed(id: LetterId) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(format!("letter {id} is not where this run left it").into())
}

/// Begins a run.
pub fn begin_run(db: &Connection, boot: &str, now: Timestamp) -> rusqlite::Result<i64> {
    db.prepare("INSERT INTO run (started, boot) VALUES (?1, ?2)")?
        .insert(params![now.as_second(), boot])
}

/// Makes of what killed runs left open what it must be taken for. Only whoever holds the lock may.
pub fn settle_killed(path: &Path, db: &mut Connection, boot: &str, now: Timestamp) -> rusqlite::Result<()> {
    let killed: Vec<(i64, u64, bool)> = db
        .prepare("SELECT key, marks, boot = ?1 FROM run WHERE ended IS NULL ORDER BY key")?
        .query_map([boot], |row| {
            Ok((row.get(0)?, row.get::<_, i64>(1)?.cast_unsigned(), row.get(2)?))
        })?
        .collect::<rusqlite::Result<_>>()?;
    for (run, generation, same_boot) in killed {
        let left = marks::left_by(path, run, generation);
        // Without the marks, or with some perhaps lost in a power cut, whatever was claimed may have begun.
        let all_marked = same_boot && left.whole;
        let [claimed, begun] = [State::Claimed, State::Begun].map(|open| open.settled(all_marked) as i64);
        // All or nothing: marks that were taken over once cannot be taken over again.
        let transaction = db.transaction()?;
        write(&transaction, &left.entries, run)?;
        let known: i64 = transaction.query_row("SELECT coalesce(max(key), 0) FROM attempt", [], |row| row.get(0))?;
        transaction.execute(
            "INSERT INTO attempt (letter, run, at, state, code, reply)
             SELECT key, run, ?2, 6, NULL,
                    CASE state WHEN 2 THEN 'the program ended while this letter was being sent'
                               ELSE 'the machine stopped while this letter was waiting its turn, or being sent' END
             FROM letter WHERE run = ?1 AND CASE state WHEN 1 THEN ?3 WHEN 2 THEN ?4 END = 6 ORDER BY key",
            params![run, now.as_second(), claimed, begun],
        )?;
        transaction.execute(
            "INSERT INTO copy (attempt, address, state, code, reply)
             SELECT attempt.key, json_each.value, attempt.state, NULL, attempt.reply
             FROM attempt JOIN letter ON letter.key = attempt.letter JOIN json_each(letter.copies)
             WHERE attempt.key > ?1 ORDER BY attempt.key, json_each.key",
            [known],
        )?;
        transaction.execute(
            "UPDATE letter SET state = iif(state = 1, ?2, ?3) WHERE run = ?1 AND state IN (1, 2)",
            params![run, claimed, begun],
        )?;
        transaction.execute(
            "UPDATE run SET ended = ?2 WHERE key = ?1",
            params![run, now.as_second()],
        )?;
        transaction.commit()?;
    }
    Ok(())
}

/// Writes down what a person found out about letters in doubt: all of them or none.
pub fn settle_by_hand(
    db: &mut Connection,
    letters: &[LetterId],
    as_what: Settled,
    run: i64,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let (outcome, attempted, words) = match as_what {
        Settled::Sent => (state::ACCEPTED, state::SETTLED_SENT, "settled by hand as sent"),
        Settled::Unsent => (
            state::DEFERRED,
            state::SETTLED_UNSENT,
            "settled by hand as unsent: due again",
        ),
    };
    let transaction = db.transaction()?;
    for id in letters {
        let letter: i64 = transaction
            .prepare_cached("UPDATE letter SET state = ?2 WHERE id = ?1 AND state = 6 RETURNING key")?
            .query_row(params![id.as_bytes().as_slice(), outcome], |row| row.get(0))
            .optional()?
            .ok_or_else(|| unclaimed(*id))?;
        let doubt: Option<i64> =
            transaction.query_row("SELECT max(key) FROM attempt WHERE letter = ?1", [letter], |row| {
                row.get(0)
            })?;
        let settled = transaction
            .prepare_cached("INSERT INTO attempt (letter, run, at, state, reply) VALUES (?1, ?2, ?3, ?4, ?5)")?
            .insert(params![letter, run, now.as_second(), attempted, words])?;
        // What is true of the letter is true of the copies that were in doubt with it; the others have had their answer.
        transaction
            .prepare_cached(
                "INSERT INTO copy (attempt, address, state, code, reply)
                 SELECT ?2, address, iif(state = 6, ?3, state), code, iif(state = 6, ?4, reply)
                 FROM copy WHERE attempt = ?1 ORDER BY rowid",
            )?
            .execute(params![doubt, settled, outcome, words])?;
    }
    transaction.commit()
}

const fn state_of(status: Status) -> i64 {
    match status {
        Status::Accepted => state::ACCEPTED,
        Status::Deferred => state::DEFERRED,
        Status::Refused => state::REFUSED,
        Status::InDoubt => state::IN_DOUBT,
    }
}
