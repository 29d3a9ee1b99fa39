//! Who gave which partition to whom during one balancing, so that a partition of the same topic that just moved from B
//! to A goes back instead of another one moving from A to B.
//! Kafka: `AbstractStickyAssignor.PartitionMovements`. Of several partitions that could go back Kafka takes the first of
//! a hash set; this one takes the first by number.

use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct ConsumerPair {
    from: usize,
    to: usize,
}

#[derive(Default)]
pub struct PartitionMovements {
    by_topic: BTreeMap<(usize, ConsumerPair), BTreeSet<usize>>,
    by_partition: BTreeMap<usize, ConsumerPair>,
}

impl PartitionMovements {
    pub fn move_partition(&mut self, partition: usize, topic: usize, from: usize, to: usize) {
        let mut pair = ConsumerPair { from, to };
        if let Some(earlier) = self.by_partition.remove(&partition) {
            let moved = self.by_topic.get_mut(&(topic, earlier)).expect("each movement is filed twice");
            moved.remove(&partition);
            if moved.is_empty() {
                self.by_topic.remove(&(topic, earlier));
            }
            if earlier.from == to {
                return;
            }
            pair.from = earlier.from;
        }
        self.by_partition.insert(partition, pair);
        self.by_topic.entry((topic, pair)).or_default().insert(partition);
    }

    pub fn the_actual_partition_to_be_moved(&self, partition: usize, topic: usize, from: usize, to: usize) -> usize {
        let from = self.by_partition.get(&partition).map_or(from, |earlier| earlier.from);
        let back = (topic, ConsumerPair { from: to, to: from });
        self.by_topic.get(&back).and_then(BTreeSet::first).copied().unwrap_or(partition)
    }
}
