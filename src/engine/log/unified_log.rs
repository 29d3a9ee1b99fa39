//! The log of one replica of a partition: offsets, segments, leader epochs, and what may be appended and read.
//! Kafka: `UnifiedLog`, `LocalLog`, and what `LogValidator` asks of records. Left out for now: producer state (duplicates of an
//! idempotent producer), transactions (the last stable offset is the high watermark), appends of a follower.
//!
//! This is state: a clone is small and is what a checkpoint keeps. The records are history, [`FileRecords`], and are handed in.
//! Holds: log start ≤ last stable ≤ high watermark ≤ log end; offsets only grow, except when a log is truncated.

use super::super::errors::Errors;
use super::super::id::Offset;
use super::super::time::{Duration, Instant};
use super::file_records::{FileRecords, ReadLimit, RecordsSlice, Stamp, Tail};
use super::leader_epoch::{LeaderEpochFileCache, OffsetAndEpoch};
use super::log_config::LogConfig;
use super::log_segment::LogSegments;
use super::memory_records::{BatchData, NO_KEY, RecordBatch};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnifiedLog {
    config: LogConfig,
    log_start_offset: Offset,
    log_end_offset: Offset,
    high_watermark: Offset,
    /// Of all segments, in bytes.
    size: u64,
    tail: Tail,
    segments: LogSegments,
    leader_epochs: LeaderEpochFileCache,
}

/// Where a batch went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogAppendInfo {
    pub first_offset: Offset,
    pub last_offset: Offset,
    /// The timestamp of all records, with `message.timestamp.type=LogAppendTime`.
    pub log_append_time: Option<Instant>,
}

/// How far a reader may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FetchIsolation {
    /// A follower: everything.
    LogEnd,
    /// A consumer with `isolation.level=read_uncommitted`: what all in-sync replicas have.
    HighWatermark,
    /// A consumer with `isolation.level=read_committed`: what lies before the first open transaction.
    TxnCommitted,
}

/// What a fetch reads from a log. The records are found through [`FileRecords::batches`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FetchDataInfo {
    /// The offset that was asked for. Batches are whole, so the first one can begin before it.
    pub fetch_offset: Offset,
    pub records: RecordsSlice,
    /// Of whole batches. Kafka also sends the beginning of the batch that the limit cuts off, which the client drops.
    pub bytes: u64,
}

impl FetchDataInfo {
    /// The records that the client uses: those at or after the offset that it asked for.
    pub fn wanted(&self) -> RecordsSlice {
        self.records.starting_at(self.fetch_offset)
    }

    /// The position of a client that has used them: after the last one.
    pub fn next_offset(&self) -> Offset {
        if self.records.is_empty() { self.fetch_offset } else { self.records.end }
    }
}

impl UnifiedLog {
    pub fn new(config: LogConfig) -> Self {
        UnifiedLog {
            config,
            log_start_offset: 0,
            log_end_offset: 0,
            high_watermark: 0,
            size: 0,
            tail: Tail::default(),
            segments: LogSegments::new(0),
            leader_epochs: LeaderEpochFileCache::default(),
        }
    }

    pub fn config(&self) -> &LogConfig {
        &self.config
    }

    pub fn log_start_offset(&self) -> Offset {
        self.log_start_offset
    }

    /// The offset of the next record.
    pub fn log_end_offset(&self) -> Offset {
        self.log_end_offset
    }

    /// Up to here all in-sync replicas have everything.
    pub fn high_watermark(&self) -> Offset {
        self.high_watermark
    }

    /// Up to here no transaction is open.
    pub fn last_stable_offset(&self) -> Offset {
        self.high_watermark
    }

    /// Bytes of all segments.
    pub fn size(&self) -> u64 {
        self.size
    }

    pub fn segments(&self) -> &LogSegments {
        &self.segments
    }

    pub fn leader_epochs(&self) -> &LeaderEpochFileCache {
        &self.leader_epochs
    }

    /// How far this log has been written. See [`FileRecords::forget_after`].
    pub fn tail(&self) -> &Tail {
        &self.tail
    }

    /// The settings from now on.
    pub fn update_config(&mut self, config: LogConfig) {
        self.config = config;
    }

    /// Appends a producer's batch as the leader of this epoch. Refused as a whole or taken as a whole.
    #[inline]
    pub fn append(
        &mut self,
        records: &mut FileRecords,
        now: Instant,
        leader_epoch: u32,
        batch: &BatchData<'_>,
    ) -> Result<LogAppendInfo, Errors> {
        if batch.bytes > self.config.max_message_bytes {
            return Err(Errors::MessageTooLarge);
        }
        let log_append_time = self.config.log_append_time.then_some(now);
        let max_timestamp = log_append_time.unwrap_or_else(|| batch.max_time());
        let max_millis = max_timestamp.as_millis();
        self.validate(now, batch, max_millis)?;
        let first_offset = self.log_end_offset;
        self.leader_epochs.assign(leader_epoch, first_offset);
        if u64::from(batch.bytes) > self.config.segment_bytes {
            return Err(Errors::RecordListTooLarge);
        }
        let log_end_offset = first_offset + batch.len() as Offset;
        let last_offset = log_end_offset - 1;
        if self.segments.active.should_roll(&self.config, batch.bytes, max_millis, last_offset) {
            self.roll();
        }
        let stamp = Stamp { base_offset: first_offset, leader_epoch, log_append_time, max_timestamp };
        records.append(&mut self.tail, stamp, batch);
        self.segments.active.append(batch.bytes, max_millis, last_offset);
        self.size += u64::from(batch.bytes);
        self.log_end_offset = log_end_offset;
        Ok(LogAppendInfo { first_offset, last_offset, log_append_time })
    }

    /// One bad record is enough to refuse its batch.
    #[inline]
    fn validate(&self, now: Instant, batch: &BatchData<'_>, max_millis: u64) -> Result<(), Errors> {
        if self.config.cleanup_policy.compact && batch.keys.contains(&NO_KEY) {
            return Err(Errors::InvalidRecord);
        }
        let now = now.as_millis();
        if max_millis.saturating_sub(now) > self.config.message_timestamp_after_max_ms.as_millis() {
            return Err(Errors::InvalidTimestamp);
        }
        let before_max = self.config.message_timestamp_before_max_ms;
        if before_max != Duration::MAX && !self.config.log_append_time {
            let too_old = |record| now.saturating_sub(batch.time(record).as_millis()) > before_max.as_millis();
            if (0..batch.len()).any(too_old) {
                return Err(Errors::InvalidTimestamp);
            }
        }
        Ok(())
    }

    /// Makes a new active segment at the log end.
    pub fn roll(&mut self) {
        self.segments.roll(self.log_end_offset);
    }

    /// Sets the high watermark, within the log: a follower does as its leader says.
    pub fn update_high_watermark(&mut self, high_watermark: Offset) {
        self.high_watermark = high_watermark.max(self.log_start_offset).min(self.log_end_offset);
    }

    /// Moves the high watermark forward. Returns whether it moved.
    pub fn maybe_increment_high_watermark(&mut self, high_watermark: Offset) -> bool {
        assert!(high_watermark <= self.log_end_offset, "nothing is committed before it is written");
        let moves = high_watermark > self.high_watermark;
        if moves {
            self.high_watermark = high_watermark;
        }
        moves
    }

    /// Deletes the records before an offset, which can be inside of a segment or a batch. Returns whether there were any.
    pub fn maybe_increment_log_start_offset(&mut self, offset: Offset) -> Result<bool, Errors> {
        if offset > self.high_watermark {
            return Err(Errors::OffsetOutOfRange);
        }
        let moves = offset > self.log_start_offset;
        if moves {
            self.log_start_offset = offset;
            self.leader_epochs.truncate_from_start(offset);
        }
        Ok(moves)
    }

    /// Deletes the oldest segments; the log start moves to the first that is left.
    pub(super) fn delete_segments(&mut self, count: usize) {
        if count == 0 {
            return;
        }
        if count == self.segments.len() {
            self.roll();
        }
        let deleted: u64 = self.segments.iter().take(count).map(|segment| segment.size).sum();
        let first_left = self.segments.get(count).expect("a log has at least one segment").base_offset;
        self.segments.delete_oldest(count);
        self.size -= deleted;
        self.maybe_increment_log_start_offset(first_left).expect("retention stays below the high watermark");
    }

    /// The offset that a reader does not reach.
    #[inline]
    pub fn upper_bound(&self, isolation: FetchIsolation) -> Offset {
        match isolation {
            FetchIsolation::LogEnd => self.log_end_offset,
            FetchIsolation::HighWatermark => self.high_watermark,
            FetchIsolation::TxnCommitted => self.last_stable_offset(),
        }
    }

    /// Reads whole batches from an offset on, from one segment, up to `max_bytes`; with `min_one_message` the first batch even
    /// if it is larger. At or above what the reader may see there is nothing, which is no error up to the log end.
    pub fn read(
        &self,
        records: &FileRecords,
        offset: Offset,
        max_bytes: u32,
        isolation: FetchIsolation,
        min_one_message: bool,
    ) -> Result<FetchDataInfo, Errors> {
        if offset < self.log_start_offset || offset > self.log_end_offset {
            return Err(Errors::OffsetOutOfRange);
        }
        let nothing = FetchDataInfo { fetch_offset: offset, records: self.tail.slice(offset, offset), bytes: 0 };
        let upper_bound = self.upper_bound(isolation);
        if offset >= upper_bound {
            return Ok(nothing);
        }
        let limit = ReadLimit { end: upper_bound, max_bytes, min_one_message };
        let floor = self.segments.floor(offset).expect("the log start is in a segment");
        for segment in floor..self.segments.len() {
            let (base, end) = self.segment_bounds(segment);
            // A truncation into a batch leaves a gap. Where the rest of a segment is one, the next segment is read.
            if let Some((slice, bytes)) = records.read(self.tail.slice(offset.max(base), end), limit) {
                return Ok(FetchDataInfo { fetch_offset: offset, records: slice, bytes });
            }
        }
        Ok(nothing)
    }

    /// The offsets of a segment: its first, and where the next begins.
    pub(super) fn segment_bounds(&self, segment: usize) -> (Offset, Offset) {
        let base = self.segments.get(segment).expect("a segment of this log").base_offset;
        (base, self.segments.get(segment + 1).map_or(self.log_end_offset, |next| next.base_offset))
    }

    /// The records from one offset to another, as far as they are written.
    pub fn slice(&self, start: Offset, end: Offset) -> RecordsSlice {
        self.tail.slice(start, end)
    }

    /// The record with an offset, or where there is none the next, alone or with what follows it in its batch.
    pub fn record_at<'a>(&self, records: &'a FileRecords, offset: Offset) -> Option<RecordBatch<'a>> {
        records.first(self.slice(offset.max(self.log_start_offset), self.log_end_offset))
    }

    /// The timestamp of the record with an offset, or of the next.
    pub fn timestamp_of(&self, records: &FileRecords, offset: Offset) -> Option<Instant> {
        self.record_at(records, offset).map(|batch| batch.timestamp(0))
    }

    /// The key of the record with an offset, or of the next: its number among its producer's keys.
    pub fn key_of(&self, records: &FileRecords, offset: Offset) -> Option<u32> {
        self.record_at(records, offset).map(|batch| batch.data.keys[0])
    }

    /// Where a leader epoch, or the last one before it, ends in this log.
    pub fn end_offset_for_epoch(&self, epoch: u32) -> Option<OffsetAndEpoch> {
        self.leader_epochs.end_offset_for(epoch, self.log_end_offset)
    }

    /// Takes out everything at or after an offset, and a batch that it cuts as a whole. Returns whether there was anything.
    pub fn truncate_to(&mut self, records: &FileRecords, offset: Offset) -> bool {
        if offset >= self.log_end_offset {
            self.leader_epochs.truncate_from_end(self.log_end_offset);
            return false;
        }
        if offset < self.segments.first().base_offset {
            self.truncate_fully_and_start_at(offset);
            return true;
        }
        self.segments.delete_after(offset);
        self.tail.truncate(records, offset);
        self.rebuild_active_segment(records);
        self.log_end_offset = offset;
        self.leader_epochs.truncate_from_end(offset);
        self.log_start_offset = self.log_start_offset.min(offset);
        self.high_watermark = self.high_watermark.min(offset);
        true
    }

    /// What the active segment knows of its records, from the records that are left.
    fn rebuild_active_segment(&mut self, records: &FileRecords) {
        let mut segment = super::log_segment::LogSegment::new(self.segments.active.base_offset);
        for batch in records.batches(self.tail.slice(segment.base_offset, Offset::MAX)) {
            segment.append(batch.data.bytes, batch.max_timestamp().as_millis(), batch.last_offset());
        }
        self.segments.active = segment;
        self.size = self.segments.iter().map(|segment| segment.size).sum();
    }

    /// Takes out everything; the next record has this offset.
    pub fn truncate_fully_and_start_at(&mut self, offset: Offset) {
        self.segments = LogSegments::new(offset);
        self.size = 0;
        self.tail.truncate_fully();
        self.leader_epochs.clear();
        self.log_start_offset = offset;
        self.log_end_offset = offset;
        self.high_watermark = offset;
    }
}
