//! TLS and signing in: nobody gets the password who is not the server, and nobody gets it in the clear.

use crate::support::{
    Builder, Campaign, Certificate, PASSWORD, Server, Step, TLS_1_1_HELLO, TLS_VERSION_ALERT, Tls, accepted,
};

fn guarded(tls: Tls) -> Builder {
    Server::builder().tls(tls).password("ann", PASSWORD)
}

fn campaign(server: &Server) -> Campaign {
    Campaign::new().people(2).smtp(server).login("ann", PASSWORD)
}

/// The run ends with exit 4, says this, and nothing of the password is seen by anybody.
#[track_caller]
fn no_password_leaves(campaign: &Campaign, server: &Server, words: &[&str]) {
    let run = campaign.send_json(&[]);
    run.exits(4).says(words);
    assert_eq!(run.counts(), [2, 0, 2, 0, 0, 0], "every letter is named as not sent");
    assert!(!server.saw_credentials_in_clear());
    assert_eq!(server.authentications(), []);
    assert_eq!(server.taken().len(), 0);
    assert_eq!(campaign.standing()[4], 2, "all is still due");
}

#[test]
fn letters_leave_over_tls_with_an_authority_of_ones_own() {
    for tls in [Tls::Implicit, Tls::Starttls] {
        let server = guarded(tls).start();
        assert_eq!(campaign(&server).send_json(&[]).exits(0).counts(), accepted(2));
        assert!(server.taken().iter().all(|letter| letter.tls));
        let [seen] = &server.authentications()[..] else {
            panic!("signed in once")
        };
        assert_eq!(
            (seen.mechanism.as_str(), seen.right, seen.in_clear),
            ("PLAIN", true, false)
        );
        assert_eq!(server.violations(), [""; 0]);
    }
}

#[test]
fn a_certificate_that_is_not_the_servers_ends_the_run_before_the_password() {
    for tls in [Tls::Implicit, Tls::Starttls] {
        for certificate in [Certificate::Expired, Certificate::WrongName, Certificate::SelfSigned] {
            let server = guarded(tls).certificate(certificate).start();
            no_password_leaves(
                &campaign(&server),
                &server,
                &["its certificate is not valid", "no password was sent"],
            );
            assert_eq!(
                server.connections(),
                1,
                "{certificate:?} does not get better by trying again"
            );
        }
    }
}

#[test]
fn what_is_wrong_with_a_certificate_is_said_in_plain_words_with_what_to_do() {
    for (certificate, words) in [
        (
            Certificate::Expired,
            &["the certificate ended on 2002-01-01", "Check the clock"][..],
        ),
        (
            Certificate::WrongName,
            &["the certificate is for elsewhere.test", "Check smtp.host"],
        ),
        (
            Certificate::SelfSigned,
            &["the certificate is self-made", "Proton Bridge", "smtp.ca-file"],
        ),
    ] {
        let server = guarded(Tls::Implicit).certificate(certificate).start();
        no_password_leaves(&campaign(&server), &server, words);
    }
    let server = guarded(Tls::Implicit).start();
    no_password_leaves(
        &campaign(&server).unset("smtp.ca-file"),
        &server,
        &["an authority that this computer does not know", "smtp.ca-file"],
    );
    let server = guarded(Tls::Implicit).certificate(Certificate::Own).start();
    no_password_leaves(
        &campaign(&server).unset("smtp.ca-file"),
        &server,
        &["the certificate is self-made", "smtp.ca-file"],
    );
}

#[test]
fn the_servers_own_certificate_in_ca_file_is_accepted_as_itself() {
    // It says that it is an authority, and it is made out to another name.
    for tls in [Tls::Implicit, Tls::Starttls] {
        let server = guarded(tls).certificate(Certificate::Own).start();
        assert_eq!(campaign(&server).send_json(&[]).exits(0).counts(), accepted(2));
        assert_eq!(server.violations(), [""; 0]);
    }
}

#[test]
fn the_servers_own_certificate_in_ca_file_is_refused_when_its_time_is_over() {
    let server = guarded(Tls::Implicit).certificate(Certificate::OwnExpired).start();
    no_password_leaves(
        &campaign(&server),
        &server,
        &["the certificate ended on 2002-01-01", "saved anew"],
    );
}

#[test]
fn another_servers_own_certificate_in_ca_file_does_not_let_a_server_in() {
    let other = guarded(Tls::Implicit).certificate(Certificate::Own).start();
    for certificate in [Certificate::Own, Certificate::SelfSigned, Certificate::Valid] {
        let server = guarded(Tls::Implicit).certificate(certificate).start();
        let campaign = campaign(&server).set("smtp.ca-file", other.ca_file().to_str().unwrap());
        no_password_leaves(&campaign, &server, &["its certificate is not valid"]);
    }
}

#[test]
fn an_authority_that_nobody_vouches_for_is_not_believed() {
    let server = guarded(Tls::Implicit).start();
    let campaign = campaign(&server).unset("smtp.ca-file");
    no_password_leaves(&campaign, &server, &["no password was sent"]);
}

#[test]
fn starttls_that_is_not_offered_ends_the_run() {
    let server = Server::builder().password("ann", PASSWORD).start();
    let campaign = campaign(&server).set("smtp.security", "starttls");
    no_password_leaves(&campaign, &server, &["does not offer STARTTLS"]);
}

#[test]
fn starttls_that_is_refused_ends_the_run() {
    let server = guarded(Tls::Starttls).on(Step::Starttls).reply("502 5.5.1 no").start();
    no_password_leaves(&campaign(&server), &server, &["refused STARTTLS", "502 5.5.1 no"]);
}

#[test]
fn starttls_that_somebody_stripped_from_the_offer_ends_the_run() {
    for offer in [
        "250-scripted.test\n250-XXXXXXXA\n250 AUTH PLAIN LOGIN",
        "250 scripted.test",
    ] {
        let server = guarded(Tls::Starttls).on(Step::Ehlo).reply(offer).start();
        no_password_leaves(
            &campaign(&server),
            &server,
            &["does not offer STARTTLS", "no password was sent"],
        );
        assert_eq!(server.connections(), 1);
    }
}

#[test]
fn starttls_that_is_deferred_defers_the_letters_without_a_password() {
    let server = guarded(Tls::Starttls)
        .on(Step::Starttls)
        .reply("454 4.7.0 TLS not available")
        .start();
    let run = campaign(&server).send_json(&[]);
    run.exits(1).says(&["454 4.7.0 TLS not available"]);
    assert_eq!(run.counts(), [2, 0, 2, 0, 0, 0]);
    assert_eq!((server.authentications(), server.taken().len()), (Vec::new(), 0));
}

#[test]
fn bytes_injected_after_the_reply_to_starttls_end_the_run() {
    let slipped = "250-127.0.0.1\r\n250 AUTH PLAIN\r\n";
    // In the same segment they are certain to be seen before TLS begins.
    let server = guarded(Tls::Starttls).on(Step::Starttls).inject(slipped).start();
    no_password_leaves(
        &campaign(&server),
        &server,
        &["is tampering with the connection", "no password was sent"],
    );
    assert_eq!((server.reached(Step::TlsHandshake), server.reached(Step::Ehlo)), (1, 1));
    // Later, either that or they break the handshake; they are never taken for what the server says under TLS.
    for builder in [
        guarded(Tls::Starttls).on(Step::Starttls).inject_apart(slipped),
        guarded(Tls::Starttls).on(Step::TlsHandshake).inject(slipped),
        guarded(Tls::Starttls)
            .on(Step::TlsHandshake)
            .inject("235 2.7.0 welcome\r\n"),
    ] {
        let server = builder.start();
        no_password_leaves(&campaign(&server), &server, &["no password was sent"]);
        assert_eq!((server.connections(), server.reached(Step::Ehlo)), (1, 1));
        assert_eq!(server.unfired(), [""; 0]);
    }
}

#[test]
fn tls_of_last_century_ends_the_run() {
    for tls in [Tls::Implicit, Tls::Starttls] {
        for said in [TLS_VERSION_ALERT, TLS_1_1_HELLO] {
            let server = guarded(tls).on(Step::TlsHandshake).garble(said).start();
            no_password_leaves(
                &campaign(&server),
                &server,
                &["cannot agree on TLS", "no password was sent", "TLS 1.0 or 1.1"],
            );
            assert_eq!(server.connections(), 1);
        }
    }
}

#[test]
fn a_tls_handshake_that_stalls_ends_the_run() {
    for tls in [Tls::Implicit, Tls::Starttls] {
        let server = guarded(tls).on(Step::TlsHandshake).stall().start();
        let campaign = campaign(&server).set("smtp.timeout", "1s");
        no_password_leaves(&campaign, &server, &["does not begin TLS", "no password was sent"]);
        assert_eq!(server.connections(), 1);
    }
}

#[test]
fn plain_smtp_where_tls_was_expected_ends_the_run() {
    let server = Server::builder().password("ann", PASSWORD).start();
    let campaign = campaign(&server).set("smtp.security", "tls").set("smtp.timeout", "1s");
    no_password_leaves(&campaign, &server, &["no password was sent"]);
}

#[test]
fn no_encryption_is_for_servers_on_this_machine_only() {
    let campaign = Campaign::new()
        .set("smtp.host", "smtp.example.org")
        .set("smtp.security", "none");
    campaign
        .send(&[])
        .exits(3)
        .says(&["without encryption, only a server on this computer can be used"]);
    campaign.check(&[]).exits(3).says(&["config.toml:", "smtp.security"]);
}

#[test]
fn a_wrong_password_is_tried_once() {
    let server = guarded(Tls::Implicit).start();
    let campaign = campaign(&server).login("ann", "not it");
    let run = campaign.send_json(&["--retry-for", "1min"]);
    run.exits(4)
        .says(&["did not accept ann", "535 5.7.8", "2 letters not sent"]);
    assert_eq!(run.counts(), [2, 0, 2, 0, 0, 0]);
    assert_eq!(
        (
            server.authentications().len(),
            server.connections(),
            server.taken().len()
        ),
        (1, 1, 0)
    );
}

#[test]
fn a_wrong_password_is_tried_once_even_by_several_connections() {
    let server = guarded(Tls::Implicit).start();
    let campaign = campaign(&server)
        .people(400)
        .set_toml("smtp.connections", "5")
        .login("ann", "not it");
    let run = campaign.send_json(&[]);
    assert_eq!(
        run.exits(4).counts(),
        [400, 0, 400, 0, 0, 0],
        "every letter is named, however many"
    );
    assert_eq!(
        server.authentications().len(),
        1,
        "five tries at once can lock an account"
    );
}

#[test]
fn a_server_that_cannot_check_the_password_just_now_is_no_reason_to_stop() {
    let server = guarded(Tls::Implicit)
        .on(Step::Auth)
        .times(1)
        .reply("454 4.7.0 later")
        .start();
    let campaign = campaign(&server);
    campaign.send(&[]).exits(1);
    assert_eq!(campaign.send_json(&[]).exits(0).counts(), accepted(2));
}

#[test]
fn login_is_spoken_where_plain_is_not_known() {
    let server = guarded(Tls::Implicit).keyword("AUTH LOGIN").start();
    assert_eq!(campaign(&server).send_json(&[]).exits(0).counts(), accepted(2));
    let [seen] = &server.authentications()[..] else {
        panic!("signed in once")
    };
    assert_eq!(
        (seen.mechanism.as_str(), seen.user.as_str(), seen.right),
        ("LOGIN", "ann", true)
    );
    assert_eq!(server.violations(), [""; 0]);
}

#[test]
fn a_server_that_lets_nobody_sign_in_gets_no_password() {
    let server = Server::builder().tls(Tls::Implicit).start();
    no_password_leaves(
        &campaign(&server),
        &server,
        &["cannot sign in", "it offers no way to sign in"],
    );
    let server = guarded(Tls::Implicit).keyword("AUTH CRAM-MD5").start();
    no_password_leaves(&campaign(&server), &server, &["it offers CRAM-MD5"]);
}

#[test]
fn the_user_name_is_the_senders_address_unless_it_is_another() {
    let server = Server::builder()
        .tls(Tls::Implicit)
        .password("ann@home.example", PASSWORD)
        .start();
    let campaign = campaign(&server).unset("smtp.username");
    campaign.send(&[]).exits(0);
    assert_eq!(server.authentications()[0].user, "ann@home.example");
}

#[test]
fn the_password_comes_from_a_command_when_there_is_one() {
    let server = guarded(Tls::Implicit).start();
    let campaign = campaign(&server)
        .file("secret", format!("{PASSWORD}\nuser: ann\n"))
        .set("smtp.password-command", "cat secret")
        .environment("APPEL_SMTP_PASSWORD", "not this one");
    campaign.send(&[]).exits(0);

    let campaign = campaign.people(3).set("smtp.password-command", "echo oops >&2; exit 3");
    campaign
        .send(&[])
        .exits(4)
        .says(&["smtp.password-command failed", "oops"]);
    let campaign = campaign.set("smtp.password-command", "true");
    campaign
        .send(&[])
        .exits(4)
        .says(&["smtp.password-command printed nothing"]);
    assert_eq!(server.connections(), 1);
}

#[test]
fn no_password_anywhere_is_said_with_where_it_could_be() {
    let server = guarded(Tls::Implicit).start();
    let campaign = Campaign::new().smtp(&server).set("smtp.username", "ann");
    campaign.send(&[]).exits(4).says(&[
        "there is no password for ann",
        "smtp.password-command",
        "APPEL_SMTP_PASSWORD",
        "terminal",
    ]);
    let run = campaign.send_json(&[]);
    assert_eq!(run.exits(4).counts(), [1, 0, 1, 0, 0, 0], "a script is told too");
    assert_eq!(server.connections(), 0);
}
