//! Which mailboxes more than one row has: found in one look at each row, in four bytes a row.

/// The mailboxes that recur, by a part of their hashes. None of them is missing; of a million others, a few hundred look
/// as if.
#[derive(Debug)]
pub struct Recurring {
    /// Those that rows have, and their addresses as they are written.
    to: Vec<u32>,
    /// Those that get copies of more than one row's letters.
    copies: Vec<u32>,
}

impl Recurring {
    /// Whether more than one row may have this mailbox.
    pub fn has(&self, hash: u64) -> bool {
        self.to.binary_search(&part(hash)).is_ok()
    }

    /// Whether letters to more than one row may have copies to this mailbox.
    pub fn has_copy(&self, hash: u64) -> bool {
        self.copies.binary_search(&part(hash)).is_ok()
    }

    /// How many there are.
    #[cfg(test)]
    pub const fn count(&self) -> (usize, usize) {
        (self.to.len(), self.copies.len())
    }
}

/// Takes note of the mailboxes of all rows.
pub struct Finder {
    to: Seen,
    copies: Seen,
}

impl Finder {
    /// For so many rows.
    pub fn new(rows: usize) -> Self {
        Self {
            to: Seen {
                once: Vec::with_capacity(rows),
                ..Seen::default()
            },
            copies: Seen::default(),
        }
    }

    /// The mailbox of a row.
    pub fn add(&mut self, hash: u64) {
        self.to.add(part(hash));
    }

    /// A mailbox that gets a copy of a row's letters.
    pub fn add_copy(&mut self, hash: u64) {
        self.copies.add(part(hash));
    }

    /// After the last row.
    pub fn finish(self) -> Recurring {
        Recurring {
            to: self.to.finish(),
            copies: self.copies.finish(),
        }
    }
}

#[derive(Default)]
struct Seen {
    once: Vec<u32>,
    again: Vec<u32>,
}

impl Seen {
    fn add(&mut self, part: u32) {
        if self.once.len() == self.once.capacity() {
            self.sort();
            // Room for as many again: with little left, every few more would have all of them sorted anew.
            self.once.reserve(self.once.len());
        }
        self.once.push(part);
    }

    fn sort(&mut self) {
        self.once.sort_unstable();
        let several = self
            .once
            .chunk_by(|one, other| one == other)
            .filter(|same| same.len() > 1);
        self.again.extend(several.map(|same| same[0]));
        self.once.dedup();
    }

    fn finish(mut self) -> Vec<u32> {
        self.sort();
        self.again.sort_unstable();
        self.again.dedup();
        self.again.shrink_to_fit();
        self.again
    }
}

/// Half of a hash.
const fn part(hash: u64) -> u32 {
    (hash >> 32) as u32
}
