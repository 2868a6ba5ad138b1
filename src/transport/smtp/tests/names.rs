//! The name in the greeting: which one is said, and what is tried when the server does not take it.

use appel_core::outcome::Status;

use super::{Server, fatal, message, settings, temporary};
use crate::input::config::Security;
use crate::transport::smtp::learned::Learned;
use crate::transport::smtp::{Login, Settings};
use crate::transport::{Attempt, ConnectError, Session};

/// For letters from `y.example`.
fn from_y() -> Settings {
    let mut settings = settings(None);
    settings.manner.domain = Some("y.example".to_owned());
    settings
}

/// A server that answers each line with the words beside it, and checks that it hears it.
async fn plays(server: &mut Server, script: &[(&str, &str)]) {
    server.says("220 mx.example\r\n").await;
    for (hears, says) in script {
        assert_eq!(server.hears().await, *hears);
        server.says(says).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_refuses_the_address_literal_is_greeted_with_the_senders_domain() {
    for no in [
        "501 5.5.4 invalid domain name\r\n",
        "550 5.7.1 we want a name\r\n",
        "504 5.5.2 not implemented\r\n",
        "553 no\r\n",
        "450 4.7.1 Helo command rejected: Host not found\r\n",
        "220-wait\r\n501 no\r\n",
    ] {
        let settings = from_y();
        let (mut server, client) = Server::with_client(&settings);
        let script = [("EHLO [127.0.0.1]", no), ("EHLO y.example", "250 welcome\r\n")];
        let ((), connected) = tokio::join!(plays(&mut server, &script), client);
        assert!(connected.is_ok(), "{no}");
        // The next connection knows.
        let (mut server, client) = Server::with_client(&settings);
        let script = [("EHLO y.example", "250 welcome\r\n")];
        let ((), connected) = tokio::join!(plays(&mut server, &script), client);
        assert!(connected.is_ok(), "{no}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_takes_neither_name_ends_the_run_and_says_which_key_changes_it() {
    let mut settings = from_y();
    settings.login = Some(Login::password("ann", "secret".to_owned().into()));
    let (mut server, client) = Server::with_client(&settings);
    let script = [
        ("EHLO [127.0.0.1]", "501 5.5.4 invalid\r\n"),
        ("EHLO y.example", "501 5.5.4 HELO name does not resolve\r\n"),
    ];
    let ((), connected) = tokio::join!(plays(&mut server, &script), client);
    let (what, cause, hint) = fatal(connected);
    assert_eq!(what, "mx.example refused the greeting");
    assert_eq!(cause, "501 5.5.4 HELO name does not resolve");
    assert!(hint.contains("smtp.helo"), "{hint}");
    assert!(!settings.manner.learned.found().wants_domain);
}

#[tokio::test(start_paused = true)]
async fn a_name_that_a_person_set_is_replaced_by_no_other() {
    let mut settings = from_y();
    settings.manner.helo = Some("laptop.home.example".to_owned());
    settings.login = Some(Login::password("ann", "secret".to_owned().into()));
    let (mut server, client) = Server::with_client(&settings);
    let script = [("EHLO laptop.home.example", "550 5.7.1 EHLO name is forged\r\n")];
    let ((), connected) = tokio::join!(plays(&mut server, &script), client);
    let (_, cause, hint) = fatal(connected);
    assert_eq!(cause, "550 5.7.1 EHLO name is forged");
    assert!(hint.contains("smtp.helo is \"laptop.home.example\""), "{hint}");
    assert_eq!(server.hears().await, "");
}

#[tokio::test(start_paused = true)]
async fn a_server_of_old_that_wants_a_name_gets_the_domain_the_old_way() {
    let settings = from_y();
    let (mut server, client) = Server::with_client(&settings);
    let script = [
        ("EHLO [127.0.0.1]", "500 what?\r\n"),
        ("HELO [127.0.0.1]", "501 no\r\n"),
        ("HELO y.example", "250 hello\r\n"),
    ];
    let ((), connected) = tokio::join!(plays(&mut server, &script), client);
    assert!(connected.is_ok());
}

#[tokio::test(start_paused = true)]
async fn before_tls_nobody_on_the_way_hears_a_domain_that_the_servers_name_does_not_tell() {
    let mut settings = from_y();
    settings.security = Security::Starttls;
    for (host, name) in [
        // What the server is called was told by connecting to it.
        ("smtp.provider.example", "smtp.provider.example"),
        ("smtp.y.example", "y.example"),
        ("127.0.0.1", "y.example"),
    ] {
        settings.host = host.to_owned();
        settings.manner.learned = Learned::default();
        let hello = format!("EHLO {name}");
        let (mut server, client) = Server::with_client(&settings);
        let script = [
            ("EHLO [127.0.0.1]", "501 5.5.4 I want a name\r\n"),
            (hello.as_str(), "250 and no more\r\n"),
        ];
        let ((), connected) = tokio::join!(plays(&mut server, &script), client);
        let (what, ..) = fatal(connected);
        assert!(what.contains("does not offer STARTTLS"), "{what}");
        // The next connection knows.
        let (mut server, client) = Server::with_client(&settings);
        let ((), connected) = tokio::join!(plays(&mut server, &script[1..]), client);
        fatal(connected);
    }
    // Under TLS it hears the domain.
    assert_eq!(settings.manner.name(), "y.example");

    settings.host = "192.0.2.1".to_owned();
    settings.manner.learned = Learned::default();
    let (mut server, client) = Server::with_client(&settings);
    let script = [("EHLO [127.0.0.1]", "501 5.5.4 I want a name\r\n")];
    let ((), connected) = tokio::join!(plays(&mut server, &script), client);
    let (_, _, hint) = fatal(connected);
    assert!(hint.contains("smtp.helo"), "{hint}");
    assert_eq!(server.hears().await, "");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_hangs_up_on_the_first_name_is_to_be_called_again() {
    let settings = from_y();
    let (mut server, client) = Server::with_client(&settings);
    let hang_up = async {
        plays(&mut server, &[("EHLO [127.0.0.1]", "550 5.7.1 no\r\n")]).await;
        drop(server);
    };
    let ((), connected) = tokio::join!(hang_up, client);
    temporary(connected);
    assert!(settings.manner.learned.found().wants_domain);
}

/// What comes of a letter when RCPT is answered so.
async fn letter(settings: &Settings, name: &str, step: &str, no: &str) -> Attempt {
    letter_offered(settings, name, "250 welcome\r\n", step, no).await
}

/// The same with an offer in the reply to EHLO.
async fn letter_offered(settings: &Settings, name: &str, offer: &str, step: &str, no: &str) -> Attempt {
    let (mut server, client) = Server::with_client(settings);
    let hello = format!("EHLO {name}");
    let script = [(hello.as_str(), offer)];
    let ((), connected) = tokio::join!(plays(&mut server, &script), client);
    let mut session = connected.unwrap_or_else(|_: ConnectError| panic!("connected"));
    let (step, no) = (step.to_owned(), no.to_owned());
    let far = tokio::spawn(async move {
        loop {
            let line = server.hears().await;
            if line.is_empty() {
                return;
            }
            let answer = match line.split(' ').next() {
                Some(verb) if step == verb => no.as_str(),
                Some("MAIL" | "RCPT" | "RSET") => "250 ok\r\n",
                Some("DATA") => "354 go\r\n",
                _ => continue,
            };
            server.says(answer).await;
            if answer.starts_with("354") {
                loop {
                    match server.hears_or_is_left().await.as_deref() {
                        Some(".") => break,
                        Some(_) => {}
                        None => return,
                    }
                }
                server.says("250 taken\r\n").await;
            }
        }
    });
    let attempt = session.send(&message("you", &[])).await;
    drop(session);
    far.await.unwrap();
    attempt
}

#[tokio::test(start_paused = true)]
async fn a_letter_that_is_refused_for_the_name_is_tried_again_under_the_senders_domain() {
    let no = "504 5.5.2 <[127.0.0.1]>: Helo command rejected: need fully-qualified hostname\r\n";
    for step in ["MAIL", "RCPT", "DATA"] {
        let settings = from_y();
        let first = letter(&settings, "[127.0.0.1]", step, no).await;
        assert!(matches!(first, Attempt::Again { .. }), "{step}: {first:?}");
        let Attempt::Ended(sent) = letter(&settings, "y.example", "", "").await else {
            panic!("ended")
        };
        assert_eq!(sent.outcome.status, Status::Accepted);
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_minds_the_name_at_mail_and_takes_the_rest_of_the_group_is_told_the_domain_all_the_same() {
    let no = "504 5.5.2 <[127.0.0.1]>: Helo command rejected: need fully-qualified hostname\r\n";
    let settings = from_y();
    let offer = "250-mx.example\r\n250 PIPELINING\r\n";
    let first = letter_offered(&settings, "[127.0.0.1]", offer, "MAIL", no).await;
    assert!(matches!(first, Attempt::Again { .. }), "{first:?}");
}

#[tokio::test(start_paused = true)]
async fn two_letters_running_whose_name_is_refused_and_cannot_be_another_end_the_run() {
    let mut settings = from_y();
    settings.manner.helo = Some("laptop".to_owned());
    let no = "550 5.7.1 <laptop>: Helo command rejected: not found\r\n";
    let Attempt::Ended(first) = letter(&settings, "laptop", "RCPT", no).await else {
        panic!("one letter proves nothing")
    };
    assert_eq!(first.outcome.status, Status::Deferred);
    let Attempt::Barred { why, .. } = letter(&settings, "laptop", "RCPT", no).await else {
        panic!("two do")
    };
    let (what, cause, hint) = fatal(Err::<(), _>(why));
    assert_eq!(
        what,
        "mx.example takes no letters from somebody who calls themselves laptop"
    );
    assert!(cause.contains("Helo command rejected"), "{cause}");
    assert!(hint.contains("take the line out"), "{hint}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_took_a_letter_does_not_mind_the_name_whatever_it_says_of_the_next() {
    let settings = from_y();
    letter(&settings, "[127.0.0.1]", "", "").await;
    let no = "550 5.7.1 the next server said: Helo command rejected\r\n";
    let Attempt::Ended(sent) = letter(&settings, "[127.0.0.1]", "RCPT", no).await else {
        panic!("ended")
    };
    assert_eq!(sent.outcome.status, Status::Refused);
}
