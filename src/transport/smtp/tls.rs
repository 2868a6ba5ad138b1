//! TLS: who is trusted, and the handshake.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};

use crate::transport::ConnectError;

/// Whose certificates are believed.
#[derive(Clone, Debug)]
pub enum Trust {
    /// The system's, and those in a PEM file when there is one.
    System {
        /// `smtp.ca-file`.
        ca_file: Option<PathBuf>,
    },
    /// Exactly one certificate: the rehearsal's.
    Only(CertificateDer<'static>),
}

/// A client configuration: TLS 1.2 or newer, names always checked.
pub fn client_config(trust: &Trust) -> Result<Arc<ClientConfig>, ConnectError> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(&error))?;
    let config = match trust {
        Trust::Only(certificate) => {
            let mut roots = rustls::RootCertStore::empty();
            roots.add(certificate.clone()).map_err(|error| unusable(&error))?;
            builder.with_root_certificates(roots).with_no_client_auth()
        }
        Trust::System { ca_file } => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(system_verifier(ca_file.as_ref(), provider)?))
            .with_no_client_auth(),
    };
    Ok(Arc::new(config))
}

fn system_verifier(
    ca_file: Option<&PathBuf>,
    provider: Arc<CryptoProvider>,
) -> Result<rustls_platform_verifier::Verifier, ConnectError> {
    let mut extra = Vec::new();
    if let Some(path) = ca_file {
        let unreadable = |cause: String| ConnectError::Fatal {
            message: format!("cannot read the certificates in {}", appel_core::words::path(path)),
            cause,
            hint: "smtp.ca-file names a file in PEM form: -----BEGIN CERTIFICATE-----".to_owned(),
        };
        let certificates = CertificateDer::pem_file_iter(path).map_err(|error| unreadable(error.to_string()))?;
        for certificate in certificates {
            extra.push(certificate.map_err(|error| unreadable(error.to_string()))?);
        }
        if extra.is_empty() {
            return Err(unreadable("there is no certificate in it".to_owned()));
        }
    }
    rustls_platform_verifier::Verifier::new_with_extra_roots(extra, provider).map_err(|error| unusable(&error))
}

fn unusable(error: &rustls::Error) -> ConnectError {
    ConnectError::Fatal {
        message: "cannot set up TLS".to_owned(),
        cause: error.to_string(),
        hint:
            "install your system's CA certificates (the package is often called ca-certificates), or set smtp.ca-file"
                .to_owned(),
    }
}

/// The name to check the certificate against: a DNS name or an IP address.
pub fn server_name(host: &str) -> Result<ServerName<'static>, ConnectError> {
    ServerName::try_from(host.to_owned()).map_err(|error| ConnectError::Fatal {
        message: format!("{host} is no host name"),
        cause: error.to_string(),
        hint: "check smtp.host".to_owned(),
    })
}

/// What a failed handshake means for the person, when it is TLS that failed and not the line.
pub fn handshake_failure(host: &str, error: &std::io::Error) -> Option<ConnectError> {
    let tls = error.get_ref()?.downcast_ref::<rustls::Error>()?;
    let (message, hint) = match tls {
        rustls::Error::InvalidCertificate(_) => (
            format!("cannot be sure that this is {host}: its certificate is not valid"),
            "no password was sent. Check smtp.host; on a strange network, try another one. If the server has a certificate of its own authority, set smtp.ca-file",
        ),
        _ => (
            format!("cannot agree on TLS with {host}"),
            "no password was sent. Check smtp.port and smtp.security: 465 is \"tls\", 587 is \"starttls\". Servers that know only TLS 1.0 or 1.1 are not used",
        ),
    };
    Some(ConnectError::Fatal {
        message,
        cause: tls.to_string(),
        hint: hint.to_owned(),
    })
}
