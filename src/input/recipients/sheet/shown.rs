//! Numbers and dates as a spreadsheet shows them: the number formats of Excel, as far as lists have them.
//!
//! A date whose format depends on the machine it is opened on, or names its month in words, is shown as `2026-11-26`:
//! everybody reads that alike.

/// How numbers of a style are shown.
#[derive(Clone, Debug, PartialEq)]
pub enum Format {
    /// As they are.
    General,
    /// By the tokens for numbers above nought, below, and nought.
    Number([Option<Vec<Token>>; 3]),
    /// As a date, a time or both, by these tokens.
    Date(Vec<Token>),
    /// As a date that everybody reads alike.
    PlainDate,
}

/// A part of a format.
#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    /// A character that stands there as it is.
    Literal(char),
    /// A digit: `0`, which is always shown, or `#` and `?`, which are not.
    Digit(bool),
    /// A dot before decimals.
    Point,
    /// Groups of three digits.
    Thousands,
    Percent,
    /// The number as it is, or a text.
    Whole,
    /// Days, months, years, hours, minutes, seconds: the letter, and how often it stands there.
    Time(char, usize),
    /// AM or PM.
    HalfDay,
    /// Hours, minutes or seconds that are not carried over.
    Elapsed(char),
}

/// No format is looked at further, in characters.
const LONGEST: usize = 250;

impl Format {
    pub const GENERAL: Self = Self::General;

    /// One of the formats that are not in the file.
    pub fn built_in(id: u32) -> Self {
        match id {
            1 => Self::of("0"),
            2 | 39 | 40 => Self::of("0.00"),
            3 | 37 | 38 => Self::of("#,##0"),
            4 => Self::of("#,##0.00"),
            9 => Self::of("0%"),
            10 => Self::of("0.00%"),
            20 => Self::of("h:mm"),
            21 => Self::of("h:mm:ss"),
            46 => Self::of("[h]:mm:ss"),
            14..=17 | 22 | 27..=31 | 36 | 50..=54 | 57 | 58 => Self::PlainDate,
            18 => Self::of("h:mm AM/PM"),
            19 => Self::of("h:mm:ss AM/PM"),
            45 => Self::of("mm:ss"),
            _ => Self::General,
        }
    }

    /// A format by its code.
    pub fn of(code: &str) -> Self {
        let code: String = code.chars().take(LONGEST).collect();
        if code.trim().eq_ignore_ascii_case("general") || code.trim() == "@" || code.trim().is_empty() {
            return Self::General;
        }
        let mut sections = sections(&code).into_iter();
        let first = sections.next().unwrap_or_default();
        let is_date = first
            .iter()
            .any(|token| matches!(token, Token::Time(..) | Token::Elapsed(_)));
        if is_date {
            let names_in_words = |token: &Token| matches!(token, Token::Time('m' | 'd', 3..));
            // Two letters each, as in `mm-dd-yy`, are days before months to some, and after them to others.
            return if first.iter().any(names_in_words) {
                Self::PlainDate
            } else {
                Self::Date(first)
            };
        }
        Self::Number([Some(first), sections.next(), sections.next()])
    }

    /// A number as it is shown.
    pub fn show(&self, number: f64, since_1904: bool) -> String {
        if !number.is_finite() {
            return String::new();
        }
        match self {
            Self::General => general(number),
            Self::PlainDate => plain_date(number, since_1904).unwrap_or_else(|| general(number)),
            Self::Date(tokens) => date(tokens, number, since_1904).unwrap_or_else(|| general(number)),
            Self::Number([above, below, nought]) => {
                let tokens = match (below, nought) {
                    (Some(below), _) if number < 0.0 => return digits(below, -number),
                    (_, Some(nought)) if number == 0.0 => Some(nought),
                    _ => above.as_ref(),
                };
                let Some(tokens) = tokens else { return general(number) };
                let shown = digits(tokens, number.abs());
                if number < 0.0 { format!("-{shown}") } else { shown }
            }
        }
    }
}

/// The sections of a format, for what is above nought, below, nought, and text.
fn sections(code: &str) -> Vec<Vec<Token>> {
    let mut sections = vec![Vec::new()];
    let mut chars = code.chars().peekable();
    while let Some(c) = chars.next() {
        let Some(tokens) = sections.last_mut() else { break };
        match c {
            ';' => sections.push(Vec::new()),
            '"' => tokens.extend(chars.by_ref().take_while(|c| *c != '"').map(Token::Literal)),
            '\\' => tokens.extend(chars.next().map(Token::Literal)),
            // A blank as wide as a character, and a character that fills the cell.
            '_' => {
                chars.next();
                tokens.push(Token::Literal(' '));
            }
            '*' => drop(chars.next()),
            '[' => {
                let inner: String = chars.by_ref().take_while(|c| *c != ']').collect();
                let lower = inner.to_lowercase();
                match lower.chars().next() {
                    Some(unit @ ('h' | 'm' | 's')) if lower.chars().all(|c| c == unit) => {
                        tokens.push(Token::Elapsed(unit));
                    }
                    // A currency: [$€-40C]
                    Some('$') => {
                        let sign = inner[1..].split('-').next().unwrap_or_default();
                        tokens.extend(sign.chars().map(Token::Literal));
                    }
                    // Colours, conditions, languages.
                    _ => {}
                }
            }
            '0' => tokens.push(Token::Digit(true)),
            '#' | '?' => tokens.push(Token::Digit(false)),
            '.' if tokens.iter().any(|token| matches!(token, Token::Digit(_))) && !tokens.contains(&Token::Point) => {
                tokens.push(Token::Point);
            }
            ',' if tokens.iter().any(|token| matches!(token, Token::Digit(_))) => tokens.push(Token::Thousands),
            '%' => tokens.push(Token::Percent),
            '@' => tokens.push(Token::Whole),
            'G' | 'g' if code.to_lowercase().contains("general") => {
                // General, with words around it.
                for _ in 0.."eneral".len() {
                    chars.next();
                }
                tokens.push(Token::Whole);
            }
            'A' | 'a' if chars.clone().collect::<String>().to_lowercase().starts_with("m/pm") => {
                for _ in 0.."m/pm".len() {
                    chars.next();
                }
                tokens.push(Token::HalfDay);
            }
            'd' | 'D' | 'm' | 'M' | 'y' | 'Y' | 'h' | 'H' | 's' | 'S' => {
                let unit = c.to_ascii_lowercase();
                let mut times = 1;
                while chars.next_if(|next| next.to_ascii_lowercase() == unit).is_some() {
                    times += 1;
                }
                tokens.push(Token::Time(unit, times));
            }
            other => tokens.push(Token::Literal(other)),
        }
    }
    sections
}

/// A number as it is, with no more digits than a cell shows.
fn general(number: f64) -> String {
    // Whole numbers up to here are exact.
    if number == 0.0 {
        return "0".to_owned();
    }
    if number.fract() == 0.0 && number.abs() < 1e15 {
        return format!("{number:.0}");
    }
    if number.abs() >= 1e15 || number.abs() < 1e-9 {
        return format!("{number:E}");
    }
    let shown = format!("{number:.9}");
    shown.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A number that is not below nought, by the digits of a format.
fn digits(tokens: &[Token], number: f64) -> String {
    if tokens.contains(&Token::Whole) || !tokens.iter().any(|token| matches!(token, Token::Digit(_))) {
        let pieces = tokens.iter().map(|token| match token {
            Token::Literal(c) => c.to_string(),
            Token::Whole => general(number),
            _ => String::new(),
        });
        return pieces.collect::<String>().trim().to_owned();
    }
    let point = tokens
        .iter()
        .position(|token| *token == Token::Point)
        .unwrap_or(tokens.len());
    let (whole, behind) = tokens.split_at(point);
    let decimals = behind.iter().filter(|token| matches!(token, Token::Digit(_))).count();
    let number = if tokens.contains(&Token::Percent) {
        number * 100.0
    } else {
        number
    };
    let shown = format!("{number:.decimals$}");
    let (integer, fraction) = shown.split_once('.').unwrap_or((&shown, ""));
    // Digits are put in from the right; what is left over goes to the first place.
    let mut rest: Vec<char> = if integer == "0" {
        Vec::new()
    } else {
        integer.chars().collect()
    };
    let grouped = whole.contains(&Token::Thousands);
    let mut places = whole.iter().filter(|token| matches!(token, Token::Digit(_))).count();
    let mut reversed: Vec<char> = Vec::new();
    let mut put = 0;
    let mut group = |reversed: &mut Vec<char>, digit: char| {
        if grouped && put > 0 && put % 3 == 0 {
            reversed.push(',');
        }
        put += 1;
        reversed.push(digit);
    };
    for token in whole.iter().rev() {
        match token {
            Token::Digit(always) => {
                places -= 1;
                match rest.pop() {
                    Some(digit) => group(&mut reversed, digit),
                    None if *always => group(&mut reversed, '0'),
                    None => {}
                }
                if places == 0 {
                    while let Some(digit) = rest.pop() {
                        group(&mut reversed, digit);
                    }
                }
            }
            Token::Literal(c) => reversed.push(*c),
            Token::Percent => reversed.push('%'),
            _ => {}
        }
    }
    let mut text: String = reversed.into_iter().rev().collect();
    let mut fraction: Vec<char> = fraction.chars().collect();
    // Noughts at the end stand only where the format has them.
    let places = behind.iter().filter(|token| matches!(token, Token::Digit(_)));
    let always: Vec<bool> = places.map(|token| *token == Token::Digit(true)).collect();
    let needed = always.iter().rposition(|always| *always).map_or(0, |at| at + 1);
    while fraction.len() > needed && fraction.last() == Some(&'0') {
        fraction.pop();
    }
    if !fraction.is_empty() {
        text.push('.');
        text.extend(fraction);
    }
    for token in behind {
        match token {
            Token::Literal(c) => text.push(*c),
            Token::Percent => text.push('%'),
            _ => {}
        }
    }
    text.trim().to_owned()
}

/// A moment: year, month, day, and the seconds of the day.
type Moment = (i64, u32, u32, u32);

/// The day and time that a number is.
fn moment(number: f64, since_1904: bool) -> Option<Moment> {
    // The year 9999 ends there.
    if !(0.0..2_958_466.0).contains(&number) {
        return None;
    }
    let seconds = ((number - number.floor()) * 86_400.0).round();
    let (day, seconds) = if seconds >= 86_400.0 {
        (number.floor() + 1.0, 0.0)
    } else {
        (number.floor(), seconds)
    };
    #[expect(clippy::cast_possible_truncation, reason = "checked above")]
    let day = day as i64;
    // Excel has a 29 February 1900, which never was.
    let since_1970 = match since_1904 {
        true => day - 24_107,
        false if day < 60 => day - 25_568,
        false => day - 25_569,
    };
    let (year, month, day) = civil(since_1970);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below 86,400")]
    let seconds = seconds as u32;
    Some((year, month, day, seconds))
}

/// The date of a day, counted from 1970 on.
fn civil(days: i64) -> (i64, u32, u32) {
    let date = jiff::civil::date(1970, 1, 1).checked_add(jiff::Span::new().days(days));
    match date {
        Ok(date) => (
            i64::from(date.year()),
            date.month().unsigned_abs().into(),
            date.day().unsigned_abs().into(),
        ),
        Err(_) => (1970, 1, 1),
    }
}

fn plain_date(number: f64, since_1904: bool) -> Option<String> {
    let (year, month, day, seconds) = moment(number, since_1904)?;
    let time = match seconds {
        0 => String::new(),
        _ => format!(" {:02}:{:02}", seconds / 3600, seconds / 60 % 60),
    };
    Some(format!("{year:04}-{month:02}-{day:02}{time}"))
}

fn date(tokens: &[Token], days: f64, since_1904: bool) -> Option<String> {
    let (year, month, day, seconds) = moment(days, since_1904)?;
    let halves = tokens.contains(&Token::HalfDay);
    let mut text = String::new();
    for (at, token) in tokens.iter().enumerate() {
        let number = |value: u32, times: usize| format!("{value:0width$}", width = times.min(2));
        text += &match token {
            Token::Literal(c) => c.to_string(),
            Token::Time('y', times) if *times <= 2 => format!("{:02}", year % 100),
            Token::Time('y', _) => format!("{year:04}"),
            Token::Time('m', times) if is_minutes(tokens, at) => number(seconds / 60 % 60, *times),
            Token::Time('m', times) => number(month, *times),
            Token::Time('d', times) => number(day, *times),
            Token::Time('h', times) => {
                let hour = seconds / 3600;
                number(if halves { (hour + 11) % 12 + 1 } else { hour }, *times)
            }
            Token::Time('s', times) => number(seconds % 60, *times),
            Token::HalfDay => if seconds < 43_200 { "AM" } else { "PM" }.to_owned(),
            Token::Elapsed(unit) => {
                let per_day = match unit {
                    'h' => 24.0,
                    'm' => 1440.0,
                    _ => 86_400.0,
                };
                format!("{:.0}", (days * per_day + 1e-6).floor())
            }
            _ => String::new(),
        };
    }
    Some(text.trim().to_owned())
}

/// Whether an `m` is minutes: it stands behind hours or before seconds.
fn is_minutes(tokens: &[Token], at: usize) -> bool {
    let is_time = |token: &&Token| matches!(token, Token::Time(..) | Token::Elapsed(_));
    let before = tokens[..at].iter().rev().find(is_time);
    let behind = tokens[at + 1..].iter().find(is_time);
    matches!(before, Some(Token::Time('h', _) | Token::Elapsed('h'))) || matches!(behind, Some(Token::Time('s', _)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_as_their_cells_show_them() {
        for (format, number, shown) in [
            ("General", 12.0, "12"),
            ("General", -3.0, "-3"),
            ("General", 0.0, "0"),
            ("General", 0.1 + 0.2, "0.3"),
            ("General", 32_212_345_678.0, "32212345678"),
            ("0000", 12.0, "0012"),
            ("0.00", 1.5, "1.50"),
            ("#,##0", 1_234_567.0, "1,234,567"),
            ("#,##0.00;[Red]-#,##0.00", -1234.5, "-1,234.50"),
            ("0%", 0.25, "25%"),
            ("00 00 00 00 00", 123_456_789.0, "01 23 45 67 89"),
            ("\"+\"0", 3_212_345.0, "+3212345"),
            ("0.##", 1.5, "1.5"),
            ("0.##", 2.0, "2"),
            ("#,##0 [$€-40C]", 1200.0, "1,200 €"),
            ("0 \"rows\"", 3.0, "3 rows"),
            ("@", 7.0, "7"),
        ] {
            assert_eq!(Format::of(format).show(number, false), shown, "{format}");
        }
    }

    #[test]
    fn dates_are_shown_as_their_cells_show_them_and_else_as_everybody_reads_them() {
        let day = 46_352.0;
        for (format, number, shown) in [
            ("dd/mm/yyyy", day, "26/11/2026"),
            ("d.m.yy", day, "26.11.26"),
            ("yyyy\\-mm\\-dd", day, "2026-11-26"),
            ("d mmmm yyyy", day, "2026-11-26"),
            ("[$-40C]d mmmm yyyy;@", day, "2026-11-26"),
            ("dd/mm/yyyy hh:mm", day + 0.75, "26/11/2026 18:00"),
            ("h:mm AM/PM", 0.75, "6:00 PM"),
            ("mm:ss", 0.5 / 24.0, "30:00"),
            ("[h]:mm", 1.5, "36:00"),
        ] {
            assert_eq!(Format::of(format).show(number, false), shown, "{format}");
        }
        assert_eq!(Format::built_in(14).show(day, false), "2026-11-26");
        assert_eq!(Format::built_in(14).show(day - 1462.0, true), "2026-11-26");
        assert_eq!(Format::built_in(14).show(-5.0, false), "-5");
        assert_eq!(Format::built_in(14).show(59.0, false), "1900-02-28");
    }
}
