//! `appel log`: every attempt, oldest first, with the server's words.

use std::io::{self, BufWriter, ErrorKind, Write, stdout};

use appel_core::words::json_for_screen;
use appel_messages::msg;

use super::Context;
use crate::cli;
use crate::failure::{Exit, Failure};
use crate::outbox::ledger::{self, LedgerError, LedgerEvent, LedgerReader};
use crate::report::attempt::{Lines, event};
use crate::report::spreadsheet::Rows;

/// Runs it.
pub async fn run(context: &Context, arguments: &cli::Log) -> Result<Exit, Failure> {
    // Said here and not by clap, which does not see a `--json` before the command.
    if arguments.csv && context.global.json {
        return Err(Failure::usage(msg!("log-two-forms")));
    }
    let campaign = context.identity()?.id;
    let ledger = ledger::read(&context.ledger()?, context.clock.now()).await?;
    let mut log = Log { ledger, campaign };
    let mut out = BufWriter::new(stdout());
    let told = if arguments.csv {
        let mut rows = Rows::new(&mut out);
        let told = log.tell(&mut |attempt| rows.event(attempt)).await;
        told.and_then(|()| Ok(rows.finish()?))
    } else if context.global.json {
        log.tell(&mut |attempt| writeln!(out, "{}", json_for_screen(serde_json::to_string(&event(attempt))?)))
            .await
    } else {
        let mut tried = false;
        let lines = Lines::new(context.out.catalog());
        let told = log
            .tell(&mut |attempt| {
                tried = true;
                out.write_all(lines.of(attempt).as_bytes())
            })
            .await;
        told.and_then(|()| {
            if tried {
                Ok(())
            } else {
                Ok(writeln!(out, "{}", context.out.say(&msg!("log-nothing")))?)
            }
        })
    };
    match told.and_then(|()| Ok(out.flush()?)) {
        Ok(()) => Ok(Exit::Done),
        // A reader that has gone (`| head`) wanted no more; a full disk is another thing.
        Err(Untold::Unwritten(error)) if error.kind() == ErrorKind::BrokenPipe => Ok(Exit::Done),
        Err(Untold::Unwritten(error)) => Err(Failure::cannot_deliver(msg!("log-unwritten")).because(&error)),
        Err(Untold::Unread(error)) => Err(error.into()),
    }
}

/// Why not every attempt was told.
enum Untold {
    Unread(LedgerError),
    Unwritten(io::Error),
}

impl From<io::Error> for Untold {
    fn from(error: io::Error) -> Self {
        Self::Unwritten(error)
    }
}

/// What the ledger has of a campaign.
struct Log {
    ledger: Box<dyn LedgerReader>,
    campaign: String,
}

impl Log {
    /// Tells every attempt, until one cannot be told.
    async fn tell(&mut self, tell: &mut (dyn FnMut(&LedgerEvent) -> io::Result<()> + Send)) -> Result<(), Untold> {
        let mut told = Ok(());
        let mut each = |attempt| {
            if told.is_ok() {
                told = tell(&attempt);
            }
        };
        let read = self.ledger.events_of_campaign(&self.campaign, &mut each).await;
        read.map_err(Untold::Unread)?;
        Ok(told?)
    }
}
