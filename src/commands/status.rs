//! `appel status`: where the campaign stands.

use serde::Serialize;

use super::outgoing::Memory;
use super::{Context, print};
use crate::failure::{Exit, Failure, visible};
use crate::letter::plan::{Plan, Resend, Selection};
use crate::letter::{Decision, Past};
use crate::outbox::ledger::{Record, SqliteLedger};
use crate::report::screen::count;
use crate::report::table::table;

/// The object of `status --json`; `due` counts deferred letters too.
#[derive(Debug, Default, Serialize)]
struct Standing<'a> {
    campaign: &'a str,
    accepted: usize,
    deferred: usize,
    refused: usize,
    in_doubt: usize,
    due: usize,
}

/// Runs it.
pub fn run(context: &Context) -> Result<Exit, Failure> {
    let campaign = context.campaign()?;
    let config = &campaign.config;
    let memory =
        SqliteLedger::read(&context.ledger_path()?, context.clock.now())?.map_or(Memory::Nothing, Memory::from);
    let mut standing = Standing {
        campaign: &config.id,
        ..Standing::default()
    };
    let mut in_doubt: Vec<Record> = Vec::new();
    let mut refused: Vec<Record> = Vec::new();
    if let Memory::Ledger(ledger) = &memory {
        ledger.records(&config.id, config.sender.email.as_str(), |record| match record.past {
            Past::Accepted => standing.accepted += 1,
            Past::Deferred => standing.deferred += 1,
            Past::Refused => {
                standing.refused += 1;
                refused.push(record);
            }
            Past::InDoubt => {
                standing.in_doubt += 1;
                in_doubt.push(record);
            }
            Past::Never => {}
        })?;
    }
    let plan = Plan::new(campaign, Selection::default());
    standing.due = plan
        .decisions(memory.history(), context.clock.now(), Resend::default())
        .filter(|decision| matches!(decision, Decision::Due(_)))
        .count();
    memory.checked()?;

    if context.global.json {
        let line = serde_json::to_string(&standing)
            .map_err(|error| Failure::cannot_deliver("cannot print").because(&error))?;
        print(&format!("{line}\n"));
        return Ok(Exit::Done);
    }
    let mut text = format!(
        "{} ({}), from {}\n\n",
        visible(&config.title),
        config.id,
        config.sender.email
    );
    for (number, word) in [
        (standing.accepted, "accepted"),
        (standing.deferred, "deferred (due again)"),
        (standing.refused, "refused"),
        (standing.in_doubt, "in doubt (held)"),
        (standing.due, "due"),
    ] {
        text.push_str(&format!("{number:>9}  {word}\n"));
    }
    let sender = &config.sender.email;
    let rows = |records: &[Record]| {
        records
            .iter()
            .map(|record| {
                let date = record.date.strftime("%Y-%m-%d %H:%M UTC").to_string();
                vec![
                    record.letter.clone(),
                    record.recipient.clone(),
                    date,
                    record.id.message_id(sender),
                ]
            })
            .collect::<Vec<_>>()
    };
    let headings = ["letter", "to", "first tried", "Message-ID"];
    if !in_doubt.is_empty() {
        text.push_str(&format!(
            "\n{} in doubt: the server may have taken them.\n",
            count(in_doubt.len(), "letter")
        ));
        text.push_str(&table(&headings, rows(&in_doubt), &context.out));
        text.push_str(
            "Ask the recipient or look into your Sent folder; `appel send --resend-in-doubt` sends them again.\n",
        );
    }
    if !refused.is_empty() {
        text.push_str("\nRefused by the server; `appel log` shows its words.\n");
        text.push_str(&table(&headings, rows(&refused), &context.out));
    }
    print(&text);
    Ok(Exit::Done)
}
