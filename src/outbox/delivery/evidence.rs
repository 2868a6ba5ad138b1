//! What a reply is evidence of: this letter, this reader, this connection, this account, or this server. Decided here
//! and nowhere else, by what was tried and what else was accepted; a table is in docs/reliability.md.

pub mod gist;
pub mod hints;

use std::collections::{BTreeMap, BTreeSet};

use appel_core::address::Address;
use appel_core::letter::LetterId;
use appel_core::outcome::Status;

use self::gist::Gist;
use self::hints::Pause;
use crate::outbox::ledger::LastTry;
use crate::transport::limits::Limit;
use crate::transport::{Reply, Sent, Step};

/// So many letters running are told the same, and it is the account, not a letter.
const SAME: usize = 4;
/// The same of addresses that are said not to exist: a list may be old.
const NO_SUCH_READERS: usize = 10;
/// So many are told no with the same codes in whatever words, and nothing is accepted between.
const ANYTHING: usize = 15;
/// So many lines break behind a letter, one after the other.
const BROKEN: u32 = 4;
/// So many are kept in mind.
const MOST: usize = 200;

/// Whether a reply is about the connection: it had taken letters, and now has had its share. The same letter leaves at once
/// on a fresh one; only what that says to its first letter counts further.
pub fn is_of_connection(sent: &Sent, taken: u32) -> bool {
    let reply = &sent.outcome.reply;
    let Some(code) = reply.code.filter(|_| taken > 0) else {
        return false;
    };
    if matches!(sent.outcome.status, Status::Accepted | Status::InDoubt) {
        return false;
    }
    match (code, sent.step) {
        (421, _) => true,
        (400..=599, Step::Mail | Step::Data) => !hints::shows_account(reply),
        (400..=599, Step::Rcpt | Step::Text) => hints::of_session(reply),
        _ => false,
    }
}

/// What a letter was told.
#[derive(Debug)]
pub struct Heard<'h> {
    /// The letter's line in the ledger: its own, or a copy's.
    pub line: LetterId,
    /// The letter.
    pub letter: LetterId,
    /// Whether it was a copy that goes alone.
    pub is_copy: bool,
    /// Whether that is the sender's own.
    pub is_own_copy: bool,
    /// Whom it goes to.
    pub to: &'h Address,
    /// From whom.
    pub from: &'h Address,
    /// What was said.
    pub reply: &'h Reply,
    /// At which step.
    pub step: Step,
    /// Whether it was said for good (5xx).
    pub for_good: bool,
    /// The no that an earlier run heard of it.
    pub before: Option<LastTry>,
    /// Whether other connections are at it.
    pub others: bool,
}

/// What that is about.
#[derive(Debug, PartialEq, Eq)]
pub enum About {
    /// The letter, or its reader, not for good: it is tried again.
    LetterForNow,
    /// The letter, or its reader, for good; whether that is so only what comes next can tell.
    LetterForGood,
    /// The sender's own mailbox, at once and whether for good or not: it tells nothing of letters.
    OwnCopy,
    /// The pace.
    Pace(Pause),
    /// How many connections there are: one too many.
    Crowd,
    /// The account: a limit that is known by its words or code.
    Limit(Limit),
    /// The account: so many letters running were told the same.
    Account(usize),
    /// The server, which is not ready.
    Server,
}

/// A no, or a "not now", that may be about the account.
#[derive(Debug)]
struct No {
    line: LetterId,
    letter: LetterId,
    reply: Reply,
    step: Step,
    gist: Gist,
    for_good: bool,
    names_reader: bool,
    /// The words may be about how much an account may send: then it is never the letter's own for good.
    of_limit: bool,
    /// They may be about the account in another way: then only what is accepted afterwards shows that it is the letter's own.
    of_account: bool,
    /// It was told the same in an earlier run, and one of the two runs had a letter accepted.
    again: bool,
    heard: u64,
}

/// What was heard of letters since the last that was accepted.
#[derive(Debug, Default)]
pub struct Evidence {
    /// Counts what begins and what is heard: a letter that began before a no was heard says nothing about that no.
    moment: u64,
    /// Whether any letter was accepted in this run.
    accepted: bool,
    /// Letters that a server was asked to take, each once.
    tried: usize,
    nos: Vec<No>,
    /// Lines that broke behind a letter, one after the other, and when the last was heard of.
    broken: u32,
    broke: u64,
}

impl Evidence {
    /// A letter begins now.
    pub const fn begins(&mut self) -> u64 {
        self.moment += 1;
        self.moment
    }

    /// A letter had its first try.
    pub const fn tried(&mut self) {
        self.tried += 1;
    }

    /// A letter that began then is accepted: so what was said before of others was about them alone. Gives the lines of those
    /// that were refused for good.
    pub fn accepted(&mut self, began: u64) -> Vec<LetterId> {
        self.accepted = true;
        self.broken = 0;
        if self.nos.is_empty() {
            return Vec::new();
        }
        let (settled, open): (Vec<_>, Vec<_>) = std::mem::take(&mut self.nos)
            .into_iter()
            .partition(|no| no.heard < began);
        self.nos = open;
        for_good(settled, false)
    }

    /// A letter that began then was handed over, and the line broke before its reply. Whether that goes on and on: what
    /// broke at one moment on several connections counts once.
    pub const fn breaks_behind_letters(&mut self, began: u64) -> bool {
        if began > self.broke {
            self.broken += 1;
            self.moment += 1;
            self.broke = self.moment;
        }
        self.broken >= BROKEN
    }

    /// What a no is about, or a "not now": in the order in which one rules out the next.
    pub fn about(&mut self, heard: Heard) -> About {
        let Heard {
            to,
            from,
            reply,
            step,
            for_good,
            ..
        } = heard;
        if heard.others && hints::is_crowded(reply) {
            return About::Crowd;
        }
        if let Some(pause) = hints::pause(reply, step, to) {
            return About::Pace(pause);
        }
        let names_reader = hints::names_reader(reply, step, to, from);
        let of_reader = names_reader || step == Step::Rcpt;
        if (!of_reader || Limit::is_of_a_day(reply) && !names_reader)
            && let Some(limit) = hints::limit(reply)
        {
            return About::Limit(limit);
        }
        if heard.is_own_copy {
            return About::OwnCopy;
        }
        if !for_good {
            let comes_later = step == Step::Rcpt && (hints::wait_of_letter(reply).is_some() || hints::of_server(reply));
            if heard.is_copy || comes_later || hints::is_greylisting(reply) {
                return About::LetterForNow;
            }
            if hints::of_server(reply) && !of_reader {
                return About::Server;
            }
        }
        let dead_address = names_reader && hints::no_such_reader(reply);
        let gist = Gist::of(reply, to);
        let of_limit = !names_reader && hints::speaks_of_limit(reply);
        let of_account = !names_reader && hints::speaks_of_account(reply);
        let again = !of_limit
            && heard.before.is_some_and(|before| {
                let among_accepted = before.among_accepted || self.accepted;
                (dead_address || among_accepted) && Gist::of(&before.reply, to).is_like(&gist)
            });
        self.note(No {
            line: heard.line,
            letter: heard.letter,
            reply: reply.clone(),
            step,
            gist,
            for_good,
            names_reader,
            of_limit,
            of_account,
            again,
            heard: self.moment + 1,
        });
        match self.told_the_same(if dead_address { NO_SUCH_READERS } else { SAME }) {
            Some(letters) => About::Account(letters),
            None if for_good => About::LetterForGood,
            None => About::LetterForNow,
        }
    }

    fn note(&mut self, no: No) {
        self.moment += 1;
        self.nos.retain(|before| before.line != no.line);
        if self.nos.len() >= MOST {
            self.nos.remove(0);
        }
        self.nos.push(no);
    }

    /// How many letters running were told what was said last, when those are enough to make it the account's. What is told
    /// a letter again is no news of the account, but where others hear it for the first time.
    fn told_the_same(&self, enough: usize) -> Option<usize> {
        let last = self.nos.last()?;
        let alike: Vec<&No> = self.nos.iter().filter(|no| no.gist.is_like(&last.gist)).collect();
        let letters: BTreeSet<LetterId> = alike.iter().map(|no| no.letter).collect();
        if letters.len() >= enough && !alike.iter().all(|no| no.again) {
            return Some(letters.len());
        }
        let for_good = |no: &&No| no.for_good && !no.again && !no.names_reader && no.gist.has_codes_of(&last.gist);
        let for_good = self.nos.iter().filter(for_good).count();
        (for_good >= ANYTHING).then_some(for_good)
    }

    /// Everything due was tried. Gives how many letters were told the same, when fewer were due than make it the account's,
    /// none was accepted, and nothing names a reader; and what.
    pub fn all_were_told_the_same(&self) -> Option<(usize, Reply, Step)> {
        let first = self.nos.first()?;
        let same = |no: &No| no.for_good && !no.again && !no.names_reader && no.gist.is_like(&first.gist);
        (!self.accepted && self.tried == self.nos.len() && self.tried < SAME && self.nos.iter().all(same))
            .then(|| (self.tried, first.reply.clone(), first.step))
    }

    /// Everything due was tried, and it was not the account: gives the lines of those that were refused for good.
    pub fn settle(&mut self) -> Vec<LetterId> {
        for_good(std::mem::take(&mut self.nos), true)
    }
}

/// `at_the_end`: nothing was accepted after them.
fn for_good(nos: Vec<No>, at_the_end: bool) -> Vec<LetterId> {
    let open = |no: &No| no.of_limit || at_the_end && no.of_account && !no.again;
    let refused = nos.into_iter().filter(|no| no.for_good && !open(no));
    refused.map(|no| no.line).collect()
}

/// How many letters a connection takes, as far as was seen.
#[derive(Debug, Default)]
pub struct Lengths {
    seen: BTreeMap<u32, u32>,
    known: Option<u32>,
}

impl Lengths {
    /// As far as is known from before.
    pub const fn known(known: Option<u32>) -> Self {
        Self {
            seen: BTreeMap::new(),
            known,
        }
    }

    /// A connection was at its end after so many letters, and a fresh one took the next. Twice at the same number, and it is
    /// no accident.
    pub fn ended_after(&mut self, letters: u32) {
        let times = self.seen.entry(letters).or_default();
        *times += 1;
        if *times > 1 {
            self.known = Some(self.known.map_or(letters, |known| known.min(letters)));
        } else if self.known.is_some_and(|known| letters < known) {
            // It takes fewer than was thought.
            self.known = None;
        }
        while self.seen.len() > MOST {
            self.seen.pop_last();
        }
    }

    /// After how many letters a connection is renewed.
    pub const fn most(&self) -> Option<u32> {
        self.known
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u8) -> LetterId {
        LetterId::from_bytes([number; 16])
    }

    fn said(words: &str) -> Reply {
        let (code, text) = words.split_at(3);
        Reply::said(code.parse().unwrap(), text.trim_start())
    }

    /// A run: letters are told something, one after the other.
    #[derive(Default)]
    struct Run(Evidence);

    impl Run {
        fn told(&mut self, number: u8, step: Step, words: &str, before: Option<bool>) -> About {
            let (to, from) = (format!("r{number}@a.example"), "me@x.example");
            let reply = said(&words.replace("TO", &to).replace("FROM", from));
            self.0.begins();
            self.0.tried();
            self.0.about(Heard {
                line: id(number),
                letter: id(number),
                is_copy: false,
                is_own_copy: false,
                to: &Address::parse(&to).unwrap(),
                from: &Address::parse(from).unwrap(),
                reply: &reply,
                step,
                for_good: reply.code >= Some(500),
                before: before.map(|among_accepted| LastTry {
                    at: jiff::Timestamp::UNIX_EPOCH,
                    reply: reply.clone(),
                    among_accepted,
                }),
                others: false,
            })
        }

        fn accepts(&mut self) -> Vec<LetterId> {
            let began = self.0.begins();
            self.0.tried();
            self.0.accepted(began)
        }
    }

    const SPAM: &str = "554 5.7.1 suspicion of spam";

    #[test]
    fn a_block_that_lasts_refuses_nothing_in_the_second_run_either() {
        let mut run = Run::default();
        // Two that are new to it, then those that the first run tried, in which something was accepted.
        let told: Vec<About> = [(7, None), (8, None), (3, Some(true)), (4, Some(true))]
            .into_iter()
            .map(|(number, before)| run.told(number, Step::Text, SPAM, before))
            .collect();
        assert_eq!(told[3], About::Account(4));
    }

    #[test]
    fn what_four_letters_were_told_before_and_are_told_again_is_theirs() {
        let mut run = Run::default();
        for number in 1..=6 {
            assert_eq!(
                run.told(number, Step::Rcpt, "550 5.7.1 no", Some(true)),
                About::LetterForGood
            );
        }
        assert_eq!(run.0.all_were_told_the_same(), None);
        assert_eq!(run.0.settle().len(), 6);
        // Where neither run had anything accepted, nobody knows.
        let mut run = Run::default();
        let told: Vec<About> = (1..=4)
            .map(|number| run.told(number, Step::Rcpt, "550 5.7.1 no", Some(false)))
            .collect();
        assert_eq!(told[3], About::Account(4));
    }

    #[test]
    fn words_that_speak_of_a_limit_are_no_letters_own_however_few_hear_them() {
        for words in [
            "554 5.2.0 SubmissionQuotaExceededException",
            "550 Failure. Try again later",
        ] {
            let mut run = Run::default();
            run.accepts();
            for number in 1..=3 {
                assert_eq!(run.told(number, Step::Text, words, Some(true)), About::LetterForGood);
            }
            // Not even when others are accepted afterwards: a window slides.
            assert_eq!(run.accepts(), [], "{words}");
            run.told(4, Step::Text, words, None);
            assert_eq!(run.0.settle(), [], "{words}");
        }
    }

    #[test]
    fn words_about_the_account_at_the_end_of_a_run_leave_its_last_letters_due() {
        for (words, again, refused) in [
            (SPAM, None, 0),
            (SPAM, Some(true), 2),
            ("554 5.7.1 not this letter", None, 2),
        ] {
            let mut run = Run::default();
            run.accepts();
            run.told(1, Step::Text, words, again);
            run.told(2, Step::Text, words, again);
            assert_eq!(run.0.settle().len(), refused, "{words}");
        }
        // What is accepted afterwards shows that it was theirs.
        let mut run = Run::default();
        run.told(1, Step::Text, SPAM, None);
        assert_eq!(run.accepts(), [id(1)]);
    }

    #[test]
    fn one_connection_too_many_is_told_by_the_crowd_there_is() {
        let mut evidence = Evidence::default();
        let [to, from] = ["c@a.example", "me@x.example"].map(|address| Address::parse(address).unwrap());
        let mut told = |others| {
            evidence.about(Heard {
                line: id(1),
                letter: id(1),
                is_copy: false,
                is_own_copy: false,
                to: &to,
                from: &from,
                reply: &said("432 4.3.2 sender thread limit exceeded"),
                step: Step::Text,
                for_good: false,
                before: None,
                others,
            })
        };
        assert_eq!((told(true), told(false)), (About::Crowd, About::Pace(Pause::Growing)));
    }

    #[test]
    fn a_line_that_breaks_behind_every_letter_is_no_accident_and_one_that_takes_four_connections_along_is() {
        let mut run = Run::default();
        let began: Vec<u64> = (0..4).map(|_| run.0.begins()).collect();
        assert!(began.into_iter().all(|began| !run.0.breaks_behind_letters(began)));
        let broken: Vec<bool> = (0..3)
            .map(|_| {
                let began = run.0.begins();
                run.0.breaks_behind_letters(began)
            })
            .collect();
        assert_eq!(broken, [false, false, true]);
    }

    #[test]
    fn a_sender_that_is_refused_is_no_dead_reader_whatever_the_words() {
        let words = "550 5.1.0 <FROM>: Sender address rejected: User unknown in virtual mailbox table";
        for step in [Step::Mail, Step::Rcpt] {
            let mut run = Run::default();
            let told: Vec<About> = (1..=4).map(|number| run.told(number, step, words, None)).collect();
            assert_eq!(told[3], About::Account(4), "{step:?}");
        }
        let mut run = Run::default();
        run.told(1, Step::Rcpt, words, None);
        assert!(run.0.all_were_told_the_same().is_some());
    }

    #[test]
    fn a_server_that_relays_for_nobody_repeats_the_address_and_does_not_mean_it() {
        let mut run = Run::default();
        for number in 1..=3 {
            run.told(number, Step::Rcpt, "554 5.7.1 <TO>: Relay access denied", None);
        }
        assert_eq!(run.0.all_were_told_the_same().map(|(letters, ..)| letters), Some(3));
    }

    #[test]
    fn copies_that_are_put_off_alone_say_nothing_of_the_account() {
        let mut evidence = Evidence::default();
        let [to, from] = ["c@a.example", "me@x.example"].map(|address| Address::parse(address).unwrap());
        for number in 1..=9 {
            let about = evidence.about(Heard {
                line: id(number),
                letter: id(100),
                is_copy: true,
                is_own_copy: false,
                to: &to,
                from: &from,
                reply: &said("450 4.7.1 please come later"),
                step: Step::Rcpt,
                for_good: false,
                before: None,
                others: false,
            });
            assert_eq!(about, About::LetterForNow);
        }
    }

    #[test]
    fn addresses_that_do_not_exist_are_the_lists_up_to_ten_of_them() {
        let mut run = Run::default();
        let told: Vec<About> = (1..=10)
            .map(|number| run.told(number, Step::Rcpt, "550 5.1.1 <TO>: user unknown", None))
            .collect();
        assert!(told[..9].iter().all(|about| *about == About::LetterForGood));
        assert_eq!(told[9], About::Account(10));
    }

    #[test]
    fn how_many_letters_a_connection_takes_is_known_when_two_end_alike() {
        let mut lengths = Lengths::known(None);
        for (letters, expect) in [(100, None), (7, None), (100, Some(100)), (7, Some(7)), (3, None)] {
            lengths.ended_after(letters);
            assert_eq!(lengths.most(), expect, "{letters}");
        }
    }
}
