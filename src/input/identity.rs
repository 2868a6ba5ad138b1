//! Which campaign and whose: all that is needed to look into the ledger, even when the rest of the campaign is invalid.

use std::path::Path;

use appel_core::address::Address;

use super::Sources;
use super::bounded::{self, MOST_TEXT};
use super::config::{has_own, is_missing, writable_by_others};

/// What the ledger knows letters by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// `campaign.id`.
    pub id: String,
    /// `campaign.title`, or the id.
    pub title: String,
    /// `sender.email`.
    pub sender: Address,
}

impl Identity {
    /// Reads it, whatever else is wrong; `None` when it cannot be made out.
    #[must_use]
    pub fn read(sources: &Sources) -> Option<Self> {
        let config = table(&sources.config)?;
        // What a folder must not say is an error of every command: the whole reading tells it, with its place.
        if has_own(&config) {
            return None;
        }
        let account = match &sources.account {
            // It may hold the sender: one that cannot be read, or is not to be trusted, is not left aside. Reading the
            // whole campaign says why.
            Some(path) if sources.account_required || !is_missing(path) => {
                if writable_by_others(path).is_some() {
                    return None;
                }
                Some(table(path)?)
            }
            _ => None,
        };
        let text = |table: &toml::Table, group: &str, key: &str| -> Option<String> {
            Some(table.get(group)?.get(key)?.as_str()?.trim().to_owned())
        };
        let id = text(&config, "campaign", "id").filter(|id| !id.is_empty())?;
        // A table in the account file counts whole, as it does for sending.
        let whose = account.filter(|account| account.contains_key("sender"));
        let email = text(whose.as_ref().unwrap_or(&config), "sender", "email")?;
        Some(Self {
            title: text(&config, "campaign", "title").unwrap_or_else(|| id.clone()),
            id,
            sender: Address::parse(&email).ok()?,
        })
    }
}

fn table(path: &Path) -> Option<toml::Table> {
    // Read as for sending: never a pipe or a device, and never more than a configuration has.
    bounded::text(path, MOST_TEXT).ok()?.parse().ok()
}
