//! What providers say, in words of their own: whether it is taken for the letter's, the reader's, the connection's or the
//! account's, and what the next run does.

use std::collections::BTreeSet;

use crate::support::{Builder, Campaign, Server, Step, accepted};

fn on(step: Step) -> crate::support::On {
    Server::builder().on(step)
}

/// So many letters over one connection, as fast as they go.
fn campaign(people: usize, server: &Server) -> Campaign {
    Campaign::new()
        .people(people)
        .smtp(server)
        .set("smtp.rate", "unlimited")
        .set_toml("smtp.connections", "1")
}

/// All of them leave in one run, each once.
#[track_caller]
fn all_leave(builder: Builder, people: usize, connections: &str) -> (Campaign, Server) {
    let server = builder.start();
    let campaign = campaign(people, &server).set_toml("smtp.connections", connections);
    let run = campaign.send_json(&["--retry-for", "1min"]);
    run.exits(0);
    assert_eq!(
        run.counts(),
        accepted(people as u64),
        "{}",
        server.transcripts().join("\n")
    );
    assert_eq!((server.taken().len(), server.taken_twice().len()), (people, 0));
    assert_eq!(server.violations(), [""; 0]);
    assert_eq!(server.unfired(), [""; 0]);
    (campaign, server)
}

/// After `first` letters the server says no to everything, in whatever words: the run ends behind `tried` more, says what
/// the server said, and everything is due again. The next run tries others first; when the server is well again all leave.
#[track_caller]
fn account(step: Step, reply: &str, first: usize, tried: usize, means: &str) {
    const PEOPLE: usize = 30;
    let blocked = |step: Step| on(step).once_taken(first).reply(reply).start();
    let server = blocked(step);
    let campaign = campaign(PEOPLE, &server);
    let run = campaign.send_json(&["--retry-for", "2s"]);
    let words = reply.lines().last().unwrap().get(4..).unwrap();
    run.exits(4)
        .says(&["takes no letters from this account for now", words, means]);
    let left = (PEOPLE - first) as u64;
    assert_eq!(run.counts(), [PEOPLE as u64, first as u64, left, 0, 0, 0], "{reply}");
    let reached = server.reached(step) - first;
    assert!((tried..=tried + 1).contains(&reached), "{reached} tried: {reply}");
    assert_eq!(campaign.standing(), [first as u64, tried as u64, 0, 0, left]);

    // Tried first in the next run are those that the first did not come to.
    let server = blocked_from_the_start(step, reply);
    let campaign = campaign.smtp(&server);
    campaign.send_json(&["--retry-for", "2s"]).exits(4);
    let tried_before: BTreeSet<String> = (first + 1..=first + tried)
        .map(|n| format!("m{n}@mfa.example"))
        .collect();
    for transcript in server.transcripts() {
        assert!(
            !tried_before.iter().any(|to| transcript.contains(&format!("<{to}>"))),
            "{transcript}"
        );
    }

    let server = Server::builder().start();
    let campaign = campaign.smtp(&server);
    assert_eq!(campaign.send_json(&[]).exits(0).counts()[1], left);
    assert_eq!(campaign.standing(), [PEOPLE as u64, 0, 0, 0, 0]);
}

fn blocked_from_the_start(step: Step, reply: &str) -> Server {
    on(step).reply(reply).start()
}

#[test]
fn a_connection_that_has_had_its_share_is_replaced_at_once_and_all_leave_in_one_run() {
    for (step, reply) in [
        (Step::Mail, "421 too many messages in this connection"),
        (Step::Mail, "452 4.5.3 Too many recipients: Too many messages sent"),
        (Step::Mail, "550 5.7.0 enough of you here"),
        (Step::Data, "452 4.4.5 Maximum number of messages per session exceeded."),
        (Step::Data, "554 genug"),
        (Step::Rcpt, "452 4.4.5 too much traffic"),
        (Step::Rcpt, "450 no more messages in this session"),
        (Step::FinalDot, "421 4.7.0 bye"),
    ] {
        for connections in ["1", "3"] {
            let closes = reply.starts_with("421");
            let rule = on(step).after_letters(2);
            let builder = if closes {
                rule.reply_then_close(reply)
            } else {
                rule.reply(reply)
            };
            all_leave(builder, 20, connections);
        }
    }
}

#[test]
fn how_many_letters_a_connection_takes_is_learned_and_it_is_renewed_before() {
    let (_, server) = all_leave(
        on(Step::Mail)
            .after_letters(3)
            .reply_then_close("421 enough of this connection"),
        30,
        "1",
    );
    // Told so twice; from then on it is not asked.
    let told = server
        .transcripts()
        .iter()
        .filter(|said| said.contains("421 enough"))
        .count();
    assert_eq!((told, server.connections()), (2, 10));
}

#[test]
fn a_full_mailbox_is_one_readers_and_all_others_get_their_letter() {
    for (reply, outcome) in [
        (
            "552 5.2.2 <m2@mfa.example> Quota exceeded (mailbox for user is full)",
            "refused",
        ),
        ("452 4.2.2 The recipient's mailbox is over quota", "deferred"),
        ("452 4.2.2 over quota", "deferred"),
        ("450 4.7.1 recipient rate limit exceeded", "deferred"),
        ("550 5.2.1 mailbox disabled", "refused"),
    ] {
        let server = on(Step::Rcpt).to("m2@mfa.example").reply(reply).start();
        let campaign = campaign(6, &server);
        let run = campaign.send_json(&["--retry-for", "0s"]);
        run.exits(1);
        assert_eq!(run.letter_to("m2@mfa.example")["outcome"], outcome, "{reply}");
        assert_eq!(run.counts()[1], 5, "{reply}");
        // A dead address costs no new connection.
        assert_eq!(server.connections(), 1, "{reply}");
    }
}

#[test]
fn the_same_no_to_four_letters_running_is_the_accounts_and_all_are_due_again() {
    let enough = "have probably sent as many letters as your provider allows";
    for (step, reply, means) in [
        (
            Step::FinalDot,
            "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException",
            enough,
        ),
        (
            Step::Rcpt,
            "550-Requested action not taken: mailbox unavailable\r\n550 Failure sending mail. Try again later",
            enough,
        ),
        (
            Step::FinalDot,
            "554 5.7.1 Message rejected under suspicion of SPAM",
            "takes these letters for spam",
        ),
        (Step::Mail, "550 nicht mehr heute", "hardly about the letters"),
        (
            Step::FinalDot,
            "450 4.7.1 assez pour aujourd'hui",
            "hardly about the letters",
        ),
    ] {
        for first in [0, 2, 10] {
            account(step, reply, first, 4, means);
        }
    }
}

#[test]
fn over_several_connections_too_nothing_is_refused_that_the_account_could_not_send() {
    for reply in ["554 5.7.1 no more today", "450 4.7.1 assez"] {
        let server = on(Step::FinalDot).once_taken(12).reply(reply).start();
        let campaign = campaign(40, &server).set_toml("smtp.connections", "4");
        let run = campaign.send_json(&["--retry-for", "2s"]);
        run.exits(4);
        assert_eq!(run.counts(), [40, 12, 28, 0, 0, 0], "{reply}");
        // Those in flight when it was clear had begun.
        assert!((4..=7).contains(&(server.reached(Step::FinalDot) - 12)));
        assert_eq!(campaign.standing()[2], 0);
    }
}

#[test]
fn of_addresses_that_are_said_not_to_exist_it_takes_ten() {
    account(Step::Rcpt, "550 5.1.1 User unknown", 3, 10, "hardly about the letters");
}

#[test]
fn a_no_that_others_do_not_get_is_final_and_a_second_run_says_so_by_name() {
    let server = on(Step::Rcpt)
        .to("m2@mfa.example")
        .reply("550 5.7.1 not this one")
        .start();
    let campaign = campaign(5, &server);
    let run = campaign.send_json(&[]);
    run.exits(1);
    assert_eq!(run.counts(), [5, 4, 0, 1, 0, 0]);
    assert_eq!(campaign.standing(), [4, 0, 1, 0, 0]);
    campaign.send(&[]).exits(0).prints(&[
        "Nothing is due.",
        "1 letter was refused by the server earlier (see `appel log`; try again with --retry-refused)",
        "    protest  m2@mfa.example",
    ]);
}

#[test]
fn four_dead_addresses_in_a_row_end_one_run_and_are_refused_in_the_next() {
    let mut builder = Server::builder();
    for n in 1..=4 {
        builder = builder
            .on(Step::Rcpt)
            .to(&format!("m{n}@mfa.example"))
            .reply(&format!("550 5.7.1 m{n}@mfa.example is not wanted, id 4F{n}A"));
    }
    let server = builder.start();
    let campaign = campaign(9, &server);
    let run = campaign.send_json(&[]);
    run.exits(4);
    assert_eq!(run.counts(), [9, 0, 9, 0, 0, 0]);
    let run = campaign.send_json(&[]);
    run.exits(1);
    assert_eq!(run.counts(), [9, 5, 0, 4, 0, 0]);
    assert_eq!(campaign.standing(), [5, 0, 4, 0, 0]);
}

#[test]
fn a_server_that_refuses_the_only_letter_is_believed_when_it_names_the_reader() {
    for (reply, exit, standing) in [
        ("550 5.1.1 no such user", 1, [0, 0, 1, 0, 0]),
        ("550 5.7.1 m1@mfa.example does not want this", 1, [0, 0, 1, 0, 0]),
        ("554 5.7.1 your account is blocked", 4, [0, 1, 0, 0, 1]),
        ("554 5.7.1 Relay access denied", 4, [0, 1, 0, 0, 1]),
    ] {
        for step in [Step::Rcpt, Step::FinalDot] {
            let server = on(step).reply(reply).start();
            let campaign = campaign(1, &server);
            campaign.send_json(&[]).exits(exit);
            assert_eq!(campaign.standing(), standing, "{reply} at {step:?}");
        }
    }
}

#[test]
fn a_server_that_wants_somebody_to_sign_in_says_so_and_all_are_due_again() {
    for (step, reply) in [
        (Step::Rcpt, "554 5.7.1 Relay access denied"),
        (Step::Mail, "553 5.7.1 Sender address rejected: not logged in"),
        (Step::Mail, "530 5.7.0 Authentication required"),
    ] {
        let server = on(step).reply(reply).start();
        let campaign = campaign(8, &server).set("smtp.username", "");
        let run = campaign.send_json(&[]);
        run.exits(4)
            .says(&["the server probably wants you to sign in first", reply]);
        assert_eq!(run.counts(), [8, 0, 8, 0, 0, 0]);
        let well = Server::builder().start();
        let campaign = campaign.smtp(&well);
        assert_eq!(campaign.send_json(&[]).exits(0).counts(), accepted(8));
    }
}

#[test]
fn a_server_that_is_hurried_too_much_gets_a_pause_of_seconds_and_all_leave_more_slowly() {
    let server = on(Step::FinalDot)
        .once_taken(3)
        .times(1)
        .reply("454 Throttling failure: Maximum sending rate exceeded.")
        .start();
    let campaign = campaign(8, &server);
    let run = campaign.send_json(&["--retry-for", "1min"]);
    run.exits(0)
        .says(&["454 Throttling failure", "letters a second from then on"]);
    assert_eq!(run.counts(), accepted(8));
}

#[test]
fn a_pause_that_a_server_tells_is_kept() {
    let server = on(Step::Mail).times(1).reply("422 try again in 2 seconds").start();
    let campaign = campaign(3, &server);
    let run = campaign.send_json(&["--retry-for", "1min"]);
    run.exits(0).says(&["next letter in 2 seconds"]);
    assert_eq!(run.counts(), accepted(3));
    assert!(run.summary()["seconds"].as_f64().unwrap() >= 2.0);
}

#[test]
fn a_killed_run_leaves_what_was_said_no_to_due_again() {
    let server = on(Step::FinalDot)
        .once_taken(2)
        .reply("554 5.7.1 no more today")
        .on(Step::Mail)
        .letter(5)
        .stall()
        .start();
    let campaign = campaign(9, &server);
    let running = campaign.spawn(&["send", "--yes"]);
    server.wait_for_stalls(1);
    running.kill();
    // Two were refused by then, in words that nobody knows.
    let [accepted, deferred, refused, ..] = campaign.standing();
    assert_eq!([accepted, deferred, refused], [2, 2, 0]);
}

#[test]
fn what_was_found_out_about_a_server_holds_for_seven_days_and_is_shown_and_can_be_deleted() {
    let told = |server: &Server| {
        server
            .transcripts()
            .iter()
            .filter(|said| said.contains("421 enough"))
            .count()
    };
    let rule = || {
        on(Step::Mail)
            .after_letters(3)
            .reply_then_close("421 enough of this connection")
    };
    let server = rule().start();
    let campaign = campaign(20, &server);
    campaign.send(&["--limit", "10"]).exits(0);
    assert_eq!(told(&server), 2);
    let known = format!("127.0.0.1:{}", server.port());
    campaign.appel(&["status", "-v"]).exits(0).prints(&[
        "What was found out about mail servers",
        &known,
        "takes 3 letters a connection",
    ]);
    let file = campaign.root().join("state/appel/hosts.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("letters-per-connection = 3"), "{text}");
    // The next run knows it.
    campaign.send(&["--limit", "5"]).exits(0);
    assert_eq!(told(&server), 2);
    // A week later it does not, nor without the file.
    let campaign = campaign.now("2026-12-02T10:00:01Z");
    assert!(
        !campaign
            .appel(&["status", "-v"])
            .exits(0)
            .stdout
            .contains("takes 3 letters")
    );
    std::fs::remove_file(&file).unwrap();
    campaign.send(&[]).exits(0);
    assert_eq!(server.taken().len(), 20);
}

#[test]
fn a_pace_that_was_slowed_down_to_is_where_the_next_run_begins() {
    let server = on(Step::FinalDot)
        .once_taken(3)
        .times(1)
        .reply("451 4.7.1 slow down, more than 1 message per second")
        .start();
    let campaign = campaign(6, &server).set("smtp.rate", "2/s");
    campaign.send(&["--limit", "4", "--retry-for", "1min"]).exits(0);
    campaign
        .appel(&["status", "-v"])
        .exits(0)
        .prints(&["gets one letter a second at most"]);
    let run = campaign.send(&[]);
    run.exits(0).says(&["2 letters, about 2 seconds at this pace."]);
}

#[test]
fn a_server_that_was_signed_in_to_too_often_is_left_alone_for_half_a_minute() {
    for reply in [
        "454 4.7.0 Too many login attempts, please try again later",
        "421 4.7.0 too many authentication attempts",
    ] {
        let server = Server::builder()
            .password("ann", crate::support::PASSWORD)
            .on(Step::Auth)
            .reply(reply)
            .start();
        let campaign = campaign(3, &server).login("ann", crate::support::PASSWORD);
        // Three tries in three seconds would only make it worse.
        let run = campaign.send_json(&["--retry-for", "20s"]);
        run.says(&[reply, "3 letters not sent"]);
        assert_eq!(run.counts(), [3, 0, 3, 0, 0, 0]);
        assert_eq!(server.authentications().len(), 1, "{reply}");
    }
}

#[test]
fn one_archive_that_takes_no_copy_now_ends_no_run() {
    let server = on(Step::Rcpt)
        .to("arch@x.example")
        .reply("450 4.2.1 mailbox busy")
        .start();
    let rows: String = (1..=9)
        .map(|n| format!("ministry,M{n},m{n}@mfa.example,,,arch@x.example\n"))
        .collect();
    let campaign = Campaign::new()
        .recipients(&rows)
        .smtp(&server)
        .set("smtp.rate", "unlimited")
        .set_toml("smtp.connections", "1");
    let run = campaign.send_json(&["--retry-for", "2s"]);
    run.exits(1);
    assert_eq!(run.counts(), accepted(9));
    assert_eq!(run.summary()["copies_deferred"], 9);
}

#[test]
fn a_server_with_room_for_fewer_connections_gets_fewer_and_all_letters() {
    for (step, reply) in [
        (Step::Mail, "432 4.3.2 Concurrent connections limit"),
        (Step::Mail, "554 too many connections"),
        (Step::Rcpt, "450 4.7.1 too many connections from your address"),
        (Step::Data, "421 Too many sessions from your IP"),
        (Step::FinalDot, "432 4.3.2 STOREDRV; sender thread limit exceeded"),
    ] {
        let mut builder = Server::builder();
        for connection in 2..=4 {
            let rule = builder.on(step).connection(connection).times(1);
            builder = if reply.starts_with("421") {
                rule.reply_then_close(reply)
            } else {
                rule.reply(reply)
            };
        }
        let server = builder.start();
        let campaign = campaign(20, &server).set_toml("smtp.connections", "4");
        let run = campaign.send_json(&["--retry-for", "1min"]);
        run.exits(0);
        assert_eq!(run.counts(), accepted(20), "{reply} at {step:?}");
        assert_eq!(server.connections(), 4, "{reply} at {step:?}");
    }
}

#[test]
fn a_limit_that_strikes_at_the_last_letters_leaves_them_due() {
    for reply in [
        "554 5.7.1 Message rejected under suspicion of SPAM",
        "550 Daily message limit exceeded",
        "554 5.2.0 SubmissionQuotaExceededException",
    ] {
        let server = on(Step::FinalDot).once_taken(4).reply(reply).start();
        let campaign = campaign(6, &server);
        campaign.send_json(&[]);
        let [accepted, _, refused, ..] = campaign.standing();
        assert_eq!((accepted, refused), (4, 0), "{reply}");
    }
}

#[test]
fn a_line_that_breaks_behind_every_letter_ends_the_run_behind_four() {
    let server = on(Step::FinalDot).accept_then_close().start();
    let campaign = campaign(20, &server);
    let run = campaign.send_json(&["--retry-for", "10s"]);
    run.exits(4).says(&["the line to the server broke behind four letters"]);
    assert_eq!(run.counts(), [20, 0, 16, 0, 4, 0]);
}

#[test]
fn with_a_limit_too_no_run_ends_twice_at_the_same_rows() {
    const PEOPLE: usize = 12;
    let blocked = || blocked_from_the_start(Step::FinalDot, "554 5.7.1 that will do for today");
    let reached = |server: &Server| -> BTreeSet<String> {
        let all = server.transcripts().join("\n");
        let to = all.split("RCPT TO:<").skip(1);
        to.map(|rest| rest[..rest.find('>').unwrap()].to_owned()).collect()
    };
    let mut campaign = campaign(PEOPLE, &blocked());
    let mut seen = Vec::new();
    for hour in 10..14 {
        let server = blocked();
        campaign = campaign.smtp(&server).now(&format!("2026-11-25T{hour}:00:00Z"));
        let run = campaign.send_json(&["--limit", "4"]);
        assert_eq!(run.exits(4).counts()[0], 4);
        seen.push(reached(&server));
    }
    // Three runs for twelve rows, then those of the first, which were tried the longest ago.
    assert_eq!(seen.iter().take(3).flatten().collect::<BTreeSet<_>>().len(), PEOPLE);
    assert_eq!(seen[3], seen[0]);
    // Those that nobody tried yet, and then as many of the others as there is room for.
    let server = Server::builder().start();
    let campaign = campaign.smtp(&server).people(PEOPLE + 2);
    assert_eq!(campaign.send_json(&["--limit", "5"]).exits(0).counts()[..2], [5, 5]);
    let new = [13, 14].map(|n| format!("m{n}@mfa.example"));
    let (new, old): (BTreeSet<_>, BTreeSet<_>) = reached(&server).into_iter().partition(|to| new.contains(to));
    assert_eq!((new.len(), old.len(), old.is_subset(&seen[1])), (2, 3, true), "{old:?}");
}
