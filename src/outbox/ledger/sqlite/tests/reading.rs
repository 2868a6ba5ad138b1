//! Asked in whatever order, once or twice: the answer about a letter is the same.

use proptest::prelude::*;

use super::{Desk, Power, Process, begin, claim, id, outcome};
use crate::letter::{History, Past};
use crate::transport::Status;

/// Letters 1 to 40, of which every fifth is unknown.
fn desk() -> Desk {
    let desk = Desk::new();
    let known: Vec<u8> = (1..=40).filter(|number| number % 5 != 0).collect();
    let outcomes = known.iter().map(|number| match number % 4 {
        0 => outcome(*number, Status::Deferred, 451),
        1 => outcome(*number, Status::Refused, 550),
        2 => outcome(*number, Status::InDoubt, 0),
        _ => outcome(*number, Status::Accepted, 250),
    });
    desk.ended_after(&[
        (Power, known.iter().map(|number| claim(*number)).collect()),
        (Process, known.iter().map(|number| begin(*number)).collect()),
        (Process, outcomes.collect()),
    ]);
    desk
}

fn expected(number: u8) -> Past {
    match number % 4 {
        _ if number.is_multiple_of(5) || number > 40 => Past::Never,
        0 => Past::Deferred,
        1 => Past::Refused,
        2 => Past::InDoubt,
        _ => Past::Accepted,
    }
}

#[test]
fn letters_are_found_in_the_order_in_which_they_were_written_and_in_any_other() {
    let desk = desk();
    let in_order = || 1..=45_u8;
    let orders: [Vec<u8>; 4] = [
        in_order().collect(),
        in_order().rev().collect(),
        in_order().filter(|number| number % 3 != 0).collect(),
        in_order().flat_map(|number| [number, number, 46 - number]).collect(),
    ];
    for order in orders {
        let reader = desk.reader();
        for number in order {
            assert_eq!(reader.past(id(number)), expected(number), "letter {number}");
            assert_eq!(
                reader.first_date(id(number)).unwrap().is_some(),
                expected(number) != Past::Never
            );
        }
        reader.checked().unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn a_second_pass_is_told_what_the_first_was(
        first in proptest::collection::vec(1..45_u8, 0..80),
        same in any::<bool>(),
        other in proptest::collection::vec(1..45_u8, 0..80),
    ) {
        let desk = desk();
        let reader = desk.reader();
        for number in &first {
            prop_assert_eq!(reader.past(id(*number)), expected(*number));
        }
        reader.checked().unwrap();
        reader.asked_for_all();
        for number in if same { &first } else { &other } {
            prop_assert_eq!(reader.past(id(*number)), expected(*number));
            let date = reader.first_date(id(*number)).unwrap();
            prop_assert_eq!(date.is_some(), expected(*number) != Past::Never);
        }
        reader.checked().unwrap();
    }
}
