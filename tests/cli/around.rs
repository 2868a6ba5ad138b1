//! What stands around a letter's text: where answers go, what it follows, its language, and what comes back.

use crate::support::{Campaign, PASSWORD, Server, Step, accepted};
use crate::terminal::Terminal;

/// The header lines of a message, in order, each with what was folded under it.
fn headers(message: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(message);
    let (head, _) = text.split_once("\r\n\r\n").expect("a message has a head");
    head.replace("\r\n ", " ").split("\r\n").map(str::to_owned).collect()
}

/// What a header says; `None` when there is none.
fn header(message: &[u8], name: &str) -> Option<String> {
    let start = format!("{name}: ");
    let mut found = headers(message)
        .into_iter()
        .filter_map(|line| line.strip_prefix(&start).map(str::to_owned));
    let first = found.next();
    assert_eq!(found.next(), None, "{name} stands there twice");
    first
}

fn names(message: &[u8]) -> Vec<String> {
    let name = |line: &String| line.split(':').next().unwrap_or_default().to_owned();
    headers(message).iter().map(name).collect()
}

#[test]
fn answers_go_where_the_sender_says_and_nothing_else_of_a_letter_changes() {
    let server = Server::builder().start();
    let campaign = Campaign::new().people(2).smtp(&server);
    campaign.send(&["--limit", "1"]).exits(0);
    let campaign = campaign.set("sender.reply-to", "ann.answers@bücher.example");
    let run = campaign.send_json(&[]);
    run.exits(0);
    // The letter that left before is the same letter still.
    assert_eq!(run.counts()[..2], [1, 1]);
    let taken = server.taken();
    assert_eq!(header(&taken[0].data, "Reply-To"), None);
    assert_eq!(
        header(&taken[1].data, "Reply-To").as_deref(),
        Some("\"Ann Activist\" <ann.answers@xn--bcher-kva.example>")
    );
    assert_eq!(
        names(&taken[1].data)[..7],
        [
            "From",
            "Reply-To",
            "To",
            "Subject",
            "Date",
            "Message-ID",
            "MIME-Version"
        ]
    );
    assert_eq!(
        (&*taken[1].from, &*taken[1].to),
        ("ann@home.example", &["m2@mfa.example".to_owned()][..])
    );
    assert!(taken[1].message_id.as_ref().unwrap().ends_with("@home.example>"));
    assert_eq!(server.violations(), [""; 0]);
    // It is seen before anything leaves, and no letter can name it as one of the sender's details.
    campaign
        .preview(&[])
        .exits(0)
        .prints(&["Answers: Ann Activist <ann.answers@xn--bcher-kva.example>"]);
    campaign
        .letter("protest", "en", "Subject: S\n\nDear friends of {{sender.reply-to}},\n")
        .check(&[])
        .exits(3)
        .says(&["reply-to"]);
}

#[test]
fn an_address_for_answers_is_looked_at_like_that_of_the_sender() {
    for (reply_to, says) in [
        ("ann@home", "sender.reply-to"),
        ("Ann <ann@home.example>", "sender.reply-to"),
        ("ann@home.example\r\nBcc: x@y.example", "sender.reply-to"),
        ("jürgen@home.example", "answers cannot go to \"jürgen@home.example\""),
    ] {
        let campaign = Campaign::new().set("sender.reply-to", reply_to);
        campaign.check(&[]).exits(3).says(&[says]);
    }
    // A slip is no detail of the sender's own in silence.
    Campaign::new()
        .set("sender.reply_to", "ann@other.example")
        .check(&[])
        .says(&["if you meant `reply-to`, write it so"]);
}

#[test]
fn where_a_folder_has_answers_sent_is_part_of_what_the_persons_word_is_asked_for() {
    let server = Server::builder().password("ann@home.example", PASSWORD).start();
    let campaign = Campaign::new()
        .smtp(&server)
        .login("ann@home.example", PASSWORD)
        .in_folder();
    let sends = |campaign: &Campaign| {
        let terminal = Terminal::of(campaign, &["send", "--yes"])?;
        let screen = terminal.wait_for("your own? [y/N]");
        terminal.press("y");
        terminal.press("Enter");
        terminal.ends(0);
        Some(screen.split_whitespace().collect::<Vec<_>>().join(" "))
    };
    let Some(_) = sends(&campaign) else { return };
    let campaign = campaign.set("sender.reply-to", "stranger@else.example").people(1);
    campaign.send(&[]).exits(2);
    let screen = sends(&campaign).unwrap();
    assert!(
        screen.contains("* From Ann Activist <ann@home.example>, answers go to stranger@else.example"),
        "{screen}"
    );
    // Whoever has a sender of their own has none of the folder's.
    let own = "[sender]\nname = \"Own\"\nemail = \"own@home.example\"\ncountry = \"BE\"\n";
    let campaign = campaign.file("mine.toml", own);
    let run = campaign.preview(&["--account", "mine.toml"]);
    assert!(!run.stdout.contains("stranger@else.example"), "{}", run.stdout);
}

#[test]
fn a_header_names_the_language_of_each_letter_where_the_campaign_says_so() {
    let server = Server::builder().start();
    let campaign = Campaign::new()
        .recipients("ministry,A,a@mfa.example,,fr-BE\nministry,B,b@mfa.example\n")
        .letter("protest", "fr", "Subject: S\n\nMadame,\n")
        .smtp(&server);
    campaign.send(&["--to", "a@mfa.example"]).exits(0);
    assert_eq!(header(&server.taken()[0].data, "Content-Language"), None);
    let campaign = campaign
        .set("campaign.id", "again")
        .set_toml("campaign.content-language", "true");
    campaign.send(&[]).exits(0);
    let languages: Vec<_> = server.taken()[1..]
        .iter()
        .map(|letter| header(&letter.data, "Content-Language").unwrap())
        .collect();
    assert_eq!(languages, ["fr", "en"]);
    let all = names(&server.taken()[1].data);
    assert_eq!(
        all[all.len() - 4..],
        [
            "MIME-Version",
            "Content-Language",
            "Content-Type",
            "Content-Transfer-Encoding"
        ]
    );
    assert_eq!(server.violations(), [""; 0]);
    campaign
        .set("campaign.content-language", "fr")
        .check(&[])
        .exits(3)
        .says(&["`campaign.content-language` must be true or false"]);
}

/// The lines of MAIL and RCPT that a server heard, on all connections.
fn said(server: &Server) -> Vec<String> {
    let all = server.transcripts().concat();
    let lines = all
        .lines()
        .filter_map(|line| Some(&line[line.find("MAIL FROM:").or_else(|| line.find("RCPT TO:"))?..]));
    lines
        .map(|line| line.trim_end().trim_end_matches("\\r\\n").to_owned())
        .collect()
}

/// One letter, with a copy.
fn copied(server: &Server) -> Campaign {
    Campaign::new()
        .recipients("ministry,M,m1@mfa.example,,,copy@mfa.example\n")
        .smtp(server)
        .set_toml("smtp.dsn", "true")
}

#[test]
fn notifications_of_failure_and_delay_are_asked_for_where_the_server_offers_them_and_a_person_wants_them() {
    let server = Server::builder().keyword("DSN").start();
    let campaign = copied(&server);
    let run = campaign.send_json(&[]);
    run.exits(0);
    let id = run.letter_to("m1@mfa.example")["id"].as_str().unwrap().to_owned();
    assert_eq!(
        said(&server),
        [
            format!("MAIL FROM:<ann@home.example> RET=HDRS ENVID={id}"),
            "RCPT TO:<m1@mfa.example> NOTIFY=FAILURE,DELAY".to_owned(),
            "RCPT TO:<copy@mfa.example> NOTIFY=FAILURE,DELAY".to_owned(),
        ]
    );
    assert_eq!(server.violations(), [""; 0]);
    // Neither where nobody wants them, nor where they are not offered.
    for (server, wanted) in [
        (Server::builder().keyword("DSN").start(), "false"),
        (Server::builder().start(), "true"),
    ] {
        let campaign = copied(&server).set_toml("smtp.dsn", wanted);
        campaign.send(&[]).exits(0);
        assert_eq!(
            said(&server),
            [
                "MAIL FROM:<ann@home.example>",
                "RCPT TO:<m1@mfa.example>",
                "RCPT TO:<copy@mfa.example>"
            ]
        );
        assert_eq!(server.violations(), [""; 0]);
    }
}

#[test]
fn a_server_that_minds_being_asked_for_notifications_gets_every_letter_without_and_refuses_none_for_it() {
    for (step, reply) in [
        (Step::Mail, "555 5.5.4 Unsupported option: RET=HDRS"),
        (Step::Mail, "501 5.5.4 Syntax error in parameters"),
        (Step::Rcpt, "504 5.5.4 Command parameter not implemented"),
        (Step::Rcpt, "555 5.5.4 Unsupported option: NOTIFY"),
    ] {
        for grouped in [true, false] {
            let mut server = Server::builder().keyword("DSN").on(step).times(1).reply(reply);
            if !grouped {
                server = server.without("PIPELINING");
            }
            let server = server.start();
            let campaign = Campaign::new().people(3).smtp(&server).set_toml("smtp.dsn", "true");
            let run = campaign.send_json(&[]);
            run.exits(0);
            assert_eq!(run.counts(), accepted(3), "{reply}");
            assert_eq!(server.connections(), 2, "{reply}");
            let asked = said(&server).iter().filter(|line| line.contains("ENVID")).count();
            assert_eq!(asked, 1, "{reply}: {:#?}", said(&server));
            assert_eq!(server.violations(), [""; 0]);
            assert_eq!(server.unfired(), [""; 0]);
        }
    }
}

#[test]
fn a_no_to_one_address_is_not_taken_for_a_no_to_notifications() {
    let server = Server::builder()
        .keyword("DSN")
        .on(Step::Rcpt)
        .to("m2@mfa.example")
        .times(9)
        .reply("501 5.1.3 Bad recipient address syntax")
        .start();
    let campaign = Campaign::new().people(3).smtp(&server).set_toml("smtp.dsn", "true");
    // As the first letter of a server that nobody knows it is tried without as well; then the next one asks again.
    let run = campaign.send_json(&["--to", "m2@mfa.example", "--to", "m3@mfa.example"]);
    run.exits(1);
    assert_eq!(run.letter_to("m2@mfa.example")["code"], 501);
    let asked = |server: &Server| {
        said(server)
            .iter()
            .map(|line| line.contains("ENVID") || line.contains("NOTIFY"))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        asked(&server)[..6],
        [true, true, false, false, true, true],
        "{:#?}",
        said(&server)
    );
    // Behind a letter that was taken it is refused at once.
    let before = said(&server).len();
    let run = campaign.send_json(&["--retry-refused"]);
    run.exits(1);
    assert!(
        asked(&server)[before..].iter().all(|asked| *asked),
        "{:#?}",
        said(&server)
    );
    assert_eq!(server.violations(), [""; 0]);
}
