//! Where a letter stands in a ledger, and what is made of it when a run broke off.

use crate::transport::Status;

/// The states of a letter, with the numbers that the database has for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i64)]
pub enum State {
    /// Claimed once, and let go without having begun.
    Released = 0,
    /// It may begin.
    Claimed = 1,
    /// It began, and nobody knows yet how it ended.
    Begun = 2,
    /// The server took it.
    Accepted = 3,
    /// Put off.
    Deferred = 4,
    /// Refused.
    Refused = 5,
    /// The server may have taken it.
    InDoubt = 6,
}

impl From<Status> for State {
    /// Where a letter stands that has this outcome.
    fn from(status: Status) -> Self {
        match status {
            Status::Accepted => Self::Accepted,
            Status::Deferred => Self::Deferred,
            Status::Refused => Self::Refused,
            Status::InDoubt => Self::InDoubt,
        }
    }
}

impl State {
    /// What is made of the state that a run left behind which broke off, before the next one begins.
    ///
    /// `all_marked`: whatever it marked is known, as it is after a killed process. After a power cut marks may be
    /// missing, and then what was claimed may have begun.
    #[must_use]
    pub const fn settled(self, all_marked: bool) -> Self {
        match self {
            Self::Claimed if all_marked => Self::Released,
            Self::Claimed | Self::Begun => Self::InDoubt,
            ended => ended,
        }
    }
}
