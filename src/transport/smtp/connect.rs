//! From a host name to a connection that is ready for letters: TCP or SOCKS, TLS, greeting, EHLO, authentication.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use rustls::ClientConfig;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_socks::tcp::Socks5Stream;

use super::auth;
use super::dialogue::{self, Offers};
use super::session::SmtpSession;
use super::stream::{Io, Stream};
use super::{GREETING_TIMEOUT, Settings, tls};
use crate::campaign::config::{Proxy, Security};
use crate::transport::{ConnectError, Reply};

/// Opens a connection and brings it to where MAIL can be said.
pub async fn open(settings: &Settings, tls: Option<&Arc<ClientConfig>>) -> Result<SmtpSession, ConnectError> {
    let tcp = match &settings.proxy {
        Some(proxy) => through_proxy(settings, proxy).await?,
        None => direct(settings).await?,
    };
    // Every step is one write, so there is nothing for Nagle's algorithm to gather: it would only wait.
    tcp.set_nodelay(true).map_err(|error| temporary(&error))?;
    over(Box::new(tcp), settings, tls).await
}

/// Brings a stream that nothing was said on yet to where MAIL can be said: TLS, greeting, EHLO, authentication.
pub async fn over(
    mut io: Box<dyn Io>,
    settings: &Settings,
    tls: Option<&Arc<ClientConfig>>,
) -> Result<SmtpSession, ConnectError> {
    if settings.security == Security::Tls {
        io = encrypt(io, settings, tls).await?;
    }
    let mut stream = Stream::new(io);
    greeting(&mut stream, settings).await?;
    let mut offers = ehlo(&mut stream, settings).await?;
    if settings.security == Security::Starttls {
        stream = starttls(stream, &offers, settings, tls).await?;
        // RFC 3207 §4.2: what was learned before TLS is forgotten.
        offers = ehlo(&mut stream, settings).await?;
    }
    if let Some(login) = &settings.login {
        auth::authenticate(&mut stream, &offers, login, settings).await?;
    }
    Ok(SmtpSession::new(stream, offers, settings.timeout))
}

async fn direct(settings: &Settings) -> Result<TcpStream, ConnectError> {
    let host = settings.host.as_str();
    let found = timeout(settings.timeout, lookup_host((host, settings.port))).await;
    let addresses: Vec<SocketAddr> = match found {
        Ok(Ok(addresses)) => addresses.collect(),
        Ok(Err(error)) => return Err(unresolved(host, &error)),
        Err(_) => {
            return Err(ConnectError::Temporary(Reply::none(format!(
                "the name {host} could not be looked up in time"
            ))));
        }
    };
    // One address may be dead (IPv6 without a route, say) while the next one lives: each gets its share of the time.
    let share = settings.timeout / u32::try_from(addresses.len().max(1)).unwrap_or(u32::MAX);
    let mut last = format!("{host} has no address");
    for address in addresses {
        match timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(tcp)) => return Ok(tcp),
            Ok(Err(error)) => last = format!("{host} port {}: {error}", settings.port),
            Err(_) => last = format!("{host} port {}: no answer", settings.port),
        }
    }
    Err(ConnectError::Temporary(Reply::none(format!(
        "cannot connect to {last}"
    ))))
}

fn unresolved(host: &str, error: &io::Error) -> ConnectError {
    // getaddrinfo's EAI_AGAIN ("temporary failure") is all that tells a resolver's silence from its no.
    if error.to_string().contains("emporary failure") {
        return ConnectError::Temporary(Reply::none(format!("the name {host} could not be looked up: {error}")));
    }
    ConnectError::Fatal {
        message: format!("there is no host named {host}"),
        cause: error.to_string(),
        hint: "check smtp.host, and that you are online".to_owned(),
    }
}

async fn through_proxy(settings: &Settings, proxy: &Proxy) -> Result<TcpStream, ConnectError> {
    let target = (settings.host.as_str(), settings.port);
    let at = (proxy.host.as_str(), proxy.port);
    let down = |cause: String| ConnectError::Fatal {
        message: format!(
            "the proxy {}:{} gives no connection to {}",
            proxy.host, proxy.port, settings.host
        ),
        cause,
        hint: "start the proxy (Tor, say) or mend smtp.proxy; nothing was sent, and nothing is sent around the proxy"
            .to_owned(),
    };
    match timeout(settings.timeout, Socks5Stream::connect(at, target)).await {
        Ok(Ok(stream)) => Ok(stream.into_inner()),
        Ok(Err(error)) => Err(down(error.to_string())),
        Err(_) => Err(down("no answer in time".to_owned())),
    }
}

async fn encrypt(
    io: Box<dyn Io>,
    settings: &Settings,
    tls: Option<&Arc<ClientConfig>>,
) -> Result<Box<dyn Io>, ConnectError> {
    let config = tls.ok_or_else(|| ConnectError::Fatal {
        message: "TLS is not set up".to_owned(),
        cause: "the connection was prepared without it".to_owned(),
        hint: "please report this".to_owned(),
    })?;
    let name = tls::server_name(&settings.host)?;
    let handshake = TlsConnector::from(config.clone()).connect(name, io);
    match timeout(settings.timeout, handshake).await {
        Ok(Ok(stream)) => Ok(Box::new(stream)),
        Ok(Err(error)) => Err(tls::handshake_failure(&settings.host, &error).unwrap_or_else(|| temporary(&error))),
        Err(_) => Err(ConnectError::Fatal {
            message: format!("{} does not begin TLS", settings.host),
            cause: "no answer to the TLS handshake".to_owned(),
            hint: "no password was sent. Check smtp.port and smtp.security: 465 is \"tls\", 587 is \"starttls\""
                .to_owned(),
        }),
    }
}

async fn greeting(stream: &mut Stream, settings: &Settings) -> Result<(), ConnectError> {
    let reply = stream.reply(GREETING_TIMEOUT.max(settings.timeout)).await?;
    match reply.code {
        Some(220) => Ok(()),
        Some(400..=499) => Err(ConnectError::Temporary(reply)),
        _ => Err(ConnectError::Fatal {
            message: format!("{} does not take mail from here", settings.host),
            cause: reply.to_string(),
            hint: "check smtp.host and smtp.port, or ask your provider".to_owned(),
        }),
    }
}

/// EHLO, or HELO when the server knows no better and neither TLS nor authentication depends on it.
async fn ehlo(stream: &mut Stream, settings: &Settings) -> Result<Offers, ConnectError> {
    let reply = stream.say(dialogue::EHLO, settings.timeout).await?;
    match reply.code {
        Some(250) => Ok(Offers::from_ehlo(&reply.text)),
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
        message: format!("{} refused the greeting", settings.host),
        cause: reply.to_string(),
        hint: "check smtp.host and smtp.port, or ask your provider".to_owned(),
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
            message: format!("{host} does not offer STARTTLS"),
            cause: "a connection without TLS could be read by others".to_owned(),
            hint: "no password was sent. Try security = \"tls\" (port 465); on a strange network, try another one"
                .to_owned(),
        });
    }
    let reply = stream.say(dialogue::STARTTLS, settings.timeout).await?;
    if reply.code != Some(220) {
        return Err(match reply.code {
            Some(400..=499) => ConnectError::Temporary(reply),
            _ => ConnectError::Fatal {
                message: format!("{host} refused STARTTLS"),
                cause: reply.to_string(),
                hint: "no password was sent. Try security = \"tls\" (port 465)".to_owned(),
            },
        });
    }
    // CVE-2011-0411 and its kin: whatever came in the clear behind the 220 would be taken as said under TLS.
    if stream.has_leftover() {
        return Err(ConnectError::Fatal {
            message: format!("somebody between you and {host} is tampering with the connection"),
            cause: "bytes in the clear followed the reply to STARTTLS".to_owned(),
            hint: "no password was sent. Try another network, or security = \"tls\" (port 465)".to_owned(),
        });
    }
    let io = encrypt(stream.into_io(), settings, tls).await?;
    Ok(Stream::new(io))
}

fn temporary(error: &io::Error) -> ConnectError {
    ConnectError::Temporary(Reply::none(error.to_string()))
}
