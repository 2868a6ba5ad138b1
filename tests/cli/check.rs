//! `appel check`: every problem at once, each with its place and what to do, and nothing is sent.

use std::fs;

use serde_json::json;

use crate::support::{Campaign, PASSWORD, Server};

/// Some with an embassy of their own in the example, some served from elsewhere, some by nobody in particular.
const COUNTRIES: [&str; 16] = [
    "BE", "LU", "FR", "DE", "NL", "GB", "US", "ES", "IE", "JP", "BR", "ZA", "PL", "EG", "RU", "CH",
];
const LANGUAGES: [&str; 9] = ["fr", "nl", "de", "en", "es", "ru", "pl", "ar", "pt-BR"];

/// The example works for this sender: it is checked without a word, and every letter can be read.
fn the_example_works_for(countries: &[&str]) {
    let campaign = Campaign::example();
    for country in countries {
        for language in LANGUAGES {
            let sender = format!(
                "[sender]\nname = \"Ann Activist\"\nemail = \"ann@home.example\"\ncity = \"Somewhere\"\n\
                 country = \"{country}\"\nlanguage = \"{language}\"\n"
            );
            campaign.put("account.toml", sender);
            let account = ["--account", "account.toml"];
            let check = campaign.check(&account);
            check
                .exits(0)
                .prints(&["config.toml: no problem found. 3 letters for this sender.\n"]);
            assert!(
                !check.stderr.contains("warning"),
                "{country} {language}: {}",
                check.stderr
            );
            let preview = campaign.preview(&[&account[..], &["--json"]].concat());
            preview.exits(0);
            let letters = preview.json_events();
            assert_eq!(letters.len(), 3, "{country} {language}");
            for letter in letters {
                let text = letter["text"].as_str().unwrap();
                assert!(
                    text.len() > 1_000 && text.contains("Somewhere"),
                    "{country} {language}: {text}"
                );
                assert!(!text.contains("{{"), "{country} {language}: {text}");
            }
        }
    }
}

#[test]
fn the_example_has_no_problem_for_senders_of_every_kind_1() {
    the_example_works_for(&COUNTRIES[..8]);
}

#[test]
fn the_example_has_no_problem_for_senders_of_every_kind_2() {
    the_example_works_for(&COUNTRIES[8..]);
}

#[test]
fn all_problems_are_told_at_once_with_their_places() {
    let campaign = Campaign::new()
        .in_folder()
        .set("sender.country", "BX")
        .config("[fact]\n")
        .recipients("ministry,A,info@mfa\nministry,B,b@mfa.example c@mfa.example\n")
        .letter("protest", "fr", "Subject: S\n\nDear {{recipient.nmae}}\n")
        .letter("protest", "en", "Subject: S\nBcc: x@home.example\n\nDear friends,\n");
    let check = campaign.check(&[]);
    check.exits(3);
    insta::assert_snapshot!(check.stderr, @r#"
    error: there is no country with the code "BX"
     --> config.toml:7:11
      |
    7 | country = "BX"
      |           ^^^^ sender.country
      |
      = help: did you mean "AX"?

    error: unknown table `fact`
      --> config.toml:16:2
       |
    16 | [fact]
       |  ^^^^ fact
       |
       = help: did you mean `facts`?

    error: info@mfa: the domain after the @ needs a dot, and cannot be an IP address
     --> recipients.csv:2:12
      |
    2 | ministry,A,info@mfa,,,,
      |            ^^^^^^^^ email
      |
      = help: fix the address: it looks like info@example.org

    error: b@mfa.example c@mfa.example: there is more than one address here, or a space inside one
     --> recipients.csv:3:12
      |
    3 | ministry,B,b@mfa.example c@mfa.example,,,,
      |            ^^^^^^^^^^^^^^^^^^^^^^^^^^^ email
      |
      = help: one address a row; put copies in the `cc` column, or give each address a row of its own

    error: `Bcc` cannot stand in a template: a template never adds an address
     --> templates/protest.en.hbs:2:1
      |
    2 | Bcc: x@home.example
      | ^^^
      |
      = help: addresses come from recipients.csv, from `cc` in a [[letter]] and from [sender] only; take the line out
    "#);
    insta::assert_snapshot!(check.stdout, @"config.toml: 5 errors to fix before anything can be sent.");
}

#[test]
fn send_and_dry_run_give_the_verdict_of_check() {
    let server = Server::builder().start();
    let campaign =
        Campaign::new()
            .people(2)
            .smtp(&server)
            .letter("protest", "en", "Subject: S\n\n{{recipient.shoe}}\n");
    let problem = ["templates/protest.en.hbs:3:3", "recipient.shoe"];
    campaign.check(&[]).exits(3).says(&problem);
    campaign.preview(&[]).exits(3).says(&problem);
    campaign.send(&["--dry-run"]).exits(3).says(&problem);
    campaign.send(&["--out", "out"]).exits(3).says(&problem);
    campaign.send(&[]).exits(3).says(&problem).says(&["nothing was sent"]);
    assert!(!campaign.ledger().exists());
    assert_eq!(server.connections(), 0);
}

#[test]
fn one_bad_row_among_many_stops_all_before_anything_leaves() {
    let server = Server::builder().start();
    let rows = "ministry,M,info@mfa.example\n".repeat(99) + "ministry,M,m100 at mfa.example\n";
    let campaign = Campaign::new().recipients(&rows).smtp(&server);
    campaign
        .send(&[])
        .exits(3)
        .says(&["recipients.csv:101:12", "m100 at mfa.example"]);
    assert_eq!(server.connections(), 0);
}

#[test]
fn the_json_of_a_check_is_as_documented() {
    let server = Server::builder().start();
    let fine = Campaign::new().smtp(&server).check(&["--json"]);
    assert_eq!(fine.exits(0).stdout, "{\"problems\":[]}\n");

    let campaign = Campaign::new().recipients("ministry,A,nonsense\n");
    let check = campaign.check(&["--json"]);
    check.exits(3);
    let [report] = &check.json_events()[..] else {
        panic!("one object, not {}", check.stdout)
    };
    let problem = &report["problems"][0];
    assert_eq!(
        (
            &problem["severity"],
            &problem["file"],
            &problem["line"],
            &problem["column"]
        ),
        (&json!("error"), &json!("recipients.csv"), &json!(2), &json!(12))
    );
    assert_eq!(
        (&problem["code"], &problem["detail"]),
        (&json!("row-email-unfit"), &json!("address-no-at"))
    );
    assert!(problem["message"].as_str().unwrap().contains("nonsense"), "{problem}");
    assert!(problem["hint"].is_string(), "{problem}");
}

#[test]
fn a_password_in_the_file_is_refused_with_the_four_right_places() {
    let server = Server::builder().start();
    let campaign = Campaign::new().smtp(&server).set("smtp.password", PASSWORD);
    for command in [
        &["check"][..],
        &["check", "--json"],
        &["send", "--yes"],
        &["rehearse"],
        &["preview"],
    ] {
        let run = campaign.appel(command);
        run.exits(3);
        let all = format!("{}{}", run.stdout, run.stderr);
        for place in ["password-command", "APPEL_SMTP_PASSWORD", "keyring", "asked"] {
            assert!(all.contains(place), "{place} is not named: {all}");
        }
        assert!(!all.contains(PASSWORD), "{all}");
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_mistyped_key_is_never_ignored() {
    let campaign = Campaign::new().set("campaign.deadlin", "2026-12-01T00:00:00Z");
    campaign
        .check(&[])
        .exits(3)
        .says(&["config.toml:", "deadlin", "deadline"]);
    let server = Server::builder().start();
    let campaign = Campaign::new().smtp(&server).set("smtp.conections", "3");
    campaign.check(&[]).exits(3).says(&["conections", "connections"]);
}

#[test]
fn a_table_in_both_files_is_taken_from_the_account_and_that_is_said() {
    let server = Server::builder().start();
    let campaign = Campaign::new()
        .smtp(&server)
        .set("smtp.host", "127.0.0.9")
        .in_folder()
        .file(
            "mine/account.toml",
            format!(
                "[smtp]\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\nusername = \"\"\nrate = \"unlimited\"\n",
                server.port()
            ),
        );
    campaign
        .send(&["--account", "mine/account.toml", "--own-folder"])
        .exits(0)
        .says(&["mine/account.toml"]);
    assert_eq!(server.taken().len(), 1);
}

#[test]
fn the_account_of_the_person_is_found_without_being_named() {
    let server = Server::builder().start();
    let campaign = Campaign::new().smtp(&server);
    assert!(campaign.account().ends_with("config/appel/config.toml"));
    let config = std::fs::read_to_string(campaign.path("config.toml")).unwrap();
    assert!(!config.contains("[smtp]") && !config.contains("[sender]"), "{config}");
    campaign.send(&[]).exits(0);
    assert_eq!(server.taken().len(), 1);
}

#[test]
fn what_spreadsheets_write_is_read() {
    let semicolons = "role;name;email\r\nministry;Minist\u{e8}re;info@mfa.example\r\n";
    let windows_1252: Vec<u8> = semicolons
        .chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap())
        .collect();
    let utf_16: Vec<u8> = "\u{feff}role\tname\temail\r\nministry\tMinist\u{e8}re\tinfo@mfa.example\r\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let with_bom = format!("\u{feff}{semicolons}").into_bytes();
    for bytes in [windows_1252, utf_16, with_bom] {
        let campaign = Campaign::new().file("recipients.csv", bytes);
        campaign.check(&[]).exits(0);
        campaign
            .preview(&[])
            .exits(0)
            .prints(&["To:      Minist\u{e8}re <info@mfa.example>"]);
    }
}

#[test]
fn a_template_can_never_add_an_address() {
    for header in [
        "To: x@home.example",
        "Cc: x@home.example",
        "Bcc: x@home.example",
        "From: x@home.example",
    ] {
        let campaign = Campaign::new().letter("protest", "en", &format!("Subject: S\n{header}\n\nText.\n"));
        campaign.check(&[]).exits(3).says(&["templates/protest.en.hbs:2"]);
    }
    let line_break = "\"A\r\nBcc: x@home.example\"";
    let campaign = Campaign::new().recipients(&format!("role,name,email\nministry,{line_break},info@mfa.example\n"));
    campaign.check(&[]).exits(3).says(&["recipients.csv:2"]);
}

#[test]
fn a_name_that_does_not_exist_is_found_wherever_it_hides() {
    for (text, place) in [
        ("{{#if mesage}}x{{/if}}", "protest.en.hbs:3:7"),
        ("{{#unless recipient.salutaton}}x{{/unless}}", "protest.en.hbs:3:11"),
        ("{{> signature}}", "signature.hbs:1:3"),
        ("{{fact \"kiled\"}}", "protest.en.hbs:3"),
        ("{{> signatur}}", "protest.en.hbs:3"),
    ] {
        let campaign = Campaign::new()
            .letter("protest", "en", &format!("Subject: S\n\n{text} and more.\n"))
            .file(
                "templates/partials/signature.hbs",
                if text.contains("> sig") {
                    "{{sender.nam}}\n"
                } else {
                    "x\n"
                },
            )
            .config("[facts.killed]\nvalue = \"14\"\nas-of = 2026-11-20T10:00:00Z\nsource = \"lawyers\"\n");
        campaign.check(&[]).exits(3).says(&[place]);
    }
}

#[test]
fn a_stale_fact_stops_the_letters_that_use_it_and_no_others() {
    let server = Server::builder().start();
    let fact = "[facts.killed]\nvalue = { en = \"at least 14\", fr = \"au moins 14\" }\nsource = \"lawyers\"\n\
                as-of = 2026-11-20T10:00:00Z\nexpires = 2026-11-24T00:00:00Z\n";
    let campaign = Campaign::new().smtp(&server).config(fact);
    campaign.send(&[]).exits(0);
    let campaign = campaign
        .people(2)
        .letter("protest", "en", "Subject: S\n\n{{fact \"killed\"}} were killed.\n");
    campaign.send(&[]).exits(3).says(&["killed", "2026-11-24"]);
    assert_eq!(server.taken().len(), 1);
    campaign.now("2026-11-23T00:00:00Z").send(&[]).exits(0);
    assert_eq!(server.taken().len(), 3);
}

#[test]
fn no_file_outside_the_campaigns_folder_is_read() {
    let campaign = Campaign::new().set("campaign.recipients", "../elsewhere.csv");
    std::fs::write(
        campaign.path("../elsewhere.csv"),
        "role,name,email\nministry,A,a@mfa.example\n",
    )
    .unwrap();
    campaign.check(&[]).exits(3).says(&["config.toml:", "../elsewhere.csv"]);
    for path in ["../elsewhere.csv", "/etc/passwd", "link.txt"] {
        let letters = format!("[[letter]]\nid = \"protest\"\nto = [\"ministry\"]\nattach = [{path:?}]\n");
        let campaign = Campaign::new().letters(&letters);
        std::fs::write(campaign.path("../elsewhere.csv"), "x").unwrap();
        std::os::unix::fs::symlink("/etc/passwd", campaign.path("link.txt")).unwrap();
        campaign.check(&[]).exits(3).says(&["config.toml:", path]);
    }
}

#[test]
fn an_attachment_that_is_no_file_is_no_attachment() {
    let campaign = Campaign::new()
        .letters("[[letter]]\nid = \"protest\"\nto = [\"ministry\"]\nattach = [\"files\", \"gone.pdf\"]\n")
        .file("files/x.txt", "x");
    campaign.check(&[]).exits(3).says(&["files", "gone.pdf"]);
}

#[test]
fn braces_in_the_recipients_file_stay_what_they_are() {
    let server = Server::builder().start();
    let campaign = Campaign::new()
        .recipients("ministry,{{sender.email}},minister@mfa.example,,,,{{#if x}} Sir\n")
        .letter(
            "protest",
            "en",
            "Subject: To {{recipient.name}}\n\n{{recipient.salutation}}\n",
        )
        .smtp(&server);
    campaign.send(&[]).exits(0);
    let letter = String::from_utf8(server.taken().remove(0).data).unwrap();
    assert!(
        letter.contains("Subject: To {{sender.email}}\r\n") && letter.contains("{{#if x}} Sir\r\n"),
        "{letter}"
    );
}

/// Each of these stops check and send alike, and is told with its place.
#[test]
fn every_bad_table_is_answered_with_its_place() {
    let server = Server::builder().start();
    let long = format!("{}@mfa.example", "a".repeat(65));
    for (table, place) in [
        ("role,name\nministry,A\n", "recipients.csv:1"),
        (
            "role,name,email,email\nministry,A,a@mfa.example,b@mfa.example\n",
            "recipients.csv:1",
        ),
        ("role,name,email\nministry,A\n", "recipients.csv:2"),
        ("role,name,email\nministry,\"A,a@mfa.example\n", "recipients.csv:2"),
        ("role,name,email\nministry,A\0,a@mfa.example\n", "recipients.csv:2"),
        ("role,name,email\n", "recipients.csv"),
        ("", "recipients.csv"),
        ("role,name,email\nministry,A,\n", "recipients.csv:2"),
        (
            "role,name,email\nministry,A,a@mfa.example b@mfa.example\n",
            "recipients.csv:2:12",
        ),
        (
            "role,name,email\nministry,A,a\u{200b}@mfa.example\n",
            "recipients.csv:2:12",
        ),
        ("role,name,email\nministry,A,a@localhost\n", "recipients.csv:2:12"),
        ("role,name,email\nministry,A,a@[127.0.0.1]\n", "recipients.csv:2:12"),
        (&format!("role,name,email\nministry,A,{long}\n"), "recipients.csv:2:12"),
        (
            "role,name,email\nministry,A,\"\"\"a\r\nRCPT TO:<x@y.example>\"\"@mfa.example\"\n",
            "recipients.csv:2",
        ),
        (
            "role,name,email,country\nministry,A,a@mfa.example,BE XQ\n",
            "recipients.csv:2:26",
        ),
        (
            "role,name,email,language\nministry,A,a@mfa.example,fr klingon-\n",
            "recipients.csv:2:26",
        ),
        (
            "role,name,email,cc\nministry,A,a@mfa.example,nobody\n",
            "recipients.csv:2:26",
        ),
    ] {
        let campaign = Campaign::new().file("recipients.csv", table).smtp(&server);
        campaign.check(&[]).exits(3).says(&[place]);
        campaign.send(&[]).exits(3).says(&[place]);
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn every_bad_template_is_answered_with_its_place() {
    let server = Server::builder().start();
    for (text, place) in [
        ("No header at all.\n", "templates/protest.en.hbs:1"),
        ("Subject:\n\nText.\n", "templates/protest.en.hbs:1"),
        ("Subject: S\n\n", "templates/protest.en.hbs"),
        ("Subject: S\n\n{{sender.name}\n", "templates/protest.en.hbs:3"),
        ("Subject: S\n\n{{#if message}}x\n", "templates/protest.en.hbs:3"),
        ("Subject: S\n\n{{> ../../secret}}\n", "templates/protest.en.hbs:3"),
        ("Subject: S\n\n{{> loop}}\n", "templates/partials/loop.hbs"),
        ("Subject: {{recipient.shoe}}\n\nText.\n", "templates/protest.en.hbs:1"),
        (
            "Subject: S\nReply-To: x@home.example\n\nText.\n",
            "templates/protest.en.hbs:2",
        ),
    ] {
        let campaign = Campaign::new()
            .letter("protest", "en", text)
            .file("templates/partials/loop.hbs", "{{> loop}}\n")
            .smtp(&server);
        campaign.check(&[]).exits(3).says(&[place]);
        campaign.send(&[]).exits(3).says(&[place]);
    }
    let campaign = Campaign::new()
        .file("templates/protest.en.hbs", b"Subject: S\n\nt\xe9xt\n")
        .smtp(&server);
    campaign.check(&[]).exits(3).says(&["templates/protest.en.hbs:3"]);
    assert_eq!(server.connections(), 0);
}

#[test]
fn what_is_only_strange_is_said_and_stops_nothing() {
    let server = Server::builder().start();
    for (campaign, words) in [
        (
            Campaign::new().letter("protest", "en", "Subject: S\n\nDear [NAME], TODO\n"),
            "[NAME]",
        ),
        (
            Campaign::new().recipients("ministry,A,a@mfa.example\nminstry,B,b@mfa.example\n"),
            "minstry",
        ),
        (
            Campaign::new().letter("protst", "fr", "Subject: S\n\nText.\n"),
            "protst",
        ),
        (Campaign::new().recipients("ministry,A,a@mf\u{430}.example\n"), "mf"),
        (
            Campaign::new().set_toml("campaign.deadline", "2026-11-01T00:00:00Z"),
            "deadline",
        ),
    ] {
        let campaign = campaign.smtp(&server);
        campaign.check(&[]).exits(0).says(&["warning", words]);
        campaign.send(&[]).exits(0).says(&["warning", words]);
    }
    assert_eq!(server.taken().len(), 4, "all but the late one");
}

#[test]
fn every_bad_setting_is_answered_with_its_place() {
    let server = Server::builder().start();
    for (key, value) in [
        ("smtp.port", "0"),
        ("smtp.port", "\"465\""),
        ("smtp.connections", "51"),
        ("smtp.connections", "0"),
        ("smtp.rate", "\"0/s\""),
        ("smtp.rate", "\"-3/min\""),
        ("smtp.daily-limit", "-1"),
        ("smtp.retry-for", "\"soon\""),
        ("smtp.timeout", "\"0s\""),
        ("smtp.security", "\"auto\""),
        ("smtp.auth", "\"basic\""),
        ("smtp.proxy", "\"http://127.0.0.1:1\""),
        ("smtp.host", "\"smtp.example.org:25\""),
        ("sender.country", "\"Belgium\""),
        ("sender.email", "\"ann\""),
        ("sender.name", "\"Ann\\nBcc: x@home.example\""),
        ("campaign.id", "\"../other\""),
        ("campaign.deadline", "\"tomorrow\""),
    ] {
        let campaign = Campaign::new().smtp(&server).set_toml(key, value);
        campaign.check(&[]).exits(3).says(&["config.toml:", key]);
    }
    let twice = "[[letter]]\nid = \"protest\"\nto = [\"ministry\"]\n".repeat(2);
    Campaign::new()
        .letters(&twice)
        .check(&[])
        .exits(3)
        .says(&["config.toml:", "protest"]);
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_check_beside_a_ledger_that_cannot_be_read_says_so() {
    let campaign = Campaign::new();
    std::fs::create_dir_all(campaign.ledger().parent().unwrap()).unwrap();
    std::fs::write(campaign.ledger(), "no ledger").unwrap();
    campaign
        .check(&[])
        .exits(0)
        .says(&["warning: what was sent already cannot be told", "damaged"]);
}

#[test]
fn a_fact_or_a_date_is_not_taken_for_a_link_of_the_readers_own() {
    Campaign::new()
        .config("[facts.killed]\nvalue = \"14\"\nsource = \"https://news.example/report\"\n")
        .letter(
            "protest",
            "en",
            "Subject: S\n\nDear {{recipient.name}},\n\n{{#with recipient}}{{source \"killed\"}} {{name}}{{/with}}\n\nhttps://t.example/?d={{date}}\n",
        )
        .check(&[])
        .exits(0);
}

#[test]
fn an_account_that_cannot_be_read_is_all_that_is_said_of_it() {
    let campaign = Campaign::new();
    let account = fs::read_to_string(campaign.account()).unwrap();
    for broken in [
        account.replace("\"Ann Activist\"", "“Ann”"),
        account.replace("\"en\"", "en"),
    ] {
        assert_ne!(broken, account);
        fs::write(campaign.account(), broken).unwrap();
        let run = campaign.check(&[]);
        run.exits(3).says(&["config/appel/config.toml"]);
        assert_eq!(run.stderr.matches("error: ").count(), 1, "{}", run.stderr);
        assert!(!run.stderr.contains("nobody is named"), "{}", run.stderr);
    }
}
