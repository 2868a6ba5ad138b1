//! Which letters `--limit` lets leave: those that were never tried come first, so that no run begins where another ended.

use std::collections::HashSet;

use super::envelope::LetterId;

/// Which of those that may leave do so in one run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Chosen {
    /// All.
    #[default]
    All,
    /// So many that were never tried. Those that were are due beside them, and count nothing: to choose among them.
    Untried(usize),
    /// So many that were never tried, and these others.
    These {
        /// So many that were never tried.
        untried: usize,
        /// Letters, and copies by themselves, that were.
        tried: HashSet<LetterId>,
    },
}

impl Chosen {
    /// While nothing is known of what was tried.
    #[must_use]
    pub fn at_first(limit: Option<usize>) -> Self {
        limit.map_or(Self::All, Self::Untried)
    }

    /// Whether any more may leave.
    #[must_use]
    pub fn goes_on(&self) -> bool {
        match self {
            Self::All => true,
            Self::Untried(untried) => *untried > 0,
            Self::These { untried, tried } => *untried > 0 || !tried.is_empty(),
        }
    }

    /// Whether this one may.
    pub(super) fn has(&self, id: LetterId, was_tried: bool) -> bool {
        match self {
            Self::All => true,
            Self::Untried(untried) => was_tried || *untried > 0,
            Self::These { tried, .. } if was_tried => tried.contains(&id),
            Self::These { untried, .. } => *untried > 0,
        }
    }

    /// Whether one that may leave counts for what addresses get.
    pub(super) const fn counts(&self, was_tried: bool) -> bool {
        !(was_tried && matches!(self, Self::Untried(_)))
    }

    /// This one is due.
    pub(super) fn take(&mut self, id: LetterId, was_tried: bool) {
        match self {
            Self::All => {}
            Self::These { tried, .. } if was_tried => {
                tried.remove(&id);
            }
            Self::Untried(_) if was_tried => {}
            Self::Untried(untried) | Self::These { untried, .. } => *untried -= 1,
        }
    }
}
