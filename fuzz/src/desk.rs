//! A folder to work in, under `$TMPDIR`, the same one for all inputs of a process.

use std::cell::LazyCell;
use std::fs;
use std::path::{Path, PathBuf};

use appel::input::{Private, Sources};
use jiff::Timestamp;

thread_local! {
    static FOLDER: LazyCell<PathBuf> = LazyCell::new(|| {
        let folder = tempfile::Builder::new().prefix("appel-fuzz-").tempdir().expect("a folder to work in");
        // libFuzzer ends its process without a word; whoever set TMPDIR removes it.
        folder.keep()
    });
}

/// The folder.
pub fn folder() -> PathBuf {
    FOLDER.with(|folder| folder.to_path_buf())
}

/// Writes a file of it.
pub fn write(name: impl AsRef<Path>, content: impl AsRef<[u8]>) -> PathBuf {
    let path = folder().join(name);
    if let Err(error) = fs::write(&path, content.as_ref()) {
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder can be made");
        fs::write(&path, content.as_ref()).unwrap_or_else(|_| panic!("{}: {error}", path.display()));
    }
    path
}

/// Writes a file once for all inputs.
pub fn write_once(name: &str, content: &str) {
    if !folder().join(name).exists() {
        write(name, content);
    }
}

/// The campaign in the folder, and the account file if there is one.
pub fn sources(account: Option<PathBuf>) -> Sources {
    Sources {
        config: folder().join("config.toml"),
        account_required: account.is_some(),
        private: Private {
            account: account.clone(),
            ..Private::default()
        },
        account,
    }
}

/// The moment of every run.
pub fn now() -> Timestamp {
    Timestamp::from_second(1_324_061_640).expect("16 December 2011")
}
