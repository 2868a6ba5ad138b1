//! What became of a letter, or of one address of it: one vocabulary for delivery, ledger, screen, JSON and log.

use std::fmt;

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
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Deferred | Self::NotTried => "deferred",
            Self::Refused => "refused",
            Self::InDoubt => "in doubt",
        }
    }
}

/// Why there is an outcome without a server's reply. Stored by its name; the words for it are made when it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// No connection came about; the details say why.
    NotConnected,
    /// The connection was closed or reset, as the details say.
    ConnectionLost,
    /// No answer within so many milliseconds, which are the details.
    NoAnswer,
    /// What came is no reply (RFC 5321 §4.2); its beginning is the details.
    NotSmtp,
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

impl Reason {
    /// In plain words, with the details.
    fn words(self, details: &str) -> String {
        match self {
            Self::NotConnected | Self::Older => details.to_owned(),
            Self::ConnectionLost => format!("the connection was lost: {details}"),
            Self::NoAnswer => format!("the server did not answer within {}", duration(details)),
            Self::NotSmtp => format!("the server sent something that is not an SMTP reply: {details}"),
            Self::OutOfStep => "the server spoke, or hung up, without being asked anything".to_owned(),
            Self::NotBegun => "the connection was lost before this letter was sent".to_owned(),
            Self::NotAsked => "no reply".to_owned(),
            Self::NeedsSmtputf8 => {
                "the server does not take addresses with letters like these before the @ (it lacks SMTPUTF8)".to_owned()
            }
            Self::TooLarge => {
                let (bytes, limit) = details.split_once(' ').unwrap_or((details, "less"));
                format!("the letter has {bytes} bytes, the server takes {limit} at most")
            }
            Self::RunEnded => "not tried: the run ended before".to_owned(),
            Self::AnotherRun => "not tried: another run has it".to_owned(),
            Self::Interrupted => "interrupted while it was being sent".to_owned(),
            Self::LedgerLost => "the ledger was lost while it was being sent".to_owned(),
            Self::ProgramEnded => "the program ended while this letter was being sent".to_owned(),
            Self::MachineStopped => {
                "the machine stopped while this letter was waiting its turn, or being sent".to_owned()
            }
            Self::SettledAsSent => "settled by hand as sent".to_owned(),
            Self::SettledAsUnsent => "settled by hand as unsent: due again".to_owned(),
        }
    }

    /// Whether it is about a line that broke, so that it matters whether the letter had been handed over.
    const fn is_of_the_line(self) -> bool {
        matches!(self, Self::ConnectionLost | Self::NoAnswer | Self::NotSmtp)
    }
}

/// Milliseconds, as people say them.
fn duration(millis: &str) -> String {
    let Ok(millis) = millis.parse::<u64>() else {
        return millis.to_owned();
    };
    match millis / 1000 {
        0 => format!("{millis} ms"),
        seconds if seconds >= 120 && seconds.is_multiple_of(60) => format!("{} minutes", seconds / 60),
        1 => "1 second".to_owned(),
        seconds => format!("{seconds} seconds"),
    }
}

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
}

impl Reply {
    /// What a server said.
    #[must_use]
    pub fn said(code: u16, text: impl Into<String>) -> Self {
        Self {
            code: Some(code),
            reason: None,
            text: text.into(),
        }
    }

    /// What happened instead of a reply.
    #[must_use]
    pub fn none(reason: Reason, details: impl Into<String>) -> Self {
        Self {
            code: None,
            reason: Some(reason),
            text: details.into(),
        }
    }

    /// The words on one line, safe to show.
    #[must_use]
    pub fn line(&self) -> String {
        let text = visible_line(&self.text.replace('\n', " "));
        match self.reason {
            Some(reason) => reason.words(&text),
            None => text,
        }
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            Some(code) => write!(f, "{code} {}", self.line()),
            None => f.write_str(&self.line()),
        }
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

    /// The words on one line, safe to show.
    #[must_use]
    pub fn line(&self) -> String {
        let words = self.reply.line();
        match self.reply.reason {
            Some(reason) if self.status == Status::InDoubt && reason.is_of_the_line() => {
                format!("the letter was handed over, then {words}")
            }
            _ => words,
        }
    }
}

/// With the reply code, where there is one.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reply.code {
            Some(code) => write!(f, "{code} {}", self.line()),
            None => f.write_str(&self.line()),
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
    fn what_happened_is_stored_as_a_code_and_told_in_words() {
        let check = |status, reason, details: &str, expect: &str| {
            let outcome = Outcome::new(status, Reply::none(reason, details));
            assert_eq!(outcome.line(), expect);
            let stored = serde_json::to_string(&outcome).unwrap();
            assert!(!stored.contains("letter"), "words of ours are stored: {stored}");
            let read: Outcome = serde_json::from_str(&stored).unwrap();
            assert_eq!((read.reply, read.status.in_words()), (outcome.reply, status.in_words()));
        };
        check(
            Status::Deferred,
            Reason::ConnectionLost,
            "reset by the server",
            "the connection was lost: reset by the server",
        );
        check(
            Status::InDoubt,
            Reason::ConnectionLost,
            "reset by the server",
            "the letter was handed over, then the connection was lost: reset by the server",
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
            "the letter has 2048 bytes, the server takes 1024 at most",
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
        let check = |millis: &str, expect: &str| assert_eq!(duration(millis), expect);
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
        ];
        assert_eq!(
            serde_json::to_string(&all).unwrap(),
            r#"["not-connected","connection-lost","no-answer","not-smtp","out-of-step","not-begun","not-asked","needs-smtputf8","too-large","run-ended","another-run","interrupted","ledger-lost","program-ended","machine-stopped","settled-as-sent","settled-as-unsent","older"]"#
        );
    }
}
