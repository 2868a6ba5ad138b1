//! What became of a letter, by name.

use serde::{Deserialize, Serialize};

/// The four outcomes by name, as the ledger, `--json` and the screen know them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// The server took it.
    Accepted,
    /// Not now (4xx), or lost before the final dot: due again.
    Deferred,
    /// The server refused it (5xx).
    Refused,
    /// The server may have taken it: held.
    InDoubt,
}

impl Status {
    /// The words for it on a screen.
    #[must_use]
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Deferred => "deferred",
            Self::Refused => "refused",
            Self::InDoubt => "in doubt",
        }
    }
}
