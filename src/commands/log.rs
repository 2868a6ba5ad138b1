//! `appel log`: every attempt, oldest first, with the server's words.

use std::io::{BufWriter, Write, stdout};

use super::Context;
use crate::failure::{Exit, Failure};
use crate::outbox::event::AddressEvent;
use crate::outbox::ledger::{LoggedAttempt, SqliteLedger};
use crate::report::json::JsonLines;
use crate::transport::Reply;

/// Runs it.
pub fn run(context: &Context) -> Result<Exit, Failure> {
    let campaign = context.identity()?;
    let mut out = BufWriter::new(stdout().lock());
    let Some(ledger) = SqliteLedger::read(&context.ledger_path()?, context.clock.now())? else {
        if !context.global.json {
            // A reader that has gone is no failure.
            let _ = writeln!(out, "Nothing was tried yet.");
        }
        return Ok(Exit::Done);
    };
    let mut tried = 0_usize;
    if context.global.json {
        let mut lines = JsonLines::new(out);
        ledger.attempts(&campaign.id, |attempt| lines.line(&object(&attempt)))?;
        return Ok(Exit::Done);
    }
    ledger.attempts(&campaign.id, |attempt| {
        tried += 1;
        let _ = out.write_all(lines(&attempt).as_bytes());
    })?;
    if tried == 0 {
        let _ = writeln!(out, "Nothing was tried yet.");
    }
    let _ = out.flush();
    Ok(Exit::Done)
}

fn lines(attempt: &LoggedAttempt) -> String {
    let record = &attempt.record;
    let mut text = format!(
        "{}  {:<8}  {}  {}  {}  {}\n",
        attempt.at.strftime("%Y-%m-%d %H:%M:%S UTC"),
        attempt.status.in_words(),
        record.letter,
        record.language,
        record.recipient,
        attempt.reply
    );
    for (address, status, reply) in &attempt.copies {
        text.push_str(&format!("    copy {:<8}  {address}  {reply}\n", status.in_words()));
    }
    text
}

fn object(attempt: &LoggedAttempt) -> serde_json::Value {
    let record = &attempt.record;
    let words = |reply: &Reply| reply.line();
    let copies: Vec<AddressEvent> = attempt
        .copies
        .iter()
        .map(|(address, status, reply)| AddressEvent {
            address: address.clone(),
            outcome: (*status).into(),
            code: reply.code,
            reply: Some(words(reply)),
        })
        .collect();
    serde_json::json!({
        "event": "attempt",
        "id": record.id.to_string(),
        "letter": record.letter,
        "language": record.language,
        "from": record.sender,
        "to": record.recipient,
        "outcome": attempt.status,
        "code": attempt.reply.code,
        "reply": words(&attempt.reply),
        "at": attempt.at,
        "copies": copies,
    })
}
