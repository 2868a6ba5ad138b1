//! What the figures were measured on.

use std::fs;
use std::path::Path;

/// Processor, cores, kernel, and the file system that the ledger is on.
pub fn describe(folder: &Path) -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!(
        "machine: {}, {cores} cores, Linux {}\nledger on: {}",
        processor().unwrap_or_else(|| "unknown processor".to_owned()),
        kernel.trim(),
        file_system(folder).unwrap_or_else(|| "unknown file system".to_owned())
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
