//! Copies that their letters left without.

use super::*;
use crate::campaign::Limits;
use crate::letter::flood::Recent;
use crate::letter::{Chosen, OpenCopies, OpenCopy};

const ROWS: &str = "role,name,email,salutation,cc\n\
                    embassy,A,a@x.example,Sir,one@c.example Two@c.example\n\
                    embassy,B,b@x.example,Sir,one@c.example\n\
                    embassy,C,c@x.example,Sir,\n";

fn letter_to(to: &str) -> LetterId {
    LetterId::new("test", "protest", &address("ann@home.example"), &address(to))
}

fn open(to: &str, copy: &str, status: Status) -> OpenCopy {
    OpenCopy {
        id: letter_to(to).of_copy(&address(copy)),
        letter: letter_to(to),
        address: copy.to_owned(),
        language: "fr".to_owned(),
        past: Past {
            status,
            first_date: moment(FIRST),
        },
        left: None,
    }
}

/// What is decided, when all letters but that to c were accepted, in two passes that must come to the same.
fn decided(copies: &[OpenCopy], selection: Selection, with: impl Fn(&mut Rules)) -> Vec<String> {
    let mut rules = Rules::to_look(moment(NOW));
    let mut all = OpenCopies::default();
    for copy in copies {
        all.add(copy.clone());
    }
    rules.copies = Arc::new(all);
    with(&mut rules);
    let plan = given().rows(ROWS).made().plan(selection);
    let pass = || -> Vec<String> {
        let decider = plan.decider(&rules);
        let known = |to| {
            let status = if to == "c@x.example" {
                None
            } else {
                Some(Status::Accepted)
            };
            decider.may_leave(status.map(|status| Past {
                status,
                first_date: moment(FIRST),
            }))
        };
        let rows = ["a@x.example", "b@x.example", "c@x.example"];
        let rows = rows.into_iter().filter(|to| plan.selection.has_address(&address(to)));
        let known: Vec<_> = rows.map(known).collect();
        plan.decisions_by(&rules, known.into_iter()).map(told).collect()
    };
    let first = pass();
    assert_eq!(first, pass());
    first
}

fn told(decision: Decision) -> String {
    match decision {
        Decision::Due(letter) => {
            let to = letter.goes_to();
            assert_eq!(letter.addresses(), 1 + to.cc.len());
            match &letter.copy {
                None => format!("{} due", to.to),
                Some(copy) => {
                    assert_eq!(
                        (letter.line(), letter.id),
                        (copy.id, letter_to(letter.envelope.to.as_str()))
                    );
                    assert_eq!(letter.date(moment(NOW)), moment(FIRST));
                    format!("copy {} of {} due in {}", to.to, letter.envelope.to, letter.language)
                }
            }
        }
        Decision::Skipped { to, reason, copy, .. } => {
            let reason = serde_json::to_value(reason).unwrap();
            let copy = if copy.is_some() { "copy " } else { "" };
            format!("{copy}{to} {}", reason.as_str().unwrap())
        }
        Decision::Impossible(problem) => testing::told(&problem),
    }
}

#[test]
fn a_copy_is_due_behind_its_letter_while_it_is_asked_for() {
    let copies = [
        open("a@x.example", "two@c.example", Status::Deferred),
        open("a@x.example", "one@c.example", Status::Deferred),
        open("b@x.example", "gone@c.example", Status::Deferred),
        // Its letter is not accepted: it goes with that.
        open("c@x.example", "one@c.example", Status::Deferred),
    ];
    assert_eq!(
        decided(&copies, Selection::default(), |_| {}),
        [
            "a@x.example already-accepted",
            "copy one@c.example of a@x.example due in fr",
            "copy Two@c.example of a@x.example due in fr",
            "b@x.example already-accepted",
            "c@x.example due",
        ]
    );
    assert_eq!(decided(&[], Selection::default(), |_| {}).len(), 3);
}

#[test]
fn a_copy_that_was_refused_or_is_in_doubt_leaves_only_on_request() {
    let copies = [
        open("a@x.example", "one@c.example", Status::Refused),
        open("b@x.example", "one@c.example", Status::InDoubt),
    ];
    let held = decided(&copies, Selection::default(), |_| {});
    assert_eq!(
        [&*held[1], &*held[3]],
        ["copy one@c.example refused-earlier", "copy one@c.example in-doubt"]
    );
    let asked = decided(&copies, Selection::default(), |rules| {
        rules.resend = Resend {
            in_doubt: true,
            refused: true,
        };
    });
    assert!(
        asked[1].ends_with("due in fr") && asked[3].ends_with("due in fr"),
        "{asked:?}"
    );
}

#[test]
fn a_limit_counts_copies_and_they_are_found_by_their_letters() {
    let copies = [
        open("a@x.example", "one@c.example", Status::Deferred),
        open("a@x.example", "two@c.example", Status::Deferred),
        open("b@x.example", "one@c.example", Status::Deferred),
    ];
    let ids = copies.clone().map(|copy| copy.id);
    for (untried, tried) in [(1, 0), (1, 1), (0, 2), (0, 3), (1, 3)] {
        let decided = decided(&copies, Selection::default(), |rules| {
            rules.chosen = Some(Chosen::These {
                untried,
                tried: ids[..tried].iter().copied().collect(),
            });
        });
        let due = |copies: bool| {
            let due = decided.iter().filter(|one| one.contains(" due"));
            due.filter(|one| one.starts_with("copy ") == copies).count()
        };
        assert_eq!((due(false), due(true)), (untried, tried), "{decided:?}");
    }
    let selection = Selection {
        to: vec![address("b@x.example")],
        ..Selection::default()
    };
    assert_eq!(
        decided(&copies, selection, |_| {}),
        [
            "b@x.example already-accepted",
            "copy one@c.example of b@x.example due in fr"
        ]
    );
}

#[test]
fn a_copy_counts_against_what_its_address_gets_and_not_against_its_letter() {
    let copies = [
        open("a@x.example", "one@c.example", Status::Deferred),
        open("b@x.example", "one@c.example", Status::Deferred),
    ];
    let limits = Limits {
        copies_per_address: 100,
        ..Limits::default()
    };
    let mut recent = Recent::new(limits);
    for n in 0..99 {
        let copy = vec![hash_of("one@c.example")];
        recent.add(LetterId::from_bytes([n; 16]), None, copy, moment(NOW), false);
    }
    let recent = Arc::new(recent.finish());
    let decided = decided(&copies, Selection::default(), |rules| {
        rules.recent = Some(Arc::clone(&recent));
    });
    assert_eq!(
        decided,
        [
            "a@x.example already-accepted",
            "copy one@c.example of a@x.example due in fr",
            "b@x.example already-accepted",
            "copy one@c.example address-limit",
            "c@x.example due",
        ]
    );
}
