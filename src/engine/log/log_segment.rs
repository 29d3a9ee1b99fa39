//! Segments: what a log is cut into, and what retention deletes whole.
//! Kafka: `LogSegment`, `LogSegments`. Left out: indexes (an offset is found in the history's columns), and rolling for their
//! sake, which takes segments far over Kafka's largest `segment.bytes`.
//! Holds: there is always an active segment, the last; base offsets grow.

use super::super::id::Offset;
use super::log_config::LogConfig;
use std::sync::Arc;

/// A segment's state: bounds and times. Its records are in the log's history. Times are milliseconds, as Kafka's are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogSegment {
    pub base_offset: Offset,
    /// In bytes.
    pub size: u64,
    /// The youngest timestamp of the first batch: `segment.ms` counts from it.
    pub rolling_based_timestamp: Option<u64>,
    /// The youngest timestamp, and the last offset of the first batch that has it.
    pub max_timestamp: Option<(u64, Offset)>,
}

impl LogSegment {
    pub const fn new(base_offset: Offset) -> Self {
        LogSegment { base_offset, size: 0, rolling_based_timestamp: None, max_timestamp: None }
    }

    /// Whether a batch of so many bytes must begin a new segment. Record time decides, not the clock.
    #[inline]
    pub fn should_roll(&self, config: &LogConfig, bytes: u32, max_timestamp: u64, last_offset: Offset) -> bool {
        let waited = self.rolling_based_timestamp.map_or(0, |first| max_timestamp.saturating_sub(first));
        self.size + u64::from(bytes) > config.segment_bytes
            || (self.size > 0 && waited > config.segment_ms.as_millis())
            || last_offset - self.base_offset > i32::MAX as Offset
    }

    #[inline]
    pub fn append(&mut self, bytes: u32, max_timestamp: u64, last_offset: Offset) {
        if self.size == 0 {
            self.rolling_based_timestamp = Some(max_timestamp);
        }
        if self.max_timestamp.is_none_or(|(max, _)| max_timestamp > max) {
            self.max_timestamp = Some((max_timestamp, last_offset));
        }
        self.size += u64::from(bytes);
    }
}

/// The segments of a log, oldest first. Those before the active one change only when one is added or deleted, so a log and
/// its checkpoints share them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogSegments {
    inactive: Arc<Vec<LogSegment>>,
    pub active: LogSegment,
}

impl LogSegments {
    pub fn new(base_offset: Offset) -> Self {
        LogSegments { inactive: Arc::default(), active: LogSegment::new(base_offset) }
    }

    /// Never 0.
    #[expect(clippy::len_without_is_empty, reason = "there is always an active segment")]
    pub fn len(&self) -> usize {
        self.inactive.len() + 1
    }

    pub fn get(&self, index: usize) -> Option<&LogSegment> {
        match index.checked_sub(self.inactive.len()) {
            None => Some(&self.inactive[index]),
            Some(0) => Some(&self.active),
            Some(_) => None,
        }
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &LogSegment> {
        self.inactive.iter().chain(std::iter::once(&self.active))
    }

    pub fn first(&self) -> &LogSegment {
        self.inactive.first().unwrap_or(&self.active)
    }

    /// The place of the last segment that begins at or before an offset.
    #[inline]
    pub fn floor(&self, offset: Offset) -> Option<usize> {
        if offset >= self.active.base_offset {
            return Some(self.inactive.len());
        }
        self.inactive.partition_point(|segment| segment.base_offset <= offset).checked_sub(1)
    }

    /// Makes a new active segment, which replaces an empty one that begins at the same offset.
    pub fn roll(&mut self, base_offset: Offset) {
        if base_offset != self.active.base_offset {
            Arc::make_mut(&mut self.inactive).push(self.active);
        }
        assert!(base_offset > self.active.base_offset || self.active.size == 0, "a segment begins after the records of the one before");
        self.active = LogSegment::new(base_offset);
    }

    /// Deletes the oldest segments, never the active one.
    pub fn delete_oldest(&mut self, count: usize) {
        Arc::make_mut(&mut self.inactive).drain(..count);
    }

    /// Deletes all segments that begin after an offset; the last that is left becomes the active one.
    pub fn delete_after(&mut self, offset: Offset) {
        while self.active.base_offset > offset {
            let last = Arc::make_mut(&mut self.inactive).pop();
            self.active = last.expect("the first segment begins at or before what a log is truncated to");
        }
    }
}
