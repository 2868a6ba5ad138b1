//! The server from outside: a client over TLS.

use tokio::io::AsyncBufReadExt;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, pki_types::ServerName};

use super::*;

/// A client that trusts one certificate only.
pub(super) struct Client(pub(super) BufReader<TlsStream<TcpStream>>);

impl Client {
    pub(super) async fn connect(port: u16, certificate: CertificateDer<'static>) -> io::Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(certificate).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        stream.set_nodelay(true)?;
        let name = ServerName::try_from("127.0.0.1").unwrap();
        Ok(Self(BufReader::new(
            TlsConnector::from(Arc::new(config)).connect(name, stream).await?,
        )))
    }

    /// Connected and logged in.
    pub(super) async fn inside(server: &RehearsalServer) -> Self {
        let mut client = Self::connect(server.port(), server.certificate()).await.unwrap();
        client.expect(&["220"]).await;
        client.say(LOG_IN).await;
        client.expect(&["250", "235"]).await;
        client
    }

    pub(super) async fn say(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
        self.0.flush().await.unwrap();
    }

    /// The last line of the next reply, or what there is of it at the end of the connection.
    pub(super) async fn reply(&mut self) -> String {
        let mut line = String::new();
        while {
            line.clear();
            self.0.read_line(&mut line).await.is_ok_and(|length| length > 0) && line.as_bytes()[3] == b'-'
        } {}
        line
    }

    pub(super) async fn expect(&mut self, codes: &[&str]) {
        for code in codes {
            let reply = self.reply().await;
            assert!(reply.starts_with(code), "expected {code}, got {reply:?}");
        }
    }
}

#[tokio::test]
async fn letters_arrive_over_tls_in_one_octet_records() {
    let (letters, sink) = collector();
    let server = RehearsalServer::start(credentials(), sink).await.unwrap();
    let mut client = Client::inside(&server).await;
    client.say(BEGIN).await;
    client.expect(&["250", "250", "354"]).await;
    // The body and the next group in one segment, as a pipelining client sends them.
    client.say(&format!("..\r\nx\r\n.\r\n{BEGIN}")).await;
    client.expect(&["250 2.0.0 rehearsed as 1", "250", "250", "354"]).await;
    for octet in "..y\r\n..\r\n.\r\nQUIT\r\n".chars() {
        client.say(octet.encode_utf8(&mut [0; 4])).await;
    }
    client.expect(&["250 2.0.0 rehearsed as 2", "221"]).await;
    assert_eq!(client.reply().await, "");
    server.stop().await;
    assert_eq!(
        *letters.lock().unwrap(),
        [letter(b".\r\nx\r\n"), letter(b".y\r\n.\r\n")]
    );
}

#[tokio::test]
async fn many_connections_are_served_at_once() {
    let (letters, sink) = collector();
    let server = RehearsalServer::start(credentials(), sink).await.unwrap();
    let mut clients = Vec::new();
    for _ in 0..50 {
        clients.push(Client::inside(&server).await);
    }
    for client in &mut clients {
        client.say(BEGIN).await;
    }
    for client in clients.iter_mut().rev() {
        client.expect(&["250", "250", "354"]).await;
        client.say("x\r\n.\r\n").await;
        client.expect(&["250"]).await;
    }
    assert_eq!(letters.lock().unwrap().len(), 50);
    server.stop().await;
}

#[tokio::test]
async fn a_client_that_goes_away_mid_letter_leaves_nothing() {
    let (letters, sink) = collector();
    let server = RehearsalServer::start(credentials(), sink).await.unwrap();
    let mut client = Client::inside(&server).await;
    client.say(&format!("{BEGIN}Subject: half a let")).await;
    client.expect(&["250", "250", "354"]).await;
    drop(client);
    let mut client = Client::inside(&server).await;
    client.say(&format!("{BEGIN}x\r\n.\r\n")).await;
    client.expect(&["250", "250", "354", "250 2.0.0 rehearsed as 1"]).await;
    server.stop().await;
    assert_eq!(*letters.lock().unwrap(), [letter(b"x\r\n")]);
}

#[tokio::test]
async fn a_client_without_tls_is_let_go_and_the_server_goes_on() {
    let (_, sink) = collector();
    let server = RehearsalServer::start(credentials(), sink).await.unwrap();
    let mut plain = TcpStream::connect((Ipv4Addr::LOCALHOST, server.port())).await.unwrap();
    plain.write_all(b"EHLO [127.0.0.1]\r\nAUTH PLAIN x\r\n").await.unwrap();
    let mut answer = Vec::new();
    // A TLS alert, or a reset: never a reply.
    let _ = plain.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"2"), "{answer:?}");
    Client::inside(&server).await;
}

#[tokio::test]
async fn only_this_server_s_certificate_is_trusted() {
    let first = RehearsalServer::start(credentials(), collector().1).await.unwrap();
    let second = RehearsalServer::start(credentials(), collector().1).await.unwrap();
    assert!(Client::connect(first.port(), second.certificate()).await.is_err());
    assert!(Client::connect(first.port(), first.certificate()).await.is_ok());
}

#[tokio::test]
async fn stopping_says_goodbye_and_drops_the_sink() {
    let (letters, sink) = collector();
    let server = RehearsalServer::start(credentials(), sink).await.unwrap();
    let port = server.port();
    let mut client = Client::inside(&server).await;
    // One that never begins its handshake must not hold up the end.
    let _silent = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
    timeout(FAREWELL_LIMIT / 2, server.stop()).await.unwrap();
    client.expect(&["421 4.3.2"]).await;
    assert_eq!(client.reply().await, "");
    assert_eq!(Arc::strong_count(&letters), 1);
    assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_err());
}

#[tokio::test]
async fn a_sink_that_panics_ends_its_connection_only() {
    let mut calls = 0;
    let sink: Sink = Box::new(move |_| {
        calls += 1;
        assert!(calls > 1, "the first letter");
        Ok(())
    });
    let server = RehearsalServer::start(credentials(), sink).await.unwrap();
    let mut client = Client::inside(&server).await;
    client.say(&format!("{BEGIN}x\r\n.\r\n")).await;
    while !client.reply().await.is_empty() {}
    let mut client = Client::inside(&server).await;
    client.say(&format!("{BEGIN}x\r\n.\r\n")).await;
    client.expect(&["250", "250", "354", "250 2.0.0 rehearsed as 1"]).await;
}
