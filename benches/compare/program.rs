//! The programs that are run: where they may run, how long they take, and how much memory.

use std::fs;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// On which processors a program runs.
#[derive(Clone, Copy, Debug)]
pub enum Where {
    /// On the first one only.
    OneCpu,
    /// Wherever the kernel puts it.
    Anywhere,
}

impl Where {
    /// The same program, held there.
    pub fn hold(self, command: Command) -> Command {
        match self {
            Self::Anywhere => command,
            Self::OneCpu => within("/usr/bin/taskset", &["-c", "0"], &command),
        }
    }
}

/// The same program, started by another one.
pub fn within(other: &str, arguments: &[&str], command: &Command) -> Command {
    let mut held = Command::new(other);
    held.args(arguments).arg(command.get_program());
    like(held, command)
}

/// The same program once more.
pub fn copy(command: &Command) -> Command {
    like(Command::new(command.get_program()), command)
}

/// With the same arguments, environment (which is never inherited) and folder.
fn like(mut held: Command, command: &Command) -> Command {
    held.args(command.get_args()).env_clear();
    for (name, value) in command.get_envs() {
        held.env(name, value.unwrap_or_default());
    }
    if let Some(folder) = command.get_current_dir() {
        held.current_dir(folder);
    }
    held
}

/// What a run took, from its start to its end.
#[derive(Clone, Copy, Debug)]
pub struct Taken {
    pub seconds: f64,
    /// Of processor time, in the program and in the kernel for it. The clock counts hundredths of a second.
    pub cpu: f64,
    /// Of processor time that the server took meanwhile, where that is known.
    pub server_cpu: f64,
}

/// Runs a program to its end, which has to be a good one.
pub fn run(command: &mut Command) -> Taken {
    // What the run before left for the disk to write is not this one's to wait for.
    let _ = Command::new("sync").status();
    let cpu = children_cpu();
    let begun = Instant::now();
    let status = start(command).wait().expect("a child can be waited for");
    let taken = Taken {
        seconds: begun.elapsed().as_secs_f64(),
        cpu: children_cpu() - cpu,
        server_cpu: 0.0,
    };
    check(command, status);
    taken
}

/// The same, many times, for a program that ends in a moment; the median of their seconds.
pub fn median_seconds(command: &mut Command, times: usize) -> f64 {
    let seconds: Vec<f64> = (0..times)
        .map(|_| {
            let begun = Instant::now();
            let status = start(command).wait().expect("a child can be waited for");
            let seconds = begun.elapsed().as_secs_f64();
            check(command, status);
            seconds
        })
        .collect();
    crate::table::median(&seconds)
}

/// What a run used whose memory was watched.
#[derive(Clone, Copy, Debug)]
pub struct Used {
    pub seconds: f64,
    /// The most that it had at once, in MiB.
    pub memory: f64,
}

/// Runs a program to its end, which has to be a good one, and looks at its memory meanwhile.
pub fn watch(command: &mut Command) -> Used {
    let _ = Command::new("sync").status();
    let begun = Instant::now();
    let mut child = start(command);
    let path = format!("/proc/{}/status", child.id());
    // The kernel keeps the peak, but forgets it when the program ends: so it is read again and again.
    let watcher = std::thread::spawn(move || {
        let mut peak = 0;
        while let Some(so_far) = high_water(&path) {
            peak = peak.max(so_far);
            std::thread::sleep(Duration::from_millis(2));
        }
        peak
    });
    let status = child.wait().expect("a child can be waited for");
    let seconds = begun.elapsed().as_secs_f64();
    check(command, status);
    let peak = watcher.join().expect("nothing in it fails");
    Used {
        seconds,
        memory: f64::from(peak) / 1024.0,
    }
}

/// `VmHWM` in KiB.
fn high_water(path: &str) -> Option<u32> {
    let status = fs::read_to_string(path).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse().ok()
}

fn start(command: &mut Command) -> Child {
    command.stdin(Stdio::null()).stdout(Stdio::null());
    match command.spawn() {
        Ok(child) => child,
        Err(error) => panic!("{command:?}: {error}"),
    }
}

fn check(command: &Command, status: ExitStatus) {
    assert!(status.success(), "{command:?}: {status}");
}

/// The processor time of all children that have ended, in seconds: the fields cutime and cstime of proc(5).
fn children_cpu() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks = fields
        .split_ascii_whitespace()
        .skip(13)
        .take(2)
        .filter_map(|field| field.parse::<u32>().ok());
    // Linux counts hundredths here on every machine that it is built for (`USER_HZ`).
    ticks.map(f64::from).sum::<f64>() / 100.0
}
