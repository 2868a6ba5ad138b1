//! Pauses that grow while a server defers or cannot be reached, for all connections together.

use std::time::Duration;

use tokio::time::Instant;

/// The first pause before something is tried again; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// No pause is longer.
const LONGEST_PAUSE: Duration = Duration::from_mins(2);

/// The first pause before somebody signs in again whom the server told to come later: to hurry it makes it worse.
const SIGN_IN_PAUSE: Duration = Duration::from_secs(30);
const LONGEST_SIGN_IN_PAUSE: Duration = Duration::from_mins(10);

/// How the tries have gone.
#[derive(Debug)]
pub struct Backoff {
    /// Failures running.
    failures: u32,
    /// Since when.
    since: Instant,
    /// No try comes before.
    not_before: Instant,
}

/// What a failure means for the run.
#[derive(Debug, PartialEq, Eq)]
pub enum Failed {
    /// Another try failed at the same moment, and the two count as one.
    Already,
    /// After this pause.
    TryAgain(Duration),
    /// It has failed for as long as `retry-for` allows.
    TooLong,
}

impl Backoff {
    pub const fn new(now: Instant) -> Self {
        Self {
            failures: 0,
            since: now,
            not_before: now,
        }
    }

    pub const fn not_before(&self) -> Instant {
        self.not_before
    }

    /// Whether the last pause is over.
    pub fn is_over(&self, now: Instant) -> bool {
        self.not_before <= now
    }

    /// Whether nothing has failed yet.
    pub const fn is_fresh(&self) -> bool {
        self.failures == 0
    }

    /// How long a server is left alone before somebody signs in again: 30 s, and each further time twice as long.
    pub fn pause_of_sign_in(&self) -> Duration {
        SIGN_IN_PAUSE
            .saturating_mul(1 << self.failures.min(10))
            .min(LONGEST_SIGN_IN_PAUSE)
    }

    /// When it will have failed for too long.
    pub fn ends(&self, retry_for: Duration) -> Instant {
        self.since + retry_for
    }

    /// Another failure. `told`: how long the server wants to be left alone.
    pub fn failed(&mut self, now: Instant, retry_for: Duration, seed: u64, told: Option<Duration>) -> Failed {
        self.failed_since(now, now, retry_for, seed, told)
    }

    /// The same of a try that took its time: `begun` is when it began.
    pub fn failed_since(
        &mut self,
        begun: Instant,
        now: Instant,
        retry_for: Duration,
        seed: u64,
        told: Option<Duration>,
    ) -> Failed {
        if !self.is_over(now) {
            // Another connection hears the same; the longer pause counts.
            self.not_before = self.not_before.max(now + told.unwrap_or_default());
            return Failed::Already;
        }
        if self.failures == 0 {
            self.since = begun;
        }
        self.failures += 1;
        let pause = told.unwrap_or_else(|| pause(self.failures, seed));
        self.not_before = now + pause;
        if self.not_before.duration_since(self.since) <= retry_for {
            Failed::TryAgain(pause)
        } else {
            Failed::TooLong
        }
    }
}

/// Twice as long each time, and uneven by a fifth, so that many who were deferred at one moment do not come back at one.
pub fn pause(times: u32, seed: u64) -> Duration {
    let doubled = FIRST_PAUSE
        .saturating_mul(1 << times.saturating_sub(1).min(10))
        .min(LONGEST_PAUSE);
    // The finaliser of SplitMix64: one multiplication too few and neighbouring seeds would pause alike.
    let mut dice = seed.wrapping_add(u64::from(times).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    dice = (dice ^ (dice >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    dice = (dice ^ (dice >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    let share = f64::from((dice >> 40) as u32) / f64::from(1_u32 << 24);
    doubled.mul_f64(0.8 + 0.4 * share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_two_minutes_and_are_not_all_alike() {
        let seconds = |times, seed| pause(times, seed).as_secs_f64();
        for (times, doubled) in [(1, 1.0), (2, 2.0), (5, 16.0), (8, 120.0), (1000, 120.0)] {
            for seed in 0..100 {
                assert!((0.8 * doubled..=1.2 * doubled).contains(&seconds(times, seed)));
            }
        }
        assert_ne!(pause(3, 1), pause(3, 2));
        assert_eq!(pause(3, 1), pause(3, 1));
    }
}
