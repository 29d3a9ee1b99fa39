//! The names of all that can be measured, with unit and kind. The names are the file's (`expect:`) and the report's.

use super::super::id::{GroupId, MemberIndex, ProducerId, TopicId};
use serde::{Deserialize, Serialize};
use std::fmt;

/// How a metric behaves, which decides what can be asked of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// Grows: asked by its name alone; labels left out add up.
    Counter,
    /// A value at each sample: asked through an aggregate; labels left out take the worst, which is the largest.
    Gauge,
    /// A time for each record: aggregates are over records.
    Latency,
    /// A word at each sample.
    Word,
}

macro_rules! metrics {
    ($($(#[$doc:meta])* $variant:ident $name:literal $kind:ident $unit:literal $built:literal;)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Metric { $($(#[$doc])* $variant,)* }
        impl Metric {
            pub const ALL: &'static [Metric] = &[$(Metric::$variant),*];
            pub fn name(self) -> &'static str { match self { $(Metric::$variant => $name),* } }
            pub fn kind(self) -> MetricKind { match self { $(Metric::$variant => MetricKind::$kind),* } }
            /// The unit of its numbers: `records`, `records/s`, `ms`, `s`, `share`, `bytes`, or empty.
            pub fn unit(self) -> &'static str { match self { $(Metric::$variant => $unit),* } }
            /// Whether the engine measures it yet.
            pub fn built(self) -> bool { match self { $(Metric::$variant => $built),* } }
        }
    };
}

metrics! {
    /// High watermark − committed offset, as Kafka's tools count it; unknown before the first commit. By group, topic, partition.
    Lag "lag" Gauge "records" true;
    /// High watermark − position of the owner; unknown without one. By group, topic, partition.
    PositionLag "position_lag" Gauge "records" true;
    /// Age of the oldest uncommitted record. By group, topic, partition.
    LagAge "lag_age" Gauge "ms" true;
    /// Age of the oldest record that the group has not handled. By group, topic, partition.
    UnreadAge "unread_age" Gauge "ms" true;
    /// Lag ÷ (rate out − rate in) over the last 10 s; infinite while the lag does not shrink. By group, topic, partition.
    TimeToDrain "time_to_drain" Gauge "s" true;
    /// Records appended to the log. By topic, partition.
    Produced "produced" Counter "records" true;
    /// Records that the load has asked producers to send. By producer, topic.
    Sent "sent" Counter "records" true;
    /// Records whose handler has completed, each delivery. By group, topic, partition.
    Consumed "consumed" Counter "records" true;
    /// Appended records a second, over the sample. By topic, partition.
    ThroughputIn "throughput_in" Gauge "records/s" true;
    /// Handled records a second, over the sample. By group, topic, partition.
    ThroughputOut "throughput_out" Gauge "records/s" true;
    /// From the event to the end of its handler. By group.
    EndToEndLatency "end_to_end_latency" Latency "ms" true;
    /// Time in the handler. By group; with `step` one step of it.
    ProcessingLatency "processing_latency" Latency "ms" true;
    /// From sending a request to its response. By kind (`Produce`, `Fetch`, `OffsetCommit`, …).
    RequestLatency "request_latency" Latency "ms" true;
    /// Share of time in the handler, over the sample. By group, member.
    Busy "busy" Gauge "share" true;
    /// Partition-seconds without an owner. By group.
    UnownedTime "unowned_time" Counter "s" true;
    /// Seconds in which no partition of the group had an owner that was allowed to fetch. By group.
    GroupStopTime "group_stop_time" Counter "s" true;
    /// Completed rebalances. By group.
    Rebalances "rebalances" Counter "" true;
    /// From the start of a rebalance to the end of it. By group.
    RebalancePause "rebalance_pause" Latency "ms" true;
    /// Commits answered with an error. By group.
    CommitsRefused "commits_refused" Counter "" true;
    RecordsLost "records_lost" Counter "records" true;
    /// Records that a group never handled and never will, since its position jumped over them. By group.
    RecordsSkipped "records_skipped" Counter "records" true;
    /// Records deleted by retention before a group had read them. By group.
    RecordsExpired "records_expired" Counter "records" true;
    /// Deliveries of a record that the group had handled before. By group.
    DuplicatesDelivered "duplicates_delivered" Counter "records" true;
    /// Events whose effect happened more than once. By group, effect.
    EffectsRepeated "effects_repeated" Counter "events" true;
    /// Events that were committed and whose effect never happened. By group, effect.
    EffectsMissing "effects_missing" Counter "events" true;
    EffectsPhantom "effects_phantom" Counter "events" false;
    /// First deliveries of an event older than one of the same entity already started. By group.
    OrderViolations "order_violations" Counter "events" true;
    ProducerErrors "producer_errors" Counter "records" true;
    Retries "retries" Counter "" false;
    DeadLetters "dead_letters" Counter "records" false;
    DecodeErrors "decode_errors" Counter "records" false;
    SchemaRejections "schema_rejections" Counter "" false;
    StateError "state_error" Gauge "" false;
    StaleReads "stale_reads" Counter "" false;
    RelayLag "relay_lag" Gauge "records" false;
    RelayFailures "relay_failures" Counter "" false;
    Divergence "divergence" Gauge "events" false;
    /// Busiest partition ÷ the mean, in records appended since the start. By topic.
    Skew "skew" Gauge "" true;
    /// Share of records that the ten most frequent keys have. By producer; known from the start.
    Top10Share "top10_share" Gauge "share" true;
    UnderReplicated "under_replicated" Gauge "partitions" false;
    IsrShrinks "isr_shrinks" Counter "" false;
    OfflinePartitions "offline_partitions" Gauge "partitions" false;
    /// Bytes of batches received by brokers, compressed. By topic.
    BytesIn "bytes_in" Counter "bytes" true;
    /// Bytes of batches sent to consumers. By group.
    BytesOut "bytes_out" Counter "bytes" true;
    BytesUseful "bytes_useful" Counter "bytes" false;
    /// Requests handled by brokers. By kind.
    Requests "requests" Counter "" true;
    CatchUpTime "catch_up_time" Gauge "s" false;
    Alerts "alerts" Counter "" false;
    /// Burrow's verdict: OK, WARN, STOP, STALL, REWIND. By group, topic, partition.
    Status "status" Word "" true;
    /// Members that are running. By group.
    Members "members" Gauge "members" true;
    /// Members that own no partition, of those that are in the group. By group.
    IdleMembers "idle_members" Gauge "members" true;
}

impl Metric {
    /// Whether values of several labels are added up (counters and rates); of the others the worst counts, the largest.
    pub fn adds_up(self) -> bool {
        match self {
            Metric::ThroughputIn | Metric::ThroughputOut | Metric::Members | Metric::IdleMembers => true,
            other => other.kind() == MetricKind::Counter,
        }
    }

    pub fn by_name(name: &str) -> Option<Metric> {
        Metric::ALL.iter().copied().find(|metric| metric.name() == name)
    }
}

/// Which of a metric's values are meant. What is left out means all.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Labels {
    pub group: Option<GroupId>,
    pub topic: Option<TopicId>,
    /// Within the topic, from 0.
    pub partition: Option<u32>,
    pub member: Option<MemberIndex>,
    pub producer: Option<ProducerId>,
    pub step: Option<String>,
    pub effect: Option<String>,
    /// The kind of request, by its name in Kafka's protocol.
    pub kind: Option<String>,
}

impl Labels {
    /// Whether a series with these labels is meant by `selector`.
    pub fn matches(&self, selector: &Labels) -> bool {
        fn one<T: PartialEq>(own: &Option<T>, asked: &Option<T>) -> bool {
            asked.is_none() || own == asked
        }
        one(&self.group, &selector.group)
            && one(&self.topic, &selector.topic)
            && one(&self.partition, &selector.partition)
            && one(&self.member, &selector.member)
            && one(&self.producer, &selector.producer)
            && one(&self.step, &selector.step)
            && one(&self.effect, &selector.effect)
            && one(&self.kind, &selector.kind)
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
