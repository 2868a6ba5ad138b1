//! The program against servers that others wrote: Postfix's smtp-sink, a whole Postfix, a whole Exim, Haraka, Dovecot's
//! submission service, a SOCKS proxy, and a TLS server of the last century.
//!
//! `scripts/install-test-servers` unpacks them into `target/test-servers`. Where they are missing these tests do nothing
//! and say so; where `APPEL_TEST_SERVERS` names the folder, as `scripts/test` does, they fail. Postfix, Exim and
//! Dovecot have to be started by root. Every server listens on a free port of 127.0.0.1, keeps its files in a temporary folder, and ends
//! with its test, however that ends.

#![allow(clippy::pedantic, reason = "a test says what it means, as plainly as it can")]
#![cfg(target_os = "linux")]

#[path = "../support/mod.rs"]
mod support;

mod daemon;
mod exim;
mod identity;
mod letters;
mod old_tls;
mod postfix;
mod relays;
mod smtp_sink;
mod socks;
