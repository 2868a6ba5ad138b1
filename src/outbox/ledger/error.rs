//! Why a ledger cannot be used, and what to do.

use std::io;
use std::path::Path;

use crate::private::Unfit;

/// Why the ledger cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// Another run holds it.
    #[error("another run is using the ledger {path}: {holder}")]
    Busy {
        /// The ledger.
        path: String,
        /// Who, since when.
        holder: String,
        /// Certainly on another computer.
        elsewhere: bool,
    },
    /// Something that is no run of this program keeps the database to itself.
    #[error("another program has the ledger {path} locked")]
    Locked {
        /// The ledger.
        path: String,
    },
    /// The drive has no locks, or does not share what has to be shared under one: nothing could keep two runs apart.
    #[error("the ledger {path} is on a drive that cannot lock files: {cause}")]
    NoLocks {
        /// The ledger.
        path: String,
        /// What the system said.
        cause: String,
    },
    /// A newer program wrote it.
    #[error("the ledger {path} was written by a newer version of appel (format {found}, this one knows {known})")]
    Newer {
        /// The ledger.
        path: String,
        /// Its format.
        found: i64,
        /// The newest format known here.
        known: i64,
    },
    /// Not a ledger, or damaged.
    #[error("the ledger {path} is damaged, or is not a ledger: {cause}")]
    Damaged {
        /// The ledger.
        path: String,
        /// What is wrong with it.
        cause: String,
    },
    /// It had entries that it has no longer.
    #[error("the ledger {path} lacks its last entries: the marks beside it are newer")]
    Behind {
        /// The ledger.
        path: String,
    },
    /// There is no room for it.
    #[error("the ledger {path} cannot be {doing}: the disk is full")]
    Full {
        /// The ledger.
        path: String,
        /// "opened", "written", "read".
        doing: &'static str,
    },
    /// It cannot be written: permissions, input or output error.
    #[error("the ledger {path} cannot be {doing}: {cause}")]
    Unusable {
        /// The ledger.
        path: String,
        /// "opened", "written", "read".
        doing: &'static str,
        /// Why.
        cause: String,
    },
    /// It, or something beside it, is not as it must be to be used: somebody else's, a link, no file.
    #[error("the ledger {path} cannot be {doing}: {cause}")]
    Unfit {
        /// The ledger.
        path: String,
        /// "opened", "written", "read".
        doing: &'static str,
        /// Why.
        cause: String,
        /// What fixes it.
        hint: String,
    },
}

impl LedgerError {
    /// What was found at its place.
    pub(super) fn unfit(ledger: &Path, doing: &'static str, unfit: Unfit) -> Self {
        let Unfit { what, hint } = unfit;
        Self::Unfit {
            path: appel_core::words::path(ledger),
            doing,
            cause: what.in_english(),
            hint: hint.in_english(),
        }
    }

    /// What the system said of a file.
    pub(super) fn io(ledger: &Path, doing: &'static str, error: &io::Error) -> Self {
        let path = appel_core::words::path(ledger);
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full { path, doing },
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::unfit(ledger, doing, Unfit::from_io(ledger, error))
            }
            _ if let Some(unfit) = Unfit::of(error) => Self::unfit(ledger, doing, unfit.clone()),
            _ => Self::Unusable {
                path,
                doing,
                cause: error.to_string(),
            },
        }
    }

    /// What to do now.
    #[must_use]
    pub fn hint(&self) -> &str {
        match self {
            Self::Busy { elsewhere: true, .. } => {
                "wait until it has ended, then run again. If that computer went down, the drive lets go of its lock after some minutes"
            }
            Self::Locked { .. } => "close what has it open, such as a database program or a backup, then run again",
            Self::NoLocks { .. } => {
                "keep the ledger on a drive of this computer: copy it there, for it knows what was sent, and name it with --ledger PATH"
            }
            Self::Busy { .. } => "wait until it has ended, then run again: what is still due will be sent then",
            Self::Newer { .. } => "update appel; an older one could misread what was sent",
            Self::Damaged { .. } => {
                "do not delete it: it knows what was sent. Restore a copy, or ask for help with the file"
            }
            Self::Full { .. } => "make room on that disk, then run again: what was sent is not sent a second time",
            Self::Behind { .. } => {
                "was it deleted, put back from a copy, or copied without its -wal file? Bring back the newest one, with all files that begin with its name. To go on with this one all the same, remove the file that ends in .marks: what is missing would be sent again"
            }
            Self::Unfit { hint, .. } => hint,
            Self::Unusable { .. } => {
                "check that the disk works and that the folder is yours; what was sent before is recorded"
            }
        }
    }
}
