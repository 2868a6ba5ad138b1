//! The ledger: every intent before a letter begins, every outcome before it is told.
//!
//! A letter's way through it, and what a crash makes of each state:
//!
//! | state | written | killed process | power cut |
//! | --- | --- | --- | --- |
//! | claimed | synced, in groups, before any of the group begins | due | in doubt |
//! | begun | as a mark that outlives the process, before MAIL | in doubt | in doubt |
//! | accepted, deferred, refused, in doubt | as a mark at once, synced before it is told | as written | as written, or in doubt |

mod lock;
mod marks;
mod place;
mod sqlite;
mod state;

pub use place::is_there;
pub use sqlite::{SqliteLedger, SqliteLocked, default_path};
pub use state::State;

use std::io;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::campaign::Address;
use crate::letter::LetterId;
use crate::private::Unfit;
use crate::transport::{Reply, Status};

/// One letter that is about to be sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// The letter.
    pub id: LetterId,
    /// `campaign.id`.
    pub campaign: String,
    /// Which letter of the campaign.
    pub letter: String,
    /// The sender's address.
    pub sender: String,
    /// The To.
    pub recipient: String,
    /// The language it leaves in.
    pub language: String,
    /// Its Date, should this be the first attempt; otherwise the first attempt's stays.
    pub date: Timestamp,
    /// Who gets copies: to be named also when the program ends before it knows what became of them.
    pub copies: Vec<String>,
}

/// What became of one attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempted {
    /// The letter.
    pub id: LetterId,
    /// When.
    pub at: Timestamp,
    /// What became of it.
    pub status: Status,
    /// The words.
    pub reply: Reply,
    /// SHA-256 of the bytes.
    #[serde(with = "hex")]
    pub sha256: [u8; 32],
    /// The facts the text used, as a JSON object of name to value.
    pub facts: Arc<str>,
    /// Every copy with its own outcome.
    pub copies: Vec<(String, Status, Reply)>,
}

/// One line in the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Entry {
    /// A letter may begin from now on.
    Claim(Intent),
    /// A claimed letter begins now.
    Begin(LetterId),
    /// A letter has its outcome.
    Outcome(Box<Attempted>),
    /// A claimed letter did not begin after all, or began and its text did not leave.
    Release(LetterId),
}

/// What entries must survive before the next step may be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Durability {
    /// A killed process.
    Process,
    /// A power cut: these entries and all before them.
    Power,
}

/// A ledger that this process holds alone: only such a one can record.
pub trait LockedLedger: Send {
    /// Writes entries, all or none.
    ///
    /// # Errors
    /// When they could not be written as durably as asked; then none of them count.
    fn apply(&mut self, entries: Vec<Entry>, durability: Durability) -> Result<(), LedgerError>;
}

/// A letter as the ledger knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The letter.
    pub id: LetterId,
    /// Which letter of the campaign.
    pub letter: String,
    /// The sender's address.
    pub sender: String,
    /// The To.
    pub recipient: String,
    /// The language it left in.
    pub language: String,
    /// The Date it carries.
    pub date: Timestamp,
    /// How it stands; `None` when it surely never began.
    pub status: Option<Status>,
}

impl Record {
    /// With its angle brackets; `None` when the sender's address in the ledger is none.
    #[must_use]
    pub fn message_id(&self) -> Option<String> {
        let sender = Address::parse(&self.sender).ok()?;
        Some(self.id.message_id(&sender))
    }
}

/// One attempt as the ledger knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedAttempt {
    /// The letter's record.
    pub record: Record,
    /// When.
    pub at: Timestamp,
    /// What became of it.
    pub status: Status,
    /// The words.
    pub reply: Reply,
    /// Every copy with its own outcome. (Of attempts before format 2 only those whose outcome was not the letter's.)
    pub copies: Vec<(String, Status, Reply)>,
    /// SHA-256 of the bytes, when this program had them in its hands.
    pub sha256: Option<[u8; 32]>,
    /// The facts the text used, as a JSON object of name to value.
    pub facts: Option<String>,
    /// No attempt, but a person's word on the one before.
    pub settled: Option<Settled>,
}

/// What there is of a campaign in the ledger, whoever sent it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Holdings {
    /// Different senders.
    pub senders: usize,
    /// Letters that the server took.
    pub accepted: usize,
    /// Letters that were put off.
    pub deferred: usize,
    /// Letters that the server refused.
    pub refused: usize,
    /// Letters that the server may have taken.
    pub in_doubt: usize,
    /// Letters that a run meant to send and did not begin.
    pub untried: usize,
    /// Attempts.
    pub attempts: usize,
    /// Attempts that the daily limit counts.
    pub in_the_last_day: usize,
}

impl Holdings {
    /// All letters.
    #[must_use]
    pub const fn letters(&self) -> usize {
        self.accepted + self.deferred + self.refused + self.in_doubt + self.untried
    }
}

/// What a person found out about a letter in doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Settled {
    /// It arrived: never sent again.
    Sent,
    /// It did not: due again.
    Unsent,
}

impl Settled {
    /// The word for it, which is that of the flag too.
    #[must_use]
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Unsent => "unsent",
        }
    }
}

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
    fn unfit(ledger: &Path, doing: &'static str, unfit: Unfit) -> Self {
        Self::Unfit {
            path: crate::words::path(ledger),
            doing,
            cause: unfit.what,
            hint: unfit.hint,
        }
    }

    /// What the system said of a file.
    fn io(ledger: &Path, doing: &'static str, error: &io::Error) -> Self {
        let path = crate::words::path(ledger);
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

/// Bytes as hexadecimal digits.
mod hex {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    const DIGITS: &[u8; 16] = b"0123456789abcdef";

    pub fn serialize<S: Serializer>(bytes: &[u8; 32], serializer: S) -> Result<S::Ok, S::Error> {
        let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
        let text: String = bytes
            .iter()
            .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
            .collect();
        serializer.serialize_str(&text)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 32], D::Error> {
        let text = <std::borrow::Cow<str>>::deserialize(deserializer)?;
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.is_ascii() {
            return Err(D::Error::custom("64 hexadecimal digits are wanted"));
        }
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).map_err(D::Error::custom)?;
        }
        Ok(bytes)
    }
}
