//! Dates as the readers of a language write them, and the moment a fact was true.

use std::fmt::Write as _;

use icu_calendar::{Date as CalendarDate, Gregorian};
use icu_datetime::FixedCalendarDateTimeFormatter;
use icu_datetime::fieldsets::YMD;
use icu_locale_core::{LanguageIdentifier, Locale};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;

use crate::place::Language;

type Formatter = FixedCalendarDateTimeFormatter<Gregorian, YMD>;

/// The long dates of one language; making one is slow, so a run makes one for each language and keeps it.
#[derive(Debug)]
pub struct LongDates {
    /// None when nothing is known of the language's dates: then ISO 8601, which nobody misreads.
    formatter: Option<Formatter>,
}

impl LongDates {
    /// The dates of `language`, after CLDR, in the Gregorian calendar.
    #[must_use]
    pub fn new(language: &Language) -> Self {
        // CLDR answers for a language that it does not know with a pattern for machines ("2011 M12 16"), without saying so.
        let any_day = Date::constant(2011, 12, 16);
        let unknown = formatter(&LanguageIdentifier::UNKNOWN).and_then(|f| format(&f, any_day));
        let formatter = formatter(language.id()).filter(|formatter| format(formatter, any_day) != unknown);
        Self { formatter }
    }

    /// `16 décembre 2011`.
    #[must_use]
    pub fn date(&self, date: Date) -> String {
        self.formatter
            .as_ref()
            .and_then(|formatter| format(formatter, date))
            .unwrap_or_else(|| date.to_string())
    }

    /// `16 décembre 2011, 18:54 (UTC+1)`, on the clock of the place where it was written down.
    #[must_use]
    pub fn as_of(&self, at: Timestamp, offset: Offset) -> String {
        let local = offset.to_datetime(at);
        let mut text = self.date(local.date());
        let clock = format!(", {:02}:{:02} (UTC{})", local.hour(), local.minute(), hours(offset));
        let zero = zero_of(&text);
        text.extend(clock.chars().map(|c| in_digits(c, zero)));
        text
    }
}

/// `16 décembre 2011`, `16 декабря 2011 г.`
#[must_use]
pub fn long_date(date: Date, language: &Language) -> String {
    LongDates::new(language).date(date)
}

/// `16 décembre 2011, 18:54 (UTC+1)`
#[must_use]
pub fn as_of(at: Timestamp, offset: Offset, language: &Language) -> String {
    LongDates::new(language).as_of(at, offset)
}

fn formatter(language: &LanguageIdentifier) -> Option<Formatter> {
    let locale = Locale::from(language.clone());
    Formatter::try_new((&locale).into(), YMD::long()).ok()
}

fn format(formatter: &Formatter, date: Date) -> Option<String> {
    let (month, day) = (u8::try_from(date.month()).ok()?, u8::try_from(date.day()).ok()?);
    let date = CalendarDate::try_new_gregorian(i32::from(date.year()), month, day).ok()?;
    // CLDR's no-break spaces show as boxes where a letter's font lacks them.
    Some(formatter.format(&date).to_string().replace(['\u{a0}', '\u{202f}'], " "))
}

/// `+1`, `+5:30`, nothing for UTC itself.
fn hours(offset: Offset) -> String {
    let minutes = offset.seconds() / 60;
    let mut text = String::new();
    if minutes != 0 {
        let sign = if minutes < 0 { '-' } else { '+' };
        let _ = write!(text, "{sign}{}", minutes.abs() / 60);
        if minutes % 60 != 0 {
            let _ = write!(text, ":{:02}", minutes.abs() % 60);
        }
    }
    text
}

/// The zero of the digits that a date is written in, so that the clock after it is written in the same.
fn zero_of(date: &str) -> char {
    // Arabic-Indic, its eastern form, Devanagari, Bengali, Tibetan and Burmese: those that CLDR has as a default.
    const ZEROS: [char; 6] = ['٠', '۰', '०', '০', '༠', '၀'];
    let digit_of = |zero: &char| {
        date.chars().any(|c| {
            u32::from(c)
                .checked_sub(u32::from(*zero))
                .is_some_and(|value| value < 10)
        })
    };
    ZEROS.into_iter().find(digit_of).unwrap_or('0')
}

fn in_digits(c: char, zero: char) -> char {
    c.to_digit(10)
        .and_then(|value| char::from_u32(u32::from(zero) + value))
        .unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(language: &str, at: &str, expect: &str) {
        let language = Language::parse(language).unwrap();
        let at: jiff::Zoned = at.parse().unwrap();
        assert_eq!(as_of(at.timestamp(), at.offset(), &language), expect);
        assert!(expect.starts_with(&long_date(at.date(), &language)));
    }

    #[test]
    fn a_date_is_written_as_its_readers_write_it() {
        let at = "2011-12-16T18:54:00+01:00[+01:00]";
        check("fr", at, "16 décembre 2011, 18:54 (UTC+1)");
        check("en", at, "December 16, 2011, 18:54 (UTC+1)");
        check("en-GB", at, "16 December 2011, 18:54 (UTC+1)");
        check("ru", at, "16 декабря 2011 г., 18:54 (UTC+1)");
        check("de", at, "16. Dezember 2011, 18:54 (UTC+1)");
        check("pl", at, "16 grudnia 2011, 18:54 (UTC+1)");
        check("ja", at, "2011年12月16日, 18:54 (UTC+1)");
        check("kk", at, "2011 ж. 16 желтоқсан, 18:54 (UTC+1)");
    }

    #[test]
    fn the_clock_is_written_in_the_digits_of_the_date() {
        let at = "2011-12-16T18:54:00+03:30[+03:30]";
        check("fa", at, "۱۶ دسامبر ۲۰۱۱, ۱۸:۵۴ (UTC+۳:۳۰)");
    }

    #[test]
    fn utc_is_named_alone_and_half_hours_are_kept() {
        check(
            "nl",
            "2011-12-16T00:00:00+00:00[+00:00]",
            "16 december 2011, 00:00 (UTC)",
        );
        check(
            "nl",
            "2011-12-16T00:00:00+05:30[+05:30]",
            "16 december 2011, 00:00 (UTC+5:30)",
        );
        check(
            "nl",
            "2011-12-16T00:00:00-03:30[-03:30]",
            "16 december 2011, 00:00 (UTC-3:30)",
        );
    }

    #[test]
    fn a_language_without_known_dates_gets_iso_dates() {
        check("aa", "2011-12-16T18:54:00+01:00[+01:00]", "2011-12-16, 18:54 (UTC+1)");
    }
}
