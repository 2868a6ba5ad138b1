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

pub use file::default_path;
pub use locked::SqliteLocked;
pub use reader::SqliteLedger;

/// The numbers that the column `state` holds.
mod state {
    use crate::outbox::ledger::State;

    pub const RELEASED: i64 = State::Released as i64;
    pub const CLAIMED: i64 = State::Claimed as i64;
    pub const BEGUN: i64 = State::Begun as i64;
    pub const ACCEPTED: i64 = State::Accepted as i64;
    pub const DEFERRED: i64 = State::Deferred as i64;
    pub const REFUSED: i64 = State::Refused as i64;
    pub const IN_DOUBT: i64 = State::InDoubt as i64;
    /// Of an attempt only: a person's word that the letter in doubt was sent.
    pub const SETTLED_SENT: i64 = 7;
    /// Of an attempt only: a person's word that it was not.
    pub const SETTLED_UNSENT: i64 = 8;
}
