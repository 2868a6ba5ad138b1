//! The ledger as a simulated run has it: on a disk that fails when the scenario says so.

use std::future::ready;

use super::scenario::{Death, DiskFails};
use super::world::{State, World};
use crate::outbox::ledger::{Answer, Claimed, Doing, Durability, Entry, LedgerError, LedgerWriter};

/// The ledger as a run has it.
pub struct Ledger {
    pub world: World,
}

impl LedgerWriter for Ledger {
    fn write(&mut self, entries: Vec<Entry>, durability: Durability) -> Answer<'_, Vec<Claimed>> {
        Box::pin(ready(self.write_now(&entries, durability)))
    }
}

impl Ledger {
    fn write_now(&self, entries: &[Entry], durability: Durability) -> Result<Vec<Claimed>, LedgerError> {
        let mut world = self.world.lock();
        if world.dead.is_some() {
            return Err(failed());
        }
        world.disk.writes += 1;
        let writes = world.disk.writes;
        match world.disk.fails {
            Some(fails) if writes >= fails.at => Err(fail(&mut world, entries, durability, fails)),
            _ => {
                world.about_to_write(entries, durability);
                let run = world.run.number;
                let answers = world.disk.write(entries, durability, run).map_err(|wrong| {
                    world.broken(wrong);
                    failed()
                })?;
                if answers.iter().any(|answer| *answer != Claimed::Ours) {
                    world.broken("a claim is lost, and there is nobody to lose it to");
                }
                world.written(entries);
                Ok(answers)
            }
        }
    }
}

/// A write that fails, or that the process does not live to see the end of.
fn fail(world: &mut State, entries: &[Entry], durability: Durability, fails: DiskFails) -> LedgerError {
    if world.disk.writes == fails.at && fails.in_part {
        // The commit is there, whole, although nobody hears of it.
        let run = world.run.number;
        if let Err(wrong) = world.disk.write(entries, durability, run) {
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
    failed()
}

fn failed() -> LedgerError {
    LedgerError::Unusable {
        path: "disk".to_owned(),
        doing: Doing::Write,
        cause: appel_messages::Message::quote("the disk is full"),
    }
}
