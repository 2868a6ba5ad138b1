//! What one address gets, of a list of any length.

use std::fmt::Write as _;

use super::*;
use crate::campaign::Limits;
use crate::letter::flood::{Recent, Salt, salted};

/// Which letters are due (`true`), and which are held back; in two passes, which must come to the same.
fn due(given: Given, recent: Recent) -> Vec<bool> {
    let plan = given.made().plan(Selection::default());
    let recent = Arc::new(recent);
    let pass = || -> Vec<bool> {
        plan.decisions(&counting(&recent))
            .map(|decision| match decision {
                Decision::Due(_) => true,
                Decision::Skipped {
                    reason: Skip::AddressLimit,
                    over: Some(_),
                    ..
                } => false,
                other => panic!("{other:?}"),
            })
            .collect()
    };
    let first = pass();
    assert_eq!(first, pass());
    first
}

/// As a run that sends does.
fn counting(recent: &Arc<Recent>) -> Rules {
    Rules {
        recent: Some(Arc::clone(recent)),
        ..Rules::to_look(moment(NOW))
    }
}

fn held(due: &[bool]) -> usize {
    due.iter().filter(|due| !**due).count()
}

#[test]
fn letters_of_one_row_count_also_when_no_other_row_has_its_address() {
    let many = given().with(|config| {
        config.letters = (0..5)
            .map(|n| LetterSpec {
                template: "protest".to_owned(),
                ..letter(&format!("l{n}"), &["embassy"])
            })
            .collect();
    });
    let rows = "role,name,email,salutation,cc\nembassy,A,a@x.example,Sir,c@x.example\nembassy,B,b@x.example,Sir,\n";
    let due = due(many.rows(rows), Recent::default());
    assert_eq!(due, [true, true, true, false, false, true, true, true, false, false]);
}

#[test]
fn what_left_before_counts_until_it_is_a_day_old() {
    let at = |time: &str| moment(&format!("2011-12-{time}Z"));
    let (to, copy) = (hash_of("embassy@kz.example"), hash_of("c@x.example"));
    let recent = |letters: usize, copies: usize| {
        let mut recent = Recent::new(Limits::default());
        for n in 0..letters.max(copies) {
            let id = LetterId::from_bytes([u8::try_from(n).unwrap(); 16]);
            let to = (n < letters).then_some(to);
            let copies = if n < copies { vec![copy] } else { Vec::new() };
            recent.add(id, to, copies, at("16T10:00:00"), false);
        }
        recent.finish()
    };
    let rows = "role,name,email,salutation,cc\nembassy,A,embassy@kz.example,Sir,c@x.example\n";
    assert_eq!(due(given().rows(rows), recent(2, 99)), [true]);
    assert_eq!(due(given().rows(rows), recent(3, 99)), [false]);
    assert_eq!(due(given().rows(rows), recent(2, 100)), [false]);
}

#[test]
fn it_is_said_when_there_is_room_again() {
    let at = |time: &str| moment(&format!("2011-12-{time}Z"));
    let times = ["15T20:00:00", "16T09:00:00", "16T01:00:00", "16T12:00:00"];
    let mut recent = Recent::new(Limits::default());
    for (n, time) in (0..).zip(times) {
        let id = LetterId::from_bytes([n; 16]);
        recent.add(id, Some(hash_of("embassy@kz.example")), Vec::new(), at(time), false);
    }
    let recent = Arc::new(recent.finish());
    let campaign = given().made();
    let plan = campaign.plan(Selection::default());
    let decision = plan.decisions(&counting(&recent)).next();
    let Some(Decision::Skipped { over: Some(over), .. }) = decision else {
        panic!("{decision:?}")
    };
    // Of four, two must be a day old.
    assert_eq!((over.limit, over.copy, over.from), (3, false, at("17T01:00:00")));
}

#[test]
fn a_letter_in_doubt_that_is_sent_once_more_does_not_stand_in_its_own_way() {
    let sender = address("ann@home.example");
    let id = LetterId::new("test", "protest", &sender, &address("embassy@kz.example"));
    let (to, copy) = (hash_of("embassy@kz.example"), hash_of("c@x.example"));
    for (others, due_again) in [(2, true), (3, false)] {
        let mut recent = Recent::new(Limits::default());
        for n in 0..others {
            recent.add(LetterId::from_bytes([n; 16]), Some(to), vec![copy], moment(NOW), false);
        }
        recent.add(id, Some(to), vec![copy], moment(NOW), true);
        let rows = "role,name,email,salutation,cc\nembassy,A,embassy@kz.example,Sir,c@x.example\n";
        assert_eq!(due(given().rows(rows), recent.finish()), [due_again]);
    }
}

#[test]
fn what_is_forgotten_counts_by_its_salted_hash_and_for_its_sender_only() {
    let salt: Salt = [7; 16];
    for (sender, expect) in [("ann@home.example", false), ("bob@home.example", true)] {
        let mut recent = Recent::new(Limits::default());
        for _ in 0..3 {
            recent.add_forgotten(salt, salted(&salt, sender, "embassy@kz.example"), false, moment(NOW));
        }
        assert_eq!(due(given(), recent.finish()), [expect]);
    }
    assert_ne!(salted(&salt, "a", "b@x.example"), salted(&[8; 16], "a", "b@x.example"));
}

#[test]
fn of_a_hundred_thousand_rows_hardly_any_count_is_kept_but_of_the_addresses_that_recur() {
    let mut rows = "role,name,email,salutation,cc\n".to_owned();
    for row in 0..100_000 {
        let _ = writeln!(
            rows,
            "embassy,A,a{row}+x@x.example,Sir,c{row}@x.example d{row}@x.example all@x.example"
        );
    }
    rows.push_str("embassy,A,a1@x.example,Sir,c5+1@x.example\n");
    let given = given()
        .rows(&rows)
        .with(|config| config.limits.copies_per_address = 1_000);
    let campaign = given.made();
    let plan = campaign.plan(Selection::default());
    let (kept, copies) = plan.recurring.count();
    assert!((1..200).contains(&kept), "{kept}");
    assert!((2..400).contains(&copies), "{copies}");
    let nothing = Arc::default();
    let decisions = plan.decisions(&counting(&nothing));
    let due: Vec<bool> = decisions.map(|decision| matches!(decision, Decision::Due(_))).collect();
    assert_eq!(
        due.len() - held(&due),
        1_001,
        "a thousand copies to all@x.example, and the last row has none"
    );
    assert!(due[..1_000].iter().all(|due| *due) && due[100_000]);
}
