//! Decides a run's letters, and asks the ledger what is known of each: once, a few hundred at a time.

#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};

use appel_core::letter::{Candidate, Candidates, Decider, Decision, LetterId, Notes, Past};
use appel_core::outcome::Status;

use crate::outbox::ledger::{LastTry, LedgerError, LedgerReader};

/// So many letters are asked about at once.
const CHUNK: usize = 256;
/// Of so many letters that are deferred it is kept how they were tried last.
const MOST_LAST_TRIES: usize = 10_000;

/// What a first pass over a run's letters found, for the one that sends.
#[derive(Debug, Default)]
pub struct Found {
    /// What each letter may do.
    pub notes: Notes,
    /// How those that are deferred were tried last.
    pub last_tries: HashMap<LetterId, LastTry>,
}

/// A first pass over a run's letters.
pub struct Planning<'l> {
    decider: Decider,
    candidates: Candidates,
    ledger: &'l mut dyn LedgerReader,
    /// Asked about, and not decided.
    chunk: VecDeque<Candidate>,
    /// What is known of those of them that are open.
    pasts: VecDeque<Option<Past>>,
    notes: Notes,
    deferred: Vec<LetterId>,
}

impl<'l> Planning<'l> {
    /// Over the candidates of the decider's plan.
    #[must_use]
    pub fn new(decider: Decider, candidates: Candidates, ledger: &'l mut dyn LedgerReader) -> Self {
        Self {
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
        Ok(self.chunk.pop_front().map(|candidate| match candidate {
            Candidate::Decided(decision) => decision,
            Candidate::Open(open) => {
                let may_leave = self.decider.may_leave(self.pasts.pop_front().flatten());
                self.note_deferred(open.id, may_leave.ok().flatten());
                self.notes.push(may_leave);
                self.decider.decide(open, may_leave)
            }
        }))
    }

    fn note_deferred(&mut self, id: LetterId, past: Option<Past>) {
        let is_deferred = past.is_some_and(|past| past.status == Status::Deferred);
        if is_deferred && self.deferred.len() < MOST_LAST_TRIES {
            self.deferred.push(id);
        }
    }

    async fn ask(&mut self) -> Result<(), LedgerError> {
        self.chunk.extend(self.candidates.by_ref().take(CHUNK));
        let open = self.chunk.iter().filter_map(|candidate| match candidate {
            Candidate::Open(open) => Some(open.id),
            Candidate::Decided(_) => None,
        });
        let open: Vec<_> = open.collect();
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
        let mut last_tries = HashMap::new();
        if !self.deferred.is_empty() {
            let tried = self.ledger.last_tries(&self.deferred).await?;
            let both = self.deferred.into_iter().zip(tried);
            last_tries.extend(both.filter_map(|(id, tried)| Some((id, tried?))));
        }
        Ok(Found {
            notes: self.notes,
            last_tries,
        })
    }
}
