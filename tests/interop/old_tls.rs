//! OpenSSL as a server that speaks TLS 1.1 and nothing newer.

use std::{
    fs,
    process::{Command, Stdio},
};

use crate::{
    daemon::{Daemon, open_folder},
    support::{Campaign, PASSWORD},
};

/// Only at this level does OpenSSL still speak what was given up in 2021 (RFC 8996).
const OLD: [&str; 3] = ["-tls1_1", "-cipher", "DEFAULT:@SECLEVEL=0"];

/// What a client of such a version gets to say about the connection; `None` where there is no OpenSSL.
fn client(port: u16, options: &[&str]) -> Option<String> {
    let output = Command::new("openssl")
        .args(["s_client", "-connect", &format!("127.0.0.1:{port}")])
        .args(options)
        .stdin(Stdio::null())
        .output()
        .ok()?;
    Some(String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

#[test]
fn a_server_that_speaks_only_tls_1_1_gets_no_password() {
    if Command::new("openssl").arg("version").output().is_err() {
        eprintln!("left out: there is no openssl");
        return;
    }
    let folder = open_folder();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let rcgen::CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed(names).unwrap();
    fs::write(at("cert.pem"), cert.pem()).unwrap();
    fs::write(at("key.pem"), signing_key.serialize_pem()).unwrap();
    let (daemon, [port]) = Daemon::start(folder.path(), |[port]| {
        let mut command = Command::new("openssl");
        command
            .env("PATH", "/usr/bin:/bin")
            .args(["s_server", "-rev", "-accept", &format!("127.0.0.1:{port}")])
            .args(["-cert", &at("cert.pem"), "-key", &at("key.pem")])
            .args(OLD);
        command
    });
    // It is such a server.
    let old = client(port, &OLD).unwrap();
    if !old.contains("Protocol  : TLSv1.1") {
        eprintln!("left out: this OpenSSL speaks no TLS 1.1 any more:\n{old}");
        return;
    }

    let campaign = Campaign::new()
        .people(2)
        .set("smtp.host", "127.0.0.1")
        .set_toml("smtp.port", &port.to_string())
        .set("smtp.ca-file", &at("cert.pem"))
        .set("smtp.retry-for", "1ms")
        .login("ann", PASSWORD);
    let run = campaign.send_json(&[]);
    run.exits(4).says(&[
        "cannot agree on TLS with 127.0.0.1",
        "no password was sent",
        "Servers that know only TLS 1.0 or 1.1 are not used",
        "2 letters not sent",
    ]);
    assert_eq!(run.counts(), [2, 0, 2, 0, 0, 0]);
    assert!(
        daemon.output().contains("unsupported protocol"),
        "the server saw another reason:\n{}",
        daemon.output()
    );
}
