//! What a delivery is given, and how it may end.

use std::sync::Arc;
use std::time::Duration;

use appel_core::address::Address;
use appel_core::letter::{self, Decision, Letter, LetterId};
use appel_messages::Message;
use jiff::Timestamp;

use crate::clock::Clock;
use crate::failure::Problem;
use crate::input::config::Rate;
use crate::outbox::event::{LetterEvent, Summary};
use crate::outbox::kept::Kept;
use crate::outbox::ledger::{LastTry, LedgerError};
use crate::outbox::quota::{Again, Quota};
use crate::transport::limits::Limit;
use crate::transport::{ConnectError, Reply};

/// What to send, in order.
pub trait Letters: Send + 'static {
    /// What is decided next; those left out are told and counted, nothing else.
    fn next(&mut self) -> Option<Decision>;

    /// Its bytes.
    ///
    /// # Errors
    /// When it cannot be written, although it could before the run began.
    fn message(&self, letter: &Letter, date: Timestamp) -> Result<letter::Message, Problem>;

    /// The no that an earlier run heard of a letter, and took for the account's.
    fn earlier_no(&self, id: LetterId) -> Option<LastTry>;
}

/// How to send.
#[derive(Clone, Debug)]
pub struct Options {
    /// `campaign.id`.
    pub campaign: String,
    /// `sender.email`.
    pub sender: Address,
    /// Simultaneous connections, at least one.
    pub connections: usize,
    /// How fast letters may begin.
    pub rate: Rate,
    /// How long temporary failures are tried again.
    pub retry_for: Duration,
    /// `campaign.deadline`: no letter begins after it.
    pub deadline: Option<Timestamp>,
    /// How many letters the server may take in 24 hours (`smtp.daily-limit`); those deferred or refused do not count.
    pub quota: Quota,
    /// Where bytes are kept that are needed again; `None` where nothing is.
    pub kept: Option<Arc<Kept>>,
    /// The time of day.
    pub clock: Clock,
    /// How many letters a connection takes, as far as is known.
    pub letters_per_connection: Option<u32>,
    /// Whether the account signs in.
    pub signs_in: bool,
    /// Makes the pauses uneven; the same seed, the same pauses.
    pub seed: u64,
}

/// What a person asked for meanwhile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Interrupt {
    /// Nothing.
    #[default]
    None,
    /// Ctrl-C: finish what is in flight, begin nothing.
    Finish,
    /// Ctrl-C again: stop at once.
    Now,
}

/// Why a run ended before everything due was tried to the end.
#[derive(Debug)]
pub enum Stop {
    /// A person interrupted it.
    Interrupted,
    /// It cannot be delivered, and waiting will not help.
    Cannot {
        /// What happened.
        message: Message,
        /// Why.
        cause: Option<Message>,
        /// What to do now, where the message itself does not say it.
        hint: Option<Message>,
    },
    /// The server could not be reached for as long as `retry-for` allows.
    GaveUp(Reply),
    /// `daily-limit` is reached; when letters may leave again, if that is known.
    DailyLimit(Option<Again>),
    /// The server said that the account has sent enough for now.
    Limited {
        /// Its words.
        reply: Reply,
        /// What it limits.
        limit: Limit,
        /// When to go on, as far as can be told.
        from: Timestamp,
    },
    /// The server said the same of so many letters running, and took none between: it is about the account.
    Account {
        /// Its words.
        reply: Reply,
        /// How many letters.
        letters: usize,
        /// What they probably mean.
        meaning: Message,
    },
    /// `campaign.deadline` passed while letters were leaving.
    Deadline,
    /// The ledger cannot be read or written.
    Ledger(LedgerError),
    /// A letter could no longer be written.
    Letter(Problem),
}

impl From<ConnectError> for Stop {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::Temporary(reply) => Self::GaveUp(reply),
            ConnectError::Fatal { what, cause, hint } => Self::Cannot {
                message: what,
                cause,
                hint: Some(hint),
            },
        }
    }
}

/// How a run ended.
#[derive(Debug)]
pub struct Ended {
    /// The counts, of letters that were due.
    pub summary: Summary,
    /// The first copies that were put off or refused, or may have been taken, although the letter was, as they stand.
    pub copies: Vec<LetterEvent>,
    /// What was found out about the server.
    pub learned: Learned,
    /// Why it ended early, if it did.
    pub stop: Option<Stop>,
}

/// What delivery finds out about a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Learned {
    /// How many letters a connection takes.
    pub letters_per_connection: Option<u32>,
    /// The pace that was slowed down to: so long a letter.
    pub pace: Option<Duration>,
}
