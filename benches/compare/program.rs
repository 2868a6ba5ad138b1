//! The programs that are run: where they may run, and how long they take.

use std::process::{Command, Stdio};
use std::time::Instant;

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
            Self::OneCpu => {
                let mut held = Command::new("/usr/bin/taskset");
                held.args(["-c", "0"])
                    .arg(command.get_program())
                    .args(command.get_args())
                    .env_clear();
                for (name, value) in command.get_envs() {
                    held.env(name, value.unwrap_or_default());
                }
                if let Some(folder) = command.get_current_dir() {
                    held.current_dir(folder);
                }
                held
            }
        }
    }
}

/// Seconds from the start of a program to its end, which has to be a good one.
pub fn seconds(mut command: Command) -> f64 {
    // What the run before left for the disk to write is not this one's to wait for.
    let _ = Command::new("sync").status();
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let begun = Instant::now();
    let status = command.status().expect("the program can be run");
    let seconds = begun.elapsed().as_secs_f64();
    assert!(status.success(), "{command:?}: {status}");
    seconds
}
