//! `[limits]`: what one address gets at most. Only the account file says so: whoever writes a campaign's folder must not.

use std::path::Path;

use appel_core::campaign::Limits;
use appel_messages::{Message, msg};

use super::read::Table;
use crate::failure::Problem;

/// More is no letter campaign to somebody, whatever else it is.
const MOST: u64 = 1_000_000;
/// Each copy is a name in everybody's Cc, and servers take a hundred in one go.
const MOST_COPIES: u64 = 1_000;

/// Reads `[limits]` of the account file; what is wrong is said, and the usual value stays.
pub fn read(account: &Table<'_>) -> Limits {
    let usual = Limits::default();
    let Some(table) = account.table("limits") else {
        return usual;
    };
    let number = |key: &'static str, most: u64, usual: usize| {
        let read = table.get(key).and_then(|value| value.integer(1..=most));
        read.and_then(|number| usize::try_from(number).ok()).unwrap_or(usual)
    };
    let limits = Limits {
        letters_per_address: number("letters-per-address", MOST, usual.letters_per_address),
        copies_per_address: number("copies-per-address", MOST, usual.copies_per_address),
        copies_per_letter: number("copies-per-letter", MOST_COPIES, usual.copies_per_letter),
    };
    table.deny_unknown();
    limits
}

/// Refuses `[limits]` in a campaign's own configuration.
pub fn refuse(top: &Table<'_>, account: Option<&Path>) {
    if !top.has_refused("limits") {
        return;
    }
    top.source().push(
        Problem::error(msg!("config-folder-limits", account = place_of(account)))
            .at(top.key_place("limits").field("limits")),
    );
}

/// The account file, as a hint names it.
fn place_of(account: Option<&Path>) -> Message {
    match account {
        Some(path) => msg!("account-file-named", path = path.display().to_string()),
        None => msg!("account-file-usual"),
    }
}
