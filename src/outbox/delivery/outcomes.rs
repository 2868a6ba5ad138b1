//! What an outcome does to the run: it is written, and what it is evidence of is done.

use std::sync::atomic::Ordering;
use std::time::Duration;

use appel_core::letter::LetterId;
use appel_core::outcome::{Outcome, Reason, Reply, Status};
use appel_messages::{Message, msg};
use tokio::time::Instant;

use super::backoff::{Backoff, Failed};
use super::dispatcher::Dispatcher;
use super::evidence::hints::{self, Pause};
use super::evidence::{About, Heard};
use super::job::{Job, Retry};
use super::terms::{Learned, Options, Stop};
use crate::outbox::event::{Event, Notice, Verdict};
use crate::outbox::journal::LedgerLost;
use crate::outbox::ledger::Entry;
use crate::transport::limits::Limit;
use crate::transport::{Sent, Step};

/// So many letters running deferred, and it is the server that is not ready, not a letter.
const DEFERRALS: u32 = 3;

/// What an outcome comes to.
enum Weighed {
    /// What it says.
    Stands,
    /// Not now, whatever the server calls it.
    Later,
    /// A no for good, should it turn out that it was about this letter.
    Unsettled,
    /// Not now, on this connection.
    OneTooMany,
}

impl Dispatcher {
    /// Has an outcome written, and tries again later what was deferred and may be. `false`: the connection is one too many for
    /// the server, and others go on.
    pub fn record(&self, mut job: Job, sent: &Sent) -> Result<bool, LedgerLost> {
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
            // What does not fit this server was not asked of it.
            if job.tries == 1 && sent.outcome.reply.reason.is_none_or(is_of_line) {
                state.evidence.tried();
            }
            state.in_flight.remove(&job.letter.line())
        };
        let Some(in_flight) = in_flight else {
            return Ok(true);
        };
        let weighed = self.weigh(&job, sent);
        let deferred;
        let sent = match weighed {
            Weighed::Stands => sent,
            Weighed::Later | Weighed::Unsettled | Weighed::OneTooMany => {
                let outcome = Outcome::new(Status::Deferred, sent.outcome.reply.clone());
                deferred = Sent {
                    outcome,
                    ..Sent::all(sent.outcome.clone(), sent.then)
                };
                &deferred
            }
        };
        let (attempted, event) = in_flight.ended(sent, now);
        let entry = Some(Entry::Outcome(Box::new(attempted)));
        if matches!(weighed, Weighed::Unsettled) {
            self.journal.submit(entry, None)?;
            self.state().unsettled.push(event);
        } else {
            let again = if sent.outcome.status == Status::Deferred {
                self.later(&job, hints::wait_of_letter(&sent.outcome.reply))
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
        }
        let goes_on = !matches!(weighed, Weighed::OneTooMany);
        if !goes_on {
            self.state().connections -= 1;
        }
        self.wake();
        Ok(goes_on)
    }

    /// What an outcome is evidence of, and what is done about it.
    fn weigh(&self, job: &Job, sent: &Sent) -> Weighed {
        let Outcome { status, reply } = &sent.outcome;
        match status {
            Status::Accepted => self.accepted(job.began),
            Status::Deferred | Status::Refused if reply.code.is_some() => return self.said_no(job, sent),
            Status::Deferred => self.server_deferred(reply),
            // It does not fit this server, which was not asked.
            Status::Refused | Status::NotTried => {}
            Status::InDoubt => {
                if self.state().evidence.breaks_behind_letters(job.began) {
                    self.stop(Stop::Cannot {
                        message: msg!("line-breaks-behind-letters"),
                        cause: Some(reply.told_with_code()),
                        hint: None,
                    });
                }
            }
        }
        Weighed::Stands
    }

    /// The server takes letters: so it is ready, and what it said of others before was about them.
    fn accepted(&self, began: u64) {
        let about_them = {
            let mut state = self.state();
            let now = Instant::now();
            state.deferrals = 0;
            if state.sending.is_over(now) {
                state.sending = Backoff::new(now);
            }
            state.evidence.accepted(began)
        };
        // When the ledger is lost they are told by `abandon`.
        let _ = self.refuse(about_them);
    }

    /// The no of these letters was about them, and is for good.
    pub fn refuse(&self, letters: Vec<LetterId>) -> Result<(), LedgerLost> {
        for id in letters {
            // Then `abandon` tells of them as deferred, as the ledger has them.
            if self.journal.is_lost() {
                return Err(LedgerLost);
            }
            let mut event = {
                let mut state = self.state();
                let Some(place) = state.unsettled.iter().position(|event| event.line() == id) else {
                    continue;
                };
                state.unsettled.remove(place)
            };
            event.outcome = Verdict::Refused;
            for recipient in &mut event.recipients {
                recipient.outcome = Status::Refused;
            }
            self.journal.submit(Some(Entry::Refuse(id)), Some(event.told()))?;
        }
        Ok(())
    }

    /// A no, or a "not now", in a server's words.
    fn said_no(&self, job: &Job, sent: &Sent) -> Weighed {
        let Outcome { status, reply } = &sent.outcome;
        let (letter, for_good) = (&job.letter, *status == Status::Refused);
        let before = if for_good {
            self.letters().earlier_no(letter.line())
        } else {
            None
        };
        let others = self.state().connections > 1;
        let about = self.state().evidence.about(Heard {
            line: letter.line(),
            letter: letter.id,
            is_copy: letter.copy.is_some(),
            to: letter.to(),
            from: &letter.envelope.from,
            reply,
            step: sent.step,
            for_good,
            before,
            others,
        });
        match about {
            About::LetterForNow => Weighed::Stands,
            About::LetterForGood => Weighed::Unsettled,
            About::Server => {
                self.server_deferred(reply);
                Weighed::Stands
            }
            About::Crowd => Weighed::OneTooMany,
            About::Pace(pause) => {
                self.hurried(reply, pause);
                Weighed::Later
            }
            About::Limit(limit) => {
                self.limited(reply, limit);
                Weighed::Later
            }
            About::Account(letters) => {
                self.stop(self.of_account(reply, sent.step, letters));
                if for_good { Weighed::Unsettled } else { Weighed::Stands }
            }
        }
    }

    /// The same was said of so many letters: it is about the account.
    pub fn of_account(&self, reply: &Reply, step: Step, letters: usize) -> Stop {
        Stop::Account {
            reply: reply.clone(),
            letters,
            meaning: hints::meaning(reply, step, self.options.signs_in),
        }
    }

    /// A server that is hurried too much: all letters wait as long as it says, and leave at half the pace from then on.
    fn hurried(&self, reply: &Reply, pause: Pause) {
        let Options { retry_for, seed, .. } = self.options;
        if retry_for.is_zero() {
            // Nobody waits in such a run; that letters leave more slowly is all that can be done.
            let (reason, every) = (reply.told_with_code(), self.pacer.slow_down());
            return self.tell(Notice::Slower {
                reason,
                seconds: 0,
                every,
            });
        }
        let told = match pause {
            Pause::Told(pause) => Some(pause),
            Pause::Growing => None,
        };
        let failed = self.state().sending.failed(Instant::now(), retry_for, seed, told);
        match (&failed, told) {
            (Failed::TryAgain(pause), _) => {
                let reason = reply.told_with_code();
                let (seconds, every) = (seconds(*pause), self.pacer.slow_down());
                self.tell(Notice::Slower { reason, seconds, every });
            }
            (Failed::TooLong, Some(told)) => {
                let now = self.options.clock.now();
                self.stop(Stop::Limited {
                    reply: reply.clone(),
                    limit: Limit::Rate(told),
                    from: now.saturating_add(told).unwrap_or(now),
                });
            }
            (Failed::TooLong, None) => self.stop(Stop::GaveUp(reply.clone())),
            (Failed::Already, _) => {}
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
            state.sending.failed(Instant::now(), retry_for, seed, None)
        };
        self.waits(&failed, reply);
    }

    /// A connection was at its end after so many letters, and a fresh one took the next.
    pub fn connection_ended_after(&self, letters: u32) {
        self.state().lengths.ended_after(letters);
    }

    /// What was found out about the server.
    pub fn learned(&self) -> Learned {
        Learned {
            letters_per_connection: self.state().lengths.most(),
            pace: self.pacer.slowed_down_to(),
        }
    }

    /// Whether a connection has taken as many letters as one takes here.
    pub fn is_worn(&self, taken: u32) -> bool {
        self.state().lengths.most().is_some_and(|most| taken >= most)
    }

    /// Ends the run: the server said that the account has sent enough for now.
    fn limited(&self, reply: &Reply, limit: Limit) {
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
        let seconds = seconds(pause);
        self.tell(Notice::Retrying { reason, seconds });
    }

    fn tell(&self, notice: Notice) {
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

    /// `begun`: when the try began that failed now.
    pub fn not_connected(&self, reply: &Reply, begun: Instant) {
        let Options { retry_for, seed, .. } = self.options;
        let (first, failed, ends) = {
            let connecting = &mut self.state().connecting;
            let first = connecting.is_fresh();
            let pause = hints::is_of_sign_in(reply)
                .then(|| hints::wait_of_letter(reply).unwrap_or_else(|| connecting.pause_of_sign_in()));
            let failed = connecting.failed_since(begun, Instant::now(), retry_for, seed, pause);
            (first, failed, connecting.ends(retry_for))
        };
        if let Some(limit) = Limit::in_reply(reply) {
            self.limited(reply, limit);
        }
        self.waits(&failed, reply);
        if first && matches!(failed, Failed::TryAgain(_)) && !self.stopping() {
            self.say_until(ends, reply);
        }
    }

    /// Says until when the server is tried, and what to check where nothing answered.
    fn say_until(&self, ends: Instant, reply: &Reply) {
        let at = self.options.clock.now();
        let left = ends.saturating_duration_since(Instant::now());
        let left = jiff::SignedDuration::try_from(left).unwrap_or_default();
        let until = at.saturating_add(left).unwrap_or(at);
        let hint = (reply.reason == Some(Reason::NotConnected)).then(|| msg!("trying-hint"));
        let notice = Notice::Trying { at, until, hint };
        let _ = self.journal.submit(None, Some(Event::Notice(notice)));
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

/// Whether a letter had come as far as the line to the server.
const fn is_of_line(reason: Reason) -> bool {
    !matches!(reason, Reason::TooLarge | Reason::NeedsSmtputf8)
}

/// Whole seconds, rounded up.
fn seconds(pause: Duration) -> u64 {
    pause.as_secs() + u64::from(pause.subsec_nanos() > 0)
}
