//! Chance from a seed: the same seed, the same throws.

use std::time::Duration;

/// `SplitMix64`: small, and good enough to choose faults with.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Dice of its own for one thing, so that what one thing throws moves nobody else's throws.
    pub fn apart(&mut self) -> Self {
        Self(self.throw())
    }

    const fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From `least` to `most`, both among them.
    pub const fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.throw() % (most - least + 1)
    }

    /// The same, for counts.
    pub fn count(&mut self, least: usize, most: usize) -> usize {
        usize::try_from(self.between(least as u64, most as u64)).unwrap()
    }

    /// True so many times in a hundred.
    pub const fn percent(&mut self, times: u64) -> bool {
        self.throw() % 100 < times
    }

    /// True so many times in a thousand.
    pub const fn permille(&mut self, times: u64) -> bool {
        self.throw() % 1000 < times
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.count(0, from.len() - 1)]
    }

    /// One of them, as often as its weight says.
    pub fn weighted<T: Copy>(&mut self, from: &[(u64, T)]) -> T {
        let mut left = self.between(1, from.iter().map(|(weight, _)| weight).sum());
        for (weight, one) in from {
            if left <= *weight {
                return *one;
            }
            left -= weight;
        }
        unreachable!("the weights add up")
    }

    /// Small ones as likely as large ones: every size of magnitude has its turn.
    pub fn magnitude(&mut self, most: u64) -> u64 {
        let bits = self.between(0, u64::from(u64::BITS - most.leading_zeros()));
        self.between(0, (1 << bits) - 1).clamp(1, most)
    }

    pub fn seconds(&mut self, least: u64, most: u64) -> Duration {
        Duration::from_millis(self.between(least * 1000, most * 1000))
    }
}
