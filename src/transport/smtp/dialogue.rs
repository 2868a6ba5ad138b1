//! The words of the dialogue: hello, what a server offers, authentication, and the commands of one letter.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use lettre::transport::smtp::commands::{Mail, Rcpt};
use lettre::transport::smtp::extension::{MailBodyParameter, MailParameter};
use secrecy::ExposeSecret;
use zeroize::Zeroizing;

use super::stream::Stream;
use super::{Login, Settings, connect};
use crate::campaign::config::Auth;
use crate::letter::Envelope;
use crate::transport::{ConnectError, Reply};

/// The address literal says nothing about the machine (RFC 5321 §4.1.3 allows it where there is no name to give).
pub const EHLO: &str = "EHLO [127.0.0.1]\r\n";
/// For servers older than RFC 1869.
pub const HELO: &str = "HELO [127.0.0.1]\r\n";
/// RFC 3207.
pub const STARTTLS: &str = "STARTTLS\r\n";
/// RFC 5321 §4.1.1.5.
pub const RSET: &str = "RSET\r\n";
/// RFC 5321 §4.1.1.10.
pub const QUIT: &str = "QUIT\r\n";
/// RFC 5321 §4.1.1.4.
pub const DATA: &str = "DATA\r\n";

/// What the reply to EHLO offers (RFC 5321 §4.1.1.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offers {
    /// RFC 2920.
    pub pipelining: bool,
    /// RFC 6152.
    pub eight_bit_mime: bool,
    /// RFC 6531.
    pub smtputf8: bool,
    /// RFC 3207.
    pub starttls: bool,
    /// RFC 1870: the largest message in bytes; `None` when there is no limit, or none is told.
    pub size: Option<u64>,
    /// RFC 4954: the mechanisms, in upper case.
    pub auth: Vec<String>,
}

impl Offers {
    /// From the text of the reply, a keyword a line behind the first.
    pub fn from_ehlo(text: &str) -> Self {
        let mut offers = Self::default();
        for line in text.lines().skip(1) {
            // Some servers of old wrote AUTH=LOGIN.
            let line = line.to_ascii_uppercase().replacen("AUTH=", "AUTH ", 1);
            let mut words = line.split_ascii_whitespace();
            match words.next() {
                Some("PIPELINING") => offers.pipelining = true,
                Some("8BITMIME") => offers.eight_bit_mime = true,
                Some("SMTPUTF8") => offers.smtputf8 = true,
                Some("STARTTLS") => offers.starttls = true,
                Some("SIZE") => {
                    offers.size = words.next().and_then(|size| size.parse().ok()).filter(|size| *size > 0);
                }
                Some("AUTH") => offers.auth.extend(words.map(str::to_owned)),
                _ => {}
            }
        }
        offers
    }

    fn mechanism(&self, name: &str) -> bool {
        self.auth.iter().any(|offered| offered == name)
    }
}

/// The commands that open one letter, ready to be written one by one or all at once.
#[derive(Debug, PartialEq, Eq)]
pub struct Opening {
    /// `MAIL FROM`.
    pub mail: String,
    /// `RCPT TO`, the To first.
    pub rcpt: Vec<String>,
}

impl Opening {
    /// For a letter of `bytes` that the server is known to be able to take.
    pub fn new(envelope: &Envelope, bytes: &[u8], offers: &Offers) -> Self {
        let mut parameters = Vec::new();
        if envelope.needs_smtputf8() {
            parameters.push(MailParameter::SmtpUtfEight);
        }
        if offers.eight_bit_mime && !bytes.is_ascii() {
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        let from = envelope.from.wire().clone();
        Self {
            mail: Mail::new(Some(from), parameters).to_string(),
            rcpt: envelope
                .recipients()
                .map(|to| Rcpt::new(to.wire().clone(), Vec::new()).to_string())
                .collect(),
        }
    }
}

/// The message as DATA carries it (RFC 5321 §4.5.2): a dot before every dot that begins a line, then the final dot.
pub fn stuffed(bytes: &[u8]) -> Vec<u8> {
    let mut stuffed = Vec::with_capacity(bytes.len() + 16);
    let mut line_begins = true;
    let mut from = 0;
    for (at, byte) in bytes.iter().enumerate() {
        if line_begins && *byte == b'.' {
            stuffed.extend_from_slice(&bytes[from..at]);
            stuffed.push(b'.');
            from = at;
        }
        line_begins = *byte == b'\n';
    }
    stuffed.extend_from_slice(&bytes[from..]);
    if !stuffed.ends_with(b"\r\n") {
        stuffed.extend_from_slice(b"\r\n");
    }
    stuffed.extend_from_slice(b".\r\n");
    stuffed
}

/// Signs in (RFC 4954), once: a second try could lock the account.
pub async fn authenticate(
    stream: &mut Stream,
    offers: &Offers,
    login: &Login,
    settings: &Settings,
) -> Result<(), ConnectError> {
    let secret = login.secret.expose_secret();
    let timeout = settings.timeout;
    let reply = match login.auth {
        Auth::Xoauth2 if offers.mechanism("XOAUTH2") => {
            let token = Zeroizing::new(format!("user={}\u{1}auth=Bearer {secret}\u{1}\u{1}", login.username));
            let reply = connect::say(stream, &command("AUTH XOAUTH2 ", &token), timeout).await?;
            if reply.code == Some(334) {
                // The challenge holds the error; an empty answer asks for the final reply.
                connect::say(stream, "\r\n", timeout).await?
            } else {
                reply
            }
        }
        Auth::Password if offers.mechanism("PLAIN") => {
            let plain = Zeroizing::new(format!("\0{}\0{secret}", login.username));
            connect::say(stream, &command("AUTH PLAIN ", &plain), timeout).await?
        }
        Auth::Password if offers.mechanism("LOGIN") => {
            let mut reply = connect::say(stream, "AUTH LOGIN\r\n", timeout).await?;
            // The challenges are words for people; every server asks for the name first, then the password.
            for answer in [login.username.as_str(), secret] {
                if reply.code == Some(334) {
                    reply = connect::say(stream, &command("", answer), timeout).await?;
                }
            }
            reply
        }
        _ => return Err(not_offered(offers, settings)),
    };
    match reply.code {
        Some(235) => Ok(()),
        Some(400..=499) => Err(ConnectError::Temporary(reply)),
        _ => Err(refused(&reply, login, settings)),
    }
}

fn command(verb: &str, secret: &str) -> Zeroizing<String> {
    let encoded = Zeroizing::new(BASE64.encode(secret));
    Zeroizing::new(format!("{verb}{}\r\n", encoded.as_str()))
}

fn not_offered(offers: &Offers, settings: &Settings) -> ConnectError {
    let offered = match offers.auth.as_slice() {
        [] => "it offers no way to sign in".to_owned(),
        some => format!("it offers {}", some.join(", ")),
    };
    ConnectError::Fatal {
        message: format!("cannot sign in at {}", settings.host),
        cause: offered,
        hint: "no password was sent. Check smtp.port and smtp.auth; username = \"\" sends without signing in"
            .to_owned(),
    }
}

fn refused(reply: &Reply, login: &Login, settings: &Settings) -> ConnectError {
    let hint = match login.auth {
        Auth::Password => {
            "check smtp.username and the password; many providers want an app password instead of the usual one. It was tried once only"
        }
        Auth::Xoauth2 => "the token may have expired: check smtp.password-command",
    };
    ConnectError::Fatal {
        message: format!("{} did not accept {} and its password", settings.host, login.username),
        cause: reply.to_string(),
        hint: hint.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::Address;

    #[test]
    fn what_a_server_offers_is_read_from_its_reply() {
        let text =
            "mx.example\nPIPELINING\nsize 1000\n8BITMIME\nAUTH plain LOGIN\nAUTH=XOAUTH2\nSMTPUTF8\nSTARTTLS\nFUTURE x";
        let offers = Offers::from_ehlo(text);
        assert_eq!(
            offers,
            Offers {
                pipelining: true,
                eight_bit_mime: true,
                smtputf8: true,
                starttls: true,
                size: Some(1000),
                auth: vec!["PLAIN".to_owned(), "LOGIN".to_owned(), "XOAUTH2".to_owned()],
            }
        );
        assert_eq!(Offers::from_ehlo("PIPELINING\nSIZE 0"), Offers::default());
    }

    #[test]
    fn every_dot_that_begins_a_line_is_doubled() {
        let check = |bytes: &str, expect: &str| {
            assert_eq!(String::from_utf8(stuffed(bytes.as_bytes())).unwrap(), expect);
        };
        check("a\r\n", "a\r\n.\r\n");
        check(".\r\n..\r\na.b\r\n.c\r\n", "..\r\n...\r\na.b\r\n..c\r\n.\r\n");
        check("a", "a\r\n.\r\n");
        check("", "\r\n.\r\n");
    }

    #[test]
    fn a_letter_opens_with_its_sender_and_everyone_it_goes_to() {
        let address = |text| Address::parse(text).unwrap();
        let envelope = Envelope::new(
            address("me@x.example"),
            address("a@x.example"),
            [address("jürgen@bücher.example")],
        );
        let offers = Offers {
            eight_bit_mime: true,
            ..Offers::default()
        };
        let opening = Opening::new(&envelope, "é".as_bytes(), &offers);
        assert_eq!(opening.mail, "MAIL FROM:<me@x.example> SMTPUTF8 BODY=8BITMIME\r\n");
        assert_eq!(
            opening.rcpt,
            [
                "RCPT TO:<a@x.example>\r\n",
                "RCPT TO:<jürgen@xn--bcher-kva.example>\r\n"
            ]
        );
    }
}
