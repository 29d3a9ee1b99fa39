//! Which series there are, in the order in which a sample writes them.

use super::super::super::client::consumer::consumer::Consumer;
use super::super::super::id::{GroupId, ProducerId, TopicId};
use super::super::super::plan::Plan;
use super::super::super::time::Duration;
use super::super::super::world::RequestKind;
use super::super::metric::{Labels, Metric};
use super::super::series::{LatencySeries, Series, SeriesTable, StatusSeries};
use super::{MemberSampler, Sampler};

/// Of each group.
pub(super) const GROUP_METRICS: [Metric; 12] = [
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

/// Of each partition of a group.
pub(super) const PARTITION_METRICS: [Metric; 7] =
    [Metric::Lag, Metric::PositionLag, Metric::LagAge, Metric::UnreadAge, Metric::TimeToDrain, Metric::Consumed, Metric::ThroughputOut];

impl Sampler {
    /// Lays out the series, in the order in which `sample` writes them.
    pub fn begin(&mut self, plan: &Plan, consumers: &[Consumer], table: &mut SeriesTable) {
        table.every = self.every;
        let mut add = |metric, labels| table.series.push(Series::new(metric, labels, 0));
        for partition in &plan.partitions {
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
        self.places[consumer.group().index()].push(self.members.len());
        self.members.push(MemberSampler { series, busy: Duration::ZERO, handled: 0, share: 0.0, rate: 0.0 });
    }
}
