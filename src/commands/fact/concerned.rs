//! Whom a new figure concerns: letters not sent yet, and who has another one.

use std::collections::BTreeMap;

use appel_core::facts::Fact;
use appel_core::letter::{Decision, Plan, Rules, Selection};
use appel_messages::msg;
use jiff::Timestamp;

use super::Context;
use crate::commands::check::untold;
use crate::failure::{Failure, Problem, Severity};
use crate::input::{Identity, Input};
use crate::outbox::ledger::{self, LedgerReader};
use crate::run::compose::open_copies;
use crate::run::corrections::corrections;
use crate::run::figures::{Holders, holders};
use crate::run::planning::Planning;

/// How many letters not sent yet, by letter and language.
pub type Unsent = BTreeMap<(String, String), usize>;

/// Whom a new figure concerns.
#[derive(Default)]
pub struct Concerned {
    /// Letters that say it from now on; `None` when the campaign is invalid.
    pub unsent: Option<Unsent>,
    /// Who has another figure; `None` when the ledger cannot be read.
    pub holders: Option<Holders>,
}

impl Concerned {
    /// The figure is set already: what cannot be found out is said, and is no failure.
    pub async fn of(context: &Context, old: Option<&Fact>, facts: &BTreeMap<String, Fact>, name: &str) -> Self {
        let mut concerned = Self::default();
        if let Err(failure) = concerned.look(context, old, facts, name).await {
            context.say_problem(&untold(failure));
        }
        concerned
    }

    async fn look(
        &mut self,
        context: &Context,
        old: Option<&Fact>,
        facts: &BTreeMap<String, Fact>,
        name: &str,
    ) -> Result<(), Failure> {
        let now = context.clock.now();
        let loaded = crate::input::load(&context.sources(), now);
        let id = match &loaded.input {
            Some(input) => Some(input.campaign.id.clone()),
            None => Identity::read(&context.sources()).map(|identity| identity.id),
        };
        if loaded.input.is_none() {
            let errors = loaded.problems.count(Severity::Error);
            context.say_problem(&Problem::warning(msg!("fact-campaign-wrong", errors = errors)));
        }
        let mut ledger = ledger::read(&context.ledger()?, now).await?;
        if let Some(id) = id {
            self.holders = Some(holders(&mut *ledger, &id, facts, name).await?);
        }
        if let Some(input) = &loaded.input {
            self.unsent = Some(unsent(&mut *ledger, input, old, name, now).await?);
        }
        Ok(())
    }
}

/// The letters not sent yet that say another figure than before.
async fn unsent(
    ledger: &mut dyn LedgerReader,
    input: &Input,
    old: Option<&Fact>,
    name: &str,
    now: Timestamp,
) -> Result<Unsent, Failure> {
    let plan = Plan::new(&input.campaign, &input.sender, input.limits, Selection::default())?;
    let rules = Rules {
        copies: open_copies(ledger, input).await?,
        corrections: corrections(ledger, input).await?,
        as_if_received: false,
        ..Rules::to_look(now)
    };
    let new = input.campaign.facts.get(name);
    let mut planning = Planning::new(plan.decider(&rules), plan.candidates(), ledger);
    let mut unsent = Unsent::new();
    while let Some(decision) = planning.next().await? {
        let Decision::Due(letter) = decision else { continue };
        let template = input.campaign.templates.get(&letter.spec.template, &letter.language);
        let says = template.is_some_and(|template| template.facts.contains(name));
        let text = |fact: Option<&Fact>| fact.and_then(|fact| fact.value.get(&letter.language).map(str::to_owned));
        if says && letter.copy.is_none() && text(old) != text(new) {
            let kind = (letter.spec.id.clone(), letter.language.to_string());
            *unsent.entry(kind).or_default() += 1;
        }
    }
    Ok(unsent)
}
