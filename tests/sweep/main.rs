//! A fault at every step of a run: killed at each system call, with each one failing, on a disk that is full.
//!
//! A step is a system call that leaves a trace, in a file or at the server, or that waits for the server: what happens
//! between two of them, nobody can tell from outside. `strace` counts them, and strikes at the nth.
//!
//! Where strace is missing these tests do nothing and say so; where `APPEL_TEST_SERVERS` is set, as `scripts/test` does,
//! they fail. The short sweeps are part of every test run; `scripts/sweep` tries every step of longer campaigns.

#![allow(clippy::pedantic, reason = "a test says what it means, as plainly as it can")]
#![cfg(target_os = "linux")]

#[path = "../support/mod.rs"]
mod support;

mod audit;
mod full_disk;
mod io_errors;
mod kill;
mod order;
mod small_disk;
mod strace;
mod walk;
