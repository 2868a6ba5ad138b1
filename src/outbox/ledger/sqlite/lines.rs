//! Finding the lines of letters: each by its id, or in stretches when they are asked for in the order of their lines.

use std::collections::VecDeque;

use appel_core::letter::{LetterId, Past};
use rusqlite::{Connection, OptionalExtension, Row};

use super::columns::{ReadContext, timestamp};
use super::state;

/// No more lines are read ahead.
const LONGEST: usize = 512;

/// Where in the lines the questions are.
#[derive(Debug, Default)]
pub struct Lines {
    /// Read ahead, in order.
    ahead: VecDeque<(LetterId, Option<Past>)>,
    /// The last line that was read.
    key: i64,
    /// How many to read next; 0 while questions come in another order.
    stretch: usize,
}

const ONE: &str = "SELECT letter.key, letter.id, state, before, boot, date
    FROM letter JOIN run ON run.key = letter.run WHERE id = ?1";
const STRETCH: &str = "SELECT letter.key, letter.id, state, before, boot, date
    FROM letter JOIN run ON run.key = letter.run WHERE letter.key > ?1 AND copy_of IS NULL
    ORDER BY letter.key LIMIT ?2";

impl Lines {
    /// What the ledger has of a letter.
    pub fn find(&mut self, db: &Connection, context: &ReadContext, id: LetterId) -> rusqlite::Result<Option<Past>> {
        if self.ahead.is_empty() && self.stretch > 0 {
            self.read_ahead(db, context)?;
        }
        if let Some((_, past)) = self.ahead.pop_front_if(|(next, _)| *next == id) {
            return Ok(past);
        }
        let mut query = db.prepare_cached(ONE)?;
        let found = query
            .query_row([id.as_bytes().as_slice()], |row| read(row, context))
            .optional()?;
        let Some((key, _, past)) = found else {
            // One that is new, perhaps among others that are not.
            return Ok(None);
        };
        self.stretch = usize::from(key == self.key + 1);
        self.key = key;
        self.ahead.clear();
        Ok(past)
    }

    fn read_ahead(&mut self, db: &Connection, context: &ReadContext) -> rusqlite::Result<()> {
        let mut query = db.prepare_cached(STRETCH)?;
        let mut rows = query.query((self.key, i64::try_from(self.stretch).unwrap_or(1)))?;
        while let Some(row) = rows.next()? {
            let (key, id, past) = read(row, context)?;
            self.key = key;
            self.ahead.push_back((id, past));
        }
        // Behind the last line there is nothing to look for.
        self.stretch = if self.ahead.is_empty() {
            0
        } else {
            LONGEST.min(2 * self.stretch)
        };
        Ok(())
    }
}

fn read(row: &Row, context: &ReadContext) -> rusqlite::Result<(i64, LetterId, Option<Past>)> {
    let standing = state::standing(row.get(2)?, row.get(3)?, timestamp(row, 5)?);
    let status = context.status(standing, row.get_ref(4)?.as_str()?);
    let past = status.map(|status| Past {
        status,
        first_date: standing.date,
    });
    Ok((row.get(0)?, LetterId::from_bytes(row.get(1)?), past))
}
