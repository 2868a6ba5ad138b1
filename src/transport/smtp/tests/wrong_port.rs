//! What answers is no mail server that takes letters, or says that it will not.

use std::sync::{Arc, Mutex};

use appel_messages::Message;
use tokio::time::{Duration, Instant, sleep};

use super::{Server, fatal, settings, temporary};
use crate::input::config::Security;
use crate::transport::smtp::connect::patiently;
use crate::transport::{ConnectError, Watcher};

async fn greets(words: &[&str]) -> Result<crate::transport::smtp::SmtpSession, ConnectError> {
    let settings = settings(None);
    let (mut server, client) = Server::with_client(&settings);
    let words: Vec<String> = words.iter().map(|words| (*words).to_owned()).collect();
    let far = tokio::spawn(async move {
        for words in words {
            server.says(&words).await;
            sleep(Duration::from_millis(300)).await;
        }
        // It waits for the client.
        server.hears().await;
    });
    let connected = client.await;
    far.abort();
    connected
}

#[tokio::test(start_paused = true)]
async fn another_service_is_named_within_ten_seconds() {
    for (words, what) in [
        (&["* OK [CAPABILITY IMAP4rev1] ready\r\n"][..], "reading mail (IMAP)"),
        (&["*", " O", "K ready\r\n"], "reading mail (IMAP)"),
        (&["+OK POP3 ready\r\n"], "fetching mail (POP3)"),
        (&["+", "OK"], "fetching mail (POP3)"),
        (&["HTTP/1.1 400 Bad Request\r\n\r\n"], "web pages (HTTP)"),
        (&["SSH-2.0-OpenSSH_9.9\r\n"], "remote logins (SSH)"),
        (&["\u{15}\u{3}\u{3}\0\u{2}\u{2}\u{a}"], "speaks TLS from the first byte"),
    ] {
        let begun = Instant::now();
        let (message, cause, hint) = fatal(greets(words).await);
        assert!(
            message.starts_with("mx.example port 25 ") && message.contains(what),
            "{message}"
        );
        assert!(
            hint.contains("no password was sent") && hint.contains("\"tls\""),
            "{hint}"
        );
        assert!(!cause.contains("^U"), "{cause}");
        assert!(begun.elapsed() < Duration::from_secs(10), "{words:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn nonsense_may_pass() {
    assert_eq!(
        temporary(greets(&["what?\r\n"]).await),
        "no greeting from mx.example port 25: the server sent something that is not an SMTP reply: what?"
    );
}

#[tokio::test(start_paused = true)]
async fn the_last_line_of_a_greeting_has_the_last_word() {
    let (what, cause, hint) = fatal(greets(&["220-hello\r\n", "521 blocked\r\n"]).await);
    assert_eq!(what, "mx.example does not take mail from here");
    assert_eq!(cause, "521 hello blocked");
    assert!(hint.contains("the network you are on"), "{hint}");
}

#[tokio::test(start_paused = true)]
async fn a_greeting_that_names_a_limit_is_told_as_one() {
    for limit in [
        "554 5.7.1 you have reached your daily relay quota\r\n",
        "550 5.7.1 hourly quota of your address is used up\r\n",
        "554 too many messages from you today\r\n",
        "220-mx.example\r\n554 sending limit reached\r\n",
    ] {
        match greets(&[limit]).await {
            // What delivery takes for the account's limit ends the run, and says so.
            Err(ConnectError::Temporary(reply)) => {
                assert!(crate::transport::limits::Limit::in_reply(&reply).is_some(), "{limit}");
            }
            Err(error @ ConnectError::Fatal { .. }) => {
                let (what, cause, hint) = fatal(Err::<(), _>(error));
                assert_eq!(what, "mx.example takes no letters for now: it speaks of a limit");
                assert!(cause.starts_with("55") && hint.contains("Wait"), "{cause} {hint}");
            }
            Ok(_) => panic!("connected"),
        }
    }
    for busy in [
        "421 too many connections from your IP\r\n",
        "554 5.7.0 Too many concurrent connections from you\r\n",
        "550 connection limit exceeded\r\n",
    ] {
        assert!(temporary(greets(&[busy]).await).contains("connection"), "{busy}");
    }
    let (_, _, hint) = fatal(greets(&["554 5.7.1 no mail from here\r\n"]).await);
    assert!(hint.contains("check smtp.host and smtp.port"), "{hint}");
    let (_, _, hint) = fatal(greets(&["554 5.7.1 192.0.2.1 is listed in a blacklist\r\n"]).await);
    assert!(hint.contains("the network you are on"), "{hint}");
}

#[tokio::test(start_paused = true)]
async fn an_ehlo_that_begins_well_and_ends_with_a_no_is_a_no() {
    let mut settings = settings(None);
    settings.security = Security::Starttls;
    let (mut server, client) = Server::with_client(&settings);
    let far = async {
        server.says("220 mx.example\r\n").await;
        server.hears().await;
        server.says("220-STARTTLS\r\n554 5.7.1 blocked\r\n").await;
        server.hears().await;
        server.says("554 5.7.1 blocked whoever you are\r\n").await;
    };
    let ((), connected) = tokio::join!(far, client);
    let (what, cause, _) = fatal(connected);
    assert_eq!(what, "mx.example refused the greeting");
    assert_eq!(cause, "554 5.7.1 blocked whoever you are");
}

#[derive(Clone, Default)]
struct Ear(Arc<Mutex<Vec<Message>>>);

impl Watcher for Ear {
    fn tell(&self, what: Message) {
        self.0.lock().unwrap().push(what);
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_is_told_of_after_five_seconds_and_not_before() {
    for (long, told) in [(4, 0), (6, 1), (600, 1)] {
        let ear = Ear::default();
        let begun = Instant::now();
        patiently(sleep(Duration::from_secs(long)), &ear, || {
            Message::quote("it takes long")
        })
        .await;
        assert_eq!(begun.elapsed().as_secs(), long);
        assert_eq!(ear.0.lock().unwrap().len(), told, "{long} seconds");
    }
}
