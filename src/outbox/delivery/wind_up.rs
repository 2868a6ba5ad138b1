//! The end of a run: every letter that has no outcome yet gets one, by name.

use appel_core::outcome::Reason;

use super::dispatcher::Dispatcher;
use super::letter_events;
use crate::outbox::event::{Event, Listener};
use crate::outbox::journal::LedgerLost;
use crate::outbox::ledger::{Durability, Entry};

impl Dispatcher {
    /// After the last letter: whatever has no outcome yet gets one, by name.
    pub async fn wind_up(&self) -> Result<(), LedgerLost> {
        // Then `abandon` names them; taken here they would be named by nobody.
        if self.journal.is_lost() {
            return Err(LedgerLost);
        }
        for (entry, event) in self.take_unfinished(Reason::Interrupted) {
            self.journal.submit(entry, event)?;
        }
        self.settle_nos()?;
        if self.state().stop.is_none() {
            return Ok(());
        }
        let mut told = 0_usize;
        while let Some(job) = self.job()? {
            let event = letter_events::untried(&job.letter, self.options.clock.now());
            self.journal.submit(None, Some(event))?;
            told += 1;
            // A long list must not pile up in memory while it is being told.
            if told.is_multiple_of(64) {
                self.journal.record(Vec::new(), Durability::Process).await?;
            }
        }
        Ok(())
    }

    /// What was said of letters and not settled yet. When everything due was tried, it was about them, or about an account
    /// with few letters; else nobody knows, and they are due again.
    fn settle_nos(&self) -> Result<(), LedgerLost> {
        let (stopped, few) = {
            let state = self.state();
            (state.stop.is_some(), state.evidence.all_were_told_the_same())
        };
        if !stopped && let Some((letters, reply, step)) = few {
            self.stop(self.of_account(&reply, step, letters));
        } else if !stopped {
            let about_them = self.state().evidence.settle();
            self.refuse(about_them)?;
        }
        // Whatever is left, those of a no that was too long ago to be kept in mind among it.
        let left = std::mem::take(&mut self.state().unsettled);
        for event in left {
            self.journal.submit(None, Some(event.told()))?;
        }
        Ok(())
    }

    /// The ledger is lost: what it could not be told is told to the person at least, by name.
    pub fn abandon(&self, listener: &mut dyn Listener) {
        for event in self
            .take_unfinished(Reason::LedgerLost)
            .into_iter()
            .filter_map(|(_, event)| event)
        {
            listener.hear(&event);
        }
        for event in std::mem::take(&mut self.state().unsettled) {
            listener.hear(&event.told());
        }
        self.name_the_rest(listener);
        listener.pause();
    }

    /// Every letter that was taken up and has no outcome: what the ledger and the listener are to hear of it. Those in
    /// flight are in doubt, and `why`.
    fn take_unfinished(&self, why: Reason) -> Vec<(Option<Entry>, Option<Event>)> {
        let now = self.options.clock.now();
        let mut state = self.state();
        let in_flight = std::mem::take(&mut state.in_flight);
        let retries = std::mem::take(&mut state.retries);
        let claiming = std::mem::take(&mut state.claiming);
        let mut claimed = std::mem::take(&mut state.waiting);
        claimed.extend(claiming.into_values().flatten());
        let unclaimed = retries.into_iter().map(|retry| retry.job).chain(state.next.take());

        let in_doubt = in_flight.into_values().map(|in_flight| {
            if let Some(kept) = &self.options.kept {
                kept.keep_what_is_in_a_slot(in_flight.letter());
            }
            let (attempted, event) = in_flight.in_doubt(why, now);
            (Some(Entry::Outcome(Box::new(attempted))), Some(event.told()))
        });
        let released = claimed
            .into_iter()
            .map(|job| (Some(Entry::Release(job.letter.line())), job.not_tried(now)));
        let untried = unclaimed.map(|job| (None, job.not_tried(now)));
        in_doubt.chain(released).chain(untried).collect()
    }
}
