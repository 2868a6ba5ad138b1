//! The command line misused: what is wrong, and what to do instead.

use crate::support::{Campaign, Server};

#[test]
fn off_a_terminal_nothing_is_sent_without_yes() {
    let server = Server::builder().start();
    let campaign = Campaign::new().smtp(&server);
    campaign
        .appel(&["send"])
        .exits(2)
        .says(&["nobody is here to confirm", "appel send --dry-run", "--yes"]);
    campaign.appel(&["send", "--json"]).exits(2);
    assert_eq!((server.connections(), campaign.standing()), (0, [0, 0, 0, 0, 1]));
}

#[test]
fn a_letter_role_or_address_that_is_not_there_lists_those_that_are() {
    let server = Server::builder().start();
    let campaign = Campaign::new().people(2).smtp(&server);
    for command in [
        &["check"][..],
        &["preview"],
        &["rehearse"],
        &["send", "--yes"],
        &["send", "--dry-run"],
    ] {
        let asked = |more: &[&str]| campaign.appel(&[command, more].concat());
        asked(&["--letter", "protst"])
            .exits(3)
            .says(&["no letter `protst`", "letters there: protest"]);
        asked(&["--role", "minister"])
            .exits(3)
            .says(&["no role `minister`", "roles there: ministry"]);
        asked(&["--to", "m3@mfa.example"]).exits(3).says(&[
            "no recipient has the address m3@mfa.example",
            "m1@mfa.example, m2@mfa.example",
        ]);
        asked(&["--to", "nobody"]).exits(3).says(&["--to nobody"]);
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn flags_that_make_no_sense_are_refused() {
    let campaign = Campaign::new();
    campaign
        .send(&["--limit", "0"])
        .exits(2)
        .says(&["--limit", "at least 1"]);
    campaign.send(&["--limit", "some"]).exits(2);
    campaign
        .send(&["--retry-for", "15"])
        .exits(2)
        .says(&["--retry-for", "15min"]);
    campaign.send(&["--retry-for=-1s"]).exits(2);
    campaign.send(&["--no-such-flag"]).exits(2);
    campaign.appel(&["frobnicate"]).exits(2);
    campaign.appel(&[]).exits(2);
    campaign.appel(&["-q", "-v", "check"]).exits(2);
}

#[test]
fn help_and_version_are_results_and_go_to_stdout() {
    let machine = Campaign::empty();
    machine.appel(&["--version"]).exits(0).prints(&["appel "]);
    machine
        .appel(&["--help"])
        .exits(0)
        .prints(&["Exit codes:", "rehearse", "130"]);
    let help = machine.appel(&["send", "--help"]);
    help.exits(0).prints(&["--resend-in-doubt", "--dry-run"]);
    assert_eq!(help.stderr, "");
}

#[test]
fn a_missing_configuration_says_how_to_start() {
    let machine = Campaign::empty();
    for command in [&["check"][..], &["preview"], &["rehearse"], &["send", "--yes"]] {
        machine.appel(command).exits(3).says(&["config.toml", "appel new"]);
    }
    Campaign::new()
        .check(&["--account", "nowhere.toml"])
        .exits(3)
        .says(&["nowhere.toml"]);
}

#[test]
fn sending_without_an_account_says_what_to_write_where() {
    let campaign = Campaign::new();
    campaign
        .send(&[])
        .exits(3)
        .says(&["there is no [smtp] table", "host ="]);
    campaign.check(&[]).exits(0);
    campaign.appel(&["rehearse"]).exits(0);
}

#[test]
fn a_moment_that_is_none_is_refused() {
    Campaign::new()
        .now("yesterday")
        .check(&[])
        .exits(2)
        .says(&["APPEL_NOW"]);
}

#[test]
fn quiet_says_results_and_errors_only() {
    let server = Server::builder().start();
    let campaign = Campaign::new().people(2).smtp(&server);
    let run = campaign.send(&["-q"]);
    assert_eq!(
        (run.exits(0).stdout.as_str(), run.stderr.as_str()),
        ("2 letters: 2 accepted.\n", "")
    );
    let run = campaign.check(&["-q", "--to", "nobody@mfa.example"]);
    run.exits(3).says(&["no recipient has the address"]);
}

#[test]
fn colours_are_for_those_who_want_them() {
    let campaign = Campaign::new().recipients("ministry,A,nonsense\n");
    let has_colours = |arguments: &[&str], campaign: &Campaign| {
        let run = campaign.check(arguments);
        run.exits(3).says(&["nonsense"]);
        run.stderr.contains('\u{1b}')
    };
    assert!(!has_colours(&[], &campaign), "not into a pipe");
    assert!(has_colours(&["--color", "always"], &campaign));
    assert!(!has_colours(&["--color", "never"], &campaign));
    let campaign = campaign.environment("NO_COLOR", "1");
    assert!(!has_colours(&[], &campaign));
}
