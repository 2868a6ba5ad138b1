//! Addresses that would get more than they may: what the next run would hold back.

use std::sync::Arc;

use appel_core::letter::{Corrections, Decision, Over, Rules};
use appel_core::recipients::Recipients;
use appel_messages::msg;
use jiff::Timestamp;

use crate::commands::Context;
use crate::failure::{Failure, Place, Problem};
use crate::outbox::ledger::{self, LedgerReader};
use crate::run::compose::{Composer, recent};
use crate::run::corrections::corrections;
use crate::run::planning::Planning;

/// So many addresses that would get too much are named.
const NAMED: usize = 10;

/// Letters that the next run would hold back, by the address that has had enough.
#[derive(Default)]
pub struct Crowd {
    /// The first addresses, each with its first letter's line, and how many letters.
    first: Vec<(Over, usize, usize)>,
    /// Letters for others.
    more: usize,
    /// Whom corrections go to.
    pub corrections: Arc<Corrections>,
}

impl Crowd {
    /// Plans the next run, as far as the ledger can be read.
    pub async fn look(&mut self, composer: &Composer, context: &Context, now: Timestamp) -> Result<(), Failure> {
        let mut ledger = ledger::read(&context.ledger()?, now).await?;
        self.plan(composer, &mut *ledger, now).await
    }

    pub async fn plan(
        &mut self,
        composer: &Composer,
        ledger: &mut dyn LedgerReader,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let plan = &composer.plan;
        let recent = recent(ledger, &composer.input, now).await?;
        self.corrections = corrections(ledger, &composer.input).await?;
        let rules = Rules {
            recent: Some(Arc::new(recent)),
            corrections: Arc::clone(&self.corrections),
            as_if_received: false,
            ..Rules::to_look(now)
        };
        let mut planning = Planning::new(plan.decider(&rules), plan.candidates(), ledger);
        while let Some(decision) = planning.next().await? {
            if let Decision::Skipped {
                over: Some(over), line, ..
            } = decision
            {
                self.add(*over, line);
            }
        }
        Ok(())
    }

    fn add(&mut self, over: Over, line: usize) {
        let same = |other: &Over| other.copy == over.copy && other.address.mailbox() == over.address.mailbox();
        if let Some((_, _, letters)) = self.first.iter_mut().find(|(other, ..)| same(other)) {
            *letters += 1;
        } else if self.first.len() < NAMED {
            self.first.push((over, line, 1));
        } else {
            self.more += 1;
        }
    }

    pub fn warnings(self, recipients: &dyn Recipients) -> Vec<Problem> {
        let named = self.first.into_iter().map(|(over, line, letters)| {
            let place = recipients.place(line, Some(if over.copy { "cc" } else { "email" }));
            Problem::warning(msg!("check-crowded", over = over.message(), letters = letters)).at(place)
        });
        let mut warnings: Vec<Problem> = named.collect();
        if self.more > 0 {
            let others = Problem::warning(msg!("check-crowded-others", letters = self.more));
            warnings.push(others.at(Place::file(recipients.shown())));
        }
        warnings
    }
}
