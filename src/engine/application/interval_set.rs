//! A set of offsets, as half-open intervals in order. What a group does is mostly one interval a partition.

use super::super::id::{Offset, OffsetCount};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IntervalSet {
    intervals: Vec<(Offset, Offset)>,
    count: OffsetCount,
}

impl IntervalSet {
    pub fn count(&self) -> OffsetCount {
        self.count
    }

    pub fn intervals(&self) -> &[(Offset, Offset)] {
        &self.intervals
    }

    pub fn contains(&self, offset: Offset) -> bool {
        let after = self.intervals.partition_point(|&(_, end)| end <= offset);
        self.intervals.get(after).is_some_and(|&(start, _)| start <= offset)
    }

    /// How many offsets below `end` are in the set.
    pub fn count_below(&self, end: Offset) -> OffsetCount {
        self.intervals.iter().map(|&(start, stop)| stop.min(end).saturating_sub(start)).sum()
    }

    /// Adds `first..last` and hands each part that was there before to `repeated`.
    #[inline]
    pub fn insert(&mut self, first: Offset, last: Offset, mut repeated: impl FnMut(Offset, Offset)) {
        if first >= last {
            return;
        }
        // The plain case: it goes on where the last one ended.
        match self.intervals.last_mut() {
            None => {
                self.intervals.push((first, last));
                self.count += last - first;
                return;
            }
            Some((_, end)) if *end == first => {
                *end = last;
                self.count += last - first;
                return;
            }
            Some((_, end)) if *end < first => {
                self.intervals.push((first, last));
                self.count += last - first;
                return;
            }
            Some(_) => {}
        }
        let from = self.intervals.partition_point(|&(_, end)| end < first);
        let to = self.intervals.partition_point(|&(start, _)| start <= last);
        let (mut start, mut stop) = (first, last);
        let mut known = 0;
        for &(a, b) in &self.intervals[from..to] {
            let (low, high) = (a.max(first), b.min(last));
            if low < high {
                known += high - low;
                repeated(low, high);
            }
            start = start.min(a);
            stop = stop.max(b);
        }
        self.count += last - first - known;
        self.intervals.splice(from..to, [(start, stop)]);
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Takes `first..last` out and says how many of them there were.
    pub fn remove(&mut self, first: Offset, last: Offset) -> OffsetCount {
        let from = self.intervals.partition_point(|&(_, end)| end <= first);
        let to = self.intervals.partition_point(|&(start, _)| start < last);
        if from >= to || first >= last {
            return 0;
        }
        let (start, end) = (self.intervals[from].0, self.intervals[to - 1].1);
        let removed = self.intervals[from..to].iter().map(|&(a, b)| b.min(last) - a.max(first)).sum();
        let left = [(start, first), (last, end)].into_iter().filter(|&(a, b)| a < b);
        self.intervals.splice(from..to, left);
        self.count -= removed;
        removed
    }

    /// The parts of `first..last` that are not in the set.
    pub fn gaps(&self, first: Offset, last: Offset) -> Vec<(Offset, Offset)> {
        let from = self.intervals.partition_point(|&(_, end)| end <= first);
        let mut gaps = Vec::new();
        let mut at = first;
        for &(start, end) in self.intervals[from..].iter().take_while(|&&(start, _)| start < last) {
            if at < start {
                gaps.push((at, start));
            }
            at = end;
        }
        if at < last {
            gaps.push((at, last));
        }
        gaps
    }

    /// The first offset at or after `from` that is not in the set.
    pub fn first_missing(&self, from: Offset) -> Offset {
        let after = self.intervals.partition_point(|&(_, end)| end <= from);
        match self.intervals.get(after) {
            Some(&(start, end)) if start <= from => end,
            _ => from,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::Seed;

    #[test]
    fn it_is_the_set_that_a_table_of_flags_would_be() {
        let luck = Seed(11).stream("intervals");
        for round in 0..200 {
            let (mut set, mut flags) = (IntervalSet::default(), [false; 100]);
            for step in 0..20 {
                let draw = luck.at(round * 20 + step);
                let (first, length) = (draw % 90, (draw >> 32) % 10);
                let mut told = Vec::new();
                set.insert(first, first + length, |a, b| told.extend(a..b));
                let known: Vec<u64> = (first..first + length).filter(|&n| flags[n as usize]).collect();
                assert_eq!(told, known);
                (first..first + length).for_each(|n| flags[n as usize] = true);
                assert_eq!(set.count(), flags.iter().filter(|f| **f).count() as u64);
                assert!((0..100).all(|n| set.contains(n) == flags[n as usize]));
                let missing = (first..100).find(|&n| !flags[n as usize]).unwrap_or(100);
                assert_eq!(set.first_missing(first).min(100), missing);
                assert_eq!(set.count_below(50), flags[..50].iter().filter(|f| **f).count() as u64);
                let gaps: Vec<u64> = set.gaps(first, 95).into_iter().flat_map(|(a, b)| a..b).collect();
                assert_eq!(gaps, (first..95).filter(|&n| !flags[n as usize]).collect::<Vec<_>>());
                if step % 3 == 0 {
                    let (first, last) = (draw >> 16 & 63, (draw >> 16 & 63) + (draw >> 24 & 31));
                    let there = (first..last).filter(|&n| flags[n as usize]).count() as u64;
                    assert_eq!(set.remove(first, last), there);
                    (first..last).for_each(|n| flags[n as usize] = false);
                    assert_eq!(set.count(), flags.iter().filter(|f| **f).count() as u64);
                    assert!((0..100).all(|n| set.contains(n) == flags[n as usize]));
                    assert!(set.intervals().windows(2).all(|pair| pair[0].1 < pair[1].0));
                }
            }
        }
    }
}
