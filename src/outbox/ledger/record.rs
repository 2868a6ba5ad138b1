//! What is read from a ledger: letters and what was tried of them.

use appel_core::address::Address;
use appel_core::letter::LetterId;
use appel_core::outcome::{AddressOutcome, Outcome, Reason, Reply, Status};
use jiff::Timestamp;
use serde::Serialize;

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
    /// Of a copy that goes its own way, which then is the recipient: the letter's id.
    pub copy_of: Option<LetterId>,
}

impl Record {
    /// With its angle brackets; `None` when the sender's address in the ledger is none.
    #[must_use]
    pub fn message_id(&self) -> Option<String> {
        let sender = Address::parse(&self.sender).ok()?;
        Some(self.letter_id().message_id(&sender))
    }

    /// The letter's id, also of a copy.
    #[must_use]
    pub fn letter_id(&self) -> LetterId {
        self.copy_of.unwrap_or(self.id)
    }
}

/// Something that the ledger knows of a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerEvent {
    /// The letter's record.
    pub record: Record,
    /// When.
    pub at: Timestamp,
    /// What became of the letter by it.
    pub outcome: Outcome,
    /// Every copy with its own outcome. (Of attempts before format 2 only those whose outcome was not the letter's.)
    pub copies: Vec<AddressOutcome>,
    /// What it was.
    pub kind: EventKind,
}

/// What an event of a letter was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// An attempt to send it.
    Attempt {
        /// SHA-256 of the bytes, when this program had them in its hands.
        sha256: Option<[u8; 32]>,
        /// The facts the text used, as a JSON object of name to value.
        facts: Option<String>,
    },
    /// A person's word on the attempt before.
    Settlement(Settled),
}

impl LedgerEvent {
    /// A person's word, if it was one.
    #[must_use]
    pub const fn settled(&self) -> Option<Settled> {
        match self.kind {
            EventKind::Settlement(word) => Some(word),
            EventKind::Attempt { .. } => None,
        }
    }
}

/// A letter that stands accepted, or a copy that went its own way and does, with what it said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The letter's record.
    pub record: Record,
    /// When it left.
    pub at: Timestamp,
    /// The facts the text used, as a JSON object of name to value; `None` when that is not known.
    pub facts: Option<String>,
    /// How many copies were accepted with it.
    pub copies: usize,
}

/// How many letters of a sender stand accepted: those of one campaign that are called the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AcceptedKind {
    /// `campaign.id`.
    pub campaign: String,
    /// Which letter of the campaign.
    pub letter: String,
    /// How many.
    pub letters: usize,
}

/// How a letter that is deferred was tried last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastTry {
    /// When.
    pub at: Timestamp,
    /// What the server said to it, or what happened instead.
    pub reply: Reply,
    /// Whether the run that tried it had a letter accepted.
    pub among_accepted: bool,
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
    /// What is told in place of a server's words.
    #[must_use]
    pub const fn reason(self) -> Reason {
        match self {
            Self::Sent => Reason::SettledAsSent,
            Self::Unsent => Reason::SettledAsUnsent,
        }
    }
}
