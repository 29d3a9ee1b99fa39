//! What is measured of a group, and what is said of it that needs more than one event.

use super::super::super::client::consumer::consumer::Consumer;
use super::super::super::id::{GroupId, MemberIndex, ObservationId, TopicPartition};
use super::super::super::log::file_records::FileRecords;
use super::super::super::plan::Plan;
use super::super::super::time::{Duration, Instant};
use super::super::super::world::{Books, LogGauges};
use super::super::observation::What;
use super::super::series::SeriesTable;
use super::layout::GROUP_METRICS;
use super::{Known, Sampler};

/// How long a partition has to grow under a busy owner before it is said that it cannot keep up.
const KEEP_UP_WINDOW: Duration = Duration::from_secs(10);
/// The rule of thumb for the share of the ten most frequent keys.
const MANY_IN_TOP_KEYS: f64 = 0.3;

/// An observation with its cause, to be told when the sample is done.
pub type Told = (Option<ObservationId>, What);

/// One group at one sample, with what is known of the world.
pub struct GroupSample<'a> {
    pub sampler: &'a mut Sampler,
    pub plan: &'a Plan,
    pub books: &'a Books,
    pub consumers: &'a [Consumer],
    pub records: &'a [FileRecords],
    pub table: &'a mut SeriesTable,
    pub now: Instant,
    pub group: GroupId,
    pub told: &'a mut Vec<Told>,
}

impl GroupSample<'_> {
    pub fn take(mut self) {
        self.whole();
        let plan = self.plan;
        for (place, &partition) in plan.groups[self.group.index()].partitions.iter().enumerate() {
            self.partition(place, partition);
        }
    }

    fn put(&mut self, value: f64) {
        self.sampler.put(self.table, value);
    }

    fn whole(&mut self) {
        let books = self.books;
        let own = &books.groups[self.group.index()];
        let progress = &own.progress;
        let mine = || self.consumers.iter().filter(|consumer| consumer.group() == self.group);
        let members = mine().filter(|consumer| consumer.is_running()).count();
        let idle = mine().filter(|consumer| consumer.is_running() && consumer.owns_nothing()).count();
        let violations = progress.order.as_ref().map_or(0, |order| order.violations);
        let values: [f64; GROUP_METRICS.len()] = [
            own.unowned.as_secs_f64(),
            own.stopped.as_secs_f64(),
            own.rebalances as f64,
            progress.commits_refused as f64,
            0.0,
            progress.skipped as f64,
            progress.expired as f64,
            progress.duplicates as f64,
            violations as f64,
            progress.bytes_out as f64,
            members as f64,
            idle as f64,
        ];
        values.into_iter().for_each(|value| self.put(value));
        let partitions = &self.plan.groups[self.group.index()].partitions;
        for ledger in &progress.effects {
            let committed = |partition: &TopicPartition| own.partitions[partition.index()].committed.unwrap_or(0);
            let missing: u64 = partitions.iter().map(|partition| ledger.missing(*partition, 0, committed(partition))).sum();
            self.put(ledger.counts().1 as f64);
            self.put(missing as f64);
        }
    }

    fn partition(&mut self, place: usize, partition: TopicPartition) {
        let (books, group, now) = (self.books, self.group, self.now);
        let own = &books.groups[group.index()];
        let log = books.logs[partition.index()];
        let gauges = own.partitions[partition.index()];
        let done = &own.progress.partitions[partition.index()];
        let consumed = done.consumed;
        let rate_out = self.sampler.per_second(consumed - self.sampler.groups[group.index()].partitions[place].consumed);
        // Without a commit nothing is known of the group; what it has not handled is.
        let next = done.handled.first_missing(gauges.committed.unwrap_or(log.log_start).max(log.log_start));
        let unread = log.high_watermark.saturating_sub(next);
        let lag = gauges.committed.map(|committed| log.high_watermark.saturating_sub(committed));
        let allowed = self.plan.design.groups[group.index()].budget.records.unwrap_or(0);
        let status = own.commits[partition.index()].status(now, log.log_end, allowed);
        let sampler = &mut self.sampler.groups[group.index()].partitions[place];
        let records = &self.records[partition.index()];
        let unread_age = sampler.oldest_unread.age(now, records, &log, next);
        let uncommitted = &mut sampler.oldest_uncommitted;
        let lag_age = gauges.committed.map_or(f64::NAN, |committed| uncommitted.age(now, records, &log, committed).as_millis_f64());
        sampler.consumed = consumed;
        sampler.rate_out = rate_out;
        sampler.drain.sample(now, log.log_end, done.handled.count());
        sampler.time_to_drain = sampler.drain.time_to_drain(now, log.log_end, done.handled.count(), unread);
        sampler.unread_age = unread_age;
        let time_to_drain = sampler.time_to_drain;
        let before = std::mem::replace(&mut sampler.status, status);
        if status != before {
            self.tell(partition, What::StatusChanged { group, partition, from: before, to: status });
        }
        self.check_budget(place, partition, unread, unread_age);
        self.check_keeping_up(place, partition, gauges.owner, unread);
        for value in [
            lag.map_or(f64::NAN, |lag| lag as f64),
            gauges.position.map_or(f64::NAN, |position| log.high_watermark.saturating_sub(position) as f64),
            lag_age,
            unread_age.as_millis_f64(),
            time_to_drain,
            consumed as f64,
            rate_out,
        ] {
            self.put(value);
        }
    }

    /// Says something that follows from the growth of a partition's lag, if that has been said.
    fn tell(&mut self, partition: TopicPartition, what: What) {
        self.told.push((self.books.causes.lag.get(&(self.group, partition)).copied(), what));
    }

    fn check_budget(&mut self, place: usize, partition: TopicPartition, unread: u64, age: Duration) {
        let group = self.group;
        let budget = self.plan.design.groups[group.index()].budget;
        let over = budget.records.is_some_and(|records| unread > records) || budget.age.is_some_and(|limit| age > limit);
        let before = std::mem::replace(&mut self.sampler.groups[group.index()].partitions[place].over_budget, over);
        match (before, over) {
            (false, true) => self.tell(partition, What::BudgetBreached { group, partition, lag: unread, age }),
            (true, false) => self.tell(partition, What::BudgetMet { group, partition }),
            (false, false) | (true, true) => {}
        }
    }

    fn check_keeping_up(&mut self, place: usize, partition: TopicPartition, owner: Option<MemberIndex>, unread: u64) {
        let (group, now) = (self.group, self.now);
        let busy = owner.filter(|owner| self.sampler.share_of(group, *owner) > 0.99);
        let rate_in = self.sampler.rate_in[partition.index()];
        let own = &mut self.sampler.groups[group.index()].partitions[place];
        let Some(member) = busy else {
            (own.behind, own.behind_told) = (None, false);
            return;
        };
        match own.behind {
            None => own.behind = Some((now, unread)),
            Some((_, then)) if unread < then => (own.behind, own.behind_told) = (Some((now, unread)), false),
            Some((since, then)) => {
                let passed = now.since(since);
                let growth = (unread - then) as f64 / passed.as_secs_f64().max(1e-9);
                // A hundredth of what comes in is noise; so is less than a record a second.
                if !own.behind_told && passed >= KEEP_UP_WINDOW && growth > 1.0 && growth > rate_in * 0.01 {
                    own.behind_told = true;
                    self.told.push((self.top_keys(partition), What::CannotKeepUp { group, member, partition, growth }));
                }
            }
        }
    }

    /// What was said of the keys of a producer of this partition's topic, where a few of them have much: the first
    /// observations of a run are the shares of each producer's top keys.
    fn top_keys(&self, partition: TopicPartition) -> Option<ObservationId> {
        let topic = self.plan.partition(partition).topic;
        let many = |share: f64| share > MANY_IN_TOP_KEYS;
        let producers = self.plan.design.producers.iter().zip(&self.sampler.top10_shares);
        producers
            .enumerate()
            .find(|(_, (producer, share))| producer.topic == topic && many(**share))
            .map(|(index, _)| ObservationId::from(index))
    }
}

impl Known {
    /// The age of the record at `offset` or, if that is deleted, of the first that is not; zero at the end.
    fn age(&mut self, now: Instant, records: &FileRecords, log: &LogGauges, offset: u64) -> Duration {
        let offset = offset.max(log.log_start);
        if offset >= log.high_watermark {
            return Duration::ZERO;
        }
        let time = match self.0 {
            Some((known, time)) if known == offset => time,
            Some(_) | None => {
                let batch = records.first(log.tail.slice(offset, log.log_end));
                batch.expect("the log holds what lies between its start and its end").timestamp(0)
            }
        };
        self.0 = Some((offset, time));
        now.since(time)
    }
}
