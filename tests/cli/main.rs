//! The program from outside: what a person at a shell, a script and a mail server would notice.

#[path = "../support/mod.rs"]
mod support;

mod crash;
mod faults;
mod interrupt;
mod ledger;
mod new;
mod send;
mod tls;
