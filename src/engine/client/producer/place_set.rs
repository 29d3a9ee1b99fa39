//! A set of places of a list, walked in order: which of a node's partitions have something to send.
//! Kafka walks all partitions of a node instead, which 10 000 partitions make slow; what comes out is the same.
//! Holds: finding the next place looks at one word for each 4 096 places.

/// A set of numbers below its capacity.
#[derive(Clone, Debug, Default)]
pub struct PlaceSet {
    words: Vec<u64>,
    /// One bit for each word that is not 0.
    summary: Vec<u64>,
}

impl PlaceSet {
    pub fn with_capacity(places: usize) -> Self {
        let words = places.div_ceil(64);
        PlaceSet { words: vec![0; words], summary: vec![0; words.div_ceil(64)] }
    }

    /// Returns whether it was not in the set before.
    #[inline]
    pub fn insert(&mut self, place: u32) -> bool {
        let word = (place >> 6) as usize;
        let bit = 1 << (place & 63);
        let new = self.words[word] & bit == 0;
        self.words[word] |= bit;
        self.summary[word >> 6] |= 1 << (word & 63);
        new
    }

    #[inline]
    pub fn remove(&mut self, place: u32) {
        let word = (place >> 6) as usize;
        self.words[word] &= !(1 << (place & 63));
        if self.words[word] == 0 {
            self.summary[word >> 6] &= !(1 << (word & 63));
        }
    }

    #[inline]
    pub fn contains(&self, place: u32) -> bool {
        self.words[(place >> 6) as usize] & (1 << (place & 63)) != 0
    }

    pub fn is_empty(&self) -> bool {
        self.summary.iter().all(|word| *word == 0)
    }

    /// The first place of the set that is not below `from`.
    #[inline]
    pub fn next_from(&self, from: u32) -> Option<u32> {
        let word = (from >> 6) as usize;
        if word >= self.words.len() {
            return None;
        }
        let rest = self.words[word] >> (from & 63);
        if rest != 0 {
            return Some(from + rest.trailing_zeros());
        }
        let later = word + 1;
        let mut mask = u64::MAX << (later & 63);
        for (index, summary) in self.summary.iter().enumerate().skip(later >> 6) {
            let words = summary & mask;
            mask = u64::MAX;
            if words != 0 {
                let found = index * 64 + words.trailing_zeros() as usize;
                return Some(found as u32 * 64 + self.words[found].trailing_zeros());
            }
        }
        None
    }

    /// All places, ascending.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        std::iter::successors(self.next_from(0), |place| self.next_from(place + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::Seed;
    use std::collections::BTreeSet;

    #[test]
    fn it_is_a_set() {
        let draws = Seed(1).stream("places");
        for capacity in [1, 63, 64, 65, 4_096, 4_097, 20_000] {
            let mut ours = PlaceSet::with_capacity(capacity);
            let mut plain = BTreeSet::new();
            for n in 0..2_000 {
                let place = (draws.at(2 * n) % capacity as u64) as u32;
                if draws.at(2 * n + 1).is_multiple_of(3) {
                    ours.remove(place);
                    plain.remove(&place);
                } else {
                    assert_eq!(ours.insert(place), plain.insert(place));
                }
                assert_eq!(ours.next_from(place + 1), plain.range(place + 1..).next().copied());
            }
            assert!(ours.iter().eq(plain.iter().copied()));
            assert_eq!(ours.is_empty(), plain.is_empty());
        }
    }
}
