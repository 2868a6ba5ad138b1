//! A server that says anything: the dialogue ends, nothing counts as accepted without the server's yes to the final
//! dot, and what was said under no encryption, or to nobody, is no password.
//!
//! An input is a byte of settings, then what the server says, in turns that a byte 0 ends. A turn comes when the client
//! has said something; the byte 1 in it is the client's last line, as a server that quotes it would say it.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use appel::failure::{Failure, Style};
use appel::input::config::Security;
use appel::transport::smtp::{Fetching, Login, Manner, Renewal, SecretSource, Settings, over};
use appel::transport::{Attempt, ConnectError, Sent, Session, Then};
use appel_core::letter::{Envelope, LetterId, Message};
use appel_core::outcome::{Reply, Status};
use appel_core::{Address, Language};
use appel_messages::Message as Words;
use secrecy::SecretString;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::said;

/// The byte of settings: how the client signs in (nothing, a password, a token that can be had anew, one that cannot),
/// STARTTLS, an address that is not ASCII, copies, a text that has dots in it.
mod how {
    pub const SIGN_IN: u8 = 0b0000_0011;
    pub const STARTTLS: u8 = 0b0000_0100;
    pub const NOT_ASCII: u8 = 0b0001_0000;
    pub const COPIES: u8 = 0b0010_0000;
    pub const DOTS: u8 = 0b0100_0000;
}

/// No reply is kept that is longer.
pub const LONGEST_REPLY: usize = 64 * 1024;

const SECRET: &str = "gehe1m-Kennwort";
const NEXT_SECRET: &str = "gehe1m-Nachfolger";
/// Each of them as it is, and how it is said in AUTH: alone, and as PLAIN and XOAUTH2 have it.
const FORMS: [&str; 4] = [
    SECRET,
    "Z2VoZTFtLUtlbm53b3J0",
    "AGFubgBnZWhlMW0tS2VubndvcnQ=",
    "dXNlcj1hbm4BYXV0aD1CZWFyZXIgZ2VoZTFtLUtlbm53b3J0AQE=",
];
const NEXT_FORMS: [&str; 3] = [
    NEXT_SECRET,
    "Z2VoZTFtLU5hY2hmb2xnZXI=",
    "dXNlcj1hbm4BYXV0aD1CZWFyZXIgZ2VoZTFtLU5hY2hmb2xnZXIBAQ==",
];

/// One input.
///
/// # Panics
/// When a promise is broken.
pub fn check(input: &[u8]) {
    let Some((how, script)) = input.split_first() else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    let line = Line::new(script);
    let told = runtime.block_on(dialogue(*how, &line));
    let line = line.lock();
    said::tell(|| {
        let both = [&line.said, &line.heard].map(|bytes| String::from_utf8_lossy(bytes));
        format!("the server said:\n{}\nand heard:\n{}", both[0], both[1])
    });
    if how & how::STARTTLS != 0 {
        assert!(
            !line.heard.windows(4).any(|four| four == b"AUTH"),
            "signed in without encryption"
        );
        assert!(
            !line.heard.windows(4).any(|four| four == b"MAIL"),
            "a letter without encryption"
        );
    }
    let known = FORMS.iter().filter(|_| how & how::SIGN_IN != 0);
    // The second one is a secret from the time it was fetched. What a server said before that is its own, whatever it
    // is, and in however many pieces: libFuzzer knows these forms too, from the comparisons here.
    let before = line.renewed.map(|at| only_letters(&line.said[..at]));
    let is_secret = |form: &&&str| {
        let form = only_letters(form.as_bytes());
        before
            .as_ref()
            .is_some_and(|said| !said.windows(form.len()).any(|run| run == form))
    };
    let known: Vec<&&str> = known.chain(NEXT_FORMS.iter().filter(is_secret)).collect();
    for words in told {
        let quoted = known.iter().find(|secret| words.contains(***secret));
        assert_eq!(quoted, None, "{words}");
    }
}

/// Everything that anybody could be told of it.
async fn dialogue(how: u8, line: &Line) -> Vec<String> {
    let login = match how & how::SIGN_IN {
        1 => Some(Login::password("ann", SecretString::from(SECRET))),
        2 => {
            let renewal = Renewal::From(Arc::new(Successor(line.clone())));
            Some(Login::token("ann", SecretString::from(SECRET), renewal))
        }
        3 => {
            let renewal = Renewal::ByHand(Words::quote("get another one"));
            Some(Login::token("ann", SecretString::from(SECRET), renewal))
        }
        _ => None,
    };
    let settings = Settings {
        host: "mx.example".to_owned(),
        port: 25,
        security: if how & how::STARTTLS != 0 {
            Security::Starttls
        } else {
            Security::None
        },
        login,
        timeout: Duration::from_mins(1),
        proxy: None,
        manner: Manner::default(),
    };
    let mut told = Vec::new();
    let mut session = match over(Box::new(line.clone()), &settings, None).await {
        Ok(session) => session,
        Err(error) => {
            connecting_failed(&error, &mut told);
            return told;
        }
    };
    let letters: Vec<Message> = (0..3).map(|number| letter(number, how)).collect();
    for (number, letter) in letters.iter().enumerate() {
        line.lock().dot = None;
        match session.send(letter).await {
            Attempt::Unstarted(reply) | Attempt::Again { reply, .. } | Attempt::Barred { reply, .. } => {
                said::tell(|| format!("letter {number} was not taken: {reply:?}"));
                hear(&reply, &mut told);
                break;
            }
            Attempt::Ended(sent) => {
                said::tell(|| format!("letter {number}: {sent:?}"));
                is_evident(&sent, letter, line);
                for its in &sent.recipients {
                    hear(&its.outcome.reply, &mut told);
                }
                hear(&sent.outcome.reply, &mut told);
                if sent.then == Then::Reconnect {
                    break;
                }
            }
        }
    }
    session.close().await;
    told
}

/// What is said to be accepted was handed over whole, and answered with yes.
fn is_evident(sent: &Sent, letter: &Message, line: &Line) {
    let line = line.lock();
    let of_all = sent.recipients.iter().map(|its| &its.outcome).chain([&sent.outcome]);
    let mut taken = 0;
    for outcome in of_all.filter(|outcome| outcome.status == Status::Accepted) {
        taken += 1;
        let dot = line.dot.expect("accepted, although the final dot was not said");
        let code = outcome.reply.code.expect("accepted without a code");
        assert!((200..=299).contains(&code), "accepted with {code}");
        let answer = &line.said[dot..];
        assert!(
            // The last of several lines has the code, and all of them say yes.
            answer.starts_with((code / 100).to_string().as_bytes()),
            "{}",
            String::from_utf8_lossy(answer)
        );
    }
    let people = letter.envelope.recipients().count();
    assert!(sent.recipients.is_empty() || sent.recipients.len() == people);
    if taken > 0 && !sent.recipients.is_empty() {
        // The letter itself is counted too.
        assert!(taken <= people, "more were accepted than were asked for");
    }
    if line.dot.is_none() {
        assert!(
            sent.outcome.status != Status::InDoubt,
            "in doubt, and never handed over"
        );
    }
}

fn connecting_failed(error: &ConnectError, told: &mut Vec<String>) {
    match error {
        ConnectError::Temporary(reply) => hear(reply, told),
        ConnectError::Fatal { what, cause, hint } => {
            let mut failure = Failure::cannot_deliver(what.clone()).hint(hint.clone());
            failure.causes.extend(cause.clone());
            let shown = failure.render(&Style::PLAIN);
            assert!(shown.len() <= 2 * LONGEST_REPLY, "{} bytes", shown.len());
            said::tell(|| shown.clone());
            said::fit_to_show(&shown);
            let all = [Some(what), cause.as_ref(), Some(hint)];
            told.extend(all.into_iter().flatten().map(Words::in_english));
        }
    }
}

fn hear(reply: &Reply, told: &mut Vec<String>) {
    assert!(reply.text.len() <= LONGEST_REPLY, "{} bytes are kept", reply.text.len());
    said::fit_to_show(&reply.told_with_code().in_english());
    told.push(reply.text.clone());
    told.push(reply.text.replace('\n', ""));
}

fn letter(number: u8, how: u8) -> Message {
    let address = |name: &str| Address::parse(&format!("{name}@y.example")).expect("an address");
    let (from, to) = (
        address("me"),
        address(if how & how::NOT_ASCII == 0 { "you" } else { "dü" }),
    );
    let copies: &[&str] = if how & how::COPIES == 0 { &[] } else { &["c1", "c2"] };
    let id = LetterId::new("test", &number.to_string(), &from, &to);
    Message {
        id,
        letter: "protest".to_owned(),
        language: Language::parse("en").expect("a language"),
        message_id: id.message_id(&from),
        envelope: Envelope::new(from, to, copies.iter().map(|name| address(name))),
        subject: "Hi".to_owned(),
        facts: "{}".into(),
        bytes: if how & how::DOTS == 0 {
            b"Subject: Hi\r\n\r\nHi\r\n".to_vec()
        } else {
            b"Subject: Hi\r\n\r\n.\r\n.\r\n".to_vec()
        },
    }
}

/// Another token, then the same one again.
struct Successor(Line);

impl SecretSource for Successor {
    fn fetch(&self, _: ConnectError) -> Fetching<'_> {
        Box::pin(async {
            let mut server = self.0.lock();
            let said = server.said.len();
            server.renewed.get_or_insert(said);
            Ok(SecretString::from(NEXT_SECRET))
        })
    }
}

fn only_letters(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().filter(u8::is_ascii_alphanumeric).collect()
}

/// The client's end of a line to the server of a script.
#[derive(Clone)]
struct Line(Arc<Mutex<Server>>);

struct Server {
    /// What is still to be said, by turns, the next one last.
    turns: Vec<Vec<u8>>,
    /// The turn that is being said.
    saying: Vec<u8>,
    /// All that was said.
    said: Vec<u8>,
    /// All that the client said.
    heard: Vec<u8>,
    /// Whether the client said something since the last turn.
    asked: bool,
    /// How much was said when the client said the final dot.
    dot: Option<usize>,
    /// How much was said when the client had its second secret.
    renewed: Option<usize>,
}

impl Line {
    fn new(script: &[u8]) -> Self {
        let mut turns: Vec<Vec<u8>> = script.split(|byte| *byte == 0).map(<[u8]>::to_vec).collect();
        turns.reverse();
        Self(Arc::new(Mutex::new(Server {
            turns,
            saying: Vec::new(),
            said: Vec::new(),
            heard: Vec::new(),
            asked: true,
            dot: None,
            renewed: None,
        })))
    }

    fn lock(&self) -> MutexGuard<'_, Server> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Server {
    /// The last line of the client, without its end.
    fn quoted(&self) -> Vec<u8> {
        let heard = self.heard.strip_suffix(b"\r\n").unwrap_or(&self.heard);
        let begin = heard.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        heard[begin..].to_vec()
    }

    fn next_turn(&mut self) {
        let Some(turn) = self.turns.pop() else { return };
        self.asked = false;
        for byte in turn {
            if byte == 1 {
                self.saying.extend(self.quoted());
            } else {
                self.saying.push(byte);
            }
        }
    }
}

impl AsyncRead for Line {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut server = self.lock();
        if server.saying.is_empty() && server.asked {
            if server.turns.is_empty() {
                return Poll::Ready(Ok(()));
            }
            server.next_turn();
        }
        if server.saying.is_empty() {
            // It waits for the client to speak: so both wait, until the client has waited long enough.
            return Poll::Pending;
        }
        let length = server.saying.len().min(buffer.remaining());
        let now: Vec<u8> = server.saying.drain(..length).collect();
        server.said.extend_from_slice(&now);
        buffer.put_slice(&now);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Line {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut server = self.lock();
        if let Some(dot) = server.dot {
            // What is said of a letter comes behind the reply to the one before.
            let unanswered = server.said.len() == dot;
            assert!(
                !unanswered || bytes == b"QUIT\r\n",
                "said before the reply to the final dot"
            );
        }
        let before = server.heard.len().saturating_sub(4);
        server.heard.extend_from_slice(bytes);
        if server.heard[before..].windows(5).any(|end| end == b"\r\n.\r\n") {
            assert!(
                server.heard.ends_with(b"\r\n.\r\n"),
                "more is said behind the final dot"
            );
            server.dot = Some(server.said.len());
        }
        server.asked = true;
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
