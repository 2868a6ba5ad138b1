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
    /// Nothing of it was taken, and why was learned of the server: on a new connection it may be taken at once.
    Again {
        /// What the server said, or what happened instead.
        reply: Reply,
        /// What was learned, for the person; `None` where another connection told it.
        learned: Option<Words>,
    },
    /// Nothing of it was taken, nor will anything be: the run ends.
    Barred {
        /// What the server said.
        reply: Reply,
        /// Why, and what to do.
        why: ConnectError,
    },
}

/// A message's outcome.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Of the letter: that of its To.
    pub outcome: Outcome,
    /// Of every address, the To first; up to the copy at which the server hung up, if it did. Empty when all share
    /// `outcome`.
    pub recipients: Vec<AddressOutcome>,
    /// What to do with the connection.
    pub then: Then,
    /// At which step the outcome came.
    pub step: Step,
}

/// A step of a letter's dialogue (RFC 5321 §3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// MAIL names the sender.
    Mail,
    /// RCPT names the To.
    Rcpt,
    /// DATA announces the text.
    Data,
    /// The text, up to its final dot; and whatever happened before a word of the letter was said.
    Text,
}

impl Sent {
    /// One outcome for all addresses.
    #[must_use]
    pub const fn all(outcome: Outcome, then: Then) -> Self {
        Self {
            outcome,
            recipients: Vec::new(),
            then,
            step: Step::Text,
        }
    }

    /// At which of the copies the server hung up, when it did: the last address that it answered.
    #[must_use]
    pub fn hung_up_at_copy(&self) -> Option<usize> {
        let hung_up = self.step == Step::Rcpt && self.outcome.reply.code == Some(421);
        self.recipients.len().checked_sub(2).filter(|_| hung_up)
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

/// Whoever is told while a connection is being opened.
pub trait Watcher: Sync {
    /// It takes long, and what for; or something was learned of the server.
    fn tell(&self, what: Words);
}

/// Nobody listens.
impl Watcher for () {
    fn tell(&self, _: Words) {}
}

/// A way for letters to leave.
pub trait Transport: Send + Sync + 'static {
    /// One connection.
    type Session: Session;

    /// Opens one, ready for the first letter.
    fn connect(&self, watcher: &dyn Watcher) -> impl Future<Output = Result<Self::Session, ConnectError>> + Send;
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
