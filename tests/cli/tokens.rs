//! Access tokens (OAuth): what is tried when the server refuses one, how often, and what a person is told.

use crate::support::{Builder, Campaign, Server, Step, Tls, accepted};

/// A command that prints `token-1`, `token-2`, `token-3` …, counts how often it ran, and tells when it runs twice at
/// once.
const COUNTING: &str = "mkdir busy || touch overlap; n=$(($(cat ran 2>/dev/null || echo 0) + 1)); echo $n > ran; rmdir busy; echo token-$n";

fn guarded() -> Builder {
    Server::builder().tls(Tls::Implicit)
}

/// Letters for so many people, signed in with what this command prints.
fn campaign(server: &Server, people: usize, command: &str) -> Campaign {
    Campaign::new()
        .people(people)
        .smtp(server)
        .set("smtp.username", "ann")
        .set("smtp.auth", "xoauth2")
        .set("smtp.password-command", command)
}

fn ran(campaign: &Campaign) -> usize {
    assert!(!campaign.path("overlap").exists(), "the command ran twice at once");
    std::fs::read_to_string(campaign.path("ran")).map_or(0, |count| count.trim().parse().unwrap())
}

/// Whether each token that was tried was right.
fn tried(server: &Server) -> Vec<bool> {
    server.authentications().iter().map(|one| one.right).collect()
}

#[test]
fn an_access_token_is_spoken_as_xoauth2() {
    let server = guarded().token("ann", "token-1").start();
    let campaign = campaign(&server, 2, COUNTING);
    assert_eq!(campaign.send_json(&[]).exits(0).counts(), accepted(2));
    assert_eq!((ran(&campaign), tried(&server)), (1, vec![true]));
    assert_eq!(server.authentications()[0].mechanism, "XOAUTH2");
    assert_eq!(server.violations(), [""; 0]);
}

#[test]
fn an_expired_token_is_renewed_once_and_the_letters_leave() {
    let server = guarded().token("ann", "token-2").start();
    let campaign = campaign(&server, 2, COUNTING);
    let run = campaign.send_json(&[]);
    assert_eq!(run.exits(0).counts(), accepted(2));
    assert_eq!((ran(&campaign), tried(&server)), (2, vec![false, true]));
    assert_eq!(
        server.connections(),
        1,
        "the server allows a second try on the connection"
    );
    assert_eq!(server.violations(), [""; 0]);
}

#[test]
fn an_expired_token_is_renewed_for_a_new_connection_where_the_server_hears_no_second_try() {
    let scripts: [fn(Builder) -> Builder; 4] = [
        |builder| builder.on(Step::Auth).nth(1).reply_then_close("535 5.7.8 no"),
        |builder| builder.on(Step::Auth).nth(2).reply_then_close("421 4.7.0 enough"),
        |builder| builder.on(Step::Auth).nth(2).reply("503 5.5.1 enough"),
        |builder| builder.on(Step::Auth).nth(2).reset(),
    ];
    for script in scripts {
        let server = script(guarded().token("ann", "token-2")).start();
        let campaign = campaign(&server, 2, COUNTING);
        assert_eq!(campaign.send_json(&[]).exits(0).counts(), accepted(2));
        assert_eq!(ran(&campaign), 2);
        assert_eq!(server.connections(), 2);
        assert_eq!(server.unfired(), [""; 0]);
    }
}

#[test]
fn a_token_whose_successor_is_refused_too_ends_the_run() {
    let server = guarded().token("ann", "token-9").start();
    let campaign = campaign(&server, 2, COUNTING);
    let run = campaign.send_json(&["--retry-for", "1min"]);
    run.exits(4).says(&[
        "127.0.0.1 did not accept the access token of ann",
        "535 5.7.8",
        "the server's reason: schemes bearer, status 401",
        "no third one is tried",
        "2 letters not sent",
    ]);
    assert_eq!(run.counts(), [2, 0, 2, 0, 0, 0]);
    assert_eq!((ran(&campaign), tried(&server)), (2, vec![false, false]));
    assert_eq!((server.taken().len(), campaign.standing()[4]), (0, 2));
}

#[test]
fn a_successor_that_only_a_new_connection_refuses_is_the_last_one_all_the_same() {
    let server = guarded()
        .token("ann", "token-9")
        .on(Step::Auth)
        .nth(2)
        .reply_then_close("421 4.7.0 enough")
        .start();
    let campaign = campaign(&server, 2, COUNTING);
    let run = campaign.send_json(&["--retry-for", "1min"]);
    run.exits(4).says(&["no third one is tried"]);
    assert_eq!((ran(&campaign), server.connections()), (2, 2));
    assert_eq!(server.unfired(), [""; 0]);
}

#[test]
fn a_command_that_has_no_other_token_ends_the_run_after_one_try() {
    for (command, words) in [
        ("echo old", &["gave the same one again"][..]),
        (
            "test -e once && { echo sign in anew >&2; exit 3; }; touch once; echo old",
            &[
                "and there is no other",
                "smtp.password-command failed",
                "sign in anew",
                "535 5.7.8",
            ],
        ),
        (
            "test -e once || echo old; touch once",
            &["and there is no other", "smtp.password-command printed nothing"],
        ),
    ] {
        let server = guarded().token("ann", "new").start();
        let campaign = campaign(&server, 2, command);
        campaign.send_json(&[]).exits(4).says(words);
        assert_eq!((tried(&server), server.connections()), (vec![false], 1), "{command}");
    }
}

#[test]
fn a_token_that_no_command_gave_is_said_to_be_nothing_that_can_be_renewed() {
    let server = guarded().token("ann", "fresh").start();
    let campaign = Campaign::new()
        .people(2)
        .smtp(&server)
        .set("smtp.auth", "xoauth2")
        .login("ann", "stale");
    campaign.send(&[]).exits(4).says(&[
        "did not accept the access token of ann",
        "the token may have expired",
        "appel cannot renew one that comes from the variable APPEL_SMTP_PASSWORD",
        "smtp.password-command",
    ]);
    assert_eq!(tried(&server), [false]);
    campaign.environment("APPEL_SMTP_PASSWORD", "fresh").send(&[]).exits(0);
}

#[test]
fn a_password_from_a_command_is_tried_once_and_not_fetched_again() {
    let server = guarded().password("ann", "token-2").start();
    let campaign = campaign(&server, 2, COUNTING).set("smtp.auth", "password");
    campaign.send(&["--retry-for", "1min"]).exits(4).says(&[
        "did not accept ann and its password",
        "535 5.7.8",
        "It was tried once only",
    ]);
    assert_eq!((ran(&campaign), tried(&server)), (1, vec![false]));
}

#[test]
fn a_token_that_expires_in_the_middle_of_a_run_is_renewed_when_a_connection_is_opened_again() {
    // Each connection takes two letters, and each new one finds that the token has expired.
    let mut builder = guarded().close_after_letters(2);
    for token in 1..=3 {
        builder = builder.token("ann", &format!("token-{token}"));
    }
    // The first try on the second and on the third connection; the second try on each is let in.
    let server = builder
        .on(Step::Auth)
        .connection(2)
        .nth(1)
        .reply("535 5.7.8 expired")
        .on(Step::Auth)
        .connection(3)
        .nth(1)
        .reply("535 5.7.8 expired")
        .start();
    let campaign = campaign(&server, 6, COUNTING);
    let run = campaign.send_json(&[]);
    assert_eq!(run.exits(0).counts(), accepted(6));
    assert_eq!((ran(&campaign), server.authentications().len()), (3, 5));
    assert_eq!((server.taken().len(), server.taken_twice().len()), (6, 0));
    assert_eq!(server.unfired(), [""; 0]);
}

#[test]
fn a_command_that_takes_long_holds_up_only_the_connection_that_asked() {
    // The first connection ends after one letter and has its next token refused; the command then waits for a file.
    let server = guarded()
        .token("ann", "token-1")
        .token("ann", "token-2")
        .on(Step::BetweenLetters)
        .connection(1)
        .after_letters(1)
        .close()
        .on(Step::Auth)
        .connection(3)
        .nth(1)
        .reply("535 5.7.8 expired")
        .start();
    let waiting = format!(
        "if test -e ran; then touch asked; n=0; while ! test -e go && test $n -lt 3000; do sleep 0.02; n=$((n+1)); done; fi; {COUNTING}"
    );
    let campaign = campaign(&server, 200, &waiting).set_toml("smtp.connections", "2");
    let run = campaign.spawn(&["send", "--yes", "--json"]);
    campaign.wait_for_file("asked");
    // All but the two that the first connection has in hand.
    server.wait_for_letters(198);
    campaign.put("go", "");
    let run = run.wait();
    assert_eq!(run.exits(0).counts(), accepted(200));
    assert_eq!((ran(&campaign), server.taken_twice().len()), (2, 0));
    assert_eq!(server.unfired(), [""; 0]);
}

#[test]
fn a_run_that_is_interrupted_does_not_wait_for_the_command() {
    let server = guarded().token("ann", "token-2").start();
    let waiting = format!("if test -e ran; then touch asked; exec sleep 600; fi; {COUNTING}");
    let campaign = campaign(&server, 2, &waiting);
    let mut run = campaign.spawn(&["send", "--yes", "--json"]);
    campaign.wait_for_file("asked");
    run.terminate();
    let run = run.wait();
    assert_eq!(run.exits(130).counts(), [2, 0, 2, 0, 0, 0]);
}
