//! No flood: how much one address has had from a sender in 24 hours, and what still may leave.
//!
//! What left earlier is a value that is handed in ([`Recent`]); what this run lets leave is counted as its letters are
//! decided, in their order (`Tally`). So two passes over the same letters come to the same.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use appel_messages::{Message, msg};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use super::envelope::{Envelope, LetterId};
use super::recurring::Recurring;
use crate::address::Address;
use crate::campaign::Limits;

/// How long a letter counts.
pub const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Why a letter is held back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Over {
    /// The address that has had enough.
    pub address: Address,
    /// As a copy; else as the To.
    pub copy: bool,
    /// How many it gets.
    pub limit: usize,
    /// The letter may leave after this.
    pub from: Timestamp,
}

impl Over {
    /// Which address gets how much.
    #[must_use]
    pub fn message(&self) -> Message {
        if self.copy {
            msg!("limit-copies", address = &self.address, limit = self.limit)
        } else {
            msg!("limit-letters", address = &self.address, limit = self.limit)
        }
    }
}

/// Whose mailbox, as counts know it: the same on every run, and an accidental match only holds a letter back for a day.
#[must_use]
pub fn hash_of(mailbox: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    mailbox.hash(&mut hasher);
    hasher.finish()
}

/// Salt of the hashes that outlive a campaign's records.
pub type Salt = [u8; 16];

/// A mailbox as it is kept when the records are forgotten: nobody who does not guess the address can tell whose it is.
#[must_use]
pub fn salted(salt: &Salt, sender: &str, mailbox: &str) -> u64 {
    let mut digest = Sha256::new();
    digest.update(salt);
    for part in [sender, mailbox] {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part.as_bytes());
    }
    let digest = digest.finalize();
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    u64::from_be_bytes(first)
}

/// When addresses were written to, by their hashes.
#[derive(Debug, Default)]
pub struct Times {
    /// By hash, then by time, in seconds since 1970.
    sorted: Vec<(u64, i64)>,
    /// How many of `sorted` are in order.
    ordered: usize,
}

impl Times {
    const fn new() -> Self {
        Self {
            sorted: Vec::new(),
            ordered: 0,
        }
    }

    /// One more. Of each address no more than the newest are kept, one above `limit`: they decide when there is room.
    pub fn add(&mut self, hash: u64, at: i64, limit: usize) {
        if self.sorted.len() == self.sorted.capacity() && self.sorted.len() > 2 * self.ordered {
            self.order(limit);
        }
        self.sorted.push((hash, at));
    }

    fn order(&mut self, limit: usize) {
        self.sorted.sort_unstable();
        let mut kept = Vec::with_capacity(self.sorted.len());
        for same in self.sorted.chunk_by(|one, other| one.0 == other.0) {
            kept.extend_from_slice(&same[same.len().saturating_sub(limit.saturating_add(1))..]);
        }
        kept.shrink_to_fit();
        self.ordered = kept.len();
        self.sorted = kept;
    }

    fn of(&self, hash: u64) -> &[(u64, i64)] {
        let from = self.sorted.partition_point(|(other, _)| *other < hash);
        let rest = &self.sorted[from..];
        &rest[..rest.partition_point(|(other, _)| *other == hash)]
    }
}

/// A letter that may have arrived, and leaves again when that is asked for: it is counted already.
#[derive(Clone, Debug, Default)]
struct Counted {
    to: bool,
    /// Its copies.
    copies: Vec<u64>,
}

/// What a sender handed over in the last 24 hours, in whatever campaign, as it was when a run began.
#[derive(Debug, Default)]
pub struct Recent {
    letters: Times,
    copies: Times,
    /// Of campaigns whose records were forgotten: see [`salted`].
    forgotten: Option<Box<Forgotten>>,
    again: HashMap<LetterId, Counted>,
    limits: Limits,
}

#[derive(Debug)]
struct Forgotten {
    salt: Salt,
    letters: Times,
    copies: Times,
}

impl Recent {
    /// Nothing yet.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            ..Self::default()
        }
    }

    /// A letter that was handed over: its To and its copies, as [`hash_of`] their mailboxes. `again`: it may be sent once
    /// more.
    pub fn add(&mut self, id: LetterId, to: Option<u64>, copies: Vec<u64>, at: Timestamp, again: bool) {
        let at = at.as_second();
        if let Some(to) = to {
            self.letters.add(to, at, self.limits.letters_per_address);
        }
        for copy in &copies {
            self.copies.add(*copy, at, self.limits.copies_per_address);
        }
        if again {
            let to = to.is_some();
            self.again.insert(id, Counted { to, copies });
        }
    }

    /// One address of a letter whose record is forgotten.
    pub fn add_forgotten(&mut self, salt: Salt, hash: u64, copy: bool, at: Timestamp) {
        let forgotten = self.forgotten.get_or_insert_with(|| {
            Box::new(Forgotten {
                salt,
                letters: Times::new(),
                copies: Times::new(),
            })
        });
        let (times, limit) = if copy {
            (&mut forgotten.copies, self.limits.copies_per_address)
        } else {
            (&mut forgotten.letters, self.limits.letters_per_address)
        };
        times.add(hash, at.as_second(), limit);
    }

    /// After the last one.
    #[must_use]
    pub fn finish(mut self) -> Self {
        let Limits {
            letters_per_address: letters,
            copies_per_address: copies,
            ..
        } = self.limits;
        self.letters.order(letters);
        self.copies.order(copies);
        if let Some(forgotten) = &mut self.forgotten {
            forgotten.letters.order(letters);
            forgotten.copies.order(copies);
        }
        self
    }

    /// How often a mailbox was written to.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn count(&self, mailbox: &str, copy: bool, sender: &str) -> usize {
        let hash = hash_of(mailbox);
        self.times(Key { hash, copy }, mailbox, sender).len()
    }

    /// When an address was written to, oldest first.
    fn times(&self, key: Key, mailbox: &str, sender: &str) -> Vec<i64> {
        let known = if key.copy { &self.copies } else { &self.letters };
        let mut times: Vec<i64> = known.of(key.hash).iter().map(|(_, at)| *at).collect();
        if let Some(forgotten) = &self.forgotten {
            let known = if key.copy {
                &forgotten.copies
            } else {
                &forgotten.letters
            };
            let of = known.of(salted(&forgotten.salt, sender, mailbox));
            times.extend(of.iter().map(|(_, at)| *at));
            times.sort_unstable();
        }
        times
    }
}

/// An address in one of its two parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    hash: u64,
    copy: bool,
}

/// Counts what the letters of a run hand over, in their order.
#[derive(Debug)]
pub(super) struct Tally {
    recent: Arc<Recent>,
    recurring: Arc<Recurring>,
    limits: Limits,
    now: Timestamp,
    /// The mailbox that they come from.
    sender: String,
    /// Letters and copies to addresses that more than one row has.
    counted: HashMap<Key, usize>,
    /// The row at hand, and how many of its letters are counted: enough for an address that no other row has.
    line: usize,
    of_row: usize,
}

impl Tally {
    /// At the beginning of a run.
    pub fn new(
        recent: &Arc<Recent>,
        limits: Limits,
        sender: &Address,
        now: Timestamp,
        recurring: &Arc<Recurring>,
    ) -> Self {
        Self {
            recent: Arc::clone(recent),
            recurring: Arc::clone(recurring),
            limits,
            now,
            sender: sender.mailbox().into_owned(),
            counted: HashMap::new(),
            line: 0,
            of_row: 0,
        }
    }

    /// Counts a letter that would leave.
    ///
    /// # Errors
    /// When it must not: then it is not counted.
    pub fn admit(&mut self, id: LetterId, line: usize, envelope: &Envelope) -> Result<(), Box<Over>> {
        if self.line != line {
            self.line = line;
            self.of_row = 0;
        }
        let to = std::iter::once((&envelope.to, false));
        let all = to.chain(envelope.cc.iter().map(|address| (address, true)));
        self.admit_all(id, all, Some(self.of_row))?;
        if !self.recent.again.contains_key(&id) {
            self.of_row += 1;
        }
        Ok(())
    }

    /// Counts a copy that would leave by itself.
    ///
    /// # Errors
    /// When it must not: then it is not counted.
    pub fn admit_copy(&mut self, id: LetterId, to: &Address) -> Result<(), Box<Over>> {
        self.admit_all(id, std::iter::once((to, true)), None)
    }

    /// `of_row`: how many letters of the row at hand are counted; `None` for what belongs to no row's count.
    fn admit_all<'a>(
        &mut self,
        id: LetterId,
        all: impl Iterator<Item = (&'a Address, bool)>,
        of_row: Option<usize>,
    ) -> Result<(), Box<Over>> {
        let recent = Arc::clone(&self.recent);
        let known = recent.again.get(&id);
        let mut keys: Vec<Key> = Vec::with_capacity(1 + all.size_hint().0);
        for (address, copy) in all {
            let mailbox = address.mailbox();
            // One may write to oneself.
            if *mailbox == *self.sender {
                continue;
            }
            let hash = hash_of(&mailbox);
            let key = Key { hash, copy };
            // `info+1@…` and `info+2@…` are copies to one mailbox.
            let here = keys.iter().filter(|other| **other == key).count();
            let counted = self.counted.get(&key).copied().unwrap_or(0);
            let of_run = if self.recurs(key) {
                counted
            } else {
                counted + of_row.unwrap_or(0)
            };
            let limit = if copy {
                self.limits.copies_per_address
            } else {
                self.limits.letters_per_address
            };
            keys.push(key);
            let mut before = self.recent.times(key, &mailbox, &self.sender);
            if known.is_some_and(|known| known.has(key)) {
                // Its own doubt does not stand in its way.
                before.pop();
            }
            if before.len() + of_run + here >= limit {
                return Err(Box::new(Over {
                    address: address.clone(),
                    copy,
                    limit,
                    from: self.room_from(&before, of_run + here, limit),
                }));
            }
        }
        for key in keys {
            if known.is_some_and(|known| known.has(key)) {
                continue;
            }
            if of_row.is_none() || self.recurs(key) {
                *self.counted.entry(key).or_default() += 1;
            }
        }
        Ok(())
    }

    /// Whether letters to more than one row reach this address.
    fn recurs(&self, key: Key) -> bool {
        if key.copy {
            self.recurring.has_copy(key.hash)
        } else {
            self.recurring.has(key.hash)
        }
    }

    /// When so many of those before are a day old that there is room for one.
    fn room_from(&self, before: &[i64], of_run: usize, limit: usize) -> Timestamp {
        let stay = limit.saturating_sub(1).checked_sub(of_run);
        let expires = stay
            .and_then(|stay| before.len().checked_sub(stay + 1))
            .and_then(|at| before.get(at));
        let counts_from = expires
            .and_then(|at| Timestamp::from_second(*at).ok())
            .unwrap_or(self.now);
        counts_from.checked_add(DAY).unwrap_or(Timestamp::MAX)
    }
}

impl Counted {
    fn has(&self, key: Key) -> bool {
        if key.copy {
            self.copies.contains(&key.hash)
        } else {
            self.to
        }
    }
}
