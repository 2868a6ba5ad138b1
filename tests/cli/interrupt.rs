//! Ctrl-C, SIGTERM, a reader that goes away, and a second run: what is in flight lands, the rest waits.

use std::io::{BufRead as _, BufReader};

use crate::support::{Campaign, Running, Server, Step, accepted};

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
    let signals: [fn(&mut Running); 2] = [Running::interrupt, Running::terminate];
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
    let (server, campaign, mut run) = held();
    run.interrupt();
    run.wait_for_words("finishing what is on its way");
    run.interrupt();
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

#[test]
fn ctrl_c_while_waiting_for_a_server_that_does_not_answer_ends_the_run() {
    let server = Server::builder().on(Step::Connect).stall().start();
    let campaign = Campaign::new().people(2).smtp(&server);
    let mut run = campaign.spawn(&["send", "--yes", "--json"]);
    server.wait_for_stalls(1);
    run.interrupt();
    let run = run.wait();
    run.exits(130);
    assert_eq!(run.counts(), [2, 0, 2, 0, 0, 0]);
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
    // The letter whose text had left, and the one whose opening had left behind it.
    assert_eq!(again.counts(), [1, 1, 0, 0, 0, 3]);
    assert_eq!(campaign.standing(), [2, 0, 0, 2, 0]);
}
