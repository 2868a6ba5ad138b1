//! Letters: their ids and envelopes, and the dates in them.

pub mod date;
pub mod envelope;

pub use envelope::{Envelope, LetterId};
