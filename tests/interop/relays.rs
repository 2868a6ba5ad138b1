//! Haraka, and Dovecot's submission service: what they take they pass on to a server that counts it.
//!
//! Neither bears a command behind a letter's final dot before the reply is there, although both offer PIPELINING: Haraka
//! 3.3 refuses it, Dovecot 2.3 crashes, behind letters that it has passed on.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use crate::{
    daemon::{Daemon, open_folder, root_is_here, servers_with},
    identity::{self, Identity},
    support::{Campaign, PASSWORD, Server, accepted},
};

const LETTERS: usize = 60;

/// A server that passes letters on, and where they come to.
struct Relay {
    daemon: Daemon,
    port: u16,
    behind: Server,
    /// Where it wants TLS and a password.
    authority: Option<PathBuf>,
    _folder: TempDir,
}

impl Drop for Relay {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- the server\n{}", self.daemon.output());
        }
    }
}

impl Relay {
    fn haraka(servers: &Path) -> Self {
        let (behind, folder) = (Server::builder().start(), open_folder());
        let at = |path: &str| folder.path().join(path);
        let write = |path: &str, text: &str| fs::write(at(path), text).expect("a file in a folder of ours");
        for path in ["config", "plugins"] {
            fs::create_dir(at(path)).expect("a folder of ours");
        }
        let package = servers.join("haraka/node_modules/Haraka");
        for name in ["connection.ini", "log.ini"] {
            fs::copy(package.join("config").join(name), at("config").join(name)).expect("Haraka's own configuration");
        }
        write("config/me", "mail.example\n");
        write("config/host_list", "mfa.example\n");
        write("config/plugins", "no_dns\nrcpt_to.in_host_list\nqueue/smtp_forward\n");
        write(
            "config/smtp_forward.ini",
            &format!("host=127.0.0.1\nport={}\n", behind.port()),
        );
        write(
            "plugins/no_dns.js",
            "exports.hook_lookup_rdns = (next) => next(OK, 'localhost')\n",
        );
        let (daemon, [port]) = Daemon::start(folder.path(), |[port]| {
            write("config/smtp.ini", &format!("listen=127.0.0.1:{port}\nnodes=0\n"));
            let mut command = Command::new("node");
            command
                .env_clear()
                .env("PATH", std::env::var_os("PATH").unwrap_or_default())
                .env("HARAKA", folder.path())
                .arg(package.join("haraka.js"));
            command
        });
        Self {
            daemon,
            port,
            behind,
            authority: None,
            _folder: folder,
        }
    }

    fn dovecot(servers: &Path) -> Self {
        // Its modules are looked for where Debian has them: a view of /usr that only this process and its children have.
        const IN_ITS_PLACE: &str =
            r#"mount -t overlay none -o "lowerdir=$1/usr:/usr" /usr && exec /usr/sbin/dovecot -F -c "$2""#;
        let (behind, folder) = (Server::builder().start(), open_folder());
        let identity = identity::issue(folder.path());
        let (daemon, [port]) = Daemon::start(folder.path(), |[port]| {
            let configuration = folder.path().join("dovecot.conf");
            fs::write(
                &configuration,
                dovecot_conf(folder.path(), &identity, port, behind.port()),
            )
            .expect("a file in a folder of ours");
            let mut command = Command::new("unshare");
            command
                .env_clear()
                .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
                .args(["--mount", "/bin/sh", "-c", IN_ITS_PLACE, "sh"])
                .arg(servers)
                .arg(configuration);
            command
        });
        Self {
            daemon,
            port,
            behind,
            authority: Some(identity.authority),
            _folder: folder,
        }
    }

    /// All letters at full speed over four connections.
    #[track_caller]
    fn takes_every_letter_once(&self) {
        let mut campaign = Campaign::new()
            .people(LETTERS)
            .smtp(&self.behind)
            .set_toml("smtp.port", &self.port.to_string())
            .set_toml("smtp.connections", "4");
        if let Some(authority) = &self.authority {
            campaign = campaign
                .set("smtp.security", "starttls")
                .set("smtp.ca-file", &authority.display().to_string())
                .login("ann", PASSWORD);
        }
        let run = campaign.send_json(&[]);
        run.exits(0);
        assert_eq!(run.counts(), accepted(LETTERS as u64), "{}", run.stdout);
        assert_eq!(campaign.standing(), [LETTERS as u64, 0, 0, 0, 0]);
        assert_eq!(self.behind.taken_twice(), [""; 0]);
        assert_eq!(self.behind.taken().len(), LETTERS);
    }
}

fn dovecot_conf(folder: &Path, identity: &Identity, port: u16, behind: u16) -> String {
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

#[test]
fn haraka_takes_letters_at_full_speed_each_once() {
    let Some(servers) = servers_with("haraka/node_modules/Haraka/haraka.js") else {
        return;
    };
    Relay::haraka(&servers).takes_every_letter_once();
}

#[test]
fn dovecots_submission_service_takes_letters_at_full_speed_each_once() {
    let Some(servers) = servers_with("usr/lib/dovecot/submission").filter(|_| root_is_here()) else {
        return;
    };
    Relay::dovecot(&servers).takes_every_letter_once();
}
