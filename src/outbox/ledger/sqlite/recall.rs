//! What a first pass over a run's letters learned of them, for a second one over the same letters in the same order.

use crate::letter::{LetterId, Past};

/// So many letters are kept in mind: two bytes each.
const MOST: usize = 4 << 20;
/// Nothing is known of the letter.
const NEVER: u16 = 0;
/// It was accepted.
const ACCEPTED: u16 = 1;
/// Anything else: there is more to be asked.
const ASK: u16 = 2;
/// The rest of a note is of the letter's id: that it is the same letter is not taken on trust.
const KIND: u16 = 3;

/// Notes of the first pass, or where the second one is in them.
#[derive(Debug, Default)]
pub struct Recall {
    notes: Vec<u16>,
    /// The next to be told; `None` while notes are taken.
    next: Option<usize>,
    /// The letters are others, or too many.
    off: bool,
}

impl Recall {
    /// Notes what was found of a letter.
    pub fn note(&mut self, id: LetterId, past: Past) {
        if self.next.is_some() || self.off {
            return;
        }
        if self.notes.len() == MOST {
            *self = Self {
                off: true,
                ..Self::default()
            };
            return;
        }
        let kind = match past {
            Past::Never => NEVER,
            Past::Accepted => ACCEPTED,
            Past::Deferred | Past::Refused | Past::InDoubt => ASK,
        };
        self.notes.push(check(id) | kind);
    }

    /// From now on what was noted is told, in the same order.
    pub fn tell(&mut self) {
        self.next = Some(0);
    }

    /// What was noted of the letter that is asked for now; `None` when the ledger has to be asked.
    pub fn past(&mut self, id: LetterId) -> Option<Past> {
        let next = self.next.as_mut().filter(|_| !self.off)?;
        let note = self.notes.get(*next).copied().filter(|note| note & !KIND == check(id));
        let Some(note) = note else {
            self.off = true;
            self.notes = Vec::new();
            return None;
        };
        *next += 1;
        match note & KIND {
            NEVER => Some(Past::Never),
            ACCEPTED => Some(Past::Accepted),
            _ => None,
        }
    }
}

const fn check(id: LetterId) -> u16 {
    let bytes = id.as_bytes();
    u16::from_be_bytes([bytes[0], bytes[1]]) & !KIND
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u8) -> LetterId {
        LetterId::from_bytes([number; 16])
    }

    fn noted(pasts: &[(u8, Past)]) -> Recall {
        let mut recall = Recall::default();
        for (number, past) in pasts {
            assert_eq!(recall.past(id(*number)), None);
            recall.note(id(*number), *past);
        }
        recall.tell();
        recall
    }

    const LETTERS: [(u8, Past); 4] = [
        (4, Past::Never),
        (8, Past::Accepted),
        (12, Past::InDoubt),
        (16, Past::Accepted),
    ];

    #[test]
    fn the_same_letters_in_the_same_order_need_not_be_looked_up_again() {
        let mut recall = noted(&LETTERS);
        assert_eq!(recall.past(id(4)), Some(Past::Never));
        assert_eq!(recall.past(id(8)), Some(Past::Accepted));
        assert_eq!(recall.past(id(12)), None);
        // What is looked up all the same is no note.
        recall.note(id(12), Past::InDoubt);
        assert_eq!(recall.past(id(16)), Some(Past::Accepted));
        assert_eq!(recall.past(id(20)), None);
    }

    #[test]
    fn after_another_letter_nothing_is_told_any_more() {
        let mut recall = noted(&LETTERS);
        assert_eq!(recall.past(id(4)), Some(Past::Never));
        assert_eq!(recall.past(id(12)), None);
        for (number, _) in LETTERS {
            assert_eq!(recall.past(id(number)), None);
        }
    }
}
