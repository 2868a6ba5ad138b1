//! The bytes: a connection with its buffers, the message as it comes in, and the certificates.

use std::{future::poll_fn, io, ops::Range, pin::pin, sync::Arc, task::Poll, time::Duration};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use rustls::{
    ServerConfig,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::Certificate;

/// How a connection ends.
pub enum Over {
    /// The client closed it, or it broke.
    Gone,
    Closed {
        linger: bool,
    },
    Reset,
    Stalled,
    Endless,
}

impl From<io::Error> for Over {
    fn from(_: io::Error) -> Self {
        Self::Gone
    }
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
    Gone,
}

/// A connection, with what is read but not yet understood and what is said but not yet sent.
pub struct Wire {
    stream: Stream,
    inbox: Vec<u8>,
    /// Where the unread part of `inbox` begins.
    start: usize,
    /// How far `inbox` has been searched for a line end, lest a long line be searched at each read.
    searched: usize,
    outbox: Vec<u8>,
    /// The size of each read not yet reported.
    pub reads: Vec<usize>,
}

/// A line that never ends is cut off here rather than kept.
const LONGEST_COMMAND: usize = 1 << 20;

impl Wire {
    pub fn new(stream: TcpStream) -> Self {
        // Replies are small and waited for: Nagle would only add his 40 ms.
        let _ = stream.set_nodelay(true);
        let (inbox, outbox, reads) = (Vec::new(), Vec::new(), Vec::new());
        Self {
            stream: Stream::Plain(stream),
            inbox,
            start: 0,
            searched: 0,
            outbox,
            reads,
        }
    }

    pub fn is_tls(&self) -> bool {
        matches!(self.stream, Stream::Tls(_))
    }

    /// What the client has sent beyond the last line taken.
    pub fn unread(&self) -> &[u8] {
        &self.inbox[self.start..]
    }

    fn tcp(&self) -> Option<&TcpStream> {
        match &self.stream {
            Stream::Plain(tcp) => Some(tcp),
            Stream::Tls(tls) => Some(tls.get_ref().0),
            Stream::Gone => None,
        }
    }

    pub async fn read(&mut self) -> Result<(), Over> {
        self.inbox.drain(..self.start);
        self.searched -= self.start;
        self.start = 0;
        self.inbox.reserve(16 * 1024);
        let read = match &mut self.stream {
            Stream::Plain(tcp) => tcp.read_buf(&mut self.inbox).await?,
            Stream::Tls(tls) => tls.read_buf(&mut self.inbox).await?,
            Stream::Gone => 0,
        };
        if read == 0 {
            return Err(Over::Gone);
        }
        self.reads.push(read);
        Ok(())
    }

    /// Whether the client has sent something it should have waited with.
    pub async fn has_more(&mut self) -> bool {
        if self.unread().is_empty() {
            // Yielding has the runtime ask the kernel: what has just arrived is not known yet.
            tokio::task::yield_now().await;
            let mut read = pin!(self.read());
            poll_fn(|context| Poll::Ready(read.as_mut().poll(context).is_ready())).await;
        }
        !self.unread().is_empty()
    }

    /// The next command with its line end. What has been said goes out before this waits.
    pub async fn line(&mut self) -> Result<Vec<u8>, Over> {
        loop {
            if let Some(at) = self.inbox[self.searched..].iter().position(|&byte| byte == b'\n') {
                let end = self.searched + at + 1;
                let line = self.inbox[self.start..end].to_vec();
                (self.start, self.searched) = (end, end);
                return Ok(line);
            }
            self.searched = self.inbox.len();
            if self.unread().len() > LONGEST_COMMAND {
                return Err(Over::Gone);
            }
            self.flush().await?;
            self.read().await?;
        }
    }

    /// Where in the buffer the next line of the message is, without its CRLF. A bare CR or LF ends
    /// no line.
    pub fn message_line(&mut self) -> Option<Range<usize>> {
        while let Some(at) = self.inbox[self.searched..].iter().position(|&byte| byte == b'\n') {
            let end = self.searched + at + 1;
            self.searched = end;
            if end - self.start >= 2 && self.inbox[end - 2] == b'\r' {
                let line = self.start..end - 2;
                self.start = end;
                return Some(line);
            }
        }
        self.searched = self.inbox.len();
        None
    }

    pub fn at(&self, range: Range<usize>) -> &[u8] {
        &self.inbox[range]
    }

    pub fn queue(&mut self, bytes: &[u8]) {
        self.outbox.extend_from_slice(bytes);
    }

    pub async fn flush(&mut self) -> Result<(), Over> {
        if !self.outbox.is_empty() {
            match &mut self.stream {
                Stream::Plain(tcp) => tcp.write_all(&self.outbox).await?,
                Stream::Tls(tls) => {
                    tls.write_all(&self.outbox).await?;
                    tls.flush().await?;
                }
                Stream::Gone => return Err(Over::Gone),
            }
            self.outbox.clear();
        }
        Ok(())
    }

    /// Sends a line again and again until the client goes.
    pub async fn repeat(&mut self, line: &str) {
        while self.flush().await.is_ok() {
            self.queue(line.repeat(64).as_bytes());
        }
    }

    /// Sends a FIN and, when asked to, reads on until the client has closed too: closing on unread
    /// bytes sends a reset, which could overtake the last reply.
    pub async fn close(&mut self, linger: bool) {
        let _ = self.flush().await;
        let _ = match &mut self.stream {
            Stream::Plain(tcp) => tcp.shutdown().await,
            Stream::Tls(tls) => tls.shutdown().await,
            Stream::Gone => Ok(()),
        };
        if linger {
            let _ = timeout(Duration::from_secs(2), self.drain()).await;
        }
        self.stream = Stream::Gone;
    }

    async fn drain(&mut self) {
        while self.read().await.is_ok() {
            (self.start, self.searched) = (self.inbox.len(), self.inbox.len());
        }
    }

    pub fn reset(&mut self) {
        if let Some(tcp) = self.tcp() {
            let _ = tcp.set_zero_linger();
        }
        self.stream = Stream::Gone;
    }

    /// Waits until the client has closed or died, without reading what it may have sent.
    pub async fn hangup(&self) {
        // Only this interest, which only Linux has, tells an end from something to read.
        #[cfg(target_os = "linux")]
        if let Some(tcp) = self.tcp() {
            let _ = tcp.ready(tokio::io::Interest::PRIORITY).await;
            return;
        }
        std::future::pending::<()>().await;
    }

    /// Whether the client is known to have closed or died.
    pub async fn has_hung_up(&self) -> bool {
        let mut hangup = pin!(self.hangup());
        poll_fn(|context| Poll::Ready(hangup.as_mut().poll(context).is_ready())).await
    }

    /// Waits until the client has said something, and leaves it to be read.
    pub async fn wait_for_client(&self) -> Result<(), Over> {
        match self.tcp() {
            Some(tcp) => tcp.peek(&mut [0]).await.map(drop).map_err(Over::from),
            None => Err(Over::Gone),
        }
    }

    /// The server's half of the TLS handshake.
    pub async fn secure(&mut self, acceptor: &TlsAcceptor) -> io::Result<()> {
        // What came in plain text must not be taken for part of what follows.
        (self.start, self.searched) = (self.inbox.len(), self.inbox.len());
        if let Stream::Plain(tcp) = std::mem::replace(&mut self.stream, Stream::Gone) {
            self.stream = Stream::Tls(Box::new(acceptor.accept(tcp).await?));
        }
        Ok(())
    }
}

/// A message coming in: dots unstuffed, offences noted.
#[derive(Default)]
pub struct Body {
    pub data: Vec<u8>,
    /// Octets as sent, with line ends and stuffed dots.
    pub sent: usize,
    pub has_8bit: bool,
    pub faults: Vec<&'static str>,
}

impl Body {
    /// Takes a line without its CRLF; true for the final dot.
    pub fn push(&mut self, line: &[u8]) -> bool {
        self.sent += line.len() + 2;
        if line == b"." {
            return true;
        }
        let has = |byte| line.contains(&byte);
        self.fault(has(b'\n'), "a bare LF in the message");
        self.fault(has(b'\r'), "a bare CR in the message");
        self.fault(has(0), "a NUL in the message");
        self.fault(line.len() > 998, "a line over 998 octets in the message");
        self.fault(
            line.starts_with(b".") && !line.starts_with(b".."),
            "an unstuffed dot in the message",
        );
        self.has_8bit |= !line.is_ascii();
        self.data.extend_from_slice(line.strip_prefix(b".").unwrap_or(line));
        self.data.extend_from_slice(b"\r\n");
        false
    }

    fn fault(&mut self, found: bool, what: &'static str) {
        if found && !self.faults.contains(&what) {
            self.faults.push(what);
        }
    }

    pub fn message_id(&self) -> Option<String> {
        let end = self
            .data
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .unwrap_or(self.data.len());
        let headers = String::from_utf8_lossy(&self.data[..end]);
        let headers = headers.replace("\r\n ", " ").replace("\r\n\t", " ");
        headers.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("Message-ID").then(|| value.trim().to_owned())
        })
    }
}

/// The server's certificate and key, and the authority that a client is to trust, as PEM.
pub struct Identity {
    pub acceptor: TlsAcceptor,
    pub ca_pem: String,
}

impl Identity {
    pub fn new(kind: Certificate) -> Self {
        Self::try_new(kind).expect("rcgen and rustls agree about a certificate made here")
    }

    fn try_new(kind: Certificate) -> Result<Self, Box<dyn std::error::Error>> {
        let ca_key = KeyPair::generate()?;
        let mut ca = CertificateParams::default();
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        ca.distinguished_name.push(DnType::CommonName, "Authority of one test");
        let ca_pem = ca.self_signed(&ca_key)?.pem();

        let names = match kind {
            Certificate::WrongName | Certificate::Own | Certificate::OwnExpired => vec!["elsewhere.test".to_owned()],
            _ => vec!["localhost".to_owned(), "127.0.0.1".to_owned()],
        };
        let key = KeyPair::generate()?;
        let mut server = CertificateParams::new(names)?;
        server.distinguished_name.push(DnType::CommonName, "scripted.test");
        server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        if matches!(kind, Certificate::Expired | Certificate::OwnExpired) {
            (server.not_before, server.not_after) = (date_time_ymd(2001, 1, 1), date_time_ymd(2002, 1, 1));
        }
        let certificate = match kind {
            Certificate::SelfSigned => server.self_signed(&key)?,
            Certificate::Own | Certificate::OwnExpired => {
                server.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
                server.self_signed(&key)?
            }
            _ => server.signed_by(&key, &Issuer::new(ca, ca_key))?,
        };

        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)?;
        let is_own = matches!(kind, Certificate::Own | Certificate::OwnExpired);
        Ok(Self {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            ca_pem: if is_own { certificate.pem() } else { ca_pem },
        })
    }
}

/// The verb, in capitals, and the rest of a command line.
pub fn split(line: &str) -> (String, &str) {
    let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
    (verb.to_ascii_uppercase(), rest)
}

/// User and secret in what PLAIN or XOAUTH2 sends.
pub fn credentials(mechanism: &str, text: &str) -> Option<(String, String)> {
    let (user, secret) = match mechanism {
        "PLAIN" => text.split_once('\0')?.1.split_once('\0')?,
        "XOAUTH2" => text
            .strip_prefix("user=")?
            .strip_suffix("\x01\x01")?
            .split_once("\x01auth=Bearer ")?,
        _ => return None,
    };
    Some((user.to_owned(), secret.to_owned()))
}

/// Strict base64 (RFC 4648, padded); `None` for anything else.
pub fn base64_decoded(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let digits = text.trim_end_matches('=');
    if !text.len().is_multiple_of(4) || text.len() - digits.len() > 2 {
        return None;
    }
    let mut decoded = Vec::with_capacity(text.len() / 4 * 3);
    for group in digits.as_bytes().chunks(4) {
        let mut bits = 0_u32;
        for &byte in group {
            bits = bits << 6 | u32::from(digit(byte)?);
        }
        bits <<= 6 * (4 - group.len());
        decoded.extend_from_slice(bits.to_be_bytes().get(1..group.len())?);
    }
    Some(decoded)
}
