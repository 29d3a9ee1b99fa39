//! Settings of a producer: `ProducerConfig`.

use super::setting::{Setting, Type, Valid, boolean, int, long, string, unset};

/// In order of names; what `tests/conformance/vectors/defaults.json` holds, all of it.
pub const PRODUCER: &[Setting] = &[
    string("acks", "all").one_of(&["all", "-1", "0", "1"]).modelled(),
    int("batch.size", 16_384).at_least(0).modelled(),
    long("buffer.memory", 33_554_432).at_least(0),
    string("client.id", ""),
    int("compression.gzip.level", -1).valid(Valid::GzipLevel),
    int("compression.lz4.level", 9).between(1, 17),
    string("compression.type", "none").one_of(&["none", "gzip", "snappy", "lz4", "zstd"]).modelled(),
    int("compression.zstd.level", 3).between(-131_072, 22),
    int("delivery.timeout.ms", 120_000).at_least(0),
    boolean("enable.idempotence", true).modelled(),
    boolean("enable.metrics.push", true),
    long("linger.ms", 5).at_least(0).modelled(),
    long("max.block.ms", 60_000).at_least(0),
    int("max.in.flight.requests.per.connection", 5).at_least(1).modelled(),
    int("max.request.size", 1_048_576).at_least(0).modelled(),
    long("metadata.max.age.ms", 300_000).at_least(0),
    long("metadata.max.idle.ms", 300_000).at_least(5000),
    long("metadata.recovery.rebootstrap.trigger.ms", 300_000).at_least(0),
    string("metadata.recovery.strategy", "rebootstrap").one_of_any_case(&["REBOOTSTRAP", "NONE"]),
    boolean("partitioner.adaptive.partitioning.enable", true).modelled(),
    long("partitioner.availability.timeout.ms", 0).at_least(0),
    unset("partitioner.class", Type::Class),
    boolean("partitioner.ignore.keys", false).modelled(),
    int("request.timeout.ms", 30_000).at_least(0),
    int("retries", i32::MAX).between(0, i32::MAX as i64),
    long("retry.backoff.max.ms", 1000).at_least(0),
    long("retry.backoff.ms", 100).at_least(0),
    int("transaction.timeout.ms", 60_000),
    boolean("transaction.two.phase.commit.enable", false),
    unset("transactional.id", Type::String).valid(Valid::NonEmptyString),
];
