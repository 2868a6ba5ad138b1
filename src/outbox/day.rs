//! How many letters a sender may still hand over: `smtp.daily-limit`, counted over the last 24 hours.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

/// How long a letter counts.
const LENGTH: SignedDuration = SignedDuration::from_hours(24);

/// The letters of one sender in the last 24 hours, in whatever run and campaign.
#[derive(Clone, Debug, Default)]
pub struct Day {
    limit: Option<usize>,
    /// When letters were handed over, oldest first. Without a limit only the oldest is kept.
    sent: VecDeque<Timestamp>,
    /// Letters that are on their way, or about to be.
    taken: usize,
}

/// When letters may leave again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Again {
    /// The next one.
    pub from: Timestamp,
    /// As many as the limit allows.
    pub whole: Timestamp,
}

impl Day {
    /// With the times at which the sender's letters were handed over since [`Day::begins`], in any order.
    #[must_use]
    pub fn new(limit: Option<usize>, sent: impl IntoIterator<Item = Timestamp>) -> Self {
        let mut sent: Vec<_> = sent.into_iter().collect();
        sent.sort_unstable();
        if limit.is_none() {
            sent.truncate(1);
        }
        Self {
            limit,
            sent: sent.into(),
            taken: 0,
        }
    }

    /// Since when letters count.
    #[must_use]
    pub fn begins(now: Timestamp) -> Timestamp {
        now.checked_sub(LENGTH).unwrap_or(Timestamp::MIN)
    }

    /// How many letters may still be taken; `None` when there is no limit.
    pub fn room(&mut self, now: Timestamp) -> Option<usize> {
        let limit = self.limit?;
        self.forget(now);
        Some(limit.saturating_sub(self.sent.len() + self.taken))
    }

    /// A letter is about to leave.
    pub const fn take(&mut self) {
        self.taken += 1;
    }

    /// Whether any letter is on its way, or about to be.
    #[must_use]
    pub const fn any_taken(&self) -> bool {
        self.taken > 0
    }

    /// It did not leave, or was not taken.
    pub const fn give_back(&mut self) {
        self.taken = self.taken.saturating_sub(1);
    }

    /// The server took it, or may have.
    pub fn handed_over(&mut self, at: Timestamp) {
        self.give_back();
        self.forget(at);
        if self.limit.is_some() || self.sent.is_empty() {
            self.sent.push_back(at);
        }
    }

    /// When letters may leave again, should the limit be reached; `None` when nothing counts against it.
    #[must_use]
    pub fn again(&self) -> Option<Again> {
        // With a limit that was lowered since, more has to be forgotten before there is room for one.
        let over = self.sent.len().saturating_sub(self.limit.unwrap_or(usize::MAX));
        let expires = |at: &Timestamp| at.checked_add(LENGTH).unwrap_or(*at);
        Some(Again {
            from: self.sent.get(over).map(expires)?,
            whole: self.sent.back().map(expires)?,
        })
    }

    fn forget(&mut self, now: Timestamp) {
        let begins = Self::begins(now);
        while self.sent.front().is_some_and(|at| *at <= begins) {
            self.sent.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: &str) -> Timestamp {
        format!("2026-11-{time}Z").parse().unwrap()
    }

    #[test]
    fn the_last_24_hours_count_also_while_a_run_goes_on() {
        let mut day = Day::new(Some(3), [at("24T12:00:00"), at("24T09:00:00"), at("24T10:00:00")]);
        assert_eq!(day.room(at("25T08:59:59")), Some(0));
        assert_eq!(
            day.again(),
            Some(Again {
                from: at("25T09:00:00"),
                whole: at("25T12:00:00")
            })
        );
        assert_eq!(day.room(at("25T09:00:00")), Some(1));
        day.take();
        assert_eq!(day.room(at("25T09:30:00")), Some(0), "one that is on its way counts");
        day.handed_over(at("25T09:30:00"));
        assert_eq!(day.room(at("25T10:30:00")), Some(1));
        day.take();
        day.give_back();
        assert_eq!(day.room(at("25T12:00:00")), Some(2));
        assert_eq!(day.again().unwrap().from, at("26T09:30:00"));
    }

    #[test]
    fn a_limit_lowered_meanwhile_is_waited_for_until_there_is_room_for_one() {
        let day = Day::new(Some(1), ["24T09:00:00", "24T10:00:00", "24T11:00:00"].map(at));
        assert_eq!(day.again().unwrap().from, at("25T11:00:00"));
    }

    #[test]
    fn without_a_limit_there_is_always_room_and_only_the_oldest_letter_is_remembered() {
        let mut day = Day::new(None, ["24T10:00:00", "24T09:00:00"].map(at));
        for _ in 0..1000 {
            assert_eq!(day.room(at("24T12:00:00")), None);
            day.take();
            day.handed_over(at("24T12:00:00"));
        }
        assert_eq!(day.sent, [at("24T09:00:00")]);
        assert_eq!(Day::new(None, []).again(), None);
    }
}
