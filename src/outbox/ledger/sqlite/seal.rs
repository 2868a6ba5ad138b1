//! For speed alone: a run looks over a big ledger at its end too, and leaves the digest of the file behind its marks. Where
//! the next one finds the file to the bit as it was, it need not look again. Nothing is decided by it but that.

use std::fs::OpenOptions;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::marks;
use crate::private;

/// A smaller file is looked over as quickly line by line.
const BIG: u64 = 8 << 20;
/// Before the digest.
const MAGIC: &[u8; 8] = b"sealed: ";

/// Whether a seal saves the next run any time.
pub fn is_worth_it(ledger: &Path) -> bool {
    std::fs::metadata(ledger).is_ok_and(|file| file.len() >= BIG)
}

/// Whether the database is to the bit what the run left that sealed it. To be asked before the database is opened: to
/// close a file lets go of every lock that the process has on it.
pub fn is_whole(ledger: &Path) -> bool {
    matches!((read(ledger), digest(ledger)), (Ok(sealed), Ok(Some(found))) if sealed == found)
}

/// Seals the database, when it is big and all is in the one file; after its connection is closed. The next run that writes
/// breaks the seal, with the marks it begins. That it cannot be put costs the next look some time.
pub fn put(ledger: &Path) {
    let put = || -> io::Result<()> {
        if let Some(digest) = digest(ledger)? {
            let mut file = open(ledger, private::options().write(true))?;
            file.write_all(&[MAGIC.as_slice(), &digest].concat())?;
        }
        Ok(())
    };
    let _ = put();
}

fn read(ledger: &Path) -> io::Result<[u8; 32]> {
    let mut file = open(ledger, private::options().read(true))?;
    let (mut magic, mut digest) = ([0; 8], [0; 32]);
    file.read_exact(&mut magic)?;
    file.read_exact(&mut digest)?;
    if magic == *MAGIC {
        Ok(digest)
    } else {
        Err(io::ErrorKind::InvalidData.into())
    }
}

/// Behind the marks.
fn open(ledger: &Path, options: &OpenOptions) -> io::Result<std::fs::File> {
    let mut file = private::open(&marks::path(ledger), options)?;
    file.seek(SeekFrom::Start(marks::LENGTH as u64))?;
    Ok(file)
}

/// The digest of a big database file, when nothing is left in the write-ahead file.
fn digest(ledger: &Path) -> io::Result<Option<[u8; 32]>> {
    let mut beside = ledger.as_os_str().to_owned();
    beside.push("-wal");
    let is_folded_in = || std::fs::metadata(&beside).map_or(0, |file| file.len()) == 0;
    if !is_worth_it(ledger) || !is_folded_in() {
        return Ok(None);
    }
    let mut file = private::open(ledger, private::options().read(true))?;
    let mut digest = Sha256::new();
    let mut chunk = vec![0; 256 * 1024];
    loop {
        match file.read(&mut chunk)? {
            0 => break,
            length => digest.update(&chunk[..length]),
        }
    }
    Ok(is_folded_in().then(|| digest.finalize().into()))
}
