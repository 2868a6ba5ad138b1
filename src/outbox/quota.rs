//! The daily quota: how many addresses a sender may still write to (`smtp.daily-limit`), counted over the last 24 hours. As
//! providers do, it counts the To and every copy.

use std::collections::VecDeque;

use appel_core::letter::flood::DAY;
use jiff::Timestamp;

/// The addresses that one sender wrote to in the last 24 hours, in whatever run and campaign.
#[derive(Clone, Debug, Default)]
pub struct Quota {
    limit: Option<usize>,
    /// When letters were handed over, oldest first, and to how many addresses. Without a limit only the oldest is kept.
    sent: VecDeque<(Timestamp, usize)>,
    /// How many addresses these are.
    counted: usize,
    /// Addresses of letters that are on their way, or about to be.
    reserved: usize,
}

/// When letters may leave again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Again {
    /// The next one.
    pub from: Timestamp,
    /// As many as the limit allows.
    pub whole: Timestamp,
}

impl Quota {
    /// With the times at which the sender's letters were handed over since [`Quota::since`], in any order, and to how many
    /// addresses each.
    #[must_use]
    pub fn new(limit: Option<usize>, sent: impl IntoIterator<Item = (Timestamp, usize)>) -> Self {
        let mut sent: Vec<_> = sent.into_iter().collect();
        sent.sort_unstable();
        if limit.is_none() {
            sent.truncate(1);
        }
        Self {
            limit,
            counted: sent.iter().map(|(_, addresses)| addresses).sum(),
            sent: sent.into(),
            reserved: 0,
        }
    }

    /// Since when letters count.
    #[must_use]
    pub fn since(now: Timestamp) -> Timestamp {
        now.checked_sub(DAY).unwrap_or(Timestamp::MIN)
    }

    /// How many addresses may still be written to; `None` when there is no limit.
    pub fn room(&mut self, now: Timestamp) -> Option<usize> {
        let limit = self.limit?;
        self.forget(now);
        Some(limit.saturating_sub(self.counted + self.reserved))
    }

    /// Whether there is room for a letter to so many addresses.
    pub fn has_room_for(&mut self, addresses: usize, now: Timestamp) -> bool {
        self.room(now).is_none_or(|room| room >= addresses)
    }

    /// A letter to so many addresses is about to leave.
    pub const fn reserve(&mut self, addresses: usize) {
        self.reserved += addresses;
    }

    /// Whether any letter is on its way, or about to be.
    #[must_use]
    pub const fn any_reserved(&self) -> bool {
        self.reserved > 0
    }

    /// It did not leave, or was not taken.
    pub const fn release(&mut self, addresses: usize) {
        self.reserved = self.reserved.saturating_sub(addresses);
    }

    /// The server took a letter, or may have; `addresses` are those that it was not refused for.
    pub fn handed_over(&mut self, at: Timestamp, addresses: usize) {
        self.forget(at);
        if self.limit.is_some() || self.sent.is_empty() {
            self.sent.push_back((at, addresses));
            self.counted += addresses;
        }
    }

    /// When a letter to so many addresses may leave, should the limit be in its way; `None` when nothing counts against
    /// it.
    #[must_use]
    pub fn again(&self, addresses: usize) -> Option<Again> {
        // With a limit that was lowered since, more has to be forgotten before there is room for one.
        let wanted = self.counted.saturating_add(addresses);
        let mut over = wanted.saturating_sub(self.limit.unwrap_or(usize::MAX)).max(1);
        let expires = |at: &Timestamp| at.checked_add(DAY).unwrap_or(*at);
        let whole = self.sent.back().map(|(at, _)| expires(at))?;
        let mut from = whole;
        for (at, addresses) in &self.sent {
            over = over.saturating_sub(*addresses);
            if over == 0 {
                from = expires(at);
                break;
            }
        }
        Some(Again { from, whole })
    }

    fn forget(&mut self, now: Timestamp) {
        let since = Self::since(now);
        while let Some((_, addresses)) = self.sent.pop_front_if(|(at, _)| *at <= since) {
            self.counted -= addresses;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: &str) -> Timestamp {
        format!("2026-11-{time}Z").parse().unwrap()
    }

    fn one_each<const N: usize>(times: [&str; N]) -> [(Timestamp, usize); N] {
        times.map(|time| (at(time), 1))
    }

    #[test]
    fn the_last_24_hours_count_also_while_a_run_goes_on() {
        let mut quota = Quota::new(Some(3), one_each(["24T12:00:00", "24T09:00:00", "24T10:00:00"]));
        assert_eq!(quota.room(at("25T08:59:59")), Some(0));
        assert_eq!(
            quota.again(1),
            Some(Again {
                from: at("25T09:00:00"),
                whole: at("25T12:00:00")
            })
        );
        assert_eq!(quota.room(at("25T09:00:00")), Some(1));
        quota.reserve(1);
        assert_eq!(quota.room(at("25T09:30:00")), Some(0), "one that is on its way counts");
        quota.release(1);
        quota.handed_over(at("25T09:30:00"), 1);
        assert_eq!(quota.room(at("25T10:30:00")), Some(1));
        quota.reserve(1);
        quota.release(1);
        assert_eq!(quota.room(at("25T12:00:00")), Some(2));
        assert_eq!(quota.again(1).unwrap().from, at("26T09:30:00"));
    }

    #[test]
    fn every_address_of_a_letter_counts_but_those_that_were_refused() {
        let mut quota = Quota::new(Some(10), [(at("24T09:00:00"), 4), (at("24T10:00:00"), 3)]);
        assert_eq!(quota.room(at("24T11:00:00")), Some(3));
        assert!(quota.has_room_for(3, at("24T11:00:00")) && !quota.has_room_for(4, at("24T11:00:00")));
        assert_eq!(quota.again(4).unwrap().from, at("25T09:00:00"));
        assert_eq!(quota.again(8).unwrap().from, at("25T10:00:00"));
        quota.reserve(3);
        quota.release(3);
        quota.handed_over(at("24T11:00:00"), 2);
        assert_eq!(quota.room(at("24T11:00:00")), Some(1));
    }

    #[test]
    fn a_limit_lowered_meanwhile_is_waited_for_until_there_is_room_for_one() {
        let quota = Quota::new(Some(1), one_each(["24T09:00:00", "24T10:00:00", "24T11:00:00"]));
        assert_eq!(quota.again(1).unwrap().from, at("25T11:00:00"));
    }

    #[test]
    fn without_a_limit_there_is_always_room_and_only_the_oldest_letter_is_remembered() {
        let mut quota = Quota::new(None, one_each(["24T10:00:00", "24T09:00:00"]));
        for _ in 0..1000 {
            assert_eq!(quota.room(at("24T12:00:00")), None);
            quota.reserve(2);
            quota.release(2);
            quota.handed_over(at("24T12:00:00"), 2);
        }
        assert_eq!(quota.sent, one_each(["24T09:00:00"]));
        assert_eq!(Quota::new(None, []).again(1), None);
    }
}
