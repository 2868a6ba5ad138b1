//! Postfix's `smtp-sink`, which takes every letter and throws it away, and `smtp-source`, which is the peer.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::Bench;
use crate::daemon::{Daemon, is_root, program};
use crate::program::{Taken, Where};

/// A running sink; it ends when this is dropped.
pub struct Sink {
    pub port: u16,
    /// Of proc(5).
    process: PathBuf,
    _daemon: Daemon,
    _folder: TempDir,
}

impl Sink {
    pub fn start(bench: &Bench, place: Where) -> Result<Self, String> {
        let servers = bench.servers()?;
        let folder = tempfile::tempdir().expect("a folder");
        let (daemon, [port]) = Daemon::start(folder.path(), |[port]| {
            let mut command = program(servers, "usr/sbin/smtp-sink");
            if is_root() {
                command.args(["-u", "nobody"]);
            }
            command.arg(format!("127.0.0.1:{port}")).arg("1000");
            place.hold(command)
        });
        let process = process(port).ok_or("smtp-sink ended at once")?;
        Ok(Self {
            port,
            process,
            _daemon: daemon,
            _folder: folder,
        })
    }

    /// What a run took, with what this server did for it.
    pub fn serving(&self, run: impl FnOnce() -> Taken) -> Taken {
        let before = self.cpu();
        let taken = run();
        Taken {
            server_cpu: self.cpu() - before,
            ..taken
        }
    }

    /// Seconds on a processor so far: the first field of schedstat, in nanoseconds.
    fn cpu(&self) -> f64 {
        let stat = fs::read_to_string(self.process.join("schedstat")).unwrap_or_default();
        let nanoseconds = stat.split(' ').next().and_then(|field| field.parse::<f64>().ok());
        nanoseconds.unwrap_or(0.0) / 1e9
    }
}

/// The process of the sink on a port. (The shell that looks after it has the same words behind its own name.)
fn process(port: u16) -> Option<PathBuf> {
    let address = format!("127.0.0.1:{port}");
    let is_it = |process: &Path| {
        let words = fs::read_to_string(process.join("cmdline")).unwrap_or_default();
        let mut words = words.split('\0');
        words.next().is_some_and(|name| name.ends_with("smtp-sink")) && words.any(|word| word == address)
    };
    let processes = fs::read_dir("/proc").ok()?;
    processes
        .filter_map(|process| Some(process.ok()?.path()))
        .find(|process| is_it(process))
}

/// `smtp-source`: one text, made before the first letter, of `length` bytes behind its headers.
pub fn smtp_source(bench: &Bench, port: u16, connections: usize, letters: u32, length: u32) -> Result<Command, String> {
    let mut command = program(bench.servers()?, "usr/sbin/smtp-source");
    // -d: connections are kept, as appel keeps them. One recipient a letter, as appel has.
    command
        .args(["-d", "-s", &connections.to_string()])
        .args(["-l", &length.to_string(), "-m", &letters.to_string()])
        .args(["-f", "ann@home.example", "-t", "m12345@mfa.example"])
        .arg(format!("127.0.0.1:{port}"));
    Ok(command)
}
