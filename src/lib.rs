//! Letter campaigns from one's own mailbox: nothing is sent twice, nothing is lost in silence, nothing leaks that need
//! not.
//!
//! This is the architecture in a page. `ARCHITECTURE.md` has the reasons, the invariants with how each is held, and how
//! to add a command, a ledger or a transport.
//!
//! # How data flows
//!
//! ```text
//! config.toml, recipients, templates ─► Campaign ─┐
//! account, or the folder ─► Sender, Limits ───────┼─► Plan ─► Letter ─► Text ─► Message ─► delivery ─► Transport ─► SMTP
//! ledger ────────────────────────────► Past ──────┘                               │            │
//!                                                                   .eml ◄────────┘         journal ─► Ledger
//!                                                                                              │
//!                                                                                            Event ─► screen, --json, log
//! ```
//!
//! One way, no circles. [`input`] turns files into values that cannot be wrong. [`appel_core`] is pure: it decides who
//! gets what and writes it, and is handed the sender, the time and what the ledger knows. [`outbox`] and [`transport`] act.
//! [`report`] tells. [`commands`] puts them together, one file a command.
//!
//! # Where things are
//!
//! - [`cli`]: the command line; its words are in the catalogue.
//! - [`commands`]: `new`, `check`, `preview`, `rehearse`, `send`, `status`, `settle`, `log`, `purge`, each
//!   thin: read, plan, act, report.
//! - [`account`]: what is the person's own: their word on whose mailbox a folder names.
//! - [`input`]: `config.toml`, the account file, `recipients.csv`, `templates/`, read with every problem collected.
//! - [`appel_core`], a crate of its own: addresses, countries, languages, facts, problems; and letters: plan (who gets
//!   which letter, and why not), render (its text), message (its bytes).
//! - [`appel_messages`], under everything: what is said to people, as codes with values, and the catalogue of its words.
//! - [`run`]: what commands do with a campaign: ask the ledger and decide, look at everything, write letters, send them.
//! - [`outbox`]: the ledger that remembers, the loop that sends, the journal between them, the pace, the events.
//! - [`transport`]: how a message leaves: SMTP, or `.eml` files.
//! - [`rehearsal`]: the built-in mail server, on 127.0.0.1 only.
//! - [`report`]: events to the screen, `--json` and the log.
//! - [`failure`]: the failure that ends a run, exit codes, and how problems are drawn.
//! - [`wrap`]: lines that fit the screen.
//! - [`private`]: files and folders that only their owner can read.
//! - [`clock`]: the only place that reads the system's clock.
//!
//! # What is promised
//!
//! - A letter is claimed in the ledger, durably, before it begins, and that it begins is written before the server hears of it.
//!   What was accepted cannot be claimed again: see [`outbox::ledger`].
//! - An outcome is durable before anybody is told: see [`outbox::journal`].
//! - Every letter due ends a run accepted, deferred, refused, in doubt or held back, by name. In doubt is what may have arrived: it
//!   leaves again only on request, under the same Message-ID.
//! - Everything due is rendered before the first connection: one bad row stops all.
//! - Every step towards a server has a deadline, and who the server is, is verified before a password is said.
//! - Preview, dry run and send come from one function, [`appel_core::letter::compose`], and have the same bytes.
//!
//! # Where to start reading
//!
//! `commands/send.rs` is the whole story in one file. From there: [`appel_core::letter::plan`] for who gets what,
//! [`outbox::delivery`] for how it leaves, [`outbox::ledger`] for what a crash makes of it, and [`transport::smtp`] for
//! the dialogue.

pub mod account;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod failure;
pub mod input;
pub mod metadata;
pub mod outbox;
pub mod private;
pub mod rehearsal;
pub mod report;
pub mod run;
#[cfg(test)]
mod simulation;
pub mod transport;
pub mod wrap;
