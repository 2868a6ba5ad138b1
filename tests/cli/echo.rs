//! A server that repeats the password or token: whatever it says, where, and in which form.

use base64::Engine as _;

use crate::support::{Builder, Campaign, PASSWORD, Run, Server, Step, Tls, accepted};

const NOT_SHOWN: &str = "the server's words are not shown: they may hold the password or token";

fn guarded() -> Builder {
    Server::builder().tls(Tls::Implicit).password("ann", PASSWORD)
}

fn base64(text: &str) -> String {
    base64::engine::general_purpose::STANDARD.encode(text)
}

/// What a server may make of a secret: what it says first, and what behind it on another line.
fn echoes(secret: &str) -> Vec<(String, String)> {
    let plain = base64(&format!("\0ann\0{secret}"));
    let (one, two) = plain.split_at(plain.len() / 2);
    let (first, second) = secret.split_at(secret.len() / 2);
    let whole = [
        format!("you said {secret}"),
        format!("you said {}", secret.to_uppercase()),
        format!("cannot read AUTH PLAIN {plain}"),
        format!("cannot read {}", plain.trim_end_matches('=').to_ascii_lowercase()),
        format!("cannot read {}", base64(secret)),
        format!(
            "log: {}",
            base64(&format!("{{\"user\":\"ann\",\"password\":\"{secret}\"}}"))
        ),
        format!("you said {}", secret.replace('-', "%2D").replace('!', "%21")),
    ];
    let mut echoes: Vec<_> = whole.into_iter().map(|echo| (echo, "no".to_owned())).collect();
    echoes.push((format!("cannot read {one}"), two.to_owned()));
    echoes.push((format!("you said {first}"), format!("{second}, which is wrong")));
    echoes
}

/// In small letters, without what stands between them.
fn bare(text: &str) -> String {
    let letters = text.chars().filter(char::is_ascii_alphanumeric);
    letters.map(|c| c.to_ascii_lowercase()).collect()
}

/// Neither on the screen nor in a file is there anything of it, in whatever form, or of one half of it.
#[track_caller]
fn hidden(campaign: &Campaign, run: &Run, secret: &str) {
    let (first, second) = secret.split_at(secret.len() / 2);
    let plain = base64(&format!("\0ann\0{secret}"));
    let mut forms = vec![
        bare(secret),
        bare(first),
        bare(second),
        bare(&base64(secret)),
        bare(&plain),
    ];
    for ahead in 0..3 {
        // What base64 makes of it wherever it begins, without the letters that hold bits of what is around it.
        let encoded = base64(&format!("{}{secret}", &"xyz"[..ahead]));
        forms.push(bare(&encoded[4..encoded.len() - 4]));
    }
    forms.push(bare(&secret.replace('-', "%2D").replace('!', "%21")));
    let mut texts = vec![
        ("the screen".to_owned(), run.stderr.clone()),
        ("the output".to_owned(), run.stdout.clone()),
    ];
    let files = campaign.files_under("").into_iter();
    texts.extend(files.map(|(name, bytes)| (name, String::from_utf8_lossy(&bytes).into_owned())));
    assert!(texts.iter().any(|(name, _)| name.ends_with("ledger.sqlite3")));
    for (name, text) in texts {
        let text = bare(&text);
        for form in &forms {
            assert!(!text.contains(form.as_str()), "{form} of {secret:?} stands in {name}");
        }
    }
}

#[test]
fn a_refusal_that_repeats_the_password_is_told_without_its_words() {
    for (first, second) in echoes(PASSWORD) {
        let server = guarded()
            .on(Step::Auth)
            .reply(&format!("535-5.7.8 {first}\n535 5.7.8 {second}"))
            .start();
        let campaign = Campaign::new().people(2).smtp(&server).login("ann", PASSWORD);
        let run = campaign.send_json(&["-v"]);
        run.exits(4).says(&["535 5.7.8", NOT_SHOWN]);
        hidden(&campaign, &run, PASSWORD);
        let run = campaign.send(&["-v"]);
        run.exits(4).says(&["535 5.7.8", NOT_SHOWN]);
        hidden(&campaign, &run, PASSWORD);
    }
}

#[test]
fn a_sign_in_deferred_with_the_password_in_its_words_defers_the_letters_without_it() {
    let server = guarded()
        .on(Step::Auth)
        .reply(&format!("454 4.7.0 {PASSWORD} cannot be checked now"))
        .start();
    let campaign = Campaign::new().people(2).smtp(&server).login("ann", PASSWORD);
    let run = campaign.send_json(&["-v"]);
    assert_eq!(run.counts()[2], 2, "{}", run.stdout);
    run.says(&["454 4.7.0", NOT_SHOWN]);
    hidden(&campaign, &run, PASSWORD);
}

#[test]
fn a_password_repeated_at_any_step_of_a_letter_is_hidden_and_the_outcome_stays() {
    for (first, second) in echoes(PASSWORD) {
        let says = |code, enhanced| format!("{code}-{enhanced} {first}\n{code} {enhanced} {second}");
        let server = guarded()
            .on(Step::Mail)
            .letter(1)
            .reply(&says(550, "5.7.1"))
            .on(Step::Rcpt)
            .letter(2)
            .reply(&says(550, "5.1.1"))
            .on(Step::Data)
            .letter(3)
            .reply(&says(554, "5.6.0"))
            .on(Step::FinalDot)
            .letter(4)
            .reply(&says(250, "2.0.0"))
            .on(Step::FinalDot)
            .letter(5)
            .reply(&says(554, "5.7.1"))
            .on(Step::FinalDot)
            .letter(6)
            .reply(&says(451, "4.3.0"))
            .start();
        let campaign = Campaign::new().people(6).smtp(&server).login("ann", PASSWORD);
        let run = campaign.send_json(&["-v"]);
        assert_eq!(
            run.outcomes(),
            [
                "m1@mfa.example refused",
                "m2@mfa.example refused",
                "m3@mfa.example refused",
                "m4@mfa.example accepted",
                "m5@mfa.example refused",
                "m6@mfa.example deferred",
            ],
            "{}",
            run.stdout
        );
        assert!(run.stdout.contains("***"), "{}", run.stdout);
        assert_eq!(server.unfired(), [""; 0]);
        hidden(&campaign, &run, PASSWORD);
        let log = campaign.appel(&["log"]);
        hidden(&campaign, &log, PASSWORD);
    }
}

#[test]
fn a_password_repeated_on_the_next_connection_is_hidden_too() {
    let (one, two) = PASSWORD.split_at(7);
    let greeting = format!("554-mx.example knows {one}\n554 and {two}");
    let hello = format!("550-mx.example\n550-{}\n550 no", base64(&format!("\0ann\0{PASSWORD}")));
    // The keywords of the third are all that is said of a server that offers no way to sign in; the fourth is no server.
    let offers = format!("250-mx.example\n250-AUTH {one}\n250 AUTH {two}");
    let nonsense = format!("220-{one}\r\n{two}\r\n");
    let scripted = |step| guarded().close_after_letters(1).on(step).connection(2);
    let servers = [
        ("***", scripted(Step::Connect).reply(&greeting)),
        ("***", scripted(Step::Ehlo).reply(&hello)),
        ("it offers ***", scripted(Step::Ehlo).reply(&offers)),
        ("not an SMTP reply: ***", scripted(Step::Connect).garble(nonsense)),
    ];
    for (told, server) in servers {
        let server = server.start();
        let campaign = Campaign::new().people(2).smtp(&server).login("ann", PASSWORD);
        let run = campaign.send_json(&["-v"]);
        assert_eq!(run.counts()[1], 1, "{}{}", run.stdout, run.stderr);
        assert!(
            run.stdout.contains(told) || run.stderr.contains(told),
            "{}{}",
            run.stdout,
            run.stderr
        );
        hidden(&campaign, &run, PASSWORD);
    }
}

#[test]
fn a_password_that_is_a_word_of_every_server_keeps_nobody_from_signing_in() {
    for password in ["plain", "pipelining", "starttls", "login", "250"] {
        let server = Server::builder().tls(Tls::Implicit).password("ann", password).start();
        let campaign = Campaign::new().people(2).smtp(&server).login("ann", password);
        assert_eq!(campaign.send_json(&[]).exits(0).counts(), accepted(2), "{password}");
    }
}

#[test]
fn a_short_password_costs_the_words_of_a_refusal_and_none_of_a_letters_outcome() {
    let server = Server::builder().tls(Tls::Implicit).password("ann", "ok").start();
    let campaign = Campaign::new().people(1).smtp(&server).login("ann", "ok");
    let run = campaign.send_json(&["-v"]);
    assert_eq!(run.exits(0).counts(), accepted(1));
    assert!(run.stdout.contains("2.0.0 Ok: queued"), "{}", run.stdout);
    let refusing = Server::builder()
        .tls(Tls::Implicit)
        .password("ann", "another")
        .on(Step::Auth)
        .reply("535 5.7.8 ok is wrong")
        .start();
    let campaign = Campaign::new().people(1).smtp(&refusing).login("ann", "ok");
    let run = campaign.send(&["-v"]);
    run.exits(4).says(&["535 5.7.8", NOT_SHOWN]);
    assert!(!run.stderr.contains("ok is wrong"), "{}", run.stderr);
}

#[test]
fn a_token_in_the_reason_for_its_refusal_is_hidden_and_so_is_its_successor() {
    let (stale, fresh) = ("ya29.zq7Rdsch-un9gel", "ya29.gel9nu-hcsdR7qz");
    let said = |token: &str| format!("user=ann\u{1}auth=Bearer {token}\u{1}\u{1}");
    let reasons = [
        format!("{{\"status\":\"401\",\"token\":\"{stale}\"}}"),
        format!("{{\"status\":\"401\",\"got\":\"{}\"}}", base64(&said(stale))),
        format!("no JSON, but {stale}"),
    ];
    for reason in reasons {
        let server = Server::builder()
            .tls(Tls::Implicit)
            .token("ann", fresh)
            .on(Step::Auth)
            .nth(1)
            .reply(&format!("334 {}", base64(&reason)))
            .on(Step::Auth)
            .nth(2)
            .reply(&format!(
                "535 5.7.8 neither {stale} nor {} is right",
                base64(&said(fresh))
            ))
            .start();
        let campaign = Campaign::new()
            .people(2)
            .smtp(&server)
            .set("smtp.auth", "xoauth2")
            .set("smtp.username", "ann")
            // Put together by the shell: neither token stands in a file.
            .set(
                "smtp.password-command",
                "if mkdir once 2>/dev/null; then echo ya29.zq7Rdsch'-un'9gel; else echo ya29.gel9nu'-hcs'dR7qz; fi",
            );
        let run = campaign.send_json(&["-v"]);
        run.exits(4).says(&["did not accept the access token of ann"]);
        for token in [stale, fresh] {
            let (_, told) = token.split_once('.').unwrap();
            for text in [&run.stdout, &run.stderr] {
                let text = bare(text);
                assert!(!text.contains(&bare(told)), "{text}");
                assert!(!text.contains(&bare(&base64(&said(token)))), "{text}");
            }
        }
        // The command's own words stand in the configuration.
        let told = |run: &Run| bare(&run.stdout).contains("gel9nu") || bare(&run.stderr).contains("gel9nu");
        assert!(!told(&run), "{}{}", run.stdout, run.stderr);
    }
}

#[test]
fn a_token_and_its_successor_are_hidden_in_what_is_said_of_a_letter() {
    let (stale, fresh) = ("ya29.zq7Rdsch-un9gel", "ya29.gel9nu-hcsdR7qz");
    let server = Server::builder()
        .tls(Tls::Implicit)
        .token("ann", fresh)
        .on(Step::FinalDot)
        .letter(1)
        .reply(&format!("250 2.0.0 taken with {fresh} instead of {stale}"))
        .on(Step::FinalDot)
        .letter(2)
        .reply(&format!("554 5.7.1 not with {} or {stale}", base64(fresh)))
        .start();
    let campaign = Campaign::new()
        .people(2)
        .smtp(&server)
        .set("smtp.auth", "xoauth2")
        .set("smtp.username", "ann")
        .set(
            "smtp.password-command",
            "if mkdir once 2>/dev/null; then echo ya29.zq7Rds'ch-un'9gel; else echo ya29.gel9n'u-hcs'dR7qz; fi",
        );
    let run = campaign.send_json(&["-v"]);
    assert_eq!(run.outcomes(), ["m1@mfa.example accepted", "m2@mfa.example refused"]);
    assert!(
        run.stdout.contains("2.0.0 taken with *** instead of ***"),
        "{}",
        run.stdout
    );
    assert!(run.stdout.contains("5.7.1 not with *** or ***"), "{}", run.stdout);
    let ledger = std::fs::read(campaign.ledger()).unwrap();
    for token in [stale, fresh] {
        for form in [token.to_owned(), base64(token)] {
            assert!(!ledger.windows(form.len()).any(|window| window == form.as_bytes()));
        }
    }
}
