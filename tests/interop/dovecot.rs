//! Dovecot's submission service, which passes on what it takes to a server that counts it.
//!
//! It offers PIPELINING and crashes, as of 2.3, at a command behind a letter's final dot before the reply is there.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use crate::{
    daemon::{Daemon, open_folder},
    identity::{self, Identity},
    letters::Arrival,
    provider::{Access, Provider, passed_on},
    support::{PASSWORD, Server},
};

pub struct Dovecot {
    daemon: Daemon,
    port: u16,
    behind: Server,
    authority: PathBuf,
    _folder: TempDir,
}

impl Dovecot {
    pub fn start(servers: &Path) -> Self {
        // Its modules are looked for where Debian has them: a view of /usr that only this process and its children have.
        const IN_ITS_PLACE: &str =
            r#"mount -t overlay none -o "lowerdir=$1/usr:/usr" /usr && exec /usr/sbin/dovecot -F -c "$2""#;
        let (behind, folder) = (Server::builder().start(), open_folder());
        let identity = identity::issue(folder.path());
        let (daemon, [port]) = Daemon::start(folder.path(), |[port]| {
            let path = folder.path().join("dovecot.conf");
            fs::write(&path, configuration(folder.path(), &identity, port, behind.port()))
                .expect("a file in a folder of ours");
            let mut command = Command::new("unshare");
            command
                .env_clear()
                .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
                .args(["--mount", "/bin/sh", "-c", IN_ITS_PLACE, "sh"])
                .arg(servers)
                .arg(path);
            command
        });
        Self {
            daemon,
            port,
            behind,
            authority: identity.authority,
            _folder: folder,
        }
    }
}

impl Provider for Dovecot {
    fn access(&self) -> Access {
        Access {
            port: self.port,
            security: "starttls",
            authority: Some(self.authority.clone()),
            user: Some("ann"),
        }
    }

    fn daemon(&mut self) -> &mut Daemon {
        &mut self.daemon
    }

    fn arrivals(&self) -> BTreeSet<Arrival> {
        passed_on(&self.behind)
    }
}

fn configuration(folder: &Path, identity: &Identity, port: u16, behind: u16) -> String {
    let Identity { certificate, key, .. } = identity;
    let (folder, certificate, key) = (folder.display(), certificate.display(), key.display());
    format!(
        "protocols = submission
listen = 127.0.0.1
hostname = mail.example
base_dir = {folder}/base
state_dir = {folder}/state
log_path = /dev/stderr
default_internal_user = mail
default_internal_group = mail
default_login_user = nobody
ssl = required
ssl_cert = <{certificate}
ssl_key = <{key}
passdb {{
  driver = static
  args = password={PASSWORD}
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={folder}/home
}}
mail_location = maildir:{folder}/mail
submission_relay_host = 127.0.0.1
submission_relay_port = {behind}
service submission-login {{
  chroot =
  inet_listener submission {{
    port = {port}
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"
    )
}
