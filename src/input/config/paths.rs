//! Paths that a campaign names: relative, inside its folder, and what they are said to be.

use std::fs;
use std::path::{Component, Path, PathBuf};

use appel_core::campaign::Attachment;
use appel_core::words::{is_unsafe_to_show, nearest};
use appel_messages::{Message, msg};

use super::KeptBack;
use super::value::Text;
use crate::failure::{Place, Problem};
use crate::input::Input;
use crate::input::bounded::{self, Unread};

/// How many bytes the files of one letter have together at most: hardly any mailbox takes more.
pub const MOST_ATTACHED: u64 = 25 << 20;

/// Why a path cannot be used.
pub struct Refused {
    /// What is wrong.
    pub message: Message,
    /// What to do, where the message does not say it.
    pub hint: Option<Message>,
}

impl Refused {
    /// The problem, at a place.
    pub fn at(self, place: Place) -> Problem {
        Problem::error(self.message).at(place).hint_if_any(self.hint)
    }

    /// Says it of the text that holds the path.
    pub fn of(self, text: &Text<'_>) {
        match self.hint {
            Some(hint) => text.refuse_with(self.message, hint),
            None => text.refuse(self.message),
        }
    }
}

impl From<Message> for Refused {
    fn from(message: Message) -> Self {
        Self { message, hint: None }
    }
}

/// `written`, which stands in a file of `folder`, as a path that can be opened and does not lead out of it.
///
/// What is not there yet is accepted: whoever opens it says so.
pub fn inside(folder: &Path, written: &str) -> Result<PathBuf, Refused> {
    if written.trim().is_empty() {
        return Err(msg!("config-path-empty").into());
    }
    if written.contains('\\') {
        return Err(msg!("config-path-backslash", path = written).into());
    }
    if written.chars().any(is_unsafe_to_show) {
        return Err(msg!("config-path-hidden-character", path = written).into());
    }
    let relative = Path::new(written);
    let leaves = relative
        .components()
        .any(|part| !matches!(part, Component::Normal(_) | Component::CurDir));
    if leaves {
        return Err(outside(written));
    }
    let path = folder.join(relative);
    // Where it leads in the end: a symbolic link may point out of the folder.
    if let (Ok(home), Ok(target)) = (fs::canonicalize(or_here(folder)), fs::canonicalize(&path))
        && !target.starts_with(&home)
    {
        return Err(outside(written));
    }
    Ok(path)
}

fn outside(written: &str) -> Refused {
    msg!("config-path-outside", path = written).into()
}

/// The bytes of an attachment, at most so many.
///
/// It was looked at before; what has been put in its place since, a link to somewhere else say, does not leave with a
/// letter: the file that was opened is the one that its name leads to, inside the folder, and not kept back.
///
/// # Errors
/// Why it cannot leave.
pub fn read_attachment(input: &Input, path: &Path, most: u64) -> Result<Vec<u8>, Message> {
    let unread = |unread: Unread| unread.message();
    let system = |error: std::io::Error| Message::quote(error.to_string());
    let (file, about) = bounded::open(path).map_err(unread)?;
    let target = fs::canonicalize(path).map_err(system)?;
    let home = fs::canonicalize(or_here(&input.folder)).map_err(system)?;
    let is_same = fs::symlink_metadata(&target).is_ok_and(|found| same_file(&found, &about));
    if !is_same || !target.starts_with(&home) || input.kept_back.holds(&target).is_some() {
        return Err(msg!("config-file-replaced"));
    }
    bounded::rest(file, &about, most).map_err(unread)
}

#[cfg(unix)]
fn same_file(one: &fs::Metadata, other: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// Where files have no numbers, the path must do.
#[cfg(not(unix))]
fn same_file(one: &fs::Metadata, other: &fs::Metadata) -> bool {
    one.is_file() && one.len() == other.len()
}

/// The folder itself, also when its name is the empty path.
pub fn or_here(folder: &Path) -> &Path {
    if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    }
}

/// A file that goes with a letter: inside the folder, there, a regular file, readable, with a plain name, and none of
/// those that are kept back; and its length.
pub fn attachment(folder: &Path, written: &str, kept_back: &KeptBack) -> Result<(Attachment, u64), Refused> {
    let path = inside(folder, written)?;
    if let Some(kept) = kept_back.holds(&path) {
        return Err(kept.message(written).into());
    }
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default()
        .to_owned();
    let length = readable(&path, written)?;
    if length > MOST_ATTACHED {
        return Err(too_heavy(length));
    }
    Ok((Attachment { path, name }, length))
}

/// The files of one letter have so many bytes together that hardly any mailbox takes them.
pub fn too_heavy(bytes: u64) -> Refused {
    msg!("config-attachments-too-heavy", size = bounded::size(bytes)).into()
}

/// Checks that a regular file can be opened; how long it is. A pipe or a device is never opened, for that could wait for
/// ever.
pub fn readable(path: &Path, written: &str) -> Result<u64, Refused> {
    match bounded::open(path) {
        Ok((_, about)) => Ok(about.len()),
        Err(Unread::Missing) => {
            let hint = match neighbour(path) {
                Some(near) => {
                    let near = Path::new(written).with_file_name(near);
                    msg!("config-hint-near-file", near = near.display().to_string())
                }
                None => msg!("config-hint-no-file"),
            };
            Err(Refused {
                message: msg!("config-no-file", path = written),
                hint: Some(hint),
            })
        }
        Err(Unread::NotAFile(what)) => Err(msg!("config-not-a-file", path = written, what = what).into()),
        Err(error) => Err(msg!("config-file-unreadable", path = written, why = error.message()).into()),
    }
}

/// How many files of a folder are looked at for one with nearly the same name.
const MOST_NEIGHBOURS: usize = 200;

/// A file beside the one that is not there, with nearly its name.
fn neighbour(path: &Path) -> Option<String> {
    let wanted = path.file_name()?.to_str()?;
    let names: Vec<String> = fs::read_dir(or_here(path.parent()?))
        .ok()?
        .take(MOST_NEIGHBOURS)
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    nearest(wanted, names.iter().map(String::as_str)).map(ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::config::general::General;
    use crate::input::{Private, Sources};

    #[cfg(unix)]
    #[test]
    fn what_was_put_in_an_attachments_place_after_it_was_looked_at_is_not_read() {
        use std::os::unix::fs::symlink;
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::create_dir(at("campaign")).unwrap();
        for name in [
            "account.toml",
            "campaign/config.toml",
            "campaign/list.csv",
            "campaign/a.pdf",
            "campaign/b.pdf",
        ] {
            fs::write(at(name), name).unwrap();
        }
        let mut input = Input::from(appel_core::testing::given().made());
        input.folder = at("campaign");
        let sources = Sources {
            config: at("campaign/config.toml"),
            account: Some(at("account.toml")),
            account_required: false,
            private: Private::default(),
        };
        input.kept_back = std::sync::Arc::new(KeptBack::new(&sources, &General::default()));
        let read = || read_attachment(&input, &at("campaign/a.pdf"), 100);
        assert_eq!(read().unwrap(), b"campaign/a.pdf");
        for target in [at("account.toml"), at("campaign/config.toml")] {
            fs::remove_file(at("campaign/a.pdf")).unwrap();
            symlink(&target, at("campaign/a.pdf")).unwrap();
            assert_eq!(
                read().unwrap_err().in_english(),
                "another file was put in its place meanwhile",
                "{target:?}"
            );
        }
        fs::remove_file(at("campaign/a.pdf")).unwrap();
        symlink("b.pdf", at("campaign/a.pdf")).unwrap();
        assert_eq!(
            read().unwrap(),
            b"campaign/b.pdf",
            "a file of the folder is as good as another"
        );
    }
}
