//! Passwords that the server refuses: whether somebody is asked for another one, and what is said in the end.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use appel_messages::Message;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use secrecy::SecretString;

use super::{Server, decoded, fatal, settings, temporary};
use crate::transport::ConnectError;
use crate::transport::smtp::{Fetching, Login, SecretSource, Settings};

/// Somebody who types these passwords, one each time, and remembers why they were asked.
struct Person {
    left: Mutex<VecDeque<&'static str>>,
    told: Mutex<Vec<String>>,
}

impl Person {
    fn who_types(passwords: &[&'static str]) -> Arc<Self> {
        Arc::new(Self {
            left: Mutex::new(passwords.iter().copied().collect()),
            told: Mutex::default(),
        })
    }

    fn told(&self) -> Vec<String> {
        self.told.lock().unwrap().clone()
    }
}

impl SecretSource for Person {
    fn fetch(&self, refused: ConnectError) -> Fetching<'_> {
        let (what, cause, hint) = fatal(Err::<(), _>(refused));
        self.told.lock().unwrap().push(format!("{what}: {cause}: {hint}"));
        let typed = self.left.lock().unwrap().pop_front();
        Box::pin(async move {
            typed.map(SecretString::from).ok_or_else(|| ConnectError::Fatal {
                what: Message::quote("no password was given"),
                cause: None,
                hint: Message::quote("run it again"),
            })
        })
    }
}

fn with(password: &str, person: &Arc<Person>) -> Settings {
    let person: Arc<dyn SecretSource> = person.clone();
    let login = Login::password("ann", SecretString::from(password));
    let from = Message::quote("a note on the table");
    settings(Some(login.whose_password_is(from, Some(person))))
}

impl Server {
    /// Takes this password and no other, and gives back what it was offered.
    async fn takes(mut self, right: &str) -> Vec<String> {
        self.welcomes_by("PLAIN LOGIN").await;
        let mut tried = Vec::new();
        while let Some(said) = self.hears().await.strip_prefix("AUTH PLAIN ") {
            let said = decoded(said);
            let password = said.strip_prefix("\0ann\0").unwrap();
            let verdict = if password == right {
                "235 2.7.0 welcome"
            } else {
                "535 5.7.8 no"
            };
            tried.push(password.to_owned());
            self.says(&format!("{verdict}\r\n")).await;
        }
        tried
    }
}

#[tokio::test(start_paused = true)]
async fn somebody_is_asked_once_for_another_password_which_is_tried_on_a_fresh_connection() {
    let person = Person::who_types(&["right", "never"]);
    let settings = with("wrong", &person);
    let (server, client) = Server::with_client(&settings);
    let (tried, connected) = tokio::join!(server.takes("right"), client);
    assert_eq!(temporary(connected), "535 5.7.8 no");
    assert_eq!(tried, ["wrong"]);
    let [told] = &person.told()[..] else {
        panic!("asked once")
    };
    let words = "mx.example did not accept ann and its password: 535 5.7.8 no: check smtp.username and the password, \
                 which came from a note on the table";
    assert!(told.starts_with(words), "{told}");

    for _ in 0..2 {
        let (server, client) = Server::with_client(&settings);
        let client = async { assert!(client.await.is_ok()) };
        let (tried, ()) = tokio::join!(server.takes("right"), client);
        assert_eq!(tried, ["right"]);
    }
    assert_eq!(person.told().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn nobody_is_asked_for_a_third_password() {
    let person = Person::who_types(&["second", "third"]);
    let settings = with("first", &person);
    let mut all = Vec::new();
    for is_last in [false, true] {
        let (server, client) = Server::with_client(&settings);
        let (tried, connected) = tokio::join!(server.takes("right"), client);
        all.extend(tried);
        if is_last {
            let (what, _, hint) = fatal(connected);
            assert_eq!(what, "mx.example did not accept ann and its password");
            assert!(hint.contains("refused too, and no third one is tried"), "{hint}");
        } else {
            temporary(connected);
        }
    }
    let (server, client) = Server::with_client(&settings);
    let (tried, connected) = tokio::join!(server.takes("right"), client);
    fatal(connected);
    all.extend(tried);
    assert_eq!(all, ["first", "second"]);
    assert_eq!(person.told().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_same_password_again_is_not_tried_again() {
    let person = Person::who_types(&["wrong"]);
    let settings = with("wrong", &person);
    let (server, client) = Server::with_client(&settings);
    let (tried, connected) = tokio::join!(server.takes("right"), client);
    assert_eq!(tried, ["wrong"]);
    let (_, _, hint) = fatal(connected);
    assert!(hint.contains("was not tried again"), "{hint}");
}

#[tokio::test(start_paused = true)]
async fn somebody_who_has_no_other_password_ends_the_run() {
    let person = Person::who_types(&[]);
    let settings = with("wrong", &person);
    let (server, client) = Server::with_client(&settings);
    let (tried, connected) = tokio::join!(server.takes("right"), client);
    assert_eq!(tried, ["wrong"]);
    let (what, cause, hint) = fatal(connected);
    assert_eq!(
        what,
        "mx.example did not accept ann and its password, and there is no other"
    );
    assert_eq!(cause, "535 5.7.8 no; then: no password was given");
    assert_eq!(hint, "run it again");
}

#[tokio::test(start_paused = true)]
async fn nobody_is_asked_in_the_middle_of_a_run_for_a_password_that_was_right() {
    let person = Person::who_types(&["another"]);
    let settings = with("right", &person);
    let (server, client) = Server::with_client(&settings);
    let client = async { assert!(client.await.is_ok()) };
    tokio::join!(server.takes("right"), client);
    let (server, client) = Server::with_client(&settings);
    let (_, connected) = tokio::join!(server.takes("changed"), client);
    let (_, _, hint) = fatal(connected);
    assert!(hint.contains("accepted before in this run"), "{hint}");
    assert_eq!(person.told().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn nobody_is_asked_when_the_refusal_is_not_of_the_password() {
    for (words, advice) in [
        ("550 5.7.1 not today", "It was tried once only"),
        (
            "535 5.7.139 Authentication unsuccessful, basic authentication is disabled.",
            "takes no password from mail programs",
        ),
    ] {
        let person = Person::who_types(&["another"]);
        let settings = with("right", &person);
        let (mut server, client) = Server::with_client(&settings);
        let refuse = async {
            server.welcomes_by("PLAIN LOGIN").await;
            server.hears().await;
            server.says(&format!("{words}\r\n")).await;
            assert_eq!(server.hears().await, "");
        };
        let ((), (_, _, hint)) = tokio::join!(refuse, async { fatal(client.await) });
        assert!(hint.contains(advice), "{hint}");
        assert_eq!(person.told().len(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn an_invisible_character_in_a_refused_password_is_named_and_the_password_is_not_shown() {
    for (password, name) in [
        ("zq7w\u{a0}rdsch", "the password holds a no-break space (U+00A0) inside"),
        (
            "zq7wrdsch\u{200b}",
            "the password holds a zero-width character (U+200B) at its end",
        ),
        (
            "\u{feff}zq7wrdsch",
            "the password holds a byte-order mark (U+FEFF) at its start",
        ),
        ("zq7wrdsch\r\n", "the password holds a line end (U+000D) at its end"),
        ("zq7wrdsch ", "the password holds a space at its end"),
        (
            "zq7\u{ff21}rdsch",
            "the password holds a full-width letter or sign inside",
        ),
    ] {
        let settings = settings(Some(Login::password("ann", SecretString::from(password))));
        let (server, client) = Server::with_client(&settings);
        let (_, connected) = tokio::join!(server.takes("right"), client);
        let (what, cause, hint) = fatal(connected);
        assert!(hint.starts_with(name), "{hint}");
        assert!(hint.contains("app password"), "{hint}");
        assert!(![what, cause, hint].concat().contains("rdsch"));
        // All is well: nothing is said.
        let settings = with(password, &Person::who_types(&[]));
        let (server, client) = Server::with_client(&settings);
        let client = async { assert!(client.await.is_ok()) };
        tokio::join!(server.takes(password), client);
    }
    let settings = settings(Some(Login::password("an\u{ad}n", SecretString::from("wrong"))));
    let (mut server, client) = Server::with_client(&settings);
    let refuse = async {
        server.welcomes_by("PLAIN").await;
        assert_eq!(
            server.hears().await,
            format!("AUTH PLAIN {}", BASE64.encode("\0an\u{ad}n\0wrong"))
        );
        server.says("535 5.7.8 no\r\n").await;
    };
    let ((), (_, _, hint)) = tokio::join!(refuse, async { fatal(client.await) });
    assert!(
        hint.starts_with("smtp.username holds a soft hyphen (U+00AD) inside"),
        "{hint}"
    );
}
