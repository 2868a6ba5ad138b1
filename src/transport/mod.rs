//! How letters leave: over SMTP, or as `.eml` files. Knows envelopes and bytes, nothing of templates or CSV.

pub mod files;
pub mod limits;
pub mod smtp;

use std::future::Future;

use appel_core::address::Address;
use appel_core::letter::Message;
pub use appel_core::outcome::{AddressOutcome, Outcome, Reason, Reply, Status};
use appel_messages::Message as Words;

/// What came of handing one message over.
#[derive(Clone, Debug)]
pub enum Attempt {
    /// There is an outcome.
    Ended(Sent),
    /// The connection was gone before the server answered anything of this letter (RFC 5321 §3.8: servers close idle
    /// connections): nothing was sent, and it may be tried at once on a new one.
    Unstarted(Reply),
}

/// A message's outcome.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Of the letter: that of its To.
    pub outcome: Outcome,
    /// Of every address, the To first. Empty when all share `outcome`.
    pub recipients: Vec<AddressOutcome>,
    /// What to do with the connection.
    pub then: Then,
    /// What the server's words were about.
    pub about: About,
}

/// What a server's words are about, as far as the step tells at which they came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// The sender: the reply to MAIL.
    Sender,
    /// The address of the To: the reply to its RCPT.
    Address,
    /// The letter, or the server itself.
    Letter,
}

impl Sent {
    /// One outcome for all addresses.
    #[must_use]
    pub const fn all(outcome: Outcome, then: Then) -> Self {
        Self {
            outcome,
            recipients: Vec::new(),
            then,
            about: About::Letter,
        }
    }
}

/// What to do after a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// The connection can take the next letter.
    Reuse,
    /// It cannot: open another.
    Reconnect,
}

/// Why there is no connection.
#[derive(Clone, Debug)]
pub enum ConnectError {
    /// May pass: try again, later and later.
    Temporary(Reply),
    /// Will not pass by itself: the run ends, nothing more is sent.
    Fatal {
        /// What happened, in one plain sentence.
        what: Words,
        /// Why: mostly a server's words, or the system's.
        cause: Option<Words>,
        /// What to do now.
        hint: Words,
    },
}

/// A way for letters to leave.
pub trait Transport: Send + Sync + 'static {
    /// One connection.
    type Session: Session;

    /// Opens one, ready for the first letter.
    fn connect(&self) -> impl Future<Output = Result<Self::Session, ConnectError>> + Send;
}

/// One connection, sending one letter after the other.
pub trait Session: Send + 'static {
    /// Hands one message over, whose bytes have CRLF line ends and no bare CR or LF.
    ///
    /// Must be awaited to its end: dropping the future half-way leaves the letter in doubt.
    fn send(&mut self, message: &Message) -> impl Future<Output = Attempt> + Send;

    /// The message as this server can be asked to carry it, and the copies that it cannot carry it to.
    fn fit(&self, message: Message) -> (Message, Vec<Address>) {
        (message, Vec::new())
    }

    /// Says goodbye; whatever goes wrong then changes nothing.
    fn close(self) -> impl Future<Output = ()> + Send;
}
