//! Counts what is told, and tells it on.

use std::collections::HashMap;

use appel_core::address::Address;
use appel_core::letter::LetterId;
use appel_core::outcome::Status;
use tokio::time::Instant;

use super::terms::{Ended, Learned, Stop};
use crate::outbox::event::{Event, LetterEvent, Listener, Summary, Verdict};

/// So many copies are named at the end of a run.
const NAMED: usize = 50;

/// The counts so far, and whom they are of interest to.
pub struct Tally<'l> {
    summary: Summary,
    /// Copies that are put off, by the id that the ledger knows them by, with the last word: they may yet be taken.
    put_off: HashMap<LetterId, Box<LetterEvent>>,
    /// The first of those that were refused or may have been taken.
    ended: Vec<LetterEvent>,
    listener: &'l mut dyn Listener,
    since: Instant,
}

impl<'l> Tally<'l> {
    pub fn new(listener: &'l mut dyn Listener) -> Self {
        Self {
            summary: Summary::default(),
            put_off: HashMap::new(),
            ended: Vec::new(),
            listener,
            since: Instant::now(),
        }
    }

    /// Nothing more is told.
    pub fn ended(self, stop: Option<Stop>) -> Ended {
        let mut summary = self.summary;
        summary.seconds = self.since.elapsed().as_secs_f64();
        summary.copies_deferred = self.put_off.len();
        let mut copies: Vec<LetterEvent> = self.put_off.into_values().map(|copy| *copy).collect();
        copies.sort_unstable_by(|one, other| (&one.to, one.at).cmp(&(&other.to, other.at)));
        copies.truncate(NAMED);
        copies.extend(self.ended);
        Ended {
            summary,
            copies,
            learned: Learned::default(),
            stop,
        }
    }

    fn note(&mut self, copy: LetterEvent) {
        match copy.outcome {
            Verdict::Deferred | Verdict::NotTried => {
                self.put_off.insert(copy.line(), Box::new(copy));
                return;
            }
            Verdict::Refused => self.summary.copies_refused += 1,
            Verdict::InDoubt => self.summary.copies_in_doubt += 1,
            Verdict::Accepted | Verdict::DryRun | Verdict::Skipped => {}
        }
        self.put_off.remove(&copy.line());
        if self.ended.len() < NAMED && copy.outcome != Verdict::Accepted {
            self.ended.push(copy);
        }
    }

    /// The copies that a letter left without.
    fn note_copies(&mut self, letter: &LetterEvent) {
        let copies = letter.recipients.iter().skip(1);
        for copy in copies.filter(|copy| copy.outcome != Status::Accepted) {
            let Ok(address) = Address::parse(&copy.address) else {
                continue;
            };
            self.note(LetterEvent {
                copy_id: Some(letter.id.of_copy(&address)),
                code: copy.code,
                reply: copy.reply.clone(),
                ..LetterEvent::new(letter.id, &letter.letter, &copy.address, copy.outcome.into(), letter.at)
            });
        }
    }
}

impl Listener for Tally<'_> {
    fn hear(&mut self, event: &Event) {
        match event {
            Event::Letter(letter) => {
                if letter.outcome != Verdict::Skipped {
                    self.summary.due += 1;
                }
                self.summary.count(letter.outcome);
                if letter.outcome == Verdict::Accepted {
                    self.note_copies(letter);
                }
            }
            Event::Copy(copy) => match copy.outcome {
                Verdict::Skipped | Verdict::DryRun => {}
                _ => self.note((**copy).clone()),
            },
            _ => {}
        }
        self.listener.hear(event);
    }

    fn pause(&mut self) {
        self.listener.pause();
    }
}
