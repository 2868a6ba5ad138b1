//! Paths that a campaign names: relative, inside its folder, and what they are said to be.

use std::fs;
use std::path::{Component, Path, PathBuf};

use appel_core::campaign::Attachment;
use appel_core::words::{is_unsafe_to_show, nearest};
use appel_messages::{Message, msg};
use unicode_normalization::UnicodeNormalization;

use super::KeptBack;
use super::value::Text;
use crate::failure::{Place, Problem};
use crate::input::Input;
use crate::input::bounded::{self, Unread};

/// How many bytes the files of one letter have together at most: hardly any mailbox takes more.
pub const MOST_ATTACHED: u64 = 25 << 20;

/// Why a path cannot be used.
#[derive(Clone, Debug)]
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
    // One file is one path, however it is written: `./a` is `a`.
    let plain = relative
        .components()
        .filter(|part| matches!(part, Component::Normal(_)));
    let path = folder.join(plain.collect::<PathBuf>());
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

/// Whether there is something by this name, as it is written.
pub fn is_there(folder: &Path, written: &str) -> bool {
    inside(folder, written).is_ok_and(|path| path.exists()) || spelled_otherwise(folder, written).is_some()
}

/// A file that goes with a letter: inside the folder, there, a regular file, readable, with a plain name, and none of
/// those that are kept back; and its length.
pub fn attachment(folder: &Path, written: &str, kept_back: &KeptBack) -> Result<(Attachment, u64), Refused> {
    let mut path = inside(folder, written)?;
    if let Some(spelled) = spelled_otherwise(folder, written) {
        path = inside(folder, &spelled)?;
    }
    if let Some(kept) = kept_back.holds(&path) {
        return Err(kept.message(written).into());
    }
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default()
        // As one character each: some mail programs draw a letter and its mark beside each other.
        .nfc()
        .collect();
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

/// The path of a file whose name is the same text in other bytes: `é` is one character, or a letter and its mark, and some
/// systems write the other one than keyboards do.
fn spelled_otherwise(folder: &Path, written: &str) -> Option<String> {
    if written.is_ascii() || folder.join(written).exists() {
        return None;
    }
    let mut found = PathBuf::new();
    for part in Path::new(written).components() {
        let part = part.as_os_str().to_str()?;
        if folder.join(&found).join(part).exists() {
            found.push(part);
            continue;
        }
        let entries = fs::read_dir(or_here(&folder.join(&found))).ok()?.take(MOST_SPELLED);
        let mut names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let name = names.find(|name| name.nfc().eq(part.nfc()))?;
        found.push(name);
    }
    found.into_os_string().into_string().ok()
}

/// How many files of a folder are looked at for one with nearly the same name.
const MOST_NEIGHBOURS: usize = 200;
/// How many for one with the same name in other bytes.
const MOST_SPELLED: usize = 10_000;

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

    #[test]
    fn a_file_is_found_however_its_name_is_spelled_and_leaves_with_one_spelling() {
        let (composed, in_two) = ("r\u{e9}sum\u{e9}.pdf", "re\u{301}sume\u{301}.pdf");
        for on_disk in [composed, in_two] {
            for written in [composed, in_two] {
                let dir = tempfile::tempdir().unwrap();
                let folder = on_disk.replace(".pdf", "");
                fs::create_dir(dir.path().join(&folder)).unwrap();
                fs::write(dir.path().join(&folder).join(on_disk), "%PDF").unwrap();
                let named = format!("{}/{written}", written.replace(".pdf", ""));
                let found = attachment(dir.path(), &named, &KeptBack::default());
                let (attachment, length) = found.unwrap_or_else(|_| panic!("{written:?} is not {on_disk:?}"));
                assert_eq!((attachment.name.as_str(), length), (composed, 4));
                assert!(attachment.path.exists());
            }
        }
    }

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
