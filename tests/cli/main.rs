//! The program from outside: what a person at a shell, a script and a mail server would notice.

#![allow(clippy::pedantic, reason = "a test says what it means, as plainly as it can")]

#[path = "../support/mod.rs"]
mod support;

mod addresses;
mod architecture;
mod around;
mod attachments;
mod bounds;
mod check;
mod clean;
mod copies;
mod crash;
mod echo;
mod edges;
mod evidence;
mod facts;
mod faults;
mod flood;
mod folder;
mod guide;
mod hostile;
mod interrupt;
mod ledger;
mod links;
mod lists;
mod log;
mod matrix;
mod new;
mod pages;
mod picture;
mod plan;
mod privacy;
mod proxy;
mod purge;
mod reach;
mod rehearse;
mod screen;
mod send;
mod settle;
mod sheets;
mod signin;
mod state;
mod style;
mod terminal;
mod tls;
mod tokens;
mod usage;
mod variants;
mod words;
