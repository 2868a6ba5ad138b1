//! Runs: how one begins, what a killed one left open, and what a person finds out about it.

use std::path::Path;

use appel_core::letter::LetterId;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::columns::{copies, timestamp};
use super::entries::{out_of_order, own_ways};
use super::{kind, marks, reply, state};
use crate::outbox::ledger::Settled;
use crate::outbox::ledger::rules::{Open, OutOfOrder, Standing};
use appel_core::outcome::{Reason, Status};

/// Begins a run.
pub fn begin_run(db: &Connection, boot: &str, now: Timestamp) -> rusqlite::Result<i64> {
    db.prepare("INSERT INTO run (started, boot) VALUES (?1, ?2)")?
        .insert(params![now.as_second(), boot])
}

/// Makes of what killed runs left open what it must be taken for. Only whoever holds the lock may.
pub fn settle_killed(path: &Path, db: &mut Connection, boot: &str, now: Timestamp) -> rusqlite::Result<()> {
    let killed: Vec<(i64, bool)> = db
        .prepare("SELECT key, boot = ?1 FROM run WHERE ended IS NULL ORDER BY key")?
        .query_map([boot], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (run, same_boot) in killed {
        let transaction = db.transaction()?;
        // After a power cut the end may be missing; without its marks, or with less than they know, it is.
        let all_known = same_boot && has_all(&transaction, path, run)?;
        settle_run(&transaction, run, all_known, now)?;
        transaction.commit()?;
    }
    Ok(())
}

/// Whether the database has all commits of a run that was killed.
fn has_all(db: &Connection, path: &Path, run: i64) -> rusqlite::Result<bool> {
    let Some(mark) = marks::newest(path).filter(|mark| mark.run == run) else {
        return Ok(false);
    };
    let last: i64 = db.query_row(
        "SELECT max(commits, (SELECT coalesce(max(mark), 0) FROM letter WHERE run = ?1)) FROM run WHERE key = ?1",
        [run],
        |row| row.get(0),
    )?;
    Ok(last.cast_unsigned() >= mark.last)
}

/// Settles what one run left open, and ends it.
pub fn settle_run(db: &Connection, run: i64, all_known: bool, now: Timestamp) -> rusqlite::Result<()> {
    let mut query = db.prepare(
        "SELECT key, state, before, date, copies FROM letter WHERE run = ?1 AND state IN (1, 2) ORDER BY key",
    )?;
    let open: Vec<(i64, Standing, Option<String>)> = query
        .query_map([run], |row| {
            let standing = state::standing(row.get(1)?, row.get(2)?, timestamp(row, 3)?);
            Ok((row.get(0)?, standing, row.get(4)?))
        })?
        .collect::<rusqlite::Result<_>>()?;
    for (letter, standing, copies) in open {
        if standing.may_have_left(all_known) {
            let reason = match standing.open {
                Some(Open::Begun) => Reason::ProgramEnded,
                _ => Reason::MachineStopped,
            };
            let (in_doubt, reason) = (state::of(Status::InDoubt), reply::code(reason));
            let event = db
                .prepare_cached(
                    "INSERT INTO event (letter, run, at, state, reason, reply) VALUES (?1, ?2, ?3, ?4, ?5, '')",
                )?
                .insert(params![letter, run, now.as_second(), in_doubt, reason])?;
            db.prepare_cached(
                "INSERT INTO copy (event, address, state, reason, reply)
                 SELECT ?1, value, ?3, ?4, '' FROM json_each(?2) ORDER BY key",
            )?
            .execute(params![
                event,
                copies.unwrap_or_else(|| "[]".to_owned()),
                in_doubt,
                reason
            ])?;
        }
        let (state, before) = state::columns(standing.settled(all_known));
        db.prepare_cached("UPDATE letter SET state = ?2, before = ?3 WHERE key = ?1")?
            .execute(params![letter, state, before])?;
    }
    db.execute(
        "UPDATE run SET ended = ?2 WHERE key = ?1",
        params![run, now.as_second()],
    )?;
    Ok(())
}

/// Writes down what a person found out about letters in doubt: all of them or none.
pub fn settle_by_hand(
    db: &mut Connection,
    letters: &[LetterId],
    word: Settled,
    run: i64,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let transaction = db.transaction()?;
    for id in letters {
        let (letter, standing) = transaction
            .prepare_cached("SELECT key, state, before, date FROM letter WHERE id = ?1")?
            .query_row([id.as_bytes().as_slice()], |row| {
                let standing = state::standing(row.get(1)?, row.get(2)?, timestamp(row, 3)?);
                Ok((row.get::<_, i64>(0)?, standing))
            })
            .optional()?
            .ok_or_else(|| out_of_order(*id))?;
        let told = standing.told(word).map_err(|OutOfOrder| out_of_order(*id))?;
        let (state, before) = state::columns(told);
        transaction
            .prepare_cached("UPDATE letter SET state = ?2, before = ?3 WHERE key = ?1")?
            .execute(params![letter, state, before])?;
        let doubt: Option<i64> = transaction.query_row(
            "SELECT max(key) FROM event WHERE letter = ?1 AND kind = ?2",
            [letter, kind::ATTEMPT],
            |row| row.get(0),
        )?;
        let reason = reply::code(word.reason());
        let settled = transaction
            .prepare_cached(
                "INSERT INTO event (letter, run, at, state, reason, reply, kind) VALUES (?1, ?2, ?3, ?4, ?5, '', ?6)",
            )?
            .insert(params![letter, run, now.as_second(), state, reason, kind::SETTLEMENT])?;
        // What is true of the letter is true of the copies that were in doubt with it; the others have had their answer.
        transaction
            .prepare_cached(
                "INSERT INTO copy (event, address, state, code, reason, reply)
                 SELECT ?2, address, iif(state = ?4, ?3, state), code, iif(state = ?4, ?5, reason),
                 iif(state = ?4, '', reply) FROM copy WHERE event = ?1 ORDER BY rowid",
            )?
            .execute(params![doubt, settled, state, state::of(Status::InDoubt), reason])?;
        if let (Some(attempt), Some(status)) = (doubt, told.status) {
            let copies = copies(&transaction, settled)?;
            own_ways(&transaction, (*id, letter), status, &copies, (run, 0, attempt))?;
        }
    }
    transaction.commit()
}
