//! How letters leave: over SMTP, or as `.eml` files. Knows envelopes and bytes, nothing of templates or CSV.

pub mod files;
pub mod limits;
pub mod smtp;

use std::future::Future;

use appel_core::address::Address;
use appel_core::letter::Message;
use serde::{Deserialize, Serialize};

pub use appel_core::letter::Status;

/// What a server said, or what happened instead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// The reply code (RFC 5321 §4.2); `None` when no reply came and `text` says what happened.
    pub code: Option<u16>,
    /// The words, one line each; at most a few kilobytes, and not yet safe to show.
    pub text: String,
}

impl Reply {
    /// What happened instead of a reply.
    #[must_use]
    pub fn none(text: impl Into<String>) -> Self {
        Self {
            code: None,
            text: text.into(),
        }
    }

    /// The words on one line, safe to show.
    #[must_use]
    pub fn line(&self) -> String {
        appel_core::words::visible_line(&self.text.replace('\n', " "))
    }
}

impl std::fmt::Display for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.code {
            Some(code) => write!(f, "{code} {}", self.line()),
            None => f.write_str(&self.line()),
        }
    }
}

/// What became of a letter, or of one address of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The server took it.
    Accepted(Reply),
    /// Not now (4xx), or lost before the final dot: may be tried again.
    Deferred(Reply),
    /// No (5xx).
    Refused(Reply),
    /// The server may have taken it.
    InDoubt(Reply),
}

impl Outcome {
    /// Its name.
    #[must_use]
    pub const fn status(&self) -> Status {
        match self {
            Self::Accepted(_) => Status::Accepted,
            Self::Deferred(_) => Status::Deferred,
            Self::Refused(_) => Status::Refused,
            Self::InDoubt(_) => Status::InDoubt,
        }
    }

    /// The words behind it.
    #[must_use]
    pub const fn reply(&self) -> &Reply {
        match self {
            Self::Accepted(reply) | Self::Deferred(reply) | Self::Refused(reply) | Self::InDoubt(reply) => reply,
        }
    }
}

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
    pub recipients: Vec<(Address, Outcome)>,
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
        message: String,
        /// Why.
        cause: String,
        /// What to do now.
        hint: String,
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

    /// Says goodbye; whatever goes wrong then changes nothing.
    fn close(self) -> impl Future<Output = ()> + Send;
}
