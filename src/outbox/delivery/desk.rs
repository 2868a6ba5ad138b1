//! What the connections of a run share: the letters waiting, in flight and put off, the line, and why it all stops.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep_until};

use super::job::{Job, Retry, Taken};
use super::line::Line;
use super::story::{self, Flying};
use super::{Interrupt, Letters, Options, Stop};
use crate::failure::Problem;
use crate::letter::{LetterId, Message, Status};
use crate::outbox::day::Day;
use crate::outbox::event::{Event, Notice};
use crate::outbox::journal::{Journal, LedgerLost};
use crate::outbox::ledger::{Claimed, Durability, Entry, Intent};
use crate::outbox::pace::Pace;

/// A wait for the next turn that is worth a word.
const LONG_WAIT: Duration = Duration::from_secs(5);

/// The shared state; locked for a moment at a time, never while waiting for anything.
pub struct State {
    /// Claimed, not begun.
    pub waiting: VecDeque<Job>,
    /// Due next, and not claimed: `daily-limit` has no room for all its addresses.
    pub held: Option<Job>,
    pub retries: Vec<Retry>,
    /// Begun, without an outcome.
    pub flying: BTreeMap<LetterId, Flying>,
    /// Groups on their way into the ledger, by number. When the ledger is lost they stay here, still to be named.
    pub claiming: BTreeMap<u64, Vec<Job>>,
    pub groups: u64,
    /// Letters that will not be tried, still to be named.
    pub untold: Vec<Event>,
    pub day: Day,
    pub sender_refusals: u32,
    /// Letters that the server put off running.
    pub put_off: u32,
    /// How connecting goes.
    pub line: Line,
    /// How handing letters over goes, on whatever connection.
    pub reception: Line,
    pub stop: Option<Stop>,
}

impl State {
    /// How many addresses the next letter goes to, as far as it is known.
    fn next_addresses(&self) -> usize {
        self.waiting.front().or(self.held.as_ref()).map_or(1, Job::addresses)
    }
}

/// Whether another letter may be taken.
enum Allowance {
    Room,
    /// Not before one of those in flight has its outcome.
    AllTaken,
    /// No more in this run.
    UsedUp,
}

pub struct Desk {
    letters: Mutex<Box<dyn Letters>>,
    pub journal: Journal,
    pub options: Options,
    pub pace: Pace,
    state: Mutex<State>,
    pub changed: Notify,
    interrupt: watch::Receiver<Interrupt>,
    /// Whether a connection has been ready for letters yet; locked while one tries to be the first.
    pub ready: tokio::sync::Mutex<()>,
    pub was_ready: AtomicBool,
}

impl Desk {
    pub fn new(
        letters: Box<dyn Letters>,
        journal: Journal,
        mut options: Options,
        interrupt: watch::Receiver<Interrupt>,
    ) -> Self {
        let now = Instant::now();
        let day = std::mem::take(&mut options.day);
        Self {
            letters: Mutex::new(letters),
            journal,
            pace: Pace::new(options.rate),
            options,
            state: Mutex::new(State {
                waiting: VecDeque::new(),
                held: None,
                retries: Vec::new(),
                flying: BTreeMap::new(),
                claiming: BTreeMap::new(),
                groups: 0,
                untold: Vec::new(),
                day,
                sender_refusals: 0,
                put_off: 0,
                line: Line::new(now),
                reception: Line::new(now),
                stop: None,
            }),
            changed: Notify::new(),
            interrupt,
            ready: tokio::sync::Mutex::new(()),
            was_ready: AtomicBool::new(false),
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
        // While the server puts everything off, letters wait for it together.
        self.wait_until(|| self.state().reception.not_before()).await;
        if let Some(turn) = self.pace.next_turn() {
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
        if wait >= LONG_WAIT && self.pace.is_next(wait) {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            let _ = self
                .journal
                .submit(None, Some(Event::Notice(Notice::Waiting { seconds })));
        }
    }

    /// The next letter for a connection, claimed; `None` when there is nothing left to do.
    pub async fn next(self: &Arc<Self>) -> Result<Option<Taken>, LedgerLost> {
        let next = self.wait_for_next().await?;
        Ok(next.map(|job| Taken {
            desk: Arc::clone(self),
            job: Some(job),
        }))
    }

    async fn wait_for_next(&self) -> Result<Option<Job>, LedgerLost> {
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
                Allowance::AllTaken => {
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
            if self.state().held.is_some() {
                continue;
            }
            let (earliest, busy) = {
                let state = self.state();
                let earliest = state.retries.iter().map(|retry| retry.at).min();
                (earliest, !state.flying.is_empty() || !state.claiming.is_empty())
            };
            match earliest {
                None if !busy => return Ok(None),
                // What is in flight may yet be put off, and then there is something to do.
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
            if state.day.has_room_for(next, self.options.clock.now()) {
                return Ok(Allowance::Room);
            }
            if state.day.any_taken() {
                // One that is refused makes room for another, and a stop now would keep back one that waits its turn.
                return Ok(Allowance::AllTaken);
            }
            (
                !state.waiting.is_empty() || !state.retries.is_empty() || state.held.is_some(),
                state.day.again(next),
            )
        };
        // Whether anything is left over decides if the limit was in the way at all.
        if !left_over {
            let Some(job) = self.job()? else {
                return Ok(Allowance::UsedUp);
            };
            let mut state = self.state();
            again = state.day.again(job.addresses());
            // It is named with all that is left.
            state.held = Some(job);
        }
        self.stop(Stop::DailyLimit(again));
        Ok(Allowance::UsedUp)
    }

    fn take_waiting(&self) -> Option<Job> {
        let mut state = self.state();
        let addresses = state.waiting.front()?.addresses();
        if !state.day.has_room_for(addresses, self.options.clock.now()) {
            return None;
        }
        state.day.take(addresses);
        state.waiting.pop_front()
    }

    async fn claim(&self, group: Vec<Job>) -> Result<(), LedgerLost> {
        let claims = group.iter().map(|job| Entry::Claim(self.intent(job))).collect();
        // Stopped at once while the claims are on their way to the disk, the letters must still be named at the end.
        let number = {
            let mut state = self.state();
            state.groups += 1;
            let number = state.groups;
            state.claiming.insert(number, group);
            number
        };
        let answers = match self.journal.record(claims, Durability::Power).await {
            Ok(answers) => answers,
            Err(lost) => {
                // Others may be waiting for this group: they find out for themselves that nothing will come of it.
                self.changed.notify_waiters();
                return Err(lost);
            }
        };
        let group = self.state().claiming.remove(&number).unwrap_or_default();
        let mut claimed = Vec::with_capacity(group.len());
        let mut lost = Vec::new();
        for (job, answer) in group.into_iter().zip(answers) {
            match answer {
                Claimed::Ours => claimed.push(job),
                Claimed::Lost(status) => lost.push(story::lost(&job.letter, status, self.options.clock.now())),
            }
        }
        let mut state = self.state();
        state.waiting.extend(claimed);
        state.untold.extend(lost);
        drop(state);
        self.changed.notify_waiters();
        self.tell_untold()
    }

    fn intent(&self, job: &Job) -> Intent {
        let letter = &job.letter;
        Intent {
            id: letter.id,
            campaign: self.options.campaign.clone(),
            letter: letter.spec.id.clone(),
            sender: letter.envelope.from.to_string(),
            recipient: letter.envelope.to.to_string(),
            language: letter.language.to_string(),
            date: job.date,
            copies: letter.envelope.cc.iter().map(ToString::to_string).collect(),
            after: if job.tries == 0 {
                letter.past.map(|past| past.status)
            } else {
                Some(Status::Deferred)
            },
        }
    }

    /// The bytes of a letter that is about to begin.
    pub fn message(&self, taken: &Taken) -> Result<Message, Problem> {
        match &taken.job {
            Some(job) => self.letters().message(&job.letter, job.date),
            None => Err(Problem::error("a letter that is not at hand cannot be written")),
        }
    }

    /// Has it in the ledger, safe from a killed process, that the letter begins: from now on it is in flight. Until then
    /// it goes back to those that wait, should anything keep it.
    pub async fn begin(&self, taken: Taken, message: &Message) -> Result<Job, LedgerLost> {
        let begin = vec![Entry::Begin(message.id)];
        self.journal.record(begin, Durability::Process).await?;
        let job = taken.keep();
        let flying = Flying::new(&job.letter, message, self.options.clock.now());
        self.state().flying.insert(message.id, flying);
        Ok(job)
    }
}
