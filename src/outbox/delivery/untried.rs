//! A run that sends nothing: its letters are told of all the same, by name.

use appel_core::letter::Decision;

use super::letter_events;
use super::tally::Tally;
use super::terms::{Ended, Letters, Options, Stop};
use crate::outbox::event::Listener;

/// Tells of every letter, and tries none: nothing is due, or there is no way to send (`stop`).
pub fn leave_untried(
    mut letters: Box<dyn Letters>,
    options: &Options,
    mut stop: Option<Stop>,
    listener: &mut dyn Listener,
) -> Ended {
    let mut tally = Tally::new(listener);
    let now = options.clock.now();
    while let Some(decision) = letters.next() {
        match decision {
            Decision::Due(letter) => tally.hear(&letter_events::untried(&letter, now)),
            Decision::Skipped {
                id,
                letter,
                to,
                reason,
                over,
                copy,
                ..
            } => {
                tally.hear(&letter_events::left_out(
                    id,
                    &letter,
                    &to,
                    &options.sender,
                    (reason, over.as_deref()),
                    copy,
                    now,
                ));
            }
            Decision::Impossible(problem) => {
                stop.get_or_insert(Stop::Letter(*problem));
            }
        }
    }
    tally.ended(stop)
}
