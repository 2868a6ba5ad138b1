//! Another answer to "where is this host?" than the machine's own, for one run, with nothing asked outside of it.

use std::{
    fs,
    process::{Command, Stdio},
};

use tempfile::TempDir;

use super::{Campaign, Running};

/// Puts the folder's files in the place of the system's, for the program that follows and nobody else.
const SCRIPT: &str = r#"
mount --bind "$0/nsswitch.conf" /etc/nsswitch.conf &&
mount --bind "$0/hosts" /etc/hosts &&
exec "$@"
"#;

/// Where a run looks names up.
pub struct Names {
    folder: TempDir,
}

impl Names {
    /// In this file of hosts and nowhere else. `None`, and a word about it, where the system does not let a program
    /// have an `/etc/hosts` of its own.
    pub fn hosts(hosts: &str) -> Option<Self> {
        let names = Self::folder();
        fs::write(names.folder.path().join("hosts"), hosts).expect("a file in a temporary directory");
        names.supported()
    }

    /// In a file that never comes to an end: whoever looks anything up waits for ever.
    pub fn silent() -> Option<Self> {
        let names = Self::folder();
        let made = Command::new("mkfifo").arg(names.folder.path().join("hosts")).status();
        assert!(made.is_ok_and(|made| made.success()), "mkfifo makes a pipe");
        names.supported()
    }

    fn folder() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("appel-names-")
            .tempdir()
            .expect("a temporary directory");
        fs::write(folder.path().join("nsswitch.conf"), "hosts: files\n").expect("a file in a temporary directory");
        Self { folder }
    }

    fn supported(self) -> Option<Self> {
        let tried = self.unshare().arg("true").output();
        if tried.is_ok_and(|tried| tried.status.success()) {
            return Some(self);
        }
        eprintln!("left out: this system does not let a program have an /etc/hosts of its own (unshare --mount)");
        None
    }

    fn unshare(&self) -> Command {
        let mut command = Command::new("unshare");
        command
            .args(["--map-root-user", "--mount", "sh", "-c", SCRIPT])
            .arg(self.folder.path());
        command
    }

    /// `appel` with these arguments and these names.
    pub fn spawn(&self, campaign: &Campaign, arguments: &[&str]) -> Running {
        let plain = campaign.command(arguments);
        let mut command = self.unshare();
        command
            .arg(plain.get_program())
            .args(plain.get_args())
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        for (name, value) in plain.get_envs() {
            command.env(name, value.unwrap_or_default());
        }
        command
            .current_dir(plain.get_current_dir().expect("a run has a folder"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Running::start(command)
    }
}
