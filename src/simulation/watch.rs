//! What is promised, held against everything that happens: every write, every letter taken, every word told.

use std::collections::BTreeSet;
use std::time::Duration;

use appel_core::letter::LetterId;
use appel_core::outcome::{Reason, Status};
use appel_messages::Message;
use jiff::Timestamp;

use super::letters::{copy_of, letter_of, name, own_copy_of};
use super::record::{Begin, Take};
use super::world::State;
use crate::input::config::Rate;
use crate::outbox::event::{Event, LetterEvent, Listener, Verdict};
use crate::outbox::ledger::rules::{self, Open, Standing};
use crate::outbox::ledger::{Durability, Entry};

/// Timers have whole milliseconds.
pub const A_TICK: Duration = Duration::from_millis(1);

impl State {
    /// Before entries are written.
    pub fn about_to_write(&mut self, entries: &[Entry], durability: Durability) {
        let words: Vec<String> = entries.iter().map(in_words).collect();
        self.note(format_args!("ledger {durability:?}: {}", words.join(", ")));
        for entry in entries {
            match entry {
                Entry::Claim(intent) => self.about_to_claim(intent.id, intent.date),
                Entry::Begin(id) => self.about_to_begin(*id),
                Entry::Outcome(attempted) => {
                    // The sender's own copy may be claimed in the same commit.
                    let copies = rules::own_ways(attempted.id, attempted.outcome.status, &attempted.copies);
                    let put_off = copies.map(|(id, copy)| (id, copy.outcome.status));
                    self.run.put_off.extend(put_off);
                }
                Entry::Release(_) | Entry::Refuse(_) => {}
            }
        }
    }

    fn about_to_claim(&mut self, id: LetterId, date: Timestamp) {
        if !self.run.due.contains(&id) && !self.run.put_off.contains_key(&id) {
            self.broken(format_args!("{} is claimed and not due", name(id)));
        }
        let ended_in_this_run = self
            .disk
            .live
            .rows
            .get(&id)
            .is_some_and(|row| row.run == self.run.number);
        let past = self.disk.live.past(id);
        if past.is_some_and(|past| past.first_date != date) {
            self.broken(format_args!("{} has another Date than at its first attempt", name(id)));
        }
        let (asked, what) = match past.map(|past| past.status) {
            Some(Status::InDoubt) => (self.run.resend_in_doubt, "in doubt"),
            Some(Status::Refused) => (self.run.retry_refused, "refused"),
            Some(Status::Accepted) => (false, "accepted"),
            None | Some(Status::Deferred | Status::NotTried) => return,
        };
        if !asked || ended_in_this_run {
            self.broken(format_args!(
                "{} is {what}, and claimed without being asked for",
                name(id)
            ));
        }
    }

    fn about_to_begin(&mut self, id: LetterId) {
        let now = self.now();
        let clock = self.clock().now();
        if self.run.interrupts.first().is_some_and(|at| now > *at) {
            self.broken(format_args!("{} begins after the interruption", name(id)));
        }
        if self.scenario.deadline.is_some_and(|deadline| clock > deadline) {
            self.broken(format_args!("{} begins after the deadline", name(id)));
        }
        if let Rate::Every(interval) = self.scenario.rate {
            if now + A_TICK < self.run.next_turn {
                self.broken(format_args!("{} begins before its turn", name(id)));
            }
            self.run.next_turn = self.run.next_turn.max(now) + interval;
        }
        let first_end = self.run.first_end.get(&id).copied().unwrap_or(now);
        let (tried, may) = (now.saturating_sub(first_end), self.scenario.retry_for);
        if tried > may + A_TICK {
            self.broken(format_args!(
                "{} is tried again after {tried:?}, with retry-for {may:?}",
                name(id)
            ));
        }
        let row = self.disk.live.rows.get(&id);
        if row.is_some_and(|row| row.standing.status == Some(Status::InDoubt)) {
            let run = self.run.number;
            self.kept.asked.entry(id).or_default().push(run);
            self.counts.resent += 1;
        }
        self.kept.begins.push(Begin {
            run: self.run.number,
            id,
            clock,
        });
    }

    /// After entries are written.
    pub fn written(&mut self, entries: &[Entry]) {
        let now = self.now();
        for entry in entries {
            if let Entry::Outcome(attempted) = entry {
                self.run.first_end.entry(attempted.id).or_insert(now);
                self.taken_is_held(attempted.id);
                let copies = rules::own_ways(attempted.id, attempted.outcome.status, &attempted.copies);
                for (id, copy) in copies {
                    self.counts.copies_left += 1;
                    // The server was not asked for the sender's own yet.
                    if copy.outcome.reply.reason != Some(Reason::OnItsOwn) {
                        self.run.first_end.entry(id).or_insert(now);
                    }
                }
            }
        }
    }

    /// The client says a command; `to` is whom a letter goes to, with the RCPT that says so.
    pub fn said(&mut self, run: usize, to: Option<LetterId>) {
        if run != self.run.number || self.dead.is_some() {
            return;
        }
        if let Some(id) = to {
            if self.disk.live.standing(id).and_then(|standing| standing.open) != Some(Open::Begun) {
                self.broken(format_args!("{} is on its way before it is marked as begun", name(id)));
            }
            return;
        }
        let clock = self.clock().now();
        if self.scenario.deadline.is_some_and(|deadline| clock > deadline) {
            self.broken("a letter leaves after the deadline");
        }
    }

    /// The server takes a letter.
    pub fn taken(&mut self, id: LetterId, run: usize, copies: BTreeSet<String>, sound: bool, bytes: &[u8]) -> String {
        let words = format!("2.0.0 taken as {}", self.kept.taken.len());
        let began = self
            .kept
            .begins
            .iter()
            .rev()
            .find(|begin| begin.id == id && begin.run == run);
        let Some(began) = began.map(|begin| begin.clock) else {
            self.broken(format_args!("{} is taken and was never begun", name(id)));
            return words;
        };
        self.same_bytes(id, bytes);
        self.counts.taken += 1;
        self.no_copy_twice(id, &copies);
        self.kept.taken.push(Take {
            id,
            run,
            copies,
            words: words.clone(),
            sound,
            began,
        });
        let times = self.kept.taken.iter().filter(|take| take.id == id).count();
        let asked = self.kept.asked.get(&id).map_or(0, Vec::len);
        if times > 1 + asked {
            self.broken(format_args!(
                "{} is taken {times} times and was asked for {asked} times",
                name(id)
            ));
        }
        self.taken_is_held(id);
        words
    }

    /// A copy goes with its letter or alone, and never both unless it was asked for.
    fn no_copy_twice(&mut self, id: LetterId, copies: &BTreeSet<String>) {
        let (letter, alone) = (letter_of(id), letter_of(id) != id);
        if alone {
            self.counts.copies_alone += 1;
        }
        let asked = self.kept.asked.contains_key(&id) || self.kept.asked.contains_key(&letter);
        let had = |take: &Take, copy: &str| take.copies.contains(copy) && take.id == letter;
        let twice = if alone {
            self.kept.taken.iter().any(|take| had(take, &name(id)))
        } else {
            let alone =
                |copy: &str| copy_of(copy).is_some_and(|(id, _)| self.kept.taken.iter().any(|take| take.id == id));
            copies.iter().any(|copy| alone(copy))
        };
        if twice && !asked {
            self.broken(format_args!("a copy of {} is taken twice", name(id)));
        }
    }

    /// Every attempt at a letter is the same message, and so is every copy of it.
    pub fn same_bytes(&mut self, id: LetterId, bytes: &[u8]) {
        let id = letter_of(id);
        let first = self.kept.bytes.entry(id).or_insert_with(|| bytes.to_vec());
        if first != bytes {
            let texts = [&**first, bytes].map(|text| String::from_utf8_lossy(text).into_owned());
            self.broken(format_args!("{} is another message than before: {texts:?}", name(id)));
        }
    }

    /// What the server took is accepted, in doubt or on its way: unless it was sent again on request, and that went
    /// another way.
    pub fn taken_is_held(&mut self, id: LetterId) {
        let asked = self.kept.asked.get(&id).and_then(|runs| runs.last()).copied();
        let excused = |run: usize| asked.is_some_and(|asked| run < asked);
        let taken = self.kept.taken.iter().any(|take| take.id == id && !excused(take.run));
        let row = self.disk.live.rows.get(&id);
        let held = row.is_some_and(|row| {
            let Standing { open, status, .. } = row.standing;
            open == Some(Open::Begun) || matches!(status, Some(Status::Accepted | Status::InDoubt))
        });
        if taken && !held {
            let standing = row.map(|row| row.standing);
            self.broken(format_args!("{} was taken and is {standing:?} in the ledger", name(id)));
        }
    }

    fn hear_letter(&mut self, event: &LetterEvent) {
        let id = event.line();
        self.note(format_args!("told {} {:?} {:?}", name(id), event.outcome, event.reply));
        self.copies_are_held(event);
        if event.outcome == Verdict::Skipped {
            self.run.told_skipped += 1;
            if self.run.due.contains(&id) {
                self.broken(format_args!("{} is due and told as left out", name(id)));
            }
            return;
        }
        if !self.run.due.contains(&id) && !self.run.put_off.contains_key(&id) {
            self.broken(format_args!("{} is told and was not due", name(id)));
        }
        self.run.not_tried += usize::from(event.outcome == Verdict::NotTried);
        self.run.letters_told.extend(event.copy_id.is_none().then_some(id));
        if self.run.told.insert(id, event.outcome).is_some() {
            self.broken(format_args!("{} is told twice", name(id)));
        }
        let durable = self.disk.synced.standing(id);
        let ended = durable.filter(|standing| standing.open.is_none());
        let ended = ended.and_then(|standing| standing.status);
        let lost = self.run.ledger_lost;
        let recorded = match event.outcome {
            Verdict::Accepted => ended == Some(Status::Accepted),
            Verdict::Refused => lost || ended == Some(Status::Refused),
            Verdict::InDoubt => lost || ended == Some(Status::InDoubt),
            Verdict::Deferred => lost || ended == Some(Status::Deferred),
            Verdict::NotTried => {
                let open = durable.is_some_and(|standing| standing.open.is_some());
                lost || !open && ended != Some(Status::Accepted)
            }
            Verdict::DryRun | Verdict::Skipped => false,
        };
        if !recorded {
            let what = event.outcome;
            self.broken(format_args!(
                "{} is told as {what:?}, and is {durable:?} on the disk",
                name(id)
            ));
        }
        self.told_is_true(event);
        self.told_is_not_the_accounts(event);
    }

    /// Remembers what was told in the words that a provider has for all whose account has had enough.
    fn told_is_not_the_accounts(&mut self, event: &LetterEvent) {
        let Some(enough) = self.scenario.provider.enough else {
            return;
        };
        let said = event.reply.as_ref().map(Message::in_english).unwrap_or_default();
        // What the sender's own copies are told is no evidence, and may be final for them.
        let is_own = event.copy_id == Some(own_copy_of(event.id));
        if !is_own && said.contains(enough.words.get(4..).unwrap_or_default()) {
            self.counts.enough += 1;
            self.run.told_enough.insert(event.id, event.outcome);
        }
    }

    /// A letter that is accepted has a line for each copy that was not.
    fn copies_are_held(&mut self, event: &LetterEvent) {
        if event.outcome != Verdict::Accepted {
            return;
        }
        for copy in event.recipients.iter().skip(1) {
            let Some((id, _)) = copy_of(&copy.address) else {
                continue;
            };
            let line = self.disk.synced.standing(id).or_else(|| self.disk.live.standing(id));
            let is_held = line.is_some_and(|line| line.status.is_some());
            if is_held == (copy.outcome == Status::Accepted) {
                self.broken(format_args!(
                    "{} is {:?}, and {line:?} in the ledger",
                    name(id),
                    copy.outcome
                ));
            }
        }
    }

    /// What is told is what the server did in this run.
    fn told_is_true(&mut self, event: &LetterEvent) {
        let run = self.run.number;
        let take = self
            .kept
            .taken
            .iter()
            .find(|take| take.id == event.line() && take.run == run)
            .cloned();
        let letter = name(event.line());
        match (event.outcome, take) {
            (Verdict::Accepted, None) => self.broken(format_args!("{letter} is told as accepted and was not taken")),
            (Verdict::Accepted, Some(take)) if take.sound => {
                if event.reply.as_ref().map(Message::in_english).as_ref() != Some(&take.words) {
                    let reply = &event.reply;
                    self.broken(format_args!(
                        "{letter} has another letter's reply: {reply:?}, not {}",
                        take.words
                    ));
                }
                let wrong = event.recipients.iter().skip(1).find(|copy| {
                    let taken = take.copies.contains(&copy.address);
                    // Whoever hangs up names nobody.
                    let own = !matches!(copy.code, Some(code) if code != 421)
                        || copy
                            .reply
                            .as_ref()
                            .is_none_or(|reply| reply.in_english().contains(&copy.address));
                    !own || taken != (copy.outcome == Status::Accepted)
                });
                if let Some(copy) = wrong {
                    self.broken(format_args!(
                        "{letter} has a copy told otherwise than it went: {copy:?}"
                    ));
                }
            }
            (Verdict::Deferred | Verdict::Refused | Verdict::NotTried, Some(_)) => {
                self.broken(format_args!("{letter} was taken and is told as {:?}", event.outcome));
            }
            _ => {}
        }
    }
}

impl Listener for super::world::World {
    fn hear(&mut self, event: &Event) {
        let mut world = self.lock();
        if world.dead.is_some() {
            return;
        }
        match event {
            Event::Letter(letter) | Event::Copy(letter) => world.hear_letter(letter),
            Event::Notice(notice) => world.note(format_args!("told {notice:?}")),
            Event::Summary(_) | Event::Attempt(_) | Event::Preview(_) => {}
        }
    }
}

fn in_words(entry: &Entry) -> String {
    match entry {
        Entry::Claim(intent) => format!("claim {}", name(intent.id)),
        Entry::Begin(id) => format!("begin {}", name(*id)),
        Entry::Outcome(attempted) => format!("{} {:?}", name(attempted.id), attempted.outcome.status),
        Entry::Release(id) => format!("release {}", name(*id)),
        Entry::Refuse(id) => format!("refuse {}", name(*id)),
    }
}
