//! `verified`: the day on which somebody last looked whether an address is right.

use appel_core::words::visible_line;
use appel_messages::msg;
use jiff::civil::Date;

use super::{Finding, Report, Severity};

/// A day, as people write it; empty is never. What cannot be read for certain is said, and taken for never.
pub fn read(cell: &str, column: usize, report: &mut dyn Report) -> Option<Date> {
    if cell.is_empty() {
        return None;
    }
    let read = day(cell);
    if read.is_none() {
        let finding = Finding {
            severity: Severity::Warning,
            code: "row-verified-unread",
            column: Some(column),
        };
        report.report(finding, &|| {
            (msg!("row-verified-unread", written = visible_line(cell)), None)
        });
    }
    read
}

/// `2026-11-26`, perhaps with a time; `26.11.2026`, `26/11/2026`, `26-11-2026`. Where the first two could change places,
/// only dots say which is which: nobody writes the month first with those.
fn day(text: &str) -> Option<Date> {
    let text = text.split(['T', ' ']).next().unwrap_or_default();
    let separator = text.chars().find(|c| !c.is_ascii_digit())?;
    let parts: Vec<i16> = text
        .split(separator)
        .map(|part| part.parse().ok())
        .collect::<Option<_>>()?;
    let [first, second, third] = parts[..] else { return None };
    let date =
        |year: i16, month: i16, day: i16| Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok();
    match (first, separator) {
        (1000.., _) => date(first, second, third),
        (_, '.') | (13.., '/' | '-') => date(third, second, first),
        (_, '/' | '-') if first == second => date(third, second, first),
        (_, '/' | '-') if second > 12 => date(third, first, second),
        _ => None,
    }
    .filter(|date| date.year() >= 1970)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_read_as_people_write_it_and_never_guessed() {
        let read = |text: &str| day(text).map(|date| date.to_string());
        for written in [
            "2026-11-26",
            "2026-11-26T10:00",
            "26.11.2026",
            "26/11/2026",
            "26-11-2026",
            "11/26/2026",
        ] {
            assert_eq!(read(written).as_deref(), Some("2026-11-26"), "{written}");
        }
        assert_eq!(read("5.6.2026").as_deref(), Some("2026-06-05"));
        for other in [
            "05/06/2026",
            "yes",
            "2026",
            "2026-13-01",
            "26.11.26",
            "",
            "46352",
            "1-2",
        ] {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
