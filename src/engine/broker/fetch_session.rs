//! Fetch sessions and the fetches that wait for more: what a consumer reads of one broker.
//! Kafka: `FetchSession`, `DelayedFetch` (KIP-227). A session keeps the order of its partitions; those that had data go
//! to its end. Left out: eviction of sessions, `read_committed`, followers (a later part).
//! Holds: a fetch waits only while it has fewer than `fetch.min.bytes`, and never longer than `fetch.max.wait.ms`.

use super::super::id::{NodeId, Offset, TopicPartition};
use super::super::message::{FetchRequest, FetchResponse, FetchedPartition};
use super::super::time::{Duration, Instant};

/// The limits that a consumer's configuration sets to each of its fetches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FetchLimits {
    pub min_bytes: u64,
    pub max_wait: Duration,
    pub max_bytes: u64,
    pub max_partition_bytes: u64,
}

/// What one consumer reads of this broker.
#[derive(Clone, Debug)]
pub struct FetchSession {
    pub client: NodeId,
    limits: FetchLimits,
    partitions: Vec<SessionPartition>,
    /// Where each partition of the broker stands in `partitions`, by its local number, as place + 1.
    place: Vec<u32>,
    /// Places of partitions that may have something to say.
    ready: Vec<u32>,
    moved: u64,
    waiting: Option<WaitingFetch>,
}

#[derive(Clone, Copy, Debug)]
struct SessionPartition {
    partition: TopicPartition,
    local: u32,
    fetch_offset: Offset,
    /// The order within the session.
    order: u64,
    ready: bool,
}

#[derive(Clone, Copy, Debug)]
struct WaitingFetch {
    until: Instant,
    sent_at: Instant,
}

/// What a session asks of the logs of its broker.
pub trait ReadLog {
    /// What a fetch from `offset` would bring, of at most so many bytes: whole batches; with `min_one_message` the first
    /// even if it is larger.
    fn read(&self, partition: TopicPartition, local: u32, offset: Offset, max_bytes: u64, min_one_message: bool) -> FetchedPartition;
    /// Whether a fetch from `offset` has something to say: data below the high watermark, or an error.
    fn has_news(&self, local: u32, offset: Offset) -> bool;
}

impl FetchSession {
    pub fn new(client: NodeId, limits: FetchLimits, locals: usize) -> Self {
        FetchSession { client, limits, partitions: Vec::new(), place: vec![0; locals], ready: Vec::new(), moved: 0, waiting: None }
    }

    pub fn partitions(&self) -> usize {
        self.partitions.len()
    }

    /// When a waiting fetch is answered at the latest.
    pub fn waits_until(&self) -> Instant {
        self.waiting.map_or(Instant::MAX, |waiting| waiting.until)
    }

    /// The client is gone: nobody waits any more.
    pub fn close(&mut self) {
        self.waiting = None;
        self.place.fill(0);
        self.partitions.clear();
        self.ready.clear();
    }

    /// Takes a request in. The answer, unless the fetch has to wait.
    pub fn fetch(
        &mut self,
        now: Instant,
        request: &FetchRequest,
        local_of: impl Fn(TopicPartition) -> u32,
        log: &impl ReadLog,
    ) -> Option<FetchResponse> {
        if request.full {
            self.close();
        }
        if !request.forgotten.is_empty() {
            self.partitions.retain(|known| !request.forgotten.contains(&known.partition));
            self.place.fill(0);
            self.ready.clear();
            for (place, known) in self.partitions.iter().enumerate() {
                self.place[known.local as usize] = place as u32 + 1;
                if known.ready {
                    self.ready.push(place as u32);
                }
            }
        }
        for &(partition, fetch_offset) in &request.changed {
            let local = local_of(partition);
            let place = match self.place[local as usize] {
                0 => {
                    self.partitions.push(SessionPartition { partition, local, fetch_offset, order: self.moved, ready: false });
                    self.moved += 1;
                    self.place[local as usize] = self.partitions.len() as u32;
                    self.partitions.len() - 1
                }
                place => {
                    self.partitions[place as usize - 1].fetch_offset = fetch_offset;
                    place as usize - 1
                }
            };
            self.look(place, log);
        }
        self.waiting = Some(WaitingFetch { until: now + self.limits.max_wait, sent_at: request.sent_at });
        self.answer_if_due(now, log)
    }

    /// Something was appended to, or deleted from, a partition that the session may hold. Whether somebody waits for it.
    #[inline]
    pub fn touch(&mut self, local: u32, log: &impl ReadLog) -> bool {
        let place = self.place[local as usize];
        if place == 0 {
            return false;
        }
        self.look(place as usize - 1, log);
        self.waiting.is_some()
    }

    #[inline]
    fn look(&mut self, place: usize, log: &impl ReadLog) {
        let known = &mut self.partitions[place];
        if !known.ready && log.has_news(known.local, known.fetch_offset) {
            known.ready = true;
            self.ready.push(place as u32);
        }
    }

    /// The answer to the waiting fetch, if it has enough or has waited long enough.
    pub fn answer_if_due(&mut self, now: Instant, log: &impl ReadLog) -> Option<FetchResponse> {
        let waiting = self.waiting?;
        let timed_out = now >= waiting.until;
        if self.ready.is_empty() && !timed_out {
            return None;
        }
        self.ready.retain(|&place| {
            let known = &mut self.partitions[place as usize];
            known.ready = log.has_news(known.local, known.fetch_offset);
            known.ready
        });
        self.ready.sort_unstable_by_key(|place| self.partitions[*place as usize].order);
        let mut left = self.limits.max_bytes;
        let mut error = false;
        let mut partitions = Vec::with_capacity(self.ready.len());
        let mut told = Vec::with_capacity(self.ready.len());
        for &place in &self.ready {
            if left == 0 {
                break;
            }
            let known = &self.partitions[place as usize];
            // The first batch of all comes whatever its size; what follows stays within the limits.
            let limit = self.limits.max_partition_bytes.min(left);
            let fetched = log.read(known.partition, known.local, known.fetch_offset, limit, partitions.is_empty());
            if fetched.error.is_none() && fetched.bytes == 0 {
                continue;
            }
            left = left.saturating_sub(fetched.bytes);
            error |= !fetched.error.is_none();
            partitions.push(fetched);
            told.push(place);
        }
        if !error && !timed_out && !self.has_min_bytes(&partitions, log) {
            return None;
        }
        // What was told is looked at again when the client says where it goes on; what found no room stays ready.
        for &place in &told {
            let known = &mut self.partitions[place as usize];
            known.ready = false;
            known.order = self.moved;
            self.moved += 1;
        }
        self.ready.retain(|place| self.partitions[*place as usize].ready);
        self.waiting = None;
        Some(FetchResponse { partitions, sent_at: waiting.sent_at })
    }

    /// Whether there are `fetch.min.bytes`. What counts is what lies in the logs up to the limit of each partition, as if
    /// batches could be cut; so there may be enough although what is sent is less (`DelayedFetch.tryComplete`).
    fn has_min_bytes(&self, read: &[FetchedPartition], log: &impl ReadLog) -> bool {
        let min_bytes = self.limits.min_bytes;
        if read.iter().map(|fetched| fetched.bytes).sum::<u64>() >= min_bytes {
            return true;
        }
        let readable = self.ready.iter().map(|&place| {
            let known = &self.partitions[place as usize];
            log.read(known.partition, known.local, known.fetch_offset, u64::MAX, true).bytes.min(self.limits.max_partition_bytes)
        });
        readable.sum::<u64>() >= min_bytes
    }
}
