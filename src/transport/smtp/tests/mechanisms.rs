//! Which way to sign in is taken, and when another one is.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::{digest, hmac, pbkdf2};
use secrecy::SecretString;

use super::{Server, decoded, fatal, settings, temporary};
use crate::input::config::Security;
use crate::transport::smtp::{Login, Renewal, Settings};

const SALT: &[u8] = b"salt";
const ROUNDS: u32 = 4096;

fn with_password(password: &str) -> Settings {
    settings(Some(Login::password("ann", SecretString::from(password))))
}

fn with_token() -> Settings {
    let renewal = Renewal::ByHand(appel_messages::Message::quote("get another"));
    settings(Some(Login::token("ann", SecretString::from("token-1"), renewal)))
}

/// PLAIN with this password, as a client says it.
fn plain(password: &str) -> String {
    format!("AUTH PLAIN {}", BASE64.encode(format!("\0ann\0{password}")))
}

/// What the server of SCRAM-SHA-256 knows of an exchange.
struct Scram {
    first_bare: String,
    nonce: String,
    server_first: String,
}

impl Server {
    /// Hears the first message of SCRAM-SHA-256 and answers it.
    async fn challenges(&mut self) -> Scram {
        let line = self.hears().await;
        let first = decoded(line.strip_prefix("AUTH SCRAM-SHA-256 ").expect(&line));
        let first_bare = first.strip_prefix("n,,").unwrap().to_owned();
        let client_nonce = first_bare.strip_prefix("n=ann,r=").unwrap();
        let nonce = format!("{client_nonce}of-the-server");
        let server_first = format!("r={nonce},s={},i={ROUNDS}", BASE64.encode(SALT));
        self.says(&format!("334 {}\r\n", BASE64.encode(&server_first))).await;
        Scram {
            first_bare,
            nonce,
            server_first,
        }
    }

    /// Hears the proof: whether it is one of this password, and what proves the same of the server.
    async fn is_shown(&mut self, scram: &Scram, password: &str) -> (bool, String) {
        let last = decoded(&self.hears().await);
        let (without_proof, proof) = last.split_once(",p=").unwrap();
        assert_eq!(without_proof, format!("c=biws,r={}", scram.nonce));
        let mut salted = [0; 32];
        let rounds = ROUNDS.try_into().unwrap();
        pbkdf2::derive(
            pbkdf2::PBKDF2_HMAC_SHA256,
            rounds,
            SALT,
            password.as_bytes(),
            &mut salted,
        );
        let sign = |key: &[u8], words: &[u8]| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), words);
        let exchange = format!("{},{},{without_proof}", scram.first_bare, scram.server_first);
        let stored = digest::digest(&digest::SHA256, sign(&salted, b"Client Key").as_ref());
        let signed = sign(stored.as_ref(), exchange.as_bytes());
        let proof = BASE64.decode(proof).unwrap();
        let key: Vec<u8> = proof.iter().zip(signed.as_ref()).map(|(a, b)| a ^ b).collect();
        let is_right = digest::digest(&digest::SHA256, &key).as_ref() == stored.as_ref();
        let server_key = sign(&salted, b"Server Key");
        let signature = BASE64.encode(sign(server_key.as_ref(), exchange.as_bytes()));
        (is_right, format!("v={signature}"))
    }
}

#[tokio::test(start_paused = true)]
async fn a_mechanism_that_the_server_offers_and_will_not_have_gives_way_to_the_next() {
    for refusal in [
        "500 5.5.1 command unrecognized",
        "501 5.5.2 cannot decode that",
        "502 5.5.1 not implemented",
        "504 5.5.4 Unrecognized authentication type",
        "534 5.7.9 authentication mechanism is too weak",
        "535 5.7.8 Error: authentication failed: no mechanism available",
        "554 5.7.0 mechanism PLAIN is not supported",
        "432 4.7.12 a password transition is needed",
    ] {
        let settings = with_password("secret");
        let (mut server, client) = Server::with_client(&settings);
        let admit = async {
            server.welcomes_by("PLAIN LOGIN").await;
            assert_eq!(server.hears().await, plain("secret"));
            server.says(&format!("{refusal}\r\n")).await;
            assert_eq!(server.is_told_by_login().await, ("ann".to_owned(), "secret".to_owned()));
            server.says("235 2.7.0 welcome\r\n").await;
        };
        let ((), connected) = tokio::join!(admit, client);
        assert!(connected.is_ok(), "{refusal}");

        // The next connection knows.
        let (mut server, client) = Server::with_client(&settings);
        let admit = async {
            server.welcomes_by("PLAIN LOGIN").await;
            server.is_told_by_login().await;
            server.says("235 2.7.0 welcome\r\n").await;
        };
        let ((), connected) = tokio::join!(admit, client);
        assert!(connected.is_ok(), "{refusal}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_hears_one_mechanism_a_connection_gets_the_next_one_on_a_fresh_one() {
    for then in [
        "",
        "503 5.5.1 bad sequence of commands\r\n",
        "421 4.7.0 too many errors\r\n",
    ] {
        let settings = with_password("secret");
        let (mut server, client) = Server::with_client(&settings);
        let refuse = async {
            server.welcomes_by("PLAIN LOGIN").await;
            server.hears().await;
            server.says("504 5.5.4 no\r\n").await;
            if !then.is_empty() {
                assert_eq!(server.hears().await, "AUTH LOGIN");
                server.says(then).await;
            }
            drop(server);
        };
        let ((), connected) = tokio::join!(refuse, client);
        temporary(connected);
        let (mut server, client) = Server::with_client(&settings);
        let admit = async {
            server.welcomes_by("PLAIN LOGIN").await;
            server.is_told_by_login().await;
            server.says("235 2.7.0 welcome\r\n").await;
        };
        let ((), connected) = tokio::join!(admit, client);
        assert!(connected.is_ok(), "{then}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_password_that_is_refused_is_given_by_no_other_mechanism() {
    for refusal in [
        "535 5.7.8 authentication failed",
        "534 5.7.9 Application-specific password required",
        "530 5.7.0 authentication required",
        "550 5.7.8 no",
        "550 5.7.1 no",
    ] {
        let settings = with_password("secret");
        let (mut server, client) = Server::with_client(&settings);
        let refuse = async {
            server.welcomes_by("PLAIN LOGIN").await;
            server.hears().await;
            server.says(&format!("{refusal}\r\n")).await;
            assert_eq!(server.hears().await, "", "{refusal}");
        };
        let ((), (what, cause, _)) = tokio::join!(refuse, async { fatal(client.await) });
        assert_eq!(what, "mx.example did not accept ann and its password");
        assert_eq!(cause, refusal);
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_takes_no_mechanism_at_all_is_quoted_for_each() {
    let settings = with_password("secret");
    let (mut server, client) = Server::with_client(&settings);
    let refuse = async {
        server.welcomes_by("LOGIN PLAIN").await;
        server.hears().await;
        server.says("504 5.5.4 not this\r\n").await;
        assert_eq!(server.hears().await, "AUTH LOGIN");
        server.says("502 5.5.1 nor that\r\n").await;
        assert_eq!(server.hears().await, "");
    };
    let ((), (what, cause, hint)) = tokio::join!(refuse, async { fatal(client.await) });
    assert_eq!(what, "mx.example offers ways to sign in, and then takes none of them");
    assert_eq!(cause, "PLAIN: 504 5.5.4 not this; then: LOGIN: 502 5.5.1 nor that");
    assert!(hint.contains("say nothing of your password"), "{hint}");
}

#[tokio::test(start_paused = true)]
async fn a_mechanism_that_asks_for_the_same_twice_is_answered_and_one_that_never_ends_is_taken_back() {
    let settings = with_password("secret");
    let (mut server, client) = Server::with_client(&settings);
    let admit = async {
        server.welcomes_by("PLAIN LOGIN").await;
        let said = server.hears().await;
        server.says("334 \r\n").await;
        assert_eq!(format!("AUTH PLAIN {}", server.hears().await), said);
        server.says("334 \r\n").await;
        assert_eq!(server.hears().await, "*");
        server.says("501 5.7.0 cancelled\r\n").await;
        server.is_told_by_login().await;
        server.says("235 2.7.0 welcome\r\n").await;
    };
    let ((), connected) = tokio::join!(admit, client);
    assert!(connected.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_password_is_shown_and_not_told_where_the_server_can_do_that() {
    let settings = with_password("secret");
    for _ in 0..2 {
        let (mut server, client) = Server::with_client(&settings);
        let admit = async {
            server.welcomes_by("LOGIN PLAIN SCRAM-SHA-256 SCRAM-SHA-256-PLUS").await;
            let scram = server.challenges().await;
            let (is_right, signature) = server.is_shown(&scram, "secret").await;
            assert!(is_right);
            server.says(&format!("334 {}\r\n", BASE64.encode(signature))).await;
            assert_eq!(server.hears().await, "");
            server.says("235 2.7.0 welcome\r\n").await;
        };
        let ((), connected) = tokio::join!(admit, client);
        assert!(connected.is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_know_the_password_itself_ends_the_run() {
    for lie in [
        &format!("334 {}\r\n", BASE64.encode(format!("v={}", BASE64.encode([7; 32])))),
        "334 \r\n",
        "334 %\r\n",
        "235 2.7.0 welcome\r\n",
    ] {
        let settings = with_password("secret");
        let (mut server, client) = Server::with_client(&settings);
        let lies = async {
            server.welcomes_by("SCRAM-SHA-256 PLAIN LOGIN").await;
            let scram = server.challenges().await;
            server.is_shown(&scram, "secret").await;
            server.says(lie).await;
            assert_eq!(server.hears().await, "", "nothing more is said: {lie}");
        };
        let ((), (what, _, hint)) = tokio::join!(lies, async { fatal(client.await) });
        assert_eq!(what, "mx.example could not show that it knows the password of ann");
        assert!(hint.contains("the password was not sent"), "{hint}");

        let (mut server, client) = Server::with_client(&settings);
        let hear = async {
            server.welcomes_by("PLAIN LOGIN").await;
            assert_eq!(server.hears().await, "", "another connection tells the password");
        };
        tokio::join!(hear, async { fatal(client.await) });
    }
}

#[tokio::test(start_paused = true)]
async fn a_yes_before_anything_was_shown_is_none() {
    let settings = with_password("secret");
    let (mut server, client) = Server::with_client(&settings);
    let lies = async {
        server.welcomes_by("SCRAM-SHA-256").await;
        server.hears().await;
        server.says("235 2.7.0 welcome\r\n").await;
        assert_eq!(server.hears().await, "");
    };
    tokio::join!(lies, async { fatal(client.await) });
}

#[tokio::test(start_paused = true)]
async fn a_shown_password_that_is_refused_is_told_by_no_other_mechanism() {
    for (refusal, before) in [
        ("535 5.7.8 no", None),
        ("535 5.7.8 no", Some("e=invalid-proof")),
        ("501 5.7.0 cancelled", Some("e=invalid-proof")),
    ] {
        let settings = with_password("secret");
        let (mut server, client) = Server::with_client(&settings);
        let refuse = async {
            server.welcomes_by("SCRAM-SHA-256 PLAIN LOGIN").await;
            let scram = server.challenges().await;
            let (is_right, _) = server.is_shown(&scram, "another").await;
            assert!(!is_right);
            if let Some(words) = before {
                server.says(&format!("334 {}\r\n", BASE64.encode(words))).await;
                assert_eq!(server.hears().await, "");
            }
            server.says(&format!("{refusal}\r\n")).await;
            assert_eq!(server.hears().await, "");
        };
        let ((), (what, cause, _)) = tokio::join!(refuse, async { fatal(client.await) });
        assert_eq!(what, "mx.example did not accept ann and its password");
        assert_eq!(cause, refusal);
    }
}

#[tokio::test(start_paused = true)]
async fn a_password_that_the_server_cannot_be_shown_is_told_instead() {
    // No proof left before either of these; a billion rounds would hold everything up.
    let endless = |nonce: &str| format!("r={nonce}x,s=c2FsdA==,i=1000000000");
    for is_refused_at_once in [true, false] {
        let settings = with_password("secret");
        let (mut server, client) = Server::with_client(&settings);
        let admit = async {
            server.welcomes_by("SCRAM-SHA-256 PLAIN").await;
            let line = server.hears().await;
            let first = decoded(line.strip_prefix("AUTH SCRAM-SHA-256 ").unwrap());
            if is_refused_at_once {
                server.says("535 5.7.8 authentication failed\r\n").await;
            } else {
                let challenge = endless(first.strip_prefix("n,,n=ann,r=").unwrap());
                server.says(&format!("334 {}\r\n", BASE64.encode(challenge))).await;
                assert_eq!(server.hears().await, "*");
                server.says("501 5.7.0 cancelled\r\n").await;
            }
            assert_eq!(server.hears().await, plain("secret"));
            server.says("235 2.7.0 welcome\r\n").await;
        };
        let ((), connected) = tokio::join!(admit, client);
        assert!(connected.is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn a_short_password_does_not_hide_the_challenge_that_answers_it() {
    let settings = with_password("1.2");
    let (mut server, client) = Server::with_client(&settings);
    let admit = async {
        server.welcomes_by("SCRAM-SHA-256").await;
        let scram = server.challenges().await;
        let (is_right, signature) = server.is_shown(&scram, "1.2").await;
        assert!(is_right);
        server.says(&format!("334 {}\r\n", BASE64.encode(signature))).await;
        server.hears().await;
        server.says("235 2.7.0 welcome\r\n").await;
    };
    let ((), connected) = tokio::join!(admit, client);
    assert!(connected.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_token_is_given_by_the_first_of_its_mechanisms_that_the_server_names() {
    let bearer = "n,a=ann,\u{1}host=mx.example\u{1}port=25\u{1}auth=Bearer token-1\u{1}\u{1}";
    let xoauth2 = "user=ann\u{1}auth=Bearer token-1\u{1}\u{1}";
    for (offer, verb, said) in [
        ("PLAIN OAUTHBEARER XOAUTH2", "AUTH OAUTHBEARER ", bearer),
        ("XOAUTH2 PLAIN OAUTHBEARER", "AUTH XOAUTH2 ", xoauth2),
        ("OAUTHBEARER", "AUTH OAUTHBEARER ", bearer),
    ] {
        let settings = with_token();
        let (mut server, client) = Server::with_client(&settings);
        let admit = async {
            server.welcomes_by(offer).await;
            let line = server.hears().await;
            assert_eq!(decoded(line.strip_prefix(verb).expect(&line)), said);
            server.says("235 2.7.0 welcome\r\n").await;
        };
        let ((), connected) = tokio::join!(admit, client);
        assert!(connected.is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_has_a_second_mechanism_too() {
    let settings = with_token();
    let (mut server, client) = Server::with_client(&settings);
    let admit = async {
        server.welcomes_by("XOAUTH2 OAUTHBEARER").await;
        assert!(server.hears().await.starts_with("AUTH XOAUTH2 "));
        server.says("504 5.5.4 not this one\r\n").await;
        assert!(server.hears().await.starts_with("AUTH OAUTHBEARER "));
        server.says("235 2.7.0 welcome\r\n").await;
    };
    let ((), connected) = tokio::join!(admit, client);
    assert!(connected.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_refused_by_the_standards_mechanism_is_given_no_second_time() {
    let settings = with_token();
    let (mut server, client) = Server::with_client(&settings);
    let refuse = async {
        server.welcomes_by("OAUTHBEARER XOAUTH2").await;
        server.hears().await;
        let reason = BASE64.encode(r#"{"status":"expired","scope":"mail"}"#);
        server.says(&format!("334 {reason}\r\n")).await;
        assert_eq!(server.hears().await, "AQ==");
        server.says("535 5.7.8 no\r\n").await;
        assert_eq!(server.hears().await, "");
    };
    let ((), (what, cause, hint)) = tokio::join!(refuse, async { fatal(client.await) });
    assert_eq!(what, "mx.example did not accept the access token of ann");
    assert_eq!(cause, "535 5.7.8 no (the server's reason: scope mail, status expired)");
    assert_eq!(hint, "get another");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_wants_something_else_is_named_with_what_there_is_and_what_to_do() {
    let password = "with a password, appel has SCRAM-SHA-256, PLAIN, LOGIN";
    let token = "with a token, appel has XOAUTH2, OAUTHBEARER";
    for (settings, offer, ours, advice) in [
        (with_password("secret"), "CRAM-MD5", password, "no longer safe"),
        (
            with_password("secret"),
            "GSSAPI NTLM",
            password,
            "the computers of one organisation",
        ),
        (
            with_password("secret"),
            "XOAUTH2",
            password,
            "set smtp.auth = \"xoauth2\"",
        ),
        (
            with_password("secret"),
            "OAUTHBEARER GSSAPI",
            password,
            "set smtp.auth = \"xoauth2\"",
        ),
        (with_token(), "PLAIN LOGIN", token, "set smtp.auth = \"password\""),
        (with_token(), "SCRAM-SHA-256", token, "set smtp.auth = \"password\""),
        (with_token(), "NTLM", token, "ask whoever runs the server"),
    ] {
        let (mut server, client) = Server::with_client(&settings);
        let offers = async {
            server.welcomes_by(offer).await;
            assert_eq!(server.hears().await, "");
        };
        let ((), (what, cause, hint)) = tokio::join!(offers, async { fatal(client.await) });
        assert_eq!(what, "cannot sign in at mx.example");
        assert_eq!(cause, format!("it offers {}; {ours}", offer.replace(' ', ", ")));
        assert!(hint.contains(advice), "{offer}: {hint}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_lets_nobody_sign_in_before_tls_is_known_by_its_offer_of_it() {
    let settings = with_password("secret");
    assert_eq!(settings.security, Security::None);
    let (mut server, client) = Server::with_client(&settings);
    let offers = async {
        server.says("220 mx.example\r\n").await;
        server.hears().await;
        server.says("250-mx.example\r\n250 STARTTLS\r\n").await;
    };
    let ((), (_, cause, hint)) = tokio::join!(offers, async { fatal(client.await) });
    assert_eq!(cause, "it offers no way to sign in");
    assert!(hint.contains("smtp.security = \"starttls\""), "{hint}");
}
