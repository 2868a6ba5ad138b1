//! The loop that sends: claims letters, connects, keeps the pace, tries again, and has every step in the ledger first.
//!
//! The only place where letters, ledger and transport meet. All connections run as one task, so what they share needs
//! no locks; whatever a connection learns goes to the [`Journal`] before anybody is told.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep_until};

use super::event::{AddressEvent, Event, LetterEvent, Listener, Notice, Summary, Verdict, address_events};
use super::journal::{Journal, LedgerLost, journal};
use super::ledger::{Attempted, Durability, Entry, Intent, LedgerError, LockedLedger};
use super::pace::Pace;
use crate::campaign::Address;
use crate::campaign::config::Rate;
use crate::clock::Clock;
use crate::failure::Problem;
use crate::letter::{Decision, Letter, LetterId, Message, Skip};
use crate::transport::{Attempt, ConnectError, Outcome, Reply, Sent, Session, Then, Transport};

/// How many letters are claimed at once for one connection when they leave fast; two such groups may be open.
const GROUP: usize = 32;
/// The first pause before something is tried again; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// No pause is longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(120);
/// So many letters running whose sender the server refuses, and it is the account that is wrong, not a letter.
const SENDER_REFUSALS: u32 = 3;

/// What to send, in order.
pub trait Letters<'a> {
    /// What is decided next; those left out are told and counted, nothing else.
    ///
    /// # Errors
    /// When a letter is due and impossible, although it was possible before the run began.
    fn next(&mut self) -> Result<Option<Decision<'a>>, Problem>;

    /// The Date of its first attempt in an earlier run.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    fn first_date(&self, id: LetterId) -> Result<Option<Timestamp>, LedgerError>;

    /// Its bytes.
    ///
    /// # Errors
    /// When it cannot be written, although it could before the run began.
    fn message(&self, letter: &Letter<'a>, date: Timestamp) -> Result<Message, Problem>;
}

/// How to send.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// `campaign.id`.
    pub campaign: &'a str,
    /// `sender.email`.
    pub sender: &'a Address,
    /// Simultaneous connections, at least one.
    pub connections: usize,
    /// How fast letters may begin.
    pub rate: Rate,
    /// How long temporary failures are tried again.
    pub retry_for: Duration,
    /// How many letters may begin in this run (`smtp.daily-limit`).
    pub allowance: Option<usize>,
    /// The time of day.
    pub clock: Clock,
    /// Makes the pauses uneven; the same seed, the same pauses.
    pub seed: u64,
}

/// What a person asked for meanwhile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Interrupt {
    /// Nothing.
    #[default]
    None,
    /// Ctrl-C: finish what is in flight, begin nothing.
    Finish,
    /// Ctrl-C again: stop at once.
    Now,
}

/// Why a run ended before everything due was tried to the end.
#[derive(Debug)]
pub enum Stop {
    /// A person interrupted it.
    Interrupted,
    /// It cannot be delivered, and waiting will not help.
    Cannot {
        /// What happened.
        message: String,
        /// Why.
        cause: String,
        /// What to do now.
        hint: String,
    },
    /// The server could not be reached for as long as `retry-for` allows.
    GaveUp(Reply),
    /// `daily-limit` is reached.
    DailyLimit,
    /// The ledger cannot be read or written.
    Ledger(LedgerError),
    /// A letter could no longer be written.
    Letter(Problem),
}

/// How a run ended.
#[derive(Debug)]
pub struct Ended {
    /// The counts, of letters that were due.
    pub summary: Summary,
    /// Why it ended early, if it did.
    pub stop: Option<Stop>,
}

/// Sends what is due and tells the story to `listener`, outcomes only when they are durable.
pub async fn deliver<'a, T: Transport>(
    transport: &T,
    ledger: &mut dyn LockedLedger,
    letters: &mut dyn Letters<'a>,
    options: Options<'_>,
    interrupt: watch::Receiver<Interrupt>,
    listener: &mut dyn Listener,
) -> Ended {
    let started = Instant::now();
    let mut tally = Tally { summary: Summary::default(), listener };
    let (journal, writer) = journal();
    let desk = Desk {
        letters: RefCell::new(letters),
        journal,
        options,
        pace: Pace::new(options.rate),
        waiting: RefCell::default(),
        retries: RefCell::default(),
        flying: RefCell::default(),
        claiming: Cell::new(0),
        begun: Cell::new(0),
        sender_refusals: Cell::new(0),
        line: RefCell::new(Line::new(started)),
        stop: RefCell::new(None),
        changed: Notify::new(),
        interrupt,
    };
    let work = async {
        let connections = (0..options.connections.max(1)).map(|_| connection(transport, &desk));
        tokio::select! {
            _ = join_all(connections) => {}
            () = interrupted(&desk.interrupt, Interrupt::Now) => desk.stop(Stop::Interrupted),
        }
        // When the ledger is lost there is nothing to wind up: see below.
        let _ = desk.wind_up().await;
        desk.journal.close();
    };
    let (written, ()) = tokio::join!(writer.run(ledger, &mut tally), work);
    let mut stop = desk.stop.take();
    if let Err(error) = written {
        stop = Some(Stop::Ledger(error));
        desk.abandon(&mut tally);
    }
    let mut summary = tally.summary;
    summary.seconds = started.elapsed().as_secs_f64();
    Ended { summary, stop }
}

/// Counts what is told.
struct Tally<'l> {
    summary: Summary,
    listener: &'l mut dyn Listener,
}

impl Listener for Tally<'_> {
    fn hear(&mut self, event: &Event) {
        if let Event::Letter(letter) = event {
            if letter.outcome != Verdict::Skipped {
                self.summary.due += 1;
            }
            self.summary.count(letter.outcome);
        }
        self.listener.hear(event);
    }

    fn pause(&mut self) {
        self.listener.pause();
    }
}

/// One letter on its way, kept small: its text is written anew for every attempt.
struct Job<'a> {
    letter: Box<Letter<'a>>,
    date: Timestamp,
    tries: u32,
    first_try: Option<Instant>,
}

/// A letter that was put off.
struct Retry<'a> {
    at: Instant,
    job: Job<'a>,
    event: LetterEvent,
}

/// Whether the server can be reached, for all connections together.
struct Line {
    /// Failures running.
    failures: u32,
    /// Since when; the start of the run before the first.
    since: Instant,
    /// No connection is tried before.
    not_before: Instant,
}

impl Line {
    const fn new(now: Instant) -> Self {
        Self { failures: 0, since: now, not_before: now }
    }
}

/// What the connections share.
struct Desk<'a, 'r> {
    letters: RefCell<&'r mut dyn Letters<'a>>,
    journal: Journal,
    options: Options<'r>,
    pace: Pace,
    /// Claimed, not begun.
    waiting: RefCell<VecDeque<Job<'a>>>,
    retries: RefCell<Vec<Retry<'a>>>,
    /// Begun, without an outcome.
    flying: RefCell<BTreeMap<LetterId, Flying>>,
    /// Groups on their way into the ledger, on no list meanwhile.
    claiming: Cell<usize>,
    begun: Cell<usize>,
    sender_refusals: Cell<u32>,
    line: RefCell<Line>,
    stop: RefCell<Option<Stop>>,
    changed: Notify,
    interrupt: watch::Receiver<Interrupt>,
}

/// What is needed to say of a letter in flight that it is in doubt.
struct Flying {
    event: LetterEvent,
    sha256: [u8; 32],
    facts: String,
}

impl Flying {
    /// Nobody knows what became of it.
    fn doubt(&mut self, reply: &Reply, at: Timestamp) {
        let event = &mut self.event;
        event.outcome = Verdict::InDoubt;
        event.at = at;
        event.reply = Some(reply.line());
        event.recipients = std::iter::once(&event.to)
            .chain(event.cc.iter().flatten())
            .map(|address| AddressEvent {
                address: address.clone(),
                outcome: Verdict::InDoubt,
                code: None,
                reply: None,
            })
            .collect();
    }
}

/// One connection's life: letters until there are none, reconnecting as needed.
async fn connection<T: Transport>(transport: &T, desk: &Desk<'_, '_>) {
    let mut session = None;
    while let Ok(Some(job)) = desk.next().await {
        if session.is_none() {
            session = desk.connect(transport).await;
        }
        let Some(open) = session.take() else {
            desk.put_back(job);
            break;
        };
        desk.pace.turn().await;
        if desk.stopping() {
            desk.put_back(job);
            session = Some(open);
            break;
        }
        match desk.send(transport, open, job).await {
            Ok(kept) => session = kept,
            Err(LedgerLost) => break,
        }
    }
    if let Some(session) = session {
        session.close().await;
    }
    desk.changed.notify_waiters();
}

impl<'a> Desk<'a, '_> {
    fn stopping(&self) -> bool {
        if *self.interrupt.borrow() != Interrupt::None {
            self.stop(Stop::Interrupted);
        }
        self.stop.borrow().is_some()
    }

    /// The first reason counts.
    fn stop(&self, reason: Stop) {
        self.stop.borrow_mut().get_or_insert(reason);
        self.changed.notify_waiters();
    }

    /// The next letter for a connection, claimed; `None` when there is nothing left to do.
    async fn next(&self) -> Result<Option<Job<'a>>, LedgerLost> {
        loop {
            let changed = self.changed.notified();
            if self.stopping() {
                return Ok(None);
            }
            if self.options.allowance.is_some_and(|allowance| self.begun.get() >= allowance) {
                // Whether anything is left over decides if the limit was in the way.
                if !self.waiting.borrow().is_empty() || !self.retries.borrow().is_empty() || self.take_one()? {
                    self.stop(Stop::DailyLimit);
                }
                return Ok(None);
            }
            if let Some(job) = self.waiting.borrow_mut().pop_front() {
                self.begun.set(self.begun.get() + 1);
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
            let earliest = self.retries.borrow().iter().map(|retry| retry.at).min();
            match earliest {
                None if self.flying.borrow().is_empty() && self.claiming.get() == 0 => return Ok(None),
                // What is in flight may yet be put off, and then there is something to do.
                None => self.wait(changed).await,
                Some(at) => {
                    tokio::select! {
                        () = sleep_until(at) => {}
                        () = self.wait(changed) => {}
                    }
                }
            }
        }
    }

    async fn wait(&self, changed: tokio::sync::futures::Notified<'_>) {
        tokio::select! {
            () = changed => {}
            () = interrupted(&self.interrupt, Interrupt::Finish) => {}
        }
    }

    fn due_retry(&self) -> Option<Job<'a>> {
        let now = Instant::now();
        let mut retries = self.retries.borrow_mut();
        let due = retries.iter().position(|retry| retry.at <= now)?;
        Some(retries.swap_remove(due).job)
    }

    /// Letters to claim together: many when they leave fast, one when there is time.
    fn take_group(&self) -> Result<Vec<Job<'a>>, LedgerLost> {
        let size = if self.pace.is_slow() { 1 } else { GROUP };
        let left = self.options.allowance.map_or(size, |allowance| (allowance - self.begun.get()).min(size));
        let mut group = Vec::with_capacity(size);
        while group.len() < left {
            let Some(job) = self.job()? else { break };
            group.push(job);
        }
        Ok(group)
    }

    /// Whether another letter is due; it waits, unclaimed, to be told as not sent.
    fn take_one(&self) -> Result<bool, LedgerLost> {
        let Some(job) = self.job()? else { return Ok(false) };
        let event = self.untried(&job);
        self.journal.submit(None, Some(event))?;
        Ok(true)
    }

    fn job(&self) -> Result<Option<Job<'a>>, LedgerLost> {
        let mut letters = self.letters.borrow_mut();
        let letter = loop {
            match letters.next() {
                Ok(Some(Decision::Due(letter))) => break letter,
                Ok(Some(Decision::Skipped { id, letter, to, reason, .. })) => {
                    self.journal.submit(None, Some(self.left_out(id, letter, &to, reason)))?;
                }
                Ok(Some(Decision::Impossible(problem))) => self.stop(Stop::Letter(*problem)),
                Ok(None) => return Ok(None),
                Err(problem) => {
                    drop(letters);
                    self.stop(Stop::Letter(problem));
                    return Ok(None);
                }
            }
        };
        match letters.first_date(letter.id) {
            Ok(date) => {
                let date = date.unwrap_or_else(|| self.options.clock.now());
                Ok(Some(Job { letter, date, tries: 0, first_try: None }))
            }
            Err(error) => {
                drop(letters);
                self.stop(Stop::Ledger(error));
                Err(LedgerLost)
            }
        }
    }

    async fn claim(&self, group: Vec<Job<'a>>) -> Result<(), LedgerLost> {
        let claims = group.iter().map(|job| Entry::Claim(self.intent(job))).collect();
        // While the claims are on their way to the disk the letters are nobody's: flying would promise too much, and
        // waiting too early. An interruption now leaves them claimed, and the next run finds that they never began.
        self.claiming.set(self.claiming.get() + 1);
        let claimed = self.journal.record(claims, Durability::Power).await;
        self.claiming.set(self.claiming.get() - 1);
        claimed?;
        self.waiting.borrow_mut().extend(group);
        self.changed.notify_waiters();
        Ok(())
    }

    fn intent(&self, job: &Job) -> Intent {
        let letter = &job.letter;
        Intent {
            id: letter.id,
            campaign: self.options.campaign.to_owned(),
            letter: letter.spec.id.clone(),
            sender: letter.envelope.from.to_string(),
            recipient: letter.envelope.to.to_string(),
            language: letter.language.to_string(),
            date: job.date,
        }
    }

    fn put_back(&self, job: Job<'a>) {
        self.begun.set(self.begun.get() - 1);
        self.waiting.borrow_mut().push_front(job);
    }

    /// Opens a connection, with growing pauses, until `retry-for` is over or the run is stopped.
    async fn connect<T: Transport>(&self, transport: &T) -> Option<T::Session> {
        loop {
            let not_before = self.line.borrow().not_before;
            tokio::select! {
                () = sleep_until(not_before) => {}
                () = self.stopped() => {}
            }
            if self.stopping() {
                return None;
            }
            let tried = tokio::select! {
                tried = transport.connect() => tried,
                () = self.stopped() => return None,
            };
            match tried {
                Ok(session) => {
                    let now = Instant::now();
                    *self.line.borrow_mut() = Line::new(now);
                    return Some(session);
                }
                Err(ConnectError::Temporary(reply)) => self.line_failed(reply).await,
                Err(ConnectError::Fatal { message, cause, hint }) => {
                    self.stop(Stop::Cannot { message, cause, hint });
                    return None;
                }
            }
        }
    }

    /// Returns when the run stops, for whatever reason.
    async fn stopped(&self) {
        loop {
            let changed = self.changed.notified();
            if self.stopping() {
                return;
            }
            self.wait(changed).await;
        }
    }

    async fn line_failed(&self, reply: Reply) {
        let now = Instant::now();
        let pause = {
            let mut line = self.line.borrow_mut();
            // Several connections fail at one moment: that is one failure of the line.
            if line.not_before > now {
                return;
            }
            if line.failures == 0 {
                line.since = now;
            }
            line.failures += 1;
            let pause = pause(line.failures, self.options.seed);
            line.not_before = now + pause;
            if line.not_before.duration_since(line.since) > self.options.retry_for {
                drop(line);
                self.stop(Stop::GaveUp(reply));
                return;
            }
            pause
        };
        self.notice(&reply, pause);
    }

    fn notice(&self, reply: &Reply, pause: Duration) {
        let seconds = pause.as_secs_f64().ceil() as u64;
        let notice = Notice::Retrying { reason: reply.to_string(), seconds };
        // Nobody is misled when the ledger is lost and the notice with it.
        let _ = self.journal.submit(None, Some(Event::Notice(notice)));
    }

    /// Sends one letter and has its outcome written; gives the connection back when it can be used again.
    async fn send<T: Transport>(
        &self,
        transport: &T,
        mut session: T::Session,
        job: Job<'a>,
    ) -> Result<Option<T::Session>, LedgerLost> {
        let message = match self.letters.borrow().message(&job.letter, job.date) {
            Ok(message) => message,
            Err(problem) => {
                self.stop(Stop::Letter(problem));
                self.put_back(job);
                return Ok(Some(session));
            }
        };
        let flying = Flying {
            event: self.event(&job.letter, &message),
            sha256: message.sha256(),
            facts: facts_json(&message),
        };
        let id = message.id;
        self.flying.borrow_mut().insert(id, flying);
        self.journal.record(vec![Entry::Begin(id)], Durability::Process).await?;

        let mut job = job;
        job.first_try.get_or_insert_with(Instant::now);
        let mut reconnected = false;
        let sent = loop {
            match session.send(&message.envelope, &message.bytes).await {
                Attempt::Ended(sent) => break sent,
                // Servers close idle connections without a word: that is no failure, the first time.
                Attempt::Unstarted(reply) if reconnected => {
                    break Sent::all(Outcome::Deferred(reply), Then::Reconnect);
                }
                Attempt::Unstarted(reply) => {
                    reconnected = true;
                    match self.connect(transport).await {
                        Some(fresh) => session = fresh,
                        None => {
                            self.ended(job, Sent::all(Outcome::Deferred(reply), Then::Reconnect))?;
                            return Ok(None);
                        }
                    }
                }
            }
        };
        let then = sent.then.clone();
        self.ended(job, sent)?;
        match then {
            Then::Reuse => self.sender_refusals.set(0),
            Then::Reconnect => return Ok(None),
            Then::SenderRefused => {
                self.sender_refusals.set(self.sender_refusals.get() + 1);
                if self.sender_refusals.get() >= SENDER_REFUSALS {
                    self.stop(Stop::Cannot {
                        message: "the server takes no letters from your address".to_owned(),
                        cause: format!("it refused the sender of {SENDER_REFUSALS} letters running"),
                        hint: "check sender.email and smtp.username: most providers only send for the address you sign in with. Then: appel send --retry-refused".to_owned(),
                    });
                }
            }
        }
        Ok(Some(session))
    }

    /// Writes an outcome, and tries again later what was put off and may be.
    fn ended(&self, mut job: Job<'a>, sent: Sent) -> Result<(), LedgerLost> {
        let id = job.letter.id;
        let Some(flying) = self.flying.borrow_mut().remove(&id) else {
            return Ok(());
        };
        let at = self.options.clock.now();
        let mut event = flying.event;
        tell(&mut event, &job.letter, &sent.outcome, &sent.recipients, at);
        let entry = Entry::Outcome(Box::new(attempted(id, at, &sent, flying.sha256, flying.facts)));
        job.tries += 1;
        let again = match &sent.outcome {
            Outcome::Deferred(reply) => self.later(&job).map(|at| (at, reply.clone())),
            _ => None,
        };
        match again {
            Some((at, reply)) => {
                self.journal.submit(Some(entry), None)?;
                self.notice(&reply, at.duration_since(Instant::now()));
                self.retries.borrow_mut().push(Retry { at, job, event });
            }
            None => self.journal.submit(Some(entry), Some(Event::Letter(Box::new(event))))?,
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

    fn event(&self, letter: &Letter, message: &Message) -> LetterEvent {
        LetterEvent {
            id: letter.id,
            letter: letter.spec.id.clone(),
            language: Some(letter.language.to_string()),
            to: letter.envelope.to.to_string(),
            cc: Some(letter.envelope.cc.iter().map(ToString::to_string).collect()),
            subject: Some(message.subject.clone()),
            message_id: message.message_id.clone(),
            outcome: Verdict::InDoubt,
            reason: None,
            code: None,
            reply: None,
            at: self.options.clock.now(),
            recipients: Vec::new(),
        }
    }

    fn left_out(&self, id: LetterId, letter: &str, to: &Address, reason: Skip) -> Event {
        Event::Letter(Box::new(LetterEvent {
            id,
            letter: letter.to_owned(),
            language: None,
            to: to.to_string(),
            cc: None,
            subject: None,
            message_id: id.message_id(self.options.sender),
            outcome: Verdict::Skipped,
            reason: Some(reason),
            code: None,
            reply: None,
            at: self.options.clock.now(),
            recipients: Vec::new(),
        }))
    }

    /// What is told of a letter that the run did not come to.
    fn untried(&self, job: &Job) -> Event {
        let envelope = &job.letter.envelope;
        let outcome = Outcome::Deferred(Reply::none("not tried: the run ended before"));
        Event::Letter(Box::new(LetterEvent {
            id: job.letter.id,
            letter: job.letter.spec.id.clone(),
            language: Some(job.letter.language.to_string()),
            to: envelope.to.to_string(),
            cc: Some(envelope.cc.iter().map(ToString::to_string).collect()),
            subject: None,
            message_id: job.letter.id.message_id(&envelope.from),
            outcome: Verdict::Deferred,
            reason: None,
            code: None,
            reply: Some(outcome.reply().line()),
            at: self.options.clock.now(),
            recipients: address_events(envelope, &outcome, &[]),
        }))
    }

    /// After the last letter: whatever has no outcome yet gets one, by name.
    async fn wind_up(&self) -> Result<(), LedgerLost> {
        // In flight when everything stopped at once.
        let flying: Vec<Flying> = std::mem::take(&mut *self.flying.borrow_mut()).into_values().collect();
        for mut flying in flying {
            let reply = Reply::none("interrupted while it was being sent");
            flying.doubt(&reply, self.options.clock.now());
            let Flying { event, sha256, facts } = flying;
            let sent = Sent::all(Outcome::InDoubt(reply), Then::Reconnect);
            let entry = Entry::Outcome(Box::new(attempted(event.id, event.at, &sent, sha256, facts)));
            self.journal.submit(Some(entry), Some(Event::Letter(Box::new(event))))?;
        }
        for retry in self.retries.borrow_mut().drain(..) {
            self.journal.submit(None, Some(Event::Letter(Box::new(retry.event))))?;
        }
        let waiting: Vec<Job> = self.waiting.borrow_mut().drain(..).collect();
        for job in waiting {
            self.journal.submit(Some(Entry::Release(job.letter.id)), Some(self.untried(&job)))?;
        }
        if self.stop.borrow().is_some() {
            let mut told = 0_usize;
            while let Some(job) = self.job()? {
                self.journal.submit(None, Some(self.untried(&job)))?;
                told += 1;
                // A long list must not pile up in memory while it is being told.
                if told.is_multiple_of(64) {
                    self.journal.record(Vec::new(), Durability::Process).await?;
                }
            }
        }
        Ok(())
    }

    /// The ledger is lost: what it could not be told is told to the person at least, by name.
    fn abandon(&self, listener: &mut dyn Listener) {
        for mut flying in std::mem::take(&mut *self.flying.borrow_mut()).into_values() {
            let reply = Reply::none("the ledger was lost while it was being sent");
            flying.doubt(&reply, self.options.clock.now());
            listener.hear(&Event::Letter(Box::new(flying.event)));
        }
        for retry in self.retries.take() {
            listener.hear(&Event::Letter(Box::new(retry.event)));
        }
        for job in self.waiting.take() {
            listener.hear(&self.untried(&job));
        }
        while let Ok(Some(decision)) = self.letters.borrow_mut().next() {
            let Decision::Due(letter) = decision else { continue };
            let job = Job { letter, date: self.options.clock.now(), tries: 0, first_try: None };
            listener.hear(&self.untried(&job));
        }
    }
}

/// Fills in what became of a letter.
fn tell(
    event: &mut LetterEvent,
    letter: &Letter,
    outcome: &Outcome,
    own: &[(Address, Outcome)],
    at: Timestamp,
) {
    event.outcome = outcome.status().into();
    event.code = outcome.reply().code;
    event.reply = Some(outcome.reply().line());
    event.at = at;
    event.recipients = address_events(&letter.envelope, outcome, own);
}

fn attempted(id: LetterId, at: Timestamp, sent: &Sent, sha256: [u8; 32], facts: String) -> Attempted {
    Attempted {
        id,
        at,
        status: sent.outcome.status(),
        reply: sent.outcome.reply().clone(),
        sha256,
        facts,
        copies: sent
            .recipients
            .iter()
            .filter(|(_, outcome)| *outcome != sent.outcome)
            .map(|(address, outcome)| (address.to_string(), outcome.status(), outcome.reply().clone()))
            .collect(),
    }
}

fn facts_json(message: &Message) -> String {
    let facts: serde_json::Map<_, _> =
        message.facts.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect();
    serde_json::Value::Object(facts).to_string()
}

/// Twice as long each time, and uneven by a fifth, so that many who were put off at one moment do not come back at one.
fn pause(times: u32, seed: u64) -> Duration {
    let doubled = FIRST_PAUSE.saturating_mul(1 << times.saturating_sub(1).min(10)).min(LONGEST_PAUSE);
    // The finaliser of SplitMix64: one multiplication too few and neighbouring seeds would pause alike.
    let mut dice = seed.wrapping_add(u64::from(times).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    dice = (dice ^ (dice >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    dice = (dice ^ (dice >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    let share = f64::from((dice >> 40) as u32) / f64::from(1_u32 << 24);
    doubled.mul_f64(0.8 + 0.4 * share)
}

async fn interrupted(interrupt: &watch::Receiver<Interrupt>, least: Interrupt) {
    let mut interrupt = interrupt.clone();
    if interrupt.wait_for(|now| *now >= least).await.is_err() {
        // Whoever could interrupt is gone: nobody will.
        std::future::pending::<()>().await;
    }
}
