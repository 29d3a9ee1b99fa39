//! Designs built by hand, for tests and benches: functions with Kafka's defaults, to be changed by struct update.
//! `Design { groups: vec![Group { members: 3, ..group("g", &[TopicId(0)]) }], ..design() }`.
//!
//! Differs from Kafka's defaults where a test would otherwise say it each time: brokers cost nothing, the network takes
//! 0.5 ms each way, and a group without a committed offset starts at the earliest one.
#![allow(dead_code)] // Each test takes what it needs.

use laglab::engine::design::*;
use laglab::engine::id::TopicId;
use laglab::engine::random::{Distribution, Seed};
use laglab::engine::time::{Duration, Instant};

/// One broker, nothing else, 10 s.
pub fn design() -> Design {
    Design {
        seed: Seed(1),
        duration: Duration::from_secs(10),
        warmup: Duration::ZERO,
        cluster: cluster(1),
        topics: vec![],
        producers: vec![],
        targets: vec![],
        groups: vec![],
        timeline: vec![],
        track_order: false,
    }
}

pub fn cluster(brokers: u32) -> Cluster {
    Cluster {
        brokers,
        network: Network { latency: Distribution::Constant(500_000), jitter: Duration::ZERO },
        costs: no_costs(),
        config: broker_config(),
    }
}

/// Every request is answered at the instant it arrives.
pub fn no_costs() -> Costs {
    Costs {
        request: Duration::ZERO,
        partition: Duration::ZERO,
        record: Duration::ZERO,
        byte_picos: 0,
        network_bytes_per_sec: 0,
        disk_bytes_per_sec: 0,
        compression: false,
    }
}

pub fn broker_config() -> BrokerConfig {
    BrokerConfig {
        num_io_threads: 8,
        group_initial_rebalance_delay: Duration::from_secs(3),
        group_min_session_timeout: Duration::from_secs(6),
        group_max_session_timeout: Duration::from_secs(1_800),
        group_max_size: i32::MAX as u32,
        log_initial_task_delay: Duration::from_secs(30),
        log_retention_check_interval: Duration::from_secs(300),
        offsets_topic_num_partitions: 50,
    }
}

pub fn topic(name: &str, partitions: u32) -> Topic {
    Topic { name: name.to_owned(), partitions, config: topic_config() }
}

pub fn topic_config() -> TopicConfig {
    TopicConfig {
        segment_bytes: 1 << 30,
        segment_ms: Duration::from_secs(7 * 86_400),
        retention_ms: Duration::from_secs(7 * 86_400),
        retention_bytes: None,
        max_message_bytes: 1_048_588,
        log_append_time: false,
    }
}

/// One instance, 100 records a second (Poisson) of 200 bytes, without a key.
pub fn producer(name: &str, topic: TopicId) -> Producer {
    Producer {
        name: name.to_owned(),
        topic,
        instances: 1,
        rate: rate(100.0),
        arrivals: Arrivals::Poisson,
        key: no_key(),
        life: None,
        value_size: Distribution::Constant(200),
        config: producer_config(),
    }
}

/// The same rate all the time.
pub fn rate(per_second: f64) -> RateCurve {
    RateCurve { points: vec![(Instant::ZERO, per_second)] }
}

/// One rate until `change`, another from then on.
pub fn rate_step(before: f64, change: Instant, after: f64) -> RateCurve {
    RateCurve { points: vec![(Instant::ZERO, before), (change, before), (change, after)] }
}

pub fn no_key() -> Key {
    Key { entity: None, send: SendKey::Null }
}

/// Keys `FIELD-0`, `FIELD-1`, … from a distribution, each record sent with its key.
pub fn keyed(field: &str, from: KeyDistribution) -> Key {
    Key { entity: Some(Entity { field: field.to_owned(), from, hot: None }), send: SendKey::Entity }
}

pub fn producer_config() -> ProducerConfig {
    ProducerConfig {
        acks: Acks::All,
        batch_size: 16_384,
        linger: Duration::from_millis(5),
        max_in_flight: 5,
        max_request_size: 1_048_576,
        compression: Compression::None,
        adaptive_partitioning: true,
        ignore_keys: false,
        enable_idempotence: true,
    }
}

/// One member with auto-commit and a step `handle` of 100 µs (exponential).
pub fn group(name: &str, topics: &[TopicId]) -> Group {
    Group {
        name: name.to_owned(),
        topics: topics.to_vec(),
        members: 1,
        config: consumer_config(),
        handler: handler(Distribution::Exponential(100_000)),
        budget: Budget::default(),
    }
}

pub fn consumer_config() -> ConsumerConfig {
    ConsumerConfig {
        assignors: vec![Assignor::Range, Assignor::CooperativeSticky],
        max_poll_records: 500,
        max_poll_interval: Duration::from_secs(300),
        session_timeout: Duration::from_secs(45),
        heartbeat_interval: Duration::from_secs(3),
        fetch_min_bytes: 1,
        fetch_max_wait: Duration::from_millis(500),
        fetch_max_bytes: 52_428_800,
        max_partition_fetch_bytes: 1_048_576,
        auto_offset_reset: AutoOffsetReset::Earliest,
        auto_commit_interval: Duration::from_secs(5),
        static_membership: false,
    }
}

/// One step `handle` without an effect; commits are automatic.
pub fn handler(takes: Distribution) -> Handler {
    Handler {
        steps: vec![Step { name: "handle".to_owned(), target: None, takes, effect: Effect::None }],
        commit: CommitPolicy::Auto,
        on_commit_failure: OnCommitFailure::Continue,
        dedup: None,
    }
}

/// A line of the timeline that happens once.
pub fn at(at: Instant, action: Action, lasts: Option<Duration>) -> TimelineEntry {
    TimelineEntry { id: format!("at {at}"), when: When::At { at, every: Duration::ZERO, times: 1 }, action, lasts }
}

/// The reference workload W: what varies between its sizes.
#[derive(Clone, Copy, Debug)]
pub struct W {
    pub seed: u64,
    pub seconds: u64,
    pub brokers: u32,
    pub partitions: u32,
    pub producers: u32,
    /// Of all producers, records a second.
    pub rate: f64,
    pub keys: u32,
    pub members: u32,
    pub value_bytes: u64,
    pub batch_size: u32,
    pub linger: Duration,
    pub max_poll_records: u32,
    pub service: Duration,
}

/// 12 partitions on 3 brokers; 10 producers with 100 000 records/s in all, keys Zipf(1.1) of 10 000; 12 members with an
/// exponential service of 100 µs. It overloads three partitions.
pub const REFERENCE: W = W {
    seed: 1,
    seconds: 60,
    brokers: 3,
    partitions: 12,
    producers: 10,
    rate: 100_000.0,
    keys: 10_000,
    members: 12,
    value_bytes: 200,
    batch_size: 16_384,
    linger: Duration::from_millis(5),
    max_poll_records: 500,
    service: Duration::from_micros(100),
};

impl W {
    pub fn design(self) -> Design {
        let orders = TopicId(0);
        Design {
            seed: Seed(self.seed),
            duration: Duration::from_secs(self.seconds),
            cluster: cluster(self.brokers),
            topics: vec![topic("orders", self.partitions)],
            producers: vec![Producer {
                instances: self.producers,
                rate: rate(self.rate),
                key: keyed("customer", KeyDistribution::Zipf { keys: self.keys, exponent: 1.1 }),
                value_size: Distribution::Constant(self.value_bytes),
                config: ProducerConfig { batch_size: self.batch_size, linger: self.linger, ..producer_config() },
                ..producer("checkout", orders)
            }],
            groups: vec![Group {
                members: self.members,
                config: ConsumerConfig { max_poll_records: self.max_poll_records, ..consumer_config() },
                handler: handler(Distribution::Exponential(self.service.as_nanos())),
                ..group("payments", &[orders])
            }],
            ..design()
        }
    }
}
