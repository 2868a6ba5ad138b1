//! What the figures were measured on.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// Processor, cores, kernel, how busy the machine is, and the file system that the ledger is on, with what it costs to write there for good: a
/// ledger waits for that every few dozen letters, and a busy disk shows in the figures.
pub fn describe(folder: &Path) -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    format!(
        "machine: {}, {cores} cores, Linux {}, load {}\nledger on: {}, fsync {}",
        processor().unwrap_or_else(|| "unknown processor".to_owned()),
        kernel.trim(),
        load.split(' ').next().unwrap_or_default(),
        file_system(folder).unwrap_or_else(|| "unknown file system".to_owned()),
        sync_time(folder).map_or_else(
            |error| error.to_string(),
            |time| format!("{:.2} ms", time.as_secs_f64() * 1000.0)
        )
    )
}

fn processor() -> Option<String> {
    let info = fs::read_to_string("/proc/cpuinfo").ok()?;
    let (_, name) = info
        .lines()
        .find(|line| line.starts_with("model name"))?
        .split_once(": ")?;
    Some(name.to_owned())
}

/// The mount with the longest path that holds the folder: `ext4 on /dev/vda`.
fn file_system(folder: &Path) -> Option<String> {
    let folder = folder.canonicalize().ok()?;
    let mounts = fs::read_to_string("/proc/self/mounts").ok()?;
    mounts
        .lines()
        .filter_map(|line| {
            let mut words = line.split(' ');
            let (device, at, kind) = (words.next()?, words.next()?, words.next()?);
            folder
                .starts_with(at)
                .then(|| (at.len(), format!("{kind} on {device}")))
        })
        .max_by_key(|(length, _)| *length)
        .map(|(_, mount)| mount)
}

/// The median time to add a page to a file and have it on the disk.
fn sync_time(folder: &Path) -> io::Result<Duration> {
    let mut file = tempfile::tempfile_in(folder)?;
    let mut times = Vec::new();
    for _ in 0..51 {
        let begun = Instant::now();
        file.write_all(&[0; 4096])?;
        file.sync_all()?;
        times.push(begun.elapsed());
    }
    times.sort();
    Ok(times[times.len() / 2])
}
