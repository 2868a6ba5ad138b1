//! Whether somebody else could have written the account file: it says where letters go, and how to get the password.

use std::path::Path;

#[cfg(unix)]
use appel_messages::{Message, msg};

#[cfg(unix)]
use super::paths::or_here;
use crate::failure::{Place, Problem};

/// Whether there is nothing by this name. What cannot be looked at, or is a link that leads nowhere, is not missing.
#[must_use]
pub fn is_missing(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
}

/// Refuses an account file that others on this computer can change, or put another in the place of.
///
/// One that cannot be looked at is left to whoever reads it.
#[must_use]
pub fn writable_by_others(path: &Path) -> Option<Problem> {
    #[cfg(unix)]
    {
        let real = std::fs::canonicalize(path).ok()?;
        let folders = [path.parent().map(or_here), real.parent()];
        let folder = folders.into_iter().flatten().find_map(folder_of_others);
        let what = file_of_others(&real).or(folder)?;
        Some(Problem::error(what).at(Place::file(path.display().to_string())))
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}

#[cfg(unix)]
fn file_of_others(real: &Path) -> Option<Message> {
    use std::os::unix::fs::MetadataExt;
    let found = std::fs::metadata(real).ok().filter(std::fs::Metadata::is_file)?;
    let path = real.display().to_string();
    if is_anothers(found.uid()) {
        return Some(msg!(
            "account-file-of-another",
            path = path,
            user = found.uid().to_string()
        ));
    }
    // Of a file that root set up only the writing by others is taken away: it has to stay readable.
    let mode = if sudo(found.uid()).is_empty() { "600" } else { "go-w" };
    let command = chmod(found.uid(), mode, real);
    (found.mode() & 0o022 != 0).then(|| msg!("account-file-writable", path = path, command = command))
}

#[cfg(unix)]
fn folder_of_others(folder: &Path) -> Option<Message> {
    use std::os::unix::fs::MetadataExt;
    let found = std::fs::metadata(folder).ok()?;
    let path = folder.display().to_string();
    if is_anothers(found.uid()) {
        return Some(msg!(
            "account-folder-of-another",
            path = path,
            user = found.uid().to_string()
        ));
    }
    let command = chmod(found.uid(), "go-w", folder);
    // With the sticky bit, as /tmp has it, nobody can take away what is another's.
    (found.mode() & 0o022 != 0 && found.mode() & 0o1000 == 0)
        .then(|| msg!("account-folder-writable", path = path, command = command))
}

#[cfg(unix)]
use crate::private::quoted;

/// The command that takes it away from others.
#[cfg(unix)]
fn chmod(owner: u32, mode: &str, path: &Path) -> String {
    format!("{}chmod {mode} {}", sudo(owner), quoted(path))
}

/// Whether it is neither one's own nor root's, who can do everything anyway.
#[cfg(unix)]
fn is_anothers(owner: u32) -> bool {
    owner != 0 && owner != rustix::process::geteuid().as_raw()
}

#[cfg(unix)]
fn sudo(owner: u32) -> &'static str {
    if owner == rustix::process::geteuid().as_raw() {
        ""
    } else {
        "sudo "
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use appel_messages::{Catalog, Locale};

    use super::*;

    fn mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn an_account_file_that_others_can_write_or_replace_is_refused_with_the_command() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("appel");
        let file = folder.join("config.toml");
        assert_eq!(writable_by_others(&file), None, "one that is not there");
        fs::create_dir(&folder).unwrap();
        fs::write(&file, "").unwrap();
        let link = dir.path().join("link.toml");
        symlink(&file, &link).unwrap();
        let ways = [&file, &link];
        let english = Catalog::of(Locale::English);
        for fine in [0o600, 0o644, 0o444] {
            mode(&file, fine);
            assert_eq!(ways.map(|way| writable_by_others(way)), [None, None], "{fine:o}");
        }
        for open in [0o620, 0o602, 0o666] {
            mode(&file, open);
            for way in ways {
                let problem = writable_by_others(way).unwrap();
                assert!(problem.what.in_english().contains("can write to"), "{problem:?}");
                let command = format!("run: chmod 600 {}", file.display());
                assert!(english.hint(&problem.what).unwrap().ends_with(&command), "{open:o}");
            }
        }
        mode(&file, 0o600);
        for open in [0o770, 0o707, 0o777] {
            mode(&folder, open);
            for way in ways {
                let problem = writable_by_others(way).unwrap();
                let command = format!("Run: chmod go-w {}", folder.display());
                assert!(english.hint(&problem.what).unwrap().ends_with(&command), "{open:o}");
            }
        }
        mode(&folder, 0o1777);
        assert_eq!(ways.map(|way| writable_by_others(way)), [None, None]);
        // The file may be one's own, and the link to it anybody's.
        mode(dir.path(), 0o777);
        assert!(writable_by_others(&link).is_some() && writable_by_others(&file).is_none());
    }
}
