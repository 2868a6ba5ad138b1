//! A far server: what is waited for, counted in round trips of a line that is slow and nothing else.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use appel::rehearsal::server::{Credentials, RehearsalServer};

use crate::Bench;
use crate::campaign::{EMAIL, Sending};
use crate::ours::{Campaign, PASSWORD};
use crate::program::{Where, run};
use crate::proxy::Proxy;
use crate::sink::{Sink, smtp_source};
use crate::table::{Goal, Measured, grouped};

/// One way.
const DELAY: Duration = Duration::from_millis(25);

/// One connection that is open already: round trips from one accepted letter to the next.
pub fn steady(bench: &Bench) -> Result<Vec<Measured>, String> {
    let sink = Sink::start(bench, Where::Anywhere)?;
    let letters = bench.scaled(200).max(3);
    let folder = bench.folder.path().join("far");
    let campaign = Campaign::new(&folder, letters, &Sending::plain(sink.port, 1));
    let round_trip = Proxy::round_trip(DELAY);
    let mut values = Vec::new();
    for round in 1..=bench.rounds {
        let proxy = Proxy::start(sink.port, DELAY);
        campaign.configure(&Sending::plain(proxy.port, 1));
        campaign.send(Where::Anywhere);
        let trips = between(&proxy.passed().accepted(), letters, round_trip);
        eprintln!("{letters} letters over a slow line, round {round}: {trips:.3} round trips a letter");
        values.push(trips);
    }
    // Once, and with few: it waits for every reply, and always as often.
    let few = letters.min(20);
    let proxy = Proxy::start(sink.port, DELAY);
    run(&mut smtp_source(bench, proxy.port, 1, few, 1200)?);
    let theirs = between(&proxy.passed().accepted(), few, round_trip);
    let what = format!(
        "{} letters over a slow line: round trips a letter",
        grouped(letters.into(), 0)
    );
    let measured =
        Measured::new(what, "", 2, values).behind(format!("smtp-source -d: {theirs:.2}; {}", line(round_trip)));
    Ok(vec![measured.must(Goal::AtMost(2.3)).aim(Goal::AtMost(2.1))])
}

/// Round trips from the first accepted letter to the last, for each.
fn between(accepted: &[Instant], letters: u32, round_trip: Duration) -> f64 {
    assert_eq!(accepted.len(), letters as usize, "letters accepted");
    let [first, .., last] = accepted else {
        return f64::NAN;
    };
    (*last - *first).as_secs_f64() / f64::from(letters - 1) / round_trip.as_secs_f64()
}

fn line(round_trip: Duration) -> String {
    format!("a round trip takes {:.1} ms", round_trip.as_secs_f64() * 1000.0)
}

/// From asking for a connection to the word that the first letter is accepted: TCP, TLS from the first byte, greeting,
/// EHLO, AUTH PLAIN, the letter.
pub fn first_letter(bench: &Bench) -> Result<Vec<Measured>, String> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    let taken = Arc::<Mutex<Vec<Instant>>>::default();
    let keep = Arc::clone(&taken);
    let credentials = Credentials {
        username: EMAIL.to_owned(),
        password: PASSWORD.into(),
    };
    let server = RehearsalServer::start(
        credentials,
        Box::new(move |_| {
            keep.lock().unwrap_or_else(PoisonError::into_inner).push(Instant::now());
            Ok(())
        }),
    );
    let server = runtime.block_on(server).map_err(|error| error.message().in_english())?;
    let certificate = pem(&server.certificate());
    let round_trip = Proxy::round_trip(DELAY);
    let folder = bench.folder.path().join("far-tls");
    let campaign = Campaign::new(&folder, 1, &Sending::plain(25, 1));
    let mut values = Vec::new();
    for round in 1..=bench.rounds {
        let proxy = Proxy::start(server.port(), DELAY);
        campaign.configure(&Sending {
            port: proxy.port,
            connections: 1,
            certificate: Some(certificate.clone()),
        });
        campaign.send(Where::Anywhere);
        let taken = std::mem::take(&mut *taken.lock().unwrap_or_else(PoisonError::into_inner));
        let asked = proxy.passed().connections.first().copied();
        let (Some(asked), Some(taken)) = (asked, taken.first()) else {
            return Err("no letter arrived".to_owned());
        };
        // Its reply has to come back.
        let trips = (*taken - asked).as_secs_f64() / round_trip.as_secs_f64() + 0.5;
        eprintln!("first letter over a slow line, round {round}: {trips:.2} round trips");
        values.push(trips);
    }
    runtime.block_on(server.stop());
    let what = "connecting to first accepted letter, TLS and AUTH PLAIN: round trips".to_owned();
    // What is computed in between is no round trip: tenths are its place.
    let measured = Measured::new(what, "", 1, values).behind(line(round_trip));
    Ok(vec![measured.must(Goal::AtMost(8.0)).aim(Goal::AtMost(7.0))])
}

fn pem(certificate: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(certificate);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .filter_map(|line| std::str::from_utf8(line).ok())
        .collect();
    format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        lines.join("\n")
    )
}
