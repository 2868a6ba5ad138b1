//! What one address gets, what a day allows, and whose word counts for it.

use super::{CAMPAIGN, Found, LETTER, SENDER, SMTP, read_files, with_smtp};

fn with_account(config: &str, account: &str) -> Found {
    read_files(&[("config.toml", config.as_bytes()), ("account.toml", account.as_bytes())])
}

#[test]
fn what_one_address_gets_is_for_the_account_file_to_say() {
    let campaign = format!("{CAMPAIGN}{SENDER}{SMTP}{LETTER}");
    let found = with_account(
        &campaign,
        "[limits]\nletters-per-address = 5\ncopies-per-letter = 1000\n",
    );
    assert_eq!(found.said, "");
    let limits = found.input.unwrap().limits;
    assert_eq!(
        (
            limits.letters_per_address,
            limits.copies_per_address,
            limits.copies_per_letter
        ),
        (5, 100, 1000)
    );
    let found = with_account(&format!("{campaign}\n[limits]\nletters-per-address = 5\n"), "");
    insta::assert_snapshot!(found.said, @r"
    error: [limits] does not count in a campaign's folder
      --> config.toml:15:2
       |
    15 | [limits]
       |  ^^^^^^ limits
       |
       = help: take it out here: how much one person may get is for whoever sends to say, in the account file account.toml
    ");
    for not_a_table in ["limits = 5\n", "limits.letters-per-address = 5\n", "[[limits]]\n"] {
        let config = format!("{not_a_table}{campaign}");
        let found = with_account(
            &if not_a_table.starts_with('[') {
                format!("{campaign}{not_a_table}")
            } else {
                config
            },
            "",
        );
        assert!(
            found.said.contains("[limits] does not count in a campaign's folder"),
            "{}",
            found.said
        );
        assert!(found.input.is_none());
    }
}

#[test]
fn a_day_allows_500_addresses_unless_the_account_says_otherwise() {
    let limit = |smtp: &str, own: bool| {
        let campaign = format!("{CAMPAIGN}{SENDER}");
        let found = if own {
            with_account(&format!("{campaign}{LETTER}"), &format!("[smtp]\n{smtp}"))
        } else {
            read_files(&[("config.toml", format!("{campaign}[smtp]\n{smtp}{LETTER}").as_bytes())])
        };
        found
            .input
            .map(|config| config.smtp.unwrap().daily_limit)
            .ok_or(found.said)
    };
    let far = "host = \"smtp.home.example\"\n";
    for own in [false, true] {
        assert_eq!(limit(far, own), Ok(Some(500)));
        assert_eq!(limit("host = \"127.0.0.1\"\n", own), Ok(None));
        assert_eq!(limit("host = \"localhost\"\ndaily-limit = 900\n", own), Ok(Some(900)));
        assert_eq!(limit(&format!("{far}daily-limit = 20\n"), own), Ok(Some(20)));
    }
    assert_eq!(limit(&format!("{far}daily-limit = \"none\"\n"), true), Ok(None));
    assert_eq!(limit(&format!("{far}daily-limit = 2000\n"), true), Ok(Some(2000)));
    for lifted in ["\"none\"", "501"] {
        let said = limit(&format!("{far}daily-limit = {lifted}\n"), false).unwrap_err();
        assert!(said.contains("in a campaign's folder cannot lift the limit"), "{said}");
        assert!(said.contains("account file"), "{said}");
    }
    let said = limit("host = \"127.0.0.1\"\ndaily-limit = \"none\"\n", false).unwrap_err();
    assert!(said.contains("cannot lift the limit"), "{said}");
    for own in [false, true] {
        let said = limit(&format!("{far}daily-limit = \"nothing\"\n"), own).unwrap_err();
        assert!(
            said.contains("cannot be \"nothing\"") && said.contains("or \"none\""),
            "{said}"
        );
        let said = limit(&format!("{far}daily-limit = \"400\"\n"), own).unwrap_err();
        assert!(said.contains("take the quotes off: 400"), "{said}");
        let said = limit(&format!("{far}daily-limit = true\n"), own).unwrap_err();
        assert!(said.contains("must be a whole number"), "{said}");
    }
}

#[test]
fn a_sender_that_has_nothing_to_do_with_the_login_is_warned_about() {
    let said = |from: &str, smtp: &str| {
        let sender = SENDER.replace("me@home.example", from);
        read_files(&[(
            "config.toml",
            format!("{CAMPAIGN}{sender}[smtp]\n{smtp}\n{LETTER}").as_bytes(),
        )])
        .said
    };
    let quiet = [
        (
            "me@home.example",
            "host = \"smtp.home.example\"\nusername = \"office@home.example\"",
        ),
        (
            "me@home.example",
            "host = \"smtp.home.example\"\nusername = \"me@mail.home.example\"",
        ),
        (
            "me@bücher.example",
            "host = \"smtp.home.example\"\nusername = \"me@bücher.example\"",
        ),
        (
            "me@googlemail.com",
            "host = \"smtp.gmail.com\"\nusername = \"me@gmail.com\"",
        ),
        ("me@home.example", "host = \"smtp.gmail.com\"\nusername = \"me\""),
        ("me@gmx.de", "host = \"mail.gmx.net\"\nusername = \"123456\""),
        ("me@home.example", "host = \"smtp.home.example\"\nusername = \"\""),
    ];
    for (from, smtp) in quiet {
        assert_eq!(said(from, smtp), "", "{from}, {smtp}");
    }
    let warned = [
        (
            "me@home.example",
            "host = \"smtp.home.example\"\nusername = \"me@other.example\"",
        ),
        ("me@gmx.de", "host = \"smtp.gmail.com\"\nusername = \"me\""),
        (
            "me@gmail.com",
            "host = \"smtp.home.example\"\nusername = \"me@notgmail.com\"",
        ),
    ];
    for (from, smtp) in warned {
        let said = said(from, smtp);
        assert!(
            said.starts_with("warning: letters come from "),
            "{from}, {smtp}: {said}"
        );
    }
    assert!(with_smtp("username = \"me@other.example\"").contains("but you log in at other.example"));
}
