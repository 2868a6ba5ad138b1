//! The loop that sends: claims letters, connects, keeps the pace, tries again, and has every step in the ledger first.
//!
//! The only place where letters, ledger and transport meet. Every connection is a task; what they share is the
//! desk, and whatever one of them learns goes to the journal before anybody is told.

mod desk;
mod due;
mod job;
mod line;
mod reception;
mod retry;
mod story;
#[cfg(test)]
mod tests;
mod untried;
mod winding_up;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep_until};

use self::desk::Desk;
use self::job::Job;
pub use self::untried::leave_untried;
use super::day::{Again, Day};
use super::event::{Event, Listener, Summary, Verdict};
use super::journal::{LedgerLost, journal};
use super::ledger::{LedgerError, LedgerWriter};
use crate::campaign::Address;
use crate::campaign::config::Rate;
use crate::clock::Clock;
use crate::failure::Problem;
use crate::letter::{Decision, Letter, Message};
use crate::transport::limits::Limit;
use crate::transport::{About, Attempt, ConnectError, Outcome, Reply, Sent, Session, Then, Transport};

/// So many letters running whose sender the server refuses, and it is the account that is wrong, not a letter.
const SENDER_REFUSALS: u32 = 3;

/// What to send, in order.
pub trait Letters: Send + 'static {
    /// What is decided next; those left out are told and counted, nothing else.
    fn next(&mut self) -> Option<Decision>;

    /// Its bytes.
    ///
    /// # Errors
    /// When it cannot be written, although it could before the run began.
    fn message(&self, letter: &Letter, date: Timestamp) -> Result<Message, Problem>;
}

/// How to send.
#[derive(Clone, Debug)]
pub struct Options {
    /// `campaign.id`.
    pub campaign: String,
    /// `sender.email`.
    pub sender: Address,
    /// Simultaneous connections, at least one.
    pub connections: usize,
    /// How fast letters may begin.
    pub rate: Rate,
    /// How long temporary failures are tried again.
    pub retry_for: Duration,
    /// `campaign.deadline`: no letter begins after it.
    pub deadline: Option<Timestamp>,
    /// How many letters the server may take in 24 hours (`smtp.daily-limit`); those put off or refused do not count.
    pub day: Day,
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
    /// `daily-limit` is reached; when letters may leave again, if that is known.
    DailyLimit(Option<Again>),
    /// The server said that the account has sent enough for now.
    Limited {
        /// Its words.
        reply: Reply,
        /// What it limits.
        limit: Limit,
        /// When to go on, as far as can be told.
        from: Timestamp,
    },
    /// `campaign.deadline` passed while letters were leaving.
    Deadline,
    /// The ledger cannot be read or written.
    Ledger(LedgerError),
    /// A letter could no longer be written.
    Letter(Problem),
}

impl From<ConnectError> for Stop {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::Temporary(reply) => Self::GaveUp(reply),
            ConnectError::Fatal { message, cause, hint } => Self::Cannot { message, cause, hint },
        }
    }
}

/// How a run ended.
#[derive(Debug)]
pub struct Ended {
    /// The counts, of letters that were due.
    pub summary: Summary,
    /// Copies that were not taken although the letter was.
    pub copies_not_taken: usize,
    /// Why it ended early, if it did.
    pub stop: Option<Stop>,
}

/// Sends what is due and tells the story to `listener`, outcomes only when they are durable.
pub async fn deliver<T: Transport>(
    transport: Arc<T>,
    ledger: &mut dyn LedgerWriter,
    letters: Box<dyn Letters>,
    options: Options,
    interrupt: watch::Receiver<Interrupt>,
    listener: &mut dyn Listener,
) -> Ended {
    let started = Instant::now();
    let mut tally = Tally {
        summary: Summary::default(),
        copies_not_taken: 0,
        listener,
    };
    let connections = options.connections.max(1);
    let (journal, writer) = journal(connections);
    let desk = Arc::new(Desk::new(letters, journal, options, interrupt.clone()));
    let work = async {
        let mut tasks = JoinSet::new();
        for _ in 0..connections {
            tasks.spawn(connection(Arc::clone(&transport), Arc::clone(&desk)));
        }
        tokio::select! {
            biased;
            () = all_of(&mut tasks) => {}
            () = stopped_at_once(&desk, &interrupt) => tasks.shutdown().await,
        }
        // When the ledger is lost there is nothing to wind up: see below.
        let _ = desk.wind_up().await;
        desk.close();
    };
    let (written, ()) = tokio::join!(writer.run(ledger, &mut tally), work);
    let mut stop = desk.stopped_by();
    if let Err(error) = written {
        stop = Some(Stop::Ledger(error));
        desk.abandon(&mut tally);
    }
    let mut summary = tally.summary;
    summary.seconds = started.elapsed().as_secs_f64();
    Ended {
        summary,
        copies_not_taken: tally.copies_not_taken,
        stop,
    }
}

async fn all_of(tasks: &mut JoinSet<()>) {
    while let Some(ended) = tasks.join_next().await {
        if let Err(panic) = ended.map_err(JoinError::into_panic) {
            std::panic::resume_unwind(panic);
        }
    }
}

/// Counts what is told.
struct Tally<'l> {
    summary: Summary,
    copies_not_taken: usize,
    listener: &'l mut dyn Listener,
}

impl Listener for Tally<'_> {
    fn hear(&mut self, event: &Event) {
        if let Event::Letter(letter) = event {
            if letter.outcome != Verdict::Skipped {
                self.summary.due += 1;
            }
            self.summary.count(letter.outcome);
            if letter.outcome == Verdict::Accepted {
                let copies = letter.recipients.iter().skip(1);
                self.copies_not_taken += copies.filter(|copy| copy.outcome != Verdict::Accepted).count();
            }
        }
        self.listener.hear(event);
    }

    fn pause(&mut self) {
        self.listener.pause();
    }
}

/// One connection's life: letters until there are none, reconnecting as needed.
async fn connection<T: Transport>(transport: Arc<T>, desk: Arc<Desk>) {
    let mut session = None;
    // Without the ledger there is nothing more to do, and nobody to tell it to.
    let _ = letters(&*transport, &desk, &mut session).await;
    if let Some(session) = session {
        session.close().await;
    }
    desk.wake();
}

/// A letter's way, one after the other: taken from the desk, which has claimed it, given its turn, marked as begun,
/// sent, its outcome recorded. So at most one letter of a connection has begun without an outcome.
async fn letters<T: Transport>(
    transport: &T,
    desk: &Arc<Desk>,
    session: &mut Option<T::Session>,
) -> Result<(), LedgerLost> {
    while let Some(taken) = desk.next().await? {
        if session.is_none() {
            *session = connect(transport, desk).await;
        }
        if session.is_some() {
            desk.turn().await;
        }
        // Connecting and waiting for the turn take time: the deadline may have passed meanwhile.
        if session.is_none() || desk.stopping() || desk.past_deadline() {
            return Ok(());
        }
        if taken.tried_long_enough() {
            taken.leave()?;
            continue;
        }
        let message = match desk.message(&taken) {
            Ok(message) => message,
            Err(problem) => {
                desk.stop(Stop::Letter(problem));
                return Ok(());
            }
        };
        let job = desk.begin(taken, &message).await?;
        let sent = send(transport, desk, session, &message).await;
        ended(desk, job, &sent)?;
    }
    Ok(())
}

/// Sends a letter that has begun. Servers close idle connections without a word: that is no failure, the first time.
async fn send<T: Transport>(transport: &T, desk: &Desk, session: &mut Option<T::Session>, message: &Message) -> Sent {
    let reply = match hand_over(session, message).await {
        Attempt::Ended(sent) => return sent,
        Attempt::Unstarted(reply) => reply,
    };
    *session = connect(transport, desk).await;
    if session.is_none() || desk.past_deadline() {
        return Sent::all(Outcome::Deferred(reply), Then::Reconnect);
    }
    match hand_over(session, message).await {
        Attempt::Ended(sent) => sent,
        Attempt::Unstarted(reply) => Sent::all(Outcome::Deferred(reply), Then::Reconnect),
    }
}

/// Hands a letter over to the session, which is gone when it cannot be used again.
async fn hand_over<S: Session>(session: &mut Option<S>, message: &Message) -> Attempt {
    let Some(open) = session.as_mut() else {
        return Attempt::Unstarted(Reply::none("the connection was lost before this letter was sent"));
    };
    let attempt = open.send(message).await;
    if !matches!(&attempt, Attempt::Ended(sent) if sent.then == Then::Reuse) {
        *session = None;
    }
    attempt
}

/// Opens a connection, with growing pauses, until `retry-for` is over or the run is stopped.
async fn connect<T: Transport>(transport: &T, desk: &Desk) -> Option<T::Session> {
    loop {
        tokio::select! {
            biased;
            () = sleep_until(desk.connect_not_before()) => {}
            () = desk.stopped() => {}
        }
        if desk.stopping() {
            return None;
        }
        // Until one is ready they are opened one by one: a wrong password is tried once, not once a connection.
        let alone = tokio::select! {
            biased;
            alone = desk.alone() => alone,
            () = desk.stopped() => return None,
        };
        if desk.stopping() {
            return None;
        }
        if desk.connect_not_before() > Instant::now() {
            continue;
        }
        let tried = tokio::select! {
            biased;
            tried = transport.connect() => tried,
            () = desk.stopped() => return None,
        };
        drop(alone);
        match tried {
            Ok(session) => {
                desk.connected();
                return Some(session);
            }
            Err(ConnectError::Temporary(reply)) => desk.not_connected(&reply),
            Err(fatal) => {
                desk.stop(fatal.into());
                return None;
            }
        }
    }
}

/// Has an outcome written, and ends the run when it is the sender that is refused again and again.
fn ended(desk: &Desk, job: Job, sent: &Sent) -> Result<(), LedgerLost> {
    desk.ended(job, sent)?;
    if sent.about == About::Sender && matches!(sent.outcome, Outcome::Refused(_)) {
        if desk.sender_refused() >= SENDER_REFUSALS {
            desk.stop(Stop::Cannot {
                message: "the server takes no letters from your address".to_owned(),
                cause: format!("it refused the sender of {SENDER_REFUSALS} letters running"),
                hint: "check sender.email and smtp.username: most providers only send for the address you sign in with. Then: appel send --retry-refused".to_owned(),
            });
        }
    } else if sent.then == Then::Reuse {
        desk.sender_taken();
    }
    Ok(())
}

/// Passes on that a person interrupts, and returns when everything is to stop at once.
///
/// The connections wait on the desk alone: there, they are woken in the order in which they began to wait.
async fn stopped_at_once(desk: &Desk, interrupt: &watch::Receiver<Interrupt>) {
    interrupted(interrupt, Interrupt::Finish).await;
    desk.wake();
    interrupted(interrupt, Interrupt::Now).await;
    desk.stop(Stop::Interrupted);
}

async fn interrupted(interrupt: &watch::Receiver<Interrupt>, least: Interrupt) {
    let mut interrupt = interrupt.clone();
    if interrupt.wait_for(|now| *now >= least).await.is_err() {
        // Whoever could interrupt is gone: nobody will.
        std::future::pending::<()>().await;
    }
}
