//! The letters of a simulation: one campaign, read and rendered once for all seeds, planned anew for every run.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use appel_core::Problem;
use appel_core::address::Address;
use appel_core::letter::{
    Attachments, Copy, Decision, Letter, LetterId, Message, OpenCopy, Resend, compose, may_leave,
};
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
    /// The ids that copies have in a ledger, with their letters and addresses.
    copies: BTreeMap<LetterId, (LetterId, String)>,
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
    let copies = letters.iter().flat_map(|letter: &Letter| {
        let of = |copy: &Address| (letter.id.of_copy(copy), (letter.id, copy.to_string()));
        letter.envelope.cc.iter().map(of)
    });
    Given {
        copies: copies.collect(),
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

/// The copy that an address gets, and its letter.
pub fn copy_of(to: &str) -> Option<(LetterId, LetterId)> {
    let number: usize = to.strip_suffix("@c.example")?.get(1..)?.parse().ok()?;
    let letter = GIVEN.ids.get(number).copied()?;
    Some((letter.of_copy(&Address::parse(to).ok()?), letter))
}

/// The letter that an id of the ledger belongs to, also as that of a copy.
pub fn letter_of(id: LetterId) -> LetterId {
    GIVEN.copies.get(&id).map_or(id, |(letter, _)| *letter)
}

/// The letter to somebody.
pub fn id_of(to: &str) -> Option<LetterId> {
    let number: usize = to.strip_prefix('r')?.strip_suffix("@x.example")?.parse().ok()?;
    GIVEN.ids.get(number).copied()
}

/// What a letter is called in a trace.
pub fn name(id: LetterId) -> String {
    match (GIVEN.numbers.get(&id), GIVEN.copies.get(&id)) {
        (Some(number), _) => format!("r{number}"),
        (None, Some((_, to))) => to.clone(),
        (None, None) => id.to_string(),
    }
}

fn date_line(date: Timestamp) -> String {
    format!("Date: {}\r\n", date.strftime("%a, %d %b %Y %H:%M:%S +0000"))
}

/// What is decided for every letter, before a run.
pub fn decisions(scenario: &Scenario, history: &Table, now: Timestamp, resend: Resend) -> Vec<Decision> {
    let late = scenario.deadline.is_some_and(|deadline| now > deadline);
    let letters = GIVEN.letters.iter().take(scenario.letters);
    let sender = Address::parse("ann@home.example").unwrap();
    let open = history.open_copies("test", &sender);
    let decided = letters.flat_map(|letter| {
        let copies = open.iter().filter(|copy| copy.letter == letter.id);
        let copies = copies.map(|copy| decide_copy(letter, copy, resend, late));
        std::iter::once(decide(scenario, letter, history, resend, late)).chain(copies.collect::<Vec<_>>())
    });
    decided.collect()
}

fn decide(scenario: &Scenario, letter: &Letter, history: &Table, resend: Resend, late: bool) -> Decision {
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
                copy: None,
            };
        }
    };
    let mut letter = letter.clone();
    letter.past = past;
    letter.envelope.cc.truncate(copies(scenario, letter.id));
    Decision::Due(Box::new(letter))
}

/// What is decided for a copy that its letter left without.
fn decide_copy(letter: &Letter, open: &OpenCopy, resend: Resend, late: bool) -> Decision {
    let to = Address::parse(&open.address).unwrap();
    match may_leave(Some(open.past), resend, late) {
        Ok(past) => {
            let mut letter = letter.clone();
            letter.past = past;
            letter.copy = Some(Box::new(Copy {
                id: open.id,
                to,
                left: open.left.clone(),
            }));
            Decision::Due(Box::new(letter))
        }
        Err(reason) => Decision::Skipped {
            id: letter.id,
            letter: letter.spec.id.clone(),
            to,
            line: letter.recipient.line,
            reason,
            over: None,
            copy: Some(open.id),
        },
    }
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
        message.envelope = letter.goes_to();
        // A message is the same at every attempt but for the Date, should that not be kept.
        let text = String::from_utf8_lossy(&message.bytes);
        message.bytes = text.replacen(&GIVEN.date, &date_line(date), 1).into_bytes();
        Ok(message)
    }
}
