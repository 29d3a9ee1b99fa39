//! What a group has done to the events of each partition: handled once or again, effects in the world outside, marks
//! of its deduplication. Interval sets: a batch costs the same whether it holds one record or five hundred.
//!
//! Holds: for each effect, intended = once + repeated + missing.

use super::super::id::{Offset, OffsetCount, TopicPartition};
use super::super::observe::histogram;
use super::super::plan::GroupPlan;
use super::super::time::{Duration, Instant};
use super::interval_set::IntervalSet;
use super::order::OrderTracker;

/// One group's book.
#[derive(Clone, Debug)]
pub struct GroupProgress {
    /// By `TopicPartition`.
    pub partitions: Vec<PartitionProgress>,
    pub effects: Vec<EffectLedger>,
    pub order: Option<OrderTracker>,
    pub end_to_end: Latency,
    pub processing: Latency,
    /// Of each step, where it is not the whole of the handler's time.
    pub steps: Vec<Latency>,
    pub duplicates: OffsetCount,
    pub skipped: OffsetCount,
    pub expired: OffsetCount,
    pub commits_refused: u64,
    pub bytes_out: u64,
}

#[derive(Clone, Debug, Default)]
pub struct PartitionProgress {
    /// Handlers completed, each delivery.
    pub consumed: u64,
    pub handled: IntervalSet,
    /// Not handled, and the group's position has jumped over them.
    skipped: IntervalSet,
    /// Not handled, and deleted by retention.
    expired: IntervalSet,
    /// Deduplication: what is marked, and since when.
    pub marks: Marks,
    /// Up to here records have been delivered before.
    pub delivered_end: Offset,
}

/// Why a group will not see a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PassedOver {
    Skipped,
    Expired,
}

/// What one effect did to the events of each partition.
#[derive(Clone, Debug)]
pub struct EffectLedger {
    /// By `TopicPartition`.
    partitions: Vec<EffectPartition>,
}

#[derive(Clone, Debug, Default)]
struct EffectPartition {
    done: IntervalSet,
    again: IntervalSet,
    /// Idempotency keys that the target remembers.
    keys: Marks,
}

/// Offsets marked at some time, forgotten after some other.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    /// In order of time; each a stretch of offsets marked no later than then.
    stretches: Vec<(Offset, Offset, Instant)>,
}

impl Marks {
    /// Marks `first..last` at `at`.
    pub fn mark(&mut self, first: Offset, last: Offset, at: Instant, keeps: Duration) {
        if let Some((_, end, time)) = self.stretches.last_mut()
            && *end == first
            && (keeps.0 > u64::MAX / 2 || at.since(*time).0 < keeps.0 / 1_000)
        {
            *end = last;
            return;
        }
        self.stretches.push((first, last, at));
    }

    /// Whether `offset` is marked and remembered at `at`.
    pub fn holds(&self, offset: Offset, at: Instant, keeps: Duration) -> bool {
        self.stretches.iter().rev().any(|&(first, last, time)| (first..last).contains(&offset) && at < time + keeps)
    }

    pub fn is_empty(&self) -> bool {
        self.stretches.is_empty()
    }
}

/// Latencies of the records that completed since the last sample.
#[derive(Clone, Debug)]
pub struct Latency {
    pub counts: Box<[u32]>,
    pub sum: u128,
    pub min: u64,
    pub max: u64,
    /// Over the whole run, for the fingerprint and the invariants.
    pub total_count: u64,
    pub total_sum: u128,
}

impl Default for Latency {
    fn default() -> Self {
        Latency { counts: vec![0; histogram::CELLS].into(), sum: 0, min: u64::MAX, max: 0, total_count: 0, total_sum: 0 }
    }
}

impl Latency {
    /// Counts one, but for the sum, which the caller adds for many at once.
    #[inline(always)]
    pub fn count(&mut self, nanos: u64) {
        self.counts[histogram::cell(nanos)] += 1;
        self.min = self.min.min(nanos);
        self.max = self.max.max(nanos);
    }

    pub fn record(&mut self, nanos: u64) {
        self.count(nanos);
        self.sum += u128::from(nanos);
    }

    /// Closes the window.
    pub fn take(&mut self) -> histogram::Histogram {
        if self.min == u64::MAX {
            return histogram::Histogram::default();
        }
        let (low, high) = (histogram::cell(self.min), histogram::cell(self.max));
        let window = histogram::Histogram::from_dense(low, &self.counts[low..=high], self.sum, self.min, self.max);
        self.counts[low..=high].fill(0);
        self.total_count += window.count();
        self.total_sum += self.sum;
        (self.sum, self.min, self.max) = (0, u64::MAX, 0);
        window
    }
}

impl EffectLedger {
    pub fn new(partitions: usize) -> Self {
        EffectLedger { partitions: vec![EffectPartition::default(); partitions] }
    }

    /// The calls for events `first..last` complete at `at`. `repeated` hears of each stretch that happened again.
    pub fn happen(
        &mut self,
        partition: TopicPartition,
        first: Offset,
        last: Offset,
        at: Instant,
        honours_key: Duration,
        mut repeated: impl FnMut(Offset, Offset),
    ) {
        let EffectPartition { done, again, keys } = &mut self.partitions[partition.index()];
        let mut tell = |low: Offset, high: Offset| {
            again.insert(low, high, |_, _| {});
            repeated(low, high);
        };
        if honours_key == Duration::ZERO {
            done.insert(first, last, tell);
            return;
        }
        // The target does nothing for a key that it remembers.
        let mut known = Vec::new();
        done.insert(first, last, |low, high| known.push((low, high)));
        for (low, high) in known {
            for offset in low..high {
                if !keys.holds(offset, at, honours_key) {
                    tell(offset, offset + 1);
                }
            }
        }
        keys.mark(first, last, at, honours_key);
    }

    pub fn happened(&self, partition: TopicPartition) -> &IntervalSet {
        &self.partitions[partition.index()].done
    }

    /// Events whose effect happened once, and more than once.
    pub fn counts(&self) -> (u64, u64) {
        let repeated: u64 = self.partitions.iter().map(|partition| partition.again.count()).sum();
        let done: u64 = self.partitions.iter().map(|partition| partition.done.count()).sum();
        (done - repeated, repeated)
    }

    /// Events of a partition that the group has committed and whose effect never happened.
    pub fn missing(&self, partition: TopicPartition, start: Offset, committed: Offset) -> u64 {
        let done = &self.partitions[partition.index()].done;
        committed.saturating_sub(start) - (done.count_below(committed) - done.count_below(start.min(committed)))
    }
}

impl GroupProgress {
    pub fn new(partitions: usize, plan: &GroupPlan, order: bool) -> Self {
        let timed = if plan.steps.len() > 1 || plan.dedup.is_some() { plan.steps.len() } else { 0 };
        GroupProgress {
            partitions: vec![PartitionProgress::default(); partitions],
            effects: vec![EffectLedger::new(partitions); plan.effects.len()],
            order: order.then(OrderTracker::default),
            end_to_end: Latency::default(),
            processing: Latency::default(),
            steps: vec![Latency::default(); timed],
            duplicates: 0,
            skipped: 0,
            expired: 0,
            commits_refused: 0,
            bytes_out: 0,
        }
    }

    /// The group will not see those of `first..last` that it has not handled, as things stand. Says how many that
    /// is true of only now.
    pub fn pass_over(&mut self, partition: TopicPartition, first: Offset, last: Offset, why: PassedOver) -> OffsetCount {
        let PartitionProgress { handled, skipped, expired, .. } = &mut self.partitions[partition.index()];
        let mut count = 0;
        for (first, last) in handled.gaps(first, last) {
            for (first, last) in skipped.gaps(first, last) {
                for (first, last) in expired.gaps(first, last) {
                    count += last - first;
                    match why {
                        PassedOver::Skipped => skipped.insert(first, last, |_, _| {}),
                        PassedOver::Expired => expired.insert(first, last, |_, _| {}),
                    }
                }
            }
        }
        match why {
            PassedOver::Skipped => self.skipped += count,
            PassedOver::Expired => self.expired += count,
        }
        count
    }

    /// Whether what was passed over is counted right, and none of it was handled.
    pub fn passed_over_adds_up(&self) -> bool {
        let mut counts = [0, 0];
        for of in &self.partitions {
            for (set, count) in [&of.skipped, &of.expired].into_iter().zip(&mut counts) {
                *count += set.count();
                if set.intervals().iter().any(|&(first, last)| of.handled.gaps(first, last) != [(first, last)]) {
                    return false;
                }
            }
            if of.skipped.intervals().iter().any(|&(first, last)| of.expired.gaps(first, last) != [(first, last)]) {
                return false;
            }
        }
        counts == [self.skipped, self.expired]
    }

    /// Books records as handled; what had been passed over has come after all. `again` hears of those handled before.
    #[inline]
    pub fn handle(&mut self, partition: TopicPartition, first: Offset, last: Offset, again: impl FnMut(Offset, Offset)) {
        let of = &mut self.partitions[partition.index()];
        of.consumed += last - first;
        of.handled.insert(first, last, again);
        if !of.skipped.is_empty() {
            self.skipped -= of.skipped.remove(first, last);
        }
        if !of.expired.is_empty() {
            self.expired -= of.expired.remove(first, last);
        }
    }
}
