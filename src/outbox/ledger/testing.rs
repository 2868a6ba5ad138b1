//! For the tests: the files of a ledger as they were at a moment.

use std::fs;
use std::path::{Path, PathBuf};

/// Everything in a folder, to be put back into the same files: a copy would be another ledger.
pub struct Files {
    folder: PathBuf,
    kept: Vec<(PathBuf, Vec<u8>)>,
}

impl Files {
    pub fn of(folder: &Path) -> Self {
        let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
        Self {
            folder: folder.to_owned(),
            kept: files.map(|path| (path.clone(), fs::read(path).unwrap())).collect(),
        }
    }

    pub fn put_back(&self) {
        for file in fs::read_dir(&self.folder).unwrap() {
            let path = file.unwrap().path();
            if !self.kept.iter().any(|(kept, _)| *kept == path) {
                fs::remove_file(path).unwrap();
            }
        }
        for (path, bytes) in &self.kept {
            fs::write(path, bytes).unwrap();
        }
    }

    /// What stands in one of them.
    pub fn bytes(&self, path: &Path) -> &[u8] {
        let (_, bytes) = self.kept.iter().find(|(kept, _)| kept == path).unwrap();
        bytes
    }
}
