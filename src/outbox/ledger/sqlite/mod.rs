//! The ledger in `SQLite`: one file in write-ahead mode, readable by its owner only.

mod daybook;
mod file;
mod lines;
mod locked;
mod look;
mod post;
mod purge;
mod reader;
mod recent;
mod runs;
mod tables;
#[cfg(test)]
mod tests;

pub use locked::SqliteLocked;
pub use reader::SqliteLedger;

/// How a letter's standing is written: the columns `state` and `before`.
mod state {
    use jiff::Timestamp;

    use crate::outbox::ledger::rules::{Open, Standing};
    use appel_core::outcome::Status;

    pub const RELEASED: i64 = 0;
    pub const CLAIMED: i64 = 1;
    pub const BEGUN: i64 = 2;
    pub const ACCEPTED: i64 = 3;
    pub const DEFERRED: i64 = 4;
    pub const REFUSED: i64 = 5;
    pub const IN_DOUBT: i64 = 6;
    /// Of an attempt only: a person's word that the letter in doubt was sent.
    pub const SETTLED_SENT: i64 = 7;
    /// Of an attempt only: a person's word that it was not.
    pub const SETTLED_UNSENT: i64 = 8;

    /// The number of an outcome.
    pub const fn of(status: Status) -> i64 {
        match status {
            Status::Accepted => ACCEPTED,
            // Nobody writes down what was not tried; it would be due again.
            Status::Deferred | Status::NotTried => DEFERRED,
            Status::Refused => REFUSED,
            Status::InDoubt => IN_DOUBT,
        }
    }

    /// The outcome of a number; `None` when there was none.
    pub const fn status(number: i64) -> Option<Status> {
        Some(match number {
            RELEASED => return None,
            ACCEPTED => Status::Accepted,
            DEFERRED => Status::Deferred,
            REFUSED => Status::Refused,
            // Whatever else is found there: hold it.
            _ => Status::InDoubt,
        })
    }

    /// What the columns say.
    pub const fn standing(state: i64, before: i64, date: Timestamp) -> Standing {
        let (open, status) = match state {
            CLAIMED => (Some(Open::Claimed), status(before)),
            BEGUN => (Some(Open::Begun), status(before)),
            RELEASED => (None, status(before)),
            ended => (None, status(ended)),
        };
        Standing { open, status, date }
    }
}
