//! What the connections of a run share: it hands out letters, gives out turns, and knows when to stop.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use appel_core::letter::LetterId;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep_until};

use super::backoff::Backoff;
use super::evidence::{Evidence, Lengths};
use super::in_flight::InFlight;
use super::job::{Job, Retry};
use super::terms::{Interrupt, Letters, Options, Stop};
use crate::outbox::event::{Event, LetterEvent, Notice};
use crate::outbox::journal::{Journal, LedgerLost};
use crate::outbox::pacer::Pacer;
use crate::outbox::quota::Quota;

/// A wait for the next turn that is worth a word.
const LONG_WAIT: Duration = Duration::from_secs(5);

/// The shared state; locked for a moment at a time, never while waiting for anything.
pub struct State {
    /// Claimed, not begun.
    pub waiting: VecDeque<Job>,
    /// Due next, and not claimed: the quota has no room for all its addresses.
    pub next: Option<Job>,
    pub retries: Vec<Retry>,
    /// Begun, without an outcome.
    pub in_flight: BTreeMap<LetterId, InFlight>,
    /// Groups on their way into the ledger, by number. When the ledger is lost they stay here, still to be named.
    pub claiming: BTreeMap<u64, Vec<Job>>,
    pub groups: u64,
    pub quota: Quota,
    /// What was heard of letters, and what it is about.
    pub evidence: Evidence,
    /// Letters refused for good, should it turn out that this was about them: told when that is known. The ledger has them
    /// as deferred meanwhile.
    pub unsettled: Vec<LetterEvent>,
    /// How many letters a connection takes.
    pub lengths: Lengths,
    /// How many connections the server is asked for.
    pub connections: usize,
    /// Letters running that the server deferred.
    pub deferrals: u32,
    /// Before the next try to connect.
    pub connecting: Backoff,
    /// Before the next letter, on whatever connection: the server defers one after the other.
    pub sending: Backoff,
    pub stop: Option<Stop>,
}

impl State {
    /// How many addresses the next letter goes to, as far as it is known.
    fn next_addresses(&self) -> usize {
        self.waiting.front().or(self.next.as_ref()).map_or(1, Job::addresses)
    }
}

/// Whether another letter may be taken.
enum Allowance {
    Room,
    /// Not before one of those in flight has its outcome.
    AllReserved,
    /// No more in this run.
    UsedUp,
}

pub struct Dispatcher {
    letters: Mutex<Box<dyn Letters>>,
    pub journal: Journal,
    pub options: Options,
    pub pacer: Pacer,
    state: Mutex<State>,
    pub changed: Notify,
    interrupt: watch::Receiver<Interrupt>,
    /// Whether a connection has been ready for letters yet.
    pub was_ready: AtomicBool,
    /// Locked while one tries to be the first.
    pub first_connection: tokio::sync::Mutex<()>,
}

impl Dispatcher {
    pub fn new(
        letters: Box<dyn Letters>,
        journal: Journal,
        mut options: Options,
        interrupt: watch::Receiver<Interrupt>,
    ) -> Self {
        let now = Instant::now();
        let quota = std::mem::take(&mut options.quota);
        Self {
            letters: Mutex::new(letters),
            journal,
            pacer: Pacer::new(options.rate),
            state: Mutex::new(State {
                waiting: VecDeque::new(),
                next: None,
                retries: Vec::new(),
                in_flight: BTreeMap::new(),
                claiming: BTreeMap::new(),
                groups: 0,
                quota,
                evidence: Evidence::default(),
                unsettled: Vec::new(),
                lengths: Lengths::known(options.letters_per_connection),
                connections: options.connections.max(1),
                deferrals: 0,
                connecting: Backoff::new(now),
                sending: Backoff::new(now),
                stop: None,
            }),
            options,
            changed: Notify::new(),
            interrupt,
            was_ready: AtomicBool::new(false),
            first_connection: tokio::sync::Mutex::new(()),
        }
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        // Whoever panicked with it is about to end the program; what it holds is still true.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn letters(&self) -> MutexGuard<'_, Box<dyn Letters>> {
        self.letters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the run; the first reason counts.
    pub fn stop(&self, reason: Stop) {
        self.state().stop.get_or_insert(reason);
        self.changed.notify_waiters();
    }

    /// Whether nothing more may begin.
    pub fn stopping(&self) -> bool {
        if *self.interrupt.borrow() != Interrupt::None {
            self.stop(Stop::Interrupted);
        }
        self.state().stop.is_some()
    }

    /// Returns when the run stops, for whatever reason.
    pub async fn stopped(&self) {
        loop {
            let changed = self.changed.notified();
            if self.stopping() {
                return;
            }
            changed.await;
        }
    }

    /// Why it stopped, if it did.
    pub fn stopped_by(&self) -> Option<Stop> {
        self.state().stop.take()
    }

    /// Whoever waits for anything looks again.
    pub fn wake(&self) {
        self.changed.notify_waiters();
    }

    /// Nothing more will be written.
    pub fn close(&self) {
        self.journal.close();
    }

    /// Waits for the next turn to begin a letter, or for the end.
    pub async fn turn(&self) {
        // While the server defers everything, letters wait for it together.
        self.wait_until(|| self.state().sending.not_before()).await;
        if let Some(turn) = self.pacer.next_turn() {
            self.say_wait(turn);
            self.wait_until(|| turn).await;
        }
    }

    /// Waits for a moment, which may move meanwhile, or for the end.
    async fn wait_until(&self, moment: impl Fn() -> Instant) {
        while moment() > Instant::now() && !self.stopping() {
            tokio::select! {
                biased;
                () = sleep_until(moment()) => {}
                () = self.stopped() => {}
            }
        }
    }

    fn say_wait(&self, turn: Instant) {
        let wait = turn.duration_since(Instant::now());
        // Of several connections, the one whose turn comes next has something to say.
        if wait >= LONG_WAIT && self.pacer.is_next(wait) {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            let _ = self
                .journal
                .submit(None, Some(Event::Notice(Notice::Waiting { seconds })));
        }
    }

    /// The next letter for a connection, claimed; `None` when there is nothing left to do.
    pub async fn next(&self) -> Result<Option<Job>, LedgerLost> {
        loop {
            let changed = self.changed.notified();
            if self.journal.is_lost() {
                return Err(LedgerLost);
            }
            if self.stopping() || self.too_late() {
                return Ok(None);
            }
            match self.allowance()? {
                Allowance::Room => {}
                Allowance::AllReserved => {
                    changed.await;
                    continue;
                }
                Allowance::UsedUp => return Ok(None),
            }
            if let Some(job) = self.take_waiting() {
                return Ok(Some(job));
            }
            if let Some(job) = self.due_retry() {
                if job.tried_for_longer_than(self.options.retry_for) {
                    self.leave(job, false)?;
                } else {
                    self.claim(vec![job]).await?;
                }
                continue;
            }
            // A group is enough for all: with one each, too many would be in doubt after a power cut.
            if !self.state().claiming.is_empty() {
                changed.await;
                continue;
            }
            let group = self.take_group()?;
            if !group.is_empty() {
                self.claim(group).await?;
                continue;
            }
            // There is another, and no room for it now.
            if self.state().next.is_some() {
                continue;
            }
            let (earliest, busy) = {
                let state = self.state();
                let earliest = state.retries.iter().map(|retry| retry.at).min();
                (earliest, !state.in_flight.is_empty() || !state.claiming.is_empty())
            };
            match earliest {
                None if !busy => return Ok(None),
                // What is in flight may yet be deferred, and then there is something to do.
                None => changed.await,
                Some(at) => {
                    tokio::select! {
                        biased;
                        () = sleep_until(at) => {}
                        () = changed => {}
                    }
                }
            }
        }
    }

    /// Whether the letter at hand would leave too late; then the run stops.
    pub fn past_deadline(&self) -> bool {
        let late = self.is_late();
        if late {
            self.stop(Stop::Deadline);
        }
        late
    }

    fn is_late(&self) -> bool {
        self.options
            .deadline
            .is_some_and(|deadline| self.options.clock.now() > deadline)
    }

    fn too_late(&self) -> bool {
        let late = self.is_late();
        let state = self.state();
        // A run that begins after the deadline has nothing due, and the plan says so by name.
        let anything_left = !state.waiting.is_empty() || !state.retries.is_empty();
        drop(state);
        if late && anything_left {
            self.stop(Stop::Deadline);
        }
        late && anything_left
    }

    /// Whether `daily-limit` lets another letter leave now.
    fn allowance(&self) -> Result<Allowance, LedgerLost> {
        let (left_over, mut again) = {
            let mut state = self.state();
            let next = state.next_addresses();
            if state.quota.has_room_for(next, self.options.clock.now()) {
                return Ok(Allowance::Room);
            }
            if state.quota.any_reserved() {
                // One that is refused makes room for another, and a stop now would keep back one that waits its turn.
                return Ok(Allowance::AllReserved);
            }
            (
                !state.waiting.is_empty() || !state.retries.is_empty() || state.next.is_some(),
                state.quota.again(next),
            )
        };
        // Whether anything is left over decides if the limit was in the way at all.
        if !left_over {
            let Some(job) = self.job()? else {
                return Ok(Allowance::UsedUp);
            };
            let mut state = self.state();
            again = state.quota.again(job.addresses());
            // It is named with all that is left.
            state.next = Some(job);
        }
        self.stop(Stop::DailyLimit(again));
        Ok(Allowance::UsedUp)
    }

    fn take_waiting(&self) -> Option<Job> {
        let mut state = self.state();
        let addresses = state.waiting.front()?.addresses();
        if !state.quota.has_room_for(addresses, self.options.clock.now()) {
            return None;
        }
        state.quota.reserve(addresses);
        state.waiting.pop_front()
    }

    /// A letter that was handed out, and that did not begin, waits again.
    pub fn put_back(&self, job: Job) {
        let mut state = self.state();
        state.quota.release(job.addresses());
        state.waiting.push_front(job);
        drop(state);
        self.wake();
    }
}
