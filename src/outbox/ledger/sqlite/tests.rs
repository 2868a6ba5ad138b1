mod damage;
mod formats;
mod reading;
mod recent;

use std::path::PathBuf;

use appel_core::letter::LetterId;
use appel_core::outcome::{AddressOutcome, Outcome, Reply, Status};
use jiff::Timestamp;
use rusqlite::Connection;
use tempfile::TempDir;

use super::{SqliteLedger, SqliteLocked};
use crate::outbox::ledger::{
    Attempted, Claimed, Durability, Entry, EventKind, Intent, Ledger, LedgerError, LedgerEvent, LedgerReader,
    LedgerWriter, Record, Settled, at_once,
};

struct Desk {
    dir: TempDir,
}

impl Desk {
    fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("state/ledger.sqlite3")
    }

    fn lock(&self) -> Held {
        Held(Box::new(SqliteLocked::acquire(&self.path(), now()).unwrap()))
    }

    /// A run that does these steps and is killed: it never closes the ledger.
    fn killed_after(&self, steps: &[(Durability, Vec<Entry>)]) {
        let mut ledger = self.lock();
        for (durability, entries) in steps {
            ledger.apply(entries.clone(), *durability).unwrap();
        }
    }

    /// A run that does these steps and ends.
    fn ended_after(&self, steps: &[(Durability, Vec<Entry>)]) {
        let mut ledger = self.lock();
        for (durability, entries) in steps {
            ledger.apply(entries.clone(), *durability).unwrap();
        }
        ledger.apply(Vec::new(), Durability::Power).unwrap();
        ledger.close();
    }

    fn sql(&self, sql: &str) {
        Connection::open(self.path()).unwrap().execute_batch(sql).unwrap();
    }

    fn reader(&self) -> SqliteLedger {
        SqliteLedger::read(&self.path(), now()).unwrap().unwrap()
    }

    fn status(&self, number: u8) -> Option<Status> {
        statuses(&mut self.reader(), [number]).unwrap()[0]
    }

    fn first_date(&self, number: u8) -> Option<Timestamp> {
        let past = at_once(self.reader().past(&[id(number)])).unwrap();
        past[0].map(|past| past.first_date)
    }

    fn logged(&self) -> Vec<LedgerEvent> {
        self.logged_of("c")
    }

    fn logged_of(&self, campaign: &str) -> Vec<LedgerEvent> {
        let mut logged = Vec::new();
        let mut each = |attempt| logged.push(attempt);
        at_once(self.reader().events_of_campaign(campaign, &mut each)).unwrap();
        logged
    }

    /// The ledger, and what lies beside it: `-wal`, `.marks`.
    fn beside(&self, ending: &str) -> PathBuf {
        let mut name = self.path().into_os_string();
        name.push(ending);
        name.into()
    }

    fn attempts(&self) -> Vec<String> {
        let told = |event: &LedgerEvent| {
            let LedgerEvent { record, outcome, .. } = event;
            format!("{} {} {outcome}", record.recipient, outcome.status.in_words())
        };
        self.logged().iter().map(told).collect()
    }
}

/// A ledger that is held.
struct Held(Box<SqliteLocked>);

impl Held {
    fn apply(&mut self, entries: Vec<Entry>, durability: Durability) -> Result<Vec<Claimed>, LedgerError> {
        at_once(self.0.write(entries, durability))
    }

    fn settle(&mut self, letters: &[LetterId], as_what: Settled) -> Result<(), LedgerError> {
        at_once(self.0.settle(letters, as_what, now()))
    }

    fn purge(&mut self, campaign: &str, since: Timestamp) -> bool {
        at_once(self.0.purge(campaign, since)).unwrap()
    }

    fn close(self) {
        at_once(self.0.close(now())).unwrap();
    }
}

use Durability::{Power, Process};

/// How these letters stand.
fn statuses(
    reader: &mut dyn LedgerReader,
    numbers: impl IntoIterator<Item = u8>,
) -> Result<Vec<Option<Status>>, LedgerError> {
    let ids: Vec<LetterId> = numbers.into_iter().map(id).collect();
    let pasts = at_once(reader.past(&ids))?;
    Ok(pasts.into_iter().map(|past| Some(past?.status)).collect())
}

fn now() -> Timestamp {
    "2011-12-16T18:54:00Z".parse().unwrap()
}

fn id(number: u8) -> LetterId {
    LetterId::from_bytes([number; 16])
}

fn claim(number: u8) -> Entry {
    claim_at(number, now())
}

/// Of a letter that stands so.
fn claim_after(number: u8, status: Status) -> Entry {
    match claim(number) {
        Entry::Claim(intent) => Entry::Claim(Intent {
            after: Some(status),
            ..intent
        }),
        other => other,
    }
}

fn claim_at(number: u8, date: Timestamp) -> Entry {
    Entry::Claim(Intent {
        id: id(number),
        campaign: "c".to_owned(),
        letter: "protest".to_owned(),
        sender: "me@x.example".to_owned(),
        recipient: format!("r{number}@x.example"),
        language: "fr".to_owned(),
        date,
        copies: vec!["copy@x.example".to_owned()],
        after: None,
    })
}

fn begin(number: u8) -> Entry {
    Entry::Begin(id(number))
}

fn outcome(number: u8, status: Status, code: u16) -> Entry {
    Entry::Outcome(Box::new(Attempted {
        id: id(number),
        at: now(),
        outcome: Outcome::new(status, Reply::said(code, "so it goes")),
        sha256: [7; 32],
        facts: "{}".into(),
        copies: vec![copy_that_is(Status::Refused, 550, "no")],
    }))
}

fn copy_that_is(status: Status, code: u16, words: &str) -> AddressOutcome {
    AddressOutcome {
        address: "copy@x.example".to_owned(),
        outcome: Outcome::new(status, Reply::said(code, words)),
    }
}

#[test]
fn a_letter_that_was_accepted_cannot_be_claimed_again() {
    let desk = Desk::new();
    desk.ended_after(&[
        (Power, vec![claim(1)]),
        (Process, vec![begin(1)]),
        (Process, vec![outcome(1, Status::Accepted, 250)]),
    ]);
    assert_eq!(desk.status(1), Some(Status::Accepted));
    let mut ledger = desk.lock();
    let lost = [Claimed::Lost(Some(Status::Accepted))];
    for after in [
        claim(1),
        claim_after(1, Status::Accepted),
        claim_after(1, Status::Deferred),
    ] {
        assert_eq!(ledger.apply(vec![after], Power).unwrap(), lost);
    }
    assert_eq!(desk.status(1), Some(Status::Accepted));
}

#[test]
fn a_letter_cannot_begin_unless_it_is_claimed_and_only_once() {
    let desk = Desk::new();
    let mut ledger = desk.lock();
    ledger.apply(vec![begin(1)], Process).unwrap_err();
    ledger.apply(vec![begin(1)], Power).unwrap_err();
    assert_eq!(ledger.apply(vec![claim(1)], Power).unwrap(), [Claimed::Ours]);
    assert_eq!(ledger.apply(vec![claim(1)], Power).unwrap(), [Claimed::Lost(None)]);
    ledger.apply(vec![begin(1)], Process).unwrap();
    ledger.apply(vec![begin(1)], Process).unwrap_err();
}

#[test]
fn after_a_killed_run_what_was_only_claimed_is_due_and_what_had_begun_is_in_doubt() {
    let desk = Desk::new();
    desk.killed_after(&[
        (Power, vec![claim(1), claim(2), claim(3), claim(4)]),
        (Process, vec![begin(1), begin(2), begin(3)]),
        (Process, vec![outcome(1, Status::Accepted, 250)]),
        (Process, vec![outcome(2, Status::Refused, 550)]),
    ]);
    let found: Vec<Option<Status>> = (1..=4).map(|number| desk.status(number)).collect();
    assert_eq!(
        found,
        [
            Some(Status::Accepted),
            Some(Status::Refused),
            Some(Status::InDoubt),
            None
        ]
    );
    assert_eq!(
        desk.attempts(),
        [
            "r1@x.example accepted 250 so it goes",
            "r2@x.example refused 550 so it goes",
            "r3@x.example in doubt the program ended while this letter was being sent",
        ]
    );
}

#[test]
fn after_a_power_cut_everything_claimed_without_a_synced_outcome_is_in_doubt() {
    let desk = Desk::new();
    desk.killed_after(&[
        (Power, vec![claim(1), claim(2), claim(3)]),
        (Process, vec![begin(1)]),
        (Power, vec![outcome(1, Status::Accepted, 250)]),
        (Process, vec![begin(2)]),
    ]);
    desk.sql("UPDATE run SET boot = 'another start of the machine'");
    let found: Vec<Option<Status>> = (1..=3).map(|number| desk.status(number)).collect();
    assert_eq!(
        found,
        [Some(Status::Accepted), Some(Status::InDoubt), Some(Status::InDoubt)]
    );
}

#[test]
fn without_its_marks_a_killed_run_leaves_everything_claimed_in_doubt() {
    let desk = Desk::new();
    desk.killed_after(&[(Power, vec![claim(1)])]);
    let mut marks = desk.path().into_os_string();
    marks.push(".marks");
    std::fs::remove_file(marks).unwrap();
    assert_eq!(desk.status(1), Some(Status::InDoubt));
}

#[test]
fn a_letter_in_doubt_that_is_claimed_again_and_never_begins_is_still_in_doubt() {
    let desk = Desk::new();
    desk.killed_after(&[(Power, vec![claim(1)]), (Process, vec![begin(1)])]);
    assert_eq!(desk.status(1), Some(Status::InDoubt));
    desk.killed_after(&[(Power, vec![claim_after(1, Status::InDoubt)])]);
    assert_eq!(desk.status(1), Some(Status::InDoubt));
    desk.ended_after(&[
        (Power, vec![claim_after(1, Status::InDoubt)]),
        (Power, vec![Entry::Release(id(1))]),
    ]);
    assert_eq!(desk.status(1), Some(Status::InDoubt));
}

#[test]
fn every_attempt_carries_the_date_of_the_first_and_a_claim_that_never_began_has_none() {
    let desk = Desk::new();
    let later: Timestamp = "2011-12-17T09:00:00Z".parse().unwrap();
    let date = |desk: &Desk| desk.first_date(1);
    desk.ended_after(&[(Power, vec![claim(1)]), (Power, vec![Entry::Release(id(1))])]);
    assert_eq!(date(&desk), None);
    desk.ended_after(&[
        (Power, vec![claim_at(1, later)]),
        (Process, vec![begin(1)]),
        (Process, vec![outcome(1, Status::Deferred, 451)]),
    ]);
    assert_eq!(date(&desk), Some(later));
    desk.ended_after(&[
        (Power, vec![claim_after(1, Status::Deferred)]),
        (Power, vec![Entry::Release(id(1))]),
    ]);
    assert_eq!(date(&desk), Some(later));
}

#[test]
fn a_second_run_is_told_who_holds_the_ledger_and_a_dead_holder_does_not_block() {
    let desk = Desk::new();
    let ledger = desk.lock();
    let error = SqliteLocked::acquire(&desk.path(), now()).unwrap_err();
    assert!(matches!(error, LedgerError::Busy { .. }));
    let holder = format!("process {}, since 2011-12-16 18:54:00 UTC", std::process::id());
    assert!(error.to_string().ends_with(&holder), "{error}");
    drop(ledger);
    desk.lock();
}

#[test]
fn a_newer_ledger_and_another_programs_database_are_refused_untouched() {
    let desk = Desk::new();
    desk.ended_after(&[]);
    desk.sql("PRAGMA user_version = 99");
    assert!(matches!(
        SqliteLocked::acquire(&desk.path(), now()),
        Err(LedgerError::Newer { found: 99, .. })
    ));
    assert!(matches!(
        SqliteLedger::read(&desk.path(), now()),
        Err(LedgerError::Newer { .. })
    ));
    let desk = Desk::new();
    std::fs::create_dir(desk.dir.path().join("state")).unwrap();
    desk.sql("CREATE TABLE theirs (a)");
    assert!(matches!(
        SqliteLocked::acquire(&desk.path(), now()),
        Err(LedgerError::Damaged { .. })
    ));
    std::fs::write(desk.path(), b"not a database, whatever its name says").unwrap();
    assert!(matches!(
        SqliteLocked::acquire(&desk.path(), now()),
        Err(LedgerError::Damaged { .. })
    ));
}

#[test]
fn a_copy_that_was_refused_is_remembered_with_its_own_words() {
    let desk = Desk::new();
    desk.ended_after(&[
        (Power, vec![claim(1)]),
        (Process, vec![begin(1)]),
        (Process, vec![outcome(1, Status::Accepted, 250)]),
    ]);
    let logged = &desk.logged()[0];
    assert_eq!(logged.copies, [copy_that_is(Status::Refused, 550, "no")]);
    assert_eq!(
        logged.kind,
        EventKind::Attempt {
            sha256: Some([7; 32]),
            facts: Some("{}".to_owned())
        }
    );
    let mut records: Vec<Record> = Vec::new();
    let mut each = |record| records.push(record);
    at_once(desk.reader().records_of_sender("c", "me@x.example", &mut each)).unwrap();
    assert_eq!(records.len(), 1);
}

#[test]
fn a_killed_run_leaves_the_copies_of_a_letter_in_doubt_too() {
    let desk = Desk::new();
    desk.killed_after(&[
        (Power, vec![claim(1), claim(2)]),
        (Process, vec![begin(1)]),
        (Process, vec![outcome(1, Status::Refused, 550)]),
        (Process, vec![begin(2)]),
    ]);
    let found: Vec<_> = desk
        .logged()
        .into_iter()
        .flat_map(|attempt| {
            let outcome = attempt.outcome;
            attempt.copies.into_iter().map(move |copy| {
                assert_eq!(copy.address, "copy@x.example");
                (outcome.status, copy.outcome.status, copy.outcome == outcome)
            })
        })
        .collect();
    assert_eq!(
        found,
        [
            (Status::Refused, Status::Refused, false),
            (Status::InDoubt, Status::InDoubt, true)
        ]
    );
}

#[test]
fn letters_are_settled_all_or_none_and_only_those_in_doubt() {
    let desk = Desk::new();
    desk.ended_after(&[
        (Power, vec![claim(1), claim(2), claim(3)]),
        (Process, vec![begin(1), begin(2), begin(3)]),
        (
            Process,
            vec![outcome(1, Status::InDoubt, 0), outcome(2, Status::InDoubt, 0)],
        ),
        (Process, vec![outcome(3, Status::Refused, 550)]),
    ]);
    let mut ledger = desk.lock();
    for letters in [&[id(1), id(3)][..], &[id(1), id(9)], &[id(1), id(1)]] {
        ledger.settle(letters, Settled::Sent).unwrap_err();
        assert_eq!((desk.status(1), desk.attempts().len()), (Some(Status::InDoubt), 3));
    }
    ledger.settle(&[id(1)], Settled::Sent).unwrap();
    ledger.settle(&[id(2)], Settled::Unsent).unwrap();
    ledger.close();
    assert_eq!(
        (desk.status(1), desk.status(2)),
        (Some(Status::Accepted), Some(Status::Deferred))
    );
    assert_eq!(desk.first_date(2), Some(now()));
    assert_eq!(
        desk.attempts()[3..],
        [
            "r1@x.example accepted settled by hand as sent",
            "r2@x.example deferred settled by hand as unsent: due again"
        ]
    );
    let claims = vec![claim_after(1, Status::InDoubt), claim_after(2, Status::Deferred)];
    assert_eq!(
        desk.lock().apply(claims, Power).unwrap(),
        [Claimed::Lost(Some(Status::Accepted)), Claimed::Ours]
    );
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

#[cfg(unix)]
#[test]
fn only_its_owner_can_read_anything_of_the_ledger() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::new();
    desk.killed_after(&[(Power, vec![claim(1)]), (Process, vec![begin(1)])]);
    let folder = desk.path().parent().unwrap().to_owned();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    let mut files = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        assert_eq!(mode(&file.unwrap().path()), 0o600);
        files += 1;
    }
    assert!(files >= 3, "{files}");
}

#[cfg(unix)]
#[test]
fn a_copy_made_while_a_run_goes_on_holds_what_the_run_may_send_meanwhile() {
    let desk = Desk::new();
    let mut live = desk.lock();
    live.apply(vec![claim(1), claim(2)], Power).unwrap();
    let copy = Desk::new();
    let to = copy.path().parent().unwrap().to_owned();
    std::fs::create_dir(&to).unwrap();
    for file in std::fs::read_dir(desk.path().parent().unwrap()).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
    live.apply(vec![begin(1)], Process).unwrap();
    assert_eq!(
        [copy.status(1), copy.status(2)],
        [Some(Status::InDoubt), Some(Status::InDoubt)]
    );
}

#[cfg(unix)]
#[test]
fn a_ledger_by_another_name_is_the_same_ledger() {
    let desk = Desk::new();
    let _ledger = desk.lock();
    let link = desk.dir.path().join("link.sqlite3");
    std::os::unix::fs::symlink(desk.path(), &link).unwrap();
    assert!(matches!(
        SqliteLocked::acquire(&link, now()),
        Err(LedgerError::Busy { .. })
    ));
}
