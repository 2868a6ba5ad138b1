//! Nobody's mailbox is flooded, and nothing that leaves is hidden: what one address gets, what a day allows, what is shown.

use std::fmt::Write as _;

use crate::support::{Campaign, Run, Server, Step, accepted};

/// More lines for the account file, behind whatever is in it.
fn account(campaign: Campaign, lines: &str) -> Campaign {
    let path = campaign.root().join("config/appel/config.toml");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let before = std::fs::read_to_string(&path).unwrap_or_default();
    std::fs::write(&path, format!("{before}\n{lines}\n")).unwrap();
    campaign
}

/// So many kinds of letter to the one ministry.
fn kinds(number: usize) -> Campaign {
    let mut letters = String::new();
    for n in 1..=number {
        let _ = write!(
            letters,
            "[[letter]]\nid = \"l{n}\"\nto = [\"ministry\"]\ntemplate = \"protest\"\n\n"
        );
    }
    Campaign::new().letters(&letters)
}

/// The letters that were skipped because an address had had enough: letter, To.
fn held_back(run: &Run) -> Vec<(String, String)> {
    let objects = run
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    objects
        .filter(|object| object["reason"] == "address-limit")
        .map(|object| {
            assert_eq!(object["outcome"], "skipped");
            let text = |key: &str| object[key].as_str().unwrap().to_owned();
            (text("letter"), text("to"))
        })
        .collect()
}

#[test]
fn one_address_gets_three_letters_a_day_and_the_fourth_is_named_and_leaves_the_next_day() {
    let server = Server::builder().start();
    let campaign = kinds(4).smtp(&server);
    campaign
        .check(&[])
        .exits(0)
        .says(&[
            "minister@mfa.example gets at most 3 letters in 24 hours",
            "the next run would hold 1 letter back",
        ])
        .prints(&["1 warning", "4 letters for this sender"]);
    let run = campaign.send_json(&[]);
    assert_eq!(run.exits(1).counts(), [3, 3, 0, 0, 0, 1]);
    assert_eq!(held_back(&run), [("l4".to_owned(), "minister@mfa.example".to_owned())]);
    assert_eq!(campaign.standing(), [3, 0, 0, 0, 1], "it is still due");
    // In the same day nothing leaves, and it is said by name and until when.
    let campaign = campaign.now("2026-11-26T09:59:00Z");
    campaign
        .send(&[])
        .exits(1)
        .prints(&[
            "Nothing can leave now",
            "minister@mfa.example gets at most 3 letters in 24 hours",
            "not before 10:00 UTC (in 60 seconds):\n    l4 to minister@mfa.example\n",
        ])
        .says(&["still due"]);
    campaign
        .check(&[])
        .exits(0)
        .says(&["minister@mfa.example gets at most 3 letters in 24 hours"]);
    assert_eq!(server.taken().len(), 3);
    let campaign = campaign.now("2026-11-26T10:00:00Z");
    assert!(!campaign.check(&[]).exits(0).stderr.contains("at most"));
    assert_eq!(campaign.send_json(&[]).exits(0).counts(), [1, 1, 0, 0, 0, 3]);
    assert_eq!((server.taken().len(), server.taken_twice().len()), (4, 0));
}

#[test]
fn spellings_and_tags_of_an_address_are_one_mailbox() {
    let server = Server::builder().start();
    let mut rows = String::new();
    for n in 0..10 {
        let _ = writeln!(rows, "ministry,A,Info+{n}@bücher.example");
    }
    rows.push_str("ministry,B,INFO@xn--bcher-kva.example\nministry,C,other@bücher.example\n");
    let campaign = Campaign::new().recipients(&rows).smtp(&server);
    let run = campaign.send_json(&[]);
    assert_eq!(run.exits(1).counts(), [4, 4, 0, 0, 0, 8]);
    assert_eq!(held_back(&run).len(), 8);
    assert_eq!(campaign.standing(), [4, 0, 0, 0, 8]);
}

#[test]
fn letters_of_all_campaigns_count_and_those_of_other_senders_do_not() {
    let server = Server::builder().start();
    let campaign = kinds(2).smtp(&server);
    assert_eq!(campaign.send_json(&[]).exits(0).counts(), accepted(2));
    let campaign = campaign.set("campaign.id", "other");
    assert_eq!(campaign.send_json(&[]).exits(1).counts(), [1, 1, 0, 0, 0, 1]);
    let campaign = campaign.set("campaign.id", "third");
    assert_eq!(campaign.send_json(&[]).exits(1).counts(), [0, 0, 0, 0, 0, 2]);
    let campaign = campaign.set("sender.email", "bob@home.example");
    assert_eq!(campaign.send_json(&[]).exits(0).counts(), accepted(2));
}

#[test]
fn what_was_refused_or_deferred_does_not_count_and_what_is_in_doubt_does() {
    let server = Server::builder()
        .on(Step::Rcpt)
        .letter(1)
        .reply("550 5.1.1 no such user")
        .on(Step::FinalDot)
        .letter(2)
        .reply("451 4.3.0 later")
        .on(Step::FinalDot)
        .letter(3)
        .accept_then_reset()
        .start();
    let campaign = kinds(3).smtp(&server);
    let run = campaign.send_json(&[]);
    assert_eq!(run.exits(1).counts(), [3, 0, 1, 1, 1, 0]);
    // One of three is in doubt: with it two more may leave, and a third may not.
    let campaign = campaign.set("campaign.id", "other");
    assert_eq!(campaign.send_json(&[]).exits(1).counts(), [2, 2, 0, 0, 0, 1]);
    // Sent once more, the one in doubt is no further letter.
    let campaign = campaign.set("campaign.id", "test");
    let run = campaign.send_json(&["--resend-in-doubt"]);
    assert_eq!(run.exits(1).counts(), [1, 1, 0, 0, 0, 2]);
    assert_eq!(held_back(&run).len(), 1, "the one that was deferred waits for tomorrow");
}

#[test]
fn a_copy_to_one_address_with_every_letter_ends_at_a_hundred() {
    let server = Server::builder().start();
    let campaign = Campaign::new()
        .letters("[[letter]]\nid = \"protest\"\nto = [\"ministry\"]\ncc = [\"victim@home.example\"]\n")
        .people(130)
        .smtp(&server);
    campaign.check(&[]).exits(0).says(&[
        "victim@home.example gets at most 100 copies in 24 hours",
        "hold 30 letters back",
    ]);
    let run = campaign.send_json(&[]);
    assert_eq!(run.exits(1).counts(), [100, 100, 0, 0, 0, 30]);
    assert_eq!(held_back(&run)[0].1, "m101@mfa.example");
    assert_eq!(campaign.standing(), [100, 0, 0, 0, 30]);
    let run = campaign.send(&[]);
    run.exits(1).prints(&[
        "30 letters are held back, and still due",
        "victim@home.example gets at most 100 copies in 24 hours",
        ":\n    protest to m101@mfa.example\n    protest to m102@mfa.example\n",
        "… and 5 letters more held back",
    ]);
}

#[test]
fn tags_do_not_bring_more_copies_into_one_mailbox() {
    let server = Server::builder().start();
    let tagged = |row: usize| {
        (0..25)
            .map(|n| format!("victim+{row}x{n}@home.example"))
            .collect::<Vec<_>>()
            .join(" ")
    };
    let mut rows = String::new();
    for row in 0..6 {
        let _ = writeln!(rows, "ministry,M,m{row}@mfa.example,,,{}", tagged(row));
    }
    let campaign = Campaign::new().recipients(&rows).smtp(&server);
    assert_eq!(campaign.send_json(&[]).exits(1).counts(), [4, 4, 0, 0, 0, 2]);
}

#[test]
fn one_may_write_to_oneself_as_often_as_one_likes() {
    let server = Server::builder().start();
    let mut rows = String::new();
    for n in 0..150 {
        let _ = writeln!(rows, "ministry,M,m{n}@mfa.example,,,ann+sent@home.example");
    }
    for n in 0..5 {
        let _ = writeln!(rows, "ministry,Me,Ann+{n}@home.example");
    }
    let campaign = Campaign::new().recipients(&rows).smtp(&server);
    assert_eq!(campaign.send_json(&[]).exits(0).counts(), accepted(155));
}

#[test]
fn a_letter_with_more_than_25_copies_is_an_error_with_its_line() {
    let many: Vec<String> = (0..26).map(|n| format!("c{n}@x.example")).collect();
    let campaign = Campaign::new().recipients(&format!(
        "ministry,A,a@mfa.example\nministry,B,b@mfa.example,,,{}\n",
        many.join(" ")
    ));
    campaign
        .check(&[])
        .exits(3)
        .says(&["recipients.csv:3 cc", "26 copies", "the limit is 25", "[limits]"]);
    campaign.send(&["--dry-run"]).exits(3).says(&["26 copies"]);
    // Of a row and its letter together, too; whoever is named twice is one.
    let letter = format!(
        "[[letter]]\nid = \"protest\"\nto = [\"ministry\"]\ncc = {:?}\n",
        &many[..20]
    );
    let campaign = campaign.letters(&letter).recipients(&format!(
        "ministry,A,a@mfa.example,,,{}\nministry,B,b@mfa.example,,,d1@x.example d2@x.example d3@x.example d4@x.example d5@x.example d6@x.example\n",
        many[..20].join(" ")
    ));
    campaign
        .check(&[])
        .exits(3)
        .says(&["recipients.csv:3 cc", "26 copies", "20 of them from the letter's own"]);
    let letter = format!("[[letter]]\nid = \"protest\"\nto = [\"ministry\"]\ncc = {many:?}\n");
    let campaign = campaign.letters(&letter).recipients("ministry,A,a@mfa.example\n");
    campaign
        .check(&[])
        .exits(3)
        .says(&["config.toml:", "at most 25 copies, and here are 26"]);
    // Whoever sends can allow it.
    account(campaign, "[limits]\ncopies-per-letter = 26")
        .check(&[])
        .exits(0);
}

#[test]
fn only_the_account_file_raises_the_limits_and_every_command_says_so() {
    let server = Server::builder().start();
    let campaign = kinds(5).smtp(&server).config("[limits]\nletters-per-address = 100\n");
    for command in [
        &["check"][..],
        &["preview"],
        &["rehearse"],
        &["send", "--yes"],
        &["send", "--dry-run"],
        &["status"],
        &["log"],
        &["purge", "--yes"],
    ] {
        campaign.appel(command).exits(3).says(&[
            "[limits] does not count in a campaign's folder",
            "config.toml:",
            "account file",
        ]);
    }
    assert_eq!(server.connections(), 0);
    let campaign = account(kinds(5).smtp(&server), "[limits]\nletters-per-address = 5");
    assert_eq!(campaign.send_json(&[]).exits(0).counts(), accepted(5));
}

#[test]
fn a_limit_that_is_none_is_an_error_with_a_hint() {
    let wrong = |lines: &str| account(Campaign::new(), &format!("[limits]\n{lines}")).check(&[]);
    wrong("letters-per-address = 0")
        .exits(3)
        .says(&["cannot be 0", "from 1 to 1000000"]);
    wrong("copies-per-address = \"100\"")
        .exits(3)
        .says(&["must be a whole number", "take the quotes off"]);
    wrong("copies-per-letter = 1001")
        .exits(3)
        .says(&["cannot be 1001", "from 1 to 1000"]);
    wrong("letter-per-address = 4")
        .exits(3)
        .says(&["unknown key", "letters-per-address"]);
}

#[test]
fn what_was_purged_counts_for_its_day_and_the_address_is_not_in_the_files_any_more() {
    let server = Server::builder().start();
    let campaign = kinds(3)
        .recipients("ministry,M,minister@mfa.example,,,archive@home.example\n")
        .smtp(&server);
    assert_eq!(campaign.send_json(&[]).exits(0).counts(), accepted(3));
    campaign
        .appel(&["purge", "--yes"])
        .exits(0)
        .says(&["a salted hash of each address stays"]);
    let remembered = |campaign: &Campaign| {
        let files = campaign.files_under("state");
        files.iter().any(|(_, bytes)| {
            let text = String::from_utf8_lossy(bytes).to_lowercase();
            text.contains("minister@mfa") || text.contains("archive@home")
        })
    };
    assert!(!remembered(&campaign));
    let campaign = campaign.now("2026-11-26T09:59:00Z");
    let run = campaign.send_json(&[]);
    assert_eq!(run.exits(1).counts(), [0, 0, 0, 0, 0, 3]);
    assert_eq!(held_back(&run).len(), 3);
    let rows = |campaign: &Campaign| {
        let db = rusqlite::Connection::open(campaign.ledger()).unwrap();
        let number = |table: &str| -> i64 {
            db.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))
                .unwrap()
        };
        [number("forgotten"), number("salt")]
    };
    assert_eq!(rows(&campaign), [6, 1]);
    let campaign = campaign.now("2026-11-26T10:00:00Z");
    assert_eq!(campaign.send_json(&[]).exits(0).counts(), accepted(3));
    assert_eq!(rows(&campaign), [0, 0], "a day later nothing of it is left");
}

#[test]
fn the_daily_limit_counts_copies_and_refused_ones_do_not() {
    let server = Server::builder()
        .on(Step::Rcpt)
        .to("bad@x.example")
        .reply("550 5.1.1 no such user")
        .start();
    let mut rows = "ministry,M,m0@mfa.example,,,bad@x.example good@x.example\n".to_owned();
    for n in 1..5 {
        let _ = writeln!(rows, "ministry,M,m{n}@mfa.example,,,a{n}@x.example b{n}@x.example");
    }
    let campaign = Campaign::new()
        .recipients(&rows)
        .smtp(&server)
        .set_toml("smtp.daily-limit", "8");
    let run = campaign.send_json(&[]);
    // 2 + 3 + 3 addresses, and no room for three more.
    run.exits(1).says(&[
        "Addresses in all: 15 (5 letters, 10 copies)",
        "5 letters, of which smtp.daily-limit lets 2 leave now",
        "smtp.daily-limit is reached",
    ]);
    assert_eq!(run.counts(), [5, 3, 2, 0, 0, 0]);
    let campaign = campaign.now("2026-11-26T09:59:00Z");
    assert_eq!(campaign.send_json(&[]).exits(1).counts(), [2, 0, 2, 0, 0, 3]);
    let campaign = campaign.now("2026-11-26T10:00:00Z");
    assert_eq!(campaign.send_json(&[]).exits(0).counts(), [2, 2, 0, 0, 0, 3]);
    assert_eq!(server.taken_twice(), [""; 0]);
}

#[test]
fn a_letter_that_no_day_has_room_for_is_said_before_anything_leaves() {
    let server = Server::builder().start();
    let campaign = Campaign::new()
        .recipients("ministry,M,m@mfa.example\nministry,N,n@mfa.example,,,a@x.example b@x.example c@x.example\n")
        .smtp(&server)
        .set_toml("smtp.daily-limit", "3");
    for command in [&["check"][..], &["send", "--yes"], &["send", "--dry-run"]] {
        campaign.appel(command).exits(3).says(&[
            "recipients.csv:3 cc",
            "4 addresses with its copies, and smtp.daily-limit allows 3 in 24 hours",
        ]);
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_copy_behind_the_25th_letter_is_seen_before_anything_is_sent() {
    let server = Server::builder().start();
    let mut rows = String::new();
    for n in 1..=40 {
        let hidden = if n == 40 { "hidden@elsewhere.example" } else { "" };
        let _ = writeln!(rows, "ministry,M,m{n}@mfa.example,,,{hidden}");
    }
    let campaign = Campaign::new().recipients(&rows).smtp(&server);
    campaign.appel(&["send"]).exits(2).says(&[]);
    let run = campaign.send(&["--dry-run"]);
    run.exits(0).prints(&[
        "protest  en  M <m39@mfa.example>\n",
        "protest  en  M <m40@mfa.example>\n    copy  hidden@elsewhere.example\n",
        "Addresses in all: 41 (40 letters, 1 copy)",
    ]);
    campaign.send(&[]).exits(0).says(&[
        "… and 15 letters more",
        "copies go to              letters\n  hidden@elsewhere.example  1\n",
        "Addresses in all: 41 (40 letters, 1 copy)",
    ]);
}

#[test]
fn many_addresses_that_get_copies_are_counted_by_domain_and_who_gets_most_is_named() {
    let server = Server::builder().start();
    let mut rows = String::new();
    for n in 1..=60 {
        let _ = writeln!(
            rows,
            "ministry,M,m{n}@mfa.example,,,a{n}@d{}.example last@elsewhere.example",
            n % 30
        );
    }
    let campaign = Campaign::new().recipients(&rows).smtp(&server);
    let run = campaign.send(&[]);
    run.exits(0).says(&[
        "last@elsewhere.example  60",
        "… and to 41 other addresses. All 120 copies by domain:",
        "elsewhere.example  60",
        "in other domains",
        "appel send --dry-run",
    ]);
    assert_eq!(run.stderr.matches("@d").count(), 25 + 19, "{}", run.stderr);
}

#[test]
fn attachments_are_shown_with_their_size() {
    let server = Server::builder().start();
    let campaign = Campaign::new()
        .file("files/statement.pdf", vec![b'x'; 3000])
        .letters("[[letter]]\nid = \"protest\"\nto = [\"ministry\"]\nattach = [\"files/statement.pdf\"]\n")
        .people(2)
        .smtp(&server);
    campaign
        .send(&["--dry-run"])
        .exits(0)
        .prints(&["attachment     size     letters\n  statement.pdf  3.0 KiB  2"]);
    campaign.send(&[]).exits(0).says(&["statement.pdf  3.0 KiB  2"]);
}

#[test]
fn another_spelling_of_the_senders_address_is_no_way_around_the_daily_limit() {
    let server = Server::builder().start();
    let campaign = Campaign::new()
        .people(6)
        .smtp(&server)
        .set_toml("smtp.daily-limit", "3");
    campaign.send(&[]).exits(1);
    assert_eq!(server.taken().len(), 3);
    for spelling in ["Ann@home.example", "ann+more@home.example", "ann@HOME.example"] {
        let campaign = &campaign;
        let account = std::fs::read_to_string(campaign.account()).unwrap();
        std::fs::write(campaign.account(), account.replace("ann@home.example", spelling)).unwrap();
        campaign.send(&[]).exits(1);
        assert_eq!(server.taken().len(), 3, "{spelling}");
        std::fs::write(campaign.account(), account).unwrap();
    }
}
