//! `appel settle`: a person says what became of letters in doubt.

use serde_json::Value;

use crate::support::{Campaign, Run, Server, Step};

/// Four letters: the first is accepted, the second refused, the others are in doubt, the third taken and the fourth not.
fn doubtful() -> (Server, Campaign, Run) {
    let server = Server::builder()
        .on(Step::Rcpt)
        .to("m2@mfa.example")
        .reply("550 5.1.1 no such user")
        .on(Step::FinalDot)
        .to("m3@mfa.example")
        .accept_then_reset()
        .on(Step::FinalDot)
        .to("m4@mfa.example")
        .times(1)
        .close()
        .start();
    let campaign = Campaign::new().people(4).smtp(&server);
    let run = campaign.send_json(&[]);
    assert_eq!(run.exits(1).counts(), [4, 1, 0, 1, 2, 0]);
    (server, campaign.now("2026-11-26T09:00:00Z"), run)
}

fn id(run: &Run, address: &str) -> String {
    run.letter_to(address)["id"].as_str().unwrap().to_owned()
}

fn message_id(run: &Run, address: &str) -> String {
    run.letter_to(address)["message_id"].as_str().unwrap().to_owned()
}

fn log(campaign: &Campaign) -> Vec<Value> {
    campaign.appel(&["log", "--json"]).exits(0).json_events()
}

#[test]
fn a_letter_settled_as_sent_is_accepted_and_never_sent_again() {
    let (server, campaign, run) = doubtful();
    let settled = campaign.appel(&["settle", &id(&run, "m3@mfa.example"), "--sent"]);
    assert_eq!(
        settled.exits(0).stdout,
        "1 letter settled as sent: it counts as accepted and is never sent again.\n  protest to m3@mfa.example\n"
    );
    assert_eq!(campaign.standing(), [2, 0, 1, 1, 0]);
    let before = server.taken().len();
    let again = campaign.send_json(&[]);
    assert_eq!(again.letter_to("m3@mfa.example")["reason"], "already-accepted");
    campaign
        .send_json(&["--resend-in-doubt", "--to", "m3@mfa.example"])
        .exits(0);
    assert_eq!((server.taken().len(), server.taken_twice().len()), (before, 0));

    let last = log(&campaign).pop().unwrap();
    assert_eq!(last["to"], "m3@mfa.example");
    assert_eq!(
        (&last["outcome"], &last["settled"]),
        (&"accepted".into(), &"sent".into())
    );
    assert_eq!(
        (&last["reply"], &last["at"], &last["sha256"]),
        (
            &"settled by hand as sent".into(),
            &"2026-11-26T09:00:00Z".into(),
            &Value::Null
        )
    );
    campaign
        .appel(&["log"])
        .prints(&["2026-11-26 09:00:00 UTC  accepted  protest  en  m3@mfa.example  settled by hand as sent\n"]);
}

#[test]
fn a_letter_settled_as_unsent_is_due_again_and_leaves_as_the_same_message() {
    let (server, campaign, run) = doubtful();
    let named = message_id(&run, "m4@mfa.example");
    campaign.appel(&["settle", "--unsent", &named]).exits(0).prints(&[
        "1 letter settled as unsent: it is due again",
        "protest to m4@mfa.example",
    ]);
    assert_eq!(campaign.standing(), [1, 1, 1, 1, 1]);
    let last = log(&campaign).pop().unwrap();
    assert_eq!(
        (&last["outcome"], &last["settled"]),
        (&"deferred".into(), &"unsent".into())
    );

    let before = server.taken().len();
    let again = campaign.send_json(&[]);
    assert_eq!(again.letter_to("m4@mfa.example")["outcome"], "accepted");
    let taken = server.taken();
    assert_eq!((taken.len(), server.taken_twice().len()), (before + 1, 0));
    assert_eq!(taken[before].message_id.as_deref(), Some(&*named));
    let text = String::from_utf8(taken[before].data.clone()).unwrap();
    assert!(text.contains("Date: Wed, 25 Nov 2026 10:00:00 +0000\r\n"), "{text}");
    assert_eq!(campaign.standing(), [2, 0, 1, 1, 0]);
}

#[test]
fn several_letters_are_settled_at_once_and_json_says_which() {
    let (_server, campaign, run) = doubtful();
    let (third, fourth) = (id(&run, "m3@mfa.example"), message_id(&run, "m4@mfa.example"));
    let bare = fourth.trim_matches(['<', '>']);
    let settled = campaign.appel(&["--json", "settle", "--sent", &third, bare, &third]);
    let told = settled.exits(0).json_events();
    let to: Vec<_> = told.iter().map(|event| event["to"].as_str().unwrap()).collect();
    assert_eq!(to, ["m3@mfa.example", "m4@mfa.example"]);
    let logged = log(&campaign);
    assert_eq!(told, logged[logged.len() - 2..], "the objects are those of the log");
    assert_eq!(campaign.standing(), [3, 0, 1, 0, 0]);
}

#[test]
fn settling_the_same_again_says_so_and_changes_nothing() {
    let (_server, campaign, run) = doubtful();
    let third = id(&run, "m3@mfa.example");
    for (flag, standing) in [("--unsent", [1, 1, 1, 1, 1]), ("--unsent", [1, 1, 1, 1, 1])] {
        campaign.appel(&["settle", &third, flag]).exits(0);
        assert_eq!(campaign.standing(), standing);
    }
    let lines = log(&campaign).len();
    let campaign = campaign.now("2026-11-27T09:00:00Z");
    let again = campaign.appel(&["settle", &third, "--unsent"]);
    assert_eq!(
        again.exits(0).stdout,
        "1 letter settled as unsent before:\n  protest to m3@mfa.example, on 2026-11-26 at 09:00 UTC\n"
    );
    assert_eq!(log(&campaign).len(), lines);
    let json = campaign.appel(&["settle", &third, "--unsent", "--json"]).json_events();
    assert_eq!((json.len(), json[0]["at"].as_str()), (1, Some("2026-11-26T09:00:00Z")));
    // With one that is in doubt beside it.
    let both = campaign.appel(&["settle", &third, &id(&run, "m4@mfa.example"), "--unsent"]);
    both.exits(0).prints(&[
        "1 letter settled as unsent: it",
        "m4@mfa.example",
        "1 letter settled as unsent before:",
    ]);
}

#[test]
fn what_is_not_in_doubt_is_refused_and_nothing_changes() {
    let (_server, campaign, run) = doubtful();
    let [first, second, third, fourth] = [1, 2, 3, 4].map(|n| id(&run, &format!("m{n}@mfa.example")));
    let lines = log(&campaign).len();
    let refused = |ids: &[&str], words: &[&str]| {
        let run = campaign.appel(&[&["settle", "--unsent"], ids].concat());
        run.exits(3).says(words).says(&["nothing was settled"]);
        assert_eq!(run.stdout, "");
        assert_eq!(campaign.standing(), [1, 0, 1, 2, 0]);
        assert_eq!(log(&campaign).len(), lines);
    };
    refused(
        &[&third, &first],
        &["protest to m1@mfa.example is not in doubt: the server accepted it on 2026-11-25 at 10:00 UTC: 250 "],
    );
    refused(
        &[&second, &fourth],
        &["protest to m2@mfa.example is not in doubt: the server refused it on 2026-11-25 at 10:00 UTC: 550 5.1.1"],
    );
    let nobody = "00112233445566778899aabbccddeeff";
    refused(
        &[nobody, &first],
        &[
            &format!("knows no letter {nobody}"),
            "m1@mfa.example is not in doubt",
            "in doubt:",
            &format!("{third}  protest to m3@mfa.example"),
            &format!("{fourth}  protest to m4@mfa.example"),
        ],
    );
    let elsewhere = campaign.set("campaign.id", "other");
    elsewhere.appel(&["settle", &third, "--sent"]).exits(3).says(&[
        "belongs to another campaign, test",
        "no letter of this campaign is in doubt",
    ]);
}

#[test]
fn what_was_settled_cannot_be_settled_the_other_way() {
    let (_server, campaign, run) = doubtful();
    let [third, fourth] = [3, 4].map(|n| id(&run, &format!("m{n}@mfa.example")));
    campaign.appel(&["settle", &third, "--sent"]).exits(0);
    campaign.appel(&["settle", &fourth, "--unsent"]).exits(0);
    campaign
        .appel(&["settle", &third, "--unsent"])
        .exits(3)
        .says(&["m3@mfa.example is not in doubt: it was settled by hand as sent on 2026-11-26 at 09:00 UTC"]);
    campaign
        .appel(&["settle", &fourth, "--sent"])
        .exits(3)
        .says(&["it was settled by hand as unsent on 2026-11-26 at 09:00 UTC, and is due again"]);
    assert_eq!(campaign.standing(), [2, 1, 1, 0, 1]);
}

#[test]
fn settling_wants_one_of_two_words_and_letters_that_can_be() {
    let campaign = Campaign::new();
    let id = "00112233445566778899aabbccddeeff";
    campaign.appel(&["settle", id]).exits(2).says(&["--sent", "--unsent"]);
    campaign.appel(&["settle", id, "--sent", "--unsent"]).exits(2);
    campaign.appel(&["settle", "--sent"]).exits(2);
    campaign
        .appel(&["settle", "minister@mfa.example", "--sent"])
        .exits(2)
        .says(&["no letter has such an id", "appel status"]);
    campaign
        .appel(&["settle", id, "--sent"])
        .exits(3)
        .says(&["knows no letter"]);
    assert!(
        !campaign.ledger().exists(),
        "there was no ledger, and there is none now"
    );
}

#[test]
fn a_letter_settled_as_sent_counts_in_the_daily_limit_once_and_only_when_it_was_tried() {
    let server = Server::builder()
        .on(Step::FinalDot)
        .to("m1@mfa.example")
        .accept_then_reset()
        .start();
    let campaign = Campaign::new()
        .people(4)
        .smtp(&server)
        .set_toml("smtp.daily-limit", "2");
    let run = campaign.send_json(&["--limit", "1"]);
    assert_eq!(run.exits(1).counts()[4], 1);
    let campaign = campaign.now("2026-11-26T09:00:00Z");
    campaign
        .appel(&["settle", &id(&run, "m1@mfa.example"), "--sent"])
        .exits(0);
    // Within a day of the attempt: the letter settled is one of the two.
    assert_eq!(campaign.send_json(&[]).exits(1).counts(), [3, 1, 2, 0, 0, 1]);
    // A day after the attempt, and minutes after it was settled: it counts no more.
    let campaign = campaign.now("2026-11-27T08:59:00Z");
    assert_eq!(campaign.send_json(&[]).exits(1).counts(), [2, 1, 1, 0, 0, 2]);
    assert_eq!(server.taken_twice(), [""; 0]);
}

#[test]
fn settling_while_a_run_goes_on_says_who_has_the_ledger() {
    let (_first, campaign, run) = doubtful();
    let server = Server::builder().on(Step::Connect).stall().start();
    let campaign = campaign.people(5).smtp(&server);
    let running = campaign.spawn(&["send", "--yes", "-q"]);
    server.wait_for_stalls(1);
    campaign
        .appel(&["settle", &id(&run, "m3@mfa.example"), "--sent"])
        .exits(4)
        .says(&["another run is using the ledger", &format!("process {}", running.id())]);
    running.kill();
    campaign
        .appel(&["settle", &id(&run, "m3@mfa.example"), "--sent"])
        .exits(0);
}

#[test]
fn the_copies_of_a_letter_are_settled_with_it_but_for_those_that_had_their_answer() {
    let server = Server::builder()
        .on(Step::Rcpt)
        .to("y@mfa.example")
        .reply("550 5.1.1 no such user")
        .on(Step::FinalDot)
        .accept_then_reset()
        .start();
    let campaign = Campaign::new()
        .recipients("ministry,A,m1@mfa.example,,,x@mfa.example y@mfa.example\n")
        .smtp(&server);
    let run = campaign.send_json(&[]);
    campaign
        .appel(&["settle", &id(&run, "m1@mfa.example"), "--sent"])
        .exits(0);
    let last = log(&campaign).pop().unwrap();
    let outcomes: Vec<_> = last["recipients"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            format!(
                "{} {}",
                one["address"].as_str().unwrap(),
                one["outcome"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(
        outcomes,
        [
            "m1@mfa.example accepted",
            "x@mfa.example accepted",
            "y@mfa.example refused"
        ]
    );
}

#[test]
fn the_status_says_what_is_known_of_a_letter_in_doubt_and_what_to_do() {
    let (_server, campaign, run) = doubtful();
    let status = campaign.appel(&["status"]);
    status.exits(0).prints(&[
        "protest  m3@mfa.example  tried 2026-11-25 10:00 UTC\n",
        &message_id(&run, "m3@mfa.example"),
        "    the letter was handed over, then the connection was lost",
        "Sent folder",
        "ask the recipient",
        "appel settle ID --sent",
        "appel settle ID --unsent",
        "appel send --resend-in-doubt",
    ]);
    // Sent again and in doubt again: the time is that of the last attempt.
    let campaign = campaign.now("2026-11-27T09:00:00Z");
    campaign.send(&["--resend-in-doubt", "--to", "m3@mfa.example"]).exits(1);
    campaign
        .appel(&["status"])
        .prints(&["protest  m3@mfa.example  tried 2026-11-27 09:00 UTC\n"]);
}
