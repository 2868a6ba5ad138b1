//! Copies that letters left without: lines of their own.

use appel_core::letter::{Left, OpenCopy};

use super::*;

fn me() -> Address {
    Address::parse("mé+here@x.example").unwrap()
}

fn id_of(number: u8, copy: &str) -> LetterId {
    id(number).of_copy(&Address::parse(copy).unwrap())
}

/// A letter's end, and that of its two copies.
fn ended_with(number: u8, status: Status, copies: [Status; 2], at: Timestamp) -> Entry {
    let [one, two] = copies;
    Entry::Outcome(Box::new(Attempted {
        id: id(number),
        at,
        outcome: said(status),
        sha256: [number; 32],
        facts: "{}".into(),
        copies: vec![copy("one@x.example", said(one)), copy("two@x.example", said(two))],
    }))
}

fn claim_copy(number: u8, copy: &str, after: Status) -> Entry {
    Entry::Claim(Intent {
        id: id_of(number, copy),
        recipient: copy.to_owned(),
        copies: Vec::new(),
        ..intent(number, Some(after))
    })
}

fn copy_ended(number: u8, copy: &str, status: Status, at: Timestamp) -> Entry {
    Entry::Outcome(Box::new(Attempted {
        id: id_of(number, copy),
        at,
        outcome: said(status),
        sha256: [number; 32],
        facts: "{}".into(),
        copies: Vec::new(),
    }))
}

impl<S: Site> Subject<S> {
    async fn send_with(&mut self, number: u8, status: Status, copies: [Status; 2]) {
        let now = self.now;
        self.writes(&[
            (Power, &[claim(number)]),
            (Process, &[begin(number)]),
            (Power, &[ended_with(number, status, copies, now)]),
        ])
        .await;
    }

    async fn open_copies(&mut self) -> Vec<OpenCopy> {
        let mut open = Vec::new();
        let mut each = |copy| open.push(copy);
        self.ledger().await.open_copies("c", &me(), &mut each).await.unwrap();
        open
    }

    async fn open(&mut self) -> Vec<(String, Status)> {
        let open = self.open_copies().await;
        open.into_iter().map(|copy| (copy.address, copy.past.status)).collect()
    }

    async fn needed(&mut self, numbers: &[u8]) -> Vec<bool> {
        let ids: Vec<LetterId> = numbers.iter().map(|number| id(*number)).collect();
        self.ledger().await.bytes_are_needed(&ids).await.unwrap()
    }
}

fn one(status: Status) -> (String, Status) {
    ("one@x.example".to_owned(), status)
}

fn two(status: Status) -> (String, Status) {
    ("two@x.example".to_owned(), status)
}

pub async fn a_copy_that_was_put_off_while_its_letter_was_accepted_goes_its_own_way(subject: &mut Subject<impl Site>) {
    subject.send_with(1, Accepted, [Deferred, Refused]).await;
    subject.send_with(2, Accepted, [Accepted, Accepted]).await;
    subject.close().await;
    let open = subject.open_copies().await;
    assert_eq!(
        open[0],
        OpenCopy {
            id: id_of(1, "one@x.example"),
            letter: id(1),
            address: "one@x.example".to_owned(),
            language: "fr".to_owned(),
            past: appel_core::letter::Past {
                status: Deferred,
                first_date: start(),
            },
            left: Some(Left {
                sha256: [1; 32],
                facts: "{}".into(),
            }),
        }
    );
    assert_eq!(subject.open().await, [one(Deferred), two(Refused)]);
    assert_eq!(subject.needed(&[1, 2, 9]).await, [true, false, false]);
    // The letter itself stays accepted, and nobody claims it again.
    assert_eq!(subject.statuses([1]).await, [Some(Accepted)]);
    let now = subject.now;
    let (copy, begins) = ("one@x.example", Entry::Begin(id_of(1, "one@x.example")));
    for status in [Deferred, Accepted] {
        subject
            .writes(&[
                (Power, &[claim_copy(1, copy, Deferred)]),
                (Process, std::slice::from_ref(&begins)),
                (Power, &[copy_ended(1, copy, status, now)]),
            ])
            .await;
    }
    assert_eq!(subject.open().await, [two(Refused)]);
    assert_eq!(subject.needed(&[1]).await, [false]);
    let lost = subject.write(&[claim_copy(1, copy, Accepted)], Power).await.unwrap();
    assert_eq!(lost, [Claimed::Lost(Some(Accepted))]);
    subject.close().await;
    assert_eq!(subject.open().await, [two(Refused)]);
    let events = subject.events().await;
    let told: Vec<_> = events
        .iter()
        .map(|event| (&*event.record.recipient, event.record.copy_of, event.outcome.status))
        .collect();
    assert_eq!(
        told,
        [
            (&*r(1), None, Accepted),
            (&*r(2), None, Accepted),
            (copy, Some(id(1)), Deferred),
            (copy, Some(id(1)), Accepted),
        ]
    );
    assert_eq!(events[2].record.message_id(), events[0].record.message_id());
}

pub async fn only_a_letter_that_is_accepted_lets_its_copies_go_their_own_way(subject: &mut Subject<impl Site>) {
    for (number, status) in [(1, Deferred), (2, Refused), (3, InDoubt), (4, InDoubt)] {
        subject.send_with(number, status, [Deferred, InDoubt]).await;
    }
    assert_eq!(subject.open().await, []);
    assert_eq!(subject.needed(&[1, 2, 3, 4]).await, [false, false, true, true]);
    // A person finds out that it was: then the copy that had its answer is known not to have it.
    assert!(subject.settle(&[3], Settled::Sent).await && subject.settle(&[4], Settled::Unsent).await);
    assert_eq!(subject.open().await, [one(Deferred)]);
    assert_eq!(subject.needed(&[3, 4]).await, [true, false]);
    subject.kill();
    assert_eq!(subject.open().await, [one(Deferred)]);
    let now = subject.now;
    subject
        .writes(&[
            (Power, &[claim_after(1, Deferred)]),
            (Process, &[begin(1)]),
            (Power, &[ended_with(1, Accepted, [Accepted, Deferred], now)]),
        ])
        .await;
    assert_eq!(subject.open().await, [one(Deferred), two(Deferred)]);
}

pub async fn a_copy_that_is_killed_in_flight_is_in_doubt_and_settled_by_itself(subject: &mut Subject<impl Site>) {
    subject.send_with(1, Accepted, [Deferred, Deferred]).await;
    let copies = ["one@x.example", "two@x.example"];
    let claims = copies.map(|copy| claim_copy(1, copy, Deferred));
    subject
        .writes(&[(Power, &claims), (Process, &[Entry::Begin(id_of(1, copies[0]))])])
        .await;
    subject.kill();
    assert_eq!(subject.open().await, [one(InDoubt), two(Deferred)]);
    assert_eq!(subject.statuses([1]).await, [Some(Accepted)]);
    let ids = [id_of(1, copies[0])];
    let now = subject.now;
    subject.ledger().await.settle(&ids, Settled::Unsent, now).await.unwrap();
    subject.site.synced();
    assert_eq!(subject.open().await, [one(Deferred), two(Deferred)]);
    subject.writes(&[(Power, &claims)]).await;
    subject.cut_power();
    assert_eq!(subject.open().await, [one(InDoubt), two(InDoubt)]);
    subject.ledger().await.settle(&ids, Settled::Sent, now).await.unwrap();
    subject.site.synced();
    assert_eq!(subject.open().await, [two(InDoubt)]);
    assert_eq!(subject.needed(&[1]).await, [true]);
}

pub async fn what_was_sent_to_a_copy_alone_counts_as_a_copy_and_is_forgotten_with_its_campaign(
    subject: &mut Subject<impl Site>,
) {
    subject.send_with(1, Accepted, [Deferred, Refused]).await;
    let now = subject.now;
    let at = id_of(1, "one@x.example");
    subject
        .writes(&[
            (Power, &[claim_copy(1, "one@x.example", Deferred)]),
            (Process, &[Entry::Begin(at)]),
            (Power, &[copy_ended(1, "one@x.example", Accepted, now)]),
        ])
        .await;
    let since = start() - SignedDuration::from_hours(1);
    let handed_over = subject
        .ledger()
        .await
        .handed_over_since(&me(), since, true)
        .await
        .unwrap();
    assert_eq!(handed_over, [(now, 1), (now, 1)]);
    let holdings = subject.ledger().await.holdings("c", since).await.unwrap();
    assert_eq!((holdings.letters(), holdings.accepted, holdings.attempts), (1, 1, 2));
    for forgotten in [false, true] {
        if forgotten {
            assert!(subject.ledger().await.purge("c", since).await.unwrap());
            subject.site.synced();
            assert_eq!(subject.open().await, []);
            assert_eq!(subject.needed(&[1]).await, [false]);
        }
        let recent = subject
            .ledger()
            .await
            .recent(&me(), Limits::default(), since)
            .await
            .unwrap();
        let count = |mailbox: &str, copy| recent.count(mailbox, copy, "mé@x.example");
        let counts = [
            count("r1@x.example", false),
            count("one@x.example", false),
            count("one@x.example", true),
            count("two@x.example", true),
        ];
        assert_eq!(counts, [1, 0, 1, 0], "forgotten: {forgotten}");
    }
}
