//! Moments for people, in UTC: nobody's time zone is anybody's business.

use jiff::Timestamp;

use super::screen::seconds_in_words;

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
pub fn until(at: Timestamp, now: Timestamp) -> String {
    let seconds = u64::try_from(at.as_second().saturating_sub(now.as_second())).unwrap_or(0);
    format!("{} (in {})", clock_time(at, now), seconds_in_words(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_told_with_its_day_when_that_is_another_and_never_too_early() {
        let now: Timestamp = "2026-11-25T23:30:00Z".parse().unwrap();
        let check = |at: &str, expect: &str| assert_eq!(until(at.parse().unwrap(), now), expect);
        check("2026-11-25T23:45:00Z", "23:45 UTC (in 15 minutes)");
        check("2026-11-25T23:45:01Z", "23:46 UTC (in 16 minutes)");
        check("2026-11-25T23:59:30Z", "2026-11-26 00:00 UTC (in 30 minutes)");
        check("2026-11-26T10:00:00Z", "2026-11-26 10:00 UTC (in about 11 hours)");
    }
}
