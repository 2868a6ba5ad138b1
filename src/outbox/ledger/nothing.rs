//! A ledger that is not there: nothing was ever tried.

use std::collections::HashMap;
use std::future::ready;

use appel_core::address::Address;
use appel_core::campaign::Limits;
use appel_core::letter::{LetterId, OpenCopy, Past, Recent};
use jiff::Timestamp;

use super::{AcceptedKind, Answer, Each, Holdings, LastTry, LedgerEvent, LedgerReader, Received, Record};

/// It knows nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoLedger;

fn answer<'l, T: Send + 'l>(nothing: T) -> Answer<'l, T> {
    Box::pin(ready(Ok(nothing)))
}

impl LedgerReader for NoLedger {
    fn past<'l>(&'l mut self, ids: &'l [LetterId]) -> Answer<'l, Vec<Option<Past>>> {
        answer(vec![None; ids.len()])
    }

    fn recent<'l>(&'l mut self, _: &'l Address, limits: Limits, _: Timestamp) -> Answer<'l, Recent> {
        answer(Recent::new(limits))
    }

    fn handed_over_since<'l>(
        &'l mut self,
        _: &'l Address,
        _: Timestamp,
        _: bool,
    ) -> Answer<'l, Vec<(Timestamp, usize)>> {
        answer(Vec::new())
    }

    fn event_after<'l>(&'l mut self, _: &'l Address, _: Timestamp) -> Answer<'l, Option<Timestamp>> {
        answer(None)
    }

    fn open_copies<'l>(&'l mut self, _: &'l str, _: &'l Address, _: Each<'l, OpenCopy>) -> Answer<'l, ()> {
        answer(())
    }

    fn bytes_are_needed<'l>(&'l mut self, letters: &'l [LetterId]) -> Answer<'l, Vec<bool>> {
        answer(vec![false; letters.len()])
    }

    fn record(&mut self, _: LetterId) -> Answer<'_, Option<(String, Record)>> {
        answer(None)
    }

    fn last_event(&mut self, _: LetterId) -> Answer<'_, Option<LedgerEvent>> {
        answer(None)
    }

    fn last_tries<'l>(&'l mut self, _: &'l [LetterId], _: usize) -> Answer<'l, HashMap<LetterId, LastTry>> {
        answer(HashMap::new())
    }

    fn records_of_sender<'l>(&'l mut self, _: &'l str, _: &'l Address, _: Each<'l, Record>) -> Answer<'l, ()> {
        answer(())
    }

    fn doubts_of_sender<'l>(&'l mut self, _: &'l str, _: &'l Address, _: Each<'l, LedgerEvent>) -> Answer<'l, ()> {
        answer(())
    }

    fn events_of_campaign<'l>(&'l mut self, _: &'l str, _: Each<'l, LedgerEvent>) -> Answer<'l, ()> {
        answer(())
    }

    fn received<'l>(&'l mut self, _: &'l str, _: Each<'l, Received>) -> Answer<'l, ()> {
        answer(())
    }

    fn accepted_kinds<'l>(&'l mut self, _: &'l Address) -> Answer<'l, Vec<AcceptedKind>> {
        answer(Vec::new())
    }

    fn holdings<'l>(&'l mut self, _: &'l str, _: Timestamp) -> Answer<'l, Holdings> {
        answer(Holdings::default())
    }
}
