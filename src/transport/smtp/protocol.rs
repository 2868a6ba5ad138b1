//! What answers in place of a mail server that takes letters, known by its first words.

use appel_messages::{Message, msg};

use super::Settings;
use crate::input::config::Security;
use crate::transport::ConnectError;

/// So many bytes tell one protocol from another.
pub const ENOUGH: usize = 64;

/// What speaks first on a line, or answers what it does not understand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Reading mail (RFC 9051).
    Imap,
    /// Fetching mail (RFC 1939).
    Pop3,
    /// The web.
    Http,
    /// Remote logins.
    Ssh,
    /// TLS, where none was spoken yet.
    Tls,
    /// SMTP without TLS, where TLS was asked for.
    Smtp,
}

impl Protocol {
    /// What these first bytes are, whole words or the beginning of them.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let begins = |word: &str| {
            let beginning = bytes.get(..word.len());
            beginning.is_some_and(|found| found.eq_ignore_ascii_case(word.as_bytes()))
        };
        let any = |words: &[&str]| words.iter().any(|word| begins(word));
        if any(&["* OK", "* PREAUTH", "* BYE", "* BAD", "* NO"]) {
            return Some(Self::Imap);
        }
        if any(&["+OK", "-ERR"]) {
            return Some(Self::Pop3);
        }
        if any(&["HTTP/", "<html", "<!doctype", "<?xml"]) {
            return Some(Self::Http);
        }
        if begins("SSH-") {
            return Some(Self::Ssh);
        }
        match bytes {
            // An alert or a handshake of any version (RFC 8446 §5.1).
            [0x15 | 0x16, 3, 0..=4, ..] => Some(Self::Tls),
            [b'2' | b'4' | b'5', b, c, b' ' | b'-' | b'\r' | b'\n', ..] if b.is_ascii_digit() && c.is_ascii_digit() => {
                Some(Self::Smtp)
            }
            _ => None,
        }
    }

    /// Why nothing can be sent there, and where it can.
    pub fn failure(self, settings: &Settings, said: Option<Message>) -> ConnectError {
        let (host, port) = (&settings.host, settings.port.to_string());
        let (what, hint) = match self {
            Self::Imap => (
                msg!("wrong-port-imap", host = host, port = port),
                msg!("wrong-port-hint"),
            ),
            Self::Pop3 => (
                msg!("wrong-port-pop3", host = host, port = port),
                msg!("wrong-port-hint"),
            ),
            Self::Http => (
                msg!("wrong-port-web", host = host, port = port),
                msg!("wrong-port-hint"),
            ),
            Self::Ssh => (
                msg!("wrong-port-ssh", host = host, port = port),
                msg!("wrong-port-hint"),
            ),
            Self::Tls => (
                msg!("wrong-port-tls", host = host, port = port),
                match settings.security {
                    Security::None => msg!("wrong-port-hint-tls-here"),
                    _ => msg!("wrong-port-hint-tls"),
                },
            ),
            Self::Smtp => (
                msg!("wrong-port-starttls", host = host, port = port),
                if crate::input::config::is_loopback(host) {
                    msg!("wrong-port-hint-starttls-here")
                } else {
                    msg!("wrong-port-hint-starttls")
                },
            ),
        };
        ConnectError::Fatal {
            what,
            cause: said,
            hint,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_protocol_is_known_by_its_first_words() {
        for (first, protocol) in [
            ("* OK [CAPABILITY IMAP4rev1] ready\r\n", Some(Protocol::Imap)),
            ("* BYE no\r\n", Some(Protocol::Imap)),
            ("+OK POP3 ready\r\n", Some(Protocol::Pop3)),
            ("-ERR no\r\n", Some(Protocol::Pop3)),
            ("HTTP/1.1 400 Bad Request\r\n", Some(Protocol::Http)),
            ("<HTML><head>", Some(Protocol::Http)),
            ("SSH-2.0-OpenSSH_9.9\r\n", Some(Protocol::Ssh)),
            ("\u{15}\u{3}\u{1}\0\u{2}\u{2}\u{46}", Some(Protocol::Tls)),
            ("220 mx", Some(Protocol::Smtp)),
            ("554-no", Some(Protocol::Smtp)),
            ("*", None),
            ("2200 what", None),
            ("hello\r\n", None),
            ("", None),
        ] {
            assert_eq!(Protocol::of(first.as_bytes()), protocol, "{first:?}");
        }
    }
}
