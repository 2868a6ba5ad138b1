//! How a run may end, and what it leaves.

use super::*;

pub async fn after_a_kill_what_was_claimed_is_what_it_was_and_only_what_had_begun_is_in_doubt(
    subject: &mut Subject<impl Site>,
) {
    subject.send(1, Deferred).await;
    let now = subject.now;
    subject
        .writes(&[
            (
                Power,
                &[
                    claim_after(1, Deferred),
                    claim(2),
                    claim(3),
                    claim(4),
                    claim(5),
                    claim(6),
                ],
            ),
            (Process, &[begin(2), begin(3)]),
            (Process, &[ended(2, Accepted, now), begin(4)]),
            (Process, &[ended(3, Refused, now)]),
            (Process, &[release(6)]),
        ])
        .await;
    subject.kill();
    let killed = [Some(Deferred), Some(Accepted), Some(Refused), Some(InDoubt), None, None];
    assert_eq!(subject.statuses(1..=6).await, killed);
    let events = subject.events().await;
    let last = events.last().unwrap();
    assert_eq!((events.len(), &last.record.recipient), (4, &r(4)));
    // Its copies are named too.
    let in_doubt = Outcome::new(InDoubt, Reply::none(Reason::ProgramEnded, ""));
    assert_eq!(last.outcome, in_doubt);
    assert_eq!(
        last.copies,
        [copy("one@x.example", in_doubt.clone()), copy("two@x.example", in_doubt)]
    );
    // Once is enough.
    subject.close().await;
    assert_eq!(
        (subject.statuses(1..=6).await, subject.events().await.len()),
        (killed.to_vec(), 4)
    );
}

pub async fn a_no_that_deferred_a_letter_is_made_final_by_one_entry_and_nothing_else_is(
    subject: &mut Subject<impl Site>,
) {
    let now = subject.now;
    subject
        .writes(&[
            (Power, &[claim(1), claim(2), claim(3), claim(4)]),
            (Process, &[begin(1), begin(2), begin(3)]),
            (Process, &[said_no(1, now), said_no(2, now), ended(3, Accepted, now)]),
            (Process, &[refuse(1)]),
        ])
        .await;
    // Twice, of what is accepted, of what has not ended, of what nobody knows.
    for number in [1, 3, 4, 5] {
        subject.refuses(&[refuse(number)], Process).await;
    }
    // Killed before it was known of the other, that one is due again.
    subject.kill();
    let known = [Some(Refused), Some(Deferred), Some(Accepted), None];
    assert_eq!(subject.statuses(1..=4).await, known);
    let events = subject.events().await;
    let no = Outcome::new(Refused, Reply::said(550, "5.7.1 no"));
    assert_eq!(events[0].outcome, no);
    assert_eq!(events[0].copies[0].outcome, no);
    assert_eq!(events[1].outcome.status, Deferred);
    assert_eq!(events.len(), 3);
    // It can be tried again on request, as one that was refused at once.
    subject.writes(&[(Power, &[claim_after(1, Refused)])]).await;
}

pub async fn after_a_power_cut_what_was_claimed_is_in_doubt_and_what_was_synced_is_as_written(
    subject: &mut Subject<impl Site>,
) {
    let now = subject.now;
    subject
        .writes(&[
            (Power, &[claim(1), claim(2), claim(3), claim(4)]),
            (Process, &[begin(1), begin(2)]),
            (Power, &[ended(1, Accepted, now)]),
            (Process, &[ended(2, Accepted, now), begin(3)]),
        ])
        .await;
    subject.cut_power();
    let cut = [Some(Accepted), Some(InDoubt), Some(InDoubt), Some(InDoubt)];
    assert_eq!(subject.statuses(1..=4).await, cut);
    assert_eq!(
        subject.story().await,
        [(r(1), Accepted), (r(2), InDoubt), (r(3), InDoubt), (r(4), InDoubt)]
    );
    subject.close().await;
    assert_eq!(subject.statuses(1..=4).await, cut);
}

pub async fn a_letter_that_is_claimed_again_and_never_begins_is_what_it_was(subject: &mut Subject<impl Site>) {
    subject.send(1, InDoubt).await;
    subject.send(2, Refused).await;
    let claims = [claim_after(1, InDoubt), claim_after(2, Refused)];
    subject.writes(&[(Power, &claims)]).await;
    subject.kill();
    assert_eq!(subject.statuses(1..=2).await, [Some(InDoubt), Some(Refused)]);
    subject
        .writes(&[(Power, &claims), (Power, &[release(1), release(2)])])
        .await;
    assert_eq!(subject.statuses(1..=2).await, [Some(InDoubt), Some(Refused)]);
    subject.close().await;
    assert_eq!(subject.statuses(1..=2).await, [Some(InDoubt), Some(Refused)]);
    assert_eq!(subject.story().await, [(r(1), InDoubt), (r(2), Refused)]);
}

pub async fn a_person_settles_what_is_in_doubt_all_or_none(subject: &mut Subject<impl Site>) {
    for (number, status) in [(1, InDoubt), (2, InDoubt), (3, Refused)] {
        subject.send(number, status).await;
    }
    for numbers in [&[1, 3][..], &[1, 9], &[1, 1]] {
        assert!(!subject.settle(numbers, Settled::Sent).await, "{numbers:?}");
    }
    assert_eq!(
        (subject.statuses([1]).await, subject.events().await.len()),
        (vec![Some(InDoubt)], 3)
    );
    assert!(subject.settle(&[1], Settled::Sent).await && subject.settle(&[2], Settled::Unsent).await);
    subject.kill();
    assert_eq!(
        subject.statuses(1..=3).await,
        [Some(Accepted), Some(Deferred), Some(Refused)]
    );
    let events = subject.events().await;
    for (event, (status, word)) in events[3..]
        .iter()
        .zip([(Accepted, Settled::Sent), (Deferred, Settled::Unsent)])
    {
        let outcome = Outcome::new(status, Reply::none(word.reason(), ""));
        assert_eq!((&event.outcome, &event.kind), (&outcome, &EventKind::Settlement(word)));
        // What is true of the letter is true of the copy that was in doubt with it; the other has had its answer.
        assert_eq!(
            event.copies,
            [copy("one@x.example", outcome), copy("two@x.example", said(Refused))]
        );
    }
    assert_eq!(events.len(), 5);
    let claims = [claim_after(1, InDoubt), claim_after(2, Deferred)];
    let answers = subject.write(&claims, Power).await.unwrap();
    assert_eq!(answers, [Claimed::Lost(Some(Accepted)), Claimed::Ours]);
}

pub async fn a_run_that_ended_leaves_what_it_wrote_and_nothing_to_settle(subject: &mut Subject<impl Site>) {
    let now = subject.now;
    for (number, status) in (1..).zip([Accepted, Deferred, Refused, InDoubt]) {
        subject
            .writes(&[
                (Power, &[claim(number)]),
                (Process, &[begin(number)]),
                (Process, &[ended(number, status, now)]),
            ])
            .await;
    }
    subject.close().await;
    let story = [(r(1), Accepted), (r(2), Deferred), (r(3), Refused), (r(4), InDoubt)];
    for _ in 0..2 {
        assert_eq!(subject.story().await, story);
        subject.cut_power();
    }
    // Whoever opens it and writes nothing leaves it as it is.
    subject.close().await;
    assert_eq!(subject.story().await, story);
}
