//! `appel log`: every attempt, oldest first, with the server's words.

use std::io::{BufWriter, Write, stdout};

use super::Context;
use crate::cli;
use crate::failure::{Exit, Failure};
use crate::outbox::ledger::SqliteLedger;
use crate::report::attempt::{lines, object};
use crate::report::json::JsonLines;
use crate::report::spreadsheet::Rows;

/// Runs it.
pub fn run(context: &Context, arguments: &cli::Log) -> Result<Exit, Failure> {
    // Said here and not by clap, which does not see a `--json` before the command.
    if arguments.csv && context.global.json {
        return Err(Failure::usage("--csv and --json are two forms of the same log").hint("ask for one of them"));
    }
    let campaign = context.identity()?;
    let ledger = SqliteLedger::read(&context.ledger_path()?, context.clock.now())?;
    let mut out = BufWriter::new(stdout().lock());
    if arguments.csv {
        let mut rows = Rows::new(out);
        if let Some(ledger) = ledger {
            ledger.attempts(&campaign.id, |attempt| rows.attempt(&attempt))?;
        }
        return Ok(Exit::Done);
    }
    if context.global.json {
        let mut json = JsonLines::new(out);
        if let Some(ledger) = ledger {
            ledger.attempts(&campaign.id, |attempt| json.line(&object(&attempt)))?;
        }
        return Ok(Exit::Done);
    }
    let mut tried = 0_usize;
    if let Some(ledger) = ledger {
        ledger.attempts(&campaign.id, |attempt| {
            tried += 1;
            // A reader that has gone is no failure.
            let _ = out.write_all(lines(&attempt).as_bytes());
        })?;
    }
    if tried == 0 {
        let _ = writeln!(out, "Nothing was tried yet.");
    }
    let _ = out.flush();
    Ok(Exit::Done)
}
