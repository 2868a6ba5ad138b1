//! The two SASL exchanges of a rehearsal, PLAIN (RFC 4616) and LOGIN (draft-murchison-sasl-login),
//! as RFC 4954 carries them.

use secrecy::ExposeSecret;
use secrecy::zeroize::Zeroizing;

use super::Credentials;

/// An exchange that waits for the client's next line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exchange {
    /// PLAIN, its single message outstanding.
    Plain,
    /// LOGIN, the user name outstanding.
    LoginUsername,
    /// LOGIN, the password outstanding. A wrong name is only told after the password, so that names
    /// cannot be probed.
    LoginPassword { username_known: bool },
}

/// What a client's line led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The exchange goes on, with the challenge of its new state.
    Next(Exchange),
    /// The client proved who it is.
    Proved,
    /// Wrong user name or password.
    Refused,
    /// The client gave up with `*`, or sent something that is not base64 (RFC 4954 §4).
    Malformed,
}

impl Exchange {
    /// The `334` reply that asks for what is outstanding (RFC 4954 §4).
    pub(super) fn challenge(self) -> &'static str {
        match self {
            Self::Plain => "334 ",
            Self::LoginUsername => "334 VXNlcm5hbWU6",
            Self::LoginPassword { .. } => "334 UGFzc3dvcmQ6",
        }
    }

    /// Takes the client's line, without its CRLF.
    pub(super) fn answer(self, line: &[u8], credentials: &Credentials) -> Step {
        let Some(answer) = decode_base64(line) else {
            return Step::Malformed;
        };
        let is_username = |octets: &[u8]| octets == credentials.username.as_bytes();
        let is_password = |octets: &[u8]| octets == credentials.password.expose_secret().as_bytes();
        let proved = match self {
            Self::Plain => {
                // message = [authzid] NUL authcid NUL passwd. Nobody may act for somebody else
                // here.
                let mut parts = answer.splitn(3, |&octet| octet == 0);
                match (parts.next(), parts.next(), parts.next()) {
                    (Some(acting_for), Some(username), Some(password)) => {
                        (acting_for.is_empty() || acting_for == username)
                            && is_username(username)
                            && is_password(password)
                    }
                    _ => return Step::Malformed,
                }
            }
            Self::LoginUsername => {
                return Step::Next(Self::LoginPassword {
                    username_known: is_username(&answer),
                });
            }
            Self::LoginPassword { username_known } => username_known && is_password(&answer),
        };
        if proved { Step::Proved } else { Step::Refused }
    }
}

/// Base64 as RFC 4648 §4 has it: padded, no line breaks. Written here because nothing else in the
/// program decodes base64.
fn decode_base64(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (groups, []) = text.as_chunks::<4>() else {
        return None;
    };
    let mut octets = Zeroizing::new(Vec::with_capacity(groups.len() * 3));
    for (index, group) in groups.iter().enumerate() {
        let digits: &[u8] = match group {
            [a, b, b'=', b'='] if index + 1 == groups.len() => &[*a, *b],
            [a, b, c, b'='] if index + 1 == groups.len() => &[*a, *b, *c],
            all => all,
        };
        let mut bits = 0;
        for digit in digits {
            bits = bits << 6 | sextet(*digit)?;
        }
        bits <<= 6 * (4 - digits.len());
        octets.extend(bits.to_be_bytes().into_iter().skip(1).take(digits.len() - 1));
    }
    Some(octets)
}

fn sextet(digit: u8) -> Option<u32> {
    let value = match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(u32::from(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(exchange: Exchange, line: &str, expected: Step) {
        let credentials = Credentials {
            username: "anna".into(),
            password: "pässword".into(),
        };
        assert_eq!(exchange.answer(line.as_bytes(), &credentials), expected, "{line}");
    }

    #[test]
    fn base64_follows_the_vectors_of_rfc_4648() {
        for (text, octets) in [
            ("", ""),
            ("Zg==", "f"),
            ("Zm8=", "fo"),
            ("Zm9v", "foo"),
            ("Zm9vYg==", "foob"),
            ("Zm9vYmE=", "fooba"),
            ("Zm9vYmFy", "foobar"),
        ] {
            assert_eq!(decode_base64(text.as_bytes()).unwrap().as_slice(), octets.as_bytes());
        }
        assert_eq!(decode_base64(b"++//").unwrap().as_slice(), [0xfb, 0xef, 0xff]);
        for wrong in [
            "Z", "Zg", "Zg=", "Z===", "====", "Zg==Zg==", "Zg=a", "Zm9v\n", " Zm9", "Zm-_", "*",
        ] {
            assert!(decode_base64(wrong.as_bytes()).is_none(), "{wrong:?}");
        }
    }

    #[test]
    fn plain_wants_the_one_account() {
        check(Exchange::Plain, "AGFubmEAcMOkc3N3b3Jk", Step::Proved);
        // anna NUL anna NUL pässword
        check(Exchange::Plain, "YW5uYQBhbm5hAHDDpHNzd29yZA==", Step::Proved);
        // boris NUL anna NUL pässword: acting for somebody else
        check(Exchange::Plain, "Ym9yaXMAYW5uYQBww6Rzc3dvcmQ=", Step::Refused);
        check(Exchange::Plain, "AGFubmEAd3Jvbmc=", Step::Refused);
        check(Exchange::Plain, "YW5uYQ==", Step::Malformed);
        check(Exchange::Plain, "", Step::Malformed);
        check(Exchange::Plain, "*", Step::Malformed);
    }

    #[test]
    fn login_asks_for_the_password_whatever_the_name() {
        let asked = |username_known| Step::Next(Exchange::LoginPassword { username_known });
        check(Exchange::LoginUsername, "YW5uYQ==", asked(true));
        check(Exchange::LoginUsername, "Ym9yaXM=", asked(false));
        check(Exchange::LoginUsername, "*", Step::Malformed);
        check(
            Exchange::LoginPassword { username_known: true },
            "cMOkc3N3b3Jk",
            Step::Proved,
        );
        check(
            Exchange::LoginPassword { username_known: false },
            "cMOkc3N3b3Jk",
            Step::Refused,
        );
        check(
            Exchange::LoginPassword { username_known: true },
            "d3Jvbmc=",
            Step::Refused,
        );
    }
}
