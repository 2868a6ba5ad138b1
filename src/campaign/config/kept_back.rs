//! What no letter may take with it: the campaign's own workings, and what is the person's own.

use std::fs;
use std::path::{Path, PathBuf};

use super::general::General;
use super::paths::or_here;
use crate::campaign::Sources;

/// A file that has several names is looked for among so many; with more, it is kept back too.
const MOST_FILES: usize = 10_000;

/// The files that a campaign cannot attach, by whatever name or link they are called.
#[derive(Debug, Default)]
pub struct KeptBack {
    places: Vec<(Place, &'static str)>,
}

#[derive(Debug)]
enum Place {
    File(PathBuf),
    /// And everything in it.
    Folder(PathBuf),
    /// The `.hbs` files of a folder, and of `partials` in it.
    Templates(PathBuf),
    /// The file, and those beside it whose names begin with its own.
    Ledger(PathBuf),
}

impl KeptBack {
    /// Those of one campaign and one person.
    pub fn new(sources: &Sources, general: &General) -> Self {
        let file = |path: &Path| Place::File(path.to_owned());
        let configuration = "the campaign's own configuration";
        let beside = sources.config.with_file_name("config.toml");
        let mut places = vec![
            (file(&sources.config), configuration),
            (Place::File(beside), configuration),
        ];
        if let Some(path) = &general.recipients {
            places.push((file(path), "the list of recipients"));
        }
        if let Some(path) = &general.templates {
            places.push((Place::Templates(path.clone()), "a template"));
        }
        for path in sources.account.iter().chain(&sources.private.account) {
            places.push((file(path), "your account file"));
        }
        if let Some(path) = &sources.private.state {
            places.push((Place::Folder(path.clone()), "what appel keeps about you"));
        }
        if let Some(path) = &sources.private.ledger {
            places.push((Place::Ledger(path.clone()), "what appel keeps about you"));
        }
        Self { places }
    }

    /// What `path` is, when it may not be attached.
    pub fn holds(&self, path: &Path) -> Option<&'static str> {
        let target = fs::canonicalize(path).ok()?;
        let same = same_file(path);
        let found = self.places.iter().find(|(place, _)| place.has(&target, same.as_ref()));
        found.map(|(_, what)| *what)
    }
}

/// Which file one is, when it has other names besides (hard links): device and number.
type Number = (u64, u64);

#[cfg(unix)]
fn same_file(path: &Path) -> Option<Number> {
    use std::os::unix::fs::MetadataExt;
    let found = fs::metadata(path).ok()?;
    (found.nlink() > 1).then(|| (found.dev(), found.ino()))
}

/// Where files have no numbers, the path must do.
#[cfg(not(unix))]
fn same_file(_: &Path) -> Option<Number> {
    None
}

impl Place {
    /// Whether a file is here: by its real path, or by its number when it has several names.
    fn has(&self, target: &Path, number: Option<&Number>) -> bool {
        let by_path = match self {
            Self::File(path) => real(path).is_some_and(|path| path == target),
            Self::Folder(path) => real(path).is_some_and(|path| target.starts_with(path)),
            Self::Templates(path) => real(path).is_some_and(|folder| {
                let parent = target.parent();
                is_template(target) && (parent == Some(&folder) || parent == real(&folder.join("partials")).as_deref())
            }),
            Self::Ledger(path) => {
                real_parent(path).is_some_and(|folder| target.parent() == Some(&folder) && is_beside(path, target))
            }
        };
        by_path || number.is_some_and(|number| self.has_number(number))
    }

    fn has_number(&self, number: &Number) -> bool {
        let mut left = MOST_FILES;
        match self {
            Self::File(path) => same_file(path).as_ref() == Some(number),
            Self::Folder(path) => any_file(path, &mut left, 3, &|file| same_file(file).as_ref() == Some(number)),
            Self::Templates(path) => [path.clone(), path.join("partials")].iter().any(|folder| {
                any_file(folder, &mut left, 0, &|file| {
                    is_template(file) && same_file(file).as_ref() == Some(number)
                })
            }),
            Self::Ledger(path) => path.parent().is_some_and(|folder| {
                any_file(or_here(folder), &mut left, 0, &|file| {
                    is_beside(path, file) && same_file(file).as_ref() == Some(number)
                })
            }),
        }
    }
}

fn real(path: &Path) -> Option<PathBuf> {
    fs::canonicalize(path).ok()
}

fn real_parent(path: &Path) -> Option<PathBuf> {
    // The ledger may be a link: what lies beside it lies beside its target.
    match real(path) {
        Some(path) => path.parent().map(Path::to_owned),
        None => real(or_here(path.parent()?)),
    }
}

fn is_template(path: &Path) -> bool {
    path.extension().is_some_and(|end| end == "hbs")
}

fn is_beside(ledger: &Path, path: &Path) -> bool {
    let ledger = real(ledger).unwrap_or_else(|| ledger.to_owned());
    let (Some(ledger), Some(name)) = (ledger.file_name(), path.file_name()) else {
        return false;
    };
    name.as_encoded_bytes().starts_with(ledger.as_encoded_bytes())
}

/// Whether any file of a folder is wanted; one with more files than can be looked at counts as if.
fn any_file(folder: &Path, left: &mut usize, deep: usize, wanted: &dyn Fn(&Path) -> bool) -> bool {
    let Ok(entries) = fs::read_dir(folder) else {
        return false;
    };
    for entry in entries.flatten() {
        let Some(rest) = left.checked_sub(1) else { return true };
        *left = rest;
        let path = entry.path();
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if if is_folder {
            deep > 0 && any_file(&path, left, deep - 1, wanted)
        } else {
            wanted(&path)
        } {
            return true;
        }
    }
    false
}
