//! What the tests of the server share, and how fast it is.

use std::fmt::Write as _;

use super::session::{Flow, Session};
use super::*;

mod dialogue;
mod tls;

use tls::Client;

/// NUL anna NUL pässword
const LOG_IN: &str = "EHLO [127.0.0.1]\r\nAUTH PLAIN AGFubmEAcMOkc3N3b3Jk\r\n";
const BEGIN: &str = "MAIL FROM:<anna@example.org>\r\nRCPT TO:<info@example.com>\r\nDATA\r\n";

type Letters = Arc<Mutex<Vec<Arrived>>>;

fn credentials() -> Credentials {
    Credentials {
        username: "anna".into(),
        password: "pässword".into(),
    }
}

fn collector() -> (Letters, Sink) {
    let letters = Letters::default();
    let sink = Arc::clone(&letters);
    (
        letters,
        Box::new(move |letter| {
            sink.lock().unwrap().push(letter);
            Ok(())
        }),
    )
}

fn letter(bytes: &[u8]) -> Arrived {
    Arrived {
        from: "anna@example.org".into(),
        to: vec!["info@example.com".into()],
        bytes: bytes.into(),
    }
}

/// A measurement, not a check: `cargo test --release -- --ignored --nocapture rate`.
#[test]
#[ignore = "measures"]
fn rate_of_letters() {
    const LETTERS: u32 = 100_000;
    fn report(label: &str, started: std::time::Instant) {
        println!(
            "{:>9.0} letters/s, {label}",
            f64::from(LETTERS) / started.elapsed().as_secs_f64()
        );
    }
    let mut body = String::new();
    while body.len() < 1200 {
        writeln!(body, "A line of a letter that is of some length, as lines are.\r").unwrap();
    }
    let group = format!("{body}.\r\n{BEGIN}");
    let waiting = |label: &'static str, group: String| async move {
        let counter = Arc::new(Mutex::new(0));
        let count = Arc::clone(&counter);
        let sink: Sink = Box::new(move |_| {
            *count.lock().unwrap() += 1;
            Ok(())
        });
        let server = RehearsalServer::start(credentials(), sink).await.unwrap();
        let mut client = Client::inside(&server).await;
        let started = std::time::Instant::now();
        client.say(BEGIN).await;
        for _ in 0..LETTERS {
            client.expect(&["250", "250", "354"]).await;
            client.say(&group).await;
            client.expect(&["250"]).await;
        }
        report(label, started);
        assert_eq!(*counter.lock().unwrap(), LETTERS);
        server
    };
    let one = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    one.block_on(waiting("one thread, waiting for each 354", group.clone()));
    let many = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    many.block_on(async {
        tokio::spawn(waiting("many threads, client spawned", group.clone()))
            .await
            .unwrap()
    });
    let server = many.block_on(waiting("many threads, client in block_on", group));

    // As fast as the wire takes it: the replies are read on the side.
    let letter = format!("{BEGIN}{body}.\r\n").repeat(50);
    many.block_on(async {
        let (mut read, mut write) = tokio::io::split(Client::inside(&server).await.0);
        let started = std::time::Instant::now();
        let reading = tokio::spawn(async move { tokio::io::copy(&mut read, &mut tokio::io::sink()).await });
        for _ in 0..LETTERS / 50 {
            write.write_all(letter.as_bytes()).await.unwrap();
        }
        write.write_all(b"QUIT\r\n").await.unwrap();
        write.flush().await.unwrap();
        let _ = reading.await;
        report("streamed", started);
        let mut client = Client::inside(&server).await;
        client.say(&letter).await;
        client
            .expect(&[
                "250",
                "250",
                "354",
                &format!("250 2.0.0 rehearsed as {}", LETTERS * 2 + 1),
            ])
            .await;
    });

    let mut session = Session::new(Arc::new(Desk::new(credentials(), Box::new(|_| Ok(())))));
    let mut replies = Vec::new();
    session.receive(LOG_IN.as_bytes(), &mut replies);
    let started = std::time::Instant::now();
    for _ in 0..LETTERS / 50 {
        for piece in letter.as_bytes().chunks(READ_SIZE) {
            session.receive(piece, &mut replies);
        }
        replies.clear();
    }
    report("the dialogue alone", started);
}
