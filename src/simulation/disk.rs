//! A disk behind the ledger's trait: what is synced survives a power cut, what is only written survives a killed process.

mod tests;

use std::collections::{BTreeMap, BTreeSet};

use appel_core::letter::{LetterId, Past};
use jiff::Timestamp;

use super::scenario::DiskFails;
use crate::outbox::ledger::rules::{Open, OutOfOrder, Standing};
use crate::outbox::ledger::{Claimed, Durability, Entry};
use crate::transport::Status;

/// One letter's line.
#[derive(Clone, Debug)]
pub struct Row {
    pub standing: Standing,
    pub copies: usize,
    /// The run that wrote it last.
    pub run: usize,
}

/// What a ledger holds.
#[derive(Clone, Debug, Default)]
pub struct Table {
    pub rows: BTreeMap<LetterId, Row>,
    /// When letters were handed over, accepted or in doubt, and to how many addresses.
    handed_over: Vec<(Timestamp, usize)>,
}

/// The ledger's memory, and its disk.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    /// Survives a power cut.
    pub synced: Table,
    /// Survives a killed process: what is synced, and the marks.
    pub live: Table,
    /// Written since, and not synced.
    marks: Vec<Entry>,
    /// Claimed, durably, by this run, and not begun.
    claimed: BTreeSet<LetterId>,
    pub fails: Option<DiskFails>,
    pub writes: u64,
    pub slip: Option<Slip>,
}

/// How a disk or a ledger breaks its word, to see that it is noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slip {
    /// What was written and not synced is gone with the process.
    MarksForgotten,
    /// What was synced is gone with the power.
    NothingSynced,
    /// What may have left counts as deferred.
    DoubtIsDue,
}

impl Table {
    /// Writes an entry, by the rules of a ledger.
    pub fn write(&mut self, entry: &Entry, run: usize) -> Result<Option<Claimed>, String> {
        let id = entry.id();
        let before = match (self.rows.get(&id), entry) {
            (Some(row), _) => row.standing,
            (None, Entry::Claim(intent)) => Standing::unknown(intent.date),
            (None, _) => return Err(format!("{} is not known", entry.id())),
        };
        let (standing, claimed) = before
            .after(entry)
            .map_err(|OutOfOrder| format!("{entry:?} of what is {before:?}"))?;
        if matches!(claimed, Some(Claimed::Lost(_))) {
            return Err(format!("a claim of what is {before:?}"));
        }
        match entry {
            Entry::Claim(intent) => {
                let copies = intent.copies.len();
                self.rows.insert(id, Row { standing, copies, run });
            }
            Entry::Outcome(attempted) => {
                let may_be_there = |status: Status| matches!(status, Status::Accepted | Status::InDoubt);
                if may_be_there(attempted.outcome.status) {
                    let copies = attempted.copies.iter().filter(|copy| may_be_there(copy.outcome.status));
                    self.handed_over.push((attempted.at, 1 + copies.count()));
                }
            }
            Entry::Begin(_) | Entry::Release(_) => {}
        }
        if let Some(row) = self.rows.get_mut(&id) {
            row.standing = standing;
        }
        Ok(claimed)
    }

    pub fn standing(&self, id: LetterId) -> Option<Standing> {
        self.rows.get(&id).map(|row| row.standing)
    }

    /// What planning is told of a letter between two runs.
    pub fn past(&self, id: LetterId) -> Option<Past> {
        self.standing(id)?.past()
    }

    pub fn handed_over_since(&self, since: Timestamp) -> Vec<(Timestamp, usize)> {
        self.handed_over.iter().copied().filter(|(at, _)| *at > since).collect()
    }

    /// Makes of what a run left open what it must be taken for; gives those that are in doubt by it.
    fn settle(&mut self, all_known: bool, now: Timestamp) -> Vec<LetterId> {
        let mut in_doubt = Vec::new();
        for (id, row) in &mut self.rows {
            if row.standing.may_have_left(all_known) {
                in_doubt.push(*id);
                self.handed_over.push((now, 1 + row.copies));
            }
            row.standing = row.standing.settled(all_known);
        }
        in_doubt
    }
}

impl Disk {
    /// The power was cut: what was not synced may be missing from some entry on. (Each write is known to be whole by what
    /// stands before it: nothing counts behind one that is missing.)
    pub fn lose(&mut self, mut survives: impl FnMut() -> bool) -> Result<(), String> {
        self.live = self.synced.clone();
        for mark in std::mem::take(&mut self.marks) {
            if !survives() {
                break;
            }
            self.live.write(&mark, usize::MAX)?;
        }
        Ok(())
    }

    /// The next run opens the ledger: what the one before left open is settled. Gives what is in doubt by it.
    pub fn open_again(&mut self, all_known: bool, now: Timestamp) -> Vec<LetterId> {
        if self.slip == Some(Slip::MarksForgotten) {
            self.live = self.synced.clone();
        }
        let in_doubt = self.live.settle(all_known, now);
        if self.slip == Some(Slip::DoubtIsDue) {
            for id in &in_doubt {
                let deferred = Some(Status::Deferred);
                self.live
                    .rows
                    .entry(*id)
                    .and_modify(|row| row.standing.status = deferred);
            }
        }
        self.synced = self.live.clone();
        self.marks.clear();
        self.claimed.clear();
        self.writes = 0;
        self.fails = None;
        in_doubt
    }

    /// How many letters a run left claimed or begun.
    pub fn left_open(&self) -> usize {
        let rows = self.live.rows.values();
        rows.filter(|row| row.standing.open.is_some()).count()
    }

    pub fn unsynced(&self) -> usize {
        self.marks.len()
    }

    pub fn write(&mut self, entries: &[Entry], durability: Durability, run: usize) -> Result<Vec<Claimed>, String> {
        let mut answers = Vec::new();
        for entry in entries {
            if let Entry::Begin(id) = entry
                && !self.claimed.remove(id)
            {
                return Err("a begin of what is not durably claimed".to_owned());
            }
            answers.extend(self.live.write(entry, run)?);
            self.marks.push(entry.clone());
        }
        if durability == Durability::Power {
            if self.slip == Some(Slip::NothingSynced) {
                let rows = self.live.rows.iter();
                let claimed = rows.filter(|(_, row)| row.standing.open == Some(Open::Claimed));
                self.claimed = claimed.map(|(id, _)| *id).collect();
                return Ok(answers);
            }
            for mark in self.marks.drain(..) {
                self.synced.write(&mark, run)?;
                match mark {
                    Entry::Claim(intent) => {
                        self.claimed.insert(intent.id);
                    }
                    Entry::Release(id) => {
                        self.claimed.remove(&id);
                    }
                    Entry::Begin(_) | Entry::Outcome(_) => {}
                }
            }
        }
        Ok(answers)
    }
}
