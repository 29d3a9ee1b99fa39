//! Cooperative sticky: members keep what they own through the rebalance, so a partition that is to move is given to
//! nobody in this round. Its owner sees that it is missing, revokes it and rejoins; the next round gives it away.
//! Kafka: `CooperativeStickyAssignor`, KIP-429.
//! Holds: no partition is given to a member while another one claims it.

use super::abstract_sticky::{self, StickyAssignment};
use super::{Assignment, GroupSubscription};

pub(super) fn assign(group: &GroupSubscription) -> Assignment {
    let StickyAssignment { mut assignment, partitions_transferring_ownership } = abstract_sticky::assign_partitions(group);
    let withheld = partitions_transferring_ownership.unwrap_or_else(|| compute_partitions_transferring_ownership(group, &assignment));
    for partitions in &mut assignment {
        partitions.retain(|&partition| !withheld[partition]);
    }
    assignment
}

/// Partitions that the new owner does not claim and somebody else does.
fn compute_partitions_transferring_ownership(group: &GroupSubscription, assignment: &Assignment) -> Vec<bool> {
    let mut owner = vec![None; group.ids.len()];
    for (consumer, partitions) in assignment.iter().enumerate() {
        partitions.iter().for_each(|&partition| owner[partition] = Some(consumer));
    }
    let (mut revoked, mut kept) = (vec![false; owner.len()], vec![false; owner.len()]);
    for (consumer, claims) in group.consumers.iter().enumerate() {
        for &partition in &claims.owned {
            if owner[partition] == Some(consumer) {
                kept[partition] = true;
            } else {
                revoked[partition] = true;
            }
        }
    }
    revoked.iter().zip(kept).map(|(&revoked, kept)| revoked && !kept).collect()
}
