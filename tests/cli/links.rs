//! Links that would tell who opened a letter, or who sent it: refused before anything is sent.

use crate::support::{Campaign, Server};

/// Each of these is refused with these words by every command that looks at letters, and nothing reaches the server.
#[track_caller]
fn is_refused(change: impl FnOnce(Campaign) -> Campaign, words: &[&str]) {
    let server = Server::builder().start();
    let campaign = change(Campaign::new().people(3)).smtp(&server);
    for arguments in [
        &["check"][..],
        &["preview"],
        &["rehearse"],
        &["send", "--dry-run"],
        &["send", "--yes"],
    ] {
        let run = campaign.appel(arguments);
        run.exits(3).says(words);
    }
    assert_eq!(server.connections(), 0);
}

fn letter(body: &str) -> impl FnOnce(Campaign) -> Campaign {
    let text = format!("Subject: S\n\n{body}\n");
    move |campaign| campaign.letter("protest", "en", &text)
}

/// Rows that differ in one cell.
fn rows(body: &str, cells: &[&str]) -> impl FnOnce(Campaign) -> Campaign {
    let rows: String = cells
        .iter()
        .enumerate()
        .map(|(at, cell)| format!("ministry,M,m{at}@mfa.example,,,,{cell}\n"))
        .collect();
    let letter = letter(body);
    move |campaign| letter(campaign).recipients(&rows)
}

#[test]
fn a_link_made_of_a_value_is_refused_at_the_template() {
    is_refused(
        letter("See https://x.example/?who={{recipient.email}}"),
        &["the link holds `recipient.email`", "templates/protest.en.hbs:3:5"],
    );
    is_refused(
        letter("{{#with sender}}www.x.example/{{email}}{{/with}}"),
        &["the link holds `sender.email`", "templates/protest.en.hbs:3:17"],
    );
    is_refused(
        |campaign| {
            letter("{{> end who=recipient.name}}")(campaign).file("templates/partials/end.hbs", "\nx.example/{{who}}\n")
        },
        &["the link holds `recipient.name`", "templates/partials/end.hbs:2:1"],
    );
}

#[test]
fn a_link_that_a_value_chooses_is_refused_at_the_template() {
    is_refused(
        letter("{{#if (eq recipient.salutation \"f\")}}https://x.example/a{{else}}https://x.example/b{{/if}}"),
        &[
            "which link stands here depends on `(eq recipient.salutation \"f\")`",
            "templates/protest.en.hbs:3:",
        ],
    );
    is_refused(
        letter("{{#if (gt sender.email \"m\")}}https://x.example/a{{else}}https://x.example/b{{/if}}"),
        &["which link stands here depends on", "from sender to sender"],
    );
}

#[test]
fn a_link_that_a_cell_brings_is_refused_at_the_row() {
    is_refused(
        rows("As on {{recipient.salutation}} we say", &["https://x.example/1"]),
        &[
            "gets a link out of the row's cell `salutation`: https://x.example/1",
            "recipients.csv:2",
        ],
    );
    is_refused(
        rows("{{recipient.salutation}}", &["", "none", "WWW.x.example/2"]),
        &[
            "gets a link out of the row's cell `salutation`: WWW.x.example/2",
            "recipients.csv:4",
        ],
    );
}

#[test]
fn the_same_links_for_everyone_and_ones_own_are_sent() {
    let server = Server::builder().start();
    let campaign = rows(
        "{{recipient.salutation}}: https://x.example/a, www.x.example.\n{{#if message}}{{message}}{{/if}}\n{{sender.city}}",
        &["Mr./Mrs.", "", "Excellency"],
    )(Campaign::new())
    .smtp(&server);
    let run = campaign.send(&["--message", "My page: https://mine.example/"]);
    run.exits(0);
    assert!(!run.stderr.contains("link"), "{}", run.stderr);
    assert_eq!(server.taken().len(), 3);
}

#[test]
fn a_part_with_a_link_for_some_is_warned_about() {
    let server = Server::builder().start();
    let campaign = rows(
        "{{#if recipient.salutation}}See https://x.example/a.\n{{/if}}And https://x.example/b.",
        &["A", "", "B", ""],
    )(Campaign::new())
    .smtp(&server);
    campaign
        .send(&[])
        .exits(0)
        .says(&["warning: this link is only there for some, depending on `recipient.salutation`"]);
    assert_eq!(server.taken().len(), 4);
}
