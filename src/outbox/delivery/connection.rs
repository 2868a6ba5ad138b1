//! A connection's life: letters one after the other until there are none, reconnecting as needed.

use std::sync::Arc;

use appel_core::letter::Message;
use appel_core::outcome::{Outcome, Reason, Reply, Status};
use appel_messages::Message as Words;
use tokio::time::{Instant, sleep_until};

use super::claimed::Claimed;
use super::copies::{self, Apart};
use super::dispatcher::Dispatcher;
use super::evidence::is_of_connection;
use super::terms::Stop;
use crate::outbox::event::{Event, Notice};
use crate::outbox::journal::LedgerLost;
use crate::transport::{Attempt, ConnectError, Sent, Session, Then, Transport, Watcher};

/// A letter is begun on so many further connections for what was learned of the server: that it wants another name, no
/// groups of commands, and not to be asked for notifications.
const MOST_LEARNED: usize = 3;

/// An open connection.
struct Line<S> {
    session: S,
    /// How many letters it took.
    taken: u32,
}

/// `slot`: which of them it is.
pub async fn connection<T: Transport>(transport: Arc<T>, dispatcher: Arc<Dispatcher>, slot: usize) {
    let mut line = None;
    // Without the ledger there is nothing more to do, and nobody to tell it to.
    let _ = letters(&*transport, &dispatcher, &mut line, slot).await;
    close(&mut line).await;
    dispatcher.wake();
}

/// A letter's way, from top to bottom: taken from the dispatcher, which has claimed it, given its turn, marked as begun,
/// sent, its outcome recorded. So at most one letter of a connection has begun without an outcome.
async fn letters<T: Transport>(
    transport: &T,
    dispatcher: &Dispatcher,
    line: &mut Option<Line<T::Session>>,
    slot: usize,
) -> Result<(), LedgerLost> {
    while let Some(job) = dispatcher.next().await? {
        let mut letter = Claimed::new(dispatcher, job);
        if line.as_ref().is_some_and(|line| dispatcher.is_worn(line.taken)) {
            close(line).await;
        }
        if line.is_none() {
            *line = connect(transport, dispatcher).await;
        }
        if line.is_some() {
            dispatcher.turn().await;
        }
        // Connecting and waiting for the turn take time: the deadline may have passed meanwhile.
        if line.is_none() || dispatcher.stopping() || dispatcher.past_deadline() {
            return Ok(());
        }
        if letter.tried_long_enough() {
            letter.leave()?;
            continue;
        }
        let message = match letter.message() {
            Ok(message) => message,
            Err(problem) => {
                if letter.leave_unwritten(&problem)? {
                    continue;
                }
                dispatcher.stop(Stop::Letter(problem));
                return Ok(());
            }
        };
        let (message, left_out) = match line {
            Some(line) => line.session.fit(message),
            None => (message, Vec::new()),
        };
        let job = letter.begin(&message, slot).await?;
        let mut sent = send(transport, dispatcher, line, &message).await;
        copies::tell_left_out(&mut sent, left_out);
        dispatcher.keep(&job, &message, &sent);
        let put_off = copies::put_off(&job, &message, &sent);
        let own = dispatcher.copy_to_self(&job, &message, &sent);
        let goes_on = dispatcher.record(job, &sent)?;
        dispatcher.take_on(put_off);
        dispatcher.take_own(own);
        if !goes_on {
            return Ok(());
        }
    }
    Ok(())
}

/// Sends a letter that has begun. A connection that is at its end is no failure, the first time: servers close idle ones
/// without a word, and some take so many letters and no more. Nor is what is learned of a server: each thing is learned
/// once.
async fn send<T: Transport>(
    transport: &T,
    dispatcher: &Dispatcher,
    line: &mut Option<Line<T::Session>>,
    message: &Message,
) -> Sent {
    let deferred = |reply| Sent::all(Outcome::new(Status::Deferred, reply), Then::Reconnect);
    // After how many letters the connection was at its end.
    let mut ended_after = None;
    let mut learned_of = 0;
    let mut apart = Apart::of(message);
    loop {
        let taken = line.as_ref().map_or(0, |line| line.taken);
        let reply = match hand_over(line, apart.message()).await {
            Attempt::Ended(sent) if ended_after.is_none() && is_of_connection(&sent, taken) => {
                ended_after = Some(taken);
                sent.outcome.reply
            }
            // A fresh connection says it too: the letter is not held up by its copies.
            Attempt::Ended(sent) if apart.leaves_out(&sent) => {
                // It was the copy, and not how many letters a connection takes.
                ended_after = ended_after.and(Some(0));
                sent.outcome.reply
            }
            Attempt::Ended(mut sent) => {
                apart.tell(&mut sent);
                if let Some(letters @ 1..) = ended_after
                    && sent.outcome.status == Status::Accepted
                {
                    dispatcher.connection_ended_after(letters);
                }
                return sent;
            }
            Attempt::Unstarted(reply) if ended_after.is_none() => {
                // A line that nobody used for a while tells nothing of how many letters it takes.
                ended_after = Some(0);
                reply
            }
            Attempt::Again { reply, learned } if learned_of < MOST_LEARNED => {
                learned_of += 1;
                if let Some(learned) = learned {
                    dispatcher.tell(learned);
                }
                reply
            }
            Attempt::Unstarted(reply) | Attempt::Again { reply, .. } => return deferred(reply),
            Attempt::Barred { reply, why } => {
                dispatcher.stop(why.into());
                return deferred(reply);
            }
        };
        close(line).await;
        *line = connect(transport, dispatcher).await;
        if line.is_none() || dispatcher.past_deadline() {
            return deferred(reply);
        }
    }
}

/// Hands a letter over to the session, which is gone when it cannot be used again.
async fn hand_over<S: Session>(line: &mut Option<Line<S>>, message: &Message) -> Attempt {
    let Some(open) = line.as_mut() else {
        return Attempt::Unstarted(Reply::none(Reason::NotBegun, ""));
    };
    let attempt = open.session.send(message).await;
    match &attempt {
        Attempt::Ended(sent) if sent.then == Then::Reuse => {
            open.taken += u32::from(sent.outcome.status == Status::Accepted);
        }
        _ => *line = None,
    }
    attempt
}

async fn close<S: Session>(line: &mut Option<Line<S>>) {
    if let Some(line) = line.take() {
        line.session.close().await;
    }
}

/// Opens a connection, with growing pauses, until `retry-for` is over or the run is stopped.
async fn connect<T: Transport>(transport: &T, dispatcher: &Dispatcher) -> Option<Line<T::Session>> {
    loop {
        tokio::select! {
            biased;
            () = sleep_until(dispatcher.connect_not_before()) => {}
            () = dispatcher.stopped() => {}
        }
        if dispatcher.stopping() {
            return None;
        }
        // Until one is ready they are opened one by one: a wrong password is tried once, not once a connection.
        let alone = tokio::select! {
            biased;
            alone = dispatcher.alone() => alone,
            () = dispatcher.stopped() => return None,
        };
        if dispatcher.stopping() {
            return None;
        }
        if dispatcher.connect_not_before() > Instant::now() {
            continue;
        }
        let begun = Instant::now();
        let tried = tokio::select! {
            biased;
            tried = transport.connect(dispatcher) => tried,
            () = dispatcher.stopped() => return None,
        };
        drop(alone);
        match tried {
            Ok(session) => {
                dispatcher.connected();
                return Some(Line { session, taken: 0 });
            }
            Err(ConnectError::Temporary(reply)) => dispatcher.not_connected(&reply, begun),
            Err(fatal) => {
                dispatcher.stop(fatal.into());
                return None;
            }
        }
    }
}

impl Watcher for Dispatcher {
    fn tell(&self, what: Words) {
        // Nobody is misled when the ledger is lost and the notice with it.
        let _ = self.journal.submit(None, Some(Event::Notice(Notice::Told { what })));
    }
}
