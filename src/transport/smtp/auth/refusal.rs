//! What a refusal is about: the password or token, or only the manner in which it was given.

use appel_core::outcome::Reply;

use crate::transport::limits::enhanced;

/// How far an exchange had come when it was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// How one would sign in.
    Mechanism,
    /// The user name, too.
    Name,
    /// The password or token, or what proves that one knows it.
    Secret,
}

/// What a refusal is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// Not the secret: another mechanism may be tried.
    Mechanism,
    /// The secret, or whose it is: the same one is not tried again.
    Secret,
    /// Passwords as such: this account takes none.
    Passwords,
    /// It cannot be told: nothing is tried again.
    Unknown,
}

/// What is named when a mechanism is refused.
const MECHANISMS: &[&str] = &[
    "mechanism",
    "auth type",
    "authentication type",
    "auth method",
    "authentication method",
    "authmethod",
    "authentication scheme",
    "auth command",
];

/// What is said of one that is.
const NOT_HAD: &[&str] = &[
    "bad",
    "disabled",
    "invalid",
    "no mechanism",
    "no worthy",
    "not accepted",
    "not allowed",
    "not available",
    "not enabled",
    "not implemented",
    "not offered",
    "not permitted",
    "not recogni",
    "not support",
    "not valid",
    "too weak",
    "unavailable",
    "unimplemented",
    "unknown",
    "unrecogni",
    "unsupported",
];

/// What is said where an account takes no passwords, or none of mail programs.
const PASSWORDS: &[&str] = &[
    "basic auth",
    "smtp auth is disabled",
    "smtp authentication is disabled",
    "smtpclientauthentication is disabled",
];

/// What is named when it is the secret, or its owner.
const SECRETS: &[&str] = &[
    "application-specific",
    "auth failed",
    "authentication failed",
    "authentication failure",
    "authentication unsuccessful",
    "credential",
    "log in via",
    "login failed",
    "login incorrect",
    "passphrase",
    "password",
    "sign in failed",
    "user name",
    "username",
];

/// What a reply is about with which the server ended the exchange, and that is not a yes.
pub fn about(reply: &Reply, said: Said, mechanism: &str) -> About {
    let text = reply.text.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let code = reply.code.unwrap_or_default();
    // "Login" and "plain" are words of their own.
    let names_mechanism = says(MECHANISMS) || text.contains(&format!("auth {}", mechanism.to_lowercase()));
    let enhanced = enhanced(&reply.text).unwrap_or_default();
    match code {
        // RFC 4954 §4.7.12: a password that has to be given in clear once, before the server can do without it.
        432 if enhanced == "4.7.12" || says(&["transition"]) => About::Mechanism,
        // Whatever is said of it, it was not seen.
        500.. if said == Said::Mechanism => About::Mechanism,
        500.. if says(PASSWORDS) => About::Passwords,
        500.. if names_mechanism && says(NOT_HAD) && !says(&["password", "credential"]) => About::Mechanism,
        538 => About::Mechanism,
        530 if says(&["tls", "ssl", "encrypt", "secure connection"]) => About::Unknown,
        530 | 534 | 535 => About::Secret,
        _ if matches!(enhanced, "5.7.8" | "5.7.9" | "5.7.14") => About::Secret,
        500.. if says(SECRETS) => About::Secret,
        500..=504 => About::Mechanism,
        _ => About::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(code: u16, text: &str, expect: About) {
        for mechanism in ["PLAIN", "LOGIN"] {
            let text = text.replace("PLAIN", mechanism);
            let reply = Reply::said(code, text.clone());
            assert_eq!(about(&reply, Said::Secret, mechanism), expect, "{code} {text}");
        }
    }

    #[test]
    fn a_mechanism_that_the_server_would_not_have_says_nothing_of_the_password() {
        for (code, text) in [
            (500, "5.5.1 Command unrecognized"),
            (501, "5.5.2 Cannot decode response"),
            (501, "5.7.0 Authentication cancelled"),
            (502, "5.5.1 Command not implemented"),
            (503, "5.5.1 Bad sequence of commands"),
            (504, "5.5.4 Unrecognized authentication type"),
            (504, "5.7.4 Unrecognized authentication type"),
            (504, "5.5.4 AUTH mechanism PLAIN not available"),
            (534, "5.7.9 Authentication mechanism is too weak"),
            (535, "5.7.8 Error: authentication failed: no mechanism available"),
            (
                535,
                "5.7.8 Error: authentication failed: Invalid authentication mechanism",
            ),
            (538, "5.7.11 Encryption required for requested authentication mechanism"),
            (550, "5.7.1 AUTH PLAIN is disabled here"),
            (554, "5.7.0 unsupported auth method"),
            (432, "4.7.12 A password transition is needed"),
        ] {
            check(code, text, About::Mechanism);
        }
    }

    #[test]
    fn a_password_that_is_refused_is_known_by_its_code_or_by_the_words() {
        for (code, text) in [
            (535, "5.7.8 Authentication credentials invalid"),
            (535, ""),
            (535, "5.7.3 Authentication unsuccessful"),
            (535, "5.7.8 Username and Password not accepted for mechanism PLAIN"),
            (534, "5.7.9 Application-specific password required. Learn more at"),
            (534, "5.7.14 Please log in via your web browser and then try again."),
            (530, "5.7.0 Authentication required"),
            (535, "5.7.8 Error: invalid login"),
            (535, "plain wrong"),
            (500, "authentication failed, wrong password"),
            (501, "5.7.8 no"),
            (550, "5.7.1 authentication failed"),
            (554, "5.7.8 no"),
        ] {
            check(code, text, About::Secret);
        }
    }

    #[test]
    fn an_account_that_takes_no_passwords_is_known_by_the_words() {
        for text in [
            "5.7.139 Authentication unsuccessful, basic authentication is disabled.",
            "5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.",
        ] {
            check(535, text, About::Passwords);
        }
    }

    #[test]
    fn a_refusal_that_names_neither_is_neither() {
        for (code, text) in [
            (550, "5.7.1 no"),
            (525, "5.7.13 account disabled"),
            (250, "ok"),
            (334, ""),
            (530, "5.7.0 Must issue a STARTTLS command first"),
        ] {
            check(code, text, About::Unknown);
        }
    }

    #[test]
    fn what_the_server_never_saw_it_has_not_refused() {
        let reply = Reply::said(535, "5.7.8 Authentication credentials invalid".to_owned());
        assert_eq!(about(&reply, Said::Mechanism, "LOGIN"), About::Mechanism);
        assert_eq!(about(&reply, Said::Name, "LOGIN"), About::Secret);
    }
}
