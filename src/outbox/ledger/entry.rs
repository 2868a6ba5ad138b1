//! What is written into a ledger: claims, begins, outcomes, and how durably.

use std::sync::Arc;

use appel_core::letter::LetterId;
use appel_core::outcome::{AddressOutcome, Outcome, Status};
use jiff::Timestamp;

/// One letter that is about to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// How it stood when it was decided to send it: the claim holds only if it still does.
    pub after: Option<Status>,
}

/// What became of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// The letter is this run's: it may begin.
    Ours,
    /// It stands otherwise by now, as another run left it; `None` when that one is about to send it, or is sending it.
    Lost(Option<Status>),
}

/// What became of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempted {
    /// The letter.
    pub id: LetterId,
    /// When.
    pub at: Timestamp,
    /// What became of it.
    pub outcome: Outcome,
    /// SHA-256 of the bytes.
    pub sha256: [u8; 32],
    /// The facts the text used, as a JSON object of name to value.
    pub facts: Arc<str>,
    /// Every copy with its own outcome.
    pub copies: Vec<AddressOutcome>,
}

/// One line in the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A letter may begin from now on.
    Claim(Intent),
    /// A claimed letter begins now.
    Begin(LetterId),
    /// A letter has its outcome.
    Outcome(Box<Attempted>),
    /// A claimed letter did not begin after all, or began and its text did not leave.
    Release(LetterId),
    /// The no that had deferred a letter was about that letter, and is for good.
    Refuse(LetterId),
}

impl Entry {
    /// The letter that it is about.
    #[must_use]
    pub const fn id(&self) -> LetterId {
        match self {
            Self::Claim(intent) => intent.id,
            Self::Begin(id) | Self::Release(id) | Self::Refuse(id) => *id,
            Self::Outcome(attempted) => attempted.id,
        }
    }
}

/// What entries must survive before the next step may be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Durability {
    /// A killed process.
    Process,
    /// A power cut: these entries and all before them.
    Power,
}
