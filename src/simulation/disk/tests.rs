use appel_core::letter::LetterId;
use jiff::Timestamp;
use rusqlite::Connection;

use super::super::dice::Dice;
use super::super::scenario::start;
use super::{Disk, Open};
use crate::outbox::ledger::testing::Files;
use crate::outbox::ledger::{self, Attempted, Durability, Entry, Intent, Ledger, Location};
use appel_core::outcome::{Outcome, Reply, Status};

const LETTERS: u8 = 12;

fn id(number: u8) -> LetterId {
    LetterId::from_bytes([number; 16])
}

fn claim(id: LetterId, date: Timestamp, after: Option<Status>) -> Entry {
    Entry::Claim(Intent {
        id,
        campaign: "c".to_owned(),
        letter: "protest".to_owned(),
        sender: "me@x.example".to_owned(),
        recipient: "r@x.example".to_owned(),
        copies: Vec::new(),
        language: "fr".to_owned(),
        date,
        after,
    })
}

fn outcome(id: LetterId, at: Timestamp, status: Status) -> Entry {
    Entry::Outcome(Box::new(Attempted {
        id,
        at,
        outcome: Outcome::new(status, Reply::said(250, "so it goes")),
        sha256: [7; 32],
        facts: "{}".into(),
        copies: Vec::new(),
    }))
}

/// Something that a run may write next of a letter, as it stands.
fn next_entry(disk: &Disk, id: LetterId, now: Timestamp, dice: &mut Dice) -> Option<Entry> {
    let standing = disk.live.standing(id);
    match standing.and_then(|standing| standing.open) {
        Some(Open::Begun) if dice.percent(80) => {
            let statuses = [Status::Accepted, Status::Deferred, Status::Refused, Status::InDoubt];
            Some(outcome(id, now, *dice.pick(&statuses)))
        }
        Some(Open::Begun) => None,
        Some(Open::Claimed) if dice.percent(15) => Some(Entry::Release(id)),
        Some(Open::Claimed) => disk.claimed.contains(&id).then_some(Entry::Begin(id)),
        None => match standing.and_then(|standing| standing.status) {
            Some(Status::Accepted) => None,
            after => Some(claim(id, now, after)),
        },
    }
}

#[tokio::test]
async fn it_settles_everything_as_the_ledger_itself_does() {
    for seed in 0..30 {
        let mut dice = Dice::new(seed);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger");
        let location = Location::from(path.clone());
        let mut disk = Disk::default();
        let mut now = start();
        let files = || Files::of(folder.path());
        for run in 0..4 {
            let mut ledger = ledger::open(&location, now).await.unwrap();
            compare(&disk, &mut *ledger, seed).await;
            let mut synced = files();
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
                let answers = disk.write(&entries, durability, run).unwrap();
                assert_eq!(ledger.write(entries, durability).await.unwrap(), answers);
                if durability == Durability::Power {
                    synced = files();
                }
            }
            // Killed: never closed.
            let killed = files();
            drop(ledger);
            killed.put_back();
            now += std::time::Duration::from_hours(1);
            let power_was_cut = dice.percent(40);
            if power_was_cut {
                let all_survives = dice.percent(50);
                disk.lose(|| all_survives).unwrap();
                if !all_survives {
                    synced.put_back();
                }
                let database = Connection::open(&path).unwrap();
                database.execute_batch("UPDATE run SET boot = 'another start'").unwrap();
            }
            disk.open_again(!power_was_cut, now);
        }
    }
}

async fn compare(disk: &Disk, ledger: &mut dyn Ledger, seed: u64) {
    for number in 0..LETTERS {
        let id = id(number);
        let known = ledger.past(&[id]).await.unwrap();
        assert_eq!([disk.live.past(id)], *known, "letter {number}, seed {seed}");
    }
    let since = start() - std::time::Duration::from_secs(1);
    let sender = appel_core::address::Address::parse("me@x.example").unwrap();
    let model = disk.live.handed_over_since(&sender, since);
    assert_eq!(
        model,
        ledger.handed_over_since(&sender, since, true).await.unwrap(),
        "seed {seed}"
    );
    let mut events = Vec::new();
    let mut each = |event| events.push(event);
    ledger.events_of_campaign("c", &mut each).await.unwrap();
    assert_eq!(disk.live.events_of_campaign("c"), events, "seed {seed}");
    assert!(disk.live.rows.values().all(|row| row.standing.open.is_none()));
}
