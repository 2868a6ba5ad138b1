//! nodemailer's smtp-server: TLS from the start, a login, to a Maildir (`smtp-server/server.js`).

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use crate::{
    daemon::{Daemon, open_folder},
    identity,
    letters::{Arrival, arrivals},
    provider::{Access, Provider},
    support::PASSWORD,
};

const PROGRAM: &str = "tests/interop/smtp-server/server.js";

pub struct SmtpServer {
    daemon: Daemon,
    port: u16,
    authority: PathBuf,
    mail: PathBuf,
    _folder: TempDir,
}

impl SmtpServer {
    pub fn start(servers: &Path) -> Self {
        let folder = open_folder();
        let identity = identity::issue(folder.path());
        let mail = folder.path().join("mail");
        for path in ["tmp", "new"] {
            fs::create_dir_all(mail.join(path)).expect("a folder of ours");
        }
        let (daemon, [port]) = Daemon::start(folder.path(), |[port]| {
            let mut command = Command::new("node");
            command
                .env_clear()
                .env("PATH", std::env::var_os("PATH").unwrap_or_default())
                .env("NODE_PATH", servers.join("smtp-server/node_modules"))
                .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(PROGRAM))
                .arg(port.to_string())
                .args([&mail, &identity.certificate, &identity.key])
                .args(["ann", PASSWORD]);
            command
        });
        Self {
            daemon,
            port,
            authority: identity.authority,
            mail,
            _folder: folder,
        }
    }
}

impl Provider for SmtpServer {
    fn access(&self) -> Access {
        Access {
            port: self.port,
            security: "tls",
            authority: Some(self.authority.clone()),
            user: Some("ann"),
        }
    }

    fn daemon(&mut self) -> &mut Daemon {
        &mut self.daemon
    }

    fn arrivals(&self) -> BTreeSet<Arrival> {
        arrivals(&self.mail)
    }
}
