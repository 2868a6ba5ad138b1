//! Whose certificate is believed: one that an authority vouches for, or the very one that the person has in `ca-file`.

use std::fmt;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme};

/// The system's authorities and those in `ca-file`; and a certificate in that file that is the server's own, which
/// needs no authority: it may say that it is one itself, and carry any name. It is for one host, as the whole
/// configuration is.
#[derive(Debug)]
pub struct Verifier {
    authorities: rustls_platform_verifier::Verifier,
    own: Vec<CertificateDer<'static>>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Verifier {
    /// For the certificates in `ca-file`, if there is one.
    pub fn new(in_file: Vec<CertificateDer<'static>>, provider: Arc<CryptoProvider>) -> Result<Self, Error> {
        let algorithms = provider.signature_verification_algorithms;
        Ok(Self {
            authorities: rustls_platform_verifier::Verifier::new_with_extra_roots(in_file.clone(), provider)?,
            own: in_file,
            algorithms,
        })
    }

    /// What an authority's word for it would be worth, were this certificate the only authority.
    fn vouches_for_itself(&self, certificate: &CertificateDer<'_>, now: UnixTime) -> Result<(), Error> {
        let parsed = ParsedCertificate::try_from(certificate)?;
        let mut itself = RootCertStore::empty();
        itself.add(certificate.clone().into_owned())?;
        verify_server_cert_signed_by_trust_anchor(&parsed, &itself, &[], now, self.algorithms.all)
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self.own.iter().any(|own| own == end_entity) {
            // Nobody has to vouch for it, and what it is for is known: of all that could be wrong, only this counts.
            return match self.vouches_for_itself(end_entity, now) {
                Err(error) if is_unreadable_or_over(&error) => Err(error),
                _ => Ok(ServerCertVerified::assertion()),
            };
        }
        self.authorities
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
            .map_err(|error| match &error {
                Error::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::Other(_))
                    if self.is_self_made(end_entity, now) =>
                {
                    Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(SelfMade))))
                }
                _ => error,
            })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.authorities.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.authorities.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.authorities.supported_verify_schemes()
    }
}

impl Verifier {
    /// Whether a certificate that no authority vouches for is its own authority, or says that it is one.
    fn is_self_made(&self, certificate: &CertificateDer<'_>, now: UnixTime) -> bool {
        // That authorities are no servers is the only thing that the library has no name for here.
        matches!(
            self.vouches_for_itself(certificate, now),
            Ok(()) | Err(Error::InvalidCertificate(CertificateError::Other(_)))
        )
    }
}

/// The validity is looked at before anything else of a certificate that can be read.
fn is_unreadable_or_over(error: &Error) -> bool {
    use CertificateError::{BadEncoding, Expired, ExpiredContext, NotValidYet, NotValidYetContext};
    matches!(
        error,
        Error::InvalidCertificate(
            BadEncoding | Expired | ExpiredContext { .. } | NotValidYet | NotValidYetContext { .. }
        )
    )
}

/// The server has a certificate that nobody but itself vouches for, and that is not in `ca-file`.
#[derive(Debug)]
pub struct SelfMade;

impl fmt::Display for SelfMade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("self-made")
    }
}

impl std::error::Error for SelfMade {}
