//! Why a ledger cannot be used, and what to do.

use std::io;
use std::path::Path;

use appel_messages::{Message, msg};

use crate::private::Unfit;

/// Why the ledger cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LedgerError {
    /// Another run holds it.
    Busy {
        /// The ledger.
        path: String,
        /// Who, since when.
        holder: Holder,
        /// Certainly on another computer.
        elsewhere: bool,
    },
    /// Something that is no run of this program keeps the database to itself.
    Locked {
        /// The ledger.
        path: String,
    },
    /// The drive has no locks, or does not share what has to be shared under one: nothing could keep two runs apart.
    NoLocks {
        /// The ledger.
        path: String,
        /// What the system said.
        cause: String,
    },
    /// A newer program wrote it.
    Newer {
        /// The ledger.
        path: String,
        /// Its format.
        found: i64,
        /// The newest format known here.
        known: i64,
    },
    /// Not a ledger, or damaged.
    Damaged {
        /// The ledger.
        path: String,
        /// What is wrong with it.
        cause: Message,
    },
    /// It had entries that it has no longer.
    Behind {
        /// The ledger.
        path: String,
    },
    /// There is no room for it.
    Full {
        /// The ledger.
        path: String,
        /// What it cannot be.
        doing: Doing,
    },
    /// It cannot be written: permissions, input or output error.
    Unusable {
        /// The ledger.
        path: String,
        /// What it cannot be.
        doing: Doing,
        /// Why.
        cause: Message,
    },
    /// It, or something beside it, is not as it must be to be used: somebody else's, a link, no file.
    Unfit {
        /// The ledger.
        path: String,
        /// What it cannot be.
        doing: Doing,
        /// Why.
        cause: Message,
        /// What fixes it.
        hint: Message,
    },
}

/// What was to be done with a ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// To be opened.
    Open,
    /// To be read.
    Read,
    /// To be written.
    Write,
}

/// Who holds a ledger, as the file says that they write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// The file says nothing: it has just begun.
    JustBegun,
    /// A process, by its number, and since when.
    Process(String, String),
    /// Whatever else stands there.
    Said(String),
}

impl LedgerError {
    /// What was found at its place.
    pub(super) fn unfit(ledger: &Path, doing: Doing, unfit: Unfit) -> Self {
        let Unfit { what, hint } = unfit;
        Self::Unfit {
            path: appel_core::words::path(ledger),
            doing,
            cause: what,
            hint,
        }
    }

    /// What the system said of a file.
    pub(super) fn io(ledger: &Path, doing: Doing, error: &io::Error) -> Self {
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
                cause: Message::quote(error.to_string()),
            },
        }
    }

    /// What happened; mostly it says what to do now as well.
    #[must_use]
    pub fn message(&self) -> Message {
        match self {
            Self::Busy {
                path,
                holder,
                elsewhere,
            } => busy(path, holder, *elsewhere),
            Self::Locked { path } => msg!("ledger-locked", path = path),
            Self::NoLocks { path, cause } => msg!("ledger-no-locks", path = path, cause = cause),
            Self::Newer { path, found, known } => {
                let (found, known) = (found.to_string(), known.to_string());
                msg!("ledger-newer", path = path, found = found, known = known)
            }
            Self::Damaged { path, cause } => msg!("ledger-damaged", path = path, cause = cause),
            Self::Behind { path } => msg!("ledger-behind", path = path),
            Self::Full { path, doing } => match doing {
                Doing::Open => msg!("ledger-not-opened-full", path = path),
                Doing::Read => msg!("ledger-not-read-full", path = path),
                Doing::Write => msg!("ledger-not-written-full", path = path),
            },
            Self::Unusable { path, doing, cause } => match doing {
                Doing::Open => msg!("ledger-not-opened", path = path, cause = cause),
                Doing::Read => msg!("ledger-not-read", path = path, cause = cause),
                Doing::Write => msg!("ledger-not-written", path = path, cause = cause),
            },
            Self::Unfit { path, doing, cause, .. } => match doing {
                Doing::Open => msg!("ledger-unfit-opened", path = path, cause = cause),
                Doing::Read => msg!("ledger-unfit-read", path = path, cause = cause),
                Doing::Write => msg!("ledger-unfit-written", path = path, cause = cause),
            },
        }
    }

    /// What to do now, where the message itself does not say it.
    #[must_use]
    pub fn hint(&self) -> Option<Message> {
        match self {
            Self::Busy { elsewhere: true, .. } => Some(msg!("ledger-busy-elsewhere-wait")),
            Self::Busy { .. } => Some(msg!("ledger-busy-wait")),
            Self::Unfit { hint, .. } => Some(hint.clone()),
            _ => None,
        }
    }
}

fn busy(path: &str, holder: &Holder, elsewhere: bool) -> Message {
    match holder {
        Holder::JustBegun => msg!("ledger-busy-begun", path = path),
        Holder::Process(process, since) if elsewhere => {
            msg!("ledger-busy-elsewhere", path = path, process = process, since = since)
        }
        Holder::Process(process, since) => msg!("ledger-busy", path = path, process = process, since = since),
        Holder::Said(words) => msg!("ledger-busy-said", path = path, words = words),
    }
}
