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

const SELF: &str = "ann@home.example";

/// Letters to so many ministries, each with a copy to the sender.
fn to_self(server: &Server, people: usize) -> Campaign {
    Campaign::new()
        .people(people)
        .smtp(server)
        .set_toml("sender.copy-to-self", "true")
}

/// Whom each message went to, in order.
fn each(server: &Server) -> Vec<Vec<String>> {
    server.taken().into_iter().map(|letter| letter.to).collect()
}

/// Every message to the sender is one that went to somebody else before, and none went there twice.
#[track_caller]
fn copies_are_the_same_messages(server: &Server) {
    let taken = server.taken();
    let mut seen = Vec::new();
    for (nth, copy) in taken.iter().enumerate().filter(|(_, letter)| letter.to == [SELF]) {
        let of = taken[..nth]
            .iter()
            .find(|letter| letter.message_id == copy.message_id && letter.to != [SELF]);
        assert_eq!(of.map(|letter| &letter.data), Some(&copy.data), "{:?}", copy.message_id);
        assert!(!seen.contains(&copy.message_id), "{:?} came twice", copy.message_id);
        seen.push(copy.message_id.clone());
    }
    assert_eq!(server.violations(), [""; 0]);
}

#[test]
fn each_accepted_letter_goes_to_the_sender_once_as_the_same_message_by_an_envelope_of_its_own() {
    let server = Server::builder().start();
    // Whatever `retry-for` is: it is no second try.
    let campaign = to_self(&server, 2).set("smtp.retry-for", "0s");
    let run = campaign.send_json(&[]);
    run.exits(0);
    assert_eq!(run.counts(), accepted(2));
    let letter = run.letter_to("m1@mfa.example");
    assert_eq!(
        (letter["cc"].to_string(), letter["recipients"].as_array().unwrap().len()),
        ("[]".to_owned(), 1)
    );
    let events = run.json_events();
    let copies: Vec<_> = events.iter().filter(|event| event["event"] == "copy").collect();
    assert_eq!(copies.len(), 2);
    assert!(
        copies
            .iter()
            .all(|copy| copy["outcome"] == "accepted" && copy["to"] == SELF),
        "{copies:?}"
    );
    // Letters first.
    assert_eq!(each(&server), [["m1@mfa.example"], ["m2@mfa.example"], [SELF], [SELF]]);
    copies_are_the_same_messages(&server);
    let text = String::from_utf8_lossy(&server.taken()[0].data).into_owned();
    assert_eq!(text.matches(SELF).count(), 1, "in From alone: {text}");
    let files = campaign
        .files_under("")
        .into_iter()
        .filter(|(path, _)| path.contains(".letters/"));
    assert_eq!(files.map(|(path, _)| path).collect::<Vec<_>>(), [""; 0]);
    campaign.send(&[]).exits(0).prints(&["Nothing is due."]);
    assert_eq!(server.taken().len(), 4);
    campaign
        .appel(&["log"])
        .exits(0)
        .prints(&["copy accepted  protest  en  ann@home.example"]);
    // A person is told before, and a rehearsal leaves it out.
    let campaign = campaign.people(3);
    campaign
        .send(&[])
        .exits(0)
        .says(&["A copy of it goes to you (ann@home.example)"]);
    campaign.appel(&["rehearse"]).exits(0);
}

#[test]
fn a_sender_who_gets_the_letter_anyway_gets_no_second_one() {
    let server = Server::builder().start();
    let campaign =
        to_self(&server, 1).recipients("ministry,M,m1@mfa.example,,,ANN@home.example\nministry,Me,ann@home.example\n");
    campaign.send(&[]).exits(0);
    assert_eq!(each(&server), [vec!["m1@mfa.example", "ANN@home.example"], vec![SELF]]);
}

#[test]
fn a_letter_that_was_not_accepted_has_no_copy() {
    let server = Server::builder()
        .on(Step::Rcpt)
        .to("m1@mfa.example")
        .reply("550 5.1.1 nobody here")
        .on(Step::Rcpt)
        .to("m2@mfa.example")
        .times(1)
        .reply("450 4.2.0 Greylisted")
        .start();
    let campaign = to_self(&server, 2);
    campaign.send(&[]).exits(1);
    assert_eq!(each(&server), [[""; 1]; 0]);
    campaign.send(&[]).exits(0);
    assert_eq!(each(&server), [["m2@mfa.example"], [SELF]]);
    copies_are_the_same_messages(&server);
}

#[test]
fn what_becomes_of_the_senders_own_copies_holds_up_no_letter() {
    for (reply, deferred, refused) in [
        ("552 5.2.2 Mailbox full", 0, 8),
        ("550 5.7.1 Rejected", 0, 8),
        ("450 4.2.0 Not now", 8, 0),
    ] {
        for step in [Step::Rcpt, Step::FinalDot] {
            let server = Server::builder().on(step).to(SELF).reply(reply).start();
            let campaign = to_self(&server, 8);
            let run = campaign.send_json(&[]);
            run.exits(1);
            assert_eq!(run.counts(), accepted(8), "{reply}");
            let summary = run.summary();
            assert_eq!(
                (&summary["copies_deferred"], &summary["copies_refused"]),
                (&deferred.into(), &refused.into()),
                "{reply}"
            );
            assert_eq!(campaign.standing(), [8, 0, 0, 0, 0]);
            assert_eq!(each(&server).len(), 8);
        }
    }
}

#[test]
fn own_copies_count_for_the_daily_limit_behind_all_letters_and_not_for_what_one_address_gets() {
    let server = Server::builder().start();
    // Letters are claimed one by one at this pace, so that copies could come between them.
    let campaign = to_self(&server, 5)
        .set("smtp.rate", "50/s")
        .set_toml("smtp.daily-limit", "6");
    let run = campaign.send(&[]);
    run.exits(1)
        .prints(&[
            "5 letters: 5 accepted.",
            "ann@home.example: goes by itself, behind its letter",
        ])
        .says(&["smtp.daily-limit is reached"]);
    assert_eq!(each(&server)[4..], [["m5@mfa.example"], [SELF]]);
    let campaign = campaign.now("2026-11-26T10:00:01Z");
    campaign.send(&[]).exits(0);
    assert_eq!(each(&server).iter().filter(|to| *to == &[SELF]).count(), 5);
    copies_are_the_same_messages(&server);
}

#[test]
fn a_kill_between_a_letter_and_its_copy_loses_and_doubles_none() {
    // While the second letter begins: the first one's copy is still to come.
    let server = Server::builder().on(Step::Mail).letter(2).times(1).stall().start();
    let campaign = to_self(&server, 2);
    let running = campaign.spawn(&["send", "--yes"]);
    server.wait_for_stalls(1);
    running.kill();
    // It is the same message whatever the text is by now.
    campaign.put("templates/protest.en.hbs", "Subject: Another\n\nAnother text.\n");
    let run = campaign.send_json(&[]);
    run.exits(1);
    assert_eq!(each(&server), [["m1@mfa.example"], [SELF]]);
    campaign.send(&["--resend-in-doubt"]).exits(0);
    campaign.send(&[]).exits(0);
    assert_eq!(each(&server), [["m1@mfa.example"], [SELF], ["m2@mfa.example"], [SELF]]);
    copies_are_the_same_messages(&server);

    // While the copy is on its way: it may have arrived, and is held.
    let server = Server::builder()
        .on(Step::FinalDot)
        .letter(2)
        .times(1)
        .accept_then_stall()
        .start();
    let campaign = to_self(&server, 1);
    let running = campaign.spawn(&["send", "--yes"]);
    server.wait_for_stalls(1);
    running.kill();
    campaign.put("templates/protest.en.hbs", "Subject: Another\n\nAnother text.\n");
    campaign.send(&[]).exits(1).prints(&["1 copy is in doubt and held"]);
    assert_eq!(each(&server), [["m1@mfa.example"], [SELF]]);
    copies_are_the_same_messages(&server);
}

#[test]
fn a_letter_that_was_in_doubt_has_its_copy_once_it_is_known_to_have_been_sent() {
    for settles in [true, false] {
        let server = Server::builder()
            .on(Step::FinalDot)
            .letter(1)
            .times(1)
            .accept_then_close()
            .start();
        let campaign = to_self(&server, 1);
        campaign.send(&[]).exits(1);
        assert_eq!(each(&server).len(), 1);
        if settles {
            let events = campaign.appel(&["log", "--json"]).json_events();
            campaign
                .appel(&["settle", events[0]["id"].as_str().unwrap(), "--sent"])
                .exits(0);
            campaign.put("templates/protest.en.hbs", "Subject: Another\n\nAnother text.\n");
            campaign.send(&[]);
            assert_eq!(each(&server).len(), 2, "{:?}", each(&server));
        } else {
            campaign.send(&["--resend-in-doubt"]).exits(0);
            assert_eq!(each(&server).len(), 3);
        }
        assert_eq!(each(&server).last().unwrap(), &[SELF]);
        let taken = server.taken();
        assert!(taken.iter().all(|letter| letter.data == taken[0].data));
        campaign.send(&[]).exits(0);
        assert_eq!(server.taken().len(), taken.len());
    }
}

#[test]
fn a_folder_cannot_have_letters_sent_to_their_sender_and_whoever_stops_wanting_it_gets_no_more() {
    let server = Server::builder().start();
    let campaign = to_self(&server, 1).in_folder();
    for arguments in [
        &["check"][..],
        &["send", "--yes", "--own-folder"],
        &["status"],
        &["preview"],
    ] {
        campaign
            .appel(arguments)
            .exits(3)
            .says(&["`copy-to-self` must not stand in a campaign's folder"]);
    }
    assert_eq!(server.connections(), 0);
    let full = Server::builder()
        .on(Step::Rcpt)
        .to(SELF)
        .reply("450 4.2.0 Not now")
        .start();
    let campaign = to_self(&full, 1);
    campaign.send(&[]).exits(1);
    let campaign = campaign.unset("sender.copy-to-self");
    campaign.send(&[]).exits(0);
    assert_eq!(each(&full), [["m1@mfa.example"]]);
}
