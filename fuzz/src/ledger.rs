//! A ledger that the disk or a hand has changed: it is refused, or it is read; and after one slip of the disk what was
//! accepted is never due again.
//!
//! The first byte of an input says what the others are: changes to the ledger of a run that ended, changes to that of a
//! run that was killed (each with the file's number, a place, a length and the bytes), or a whole database. Its highest
//! bit asks for writing too.

use std::cell::OnceCell;
use std::fs;
use std::path::{Path, PathBuf};

use Durability::{Power, Process};
use appel::outbox::ledger::{
    self, Attempted, Claimed, Durability, Entry, Intent, Ledger, LedgerError, LedgerReader, Location, Settled, at_once,
};
use appel_core::address::Address;
use appel_core::campaign::Limits;
use appel_core::letter::LetterId;
use appel_core::outcome::{AddressOutcome, Outcome, Reply, Status};
use appel_messages::{Catalog, Locale};
use jiff::Timestamp;
use rusqlite::Connection;

use crate::{desk, said};

/// The letters of both ledgers that the server took.
const ACCEPTED: std::ops::RangeInclusive<u8> = 1..=3;
/// What must not be sent again: these; and of the killed run one whose end was not synced, and one that began.
const SAFE_OF_ENDED: [u8; 3] = [1, 2, 3];
const SAFE_OF_KILLED: [u8; 5] = [1, 2, 3, 8, 9];

/// One input.
///
/// # Panics
/// When a promise is broken.
pub fn check(input: &[u8]) {
    let Some((kind, rest)) = input.split_first() else {
        return;
    };
    match (kind & 127) % 3 {
        0 => with_ended(|kept| changed(kept, rest, kind & 128 != 0, &SAFE_OF_ENDED)),
        1 => with_killed(|kept| changed(kept, rest, kind & 128 != 0, &SAFE_OF_KILLED)),
        _ => {
            let path = desk::folder().join("raw/ledger.sqlite3");
            remove_beside(&path);
            desk::write(&path, rest);
            let _ = use_all(&path, kind & 128 != 0);
        }
    }
}

/// Databases to begin with: small ones of every format there was.
///
/// # Panics
/// When they cannot be written.
pub fn write_seeds(folder: &Path) {
    with_ended(|kept| {
        let path = desk::folder().join("seed.sqlite3");
        fs::write(&path, &kept.files[0].1).expect("written");
        let db = Connection::open(&path).expect("a database");
        db.execute_batch("PRAGMA journal_mode = DELETE; PRAGMA page_size = 512; VACUUM; PRAGMA journal_mode = WAL")
            .expect("made small");
        drop(db);
        seed(&folder.join("now"), &path);
        slips(kept, folder);
        // What makes a database do something by itself, and for ever.
        for (name, statement) in [
            (
                "trigger",
                "CREATE TRIGGER t AFTER INSERT ON run BEGIN UPDATE letter SET state = 0; DELETE FROM event; END",
            ),
            (
                "view",
                "PRAGMA foreign_keys = OFF; PRAGMA legacy_alter_table = ON; DROP TABLE run;
                 CREATE VIEW run (key, started, ended, boot, commits) AS WITH RECURSIVE c (x) AS
                 (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x, 1, 1, '', 0 FROM c",
            ),
        ] {
            let db = Connection::open(&path).expect("a database");
            db.execute_batch(&format!("PRAGMA journal_mode = DELETE; {statement}"))
                .expect("a ledger");
            drop(db);
            seed(&folder.join(name), &path);
        }
    });
    let formats = [
        include_str!("../../src/outbox/ledger/sqlite/schema/1.sql"),
        include_str!("../../src/outbox/ledger/sqlite/schema/2.sql"),
        include_str!("../../src/outbox/ledger/sqlite/schema/3.sql"),
        include_str!("../../src/outbox/ledger/sqlite/schema/4.sql"),
    ];
    for format in 1..=formats.len() {
        let path = desk::folder().join("old.sqlite3");
        let _ = fs::remove_file(&path);
        let db = Connection::open(&path).expect("a database");
        db.execute_batch(&format!(
            "PRAGMA page_size = 512; {}; PRAGMA application_id = {}; PRAGMA user_version = {format};
             INSERT INTO run (key, started, ended, boot) VALUES (1, 1, NULL, 'another');
             INSERT INTO letter (key, id, campaign, letter, sender, recipient, language, date, state, before, run)
             VALUES (1, x'01010101010101010101010101010101', 'c', 'p', 'me@x.example', 'r@x.example', 'fr', 1, 3, 0, 1),
                    (2, x'02020202020202020202020202020202', 'c', 'p', 'me@x.example', 's@x.example', 'fr', 1, 2, 0, 1);
             INSERT INTO attempt (letter, run, at, state, code, reply) VALUES (1, 1, 1, 3, 250, 'ok')",
            formats[..format].concat(),
            0x6170_706c,
        ))
        .expect("a ledger");
        drop(db);
        seed(&folder.join(format!("format-{format}")), &path);
    }
}

/// Single slips of the disk that would matter most: those that make another statement of a line.
fn slips(kept: &Kept, folder: &Path) {
    let statements = [
        "UPDATE letter SET state = 4 WHERE id = x'01010101010101010101010101010101'",
        "UPDATE letter SET state = 0 WHERE id = x'02020202020202020202020202020202'",
        "UPDATE event SET state = 5 WHERE key = 1",
        "UPDATE event SET letter = 4 WHERE key = 1",
        "UPDATE run SET key = 3 WHERE key = 1",
        "UPDATE letter SET id = x'00010101010101010101010101010101' WHERE key = 1",
        "UPDATE letter SET run = 0 WHERE key = 1",
    ];
    let (_, whole) = &kept.files[0];
    let places = places(whole);
    for (number, statement) in statements.iter().enumerate() {
        let path = desk::write("slip.sqlite3", whole);
        let db = Connection::open(&path).expect("a database");
        let made = db.execute_batch(&format!(
            "PRAGMA journal_mode = DELETE; PRAGMA foreign_keys = OFF; {statement}"
        ));
        made.expect("a ledger");
        drop(db);
        let other = fs::read(&path).expect("read");
        // In the first page it counts the changes.
        let differs = (4096..whole.len().min(other.len())).filter(|at| whole[*at] != other[*at]);
        for at in differs {
            let Some(place) = places.iter().position(|known| *known == at) else {
                continue;
            };
            let [high, low] = u16::try_from(place).unwrap_or_default().to_be_bytes();
            let slip = [0, 0, high, low, 0, other[at]];
            fs::write(folder.join(format!("slip-{number}-{at}")), slip).expect("written");
        }
    }
}

/// To write.
fn open(path: &Path) -> Result<Box<dyn Ledger>, LedgerError> {
    let location = Location::from(path.to_owned());
    at_once(ledger::open(&location, desk::now()))
}

/// To read.
fn read(path: &Path) -> Result<Box<dyn LedgerReader>, LedgerError> {
    let location = Location::from(path.to_owned());
    at_once(ledger::read(&location, desk::now()))
}

fn seed(to: &Path, database: &Path) {
    // To be read and written to.
    let mut bytes = vec![130];
    bytes.extend(fs::read(database).expect("read"));
    fs::write(to, bytes).expect("written");
}

/// A ledger as it was, with the files that belong to it.
struct Kept {
    path: PathBuf,
    /// The database first.
    files: Vec<(PathBuf, Vec<u8>)>,
}

fn with_ended(act: impl FnOnce(&Kept)) {
    thread_local!(static KEPT: OnceCell<Kept> = const { OnceCell::new() });
    KEPT.with(|kept| {
        act(kept.get_or_init(|| {
            let path = desk::folder().join("ended/ledger.sqlite3");
            ended(&path);
            Kept::of(path)
        }));
    });
}

fn with_killed(act: impl FnOnce(&Kept)) {
    thread_local!(static KEPT: OnceCell<Kept> = const { OnceCell::new() });
    KEPT.with(|kept| {
        act(kept.get_or_init(|| {
            let path = desk::folder().join("killed/ledger.sqlite3");
            ended(&path);
            let mut ledger = open(&path).expect("a ledger");
            let mut apply = |entries, durability| drop(at_once(ledger.write(entries, durability)).expect("written"));
            apply((8..=10).map(claim).collect(), Power);
            apply(vec![Entry::Begin(id(8)), Entry::Begin(id(9))], Process);
            apply(vec![outcome(8, Status::Accepted, 250)], Process);
            // Killed: nothing is closed in order.
            Kept::of(path)
        }));
    });
}

/// A run that came to its end.
fn ended(path: &Path) {
    let mut ledger = open(path).expect("a ledger");
    let mut apply = |entries, durability| drop(at_once(ledger.write(entries, durability)).expect("written"));
    apply((1..=7).map(claim).collect(), Power);
    apply((1..=6).map(|number| Entry::Begin(id(number))).collect(), Process);
    apply(
        ACCEPTED.map(|number| outcome(number, Status::Accepted, 250)).collect(),
        Process,
    );
    apply(
        vec![
            outcome(4, Status::Refused, 550),
            outcome(5, Status::Deferred, 451),
            outcome(6, Status::InDoubt, 250),
            Entry::Release(id(7)),
        ],
        Power,
    );
    at_once(ledger.close(desk::now())).expect("closed");
}

impl Kept {
    fn of(path: PathBuf) -> Self {
        let files = ["", "-wal", ".marks"].map(|ending| beside(&path, ending));
        let files = files
            .into_iter()
            .filter_map(|path| Some((path.clone(), fs::read(&path).ok()?)))
            .collect();
        Self { path, files }
    }
}

/// With these changes: what was accepted stays so, as far as one change goes.
fn changed(kept: &Kept, changes: &[u8], writes: bool, safe: &[u8]) {
    let mut files: Vec<Vec<u8>> = kept.files.iter().map(|(_, bytes)| bytes.clone()).collect();
    let count = apply_changes(&mut files, changes);
    remove_beside(&kept.path);
    for ((path, _), bytes) in kept.files.iter().zip(&files) {
        // Into the same file: a copy would be another ledger.
        fs::write(path, bytes).expect("written");
    }
    if count > 1 {
        let _ = use_all(&kept.path, writes);
        return;
    }
    let ids: Vec<LetterId> = safe.iter().map(|number| id(*number)).collect();
    // Reading alone does not look over the whole, so one letter may be missed; but never the ledger.
    if let Ok(mut ledger) = read(&kept.path)
        && let (Ok(found), Ok(holdings)) = (
            at_once(ledger.past(&ids)),
            at_once(ledger.holdings("c", Timestamp::UNIX_EPOCH)),
        )
    {
        let knows = found.iter().any(Option::is_some) || holdings.letters() > 0;
        assert!(knows, "a ledger is taken for none");
    }
    let Ok(mut ledger) = tell(open(&kept.path)) else {
        return;
    };
    let Ok(found) = at_once(ledger.past(&ids)) else { return };
    said::tell(|| format!("{found:?}"));
    for (number, past) in safe.iter().zip(found) {
        let status = past.map(|past| past.status);
        assert!(
            matches!(status, Some(Status::Accepted | Status::InDoubt)),
            "letter {number} is {status:?}"
        );
        if status == Some(Status::Accepted) {
            let claimed = at_once(ledger.write(vec![claim(*number)], Power));
            assert_ne!(
                claimed.ok(),
                Some(vec![Claimed::Ours]),
                "letter {number} can be sent again"
            );
        }
    }
}

/// How many changes there were.
fn apply_changes(files: &mut [Vec<u8>], mut changes: &[u8]) -> usize {
    let mut count = 0;
    while let [file, high, low, length, rest @ ..] = changes {
        let number = usize::from(*file) % files.len();
        let file = &mut files[number];
        let places = places(file);
        let wanted = usize::from(u16::from_be_bytes([*high, *low]));
        let bytes = usize::from(length & 7) + 1;
        let (new, rest) = rest.split_at(bytes.min(rest.len()));
        changes = rest;
        if let Some(at) = places.get(wanted % places.len().max(1)) {
            if length & 128 == 0 {
                let end = file.len().min(at + new.len());
                file[*at..end].copy_from_slice(&new[..end - at]);
            } else {
                file.truncate(*at);
            }
        }
        count += 1;
    }
    count
}

/// Where something stands in a file: most of a small database is empty.
fn places(file: &[u8]) -> Vec<usize> {
    (0..file.len())
        .filter(|at| {
            file[at.saturating_sub(4)..file.len().min(at + 2)]
                .iter()
                .any(|byte| *byte != 0)
        })
        .collect()
}

/// All that is done with a ledger, one after the other, until something is refused.
fn use_all(path: &Path, writes: bool) -> Result<(), LedgerError> {
    let mut reader = tell(read(path))?;
    read_all(&mut *reader)?;
    drop(reader);
    if !writes {
        return Ok(());
    }
    let now = desk::now();
    let mut ledger = tell(open(path))?;
    read_all(&mut *ledger)?;
    let _ = at_once(ledger.settle(&[id(6)], Settled::Unsent, now));
    let _ = at_once(ledger.settle(&[id(9)], Settled::Sent, now));
    for number in [7, 11] {
        let claimed = tell(at_once(ledger.write(vec![claim(number)], Power)))?;
        if claimed != [Claimed::Ours] {
            continue;
        }
        tell(at_once(ledger.write(vec![Entry::Begin(id(number))], Process)))?;
        tell(at_once(
            ledger.write(vec![outcome(number, Status::Accepted, 250)], Process),
        ))?;
    }
    send_copy(&mut *ledger, 7)?;
    tell(at_once(ledger.write(Vec::new(), Power)))?;
    tell(at_once(ledger.purge("other", Timestamp::UNIX_EPOCH)))?;
    tell(at_once(ledger.close(now)))
}

/// Sends a copy that its letter left without, if it may.
fn send_copy(ledger: &mut dyn Ledger, letter: u8) -> Result<(), LedgerError> {
    let copy = Address::parse("later@x.example").expect("an address");
    let id = id(letter).of_copy(&copy);
    let Entry::Claim(intent) = claim(letter) else {
        return Ok(());
    };
    let claim = Entry::Claim(Intent {
        id,
        recipient: copy.to_string(),
        copies: Vec::new(),
        after: Some(Status::Deferred),
        ..intent
    });
    if tell(at_once(ledger.write(vec![claim], Power)))? == [Claimed::Ours] {
        tell(at_once(ledger.write(vec![Entry::Begin(id)], Process)))?;
        let Entry::Outcome(attempted) = outcome(letter, Status::Accepted, 250) else {
            return Ok(());
        };
        let attempted = Attempted {
            id,
            copies: Vec::new(),
            ..*attempted
        };
        tell(at_once(
            ledger.write(vec![Entry::Outcome(Box::new(attempted))], Process),
        ))?;
    }
    Ok(())
}

fn read_all(ledger: &mut dyn LedgerReader) -> Result<(), LedgerError> {
    const LONG_AGO: Timestamp = Timestamp::UNIX_EPOCH;
    let sender = Address::parse("me@x.example").expect("an address");
    tell(at_once(ledger.recent(&sender, Limits::default(), LONG_AGO)))?;
    tell(at_once(ledger.past(&(0..=12).map(id).collect::<Vec<_>>())))?;
    for number in 0..=12 {
        tell(at_once(ledger.record(id(number))))?;
        tell(at_once(ledger.last_event(id(number))))?;
    }
    tell(at_once(ledger.records_of_sender("c", &sender, &mut |record| {
        let _ = record.message_id();
    })))?;
    let mut each = |event: ledger::LedgerEvent| said::fit_to_show(&event.outcome.told_with_code().in_english());
    tell(at_once(ledger.events_of_campaign("c", &mut each)))?;
    tell(at_once(ledger.doubts_of_sender("c", &sender, &mut |_| {})))?;
    tell(at_once(ledger.event_after(&sender, LONG_AGO)))?;
    tell(at_once(ledger.handed_over_since(&sender, LONG_AGO, true)))?;
    tell(at_once(ledger.holdings("c", LONG_AGO)))?;
    tell(at_once(ledger.open_copies("c", &sender, &mut |_| {})))?;
    tell(at_once(ledger.bytes_are_needed(&(0..=12).map(id).collect::<Vec<_>>())))?;
    Ok(())
}

/// An error has words, and something to do.
fn tell<T>(result: Result<T, LedgerError>) -> Result<T, LedgerError> {
    if let Err(error) = &result {
        let words = error.message().in_english();
        let english = Catalog::of(Locale::English);
        let hint = error.hint().map(|hint| hint.in_english());
        let hint = hint.or_else(|| english.hint(&error.message())).unwrap_or_default();
        said::tell(|| format!("{words}\n{hint}"));
        assert!(words.len() < said::LONGEST_PROBLEM);
        assert!(!hint.is_empty());
    }
    result
}

fn remove_beside(path: &Path) {
    for ending in ["-wal", "-shm", "-journal", ".marks", ".lock"] {
        let _ = fs::remove_file(beside(path, ending));
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn id(number: u8) -> LetterId {
    LetterId::from_bytes([number; 16])
}

fn claim(number: u8) -> Entry {
    Entry::Claim(Intent {
        id: id(number),
        campaign: "c".to_owned(),
        letter: "protest".to_owned(),
        sender: "me@x.example".to_owned(),
        recipient: format!("r{number}@x.example"),
        language: "fr".to_owned(),
        date: desk::now(),
        copies: vec!["copy@x.example".to_owned()],
        after: None,
    })
}

fn outcome(number: u8, status: Status, code: u16) -> Entry {
    Entry::Outcome(Box::new(Attempted {
        id: id(number),
        at: desk::now(),
        outcome: Outcome::new(status, Reply::said(code, "so it goes")),
        sha256: [7; 32],
        facts: "{}".into(),
        copies: [
            ("copy@x.example", Status::Refused, 550),
            ("later@x.example", Status::Deferred, 450),
        ]
        .map(|(address, status, code)| AddressOutcome {
            address: address.to_owned(),
            outcome: Outcome::new(status, Reply::said(code, "no")),
        })
        .to_vec(),
    }))
}
