//! What a failed handshake means for the person: whose certificate it was, or which encryption the server wants.

use appel_core::words::visible_line;
use appel_messages::{Message, msg};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, Error, PeerIncompatible};

use super::verifier::SelfMade;
use crate::transport::ConnectError;

/// So many names in a certificate are told.
const NAMED: usize = 4;
/// So much of a name, in characters.
const LONGEST_NAME: usize = 80;

/// What a failed handshake means, when it is TLS that failed and not the line; the reason without secrets.
pub fn handshake_failure(
    host: &str,
    error: &std::io::Error,
    redacted: impl Fn(String) -> String,
) -> Option<ConnectError> {
    let tls = error.get_ref()?.downcast_ref::<Error>()?;
    let in_its_words = || Message::quote(redacted(tls.to_string()));
    let (what, cause, hint) = if let Error::InvalidCertificate(why) = tls {
        let (cause, hint) =
            certificate(why, &redacted).unwrap_or_else(|| (in_its_words(), msg!("tls-hint-certificate-invalid")));
        (msg!("tls-certificate-invalid", host = host), cause, hint)
    } else {
        let (cause, hint) = agreement(tls).unwrap_or_else(|| (in_its_words(), msg!("tls-hint-port")));
        (msg!("tls-no-agreement", host = host), cause, hint)
    };
    Some(ConnectError::Fatal {
        what,
        cause: Some(cause),
        hint,
    })
}

/// What is wrong with a certificate, and what to do about it.
fn certificate(why: &CertificateError, redacted: impl Fn(String) -> String) -> Option<(Message, Message)> {
    Some(match why {
        CertificateError::ExpiredContext { time, not_after } => (
            msg!("tls-certificate-expired", day = day(*not_after)?, today = day(*time)?),
            msg!("tls-hint-expired"),
        ),
        CertificateError::NotValidYetContext { time, not_before } => (
            msg!("tls-certificate-not-yet", day = day(*not_before)?, today = day(*time)?),
            msg!("tls-hint-clock"),
        ),
        CertificateError::NotValidForNameContext { presented, .. } => {
            let names: Vec<String> = presented
                .iter()
                .take(NAMED)
                .map(|name| plain_name(&redacted(name.clone())))
                .collect();
            let cause = if names.is_empty() {
                msg!("tls-certificate-no-name")
            } else {
                let more = presented.len() - names.len();
                msg!("tls-certificate-name", names = names.join(", "), more = more)
            };
            (cause, msg!("tls-hint-name"))
        }
        CertificateError::UnknownIssuer => (msg!("tls-certificate-unknown-issuer"), msg!("tls-hint-unknown-issuer")),
        CertificateError::Other(other) if other.0.is::<SelfMade>() => {
            (msg!("tls-certificate-self-made"), msg!("tls-hint-self-made"))
        }
        // The library beneath has a type of its own for this.
        CertificateError::Other(other) if other.0.to_string() == "UnsupportedCertVersion" => {
            (msg!("tls-certificate-version"), msg!("tls-hint-made-anew"))
        }
        CertificateError::BadSignature => (msg!("tls-certificate-signature"), msg!("tls-hint-made-anew")),
        CertificateError::Revoked => (msg!("tls-certificate-revoked"), msg!("tls-hint-certificate-invalid")),
        _ => return None,
    })
}

/// A name as the library quotes it out of a certificate: `DnsName("mail.example")`.
fn plain_name(quoted: &str) -> String {
    let name = match quoted.split_once('"') {
        Some((_, rest)) => rest.trim_end_matches([')', '"']),
        None => quoted,
    };
    visible_line(&name.chars().take(LONGEST_NAME).collect::<String>())
}

/// In UTC, as the certificate has it.
fn day(time: UnixTime) -> Option<String> {
    let moment = Timestamp::from_second(i64::try_from(time.as_secs()).ok()?).ok()?;
    Some(moment.to_zoned(TimeZone::UTC).date().to_string())
}

/// On what the two sides cannot agree.
fn agreement(error: &Error) -> Option<(Message, Message)> {
    use PeerIncompatible::{ServerDoesNotSupportTls12Or13, ServerTlsVersionIsDisabledByOurConfig};
    Some(match error {
        Error::AlertReceived(AlertDescription::ProtocolVersion)
        | Error::PeerIncompatible(ServerDoesNotSupportTls12Or13 | ServerTlsVersionIsDisabledByOurConfig) => {
            (msg!("tls-too-old"), msg!("tls-hint-too-old"))
        }
        // Every client offers the other things that a server may miss here, so it is the key exchange; some take what
        // was not offered.
        Error::AlertReceived(AlertDescription::HandshakeFailure | AlertDescription::InsufficientSecurity)
        | Error::PeerMisbehaved(rustls::PeerMisbehaved::SelectedUnofferedCipherSuite) => {
            (msg!("tls-old-ciphers"), msg!("tls-hint-old-ciphers"))
        }
        Error::InvalidMessage(_) => (msg!("tls-not-spoken"), msg!("tls-hint-port")),
        _ => return None,
    })
}
