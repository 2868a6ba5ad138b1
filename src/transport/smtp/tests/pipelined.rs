//! A letter's opening in one group on a server with PIPELINING: which reply belongs to what, wherever it says no, and
//! nothing of the next letter before the reply to the final dot.

use tokio::time::{Duration, timeout};

use super::{Server, message, settings};
use crate::transport::smtp::SmtpSession;
use crate::transport::{Attempt, Session, Status, Then};

const OFFERS: &str = "250-mx.example\r\n250 PIPELINING\r\n";
const OPENS: &str = "250 sender\r\n250 to\r\n354 go\r\n";

/// A session on a server that says, each time it has heard one of these lines, the words beside it, and closes the line
/// after the last of them.
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
        Attempt::Ended(sent) => (Some(sent.outcome.status), sent.outcome.reply.code, Some(sent.then)),
        Attempt::Unstarted(_) => (None, None, None),
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_said_behind_the_final_dot_before_its_reply() {
    let settings = settings(None);
    let (mut server, client) = Server::with_client(&settings);
    let far = tokio::spawn(async move {
        server.says("220 mx.example\r\n").await;
        server.hears().await;
        server.says(OFFERS).await;
        for letter in ["one", "two"] {
            while server.hears().await != "DATA" {}
            server.says(OPENS).await;
            while server.hears().await != "." {}
            // However long the reply takes.
            let early = timeout(Duration::from_mins(9), server.hears()).await;
            assert!(early.is_err(), "behind letter {letter}: {early:?}");
            server.says("250 taken\r\n").await;
        }
    });
    let mut session = client.await.unwrap();
    for to in ["one", "two"] {
        let attempt = session.send(&message(to, &[])).await;
        assert_eq!(status(&attempt).0, Some(Status::Accepted), "{attempt:?}");
    }
    far.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_no_at_any_place_of_a_group_is_the_answer_to_what_it_answers() {
    use Status::{Accepted, Deferred, Refused};
    use Then::{Reconnect, Reuse};
    for (opening, dot, outcome, then) in [
        (OPENS, "250 ok\r\n", (Accepted, 250), Reuse),
        (OPENS, "451 later\r\n", (Deferred, 451), Reuse),
        (OPENS, "554 never\r\n", (Refused, 554), Reuse),
        (OPENS, "421 closing\r\n", (Deferred, 421), Reconnect),
        (
            "451 later\r\n503 5.5.1 no\r\n503 5.5.1 no\r\n",
            "",
            (Deferred, 451),
            Reuse,
        ),
        (
            "553 not you\r\n503 5.5.1 no\r\n503 5.5.1 no\r\n",
            "",
            (Refused, 553),
            Reuse,
        ),
        ("250 ok\r\n450 later\r\n503 5.5.1 no\r\n", "", (Deferred, 450), Reuse),
        ("250 ok\r\n550 no such\r\n503 5.5.1 no\r\n", "", (Refused, 550), Reuse),
        ("250 ok\r\n250 ok\r\n451 later\r\n", "", (Deferred, 451), Reuse),
        ("250 ok\r\n250 ok\r\n554 never\r\n", "", (Refused, 554), Reuse),
        // The To refused and DATA taken: only hanging up keeps an empty letter from leaving.
        ("250 ok\r\n550 no such\r\n354 go\r\n", "", (Refused, 550), Reconnect),
    ] {
        let mut script = vec![("DATA", opening)];
        if !dot.is_empty() {
            script.push((".", dot));
        } else if then == Reuse {
            script.push(("RSET", "250 ok\r\n"));
        }
        let (mut session, heard) = on(script).await;
        let attempt = session.send(&message("one", &[])).await;
        assert_eq!(
            status(&attempt),
            (Some(outcome.0), Some(outcome.1), Some(then)),
            "{opening}{dot}"
        );
        drop(session);
        let texts = heard.await.unwrap().iter().filter(|line| *line == ".").count();
        assert_eq!(texts, usize::from(!dot.is_empty()), "{opening}{dot}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_line_that_is_lost_at_any_place_leaves_a_letter_in_doubt_only_behind_its_final_dot() {
    for (replies, outcome) in [
        ("", None),
        ("250 ok\r\n", Some(Status::Deferred)),
        ("250 ok\r\n250 ok\r\n", Some(Status::Deferred)),
    ] {
        let (mut session, _) = on(vec![("DATA", replies)]).await;
        let attempt = session.send(&message("one", &[])).await;
        assert_eq!(status(&attempt).0, outcome, "{replies}");
    }
    let (mut session, _) = on(vec![("DATA", OPENS), (".", "")]).await;
    let attempt = session.send(&message("one", &[])).await;
    assert_eq!(status(&attempt).0, Some(Status::InDoubt));
}

#[tokio::test(start_paused = true)]
async fn a_letter_that_was_answered_before_its_text_left_is_not_sent() {
    let (mut session, heard) = on(vec![("DATA", concat!("250 ok\r\n250 ok\r\n354 go\r\n", "250 ok\r\n"))]).await;
    let attempt = session.send(&message("one", &[])).await;
    assert_eq!(
        status(&attempt),
        (Some(Status::Deferred), None, Some(Then::Reconnect)),
        "{attempt:?}"
    );
    drop(session);
    assert!(!heard.await.unwrap().contains(&".".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn with_copies_the_text_waits_for_the_reply_to_every_address() {
    let (mut session, heard) = on(vec![
        ("RCPT TO:<copy", "250 sender\r\n550 no such\r\n250 copy\r\n"),
        ("RSET", "250 ok\r\n"),
    ])
    .await;
    let attempt = session.send(&message("one", &["copy"])).await;
    assert_eq!(status(&attempt), (Some(Status::Refused), Some(550), Some(Then::Reuse)));
    drop(session);
    assert!(!heard.await.unwrap().contains(&"DATA".to_owned()));
}
