//! Servers that are slow: what is waited for, and what is not.

use appel_core::outcome::Status;
use secrecy::SecretString;
use tokio::time::{Duration, Instant, sleep};

use super::{OFFERS, Server, message, settings, temporary};
use crate::transport::smtp::Login;
use crate::transport::{Attempt, Session};

/// Whole minutes since then.
fn minutes(begun: Instant) -> u64 {
    begun.elapsed().as_secs() / 60
}

#[tokio::test(start_paused = true)]
async fn a_greeting_within_five_minutes_is_waited_for_and_a_later_one_is_not() {
    for (late, comes) in [(299, true), (301, false)] {
        let settings = settings(None);
        let (mut server, client) = Server::with_client(&settings);
        let server = tokio::spawn(async move {
            sleep(Duration::from_secs(late)).await;
            if comes {
                server.welcomes().await;
            }
        });
        let connected = client.await;
        assert_eq!(connected.is_ok(), comes, "after {late} seconds");
        if !comes {
            let said = "no greeting from mx.example port 25: the server did not answer within 5 minutes";
            assert_eq!(temporary(connected), said);
        }
        server.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_greeting_of_one_byte_a_minute_is_given_up_after_five_minutes() {
    let settings = settings(None);
    let (mut server, client) = Server::with_client(&settings);
    let begun = Instant::now();
    tokio::spawn(async move { server.drips("220 mx.example at your service\r\n").await });
    let said = "no greeting from mx.example port 25: the server did not answer within 5 minutes";
    assert_eq!(temporary(client.await), said);
    assert_eq!(minutes(begun), 5);
}

#[tokio::test(start_paused = true)]
async fn a_reply_to_ehlo_of_one_byte_a_minute_is_given_up_after_the_timeout() {
    let settings = settings(None);
    let (mut server, client) = Server::with_client(&settings);
    let begun = Instant::now();
    tokio::spawn(async move {
        server.says("220 mx.example\r\n").await;
        server.hears().await;
        server.drips(OFFERS).await;
    });
    assert_eq!(temporary(client.await), "the server did not answer within 60 seconds");
    assert_eq!(minutes(begun), 1);
}

#[tokio::test(start_paused = true)]
async fn a_reply_to_auth_of_one_byte_a_minute_is_given_up_after_the_timeout() {
    let settings = settings(Some(Login::password("ann", SecretString::from("secret"))));
    let (mut server, client) = Server::with_client(&settings);
    let begun = Instant::now();
    tokio::spawn(async move {
        server.welcomes().await;
        server.hears().await;
        server.drips("235 2.7.0 welcome\r\n").await;
    });
    assert_eq!(temporary(client.await), "the server did not answer within 60 seconds");
    assert_eq!(minutes(begun), 1);
}

#[tokio::test(start_paused = true)]
async fn a_reply_to_the_final_dot_of_one_byte_a_minute_leaves_the_letter_in_doubt_after_ten_minutes() {
    let settings = settings(None);
    let (mut server, client) = Server::with_client(&settings);
    tokio::spawn(async move {
        server.welcomes().await;
        for reply in ["250 ok\r\n", "250 ok\r\n", "354 go\r\n"] {
            server.hears().await;
            server.says(reply).await;
        }
        while server.hears().await != "." {}
        server.drips("250 2.0.0 queued\r\n").await;
    });
    let mut session = client.await.unwrap();
    let begun = Instant::now();
    let Attempt::Ended(sent) = session.send(&message("you", &[])).await else {
        panic!("it was begun")
    };
    assert_eq!(sent.outcome.status, Status::InDoubt);
    assert_eq!(
        sent.outcome.told().in_english(),
        "the letter was handed over, then the server did not answer within 10 minutes"
    );
    assert_eq!(minutes(begun), 10);
}

#[tokio::test(start_paused = true)]
async fn a_shorter_timeout_that_a_person_set_holds_for_the_greeting_too() {
    for (timeout, greeting) in [(20, 20), (59, 59), (60, 300), (400, 400)] {
        let mut settings = settings(None);
        settings.timeout = Duration::from_secs(timeout);
        let (_server, client) = Server::with_client(&settings);
        let begun = Instant::now();
        assert!(temporary(client.await).starts_with("no greeting from mx.example port 25"));
        assert_eq!(begun.elapsed().as_secs(), greeting, "timeout {timeout}");
    }
}
