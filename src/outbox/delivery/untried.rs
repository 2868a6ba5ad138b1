//! A run that sends nothing: its letters are told of all the same, by name.

use super::{Ended, Letters, Options, Stop, Tally, story};
use crate::letter::Decision;
use crate::outbox::event::{Listener, Summary};

/// Tells of every letter, and tries none: nothing is due, or there is no way to send (`stop`).
pub fn leave_untried(
    mut letters: Box<dyn Letters>,
    options: &Options,
    mut stop: Option<Stop>,
    listener: &mut dyn Listener,
) -> Ended {
    let mut tally = Tally {
        summary: Summary::default(),
        copies_not_taken: 0,
        listener,
    };
    let now = options.clock.now();
    while let Some(decision) = letters.next() {
        match decision {
            Decision::Due(letter) => tally.hear(&story::untried(&letter, now)),
            Decision::Skipped {
                id,
                letter,
                to,
                reason,
                over,
                ..
            } => {
                tally.hear(&story::left_out(
                    id,
                    &letter,
                    &to,
                    &options.sender,
                    (reason, over.as_deref()),
                    now,
                ));
            }
            Decision::Impossible(problem) => {
                stop.get_or_insert(Stop::Letter(*problem));
            }
        }
    }
    Ended {
        summary: tally.summary,
        copies_not_taken: tally.copies_not_taken,
        stop,
    }
}
