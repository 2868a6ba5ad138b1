//! Which mailboxes more than one row has: found in one look at each row, in two bytes a row.

/// The mailboxes that recur, by their hashes, and a few others that only look as if.
#[derive(Debug)]
pub struct Recurring {
    /// Sorted.
    pub(super) hashes: Vec<u64>,
}

impl Recurring {
    /// Whether this may be one of them; of those that are, none is missing.
    pub fn may_have(&self, hash: u64) -> bool {
        !self.hashes.is_empty() && self.hashes.binary_search(&hash).is_ok()
    }
}

/// Which hashes there have been (a Bloom filter): it never forgets one, and takes about one in ten thousand for known
/// that is not.
pub struct Finder {
    bits: Vec<u64>,
    /// For how many more there is room in `bits`.
    room: usize,
    /// Filters that are full.
    full: Vec<Vec<u64>>,
    /// For how many the next one is.
    next: usize,
    found: Vec<u64>,
}

impl Finder {
    const BITS_EACH: usize = 16;
    const PROBES: u32 = 6;

    /// For so many mailboxes; with more of them it grows.
    pub fn new(number: usize) -> Self {
        Self {
            bits: Self::empty(number),
            room: number,
            full: Vec::new(),
            next: 2 * number,
            found: Vec::new(),
        }
    }

    /// The same for what there may be none of: it takes nothing until there is one.
    pub fn for_any(number: usize) -> Self {
        Self {
            next: number,
            ..Self::new(0)
        }
    }

    fn empty(number: usize) -> Vec<u64> {
        vec![0; (number * Self::BITS_EACH).div_ceil(64).max(1)]
    }

    /// Takes note of a mailbox, by its hash.
    pub fn add(&mut self, hash: u64) {
        if self.room == 0 {
            let number = self.next.max(1024);
            let full = std::mem::replace(&mut self.bits, Self::empty(number));
            self.full.extend(Some(full).filter(|full| full.len() > 1));
            (self.room, self.next) = (number, 2 * number);
        }
        let known = self.full.iter().any(|bits| known(bits, hash));
        if self.again(hash) || known {
            self.found(hash);
        } else {
            self.room -= 1;
        }
    }

    /// Takes note of a mailbox that is to count as one that recurs.
    pub fn found(&mut self, hash: u64) {
        // The same address in every row is still but one.
        if self.found.len() == self.found.capacity() {
            once_each(&mut self.found);
            // Room for as many again: with little left, every few more would have all of them sorted anew.
            self.found.reserve(self.found.len());
        }
        self.found.push(hash);
    }

    /// Whether `hash` was there before, or looks as if.
    fn again(&mut self, hash: u64) -> bool {
        let mut known = true;
        for bit in probes(self.bits.len(), hash) {
            let (word, mask) = (&mut self.bits[bit / 64], 1 << (bit % 64));
            known &= *word & mask != 0;
            *word |= mask;
        }
        known
    }

    /// After the last row.
    pub fn finish(mut self) -> Recurring {
        once_each(&mut self.found);
        Recurring { hashes: self.found }
    }
}

/// Where a filter of so many words has its bits of a hash.
fn probes(words: usize, hash: u64) -> impl Iterator<Item = usize> {
    let bits = words as u64 * 64;
    // Places that follow from two halves of one hash do as well as those of as many hashes.
    let step = hash.rotate_left(32) | 1;
    let places = std::iter::successors(Some(hash), move |place| Some(place.wrapping_add(step)));
    places.take(Finder::PROBES as usize).map(move |place| {
        // The upper half of the product: a place between 0 and `bits`, without a division.
        let bit = (u128::from(place) * u128::from(bits)) >> 64;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "it is less than the number of bits there are"
        )]
        let bit = bit as usize;
        bit
    })
}

/// Whether a filter has a hash, or looks as if.
fn known(bits: &[u64], hash: u64) -> bool {
    probes(bits.len(), hash).all(|bit| bits[bit / 64] & (1 << (bit % 64)) != 0)
}

fn once_each(hashes: &mut Vec<u64>) {
    hashes.sort_unstable();
    hashes.dedup();
}
