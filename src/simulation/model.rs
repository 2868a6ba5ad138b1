//! What a ledger holds, in memory and as plainly as it can be said: the rules are the ledger's own (`rules`), and nothing
//! here is fast. The conformance suite holds it to what every ledger must do.

use std::collections::BTreeMap;

use appel_core::address::{Address, mailbox_of};
use appel_core::campaign::Limits;
use appel_core::letter::flood::salted;
use appel_core::letter::{Left, LetterId, OpenCopy, Past, Recent};
use appel_core::outcome::{AddressOutcome, Outcome, Reason, Reply, Status};
use jiff::Timestamp;

use crate::outbox::ledger::handed_over::{Counted, HandedOver, Once, Own};
use crate::outbox::ledger::rules::{self, Open, OutOfOrder, Standing};
use crate::outbox::ledger::{
    AcceptedKind, Claimed, Entry, EventKind, Holdings, Intent, LastTry, LedgerEvent, Received, Record, Settled,
};

/// One letter's line.
#[derive(Clone, Debug)]
pub struct Row {
    pub standing: Standing,
    intent: Intent,
    /// Its place among the letters, by their first claims.
    order: usize,
    /// The run that claimed it last.
    pub run: usize,
    /// Of a copy that goes its own way: the letter.
    pub copy_of: Option<LetterId>,
}

/// What was written of a letter.
#[derive(Clone, Debug)]
struct Event {
    id: LetterId,
    run: usize,
    at: Timestamp,
    outcome: Outcome,
    copies: Vec<AddressOutcome>,
    kind: EventKind,
}

/// Everything.
#[derive(Clone, Debug, Default)]
pub struct Table {
    pub rows: BTreeMap<LetterId, Row>,
    events: Vec<Event>,
    /// Whom forgotten campaigns wrote to: the sender's mailbox, the reader's, whether as a copy, and when.
    forgotten: Vec<(String, String, bool, Timestamp)>,
}

impl Event {
    const fn kind_is_attempt(&self) -> bool {
        matches!(self.kind, EventKind::Attempt { .. })
    }
}

const fn may_be_there(status: Status) -> bool {
    matches!(status, Status::Accepted | Status::InDoubt)
}

impl Table {
    /// Writes an entry, by the rules of a ledger.
    pub fn write(&mut self, entry: &Entry, run: usize) -> Result<Option<Claimed>, String> {
        let id = entry.id();
        let before = match (self.rows.get(&id), entry) {
            (Some(row), _) => row.standing,
            (None, Entry::Claim(intent)) => Standing::unknown(intent.date),
            (None, _) => return Err(format!("{id} is not known")),
        };
        let (standing, claimed) = before
            .after(entry)
            .map_err(|OutOfOrder| format!("{entry:?} of what is {before:?}"))?;
        if matches!(claimed, Some(Claimed::Lost(_))) {
            return Ok(claimed);
        }
        match entry {
            Entry::Claim(intent) => {
                let order = self.rows.get(&id).map_or(self.rows.len(), |row| row.order);
                let row = Row {
                    standing,
                    intent: intent.clone(),
                    order,
                    run,
                    copy_of: self.rows.get(&id).and_then(|row| row.copy_of),
                };
                self.rows.insert(id, row);
            }
            Entry::Outcome(attempted) => self.events.push(Event {
                id,
                run,
                at: attempted.at,
                outcome: attempted.outcome.clone(),
                copies: attempted.copies.clone(),
                kind: EventKind::Attempt {
                    sha256: Some(attempted.sha256),
                    facts: Some(attempted.facts.to_string()),
                },
            }),
            Entry::Refuse(_) => {
                if let Some(event) = self.events.iter_mut().rev().find(|event| event.id == id) {
                    let copies = event.copies.iter_mut().map(|copy| &mut copy.outcome);
                    for outcome in std::iter::once(&mut event.outcome).chain(copies) {
                        if outcome.status == Status::Deferred {
                            outcome.status = Status::Refused;
                        }
                    }
                }
            }
            Entry::Begin(_) | Entry::Release(_) => {}
        }
        if let Some(row) = self.rows.get_mut(&id) {
            row.standing = standing;
        }
        if let Entry::Outcome(attempted) = entry {
            self.own_ways(id, attempted.outcome.status, &attempted.copies, run);
        }
        Ok(claimed)
    }

    /// Copies that go their own way from now on.
    fn own_ways(&mut self, letter: LetterId, status: Status, copies: &[AddressOutcome], run: usize) {
        let of = self.rows[&letter].clone();
        for (id, copy) in rules::own_ways(letter, status, copies) {
            let row = Row {
                standing: Standing::of_copy(copy.outcome.status, of.standing.date),
                intent: Intent {
                    id,
                    recipient: copy.address.clone(),
                    copies: Vec::new(),
                    ..of.intent.clone()
                },
                order: self.rows.len(),
                run,
                copy_of: Some(letter),
            };
            self.rows.insert(id, row);
        }
    }

    pub fn open_copies(&self, campaign: &str, sender: &Address) -> Vec<OpenCopy> {
        let mut rows: Vec<&Row> = self.rows.values().collect();
        rows.sort_by_key(|row| row.order);
        rows.retain(|row| row.intent.campaign == campaign && is_from(row, sender));
        let open = rows.into_iter().filter_map(|row| {
            let letter = row.copy_of?;
            let past = row.standing.past().filter(|past| past.status != Status::Accepted)?;
            let attempts = self.events.iter().rev().filter(|event| event.id == letter);
            let left = attempts.map(|event| &event.kind).find_map(|kind| match kind {
                EventKind::Attempt { sha256, facts } => Some(sha256.zip(facts.clone())),
                EventKind::Settlement(_) => None,
            });
            Some(OpenCopy {
                id: row.intent.id,
                letter,
                address: row.intent.recipient.clone(),
                language: row.intent.language.clone(),
                past,
                left: left.flatten().map(|(sha256, facts)| Left {
                    sha256,
                    facts: facts.into(),
                }),
            })
        });
        open.collect()
    }

    /// Whom a letter was claimed for, beside its To.
    pub fn copies_of(&self, letter: LetterId) -> Vec<String> {
        self.rows
            .get(&letter)
            .map(|row| row.intent.copies.clone())
            .unwrap_or_default()
    }

    pub fn bytes_are_needed(&self, letter: LetterId) -> bool {
        let of = |row: &Row| row.intent.id == letter || row.copy_of == Some(letter);
        let mut rows = self.rows.values().filter(|row| of(row));
        rows.any(|row| row.standing.needs_bytes(row.copy_of.is_some()))
    }

    pub fn standing(&self, id: LetterId) -> Option<Standing> {
        self.rows.get(&id).map(|row| row.standing)
    }

    /// What planning is told of a letter between two runs.
    pub fn past(&self, id: LetterId) -> Option<Past> {
        self.standing(id)?.past()
    }

    /// Makes of what a run left open what it must be taken for; gives those that are in doubt by it.
    pub fn settle_killed(&mut self, all_known: bool, now: Timestamp) -> Vec<LetterId> {
        let mut in_doubt = Vec::new();
        let mut rows: Vec<(&LetterId, &mut Row)> = self.rows.iter_mut().collect();
        rows.sort_by_key(|(_, row)| row.order);
        for (id, row) in rows {
            if row.standing.may_have_left(all_known) {
                let reason = match row.standing.open {
                    Some(Open::Begun) => Reason::ProgramEnded,
                    _ => Reason::MachineStopped,
                };
                let outcome = Outcome::new(Status::InDoubt, Reply::none(reason, ""));
                let copies = row.intent.copies.iter().map(|address| AddressOutcome {
                    address: address.clone(),
                    outcome: outcome.clone(),
                });
                self.events.push(Event {
                    id: *id,
                    run: row.run,
                    at: now,
                    copies: copies.collect(),
                    outcome,
                    kind: EventKind::Attempt {
                        sha256: None,
                        facts: None,
                    },
                });
                in_doubt.push(*id);
            }
            row.standing = row.standing.settled(all_known);
        }
        in_doubt
    }

    /// What a person found out, of all these letters or of none.
    pub fn settle(&mut self, letters: &[LetterId], word: Settled, now: Timestamp) -> Result<(), String> {
        let before = self.clone();
        let settled = letters.iter().try_for_each(|id| self.settle_one(*id, word, now));
        if settled.is_none() {
            *self = before;
            return Err("not in doubt".to_owned());
        }
        Ok(())
    }

    fn settle_one(&mut self, id: LetterId, word: Settled, now: Timestamp) -> Option<()> {
        let row = self.rows.get_mut(&id)?;
        row.standing = row.standing.told(word).ok()?;
        let outcome = Outcome::new(row.standing.status?, Reply::none(word.reason(), ""));
        let doubt = self.events.iter().rev().find(|event| event.id == id);
        let mut copies = doubt.map(|event| event.copies.clone()).unwrap_or_default();
        for copy in copies.iter_mut().filter(|copy| copy.outcome.status == Status::InDoubt) {
            copy.outcome = outcome.clone();
        }
        self.events.push(Event {
            id,
            run: row.run,
            at: now,
            outcome: outcome.clone(),
            copies: copies.clone(),
            kind: EventKind::Settlement(word),
        });
        self.own_ways(id, outcome.status, &copies, usize::MAX);
        Some(())
    }

    fn row(&self, event: &Event) -> &Row {
        &self.rows[&event.id]
    }

    fn told(&self, event: &Event) -> LedgerEvent {
        LedgerEvent {
            record: record(event.id, self.row(event)),
            at: event.at,
            outcome: event.outcome.clone(),
            copies: event.copies.clone(),
            kind: event.kind.clone(),
        }
    }

    /// Every event that is asked for, oldest first.
    pub fn events(&self, which: impl Fn(&Row, &Outcome) -> bool) -> Vec<LedgerEvent> {
        let all = self.events.iter();
        all.filter(|event| which(self.row(event), &event.outcome))
            .map(|event| self.told(event))
            .collect()
    }

    pub fn events_of(&self, id: LetterId) -> Vec<LedgerEvent> {
        self.events(|row, _| row.intent.id == id)
    }

    pub fn events_of_campaign(&self, campaign: &str) -> Vec<LedgerEvent> {
        self.events(|row, _| row.intent.campaign == campaign)
    }

    pub fn received(&self, campaign: &str) -> Vec<Received> {
        let is_last = |event: &Event| {
            let left =
                |other: &&Event| other.id == event.id && other.kind_is_attempt() && may_be_there(other.outcome.status);
            self.events
                .iter()
                .rev()
                .find(left)
                .is_some_and(|last| std::ptr::eq(last, event))
        };
        let accepted = |event: &&Event| {
            let row = self.row(event);
            row.intent.campaign == campaign && row.standing.status == Some(Status::Accepted) && is_last(event)
        };
        self.events
            .iter()
            .filter(accepted)
            .map(|event| Received {
                record: record(event.id, self.row(event)),
                at: event.at,
                facts: match &event.kind {
                    EventKind::Attempt { facts, .. } => facts.clone(),
                    EventKind::Settlement(_) => None,
                },
                copies: event
                    .copies
                    .iter()
                    .filter(|copy| copy.outcome.status == Status::Accepted)
                    .count(),
            })
            .collect()
    }

    pub fn accepted_kinds(&self, sender: &Address) -> Vec<AcceptedKind> {
        let mut kinds: BTreeMap<(String, String), usize> = BTreeMap::new();
        for row in self.rows.values() {
            if is_from(row, sender) && row.copy_of.is_none() && row.standing.status == Some(Status::Accepted) {
                *kinds
                    .entry((row.intent.campaign.clone(), row.intent.letter.clone()))
                    .or_default() += 1;
            }
        }
        let kind = |((campaign, letter), letters)| AcceptedKind {
            campaign,
            letter,
            letters,
        };
        kinds.into_iter().map(kind).collect()
    }

    pub fn doubts_of_sender(&self, campaign: &str, sender: &Address) -> Vec<LedgerEvent> {
        self.events(|row, outcome| {
            outcome.status == Status::InDoubt && row.intent.campaign == campaign && is_from(row, sender)
        })
    }

    pub fn last_try(&self, id: LetterId) -> Option<LastTry> {
        let last = self.events.iter().rev().find(|event| event.id == id)?;
        let is_attempt = |event: &Event| matches!(event.kind, EventKind::Attempt { .. });
        let in_its_run = self.events.iter().filter(|event| event.run == last.run);
        is_attempt(last).then(|| LastTry {
            at: last.at,
            reply: last.outcome.reply.clone(),
            among_accepted: in_its_run
                .filter(|event| is_attempt(event))
                .any(|event| event.outcome.status == Status::Accepted),
        })
    }

    pub fn record(&self, id: LetterId) -> Option<(String, Record)> {
        let row = self.rows.get(&id)?;
        Some((row.intent.campaign.clone(), record(id, row)))
    }

    pub fn records_of_sender(&self, campaign: &str, sender: &Address) -> Vec<Record> {
        let mut rows: Vec<&Row> = self.rows.values().collect();
        rows.sort_by_key(|row| row.order);
        rows.retain(|row| row.intent.campaign == campaign && is_from(row, sender) && row.standing.status.is_some());
        rows.into_iter().map(|row| record(row.intent.id, row)).collect()
    }

    /// The attempts that handed a letter over.
    fn attempts(&self, since: Timestamp) -> impl Iterator<Item = (&Event, &Row)> {
        let all = self.events.iter().map(|event| (event, self.row(event)));
        all.filter(move |(event, _)| {
            event.at > since && may_be_there(event.outcome.status) && matches!(event.kind, EventKind::Attempt { .. })
        })
    }

    pub fn handed_over_since(&self, sender: &Address, since: Timestamp) -> Vec<(Timestamp, usize)> {
        let mut own = Own::of(sender);
        let mut found: Vec<_> = self
            .attempts(since)
            .filter(|(_, row)| own.is(&row.intent.sender))
            .map(|(event, _)| (event.at, 1 + taken(&event.copies).len()))
            .collect();
        found.sort_unstable();
        found
    }

    pub fn event_after(&self, sender: &Address, moment: Timestamp) -> Option<Timestamp> {
        let mut own = Own::of(sender);
        let all = self.events.iter();
        let later = all.filter(|event| event.at > moment && own.is(&self.row(event).intent.sender));
        later.map(|event| event.at).max()
    }

    fn handed_over(&self, campaign: Option<&str>, since: Timestamp) -> Vec<HandedOver> {
        let mut found = Vec::new();
        let mut once = Once::new(|letter| found.push(letter));
        for (event, row) in self.attempts(since) {
            if campaign.is_none_or(|campaign| row.intent.campaign == campaign) {
                once.add(HandedOver {
                    id: event.id,
                    sender: row.intent.sender.clone(),
                    recipient: row.intent.recipient.clone(),
                    alone: row.copy_of.is_some(),
                    copies: taken(&event.copies),
                    at: event.at,
                    accepted: event.outcome.status == Status::Accepted,
                    again: row.standing.status != Some(Status::Accepted),
                });
            }
        }
        once.finish();
        found
    }

    pub fn recent(&self, sender: &Address, limits: Limits, since: Timestamp) -> Recent {
        const SALT: [u8; 16] = [7; 16];
        let mut counted = Counted::of(sender, limits);
        for letter in self.handed_over(None, since) {
            counted.add(&letter);
        }
        let mut recent = counted.finish();
        for (from, to, copy, at) in self.forgotten.iter().filter(|(.., at)| *at > since) {
            recent.add_forgotten(SALT, salted(&SALT, from, to), *copy, *at);
        }
        recent.finish()
    }

    pub fn holdings(&self, campaign: &str, since: Timestamp) -> Holdings {
        let mut holdings = Holdings::default();
        let mut senders = Vec::new();
        for row in self.rows.values().filter(|row| row.intent.campaign == campaign) {
            senders.push(row.intent.sender.clone());
            if row.copy_of.is_some() {
                continue;
            }
            match row.standing.status {
                _ if row.standing.open.is_some() => holdings.in_doubt += 1,
                None => holdings.untried += 1,
                Some(Status::Accepted) => holdings.accepted += 1,
                Some(Status::Deferred | Status::NotTried) => holdings.deferred += 1,
                Some(Status::Refused) => holdings.refused += 1,
                Some(Status::InDoubt) => holdings.in_doubt += 1,
            }
        }
        senders.sort_unstable();
        senders.dedup();
        holdings.senders = senders.len();
        holdings.attempts = self.events_of_campaign(campaign).len();
        let recent = self.attempts(since);
        holdings.in_the_last_day = recent.filter(|(_, row)| row.intent.campaign == campaign).count();
        holdings
    }

    pub fn purge(&mut self, campaign: &str, since: Timestamp) {
        for letter in self.handed_over(Some(campaign), since) {
            let from = mailbox_of(&letter.sender);
            for (address, copy) in letter.addresses() {
                self.forgotten
                    .push((from.clone(), mailbox_of(address), copy, letter.at));
            }
        }
        self.rows.retain(|_, row| row.intent.campaign != campaign);
        let rows = &self.rows;
        self.events.retain(|event| rows.contains_key(&event.id));
        self.forgotten.retain(|(.., at)| *at > since);
    }
}

fn is_from(row: &Row, sender: &Address) -> bool {
    sender.is_spelled(&row.intent.sender)
}

fn record(id: LetterId, row: &Row) -> Record {
    Record {
        id,
        letter: row.intent.letter.clone(),
        sender: row.intent.sender.clone(),
        recipient: row.intent.recipient.clone(),
        language: row.intent.language.clone(),
        date: row.standing.date,
        status: row.standing.status,
        copy_of: row.copy_of,
    }
}

/// The copies that were not refused or deferred.
fn taken(copies: &[AddressOutcome]) -> Vec<String> {
    let taken = copies.iter().filter(|copy| may_be_there(copy.outcome.status));
    taken.map(|copy| copy.address.clone()).collect()
}
