//! What providers say when an account has sent as much as it may, and how long that lasts.
//!
//! There is no reply code for it: RFC 3463 knows x.2.2 for a full mailbox and x.7.0 for "some security reason", and
//! providers use these and codes of their own, or only words. What is known here was published by Google, Microsoft,
//! Yahoo and IONOS, as seen in November 2026.

use std::time::Duration;

use super::Reply;

/// A provider's limit on how much an account may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// On the letters of a day, which most providers count over the last 24 hours.
    Day,
    /// On how fast letters come; over after this long, as far as anybody knows.
    Rate(Duration),
}

/// How long a limit on the rate lasts when the reply does not say.
const AN_HOUR: Duration = Duration::from_hours(1);
/// Nobody is sent away for longer than this by a number in a reply.
const LONGEST: Duration = Duration::from_hours(48);

/// Enhanced codes (RFC 3463) that mean a day's limit whatever the words beside them.
const OF_A_DAY: &[&str] = &[
    "5.4.5",   // Google: daily sending quota
    "5.1.90",  // Microsoft: daily recipients
    "5.7.232", // Microsoft: daily recipients outside, trial
    "5.7.233", // Microsoft: daily recipients outside
    "5.7.705", // Microsoft: too much for the whole organisation
];

/// Enhanced codes that mean a limit on the rate whatever the words beside them.
const OF_THE_RATE: &[&str] = &[
    "4.7.28",  // Google: unusual rate
    "5.7.28",  // Google: the same, said for good
    "5.2.122", // Microsoft: recipients an hour
    "4.7.500", // Microsoft: busy, which it says to those who send much
    "4.7.650", // Microsoft: traffic unlike before
    "4.7.651", // Microsoft: the same
];

/// Words that say whose fault it is not: the reader's mailbox, one letter, the line.
const NOT_THE_ACCOUNT: &[&str] = &[
    "mailbox is full",
    "mailbox full",
    "recipient's",
    "recipient mailbox",
    "recipient thread",
    "you tried to reach",
    "trying to contact",
    "inbox",
    "storage",
    "too many recipients",
    "concurrent",
    "connections",
    "greylist",
    "graylist",
    "temporary system problem",
    "tls required",
    "message size",
    "too large",
    "too big",
];

/// Words that say it of the account, in small letters.
const THE_ACCOUNT: &[&str] = &[
    "sending limit",
    "send limit",
    "sending quota",
    "daily limit",
    "hourly limit",
    "relay limit",
    "rate limit",
    "ratelimit",
    "message limit",
    "limit exceeded",
    "exceeded the limit",
    "exceeded your",
    "exceeded its",
    "quota exceeded",
    "over quota",
    "too many messages",
    "too many mails",
    "too many emails",
    "messages per hour",
    "messages per day",
    "sent too many",
    "sending too fast",
    "too quickly",
    "unusual rate",
    "unexpected volume",
    "throttl",
];

/// Words that make it a day's.
const DAILY: &[&str] = &["daily", "per day", "24 hours", "24h", "24-hour", "tomorrow"];

/// Whether a letter has more recipients than a server takes in one go.
#[must_use]
pub fn is_too_many_recipients(reply: &Reply) -> bool {
    words(reply).contains("too many recipients")
}

/// Whether words speak of a day.
#[must_use]
pub fn is_daily(words: &str) -> bool {
    DAILY.iter().any(|word| words.contains(word))
}

impl Limit {
    /// Whether a reply's code alone says that the account has sent enough for a day.
    #[must_use]
    pub fn is_of_a_day(reply: &Reply) -> bool {
        matches!(reply.code, Some(400..=599)) && enhanced(&reply.text).is_some_and(|code| OF_A_DAY.contains(&code))
    }

    /// The limit that a 4xx or 5xx reply speaks of, if it does.
    #[must_use]
    pub fn in_reply(reply: &Reply) -> Option<Self> {
        if !matches!(reply.code, Some(400..=599)) {
            return None;
        }
        let enhanced = enhanced(&reply.text);
        let is = |codes: &[&str]| enhanced.is_some_and(|found| codes.contains(&found));
        if Self::is_of_a_day(reply) {
            return Some(Self::Day);
        }
        let words = words(reply);
        let has = |list: &[&str]| list.iter().any(|word| words.contains(word));
        let rate = || Self::Rate(told_pause(&words).unwrap_or(AN_HOUR));
        if is(OF_THE_RATE) {
            return Some(rate());
        }
        if has(NOT_THE_ACCOUNT) {
            return None;
        }
        match (reply.code, enhanced) {
            // Of a full mailbox Google says in words that it is the reader's; without them it is the sender's.
            (Some(400..=499), Some("4.2.2")) => Some(Self::Day),
            _ if has(THE_ACCOUNT) => Some(if is_daily(&words) { Self::Day } else { rate() }),
            // Whoever hangs up for a security reason wants to be left alone for a while.
            (Some(421), Some("4.7.0")) => Some(rate()),
            _ => None,
        }
    }
}

/// A reply's words on one line, in small letters: a long one repeats its enhanced code on every line, between words that
/// belong together.
#[must_use]
pub fn words(reply: &Reply) -> String {
    reply
        .text
        .lines()
        .map(|line| enhanced(line).map_or(line, |code| line.trim_start().strip_prefix(code).unwrap_or(line)))
        .flat_map(str::split_whitespace)
        .collect::<Vec<_>>()
        .join(" ")
        .to_lowercase()
}

/// The enhanced status code that a reply's text begins with (RFC 2034 §4).
#[must_use]
pub fn enhanced(text: &str) -> Option<&str> {
    let word = text.split_ascii_whitespace().next()?;
    let mut parts = word.split('.');
    let numbers: Vec<&str> = parts.by_ref().collect();
    let plain = |part: &&str| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    (numbers.len() == 3 && numbers.iter().all(plain)).then_some(word)
}

/// How an hour is called, or begins to be.
const HOURS: &[&str] = &["hour", "stund", "heure", "hora", "uur"];

/// `try again in 30 minutes`: 30 minutes. Also in some other languages, whose providers speak them.
#[must_use]
pub fn told_pause(words: &str) -> Option<Duration> {
    let mut words = words
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    while let Some(word) = words.next() {
        if !matches!(
            word,
            "in" | "after" | "wait" | "for" | "dans" | "nach" | "en" | "tra" | "over"
        ) {
            continue;
        }
        let mut rest = words.clone();
        let Some(first) = rest.next() else { continue };
        // "3s" is one word, "3 s" are two.
        let digits = first.bytes().take_while(u8::is_ascii_digit).count();
        let number: Option<u64> = first[..digits].parse().ok();
        let unit = match if digits < first.len() {
            Some(&first[digits..])
        } else {
            rest.next()
        } {
            Some(word) if ["s", "sec", "secs", "sek"].contains(&word) => 1,
            Some(word) if ["seco", "seku", "segu"].iter().any(|begins| word.starts_with(begins)) => 1,
            Some(word) if word == "m" || word.starts_with("min") => 60,
            Some(word) if word == "h" || HOURS.iter().any(|begins| word.starts_with(begins)) => 3600,
            _ => continue,
        };
        if let Some(number) = number.filter(|number| *number > 0) {
            return Some(Duration::from_secs(number.saturating_mul(unit)).min(LONGEST));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(reply: &str, expect: Option<Limit>) {
        let (code, text) = reply.split_at(3);
        let reply = Reply::said(code.parse().unwrap(), text.trim_start());
        assert_eq!(Limit::in_reply(&reply), expect, "{reply:?}");
    }

    const HOUR: Option<Limit> = Some(Limit::Rate(AN_HOUR));

    #[test]
    fn a_days_limit_is_known_in_the_words_of_google_microsoft_and_others() {
        for reply in [
            "550 5.4.5 Daily user sending limit exceeded",
            "550 5.4.5 Daily sending quota exceeded",
            "550 5.4.5",
            "550 5.4.5 You have reached a limit.\n5.4.5 For more see https://provider.example",
            "550 5.1.90 Your message can't be sent because you've reached your daily limit for message recipients",
            "550 5.7.233 your tenant exceeded its daily limit for sending email to external recipients",
            "550 5.7.705 Access denied, tenant has exceeded threshold",
            "550 5.7.1 Daily SMTP relay limit exceeded for user",
            "452 4.2.2 over quota",
            "452 4.2.2",
            "452 4.3.1 You have exceeded your daily\nlimit of messages",
            "554 Too many messages in the last 24 hours",
        ] {
            check(reply, Some(Limit::Day));
        }
    }

    #[test]
    fn a_limit_on_the_rate_is_known_and_lasts_as_long_as_the_reply_says_or_an_hour() {
        for reply in [
            "421 4.7.0 Try again later, closing connection.",
            "421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume or user complaints",
            "421 4.7.28 Our system has detected an unusual rate of mail\n4.7.28 from your address",
            "451 4.7.500 Server busy. Please try again later",
            "550 5.2.122 The recipient has exceeded their limit for the number of messages they can receive per hour",
            "450 4.2.1 Peak SMTP relay limit exceeded for customer.",
            "450 Mail send limit exceeded.",
            "450 4.7.1 Error: too many messages from this account",
        ] {
            check(reply, HOUR);
        }
        let minutes = |minutes| Some(Limit::Rate(Duration::from_mins(minutes)));
        check("450 4.7.1 Rate limit reached, try again in 30 minutes.", minutes(30));
        check("451 sending limit; please wait 1200 seconds", minutes(20));
        check("450 4.7.1 rate limit, retry after 300s", minutes(5));
        check("450 4.7.1 rate limit: réessayez dans 10 minutes", minutes(10));
        check("450 4.7.1 rate limit, erneut in 2 Stunden", minutes(120));
        check("451 rate limit, come back in 99999999999999999999 hours", HOUR);
        check("451 rate limit, come back in 99999999999 hours", minutes(48 * 60));
    }

    #[test]
    fn what_is_said_of_one_reader_one_letter_or_the_server_is_no_limit_of_the_account() {
        for reply in [
            "250 2.0.0 you are below the daily limit",
            "452 4.2.2 The email account that you tried to reach is over quota.",
            "452 4.2.2 The recipient's inbox is out of storage space",
            "552 5.2.2 mailbox full",
            "450 4.2.1 The user you are trying to contact is receiving mail too quickly",
            "452 4.5.3 Too many recipients",
            "451 4.7.1 greylisted, come back in 5 minutes",
            "421 4.3.2 closing",
            "421 4.7.0 Temporary System Problem. Try again later",
            "421 too many concurrent connections, limit exceeded",
            "552 5.3.4 message size limit exceeded",
            "550 5.7.1 we do not want this",
            "554 5.7.9 Message not accepted for policy reasons",
            "550 5.1.1 no such user",
            "451 later",
        ] {
            check(reply, None);
        }
    }

    proptest::proptest! {
        #[test]
        fn no_words_at_all_make_it_panic(code in 200_u16..600, text: String) {
            let _ = Limit::in_reply(&Reply::said(code, text));
        }
    }
}
