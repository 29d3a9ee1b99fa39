//! A member of the plain model: `poll`, then one record after the other, then `poll` again.

use super::{Batch, Context, Event, Message, NodeIndex, PartitionIndex, Timer};
use laglab::engine::design::{AutoOffsetReset, CommitPolicy, Design};
use laglab::engine::id::TopicPartition;
use laglab::engine::random::{Sampler, Stream};
use std::collections::{BTreeMap, VecDeque};

pub(super) struct Member {
    node: NodeIndex,
    pub group: usize,
    coordinator: NodeIndex,
    assigned: Option<(u64, Vec<TopicPartition>)>,
    leaders: Vec<usize>,
    max_poll_records: usize,
    auto_commit_interval: u64,
    auto_commit_at: u64,
    service: Sampler,
    /// By partition.
    luck: Vec<Stream>,
    /// Of the partitions that it owns and may fetch.
    positions: BTreeMap<PartitionIndex, u64>,
    fetching: Vec<bool>,
    /// Fetched and not yet returned by `poll`, in order of arrival.
    buffered: VecDeque<Fetched>,
    /// Returned by the last `poll` and not yet done.
    in_hand: VecDeque<InHand>,
}

struct Fetched {
    partition: PartitionIndex,
    batches: VecDeque<Batch>,
}

struct InHand {
    partition: PartitionIndex,
    offset: u64,
    at: u64,
}

impl Member {
    pub fn new(
        design: &Design,
        group: usize,
        node: NodeIndex,
        coordinator: NodeIndex,
        assigned: Option<(u64, Vec<TopicPartition>)>,
        leaders: &[usize],
    ) -> Self {
        let of = &design.groups[group];
        assert_eq!(of.config.auto_offset_reset, AutoOffsetReset::Earliest, "the plain model starts at the beginning");
        assert_eq!(of.handler.commit, CommitPolicy::Auto, "the plain model commits automatically");
        let [step] = &of.handler.steps[..] else { panic!("the plain model knows handlers of one step") };
        let stream = design.seed.stream(&format!("group {} step 0 {}", of.name, step.name));
        Member {
            node,
            group,
            coordinator,
            assigned,
            leaders: leaders.to_vec(),
            max_poll_records: of.config.max_poll_records as usize,
            auto_commit_interval: of.config.auto_commit_interval.0,
            auto_commit_at: u64::MAX,
            service: step.takes.sampler(),
            luck: (0..leaders.len()).map(|partition| stream.sub(partition as u64)).collect(),
            positions: BTreeMap::new(),
            fetching: vec![false; design.cluster.brokers as usize],
            buffered: VecDeque::new(),
            in_hand: VecDeque::new(),
        }
    }

    pub fn start(&self, context: &mut Context) {
        if let Some((at, _)) = self.assigned {
            context.timer(self.node, at, Timer::Assigned);
        }
    }

    pub fn positions(&self) -> impl Iterator<Item = (PartitionIndex, u64)> {
        self.positions.iter().map(|(partition, position)| (*partition, *position))
    }

    fn owned(&self) -> impl Iterator<Item = PartitionIndex> {
        self.assigned.iter().flat_map(|(_, partitions)| partitions).map(|partition| partition.index())
    }

    pub fn handle(&mut self, context: &mut Context, from: NodeIndex, event: Event) {
        match event {
            Event::Timer(Timer::Assigned) => {
                self.set_auto_commit(context);
                context.send(self.node, self.coordinator, Message::OffsetFetch);
            }
            Event::Deliver(Message::OffsetFetchResponse) => {
                // Nothing is committed yet, so `auto.offset.reset` decides.
                for broker in 0..self.fetching.len() {
                    let partitions: Vec<_> = self.owned().filter(|partition| self.leaders[*partition] == broker).collect();
                    if !partitions.is_empty() {
                        context.send(self.node, broker, Message::ListOffsets { partitions });
                    }
                }
            }
            Event::Deliver(Message::ListOffsetsResponse { earliest }) => {
                self.positions.extend(earliest);
                self.poll_if_idle(context);
            }
            Event::Deliver(Message::FetchResponse { partitions }) => {
                self.fetching[from] = false;
                for (partition, batches) in partitions {
                    self.buffered.push_back(Fetched { partition, batches: batches.into() });
                }
                self.poll_if_idle(context);
            }
            Event::Timer(Timer::AutoCommit) => self.poll_if_idle(context),
            Event::Timer(Timer::RecordDone) => {
                let done = self.in_hand.pop_front().expect("a record that is done was in hand");
                context.consumed[self.group][done.partition] += 1;
                context.windows[self.group].record(context.now - done.at);
                if self.in_hand.is_empty() {
                    self.poll(context);
                } else {
                    self.begin(context);
                }
            }
            other => unreachable!("a member gets no {other:?}"),
        }
    }

    fn set_auto_commit(&mut self, context: &mut Context) {
        self.auto_commit_at = context.now + self.auto_commit_interval;
        context.timer(self.node, self.auto_commit_at, Timer::AutoCommit);
    }

    fn poll_if_idle(&mut self, context: &mut Context) {
        if self.in_hand.is_empty() {
            self.poll(context);
        }
    }

    fn poll(&mut self, context: &mut Context) {
        if context.now >= self.auto_commit_at {
            let offsets = self.positions().collect();
            context.send(self.node, self.coordinator, Message::OffsetCommit { group: self.group, offsets });
            self.set_auto_commit(context);
        }
        self.take();
        self.send_fetches(context);
        if !self.in_hand.is_empty() {
            self.begin(context);
        }
    }

    /// Up to `max.poll.records`, one partition after the other.
    fn take(&mut self) {
        while let Some(fetched) = self.buffered.front_mut() {
            let position = self.positions.get_mut(&fetched.partition).expect("what was fetched is owned");
            while let Some(batch) = fetched.batches.front() {
                let end = batch.base_offset + batch.records.len() as u64;
                while *position < end {
                    if self.in_hand.len() == self.max_poll_records {
                        return;
                    }
                    let record = batch.records[(*position - batch.base_offset) as usize];
                    self.in_hand.push_back(InHand { partition: fetched.partition, offset: *position, at: record.at });
                    *position += 1;
                }
                fetched.batches.pop_front();
            }
            self.buffered.pop_front();
        }
    }

    /// To each broker that owes no answer and none of whose partitions has records left from the last one.
    fn send_fetches(&mut self, context: &mut Context) {
        for broker in 0..self.fetching.len() {
            let led = |partition: &PartitionIndex| self.leaders[*partition] == broker;
            let partitions: Vec<_> = self.positions().filter(|(partition, _)| led(partition)).collect();
            let has_data = self.buffered.iter().any(|fetched| led(&fetched.partition));
            if !partitions.is_empty() && !self.fetching[broker] && !has_data {
                self.fetching[broker] = true;
                context.send(self.node, broker, Message::Fetch { group: self.group, partitions });
            }
        }
    }

    fn begin(&mut self, context: &mut Context) {
        let next = self.in_hand.front().expect("there is a record to begin with");
        let takes = self.service.value(self.luck[next.partition].at(next.offset));
        context.timer(self.node, context.now + takes, Timer::RecordDone);
    }
}
