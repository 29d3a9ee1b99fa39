//! Round robin: all partitions of all topics in one line, dealt to the members in turn.
//! Kafka: `RoundRobinAssignor`.
//! Holds: with equal subscriptions nobody has more than one partition more than another.

use super::{Assignment, GroupSubscription};

pub(super) fn assign(group: &GroupSubscription) -> Assignment {
    let mut assignment = vec![Vec::new(); group.consumers.len()];
    let mut assigner = group.member_info_order.iter().copied().cycle();
    for (partition, &topic) in group.topic_of.iter().enumerate() {
        let consumer = assigner.find(|&consumer| group.consumers[consumer].subscribes(topic)).expect("somebody wants each topic");
        assignment[consumer].push(partition);
    }
    assignment
}
