use std::collections::HashMap;
use std::fmt::Write as _;
use std::future::ready;

use appel_core::address::Address;
use appel_core::campaign::Limits;
use appel_core::letter::{Decision, LetterId, OpenCopy, Past, Recent, Rules, Selection, Skip};
use appel_core::outcome::Status;
use appel_core::testing::{given, moment};
use jiff::Timestamp;

use super::Planning;
use crate::outbox::ledger::{
    AcceptedKind, Answer, Each, Holdings, LastTry, LedgerError, LedgerEvent, LedgerReader, Received, Record,
};

/// It knows every second letter that it is asked about, and breaks when it is asked once too often.
struct Halves {
    asked: Vec<usize>,
    answers: usize,
}

const ROWS: usize = 600;

fn known(place: usize) -> Option<Past> {
    place.is_multiple_of(2).then(|| Past {
        status: Status::Accepted,
        first_date: moment("2011-11-11T11:11:11Z"),
    })
}

impl LedgerReader for Halves {
    fn past<'l>(&'l mut self, ids: &'l [LetterId]) -> Answer<'l, Vec<Option<Past>>> {
        self.asked.push(ids.len());
        let path = "ledger".to_owned();
        Box::pin(ready(if self.asked.len() > self.answers {
            Err(LedgerError::Locked { path })
        } else {
            Ok((0..ids.len()).map(known).collect())
        }))
    }

    fn recent<'l>(&'l mut self, _: &'l Address, _: Limits, _: Timestamp) -> Answer<'l, Recent> {
        unreachable!()
    }

    fn handed_over_since<'l>(
        &'l mut self,
        _: &'l Address,
        _: Timestamp,
        _: bool,
    ) -> Answer<'l, Vec<(Timestamp, usize)>> {
        unreachable!()
    }

    fn event_after<'l>(&'l mut self, _: &'l Address, _: Timestamp) -> Answer<'l, Option<Timestamp>> {
        unreachable!()
    }

    fn open_copies<'l>(&'l mut self, _: &'l str, _: &'l Address, _: Each<'l, OpenCopy>) -> Answer<'l, ()> {
        unreachable!()
    }

    fn bytes_are_needed<'l>(&'l mut self, _: &'l [LetterId]) -> Answer<'l, Vec<bool>> {
        unreachable!()
    }

    fn record(&mut self, _: LetterId) -> Answer<'_, Option<(String, Record)>> {
        unreachable!()
    }

    fn last_event(&mut self, _: LetterId) -> Answer<'_, Option<LedgerEvent>> {
        unreachable!()
    }

    fn last_tries<'l>(&'l mut self, _: &'l [LetterId], _: usize) -> Answer<'l, HashMap<LetterId, LastTry>> {
        unreachable!()
    }

    fn records_of_sender<'l>(&'l mut self, _: &'l str, _: &'l Address, _: Each<'l, Record>) -> Answer<'l, ()> {
        unreachable!()
    }

    fn doubts_of_sender<'l>(&'l mut self, _: &'l str, _: &'l Address, _: Each<'l, LedgerEvent>) -> Answer<'l, ()> {
        unreachable!()
    }

    fn events_of_campaign<'l>(&'l mut self, _: &'l str, _: Each<'l, LedgerEvent>) -> Answer<'l, ()> {
        unreachable!()
    }

    fn received<'l>(&'l mut self, _: &'l str, _: Each<'l, Received>) -> Answer<'l, ()> {
        unreachable!()
    }

    fn accepted_kinds<'l>(&'l mut self, _: &'l Address) -> Answer<'l, Vec<AcceptedKind>> {
        unreachable!()
    }

    fn holdings<'l>(&'l mut self, _: &'l str, _: Timestamp) -> Answer<'l, Holdings> {
        unreachable!()
    }
}

/// Plans letters to six hundred rows, the first of them twice; gives what is decided, and whether it came to its end.
async fn plan(ledger: &mut Halves) -> (Vec<Decision>, bool) {
    let mut rows = "role,name,email\n".to_owned();
    for row in (0..ROWS).chain([0]) {
        let _ = writeln!(rows, "embassy,A,a{row}@x.example");
    }
    let plan = given().rows(&rows).made().plan(Selection::default());
    let rules = Rules::to_look(moment("2011-12-16T18:54:00Z"));
    let mut planning = Planning::new(plan.decider(&rules), plan.candidates(), ledger);
    let mut decisions = Vec::new();
    loop {
        match planning.next().await {
            Ok(Some(decision)) => decisions.push(decision),
            Ok(None) => return (decisions, true),
            Err(_) => return (decisions, false),
        }
    }
}

#[tokio::test]
async fn the_ledger_is_asked_once_of_each_letter_and_a_few_hundred_at_a_time() {
    let mut ledger = Halves {
        asked: Vec::new(),
        answers: usize::MAX,
    };
    let (decisions, ended) = plan(&mut ledger).await;
    assert!(ended);
    // Nothing is asked of a letter that is left out whatever is known of it.
    assert_eq!(ledger.asked, [256, 256, ROWS - 512]);
    assert_eq!(decisions.len(), ROWS + 1);
    for (place, decision) in decisions[..ROWS].iter().enumerate() {
        match decision {
            Decision::Due(letter) => assert_eq!((known(place), letter.past), (None, None)),
            Decision::Skipped { reason, .. } => {
                assert_eq!((known(place).is_some(), *reason), (true, Skip::AlreadyAccepted));
            }
            Decision::Impossible(problem) => panic!("{problem:?}"),
        }
    }
}

#[tokio::test]
async fn a_ledger_that_cannot_answer_ends_planning_and_nothing_is_due_for_want_of_an_answer() {
    let mut ledger = Halves {
        asked: Vec::new(),
        answers: 1,
    };
    let (decisions, ended) = plan(&mut ledger).await;
    assert_eq!((ended, decisions.len()), (false, 256));
}
