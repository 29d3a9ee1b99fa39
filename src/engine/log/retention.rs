//! Retention: old segments are deleted, whole, from the oldest on.
//! Kafka: `UnifiedLog.deleteOldSegments`, run by `LogManager` each `log.retention.check.interval.ms`. Left out: the delay between
//! deleting a segment and deleting its file.
//! Holds: nothing at or above the high watermark is deleted; the active segment is deleted too if it qualifies, and an empty one
//! takes its place.

use super::super::time::{Duration, Instant};
use super::log_segment::LogSegment;
use super::unified_log::UnifiedLog;

/// How many segments a pass deleted, by reason, in the order in which the reasons are asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeletedSegments {
    /// All their records are below the log start.
    pub by_log_start: usize,
    /// `retention.bytes`.
    pub by_size: usize,
    /// `retention.ms`.
    pub by_time: usize,
}

impl DeletedSegments {
    pub const fn total(&self) -> usize {
        self.by_log_start + self.by_size + self.by_time
    }
}

impl UnifiedLog {
    /// One retention pass.
    pub fn delete_old_segments(&mut self, now: Instant) -> DeletedSegments {
        let by_log_start = self.delete_log_start_offset_breached_segments();
        if !self.config().cleanup_policy.delete {
            return DeletedSegments { by_log_start, by_size: 0, by_time: 0 };
        }
        let by_size = self.delete_retention_size_breached_segments();
        let by_time = self.delete_retention_ms_breached_segments(now);
        DeletedSegments { by_log_start, by_size, by_time }
    }

    fn delete_log_start_offset_breached_segments(&mut self) -> usize {
        let log_start = self.log_start_offset();
        self.delete_oldest_while(|_, next| next.is_some_and(|next| next.base_offset <= log_start))
    }

    fn delete_retention_size_breached_segments(&mut self) -> usize {
        let Some(mut excess) = self.config().retention_bytes.and_then(|retention| self.size().checked_sub(retention)) else {
            return 0;
        };
        self.delete_oldest_while(|segment, _| match excess.checked_sub(segment.size) {
            Some(rest) => {
                excess = rest;
                true
            }
            None => false,
        })
    }

    fn delete_retention_ms_breached_segments(&mut self, now: Instant) -> usize {
        let retention = self.config().retention_ms;
        if retention == Duration::MAX {
            return 0;
        }
        let old = |timestamp: u64| now.as_millis().saturating_sub(timestamp) > retention.as_millis();
        // A segment that a truncation has emptied has nothing that could be young. Kafka asks when its file was last changed.
        self.delete_oldest_while(|segment, _| segment.max_timestamp.is_none_or(|(timestamp, _)| old(timestamp)))
    }

    /// Deletes from the oldest segment on until one does not qualify. The predicate is asked of a segment and the one after it,
    /// once, and only while the high watermark allows.
    fn delete_oldest_while(&mut self, mut should_delete: impl FnMut(&LogSegment, Option<&LogSegment>) -> bool) -> usize {
        let mut count = 0;
        while let Some(segment) = self.segments().get(count) {
            let next = self.segments().get(count + 1);
            let upper_bound = next.map_or(self.log_end_offset(), |next| next.base_offset);
            let qualifies = self.high_watermark() >= upper_bound && should_delete(segment, next);
            let is_last_and_empty = next.is_none() && segment.size == 0;
            if !qualifies || is_last_and_empty {
                break;
            }
            count += 1;
        }
        self.delete_segments(count);
        count
    }
}
