//! The ledger in `SQLite`: one file in write-ahead mode, readable by its owner only.

mod entries;
mod file;
mod locked;
mod look;
mod purge;
mod reader;
#[cfg(test)]
mod tests;

pub use file::default_path;
pub use locked::SqliteLocked;
pub use reader::SqliteLedger;

/// The numbers that the column `state` holds.
mod state {
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
}
