//! The frame: what the stage shows of the run at the playhead.

use super::super::frame::{Frame, GroupNow, MemberNow, PartitionNow, ProducerNow, Reader};
use super::nanos;
use super::run::Run;
use super::trend::{mean_of_last, samples_in};
use crate::engine::id::{GroupId, MemberIndex};
use crate::engine::observe::metric::{Labels, Metric};
use crate::engine::observe::snapshot::{MemberState, Snapshot};

/// A lag under this is never called hot by comparison alone.
const HOT_FROM: u64 = 500;
/// So many times the median of the group's partitions is hot.
const HOT_TIMES: u64 = 8;
/// A lag that grows by less than this share of what comes in is steady: chance alone moves it so much.
const STEADY: f32 = 0.08;
/// Busy for nearly all of the time.
const BUSY: f64 = 0.97;

pub fn frame(run: &mut Run) -> Frame {
    let snapshot = run.sim.snapshot();
    let mut partitions: Vec<PartitionNow> = snapshot
        .partitions
        .iter()
        .map(|partition| PartitionNow {
            topic: partition.topic.0,
            partition: partition.partition,
            leader: partition.leader.0,
            log_start: partition.log_start,
            log_end: partition.log_end,
            rate_in: 0.0,
            readers: Vec::new(),
        })
        .collect();
    let table = run.sim.series();
    let second = samples_in(table, 1.0);
    for (partition, place) in partitions.iter_mut().zip(&run.trends.rate_in) {
        partition.rate_in = mean_of_last(&table.series[*place], second) as f32;
    }
    for group in 0..snapshot.groups.len() {
        add_readers(run, &snapshot, group, &mut partitions);
    }
    let largest = partitions.iter().flat_map(|p| &p.readers).filter_map(|reader| reader.lag).max().unwrap_or(0);
    let total_in: f32 = partitions.iter().map(|partition| partition.rate_in).sum();
    run.largest_lag = run.largest_lag.max(largest);
    run.full_rate = run.full_rate.max(f64::from(total_in));
    Frame {
        run: run.number,
        now: nanos(snapshot.now),
        producers: producers(run, &snapshot, &partitions),
        groups: (0..snapshot.groups.len()).map(|group| group_now(run, &snapshot, group, &partitions)).collect(),
        partitions,
        largest_lag: run.largest_lag,
        full_rate: run.full_rate as f32,
        ..Frame::default()
    }
}

fn add_readers(run: &Run, snapshot: &Snapshot, group: usize, partitions: &mut [PartitionNow]) {
    let table = run.sim.series();
    let (second, stretch) = (samples_in(table, 1.0), samples_in(table, 10.0));
    let own = &snapshot.groups[group];
    let budget = run.sim.design().groups[group].budget.records;
    let mut lags: Vec<u64> = own.partitions.iter().filter_map(|partition| partition.lag).collect();
    lags.sort_unstable();
    let median = lags.get(lags.len() / 2).copied().unwrap_or(0);
    for partition in &own.partitions {
        let place = partition.partition.index();
        let Some(trend) = run.trends.groups[group].iter().find(|trend| trend.partition == place) else { continue };
        let lag = partition.lag.unwrap_or(0);
        let over = budget.is_some_and(|budget| lag > budget);
        partitions[place].readers.push(Reader {
            group: group as u32,
            owner: partition.owner.map(|owner| owner.0),
            committed: partition.committed,
            lag: partition.lag,
            rate_out: mean_of_last(&table.series[trend.rate_out], second) as f32,
            growth: (mean_of_last(&table.series[run.trends.rate_in[place]], stretch) - mean_of_last(&table.series[trend.rate_out], stretch))
                as f32,
            unread_age: partition.unread_age.as_millis_f64() as f32,
            status: partition.status.name().to_owned(),
            hot: over || lag >= HOT_FROM && lag > median.saturating_mul(HOT_TIMES),
        });
    }
}

fn producers(run: &Run, snapshot: &Snapshot, partitions: &[PartitionNow]) -> Vec<ProducerNow> {
    let design = run.sim.design();
    let own = snapshot.producers.iter().enumerate().map(|(index, producer)| {
        let topic = design.producers[index].topic;
        let alone = design.producers.iter().filter(|other| other.topic == topic).count() == 1;
        // Who writes a topic alone writes all of what comes into it, which is known more smoothly.
        let by_partition = if alone {
            partitions.iter().filter(|partition| partition.topic == topic.0).map(|partition| partition.rate_in).collect()
        } else {
            producer.rate_by_partition.iter().map(|rate| *rate as f32).collect()
        };
        ProducerNow {
            rate: producer.rate as f32,
            sent: producer.sent,
            in_flight: producer.in_flight_requests,
            buffered: producer.buffered_records,
            by_partition,
        }
    });
    own.collect()
}

fn group_now(run: &Run, snapshot: &Snapshot, group: usize, partitions: &[PartitionNow]) -> GroupNow {
    let own = &snapshot.groups[group];
    let table = run.sim.series();
    let second = samples_in(table, 1.0);
    let member_now = |member: &crate::engine::observe::snapshot::MemberSnapshot| {
        let busy = busy(run, group, member.index, second).unwrap_or(member.busy);
        let mine: Vec<(&PartitionNow, &Reader)> = partitions
            .iter()
            .flat_map(|partition| partition.readers.iter().map(move |reader| (partition, reader)))
            .filter(|(_, reader)| reader.group as usize == group && reader.owner == Some(member.index.0))
            .collect();
        let rate: f32 = mine.iter().map(|(_, reader)| reader.rate_out).sum();
        let grows: f32 = mine
            .iter()
            .filter(|(partition, reader)| reader.growth > (partition.rate_in * STEADY).max(2.0))
            .map(|(_, reader)| reader.growth)
            .sum();
        let away = matches!(member.state, MemberState::Down | MemberState::Paused);
        MemberNow {
            index: member.index.0,
            state: member.state.name().to_owned(),
            busy: if away { 0.0 } else { busy as f32 },
            rate: if away { 0.0 } else { rate },
            owned: member.owned.len() as u32,
            falls_behind: (!away && busy >= BUSY && grows > 0.0).then_some(grows),
        }
    };
    GroupNow {
        state: own.state.to_owned(),
        generation: own.generation,
        rebalances: own.rebalances,
        duplicates: own.duplicates,
        order_violations: own.order_violations,
        effects: own.effects.iter().map(|effect| (effect.name.clone(), effect.once, effect.repeated, effect.missing)).collect(),
        members: own.members.iter().map(member_now).collect(),
    }
}

/// The member's share of time in the handler over the last second.
fn busy(run: &Run, group: usize, member: MemberIndex, samples: usize) -> Option<f64> {
    let labels = Labels { group: Some(GroupId::from(group)), member: Some(member), ..Labels::default() };
    let series = run.sim.series().series.iter().rev().find(|series| series.metric == Metric::Busy && series.labels == labels)?;
    (!series.values().is_empty()).then(|| mean_of_last(series, samples))
}
