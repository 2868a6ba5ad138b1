//! `appel settle`: a person says what became of letters in doubt.

use std::collections::HashSet;

use appel_core::letter::LetterId;
use appel_core::outcome::Status;
use appel_core::words::visible_line;
use appel_messages::{Message, msg};
use jiff::Timestamp;

use super::Context;
use crate::cli;
use crate::failure::{Exit, Failure, Problem, Problems, Style};
use crate::input::Identity;
use crate::outbox::kept::Kept;
use crate::outbox::ledger::{self, Ledger, LedgerEvent, Location, Record, Settled};
use crate::report::attempt::event;

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
    if let Some(path) = location.path() {
        // What is not needed any more is erased.
        let _ = Kept::beside(path).tidy(ledger).await;
    }
    if context.global.json {
        for attempt in said(ledger, named).await? {
            context.print_json(&event(&attempt))?;
        }
    } else {
        let (now, before) = (said(ledger, &now).await?, said(ledger, &before).await?);
        context.print(&in_words(as_what, &now, &before, &context.out));
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

fn in_words(as_what: Settled, now: &[LedgerEvent], before: &[LedgerEvent], style: &Style) -> String {
    let mut text = String::new();
    let mut push = |line: &Message, indent: &str| {
        text.push_str(indent);
        text.push_str(&style.say(line));
        text.push('\n');
    };
    if !now.is_empty() {
        push(
            &match as_what {
                Settled::Sent => msg!("settled-as-sent", letters = now.len()),
                Settled::Unsent => msg!("settled-as-unsent", letters = now.len()),
            },
            "",
        );
        for attempt in now {
            push(&of_whom(&attempt.record), "  ");
        }
    }
    if !before.is_empty() {
        push(
            &match as_what {
                Settled::Sent => msg!("settled-as-sent-before", letters = before.len()),
                Settled::Unsent => msg!("settled-as-unsent-before", letters = before.len()),
            },
            "",
        );
        for attempt in before {
            let line = msg!("settled-on", letter = of_whom(&attempt.record), at = moment(attempt.at));
            push(&line, "  ");
        }
    }
    text
}

fn moment(at: Timestamp) -> Message {
    msg!(
        "day-and-time",
        day = at.strftime("%Y-%m-%d").to_string(),
        time = at.strftime("%H:%M UTC").to_string()
    )
}

fn of_whom(record: &Record) -> Message {
    msg!(
        "letter-to",
        letter = visible_line(&record.letter),
        to = visible_line(&record.recipient)
    )
}

fn unknown(id: LetterId, location: &Location) -> Problem {
    Problem::error(msg!(
        "settle-unknown",
        ledger = location.to_string(),
        id = id.to_string()
    ))
}

fn elsewhere(id: LetterId, campaign: &str) -> Problem {
    Problem::error(msg!("settle-elsewhere", id = id.to_string(), campaign = campaign))
}

fn not_in_doubt(record: &Record, last: Option<&LedgerEvent>) -> Problem {
    let letter = of_whom(record);
    let by_hand = last.is_some_and(|last| last.settled().is_some());
    let (at, words) = match last {
        Some(last) => (moment(last.at), last.outcome.told_with_code()),
        None => return Problem::error(msg!("settle-never-tried", letter = letter)),
    };
    Problem::error(match record.status {
        Some(Status::Accepted) if by_hand => msg!("settle-is-settled-as-sent", letter = letter, at = at),
        Some(Status::Deferred) if by_hand => msg!("settle-is-settled-as-unsent", letter = letter, at = at),
        Some(Status::Accepted) => msg!("settle-is-accepted", letter = letter, at = at, words = words),
        Some(Status::Deferred) => msg!("settle-is-deferred", letter = letter, at = at, words = words),
        Some(Status::Refused) => msg!("settle-is-refused", letter = letter, at = at, words = words),
        None | Some(Status::InDoubt | Status::NotTried) => msg!("settle-never-tried", letter = letter),
    })
}

/// Nothing has changed; and what could be settled instead.
fn refused(problems: Problems, in_doubt: &[Record]) -> Failure {
    let mut failure = Failure::new(Exit::Invalid, msg!("settle-nothing"));
    failure.problems = problems;
    if in_doubt.is_empty() {
        return failure.hint(msg!("settle-none-in-doubt"));
    }
    let listed = in_doubt
        .iter()
        .take(LISTED)
        .map(|record| msg!("settle-letter", id = record.id.to_string(), letter = of_whom(record)));
    let mut hint = listed.fold(msg!("settle-in-doubt"), below);
    if in_doubt.len() > LISTED {
        hint = below(hint, msg!("settle-more-in-doubt", letters = in_doubt.len() - LISTED));
    }
    failure.hint(hint)
}

/// One below the other.
fn below(first: Message, next: Message) -> Message {
    msg!("two-lines", first = first, next = next)
}

async fn in_doubt(ledger: &mut dyn Ledger, identity: &Identity) -> Result<Vec<Record>, Failure> {
    let mut in_doubt = Vec::new();
    let mut each = |record: Record| {
        if record.status == Some(Status::InDoubt) {
            in_doubt.push(record);
        }
    };
    let sender = &identity.sender;
    ledger.records_of_sender(&identity.id, sender, &mut each).await?;
    Ok(in_doubt)
}
