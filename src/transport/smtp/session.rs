//! One connection, one letter after the other: every reply checked, every failure with its phase.

use std::time::Duration;

use appel_core::address::Address;
use appel_core::letter::{Envelope, LetterId, Message};
use appel_core::outcome::{AddressOutcome, Outcome, Reason, Reply, Status};

use appel_messages::msg;

use super::dialogue::{self, Offers};
use super::said::{minds_groups, minds_parameters, minds_the_name};
use super::stream::{Stream, StreamError};
use super::{FINAL_DOT_TIMEOUT, Settings};
use crate::transport::limits::{Limit, enhanced, is_too_many_recipients};
use crate::transport::{Attempt, ConnectError, Sent, Session, Step, Then};

/// How long the replies to a group may fail to come behind the first of them, until it is known that the server answers
/// groups at all. Whoever is only slow is asked again, one command at a time, and may take as long as any.
const PATIENCE: Duration = Duration::from_secs(10);
/// So many letters running for which the server minds a name that cannot be changed, and it is not the letters.
const NAME_REFUSALS: u32 = 2;

/// An SMTP connection that is ready for letters.
pub struct SmtpSession {
    stream: Stream,
    offers: Offers,
    /// What EHLO said.
    name: String,
    settings: Settings,
    timeout: Duration,
    /// Whether notifications of the letter at hand are asked for (RFC 3461).
    asked_dsn: bool,
    /// What is about to be written, here so that its room is kept.
    out: Vec<u8>,
}

impl SmtpSession {
    pub(super) fn new(stream: Stream, offers: Offers, name: String, settings: &Settings) -> Self {
        Self {
            stream,
            offers,
            name,
            timeout: settings.timeout,
            settings: settings.clone(),
            asked_dsn: false,
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
        if !self.offers.pipelining || !self.settings.manner.pipelines() {
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
        let notified_of = self.asked_dsn.then_some(message.id);
        let mail = dialogue::mail(&message.envelope, &message.bytes, &self.offers, notified_of);
        self.out.extend_from_slice(mail.as_bytes());
        if group != Group::None {
            for to in message.envelope.recipients() {
                self.out
                    .extend_from_slice(dialogue::rcpt(to, self.asked_dsn).as_bytes());
            }
        }
        if group == Group::All {
            self.out.extend_from_slice(dialogue::DATA.as_bytes());
        }
        let written = self.stream.write(&self.out, self.timeout).await;
        written.map_err(|error| error.error)
    }

    /// MAIL, RCPT and DATA, and the replies to them.
    async fn open(&mut self, message: &Message, group: Group) -> Opened {
        // Until a whole group was answered nobody knows that any will be.
        let doubted = group != Group::None && self.settings.manner.learned.found().pipelining != Some(true);
        let wait = if doubted {
            self.timeout.min(PATIENCE)
        } else {
            self.timeout
        };
        if let Err(error) = self.say_opening(message, group).await {
            return Opened::not_begun(&error);
        }
        let mail = match self.reply().await {
            Ok(reply) => reply,
            Err(error @ StreamError::Lost(_)) if doubted => return self.group_failed(error.reply()),
            Err(error) => return Opened::not_begun(&error),
        };
        let mut rcpt = Vec::with_capacity(1 + message.envelope.cc.len());
        if mail.code == Some(250) || group != Group::None {
            for to in message.envelope.recipients() {
                let reply = match group {
                    Group::None => self.say(&dialogue::rcpt(to, self.asked_dsn)).await,
                    _ => self.stream.reply(wait).await,
                };
                match reply {
                    Ok(reply) => rcpt.push(reply),
                    // Whoever closes after a 421 or 5xx has said why: those words are worth more than the silence.
                    Err(error) if mail.code != Some(250) || rcpt.first().is_some_and(|to| !is_taken(to)) => {
                        if doubted && matches!(error, StreamError::Timeout(_)) {
                            self.settings
                                .manner
                                .learned
                                .note(|found| found.pipelining = Some(false));
                        }
                        return Opened::replies(mail, rcpt, None).cut(group);
                    }
                    Err(error) => return self.lost(&error, doubted),
                }
                // RFC 5321 §3.8: nothing more will be answered.
                if hangs_up_at_copy(&rcpt).is_some() {
                    return Opened::replies(mail, rcpt, None).cut(group);
                }
                // The To comes first: without it the copies need not be asked.
                if group == Group::None && !is_taken(&rcpt[0]) {
                    break;
                }
            }
        }
        let go = mail.code == Some(250) && rcpt.first().is_some_and(is_taken);
        let data = match group {
            Group::All => self.stream.reply(wait).await,
            _ if go => self.say(dialogue::DATA).await,
            _ => {
                self.answered(group, &mail, &rcpt, None);
                return Opened::replies(mail, rcpt, None);
            }
        };
        match data {
            Ok(data) => {
                self.answered(group, &mail, &rcpt, Some(&data));
                Opened::replies(mail, rcpt, Some(data))
            }
            Err(_) if !go => Opened::replies(mail, rcpt, None).cut(group),
            Err(error) => self.lost(&error, doubted && group == Group::All),
        }
    }

    /// A line that is lost, or silence, behind the first reply; of a group that is doubted it is what became of the rest.
    fn lost(&self, error: &StreamError, doubted: bool) -> Opened {
        match error {
            StreamError::Lost(_) | StreamError::Timeout(_) if doubted => self.group_failed(error.reply()),
            _ => Opened::lost(error),
        }
    }

    /// No group is tried again. The text of this letter has not left, so it can go once more, command by command.
    fn group_failed(&self, reply: Reply) -> Opened {
        let manner = &self.settings.manner;
        let before = manner.learned.note(|found| {
            found.pipelining_is_a_guess = reply.reason == Some(Reason::ConnectionLost);
            found.pipelining.replace(false)
        });
        let learned = (before != Some(false)).then(|| msg!("learned-no-pipelining", host = &self.settings.host));
        Opened::Again { reply, learned }
    }

    /// Every command of a group has its reply: the server can be trusted with more of them, unless that reply says
    /// otherwise.
    fn answered(&self, group: Group, mail: &Reply, rcpt: &[Reply], data: Option<&Reply>) {
        if group != Group::None && !self.trips_over(mail, rcpt, data) {
            self.settings
                .manner
                .learned
                .note(|found| *found.pipelining.get_or_insert(true));
        }
    }

    /// Whether the replies to a group are those of a server that cannot follow one.
    fn trips_over(&self, mail: &Reply, rcpt: &[Reply], data: Option<&Reply>) -> bool {
        let replies = || [mail].into_iter().chain(rcpt).chain(data);
        if replies().any(minds_groups) {
            return true;
        }
        // A command that came in its turn is said not to have, or not to be one.
        let lost_turn = |reply: &Reply| matches!(reply.code, Some(500 | 502 | 503));
        // Another connection may have found out while this group was on its way.
        let doubted = self.settings.manner.learned.found().pipelining != Some(true);
        let to_is_taken = rcpt.first().is_some_and(is_taken);
        doubted && mail.code == Some(250) && (rcpt.iter().any(lost_turn) || to_is_taken && data.is_some_and(lost_turn))
    }

    /// What a no to a letter's opening tells of the server rather than of the letter.
    fn looked_into(&self, id: LetterId, group: Group, opened: Opened) -> Opened {
        let Opened::Replies { mail, rcpt, data, .. } = &opened else {
            return opened;
        };
        let manner = &self.settings.manner;
        let is_open = mail.code == Some(250) && rcpt.first().is_some_and(is_taken);
        if is_open && data.as_ref().is_some_and(|data| data.code == Some(354)) {
            if !manner.learned.found().name_is_fine {
                manner.learned.note(|found| found.name_is_fine = true);
            }
            if self.asked_dsn && !manner.learned.found().dsn_is_fine {
                manner.learned.note(|found| found.dsn_is_fine = true);
            }
            return opened;
        }
        if group != Group::None && self.trips_over(mail, rcpt, data.as_ref()) {
            let mut replies = [mail].into_iter().chain(rcpt).chain(data);
            let no = replies.find(|reply| matches!(reply.code, Some(400..=599)));
            return self.group_failed(no.unwrap_or(mail).clone());
        }
        // The first no; what comes behind it in a group follows from it.
        let no = [mail].into_iter().chain(rcpt.first()).chain(data);
        let no = no.into_iter().find(|reply| matches!(reply.code, Some(400..=599)));
        if let Some(reply) = no.filter(|no| minds_parameters(no)).cloned()
            && let Some(learned) = self.minded_dsn(id)
        {
            return Opened::Again { reply, learned };
        }
        let Some(no) = no.filter(|no| minds_the_name(no)) else {
            return opened;
        };
        let host = &self.settings.host;
        // Of this name, that is: another connection may have found out meanwhile that it has to be the other one.
        if manner.learned.found().name_is_fine && self.name == manner.name() {
            return opened;
        }
        let reply = no.clone();
        if let Some(other) = manner.other_name(&self.name) {
            let before = manner
                .learned
                .note(|found| std::mem::replace(&mut found.wants_domain, true));
            let learned = (!before).then(|| msg!("learned-name", host = host, name = &self.name, other = other));
            return Opened::Again { reply, learned };
        }
        let refusals = manner.learned.note(|found| {
            found.name_refused += 1;
            found.name_refused
        });
        if refusals < NAME_REFUSALS {
            // The next letter tells whether it is the name.
            return Opened::Lost(reply);
        }
        let why = ConnectError::Fatal {
            what: msg!("smtp-name-refused", host = host, name = &self.name),
            cause: Some(reply.told_with_code()),
            hint: manner.hint(&self.name),
        };
        Opened::Barred { reply, why }
    }

    /// What is learned of a letter that is refused as one is whose parameters are not borne: without those of notifications
    /// it is tried again. Refused without them as well, it was something else, and the next letter asks again.
    #[expect(
        clippy::option_option,
        reason = "nothing to learn, and nothing to tell of it, are two things"
    )]
    fn minded_dsn(&self, id: LetterId) -> Option<Option<appel_messages::Message>> {
        let Settings { host, manner, .. } = &self.settings;
        manner.learned.note(|found| {
            if !self.asked_dsn {
                found.no_dsn = found.no_dsn.filter(|minded| *minded != id);
                return None;
            }
            // Asked for the same it has taken letters: it minds something else in this one.
            if found.dsn_is_fine {
                return None;
            }
            let first = found.no_dsn.replace(id).is_none();
            Some(first.then(|| msg!("learned-no-dsn", host = host)))
        })
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
        match self.stream.verdict(wait).await {
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
    /// The connection was lost later, nonsense came, or a no that is about neither letter nor reader.
    Lost(Reply),
    /// Nothing was taken, and something was learned.
    Again {
        reply: Reply,
        learned: Option<appel_messages::Message>,
    },
    /// Nothing will be taken.
    Barred { reply: Reply, why: ConnectError },
    /// What the server said; `data` is `None` when DATA was not said or not answered.
    Replies {
        mail: Reply,
        rcpt: Vec<Reply>,
        data: Option<Reply>,
        /// Whether a reply is missing that could still come.
        cut: bool,
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

    const fn replies(mail: Reply, rcpt: Vec<Reply>, data: Option<Reply>) -> Self {
        let cut = false;
        Self::Replies { mail, rcpt, data, cut }
    }

    /// With replies to a group that are missing: were they to come later, they would be taken for others.
    fn cut(self, group: Group) -> Self {
        match self {
            Self::Replies { mail, rcpt, data, .. } => Self::Replies {
                mail,
                rcpt,
                data,
                cut: group != Group::None,
            },
            other => other,
        }
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
        let group = self.group(message);
        self.asked_dsn = self.offers.dsn && self.settings.manner.asks_for_dsn();
        let opened = self.open(message, group).await;
        let (mail, rcpt, data, cut) = match self.looked_into(message.id, group, opened) {
            Opened::Unstarted(reply) => return Attempt::Unstarted(reply),
            Opened::Again { reply, learned } => return Attempt::Again { reply, learned },
            Opened::Barred { reply, why } => return Attempt::Barred { reply, why },
            Opened::Lost(reply) => {
                let outcome = Outcome::new(Status::Deferred, reply);
                return Attempt::Ended(Sent::all(outcome, Then::Reconnect));
            }
            Opened::Replies { mail, rcpt, data, cut } => (mail, rcpt, data, cut),
        };

        if let Some(said) = hangs_up_at_copy(&rcpt).filter(|_| mail.code == Some(250)) {
            let outcome = Outcome::new(Status::Deferred, said.clone());
            return Attempt::Ended(Sent {
                recipients: addresses(&message.envelope, &rcpt, &outcome),
                step: Step::Rcpt,
                ..Sent::all(outcome, Then::Reconnect)
            });
        }
        if let Some(stop) = refusal(&mail, &rcpt, data.as_ref()) {
            let then = match data.as_ref().and_then(|data| data.code) {
                // The server waits for a body although the letter must not leave: only hanging up is safe.
                Some(354) => Then::Reconnect,
                _ if cut || stop.hangs_up() => Then::Reconnect,
                _ => self.reset().await,
            };
            return Attempt::Ended(Sent {
                step: stop.step,
                ..Sent::all(stop.outcome, then)
            });
        }

        let (outcome, then) = self.body(message).await;
        let recipients = addresses(&message.envelope, &rcpt, &outcome);
        Attempt::Ended(Sent {
            outcome,
            recipients,
            then,
            step: Step::Text,
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
    step: Step,
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
    let stop = |step, outcome| Some(Stop { step, outcome });
    let nothing = || Outcome::new(Status::Deferred, Reply::none(Reason::NotAsked, ""));
    if mail.code != Some(250) {
        return stop(Step::Mail, negative(mail));
    }
    match rcpt.first() {
        Some(to) if is_taken(to) => {}
        Some(to) => return stop(Step::Rcpt, negative_rcpt(to)),
        None => return stop(Step::Rcpt, nothing()),
    }
    match data {
        Some(data) if data.code == Some(354) => None,
        Some(data) => stop(Step::Data, negative(data)),
        None => stop(Step::Data, nothing()),
    }
}

/// What a server says that closes the connection when a copy is named, and took the To.
fn hangs_up_at_copy(rcpt: &[Reply]) -> Option<&Reply> {
    let (to, copies) = rcpt.split_first()?;
    let last = copies.last().filter(|last| last.code == Some(421));
    last.filter(|_| is_taken(to))
}

/// RFC 5321 §4.2.1: 250, and 251 or 252 for an address that the server forwards or cannot check.
fn is_taken(reply: &Reply) -> bool {
    matches!(reply.code, Some(250..=252))
}

/// A no for good (5xx), or for now. What it is about is for whoever knows what else was said.
fn negative(reply: &Reply) -> Outcome {
    match reply.code {
        Some(500..=599) => Outcome::new(Status::Refused, reply.clone()),
        _ => Outcome::new(Status::Deferred, reply.clone()),
    }
}

/// RFC 5321 §4.5.3.1.10: 552 to RCPT is an old spelling of 452, too many recipients; unless its enhanced code speaks of the
/// reader's mailbox (RFC 3463 §3.3).
fn negative_rcpt(reply: &Reply) -> Outcome {
    match reply.code {
        Some(552) if !enhanced(&reply.text).is_some_and(|code| code.starts_with("5.2.")) => {
            Outcome::new(Status::Deferred, reply.clone())
        }
        _ => negative(reply),
    }
}

/// Whether a no to a copy is one to how many there are, in this letter or of this account: alone, or tomorrow, it may go.
fn is_too_much(reply: &Reply) -> bool {
    Limit::in_reply(reply).is_some() || is_too_many_recipients(reply)
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
            } else if is_too_much(reply) {
                Outcome::new(Status::Deferred, reply.clone())
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
