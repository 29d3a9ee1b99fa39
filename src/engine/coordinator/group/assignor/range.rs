//! Range: each topic by itself is cut into as many pieces as it has subscribers, the first ones larger by one.
//! So partition 3 of two topics of equal size goes to one member, and the first members get more of every topic.
//! Kafka: `RangeAssignor`, KIP-881 for racks.
//! Holds: topics with equal subscribers and equally many partitions are cut alike (co-partitioning), racks or not.

use super::{Assignment, GroupSubscription, sorted_union};
use std::collections::BTreeMap;

pub(super) fn assign(group: &GroupSubscription) -> Assignment {
    let mut assignment = vec![Vec::new(); group.consumers.len()];
    let mut topics: Vec<TopicAssignmentState> = (0..group.topics.len()).map(|topic| TopicAssignmentState::new(group, topic)).collect();
    let rack_aware = topics.iter().any(|topic| topic.needs_rack_aware_assignment);
    if rack_aware {
        assign_with_rack_matching(group, &mut topics, &mut assignment);
    }
    for topic in &mut topics {
        topic.assign_ranges(&mut assignment, |_, _| true);
    }
    if rack_aware {
        assignment.iter_mut().for_each(|partitions| partitions.sort_unstable());
    }
    assignment
}

/// First the partitions that a member can read in its own rack; what is left over is cut as without racks.
fn assign_with_rack_matching(group: &GroupSubscription, topics: &mut [TopicAssignmentState], assignment: &mut Assignment) {
    let mut co_partitioned: BTreeMap<(Vec<usize>, usize), Vec<usize>> = BTreeMap::new();
    for (place, topic) in topics.iter().enumerate() {
        co_partitioned.entry((topic.consumers.clone(), group.topics[place].len())).or_default().push(place);
    }
    for ((consumers, partitions), places) in co_partitioned {
        if let [place] = places[..] {
            if topics[place].needs_rack_aware_assignment {
                topics[place].assign_ranges(assignment, |consumer, partition| racks_match(group, consumer, partition));
            }
        } else if consumers.iter().any(|&consumer| group.consumers[consumer].rack.is_some()) {
            assign_co_partitioned_with_rack_matching(group, topics, &places, consumers, partitions, assignment);
        }
    }
}

/// The same partition of all these topics goes to the first member that has room in each and reads each in its rack.
fn assign_co_partitioned_with_rack_matching(
    group: &GroupSubscription,
    topics: &mut [TopicAssignmentState],
    places: &[usize],
    mut remaining: Vec<usize>,
    partitions: usize,
    assignment: &mut Assignment,
) {
    for number in 0..partitions {
        let matches = |consumer: usize| {
            places.iter().all(|&place| {
                racks_match(group, consumer, group.topics[place].start + number) && topics[place].max_assignable(consumer) > 0
            })
        };
        let Some(consumer) = remaining.iter().copied().find(|&consumer| matches(consumer)) else { continue };
        for &place in places {
            topics[place].assign(consumer, &[group.topics[place].start + number], assignment);
        }
        if places.iter().all(|&place| topics[place].max_assignable(consumer) == 0) {
            remaining.retain(|&other| other != consumer);
        }
    }
}

/// A consumer without a rack reads anywhere.
fn racks_match(group: &GroupSubscription, consumer: usize, partition: usize) -> bool {
    group.consumers[consumer].rack.is_none_or(|rack| group.racks_of[partition].contains(&rack))
}

/// How far the cutting of one topic has come.
struct TopicAssignmentState {
    /// In the order in which they are served.
    consumers: Vec<usize>,
    needs_rack_aware_assignment: bool,
    unassigned: Vec<usize>,
    /// By consumer.
    assigned: Vec<usize>,
    partitions_per_consumer: usize,
    remaining_consumers_with_extra_partition: usize,
}

impl TopicAssignmentState {
    fn new(group: &GroupSubscription, topic: usize) -> Self {
        let partitions = group.topics[topic].clone();
        let consumers: Vec<usize> =
            group.member_info_order.iter().copied().filter(|&consumer| group.consumers[consumer].subscribes(topic)).collect();
        let racks = sorted_union(consumers.iter().filter_map(|&consumer| group.consumers[consumer].rack.as_ref()));
        TopicAssignmentState {
            needs_rack_aware_assignment: group.use_rack_aware_assignment(&racks, partitions.clone()),
            partitions_per_consumer: partitions.len() / consumers.len(),
            remaining_consumers_with_extra_partition: partitions.len() % consumers.len(),
            assigned: vec![0; group.consumers.len()],
            unassigned: partitions.collect(),
            consumers,
        }
    }

    fn max_assignable(&self, consumer: usize) -> usize {
        let quota = self.partitions_per_consumer + usize::from(self.remaining_consumers_with_extra_partition > 0);
        quota.saturating_sub(self.assigned[consumer])
    }

    fn assign_ranges(&mut self, assignment: &mut Assignment, may_assign: impl Fn(usize, usize) -> bool) {
        for consumer in self.consumers.clone() {
            let room = self.max_assignable(consumer);
            let range: Vec<usize> =
                self.unassigned.iter().copied().filter(|&partition| may_assign(consumer, partition)).take(room).collect();
            if !range.is_empty() {
                self.assign(consumer, &range, assignment);
            }
        }
    }

    fn assign(&mut self, consumer: usize, partitions: &[usize], assignment: &mut Assignment) {
        assignment[consumer].extend(partitions);
        self.assigned[consumer] += partitions.len();
        if self.assigned[consumer] > self.partitions_per_consumer {
            self.remaining_consumers_with_extra_partition -= 1;
        }
        self.unassigned.retain(|partition| partitions.binary_search(partition).is_err());
    }
}
