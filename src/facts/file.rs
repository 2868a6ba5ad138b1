//! A file of a campaign's folder that is changed: through no link, whole or not at all, and only as it was read.

use std::fs::{File, Permissions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use appel_messages::msg;

use crate::input::bounded::MOST_TEXT;
use crate::private::{self, Unfit};

/// A file as it was read.
#[derive(Debug)]
pub struct Opened {
    path: PathBuf,
    /// Its text, byte order mark and all; empty when there is none.
    pub text: String,
    permissions: Option<Permissions>,
}

impl Opened {
    /// Reads it.
    ///
    /// # Errors
    /// When it is a link, has a second name, is no regular file, is too long, or cannot be read; not when there is none.
    pub fn read(path: &Path) -> io::Result<Self> {
        let (bytes, permissions) = match bytes(path) {
            Ok((bytes, permissions)) => (bytes, Some(permissions)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => (Vec::new(), None),
            Err(error) => return Err(error),
        };
        let text = String::from_utf8(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        Ok(Self {
            path: path.to_owned(),
            text,
            permissions,
        })
    }

    /// Whether there was one.
    #[must_use]
    pub const fn is_there(&self) -> bool {
        self.permissions.is_some()
    }

    /// Puts another text in its place, safe from a power cut, for the same people to read and write.
    ///
    /// # Errors
    /// When it is no longer what was read, or cannot be written; then it stays as it is.
    pub fn replace(&self, text: &str) -> io::Result<()> {
        let now = Self::read(&self.path)?;
        if now.is_there() != self.is_there() || now.text != self.text {
            return Err(changed(&self.path).into());
        }
        let folder = match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let mut builder = tempfile::Builder::new();
        builder.prefix(".new-");
        #[cfg(unix)]
        let usual = std::os::unix::fs::PermissionsExt::from_mode(0o644);
        #[cfg(unix)]
        if self.permissions.is_none() {
            // Less what the person's own habits take away.
            builder.permissions(usual);
        }
        let mut file = builder.tempfile_in(folder)?;
        file.write_all(text.as_bytes())?;
        if let Some(permissions) = &self.permissions {
            file.as_file().set_permissions(permissions.clone())?;
        }
        file.as_file().sync_all()?;
        if self.is_there() {
            file.persist(&self.path)?;
        } else {
            // What came there meanwhile is not lost.
            file.persist_noclobber(&self.path)?;
        }
        #[cfg(unix)]
        if let Ok(folder) = File::open(folder) {
            folder.sync_all()?;
        }
        Ok(())
    }
}

fn bytes(path: &Path) -> io::Result<(Vec<u8>, Permissions)> {
    let file = private::open(path, private::options().read(true))?;
    let permissions = file.metadata()?.permissions();
    let mut bytes = Vec::new();
    if file.take(MOST_TEXT + 1).read_to_end(&mut bytes)? as u64 > MOST_TEXT {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok((bytes, permissions))
}

fn changed(path: &Path) -> Unfit {
    Unfit {
        what: msg!("fact-file-changed", path = appel_core::words::path(path)),
        hint: msg!("fact-file-changed-hint"),
    }
}
