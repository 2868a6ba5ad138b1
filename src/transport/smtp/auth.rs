//! Signing in (RFC 4954): PLAIN, LOGIN or XOAUTH2; a password is tried once, a token and its successor once each.

use appel_core::words::visible_line;
use appel_messages::{Message, msg};
use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD as BASE64};
use secrecy::ExposeSecret;
use zeroize::Zeroizing;

use super::Settings;
use super::dialogue::Offers;
use super::login::{Attempt, Login, Spent};
use super::stream::{Stream, StreamError};
use crate::input::config::Auth;
use crate::transport::{ConnectError, Reply};

/// So much of a server's reason for refusing a token is shown, in characters.
const LONGEST_REASON: usize = 300;

/// Why nobody is signed in.
#[derive(Debug)]
pub enum NotSignedIn {
    /// As for any connection.
    Failed(ConnectError),
    /// The server refused a token, and would not hear of its successor on the same connection: a new one may.
    OnceMore(ConnectError),
}

impl<E: Into<ConnectError>> From<E> for NotSignedIn {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// Signs in. A password is tried once, as a second try could lock the account; a token that is refused may have expired,
/// and another one is tried.
pub async fn authenticate(
    stream: &mut Stream,
    offers: &Offers,
    login: &Login,
    settings: &Settings,
) -> Result<(), NotSignedIn> {
    let mechanism = Mechanism::choose(offers, login).ok_or_else(|| not_offered(offers, settings))?;
    let first = login.attempt().await?;
    let refusal = match mechanism.attempt(stream, login, &first, settings).await? {
        Verdict::Accepted => {
            login.accepted(&first);
            return Ok(());
        }
        Verdict::NotNow(reply) => return Err(ConnectError::Temporary(reply).into()),
        Verdict::Refused(refusal) => refusal,
    };
    let give_up = |refusal: &Refusal, spent| {
        let error = refused(refusal, spent, login, settings);
        login.give_up(&error);
        NotSignedIn::Failed(error)
    };

    if !refusal.is_of_secret && login.auth() == Auth::Xoauth2 {
        return Err(give_up(&refusal, Spent::NotAtAll));
    }

    let _alone = login.alone().await;
    let second = match login.renew(&first).await {
        Ok(second) => second,
        Err(Spent::NoOther(ConnectError::Temporary(reply))) => return Err(ConnectError::Temporary(reply).into()),
        Err(spent) => return Err(give_up(&refusal, spent)),
    };
    match mechanism.attempt(stream, login, &second, settings).await {
        Ok(Verdict::Accepted) => {
            login.accepted(&second);
            Ok(())
        }
        Ok(Verdict::Refused(refusal)) if refusal.is_of_secret => Err(give_up(&refusal, Spent::FreshOneToo)),
        // Servers need not hear two tries on one connection: some hang up, others call it a wrong sequence of commands.
        Ok(Verdict::Refused(Refusal { reply, .. }) | Verdict::NotNow(reply)) => {
            Err(NotSignedIn::OnceMore(ConnectError::Temporary(reply)))
        }
        Err(error @ StreamError::Lost(_)) => Err(NotSignedIn::OnceMore(error.into())),
        Err(error) => Err(error.into()),
    }
}

#[derive(Clone, Copy)]
enum Mechanism {
    Plain,
    Login,
    Xoauth2,
}

/// What the server makes of one try.
enum Verdict {
    Accepted,
    NotNow(Reply),
    Refused(Refusal),
}

struct Refusal {
    reply: Reply,
    /// What the challenge before the refusal said, in words safe to show (XOAUTH2).
    reason: Option<String>,
    /// Whether it is the password or token that is refused, and not the manner of signing in.
    is_of_secret: bool,
}

impl Mechanism {
    fn choose(offers: &Offers, login: &Login) -> Option<Self> {
        match login.auth() {
            Auth::Xoauth2 => offers.mechanism("XOAUTH2").then_some(Self::Xoauth2),
            Auth::Password if offers.mechanism("PLAIN") => Some(Self::Plain),
            Auth::Password => offers.mechanism("LOGIN").then_some(Self::Login),
        }
    }

    async fn attempt(
        self,
        stream: &mut Stream,
        login: &Login,
        attempt: &Attempt,
        settings: &Settings,
    ) -> Result<Verdict, StreamError> {
        let (username, secret) = (login.username(), attempt.secret.expose_secret());
        let timeout = settings.timeout;
        let mut reason = None;
        let reply = match self {
            Self::Plain => {
                let plain = Zeroizing::new(format!("\0{username}\0{secret}"));
                stream.say(&command("AUTH PLAIN ", &plain), timeout).await?
            }
            Self::Login => {
                let mut reply = stream.say("AUTH LOGIN\r\n", timeout).await?;
                // The challenges are words for people; every server asks for the name first, then the password.
                for answer in [username, secret] {
                    if reply.code == Some(334) {
                        reply = stream.say(&command("", answer), timeout).await?;
                    }
                }
                reply
            }
            Self::Xoauth2 => {
                let token = Zeroizing::new(format!("user={username}\u{1}auth=Bearer {secret}\u{1}\u{1}"));
                let mut reply = stream.say(&command("AUTH XOAUTH2 ", &token), timeout).await?;
                if reply.code == Some(334) {
                    // The challenge holds the reason; an empty answer asks for the refusal itself. A server that hangs
                    // up instead has refused the token all the same: it must not be tried again.
                    reason = Some(in_words(&reply.text, |words| stream.redacted(words)));
                    reply = match stream.say("\r\n", timeout).await {
                        Ok(reply) => reply,
                        Err(error) => error.reply(),
                    };
                }
                reply
            }
        };
        Ok(match reply.code {
            Some(235) => Verdict::Accepted,
            Some(400..=499) => Verdict::NotNow(reply),
            code => Verdict::Refused(Refusal {
                is_of_secret: code == Some(535) || reason.is_some(),
                reply,
                reason,
            }),
        })
    }
}

fn command(verb: &str, secret: &str) -> Zeroizing<String> {
    let encoded = Zeroizing::new(BASE64.encode(secret));
    Zeroizing::new(format!("{verb}{}\r\n", encoded.as_str()))
}

/// The reason in the challenge of XOAUTH2, which is JSON in base64: `{"status":"401","schemes":"bearer"}`.
fn in_words(challenge: &str, redacted: impl Fn(String) -> String) -> String {
    // Some servers leave the padding out.
    let lenient = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let decoded = GeneralPurpose::new(&alphabet::STANDARD, lenient).decode(challenge.trim());
    let text = decoded.map_or_else(
        |_| challenge.to_owned(),
        |bytes| String::from_utf8_lossy(&bytes).into_owned(),
    );
    let text = redacted(text);
    let words = match serde_json::from_str(&text) {
        Ok(serde_json::Value::Object(fields)) => {
            let field = |(name, value): (&String, &serde_json::Value)| match value.as_str() {
                Some(text) => format!("{name} {text}"),
                None => format!("{name} {value}"),
            };
            fields.iter().map(field).collect::<Vec<_>>().join(", ")
        }
        _ => text,
    };
    let short: String = redacted(words).chars().take(LONGEST_REASON).collect();
    visible_line(short.trim())
}

fn not_offered(offers: &Offers, settings: &Settings) -> ConnectError {
    let offered = match offers.auth.as_slice() {
        [] => msg!("sign-in-no-way-offered"),
        some => msg!("sign-in-ways-offered", ways = settings.redacted(some.join(", "))),
    };
    ConnectError::Fatal {
        what: msg!("sign-in-not-offered", host = &settings.host),
        cause: Some(offered),
        hint: msg!("sign-in-hint-not-offered"),
    }
}

fn refused(refusal: &Refusal, spent: Spent, login: &Login, settings: &Settings) -> ConnectError {
    let (host, username) = (&settings.host, login.username());
    let reply = refusal.reply.told_with_code();
    let said = match refusal.reason.as_deref() {
        None | Some("") => reply,
        Some(reason) => msg!("sign-in-refused-because", reply = reply, reason = reason),
    };
    let hint = match spent {
        Spent::GivenUp(error) | Spent::NoOther(error @ ConnectError::Temporary(_)) => return error,
        Spent::NoOther(ConnectError::Fatal { what, cause, hint }) => {
            // Only tokens are asked for again.
            let then = |before: Message, next: Message| msg!("sign-in-then", before = before, next = next);
            return ConnectError::Fatal {
                what: msg!("sign-in-no-other-token", host = host, user = username),
                cause: Some([Some(what), cause].into_iter().flatten().fold(said, then)),
                hint,
            };
        }
        Spent::Password => msg!("sign-in-hint-password"),
        Spent::NotAtAll => msg!("sign-in-hint-no-tokens"),
        Spent::ByHand(how) => how,
        Spent::Same => msg!("sign-in-hint-same-token"),
        Spent::FreshOneToo => msg!("sign-in-hint-fresh-token-too"),
    };
    ConnectError::Fatal {
        what: match login.auth() {
            Auth::Password => msg!("sign-in-password-refused", host = host, user = username),
            Auth::Xoauth2 => msg!("sign-in-token-refused", host = host, user = username),
        },
        cause: Some(said),
        hint,
    }
}
