//! `appel status`: where the campaign stands.

use std::collections::{HashMap, HashSet};

use appel_core::letter::{Decision, LetterId, Plan, Rules, Selection};
use appel_core::outcome::Status;
use appel_core::words::visible_line;
use jiff::Timestamp;
use serde::Serialize;

use super::{Context, print, print_json};
use crate::failure::{Exit, Failure, Severity};
use crate::input::Identity;
use crate::outbox::ledger::{self, LedgerEvent, LedgerReader, Record};
use crate::report::screen::count;
use crate::run::planning::Planning;
use crate::wrap::push_wrapped;

/// How many letters of a kind are listed one by one.
const LISTED: usize = 200;

/// The object of `status --json`; `due` counts deferred letters too, and is null when the campaign is invalid.
#[derive(Debug, Serialize)]
struct Standing<'a> {
    campaign: &'a str,
    accepted: usize,
    deferred: usize,
    refused: usize,
    in_doubt: usize,
    due: Option<usize>,
}

/// Letters to list, and how many there are.
#[derive(Default)]
struct Listed {
    first: Vec<Record>,
    all: usize,
}

impl Listed {
    fn push(&mut self, record: Record) {
        self.all += 1;
        if self.first.len() < LISTED {
            self.first.push(record);
        }
    }
}

/// Runs it.
pub async fn run(context: &Context) -> Result<Exit, Failure> {
    let identity = context.identity()?;
    let mut ledger = ledger::read(&context.ledger()?, context.clock.now()).await?;
    let (mut accepted, mut deferred) = (0, 0);
    let mut in_doubt = Listed::default();
    let mut refused = Listed::default();
    let mut each = |record: Record| match record.status {
        Some(Status::Accepted) => accepted += 1,
        Some(Status::Deferred) => deferred += 1,
        Some(Status::Refused) => refused.push(record),
        Some(Status::InDoubt) => in_doubt.push(record),
        Some(Status::NotTried) | None => {}
    };
    let sender = identity.sender.as_str();
    ledger.records_of_sender(&identity.id, sender, &mut each).await?;
    let standing = Standing {
        campaign: &identity.id,
        accepted,
        deferred,
        refused: refused.all,
        in_doubt: in_doubt.all,
        due: due(context, &mut *ledger).await?,
    };
    if context.global.json {
        print_json(&standing)?;
    } else {
        let doubts = doubts(&mut *ledger, &identity, &in_doubt).await?;
        let width = context.out.width;
        print(&in_words(&identity, &standing, &in_doubt, &doubts, &refused, width));
    }
    Ok(Exit::Done)
}

/// How many letters the next `send` would send; `None` when the campaign is invalid, which is said.
async fn due(context: &Context, ledger: &mut dyn LedgerReader) -> Result<Option<usize>, Failure> {
    let now = context.clock.now();
    let loaded = crate::input::load(&context.sources(), now);
    let Some(input) = loaded.input else {
        let errors = count(loaded.problems.count(Severity::Error), "error");
        context.say(&format!(
            "The campaign has {errors} to fix before anything is due: run `appel check`."
        ));
        return Ok(None);
    };
    let plan = Plan::new(&input.campaign, &input.sender, input.limits, Selection::default())?;
    let mut due = 0;
    // What one address gets in a day holds a letter back; it is due all the same.
    let decider = plan.decider(&Rules::to_look(now));
    let mut planning = Planning::new(decider, plan.candidates(), ledger);
    while let Some(decision) = planning.next().await? {
        match decision {
            Decision::Due(_) => due += 1,
            // Not a letter without a text, which the next run says, but the end of what can be read.
            Decision::Impossible(problem) if input.campaign.recipients.is_lost() => {
                return Err(Failure::from(*problem));
            }
            Decision::Impossible(_) | Decision::Skipped { .. } => {}
        }
    }
    Ok(Some(due))
}

/// The attempt that left each of the listed letters in doubt.
async fn doubts(
    ledger: &mut dyn LedgerReader,
    identity: &Identity,
    listed: &Listed,
) -> Result<HashMap<LetterId, LedgerEvent>, Failure> {
    let mut doubts = HashMap::new();
    if !listed.first.is_empty() {
        let wanted: HashSet<LetterId> = listed.first.iter().map(|record| record.id).collect();
        // Oldest first: the last one stays.
        let mut each = |attempt: LedgerEvent| {
            if wanted.contains(&attempt.record.id) {
                doubts.insert(attempt.record.id, attempt);
            }
        };
        let sender = identity.sender.as_str();
        ledger.doubts_of_sender(&identity.id, sender, &mut each).await?;
    }
    Ok(doubts)
}

fn in_words(
    identity: &Identity,
    standing: &Standing,
    in_doubt: &Listed,
    doubts: &HashMap<LetterId, LedgerEvent>,
    refused: &Listed,
    width: usize,
) -> String {
    let mut text = format!(
        "{} ({}), from {}\n\n",
        visible_line(&identity.title),
        visible_line(&identity.id),
        identity.sender
    );
    for (number, word) in [
        (Some(standing.accepted), "accepted"),
        (Some(standing.deferred), "deferred (due again)"),
        (Some(standing.refused), "refused"),
        (Some(standing.in_doubt), "in doubt (held)"),
        (standing.due, "due"),
    ] {
        let number = number.map_or_else(|| "?".to_owned(), |number| number.to_string());
        text.push_str(&format!("{number:>9}  {word}\n"));
    }
    if in_doubt.all > 0 {
        text.push('\n');
        push_fitting(
            &mut text,
            "In doubt: the server may have taken these, or not. They are held.",
            "",
            width,
        );
        for record in &in_doubt.first {
            let doubt = doubts.get(&record.id);
            let at = doubt.map_or(record.date, |doubt| doubt.at);
            push_letter(&mut text, record, &format!("tried {}", minute(at)), width);
            if let Some(doubt) = doubt {
                push_fitting(&mut text, &doubt.outcome.told_with_code().in_english(), "    ", width);
            }
        }
        push_more(&mut text, in_doubt);
        text.push('\n');
        push_fitting(&mut text, WHAT_TO_DO, "", width);
        for (flag, means) in [
            ("--sent", "it arrived: never sent again"),
            ("--unsent", "it did not: due again"),
        ] {
            text.push_str(&format!("  appel settle ID {flag:<8}  {means}\n"));
        }
        push_fitting(&mut text, RESEND, "", width);
    }
    if refused.all > 0 {
        text.push_str("\nRefused by the server; `appel log` shows its words.\n");
        for record in &refused.first {
            let first = format!("first tried {}", minute(record.date));
            push_letter(&mut text, record, &first, width);
        }
        push_more(&mut text, refused);
    }
    text
}

const WHAT_TO_DO: &str = "Look into your Sent folder (some providers put there what was sent), or ask the recipient. \
                          Then tell appel; ID is what stands between < and > above:";
const RESEND: &str = "If nobody can tell, and twice is better than never: `appel send --resend-in-doubt` sends all of \
                      them again, as the same messages.";

/// Letter, address and when, and the Message-ID on a line of its own so that it can be copied.
fn push_letter(text: &mut String, record: &Record, when: &str, width: usize) {
    let (letter, recipient) = (visible_line(&record.letter), visible_line(&record.recipient));
    push_fitting(text, &format!("{letter}  {recipient}  {when}"), "  ", width);
    if let Some(message_id) = record.message_id() {
        text.push_str(&format!("    {message_id}\n"));
    }
}

/// A line, or more of them, for a screen of so many columns.
fn push_fitting(text: &mut String, line: &str, indent: &str, width: usize) {
    push_wrapped(text, line, indent, "", width.saturating_sub(indent.len() + 1).max(20));
}

fn push_more(text: &mut String, letters: &Listed) {
    if letters.all > letters.first.len() {
        text.push_str(&format!("  … and {} more\n", letters.all - letters.first.len()));
    }
}

fn minute(at: Timestamp) -> impl std::fmt::Display {
    at.strftime("%Y-%m-%d %H:%M UTC")
}
