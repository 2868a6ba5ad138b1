//! Asked in whatever order, together or apart: the answer about a letter is the same.

use proptest::prelude::*;

use super::{Power, Process, Subject, begin, claim, outcome, statuses};
use crate::transport::Status;

/// Letters 1 to 40, of which every fifth is unknown.
fn subject() -> Subject {
    let subject = Subject::new();
    let known: Vec<u8> = (1..=40).filter(|number| number % 5 != 0).collect();
    let outcomes = known.iter().map(|number| match number % 4 {
        0 => outcome(*number, Status::Deferred, 451),
        1 => outcome(*number, Status::Refused, 550),
        2 => outcome(*number, Status::InDoubt, 0),
        _ => outcome(*number, Status::Accepted, 250),
    });
    subject.ended_after(&[
        (Power, known.iter().map(|number| claim(*number)).collect()),
        (Process, known.iter().map(|number| begin(*number)).collect()),
        (Process, outcomes.collect()),
    ]);
    subject
}

fn expected(number: u8) -> Option<Status> {
    match number % 4 {
        _ if number.is_multiple_of(5) || number > 40 => None,
        0 => Some(Status::Deferred),
        1 => Some(Status::Refused),
        2 => Some(Status::InDoubt),
        _ => Some(Status::Accepted),
    }
}

#[test]
fn letters_are_found_in_the_order_in_which_they_were_written_and_in_any_other() {
    let subject = subject();
    let in_order = || 1..=45_u8;
    let orders: [Vec<u8>; 4] = [
        in_order().collect(),
        in_order().rev().collect(),
        in_order().filter(|number| number % 3 != 0).collect(),
        in_order().flat_map(|number| [number, number, 46 - number]).collect(),
    ];
    for order in orders {
        let expected: Vec<_> = order.iter().map(|number| expected(*number)).collect();
        assert_eq!(statuses(&mut subject.reader(), order).unwrap(), expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn one_question_or_many_come_to_the_same(questions in proptest::collection::vec(
        proptest::collection::vec(1..45_u8, 0..30),
        0..6,
    )) {
        let subject = subject();
        let mut reader = subject.reader();
        for numbers in questions {
            let expected: Vec<_> = numbers.iter().map(|number| expected(*number)).collect();
            prop_assert_eq!(statuses(&mut reader, numbers).unwrap(), expected);
        }
    }
}
