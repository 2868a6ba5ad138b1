//! `appel new`: the built-in example, which has to work as it is.

use crate::support::{Campaign, Server};

#[test]
fn the_example_can_be_checked_previewed_and_rehearsed_as_it_is() {
    let campaign = Campaign::example();
    campaign
        .check(&[])
        .exits(0)
        .prints(&["no problem found", "3 letters for this sender"]);
    campaign
        .preview(&[])
        .exits(0)
        .prints(&["To:      ", "brussels@embassy.talmoria.example", "Subject: "]);
    campaign
        .appel(&["rehearse"])
        .exits(0)
        .prints(&["Arrived at the built-in mail server", "3 letters: 3 accepted."]);
    campaign
        .send(&["--dry-run"])
        .exits(0)
        .prints(&["Dry run: 3 letters would be sent. Nothing was sent."]);
    assert!(
        !campaign.ledger().exists(),
        "nothing was sent, so nothing is remembered"
    );
}

#[test]
fn the_example_reaches_a_server_in_three_letters() {
    let server = Server::builder().start();
    let campaign = Campaign::example();
    let config = std::fs::read_to_string(campaign.path("config.toml")).unwrap();
    let (above, below) = config.split_once("\n[smtp]\n").unwrap();
    let (_, below) = below.split_once("\n[[letter]]\n").unwrap();
    let smtp = format!(
        "[smtp]\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\nusername = \"\"\nrate = \"unlimited\"",
        server.port()
    );
    campaign.put("config.toml", format!("{above}\n{smtp}\n[[letter]]\n{below}"));
    campaign
        .send(&["--own-folder"])
        .exits(0)
        .prints(&["3 letters: 3 accepted."]);
    let mut to: Vec<_> = server.taken().into_iter().map(|letter| letter.to.join(" ")).collect();
    to.sort();
    assert_eq!(
        to,
        [
            "brussels@embassy.talmoria.example",
            "minister@mfa.talmoria.example",
            "union@oilworkers.talmoria.example families@oilworkers.talmoria.example archive@solidarity.example",
        ]
    );
    assert_eq!(server.violations(), [""; 0]);
    campaign.appel(&["status"]).exits(0).prints(&["3  accepted"]);
    campaign
        .appel(&["log"])
        .exits(0)
        .prints(&["accepted  protest  fr  brussels@embassy.talmoria.example  250 2.0.0 Ok"]);
}

#[test]
fn a_folder_with_something_in_it_is_left_alone() {
    let campaign = Campaign::empty().file("mine/notes.txt", "mine");
    campaign
        .appel(&["new", "mine"])
        .exits(2)
        .says(&["mine is there already, and not empty", "name a new folder"]);
    assert_eq!(std::fs::read_dir(campaign.path("mine")).unwrap().count(), 1);
    assert_eq!(
        std::fs::read_to_string(campaign.path("mine/notes.txt")).unwrap(),
        "mine"
    );
}

#[test]
fn the_example_in_the_repository_has_no_problem() {
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/config.example.toml");
    let machine = Campaign::empty();
    machine
        .check(&["-c", example])
        .exits(0)
        .prints(&["no problem found. 3 letters for this sender."]);
    machine.preview(&["-c", example]).exits(0);
}
