//! Settings that a group may have of its own: `GroupConfig`, KIP-848 and KIP-932.

use super::setting::{Setting, Valid, boolean, int, string};

/// In order of names; what `tests/conformance/vectors/defaults.json` holds, all of it.
pub const GROUP: &[Setting] = &[
    int("consumer.assignment.interval.ms", 1000).at_least(0),
    int("consumer.heartbeat.interval.ms", 5000).at_least(1),
    int("consumer.session.timeout.ms", 45_000).at_least(1),
    int("share.assignment.interval.ms", 1000).at_least(0),
    string("share.auto.offset.reset", "latest").valid(Valid::AutoOffsetReset { none: false }),
    int("share.delivery.count.limit", 5).at_least(2),
    int("share.heartbeat.interval.ms", 5000).at_least(1),
    string("share.isolation.level", "read_uncommitted").one_of(&["read_committed", "read_uncommitted"]),
    int("share.partition.max.record.locks", 2000).at_least(100),
    int("share.record.lock.duration.ms", 30_000).at_least(1000),
    boolean("share.renew.acknowledge.enable", true),
    int("share.session.timeout.ms", 45_000).at_least(1),
    int("streams.assignment.interval.ms", 1000).at_least(0),
    int("streams.heartbeat.interval.ms", 5000).at_least(1),
    int("streams.initial.rebalance.delay.ms", 3000).at_least(0),
    int("streams.num.standby.replicas", 0).at_least(0),
    int("streams.session.timeout.ms", 45_000).at_least(1),
];
