//! Ports and what is spoken there, in the words of other mail programs too; the name in the greeting.

use super::{CAMPAIGN, LETTER, SENDER, read_files, with_own_smtp};
use crate::input::config::{Security, Smtp};

/// The account with these lines, at a host of the provider's.
fn smtp(host: &str, lines: &str) -> (Option<Smtp>, String) {
    let account = format!("{SENDER}[smtp]\nhost = \"{host}\"\n{lines}\n");
    let found = read_files(&[
        ("config.toml", format!("{CAMPAIGN}{LETTER}").as_bytes()),
        ("account.toml", account.as_bytes()),
    ]);
    (found.input.and_then(|input| input.smtp), found.said)
}

#[test]
fn a_port_alone_says_how_it_is_spoken_to_and_never_without_encryption_to_another_computer() {
    for (host, port, security) in [
        ("smtp.home.example", 465, Security::Tls),
        ("smtp.home.example", 2465, Security::Tls),
        ("smtp.home.example", 587, Security::Starttls),
        ("smtp.home.example", 2525, Security::Starttls),
        ("smtp.home.example", 2587, Security::Starttls),
        ("smtp.home.example", 25, Security::Starttls),
        ("smtp.home.example", 1025, Security::Tls),
        ("127.0.0.1", 25, Security::None),
        ("localhost", 587, Security::Starttls),
    ] {
        let (smtp, said) = smtp(host, &format!("port = {port}"));
        assert_eq!(
            (smtp.map(|smtp| smtp.security), said.as_str()),
            (Some(security), ""),
            "{host} {port}"
        );
    }
    for (security, port) in [("tls", 465), ("starttls", 587)] {
        let (smtp, said) = smtp("smtp.home.example", &format!("security = \"{security}\""));
        assert_eq!((smtp.map(|smtp| smtp.port), said.as_str()), (Some(port), ""));
    }
    let (smtp, _) = smtp("127.0.0.1", "security = \"none\"");
    assert_eq!(smtp.map(|smtp| smtp.port), Some(25));
}

#[test]
fn security_is_understood_as_other_mail_programs_write_it() {
    for (security, words) in [
        (
            Security::Tls,
            &[
                "tls",
                "TLS",
                "SSL",
                "ssl",
                "SSL/TLS",
                "ssl/tls",
                "TLS/SSL",
                "SSL TLS",
                "SMTPS",
                "Implicit TLS",
            ][..],
        ),
        (
            Security::Starttls,
            &["starttls", "STARTTLS", "StartTLS", "Start TLS", "START-TLS"],
        ),
    ] {
        for word in words {
            let (smtp, said) = smtp("smtp.home.example", &format!("security = \"{word}\""));
            assert_eq!(
                (smtp.map(|smtp| smtp.security), said.as_str()),
                (Some(security), ""),
                "{word}"
            );
        }
    }
    for word in ["none", "None", "NONE"] {
        let (found, said) = smtp("127.0.0.1", &format!("security = \"{word}\""));
        assert_eq!(
            (found.map(|smtp| smtp.security), said.as_str()),
            (Some(Security::None), ""),
            "{word}"
        );
        let (found, said) = smtp("smtp.home.example", &format!("security = \"{word}\""));
        assert!(
            found.is_none() && said.contains("only a server on this computer"),
            "{said}"
        );
    }
}

#[test]
fn security_that_could_mean_two_things_is_refused_with_the_right_words() {
    for word in [
        "\"auto\"",
        "\"plain\"",
        "\"off\"",
        "\"\"",
        "\"TLS/STARTTLS\"",
        "true",
        "false",
        "\"ssl3\"",
    ] {
        let (found, said) = smtp("smtp.home.example", &format!("security = {word}"));
        assert!(found.is_none(), "{word}");
        assert!(
            said.contains("\"tls\"") && said.contains("\"starttls\""),
            "{word}: {said}"
        );
        assert_eq!(said.matches("error:").count(), 1, "{word}: {said}");
    }
    insta::assert_snapshot!(smtp("smtp.home.example", "security = \"auto\"").1, @r#"
    error: `smtp.security` cannot be "auto"
     --> account.toml:7:12
      |
    7 | security = "auto"
      |            ^^^^^^ smtp.security
      |
      = help: write "tls" where TLS begins at once (SSL/TLS in other programs, port 465), "starttls" for port 587, or "none" for a server on this computer
    "#);
}

#[test]
fn a_port_that_is_anothers_or_goes_with_another_security_is_warned_of() {
    for (lines, words, hint) in [
        (
            "port = 465\nsecurity = \"starttls\"",
            "TLS usually begins at once",
            "security = \"tls\"",
        ),
        (
            "port = 2465\nsecurity = \"starttls\"",
            "TLS usually begins at once",
            "security = \"tls\"",
        ),
        (
            "port = 587\nsecurity = \"tls\"",
            "only after STARTTLS",
            "security = \"starttls\"",
        ),
        (
            "port = 25\nsecurity = \"SSL/TLS\"",
            "only after STARTTLS",
            "security = \"starttls\"",
        ),
        (
            "port = 2525\nsecurity = \"tls\"",
            "only after STARTTLS",
            "security = \"starttls\"",
        ),
        ("port = 143", "reading mail (IMAP)", "465"),
        ("port = 993\nsecurity = \"tls\"", "reading mail (IMAP)", "465"),
        ("port = 110\nsecurity = \"starttls\"", "fetching mail (POP3)", "587"),
        ("port = 995", "fetching mail (POP3)", "465"),
        ("port = 80", "web pages", "465"),
        ("port = 443", "web pages", "587"),
        ("port = 22", "remote logins", "587"),
    ] {
        let (found, said) = smtp("smtp.home.example", lines);
        assert!(found.is_some(), "a warning stops nobody: {said}");
        assert_eq!(said.matches("warning:").count(), 1, "{lines}: {said}");
        assert!(said.contains(words) && said.contains(hint), "{lines}: {said}");
    }
    for lines in [
        "port = 465\nsecurity = \"tls\"",
        "port = 587\nsecurity = \"starttls\"",
        "port = 1025\nsecurity = \"starttls\"",
    ] {
        assert_eq!(smtp("smtp.home.example", lines).1, "");
    }
    insta::assert_snapshot!(smtp("smtp.home.example", "security = \"starttls\"\nport = 465").1, @r#"
    warning: at port 465, TLS usually begins at once
     --> account.toml:8:8
      |
    8 | port = 465
      |        ^^^ smtp.port
      |
      = help: write security = "tls", or port = 587 for "starttls"
    "#);
}

#[test]
fn a_port_in_quotes_is_named_with_what_to_write() {
    let (found, said) = smtp("smtp.home.example", "port = \"587\"");
    assert!(found.is_none());
    assert!(
        said.contains("`smtp.port` must be a whole number, not a text"),
        "{said}"
    );
    assert!(said.contains("take the quotes off: 587"), "{said}");
}

#[test]
fn the_name_in_the_greeting_is_a_name_or_an_address_in_brackets() {
    for (written, read) in [
        ("mail.home.example", "mail.home.example"),
        ("localhost", "localhost"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("[192.0.2.1]", "[192.0.2.1]"),
        ("[127.0.0.1]", "[127.0.0.1]"),
        ("[IPv6:2001:db8::1]", "[IPv6:2001:db8::1]"),
    ] {
        let (found, said) = smtp("smtp.home.example", &format!("helo = \"{written}\""));
        assert_eq!(
            (found.and_then(|smtp| smtp.helo).as_deref(), said.as_str()),
            (Some(read), "")
        );
    }
    for (written, hint) in [
        ("two words", "mail.example.org"),
        ("a.example\\r\\nMAIL FROM:<x@y.example>", "on one line"),
        ("a.example\\n", "mail.example.org"),
        ("a.example\\u0000b", "on one line"),
        ("", "between the quotes"),
        ("[not an address]", "mail.example.org"),
        ("[192.0.2.1", "mail.example.org"),
        ("<a.example>", "mail.example.org"),
        ("me@home.example", "mail.example.org"),
        ("192.0.2.1", "helo = \"[192.0.2.1]\""),
        ("2001:db8::1", "helo = \"[IPv6:2001:db8::1]\""),
    ] {
        let (found, said) = smtp("smtp.home.example", &format!("helo = \"{written}\""));
        if written == "a.example\\n" {
            // A line break at the end is no part of it.
            assert_eq!(found.and_then(|smtp| smtp.helo).as_deref(), Some("a.example"));
            continue;
        }
        assert!(found.is_none() && said.contains(hint), "{written}: {said}");
    }
}

#[test]
fn pipelining_is_true_or_false() {
    for (written, read) in [
        ("true", Some(true)),
        ("false", Some(false)),
        ("\"false\"", None),
        ("0", None),
    ] {
        let (found, said) = smtp("smtp.home.example", &format!("pipelining = {written}"));
        assert_eq!(found.map(|smtp| smtp.pipelining), read);
        assert_eq!(said.contains("must be true or false"), read.is_none(), "{said}");
    }
}

#[test]
fn a_campaigns_folder_can_say_both_as_its_server_counts_only_for_whoever_owns_it() {
    assert_eq!(with_own_smtp("helo = \"mail.home.example\"\npipelining = false\n"), "");
    assert_eq!(
        super::with_smtp("helo = \"mail.home.example\"\npipelining = false\n"),
        ""
    );
}

#[test]
fn nothing_at_all_is_a_time_to_try_again_for() {
    let (found, said) = smtp("smtp.home.example", "retry-for = \"0s\"");
    assert_eq!(
        (found.map(|smtp| smtp.retry_for.is_zero()), said.as_str()),
        (Some(true), "")
    );
}
