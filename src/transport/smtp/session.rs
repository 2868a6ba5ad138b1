//! One connection, one letter after the other: every reply checked, every failure with its phase.

use std::time::Duration;

use super::FINAL_DOT_TIMEOUT;
use super::dialogue::{self, Offers, Opening};
use super::stream::{Stream, StreamError};
use crate::campaign::Address;
use crate::letter::Envelope;
use crate::transport::limits::Limit;
use crate::transport::{About, Attempt, Outcome, Reply, Sent, Session, Then};

/// What is said of a server that answers what it was not asked.
const OUT_OF_STEP: &str = "the server spoke, or hung up, without being asked anything";

/// An SMTP connection that is ready for letters.
pub struct SmtpSession {
    stream: Stream,
    offers: Offers,
    timeout: Duration,
}

impl SmtpSession {
    pub(super) const fn new(stream: Stream, offers: Offers, timeout: Duration) -> Self {
        Self {
            stream,
            offers,
            timeout,
        }
    }

    /// Why this server cannot take this letter at all.
    fn unfit(&self, envelope: &Envelope, bytes: &[u8]) -> Option<String> {
        if envelope.needs_smtputf8() && !self.offers.smtputf8 {
            return Some(
                "the server does not take addresses with letters like these before the @ (it lacks SMTPUTF8)"
                    .to_owned(),
            );
        }
        let size = self.offers.size?;
        (bytes.len() as u64 > size)
            .then(|| format!("the letter has {} bytes, the server takes {size} at most", bytes.len()))
    }

    async fn say(&mut self, command: &str) -> Result<Reply, StreamError> {
        self.stream.say(command, self.timeout).await
    }

    /// Ends a transaction that goes no further, so that the connection can take the next letter.
    async fn reset(&mut self) -> Then {
        match self.say(dialogue::RSET).await {
            Ok(reply) if reply.code == Some(250) => Then::Reuse,
            _ => Then::Reconnect,
        }
    }

    /// MAIL, RCPT and DATA, in as few writes as the server allows.
    async fn open(&mut self, envelope: &Envelope, bytes: &[u8]) -> Opened {
        let opening = Opening::new(envelope, bytes, &self.offers);
        // DATA joins the group only when there is but one recipient: were the To refused and a copy taken, the server
        // would wait for a letter that must not be sent.
        let group = if self.offers.pipelining && opening.rcpt.len() == 1 {
            Group::All
        } else if self.offers.pipelining {
            Group::Recipients
        } else {
            Group::None
        };
        let first = match group {
            Group::All => format!("{}{}{}", opening.mail, opening.rcpt.concat(), dialogue::DATA),
            Group::Recipients => format!("{}{}", opening.mail, opening.rcpt.concat()),
            Group::None => opening.mail.clone(),
        };
        let mail = match self.say(&first).await {
            Ok(reply) => reply,
            Err(error @ (StreamError::Lost(_) | StreamError::Timeout(_))) => {
                return Opened::Unstarted(error.reply());
            }
            Err(error) => return Opened::lost(&error),
        };
        let mut rcpt = Vec::with_capacity(opening.rcpt.len());
        if mail.code == Some(250) || group != Group::None {
            for command in &opening.rcpt {
                let reply = match group {
                    Group::None => self.say(command).await,
                    _ => self.stream.reply(self.timeout).await,
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
            Group::All => self.stream.reply(self.timeout).await,
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

    async fn body(&mut self, bytes: &[u8]) -> (Outcome, Then) {
        if self.stream.spoke_unasked().await {
            // A reply too many: the next one read would be taken for the answer to this letter. Without its final dot
            // nothing of it counts.
            let reply = Reply::none(OUT_OF_STEP);
            return (Outcome::Deferred(reply), Then::Reconnect);
        }
        let stuffed = dialogue::stuffed(bytes);
        if let Err(error) = self.stream.write(&stuffed, self.timeout).await {
            let reply = error.error.reply();
            let outcome = if error.may_have_left {
                Outcome::InDoubt(reply)
            } else {
                Outcome::Deferred(reply)
            };
            return (outcome, Then::Reconnect);
        }
        let wait = FINAL_DOT_TIMEOUT.max(self.timeout);
        match self.stream.reply(wait).await {
            Ok(reply) => match reply.code {
                Some(200..=299) => (Outcome::Accepted(reply), Then::Reuse),
                Some(421) => (Outcome::Deferred(reply), Then::Reconnect),
                Some(400..=599) => (negative(&reply), Then::Reuse),
                _ => (Outcome::InDoubt(reply), Then::Reconnect),
            },
            Err(error) => {
                let text = format!("the letter was handed over, then {error}");
                (Outcome::InDoubt(Reply::none(text)), Then::Reconnect)
            }
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
    fn lost(error: &StreamError) -> Self {
        Self::Lost(error.reply())
    }
}

impl Session for SmtpSession {
    async fn send(&mut self, envelope: &Envelope, bytes: &[u8]) -> Attempt {
        if let Some(reason) = self.unfit(envelope, bytes) {
            let outcome = Outcome::Refused(Reply::none(reason));
            return Attempt::Ended(Sent::all(outcome, Then::Reuse));
        }
        if self.stream.spoke_unasked().await {
            return Attempt::Unstarted(Reply::none(OUT_OF_STEP));
        }
        let (mail, rcpt, data) = match self.open(envelope, bytes).await {
            Opened::Unstarted(reply) => return Attempt::Unstarted(reply),
            Opened::Lost(reply) => {
                let outcome = Outcome::Deferred(reply);
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

        let (outcome, then) = self.body(bytes).await;
        let recipients = addresses(envelope, &rcpt, &outcome);
        Attempt::Ended(Sent {
            outcome,
            recipients,
            then,
            about: About::Letter,
        })
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
        self.outcome.reply().code == Some(421)
    }
}

/// The first thing in the replies that stops the letter.
fn refusal(mail: &Reply, rcpt: &[Reply], data: Option<&Reply>) -> Option<Stop> {
    let stop = |about, outcome| Some(Stop { about, outcome });
    let nothing = || Outcome::Deferred(Reply::none("no reply"));
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
        Some(500..=599) if Limit::in_reply(reply).is_none() => Outcome::Refused(reply.clone()),
        _ => Outcome::Deferred(reply.clone()),
    }
}

/// RFC 5321 §4.5.3.1.10: 552 to RCPT is an old spelling of 452, too many recipients.
fn negative_rcpt(reply: &Reply) -> Outcome {
    match reply.code {
        Some(552) => Outcome::Deferred(reply.clone()),
        _ => negative(reply),
    }
}

/// The outcome of every address: the letter's, save for copies that were refused or put off.
fn addresses(envelope: &Envelope, rcpt: &[Reply], outcome: &Outcome) -> Vec<(Address, Outcome)> {
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
            (address.clone(), outcome)
        })
        .collect()
}
