//! How fast letters may begin: evenly, over all connections together.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::input::config::Rate;

/// Gives out turns, one each interval, on the monotonic clock: a clock that is set back changes nothing.
#[derive(Debug)]
pub struct Pacer {
    interval: Option<Duration>,
    next: Mutex<Option<Instant>>,
}

impl Pacer {
    /// The pace of `smtp.rate`.
    #[must_use]
    pub const fn new(rate: Rate) -> Self {
        let interval = match rate {
            Rate::Unlimited => None,
            Rate::Every(interval) => Some(interval),
        };
        Self {
            interval,
            next: Mutex::new(None),
        }
    }

    /// Whether turns come so slowly that it pays to do everything one by one.
    #[must_use]
    pub fn is_slow(&self) -> bool {
        self.interval
            .is_some_and(|interval| interval >= Duration::from_millis(10))
    }

    /// Whether a turn that comes after this wait is the next of all.
    #[must_use]
    pub fn is_next(&self, wait: Duration) -> bool {
        self.interval.is_some_and(|interval| wait <= interval)
    }

    /// Takes the next turn: when it comes, or `None` when that is now. Turns that nobody took are not saved up.
    #[must_use]
    pub fn next_turn(&self) -> Option<Instant> {
        let interval = self.interval?;
        let now = Instant::now();
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = next.map_or(now, |next| next.max(now));
        *next = Some(turn + interval);
        (turn > now).then_some(turn)
    }
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
}
