//! Files and folders that are nobody else's business: 0600 and 0700 where the system knows such a thing.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Read};
use std::path::Path;

/// Makes a folder, and those above it, for its owner only; one that is there already stays as it is.
///
/// # Errors
/// When it cannot be made.
pub fn folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Overwrites a file and removes it, as well as the disk lets one: a copy that it kept elsewhere is out of reach.
///
/// # Errors
/// When it cannot be overwritten or removed.
pub fn erase(path: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(path)?;
    let length = file.metadata()?.len();
    io::copy(&mut io::repeat(0).take(length), &mut file)?;
    file.sync_all()?;
    drop(file);
    fs::remove_file(path)
}

/// How to open a file so that, should it be made, only its owner can read it.
#[must_use]
pub fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
