//! The conformance suite: whole campaigns, and what has to be true of the letters that leave.
//!
//! Each folder of `cases/` is a campaign (`config.toml`, recipients, templates, files) and an `expect.toml`, which says in
//! one sentence what the case is about, and then, letter by letter, what its reader gets: see [`case::Letter`]. What an
//! `expect.toml` does not name is not there: no other header, part, address or letter.
//!
//! `APPEL_CASE=body` tries the cases alone that have this in their name.

#![allow(clippy::pedantic, reason = "a test says what it means, as plainly as it can")]
#![cfg(target_os = "linux")]

#[path = "../interop/daemon.rs"]
#[allow(dead_code, reason = "these tests start some servers and kill none")]
mod daemon;
#[path = "../support/mod.rs"]
mod support;

mod case;
mod form;
mod judges;
mod read;
mod sent;
mod suite;
