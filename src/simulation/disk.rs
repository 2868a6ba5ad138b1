//! A disk behind the ledger's trait: what is synced survives a power cut, what is only written survives a killed process.

mod tests;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::scenario::{Death, DiskFails};
use super::world::{State as WorldState, World};
use crate::letter::{LetterId, Past};
use crate::outbox::ledger::{Durability, Entry, LedgerError, LockedLedger, State};
use crate::transport::Status;

/// One letter's line.
#[derive(Clone, Debug)]
pub struct Row {
    pub state: State,
    /// The state before the claim.
    pub before: State,
    pub date: Timestamp,
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
    writes: u64,
    pub slip: Option<Slip>,
}

/// How a disk or a ledger breaks its word, to see that it is noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slip {
    /// What was written and not synced is gone with the process.
    MarksForgotten,
    /// What was synced is gone with the power.
    NothingSynced,
    /// What may have left counts as put off.
    DoubtIsDue,
}

impl Table {
    /// Writes an entry, by the rules of a ledger.
    fn write(&mut self, entry: &Entry, run: usize) -> Result<(), String> {
        let found = |id: &LetterId| self.rows.get(id).map(|row| row.state);
        match entry {
            Entry::Claim(intent) => {
                let fresh = Row {
                    state: State::Claimed,
                    before: State::Released,
                    date: intent.date,
                    copies: intent.copies.len(),
                    run,
                };
                let row = self.rows.entry(intent.id).or_insert(Row {
                    state: State::Released,
                    ..fresh.clone()
                });
                match row.state {
                    State::Claimed | State::Begun | State::Accepted => {
                        return Err(format!("a claim of what is {:?}", row.state));
                    }
                    State::Released if row.before == State::Released => *row = fresh,
                    State::Released => {
                        *row = Row {
                            state: State::Claimed,
                            run,
                            ..row.clone()
                        }
                    }
                    before => {
                        *row = Row {
                            state: State::Claimed,
                            before,
                            run,
                            ..row.clone()
                        };
                    }
                }
                Ok(())
            }
            Entry::Begin(id) => match found(id) {
                Some(State::Claimed) => self.set(*id, State::Begun),
                other => Err(format!("a begin of what is {other:?}")),
            },
            // What began, and whose text did not leave, is let go of too.
            Entry::Release(id) => match found(id) {
                Some(State::Claimed | State::Begun) => self.set(*id, State::Released),
                other => Err(format!("a release of what is {other:?}")),
            },
            Entry::Outcome(attempted) => match found(&attempted.id) {
                // Its begin may have been lost in a power cut.
                Some(State::Claimed | State::Begun) => {
                    let state = match attempted.status {
                        Status::Accepted => State::Accepted,
                        Status::Deferred => State::Deferred,
                        Status::Refused => State::Refused,
                        Status::InDoubt => State::InDoubt,
                    };
                    if matches!(state, State::Accepted | State::InDoubt) {
                        let refused = |status: &Status| matches!(status, Status::Refused | Status::Deferred);
                        let copies = attempted.copies.iter().filter(|(_, status, _)| !refused(status));
                        self.handed_over.push((attempted.at, 1 + copies.count()));
                    }
                    self.set(attempted.id, state)
                }
                other => Err(format!("an outcome of what is {other:?}")),
            },
        }
    }

    fn set(&mut self, id: LetterId, state: State) -> Result<(), String> {
        self.rows.get_mut(&id).ok_or("no such letter")?.state = state;
        Ok(())
    }

    pub fn state(&self, id: LetterId) -> Option<State> {
        self.rows.get(&id).map(|row| row.state)
    }

    pub fn with_state(&self, state: State) -> impl Iterator<Item = LetterId> {
        let rows = self.rows.iter();
        rows.filter(move |(_, row)| row.state == state).map(|(id, _)| *id)
    }

    /// What planning is told of a letter between two runs.
    pub fn past(&self, id: LetterId) -> Option<Past> {
        let row = self.rows.get(&id)?;
        let state = if row.state == State::Released {
            row.before
        } else {
            row.state
        };
        let status = match state {
            State::Released => return None,
            State::Accepted => Status::Accepted,
            State::Deferred => Status::Deferred,
            State::Refused => Status::Refused,
            State::InDoubt | State::Claimed | State::Begun => Status::InDoubt,
        };
        Some(Past {
            status,
            first_date: row.date,
        })
    }

    pub fn handed_over_since(&self, since: Timestamp) -> Vec<(Timestamp, usize)> {
        self.handed_over.iter().copied().filter(|(at, _)| *at > since).collect()
    }

    /// Makes of what a run left open what it must be taken for; gives those that are in doubt by it.
    fn settle(&mut self, all_marked: bool, now: Timestamp) -> Vec<LetterId> {
        let mut in_doubt = Vec::new();
        for (id, row) in &mut self.rows {
            let settled = row.state.settled(all_marked);
            if settled != row.state && settled == State::InDoubt {
                in_doubt.push(*id);
                self.handed_over.push((now, 1 + row.copies));
            }
            row.state = settled;
        }
        in_doubt
    }
}

impl Disk {
    /// The power was cut: of what was not synced any part may be missing, whatever was written before or after it.
    pub fn lose(&mut self, mut survives: impl FnMut() -> bool) -> Result<(), String> {
        self.live = self.synced.clone();
        for mark in std::mem::take(&mut self.marks) {
            if survives() {
                self.live.write(&mark, usize::MAX)?;
            }
        }
        Ok(())
    }

    /// The next run opens the ledger: what the one before left open is settled. Gives what is in doubt by it.
    pub fn open_again(&mut self, all_marked: bool, now: Timestamp) -> Vec<LetterId> {
        if self.slip == Some(Slip::MarksForgotten) {
            self.live = self.synced.clone();
        }
        let in_doubt = self.live.settle(all_marked, now);
        if self.slip == Some(Slip::DoubtIsDue) {
            for id in &in_doubt {
                self.live.rows.entry(*id).and_modify(|row| row.state = State::Deferred);
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
        let open = [State::Claimed, State::Begun];
        open.map(|state| self.live.with_state(state).count()).iter().sum()
    }

    pub fn unsynced(&self) -> usize {
        self.marks.len()
    }

    fn write(&mut self, entries: &[Entry], durability: Durability, run: usize) -> Result<(), String> {
        for entry in entries {
            if let Entry::Begin(id) = entry
                && !self.claimed.remove(id)
            {
                return Err("a begin of what is not durably claimed".to_owned());
            }
            if let Entry::Outcome(attempted) = entry
                && self.live.state(attempted.id) == Some(State::Claimed)
            {
                return Err("an outcome of what did not begin".to_owned());
            }
            self.live.write(entry, run)?;
            self.marks.push(entry.clone());
        }
        if durability == Durability::Power {
            if self.slip == Some(Slip::NothingSynced) {
                self.claimed = self.live.with_state(State::Claimed).collect();
                return Ok(());
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
        Ok(())
    }
}

/// The ledger as a run has it.
pub struct Ledger {
    pub world: World,
}

impl LockedLedger for Ledger {
    fn apply(&mut self, entries: Vec<Entry>, durability: Durability) -> Result<(), LedgerError> {
        let mut world = self.world.lock();
        if world.dead.is_some() {
            return Err(failed());
        }
        world.disk.writes += 1;
        let writes = world.disk.writes;
        match world.disk.fails {
            Some(fails) if writes >= fails.at => fail(&mut world, &entries, durability, fails),
            _ => {
                world.about_to_write(&entries, durability);
                let run = world.run.number;
                if let Err(wrong) = world.disk.write(&entries, durability, run) {
                    world.broken(wrong);
                    return Err(failed());
                }
                world.written(&entries);
                Ok(())
            }
        }
    }
}

/// A write that fails, or that the process does not live to see the end of.
fn fail(
    world: &mut WorldState,
    entries: &[Entry],
    durability: Durability,
    fails: DiskFails,
) -> Result<(), LedgerError> {
    if world.disk.writes == fails.at && fails.in_part {
        // Marks are written one after the other; a commit is there whole or not at all.
        let come = match durability {
            Durability::Process => entries.len() / 2,
            Durability::Power => entries.len(),
        };
        let run = world.run.number;
        if let Err(wrong) = world.disk.write(&entries[..come], durability, run) {
            world.broken(wrong);
        }
    }
    world.counts.disks_failed += 1;
    if fails.killed {
        world.die(Death::Killed);
    } else {
        world.run.ledger_lost = true;
        world.note("the disk fails");
    }
    Err(failed())
}

fn failed() -> LedgerError {
    LedgerError::Unusable {
        path: "disk".to_owned(),
        doing: "written",
        cause: "the disk is full".to_owned(),
    }
}
