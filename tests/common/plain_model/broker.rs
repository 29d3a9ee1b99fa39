//! A broker of the plain model: appends what arrives, answers at once, and keeps a fetch that found too little until
//! an append or the end of its wait.

use super::{Batch, Context, Event, Message, NodeIndex, PartitionIndex, Timer};
use laglab::engine::design::Design;
use std::collections::BTreeMap;

pub(super) struct Broker {
    node: NodeIndex,
    /// By partition; empty where this broker does not lead.
    logs: Vec<Vec<Batch>>,
    waiting: Vec<Waiting>,
    fetches: u64,
    /// The order in which each member's fetches are answered (KIP-227): a partition that had data goes to the end.
    sessions: BTreeMap<NodeIndex, Vec<PartitionIndex>>,
    committed: Vec<Vec<Option<u64>>>,
    min_bytes: Vec<u64>,
    max_wait: Vec<u64>,
    max_partition_bytes: Vec<u64>,
    max_bytes: Vec<u64>,
}

struct Waiting {
    id: u64,
    member: NodeIndex,
    group: usize,
    /// With the offset from which each is to be read.
    partitions: BTreeMap<PartitionIndex, u64>,
}

impl Broker {
    pub fn new(design: &Design, node: NodeIndex, partitions: usize) -> Self {
        let configs = || design.groups.iter().map(|group| &group.config);
        Broker {
            node,
            logs: vec![vec![]; partitions],
            waiting: vec![],
            fetches: 0,
            sessions: BTreeMap::new(),
            committed: vec![vec![None; partitions]; design.groups.len()],
            min_bytes: configs().map(|config| u64::from(config.fetch_min_bytes)).collect(),
            max_wait: configs().map(|config| config.fetch_max_wait.0).collect(),
            max_partition_bytes: configs().map(|config| u64::from(config.max_partition_fetch_bytes)).collect(),
            max_bytes: configs().map(|config| u64::from(config.fetch_max_bytes)).collect(),
        }
    }

    pub fn log_end(&self, partition: PartitionIndex) -> u64 {
        self.logs[partition].last().map_or(0, |batch| batch.base_offset + batch.records.len() as u64)
    }

    pub fn committed(&self, group: usize) -> &[Option<u64>] {
        &self.committed[group]
    }

    pub fn handle(&mut self, context: &mut Context, from: NodeIndex, event: Event) {
        match event {
            Event::Deliver(Message::Produce { batches, respond }) => {
                let mut touched = Vec::new();
                for (partition, mut batch) in batches {
                    batch.base_offset = self.log_end(partition);
                    self.logs[partition].push(batch);
                    touched.push(partition);
                }
                if respond {
                    context.send(self.node, from, Message::ProduceResponse);
                }
                self.answer_waiting(context, &touched);
            }
            Event::Deliver(Message::Fetch { group, partitions }) => {
                self.fetches += 1;
                let session = self.sessions.entry(from).or_default();
                for (partition, _) in &partitions {
                    if !session.contains(partition) {
                        session.push(*partition);
                    }
                }
                let waiting = Waiting { id: self.fetches, member: from, group, partitions: partitions.into_iter().collect() };
                if self.has_enough(&waiting) {
                    self.answer(context, &waiting);
                } else {
                    context.timer(self.node, context.now + self.max_wait[group], Timer::FetchExpired(waiting.id));
                    self.waiting.push(waiting);
                }
            }
            Event::Deliver(Message::OffsetFetch) => context.send(self.node, from, Message::OffsetFetchResponse),
            Event::Deliver(Message::ListOffsets { partitions }) => {
                let earliest = partitions.into_iter().map(|partition| (partition, 0)).collect();
                context.send(self.node, from, Message::ListOffsetsResponse { earliest });
            }
            Event::Deliver(Message::OffsetCommit { group, offsets }) => {
                for (partition, offset) in offsets {
                    self.committed[group][partition] = Some(offset);
                }
            }
            Event::Timer(Timer::FetchExpired(id)) => {
                if let Some(place) = self.waiting.iter().position(|waiting| waiting.id == id) {
                    let waiting = self.waiting.remove(place);
                    self.answer(context, &waiting);
                }
            }
            other => unreachable!("a broker gets no {other:?}"),
        }
    }

    /// After all of a produce request is appended: fetches on what it touched, if there is enough for them now.
    fn answer_waiting(&mut self, context: &mut Context, touched: &[PartitionIndex]) {
        let mut place = 0;
        while place < self.waiting.len() {
            let waiting = &self.waiting[place];
            if touched.iter().any(|partition| waiting.partitions.contains_key(partition)) && self.has_enough(waiting) {
                let waiting = self.waiting.remove(place);
                self.answer(context, &waiting);
            } else {
                place += 1;
            }
        }
    }

    fn batches_from(&self, partition: PartitionIndex, offset: u64) -> &[Batch] {
        let log = &self.logs[partition];
        let first = log.partition_point(|batch| batch.base_offset + batch.records.len() as u64 <= offset);
        &log[first..]
    }

    fn has_enough(&self, fetch: &Waiting) -> bool {
        let mut bytes = 0;
        for (&partition, &offset) in &fetch.partitions {
            let mut of_partition = 0;
            for batch in self.batches_from(partition, offset) {
                of_partition += batch.bytes;
                if bytes + of_partition.min(self.max_partition_bytes[fetch.group]) >= self.min_bytes[fetch.group] {
                    return true;
                }
            }
            bytes += of_partition.min(self.max_partition_bytes[fetch.group]);
        }
        bytes >= self.min_bytes[fetch.group]
    }

    /// Whole batches up to the limits; the first batch of the first partition that has one always.
    fn answer(&mut self, context: &mut Context, fetch: &Waiting) {
        let session = self.sessions[&fetch.member].clone();
        let mut left = self.max_bytes[fetch.group];
        let mut partitions: Vec<(PartitionIndex, Vec<Batch>)> = Vec::new();
        for partition in session {
            let Some(&offset) = fetch.partitions.get(&partition) else { continue };
            let limit = left.min(self.max_partition_bytes[fetch.group]);
            let mut bytes = 0;
            let mut batches = Vec::new();
            for batch in self.batches_from(partition, offset) {
                if bytes + batch.bytes > limit && !(partitions.is_empty() && batches.is_empty()) {
                    break;
                }
                bytes += batch.bytes;
                batches.push(batch.clone());
            }
            left = left.saturating_sub(bytes);
            if !batches.is_empty() {
                partitions.push((partition, batches));
            }
        }
        let session = self.sessions.get_mut(&fetch.member).expect("a fetch has a session");
        session.retain(|partition| partitions.iter().all(|(had_data, _)| had_data != partition));
        session.extend(partitions.iter().map(|(partition, _)| *partition));
        context.send(self.node, fetch.member, Message::FetchResponse { partitions });
    }
}
