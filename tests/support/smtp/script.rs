//! The script: where, and on which occasion, the server does something other than the normal thing.

use std::time::Duration;

use tokio::time::sleep;

use super::{
    Builder,
    wire::{Over, Wire},
};

/// A point of the dialogue at which the script can step in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Step {
    /// The greeting; with implicit TLS it comes after the handshake.
    #[default]
    Connect,
    Ehlo,
    Helo,
    /// The reply to STARTTLS, still in plain text.
    Starttls,
    /// In place of the server's half of the handshake, be it implicit or after STARTTLS.
    TlsHandshake,
    /// The reply to the whole exchange, once the credentials are in.
    Auth,
    Mail,
    Rcpt,
    /// The reply to DATA: a 354, normally.
    Data,
    /// While the message is read, once [`On::after_bytes`] of it are in.
    Body,
    /// The reply to the final dot. Anything but a 2xx leaves the letter untaken: [`On::accepting`].
    FinalDot,
    Rset,
    Noop,
    Quit,
    /// After the reply to the final dot; a reply here is one that nobody asked for.
    BetweenLetters,
    /// Whichever comes: `on(Step::Any).nth(n)` for n = 1, 2, 3 … until the rule stays unfired
    /// makes the fault happen everywhere once.
    Any,
}

pub const STEPS: usize = Step::Any as usize + 1;

/// What a server that knows only TLS 1.0 or 1.1 answers; to be garbled at [`Step::TlsHandshake`].
pub const TLS_VERSION_ALERT: &[u8] = &[0x15, 3, 1, 0, 2, 2, 70];

/// What a server answers that has no cipher in common with the client: one that knows RSA key exchange only, say.
pub const TLS_CIPHER_ALERT: &[u8] = &[0x15, 3, 3, 0, 2, 2, 40];

/// A ServerHello that says TLS 1.1, from a server that does not care what it was offered; likewise.
pub const TLS_1_1_HELLO: &[u8] = &[
    0x16, 3, 2, 0, 42, // a handshake record of 42 octets
    2, 0, 0, 38, 3, 2, // ServerHello, of 38 octets, TLS 1.1
    7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, // random
    0, 0, 0x2f, 0, // no session, TLS_RSA_WITH_AES_128_CBC_SHA, no compression
];

#[derive(Clone, Debug, Default)]
enum Action {
    #[default]
    Close,
    Reset,
    Stall,
    EndlessReply,
    Reply(String),
    ReplyThenClose(String),
    Garble(Vec<u8>),
    Inject(Vec<u8>),
    InjectApart(Vec<u8>),
    Trickle(String, Duration),
    Delay(Duration),
    Hold,
}

/// The circumstances in which a step is reached.
pub struct Occasion<'a> {
    pub connection: usize,
    pub letter: usize,
    pub rcpt: usize,
    pub to: &'a [String],
    /// Letters taken on this connection so far.
    pub letters: usize,
    /// What the client called itself last.
    pub name: &'a str,
    /// And on the whole server.
    pub taken: usize,
}

/// What is about to be said at a step.
pub struct Reply {
    /// 0 for what is no reply.
    pub code: u16,
    /// All of it, for the transcript and for what it promises.
    pub whole: Vec<u8>,
    /// The part that is not sent yet.
    pub rest: Vec<u8>,
    pub then_close: bool,
}

impl Reply {
    /// A reply of one line, or, at a step that normally says nothing, an empty one.
    pub fn normal(line: &str) -> Self {
        Self::new(lines(line))
    }

    fn new(text: impl Into<Vec<u8>>) -> Self {
        let whole = text.into();
        let last = whole.trim_ascii_end().rsplit(|&byte| byte == b'\n').next();
        let code = last.and_then(|line| str::from_utf8(line.get(..3)?).ok()?.parse().ok());
        Self {
            code: code.unwrap_or(0),
            rest: whole.clone(),
            whole,
            then_close: false,
        }
    }
}

#[derive(Clone, Debug, Default)]
pub struct Rule {
    step: Step,
    connection: Option<usize>,
    letter: Option<usize>,
    rcpt: Option<usize>,
    to: Option<String>,
    letters: Option<usize>,
    name: Option<String>,
    taken: usize,
    nth: Option<usize>,
    times: Option<usize>,
    fitted: usize,
    fired: usize,
    after_bytes: usize,
    pub accepting: bool,
    action: Action,
}

impl Rule {
    /// Whether the reply at the final dot will make the letter the server's.
    pub fn takes(&self, normal: &Reply) -> bool {
        let code = match &self.action {
            Action::Reply(text) | Action::ReplyThenClose(text) | Action::Trickle(text, _) => {
                Reply::new(text.as_str()).code
            }
            Action::Delay(_) | Action::Hold | Action::Inject(_) | Action::InjectApart(_) => normal.code,
            _ => 0,
        };
        self.accepting || code / 100 == 2
    }

    /// Whether the session is to wait for [`super::Server::release`] first.
    pub fn is_hold(&self) -> bool {
        matches!(self.action, Action::Hold)
    }

    /// What is to be said in plain text in the midst of the handshake.
    pub fn injects(&self) -> Option<&[u8]> {
        match &self.action {
            Action::Inject(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// Does all of the rule but the end of its reply, or says how the connection ends.
    pub async fn act(self, wire: &mut Wire, normal: Reply) -> Result<Reply, Over> {
        if !matches!(self.action, Action::Reply(_) | Action::Inject(_)) {
            // Replies to earlier commands of a group are not part of what goes wrong.
            wire.flush().await?;
        }
        Ok(match self.action {
            // A server that dies in the middle of a message does not stay to read the rest.
            Action::Close => {
                return Err(Over::Closed {
                    linger: self.step != Step::Body,
                });
            }
            Action::Reset => return Err(Over::Reset),
            Action::Stall => return Err(Over::Stalled),
            Action::EndlessReply => return Err(Over::Endless),
            Action::Reply(text) => Reply::new(text),
            Action::ReplyThenClose(text) => Reply {
                then_close: true,
                ..Reply::new(text)
            },
            Action::Garble(bytes) => Reply {
                code: 0,
                ..Reply::new(bytes)
            },
            Action::Inject(bytes) => Reply {
                code: normal.code,
                ..Reply::new([normal.whole, bytes].concat())
            },
            Action::InjectApart(bytes) => {
                wire.queue(&normal.whole);
                wire.flush().await?;
                Reply {
                    code: normal.code,
                    whole: [normal.whole, bytes.clone()].concat(),
                    rest: bytes,
                    then_close: false,
                }
            }
            Action::Delay(pause) => {
                wait(pause, wire).await;
                normal
            }
            // The session has waited: see `Rule::is_hold`.
            Action::Hold => normal,
            Action::Trickle(text, pause) => {
                let reply = Reply::new(text);
                let (last, first) = reply.whole.split_last().ok_or(Over::Gone)?;
                for &byte in first {
                    wait(pause, wire).await;
                    wire.queue(&[byte]);
                    wire.flush().await?;
                }
                wait(pause, wire).await;
                Reply {
                    rest: vec![*last],
                    ..reply
                }
            }
        })
    }

    fn fits(&mut self, step: Step, occasion: &Occasion) -> bool {
        let agrees = |wanted: Option<usize>, found| wanted.is_none_or(|wanted| wanted == found);
        let fits = [step, Step::Any].contains(&self.step)
            && agrees(self.connection, occasion.connection)
            && agrees(self.letter, occasion.letter)
            && agrees(self.rcpt, occasion.rcpt)
            && agrees(self.letters, occasion.letters)
            && self.name.as_ref().is_none_or(|name| name == occasion.name)
            && self.taken <= occasion.taken
            && self
                .to
                .as_ref()
                .is_none_or(|to| occasion.to.iter().any(|one| one.eq_ignore_ascii_case(to)));
        self.fitted += usize::from(fits);
        fits && agrees(self.nth, self.fitted) && !self.spent()
    }

    fn spent(&self) -> bool {
        self.times.is_some_and(|times| self.fired >= times)
    }
}

/// The rules in the order they were written; the first that fits and is not spent decides.
#[derive(Debug, Default)]
pub struct Script(pub Vec<Rule>);

impl Script {
    /// Finds the rule for a step. It is yet to [`Script::fire`]: a body may end before it is due.
    pub fn find(&mut self, step: Step, occasion: &Occasion) -> Option<usize> {
        let mut found = None;
        for (index, rule) in self.0.iter_mut().enumerate() {
            // Every rule is asked: `nth` counts what fits, not what earlier rules have left over.
            if rule.fits(step, occasion) {
                found = found.or(Some(index));
            }
        }
        found
    }

    /// `None` when another connection has used the rule up since it was found.
    pub fn fire(&mut self, index: usize) -> Option<Rule> {
        let rule = self.0.get_mut(index).filter(|rule| !rule.spent())?;
        rule.fired += 1;
        Some(rule.clone())
    }

    /// The rule again, and after how many octets of the message it is due.
    pub fn due(&mut self, index: usize) -> Option<(usize, usize)> {
        self.0.get(index).map(|rule| (index, rule.after_bytes))
    }

    pub fn unfired(&self) -> Vec<String> {
        let unfired = self.0.iter().filter(|rule| rule.fired == 0);
        unfired
            .map(|rule| format!("{:?}: {:?}", rule.step, rule.action))
            .collect()
    }
}

/// A rule being written: selectors, all of which must fit, then the one action, which ends it.
#[must_use = "a rule takes effect with its action"]
pub struct On {
    builder: Builder,
    rule: Rule,
}

impl On {
    pub(super) fn new(builder: Builder, step: Step) -> Self {
        Self {
            builder,
            rule: Rule {
                step,
                ..Rule::default()
            },
        }
    }

    /// Only on the nth connection, from 1.
    pub fn connection(mut self, n: usize) -> Self {
        self.rule.connection = Some(n);
        self
    }

    /// Only from the nth MAIL on the whole server to the next: a second try is a new letter.
    pub fn letter(mut self, n: usize) -> Self {
        self.rule.letter = Some(n);
        self
    }

    /// Only for the nth RCPT of its letter, from 1.
    pub fn rcpt(mut self, n: usize) -> Self {
        self.rule.rcpt = Some(n);
        self
    }

    /// At RCPT: only for this address. From DATA to the final dot: only if it was accepted there.
    pub fn to(mut self, address: &str) -> Self {
        self.rule.to = Some(address.to_owned());
        self
    }

    /// Only for a client that called itself this in EHLO or HELO.
    pub fn greeted_as(mut self, name: &str) -> Self {
        self.rule.name = Some(name.to_owned());
        self
    }

    /// Only while exactly n letters have been taken on the connection.
    pub fn after_letters(mut self, n: usize) -> Self {
        self.rule.letters = Some(n);
        self
    }

    /// Only once n letters or more have been taken on the whole server.
    pub fn once_taken(mut self, n: usize) -> Self {
        self.rule.taken = n;
        self
    }

    /// At [`Step::Body`]: once n octets are in. A shorter message escapes; see `Server::unfired`.
    pub fn after_bytes(mut self, n: usize) -> Self {
        self.rule.after_bytes = n;
        self
    }

    /// Only the nth time, from 1, that everything else fits.
    pub fn nth(mut self, n: usize) -> Self {
        self.rule.nth = Some(n);
        self
    }

    /// The first n times only.
    pub fn times(mut self, n: usize) -> Self {
        self.rule.times = Some(n);
        self
    }

    /// At [`Step::FinalDot`]: the letter is taken all the same, whatever becomes of the reply.
    pub fn accepting(mut self) -> Self {
        self.rule.accepting = true;
        self
    }

    fn then(mut self, action: Action) -> Builder {
        self.rule.action = action;
        self.builder.script.0.push(self.rule);
        self.builder
    }

    /// Sends this reply and carries on as its code implies. `\n` parts the lines of a longer one.
    pub fn reply(self, reply: &str) -> Builder {
        self.then(Action::Reply(lines(reply)))
    }

    pub fn reply_then_close(self, reply: &str) -> Builder {
        self.then(Action::ReplyThenClose(lines(reply)))
    }

    /// Sends these bytes and nothing more, then carries on as if the command had been refused.
    pub fn garble(self, bytes: impl Into<Vec<u8>>) -> Builder {
        self.then(Action::Garble(bytes.into()))
    }

    /// Sends the normal reply and, in the same segment, these bytes; meant for [`Step::Starttls`]. At
    /// [`Step::TlsHandshake`]: sends these bytes in plain text once the client has begun its half, then goes on with the
    /// handshake.
    pub fn inject(self, bytes: impl Into<Vec<u8>>) -> Builder {
        self.then(Action::Inject(bytes.into()))
    }

    /// Sends the normal reply and, in a segment of its own, these bytes, without waiting for the client.
    pub fn inject_apart(self, bytes: impl Into<Vec<u8>>) -> Builder {
        self.then(Action::InjectApart(bytes.into()))
    }

    /// Sends this reply one byte at a time, with a pause before each.
    pub fn trickle(self, reply: &str, pause: Duration) -> Builder {
        self.then(Action::Trickle(lines(reply), pause))
    }

    /// Waits, then does the normal thing. At the final dot the letter is taken before the wait.
    pub fn delay(self, pause: Duration) -> Builder {
        self.then(Action::Delay(pause))
    }

    /// Waits for [`super::Server::release`], then does the normal thing. At the final dot the letter is
    /// taken before the wait.
    pub fn hold(self) -> Builder {
        self.then(Action::Hold)
    }

    /// Closes (FIN). In the body, what is left unread makes the kernel send a reset as well.
    pub fn close(self) -> Builder {
        self.then(Action::Close)
    }

    /// Cuts the connection (RST).
    pub fn reset(self) -> Builder {
        self.then(Action::Reset)
    }

    /// Neither reads nor answers any more, and holds the socket open until the server is dropped.
    pub fn stall(self) -> Builder {
        self.then(Action::Stall)
    }

    /// Sends `250-` lines until the client goes.
    pub fn endless_reply(self) -> Builder {
        self.then(Action::EndlessReply)
    }

    /// At [`Step::FinalDot`]: takes the letter and closes without a reply.
    pub fn accept_then_close(self) -> Builder {
        self.accepting().close()
    }

    /// At [`Step::FinalDot`]: takes the letter and resets without a reply.
    pub fn accept_then_reset(self) -> Builder {
        self.accepting().reset()
    }

    /// At [`Step::FinalDot`]: takes the letter and never answers.
    pub fn accept_then_stall(self) -> Builder {
        self.accepting().stall()
    }
}

/// Waits, but no longer than there is a client to keep waiting.
async fn wait(pause: Duration, wire: &Wire) {
    tokio::select! {
        () = sleep(pause) => (),
        () = wire.hangup() => (),
    }
}

fn lines(reply: &str) -> String {
    reply.lines().flat_map(|line| [line, "\r\n"]).collect()
}
