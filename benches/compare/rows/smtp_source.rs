//! Beside Postfix's load generator, `smtp-source`: it sends one text that it made before, over and over, remembers
//! nothing, and looks at nothing but reply codes. Both send to Postfix's `smtp-sink`, letters of much the same size: 1,313
//! bytes as `smtp-source` writes them, about 1,500 of `appel`, which has more headers.

use std::path::Path;
use std::process::{Command, Stdio};

use super::in_turn;
use crate::Bench;
use crate::campaign::{self, Sending};
use crate::daemon::{Daemon, is_root, program};
use crate::program::{Where, seconds};
use crate::table::Measured;

/// Everything on one processor: what a letter costs, client and server together.
pub fn one_connection(bench: &Bench) -> Measured {
    compare(bench, "1 connection, everything on one CPU", 1, Where::OneCpu)
}

/// As fast as it goes.
pub fn ten_connections(bench: &Bench) -> Measured {
    compare(bench, "10 connections, all CPUs", 10, Where::Anywhere)
}

fn compare(bench: &Bench, what: &str, connections: usize, place: Where) -> Measured {
    let sink_folder = tempfile::tempdir().expect("a folder");
    let (_sink, [port]) = Daemon::start(sink_folder.path(), |[port]| place.hold(smtp_sink(&bench.servers, port)));
    let folder = bench.folder.path().join(format!("{connections}"));
    campaign::write(&folder, bench.letters, &Sending { port, connections });
    let ours = || appel(&folder, bench.letters, place);
    let theirs = || seconds(place.hold(smtp_source(bench, connections, port)));
    in_turn(bench, what, "smtp-source -d", ours, theirs)
}

fn smtp_sink(servers: &Path, port: u16) -> Command {
    let mut command = program(servers, "usr/sbin/smtp-sink");
    if is_root() {
        command.args(["-u", "nobody"]);
    }
    command.arg(format!("127.0.0.1:{port}")).arg("1000");
    command
}

fn smtp_source(bench: &Bench, connections: usize, port: u16) -> Command {
    let mut command = program(&bench.servers, "usr/sbin/smtp-source");
    command
        .args([
            "-d",
            "-s",
            &connections.to_string(),
            "-l",
            "1200",
            "-m",
            &bench.letters.to_string(),
        ])
        .args(["-f", "ann@home.example", "-t", "m@mfa.example"])
        .arg(format!("127.0.0.1:{port}"));
    command
}

/// A first run of a campaign: nothing is remembered from an earlier one, and everything is remembered of this one.
fn appel(campaign: &Path, letters: u32, place: Where) -> f64 {
    let state = campaign.join("state");
    // It may not be there yet.
    let _ = std::fs::remove_dir_all(&state);
    let taken = seconds(place.hold(run(campaign, &["send", "--yes", "--quiet"])));
    let status = run(campaign, &["status", "--json"])
        .stderr(Stdio::inherit())
        .output()
        .expect("appel can be run");
    let status: serde_json::Value = serde_json::from_slice(&status.stdout).expect("status --json prints an object");
    assert_eq!(status["accepted"], letters, "{status}");
    taken
}

fn run(campaign: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_appel"));
    command
        .env_clear()
        .env("HOME", campaign)
        .env("XDG_CONFIG_HOME", campaign.join("none"))
        .env("XDG_STATE_HOME", campaign.join("state"))
        .current_dir(campaign)
        .args(arguments);
    command
}
