//! The story of a run told on: to the screen, as `--json`, and to the log file; and what the ledger remembers of it.

pub mod attempt;
pub mod coverage;
pub mod curtain;
pub mod json;
pub mod leaving;
pub mod letter;
pub mod log;
pub mod moment;
pub mod problems;
pub mod screen;
pub mod spreadsheet;
pub mod table;
