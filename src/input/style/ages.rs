//! Addresses that nobody has looked at for long: offices move, and what bounces has not arrived.

use appel_core::problem::{Problem, Problems};
use appel_messages::{Value, msg};
use jiff::civil::Date;

use crate::input::Input;

/// So many rows are named.
const NAMED: usize = 10;

/// Warns of the rows whose address was last verified longer ago than the campaign wants, once for all of them; and of
/// those that an import left to be verified.
pub fn look(input: &Input, today: Date, problems: &mut Problems) {
    let recipients = &input.campaign.recipients;
    if !recipients.has_verified() {
        return;
    }
    let days = input.verified_days;
    let (mut old, mut never) = (Rows::default(), Rows::default());
    for row in recipients.rows().map_while(Result::ok) {
        match row.verified {
            None => never.add(row.line, None),
            Some(date) => {
                let age = today.since(date).map_or(0, |span| span.get_days());
                let age = usize::try_from(age).unwrap_or_default();
                if age >= days {
                    old.add(row.line, Some(age));
                }
            }
        }
    }
    let place = |rows: &Rows| recipients.place(rows.named.first().copied().unwrap_or(1), Some("verified"));
    if old.count > 0 {
        let what = msg!(
            "rows-verified-long-ago",
            count = old.count,
            rows = old.list(),
            days = days,
            oldest = old.oldest
        );
        problems.push(Problem::warning(what).at(place(&old)));
    }
    if never.count > 0 {
        let what = msg!("rows-never-verified", count = never.count, rows = never.list());
        problems.push(Problem::warning(what).at(place(&never)));
    }
}

#[derive(Default)]
struct Rows {
    named: Vec<usize>,
    count: usize,
    oldest: usize,
}

impl Rows {
    fn add(&mut self, line: usize, age: Option<usize>) {
        if self.named.len() < NAMED {
            self.named.push(line);
        }
        self.count += 1;
        self.oldest = self.oldest.max(age.unwrap_or_default());
    }

    fn list(&self) -> Value {
        let more = self.count - self.named.len();
        Value::List(
            self.named.iter().map(|line| line.to_string().into()).collect(),
            more as u64,
        )
    }
}
