//! Copies that letters left without: which are open, and whose bytes are needed again.

use std::sync::Arc;

use appel_core::address::Address;
use appel_core::letter::{Left, LetterId, OpenCopy, Past};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::columns::{ReadContext, timestamp};
use super::state;

/// Those of a campaign and one sender that were not accepted. The database keeps a list of just these.
pub fn open(
    db: &Connection,
    context: &ReadContext,
    campaign: &str,
    sender: &Address,
    each: &mut dyn FnMut(OpenCopy),
) -> rusqlite::Result<()> {
    let mut query = db.prepare(
        "SELECT id, copy_of, recipient, language, letter.state, before, date, boot, sha256, json, sender
         FROM letter INDEXED BY open_copy JOIN run ON run.key = letter.run
         LEFT JOIN event ON event.key = letter.attempt LEFT JOIN facts ON facts.key = event.facts
         WHERE copy_of IS NOT NULL AND letter.state <> 3 AND campaign = ?1 ORDER BY letter.key",
    )?;
    let mut rows = query.query(params![campaign])?;
    while let Some(row) = rows.next()? {
        if sender.is_spelled(row.get_ref(10)?.as_str()?)
            && let Some(copy) = read(row, context)?
        {
            each(copy);
        }
    }
    Ok(())
}

fn read(row: &Row, context: &ReadContext) -> rusqlite::Result<Option<OpenCopy>> {
    let standing = state::standing(row.get(4)?, row.get(5)?, timestamp(row, 6)?);
    let Some(status) = context.status(standing, row.get_ref(7)?.as_str()?) else {
        return Ok(None);
    };
    let (sha256, facts): (Option<[u8; 32]>, Option<String>) = (row.get(8)?, row.get(9)?);
    Ok(Some(OpenCopy {
        id: LetterId::from_bytes(row.get(0)?),
        letter: LetterId::from_bytes(row.get(1)?),
        address: row.get(2)?,
        language: row.get(3)?,
        past: Past {
            status,
            first_date: standing.date,
        },
        left: sha256.zip(facts).map(|(sha256, facts)| Left {
            sha256,
            facts: Arc::from(facts),
        }),
    }))
}

/// Of each of these letters, whether it is in doubt, or a copy of it is put off or in doubt.
pub fn bytes_are_needed(db: &Connection, letters: &[LetterId]) -> rusqlite::Result<Vec<bool>> {
    let mut of_letter = db.prepare("SELECT state, before FROM letter WHERE id = ?1")?;
    let mut of_copies =
        db.prepare("SELECT state, before FROM letter WHERE copy_of = ?1 AND copy_of IS NOT NULL AND state <> 3")?;
    let needs = |row: &Row, is_copy| {
        let standing = state::standing(row.get(0)?, row.get(1)?, jiff::Timestamp::UNIX_EPOCH);
        rusqlite::Result::Ok(standing.needs_bytes(is_copy))
    };
    let mut answers = Vec::with_capacity(letters.len());
    for id in letters {
        let id = id.as_bytes().as_slice();
        let letter = of_letter.query_row([id], |row| needs(row, false)).optional()?;
        let mut is_needed = letter == Some(true);
        let mut copies = of_copies.query([id])?;
        while let Some(row) = copies.next()? {
            is_needed |= needs(row, true)?;
        }
        answers.push(is_needed);
    }
    Ok(answers)
}
