//! A server, or the line to it, that goes wrong: what becomes of the letter, and what the next run does about it.

use std::time::{Duration, Instant};

use crate::support::{Builder, Campaign, Server, Step, accepted};

/// Two letters, the first one with copies.
const COPIED: &str = "ministry,A,m1@mfa.example,,,x@mfa.example y@mfa.example\nministry,B,m2@mfa.example\n";
/// A timeout for servers that do not answer.
const STALL: &str = "1s";

fn on(step: Step) -> crate::support::On {
    Server::builder().on(step)
}

/// One letter meets this server; `expect` is its outcome, with the code of the reply if there was one.
#[track_caller]
fn one_letter(builder: Builder, exit: i32, expect: &str) -> (Campaign, Server) {
    let server = builder.start();
    let campaign = Campaign::new().smtp(&server).set("smtp.timeout", STALL);
    let run = campaign.send_json(&[]);
    run.exits(exit);
    let letter = run.letter_to("minister@mfa.example");
    let found = match letter["code"].as_u64() {
        Some(code) => format!("{} {code}", letter["outcome"].as_str().unwrap()),
        None => letter["outcome"].as_str().unwrap().to_owned(),
    };
    assert_eq!(found, expect, "{letter}\n{}", server.transcripts().join("\n"));
    (campaign, server)
}

/// As [`one_letter`]: it is deferred, and the next run sends it, once.
#[track_caller]
fn deferred(builder: Builder, expect: &str) {
    let (campaign, server) = one_letter(builder, 1, expect);
    assert_eq!(campaign.standing(), [0, 1, 0, 0, 1]);
    assert_eq!(server.taken().len(), 0);
    let again = campaign.send_json(&[]);
    again.exits(0);
    assert_eq!(again.counts(), accepted(1));
    assert_eq!(server.taken().len(), 1);
    assert_eq!(server.violations(), [""; 0]);
    assert_eq!(server.unfired(), [""; 0]);
}

/// As [`one_letter`]: nothing was lost but a connection, so that it is sent in the same run.
#[track_caller]
fn sent_all_the_same(builder: Builder) {
    let (campaign, server) = one_letter(builder, 0, "accepted 250");
    assert_eq!(server.taken().len(), 1);
    assert_eq!(server.unfired(), [""; 0]);
    campaign.send(&[]).exits(0).prints(&["Nothing is due."]);
}

/// As [`one_letter`]: nobody knows, so it is held, until it is asked for.
#[track_caller]
fn in_doubt(builder: Builder, taken: usize) {
    let (campaign, server) = one_letter(builder, 1, "in-doubt");
    assert_eq!(server.taken().len(), taken);
    let held = campaign.send_json(&[]);
    held.exits(1);
    assert_eq!(held.outcomes(), ["minister@mfa.example skipped in-doubt"]);
    assert_eq!(campaign.standing(), [0, 0, 0, 1, 0]);
    assert_eq!(server.taken().len(), taken);
    campaign.send(&["--resend-in-doubt"]).exits(0);
    assert_eq!(server.taken().len(), taken + 1);
    assert_eq!(server.unfired(), [""; 0]);
}

#[test]
fn not_now_at_any_step_defers_the_letter_until_the_next_run() {
    for step in [Step::Mail, Step::Rcpt, Step::Data, Step::FinalDot] {
        deferred(on(step).times(1).reply("451 4.3.0 not now"), "deferred 451");
    }
}

#[test]
fn too_many_recipients_in_either_spelling_defers_the_letter() {
    for reply in ["452 4.5.3 too many recipients", "552 5.5.3 too many recipients"] {
        deferred(
            on(Step::Rcpt).times(1).reply(reply),
            &format!("deferred {}", &reply[..3]),
        );
    }
}

#[test]
fn a_server_that_is_about_to_close_defers_the_letter() {
    for step in [Step::Mail, Step::Rcpt, Step::Data, Step::FinalDot] {
        deferred(on(step).times(1).reply_then_close("421 4.3.2 closing"), "deferred 421");
    }
}

#[test]
fn a_line_lost_between_the_sender_and_the_final_dot_defers_the_letter() {
    for step in [Step::Rcpt, Step::Data] {
        // In a group of commands it would be taken for a server that cannot follow one, and the letter go once more.
        let one_by_one = |builder: Builder| deferred(builder.without("PIPELINING"), "deferred");
        one_by_one(on(step).times(1).close());
        one_by_one(on(step).times(1).reset());
        one_by_one(on(step).times(1).stall());
        deferred(on(step).times(1).garble("what?\r\n"), "deferred");
        deferred(on(step).times(1).endless_reply(), "deferred");
    }
    deferred(on(Step::Mail).times(1).garble("what?\r\n"), "deferred");
    deferred(on(Step::Mail).times(1).endless_reply(), "deferred");
}

#[test]
fn a_connection_that_is_gone_before_a_letter_begins_is_replaced_at_once() {
    sent_all_the_same(on(Step::Mail).times(1).close());
    sent_all_the_same(on(Step::Mail).times(1).reset());
    sent_all_the_same(on(Step::Mail).times(1).stall());
}

#[test]
fn a_connection_that_never_comes_about_puts_all_letters_off_by_name() {
    for builder in [
        on(Step::Connect).times(1).close(),
        on(Step::Connect).times(1).reset(),
        on(Step::Connect).times(1).reply("421 4.3.2 later"),
        on(Step::Connect).times(1).garble("what?\r\n"),
        on(Step::Connect).times(1).endless_reply(),
        on(Step::Ehlo).times(1).close(),
        on(Step::Ehlo).times(1).reset(),
        on(Step::Ehlo).times(1).stall(),
        on(Step::Ehlo).times(1).reply("421 4.3.2 later"),
        on(Step::Ehlo).times(1).garble("what?\r\n"),
    ] {
        let server = builder.start();
        let campaign = Campaign::new().people(3).smtp(&server).set("smtp.timeout", STALL);
        let run = campaign.send_json(&[]);
        run.exits(1).says(&["Gave up for now"]);
        assert_eq!(run.counts(), [3, 0, 3, 0, 0, 0]);
        assert_eq!(server.taken().len(), 0);
        assert_eq!(campaign.send_json(&[]).exits(0).counts(), accepted(3));
        assert_eq!(server.unfired(), [""; 0]);
    }
}

#[test]
fn nobody_listening_puts_all_letters_off_by_name() {
    let server = Server::builder().start();
    let campaign = Campaign::new().people(2).smtp(&server);
    drop(server);
    let run = campaign.send_json(&[]);
    run.exits(1)
        .says(&["cannot connect to 127.0.0.1 port", "2 letters not sent"]);
    assert_eq!(run.outcomes(), ["m1@mfa.example deferred", "m2@mfa.example deferred"]);
    assert_eq!(campaign.standing()[4], 2);
}

#[test]
fn a_greeting_that_takes_longer_than_other_replies_is_waited_for() {
    let server = on(Step::Connect).delay(Duration::from_secs(7)).start();
    let campaign = Campaign::new().smtp(&server).unset("smtp.timeout");
    let run = campaign.send_json(&[]);
    run.exits(0)
        .says(&["has not greeted yet", "with security = \"tls\" (465 is usual"]);
    assert_eq!((server.connections(), server.taken().len()), (1, 1));
}

#[test]
fn a_greeting_that_says_no_ends_the_run() {
    let server = on(Step::Connect)
        .reply("554 5.7.1 no mail from here")
        .password("ann", "secret")
        .start();
    let campaign = Campaign::new().people(2).smtp(&server).login("ann", "secret");
    let run = campaign.send_json(&[]);
    run.exits(4).says(&[
        "does not take mail from here",
        "554 5.7.1 no mail from here",
        "2 letters not sent",
    ]);
    assert_eq!(run.outcomes(), ["m1@mfa.example deferred", "m2@mfa.example deferred"]);
    assert_eq!((server.connections(), server.authentications().len()), (1, 0));
}

#[test]
fn a_server_of_old_is_greeted_the_old_way() {
    let (_, server) = one_letter(on(Step::Ehlo).reply("502 5.5.1 what is EHLO?"), 0, "accepted 250");
    assert!(
        server.transcript(1).contains("C: HELO [127.0.0.1]\n"),
        "{}",
        server.transcript(1)
    );
    assert_eq!(server.violations(), [""; 0]);
}

#[test]
fn a_server_of_old_that_is_to_check_a_password_ends_the_run() {
    let server = on(Step::Ehlo)
        .reply("502 5.5.1 what is EHLO?")
        .password("ann", "secret")
        .start();
    let campaign = Campaign::new().smtp(&server).login("ann", "secret");
    campaign.send_json(&[]).exits(4).says(&["502 5.5.1 what is EHLO?"]);
    assert_eq!(
        (
            server.reached(Step::Helo),
            server.authentications().len(),
            server.taken().len()
        ),
        (0, 0, 0)
    );
}

#[test]
fn a_refusal_is_recorded_in_the_servers_words_and_the_others_go_on() {
    for step in [Step::Mail, Step::Rcpt, Step::Data, Step::FinalDot] {
        let server = on(step).letter(1).reply("554 5.7.1 we do not want this").start();
        let campaign = Campaign::new().people(3).smtp(&server);
        let run = campaign.send_json(&[]);
        run.exits(1);
        assert_eq!(
            run.outcomes(),
            [
                "m1@mfa.example refused",
                "m2@mfa.example accepted",
                "m3@mfa.example accepted"
            ]
        );
        let refused = run.letter_to("m1@mfa.example");
        assert_eq!(
            (refused["code"].as_u64(), refused["reply"].as_str()),
            (Some(554), Some("5.7.1 we do not want this"))
        );
        assert_eq!((server.connections(), server.violations()), (1, Vec::new()), "{step:?}");
        campaign
            .appel(&["log"])
            .exits(0)
            .prints(&["refused   protest  en  m1@mfa.example  554 5.7.1 we do not want this"]);

        let again = campaign.send_json(&[]);
        again.exits(0);
        assert_eq!(again.counts(), [0, 0, 0, 0, 0, 3]);
        assert_eq!(again.letter_to("m1@mfa.example")["reason"], "refused-earlier");
        assert_eq!(campaign.standing(), [2, 0, 1, 0, 0]);

        assert_eq!(
            campaign.send_json(&["--retry-refused"]).exits(0).counts(),
            [1, 1, 0, 0, 0, 2]
        );
        assert_eq!((server.taken().len(), server.taken_twice().len()), (3, 0));
    }
}

#[test]
fn a_sender_refused_for_four_letters_running_ends_the_run_and_all_are_due_again() {
    let server = on(Step::Mail).reply("553 5.7.1 not your address").start();
    let campaign = Campaign::new().people(6).smtp(&server);
    let run = campaign.send_json(&[]);
    run.exits(4).says(&[
        "takes no letters from this account for now",
        "check sender.email and smtp.username",
    ]);
    assert_eq!(run.counts(), [6, 0, 6, 0, 0, 0]);
    assert_eq!((server.reached(Step::Mail), server.taken().len()), (4, 0));
}

#[test]
fn a_quota_ends_the_run_with_the_providers_words_and_the_hour_to_go_on() {
    let tomorrow = "again after 2026-11-26 10:00 UTC (in about 24 hours)";
    let in_an_hour = "again after 11:00 UTC (in 60 minutes)";
    for (reply, when) in [
        ("452 4.2.2 over quota", tomorrow),
        ("550 5.4.5 Daily sending quota exceeded", tomorrow),
        (
            "550 5.1.90 You have reached your daily limit for message recipients",
            tomorrow,
        ),
        ("421 4.7.0 Try again later, closing connection", in_an_hour),
        ("421 4.7.28 unusual rate of mail", in_an_hour),
        ("451 4.7.500 Server busy", in_an_hour),
        (
            "450 rate limit, try again in 30 minutes",
            "again after 10:30 UTC (in 30 minutes)",
        ),
    ] {
        for step in [Step::Mail, Step::Data, Step::FinalDot] {
            // A connection that took a letter may have had its share: it counts what a fresh one says.
            let on_a_fresh_one = step != Step::FinalDot || reply.starts_with("421");
            let times = 1 + usize::from(on_a_fresh_one && !reply.starts_with("550"));
            let server = on(step).once_taken(1).times(times).reply(reply).start();
            let campaign = Campaign::new().people(4).smtp(&server);
            let run = campaign.send_json(&["--retry-for", "1h"]);
            run.exits(1).says(&[
                "The server takes no more letters from this account for now",
                reply,
                "3 letters not sent",
                when,
            ]);
            assert_eq!(run.counts(), [4, 1, 3, 0, 0, 0], "{reply} at {step:?}");
            assert_eq!(run.letter_to("m2@mfa.example")["reply"], reply[4..]);
            assert_eq!(campaign.send_json(&[]).exits(0).counts(), [3, 3, 0, 0, 0, 1]);
            assert_eq!((server.taken().len(), server.taken_twice().len()), (4, 0));
        }
    }
}

#[test]
fn a_quota_told_in_the_greeting_ends_the_run_too() {
    let server = on(Step::Connect).times(1).reply("421 4.7.0 Try again later").start();
    let campaign = Campaign::new().people(2).smtp(&server);
    let run = campaign.send_json(&["--retry-for", "1h"]);
    run.exits(1)
        .says(&["421 4.7.0 Try again later", "2 letters not sent", "after 11:00 UTC"]);
    assert_eq!((run.counts(), server.connections()), ([2, 0, 2, 0, 0, 0], 1));
}

#[test]
fn the_full_mailbox_of_one_reader_keeps_no_other_letter_back() {
    let full = "452 4.2.2 The recipient's inbox is out of storage space";
    let server = on(Step::Rcpt).letter(1).reply(full).start();
    let campaign = Campaign::new().people(3).smtp(&server);
    assert_eq!(campaign.send_json(&[]).exits(1).counts(), [3, 2, 1, 0, 0, 0]);
}

#[test]
fn a_server_that_puts_every_letter_off_is_given_up_after_the_time_for_retrying() {
    let server = on(Step::Mail).reply("451 4.3.0 out of order").start();
    let campaign = Campaign::new().people(20).smtp(&server);
    let run = campaign.send_json(&["--retry-for", "2s"]);
    run.exits(1).says(&[
        "451 4.3.0 out of order; next try in",
        "Gave up for now: 451 4.3.0 out of order",
        "20 letters not sent",
        "Run `appel send` again later, or with a longer --retry-for",
    ]);
    assert_eq!(run.counts(), [20, 0, 20, 0, 0, 0]);
    assert!(server.reached(Step::Mail) < 10, "it was pestered");
}

#[test]
fn whatever_happens_after_the_final_dot_leaves_the_letter_in_doubt() {
    in_doubt(on(Step::FinalDot).times(1).accept_then_close(), 1);
    in_doubt(on(Step::FinalDot).times(1).accept_then_reset(), 1);
    in_doubt(on(Step::FinalDot).times(1).accepting().garble("what?\r\n"), 1);
    in_doubt(on(Step::FinalDot).times(1).accepting().endless_reply(), 1);
    in_doubt(on(Step::FinalDot).times(1).close(), 0);
    in_doubt(on(Step::FinalDot).times(1).reset(), 0);
    in_doubt(on(Step::FinalDot).times(1).garble("250\0ok\r\n"), 0);
}

#[test]
fn a_letter_in_doubt_does_not_keep_the_others_from_leaving() {
    let server = on(Step::FinalDot).letter(2).accept_then_reset().start();
    let campaign = Campaign::new().people(4).smtp(&server);
    let run = campaign.send_json(&[]);
    run.exits(1);
    assert_eq!(run.counts(), [4, 3, 0, 0, 1, 0]);
    assert_eq!(
        (server.connections(), server.taken().len(), server.taken_twice().len()),
        (2, 4, 0)
    );
}

#[test]
fn a_letter_cut_off_in_its_body_is_deferred() {
    for builder in [
        on(Step::Body).times(1).after_bytes(5_000).close(),
        on(Step::Body).times(1).after_bytes(5_000).reset(),
        on(Step::Body).times(1).after_bytes(5_000).stall(),
    ] {
        let server = builder.start();
        // The kernel takes megabytes off the program before it can know that the server reads no more.
        let campaign = Campaign::new()
            .letters("[[letter]]\nid = \"protest\"\nto = [\"ministry\"]\nattach = [\"big.bin\"]\n")
            .file("big.bin", vec![b'x'; 8_000_000])
            .smtp(&server)
            .set("smtp.timeout", STALL);
        let run = campaign.send_json(&[]);
        run.exits(1);
        assert_eq!(run.outcomes(), ["minister@mfa.example deferred"], "{}", run.stdout);
        assert_eq!((server.taken().len(), server.unfired()), (0, Vec::new()));
        assert_eq!(campaign.standing(), [0, 1, 0, 0, 1]);
    }
}

#[test]
fn a_reply_that_comes_byte_by_byte_does_not_outlast_the_timeout() {
    let slow = Duration::from_millis(300);
    let begun = Instant::now();
    let (_, server) = one_letter(
        on(Step::Rcpt).trickle("250 2.1.5 ok but very slow indeed", slow),
        1,
        "deferred",
    );
    assert!(begun.elapsed() < slow * 30, "it waited for the whole reply");
    assert_eq!(server.taken().len(), 0);
}

#[test]
fn what_was_deferred_is_tried_again_in_the_same_run_while_there_is_time() {
    let server = on(Step::Rcpt).times(1).reply("451 4.7.1 greylisted, come back").start();
    let campaign = Campaign::new().people(2).smtp(&server);
    let run = campaign.send_json(&["--retry-for", "1min"]);
    run.exits(0).says(&["451 4.7.1 greylisted, come back; next try in"]);
    assert_eq!(run.counts(), accepted(2));
    assert_eq!(server.reached(Step::Rcpt), 3);
    let log = campaign.appel(&["log", "--json"]);
    let outcomes: Vec<_> = log
        .json_events()
        .iter()
        .map(|event| event["outcome"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(outcomes, ["deferred", "accepted", "accepted"]);
}

#[test]
fn a_server_that_comes_back_within_the_time_is_found_again() {
    let server = on(Step::Connect).times(1).close().start();
    let campaign = Campaign::new().people(2).smtp(&server);
    let run = campaign.send_json(&["--retry-for", "1min"]);
    run.exits(0).says(&["next try in"]);
    assert_eq!(run.counts(), accepted(2));
    assert_eq!(server.connections(), 2);
}

#[test]
fn a_server_that_closes_without_a_word_after_two_letters_gets_the_rest_on_new_connections() {
    for builder in [
        Server::builder().close_after_letters(2),
        on(Step::BetweenLetters).after_letters(2).reset(),
    ] {
        let server = builder.start();
        let campaign = Campaign::new().people(5).smtp(&server);
        let run = campaign.send_json(&[]);
        run.exits(0);
        assert_eq!(run.counts(), accepted(5));
        assert_eq!(
            (server.connections(), server.taken().len(), server.taken_twice().len()),
            (3, 5, 0)
        );
    }
}

#[test]
fn a_server_that_says_goodbye_between_two_letters_gets_the_rest_on_a_new_connection() {
    let server = on(Step::BetweenLetters)
        .letter(2)
        .reply_then_close("421 4.4.2 idle")
        .start();
    let campaign = Campaign::new().people(4).smtp(&server);
    let run = campaign.send_json(&["--retry-for", "1min"]);
    run.exits(0);
    assert_eq!(run.counts(), accepted(4));
    assert_eq!(
        (server.connections(), server.taken().len(), server.taken_twice().len()),
        (2, 4, 0)
    );
}

#[test]
fn a_server_that_refuses_and_hangs_up_in_one_breath_is_quoted_all_the_same() {
    for step in [Step::Mail, Step::Rcpt, Step::Data, Step::FinalDot] {
        let server = on(step).letter(1).reply_then_close("554 5.7.1 blocked").start();
        let campaign = Campaign::new().recipients(COPIED).smtp(&server);
        let run = campaign.send_json(&[]);
        run.exits(1);
        let letter = run.letter_to("m1@mfa.example");
        assert_eq!(
            (letter["outcome"].as_str(), letter["reply"].as_str()),
            (Some("refused"), Some("5.7.1 blocked"))
        );
        assert_eq!(run.letter_to("m2@mfa.example")["outcome"], "accepted");
    }
}

#[test]
fn a_servers_escape_codes_reach_no_terminal() {
    let nasty = "550 5.1.1 \u{1b}[2J\u{1b}]0;owned\u{7} \u{202e}gnp.exe";
    let server = on(Step::Rcpt).reply(nasty).start();
    let campaign = Campaign::new().smtp(&server);
    let runs = [
        campaign.send(&[]),
        campaign.appel(&["log"]),
        campaign.appel(&["log", "--json"]),
        campaign.appel(&["status"]),
        campaign.send_json(&["--retry-refused"]),
    ];
    assert!(runs[0].stderr.contains("^[[2J"), "{}", runs[0].stderr);
    for run in runs {
        for text in [run.stdout, run.stderr] {
            assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{text:?}");
        }
    }
}

#[test]
fn a_letter_larger_than_the_server_takes_is_refused_before_it_leaves() {
    let server = Server::builder().keyword("SIZE 2000").start();
    let campaign = Campaign::new()
        .people(2)
        .letter(
            "protest",
            "en",
            &format!("Subject: Long\n\n{}\n", "A long sentence. ".repeat(500)),
        )
        .smtp(&server);
    let run = campaign.send_json(&[]);
    run.exits(1);
    assert_eq!(run.outcomes(), ["m1@mfa.example refused", "m2@mfa.example refused"]);
    let reply = run.letters()[0]["reply"].as_str().unwrap().to_owned();
    assert!(reply.contains("the server takes 2,000 at most"), "{reply}");
    assert_eq!((server.reached(Step::Data), server.taken().len()), (0, 0));
}

#[test]
fn an_address_that_the_server_cannot_carry_is_refused_and_the_others_leave() {
    let rows = "ministry,A,jürgen@mfa.example\nministry,B,plain@mfa.example\n";
    let server = Server::builder().without("SMTPUTF8").start();
    let campaign = Campaign::new().recipients(rows).smtp(&server);
    let run = campaign.send_json(&[]);
    run.exits(1);
    assert_eq!(
        run.outcomes(),
        ["jürgen@mfa.example refused", "plain@mfa.example accepted"]
    );
    let reply = run.letter_to("jürgen@mfa.example")["reply"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(reply.contains("SMTPUTF8"), "{reply}");
    assert_eq!((server.taken().len(), server.violations()), (1, Vec::new()));

    let able = Server::builder().start();
    let campaign = Campaign::new().recipients(rows).smtp(&able);
    campaign.send(&[]).exits(0);
    assert_eq!((able.taken().len(), able.violations()), (2, Vec::new()));
}

#[test]
fn a_server_without_pipelining_is_spoken_to_one_command_at_a_time() {
    let server = Server::builder().without("PIPELINING").without("8BITMIME").start();
    let campaign = Campaign::new()
        .recipients("ministry,A,a@mfa.example,,,x@mfa.example y@mfa.example\nministry,B,b@mfa.example\n")
        .smtp(&server);
    assert_eq!(campaign.send_json(&[]).exits(0).counts(), accepted(2));
    assert_eq!((server.taken().len(), server.violations()), (2, Vec::new()));
}

#[test]
fn a_dead_address_of_a_host_name_gives_way_to_the_next() {
    // `localhost` is ::1 and 127.0.0.1; the server listens on the latter only.
    let server = Server::builder().start();
    let campaign = Campaign::new().smtp(&server).set("smtp.host", "localhost");
    assert_eq!(campaign.send_json(&[]).exits(0).counts(), accepted(1));
    assert_eq!(server.taken().len(), 1);
}
