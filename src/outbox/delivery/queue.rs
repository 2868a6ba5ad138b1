//! The letters due, in order: claimed in groups, and each handed out or named.

use appel_core::letter::Decision;
use appel_core::outcome::Status;

use super::dispatcher::Dispatcher;
use super::job::Job;
use super::letter_events;
use super::terms::Stop;
use crate::outbox::event::Listener;
use crate::outbox::journal::LedgerLost;
use crate::outbox::ledger::{Claimed, Durability, Entry, Intent};

/// How many letters are claimed at once for each connection when they leave fast. (Those in flight and deferred come on
/// top; after a power cut at most 64 a connection are in doubt.)
const GROUP: usize = 60;
/// And for all: more would save little.
const MOST_AT_ONCE: usize = 240;

impl Dispatcher {
    /// Letters to claim together: many when they leave fast, one when there is time.
    pub fn take_group(&self) -> Result<Vec<Job>, LedgerLost> {
        let mut size = if self.pacer.is_slow() {
            1
        } else {
            (GROUP * self.options.connections.max(1)).min(MOST_AT_ONCE)
        };
        let mut room = self.state().quota.room(self.options.clock.now());
        if let Some(room) = room {
            size = size.min(room);
        }
        let mut group = Vec::with_capacity(size);
        while group.len() < size {
            let next = self.state().next.take();
            match next.map_or_else(|| self.job(), |job| Ok(Some(job))) {
                Ok(Some(job)) => {
                    if let Some(room) = &mut room {
                        let Some(left) = room.checked_sub(job.addresses()) else {
                            self.state().next = Some(job);
                            break;
                        };
                        *room = left;
                    }
                    group.push(job);
                }
                Ok(None) => break,
                Err(LedgerLost) => {
                    // There they are found when all that is left is named.
                    self.state().waiting.extend(group);
                    return Err(LedgerLost);
                }
            }
        }
        Ok(group)
    }

    /// Has a group in the ledger, safe from a power cut, before any letter of it can begin.
    pub async fn claim(&self, group: Vec<Job>) -> Result<(), LedgerLost> {
        let claims = group.iter().map(|job| Entry::Claim(self.intent(job))).collect();
        // Stopped at once while the claims are on their way to the disk, the letters must still be named at the end.
        let number = {
            let mut state = self.state();
            state.groups += 1;
            let number = state.groups;
            state.claiming.insert(number, group);
            number
        };
        let answers = match self.journal.record(claims, Durability::Power).await {
            Ok(answers) => answers,
            Err(lost) => {
                // Others may be waiting for this group: they find out for themselves that nothing will come of it.
                self.changed.notify_waiters();
                return Err(lost);
            }
        };
        let mut lost = Vec::new();
        {
            let mut state = self.state();
            let group = state.claiming.remove(&number).unwrap_or_default();
            for (job, answer) in group.into_iter().zip(answers) {
                match answer {
                    Claimed::Ours => state.waiting.push_back(job),
                    Claimed::Lost(status) => lost.push((job, status)),
                }
            }
        }
        self.changed.notify_waiters();
        let now = self.options.clock.now();
        let mut told = Ok(());
        for (job, status) in lost {
            let event = letter_events::lost(&job.letter, status, now);
            if let Err(ledger_lost) = self.journal.submit(None, Some(event)) {
                // It is named with all that is left.
                self.state().waiting.push_back(job);
                told = Err(ledger_lost);
            }
        }
        told
    }

    fn intent(&self, job: &Job) -> Intent {
        let letter = &job.letter;
        let envelope = letter.goes_to();
        Intent {
            id: letter.line(),
            campaign: self.options.campaign.clone(),
            letter: letter.spec.id.clone(),
            sender: envelope.from.to_string(),
            recipient: envelope.to.to_string(),
            language: letter.language.to_string(),
            date: job.date,
            copies: envelope.cc.iter().map(ToString::to_string).collect(),
            after: if job.tries == 0 {
                letter.past.map(|past| past.status)
            } else {
                Some(Status::Deferred)
            },
        }
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
                        began: 0,
                        first_try: None,
                        deferred: None,
                    }));
                }
                Some(Decision::Skipped {
                    id,
                    letter,
                    to,
                    reason,
                    over,
                    copy,
                    ..
                }) => {
                    let sender = &self.options.sender;
                    let event = letter_events::left_out(id, &letter, &to, sender, (reason, over.as_deref()), copy, now);
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
                listener.hear(&letter_events::untried(&letter, now));
            }
        }
    }
}
