//! A random valid design of at most 20 000 records: everything that the engine knows, in small, with faults of every
//! kind in its first part, quiet load in its second, and time to come to rest in its third.

use super::design::*;
use laglab::engine::design::*;
use laglab::engine::id::{BrokerId, GroupId, MemberIndex, ProducerId, TargetId, TopicId};
use laglab::engine::observe::condition::{Aggregate, Comparison, Condition, Value};
use laglab::engine::observe::metric::{Labels, Metric};
use laglab::engine::random::{Distribution, Seed, Stream};
use laglab::engine::time::{Duration, Instant};

/// Faults are over by then.
pub const HEALED: Instant = Instant::from_millis(60_000);
/// Nothing is produced any more.
pub const QUIET: Instant = Instant::from_millis(80_000);
/// Long enough for every timeout and for all that has piled up.
pub const END: Duration = Duration::from_secs(300);
const RECORDS: u32 = 18_000;

/// Draws one after the other.
struct Dice {
    stream: Stream,
    thrown: u64,
}

impl Dice {
    fn draw(&mut self) -> u64 {
        self.thrown += 1;
        self.stream.at(self.thrown)
    }
    /// From 0 to `end`, without it.
    fn below(&mut self, end: u32) -> u32 {
        (((self.draw() >> 32) * u64::from(end)) >> 32) as u32
    }
    fn between(&mut self, low: u32, high: u32) -> u32 {
        low + self.below(high - low + 1)
    }
    fn one_in(&mut self, n: u32) -> bool {
        self.below(n) == 0
    }
    fn one_of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u32) as usize].clone()
    }
    fn millis(&mut self, low: u32, high: u32) -> Duration {
        Duration::from_millis(u64::from(self.between(low, high)))
    }

    /// A time with a mean of at most about `micros`.
    fn time(&mut self, micros: u32) -> Distribution {
        let mean = u64::from(self.between(0, micros)) * 1_000;
        match self.below(4) {
            0 => Distribution::Constant(mean),
            1 => Distribution::Exponential(mean),
            2 => Distribution::LogNormal { p50: mean / 2 + 1, p99: 2 * mean + 2 },
            _ => Distribution::Uniform { low: 0, high: 2 * mean },
        }
    }
}

pub fn random_design(seed: u64) -> Design {
    let mut dice = Dice { stream: Seed(seed).stream("swarm"), thrown: 0 };
    let topics: Vec<Topic> = (0..dice.between(1, 3)).map(|n| random_topic(&mut dice, n)).collect();
    let producers = dice.between(1, 3);
    let targets: Vec<Target> = (0..dice.below(4)).map(|n| random_target(&mut dice, n)).collect();
    let mut design = Design {
        seed: Seed(seed),
        duration: END,
        cluster: random_cluster(&mut dice),
        producers: (0..producers).map(|n| random_producer(&mut dice, n, topics.len() as u32, RECORDS / producers)).collect(),
        groups: (0..dice.between(1, 3)).map(|n| random_group(&mut dice, n, topics.len() as u32, &targets)).collect(),
        track_order: dice.one_in(2),
        topics,
        targets,
        ..design()
    };
    for _ in 0..dice.below(7) {
        random_entry(&mut dice, &mut design);
    }
    design
}

fn random_cluster(dice: &mut Dice) -> Cluster {
    let mut cluster = cluster(dice.between(1, 4));
    if dice.one_in(2) {
        cluster.network = Network { latency: dice.time(2_000), jitter: dice.millis(0, 3) };
    }
    if dice.one_in(2) {
        cluster.costs = Costs {
            request: Duration::from_micros(u64::from(dice.between(0, 200))),
            partition: Duration::from_micros(u64::from(dice.between(0, 20))),
            record: Duration(u64::from(dice.between(0, 1_000))),
            byte_picos: u64::from(dice.between(0, 1_000)),
            network_bytes_per_sec: dice.one_of(&[0, 10_000_000, 1_000_000_000]),
            disk_bytes_per_sec: dice.one_of(&[0, 10_000_000, 500_000_000]),
            compression: true,
        };
    }
    cluster.config.num_io_threads = dice.between(1, 8);
    cluster.config.group_initial_rebalance_delay = dice.one_of(&[Duration::ZERO, Duration::from_secs(3)]);
    cluster.config.log_retention_check_interval = dice.millis(1_000, 30_000);
    cluster.config.log_initial_task_delay = dice.millis(0, 30_000);
    cluster
}

fn random_topic(dice: &mut Dice, number: u32) -> Topic {
    let mut topic = topic(&format!("topic-{number}"), dice.between(1, 8));
    topic.config.log_append_time = dice.one_in(4);
    if dice.one_in(3) {
        topic.config.segment_bytes = u64::from(dice.between(20_000, 200_000));
        topic.config.segment_ms = dice.millis(500, 30_000);
        if dice.one_in(2) {
            topic.config.retention_ms = dice.millis(1_000, 20_000);
        } else {
            topic.config.retention_bytes = Some(u64::from(dice.between(0, 200_000)));
        }
    }
    topic
}

fn random_producer(dice: &mut Dice, number: u32, topics: u32, records: u32) -> Producer {
    // Times up to 2 for the first part, at most the whole of it for the second.
    let seconds = f64::from(2 * HEALED.as_millis() as u32 + (QUIET.as_millis() - HEALED.as_millis()) as u32) / 1_000.0;
    let most = f64::from(records) / seconds;
    let mut points: Vec<(Instant, f64)> = Vec::new();
    let mut at = Instant::ZERO;
    while at < QUIET && points.len() < 5 {
        points.push((at, most * f64::from(dice.below(101)) / 100.0));
        at += dice.millis(0, 30_000);
    }
    points.retain(|(at, _)| *at < QUIET);
    let last = points.last().map_or(0.0, |(_, rate)| *rate);
    points.extend([(QUIET, last), (QUIET, 0.0)]);
    Producer {
        instances: dice.between(1, 3),
        rate: RateCurve { points },
        arrivals: dice.one_of(&[Arrivals::Poisson, Arrivals::Constant]),
        key: random_key(dice),
        life: dice.one_in(3).then(|| Life {
            types: ["created", "paid", "shipped"][..dice.between(1, 3) as usize].iter().map(|word| (*word).to_owned()).collect(),
            gap: dice.millis(0, 2_000),
        }),
        value_size: match dice.below(3) {
            0 => Distribution::Constant(u64::from(dice.between(0, 2_000))),
            1 => Distribution::Uniform { low: 0, high: 8_000 },
            _ => Distribution::LogNormal { p50: 300, p99: 5_000 },
        },
        config: ProducerConfig {
            acks: dice.one_of(&[Acks::None, Acks::Leader, Acks::All, Acks::All]),
            batch_size: dice.one_of(&[0, 1_000, 16_384, 16_384, 100_000]),
            linger: dice.one_of(&[Duration::ZERO, Duration::from_millis(5), Duration::from_millis(200)]),
            max_in_flight: dice.between(1, 5),
            max_request_size: dice.one_of(&[50_000, 1_048_576]),
            compression: dice.one_of(&[
                Compression::None,
                Compression::None,
                Compression::Gzip,
                Compression::Snappy,
                Compression::Lz4,
                Compression::Zstd,
            ]),
            adaptive_partitioning: dice.one_in(2),
            ignore_keys: dice.one_in(8),
            enable_idempotence: false,
        },
        ..producer(&format!("producer-{number}"), TopicId(dice.below(topics)))
    }
}

fn random_key(dice: &mut Dice) -> Key {
    let from = match dice.below(4) {
        0 => return no_key(),
        1 => KeyDistribution::Uniform { keys: dice.between(1, 500) },
        2 => KeyDistribution::Zipf { keys: dice.between(1, 500), exponent: f64::from(dice.between(5, 15)) / 10.0 },
        _ => KeyDistribution::Weighted(vec![("acme".to_owned(), 3.0), ("globex".to_owned(), 1.5), ("initech".to_owned(), 0.5)]),
    };
    let hot = dice.one_in(3).then(|| (f64::from(dice.between(0, 100)) / 100.0, "acme".to_owned()));
    let salt = SendKey::Salted(dice.between(1, 8));
    Key {
        entity: Some(Entity { field: "customer".to_owned(), from, hot }),
        send: dice.one_of(&[SendKey::Entity, SendKey::Entity, SendKey::Null, salt]),
    }
}

fn random_target(dice: &mut Dice, number: u32) -> Target {
    let forgets = [Duration::ZERO, Duration::from_secs(10), Duration::MAX];
    Target {
        name: format!("target-{number}"),
        kind: dice.one_of(&[TargetKind::Database, TargetKind::Api, TargetKind::Store]),
        takes: dice.time(1_000),
        honours_key: dice.one_of(&forgets),
        keeps: dice.one_of(&[Duration::from_secs(5), Duration::MAX]),
    }
}

fn random_group(dice: &mut Dice, number: u32, topics: u32, targets: &[Target]) -> Group {
    let mut subscribed: Vec<TopicId> = (0..topics).filter(|_| dice.one_in(2)).map(TopicId).collect();
    if subscribed.is_empty() {
        subscribed.push(TopicId(dice.below(topics)));
    }
    let assignors = [
        vec![Assignor::Range],
        vec![Assignor::RoundRobin],
        vec![Assignor::Sticky],
        vec![Assignor::CooperativeSticky],
        vec![Assignor::Range, Assignor::CooperativeSticky],
    ];
    let session_timeout = dice.millis(6_000, 12_000);
    Group {
        members: dice.between(1, 5),
        config: ConsumerConfig {
            assignors: dice.one_of(&assignors),
            max_poll_records: dice.one_of(&[1, 10, 500, 500]),
            max_poll_interval: dice.millis(5_000, 30_000),
            session_timeout,
            heartbeat_interval: Duration(session_timeout.0 / u64::from(dice.between(3, 5))),
            fetch_min_bytes: dice.one_of(&[1, 1, 1, 10_000]),
            fetch_max_wait: dice.one_of(&[Duration::from_millis(500), Duration::from_millis(50)]),
            fetch_max_bytes: dice.one_of(&[52_428_800, 30_000]),
            max_partition_fetch_bytes: dice.one_of(&[1_048_576, 10_000]),
            auto_offset_reset: dice.one_of(&[
                AutoOffsetReset::Earliest,
                AutoOffsetReset::Earliest,
                AutoOffsetReset::Latest,
                AutoOffsetReset::ByDuration(Duration::from_secs(5)),
            ]),
            auto_commit_interval: dice.millis(100, 5_000),
            static_membership: dice.one_in(4),
        },
        handler: random_handler(dice, targets),
        budget: Budget {
            records: dice.one_in(2).then_some(100),
            age: dice.one_in(2).then_some(Duration::from_secs(2)),
            drain: dice.one_in(4).then_some(Duration::from_secs(20)),
        },
        ..group(&format!("group-{number}"), &subscribed)
    }
}

fn random_handler(dice: &mut Dice, targets: &[Target]) -> Handler {
    let steps: Vec<Step> = (0..dice.between(1, 3))
        .map(|number| {
            let target = (!targets.is_empty() && dice.one_in(2)).then(|| TargetId(dice.below(targets.len() as u32)));
            Step {
                name: format!("step-{number}"),
                target,
                takes: dice.time(1_000),
                effect: match dice.below(3) {
                    0 => Effect::None,
                    1 => Effect::Idempotent,
                    _ => Effect::Once(format!("effect-{number}")),
                },
            }
        })
        .collect();
    let policies = [
        CommitPolicy::AfterRecord,
        CommitPolicy::AfterBatch,
        CommitPolicy::Auto,
        CommitPolicy::Auto,
        CommitPolicy::Before,
        CommitPolicy::Never,
    ];
    let failures = [OnCommitFailure::Continue, OnCommitFailure::Restart, OnCommitFailure::Rewind];
    Handler { commit: dice.one_of(&policies), on_commit_failure: dice.one_of(&failures), dedup: random_dedup(dice, &steps, targets), steps }
}

fn random_dedup(dice: &mut Dice, steps: &[Step], targets: &[Target]) -> Option<Dedup> {
    if targets.is_empty() || dice.one_in(2) {
        return None;
    }
    let store = TargetId(dice.below(targets.len() as u32));
    match targets[store.index()].kind {
        TargetKind::Api => None,
        // One transaction is possible only where a step with an effect writes to the same database.
        TargetKind::Database if steps.iter().any(|step| step.target == Some(store) && step.effect != Effect::None) => {
            Some(Dedup { store, mark: dice.one_of(&[DedupMark::Before, DedupMark::After, DedupMark::SameTransaction]) })
        }
        TargetKind::Database | TargetKind::Store => Some(Dedup { store, mark: dice.one_of(&[DedupMark::Before, DedupMark::After]) }),
    }
}

/// Adds an entry whose action is over at [`HEALED`].
fn random_entry(dice: &mut Dice, design: &mut Design) {
    let lasts = dice.millis(1, 15_000);
    let condition = Condition {
        value: Value::Aggregate { aggregate: Aggregate::Max, metric: Metric::PositionLag, labels: Labels::default() },
        comparison: Comparison::Greater,
        number: 20.0,
    };
    let last_start = HEALED.as_millis() as u32 - 25_000;
    let when = match dice.below(4) {
        // It may come late, but only while something piles up.
        0 => When::Holds { condition, times: dice.between(1, 2) },
        1 if !design.timeline.is_empty() => {
            When::After { entry: dice.below(design.timeline.len() as u32) as usize, plus: dice.millis(0, 1_000) }
        }
        _ => When::At {
            at: Instant::from_millis(u64::from(dice.below(last_start))),
            every: dice.millis(2_000, 4_000),
            times: dice.between(1, 3),
        },
    };
    let groups = design.groups.len() as u32;
    let group = GroupId(dice.below(groups));
    let member = MemberIndex(dice.below(design.groups[group.index()].members));
    let mut reset_after = Duration::ZERO;
    let action = match dice.below(12) {
        0 => Action::ProducerRate {
            producer: ProducerId(dice.below(design.producers.len() as u32)),
            rate: if dice.one_in(2) { Rate::To(f64::from(dice.below(10))) } else { Rate::Times(f64::from(dice.below(20)) / 10.0) },
        },
        1 => Action::MemberCrash { group, member },
        2 => Action::MemberStop { group, member },
        3 => Action::MembersAdd { group, count: dice.between(1, 3) },
        4 => Action::MemberPause { group, member },
        5 => {
            let member = dice.one_in(2).then_some(member);
            // From a tenth to ten thousand times: so slow that `max.poll.interval.ms` passes in the handler.
            Action::HandlerSlow { group, member, factor: 10.0_f64.powi(dice.between(0, 5) as i32 - 1) * f64::from(dice.between(1, 9)) }
        }
        6 => Action::CommitsFail { group, error: dice.one_of(&[CommitError::Retriable, CommitError::Fatal]) },
        7 => Action::GroupStop { group },
        8 => Action::GroupStart { group },
        9 => {
            // An active group is not reset: mostly it is stopped around it.
            if let When::At { at, .. } = when
                && !dice.one_in(4)
            {
                let id = format!("entry-{}", design.timeline.len());
                let when = When::At { at, every: Duration::ZERO, times: 1 };
                design.timeline.push(TimelineEntry { id, when, action: Action::GroupStop { group }, lasts: Some(Duration::from_secs(10)) });
                reset_after = Duration::from_secs(7);
            }
            let to = [ResetTo::Earliest, ResetTo::Latest, ResetTo::Time(Instant::from_millis(10_000)), ResetTo::By(-30), ResetTo::By(50)];
            Action::GroupReset { group, to: dice.one_of(&to) }
        }
        10 => Action::RollingRestart { group, down: dice.millis(0, 2_000), gap: dice.millis(0, 2_000) },
        _ => Action::BrokerSlow { broker: BrokerId(dice.below(design.cluster.brokers)), factor: f64::from(dice.between(10, 100)) / 10.0 },
    };
    let when = match when {
        When::At { at, every, times } => When::At { at: at + reset_after, every, times },
        When::After { .. } | When::Holds { .. } => when,
    };
    let id = format!("entry-{}", design.timeline.len());
    design.timeline.push(TimelineEntry { id, when, action, lasts: Some(lasts) });
}
