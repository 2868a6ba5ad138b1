//! What became of a letter, or of one address of it: one vocabulary for delivery, ledger, screen, JSON and log.

use appel_messages::{Message, Value, msg};
use serde::{Deserialize, Serialize};

use crate::words::visible_line;

/// What became of a letter, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// The server took it.
    Accepted,
    /// Not now (4xx), or lost before the final dot: due again.
    Deferred,
    /// The server refused it (5xx).
    Refused,
    /// The server may have taken it: held.
    InDoubt,
    /// The run did not come to it: due again. Nothing was said of it to any server, and no ledger has it. Whoever is told
    /// reads that it is deferred.
    #[serde(rename(serialize = "deferred"))]
    NotTried,
}

impl Status {
    /// The word for it on a screen: who reads that a letter is deferred knows that it is due again, tried or not.
    #[must_use]
    pub fn told(self) -> Message {
        match self {
            Self::Accepted => msg!("outcome-accepted"),
            Self::Deferred | Self::NotTried => msg!("outcome-deferred"),
            Self::Refused => msg!("outcome-refused"),
            Self::InDoubt => msg!("outcome-in-doubt"),
        }
    }
}

/// Why there is an outcome without a server's reply. Stored by its name; the words for it are made when it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// No connection came about; the details say why.
    NotConnected,
    /// The connection was lost; the details are [`CLOSED`], [`RESET`], or what the system said.
    ConnectionLost,
    /// No answer within so many milliseconds, which are the details.
    NoAnswer,
    /// What came is no reply (RFC 5321 §4.2); its beginning is the details.
    NotSmtp,
    /// What came is no reply, for there was no end to it.
    Endless,
    /// Something was said, or the connection closed, when nothing had been asked.
    OutOfStep,
    /// The connection was gone before anything of the letter was said.
    NotBegun,
    /// A command of the letter was not answered, for one before it was refused.
    NotAsked,
    /// An address needs SMTPUTF8 (RFC 6531), which the server lacks.
    NeedsSmtputf8,
    /// The message is longer than the server takes (RFC 1870): its bytes and the limit are the details.
    TooLarge,
    /// The run ended before it was the letter's turn.
    RunEnded,
    /// It goes by itself once its letter was accepted: the sender's own copy.
    OnItsOwn,
    /// Another run has the letter.
    AnotherRun,
    /// A person stopped the run at once.
    Interrupted,
    /// The ledger could not be written any more.
    LedgerLost,
    /// The program ended while the letter was being sent.
    ProgramEnded,
    /// The machine stopped while the letter waited its turn, or was being sent.
    MachineStopped,
    /// A person's word: it was sent.
    SettledAsSent,
    /// A person's word: it was not.
    SettledAsUnsent,
    /// The details are what an older version of this program wrote down.
    Older,
}

/// The server closed a connection: details of [`Reason::ConnectionLost`], stored as they are.
pub const CLOSED: &str = "closed";
/// The server reset a connection: the same.
pub const RESET: &str = "reset";

impl Reason {
    /// What is said of it, with the details. Versions before stored sentences of theirs for some: those are shown as they are.
    fn told(self, details: &str) -> Message {
        match self {
            Self::NotConnected | Self::Older => Message::quote(details),
            Self::ConnectionLost => match details {
                CLOSED => msg!("reply-closed"),
                RESET => msg!("reply-reset"),
                cause => msg!("reply-lost", cause = cause),
            },
            Self::NoAnswer => msg!("reply-late", time = duration(details)),
            Self::NotSmtp => msg!("reply-not-smtp", said = details),
            Self::Endless => msg!("reply-endless"),
            Self::OutOfStep => msg!("reply-out-of-step"),
            Self::NotBegun => msg!("reply-not-begun"),
            Self::NotAsked => msg!("reply-not-asked"),
            Self::NeedsSmtputf8 => msg!("reply-needs-smtputf8"),
            Self::TooLarge => {
                let (bytes, limit) = details.split_once(' ').unwrap_or((details, "?"));
                msg!("reply-too-large", bytes = count(bytes), limit = count(limit))
            }
            Self::RunEnded => msg!("reply-run-ended"),
            Self::OnItsOwn => msg!("reply-on-its-own"),
            Self::AnotherRun => msg!("reply-another-run"),
            Self::Interrupted => msg!("reply-interrupted"),
            Self::LedgerLost => msg!("reply-ledger-lost"),
            Self::ProgramEnded => msg!("reply-program-ended"),
            Self::MachineStopped => msg!("reply-machine-stopped"),
            Self::SettledAsSent => msg!("reply-settled-as-sent"),
            Self::SettledAsUnsent => msg!("reply-settled-as-unsent"),
        }
    }

    /// The same of a letter in doubt: of a line that broke it matters that the letter had been handed over.
    fn told_in_doubt(self, details: &str) -> Message {
        match (self, details) {
            (Self::ConnectionLost, CLOSED) => msg!("reply-handed-over-closed"),
            (Self::ConnectionLost, RESET) => msg!("reply-handed-over-reset"),
            (Self::ConnectionLost, cause) => msg!("reply-handed-over-lost", cause = cause),
            (Self::NoAnswer, time) => msg!("reply-handed-over-late", time = duration(time)),
            (Self::NotSmtp, said) => msg!("reply-handed-over-not-smtp", said = said),
            (Self::Endless, _) => msg!("reply-handed-over-endless"),
            _ => self.told(details),
        }
    }
}

/// A number that stands in details; whatever else should stand there is shown as it is.
fn count(text: &str) -> Value {
    text.parse::<u64>().map_or_else(|_| Value::from(text), Value::from)
}

/// Milliseconds, as people say them.
fn duration(millis: &str) -> Message {
    let Ok(millis) = millis.parse::<u64>() else {
        return Message::quote(millis);
    };
    match millis / 1000 {
        0 => msg!("reply-time-milliseconds", count = millis),
        seconds if seconds >= 120 && seconds.is_multiple_of(60) => msg!("reply-time-minutes", count = seconds / 60),
        seconds => msg!("reply-time-seconds", count = seconds),
    }
}

/// In place of a server's words that may hold a secret, behind its codes.
pub const NOT_SHOWN: &str = "***";

/// What a server said, or what happened instead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// The reply code (RFC 5321 §4.2); `None` when no reply came.
    pub code: Option<u16>,
    /// Why there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The server's words, one line each, or the details of the reason; at most a few kilobytes, and not yet safe to
    /// show.
    pub text: String,
    /// What is said in place of details. Of a connection that did not come about: no letter has that, so nobody stores it.
    #[serde(skip)]
    words: Option<Box<Message>>,
}

impl Reply {
    /// As a ledger has it.
    #[must_use]
    pub const fn stored(code: Option<u16>, reason: Option<Reason>, text: String) -> Self {
        Self {
            code,
            reason,
            text,
            words: None,
        }
    }

    /// What a server said.
    #[must_use]
    pub fn said(code: u16, text: impl Into<String>) -> Self {
        Self::stored(Some(code), None, text.into())
    }

    /// Why no connection came about.
    #[must_use]
    pub fn not_connected(words: Message) -> Self {
        Self {
            words: Some(Box::new(words)),
            ..Self::none(Reason::NotConnected, "")
        }
    }

    /// What happened instead of a reply.
    #[must_use]
    pub fn none(reason: Reason, details: impl Into<String>) -> Self {
        Self::stored(None, Some(reason), details.into())
    }

    /// What is said of it, on one line, safe to show: the server's words, or what happened instead.
    #[must_use]
    pub fn told(&self) -> Message {
        match (&self.words, self.reason) {
            (Some(words), _) => (**words).clone(),
            (None, Some(reason)) => reason.told(&self.line()),
            (None, None) => words(self.line()),
        }
    }

    /// The same, with the reply code where there is one.
    #[must_use]
    pub fn told_with_code(&self) -> Message {
        match self.code {
            Some(code) => words(format!("{code} {}", self.line())),
            None => self.told(),
        }
    }

    /// The server's words, or the details, on one line, safe to show.
    fn line(&self) -> String {
        visible_line(&self.text.replace('\n', " "))
    }
}

/// A server's words, told as they are, with what stands in place of those that are not shown.
fn words(said: String) -> Message {
    match said.strip_suffix(NOT_SHOWN) {
        Some(before)
            if before
                .bytes()
                .all(|byte| byte.is_ascii_digit() || b". ".contains(&byte)) =>
        {
            msg!("reply-not-shown", codes = before)
        }
        _ => Message::quote(said),
    }
}

/// What became of a letter, or of one address of it, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// What became of it.
    pub status: Status,
    /// What the server said to it, or what happened instead.
    pub reply: Reply,
}

impl Outcome {
    /// With a server's reply, or what happened instead.
    #[must_use]
    pub const fn new(status: Status, reply: Reply) -> Self {
        Self { status, reply }
    }

    /// The run did not come to it.
    #[must_use]
    pub fn not_tried(reason: Reason) -> Self {
        Self::new(Status::NotTried, Reply::none(reason, ""))
    }

    /// What is said of it, on one line, safe to show.
    #[must_use]
    pub fn told(&self) -> Message {
        match self.reply.reason {
            Some(reason) if self.status == Status::InDoubt => reason.told_in_doubt(&self.reply.line()),
            _ => self.reply.told(),
        }
    }

    /// The same, with the reply code where there is one.
    #[must_use]
    pub fn told_with_code(&self) -> Message {
        match self.reply.code {
            Some(_) => self.reply.told_with_code(),
            None => self.told(),
        }
    }
}

/// One address of a letter with what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressOutcome {
    /// The address, as it is written.
    pub address: String,
    /// What became of it.
    pub outcome: Outcome,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_may_hold_a_secret_are_told_of() {
        let check = |said: &str, expect: &str| {
            assert_eq!(Reply::said(535, said).told_with_code().in_english(), expect);
        };
        let not_shown = "(the server's words are not shown: they may hold the password or token)";
        check("5.7.8 ***", &format!("535 5.7.8 {not_shown}"));
        check("***", &format!("535 {not_shown}"));
        check("5.7.8 no *** here", "535 5.7.8 no *** here");
        check("5.7.8 wrong: ***", "535 5.7.8 wrong: ***");
    }

    #[test]
    fn what_happened_is_stored_as_a_code_and_told_in_words() {
        let check = |status, reason, details: &str, expect: &str| {
            let outcome = Outcome::new(status, Reply::none(reason, details));
            assert_eq!(outcome.told().in_english(), expect);
            let stored = serde_json::to_string(&outcome).unwrap();
            assert!(!stored.contains("letter"), "words of ours are stored: {stored}");
            let read: Outcome = serde_json::from_str(&stored).unwrap();
            assert_eq!((read.reply, read.status.told()), (outcome.reply, status.told()));
        };
        for (status, before) in [
            (Status::Deferred, "the connection was lost: "),
            (
                Status::InDoubt,
                "the letter was handed over, then the connection was lost: ",
            ),
        ] {
            for (details, expect) in [
                (RESET, "reset by the server"),
                (CLOSED, "closed by the server"),
                ("Broken pipe", "Broken pipe"),
                // What older versions of this program stored.
                ("reset by the server", "reset by the server"),
            ] {
                check(status, Reason::ConnectionLost, details, &format!("{before}{expect}"));
            }
        }
        check(
            Status::Deferred,
            Reason::Endless,
            "",
            "the server sent something that is not an SMTP reply: a reply without an end",
        );
        check(
            Status::InDoubt,
            Reason::NotSmtp,
            "HTTP/1.1",
            "the letter was handed over, then the server sent something that is not an SMTP reply: HTTP/1.1",
        );
        check(
            Status::InDoubt,
            Reason::NoAnswer,
            "600000",
            "the letter was handed over, then the server did not answer within 10 minutes",
        );
        check(
            Status::Refused,
            Reason::TooLarge,
            "2048 1024",
            "the letter has 2,048 bytes, the server takes 1,024 at most",
        );
        check(
            Status::NotTried,
            Reason::RunEnded,
            "",
            "not tried: the run ended before",
        );
    }

    #[test]
    fn a_time_is_told_as_people_say_it() {
        let check = |millis: &str, expect: &str| assert_eq!(duration(millis).in_english(), expect);
        check("500", "500 ms");
        check("1000", "1 second");
        check("60000", "60 seconds");
        check("90000", "90 seconds");
        check("120000", "2 minutes");
        check("600000", "10 minutes");
        check("soon", "soon");
    }

    #[test]
    fn stored_forms_keep_their_names() {
        let outcome = Outcome::new(Status::Accepted, Reply::said(250, "2.0.0 queued"));
        assert_eq!(
            serde_json::to_string(&outcome).unwrap(),
            r#"{"status":"accepted","reply":{"code":250,"text":"2.0.0 queued"}}"#
        );
        let all = [
            Reason::NotConnected,
            Reason::ConnectionLost,
            Reason::NoAnswer,
            Reason::NotSmtp,
            Reason::OutOfStep,
            Reason::NotBegun,
            Reason::NotAsked,
            Reason::NeedsSmtputf8,
            Reason::TooLarge,
            Reason::RunEnded,
            Reason::AnotherRun,
            Reason::Interrupted,
            Reason::LedgerLost,
            Reason::ProgramEnded,
            Reason::MachineStopped,
            Reason::SettledAsSent,
            Reason::SettledAsUnsent,
            Reason::Older,
            Reason::Endless,
            Reason::OnItsOwn,
        ];
        assert_eq!(
            serde_json::to_string(&all).unwrap(),
            r#"["not-connected","connection-lost","no-answer","not-smtp","out-of-step","not-begun","not-asked","needs-smtputf8","too-large","run-ended","another-run","interrupted","ledger-lost","program-ended","machine-stopped","settled-as-sent","settled-as-unsent","older","endless","on-its-own"]"#
        );
    }
}
