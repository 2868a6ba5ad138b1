//! Counts system calls: how many, on what, and how many bytes they moved.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::program::{run, within};

/// What a call was about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum On {
    Socket,
    Ledger,
    Log,
    Other,
}

/// Calls and bytes of one kind of call.
#[derive(Clone, Copy, Debug, Default)]
pub struct Count {
    pub calls: u32,
    pub bytes: u64,
}

/// Every kind of call of a run.
#[derive(Debug, Default)]
pub struct Counts(pub BTreeMap<(On, String), Count>);

impl Counts {
    /// Those that are looked for, together.
    pub fn sum(&self, wanted: impl Fn(On, &str) -> bool) -> Count {
        let mut sum = Count::default();
        for ((on, call), count) in &self.0 {
            if wanted(*on, call) {
                sum.calls += count.calls;
                sum.bytes += count.bytes;
            }
        }
        sum
    }
}

/// Runs a program, all its threads and children under strace.
///
/// # Errors
/// When there is no strace: how to install it.
pub fn count(command: &Command, folder: &Path) -> Result<Counts, String> {
    trace(command, folder, &["-f", "-y", "-s", "0"])
}

/// Only what waits for the disk: nothing else is stopped for, so that the program is as fast as ever, and a ledger
/// that gathers what comes within some milliseconds gathers as much as ever.
///
/// # Errors
/// As for [`count`].
pub fn count_syncs(command: &Command, folder: &Path) -> Result<u32, String> {
    let arguments = ["-f", "-y", "--seccomp-bpf", "-e", "trace=fsync,fdatasync"];
    let counts = trace(command, folder, &arguments)?;
    Ok(counts.sum(|_, _| true).calls)
}

fn trace(command: &Command, folder: &Path, arguments: &[&str]) -> Result<Counts, String> {
    let there = Command::new("strace").arg("-V").stdout(Stdio::null()).status();
    if !there.is_ok_and(|status| status.success()) {
        return Err("no strace: apt-get install strace".to_owned());
    }
    let output = folder.join("strace");
    let path = output.to_str().ok_or("a folder without a name")?;
    let mut arguments = arguments.to_vec();
    arguments.extend(["-qq", "-e", "signal=none", "-o", path]);
    run(&mut within("/usr/bin/strace", &arguments, command));
    let file = File::open(&output).map_err(|error| error.to_string())?;
    let mut counts = Counts::default();
    let mut unfinished = HashMap::new();
    for line in BufReader::new(file).lines() {
        counts.add(&line.map_err(|error| error.to_string())?, &mut unfinished);
    }
    Ok(counts)
}

impl Counts {
    /// One line: `123 sendto(9<socket:[1]>, ""..., 70, MSG_NOSIGNAL, NULL, 0) = 70`, or one of the two halves of it when
    /// another thread came in between.
    fn add(&mut self, line: &str, unfinished: &mut HashMap<String, (On, String)>) {
        let Some((thread, rest)) = line.split_once(' ') else {
            return;
        };
        let rest = rest.trim_start();
        let key = if rest.starts_with("<... ") {
            unfinished.remove(thread)
        } else {
            rest.split_once('(')
                .map(|(call, arguments)| (on(arguments), call.to_owned()))
        };
        let Some(key) = key else { return };
        if rest.ends_with("<unfinished ...>") {
            unfinished.insert(thread.to_owned(), key);
            return;
        }
        let result = rest.rsplit_once(" = ").map_or("", |(_, result)| result);
        let result: u64 = result.split(' ').next().unwrap_or("").parse().unwrap_or(0);
        let moved =
            key.1.contains("read") || key.1.contains("write") || key.1.contains("send") || key.1.contains("recv");
        let count = self.0.entry(key).or_default();
        count.calls += 1;
        count.bytes += if moved { result } else { 0 };
    }
}

/// By the first file descriptor, which strace names: `9</a/ledger.…-wal>`.
fn on(arguments: &str) -> On {
    let first = arguments.split(',').next().unwrap_or_default();
    let name = first.split_once('<').map_or("", |(_, name)| name);
    if name.starts_with("socket:") || name.starts_with("TCP") {
        On::Socket
    } else if name.contains("/ledger.") {
        On::Ledger
    } else if name.contains(".jsonl") {
        On::Log
    } else {
        On::Other
    }
}
