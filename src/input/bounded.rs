//! The one way in which files of a campaign are opened and read: never a pipe or a device, and never more than was said.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use appel_messages::{Message, Value, msg};

/// The most a configuration, an account file, a template or a personal message may have, in bytes.
pub const MOST_TEXT: u64 = 1 << 20;

/// Why a file was not read.
#[derive(Debug)]
pub enum Unread {
    /// Nothing is there.
    Missing,
    /// Not what can be read to an end.
    NotAFile(Instead),
    /// More than is read; with what there is, as far as it is known.
    TooLong(u64),
    /// No UTF-8 from the byte on.
    NotUtf8(Vec<u8>, usize),
    /// The system's own reason.
    Io(io::Error),
}

impl Unread {
    /// The reason, in words that fit behind "cannot be read:".
    #[must_use]
    pub fn message(&self) -> Message {
        match self {
            Self::Missing => msg!("unread-missing"),
            Self::NotAFile(what) => msg!("unread-not-a-file", what = what),
            Self::TooLong(_) => msg!("unread-too-long"),
            Self::NotUtf8(..) => msg!("unread-not-utf-8"),
            Self::Io(error) => Message::quote(error.to_string()),
        }
    }
}

impl From<io::Error> for Unread {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// What is there instead of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instead {
    /// A folder.
    Folder,
    /// A device or a pipe.
    Device,
}

impl From<Instead> for Value {
    fn from(instead: Instead) -> Self {
        Self::from(match instead {
            Instead::Folder => msg!("unread-folder"),
            Instead::Device => msg!("unread-device"),
        })
    }
}

impl From<&Instead> for Value {
    fn from(instead: &Instead) -> Self {
        Self::from(*instead)
    }
}

fn system(error: io::Error) -> Unread {
    match error.kind() {
        ErrorKind::NotFound => Unread::Missing,
        _ => Unread::Io(error),
    }
}

/// Opens a regular file for reading.
///
/// A pipe or a device is not opened, for that could wait for ever or move something; and one that is put in the file's
/// place in between keeps nobody waiting, and is noticed.
///
/// # Errors
/// When there is none, or it is something else.
pub fn open(path: &Path) -> Result<(File, Metadata), Unread> {
    regular(&fs::metadata(path).map_err(system)?)?;
    let mut how = OpenOptions::new();
    how.read(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt;
        let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
        how.custom_flags(i32::try_from(flags.bits()).unwrap_or(0));
    }
    let file = how.open(path).map_err(system)?;
    let about = file.metadata()?;
    regular(&about)?;
    Ok((file, about))
}

fn regular(about: &Metadata) -> Result<(), Unread> {
    if about.is_file() {
        Ok(())
    } else if about.is_dir() {
        Err(Unread::NotAFile(Instead::Folder))
    } else {
        Err(Unread::NotAFile(Instead::Device))
    }
}

/// The whole of a file that has at most `most` bytes.
///
/// # Errors
/// When it has more, also when it only came to more while it was read; or when it cannot be read.
pub fn bytes(path: &Path, most: u64) -> Result<Vec<u8>, Unread> {
    let (file, about) = open(path)?;
    rest(file, &about, most)
}

/// The whole of a file that is [`open`] already.
///
/// # Errors
/// As for [`bytes`].
pub fn rest(file: File, about: &Metadata, most: u64) -> Result<Vec<u8>, Unread> {
    if about.len() > most {
        return Err(Unread::TooLong(about.len()));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(about.len()).unwrap_or(0));
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(Unread::TooLong(bytes.len() as u64));
    }
    Ok(bytes)
}

/// The whole of a UTF-8 file that has at most `most` bytes, without its byte order mark.
///
/// # Errors
/// As for [`bytes`], and when it is no UTF-8.
pub fn text(path: &Path, most: u64) -> Result<String, Unread> {
    let mut text = String::from_utf8(bytes(path, most)?).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Unread::NotUtf8(error.into_bytes(), at)
    })?;
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    Ok(text)
}

/// Every second byte of UTF-16 text in Latin letters is zero; no other text has that.
#[must_use]
pub fn looks_like_utf_16(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(1000)];
    head.len() >= 4 && head.split(|byte| *byte == 0).count() * 3 > head.len()
}

/// `1 MiB`, `25 MiB`, `300 KiB`, `12 bytes`: rounded up, so that what is too long never looks as if it were not.
#[must_use]
pub fn size(bytes: u64) -> Message {
    let (shift, unit): (u32, fn(String) -> Message) = match bytes {
        0..=0x3ff => return msg!("unread-bytes", count = bytes),
        0x400..=0xf_ffff => (10, |size| msg!("unread-kib", size = size)),
        0x10_0000..=0x3fff_ffff => (20, |size| msg!("unread-mib", size = size)),
        0x4000_0000..=0xff_ffff_ffff => (30, |size| msg!("unread-gib", size = size)),
        _ => (40, |size| msg!("unread-tib", size = size)),
    };
    let whole = bytes >> shift;
    // A tenth tells 1 MiB from a byte more; hundreds need none.
    if bytes == whole << shift || whole >= 100 {
        return unit(bytes.div_ceil(1 << shift).to_string());
    }
    let tenths = (u128::from(bytes) * 10).div_ceil(1u128 << shift);
    unit(format!("{}.{}", tenths / 10, tenths % 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_up_to_its_limit_and_not_beyond() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        fs::write(&path, "\u{feff}abcd").unwrap();
        assert_eq!(text(&path, 7).unwrap(), "abcd");
        assert!(matches!(text(&path, 6), Err(Unread::TooLong(7))));
        fs::write(&path, b"ab\xff").unwrap();
        assert!(matches!(text(&path, 6), Err(Unread::NotUtf8(_, 2))));
        assert!(matches!(text(&dir.path().join("g"), 6), Err(Unread::Missing)));
        assert!(matches!(text(dir.path(), 6), Err(Unread::NotAFile(Instead::Folder))));
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_or_a_device_keeps_nobody_waiting() {
        use rustix::fs::{CWD, FileType, Mode, mknodat};
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("pipe");
        mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR, 0).unwrap();
        let link = dir.path().join("link");
        std::os::unix::fs::symlink("/dev/zero", &link).unwrap();
        for path in [pipe, link] {
            assert!(matches!(text(&path, 6), Err(Unread::NotAFile(Instead::Device))));
        }
    }

    #[test]
    fn a_file_that_grows_while_it_is_read_is_noticed() {
        // The kernel says that this one is empty, and then has something to read.
        let path = Path::new("/proc/self/status");
        if path.exists() {
            assert!(matches!(bytes(path, 10), Err(Unread::TooLong(11))));
        }
    }

    #[test]
    fn a_length_is_said_in_the_unit_that_fits() {
        let said = [12, 1024, (1 << 20) + 1, 1 << 20, 300 << 20, 1 << 40].map(|bytes| size(bytes).in_english());
        assert_eq!(size(1).in_english(), "1 byte");
        assert_eq!(said, ["12 bytes", "1 KiB", "1.1 MiB", "1 MiB", "300 MiB", "1 TiB"]);
    }
}
