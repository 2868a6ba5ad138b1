//! Whether a file or folder is one's own, and what fixes it when it is not.

use std::fmt;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use appel_core::words::path as shown;
use appel_messages::{Message, msg};

use super::{state_folder, state_home};

/// Why a file or folder is not used, and what to do now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfit {
    /// What is wrong, with the path.
    pub what: Message,
    /// What fixes it, mostly a command.
    pub hint: Message,
}

/// For the errors of the system that it travels in, which want words: they are English.
impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what.in_english())
    }
}

impl std::error::Error for Unfit {}

/// What is said of an error of a function here: its own words, or the system's.
#[must_use]
pub fn why(error: &io::Error) -> Message {
    match Unfit::of(error) {
        Some(unfit) => unfit.what.clone(),
        None => Message::quote(error.to_string()),
    }
}

impl Unfit {
    pub(super) const fn new(what: Message, hint: Message) -> Self {
        Self { what, hint }
    }

    /// The one inside an error of a function here, if that is what it is.
    #[must_use]
    pub fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }

    /// What the system said of a path, with what to do about it where that is known.
    #[must_use]
    pub fn from_io(path: &Path, error: &io::Error) -> Self {
        if let Some(unfit) = Self::of(error) {
            return unfit.clone();
        }
        match error.kind() {
            io::ErrorKind::PermissionDenied => denied(path),
            io::ErrorKind::ReadOnlyFilesystem => read_only(path),
            io::ErrorKind::NotADirectory => Self::new(
                msg!("file-way-is-no-folder", path = shown(path)),
                msg!("file-hint-path"),
            ),
            #[cfg(unix)]
            _ if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => Self::new(
                msg!("file-link-to-itself", path = shown(path)),
                msg!("file-hint-link-to-itself"),
            ),
            _ => Self::new(
                msg!("file-unusable", path = shown(path), cause = error.to_string()),
                msg!("file-hint-disk"),
            ),
        }
    }
}

impl From<Unfit> for io::Error {
    fn from(unfit: Unfit) -> Self {
        Self::other(unfit)
    }
}

/// Refuses a folder that others could put files into: it must be one's own, and writable by nobody else. One that is
/// not there is no danger. A link to a folder of one's own is as good as that folder.
///
/// # Errors
/// What is wrong with it.
pub fn check_folder(path: &Path) -> Result<(), Unfit> {
    let found = match fs::metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return match fs::symlink_metadata(path) {
                Ok(_) => Err(leads_nowhere(path)),
                Err(_) => Ok(()),
            };
        }
        Err(error) => return Err(Unfit::from_io(path, &error)),
    };
    if !found.is_dir() {
        return Err(Unfit::new(
            msg!("folder-is-none", path = shown(path)),
            msg!("folder-hint-rename", path = quoted(path)),
        ));
    }
    #[cfg(unix)]
    {
        owned(path, &found)?;
        not_writable_by_others(path, &found)?;
    }
    Ok(())
}

/// The same of the folder that holds ledger and log, where there is one.
///
/// # Errors
/// What is wrong with it.
pub fn check_state_folder() -> Result<(), Unfit> {
    let Some(folder) = state_folder() else { return Ok(()) };
    check_folder(&folder)?;
    // Whoever may rename the folder can put another in its place, one that knows of nothing sent.
    match folder.parent() {
        Some(above) if folder.exists() => check_shared_folder(above).map(drop),
        _ => Ok(()),
    }
}

/// Whether anybody at all may put files into a folder that a person named, so that only files of one's own can be
/// trusted in it; refuses one in which anybody could take away those too.
///
/// # Errors
/// What is wrong with it.
pub fn check_shared_folder(path: &Path) -> Result<bool, Unfit> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let found = fs::metadata(path).map_err(|error| Unfit::from_io(path, &error))?;
        let (anybody, sticky) = (found.mode() & 0o002 != 0, found.mode() & 0o1000 != 0);
        if anybody && !sticky {
            return Err(Unfit::new(
                msg!("folder-open-to-everybody", path = shown(path)),
                msg!("folder-hint-not-for-everybody", path = quoted(path)),
            ));
        }
        Ok(anybody)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        Ok(false)
    }
}

/// Where a path really leads.
///
/// # Errors
/// When there is nothing, or it cannot be found out.
pub fn target(path: &Path) -> Result<PathBuf, Unfit> {
    fs::canonicalize(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => leads_nowhere(path),
        _ => Unfit::from_io(path, &error),
    })
}

/// Whether a path is in the folder that holds ledger and log, by whatever way it is named.
#[must_use]
pub fn is_in_state_folder(path: &Path) -> bool {
    let Some(state) = state_folder() else { return false };
    let parent = folder_of(path);
    parent.starts_with(&state)
        || matches!(
            (fs::canonicalize(&state), fs::canonicalize(parent)),
            (Ok(state), Ok(parent)) if parent.starts_with(&state)
        )
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// What is at a path, which must be a file with no other name, and no link; `None` when there is nothing.
///
/// # Errors
/// What is wrong with it.
pub fn look(path: &Path) -> Result<Option<Metadata>, Unfit> {
    match fs::symlink_metadata(path) {
        Ok(found) => is_plain(path, &found).map(|()| Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Unfit::from_io(path, &error)),
    }
}

/// The same; and the file must be one's own, and writable by nobody else.
///
/// # Errors
/// What is wrong with it.
pub fn look_own(path: &Path) -> Result<Option<Metadata>, Unfit> {
    let found = look(path)?;
    if let Some(found) = &found {
        is_own(path, found)?;
    }
    Ok(found)
}

/// Refuses what is no file, or has another name by which it could be changed.
pub(super) fn is_plain(path: &Path, found: &Metadata) -> Result<(), Unfit> {
    let name = shown(path);
    if found.is_symlink() {
        let what = match fs::read_link(path) {
            Ok(target) => msg!("file-is-a-link", path = name, target = shown(&target)),
            Err(_) => msg!("file-is-some-link", path = name),
        };
        return Err(Unfit::new(what, msg!("file-hint-link")));
    }
    if found.is_dir() {
        return Err(Unfit::new(
            msg!("file-is-a-folder", path = name),
            msg!("file-hint-is-a-folder"),
        ));
    }
    if !found.is_file() {
        return Err(Unfit::new(msg!("file-is-none", path = name), msg!("file-hint-is-none")));
    }
    // To write into it would be to write into a file somewhere else; and a lock under one name is none under the other.
    #[cfg(unix)]
    if std::os::unix::fs::MetadataExt::nlink(found) > 1 {
        return Err(Unfit::new(
            msg!("file-has-another-name", path = name),
            msg!("file-hint-another-name", path = quoted(path)),
        ));
    }
    Ok(())
}

/// Refuses what [`is_plain`] does, and a file that somebody else owns or can write.
pub(super) fn is_own(path: &Path, found: &Metadata) -> Result<(), Unfit> {
    is_plain(path, found)?;
    #[cfg(unix)]
    {
        owned(path, found)?;
        not_writable_by_others(path, found)?;
    }
    Ok(())
}

#[cfg(unix)]
fn owned(path: &Path, found: &Metadata) -> Result<(), Unfit> {
    use std::os::unix::fs::MetadataExt;
    if found.uid() == rustix::process::geteuid().as_raw() {
        return Ok(());
    }
    let what = match found.uid() {
        0 => msg!("file-of-root", path = shown(path)),
        uid => msg!("file-of-another-user", path = shown(path), user = uid.to_string()),
    };
    Err(Unfit::new(what, take_back(path, found)))
}

#[cfg(unix)]
fn not_writable_by_others(path: &Path, found: &Metadata) -> Result<(), Unfit> {
    use std::os::unix::fs::MetadataExt;
    if found.mode() & 0o022 == 0 {
        return Ok(());
    }
    Err(Unfit::new(
        msg!("file-writable-by-others", path = shown(path)),
        msg!("file-hint-not-for-others", path = quoted(path)),
    ))
}

/// What the system does not let one do, told by the first thing on the way that is in the way.
#[must_use]
pub fn denied(path: &Path) -> Unfit {
    let what = msg!("file-denied", path = shown(path));
    let in_the_way = path
        .ancestors()
        .find_map(|way| Some((way, fs::symlink_metadata(way).ok()?)));
    let Some((way, found)) = in_the_way else {
        return Unfit::new(what, msg!("file-hint-not-yours"));
    };
    #[cfg(unix)]
    return {
        use std::os::unix::fs::MetadataExt;
        let hint = if found.uid() != rustix::process::geteuid().as_raw() {
            take_back(way, &found)
        } else if found.is_dir() {
            msg!("folder-hint-denied", path = quoted(way))
        } else {
            msg!("file-hint-denied", path = quoted(way))
        };
        let what = match found.uid() {
            0 if way == path => msg!("file-denied-of-root", path = shown(path)),
            0 => msg!("file-denied-below-root", path = shown(path), way = shown(way)),
            _ => what,
        };
        Unfit::new(what, hint)
    };
    #[cfg(not(unix))]
    {
        let _ = found;
        let what = msg!("file-denied-on-the-way", path = shown(path), way = shown(way));
        Unfit::new(what, msg!("file-hint-not-yours"))
    }
}

/// How to make a path one's own; nobody is told to take over a folder of the system.
#[cfg(unix)]
fn take_back(path: &Path, found: &Metadata) -> Message {
    if rustix::process::geteuid().is_root() {
        return msg!("file-hint-without-sudo");
    }
    // One run under sudo mostly leaves more than one thing behind.
    let whole = match state_folder() {
        Some(state) if is_in_state_folder(path) && fs::symlink_metadata(&state).is_ok() => state,
        _ => path.to_owned(),
    };
    let is_ours = is_below_home(&whole)
        || fs::metadata(folder_of(&whole)).is_ok_and(|folder| {
            use std::os::unix::fs::MetadataExt;
            folder.uid() == rustix::process::geteuid().as_raw()
        });
    if !is_ours {
        return msg!("file-hint-not-yours");
    }
    let all = if found.is_dir() || whole != path { " -R" } else { "" };
    let command = format!("sudo chown{all} \"$USER\" {}", quoted(&whole));
    msg!("file-hint-take-back", command = command)
}

#[cfg(unix)]
fn is_below_home(path: &Path) -> bool {
    let below = |folder: Option<PathBuf>| {
        folder.is_some_and(|folder| folder.components().count() > 1 && path != folder && path.starts_with(&folder))
    };
    let state = state_home();
    state.as_deref() == Some(path) || below(state) || below(std::env::var_os("HOME").map(PathBuf::from))
}

fn leads_nowhere(path: &Path) -> Unfit {
    let what = match fs::read_link(path) {
        Ok(target) => msg!("file-link-to-nothing", path = shown(path), target = shown(&target)),
        Err(_) => msg!("file-leads-to-nothing", path = shown(path)),
    };
    Unfit::new(what, msg!("file-hint-link-to-nothing"))
}

/// Refuses a file or folder that may not be both read and written.
///
/// # Errors
/// What is in the way.
pub fn may_read_and_write(path: &Path) -> Result<(), Unfit> {
    #[cfg(unix)]
    {
        use rustix::fs::{Access, access};
        use rustix::io::Errno;
        // Asked, and not tried: to close a file again lets go of every lock that this process has on it.
        let mut all = Access::READ_OK | Access::WRITE_OK;
        if path.is_dir() {
            all |= Access::EXEC_OK;
        }
        match access(path, all) {
            Err(Errno::ACCESS | Errno::PERM) => return Err(denied(path)),
            Err(Errno::ROFS) => return Err(read_only(path)),
            // Whoever opens it says what else is wrong.
            _ => {}
        }
    }
    Ok(())
}

fn read_only(path: &Path) -> Unfit {
    Unfit::new(
        msg!("file-on-a-read-only-drive", path = shown(path)),
        msg!("file-hint-read-only-drive"),
    )
}

/// A path as a shell takes it.
#[must_use]
pub fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let text = if text.starts_with('-') {
        format!("./{text}")
    } else {
        text
    };
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+@:,%=".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}
