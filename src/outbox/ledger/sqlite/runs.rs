//! Runs: how one begins, what a killed one left open, and what a person finds out about it.

use std::collections::HashSet;
use std::path::Path;

use appel_core::letter::LetterId;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::post::post;
use super::{daybook, state};
use crate::outbox::ledger::{Settled, marks};

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
        let [claimed, begun] = [state::CLAIMED, state::BEGUN].map(|open| {
            let settled = state::standing(open, state::RELEASED, now).settled(all_marked);
            settled.status.map_or(state::RELEASED, state::of)
        });
        // All or nothing: marks that were taken over once cannot be taken over again.
        let transaction = db.transaction()?;
        let mut written = daybook::read(&transaction, run)?;
        written.extend(left.entries);
        post(&transaction, &written.iter().collect::<Vec<_>>(), &HashSet::new(), run)?;
        daybook::clear(&transaction, run)?;
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
    daybook::check_empty(db)
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
