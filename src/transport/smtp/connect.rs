//! From nothing to a connection that is ready for letters: TCP or SOCKS, TLS, greeting, EHLO, authentication.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use appel_core::outcome::{Reason, Reply};
use appel_messages::{Message, msg};
use rustls::ClientConfig;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsConnector;

use super::auth::{self, NotSignedIn};
use super::dial::dial;
use super::dialogue::{self, Offers};
use super::overheard::Heard;
use super::protocol::Protocol;
use super::said::{self, minds_the_name};
use super::session::SmtpSession;
use super::stream::{Io, Stream, StreamError};
use super::{Settings, tls};
use crate::input::config::Security;
use crate::transport::limits::Limit;
use crate::transport::{ConnectError, Watcher};

/// A wait that is worth a word.
const LONG_WAIT: Duration = Duration::from_secs(5);
/// So many connections are opened, one after the other, for what a server wants to hear on another one: another
/// mechanism, another password or token. Each time there is one thing less to try.
const TRIES: usize = 6;

/// Opens a connection and brings it to where MAIL can be said.
pub async fn open(
    settings: &Settings,
    tls: Option<&Arc<ClientConfig>>,
    watcher: &dyn Watcher,
) -> Result<SmtpSession, ConnectError> {
    let mut tries = 0;
    loop {
        tries += 1;
        let words = || {
            let (host, port) = (&settings.host, settings.port.to_string());
            msg!("waiting-for-connection", host = host, port = port)
        };
        let tcp = patiently(dial(settings), watcher, words).await?;
        match ready(Box::new(tcp), settings, tls, watcher).await {
            Err(NotSignedIn::OnceMore(_)) if tries < TRIES => {}
            ended => return ended.map_err(for_good),
        }
    }
}

/// Brings a stream that nothing was said on yet to where MAIL can be said: TLS, greeting, EHLO, authentication.
///
/// # Errors
/// When it cannot be brought there.
pub async fn over(
    io: Box<dyn Io>,
    settings: &Settings,
    tls: Option<&Arc<ClientConfig>>,
) -> Result<SmtpSession, ConnectError> {
    ready(io, settings, tls, &()).await.map_err(for_good)
}

/// Why there is no connection, when no other one is to be opened at once.
fn for_good(error: NotSignedIn) -> ConnectError {
    match error {
        NotSignedIn::Failed(error) | NotSignedIn::OnceMore(error) => error,
    }
}

/// Waits for a step, and says so when it takes long: what for, and what is usual.
pub async fn patiently<T>(step: impl Future<Output = T>, watcher: &dyn Watcher, words: impl FnOnce() -> Message) -> T {
    tokio::pin!(step);
    tokio::select! {
        biased;
        done = &mut step => return done,
        () = sleep(LONG_WAIT) => watcher.tell(words()),
    }
    step.await
}

async fn ready(
    mut io: Box<dyn Io>,
    settings: &Settings,
    tls: Option<&Arc<ClientConfig>>,
    watcher: &dyn Watcher,
) -> Result<SmtpSession, NotSignedIn> {
    if settings.security == Security::Tls {
        let heard = Heard::default();
        let words = || {
            msg!(
                "waiting-for-tls",
                host = &settings.host,
                port = settings.port.to_string()
            )
        };
        let encrypted = patiently(encrypt(heard.on(io), settings, tls), watcher, words).await;
        io = match (encrypted, Protocol::of(&heard.words())) {
            (Ok(io), _) => io,
            // What answers does not speak TLS, and says what it speaks.
            (Err(_), Some(protocol)) if protocol != Protocol::Tls => {
                let said = settings.redacted(String::from_utf8_lossy(&heard.words()).into_owned());
                let line = said.lines().next().unwrap_or_default();
                let said = Message::quote(appel_core::words::visible_line(line));
                return Err(protocol.failure(settings, Some(said)).into());
            }
            (Err(error), _) => return Err(error.into()),
        };
    }
    let mut stream = Stream::new(io, settings.redactor());
    greeting(&mut stream, settings, watcher).await?;
    let in_clear = settings.security == Security::Starttls;
    let (mut offers, mut name) = ehlo(&mut stream, settings, in_clear, watcher).await?;
    if in_clear {
        stream = starttls(stream, &offers, settings, tls).await?;
        // RFC 3207 §4.2: what was learned before TLS is forgotten.
        (offers, name) = ehlo(&mut stream, settings, false, watcher).await?;
    }
    if let Some(login) = &settings.login {
        stream.signing_in(true);
        auth::authenticate(&mut stream, &offers, login, settings).await?;
        stream.signing_in(false);
    }
    Ok(SmtpSession::new(stream, offers, name, settings))
}

async fn encrypt(
    io: Box<dyn Io>,
    settings: &Settings,
    tls: Option<&Arc<ClientConfig>>,
) -> Result<Box<dyn Io>, ConnectError> {
    let config = tls.ok_or_else(|| ConnectError::Fatal {
        what: msg!("tls-not-set-up"),
        cause: Some(msg!("tls-not-prepared")),
        hint: msg!("smtp-hint-report"),
    })?;
    let name = tls::server_name(&settings.host)?;
    let handshake = TlsConnector::from(config.clone()).connect(name, io);
    match timeout(settings.timeout, handshake).await {
        Ok(Ok(stream)) => Ok(Box::new(stream)),
        Ok(Err(error)) => {
            // The names in a certificate are words of the server too.
            let redacted = |words| settings.redacted(words);
            Err(tls::handshake_failure(&settings.host, &error, redacted).unwrap_or_else(|| temporary(&error)))
        }
        Err(_) => Err(ConnectError::Fatal {
            what: msg!("tls-does-not-begin", host = &settings.host),
            cause: Some(msg!("tls-no-answer")),
            hint: msg!("tls-hint-port"),
        }),
    }
}

async fn greeting(stream: &mut Stream, settings: &Settings, watcher: &dyn Watcher) -> Result<(), ConnectError> {
    let (host, port) = (&settings.host, settings.port.to_string());
    let words = || match settings.security {
        Security::Tls => msg!("waiting-for-greeting", host = host, port = &port),
        Security::Starttls | Security::None => msg!("waiting-for-greeting-or-tls", host = host, port = &port),
    };
    let greeting = patiently(stream.greeting(settings.greeting_timeout()), watcher, words).await;
    let reply = match greeting {
        Ok(reply) => reply,
        Err((error @ StreamError::NotSmtp(_), Some(protocol))) => {
            // Of TLS there is nothing that a person could read.
            let said = (protocol != Protocol::Tls).then(|| error.reply().told());
            return Err(protocol.failure(settings, said));
        }
        Err((error, _)) => {
            return Err(ConnectError::Temporary(Reply::not_connected(msg!(
                "not-connected-no-greeting",
                host = host,
                port = port,
                cause = error.reply().told()
            ))));
        }
    };
    match reply.code {
        Some(220) => Ok(()),
        Some(400..=499) => Err(ConnectError::Temporary(reply)),
        _ => Err(turned_away(settings, reply, msg!("smtp-not-from-here", host = host))),
    }
}

/// A no for good before anything of a letter was said: what it is about stands in the words, if anywhere.
fn turned_away(settings: &Settings, reply: Reply, what: Message) -> ConnectError {
    if Limit::in_reply(&reply).is_some() {
        // Delivery knows what to do about it, whatever the code.
        return ConnectError::Temporary(reply);
    }
    if said::is_crowded(&reply) {
        // There is room again when others, or this run's own connections, are closed.
        return ConnectError::Temporary(reply);
    }
    let cause = Some(reply.told_with_code());
    if said::names_a_limit(&reply) {
        return ConnectError::Fatal {
            what: msg!("smtp-limit-at-greeting", host = &settings.host),
            cause,
            hint: msg!("smtp-hint-limit-at-greeting"),
        };
    }
    let hint = if said::minds_the_network(&reply) {
        msg!("smtp-hint-blocked")
    } else {
        msg!("smtp-hint-host-and-port")
    };
    ConnectError::Fatal { what, cause, hint }
}

/// EHLO, or HELO when the server knows no better and neither TLS nor authentication depends on it; with the name that
/// was taken. `in_clear`: TLS is yet to come.
async fn ehlo(
    stream: &mut Stream,
    settings: &Settings,
    in_clear: bool,
    watcher: &dyn Watcher,
) -> Result<(Offers, String), NotSignedIn> {
    let manner = &settings.manner;
    // Whoever listens on the way learns no domain that the server's own name does not tell.
    let name = if in_clear {
        manner.name_in_clear(&settings.host)
    } else {
        manner.name()
    }
    .to_owned();
    let (mut reply, offers) = stream.hello(&dialogue::ehlo(&name), settings.timeout).await?;
    if reply.code == Some(250) {
        return Ok((offers, name));
    }
    if matches!(reply.code, Some(400..=499)) && !minds_the_name(&reply) {
        return Err(ConnectError::Temporary(reply).into());
    }
    // A server that does not know the command does not mind the name.
    let other = if in_clear {
        manner.other_name_in_clear(&name, &settings.host)
    } else {
        manner.other_name(&name)
    }
    .filter(|_| !matches!(reply.code, Some(500 | 502)));
    if let Some(other) = other {
        let wants_domain = || {
            manner.learned.note(|found| found.wants_domain = true);
            watcher.tell(msg!("learned-name", host = &settings.host, name = &name, other = other));
        };
        match stream.hello(&dialogue::ehlo(other), settings.timeout).await {
            Ok((again, offers)) if again.code == Some(250) => {
                wants_domain();
                return Ok((offers, other.to_owned()));
            }
            Ok((again, _)) if minds_the_name(&again) || !minds_the_name(&reply) => reply = again,
            Ok(_) => {}
            // It hung up on the first name: on another connection it may take the second.
            Err(error @ StreamError::Lost(_)) if !turned_out(&reply) => {
                wants_domain();
                return Err(NotSignedIn::OnceMore(error.into()));
            }
            Err(StreamError::Lost(_)) => return Err(no_hello(settings, &name, reply).into()),
            Err(error) => return Err(error.into()),
        }
    }
    if settings.security == Security::Starttls || settings.login.is_some() {
        return Err(no_hello(settings, &name, reply).into());
    }
    let old = stream.say(&dialogue::helo(&name), settings.timeout).await?;
    match old.code {
        Some(250) => Ok((Offers::default(), name)),
        Some(400..=499) => Err(ConnectError::Temporary(old).into()),
        _ => match manner.other_name(&name) {
            Some(other) if matches!(reply.code, Some(500 | 502)) => {
                let old = stream.say(&dialogue::helo(other), settings.timeout).await?;
                match old.code {
                    Some(250) => {
                        manner.learned.note(|found| found.wants_domain = true);
                        Ok((Offers::default(), other.to_owned()))
                    }
                    Some(400..=499) => Err(ConnectError::Temporary(old).into()),
                    _ => Err(no_hello(settings, &name, old).into()),
                }
            }
            _ => Err(no_hello(settings, &name, old).into()),
        },
    }
}

/// Whether a reply says that nobody is heard here, whatever they are called (RFC 7504).
fn turned_out(reply: &Reply) -> bool {
    reply.code == Some(521)
}

fn no_hello(settings: &Settings, name: &str, reply: Reply) -> ConnectError {
    let what = msg!("smtp-greeting-refused", host = &settings.host);
    if minds_the_name(&reply) || reply.code == Some(501) {
        return ConnectError::Fatal {
            what,
            cause: Some(reply.told_with_code()),
            hint: settings.manner.hint(name),
        };
    }
    turned_away(settings, reply, what)
}

async fn starttls(
    mut stream: Stream,
    offers: &Offers,
    settings: &Settings,
    tls: Option<&Arc<ClientConfig>>,
) -> Result<Stream, ConnectError> {
    let host = &settings.host;
    if !offers.starttls {
        return Err(ConnectError::Fatal {
            what: msg!("starttls-not-offered", host = host),
            cause: Some(msg!("starttls-others-could-read")),
            hint: msg!("starttls-hint-not-offered"),
        });
    }
    let reply = stream.say(dialogue::STARTTLS, settings.timeout).await?;
    if reply.code != Some(220) {
        return Err(match reply.code {
            Some(400..=499) => ConnectError::Temporary(reply),
            _ => ConnectError::Fatal {
                what: msg!("starttls-refused", host = host),
                cause: Some(reply.told_with_code()),
                hint: msg!("starttls-hint-refused"),
            },
        });
    }
    // CVE-2011-0411 and its kin: whatever came in the clear behind the 220 would be taken as said under TLS. A server
    // that hung up is another matter, which the handshake finds out.
    let _ = stream.spoke_unasked().await;
    if stream.has_leftover() {
        return Err(ConnectError::Fatal {
            what: msg!("starttls-tampering", host = host),
            cause: Some(msg!("starttls-bytes-in-the-clear")),
            hint: msg!("starttls-hint-tampering"),
        });
    }
    let io = encrypt(stream.into_io(), settings, tls).await?;
    Ok(Stream::new(io, settings.redactor()))
}

fn temporary(error: &io::Error) -> ConnectError {
    ConnectError::Temporary(Reply::none(Reason::NotConnected, error.to_string()))
}
