//! From nothing to a connection that is ready for letters: TCP or SOCKS, TLS, greeting, EHLO, authentication.

use std::io;
use std::sync::Arc;

use appel_core::outcome::{Reason, Reply};
use appel_messages::msg;
use rustls::ClientConfig;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::auth::{self, NotSignedIn};
use super::dial::dial;
use super::dialogue::{self, Offers};
use super::session::SmtpSession;
use super::stream::{Io, Stream};
use super::{GREETING_TIMEOUT, Settings, tls};
use crate::input::config::Security;
use crate::transport::ConnectError;

/// Opens a connection and brings it to where MAIL can be said.
pub async fn open(settings: &Settings, tls: Option<&Arc<ClientConfig>>) -> Result<SmtpSession, ConnectError> {
    let mut again = 0;
    loop {
        let stream = Box::new(dial(settings).await?);
        match ready(stream, settings, tls).await {
            // Each time there is one thing less to try: one mechanism, or one password.
            Err(NotSignedIn::OnceMore(_)) if again < auth::MOST_CONNECTIONS => again += 1,
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
    ready(io, settings, tls).await.map_err(for_good)
}

/// Why there is no connection, when no other one is to be opened at once.
fn for_good(error: NotSignedIn) -> ConnectError {
    match error {
        NotSignedIn::Failed(error) | NotSignedIn::OnceMore(error) => error,
    }
}

async fn ready(
    mut io: Box<dyn Io>,
    settings: &Settings,
    tls: Option<&Arc<ClientConfig>>,
) -> Result<SmtpSession, NotSignedIn> {
    if settings.security == Security::Tls {
        io = encrypt(io, settings, tls).await?;
    }
    let mut stream = Stream::new(io, settings.redactor());
    greeting(&mut stream, settings).await?;
    let mut offers = ehlo(&mut stream, settings).await?;
    if settings.security == Security::Starttls {
        stream = starttls(stream, &offers, settings, tls).await?;
        // RFC 3207 §4.2: what was learned before TLS is forgotten.
        offers = ehlo(&mut stream, settings).await?;
    }
    if let Some(login) = &settings.login {
        stream.signing_in(true);
        auth::authenticate(&mut stream, &offers, login, settings).await?;
        stream.signing_in(false);
    }
    Ok(SmtpSession::new(stream, offers, settings.timeout))
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

async fn greeting(stream: &mut Stream, settings: &Settings) -> Result<(), ConnectError> {
    let reply = stream.reply(GREETING_TIMEOUT.max(settings.timeout)).await?;
    match reply.code {
        Some(220) => Ok(()),
        Some(400..=499) => Err(ConnectError::Temporary(reply)),
        _ => Err(ConnectError::Fatal {
            what: msg!("smtp-not-from-here", host = &settings.host),
            cause: Some(reply.told_with_code()),
            hint: msg!("smtp-hint-host-and-port"),
        }),
    }
}

/// EHLO, or HELO when the server knows no better and neither TLS nor authentication depends on it.
async fn ehlo(stream: &mut Stream, settings: &Settings) -> Result<Offers, ConnectError> {
    let (reply, offers) = stream.hello(dialogue::EHLO, settings.timeout).await?;
    match reply.code {
        Some(250) => Ok(offers),
        Some(400..=499) => Err(ConnectError::Temporary(reply)),
        _ if settings.security != Security::Starttls && settings.login.is_none() => {
            let reply = stream.say(dialogue::HELO, settings.timeout).await?;
            match reply.code {
                Some(250) => Ok(Offers::default()),
                Some(400..=499) => Err(ConnectError::Temporary(reply)),
                _ => Err(no_hello(settings, &reply)),
            }
        }
        _ => Err(no_hello(settings, &reply)),
    }
}

fn no_hello(settings: &Settings, reply: &Reply) -> ConnectError {
    ConnectError::Fatal {
        what: msg!("smtp-greeting-refused", host = &settings.host),
        cause: Some(reply.told_with_code()),
        hint: msg!("smtp-hint-host-and-port"),
    }
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
