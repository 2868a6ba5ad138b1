//! `appel purge`: a campaign is forgotten after asking, also by the disk, and no other one is.

use std::{fs, path::Path};

use crate::support::{Campaign, Running, Server, Step, accepted};

/// A ledger with everything in it that can be: an accepted letter, a refused one whose address the server repeats, one
/// deferred, one that a kill left in doubt, and one that was only claimed; with copies, by two senders, on the log in full.
fn busy(server: &Server) -> Campaign {
    let campaign = Campaign::new()
        .recipients(
            "ministry,B,refused@mfa.example\nministry,A,a@mfa.example,,,secret-copy@mfa.example\n\
             ministry,C,later@mfa.example\nministry,D,doubt@mfa.example,,,second-copy@mfa.example\n\
             ministry,E,untried@mfa.example\n",
        )
        .letter("protest", "en", "Subject: S\n\n{{fact \"killed\"}} were killed.\n")
        .config("[facts.killed]\nvalue = \"at least 14\"\nas-of = 2026-11-20T10:00:00Z\nsource = \"lawyers\"\n")
        .smtp(server);
    let campaign = campaign.set("sender.email", "bob@home.example");
    campaign.send(&["--to", "a@mfa.example", "-v"]).exits(0);
    let campaign = campaign
        .set("sender.email", "ann@home.example")
        .set_toml("smtp.port", "1");
    campaign.send(&["--to", "untried@mfa.example"]).exits(1);
    let campaign = campaign.smtp(server);
    // The one that stalls is the last, so that no other has begun.
    let others = ["a", "refused", "later", "doubt"].map(|name| format!("--to={name}@mfa.example"));
    let run = campaign.spawn(&[&["send", "--yes", "-v"][..], &others.each_ref().map(String::as_str)].concat());
    run.wait_for_words("3/4  deferred");
    server.wait_for_stalls(1);
    run.kill();
    assert_eq!(campaign.standing(), [1, 1, 1, 1, 2]);
    campaign
}

fn busy_server() -> Server {
    Server::builder()
        .on(Step::Rcpt)
        .to("refused@mfa.example")
        .reply("550 5.1.1 <refused@mfa.example> is gone")
        .on(Step::FinalDot)
        .to("later@mfa.example")
        .reply("451 4.3.0 later")
        .on(Step::FinalDot)
        .to("doubt@mfa.example")
        .stall()
        .start()
}

/// The files in which a text stands.
fn files_with(campaign: &Campaign, text: &str) -> Vec<String> {
    let has = |bytes: &[u8]| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    let found = campaign
        .files_under("state")
        .into_iter()
        .filter(|(_, bytes)| has(bytes));
    found.map(|(name, _)| name).collect()
}

#[test]
fn what_was_purged_is_gone_from_every_file() {
    let server = busy_server();
    let campaign = busy(&server);
    let secrets = [
        "a@mfa.example",
        "secret-copy@mfa.example",
        "refused@mfa.example",
        "later@mfa.example",
        "doubt@mfa.example",
        "second-copy@mfa.example",
        "untried@mfa.example",
        "bob@home.example",
        "ann@home.example",
        "at least 14",
        "is gone",
    ];
    for secret in secrets {
        assert_ne!(
            files_with(&campaign, secret),
            [""; 0],
            "{secret:?} is nowhere even before"
        );
    }
    let purge = campaign.appel(&["purge", "--yes"]);
    purge.exits(0).says(&["6 letters, with", "by 2 senders"]);
    purge.prints(&["Removed: 6 letters, ", ", and the log.\n"]);
    for secret in secrets {
        assert_eq!(files_with(&campaign, secret), [""; 0], "{secret:?}");
    }
    assert_eq!(campaign.standing(), [0, 0, 0, 0, 5]);
    assert_eq!(campaign.appel(&["log"]).stdout, "Nothing was tried yet.\n");
    let files = campaign.files_under("state");
    let marks = files.iter().find(|(name, _)| name.ends_with(".marks")).expect("marks");
    assert_eq!(marks.1.len(), 40, "only numbers are in the marks");
}

#[test]
fn other_campaigns_keep_their_records() {
    let server = Server::builder().start();
    let facts = "[facts.killed]\nvalue = \"at least 14\"\nas-of = 2026-11-20T10:00:00Z\nsource = \"lawyers\"\n";
    let campaign = Campaign::new()
        .letter("protest", "en", "Subject: S\n\n{{fact \"killed\"}} were killed.\n")
        .config(facts)
        .recipients("ministry,A,a@mfa.example,,,copy@mfa.example\nministry,B,b@mfa.example\n")
        .smtp(&server)
        .set("campaign.id", "other");
    campaign.send(&[]).exits(0);
    let before = campaign.appel(&["log", "--json"]).stdout;
    assert!(before.contains("at least 14") && before.contains("copy@mfa.example"));

    let campaign = campaign.set("campaign.id", "test").people(200);
    campaign.send(&["-q"]).exits(0);
    let purge = campaign.appel(&["purge", "--yes"]);
    purge.exits(0).says(&["200 letters", "Records of other campaigns stay"]);
    assert_eq!(files_with(&campaign, "m1@mfa.example"), [""; 0]);

    let campaign = campaign
        .set("campaign.id", "other")
        .recipients("ministry,A,a@mfa.example,,,copy@mfa.example\nministry,B,b@mfa.example\n");
    assert_eq!(campaign.appel(&["log", "--json"]).stdout, before);
    assert_eq!(campaign.standing(), [2, 0, 0, 0, 0]);
    assert!(campaign.root().join("state/appel/log/other.jsonl").exists());
    campaign.send(&[]).exits(0).prints(&["2 letters were accepted earlier"]);
    assert_eq!(server.taken().len(), 202);
}

#[test]
fn before_it_forgets_it_says_what_and_what_comes_of_it_and_off_a_terminal_it_wants_yes() {
    let server = busy_server();
    let campaign = busy(&server);
    let before = campaign.appel(&["log", "--json"]).stdout;
    let asked = campaign.appel(&["purge"]);
    asked.exits(2).says(&["nobody is here to confirm", "purge with --yes"]);
    assert_eq!(asked.stdout, "");
    assert_eq!(campaign.appel(&["log", "--json"]).stdout, before, "nothing was removed");
    let root = campaign.root().display().to_string();
    insta::assert_snapshot!(asked.stderr.replace(&root, "/ROOT"), @"
    Free them (test)

            2  accepted
            1  deferred (due again)
            1  refused
            1  in doubt (held)
            1  never tried

    To be removed: these 6 letters, with 5 attempts by 2 senders, from the ledger
      /ROOT/state/appel/ledger.sqlite3
    To be removed: the log
      /ROOT/state/appel/log/test.jsonl
    Records of other campaigns stay. This cannot be undone.
    What was sent is forgotten: a later `appel send` would send 2 letters again.
    1 letter in doubt, which may have arrived, would be sent again too.
    So that nobody gets too much, a salted hash of each address stays until the first `appel send`
    after 24 hours; who guesses an address can test it.
    smtp.daily-limit will no longer count 3 letters of the last 24 hours; your provider does.

    error: nobody is here to confirm
     |
     = help: read what would be forgotten, then purge with --yes
    ");
}

#[test]
fn what_was_purged_would_be_sent_again_and_counts_in_no_limit_any_more() {
    let server = Server::builder().start();
    let campaign = Campaign::new()
        .people(2)
        .smtp(&server)
        .set_toml("smtp.daily-limit", "2");
    assert_eq!(campaign.send_json(&[]).exits(0).counts(), accepted(2));
    campaign.appel(&["purge", "--yes"]).exits(0).says(&[
        "a later `appel send` would send 2 letters again",
        "daily-limit will no longer count 2 letters of the last 24 hours",
    ]);
    assert_eq!(campaign.send_json(&[]).exits(0).counts(), accepted(2));
    assert_eq!((server.taken().len(), server.taken_twice().len()), (4, 2));
}

#[test]
fn nothing_is_purged_while_a_run_goes_on() {
    let server = Server::builder().on(Step::FinalDot).letter(2).stall().start();
    let campaign = Campaign::new().people(2).smtp(&server);
    let run = campaign.spawn(&["send", "--yes"]);
    run.wait_for_words("1/2  accepted");
    server.wait_for_stalls(1);
    campaign
        .appel(&["purge", "--yes"])
        .exits(4)
        .says(&["another run is using the ledger", &format!("process {}", run.id())]);
    run.kill();
    assert_eq!(campaign.standing(), [1, 0, 0, 1, 0]);
    campaign
        .appel(&["purge", "--yes"])
        .exits(0)
        .says(&["1 letter in doubt"]);
    assert_eq!(campaign.standing(), [0, 0, 0, 0, 2]);
}

#[test]
fn nothing_to_purge_is_said_and_makes_no_ledger() {
    let server = Server::builder().start();
    let campaign = Campaign::new().smtp(&server);
    // Nobody has to confirm that nothing is removed.
    let purge = campaign.appel(&["purge"]);
    assert_eq!(purge.exits(0).stdout, "Nothing is recorded of this campaign.\n");
    assert!(!campaign.ledger().exists());
    campaign.send(&[]).exits(0);
    campaign.appel(&["purge", "--yes"]).exits(0);
    let again = campaign.appel(&["purge"]);
    assert_eq!(again.exits(0).stdout, "Nothing is recorded of this campaign.\n");
}

#[test]
fn a_purge_says_in_json_what_it_removed() {
    let server = Server::builder().start();
    let campaign = Campaign::new().people(2).smtp(&server);
    campaign.send(&[]).exits(0);
    let events = campaign.appel(&["purge", "--yes", "--json"]).exits(0).json_events();
    let expect = serde_json::json!([
        { "event": "purged", "campaign": "test", "letters": 2, "attempts": 2, "senders": 1, "log": true }
    ]);
    assert_eq!(serde_json::Value::from(events), expect);
}

#[test]
fn whoever_reads_the_ledger_meanwhile_is_waited_for_or_said_to_be_in_the_way() {
    let server = Server::builder().start();
    let campaign = Campaign::new().people(3).smtp(&server);
    campaign.send(&[]).exits(0);
    let viewer = rusqlite::Connection::open(campaign.ledger()).unwrap();
    let seen: i64 = viewer
        .execute_batch("BEGIN")
        .and_then(|()| viewer.query_row("SELECT count(*) FROM letter", [], |row| row.get(0)))
        .unwrap();
    assert_eq!(seen, 3);
    let purge = campaign.appel(&["purge", "--yes"]);
    purge
        .exits(4)
        .says(&["the records are removed, but traces stay", "run `appel purge` again"]);
    assert_eq!(campaign.standing(), [0, 0, 0, 0, 3]);
    drop(viewer);
    campaign.appel(&["purge", "--yes"]).exits(0);
    assert_eq!(files_with(&campaign, "m1@mfa.example"), [""; 0]);
}

#[test]
fn a_campaign_that_leads_elsewhere_by_its_name_removes_nothing_there() {
    let campaign = Campaign::new().set("campaign.id", "../../../campaign/kept");
    campaign.put("kept.jsonl", "mine");
    fs::create_dir_all(campaign.root().join("state/appel/log")).unwrap();
    assert!(Path::new(&campaign.root().join("state/appel/log/../../../campaign/kept.jsonl")).exists());
    campaign.appel(&["purge", "--yes"]).exits(0);
    assert_eq!(fs::read_to_string(campaign.path("kept.jsonl")).unwrap(), "mine");
}

#[test]
fn a_purge_that_is_killed_at_any_moment_has_forgotten_all_or_nothing() {
    let server = Server::builder().start();
    let campaign = Campaign::new().people(300).smtp(&server);
    campaign.send(&["-q"]).exits(0);
    let mut finished = 0;
    for tries in 0_u64.. {
        let run = Running::start(campaign.command(&["purge", "--yes", "-q"]));
        std::thread::sleep(std::time::Duration::from_millis(tries));
        let ended = run.kill();
        let [sent, .., due] = campaign.standing();
        assert!(
            [(300, 0), (0, 300)].contains(&(sent, due)),
            "{sent} accepted, {due} due"
        );
        if ended.status == Some(0) {
            finished += 1;
            break;
        }
    }
    assert_eq!(finished, 1);
    assert_eq!(files_with(&campaign, "m1@mfa.example"), [""; 0]);
}
