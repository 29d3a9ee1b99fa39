//! An instance of a producer in the plain model: Kafka's `RecordAccumulator` and `Sender`, for records with a key.

use super::{Batch, Context, Event, Message, NodeIndex, PartitionIndex, Record, Timer};
use laglab::engine::client::producer::partitioner::partition_for_key;
use laglab::engine::design::{Acks, Compression, Design, ProducerConfig};
use laglab::engine::environment::workload::{Load, Workload};
use std::collections::VecDeque;

pub(super) struct Instance {
    node: NodeIndex,
    config: ProducerConfig,
    arrivals: Arrivals,
    next: Option<Arrival>,
    /// By partition: batches that wait, the last of which may still be open.
    queues: Vec<VecDeque<Open>>,
    /// By broker: the partitions that it leads.
    led: Vec<Vec<PartitionIndex>>,
    drain_index: Vec<usize>,
    in_flight: Vec<u32>,
}

struct Open {
    created: u64,
    bytes: u64,
    /// A batch for one record that is larger than `batch.size` may be as large as it needs to be.
    limit: u64,
    records: Vec<Record>,
}

impl Open {
    fn is_full(&self) -> bool {
        self.bytes >= self.limit
    }
}

/// Bytes of a batch before its first record.
const BATCH_OVERHEAD: u64 = 61;
/// What Kafka allows for a record's own fields when it estimates the size from above.
const MAX_RECORD_OVERHEAD: u64 = 21;

fn varint(value: i64) -> u64 {
    let zigzag = ((value << 1) ^ (value >> 63)) as u64;
    u64::from((64 - (zigzag | 1).leading_zeros()).div_ceil(7))
}

/// Length and content of key and value, and the count of headers, none.
fn content_bytes(key_bytes: u64, value_bytes: u64) -> u64 {
    varint(key_bytes as i64) + key_bytes + varint(value_bytes as i64) + value_bytes + varint(0)
}

/// Format v2, without headers.
fn record_bytes(offset_delta: u64, timestamp_delta: i64, key_bytes: u64, value_bytes: u64) -> u64 {
    let body = 1 + varint(timestamp_delta) + varint(offset_delta as i64) + content_bytes(key_bytes, value_bytes);
    varint(body as i64) + body
}

impl Instance {
    pub fn new(design: &Design, producer: usize, number: u32, node: NodeIndex, leaders: &[usize]) -> Self {
        let config = design.producers[producer].config.clone();
        assert_eq!(config.compression, Compression::None, "the plain model does not compress");
        let brokers = design.cluster.brokers as usize;
        let mut led = vec![vec![]; brokers];
        for (partition, leader) in leaders.iter().enumerate() {
            led[*leader].push(partition);
        }
        Instance {
            node,
            config,
            arrivals: Arrivals::new(design, producer, number),
            next: None,
            queues: leaders.iter().map(|_| VecDeque::new()).collect(),
            led,
            drain_index: vec![0; brokers],
            in_flight: vec![0; brokers],
        }
    }

    pub fn schedule_arrival(&mut self, context: &mut Context) {
        self.next = self.arrivals.next();
        if let Some(next) = &self.next {
            context.push(next.at, self.node, self.node, Event::Arrival);
        }
    }

    pub fn handle(&mut self, context: &mut Context, from: NodeIndex, event: Event) {
        match event {
            Event::Arrival => {
                context.sent += 1;
                let arrival = self.next.take().expect("an arrival was scheduled");
                self.append(context, arrival);
                self.schedule_arrival(context);
            }
            Event::Deliver(Message::ProduceResponse) => {
                self.in_flight[from] -= 1;
                self.run_sender(context);
            }
            Event::Timer(Timer::Sender) => self.run_sender(context),
            other => unreachable!("a producer gets no {other:?}"),
        }
    }

    fn append(&mut self, context: &mut Context, arrival: Arrival) {
        let queue = &mut self.queues[arrival.partition];
        let size = |open: &Open| {
            let timestamp_delta = arrival.at / 1_000_000 - open.records[0].at / 1_000_000;
            record_bytes(open.records.len() as u64, timestamp_delta as i64, arrival.key_bytes, arrival.value_bytes)
        };
        match queue.back_mut().map(|open| (size(open), open)) {
            Some((bytes, open)) if open.bytes + bytes <= open.limit => {
                open.bytes += bytes;
                open.records.push(Record { at: arrival.at });
            }
            _ => {
                let at_most = BATCH_OVERHEAD + MAX_RECORD_OVERHEAD + content_bytes(arrival.key_bytes, arrival.value_bytes);
                queue.push_back(Open {
                    created: arrival.at,
                    bytes: BATCH_OVERHEAD + record_bytes(0, 0, arrival.key_bytes, arrival.value_bytes),
                    limit: at_most.max(u64::from(self.config.batch_size)),
                    records: vec![Record { at: arrival.at }],
                });
                context.timer(self.node, arrival.at + self.config.linger.0, Timer::Sender);
                if queue.len() > 1 {
                    context.timer(self.node, arrival.at, Timer::Sender);
                }
            }
        }
        if queue.back().is_some_and(Open::is_full) {
            context.timer(self.node, arrival.at, Timer::Sender);
        }
    }

    fn is_ready(&self, broker: usize, now: u64) -> bool {
        self.led[broker].iter().any(|partition| {
            let queue = &self.queues[*partition];
            queue.front().is_some_and(|first| queue.len() > 1 || first.is_full() || now - first.created >= self.config.linger.0)
        })
    }

    fn run_sender(&mut self, context: &mut Context) {
        for broker in 0..self.led.len() {
            while self.in_flight[broker] < self.config.max_in_flight && self.is_ready(broker, context.now) {
                let batches = self.drain(broker);
                let respond = self.config.acks != Acks::None;
                self.in_flight[broker] += u32::from(respond);
                context.send(self.node, broker, Message::Produce { batches, respond });
            }
        }
    }

    /// The first batch of every partition that the broker leads, from where the last time ended.
    fn drain(&mut self, broker: usize) -> Vec<(PartitionIndex, Batch)> {
        let led = &self.led[broker];
        let start = self.drain_index[broker];
        let mut size = 0;
        let mut batches = Vec::new();
        for step in 0..led.len() {
            let place = (start + step) % led.len();
            self.drain_index[broker] = place;
            let queue = &mut self.queues[led[place]];
            let Some(first) = queue.front() else { continue };
            if size + first.bytes > u64::from(self.config.max_request_size) && !batches.is_empty() {
                break;
            }
            let first = queue.pop_front().expect("there is a first");
            size += first.bytes;
            batches.push((led[place], Batch { base_offset: 0, bytes: first.bytes, records: first.records.into() }));
        }
        batches
    }
}

/// A record as the application hands it over.
struct Arrival {
    at: u64,
    partition: PartitionIndex,
    key_bytes: u64,
    value_bytes: u64,
}

/// The draws, which the engine shares, made into records.
struct Arrivals {
    workload: Workload,
    /// By key: its bytes and where murmur2 puts it.
    keys: Vec<(u64, PartitionIndex)>,
}

impl Arrivals {
    fn new(design: &Design, producer: usize, number: u32) -> Self {
        let of = &design.producers[producer];
        let topic = of.topic.index();
        let first: u32 = design.topics[..topic].iter().map(|topic| topic.partitions).sum();
        let load = Load::new(of);
        assert!(load.keys().are_sent(), "the plain model knows records with a key only");
        let place = |key: &[u8]| (first + partition_for_key(key, design.topics[topic].partitions)) as usize;
        let keys = (0..load.keys().count()).map(|key| load.keys().name_of_key(key));
        let keys = keys.map(|key| (key.len() as u64, place(key.as_bytes()))).collect();
        Arrivals { workload: Workload::new(&load, design.seed, number), keys }
    }

    fn next(&mut self) -> Option<Arrival> {
        let block = self.workload.block();
        let (&at, &key, &size) = (block.times.first()?, block.keys.first()?, block.sizes.first()?);
        self.workload.consume(1);
        let (key_bytes, partition) = self.keys[key as usize];
        Some(Arrival { at, partition, key_bytes, value_bytes: u64::from(size) })
    }
}
