//! The one story of a run: the screen, `--json` and the log file all read it.

use std::time::Duration;

use appel_core::letter::{Letter, LetterId, Skip};
use appel_core::outcome::{AddressOutcome, Outcome, Status};
use appel_messages::{Message, msg};
use jiff::Timestamp;
use serde::Serialize;

use super::ledger::Settled;

/// Something that happened in a run.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// A letter has its outcome, or was left out.
    Letter(Box<LetterEvent>),
    /// A copy that its letter left without has its outcome, or was left out. It counts as no letter.
    Copy(Box<LetterEvent>),
    /// An attempt, or a person's word on one, as the ledger remembers it.
    Attempt(Box<LetterEvent>),
    /// A letter as it would leave.
    Preview(Box<LetterEvent>),
    /// The run is over.
    Summary(Summary),
    /// The run waits, or goes on: for the screen and the log, not for `--json`.
    #[serde(skip)]
    Notice(Notice),
}

/// One letter's line in the story: what `--json`, the log of a run, `appel log` and `preview` tell of it. What nothing is
/// known of is left out.
#[derive(Clone, Debug, Serialize)]
pub struct LetterEvent {
    /// The letter's id.
    #[serde(serialize_with = "display")]
    pub id: LetterId,
    /// Of a copy that goes its own way, which is the `to` then: what it is settled by.
    #[serde(serialize_with = "display_some", skip_serializing_if = "Option::is_none")]
    pub copy_id: Option<LetterId>,
    /// Which letter of the campaign.
    pub letter: String,
    /// The language it left in; `None` when it was left out before that was decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Who sent it, where letters of several senders are told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The To.
    pub to: String,
    /// The copies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cc: Option<Vec<String>>,
    /// The subject.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// With its angle brackets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// What became of it.
    pub outcome: Verdict,
    /// Why it was left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Skip>,
    /// The reply code, when there was a reply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
    /// The server's words, or what happened instead; safe to show.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply: Option<Message>,
    /// When.
    pub at: Timestamp,
    /// Every address with its own outcome, the To first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub recipients: Vec<AddressEvent>,
    /// SHA-256 of its bytes, in hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// The facts it used, by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facts: Option<serde_json::Value>,
    /// What a person found out about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settled: Option<Settled>,
    /// Its text, as its reader sees it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

impl LetterEvent {
    /// With what is known of any letter.
    #[must_use]
    pub fn new(id: LetterId, letter: &str, to: &str, outcome: Verdict, at: Timestamp) -> Self {
        Self {
            id,
            copy_id: None,
            letter: letter.to_owned(),
            language: None,
            from: None,
            to: to.to_owned(),
            cc: None,
            subject: None,
            message_id: None,
            outcome,
            reason: None,
            code: None,
            reply: None,
            at,
            recipients: Vec::new(),
            sha256: None,
            facts: None,
            settled: None,
            text: None,
        }
    }

    /// A letter that is decided: with its language, its copies and its Message-ID.
    #[must_use]
    pub fn of(letter: &Letter, outcome: Verdict, at: Timestamp) -> Self {
        let envelope = &letter.envelope;
        let (to, cc, copy_id) = match &letter.copy {
            None => {
                let cc = envelope.cc.iter().map(ToString::to_string).collect();
                (&envelope.to, Some(cc), None)
            }
            Some(copy) => (&copy.to, None, Some(copy.id)),
        };
        Self {
            copy_id,
            language: Some(letter.language.to_string()),
            cc,
            message_id: Some(letter.id.message_id(&envelope.from)),
            ..Self::new(letter.id, &letter.spec.id, to.as_str(), outcome, at)
        }
    }

    /// The id that the ledger knows it by.
    #[must_use]
    pub fn line(&self) -> LetterId {
        self.copy_id.unwrap_or(self.id)
    }

    /// The event of a run that it is.
    #[must_use]
    pub fn told(self) -> Event {
        match self.copy_id {
            None => Event::Letter(Box::new(self)),
            Some(_) => Event::Copy(Box::new(self)),
        }
    }
}

/// One address's outcome.
#[derive(Clone, Debug, Serialize)]
pub struct AddressEvent {
    /// The address.
    pub address: String,
    /// What became of it.
    pub outcome: Status,
    /// The reply code, when there was a reply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
    /// The server's words, when they are not the letter's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply: Option<Message>,
}

/// The outcomes of a letter, and the two ways of not being sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The server took it.
    Accepted,
    /// Not now: due again.
    Deferred,
    /// The server refused it.
    Refused,
    /// The server may have taken it.
    InDoubt,
    /// The run did not come to it: due again, and told as deferred.
    #[serde(rename = "deferred")]
    NotTried,
    /// It would be sent.
    DryRun,
    /// Left out, with a reason.
    Skipped,
}

impl Verdict {
    /// The word for it on a screen.
    #[must_use]
    pub fn told(self) -> Message {
        match self {
            Self::Accepted => Status::Accepted.told(),
            Self::Deferred | Self::NotTried => Status::Deferred.told(),
            Self::Refused => Status::Refused.told(),
            Self::InDoubt => Status::InDoubt.told(),
            Self::DryRun => msg!("verdict-dry-run"),
            Self::Skipped => msg!("verdict-skipped"),
        }
    }
}

impl From<Status> for Verdict {
    fn from(status: Status) -> Self {
        match status {
            Status::Accepted => Self::Accepted,
            Status::Deferred => Self::Deferred,
            Status::Refused => Self::Refused,
            Status::InDoubt => Self::InDoubt,
            Status::NotTried => Self::NotTried,
        }
    }
}

impl AddressEvent {
    /// One address's outcome; its words only where they are not the letter's.
    #[must_use]
    pub fn new(its: &AddressOutcome, of_letter: Option<&Outcome>) -> Self {
        let AddressOutcome { address, outcome } = its;
        Self {
            address: address.clone(),
            outcome: outcome.status,
            code: outcome.reply.code,
            reply: (of_letter != Some(outcome)).then(|| outcome.told()),
        }
    }
}

/// The last line of a run: letters are counted, and apart from them the copies that they left without.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// Letters that this run had to send.
    pub due: usize,
    /// Of those: taken by the server.
    pub accepted: usize,
    /// Of those: due again.
    pub deferred: usize,
    /// Of those: refused by the server.
    pub refused: usize,
    /// Of those: perhaps taken.
    pub in_doubt: usize,
    /// Letters left out, for whatever reason; not among those due.
    pub skipped: usize,
    /// Copies that this run leaves put off, of letters that the server took in this run or before.
    pub copies_deferred: usize,
    /// Copies that were refused in this run although the letter was taken.
    pub copies_refused: usize,
    /// Copies that were sent by themselves in this run, and that the server may have taken.
    #[serde(skip_serializing_if = "is_zero")]
    pub copies_in_doubt: usize,
    /// How long sending took.
    pub seconds: f64,
}

impl Summary {
    /// Counts one verdict on a letter that was due.
    pub const fn count(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Accepted => self.accepted += 1,
            Verdict::Deferred | Verdict::NotTried => self.deferred += 1,
            Verdict::Refused => self.refused += 1,
            Verdict::InDoubt => self.in_doubt += 1,
            Verdict::Skipped => self.skipped += 1,
            Verdict::DryRun => {}
        }
    }
}

/// What goes on between letters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A connection could not be opened, or was lost; the next try is in so many seconds.
    Retrying {
        /// What happened, safe to show.
        reason: Message,
        /// Until the next try.
        seconds: u64,
    },
    /// The server cannot be reached, and is tried for as long as this.
    Trying {
        /// When it was said.
        at: Timestamp,
        /// Until then.
        until: Timestamp,
        /// What to check meanwhile.
        hint: Option<Message>,
    },
    /// What a connection waits for, or what was learned of the server.
    Told {
        /// That, safe to show.
        what: Message,
    },
    /// The server is hurried too much: all letters wait for so many seconds, and leave more slowly from then on.
    Slower {
        /// Its words, safe to show.
        reason: Message,
        /// Until the next letter.
        seconds: u64,
        /// How long each takes from now on.
        every: Duration,
    },
    /// The pace has the next letter leave in so many seconds.
    Waiting {
        /// Until it does.
        seconds: u64,
    },
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn is_zero(number: &usize) -> bool {
    *number == 0
}

#[expect(clippy::ref_option, reason = "serde asks so")]
fn display_some<T: std::fmt::Display, S: serde::Serializer>(value: &Option<T>, s: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => s.collect_str(value),
        None => s.serialize_none(),
    }
}

fn display<T: std::fmt::Display, S: serde::Serializer>(value: &T, s: S) -> Result<S::Ok, S::Error> {
    s.collect_str(value)
}

/// Whoever wants to hear the story.
pub trait Listener: Send {
    /// Hears one event; must not fail a run for being unable to tell it on.
    fn hear(&mut self, event: &Event);

    /// That was all for the moment: what is told in writing is written out now.
    fn pause(&mut self) {}
}

impl<L: Listener + ?Sized> Listener for &mut L {
    fn hear(&mut self, event: &Event) {
        (**self).hear(event);
    }
    fn pause(&mut self) {
        (**self).pause();
    }
}

impl<L: Listener + ?Sized> Listener for Box<L> {
    fn hear(&mut self, event: &Event) {
        (**self).hear(event);
    }
    fn pause(&mut self) {
        (**self).pause();
    }
}

impl<L: Listener> Listener for Vec<L> {
    fn hear(&mut self, event: &Event) {
        for listener in self {
            listener.hear(event);
        }
    }
    fn pause(&mut self) {
        for listener in self {
            listener.pause();
        }
    }
}
