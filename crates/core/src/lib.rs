//! The pure core of `appel`: who gets which letter, its text, and its bytes.
//!
//! No files, sockets, clocks or randomness; dates and what the ledger knows are handed in. The compiler holds it: none
//! of this crate's dependencies has a runtime, TLS or a database in it, and `clippy.toml` beside it refuses the calls of
//! the standard library that would read, connect, wait or draw lots.
//!
//! - What a campaign says, valid: [`campaign`], [`recipients`], [`templates`], [`address`], [`place`] (countries and languages),
//!   [`facts`].
//! - What becomes of it: [`letter`].
//! - What is wrong with it: [`problem`].
//! - Helpers: [`words`] makes text from outside safe to show, [`links`] finds the links of a text.

pub mod address;
pub mod campaign;
pub mod facts;
pub mod letter;
pub mod links;
pub mod lookalike;
pub mod outcome;
pub mod place;
pub mod problem;
pub mod recipients;
pub mod sender;
pub mod spec;
pub mod templates;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod words;

pub use address::Address;
pub use campaign::{Campaign, Sender};
pub use facts::Fact;
pub use place::{Country, Language};
pub use problem::{Place, Problem, Problems, Severity};
pub use recipients::{Recipient, Recipients};
pub use templates::Templates;
