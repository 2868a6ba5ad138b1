//! A certificate authority, and what it issues to 127.0.0.1.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};

/// The files of a server's TLS identity.
pub struct Identity {
    /// The authority's certificate: what a client trusts.
    pub authority: PathBuf,
    /// The server's certificate.
    pub certificate: PathBuf,
    /// The server's key.
    pub key: PathBuf,
}

/// Makes an authority of its own, and a certificate for 127.0.0.1, in this folder.
pub fn issue(folder: &Path) -> Identity {
    let authority_key = KeyPair::generate().expect("a key");
    let authority = {
        let mut params = named("Authority of an appel test", &[]);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params
    };
    let authority_certificate = authority
        .self_signed(&authority_key)
        .expect("a certificate of the authority");
    let key = KeyPair::generate().expect("a key");
    let certificate = named("Mail server of an appel test", &["127.0.0.1", "localhost"])
        .signed_by(&key, &Issuer::from_params(&authority, &authority_key))
        .expect("a certificate of the server");

    let write = |name: &str, text: &str, mode: u32| {
        let path = folder.join(name);
        fs::write(&path, text).expect("a file in a folder of ours");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("a file of ours");
        path
    };
    Identity {
        authority: write("authority.pem", &authority_certificate.pem(), 0o644),
        certificate: write("certificate.pem", &certificate.pem(), 0o644),
        // Exim reads it as the user it runs as. It opens nothing but this test.
        key: write("key.pem", &key.serialize_pem(), 0o644),
    }
}

fn named(name: &str, hosts: &[&str]) -> CertificateParams {
    let hosts: Vec<String> = hosts.iter().map(ToString::to_string).collect();
    let mut params = CertificateParams::new(hosts).expect("names of hosts");
    params.distinguished_name.push(DnType::CommonName, name);
    params
}
