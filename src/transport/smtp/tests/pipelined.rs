//! A letter's opening in one group on a server with PIPELINING: which reply belongs to what, wherever it says no, and
//! nothing of the next letter before the reply to the final dot.

use tokio::time::{Duration, Instant, timeout};

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
        Attempt::Unstarted(_) | Attempt::Again { .. } | Attempt::Barred { .. } => (None, None, None),
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
    // A group that was never answered whole may be what the server cannot bear.
    for replies in ["", "250 ok\r\n", "250 ok\r\n250 ok\r\n"] {
        let (mut session, heard) = on(vec![("DATA", replies)]).await;
        let attempt = session.send(&message("one", &[])).await;
        assert!(matches!(attempt, Attempt::Again { .. }), "{replies}: {attempt:?}");
        assert!(!heard.await.unwrap().contains(&".".to_owned()));
    }
    // One that is known to bear groups has lost the line.
    for (replies, outcome) in [
        ("", None),
        ("250 ok\r\n", Some(Status::Deferred)),
        ("250 ok\r\n250 ok\r\n", Some(Status::Deferred)),
    ] {
        let (mut session, _) = on(vec![("DATA", OPENS), (".", "250 taken\r\n"), ("DATA", replies)]).await;
        session.send(&message("one", &[])).await;
        let attempt = session.send(&message("two", &[])).await;
        assert_eq!(status(&attempt).0, outcome, "{replies}");
    }
    let (mut session, _) = on(vec![("DATA", OPENS), (".", "")]).await;
    let attempt = session.send(&message("one", &[])).await;
    assert_eq!(status(&attempt).0, Some(Status::InDoubt));
}

#[tokio::test(start_paused = true)]
async fn a_group_of_which_only_the_first_command_is_answered_is_given_up_after_ten_seconds() {
    for (copies, last) in [(&[][..], "DATA"), (&["copy"][..], "RCPT TO:<copy")] {
        let settings = settings(None);
        let (mut server, client) = Server::with_client(&settings);
        let far = tokio::spawn(async move {
            server.says("220 mx.example\r\n").await;
            server.hears().await;
            server.says(OFFERS).await;
            while !server.hears().await.starts_with(last) {}
            server.says("250 sender\r\n").await;
            // What came behind it was dropped.
            server.hears().await
        });
        let mut session = client.await.unwrap();
        let begun = Instant::now();
        let attempt = session.send(&message("one", copies)).await;
        assert!(matches!(attempt, Attempt::Again { .. }), "{attempt:?}");
        assert_eq!(begun.elapsed().as_secs(), 10);
        drop(session);
        assert_eq!(far.await.unwrap(), "", "nothing more is said on that line");
        assert_eq!(settings.manner.learned.found().pipelining, Some(false));

        // The next connection sends one command at a time, and has the patience of always.
        let (mut server, client) = Server::with_client(&settings);
        let far = tokio::spawn(async move {
            server.says("220 mx.example\r\n").await;
            server.hears().await;
            server.says(OFFERS).await;
            for reply in ["250 sender\r\n"]
                .into_iter()
                .chain(vec!["250 to\r\n"; 1 + copies.len()])
                .chain(["354 go\r\n"])
            {
                server.hears().await;
                let early = timeout(Duration::from_secs(50), server.hears()).await;
                assert!(early.is_err(), "it did not wait for the reply: {early:?}");
                server.says(reply).await;
            }
            while server.hears().await != "." {}
            server.says("250 taken\r\n").await;
        });
        let mut session = client.await.unwrap();
        let attempt = session.send(&message("one", copies)).await;
        assert_eq!(status(&attempt).0, Some(Status::Accepted), "{attempt:?}");
        far.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_group_that_is_answered_out_of_turn_is_not_the_letters_fault() {
    for replies in [
        "250 ok\r\n503 5.5.1 bad sequence\r\n503 5.5.1 bad sequence\r\n",
        "250 ok\r\n500 5.5.1 what?\r\n500 5.5.1 what?\r\n",
        "250 ok\r\n250 ok\r\n503 5.5.1 bad sequence\r\n",
        "250 ok\r\n554 5.5.0 Improper use of SMTP command pipelining\r\n503 no\r\n",
        "554 5.5.0 SMTP synchronization error\r\n503 no\r\n503 no\r\n",
    ] {
        let (mut session, heard) = on(vec![("DATA", replies)]).await;
        let attempt = session.send(&message("one", &[])).await;
        assert!(matches!(attempt, Attempt::Again { .. }), "{replies}: {attempt:?}");
        drop(session);
        assert!(!heard.await.unwrap().contains(&".".to_owned()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_is_refused_says_nothing_against_groups() {
    let settings = settings(None);
    let (mut server, client) = Server::with_client(&settings);
    let far = tokio::spawn(async move {
        server.says("220 mx.example\r\n").await;
        server.hears().await;
        server.says(OFFERS).await;
        while server.hears().await != "DATA" {}
        server.says("250 ok\r\n550 no such user\r\n503 5.5.1 no\r\n").await;
        assert_eq!(server.hears().await, "RSET");
        server.says("250 ok\r\n").await;
    });
    let mut session = client.await.unwrap();
    let attempt = session.send(&message("one", &[])).await;
    assert_eq!(status(&attempt), (Some(Status::Refused), Some(550), Some(Then::Reuse)));
    far.await.unwrap();
    assert_eq!(settings.manner.learned.found().pipelining, Some(true));
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
