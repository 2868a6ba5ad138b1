//! What is promised of a run's end, of the next one's beginning, and of the whole.

use std::collections::BTreeMap;
use std::time::Duration;

use appel_core::letter::LetterId;
use appel_core::outcome::Status;
use jiff::SignedDuration;

use super::letters::{copy_of, letter_of, name};
use super::record::Take;
use super::watch::A_TICK;
use super::world::State;
use crate::outbox::delivery::{Ended, Stop};
use crate::outbox::event::Verdict;

/// After a killed process: the letter in flight, for each connection.
const MOST_BY_KILL: usize = 1;
/// After a power cut: a group of claims for each connection.
const MOST_BY_POWER_CUT: usize = 64;
/// How long the reply to a final dot is waited for.
const A_FINAL_DOT: Duration = Duration::from_mins(10);
/// How many other replies a letter in flight may wait for, one `timeout` each.
const MOST_REPLIES: u32 = 10;
/// A day, for `daily-limit`.
const DAY: SignedDuration = SignedDuration::from_hours(24);

impl State {
    /// A run ended by itself.
    pub fn ended(&mut self, ended: &Ended, quiet: bool) {
        self.note(format_args!("ended {:?} {:?}", ended.summary, ended.stop));
        self.everybody_is_told(ended);
        let lost = self.run.ledger_lost;
        if lost != matches!(ended.stop, Some(Stop::Ledger(_))) {
            self.broken("the run does not say how the ledger is");
        }
        if !lost {
            let open = self.disk.left_open();
            if open > 0 || self.disk.unsynced() > 0 {
                let unsynced = self.disk.unsynced();
                self.broken(format_args!(
                    "the run ended with {open} letters open, {unsynced} marks unsynced"
                ));
            }
        }
        if ended.stop.is_none() && self.run.not_tried > 0 {
            self.broken("the run does not say why it left letters untried");
        }
        // Said to four, it is no letter's own: a fresh account would have sent it. (Said to fewer, nobody can tell.)
        let enough = &self.run.told_enough;
        let speaks_of_limit = self
            .scenario
            .provider
            .enough
            .is_some_and(|enough| enough.words.contains("Quota"));
        // The same twice to all that are left, and others had been accepted: then it counts as theirs.
        let again = enough.keys().all(|id| self.kept.told_enough.contains(id)) && !speaks_of_limit;
        if (enough.len() >= 4 && !again || speaks_of_limit)
            && let Some((id, _)) = enough.iter().find(|(_, told)| **told == Verdict::Refused)
        {
            let letter = name(*id);
            self.broken(format_args!("{letter} is refused for good in the words for all"));
        }
        self.kept.told_enough.extend(self.run.told_enough.keys());
        self.ends_soon();
        let unsent = ended.summary.due - ended.summary.accepted + ended.summary.copies_deferred;
        let may_stop = matches!(ended.stop, Some(Stop::DailyLimit(_) | Stop::Deadline));
        if quiet && unsent > 0 && !may_stop {
            self.broken(format_args!(
                "nothing is in the way, and {unsent} letters are not sent: {:?}",
                ended.stop
            ));
        }
    }

    /// Once interrupted, it finishes what is in flight; twice, it stops at once.
    fn ends_soon(&mut self) {
        let in_flight = A_FINAL_DOT + MOST_REPLIES * self.scenario.timeout;
        let now = self.now();
        for (at, most) in self.run.interrupts.clone().into_iter().zip([in_flight, A_TICK]) {
            let longer = now.saturating_sub(at);
            if longer > most {
                self.broken(format_args!("the run goes on for {longer:?} after an interruption"));
            }
        }
    }

    fn everybody_is_told(&mut self, ended: &Ended) {
        let untold: Vec<_> = self
            .run
            .due
            .iter()
            .filter(|id| !self.run.told.contains_key(id))
            .map(|id| name(*id))
            .collect();
        if !untold.is_empty() {
            self.broken(format_args!("nothing is told of {untold:?}"));
        }
        // What is left out for a good reason need not be told when the ledger is lost.
        if self.run.told_skipped != self.run.skipped && !self.run.ledger_lost {
            let (told, skipped) = (self.run.told_skipped, self.run.skipped);
            self.broken(format_args!("{skipped} letters are left out, and {told} told"));
        }
        let letters = self
            .run
            .told
            .iter()
            .filter(|(id, _)| self.run.letters_told.contains(id));
        let letters: Vec<Verdict> = letters.map(|(_, verdict)| *verdict).collect();
        let count = |verdict| letters.iter().filter(|told| **told == verdict).count();
        let mut found = [Verdict::Accepted, Verdict::Deferred, Verdict::Refused, Verdict::InDoubt].map(count);
        found[1] += count(Verdict::NotTried);
        let summary = &ended.summary;
        let told = [summary.accepted, summary.deferred, summary.refused, summary.in_doubt];
        let due = self.run.due.iter().filter(|id| letter_of(**id) == **id).count();
        self.copies_are_counted(ended);
        if found != told || summary.due != due {
            self.broken(format_args!(
                "the summary counts {told:?} of {}, told were {found:?}",
                summary.due
            ));
        }
    }

    /// Copies that are put off at the end of a run, and those that were refused in it, are counted.
    fn copies_are_counted(&mut self, ended: &Ended) {
        let of_run = self
            .run
            .put_off
            .iter()
            .map(|(id, status)| (*id, Verdict::from(*status)));
        let mut last: BTreeMap<LetterId, Verdict> = of_run.collect();
        let told = self.run.told.iter().filter(|(id, _)| letter_of(**id) != **id);
        last.extend(told.map(|(id, verdict)| (*id, *verdict)));
        let count = |verdict| last.values().filter(|told| **told == verdict).count();
        let found = [
            count(Verdict::Deferred) + count(Verdict::NotTried),
            count(Verdict::Refused),
            count(Verdict::InDoubt),
        ];
        let summary = &ended.summary;
        let told = [summary.copies_deferred, summary.copies_refused, summary.copies_in_doubt];
        // What the ledger could not sync is told as in doubt, with its copies.
        if found != told && !self.run.ledger_lost {
            self.broken(format_args!("the summary counts {told:?} copies, told were {found:?}"));
        }
    }

    /// The next run has opened the ledger: `in_doubt` are what the last one left so, and the power cut or kill behind it.
    pub fn opened_again(&mut self, in_doubt: &[LetterId], power_was_cut: bool) {
        self.note(format_args!("opened again, {} in doubt", in_doubt.len()));
        self.counts.in_doubt += in_doubt.len() as u64;
        let connections = self.scenario.connections;
        let each = in_doubt.len().div_ceil(connections);
        let most = if power_was_cut || !self.scenario.boots_are_known {
            self.counts.most_by_power_cut = self.counts.most_by_power_cut.max(each as u64);
            MOST_BY_POWER_CUT
        } else {
            self.counts.most_by_kill = self.counts.most_by_kill.max(each as u64);
            MOST_BY_KILL
        };
        if each > most {
            self.broken(format_args!(
                "{} letters in doubt over {connections} connections",
                in_doubt.len()
            ));
        }
        self.the_ledger_is_right();
    }

    /// The ledger knows what was taken, and nothing else is accepted.
    pub fn the_ledger_is_right(&mut self) {
        let taken: Vec<LetterId> = self.kept.taken.iter().map(|take| take.id).collect();
        for id in &taken {
            self.taken_is_held(*id);
        }
        let rows = self.disk.live.rows.iter();
        let accepted = rows
            .filter(|(_, row)| row.standing.status == Some(Status::Accepted))
            .map(|(id, _)| *id);
        let untaken = accepted.into_iter().find(|id| !taken.contains(id));
        if let Some(id) = untaken {
            self.broken(format_args!("{} is accepted and was never taken", name(id)));
        }
    }

    /// Of a letter that the server took, each copy was taken, with it or alone, or stands in the ledger by itself.
    fn every_copy_has_an_end(&mut self) {
        let rows: Vec<(LetterId, Status)> = self
            .disk
            .live
            .rows
            .iter()
            .filter_map(|(id, row)| Some((*id, row.standing.status?)))
            .collect();
        for (id, status) in rows {
            if letter_of(id) != id || status != Status::Accepted {
                continue;
            }
            for address in self.disk.live.copies_of(id) {
                let Some((copy, _)) = copy_of(&address) else { continue };
                let with = |take: &Take| take.id == copy || take.id == id && take.copies.contains(&address);
                let taken = self.kept.taken.iter().any(with);
                let stands = self.disk.live.standing(copy).and_then(|standing| standing.status);
                let lost = match stands {
                    None | Some(Status::Accepted) => !taken,
                    Some(Status::Refused | Status::InDoubt) => false,
                    // Due again, and nothing is due.
                    Some(Status::Deferred | Status::NotTried) => self.scenario.deadline.is_none(),
                };
                if lost {
                    self.broken(format_args!("{address} is {stands:?} at the end, and taken: {taken}"));
                }
            }
        }
    }

    /// Everything is over.
    pub fn over(&mut self) {
        self.the_ledger_is_right();
        self.every_copy_has_an_end();
        let Some(limit) = self.scenario.daily_limit else { return };
        let began = |take: &Take| (take.began, 1 + take.copies.len());
        let mut taken: Vec<_> = self.kept.taken.iter().map(began).collect();
        taken.sort_unstable();
        // Letters running to more addresses than the limit take longer than a day.
        for first in 0..taken.len() {
            let mut addresses = 0;
            let past_limit = taken[first..].iter().find(|(_, number)| {
                addresses += number;
                addresses > limit
            });
            let from = taken[first].0;
            if past_limit.is_some_and(|(at, _)| at.duration_since(from) < DAY) {
                self.broken(format_args!(
                    "{addresses} addresses in the 24 hours from {from}; the limit is {limit}"
                ));
                return;
            }
        }
    }
}
