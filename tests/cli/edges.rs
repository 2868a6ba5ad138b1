//! Servers with ideas of their own, and ports where none is: what a person is told, and how soon; and letters that leave
//! all the same.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use crate::support::{Builder, Campaign, Groups, Run, Server, Step, Tls, accepted};

/// A port that says this to whoever comes, before it has heard anything, and keeps the line open.
fn says(words: &'static [u8]) -> u16 {
    answers(words, false)
}

/// The same, or only once it has heard something.
fn answers(words: &'static [u8], only_then: bool) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        while let Ok((mut line, _)) = listener.accept() {
            if only_then {
                let _ = line.read(&mut [0; 512]);
            }
            let _ = line.write_all(words);
            kept.push(line);
        }
    });
    port
}

/// Two letters for whatever is at a port.
fn campaign(port: u16, security: &str) -> Campaign {
    let nobody = Server::builder().start();
    Campaign::new()
        .people(2)
        .smtp(&nobody)
        .unset("smtp.timeout")
        .unset("smtp.retry-for")
        .set("smtp.security", security)
        .set_toml("smtp.port", &port.to_string())
}

/// The run ends within ten seconds with these words; both letters are still due.
#[track_caller]
fn ends_at_once(campaign: &Campaign, words: &[&str]) {
    let begun = Instant::now();
    let run = campaign.send_json(&[]);
    run.exits(4).says(words).says(&["2 letters not sent"]);
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    assert_eq!(run.outcomes(), ["m1@mfa.example deferred", "m2@mfa.example deferred"]);
    assert_eq!(campaign.standing()[4], 2);
}

#[test]
fn a_port_of_another_service_ends_the_run_at_once_and_says_whose_it_is() {
    for (words, name) in [
        (
            &b"* OK [CAPABILITY IMAP4rev1 STARTTLS] Dovecot ready.\r\n"[..],
            "(IMAP)",
        ),
        (b"+OK Dovecot ready.\r\n", "(POP3)"),
        (b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", "(HTTP)"),
        (b"SSH-2.0-OpenSSH_9.9\r\n", "(SSH)"),
    ] {
        let port = says(words);
        let shown = format!("127.0.0.1 port {port} is for");
        for security in ["none", "starttls", "tls"] {
            let begins = String::from_utf8_lossy(&words[..8]).trim_end().to_owned();
            ends_at_once(
                &campaign(port, security),
                &[&shown, name, &begins, "no password was sent", "port 465", "587"],
            );
        }
    }
    // The web speaks only when it is spoken to.
    let port = answers(b"HTTP/1.1 400 Bad Request\r\n\r\n", true);
    ends_at_once(&campaign(port, "tls"), &["(HTTP)", "HTTP/1.1 400 Bad Request"]);
}

#[test]
fn a_port_that_speaks_tls_at_once_is_told_from_one_that_does_not() {
    // It gave up waiting for the client to begin.
    let port = says(b"\x15\x03\x01\x00\x02\x02\x50");
    ends_at_once(
        &campaign(port, "starttls"),
        &["speaks TLS from the first byte", "security = \"tls\""],
    );
    let server = Server::builder().start();
    let campaign = Campaign::new().people(2).smtp(&server).set("smtp.security", "tls");
    ends_at_once(
        &campaign,
        &[
            "begins without TLS",
            "220 scripted.test ESMTP",
            "security = \"starttls\"",
            "no password was sent",
        ],
    );
}

#[test]
fn silence_is_told_of_after_five_seconds_with_what_is_usual() {
    // Whoever expects TLS says nothing.
    let server = Server::builder().tls(Tls::Implicit).start();
    let starttls = Campaign::new()
        .people(2)
        .smtp(&server)
        .unset("smtp.timeout")
        .set("smtp.security", "starttls");
    let mut running = starttls.spawn(&["send", "--yes"]);
    running.wait_for_words("has not greeted yet");
    running.wait_for_words("security = \"tls\" (465 is usual");
    running.interrupt();
    running.wait().exits(130);

    let silent = campaign(says(b""), "tls").set("smtp.timeout", "7s");
    let run = silent.send_json(&[]);
    run.exits(4).says(&[
        "does not answer the TLS handshake",
        "587 is usual",
        "does not begin TLS",
    ]);
}

#[test]
fn check_warns_of_a_port_that_does_not_go_with_its_security_and_so_does_send() {
    let server = Server::builder().start();
    let campaign = Campaign::new()
        .smtp(&server)
        .set("smtp.host", "smtp.provider.example")
        .set("smtp.security", "starttls")
        .set_toml("smtp.port", "465");
    let words = [
        "warning",
        "at port 465, TLS usually begins at once",
        "security = \"tls\"",
    ];
    campaign.check(&[]).exits(0).says(&words);
    campaign.send(&["--dry-run"]).exits(0).says(&words);
}

#[test]
fn a_timeout_of_ones_own_holds_for_a_greeting_that_never_comes() {
    let begun = Instant::now();
    let campaign = campaign(says(b""), "none")
        .set("smtp.timeout", "6s")
        .set("smtp.retry-for", "2s");
    let run = campaign.send_json(&[]);
    run.exits(1).says(&[
        "has not greeted yet",
        "no greeting from 127.0.0.1 port",
        "the server did not answer within 6 seconds",
        "Gave up for now",
        "Check that you are online",
    ]);
    let took = begun.elapsed();
    assert!((6..10).contains(&took.as_secs()), "{took:?}");
}

/// Nobody listens there any more.
fn nobody() -> Campaign {
    let server = Server::builder().start();
    Campaign::new().people(2).smtp(&server)
}

#[test]
fn a_refused_connection_says_which_port_until_when_it_is_tried_and_what_to_check() {
    let campaign = nobody().set("smtp.retry-for", "3s");
    let run = campaign.send_json(&[]);
    run.exits(1).says(&[
        "cannot connect to 127.0.0.1 port",
        "next try in",
        "it is tried again until 10:01 UTC",
        "check that you are online, and smtp.host and smtp.port (465 goes with security = \"tls\", 587 with \"starttls\")",
        "Gave up for now",
    ]);
    assert_eq!(run.stderr.matches("it is tried again until").count(), 1);
}

#[test]
fn nothing_at_all_to_try_again_for_means_one_try() {
    for (campaign, arguments) in [
        (nobody().set("smtp.retry-for", "0s"), &[][..]),
        (nobody().set("smtp.retry-for", "1h"), &["--retry-for", "0s"]),
    ] {
        let begun = Instant::now();
        let run = campaign.send_json(arguments);
        run.exits(1)
            .says(&["cannot connect to 127.0.0.1 port", "Gave up for now"]);
        assert!(!run.stderr.contains("next try in"), "{}", run.stderr);
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    }
    let server = Server::builder().on(Step::Rcpt).reply("450 4.2.0 greylisted").start();
    let campaign = Campaign::new().smtp(&server).set("smtp.retry-for", "1h");
    let run = campaign.send_json(&["--retry-for", "0s"]);
    run.exits(1);
    assert_eq!(run.counts(), [1, 0, 1, 0, 0, 0]);
    assert_eq!(server.reached(Step::Rcpt), 1);
}

/// Six letters leave in one run, each once, over this server.
#[track_caller]
fn all_leave(builder: Builder, change: impl FnOnce(Campaign) -> Campaign) -> (Run, Server) {
    let server = builder.start();
    let campaign = change(Campaign::new().people(6).smtp(&server));
    let run = campaign.send_json(&[]);
    assert_eq!(
        run.exits(0).counts(),
        accepted(6),
        "{}",
        server.transcripts().join("\n")
    );
    assert_eq!((server.taken().len(), server.taken_twice().len()), (6, 0));
    (run, server)
}

#[test]
fn a_server_that_wants_a_name_in_the_greeting_gets_the_senders_domain() {
    for no in [
        "501 5.5.2 EHLO requires a valid name",
        "550 5.7.1 access denied, invalid HELO name",
        "504 5.5.2 not implemented",
    ] {
        let (run, server) = all_leave(Server::builder().on(Step::Ehlo).times(1).reply(no), |campaign| campaign);
        run.says(&["does not take [127.0.0.1] as the name in the greeting", "home.example"]);
        let transcript = server.transcript(1);
        assert!(transcript.contains("C: EHLO home.example\n"), "{transcript}");
        assert_eq!(server.connections(), 1);
    }
    let hangs_up = Server::builder()
        .on(Step::Ehlo)
        .times(1)
        .reply_then_close("550 5.7.1 who are you?");
    let (_, server) = all_leave(hangs_up, |campaign| campaign);
    assert_eq!(server.connections(), 2);
    assert!(server.transcript(2).contains("C: EHLO home.example\n"));
}

#[test]
fn a_server_that_minds_the_name_only_when_a_letter_comes_refuses_none_for_it() {
    let no = "504 5.5.2 <[127.0.0.1]>: Helo command rejected: need fully-qualified hostname";
    for step in [Step::Mail, Step::Rcpt] {
        for group in [true, false] {
            for connections in ["1", "3"] {
                let mut server = Server::builder();
                if !group {
                    server = server.without("PIPELINING");
                }
                let server = server.on(step).greeted_as("[127.0.0.1]").reply(no);
                let (_, server) = all_leave(server, |campaign| campaign.set_toml("smtp.connections", connections));
                let by_domain = server
                    .transcripts()
                    .iter()
                    .filter(|one| one.contains("EHLO home.example"))
                    .count();
                assert!(by_domain > 0, "{}", server.transcripts().join("\n"));
            }
        }
    }
}

#[test]
fn a_name_of_ones_own_is_said_and_when_it_is_refused_told_with_what_to_change() {
    let (_, server) = all_leave(Server::builder(), |campaign| {
        campaign.set("smtp.helo", "mail.home.example")
    });
    assert!(server.transcript(1).contains("C: EHLO mail.home.example\n"));

    let server = Server::builder()
        .on(Step::Rcpt)
        .reply("550 5.7.1 <laptop>: Helo command rejected: Host not found")
        .start();
    let campaign = Campaign::new().people(6).smtp(&server).set("smtp.helo", "laptop");
    let run = campaign.send_json(&[]);
    run.exits(4).says(&[
        "takes no letters from somebody who calls themselves laptop",
        "Helo command rejected",
        "smtp.helo is \"laptop\"",
    ]);
    assert_eq!(run.counts(), [6, 0, 6, 0, 0, 0]);
    assert!(
        !server
            .transcripts()
            .iter()
            .any(|one| one.contains("home.example\n") && one.contains("EHLO home"))
    );
}

#[test]
fn a_server_that_offers_groups_and_cannot_follow_them_gets_one_command_at_a_time() {
    for groups in [
        Groups::Dropped,
        Groups::Refused("503 5.5.1 Bad sequence of commands"),
        Groups::Refused("500 5.5.1 Command unrecognized"),
        Groups::Refused("554 5.5.0 Improper use of SMTP command pipelining"),
        Groups::Closed,
        Groups::CutOff,
    ] {
        for connections in ["1", "3"] {
            let (run, server) = all_leave(Server::builder().groups(groups), |campaign| {
                campaign
                    .set_toml("smtp.connections", connections)
                    .set("smtp.timeout", "3s")
            });
            let words = "offers to take several commands at once (PIPELINING) and does not follow";
            assert_eq!(run.stderr.matches(words).count(), 1, "{}", run.stderr);
            let most = 2 * connections.parse::<usize>().unwrap();
            assert!(
                server.connections() <= most,
                "{groups:?}: {} connections",
                server.connections()
            );
        }
    }
}

#[test]
fn a_server_that_drops_groups_is_found_out_by_ten_seconds_of_silence_and_not_by_a_minute() {
    let begun = Instant::now();
    let copied = "ministry,A,m1@mfa.example,,,x@mfa.example y@mfa.example\n";
    let server = Server::builder().groups(Groups::Dropped).start();
    let campaign = Campaign::new()
        .recipients(copied)
        .smtp(&server)
        .unset("smtp.timeout")
        .set("smtp.retry-for", "0s");
    assert_eq!(campaign.send_json(&[]).exits(0).counts(), accepted(1));
    let took = begun.elapsed();
    assert!((9..20).contains(&took.as_secs()), "{took:?}");
    assert_eq!((server.taken().len(), server.connections()), (1, 2));
    assert_eq!(server.taken()[0].to.len(), 3);
}

#[test]
fn groups_can_be_done_without_from_the_start() {
    let (_, server) = all_leave(Server::builder().groups(Groups::Closed), |campaign| {
        campaign.set_toml("smtp.pipelining", "false")
    });
    assert_eq!(server.connections(), 1);
}

#[test]
fn a_greeting_that_names_a_limit_ends_the_run_with_it_and_one_that_begins_well_with_its_end() {
    let run = |greeting: &str| {
        let server = Server::builder().on(Step::Connect).reply(greeting).start();
        let campaign = Campaign::new().people(2).smtp(&server);
        let run = campaign.send_json(&[]);
        assert_eq!(run.counts(), [2, 0, 2, 0, 0, 0]);
        assert!(!run.stderr.contains("smtp.port, or ask"), "{}", run.stderr);
        run
    };
    let quota = run("554 5.7.1 You have reached your daily relay quota");
    quota.says(&["You have reached your daily relay quota", "2 letters not sent"]);
    assert!(
        quota.stderr.contains("limit") || quota.stderr.contains("for now"),
        "{}",
        quota.stderr
    );
    run("421 4.7.0 too many connections from your IP")
        .exits(1)
        .says(&["too many connections from your IP"]);
    run("220-hello\n521 blocked").exits(4).says(&[
        "does not take mail from here",
        "521 hello blocked",
        "the network you are on",
    ]);
}
