//! Sixty letters in one run, over four connections, to each of seven servers that others wrote: at full speed, at a pace,
//! and with the server killed in the middle. What each of them took is counted: every letter once.

use std::collections::BTreeSet;

use crate::{
    aiosmtpd::Aiosmtpd,
    daemon::{eventually, root_is_here, servers_with},
    dovecot::Dovecot,
    exim::{Exim, PLAIN},
    haraka::Haraka,
    opensmtpd::Opensmtpd,
    postfix::Postfix,
    provider::Provider,
    smtp_server::SmtpServer,
    support::{Campaign, Run, accepted},
};

const LETTERS: usize = 60;
const CONNECTIONS: usize = 4;
/// Two seconds for all of them.
const PACE: &str = "30/s";
/// How many letters a connection takes, where that can be set.
const SHARE: usize = 5;
/// How often a server may be faster than a test.
const TRIES: usize = 5;

fn campaign(provider: &impl Provider, rate: &str) -> Campaign {
    Campaign::new()
        .people(LETTERS)
        .at(&provider.access())
        .set_toml("smtp.connections", &CONNECTIONS.to_string())
        .set("smtp.rate", rate)
}

fn takes_each_letter_once(provider: &mut impl Provider, rate: &str) {
    let campaign = campaign(provider, rate);

    let run = campaign.send_json(&[]);

    run.exits(0);
    assert_eq!(run.counts(), accepted(LETTERS as u64), "{}", run.stdout);
    assert_eq!(campaign.standing(), [LETTERS as u64, 0, 0, 0, 0]);
    assert_none_is_lost_or_taken_twice(provider, &run);
    if let Some(sessions) = provider.sessions() {
        assert!(sessions.begun >= LETTERS / SHARE, "{sessions:?}");
        // Two, and the share is known; by then each of the others may be at its own end.
        assert!((2..=CONNECTIONS + 1).contains(&sessions.overdrawn), "{sessions:?}");
    }
}

fn is_killed_in_the_middle<P: Provider>(start: fn() -> Option<P>) {
    // It may be faster than this process: then it has taken everything before it is killed.
    for _ in 0..TRIES {
        let Some(mut provider) = start() else { return };
        let campaign = campaign(&provider, "unlimited").set("smtp.retry-for", "1min");
        let mut run = campaign.spawn(&["send", "--yes", "--json"]);
        run.wait_for_accepted(LETTERS / 3);
        provider.daemon().kill();
        let in_the_middle = eventually("a word that the server is gone", || {
            let missed = run.has_said("; next try in ");
            (missed || run.has_ended()).then_some(missed)
        });
        provider.daemon().start_again();
        if in_the_middle {
            goes_on_by_itself(&mut provider, &campaign, &run.wait());
            return;
        }
    }
    panic!("{TRIES} times it was over before the server was killed");
}

fn goes_on_by_itself(provider: &mut impl Provider, campaign: &Campaign, run: &Run) {
    let [due, accepted, deferred, refused, in_doubt, skipped] = run.counts();
    run.exits(i32::from(in_doubt > 0));
    let others = [due, accepted + in_doubt, deferred, refused, skipped];
    assert_eq!(others, [LETTERS as u64, LETTERS as u64, 0, 0, 0], "{}", run.stdout);
    assert!(in_doubt <= CONNECTIONS as u64, "{}", run.stdout);
    assert_eq!(campaign.standing(), [accepted, 0, 0, in_doubt, 0]);
    assert_none_is_lost_or_taken_twice(provider, run);
}

/// What the run says of each letter, held against what arrived; the server is stopped for that.
fn assert_none_is_lost_or_taken_twice(provider: &mut impl Provider, run: &Run) {
    let told = |outcome: &str| -> BTreeSet<String> {
        let letters = run.letters().into_iter().filter(|letter| letter["outcome"] == outcome);
        letters
            .map(|letter| letter["message_id"].as_str().expect("a Message-ID").to_owned())
            .collect()
    };
    let (accepted, in_doubt) = (told("accepted"), told("in-doubt"));
    assert_eq!(
        accepted.len() + in_doubt.len(),
        LETTERS,
        "every letter is named:\n{}",
        run.stdout
    );

    eventually("an end of its deliveries", || provider.has_delivered().then_some(()));
    provider.daemon().kill();
    let mut arrived = BTreeSet::new();
    for arrival in provider.arrivals() {
        let id = arrival.message_id.clone();
        assert!(arrived.insert(id), "taken twice: {arrival:?}\n{}", run.stdout);
    }
    let lost: Vec<_> = accepted.difference(&arrived).collect();
    assert!(
        lost.is_empty(),
        "told as accepted, and not taken: {lost:?}\n{}",
        run.stdout
    );
    let untold: Vec<_> = arrived
        .difference(&accepted)
        .filter(|id| !in_doubt.contains(*id))
        .collect();
    assert!(untold.is_empty(), "taken, and nobody knows: {untold:?}\n{}", run.stdout);
}

fn aiosmtpd() -> Option<Aiosmtpd> {
    Some(Aiosmtpd::start(&servers_with("aiosmtpd/aiosmtpd/main.py")?))
}

fn dovecot() -> Option<Dovecot> {
    let servers = servers_with("usr/lib/dovecot/submission").filter(|_| root_is_here())?;
    Some(Dovecot::start(&servers))
}

fn exim() -> Option<Exim> {
    let servers = servers_with("usr/sbin/exim4").filter(|_| root_is_here())?;
    let share = format!("smtp_accept_max_per_connection = {SHARE}\n");
    Some(Exim::start_with(&servers, PLAIN, &share))
}

fn haraka() -> Option<Haraka> {
    Some(Haraka::start(&servers_with("haraka/node_modules/Haraka/haraka.js")?))
}

fn opensmtpd() -> Option<Opensmtpd> {
    let servers = servers_with("usr/sbin/smtpd").filter(|_| root_is_here())?;
    Some(Opensmtpd::start(&servers, SHARE))
}

fn postfix() -> Option<Postfix> {
    let servers = servers_with("usr/lib/postfix/sbin/master").filter(|_| root_is_here())?;
    Some(Postfix::start(&servers, "PLAIN"))
}

fn smtp_server() -> Option<SmtpServer> {
    Some(SmtpServer::start(&servers_with(
        "smtp-server/node_modules/smtp-server/package.json",
    )?))
}

macro_rules! each_letter_once {
    ($($server:ident)*) => {$(
        mod $server {
            #[test]
            fn takes_sixty_letters_at_full_speed_each_once() {
                let Some(mut server) = super::$server() else { return };
                super::takes_each_letter_once(&mut server, "unlimited");
            }

            #[test]
            fn takes_sixty_letters_at_a_pace_each_once() {
                let Some(mut server) = super::$server() else { return };
                super::takes_each_letter_once(&mut server, super::PACE);
            }

            #[test]
            fn killed_in_the_middle_and_started_again_it_has_each_letter_once_or_the_run_names_it_as_in_doubt() {
                super::is_killed_in_the_middle(super::$server);
            }
        }
    )*};
}

each_letter_once!(aiosmtpd dovecot exim haraka opensmtpd postfix smtp_server);
