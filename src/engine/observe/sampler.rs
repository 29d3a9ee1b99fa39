//! The measuring at each sample: series from the books, in a fixed order, and observations that need more than one event.
//! It runs after everything else of its instant, in a lane of its own, and changes nothing of the world.

use super::super::application::handler::Start;
use super::super::application::progress::Latency;
use super::super::client::consumer::consumer::Consumer;
use super::super::id::{GroupId, MemberIndex, ProducerId, TopicId, TopicPartition};
use super::super::log::file_records::FileRecords;
use super::super::plan::Plan;
use super::super::time::{Duration, Instant};
use super::super::world::{Books, History, LogGauges, RequestKind, World};
use super::condition::{Aggregate, Value};
use super::histogram::Histogram;
use super::lag::DrainWindow;
use super::metric::{Labels, Metric, MetricKind};
use super::observation::What;
use super::series::{LatencySeries, Series, SeriesTable, StatusSeries, sample_interval};
use super::snapshot::Status;

/// Violations of order that a group tells one by one; the counter counts them all.
const VIOLATIONS_TOLD: u64 = 20;
/// How long a partition has to grow under a busy owner before it is said that it cannot keep up.
const KEEP_UP_WINDOW: Duration = Duration::from_secs(10);

#[derive(Clone, Debug)]
pub struct Sampler {
    every: Duration,
    samples: usize,
    /// Values at the sample before, by `TopicPartition`.
    produced: Vec<u64>,
    groups: Vec<GroupSampler>,
    producers: Vec<Vec<u64>>,
    /// Rates of the last sample, for snapshots.
    pub rate_in: Vec<f64>,
    pub rate_by_partition: Vec<Vec<f64>>,
    members: Vec<MemberSampler>,
    /// The next series to be written, while a sample is taken.
    cursor: usize,
    worked: Vec<Duration>,
    pub handler_idle: Vec<f64>,
}

#[derive(Clone, Debug)]
struct GroupSampler {
    partitions: Vec<PartitionSampler>,
    violations_told: u64,
}

#[derive(Clone, Debug, Default)]
pub struct PartitionSampler {
    consumed: u64,
    pub rate_out: f64,
    pub status: Status,
    drain: DrainWindow,
    pub time_to_drain: f64,
    pub unread_age: Duration,
    over_budget: bool,
    /// Since when the owner has been busy without a break and the lag has grown, with the lag then.
    behind: Option<(Instant, u64)>,
    behind_told: bool,
}

#[derive(Clone, Debug)]
struct MemberSampler {
    group: GroupId,
    member: MemberIndex,
    series: usize,
    busy: Duration,
    handled: u64,
    pub share: f64,
    pub rate: f64,
}

impl Sampler {
    pub fn new(plan: &Plan) -> Self {
        let partitions = plan.partitions.len();
        Sampler {
            every: sample_interval(plan.design.duration),
            samples: 0,
            produced: vec![0; partitions],
            groups: plan
                .groups
                .iter()
                .map(|group| GroupSampler { partitions: vec![PartitionSampler::default(); group.partitions.len()], violations_told: 0 })
                .collect(),
            producers: plan
                .design
                .producers
                .iter()
                .map(|producer| vec![0; plan.design.topics[producer.topic.index()].partitions as usize])
                .collect(),
            rate_in: vec![0.0; partitions],
            rate_by_partition: plan
                .design
                .producers
                .iter()
                .map(|producer| vec![0.0; plan.design.topics[producer.topic.index()].partitions as usize])
                .collect(),
            members: Vec::new(),
            cursor: 0,
            worked: vec![Duration::ZERO; plan.design.cluster.brokers as usize],
            handler_idle: vec![1.0; plan.design.cluster.brokers as usize],
        }
    }

    pub fn samples(&self) -> usize {
        self.samples
    }

    pub fn next_at(&self) -> Instant {
        Instant(self.every.0 * (self.samples as u64 + 1))
    }

    /// Lays out the series, in the order in which `sample` writes them.
    pub fn begin(&mut self, plan: &Plan, consumers: &[Consumer], table: &mut SeriesTable) {
        table.every = self.every;
        let mut add = |metric, labels| table.series.push(Series::new(metric, labels, 0));
        for (index, partition) in plan.partitions.iter().enumerate() {
            let _ = index;
            let labels = Labels { topic: Some(partition.topic), partition: Some(partition.partition), ..Labels::default() };
            add(Metric::Produced, labels.clone());
            add(Metric::ThroughputIn, labels);
        }
        for topic in (0..plan.design.topics.len()).map(TopicId::from) {
            let labels = Labels { topic: Some(topic), ..Labels::default() };
            add(Metric::BytesIn, labels.clone());
            add(Metric::Skew, labels);
        }
        for (index, producer) in plan.design.producers.iter().enumerate() {
            let labels = Labels { producer: Some(ProducerId::from(index)), topic: Some(producer.topic), ..Labels::default() };
            add(Metric::Sent, labels.clone());
            add(Metric::Top10Share, labels.clone());
            add(Metric::ProducerErrors, labels);
        }
        for kind in RequestKind::ALL {
            add(Metric::Requests, Labels { kind: Some(kind.name().to_owned()), ..Labels::default() });
        }
        for (index, group) in plan.groups.iter().enumerate() {
            let own = Labels { group: Some(GroupId::from(index)), ..Labels::default() };
            for metric in GROUP_METRICS {
                add(metric, own.clone());
            }
            for effect in &group.effects {
                let labels = Labels { effect: Some(effect.clone()), ..own.clone() };
                add(Metric::EffectsRepeated, labels.clone());
                add(Metric::EffectsMissing, labels);
            }
            for partition in &group.partitions {
                let partition = plan.partition(*partition);
                let labels = Labels { topic: Some(partition.topic), partition: Some(partition.partition), ..own.clone() };
                for metric in PARTITION_METRICS {
                    add(metric, labels.clone());
                }
            }
        }
        for kind in RequestKind::ALL {
            let labels = Labels { kind: Some(kind.name().to_owned()), ..Labels::default() };
            table.latencies.push(LatencySeries::new(Metric::RequestLatency, labels));
        }
        for (index, group) in plan.groups.iter().enumerate() {
            let own = Labels { group: Some(GroupId::from(index)), ..Labels::default() };
            for metric in [Metric::EndToEndLatency, Metric::ProcessingLatency, Metric::RebalancePause] {
                table.latencies.push(LatencySeries::new(metric, own.clone()));
            }
            for step in &plan.design.groups[index].handler.steps {
                let labels = Labels { step: Some(step.name.clone()), ..own.clone() };
                table.latencies.push(LatencySeries::new(Metric::ProcessingLatency, labels));
            }
            for partition in &group.partitions {
                let partition = plan.partition(*partition);
                let labels = Labels { topic: Some(partition.topic), partition: Some(partition.partition), ..own.clone() };
                table.statuses.push(StatusSeries::new(labels));
            }
        }
        for consumer in consumers {
            self.add_member(consumer, table);
        }
    }

    /// A member that came later: its series begins with the next sample. A run over the same time finds it there.
    pub fn add_member(&mut self, consumer: &Consumer, table: &mut SeriesTable) {
        let labels = Labels { group: Some(consumer.group()), member: Some(consumer.member()), ..Labels::default() };
        let first = self.samples;
        let series = match table.series.iter().position(|series| series.metric == Metric::Busy && series.labels == labels) {
            Some(place) => place,
            None => {
                table.series.push(Series::new(Metric::Busy, labels, first));
                table.series.len() - 1
            }
        };
        self.members.push(MemberSampler {
            group: consumer.group(),
            member: consumer.member(),
            series,
            busy: Duration::ZERO,
            handled: 0,
            share: 0.0,
            rate: 0.0,
        });
    }

    pub fn partition(&self, group: GroupId, place: usize) -> &PartitionSampler {
        &self.groups[group.index()].partitions[place]
    }

    /// A member's share of time in the handler and records a second, by its place in the world's list.
    pub fn member(&self, index: usize) -> (f64, f64) {
        (self.members[index].share, self.members[index].rate)
    }

    fn put(&mut self, table: &mut SeriesTable, value: f64) {
        table.series[self.cursor].push(value);
        self.cursor += 1;
    }

    fn per_second(&self, delta: u64) -> f64 {
        delta as f64 * 1e9 / self.every.0 as f64
    }
}

const GROUP_METRICS: [Metric; 12] = [
    Metric::UnownedTime,
    Metric::GroupStopTime,
    Metric::Rebalances,
    Metric::CommitsRefused,
    Metric::RecordsLost,
    Metric::RecordsSkipped,
    Metric::RecordsExpired,
    Metric::DuplicatesDelivered,
    Metric::OrderViolations,
    Metric::BytesOut,
    Metric::Members,
    Metric::IdleMembers,
];

const PARTITION_METRICS: [Metric; 7] =
    [Metric::Lag, Metric::PositionLag, Metric::LagAge, Metric::UnreadAge, Metric::TimeToDrain, Metric::Consumed, Metric::ThroughputOut];

/// Takes the sample of this moment.
pub fn sample(world: &mut World, plan: &Plan, history: &mut History) {
    world.settle(plan, history);
    check_order(world, plan, history);
    let now = world.now;
    let World { sampler, books, senders, consumers, brokers, .. } = world;
    let table = &mut history.series;
    sampler.cursor = 0;
    for (index, log) in books.logs.iter().enumerate() {
        let rate = sampler.per_second(log.log_end - sampler.produced[index]);
        sampler.produced[index] = log.log_end;
        sampler.rate_in[index] = rate;
        sampler.put(table, log.log_end as f64);
        sampler.put(table, rate);
    }
    for topic in 0..plan.design.topics.len() {
        let logs = plan.partitions_of(TopicId::from(topic)).map(|partition| books.logs[partition.index()]);
        let (bytes, records, most, count) = logs.fold((0, 0, 0, 0), |(bytes, records, most, count), log| {
            (bytes + log.bytes_in, records + log.log_end, log.log_end.max(most), count + 1)
        });
        sampler.put(table, bytes as f64);
        sampler.put(table, if records == 0 { f64::NAN } else { (most * count) as f64 / records as f64 });
    }
    for (index, own) in books.producers.iter().enumerate() {
        let producer = ProducerId::from(index);
        let mine = senders.iter().filter(|sender| sender.producer() == producer);
        let (sent, top10) = mine.fold((0, 0.0), |(sent, _), sender| (sent + sender.sent_until(now), sender.top10_share()));
        sampler.put(table, sent as f64);
        sampler.put(table, top10);
        sampler.put(table, 0.0);
        for (partition, appended) in own.appended.iter().enumerate() {
            sampler.rate_by_partition[index][partition] = sampler.per_second(appended - sampler.producers[index][partition]);
            sampler.producers[index][partition] = *appended;
        }
    }
    for kind in RequestKind::ALL {
        sampler.put(table, books.requests.handled[kind as usize] as f64);
    }
    for (index, broker) in brokers.iter().enumerate() {
        let worked = broker.worked();
        let busy =
            (worked - sampler.worked[index]).0 as f64 / (sampler.every.0 as f64 * f64::from(plan.design.cluster.config.num_io_threads));
        sampler.handler_idle[index] = (1.0 - busy).max(0.0);
        sampler.worked[index] = worked;
    }
    let mut told = Vec::new();
    for (index, consumer) in consumers.iter().enumerate() {
        let (busy, handled) = (consumer.busy_until(now), consumer.handled());
        let member = &mut sampler.members[index];
        member.share = (busy - member.busy).0 as f64 / sampler.every.0 as f64;
        member.rate = (handled - member.handled) as f64 * 1e9 / sampler.every.0 as f64;
        (member.busy, member.handled) = (busy, handled);
        table.series[member.series].push(member.share);
    }
    for (own, group) in books.groups.iter_mut().zip(&plan.groups) {
        for partition in &group.partitions {
            own.commits[partition.index()].log_end(now, books.logs[partition.index()].log_end);
        }
    }
    for group in 0..plan.groups.len() {
        sample_group(sampler, plan, books, consumers, &history.records, table, now, GroupId::from(group), &mut told);
    }
    for (kind, latency) in books.requests.latency.iter_mut().enumerate() {
        table.latencies[kind].push(latency.take());
    }
    let mut place = RequestKind::ALL.len();
    let mut status = 0;
    for (index, own) in books.groups.iter_mut().enumerate() {
        let handler = own.progress.processing.take();
        // Where there is one step and nothing else, its time is the handler's.
        let alone = own.progress.steps.is_empty() && !plan.groups[index].steps.is_empty();
        let alone = alone.then(|| handler.clone());
        let windows = [own.progress.end_to_end.take(), handler, own.rebalance_pause.take()];
        for window in windows.into_iter().chain(alone).chain(own.progress.steps.iter_mut().map(Latency::take)) {
            table.latencies[place].push(window);
            place += 1;
        }
        for partition in &sampler.groups[index].partitions {
            table.statuses[status].push(partition.status);
            status += 1;
        }
    }
    sampler.samples += 1;
    table.samples = sampler.samples;
    for (cause, what) in told {
        tell(books, history, now, cause, what);
    }
}

type Told = (Option<super::super::id::ObservationId>, What);

#[allow(clippy::too_many_arguments)] // The parts of the world, borrowed one by one.
fn sample_group(
    sampler: &mut Sampler,
    plan: &Plan,
    books: &Books,
    consumers: &[Consumer],
    records: &[FileRecords],
    table: &mut SeriesTable,
    now: Instant,
    group: GroupId,
    told: &mut Vec<Told>,
) {
    let own = &books.groups[group.index()];
    let spec = &plan.design.groups[group.index()];
    let partitions = &plan.groups[group.index()].partitions;
    let progress = &own.progress;
    let mine = || consumers.iter().filter(|consumer| consumer.group() == group);
    let members = mine().filter(|consumer| consumer.is_running()).count();
    let idle = mine().filter(|consumer| consumer.is_running() && consumer.owns_nothing()).count();
    let violations = progress.order.as_ref().map_or(0, |order| order.violations);
    let values: [f64; GROUP_METRICS.len()] = [
        own.unowned.as_secs_f64(),
        own.stopped.as_secs_f64(),
        own.rebalances as f64,
        progress.commits_refused as f64,
        0.0,
        progress.skipped as f64,
        progress.expired as f64,
        progress.duplicates as f64,
        violations as f64,
        progress.bytes_out as f64,
        members as f64,
        idle as f64,
    ];
    for value in values {
        sampler.put(table, value);
    }
    for ledger in &progress.effects {
        let missing: u64 = partitions
            .iter()
            .map(|partition| ledger.missing(*partition, 0, own.partitions[partition.index()].committed.unwrap_or(0)))
            .sum();
        sampler.put(table, ledger.counts().1 as f64);
        sampler.put(table, missing as f64);
    }
    for (place, &partition) in partitions.iter().enumerate() {
        let log = books.logs[partition.index()];
        let gauges = own.partitions[partition.index()];
        let done = &progress.partitions[partition.index()];
        let consumed = done.consumed;
        let rate_out = sampler.per_second(consumed - sampler.groups[group.index()].partitions[place].consumed);
        let age = |offset: u64| {
            let offset = offset.max(log.log_start);
            if offset < log.high_watermark { now.since(time_of(&records[partition.index()], &log, offset)) } else { Duration::ZERO }
        };
        let lag = gauges.committed.map(|committed| log.high_watermark.saturating_sub(committed));
        // Without a commit nothing is known of the group; what it has not handled is.
        let next = done.handled.first_missing(gauges.committed.unwrap_or(log.log_start).max(log.log_start));
        let unread = log.high_watermark.saturating_sub(next);
        let own_sampler = &mut sampler.groups[group.index()].partitions[place];
        own_sampler.consumed = consumed;
        own_sampler.rate_out = rate_out;
        own_sampler.drain.sample(now, log.log_end, done.handled.count());
        own_sampler.time_to_drain = own_sampler.drain.time_to_drain(now, log.log_end, done.handled.count(), unread);
        own_sampler.unread_age = age(next);
        let status = own.commits[partition.index()].status(now, log.log_end, spec.budget.records.unwrap_or(0));
        if status != own_sampler.status {
            let cause = books.causes.lag.get(&(group, partition)).copied();
            told.push((cause, What::StatusChanged { group, partition, from: own_sampler.status, to: status }));
            own_sampler.status = status;
        }
        let lag_age = gauges.committed.map_or(f64::NAN, |committed| age(committed).as_millis_f64());
        let time_to_drain = own_sampler.time_to_drain;
        let unread_age = own_sampler.unread_age;
        check_budget(own_sampler, &spec.budget, books, group, partition, unread, unread_age, told);
        check_keeping_up(sampler, place, plan, books, now, group, partition, gauges.owner, unread, told);
        for value in [
            lag.map_or(f64::NAN, |lag| lag as f64),
            gauges.position.map_or(f64::NAN, |position| log.high_watermark.saturating_sub(position) as f64),
            lag_age,
            unread_age.as_millis_f64(),
            time_to_drain,
            consumed as f64,
            rate_out,
        ] {
            sampler.put(table, value);
        }
    }
}

#[allow(clippy::too_many_arguments)]
fn check_budget(
    sampler: &mut PartitionSampler,
    budget: &super::super::design::Budget,
    books: &Books,
    group: GroupId,
    partition: TopicPartition,
    unread: u64,
    age: Duration,
    told: &mut Vec<Told>,
) {
    let over = budget.records.is_some_and(|records| unread > records) || budget.age.is_some_and(|limit| age > limit);
    if over != sampler.over_budget {
        sampler.over_budget = over;
        let what = if over { What::BudgetBreached { group, partition, lag: unread, age } } else { What::BudgetMet { group, partition } };
        told.push((books.causes.lag.get(&(group, partition)).copied(), what));
    }
}

#[allow(clippy::too_many_arguments)]
fn check_keeping_up(
    sampler: &mut Sampler,
    place: usize,
    plan: &Plan,
    books: &Books,
    now: Instant,
    group: GroupId,
    partition: TopicPartition,
    owner: Option<MemberIndex>,
    unread: u64,
    told: &mut Vec<Told>,
) {
    let busy = owner
        .is_some_and(|owner| sampler.members.iter().any(|member| member.group == group && member.member == owner && member.share > 0.99));
    let own = &mut sampler.groups[group.index()].partitions[place];
    match own.behind {
        _ if !busy => (own.behind, own.behind_told) = (None, false),
        None => own.behind = Some((now, unread)),
        Some((_, then)) if unread < then => (own.behind, own.behind_told) = (Some((now, unread)), false),
        Some((since, then)) => {
            let passed = now.since(since);
            let growth = (unread - then) as f64 / passed.as_secs_f64().max(1e-9);
            // A hundredth of what comes in is noise; so is less than a record a second.
            if !own.behind_told && passed >= KEEP_UP_WINDOW && growth > 1.0 && growth > sampler.rate_in[partition.index()] * 0.01 {
                own.behind_told = true;
                let member = owner.expect("only an owner is busy");
                let top_keys = plan.design.producers.iter().position(|producer| producer.topic == plan.partition(partition).topic);
                // The first observations of a run are the shares of each producer's top keys.
                let cause = top_keys.map(super::super::id::ObservationId::from);
                let _ = books;
                told.push((cause, What::CannotKeepUp { group, member, partition, growth }));
            }
        }
    }
}

fn tell(books: &mut Books, history: &mut History, now: Instant, cause: Option<super::super::id::ObservationId>, what: What) {
    let keeps_up = match &what {
        What::CannotKeepUp { group, partition, .. } => Some((*group, *partition)),
        _ => None,
    };
    let id = history.observe(books, now, cause, what);
    if let Some(key) = keeps_up {
        books.causes.lag.insert(key, id);
    }
}

/// The timestamp of the record at an offset that the log holds.
fn time_of(records: &FileRecords, log: &LogGauges, offset: u64) -> Instant {
    let batch = records.first(log.tail.slice(offset, log.log_end)).expect("the log holds what lies between its start and its end");
    batch.timestamp(0)
}

/// Starts of events since the last sample, of all members, in the order of time.
fn check_order(world: &mut World, plan: &Plan, history: &mut History) {
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

/// Asks the timeline's conditions, over the sample that has just been taken.
pub fn ask_conditions(world: &mut World, plan: &Plan, history: &History) {
    let now = world.now;
    let table = &history.series;
    world.timeline.ask(now, &plan.design, |condition| {
        value_now(&condition.value, table).is_some_and(|value| condition.comparison.holds(value, condition.number))
    });
}

/// A value over the last sample: labels left out add up where the metric does, else the worst counts.
fn value_now(value: &Value, table: &SeriesTable) -> Option<f64> {
    match value {
        Value::Ratio(above, below) => {
            let below = value_now(below, table)?;
            Some(value_now(above, table)? / below).filter(|ratio| !ratio.is_nan())
        }
        Value::Counter { metric, labels } => gauge_now(*metric, labels, table),
        Value::Aggregate { aggregate, metric, labels } => match metric.kind() {
            MetricKind::Latency => latency_now(*aggregate, *metric, labels, table),
            MetricKind::Counter | MetricKind::Gauge | MetricKind::Word => gauge_now(*metric, labels, table),
        },
    }
}

fn gauge_now(metric: Metric, labels: &Labels, table: &SeriesTable) -> Option<f64> {
    let values = table.select(metric, labels).filter_map(Series::last).filter(|value| !value.is_nan());
    if metric.adds_up() { Some(values.sum()) } else { values.reduce(f64::max) }
}

fn latency_now(aggregate: Aggregate, metric: Metric, labels: &Labels, table: &SeriesTable) -> Option<f64> {
    let mut all = Histogram::default();
    for series in table.latencies.iter().filter(|series| series.metric == metric && series.labels.matches(labels)) {
        if let Some(window) = series.windows().last() {
            all.merge(window);
        }
    }
    let millis = |time: Duration| time.as_millis_f64();
    match aggregate {
        Aggregate::Min => (all.count() > 0).then(|| millis(all.min())),
        Aggregate::Max | Aggregate::Last => (all.count() > 0).then(|| millis(all.max())),
        Aggregate::Mean => all.mean().map(|nanos| nanos / 1e6),
        Aggregate::P50 => all.quantile(0.5).map(millis),
        Aggregate::P90 => all.quantile(0.9).map(millis),
        Aggregate::P95 => all.quantile(0.95).map(millis),
        Aggregate::P99 => all.quantile(0.99).map(millis),
        Aggregate::P999 => all.quantile(0.999).map(millis),
    }
}
