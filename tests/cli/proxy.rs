//! A SOCKS proxy between the program and its server: it gets the name, and nothing ever goes around it.

use std::time::{Duration, Instant};

use crate::support::{Campaign, PASSWORD, Proxy, Server, Step, Tls, accepted};

fn campaign(server: &Server, proxy: &Proxy) -> Campaign {
    Campaign::new()
        .people(2)
        .smtp(server)
        .set("smtp.host", "localhost")
        .set("smtp.proxy", &proxy.url())
}

/// The run ends so, nothing has left, and the server has not seen so much as a connection.
#[track_caller]
fn nothing_goes_around(campaign: &Campaign, server: &Server, exit: i32, words: &[&str]) {
    let run = campaign.send_json(&[]);
    run.exits(exit).says(words).says(&["2 letters not sent"]);
    assert_eq!(run.outcomes(), ["m1@mfa.example deferred", "m2@mfa.example deferred"]);
    assert_eq!(campaign.standing()[4], 2);
    assert_eq!((server.connections(), server.taken().len()), (0, 0));
}

#[test]
fn a_proxy_gets_the_name_and_looks_it_up_itself() {
    let server = Server::builder()
        .tls(Tls::Starttls)
        .password("ann", PASSWORD)
        .close_after_letters(1)
        .start();
    let proxy = Proxy::to(server.port());
    let campaign = campaign(&server, &proxy).login("ann", PASSWORD);
    assert_eq!(campaign.send_json(&[]).exits(0).counts(), accepted(2));
    let asked = format!("localhost:{}", server.port());
    assert_eq!(proxy.asked(), [asked.clone(), asked], "the name, not an address");
    assert_eq!((server.connections(), server.violations()), (2, Vec::new()));
}

#[test]
fn a_proxy_that_is_down_ends_the_run_without_a_direct_connection() {
    let server = Server::builder().start();
    let proxy = Proxy::to(server.port());
    let campaign = campaign(&server, &proxy);
    drop(proxy);
    nothing_goes_around(
        &campaign,
        &server,
        4,
        &[
            "the proxy 127.0.0.1:",
            "gives no connection to localhost",
            "start the proxy",
            "nothing is sent around the proxy",
        ],
    );
}

#[test]
fn a_proxy_that_goes_down_in_the_middle_of_a_run_ends_it_without_a_direct_connection() {
    let server = Server::builder()
        .close_after_letters(2)
        .on(Step::FinalDot)
        .letter(2)
        .hold()
        .start();
    let proxy = Proxy::to(server.port());
    let campaign = campaign(&server, &proxy).people(5);
    let run = campaign.spawn(&["send", "--yes", "--json"]);
    server.wait_for_holds(1);
    drop(proxy);
    server.release();
    let run = run.wait();
    run.exits(4)
        .says(&["nothing is sent around the proxy", "3 letters not sent"]);
    assert_eq!(run.counts(), [5, 2, 3, 0, 0, 0]);
    assert_eq!((server.connections(), server.taken().len()), (1, 2));
    // One had been begun when the connection turned out to be gone.
    assert_eq!(campaign.standing(), [2, 1, 0, 0, 3]);
}

#[test]
fn a_proxy_that_refuses_or_talks_nonsense_ends_the_run_without_a_direct_connection() {
    for (proxy, why) in [
        (Proxy::answering([5, 2, 0, 1, 0, 0, 0, 0, 0, 0]), "it is not allowed to"),
        (Proxy::saying([5, 255], []), "it wants a user name and a password"),
        (
            Proxy::saying(*b"HTTP/1.1 400 Bad Request\r\n\r\n", []),
            "what answers there is no SOCKS 5 proxy",
        ),
        (Proxy::answering(*b"220 mail"), "what answers there is no SOCKS 5 proxy"),
        (Proxy::that_hangs_up(), "it hung up"),
    ] {
        let server = Server::builder().start();
        let campaign = campaign(&server, &proxy);
        nothing_goes_around(&campaign, &server, 4, &[why, "nothing is sent around the proxy"]);
    }
}

#[test]
fn a_proxy_that_hangs_ends_the_run_within_the_timeout_and_without_a_direct_connection() {
    // From the first word on, and when it is to connect.
    for proxy in [Proxy::that_hangs(), Proxy::answering([])] {
        let server = Server::builder().start();
        let campaign = campaign(&server, &proxy).set("smtp.timeout", "1s");
        let begun = Instant::now();
        nothing_goes_around(
            &campaign,
            &server,
            4,
            &[
                "it takes the connection and does not answer",
                "nothing is sent around the proxy",
            ],
        );
        assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    }
}

#[test]
fn a_proxy_that_cannot_reach_the_server_defers_the_letters_without_a_direct_connection() {
    for (proxy, why) in [
        (
            Proxy::answering([5, 1, 0, 1, 0, 0, 0, 0, 0, 0]),
            "the name may be wrong",
        ),
        (
            Proxy::answering([5, 4, 0, 1, 0, 0, 0, 0, 0, 0]),
            "nothing answers there",
        ),
        (
            Proxy::answering([5, 5, 0, 1, 0, 0, 0, 0, 0, 0]),
            "the connection was refused",
        ),
    ] {
        let server = Server::builder().start();
        let campaign = campaign(&server, &proxy).set("smtp.timeout", "1s");
        nothing_goes_around(
            &campaign,
            &server,
            1,
            &["cannot reach localhost port", why, "Gave up for now"],
        );
        assert_eq!(proxy.asked(), [format!("localhost:{}", server.port())]);
    }
}
