//! The end of a run: every letter that has no outcome yet gets one, by name.

use std::collections::VecDeque;

use super::desk::Desk;
use super::job::{Job, Retry};
use super::story::{self, Flying};
use crate::outbox::event::{Event, Listener};
use crate::outbox::journal::LedgerLost;
use crate::outbox::ledger::{Durability, Entry};

impl Desk {
    /// After the last letter: whatever has no outcome yet gets one, by name.
    pub async fn wind_up(&self) -> Result<(), LedgerLost> {
        // Then `abandon` names them; taken here they would be named by nobody.
        if self.journal.is_lost() {
            return Err(LedgerLost);
        }
        let (flying, retries, waiting) = self.take_all();
        for flying in flying {
            // In flight when everything stopped at once.
            let (attempted, event) = flying.in_doubt("interrupted while it was being sent", self.options.clock.now());
            self.journal.submit(
                Some(Entry::Outcome(Box::new(attempted))),
                Some(Event::Letter(Box::new(event))),
            )?;
        }
        for retry in retries {
            let event = retry.job.not_tried(self.options.clock.now());
            self.journal.submit(None, Some(event))?;
        }
        for job in waiting {
            let released = Entry::Release(job.letter.id);
            let event = job.not_tried(self.options.clock.now());
            self.journal.submit(Some(released), Some(event))?;
        }
        if let Some(job) = self.take_held() {
            let event = job.not_tried(self.options.clock.now());
            self.journal.submit(None, Some(event))?;
        }
        self.tell_untold()?;
        if self.state().stop.is_none() {
            return Ok(());
        }
        let mut told = 0_usize;
        while let Some(job) = self.job()? {
            let event = story::untried(&job.letter, self.options.clock.now());
            self.journal.submit(None, Some(event))?;
            told += 1;
            // A long list must not pile up in memory while it is being told.
            if told.is_multiple_of(64) {
                self.journal.record(Vec::new(), Durability::Process).await?;
            }
        }
        Ok(())
    }

    pub fn tell_untold(&self) -> Result<(), LedgerLost> {
        // Then `abandon` tells them.
        if self.journal.is_lost() {
            return Err(LedgerLost);
        }
        let untold = std::mem::take(&mut self.state().untold);
        for event in untold {
            self.journal.submit(None, Some(event))?;
        }
        Ok(())
    }

    /// The ledger is lost: what it could not be told is told to the person at least, by name.
    pub fn abandon(&self, listener: &mut dyn Listener) {
        let (flying, retries, waiting) = self.take_all();
        let now = self.options.clock.now();
        for flying in flying {
            let (_, event) = flying.in_doubt("the ledger was lost while it was being sent", now);
            listener.hear(&Event::Letter(Box::new(event)));
        }
        for retry in retries {
            listener.hear(&retry.job.not_tried(now));
        }
        for job in waiting {
            listener.hear(&job.not_tried(now));
        }
        if let Some(job) = self.take_held() {
            listener.hear(&job.not_tried(now));
        }
        for event in std::mem::take(&mut self.state().untold) {
            listener.hear(&event);
        }
        self.name_the_rest(listener);
        listener.pause();
    }

    fn take_held(&self) -> Option<Job> {
        self.state().held.take()
    }

    fn take_all(&self) -> (Vec<Flying>, Vec<Retry>, VecDeque<Job>) {
        let mut state = self.state();
        let flying = std::mem::take(&mut state.flying).into_values().collect();
        let mut waiting = std::mem::take(&mut state.waiting);
        waiting.extend(std::mem::take(&mut state.claiming).into_values().flatten());
        (flying, std::mem::take(&mut state.retries), waiting)
    }
}
