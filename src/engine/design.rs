//! A design, checked and in the engine's own units: everything that a run is made of but the code.
//! `scenario` builds it from a file; tests may build it by hand. Nothing here can be wrong any more, except by a bug.

use super::id::{BrokerId, GroupId, MemberIndex, ProducerId, TargetId, TopicId};
use super::observe::condition::Condition;
use super::random::{Distribution, Seed};
use super::time::{Duration, Instant};

#[derive(Clone, Debug, PartialEq)]
pub struct Design {
    pub seed: Seed,
    pub duration: Duration,
    /// Left out of what expectations judge.
    pub warmup: Duration,
    pub cluster: Cluster,
    pub topics: Vec<Topic>,
    pub producers: Vec<Producer>,
    pub targets: Vec<Target>,
    pub groups: Vec<Group>,
    pub timeline: Vec<TimelineEntry>,
    /// Fill what only some runs need: order violations for each entity.
    pub track_order: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Cluster {
    pub brokers: u32,
    pub network: Network,
    pub costs: Costs,
    pub config: BrokerConfig,
}

/// One-way delays. A connection never reorders.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    pub latency: Distribution,
    /// Added to the latency, uniform between zero and this.
    pub jitter: Duration,
}

/// What a broker's work costs. All zero: a request is answered at the instant it arrives.
#[derive(Clone, Debug, PartialEq)]
pub struct Costs {
    /// CPU of a request handler for each request, partition in it, record and byte (picoseconds).
    pub request: Duration,
    pub partition: Duration,
    pub record: Duration,
    pub byte_picos: u64,
    /// Bytes a second of a broker's network card, each way; 0: without limit.
    pub network_bytes_per_sec: u64,
    /// Bytes a second of a broker's log disk; 0: without limit.
    pub disk_bytes_per_sec: u64,
    /// CPU of a producer for each byte it compresses (picoseconds), by codec: see [`Compression`].
    pub compression: bool,
}

/// Broker settings that the engine models, under Kafka's names with `.` as `_`.
#[derive(Clone, Debug, PartialEq)]
pub struct BrokerConfig {
    pub num_io_threads: u32,
    pub group_initial_rebalance_delay: Duration,
    pub group_min_session_timeout: Duration,
    pub group_max_session_timeout: Duration,
    pub group_max_size: u32,
    pub log_initial_task_delay: Duration,
    pub log_retention_check_interval: Duration,
    pub offsets_topic_num_partitions: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Topic {
    pub name: String,
    pub partitions: u32,
    pub config: TopicConfig,
}

#[derive(Clone, Debug, PartialEq)]
pub struct TopicConfig {
    pub segment_bytes: u64,
    pub segment_ms: Duration,
    /// `Duration::MAX`: for ever.
    pub retention_ms: Duration,
    /// None: no limit.
    pub retention_bytes: Option<u64>,
    pub max_message_bytes: u32,
    pub log_append_time: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Producer {
    pub name: String,
    pub topic: TopicId,
    pub instances: u32,
    /// The total over all instances, in records a second.
    pub rate: RateCurve,
    pub arrivals: Arrivals,
    pub key: Key,
    /// Types that each entity goes through in order, and the time between two of them.
    pub life: Option<Life>,
    /// Bytes of the value.
    pub value_size: Distribution,
    pub config: ProducerConfig,
}

/// Records a second over time: straight lines between the points, level after the last. Points are in order of time;
/// two at one time are a step. `rate` is never negative.
#[derive(Clone, Debug, PartialEq)]
pub struct RateCurve {
    pub points: Vec<(Instant, f64)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrivals {
    Poisson,
    /// Record i at exactly i ÷ rate.
    Constant,
}

/// Whose event a record is, and the bytes that it carries as its key.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// None: records have no entity and no key.
    pub entity: Option<Entity>,
    pub send: SendKey,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Entity {
    pub field: String,
    pub from: KeyDistribution,
    /// A key that takes its share before `from` is asked.
    pub hot: Option<(f64, String)>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum KeyDistribution {
    Uniform { keys: u32 },
    Zipf { keys: u32, exponent: f64 },
    Weighted(Vec<(String, f64)>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendKey {
    /// The entity is the key.
    Entity,
    /// `KEY#0` to `KEY#<salt − 1>`.
    Salted(u32),
    /// No key: placed by stickiness. The entity is still known to the event.
    Null,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Life {
    pub types: Vec<String>,
    pub gap: Duration,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ProducerConfig {
    pub acks: Acks,
    pub batch_size: u32,
    pub linger: Duration,
    pub max_in_flight: u32,
    pub max_request_size: u32,
    pub compression: Compression,
    pub adaptive_partitioning: bool,
    pub ignore_keys: bool,
    pub enable_idempotence: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acks {
    None,
    Leader,
    All,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    None,
    Gzip,
    Snappy,
    Lz4,
    Zstd,
}

/// What handlers act on.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    pub name: String,
    pub kind: TargetKind,
    pub takes: Distribution,
    /// An idempotency key sent again within this time has no second effect. `ZERO`: never honoured.
    pub honours_key: Duration,
    /// How long a store keeps a mark.
    pub keeps: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetKind {
    Database,
    Api,
    Store,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    pub name: String,
    pub topics: Vec<TopicId>,
    pub members: u32,
    pub config: ConsumerConfig,
    pub handler: Handler,
    pub budget: Budget,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ConsumerConfig {
    /// In order of preference.
    pub assignors: Vec<Assignor>,
    pub max_poll_records: u32,
    pub max_poll_interval: Duration,
    pub session_timeout: Duration,
    pub heartbeat_interval: Duration,
    pub fetch_min_bytes: u32,
    pub fetch_max_wait: Duration,
    pub fetch_max_bytes: u32,
    pub max_partition_fetch_bytes: u32,
    pub auto_offset_reset: AutoOffsetReset,
    pub auto_commit_interval: Duration,
    /// `group.instance.id` is set: `<group>-<member>`.
    pub static_membership: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assignor {
    Range,
    RoundRobin,
    Sticky,
    CooperativeSticky,
}

impl Assignor {
    /// Its name in the protocol, as `ConsumerPartitionAssignor.name()` gives it.
    pub fn name(self) -> &'static str {
        match self {
            Assignor::Range => "range",
            Assignor::RoundRobin => "roundrobin",
            Assignor::Sticky => "sticky",
            Assignor::CooperativeSticky => "cooperative-sticky",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AutoOffsetReset {
    Earliest,
    Latest,
    /// Now minus this.
    ByDuration(Duration),
    None,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Handler {
    pub steps: Vec<Step>,
    pub commit: CommitPolicy,
    pub on_commit_failure: OnCommitFailure,
    pub dedup: Option<Dedup>,
}

/// One step of a handler. Its effect, if it has one, happens when the step completes.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The word that the file gives: `validate`, `write`, `call`.
    pub name: String,
    pub target: Option<TargetId>,
    /// The step's own time; with a target, the target's.
    pub takes: Distribution,
    pub effect: Effect,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    None,
    /// Doing it twice is doing it once.
    Idempotent,
    /// Must happen once for each event; the name that the ledger gives it.
    Once(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommitPolicy {
    AfterRecord,
    AfterBatch,
    /// `enable.auto.commit`: checked in `poll`, each `auto.commit.interval.ms`.
    Auto,
    /// Before the work is done.
    Before,
    /// Never.
    Never,
}

/// What a member does when its commit is refused. A failed commit alone repeats nothing: the position is in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnCommitFailure {
    Continue,
    /// The process exits and starts again.
    Restart,
    /// Seeks back to the last committed offset.
    Rewind,
}

/// Remembers events by their own id. Checked before the first step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dedup {
    pub store: TargetId,
    pub mark: DedupMark,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DedupMark {
    /// When the check has passed, before the first step.
    Before,
    /// After the last step.
    After,
    /// With the effect, in one database transaction.
    SameTransaction,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Budget {
    pub records: Option<u64>,
    pub age: Option<Duration>,
    pub drain: Option<Duration>,
}

/// A line of the timeline.
#[derive(Clone, Debug, PartialEq)]
pub struct TimelineEntry {
    /// The name that the file gives it, or the place in the list: `timeline[3]`.
    pub id: String,
    pub when: When,
    pub action: Action,
    /// After this the action ends by itself.
    pub lasts: Option<Duration>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum When {
    /// At `at`, then `times − 1` more, `every` apart.
    At { at: Instant, every: Duration, times: u32 },
    /// That long after the end of the entry with this place in the list.
    After { entry: usize, plus: Duration },
    /// At the first samples at which the condition holds and did not at the one before.
    Holds { condition: Condition, times: u32 },
}

#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// The new total over all instances, instead of the curve; ends: back to the curve. As a factor when `times` is set.
    ProducerRate {
        producer: ProducerId,
        rate: Rate,
    },
    MemberCrash {
        group: GroupId,
        member: MemberIndex,
    },
    MemberStop {
        group: GroupId,
        member: MemberIndex,
    },
    MembersAdd {
        group: GroupId,
        count: u32,
    },
    /// The whole process stands still, heartbeats too.
    MemberPause {
        group: GroupId,
        member: MemberIndex,
    },
    /// Handler times × factor; `member: None` is all of them.
    HandlerSlow {
        group: GroupId,
        member: Option<MemberIndex>,
        factor: f64,
    },
    CommitsFail {
        group: GroupId,
        error: CommitError,
    },
    GroupStop {
        group: GroupId,
    },
    GroupStart {
        group: GroupId,
    },
    /// Refused while the group is active, as in Kafka.
    GroupReset {
        group: GroupId,
        to: ResetTo,
    },
    /// Each member stops cleanly and starts again, one after the other: down for `down`, next after `gap`.
    RollingRestart {
        group: GroupId,
        down: Duration,
        gap: Duration,
    },
    /// Requests of this broker take `factor` times as long.
    BrokerSlow {
        broker: BrokerId,
        factor: f64,
    },
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rate {
    /// Records a second.
    To(f64),
    Times(f64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommitError {
    /// `COORDINATOR_LOAD_IN_PROGRESS` and its like: the client may try again.
    Retriable,
    Fatal,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetTo {
    Earliest,
    Latest,
    /// The first record at or after this moment.
    Time(Instant),
    /// By a signed number of records from the committed offset.
    By(i64),
}
