use jiff::Timestamp;
use rusqlite::Connection;

use super::super::dice::Dice;
use super::super::scenario::start;
use super::{Disk, State};
use crate::letter::LetterId;
use crate::outbox::ledger::{Attempted, Durability, Entry, Intent, LockedLedger, SqliteLocked};
use crate::transport::{Reply, Status};

const LETTERS: u8 = 12;

fn id(number: u8) -> LetterId {
    LetterId::from_bytes([number; 16])
}

fn claim(id: LetterId, date: Timestamp) -> Entry {
    Entry::Claim(Intent {
        id,
        campaign: "c".to_owned(),
        letter: "protest".to_owned(),
        sender: "me@x.example".to_owned(),
        recipient: "r@x.example".to_owned(),
        copies: Vec::new(),
        language: "fr".to_owned(),
        date,
    })
}

fn outcome(id: LetterId, at: Timestamp, status: Status) -> Entry {
    Entry::Outcome(Box::new(Attempted {
        id,
        at,
        status,
        reply: Reply::none("so it goes"),
        sha256: [7; 32],
        facts: "{}".into(),
        copies: Vec::new(),
    }))
}

/// Something that a run may write next of a letter, as it stands.
fn next_entry(disk: &Disk, id: LetterId, now: Timestamp, dice: &mut Dice) -> Option<Entry> {
    match disk.live.state(id) {
        Some(State::Begun) if dice.percent(80) => {
            let statuses = [Status::Accepted, Status::Deferred, Status::Refused, Status::InDoubt];
            Some(outcome(id, now, *dice.pick(&statuses)))
        }
        Some(State::Begun | State::Claimed) if dice.percent(15) => Some(Entry::Release(id)),
        Some(State::Claimed) => disk.claimed.contains(&id).then_some(Entry::Begin(id)),
        Some(State::Begun | State::Accepted) => None,
        _ => Some(claim(id, now)),
    }
}

#[test]
fn it_settles_everything_as_the_ledger_itself_does() {
    for seed in 0..30 {
        let mut dice = Dice::new(seed);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger");
        let mut disk = Disk::default();
        let mut now = start();
        for run in 0..4 {
            let mut ledger = SqliteLocked::acquire(&path, now).unwrap();
            compare(&disk, &ledger, seed);
            for _ in 0..dice.between(1, 20) {
                now += std::time::Duration::from_mins(1);
                let mut entries = Vec::new();
                // One entry for each letter: a run waits for a claim before it begins, and so on.
                for number in 0..LETTERS {
                    if dice.percent(30) {
                        entries.extend(next_entry(&disk, id(number), now, &mut dice));
                    }
                }
                let claims = entries.iter().any(|entry| matches!(entry, Entry::Claim(_)));
                let durability = if claims || dice.percent(20) {
                    Durability::Power
                } else {
                    Durability::Process
                };
                disk.write(&entries, durability, run).unwrap();
                ledger.apply(entries, durability).unwrap();
            }
            // Killed: never closed.
            drop(ledger);
            now += std::time::Duration::from_hours(1);
            let power_was_cut = dice.percent(40);
            if power_was_cut {
                let marks_survive = dice.percent(50);
                disk.lose(|| marks_survive).unwrap();
                if !marks_survive {
                    let marks = folder.path().join("ledger.marks");
                    let whole = std::fs::read(&marks).unwrap();
                    std::fs::write(&marks, &whole[..16]).unwrap();
                }
                let database = Connection::open(&path).unwrap();
                database.execute_batch("UPDATE run SET boot = 'another start'").unwrap();
            }
            disk.open_again(!power_was_cut, now);
        }
    }
}

fn compare(disk: &Disk, ledger: &SqliteLocked, seed: u64) {
    let reader = ledger.reader().unwrap();
    for number in 0..LETTERS {
        let id = id(number);
        let known = reader.past(&[id]).unwrap();
        assert_eq!([disk.live.past(id)], *known, "letter {number}, seed {seed}");
    }
    let since = start() - std::time::Duration::from_secs(1);
    let mut model = disk.live.handed_over_since(since);
    model.sort_unstable();
    assert_eq!(
        model,
        reader
            .handed_over_since(&crate::campaign::Address::parse("me@x.example").unwrap(), since, true)
            .unwrap(),
        "seed {seed}"
    );
    assert!(disk.live.rows.values().all(|row| row.state.settled(true) == row.state));
}
