//! The oracle: Kafka's data path written down a second time, as plainly as it can be. Each record is an event when it
//! comes into being and an event when its handler is done; each request and response is an event; all of them wait in
//! one binary heap. It shares nothing with the engine but what is drawn (arrivals, keys, service times) and murmur2.
//!
//! It knows brokers whose work costs nothing, one replica, a constant latency, no compression, and groups that never
//! rebalance after their first assignment, which it is told ([`Facts`]): membership is not what it checks.
//! Order at one nanosecond: arrivals of records, messages, timers, and then the sample; within these by receiving node,
//! sending node, and the sender's own count. Nodes count brokers first, then instances of producers, then members.
#![allow(dead_code)] // Tests and benches take different parts.

mod broker;
mod member;
mod producer;

use broker::Broker;
use laglab::engine::design::Design;
use laglab::engine::id::TopicPartition;
use laglab::engine::observe::histogram::{self, Histogram};
use laglab::engine::observe::series::sample_interval;
use member::Member;
use producer::Instance;
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::rc::Rc;

/// What the model is told of a run rather than working it out.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The broker that leads each `TopicPartition`.
    pub leaders: Vec<usize>,
    pub groups: Vec<GroupFacts>,
}

#[derive(Clone, Debug)]
pub struct GroupFacts {
    pub coordinator: usize,
    /// For each member, when it got its assignment, and what. None: not before the end of the run.
    pub assigned: Vec<Option<(u64, Vec<TopicPartition>)>>,
}

/// What is measured, in the engine's own units.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    pub samples: Vec<Sample>,
    /// For each group, end-to-end latencies of the records completed within each sample.
    pub latencies: Vec<Vec<Histogram>>,
    pub sent: u64,
    pub handled: u64,
    /// Events taken from the heap.
    pub events: u64,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sample {
    /// By `TopicPartition`.
    pub log_end: Vec<u64>,
    /// By group, then `TopicPartition`.
    pub groups: Vec<Vec<GroupSample>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct GroupSample {
    pub committed: Option<u64>,
    /// Of the owner, after the records that its last poll returned.
    pub position: Option<u64>,
    /// Records whose handler is done.
    pub consumed: u64,
}

/// A record on its way and in the log.
#[derive(Clone, Copy, Debug)]
struct Record {
    at: u64,
}

#[derive(Clone, Debug)]
struct Batch {
    base_offset: u64,
    bytes: u64,
    records: Rc<[Record]>,
}

type PartitionIndex = usize;
type NodeIndex = usize;

#[derive(Debug)]
enum Message {
    Produce { batches: Vec<(PartitionIndex, Batch)>, respond: bool },
    ProduceResponse,
    OffsetFetch,
    OffsetFetchResponse,
    ListOffsets { partitions: Vec<PartitionIndex> },
    ListOffsetsResponse { earliest: Vec<(PartitionIndex, u64)> },
    Fetch { group: usize, partitions: Vec<(PartitionIndex, u64)> },
    FetchResponse { partitions: Vec<(PartitionIndex, Vec<Batch>)> },
    OffsetCommit { group: usize, offsets: Vec<(PartitionIndex, u64)> },
}

#[derive(Debug)]
enum Event {
    /// The next record of an instance comes into being.
    Arrival,
    Deliver(Message),
    Timer(Timer),
    Sample,
}

#[derive(Clone, Copy, Debug)]
enum Timer {
    /// A batch may have become due: the producer's sender looks.
    Sender,
    /// `fetch.max.wait.ms` of the n-th fetch of a broker is over.
    FetchExpired(u64),
    Assigned,
    AutoCommit,
    RecordDone,
}

struct Entry {
    at: u64,
    class: u8,
    to: NodeIndex,
    from: NodeIndex,
    seq: u64,
    event: Event,
}

impl Entry {
    fn key(&self) -> (u64, u8, NodeIndex, NodeIndex, u64) {
        (self.at, self.class, self.to, self.from, self.seq)
    }
}
impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}
impl Eq for Entry {}
impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

/// What a node may do: read the time, send, set a timer.
struct Context {
    now: u64,
    latency: u64,
    heap: BinaryHeap<Reverse<Entry>>,
    /// What each node has pushed so far.
    counts: Vec<u64>,
    /// Records that came into being.
    sent: u64,
    /// Records whose handler is done, by group and partition.
    consumed: Vec<Vec<u64>>,
    /// Latencies since the last sample, by group.
    windows: Vec<Window>,
}

impl Context {
    fn push(&mut self, at: u64, to: NodeIndex, from: NodeIndex, event: Event) {
        let class = match event {
            Event::Arrival => 0,
            Event::Deliver(_) => 1,
            Event::Timer(_) => 2,
            Event::Sample => 3,
        };
        self.counts[from] += 1;
        self.heap.push(Reverse(Entry { at, class, to, from, seq: self.counts[from], event }));
    }
    fn send(&mut self, from: NodeIndex, to: NodeIndex, message: Message) {
        self.push(self.now + self.latency, to, from, Event::Deliver(message));
    }
    fn timer(&mut self, node: NodeIndex, at: u64, timer: Timer) {
        self.push(at, node, node, Event::Timer(timer));
    }
}

/// Latencies of one group within one sample.
struct Window {
    counts: Vec<u32>,
    sum: u128,
    min: u64,
    max: u64,
}

impl Window {
    fn new() -> Self {
        Window { counts: vec![0; histogram::CELLS], sum: 0, min: u64::MAX, max: 0 }
    }
    fn record(&mut self, nanos: u64) {
        self.counts[histogram::cell(nanos)] += 1;
        self.sum += u128::from(nanos);
        self.min = self.min.min(nanos);
        self.max = self.max.max(nanos);
    }
    fn close(&mut self) -> Histogram {
        let empty = self.max == 0 && self.sum == 0 && self.min == u64::MAX;
        let closed = if empty { Histogram::default() } else { Histogram::from_dense(0, &self.counts, self.sum, self.min, self.max) };
        *self = Window::new();
        closed
    }
}

/// Plays a design to its end.
pub fn run(design: &Design, facts: &Facts) -> Outcome {
    World::new(design, facts).run()
}

struct World<'a> {
    design: &'a Design,
    facts: &'a Facts,
    context: Context,
    brokers: Vec<Broker>,
    instances: Vec<Instance>,
    members: Vec<Member>,
    outcome: Outcome,
}

impl<'a> World<'a> {
    fn new(design: &'a Design, facts: &'a Facts) -> Self {
        let latency = design.cluster.network.latency.sampler().constant().expect("the plain model knows a constant latency only");
        assert_eq!(design.cluster.network.jitter.0, 0, "the plain model knows no jitter");
        assert!(design.timeline.is_empty(), "the plain model knows no interventions");

        let brokers = design.cluster.brokers as usize;
        let partitions = facts.leaders.len();
        let groups = design.groups.len();
        let mut instances = Vec::new();
        for producer in 0..design.producers.len() {
            for number in 0..design.producers[producer].instances {
                instances.push(Instance::new(design, producer, number, brokers + instances.len(), &facts.leaders));
            }
        }
        let mut members = Vec::new();
        for (group, of_group) in facts.groups.iter().enumerate() {
            for assigned in &of_group.assigned {
                let node = brokers + instances.len() + members.len();
                members.push(Member::new(design, group, node, of_group.coordinator, assigned.clone(), &facts.leaders));
            }
        }
        let nodes = brokers + instances.len() + members.len();
        World {
            design,
            facts,
            context: Context {
                now: 0,
                latency,
                heap: BinaryHeap::new(),
                counts: vec![0; nodes + 1],
                sent: 0,
                consumed: vec![vec![0; partitions]; groups],
                windows: (0..groups).map(|_| Window::new()).collect(),
            },
            brokers: (0..brokers).map(|node| Broker::new(design, node, partitions)).collect(),
            instances,
            members,
            outcome: Outcome { latencies: vec![vec![]; groups], ..Outcome::default() },
        }
    }

    fn run(mut self) -> Outcome {
        let context = &mut self.context;
        self.instances.iter_mut().for_each(|instance| instance.schedule_arrival(context));
        self.members.iter().for_each(|member| member.start(context));
        let every = sample_interval(self.design.duration).0;
        let sampler = context.counts.len() - 1;
        context.push(every, sampler, sampler, Event::Sample);

        let (first_instance, first_member) = (self.brokers.len(), self.brokers.len() + self.instances.len());
        while let Some(Reverse(Entry { at, to, from, event, .. })) = self.context.heap.pop() {
            if at > self.design.duration.0 {
                break;
            }
            self.context.now = at;
            self.outcome.events += 1;
            let context = &mut self.context;
            match event {
                Event::Sample => {
                    self.sample();
                    self.context.push(at + every, sampler, sampler, Event::Sample);
                }
                event if to < first_instance => self.brokers[to].handle(context, from, event),
                event if to < first_member => self.instances[to - first_instance].handle(context, from, event),
                event => self.members[to - first_member].handle(context, from, event),
            }
        }
        self.outcome.sent = self.context.sent;
        self.outcome.handled = self.context.consumed.iter().flatten().sum();
        self.outcome
    }

    fn sample(&mut self) {
        let log_end: Vec<u64> = (0..self.facts.leaders.len()).map(|p| self.brokers[self.facts.leaders[p]].log_end(p)).collect();
        let mut groups = Vec::new();
        for (group, facts) in self.facts.groups.iter().enumerate() {
            let committed = self.brokers[facts.coordinator].committed(group);
            let mut samples: Vec<GroupSample> = (committed.iter().zip(&self.context.consumed[group]))
                .map(|(committed, consumed)| GroupSample { committed: *committed, position: None, consumed: *consumed })
                .collect();
            for member in self.members.iter().filter(|member| member.group == group) {
                for (partition, position) in member.positions() {
                    samples[partition].position = Some(position);
                }
            }
            groups.push(samples);
            self.outcome.latencies[group].push(self.context.windows[group].close());
        }
        self.outcome.samples.push(Sample { log_end, groups });
    }
}
