//! What the connections of a run share: the letters waiting, in flight and put off, the line, and why it all stops.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::futures::Notified;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep_until};

use super::line::{Failed, Line, pause};
use super::story::{self, Flying};
use super::{Interrupt, Letters, Options, Stop, interrupted};
use crate::failure::Problem;
use crate::letter::{Decision, Letter, LetterId, Message};
use crate::outbox::event::{Event, LetterEvent, Listener, Notice};
use crate::outbox::journal::{Journal, LedgerLost};
use crate::outbox::ledger::{Durability, Entry, Intent};
use crate::outbox::pace::Pace;
use crate::transport::{Outcome, Reply, Sent};

/// How many letters are claimed at once for one connection when they leave fast.
const GROUP: usize = 60;
/// One letter on its way, kept small: its text is written anew for every attempt.
pub struct Job {
    letter: Box<Letter<'static>>,
    date: Timestamp,
    tries: u32,
    first_try: Option<Instant>,
}

/// A letter that was put off.
struct Retry {
    at: Instant,
    job: Job,
    event: LetterEvent,
}

/// The shared state; locked for a moment at a time, never while waiting for anything.
struct State {
    /// Claimed, not begun.
    waiting: VecDeque<Job>,
    retries: Vec<Retry>,
    /// Begun, without an outcome.
    flying: BTreeMap<LetterId, Flying>,
    /// Groups on their way into the ledger, by number. When the ledger is lost they stay here, still to be named.
    claiming: BTreeMap<u64, Vec<Job>>,
    groups: u64,
    /// Letters taken to be sent in this run, but for those that were put off or refused.
    begun: usize,
    sender_refusals: u32,
    line: Line,
    stop: Option<Stop>,
}

pub struct Desk {
    letters: Mutex<Box<dyn Letters>>,
    journal: Journal,
    options: Options,
    pace: Pace,
    state: Mutex<State>,
    changed: Notify,
    interrupt: watch::Receiver<Interrupt>,
    /// Whether a connection has been ready for letters yet; locked while one tries to be the first.
    ready: tokio::sync::Mutex<()>,
    was_ready: AtomicBool,
}

impl Desk {
    pub fn new(
        letters: Box<dyn Letters>,
        journal: Journal,
        options: Options,
        interrupt: watch::Receiver<Interrupt>,
    ) -> Self {
        let now = Instant::now();
        Self {
            letters: Mutex::new(letters),
            journal,
            pace: Pace::new(options.rate),
            options,
            state: Mutex::new(State {
                waiting: VecDeque::new(),
                retries: Vec::new(),
                flying: BTreeMap::new(),
                claiming: BTreeMap::new(),
                groups: 0,
                begun: 0,
                sender_refusals: 0,
                line: Line::new(now),
                stop: None,
            }),
            changed: Notify::new(),
            interrupt,
            ready: tokio::sync::Mutex::new(()),
            was_ready: AtomicBool::new(false),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Whoever panicked with it is about to end the program; what it holds is still true.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn letters(&self) -> MutexGuard<'_, Box<dyn Letters>> {
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
            self.wait(changed).await;
        }
    }

    /// Why it stopped, if it did.
    pub fn stopped_by(&self) -> Option<Stop> {
        self.state().stop.take()
    }

    /// A connection has no more to do.
    pub fn left(&self) {
        self.changed.notify_waiters();
    }

    /// Nothing more will be written.
    pub fn close(&self) {
        self.journal.close();
    }

    /// Waits for the next turn to begin a letter, or for the end.
    pub async fn turn(&self) {
        if let Some(turn) = self.pace.next_turn() {
            tokio::select! {
                biased;
                () = sleep_until(turn) => {}
                () = self.stopped() => {}
            }
        }
    }

    /// The next letter for a connection, claimed; `None` when there is nothing left to do.
    pub async fn next(&self) -> Result<Option<Job>, LedgerLost> {
        loop {
            let changed = self.changed.notified();
            if self.journal.is_lost() {
                return Err(LedgerLost);
            }
            if self.stopping() || self.too_late() || self.used_up()? {
                return Ok(None);
            }
            if let Some(job) = self.take_waiting() {
                return Ok(Some(job));
            }
            if let Some(job) = self.due_retry() {
                self.claim(vec![job]).await?;
                continue;
            }
            let group = self.take_group()?;
            if !group.is_empty() {
                self.claim(group).await?;
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
                None => self.wait(changed).await,
                Some(at) => {
                    tokio::select! {
                        biased;
                        () = sleep_until(at) => {}
                        () = self.wait(changed) => {}
                    }
                }
            }
        }
    }

    async fn wait(&self, changed: Notified<'_>) {
        tokio::select! {
            biased;
            () = changed => {}
            () = interrupted(&self.interrupt, Interrupt::Finish), if *self.interrupt.borrow() == Interrupt::None => {}
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

    /// Whether the allowance for this run is used up.
    fn used_up(&self) -> Result<bool, LedgerLost> {
        let left_over = {
            let state = self.state();
            if self.options.allowance.is_none_or(|allowance| state.begun < allowance) {
                return Ok(false);
            }
            !state.waiting.is_empty() || !state.retries.is_empty()
        };
        // Whether anything is left over decides if the limit was in the way at all.
        if left_over {
            self.stop(Stop::DailyLimit);
        } else if let Some(job) = self.job()? {
            self.journal
                .submit(None, Some(story::untried(&job.letter, self.options.clock.now())))?;
            self.stop(Stop::DailyLimit);
        }
        Ok(true)
    }

    fn take_waiting(&self) -> Option<Job> {
        let mut state = self.state();
        let job = state.waiting.pop_front()?;
        state.begun += 1;
        Some(job)
    }

    fn due_retry(&self) -> Option<Job> {
        let now = Instant::now();
        let mut state = self.state();
        let due = state.retries.iter().position(|retry| retry.at <= now)?;
        Some(state.retries.swap_remove(due).job)
    }

    /// Letters to claim together: many when they leave fast, one when there is time.
    fn take_group(&self) -> Result<Vec<Job>, LedgerLost> {
        let mut size = if self.pace.is_slow() { 1 } else { GROUP };
        if let Some(allowance) = self.options.allowance {
            size = size.min(allowance.saturating_sub(self.state().begun));
        }
        let mut group = Vec::with_capacity(size);
        while group.len() < size {
            let Some(job) = self.job()? else { break };
            group.push(job);
        }
        Ok(group)
    }

    /// The next letter due, telling of those left out on the way.
    fn job(&self) -> Result<Option<Job>, LedgerLost> {
        let mut letters = self.letters();
        let letter = loop {
            match letters.next() {
                Some(Decision::Due(letter)) => break letter,
                Some(Decision::Skipped {
                    id, letter, to, reason, ..
                }) => {
                    let at = self.options.clock.now();
                    let event = story::left_out(id, letter, &to, &self.options.sender, reason, at);
                    self.journal.submit(None, Some(event))?;
                }
                Some(Decision::Impossible(problem)) => self.stop(Stop::Letter(*problem)),
                None => return Ok(None),
            }
        };
        match letters.first_date(letter.id) {
            Ok(date) => {
                let date = date.unwrap_or_else(|| self.options.clock.now());
                Ok(Some(Job {
                    letter,
                    date,
                    tries: 0,
                    first_try: None,
                }))
            }
            Err(error) => {
                drop(letters);
                self.stop(Stop::Ledger(error));
                Err(LedgerLost)
            }
        }
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
        if let Err(lost) = self.journal.record(claims, Durability::Power).await {
            // Others may be waiting for this group: they find out for themselves that nothing will come of it.
            self.changed.notify_waiters();
            return Err(lost);
        }
        let mut state = self.state();
        let claimed = state.claiming.remove(&number).unwrap_or_default();
        state.waiting.extend(claimed);
        drop(state);
        self.changed.notify_waiters();
        Ok(())
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
        }
    }

    /// A letter that was taken to be sent and was not begun.
    pub fn put_back(&self, job: Job) {
        let mut state = self.state();
        state.begun -= 1;
        state.waiting.push_front(job);
    }

    pub fn message(&self, job: &Job) -> Result<Message, Problem> {
        self.letters().message(&job.letter, job.date)
    }

    /// Has it in the ledger, safe from a killed process, that the letter begins.
    pub async fn begin(&self, job: &Job, message: &Message) -> Result<(), LedgerLost> {
        let flying = Flying::new(&job.letter, message, self.options.clock.now());
        self.state().flying.insert(message.id, flying);
        self.journal
            .record(vec![Entry::Begin(message.id)], Durability::Process)
            .await
    }

    /// Has an outcome written, and tries again later what was put off and may be.
    pub fn ended(&self, mut job: Job, sent: &Sent) -> Result<(), LedgerLost> {
        job.first_try.get_or_insert_with(Instant::now);
        job.tries += 1;
        // Told by `abandon` as in doubt, which is what the next run will find.
        if self.journal.is_lost() {
            return Err(LedgerLost);
        }
        let flying = {
            let mut state = self.state();
            // The ledger's count of the last 24 hours has the accepted and those in doubt: so has this one.
            if matches!(sent.outcome, Outcome::Deferred(_) | Outcome::Refused(_)) {
                state.begun -= 1;
            }
            state.flying.remove(&job.letter.id)
        };
        let Some(flying) = flying else {
            return Ok(());
        };
        let (attempted, event) = flying.ended(&job.letter, sent, self.options.clock.now());
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
                self.state().retries.push(Retry { at, job, event });
            }
            None => self.journal.submit(entry, Some(Event::Letter(Box::new(event))))?,
        }
        self.changed.notify_waiters();
        Ok(())
    }

    /// When a letter that was put off is tried again; `None` when that would be too late.
    fn later(&self, job: &Job) -> Option<Instant> {
        let now = Instant::now();
        let [.., last] = *job.letter.id.as_bytes();
        let at = now + pause(job.tries, self.options.seed ^ u64::from(last));
        let since = job.first_try.unwrap_or(now);
        (at.duration_since(since) <= self.options.retry_for && !self.stopping()).then_some(at)
    }

    fn notice(&self, reason: String, pause: Duration) {
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
        match failed {
            Failed::Already => {}
            Failed::TryAgain(pause) => self.notice(reply.to_string(), pause),
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
            self.journal.submit(None, Some(Event::Letter(Box::new(retry.event))))?;
        }
        for job in waiting {
            let event = story::untried(&job.letter, self.options.clock.now());
            self.journal.submit(Some(Entry::Release(job.letter.id)), Some(event))?;
        }
        if self.state().stop.is_none() {
            return Ok(());
        }
        let mut told = 0_usize;
        while let Some(job) = self.job()? {
            self.journal
                .submit(None, Some(story::untried(&job.letter, self.options.clock.now())))?;
            told += 1;
            // A long list must not pile up in memory while it is being told.
            if told.is_multiple_of(64) {
                self.journal.record(Vec::new(), Durability::Process).await?;
            }
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
            listener.hear(&Event::Letter(Box::new(retry.event)));
        }
        for job in waiting {
            listener.hear(&story::untried(&job.letter, now));
        }
        while let Some(decision) = self.letters().next() {
            if let Decision::Due(letter) = decision {
                listener.hear(&story::untried(&letter, now));
            }
        }
        listener.pause();
    }

    fn take_all(&self) -> (Vec<Flying>, Vec<Retry>, VecDeque<Job>) {
        let mut state = self.state();
        let flying = std::mem::take(&mut state.flying).into_values().collect();
        let mut waiting = std::mem::take(&mut state.waiting);
        waiting.extend(std::mem::take(&mut state.claiming).into_values().flatten());
        (flying, std::mem::take(&mut state.retries), waiting)
    }
}
