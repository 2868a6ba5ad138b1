//! Letters as `.eml` files: the exact bytes that would leave, one file a letter.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::private;

/// A folder that takes one `.eml` file a letter.
#[derive(Debug)]
pub struct EmlFolder {
    folder: PathBuf,
    count: usize,
}

impl EmlFolder {
    /// The folder, made when it is not there (0700: letters are nobody else's business).
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn create(folder: &Path) -> io::Result<Self> {
        private::folder(folder)?;
        Ok(Self {
            folder: folder.to_owned(),
            count: 0,
        })
    }

    /// Writes one letter as `0001-NAME.eml`, readable by its owner only, over whatever an earlier run left there.
    ///
    /// # Errors
    /// When the file cannot be written whole.
    pub fn write(&mut self, name: &str, bytes: &[u8]) -> io::Result<PathBuf> {
        self.count += 1;
        let path = self.folder.join(format!("{:04}-{}.eml", self.count, file_name(name)));
        let mut options = private::options();
        // Never through a link that somebody else put there, nor into a file that others may read.
        options.write(true).create_new(true);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        options.open(&path)?.write_all(bytes)?;
        Ok(path)
    }
}

/// `name` with nothing in it that a file system or a shell could take for more than a name.
fn file_name(name: &str) -> String {
    name.chars()
        .take(100)
        .map(|c| match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' | '@' => c,
            '.' => '.',
            _ => '_',
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_written_as_it_is_and_stays_in_its_folder() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("out/letters");
        let mut folder = EmlFolder::create(&folder).unwrap();
        let path = folder.write("../protest/fr", b"a\r\n.\r\n").unwrap();
        assert_eq!(path, dir.path().join("out/letters/0001-.._protest_fr.eml"));
        assert_eq!(fs::read(&path).unwrap(), b"a\r\n.\r\n");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
}
