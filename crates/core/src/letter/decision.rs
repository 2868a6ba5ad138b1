//! What is decided for a row and a letter of its role: the letter that leaves, or why it does not.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::envelope::{Envelope, LetterId};
use super::flood::Over;
use super::text::Text;
use crate::address::Address;
use crate::campaign::{LetterSpec, OwnWords};
use crate::outcome::Status;
use crate::place::Language;
use crate::problem::Problem;
use crate::recipients::Recipient;

/// One letter to one recipient.
#[derive(Clone, Debug)]
pub struct Letter {
    /// Its id.
    pub id: LetterId,
    /// Which letter of the campaign.
    pub spec: Arc<LetterSpec>,
    /// The row.
    pub recipient: Recipient,
    /// The language it leaves in: one that the template has.
    pub language: Language,
    /// From, To and copies.
    pub envelope: Envelope,
    /// The letters to the same recipient that it follows, the first one first: mostly none.
    pub follows: Vec<LetterId>,
    /// What became of it before; `None` when this is its first attempt.
    pub past: Option<Past>,
    /// When it left before, and only this copy of it leaves now.
    pub copy: Option<Box<Copy>>,
}

/// A copy of a letter that left without it: the same message goes to this address alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copy {
    /// The id that the ledger knows it by.
    pub id: LetterId,
    /// Whom it goes to.
    pub to: Address,
    /// The message that left: SHA-256 of its bytes, and the facts in it, as far as they are known.
    pub left: Option<Left>,
}

/// What is known of a message that left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// The facts its text used, as a JSON object.
    pub facts: Arc<str>,
}

impl Letter {
    /// Whether it leaves with its sender's own words or not at all. One that left before, perhaps, leaves again as it was.
    #[must_use]
    pub fn wants_words(&self) -> bool {
        let left_before = self.copy.is_some() || self.past.is_some_and(|past| past.status == Status::InDoubt);
        self.spec.own_words == OwnWords::Required && !left_before
    }

    /// Its subject: that of an answer, when it follows another letter.
    #[must_use]
    pub fn subject<'t>(&self, text: &'t Text) -> Cow<'t, str> {
        let subject = text.subject.as_str();
        let is_answer = subject.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("re:"));
        if self.follows.is_empty() || is_answer {
            Cow::Borrowed(subject)
        } else {
            Cow::Owned(format!("Re: {subject}"))
        }
    }

    /// The Date that it carries when it leaves now: that of its first attempt.
    #[must_use]
    pub fn date(&self, now: Timestamp) -> Timestamp {
        self.past.map_or(now, |past| past.first_date)
    }

    /// The id that the ledger knows it by: its own, or that of the copy.
    #[must_use]
    pub fn line(&self) -> LetterId {
        self.copy.as_ref().map_or(self.id, |copy| copy.id)
    }

    /// Whether it was tried in an earlier run.
    #[must_use]
    pub fn was_tried(&self) -> bool {
        self.copy.is_some() || was_tried(self.past)
    }

    /// Whom it goes to: the To, or the copy.
    #[must_use]
    pub fn to(&self) -> &Address {
        self.copy.as_ref().map_or(&self.envelope.to, |copy| &copy.to)
    }

    /// Whom it goes to: everybody, or the copy.
    #[must_use]
    pub fn goes_to(&self) -> Envelope {
        match &self.copy {
            None => self.envelope.clone(),
            Some(copy) => Envelope::new(self.envelope.from.clone(), copy.to.clone(), []),
        }
    }

    /// Whether it is the copy that goes to the sender.
    #[must_use]
    pub fn is_to_sender(&self) -> bool {
        let of_sender = |copy: &Copy| copy.to.folded() == self.envelope.from.folded();
        self.copy.as_deref().is_some_and(of_sender)
    }

    /// To how many addresses it goes.
    #[must_use]
    pub fn addresses(&self) -> usize {
        match &self.copy {
            None => 1 + self.envelope.cc.len(),
            Some(_) => 1,
        }
    }
}

/// What the ledger knows of a letter that was tried, or may have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Past {
    /// How it stands.
    pub status: Status,
    /// The Date of its first attempt, which every later one carries too.
    pub first_date: Timestamp,
}

/// Why somebody is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Skip {
    /// The server took this letter in an earlier run.
    AlreadyAccepted,
    /// The server refused this letter in an earlier run.
    #[serde(rename = "refused-earlier")]
    Refused,
    /// The server may have taken it.
    InDoubt,
    /// An earlier row has the same address for this letter.
    Duplicate,
    /// The row serves other senders' countries.
    OtherCountry,
    /// The campaign's deadline has passed.
    Deadline,
    /// One of its addresses has had enough for 24 hours: it is still due.
    AddressLimit,
    /// The letter that it follows was not accepted for this recipient in an earlier run, or came back.
    NotReceived,
}

/// What is decided for one row and letter.
#[derive(Clone, Debug)]
pub enum Decision {
    /// To be sent.
    Due(Box<Letter>),
    /// Left out.
    Skipped {
        /// The letter's id.
        id: LetterId,
        /// The letter (`protest`).
        letter: String,
        /// The row's address.
        to: Address,
        /// The row's line in the recipients file.
        line: usize,
        /// Why.
        reason: Skip,
        /// Which address has had enough, when that is why.
        over: Option<Box<Over>>,
        /// When it is about a copy alone, which is what `to` is then: the id that the ledger knows it by.
        copy: Option<LetterId>,
    },
    /// Due, and impossible: the letter has no text that this row could get. An input problem (exit 3). Or the last
    /// decision there is, because the rows from here on can no longer be read.
    Impossible(Box<Problem>),
}

pub(super) fn skipped(
    id: LetterId,
    spec: &LetterSpec,
    row: Recipient,
    reason: Skip,
    over: Option<Box<Over>>,
) -> Decision {
    Decision::Skipped {
        id,
        letter: spec.id.clone(),
        to: row.email,
        line: row.line,
        reason,
        over,
        copy: None,
    }
}

/// Whether a letter with this past was tried in an earlier run.
pub(super) fn was_tried(past: Option<Past>) -> bool {
    past.is_some_and(|past| past.status != Status::NotTried)
}
