//! Settings of a consumer: `ConsumerConfig`.

use super::setting::{Setting, Type, Valid, boolean, int, list, long, string, unset};

/// In order of names; what `tests/conformance/vectors/defaults.json` holds, all of it.
pub const CONSUMER: &[Setting] = &[
    boolean("allow.auto.create.topics", true),
    int("auto.commit.interval.ms", 5000).at_least(0).modelled(),
    string("auto.offset.reset", "latest").valid(Valid::AutoOffsetReset { none: true }).modelled(),
    boolean("check.crcs", true),
    string("client.id", ""),
    string("client.rack", ""),
    int("default.api.timeout.ms", 60_000).at_least(0),
    boolean("enable.auto.commit", true).modelled(),
    boolean("enable.metrics.push", true),
    boolean("exclude.internal.topics", true),
    int("fetch.max.bytes", 52_428_800).at_least(0).modelled(),
    int("fetch.max.wait.ms", 500).at_least(0).modelled(),
    int("fetch.min.bytes", 1).at_least(0).modelled(),
    unset("group.id", Type::String).modelled(),
    unset("group.instance.id", Type::String).valid(Valid::NonEmptyString).modelled(),
    string("group.protocol", "classic").one_of_any_case(&["CONSUMER", "CLASSIC"]).modelled(),
    unset("group.remote.assignor", Type::String),
    int("heartbeat.interval.ms", 3000).modelled(),
    boolean("internal.throw.on.fetch.stable.offset.unsupported", false).internal(),
    string("isolation.level", "read_uncommitted").one_of(&["read_committed", "read_uncommitted"]),
    int("max.partition.fetch.bytes", 1_048_576).at_least(0).modelled(),
    int("max.poll.interval.ms", 300_000).at_least(1).modelled(),
    int("max.poll.records", 500).at_least(1).modelled(),
    long("metadata.max.age.ms", 300_000).at_least(0),
    long("metadata.recovery.rebootstrap.trigger.ms", 300_000).at_least(0),
    string("metadata.recovery.strategy", "rebootstrap").one_of_any_case(&["REBOOTSTRAP", "NONE"]),
    list(
        "partition.assignment.strategy",
        &["org.apache.kafka.clients.consumer.RangeAssignor", "org.apache.kafka.clients.consumer.CooperativeStickyAssignor"],
    )
    .valid(Valid::Assignors)
    .modelled(),
    int("request.timeout.ms", 30_000).at_least(0),
    long("retry.backoff.max.ms", 1000).at_least(0),
    long("retry.backoff.ms", 100).at_least(0),
    int("session.timeout.ms", 45_000).modelled(),
    string("share.acknowledgement.mode", "implicit").one_of(&["implicit", "explicit"]),
    string("share.acquire.mode", "BATCH_OPTIMIZED").one_of_any_case(&["batch_optimized", "record_limit"]),
];
