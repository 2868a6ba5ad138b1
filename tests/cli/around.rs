//! What stands around a letter's text: where answers go, what it follows, its language, and what comes back.

use crate::support::{Campaign, PASSWORD, Run, Server, Step, Taken, accepted};
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

const FOLLOWED: &str = "[[letter]]\nid = \"protest\"\nto = [\"ministry\"]\n";
const FOLLOWING: &str = "[[letter]]\nid = \"thanks\"\nto = [\"ministry\"]\nfollows = \"protest\"\n";

/// Letters to so many ministries, and a second letter that follows the first.
fn followed(server: &Server, people: usize) -> Campaign {
    Campaign::new()
        .people(people)
        .smtp(server)
        .letters(&format!("{FOLLOWED}{FOLLOWING}"))
        .letter("thanks", "en", "Subject: Thank you\n\nThank you.\n")
}

/// Whom letters with this subject went to.
fn went_to(server: &Server, subject: &str) -> Vec<String> {
    let with = |letter: &&Taken| header(&letter.data, "Subject").as_deref() == Some(subject);
    let mut to: Vec<_> = server
        .taken()
        .iter()
        .filter(with)
        .map(|letter| letter.to[0].clone())
        .collect();
    to.sort();
    to
}

/// The Message-ID of the letter that was accepted for an address.
fn went_as(run: &Run, to: &str) -> String {
    let events = run.json_events();
    let event = events
        .iter()
        .find(|event| event["to"] == to && event["outcome"] == "accepted");
    event.unwrap()["message_id"].as_str().unwrap().to_owned()
}

/// How many letters were left out for this reason.
fn left_out(run: &Run, reason: &str) -> usize {
    let events = run.json_events();
    events.iter().filter(|event| event["reason"] == reason).count()
}

#[test]
fn a_follow_up_answers_the_letter_that_was_accepted_for_its_reader_in_an_earlier_run() {
    let server = Server::builder().start();
    let campaign = followed(&server, 2);
    // In the run in which the first letter is due the second is not.
    let run = campaign.send_json(&[]);
    run.exits(0);
    assert_eq!(run.counts()[..2], [2, 2]);
    assert_eq!(left_out(&run, "not-received"), 2);
    let first = went_as(&run, "m1@mfa.example");
    assert_eq!(campaign.standing(), [2, 0, 0, 0, 2]);
    let dry = campaign.appel(&["send", "--dry-run", "--json"]);
    assert!(
        dry.exits(0).stdout.contains("\"subject\":\"Re: Thank you\""),
        "{}",
        dry.stdout
    );
    campaign.send(&[]).exits(0);
    let taken = server.taken();
    let answer = taken[2..]
        .iter()
        .find(|letter| letter.to == ["m1@mfa.example"])
        .unwrap();
    assert_eq!(header(&answer.data, "Subject").as_deref(), Some("Re: Thank you"));
    assert_eq!(header(&answer.data, "In-Reply-To").as_ref(), Some(&first));
    assert_eq!(header(&answer.data, "References").as_ref(), Some(&first));
    assert_ne!(answer.message_id.as_ref(), Some(&first));
    let all = names(&answer.data);
    assert_eq!(all[4..8], ["Message-ID", "In-Reply-To", "References", "MIME-Version"]);
    assert_eq!(header(&taken[0].data, "In-Reply-To"), None);
    // Once, as any letter.
    campaign.send(&[]).exits(0).prints(&["Nothing is due."]);
    assert_eq!(server.taken().len(), 4);
    assert_eq!(server.violations(), [""; 0]);
}

#[test]
fn nobody_gets_a_follow_up_of_what_they_did_not_get() {
    let server = Server::builder()
        .on(Step::Rcpt)
        .to("m2@mfa.example")
        .reply("550 5.1.1 No such user")
        .on(Step::Rcpt)
        .to("m3@mfa.example")
        .times(1)
        .reply("450 4.2.0 Greylisted")
        .on(Step::FinalDot)
        .to("m4@mfa.example")
        .times(1)
        .accept_then_close()
        .start();
    // The last one gets the first letter only as a copy of another, and the follow-up has a row for them.
    let rows: String = (1..=4)
        .map(|n| {
            format!(
                "ministry,M{n},m{n}@mfa.example,,,{}\n",
                if n == 1 { "c@mfa.example" } else { "" }
            )
        })
        .collect();
    let campaign = followed(&server, 1)
        .letters(&format!(
            "{FOLLOWED}{}",
            FOLLOWING.replace("\"ministry\"", "\"ministry\", \"office\"")
        ))
        .recipients(&format!("{rows}office,C,c@mfa.example\n"));
    campaign.send(&[]).exits(1);
    assert_eq!(campaign.standing(), [1, 1, 1, 1, 2]);
    let run = campaign.send_json(&["--letter", "thanks"]);
    run.exits(0);
    assert_eq!(left_out(&run, "not-received"), 4);
    assert_eq!(went_to(&server, "Re: Thank you"), ["m1@mfa.example"]);
    campaign
        .send(&["--letter", "thanks"])
        .exits(0)
        .prints(&["4 letters follow one that was not accepted for their readers in an earlier run"]);
    // What is found out later counts: the one in doubt had arrived, and the one that was put off arrives now.
    let id = campaign.appel(&["log", "--json"]).json_events();
    let id = id.iter().find(|event| event["outcome"] == "in-doubt").unwrap()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    campaign.appel(&["settle", &id, "--sent"]).exits(0);
    campaign.send(&[]).exits(0);
    assert_eq!(went_to(&server, "Re: Thank you"), ["m1@mfa.example", "m4@mfa.example"]);
    campaign.send(&[]).exits(0);
    assert_eq!(
        went_to(&server, "Re: Thank you"),
        ["m1@mfa.example", "m3@mfa.example", "m4@mfa.example"]
    );
    assert_eq!(server.violations(), [""; 0]);
}

#[test]
fn what_another_sender_or_another_campaign_sent_is_followed_by_nothing() {
    let server = Server::builder().start();
    let campaign = followed(&server, 1);
    campaign.send(&[]).exits(0);
    let campaign = campaign.set("sender.email", "bob@home.example");
    let run = campaign.send_json(&["--letter", "thanks"]);
    assert_eq!(
        (run.exits(0).counts()[0], left_out(run.exits(0), "not-received")),
        (0, 1)
    );
    let campaign = campaign
        .set("sender.email", "ann@home.example")
        .set("campaign.id", "other");
    let run = campaign.send_json(&["--letter", "thanks"]);
    assert_eq!(
        (run.exits(0).counts()[0], left_out(run.exits(0), "not-received")),
        (0, 1)
    );
    // However the sender's address is written.
    let campaign = campaign
        .set("sender.email", "ANN@home.example")
        .set("campaign.id", "test");
    assert_eq!(
        campaign.send_json(&["--letter", "thanks"]).exits(0).counts()[..2],
        [1, 1]
    );
}

#[test]
fn a_follow_up_of_a_follow_up_names_both_and_is_an_answer_once() {
    let server = Server::builder().start();
    let campaign = followed(&server, 1)
        .letters(&format!(
            "{FOLLOWED}{FOLLOWING}{}",
            FOLLOWING
                .replace("protest", "thanks_")
                .replace("thanks\"", "again\"")
                .replace("thanks_", "thanks")
        ))
        .letter("again", "en", "Subject: RE: Thank you\n\nAgain.\n");
    for due in [1, 1, 1, 0] {
        assert_eq!(campaign.send_json(&[]).exits(0).counts()[0], due);
    }
    let taken = server.taken();
    let id = |letter: usize| taken[letter].message_id.clone().unwrap();
    assert_eq!(header(&taken[2].data, "In-Reply-To"), Some(id(1)));
    assert_eq!(
        header(&taken[2].data, "References"),
        Some(format!("{} {}", id(0), id(1)))
    );
    assert_eq!(header(&taken[2].data, "Subject").as_deref(), Some("RE: Thank you"));
    assert_eq!(server.violations(), [""; 0]);
}

#[test]
fn a_rehearsal_says_that_nobody_has_got_what_is_followed_and_a_preview_shows_the_answer() {
    let server = Server::builder().start();
    let campaign = followed(&server, 2);
    campaign
        .appel(&["rehearse"])
        .exits(0)
        .says(&["2 letters follow another one. In a rehearsal nobody has got that one before, so they did not leave"]);
    let preview = campaign.preview(&["--letter", "thanks"]);
    preview.exits(0).prints(&["Subject: Re: Thank you"]);
    campaign.check(&[]).exits(0);
    // A text that cannot be written is found before anybody is due to get it.
    campaign
        .letter("thanks", "en", "Subject: S\n\n{{recipient.nothing}}\n")
        .check(&[])
        .exits(3);
}

#[test]
fn check_says_what_a_letter_cannot_follow() {
    let names = |follows: &[(&str, &str)]| {
        let letters: String = follows
            .iter()
            .map(|(id, follows)| {
                format!(
                    "[[letter]]\nid = \"{id}\"\nto = [\"ministry\"]\ntemplate = \"protest\"\nfollows = \"{follows}\"\n"
                )
            })
            .collect();
        Campaign::new().letters(&format!("{FOLLOWED}{letters}")).check(&[])
    };
    names(&[("thanks", "protset")]).exits(3).says(&[
        "there is no letter \"protset\"",
        "did you mean \"protest\"?",
        "letter.follows",
    ]);
    names(&[("thanks", "nothing-like-it")])
        .exits(3)
        .says(&["there is no letter \"nothing-like-it\""]);
    names(&[("thanks", "thanks")])
        .exits(3)
        .says(&["the letter \"thanks\" follows itself"]);
    names(&[("a", "b"), ("b", "a"), ("c", "a")])
        .exits(3)
        .says(&["letters follow each other in a circle: a → b → a"]);
    names(&[("a", "protest"), ("b", "a")]).exits(0);
}
