//! Settings of a topic: `LogConfig`, `TopicConfig`.

use super::setting::{Setting, Type, Valid, boolean, double, int, list, long, string, unset};

/// In order of names; what `tests/conformance/vectors/defaults.json` holds, all of it.
pub const TOPIC: &[Setting] = &[
    list("cleanup.policy", &["delete"]).each_of(&["compact", "delete"]),
    int("compression.gzip.level", -1).valid(Valid::GzipLevel),
    int("compression.lz4.level", 9).between(1, 17),
    string("compression.type", "producer").one_of(&["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"]),
    int("compression.zstd.level", 3).between(-131_072, 22),
    long("delete.retention.ms", 86_400_000).at_least(0),
    long("file.delete.delay.ms", 60_000).at_least(0),
    long("flush.messages", i64::MAX).at_least(1),
    long("flush.ms", i64::MAX).at_least(0),
    list("follower.replication.throttled.replicas", &[]).valid(Valid::ThrottledReplicas),
    int("index.interval.bytes", 4096).at_least(0),
    unset("internal.segment.bytes", Type::Int).internal(),
    list("leader.replication.throttled.replicas", &[]).valid(Valid::ThrottledReplicas),
    long("local.retention.bytes", -2).at_least(-2),
    long("local.retention.ms", -2).at_least(-2),
    long("max.compaction.lag.ms", i64::MAX).at_least(1),
    int("max.message.bytes", 1_048_588).at_least(0).modelled(),
    long("message.timestamp.after.max.ms", 3_600_000).at_least(0),
    long("message.timestamp.before.max.ms", i64::MAX).at_least(0),
    string("message.timestamp.type", "CreateTime").one_of(&["CreateTime", "LogAppendTime"]).modelled(),
    double("min.cleanable.dirty.ratio", 0.5).valid(Valid::Share),
    long("min.compaction.lag.ms", 0).at_least(0),
    int("min.insync.replicas", 1).at_least(1).modelled(),
    boolean("preallocate", false),
    boolean("remote.storage.enable", false),
    long("retention.bytes", -1).modelled(),
    long("retention.ms", 604_800_000).at_least(-1).modelled(),
    int("segment.bytes", 1_073_741_824).at_least(1_048_576).modelled(),
    int("segment.index.bytes", 10_485_760).at_least(4),
    long("segment.jitter.ms", 0).at_least(0),
    long("segment.ms", 604_800_000).at_least(1).modelled(),
    boolean("unclean.leader.election.enable", false),
];
