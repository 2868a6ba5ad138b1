//! The scripted SMTP server held to its word, so that a failing test of the program is the program's fault.

#![allow(clippy::pedantic, reason = "a test says what it means, as plainly as it can")]

mod selftest;
mod smtp;
