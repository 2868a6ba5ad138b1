//! The letters due, in order: each is handed out or named, also when the ledger cannot be read on the way.

use super::Stop;
use super::desk::Desk;
use super::job::Job;
use super::story;
use crate::letter::{Decision, Skip};
use crate::outbox::event::{Event, Listener};
use crate::outbox::journal::LedgerLost;
use crate::outbox::ledger::LedgerError;

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
                Ok(Some(mut job)) => {
                    if let Some(room) = &mut room {
                        let Some(left) = room.checked_sub(job.addresses()) else {
                            self.state().held = Some(job);
                            break;
                        };
                        *room = left;
                    }
                    if let Some(written) = self.letters().written(job.letter.id) {
                        job.date = written.date;
                        job.written = Some(written);
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

    /// The next letter due, telling of those left out on the way. When the ledger has no answer the letter at hand is
    /// put down to be named, and the run stops.
    pub fn job(&self) -> Result<Option<Job>, LedgerLost> {
        let mut letters = self.letters();
        loop {
            let now = self.options.clock.now();
            let (event, error) = match letters.next() {
                None => return Ok(None),
                Some(Decision::Impossible(problem)) => {
                    self.stop(Stop::Letter(*problem));
                    continue;
                }
                Some(Decision::Due(letter)) => match letters.first_date(letter.id) {
                    Ok(date) => {
                        return Ok(Some(Job {
                            letter,
                            date: date.unwrap_or(now),
                            tries: 0,
                            first_try: None,
                            written: None,
                            put_off: None,
                        }));
                    }
                    Err(error) => (story::untried(&letter, now), error),
                },
                Some(Decision::Skipped {
                    id,
                    letter,
                    to,
                    reason,
                    over,
                    ..
                }) => {
                    let sender = &self.options.sender;
                    // A letter that nothing could be read of counts as in doubt. That is no reason to leave it out.
                    let doubtful = reason == Skip::InDoubt;
                    let Some(error) = doubtful.then(|| letters.first_date(id)).and_then(Result::err) else {
                        let event = story::left_out(id, letter, &to, sender, (reason, over.as_deref()), now);
                        self.journal.submit(None, Some(event))?;
                        continue;
                    };
                    (story::unread(id, letter, &to, sender, now), error)
                }
            };
            drop(letters);
            return Err(self.unreadable(event, error));
        }
    }

    fn unreadable(&self, event: Event, error: LedgerError) -> LedgerLost {
        self.state().untold.push(event);
        self.stop(Stop::Ledger(error));
        LedgerLost
    }

    /// Names all that is left, to nobody but the listener.
    pub fn name_the_rest(&self, listener: &mut dyn Listener) {
        let now = self.options.clock.now();
        let mut letters = self.letters();
        while let Some(decision) = letters.next() {
            match decision {
                Decision::Due(letter) => listener.hear(&story::untried(&letter, now)),
                Decision::Skipped {
                    id,
                    letter,
                    to,
                    reason: Skip::InDoubt,
                    ..
                } if letters.first_date(id).is_err() => {
                    listener.hear(&story::unread(id, letter, &to, &self.options.sender, now));
                }
                Decision::Skipped { .. } | Decision::Impossible(_) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use jiff::Timestamp;

    use super::*;
    use crate::campaign::Address;
    use crate::campaign::config::Rate;
    use crate::failure::Problem;
    use crate::letter::{Letter, LetterId, Message};
    use crate::outbox::delivery::tests::{List, Paper, Server, options, run_list};
    use crate::outbox::delivery::{Letters, Options};
    use crate::outbox::event::Verdict;

    /// Letters of which some cannot be looked up in the ledger.
    struct Unreadable {
        letters: Box<dyn Letters>,
        which: fn(usize, usize) -> bool,
        nth: usize,
        at: usize,
        /// As a plan makes it of a letter that cannot be looked up: held, as if in doubt.
        held: bool,
        trouble: Mutex<bool>,
    }

    impl Letters for Unreadable {
        fn next(&mut self) -> Option<Decision<'static>> {
            let decision = self.letters.next()?;
            self.nth += 1;
            if !(self.which)(self.nth, self.at) {
                return Some(decision);
            }
            *self.trouble.lock().unwrap() = true;
            match decision {
                Decision::Due(letter) if self.held => Some(Decision::Skipped {
                    id: letter.id,
                    letter: &letter.spec.id,
                    to: Address::parse(letter.envelope.to.as_str()).unwrap(),
                    line: 1,
                    reason: Skip::InDoubt,
                    over: None,
                }),
                other => Some(other),
            }
        }

        fn first_date(&self, _: LetterId) -> Result<Option<Timestamp>, LedgerError> {
            if std::mem::take(&mut *self.trouble.lock().unwrap()) {
                return Err(LedgerError::Unusable {
                    path: "paper".to_owned(),
                    doing: "read",
                    cause: "the disk reports an error".to_owned(),
                });
            }
            Ok(None)
        }

        fn message(&self, letter: &Letter<'static>, date: Timestamp) -> Result<Message, Problem> {
            self.letters.message(letter, date)
        }
    }

    #[tokio::test(start_paused = true)]
    async fn when_the_ledger_cannot_be_read_on_the_way_every_letter_is_named_and_the_run_stops() {
        const LETTERS: usize = 62;
        let paced = Rate::Every(std::time::Duration::from_millis(200));
        for (connections, rate) in [(1, Rate::Unlimited), (5, Rate::Unlimited), (1, paced), (5, paced)] {
            for (at, held) in [1, 2, 30, 60, 61, LETTERS]
                .into_iter()
                .flat_map(|at| [(at, false), (at, true)])
            {
                for which in [|nth, at| nth == at, |nth, at| nth >= at] as [fn(usize, usize) -> bool; 2] {
                    let letters = Box::new(Unreadable {
                        letters: List::of(LETTERS),
                        which,
                        nth: 0,
                        at,
                        held,
                        trouble: Mutex::new(false),
                    });
                    let server = Server::that_takes_everything();
                    let options = Options {
                        rate,
                        ..options(connections)
                    };
                    let (ended, ear) = run_list(letters, &server, &mut Paper::good(), options).await;
                    let outcomes = ear.outcomes();
                    assert_eq!(
                        outcomes.len(),
                        LETTERS,
                        "not every letter is named when number {at} cannot be read"
                    );
                    assert!(matches!(ended.stop, Some(Stop::Ledger(_))), "{:?}", ended.stop);
                    for (to, outcome) in outcomes {
                        let taken = server.taken().contains(&to);
                        let expected = if taken { Verdict::Accepted } else { Verdict::Deferred };
                        assert_eq!(outcome, expected, "{to}, when number {at} cannot be read");
                    }
                }
            }
        }
    }
}
