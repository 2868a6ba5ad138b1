//! What the ledger holds of a campaign, and how it forgets it: so that it is gone from the files too.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::{recent, state};
use crate::outbox::ledger::Holdings;

/// Counts what there is of a campaign, whoever sent it.
pub fn holdings(db: &Connection, campaign: &str, since: Timestamp) -> rusqlite::Result<Holdings> {
    let mut holdings = Holdings::default();
    let mut letters = db.prepare(
        "SELECT iif(state = 0, before, state), count(*) FROM letter
             WHERE campaign = ?1 AND copy_of IS NULL GROUP BY 1",
    )?;
    let mut rows = letters.query([campaign])?;
    while let Some(row) = rows.next()? {
        let number: i64 = row.get(1)?;
        let number = usize::try_from(number).unwrap_or(0);
        match row.get(0)? {
            state::RELEASED => holdings.untried += number,
            state::ACCEPTED => holdings.accepted += number,
            state::DEFERRED => holdings.deferred += number,
            state::REFUSED => holdings.refused += number,
            _ => holdings.in_doubt += number,
        }
    }
    let one = |sql: &str, params: &[&dyn rusqlite::ToSql]| -> rusqlite::Result<usize> {
        let number: i64 = db.query_row(sql, params, |row| row.get(0))?;
        Ok(usize::try_from(number).unwrap_or(0))
    };
    holdings.senders = one(
        "SELECT count(DISTINCT sender) FROM letter WHERE campaign = ?1",
        &[&campaign],
    )?;
    holdings.attempts = one(
        "SELECT count(*) FROM event JOIN letter ON letter.key = event.letter WHERE campaign = ?1",
        &[&campaign],
    )?;
    holdings.in_the_last_day = one(
        "SELECT count(*) FROM event JOIN letter ON letter.key = event.letter
         WHERE campaign = ?1 AND event.at > ?2 AND event.state IN (3, 6) AND kind = 1",
        &[&campaign, &since.as_second()],
    )?;
    Ok(holdings)
}

/// Forgets a campaign, all or nothing, but for hashes of the addresses that count since a moment; what is left of it in the files is [`erase`]'s business.
pub fn forget(db: &mut Connection, campaign: &str, since: Timestamp, run: i64) -> rusqlite::Result<()> {
    // What is deleted is overwritten. References need no check, because all that refers goes first, and the check would
    // look through all attempts for every letter.
    db.execute_batch("PRAGMA secure_delete = ON; PRAGMA foreign_keys = OFF")?;
    let transaction = db.transaction()?;
    recent::keep(&transaction, campaign, since)?;
    for sql in [
        "DELETE FROM copy WHERE event IN
         (SELECT event.key FROM event JOIN letter ON letter.key = event.letter WHERE campaign = ?1)",
        "DELETE FROM event WHERE letter IN (SELECT key FROM letter WHERE campaign = ?1)",
        "DELETE FROM letter WHERE campaign = ?1",
    ] {
        transaction.execute(sql, [campaign])?;
    }
    // Other campaigns' letters may share them.
    transaction.execute(
        "DELETE FROM facts WHERE key NOT IN (SELECT facts FROM event WHERE facts IS NOT NULL)",
        [],
    )?;
    // When a run was that sent nothing else is nobody's business any more either.
    transaction.execute(
        "DELETE FROM run WHERE key <> ?1
         AND key NOT IN (SELECT run FROM letter) AND key NOT IN (SELECT run FROM event)",
        params![run],
    )?;
    recent::tidy(&transaction, since)?;
    transaction.commit()
}

/// Leaves nothing in the files of what was ever deleted; false when another program that reads the ledger is in the way.
pub fn erase(db: &Connection) -> rusqlite::Result<bool> {
    // In memory, because a temporary file would be one more place with addresses in it.
    db.execute_batch("PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY")?;
    // First the deleted bytes are overwritten where they stood, then everything is written anew and the rest cut off.
    Ok(checkpoint(db)? && db.execute_batch("VACUUM").map(|()| true)? && checkpoint(db)?)
}

/// Folds the write-ahead file into the database and empties it.
fn checkpoint(db: &Connection) -> rusqlite::Result<bool> {
    db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0))
        .map(|busy| busy == 0)
}
