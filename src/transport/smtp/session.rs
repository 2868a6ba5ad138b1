//! One connection, one letter after the other: every reply checked, every failure with its phase.

use std::time::Duration;

use appel_core::address::Address;
use appel_core::letter::{Envelope, Message};
use appel_core::outcome::{AddressOutcome, Outcome, Reason, Reply, Status};

use super::FINAL_DOT_TIMEOUT;
use super::dialogue::{self, Offers};
use super::stream::{Stream, StreamError};
use crate::transport::limits::Limit;
use crate::transport::{About, Attempt, Sent, Session, Then};

/// What is said of a server that answers what it was not asked.
/// An SMTP connection that is ready for letters.
pub struct SmtpSession {
    stream: Stream,
    offers: Offers,
    timeout: Duration,
    /// What is about to be written, here so that its room is kept.
    out: Vec<u8>,
}

impl SmtpSession {
    pub(super) const fn new(stream: Stream, offers: Offers, timeout: Duration) -> Self {
        Self {
            stream,
            offers,
            timeout,
            out: Vec::new(),
        }
    }

    /// Why this server cannot take this letter at all.
    fn unfit(&self, message: &Message) -> Option<Reply> {
        if message.envelope.needs_smtputf8() && !self.offers.smtputf8 {
            return Some(Reply::none(Reason::NeedsSmtputf8, ""));
        }
        let (bytes, size) = (message.bytes.len(), self.offers.size?);
        (bytes as u64 > size).then(|| {
            let limit = self.stream.redacted(size.to_string());
            Reply::none(Reason::TooLarge, format!("{bytes} {limit}"))
        })
    }

    async fn say(&mut self, command: &str) -> Result<Reply, StreamError> {
        self.stream.say(command, self.timeout).await
    }

    async fn reply(&mut self) -> Result<Reply, StreamError> {
        self.stream.reply(self.timeout).await
    }

    /// Ends a transaction that goes no further, so that the connection can take the next letter.
    async fn reset(&mut self) -> Then {
        match self.say(dialogue::RSET).await {
            Ok(reply) if reply.code == Some(250) => Then::Reuse,
            _ => Then::Reconnect,
        }
    }

    fn group(&self, message: &Message) -> Group {
        if !self.offers.pipelining {
            Group::None
        } else if message.envelope.cc.is_empty() {
            Group::All
        } else {
            // Were the To refused and a copy taken, the server would wait for a letter that must not be sent.
            Group::Recipients
        }
    }

    /// Says as much of a letter's opening as may leave at once.
    async fn say_opening(&mut self, message: &Message, group: Group) -> Result<(), StreamError> {
        self.out.clear();
        let mail = dialogue::mail(&message.envelope, &message.bytes, &self.offers);
        self.out.extend_from_slice(mail.as_bytes());
        if group != Group::None {
            for to in message.envelope.recipients() {
                self.out.extend_from_slice(dialogue::rcpt(to).as_bytes());
            }
        }
        if group == Group::All {
            self.out.extend_from_slice(dialogue::DATA.as_bytes());
        }
        let written = self.stream.write(&self.out, self.timeout).await;
        written.map_err(|error| error.error)
    }

    /// MAIL, RCPT and DATA, and the replies to them.
    async fn open(&mut self, message: &Message) -> Opened {
        let group = self.group(message);
        if let Err(error) = self.say_opening(message, group).await {
            return Opened::not_begun(&error);
        }
        let mail = match self.reply().await {
            Ok(reply) => reply,
            Err(error) => return Opened::not_begun(&error),
        };
        let mut rcpt = Vec::with_capacity(1 + message.envelope.cc.len());
        if mail.code == Some(250) || group != Group::None {
            for to in message.envelope.recipients() {
                let reply = match group {
                    Group::None => self.say(&dialogue::rcpt(to)).await,
                    _ => self.reply().await,
                };
                match reply {
                    Ok(reply) => rcpt.push(reply),
                    // Whoever closes after a 421 or 5xx has said why: those words are worth more than the silence.
                    Err(_) if mail.code != Some(250) || rcpt.first().is_some_and(|to| !is_taken(to)) => {
                        return Opened::Replies { mail, rcpt, data: None };
                    }
                    Err(error) => return Opened::lost(&error),
                }
                // The To comes first: without it the copies need not be asked.
                if group == Group::None && !is_taken(&rcpt[0]) {
                    break;
                }
            }
        }
        let go = mail.code == Some(250) && rcpt.first().is_some_and(is_taken);
        let data = match group {
            Group::All => self.reply().await,
            _ if go => self.say(dialogue::DATA).await,
            _ => return Opened::Replies { mail, rcpt, data: None },
        };
        match data {
            Ok(data) => Opened::Replies {
                mail,
                rcpt,
                data: Some(data),
            },
            Err(_) if !go => Opened::Replies { mail, rcpt, data: None },
            Err(error) => Opened::lost(&error),
        }
    }

    /// The text with its final dot, in one write, and the reply to it: until that is there, nothing more is said.
    async fn body(&mut self, message: &Message) -> (Outcome, Then) {
        if self.stream.spoke_unasked().await {
            // A reply too many: the next one read would be taken for the answer to this letter. Without its final dot
            // nothing of it counts.
            let reply = Reply::none(Reason::OutOfStep, "");
            return (Outcome::new(Status::Deferred, reply), Then::Reconnect);
        }
        self.out.clear();
        dialogue::stuff(&message.bytes, &mut self.out);
        if let Err(error) = self.stream.write(&self.out, self.timeout).await {
            let reply = error.error.reply();
            let outcome = if error.all_handed_over {
                Outcome::new(Status::InDoubt, reply)
            } else {
                Outcome::new(Status::Deferred, reply)
            };
            return (outcome, Then::Reconnect);
        }
        let wait = FINAL_DOT_TIMEOUT.max(self.timeout);
        match self.stream.reply(wait).await {
            Ok(reply) => match reply.code {
                Some(200..=299) => (Outcome::new(Status::Accepted, reply), Then::Reuse),
                Some(421) => (Outcome::new(Status::Deferred, reply), Then::Reconnect),
                Some(400..=599) => (negative(&reply), Then::Reuse),
                _ => (Outcome::new(Status::InDoubt, reply), Then::Reconnect),
            },
            Err(error) => (Outcome::new(Status::InDoubt, error.reply()), Then::Reconnect),
        }
    }
}

/// How many of a letter's opening commands go out in one write (RFC 2920).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Group {
    /// One by one.
    None,
    /// MAIL and every RCPT.
    Recipients,
    /// DATA too.
    All,
}

enum Opened {
    /// The connection was gone before the first reply.
    Unstarted(Reply),
    /// The connection was lost later, or nonsense came.
    Lost(Reply),
    /// What the server said; `data` is `None` when DATA was not said or not answered.
    Replies {
        mail: Reply,
        rcpt: Vec<Reply>,
        data: Option<Reply>,
    },
}

impl Opened {
    fn not_begun(error: &StreamError) -> Self {
        match error {
            StreamError::Lost(_) | StreamError::Timeout(_) => Self::Unstarted(error.reply()),
            StreamError::NotSmtp(_) | StreamError::Endless => Self::lost(error),
        }
    }

    fn lost(error: &StreamError) -> Self {
        Self::Lost(error.reply())
    }
}

impl Session for SmtpSession {
    async fn send(&mut self, message: &Message) -> Attempt {
        if let Some(reply) = self.unfit(message) {
            let outcome = Outcome::new(Status::Refused, reply);
            return Attempt::Ended(Sent::all(outcome, Then::Reuse));
        }
        if self.stream.spoke_unasked().await {
            return Attempt::Unstarted(Reply::none(Reason::OutOfStep, ""));
        }
        let (mail, rcpt, data) = match self.open(message).await {
            Opened::Unstarted(reply) => return Attempt::Unstarted(reply),
            Opened::Lost(reply) => {
                let outcome = Outcome::new(Status::Deferred, reply);
                return Attempt::Ended(Sent::all(outcome, Then::Reconnect));
            }
            Opened::Replies { mail, rcpt, data } => (mail, rcpt, data),
        };

        if let Some(stop) = refusal(&mail, &rcpt, data.as_ref()) {
            let then = match data.as_ref().and_then(|data| data.code) {
                // The server waits for a body although the letter must not leave: only hanging up is safe.
                Some(354) => Then::Reconnect,
                _ if stop.hangs_up() => Then::Reconnect,
                _ => self.reset().await,
            };
            return Attempt::Ended(Sent {
                about: stop.about,
                ..Sent::all(stop.outcome, then)
            });
        }

        let (outcome, then) = self.body(message).await;
        let recipients = addresses(&message.envelope, &rcpt, &outcome);
        Attempt::Ended(Sent {
            outcome,
            recipients,
            then,
            about: About::Letter,
        })
    }

    fn fit(&self, message: Message) -> (Message, Vec<Address>) {
        if self.offers.smtputf8 {
            return (message, Vec::new());
        }
        message.without_smtputf8()
    }

    async fn close(mut self) {
        let farewell = self.say(dialogue::QUIT);
        // A server that does not answer QUIT keeps nobody waiting.
        let _ = tokio::time::timeout(Duration::from_secs(2), farewell).await;
    }
}

/// A letter's opening that was not taken.
struct Stop {
    about: About,
    outcome: Outcome,
}

impl Stop {
    /// 421 (RFC 5321 §3.8): the server closes the connection.
    fn hangs_up(&self) -> bool {
        self.outcome.reply.code == Some(421)
    }
}

/// The first thing in the replies that stops the letter.
fn refusal(mail: &Reply, rcpt: &[Reply], data: Option<&Reply>) -> Option<Stop> {
    let stop = |about, outcome| Some(Stop { about, outcome });
    let nothing = || Outcome::new(Status::Deferred, Reply::none(Reason::NotAsked, ""));
    if mail.code != Some(250) {
        return stop(About::Sender, negative(mail));
    }
    match rcpt.first() {
        Some(to) if is_taken(to) => {}
        Some(to) => return stop(About::Address, negative_rcpt(to)),
        None => return stop(About::Address, nothing()),
    }
    match data {
        Some(data) if data.code == Some(354) => None,
        Some(data) => stop(About::Letter, negative(data)),
        None => stop(About::Letter, nothing()),
    }
}

/// RFC 5321 §4.2.1: 250, and 251 or 252 for an address that the server forwards or cannot check.
fn is_taken(reply: &Reply) -> bool {
    matches!(reply.code, Some(250..=252))
}

/// A no for good (5xx) is one to this letter, unless it says that the account has sent enough for now.
fn negative(reply: &Reply) -> Outcome {
    match reply.code {
        Some(500..=599) if Limit::in_reply(reply).is_none() => Outcome::new(Status::Refused, reply.clone()),
        _ => Outcome::new(Status::Deferred, reply.clone()),
    }
}

/// RFC 5321 §4.5.3.1.10: 552 to RCPT is an old spelling of 452, too many recipients.
fn negative_rcpt(reply: &Reply) -> Outcome {
    match reply.code {
        Some(552) => Outcome::new(Status::Deferred, reply.clone()),
        _ => negative(reply),
    }
}

/// The outcome of every address: the letter's, save for copies that were refused or deferred.
fn addresses(envelope: &Envelope, rcpt: &[Reply], outcome: &Outcome) -> Vec<AddressOutcome> {
    if rcpt.iter().all(is_taken) {
        return Vec::new();
    }
    envelope
        .recipients()
        .zip(rcpt)
        .map(|(address, reply)| {
            let outcome = if is_taken(reply) {
                outcome.clone()
            } else {
                negative_rcpt(reply)
            };
            AddressOutcome {
                address: address.to_string(),
                outcome,
            }
        })
        .collect()
}
