//! Decides a run's letters, and asks the ledger what is known of each: once, a few hundred at a time.

#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use appel_core::letter::{Candidate, Candidates, Chosen, Decider, Decision, LetterId, Notes, Open, Past, Plan, Rules};
use appel_core::outcome::Status;

use crate::outbox::ledger::{LastTry, LedgerError, LedgerReader};

/// So many letters are asked about at once.
const CHUNK: usize = 256;
/// Of so many letters that are deferred it is kept how they were tried last: of those that were tried the latest, which
/// ended the last run.
const MOST_LAST_TRIES: usize = 10_000;

/// What a first pass over a run's letters found, for the one that sends.
#[derive(Debug, Default)]
pub struct Found {
    /// What each letter may do.
    pub notes: Notes,
    /// How those that are deferred were tried last.
    pub last_tries: HashMap<LetterId, LastTry>,
    /// Which letters `--limit` lets leave.
    pub chosen: Chosen,
}

/// A first pass over a run's letters.
pub struct Planning<'l> {
    decider: Decider,
    candidates: Candidates,
    ledger: &'l mut dyn LedgerReader,
    /// Asked about, and not decided.
    chunk: VecDeque<Candidate>,
    /// What is known of those of them that are open, each with the one that it follows behind it.
    pasts: VecDeque<Option<Past>>,
    notes: Notes,
    deferred: Vec<LetterId>,
    chosen: Chosen,
}

impl<'l> Planning<'l> {
    /// Over the candidates of the decider's plan.
    #[must_use]
    pub fn new(decider: Decider, candidates: Candidates, ledger: &'l mut dyn LedgerReader) -> Self {
        Self {
            chosen: decider.chosen().clone(),
            decider,
            candidates,
            ledger,
            chunk: VecDeque::new(),
            pasts: VecDeque::new(),
            notes: Notes::default(),
            deferred: Vec::new(),
        }
    }

    /// What is decided next.
    ///
    /// # Errors
    /// When the ledger cannot be read: then nothing may be sent.
    pub async fn next(&mut self) -> Result<Option<Decision>, LedgerError> {
        loop {
            if let Some(copy) = self.decider.copy() {
                if let Decision::Due(letter) = &copy {
                    self.note_deferred(letter.line(), letter.past);
                }
                return Ok(Some(copy));
            }
            if !self.decider.goes_on() {
                return Ok(None);
            }
            if self.chunk.is_empty() {
                self.ask().await?;
            }
            let decision = match self.chunk.pop_front() {
                None => return Ok(None),
                Some(Candidate::Decided(decision)) => Some(decision),
                Some(Candidate::Open(open)) => self.decide(open),
            };
            if decision.is_some() {
                return Ok(decision);
            }
        }
    }

    fn decide(&mut self, open: Open) -> Option<Decision> {
        let past = self.pasts.pop_front().flatten();
        let may_leave = match self.decider.first_of(&open) {
            None => self.decider.may_leave(past),
            Some(_) => self.decider.may_follow(&open, past, self.pasts.pop_front().flatten()),
        };
        self.note_deferred(open.id, may_leave.ok().flatten());
        self.notes.push(may_leave);
        self.decider.decide(open, may_leave)
    }

    fn note_deferred(&mut self, id: LetterId, past: Option<Past>) {
        if past.is_some_and(|past| past.status == Status::Deferred) {
            self.deferred.push(id);
        }
    }

    async fn ask(&mut self) -> Result<(), LedgerError> {
        self.chunk.extend(self.candidates.by_ref().take(CHUNK));
        let open = self.chunk.iter().filter_map(|candidate| match candidate {
            Candidate::Open(open) => Some(std::iter::once(open.id).chain(self.decider.first_of(open))),
            Candidate::Decided(_) => None,
        });
        let open: Vec<_> = open.flatten().collect();
        if open.is_empty() {
            return Ok(());
        }
        let pasts = self.ledger.past(&open).await?;
        // No answer is none: else a letter would be sent again for want of one.
        assert_eq!(pasts.len(), open.len(), "the ledger answers for each letter");
        self.pasts.extend(pasts);
        Ok(())
    }

    /// What a second pass needs to know.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub async fn found(self) -> Result<Found, LedgerError> {
        let last_tries = match &*self.deferred {
            [] => HashMap::new(),
            deferred => self.ledger.last_tries(deferred, MOST_LAST_TRIES).await?,
        };
        Ok(Found {
            notes: self.notes,
            last_tries,
            chosen: self.chosen,
        })
    }
}

/// The rules of a run, with which letters `--limit` lets leave: those never tried in the order of their rows, then those tried the longest ago.
///
/// # Errors
/// When the ledger cannot be read.
pub async fn choose(plan: &Arc<Plan>, rules: &Rules, ledger: &mut dyn LedgerReader) -> Result<Rules, LedgerError> {
    let Some(limit) = plan.limit() else {
        return Ok(rules.clone());
    };
    let mut planning = Planning::new(plan.decider(rules), plan.candidates(), ledger);
    let (mut untried, mut tried) = (0, Vec::new());
    while let Some(decision) = planning.next().await? {
        match decision {
            Decision::Due(letter) if letter.was_tried() => tried.push(letter.line()),
            Decision::Due(_) => untried += 1,
            Decision::Skipped { .. } | Decision::Impossible(_) => {}
        }
    }
    if untried < limit {
        let last = planning.found().await?.last_tries;
        // Those of which it is not known when in the order of their rows, before all others.
        tried.sort_by_key(|id| last.get(id).map(|last| last.at));
    }
    tried.truncate(limit - untried);
    let tried = tried.into_iter().collect();
    Ok(Rules {
        chosen: Some(Chosen::These { untried, tried }),
        ..rules.clone()
    })
}
