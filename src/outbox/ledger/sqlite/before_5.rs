//! What a run of an older format, up to 4, left behind when it was killed: in the daybook, a table, and in the marks beside
//! the file, entries that were not posted to the lines yet.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::sync::Arc;

use appel_messages::{Message, msg};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::entries::{Commit, Held};
use super::wrong::Wrong;
use super::{marks, runs, state};
use crate::outbox::ledger::{Attempted, Entry, Intent};
use crate::private;
use appel_core::letter::LetterId;
use appel_core::outcome::{AddressOutcome, Outcome, Reason, Reply, Status};

/// An entry as JSON, as it was written.
#[derive(Deserialize)]
enum Old {
    Claim(OldIntent),
    Begin(LetterId),
    Outcome(Box<OldAttempted>),
    Release(LetterId),
}

#[derive(Deserialize)]
struct OldIntent {
    id: LetterId,
    campaign: String,
    letter: String,
    sender: String,
    recipient: String,
    language: String,
    date: Timestamp,
    #[serde(default)]
    copies: Vec<String>,
}

#[derive(Deserialize)]
struct OldAttempted {
    id: LetterId,
    at: Timestamp,
    status: Status,
    reply: OldReply,
    sha256: String,
    facts: Arc<str>,
    #[serde(default)]
    copies: Vec<(String, Status, OldReply)>,
}

#[derive(Deserialize)]
struct OldReply {
    code: Option<u16>,
    text: String,
}

impl From<OldReply> for Reply {
    fn from(old: OldReply) -> Self {
        let OldReply { code, text } = old;
        match code {
            Some(code) => Self::said(code, text),
            None => Self::none(Reason::Older, text),
        }
    }
}

/// What runs that were killed left open, each with whether nothing of it is missing.
pub struct Left(BTreeMap<i64, (Vec<Old>, bool)>);

/// Reads it, while the database is of its old format yet.
pub fn left(path: &Path, db: &Connection, format: usize, boot: &str) -> rusqlite::Result<Left> {
    let mut all = BTreeMap::new();
    let mut query = db.prepare("SELECT key, marks, boot = ?1 FROM run WHERE ended IS NULL")?;
    let mut rows = query.query([boot])?;
    while let Some(row) = rows.next()? {
        let (run, generation, same_boot): (i64, i64, bool) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let mut entries = if format < 3 { Vec::new() } else { daybook(db, run)? };
        let whole = read_marks(path, run, generation.cast_unsigned(), &mut entries);
        all.insert(run, (entries, same_boot && whole));
    }
    if format >= 3 && db.query_row("SELECT count(*) FROM daybook", [], |row| row.get::<_, i64>(0))? > 0 {
        let mut runs = db.prepare("SELECT DISTINCT run FROM daybook")?;
        let runs = runs.query_map([], |row| row.get(0))?;
        if runs
            .collect::<rusqlite::Result<Vec<i64>>>()?
            .iter()
            .any(|run| !all.contains_key(run))
        {
            return Err(changed(msg!("ledger-entries-of-another-run")));
        }
    }
    Ok(Left(all))
}

/// Writes it to the lines of the new format, and settles those runs.
pub fn take_over(db: &Connection, left: Left, now: Timestamp) -> rusqlite::Result<()> {
    for (run, (entries, all_known)) in left.0 {
        let mut held = Held::of_run(db, run)?;
        let commit = Commit {
            run,
            number: 0,
            synced: 0,
        };
        for old in entries {
            held.write(db, &[new(db, old)?], commit)?;
        }
        held.keep();
        runs::settle_run(db, run, all_known, now)?;
    }
    Ok(())
}

fn new(db: &Connection, old: Old) -> rusqlite::Result<Entry> {
    Ok(match old {
        Old::Begin(id) => Entry::Begin(id),
        Old::Release(id) => Entry::Release(id),
        Old::Claim(old) => Entry::Claim(Intent {
            // That it was claimed was decided then.
            after: db
                .prepare_cached("SELECT iif(state = 0, before, state) FROM letter WHERE id = ?1")?
                .query_row([old.id.as_bytes().as_slice()], |row| Ok(state::status(row.get(0)?)))
                .optional()?
                .flatten(),
            id: old.id,
            campaign: old.campaign,
            letter: old.letter,
            sender: old.sender,
            recipient: old.recipient,
            language: old.language,
            date: old.date,
            copies: old.copies,
        }),
        Old::Outcome(old) => Entry::Outcome(Box::new(Attempted {
            id: old.id,
            at: old.at,
            outcome: Outcome::new(old.status, old.reply.into()),
            sha256: digest(&old.sha256).ok_or_else(|| changed(msg!("ledger-entries-without-digest")))?,
            facts: old.facts,
            copies: old
                .copies
                .into_iter()
                .map(|(address, status, reply)| AddressOutcome {
                    address,
                    outcome: Outcome::new(status, reply.into()),
                })
                .collect(),
        })),
    })
}

fn digest(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    let (digits, rest) = text.as_bytes().as_chunks::<2>();
    if digits.len() != bytes.len() || !rest.is_empty() {
        return None;
    }
    for (byte, digits) in bytes.iter_mut().zip(digits) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(bytes)
}

fn daybook(db: &Connection, run: i64) -> rusqlite::Result<Vec<Old>> {
    let mut query = db.prepare("SELECT entries, digest FROM daybook WHERE run = ?1 ORDER BY key")?;
    let mut rows = query.query([run])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let entries = row.get_ref(0)?.as_blob()?;
        if row.get_ref(1)?.as_blob()? != check(run.cast_unsigned(), entries) {
            return Err(changed(msg!("ledger-entries-changed")));
        }
        for entry in serde_json::Deserializer::from_slice(entries).into_iter() {
            all.push(entry.map_err(|error| changed(msg!("ledger-entries-unreadable", cause = error.to_string())))?);
        }
    }
    Ok(all)
}

const MAGIC: &[u8; 8] = b"APPELMK2";
/// No mark is longer; what claims to be is none.
const LONGEST: usize = 1 << 20;

/// Adds what a run marked after its last synced commit; whether there was nothing more.
fn read_marks(ledger: &Path, run: i64, generation: u64, entries: &mut Vec<Old>) -> bool {
    let Ok((mut reader, of_run)) = open(ledger) else {
        return false;
    };
    if of_run != run {
        return false;
    }
    let mut read = 0;
    while let Some((of, bytes)) = next(&mut reader) {
        if of != generation {
            // It was killed before it could open the new generation: what was marked before is in the commit.
            return read == 0 && of < generation;
        }
        if bytes.is_empty() {
            return true;
        }
        let Ok(entry) = serde_json::from_slice(&bytes) else {
            return false;
        };
        entries.push(entry);
        read += 1;
    }
    false
}

/// The last run that marked anything, and its last synced commit that is known of.
pub fn newest(ledger: &Path) -> Option<(i64, u64)> {
    let (mut reader, run) = open(ledger).ok()?;
    Some((run, next(&mut reader).map_or(0, |(generation, _)| generation)))
}

fn open(ledger: &Path) -> io::Result<(BufReader<File>, i64)> {
    let mut reader = BufReader::new(private::open(&marks::path(ledger), private::options().read(true))?);
    let (mut magic, mut run) = ([0; 8], [0; 8]);
    reader.read_exact(&mut magic)?;
    reader.read_exact(&mut run)?;
    if magic != *MAGIC {
        return Err(io::ErrorKind::InvalidData.into());
    }
    Ok((reader, i64::from_be_bytes(run)))
}

/// The next mark, with its generation: its length, a check over generation and bytes, the generation, the bytes.
fn next(reader: &mut impl Read) -> Option<(u64, Vec<u8>)> {
    let (mut length, mut sum, mut generation) = ([0; 4], [0; 8], [0; 8]);
    reader.read_exact(&mut length).ok()?;
    reader.read_exact(&mut sum).ok()?;
    reader.read_exact(&mut generation).ok()?;
    let length = usize::try_from(u32::from_be_bytes(length)).ok()?;
    let generation = u64::from_be_bytes(generation);
    if length > LONGEST {
        return None;
    }
    let mut bytes = vec![0; length];
    reader.read_exact(&mut bytes).ok()?;
    (sum == check(generation, &bytes)).then_some((generation, bytes))
}

/// The first bytes of the SHA-256 of a number and what belongs to it.
fn check(number: u64, bytes: &[u8]) -> [u8; 8] {
    let digest = Sha256::new()
        .chain_update(number.to_be_bytes())
        .chain_update(bytes)
        .finalize();
    let mut check = [0; 8];
    check.copy_from_slice(&digest[..8]);
    check
}

fn changed(how: Message) -> rusqlite::Error {
    Wrong(how).damaged()
}
