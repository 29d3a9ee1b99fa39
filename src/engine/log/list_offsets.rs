//! Offsets by time.
//! Kafka: `UnifiedLog.fetchOffsetByTimestamp`, `Partition.fetchOffsetForTimestamp`, `OffsetSpec`. Left out: tiered storage, and
//! `OFFSET_NOT_AVAILABLE` after an election.
//! Holds: records are searched, not batches, in the order of offsets, and only in the first segment that is young enough.

use super::super::id::Offset;
use super::super::time::Instant;
use super::file_records::FileRecords;
use super::unified_log::{FetchIsolation, UnifiedLog};

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OffsetSpec {
    Earliest,
    Latest,
    /// The record with the youngest timestamp.
    MaxTimestamp,
    /// The first record whose timestamp is at least so many milliseconds.
    ForTimestamp(u64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimestampAndOffset {
    /// Of the record; none for the ends of a log, which are between records.
    pub timestamp: Option<Instant>,
    pub offset: Offset,
}

impl UnifiedLog {
    /// What the log itself knows, without regard to who may see it: the latest offset is the log end.
    pub fn fetch_offset_by_timestamp(&self, records: &FileRecords, spec: OffsetSpec) -> Option<TimestampAndOffset> {
        let segments = self.segments();
        match spec {
            OffsetSpec::Earliest => Some(TimestampAndOffset { timestamp: None, offset: self.log_start_offset() }),
            OffsetSpec::Latest => Some(TimestampAndOffset { timestamp: None, offset: self.log_end_offset() }),
            OffsetSpec::MaxTimestamp => {
                let youngest = segments.iter().rev().max_by_key(|segment| segment.max_timestamp.map(|(timestamp, _)| timestamp))?;
                let (timestamp, _) = youngest.max_timestamp?;
                let index = segments.floor(youngest.base_offset)?;
                self.search(records, index, youngest.base_offset, timestamp)
            }
            OffsetSpec::ForTimestamp(timestamp) => {
                let young = |max: Option<(u64, Offset)>| max.is_some_and(|(max, _)| max >= timestamp);
                let index = segments.iter().position(|segment| young(segment.max_timestamp))?;
                self.search(records, index, self.log_start_offset(), timestamp)
            }
        }
    }

    /// What a client is told: nothing at or above what its isolation lets it read.
    pub fn fetch_offset_for_timestamp(
        &self,
        records: &FileRecords,
        spec: OffsetSpec,
        isolation: FetchIsolation,
    ) -> Option<TimestampAndOffset> {
        let last_fetchable = self.upper_bound(isolation);
        match spec {
            OffsetSpec::Earliest => self.fetch_offset_by_timestamp(records, spec),
            OffsetSpec::Latest => Some(TimestampAndOffset { timestamp: None, offset: last_fetchable }),
            OffsetSpec::MaxTimestamp | OffsetSpec::ForTimestamp(_) => {
                self.fetch_offset_by_timestamp(records, spec).filter(|found| found.offset < last_fetchable)
            }
        }
    }

    fn search(&self, records: &FileRecords, segment: usize, start: Offset, timestamp: u64) -> Option<TimestampAndOffset> {
        let (base, end) = self.segment_bounds(segment);
        let (offset, timestamp) = records.search_for_timestamp(self.slice(start.max(base), end), timestamp)?;
        Some(TimestampAndOffset { timestamp: Some(timestamp), offset })
    }
}
