//! The scripted SMTP server held to its word, so that a failing test of the program is the program's fault.

mod selftest;
mod smtp;
