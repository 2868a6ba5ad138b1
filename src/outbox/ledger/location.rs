//! Where a ledger is: a file so far.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};

use appel_messages::{Message, Value, msg};

use super::{LedgerError, place};
use crate::private;

/// Where a ledger is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A file on this computer.
    File(PathBuf),
}

/// A location of a kind that this program does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsupported {
    /// On a database server.
    Server,
}

impl Unsupported {
    /// What is said of it.
    #[must_use]
    pub fn message(self) -> Message {
        match self {
            Self::Server => msg!("ledger-on-a-server"),
        }
    }
}

impl Location {
    /// What stands behind `--ledger`.
    ///
    /// # Errors
    /// When it is no path.
    pub fn parse(text: &OsStr) -> Result<Self, Unsupported> {
        if text.to_string_lossy().starts_with("postgres") {
            return Err(Unsupported::Server);
        }
        Ok(Self::File(PathBuf::from(text)))
    }

    /// `$XDG_STATE_HOME/appel/ledger.sqlite3`; `None` when there is no home.
    #[must_use]
    pub fn of_this_person() -> Option<Self> {
        Some(Self::File(private::state_folder()?.join("ledger.sqlite3")))
    }

    /// The file, where it is one.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
        }
    }

    /// Whether there is a ledger.
    ///
    /// # Errors
    /// When there is one, or may be, that cannot be used.
    pub fn is_there(&self) -> Result<bool, LedgerError> {
        match self {
            Self::File(path) => Ok(place::find(path)?.is_some()),
        }
    }
}

impl From<PathBuf> for Location {
    fn from(path: PathBuf) -> Self {
        Self::File(path)
    }
}

impl From<&Location> for Value {
    fn from(location: &Location) -> Self {
        Self::from(location.to_string())
    }
}

/// As it is shown.
impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => f.write_str(&appel_core::words::path(path)),
        }
    }
}
