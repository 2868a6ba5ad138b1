//! Reaching the server: names that do not resolve, addresses that do not answer, greetings that come late or not at all.

use std::time::{Duration, Instant};

use crate::support::{Blackhole, Campaign, Names, Proxy, Server, Step, Tls, accepted};

/// A timeout for servers that do not answer.
const STALL: &str = "1s";

/// Two letters for a server that nobody comes to.
fn campaign() -> Campaign {
    let server = Server::builder().start();
    Campaign::new().people(2).smtp(&server).set("smtp.timeout", STALL)
}

/// The run ends so, with these words; every letter is named as deferred and still due.
#[track_caller]
fn puts_all_off(campaign: &Campaign, run: &crate::support::Run, exit: i32, words: &[&str]) {
    run.exits(exit).says(words).says(&["2 letters not sent"]);
    assert_eq!(run.outcomes(), ["m1@mfa.example deferred", "m2@mfa.example deferred"]);
    assert_eq!(campaign.standing()[4], 2);
}

#[test]
fn a_host_name_that_does_not_resolve_ends_the_run() {
    let Some(names) = Names::hosts("# Nobody is anywhere.\n") else {
        return;
    };
    let campaign = campaign().set("smtp.host", "localhost");
    let run = names.spawn(&campaign, &["send", "--yes", "--json"]).wait();
    puts_all_off(
        &campaign,
        &run,
        4,
        &[
            "there is no host named localhost",
            "check smtp.host, and that you are online",
        ],
    );
}

#[test]
fn a_resolver_that_times_out_defers_the_letters_and_keeps_nobody_waiting() {
    let Some(names) = Names::silent() else { return };
    let campaign = campaign().set("smtp.host", "localhost");
    let begun = Instant::now();
    let run = names.spawn(&campaign, &["send", "--yes", "--json"]).wait();
    puts_all_off(
        &campaign,
        &run,
        1,
        &["the name localhost could not be looked up in time", "Gave up for now"],
    );
    // The look-up itself is still going on when the program ends.
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
}

#[test]
fn a_refused_connection_defers_the_letters() {
    // Nobody listens there any more.
    let campaign = campaign();
    let run = campaign.send_json(&[]);
    puts_all_off(
        &campaign,
        &run,
        1,
        &[
            "cannot connect to 127.0.0.1 port",
            "onnection refused",
            "Gave up for now",
        ],
    );
}

#[test]
fn a_connect_that_hangs_defers_the_letters_within_the_timeout() {
    let hole = Blackhole::new();
    let campaign = campaign().set_toml("smtp.port", &hole.port().to_string());
    let begun = Instant::now();
    let run = campaign.send_json(&[]);
    puts_all_off(&campaign, &run, 1, &["cannot connect to 127.0.0.1 port", "no answer"]);
    let took = begun.elapsed();
    assert!(
        (Duration::from_secs(1)..Duration::from_secs(20)).contains(&took),
        "{took:?}"
    );
}

#[test]
fn a_dead_ipv6_address_gives_way_to_a_live_ipv4_address_and_the_letter_leaves_once() {
    // The server listens on the latter only.
    let server = Server::builder().tls(Tls::Implicit).start();
    let campaign = Campaign::new().smtp(&server).set("smtp.host", "localhost");
    let Some(names) = Names::hosts("::1 localhost\n127.0.0.1 localhost\n") else {
        return;
    };
    let run = names.spawn(&campaign, &["send", "--yes", "--json"]).wait();
    assert_eq!(run.exits(0).counts(), accepted(1));
    assert_eq!((server.connections(), server.taken().len()), (1, 1));
}

#[test]
fn a_reset_before_the_greeting_defers_the_letters() {
    for builder in [
        Server::builder().on(Step::Connect).times(1).reset(),
        Server::builder().on(Step::Connect).times(1).close(),
    ] {
        let server = builder.start();
        let campaign = Campaign::new().people(2).smtp(&server);
        let run = campaign.send_json(&[]);
        puts_all_off(&campaign, &run, 1, &["Gave up for now"]);
        assert_eq!((server.connections(), server.taken().len()), (1, 0));
        assert_eq!(campaign.send_json(&[]).exits(0).counts(), accepted(2));
        assert_eq!(server.unfired(), [""; 0]);
    }
}

#[test]
fn one_byte_at_a_time_to_ehlo_or_auth_does_not_outlast_the_timeout() {
    let slow = Duration::from_millis(300);
    for (step, reply) in [
        (Step::Ehlo, "250 scripted.test, at your service, in its own good time"),
        (Step::Auth, "235 2.7.0 welcome, whoever you are, in its own good time"),
    ] {
        let server = Server::builder()
            .password("ann", "secret")
            .on(step)
            .times(1)
            .trickle(reply, slow)
            .start();
        let campaign = Campaign::new()
            .people(2)
            .smtp(&server)
            .login("ann", "secret")
            .set("smtp.timeout", STALL);
        let begun = Instant::now();
        let run = campaign.send_json(&[]);
        puts_all_off(&campaign, &run, 1, &["the server did not answer within 1 second"]);
        assert!(begun.elapsed() < slow * 50, "it waited for the whole reply");
        assert_eq!(campaign.send_json(&[]).exits(0).counts(), accepted(2));
        assert_eq!((server.taken().len(), server.unfired()), (2, Vec::new()));
    }
}

#[test]
fn with_a_proxy_nothing_is_looked_up_here() {
    // A look-up would wait for ever.
    let Some(names) = Names::silent() else { return };
    let server = Server::builder().start();
    let proxy = Proxy::to(server.port());
    let campaign = Campaign::new()
        .smtp(&server)
        .set("smtp.host", "localhost")
        .set("smtp.proxy", &proxy.url());
    let run = names.spawn(&campaign, &["send", "--yes", "--json"]).wait();
    assert_eq!(run.exits(0).counts(), accepted(1));
    assert_eq!(proxy.asked(), [format!("localhost:{}", server.port())]);
}
