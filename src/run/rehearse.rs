//! The send path against the built-in mail server, on this computer alone.

use std::io;
use std::time::Duration;

use appel_messages::msg;
use secrecy::SecretString;
use tokio::sync::watch;

use super::planning::Found;
use super::send::Sending;
use crate::failure::Failure;
use crate::input::config::Security;
use crate::outbox::delivery::{Ended, Interrupt};
use crate::outbox::ledger::Ledger;
use crate::rehearsal::inbox::Inbox;
use crate::rehearsal::server::{Credentials, RehearsalServer};
use crate::transport::smtp::{Login, Manner, Settings, SmtpTransport, Trust};

/// Who signs in at the rehearsal's server; nobody else ever hears of it.
const USERNAME: &str = "rehearsal";
/// The server answers at once.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Sends everything due to a server that puts it into the inbox, with TLS and signing in.
///
/// # Errors
/// When the server cannot be started or reached.
pub async fn rehearse(
    sending: Sending,
    ledger: Box<dyn Ledger>,
    found: Found,
    inbox: &Inbox,
    password: SecretString,
    interrupts: impl FnOnce() -> io::Result<watch::Receiver<Interrupt>>,
) -> Result<Ended, Failure> {
    let credentials = Credentials {
        username: USERNAME.to_owned(),
        password: password.clone(),
    };
    let server = RehearsalServer::start(credentials, inbox.sink())
        .await
        .map_err(|error| {
            Failure::cannot_deliver(msg!("rehearsal-cannot-start"))
                .for_this(error.message())
                .because(error.cause())
        })?;
    let settings = Settings {
        host: "127.0.0.1".to_owned(),
        port: server.port(),
        security: Security::Tls,
        login: Some(Login::password(USERNAME, password)),
        timeout: TIMEOUT,
        proxy: None,
        manner: Manner::default(),
    };
    let transport = SmtpTransport::new(settings, &Trust::Only(server.certificate()))?;
    let ended = sending.deliver(transport, ledger, found, interrupts).await;
    server.stop().await;
    let (ended, _thrown_away) = ended?;
    Ok(ended)
}
