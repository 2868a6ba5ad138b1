//! The simulation's ledger is one: it does what every ledger must do.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use appel_core::address::Address;
use appel_core::campaign::Limits;
use appel_core::letter::{LetterId, OpenCopy, Past, Recent};
use jiff::Timestamp;

use super::Disk;
use crate::outbox::ledger::conformance::{Site, conformance};
use crate::outbox::ledger::{
    AcceptedKind, Answer, Claimed, Doing, Durability, Each, Entry, Holdings, LastTry, Ledger, LedgerError, LedgerEvent,
    LedgerReader, LedgerWriter, Received, Record, Settled,
};

/// A disk with a ledger on it, and the ledger as whoever opened it has it.
#[derive(Default)]
struct OnDisk {
    disk: Arc<Mutex<Disk>>,
    power_was_cut: bool,
    /// Runs so far.
    run: usize,
}

impl OnDisk {
    fn lock(&self) -> MutexGuard<'_, Disk> {
        self.disk.lock().unwrap()
    }
}

fn answer<T: Send + 'static>(answer: Result<T, String>) -> Answer<'static, T> {
    let answer = answer.map_err(|cause| LedgerError::Unusable {
        path: "disk".to_owned(),
        doing: Doing::Write,
        cause: appel_messages::Message::quote(cause),
    });
    Box::pin(std::future::ready(answer))
}

fn told<T: Send>(all: Vec<T>, each: Each<'_, T>) -> Answer<'static, ()> {
    all.into_iter().for_each(each);
    answer(Ok(()))
}

impl LedgerReader for OnDisk {
    fn past<'l>(&'l mut self, ids: &'l [LetterId]) -> Answer<'l, Vec<Option<Past>>> {
        let disk = self.lock();
        answer(Ok(ids.iter().map(|id| disk.live.past(*id)).collect()))
    }

    fn recent<'l>(&'l mut self, sender: &'l Address, limits: Limits, since: Timestamp) -> Answer<'l, Recent> {
        answer(Ok(self.lock().live.recent(sender, limits, since)))
    }

    fn handed_over_since<'l>(
        &'l mut self,
        sender: &'l Address,
        since: Timestamp,
        all: bool,
    ) -> Answer<'l, Vec<(Timestamp, usize)>> {
        let mut found = self.lock().live.handed_over_since(sender, since);
        if !all {
            found.truncate(1);
        }
        answer(Ok(found))
    }

    fn event_after<'l>(&'l mut self, sender: &'l Address, moment: Timestamp) -> Answer<'l, Option<Timestamp>> {
        answer(Ok(self.lock().live.event_after(sender, moment)))
    }

    fn open_copies<'l>(
        &'l mut self,
        campaign: &'l str,
        sender: &'l Address,
        each: Each<'l, OpenCopy>,
    ) -> Answer<'l, ()> {
        told(self.lock().live.open_copies(campaign, sender), each)
    }

    fn bytes_are_needed<'l>(&'l mut self, letters: &'l [LetterId]) -> Answer<'l, Vec<bool>> {
        let disk = self.lock();
        answer(Ok(letters.iter().map(|id| disk.live.bytes_are_needed(*id)).collect()))
    }

    fn record(&mut self, id: LetterId) -> Answer<'_, Option<(String, Record)>> {
        answer(Ok(self.lock().live.record(id)))
    }

    fn last_event(&mut self, id: LetterId) -> Answer<'_, Option<LedgerEvent>> {
        answer(Ok(self.lock().live.events_of(id).pop()))
    }

    fn last_tries<'l>(&'l mut self, ids: &'l [LetterId], most: usize) -> Answer<'l, HashMap<LetterId, LastTry>> {
        let state = self.lock();
        let tried = ids.iter().filter_map(|id| Some((*id, state.live.last_try(*id)?)));
        let mut tried: Vec<_> = tried.collect();
        tried.sort_by_key(|(_, last)| Reverse(last.at));
        tried.truncate(most);
        answer(Ok(tried.into_iter().collect()))
    }

    fn records_of_sender<'l>(
        &'l mut self,
        campaign: &'l str,
        sender: &'l Address,
        each: Each<'l, Record>,
    ) -> Answer<'l, ()> {
        told(self.lock().live.records_of_sender(campaign, sender), each)
    }

    fn doubts_of_sender<'l>(
        &'l mut self,
        campaign: &'l str,
        sender: &'l Address,
        each: Each<'l, LedgerEvent>,
    ) -> Answer<'l, ()> {
        told(self.lock().live.doubts_of_sender(campaign, sender), each)
    }

    fn events_of_campaign<'l>(&'l mut self, campaign: &'l str, each: Each<'l, LedgerEvent>) -> Answer<'l, ()> {
        told(self.lock().live.events_of_campaign(campaign), each)
    }

    fn received<'l>(&'l mut self, campaign: &'l str, each: Each<'l, Received>) -> Answer<'l, ()> {
        told(self.lock().live.received(campaign), each)
    }

    fn accepted_kinds<'l>(&'l mut self, sender: &'l Address) -> Answer<'l, Vec<AcceptedKind>> {
        answer(Ok(self.lock().live.accepted_kinds(sender)))
    }

    fn holdings<'l>(&'l mut self, campaign: &'l str, since: Timestamp) -> Answer<'l, Holdings> {
        answer(Ok(self.lock().live.holdings(campaign, since)))
    }
}

impl LedgerWriter for OnDisk {
    fn write(&mut self, entries: Vec<Entry>, durability: Durability) -> Answer<'_, Vec<Claimed>> {
        answer(self.lock().write(&entries, durability, self.run))
    }
}

impl Ledger for OnDisk {
    fn settle<'l>(&'l mut self, letters: &'l [LetterId], as_what: Settled, now: Timestamp) -> Answer<'l, ()> {
        answer(self.lock().change(|table| table.settle(letters, as_what, now)))
    }

    fn purge<'l>(&'l mut self, campaign: &'l str, since: Timestamp) -> Answer<'l, bool> {
        let purged = self.lock().change(|table| {
            table.purge(campaign, since);
            Ok(())
        });
        answer(purged.map(|()| true))
    }

    fn close(self: Box<Self>, _: Timestamp) -> Answer<'static, ()> {
        answer(self.lock().write(&[], Durability::Power, self.run).map(|_| ()))
    }
}

impl Site for OnDisk {
    fn open(&mut self, now: Timestamp) -> Answer<'_, Box<dyn Ledger>> {
        let all_known = !std::mem::take(&mut self.power_was_cut);
        self.lock().open_again(all_known, now);
        self.run += 1;
        let ledger: Box<dyn Ledger> = Box::new(Self {
            disk: Arc::clone(&self.disk),
            power_was_cut: false,
            run: self.run,
        });
        answer(Ok(ledger))
    }

    fn synced(&mut self) {}

    fn kill(&mut self, _: Box<dyn Ledger>) {}

    fn cut_power(&mut self, _: Box<dyn Ledger>) {
        self.lock().lose(|| false).unwrap();
        self.power_was_cut = true;
    }
}

conformance!(OnDisk::default());
