//! A ledger that the disk, or a hand, has damaged: it is said, or it does no harm; nothing is sent again by a guess.

use std::fs;

use super::{Power, Process, Subject, begin, claim, now, outcome, statuses};
use crate::outbox::ledger::LedgerError;
use crate::outbox::ledger::sqlite::{SqliteLedger, SqliteLocked, seal};
use crate::outbox::ledger::testing::Files;
use crate::transport::Status;

/// What a run that took the ledger over would hold each of these letters for; or why it does not take it.
fn taken_over(subject: &Subject, letters: std::ops::RangeInclusive<u8>) -> Result<Vec<Option<Status>>, LedgerError> {
    let mut locked = SqliteLocked::acquire(&subject.path(), now())?;
    statuses(&mut locked, letters)
}

/// Everything in the folder, to be put back.
fn keep(subject: &Subject) -> Files {
    Files::of(subject.path().parent().unwrap())
}

fn remove_beside(subject: &Subject) {
    for file in fs::read_dir(subject.path().parent().unwrap()).unwrap() {
        let path = file.unwrap().path();
        if path != subject.path() {
            fs::remove_file(path).unwrap();
        }
    }
}

#[test]
fn a_flipped_bit_anywhere_in_the_ledger_makes_no_letter_due_again() {
    let subject = Subject::new();
    subject.ended_after(&[
        (Power, (1..=4).map(claim).collect()),
        (Process, (1..=4).map(begin).collect()),
        (
            Process,
            (1..=4).map(|number| outcome(number, Status::Accepted, 250)).collect(),
        ),
    ]);
    let whole = fs::read(subject.path()).unwrap();
    let (mut said, mut tried) = (0, 0);
    // Most of a small ledger's pages is empty, and what stands there nobody reads.
    let is_empty = |at: usize| whole[at..whole.len().min(at + STEP)].iter().all(|byte| *byte == 0);
    for at in (0..whole.len()).step_by(STEP).filter(|at| !is_empty(*at)) {
        let mut flipped = whole.clone();
        flipped[at] ^= 1 << (at % 8);
        remove_beside(&subject);
        fs::write(subject.path(), flipped).unwrap();
        tried += 1;
        match taken_over(&subject, 1..=4) {
            Err(LedgerError::Damaged { .. } | LedgerError::Newer { .. } | LedgerError::Unusable { .. }) => said += 1,
            Err(error) => panic!("byte {at}: {error:?}"),
            Ok(found) => assert!(
                found
                    .iter()
                    .all(|past| matches!(past, Some(Status::Accepted | Status::InDoubt))),
                "byte {at}: {found:?}"
            ),
        }
    }
    assert!(said > tried / 10, "{said} of {tried} were said");
}

/// Not every byte, so that it does not take minutes; a prime, so that it meets every place of a page.
const STEP: usize = 13;

#[test]
fn a_write_ahead_file_that_is_cut_off_or_changed_after_a_kill_makes_no_letter_due_that_had_begun() {
    let subject = Subject::new();
    let mut ledger = subject.lock();
    for number in 1..=4 {
        ledger.apply(vec![claim(number)], Power).unwrap();
        ledger.apply(vec![begin(number)], Process).unwrap();
        ledger
            .apply(vec![outcome(number, Status::Accepted, 250)], Process)
            .unwrap();
    }
    ledger.apply(vec![claim(5)], Power).unwrap();
    ledger.apply(vec![begin(5)], Process).unwrap();
    // Killed: no connection is closed in order.
    let kept = keep(&subject);
    drop(ledger);
    let all = [
        Some(Status::Accepted),
        Some(Status::Accepted),
        Some(Status::Accepted),
        Some(Status::Accepted),
        Some(Status::InDoubt),
    ];
    kept.put_back();
    assert_eq!(taken_over(&subject, 1..=5).unwrap(), all);

    let wal = subject.beside("-wal");
    let frames = kept.bytes(&wal).to_vec();
    let mut said = 0;
    // A header of 32 bytes, then pages of 4096 with 24 before each.
    for cut in (0..frames.len()).step_by(4120 / 5) {
        let mut changed = frames.clone();
        changed[cut] ^= 0x10;
        for damaged in [&frames[..cut], &changed] {
            kept.put_back();
            fs::write(&wal, damaged).unwrap();
            let before = SqliteLedger::read(&subject.path(), now());
            match taken_over(&subject, 1..=5) {
                Ok(found) => assert_eq!(found, all, "at byte {cut} of {}", frames.len()),
                Err(error) => {
                    assert!(
                        matches!(error, LedgerError::Behind { .. } | LedgerError::Damaged { .. }),
                        "{error:?}"
                    );
                    assert!(before.is_err(), "who only looks is told too");
                    said += 1;
                }
            }
        }
    }
    assert!(said > 20, "{said}");
}

#[test]
fn a_ledger_that_was_deleted_or_put_back_from_an_older_copy_is_not_taken_for_the_newest() {
    let subject = Subject::new();
    let accepted = |number: u8| {
        subject.ended_after(&[
            (Power, vec![claim(number)]),
            (Process, vec![begin(number)]),
            (Process, vec![outcome(number, Status::Accepted, 250)]),
        ]);
    };
    accepted(1);
    let older = fs::read(subject.path()).unwrap();
    accepted(2);
    let behind = || {
        assert!(matches!(
            SqliteLedger::read(&subject.path(), now()),
            Err(LedgerError::Behind { .. })
        ));
        assert!(matches!(
            SqliteLocked::acquire(&subject.path(), now()),
            Err(LedgerError::Behind { .. })
        ));
    };
    fs::write(subject.path(), &older).unwrap();
    behind();
    fs::remove_file(subject.path()).unwrap();
    behind();
    // What the write-ahead file may still hold is not thrown away.
    let wal = subject.beside("-wal");
    for empty in [false, true] {
        fs::write(&wal, b"all that is left").unwrap();
        if empty {
            fs::write(subject.path(), b"").unwrap();
        } else {
            fs::remove_file(subject.path()).unwrap();
        }
        behind();
        assert_eq!(fs::read(&wal).unwrap(), b"all that is left");
    }
    fs::remove_file(&wal).unwrap();
    // As the hint says.
    fs::write(subject.path(), &older).unwrap();
    fs::remove_file(subject.beside(".marks")).unwrap();
    assert_eq!(taken_over(&subject, 1..=2).unwrap(), [Some(Status::Accepted), None]);
}

#[test]
fn marks_that_are_torn_after_a_kill_leave_everything_claimed_in_doubt() {
    let subject = Subject::new();
    let mut ledger = subject.lock();
    ledger.apply((1..=3).map(claim).collect(), Power).unwrap();
    ledger.apply(vec![begin(1)], Process).unwrap();
    ledger.apply(vec![outcome(1, Status::Refused, 550)], Process).unwrap();
    ledger.apply(vec![begin(2)], Process).unwrap();
    let kept = keep(&subject);
    drop(ledger);
    let marks = subject.beside(".marks");
    let whole = kept.bytes(&marks).to_vec();
    kept.put_back();
    assert_eq!(
        taken_over(&subject, 1..=3).unwrap(),
        [Some(Status::Refused), Some(Status::InDoubt), None]
    );
    for at in (0..whole.len()).step_by(7) {
        let mut changed = whole.clone();
        changed[at] ^= 0x20;
        for torn in [&whole[..at], &changed] {
            kept.put_back();
            fs::write(&marks, torn).unwrap();
            let Ok(found) = taken_over(&subject, 1..=3) else {
                // A number in its head that is flipped to a larger one: the ledger seems to lack a run.
                assert!(at < 16, "torn at byte {at}");
                continue;
            };
            assert!(
                [Some(Status::Refused), Some(Status::InDoubt)].contains(&found[0]),
                "{found:?}"
            );
            assert_eq!(
                found[1..],
                [Some(Status::InDoubt), Some(Status::InDoubt)],
                "torn at byte {at}"
            );
        }
    }
}

#[test]
fn what_was_accepted_is_recorded_twice_and_a_contradiction_is_said() {
    for sql in [
        "UPDATE letter SET state = 4 WHERE key = 1",
        "UPDATE event SET state = 5",
        "DELETE FROM event",
        "UPDATE event SET letter = 9; INSERT INTO letter SELECT 9, x'02', campaign, letter, sender, recipient, language,
         date, 5, 0, run, copies, 0, NULL, NULL FROM letter WHERE key = 1",
    ] {
        let subject = Subject::new();
        subject.ended_after(&[
            (Power, vec![claim(1)]),
            (Process, vec![begin(1)]),
            (Process, vec![outcome(1, Status::Accepted, 250)]),
        ]);
        subject.sql(&format!("PRAGMA foreign_keys = OFF; {sql}"));
        let error = taken_over(&subject, 1..=1).unwrap_err();
        assert!(matches!(error, LedgerError::Damaged { .. }), "{sql}: {error:?}");
        assert!(error.message().in_english().ends_with("contradict each other"), "{error:?}");
    }
}

#[test]
fn a_big_ledger_is_known_by_its_digest_until_a_bit_of_it_is_another() {
    let subject = Subject::new();
    subject.ended_after(&[
        (Power, vec![claim(1)]),
        (Process, vec![begin(1)]),
        (Process, vec![outcome(1, Status::Accepted, 250)]),
    ]);
    let is_sealed = || seal::is_whole(&subject.path());
    assert!(!is_sealed(), "a small one needs no seal");
    subject.sql("INSERT INTO facts (json) VALUES (hex(zeroblob(5000000)))");
    assert!(!is_sealed());
    // Looked over line by line, and sealed at its end.
    subject.ended_after(&[]);
    assert!(is_sealed());
    let whole = fs::read(subject.path()).unwrap();
    let beginning = fs::read(subject.beside(".marks")).unwrap();
    // A run that has nothing to say leaves it as it is.
    subject.ended_after(&[]);
    assert_eq!(fs::read(subject.path()).unwrap(), whole);
    assert_eq!(fs::read(subject.beside(".marks")).unwrap(), beginning);
    for at in [0, 100, 4096, whole.len() / 2, whole.len() - 1] {
        let mut flipped = whole.clone();
        flipped[at] ^= 1;
        fs::write(subject.path(), flipped).unwrap();
        assert!(!is_sealed(), "byte {at}");
    }
    fs::write(subject.path(), &whole).unwrap();
    assert!(is_sealed());
    let wal = subject.beside("-wal");
    fs::write(&wal, b"something that is not folded in").unwrap();
    assert!(!is_sealed());
    fs::remove_file(&wal).unwrap();
    // What was changed since is found all the same.
    subject.sql("UPDATE letter SET state = 4 WHERE key = 1");
    let error = taken_over(&subject, 1..=1).unwrap_err();
    assert!(
        error.message().in_english().ends_with("contradict each other"),
        "{error:?}"
    );
    subject.sql("UPDATE letter SET state = 3 WHERE key = 1");
    // A run that was killed has no seal.
    subject.ended_after(&[]);
    assert!(is_sealed());
    subject.killed_after(&[(Power, vec![claim(2)])]);
    assert!(!is_sealed());
    assert_eq!(taken_over(&subject, 1..=2).unwrap(), [Some(Status::Accepted), None]);
}

#[test]
fn what_the_disk_changes_while_a_run_goes_on_is_not_sealed() {
    let subject = Subject::new();
    let accepted = |number| {
        [
            (Power, vec![claim(number)]),
            (Process, vec![begin(number)]),
            (Process, vec![outcome(number, Status::Accepted, 250)]),
        ]
    };
    subject.ended_after(&accepted(1));
    subject.sql("INSERT INTO facts (json) VALUES (hex(zeroblob(5000000)))");
    let mut ledger = subject.lock();
    // After the look at the beginning.
    subject.sql("UPDATE letter SET state = 4 WHERE key = 1");
    for (durability, entries) in accepted(2) {
        ledger.apply(entries, durability).unwrap();
    }
    ledger.close();
    let found = taken_over(&subject, 1..=2);
    assert!(matches!(found, Err(LedgerError::Damaged { .. })), "{found:?}");
}

#[test]
fn a_ledger_with_anything_in_it_that_acts_by_itself_is_refused_before_it_can() {
    let endless = "WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 1000000000) SELECT x FROM c";
    let by_hand = |from: &str, to: &str| {
        format!(
            "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, '{from}', '{to}') WHERE name = 'run';"
        )
    };
    for sql in [
        format!("PRAGMA foreign_keys = OFF; DROP TABLE run; CREATE VIEW run (ended) AS {endless}"),
        "CREATE TRIGGER t AFTER INSERT ON run BEGIN UPDATE letter SET state = 0; DELETE FROM event; END".to_owned(),
        // As a program would leave it whose SQLite has more in it than this one's.
        "PRAGMA writable_schema = ON; INSERT INTO sqlite_schema (type, name, tbl_name, rootpage, sql)
         VALUES ('table', 'more', 'more', 0, 'CREATE VIRTUAL TABLE more USING fts5 (a)')"
            .to_owned(),
        "CREATE TABLE more (a)".to_owned(),
        "CREATE INDEX more ON letter (hex(zeroblob(100000000)))".to_owned(),
        "ALTER TABLE run ADD COLUMN more TEXT AS (hex(zeroblob(400000000)))".to_owned(),
        "DROP TABLE forgotten".to_owned(),
        by_hand(
            "boot    TEXT NOT NULL",
            "boot TEXT NOT NULL CHECK (length(hex(zeroblob(400000000))) > 0)",
        ),
        by_hand(
            "started INTEGER NOT NULL",
            "started INTEGER NOT NULL DEFAULT (1 --\n + 1)",
        ),
        // A whole ledger that says it is an empty file.
        "PRAGMA user_version = 0".to_owned(),
    ] {
        let subject = Subject::new();
        subject.ended_after(&[
            (Power, vec![claim(1)]),
            (Process, vec![begin(1)]),
            (Process, vec![outcome(1, Status::Accepted, 250)]),
        ]);
        fs::remove_file(subject.beside(".marks")).unwrap();
        subject.sql(&sql);
        for error in [
            SqliteLedger::read(&subject.path(), now()).unwrap_err(),
            SqliteLocked::acquire(&subject.path(), now()).unwrap_err(),
        ] {
            assert!(matches!(error, LedgerError::Damaged { .. }), "{sql}: {error:?}");
            assert!(
                error
                    .message()
                    .in_english()
                    .ends_with("its tables are not those of a ledger"),
                "{sql}: {error:?}"
            );
        }
    }
}

#[test]
fn a_ledger_of_any_format_that_a_database_program_has_tidied_up_is_still_one() {
    let subject = Subject::new();
    subject.ended_after(&[
        (Power, vec![claim(1)]),
        (Process, vec![begin(1)]),
        (Process, vec![outcome(1, Status::Accepted, 250)]),
    ]);
    subject.sql("ANALYZE; VACUUM");
    assert_eq!(taken_over(&subject, 1..=1).unwrap(), [Some(Status::Accepted)]);
    // The comments in it are those of the day it was made.
    subject.sql(
        "PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET sql = replace(sql, '-- NULL while it goes on', '-- Written -- long ago')",
    );
    assert!(String::from_utf8_lossy(&fs::read(subject.path()).unwrap()).contains("long ago"));
    assert_eq!(taken_over(&subject, 1..=1).unwrap(), [Some(Status::Accepted)]);
}
