//! aiosmtpd, as its command line starts it: STARTTLS, no login, no PIPELINING, to a Maildir.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use crate::{
    daemon::{Daemon, open_folder},
    identity,
    letters::{Arrival, arrivals},
    provider::{Access, Provider},
};

pub struct Aiosmtpd {
    daemon: Daemon,
    port: u16,
    authority: PathBuf,
    folder: TempDir,
}

impl Aiosmtpd {
    pub fn start(servers: &Path) -> Self {
        let folder = open_folder();
        let identity = identity::issue(folder.path());
        let (daemon, [port]) = Daemon::start(folder.path(), |[port]| {
            let mut command = Command::new("python3");
            command
                .env_clear()
                .env("PATH", std::env::var_os("PATH").unwrap_or_default())
                .env("PYTHONPATH", servers.join("aiosmtpd"))
                .args(["-m", "aiosmtpd", "--nosetuid"])
                .args(["--listen", &format!("127.0.0.1:{port}")])
                .arg("--tlscert")
                .arg(&identity.certificate)
                .arg("--tlskey")
                .arg(&identity.key)
                .args(["--class", "aiosmtpd.handlers.Mailbox"])
                .arg(folder.path().join("mail"));
            command
        });
        Self {
            daemon,
            port,
            authority: identity.authority,
            folder,
        }
    }
}

impl Provider for Aiosmtpd {
    fn access(&self) -> Access {
        Access {
            port: self.port,
            security: "starttls",
            authority: Some(self.authority.clone()),
            user: None,
        }
    }

    fn daemon(&mut self) -> &mut Daemon {
        &mut self.daemon
    }

    fn arrivals(&self) -> BTreeSet<Arrival> {
        arrivals(&self.folder.path().join("mail"))
    }
}
