//! Pure: who gets which letter and why not (plan), its text (render), its bytes (message).
//!
//! No files, sockets, clocks or randomness; dates, ids and the ledger's history are handed in.

pub mod flood;
pub mod message;
pub mod plan;
pub mod render;
pub mod sameness;

mod constant;
mod encode;
mod markdown;
mod prepare;
mod selection;
mod status;
#[cfg(test)]
pub(crate) mod testing;

pub use appel_core::letter::{Envelope, LetterId, date, envelope};
pub use flood::{Over, Recent};
pub use message::{Attachments, Message, compose};
pub use plan::{Candidate, Decider, Decision, Letter, Notes, Past, Plan, Resend, Rules, Selection, Skip};
pub use render::{Renderer, Text};
pub use status::Status;
