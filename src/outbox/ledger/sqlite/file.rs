//! The database file: where it is, how it is opened, which format it has.

use std::fs;
use std::path::Path;

use appel_messages::{Message, msg};
use jiff::Timestamp;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, ffi};

use super::before_5;
use super::tables::{self, MIGRATIONS};
use super::wrong::Wrong;
use crate::outbox::ledger::{Doing, LedgerError, lock};

/// Marks the file as ours (`PRAGMA application_id`): "appl". The format written is `PRAGMA user_version`.
const APPLICATION_ID: i64 = 0x6170_706c;

/// Opens a database at the place where it really is.
pub fn connect(path: &Path) -> Result<Connection, LedgerError> {
    let open = || -> rusqlite::Result<Connection> {
        let db = Connection::open_with_flags(
            path,
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW,
        )?;
        db.busy_timeout(std::time::Duration::from_secs(5))?;
        // Of a file that is made now: a commit writes whole pages, and has little to say.
        db.pragma_update(None, "page_size", 2048)?;
        // It answers with the mode it chose: another one where the drive cannot share memory between processes.
        let mode: String = db.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
        if mode != "wal" {
            return Err(rusqlite::Error::SqliteFailure(
                ffi::Error::new(ffi::SQLITE_IOERR_SHMMAP),
                None,
            ));
        }
        db.execute_batch("PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF")?;
        // So many pages are folded in at once: letters' lines lie side by side, and are written more than once meanwhile.
        db.pragma_update(None, "wal_autocheckpoint", 4000)?;
        db.set_prepared_statement_cache_capacity(32);
        // Without this guarantee every cached statement is planned anew each time its parameters change.
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        Ok(db)
    };
    open().map_err(|error| broken(path, Doing::Open, &error))
}

/// The format, 0 when the file is still empty.
///
/// To be asked before anything else: only then is it known that to read a line is to read a line (see [`tables`]).
pub fn version(path: &Path, db: &Connection) -> Result<i64, LedgerError> {
    let failed = |error| broken(path, Doing::Read, &error);
    let damaged = |cause: Message| LedgerError::Damaged {
        path: appel_core::words::path(path),
        cause,
    };
    // All that is asked is of one moment: a run may bring the file to the newest format meanwhile.
    let moment = db.unchecked_transaction().map_err(failed)?;
    let read = |pragma: &str| {
        moment
            .query_row(&format!("PRAGMA {pragma}"), [], |row| row.get::<_, i64>(0))
            .map_err(failed)
    };
    let version = read("user_version")?;
    let application = read("application_id")?;
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if version > known && application == APPLICATION_ID {
        return Err(LedgerError::Newer {
            path: appel_core::words::path(path),
            found: version,
            known,
        });
    }
    if application != APPLICATION_ID && (version != 0 || read("schema_version")? != 0) {
        return Err(damaged(msg!("ledger-of-another-program")));
    }
    let format = usize::try_from(version).unwrap_or(usize::MAX);
    if !tables::are_of(format, &moment).map_err(failed)? {
        return Err(damaged(msg!("ledger-other-tables")));
    }
    Ok(version)
}

/// Whether there is no newer format.
pub fn is_newest(format: i64) -> bool {
    usize::try_from(format) == Ok(MIGRATIONS.len())
}

/// Brings the file to the newest format, in one step.
///
/// What runs of an older format left open is settled with that: nobody else could read it any more.
pub fn migrate(path: &Path, db: &mut Connection, boot: &str, now: Timestamp) -> Result<(), LedgerError> {
    let version = usize::try_from(version(path, db)?).unwrap_or(0);
    if version == MIGRATIONS.len() {
        return Ok(());
    }
    let upgrade = |db: &mut Connection| -> rusqlite::Result<()> {
        let transaction = db.transaction()?;
        let left = match version {
            1..5 => Some(before_5::left(path, &transaction, version, boot)?),
            _ => None,
        };
        for sql in &MIGRATIONS[version..] {
            transaction.execute_batch(sql)?;
        }
        if let Some(left) = left {
            before_5::take_over(&transaction, left, now)?;
        }
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", i64::try_from(MIGRATIONS.len()).unwrap_or(0))?;
        transaction.commit()
    };
    upgrade(db).map_err(|error| broken(path, Doing::Write, &error))
}

/// Which start of the machine this is. Where the system does not tell, every start of the program counts as another:
/// then what was claimed is taken for in doubt, which is safe.
///
/// A copy of the file is another too: what was claimed when it was made may have begun since.
pub fn boot_id(ledger: &Path) -> String {
    let boot = lock::this_start().unwrap_or_else(|| format!("process {}", std::process::id()));
    #[cfg(unix)]
    if let Ok(file) = fs::metadata(ledger) {
        use std::os::unix::fs::MetadataExt;
        return format!("{boot} {} {}", file.dev(), file.ino());
    }
    boot
}

pub fn broken(path: &Path, doing: Doing, error: &rusqlite::Error) -> LedgerError {
    let extended = error.sqlite_error().map(|error| error.extended_code);
    let path_text = appel_core::words::path(path);
    let cause = Message::quote(error.to_string());
    match error {
        rusqlite::Error::FromSqlConversionFailure(_, _, inner) if let Some(cause) = Wrong::of(&**inner) => {
            return LedgerError::Damaged { path: path_text, cause };
        }
        rusqlite::Error::ToSqlConversionFailure(inner) if let Some(cause) = Wrong::of(&**inner) => {
            return LedgerError::Unusable {
                path: path_text,
                doing,
                cause,
            };
        }
        _ => {}
    }
    match error.sqlite_error_code() {
        // What network drives answer that have no locks, or no memory to share.
        Some(ErrorCode::FileLockingProtocolFailed) => no_locks(path, error),
        _ if extended.is_some_and(|code| LOCKING.contains(&code)) => no_locks(path, error),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => LedgerError::Locked { path: path_text },
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => LedgerError::Damaged { path: path_text, cause },
        Some(ErrorCode::DiskFull) => LedgerError::Full { path: path_text, doing },
        // The file that readers share is given its room when it is made.
        _ if extended == Some(ffi::SQLITE_IOERR_SHMSIZE) => LedgerError::Full { path: path_text, doing },
        Some(ErrorCode::SystemIoFailure) => LedgerError::Unusable {
            path: path_text,
            doing,
            cause: msg!("ledger-disk-error", cause = cause),
        },
        _ => LedgerError::Unusable {
            path: path_text,
            doing,
            cause,
        },
    }
}

/// The errors of `SQLite` that come from the locks of the system, and of the memory it shares under them.
const LOCKING: [i32; 6] = [
    ffi::SQLITE_IOERR_LOCK,
    ffi::SQLITE_IOERR_RDLOCK,
    ffi::SQLITE_IOERR_UNLOCK,
    ffi::SQLITE_IOERR_CHECKRESERVEDLOCK,
    ffi::SQLITE_IOERR_SHMLOCK,
    ffi::SQLITE_IOERR_SHMMAP,
];

fn no_locks(path: &Path, error: &rusqlite::Error) -> LedgerError {
    LedgerError::NoLocks {
        path: appel_core::words::path(path),
        cause: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use appel_messages::{Catalog, Locale};

    use super::*;

    #[test]
    fn an_error_of_the_database_is_told_by_what_there_is_to_do() {
        let told = |code: i32| {
            let error = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            broken(Path::new("l"), Doing::Write, &error)
        };
        for code in LOCKING.into_iter().chain([ffi::SQLITE_PROTOCOL]) {
            assert!(matches!(told(code), LedgerError::NoLocks { .. }), "{code}");
        }
        for code in [ffi::SQLITE_BUSY, ffi::SQLITE_BUSY_RECOVERY, ffi::SQLITE_LOCKED] {
            assert!(matches!(told(code), LedgerError::Locked { .. }), "{code}");
        }
        for code in [ffi::SQLITE_CORRUPT, ffi::SQLITE_CORRUPT_INDEX, ffi::SQLITE_NOTADB] {
            assert!(matches!(told(code), LedgerError::Damaged { .. }), "{code}");
        }
        for code in [ffi::SQLITE_FULL, ffi::SQLITE_IOERR_SHMSIZE] {
            assert!(matches!(told(code), LedgerError::Full { .. }), "{code}");
        }
        for code in [ffi::SQLITE_IOERR_WRITE, ffi::SQLITE_READONLY] {
            assert!(matches!(told(code), LedgerError::Unusable { .. }), "{code}");
        }
        let words = told(ffi::SQLITE_PROTOCOL).message();
        assert!(
            words
                .in_english()
                .starts_with("the ledger l is on a drive that cannot lock files: ")
        );
        let hint = Catalog::of(Locale::English).hint(&words).unwrap();
        assert!(hint.contains("--ledger PATH"), "{hint}");
    }

    #[test]
    fn what_this_program_finds_wrong_is_said_in_its_words() {
        let told = |error: rusqlite::Error| broken(Path::new("l"), Doing::Read, &error).message().in_english();
        assert_eq!(
            told(Wrong(msg!("ledger-entries-changed")).damaged()),
            "the ledger l is damaged, or is not a ledger: entries of a run are not what it wrote: their digest is another"
        );
        assert_eq!(
            told(Wrong(msg!("ledger-of-another-program")).unusable()),
            "the ledger l cannot be read: it is the database of another program"
        );
    }
}
