//! The log and its history beside a plain model: a list of batches. Stories first, then many random ones.

use super::super::errors::Errors;
use super::super::id::{Offset, ProducerId};
use super::super::random::{Seed, Stream};
use super::super::time::{Duration, Instant};
use super::file_records::FileRecords;
use super::list_offsets::OffsetSpec;
use super::log_config::LogConfig;
use super::memory_records::{BatchData, Deltas, Sizes};
use super::unified_log::{FetchIsolation, UnifiedLog};

/// A batch that owns its columns.
#[derive(Clone, Debug)]
struct Batch {
    producer: u32,
    base_time: Instant,
    deltas: Vec<u64>,
    keys: Vec<u32>,
    sizes: Vec<u32>,
    types: Vec<u8>,
    bytes: u32,
}

impl Batch {
    /// Records with these keys, a microsecond apart, 100 bytes each.
    fn of(keys: &[u32], at: Instant) -> Batch {
        Batch {
            producer: 0,
            base_time: at,
            deltas: (0..keys.len() as u64).map(|record| record * 1_000).collect(),
            keys: keys.to_vec(),
            sizes: vec![80; keys.len()],
            types: Vec::new(),
            bytes: 100 * keys.len() as u32,
        }
    }

    fn lend<T>(&self, to: impl FnOnce(&BatchData<'_>) -> T) -> T {
        let narrow: Result<Vec<u32>, _> = self.deltas.iter().map(|&delta| u32::try_from(delta)).collect();
        to(&BatchData {
            producer: ProducerId(self.producer),
            base_time: self.base_time,
            deltas: narrow.as_ref().map_or(Deltas::Wide(&self.deltas), |deltas| Deltas::Narrow(deltas)),
            keys: &self.keys,
            sizes: if self.sizes.iter().all(|&size| size == self.sizes[0]) {
                Sizes::Fixed(self.sizes[0])
            } else {
                Sizes::Each(&self.sizes)
            },
            types: &self.types,
            bytes: self.bytes,
        })
    }

    fn time(&self, record: usize) -> Instant {
        self.base_time + Duration(self.deltas[record])
    }
}

/// A log with its history.
struct Partition {
    log: UnifiedLog,
    records: FileRecords,
}

impl Partition {
    fn new(config: LogConfig) -> Self {
        Partition { log: UnifiedLog::new(config), records: FileRecords::new() }
    }

    fn append(&mut self, batch: &Batch) -> Result<Offset, Errors> {
        let now = batch.time(batch.keys.len() - 1);
        let info = batch.lend(|data| self.log.append(&mut self.records, now, 0, data))?;
        self.log.maybe_increment_high_watermark(self.log.log_end_offset());
        Ok(info.first_offset)
    }

    fn keys(&self) -> Vec<u32> {
        let all = self.log.slice(0, self.log.log_end_offset());
        self.records.batches(all).flat_map(|batch| batch.data.keys.to_vec()).collect()
    }
}

const T: Instant = Instant::from_millis(1_000);

#[test]
fn a_rewound_log_finds_its_future_written_and_does_not_grow() {
    let mut partition = Partition::new(LogConfig::default());
    partition.append(&Batch::of(&[1, 2], T)).unwrap();
    let checkpoint = partition.log.clone();
    partition.append(&Batch::of(&[3, 4, 5], T)).unwrap();
    partition.append(&Batch::of(&[6], T)).unwrap();
    let (end, rows) = (partition.log.clone(), partition.records.len());
    partition.log = checkpoint;
    assert_eq!(partition.keys(), [1, 2], "what has not happened is not seen");
    partition.append(&Batch::of(&[3, 4, 5], T)).unwrap();
    partition.append(&Batch::of(&[6], T)).unwrap();
    assert_eq!((&partition.log, partition.records.len()), (&end, rows));
}

#[test]
fn a_changed_past_has_another_future() {
    let mut partition = Partition::new(LogConfig::default());
    partition.append(&Batch::of(&[1, 2], T)).unwrap();
    let checkpoint = partition.log.clone();
    partition.append(&Batch::of(&[3, 4], T)).unwrap();
    partition.log = checkpoint;
    partition.records.forget_after(partition.log.tail());
    assert_eq!(partition.records.len(), 2);
    partition.append(&Batch::of(&[7, 8, 9], T)).unwrap();
    assert_eq!(partition.keys(), [1, 2, 7, 8, 9]);
}

#[test]
#[should_panic(expected = "does again what it did")]
fn a_rewound_run_that_does_something_else_is_a_bug() {
    let mut partition = Partition::new(LogConfig::default());
    let checkpoint = partition.log.clone();
    partition.append(&Batch::of(&[1, 2], T)).unwrap();
    partition.log = checkpoint;
    partition.append(&Batch::of(&[1, 3], T)).unwrap();
}

#[test]
fn what_a_truncation_cuts_off_is_still_there_for_who_rewinds() {
    let mut partition = Partition::new(LogConfig::default());
    partition.append(&Batch::of(&[1, 2], T)).unwrap();
    partition.append(&Batch::of(&[3, 4], T)).unwrap();
    let before = partition.log.clone();
    assert!(partition.log.truncate_to(&partition.records, 3), "the batch that is cut goes as a whole");
    partition.append(&Batch::of(&[5], T)).unwrap();
    assert_eq!(partition.keys(), [1, 2, 5]);
    let read = |log: &UnifiedLog, offset| log.timestamp_of(&partition.records, offset);
    assert_eq!(read(&partition.log, 2), read(&partition.log, 3), "offset 2 is a gap");
    partition.log = before;
    assert_eq!(partition.keys(), [1, 2, 3, 4]);
}

#[test]
fn a_batch_that_spans_hours_keeps_its_times() {
    let mut partition = Partition::new(LogConfig::default());
    let hours = |hours: u64| hours * 3_600_000_000_000;
    let times = [0, 1, hours(1), hours(5) + 7];
    partition.append(&Batch::of(&[1], T)).unwrap();
    partition.append(&Batch { deltas: times.to_vec(), ..Batch::of(&[1, 2, 3, 4], T) }).unwrap();
    partition.append(&Batch { deltas: times.to_vec(), ..Batch::of(&[5, 6, 7, 8], T + Duration(1)) }).unwrap();
    let read: Vec<_> = (1..9).map(|offset| partition.log.timestamp_of(&partition.records, offset).unwrap().since(T).as_nanos()).collect();
    assert_eq!(read[..4], times);
    assert_eq!(read[4..], times.map(|time| time + 1));
}

#[test]
fn a_record_costs_8_bytes_and_a_batch_24() {
    let mut partition = Partition::new(LogConfig::default());
    for _ in 0..10_000 {
        partition.append(&Batch::of(&[1, 2, 3, 4], T)).unwrap();
    }
    let ideal = 40_000 * 8 + 10_000 * 24;
    let memory = partition.records.memory();
    assert!(memory < ideal * 11 / 10, "{memory} bytes where {ideal} are used");
}

#[test]
fn a_client_is_not_told_of_offsets_that_it_may_not_read() {
    let mut partition = Partition::new(LogConfig::default());
    partition.append(&Batch::of(&[1], T)).unwrap();
    Batch::of(&[2], T).lend(|data| partition.log.append(&mut partition.records, T, 0, data)).unwrap();
    let ask = |partition: &Partition, spec, isolation| {
        partition.log.fetch_offset_for_timestamp(&partition.records, spec, isolation).map(|found| found.offset)
    };
    assert_eq!(ask(&partition, OffsetSpec::Latest, FetchIsolation::HighWatermark), Some(1));
    assert_eq!(ask(&partition, OffsetSpec::Latest, FetchIsolation::LogEnd), Some(2));
    assert_eq!(ask(&partition, OffsetSpec::ForTimestamp(T.as_millis()), FetchIsolation::HighWatermark), Some(0));
    partition.log.maybe_increment_log_start_offset(1).unwrap();
    assert_eq!(ask(&partition, OffsetSpec::ForTimestamp(T.as_millis()), FetchIsolation::HighWatermark), None);
    assert_eq!(ask(&partition, OffsetSpec::ForTimestamp(T.as_millis()), FetchIsolation::LogEnd), Some(1));
}

/// A log as a list of batches.
#[derive(Clone, Debug, Default)]
struct Model {
    batches: Vec<(Offset, Batch)>,
    segments: Vec<Offset>,
    start: Offset,
    end: Offset,
    high_watermark: Offset,
    now: Instant,
}

impl Model {
    fn read(&self, offset: Offset, max_bytes: u32, upper: Offset) -> Result<(Vec<Offset>, u64), Errors> {
        if offset < self.start || offset > self.end {
            return Err(Errors::OffsetOutOfRange);
        }
        if offset >= upper {
            return Ok((Vec::new(), 0));
        }
        let last = |batch: &(Offset, Batch)| batch.0 + batch.1.keys.len() as u64 - 1;
        let first = self.batches.iter().position(|batch| last(batch) >= offset);
        let Some(first) = first else { return Ok((Vec::new(), 0)) };
        let segment_end = self.segments.iter().find(|&&base| base > self.batches[first].0).copied().unwrap_or(Offset::MAX);
        let (mut read, mut bytes) = (Vec::new(), 0);
        for batch in &self.batches[first..] {
            let fits = read.is_empty() || bytes + u64::from(batch.1.bytes) <= u64::from(max_bytes);
            if batch.0 >= segment_end || last(batch) >= upper || !fits {
                break;
            }
            read.push(batch.0);
            bytes += u64::from(batch.1.bytes);
        }
        Ok((read, bytes))
    }

    fn records(&self, from: Offset, to: Offset) -> Vec<(Offset, u32, u32, u64, u32, Option<u8>)> {
        let mut all = Vec::new();
        for (base, batch) in &self.batches {
            for record in 0..batch.keys.len() {
                let offset = base + record as u64;
                if (from..to).contains(&offset) {
                    let event_type = batch.types.get(record).copied();
                    all.push((offset, batch.producer, batch.keys[record], batch.time(record).0, batch.sizes[record], event_type));
                }
            }
        }
        all
    }
}

fn random_batch(draws: Stream, now: Instant) -> Batch {
    let draw = |n| draws.at(n);
    let records = 1 + if draw(0).is_multiple_of(40) { draw(1) % 200 } else { draw(1) % 9 };
    let spread = if draw(2).is_multiple_of(5) { 20_000_000_000 } else { 3_000_000 };
    let fixed = draw(3) % 3 > 0;
    let typed = draw(4).is_multiple_of(3);
    let each = |n: u64| (0..records).map(move |record| draws.sub(n).at(record));
    let sizes: Vec<u32> = each(7).map(|draw| if fixed { 200 } else { draw as u32 % 500 }).collect();
    Batch {
        producer: draw(5) as u32 % 3,
        base_time: now,
        deltas: each(8).map(|draw| draw % spread).collect(),
        keys: each(9).map(|draw| draw as u32).collect(),
        bytes: 61 + sizes.iter().map(|size| size + 9).sum::<u32>(),
        sizes,
        types: if typed { each(10).map(|draw| draw as u8).collect() } else { Vec::new() },
    }
}

/// Does one random thing to both.
fn step(partition: &mut Partition, model: &mut Model, draws: Stream) {
    let draw = |n| draws.at(n);
    let Partition { log, records } = partition;
    let offset = model.start + draw(1) % (model.end - model.start + 1);
    match draw(0) % 40 {
        0 => {
            assert_eq!(log.truncate_to(records, offset), offset < model.end);
            model.batches.retain(|(base, batch)| base + batch.keys.len() as u64 <= offset);
            model.segments.retain(|&base| base <= offset);
            (model.end, model.high_watermark) = (offset, model.high_watermark.min(offset));
        }
        1 if draw(2).is_multiple_of(4) => {
            let to = draw(3) % (model.end + 10);
            log.truncate_fully_and_start_at(to);
            *model = Model { segments: vec![to], start: to, end: to, high_watermark: to, now: model.now, ..Model::default() };
        }
        2 => {
            log.roll();
            if model.segments.last() != Some(&model.end) {
                model.segments.push(model.end);
            }
        }
        3 => {
            log.maybe_increment_log_start_offset(offset.min(model.high_watermark)).unwrap();
            model.start = model.start.max(offset.min(model.high_watermark));
        }
        4..10 => {
            log.update_high_watermark(offset);
            model.high_watermark = offset;
        }
        _ => {
            model.now += Duration(draw(1) % 5_000_000);
            let batch = random_batch(draws.sub(0), model.now);
            let info = batch.lend(|data| log.append(records, model.now, 0, data)).unwrap();
            assert_eq!(info.first_offset, model.end);
            model.end += batch.keys.len() as u64;
            assert_eq!(info.last_offset + 1, model.end);
            model.batches.push((info.first_offset, batch));
        }
    }
}

/// Asks both some random questions.
fn compare(partition: &Partition, model: &Model, draws: Stream) {
    let Partition { log, records } = partition;
    let bases: Vec<Offset> = log.segments().iter().map(|segment| segment.base_offset).collect();
    assert_eq!(
        (log.log_start_offset(), log.log_end_offset(), log.high_watermark(), &bases),
        (model.start, model.end, model.high_watermark, &model.segments)
    );
    assert_eq!(log.size(), model.batches.iter().map(|(_, batch)| u64::from(batch.bytes)).sum::<u64>());
    for question in 0..4 {
        let draw = |n| draws.sub(question).at(n);
        let offset = (model.start + draw(0) % (model.end - model.start + 3)).saturating_sub(1);
        let max_bytes = draw(1) as u32 % 6_000;
        let isolation = if draw(2).is_multiple_of(2) { FetchIsolation::LogEnd } else { FetchIsolation::HighWatermark };
        let read = log.read(records, offset, max_bytes, isolation, true);
        let got = read.map(|data| (records.batches(data.records).map(|batch| batch.base_offset).collect::<Vec<_>>(), data.bytes));
        assert_eq!(got, model.read(offset, max_bytes, log.upper_bound(isolation)), "{offset} up to {max_bytes} bytes, {isolation:?}");
        if let Ok((bases, bytes)) = &got {
            assert_eq!(records.size(read.unwrap().records), if bases.is_empty() { 0 } else { *bytes });
        }

        let to = offset + draw(3) % 300;
        let mut got = Vec::new();
        for batch in records.batches(log.slice(offset, to)) {
            for record in 0..batch.data.len() {
                let (key, time) = (batch.data.keys[record], batch.timestamp(record).0);
                let event_type = batch.data.types.get(record).copied();
                got.push((batch.base_offset + record as u64, batch.data.producer.0, key, time, batch.data.sizes.get(record), event_type));
            }
        }
        assert_eq!(got, model.records(offset, to), "{offset} to {to}");

        let time = model.now.as_millis().saturating_sub(draw(4) % 2_000);
        let young = model.records(offset, to).into_iter().find(|record| Instant(record.3).as_millis() >= time);
        assert_eq!(
            records.search_for_timestamp(log.slice(offset, to), time).map(|(offset, at)| (offset, at.0)),
            young.map(|record| (record.0, record.3))
        );
    }
}

/// Random histories with rewinds, some of which change the past.
#[test]
fn a_log_is_its_list_of_batches() {
    for seed in 0..30 {
        let draws = Seed(seed).stream("a log beside its model");
        // What happens from the given step on: each change of the past adds one.
        let mut fates = vec![(0, draws)];
        let mut partition = Partition::new(LogConfig { log_append_time: seed % 7 == 6, ..LogConfig::default() });
        let mut model = Model { segments: vec![0], now: T, ..Model::default() };
        let mut checkpoints = Vec::new();
        let mut number = 0;
        for turn in 0..600 {
            if number % 16 == 0 {
                checkpoints.push((number, partition.log.clone(), model.clone()));
            }
            let (_, fate) = fates.iter().rfind(|&&(from, _)| from <= number).expect("the first fate begins at 0");
            step(&mut partition, &mut model, fate.sub(number));
            number += 1;
            if seed % 7 != 6 {
                compare(&partition, &model, draws.sub(1_000_000 + turn));
            }
            let rewind = draws.at(2_000_000 + turn);
            if rewind.is_multiple_of(50) {
                checkpoints.truncate(1 + (rewind >> 32) as usize % checkpoints.len());
                (number, partition.log, model) = checkpoints.pop().expect("the beginning is a checkpoint");
                if rewind.is_multiple_of(100) {
                    partition.records.forget_after(partition.log.tail());
                    fates.retain(|&(from, _)| from < number.max(1));
                    fates.push((number, draws.sub(3_000_000 + turn)));
                }
            }
        }
    }
}
