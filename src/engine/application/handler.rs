//! A member's handler at work on the records of one poll: computed at once, told as time passes, cut anywhere.
//!
//! The moments at which records complete are prefix sums of drawn service times. A draw is addressed by group, step,
//! partition and offset, so a crash, a redelivery or one more member changes no other record's luck.
//! Holds: how often `settle` is asked changes nothing that it says in sum.

use super::super::id::{Offset, TopicPartition};
use super::super::log::file_records::FileRecords;
use super::super::log::memory_records::Deltas;
use super::super::plan::{DedupPlan, GroupPlan, StepEffect};
use super::super::random::round_nanos;
use super::super::time::{Duration, Instant};
use super::super::world::LogGauges;
use super::progress::GroupProgress;

/// Consecutive records of one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Records {
    pub partition: TopicPartition,
    pub first: Offset,
    /// One past the last.
    pub end: Offset,
}

impl Records {
    pub fn count(&self) -> u64 {
        self.end - self.first
    }
}

/// Records being handled one after the other.
#[derive(Clone, Debug, Default)]
pub struct Work {
    pub records: Vec<Records>,
    start: Instant,
    /// When each record completes, in nanoseconds of the run.
    ends: Vec<u64>,
    /// How much slower than drawn the handler is: from the given record on, and before it.
    factor: (usize, f64, f64),
    /// Time that the process stood still since the start.
    stood_still: Duration,
    /// The deduplication store knows the record: it is checked and left alone. Empty without deduplication.
    known: Vec<bool>,
    /// So many records have been settled.
    settled: usize,
    /// So many records have been told to the order tracker.
    started: usize,
    /// What was handled or done again and has not been told yet.
    pub repeats: Vec<Repeat>,
}

/// Something that happened again: `effect: None` is the delivery itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repeat {
    pub effect: Option<u32>,
    pub records: Records,
    pub count: u64,
}

/// The start of an event's handling, for the order tracker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Start {
    pub at: u64,
    pub partition: TopicPartition,
    pub offset: Offset,
}

/// Everything about a group that handling needs and changes.
pub struct Bench<'a> {
    pub plan: &'a GroupPlan,
    pub progress: &'a mut GroupProgress,
    pub logs: &'a [LogGauges],
    pub records: &'a [FileRecords],
}

impl Work {
    /// Computes a poll's work. The vectors of earlier work are used again.
    pub fn begin(&mut self, bench: &Bench<'_>, start: Instant, factor: f64) {
        self.start = start;
        self.factor = (0, factor, factor);
        self.stood_still = Duration::ZERO;
        self.ends.clear();
        self.known.clear();
        self.settled = 0;
        self.started = 0;
        debug_assert!(self.repeats.is_empty(), "repeats are told before the next work begins");
        let count = self.records.iter().map(Records::count).sum::<u64>() as usize;
        self.ends.resize(count, 0);
        self.draw(bench, 0, factor);
    }

    /// Draws service times from record `from` on, and sums them up.
    fn draw(&mut self, bench: &Bench<'_>, from: usize, factor: f64) {
        let mut place = 0;
        for records in &self.records {
            let count = records.count() as usize;
            let skip = from.saturating_sub(place).min(count);
            if skip < count {
                let times = &mut self.ends[place + skip..place + count];
                service_times(bench.plan, records.partition, records.first + skip as u64, times);
            }
            place += count;
        }
        if let Some(dedup) = &bench.plan.dedup {
            self.known.resize(self.ends.len(), false);
            self.check_marks(bench, dedup, from);
        }
        let mut at = if from == 0 { self.start.0 } else { self.ends[from - 1] };
        if factor == 1.0 {
            for end in &mut self.ends[from..] {
                at += *end;
                *end = at;
            }
        } else {
            for end in &mut self.ends[from..] {
                at += round_nanos(*end as f64 * factor);
                *end = at;
            }
        }
    }

    /// Adds the time of looking marks up and of writing them; a record that is known takes no more than the look.
    fn check_marks(&mut self, bench: &Bench<'_>, dedup: &DedupPlan, from: usize) {
        let mut place = 0;
        for records in &self.records {
            let (check, write) = (dedup.check.sub(u64::from(records.partition.0)), dedup.write.sub(u64::from(records.partition.0)));
            let progress = &bench.progress.partitions[records.partition.index()];
            for offset in records.first..records.end {
                if place >= from {
                    let known = progress.marks.holds(offset, self.start, dedup.keeps);
                    let look = dedup.sampler.value(check.at(offset));
                    self.known[place] = known;
                    self.ends[place] = if known {
                        look
                    } else if dedup.own_write {
                        look + self.ends[place] + dedup.sampler.value(write.at(offset))
                    } else {
                        look + self.ends[place]
                    };
                }
                place += 1;
            }
        }
    }

    /// Records in hand.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// How many of them are booked.
    pub fn settled(&self) -> usize {
        self.settled
    }

    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    pub fn ends_at(&self) -> Instant {
        Instant(self.ends.last().copied().unwrap_or(self.start.0))
    }

    /// How many records have completed at `now`.
    pub fn done_at(&self, now: Instant) -> usize {
        self.settled + self.ends[self.settled..].partition_point(|end| *end <= now.0)
    }

    /// The record in hand at `now`.
    pub fn current(&self, now: Instant) -> Option<(TopicPartition, Offset)> {
        let done = self.done_at(now);
        (done < self.ends.len()).then(|| self.locate(done))
    }

    fn locate(&self, mut place: usize) -> (TopicPartition, Offset) {
        for records in &self.records {
            let count = records.count() as usize;
            if place < count {
                return (records.partition, records.first + place as u64);
            }
            place -= count;
        }
        unreachable!("a place lies within the records of the work")
    }

    /// Time spent in the handler up to `now`, of this work.
    pub fn busy_until(&self, now: Instant) -> Duration {
        now.min(self.ends_at()).since(self.start) - self.stood_still
    }

    /// The handler's speed changes at `now`: the record in hand keeps its time, the later ones are slower or faster.
    pub fn change_speed(&mut self, bench: &Bench<'_>, now: Instant, factor: f64) {
        let next = (self.done_at(now) + 1).min(self.ends.len());
        if next < self.ends.len() {
            self.factor = (next, factor, self.factor.1);
            self.draw(bench, next, factor);
        }
    }

    /// The process stood still for so long: what was not done at `since` completes that much later.
    pub fn delay(&mut self, since: Instant, by: Duration) {
        self.stood_still += by;
        let done = self.done_at(since);
        for end in &mut self.ends[done..] {
            *end += by.0;
        }
    }

    /// Books all records that have completed at `now`.
    pub fn settle(&mut self, bench: &mut Bench<'_>, now: Instant) {
        let upto = self.done_at(now);
        if upto == self.settled {
            return;
        }
        let (from, at) = (self.settled, self.ends_at());
        self.settled = upto;
        let mut place = 0;
        for index in 0..self.records.len() {
            let records = self.records[index];
            let count = records.count() as usize;
            let (low, high) = (from.max(place), upto.min(place + count));
            if low < high {
                let part = Records {
                    partition: records.partition,
                    first: records.first + (low - place) as u64,
                    end: records.first + (high - place) as u64,
                };
                self.book(bench, part, low, at);
            }
            place += count;
        }
    }

    fn book(&mut self, bench: &mut Bench<'_>, records: Records, place: usize, at: Instant) {
        let ends = &self.ends[place..place + records.count() as usize];
        let log = &bench.records[records.partition.index()];
        let slice = bench.logs[records.partition.index()].tail.slice(records.first, records.end);
        let latency = &mut bench.progress.end_to_end;
        let (mut index, mut sum) = (0, 0u64);
        for batch in log.batches(slice) {
            let ends = &ends[index..index + batch.data.len()];
            index += ends.len();
            let base = batch.data.base_time.0;
            match batch.data.deltas {
                Deltas::Narrow(deltas) => {
                    for (end, delta) in ends.iter().zip(deltas) {
                        let nanos = end - base - u64::from(*delta);
                        latency.count(nanos);
                        sum += nanos;
                    }
                }
                Deltas::Wide(deltas) => {
                    for (end, delta) in ends.iter().zip(deltas) {
                        let nanos = end - base - delta;
                        latency.count(nanos);
                        sum += nanos;
                    }
                }
            }
        }
        debug_assert_eq!(index, ends.len(), "every record in hand is in the log");
        latency.sum += u128::from(sum);
        let processing = &mut bench.progress.processing;
        let mut before = if place == 0 { self.start.0 } else { self.ends[place - 1] };
        processing.sum += u128::from(ends[ends.len() - 1] - before);
        for end in ends {
            processing.count(end - before);
            before = *end;
        }

        if !bench.progress.steps.is_empty() {
            self.time_steps(bench, records, place);
        }
        let mut duplicates = 0;
        let repeats = &mut self.repeats;
        bench.progress.handle(records.partition, records.first, records.end, |first, end| {
            duplicates += end - first;
            tell(repeats, None, Records { partition: records.partition, first, end });
        });
        bench.progress.duplicates += duplicates;

        // Stretches of records that the deduplication let through.
        if self.known.is_empty() {
            self.act(bench, records, at);
        } else {
            let keeps = bench.plan.dedup.as_ref().expect("only deduplication knows records").keeps;
            let mut first = records.first;
            for offset in records.first..=records.end {
                let stop = offset == records.end || self.known[place + (offset - records.first) as usize];
                if stop {
                    if first < offset {
                        let part = Records { first, end: offset, ..records };
                        self.act(bench, part, at);
                        bench.progress.partitions[records.partition.index()].marks.mark(first, offset, at, keeps);
                    }
                    first = offset + 1;
                }
            }
        }
    }

    /// Each step's own time. Records that the deduplication knows take no steps.
    fn time_steps(&self, bench: &mut Bench<'_>, records: Records, place: usize) {
        let (from, factor, before) = self.factor;
        for (step, latency) in bench.plan.steps.iter().zip(&mut bench.progress.steps) {
            let stream = step.stream.sub(u64::from(records.partition.0));
            for (place, offset) in (place..).zip(records.first..records.end) {
                if self.known.get(place) != Some(&true) {
                    let factor = if place < from { before } else { factor };
                    latency.record(round_nanos(step.sampler.value(stream.at(offset)) as f64 * factor));
                }
            }
        }
    }

    /// The steps' effects happen to these records.
    fn act(&mut self, bench: &mut Bench<'_>, records: Records, at: Instant) {
        for step in &bench.plan.steps {
            act_one(&mut self.repeats, bench.progress, step.effect, records, at);
        }
    }

    /// The process dies at `now`: records done are done; in the one in hand, so are the steps that had completed.
    pub fn cut(&mut self, bench: &mut Bench<'_>, now: Instant, factor: f64) {
        self.settle(bench, now);
        let done = self.settled;
        if done == self.ends.len() {
            return;
        }
        let mut at = if done == 0 { self.start.0 } else { self.ends[done - 1] };
        let (partition, offset) = self.locate(done);
        let records = Records { partition, first: offset, end: offset + 1 };
        let mut mark_now = None;
        if let Some(dedup) = &bench.plan.dedup {
            at += round_nanos(dedup.sampler.value(dedup.check.sub(u64::from(partition.0)).at(offset)) as f64 * factor);
            if at > now.0 || self.known[done] {
                return;
            }
            if dedup.marks_first {
                at += round_nanos(dedup.sampler.value(dedup.write.sub(u64::from(partition.0)).at(offset)) as f64 * factor);
                if at > now.0 {
                    return;
                }
                mark_now = Some(dedup.keeps);
            }
        }
        if let Some(keeps) = mark_now {
            bench.progress.partitions[partition.index()].marks.mark(offset, offset + 1, now, keeps);
        }
        for (place, step) in bench.plan.steps.iter().enumerate() {
            at += round_nanos(step.sampler.value(step.stream.sub(u64::from(partition.0)).at(offset)) as f64 * factor);
            if at > now.0 {
                return;
            }
            act_one(&mut self.repeats, bench.progress, step.effect, records, now);
            if let Some(dedup) = &bench.plan.dedup
                && dedup.with_step == Some(place)
            {
                bench.progress.partitions[partition.index()].marks.mark(offset, offset + 1, now, dedup.keeps);
            }
        }
    }

    /// Hands over the records whose handling has started by `now` and that were not handed over before.
    pub fn tell_starts(&mut self, now: Instant, starts: &mut Vec<Start>) {
        let upto = (self.done_at(now) + 1).min(self.ends.len());
        for place in self.started..upto {
            let (partition, offset) = self.locate(place);
            let at = if place == 0 { self.start.0 } else { self.ends[place - 1] };
            starts.push(Start { at, partition, offset });
        }
        self.started = self.started.max(upto);
    }
}

/// Handler times of consecutive records, all steps added up.
fn service_times(plan: &GroupPlan, partition: TopicPartition, first: Offset, times: &mut [u64]) {
    let [step] = &plan.steps[..] else {
        times.fill(0);
        let mut one = [0; 128];
        for (block, times) in times.chunks_mut(one.len()).enumerate() {
            let from = first + (block * 128) as u64;
            for step in &plan.steps {
                let one = &mut one[..times.len()];
                step.stream.sub(u64::from(partition.0)).fill(from, one);
                step.sampler.values(one);
                times.iter_mut().zip(one).for_each(|(time, one)| *time += *one);
            }
        }
        return;
    };
    step.stream.sub(u64::from(partition.0)).fill(first, times);
    step.sampler.values(times);
}

fn act_one(repeats: &mut Vec<Repeat>, progress: &mut GroupProgress, effect: StepEffect, records: Records, at: Instant) {
    match effect {
        StepEffect::None | StepEffect::Idempotent => {}
        StepEffect::Once { effect, honours_key } => {
            progress.effects[effect as usize].happen(records.partition, records.first, records.end, at, honours_key, |first, end| {
                tell(repeats, Some(effect), Records { first, end, ..records });
            });
        }
    }
}

/// Adds a repeat, as one with what it goes on from, so that it does not matter how often the work was settled.
fn tell(repeats: &mut Vec<Repeat>, effect: Option<u32>, records: Records) {
    let count = records.count();
    for known in repeats.iter_mut() {
        if known.effect == effect && known.records.partition == records.partition && known.records.end == records.first {
            known.records.end = records.end;
            known.count += count;
            return;
        }
    }
    repeats.push(Repeat { effect, records, count });
}
