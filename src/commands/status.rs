//! `appel status`: where the campaign stands.

use std::collections::{BTreeMap, HashMap, HashSet};

use appel_core::facts::Fact;
use appel_core::letter::{Decision, LetterId, Plan, Rules, Selection, difference};
use appel_core::outcome::Status;
use appel_core::words::visible_line;
use appel_messages::{Message, msg};
use jiff::Timestamp;
use serde::Serialize;

use super::{Context, on_hold};
use crate::account::hosts::Hosts;
use crate::failure::{Exit, Failure, Problems, Severity, Style};
use crate::input::Identity;
use crate::input::bounded::{self, MOST_TEXT};
use crate::input::config::facts_of;
use crate::outbox::ledger::{self, LedgerEvent, LedgerReader, Record};
use crate::report::moment::pace;
use crate::run::compose::open_copies;
use crate::run::corrections::corrections;
use crate::run::figures::said;
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
    copies_deferred: usize,
    copies_refused: usize,
    copies_in_doubt: usize,
    copies_due: Option<usize>,
    /// Which figures the accepted letters said.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    figures: Vec<Figure>,
}

/// How many accepted letters said one value of a fact.
#[derive(Debug, Serialize)]
struct Figure {
    fact: String,
    language: String,
    value: String,
    letters: usize,
    /// Whether it is the value that letters say now.
    today: bool,
}

/// Copies that their letters left without.
#[derive(Default)]
struct Copies {
    deferred: Listed,
    refused: Listed,
    /// Listed with the letters.
    in_doubt: usize,
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
    let mut copies = Copies::default();
    let mut each = |record: Record| match record.status {
        Some(Status::InDoubt) => {
            copies.in_doubt += usize::from(record.copy_of.is_some());
            in_doubt.push(record);
        }
        Some(status) if record.copy_of.is_some() => match status {
            Status::Deferred => copies.deferred.push(record),
            Status::Refused => copies.refused.push(record),
            _ => {}
        },
        Some(Status::Accepted) => accepted += 1,
        Some(Status::Deferred) => deferred += 1,
        Some(Status::Refused) => refused.push(record),
        Some(Status::NotTried) | None => {}
    };
    let sender = &identity.sender;
    ledger.records_of_sender(&identity.id, sender, &mut each).await?;
    let due = due(context, &mut *ledger).await?;
    let standing = Standing {
        campaign: &identity.id,
        accepted,
        deferred,
        refused: refused.all,
        in_doubt: in_doubt.all - copies.in_doubt,
        due: due.map(|(letters, _)| letters),
        copies_deferred: copies.deferred.all,
        copies_refused: copies.refused.all,
        copies_in_doubt: copies.in_doubt,
        copies_due: due.map(|(_, copies)| copies),
        figures: figures(context, &mut *ledger, &identity).await?,
    };
    if context.global.json {
        context.print_json(&standing)?;
    } else {
        let doubts = doubts(&mut *ledger, &identity, &in_doubt).await?;
        let hosts = if context.global.verbose {
            hosts(context)
        } else {
            String::new()
        };
        let text = in_words(
            &identity,
            &standing,
            &in_doubt,
            &doubts,
            &refused,
            &copies,
            &context.out,
        );
        context.print(&(text + &hosts));
    }
    Ok(Exit::Done)
}

/// The figures of the accepted letters, of a campaign that has facts.
async fn figures(
    context: &Context,
    ledger: &mut dyn LedgerReader,
    identity: &Identity,
) -> Result<Vec<Figure>, Failure> {
    let config = bounded::text(&context.global.config, MOST_TEXT).unwrap_or_default();
    let facts = facts_of(&config, "", &mut Problems::new()).unwrap_or_default();
    if facts.is_empty() {
        return Ok(Vec::new());
    }
    let facts: BTreeMap<String, Fact> = facts
        .into_iter()
        .filter_map(|(name, fact)| Some((name, fact?)))
        .collect();
    let said = said(ledger, &identity.id, &identity.sender).await?;
    let figures = said.into_iter().map(|((fact, language, value), letters)| {
        let told = serde_json::Map::from_iter([(fact.clone(), value.clone().into())]);
        Figure {
            today: difference(&facts, &fact, &language, &told).is_none(),
            fact,
            language,
            value,
            letters,
        }
    });
    Ok(figures.collect())
}

/// What is known of mail servers; empty when nothing is.
fn hosts(context: &Context) -> String {
    let style = &context.out;
    let hosts = Hosts::read(context.clock.now());
    let mut text = String::new();
    for (host, found) in hosts.iter() {
        text.push_str(&format!("  {}\n", visible_line(host)));
        let lines = [
            found
                .letters_per_connection
                .map(|letters| msg!("host-letters-per-connection", letters = letters)),
            found.no_pipelining.then(|| msg!("host-no-pipelining")),
            found.wants_domain.then(|| msg!("host-wants-domain")),
            found.pace.map(|every| msg!("host-pace", pace = pace(every))),
        ];
        for line in lines.into_iter().flatten() {
            push_fitting(&mut text, &line, "    ", style);
        }
    }
    if text.is_empty() {
        return text;
    }
    format!("\n{}\n{text}", style.say(&msg!("status-hosts")))
}

/// How many letters, and how many copies by themselves, the next `send` would send; `None` when the campaign is invalid, which is said.
async fn due(context: &Context, ledger: &mut dyn LedgerReader) -> Result<Option<(usize, usize)>, Failure> {
    let now = context.clock.now();
    let loaded = crate::input::load(&context.sources(), now);
    let Some(input) = loaded.input else {
        let errors = loaded.problems.count(Severity::Error);
        context.say(&msg!("status-errors", errors = errors));
        return Ok(None);
    };
    if let Some(hold) = &input.campaign.hold {
        context.say_problem(&on_hold(hold));
    }
    let plan = Plan::new(&input.campaign, &input.sender, input.limits, Selection::default())?;
    let (mut due, mut copies) = (0, 0);
    // What one address gets in a day holds a letter back; it is due all the same.
    let rules = Rules {
        copies: open_copies(ledger, &input).await?,
        corrections: corrections(ledger, &input).await?,
        as_if_received: false,
        ..Rules::to_look(now)
    };
    let decider = plan.decider(&rules);
    let mut planning = Planning::new(decider, plan.candidates(), ledger);
    while let Some(decision) = planning.next().await? {
        match decision {
            Decision::Due(letter) if letter.copy.is_some() => copies += 1,
            Decision::Due(_) => due += 1,
            // Not a letter without a text, which the next run says, but the end of what can be read.
            Decision::Impossible(problem) if input.campaign.recipients.is_lost() => {
                return Err(Failure::from(*problem));
            }
            Decision::Impossible(_) | Decision::Skipped { .. } => {}
        }
    }
    Ok(Some((due, copies)))
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
        let sender = &identity.sender;
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
    copies: &Copies,
    style: &Style,
) -> String {
    let from = msg!(
        "status-title",
        title = visible_line(&identity.title),
        campaign = visible_line(&identity.id),
        sender = identity.sender.to_string(),
    );
    let mut text = style.say(&from) + "\n\n";
    for (number, word) in [
        (Some(standing.accepted), msg!("count-accepted")),
        (Some(standing.deferred), msg!("count-deferred")),
        (Some(standing.refused), msg!("count-refused")),
        (Some(standing.in_doubt), msg!("count-in-doubt")),
        (standing.due, msg!("count-due")),
    ] {
        let number = number.map_or_else(|| "?".to_owned(), |number| number.to_string());
        text.push_str(&format!("{number:>9}  {}\n", style.say(&word)));
    }
    if !standing.figures.is_empty() {
        text.push('\n');
        push_fitting(&mut text, &msg!("status-figures"), "", style);
    }
    for figure in &standing.figures {
        let (fact, language) = (visible_line(&figure.fact), visible_line(&figure.language));
        let (value, letters) = (visible_line(&figure.value), figure.letters);
        let line = if figure.today {
            msg!(
                "status-figure",
                fact = fact,
                language = language,
                value = value,
                letters = letters
            )
        } else {
            msg!(
                "status-old-figure",
                fact = fact,
                language = language,
                value = value,
                letters = letters
            )
        };
        push_fitting(&mut text, &line, "  ", style);
    }
    if in_doubt.all > 0 {
        text.push('\n');
        push_fitting(&mut text, &msg!("status-in-doubt"), "", style);
        for record in &in_doubt.first {
            let doubt = doubts.get(&record.id);
            let at = doubt.map_or(record.date, |doubt| doubt.at);
            push_letter(&mut text, record, &msg!("status-tried", at = minute(at)), style);
            if let Some(doubt) = doubt {
                push_fitting(&mut text, &doubt.outcome.told_with_code(), "    ", style);
            }
        }
        push_more(&mut text, in_doubt, style);
        text.push('\n');
        push_fitting(&mut text, &msg!("status-what-to-do"), "", style);
        for (flag, means) in [
            ("--sent", msg!("status-settle-sent")),
            ("--unsent", msg!("status-settle-unsent")),
        ] {
            let command = ["appel", "settle", "ID", flag].join(" ");
            text.push_str(&format!("  {command:<24}  {}\n", style.say(&means)));
        }
        push_fitting(&mut text, &msg!("status-resend"), "", style);
    }
    if refused.all > 0 {
        text.push_str(&format!("\n{}\n", style.say(&msg!("status-refused"))));
        for record in &refused.first {
            let first = msg!("status-first-tried", at = minute(record.date));
            push_letter(&mut text, record, &first, style);
        }
        push_more(&mut text, refused, style);
    }
    for (listed, heading) in [
        (&copies.deferred, msg!("status-copies-deferred")),
        (&copies.refused, msg!("status-copies-refused")),
    ] {
        if listed.all > 0 {
            text.push('\n');
            push_fitting(&mut text, &heading, "", style);
            for record in &listed.first {
                let first = msg!("status-first-tried", at = minute(record.date));
                push_letter(&mut text, record, &first, style);
            }
            push_more(&mut text, listed, style);
        }
    }
    text
}

/// Letter, address and when, and the Message-ID on a line of its own so that it can be copied.
fn push_letter(text: &mut String, record: &Record, when: &Message, style: &Style) {
    let line = msg!(
        "status-letter",
        letter = visible_line(&record.letter),
        to = match record.copy_of {
            None => Message::quote(visible_line(&record.recipient)),
            Some(_) => msg!("status-copy", address = visible_line(&record.recipient)),
        },
        when = when
    );
    push_fitting(text, &line, "  ", style);
    // A copy is not settled by its Message-ID, which is its letter's.
    let own = record.copy_of.map(|_| format!("<{}>", record.id));
    if let Some(message_id) = own.or_else(|| record.message_id()) {
        text.push_str(&format!("    {message_id}\n"));
    }
}

/// A line, or more of them, as the screen is wide.
fn push_fitting(text: &mut String, line: &Message, indent: &str, style: &Style) {
    let width = style.width.saturating_sub(indent.len() + 1).max(20);
    push_wrapped(text, &style.say(line), indent, "", width);
}

fn push_more(text: &mut String, letters: &Listed, style: &Style) {
    if letters.all > letters.first.len() {
        let more = msg!("status-more", letters = letters.all - letters.first.len());
        text.push_str(&format!("  {}\n", style.say(&more)));
    }
}

fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}
