//! A campaign's letters as delivery wants them: planned, rendered and composed one by one.

use jiff::Timestamp;
use jiff::tz::Offset;

use super::invalid;
use crate::campaign::Campaign;
use crate::clock::Clock;
use crate::failure::{Failure, Problem};
use crate::letter::message::{Attachments, compose};
use crate::letter::plan::{History, NoHistory, Plan, Resend, Selection};
use crate::letter::render::{Renderer, Text};
use crate::letter::{Decision, Letter, LetterId, Message};
use crate::outbox::delivery::Letters;
use crate::outbox::ledger::{LedgerError, SqliteLedger};

/// Everything that turns rows into messages.
pub struct Workshop {
    pub campaign: &'static Campaign,
    pub plan: Plan<'static>,
    renderer: Renderer,
    attachments: Attachments,
}

impl Workshop {
    /// Compiles the templates and reads the attachments.
    pub fn new(campaign: &'static Campaign, selection: Selection, personal: Option<&str>) -> Result<Self, Failure> {
        let renderer = Renderer::new(campaign, personal).map_err(invalid)?;
        Ok(Self {
            campaign,
            plan: Plan::new(campaign, selection).map_err(invalid)?,
            renderer,
            attachments: read_attachments(campaign).map_err(invalid)?,
        })
    }

    /// The text of one letter; `date` is that of its first attempt.
    pub fn text(&self, letter: &Letter, date: Timestamp) -> Result<Text, Problem> {
        self.renderer.render(letter, Offset::UTC.to_datetime(date).date())
    }

    /// The first fact in a text that is no longer to be sent.
    fn stale_fact(&self, text: &Text, now: Timestamp) -> Option<Problem> {
        let expiry = |name: &str| {
            let fact = self.campaign.config.facts.get(name)?;
            fact.expires.filter(|expires| *expires <= now)
        };
        let (name, expires) = text.fact_names.iter().find_map(|name| Some((name, expiry(name)?)))?;
        Some(
            Problem::error(format!(
                "the fact `{name}` expired on {}",
                expires.strftime("%Y-%m-%d at %H:%M UTC")
            ))
            .hint("find out how things stand, then change its value, as-of and expires"),
        )
    }

    /// The bytes of one letter with its text.
    pub fn message(&self, letter: &Letter, text: &Text, date: Timestamp) -> Result<Message, Problem> {
        compose(letter, text, &self.campaign.config.sender, &self.attachments, date)
    }
}

fn read_attachments(campaign: &Campaign) -> Result<Attachments, Problem> {
    let of_letters = campaign.config.letters.iter().flat_map(|letter| &letter.attach);
    let of_templates = campaign.templates.iter().flat_map(|(_, _, template)| &template.attach);
    let mut attachments = Attachments::new();
    for attachment in of_letters.chain(of_templates) {
        let bytes = std::fs::read(&attachment.path).map_err(|error| {
            Problem::error(format!(
                "cannot read the attachment {}: {error}",
                attachment.path.display()
            ))
        })?;
        attachments.insert(&attachment.path, bytes);
    }
    Ok(attachments)
}

/// What the ledger knows, or that there is none yet.
pub enum Memory {
    /// No ledger.
    Nothing,
    /// A ledger.
    Ledger(Box<SqliteLedger>),
}

impl From<SqliteLedger> for Memory {
    fn from(ledger: SqliteLedger) -> Self {
        Self::Ledger(Box::new(ledger))
    }
}

impl Memory {
    pub fn history(&self) -> &(dyn History + Sync) {
        match self {
            Self::Nothing => &NoHistory,
            Self::Ledger(ledger) => &**ledger,
        }
    }

    pub fn first_date(&self, id: LetterId) -> Result<Option<Timestamp>, LedgerError> {
        match self {
            Self::Nothing => Ok(None),
            Self::Ledger(ledger) => ledger.first_date(id),
        }
    }

    /// A warning when the clock is behind what this sender has done already. A letter's Date stays what it is all the
    /// same; pauses and pace do not go by this clock.
    pub fn clock_behind(&self, sender: &str, now: Timestamp) -> Result<Option<Problem>, LedgerError> {
        let Self::Ledger(ledger) = self else { return Ok(None) };
        let minute = |at: Timestamp| at.strftime("%Y-%m-%d %H:%M UTC").to_string();
        Ok(ledger.attempt_after(sender, now)?.map(|newest| {
            Problem::warning(format!(
                "the clock of this computer says {}, but the ledger has a letter from {}",
                minute(now),
                minute(newest)
            ))
            .hint("check the date and time: letters carry them, and daily-limit counts by them")
        }))
    }

    /// Whether everything asked of the ledger so far could be answered.
    pub fn checked(&self) -> Result<(), LedgerError> {
        match self {
            Self::Nothing => Ok(()),
            Self::Ledger(ledger) => ledger.checked(),
        }
    }
}

/// The letters of one run, in order.
pub struct Outgoing {
    workshop: &'static Workshop,
    memory: &'static Memory,
    clock: Clock,
    decisions: Box<dyn Iterator<Item = Decision<'static>> + Send>,
}

impl Outgoing {
    pub fn new(workshop: &'static Workshop, memory: &'static Memory, clock: Clock, resend: Resend) -> Self {
        let decisions = workshop.plan.decisions(memory.history(), clock.now(), resend);
        Self {
            workshop,
            memory,
            clock,
            decisions: Box::new(decisions),
        }
    }
}

impl Letters for Outgoing {
    fn next(&mut self) -> Option<Decision<'static>> {
        self.decisions.next()
    }

    fn first_date(&self, id: LetterId) -> Result<Option<Timestamp>, LedgerError> {
        self.memory.first_date(id)
    }

    fn message(&self, letter: &Letter<'static>, date: Timestamp) -> Result<Message, Problem> {
        let text = self.workshop.text(letter, date)?;
        // Fresh when the run began is not fresh for ever.
        if let Some(problem) = self.workshop.stale_fact(&text, self.clock.now()) {
            return Err(problem);
        }
        self.workshop.message(letter, &text, date)
    }
}
