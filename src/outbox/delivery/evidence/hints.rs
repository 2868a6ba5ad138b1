//! What the code and the words of a reply hint at. Hints shorten the way to a verdict; none is its only ground.

use std::time::Duration;

use appel_core::address::Address;
use appel_messages::{Message, msg};

use crate::transport::limits::{Limit, enhanced, is_daily, told_pause, words};
use crate::transport::{Reply, Step};

/// A pause that a reply tells, and that is not over within so long, is a limit of the account's and none on the pace.
const LONGEST_PAUSE: Duration = Duration::from_mins(10);

/// Words of a server to which letters come too fast.
const TOO_FAST: &[&str] = &[
    "per second",
    "/second",
    "sending rate",
    "rate exceeded",
    "throttl",
    "too fast",
    "slow down",
    "slower",
];

/// Words about how fast letters come, or how many.
const OF_RATE: &[&str] = &["ratelimit", "rate limit", "rate-limit", "limit", "too many"];

/// Words about how many are connected at a time.
const OF_CROWD: &[&str] = &[
    "connection",
    "session",
    "thread",
    "concurren",
    "simultaneous",
    "parallel",
];

/// Words of a session that has had its share.
const OF_SESSION: &[&str] = &[
    "this session",
    "this connection",
    "per session",
    "per connection",
    "same session",
    "same connection",
    "one session",
    "one connection",
];

/// Enhanced codes (RFC 3463 §3.2, §3.3) of an address that is none: no such user, no such domain, switched off.
const NO_SUCH_READER: &[&str] = &["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1", "4.1.1", "4.1.2"];

/// Words that say the same.
const NO_SUCH_READER_IN_WORDS: &[&str] = &[
    "user unknown",
    "unknown user",
    "unknown recipient",
    "recipient unknown",
    "unknown address",
    "unknown mailbox",
    "no such user",
    "no such recipient",
    "no such mailbox",
    "no such address",
    "no mailbox here",
    "not exist",
    "doesn't exist",
    "user not found",
    "recipient not found",
    "mailbox not found",
    "invalid recipient",
    "invalid mailbox",
];

/// Words about one reader's mailbox.
const OF_READER: &[&str] = &[
    "mailbox full",
    "mailbox is full",
    "mailbox for user is full",
    "mailbox quota",
    "user over quota",
    "user is over quota",
    "over its quota",
    "recipient's",
    "recipient has",
    "recipient mailbox",
    "recipient rate limit",
    "you tried to reach",
    "trying to contact",
    "inbox",
];

/// Words of a provider that suspects an account, or has blocked it.
const OF_BLOCK: &[&str] = &[
    "spam",
    "junk",
    "abuse",
    "blocked",
    "block list",
    "blocklist",
    "blacklist",
    "suspicio",
    "suspended",
    "disabled",
    "reputation",
    "unusual",
];

/// Words about the sender's address.
const OF_SENDER: &[&str] = &[
    "sender",
    "from address",
    "from header",
    "mail from",
    "return path",
    "return-path",
    "send as",
    "sendas",
];

/// Words of a server that carries nobody's letters to others.
const OF_RELAYING: &[&str] = &["relay"];

/// Words of a server that wants to know who it is.
const OF_SIGNING_IN: &[&str] = &[
    "logged in",
    "log in",
    "login",
    "authenticat",
    "auth required",
    "sign in",
    "pop before smtp",
];

/// Words of servers that let whoever is new to them wait.
const GREYLISTING: &[&str] = &[
    "greylist",
    "graylist",
    "grey-list",
    "gray-list",
    "grey list",
    "gray list",
];

/// Words about how long a letter is.
const OF_SIZE: &[&str] = &[
    "message size",
    "size limit",
    "size exceeds",
    "too large",
    "too big",
    "too long",
];

/// Words that mostly mean that an account has sent enough, whatever stands beside them.
const OF_LIMIT: &[&str] = &[
    "quota",
    "limit",
    "exceed",
    "too many",
    "try again later",
    "try later",
    "enough",
    "tomorrow",
];

/// How long everybody waits for a server that is hurried too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pause {
    /// As long as it says.
    Told(Duration),
    /// It does not say how long.
    Growing,
}

fn has(words: &str, list: &[&str]) -> bool {
    list.iter().any(|word| words.contains(word))
}

/// The pause that a server asks all letters to make: seconds, not hours.
pub fn pause(reply: &Reply, step: Step, to: &Address) -> Option<Pause> {
    if Limit::is_of_a_day(reply) {
        return None;
    }
    let words = words(reply);
    let told = told_pause(&words).filter(|told| *told < LONGEST_PAUSE);
    let by_code = reply.code == Some(432) || reply.code == Some(454) && step != Step::Rcpt;
    let hurried = (has(&words, TOO_FAST) || by_code) && !is_daily(&words);
    if hurried && !names_reader(reply, step, to, to) {
        return Some(told.map_or(Pause::Growing, Pause::Told));
    }
    // What is said of one reader keeps that letter alone waiting.
    let of_reader = step == Step::Rcpt && !has(&words, OF_RATE) || names_reader(reply, step, to, to);
    match reply.code {
        Some(400..=499) if !of_reader && !has(&words, GREYLISTING) => told.map(Pause::Told),
        _ => None,
    }
}

/// Whether there are too many connections at a time.
pub fn is_crowded(reply: &Reply) -> bool {
    let words = words(reply);
    matches!(reply.code, Some(400..=599))
        && !of_session(reply)
        && has(&words, OF_CROWD)
        && has(
            &words,
            &["too many", "limit", "concurren", "simultaneous", "parallel", "maximum"],
        )
}

/// The limit on the account that a reply speaks of; also one that only tells how long it lasts.
pub fn limit(reply: &Reply) -> Option<Limit> {
    Limit::in_reply(reply).or_else(|| {
        let told = told_pause(&words(reply)).filter(|told| *told >= LONGEST_PAUSE);
        told.filter(|_| matches!(reply.code, Some(400..=499))).map(Limit::Rate)
    })
}

/// Whether a reply is known to be about the account, or the pace, so that a fresh connection would hear the same.
pub fn shows_account(reply: &Reply) -> bool {
    Limit::is_of_a_day(reply) || matches!(reply.code, Some(432 | 454 | 530)) || has(&words(reply), TOO_FAST)
}

/// Whether a "not now" before any letter is about signing in (RFC 4954 §4.7.1: 454), mostly because that came too often.
pub fn is_of_sign_in(reply: &Reply) -> bool {
    let words = words(reply);
    matches!(reply.code, Some(400..=499))
        && (reply.code == Some(454) && !words.contains("tls")
            || has(&words, &["login", "log in", "logon", "authenticat"]))
}

/// How long one letter waits at least, when its own reply says so.
pub fn wait_of_letter(reply: &Reply) -> Option<Duration> {
    told_pause(&words(reply))
}

/// Whether the connection, not the letter, has had its share.
pub fn of_session(reply: &Reply) -> bool {
    // RFC 3463 §3.5, §3.6: too much traffic on the way, and too many recipients; servers use both for a session's share.
    matches!(enhanced(&reply.text), Some("4.4.5" | "4.5.3")) || has(&words(reply), OF_SESSION)
}

/// Whether a "not now" is about the state of the server itself (RFC 3463 §3.4, §3.5; RFC 5321 §4.2.3 for 421 and 451).
pub fn of_server(reply: &Reply) -> bool {
    match enhanced(&reply.text) {
        Some(code) => code.starts_with("4.3.") || code.starts_with("4.4.") || reply.code == Some(421),
        None => !matches!(reply.code, Some(450 | 452)),
    }
}

/// Whether a server lets whoever is new to it wait.
pub fn is_greylisting(reply: &Reply) -> bool {
    has(&words(reply), GREYLISTING)
}

/// Whether the words, or the code, name the reader: the address itself, or a mailbox. What is said at MAIL, or of the sender,
/// or of signing in and relaying, is not about the reader, whatever address is repeated.
pub fn names_reader(reply: &Reply, step: Step, to: &Address, from: &Address) -> bool {
    let words = words(reply);
    let names = |address: &Address| {
        words.contains(&address.as_str().to_lowercase()) || words.contains(&address.wire().to_string().to_lowercase())
    };
    if step == Step::Mail
        || has(&words, OF_SENDER)
        || has(&words, OF_RELAYING)
        || has(&words, OF_SIGNING_IN)
        || names(from) && !names(to)
    {
        return false;
    }
    names(to)
        || has(&words, OF_READER)
        || no_such_reader(reply)
        // RFC 3463 §3.3: the mailbox is full. (Of 4.2.2 Google says it to senders.)
        || enhanced(&reply.text) == Some("5.2.2")
}

/// Whether an address is said to be none: 5.1.1 and its like.
pub fn no_such_reader(reply: &Reply) -> bool {
    match enhanced(&reply.text) {
        Some(code) if NO_SUCH_READER.contains(&code) => true,
        _ => has(&words(reply), NO_SUCH_READER_IN_WORDS),
    }
}

/// Whether words speak, or may speak, of how much an account may send: such a no is never a letter's own for good.
pub fn speaks_of_limit(reply: &Reply) -> bool {
    let words = words(reply);
    let of_size = has(&words, OF_SIZE);
    Limit::in_reply(reply).is_some() || !of_size && has(&words, OF_LIMIT)
}

/// Whether words may be about the account, in whatever way.
pub fn speaks_of_account(reply: &Reply) -> bool {
    let words = words(reply);
    speaks_of_limit(reply)
        || [OF_SIGNING_IN, OF_RELAYING, OF_SENDER, OF_BLOCK]
            .iter()
            .any(|list| has(&words, list))
}

/// What a server that says the same to all letters probably means.
pub fn meaning(reply: &Reply, step: Step, signs_in: bool) -> Message {
    let words = words(reply);
    if words.contains("starttls") {
        return msg!("account-wants-encryption");
    }
    if has(&words, OF_SIZE) {
        return msg!("account-too-large");
    }
    let wants_login = reply.code == Some(530) || has(&words, OF_SIGNING_IN);
    let relays_not = has(&words, OF_RELAYING);
    if (wants_login || relays_not) && !signs_in {
        return msg!("account-wants-sign-in");
    }
    if speaks_of_limit(reply) || limit(reply).is_some() || told_pause(&words).is_some() {
        return msg!("account-has-sent-enough");
    }
    if has(&words, OF_BLOCK) {
        return msg!("account-is-blocked");
    }
    if reply.code == Some(553) || step == Step::Mail && enhanced(&reply.text).is_some() || has(&words, OF_SENDER) {
        return msg!("account-sender-refused");
    }
    if relays_not || wants_login {
        return msg!("account-may-not-relay");
    }
    msg!("account-unknown-reason")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(said: &str) -> Reply {
        let (code, text) = said.split_at(3);
        Reply::said(code.parse().unwrap(), text.trim_start())
    }

    fn to() -> Address {
        Address::parse("o1@mid.example").unwrap()
    }

    fn from() -> Address {
        Address::parse("me@x.example").unwrap()
    }

    #[track_caller]
    fn waits(step: Step, said: &str, expect: Option<Pause>) {
        assert_eq!(pause(&reply(said), step, &to()), expect, "{said}");
    }

    #[test]
    fn a_server_that_is_hurried_too_much_is_given_the_seconds_it_asks_for() {
        let told = |seconds| Some(Pause::Told(Duration::from_secs(seconds)));
        waits(
            Step::Text,
            "454 Throttling failure: Maximum sending rate exceeded.",
            Some(Pause::Growing),
        );
        waits(Step::Mail, "432 4.3.2 too many at once", Some(Pause::Growing));
        waits(Step::Mail, "422 try again in 15 seconds", told(15));
        waits(
            Step::Text,
            "550 5.7.1 more than 5 messages per second",
            Some(Pause::Growing),
        );
        waits(Step::Data, "451 4.7.1 Slow down, please wait 3 minutes", told(180));
        for no_pause in [
            "450 4.7.1 Rate limit reached, try again in 30 minutes.",
            "451 4.7.1 greylisted, come back in 5 minutes",
            "550 5.4.5 Daily sending rate exceeded",
            "452 4.3.1 out of storage",
            "550 5.1.1 no such user, try again in 5 seconds",
        ] {
            waits(Step::Text, no_pause, None);
        }
        waits(Step::Rcpt, "450 4.2.0 try again in 60 seconds", None);
        waits(Step::Rcpt, "450 4.2.1 <o1@mid.example> gets mail too fast", None);
    }

    #[test]
    fn a_reader_is_named_by_the_address_or_by_words_for_a_mailbox() {
        for said in [
            "552 5.2.2 <o1@mid.example> Quota exceeded (mailbox for user is full)",
            "550 5.1.1 unknown",
            "450 4.7.1 O1@MID.EXAMPLE: not now",
            "452 4.2.2 user over quota",
            "550 recipient has exceeded the rate limit",
        ] {
            assert!(names_reader(&reply(said), Step::Text, &to(), &from()), "{said}");
        }
        for said in [
            "554 5.7.1 Message rejected under suspicion of SPAM",
            "550-Requested action not taken: mailbox unavailable\n550 Failure sending mail. Try again later",
            "550 5.4.5 Daily sending quota exceeded for me@x.example",
            "554 5.7.1 <o1@mid.example>: Relay access denied",
            "550 5.1.0 <me@x.example>: Sender address rejected: User unknown in virtual mailbox table",
            "550 5.7.1 <o1@mid.example>: Recipient address rejected: please log in first",
        ] {
            assert!(!names_reader(&reply(said), Step::Text, &to(), &from()), "{said}");
        }
    }

    #[test]
    fn what_a_server_probably_means_is_told() {
        let means = |step, signs_in, said: &str| meaning(&reply(said), step, signs_in).code();
        for (step, signs_in, said, expect) in [
            (
                Step::Rcpt,
                false,
                "554 5.7.1 Relay access denied",
                "account-wants-sign-in",
            ),
            (
                Step::Rcpt,
                true,
                "554 5.7.1 Relay access denied",
                "account-may-not-relay",
            ),
            (
                Step::Mail,
                false,
                "530 5.7.0 Must issue a STARTTLS",
                "account-wants-encryption",
            ),
            (
                Step::Text,
                true,
                "552 Message size exceeds fixed limit",
                "account-too-large",
            ),
            (
                Step::Mail,
                true,
                "550 You may send again in 3 hours",
                "account-has-sent-enough",
            ),
            (
                Step::Mail,
                false,
                "553 5.7.1 Sender address rejected: not logged in",
                "account-wants-sign-in",
            ),
            (
                Step::Mail,
                true,
                "553 5.7.1 Sender address rejected: not owned by user",
                "account-sender-refused",
            ),
            (
                Step::Text,
                true,
                "554 5.7.1 Message rejected under suspicion of SPAM",
                "account-is-blocked",
            ),
            (
                Step::Text,
                true,
                "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException",
                "account-has-sent-enough",
            ),
            (
                Step::Rcpt,
                true,
                "550 Failure sending mail. Try again later",
                "account-has-sent-enough",
            ),
            (Step::Text, true, "554 nein", "account-unknown-reason"),
        ] {
            assert_eq!(means(step, signs_in, said), expect, "{said}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_words_at_all_make_it_panic(code in 200_u16..600, text: String) {
            let reply = Reply::said(code, text);
            let _ = pause(&reply, Step::Text, &to());
            let _ = (of_session(&reply), of_server(&reply), names_reader(&reply, Step::Rcpt, &to(), &from()));
            let _ = meaning(&reply, Step::Mail, true);
        }
    }
}
