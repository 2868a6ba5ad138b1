//! A look at the whole ledger before anything is decided by it: whether anything is missing or was changed by the disk.

use std::path::Path;

use appel_core::words::visible_line;
use appel_messages::{Message, msg};
use rusqlite::Connection;

use super::file::{broken, version};
use super::{before_5, marks};
use crate::outbox::ledger::{Doing, LedgerError};

/// The last run that the marks beside a ledger know, and its last commit. To be asked for before the database is read:
/// then whatever goes on meanwhile, the database is the newer of the two.
#[derive(Clone, Copy, Debug)]
pub struct Marked(Option<(i64, u64)>);

impl Marked {
    pub fn beside(ledger: &Path) -> Self {
        let newest = marks::newest(ledger).map(|mark| (mark.run, mark.synced));
        Self(newest.or_else(|| before_5::newest(ledger)))
    }

    /// Refuses a ledger that is not there, or is empty, although it was neither. To be asked before the database is
    /// opened: beside an empty file that would remove the write-ahead file, with all that it may still hold.
    pub fn allows_opening(self, path: &Path) -> Result<(), LedgerError> {
        let empty = std::fs::metadata(path).map_or(0, |file| file.len()) == 0;
        if empty && self.0.is_some() {
            return Err(behind(path));
        }
        Ok(())
    }

    /// Refuses a ledger that lacks a run or a commit which the marks know: it was put back from a copy, or what was
    /// last written was lost with its write-ahead file.
    pub fn allows(self, path: &Path, db: &Connection) -> Result<(), LedgerError> {
        let Some((run, generation)) = self.0 else { return Ok(()) };
        let commits = match version(path, db)? {
            0 => return Err(behind(path)),
            1..5 => "marks",
            _ => "commits",
        };
        let whole: bool = db
            .query_row(
                &format!("SELECT EXISTS (SELECT 1 FROM run WHERE key > ?1 OR (key = ?1 AND {commits} >= ?2))"),
                [run, generation.cast_signed()],
                |row| row.get(0),
            )
            .map_err(|error| broken(path, Doing::Read, &error))?;
        if whole { Ok(()) } else { Err(behind(path)) }
    }
}

fn behind(path: &Path) -> LedgerError {
    LedgerError::Behind {
        path: appel_core::words::path(path),
    }
}

/// Refuses a database in which letters cannot be found as they were written, or whose two records of what was accepted
/// differ. (A change in a text that nothing is decided by stays unseen.)
pub fn check(path: &Path, db: &Connection) -> Result<(), LedgerError> {
    let damaged = |cause: Message| LedgerError::Damaged {
        path: appel_core::words::path(path),
        cause,
    };
    let failed = |error| broken(path, Doing::Read, &error);
    let found: String = db
        .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
        .map_err(failed)?;
    if found != "ok" {
        return Err(damaged(Message::quote(visible_line(&found))));
    }
    // A letter whose run cannot be found would not be found either.
    let mut lost = db.prepare("PRAGMA foreign_key_check(letter)").map_err(failed)?;
    if lost.exists([]).map_err(failed)? {
        return Err(damaged(msg!("ledger-runs-missing")));
    }
    // A letter is accepted once, in its own line and in that of an attempt: one flipped bit cannot change both.
    let counts: [i64; 3] = db
        .query_row(
            "SELECT (SELECT count(*) FROM letter WHERE state = 3),
                    (SELECT count(*) FROM event WHERE state = 3),
                    (SELECT count(*) FROM event JOIN letter ON letter.key = event.letter
                     WHERE event.state = 3 AND letter.state = 3)",
            [],
            |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?]),
        )
        .map_err(failed)?;
    if counts == [counts[0]; 3] {
        Ok(())
    } else {
        Err(damaged(msg!("ledger-contradicts-itself")))
    }
}
