//! Who is written to, and in which language: countries, roles, deadline, selection.

use crate::support::{Campaign, Run, Server, accepted};

/// The letters of a dry run as `address language`, those left out as `address reason`.
fn planned(run: &Run) -> Vec<String> {
    run.exits(0);
    let line = |letter: &serde_json::Value| {
        let what = letter["reason"].as_str().or(letter["language"].as_str()).unwrap();
        format!("{} {what}", letter["to"].as_str().unwrap())
    };
    run.letters().iter().map(line).collect()
}

fn dry(campaign: &Campaign, arguments: &[&str]) -> Vec<String> {
    planned(&campaign.send_json(&[&["--dry-run"], arguments].concat()))
}

#[test]
fn an_embassy_serves_the_countries_it_names_and_the_star_serves_the_others() {
    let campaign = Campaign::new().recipients(
        "ministry,Brussels,brussels@kz.example,BE LU\n\
         ministry,Paris,paris@kz.example,FR\n\
         ministry,Geneva,geneva@kz.example,*\n\
         ministry,Everyone,capital@kz.example\n",
    );
    let of = |country: &str, campaign: Campaign| {
        let campaign = campaign.set("sender.country", country);
        let due: Vec<_> = dry(&campaign, &[])
            .into_iter()
            .filter(|line| line.ends_with(" en"))
            .collect();
        (due, campaign)
    };
    let (belgium, campaign) = of("BE", campaign);
    assert_eq!(belgium, ["brussels@kz.example en", "capital@kz.example en"]);
    let (luxembourg, campaign) = of("LU", campaign);
    assert_eq!(luxembourg, belgium);
    let (japan, campaign) = of("JP", campaign);
    assert_eq!(japan, ["geneva@kz.example en", "capital@kz.example en"]);
    let lines = dry(&campaign, &[]);
    assert!(
        lines.contains(&"paris@kz.example other-country".to_owned()),
        "{lines:?}"
    );
}

#[test]
fn a_letter_leaves_in_the_first_language_that_its_reader_can_read() {
    let campaign = Campaign::new()
        .set("sender.language", "nl")
        .letter("protest", "fr", "Subject: Sujet\n\nTexte.\n")
        .letter("protest", "nl", "Subject: Onderwerp\n\nTekst.\n")
        .letter("protest", "pt-BR", "Subject: Assunto\n\nTexto.\n")
        .recipients(
            "ministry,A,first@mfa.example,,fr nl\n\
             ministry,B,second@mfa.example,,ja fr\n\
             ministry,C,senders@mfa.example,,ja\n\
             ministry,D,none@mfa.example\n\
             ministry,E,near@mfa.example,,pt\n",
        );
    assert_eq!(
        dry(&campaign, &[]),
        [
            "first@mfa.example fr",
            "second@mfa.example fr",
            "senders@mfa.example nl",
            "none@mfa.example nl",
            "near@mfa.example pt-BR"
        ]
    );
    let campaign = campaign.set("sender.language", "sv");
    assert!(
        dry(&campaign, &[]).contains(&"none@mfa.example en".to_owned()),
        "the campaign's own comes last"
    );
}

#[test]
fn after_the_deadline_no_letter_leaves_and_that_is_said() {
    let server = Server::builder().start();
    let campaign = Campaign::new()
        .people(2)
        .smtp(&server)
        .set_toml("campaign.deadline", "2026-11-25T10:00:00Z");
    assert_eq!(
        campaign.send_json(&["--limit", "1"]).exits(0).counts()[..2],
        [1, 1],
        "its own moment is still in time"
    );
    let campaign = campaign.now("2026-11-25T10:00:01Z");
    let late = campaign.send_json(&[]);
    late.exits(0);
    assert_eq!(
        late.outcomes(),
        [
            "m1@mfa.example skipped already-accepted",
            "m2@mfa.example skipped deadline"
        ]
    );
    campaign
        .send(&[])
        .exits(0)
        .prints(&["Nothing is due.", "deadline has passed"]);
    assert_eq!(server.taken().len(), 1);
}

#[test]
fn a_part_of_the_campaign_can_be_picked_and_the_rest_follows_later() {
    let server = Server::builder().start();
    let campaign = Campaign::new()
        .letters(
            "[[letter]]\nid = \"protest\"\nto = [\"embassy\", \"ministry\"]\n\
             [[letter]]\nid = \"solidarity\"\nto = [\"support\"]\n",
        )
        .letter("solidarity", "en", "Subject: With you\n\nText.\n")
        .recipients("embassy,A,embassy@mfa.example\nministry,B,ministry@mfa.example\nsupport,C,union@mfa.example\n")
        .smtp(&server);
    let pick = |arguments: &[&str]| dry(&campaign, arguments);
    assert_eq!(pick(&["--letter", "solidarity"]), ["union@mfa.example en"]);
    assert_eq!(
        pick(&["--role", "embassy", "--role", "support"]),
        ["embassy@mfa.example en", "union@mfa.example en"]
    );
    assert_eq!(pick(&["--to", "MINISTRY@mfa.example"]), ["ministry@mfa.example en"]);
    assert_eq!(
        pick(&["--limit", "2"]),
        ["embassy@mfa.example en", "ministry@mfa.example en"]
    );

    assert_eq!(campaign.send_json(&["--limit", "1"]).counts(), accepted(1));
    assert_eq!(
        campaign.send_json(&["--limit", "1"]).counts(),
        [1, 1, 0, 0, 0, 1],
        "the next one, not the same"
    );
    assert_eq!(campaign.send_json(&[]).counts(), [1, 1, 0, 0, 0, 2]);
    assert_eq!((server.taken().len(), server.taken_twice().len()), (3, 0));
}

#[test]
fn a_selection_counts_for_check_preview_and_rehearse_too() {
    let campaign = Campaign::new().people(3);
    let to = ["--to", "m2@mfa.example"];
    campaign.check(&to).exits(0).prints(&["1 letter"]);
    let preview = campaign.preview(&to);
    preview.exits(0).prints(&["m2@mfa.example"]);
    assert!(!preview.stdout.contains("m1@mfa.example"));
    campaign
        .appel(&["rehearse", "--limit", "2"])
        .exits(0)
        .prints(&["2 letters: 2 accepted."]);
}

#[test]
fn copies_of_the_row_and_of_the_letter_get_it_once_each() {
    let server = Server::builder().start();
    let campaign = Campaign::new()
        .letters("[[letter]]\nid = \"protest\"\nto = [\"ministry\"]\ncc = [\"archive@home.example\", \"Press@mfa.example\"]\n")
        .recipients(
            "role,name,email,cc\n\
             ministry,M,info@mfa.example,\"press@mfa.example; two@mfa.example, three@mfa.example info@mfa.example\"\n",
        )
        .smtp(&server);
    let run = campaign.send_json(&[]);
    let copies = [
        "press@mfa.example",
        "two@mfa.example",
        "three@mfa.example",
        "archive@home.example",
    ];
    assert_eq!(run.letter_to("info@mfa.example")["cc"], serde_json::json!(copies));
    let taken = server.taken();
    assert_eq!(taken.len(), 1);
    assert_eq!(taken[0].to[1..], copies);
    let text = String::from_utf8(taken[0].data.clone()).unwrap();
    let message = mail_parser::MessageParser::default().parse(&text).unwrap();
    let cc: Vec<_> = message
        .cc()
        .unwrap()
        .iter()
        .map(|address| address.address().unwrap())
        .collect();
    assert_eq!(cc, copies);
}

#[test]
fn an_embassy_that_nobody_here_has_is_said_with_whom_it_would_serve() {
    let campaign = Campaign::new()
        .recipients("ministry,Paris,paris@kz.example,FR\nministry,Berlin,berlin@kz.example,DE\n")
        .set("sender.country", "BE");
    campaign
        .check(&[])
        .exits(0)
        .says(&["no `ministry` serves senders in BE", "DE FR"]);
    campaign
        .send(&["--dry-run"])
        .exits(0)
        .says(&["no `ministry` serves senders in BE"]);
}

#[test]
fn ones_own_paragraph_stands_in_the_letter_and_is_never_read_as_a_template() {
    let server = Server::builder().start();
    let campaign = Campaign::new()
        .letter(
            "protest",
            "en",
            "Subject: S\n\nBefore.\n\n{{#if message}}{{message}}\n\n{{/if}}After.\n",
        )
        .smtp(&server)
        .file(
            "words.txt",
            "\u{feff}I met them {{sender.email}} in 2009.\r\n\r\nThey sang. <b>&amp;\r\n",
        );
    campaign.send(&["--message", "@words.txt"]).exits(0);
    let letter = String::from_utf8(server.taken().remove(0).data).unwrap();
    let (_, body) = letter.split_once("\r\n\r\n").unwrap();
    assert_eq!(
        body,
        "Before.\r\n\r\nI met them {{sender.email}} in 2009.\r\n\r\nThey sang. <b>&amp;\r\n\r\nAfter.\r\n"
    );
    let without = campaign.preview(&[]);
    assert!(without.stdout.contains("Before.\n\nAfter.\n"), "{}", without.stdout);
    campaign
        .preview(&["--message", "@nowhere.txt"])
        .exits(3)
        .says(&["cannot read nowhere.txt"]);
}

#[test]
fn the_pace_is_kept_over_all_connections_together() {
    let server = Server::builder().start();
    let campaign = Campaign::new()
        .people(9)
        .smtp(&server)
        .set("smtp.rate", "20/s")
        .set_toml("smtp.connections", "4");
    let begun = std::time::Instant::now();
    assert_eq!(campaign.send_json(&[]).exits(0).counts(), accepted(9));
    assert!(
        begun.elapsed().as_millis() >= 8 * 50,
        "nine letters took {:?}",
        begun.elapsed()
    );
    assert!(server.most_at_once() <= 4);
}

#[test]
fn several_connections_are_used_when_there_is_much_to_send() {
    let server = Server::builder()
        .on(crate::support::Step::FinalDot)
        .times(3)
        .hold()
        .start();
    let campaign = Campaign::new()
        .people(200)
        .smtp(&server)
        .set_toml("smtp.connections", "3");
    let run = campaign.spawn(&["send", "--yes", "--json", "-q"]);
    server.wait_for_holds(3);
    server.release();
    assert_eq!(run.wait().exits(0).counts(), accepted(200));
    assert_eq!((server.most_at_once(), server.taken_twice().len()), (3, 0));
}
