//! What the script can do, and to whom.

use std::time::{Duration, Instant};

use super::{Client, End, GROUP, WALK, at, clean};
use crate::smtp::{Builder, Server, Step};

const REPLY_STEPS: [(Step, usize); 8] = [
    (Step::Connect, 0),
    (Step::Ehlo, 1),
    (Step::Mail, 2),
    (Step::Rcpt, 3),
    (Step::Data, 4),
    (Step::FinalDot, 5),
    (Step::Rset, 6),
    (Step::Quit, 7),
];

#[test]
fn selectors_pick_the_occasion() {
    let codes = |builder: Builder| {
        let server = builder.start();
        let mut all = Vec::new();
        for _ in 0..2 {
            let mut client = Client::greeted(&server);
            all.extend((0..2).map(|_| client.letter()));
        }
        assert_eq!(server.unfired(), [""; 0]);
        let refused = |codes: &String| codes != "250 250 354 250";
        all.iter()
            .map(|codes| if refused(codes) { 'x' } else { '.' })
            .collect::<String>()
    };
    let no = "451 4.3.0 not now";
    assert_eq!(codes(at(Step::FinalDot).reply(no)), "xxxx");
    assert_eq!(codes(at(Step::FinalDot).letter(2).reply(no)), ".x..");
    assert_eq!(codes(at(Step::FinalDot).connection(2).reply(no)), "..xx");
    assert_eq!(codes(at(Step::FinalDot).nth(3).reply(no)), "..x.");
    assert_eq!(codes(at(Step::FinalDot).times(3).reply(no)), "xxx.");
    assert_eq!(
        codes(at(Step::FinalDot).to("you@b.test").connection(1).reply(no)),
        "xx.."
    );
    assert_eq!(codes(at(Step::Mail).after_letters(1).reply(no)), ".x.x");
    assert_eq!(
        codes(at(Step::Rcpt).rcpt(1).nth(1).reply(no).on(Step::Rcpt).nth(3).reply(no)),
        "x.x."
    );
}

#[test]
fn every_step_can_answer_garble_close_reset_and_stall() {
    for (step, place) in REPLY_STEPS {
        let walk = |builder: Builder| {
            let server = builder.start();
            let mut client = Client::dial(&server);
            client.walk(place);
            (server, client)
        };
        let (server, mut client) = walk(at(step).reply("451-4.3.0 not\n451 now"));
        assert_eq!(client.reply(), "451-4.3.0 not\n451 now", "{step:?}");
        drop(client);
        assert_eq!(clean(&server).len(), usize::from(place > 5), "{step:?}");

        let (_server, mut client) = walk(at(step).reply_then_close("421 4.3.2 bye"));
        assert_eq!(
            (client.reply(), client.end()),
            ("421 4.3.2 bye".to_owned(), End::Closed)
        );

        let (_server, mut client) = walk(at(step).garble(b"\xff\x1b[2J\n"));
        let bytes: Vec<_> = (0..6).map(|_| client.byte()).collect();
        assert_eq!(bytes, b"\xff\x1b[2J\n".map(Ok));

        let (_server, mut client) = walk(at(step).close());
        assert_eq!(client.end(), End::Closed, "{step:?}");

        let (_server, mut client) = walk(at(step).reset());
        assert_eq!(client.end(), End::Reset, "{step:?}");

        let (server, mut client) = walk(at(step).stall());
        server.wait_for_stalls(1);
        assert!(client.hears_nothing(), "{step:?}");
        drop(server);
        client.end();
    }
}

#[test]
fn a_letter_is_taken_although_its_reply_is_lost() {
    let rules: [fn() -> Builder; 5] = [
        || at(Step::FinalDot).accept_then_close(),
        || at(Step::FinalDot).accept_then_reset(),
        || at(Step::FinalDot).accept_then_stall(),
        || at(Step::FinalDot).accepting().garble("what?\r\n"),
        || at(Step::FinalDot).accepting().endless_reply(),
    ];
    for rule in rules {
        let server = rule().start();
        let mut client = Client::dial(&server);
        client.walk(5);
        server.wait_for_letters(1);
        drop(client);
        let taken = clean(&server);
        assert_eq!((taken.len(), taken[0].acknowledged), (1, false));
    }
}

#[test]
fn a_letter_is_not_taken_when_its_final_dot_is_not_accepted() {
    let rules: [fn() -> Builder; 4] = [
        || at(Step::FinalDot).close(),
        || at(Step::FinalDot).reset(),
        || at(Step::FinalDot).garble("250\0ok"),
        || at(Step::FinalDot).reply("552 5.2.2 full"),
    ];
    for rule in rules {
        let server = rule().start();
        let mut client = Client::dial(&server);
        client.walk(5);
        server.wait_for(Step::FinalDot, 1);
        drop(client);
        assert_eq!(clean(&server), []);
    }
}

#[test]
fn a_late_or_trickling_reply_comes_whole_and_the_letter_is_taken_first() {
    let (short, long) = (Duration::from_millis(5), Duration::from_hours(1));
    let rules: [fn(Duration) -> Builder; 2] = [
        |pause| at(Step::FinalDot).delay(pause),
        |pause| at(Step::FinalDot).trickle("250 2.0.0 Ok: queued", pause),
    ];
    for (rule, pauses) in rules.iter().zip([1, 22]) {
        let server = rule(long).start();
        let mut client = Client::dial(&server);
        client.walk(5);
        server.wait_for_letters(1);
        assert!(client.hears_nothing());
        drop(client);
        assert!(!clean(&server)[0].acknowledged);

        let server = rule(short).start();
        let mut client = Client::dial(&server);
        let begun = Instant::now();
        client.walk(5);
        assert_eq!(client.reply(), "250 2.0.0 Ok: queued");
        assert!(begun.elapsed() >= short * pauses);
        assert!(server.taken_so_far()[0].acknowledged);
    }
}

#[test]
fn an_endless_reply_ends_with_the_client() {
    let server = at(Step::Mail).endless_reply().start();
    let mut client = Client::greeted(&server);
    client.send("MAIL FROM:<me@a.test>\r\n");
    for _ in 0..100_000 {
        assert!(client.byte().is_ok());
    }
    drop(client);
    assert!(server.settle(Duration::from_secs(10)));
}

#[test]
fn the_body_is_cut_off_or_stalled_once_enough_of_it_is_in() {
    let rules: [fn() -> Builder; 3] = [
        || at(Step::Body).letter(2).after_bytes(5_000).close(),
        || at(Step::Body).letter(2).after_bytes(5_000).reset(),
        || at(Step::Body).letter(2).after_bytes(5_000).stall(),
    ];
    for rule in rules {
        let server = rule().start();
        let mut client = Client::greeted(&server);
        assert_eq!(client.letter(), "250 250 354 250");
        client.send(GROUP);
        (0..3).for_each(|_| drop(client.reply()));
        let limit = Some(Duration::from_millis(500));
        let limited = client.tcp.set_write_timeout(limit);
        limited.expect("a socket takes a timeout");
        let written = client.pipe.write_all(&vec![b'a'; 16_000_000]);
        assert!(written.is_err(), "less would fit into the kernel's buffers");
        drop(client);
        assert_eq!(clean(&server).len(), 1);
    }

    let server = at(Step::Body).after_bytes(5_000).reset().start();
    assert_eq!(Client::greeted(&server).letter(), "250 250 354 250");
    assert_eq!(server.unfired(), ["Body: Reset"], "the letter was shorter");
}

#[test]
fn a_connection_may_end_or_speak_between_two_letters() {
    let server = Server::builder().close_after_letters(2).start();
    let mut client = Client::greeted(&server);
    assert_eq!([client.letter(), client.letter()], ["250 250 354 250"; 2]);
    assert_eq!(client.end(), End::Closed);
    let server = at(Step::BetweenLetters)
        .letter(1)
        .reply_then_close("421 4.4.2 idle")
        .start();
    let mut client = Client::greeted(&server);
    client.letter();
    assert_eq!(
        (client.reply(), client.end()),
        ("421 4.4.2 idle".to_owned(), End::Closed)
    );
}

#[test]
fn a_fault_can_walk_through_all_steps() {
    let mut taken = Vec::new();
    for n in 1.. {
        let server = at(Step::Any).nth(n).accepting().close().start();
        let mut client = Client::dial(&server);
        for said in WALK {
            let sent = client.pipe.write_all(said.as_bytes());
            if sent.is_err() || client.heard().is_err() {
                break;
            }
        }
        drop(client);
        taken.push(server.taken().len());
        if !server.unfired().is_empty() {
            break;
        }
    }
    let [without, with] = [0, 1].map(|some| taken.iter().filter(|taken| **taken == some).count());
    assert_eq!(
        (without, with),
        (6, 5),
        "from the greeting to QUIT, and once without a fault"
    );
}

#[test]
fn what_is_held_goes_on_when_it_is_released() {
    let server = at(Step::FinalDot).hold().start();
    let mut client = Client::dial(&server);
    client.walk(5);
    server.wait_for_holds(1);
    assert!(client.hears_nothing());
    assert_eq!(server.taken_so_far().len(), 1);
    server.release();
    assert_eq!(client.reply(), "250 2.0.0 Ok: queued");
    drop(client);
    assert!(clean(&server)[0].acknowledged);
}
