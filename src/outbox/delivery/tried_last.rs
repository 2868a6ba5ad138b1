//! The order of a run's letters: those that an earlier run tried come last, so that what ended a run is not first in the
//! next.

use std::cmp::Reverse;
use std::collections::HashMap;

use appel_core::letter::{Decision, LetterId};
use jiff::Timestamp;

use crate::outbox::ledger::LastTry;

/// Decisions in that order; those tried before the longest ago first.
pub struct TriedLast {
    decisions: Box<dyn Iterator<Item = Decision> + Send>,
    last_tries: HashMap<LetterId, LastTry>,
    /// Taken from its end.
    tried: Vec<(Timestamp, Decision)>,
    only_tried: bool,
}

impl TriedLast {
    /// Of decisions in the order of their rows, and of what is known of those that were tried before.
    #[must_use]
    pub fn new(
        decisions: impl Iterator<Item = Decision> + Send + 'static,
        last_tries: HashMap<LetterId, LastTry>,
    ) -> Self {
        Self {
            decisions: Box::new(decisions),
            last_tries,
            tried: Vec::new(),
            only_tried: false,
        }
    }

    /// The no that an earlier run heard of a letter, and took for the account's.
    #[must_use]
    pub fn earlier_no(&self, id: LetterId) -> Option<LastTry> {
        let said_no = |last: &&LastTry| last.reply.code.is_some_and(|code| code >= 500);
        self.last_tries.get(&id).filter(said_no).cloned()
    }
}

impl Iterator for TriedLast {
    type Item = Decision;

    fn next(&mut self) -> Option<Decision> {
        while !self.only_tried {
            let Some(decision) = self.decisions.next() else {
                self.only_tried = true;
                // Those of one moment in the order of their rows.
                self.tried.reverse();
                self.tried.sort_by_key(|(at, _)| Reverse(*at));
                break;
            };
            let last = match &decision {
                Decision::Due(letter) => self.last_tries.get(&letter.line()),
                Decision::Skipped { .. } | Decision::Impossible(_) => None,
            };
            match last {
                Some(last) => self.tried.push((last.at, decision)),
                None => return Some(decision),
            }
        }
        self.tried.pop().map(|(_, decision)| decision)
    }
}

#[cfg(test)]
mod tests {
    use appel_core::letter::Rules;
    use appel_core::outcome::Reply;
    use appel_core::testing::given;

    use super::*;

    #[test]
    fn letters_that_were_tried_before_come_last_and_the_longest_ago_first() {
        let rows = "role,name,email,salutation\nembassy,A,r0@x.example,Sir\nembassy,B,r1@x.example,Sir\n\
                    embassy,C,r2@x.example,Sir\nembassy,D,r3@x.example,Sir\nembassy,E,r4@x.example,Sir\n";
        let made = given().rows(rows).made();
        let decisions: Vec<Decision> = made
            .plan(appel_core::letter::Selection::default())
            .decisions(&Rules::to_look(Timestamp::UNIX_EPOCH))
            .collect();
        let id = |row: usize| match &decisions[row] {
            Decision::Due(letter) => letter.id,
            other => panic!("{other:?}"),
        };
        let tried = |second| LastTry {
            at: Timestamp::from_second(second).unwrap(),
            reply: Reply::said(550, "no"),
            among_accepted: false,
        };
        let last_tries = [(id(0), tried(9)), (id(1), tried(5)), (id(3), tried(5))].into();
        let ids: Vec<LetterId> = (0..5).map(id).collect();
        let order: Vec<usize> = TriedLast::new(decisions.into_iter(), last_tries)
            .map(|decision| match decision {
                Decision::Due(letter) => ids.iter().position(|id| *id == letter.id).unwrap(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(order, [2, 4, 1, 3, 0]);
    }
}
