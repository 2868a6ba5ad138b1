//! What `appel log` remembers of every attempt and every address: on a screen, as JSON, and for a spreadsheet.

use serde_json::json;

use crate::support::{Campaign, Server, Step};

/// One letter with three copies.
fn copied() -> Campaign {
    Campaign::new().recipients("ministry,A,m1@mfa.example,,,x@mfa.example y@mfa.example z@mfa.example\n")
}

/// `address outcome code reply` of everyone in the last object of `log --json`.
#[track_caller]
fn addresses(campaign: &Campaign) -> Vec<String> {
    let run = campaign.appel(&["log", "--json"]);
    let last = run.exits(0).json_events().pop().expect("something was tried");
    let line = |one: &serde_json::Value| {
        let words = [&one["address"], &one["outcome"], &one["code"], &one["reply"]];
        words
            .map(|word| word.as_str().map_or_else(|| word.to_string(), str::to_owned))
            .join(" ")
    };
    last["recipients"]
        .as_array()
        .expect("a list")
        .iter()
        .map(line)
        .collect()
}

#[test]
fn every_copy_has_its_own_outcome_in_the_log() {
    let server = Server::builder()
        .on(Step::Rcpt)
        .to("y@mfa.example")
        .reply("550 5.1.1 no such user")
        .on(Step::FinalDot)
        .reply("250 2.0.0 queued as 4F")
        .start();
    let campaign = copied().smtp(&server);
    let told = campaign.send_json(&[]);
    assert_eq!(told.letter_to("m1@mfa.example")["outcome"], "accepted");
    assert_eq!(
        addresses(&campaign),
        [
            "m1@mfa.example accepted 250 2.0.0 queued as 4F",
            "x@mfa.example accepted 250 2.0.0 queued as 4F",
            "y@mfa.example refused 550 5.1.1 no such user",
            "z@mfa.example accepted 250 2.0.0 queued as 4F",
        ]
    );
    insta::assert_snapshot!(campaign.appel(&["log"]).exits(0).stdout, @r"
    2026-11-25 10:00:00 UTC  accepted  protest  en  m1@mfa.example  250 2.0.0 queued as 4F
        copy accepted  x@mfa.example
        copy refused   y@mfa.example  550 5.1.1 no such user
        copy accepted  z@mfa.example
    ");
}

#[test]
fn the_copies_of_a_letter_in_doubt_are_in_doubt_too() {
    let server = Server::builder().on(Step::FinalDot).accept_then_reset().start();
    let campaign = copied().smtp(&server);
    campaign.send(&[]).exits(1);
    let words = "in-doubt null the letter was handed over, then the connection was lost: reset by the server";
    let all = ["m1", "x", "y", "z"].map(|name| format!("{name}@mfa.example {words}"));
    assert_eq!(addresses(&campaign), all);
}

#[test]
fn the_copies_of_a_letter_that_a_kill_left_in_doubt_are_named_too() {
    let server = Server::builder().on(Step::FinalDot).accept_then_stall().start();
    let campaign = copied().smtp(&server);
    let run = campaign.spawn(&["send", "--yes", "-q"]);
    server.wait_for_stalls(1);
    run.kill();
    let all = ["m1", "x", "y", "z"]
        .map(|name| format!("{name}@mfa.example in-doubt null the program ended while this letter was being sent"));
    assert_eq!(addresses(&campaign), all);
    server.release();
}

#[test]
fn the_log_has_the_digest_and_the_facts_of_every_letter() {
    let server = Server::builder().start();
    let campaign = Campaign::new()
        .letter("protest", "en", "Subject: S\n\n{{fact \"killed\"}} were killed.\n")
        .config("[facts.killed]\nvalue = \"at least 14\"\nas-of = 2026-11-20T10:00:00Z\nsource = \"lawyers\"\n")
        .smtp(&server);
    let told = campaign.send_json(&[]).letter_to("minister@mfa.example");
    let logged = campaign.appel(&["log", "--json"]).json_events().remove(0);
    let digest = <sha2::Sha256 as sha2::Digest>::digest(&server.taken()[0].data);
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(
        (&logged["sha256"], &logged["facts"]),
        (&json!(digest), &json!({ "killed": "at least 14" }))
    );
    for same in [
        "id",
        "letter",
        "language",
        "to",
        "message_id",
        "outcome",
        "code",
        "reply",
        "at",
    ] {
        assert_eq!(logged[same], told[same], "{same}");
    }
}

/// The rows of `log --csv` as the CSV crate reads them, the names of the columns among them.
#[track_caller]
fn rows(text: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text.as_bytes());
    let row = |record: csv::Result<csv::StringRecord>| record.unwrap().iter().map(str::to_owned).collect();
    reader.records().map(row).collect()
}

#[test]
fn a_spreadsheet_gets_a_row_for_every_address_of_every_attempt() {
    let server = Server::builder()
        .on(Step::Rcpt)
        .to("y@mfa.example")
        .reply("550 5.1.1 no, \"never\"")
        .start();
    let campaign = copied().smtp(&server);
    let told = campaign.send_json(&[]).letter_to("m1@mfa.example");
    let log = campaign.appel(&["log", "--csv"]);
    assert_eq!(log.exits(0).stdout.matches("\r\n").count(), 5);
    assert_eq!(
        log.stdout.matches('\n').count(),
        5,
        "every line ends in CRLF (RFC 4180)"
    );
    let rows = rows(&log.stdout);
    assert_eq!(
        rows[0].join(","),
        "at,letter,language,from,role,address,outcome,code,reply,message_id,sha256,facts"
    );
    let column = |n: usize| rows[1..].iter().map(|row| &*row[n]).collect::<Vec<_>>();
    assert_eq!(column(0), ["2026-11-25T10:00:00Z"; 4]);
    assert_eq!(column(4), ["to", "cc", "cc", "cc"]);
    assert_eq!(
        column(5),
        ["m1@mfa.example", "x@mfa.example", "y@mfa.example", "z@mfa.example"]
    );
    assert_eq!(column(6), ["accepted", "accepted", "refused", "accepted"]);
    assert_eq!((column(7)[2], column(8)[2]), ("550", "5.1.1 no, \"never\""));
    assert_eq!(column(9), [told["message_id"].as_str().unwrap(); 4]);
    assert!(column(10).iter().all(|digest| digest.len() == 64));
}

#[test]
fn a_formula_in_a_servers_words_or_an_address_reaches_no_spreadsheet() {
    let server = Server::builder()
        .on(Step::Rcpt)
        .to("=cmd+calc@mfa.example")
        .reply("550 =HYPERLINK(\"http://evil.example\";\"ok\")")
        .on(Step::Rcpt)
        .to("+49@mfa.example")
        .reply("550 \t@SUM(1)\u{1b}[2J")
        .start();
    let campaign = Campaign::new()
        .recipients("ministry,A,=cmd+calc@mfa.example\nministry,B,+49@mfa.example\n")
        .smtp(&server);
    campaign.send(&[]).exits(1);
    let log = campaign.appel(&["log", "--csv"]);
    let rows = rows(&log.exits(0).stdout);
    let cells: Vec<_> = rows[1..].iter().map(|row| [&*row[5], &*row[8]]).collect();
    assert_eq!(
        cells,
        [
            ["'=cmd+calc@mfa.example", "'=HYPERLINK(\"http://evil.example\";\"ok\")"],
            ["'+49@mfa.example", "'^I@SUM(1)^[[2J"],
        ]
    );
    for cell in rows.iter().flatten() {
        assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell:?}");
        assert!(!cell.contains(char::is_control), "{cell:?}");
    }
}

#[test]
fn nothing_tried_is_an_empty_log_in_every_form() {
    let campaign = Campaign::new();
    assert_eq!(campaign.appel(&["log"]).exits(0).stdout, "Nothing was tried yet.\n");
    assert_eq!(campaign.appel(&["log", "--json"]).exits(0).stdout, "");
    let csv = campaign.appel(&["log", "--csv"]);
    assert_eq!(csv.exits(0).stdout.lines().count(), 1, "the names of the columns");
    assert!(!campaign.ledger().exists(), "looking makes no ledger");
}

#[test]
fn one_form_of_the_log_at_a_time() {
    let campaign = Campaign::new();
    campaign
        .appel(&["log", "--csv", "--json"])
        .exits(2)
        .says(&["--csv and --json"]);
    campaign
        .appel(&["--json", "log", "--csv"])
        .exits(2)
        .says(&["--csv and --json"]);
}

#[test]
fn a_log_that_cannot_be_written_to_its_end_is_a_failure_in_every_form() {
    let server = Server::builder().start();
    let campaign = copied().smtp(&server);
    campaign.send(&[]).exits(0);
    for form in [&[][..], &["--json"], &["--csv"]] {
        let arguments = [&["log"], form].concat();
        let run = campaign.redirected(">/dev/full", &arguments);
        run.exits(4)
            .says(&["the log could not be written to its end", "No space left"]);
        // A reader that wanted no more is another thing.
        campaign.redirected("| :", &arguments).exits(0);
        campaign.redirected(">&-", &arguments).exits(0);
    }
}

#[test]
fn copies_that_were_not_taken_are_counted_and_named_on_the_screen() {
    let refusing = |copies: &[&str]| {
        let mut server = Server::builder();
        for copy in copies {
            server = server.on(Step::Rcpt).to(copy).reply("550 5.1.1 no such user");
        }
        let server = server.start();
        let run = copied().smtp(&server).send(&[]);
        run.exits(i32::from(!copies.is_empty())).stdout.clone()
    };
    let told = refusing(&["y@mfa.example"]);
    assert!(
        told.contains("1 copy was refused by the server, although it took the letter")
            && told.contains("  protest  y@mfa.example: 550 5.1.1 no such user"),
        "{told}"
    );
    let told = refusing(&["x@mfa.example", "z@mfa.example"]);
    assert!(
        told.contains("2 copies were refused by the server, although it took their letters"),
        "{told}"
    );
    let told = refusing(&[]);
    assert!(!told.contains("refused"), "{told}");
}
