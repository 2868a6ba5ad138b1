//! What no letter may take with it: the campaign's own workings, and what is the person's own.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use appel_messages::{Message, msg};

use super::general::General;
use super::paths::or_here;
use crate::input::Sources;

/// A file that has several names is looked for among so many; with more, it is kept back too.
const MOST_FILES: usize = 10_000;
/// How many groups of variants are looked into; a campaign with more is refused.
const MOST_GROUPS: usize = 1000;

/// The files that a campaign cannot attach, by whatever name or link they are called.
#[derive(Debug, Default)]
pub struct KeptBack {
    places: Vec<(Place, Kept)>,
    /// Those of them that have several names, once anybody asks; `None` when there are too many files to tell.
    numbers: OnceLock<Option<HashMap<Number, Kept>>>,
}

/// What a file is that is kept back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// A configuration of the campaign.
    Configuration,
    /// The list of recipients.
    Recipients,
    /// A template or partial.
    Template,
    /// An account file.
    Account,
    /// Ledger, log and whatever else the program keeps.
    Own,
    /// A file with several names, and nobody knows which.
    Unknown,
}

impl Kept {
    /// What it is, so that it must not leave with a letter.
    pub fn message(self, path: &str) -> Message {
        match self {
            Self::Configuration => msg!("config-attached-configuration", path = path),
            Self::Recipients => msg!("config-attached-recipients", path = path),
            Self::Template => msg!("config-attached-template", path = path),
            Self::Account => msg!("config-attached-account", path = path),
            Self::Own => msg!("config-attached-own", path = path),
            Self::Unknown => msg!("config-attached-unknown", path = path),
        }
    }
}

/// By its real path.
#[derive(Debug)]
enum Place {
    File(PathBuf),
    /// And everything in it.
    Folder(PathBuf),
    /// The `.hbs` files of a folder; those of `partials` and of variants in it are another's.
    Templates(PathBuf),
    /// The files of a folder whose names begin so.
    Ledger(PathBuf, OsString),
}

impl KeptBack {
    /// Those of one campaign and one person.
    pub fn new(sources: &Sources, general: &General) -> Self {
        let mut places = Vec::new();
        let mut add = |place: Option<Place>, what| places.extend(place.map(|place| (place, what)));
        let file = |path: &Path| real(path).map(Place::File);
        add(file(&sources.config), Kept::Configuration);
        add(file(&sources.config.with_file_name("config.toml")), Kept::Configuration);
        if let Some(path) = &general.recipients {
            add(file(path), Kept::Recipients);
        }
        if let Some(path) = &general.templates {
            for folder in [path.clone(), path.join("partials")] {
                add(real(&folder).map(Place::Templates), Kept::Template);
            }
            // Each group of variants has a folder.
            let groups = fs::read_dir(path.join("variants")).into_iter().flatten();
            for group in groups.flatten().take(MOST_GROUPS) {
                add(real(&group.path()).map(Place::Templates), Kept::Template);
            }
        }
        for path in sources.account.iter().chain(&sources.private.account) {
            add(file(path), Kept::Account);
        }
        if let Some(path) = &sources.private.state {
            add(real(path).map(Place::Folder), Kept::Own);
        }
        if let Some(path) = &sources.private.ledger {
            add(Place::ledger(path), Kept::Own);
        }
        Self {
            places,
            numbers: OnceLock::new(),
        }
    }

    /// What `path` is, when it may not be attached.
    pub fn holds(&self, path: &Path) -> Option<Kept> {
        let target = real(path)?;
        let by_path = self.places.iter().find(|(place, _)| place.has(&target));
        if let Some((_, what)) = by_path {
            return Some(*what);
        }
        let number = number(&target)?;
        match self.numbers.get_or_init(|| self.count()) {
            Some(known) => known.get(&number).copied(),
            None => Some(Kept::Unknown),
        }
    }

    fn count(&self) -> Option<HashMap<Number, Kept>> {
        let mut left = MOST_FILES;
        let mut found = HashMap::new();
        for (place, what) in &self.places {
            place.each(&mut left, &mut |file| {
                if let Some(number) = number(file) {
                    found.insert(number, *what);
                }
            })?;
        }
        Some(found)
    }
}

/// Which file one is, when it has other names besides (hard links): device and number.
type Number = (u64, u64);

#[cfg(unix)]
fn number(path: &Path) -> Option<Number> {
    use std::os::unix::fs::MetadataExt;
    let found = fs::metadata(path).ok()?;
    (found.is_file() && found.nlink() > 1).then(|| (found.dev(), found.ino()))
}

/// Where files have no numbers, the path must do.
#[cfg(not(unix))]
fn number(_: &Path) -> Option<Number> {
    None
}

impl Place {
    /// Lock, marks and the rest lie beside the ledger's real file, by its real name.
    fn ledger(path: &Path) -> Option<Self> {
        let path = match real(path) {
            Some(path) => path,
            None => real(or_here(path.parent()?))?.join(path.file_name()?),
        };
        Some(Self::Ledger(path.parent()?.to_owned(), path.file_name()?.to_owned()))
    }

    /// Whether a file is here, by its real path.
    fn has(&self, target: &Path) -> bool {
        match self {
            Self::File(path) => path == target,
            Self::Folder(path) => target.starts_with(path),
            Self::Templates(folder) => target.parent() == Some(folder) && is_template(target),
            Self::Ledger(folder, name) => target.parent() == Some(folder) && begins_with(target, name),
        }
    }

    /// Every file that is here now; `None` when there are more than may be looked at.
    fn each(&self, left: &mut usize, seen: &mut dyn FnMut(&Path)) -> Option<()> {
        match self {
            Self::File(path) => seen(path),
            Self::Folder(path) => return each_file(path, left, 3, seen),
            Self::Templates(path) => {
                return each_file(path, left, 0, &mut |file| {
                    if self.has(file) {
                        seen(file);
                    }
                });
            }
            // Its folder may be anybody's, and full of other files.
            Self::Ledger(folder, name) => {
                for end in ["", ".lock", ".marks", "-wal", "-shm", "-journal"] {
                    let mut name = name.clone();
                    name.push(end);
                    seen(&folder.join(name));
                }
            }
        }
        Some(())
    }
}

fn real(path: &Path) -> Option<PathBuf> {
    fs::canonicalize(path).ok()
}

fn is_template(path: &Path) -> bool {
    path.extension().is_some_and(|end| end == "hbs")
}

fn begins_with(path: &Path, beginning: &OsStr) -> bool {
    let name = path.file_name().unwrap_or_default();
    name.as_encoded_bytes().starts_with(beginning.as_encoded_bytes())
}

/// The files of a folder, and of those in it so deep.
fn each_file(folder: &Path, left: &mut usize, deep: usize, seen: &mut dyn FnMut(&Path)) -> Option<()> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Some(());
    };
    for entry in entries.flatten() {
        *left = left.checked_sub(1)?;
        let path = entry.path();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            if deep > 0 {
                each_file(&path, left, deep - 1, seen)?;
            }
        } else {
            seen(&path);
        }
    }
    Some(())
}
