//! The order of events, checked at each sample: who started what since the last one, of all members, in the order of time.

use super::super::super::application::handler::Start;
use super::super::super::id::GroupId;
use super::super::super::plan::Plan;
use super::super::super::world::{History, World};
use super::super::observation::What;

/// Violations that a group tells one by one; the counter counts them all.
const VIOLATIONS_TOLD: u64 = 20;

/// Starts of events since the last sample.
pub fn check(world: &mut World, plan: &Plan, history: &mut History) {
    if !plan.design.track_order {
        return;
    }
    let now = world.now;
    for group in 0..plan.groups.len() {
        let mut starts: Vec<Start> = Vec::new();
        for &index in &world.members[group] {
            world.consumers[index].tell_starts(now, &mut starts);
        }
        starts.sort_unstable();
        for Start { partition, offset, .. } in starts {
            let own = &mut world.books.groups[group].progress;
            let done = &mut own.partitions[partition.index()];
            if offset < done.delivered_end {
                continue;
            }
            done.delivered_end = offset + 1;
            let log = world.books.logs[partition.index()];
            let Some(batch) = history.records[partition.index()].first(log.tail.slice(offset, offset + 1)) else { continue };
            let producer = batch.data.producer;
            let sender = world.senders.iter().find(|sender| sender.producer() == producer);
            let Some(entity) = sender.and_then(|sender| sender.entity_of(batch.data.keys[0])) else { continue };
            let event_type = batch.data.types.first().copied();
            let order = own.order.as_mut().expect("the tracker is there while order is tracked");
            let Some(after) = order.start(producer.index(), entity, batch.data.time(0), event_type.unwrap_or(0)) else { continue };
            let sampler = &mut world.sampler.groups[group];
            if sampler.violations_told < VIOLATIONS_TOLD {
                sampler.violations_told += 1;
                let after_type = event_type.map(|_| after);
                let group = GroupId::from(group);
                let cause = world.books.causes.lag.get(&(group, partition)).copied();
                history.observe(
                    &mut world.books,
                    now,
                    cause,
                    What::OrderViolated { group, partition, offset, entity, event_type, after_type },
                );
            }
        }
    }
}
