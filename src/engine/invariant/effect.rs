//! Nothing is unaccounted for: for each group, what is in the log was handled, skipped, expired or waits; for each effect,
//! intended = once + repeated + missing.

use super::super::plan::Plan;
use super::super::world::World;

pub fn check_accounts(world: &World, plan: &Plan) {
    for (group, books) in world.books.groups.iter().enumerate() {
        let progress = &books.progress;
        let (mut consumed, mut handled) = (0, 0);
        for &partition in &plan.groups[group].partitions {
            let log = world.books.logs[partition.index()];
            let own = &progress.partitions[partition.index()];
            consumed += own.consumed;
            handled += own.handled.count();
            assert!(own.handled.count_below(log.log_end) == own.handled.count(), "group {group}: what is handled had been written");
            for (effect, ledger) in progress.effects.iter().enumerate() {
                let done = ledger.happened(partition);
                assert!(done.count_below(log.log_end) == done.count(), "group {group}: effect {effect} is of events that exist");
            }
        }
        assert!(progress.passed_over_adds_up(), "group {group}: a record is handled, or skipped, or expired, or waits");
        assert_eq!(consumed, handled + progress.duplicates, "group {group}: each delivery is the first of its record or a duplicate");
        for (effect, ledger) in progress.effects.iter().enumerate() {
            let (once, repeated) = ledger.counts();
            let happened: u64 = plan.groups[group].partitions.iter().map(|partition| ledger.happened(*partition).count()).sum();
            assert_eq!(once + repeated, happened, "group {group}: effect {effect} happened once or more to each of its events");
        }
    }
}
