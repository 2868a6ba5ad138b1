//! One try to sign in (RFC 4954): the words of each mechanism, and what the server makes of them.

use appel_core::words::visible_line;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD as BASE64};
use secrecy::ExposeSecret;
use zeroize::Zeroizing;

use super::refusal::{About, Said, about};
use super::scram::{self, ServerFinal};
use crate::transport::Reply;
use crate::transport::smtp::Settings;
use crate::transport::smtp::login::{Attempt, Login};
use crate::transport::smtp::mechanism::Mechanism;
use crate::transport::smtp::stream::{Stream, StreamError};

/// So much of a server's reason for refusing a token is shown, in characters.
const LONGEST_REASON: usize = 300;
/// Takes back an exchange (RFC 4954 §4).
const CANCEL: &str = "*\r\n";

/// What the server makes of one try.
pub enum Verdict {
    /// It lets one in.
    Accepted,
    /// It cannot tell just now.
    NotNow(Reply),
    /// It does not.
    Refused(Refusal),
    /// It would let one in, and does not know the password itself.
    Unproven,
}

/// A no, and what it is about.
pub struct Refusal {
    /// The server's words.
    pub reply: Reply,
    /// What the challenge before the refusal said, in words safe to show (of a token).
    pub reason: Option<String>,
    /// What is refused.
    pub about: About,
}

impl Mechanism {
    /// Tries once.
    pub async fn attempt(
        self,
        stream: &mut Stream,
        login: &Login,
        attempt: &Attempt,
        settings: &Settings,
    ) -> Result<Verdict, StreamError> {
        let (username, secret) = (login.username(), attempt.secret.expose_secret());
        let timeout = settings.timeout;
        let mut reason = None;
        let mut said = Said::Secret;
        let mut reply = match self {
            Self::ScramSha256 => return scram(stream, username, secret, settings).await,
            Self::Plain => {
                let plain = Zeroizing::new(format!("\0{username}\0{secret}"));
                let reply = stream.say(&command("AUTH PLAIN ", &plain), timeout).await?;
                if reply.code == Some(334) {
                    // Some take nothing before they have asked for it.
                    stream.say(&command("", &plain), timeout).await?
                } else {
                    reply
                }
            }
            Self::Login => {
                said = Said::Mechanism;
                let mut reply = stream.say("AUTH LOGIN\r\n", timeout).await?;
                // The challenges are words for people; every server asks for the name first, then the password.
                for (answer, is) in [(username, Said::Name), (secret, Said::Secret)] {
                    if reply.code == Some(334) {
                        said = is;
                        reply = stream.say(&command("", answer), timeout).await?;
                    }
                }
                reply
            }
            Self::Xoauth2 | Self::OauthBearer => {
                let (token, empty) = if self == Self::Xoauth2 {
                    (format!("user={username}\u{1}auth=Bearer {secret}\u{1}\u{1}"), "\r\n")
                } else {
                    let (user, host, port) = (scram::escaped(username), &settings.host, settings.port);
                    let to = format!("n,a={user},\u{1}host={host}\u{1}port={port}\u{1}");
                    // RFC 7628 §3.2.3: the answer to a refusal is one control character, in base64.
                    (format!("{to}auth=Bearer {secret}\u{1}\u{1}"), "AQ==\r\n")
                };
                let token = Zeroizing::new(token);
                let verb = Zeroizing::new(format!("AUTH {} ", self.name()));
                let mut reply = stream.say(&command(&verb, &token), timeout).await?;
                if reply.code == Some(334) {
                    // The challenge holds the reason; an empty answer asks for the refusal itself. A server that hangs
                    // up instead has refused the token all the same: it must not be tried again.
                    reason = Some(in_words(&reply.text, |words| stream.redacted(words)));
                    reply = match stream.say(empty, timeout).await {
                        Ok(reply) => reply,
                        Err(error) => error.reply(),
                    };
                }
                reply
            }
        };
        if reply.code == Some(334) && reason.is_none() {
            // It wants to hear more than there is.
            reply = stream.say(CANCEL, timeout).await?;
            return Ok(taken_back(reply));
        }
        Ok(self.verdict(reply, said, reason))
    }

    fn verdict(self, reply: Reply, said: Said, reason: Option<String>) -> Verdict {
        let about = match reason {
            Some(_) => About::Secret,
            None => about(&reply, said, self.name()),
        };
        match reply.code {
            Some(235) => Verdict::Accepted,
            Some(400..=499) if about != About::Mechanism => Verdict::NotNow(reply),
            _ => Verdict::Refused(Refusal { reply, reason, about }),
        }
    }
}

async fn scram(
    stream: &mut Stream,
    username: &str,
    password: &str,
    settings: &Settings,
) -> Result<Verdict, StreamError> {
    let mechanism = Mechanism::ScramSha256;
    let timeout = settings.timeout;
    let refused = |reply, said| Ok(mechanism.verdict(reply, said, None));
    // Without randomness nothing else works either; the next mechanism does without.
    let Ok((first, begun)) = scram::begin(username) else {
        return Ok(taken_back(Reply::said(501, "")));
    };
    let (mut reply, mut challenge) = stream.ask(&command("AUTH SCRAM-SHA-256 ", &first), timeout).await?;
    if reply.code == Some(334) && challenge.trim().is_empty() {
        (reply, challenge) = stream.ask(&command("", &first), timeout).await?;
    }
    match reply.code {
        Some(334) => {}
        Some(235) => return Ok(Verdict::Unproven),
        // It has seen nothing of the password: many have no proof to compare it with, and offer this all the same.
        _ => return refused(reply, Said::Mechanism),
    }
    let proof = decoded(&challenge).and_then(|challenge| begun.prove(&challenge, password).ok());
    let Some(proof) = proof else {
        return Ok(taken_back(stream.say(CANCEL, timeout).await?));
    };
    let (reply, challenge) = stream.ask(&command("", &proof.message), timeout).await?;
    match reply.code {
        Some(334) => {}
        Some(235) => return Ok(Verdict::Unproven),
        _ => return refused(reply, Said::Secret),
    }
    let told = decoded(&challenge).map_or(ServerFinal::Wrong, |challenge| proof.check(&challenge));
    if told == ServerFinal::Wrong {
        return Ok(Verdict::Unproven);
    }
    let reply = stream.say("\r\n", timeout).await?;
    match (told, reply.code) {
        (ServerFinal::Refused, Some(235)) => Ok(Verdict::Unproven),
        (ServerFinal::Refused, Some(500..)) => Ok(Verdict::Refused(Refusal {
            reply,
            reason: None,
            about: About::Secret,
        })),
        _ => refused(reply, Said::Secret),
    }
}

/// An exchange that could not be brought to its end: whatever the server says then, it is not of the password.
fn taken_back(reply: Reply) -> Verdict {
    Verdict::Refused(Refusal {
        reply,
        reason: None,
        about: About::Mechanism,
    })
}

fn command(verb: &str, secret: &str) -> Zeroizing<String> {
    let encoded = Zeroizing::new(BASE64.encode(secret));
    Zeroizing::new(format!("{verb}{}\r\n", encoded.as_str()))
}

/// A challenge as text; some servers leave the padding out.
fn decoded(challenge: &str) -> Option<String> {
    let lenient = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let bytes = GeneralPurpose::new(&alphabet::STANDARD, lenient)
        .decode(challenge.trim())
        .ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The reason in the challenge of a refused token, which is JSON in base64: `{"status":"401","schemes":"bearer"}`.
fn in_words(challenge: &str, redacted: impl Fn(String) -> String) -> String {
    let text = redacted(decoded(challenge).unwrap_or_else(|| challenge.to_owned()));
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
