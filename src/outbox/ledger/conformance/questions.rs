//! What is asked, and forgotten.

use super::*;

pub async fn each_question_is_answered_of_the_letters_it_is_about(subject: &mut Subject<impl Site>) {
    subject.send(1, Accepted).await;
    subject.send(2, InDoubt).await;
    let of = |number, campaign: &str, sender: &str| {
        Entry::Claim(Intent {
            campaign: campaign.to_owned(),
            sender: sender.to_owned(),
            ..intent(number, None)
        })
    };
    let now = subject.now;
    subject
        .writes(&[
            (
                Power,
                &[
                    of(3, "c", "bob@x.example"),
                    of(4, "other", "Mé+here@x.example"),
                    claim(5),
                ],
            ),
            (Process, &[begin(3), begin(4)]),
            (Power, &[ended(3, InDoubt, now), ended(4, InDoubt, now), release(5)]),
        ])
        .await;
    // Together or apart, in whatever order, and as often as one likes.
    let known = [Some(Accepted), Some(InDoubt), Some(InDoubt), Some(InDoubt), None, None];
    for order in [vec![1, 2, 3, 4, 5, 6], vec![6, 4, 2], vec![3, 3, 1], vec![]] {
        let expected: Vec<_> = order.iter().map(|number| known[usize::from(*number) - 1]).collect();
        assert_eq!(subject.statuses(order).await, expected);
    }
    assert_eq!(
        subject.story().await,
        [(r(1), Accepted), (r(2), InDoubt), (r(3), InDoubt)]
    );
    let ledger = subject.ledger().await;
    // However the sender's address is written.
    for sender in ["Mé+here@x.example", "mÉ+HERE@X.example"] {
        let sender = &appel_core::testing::address(sender);
        let (mut records, mut doubts) = (Vec::new(), Vec::new());
        let mut each = |record: Record| records.push(record.recipient);
        ledger.records_of_sender("c", sender, &mut each).await.unwrap();
        let mut each = |event: LedgerEvent| doubts.push(event.record.recipient);
        ledger.doubts_of_sender("c", sender, &mut each).await.unwrap();
        // The copy that was refused while its letter was accepted has a line of its own.
        let all = vec![r(1), "two@x.example".to_owned(), r(2)];
        assert_eq!((records, doubts), (all, vec![r(2)]));
    }
    let (campaign, record) = ledger.record(id(4)).await.unwrap().unwrap();
    assert_eq!(
        (&*campaign, &*record.letter, record.status),
        ("other", "protest", Some(InDoubt))
    );
    assert_eq!(ledger.record(id(5)).await.unwrap().unwrap().1.status, None);
    assert_eq!(ledger.record(id(6)).await.unwrap(), None);
    let last = ledger.last_event(id(1)).await.unwrap().unwrap();
    let EventKind::Attempt { sha256, facts } = &last.kind else {
        panic!("{last:?}")
    };
    assert_eq!(
        (*sha256, facts.as_deref()),
        (Some([1; 32]), Some("{\"killed\":\"at least 14\"}"))
    );
    assert_eq!(ledger.last_event(id(5)).await.unwrap(), None);
}

pub async fn how_a_letter_that_is_deferred_was_tried_last_is_known(subject: &mut Subject<impl Site>) {
    // A run in which nothing was accepted, then one in which something was.
    subject.send(1, Deferred).await;
    subject.send(2, Deferred).await;
    subject.send(3, InDoubt).await;
    let first = subject.now;
    subject.close().await;
    let second = subject.now;
    subject
        .writes(&[
            (Power, &[claim_after(2, Deferred), claim(4)]),
            (Process, &[begin(2), begin(4)]),
            (Power, &[said_no(2, second), ended(4, Accepted, second)]),
        ])
        .await;
    assert!(subject.settle(&[3], Settled::Unsent).await);
    let ids = [1, 2, 3, 5].map(id);
    let ledger = subject.ledger().await;
    let tried = ledger.last_tries(&ids, 10).await.unwrap();
    let last = |at, reply, among_accepted| LastTry {
        at,
        reply,
        among_accepted,
    };
    // A person's word is no try.
    let one = (id(1), last(first, Reply::said(451, "4.7.1 later"), false));
    let two = (id(2), last(second, Reply::said(550, "5.7.1 no"), true));
    assert_eq!(tried, HashMap::from([one, two.clone()]));
    assert_eq!(ledger.last_tries(&ids, 1).await.unwrap(), HashMap::from([two]));
    assert_eq!(ledger.last_tries(&ids[2..], 1).await.unwrap(), HashMap::new());
}

pub async fn what_was_handed_over_counts_for_a_day_and_for_its_sender(subject: &mut Subject<impl Site>) {
    subject.send(1, Accepted).await;
    subject.now += SignedDuration::from_hours(2);
    subject.send(2, InDoubt).await;
    subject.send(3, Refused).await;
    subject.send(4, Deferred).await;
    // Sent once more it is the same letter.
    subject.now += SignedDuration::from_hours(1);
    let now = subject.now;
    subject
        .writes(&[
            (Power, &[claim_after(2, InDoubt)]),
            (Process, &[begin(2)]),
            (Power, &[ended(2, Accepted, now)]),
        ])
        .await;
    let ledger = subject.ledger().await;
    let me = Address::parse("mÉ@X.example").unwrap();
    let bob = Address::parse("bob@x.example").unwrap();
    let at = |hours| start() + SignedDuration::from_hours(hours);
    // The copy that was refused is none of the addresses.
    let all = [(at(0), 2), (at(2), 2), (at(3), 2)];
    for (since, expected) in [(at(-1), &all[..]), (at(0), &all[1..]), (at(3), &[])] {
        assert_eq!(ledger.handed_over_since(&me, since, true).await.unwrap(), expected);
    }
    assert_eq!(ledger.handed_over_since(&me, at(-1), false).await.unwrap(), all[..1]);
    assert_eq!(ledger.handed_over_since(&bob, at(-1), true).await.unwrap(), []);
    assert_eq!(ledger.event_after(&me, at(2)).await.unwrap(), Some(at(3)));
    assert_eq!(ledger.event_after(&me, at(3)).await.unwrap(), None);
    assert_eq!(ledger.event_after(&bob, at(-1)).await.unwrap(), None);
    for (sender, since, expected) in [
        (&me, at(-1), [1, 1, 0, 2]),
        (&me, at(0), [0, 1, 0, 1]),
        (&bob, at(-1), [0; 4]),
    ] {
        let recent = ledger.recent(sender, Limits::default(), since).await.unwrap();
        let count = |mailbox: &str, copy| recent.count(mailbox, copy, "mé@x.example");
        let counts = [
            count("r1@x.example", false),
            count("r2@x.example", false),
            count("r3@x.example", false),
            count("one@x.example", true),
        ];
        assert_eq!((counts, count("two@x.example", true)), (expected, 0));
    }
    // A person's word hands nothing over.
    let now = subject.now;
    subject
        .writes(&[
            (Power, &[claim(5)]),
            (Process, &[begin(5)]),
            (Power, &[ended(5, InDoubt, now)]),
        ])
        .await;
    subject.now += SignedDuration::from_hours(1);
    assert!(subject.settle(&[5], Settled::Sent).await);
    let ledger = subject.ledger().await;
    assert_eq!(
        ledger.handed_over_since(&me, at(2), true).await.unwrap(),
        [(at(3), 2); 2]
    );
    assert_eq!(ledger.handed_over_since(&me, at(3), true).await.unwrap(), []);
    let recent = ledger.recent(&me, Limits::default(), at(2)).await.unwrap();
    assert_eq!(recent.count("r5@x.example", false, "mé@x.example"), 1);
    assert_eq!(ledger.event_after(&me, at(3)).await.unwrap(), Some(at(4)));
}

pub async fn a_campaign_that_is_forgotten_is_gone_and_the_others_stay(subject: &mut Subject<impl Site>) {
    subject.send(1, Accepted).await;
    subject.send(2, Refused).await;
    let other = Entry::Claim(Intent {
        campaign: "other".to_owned(),
        ..intent(3, None)
    });
    let now = subject.now;
    subject
        .writes(&[
            (Power, &[other, claim(4)]),
            (Process, &[begin(3)]),
            (Power, &[ended(3, Accepted, now), release(4)]),
        ])
        .await;
    let since = start() - SignedDuration::from_hours(1);
    let ledger = subject.ledger().await;
    let holdings = ledger.holdings("c", since).await.unwrap();
    assert_eq!(
        (
            holdings.letters(),
            holdings.accepted,
            holdings.refused,
            holdings.untried,
            holdings.senders
        ),
        (3, 1, 1, 1, 1)
    );
    assert_eq!((holdings.attempts, holdings.in_the_last_day), (2, 1));
    assert!(ledger.purge("c", since).await.unwrap());
    assert_eq!(ledger.holdings("c", since).await.unwrap().letters(), 0);
    assert_eq!(ledger.holdings("other", since).await.unwrap().letters(), 1);
    subject.site.synced();
    assert_eq!(subject.story().await, []);
    assert_eq!(subject.statuses(1..=4).await, [None, None, Some(Accepted), None]);
    subject.close().await;
    assert_eq!(subject.statuses(1..=4).await, [None, None, Some(Accepted), None]);
    // Whom it wrote to counts on.
    let me = Address::parse("mé@x.example").unwrap();
    let recent = subject
        .ledger()
        .await
        .recent(&me, Limits::default(), since)
        .await
        .unwrap();
    let count = |mailbox: &str, copy| recent.count(mailbox, copy, "mé@x.example");
    assert_eq!(
        [
            count("r1@x.example", false),
            count("r2@x.example", false),
            count("one@x.example", true)
        ],
        [1, 0, 2]
    );
    assert_eq!(subject.write(&[claim(1)], Power).await.unwrap(), [Claimed::Ours]);
}
