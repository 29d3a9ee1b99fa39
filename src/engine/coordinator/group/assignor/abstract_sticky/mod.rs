//! What both sticky assignors share: sort out who owns what, then keep as much of it as balance allows.
//! Kafka: `AbstractStickyAssignor`, KIP-54, KIP-341, KIP-881 for racks.
//! Left out: Kafka's answer for a group in which some members want no topic at all depends on the order of a hash map;
//! here such a group counts as one with different subscriptions.
//! Holds: every partition has one owner; with equal subscriptions nobody has more than one partition more than another.

mod constrained;
mod general;
mod partition_movements;
mod rack_info;

use super::{Assignment, GroupSubscription};
use constrained::ConstrainedAssignmentBuilder;
use general::GeneralAssignmentBuilder;
use rack_info::RackInfo;

pub(super) struct StickyAssignment {
    pub assignment: Assignment,
    /// By partition: it has a new owner while its old one has yet to give it up. None: not known by this algorithm.
    pub partitions_transferring_ownership: Option<Vec<bool>>,
}

pub(super) fn assign_partitions(group: &GroupSubscription) -> StickyAssignment {
    if group.consumers.is_empty() {
        return StickyAssignment { assignment: Vec::new(), partitions_transferring_ownership: None };
    }
    let rack_info = RackInfo::new(group);
    let owned = OwnedPartitions::new(group);
    if group.all_subscriptions_equal {
        ConstrainedAssignmentBuilder::new(group, rack_info, owned).build()
    } else {
        GeneralAssignmentBuilder::new(group, rack_info, owned).build()
    }
}

/// Who owns what before this rebalance, once contradictions are settled.
struct OwnedPartitions {
    /// By partition.
    owner: Vec<Option<usize>>,
    /// By partition: claimed by several members of the same generation, so nobody is believed.
    with_multiple_previous_owners: Vec<bool>,
}

impl OwnedPartitions {
    /// The younger generation is right. Part of `AbstractStickyAssignor.allSubscriptionsEqual`.
    fn new(group: &GroupSubscription) -> Self {
        let partitions = group.ids.len();
        let (mut owner, mut multiple): (Vec<Option<usize>>, _) = (vec![None; partitions], vec![false; partitions]);
        let mut last_claim: Vec<Option<usize>> = vec![None; partitions];
        for (consumer, claims) in group.consumers.iter().enumerate() {
            for &partition in &claims.owned {
                let Some(other) = last_claim[partition] else {
                    owner[partition] = Some(consumer);
                    last_claim[partition] = Some(consumer);
                    continue;
                };
                let other_generation = group.consumers[other].generation;
                if claims.generation >= other_generation {
                    multiple[partition] |= claims.generation == other_generation;
                    owner[partition] = (claims.generation > other_generation).then_some(consumer);
                    last_claim[partition] = Some(consumer);
                }
            }
        }
        OwnedPartitions { owner, with_multiple_previous_owners: multiple }
    }
}
