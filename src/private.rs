//! Files and folders that are nobody else's business: 0600 and 0700 where the system knows such a thing, opened through
//! no link, and refused where somebody else could have put or changed them.

mod trust;

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use appel_messages::msg;
use etcetera::BaseStrategy;

pub use trust::{
    Unfit, check_folder, check_shared_folder, check_state_folder, is_in_state_folder, look, look_own,
    may_read_and_write, quoted, target, why,
};

/// What this program keeps is never larger; what is gets no further than this into memory.
const LARGEST: u64 = 16 << 20;

/// `$XDG_STATE_HOME/appel`: the ledger, the log and whatever else is kept; `None` when there is no home.
#[must_use]
pub fn state_folder() -> Option<PathBuf> {
    Some(state_home()?.join("appel"))
}

fn state_home() -> Option<PathBuf> {
    let base = etcetera::choose_base_strategy().ok()?;
    Some(base.state_dir().unwrap_or_else(|| base.data_dir()))
}

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

/// Makes a folder as [`folder`] does, and refuses one that is there already and that others could change.
///
/// # Errors
/// When it cannot be made, or [`check_folder`] refuses it.
pub fn own_folder(path: &Path) -> io::Result<()> {
    folder(path)?;
    Ok(check_folder(path)?)
}

/// How to open a file so that, should it be made, only its owner can read it, and so that no link is followed.
#[must_use]
pub fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
        // What waits for somebody at its other end is no file; it is refused, and must not hold anything up before.
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        if let Ok(flags) = i32::try_from(flags.bits()) {
            options.custom_flags(flags);
        }
    }
    options
}

/// Opens a file as these [`options`] say: through no link, and only if it is a file and has no other name.
///
/// # Errors
/// When it cannot be opened, or is no such file ([`Unfit`]).
pub fn open(path: &Path, options: &OpenOptions) -> io::Result<File> {
    look(path)?;
    let file = options.open(path)?;
    trust::is_plain(path, &file.metadata()?)?;
    Ok(file)
}

/// The same, and only if the file is one's own and others cannot write it.
///
/// # Errors
/// As for [`open`].
pub fn open_own(path: &Path, options: &OpenOptions) -> io::Result<File> {
    look_own(path)?;
    let file = options.open(path)?;
    trust::is_own(path, &file.metadata()?)?;
    Ok(file)
}

/// The text of a file of one's own that this program wrote.
///
/// # Errors
/// When it cannot be read, is no such file ([`Unfit`]), or is too long.
pub fn read_to_string_no_follow(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let file = open_own(path, options().read(true))?;
    if file.take(LARGEST + 1).read_to_string(&mut text)? as u64 > LARGEST {
        let unfit = Unfit::new(msg!("file-too-long"), msg!("file-hint-disk"));
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, unfit));
    }
    Ok(text)
}

/// Writes a file whole or not at all, safe from a power cut, readable by its owner only. What was there by this name
/// is replaced, and never written into.
///
/// # Errors
/// When it cannot be written; then what was there before still is.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".new-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600));
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    // The name too, where that can be had: the file is there already.
    #[cfg(unix)]
    if let Ok(folder) = File::open(folder) {
        folder.sync_all()?;
    }
    Ok(())
}

/// A file of one's own that is to be overwritten and removed; nothing has happened to it yet.
#[derive(Debug)]
pub struct Erasable {
    file: File,
    path: PathBuf,
}

impl Erasable {
    /// Opens it, if it is there.
    ///
    /// # Errors
    /// When it cannot be opened, or is no file of one's own ([`Unfit`]): what a link leads to is not overwritten.
    pub fn open(path: &Path) -> io::Result<Option<Self>> {
        match open_own(path, options().write(true)) {
            Ok(file) => Ok(Some(Self {
                file,
                path: path.to_owned(),
            })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Overwrites the file that was opened and removes it, as well as the disk lets one: a copy that it kept elsewhere
    /// is out of reach.
    ///
    /// # Errors
    /// When it cannot be overwritten or removed.
    pub fn erase(mut self) -> io::Result<()> {
        let length = self.file.metadata()?.len();
        io::copy(&mut io::repeat(0).take(length), &mut self.file)?;
        self.file.sync_all()?;
        drop(self.file);
        fs::remove_file(&self.path)
    }
}

#[cfg(all(test, unix))]
mod tests;
