//! Which addresses more than one row has: found in one look at each row, in two bytes a row.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::campaign::Address;

/// The addresses that recur, by their hashes, and a few others that only look as if.
#[derive(Debug)]
pub struct Recurring {
    /// Sorted.
    pub(super) hashes: Vec<u64>,
}

impl Recurring {
    /// Whether this may be one of them; of those that are, none is missing.
    pub fn may_have(&self, address: &Address) -> bool {
        !self.hashes.is_empty() && self.hashes.binary_search(&hash(address)).is_ok()
    }
}

/// Which hashes there have been (a Bloom filter): it never forgets one, and takes about one in ten thousand for known
/// that is not.
pub struct Finder {
    bits: Vec<u64>,
    found: Vec<u64>,
}

impl Finder {
    const BITS_EACH: usize = 16;
    const PROBES: u32 = 6;

    /// For so many addresses.
    pub fn new(number: usize) -> Self {
        Self {
            bits: vec![0; (number * Self::BITS_EACH).div_ceil(64).max(1)],
            found: Vec::new(),
        }
    }

    /// Takes note of one row's address.
    pub fn add(&mut self, address: &Address) {
        let hash = hash(address);
        if !self.again(hash) {
            return;
        }
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
        let bits = self.bits.len() as u64 * 64;
        // Places that follow from two halves of one hash do as well as those of as many hashes.
        let (mut place, step) = (hash, hash.rotate_left(32) | 1);
        let mut known = true;
        for _ in 0..Self::PROBES {
            // The upper half of the product: a place between 0 and `bits`, without a division.
            let bit = (u128::from(place) * u128::from(bits)) >> 64;
            #[expect(
                clippy::cast_possible_truncation,
                reason = "it is less than the number of bits there are"
            )]
            let bit = bit as usize;
            let (word, mask) = (&mut self.bits[bit / 64], 1 << (bit % 64));
            known &= *word & mask != 0;
            *word |= mask;
            place = place.wrapping_add(step);
        }
        known
    }

    /// After the last row.
    pub fn finish(mut self) -> Recurring {
        once_each(&mut self.found);
        Recurring { hashes: self.found }
    }
}

fn once_each(hashes: &mut Vec<u64>) {
    hashes.sort_unstable();
    hashes.dedup();
}

/// The same on every run: nothing random in it, and an accidental match costs only one look at the letter's id.
fn hash(address: &Address) -> u64 {
    let mut hasher = DefaultHasher::new();
    address.folded().hash(&mut hasher);
    hasher.finish()
}
