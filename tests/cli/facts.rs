//! A campaign that changes: its version, its contact, a hold; figures that are corrected, and who got the old ones.

use std::fs;

use serde_json::json;

use crate::support::{Campaign, Run, Server};
use crate::terminal::Terminal;

#[test]
fn a_campaign_says_its_version_when_it_was_updated_and_whom_to_ask() {
    let server = Server::builder().start();
    let campaign = Campaign::new()
        .smtp(&server)
        .set_toml("campaign.version", "3")
        .set_toml("campaign.updated", "2026-11-24T18:00:00+02:00")
        .set("campaign.contact", "Jo <jo@campaign.example>");
    let lines = [
        "Version 3, updated 2026-11-24 16:00 UTC.",
        "Questions about this campaign go to Jo <jo@campaign.example>.",
    ];
    campaign.check(&[]).exits(0).prints(&lines);
    let run = campaign.check(&["--json"]);
    run.exits(0);
    let about = &run.json_events()[0]["campaign"];
    assert_eq!(
        (&about["version"], &about["updated"], &about["contact"], &about["hold"]),
        (
            &"3".into(),
            &"2026-11-24 16:00 UTC".into(),
            &"Jo <jo@campaign.example>".into(),
            &serde_json::Value::Null
        )
    );
    campaign.send(&[]).exits(0).says(&lines);
    // A day will do, and so will a word.
    let campaign = campaign
        .set("campaign.version", "2026b")
        .set_toml("campaign.updated", "2026-11-24");
    campaign
        .check(&[])
        .exits(0)
        .prints(&["Version 2026b, updated 2026-11-24."]);
    let campaign = campaign.unset("campaign.version");
    campaign.check(&[]).exits(0).prints(&["Updated 2026-11-24."]);
    let campaign = campaign.set_toml("campaign.version", "-1");
    campaign.check(&[]).exits(3).says(&["campaign.version"]);
    let campaign = campaign.unset("campaign.version").set("campaign.updated", "yesterday");
    campaign.check(&[]).exits(3).says(&["campaign.updated"]);
}

#[test]
fn a_hold_stops_what_would_leave_with_its_reason_and_nothing_that_only_looks() {
    let server = Server::builder().start();
    let campaign = Campaign::new()
        .smtp(&server)
        .set("campaign.hold", "the figures are being checked")
        .set("campaign.contact", "jo@campaign.example");
    let reason = "this campaign is on hold: the figures are being checked";
    for arguments in [&[][..], &["--json"], &["--resend-in-doubt"], &["--limit", "1"]] {
        campaign.send(arguments).exits(3).says(&[
            &format!("error: {reason}"),
            "campaign.hold",
            "ask jo@campaign.example",
        ]);
    }
    assert_eq!(server.connections(), 0);
    assert!(!campaign.ledger().exists());
    for arguments in [
        &["check"][..],
        &["preview"],
        &["rehearse"],
        &["send", "--dry-run"],
        &["send", "--out", "letters"],
        &["status"],
    ] {
        campaign
            .appel(arguments)
            .exits(0)
            .says(&[&format!("warning: {reason}")]);
    }
    let run = campaign.check(&["--json"]);
    let report = &run.json_events()[0];
    assert_eq!(report["campaign"]["hold"], "the figures are being checked");
    assert_eq!(report["problems"][0]["severity"], "warning");
    // Whoever keeps it up is told how to go on.
    campaign
        .set("campaign.contact", "ann@home.example")
        .send(&[])
        .exits(3)
        .says(&["take the line `hold` out"]);
    // Whether it is held is never guessed.
    for value in ["true", "\"\"", "\" \""] {
        let campaign = Campaign::new().smtp(&server).set_toml("campaign.hold", value);
        campaign.send(&[]).exits(3).says(&["campaign.hold", "write the reason"]);
    }
    assert_eq!(server.connections(), 0);
    campaign_goes_on(&server);
}

/// The same campaign without its hold.
fn campaign_goes_on(server: &Server) {
    Campaign::new().smtp(server).send(&[]).exits(0);
    assert_eq!(server.taken().len(), 1);
}

/// A letter with a figure, which has a text in each language in which the letter stands.
const FIGURE: &str = "Subject: S\n\nDear friends,\n\n{{fact \"killed\"}} people were killed.\n";

#[test]
fn a_sender_is_sent_to_the_contact_and_never_asked_for_a_figure() {
    let stale = "[facts.killed]\nvalue = \"14\"\nsource = \"strikers\"\nexpires = 2026-11-24T00:00:00Z\n";
    let campaign = Campaign::new().letter("protest", "en", FIGURE).config(stale);
    let ask = "ask Jo <jo@campaign.example> for the campaign's new files, and put in no figure of your own";
    let mended = "these files are kept up by Jo <jo@campaign.example>";
    let campaign = campaign.set("campaign.contact", "Jo <jo@campaign.example>");
    for command in ["preview", "rehearse", "send", "check"] {
        let run = campaign.appel(&[command]);
        run.exits(3).says(&[ask]);
        let all = run.stdout.clone() + &run.stderr;
        assert!(all.contains(mended), "{all}");
        for invites in ["config.toml]", "write the new figure", "strikers"] {
            assert!(!all.contains(invites), "{all}");
        }
    }
    // What is wrong in one's own account file is nobody else's business.
    let run = Campaign::new()
        .set("campaign.contact", "jo@campaign.example")
        .set("sender.country", "Belgium!")
        .preview(&[]);
    run.exits(3);
    assert!(!run.stderr.contains("jo@"), "{}", run.stderr);
    // The organiser is told what to do.
    let own = campaign.set("campaign.contact", "Ann Activist, ann@home.example");
    let run = own.check(&[]);
    run.exits(3)
        .says(&["ask strikers for the new figure, then write it down: appel fact set killed"]);
    assert!(!run.stdout.contains("kept up by"), "{}", run.stdout);
}

const KILLED: &str = "\n# Figures change.\n[facts.killed] # the dead\nas-of = 2026-11-22T18:00:00+02:00  # when\n\
     value.en = \"at least 14\"   # English\nvalue.fr = 'au moins 14'\nsource = \"strike committee\" # who\n# the end\n";

/// Two ministries that read English, and two that read French.
fn in_two_languages(server: &Server) -> Campaign {
    Campaign::new()
        .smtp(server)
        .recipients(
            "ministry,One,en1@mfa.example,,en\nministry,Two,fr1@mfa.example,,fr\n\
             ministry,Three,en2@mfa.example,,en\nministry,Four,fr2@mfa.example,,fr\n",
        )
        .letter("protest", "en", FIGURE)
        .letter("protest", "fr", "Subject: S\n\nMadame,\n\n{{fact \"killed\"}} morts.\n")
        .config(KILLED)
}

fn config(campaign: &Campaign) -> String {
    fs::read_to_string(campaign.path("config.toml")).unwrap()
}

/// Adds to the configuration as it stands, whatever was set in it.
fn add(campaign: &Campaign, toml: &str) {
    campaign.put("config.toml", config(campaign) + toml);
}

/// What went to whom since the first so many.
fn said(server: &Server, since: usize) -> Vec<(String, String)> {
    let letter = |taken: &crate::support::Taken| {
        let text = String::from_utf8_lossy(&taken.data).into_owned();
        let line = text
            .lines()
            .find(|line| line.contains("moins") || line.contains("least"));
        (taken.to[0].clone(), line.unwrap_or("no figure").trim().to_owned())
    };
    server.taken()[since..].iter().map(letter).collect()
}

fn left_out(run: &Run, reason: &str) -> usize {
    run.letters().iter().filter(|letter| letter["reason"] == reason).count()
}

const SEVENTY: [&str; 9] = [
    "fact",
    "set",
    "killed",
    "at least 70",
    "--language",
    "en",
    "au moins 70",
    "--language",
    "fr",
];

fn set(campaign: &Campaign, more: &[&str]) -> Run {
    campaign.appel(&[&SEVENTY[..], &["--source", "strike committee"], more].concat())
}

#[test]
fn a_figure_that_is_corrected_after_half_of_the_letters_left_reaches_everybody_once() {
    let server = Server::builder().start();
    let campaign = in_two_languages(&server);
    campaign.send(&["--limit", "2"]).exits(0);
    let before = config(&campaign);
    let run = set(&campaign, &["--json"]);
    run.exits(0);
    let told = &run.json_events()[0];
    assert_eq!(told["old"], json!({"en": "at least 14", "fr": "au moins 14"}));
    assert_eq!(told["new"], json!({"en": "at least 70", "fr": "au moins 70"}));
    // Half of the letters change, and it is known who has the old figure.
    assert_eq!(
        told["unsent"],
        json!([
            {"letter": "protest", "language": "en", "letters": 1},
            {"letter": "protest", "language": "fr", "letters": 1},
        ])
    );
    assert_eq!(
        told["received"],
        json!({
            "letters": 2,
            "copies": 0,
            "unknown": 0,
            "kinds": [
                {"letter": "protest", "language": "en", "value": "at least 14", "letters": 1},
                {"letter": "protest", "language": "fr", "value": "au moins 14", "letters": 1},
            ],
            "first": [
                {"letter": "protest", "language": "en", "value": "at least 14", "to": "en1@mfa.example"},
                {"letter": "protest", "language": "fr", "value": "au moins 14", "to": "fr1@mfa.example"},
            ],
        })
    );
    // Comments, order and everything else stay to the byte.
    let expect = before
        .replace("2026-11-22T18:00:00+02:00", "2026-11-25T10:00:00Z")
        .replace("\"at least 14\"", "\"at least 70\"")
        .replace("'au moins 14'", "\"au moins 70\"");
    assert_eq!(config(&campaign), expect);
    // The rest gets the new figure.
    campaign.send(&[]).exits(0);
    campaign.appel(&["status"]).exits(0).prints(&[
        "killed (en): \"at least 14\" in 1 letter; it is another today",
        "killed (fr): \"au moins 70\" in 1 letter\n",
    ]);
    assert_eq!(
        campaign.status()["figures"][0],
        json!({"fact": "killed", "language": "en", "value": "at least 14", "letters": 1, "today": false})
    );
    let table = campaign.appel(&["log", "--csv"]);
    table
        .exits(0)
        .prints(&[",facts\r\n", ",killed: at least 14\r\n", ",killed: au moins 70\r\n"]);
    assert_eq!(
        said(&server, 0),
        [
            (
                "en1@mfa.example".to_owned(),
                "at least 14 people were killed.".to_owned()
            ),
            ("fr1@mfa.example".to_owned(), "au moins 14 morts.".to_owned()),
            (
                "en2@mfa.example".to_owned(),
                "at least 70 people were killed.".to_owned()
            ),
            ("fr2@mfa.example".to_owned(), "au moins 70 morts.".to_owned()),
        ]
    );
    // The correction goes to exactly the first half.
    let correction = "[[letter]]\nid = \"correction\"\nto = [\"ministry\"]\ntemplate = \"protest\"\n\
         follows = \"protest\"\nif-fact-was = \"killed\"\n";
    add(&campaign, correction);
    campaign.check(&[]).exits(0);
    assert_eq!(campaign.standing(), [4, 0, 0, 0, 2]);
    let run = campaign.send_json(&[]);
    run.exits(0);
    assert_eq!(
        (run.counts()[..2].to_vec(), left_out(&run, "fact-unchanged")),
        (vec![2, 2], 2)
    );
    assert_eq!(
        said(&server, 4),
        [
            (
                "en1@mfa.example".to_owned(),
                "at least 70 people were killed.".to_owned()
            ),
            ("fr1@mfa.example".to_owned(), "au moins 70 morts.".to_owned()),
        ]
    );
    // Everybody has it now.
    let run = campaign.send_json(&[]);
    run.exits(0);
    assert_eq!(run.counts()[0], 0);
    let run = set(&campaign, &["--json"]);
    run.exits(0);
    assert_eq!(run.json_events()[0]["received"]["letters"], 0);
    // In one language it changes again: the correction that was sent is outdated there, and does not leave twice.
    campaign
        .appel(&[
            "fact",
            "set",
            "killed",
            "au moins 80",
            "--language",
            "fr",
            "--source",
            "strike committee",
        ])
        .exits(0)
        .says(&["`killed` says in en what it said before"])
        .prints(&[
            "2 recipients have another figure by letter",
            "fr1@mfa.example",
            "fr2@mfa.example",
        ]);
    let run = campaign.check(&[]);
    run.exits(0).says(&[
        "1 recipient got `correction`, and today's `killed` is another again",
        "another id",
    ]);
    let run = campaign.send_json(&[]);
    run.exits(0);
    // Whoever was told 70 by the first letter gets the correction for the first time.
    assert_eq!(
        said(&server, 6),
        [("fr2@mfa.example".to_owned(), "au moins 80 morts.".to_owned())]
    );
    // With another id whoever got that one is corrected too, and nobody else.
    add(
        &campaign,
        &correction.replace("id = \"correction\"", "id = \"correction-2\""),
    );
    let run = campaign.send_json(&[]);
    run.exits(0);
    assert_eq!(
        said(&server, 7),
        [("fr1@mfa.example".to_owned(), "au moins 80 morts.".to_owned())]
    );
    campaign.check(&[]).exits(0);
    assert!(!campaign.check(&[]).stderr.contains("another again"));
    assert_eq!(server.violations(), [""; 0]);
    // What was changed stands beside the configuration.
    let history = campaign.appel(&["fact", "history"]);
    history.exits(0).prints(&[
        "at least 70 (en), before: at least 14",
        "au moins 70 (fr), before: au moins 14",
        "au moins 80 (fr), before: au moins 70",
        "Source: strike committee",
    ]);
    let run = campaign.appel(&["fact", "history", "killed", "--json"]);
    let values: Vec<_> = run
        .json_events()
        .iter()
        .map(|change| change["new"]["fr"].clone())
        .collect();
    assert_eq!(values, ["au moins 70", "au moins 70", "au moins 80"]);
    let log = fs::read_to_string(campaign.path("facts.log.toml")).unwrap();
    assert!(log.contains("at = 2026-11-25T10:00:00Z"), "{log}");
    campaign
        .appel(&["fact", "history", "nobody"])
        .exits(0)
        .prints(&["Nothing was changed"]);
    campaign.appel(&["fact", "list"]).exits(0).prints(&[
        "au moins 80 (fr)",
        "Source: strike committee",
        "As of 2026-11-25 10:00 UTC",
        "Letter: correction-2 (en fr)",
    ]);
}

#[test]
fn a_correction_goes_to_nobody_of_whom_it_is_not_known_that_they_have_another_figure() {
    let server = Server::builder()
        .on(crate::support::Step::Rcpt)
        .to("fr1@mfa.example")
        .times(9)
        .reply("550 5.1.1 no")
        .start();
    let campaign = in_two_languages(&server);
    campaign
        .send(&["--to", "en1@mfa.example", "--to", "fr1@mfa.example"])
        .exits(1);
    set(&campaign, &[])
        .exits(0)
        .prints(&["1 recipient has another figure", "en1@mfa.example"]);
    add(
        &campaign,
        "[[letter]]\nid = \"correction\"\nto = [\"ministry\"]\ntemplate = \"protest\"\nfollows = \"protest\"\n\
         if-fact-was = \"killed\"\n",
    );
    // The letters that are due for the first time are no corrections; nor does a dry run count them otherwise.
    let run = campaign.appel(&["send", "--dry-run", "--json", "--letter", "correction"]);
    run.exits(0);
    assert_eq!(left_out(&run, "not-received"), 3);
    assert_eq!(
        run.letters()
            .iter()
            .filter(|letter| letter["outcome"] == "dry-run")
            .count(),
        1
    );
    campaign.send(&["--letter", "correction"]).exits(0);
    assert_eq!(
        said(&server, 1),
        [(
            "en1@mfa.example".to_owned(),
            "at least 70 people were killed.".to_owned()
        )]
    );
    // A preview shows it as if all had another figure; a rehearsal, where nobody has a letter, leaves it out.
    let run = campaign.preview(&["--json", "--letter", "correction"]);
    assert_eq!(run.exits(0).json_events().len(), 4);
}

#[test]
fn what_is_wrong_with_a_correction_is_said() {
    let letter = |more: &str| format!("[[letter]]\nid = \"protest\"\nto = [\"ministry\"]\n{more}");
    let two = |more: &str| letter("") + "[[letter]]\nid = \"c\"\nto = [\"ministry\"]\ntemplate = \"protest\"\n" + more;
    let fact = "[facts.killed]\nvalue = \"14\"\nsource = \"S\"\n";
    for (letters, exit, says) in [
        (letter("if-fact-was = \"killed\"\n"), 3, "without `follows`"),
        (
            two("follows = \"protest\"\nif-fact-was = \"kiled\"\n"),
            3,
            "did you mean \"killed\"?",
        ),
        (
            two("follows = \"protest\"\nif-fact-was = \"wounded\"\n"),
            3,
            "there is no fact `wounded`",
        ),
        (
            two("follows = \"protest\"\nif-fact-was = \"killed\"\n"),
            0,
            "does not say today's",
        ),
    ] {
        let campaign = Campaign::new().letters(&letters).config(fact);
        campaign.check(&[]).exits(exit).says(&[says]);
    }
}

#[test]
fn times_of_facts_that_are_odd_are_warned_of() {
    let check = |fact: &str, exit: i32, says: &str| {
        let campaign = Campaign::new()
            .letter("protest", "en", FIGURE)
            .config(&format!("[facts.killed]\nvalue = \"14\"\n{fact}"));
        let run = campaign.check(&[]);
        run.exits(exit);
        if says.is_empty() {
            assert!(!run.stderr.contains("warning"), "{}", run.stderr);
        } else {
            run.says(&[says]);
        }
    };
    check("as-of = 2026-11-25T10:00:00Z\n", 0, "");
    check(
        "as-of = 2026-11-25T12:01:00+02:00\n",
        0,
        "the time of the fact `killed` is still to come: 2026-11-25 10:01 UTC",
    );
    check(
        "expires = 2026-11-26T10:00:00Z\n",
        0,
        "`killed` expires within a day, at 2026-11-26 10:00 UTC",
    );
    check("expires = 2026-11-26T10:01:00Z\n", 0, "");
    check("expires = 2026-11-25T10:00:00Z\n", 3, "is out of date since");
    // Expired, and no letter says it: no letter is stopped by it.
    let unused = Campaign::new().config("[facts.wounded]\nvalue = \"3\"\nexpires = 2026-11-24T00:00:00Z\n");
    unused.check(&[]).exits(0).says(&[
        "the fact `wounded` is out of date since 2026-11-24 00:00 UTC; no letter says it",
        "facts.wounded.expires",
    ]);
}

#[test]
fn a_fact_that_is_out_of_date_is_renewed_by_one_command() {
    let stale = KILLED.replace("# the end\n", "expires = 2026-11-24T00:00:00Z\n");
    let server = Server::builder().start();
    let campaign = in_two_languages(&server);
    let text = config(&campaign).replace(KILLED, &stale);
    campaign.put("config.toml", &text);
    campaign.send(&[]).exits(3);
    // The old expiry went with the old figure.
    set(&campaign, &[])
        .exits(0)
        .prints(&["No expiry.", "4 letters not sent yet say it from now on"]);
    campaign.send(&[]).exits(0);
    for (expires, is) in [
        ("48h", "2026-11-27T10:00:00Z"),
        ("2026-12-01T00:00:00+01:00", "2026-12-01T00:00:00+01:00"),
    ] {
        set(&campaign, &["--expires", expires]).exits(0);
        assert!(
            config(&campaign).contains(&format!("expires = {is}\n")),
            "{}",
            config(&campaign)
        );
    }
    set(&campaign, &["--expires", "2026-11-25T12:00:00Z"])
        .exits(0)
        .says(&["expires within a day"]);
    set(&campaign, &["--as-of", "2026-11-26T12:00:00Z"])
        .exits(0)
        .says(&["is still to come"]);
    set(&campaign, &["--as-of", "2026-11-25T12:00:00+03:00"])
        .exits(0)
        .prints(&["As of 2026-11-25 09:00 UTC"]);
}

#[test]
fn what_cannot_be_set_is_said_and_nothing_is_written() {
    let server = Server::builder().start();
    let campaign = in_two_languages(&server);
    let before = config(&campaign);
    let source = ["--source", "S"];
    let check = |arguments: &[&str], exit: i32, says: &str| {
        let run = campaign.appel(&[&["fact", "set"], arguments].concat());
        run.exits(exit).says(&[says]);
        assert_eq!(config(&campaign), before, "{arguments:?}");
        assert!(!campaign.path("facts.log.toml").exists());
    };
    let with = |arguments: &[&'static str]| [arguments, &source].concat();
    // A text for all would put English into French letters.
    check(
        &with(&["killed", "70"]),
        2,
        "appel fact set killed \"…\" --language en \"…\" --language fr",
    );
    check(&with(&["kiled", "70"]), 2, "did you mean \"killed\"?");
    check(&with(&["is it", "70"]), 2, "cannot be the name of a fact");
    check(
        &with(&["killed", "70", "71", "--language", "en"]),
        2,
        "for several languages",
    );
    check(
        &with(&["killed", "70", "71", "--language", "en", "--language", "en"]),
        2,
        "for several languages",
    );
    check(&with(&["killed", "70", "--language", "english"]), 2, "write its code");
    check(&["killed", "70", "--language", "en"], 2, "--source");
    check(
        &with(&["killed", "70", "--language", "en", "--as-of", "yesterday"]),
        2,
        "is no moment",
    );
    check(
        &with(&["killed", "70", "--language", "en", "--as-of", "2026-11-25"]),
        2,
        "is no moment",
    );
    check(&with(&["killed", "", "--language", "en"]), 3, "facts.killed");
    check(&with(&["killed", "a\nb", "--language", "en"]), 3, "facts.killed");
    for wrong in ["", "[", "[facts.killed]\nvalue = 3\n"] {
        campaign.put(
            "config.toml",
            wrong.to_owned() + if wrong.is_empty() { "x" } else { "" },
        );
        let run = campaign.appel(&["fact", "set", "killed", "70", "--source", "S"]);
        run.exits(3);
    }
    campaign.put("config.toml", &before);
    campaign.put("facts.log.toml", "what?");
    let run = set(&campaign, &[]);
    run.exits(3).says(&["facts.log.toml"]);
    assert_eq!(config(&campaign), before);
}

#[cfg(unix)]
#[test]
fn a_figure_is_set_in_no_file_that_a_link_leads_to() {
    let server = Server::builder().start();
    let campaign = in_two_languages(&server);
    let before = config(&campaign);
    let other = campaign.root().join("other.toml");
    fs::write(&other, &before).unwrap();
    fs::remove_file(campaign.path("config.toml")).unwrap();
    std::os::unix::fs::symlink(&other, campaign.path("config.toml")).unwrap();
    set(&campaign, &[]).exits(3).says(&["link"]);
    fs::remove_file(campaign.path("config.toml")).unwrap();
    fs::hard_link(&other, campaign.path("config.toml")).unwrap();
    set(&campaign, &[]).exits(3);
    assert_eq!(fs::read_to_string(&other).unwrap(), before);
    fs::remove_file(campaign.path("config.toml")).unwrap();
    campaign.put("config.toml", &before);
    // Nor is the history.
    let target = campaign.root().join("elsewhere.toml");
    std::os::unix::fs::symlink(&target, campaign.path("facts.log.toml")).unwrap();
    set(&campaign, &[]).exits(3);
    assert_eq!((config(&campaign), target.exists()), (before, false));
}

#[test]
fn a_fact_with_one_text_keeps_it_for_the_languages_that_are_not_given() {
    let server = Server::builder().start();
    let campaign = in_two_languages(&server);
    let text = config(&campaign);
    let one = "[facts.killed]\nvalue = \"14\" # for all\n";
    campaign.put("config.toml", text.replace(KILLED, one));
    campaign
        .appel(&[
            "fact",
            "set",
            "killed",
            "plus de 20",
            "--language",
            "fr",
            "--source",
            "S",
        ])
        .exits(0)
        .says(&["`killed` says in en what it said before"]);
    assert!(
        config(&campaign).contains("value = { en = \"14\", fr = \"plus de 20\" } # for all\nsource = \"S\"\n"),
        "{}",
        config(&campaign)
    );
    // A new one.
    campaign
        .appel(&["fact", "set", "wounded", "9", "--source", "the hospital"])
        .exits(0)
        .prints(&["No unsent letter changes."]);
    assert!(config(&campaign).contains("[facts.wounded]\nvalue = \"9\"\nsource = \"the hospital\"\n"));
    campaign.check(&[]).exits(0);
}

#[test]
fn a_letter_that_was_renamed_is_said_with_the_number_of_those_who_got_it() {
    let server = Server::builder().start();
    let campaign = Campaign::new().people(3).smtp(&server);
    campaign.send(&["--limit", "2"]).exits(0);
    // Nothing is said while nothing is renamed.
    let run = campaign.appel(&["send", "--dry-run"]);
    assert!(
        !run.exits(0).stderr.contains("renamed") && !run.stderr.contains("warning"),
        "{}",
        run.stderr
    );
    let renamed = |campaign: Campaign| {
        campaign.letters("[[letter]]\nid = \"appeal\"\nto = [\"ministry\"]\ntemplate = \"protest\"\n")
    };
    let campaign = renamed(campaign);
    let says = [
        "2 letters due go to addresses that got `protest` of this campaign",
        "id = \"protest\"",
    ];
    campaign.appel(&["send", "--dry-run"]).exits(0).says(&says);
    // Before anything leaves: also where nobody says yes.
    campaign.appel(&["send"]).exits(2).says(&says);
    assert_eq!(server.taken().len(), 2);
    // Only those who got it are counted.
    let run = campaign.appel(&["send", "--dry-run", "--to", "m3@mfa.example"]);
    assert!(!run.exits(0).stderr.contains("got `protest`"), "{}", run.stderr);
    // A letter that follows is meant for those who got the first.
    let campaign = campaign.letters(
        "[[letter]]\nid = \"protest\"\nto = [\"ministry\"]\n[[letter]]\nid = \"thanks\"\nto = [\"ministry\"]\n\
         template = \"protest\"\nfollows = \"protest\"\n",
    );
    campaign.send(&["--letter", "thanks"]).exits(0);
    let run = campaign.appel(&["send", "--dry-run"]);
    assert!(!run.exits(0).stderr.contains("warning"), "{}", run.stderr);
}

#[test]
fn a_campaign_with_another_id_is_said_and_one_with_another_title_is_asked_about() {
    let server = Server::builder().start();
    let campaign = Campaign::new().people(3).smtp(&server);
    campaign.send(&["--limit", "2"]).exits(0);
    // The same title under another id: probably the same campaign.
    let campaign = campaign.set("campaign.id", "test-2");
    let says = [
        "2 letters due go to addresses that got `protest` of the campaign test already",
        "id = \"test\"",
    ];
    campaign.appel(&["send", "--dry-run"]).exits(0).says(&says);
    campaign.appel(&["send"]).exits(2).says(&says);
    // Another title under another id is another campaign.
    let campaign = campaign.set("campaign.title", "Free the others");
    let run = campaign.appel(&["send", "--dry-run"]);
    assert!(!run.exits(0).stderr.contains("got `protest`"), "{}", run.stderr);
    // Another title under the same id is said, and where somebody is there it is asked about.
    let campaign = campaign.set("campaign.id", "test");
    let says = [
        "the campaign test was sent last under another title: \"Free them\"",
        "give it an id of its own",
    ];
    campaign.appel(&["send"]).exits(2).says(&says);
    if let Some(terminal) = Terminal::of(&campaign, &["send", "--yes"]) {
        terminal.wait_for("Is this the same campaign, under a new title? [y/N]");
        terminal.press("n");
        terminal.press("Enter");
        terminal.ends(0);
        assert_eq!(server.taken().len(), 2);
    }
    campaign.send(&[]).exits(0).says(&says);
    assert_eq!(server.taken().len(), 3);
    // From now on that is its title.
    let run = campaign.send(&[]);
    assert!(!run.exits(0).stderr.contains("another title"), "{}", run.stderr);
    let titles = campaign.root().join("state/appel/titles.toml");
    assert!(
        fs::read_to_string(&titles)
            .unwrap()
            .contains("test = \"Free the others\"")
    );
    // A campaign that is forgotten is forgotten with its title.
    campaign.appel(&["purge", "--yes"]).exits(0);
    assert!(!titles.exists());
}
