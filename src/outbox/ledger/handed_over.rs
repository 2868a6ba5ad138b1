//! What was handed over in the last day, as limits count it: each letter once, and for each mailbox of its own.

use std::collections::BTreeMap;

use appel_core::address::{Address, mailbox_of};
use appel_core::campaign::Limits;
use appel_core::letter::flood::hash_of;
use appel_core::letter::{LetterId, Recent};
use jiff::Timestamp;

/// A letter that one attempt handed over: accepted, or in doubt.
#[derive(Clone, Debug)]
pub struct HandedOver {
    pub id: LetterId,
    pub sender: String,
    pub recipient: String,
    /// Whether it was a copy that went its own way: then that is the recipient.
    pub alone: bool,
    /// Those that were not refused or deferred.
    pub copies: Vec<String>,
    pub at: Timestamp,
    /// Else in doubt.
    pub accepted: bool,
    /// Whether it may leave once more.
    pub again: bool,
}

impl HandedOver {
    /// Everybody it went to, and whether as a copy.
    pub fn addresses(&self) -> impl Iterator<Item = (&str, bool)> {
        let copies = self.copies.iter().map(|copy| (&**copy, true));
        std::iter::once((&*self.recipient, self.alone)).chain(copies)
    }
}

/// Tells of each letter once, given its attempts in their order: one in doubt may have been sent once more since.
pub struct Once<Each> {
    doubts: BTreeMap<LetterId, HandedOver>,
    each: Each,
}

impl<Each: FnMut(HandedOver)> Once<Each> {
    pub const fn new(each: Each) -> Self {
        Self {
            doubts: BTreeMap::new(),
            each,
        }
    }

    pub fn add(&mut self, letter: HandedOver) {
        if letter.accepted {
            self.doubts.remove(&letter.id);
            (self.each)(letter);
        } else {
            self.doubts.insert(letter.id, letter);
        }
    }

    pub fn finish(mut self) {
        for (_, letter) in self.doubts {
            (self.each)(letter);
        }
    }
}

/// Whether letters are one mailbox's own, however its address was written when they left.
pub struct Own {
    mailbox: String,
    /// The last answer: the next letter is mostly from the same address.
    known: (String, bool),
}

impl Own {
    /// Those from this mailbox.
    pub fn of(sender: &Address) -> Self {
        Self {
            mailbox: sender.mailbox().into_owned(),
            known: (String::new(), false),
        }
    }

    /// Whether a letter from this address is.
    pub fn is(&mut self, sender: &str) -> bool {
        if self.known.0 != sender {
            self.known = (sender.to_owned(), mailbox_of(sender) == self.mailbox);
        }
        self.known.1
    }
}

/// Counts what one sender handed over.
pub struct Counted {
    own: Own,
    recent: Recent,
}

impl Counted {
    pub fn of(sender: &Address, limits: Limits) -> Self {
        Self {
            own: Own::of(sender),
            recent: Recent::new(limits),
        }
    }

    pub fn add(&mut self, letter: &HandedOver) {
        if !self.own.is(&letter.sender) {
            return;
        }
        // One may write to oneself.
        let hash = |address: &str| {
            let mailbox = mailbox_of(address);
            (mailbox != self.own.mailbox).then(|| hash_of(&mailbox))
        };
        let (mut to, mut copies) = (None, Vec::new());
        for (address, copy) in letter.addresses() {
            match hash(address) {
                None => {}
                Some(hash) if copy => copies.push(hash),
                Some(hash) => to = Some(hash),
            }
        }
        self.recent.add(letter.id, to, copies, letter.at, letter.again);
    }

    pub fn finish(self) -> Recent {
        self.recent
    }
}
