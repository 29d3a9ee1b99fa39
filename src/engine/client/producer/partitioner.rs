//! Where a record goes: by the hash of its key, or, without a key, to a partition that sticks for about a batch.
//! Kafka: `BuiltInPartitioner`, KIP-480, KIP-794. Left out: `partitioner.class`,
//! `partitioner.availability.timeout.ms` (0 by default).
//! Holds: a key's partition depends on its bytes and on the number of all partitions, available or not; a sticky
//! partition changes by bytes, never by records or by time.

use super::metadata::Metadata;
use super::murmur2::{murmur2, to_positive};
use crate::engine::random::Stream;

/// The partition of a serialized key; an empty key is a key.
pub fn partition_for_key(key: &[u8], partitions: u32) -> u32 {
    to_positive(murmur2(key)) % partitions
}

/// Where the partitioner takes its random numbers from.
#[derive(Clone, Debug)]
pub enum PartitionDraws {
    /// Draw n of a stream decides the n-th choice.
    Stream { stream: Stream, next: u64 },
    /// 0, 1, 2, …: Kafka's own tests draw like this, so recorded answers can be compared.
    Counting(u32),
}

impl PartitionDraws {
    /// A number of 31 bits, as `toPositive` of Java's `nextInt`.
    fn draw(&mut self) -> u32 {
        match self {
            PartitionDraws::Stream { stream, next } => {
                let draw = stream.at(*next);
                *next += 1;
                (draw >> 33) as u32
            }
            PartitionDraws::Counting(next) => {
                let draw = *next;
                *next = next.wrapping_add(1) & 0x7fff_ffff;
                draw
            }
        }
    }
}

/// The sticky partition of one topic in one producer, and how it changes.
#[derive(Clone, Debug)]
pub struct BuiltInPartitioner {
    sticky_batch_size: u32,
    draws: PartitionDraws,
    /// None until the first record without a key.
    current: Option<u32>,
    /// Bytes appended to the current partition since it was chosen.
    produced_bytes: u32,
    load: LoadStats,
}

/// What adaptive partitioning weighs by: the queues, in batches, as the last check for readiness saw them.
#[derive(Clone, Debug, Default)]
struct LoadStats {
    /// False: choose uniformly.
    weighted: bool,
    /// Longest queue + 1.
    max_plus_one: u32,
    /// The queues that are not empty, in the order of partitions: (place among the available ones, length).
    queues: Vec<(u32, u32)>,
}

impl BuiltInPartitioner {
    /// `sticky_batch_size` is `batch.size`, at least 1.
    pub fn new(sticky_batch_size: u32, draws: PartitionDraws) -> Self {
        BuiltInPartitioner {
            sticky_batch_size: sticky_batch_size.max(1),
            draws,
            current: None,
            produced_bytes: 0,
            load: LoadStats::default(),
        }
    }

    /// The partition for the next record without a key; chooses one if there is none yet.
    pub fn peek_current_partition(&mut self, metadata: &Metadata) -> u32 {
        match self.current {
            Some(partition) => partition,
            None => self.switch(metadata),
        }
    }

    /// Whether a record without a key was ever sent.
    pub fn in_use(&self) -> bool {
        self.current.is_some()
    }

    /// Counts what was appended to the current partition and moves on when it has had its share: a batch's worth when
    /// all its batches are full, so that no half-filled batch is left behind, and two batches' worth in any case.
    /// Returns whether the partition was chosen anew (it may be the same one).
    pub fn update_partition_info(&mut self, appended_bytes: u32, metadata: &Metadata, all_batches_full: bool) -> bool {
        self.produced_bytes = self.produced_bytes.saturating_add(appended_bytes);
        let full_share = self.produced_bytes >= self.sticky_batch_size;
        if (full_share && all_batches_full) || self.produced_bytes >= self.sticky_batch_size.saturating_mul(2) {
            self.switch(metadata);
            return true;
        }
        false
    }

    fn switch(&mut self, metadata: &Metadata) -> u32 {
        let partition = self.next_partition(metadata);
        self.current = Some(partition);
        self.produced_bytes = 0;
        partition
    }

    fn next_partition(&mut self, metadata: &Metadata) -> u32 {
        let draw = self.draws.draw();
        if self.load.weighted {
            return metadata.available_in_order(self.load.choose(draw, metadata.available_count()));
        }
        match metadata.available_count() {
            0 => draw % metadata.partitions(),
            available => metadata.available(draw % available),
        }
    }

    /// Takes in the queues at a check for readiness: `queues` are the ones that are not empty, as (place of the
    /// partition among the available ones in ascending order, length in batches), ascending. `used` says whether every
    /// partition of the topic has had a batch; before that the choice is uniform.
    pub fn update_partition_load_stats(&mut self, queues: impl Iterator<Item = (u32, u32)>, used: bool, metadata: &Metadata) {
        self.load.queues.clear();
        self.load.weighted = false;
        let available = metadata.available_count();
        if !used || available < 1 || metadata.partitions() < 2 {
            return;
        }
        self.load.queues.extend(queues);
        let longest = self.load.queues.iter().map(|queue| queue.1).max().unwrap_or(0);
        let all_equal = if self.load.queues.len() == available as usize {
            self.load.queues.iter().all(|queue| queue.1 == longest)
        } else {
            self.load.queues.is_empty()
        };
        if all_equal && available == metadata.partitions() {
            self.load.queues.clear();
            return;
        }
        self.load.weighted = true;
        self.load.max_plus_one = longest + 1;
    }
}

impl LoadStats {
    /// The place whose interval holds the draw, when each place is as wide as `max_plus_one` less its queue. Only
    /// queues that are not empty are stored, so the walk is over those.
    fn choose(&self, draw: u32, places: u32) -> u32 {
        let full = u64::from(self.max_plus_one);
        let queued: u64 = self.queues.iter().map(|queue| u64::from(queue.1)).sum();
        let total = full * u64::from(places) - queued;
        let target = u64::from(draw) % total;
        // `missing` is how much narrower the places before the one in hand are than full ones.
        let mut missing = 0;
        for &(place, length) in &self.queues {
            let start = full * u64::from(place) - missing;
            if target < start {
                break;
            }
            let width = full - u64::from(length);
            if target < start + width {
                return place;
            }
            missing += u64::from(length);
        }
        ((target + missing) / full) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Kafka's own construction: running sums of the inverted queue lengths, and a search.
    fn by_table(queues: &[u32], draw: u32) -> u32 {
        let max_plus_one = queues.iter().max().unwrap() + 1;
        let mut sums = Vec::new();
        for queue in queues {
            sums.push(sums.last().unwrap_or(&0) + max_plus_one - queue);
        }
        let target = draw % sums.last().unwrap();
        sums.partition_point(|sum| *sum <= target) as u32
    }

    #[test]
    fn the_weighted_choice_is_the_one_of_the_frequency_table() {
        for queues in [&[0, 3, 1][..], &[0, 0, 5, 0, 2, 0], &[1, 0], &[0, 1], &[4, 4, 3], &[2, 0, 0, 0, 2]] {
            let metadata = Metadata::new(vec![Some(0); queues.len()]);
            let mut partitioner = BuiltInPartitioner::new(10, PartitionDraws::Counting(0));
            let filled = queues.iter().enumerate().filter(|(_, q)| **q > 0).map(|(place, q)| (place as u32, *q));
            partitioner.update_partition_load_stats(filled, true, &metadata);
            for draw in 0..200 {
                assert_eq!(partitioner.next_partition(&metadata), by_table(queues, draw), "{queues:?} draw {draw}");
            }
        }
    }

    #[test]
    fn equal_queues_and_unused_partitions_are_chosen_uniformly() {
        let metadata = Metadata::new(vec![Some(0); 3]);
        let mut partitioner = BuiltInPartitioner::new(10, PartitionDraws::Counting(0));
        partitioner.update_partition_load_stats([(0, 2), (1, 2), (2, 2)].into_iter(), true, &metadata);
        assert!(!partitioner.load.weighted);
        partitioner.update_partition_load_stats([(1, 7)].into_iter(), false, &metadata);
        assert!(!partitioner.load.weighted);
        partitioner.update_partition_load_stats([(1, 7)].into_iter(), true, &metadata);
        assert!(partitioner.load.weighted);
    }

    #[test]
    fn the_partition_changes_by_bytes_and_waits_for_a_full_batch() {
        let metadata = Metadata::new(vec![Some(0); 3]);
        let mut partitioner = BuiltInPartitioner::new(100, PartitionDraws::Counting(0));
        assert_eq!(partitioner.peek_current_partition(&metadata), 0);
        assert!(!partitioner.update_partition_info(99, &metadata, true));
        assert!(!partitioner.update_partition_info(50, &metadata, false), "a batch is still open");
        assert!(partitioner.update_partition_info(0, &metadata, true));
        assert_eq!(partitioner.peek_current_partition(&metadata), 1);
        assert!(partitioner.update_partition_info(200, &metadata, false), "two batches' worth is enough");
    }
}
