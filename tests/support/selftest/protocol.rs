//! What the server takes, demands, blames and remembers.

use std::time::Duration;

use super::{Client, End, GROUP, LETTER, at, clean};
use crate::smtp::{Builder, Certificate, Server, Step, TLS_1_1_HELLO, TLS_VERSION_ALERT, Taken, Tls};

#[test]
fn a_letter_is_kept_byte_for_byte() {
    let server = Server::builder().start();
    let mut client = Client::greeted(&server);
    assert_eq!(
        client.say("MAIL FROM:<me@a.test> BODY=8BITMIME SIZE=99"),
        "250 2.1.0 Ok"
    );
    assert_eq!(client.say("RCPT TO:<you@b.test>"), "250 2.1.5 Ok");
    assert_eq!(&client.say("DATA")[..3], "354");
    client.send(LETTER);
    assert_eq!(client.reply(), "250 2.0.0 Ok: queued");
    assert_eq!(&client.say("QUIT")[..3], "221");
    drop(client);
    let expected = Taken {
        connection: 1,
        letter: 1,
        from: "me@a.test".to_owned(),
        to: vec!["you@b.test".to_owned()],
        refused: Vec::new(),
        mail_params: vec!["BODY=8BITMIME".to_owned(), "SIZE=99".to_owned()],
        message_id: Some("<1@a.test>".to_owned()),
        data: b"Subject: Hello\r\nMessage-Id:\r\n <1@a.test>\r\n\r\n.dot\r\nbye\r\n".to_vec(),
        acknowledged: true,
        tls: false,
    };
    assert_eq!(clean(&server), [expected]);
    let story = server.transcript(1);
    assert!(
        story.contains("C: DATA\nS: 354 End with a dot on a line of its own\nC: (a message of 59 octets)\n"),
        "{story}"
    );
    assert!(story.ends_with("S: 221 2.0.0 Bye\n-- closed\n"), "{story}");
    assert_eq!(server.read_sizes(1)[..2], [9, 45]);
}

#[test]
fn a_pipelined_group_is_answered_in_order() {
    let server = at(Step::Rcpt)
        .to("no@b.test")
        .reply("550-5.1.1 no\n550 5.1.1 such user")
        .start();
    let mut client = Client::greeted(&server);
    client.send("MAIL FROM:<me@a.test>\r\nRCPT TO:<no@b.test>\r\nRCPT TO:<you@b.test>\r\nDATA\r\n");
    let replies: Vec<_> = (0..4).map(|_| client.reply()).collect();
    assert_eq!(replies[1], "550-5.1.1 no\n550 5.1.1 such user");
    assert_eq!(replies[3], "354 End with a dot on a line of its own");
    client.send(LETTER);
    assert_eq!(client.reply()[..3], *"250");
    client.send(GROUP);
    let codes: Vec<_> = (0..3).map(|_| client.reply()[..3].to_owned()).collect();
    assert_eq!(codes, ["250", "250", "354"]);
    drop(client);
    let taken = clean(&server);
    assert_eq!(
        (&taken[0].to[0][..], &taken[0].refused[0][..]),
        ("you@b.test", "no@b.test")
    );
    assert_eq!(taken.len(), 1, "the second had no final dot");
}

#[test]
fn what_is_said_behind_the_final_dot_before_its_reply_is_blamed() {
    let server = Server::builder().start();
    let mut client = Client::greeted(&server);
    client.send(GROUP);
    (0..3).for_each(|_| drop(client.reply()));
    client.send(format!("{LETTER}{GROUP}"));
    (0..4).for_each(|_| drop(client.reply()));
    drop(client);
    assert_eq!(
        server.violations(),
        ["connection 1: more sent behind the final dot before its reply"]
    );
    assert_eq!(server.taken().len(), 1);
}

#[test]
fn tls_is_held_to_its_certificate() {
    let cases = [
        (Certificate::Valid, ""),
        (Certificate::Expired, "certificate expired"),
        (Certificate::WrongName, "not valid for name"),
        (Certificate::SelfSigned, "UnknownIssuer"),
    ];
    for (certificate, complaint) in cases {
        let server = Server::builder().tls(Tls::Implicit).certificate(certificate).start();
        for name in ["127.0.0.1", "localhost"] {
            match Client::dial(&server).secured(&server, name) {
                Ok(mut client) => {
                    assert_eq!(client.reply(), "220 scripted.test ESMTP");
                    assert!(!client.say("EHLO me").contains("STARTTLS"));
                    assert_eq!(client.letter(), "250 250 354 250");
                    assert_eq!(complaint, "");
                }
                Err(error) => assert!(!complaint.is_empty() && error.contains(complaint), "{error}"),
            }
        }
        assert!(server.taken().iter().all(|letter| letter.tls));
    }
}

#[test]
fn starttls_is_offered_once_and_required() {
    let server = Server::builder().tls(Tls::Starttls).password("me", "secret").start();
    let mut client = Client::greeted(&server);
    let offer = client.say("EHLO me");
    assert!(offer.contains("STARTTLS") && !offer.contains("AUTH"), "{offer}");
    assert_eq!(&client.say("STARTTLS")[..3], "220");
    let mut client = client.secured(&server, "localhost").expect("a good certificate");
    let offer = client.say("EHLO me");
    assert!(
        !offer.contains("STARTTLS") && offer.contains("AUTH PLAIN LOGIN"),
        "{offer}"
    );
    assert_eq!(&client.say("MAIL FROM:<me@a.test>")[..3], "530");
    assert_eq!(&client.say("AUTH PLAIN AG1lAHNlY3JldA==")[..3], "235");
    assert_eq!(client.letter(), "250 250 354 250");
    drop(client);
    assert!(clean(&server)[0].tls && !server.saw_credentials_in_clear());

    let mut client = Client::greeted(&server);
    assert_eq!(&client.say("MAIL FROM:<me@a.test>")[..3], "530");
    assert_eq!(&client.say("AUTH PLAIN AG1lAHNlY3JldA==")[..3], "504");
    let said = [
        "MAIL before STARTTLS",
        "AUTH without TLS",
        "AUTH by a mechanism that was not offered",
    ];
    drop(client);
    assert_eq!(server.violations(), said.map(|what| format!("connection 2: {what}")));
}

#[test]
fn starttls_and_the_handshake_can_go_wrong() {
    let server = at(Step::Starttls).inject("250 gotcha\r\n").tls(Tls::Starttls).start();
    let mut client = Client::greeted(&server);
    client.send("STARTTLS\r\n");
    let mut segment = [0; 100];
    let length = client.pipe.read(&mut segment).expect("a reply");
    assert_eq!(&segment[..length], b"220 2.0.0 Ready to start TLS\r\n250 gotcha\r\n");

    let server = at(Step::Starttls)
        .inject_apart("250 gotcha\r\n")
        .tls(Tls::Starttls)
        .start();
    let mut client = Client::greeted(&server);
    assert_eq!(client.say("STARTTLS"), "220 2.0.0 Ready to start TLS");
    assert_eq!(client.reply(), "250 gotcha");

    let server = at(Step::TlsHandshake)
        .inject("250 gotcha\r\n")
        .tls(Tls::Starttls)
        .start();
    let mut client = Client::greeted(&server);
    client.say("STARTTLS");
    assert!(client.hears_nothing());
    client.send([0x16, 3, 1]);
    assert_eq!(client.reply(), "250 gotcha");

    let secured = |builder: Builder| {
        let server = builder.tls(Tls::Implicit).start();
        Client::dial(&server)
            .secured(&server, "localhost")
            .err()
            .unwrap_or_default()
    };
    let old = secured(at(Step::TlsHandshake).garble(TLS_VERSION_ALERT));
    assert!(old.contains("ProtocolVersion"), "{old}");
    let older = secured(at(Step::TlsHandshake).garble(TLS_1_1_HELLO));
    assert!(older.contains("ServerDoesNotSupportTls12Or13"), "{older}");
    assert_eq!(secured(at(Step::TlsHandshake).close()), "unexpected end of file");
    assert_ne!(secured(at(Step::TlsHandshake).reset()), "");
    assert_eq!(secured(at(Step::TlsHandshake).delay(Duration::from_millis(1))), "");
}

#[test]
fn credentials_are_checked_and_remembered() {
    let server = Server::builder().password("me", "secret").token("me", "fresh").start();
    let dialogues: [&[(&str, &str)]; 7] = [
        (&[("AUTH PLAIN AG1lAHNlY3JldA==", "235")]),
        (&[("AUTH PLAIN", "334 "), ("AG1lAHdyb25n", "535")]),
        (&[
            ("AUTH LOGIN", "334 VXNlcm5hbWU6"),
            ("bWU=", "334 UGFzc3dvcmQ6"),
            ("c2VjcmV0", "235"),
        ]),
        (&[("AUTH LOGIN bWU=", "334 UGFzc3dvcmQ6"), ("d3Jvbmc=", "535")]),
        (&[("AUTH XOAUTH2 dXNlcj1tZQFhdXRoPUJlYXJlciBmcmVzaAEB", "235")]),
        (&[
            ("AUTH XOAUTH2 dXNlcj1tZQFhdXRoPUJlYXJlciBvbGQBAQ==", "334 eyJ"),
            ("", "535"),
        ]),
        (&[("AUTH CRAM-MD5", "504"), ("AUTH PLAIN !", "501")]),
    ];
    for dialogue in dialogues {
        let mut client = Client::greeted(&server);
        for (said, answer) in dialogue {
            assert!(
                client.say(said).starts_with(answer.trim()),
                "{}",
                server.transcripts().join("\n")
            );
        }
    }
    let seen = server.authentications();
    let right: Vec<_> = seen.iter().map(|one| (one.mechanism.as_str(), one.right)).collect();
    let each = ["PLAIN", "LOGIN", "XOAUTH2"]
        .iter()
        .flat_map(|name| [(*name, true), (*name, false)]);
    assert_eq!(right, each.collect::<Vec<_>>());
    assert!(server.saw_credentials_in_clear() && server.transcript(1).contains("AG1lAHNlY3JldA=="));
    assert_eq!(server.violations().len(), 2);
}

#[test]
fn breaches_of_the_protocol_are_noted() {
    let long = format!("NOOP {}\r\n", "x".repeat(510));
    let long_line = format!("{}\r\n.\r\n", "x".repeat(999));
    let early = format!("{GROUP}{LETTER}");
    // What is said and answered first, what is said next, and what is wrong with that.
    let cases = [
        (GROUP, "a\rb\r\n.\r\n", "a bare CR in the message"),
        (GROUP, "a\nb\n.\nc\r\n.\r\n", "a bare LF in the message"),
        (GROUP, &long_line, "a line over 998 octets in the message"),
        (
            GROUP,
            "caf\u{e9}\r\n.\r\n",
            "a message beyond ASCII without BODY=8BITMIME",
        ),
        (GROUP, ".x\r\n.\r\n", "an unstuffed dot in the message"),
        ("", &long, "NOOP of 517 octets"),
        ("", "NOOP\n", "a command with a bare CR, a bare LF or a NUL"),
        ("", "RCPT TO:<you@b.test>\r\n", "RCPT before MAIL"),
        ("", "DATA\r\n", "DATA without a recipient"),
        ("", "MAIL FROM: <me@a.test>\r\n", "MAIL that cannot be read"),
        (
            "",
            "MAIL FROM:<a@b> RET=HDRS\r\n",
            "MAIL with a parameter that was not offered",
        ),
        (
            "",
            "MAIL FROM:<\u{e9}@b>\r\n",
            "MAIL with bytes beyond ASCII, without SMTPUTF8",
        ),
        ("", "STARTTLS\r\n", "STARTTLS that was not offered"),
        ("", "NOOP\r\nRSET\r\n", "more sent behind NOOP before its reply"),
        ("", &early, "more sent behind DATA before its reply"),
        (
            "HELO me\r\n",
            "RSET\r\nRSET\r\n",
            "more sent behind RSET before its reply",
        ),
        ("", "BDAT 3 LAST\r\n", "unknown command \"BDAT\""),
    ];
    for (first, next, breach) in cases {
        let server = Server::builder().start();
        let mut client = Client::greeted(&server);
        client.send(first);
        first.lines().for_each(|_| drop(client.reply()));
        client.send(format!("{next}QUIT\r\n"));
        assert_eq!(client.end(), End::Closed);
        drop(client);
        let found = server.violations();
        assert!(
            found.contains(&format!("connection 1: {breach}")),
            "{breach}: {found:?}"
        );
    }
}

#[test]
fn limits_and_international_addresses_are_as_offered() {
    let server = Server::builder().keyword("SIZE 50").start();
    let mut client = Client::greeted(&server);
    assert_eq!(&client.say("MAIL FROM:<me@a.test> SIZE=51")[..3], "552");
    assert_eq!(client.letter(), "250 250 354 552");
    assert_eq!(&client.say("MAIL FROM:<m\u{e9}@a.test> SMTPUTF8")[..3], "250");
    assert_eq!(&client.say("RCPT TO:<y\u{f6}u@b.test>")[..3], "250");
    drop(client);
    assert_eq!(clean(&server), []);
}

#[test]
fn connections_are_counted_as_the_client_had_them() {
    let server = Server::builder().start();
    for _ in 0..20 {
        drop(Client::greeted(&server));
    }
    assert_eq!((server.connections(), server.most_at_once()), (20, 1));
    let three: Vec<_> = (0..3).map(|_| Client::greeted(&server)).collect();
    assert_eq!((three.len(), server.most_at_once()), (3, 3));
}

#[test]
fn what_a_client_left_behind_is_still_taken() {
    let server = Server::builder().start();
    for _ in 0..20 {
        let mut client = Client::dial(&server);
        client.walk(4);
        client.reply();
        client.send(LETTER);
    }
    assert_eq!((server.taken().len(), server.taken_twice().len()), (20, 19));
}

#[test]
fn noise_of_any_kind_does_no_harm() {
    let server = Server::builder().start();
    let mut noise = 1_u32;
    for _ in 0..50 {
        let mut client = Client::dial(&server);
        let bytes: Vec<u8> = (0..2_000)
            .map(|_| {
                noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let byte = noise.to_be_bytes()[0];
                if byte < 40 {
                    b"\r\n. \0MAIL:<>"[usize::from(byte) % 12]
                } else {
                    byte
                }
            })
            .collect();
        let _ = client.pipe.write_all(&bytes);
    }
    assert_eq!(Client::greeted(&server).letter(), "250 250 354 250");
}
