//! What an outcome, or a connection that fails, says of the server and the account: try again later, all wait, or the end.

use std::sync::atomic::Ordering;
use std::time::Duration;

use appel_core::outcome::{Outcome, Reply, Status};
use appel_messages::{Message, msg};
use tokio::time::Instant;

use super::backoff::{Backoff, Failed};
use super::dispatcher::Dispatcher;
use super::job::{Job, Retry};
use super::terms::{Options, Stop};
use crate::outbox::event::{Event, Notice};
use crate::outbox::journal::LedgerLost;
use crate::outbox::ledger::Entry;
use crate::transport::limits::Limit;
use crate::transport::{About, Sent, Then};

/// So many letters running deferred, and it is the server that is not ready, not a letter.
const DEFERRALS: u32 = 3;
/// So many letters running whose sender the server refuses, and it is the account that is wrong, not a letter.
const SENDER_REFUSALS: u32 = 3;

impl Dispatcher {
    /// Has an outcome written, and tries again later what was deferred and may be.
    pub fn record(&self, mut job: Job, sent: &Sent) -> Result<(), LedgerLost> {
        job.first_try.get_or_insert_with(Instant::now);
        job.tries += 1;
        // Told by `abandon` as in doubt, which is what the next run will find.
        if self.journal.is_lost() {
            return Err(LedgerLost);
        }
        let now = self.options.clock.now();
        let in_flight = {
            let mut state = self.state();
            // The ledger's count of the last 24 hours has the accepted and those in doubt: so has this one.
            state.quota.release(job.addresses());
            let handed = handed_over(&job, sent);
            if handed > 0 {
                state.quota.handed_over(now, handed);
            }
            state.in_flight.remove(&job.letter.line())
        };
        let Some(in_flight) = in_flight else {
            return Ok(());
        };
        self.weigh(sent);
        let (attempted, event) = in_flight.ended(sent, now);
        let entry = Some(Entry::Outcome(Box::new(attempted)));
        let again = if sent.outcome.status == Status::Deferred {
            self.later(&job)
        } else {
            None
        };
        match again {
            Some(at) => {
                self.journal.submit(entry, None)?;
                let what = msg!(
                    "retrying-letter",
                    letter = &event.letter,
                    to = &event.to,
                    reply = sent.outcome.reply.told_with_code(),
                );
                self.notice(what, at.duration_since(Instant::now()));
                job.deferred = Some(Box::new(event));
                self.state().retries.push(Retry { at, job });
            }
            None => self.journal.submit(entry, Some(event.told()))?,
        }
        self.wake();
        Ok(())
    }

    /// What an outcome says about the server, whether it takes anything at all, and about the account, whether it may
    /// send.
    fn weigh(&self, sent: &Sent) {
        let Outcome { status, reply } = &sent.outcome;
        match status {
            Status::Accepted | Status::Refused => {
                let mut state = self.state();
                if state.deferrals > 0 {
                    state.deferrals = 0;
                    state.sending = Backoff::new(Instant::now());
                }
            }
            Status::Deferred if sent.about == About::Address => self.limited(reply),
            Status::Deferred => {
                self.limited(reply);
                self.server_deferred(reply);
            }
            Status::InDoubt | Status::NotTried => {}
        }
        if sent.about == About::Sender && *status == Status::Refused {
            self.sender_refused();
        } else if sent.then == Then::Reuse {
            self.state().sender_refusals = 0;
        }
    }

    fn server_deferred(&self, reply: &Reply) {
        let failed = {
            let mut state = self.state();
            state.deferrals += 1;
            if state.deferrals < DEFERRALS {
                return;
            }
            let Options { retry_for, seed, .. } = self.options;
            state.sending.failed(Instant::now(), retry_for, seed)
        };
        self.waits(&failed, reply);
    }

    fn sender_refused(&self) {
        let refusals = {
            let mut state = self.state();
            state.sender_refusals += 1;
            state.sender_refusals
        };
        if refusals >= SENDER_REFUSALS {
            self.stop(Stop::Cannot {
                message: msg!("sender-refused"),
                cause: Some(msg!("sender-refused-running", count = SENDER_REFUSALS)),
                hint: None,
            });
        }
    }

    /// Ends the run when a reply says that the account has sent enough for now.
    pub fn limited(&self, reply: &Reply) {
        let Some(limit) = Limit::in_reply(reply) else { return };
        let now = self.options.clock.now();
        let in_an_hour = now.saturating_add(jiff::SignedDuration::from_hours(1)).unwrap_or(now);
        let from = match limit {
            // When the first of what counts is a day old, as far as is known here.
            Limit::Day => {
                let again = self.state().quota.again(1);
                let tomorrow = now.saturating_add(jiff::SignedDuration::from_hours(24)).unwrap_or(now);
                again.map_or(tomorrow, |again| again.from).max(in_an_hour)
            }
            Limit::Rate(pause) => now.saturating_add(pause).unwrap_or(in_an_hour),
        };
        self.stop(Stop::Limited {
            reply: reply.clone(),
            limit,
            from,
        });
    }

    pub fn notice(&self, reason: Message, pause: Duration) {
        let seconds = pause.as_secs() + u64::from(pause.subsec_nanos() > 0);
        let notice = Notice::Retrying { reason, seconds };
        // Nobody is misled when the ledger is lost and the notice with it.
        let _ = self.journal.submit(None, Some(Event::Notice(notice)));
    }

    pub fn connect_not_before(&self) -> Instant {
        self.state().connecting.not_before()
    }

    /// Waits until nobody else tries to open the first connection; `None` once there has been one.
    pub async fn alone(&self) -> Option<tokio::sync::MutexGuard<'_, ()>> {
        if self.was_ready.load(Ordering::Relaxed) {
            return None;
        }
        let alone = self.first_connection.lock().await;
        (!self.was_ready.load(Ordering::Relaxed)).then_some(alone)
    }

    pub fn connected(&self) {
        self.was_ready.store(true, Ordering::Relaxed);
        self.state().connecting = Backoff::new(Instant::now());
    }

    pub fn not_connected(&self, reply: &Reply) {
        let Options { retry_for, seed, .. } = self.options;
        let failed = self.state().connecting.failed(Instant::now(), retry_for, seed);
        self.limited(reply);
        self.waits(&failed, reply);
    }

    fn waits(&self, failed: &Failed, reply: &Reply) {
        match failed {
            Failed::Already => {}
            Failed::TryAgain(pause) => self.notice(reply.told_with_code(), *pause),
            Failed::TooLong => self.stop(Stop::GaveUp(reply.clone())),
        }
    }
}

/// For how many addresses the server took a letter, or may have: a refused copy is none of them.
fn handed_over(job: &Job, sent: &Sent) -> usize {
    let may_be_there = |outcome: &Outcome| matches!(outcome.status, Status::Accepted | Status::InDoubt);
    if !may_be_there(&sent.outcome) {
        return 0;
    }
    let refused = sent.recipients.iter().filter(|its| !may_be_there(&its.outcome));
    job.addresses().saturating_sub(refused.count())
}
