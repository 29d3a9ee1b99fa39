//! One instance of a producer: takes what the load brings, fills batches, sends what is due.
//! Kafka: `KafkaProducer.doSend`, `Sender`, `NetworkClient.InFlightRequests`. Left out: errors and retries, `delivery.timeout.ms`,
//! metadata (known from the start), `max.block.ms` (a call of `send` that finds no memory waits as long as it takes).
//!
//! It computes ahead: all records up to its next decision (a batch is full, a node's oldest batch has lingered) are put into
//! batches at once, since nothing can happen to them before. Where something can (an answer makes room for a node that is
//! ready and has too many requests under way; memory is exhausted), it takes one record at a time.
//! Holds: nothing at or after the horizon is computed before it has come; how far it computes ahead changes nothing.

use super::super::super::design::{Acks, Rate};
use super::super::super::environment::keys::KeyTable;
use super::super::super::environment::workload::{Load, Workload};
use super::super::super::id::{NodeId, ProducerId};
use super::super::super::message::{Message, ProduceRequest};
use super::super::super::plan::Plan;
use super::super::super::time::{Duration, Instant};
use super::super::super::world::{Context, RequestKind};
use super::accumulator::{AccumulatorConfig, RecordAccumulator};
use super::batch::{ProduceData, Record};
use super::compression::codec;
use super::metadata::Metadata;
use super::partitioner::PartitionDraws;
use crate::engine::log::record_batch::size_of_bytes;
use std::collections::VecDeque;
use std::sync::Arc;

/// Bytes of a produce request beside its batches, about.
const REQUEST_BYTES: u64 = 100;

#[derive(Clone, Debug)]
pub struct Sender {
    node: NodeId,
    producer: ProducerId,
    shared: Arc<Shared>,
    workload: Workload,
    accumulator: RecordAccumulator,
    /// For each broker the requests that wait for an answer, with what each holds of `buffer.memory`.
    in_flight: Vec<VecDeque<u32>>,
    /// `send` has found no memory for the next record.
    blocked_on_memory: bool,
    /// The sender's CPU compresses until then.
    busy_until: Instant,
    /// The youngest record that has been taken.
    ahead: Instant,
    ready: Vec<u32>,
    wake: Instant,
}

/// What all instances of a producer have in common.
#[derive(Debug)]
pub struct Shared {
    load: Arc<Load>,
    /// Where each key goes; None where records are placed by stickiness.
    keys: Option<Arc<KeyTable>>,
    metadata: Arc<Metadata>,
    acks: Acks,
    max_in_flight: usize,
    max_request_size: u32,
    /// Picoseconds for each byte before compression.
    compress_picos: u64,
    /// Share of records that the ten most frequent keys have.
    top10_share: f64,
}

impl Shared {
    pub fn top10_share(&self) -> f64 {
        self.top10_share
    }
}

impl Sender {
    pub fn shared(plan: &Plan, producer: ProducerId) -> Arc<Shared> {
        let spec = &plan.design.producers[producer.index()];
        let load = Load::new(spec);
        let partitions = plan.design.topics[spec.topic.index()].partitions;
        let leaders = plan.partitions_of(spec.topic).map(|partition| Some(plan.partition(partition).leader.0)).collect();
        let keys = if spec.config.ignore_keys { None } else { load.key_table(partitions) };
        let compress_picos = codec(spec.config.compression).map_or(0, |codec| codec.compress_picos);
        Arc::new(Shared {
            top10_share: load.keys().top10_share(),
            keys,
            load,
            metadata: Arc::new(Metadata::new(leaders)),
            acks: spec.config.acks,
            max_in_flight: spec.config.max_in_flight as usize,
            max_request_size: spec.config.max_request_size,
            compress_picos: if plan.design.cluster.costs.compression { compress_picos } else { 0 },
        })
    }

    pub fn new(plan: &Plan, producer: ProducerId, instance: u32, node: NodeId, shared: &Arc<Shared>) -> Self {
        let spec = &plan.design.producers[producer.index()];
        let config = AccumulatorConfig {
            fixed_value_size: shared.load.fixed_value_size(),
            with_types: shared.load.has_types(),
            ..AccumulatorConfig::new(producer, &spec.config)
        };
        let stream = plan.design.seed.stream(&format!("producer {}/{instance} partitions", spec.name));
        Sender {
            node,
            producer,
            workload: Workload::new(&shared.load, plan.design.seed, instance),
            accumulator: RecordAccumulator::new(config, Arc::clone(&shared.metadata), PartitionDraws::Stream { stream, next: 0 }),
            shared: Arc::clone(shared),
            in_flight: vec![VecDeque::new(); plan.design.cluster.brokers as usize],
            blocked_on_memory: false,
            busy_until: Instant::ZERO,
            ahead: Instant::ZERO,
            ready: Vec::new(),
            wake: Instant::ZERO,
        }
    }

    pub fn node(&self) -> NodeId {
        self.node
    }

    pub fn producer(&self) -> ProducerId {
        self.producer
    }

    pub fn wake_at(&self) -> Instant {
        self.wake
    }

    /// The youngest record that has been computed.
    pub fn ahead(&self) -> Instant {
        self.ahead
    }

    pub fn rate_at(&self, now: Instant) -> f64 {
        self.workload.rate_at(now)
    }

    pub fn in_flight(&self) -> usize {
        self.in_flight.iter().map(VecDeque::len).sum()
    }

    pub fn accumulator(&self) -> &RecordAccumulator {
        &self.accumulator
    }

    pub fn top10_share(&self) -> f64 {
        self.shared.top10_share()
    }

    /// Records that the load has asked for up to `now`.
    pub fn sent_until(&self, now: Instant) -> u64 {
        let ahead = if self.ahead > now { self.accumulator.pending_after(now) } else { 0 };
        self.workload.consumed() - ahead
    }

    /// Records taken from the load, some of them perhaps ahead of time.
    pub fn taken(&self) -> u64 {
        self.workload.consumed()
    }

    pub fn entity_of(&self, key: u32) -> Option<u32> {
        self.shared.load.keys().entity_of(key)
    }

    pub fn entity_name(&self, entity: u32) -> String {
        self.shared.load.keys().name_of_entity(entity)
    }

    /// From now on the load asks for another rate, or follows its curve again.
    pub fn set_rate(&mut self, now: Instant, rate: Option<Rate>) {
        self.workload.set_rate(now, rate);
        self.wake = now;
    }

    pub fn receive(&mut self, cx: &mut Context<'_>, from: NodeId, message: Message) {
        let Message::ProduceResponse { sent_at } = message else { unreachable!("a producer gets answers to what it produced") };
        cx.answered(RequestKind::Produce, sent_at);
        let in_flight = &mut self.in_flight[from.index()];
        let was_full = in_flight.len() >= self.shared.max_in_flight;
        let bytes = in_flight.pop_front().expect("each answer is to a request under way");
        self.accumulator.deallocate(bytes);
        // While records are computed ahead no node waits for an answer; what they fill is not there yet.
        if (was_full || self.blocked_on_memory) && self.ahead <= cx.now {
            self.run(cx);
        }
    }

    pub fn elapsed(&mut self, cx: &mut Context<'_>) {
        self.run(cx);
    }

    fn run(&mut self, cx: &mut Context<'_>) {
        loop {
            self.take(cx.now);
            let sent = self.send_ready(cx);
            // What was sent without waiting for an answer has freed memory for the next record.
            if !(sent && self.blocked_on_memory && self.shared.acks == Acks::None) {
                break;
            }
        }
        self.look_ahead(cx);
    }

    /// Takes all records up to now.
    fn take(&mut self, now: Instant) {
        self.blocked_on_memory = false;
        self.accumulator.set_waiting_for_memory(0);
        while self.workload.peek() <= now && !self.blocked_on_memory {
            self.append_one(now);
        }
    }

    fn append_one(&mut self, now: Instant) -> bool {
        let record = self.next_record();
        match self.accumulator.append(now, self.partition_of(record.key), &record) {
            Ok(result) => {
                self.ahead = self.ahead.max(record.time);
                self.workload.consume(1);
                result.batch_is_full
            }
            Err(_) => {
                self.blocked_on_memory = true;
                self.accumulator.set_waiting_for_memory(1);
                true
            }
        }
    }

    fn next_record(&self) -> Record {
        let block = self.workload.block();
        let key_size = self.shared.keys.as_ref().map_or_else(|| size_of_bytes(None), |keys| keys.entry(block.keys[0]).size);
        Record { time: Instant(block.times[0]), key: block.keys[0], key_size, value_size: block.sizes[0], kind: block.types[0] }
    }

    fn partition_of(&self, key: u32) -> Option<u32> {
        self.shared.keys.as_ref().map(|keys| keys.entry(key).partition)
    }

    fn has_room(&self, node: u32) -> bool {
        self.in_flight[node as usize].len() < self.shared.max_in_flight
    }

    /// One request after the other to each node that is worth one, as long as it may have one more.
    fn send_ready(&mut self, cx: &mut Context<'_>) -> bool {
        let mut sent = false;
        let nodes = self.shared.metadata.nodes();
        while (0..nodes).any(|node| self.has_room(node) && self.accumulator.ready_at(node) <= cx.now) {
            let mut ready = std::mem::take(&mut self.ready);
            self.accumulator.ready(cx.now, &mut ready);
            for &node in &ready {
                if self.has_room(node) {
                    self.send(cx, node);
                    sent = true;
                }
            }
            self.ready = ready;
        }
        sent
    }

    fn send(&mut self, cx: &mut Context<'_>, node: u32) {
        let (acks, producer, sent_at) = (self.shared.acks, self.producer, cx.now);
        let mut request = match cx.spare() {
            Some(mut request) => {
                (request.acks, request.producer, request.sent_at) = (acks, producer, sent_at);
                request
            }
            None => Box::new(ProduceRequest { acks, producer, data: ProduceData::new(producer, None), sent_at }),
        };
        self.accumulator.drain_into(node, self.shared.max_request_size, &mut request.data);
        let data = &request.data;
        let held: u32 = data.batches.iter().map(|batch| batch.buffer_bytes).sum();
        let mut departure = cx.now;
        if self.shared.compress_picos > 0 {
            let nanos = data.uncompressed_bytes() * self.shared.compress_picos / 1_000;
            self.busy_until = self.busy_until.max(cx.now) + Duration(nanos);
            departure = self.busy_until;
        }
        let bytes = data.bytes() + REQUEST_BYTES;
        if self.shared.acks == Acks::None {
            self.accumulator.deallocate(held);
        } else {
            self.in_flight[node as usize].push_back(held);
        }
        cx.send_at(departure, NodeId(node), Message::Produce(request), bytes);
    }

    /// Computes up to the next decision, and says when that is.
    fn look_ahead(&mut self, cx: &Context<'_>) {
        let nodes = self.shared.metadata.nodes();
        let mut decision = Instant::MAX;
        let mut waits_for_answer = self.blocked_on_memory;
        for node in 0..nodes {
            let at = self.accumulator.ready_at(node);
            if at > cx.now {
                decision = decision.min(at);
            } else {
                waits_for_answer = true;
            }
        }
        if waits_for_answer {
            let next = if self.blocked_on_memory { Instant::MAX } else { self.workload.peek() };
            self.wake = decision.min(next);
            return;
        }
        let last = Instant(cx.horizon.0.saturating_sub(1));
        loop {
            let result = self.accumulator.append_block(&self.workload.block(), self.shared.keys.as_deref(), decision.min(last));
            decision = decision.min(result.due);
            if result.taken > 0 {
                self.ahead = Instant(self.workload.block().times[result.taken - 1]);
                self.workload.consume(result.taken);
            }
            if result.stopped {
                // The record that was taken last has filled a batch, or the next one finds no memory.
                self.wake = if result.taken > 0 { self.ahead } else { self.workload.peek() }.max(cx.now);
                return;
            }
            if self.workload.peek() > decision.min(last) {
                break;
            }
        }
        // Without anything to decide it comes back for the next record; never twice at one moment.
        let next = decision.min(self.workload.peek().max(cx.horizon));
        self.wake = next.max(Instant(cx.now.0 + 1));
    }
}
