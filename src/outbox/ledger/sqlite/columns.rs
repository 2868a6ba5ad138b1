//! What stands in the columns, as the rest of the program knows it.

use appel_core::letter::LetterId;
use appel_core::outcome::{AddressOutcome, Outcome, Status};
use jiff::Timestamp;
use rusqlite::{Connection, Row};

use super::{reply, state};
use crate::outbox::ledger::Record;
use crate::outbox::ledger::rules::Standing;

/// How an open state is to be read.
#[derive(Debug)]
pub struct ReadContext {
    /// Which start of the machine this is; claims of another may have begun without a trace.
    pub boot: String,
    /// Another run goes on: what is open there is on its way, not in doubt.
    pub under_way: bool,
}

impl ReadContext {
    /// What a standing means; the run's `boot` tells a killed process from a power cut. `None`: it surely never began.
    pub fn status(&self, standing: Standing, boot: &str) -> Option<Status> {
        if self.under_way {
            return standing.status;
        }
        standing.settled(boot == self.boot).status
    }
}

/// What is read of a letter.
pub const RECORD: &str = "letter.id, letter.letter, letter.sender, letter.recipient, letter.language, letter.date, \
                      letter.state, letter.before, run.boot, letter.copy_of";
pub const RECORD_COLUMNS: usize = 10;

/// The columns of [`RECORD`].
pub fn record(row: &Row, context: &ReadContext) -> rusqlite::Result<Record> {
    let standing = state::standing(row.get(6)?, row.get(7)?, timestamp(row, 5)?);
    Ok(Record {
        id: LetterId::from_bytes(row.get(0)?),
        letter: row.get(1)?,
        sender: row.get(2)?,
        recipient: row.get(3)?,
        language: row.get(4)?,
        date: standing.date,
        status: context.status(standing, row.get_ref(8)?.as_str()?),
        copy_of: row.get::<_, Option<_>>(9)?.map(LetterId::from_bytes),
    })
}

/// Every copy of an event.
pub fn copies(db: &Connection, event: i64) -> rusqlite::Result<Vec<AddressOutcome>> {
    let mut query =
        db.prepare_cached("SELECT address, state, code, reason, reply FROM copy WHERE event = ?1 ORDER BY rowid")?;
    let copies = query.query_map([event], |row| {
        Ok(AddressOutcome {
            address: row.get(0)?,
            outcome: outcome(row, 1)?,
        })
    })?;
    copies.collect()
}

/// A moment, in whole seconds.
pub fn timestamp(row: &Row, column: usize) -> rusqlite::Result<Timestamp> {
    let second: i64 = row.get(column)?;
    Timestamp::from_second(second).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, second))
}

/// The columns `state`, `code`, `reason` and `reply`.
pub fn outcome(row: &Row, column: usize) -> rusqlite::Result<Outcome> {
    let status = state::status(row.get(column)?).unwrap_or(Status::InDoubt);
    Ok(Outcome::new(status, reply::read(row, column + 1)?))
}
