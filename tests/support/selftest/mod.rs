//! Holds the scripted server to its word with raw sockets, so that a failing test of the program
//! is the program's fault.

mod protocol;
mod script;

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    sync::Arc,
    time::Duration,
};

use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};

use crate::smtp::{On, Server, Step, Taken};

const LETTER: &str = "Subject: Hello\r\nMessage-Id:\r\n <1@a.test>\r\n\r\n..dot\r\nbye\r\n.\r\n";
const GROUP: &str = "MAIL FROM:<me@a.test>\r\nRCPT TO:<you@b.test>\r\nDATA\r\n";
/// A letter and QUIT, with one reply to each; the first is the greeting.
const WALK: [&str; 8] = [
    "",
    "EHLO me\r\n",
    "MAIL FROM:<me@a.test>\r\n",
    "RCPT TO:<you@b.test>\r\n",
    "DATA\r\n",
    "Hi\r\n.\r\n",
    "RSET\r\n",
    "QUIT\r\n",
];

trait Pipe: Read + Write {}
impl<T: Read + Write> Pipe for T {}

/// A client that knows only what it is told; a read that takes ten seconds is an error.
struct Client {
    pipe: Box<dyn Pipe>,
    tcp: TcpStream,
}

/// How a connection looked from this end when nothing more came.
#[derive(Debug, PartialEq)]
enum End {
    Closed,
    Reset,
}

impl Client {
    /// Connects without reading the greeting.
    fn dial(server: &Server) -> Self {
        let tcp = TcpStream::connect(("127.0.0.1", server.port())).expect("it listens");
        tcp.set_read_timeout(Some(Duration::from_secs(10)))
            .expect("a socket takes a timeout");
        let pipe = Box::new(tcp.try_clone().expect("a socket can be cloned"));
        Self { pipe, tcp }
    }

    fn greeted(server: &Server) -> Self {
        let mut client = Self::dial(server);
        assert_eq!(client.reply(), "220 scripted.test ESMTP");
        assert!(client.say("EHLO me").starts_with("250-scripted.test"));
        client
    }

    fn secured(mut self, server: &Server, name: &str) -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        let ca = CertificateDer::from_pem_file(server.ca_file()).expect("the file is PEM");
        roots.add(ca).expect("it is a certificate");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("ring has TLS 1.2 and 1.3")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from(name.to_owned()).expect("a name");
        let mut tls = ClientConnection::new(Arc::new(config), name).expect("a sound configuration");
        let mut tcp = self.tcp.try_clone().expect("a socket can be cloned");
        while tls.is_handshaking() {
            tls.complete_io(&mut tcp).map_err(|error| error.to_string())?;
        }
        self.pipe = Box::new(StreamOwned::new(tls, tcp));
        Ok(self)
    }

    fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.pipe.write_all(bytes.as_ref()).expect("the server reads");
    }

    fn byte(&mut self) -> Result<u8, End> {
        let mut byte = [0];
        match self.pipe.read(&mut byte) {
            Ok(1) => Ok(byte[0]),
            Ok(_) => Err(End::Closed),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => Err(End::Reset),
            Err(error) => panic!("neither bytes nor an end: {error}"),
        }
    }

    /// One reply with all its lines, parted by `\n`.
    fn heard(&mut self) -> Result<String, End> {
        let mut text = String::new();
        loop {
            let start = text.len();
            while !text[start..].ends_with("\r\n") {
                text.push(char::from(self.byte()?));
            }
            if text.as_bytes().get(start + 3) != Some(&b'-') {
                return Ok(text.trim_end().replace("\r\n", "\n"));
            }
        }
    }

    fn reply(&mut self) -> String {
        let heard = self.heard();
        heard.unwrap_or_else(|end| panic!("{end:?} in place of a reply"))
    }

    fn say(&mut self, line: &str) -> String {
        self.send(format!("{line}\r\n"));
        self.reply()
    }

    /// Sends a letter with its commands in one group; the replies' codes in a row.
    fn letter(&mut self) -> String {
        self.send(GROUP);
        let mut codes: Vec<_> = (0..3).map(|_| self.reply()).collect();
        if codes[2].starts_with("354") {
            self.send(LETTER);
            codes.push(self.reply());
        } else {
            self.say("RSET");
        }
        codes.iter().map(|reply| &reply[..3]).collect::<Vec<_>>().join(" ")
    }

    fn end(&mut self) -> End {
        loop {
            if let Err(end) = self.byte() {
                return end;
            }
        }
    }

    /// Goes through `WALK` until the part with this number is due an answer.
    fn walk(&mut self, until: usize) {
        for (at, said) in WALK.iter().enumerate().take(until + 1) {
            self.send(said);
            if at < until {
                self.reply();
            }
        }
    }

    fn hears_nothing(&mut self) -> bool {
        self.tcp.set_nonblocking(true).expect("a socket can be made so");
        let silent = matches!(self.pipe.read(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock);
        self.tcp.set_nonblocking(false).expect("a socket can be made so");
        silent
    }
}

fn at(step: Step) -> On {
    Server::builder().on(step)
}

fn clean(server: &Server) -> Vec<Taken> {
    assert_eq!(server.violations(), [""; 0]);
    assert_eq!(server.unfired(), [""; 0]);
    server.taken()
}
