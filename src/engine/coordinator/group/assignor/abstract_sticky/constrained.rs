//! When all members want the same topics, quotas say it all: everybody gets ⌊partitions ÷ members⌋, and the remainder
//! is one more for some. Members keep what they own up to their quota; the rest is dealt to those below theirs.
//! Kafka: `AbstractStickyAssignor.ConstrainedAssignmentBuilder`.

use super::super::{Assignment, GroupSubscription};
use super::rack_info::RackInfo;
use super::{OwnedPartitions, StickyAssignment};
use std::collections::VecDeque;

pub struct ConstrainedAssignmentBuilder<'a> {
    group: &'a GroupSubscription,
    rack_info: RackInfo<'a>,
    previous: OwnedPartitions,
    /// By partition: who owned it and does not keep it.
    maybe_revoked: Vec<Option<usize>>,
    unfilled_with_under_min_quota: Vec<usize>,
    unfilled_with_exactly_min_quota: VecDeque<usize>,
    min_quota: usize,
    max_quota: usize,
    /// Members that are to get more than `min_quota`; zero when the quotas are equal.
    expected_members_over_min_quota: usize,
    members_over_min_quota: usize,
    assignment: Assignment,
    partitions_transferring_ownership: Vec<bool>,
}

impl<'a> ConstrainedAssignmentBuilder<'a> {
    pub fn new(group: &'a GroupSubscription, rack_info: RackInfo<'a>, previous: OwnedPartitions) -> Self {
        let (partitions, consumers) = (group.ids.len(), group.consumers.len());
        ConstrainedAssignmentBuilder {
            group,
            rack_info,
            previous,
            maybe_revoked: vec![None; partitions],
            unfilled_with_under_min_quota: Vec::new(),
            unfilled_with_exactly_min_quota: VecDeque::new(),
            min_quota: partitions / consumers,
            max_quota: partitions.div_ceil(consumers),
            expected_members_over_min_quota: partitions % consumers,
            members_over_min_quota: 0,
            assignment: vec![Vec::new(); consumers],
            partitions_transferring_ownership: vec![false; partitions],
        }
    }

    pub fn build(mut self) -> StickyAssignment {
        self.assign_owned_partitions();
        let mut assigned = vec![false; self.group.ids.len()];
        self.assignment.iter().flatten().for_each(|&partition| assigned[partition] = true);
        let mut unassigned: Vec<usize> = (0..assigned.len()).filter(|&partition| !assigned[partition]).collect();
        // Members are visited in order of their ids, so the lists of unfilled ones are in order already, as Kafka sorts them here.
        self.rack_info.sort_partitions_by_rack_consumers(&mut unassigned);
        if self.rack_info.is_rack_aware() {
            unassigned = self.assign_rack_aware_round_robin(unassigned);
        }
        self.assign_round_robin(&unassigned);
        self.verify_unfilled_members();
        StickyAssignment { assignment: self.assignment, partitions_transferring_ownership: Some(self.partitions_transferring_ownership) }
    }

    fn can_fill_more_over_min_quota(&self) -> bool {
        self.members_over_min_quota < self.expected_members_over_min_quota
    }

    fn add_member_over_min_quota(&mut self) {
        self.members_over_min_quota += 1;
        if self.members_over_min_quota == self.expected_members_over_min_quota {
            // Whoever has the smaller quota is full now.
            self.unfilled_with_exactly_min_quota.clear();
        }
    }

    fn assign_owned_partitions(&mut self) {
        let mut owned = vec![Vec::new(); self.group.consumers.len()];
        for (partition, owner) in self.previous.owner.iter().enumerate() {
            let Some(owner) = *owner else { continue };
            if self.rack_info.racks_mismatch(owner, partition) {
                self.maybe_revoked[partition] = Some(owner);
            } else if !self.previous.with_multiple_previous_owners[partition] {
                owned[owner].push(partition);
            }
        }
        for (consumer, mut kept) in owned.into_iter().enumerate() {
            // By number first, so that what is revoked comes from all topics alike.
            kept.sort_unstable_by_key(|&partition| {
                let topic = self.group.topic_of[partition];
                (partition - self.group.topics[topic].start, topic)
            });
            if kept.len() < self.min_quota {
                self.unfilled_with_under_min_quota.push(consumer);
            } else if kept.len() >= self.max_quota && self.can_fill_more_over_min_quota() {
                self.add_member_over_min_quota();
                self.revoke(consumer, kept.split_off(self.max_quota));
            } else {
                self.revoke(consumer, kept.split_off(self.min_quota));
                if self.can_fill_more_over_min_quota() {
                    self.unfilled_with_exactly_min_quota.push_back(consumer);
                }
            }
            self.assignment[consumer] = kept;
        }
    }

    fn revoke(&mut self, consumer: usize, partitions: Vec<usize>) {
        for partition in partitions {
            self.maybe_revoked[partition] = Some(consumer);
        }
    }

    /// Gives each partition to a member in one of its racks that is below its quota; returns those that found none.
    fn assign_rack_aware_round_robin(&mut self, unassigned: Vec<usize>) -> Vec<usize> {
        let mut next_unfilled = 0;
        let mut remaining = Vec::new();
        for partition in unassigned {
            if let Some(place) = self.rack_info.next_rack_consumer(partition, &self.unfilled_with_under_min_quota, next_unfilled) {
                let consumer = self.unfilled_with_under_min_quota[place];
                let count = self.assign_new_partition(partition, consumer);
                let mut next = place;
                if count >= self.min_quota {
                    self.unfilled_with_under_min_quota.remove(place);
                    if count < self.max_quota && self.can_fill_more_over_min_quota() {
                        self.unfilled_with_exactly_min_quota.push_back(consumer);
                    }
                } else {
                    next += 1;
                }
                next_unfilled = next.checked_rem(self.unfilled_with_under_min_quota.len()).unwrap_or(0);
                continue;
            }
            let full_but_for_one = self.unfilled_with_exactly_min_quota.make_contiguous();
            if let Some(place) = self.rack_info.next_rack_consumer(partition, full_but_for_one, 0) {
                let consumer = full_but_for_one[place];
                if self.assign_new_partition(partition, consumer) == self.max_quota {
                    self.unfilled_with_exactly_min_quota.remove(place);
                    self.add_member_over_min_quota();
                }
            } else {
                remaining.push(partition);
            }
        }
        remaining
    }

    fn assign_round_robin(&mut self, unassigned: &[usize]) {
        let mut next = 0;
        for &partition in unassigned {
            if next >= self.unfilled_with_under_min_quota.len() {
                next = 0;
            }
            if let Some(&consumer) = self.unfilled_with_under_min_quota.get(next) {
                next += 1;
                if self.assign_new_partition(partition, consumer) == self.min_quota {
                    next -= 1;
                    self.unfilled_with_under_min_quota.remove(next);
                    self.unfilled_with_exactly_min_quota.push_back(consumer);
                }
            } else {
                let consumer = self.unfilled_with_exactly_min_quota.pop_front().expect("the quotas add up to all partitions");
                self.assign_new_partition(partition, consumer);
                self.members_over_min_quota += 1;
            }
        }
    }

    /// Returns how many partitions the consumer has now.
    fn assign_new_partition(&mut self, partition: usize, consumer: usize) -> usize {
        let moves = self.maybe_revoked[partition].is_some_and(|owner| owner != consumer);
        if moves || self.previous.with_multiple_previous_owners[partition] {
            self.partitions_transferring_ownership[partition] = true;
        }
        self.assignment[consumer].push(partition);
        self.assignment[consumer].len()
    }

    fn verify_unfilled_members(&self) {
        for &consumer in &self.unfilled_with_under_min_quota {
            assert!(
                self.members_over_min_quota == self.expected_members_over_min_quota && self.assignment[consumer].len() == self.min_quota,
                "the quotas add up, so nobody is below its quota when all partitions are given away"
            );
        }
    }
}
