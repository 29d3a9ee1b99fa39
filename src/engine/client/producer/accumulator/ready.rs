//! Which nodes are worth a request, and what goes into it: the sender's side of the accumulator.
//! Kafka: `RecordAccumulator.ready`, `drain`, `mutePartition`, `beginFlush`. Left out: back-off of retries.
//! Holds: a node's counts are those of a look at all its partitions; a drain takes what Kafka's walk over all of them takes,
//! in its order.

use super::super::batch::ProduceData;
use super::super::place_set::PlaceSet;
use super::{Deque, EMPTY, NONE, RecordAccumulator};
use crate::engine::time::Instant;

/// What decides whether a node is worth a request.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// Places, in the node's list, of partitions that could be sent: a queue that is not empty, and not muted.
    pub(super) sendable: PlaceSet,
    /// How many of these have a full batch.
    pub(super) full: u32,
    /// When the oldest of their first batches was created; `MAX` without any.
    pub(super) oldest: Instant,
    /// The place that the last drain looked at last.
    pub(super) drain_index: u32,
}

impl RecordAccumulator {
    pub(super) fn queue_is_full(&self, queue: Deque) -> bool {
        queue.size > 1 || (queue.size == 1 && self.batches[queue.last as usize].is_full())
    }

    /// The leader of a partition that may be sent, and the partition's place in its list.
    #[inline]
    fn sending_node(&self, partition: u32) -> Option<(u32, u32)> {
        if self.muted.contains(partition) { None } else { self.metadata.leader(partition) }
    }

    /// The queue of a partition is full and was not before.
    #[inline(never)]
    pub(super) fn becomes_full(&mut self, partition: u32) {
        if let Some((node, _)) = self.sending_node(partition) {
            self.nodes[node as usize].full += 1;
        }
    }

    /// Counts a queue that is not empty to what its leader can send.
    pub(super) fn becomes_sendable(&mut self, partition: u32) {
        let queue = self.queues[partition as usize];
        self.add_sendable(partition, self.queue_is_full(queue), self.batches[queue.first as usize].created);
    }

    /// The same for a queue that is known: whether it is full, and when its first batch was created.
    #[inline]
    pub(super) fn add_sendable(&mut self, partition: u32, full: bool, created: Instant) {
        let Some((node, place)) = self.sending_node(partition) else { return };
        let node = &mut self.nodes[node as usize];
        node.sendable.insert(place);
        node.full += u32::from(full);
        node.oldest = node.oldest.min(created);
    }

    /// When a node is or will be worth a request, if nothing more is appended: `ZERO` if it is for another reason than
    /// age, `MAX` if there is nothing for it.
    #[inline]
    pub fn ready_at(&self, node: u32) -> Instant {
        let state = &self.nodes[node as usize];
        if state.oldest == Instant::MAX {
            Instant::MAX
        } else if state.full > 0 || self.everything_is_sendable() {
            Instant::ZERO
        } else {
            state.oldest + self.config.linger
        }
    }

    fn everything_is_sendable(&self) -> bool {
        self.free.queued() > 0 || self.closed || self.flushes_in_progress > 0
    }

    /// Puts the nodes that are worth a request at `now` into `ready`, ascending, and returns when the first of the others
    /// will be (`MAX`: nothing for them). This is also when adaptive partitioning looks at the queues, as in Kafka.
    pub fn ready(&mut self, now: Instant, ready: &mut Vec<u32>) -> Instant {
        ready.clear();
        let mut next = Instant::MAX;
        for node in 0..self.metadata.nodes() {
            let at = self.ready_at(node);
            if at <= now {
                ready.push(node);
            } else {
                next = next.min(at);
            }
        }
        if self.config.adaptive_partitioning && self.partitioner.in_use() {
            let (metadata, queues) = (&*self.metadata, &self.queues);
            let led = self.occupied.iter().filter(|partition| metadata.leader(*partition).is_some());
            let sizes = led.map(|partition| (metadata.place_in_order(partition), queues[partition as usize].size));
            self.partitioner.update_partition_load_stats(sizes, self.used_count == metadata.partitions(), metadata);
        }
        next
    }

    /// Whether there is something for a partition that no node leads: time to ask for news.
    pub fn has_unknown_leaders(&self) -> bool {
        self.metadata.available_count() < self.metadata.partitions()
            && self.occupied.iter().any(|partition| self.metadata.leader(partition).is_none())
    }

    /// Takes the first batch of each partition that the node leads, up to `max_request_size` bytes; the first always fits.
    pub fn drain(&mut self, node: u32, max_request_size: u32) -> ProduceData {
        let mut data = ProduceData::new(self.config.producer, self.config.fixed_value_size);
        self.drain_into(node, max_request_size, &mut data);
        data
    }

    /// The same into the memory of an earlier request, perhaps another producer's.
    pub fn drain_into(&mut self, node: u32, max_request_size: u32, data: &mut ProduceData) {
        data.begin(self.config.producer, self.config.fixed_value_size);
        let led = self.metadata.led_by(node);
        if led.is_empty() {
            return;
        }
        let count = led.len() as u32;
        let state = &mut self.nodes[node as usize];
        let start = state.drain_index % count;
        // Unless it breaks off, a drain looks at every place, and last at the one before it started.
        state.drain_index = if start == 0 { count - 1 } else { start - 1 };
        let mut size = 0;
        let (mut from, mut end) = (start, count);
        loop {
            let place = match state.sendable.next_from(from) {
                Some(place) if place < end => place,
                Some(_) | None if end == count && start > 0 => {
                    (from, end) = (0, start);
                    continue;
                }
                Some(_) | None => break,
            };
            from = place + 1;
            let partition = led[place as usize];
            let queue = &mut self.queues[partition as usize];
            let batch = &mut self.batches[queue.first as usize];
            if !data.is_empty() && size + batch.estimated_size_in_bytes() > max_request_size {
                state.drain_index = place;
                break;
            }
            let (next, was_full) = (batch.next, queue.size > 1 || batch.is_full());
            size += batch.drain_into(partition, self.config.compression, &mut self.estimator, data);
            self.vacant.push(queue.first);
            if next == NONE {
                *queue = EMPTY;
                state.full -= u32::from(was_full);
                state.sendable.remove(place);
                self.occupied.remove(partition);
            } else {
                queue.first = next;
                queue.size -= 1;
                // Behind a batch that was closed there may be one that is not full.
                let is_full = queue.size > 1 || self.batches[next as usize].is_full();
                state.full -= u32::from(!is_full);
            }
        }
        self.find_oldest(node);
    }

    /// After queues of a node have lost their first batch.
    fn find_oldest(&mut self, node: u32) {
        let led = self.metadata.led_by(node);
        let state = &mut self.nodes[node as usize];
        let created = |place: u32| self.batches[self.queues[led[place as usize] as usize].first as usize].created;
        state.oldest = state.sendable.iter().map(created).min().unwrap_or(Instant::MAX);
    }

    /// Nothing of this partition is sent until it is unmuted.
    pub fn mute_partition(&mut self, partition: u32) {
        if self.muted.insert(partition) && self.queues[partition as usize].size > 0 {
            self.count_node_again(partition);
        }
    }

    pub fn unmute_partition(&mut self, partition: u32) {
        if self.muted.contains(partition) {
            self.muted.remove(partition);
            if self.queues[partition as usize].size > 0 {
                self.becomes_sendable(partition);
            }
        }
    }

    /// After a queue that is not empty was muted.
    fn count_node_again(&mut self, partition: u32) {
        let Some((node, place)) = self.metadata.leader(partition) else { return };
        let full = self.queue_is_full(self.queues[partition as usize]);
        let state = &mut self.nodes[node as usize];
        state.sendable.remove(place);
        state.full -= u32::from(full);
        self.find_oldest(node);
    }

    /// From here until `end_flush` everything is worth a request.
    pub fn begin_flush(&mut self) {
        self.flushes_in_progress += 1;
    }

    pub fn end_flush(&mut self) {
        assert!(self.flushes_in_progress > 0, "a flush ends once");
        self.flushes_in_progress -= 1;
    }

    /// Nothing is appended any more, and everything is worth a request.
    pub fn close(&mut self) {
        self.closed = true;
    }
}
