//! Decides a run's letters, and asks the ledger what is known of each: once, a few hundred at a time.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use appel_core::letter::{Candidate, Candidates, Decider, Decision, Notes, Past};

use crate::outbox::ledger::{LedgerError, LedgerReader};

/// So many letters are asked about at once.
const CHUNK: usize = 256;

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
        }
    }

    /// What is decided next.
    ///
    /// # Errors
    /// When the ledger cannot be read: then nothing may be sent.
    pub async fn next(&mut self) -> Result<Option<Decision>, LedgerError> {
        if let Some(copy) = self.decider.copy() {
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
                self.notes.push(may_leave);
                self.decider.decide(open, may_leave)
            }
        }))
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
    #[must_use]
    pub fn into_notes(self) -> Notes {
        self.notes
    }
}
