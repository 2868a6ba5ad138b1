//! What is done to the values of many rows, and said once.

use std::collections::BTreeMap;

use appel_messages::{Message, Value, msg};

use super::layout::Layout;
use crate::failure::{Place, Problem, Problems};

/// What was done to a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// Spaces around it that are no plain spaces were taken off.
    Spaces,
    /// A country's name was read as its code.
    Country,
    /// A language's name was read as its code.
    Language,
    /// A gender was read as one of those that letters know.
    Gender,
}

/// Something that was done to a value.
pub struct Done<'a> {
    pub what: What,
    pub column: usize,
    /// What stands there, and what is made of it.
    pub written: &'a str,
    pub read: &'a str,
}

/// So many different values are named for each.
const NAMED: usize = 8;
/// No more of a value is shown.
const SHOWN: usize = 40;

#[derive(Default)]
struct Tally {
    values: usize,
    first: Option<Place>,
    examples: Vec<(String, String)>,
    more: bool,
}

/// All that was done, to be said at the end.
#[derive(Default)]
pub struct Said {
    tallies: BTreeMap<What, Tally>,
    /// Rows in which nothing stands, with others behind them or not.
    pub blank_rows: usize,
}

impl Said {
    /// Counts it; whether it is the first of its kind, whose place is wanted.
    pub fn count(&mut self, done: &Done<'_>) -> bool {
        let tally = self.tallies.entry(done.what).or_default();
        tally.values += 1;
        let is_new = !tally.examples.iter().any(|(written, _)| written == done.written);
        if is_new && tally.examples.len() < NAMED && done.what != What::Spaces {
            tally.examples.push((done.written.to_owned(), done.read.to_owned()));
        } else {
            tally.more |= is_new;
        }
        tally.values == 1
    }

    /// Where the first of a kind stands.
    pub fn first(&mut self, what: What, place: Place) {
        if let Some(tally) = self.tallies.get_mut(&what) {
            tally.first = Some(place);
        }
    }

    pub fn tell(&self, layout: &Layout, shown: &str, problems: &mut Problems) {
        for (what, tally) in &self.tallies {
            let message = match what {
                What::Spaces => msg!("values-spaces-off", values = tally.values),
                What::Country => msg!("values-read-country", read = tally.named()),
                What::Language => msg!("values-read-language", read = tally.named()),
                What::Gender => msg!("values-read-gender", read = tally.named()),
            };
            let place = tally.first.clone().unwrap_or_else(|| Place::file(shown));
            problems.push(Problem::note(message).at(place));
        }
        let mut skipped: Vec<Message> = Vec::new();
        if layout.above > 0 {
            skipped.push(msg!("skipped-rows-above", rows = layout.above));
        }
        if !layout.nameless.is_empty() {
            skipped.push(msg!("skipped-columns", columns = layout.nameless.len()));
        }
        if self.blank_rows > 0 {
            skipped.push(msg!("skipped-rows", rows = self.blank_rows));
        }
        if !skipped.is_empty() {
            let parts = super::layout::and(skipped.into_iter().map(Value::from).collect(), 0);
            problems.push(Problem::note(msg!("recipients-skipped", parts = parts)).at(Place::file(shown)));
        }
    }
}

impl Tally {
    fn named(&self) -> Value {
        let pairs = self.examples.iter().map(|(written, read)| {
            let written: String = written.chars().take(SHOWN).collect();
            Value::from(msg!("value-read-as", written = written, read = read))
        });
        let mut pairs: Vec<Value> = pairs.collect();
        if self.more {
            pairs.push(msg!("values-read-others").into());
        }
        super::layout::and(pairs, 0)
    }
}
