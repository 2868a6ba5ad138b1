//! `appel rehearse`: the real send, and nothing leaves.

use std::fs;

use crate::support::{Campaign, Server, accepted};

#[test]
fn a_rehearsal_sends_nothing_and_remembers_nothing() {
    let server = Server::builder().password("ann", "secret").start();
    let campaign = Campaign::new()
        .people(3)
        .smtp(&server)
        .set("smtp.username", "ann")
        .set("smtp.rate", "1/h");
    for _ in 0..2 {
        campaign
            .appel(&["rehearse"])
            .exits(0)
            .prints(&["m3@mfa.example", "3 letters: 3 accepted."])
            .says(&["This was a rehearsal: nothing left this machine."]);
    }
    assert_eq!(server.connections(), 0);
    assert!(!campaign.ledger().exists());
    let left: Vec<_> = fs::read_dir(campaign.root().join("tmp")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_rehearsal_does_not_care_what_was_sent_already() {
    let server = Server::builder().start();
    let campaign = Campaign::new().people(2).smtp(&server);
    campaign.send(&[]).exits(0);
    campaign
        .appel(&["rehearse"])
        .exits(0)
        .prints(&["2 letters: 2 accepted."]);
    assert_eq!(campaign.standing(), [2, 0, 0, 0, 0]);
    assert_eq!(server.taken().len(), 2);
}

#[test]
fn what_a_rehearsal_keeps_is_what_a_server_would_take() {
    let server = Server::builder().start();
    let campaign = Campaign::new()
        .recipients("ministry,Ministère,a@mfa.example,,,c@mfa.example,Madame\nministry,B,b@mfa.example\n")
        .smtp(&server);
    campaign
        .appel(&["rehearse", "--keep", "kept"])
        .exits(0)
        .prints(&["2 letters in kept"]);
    campaign.send(&[]).exits(0);
    let mut kept: Vec<_> = fs::read_dir(campaign.path("kept"))
        .unwrap()
        .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    let mut taken: Vec<_> = server
        .taken()
        .into_iter()
        .map(|letter| String::from_utf8(letter.data).unwrap())
        .collect();
    kept.sort();
    taken.sort();
    assert_eq!(kept, taken);
}

#[test]
fn the_json_of_a_rehearsal_is_that_of_a_send() {
    let server = Server::builder().start();
    let campaign = Campaign::new().people(2).smtp(&server);
    let rehearsed = campaign.appel(&["rehearse", "--json"]);
    assert_eq!(rehearsed.exits(0).counts(), accepted(2));
    let sent = campaign.send_json(&[]);
    let keys = |run: &crate::support::Run| -> Vec<_> {
        let event = run.letter_to("m1@mfa.example");
        event.as_object().unwrap().keys().cloned().collect()
    };
    assert_eq!(keys(&rehearsed), keys(&sent));
    assert_eq!(
        rehearsed.letter_to("m2@mfa.example")["message_id"],
        sent.letter_to("m2@mfa.example")["message_id"]
    );
}

#[test]
fn a_letter_that_cannot_be_written_stops_a_rehearsal_too() {
    let campaign = Campaign::new().letter("protest", "en", "Subject: S\n\n{{sender.shoe_size}}\n");
    campaign
        .appel(&["rehearse"])
        .exits(3)
        .says(&["protest.en.hbs:3", "shoe_size"]);
}
