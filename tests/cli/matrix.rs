//! `check` looks at the letters of every sender whom the list serves, says who gets what, and `--as` shows one of them.

use serde_json::json;

use crate::support::Campaign;

const ROWS: &str = "role,name,email,country,language,salutation\n\
                    embassy,A,brussels@x.example,BE LU,fr,Madame\n\
                    embassy,B,berlin@x.example,DE,de,\n\
                    embassy,C,paris@x.example,FR,tlh,Madame\n\
                    embassy,D,geneva@x.example,*,,Sir\n\
                    court,E,court@x.example,BE DE,en,Sir\n";

/// A sender in Belgium; letters to embassies and courts, in three languages.
fn campaign() -> Campaign {
    Campaign::new()
        .file("recipients.csv", ROWS)
        .letters("[[letter]]\nid = \"protest\"\nto = [\"embassy\", \"court\"]\n")
        .letter("protest", "en", "Subject: S\n\nDear {{recipient.name}},\n\nWe ask.\n")
        .letter(
            "protest",
            "fr",
            "Subject: S\n\n{{recipient.salutation}},\n\nNous demandons.\n",
        )
        .letter("protest", "de", "Subject: S\n\nGuten Tag,\n\nwir bitten.\n")
}

#[test]
fn every_country_is_listed_with_who_gets_what_in_which_language_and_what_reaches_nobody() {
    let check = campaign().check(&[]);
    check.exits(0);
    let expected = [
        "BE         protest (court)    en                          court@x.example",
        "           protest (embassy)  fr                          brussels@x.example",
        "DE         protest (court)    en                          court@x.example",
        "           protest (embassy)  de                          berlin@x.example",
        "FR         protest (embassy)  the sender's (reads tlh)    paris@x.example",
        "LU         protest (embassy)  fr                          brussels@x.example",
        "elsewhere  protest (embassy)  the sender's                geneva@x.example",
        "Nobody gets protest (court) from FR LU elsewhere: no row of this role serves them.",
    ];
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let printed: Vec<String> = check.stdout.lines().map(words).collect();
    for line in expected {
        assert!(printed.contains(&words(line)), "{line}\n{}", check.stdout);
    }
    // One's own letters alone, as one's own or as somebody's elsewhere, need no table.
    for alone in [&["--mine"][..], &["--as", "DE"]] {
        let check = campaign().check(alone);
        assert!(check.exits(0).stdout.starts_with("config.toml: "), "{}", check.stdout);
    }
}

#[test]
fn programs_get_the_same_lines() {
    let check = campaign().check(&["--json"]);
    let report: serde_json::Value = serde_json::from_str(&check.exits(0).stdout).unwrap();
    let lines = report["coverage"].as_array().unwrap();
    assert_eq!(lines.len(), 10);
    assert!(lines.contains(&json!({
        "senders": "FR", "letter": "protest", "role": "embassy", "to": "paris@x.example", "line": 4,
        "language": null, "reads": ["tlh"],
    })));
    assert!(lines.contains(&json!({
        "senders": "elsewhere", "letter": "protest", "role": "court", "to": null, "language": null,
    })));
}

#[test]
fn what_is_wrong_with_a_letter_that_only_others_send_is_found() {
    // Only a reader in Berlin, and one in Geneva when the sender writes French, would get it.
    for (language, text, row) in [
        ("de", "Subject: S\n\n{{#if recipient.salutation}}x{{/if}}\n", 3),
        (
            "en",
            "Subject: S\n\n{{#if (eq sender.country \"BE\")}}x{{else}}{{#if (eq recipient.name \"E\")}}{{else}}x{{/if}}{{/if}}\n",
            6,
        ),
    ] {
        let campaign = campaign().letter("protest", language, text);
        let check = campaign.check(&[]);
        check.exits(3).says(&[
            &format!("templates/protest.{language}.hbs makes no letter of this row: the body is empty"),
            &format!("recipients.csv:{row}"),
        ]);
        assert_eq!(check.stderr.matches("makes no letter").count(), 1, "{}", check.stderr);
        campaign.check(&["--mine"]).exits(0);
    }
}

#[test]
fn what_only_others_say_of_variants_is_found_and_nothing_of_ones_own_is_passed_over() {
    let campaign = campaign()
        .letter("protest", "de", "Subject: S\n\n{{variant \"opening\"}}\n")
        .file(
            "templates/variants/opening/one.de.hbs",
            "{{#if (eq sender.country \"BE\")}}x{{/if}}\n",
        );
    campaign.check(&["--mine"]).exits(0);
    let check = campaign.check(&[]);
    check.exits(3).says(&["the body is empty"]);

    // After the deadline nothing of one's own is due, and is looked at all the same.
    let campaign = self::campaign().letter(
        "protest",
        "fr",
        "Subject: S\n\n{{#if recipient.country}}{{else}}x{{/if}}\n",
    );
    campaign.check(&[]).exits(3);
    campaign.check(&["--limit", "1", "--role", "court"]).exits(0);
    let late = campaign
        .now("2030-01-01T00:00:00Z")
        .set_toml("campaign.deadline", "2029-01-01T00:00:00Z");
    late.check(&[]).exits(3).says(&["the body is empty"]);
}

#[test]
fn a_text_that_fails_only_with_words_of_ones_own_is_found() {
    let campaign = campaign().letter(
        "protest",
        "fr",
        "Subject: S{{#if message}}{{message}}{{/if}}\n\nNous.\n",
    );
    campaign
        .check(&[])
        .exits(3)
        .says(&["templates/protest.fr.hbs makes no letter of this row"]);
}

#[test]
fn somebody_elsewhere_can_be_looked_at_and_nobody_sends_in_their_place() {
    let campaign = campaign();
    campaign
        .preview(&["--as", "DE"])
        .exits(0)
        .prints(&["berlin@x.example", "court@x.example"]);
    campaign
        .preview(&["--as", "CH/fr"])
        .exits(0)
        .prints(&["geneva@x.example", "Nous demandons"]);
    let run = campaign.send(&["--dry-run", "--as", "lu"]);
    run.exits(0).prints(&["brussels@x.example"]);
    campaign
        .send(&["--as", "LU"])
        .exits(2)
        .says(&["--as shows what somebody elsewhere would send: add --dry-run"]);
    campaign
        .check(&["--as", "XX"])
        .exits(2)
        .says(&["the code of a country is wanted"]);
    campaign
        .check(&["--as", "BE/xx"])
        .exits(2)
        .says(&["the code of a language is wanted"]);
}

#[test]
fn all_problems_of_a_long_list_are_counted_by_kind_and_twenty_shown_and_a_table_has_them_all() {
    let mut rows = "role,name,email,country,language,salutation\n".to_owned();
    for row in 0..100 {
        rows += &match row % 4 {
            0 => format!("embassy,A,nobody{row},BE,fr,Sir\n"),
            1 => format!("embassy,A,=a{row}@x.example,QQ,fr,Sir\n"),
            2 => format!("embassy,A,b{row}@x.example,BE,qq,Sir\n"),
            _ => format!("embassy,A,c{row}@x.example,BE,fr,Sir\n"),
        };
    }
    let campaign = campaign().file("recipients.csv", &rows);
    let check = campaign.check(&["--csv", "problems.csv"]);
    check.exits(3);
    let first: Vec<&str> = check.stderr.lines().take(4).collect();
    assert_eq!(
        first,
        [
            "75 problems of 3 kinds:",
            "  error: 25 × codes of no country",
            "  error: 25 × addresses that are not e-mail addresses",
            "  error: 25 × codes of no language",
        ]
    );
    assert_eq!(check.stderr.matches("\nerror: ").count(), 20, "{}", check.stderr);
    check.says(&["and 55 more", "appel check --csv problems.csv"]);
    let mut table = csv::Reader::from_path(campaign.path("problems.csv")).unwrap();
    let rows: Vec<csv::StringRecord> = table.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 75);
    assert_eq!(
        rows[0].iter().take(7).collect::<Vec<_>>(),
        [
            "error",
            "row-email-unfit",
            "recipients.csv",
            "2",
            "11",
            "email",
            "nobody0"
        ]
    );
    // What it says and what to do, in the language of the screen.
    assert!(rows.iter().all(|row| !row[7].is_empty() && !row[8].is_empty()));
    // It may be written again, and over nothing else.
    campaign.check(&["--csv", "problems.csv"]).exits(3);
    let list = std::fs::read(campaign.path("recipients.csv")).unwrap();
    campaign
        .check(&["--csv", "recipients.csv"])
        .exits(4)
        .says(&["recipients.csv"]);
    assert_eq!(std::fs::read(campaign.path("recipients.csv")).unwrap(), list);
}
