//! The letters of a simulation: one campaign, read and rendered once for all seeds, planned anew for every run.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use appel_core::Problem;
use appel_core::letter::{Attachments, Decision, Letter, LetterId, Message, Resend, compose, may_leave};
use appel_core::testing::given;
use jiff::Timestamp;

use super::model::Table;
use super::scenario::Scenario;
use crate::outbox::delivery::{Letters, TriedLast};
use crate::outbox::ledger::LastTry;

/// More than any scenario has.
const MOST: usize = 160;

/// The campaign, and what is worked out of it once.
struct Given {
    letters: Vec<Letter>,
    /// Their ids, by number.
    ids: Vec<LetterId>,
    numbers: BTreeMap<LetterId, usize>,
    /// Their messages with all copies, dated when every simulation begins.
    messages: Vec<Message>,
    /// The line that says so.
    date: String,
}

static GIVEN: LazyLock<Given> = LazyLock::new(|| {
    let mut rows = "role,name,email,salutation,cc\n".to_owned();
    for number in 0..MOST {
        rows.push_str(&format!(
            "embassy,Somebody,{},Sir,a{number}@c.example b{number}@c.example c{number}@c.example\n",
            to(number)
        ));
    }
    let made = given().rows(&rows).made();
    let renderer = made.renderer(None);
    let date = super::scenario::start();
    let letters = made.due();
    let write = |letter: &Letter| {
        let text = renderer.render(letter, jiff::civil::date(2011, 12, 16)).unwrap();
        compose(letter, &text, &made.sender, &Attachments::new(), date).unwrap()
    };
    let messages: Vec<Message> = letters.iter().map(write).collect();
    let ids: Vec<LetterId> = messages.iter().map(|message| message.id).collect();
    Given {
        numbers: ids.iter().copied().zip(0..).collect(),
        ids,
        messages,
        date: date_line(date),
        letters,
    }
});

/// The To of a letter.
pub fn to(number: usize) -> String {
    format!("r{number}@x.example")
}

/// The letter to somebody.
pub fn id_of(to: &str) -> Option<LetterId> {
    let number: usize = to.strip_prefix('r')?.strip_suffix("@x.example")?.parse().ok()?;
    GIVEN.ids.get(number).copied()
}

/// What a letter is called in a trace.
pub fn name(id: LetterId) -> String {
    GIVEN
        .numbers
        .get(&id)
        .map_or_else(|| id.to_string(), |number| format!("r{number}"))
}

fn date_line(date: Timestamp) -> String {
    format!("Date: {}\r\n", date.strftime("%a, %d %b %Y %H:%M:%S +0000"))
}

/// What is decided for every letter, before a run.
pub fn decisions(scenario: &Scenario, history: &Table, now: Timestamp, resend: Resend) -> Vec<Decision> {
    let late = scenario.deadline.is_some_and(|deadline| now > deadline);
    let letters = GIVEN.letters.iter().take(scenario.letters);
    let decided = letters.map(|letter| {
        let past = match may_leave(history.past(letter.id), resend, late) {
            Ok(past) => past,
            Err(reason) => {
                return Decision::Skipped {
                    id: letter.id,
                    letter: letter.spec.id.clone(),
                    to: letter.envelope.to.clone(),
                    line: letter.recipient.line,
                    reason,
                    over: None,
                };
            }
        };
        let mut letter = letter.clone();
        letter.past = past;
        letter.envelope.cc.truncate(copies(scenario, letter.id));
        Decision::Due(Box::new(letter))
    });
    decided.collect()
}

fn copies(scenario: &Scenario, id: LetterId) -> usize {
    usize::from(id.as_bytes()[0]) % (scenario.copies + 1)
}

/// The letters of one run.
pub struct Outgoing {
    pub decisions: TriedLast,
}

impl Letters for Outgoing {
    fn next(&mut self) -> Option<Decision> {
        self.decisions.next()
    }

    fn earlier_no(&self, id: LetterId) -> Option<LastTry> {
        self.decisions.earlier_no(id)
    }

    fn message(&self, letter: &Letter, date: Timestamp) -> Result<Message, Problem> {
        let mut message = GIVEN.messages[GIVEN.numbers[&letter.id]].clone();
        message.envelope = letter.envelope.clone();
        // A message is the same at every attempt but for the Date, should that not be kept.
        let text = String::from_utf8_lossy(&message.bytes);
        message.bytes = text.replacen(&GIVEN.date, &date_line(date), 1).into_bytes();
        Ok(message)
    }
}
