//! One run at a time: a lock file beside the ledger that the system lets go of when its holder dies.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::LedgerError;
use crate::private;

/// The lock, held for as long as this lives.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Takes the lock, or says who has it.
pub fn acquire(ledger: &Path, now: Timestamp) -> Result<Lock, LedgerError> {
    let path = lock_path(ledger);
    let unusable = |error: std::io::Error| LedgerError::io(ledger, "opened", &error);
    let mut options = private::options();
    options.read(true).write(true).create(true).truncate(false);
    let mut file = options.open(&path).map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            // The words are for a person only; that they cannot be read changes nothing.
            let _ = Read::by_ref(&mut file).take(200).read_to_string(&mut holder);
            return Err(LedgerError::Busy {
                path: ledger.display().to_string(),
                holder: match holder.trim() {
                    "" => "it has just begun".to_owned(),
                    holder => crate::words::visible_line(holder),
                },
            });
        }
        Err(TryLockError::Error(error)) => return Err(unusable(error)),
    }
    file.set_len(0).map_err(unusable)?;
    file.rewind().map_err(unusable)?;
    let since = now.strftime("%Y-%m-%d %H:%M:%S UTC");
    writeln!(file, "process {}, since {since}", std::process::id()).map_err(unusable)?;
    file.flush().map_err(unusable)?;
    Ok(Lock { _file: file })
}

fn lock_path(ledger: &Path) -> PathBuf {
    let mut name = ledger.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}
