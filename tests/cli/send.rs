//! `appel send`: who gets what, once, and what is said about it.

use appel_core::letter::Flow;

use crate::support::{Campaign, Server, Step, accepted};

#[test]
fn what_was_sent_once_is_not_sent_again_and_that_is_said() {
    let server = Server::builder().start();
    let campaign = Campaign::new().people(3).smtp(&server);
    campaign.send(&[]).exits(0).prints(&["3 letters: 3 accepted."]);
    campaign
        .send(&[])
        .exits(0)
        .prints(&["Nothing is due.", "3 letters were accepted earlier"]);
    assert_eq!((server.taken().len(), server.connections()), (3, 1));
    assert_eq!(campaign.standing(), [3, 0, 0, 0, 0]);
}

#[test]
fn the_json_of_a_run_is_as_documented() {
    let server = Server::builder()
        .on(Step::FinalDot)
        .reply("250 2.0.0 queued as 4F")
        .start();
    let campaign = Campaign::new()
        .recipients("ministry,The Ministry,info@mfa.example,,,press@mfa.example,Sir\n")
        .smtp(&server);
    let run = campaign.send_json(&[]);
    run.exits(0);
    let [letter, summary] = &run.json_events()[..] else {
        panic!("two lines, not:\n{}", run.stdout)
    };
    let id = letter["id"].as_str().unwrap();
    assert!(
        id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "{id}"
    );
    assert_eq!(
        *letter,
        serde_json::json!({
            "event": "letter", "id": id, "letter": "protest", "language": "en",
            "to": "info@mfa.example", "cc": ["press@mfa.example"], "subject": "Free them",
            "message_id": format!("<{id}@home.example>"),
            "outcome": "accepted", "code": 250, "reply": "2.0.0 queued as 4F", "at": "2026-11-25T10:00:00Z",
            "recipients": [
                {"address": "info@mfa.example", "outcome": "accepted", "code": 250},
                {"address": "press@mfa.example", "outcome": "accepted", "code": 250},
            ],
        })
    );
    let seconds = summary["seconds"].as_f64().unwrap();
    assert!((0.0..60.0).contains(&seconds), "{seconds}");
    assert_eq!(
        *summary,
        serde_json::json!({
            "event": "summary", "due": 1, "accepted": 1, "deferred": 0, "refused": 0, "in_doubt": 0, "skipped": 0,
            "copies_deferred": 0, "copies_refused": 0,
            "seconds": seconds,
        })
    );

    let again = campaign.send_json(&[]);
    again.exits(0);
    assert_eq!(again.counts(), [0, 0, 0, 0, 0, 1]);
    assert_eq!(again.outcomes(), ["info@mfa.example skipped already-accepted"]);
    assert_eq!(again.letter_to("info@mfa.example")["message_id"], letter["message_id"]);
}

#[test]
fn a_mended_typo_mails_nobody_again() {
    let server = Server::builder().start();
    let campaign = Campaign::new().people(2).smtp(&server);
    campaign.send(&[]).exits(0);
    let campaign = campaign
        .letter("protest", "en", "Subject: Fixed\n\nFixed too.\n")
        .set("campaign.title", "Fixed");
    assert_eq!(campaign.send_json(&[]).counts(), [0, 0, 0, 0, 0, 2]);
    assert_eq!(server.taken().len(), 2);
}

#[test]
fn a_changed_address_is_a_new_letter() {
    let server = Server::builder().start();
    let campaign = Campaign::new().people(2).smtp(&server);
    campaign.send(&[]).exits(0);
    let campaign = campaign.recipients("ministry,One,m1@mfa.example\nministry,Two,new@mfa.example\n");
    let run = campaign.send_json(&[]);
    assert_eq!(
        run.outcomes(),
        ["m1@mfa.example skipped already-accepted", "new@mfa.example accepted"]
    );
    assert_eq!(server.taken().len(), 3);
}

#[test]
fn one_address_written_twice_gets_one_letter_and_the_duplicate_is_listed() {
    let server = Server::builder().start();
    let campaign = Campaign::new()
        .recipients(
            "ministry,A,info@bücher.example\nministry,B,Info@XN--BCHER-KVA.example\nministry,C,INFO@BÜCHER.example\n",
        )
        .smtp(&server);
    let run = campaign.send_json(&[]);
    run.exits(0);
    assert_eq!(run.counts(), [1, 1, 0, 0, 0, 2]);
    let taken = server.taken();
    assert_eq!(
        (taken.len(), &taken[0].to[..]),
        (1, &["info@xn--bcher-kva.example".to_owned()][..])
    );
    let reasons: Vec<_> = run
        .letters()
        .into_iter()
        .filter(|letter| letter["reason"] == "duplicate")
        .collect();
    assert_eq!(reasons.len(), 2, "{}", run.stdout);
}

#[test]
fn a_refused_copy_does_not_stop_the_letter() {
    let server = Server::builder()
        .on(Step::Rcpt)
        .rcpt(2)
        .reply("550 5.1.1 no such user")
        .start();
    let campaign = Campaign::new()
        .recipients("ministry,M,info@mfa.example,,,gone@mfa.example press@mfa.example\n")
        .smtp(&server);
    let run = campaign.send_json(&[]);
    let letter = run.letter_to("info@mfa.example");
    assert_eq!(letter["outcome"], "accepted");
    assert_eq!(
        letter["recipients"],
        serde_json::json!([
            {"address": "info@mfa.example", "outcome": "accepted", "code": 250},
            {"address": "gone@mfa.example", "outcome": "refused", "code": 550, "reply": "5.1.1 no such user"},
            {"address": "press@mfa.example", "outcome": "accepted", "code": 250},
        ])
    );
    assert_eq!(server.taken()[0].to, ["info@mfa.example", "press@mfa.example"]);
    campaign
        .appel(&["log"])
        .exits(0)
        .prints(&["copy refused   gone@mfa.example  550 5.1.1 no such user"]);
    assert_eq!(server.unfired(), [""; 0]);
}

#[test]
fn a_copy_that_is_deferred_is_named_and_does_not_make_the_letter_leave_twice() {
    let server = Server::builder()
        .on(Step::Rcpt)
        .to("busy@mfa.example")
        .reply("451 4.3.0 later")
        .start();
    let campaign = Campaign::new()
        .recipients("ministry,M,info@mfa.example,,,busy@mfa.example\n")
        .smtp(&server);
    let run = campaign.send(&[]);
    run.says(&["copy deferred  busy@mfa.example: 451 4.3.0 later"]);
    campaign
        .appel(&["log"])
        .exits(0)
        .prints(&["busy@mfa.example  451 4.3.0 later"]);
    campaign.send(&[]);
    assert_eq!((server.taken().len(), server.taken_twice().len()), (1, 0));
}

#[test]
fn a_refused_recipient_stops_the_letter_and_the_copies_get_nothing() {
    let server = Server::builder()
        .on(Step::Rcpt)
        .to("info@mfa.example")
        .reply("550 5.1.1 no such user")
        .start();
    let campaign = Campaign::new()
        .recipients("ministry,M,info@mfa.example,,,press@mfa.example\nministry,N,next@mfa.example\n")
        .smtp(&server);
    let run = campaign.send_json(&[]);
    run.exits(1);
    assert_eq!(
        run.outcomes(),
        ["info@mfa.example refused", "next@mfa.example accepted"]
    );
    let recipients = run.letter_to("info@mfa.example")["recipients"].clone();
    assert_eq!(recipients[1]["outcome"], "refused", "{recipients}");
    let to: Vec<_> = server.taken().into_iter().map(|letter| letter.to).collect();
    assert_eq!(to, [["next@mfa.example"]]);
    assert_eq!((server.connections(), server.violations()), (1, Vec::new()));
}

#[test]
fn a_letter_in_doubt_is_held_listed_and_resent_on_request_as_the_same_message() {
    let server = Server::builder()
        .on(Step::FinalDot)
        .letter(1)
        .accept_then_reset()
        .start();
    let campaign = Campaign::new().smtp(&server);
    let first = campaign.send_json(&[]);
    first.exits(1);
    assert_eq!(first.outcomes(), ["minister@mfa.example in-doubt"]);
    let message_id = first.letters()[0]["message_id"].as_str().unwrap().to_owned();

    let campaign = campaign.now("2026-11-26T09:00:00Z");
    let held = campaign.send_json(&[]);
    held.exits(1).says(&["`appel status`"]);
    assert_eq!(held.outcomes(), ["minister@mfa.example skipped in-doubt"]);
    assert_eq!(server.connections(), 1);
    campaign
        .appel(&["status"])
        .exits(0)
        .prints(&["1  in doubt", &message_id, "minister@mfa.example"]);
    assert_eq!(campaign.standing(), [0, 0, 0, 1, 0]);

    assert_eq!(
        campaign.send_json(&["--resend-in-doubt"]).exits(0).counts(),
        accepted(1)
    );
    let taken = server.taken();
    assert_eq!(taken.len(), 2);
    assert_eq!(taken[0].data, taken[1].data);
    assert_eq!(taken[0].message_id.as_deref(), Some(message_id.as_str()));
    assert_eq!(campaign.standing(), [1, 0, 0, 0, 0]);
}

#[test]
fn preview_the_written_files_and_the_wire_carry_the_same_bytes() {
    let server = Server::builder().start();
    let campaign = Campaign::new()
        .letter(
            "protest",
            "fr",
            "Subject: {{campaign.title}} : été à Zhañaözen, sans délai ni détour, aujourd’hui même\n\n\
             {{recipient.salutation}}\n\n.\n..\nJ’écris de {{sender.city}}. {{message}}\n\n\
             From here on this paragraph is longer than a line of seventy-two columns, so that it goes on in another.\n-- \nA\n",
        )
        .recipients("ministry,Ministère «des» Affaires,minister@mfa.example,,fr,a@mfa.example,Monsieur\n")
        .smtp(&server);
    let personal = ["--message", "Mes mots = à moi."];
    let preview = campaign.preview(&[&personal[..], &["-v"]].concat());
    preview.exits(0);
    campaign.send(&[&personal[..], &["--out", "out"]].concat()).exits(0);
    assert!(!campaign.ledger().exists(), "--out does not touch the ledger");
    campaign.send(&personal).exits(0);

    let files: Vec<_> = std::fs::read_dir(campaign.path("out"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(files.len(), 1);
    let written = std::fs::read(&files[0]).unwrap();
    let taken = server.taken();
    assert_eq!(
        String::from_utf8_lossy(&taken[0].data),
        String::from_utf8_lossy(&written)
    );
    assert_eq!(
        preview.stdout.trim_end(),
        String::from_utf8(written).unwrap().replace("\r\n", "\n").trim_end()
    );
}

#[test]
fn a_letter_in_parts_is_the_same_in_a_file_and_on_the_wire() {
    let server = Server::builder().start();
    let campaign = Campaign::new()
        .letters("[[letter]]\nid = \"protest\"\nto = [\"ministry\"]\nformat = \"markdown\"\nattach = [\"Été.bin\"]\n")
        .file("Été.bin", (0..=255).collect::<Vec<u8>>())
        .letter(
            "protest",
            "en",
            "Subject: {{campaign.title}}\n\n# One\n\n*Two* & [three](https://x.example).\n",
        )
        .people(2)
        .smtp(&server);
    campaign.send(&["--out", "out"]).exits(0);
    campaign.send(&[]).exits(0);
    let mut written: Vec<_> = std::fs::read_dir(campaign.path("out"))
        .unwrap()
        .map(|entry| std::fs::read(entry.unwrap().path()).unwrap())
        .collect();
    let mut taken: Vec<_> = server.taken().into_iter().map(|letter| letter.data).collect();
    written.sort();
    taken.sort();
    assert_eq!((taken.len(), &taken), (2, &written));
    let message = mail_parser::MessageParser::default().parse(&taken[0]).unwrap();
    let attachment = message.attachment(0).unwrap();
    assert_eq!(mail_parser::MimeHeaders::attachment_name(attachment), Some("Été.bin"));
    assert_eq!(attachment.contents(), (0..=255).collect::<Vec<u8>>());
    assert!(
        message.body_html(0).unwrap().contains("<em>Two</em> &amp;"),
        "{:?}",
        message.body_html(0)
    );
    assert_eq!(server.violations(), [""; 0]);
}

#[test]
fn lines_that_mail_cannot_carry_arrive_as_they_were_written() {
    let server = Server::builder().without("8BITMIME").without("SMTPUTF8").start();
    let long = "word ".repeat(400);
    let body = format!(
        ".\n..\n.leading dot\nFrom here\n{}\n\ttab and trailing space \n=3D =\n💚 ünï\n",
        long.trim_end()
    );
    let campaign = Campaign::new()
        .letter("protest", "en", &format!("Subject: S\n\n{body}"))
        .smtp(&server);
    campaign.send(&[]).exits(0);
    let data = server.taken().remove(0).data;
    let message = mail_parser::MessageParser::default().parse(&data).unwrap();
    let read = Flow::default().unwrapped(&message.body_text(0).unwrap().replace("\r\n", "\n"));
    // But for a blank at the end of a line, which nobody sees, and which would join it with the next.
    assert_eq!(read, body.replace("space \n", "space\n"));
    assert_eq!(server.violations(), [""; 0]);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 12, failure_persistence: None, ..Default::default() })]

    // Without slashes: a name that looks like a link is refused, and for a good reason; so is what was read with the wrong
    // encoding.
    #[test]
    fn whatever_is_written_in_the_table_arrives_as_it_was(texts in proptest::collection::vec("[^\\pC\\pZ/\u{FFFD}]([^\\pC\\pZ/\u{FFFD}]| ){0,150}[^\\pC\\pZ/\u{FFFD}]", 8)) {
        let server = Server::builder().start();
        let mut rows = "role,name,email,salutation\n".to_owned();
        for (n, text) in texts.iter().enumerate() {
            let cell = text.replace('"', "\"\"");
            rows.push_str(&format!("ministry,\"{cell}\",m{n}@mfa.example,\"{cell}\"\n"));
        }
        let campaign = Campaign::new()
            .recipients(&rows)
            .letter("protest", "en", "Subject: {{recipient.salutation}}\n\n{{recipient.salutation}}\n")
            .smtp(&server);
        campaign.send(&["-q"]).exits(0);
        let taken = server.taken();
        assert_eq!(taken.len(), texts.len());
        for letter in taken {
            let n: usize = letter.to[0].trim_start_matches('m').split('@').next().unwrap().parse().unwrap();
            let message = mail_parser::MessageParser::default().parse(&letter.data).unwrap();
            let read = Flow::default().unwrapped(&message.body_text(0).unwrap().replace("\r\n", "\n"));
            assert_eq!(read.trim_end_matches('\n'), texts[n]);
            assert_eq!(message.subject().unwrap(), texts[n]);
            assert_eq!(message.to().unwrap().first().unwrap().name().unwrap(), texts[n]);
        }
        assert_eq!(server.violations(), [""; 0]);
    }
}

/// A list so long that it is not kept in memory.
fn long_list(number: usize) -> String {
    let mut rows = "role,name,email,note\n".to_owned();
    for n in 1..=number {
        rows.push_str(&format!(
            "ministry,Ministry {n},m{n}@mfa.example,{}\n",
            "-".repeat(4000)
        ));
    }
    rows
}

#[test]
fn a_long_list_that_changes_while_letters_leave_stops_the_run_and_the_next_one_goes_on() {
    let server = Server::builder().on(Step::FinalDot).letter(2).hold().start();
    let list = long_list(300);
    let campaign = Campaign::new().recipients(&list).smtp(&server);
    let run = campaign.spawn(&["send", "--yes", "--json"]);
    server.wait_for_holds(1);
    campaign.put("recipients.csv", list.replace("m200@mfa", "other@mfa"));
    server.release();
    let run = run.wait();
    run.exits(4).says(&[
        "recipients.csv changed while it was in use",
        "that would have left could not even be named",
        "the list of recipients could not be read to its end",
    ]);
    let [due, accepted, deferred, ..] = run.counts();
    assert_eq!(due, accepted + deferred);
    // How far the list was read when it changed, and what of the change there was by then, is chance. What is not: it is
    // noticed, nobody on the new list was written to, and the rest is counted.
    assert!((2..300).contains(&due), "{due}");
    assert!(server.taken().iter().all(|letter| letter.to != ["other@mfa.example"]));
    assert!(
        run.stderr
            .contains(&format!("{} letters that would have left", 300 - due)),
        "{}",
        run.stderr
    );
    assert_eq!(server.taken().len() as u64, accepted);

    campaign.put("recipients.csv", &list);
    let rest = 300 - accepted;
    assert_eq!(
        campaign.send_json(&[]).exits(0).counts(),
        [rest, rest, 0, 0, 0, accepted]
    );
    assert_eq!((server.taken().len(), server.taken_twice().len()), (300, 0));
}

#[test]
fn a_long_list_that_changed_is_said_too_when_the_run_ends_for_another_reason() {
    let server = Server::builder().on(Step::FinalDot).letter(2).hold().start();
    let list = long_list(300);
    let campaign = Campaign::new().recipients(&list).smtp(&server);
    let mut run = campaign.spawn(&["send", "--yes", "--json", "--quiet"]);
    server.wait_for_holds(1);
    campaign.put("recipients.csv", list.replace("m200@mfa", "other@mfa"));
    run.interrupt();
    run.wait_for_words("finishing what is on its way");
    server.release();
    let run = run.wait();
    let [due, accepted, deferred, ..] = run.exits(130).counts();
    assert_eq!((due, accepted), (deferred + 2, 2));
    assert!(
        run.stderr
            .contains(&format!("{} letters that would have left", 300 - due)),
        "{}",
        run.stderr
    );
}

#[test]
fn another_list_put_in_the_place_of_a_long_one_is_for_the_next_run() {
    let server = Server::builder().on(Step::FinalDot).letter(2).hold().start();
    let campaign = Campaign::new().recipients(&long_list(300)).smtp(&server);
    let run = campaign.spawn(&["send", "--yes", "--json"]);
    server.wait_for_holds(1);
    campaign.put("new.csv", long_list(301));
    std::fs::rename(campaign.path("new.csv"), campaign.path("recipients.csv")).unwrap();
    server.release();
    assert_eq!(run.wait().exits(0).counts(), accepted(300));
    assert_eq!(campaign.send_json(&[]).exits(0).counts(), [1, 1, 0, 0, 0, 300]);
}
