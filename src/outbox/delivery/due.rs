//! The letters due, in order: each is handed out or named.

use super::Stop;
use super::desk::Desk;
use super::job::Job;
use super::story;
use crate::letter::Decision;
use crate::outbox::event::Listener;
use crate::outbox::journal::LedgerLost;

/// How many letters are claimed at once for each connection when they leave fast. (Those in flight and put off come on
/// top; after a power cut at most 64 a connection are in doubt.)
const GROUP: usize = 60;
/// And for all: more would save little.
const MOST_AT_ONCE: usize = 240;

impl Desk {
    /// Letters to claim together: many when they leave fast, one when there is time.
    pub fn take_group(&self) -> Result<Vec<Job>, LedgerLost> {
        let mut size = if self.pace.is_slow() {
            1
        } else {
            (GROUP * self.options.connections.max(1)).min(MOST_AT_ONCE)
        };
        let mut room = self.state().day.room(self.options.clock.now());
        if let Some(room) = room {
            size = size.min(room);
        }
        let mut group = Vec::with_capacity(size);
        while group.len() < size {
            let held = self.state().held.take();
            match held.map_or_else(|| self.job(), |job| Ok(Some(job))) {
                Ok(Some(job)) => {
                    if let Some(room) = &mut room {
                        let Some(left) = room.checked_sub(job.addresses()) else {
                            self.state().held = Some(job);
                            break;
                        };
                        *room = left;
                    }
                    group.push(job);
                }
                Ok(None) => break,
                Err(LedgerLost) => {
                    let now = self.options.clock.now();
                    let untried = group.iter().map(|job: &Job| story::untried(&job.letter, now));
                    self.state().untold.extend(untried);
                    return Err(LedgerLost);
                }
            }
        }
        Ok(group)
    }

    /// The next letter due, telling of those left out on the way.
    pub fn job(&self) -> Result<Option<Job>, LedgerLost> {
        loop {
            let now = self.options.clock.now();
            match self.letters().next() {
                None => return Ok(None),
                Some(Decision::Impossible(problem)) => self.stop(Stop::Letter(*problem)),
                Some(Decision::Due(letter)) => {
                    return Ok(Some(Job {
                        date: letter.date(now),
                        letter,
                        tries: 0,
                        first_try: None,
                        put_off: None,
                    }));
                }
                Some(Decision::Skipped {
                    id,
                    letter,
                    to,
                    reason,
                    over,
                    ..
                }) => {
                    let sender = &self.options.sender;
                    let event = story::left_out(id, &letter, &to, sender, (reason, over.as_deref()), now);
                    self.journal.submit(None, Some(event))?;
                }
            }
        }
    }

    /// Names all that is left, to nobody but the listener.
    pub fn name_the_rest(&self, listener: &mut dyn Listener) {
        let now = self.options.clock.now();
        let mut letters = self.letters();
        while let Some(decision) = letters.next() {
            if let Decision::Due(letter) = decision {
                listener.hear(&story::untried(&letter, now));
            }
        }
    }
}
