//! Signing in as providers have it: mechanisms that are offered and not meant, passwords with something in them that
//! nobody sees, and somebody at a terminal who has another one.

use crate::support::{Builder, Campaign, PASSWORD, Server, Step, TLS_CIPHER_ALERT, Tls, accepted};
use crate::terminal::Terminal;

fn guarded() -> Builder {
    Server::builder().tls(Tls::Implicit).password("ann", PASSWORD)
}

fn campaign(server: &Server) -> Campaign {
    Campaign::new().people(2).smtp(server).login("ann", PASSWORD)
}

/// The mechanisms tried, and whether what was given was right.
fn tried(server: &Server) -> Vec<(String, bool)> {
    let all = server.authentications().into_iter();
    all.map(|one| (one.mechanism, one.right)).collect()
}

#[test]
fn a_mechanism_that_is_offered_and_refused_is_no_refusal_of_the_password() {
    for refusal in [
        "504 5.5.4 Unrecognized authentication type",
        "502 5.5.1 Command not implemented",
        "534 5.7.9 Authentication mechanism is too weak",
        "535 5.7.8 Error: authentication failed: no mechanism available",
    ] {
        let server = guarded().on(Step::Auth).times(1).reply(refusal).start();
        assert_eq!(campaign(&server).send_json(&[]).exits(0).counts(), accepted(2));
        assert_eq!(
            tried(&server),
            [("PLAIN".to_owned(), true), ("LOGIN".to_owned(), true)],
            "{refusal}"
        );
        assert_eq!((server.connections(), server.violations()), (1, Vec::new()));
    }
}

#[test]
fn a_server_that_hangs_up_on_a_mechanism_gets_the_next_one_on_a_fresh_connection() {
    let server = guarded()
        .on(Step::Auth)
        .times(1)
        .reply_then_close("504 5.5.4 Unrecognized authentication type")
        .start();
    let run = campaign(&server).set("smtp.retry-for", "0s").send_json(&[]);
    assert_eq!(run.exits(0).counts(), accepted(2));
    assert_eq!(tried(&server).len(), 2);
    assert_eq!(server.connections(), 2);
}

#[test]
fn a_mechanism_that_was_refused_once_is_not_tried_again_on_the_next_connection() {
    let server = guarded()
        .close_after_letters(1)
        .on(Step::Auth)
        .times(1)
        .reply("504 5.5.4 Unrecognized authentication type")
        .start();
    assert_eq!(campaign(&server).send_json(&[]).exits(0).counts(), accepted(2));
    let mechanisms: Vec<String> = tried(&server).into_iter().map(|(mechanism, _)| mechanism).collect();
    assert_eq!(mechanisms, ["PLAIN", "LOGIN", "LOGIN"]);
}

#[test]
fn a_wrong_password_behind_a_refused_mechanism_is_tried_once() {
    let server = guarded().on(Step::Auth).times(1).reply("504 5.5.4 no").start();
    let run = campaign(&server).login("ann", "not it").send_json(&[]);
    run.exits(4)
        .says(&["did not accept ann", "535 5.7.8", "2 letters not sent"]);
    assert_eq!(
        tried(&server),
        [("PLAIN".to_owned(), false), ("LOGIN".to_owned(), false)]
    );
}

#[test]
fn a_server_that_takes_no_mechanism_is_said_to_have_said_nothing_of_the_password() {
    let server = guarded().on(Step::Auth).reply("504 5.5.4 not today").start();
    let run = campaign(&server).send_json(&[]);
    run.exits(4).says(&[
        "takes none of them",
        "PLAIN: 504 5.5.4 not today; then: LOGIN: 504 5.5.4 not today",
        "say nothing of your password",
    ]);
    assert_eq!(tried(&server).len(), 2);
}

#[test]
fn a_server_that_wants_another_mechanism_is_named_with_those_there_are() {
    for (offer, advice) in [
        ("AUTH CRAM-MD5", "no longer safe"),
        ("AUTH GSSAPI NTLM", "the computers of one organisation"),
        ("AUTH XOAUTH2", "smtp.auth = \"xoauth2\""),
    ] {
        let server = guarded().keyword(offer).start();
        let offers = offer.trim_start_matches("AUTH ").replace(' ', ", ");
        campaign(&server).send(&[]).exits(4).says(&[
            &format!("it offers {offers}"),
            "appel has SCRAM-SHA-256, PLAIN, LOGIN",
            advice,
        ]);
        assert_eq!((tried(&server).len(), server.connections()), (0, 1));
    }
    let server = guarded().start();
    let run = campaign(&server).set("smtp.auth", "xoauth2").send(&[]);
    run.exits(4)
        .says(&["appel has XOAUTH2, OAUTHBEARER", "smtp.auth = \"password\""]);
}

#[test]
fn a_password_is_told_only_after_the_mechanism_that_does_not_tell_it() {
    // The scripted server does not have that one.
    let server = guarded().keyword("AUTH PLAIN LOGIN SCRAM-SHA-256").start();
    assert_eq!(campaign(&server).send_json(&[]).exits(0).counts(), accepted(2));
    let all = server.transcript(1);
    let first = all.find("C: AUTH ").map(|at| &all[at..]).unwrap_or_default();
    assert!(first.starts_with("C: AUTH SCRAM-SHA-256 "), "{all}");
    assert_eq!(tried(&server), [("PLAIN".to_owned(), true)]);
}

#[test]
fn a_no_break_space_in_a_password_is_named_and_not_shown() {
    let server = guarded().start();
    for (password, words) in [
        ("zq7w\u{a0}rdsch", "a no-break space (U+00A0) inside"),
        ("zq7wrdsch\u{200b}", "a zero-width character (U+200B) at its end"),
        ("zq7wrdsch ", "a space at its end"),
    ] {
        let run = campaign(&server).login("ann", password).send(&[]);
        run.exits(4)
            .says(&["535 5.7.8", &format!("the password holds {words}")]);
        assert!(![run.stdout.as_str(), &run.stderr].concat().contains("rdsch"));
    }
    let run = campaign(&server).send(&[]);
    assert!(!run.exits(0).stderr.contains("holds"), "{}", run.stderr);
}

#[test]
fn a_refused_password_is_told_with_where_it_came_from() {
    let server = guarded().start();
    let campaign = campaign(&server).login("ann", "not it");
    campaign.send(&[]).exits(4).says(&["the variable APPEL_SMTP_PASSWORD"]);
    let campaign = campaign.set("smtp.password-command", "echo neither");
    campaign
        .send(&[])
        .exits(4)
        .says(&["which came from smtp.password-command"]);
    assert_eq!(tried(&server).len(), 2);
}

#[test]
fn somebody_at_a_terminal_is_asked_once_more_and_the_letters_leave() {
    let server = guarded().start();
    let campaign = campaign(&server).login("ann", "not it");
    let Some(terminal) = Terminal::of(&campaign, &["send", "--yes"]) else {
        return;
    };
    let screen = terminal.wait_for("Another password of ann");
    assert!(screen.contains("535 5.7.8"), "{screen}");
    terminal.press(PASSWORD);
    terminal.press("Enter");
    let screen = terminal.ends(0);
    assert!(!screen.contains(PASSWORD), "{screen}");
    assert_eq!(campaign.standing(), [2, 0, 0, 0, 0]);
    assert_eq!(
        tried(&server),
        [("PLAIN".to_owned(), false), ("PLAIN".to_owned(), true)]
    );
}

#[test]
fn somebody_at_a_terminal_is_not_asked_a_third_time() {
    let server = guarded().start();
    let campaign = campaign(&server).login("ann", "not it");
    for (keys, tries, words) in [
        (&["neither", "Enter"][..], 2, "refused too, and no third one is tried"),
        (&["Enter"], 1, "no password was given"),
    ] {
        let before = tried(&server).len();
        let Some(terminal) = Terminal::of(&campaign, &["send", "--yes"]) else {
            return;
        };
        terminal.wait_for("Another password of ann");
        keys.iter().for_each(|key| terminal.press(key));
        let screen = terminal.ends(4).replace('\n', " ");
        let screen = screen.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(screen.contains(words), "{screen}");
        assert_eq!(tried(&server).len() - before, tries);
    }
    assert_eq!(campaign.standing(), [0, 0, 0, 0, 2]);
}

#[test]
fn ctrl_c_at_the_second_question_ends_the_run_and_leaves_the_terminal_as_it_was() {
    let server = guarded().start();
    let campaign = campaign(&server).login("ann", "not it");
    let Some(terminal) = Terminal::of(&campaign, &["send", "--yes"]) else {
        return;
    };
    terminal.wait_for("Another password of ann");
    terminal.press("C-c");
    terminal.ends(130);
    assert_eq!(tried(&server).len(), 1);
    assert_eq!(campaign.standing(), [0, 0, 0, 0, 2]);
}

#[test]
fn a_server_with_rsa_key_exchange_only_is_said_to_be_that_and_not_to_have_old_tls() {
    for tls in [Tls::Implicit, Tls::Starttls] {
        let server = Server::builder()
            .tls(tls)
            .password("ann", PASSWORD)
            .on(Step::TlsHandshake)
            .garble(TLS_CIPHER_ALERT)
            .start();
        let run = campaign(&server).send(&[]);
        run.exits(4)
            .says(&["cannot agree on TLS", "RSA key exchange only", "no password was sent"]);
        assert!(!run.stderr.contains("TLS 1.0"), "{}", run.stderr);
        assert_eq!(server.connections(), 1);
    }
}

/// A server of openssl's with these options, on a port of its own, with a certificate as openssl makes it.
struct Openssl {
    child: std::process::Child,
    port: u16,
    folder: tempfile::TempDir,
}

impl Openssl {
    /// `None`, and a word about it, when there is no openssl.
    fn start(options: &[&str]) -> Option<Self> {
        Self::with_certificate(&["-x509", "-newkey", "rsa:2048"], options)
    }

    /// The same with a certificate made so; when it does not sign itself, it is then signed as of old.
    fn with_certificate(made: &[&str], options: &[&str]) -> Option<Self> {
        use std::process::{Command, Stdio};
        let folder = tempfile::tempdir().unwrap();
        let run = |arguments: &[&str]| {
            let mut command = Command::new("openssl");
            command.args(arguments).current_dir(folder.path());
            // It ends with its input.
            command
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            command.spawn()
        };
        let common = [
            "req",
            "-nodes",
            "-keyout",
            "key.pem",
            "-out",
            "own.pem",
            "-subj",
            "/CN=bridge",
        ];
        let Ok(mut first) = run(&[&common, made].concat()) else {
            eprintln!("left out: there is no openssl");
            return None;
        };
        assert!(first.wait().unwrap().success());
        if !made.contains(&"-x509") {
            let sign = [
                "x509",
                "-req",
                "-in",
                "own.pem",
                "-signkey",
                "key.pem",
                "-out",
                "signed.pem",
            ];
            assert!(run(&sign).unwrap().wait().unwrap().success());
            std::fs::rename(folder.path().join("signed.pem"), folder.path().join("own.pem")).unwrap();
        }
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let address = format!("127.0.0.1:{port}");
        let basic = [
            "s_server", "-accept", &address, "-key", "key.pem", "-cert", "own.pem", "-quiet",
        ];
        let child = run(&[&basic, options].concat()).unwrap();
        let begun = std::time::Instant::now();
        while std::net::TcpStream::connect(&address).is_err() {
            assert!(begun.elapsed().as_secs() < 20, "openssl does not listen");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        Some(Self { child, port, folder })
    }

    /// Says this to whoever comes, again and again.
    fn says(&mut self, line: &'static str) {
        use std::io::Write;
        let mut input = self.child.stdin.take().expect("a pipe");
        std::thread::spawn(move || {
            while input.write_all(line.as_bytes()).and_then(|()| input.flush()).is_ok() {
                std::thread::sleep(std::time::Duration::from_millis(200));
            }
        });
    }

    fn campaign(&self) -> Campaign {
        Campaign::new()
            .set("smtp.host", "127.0.0.1")
            .set_toml("smtp.port", &self.port.to_string())
            .set("smtp.security", "tls")
            .set("smtp.timeout", "2s")
            .set("smtp.ca-file", self.folder.path().join("own.pem").to_str().unwrap())
            .login("ann", PASSWORD)
    }
}

impl Drop for Openssl {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn what_a_real_server_of_old_answers_is_named_as_what_it_is() {
    for (options, words) in [
        (
            &["-tls1_2", "-cipher", "AES128-SHA:@SECLEVEL=0"][..],
            "RSA key exchange only",
        ),
        (
            &["-tls1_2", "-cipher", "AES128-GCM-SHA256:@SECLEVEL=0"],
            "RSA key exchange only",
        ),
        (&["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], "TLS 1.0 or 1.1 only"),
        (&["-tls1", "-cipher", "ALL:@SECLEVEL=0"], "TLS 1.0 or 1.1 only"),
    ] {
        let Some(server) = Openssl::start(options) else {
            return;
        };
        let run = server.campaign().send(&["--retry-for", "1s"]);
        run.exits(4)
            .says(&["cannot agree on TLS", words, "no password was sent"]);
    }
}

#[test]
fn a_certificate_as_openssl_makes_it_is_accepted_as_itself() {
    let Some(mut server) = Openssl::start(&[]) else {
        return;
    };
    // What it is told to say comes through to whoever has shaken hands with it.
    server.says("554 no mail here\r\n");
    let run = server.campaign().send(&["--retry-for", "1s"]);
    run.exits(4).says(&["does not take mail from here", "554 no mail here"]);
}

#[test]
fn a_certificate_in_a_form_of_old_is_said_to_be_that() {
    for (options, words) in [
        (&["-x509", "-newkey", "rsa:1024"][..], "its key is too short"),
        (&["-newkey", "rsa:2048"], "no longer used (version 1)"),
    ] {
        let Some(server) = Openssl::with_certificate(options, &["-cipher", "ALL:@SECLEVEL=0"]) else {
            return;
        };
        let run = server.campaign().send(&["--retry-for", "1s"]);
        run.exits(4).says(&[
            "its certificate is not valid",
            words,
            "made anew",
            "no password was sent",
        ]);
    }
}
