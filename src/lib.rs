//! appel: letter campaigns from one's own mailbox.
pub mod campaign;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod failure;
pub mod letter;
pub mod outbox;
pub mod rehearsal;
pub mod report;
pub mod transport;
