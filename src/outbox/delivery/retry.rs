//! When a letter that was deferred is tried again, and when it is not any more.

use std::time::Duration;

use tokio::time::Instant;

use super::backoff::pause;
use super::dispatcher::Dispatcher;
use super::job::Job;
use crate::outbox::journal::LedgerLost;
use crate::outbox::ledger::Entry;

impl Dispatcher {
    /// When a letter that was deferred is tried again, not before the pause that its reply tells; `None` when that would be
    /// too late.
    pub fn later(&self, job: &Job, told: Option<Duration>) -> Option<Instant> {
        let now = Instant::now();
        let [.., last] = *job.letter.line().as_bytes();
        let pause = pause(job.tries, self.options.seed ^ u64::from(last));
        let at = now + pause.max(told.unwrap_or_default());
        let since = job.first_try.unwrap_or(now);
        (at.duration_since(since) <= self.options.retry_for && !self.stopping()).then_some(at)
    }

    /// A letter whose next try has come.
    pub fn due_retry(&self) -> Option<Job> {
        let now = Instant::now();
        let mut state = self.state();
        let due = state.retries.iter().position(|retry| retry.at <= now)?;
        Some(state.retries.swap_remove(due).job)
    }

    /// A letter that was deferred is left for the next run: its turn came when `retry-for` was over.
    pub fn leave(&self, job: Job, claimed: bool) -> Result<(), LedgerLost> {
        if self.journal.is_lost() {
            // Told by `abandon`.
            self.state().waiting.push_front(job);
            return Err(LedgerLost);
        }
        let entry = claimed.then_some(Entry::Release(job.letter.line()));
        let event = job.not_tried(self.options.clock.now());
        self.journal.submit(entry, event)?;
        // Somebody may be waiting for what becomes of it.
        self.wake();
        Ok(())
    }
}
