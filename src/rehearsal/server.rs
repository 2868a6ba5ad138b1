//! The built-in SMTP server of a rehearsal: listens on 127.0.0.1 under TLS and hands every accepted
//! letter to a sink.
//!
//! This file is the edge: socket, certificate, tasks. What is said over the wire lives in
//! `session`, which touches no socket, so that the dialogue can be tested at every split of its
//! input.

mod auth;
mod reply;
mod session;
#[cfg(test)]
mod tests;

use std::io;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use appel_messages::{Message, msg};
use secrecy::SecretString;
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::{self, ServerConfig, crypto::ring};

use reply::GREETING;
use session::{Flow, Session};

/// Octets read at once, under TLS and above it. rustls asks the socket for 4 KiB at a time, so a
/// buffer below it saves most of the system calls of a pipelining client.
const READ_SIZE: usize = 64 * 1024;

/// How long a client may stay silent: RFC 5321 §4.5.3.2.7 asks for at least five minutes.
const IDLE_LIMIT: Duration = Duration::from_mins(5);

/// How long open connections have to take their `421` when the rehearsal stops.
const FAREWELL_LIMIT: Duration = Duration::from_secs(1);

/// One letter as it crossed the wire: its envelope and its exact bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arrived {
    /// The reverse-path of `MAIL FROM`, without its angle brackets; empty for the null path (RFC
    /// 5321 §4.1.1.2).
    pub from: String,
    /// The forward-paths of `RCPT TO`, in the order given and as written (RFC 5321 §4.1.1.3).
    pub to: Vec<String>,
    /// The message with dot stuffing undone (RFC 5321 §4.5.2). It ends in CRLF, unless nothing at
    /// all was sent.
    pub bytes: Vec<u8>,
}

/// Takes every accepted letter, one at a time and in order of acceptance. An error is answered with
/// `452 4.3.1`: the letter then counts as not accepted. It is called on a task of the runtime, so
/// it must not wait for long.
pub type Sink = Box<dyn FnMut(Arrived) -> io::Result<()> + Send>;

/// The one account that the server lets in. Its `Debug` shows no password.
#[derive(Debug)]
pub struct Credentials {
    /// The authentication identity (RFC 4616 §2), compared octet for octet.
    pub username: String,
    /// The password that goes with it.
    pub password: SecretString,
}

/// Why a rehearsal server did not start.
#[derive(Debug)]
pub enum StartError {
    /// No port of 127.0.0.1 could be had.
    Listen(io::Error),
    /// The throw-away certificate could not be made.
    Certificate(rcgen::Error),
    /// The TLS library refused the settings.
    Tls(rustls::Error),
}

impl StartError {
    /// What failed.
    #[must_use]
    pub fn message(&self) -> Message {
        match self {
            Self::Listen(_) => msg!("rehearsal-cannot-listen"),
            Self::Certificate(_) => msg!("rehearsal-no-certificate"),
            Self::Tls(_) => msg!("tls-unusable"),
        }
    }

    /// Why, in the words of the system or a library.
    #[must_use]
    pub fn cause(&self) -> &(dyn std::error::Error + 'static) {
        match self {
            Self::Listen(error) => error,
            Self::Certificate(error) => error,
            Self::Tls(error) => error,
        }
    }
}

/// A running rehearsal server. Dropping it has the same effect as [`RehearsalServer::stop`],
/// without waiting for the end.
#[derive(Debug)]
pub struct RehearsalServer {
    port: u16,
    certificate: CertificateDer<'static>,
    running: watch::Sender<()>,
    listening: JoinHandle<()>,
}

impl RehearsalServer {
    /// Binds a port of the system's choice on 127.0.0.1, makes a certificate that lives no longer
    /// than this value, and accepts connections on the current tokio runtime (with I/O and time
    /// enabled): TLS from the first octet (RFC 8314 §3.3), version 1.2 or later.
    ///
    /// # Errors
    ///
    /// See [`StartError`].
    pub async fn start(credentials: Credentials, sink: Sink) -> Result<Self, StartError> {
        let (config, certificate) = throw_away_tls()?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .map_err(StartError::Listen)?;
        let port = listener.local_addr().map_err(StartError::Listen)?.port();
        let desk = Arc::new(Desk::new(credentials, sink));
        let (running, stopped) = watch::channel(());
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listening = tokio::spawn(listen(listener, acceptor, desk, stopped));
        Ok(Self {
            port,
            certificate,
            running,
            listening,
        })
    }

    /// The TCP port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The only certificate (DER) that a client of this rehearsal should trust; it names 127.0.0.1.
    /// Its private key exists in this process alone.
    #[must_use]
    pub fn certificate(&self) -> CertificateDer<'static> {
        self.certificate.clone()
    }

    /// Stops accepting, tells open connections `421` (RFC 5321 §3.8) and ends them. Afterwards the
    /// sink is dropped.
    pub async fn stop(self) {
        drop(self.running);
        // An error here says that the accepting task panicked: nothing is left to stop.
        let _ = self.listening.await;
    }
}

/// What all connections share: who may come in, and where letters are handed over.
struct Desk {
    credentials: Credentials,
    counter: Mutex<Counter>,
}

struct Counter {
    sink: Sink,
    accepted: u64,
}

impl Desk {
    fn new(credentials: Credentials, sink: Sink) -> Self {
        Self {
            credentials,
            counter: Mutex::new(Counter { sink, accepted: 0 }),
        }
    }

    /// Hands one letter to the sink and returns its number, from 1. The lock spans both, so that
    /// numbers follow the order in which the sink saw the letters.
    fn accept(&self, letter: Arrived) -> io::Result<u64> {
        // A sink that panicked took its connection down with it; the other connections can go on.
        let mut counter = self.counter.lock().unwrap_or_else(PoisonError::into_inner);
        (counter.sink)(letter)?;
        counter.accepted += 1;
        Ok(counter.accepted)
    }
}

fn throw_away_tls() -> Result<(ServerConfig, CertificateDer<'static>), StartError> {
    let made =
        rcgen::generate_simple_self_signed([Ipv4Addr::LOCALHOST.to_string()]).map_err(StartError::Certificate)?;
    let certificate = made.cert.der().clone();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS12, &rustls::version::TLS13])
        .and_then(|builder| {
            builder
                .with_no_client_auth()
                .with_single_cert(vec![certificate.clone()], key)
        })
        .map_err(StartError::Tls)?;
    Ok((config, certificate))
}

async fn listen(listener: TcpListener, acceptor: TlsAcceptor, desk: Arc<Desk>, mut stopped: watch::Receiver<()>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = stopped.changed() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let (acceptor, session) = (acceptor.clone(), Session::new(Arc::clone(&desk)));
                    connections.spawn(serve(stream, acceptor, session, stopped.clone()));
                }
                // Most likely out of file descriptors: some come back when a connection ends. Do
                // not spin until then.
                Err(_) => sleep(Duration::from_millis(20)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    let farewell = async { while connections.join_next().await.is_some() {} };
    if timeout(FAREWELL_LIMIT, farewell).await.is_err() {
        connections.shutdown().await;
    }
}

/// Serves one connection to its end. An error means that the client went away or spoke no TLS: the
/// client's own send path reports that, so nothing is said here.
async fn serve(
    stream: TcpStream,
    acceptor: TlsAcceptor,
    mut session: Session,
    mut stopped: watch::Receiver<()>,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let stream = BufReader::with_capacity(READ_SIZE, stream);
    let handshake = timeout(IDLE_LIMIT, acceptor.accept(stream));
    let mut stream = tokio::select! {
        _ = stopped.changed() => return Ok(()),
        stream = handshake => stream.map_err(io::Error::from)??,
    };

    let mut input = vec![0; READ_SIZE];
    let mut replies = Vec::from(GREETING);
    let mut flow = Flow::Continue;
    loop {
        // One write for all replies to what was read, as RFC 2920 §3.2 asks: replies to a pipelined
        // group leave together.
        if !replies.is_empty() {
            stream.write_all(&replies).await?;
            stream.flush().await?;
            replies.clear();
        }
        if flow == Flow::Close {
            return stream.shutdown().await;
        }
        let read = tokio::select! {
            biased;
            _ = stopped.changed() => Err("421 4.3.2 the rehearsal is over\r\n"),
            read = timeout(IDLE_LIMIT, stream.read(&mut input)) => read.map_err(|_| "421 4.4.2 silent for too long\r\n"),
        };
        flow = match read {
            Ok(length) => match input.get(..length?) {
                None | Some([]) => return Ok(()),
                Some(read) => session.receive(read, &mut replies),
            },
            Err(farewell) => {
                replies.extend_from_slice(farewell.as_bytes());
                Flow::Close
            }
        };
    }
}
