//! A connection's life: letters one after the other until there are none, reconnecting as needed.

use std::sync::Arc;

use appel_core::letter::Message;
use appel_core::outcome::{Outcome, Reason, Reply, Status};
use tokio::time::{Instant, sleep_until};

use super::claimed::Claimed;
use super::copies;
use super::dispatcher::Dispatcher;
use super::terms::Stop;
use crate::outbox::journal::LedgerLost;
use crate::transport::{Attempt, ConnectError, Sent, Session, Then, Transport};

/// `slot`: which of them it is.
pub async fn connection<T: Transport>(transport: Arc<T>, dispatcher: Arc<Dispatcher>, slot: usize) {
    let mut session = None;
    // Without the ledger there is nothing more to do, and nobody to tell it to.
    let _ = letters(&*transport, &dispatcher, &mut session, slot).await;
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
    slot: usize,
) -> Result<(), LedgerLost> {
    while let Some(job) = dispatcher.next().await? {
        let mut letter = Claimed::new(dispatcher, job);
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
                if letter.leave_unwritten(&problem)? {
                    continue;
                }
                dispatcher.stop(Stop::Letter(problem));
                return Ok(());
            }
        };
        let (message, left_out) = match session {
            Some(session) => session.fit(message),
            None => (message, Vec::new()),
        };
        let job = letter.begin(&message, slot).await?;
        let mut sent = send(transport, dispatcher, session, &message).await;
        copies::tell_left_out(&mut sent, left_out);
        dispatcher.keep(&job, &message, &sent);
        let put_off = dispatcher.put_off(&job, &message, &sent);
        dispatcher.record(job, &sent)?;
        dispatcher.take_on(put_off);
    }
    Ok(())
}

/// Sends a letter that has begun. Servers close idle connections without a word: that is no failure, the first time.
async fn send<T: Transport>(
    transport: &T,
    dispatcher: &Dispatcher,
    session: &mut Option<T::Session>,
    message: &Message,
) -> Sent {
    let reply = match hand_over(session, message).await {
        Attempt::Ended(sent) => return sent,
        Attempt::Unstarted(reply) => reply,
    };
    *session = connect(transport, dispatcher).await;
    if session.is_none() || dispatcher.past_deadline() {
        return Sent::all(Outcome::new(Status::Deferred, reply), Then::Reconnect);
    }
    match hand_over(session, message).await {
        Attempt::Ended(sent) => sent,
        Attempt::Unstarted(reply) => Sent::all(Outcome::new(Status::Deferred, reply), Then::Reconnect),
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
        let tried = tokio::select! {
            biased;
            tried = transport.connect() => tried,
            () = dispatcher.stopped() => return None,
        };
        drop(alone);
        match tried {
            Ok(session) => {
                dispatcher.connected();
                return Some(session);
            }
            Err(ConnectError::Temporary(reply)) => dispatcher.not_connected(&reply),
            Err(fatal) => {
                dispatcher.stop(fatal.into());
                return None;
            }
        }
    }
}
