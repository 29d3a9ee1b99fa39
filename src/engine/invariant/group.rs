//! A partition has at most one owner in a group's generation; a group never commits, or reads, past the log end.

use super::super::id::{GroupId, TopicPartition};
use super::super::plan::Plan;
use super::super::world::World;

pub fn check_progress(world: &World, plan: &Plan) {
    for (group, books) in world.books.groups.iter().enumerate() {
        for &partition in &plan.groups[group].partitions {
            let gauges = books.partitions[partition.index()];
            let log_end = world.books.logs[partition.index()].log_end;
            for offset in [gauges.committed, gauges.position].into_iter().flatten() {
                assert!(offset <= log_end, "group {group}, partition {}: offset {offset} is past the log end {log_end}", partition.0);
            }
        }
    }
}

/// Two members of one generation never have the same partition.
pub fn check_owners(world: &World, plan: &Plan) {
    for group in (0..plan.groups.len()).map(GroupId::from) {
        let mut owners: Vec<(i32, TopicPartition, u32)> = Vec::new();
        for &index in &world.members[group.index()] {
            let consumer = &world.consumers[index];
            if let (Some(membership), Some(fetcher)) = (consumer.membership(), consumer.fetcher()) {
                owners.extend(fetcher.assigned().map(|partition| (membership.generation(), partition, consumer.member().0)));
            }
        }
        owners.sort_unstable();
        for pair in owners.windows(2) {
            let same = pair[0].0 == pair[1].0 && pair[0].1 == pair[1].1 && pair[0].0 >= 0;
            assert!(
                !same,
                "group {}: members {} and {} own partition {} in generation {}",
                group.0, pair[0].2, pair[1].2, pair[0].1.0, pair[0].0
            );
        }
    }
}
