//! When members want different topics there is no quota: keep what is owned and still wanted, give each free partition
//! to the member with the fewest that wants it, then move partitions as long as that makes the counts more even.
//! Kafka: `AbstractStickyAssignor.GeneralAssignmentBuilder`.
//! Holds: a member that could take a partition has at most one less than the partition's owner.

use super::super::{Assignment, DEFAULT_GENERATION, GroupSubscription};
use super::partition_movements::PartitionMovements;
use super::rack_info::RackInfo;
use super::{OwnedPartitions, StickyAssignment};
use std::collections::BTreeSet;

pub struct GeneralAssignmentBuilder<'a> {
    group: &'a GroupSubscription,
    rack_info: RackInfo<'a>,
    /// The consumers that want each topic.
    potential_consumers: Vec<Vec<usize>>,
    current: CurrentAssignment,
    /// Consumers by how many partitions they have, without those whose partitions cannot change.
    sorted_current_subscriptions: BTreeSet<(usize, usize)>,
    is_fixed: Vec<bool>,
    /// All partitions, those of topics with few potential consumers first.
    sorted_all_partitions: Vec<usize>,
    movements: PartitionMovements,
    /// Somebody owned what it does not want any more.
    revocation_required: bool,
    /// Where [`Self::is_balanced`] saw unbalance last, and whether nothing has moved since it saw none.
    unbalanced_topic: usize,
    known_to_be_balanced: bool,
}

/// The assignment and its counts.
#[derive(Clone)]
struct CurrentAssignment {
    /// By partition.
    owner: Vec<Option<usize>>,
    /// Partitions by consumer.
    count: Vec<usize>,
    /// Partitions by topic and consumer.
    count_of_topic: Vec<Vec<usize>>,
}

impl CurrentAssignment {
    fn set_owner(&mut self, partition: usize, topic: usize, owner: Option<usize>) {
        if let Some(old) = self.owner[partition] {
            self.count[old] -= 1;
            self.count_of_topic[topic][old] -= 1;
        }
        if let Some(new) = owner {
            self.count[new] += 1;
            self.count_of_topic[topic][new] += 1;
        }
        self.owner[partition] = owner;
    }
}

impl<'a> GeneralAssignmentBuilder<'a> {
    pub fn new(group: &'a GroupSubscription, rack_info: RackInfo<'a>, previous: OwnedPartitions) -> Self {
        let (consumers, topics) = (group.consumers.len(), group.topics.len());
        let potential_consumers: Vec<Vec<usize>> =
            (0..topics).map(|topic| (0..consumers).filter(|&consumer| group.consumers[consumer].subscribes(topic)).collect()).collect();
        let mut sorted_topics: Vec<usize> = (0..topics).collect();
        sorted_topics.sort_by_key(|&topic| potential_consumers[topic].len());

        let mut current = CurrentAssignment {
            owner: vec![None; group.ids.len()],
            count: vec![0; consumers],
            count_of_topic: vec![vec![0; consumers]; topics],
        };
        let mut revocation_required = false;
        for (partition, owner) in previous.owner.iter().enumerate() {
            let Some(owner) = *owner else { continue };
            let topic = group.topic_of[partition];
            if group.consumers[owner].subscribes(topic) && !rack_info.racks_mismatch(owner, partition) {
                current.set_owner(partition, topic, Some(owner));
            } else {
                revocation_required = true;
            }
        }
        GeneralAssignmentBuilder {
            group,
            rack_info,
            sorted_current_subscriptions: (0..consumers).map(|consumer| (current.count[consumer], consumer)).collect(),
            is_fixed: vec![false; consumers],
            sorted_all_partitions: sorted_topics.iter().flat_map(|&topic| group.topics[topic].clone()).collect(),
            potential_consumers,
            current,
            movements: PartitionMovements::default(),
            revocation_required,
            unbalanced_topic: 0,
            known_to_be_balanced: false,
        }
    }

    pub fn build(mut self) -> StickyAssignment {
        self.balance();
        let mut assignment: Assignment = vec![Vec::new(); self.group.consumers.len()];
        for (partition, owner) in self.current.owner.iter().enumerate() {
            assignment[owner.expect("every partition that somebody wants has an owner")].push(partition);
        }
        StickyAssignment { assignment, partitions_transferring_ownership: None }
    }

    fn balance(&mut self) {
        let previous = self.previous_assignment();
        let initializing = self.sorted_current_subscriptions.last().is_some_and(|&(count, _)| count == 0);
        let mut unassigned = self.sorted_all_partitions.clone();
        unassigned.retain(|&partition| self.current.owner[partition].is_none());
        for &partition in &unassigned {
            if self.rack_info.is_rack_aware() {
                self.maybe_assign_partition(partition, true);
            }
        }
        for &partition in &unassigned {
            if self.current.owner[partition].is_none() {
                self.maybe_assign_partition(partition, false);
            }
        }

        let can_move = |partition: &usize| self.potential_consumers[self.group.topic_of[*partition]].len() >= 2;
        unassigned.retain(can_move);
        let movable: Vec<usize> = self.sorted_all_partitions.iter().copied().filter(can_move).collect();
        self.fix_consumers_that_cannot_participate();

        let before = self.current.clone();
        if !self.revocation_required {
            // Nothing has to be given up, so first see whether moving only the new partitions does.
            self.perform_reassignments(&unassigned, &previous);
        }
        let reassigned = self.perform_reassignments(&movable, &previous);
        if !initializing && reassigned && self.balance_score(&self.current) >= self.balance_score(&before) {
            self.current = before;
        }
    }

    /// The owners according to members that missed the last generation, the youngest of them for each partition.
    fn previous_assignment(&self) -> Vec<Option<usize>> {
        let max_generation = self.group.consumers.iter().map(|consumer| consumer.generation).max().unwrap_or(DEFAULT_GENERATION);
        let mut previous: Vec<Option<usize>> = vec![None; self.group.ids.len()];
        for (consumer, claims) in self.group.consumers.iter().enumerate().filter(|(_, claims)| claims.generation < max_generation) {
            for &partition in &claims.owned {
                if previous[partition].is_none_or(|other| claims.generation > self.group.consumers[other].generation) {
                    previous[partition] = Some(consumer);
                }
            }
        }
        previous
    }

    /// Gives the partition to the consumer with the fewest that wants it.
    fn maybe_assign_partition(&mut self, partition: usize, in_rack: bool) {
        let topic = self.group.topic_of[partition];
        let fits = |consumer: usize| {
            self.group.consumers[consumer].subscribes(topic) && !(in_rack && self.rack_info.racks_mismatch(consumer, partition))
        };
        let found = self.sorted_current_subscriptions.iter().map(|&(_, consumer)| consumer).find(|&consumer| fits(consumer));
        if let Some(consumer) = found {
            self.set_owner(partition, consumer);
        }
    }

    fn set_owner(&mut self, partition: usize, consumer: usize) {
        let changed = [self.current.owner[partition], Some(consumer)];
        for consumer in changed.into_iter().flatten() {
            self.sorted_current_subscriptions.remove(&(self.current.count[consumer], consumer));
        }
        self.current.set_owner(partition, self.group.topic_of[partition], Some(consumer));
        for consumer in changed.into_iter().flatten() {
            self.sorted_current_subscriptions.insert((self.current.count[consumer], consumer));
        }
        self.known_to_be_balanced = false;
    }

    /// A consumer that has all it could get, of topics that nobody else wants, takes no part in the balancing.
    fn fix_consumers_that_cannot_participate(&mut self) {
        for (place, consumer) in self.group.consumers.iter().enumerate() {
            let count = self.current.count[place];
            let most: usize = consumer.topics.iter().map(|&topic| self.group.topics[topic].len()).sum();
            let has_of = |topic: usize| self.current.count_of_topic[topic][place] > 0;
            let shares = (0..self.group.topics.len()).any(|topic| has_of(topic) && self.potential_consumers[topic].len() >= 2);
            if count >= most && !shares {
                self.is_fixed[place] = true;
                self.sorted_current_subscriptions.remove(&(count, place));
            }
        }
    }

    /// Moves partitions until none can be moved to more even counts. Returns whether one was moved.
    fn perform_reassignments(&mut self, reassignable: &[usize], previous: &[Option<usize>]) -> bool {
        let mut performed = false;
        loop {
            let mut modified = false;
            for &partition in reassignable {
                if self.is_balanced() {
                    break;
                }
                let topic = self.group.topic_of[partition];
                let owner = self.current.owner[partition].expect("every partition that somebody wants has an owner");
                let has_more_than = |other: usize| self.current.count[owner] > self.current.count[other] + 1;
                // Kafka fails on a former owner that takes no part any more, and gives a partition back to one that does not
                // want it any more. Here such an owner counts for nothing.
                let may_return = |other: usize| !self.is_fixed[other] && self.group.consumers[other].subscribes(topic);
                let former = previous[partition].filter(|&other| may_return(other) && has_more_than(other));
                let new = if former.is_some() {
                    former
                } else if self.potential_consumers[topic].iter().any(|&other| has_more_than(other)) {
                    // Kafka asks the consumers of the rack first, and then takes this one all the same.
                    let wants = |consumer: &usize| self.group.consumers[*consumer].subscribes(topic);
                    self.sorted_current_subscriptions.iter().map(|&(_, consumer)| consumer).find(wants)
                } else {
                    None
                };
                if let Some(new) = new {
                    self.reassign_partition(partition, owner, new);
                    modified = true;
                }
            }
            if !modified {
                return performed;
            }
            performed = true;
        }
    }

    fn reassign_partition(&mut self, partition: usize, owner: usize, new: usize) {
        let topic = self.group.topic_of[partition];
        let partition = self.movements.the_actual_partition_to_be_moved(partition, topic, owner, new);
        let owner = self.current.owner[partition].expect("a partition that has moved has an owner");
        self.movements.move_partition(partition, topic, owner, new);
        self.set_owner(partition, new);
    }

    /// Whether nobody could take a partition from an owner that has two more.
    fn is_balanced(&mut self) -> bool {
        let counts = (self.sorted_current_subscriptions.first(), self.sorted_current_subscriptions.last());
        let (Some((min, _)), Some((max, _))) = counts else { return true };
        if self.known_to_be_balanced || *min + 1 >= *max {
            return true;
        }
        // Unbalance stays where it was for a while, so looking there first spares the other topics.
        let topics = self.group.topics.len();
        let from = self.unbalanced_topic;
        let unbalanced = (0..topics).map(|step| (from + step) % topics).find(|&topic| self.is_unbalanced(topic));
        self.unbalanced_topic = unbalanced.unwrap_or(0);
        self.known_to_be_balanced = unbalanced.is_none();
        self.known_to_be_balanced
    }

    fn is_unbalanced(&self, topic: usize) -> bool {
        let active = |consumer: &usize| !self.is_fixed[*consumer];
        let counts = || self.potential_consumers[topic].iter().copied().filter(active);
        let Some(fewest) = counts().map(|consumer| self.current.count[consumer]).min() else { return false };
        let owners = (0..self.group.consumers.len()).filter(active).filter(|&owner| self.current.count_of_topic[topic][owner] > 0);
        owners.map(|owner| self.current.count[owner]).max().is_some_and(|most| fewest + 1 < most)
    }

    /// The sum of the differences of all pairs of consumers.
    fn balance_score(&self, assignment: &CurrentAssignment) -> usize {
        let mut counts: Vec<usize> =
            (0..assignment.count.len()).filter(|&consumer| !self.is_fixed[consumer]).map(|consumer| assignment.count[consumer]).collect();
        counts.sort_unstable();
        let mut smaller = 0;
        let mut score = 0;
        for (place, count) in counts.into_iter().enumerate() {
            score += count * place - smaller;
            smaller += count;
        }
        score
    }
}
