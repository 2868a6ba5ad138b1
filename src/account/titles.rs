//! Under which title each campaign was sent last: `titles.toml` in the state folder. Two folders with one id share one
//! history, and their titles tell them apart.
//!
//! A file that can be deleted: where it cannot be read or written, nobody is asked.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use appel_messages::msg;

use crate::private::{self, Erasable};

/// Its name, in the state folder.
const FILE: &str = "titles.toml";
/// So many are kept.
const MOST: usize = 10_000;

/// The titles, by campaign id.
#[derive(Clone, Debug, Default)]
pub struct Titles(BTreeMap<String, String>);

impl Titles {
    /// Reads them. What cannot be read is not known.
    #[must_use]
    pub fn read() -> Self {
        let text = path().and_then(|path| private::read_to_string_no_follow(&path).ok());
        Self(text.and_then(|text| toml::from_str(&text).ok()).unwrap_or_default())
    }

    /// The title under which a campaign was sent last.
    #[must_use]
    pub fn of(&self, campaign: &str) -> Option<&str> {
        self.0.get(campaign).map(String::as_str)
    }

    /// Letters of a campaign left under this title. That it cannot be kept is no reason to fail a run.
    pub fn learn(mut self, campaign: &str, title: &str) {
        if self.of(campaign) == Some(title) || (self.0.len() >= MOST && !self.0.contains_key(campaign)) {
            return;
        }
        self.0.insert(campaign.to_owned(), title.to_owned());
        let _ = self.write();
    }

    /// A campaign is forgotten, with its title.
    ///
    /// # Errors
    /// When the file cannot be overwritten or written.
    pub fn forget(mut self, campaign: &str) -> io::Result<()> {
        if self.0.remove(campaign).is_none() {
            return Ok(());
        }
        // What stood in the old file is overwritten, not only left behind.
        if let Some(old) = path().map(|path| Erasable::open(&path)).transpose()?.flatten() {
            old.erase()?;
        }
        if self.0.is_empty() { Ok(()) } else { self.write() }
    }

    fn write(&self) -> io::Result<()> {
        let (Some(folder), Ok(text)) = (private::state_folder(), toml::to_string(&self.0)) else {
            return Ok(());
        };
        let text = format!("# {}\n\n{text}", msg!("titles-file").in_english());
        private::own_folder(&folder)?;
        private::write_atomic(&folder.join(FILE), text.as_bytes())
    }
}

fn path() -> Option<PathBuf> {
    Some(private::state_folder()?.join(FILE))
}
