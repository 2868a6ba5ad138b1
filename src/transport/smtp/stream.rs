//! A stream to an SMTP server: one write a step, a deadline for every step, replies read whole and capped.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use appel_core::outcome::{CLOSED, RESET, Reason, Reply};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::{Instant, timeout_at};
use zeroize::Zeroizing;

use super::dialogue::Offers;
use super::protocol::{ENOUGH, Protocol};
use super::redact::Redactor;
use crate::transport::ConnectError;

/// No server needs more words than this for one reply; one that sends more is cut off.
const MAX_REPLY: usize = 16 * 1024;
/// Read at a time.
const CHUNK: usize = 4096;
/// Written at a time under one deadline, so that a long letter on a slow line is given time but a stall is noticed.
const WRITE_CHUNK: usize = 64 * 1024;
/// How long the rest of a line may take whose beginning is no reply.
const REST_OF_LINE: Duration = Duration::from_secs(2);
/// So much of what is no reply is shown, in characters.
const LONGEST_EXCERPT: usize = 80;

/// TCP, TLS over TCP, or what a test puts in their place.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// Why a step failed.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.reply().told_with_code().in_english())]
pub enum StreamError {
    /// Closed or reset.
    Lost(String),
    /// The deadline passed.
    Timeout(Duration),
    /// What came is no reply (RFC 5321 §4.2).
    NotSmtp(String),
    /// What came had no end.
    Endless,
}

impl StreamError {
    fn from_io(error: &io::Error) -> Self {
        Self::Lost(match error.kind() {
            io::ErrorKind::ConnectionReset => RESET.to_owned(),
            io::ErrorKind::BrokenPipe | io::ErrorKind::UnexpectedEof => CLOSED.to_owned(),
            _ => error.to_string(),
        })
    }

    /// What is said of it.
    #[must_use]
    pub fn reply(&self) -> Reply {
        match self {
            Self::Lost(how) => Reply::none(Reason::ConnectionLost, how),
            Self::Timeout(timeout) => Reply::none(Reason::NoAnswer, timeout.as_millis().to_string()),
            Self::NotSmtp(excerpt) => Reply::none(Reason::NotSmtp, excerpt),
            Self::Endless => Reply::none(Reason::Endless, ""),
        }
    }
}

impl From<StreamError> for ConnectError {
    /// Before any letter has begun, a lost line may come back.
    fn from(error: StreamError) -> Self {
        Self::Temporary(error.reply())
    }
}

/// The stream, with what was read and not yet asked for.
pub struct Stream {
    io: Box<dyn Io>,
    read: Vec<u8>,
    /// Where the next reply begins in `read`.
    at: usize,
    /// Through which all words go.
    redactor: Option<Arc<Redactor>>,
    /// Whether somebody is signing in, when every word counts.
    signing_in: bool,
}

impl Stream {
    /// A stream with nothing read yet; no word read leaves it but through the redactor.
    pub fn new(io: Box<dyn Io>, redactor: Option<Arc<Redactor>>) -> Self {
        Self {
            io,
            read: Vec::with_capacity(CHUNK),
            at: 0,
            redactor,
            signing_in: false,
        }
    }

    /// From now on, or no longer, what is read answers a password or token.
    pub const fn signing_in(&mut self, signing_in: bool) {
        self.signing_in = signing_in;
    }

    /// Words from outside without the run's secrets.
    pub fn redacted(&self, words: String) -> String {
        match &self.redactor {
            Some(redactor) if self.signing_in => redactor.words_on_signing_in(words),
            Some(redactor) => redactor.words(words),
            None => words,
        }
    }

    /// Whether bytes have come that no reply has used: after STARTTLS they would be injected ones.
    pub fn has_leftover(&self) -> bool {
        self.at < self.read.len()
    }

    /// Whether the server spoke, or hung up, although nobody asked it anything: looks without waiting.
    pub async fn spoke_unasked(&mut self) -> bool {
        self.has_leftover()
            || std::future::poll_fn(|context| {
                let mut byte = [0];
                let mut buffer = ReadBuf::new(&mut byte);
                let polled = Pin::new(&mut *self.io).poll_read(context, &mut buffer);
                self.read.extend_from_slice(buffer.filled());
                Poll::Ready(polled.is_ready())
            })
            .await
    }

    /// The connection itself, to put TLS on top; what was read and not used is dropped.
    pub fn into_io(self) -> Box<dyn Io> {
        self.io
    }

    /// Writes all of `bytes`; the deadline begins anew with every 64 KiB.
    pub async fn write(&mut self, bytes: &[u8], timeout: Duration) -> Result<(), WriteError> {
        let mut handed_over = 0;
        for chunk in bytes.chunks(WRITE_CHUNK) {
            let deadline = Instant::now() + timeout;
            let end = handed_over + chunk.len();
            while handed_over < end {
                let error = match timeout_at(deadline, self.io.write(&bytes[handed_over..end])).await {
                    Ok(Ok(0)) => StreamError::Lost(CLOSED.to_owned()),
                    Ok(Ok(written)) => {
                        handed_over += written;
                        continue;
                    }
                    Ok(Err(error)) => StreamError::from_io(&error),
                    Err(_) => StreamError::Timeout(timeout),
                };
                return Err(WriteError {
                    error,
                    all_handed_over: false,
                });
            }
        }
        // Of what TLS has in hand nobody knows how much has left.
        let error = match timeout_at(Instant::now() + timeout, self.io.flush()).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => StreamError::from_io(&error),
            Err(_) => StreamError::Timeout(timeout),
        };
        Err(WriteError {
            error,
            all_handed_over: true,
        })
    }

    /// Reads one reply, all its lines, before one deadline.
    pub async fn reply(&mut self, timeout: Duration) -> Result<Reply, StreamError> {
        let mut reply = self.whole_reply(timeout).await?;
        reply.text = self.redacted(reply.text);
        Ok(reply)
    }

    /// As [`say`](Self::say), with what the server offers: keywords are read as they came.
    pub async fn hello(&mut self, command: &str, timeout: Duration) -> Result<(Reply, Offers), StreamError> {
        self.write(command.as_bytes(), timeout)
            .await
            .map_err(|error| error.error)?;
        let mut reply = self.whole_reply(timeout).await?;
        let offers = Offers::from_ehlo(&reply.text);
        reply.text = self.redacted(reply.text);
        Ok((reply, offers))
    }

    /// The first reply of all, or what came in its place, with the protocol that speaks so.
    pub async fn greeting(&mut self, timeout: Duration) -> Result<Reply, (StreamError, Option<Protocol>)> {
        let mut error = match self.reply(timeout).await {
            Ok(reply) => return Ok(reply),
            Err(error) => error,
        };
        if matches!(error, StreamError::NotSmtp(_)) {
            // One byte is enough to see that it is no reply, and not to see what it is.
            let deadline = Instant::now() + REST_OF_LINE;
            while !self.read.contains(&b'\n') && self.read.len() < ENOUGH {
                if self.fill(deadline, REST_OF_LINE).await.is_err() {
                    break;
                }
            }
            if let Err(words) = parse(&self.read) {
                error = self.not_smtp(words);
            }
        }
        Err((error, Protocol::of(&self.read)))
    }

    /// The reply to the final dot: lines that say yes and no are no verdict.
    pub async fn verdict(&mut self, timeout: Duration) -> Result<Reply, StreamError> {
        let (mut reply, first) = self.lines(timeout).await?;
        reply.text = self.redacted(reply.text);
        if reply.code.is_some_and(|code| code / 100 != first / 100) {
            return Err(StreamError::NotSmtp(appel_core::words::visible_line(
                &reply.text.replace('\n', " "),
            )));
        }
        Ok(reply)
    }

    async fn whole_reply(&mut self, timeout: Duration) -> Result<Reply, StreamError> {
        Ok(self.lines(timeout).await?.0)
    }

    /// All lines of a reply, with the code of the first; that of the last counts.
    async fn lines(&mut self, timeout: Duration) -> Result<(Reply, u16), StreamError> {
        let deadline = Instant::now() + timeout;
        loop {
            match parse(&self.read[self.at..]).map_err(|words| self.not_smtp(words))? {
                Some((reply, first, used)) => {
                    self.at += used;
                    if self.at == self.read.len() {
                        self.read.clear();
                        self.at = 0;
                    }
                    return Ok((reply, first));
                }
                None if self.read.len() - self.at > MAX_REPLY => {
                    return Err(StreamError::Endless);
                }
                None => {}
            }
            self.fill(deadline, timeout).await?;
        }
    }

    /// One command, one reply.
    pub async fn say(&mut self, command: &str, timeout: Duration) -> Result<Reply, StreamError> {
        self.write(command.as_bytes(), timeout)
            .await
            .map_err(|error| error.error)?;
        self.reply(timeout).await
    }

    /// As [`say`](Self::say), with the words as they came: those of a challenge are for the mechanism, and for no eye.
    pub async fn ask(&mut self, command: &str, timeout: Duration) -> Result<(Reply, Zeroizing<String>), StreamError> {
        self.write(command.as_bytes(), timeout)
            .await
            .map_err(|error| error.error)?;
        let mut reply = self.whole_reply(timeout).await?;
        let challenge = Zeroizing::new(reply.text.clone());
        reply.text = self.redacted(reply.text);
        Ok((reply, challenge))
    }

    /// What is said of words that are not a reply: of the last line of them, as a secret may begin on one before it.
    fn not_smtp(&self, words: String) -> StreamError {
        let words = self.redacted(words);
        let line = words.rsplit('\n').next().unwrap_or_default();
        let shown: String = line.chars().take(LONGEST_EXCERPT).collect();
        StreamError::NotSmtp(appel_core::words::visible_line(&shown))
    }

    async fn fill(&mut self, deadline: Instant, timeout: Duration) -> Result<(), StreamError> {
        if self.at > 0 {
            self.read.drain(..self.at);
            self.at = 0;
        }
        self.read.reserve(CHUNK);
        match timeout_at(deadline, self.io.read_buf(&mut self.read)).await {
            Ok(Ok(0)) => Err(StreamError::Lost(CLOSED.to_owned())),
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(StreamError::from_io(&error)),
            Err(_) => Err(StreamError::Timeout(timeout)),
        }
    }
}

/// A write that failed.
#[derive(Debug)]
pub struct WriteError {
    /// Why.
    pub error: StreamError,
    /// Whether all bytes may have left all the same; if not, the last of them cannot have.
    pub all_handed_over: bool,
}

/// One reply at the start of `bytes`, the code of its first line, and its length, or `None` when it is not all there yet
/// (RFC 5321 §4.2.1); or the words so far, when the last line of them makes it no reply.
///
/// A line without text (`250`) is taken, as §4.2 asks; bytes that are no UTF-8 are replaced. Some servers greet with
/// `220-hello` before they look who it is, and go on with `521 blocked`: the last line has the last word.
fn parse(bytes: &[u8]) -> Result<Option<(Reply, u16, usize)>, String> {
    let mut used = 0;
    let mut first = None;
    let mut text = String::new();
    loop {
        let rest = &bytes[used..];
        let Some(end) = rest.iter().position(|byte| *byte == b'\n') else {
            // Three bytes are enough to see that this will be no reply; a stray banner should not wait for a deadline.
            return match rest.first() {
                Some(first) if !first.is_ascii_digit() => Err(and_line(text, rest)),
                _ => Ok(None),
            };
        };
        let line = rest[..end].strip_suffix(b"\r").unwrap_or(&rest[..end]);
        used += end + 1;
        let this = match line {
            [a @ b'2'..=b'5', b, c, ..] if b.is_ascii_digit() && c.is_ascii_digit() => {
                u16::from(a - b'0') * 100 + u16::from(b - b'0') * 10 + u16::from(c - b'0')
            }
            _ => return Err(and_line(text, line)),
        };
        let first = *first.get_or_insert(this);
        let last = match line.get(3) {
            None | Some(b' ') => true,
            Some(b'-') => false,
            Some(_) => return Err(and_line(text, line)),
        };
        text = and_line(text, line.get(4..).unwrap_or_default());
        if last {
            return Ok(Some((Reply::said(this, text), first, used)));
        }
    }
}

fn and_line(mut text: String, line: &[u8]) -> String {
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(&String::from_utf8_lossy(line));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &str, expect: Result<Option<(u16, &str, usize)>, &str>) {
        let stream = Stream::new(Box::new(tokio::io::empty()), None);
        let found = parse(bytes.as_bytes()).map_err(|words| stream.not_smtp(words).to_string());
        let found = found.as_ref().map(|found| {
            found
                .as_ref()
                .map(|(reply, _, used)| (reply.code.unwrap(), reply.text.as_str(), *used))
        });
        assert_eq!(found.map_err(String::as_str), expect, "{bytes:?}");
    }

    #[test]
    fn a_reply_is_read_whole() {
        check("250 ok\r\n", Ok(Some((250, "ok", 8))));
        check("250-a\r\n250-b\r\n250 c\r\n354 go\r\n", Ok(Some((250, "a\nb\nc", 21))));
        check("220-hello\r\n521 blocked\r\n", Ok(Some((521, "hello\nblocked", 24))));
        check("250\r\n", Ok(Some((250, "", 5))));
        check("250 ok\n", Ok(Some((250, "ok", 7))));
        check("250-a\r\n25", Ok(None));
        check("", Ok(None));
    }

    #[test]
    fn what_is_no_reply_is_said_to_be_none() {
        let no = "the server sent something that is not an SMTP reply: ";
        check(
            "HTTP/1.1 400 Bad Request\r\n",
            Err(&format!("{no}HTTP/1.1 400 Bad Request")),
        );
        check("SSH-2.0", Err(&format!("{no}SSH-2.0")));
        check("150 what\r\n", Err(&format!("{no}150 what")));
        check("2500 what\r\n", Err(&format!("{no}2500 what")));
        check("\u{1b}[2J\r\n", Err(&format!("{no}^[[2J")));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_at_all_make_the_parser_panic(bytes: Vec<u8>) {
            if let Ok(Some((_, _, used))) = parse(&bytes) {
                assert!(used <= bytes.len());
            }
        }
    }

    #[tokio::test]
    async fn a_verdict_whose_lines_say_yes_and_no_is_none() {
        let verdict = async |bytes: &'static [u8]| {
            let mut stream = Stream::new(Box::new(tokio::io::join(bytes, tokio::io::sink())), None);
            stream.verdict(Duration::from_mins(1)).await
        };
        for bytes in [&b"250-taken\r\n554 refused\r\n"[..], b"451-later\r\n250 taken\r\n"] {
            assert!(matches!(verdict(bytes).await, Err(StreamError::NotSmtp(_))));
        }
        assert_eq!(
            verdict(b"250-taken\r\n251 and passed on\r\n").await.unwrap().code,
            Some(251)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_reply_without_an_end_is_cut_off() {
        let (near, mut far) = tokio::io::duplex(1024);
        tokio::spawn(async move { while far.write_all(b"250-more\r\n").await.is_ok() {} });
        let mut stream = Stream::new(Box::new(near), None);
        let error = stream.reply(Duration::from_mins(1)).await.unwrap_err();
        assert!(matches!(error, StreamError::Endless), "{error}");
    }

    #[tokio::test(start_paused = true)]
    async fn one_byte_a_minute_does_not_outlast_the_deadline() {
        let (near, mut far) = tokio::io::duplex(1024);
        tokio::spawn(async move {
            for byte in b"250 ok but slow\r\n" {
                tokio::time::sleep(Duration::from_secs(50)).await;
                if far.write_all(&[*byte]).await.is_err() {
                    return;
                }
            }
        });
        let mut stream = Stream::new(Box::new(near), None);
        let error = stream.reply(Duration::from_mins(1)).await.unwrap_err();
        assert_eq!(error.to_string(), "the server did not answer within 60 seconds");
    }
}
