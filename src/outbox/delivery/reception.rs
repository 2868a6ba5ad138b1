//! What an outcome, or a connection that fails, means for the rest of the run: again later, all wait, or the end.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::Instant;

use super::Stop;
use super::desk::Desk;
use super::job::{Job, Retry};
use super::line::{Failed, Line};
use crate::outbox::event::{Event, Notice};
use crate::outbox::journal::LedgerLost;
use crate::outbox::ledger::Entry;
use crate::transport::limits::Limit;
use crate::transport::{About, Outcome, Reply, Sent};

/// So many letters put off running, and it is the server that is not ready, not a letter.
const PUT_OFF: u32 = 3;

impl Desk {
    /// Has an outcome written, and tries again later what was put off and may be.
    pub fn ended(&self, mut job: Job, sent: &Sent) -> Result<(), LedgerLost> {
        job.first_try.get_or_insert_with(Instant::now);
        job.tries += 1;
        // Told by `abandon` as in doubt, which is what the next run will find.
        if self.journal.is_lost() {
            return Err(LedgerLost);
        }
        let now = self.options.clock.now();
        let flying = {
            let mut state = self.state();
            // The ledger's count of the last 24 hours has the accepted and those in doubt: so has this one.
            state.day.give_back(job.addresses());
            let handed = handed_over(&job, sent);
            if handed > 0 {
                state.day.handed_over(now, handed);
            }
            state.flying.remove(&job.letter.id)
        };
        let Some(flying) = flying else {
            return Ok(());
        };
        self.reception(sent);
        let (attempted, event) = flying.ended(&job.letter, sent, now);
        let entry = Some(Entry::Outcome(Box::new(attempted)));
        let again = match &sent.outcome {
            Outcome::Deferred(reply) => self.later(&job).map(|at| (at, reply)),
            _ => None,
        };
        match again {
            Some((at, reply)) => {
                self.journal.submit(entry, None)?;
                let what = format!("{} to {}: {reply}", event.letter, event.to);
                self.notice(what, at.duration_since(Instant::now()));
                job.put_off = Some(Box::new(event));
                self.state().retries.push(Retry { at, job });
            }
            None => self.journal.submit(entry, Some(Event::Letter(Box::new(event))))?,
        }
        self.changed.notify_waiters();
        Ok(())
    }

    /// What an outcome says about the server: whether it takes anything at all, and whether the account may send.
    fn reception(&self, sent: &Sent) {
        let reply = match &sent.outcome {
            Outcome::Deferred(reply) if sent.about != About::Address => reply,
            Outcome::Deferred(reply) => return self.limited(reply),
            Outcome::InDoubt(_) => return,
            Outcome::Accepted(_) | Outcome::Refused(_) => {
                let mut state = self.state();
                if state.put_off > 0 {
                    state.put_off = 0;
                    state.reception = Line::new(Instant::now());
                }
                return;
            }
        };
        self.limited(reply);
        let failed = {
            let mut state = self.state();
            state.put_off += 1;
            if state.put_off < PUT_OFF {
                return;
            }
            state
                .reception
                .failed(Instant::now(), self.options.retry_for, self.options.seed)
        };
        self.waits(&failed, reply);
    }

    /// Ends the run when a reply says that the account has sent enough for now.
    pub fn limited(&self, reply: &Reply) {
        let Some(limit) = Limit::in_reply(reply) else { return };
        let now = self.options.clock.now();
        let in_an_hour = now.saturating_add(jiff::SignedDuration::from_hours(1)).unwrap_or(now);
        let from = match limit {
            // When the first of what counts is a day old, as far as is known here.
            Limit::Day => {
                let day = self.state().day.again(1);
                let tomorrow = now.saturating_add(jiff::SignedDuration::from_hours(24)).unwrap_or(now);
                day.map_or(tomorrow, |again| again.from).max(in_an_hour)
            }
            Limit::Rate(pause) => now.saturating_add(pause).unwrap_or(in_an_hour),
        };
        self.stop(Stop::Limited {
            reply: reply.clone(),
            limit,
            from,
        });
    }

    pub fn notice(&self, reason: String, pause: Duration) {
        let seconds = pause.as_secs() + u64::from(pause.subsec_nanos() > 0);
        let notice = Notice::Retrying { reason, seconds };
        // Nobody is misled when the ledger is lost and the notice with it.
        let _ = self.journal.submit(None, Some(Event::Notice(notice)));
    }

    pub fn connect_not_before(&self) -> Instant {
        self.state().line.not_before()
    }

    /// Waits until nobody else tries to open the first connection; `None` once there has been one.
    pub async fn alone(&self) -> Option<tokio::sync::MutexGuard<'_, ()>> {
        if self.was_ready.load(Ordering::Relaxed) {
            return None;
        }
        let alone = self.ready.lock().await;
        (!self.was_ready.load(Ordering::Relaxed)).then_some(alone)
    }

    pub fn connected(&self) {
        self.was_ready.store(true, Ordering::Relaxed);
        self.state().line = Line::new(Instant::now());
    }

    pub fn not_connected(&self, reply: &Reply) {
        let failed = self
            .state()
            .line
            .failed(Instant::now(), self.options.retry_for, self.options.seed);
        self.limited(reply);
        self.waits(&failed, reply);
    }

    fn waits(&self, failed: &Failed, reply: &Reply) {
        match failed {
            Failed::Already => {}
            Failed::TryAgain(pause) => self.notice(reply.to_string(), *pause),
            Failed::TooLong => self.stop(Stop::GaveUp(reply.clone())),
        }
    }

    pub fn sender_taken(&self) {
        self.state().sender_refusals = 0;
    }

    /// How many times running the server has refused the sender.
    pub fn sender_refused(&self) -> u32 {
        let mut state = self.state();
        state.sender_refusals += 1;
        state.sender_refusals
    }
}

/// For how many addresses the server took a letter, or may have: a refused copy is none of them.
fn handed_over(job: &Job, sent: &Sent) -> usize {
    let may_be_there = |outcome: &Outcome| matches!(outcome, Outcome::Accepted(_) | Outcome::InDoubt(_));
    if !may_be_there(&sent.outcome) {
        return 0;
    }
    let refused = sent.recipients.iter().filter(|(_, outcome)| !may_be_there(outcome));
    job.addresses().saturating_sub(refused.count())
}
