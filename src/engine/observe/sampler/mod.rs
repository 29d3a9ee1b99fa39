//! The measuring at each sample: series from the books, in a fixed order, and observations that need more than one event.
//! It runs after everything else of its instant, in a lane of its own, and changes nothing of the world.

mod condition;
mod group;
mod layout;
mod order;

use super::super::application::progress::Latency;
use super::super::environment::keys::Keys;
use super::super::id::{GroupId, MemberIndex, ProducerId, TopicId};
use super::super::plan::Plan;
use super::super::time::{Duration, Instant};
use super::super::world::{History, RequestKind, World};
use super::lag::DrainWindow;
use super::observation::What;
use super::series::{SeriesTable, sample_interval};
use super::snapshot::Status;
pub use condition::ask_conditions;
use group::GroupSample;

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
    /// Series that have a value already, while a sample is taken.
    cursor: usize,
    /// Share of the ten most frequent keys, of each producer.
    top10_shares: Vec<f64>,
    /// The place in `members` of each group's members.
    places: Vec<Vec<usize>>,
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
    /// The times of the oldest records that were not handled, and not committed: looked up once for each.
    oldest_unread: Known,
    oldest_uncommitted: Known,
    over_budget: bool,
    /// Since when the owner has been busy without a break and the lag has grown, with the lag then.
    behind: Option<(Instant, u64)>,
    behind_told: bool,
}

/// The timestamp of the record at an offset, which never changes.
#[derive(Clone, Copy, Debug, Default)]
struct Known(Option<(u64, Instant)>);

#[derive(Clone, Debug)]
struct MemberSampler {
    /// Its place in the table.
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
            top10_shares: plan.design.producers.iter().map(|producer| Keys::new(&producer.key).top10_share()).collect(),
            places: vec![Vec::new(); plan.groups.len()],
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

    pub fn partition(&self, group: GroupId, place: usize) -> &PartitionSampler {
        &self.groups[group.index()].partitions[place]
    }

    /// A member's share of time in the handler and records a second, by its place in the world's list.
    pub fn member(&self, index: usize) -> (f64, f64) {
        (self.members[index].share, self.members[index].rate)
    }

    /// A member's share of time in the handler.
    fn share_of(&self, group: GroupId, member: MemberIndex) -> f64 {
        self.places[group.index()].get(member.index()).map_or(0.0, |place| self.members[*place].share)
    }

    fn put(&mut self, table: &mut SeriesTable, value: f64) {
        table.put(value);
        self.cursor += 1;
    }

    fn per_second(&self, delta: u64) -> f64 {
        delta as f64 * 1e9 / self.every.0 as f64
    }
}

/// Takes the sample of this moment.
pub fn sample(world: &mut World, plan: &Plan, history: &mut History) {
    world.settle(plan, history);
    order::check(world, plan, history);
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
        let sent: u64 = mine.map(|sender| sender.sent_until(now)).sum();
        sampler.put(table, sent as f64);
        sampler.put(table, sampler.top10_shares[index]);
        sampler.put(table, own.refused as f64);
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
        let (records, group) = (&history.records, GroupId::from(group));
        GroupSample { sampler, plan, books, consumers, records, table, now, group, told: &mut told }.take();
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
    table.end_row(sampler.cursor);
    sampler.samples += 1;
    table.samples = sampler.samples;
    for (cause, what) in told {
        let keeps_up = match &what {
            What::CannotKeepUp { group, partition, .. } => Some((*group, *partition)),
            _ => None,
        };
        let id = history.observe(books, now, cause, what);
        if let Some(key) = keeps_up {
            books.causes.lag.insert(key, id);
        }
    }
}
