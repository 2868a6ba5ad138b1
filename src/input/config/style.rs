//! `[check]`: which warnings of style a campaign does not want to hear, and how old an address may be.

use appel_core::problem::style;
use appel_core::words::nearest;
use appel_messages::{Catalog, Locale, Value, msg};

use super::read::Table;

/// How many days an address counts as verified where a campaign does not say.
const VERIFIED_DAYS: usize = 180;

/// What `[check]` says.
pub struct Check {
    /// The warnings of style that are switched off, each once.
    pub off: Vec<&'static str>,
    /// After so many days an address is to be verified again.
    pub verified_days: usize,
}

/// Reads `[check]`; what is no name of style is refused.
pub fn read(top: &Table<'_>) -> Check {
    let usual = Check {
        off: Vec::new(),
        verified_days: VERIFIED_DAYS,
    };
    let Some(table) = top.table("check") else {
        return usual;
    };
    let days = table.get("verified-days").and_then(|value| value.integer(1..=36_500));
    let verified_days = days
        .and_then(|days| usize::try_from(days).ok())
        .unwrap_or(VERIFIED_DAYS);
    let written = table.get("allow").map(|value| value.list("allow = [\"left-over\"]"));
    let mut off = Vec::new();
    for value in written.unwrap_or_default() {
        let Some(text) = value.text() else { continue };
        let name = text.as_str();
        if let Some(known) = style::named(name) {
            if !off.contains(&known) {
                off.push(known);
            }
            continue;
        }
        // Whoever reads `--json` may write the code, which belongs to a name.
        let near = style::of_code(name).or_else(|| nearest(&name.to_lowercase(), style::names()));
        let hint = match near {
            Some(near) => msg!("config-hint-near-code", near = near),
            None => msg!("config-hint-allow", names = Value::list(style::names())),
        };
        let is_of_safety = style::of_code(name).is_none() && Catalog::of(Locale::English).text(name).is_some();
        if is_of_safety {
            text.refuse_with(msg!("config-allow-safety", name = name), hint);
        } else {
            text.refuse_with(msg!("config-allow-unknown", name = name), hint);
        }
    }
    table.deny_unknown();
    Check { off, verified_days }
}
