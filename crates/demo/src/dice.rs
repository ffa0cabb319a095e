//! Numbers that look random and are the same for ever.

/// SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014): a counter that
/// advances by a fixed odd number, and a mixing function on it. Not for secrets.
#[derive(Debug, Clone)]
pub(crate) struct Dice {
    state: u64,
}

/// 2^64 divided by the golden ratio, odd: the counter visits all 2^64 values.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

impl Dice {
    /// A generator for one purpose. Different streams of one seed have nothing to do with each other, so a
    /// change to what one file draws leaves the other files alone.
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        Self { state: mix(seed.wrapping_add(mix(stream.wrapping_mul(STEP)))) }
    }

    /// The next 64 bits.
    pub(crate) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(STEP);
        mix(self.state)
    }

    /// A number from 0 to `end` without `end`; 0 if `end` is 0. The bias is below `end` in 2^64.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        let wide = u128::from(self.next()) * u128::from(end);
        // The upper half of a product of two 64-bit numbers fits 64 bits.
        (wide >> 64) as u64
    }

    /// A number from `first` to `last`, both included; `first` if `last` is smaller.
    pub(crate) fn between(&mut self, first: u64, last: u64) -> u64 {
        first + self.below(last.saturating_sub(first) + 1)
    }

    /// True in so many of a hundred cases.
    pub(crate) fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of a list, which must not be empty.
    pub(crate) fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.index(list.len())]
    }

    /// One of a list that must not be empty, each as often as its weight says.
    pub(crate) fn weighted<'a, T>(&mut self, list: &'a [T], weight: impl Fn(&T) -> u64) -> &'a T {
        let mut at = self.below(list.iter().map(&weight).sum());
        for item in list {
            let weight = weight(item);
            if at < weight {
                return item;
            }
            at -= weight;
        }
        &list[0]
    }

    /// Brings a list into another order (Fisher and Yates).
    pub(crate) fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            let other = self.index(last + 1);
            list.swap(last, other);
        }
    }

    fn index(&mut self, len: usize) -> usize {
        // Lossless both ways: the result is below `len`.
        self.below(len as u64) as usize
    }
}

fn mix(state: u64) -> u64 {
    let mut z = state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first numbers that the authors' C code (<https://prng.di.unimi.it/splitmix64.c>) gives for state 0.
    #[test]
    fn is_splitmix64() {
        let mut dice = Dice { state: 0 };
        let drawn = [dice.next(), dice.next(), dice.next()];
        assert_eq!(drawn, [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4, 0x06c4_5d18_8009_454f]);
    }

    #[test]
    fn stays_within_its_bounds_and_reaches_them() {
        let mut dice = Dice::new(7, 1);
        let drawn: Vec<u64> = (0..1_000).map(|_| dice.between(3, 9)).collect();
        assert_eq!((drawn.iter().min(), drawn.iter().max()), (Some(&3), Some(&9)));
        assert_eq!((dice.below(0), dice.between(5, 5), dice.between(5, 4)), (0, 5, 5));
    }
}
