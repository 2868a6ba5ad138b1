//! The rules of a ledger, for whatever keeps one: which entry may follow where a letter stands, and what is made of it when
//! a run broke off.

use appel_core::address::Address;
use appel_core::letter::{LetterId, Past};
use appel_core::outcome::{AddressOutcome, Status};
use jiff::Timestamp;

use super::{Claimed, Entry, Settled};

/// How far a run is with a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Open {
    /// It may begin.
    Claimed,
    /// It began, and nobody knows yet how it ended.
    Begun,
}

/// Where a letter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// A run has it.
    pub open: Option<Open>,
    /// How it ended last; `None` when it surely never began before.
    pub status: Option<Status>,
    /// Its Date: that of its first attempt, once there was one.
    pub date: Timestamp,
}

/// Copies that go their own way from now on, by their ids: put off or refused by a server that took the letter.
pub fn own_ways(
    letter: LetterId,
    status: Status,
    copies: &[AddressOutcome],
) -> impl Iterator<Item = (LetterId, &AddressOutcome)> {
    let taken = status == Status::Accepted;
    copies.iter().filter_map(move |copy| {
        let own = taken && matches!(copy.outcome.status, Status::Deferred | Status::Refused);
        // What was written to is an address.
        let address = own.then(|| Address::parse(&copy.address).ok()).flatten()?;
        Some((letter.of_copy(&address), copy))
    })
}

/// An entry that does not follow from what was written before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfOrder;

impl Standing {
    /// Of a letter that nothing is known of.
    #[must_use]
    pub const fn unknown(date: Timestamp) -> Self {
        Self {
            open: None,
            status: None,
            date,
        }
    }

    /// Of a copy that goes its own way, with the letter's Date.
    #[must_use]
    pub const fn of_copy(status: Status, date: Timestamp) -> Self {
        Self {
            open: None,
            status: Some(status),
            date,
        }
    }

    /// Whether the bytes of the message are needed again: of a letter in doubt, and of a copy that is put off or in doubt.
    #[must_use]
    pub fn needs_bytes(self, is_copy: bool) -> bool {
        match self.status {
            _ if self.open.is_some() => true,
            Some(Status::InDoubt) => true,
            Some(Status::Deferred | Status::NotTried) => is_copy,
            Some(Status::Accepted | Status::Refused) | None => false,
        }
    }

    /// Where it stands after an entry, and what became of a claim: one that is lost changes nothing.
    ///
    /// # Errors
    /// When that entry must not come now.
    pub fn after(self, entry: &Entry) -> Result<(Self, Option<Claimed>), OutOfOrder> {
        let open = |open| Self { open, ..self };
        let next = match (entry, self.open) {
            (Entry::Claim(intent), _) => {
                let claimed = self.claimed(intent.after);
                let next = match claimed {
                    Claimed::Lost(_) => self,
                    Claimed::Ours => Self {
                        open: Some(Open::Claimed),
                        // An intent that never began leaves no Date behind.
                        date: self.status.map_or(intent.date, |_| self.date),
                        ..self
                    },
                };
                return Ok((next, Some(claimed)));
            }
            (Entry::Begin(_), Some(Open::Claimed)) => open(Some(Open::Begun)),
            // A run that stops at once may let go of one whose begin was on its way into the ledger.
            (Entry::Release(_), Some(_)) => open(None),
            (Entry::Outcome(attempted), Some(Open::Begun)) => Self {
                open: None,
                status: Some(attempted.outcome.status),
                ..self
            },
            (Entry::Refuse(_), None) if self.status == Some(Status::Deferred) => Self {
                status: Some(Status::Refused),
                ..self
            },
            _ => return Err(OutOfOrder),
        };
        Ok((next, None))
    }

    /// The last guard against sending twice: what was accepted, what a run has, or what came to stand otherwise since it
    /// was planned, cannot be claimed.
    fn claimed(self, after: Option<Status>) -> Claimed {
        if self.open.is_some() {
            Claimed::Lost(None)
        } else if self.status != after || self.status == Some(Status::Accepted) {
            Claimed::Lost(self.status)
        } else {
            Claimed::Ours
        }
    }

    /// Whether the run that had it may have sent it when it broke off.
    ///
    /// `all_known`: all that run wrote is there, as it is after a killed process. After a power cut its last entries may be
    /// missing, and then what was claimed may have begun.
    #[must_use]
    pub const fn may_have_left(self, all_known: bool) -> bool {
        match self.open {
            None => false,
            Some(Open::Claimed) => !all_known,
            Some(Open::Begun) => true,
        }
    }

    /// What is made of it when the run that had it broke off, before the next one begins.
    #[must_use]
    pub const fn settled(self, all_known: bool) -> Self {
        let status = if self.may_have_left(all_known) {
            Some(Status::InDoubt)
        } else {
            self.status
        };
        Self {
            open: None,
            status,
            ..self
        }
    }

    /// After a person's word on it.
    ///
    /// # Errors
    /// When it is not in doubt.
    pub fn told(self, word: Settled) -> Result<Self, OutOfOrder> {
        if self.open.is_some() || self.status != Some(Status::InDoubt) {
            return Err(OutOfOrder);
        }
        let status = match word {
            Settled::Sent => Status::Accepted,
            Settled::Unsent => Status::Deferred,
        };
        Ok(Self {
            status: Some(status),
            ..self
        })
    }

    /// What planning is told of it.
    #[must_use]
    pub fn past(self) -> Option<Past> {
        Some(Past {
            status: self.status?,
            first_date: self.date,
        })
    }
}
