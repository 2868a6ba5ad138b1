//! How fast letters may begin: evenly, over all connections together.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::input::config::Rate;

/// No pace is slowed down to less than a letter in so long.
const SLOWEST: Duration = Duration::from_mins(1);
/// A pace that nobody limited is slowed down to no more than a letter in so long.
const FASTEST_SLOW: Duration = Duration::from_millis(50);

/// Gives out turns, one each interval, on the monotonic clock: a clock that is set back changes nothing.
#[derive(Debug)]
pub struct Pacer {
    /// In nanoseconds; 0: as fast as it goes.
    interval: AtomicU64,
    turns: Mutex<Turns>,
    /// How often the pace was halved.
    halved: AtomicU32,
}

/// It is halved no more often in a run: a server that still minds does not mean the pace.
const MOST_HALVED: u32 = 3;

#[derive(Debug, Default)]
struct Turns {
    first: Option<Instant>,
    next: Option<Instant>,
    taken: u32,
}

impl Pacer {
    /// The pace of `smtp.rate`.
    #[must_use]
    pub fn new(rate: Rate) -> Self {
        let interval = match rate {
            Rate::Unlimited => Duration::ZERO,
            Rate::Every(interval) => interval,
        };
        Self {
            interval: AtomicU64::new(nanos(interval)),
            turns: Mutex::default(),
            halved: AtomicU32::new(0),
        }
    }

    fn interval(&self) -> Option<Duration> {
        match self.interval.load(Ordering::Relaxed) {
            0 => None,
            nanos => Some(Duration::from_nanos(nanos)),
        }
    }

    /// Whether turns come so slowly that it pays to do everything one by one.
    #[must_use]
    pub fn is_slow(&self) -> bool {
        self.interval()
            .is_some_and(|interval| interval >= Duration::from_millis(10))
    }

    /// Whether a turn that comes after this wait is the next of all.
    #[must_use]
    pub fn is_next(&self, wait: Duration) -> bool {
        self.interval().is_some_and(|interval| wait <= interval)
    }

    /// Takes the next turn: when it comes, or `None` when that is now. Turns that nobody took are not saved up.
    #[must_use]
    pub fn next_turn(&self) -> Option<Instant> {
        let now = Instant::now();
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        turns.first.get_or_insert(now);
        turns.taken = turns.taken.saturating_add(1);
        let interval = self.interval()?;
        let turn = turns.next.map_or(now, |next| next.max(now));
        turns.next = Some(turn + interval);
        (turn > now).then_some(turn)
    }

    /// How long a letter takes by now, when the pace was slowed down.
    #[must_use]
    pub fn slowed_down_to(&self) -> Option<Duration> {
        self.interval().filter(|_| self.halved.load(Ordering::Relaxed) > 0)
    }

    /// Halves the pace: that of the rate, or that at which letters really left where nothing limits it. Gives how long a
    /// letter takes from now on.
    pub fn slow_down(&self) -> Duration {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(interval) = self.interval()
            && self.halved.load(Ordering::Relaxed) >= MOST_HALVED
        {
            return interval;
        }
        self.halved.fetch_add(1, Ordering::Relaxed);
        let interval = if let Some(interval) = self.interval() {
            // One that is slower than that already stays what it is.
            (interval * 2).min(interval.max(SLOWEST))
        } else {
            let elapsed = turns.first.map_or(Duration::ZERO, |first| first.elapsed());
            (elapsed * 2 / turns.taken.max(1)).clamp(FASTEST_SLOW, SLOWEST)
        };
        self.interval.store(nanos(interval), Ordering::Relaxed);
        turns.next = Some(turns.next.map_or_else(Instant::now, |next| next.max(Instant::now())));
        interval
    }
}

fn nanos(interval: Duration) -> u64 {
    u64::try_from(interval.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn turns_come_evenly_and_are_not_saved_up() {
        let pacer = Pacer::new(Rate::Every(Duration::from_secs(2)));
        let start = Instant::now();
        let mut turns = Vec::new();
        let mut turn = async || {
            if let Some(turn) = pacer.next_turn() {
                tokio::time::sleep_until(turn).await;
            }
            turns.push(start.elapsed().as_secs());
        };
        for _ in 0..3 {
            turn().await;
        }
        tokio::time::sleep(Duration::from_mins(1)).await;
        for _ in 0..2 {
            turn().await;
        }
        assert_eq!(turns, [0, 2, 4, 64, 66]);
    }

    #[tokio::test(start_paused = true)]
    async fn no_limit_means_no_waiting() {
        let pacer = Pacer::new(Rate::Unlimited);
        assert!((0..1000).all(|_| pacer.next_turn().is_none()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_pace_is_halved_three_times_and_never_below_a_letter_a_minute() {
        let pacer = Pacer::new(Rate::Every(Duration::from_secs(2)));
        let pace = || pacer.slow_down().as_secs();
        assert_eq!([pace(), pace(), pace(), pace()], [4, 8, 16, 16]);
        assert_eq!(
            Pacer::new(Rate::Every(Duration::from_hours(1))).slow_down(),
            Duration::from_hours(1)
        );

        let unlimited = Pacer::new(Rate::Unlimited);
        for _ in 0..10 {
            assert!(unlimited.next_turn().is_none());
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        assert_eq!(unlimited.slow_down(), Duration::from_millis(400));
        assert!(unlimited.next_turn().is_none());
        assert!(unlimited.next_turn().is_some());
    }
}
