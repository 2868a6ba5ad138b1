//! A look at the whole ledger before anything is decided by it: whether anything is missing or was changed by the disk.
//!
//! A run looks over a big ledger at its end too, and leaves the file's digest. When the next one finds the file to the
//! bit as it was, that is its look, and a far quicker one. Where there is no digest, or it is another, the look goes
//! through every page and line.

use std::io::{self, Read};
use std::path::Path;

use appel_core::words::visible_line;
use rusqlite::Connection;
use sha2::{Digest, Sha256};

use super::file::{broken, version};
use crate::outbox::ledger::{LedgerError, marks};
use crate::private;

/// The last run that the marks beside a ledger know, and its last commit. To be asked for before the database is read:
/// then whatever goes on meanwhile, the database is the newer of the two.
#[derive(Clone, Copy, Debug)]
pub struct Marked(Option<(i64, u64)>);

impl Marked {
    pub fn beside(ledger: &Path) -> Self {
        Self(marks::newest(ledger))
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
        if version(path, db)? == 0 {
            return Err(behind(path));
        }
        let whole: bool = db
            .query_row(
                "SELECT EXISTS (SELECT 1 FROM run WHERE key > ?1 OR (key = ?1 AND marks >= ?2))",
                [run, generation.cast_signed()],
                |row| row.get(0),
            )
            .map_err(|error| broken(path, "read", &error))?;
        if whole { Ok(()) } else { Err(behind(path)) }
    }
}

fn behind(path: &Path) -> LedgerError {
    LedgerError::Behind {
        path: appel_core::words::path(path),
    }
}

/// A smaller file is looked over as quickly line by line.
const BIG: u64 = 8 << 20;

/// Whether a seal saves the next run any time.
pub fn is_big(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|file| file.len() >= BIG)
}

/// The digest of a big database file, when all is in it: nothing is left in the write-ahead file.
pub fn digest(path: &Path) -> io::Result<Option<[u8; 32]>> {
    if !is_big(path) {
        return Ok(None);
    }
    let mut file = private::open(path, private::options().read(true))?;
    let mut beside = path.as_os_str().to_owned();
    beside.push("-wal");
    let is_folded_in = || std::fs::metadata(&beside).map_or(0, |file| file.len()) == 0;
    if !is_folded_in() {
        return Ok(None);
    }
    let mut digest = Sha256::new();
    let mut chunk = vec![0; 256 * 1024];
    loop {
        match file.read(&mut chunk)? {
            0 => break,
            length => digest.update(&chunk[..length]),
        }
    }
    Ok(is_folded_in().then(|| digest.finalize().into()))
}

/// Whether the database is to the bit what the run left that wrote this seal, so that no look over it is needed.
pub fn is_sealed(path: &Path, seal: Option<[u8; 32]>) -> bool {
    seal.is_some() && digest(path).is_ok_and(|digest| digest == seal)
}

/// Refuses a database in which letters cannot be found as they were written, or whose two records of what was accepted
/// differ. (A change in a text that nothing is decided by stays unseen.)
pub fn over(path: &Path, db: &Connection) -> Result<(), LedgerError> {
    let damaged = |cause: &str| LedgerError::Damaged {
        path: appel_core::words::path(path),
        cause: visible_line(cause),
    };
    let failed = |error| broken(path, "read", &error);
    let found: String = db
        .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
        .map_err(failed)?;
    if found != "ok" {
        return Err(damaged(&found));
    }
    // A letter whose run cannot be found would not be found either.
    let mut lost = db.prepare("PRAGMA foreign_key_check(letter)").map_err(failed)?;
    if lost.exists([]).map_err(failed)? {
        return Err(damaged("letters belong to runs that are not in it"));
    }
    // A letter is accepted once, in its own line and in that of an attempt: one flipped bit cannot change both.
    let counts: [i64; 3] = db
        .query_row(
            "SELECT (SELECT count(*) FROM letter WHERE state = 3),
                    (SELECT count(*) FROM attempt WHERE state IN (3, 7)),
                    (SELECT count(*) FROM attempt JOIN letter ON letter.key = attempt.letter
                     WHERE attempt.state IN (3, 7) AND letter.state = 3)",
            [],
            |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?]),
        )
        .map_err(failed)?;
    if counts == [counts[0]; 3] {
        Ok(())
    } else {
        Err(damaged("its records of what was accepted contradict each other"))
    }
}
