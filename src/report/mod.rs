//! The story of a run told on: to the screen, as `--json`, and to the log file.

pub mod json;
pub mod letter;
pub mod log;
pub mod moment;
pub mod screen;
pub mod table;
