//! OpenSMTPD as a relay on one's own machine, to a Maildir, with few letters a session. (That of Debian 12 offers STARTTLS
//! and then fails at it, for it does not know OpenSSL 3; and without TLS it has no login.)

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::{PermissionsExt, chown},
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use crate::{
    daemon::{Daemon, open_folder},
    letters::{Arrival, arrivals},
    provider::{Access, Provider, Sessions},
};

/// A user of every Debian, who gets all letters.
const NOBODY: u32 = 65534;
/// Where its folders are, and its two users, cannot be said in its configuration: a view of the system that only this
/// process and its children have. `$1`: all servers; `$2`: the test's folder.
const IN_ITS_PLACE: &str = r#"
set -e
mount --bind "$2/spool" /var/spool
mount --bind "$2/lib" /var/lib
mount --bind "$2/passwd" /etc/passwd
mount --bind "$2/group" /etc/group
mount --bind "$2/run" /run
mount -t overlay none -o "lowerdir=$1/usr:/usr" /usr
exec /usr/sbin/smtpd -d -f "$2/smtpd.conf"
"#;

pub struct Opensmtpd {
    daemon: Daemon,
    port: u16,
    mail: PathBuf,
    folder: TempDir,
}

impl Opensmtpd {
    /// Each session takes so many letters.
    pub fn start(servers: &Path, letters_a_session: usize) -> Self {
        let folder = open_folder();
        let at = |path: &str| folder.path().join(path);
        for path in ["spool/smtpd", "run", "lib/opensmtpd/empty", "mail"] {
            fs::create_dir_all(at(path)).expect("a folder of ours");
        }
        fs::set_permissions(at("spool/smtpd"), fs::Permissions::from_mode(0o711)).expect("a folder of ours");
        chown(at("mail"), Some(NOBODY), Some(NOBODY)).expect("root gives files away");
        with_lines(
            "/etc/passwd",
            "opensmtpd:x:64001:64001::/:/usr/sbin/nologin\nopensmtpq:x:64002:64002::/:/usr/sbin/nologin\n",
            &at("passwd"),
        );
        with_lines("/etc/group", "opensmtpd:x:64001:\nopensmtpq:x:64002:\n", &at("group"));
        let (daemon, [port]) = Daemon::start(folder.path(), |[port]| {
            let configuration = configuration(folder.path(), port, letters_a_session);
            fs::write(at("smtpd.conf"), configuration).expect("a file in a folder of ours");
            let mut command = Command::new("unshare");
            command
                .env_clear()
                .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
                .args(["--mount", "/bin/sh", "-c", IN_ITS_PLACE, "sh"])
                .arg(servers)
                .arg(folder.path());
            command
        });
        Self {
            daemon,
            port,
            mail: at("mail"),
            folder,
        }
    }
}

impl Provider for Opensmtpd {
    fn access(&self) -> Access {
        Access::open(self.port)
    }

    fn daemon(&mut self) -> &mut Daemon {
        &mut self.daemon
    }

    fn arrivals(&self) -> BTreeSet<Arrival> {
        arrivals(&self.mail)
    }

    fn sessions(&self) -> Option<Sessions> {
        let log = self.daemon.output();
        Some(Sessions {
            begun: log.matches(" smtp connected ").count(),
            overdrawn: log.matches("Too many messages sent").count(),
        })
    }

    fn has_delivered(&self) -> bool {
        // queue/12/1234abcd is a letter that it has taken.
        let queue = self.folder.path().join("spool/smtpd/queue");
        let folders = fs::read_dir(queue).into_iter().flatten().flatten();
        !folders
            .into_iter()
            .any(|folder| fs::read_dir(folder.path()).is_ok_and(|mut it| it.next().is_some()))
    }
}

/// A copy of a system's file with more lines.
fn with_lines(file: &str, lines: &str, copy: &Path) {
    let text = fs::read_to_string(file).expect("every system has this file");
    fs::write(copy, text + lines).expect("a file in a folder of ours");
}

fn configuration(folder: &Path, port: u16, letters_a_session: usize) -> String {
    let folder = folder.display();
    format!(
        "smtp limit max-mails {letters_a_session}
listen on 127.0.0.1 port {port} hostname mail.example
table readers {{ \"@mfa.example\" = nobody }}
action deliver maildir \"{folder}/mail\" virtual <readers>
match from any for domain mfa.example action deliver
"
    )
}
