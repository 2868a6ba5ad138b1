//! A campaign that changes: its version, its contact, a hold; figures that are corrected, and who got the old ones.

use crate::support::{Campaign, Server};

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
    run.exits(3).says(&["ask strikers for the new figure, then write it"]);
    assert!(!run.stdout.contains("kept up by"), "{}", run.stdout);
}
