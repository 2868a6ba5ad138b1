//! The dialogue over a pipe, with a clock that jumps: what takes minutes takes none, and no socket is needed.

mod mechanisms;
mod names;
mod passwords;
mod pipelined;
mod slow;
mod tokens;
mod wrong_port;

use appel_core::letter::{Envelope, LetterId, Message};
use appel_core::{Address, Language};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, duplex};
use tokio::time::{Duration, sleep};

use super::connect::over;
use super::{Login, Manner, Settings, SmtpSession};
use crate::input::config::Security;
use crate::transport::ConnectError;

/// What the server offers unless a test says otherwise.
const OFFERS: &str = "250-mx.example\r\n250-AUTH PLAIN XOAUTH2\r\n250 SIZE 0\r\n";

fn settings(login: Option<Login>) -> Settings {
    Settings {
        host: "mx.example".to_owned(),
        port: 25,
        security: Security::None,
        login,
        timeout: Duration::from_mins(1),
        proxy: None,
        manner: Manner::default(),
    }
}

/// A letter to one address of `y.example`, and to copies there.
fn message(to: &str, copies: &[&str]) -> Message {
    let address = |name: &str| Address::parse(&format!("{name}@y.example")).unwrap();
    let (from, to) = (address("me"), address(to));
    let id = LetterId::new("test", "protest", &from, &to);
    Message {
        id,
        letter: "protest".to_owned(),
        language: Language::parse("en").unwrap(),
        message_id: id.message_id(&from),
        envelope: Envelope::new(from, to, copies.iter().map(|name| address(name))),
        subject: "Hi".to_owned(),
        facts: "{}".into(),
        bytes: b"Subject: Hi\r\n\r\nHi\r\n".to_vec(),
    }
}

/// The server's end of a line.
struct Server(BufReader<DuplexStream>);

impl Server {
    /// A line with a client on it, which this function makes: what comes of it is for `tokio::join!`.
    fn with_client(settings: &Settings) -> (Self, impl Future<Output = Result<SmtpSession, ConnectError>>) {
        let (near, far) = duplex(64 * 1024);
        (Self(BufReader::new(far)), over(Box::new(near), settings, None))
    }

    async fn says(&mut self, words: &str) {
        self.0.write_all(words.as_bytes()).await.unwrap();
    }

    /// The same, a byte a minute, for as long as somebody listens.
    async fn drips(&mut self, words: &str) {
        for byte in words.bytes() {
            sleep(Duration::from_mins(1)).await;
            if self.0.write_all(&[byte]).await.is_err() {
                return;
            }
        }
    }

    /// The next line from the client, without its end; empty when there is none any more.
    async fn hears(&mut self) -> String {
        self.hears_or_is_left().await.unwrap_or_default()
    }

    /// The next line from the client, without its end.
    async fn hears_or_is_left(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = self.0.read_line(&mut line).await.unwrap();
        (read > 0).then(|| line.trim_end().to_owned())
    }

    /// The greeting and the reply to EHLO.
    async fn welcomes(&mut self) {
        self.says("220 mx.example\r\n").await;
        assert_eq!(self.hears().await, "EHLO [127.0.0.1]");
        self.says(OFFERS).await;
    }

    /// The same, with these mechanisms and nothing else on offer.
    async fn welcomes_by(&mut self, mechanisms: &str) {
        self.says("220 mx.example\r\n").await;
        assert_eq!(self.hears().await, "EHLO [127.0.0.1]");
        self.says(&format!("250-mx.example\r\n250 AUTH {mechanisms}\r\n")).await;
    }

    /// Hears what a client says to AUTH LOGIN, and gives it back.
    async fn is_told_by_login(&mut self) -> (String, String) {
        assert_eq!(self.hears().await, "AUTH LOGIN");
        let mut told = Vec::new();
        for challenge in ["VXNlcm5hbWU6", "UGFzc3dvcmQ6"] {
            self.says(&format!("334 {challenge}\r\n")).await;
            told.push(decoded(&self.hears().await));
        }
        let [name, password] = told.try_into().unwrap();
        (name, password)
    }

    /// Refuses a token as Google does.
    async fn refuses_token(&mut self) {
        self.says(concat!("334 eyJzdGF0dXMiOiI0MDEiLCJzY2hlbWVzIjoiYmVhcmVyIn0=", "\r\n"))
            .await;
        assert_eq!(self.hears().await, "", "an empty answer asks for the refusal");
        self.says("535 5.7.8 not accepted\r\n").await;
    }
}

fn decoded(base64: &str) -> String {
    String::from_utf8(BASE64.decode(base64).unwrap()).unwrap()
}

/// The parts of an error that ends the run.
fn fatal<T>(result: Result<T, ConnectError>) -> (String, String, String) {
    match result {
        Err(ConnectError::Fatal { what, cause, hint }) => {
            let cause = cause.map(|cause| cause.in_english()).unwrap_or_default();
            (what.in_english(), cause, hint.in_english())
        }
        Err(ConnectError::Temporary(reply)) => panic!("may pass: {reply:?}"),
        Ok(_) => panic!("connected"),
    }
}

/// The words of an error that may pass.
fn temporary<T>(result: Result<T, ConnectError>) -> String {
    match result {
        Err(ConnectError::Temporary(reply)) => reply.told_with_code().in_english(),
        Err(error) => panic!("{error:?}"),
        Ok(_) => panic!("connected"),
    }
}
