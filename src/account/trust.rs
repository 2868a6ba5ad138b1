//! Whose mailbox a campaign's folder names, and the person's word that it is their own.
//!
//! A folder goes from hand to hand: whoever wrote its `[sender]` and `[smtp]` could have a stranger's letters, and their
//! password, sent to a server of his own. So nothing connects, and no password is asked for, without a [`Word`]: either
//! both tables come from the account file, or the person said that the folder is theirs. That word holds for one real
//! path and exactly these values.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use appel_core::campaign::Sender;
use appel_messages::{Message, msg};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::input::Input;
use crate::input::config::{Auth, Rate, Security, Smtp};
use crate::private;

/// What is kept, in the state folder.
const FILE: &str = "folders.json";

/// Leave to connect, and to ask for the password: only this module can give it.
#[derive(Clone, Copy, Debug)]
pub struct Word(());

impl Word {
    /// None is needed where the account file names sender and server.
    #[must_use]
    pub fn of_account(input: &Input) -> Option<Self> {
        (!input.from_folder.any()).then_some(Self(()))
    }

    /// The person's own, for one run: the flag `--own-folder`.
    #[must_use]
    pub fn by_flag(own_folder: bool) -> Option<Self> {
        own_folder.then_some(Self(()))
    }

    /// The person's own, for one run: their answer to the question.
    #[must_use]
    pub fn by_answer(is_own: bool) -> Option<Self> {
        is_own.then_some(Self(()))
    }
}

/// How fast, how much in a day, and over how many connections. The default is nobody's: there is always a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Pace {
    /// `None`: as fast as the server takes them.
    milliseconds_between: Option<u64>,
    /// `None`: no limit.
    in_a_day: Option<u64>,
    connections: usize,
}

impl Pace {
    fn of(smtp: &Smtp) -> Self {
        Self {
            milliseconds_between: match smtp.rate {
                Rate::Unlimited => None,
                Rate::Every(interval) => Some(u64::try_from(interval.as_millis()).unwrap_or(u64::MAX)),
            },
            in_a_day: smtp.daily_limit,
            connections: smtp.connections,
        }
    }

    fn message(&self) -> Message {
        let rate = match self.milliseconds_between {
            None => msg!("mailbox-rate-unlimited"),
            Some(ms) if ms.is_multiple_of(1000) => msg!("mailbox-rate-seconds", seconds = ms / 1000),
            Some(ms) => msg!("mailbox-rate-milliseconds", milliseconds = ms),
        };
        let most = match self.in_a_day {
            Some(limit) => msg!("mailbox-daily-limit", limit = limit),
            None => msg!("mailbox-no-daily-limit"),
        };
        msg!(
            "mailbox-pace-is",
            rate = rate,
            most = most,
            connections = self.connections
        )
    }
}

/// Where letters would go, as whom: what a word is given on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mailbox {
    host: String,
    port: u16,
    security: String,
    /// `None`: nobody signs in.
    username: Option<String>,
    auth: String,
    /// As `pace` a file may hold it in words, which are not read.
    #[serde(default, rename = "paced")]
    pace: Pace,
    name: String,
    email: String,
    /// Where answers go: whoever wrote the folder may want them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reply_to: Option<String>,
}

impl Mailbox {
    /// What a configuration says, wherever it says it.
    #[must_use]
    pub fn of(sender: &Sender, smtp: &Smtp) -> Self {
        let security = match smtp.security {
            Security::Tls => "tls",
            Security::Starttls => "starttls",
            Security::None => "none",
        };
        let auth = match smtp.auth {
            Auth::Password => "password",
            Auth::Xoauth2 => "xoauth2",
        };
        Self {
            host: smtp.host.clone(),
            port: smtp.port,
            security: security.to_owned(),
            username: smtp.username.clone(),
            auth: auth.to_owned(),
            pace: Pace::of(smtp),
            name: sender.name.clone(),
            email: sender.email.as_str().to_owned(),
            reply_to: sender.reply_to.as_ref().map(|address| address.as_str().to_owned()),
        }
    }

    /// Who letters are from, and where answers go when that is somewhere else.
    fn from(&self) -> Message {
        let from = format!("{} <{}>", self.name, self.email);
        match &self.reply_to {
            None => Message::quote(from),
            Some(reply_to) => msg!("mailbox-from-and-answers", from = from, answers = reply_to),
        }
    }

    /// Every value with what a person calls it.
    #[must_use]
    pub fn values(&self) -> Vec<(Message, Message)> {
        let login = match &self.username {
            Some(name) => Message::quote(name),
            None => msg!("mailbox-nobody-signs-in"),
        };
        vec![
            (msg!("mailbox-host"), Message::quote(&self.host)),
            (msg!("mailbox-port"), Message::quote(self.port.to_string())),
            (msg!("mailbox-security"), Message::quote(&self.security)),
            (msg!("mailbox-user-name"), login),
            (msg!("mailbox-sign-in"), Message::quote(&self.auth)),
            (msg!("mailbox-pace"), self.pace.message()),
            (msg!("mailbox-from"), self.from()),
        ]
    }

    /// What is another value now than it was: what it is called, and what it was.
    #[must_use]
    pub fn changes_since(&self, before: &Self) -> Vec<(Message, Message)> {
        let now = self.values();
        let was = before.values().into_iter();
        was.zip(now)
            .filter(|(was, now)| was != now)
            .map(|(was, _)| was)
            .collect()
    }
}

/// The folders that the person called their own.
#[derive(Debug)]
pub struct Folders {
    path: PathBuf,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Kept {
    folders: BTreeMap<String, Given>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Given {
    at: Timestamp,
    #[serde(flatten)]
    mailbox: Mailbox,
}

/// What is known of a folder.
#[derive(Debug)]
pub enum Known {
    /// The word was given, on exactly this.
    Own(Word),
    /// It was given on something else.
    Changed(Box<Mailbox>),
    /// Nothing is.
    Nothing,
}

impl Folders {
    /// Those that are kept in this state folder.
    #[must_use]
    pub fn in_state_folder(state: &Path) -> Self {
        Self { path: state.join(FILE) }
    }

    /// What is known of the folder of a campaign and this mailbox.
    ///
    /// # Errors
    /// When the file is there and cannot be read as one of the person's own.
    pub fn know(&self, folder: &Path, mailbox: &Mailbox) -> io::Result<Known> {
        let Some(name) = real(folder) else {
            return Ok(Known::Nothing);
        };
        Ok(match self.read()?.folders.remove(&name) {
            Some(given) if given.mailbox == *mailbox => Known::Own(Word(())),
            Some(given) => Known::Changed(Box::new(given.mailbox)),
            None => Known::Nothing,
        })
    }

    /// Keeps the person's word. False when this folder has no path that could be kept: then it is asked for again.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep(&self, folder: &Path, mailbox: Mailbox, at: Timestamp) -> io::Result<bool> {
        let Some(name) = real(folder) else { return Ok(false) };
        let mut kept = self.read()?;
        kept.folders.insert(name, Given { at, mailbox });
        let text = serde_json::to_vec_pretty(&kept)?;
        if let Some(state) = self.path.parent() {
            private::own_folder(state)?;
        }
        private::write_atomic(&self.path, &text)?;
        Ok(true)
    }

    /// Whether the person said anything of a folder.
    ///
    /// # Errors
    /// As for [`Self::know`].
    pub fn has(&self, folder: &Path) -> io::Result<bool> {
        let Some(name) = real(folder) else { return Ok(false) };
        Ok(self.read()?.folders.contains_key(&name))
    }

    /// Forgets what the person said of a folder.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn forget(&self, folder: &Path) -> io::Result<()> {
        let Some(name) = real(folder) else { return Ok(()) };
        let mut kept = self.read()?;
        if kept.folders.remove(&name).is_none() {
            return Ok(());
        }
        let text = serde_json::to_vec_pretty(&kept)?;
        // What stood in the old file is overwritten, not only left behind.
        if let Some(old) = private::Erasable::open(&self.path)? {
            old.erase()?;
        }
        if kept.folders.is_empty() {
            return Ok(());
        }
        private::write_atomic(&self.path, &text)
    }

    /// What is no list of folders is nobody's word; and it is not written over, for a newer version may know it.
    fn read(&self) -> io::Result<Kept> {
        match private::read_to_string_no_follow(&self.path) {
            Ok(text) if text.trim().is_empty() => Ok(Kept::default()),
            Ok(text) => Ok(serde_json::from_str(&text)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Kept::default()),
            Err(error) => Err(error),
        }
    }
}

/// The one path by which a folder is known, whatever links lead to it; `None` when it cannot be written down exactly.
fn real(folder: &Path) -> Option<String> {
    fs::canonicalize(folder).ok()?.into_os_string().into_string().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mailbox(host: &str) -> Mailbox {
        Mailbox {
            host: host.to_owned(),
            port: 465,
            security: "tls".to_owned(),
            username: Some("ann@home.example".to_owned()),
            auth: "password".to_owned(),
            pace: Pace {
                milliseconds_between: Some(2000),
                in_a_day: Some(500),
                connections: 2,
            },
            name: "Ann".to_owned(),
            email: "ann@home.example".to_owned(),
            reply_to: None,
        }
    }

    #[test]
    fn a_word_holds_for_one_folder_and_exactly_these_values() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| {
            let path = dir.path().join(name);
            fs::create_dir_all(&path).unwrap();
            path
        };
        let (mine, other) = (at("mine"), at("other"));
        let folders = Folders::in_state_folder(&dir.path().join("state"));
        let now = "2026-11-25T10:00:00Z".parse().unwrap();
        let smtp = mailbox("smtp.home.example");
        assert!(matches!(folders.know(&mine, &smtp), Ok(Known::Nothing)));
        assert!(folders.keep(&mine, smtp.clone(), now).unwrap());
        assert!(matches!(folders.know(&mine, &smtp), Ok(Known::Own(_))));
        assert!(matches!(folders.know(&other, &smtp), Ok(Known::Nothing)));
        #[cfg(unix)]
        {
            let link = dir.path().join("link");
            std::os::unix::fs::symlink(&mine, &link).unwrap();
            assert!(
                matches!(folders.know(&link, &smtp), Ok(Known::Own(_))),
                "the same folder"
            );
        }
        let every_other = [
            mailbox("smtp.evil.example"),
            Mailbox {
                port: 587,
                ..smtp.clone()
            },
            Mailbox {
                security: "none".to_owned(),
                ..smtp.clone()
            },
            Mailbox {
                username: None,
                ..smtp.clone()
            },
            Mailbox {
                auth: "xoauth2".to_owned(),
                ..smtp.clone()
            },
            Mailbox {
                pace: Pace {
                    milliseconds_between: None,
                    ..smtp.pace.clone()
                },
                ..smtp.clone()
            },
            Mailbox {
                pace: Pace {
                    in_a_day: None,
                    ..smtp.pace.clone()
                },
                ..smtp.clone()
            },
            Mailbox {
                pace: Pace {
                    connections: 50,
                    ..smtp.pace.clone()
                },
                ..smtp.clone()
            },
            Mailbox {
                name: "Eve".to_owned(),
                ..smtp.clone()
            },
            Mailbox {
                email: "eve@home.example".to_owned(),
                ..smtp.clone()
            },
        ];
        for changed in every_other {
            let Ok(Known::Changed(before)) = folders.know(&mine, &changed) else {
                panic!("{changed:?} was taken for what was confirmed");
            };
            assert_eq!(changed.changes_since(&before).len(), 1, "{changed:?}");
        }
    }

    #[test]
    fn a_word_that_was_kept_with_its_pace_in_words_is_asked_for_once_more() {
        let dir = tempfile::tempdir().unwrap();
        let folders = Folders::in_state_folder(dir.path());
        let folder = fs::canonicalize(dir.path()).unwrap();
        let text = serde_json::json!({"folders": {folder.to_str().unwrap(): {
            "at": "2026-11-25T10:00:00Z", "host": "smtp.home.example", "port": 465, "security": "tls",
            "username": "ann@home.example", "auth": "password", "pace": "a letter every 2 s", "name": "Ann",
            "email": "ann@home.example",
        }}});
        private::write_atomic(&dir.path().join(FILE), text.to_string().as_bytes()).unwrap();
        let smtp = mailbox("smtp.home.example");
        let Ok(Known::Changed(before)) = folders.know(&folder, &smtp) else {
            panic!("it counts, or cannot be read");
        };
        let changes = smtp.changes_since(&before);
        let names: Vec<&str> = changes.iter().map(|(name, _)| name.code()).collect();
        assert_eq!(names, ["mailbox-pace"]);
        let now = "2026-11-25T10:00:00Z".parse().unwrap();
        assert!(folders.keep(&folder, smtp.clone(), now).unwrap());
        assert!(matches!(folders.know(&folder, &smtp), Ok(Known::Own(_))));
    }

    #[test]
    fn what_is_forgotten_stands_nowhere_any_more() {
        let dir = tempfile::tempdir().unwrap();
        let folders = Folders::in_state_folder(&dir.path().join("state"));
        let now = "2026-11-25T10:00:00Z".parse().unwrap();
        let (one, other) = (dir.path(), Path::new("/"));
        for folder in [one, other] {
            folders.keep(folder, mailbox("smtp.home.example"), now).unwrap();
        }
        folders.forget(one).unwrap();
        assert!(!folders.has(one).unwrap() && folders.has(other).unwrap());
        folders.forget(other).unwrap();
        assert_eq!(fs::read_dir(dir.path().join("state")).unwrap().count(), 0);
        folders.forget(other).unwrap();
    }

    #[test]
    fn what_is_no_list_of_folders_is_nobodys_word_and_is_left_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let folders = Folders::in_state_folder(dir.path());
        let now = "2026-11-25T10:00:00Z".parse().unwrap();
        for text in ["{}", "[]", "{\"folders\":{\"/\":{}}}", "\u{0}"] {
            private::write_atomic(&dir.path().join(FILE), text.as_bytes()).unwrap();
            assert!(folders.know(Path::new("/"), &mailbox("h")).is_err(), "{text}");
            assert!(folders.keep(Path::new("/"), mailbox("h"), now).is_err(), "{text}");
            assert_eq!(fs::read_to_string(dir.path().join(FILE)).unwrap(), text);
        }
    }
}
