//! The dialogue, without a socket: every reply, and every split of the input.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::super::session::{MAX_LINE, MAX_MESSAGE, MAX_MISTAKES, MAX_RECIPIENTS};
use super::*;

/// Feeds `input` in pieces of `size` octets to a new session; returns the replies, the letters, and
/// how it ended.
fn converse(input: &[u8], size: usize) -> (String, Vec<Arrived>, Flow) {
    let (letters, sink) = collector();
    let mut session = Session::new(Arc::new(Desk::new(credentials(), sink)));
    let (mut replies, mut flow) = (Vec::new(), Flow::Continue);
    for piece in input.chunks(size) {
        flow = session.receive(piece, &mut replies);
    }
    let letters = letters.lock().unwrap().clone();
    (String::from_utf8(replies).unwrap(), letters, flow)
}

/// The codes of the replies to `input`, whatever pieces it comes in: `"250 354"`, with the enhanced
/// code where there is one.
fn codes(input: &str) -> String {
    let (replies, ..) = converse(input.as_bytes(), usize::MAX);
    for size in [1, 2, 3, 7, 64] {
        assert_eq!(converse(input.as_bytes(), size).0, replies, "in pieces of {size}");
    }
    let mut codes = Vec::new();
    for line in replies
        .split_terminator("\r\n")
        .filter(|line| line.as_bytes()[3] == b' ')
    {
        let enhanced = line[4..].split(' ').next().unwrap();
        let is_enhanced = enhanced.len() == 5 && enhanced.bytes().filter(|&octet| octet == b'.').count() == 2;
        codes.push(if is_enhanced {
            format!("{} {enhanced}", &line[..3])
        } else {
            line[..3].to_owned()
        });
    }
    codes.join(", ")
}

fn check(input: &str, expected: &str) {
    assert_eq!(codes(input), expected, "{input:?}");
}

/// As `check`, after logging in.
fn check_inside(input: &str, expected: &str) {
    check(&format!("{LOG_IN}{input}"), &format!("250, 235 2.7.0, {expected}"));
}

fn stuffed(body: &[u8]) -> Vec<u8> {
    let mut wire = Vec::new();
    let mut before = *b"\r\n";
    for &octet in body {
        if octet == b'.' && before == *b"\r\n" {
            wire.push(b'.');
        }
        wire.push(octet);
        before = [before[1], octet];
    }
    wire.extend_from_slice(b".\r\n");
    wire
}

fn check_body(body: &[u8], sizes: &[usize]) {
    let wire = [LOG_IN.as_bytes(), BEGIN.as_bytes(), &stuffed(body), b"QUIT\r\n"].concat();
    for &size in sizes {
        let (replies, letters, flow) = converse(&wire, size);
        assert_eq!(letters, [letter(body)], "in pieces of {size}: {replies}");
        assert_eq!(flow, Flow::Close);
    }
}

#[test]
fn ehlo_offers_the_extensions() {
    let (replies, ..) = converse(b"EHLO [127.0.0.1]\r\n", usize::MAX);
    let offered: Vec<_> = replies.lines().map(|line| &line[4..]).collect();
    let expected = [
        "[127.0.0.1]",
        "PIPELINING",
        "8BITMIME",
        "SMTPUTF8",
        "SIZE 52428800",
        "AUTH PLAIN LOGIN",
        "ENHANCEDSTATUSCODES",
    ];
    assert_eq!(offered, expected);
    assert!(replies.ends_with(&format!("\r\n250 {}\r\n", expected[6])));
}

#[test]
fn a_letter_arrives_byte_for_byte_whatever_pieces_it_comes_in() {
    let bodies: [&[u8]; 9] = [
        b"",
        b"\r\n",
        b".\r\n",
        b"..\r\n...\r\n",
        b".first\r\nSubject: x\r\n\r\n.\r\n.leading\r\na.b\r\n\r\n.\r\n",
        b"\r\n.\r\n\r\n.\r\n\r\n",
        b"bare\n.\nlf and bare\r.\rcr\r\n",
        b"\n.\r\n\r\r\n.\r\r\n",
        b"\x00\xff\xc3\xa9 any octet\r\n",
    ];
    for body in bodies {
        check_body(body, &[1, 2, 3, 4, 5, 7, 16, usize::MAX]);
    }
}

#[test]
fn a_letter_split_in_two_anywhere_arrives_whole() {
    let body = b".\r\n..\r\n\r\n.x\r\n\r\n.\r\n";
    let wire = [LOG_IN.as_bytes(), BEGIN.as_bytes(), &stuffed(body), b"NOOP\r\n"].concat();
    let (whole, ..) = converse(&wire, usize::MAX);
    for split in 0..=wire.len() {
        let (letters, sink) = collector();
        let mut session = Session::new(Arc::new(Desk::new(credentials(), sink)));
        let mut replies = Vec::new();
        session.receive(&wire[..split], &mut replies);
        session.receive(&wire[split..], &mut replies);
        assert_eq!(String::from_utf8(replies).unwrap(), whole, "split at {split}");
        assert_eq!(*letters.lock().unwrap(), [letter(body)], "split at {split}");
    }
}

/// Beginnings, ends and middles of commands.
const FRAGMENTS: [&str; 25] = [
    "EHLO x\r\n",
    "HELO\r\n",
    "AUTH",
    " PLAIN AGFubmEAcMOkc3N3b3Jk\r\n",
    "AUTH LOGIN\r\n",
    "MAIL FROM",
    ":<a@b>",
    "RCPT TO:<\"",
    "\"@c>",
    "DATA\r\n",
    "\r\n.\r\n",
    "\r\n",
    "\n",
    "\r",
    " ",
    "\0",
    "é",
    "BDAT 5",
    "RSET\r\n",
    "QUIT\r\n",
    "SIZE=99999999999999999999",
    "BODY=",
    "=",
    "\\",
    ">",
];

fn any_of<T: Clone + std::fmt::Debug + 'static>(parts: &'static [T]) -> impl Strategy<Value = Vec<T>> {
    proptest::collection::vec(prop::sample::select(parts), 0..60)
}

proptest! {
    #[test]
    fn any_body_arrives_byte_for_byte(body in any_of(b".\r\n.x\r\n"), size in 1..20_usize) {
        let body = if body.is_empty() { body } else { [&body[..], b"\r\n"].concat() };
        check_body(&body, &[size, usize::MAX]);
    }

    #[test]
    fn garbage_is_answered_alike_in_any_pieces(
        input in proptest::collection::vec(any::<u8>(), 0..2000),
        size in 1..300_usize,
    ) {
        prop_assert_eq!(converse(&input, size), converse(&input, usize::MAX));
    }

    #[test]
    fn shuffled_commands_are_answered_alike_in_any_pieces(
        parts in any_of(&FRAGMENTS),
        size in 1..50_usize,
    ) {
        let input = format!("{LOG_IN}{}", parts.concat());
        let input = input.as_bytes();
        prop_assert_eq!(converse(input, size), converse(input, usize::MAX));
    }
}

#[test]
fn pipelined_groups_are_answered_in_order() {
    let letter = format!("{BEGIN}x\r\n.\r\n");
    check_inside(
        &format!("{letter}{letter}RSET\r\nNOOP\r\n"),
        "250 2.1.0, 250 2.1.5, 354, 250 2.0.0, 250 2.1.0, 250 2.1.5, 354, 250 2.0.0, 250 2.0.0, 250 2.0.0",
    );
}

#[test]
fn letters_are_numbered_in_order_of_acceptance() {
    let letter = format!("{BEGIN}x\r\n.\r\n");
    let (replies, ..) = converse(format!("{LOG_IN}{letter}{letter}").as_bytes(), usize::MAX);
    let numbered: Vec<_> = replies.lines().filter(|line| line.contains("rehearsed")).collect();
    assert_eq!(numbered, ["250 2.0.0 rehearsed as 1", "250 2.0.0 rehearsed as 2"]);
}

#[test]
fn nothing_is_taken_before_authentication() {
    check(
        "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nQUIT\r\n",
        "530 5.7.0, 503 5.5.1, 503 5.5.1, 221 2.0.0",
    );
    check("AUTH PLAIN AGFubmEAcMOkc3N3b3Jk\r\n", "503 5.5.1");
}

#[test]
fn authentication_takes_every_form() {
    check(
        "EHLO x\r\nAUTH PLAIN\r\nAGFubmEAcMOkc3N3b3Jk\r\n",
        "250, 334, 235 2.7.0",
    );
    check(
        "EHLO x\r\nauth login\r\nYW5uYQ==\r\ncMOkc3N3b3Jk\r\n",
        "250, 334, 334, 235 2.7.0",
    );
    check(
        "EHLO x\r\nAUTH LOGIN YW5uYQ==\r\ncMOkc3N3b3Jk\r\n",
        "250, 334, 235 2.7.0",
    );
    let (replies, ..) = converse(b"EHLO x\r\nAUTH LOGIN\r\nYW5uYQ==\r\n", usize::MAX);
    assert!(
        replies.ends_with("334 VXNlcm5hbWU6\r\n334 UGFzc3dvcmQ6\r\n"),
        "{replies}"
    );
}

#[test]
fn authentication_refuses_what_it_must() {
    check(
        "EHLO x\r\nAUTH PLAIN AGFubmEAd3Jvbmc=\r\nMAIL FROM:<a@b>\r\n",
        "250, 535 5.7.8, 530 5.7.0",
    );
    check(
        "EHLO x\r\nAUTH LOGIN\r\nYW5uYQ==\r\nd3Jvbmc=\r\n",
        "250, 334, 334, 535 5.7.8",
    );
    check(
        "EHLO x\r\nAUTH LOGIN\r\nd3Jvbmc=\r\ncMOkc3N3b3Jk\r\n",
        "250, 334, 334, 535 5.7.8",
    );
    check(
        "EHLO x\r\nAUTH PLAIN\r\n*\r\nNOOP\r\n",
        "250, 334, 501 5.5.2, 250 2.0.0",
    );
    check(
        "EHLO x\r\nAUTH PLAIN =\r\nAUTH LOGIN =\r\n*\r\n",
        "250, 501 5.5.2, 334, 501 5.5.2",
    );
    check(
        "EHLO x\r\nAUTH\r\nAUTH XOAUTH2 x\r\nAUTH FOO\r\n",
        "250, 501 5.5.4, 504 5.5.4, 504 5.5.4",
    );
    check_inside("AUTH PLAIN AGFubmEAcMOkc3N3b3Jk\r\n", "503 5.5.1");
    // Authentication survives a second EHLO, a transaction does not.
    check_inside(
        "MAIL FROM:<a@b>\r\nEHLO x\r\nMAIL FROM:<a@b>\r\n",
        "250 2.1.0, 250, 250 2.1.0",
    );
}

#[test]
fn a_transaction_keeps_its_order() {
    check_inside("RCPT TO:<a@b>\r\nDATA\r\n", "503 5.5.1, 503 5.5.1");
    check_inside(
        "MAIL FROM:<a@b>\r\nDATA\r\nMAIL FROM:<a@b>\r\n",
        "250 2.1.0, 503 5.5.1, 503 5.5.1",
    );
    check_inside(
        "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nRSET\r\nDATA\r\n",
        "250 2.1.0, 250 2.1.5, 250 2.0.0, 503 5.5.1",
    );
    check_inside(
        "VRFY anna\r\nHELO x\r\nBDAT 3 LAST\r\nSTARTTLS\r\n",
        "252 2.0.0, 250, 502 5.5.1, 502 5.5.1",
    );
}

#[test]
fn parameters_are_taken_only_if_offered() {
    check_inside(
        "MAIL FROM:<a@b> SIZE=52428800 BODY=8BITMIME SMTPUTF8 AUTH=<>\r\n",
        "250 2.1.0",
    );
    check_inside("MAIL FROM:<a@b> SIZE=52428801\r\n", "552 5.3.4");
    for parameter in [
        "BODY=BINARYMIME",
        "RET=HDRS",
        "ENVID=x",
        "REQUIRETLS",
        "FOO=bar",
        "HOLDFOR=5",
    ] {
        check_inside(&format!("MAIL FROM:<a@b> {parameter}\r\n"), "555 5.5.4");
    }
    check_inside(
        "MAIL FROM:<a@b> BODY=8\r\nMAIL FROM:<a@b> SIZE=\r\n",
        "501 5.5.4, 501 5.5.4",
    );
    check_inside(
        "MAIL FROM:<a@b>\r\nRCPT TO:<a@b> NOTIFY=NEVER\r\n",
        "250 2.1.0, 555 5.5.4",
    );
}

#[test]
fn paths_are_kept_as_written() {
    let input = "MAIL FROM:<>\r\nRCPT TO:<\"a \\\"> b\"@Example.COM>\r\nRCPT TO:<postmaster>\r\nDATA\r\n.\r\n";
    let (replies, letters, _) = converse(format!("{LOG_IN}{input}").as_bytes(), usize::MAX);
    assert_eq!(letters.len(), 1, "{replies}");
    assert_eq!(letters[0].from, "");
    assert_eq!(letters[0].to, ["\"a \\\"> b\"@Example.COM", "postmaster"]);
}

#[test]
fn addresses_are_refused_without_counting_as_mistakes() {
    check_inside("MAIL FROM:<a..b@c>\r\nMAIL FROM:<ab>\r\n", "501 5.1.7, 501 5.1.7");
    let refused = "RCPT TO:<>\r\nRCPT TO:<a..b@c>\r\n".repeat(20);
    check_inside(
        &format!("MAIL FROM:<a@b>\r\n{refused}RCPT TO:<c@d>\r\n"),
        &format!("250 2.1.0{}, 250 2.1.5", ", 501 5.1.3".repeat(40)),
    );
}

#[test]
fn international_addresses_need_smtputf8() {
    check_inside("MAIL FROM:<жанар@example.org>\r\n", "553 5.6.7");
    check_inside(
        "MAIL FROM:<a@b>\r\nRCPT TO:<жанар@example.org>\r\n",
        "250 2.1.0, 553 5.6.7",
    );
    check_inside(
        "MAIL FROM:<ж@b> SMTPUTF8\r\nRCPT TO:<жанар@пример.org>\r\n",
        "250 2.1.0, 250 2.1.5",
    );
    let latin1 = [LOG_IN.as_bytes(), b"MAIL FROM:<\xe9@example.org> SMTPUTF8\r\n"].concat();
    assert!(
        converse(&latin1, usize::MAX)
            .0
            .ends_with("501 5.1.7 not a sender address\r\n")
    );
}

#[test]
fn a_letter_has_at_most_a_hundred_recipients() {
    let mut recipients = String::new();
    for number in 0..=MAX_RECIPIENTS {
        write!(recipients, "RCPT TO:<r{number}@example.com>\r\n").unwrap();
    }
    let input = format!("{LOG_IN}MAIL FROM:<a@b>\r\n{recipients}DATA\r\nx\r\n.\r\n");
    let (replies, letters, _) = converse(input.as_bytes(), usize::MAX);
    assert_eq!(replies.matches("\r\n250 2.1.5 ").count(), MAX_RECIPIENTS);
    assert_eq!(replies.matches("\r\n452 4.5.3 ").count(), 1);
    assert_eq!(letters[0].to.len(), MAX_RECIPIENTS);
}

#[test]
fn a_malformed_line_does_not_swallow_the_next() {
    for malformed in [
        "MAIL FROM",
        "MAIL FROM:",
        "MAIL FROM:<",
        "MAIL FROM:<\"",
        "MAIL FROM:<a@b> SIZE",
        "MAIL",
        "EHLO",
        "VRFY",
    ] {
        let codes = codes(&format!("{LOG_IN}{malformed}\r\nNOOP\r\n"));
        let [_, _, refused, after] = codes.split(", ").collect::<Vec<_>>()[..] else {
            panic!("{malformed}: {codes}")
        };
        assert!(refused.starts_with('5'), "{malformed}: {codes}");
        assert_eq!(after, "250 2.0.0", "{malformed}: {codes}");
    }
}

#[test]
fn a_line_ends_in_crlf_and_has_a_limit() {
    check(
        "NOOP\nNOOP\rNOOP\r\nNOOP \0\r\nNOOP\r\n",
        "500 5.5.2, 500 5.5.2, 500 5.5.2, 250 2.0.0",
    );
    let fits = "x".repeat(MAX_LINE - "NOOP \r\n".len());
    check(
        &format!("NOOP {fits}\r\nNOOP {fits}x\r\nNOOP {fits}{fits}\r\nNOOP\r\n"),
        "250 2.0.0, 500 5.5.2, 500 5.5.2, 250 2.0.0",
    );
}

#[test]
fn a_connection_ends_after_ten_mistakes() {
    let (replies, _, flow) = converse("GET / HTTP/1.1\r\n".repeat(50).as_bytes(), usize::MAX);
    assert_eq!(replies.matches("500 5.5.1 ").count(), usize::from(MAX_MISTAKES));
    assert!(replies.ends_with("421 4.7.0 too many mistakes\r\n"));
    assert_eq!(flow, Flow::Close);
    assert_eq!(converse(b"QUIT\r\nNOOP\r\n", 1).0, "221 2.0.0 goodbye\r\n");
}

#[test]
fn a_message_has_a_limit_and_what_is_over_it_is_not_stored() {
    let (letters, sink) = collector();
    let mut session = Session::new(Arc::new(Desk::new(credentials(), sink)));
    let mut replies = Vec::new();
    session.receive(LOG_IN.as_bytes(), &mut replies);
    let mut send = |length: usize, end: &[&[u8]]| {
        let mut replies = Vec::new();
        session.receive(BEGIN.as_bytes(), &mut replies);
        let piece = vec![b'x'; 1 << 20];
        let mut left = length - 2;
        while left > 0 {
            let now = left.min(piece.len());
            session.receive(&piece[..now], &mut replies);
            left -= now;
        }
        for piece in end {
            session.receive(piece, &mut replies);
        }
        String::from_utf8(replies).unwrap().lines().last().unwrap()[..9].to_owned()
    };
    assert_eq!(send(MAX_MESSAGE, &[b"\r\n.\r\n"]), "250 2.0.0");
    // The CR of the final dot is with the message for a moment.
    assert_eq!(send(MAX_MESSAGE, &[b"\r\n.\r", b"\n"]), "250 2.0.0");
    assert_eq!(send(MAX_MESSAGE + 1, &[b"\r\n.\r\n"]), "552 5.3.4");
    assert_eq!(send(MAX_MESSAGE * 2, &[b"\r\n.", b"\r\n"]), "552 5.3.4");
    assert_eq!(send(10, &[b"\r\n.\r\n"]), "250 2.0.0");
    let sizes: Vec<_> = letters
        .lock()
        .unwrap()
        .iter()
        .map(|letter| letter.bytes.len())
        .collect();
    assert_eq!(sizes, [MAX_MESSAGE, MAX_MESSAGE, 10]);
}

#[test]
fn a_letter_that_cannot_be_kept_is_answered_452_and_the_next_may_pass() {
    let mut calls = 0;
    let sink: Sink = Box::new(move |_| {
        calls += 1;
        if calls == 2 {
            Err(io::ErrorKind::StorageFull.into())
        } else {
            Ok(())
        }
    });
    let mut session = Session::new(Arc::new(Desk::new(credentials(), sink)));
    let mut replies = Vec::new();
    session.receive(
        format!("{LOG_IN}{}", format!("{BEGIN}x\r\n.\r\n").repeat(3)).as_bytes(),
        &mut replies,
    );
    let replies = String::from_utf8(replies).unwrap();
    let after_dot: Vec<_> = replies
        .lines()
        .filter(|line| line.contains("rehearsed") || line.contains("keep"))
        .collect();
    assert_eq!(
        after_dot,
        [
            "250 2.0.0 rehearsed as 1",
            "452 4.3.1 cannot keep this letter",
            "250 2.0.0 rehearsed as 2"
        ]
    );
}
