//! The program against servers that others wrote: Postfix's smtp-sink, a whole Postfix, a whole Exim, OpenSMTPD, Haraka,
//! Dovecot's submission service, aiosmtpd, nodemailer's smtp-server, a SOCKS proxy, and a TLS server of the last century.
//!
//! `scripts/install-test-servers` unpacks them into `target/test-servers`. Where they are missing these tests do nothing
//! and say so; where `APPEL_TEST_SERVERS` names the folder, as `scripts/test` does, they fail. Postfix, Exim, OpenSMTPD
//! and Dovecot have to be started by root. Every server listens on a free port of 127.0.0.1, keeps its files in a
//! temporary folder, and ends with its test, however that ends.

#![allow(clippy::pedantic, reason = "a test says what it means, as plainly as it can")]
#![cfg(target_os = "linux")]

#[path = "../support/mod.rs"]
mod support;

mod aiosmtpd;
mod daemon;
mod dovecot;
mod exim;
mod haraka;
mod identity;
mod letters;
mod old_tls;
mod opensmtpd;
mod postfix;
mod provider;
mod sixty;
mod smtp_server;
mod smtp_sink;
mod socks;
