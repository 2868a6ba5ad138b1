//! Whoever asks a person something in the middle of a run takes the progress bar away first: it would be drawn over the
//! question.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::ProgressBar;

/// How often a bar is drawn.
pub(super) const TICK: Duration = Duration::from_millis(250);

/// What is between a question and the bar; the same for all who hold a clone of it.
#[derive(Clone, Debug, Default)]
pub struct Curtain(Arc<Mutex<Option<ProgressBar>>>);

impl Curtain {
    /// From now on, this is the bar.
    pub(super) fn is_before(&self, bar: &ProgressBar) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(bar.clone());
    }

    /// Takes the bar away for as long as this lives; lines are shown all the same.
    #[must_use]
    pub fn closed(&self) -> Closed {
        let bar = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(bar) = &bar {
            bar.disable_steady_tick();
            bar.finish_and_clear();
        }
        Closed(bar)
    }
}

/// No bar is drawn.
#[derive(Debug)]
pub struct Closed(Option<ProgressBar>);

impl Drop for Closed {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            let position = bar.position();
            // The time that a person took to answer is not the server's.
            bar.reset();
            bar.set_position(position);
            bar.enable_steady_tick(TICK);
        }
    }
}
