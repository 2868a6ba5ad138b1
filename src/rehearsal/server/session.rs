//! The server's side of one SMTP dialogue (RFC 5321), from octets to replies, without a socket.
//!
//! Requests are parsed by `smtp_proto`, but one complete line at a time: its `RequestReceiver`
//! parses ahead in the whole buffer, and some malformed requests (`MAIL FROM` without a path) make
//! it swallow the line that follows.

use std::borrow::Cow;
use std::slice::Iter;
use std::sync::Arc;
use std::{mem, str};

use smtp_proto::request::receiver::{DataReceiver, DummyDataReceiver};
use smtp_proto::{
    AUTH_LOGIN, AUTH_PLAIN, Error, MAIL_BODY_7BIT, MAIL_BODY_8BITMIME, MAIL_SMTPUTF8, MailFrom, RcptTo, Request,
};

use super::auth::{Exchange, Step};
use super::reply::Reply::{self, Mistake, Rehearsed, Say};
use super::reply::{EHLO_REPLY, NEEDS_SMTPUTF8, NOT_A_RECIPIENT, NOT_A_SENDER, NOT_OFFERED, TOO_LARGE};
use super::{Arrived, Desk};

/// Octets of a message at most, announced as SIZE (RFC 1870 §3).
pub(super) const MAX_MESSAGE: usize = 52_428_800;

/// Octets of a line at most, CRLF included: what RFC 4954 §4 asks for, and more than any other
/// command needs.
pub(super) const MAX_LINE: usize = 12_288;

/// Recipients of a letter at most: the smallest number that RFC 5321 §4.5.3.1.8 lets a server have.
pub(super) const MAX_RECIPIENTS: usize = 100;

/// Mistakes of a connection that end it. Only what no sound client says counts; letters and
/// addresses that are refused do not.
pub(super) const MAX_MISTAKES: u8 = 10;

/// `smtp_proto` knows many parameters. A client may use only those offered to it (RFC 5321
/// §4.1.1.11).
const OFFERED_FLAGS: u64 = MAIL_BODY_7BIT | MAIL_BODY_8BITMIME | MAIL_SMTPUTF8;

/// Whether a connection goes on after the replies are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    Continue,
    Close,
}

/// What the next octets of the client are.
enum Phase {
    Commands,
    Authentication(Exchange),
    Message {
        receiver: DataReceiver,
        letter: Arrived,
    },
    /// The rest of a message over the limit, which is read and dropped.
    Oversized(DummyDataReceiver),
    Closed,
}

/// A letter between `MAIL` and `DATA` (RFC 5321 §3.3).
struct Transaction {
    letter: Arrived,
    /// The client announced internationalised addresses (RFC 6531 §3.4).
    utf8: bool,
}

/// One connection's state. Octets may come in any pieces.
pub(super) struct Session {
    desk: Arc<Desk>,
    phase: Phase,
    /// The beginning of a line whose end has not come yet; never more than one octet over
    /// [`MAX_LINE`].
    partial: Vec<u8>,
    greeted: bool,
    authenticated: bool,
    transaction: Option<Transaction>,
    mistakes: u8,
}

impl Session {
    pub(super) fn new(desk: Arc<Desk>) -> Self {
        Self {
            desk,
            phase: Phase::Commands,
            partial: Vec::new(),
            greeted: false,
            authenticated: false,
            transaction: None,
            mistakes: 0,
        }
    }

    /// Takes what has been read and appends the replies it calls for, in order (RFC 2920 §3.2).
    /// After [`Flow::Close`] anything more is ignored.
    pub(super) fn receive(&mut self, input: &[u8], replies: &mut Vec<u8>) -> Flow {
        let mut rest = input.iter();
        while !rest.as_slice().is_empty() {
            let reply = match &mut self.phase {
                Phase::Commands | Phase::Authentication(_) => self.take_line(&mut rest),
                Phase::Message { receiver, letter } => {
                    if receiver.ingest(&mut rest, &mut letter.bytes) {
                        let letter = mem::take(letter);
                        Some(self.finish(letter))
                    } else {
                        // One more than the limit, because the receiver keeps a CR that may belong
                        // to the final dot.
                        if letter.bytes.len() > MAX_MESSAGE + 1 {
                            self.phase = Phase::Oversized(DummyDataReceiver::new_data(receiver));
                        }
                        None
                    }
                }
                Phase::Oversized(receiver) => {
                    let ended = receiver.ingest(&mut rest);
                    ended.then(|| {
                        self.phase = Phase::Commands;
                        TOO_LARGE
                    })
                }
                Phase::Closed => return Flow::Close,
            };
            if let Some(reply) = reply {
                self.say(&reply, replies);
            }
        }
        if matches!(self.phase, Phase::Closed) {
            Flow::Close
        } else {
            Flow::Continue
        }
    }

    fn say(&mut self, reply: &Reply, replies: &mut Vec<u8>) {
        reply.write(replies);
        if matches!(reply, Mistake(_)) {
            self.mistakes += 1;
            // RFC 5321 §7.8 lets a server give up on a client that makes no sense.
            if self.mistakes >= MAX_MISTAKES {
                Say("421 4.7.0 too many mistakes").write(replies);
                self.phase = Phase::Closed;
            }
        }
    }

    fn take_line(&mut self, rest: &mut Iter<'_, u8>) -> Option<Reply> {
        let input = rest.as_slice();
        let end = input.iter().position(|&octet| octet == b'\n');
        let (piece, tail) = input.split_at(end.map_or(input.len(), |end| end + 1));
        *rest = tail.iter();
        if end.is_some() && self.partial.is_empty() {
            return Some(self.answer_line(piece));
        }
        let room = (MAX_LINE + 1).saturating_sub(self.partial.len());
        self.partial.extend(piece.iter().take(room));
        end?;
        let line = mem::take(&mut self.partial);
        Some(self.answer_line(&line))
    }

    /// Answers one line, CRLF included.
    fn answer_line(&mut self, line: &[u8]) -> Reply {
        if line.len() > MAX_LINE {
            // RFC 5321 §4.5.3.1.10.
            return Mistake("500 5.5.2 line too long");
        }
        // Only CRLF ends a line (RFC 5321 §2.3.8); whoever takes a bare LF for an end can be made
        // to see other lines.
        let text = match line.strip_suffix(b"\r\n") {
            Some(text) if !text.iter().any(|octet| matches!(octet, b'\r' | 0)) => text,
            _ => return Mistake("500 5.5.2 a line ends in CRLF and holds no bare CR or NUL"),
        };
        if let Phase::Authentication(exchange) = self.phase {
            return self.authenticate(exchange, text);
        }
        match Request::parse(&mut line.iter()) {
            Ok(request) => self.answer(request, text),
            // An address is no mistake of the client: it may come from a long list.
            Err(Error::InvalidSenderAddress) => NOT_A_SENDER,
            Err(Error::InvalidRecipientAddress) => NOT_A_RECIPIENT,
            Err(Error::UnsupportedParameter { .. }) => NOT_OFFERED,
            Err(Error::UnknownCommand) => Mistake("500 5.5.1 unknown command"),
            // "Needs more data" is here too: the line is complete, so nothing more will come.
            Err(_) => Mistake("501 5.5.4 cannot read the arguments"),
        }
    }

    fn answer(&mut self, request: Request<Cow<'_, str>>, text: &[u8]) -> Reply {
        match request {
            Request::Mail { from } => self.mail(&from, text),
            Request::Rcpt { to } => self.rcpt(&to, text),
            Request::Data => self.data(),
            Request::Ehlo { .. } | Request::Helo { .. } => {
                // RFC 5321 §4.1.4: a new EHLO ends the transaction. It does not undo AUTH.
                self.transaction = None;
                self.greeted = true;
                Say(if matches!(request, Request::Ehlo { .. }) {
                    EHLO_REPLY
                } else {
                    "250 [127.0.0.1]"
                })
            }
            Request::Auth {
                mechanism,
                initial_response,
            } => self.begin_authentication(mechanism, initial_response.as_bytes()),
            Request::Rset => {
                self.transaction = None;
                Say("250 2.0.0 nothing is begun")
            }
            Request::Noop { .. } => Say("250 2.0.0 still here"),
            // RFC 5321 §3.5.3: neither confirmed nor denied.
            Request::Vrfy { .. } => Say("252 2.0.0 any address will do here"),
            Request::Quit => {
                self.phase = Phase::Closed;
                Say("221 2.0.0 goodbye")
            }
            _ => Mistake("502 5.5.1 not offered here"),
        }
    }

    /// `AUTH` (RFC 4954 §4).
    fn begin_authentication(&mut self, mechanism: u64, initial: &[u8]) -> Reply {
        if !self.greeted || self.authenticated || self.transaction.is_some() {
            return Mistake("503 5.5.1 AUTH comes once, after EHLO and before MAIL");
        }
        let exchange = match mechanism {
            AUTH_PLAIN => Exchange::Plain,
            AUTH_LOGIN => Exchange::LoginUsername,
            _ => return Mistake("504 5.5.4 PLAIN or LOGIN"),
        };
        match initial {
            b"" => self.challenge(exchange),
            // RFC 4954 §4: how an empty initial response is written.
            b"=" => self.authenticate(exchange, b""),
            initial => self.authenticate(exchange, initial),
        }
    }

    fn challenge(&mut self, exchange: Exchange) -> Reply {
        self.phase = Phase::Authentication(exchange);
        Say(exchange.challenge())
    }

    fn authenticate(&mut self, exchange: Exchange, answer: &[u8]) -> Reply {
        self.phase = Phase::Commands;
        match exchange.answer(answer, &self.desk.credentials) {
            Step::Next(exchange) => self.challenge(exchange),
            Step::Proved => {
                self.authenticated = true;
                Say("235 2.7.0 welcome")
            }
            Step::Refused => Mistake("535 5.7.8 wrong user name or password"),
            Step::Malformed => Mistake("501 5.5.2 no credentials in that"),
        }
    }

    /// `MAIL FROM` (RFC 5321 §4.1.1.2, RFC 1870 §6, RFC 6531 §3.4).
    fn mail(&mut self, from: &MailFrom<Cow<'_, str>>, text: &[u8]) -> Reply {
        let offered = MailFrom {
            address: from.address.clone(),
            flags: from.flags & OFFERED_FLAGS,
            size: from.size,
            auth: from.auth.clone(),
            ..MailFrom::default()
        };
        let utf8 = from.flags & MAIL_SMTPUTF8 != 0;
        if !self.authenticated {
            return Say("530 5.7.0 AUTH comes first");
        }
        if self.transaction.is_some() {
            return Say("503 5.5.1 a letter is already begun");
        }
        if *from != offered {
            return NOT_OFFERED;
        }
        if from.size > MAX_MESSAGE {
            return TOO_LARGE;
        }
        match path(text) {
            None => NOT_A_SENDER,
            Some(path) if !utf8 && !path.is_ascii() => NEEDS_SMTPUTF8,
            Some(path) => {
                let letter = Arrived {
                    from: path.to_owned(),
                    ..Arrived::default()
                };
                self.transaction = Some(Transaction { letter, utf8 });
                Say("250 2.1.0 sender taken")
            }
        }
    }

    /// `RCPT TO` (RFC 5321 §4.1.1.3).
    fn rcpt(&mut self, to: &RcptTo<Cow<'_, str>>, text: &[u8]) -> Reply {
        let Some(Transaction { letter, utf8 }) = &mut self.transaction else {
            return Say("503 5.5.1 MAIL comes first");
        };
        let offered = RcptTo {
            address: to.address.clone(),
            ..RcptTo::default()
        };
        if *to != offered {
            return NOT_OFFERED;
        }
        match path(text) {
            None | Some("") => NOT_A_RECIPIENT,
            Some(path) if !*utf8 && !path.is_ascii() => NEEDS_SMTPUTF8,
            // RFC 5321 §4.5.3.1.10.
            Some(_) if letter.to.len() >= MAX_RECIPIENTS => Say("452 4.5.3 too many recipients"),
            Some(path) => {
                letter.to.push(path.to_owned());
                Say("250 2.1.5 recipient taken")
            }
        }
    }

    /// `DATA` (RFC 5321 §4.1.1.4).
    fn data(&mut self) -> Reply {
        let begun = self.transaction.take_if(|begun| !begun.letter.to.is_empty());
        let Some(Transaction { mut letter, .. }) = begun else {
            return Say("503 5.5.1 MAIL and RCPT come first");
        };
        let mut receiver = DataReceiver::new();
        // The CRLF of the DATA line counts as the end of a line: a dot may follow it at once
        // (RFC 5321 §4.1.1.4). The receiver starts without one, and would keep the stuffed dot of
        // a first line and miss the end of an empty message.
        receiver.ingest(&mut b"\r\n".iter(), &mut letter.bytes);
        letter.bytes.clear();
        self.phase = Phase::Message { receiver, letter };
        Say("354 end with a dot on a line of its own")
    }

    fn finish(&mut self, letter: Arrived) -> Reply {
        self.phase = Phase::Commands;
        if letter.bytes.len() > MAX_MESSAGE {
            return TOO_LARGE;
        }
        match self.desk.accept(letter) {
            Ok(number) => Rehearsed(number),
            Err(_) => Say("452 4.3.1 cannot keep this letter"),
        }
    }
}

/// The path between the angle brackets, exactly as written. `smtp_proto`'s own value has lost its
/// quotes and escapes, and replaced octets that are not UTF-8.
fn path(text: &[u8]) -> Option<&str> {
    let start = text.iter().position(|&octet| octet == b'<')? + 1;
    let inside = text.get(start..)?;
    let (mut quoted, mut escaped) = (false, false);
    let end = inside.iter().position(|&octet| {
        let closes = octet == b'>' && !quoted;
        match octet {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ => {}
        }
        closes
    })?;
    str::from_utf8(inside.get(..end)?).ok()
}
