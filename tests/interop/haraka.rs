//! Haraka, which passes on what it takes to a server that counts it.
//!
//! It offers PIPELINING and refuses, as of 3.3, a command behind a letter's final dot before the reply is there.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use tempfile::TempDir;

use crate::{
    daemon::{Daemon, open_folder},
    letters::Arrival,
    provider::{Access, Provider, passed_on},
    support::Server,
};

pub struct Haraka {
    daemon: Daemon,
    port: u16,
    behind: Server,
    _folder: TempDir,
}

impl Haraka {
    pub fn start(servers: &Path) -> Self {
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
            _folder: folder,
        }
    }
}

impl Provider for Haraka {
    fn access(&self) -> Access {
        Access::open(self.port)
    }

    fn daemon(&mut self) -> &mut Daemon {
        &mut self.daemon
    }

    fn arrivals(&self) -> BTreeSet<Arrival> {
        passed_on(&self.behind)
    }
}
