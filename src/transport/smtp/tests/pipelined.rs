//! Letters behind one another on a server with PIPELINING: which reply belongs to which, wherever it says no.

use super::{Server, message, settings};
use crate::transport::smtp::SmtpSession;
use crate::transport::{Attempt, Outcome, Session, Status, Then};

const OFFERS: &str = "250-mx.example\r\n250 PIPELINING\r\n";
const OPENS: &str = "250 sender\r\n250 to\r\n354 go\r\n";

/// A session on a server that says, each time it has heard one of these lines, the words beside it; the last words are
/// said and the line closed.
async fn on(script: Vec<(&'static str, &'static str)>) -> (SmtpSession, tokio::task::JoinHandle<Vec<String>>) {
    let settings = settings(None);
    let (mut server, client) = Server::with_client(&settings);
    let heard = tokio::spawn(async move {
        server.says("220 mx.example\r\n").await;
        server.hears().await;
        server.says(OFFERS).await;
        let mut heard = Vec::new();
        for (until, words) in script {
            loop {
                let line = server.hears().await;
                let ends = line.starts_with(until) || line.is_empty() && heard.last().is_some_and(String::is_empty);
                heard.push(line);
                if ends {
                    break;
                }
            }
            server.says(words).await;
        }
        heard
    });
    (client.await.unwrap(), heard)
}

fn status(attempt: &Attempt) -> (Option<Status>, Option<u16>, Option<Then>) {
    match attempt {
        Attempt::Ended(sent) => (Some(sent.outcome.status()), sent.outcome.reply().code, Some(sent.then)),
        Attempt::Unstarted(_) => (None, None, None),
    }
}

#[tokio::test(start_paused = true)]
async fn the_opening_of_the_next_letter_leaves_behind_the_end_of_the_one_before() {
    let (mut session, heard) = on(vec![
        ("DATA", OPENS),
        // With the dot, all of the next opening has come: nothing is said before it is heard.
        (
            "DATA",
            concat!("250 taken one\r\n", "250 sender\r\n250 to\r\n354 go\r\n"),
        ),
        (".", "250 taken two\r\n"),
    ])
    .await;
    let (one, two) = (message("one", &[]), message("two", &[]));
    let first = session.send(&one, Some(&two)).await;
    let second = session.send(&two, None).await;
    for (attempt, words) in [(first, "taken one"), (second, "taken two")] {
        let Attempt::Ended(sent) = attempt else {
            panic!("{attempt:?}")
        };
        assert_eq!(
            (sent.outcome.status(), &*sent.outcome.reply().text),
            (Status::Accepted, words)
        );
    }
    let heard = heard.await.unwrap();
    let dot = heard.iter().position(|line| line == ".").unwrap();
    assert_eq!(heard[dot + 1], "MAIL FROM:<me@y.example>");
    assert_eq!(heard[dot + 2], "RCPT TO:<two@y.example>");
}

#[tokio::test(start_paused = true)]
async fn a_no_at_any_place_of_a_group_is_the_answer_to_what_it_answers() {
    use Status::{Accepted, Deferred, Refused};
    use Then::{Reconnect, Reuse};
    let no_letters = "503 5.5.1 no\r\n";
    for (dot, opening, first, second, then) in [
        // The end of the first letter, then each step of the second's opening.
        (
            "451 later\r\n",
            OPENS.to_owned(),
            (Deferred, 451),
            (Accepted, 250),
            Reuse,
        ),
        (
            "554 never\r\n",
            OPENS.to_owned(),
            (Refused, 554),
            (Accepted, 250),
            Reuse,
        ),
        (
            "250 ok\r\n",
            format!("451 later\r\n{no_letters}{no_letters}"),
            (Accepted, 250),
            (Deferred, 451),
            Reuse,
        ),
        (
            "250 ok\r\n",
            format!("553 not you\r\n{no_letters}{no_letters}"),
            (Accepted, 250),
            (Refused, 553),
            Reuse,
        ),
        (
            "250 ok\r\n",
            format!("250 ok\r\n450 later\r\n{no_letters}"),
            (Accepted, 250),
            (Deferred, 450),
            Reuse,
        ),
        (
            "250 ok\r\n",
            format!("250 ok\r\n550 no such\r\n{no_letters}"),
            (Accepted, 250),
            (Refused, 550),
            Reuse,
        ),
        (
            "250 ok\r\n",
            "250 ok\r\n250 ok\r\n451 later\r\n".to_owned(),
            (Accepted, 250),
            (Deferred, 451),
            Reuse,
        ),
        (
            "250 ok\r\n",
            "250 ok\r\n250 ok\r\n554 never\r\n".to_owned(),
            (Accepted, 250),
            (Refused, 554),
            Reuse,
        ),
        // The To refused and DATA taken: only hanging up keeps an empty letter from leaving.
        (
            "250 ok\r\n",
            "250 ok\r\n550 no such\r\n354 go\r\n".to_owned(),
            (Accepted, 250),
            (Refused, 550),
            Reconnect,
        ),
    ] {
        let replies: &'static str = Box::leak(format!("{dot}{opening}").into_boxed_str());
        let mut script = vec![("DATA", OPENS), ("DATA", replies)];
        if then == Reuse {
            // The second letter's text, or the RSET behind its refusal.
            script.push((if second.0 == Accepted { "." } else { "RSET" }, "250 ok\r\n"));
        }
        let (mut session, heard) = on(script).await;
        let (one, two) = (message("one", &[]), message("two", &[]));
        let attempt = session.send(&one, Some(&two)).await;
        assert_eq!(
            status(&attempt),
            (Some(first.0), Some(first.1), Some(Reuse)),
            "{replies}"
        );
        let attempt = session.send(&two, None).await;
        assert_eq!(
            status(&attempt),
            (Some(second.0), Some(second.1), Some(then)),
            "{replies}"
        );
        drop(session);
        let texts = heard.await.unwrap().iter().filter(|line| *line == ".").count();
        assert_eq!(texts, if second.0 == Accepted { 2 } else { 1 }, "{replies}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_line_that_is_lost_at_any_place_of_a_group_leaves_only_the_letter_whose_text_left_in_doubt() {
    for (replies, first, second) in [
        ("", Some(Status::InDoubt), None),
        ("250 ok\r\n", Some(Status::Accepted), None),
        ("250 ok\r\n250 ok\r\n", Some(Status::Accepted), Some(Status::Deferred)),
        (
            "250 ok\r\n250 ok\r\n250 ok\r\n",
            Some(Status::Accepted),
            Some(Status::Deferred),
        ),
        ("250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n", Some(Status::Accepted), None),
    ] {
        let (mut session, _) = on(vec![("DATA", OPENS), ("DATA", replies)]).await;
        let (one, two) = (message("one", &[]), message("two", &[]));
        let attempt = session.send(&one, Some(&two)).await;
        assert_eq!(status(&attempt).0, first, "{replies}");
        if first != Some(Status::Accepted) {
            continue;
        }
        let attempt = session.send(&two, None).await;
        if replies.contains("354") {
            // The server had hung up before the text was written: it never had the dot.
            assert!(matches!(
                &attempt,
                Attempt::Ended(sent) if matches!(sent.outcome, Outcome::Deferred(_) | Outcome::InDoubt(_))
            ));
        } else {
            assert_eq!(status(&attempt).0, second, "{replies}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn another_letter_than_the_one_that_was_opened_is_not_sent_on_that_connection() {
    let (mut session, heard) = on(vec![
        ("DATA", OPENS),
        ("DATA", concat!("250 ok\r\n", "250 sender\r\n250 to\r\n354 go\r\n")),
    ])
    .await;
    let (one, two, three) = (message("one", &[]), message("two", &[]), message("three", &[]));
    session.send(&one, Some(&two)).await;
    assert!(matches!(session.send(&three, None).await, Attempt::Unstarted(_)));
    session.close().await;
    let heard = heard.await.unwrap();
    assert_eq!(heard.iter().filter(|line| *line == ".").count(), 1);
}

#[tokio::test(start_paused = true)]
async fn with_copies_the_text_waits_for_the_reply_to_every_address() {
    let (mut session, heard) = on(vec![
        ("RCPT TO:<copy", "250 sender\r\n550 no such\r\n250 copy\r\n"),
        ("RSET", "250 ok\r\n"),
    ])
    .await;
    let attempt = session.send(&message("one", &["copy"]), None).await;
    assert_eq!(status(&attempt), (Some(Status::Refused), Some(550), Some(Then::Reuse)));
    drop(session);
    assert!(!heard.await.unwrap().contains(&"DATA".to_owned()));
}
