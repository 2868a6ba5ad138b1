//! `[limits]`: what one address gets at most. Only the account file says so: whoever writes a campaign's folder must not.

use std::path::Path;

use appel_core::campaign::Limits;

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
        Problem::error("[limits] does not count in a campaign's folder")
            .at(top.key_place("limits").field("limits"))
            .hint(format!(
                "take it out here: how much one person may get is for whoever sends to say, in {}",
                place_of(account)
            )),
    );
}

/// The account file, as a hint names it.
pub fn place_of(account: Option<&Path>) -> String {
    match account {
        Some(path) => format!("the account file {}", path.display()),
        None => "the account file (~/.config/appel/config.toml, or --account FILE)".to_owned(),
    }
}
