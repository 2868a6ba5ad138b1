//! Where a ledger is, and whether it and what lies beside it can be used: a ledger that cannot be read must not be taken
//! for one that is not there.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::{Doing, LedgerError};
use crate::private::{self, Unfit};

/// What may lie beside the file, by the end of its name.
const BESIDE: [&str; 5] = ["-wal", "-shm", "-journal", ".marks", ".lock"];

/// Where the ledger of this name really is: lock and marks must lie beside the one file, by whatever name it is called.
/// `None` when there is none.
pub fn find(named: &Path) -> Result<Option<PathBuf>, LedgerError> {
    found(named).map_err(|unfit| LedgerError::unfit(named, Doing::Open, unfit))
}

/// The same; the ledger is made (0600, in a folder 0700) when there is none. `SQLite`, which asks nobody's umask, then
/// finds it.
pub fn prepare(named: &Path) -> Result<PathBuf, LedgerError> {
    if let Some(real) = find(named)? {
        return Ok(real);
    }
    let failed = |error| LedgerError::io(named, Doing::Open, &error);
    if let Some(folder) = named.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        private::folder(folder).map_err(failed)?;
    }
    private::open(named, private::options().write(true).create(true).truncate(false)).map_err(failed)?;
    find(named)?.ok_or_else(|| failed(ErrorKind::NotFound.into()))
}

fn found(named: &Path) -> Result<Option<PathBuf>, Unfit> {
    let at_home = private::is_in_state_folder(named);
    if at_home {
        private::check_state_folder()?;
    }
    let (real, is_there) = match fs::symlink_metadata(named) {
        // Whoever names a link means what it leads to; in our own folder nobody named it.
        Ok(found) if found.is_symlink() && !at_home => (private::target(named)?, true),
        Ok(_) => {
            private::look(named)?;
            (private::target(named)?, true)
        }
        Err(error) if error.kind() == ErrorKind::NotFound => match not_there_yet(named)? {
            Some(real) => (real, false),
            None => return Ok(None),
        },
        Err(error) => return Err(Unfit::from_io(named, &error)),
    };
    let folder = real.parent().unwrap_or(Path::new("/"));
    let must_be_own = if private::is_in_state_folder(&real) {
        private::check_folder(folder)?;
        true
    } else {
        private::check_shared_folder(folder)?
    };
    let fit = |path: &Path| {
        let found = if must_be_own {
            private::look_own(path)?
        } else {
            private::look(path)?
        };
        found.map_or(Ok(()), |_| private::may_read_and_write(path))
    };
    fit(&real)?;
    for end in BESIDE {
        let mut beside = real.as_os_str().to_owned();
        beside.push(end);
        fit(Path::new(&beside))?;
    }
    if !is_there {
        return Ok(None);
    }
    // The files beside it come and go.
    private::may_read_and_write(folder)?;
    Ok(Some(real))
}

/// Where a file would be that is not there; `None` when its folder is not there either.
fn not_there_yet(named: &Path) -> Result<Option<PathBuf>, Unfit> {
    let (folder, name) = match (named.parent(), named.file_name()) {
        (Some(folder), Some(name)) if !folder.as_os_str().is_empty() => (folder, name),
        (_, Some(name)) => (Path::new("."), name),
        (_, None) => return Ok(None),
    };
    match fs::canonicalize(folder) {
        Ok(folder) => Ok(Some(folder.join(name))),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            // A drive that is not there is no new beginning.
            for way in folder.ancestors() {
                if fs::symlink_metadata(way).is_ok() {
                    private::target(way)?;
                    break;
                }
            }
            Ok(None)
        }
        Err(error) => Err(Unfit::from_io(folder, &error)),
    }
}
