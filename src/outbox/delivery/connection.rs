//! A connection's life: letters one after the other until there are none, reconnecting as needed.

use std::sync::Arc;

use appel_core::letter::Message;
use appel_core::outcome::{Outcome, Reason, Reply, Status};
use appel_messages::Message as Words;
use tokio::time::{Instant, sleep_until};

use super::claimed::Claimed;
use super::dispatcher::Dispatcher;
use super::terms::Stop;
use crate::outbox::event::{Event, Notice};
use crate::outbox::journal::LedgerLost;
use crate::transport::{Attempt, ConnectError, Sent, Session, Then, Transport, Watcher};

/// A letter is begun on so many further connections, when the server was gone before it answered.
const MOST_UNSTARTED: usize = 1;
/// And on so many for what was learned of the server: that it wants another name, and no groups of commands.
const MOST_LEARNED: usize = 2;

pub async fn connection<T: Transport>(transport: Arc<T>, dispatcher: Arc<Dispatcher>) {
    let mut session = None;
    // Without the ledger there is nothing more to do, and nobody to tell it to.
    let _ = letters(&*transport, &dispatcher, &mut session).await;
    if let Some(session) = session {
        session.close().await;
    }
    dispatcher.wake();
}

/// A letter's way, from top to bottom: taken from the dispatcher, which has claimed it, given its turn, marked as begun,
/// sent, its outcome recorded. So at most one letter of a connection has begun without an outcome.
async fn letters<T: Transport>(
    transport: &T,
    dispatcher: &Dispatcher,
    session: &mut Option<T::Session>,
) -> Result<(), LedgerLost> {
    while let Some(job) = dispatcher.next().await? {
        let letter = Claimed::new(dispatcher, job);
        if session.is_none() {
            *session = connect(transport, dispatcher).await;
        }
        if session.is_some() {
            dispatcher.turn().await;
        }
        // Connecting and waiting for the turn take time: the deadline may have passed meanwhile.
        if session.is_none() || dispatcher.stopping() || dispatcher.past_deadline() {
            return Ok(());
        }
        if letter.tried_long_enough() {
            letter.leave()?;
            continue;
        }
        let message = match letter.message() {
            Ok(message) => message,
            Err(problem) => {
                dispatcher.stop(Stop::Letter(problem));
                return Ok(());
            }
        };
        let job = letter.begin(&message).await?;
        let sent = send(transport, dispatcher, session, &message).await;
        dispatcher.record(job, &sent)?;
    }
    Ok(())
}

/// Sends a letter that has begun. Servers close idle connections without a word: that is no failure, the first time.
/// Nor is what is learned of a server: each thing is learned once.
async fn send<T: Transport>(
    transport: &T,
    dispatcher: &Dispatcher,
    session: &mut Option<T::Session>,
    message: &Message,
) -> Sent {
    let deferred = |reply| Sent::all(Outcome::new(Status::Deferred, reply), Then::Reconnect);
    let (mut unstarted, mut learned_of) = (0, 0);
    loop {
        let reply = match hand_over(session, message).await {
            Attempt::Ended(sent) => return sent,
            Attempt::Barred { reply, why } => {
                dispatcher.stop(why.into());
                return deferred(reply);
            }
            Attempt::Unstarted(reply) if unstarted == MOST_UNSTARTED => return deferred(reply),
            Attempt::Again { reply, .. } if learned_of == MOST_LEARNED => return deferred(reply),
            Attempt::Unstarted(reply) => {
                unstarted += 1;
                reply
            }
            Attempt::Again { reply, learned } => {
                learned_of += 1;
                dispatcher.tell(learned);
                reply
            }
        };
        *session = connect(transport, dispatcher).await;
        if session.is_none() || dispatcher.past_deadline() {
            return deferred(reply);
        }
    }
}

/// Hands a letter over to the session, which is gone when it cannot be used again.
async fn hand_over<S: Session>(session: &mut Option<S>, message: &Message) -> Attempt {
    let Some(open) = session.as_mut() else {
        return Attempt::Unstarted(Reply::none(Reason::NotBegun, ""));
    };
    let attempt = open.send(message).await;
    if !matches!(&attempt, Attempt::Ended(sent) if sent.then == Then::Reuse) {
        *session = None;
    }
    attempt
}

/// Opens a connection, with growing pauses, until `retry-for` is over or the run is stopped.
async fn connect<T: Transport>(transport: &T, dispatcher: &Dispatcher) -> Option<T::Session> {
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
                return Some(session);
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
