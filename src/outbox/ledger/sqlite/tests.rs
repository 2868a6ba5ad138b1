mod conformance;
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
    Attempted, Claimed, Durability, Entry, Intent, Ledger, LedgerError, LedgerEvent, LedgerReader, LedgerWriter,
    Settled, at_once,
};

struct Subject {
    dir: TempDir,
}

impl Subject {
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
            let (status, words) = (outcome.status.told(), outcome.told_with_code());
            format!("{} {} {}", record.recipient, status.in_english(), words.in_english())
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
fn others_read_while_a_run_goes_on_and_what_it_writes_is_folded_in_meanwhile() {
    let subject = Subject::new();
    let mut ledger = subject.lock();
    ledger.apply(vec![claim(1)], Power).unwrap();
    for _ in 0..1000 {
        ledger.apply(vec![begin(1)], Process).unwrap();
        ledger.apply(vec![outcome(1, Status::Deferred, 450)], Process).unwrap();
        ledger.apply(vec![claim_after(1, Status::Deferred)], Power).unwrap();
    }
    ledger.apply(vec![begin(1)], Process).unwrap();
    let other = Connection::open(subject.path()).unwrap();
    let count = |of: &str| other.query_row(of, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(count("SELECT count(*) FROM event"), 1000);
    assert_eq!(count("SELECT state FROM letter"), 2);
    let mut written_ahead = subject.path().into_os_string();
    written_ahead.push("-wal");
    // 4,000 pages with their headers, and what a commit or two of this run add.
    let length = std::fs::metadata(&written_ahead).unwrap().len();
    assert!(length < 4100 * 2072, "{length}");
    drop(other);
    ledger.apply(vec![outcome(1, Status::Deferred, 450)], Power).unwrap();
    ledger.close();
    assert!(!PathBuf::from(written_ahead).exists());
}

#[test]
fn without_its_marks_a_killed_run_leaves_everything_claimed_in_doubt() {
    let subject = Subject::new();
    subject.killed_after(&[(Power, vec![claim(1)])]);
    let mut marks = subject.path().into_os_string();
    marks.push(".marks");
    std::fs::remove_file(marks).unwrap();
    assert_eq!(subject.status(1), Some(Status::InDoubt));
}

#[test]
fn a_second_run_is_told_who_holds_the_ledger_and_a_dead_holder_does_not_block() {
    let subject = Subject::new();
    let ledger = subject.lock();
    let error = SqliteLocked::acquire(&subject.path(), now()).unwrap_err();
    assert!(matches!(error, LedgerError::Busy { .. }));
    let holder = format!("process {}, since 2011-12-16 18:54:00 UTC", std::process::id());
    assert!(error.message().in_english().ends_with(&holder), "{error:?}");
    drop(ledger);
    subject.lock();
}

#[test]
fn a_newer_ledger_and_another_programs_database_are_refused_untouched() {
    let subject = Subject::new();
    subject.ended_after(&[]);
    subject.sql("PRAGMA user_version = 99");
    assert!(matches!(
        SqliteLocked::acquire(&subject.path(), now()),
        Err(LedgerError::Newer { found: 99, .. })
    ));
    assert!(matches!(
        SqliteLedger::read(&subject.path(), now()),
        Err(LedgerError::Newer { .. })
    ));
    let subject = Subject::new();
    std::fs::create_dir(subject.dir.path().join("state")).unwrap();
    subject.sql("CREATE TABLE theirs (a)");
    assert!(matches!(
        SqliteLocked::acquire(&subject.path(), now()),
        Err(LedgerError::Damaged { .. })
    ));
    std::fs::write(subject.path(), b"not a database, whatever its name says").unwrap();
    assert!(matches!(
        SqliteLocked::acquire(&subject.path(), now()),
        Err(LedgerError::Damaged { .. })
    ));
}

#[cfg(unix)]
#[test]
fn only_its_owner_can_read_anything_of_the_ledger() {
    use std::os::unix::fs::PermissionsExt;
    let subject = Subject::new();
    subject.killed_after(&[(Power, vec![claim(1)]), (Process, vec![begin(1)])]);
    let folder = subject.path().parent().unwrap().to_owned();
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
    let subject = Subject::new();
    let mut live = subject.lock();
    live.apply(vec![claim(1), claim(2)], Power).unwrap();
    let copy = Subject::new();
    let to = copy.path().parent().unwrap().to_owned();
    std::fs::create_dir(&to).unwrap();
    for file in std::fs::read_dir(subject.path().parent().unwrap()).unwrap() {
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
    let subject = Subject::new();
    let _ledger = subject.lock();
    let link = subject.dir.path().join("link.sqlite3");
    std::os::unix::fs::symlink(subject.path(), &link).unwrap();
    assert!(matches!(
        SqliteLocked::acquire(&link, now()),
        Err(LedgerError::Busy { .. })
    ));
}
