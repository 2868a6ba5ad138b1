//! Signing in (RFC 4954): PLAIN, LOGIN or XOAUTH2, tried once.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use secrecy::ExposeSecret;
use zeroize::Zeroizing;

use super::dialogue::Offers;
use super::stream::Stream;
use super::{Login, Settings};
use crate::campaign::config::Auth;
use crate::transport::{ConnectError, Reply};

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
            let reply = stream.say(&command("AUTH XOAUTH2 ", &token), timeout).await?;
            if reply.code == Some(334) {
                // The challenge holds the error; an empty answer asks for the final reply.
                stream.say("\r\n", timeout).await?
            } else {
                reply
            }
        }
        Auth::Password if offers.mechanism("PLAIN") => {
            let plain = Zeroizing::new(format!("\0{}\0{secret}", login.username));
            stream.say(&command("AUTH PLAIN ", &plain), timeout).await?
        }
        Auth::Password if offers.mechanism("LOGIN") => {
            let mut reply = stream.say("AUTH LOGIN\r\n", timeout).await?;
            // The challenges are words for people; every server asks for the name first, then the password.
            for answer in [login.username.as_str(), secret] {
                if reply.code == Some(334) {
                    reply = stream.say(&command("", answer), timeout).await?;
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
