//! Addresses with characters that were not meant: refused wherever one can be written, with the character and where.

use crate::support::{Campaign, Server};

const WORDS: &str = "its character 9 is `\u{2011}` (U+2011), not the plain hyphen -";
const HINT: &str = "type the address again by hand, with a plain hyphen -";

#[test]
fn a_typographic_hyphen_is_refused_wherever_an_address_stands() {
    let bad = "info@mfa\u{2011}kz.example";
    let server = Server::builder().start();
    let new = || Campaign::new().smtp(&server);
    let fields = [
        (new().recipients(&format!("ministry,M,{bad}\n")), "recipients.csv:2"),
        (
            new().recipients(&format!("ministry,M,a@mfa.example,,,b@mfa.example {bad}\n")),
            "recipients.csv:2",
        ),
        (
            new().letters(&format!(
                "[[letter]]\nid = \"protest\"\nto = [\"ministry\"]\ncc = [\"{bad}\"]\n"
            )),
            "config.toml:",
        ),
        (
            new()
                .set("sender.email", "x")
                .set_toml("sender.email", &format!("\"{bad}\"")),
            "config.toml:",
        ),
    ];
    for (campaign, place) in fields {
        for arguments in [&["check"][..], &["send", "--yes"]] {
            campaign.appel(arguments).exits(3).says(&[WORDS, HINT, place]);
        }
    }
    new().send(&["--to", bad]).exits(3).says(&[WORDS, HINT]);
    assert_eq!(server.connections(), 0);
}

#[test]
fn other_characters_that_stand_for_plain_ones_are_refused_and_an_apostrophe_inside_is_not() {
    for (address, words) in [
        (
            "“info@mfa.example”",
            "its character 1 is `“` (U+201C), a quotation mark",
        ),
        (
            "o’brien@mfa.example",
            "its character 2 is `’` (U+2019), a quotation mark",
        ),
        ("info＠mfa.example", "its character 5 is `＠` (U+FF20), not the plain @"),
        ("info@mfa。example", "its character 9 is `。` (U+3002), not the plain ."),
        (
            "in\u{ad}fo@mfa.example",
            "the address contains the hidden character U+00AD",
        ),
        (
            "info@\u{a0}mfa.example",
            "the address contains the hidden character U+00A0",
        ),
        (
            "'info@mfa.example",
            "the address begins with ', which marks a text in a spreadsheet",
        ),
    ] {
        let campaign = Campaign::new().recipients(&format!("ministry,M,{address}\n"));
        campaign.check(&[]).exits(3).says(&[words, "recipients.csv:2"]);
    }
    let campaign = Campaign::new().recipients("ministry,M,o'brien@mfa.example\n");
    assert_eq!(campaign.check(&[]).exits(0).stderr.matches("warning").count(), 0);
}

#[test]
fn look_alikes_are_warned_about_and_real_names_in_one_script_are_not() {
    for (address, words) in [
        (
            "info@\u{430}\u{440}\u{440}\u{4cf}\u{435}.example",
            "its Cyrillic letters look like Latin ones",
        ),
        (
            "info@p\u{430}ypal.example",
            "Latin and Cyrillic letters stand side by side",
        ),
        ("info@\u{261}ov.example", "its `\u{261}` (U+0261) looks like `g`"),
    ] {
        let campaign = Campaign::new().recipients(&format!("ministry,M,{address}\n"));
        campaign.check(&[]).exits(0).says(&["warning", words]);
    }
    for address in ["info@правительство.рф", "info@bücher.example", "info@外務省.example"] {
        let campaign = Campaign::new().recipients(&format!("ministry,M,{address}\n"));
        let check = campaign.check(&[]);
        assert!(!check.exits(0).stderr.contains("look"), "{}", check.stderr);
    }
}
