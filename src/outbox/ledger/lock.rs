//! One run at a time: a lock file beside the ledger that the system lets go of when its holder dies.
//!
//! The file says who holds it, for a person to read; what locks is the system. So a file that was left by a dead
//! process, or that was copied along with its folder, blocks nobody.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use appel_core::words::visible_line;
use jiff::Timestamp;

use super::{Doing, LedgerError};
use crate::private;

/// The lock, held for as long as this lives.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Who finds it held next must not read who held it before. A killed process leaves its words behind.
        let _ = self.file.set_len(0);
    }
}

/// Takes the lock, or says who has it.
pub fn acquire(ledger: &Path, now: Timestamp) -> Result<Lock, LedgerError> {
    let unusable = |error: io::Error| LedgerError::io(ledger, Doing::Open, &error);
    let mut options = private::options();
    options.read(true).write(true).create(true).truncate(false);
    let mut file = private::open(&lock_path(ledger), &options).map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(busy(ledger, &Holder::of(&mut file))),
        Err(TryLockError::Error(error)) => {
            return Err(if cannot_lock(&error) {
                LedgerError::NoLocks {
                    path: appel_core::words::path(ledger),
                    cause: error.to_string(),
                }
            } else {
                unusable(error)
            });
        }
    }
    file.set_len(0).map_err(unusable)?;
    file.rewind().map_err(unusable)?;
    let holder = Holder {
        words: format!(
            "process {}, since {}",
            std::process::id(),
            now.strftime("%Y-%m-%d %H:%M:%S UTC")
        ),
        start: this_start(),
    };
    file.write_all(holder.written().as_bytes()).map_err(unusable)?;
    file.flush().map_err(unusable)?;
    Ok(Lock { file })
}

/// Refuses to look while a program on another computer holds the lock: what a database shares between processes is not
/// shared between computers, and what would be seen here is not what is there.
pub fn not_held_elsewhere(ledger: &Path) -> Result<(), LedgerError> {
    // A folder lock needs a file that may be written, or some network drives refuse it.
    let mut file = match private::open(&lock_path(ledger), private::options().read(true).write(true)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(LedgerError::io(ledger, Doing::Open, &error)),
    };
    let holder = Holder::of(&mut file);
    if !holder.is_elsewhere() {
        return Ok(());
    }
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(busy(ledger, &holder)),
        // It is dead; or nobody can tell, and whoever takes the lock will say so.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(()),
    }
}

/// Which start of which machine this is, by a number that says nothing of either; `None` where the system has none.
pub fn this_start() -> Option<String> {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(id.trim().to_owned()).filter(|id| !id.is_empty())
}

/// Who holds a lock, as it is written in the file.
struct Holder {
    words: String,
    /// Of the machine it runs on.
    start: Option<String>,
}

/// Before the start of the machine, on the second line.
const START: &str = "start of the machine: ";

impl Holder {
    fn written(&self) -> String {
        match &self.start {
            Some(start) => format!("{}\n{START}{start}\n", self.words),
            None => format!("{}\n", self.words),
        }
    }

    fn of(file: &mut File) -> Self {
        let mut text = String::new();
        // The words are for a person only; that they cannot be read changes nothing.
        let _ = file.take(400).read_to_string(&mut text);
        let mut lines = text.lines();
        Self {
            words: lines.next().unwrap_or_default().trim().to_owned(),
            start: lines.find_map(|line| Some(line.strip_prefix(START)?.trim().to_owned())),
        }
    }

    /// Whether it certainly runs on another machine: a process of an earlier start of this one holds nothing any more.
    fn is_elsewhere(&self) -> bool {
        matches!((&self.start, this_start()), (Some(its), Some(ours)) if *its != ours)
    }
}

fn busy(ledger: &Path, holder: &Holder) -> LedgerError {
    let elsewhere = holder.is_elsewhere();
    let words = visible_line(&holder.words);
    let process = words.strip_prefix("process ").and_then(|of| of.split_once(", since "));
    LedgerError::Busy {
        path: appel_core::words::path(ledger),
        holder: match process {
            Some((process, since)) => super::Holder::Process(process.to_owned(), since.to_owned()),
            None if words.is_empty() => super::Holder::JustBegun,
            None => super::Holder::Said(words),
        },
        elsewhere,
    }
}

/// Whether it is the drive that has no locks, whoever asks.
fn cannot_lock(error: &io::Error) -> bool {
    #[cfg(unix)]
    {
        use rustix::io::Errno;
        // A network drive whose lock service is not running says the first; one that knows no locks the others.
        let codes = [Errno::NOLCK, Errno::OPNOTSUPP, Errno::NOSYS, Errno::INVAL];
        if let Some(code) = error.raw_os_error() {
            return codes.iter().any(|errno| errno.raw_os_error() == code);
        }
    }
    error.kind() == io::ErrorKind::Unsupported
}

fn lock_path(ledger: &Path) -> PathBuf {
    let mut name = ledger.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2011-12-16T18:54:00Z".parse().unwrap()
    }

    fn ledger() -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let ledger = dir.path().join("l");
        (dir, ledger)
    }

    /// What a refusal says of the holder, and whether it is on another computer.
    fn refused(result: Result<impl std::fmt::Debug, LedgerError>) -> (String, bool) {
        let error = result.unwrap_err();
        let LedgerError::Busy { elsewhere, .. } = error else {
            panic!("{error:?}");
        };
        let words = error.message().in_english();
        let (before, holder) = words.split_once(": ").unwrap();
        assert!(before.starts_with("another run is using the ledger "), "{words}");
        (holder.to_owned(), elsewhere)
    }

    #[test]
    fn the_holder_is_named_while_it_lives_and_forgotten_when_it_lets_go() {
        let (_dir, ledger) = ledger();
        let lock = acquire(&ledger, now()).unwrap();
        let me = format!("process {}, since 2011-12-16 18:54:00 UTC", std::process::id());
        assert_eq!(refused(acquire(&ledger, now())), (me, false));
        not_held_elsewhere(&ledger).unwrap();
        drop(lock);
        assert_eq!(std::fs::read(lock_path(&ledger)).unwrap(), b"");
        acquire(&ledger, now()).unwrap();
    }

    #[test]
    fn a_holder_on_another_computer_is_said_to_be_there() {
        let (_dir, ledger) = ledger();
        let _lock = acquire(&ledger, now()).unwrap();
        let theirs = "process 7, since 2011-12-16 18:00:00 UTC\nstart of the machine: another one\n";
        std::fs::write(lock_path(&ledger), theirs).unwrap();
        let there = "process 7 on another computer, since 2011-12-16 18:00:00 UTC by its clock".to_owned();
        assert_eq!(refused(acquire(&ledger, now())), (there.clone(), true));
        assert_eq!(refused(not_held_elsewhere(&ledger)), (there, true));
    }

    #[test]
    fn what_a_dead_process_left_or_a_copy_brought_along_blocks_nobody() {
        let (_dir, ledger) = ledger();
        let lock = acquire(&ledger, now()).unwrap();
        let (_other, copy) = self::ledger();
        std::fs::copy(lock_path(&ledger), lock_path(&copy)).unwrap();
        not_held_elsewhere(&copy).unwrap();
        acquire(&copy, now()).unwrap();
        drop(lock);
        for left in [
            "process 7, since 2011\n",
            "process 7, since 2011\nstart of the machine: another one\n",
        ] {
            std::fs::write(lock_path(&ledger), left).unwrap();
            not_held_elsewhere(&ledger).unwrap();
            acquire(&ledger, now()).unwrap();
        }
    }

    #[test]
    fn whatever_stands_in_the_file_is_shown_and_not_obeyed() {
        let (_dir, ledger) = ledger();
        let _lock = acquire(&ledger, now()).unwrap();
        for (text, words) in [
            (&b""[..], "it has just begun"),
            (b"\x1b[2Jprocess\r\n", "^[[2Jprocess"),
            (b"\xff\xfe", "it has just begun"),
        ] {
            std::fs::write(lock_path(&ledger), text).unwrap();
            assert_eq!(refused(acquire(&ledger, now())), (words.to_owned(), false));
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_drive_without_locks_is_told_from_one_that_fails() {
        use rustix::io::Errno;
        let error = |errno: Errno| io::Error::from_raw_os_error(errno.raw_os_error());
        assert!(cannot_lock(&error(Errno::NOLCK)));
        assert!(cannot_lock(&error(Errno::OPNOTSUPP)));
        assert!(!cannot_lock(&error(Errno::IO)));
        assert!(!cannot_lock(&error(Errno::ACCESS)));
    }
}
