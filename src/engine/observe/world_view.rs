//! The world as plain data: snapshots, totals, and the number by which two runs are known to be the same.

use super::super::coordinator::group::classic::ClassicGroupState;
use super::super::id::{GroupId, ProducerId, TopicId, TopicPartition};
use super::super::plan::Plan;
use super::super::random::mix;
use super::super::world::{GroupBooks, RequestKind, World};
use super::metric::{Labels, Metric};
use super::snapshot::{
    BrokerSnapshot, EffectSnapshot, GroupPartitionSnapshot, GroupSnapshot, MemberSnapshot, PartitionSnapshot, ProducerSnapshot,
    SegmentSnapshot, Snapshot,
};

impl World {
    /// Everything that can be told of the run so far, as one number. The world is settled.
    pub fn fingerprint(&self) -> u64 {
        let mut hash = mix(self.now.0 ^ self.books.chain);
        let mut add = |value: u64| hash = mix(hash ^ value);
        for log in &self.books.logs {
            [log.log_start, log.high_watermark, log.log_end, log.bytes_in].into_iter().for_each(&mut add);
        }
        for group in &self.books.groups {
            for (gauges, done) in group.partitions.iter().zip(&group.progress.partitions) {
                add(gauges.committed.map_or(0, |offset| offset + 1));
                add(gauges.position.map_or(0, |offset| offset + 1));
                add(gauges.owner.map_or(0, |owner| u64::from(owner.0) + 1));
                add(done.consumed);
                add(done.handled.count());
            }
            for ledger in &group.progress.effects {
                let (once, repeated) = ledger.counts();
                add(once);
                add(repeated);
            }
            let latency = &group.progress.end_to_end;
            add(latency.total_count + latency.counts.iter().map(|count| u64::from(*count)).sum::<u64>());
            add((latency.total_sum + latency.sum) as u64);
            for count in [group.progress.duplicates, group.progress.skipped, group.progress.expired, group.progress.commits_refused] {
                add(count);
            }
            // As of the last sample, which is when order is checked.
            add(group.progress.order.as_ref().map_or(0, |order| order.violations));
            add(group.unowned.0);
            add(group.stopped.0);
        }
        for handled in self.books.requests.handled {
            add(handled);
        }
        for sender in &self.senders {
            add(sender.sent_until(self.now));
        }
        hash
    }

    /// Every counter now, with all its labels. The world is settled.
    pub fn totals(&self, plan: &Plan) -> Vec<(Metric, Labels, f64)> {
        let mut totals = Vec::new();
        for (index, log) in self.books.logs.iter().enumerate() {
            let partition = plan.partition(TopicPartition::from(index));
            let labels = Labels { topic: Some(partition.topic), partition: Some(partition.partition), ..Labels::default() };
            totals.push((Metric::Produced, labels, log.log_end as f64));
        }
        for topic in (0..plan.design.topics.len()).map(TopicId::from) {
            let bytes: u64 = plan.partitions_of(topic).map(|partition| self.books.logs[partition.index()].bytes_in).sum();
            totals.push((Metric::BytesIn, Labels { topic: Some(topic), ..Labels::default() }, bytes as f64));
        }
        for (index, producer) in plan.design.producers.iter().enumerate() {
            let id = ProducerId::from(index);
            let labels = Labels { producer: Some(id), topic: Some(producer.topic), ..Labels::default() };
            let sent: u64 = self.senders.iter().filter(|sender| sender.producer() == id).map(|sender| sender.sent_until(self.now)).sum();
            totals.push((Metric::Sent, labels.clone(), sent as f64));
            totals.push((Metric::ProducerErrors, labels, self.books.producers[index].refused as f64));
        }
        for kind in RequestKind::ALL {
            let labels = Labels { kind: Some(kind.name().to_owned()), ..Labels::default() };
            totals.push((Metric::Requests, labels, self.books.requests.handled[kind as usize] as f64));
        }
        for (index, own) in self.books.groups.iter().enumerate() {
            let labels = Labels { group: Some(GroupId::from(index)), ..Labels::default() };
            let violations = own.progress.order.as_ref().map_or(0, |order| order.violations);
            for (metric, value) in [
                (Metric::UnownedTime, own.unowned.as_secs_f64()),
                (Metric::GroupStopTime, own.stopped.as_secs_f64()),
                (Metric::Rebalances, own.rebalances as f64),
                (Metric::CommitsRefused, own.progress.commits_refused as f64),
                (Metric::RecordsLost, 0.0),
                (Metric::RecordsSkipped, own.progress.skipped as f64),
                (Metric::RecordsExpired, own.progress.expired as f64),
                (Metric::DuplicatesDelivered, own.progress.duplicates as f64),
                (Metric::OrderViolations, violations as f64),
                (Metric::BytesOut, own.progress.bytes_out as f64),
            ] {
                totals.push((metric, labels.clone(), value));
            }
            for effect in effects(plan, own, index) {
                let labels = Labels { effect: Some(effect.name.clone()), ..labels.clone() };
                totals.push((Metric::EffectsRepeated, labels.clone(), effect.repeated as f64));
                totals.push((Metric::EffectsMissing, labels, effect.missing as f64));
            }
            for &id in &plan.groups[index].partitions {
                let partition = plan.partition(id);
                let labels = Labels { topic: Some(partition.topic), partition: Some(partition.partition), ..labels.clone() };
                totals.push((Metric::Consumed, labels, own.progress.partitions[id.index()].consumed as f64));
            }
        }
        totals
    }

    /// The world is settled.
    pub fn snapshot(&self, plan: &Plan) -> Snapshot {
        let brokers = self.brokers.iter().enumerate().map(|(index, broker)| BrokerSnapshot {
            id: broker.id(),
            queued_requests: broker.queued_requests() as u32,
            handler_idle: self.sampler.handler_idle[index],
        });
        let partitions = plan.partitions.iter().enumerate().map(|(index, partition)| {
            let gauges = &self.books.logs[index];
            let log = self.brokers[partition.leader.index()].log(partition.local);
            let segments = log.segments().iter().map(|segment| SegmentSnapshot { base_offset: segment.base_offset, bytes: segment.size });
            PartitionSnapshot {
                topic: partition.topic,
                partition: partition.partition,
                leader: partition.leader,
                log_start: gauges.log_start,
                high_watermark: gauges.high_watermark,
                log_end: gauges.log_end,
                bytes: log.size(),
                segments: segments.collect(),
                rate_in: self.sampler.rate_in[index],
            }
        });
        Snapshot {
            now: self.now,
            brokers: brokers.collect(),
            partitions: partitions.collect(),
            producers: (0..plan.design.producers.len()).map(|index| self.producer_snapshot(index)).collect(),
            groups: (0..plan.groups.len()).map(|index| self.group_snapshot(plan, index)).collect(),
        }
    }

    fn producer_snapshot(&self, index: usize) -> ProducerSnapshot {
        let id = ProducerId::from(index);
        let instances: Vec<_> = self.senders.iter().filter(|sender| sender.producer() == id).collect();
        let books = &self.books.producers[index];
        let appended: u64 = books.appended.iter().sum();
        ProducerSnapshot {
            id,
            rate: instances.first().map_or(0.0, |sender| sender.rate_at(self.now)),
            sent: instances.iter().map(|sender| sender.sent_until(self.now)).sum(),
            in_flight_requests: instances.iter().map(|sender| sender.in_flight() as u32).sum(),
            buffered_batches: instances.iter().map(|sender| sender.accumulator().batches()).sum(),
            buffered_records: instances.iter().map(|sender| sender.accumulator().pending()).sum(),
            mean_batch_records: if books.batches == 0 { 0.0 } else { appended as f64 / books.batches as f64 },
            rate_by_partition: self.sampler.rate_by_partition[index].clone(),
        }
    }

    fn group_snapshot(&self, plan: &Plan, index: usize) -> GroupSnapshot {
        let id = GroupId::from(index);
        let own = &self.books.groups[index];
        let coordinator = plan.groups[index].coordinator;
        let group = self.brokers[coordinator.index()].coordinator().group(id);
        let state = group.map_or(ClassicGroupState::Dead, |group| group.state());
        let members = self.members[index].iter().map(|&place| {
            let consumer = &self.consumers[place];
            let (busy, rate) = self.sampler.member(place);
            let name = &plan.design.groups[index].name;
            MemberSnapshot {
                index: consumer.member(),
                member_id: consumer.membership().and_then(|membership| membership.member_id()).map(|id| id.text(name)),
                client_id: format!("{name}-{}", consumer.member().0),
                state: consumer.state(),
                owned: consumer.fetcher().map_or_else(Vec::new, |fetcher| fetcher.assigned().collect()),
                busy,
                rate,
                handled: consumer.handled(),
                current: consumer.current(self.now),
            }
        });
        let partitions = plan.groups[index].partitions.iter().enumerate().map(|(place, &partition)| {
            let gauges = own.partitions[partition.index()];
            let sampler = self.sampler.partition(id, place);
            GroupPartitionSnapshot {
                partition,
                owner: gauges.owner,
                committed: gauges.committed,
                position: gauges.position,
                lag: gauges.committed.map(|committed| self.books.logs[partition.index()].high_watermark.saturating_sub(committed)),
                unread_age: sampler.unread_age,
                rate_out: sampler.rate_out,
                status: sampler.status,
                time_to_drain: sampler.time_to_drain,
            }
        });
        GroupSnapshot {
            id,
            state: state.name(),
            generation: group.map_or(0, |group| u32::try_from(group.generation()).unwrap_or(0)),
            protocol: group.and_then(|group| group.protocol()).map(|assignor| assignor.name()),
            coordinator,
            members: members.collect(),
            partitions: partitions.collect(),
            rebalances: own.rebalances,
            duplicates: own.progress.duplicates,
            effects: effects(plan, own, index),
            order_violations: own.progress.order.as_ref().map_or(0, |order| order.violations),
        }
    }
}

fn effects(plan: &Plan, own: &GroupBooks, group: usize) -> Vec<EffectSnapshot> {
    let plan = &plan.groups[group];
    let effect = |(name, ledger): (&String, &super::super::application::progress::EffectLedger)| {
        let (once, repeated) = ledger.counts();
        let committed = |partition: &TopicPartition| own.partitions[partition.index()].committed.unwrap_or(0);
        let missing = plan.partitions.iter().map(|partition| ledger.missing(*partition, 0, committed(partition))).sum();
        EffectSnapshot { name: name.clone(), intended: once + repeated + missing, once, repeated, missing }
    };
    plan.effects.iter().zip(&own.progress.effects).map(effect).collect()
}
