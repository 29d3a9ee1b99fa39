//! What a producer holds before it sends: a queue of batches for each partition, and when which node is worth a request.
//! Kafka: `RecordAccumulator`. Left out: retries and their back-off, `delivery.timeout.ms`, transactions, several topics:
//! nothing is sent twice yet, and a producer of the file writes one topic.
//! Seen in: every scenario with `linger.ms`, `batch.size` or records without a key.
//!
//! A node is worth a request when one of its partitions has a full batch, or one whose first batch is as old as
//! `linger.ms`; the request then takes the first batch of all its partitions along, from a place that moves on from request
//! to request. Kafka finds out by looking at all partitions again and again; here each node keeps count of its full queues
//! and the age of its oldest batch, so that looking costs one step a node, and a drain one a partition that has something.
//!
//! Holds: answers as Kafka's class does, record by record (tests/conformance/vectors/producer_accumulator.json); only the
//! last batch of a queue takes records; appending allocates nothing once buffers have grown; a copy is a checkpoint.

mod ready;

use super::batch::{ProducerBatch, Record};
use super::buffer_pool::BufferPool;
use super::compression::CompressionRatioEstimator;
use super::metadata::Metadata;
use super::partitioner::{BuiltInPartitioner, PartitionDraws};
use super::place_set::PlaceSet;
use crate::engine::design::{Compression, ProducerConfig};
use crate::engine::environment::keys::KeyTable;
use crate::engine::environment::workload::Block;
use crate::engine::id::ProducerId;
use crate::engine::log::record_batch::{MAX_RECORD_OVERHEAD, RECORD_BATCH_OVERHEAD, size_of_bytes};
use crate::engine::time::{Duration, Instant};
use ready::Node;
use std::sync::Arc;

/// Kafka's `buffer.memory`, which the file cannot set yet.
pub const BUFFER_MEMORY: u64 = 33_554_432;

/// What an accumulator is told once.
#[derive(Clone, Debug, PartialEq)]
pub struct AccumulatorConfig {
    pub producer: ProducerId,
    pub batch_size: u32,
    pub linger: Duration,
    pub buffer_memory: u64,
    pub compression: Compression,
    pub adaptive_partitioning: bool,
    /// Bytes of every value, if they are all the same: requests then carry no column of sizes.
    pub fixed_value_size: Option<u32>,
    /// Whether records have types; without, requests carry no column of them.
    pub with_types: bool,
}

impl AccumulatorConfig {
    /// As the file says, with Kafka's `buffer.memory`; values of different sizes, no types.
    pub fn new(producer: ProducerId, config: &ProducerConfig) -> Self {
        AccumulatorConfig {
            producer,
            batch_size: config.batch_size,
            linger: config.linger,
            buffer_memory: BUFFER_MEMORY,
            compression: config.compression,
            adaptive_partitioning: config.adaptive_partitioning,
            fixed_value_size: None,
            with_types: false,
        }
    }
}

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordAppendResult {
    pub partition: u32,
    /// The partition has a batch that is worth a request by itself.
    pub batch_is_full: bool,
    pub new_batch_created: bool,
    /// Bytes by which the batch grew, with its header if it is new.
    pub appended_bytes: u32,
}

/// What became of records of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockAppendResult {
    /// So many records were appended.
    pub taken: usize,
    /// The last of them filled a batch, or the next one finds no memory.
    pub stopped: bool,
    /// When the first batch that was created here will have lingered; `MAX`: none was.
    pub due: Instant,
}

/// `buffer.memory` has no room for another batch: `send` waits, and fails after `max.block.ms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BufferExhausted {
    /// What the batch would have taken.
    pub bytes: u32,
}

#[derive(Clone, Debug)]
pub struct RecordAccumulator {
    config: AccumulatorConfig,
    metadata: Arc<Metadata>,
    /// Of each partition.
    queues: Vec<Deque>,
    nodes: Vec<Node>,
    /// Slots of batches; those in `vacant` hold none.
    batches: Vec<ProducerBatch>,
    vacant: Vec<u32>,
    free: BufferPool,
    partitioner: BuiltInPartitioner,
    /// Partitions that ever had a batch: adaptive partitioning waits for all of them.
    used: PlaceSet,
    used_count: u32,
    /// Partitions whose queue is not empty.
    occupied: PlaceSet,
    /// Partitions that wait for an answer before more is sent (`max.in.flight.requests.per.connection` 1).
    muted: PlaceSet,
    estimator: CompressionRatioEstimator,
    flushes_in_progress: u32,
    closed: bool,
}

/// A queue of batches, linked through the slots.
#[derive(Clone, Copy, Debug)]
struct Deque {
    first: u32,
    last: u32,
    size: u32,
}

const NONE: u32 = u32::MAX;
const EMPTY: Deque = Deque { first: NONE, last: NONE, size: 0 };

impl RecordAccumulator {
    pub fn new(config: AccumulatorConfig, metadata: Arc<Metadata>, draws: PartitionDraws) -> Self {
        let mut accumulator = RecordAccumulator {
            partitioner: BuiltInPartitioner::new(config.batch_size, draws),
            free: BufferPool::new(config.buffer_memory),
            config,
            metadata: Arc::clone(&metadata),
            queues: Vec::new(),
            nodes: Vec::new(),
            batches: Vec::new(),
            vacant: Vec::new(),
            used: PlaceSet::default(),
            used_count: 0,
            occupied: PlaceSet::default(),
            muted: PlaceSet::default(),
            estimator: CompressionRatioEstimator::default(),
            flushes_in_progress: 0,
            closed: false,
        };
        accumulator.update_metadata(metadata);
        accumulator
    }

    /// Takes in a topic with other leaders or more partitions. What is queued stays, whoever leads it.
    pub fn update_metadata(&mut self, metadata: Arc<Metadata>) {
        let partitions = metadata.partitions() as usize;
        assert!(self.queues.len() <= partitions, "a topic never has fewer partitions than before");
        let grown = |set: &PlaceSet| {
            let mut larger = PlaceSet::with_capacity(partitions);
            set.iter().for_each(|place| _ = larger.insert(place));
            larger
        };
        (self.used, self.occupied, self.muted) = (grown(&self.used), grown(&self.occupied), grown(&self.muted));
        self.queues.resize(partitions, EMPTY);
        let drain_index = |node: usize| self.nodes.get(node).map_or(0, |node| node.drain_index);
        self.nodes = (0..metadata.nodes())
            .map(|node| Node {
                sendable: PlaceSet::with_capacity(metadata.led_by(node).len()),
                full: 0,
                oldest: Instant::MAX,
                drain_index: drain_index(node as usize),
            })
            .collect();
        self.metadata = metadata;
        for partition in self.occupied.iter().collect::<Vec<_>>() {
            self.becomes_sendable(partition);
        }
    }

    pub fn metadata(&self) -> &Arc<Metadata> {
        &self.metadata
    }

    /// Appends a record at `now`, to a partition or, with `None`, to the sticky one. Records come in order of time.
    #[inline(always)]
    pub fn append(&mut self, now: Instant, partition: Option<u32>, record: &Record) -> Result<RecordAppendResult, BufferExhausted> {
        let Some(partition) = partition else { return self.append_sticky(now, *record) };
        match self.try_append(partition, record) {
            Some(result) => Ok(result),
            None => self.append_new_batch(now, partition, *record),
        }
    }

    /// Appends records of a block, each at its own time, up to and including `last`. Stops after one that fills a batch and
    /// before one that finds no memory.
    pub fn append_block(&mut self, block: &Block<'_>, keys: Option<&KeyTable>, last: Instant) -> BlockAppendResult {
        let place = |keys: &KeyTable, key| {
            let entry = keys.entry(key);
            (Some(entry.partition), entry.size)
        };
        match (keys, self.config.fixed_value_size) {
            (Some(keys), Some(size)) => self.append_each(block, last, |key| place(keys, key), |_| size),
            (Some(keys), None) => self.append_each(block, last, |key| place(keys, key), |record| block.sizes[record]),
            (None, Some(_) | None) => self.append_each(block, last, |_| (None, size_of_bytes(None)), |record| block.sizes[record]),
        }
    }

    /// The tight loop of a producer: a record is a look at its key and a push.
    #[inline(always)]
    fn append_each(
        &mut self,
        block: &Block<'_>,
        last: Instant,
        place: impl Fn(u32) -> (Option<u32>, u32),
        value_size: impl Fn(usize) -> u32,
    ) -> BlockAppendResult {
        let (mut due, mut limit) = (Instant::MAX, last);
        let records = block.times.iter().zip(block.keys).enumerate();
        for (taken, (&time, &key)) in records {
            let time = Instant(time);
            if time > limit {
                return BlockAppendResult { taken, stopped: false, due };
            }
            let (partition, key_size) = place(key);
            let kind = if self.config.with_types { block.types[taken] } else { 0 };
            let record = Record { time, key, key_size, value_size: value_size(taken), kind };
            let Ok(result) = self.append(time, partition, &record) else {
                return BlockAppendResult { taken, stopped: true, due };
            };
            if result.new_batch_created {
                due = due.min(time + self.config.linger);
                limit = limit.min(due);
            }
            if result.batch_is_full {
                return BlockAppendResult { taken: taken + 1, stopped: true, due };
            }
        }
        BlockAppendResult { taken: block.times.len(), stopped: false, due }
    }

    /// Kafka's loop: a switch that was put off because a batch was open is made up for as soon as all are full.
    #[inline(never)]
    fn append_sticky(&mut self, now: Instant, record: Record) -> Result<RecordAppendResult, BufferExhausted> {
        loop {
            let partition = self.partitioner.peek_current_partition(&self.metadata);
            if self.partition_changed(partition) {
                continue;
            }
            let result = match self.try_append(partition, &record) {
                Some(result) => result,
                None => {
                    self.has_memory_for(partition, &record)?;
                    // The batch that had no room has been closed, and with that all may be full.
                    if self.partition_changed(partition) {
                        continue;
                    }
                    self.append_new_batch(now, partition, record)?
                }
            };
            let enable_switch = self.all_batches_full(partition);
            self.partitioner.update_partition_info(result.appended_bytes, &self.metadata, enable_switch);
            return Ok(result);
        }
    }

    fn partition_changed(&mut self, partition: u32) -> bool {
        self.all_batches_full(partition) && self.partitioner.update_partition_info(0, &self.metadata, true)
    }

    /// Only the last batch may have room, so only that is looked at.
    fn all_batches_full(&self, partition: u32) -> bool {
        let last = self.queues[partition as usize].last;
        last == NONE || self.batches[last as usize].is_full()
    }

    /// To the last batch of the queue, if it has room; otherwise that one is closed.
    #[inline(always)]
    fn try_append(&mut self, partition: u32, record: &Record) -> Option<RecordAppendResult> {
        let queue = self.queues[partition as usize];
        // There is no batch at NONE, so one look tells whether there is one.
        let batch = self.batches.get_mut(queue.last as usize)?;
        match batch.try_append(record, self.config.compression, self.config.with_types) {
            Some(appended_bytes) => {
                let batch_is_full = if queue.size > 1 {
                    true
                } else {
                    let full = batch.is_full();
                    if full {
                        // It was not before: otherwise it would have had no room.
                        self.becomes_full(partition);
                    }
                    full
                };
                Some(RecordAppendResult { partition, batch_is_full, new_batch_created: false, appended_bytes })
            }
            None => {
                self.close_last(partition);
                None
            }
        }
    }

    /// The last batch of a queue has no room for a record, so it gets no more.
    #[cold]
    fn close_last(&mut self, partition: u32) {
        let queue = self.queues[partition as usize];
        let was_full = self.queue_is_full(queue);
        self.batches[queue.last as usize].close_for_record_appends();
        if !was_full {
            self.becomes_full(partition);
        }
    }

    fn write_limit(&self, record: &Record) -> u32 {
        self.config.batch_size.max(RECORD_BATCH_OVERHEAD + MAX_RECORD_OVERHEAD + record.fields())
    }

    /// Whether a batch for this record could be created now.
    #[inline]
    fn has_memory_for(&mut self, partition: u32, record: &Record) -> Result<u32, BufferExhausted> {
        // Kafka makes the queue before it asks for memory.
        if self.used_count < self.metadata.partitions() && self.used.insert(partition) {
            self.used_count += 1;
        }
        let bytes = self.write_limit(record);
        if self.free.has(bytes) { Ok(bytes) } else { Err(BufferExhausted { bytes }) }
    }

    /// The record comes by value, so that the tight loop need not keep it in memory for this.
    #[inline(never)]
    fn append_new_batch(&mut self, now: Instant, partition: u32, record: Record) -> Result<RecordAppendResult, BufferExhausted> {
        let bytes = self.has_memory_for(partition, &record)?;
        self.free.allocate(bytes);
        let slot = self.vacant.pop().unwrap_or_else(|| {
            self.batches.push(ProducerBatch::vacant());
            self.batches.len() as u32 - 1
        });
        let batch = &mut self.batches[slot as usize];
        batch.open(now, record.time, bytes, self.estimator.estimation());
        batch.try_append(&record, self.config.compression, self.config.with_types).expect("a batch has room for its first record");
        let appended_bytes = batch.estimated_size_in_bytes();
        let full = batch.is_full();
        let queue = &mut self.queues[partition as usize];
        queue.size += 1;
        let last = std::mem::replace(&mut queue.last, slot);
        let batch_is_full = full || queue.size > 1;
        if last == NONE {
            queue.first = slot;
            self.occupied.insert(partition);
            self.add_sendable(partition, full, now);
        } else {
            // The one before was closed, so the queue counts as full already.
            self.batches[last as usize].next = slot;
        }
        Ok(RecordAppendResult { partition, batch_is_full, new_batch_created: true, appended_bytes })
    }

    /// A batch has been answered: its share of `buffer.memory` is free again.
    pub fn deallocate(&mut self, buffer_bytes: u32) {
        self.free.deallocate(buffer_bytes);
    }

    /// How many calls of `send` wait for memory: while any does, everything is worth a request.
    pub fn set_waiting_for_memory(&mut self, calls: u32) {
        self.free.set_queued(calls);
    }

    /// Bytes of `buffer.memory` that are not taken.
    pub fn buffer_pool_available_memory(&self) -> u64 {
        self.free.available_memory()
    }

    /// `linger.ms`
    #[inline]
    pub fn linger(&self) -> Duration {
        self.config.linger
    }

    /// Batches that were not drained.
    pub fn batches(&self) -> u32 {
        self.queues.iter().map(|queue| queue.size).sum()
    }

    /// Records that are younger than `at` and were not drained.
    pub fn pending_after(&self, at: Instant) -> u64 {
        self.occupied
            .iter()
            .map(|partition| {
                let mut batch = self.queues[partition as usize].first;
                let mut records = 0;
                while batch != NONE {
                    records += self.batches[batch as usize].records_after(at);
                    batch = self.batches[batch as usize].next;
                }
                records
            })
            .sum()
    }

    /// Records that were appended and not drained.
    pub fn pending(&self) -> u64 {
        self.occupied.iter().map(|partition| self.pending_of(partition)).sum()
    }

    /// Records that are queued for a partition, for display.
    pub fn pending_of(&self, partition: u32) -> u64 {
        let mut slot = self.queues[partition as usize].first;
        let mut records = 0;
        while slot != NONE {
            let batch = &self.batches[slot as usize];
            records += u64::from(batch.record_count());
            slot = batch.next;
        }
        records
    }

    pub fn has_undrained(&self) -> bool {
        !self.occupied.is_empty()
    }
}

#[cfg(test)]
mod tests;
