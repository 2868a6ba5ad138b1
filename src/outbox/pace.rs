//! How fast letters may begin: evenly, over all connections together.

use std::cell::Cell;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::campaign::config::Rate;

/// Gives out turns, one each interval, on the monotonic clock: a clock that is set back changes nothing.
#[derive(Debug)]
pub struct Pace {
    interval: Option<Duration>,
    next: Cell<Option<Instant>>,
}

impl Pace {
    /// The pace of `smtp.rate`.
    #[must_use]
    pub const fn new(rate: Rate) -> Self {
        let interval = match rate {
            Rate::Unlimited => None,
            Rate::Every(interval) => Some(interval),
        };
        Self {
            interval,
            next: Cell::new(None),
        }
    }

    /// Whether turns come so slowly that it pays to do everything one by one.
    #[must_use]
    pub fn is_slow(&self) -> bool {
        self.interval
            .is_some_and(|interval| interval >= Duration::from_millis(10))
    }

    /// Waits for the next turn. Turns that nobody took are not saved up.
    pub async fn turn(&self) {
        let Some(interval) = self.interval else {
            return;
        };
        let now = Instant::now();
        let turn = self.next.get().map_or(now, |next| next.max(now));
        self.next.set(Some(turn + interval));
        if turn > now {
            sleep_until(turn).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn turns_come_evenly_and_are_not_saved_up() {
        let pace = Pace::new(Rate::Every(Duration::from_secs(2)));
        let start = Instant::now();
        let mut turns = Vec::new();
        for _ in 0..3 {
            pace.turn().await;
            turns.push(start.elapsed().as_secs());
        }
        tokio::time::sleep(Duration::from_secs(60)).await;
        for _ in 0..2 {
            pace.turn().await;
            turns.push(start.elapsed().as_secs());
        }
        assert_eq!(turns, [0, 2, 4, 64, 66]);
    }

    #[tokio::test(start_paused = true)]
    async fn no_limit_means_no_waiting() {
        let pace = Pace::new(Rate::Unlimited);
        let start = Instant::now();
        for _ in 0..1000 {
            pace.turn().await;
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
    }
}
