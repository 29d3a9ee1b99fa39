//! Sticky: balanced, and as few partitions as possible change hands. Its members give up everything before they join,
//! so the owned partitions are what their user data remembers of the last assignment.
//! Kafka: `StickyAssignor`, KIP-54.

use super::{Assignment, GroupSubscription, abstract_sticky};

pub(super) fn assign(group: &GroupSubscription) -> Assignment {
    abstract_sticky::assign_partitions(group).assignment
}
