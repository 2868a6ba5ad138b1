//! Ctrl-C, SIGTERM, a reader that goes away, and a second run: what is in flight lands, the rest waits.

use std::io::{BufRead as _, BufReader};

use crate::support::{Campaign, PASSWORD, Running, Server, Step, Tls, accepted};

/// A signal to a run.
type Press = fn(&mut Running);

/// Four letters, of which the second is held at its final dot by the server.
fn held() -> (Server, Campaign, Running) {
    let server = Server::builder().on(Step::FinalDot).letter(2).hold().start();
    let campaign = Campaign::new().people(4).smtp(&server);
    let run = campaign.spawn(&["send", "--yes", "--json"]);
    server.wait_for_holds(1);
    (server, campaign, run)
}

#[test]
fn ctrl_c_finishes_what_is_in_flight_and_leaves_the_rest_for_the_next_run() {
    let signals: [Press; 3] = [Running::interrupt, Running::terminate, Running::hang_up];
    for signal in signals {
        let (server, campaign, mut run) = held();
        signal(&mut run);
        run.wait_for_words("finishing what is on its way");
        server.release();
        let run = run.wait();
        run.exits(130).says(&["Interrupted: 2 letters not sent"]);
        assert_eq!(run.counts(), [4, 2, 2, 0, 0, 0]);
        assert_eq!(server.taken().len(), 2);
        assert_eq!(campaign.standing(), [2, 0, 0, 0, 2]);
        assert_eq!(campaign.send_json(&[]).exits(0).counts(), [2, 2, 0, 0, 0, 2]);
        assert_eq!((server.taken().len(), server.taken_twice().len()), (4, 0));
    }
}

#[test]
fn ctrl_c_twice_stops_at_once_and_what_was_in_flight_is_in_doubt() {
    let signals: [(Press, Press); 3] = [
        (Running::interrupt, Running::interrupt),
        (Running::terminate, Running::interrupt),
        (Running::interrupt, Running::terminate),
    ];
    for (first, second) in signals {
        let (server, campaign, mut run) = held();
        first(&mut run);
        run.wait_for_words("finishing what is on its way");
        second(&mut run);
        let run = run.wait();
        run.exits(130);
        assert_eq!(run.counts(), [4, 1, 2, 0, 1, 0]);
        assert_eq!(run.letter_to("m2@mfa.example")["outcome"], "in-doubt");
        server.release();
        assert_eq!(server.taken().len(), 2, "the server had it");
        assert_eq!(campaign.standing(), [1, 0, 0, 1, 2]);
        let again = campaign.send_json(&[]);
        again.exits(1);
        assert_eq!(again.counts(), [2, 2, 0, 0, 0, 2]);
        assert_eq!((server.taken().len(), server.taken_twice().len()), (4, 0));
    }
}

#[test]
fn ctrl_c_at_any_step_of_a_letter_lets_it_arrive() {
    for step in [Step::Mail, Step::Rcpt, Step::Data, Step::FinalDot] {
        let server = Server::builder().on(step).letter(2).hold().start();
        let campaign = Campaign::new().people(4).smtp(&server);
        let mut run = campaign.spawn(&["send", "--yes", "--json"]);
        server.wait_for_holds(1);
        run.interrupt();
        run.wait_for_words("finishing what is on its way");
        server.release();
        let run = run.wait();
        run.exits(130);
        assert_eq!(run.counts(), [4, 2, 2, 0, 0, 0], "at {step:?}");
        assert_eq!(run.letter_to("m2@mfa.example")["outcome"], "accepted");
        assert_eq!((server.taken().len(), campaign.standing()), (2, [2, 0, 0, 0, 2]));
    }
}

/// Twelve letters on four connections, of which every one holds a letter at its final dot.
fn four_held() -> (Server, Campaign, Running) {
    let mut server = Server::builder();
    for connection in 1..=4 {
        server = server.on(Step::FinalDot).connection(connection).hold();
    }
    let server = server.start();
    let campaign = Campaign::new()
        .people(12)
        .smtp(&server)
        .set_toml("smtp.connections", "4");
    let run = campaign.spawn(&["send", "--yes", "--json"]);
    server.wait_for_holds(4);
    (server, campaign, run)
}

#[test]
fn ctrl_c_with_four_connections_in_flight_finishes_all_four_letters() {
    let (server, campaign, mut run) = four_held();
    run.interrupt();
    run.wait_for_words("finishing what is on its way");
    server.release();
    let run = run.wait();
    run.exits(130).says(&["Interrupted: 8 letters not sent"]);
    assert_eq!(run.counts(), [12, 4, 8, 0, 0, 0]);
    assert_eq!(campaign.standing(), [4, 0, 0, 0, 8]);
    assert_eq!(campaign.send_json(&[]).exits(0).counts(), [8, 8, 0, 0, 0, 4]);
    assert_eq!((server.taken().len(), server.taken_twice().len()), (12, 0));
}

#[test]
fn ctrl_c_twice_with_four_connections_in_flight_leaves_one_letter_of_each_in_doubt() {
    let (server, campaign, mut run) = four_held();
    run.interrupt();
    run.wait_for_words("finishing what is on its way");
    run.interrupt();
    let run = run.wait();
    run.exits(130);
    assert_eq!(run.counts(), [12, 0, 8, 0, 4, 0]);
    assert_eq!(campaign.standing(), [0, 0, 0, 4, 8]);
    server.release();
    let again = campaign.send_json(&[]);
    again.exits(1);
    assert_eq!(again.counts(), [8, 8, 0, 0, 0, 4]);
    assert_eq!((server.taken().len(), server.taken_twice().len()), (12, 0));
}

#[test]
fn ctrl_c_at_any_step_of_connecting_ends_the_run_and_nothing_is_in_doubt() {
    for step in [Step::Connect, Step::TlsHandshake, Step::Ehlo, Step::Auth] {
        let server = Server::builder()
            .tls(Tls::Implicit)
            .password("ann", PASSWORD)
            .on(step)
            .stall()
            .start();
        let campaign = Campaign::new().people(2).smtp(&server).login("ann", PASSWORD);
        let mut run = campaign.spawn(&["send", "--yes", "--json"]);
        server.wait_for_stalls(1);
        run.interrupt();
        let run = run.wait();
        run.exits(130).says(&["Interrupted: 2 letters not sent"]);
        assert_eq!(run.counts(), [2, 0, 2, 0, 0, 0], "at {step:?}");
        assert_eq!(campaign.standing(), [0, 0, 0, 0, 2]);
    }
}

#[test]
fn ctrl_c_while_a_proxy_does_not_answer_ends_the_run() {
    // Whoever connects is welcomed by the system, and by nobody else.
    let proxy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let campaign = Campaign::new()
        .people(2)
        .smtp(&Server::builder().start())
        .set("smtp.proxy", &format!("socks5h://{}", proxy.local_addr().unwrap()));
    let mut run = campaign.spawn(&["send", "--yes", "--json"]);
    let _connection = proxy.accept().unwrap();
    run.interrupt();
    let run = run.wait();
    run.exits(130);
    assert_eq!(run.counts(), [2, 0, 2, 0, 0, 0]);
}

#[test]
fn ctrl_c_while_the_next_turn_is_waited_for_ends_the_run() {
    let server = Server::builder().start();
    let campaign = Campaign::new().people(3).smtp(&server).set("smtp.rate", "1/h");
    let mut run = campaign.spawn(&["send", "--yes", "--json"]);
    run.wait_for_words("1/3  accepted");
    run.interrupt();
    let run = run.wait();
    run.exits(130).says(&["Interrupted: 2 letters not sent"]);
    assert_eq!(run.counts(), [3, 1, 2, 0, 0, 0]);
    assert_eq!(campaign.standing(), [1, 0, 0, 0, 2]);
}

#[test]
fn ctrl_c_during_a_pause_ends_the_run() {
    let server = Server::builder().on(Step::Rcpt).reply("451 4.3.0 later").start();
    let campaign = Campaign::new().smtp(&server);
    let mut run = campaign.spawn(&["send", "--yes", "--json", "--retry-for", "1h"]);
    run.wait_for_words("451 4.3.0 later; next try in");
    run.interrupt();
    let run = run.wait();
    run.exits(130);
    assert_eq!(run.counts(), [1, 0, 1, 0, 0, 0]);
    assert_eq!(campaign.standing(), [0, 1, 0, 0, 1]);
}

#[test]
fn a_reader_that_goes_away_does_no_harm() {
    let server = Server::builder().start();
    let campaign = Campaign::new().people(300).smtp(&server);
    let mut run = Running::start_unread(campaign.command(&["send", "--yes", "--json", "-q"]));
    let mut first = String::new();
    BufReader::new(run.take_stdout()).read_line(&mut first).unwrap();
    assert!(first.starts_with("{\"event\":\"letter\""), "{first}");
    run.wait().exits(0);
    assert_eq!((server.taken().len(), server.taken_twice().len()), (300, 0));
    assert_eq!(campaign.standing(), [300, 0, 0, 0, 0]);

    for arguments in [
        &["log"][..],
        &["log", "--json"],
        &["preview"],
        &["send", "--dry-run", "--json"],
    ] {
        let mut run = Running::start_unread(campaign.command(arguments));
        drop(run.take_stdout());
        run.wait().exits(0);
    }
}

#[test]
fn a_run_that_is_given_no_output_at_all_writes_its_story_into_no_other_file() {
    let server = Server::builder().start();
    for closed in [">&-", ">&- 2>&-", ">&- 2>&- <&-"] {
        let campaign = Campaign::new().people(3).smtp(&server);
        campaign.redirected(closed, &["send", "--yes", "--json"]).exits(0);
        assert_eq!(campaign.standing(), [3, 0, 0, 0, 0], "with {closed}");
        campaign.send_json(&[]).exits(0);
    }
    assert_eq!(server.taken().len(), 9);
}

#[test]
fn output_to_a_full_disk_harms_nothing_and_is_said() {
    let server = Server::builder().start();
    for form in [&["--json"][..], &[]] {
        let campaign = Campaign::new().people(3).smtp(&server);
        let run = campaign.redirected(">/dev/full", &[&["send", "--yes"], form].concat());
        run.exits(0)
            .says(&["standard output could not be written", "see `appel log`"]);
        assert_eq!(campaign.standing(), [3, 0, 0, 0, 0]);
    }
    assert_eq!(server.taken().len(), 6);
}

#[test]
fn nobody_reading_progress_does_no_harm() {
    let server = Server::builder().start();
    let campaign = Campaign::new().people(60).smtp(&server);
    let mut command = campaign.command(&["send", "--yes"]);
    let (reader, writer) = std::io::pipe().unwrap();
    command.stderr(writer);
    drop(reader);
    let run = Running::start(command);
    run.wait().exits(0);
    assert_eq!(server.taken().len(), 60);
    assert_eq!(campaign.standing(), [60, 0, 0, 0, 0]);
}

#[test]
fn a_second_run_on_the_same_ledger_is_told_who_has_it() {
    let (server, campaign, run) = held();
    let holder = format!("process {}", run.id());
    campaign
        .send(&[])
        .exits(4)
        .says(&["another run is using the ledger", &holder, "wait until it has ended"]);
    campaign
        .send(&["--dry-run"])
        .exits(0)
        .prints(&["m4@mfa.example", "Nothing was sent."]);
    campaign.appel(&["log"]).exits(0);
    server.release();
    assert_eq!(run.wait().exits(0).counts(), accepted(4));
    assert_eq!((server.taken().len(), server.taken_twice().len()), (4, 0));
}

#[test]
fn looking_on_does_not_put_a_run_under_way_in_doubt() {
    let (server, campaign, run) = held();
    run.wait_for_words("1/4  accepted");
    assert_eq!(
        campaign.standing(),
        [1, 0, 0, 0, 3],
        "a letter on its way is not in doubt yet"
    );
    server.release();
    assert_eq!(run.wait().exits(0).counts(), accepted(4));
}

#[test]
fn the_lock_of_a_dead_run_blocks_nobody() {
    let (server, campaign, run) = held();
    run.kill();
    assert!(campaign.root().join("state/appel/ledger.sqlite3.lock").exists());
    server.release();
    let again = campaign.send_json(&[]);
    again.exits(1);
    // The letter whose text had left.
    assert_eq!(again.counts(), [2, 2, 0, 0, 0, 2]);
    assert_eq!(campaign.standing(), [3, 0, 0, 1, 0]);
}
