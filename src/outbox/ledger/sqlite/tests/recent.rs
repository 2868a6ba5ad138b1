//! Who was written to in the last 24 hours, as a ledger tells it.

use appel_core::address::Address;
use appel_core::campaign::Limits;

use super::*;

fn sender() -> Address {
    Address::parse("Me+here@X.example").unwrap()
}

fn hours_ago(hours: i64) -> Timestamp {
    now() - jiff::SignedDuration::from_hours(hours)
}

fn outcome_at(number: u8, at: Timestamp, status: Status, copy: Status) -> Entry {
    Entry::Outcome(Box::new(Attempted {
        id: id(number),
        at,
        outcome: Outcome::new(status, Reply::said(250, "so it goes")),
        sha256: [7; 32],
        facts: "{}".into(),
        copies: vec![copy_that_is(copy, 250, "so it goes")],
    }))
}

fn tried(number: u8, at: Timestamp, status: Status, copy: Status) -> Vec<(Durability, Vec<Entry>)> {
    vec![
        (Power, vec![claim(number)]),
        (Process, vec![Entry::Begin(id(number))]),
        (Process, vec![outcome_at(number, at, status, copy)]),
    ]
}

/// How often the To of a letter and the copy of all were written to.
fn counts(subject: &Subject, number: u8) -> [usize; 2] {
    let mut ledger = subject.reader();
    let recent = at_once(ledger.recent(&sender(), Limits::default(), hours_ago(24))).unwrap();
    let count = |mailbox: &str, copy| recent.count(mailbox, copy, "me@x.example");
    [
        count(&format!("r{number}@x.example"), false),
        count("copy@x.example", true),
    ]
}

#[test]
fn what_was_taken_or_may_have_been_counts_once_for_a_day() {
    use Status::{Accepted, Deferred, InDoubt, Refused};
    let subject = Subject::new();
    subject.ended_after(&tried(1, hours_ago(25), Accepted, Accepted));
    assert_eq!(counts(&subject, 1), [0, 0]);
    subject.ended_after(&tried(2, hours_ago(2), Accepted, Refused));
    assert_eq!(counts(&subject, 2), [1, 0], "a refused copy does not count");
    subject.ended_after(&tried(3, hours_ago(2), Refused, Refused));
    assert_eq!(counts(&subject, 3), [0, 0]);
    subject.ended_after(&tried(4, hours_ago(2), Deferred, Deferred));
    assert_eq!(counts(&subject, 4), [0, 0]);
    subject.ended_after(&tried(5, hours_ago(2), InDoubt, InDoubt));
    assert_eq!(counts(&subject, 5), [1, 1]);
    let mut again = tried(5, hours_ago(1), Accepted, Accepted);
    again[0].1 = vec![claim_after(5, InDoubt)];
    subject.ended_after(&again);
    assert_eq!(counts(&subject, 5), [1, 1], "sent once more it is the same letter");
    subject.killed_after(&[(Power, vec![claim(6)]), (Process, vec![Entry::Begin(id(6))])]);
    assert_eq!(counts(&subject, 6), [1, 2], "what a killed run left may have arrived");
}

#[test]
fn what_is_forgotten_counts_on_and_is_gone_after_a_day() {
    let subject = Subject::new();
    subject.ended_after(&tried(1, hours_ago(2), Status::Accepted, Status::Accepted));
    let purge = |since| {
        let mut ledger = subject.lock();
        assert!(ledger.purge("c", since));
        ledger.close();
    };
    purge(hours_ago(24));
    assert_eq!(subject.status(1), None);
    assert_eq!(counts(&subject, 1), [1, 1]);
    let rows = || -> [i64; 2] {
        let db = Connection::open(subject.path()).unwrap();
        ["forgotten", "salt"].map(|table| {
            db.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))
                .unwrap()
        })
    };
    assert_eq!(rows(), [2, 1]);
    purge(hours_ago(2));
    assert_eq!((rows(), counts(&subject, 1)), ([0, 0], [0, 0]));
}
