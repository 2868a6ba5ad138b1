//! What a run has written and not yet posted: entries that are as safe as any, in few pages that lie side by side.

use rusqlite::{Connection, params};

use crate::outbox::ledger::{Entry, marks};

/// Adds entries, as JSON one after the other.
pub fn append(db: &Connection, run: i64, entries: &[u8]) -> rusqlite::Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    db.prepare_cached("INSERT INTO daybook (run, entries, digest) VALUES (?1, ?2, ?3)")?
        .execute(params![run, entries, digest(run, entries).as_slice()])?;
    Ok(())
}

/// All that a run added, in order.
///
/// # Errors
/// Also when it is not what was added.
pub fn read(db: &Connection, run: i64) -> rusqlite::Result<Vec<Entry>> {
    let mut query = db.prepare("SELECT entries, digest FROM daybook WHERE run = ?1 ORDER BY key")?;
    let mut rows = query.query([run])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let entries = row.get_ref(0)?.as_blob()?;
        if row.get_ref(1)?.as_blob()? != digest(run, entries) {
            return Err(changed("their digest is another"));
        }
        for entry in serde_json::Deserializer::from_slice(entries).into_iter() {
            all.push(entry.map_err(|error| changed(&error.to_string()))?);
        }
    }
    Ok(all)
}

/// All that a run added is posted.
pub fn clear(db: &Connection, run: i64) -> rusqlite::Result<()> {
    db.prepare_cached("DELETE FROM daybook WHERE run = ?1")?
        .execute([run])?;
    Ok(())
}

fn digest(run: i64, entries: &[u8]) -> [u8; 8] {
    marks::check(run.cast_unsigned(), entries)
}

/// Refuses a daybook with rows of no run that is open: once all are settled, it is empty.
pub fn check_empty(db: &Connection) -> rusqlite::Result<()> {
    let is_empty: bool = db.query_row("SELECT NOT EXISTS (SELECT 1 FROM daybook)", [], |row| row.get(0))?;
    if is_empty {
        Ok(())
    } else {
        Err(changed("they belong to another run"))
    }
}

fn changed(how: &str) -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(
        rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT),
        Some(format!("entries of a run are not what it wrote: {how}")),
    )
}
