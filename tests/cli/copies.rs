//! Copies that the server puts off or refuses while it takes the letter: each goes its own way from then on.

use std::fs;

use serde_json::{Value, json};

use crate::support::{Builder, Campaign, Run, Running, Server, Step, accepted};

const ROW: &str = "ministry,M,info@mfa.example,,,busy@mfa.example\n";
const OTHER_TEXT: &str = "Subject: Another\n\nAnother text by now.\n";

/// One letter with one copy, which this server puts off so often.
fn put_off(times: usize) -> (Server, Campaign) {
    with(
        Server::builder()
            .on(Step::Rcpt)
            .to("busy@mfa.example")
            .times(times)
            .reply("450 4.2.0 Greylisted"),
    )
}

fn with(server: Builder) -> (Server, Campaign) {
    let server = server.start();
    let campaign = Campaign::new().recipients(ROW).smtp(&server);
    (server, campaign)
}

/// The events of copies.
#[track_caller]
fn copies(run: &Run) -> Vec<Value> {
    let events = run.json_events().into_iter();
    events.filter(|event| event["event"] == "copy").collect()
}

#[track_caller]
fn copy_counts(run: &Run) -> [u64; 2] {
    let summary = run.summary();
    ["copies_deferred", "copies_refused"].map(|key| summary[key].as_u64().unwrap())
}

/// Whom each message went to, in order.
fn taken(server: &Server) -> Vec<Vec<String>> {
    server.taken().into_iter().map(|letter| letter.to).collect()
}

#[track_caller]
fn all_are_the_same_message(server: &Server) {
    let taken = server.taken();
    for letter in &taken {
        assert_eq!(letter.message_id, taken[0].message_id);
        assert_eq!(
            String::from_utf8_lossy(&letter.data),
            String::from_utf8_lossy(&taken[0].data)
        );
    }
    assert_eq!(server.violations(), [""; 0]);
}

/// The files that are kept of letters.
fn kept(campaign: &Campaign) -> Vec<String> {
    let files = campaign.files_under("").into_iter().map(|(path, _)| path);
    files.filter(|path| path.contains(".letters/")).collect()
}

#[test]
fn a_copy_that_was_put_off_is_tried_again_in_the_same_run_as_the_same_message_to_it_alone() {
    let (server, campaign) = put_off(2);
    let campaign = campaign.set("smtp.retry-for", "15min");
    let run = campaign.send_json(&[]);
    run.exits(0);
    assert_eq!((run.counts(), copy_counts(&run)), (accepted(1), [0, 0]));
    let letter = run.letter_to("info@mfa.example");
    assert_eq!(letter["recipients"][1]["outcome"], "deferred");
    let told = copies(&run);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(
        (
            &told[0]["id"],
            &told[0]["letter"],
            &told[0]["to"],
            &told[0]["outcome"],
            &told[0]["message_id"]
        ),
        (
            &letter["id"],
            &json!("protest"),
            &json!("busy@mfa.example"),
            &json!("accepted"),
            &letter["message_id"]
        )
    );
    assert_eq!(taken(&server), [["info@mfa.example"], ["busy@mfa.example"]]);
    all_are_the_same_message(&server);
    // Nothing is kept, and nothing is left to do.
    assert_eq!(kept(&campaign), [""; 0]);
    campaign.send(&[]).exits(0).prints(&["Nothing is due."]);
    assert_eq!(server.taken().len(), 2);
    campaign.appel(&["log"]).exits(0).prints(&[
        "copy deferred  busy@mfa.example",
        "copy accepted  protest  en  busy@mfa.example",
    ]);
    let csv = campaign.appel(&["log", "--csv"]);
    let rows: Vec<&str> = csv
        .exits(0)
        .stdout
        .lines()
        .filter(|row| row.contains(",cc,busy@"))
        .collect();
    assert_eq!(rows.len(), 3, "{}", csv.stdout);
}

#[test]
fn a_copy_that_stays_put_off_is_named_counts_and_leaves_in_a_later_run_whatever_the_text_is_by_then() {
    let (server, campaign) = put_off(2);
    let run = campaign.send(&[]);
    run.exits(1).prints(&[
        "1 letter: 1 accepted.",
        "1 copy was put off by the server, although it took the letter; the next `appel send` tries it again:",
        "  protest  busy@mfa.example: 450 4.2.0 Greylisted",
    ]);
    let status = campaign.status();
    assert_eq!(
        [
            &status["copies_deferred"],
            &status["copies_due"],
            &status["accepted"],
            &status["due"]
        ],
        [&json!(1), &json!(1), &json!(1), &json!(0)]
    );
    campaign
        .appel(&["status"])
        .exits(0)
        .prints(&["Copies that were put off", "protest  busy@mfa.example (a copy)"]);
    assert_eq!(kept(&campaign).len(), 1);
    campaign.put("templates/protest.en.hbs", OTHER_TEXT);
    let run = campaign.send_json(&[]);
    run.exits(1);
    assert_eq!((run.counts(), copy_counts(&run)), ([0, 0, 0, 0, 0, 1], [1, 0]));
    assert_eq!(copies(&run)[0]["reply"], "4.2.0 Greylisted");
    let run = campaign.send(&[]);
    run.exits(0).says(&["copy accepted  protest  busy@mfa.example"]);
    assert_eq!(taken(&server), [["info@mfa.example"], ["busy@mfa.example"]]);
    all_are_the_same_message(&server);
    assert_eq!(kept(&campaign), [""; 0]);
    let run = campaign.send_json(&[]);
    run.exits(0);
    assert_eq!((copies(&run), server.taken().len()), (Vec::new(), 2));
}

#[test]
fn a_copy_that_the_row_no_longer_names_is_not_sent() {
    let (server, campaign) = put_off(1);
    campaign.send(&[]).exits(1);
    let campaign = campaign.recipients("ministry,M,info@mfa.example\n");
    let run = campaign.send_json(&[]);
    run.exits(0);
    assert_eq!((copies(&run), taken(&server).len()), (Vec::new(), 1));
    // Named by the letter instead, it is the same copy.
    let campaign = campaign.letters("[[letter]]\nid = \"protest\"\nto = [\"ministry\"]\ncc = [\"Busy@mfa.example\"]\n");
    campaign.send(&[]).exits(0);
    assert_eq!(taken(&server).len(), 2);
    all_are_the_same_message(&server);
}

#[test]
fn a_copy_that_was_refused_is_named_once_and_tried_again_only_on_request() {
    let (server, campaign) = with(
        Server::builder()
            .on(Step::Rcpt)
            .to("busy@mfa.example")
            .times(2)
            .reply("550 5.1.1 nobody here"),
    );
    let run = campaign.send_json(&[]);
    run.exits(1);
    assert_eq!((run.counts(), copy_counts(&run)), (accepted(1), [0, 1]));
    assert_eq!(kept(&campaign), [""; 0]);
    campaign
        .send(&[])
        .exits(0)
        .prints(&["Nothing is due.", "1 copy was refused by the server earlier"]);
    let run = campaign.send_json(&[]);
    run.exits(0);
    assert_eq!(copy_counts(&run), [0, 0]);
    assert_eq!(copies(&run)[0]["reason"], "refused-earlier");
    let run = campaign.send(&["--retry-refused"]);
    run.exits(1).prints(&[
        "1 copy was refused by the server",
        "  protest  busy@mfa.example: 550 5.1.1 nobody here",
    ]);
    assert_eq!(campaign.status()["copies_refused"], 1);
    campaign.send(&["--retry-refused"]).exits(0);
    assert_eq!(taken(&server), [["info@mfa.example"], ["busy@mfa.example"]]);
    all_are_the_same_message(&server);
}

#[test]
fn a_copy_whose_bytes_are_gone_is_written_again_and_leaves_only_as_the_same_message() {
    let (server, campaign) = put_off(1);
    campaign.send(&[]).exits(1);
    for file in kept(&campaign) {
        fs::remove_file(file).unwrap();
    }
    let text = fs::read(campaign.path("templates/protest.en.hbs")).unwrap();
    campaign.put("templates/protest.en.hbs", OTHER_TEXT);
    let run = campaign.send_json(&[]);
    run.exits(1);
    assert_eq!(copy_counts(&run), [1, 0]);
    let reply = copies(&run)[0]["reply"].as_str().unwrap().to_owned();
    assert!(reply.contains("its text would be another by now"), "{reply}");
    campaign.put("templates/protest.en.hbs", text);
    campaign.send(&[]).exits(0);
    assert_eq!(taken(&server), [["info@mfa.example"], ["busy@mfa.example"]]);
    all_are_the_same_message(&server);
}

/// A copy that is on its way, in the run after that which left it, and stays there.
fn stalled(server: Builder) -> (Server, Campaign, Running) {
    let server = server
        .on(Step::Rcpt)
        .to("busy@mfa.example")
        .times(1)
        .reply("450 4.2.0 Greylisted");
    let (server, campaign) = with(server);
    campaign.send(&[]).exits(1);
    let running = campaign.spawn(&["send", "--yes", "--json"]);
    server.wait_for_stalls(1);
    (server, campaign, running)
}

#[test]
fn a_copy_that_a_kill_caught_on_its_way_is_in_doubt_held_and_settled_by_itself() {
    let stall = || Server::builder().on(Step::FinalDot).letter(2).accept_then_stall();
    for settles in [Some("--sent"), Some("--unsent"), None] {
        let (server, campaign, running) = stalled(stall());
        running.kill();
        let status = campaign.status();
        assert_eq!(
            [&status["copies_in_doubt"], &status["in_doubt"], &status["accepted"]],
            [&json!(1), &json!(0), &json!(1)]
        );
        // Held, and said.
        let run = campaign.send_json(&[]);
        run.exits(1);
        assert_eq!(
            (copies(&run)[0]["reason"].clone(), taken(&server).len()),
            (json!("in-doubt"), 2)
        );
        let id = copies(&run)[0]["copy_id"].as_str().unwrap().to_owned();
        campaign
            .send(&[])
            .exits(1)
            .prints(&["1 copy is in doubt and held"])
            .says(&["Copies in doubt may have arrived"]);
        campaign
            .appel(&["status"])
            .exits(0)
            .prints(&["busy@mfa.example (a copy)", &format!("<{id}>")]);
        campaign.put("templates/protest.en.hbs", OTHER_TEXT);
        match settles {
            Some(how) => drop(campaign.appel(&["settle", &id, how]).exits(0)),
            None => drop(campaign.send(&["--resend-in-doubt"]).exits(0)),
        }
        campaign.send(&[]).exits(0);
        let expected = if settles == Some("--sent") { 2 } else { 3 };
        assert_eq!(taken(&server).len(), expected, "{settles:?}");
        all_are_the_same_message(&server);
        assert_eq!(kept(&campaign), [""; 0]);
    }
}

#[test]
fn a_letter_that_a_kill_left_in_doubt_is_resent_with_the_bytes_that_may_have_arrived() {
    let server = Server::builder()
        .on(Step::FinalDot)
        .letter(1)
        .accept_then_stall()
        .start();
    let campaign = Campaign::new().recipients(ROW).smtp(&server);
    let running = campaign.spawn(&["send", "--yes"]);
    server.wait_for_stalls(1);
    running.kill();
    campaign.put("templates/protest.en.hbs", OTHER_TEXT);
    campaign.send(&[]).exits(1);
    assert_eq!((campaign.standing()[3], kept(&campaign).len()), (1, 1));
    campaign.send(&["--resend-in-doubt"]).exits(0);
    assert_eq!(taken(&server).len(), 2);
    all_are_the_same_message(&server);
    assert_eq!(kept(&campaign), [""; 0]);
}

#[test]
fn a_letter_in_doubt_is_kept_also_when_the_line_broke_or_a_person_stopped_the_run_at_once() {
    let server = Server::builder()
        .on(Step::FinalDot)
        .letter(1)
        .accept_then_reset()
        .start();
    let campaign = Campaign::new().smtp(&server);
    campaign.send(&[]).exits(1);
    assert_eq!(kept(&campaign).len(), 1);
    campaign.put("templates/protest.en.hbs", OTHER_TEXT);
    campaign.send(&["--resend-in-doubt"]).exits(0);
    all_are_the_same_message(&server);

    let server = Server::builder()
        .on(Step::FinalDot)
        .letter(1)
        .accept_then_stall()
        .start();
    let campaign = Campaign::new().smtp(&server);
    let mut running = campaign.spawn(&["send", "--yes"]);
    server.wait_for_stalls(1);
    running.interrupt();
    running.wait_for_words("finishing what is on its way");
    running.interrupt();
    running.wait().exits(130);
    assert_eq!(kept(&campaign).len(), 1);
    campaign.put("templates/protest.en.hbs", OTHER_TEXT);
    campaign.send(&["--resend-in-doubt"]).exits(0);
    assert_eq!(taken(&server).len(), 2);
    all_are_the_same_message(&server);
}

#[test]
fn what_is_kept_of_letters_is_the_owners_alone_and_goes_when_it_is_settled_or_purged() {
    let (_server, campaign) = put_off(9);
    campaign.send(&[]).exits(1);
    let files = kept(&campaign);
    assert_eq!(files.len(), 1);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let file = std::path::Path::new(&files[0]);
        assert_eq!((mode(file), mode(file.parent().unwrap())), (0o600, 0o700));
    }
    campaign.appel(&["purge", "--yes"]).exits(0);
    assert_eq!(kept(&campaign), [""; 0]);
    let traces = |(_, bytes): &(String, Vec<u8>)| String::from_utf8_lossy(bytes).contains("busy@mfa.example");
    let left: Vec<String> = campaign
        .files_under("")
        .into_iter()
        .filter(traces)
        .map(|(path, _)| path)
        .collect();
    assert!(left.iter().all(|path| path.ends_with("recipients.csv")), "{left:?}");
}

#[test]
fn what_part_of_a_campaign_is_asked_for_and_what_limits_it_hold_for_copies_too() {
    let server = Server::builder()
        .on(Step::Rcpt)
        .to("busy@mfa.example")
        .times(2)
        .reply("450 4.2.0 Greylisted")
        .start();
    let rows = "ministry,A,a@mfa.example,,,busy@mfa.example\nministry,B,b@mfa.example,,,busy@mfa.example\n";
    let campaign = Campaign::new().recipients(rows).smtp(&server);
    campaign.send(&[]).exits(1);
    let dry = campaign.appel(&["send", "--dry-run", "--json"]);
    let told: Vec<Value> = copies(&dry).iter().map(|copy| copy["outcome"].clone()).collect();
    assert_eq!(told, ["dry-run", "dry-run"]);
    campaign.send(&["--to", "b@mfa.example"]).exits(0);
    assert_eq!(server.taken()[2].message_id, server.taken()[1].message_id);
    assert_eq!(campaign.status()["copies_due"], 1);
    let campaign = campaign.set_toml("smtp.daily-limit", "3");
    let run = campaign.send(&[]);
    run.exits(1).says(&["smtp.daily-limit is reached"]);
    assert_eq!(taken(&server).len(), 3);
    let campaign = campaign
        .unset("smtp.daily-limit")
        .set_toml("campaign.deadline", "2026-11-25T09:00:00Z");
    campaign.send(&[]).prints(&["1 copy is too late"]);
    let campaign = campaign.unset("campaign.deadline");
    campaign.send(&["--limit", "1"]).exits(0);
    assert_eq!(taken(&server).len(), 4);
    assert_eq!(
        (server.taken()[3].message_id.clone(), server.taken()[3].to.clone()),
        (
            server.taken()[0].message_id.clone(),
            vec!["busy@mfa.example".to_owned()]
        )
    );
}

#[test]
fn a_copy_that_needs_smtputf8_is_left_out_by_name_and_the_letter_leaves_without_it() {
    let server = Server::builder().without("SMTPUTF8").start();
    let campaign = Campaign::new()
        .recipients("ministry,M,info@mfa.example,,,jürgen@mfa.example press@mfa.example\n")
        .smtp(&server);
    let run = campaign.send_json(&[]);
    run.exits(1);
    assert_eq!((run.counts(), copy_counts(&run)), (accepted(1), [0, 1]));
    let recipients = run.letter_to("info@mfa.example")["recipients"].clone();
    assert_eq!(
        [
            &recipients[0]["outcome"],
            &recipients[1]["outcome"],
            &recipients[2]["outcome"]
        ],
        ["accepted", "refused", "accepted"]
    );
    assert!(
        recipients[1]["reply"].as_str().unwrap().contains("SMTPUTF8"),
        "{recipients}"
    );
    let letter = server.taken().remove(0);
    assert_eq!(letter.to, ["info@mfa.example", "press@mfa.example"]);
    assert_eq!(letter.mail_params, [""; 0]);
    let text = String::from_utf8_lossy(&letter.data).into_owned();
    assert!(
        text.is_ascii() && text.contains("\r\nCc: press@mfa.example\r\n"),
        "{text}"
    );
    assert_eq!(server.violations(), [""; 0]);
    campaign.send(&[]).exits(0);

    // Its only copy: there is no such header then.
    let server = Server::builder().without("SMTPUTF8").start();
    let campaign = Campaign::new()
        .recipients("ministry,M,info@mfa.example,,,jürgen@mfa.example\n")
        .smtp(&server);
    campaign.send(&[]).exits(1);
    let text = String::from_utf8_lossy(&server.taken()[0].data).into_owned();
    assert!(text.is_ascii() && !text.contains("Cc:"), "{text}");
    // Another server takes it, on request.
    let able = Server::builder().start();
    let campaign = campaign.smtp(&able);
    campaign.send(&["--retry-refused"]).exits(0);
    let copy = able.taken().remove(0);
    assert_eq!(
        (copy.to, copy.mail_params),
        (vec!["jürgen@mfa.example".to_owned()], vec!["SMTPUTF8".to_owned()])
    );
    assert_eq!(String::from_utf8_lossy(&copy.data), text);
    assert_eq!(able.violations(), [""; 0]);
}

#[test]
fn a_copy_at_which_the_server_hung_up_is_not_in_doubt_with_its_letter() {
    let server = Server::builder()
        .on(Step::Rcpt)
        .to("busy@mfa.example")
        .times(1)
        .reply_then_close("421 4.7.0 too busy for this one")
        .on(Step::FinalDot)
        .times(1)
        .close()
        .start();
    let campaign = Campaign::new()
        .recipients("ministry,M,info@mfa.example,,,busy@mfa.example last@mfa.example\n")
        .smtp(&server);
    let run = campaign.send_json(&[]);
    run.exits(1);
    let events = run.json_events();
    let letter = events.iter().find(|event| event["event"] == "letter").unwrap();
    let outcomes: Vec<_> = letter["recipients"]
        .as_array()
        .unwrap()
        .iter()
        .map(|its| (its["address"].as_str().unwrap(), its["outcome"].as_str().unwrap()))
        .collect();
    assert_eq!(
        outcomes,
        [
            ("info@mfa.example", "in-doubt"),
            ("busy@mfa.example", "deferred"),
            ("last@mfa.example", "deferred")
        ]
    );
    // It arrived, a person says: the copies have not, and leave.
    let id = letter["id"].as_str().unwrap();
    campaign.appel(&["settle", id, "--sent"]).exits(0);
    let before = taken(&server).len();
    campaign.send(&[]).exits(0);
    let mut alone = taken(&server)[before..].to_vec();
    alone.sort();
    assert_eq!(alone, [vec!["busy@mfa.example"], vec!["last@mfa.example"]]);
}

#[test]
fn a_server_that_hangs_up_at_a_copy_gets_the_letter_without_it_and_the_copy_goes_alone() {
    // Always at that copy, however fresh the connection, unless it comes alone.
    let server = Server::builder()
        .on(Step::Rcpt)
        .to("busy@mfa.example")
        .times(3)
        .reply_then_close("421 4.7.0 too busy for this one");
    let server = server.start();
    let campaign = Campaign::new()
        .recipients(
            "ministry,A,a@mfa.example,,,\n\
             ministry,M,info@mfa.example,,,archive@mfa.example busy@mfa.example last@mfa.example\n\
             ministry,Z,z@mfa.example,,,\n",
        )
        .smtp(&server);
    let run = campaign.send_json(&["--retry-for", "1min"]);
    run.exits(0);
    assert_eq!(run.counts(), accepted(3));
    let mut taken = taken(&server);
    // Copies wait each for a while of their own.
    taken[3..].sort();
    assert_eq!(
        taken,
        [
            vec!["a@mfa.example"],
            vec!["info@mfa.example", "archive@mfa.example"],
            vec!["z@mfa.example"],
            vec!["busy@mfa.example"],
            vec!["last@mfa.example"],
        ]
    );
    assert_eq!(copy_counts(&run), [0, 0]);
    assert_eq!(server.violations(), [""; 0]);
}
