//! What a file tells, as a list without end is kept short: which thing, and its value.

use appel_core::words::{shortened, visible_line};
use appel_messages::{Message, msg};

/// So many things of one file are kept.
const MOST: usize = 200;
/// How many characters of a value.
const LONGEST: usize = 200;

/// What kind of thing a file tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum What {
    /// Who wrote it.
    Author,
    /// Who saved it last.
    ChangedBy,
    /// Whose comment, or whose change of a text, is in it.
    Commenter,
    /// Where the author works.
    Company,
    /// Whose the camera or the picture is.
    Owner,
    /// Where a picture was taken.
    Place,
    /// When.
    Taken,
    /// Which camera, or which lens.
    Camera,
    /// The number of one single device, or picture.
    Serial,
    /// A computer, a printer or an account.
    Device,
    /// A path on somebody's disk.
    Path,
    /// A remark that no reader of the text sees.
    Remark,
    /// Whose rights.
    Rights,
    /// The program that made it.
    Program,
    /// When it was made, or saved.
    Date,
    /// Its title, its subject, its keywords.
    Title,
    /// Anything else that is neither text nor picture.
    Other,
}

impl What {
    /// Whether it leads to a person, a place or a device; what every program leaves does not.
    #[must_use]
    pub const fn leads_to_somebody(self) -> bool {
        !matches!(
            self,
            Self::Program | Self::Date | Self::Title | Self::Other | Self::Rights
        )
    }
}

/// One thing that a file tells.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Told {
    /// What it is.
    pub what: What,
    /// As the file has it.
    pub value: String,
}

impl Told {
    /// In words: `author Jane Doe`.
    #[must_use]
    pub fn message(&self) -> Message {
        let value = &*visible_line(&self.value);
        match self.what {
            What::Author => msg!("told-author", value = value),
            What::ChangedBy => msg!("told-changed-by", value = value),
            What::Commenter => msg!("told-commenter", value = value),
            What::Company => msg!("told-company", value = value),
            What::Owner => msg!("told-owner", value = value),
            What::Place => msg!("told-place", value = value),
            What::Taken => msg!("told-taken", value = value),
            What::Camera => msg!("told-camera", value = value),
            What::Serial => msg!("told-serial", value = value),
            What::Device => msg!("told-device", value = value),
            What::Path => msg!("told-path", value = value),
            What::Remark => msg!("told-remark", value = value),
            What::Rights => msg!("told-rights", value = value),
            What::Program => msg!("told-program", value = value),
            What::Date => msg!("told-date", value = value),
            What::Title => msg!("told-title", value = value),
            What::Other => msg!("told-other", value = value),
        }
    }
}

/// Why a file, or a part of it, cannot be read or cleaned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Closed {
    /// Encrypted.
    Encrypted,
    /// A signature names its signer, and ends when anything is changed.
    Signed,
    /// Other files are in it.
    Files,
    /// A program keeps data of its own in it.
    Private,
    /// It is not what its kind has to be, or a part of it is in a form that is not read.
    Damaged,
    /// It unfolds to more than is read.
    TooLarge,
    /// A kind that may tell much, and is not read.
    Unreadable,
}

impl Closed {
    /// In words.
    #[must_use]
    pub fn message(self) -> Message {
        match self {
            Self::Encrypted => msg!("closed-encrypted"),
            Self::Signed => msg!("closed-signed"),
            Self::Files => msg!("closed-files"),
            Self::Private => msg!("closed-private"),
            Self::Damaged => msg!("closed-damaged"),
            Self::TooLarge => msg!("closed-too-large"),
            Self::Unreadable => msg!("closed-unreadable"),
        }
    }
}

/// All that was found in a file.
#[derive(Clone, Debug)]
pub struct Found {
    /// What it tells, each thing once.
    pub told: Vec<Told>,
    /// What cannot be read.
    pub closed: Vec<Closed>,
    /// How many bytes may still be unpacked.
    pub room: usize,
}

impl Found {
    /// Nothing yet.
    #[must_use]
    pub const fn new(room: usize) -> Self {
        Self {
            told: Vec::new(),
            closed: Vec::new(),
            room,
        }
    }

    /// Counts what was unpacked; what there was no room for is said.
    pub fn unpacked<T: AsRef<[u8]>>(&mut self, content: Option<T>) -> Option<T> {
        match &content {
            Some(content) => self.room = self.room.saturating_sub(content.as_ref().len()),
            None => self.close(Closed::TooLarge),
        }
        content
    }

    /// Whether so much was found that nothing more is kept.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.told.len() >= MOST
    }

    /// One more thing; an empty value is none.
    pub fn tell(&mut self, what: What, value: &str) {
        let value = value.trim_matches(|c: char| c.is_whitespace() || c.is_control() || c == '\u{feff}');
        let is_for_all = matches!(what, What::Date | What::Other) && EMPTY.contains(&value);
        if value.is_empty() || is_for_all || self.is_full() {
            return;
        }
        let value: String = value.chars().take(LONGEST + 1).collect();
        let told = Told {
            what,
            value: shortened(value, LONGEST),
        };
        if !self.told.contains(&told) {
            self.told.push(told);
        }
    }

    /// One more reason why not all was read.
    pub fn close(&mut self, why: Closed) {
        if !self.closed.contains(&why) {
            self.closed.push(why);
        }
    }

    /// Whether anything in it leads to somebody.
    #[must_use]
    pub fn leads_to_somebody(&self) -> bool {
        self.told.iter().any(|told| told.what.leads_to_somebody())
    }
}

/// Whether nothing stands there.
pub fn is_blank(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| byte.is_ascii_whitespace() || *byte == 0)
}

/// What stands in a clean copy where something has to: the first moment that an archive can name, no number, no time.
pub const EMPTY: [&str; 3] = ["1980-01-01T00:00:00Z", "0", "PT0S"];
