//! Whether entries are posted one by one, many at once or by the run after a kill: the ledger says the same.

use proptest::prelude::*;
use rusqlite::Connection;

use super::{Desk, Held, Power, Process, begin, claim, claim_after, id, now, outcome};
use crate::outbox::ledger::sqlite::{SqliteLedger, SqliteLocked};
use crate::outbox::ledger::{Claimed, Durability, Entry, LedgerError};
use crate::transport::Status;

/// What may happen next to a letter, whatever happened to it before.
#[derive(Clone, Copy, Debug)]
enum Step {
    Further,
    LetGo,
    PutOff,
    Refused,
    Accepted,
    InDoubt,
}

/// Turns steps into entries that a run could write.
fn story(steps: &[(u8, Step, bool)]) -> Vec<(Durability, Vec<Entry>)> {
    #[derive(Clone, Copy, PartialEq)]
    enum At {
        Rest,
        Claimed,
        Begun,
        Over,
    }
    let mut at = [At::Rest; 5];
    let mut statuses = [None; 5];
    let mut told = Vec::new();
    for &(number, step, synced) in steps {
        let durability = if synced { Power } else { Process };
        let letter = &mut at[usize::from(number)];
        let was = &mut statuses[usize::from(number)];
        let claims = was.map_or_else(|| claim(number), |status| claim_after(number, status));
        let mut ends = |status, code| {
            *was = Some(status);
            outcome(number, status, code)
        };
        let (entry, durability, then) = match (*letter, step) {
            (At::Over, _) => continue,
            (At::Rest, _) => (claims, Power, At::Claimed),
            (At::Claimed, Step::LetGo) => (Entry::Release(id(number)), durability, At::Rest),
            (At::Claimed, _) => (begin(number), durability, At::Begun),
            (At::Begun, Step::Accepted | Step::Further | Step::LetGo) => {
                (ends(Status::Accepted, 250), durability, At::Over)
            }
            (At::Begun, Step::PutOff) => (ends(Status::Deferred, 451), durability, At::Rest),
            (At::Begun, Step::Refused) => (ends(Status::Refused, 550), durability, At::Rest),
            (At::Begun, Step::InDoubt) => (ends(Status::InDoubt, 0), durability, At::Rest),
        };
        *letter = then;
        told.push((durability, vec![entry]));
    }
    told
}

/// Everything that is remembered of letters, attempts and copies.
fn remembered(desk: &Desk) -> Vec<String> {
    let db = Connection::open(desk.path()).unwrap();
    let of = |sql: &str| -> Vec<String> {
        let mut query = db.prepare(sql).unwrap();
        let rows = query.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    };
    let mut all = of("SELECT concat_ws(' ', key, hex(id), recipient, language, date, state, before) FROM letter");
    all.extend(of(
        "SELECT concat_ws(' ', letter, at, state, code, reply, hex(sha256), facts) FROM attempt",
    ));
    all.extend(of("SELECT concat_ws(' ', attempt, address, state, reply) FROM copy"));
    assert_eq!(of("SELECT concat_ws(' ', key) FROM daybook"), [""; 0]);
    all
}

fn run(story: &[(Durability, Vec<Entry>)], mut after_each: impl FnMut(usize, &mut Held)) -> (Desk, Held) {
    let desk = Desk::new();
    let mut ledger = desk.lock();
    for (number, (durability, entries)) in story.iter().enumerate() {
        ledger.apply(entries.clone(), *durability).unwrap();
        after_each(number, &mut ledger);
    }
    (desk, ledger)
}

fn post(ledger: &mut Held) {
    ledger.apply(Vec::new(), Power).unwrap();
}

fn steps() -> impl Strategy<Value = Vec<(u8, Step, bool)>> {
    let step = prop_oneof![
        6 => Just(Step::Further),
        1 => Just(Step::LetGo),
        2 => Just(Step::PutOff),
        1 => Just(Step::Refused),
        1 => Just(Step::Accepted),
        1 => Just(Step::InDoubt),
    ];
    proptest::collection::vec((0..5_u8, step, any::<bool>()), 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn posting_at_any_time_comes_to_the_same(steps in steps(), posts in proptest::collection::vec(any::<bool>(), 60)) {
        let story = story(&steps);
        let (each, ledger) = run(&story, |_, ledger| post(ledger));
        drop(ledger);
        // To open it settles what the run left open.
        drop(each.reader());
        let expected = remembered(&each);
        // Those who were killed with everything, or some of it, in the daybook.
        for posts_at in [&vec![false; 60], &posts] {
            let (desk, ledger) = run(&story, |number, ledger| if posts_at[number] { post(ledger) });
            drop(ledger);
            drop(desk.reader());
            prop_assert_eq!(remembered(&desk), &expected[..]);
        }
        // And what ended well, but for what is still open: that is for the next run to settle.
        let (desk, ledger) = run(&story, |_, _| ());
        ledger.close();
        drop(desk.reader());
        prop_assert_eq!(remembered(&desk), &expected[..]);
    }
}

#[test]
fn a_letter_that_was_put_off_and_begins_again_at_once_is_in_doubt_after_a_kill() {
    let desk = Desk::new();
    desk.killed_after(&[
        (Power, vec![claim(1)]),
        (Process, vec![begin(1)]),
        (Process, vec![outcome(1, Status::Deferred, 451)]),
        (Power, vec![claim_after(1, Status::Deferred)]),
        (Power, vec![begin(1)]),
    ]);
    assert_eq!(desk.status(1), Some(Status::InDoubt));
    assert_eq!(desk.attempts().len(), 2);
}

#[test]
fn a_claim_is_refused_wherever_the_letter_stands() {
    for posts in [false, true] {
        let desk = Desk::new();
        let mut ledger = desk.lock();
        let mut apply = |entries, durability| {
            let done = ledger.apply(entries, durability);
            if posts && done.is_ok() {
                post(&mut ledger);
            }
            done
        };
        let lost = |status| [Claimed::Lost(status)];
        assert_eq!(apply(vec![claim(1)], Power).unwrap(), [Claimed::Ours]);
        assert_eq!(apply(vec![claim(1)], Power).unwrap(), lost(None));
        apply(vec![begin(1)], Process).unwrap();
        assert_eq!(apply(vec![claim(1)], Power).unwrap(), lost(None));
        apply(vec![outcome(1, Status::Accepted, 250)], Process).unwrap();
        assert_eq!(apply(vec![claim(1)], Power).unwrap(), lost(Some(Status::Accepted)));
        apply(vec![outcome(1, Status::Accepted, 250)], Process).unwrap_err();
        drop(ledger);
        assert_eq!(desk.status(1), Some(Status::Accepted));
        assert_eq!(desk.attempts().len(), 1);
    }
}

#[test]
fn what_stands_in_the_daybook_is_believed_only_when_it_is_what_was_written() {
    let desk = Desk::new();
    desk.killed_after(&[
        (Power, vec![claim(1)]),
        (Process, vec![begin(1)]),
        (Power, vec![outcome(1, Status::Accepted, 250)]),
    ]);
    let change = |from: &str, to: &str| {
        desk.sql(&format!(
            "UPDATE daybook SET entries = CAST(replace(CAST(entries AS TEXT), '{from}', '{to}') AS BLOB)"
        ));
    };
    change("so it goes", "so it went");
    for error in [
        SqliteLocked::acquire(&desk.path(), now()).map(|_| ()).unwrap_err(),
        SqliteLedger::read(&desk.path(), now()).map(|_| ()).unwrap_err(),
    ] {
        assert!(matches!(error, LedgerError::Damaged { .. }), "{error}");
        assert!(error.to_string().contains("not what it wrote"), "{error}");
    }
    change("so it went", "so it goes");
    assert_eq!(desk.status(1), Some(Status::Accepted));
}

#[test]
fn a_daybook_of_another_run_is_said() {
    let desk = Desk::new();
    desk.killed_after(&[
        (Power, vec![claim(1)]),
        (Process, vec![begin(1)]),
        (Power, vec![outcome(1, Status::Accepted, 250)]),
    ]);
    desk.sql("PRAGMA foreign_keys = OFF; UPDATE daybook SET run = run + 2");
    let found = SqliteLocked::acquire(&desk.path(), now()).map(|_| ());
    assert!(matches!(found, Err(LedgerError::Damaged { .. })), "{found:?}");
}
