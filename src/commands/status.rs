//! `appel status`: where the campaign stands.

use serde::Serialize;

use super::outgoing::Memory;
use super::{Context, print, print_json};
use crate::campaign::Identity;
use crate::failure::{Exit, Failure, Severity};
use crate::letter::plan::{Plan, Resend, Selection};
use crate::letter::{Decision, Past};
use crate::outbox::ledger::{Record, SqliteLedger};
use crate::report::screen::count;
use crate::words::{visible, visible_line};

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
pub fn run(context: &Context) -> Result<Exit, Failure> {
    let identity = context.identity()?;
    let memory =
        SqliteLedger::read(&context.ledger_path()?, context.clock.now())?.map_or(Memory::Nothing, Memory::from);
    let (mut accepted, mut deferred) = (0, 0);
    let mut in_doubt = Listed::default();
    let mut refused = Listed::default();
    if let Memory::Ledger(ledger) = &memory {
        ledger.records(&identity.id, identity.sender.as_str(), |record| match record.past {
            Past::Accepted => accepted += 1,
            Past::Deferred => deferred += 1,
            Past::Refused => refused.push(record),
            Past::InDoubt => in_doubt.push(record),
            Past::Never => {}
        })?;
    }
    let standing = Standing {
        campaign: &identity.id,
        accepted,
        deferred,
        refused: refused.all,
        in_doubt: in_doubt.all,
        due: due(context, &memory)?,
    };
    if context.global.json {
        print_json(&standing)?;
    } else {
        print(&in_words(&identity, &standing, &in_doubt, &refused));
    }
    Ok(Exit::Done)
}

/// How many letters the next `send` would send; `None` when the campaign is invalid, which is said.
fn due(context: &Context, memory: &Memory) -> Result<Option<usize>, Failure> {
    let now = context.clock.now();
    let loaded = crate::campaign::load(&context.sources(), now);
    let Some(campaign) = loaded.campaign else {
        let errors = count(loaded.problems.count(Severity::Error), "error");
        context.say(&format!(
            "The campaign has {errors} to mend before anything is due: run `appel check`."
        ));
        return Ok(None);
    };
    let plan = Plan::new(&campaign, Selection::default());
    let due = plan
        .decisions(memory.history(), now, Resend::default())
        .filter(|decision| matches!(decision, Decision::Due(_)))
        .count();
    memory.checked()?;
    Ok(Some(due))
}

fn in_words(identity: &Identity, standing: &Standing, in_doubt: &Listed, refused: &Listed) -> String {
    let mut text = format!(
        "{} ({}), from {}\n\n",
        visible(&identity.title),
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
        text.push_str("\nIn doubt: the server may have taken these. They are held.\n");
        text.push_str(&list(in_doubt, identity));
        text.push_str(
            "Ask the recipient or look into your Sent folder; `appel send --resend-in-doubt` sends them again.\n",
        );
    }
    if refused.all > 0 {
        text.push_str("\nRefused by the server; `appel log` shows its words.\n");
        text.push_str(&list(refused, identity));
    }
    text
}

/// Two lines a letter, the Message-ID on its own so that it can be copied.
fn list(letters: &Listed, identity: &Identity) -> String {
    let mut text = String::new();
    for record in &letters.first {
        text.push_str(&format!(
            "  {}  {}  first tried {}\n    {}\n",
            visible_line(&record.letter),
            visible_line(&record.recipient),
            record.date.strftime("%Y-%m-%d %H:%M UTC"),
            record.id.message_id(&identity.sender)
        ));
    }
    if letters.all > letters.first.len() {
        text.push_str(&format!("  … and {} more\n", letters.all - letters.first.len()));
    }
    text
}
