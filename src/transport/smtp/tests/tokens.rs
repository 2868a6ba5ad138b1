//! Access tokens that the server refuses: how often what is tried, and what is said in the end.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use appel_messages::Message;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use secrecy::SecretString;
use tokio::time::{Duration, sleep};

use super::{Server, fatal, settings, temporary};
use crate::transport::ConnectError;
use crate::transport::smtp::{Fetching, Login, Renewal, SecretSource};

/// Gives these tokens one after the other, each after a second; the last one for ever.
struct Tokens {
    left: Mutex<VecDeque<&'static str>>,
    asked: AtomicUsize,
    busy: AtomicUsize,
}

impl Tokens {
    fn new(tokens: &[&'static str]) -> Arc<Self> {
        Arc::new(Self {
            left: Mutex::new(tokens.iter().copied().collect()),
            asked: AtomicUsize::new(0),
            busy: AtomicUsize::new(0),
        })
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

impl SecretSource for Tokens {
    fn fetch(&self, _: ConnectError) -> Fetching<'_> {
        Box::pin(async {
            self.asked.fetch_add(1, Ordering::Relaxed);
            assert_eq!(self.busy.fetch_add(1, Ordering::Relaxed), 0, "asked twice at once");
            sleep(Duration::from_secs(1)).await;
            self.busy.fetch_sub(1, Ordering::Relaxed);
            let mut left = self.left.lock().unwrap();
            let token = if left.len() > 1 {
                left.pop_front()
            } else {
                left.front().copied()
            };
            token.map(SecretString::from).ok_or_else(|| ConnectError::Fatal {
                what: Message::quote("smtp.password-command failed"),
                cause: Some(Message::quote("exit status: 1")),
                hint: Message::quote("run it yourself"),
            })
        })
    }
}

fn login(first: &str, source: &Arc<Tokens>) -> Login {
    let source: Arc<dyn SecretSource> = source.clone();
    Login::token("ann", SecretString::from(first), Renewal::From(source))
}

impl Server {
    /// The token that the client signs in with; `None` when it is gone.
    async fn hears_token(&mut self) -> Option<String> {
        let line = self.hears().await;
        let said = BASE64.decode(line.strip_prefix("AUTH XOAUTH2 ")?).unwrap();
        let said = String::from_utf8(said).unwrap();
        let token = said.strip_prefix("user=ann\u{1}auth=Bearer ").unwrap();
        Some(token.strip_suffix("\u{1}\u{1}").unwrap().to_owned())
    }

    /// Takes this token and no other, and gives back what it was offered.
    async fn admits(mut self, right: &str) -> Vec<String> {
        self.welcomes().await;
        let mut tried = Vec::new();
        while let Some(token) = self.hears_token().await {
            if token == right {
                self.says("235 2.7.0 welcome\r\n").await;
            } else {
                self.refuses_token().await;
            }
            tried.push(token);
        }
        tried
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_is_renewed_once_on_the_same_connection() {
    let source = Tokens::new(&["fresh"]);
    let settings = settings(Some(login("stale", &source)));
    let (server, client) = Server::with_client(&settings);
    let client = async {
        assert!(client.await.is_ok());
    };
    let (tried, ()) = tokio::join!(server.admits("fresh"), client);
    assert_eq!(
        (tried, source.asked()),
        (vec!["stale".to_owned(), "fresh".to_owned()], 1)
    );
}

#[tokio::test(start_paused = true)]
async fn two_tokens_are_tried_and_never_a_third() {
    let source = Tokens::new(&["second", "third", "fourth"]);
    let settings = settings(Some(login("first", &source)));
    let (server, client) = Server::with_client(&settings);
    let (tried, connected) = tokio::join!(server.admits("right"), client);
    assert_eq!(
        (tried, source.asked()),
        (vec!["first".to_owned(), "second".to_owned()], 1)
    );
    let (message, cause, hint) = fatal(connected);
    assert_eq!(message, "mx.example did not accept the access token of ann");
    assert_eq!(
        cause,
        "535 5.7.8 not accepted (the server's reason: schemes bearer, status 401)"
    );
    assert!(
        hint.contains("that one was refused too; no third one is tried"),
        "{hint}"
    );

    // Nor by the next connection.
    let (server, client) = Server::with_client(&settings);
    let (tried, connected) = tokio::join!(server.admits("right"), client);
    assert_eq!((tried.len(), source.asked()), (0, 1));
    fatal(connected);
}

#[tokio::test(start_paused = true)]
async fn the_same_token_again_is_not_tried_again() {
    let source = Tokens::new(&["stale"]);
    let settings = settings(Some(login("stale", &source)));
    let (server, client) = Server::with_client(&settings);
    let (tried, connected) = tokio::join!(server.admits("right"), client);
    assert_eq!((tried.len(), source.asked()), (1, 1));
    let (_, _, hint) = fatal(connected);
    assert!(hint.contains("gave the same one again"), "{hint}");
}

#[tokio::test(start_paused = true)]
async fn a_command_that_fails_is_said_beside_the_servers_words() {
    let source = Tokens::new(&[]);
    let settings = settings(Some(login("stale", &source)));
    let (server, client) = Server::with_client(&settings);
    let (tried, connected) = tokio::join!(server.admits("right"), client);
    assert_eq!((tried.len(), source.asked()), (1, 1));
    let (message, cause, hint) = fatal(connected);
    assert_eq!(
        message,
        "mx.example did not accept the access token of ann, and there is no other"
    );
    assert_eq!(
        cause,
        "535 5.7.8 not accepted (the server's reason: schemes bearer, status 401); then: smtp.password-command failed; then: exit status: 1"
    );
    assert_eq!(hint, "run it yourself");
}

#[tokio::test(start_paused = true)]
async fn a_token_that_expires_again_is_renewed_again_once_it_had_been_accepted() {
    let source = Tokens::new(&["second", "third", "fourth"]);
    let settings = settings(Some(login("first", &source)));
    for (right, expect) in [
        ("first", vec!["first"]),
        ("second", vec!["first", "second"]),
        ("third", vec!["second", "third"]),
        ("third", vec!["third"]),
    ] {
        let (server, client) = Server::with_client(&settings);
        let client = async {
            assert!(client.await.is_ok());
        };
        let (tried, ()) = tokio::join!(server.admits(right), client);
        assert_eq!(tried, expect);
    }
    assert_eq!(source.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn connections_that_meet_an_expired_token_at_once_have_it_renewed_by_one_of_them() {
    let source = Tokens::new(&["second", "third"]);
    let settings = settings(Some(login("first", &source)));
    let dial = || async {
        let (server, client) = Server::with_client(&settings);
        let client = async {
            assert!(client.await.is_ok());
        };
        tokio::join!(server.admits("second"), client).0
    };
    let (a, b, c) = tokio::join!(dial(), dial(), dial());
    assert_eq!([a, b, c], [["first", "second"]; 3]);
    assert_eq!(source.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_comes_while_a_token_is_being_renewed_waits_for_the_new_one() {
    let source = Tokens::new(&["second", "third"]);
    let settings = settings(Some(login("first", &source)));
    let dial = |after| {
        let settings = &settings;
        async move {
            sleep(Duration::from_millis(after)).await;
            let (server, client) = Server::with_client(settings);
            let client = async {
                assert!(client.await.is_ok());
            };
            tokio::join!(server.admits("second"), client).0
        }
    };
    // It takes a second to fetch one.
    let (a, b) = tokio::join!(dial(0), dial(500));
    assert_eq!(
        (a, b),
        (vec!["first".to_owned(), "second".to_owned()], vec!["second".to_owned()])
    );
    assert_eq!(source.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn connections_that_meet_a_token_that_cannot_be_renewed_try_its_successor_once_between_them() {
    let source = Tokens::new(&["second", "third"]);
    let settings = settings(Some(login("first", &source)));
    let dial = || async {
        let (server, client) = Server::with_client(&settings);
        let (tried, connected) = tokio::join!(server.admits("right"), client);
        fatal(connected);
        tried
    };
    let (a, b, c) = tokio::join!(dial(), dial(), dial());
    let tried = [a, b, c].concat();
    assert_eq!(tried.iter().filter(|token| *token == "second").count(), 1, "{tried:?}");
    assert_eq!(source.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_password_that_is_refused_is_not_tried_again_by_any_connection() {
    let settings = settings(Some(Login::password("ann", SecretString::from("wrong"))));
    let (mut server, client) = Server::with_client(&settings);
    let refuse = async {
        server.welcomes().await;
        assert!(server.hears().await.starts_with("AUTH PLAIN "));
        server.says("535 5.7.8 no\r\n").await;
        assert_eq!(server.hears().await, "");
    };
    let ((), connected) = tokio::join!(refuse, async { fatal(client.await) });
    assert!(connected.2.contains("It was tried once only"), "{connected:?}");

    let (mut server, client) = Server::with_client(&settings);
    let hear = async {
        server.welcomes().await;
        assert_eq!(server.hears().await, "", "the second connection signs in");
    };
    tokio::join!(hear, async { fatal(client.await) });
}

#[tokio::test(start_paused = true)]
async fn a_server_that_hangs_up_on_its_challenge_has_refused_the_token() {
    let login = Login::token(
        "ann",
        SecretString::from("stale"),
        Renewal::ByHand(Message::quote("get another")),
    );
    let settings = settings(Some(login));
    let (mut server, client) = Server::with_client(&settings);
    let hang_up = async {
        server.welcomes().await;
        server.hears_token().await;
        server.says("334 e30=\r\n").await;
        drop(server);
    };
    let ((), connected) = tokio::join!(hang_up, client);
    let (_, cause, hint) = fatal(connected);
    assert!(cause.contains("the connection was lost"), "{cause}");
    assert_eq!(hint, "get another");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_cannot_look_at_the_token_just_now_has_not_refused_it() {
    let source = Tokens::new(&["other"]);
    let settings = settings(Some(login("good", &source)));
    let (mut server, client) = Server::with_client(&settings);
    let deferred = async {
        server.welcomes().await;
        server.hears_token().await;
        server.says("454 4.7.0 later\r\n").await;
    };
    let ((), connected) = tokio::join!(deferred, client);
    assert_eq!(temporary(connected), "454 4.7.0 later");
    assert_eq!(source.asked(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_reason_for_refusing_a_token_is_shown_in_words_and_obeyed_by_no_terminal() {
    for (challenge, expect) in [
        (
            BASE64.encode(r#"{"status":"400","schemes":"Bearer","scope":"https://mail.example/"}"#),
            "schemes Bearer, scope https://mail.example/, status 400",
        ),
        (
            BASE64
                .encode("{\"status\":400,\"note\":\"\\u001b[2J\u{202e}x\"}")
                .trim_end_matches('=')
                .to_owned(),
            "note ^[[2J<U+202E>x, status 400",
        ),
        (BASE64.encode(b"\xff\x1b]0;owned\x07"), "\u{fffd}^[]0;owned^G"),
        ("not base64 \u{1b}[2J!".to_owned(), "not base64 ^[[2J!"),
        (BASE64.encode("y".repeat(5_000)), &"y".repeat(300)),
    ] {
        let login = Login::token(
            "ann",
            SecretString::from("stale"),
            Renewal::ByHand(Message::quote("get another")),
        );
        let settings = settings(Some(login));
        let (mut server, client) = Server::with_client(&settings);
        let refuse = async {
            server.welcomes().await;
            server.hears_token().await;
            server.says(&format!("334 {challenge}\r\n")).await;
            server.hears().await;
            server.says("535 5.7.8 no\r\n").await;
        };
        let ((), connected) = tokio::join!(refuse, client);
        let (_, cause, _) = fatal(connected);
        assert_eq!(cause, format!("535 5.7.8 no (the server's reason: {expect})"));
    }
}

#[test]
fn a_login_never_shows_its_secret() {
    let source = Tokens::new(&["fresh"]);
    let shown = format!("{:?}", settings(Some(login("zq7-Rdsch", &source))));
    assert!(shown.contains("ann") && !shown.contains("zq7"), "{shown}");
}
