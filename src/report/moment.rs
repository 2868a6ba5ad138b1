//! Moments for people, in UTC: nobody's time zone is anybody's business.

use std::time::Duration;

use appel_messages::{Message, msg};
use jiff::Timestamp;

/// `14:05 UTC` on the same day, else `2026-11-26 14:05 UTC`; never before the moment itself.
#[must_use]
pub fn clock_time(at: Timestamp, now: Timestamp) -> String {
    // Whoever comes back at the minute that is shown must not come too early.
    let minute = at.as_second().div_euclid(60) + i64::from(at.as_second().rem_euclid(60) > 0);
    let at = Timestamp::from_second(minute.saturating_mul(60)).unwrap_or(at);
    let day = "%Y-%m-%d";
    if at.strftime(day).to_string() == now.strftime(day).to_string() {
        at.strftime("%H:%M UTC").to_string()
    } else {
        at.strftime("%Y-%m-%d %H:%M UTC").to_string()
    }
}

/// The same, with how long that is: `14:05 UTC (in 25 minutes)`.
#[must_use]
pub fn until(at: Timestamp, now: Timestamp) -> Message {
    let seconds = u64::try_from(at.as_second().saturating_sub(now.as_second())).unwrap_or(0);
    msg!("moment-until", at = clock_time(at, now), wait = duration(seconds))
}

/// `4 seconds`, `2 minutes`, `about 3 hours`: never less than it is.
#[must_use]
pub fn duration(seconds: u64) -> Message {
    match seconds {
        0..=119 => msg!("duration-seconds", seconds = seconds),
        120..=7199 => msg!("duration-minutes", minutes = seconds.div_ceil(60)),
        _ => msg!("duration-hours", hours = seconds.div_ceil(3600)),
    }
}

/// How fast letters leave of which each takes so long: `one letter in 4 seconds`.
#[must_use]
pub fn pace(every: Duration) -> Message {
    match u64::try_from(every.as_millis()).unwrap_or(u64::MAX).max(1) {
        millis @ 0..1000 => msg!("pace-a-second", letters = 1000 / millis),
        millis => msg!("pace-seconds", seconds = millis.div_ceil(1000)),
    }
}

/// The same where it is an estimate in any case: `3 hours`.
#[must_use]
pub fn about(seconds: u64) -> Message {
    match seconds {
        0..=7199 => duration(seconds),
        _ => msg!("duration-in-hours", hours = seconds.div_ceil(3600)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_told_with_its_day_when_that_is_another_and_never_too_early() {
        let now: Timestamp = "2026-11-25T23:30:00Z".parse().unwrap();
        let check = |at: &str, expect: &str| assert_eq!(until(at.parse().unwrap(), now).in_english(), expect);
        check("2026-11-25T23:45:00Z", "23:45 UTC (in 15 minutes)");
        check("2026-11-25T23:45:01Z", "23:46 UTC (in 16 minutes)");
        check("2026-11-25T23:59:30Z", "2026-11-26 00:00 UTC (in 30 minutes)");
        check("2026-11-26T10:00:00Z", "2026-11-26 10:00 UTC (in about 11 hours)");
    }

    #[test]
    fn waiting_is_told_in_the_unit_that_fits() {
        let check = |seconds, expect: &str| assert_eq!(duration(seconds).in_english(), expect);
        check(1, "1 second");
        check(90, "90 seconds");
        check(150, "3 minutes");
        check(9000, "about 3 hours");
    }
}
