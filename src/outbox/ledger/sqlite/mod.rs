//! The ledger in `SQLite`: one file in write-ahead mode, readable by its owner only.

mod before_5;
mod columns;
mod copies;
mod entries;
mod file;
mod integrity;
mod lines;
mod marks;
mod purge;
mod reader;
mod received;
mod recent;
mod runs;
mod seal;
mod tables;
#[cfg(test)]
mod tests;
mod writer;
mod wrong;

pub use reader::SqliteLedger;
pub use writer::SqliteLocked;

/// How an outcome's reply is written: the columns `code`, `reason` and `reply`.
mod reply {
    use appel_core::outcome::{Reason, Reply};
    use rusqlite::Row;

    /// The code of a reason.
    pub fn code(reason: Reason) -> Option<String> {
        // Always a name.
        let name = serde_json::to_value(reason).ok()?;
        name.as_str().map(str::to_owned)
    }

    /// What the three columns from this one on say.
    pub fn read(row: &Row, column: usize) -> rusqlite::Result<Reply> {
        let reason: Option<String> = row.get(column + 1)?;
        // A name that is not known here is shown as it was written.
        let reason = reason.map(|name| serde_json::from_value(name.into()).unwrap_or(Reason::Older));
        Ok(Reply::stored(row.get(column)?, reason, row.get(column + 2)?))
    }
}

/// The numbers that the column `kind` of an event holds.
mod kind {
    pub const ATTEMPT: i64 = 1;
    /// A person's word on an attempt that was in doubt: accepted, it was sent; deferred, it was not.
    pub const SETTLEMENT: i64 = 2;
}

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

    /// What is written of a standing: `state`, and `before` while a run has the letter.
    pub const fn columns(standing: Standing) -> (i64, i64) {
        let status = match standing.status {
            Some(status) => of(status),
            None => RELEASED,
        };
        match standing.open {
            Some(Open::Claimed) => (CLAIMED, status),
            Some(Open::Begun) => (BEGUN, status),
            None => (status, status),
        }
    }

    /// What the columns say.
    pub const fn standing(state: i64, before: i64, date: Timestamp) -> Standing {
        let (open, status) = match state {
            CLAIMED => (Some(Open::Claimed), status(before)),
            BEGUN => (Some(Open::Begun), status(before)),
            // Up to format 4 a letter that was let go of has the state before it here.
            RELEASED => (None, status(before)),
            ended => (None, status(ended)),
        };
        Standing { open, status, date }
    }
}
