//! The words of the dialogue: hello, what a server offers, and the commands of one letter.

use appel_core::address::Address;
use appel_core::letter::{Envelope, LetterId};

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
    /// RFC 3461.
    pub dsn: bool,
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
                Some("DSN") => offers.dsn = true,
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

    /// Whether a mechanism is offered.
    pub fn mechanism(&self, name: &str) -> bool {
        self.auth.iter().any(|offered| offered == name)
    }
}

/// Says who speaks, under a name of which the caller makes sure that it is one.
pub fn ehlo(name: &str) -> String {
    format!("EHLO {name}\r\n")
}

/// The same for servers older than RFC 1869.
pub fn helo(name: &str) -> String {
    format!("HELO {name}\r\n")
}

/// `MAIL FROM` for a letter that the server is known to be able to take; with a letter's id it asks for notifications of it
/// (RFC 3461), without the text.
pub fn mail(envelope: &Envelope, bytes: &[u8], offers: &Offers, notified_of: Option<LetterId>) -> String {
    let smtputf8 = if envelope.needs_smtputf8() { " SMTPUTF8" } else { "" };
    let body = if offers.eight_bit_mime && !bytes.is_ascii() {
        " BODY=8BITMIME"
    } else {
        ""
    };
    // Hexadecimal digits are themselves in xtext.
    let dsn = notified_of.map_or_else(String::new, |id| format!(" RET=HDRS ENVID={id}"));
    format!("MAIL FROM:<{}>{smtputf8}{body}{dsn}\r\n", envelope.from.wire())
}

/// `RCPT TO` for one address; with notifications it asks for those of failure and delay.
pub fn rcpt(to: &Address, notified: bool) -> String {
    let notify = if notified { " NOTIFY=FAILURE,DELAY" } else { "" };
    format!("RCPT TO:<{}>{notify}\r\n", to.wire())
}

/// Adds the message as DATA carries it (RFC 5321 §4.5.2): a dot before every dot that begins a line, then the final
/// dot.
pub fn stuff(bytes: &[u8], out: &mut Vec<u8>) {
    out.reserve(bytes.len() + 64);
    let mut from = 0;
    for dot in memchr::memchr_iter(b'.', bytes) {
        if dot == 0 || bytes[dot - 1] == b'\n' {
            out.extend_from_slice(&bytes[from..dot]);
            out.push(b'.');
            from = dot;
        }
    }
    out.extend_from_slice(&bytes[from..]);
    if !bytes.ends_with(b"\r\n") {
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b".\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_offers_is_read_from_its_reply() {
        let text = "mx.example\nPIPELINING\nsize 1000\n8BITMIME\nAUTH plain LOGIN\nAUTH=XOAUTH2\nSMTPUTF8\nDSN\nSTARTTLS\nFUTURE x";
        let offers = Offers::from_ehlo(text);
        assert_eq!(
            offers,
            Offers {
                pipelining: true,
                eight_bit_mime: true,
                smtputf8: true,
                dsn: true,
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
            let mut out = b"before".to_vec();
            stuff(bytes.as_bytes(), &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), format!("before{expect}"));
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
        assert_eq!(
            mail(&envelope, "é".as_bytes(), &offers, None),
            "MAIL FROM:<me@x.example> SMTPUTF8 BODY=8BITMIME\r\n"
        );
        assert_eq!(
            mail(&envelope, b"e", &offers, Some(LetterId::from_bytes([0xa5; 16]))),
            "MAIL FROM:<me@x.example> SMTPUTF8 RET=HDRS ENVID=a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5\r\n"
        );
        assert_eq!(
            rcpt(&envelope.to, true),
            "RCPT TO:<a@x.example> NOTIFY=FAILURE,DELAY\r\n"
        );
        assert_eq!(
            envelope.recipients().map(|to| rcpt(to, false)).collect::<Vec<_>>(),
            [
                "RCPT TO:<a@x.example>\r\n",
                "RCPT TO:<jürgen@xn--bcher-kva.example>\r\n"
            ]
        );
    }
}
