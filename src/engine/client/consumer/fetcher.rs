//! What a consumer has asked brokers for, and what it holds of their answers: positions, sessions, buffered records.
//! Kafka: `Fetcher`, `AbstractFetch`, `FetchCollector`, `SubscriptionState`, `FetchSessionHandler`. One fetch is under way
//! to a broker at a time; none is sent to a broker that leads a partition with buffered records (KAFKA-17182, since 4.0).
//! Holds: records are handed out in order of offsets, each partition's buffer to its end before the next one's.

use super::super::super::application::handler::Records;
use super::super::super::broker::fetch_session::FetchLimits;
use super::super::super::design::ConsumerConfig;
use super::super::super::errors::Errors;
use super::super::super::id::{BrokerId, GroupId, Offset, TopicPartition};
use super::super::super::message::{FetchRequest, FetchResponse};
use super::super::super::plan::Plan;
use super::super::super::time::Instant;
use std::collections::VecDeque;

#[derive(Clone, Debug)]
pub struct Fetcher {
    /// In order of partitions.
    assigned: Vec<Assigned>,
    completed: VecDeque<CompletedFetch>,
    brokers: Vec<BrokerSession>,
    max_poll_records: u64,
}

#[derive(Clone, Copy, Debug)]
struct Assigned {
    partition: TopicPartition,
    leader: BrokerId,
    /// None until it is known where to begin.
    position: Option<Offset>,
    buffered: bool,
}

/// Records of one partition that have arrived and were not handed out.
#[derive(Clone, Copy, Debug)]
struct CompletedFetch {
    records: Records,
}

/// What this consumer has told one broker.
#[derive(Clone, Debug, Default)]
struct BrokerSession {
    open: bool,
    under_way: bool,
    /// Partitions that are fetched from here, and how many of them have buffered records.
    fetched: u32,
    buffered: u32,
    changed: Vec<(TopicPartition, Offset)>,
    forgotten: Vec<TopicPartition>,
}

/// What came of a fetch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arrived {
    pub bytes: u64,
    /// Partitions whose position is no longer in the log.
    pub out_of_range: Vec<TopicPartition>,
}

impl Fetcher {
    pub fn new(plan: &Plan, config: &ConsumerConfig) -> Self {
        Fetcher {
            assigned: Vec::new(),
            completed: VecDeque::new(),
            brokers: vec![BrokerSession::default(); plan.design.cluster.brokers as usize],
            max_poll_records: u64::from(config.max_poll_records),
        }
    }

    pub fn limits(config: &ConsumerConfig) -> FetchLimits {
        FetchLimits {
            min_bytes: u64::from(config.fetch_min_bytes),
            max_wait: config.fetch_max_wait,
            max_bytes: u64::from(config.fetch_max_bytes),
            max_partition_bytes: u64::from(config.max_partition_fetch_bytes),
        }
    }

    /// Partitions in order.
    pub fn assigned(&self) -> impl Iterator<Item = TopicPartition> + '_ {
        self.assigned.iter().map(|own| own.partition)
    }

    pub fn owns_nothing(&self) -> bool {
        self.assigned.is_empty()
    }

    fn find(&self, partition: TopicPartition) -> Result<usize, usize> {
        self.assigned.binary_search_by_key(&partition, |own| own.partition)
    }

    /// The offset of the next record to be handed out.
    pub fn position(&self, partition: TopicPartition) -> Option<Offset> {
        self.find(partition).ok().and_then(|place| self.assigned[place].position)
    }

    pub fn positions(&self) -> impl Iterator<Item = (TopicPartition, Offset)> + '_ {
        self.assigned.iter().filter_map(|own| own.position.map(|position| (own.partition, position)))
    }

    /// Takes partitions on, with no position yet.
    pub fn assign(&mut self, plan: &Plan, partitions: &[TopicPartition]) {
        for &partition in partitions {
            let Err(place) = self.find(partition) else { continue };
            self.assigned.insert(place, Assigned { partition, leader: plan.partition(partition).leader, position: None, buffered: false });
        }
    }

    /// Gives partitions up, with what is buffered of them.
    pub fn revoke(&mut self, partitions: &[TopicPartition]) {
        for &partition in partitions {
            let Ok(place) = self.find(partition) else { continue };
            self.unset(place);
            self.assigned.remove(place);
        }
    }

    /// Takes a position away: it will have to be found again.
    fn unset(&mut self, place: usize) {
        let own = &mut self.assigned[place];
        let broker = &mut self.brokers[own.leader.index()];
        let partition = own.partition;
        if own.position.take().is_some() {
            broker.fetched -= 1;
            broker.changed.retain(|(changed, _)| *changed != partition);
            broker.forgotten.push(partition);
        }
        if std::mem::take(&mut own.buffered) {
            broker.buffered -= 1;
            self.completed.retain(|fetch| fetch.records.partition != partition);
        }
    }

    /// Takes all positions away, and says of what.
    pub fn unset_all(&mut self) -> Vec<TopicPartition> {
        (0..self.assigned.len()).for_each(|place| self.unset(place));
        self.assigned().collect()
    }

    /// Where to read a partition from.
    pub fn seek(&mut self, partition: TopicPartition, position: Offset) {
        let Ok(place) = self.find(partition) else { return };
        self.unset(place);
        let own = &mut self.assigned[place];
        own.position = Some(position);
        let broker = &mut self.brokers[own.leader.index()];
        broker.fetched += 1;
        broker.forgotten.retain(|forgotten| *forgotten != partition);
        broker.changed.push((partition, position));
    }

    /// The fetches that can be sent now.
    pub fn prepare_fetches(&mut self, group: GroupId, now: Instant, mut send: impl FnMut(BrokerId, FetchRequest)) {
        for (index, broker) in self.brokers.iter_mut().enumerate() {
            if broker.under_way || broker.buffered > 0 || broker.fetched == 0 {
                continue;
            }
            broker.under_way = true;
            let request = FetchRequest {
                full: !std::mem::replace(&mut broker.open, true),
                changed: std::mem::take(&mut broker.changed),
                forgotten: std::mem::take(&mut broker.forgotten),
                group,
                sent_at: now,
            };
            send(BrokerId::from(index), request);
        }
    }

    /// Takes an answer in. What is no longer wanted is thrown away.
    pub fn arrive(&mut self, broker: BrokerId, response: &FetchResponse) -> Arrived {
        let mut arrived = Arrived::default();
        self.brokers[broker.index()].under_way = false;
        for fetched in &response.partitions {
            arrived.bytes += fetched.bytes;
            let Ok(place) = self.find(fetched.partition) else { continue };
            let own = &mut self.assigned[place];
            if own.position != Some(fetched.fetch_offset) || own.buffered {
                continue;
            }
            if fetched.error == Errors::OffsetOutOfRange {
                arrived.out_of_range.push(fetched.partition);
                continue;
            }
            if fetched.end > fetched.fetch_offset {
                own.buffered = true;
                self.brokers[broker.index()].buffered += 1;
                let records = Records { partition: fetched.partition, first: fetched.fetch_offset, end: fetched.end };
                self.completed.push_back(CompletedFetch { records });
            } else {
                // The broker has told what it had; it is asked again from the same place.
                self.brokers[broker.index()].changed.push((fetched.partition, fetched.fetch_offset));
            }
        }
        arrived
    }

    /// What one `poll` returns: at most `max.poll.records`. Positions move on past it.
    pub fn collect(&mut self, records: &mut Vec<Records>) {
        records.clear();
        let mut left = self.max_poll_records;
        while left > 0
            && let Some(fetch) = self.completed.front_mut()
        {
            let partition = fetch.records.partition;
            let first = fetch.records.first;
            let end = fetch.records.end.min(first + left);
            left -= end - first;
            records.push(Records { partition, first, end });
            fetch.records.first = end;
            let drained = end == fetch.records.end;
            if drained {
                self.completed.pop_front();
            }
            let place = self.find(partition).expect("what is buffered is assigned");
            let own = &mut self.assigned[place];
            own.position = Some(end);
            if drained {
                own.buffered = false;
                let broker = &mut self.brokers[own.leader.index()];
                broker.buffered -= 1;
                broker.changed.push((partition, end));
            }
        }
    }
}
