//! A run whose nth system call of a kind is its last, or fails.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Command, Stdio},
};

use crate::support::{Campaign, Run, Running};

/// What leaves a trace in a file or at the server, and what waits for the server; under every name that it has on one
/// processor or another.
const STEPS: &str = "write writev pwrite64 pwritev pwritev2 fsync fdatasync ftruncate fallocate rename renameat renameat2 \
                     unlink unlinkat mkdir mkdirat open openat close flock connect sendto sendmsg shutdown read readv \
                     pread64 recvfrom recvmsg epoll_wait epoll_pwait epoll_pwait2";

/// What happens to a run at one of its steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// SIGKILL, before the call does anything.
    Kill,
    /// The call does nothing and returns this error.
    Error(&'static str),
    /// So do all that follow it.
    ErrorFromThenOn(&'static str),
}

/// Whether strace can be used here; a word about it when not, and a failure where it must be.
pub fn is_there() -> bool {
    let mut traced = Command::new("strace");
    traced
        .args(["-qq", "-o", "/dev/null", "/bin/sh", "-c", ":"])
        .env_clear();
    let complaint = match traced.output() {
        Ok(output) if output.status.success() => return true,
        Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        Err(error) => error.to_string(),
    };
    let required = std::env::var_os("APPEL_TEST_SERVERS").is_some_and(|name| !name.is_empty());
    assert!(!required, "strace cannot be used here: {complaint}");
    eprintln!("left out: strace cannot be used here: {complaint}");
    false
}

/// A run with a fault at its nth call of a kind, and whether it came that far.
///
/// strace counts the calls of each kind, and of each thread, apart. A run has one thread that does everything.
pub fn struck(campaign: &Campaign, arguments: &[&str], call: &str, nth: usize, fault: Fault) -> (Run, bool) {
    let trace = campaign.root().join("strace");
    let what = match fault {
        Fault::Kill => format!("signal=SIGKILL:when={nth}"),
        Fault::Error(name) => format!("error={name}:when={nth}"),
        Fault::ErrorFromThenOn(name) => format!("error={name}:when={nth}+"),
    };
    let options = [format!("--trace={call}"), format!("--inject={call}:{what}")];
    let run = Running::start(traced(campaign, arguments, &trace, &options)).wait();
    let hit = match fault {
        Fault::Kill => run.status.is_none(),
        _ => fs::read_to_string(&trace)
            .expect("strace writes what it saw")
            .contains("(INJECTED)"),
    };
    (run, hit)
}

/// How many steps of each kind a run has that nothing happens to.
pub fn steps(campaign: &Campaign, arguments: &[&str]) -> (Run, BTreeMap<&'static str, usize>) {
    let trace = campaign.root().join("strace");
    // With the question mark, a call that this processor does not have is none to be looked for.
    let known: Vec<_> = STEPS.split(' ').map(|step| format!("?{step}")).collect();
    let options = [format!("--trace={}", known.join(","))];
    let run = Running::start(traced(campaign, arguments, &trace, &options)).wait();
    let mut steps = BTreeMap::new();
    for line in fs::read_to_string(&trace).expect("strace writes what it saw").lines() {
        // The number of a process, a call, its arguments.
        let call = line
            .split_once(' ')
            .and_then(|(_, call)| call.trim_start().split_once('('));
        if let Some(step) = call.and_then(|(call, _)| STEPS.split(' ').find(|step| *step == call)) {
            *steps.entry(step).or_default() += 1;
        }
    }
    (run, steps)
}

/// The calls of these kinds that a run has to which nothing happens, with the files and the bytes that they are about.
pub fn calls(campaign: &Campaign, arguments: &[&str], which: &str) -> (Run, Vec<String>) {
    let trace = campaign.root().join("strace");
    let whole = ["--decode-fds=path", "--string-limit=9999"].map(str::to_owned);
    let options = [format!("--trace={which}")].into_iter().chain(whole);
    let run = Running::start(traced(campaign, arguments, &trace, &options.collect::<Vec<_>>())).wait();
    let calls = fs::read_to_string(&trace).expect("strace writes what it saw");
    let calls = calls.lines().filter(|line| line.contains('(')).map(str::to_owned);
    (run, calls.collect())
}

fn traced(campaign: &Campaign, arguments: &[&str], trace: &Path, options: &[String]) -> Command {
    let plain = campaign.command(arguments);
    let mut traced = Command::new("strace");
    traced
        .args(["--follow-forks", "--quiet=all", "--signal=none", "--output"])
        .arg(trace)
        .args(options)
        .arg(plain.get_program())
        .args(plain.get_args())
        .env_clear()
        .envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .current_dir(plain.get_current_dir().expect("a run has a folder"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    traced
}
