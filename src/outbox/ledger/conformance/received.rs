//! What letters said that were received, and of what kinds they are.

use super::*;
use crate::outbox::ledger::{AcceptedKind, Received};

const FOURTEEN: &str = "{\"killed\":\"at least 14\"}";

async fn received(subject: &mut Subject<impl Site>, campaign: &str) -> Vec<(String, Option<String>, usize)> {
    let mut all = Vec::new();
    let mut each = |Received {
                        record, facts, copies, ..
                    }: Received| {
        assert_eq!(record.status, Some(Accepted));
        all.push((record.recipient, facts, copies));
    };
    subject.ledger().await.received(campaign, &mut each).await.unwrap();
    all
}

pub async fn what_was_received_is_told_once_a_letter_with_what_it_said(subject: &mut Subject<impl Site>) {
    subject.send(1, Deferred).await;
    subject.send(2, InDoubt).await;
    subject.send(3, Refused).await;
    subject.send(4, InDoubt).await;
    subject.send(5, Accepted).await;
    assert_eq!(received(subject, "c").await, [(r(5), Some(FOURTEEN.to_owned()), 1)]);
    assert_eq!(received(subject, "other").await, []);
    // Tried again with another figure, and taken; sent again in doubt; and settled by a person.
    let now = subject.now;
    let later = |number| {
        let Entry::Outcome(mut attempted) = ended(number, Accepted, now) else {
            unreachable!()
        };
        attempted.facts = "{\"killed\":\"70\"}".into();
        Entry::Outcome(attempted)
    };
    let entries = [later(1), later(2)];
    subject
        .writes(&[
            (Power, &[claim_after(1, Deferred), claim_after(2, InDoubt)]),
            (Process, &[begin(1), begin(2)]),
            (Power, &entries),
        ])
        .await;
    assert!(subject.settle(&[4], Settled::Sent).await);
    let seventy = Some("{\"killed\":\"70\"}".to_owned());
    let all = [
        // The attempt that may have been sent, not the person's word, says what it said.
        (r(4), Some(FOURTEEN.to_owned()), 0),
        (r(5), Some(FOURTEEN.to_owned()), 1),
        (r(1), seventy.clone(), 1),
        (r(2), seventy, 1),
    ];
    assert_eq!(received(subject, "c").await, all);
    // What a killed run sent is not known, and said to be so.
    subject.writes(&[(Power, &[claim(6)]), (Process, &[begin(6)])]).await;
    subject.kill();
    assert!(subject.settle(&[6], Settled::Sent).await);
    let last = received(subject, "c").await.pop();
    assert_eq!(last, Some((r(6), None, 0)));
    // A copy that went its own way is told as such.
    let now = subject.now;
    let copy = id(5).of_copy(&appel_core::testing::address("two@x.example"));
    let own = Intent {
        id: copy,
        recipient: "two@x.example".to_owned(),
        copies: Vec::new(),
        ..intent(5, Some(Refused))
    };
    let Entry::Outcome(mut attempted) = ended(5, Accepted, now) else {
        unreachable!()
    };
    attempted.id = copy;
    attempted.copies.clear();
    subject
        .writes(&[
            (Power, &[Entry::Claim(own)]),
            (Process, &[Entry::Begin(copy)]),
            (Power, &[Entry::Outcome(attempted)]),
        ])
        .await;
    let mut copies = Vec::new();
    let mut each = |received: Received| copies.extend(received.record.copy_of);
    subject.ledger().await.received("c", &mut each).await.unwrap();
    assert_eq!(copies, [id(5)]);
}

pub async fn the_kinds_of_what_was_accepted_are_those_of_its_sender_in_all_campaigns(subject: &mut Subject<impl Site>) {
    let of = |number, campaign: &str, letter: &str, sender: &str| {
        Entry::Claim(Intent {
            campaign: campaign.to_owned(),
            letter: letter.to_owned(),
            sender: sender.to_owned(),
            ..intent(number, None)
        })
    };
    let claims = [
        of(1, "c", "protest", "Mé+here@x.example"),
        of(2, "c", "protest", "mÉ+HERE@X.example"),
        of(3, "c", "thanks", "Mé+here@x.example"),
        of(4, "b", "protest", "Mé+here@x.example"),
        of(5, "c", "protest", "bob@x.example"),
        of(6, "c", "protest", "Mé+here@x.example"),
    ];
    let begins = [1, 2, 3, 4, 5, 6].map(begin);
    let now = subject.now;
    let outcomes = [1, 2, 3, 4, 5, 6].map(|number| ended(number, if number == 6 { InDoubt } else { Accepted }, now));
    subject
        .writes(&[(Power, &claims), (Process, &begins), (Power, &outcomes)])
        .await;
    let me = appel_core::testing::address("mé+here@x.example");
    let kinds = subject.ledger().await.accepted_kinds(&me).await.unwrap();
    let kind = |campaign: &str, letter: &str, letters| AcceptedKind {
        campaign: campaign.to_owned(),
        letter: letter.to_owned(),
        letters,
    };
    assert_eq!(
        kinds,
        [kind("b", "protest", 1), kind("c", "protest", 2), kind("c", "thanks", 1)]
    );
}
