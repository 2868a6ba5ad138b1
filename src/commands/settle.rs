//! `appel settle`: a person says what became of letters in doubt.

use std::collections::HashSet;

use appel_core::letter::LetterId;
use appel_core::outcome::Status;
use appel_core::words::visible_line;

use super::{Context, print, print_json};
use crate::cli;
use crate::failure::{Exit, Failure, Problem, Problems};
use crate::input::Identity;
use crate::outbox::ledger::{self, Ledger, LedgerEvent, Location, Record, Settled};
use crate::report::attempt::event;
use crate::report::screen::count;

/// How many letters in doubt are listed where others were named.
const LISTED: usize = 10;

/// Runs it.
pub async fn run(context: &Context, arguments: &cli::Settle) -> Result<Exit, Failure> {
    let identity = context.identity()?;
    let location = context.ledger()?;
    let as_what = if arguments.fate.sent {
        Settled::Sent
    } else {
        Settled::Unsent
    };
    let mut seen = HashSet::new();
    let named: Vec<LetterId> = arguments
        .letters
        .iter()
        .copied()
        .filter(|id| seen.insert(*id))
        .collect();
    // To take the lock would make a ledger where there is none.
    if !location.is_there()? {
        let unknown = named.iter().map(|id| unknown(*id, &location));
        return Err(refused(unknown.collect(), &[]));
    }
    let mut ledger = ledger::open(&location, context.clock.now()).await?;
    let settled = settle(context, &mut *ledger, &location, &identity, &named, as_what).await;
    // That it ended is worth writing down, but no reason to fail.
    let _ = ledger.close(context.clock.now()).await;
    settled
}

async fn settle(
    context: &Context,
    ledger: &mut dyn Ledger,
    location: &Location,
    identity: &Identity,
    named: &[LetterId],
    as_what: Settled,
) -> Result<Exit, Failure> {
    let mut problems = Problems::new();
    let (mut now, mut before) = (Vec::new(), Vec::new());
    for id in named {
        match ledger.record(*id).await? {
            None => problems.push(unknown(*id, location)),
            Some((campaign, _)) if campaign != identity.id => problems.push(elsewhere(*id, &campaign)),
            Some((_, record)) if record.status == Some(Status::InDoubt) => now.push(*id),
            Some((_, record)) => match ledger.last_event(*id).await? {
                Some(last) if last.settled() == Some(as_what) => before.push(*id),
                last => problems.push(not_in_doubt(&record, last.as_ref())),
            },
        }
    }
    if problems.any_error() {
        return Err(refused(problems, &in_doubt(ledger, identity).await?));
    }
    ledger.settle(&now, as_what, context.clock.now()).await?;
    if context.global.json {
        for attempt in said(ledger, named).await? {
            print_json(&event(&attempt))?;
        }
    } else {
        let (now, before) = (said(ledger, &now).await?, said(ledger, &before).await?);
        print(&in_words(as_what, &now, &before));
    }
    Ok(Exit::Done)
}

/// What was written down of these letters.
async fn said(ledger: &mut dyn Ledger, ids: &[LetterId]) -> Result<Vec<LedgerEvent>, Failure> {
    let mut said = Vec::new();
    for id in ids {
        said.extend(ledger.last_event(*id).await?);
    }
    Ok(said)
}

fn in_words(as_what: Settled, now: &[LedgerEvent], before: &[LedgerEvent]) -> String {
    let mut text = String::new();
    if !now.is_empty() {
        let what = match (as_what, now.len()) {
            (Settled::Sent, 1) => "it counts as accepted and is never sent again",
            (Settled::Sent, _) => "they count as accepted and are never sent again",
            (Settled::Unsent, 1) => "it is due again, and the next `appel send` sends it as the same message",
            (Settled::Unsent, _) => "they are due again, and the next `appel send` sends them as the same messages",
        };
        let letters = count(now.len(), "letter");
        text.push_str(&format!("{letters} settled as {}: {what}.\n", as_what.in_words()));
        for attempt in now {
            text.push_str(&format!("  {}\n", of_whom(&attempt.record)));
        }
    }
    if !before.is_empty() {
        let letters = count(before.len(), "letter");
        text.push_str(&format!("{letters} settled as {} before:\n", as_what.in_words()));
        for attempt in before {
            let at = attempt.at.strftime("%Y-%m-%d at %H:%M UTC");
            text.push_str(&format!("  {}, on {at}\n", of_whom(&attempt.record)));
        }
    }
    text
}

fn of_whom(record: &Record) -> String {
    format!(
        "{} to {}",
        visible_line(&record.letter),
        visible_line(&record.recipient)
    )
}

fn unknown(id: LetterId, location: &Location) -> Problem {
    Problem::error(format!("the ledger {location} knows no letter {id}"))
}

fn elsewhere(id: LetterId, campaign: &str) -> Problem {
    Problem::error(format!("the letter {id} belongs to another campaign, {campaign}"))
        .hint("settle it with that campaign's configuration: appel settle -c FILE")
}

fn not_in_doubt(record: &Record, last: Option<&LedgerEvent>) -> Problem {
    let when = last.map_or_else(String::new, |last| {
        format!(" on {}", last.at.strftime("%Y-%m-%d at %H:%M UTC"))
    });
    let words = last.map_or_else(String::new, |last| {
        format!(": {}", last.outcome.told_with_code().in_english())
    });
    let by_hand = last.is_some_and(|last| last.settled().is_some());
    let stands = match record.status {
        Some(Status::Accepted) if by_hand => format!("it was settled by hand as sent{when}"),
        Some(Status::Deferred) if by_hand => format!("it was settled by hand as unsent{when}, and is due again"),
        Some(Status::Accepted) => format!("the server accepted it{when}{words}"),
        Some(Status::Deferred) => format!("it was deferred{when}, and is due again{words}"),
        Some(Status::Refused) => format!("the server refused it{when}{words}"),
        None | Some(Status::InDoubt | Status::NotTried) => "it was never tried, and is due".to_owned(),
    };
    Problem::error(format!("{} is not in doubt: {stands}", of_whom(record)))
}

/// Nothing has changed; and what could be settled instead.
fn refused(problems: Problems, in_doubt: &[Record]) -> Failure {
    let mut failure = Failure::new(Exit::Invalid, "nothing was settled");
    failure.problems = problems;
    if in_doubt.is_empty() {
        return failure.hint("no letter of this campaign is in doubt");
    }
    let mut hint = "in doubt:".to_owned();
    for record in in_doubt.iter().take(LISTED) {
        hint.push_str(&format!("\n{}  {}", record.id, of_whom(record)));
    }
    if in_doubt.len() > LISTED {
        hint.push_str(&format!("\n… and {} more: see `appel status`", in_doubt.len() - LISTED));
    }
    failure.hint(hint)
}

async fn in_doubt(ledger: &mut dyn Ledger, identity: &Identity) -> Result<Vec<Record>, Failure> {
    let mut in_doubt = Vec::new();
    let mut each = |record: Record| {
        if record.status == Some(Status::InDoubt) {
            in_doubt.push(record);
        }
    };
    let sender = identity.sender.as_str();
    ledger.records_of_sender(&identity.id, sender, &mut each).await?;
    Ok(in_doubt)
}
