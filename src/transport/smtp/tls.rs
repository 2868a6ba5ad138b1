//! TLS: who is trusted, and the handshake.

mod failure;
mod verifier;

pub use failure::handshake_failure;

use std::path::PathBuf;
use std::sync::Arc;

use appel_messages::{Message, msg};
use rustls::ClientConfig;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};

use self::verifier::Verifier;
use crate::transport::ConnectError;

/// Whose certificates are believed.
#[derive(Clone, Debug)]
pub enum Trust {
    /// The system's, and those in a PEM file when there is one: each as an authority, and as the server's own.
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

fn system_verifier(ca_file: Option<&PathBuf>, provider: Arc<CryptoProvider>) -> Result<Verifier, ConnectError> {
    let mut extra = Vec::new();
    if let Some(path) = ca_file {
        let unreadable = |cause| ConnectError::Fatal {
            what: msg!("tls-certificates-unreadable", path = appel_core::words::path(path)),
            cause: Some(cause),
            hint: msg!("tls-hint-pem"),
        };
        let no_pem = |error: rustls::pki_types::pem::Error| unreadable(Message::quote(error.to_string()));
        let certificates = CertificateDer::pem_file_iter(path).map_err(no_pem)?;
        for certificate in certificates {
            extra.push(certificate.map_err(no_pem)?);
        }
        if extra.is_empty() {
            return Err(unreadable(msg!("tls-no-certificate")));
        }
    }
    Verifier::new(extra, provider).map_err(|error| unusable(&error))
}

fn unusable(error: &rustls::Error) -> ConnectError {
    ConnectError::Fatal {
        what: msg!("tls-unusable"),
        cause: Some(Message::quote(error.to_string())),
        hint: msg!("tls-hint-authorities"),
    }
}

/// The name to check the certificate against: a DNS name or an IP address.
pub fn server_name(host: &str) -> Result<ServerName<'static>, ConnectError> {
    ServerName::try_from(host.to_owned()).map_err(|error| ConnectError::Fatal {
        what: msg!("tls-no-host-name", host = host),
        cause: Some(Message::quote(error.to_string())),
        hint: msg!("smtp-hint-host"),
    })
}
