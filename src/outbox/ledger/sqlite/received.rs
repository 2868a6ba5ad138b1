//! Letters that stand accepted: what each of them said, and of what kinds they are.

use std::collections::BTreeMap;

use appel_core::address::Address;
use rusqlite::{Connection, Row, params};

use super::columns::{RECORD, RECORD_COLUMNS, ReadContext, record, timestamp};
use super::{kind, state};
use crate::outbox::ledger::{AcceptedKind, Received};

/// Those of a campaign, in the order of the attempts in which they left.
pub fn each(
    db: &Connection,
    context: &ReadContext,
    campaign: &str,
    each: &mut dyn FnMut(Received),
) -> rusqlite::Result<()> {
    // Beside `max` the other columns of a group are those of the row that has the maximum (sqlite.org/lang_select.html).
    let mut query = db.prepare(&format!(
        "SELECT {RECORD}, event.at, facts.json,
           (SELECT count(*) FROM copy WHERE copy.event = event.key AND copy.state = ?2), max(event.key) AS last
         FROM event JOIN letter ON letter.key = event.letter JOIN run ON run.key = letter.run
         LEFT JOIN facts ON facts.key = event.facts
         WHERE letter.campaign = ?1 AND letter.state = ?2 AND event.kind = ?3 AND event.state IN (?2, ?4)
         GROUP BY event.letter ORDER BY last"
    ))?;
    let mut rows = query.query(params![campaign, state::ACCEPTED, kind::ATTEMPT, state::IN_DOUBT])?;
    while let Some(row) = rows.next()? {
        const EVENT: usize = RECORD_COLUMNS;
        each(Received {
            record: record(row, context)?,
            at: timestamp(row, EVENT)?,
            facts: row.get(EVENT + 1)?,
            copies: number(row, EVENT + 2)?,
        });
    }
    Ok(())
}

/// The kinds of a sender's, whatever campaign they are of.
pub fn kinds(db: &Connection, sender: &Address) -> rusqlite::Result<Vec<AcceptedKind>> {
    let mut query = db.prepare("SELECT campaign, letter, sender FROM letter WHERE state = ?1 AND copy_of IS NULL")?;
    let mut rows = query.query([state::ACCEPTED])?;
    // Counted here, as they come: one kind's mostly stand together, and SQLite would sort them all first.
    let mut same: Option<([String; 3], usize)> = None;
    let mut kinds: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut add = |counted: Option<([String; 3], usize)>| {
        if let Some(([campaign, letter, from], letters)) = counted
            // However the sender's address is written.
            && sender.is_spelled(&from)
        {
            *kinds.entry((campaign, letter)).or_default() += letters;
        }
    };
    while let Some(row) = rows.next()? {
        let is_same = |known: &[String; 3]| {
            let mut columns = known.iter().enumerate();
            columns.all(|(column, text)| row.get_ref(column).is_ok_and(|value| value.as_str() == Ok(text)))
        };
        match &mut same {
            Some((known, count)) if is_same(known) => *count += 1,
            _ => add(same.replace(([row.get(0)?, row.get(1)?, row.get(2)?], 1))),
        }
    }
    add(same);
    let kind = |((campaign, letter), letters)| AcceptedKind {
        campaign,
        letter,
        letters,
    };
    Ok(kinds.into_iter().map(kind).collect())
}

fn number(row: &Row, column: usize) -> rusqlite::Result<usize> {
    let number: i64 = row.get(column)?;
    usize::try_from(number).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, number))
}
