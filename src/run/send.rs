//! The send path: everything due, over whatever transport, told to whoever listens.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use appel_core::letter::Rules;
use appel_messages::msg;
use tokio::sync::watch;

use super::compose::{Composer, Outgoing};
use super::planning::Found;
use crate::clock::Clock;
use crate::failure::Failure;
use crate::input::Input;
use crate::input::config::Rate;
use crate::outbox::delivery::{Ended, Interrupt, Options, Stop, deliver, leave_untried};
use crate::outbox::event::{Event, Listener};
use crate::outbox::kept::Kept;
use crate::outbox::ledger::LedgerWriter;
use crate::outbox::quota::Quota;
use crate::transport::{ConnectError, Transport};

/// How letters leave, whatever they leave by.
pub struct SendSettings {
    /// Simultaneous connections, at least one.
    pub connections: usize,
    /// How fast letters may begin.
    pub rate: Rate,
    /// How long temporary failures are tried again.
    pub retry_for: Duration,
    /// How many letters the server may take in 24 hours.
    pub quota: Quota,
    /// How many letters a connection takes, as far as is known.
    pub letters_per_connection: Option<u32>,
    /// Whether the account signs in.
    pub signs_in: bool,
}

/// One run of the send path.
pub struct Sending {
    /// What makes the letters.
    pub composer: Arc<Composer>,
    /// What keeps a letter back.
    pub rules: Rules,
    /// How they leave.
    pub settings: SendSettings,
    /// Where bytes are kept that are needed again; `None` where nothing is.
    pub kept: Option<Arc<Kept>>,
    /// The time of day.
    pub clock: Clock,
    /// Who hears of it.
    pub listeners: Vec<Box<dyn Listener>>,
}

impl Sending {
    /// Delivers everything due. `interrupts` begins to watch for what a person asks for meanwhile, inside of the runtime.
    ///
    /// # Errors
    /// When it could not even begin; how a run went that did is in [`Ended`].
    pub async fn deliver<T: Transport, L: LedgerWriter + 'static>(
        self,
        transport: T,
        mut ledger: L,
        found: Found,
        interrupts: impl FnOnce() -> io::Result<watch::Receiver<Interrupt>>,
    ) -> Result<(Ended, L), Failure> {
        let interrupt = interrupts().map_err(|error| Failure::cannot_deliver(msg!("cannot-start")).because(&error))?;
        let letters = Outgoing::new(
            Arc::clone(&self.composer),
            self.kept.clone(),
            self.clock,
            &self.rules,
            found,
        );
        let options = self.options();
        let mut listeners = self.listeners;
        // A task of its own, because waking the one that the runtime itself waits for costs a system call each time.
        let run = tokio::spawn(async move {
            let transport = Arc::new(transport);
            let letters = Box::new(letters);
            let ended = deliver(transport, &mut ledger, letters, options, interrupt, &mut listeners).await;
            end(&ended, &mut listeners);
            (ended, ledger)
        });
        run.await
            .map_err(|error| Failure::cannot_deliver(msg!("run-broke-off")).because(&error))
    }

    /// Tells of every letter, and tries none: nothing is due, or there is no way to send (`stop`).
    #[must_use]
    pub fn tell(self, found: Found, stop: Option<Stop>) -> Ended {
        let letters = Outgoing::new(
            Arc::clone(&self.composer),
            self.kept.clone(),
            self.clock,
            &self.rules,
            found,
        );
        let options = self.options();
        let mut listeners = self.listeners;
        let ended = leave_untried(Box::new(letters), &options, stop, &mut listeners);
        end(&ended, &mut listeners);
        ended
    }

    fn options(&self) -> Options {
        let Input { campaign, sender, .. } = &self.composer.input;
        let SendSettings {
            connections,
            rate,
            retry_for,
            ref quota,
            letters_per_connection,
            signs_in,
        } = self.settings;
        Options {
            campaign: campaign.id.clone(),
            sender: sender.email.clone(),
            connections,
            rate,
            retry_for,
            deadline: campaign.deadline,
            quota: quota.clone(),
            kept: self.kept.clone(),
            letters_per_connection,
            signs_in,
            clock: self.clock,
            seed: u64::from(std::process::id()),
        }
    }
}

/// A connection that could not even be prepared.
impl From<ConnectError> for Failure {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::Temporary(reply) => Self::cannot_deliver(reply.told_with_code()),
            ConnectError::Fatal { what, cause, hint } => {
                let mut failure = Self::cannot_deliver(what).hint(hint);
                failure.causes.extend(cause);
                failure
            }
        }
    }
}

fn end(ended: &Ended, listeners: &mut Vec<Box<dyn Listener>>) {
    listeners.hear(&Event::Summary(ended.summary));
    listeners.pause();
}
