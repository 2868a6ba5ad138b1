//! Which entry follows which, and who gets a letter.

use super::*;

pub async fn a_claim_is_won_once_and_one_that_is_lost_takes_no_other_with_it(subject: &mut Subject<impl Site>) {
    use Claimed::{Lost, Ours};
    assert_eq!(subject.write(&[claim(1)], Power).await.unwrap(), [Ours]);
    assert_eq!(
        subject.write(&[claim(1), claim(2)], Power).await.unwrap(),
        [Lost(None), Ours]
    );
    subject.write(&[begin(2)], Process).await.unwrap();
    assert_eq!(
        subject.write(&[claim(2), claim(3)], Power).await.unwrap(),
        [Lost(None), Ours]
    );
    let now = subject.now;
    subject.write(&[ended(2, Accepted, now)], Process).await.unwrap();
    let answers = subject.write(&[claim(4), claim(2), claim(5)], Power).await.unwrap();
    assert_eq!(answers, [Ours, Lost(Some(Accepted)), Ours]);
    // What was lost changed nothing, what was won may begin.
    subject
        .writes(&[(Process, &[begin(1), begin(3), begin(4), begin(5)])])
        .await;
    subject.refuses(&[begin(2)], Process).await;
    assert_eq!(subject.story().await, [(r(2), Accepted)]);
}

pub async fn a_claim_is_lost_when_the_letter_stands_otherwise_than_when_it_was_planned(
    subject: &mut Subject<impl Site>,
) {
    for (number, status) in [(1, Accepted), (2, Deferred), (3, Refused), (4, InDoubt)] {
        subject.send(number, status).await;
    }
    subject.close().await;
    for (number, status) in [(1, Accepted), (2, Deferred), (3, Refused), (4, InDoubt)] {
        let lost = [Claimed::Lost(Some(status))];
        assert_eq!(subject.write(&[claim(number)], Power).await.unwrap(), lost);
        for after in [Accepted, Deferred, Refused, InDoubt] {
            if after != status || after == Accepted {
                assert_eq!(subject.write(&[claim_after(number, after)], Power).await.unwrap(), lost);
            }
        }
    }
    // One that nobody ever tried, too.
    let lost = [Claimed::Lost(None)];
    assert_eq!(subject.write(&[claim_after(5, Deferred)], Power).await.unwrap(), lost);
    let claims = [
        claim_after(2, Deferred),
        claim_after(3, Refused),
        claim_after(4, InDoubt),
    ];
    assert_eq!(subject.write(&claims, Power).await.unwrap(), [Claimed::Ours; 3]);
}

pub async fn an_entry_that_does_not_follow_is_refused_with_all_that_came_with_it(subject: &mut Subject<impl Site>) {
    let now = subject.now;
    for entry in [begin(1), release(1), ended(1, Accepted, now)] {
        subject.refuses(std::slice::from_ref(&entry), Process).await;
        subject.refuses(&[claim(2), entry], Power).await;
    }
    subject.writes(&[(Power, &[claim(1), claim(2)])]).await;
    subject.refuses(&[ended(1, Accepted, now)], Process).await;
    subject.refuses(&[begin(2), begin(3)], Process).await;
    subject.writes(&[(Process, &[begin(1), begin(2)])]).await;
    for entry in [begin(1), ended(3, Accepted, now)] {
        subject.refuses(&[ended(2, Accepted, now), entry], Power).await;
    }
    subject.writes(&[(Power, &[ended(1, Accepted, now)])]).await;
    for entry in [begin(1), release(1), ended(1, Refused, now)] {
        subject.refuses(&[entry], Power).await;
    }
    assert_eq!(subject.story().await, [(r(1), Accepted)]);
    subject.kill();
    assert_eq!(subject.statuses(1..=3).await, [Some(Accepted), Some(InDoubt), None]);
}

pub async fn only_what_is_durably_claimed_can_begin(subject: &mut Subject<impl Site>) {
    subject.writes(&[(Process, &[claim(1)])]).await;
    subject.refuses(&[begin(1)], Process).await;
    subject.refuses(&[claim(2), begin(2)], Power).await;
    // Whatever is synced takes along what was written before it.
    subject.writes(&[(Power, &[claim(3)])]).await;
    subject.writes(&[(Process, &[begin(1), begin(3)])]).await;
    subject
        .writes(&[(Power, &[release(1), release(3)]), (Process, &[claim(1)])])
        .await;
    subject.refuses(&[begin(1)], Process).await;
    subject.writes(&[(Power, &[])]).await;
    subject.writes(&[(Process, &[begin(1)])]).await;
}

pub async fn every_attempt_has_the_date_of_the_first_and_a_claim_that_never_began_leaves_none(
    subject: &mut Subject<impl Site>,
) {
    subject.writes(&[(Power, &[claim(1)]), (Power, &[release(1)])]).await;
    assert_eq!(subject.first_date(1).await, None);
    let later = start() + SignedDuration::from_hours(5);
    let dated = |after, date| {
        Entry::Claim(Intent {
            date,
            ..intent(1, after)
        })
    };
    let now = subject.now;
    subject
        .writes(&[
            (Power, &[dated(None, later)]),
            (Process, &[begin(1)]),
            (Power, &[ended(1, Deferred, now)]),
        ])
        .await;
    assert_eq!(subject.first_date(1).await, Some(later));
    subject.close().await;
    subject
        .writes(&[(Power, &[dated(Some(Deferred), start())]), (Power, &[release(1)])])
        .await;
    assert_eq!(subject.first_date(1).await, Some(later));
    subject
        .writes(&[(Power, &[dated(Some(Deferred), start())]), (Process, &[begin(1)])])
        .await;
    subject.kill();
    assert_eq!(
        (subject.statuses([1]).await, subject.first_date(1).await),
        (vec![Some(InDoubt)], Some(later))
    );
}
