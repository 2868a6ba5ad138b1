//! Who was written to in the last 24 hours: found in one pass, and kept as hashes when the records are forgotten.

use appel_core::address::{Address, mailbox_of};
use appel_core::campaign::Limits;
use appel_core::letter::flood::{Salt, salted};
use appel_core::letter::{LetterId, Recent};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::columns::timestamp;
use super::state;
use crate::outbox::ledger::handed_over::{Counted, HandedOver, Once, Own};

/// What a sender handed over since a moment, in whatever campaign.
pub fn read(db: &Connection, sender: &Address, limits: Limits, since: Timestamp) -> rusqlite::Result<Recent> {
    let mut counted = Counted::of(sender, limits);
    handed_over(db, None, since, |letter| counted.add(&letter))?;
    let mut recent = counted.finish();
    if let Some(salt) = salt(db)? {
        let mut query = db.prepare("SELECT hash, copy, at FROM forgotten WHERE at > ?1")?;
        let mut rows = query.query([since.as_second()])?;
        while let Some(row) = rows.next()? {
            recent.add_forgotten(
                salt,
                row.get::<_, i64>(0)?.cast_unsigned(),
                row.get(1)?,
                timestamp(row, 2)?,
            );
        }
    }
    Ok(recent.finish())
}

/// When letters of a sender's mailbox were handed over since a moment, and to how many addresses; only the first unless
/// `all` are wanted.
pub fn handed_over_since(
    db: &Connection,
    sender: &Address,
    since: Timestamp,
    all: bool,
) -> rusqlite::Result<Vec<(Timestamp, usize)>> {
    let mut query = db.prepare(
        "SELECT event.at,
         1 + (SELECT count(*) FROM copy WHERE copy.event = event.key AND copy.state IN (?2, ?3)), sender
         FROM event JOIN letter ON letter.key = event.letter
         WHERE event.at > ?1 AND event.state IN (?2, ?3) AND kind = 1 ORDER BY event.at",
    )?;
    let mut rows = query.query(params![since.as_second(), state::ACCEPTED, state::IN_DOUBT])?;
    let mut own = Own::of(sender);
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        if own.is(row.get_ref(2)?.as_str()?) {
            found.push((timestamp(row, 0)?, usize::try_from(row.get::<_, i64>(1)?).unwrap_or(1)));
            if !all {
                break;
            }
        }
    }
    Ok(found)
}

/// When the newest event of a sender's mailbox was, if that is later than a moment.
pub fn event_after(db: &Connection, sender: &Address, moment: Timestamp) -> rusqlite::Result<Option<Timestamp>> {
    let mut query = db.prepare(
        "SELECT event.at, sender FROM event JOIN letter ON letter.key = event.letter
         WHERE event.at > ?1 ORDER BY event.at DESC",
    )?;
    let mut rows = query.query(params![moment.as_second()])?;
    let mut own = Own::of(sender);
    while let Some(row) = rows.next()? {
        if own.is(row.get_ref(1)?.as_str()?) {
            return timestamp(row, 0).map(Some);
        }
    }
    Ok(None)
}

/// Every letter that was handed over since a moment, once, in one campaign or all.
fn handed_over(
    db: &Connection,
    campaign: Option<&str>,
    since: Timestamp,
    each: impl FnMut(HandedOver),
) -> rusqlite::Result<()> {
    let mut query = db.prepare(
        "SELECT event.key, event.at, event.state, letter.id, letter.sender, letter.recipient, letter.state,
                copy.address, letter.copy_of IS NOT NULL
         FROM event JOIN letter ON letter.key = event.letter
         LEFT JOIN copy ON copy.event = event.key AND copy.state IN (3, 6)
         WHERE event.at > ?1 AND event.state IN (3, 6) AND kind = 1 AND (?2 IS NULL OR letter.campaign = ?2)
         ORDER BY event.key",
    )?;
    let mut rows = query.query(params![since.as_second(), campaign])?;
    let mut once = Once::new(each);
    // A row for each copy.
    let mut last: Option<(i64, HandedOver)> = None;
    while let Some(row) = rows.next()? {
        let (key, copy): (i64, Option<String>) = (row.get(0)?, row.get(7)?);
        if let Some((of, letter)) = &mut last
            && *of == key
        {
            letter.copies.extend(copy);
            continue;
        }
        let letter = HandedOver {
            id: LetterId::from_bytes(row.get(3)?),
            sender: row.get(4)?,
            recipient: row.get(5)?,
            alone: row.get(8)?,
            copies: copy.into_iter().collect(),
            at: timestamp(row, 1)?,
            accepted: row.get::<_, i64>(2)? == state::ACCEPTED,
            again: row.get::<_, i64>(6)? != state::ACCEPTED,
        };
        if let Some((_, before)) = last.replace((key, letter)) {
            once.add(before);
        }
    }
    if let Some((_, letter)) = last {
        once.add(letter);
    }
    once.finish();
    Ok(())
}

/// Keeps of a campaign that is about to be forgotten whom it wrote to since a moment.
pub fn keep(db: &Connection, campaign: &str, since: Timestamp) -> rusqlite::Result<()> {
    let mut kept = Vec::new();
    handed_over(db, Some(campaign), since, |letter| kept.push(letter))?;
    if kept.is_empty() {
        return Ok(());
    }
    let salt = match salt(db)? {
        Some(salt) => salt,
        None => db.query_row(
            "INSERT INTO salt (salt) VALUES (randomblob(16)) RETURNING salt",
            [],
            |row| row.get(0),
        )?,
    };
    let mut insert = db.prepare("INSERT INTO forgotten (hash, copy, at) VALUES (?1, ?2, ?3)")?;
    for letter in kept {
        let sender = mailbox_of(&letter.sender);
        for (address, copy) in letter.addresses() {
            let hash = salted(&salt, &sender, &mailbox_of(address));
            insert.execute(params![hash.cast_signed(), copy, letter.at.as_second()])?;
        }
    }
    Ok(())
}

/// Removes what no longer counts.
pub fn tidy(db: &Connection, since: Timestamp) -> rusqlite::Result<()> {
    let any: bool = db.query_row(
        "SELECT EXISTS (SELECT 1 FROM forgotten WHERE at <= ?1)",
        [since.as_second()],
        |row| row.get(0),
    )?;
    if !any {
        return Ok(());
    }
    db.execute_batch("PRAGMA secure_delete = ON")?;
    db.execute("DELETE FROM forgotten WHERE at <= ?1", [since.as_second()])?;
    db.execute("DELETE FROM salt WHERE NOT EXISTS (SELECT 1 FROM forgotten)", [])?;
    Ok(())
}

fn salt(db: &Connection) -> rusqlite::Result<Option<Salt>> {
    db.query_row("SELECT salt FROM salt", [], |row| row.get(0)).optional()
}
