//! Which consumer can read which partition without leaving its rack.
//! Kafka: `AbstractStickyAssignor.RackInfo`.

use super::super::{GroupSubscription, sorted_union};

/// Empty lists when racks make no difference: nobody names one, or every partition is on all of them.
pub struct RackInfo<'a> {
    /// By consumer.
    consumer_racks: Vec<Option<usize>>,
    /// By partition.
    partition_racks: &'a [Vec<usize>],
    /// By partition.
    consumers_in_racks: Vec<usize>,
}

impl<'a> RackInfo<'a> {
    pub fn new(group: &'a GroupSubscription) -> Self {
        let racks = sorted_union(group.consumers.iter().filter_map(|consumer| consumer.rack.as_ref()));
        if !group.use_rack_aware_assignment(&racks, 0..group.ids.len()) {
            return RackInfo { consumer_racks: Vec::new(), partition_racks: &[], consumers_in_racks: Vec::new() };
        }
        let consumer_racks: Vec<Option<usize>> = group.consumers.iter().map(|consumer| consumer.rack).collect();
        let consumers_in = |racks: &[usize]| consumer_racks.iter().flatten().filter(|rack| racks.contains(rack)).count();
        RackInfo {
            consumers_in_racks: group.racks_of.iter().map(|racks| consumers_in(racks)).collect(),
            partition_racks: &group.racks_of,
            consumer_racks,
        }
    }

    pub fn is_rack_aware(&self) -> bool {
        !self.consumer_racks.is_empty()
    }

    /// Never true of a consumer that names no rack.
    pub fn racks_mismatch(&self, consumer: usize, partition: usize) -> bool {
        self.rack_of(consumer).is_some_and(|rack| !self.partition_racks[partition].contains(&rack))
    }

    /// Partitions that few consumers can read in their rack come first.
    pub fn sort_partitions_by_rack_consumers(&self, partitions: &mut [usize]) {
        if self.is_rack_aware() {
            partitions.sort_by_key(|&partition| self.consumers_in_racks[partition]);
        }
    }

    /// The place of the first consumer, counted around from `first`, that has the partition in its rack.
    pub fn next_rack_consumer(&self, partition: usize, consumers: &[usize], first: usize) -> Option<usize> {
        (0..consumers.len())
            .map(|step| (first + step) % consumers.len())
            .find(|&place| self.rack_of(consumers[place]).is_some_and(|rack| self.partition_racks[partition].contains(&rack)))
    }

    fn rack_of(&self, consumer: usize) -> Option<usize> {
        self.consumer_racks.get(consumer).copied().flatten()
    }
}
