//! Whether somebody else could have written the account file: it says where letters go, and how to get the password.

use std::path::Path;

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
        let (what, hint) = file_of_others(&real).or(folder)?;
        let shown = path.display().to_string();
        Some(Problem::error(what).at(Place::file(shown)).hint(format!(
            "whoever changes your account file could have your password. {hint}"
        )))
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}

#[cfg(unix)]
fn file_of_others(real: &Path) -> Option<(String, String)> {
    use std::os::unix::fs::MetadataExt;
    let found = std::fs::metadata(real).ok().filter(std::fs::Metadata::is_file)?;
    if let Some(whose) = another(found.uid()) {
        let hint = "Read it, then make a copy of your own to use".to_owned();
        return Some((format!("{} belongs to {whose}", real.display()), hint));
    }
    // Of a file that root set up only the writing by others is taken away: it has to stay readable.
    let mode = if sudo(found.uid()).is_empty() { "600" } else { "go-w" };
    let hint = format!("Read it, then run: {}chmod {mode} {}", sudo(found.uid()), quoted(real));
    (found.mode() & 0o022 != 0).then(|| (can_write(real), hint))
}

#[cfg(unix)]
fn folder_of_others(folder: &Path) -> Option<(String, String)> {
    use std::os::unix::fs::MetadataExt;
    let found = std::fs::metadata(folder).ok()?;
    if let Some(whose) = another(found.uid()) {
        let hint = "Keep it in a folder of your own".to_owned();
        return Some((format!("the folder {} belongs to {whose}", folder.display()), hint));
    }
    let hint = format!("Run: {}chmod go-w {}", sudo(found.uid()), quoted(folder));
    // With the sticky bit, as /tmp has it, nobody can take away what is another's.
    (found.mode() & 0o022 != 0 && found.mode() & 0o1000 == 0).then(|| (can_write(folder), hint))
}

#[cfg(unix)]
use crate::private::quoted;

#[cfg(unix)]
fn can_write(path: &Path) -> String {
    format!("other people on this computer can write to {}", path.display())
}

/// Who owns it, when that is neither oneself nor root, who can do everything anyway.
#[cfg(unix)]
fn another(owner: u32) -> Option<String> {
    (owner != 0 && owner != rustix::process::geteuid().as_raw()).then(|| format!("another user (number {owner})"))
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
                assert!(problem.hint.unwrap().in_english().ends_with(&command), "{open:o}");
            }
        }
        mode(&file, 0o600);
        for open in [0o770, 0o707, 0o777] {
            mode(&folder, open);
            for way in ways {
                let problem = writable_by_others(way).unwrap();
                let command = format!("Run: chmod go-w {}", folder.display());
                assert!(problem.hint.unwrap().in_english().ends_with(&command), "{open:o}");
            }
        }
        mode(&folder, 0o1777);
        assert_eq!(ways.map(|way| writable_by_others(way)), [None, None]);
        // The file may be one's own, and the link to it anybody's.
        mode(dir.path(), 0o777);
        assert!(writable_by_others(&link).is_some() && writable_by_others(&file).is_none());
    }
}
