//! Ledgers of older formats: what a program of that time left is read, settled and written in the newest.

use std::collections::BTreeMap;
use std::fs;

use sha2::{Digest, Sha256};

use super::{Power, Process, Subject, begin, claim, id, now, outcome};
use crate::outbox::ledger::sqlite::file::boot_id;
use crate::outbox::ledger::sqlite::tables::MIGRATIONS;
use crate::outbox::ledger::{Entry, LedgerError, LedgerEvent, Settled};
use crate::report::attempt::hexadecimal;
use appel_core::outcome::{Outcome, RESET, Reason, Reply, Status};

/// What a program of format 4 left when it was killed: some letters in their lines, some in the daybook, some outcomes in
/// the marks alone.
const OF_4: [(&str, &[u8]); 3] = [
    ("", include_bytes!("format-4/ledger.sqlite3")),
    ("-wal", include_bytes!("format-4/ledger.sqlite3-wal")),
    (".marks", include_bytes!("format-4/ledger.sqlite3.marks")),
];

fn of_format_4() -> Subject {
    let subject = Subject::new();
    fs::create_dir(subject.path().parent().unwrap()).unwrap();
    for (ending, bytes) in OF_4 {
        fs::write(subject.beside(ending), bytes).unwrap();
    }
    subject
}

fn counts(subject: &Subject) -> BTreeMap<Option<Status>, usize> {
    let mut counts = BTreeMap::new();
    let db = rusqlite::Connection::open(subject.path()).unwrap();
    let mut query = db.prepare("SELECT id FROM letter").unwrap();
    let ids: Vec<[u8; 16]> = query
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let ids: Vec<_> = ids.into_iter().map(appel_core::letter::LetterId::from_bytes).collect();
    let pasts = super::at_once(super::LedgerReader::past(&mut subject.reader(), &ids)).unwrap();
    for past in pasts {
        *counts.entry(past.map(|past| past.status)).or_default() += 1;
    }
    counts
}

#[test]
fn what_a_killed_run_of_format_4_left_open_is_settled_as_it_would_have_been() {
    // Within the same start of the machine nothing is missing.
    let subject = of_format_4();
    subject.sql(&format!("UPDATE run SET boot = '{}'", boot_id(&subject.path())));
    subject.reader();
    let expected = |in_doubt, untried| {
        [
            (Some(Status::Accepted), 61),
            (Some(Status::Deferred), 1),
            (Some(Status::Refused), 2),
            (Some(Status::InDoubt), in_doubt),
            (None, untried),
        ]
    };
    assert_eq!(counts(&subject), expected(2, 4).into());
    let campaign = subject.logged_of("test");
    let ended = |status| campaign.iter().filter(|event| event.outcome.status == status).count();
    // Two were settled by hand, and had been in doubt.
    assert_eq!((ended(Status::Accepted), ended(Status::InDoubt)), (61, 4));
    let settled: Vec<&LedgerEvent> = campaign.iter().filter(|event| event.settled().is_some()).collect();
    assert_eq!(settled.len(), 2);
    let by = |reason| {
        campaign
            .iter()
            .filter(|event| event.outcome.reply.reason == Some(reason))
            .count()
    };
    assert_eq!(
        (
            by(Reason::ProgramEnded),
            by(Reason::SettledAsSent),
            by(Reason::SettledAsUnsent)
        ),
        (4, 1, 1)
    );
    // After another all that was claimed may have left.
    let subject = of_format_4();
    subject.reader();
    let counts = counts(&subject);
    assert_eq!(
        (counts[&Some(Status::Accepted)], counts[&Some(Status::InDoubt)]),
        (61, 6)
    );
    assert_eq!(counts.get(&None), None);
}

#[test]
fn a_ledger_of_the_first_format_is_brought_to_the_newest() {
    let subject = Subject::new();
    fs::create_dir(subject.path().parent().unwrap()).unwrap();
    subject.sql(include_str!("../schema/1.sql"));
    subject.sql(
        "PRAGMA application_id = 0x6170706c; PRAGMA user_version = 1;
         INSERT INTO run (key, started, ended, boot) VALUES (1, 0, 0, 'b');
         INSERT INTO letter VALUES (1, x'01010101010101010101010101010101', 'c', 'protest', 'me@x.example',
                                    'r1@x.example', 'fr', 0, 3, 0, 1);
         INSERT INTO attempt VALUES (1, 1, 1, 0, 3, 250, 'ok', NULL, NULL);
         INSERT INTO copy VALUES (1, 'copy@x.example', 5, 550, 'no');",
    );
    let told = ["r1@x.example accepted 250 ok"];
    assert_eq!(
        (subject.status(1), subject.attempts()),
        (Some(Status::Accepted), told.map(str::to_owned).to_vec())
    );
    subject.ended_after(&[(Power, vec![claim(2)]), (Power, vec![Entry::Release(id(2))])]);
    assert_eq!(
        (subject.status(1), subject.attempts()),
        (Some(Status::Accepted), told.map(str::to_owned).to_vec())
    );
    subject.killed_after(&[(Power, vec![claim(2)]), (Process, vec![begin(2)])]);
    assert_eq!(
        (subject.status(1), subject.status(2)),
        (Some(Status::Accepted), Some(Status::InDoubt))
    );
}

#[test]
fn copies_that_a_format_before_6_left_put_off_stay_as_they_were() {
    let subject = Subject::new();
    fs::create_dir(subject.path().parent().unwrap()).unwrap();
    for step in &MIGRATIONS[..5] {
        subject.sql(step);
    }
    subject.sql(
        "PRAGMA application_id = 0x6170706c; PRAGMA user_version = 5;
         INSERT INTO run (key, started, ended, boot) VALUES (1, 0, 0, 'b');
         INSERT INTO letter (key, id, campaign, letter, sender, recipient, language, date, state, before, run, copies)
         VALUES (1, x'01010101010101010101010101010101', 'c', 'protest', 'me@x.example', 'r1@x.example', 'fr', 0, 3, 3, 1,
                 '[\"copy@x.example\"]');
         INSERT INTO event (key, letter, run, at, state, code, reply) VALUES (1, 1, 1, 0, 3, 250, 'ok');
         INSERT INTO copy (event, address, state, code, reply) VALUES (1, 'copy@x.example', 4, 450, 'later');",
    );
    subject.ended_after(&[]);
    let mut open = Vec::new();
    let mut each = |copy| open.push(copy);
    let me = appel_core::testing::address("me@x.example");
    super::at_once(super::LedgerReader::open_copies(
        &mut subject.reader(),
        "c",
        &me,
        &mut each,
    ))
    .unwrap();
    assert_eq!(open, []);
    let events = subject.logged();
    assert_eq!(
        (events.len(), events[0].copies[0].outcome.status),
        (1, Status::Deferred)
    );
    assert_eq!(subject.status(1), Some(Status::Accepted));
}

#[test]
fn what_a_run_of_format_4_left_is_believed_only_when_it_is_what_was_written() {
    for change in [
        "UPDATE daybook SET entries = CAST(replace(CAST(entries AS TEXT), 'mfa.example', 'mfb.example') AS BLOB)",
        "PRAGMA foreign_keys = OFF; UPDATE daybook SET run = run + 2",
    ] {
        let subject = of_format_4();
        subject.sql(change);
        for error in [
            super::SqliteLocked::acquire(&subject.path(), now())
                .map(drop)
                .unwrap_err(),
            super::SqliteLedger::read(&subject.path(), now()).map(drop).unwrap_err(),
        ] {
            assert!(matches!(error, LedgerError::Damaged { .. }), "{error:?}");
            assert!(error.message().in_english().contains("not what it wrote"), "{error:?}");
        }
    }
}

#[test]
fn a_step_from_one_format_to_the_next_is_never_changed() {
    let digests = MIGRATIONS.map(|step| hexadecimal(&Sha256::digest(step).into())[..16].to_owned());
    insta::assert_snapshot!(digests.join("\n"), @r"
    e6ed24dab499a076
    df58efaf03835571
    44135b985de11d12
    fc6236394a4dadfe
    de9979726077eb28
    3f64dfcf48bc68aa
    ");
}

/// Every line of every table, as SQL would write it.
fn dump(subject: &Subject) -> String {
    let db = rusqlite::Connection::open(subject.path()).unwrap();
    let tables = ["run", "letter", "facts", "event", "copy", "forgotten"];
    let mut text = String::new();
    for table in tables {
        let mut query = db.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let names: Vec<String> = query.column_names().map(str::to_owned).collect();
        text.push_str(&format!("{table}: {}\n", names.join(" ")));
        let mut rows = query.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let cells = names
                .iter()
                .enumerate()
                .map(|(place, name)| match row.get_ref(place).unwrap() {
                    // Of this start of the machine.
                    _ if name == "boot" => "_".to_owned(),
                    rusqlite::types::ValueRef::Null => "NULL".to_owned(),
                    rusqlite::types::ValueRef::Integer(number) => number.to_string(),
                    rusqlite::types::ValueRef::Real(number) => number.to_string(),
                    rusqlite::types::ValueRef::Text(text) => format!("'{}'", String::from_utf8_lossy(text)),
                    rusqlite::types::ValueRef::Blob(bytes) => format!("x'{:02x}'…{}", bytes[0], bytes.len()),
                });
            text.push_str(&format!("  {}\n", cells.collect::<Vec<_>>().join(" ")));
        }
    }
    text
}

#[test]
fn what_is_stored_has_codes_and_the_servers_words_and_no_sentence_of_ours() {
    let subject = Subject::new();
    let lost = Outcome::new(Status::InDoubt, Reply::none(Reason::ConnectionLost, RESET));
    let mut in_doubt = outcome(2, Status::InDoubt, 0);
    if let Entry::Outcome(attempted) = &mut in_doubt {
        attempted.outcome = lost.clone();
        attempted.copies[0].outcome = lost;
    }
    subject.ended_after(&[
        (Power, (1..=3).map(claim).collect()),
        (Process, vec![begin(1), begin(2)]),
        (Process, vec![outcome(1, Status::Accepted, 250), in_doubt]),
        (Power, vec![Entry::Release(id(3))]),
    ]);
    let mut ledger = subject.lock();
    ledger.settle(&[id(2)], Settled::Unsent).unwrap();
    ledger.close();
    subject.killed_after(&[(Power, vec![claim(3)]), (Process, vec![begin(3)])]);
    subject.reader();
    let db = rusqlite::Connection::open(subject.path()).unwrap();
    let format: i64 = db.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    // Whatever changes below is a new format, and needs a step in `MIGRATIONS` that brings this one to it.
    assert_eq!(format, 6);
    insta::assert_snapshot!(dump(&subject), @r#"
    run: key started ended boot commits
      1 1324061640 1324061640 _ 5
      2 1324061640 1324061640 _ 1
      3 1324061640 1324061640 _ 1
    letter: key id campaign letter sender recipient language date state before run copies mark copy_of attempt
      1 x'01'…16 'c' 'protest' 'me@x.example' 'r1@x.example' 'fr' 1324061640 3 3 1 '["copy@x.example"]' 3 NULL NULL
      2 x'02'…16 'c' 'protest' 'me@x.example' 'r2@x.example' 'fr' 1324061640 4 4 1 '["copy@x.example"]' 3 NULL NULL
      3 x'03'…16 'c' 'protest' 'me@x.example' 'r3@x.example' 'fr' 1324061640 6 6 3 '["copy@x.example"]' 2 NULL NULL
      4 x'bf'…16 'c' 'protest' 'me@x.example' 'copy@x.example' 'fr' 1324061640 5 5 1 NULL 3 x'01'…16 1
    facts: key json
      1 '{}'
    event: key letter run at state code reply sha256 facts kind reason more
      1 1 1 1324061640 3 250 'so it goes' x'07'…32 1 1 NULL NULL
      2 2 1 1324061640 6 NULL 'reset' x'07'…32 1 1 'connection-lost' NULL
      3 2 2 1324061640 4 NULL '' NULL NULL 2 'settled-as-unsent' NULL
      4 3 3 1324061640 6 NULL '' NULL NULL 1 'program-ended' NULL
    copy: event address state code reply reason
      1 'copy@x.example' 5 550 'no' NULL
      2 'copy@x.example' 6 NULL 'reset' 'connection-lost'
      3 'copy@x.example' 4 NULL '' 'settled-as-unsent'
      4 'copy@x.example' 6 NULL '' 'program-ended'
    forgotten: hash copy at
    "#);
    let told = subject.attempts();
    assert_eq!(
        told[1..],
        [
            "r2@x.example in doubt the letter was handed over, then the connection was lost: reset by the server",
            "r2@x.example deferred settled by hand as unsent: due again",
            "r3@x.example in doubt the program ended while this letter was being sent",
        ]
    );
    // Earlier versions wrote a sentence of its own where there is a code now: it reads the same.
    subject.sql("UPDATE event SET reply = 'reset by the server' WHERE reply = 'reset'");
    assert_eq!(subject.attempts(), told);
}
