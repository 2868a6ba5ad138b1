//! A disk behind the ledger's trait: what is synced survives a power cut, what is only written survives a killed process.

mod conformance;
mod tests;

use std::collections::BTreeSet;

use appel_core::letter::LetterId;
use jiff::Timestamp;

use super::model::Table;
use super::scenario::DiskFails;
use crate::outbox::ledger::rules::Open;
use crate::outbox::ledger::{Claimed, Durability, Entry};
use appel_core::outcome::Status;

/// The ledger's memory, and its disk.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    /// Survives a power cut.
    pub synced: Table,
    /// Survives a killed process: what is synced, and what is not.
    pub live: Table,
    /// Written since, and not synced.
    unsynced: Vec<Entry>,
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
    UnsyncedForgotten,
    /// What was synced is gone with the power.
    NothingSynced,
    /// What may have left counts as deferred.
    DoubtIsDue,
}

impl Disk {
    /// The power was cut: what was not synced may be missing from some entry on. (Each write is known to be whole by what
    /// stands before it: nothing counts behind one that is missing.)
    pub fn lose(&mut self, mut survives: impl FnMut() -> bool) -> Result<(), String> {
        self.live = self.synced.clone();
        for entry in std::mem::take(&mut self.unsynced) {
            if !survives() {
                break;
            }
            self.live.write(&entry, usize::MAX)?;
        }
        Ok(())
    }

    /// The next run opens the ledger: what the one before left open is settled. Gives what is in doubt by it.
    pub fn open_again(&mut self, all_known: bool, now: Timestamp) -> Vec<LetterId> {
        if self.slip == Some(Slip::UnsyncedForgotten) {
            self.live = self.synced.clone();
        }
        let in_doubt = self.live.settle_killed(all_known, now);
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
        self.unsynced.clear();
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
        self.unsynced.len()
    }

    /// Writes entries, all or none.
    pub fn write(&mut self, entries: &[Entry], durability: Durability, run: usize) -> Result<Vec<Claimed>, String> {
        let claimed = self.claimed.clone();
        match self.write_unsynced(entries, run) {
            Err(wrong) => {
                // As it was before.
                self.claimed = claimed;
                self.live = self.synced.clone();
                for entry in &self.unsynced {
                    self.live.write(entry, run)?;
                }
                Err(wrong)
            }
            Ok(answers) => {
                if durability == Durability::Power {
                    self.sync(run)?;
                }
                Ok(answers)
            }
        }
    }

    fn write_unsynced(&mut self, entries: &[Entry], run: usize) -> Result<Vec<Claimed>, String> {
        let (mut answers, mut written) = (Vec::new(), Vec::new());
        for entry in entries {
            if let Entry::Begin(id) = entry
                && !self.claimed.remove(id)
            {
                return Err("a begin of what is not durably claimed".to_owned());
            }
            let answer = self.live.write(entry, run)?;
            answers.extend(answer);
            if !matches!(answer, Some(Claimed::Lost(_))) {
                written.push(entry.clone());
            }
        }
        self.unsynced.extend(written);
        Ok(answers)
    }

    fn sync(&mut self, run: usize) -> Result<(), String> {
        if self.slip == Some(Slip::NothingSynced) {
            let rows = self.live.rows.iter();
            let claimed = rows.filter(|(_, row)| row.standing.open == Some(Open::Claimed));
            self.claimed = claimed.map(|(id, _)| *id).collect();
            return Ok(());
        }
        for entry in self.unsynced.drain(..) {
            self.synced.write(&entry, run)?;
            match entry {
                Entry::Claim(intent) => {
                    self.claimed.insert(intent.id);
                }
                Entry::Release(id) => {
                    self.claimed.remove(&id);
                }
                Entry::Begin(_) | Entry::Outcome(_) | Entry::Refuse(_) => {}
            }
        }
        Ok(())
    }

    /// Changes what is there, durably or not at all.
    pub fn change(&mut self, change: impl FnOnce(&mut Table) -> Result<(), String>) -> Result<(), String> {
        change(&mut self.live)?;
        self.synced = self.live.clone();
        self.unsynced.clear();
        Ok(())
    }
}
