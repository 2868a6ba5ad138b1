//! How a run ended, for whoever tells of it.

use appel_core::letter::Skip;

use super::preflight::Preflight;
use crate::failure::Exit;
use crate::outbox::delivery::{Ended, Stop};

/// A run, looked back on.
#[derive(Clone, Copy, Debug)]
pub struct Conclusion<'r> {
    /// What became of its letters.
    pub ended: &'r Ended,
    /// Letters that stay in doubt, from an earlier run.
    pub held_in_doubt: usize,
    /// Copies that stay in doubt, from an earlier run.
    pub copies_in_doubt: usize,
    /// Letters and copies held back because an address has had enough.
    pub over_limit: usize,
    /// Letters that were due when the run began, and whose rows could not be read again: nobody can name them.
    pub unnamed: usize,
}

impl<'r> Conclusion<'r> {
    /// Of a run that found so much, and ended so.
    #[must_use]
    pub fn new(preflight: &Preflight, ended: &'r Ended, rows_are_lost: bool) -> Self {
        let unnamed = preflight.due.saturating_sub(ended.summary.due);
        Self {
            ended,
            held_in_doubt: preflight.skipped(Skip::InDoubt),
            copies_in_doubt: preflight.skipped_copies(Skip::InDoubt),
            over_limit: preflight.held_back(),
            unnamed: if rows_are_lost { unnamed } else { 0 },
        }
    }

    /// Its exit code.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        match &self.ended.stop {
            None if self.is_complete() => Exit::Done,
            None | Some(Stop::GaveUp(_) | Stop::DailyLimit(_) | Stop::Limited { .. } | Stop::Deadline) => {
                Exit::Incomplete
            }
            Some(Stop::Interrupted) => Exit::Interrupted,
            Some(Stop::Cannot { .. } | Stop::Account { .. } | Stop::Ledger(_) | Stop::Letter(_)) => Exit::CannotDeliver,
        }
    }

    /// Whether nothing is left to do.
    const fn is_complete(&self) -> bool {
        let summary = &self.ended.summary;
        let letters = summary.deferred + summary.refused + summary.in_doubt + self.held_in_doubt;
        let copies = summary.copies_deferred + summary.copies_refused + summary.copies_in_doubt + self.copies_in_doubt;
        letters + copies + self.over_limit == 0
    }
}
