//! The loop that sends: claims letters, connects, keeps the pace, tries again, and has every step in the ledger first.
//!
//! The only place where letters, ledger and transport meet. Every connection is a task; what they share is the
//! dispatcher, and whatever one of them learns goes to the journal before anybody is told.

mod backoff;
mod claimed;
mod connection;
mod copies;
mod dispatcher;
mod evidence;
mod in_flight;
mod job;
mod letter_events;
mod outcomes;
mod queue;
mod retry;
mod tally;
mod terms;
#[cfg(test)]
mod tests;
mod tried_last;
mod untried;
mod wind_up;

use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};

use self::connection::connection;
use self::dispatcher::Dispatcher;
use self::tally::Tally;
pub use self::terms::{Ended, Interrupt, Learned, Letters, Options, Stop};
pub use self::tried_last::TriedLast;
pub use self::untried::leave_untried;
use super::event::Listener;
use super::journal::journal;
use super::ledger::LedgerWriter;
use crate::transport::Transport;

/// Sends what is due and tells the story to `listener`, outcomes only when they are durable.
pub async fn deliver<T: Transport>(
    transport: Arc<T>,
    ledger: &mut dyn LedgerWriter,
    letters: Box<dyn Letters>,
    options: Options,
    interrupt: watch::Receiver<Interrupt>,
    listener: &mut dyn Listener,
) -> Ended {
    let mut tally = Tally::new(listener);
    let connections = options.connections.max(1);
    let (journal, writer) = journal(connections);
    let dispatcher = Arc::new(Dispatcher::new(letters, journal, options, interrupt.clone()));
    let work = async {
        let mut tasks = JoinSet::new();
        for slot in 0..connections {
            tasks.spawn(connection(Arc::clone(&transport), Arc::clone(&dispatcher), slot));
        }
        tokio::select! {
            biased;
            () = all_of(&mut tasks) => {}
            () = stopped_at_once(&dispatcher, &interrupt) => tasks.shutdown().await,
        }
        // When the ledger is lost there is nothing to wind up: see below.
        let _ = dispatcher.wind_up().await;
        dispatcher.close();
    };
    let (written, ()) = tokio::join!(writer.run(ledger, &mut tally), work);
    let mut stop = dispatcher.stopped_by();
    if let Err(error) = written {
        stop = Some(Stop::Ledger(error));
        dispatcher.abandon(&mut tally);
    }
    Ended {
        learned: dispatcher.learned(),
        ..tally.ended(stop)
    }
}

async fn all_of(tasks: &mut JoinSet<()>) {
    while let Some(ended) = tasks.join_next().await {
        if let Err(panic) = ended.map_err(JoinError::into_panic) {
            std::panic::resume_unwind(panic);
        }
    }
}

/// Passes on that a person interrupts, and returns when everything is to stop at once.
///
/// The connections wait on the dispatcher alone: there, they are woken in the order in which they began to wait.
async fn stopped_at_once(dispatcher: &Dispatcher, interrupt: &watch::Receiver<Interrupt>) {
    interrupted(interrupt, Interrupt::Finish).await;
    dispatcher.wake();
    interrupted(interrupt, Interrupt::Now).await;
    dispatcher.stop(Stop::Interrupted);
}

async fn interrupted(interrupt: &watch::Receiver<Interrupt>, least: Interrupt) {
    let mut interrupt = interrupt.clone();
    if interrupt.wait_for(|now| *now >= least).await.is_err() {
        // Whoever could interrupt is gone: nobody will.
        std::future::pending::<()>().await;
    }
}
