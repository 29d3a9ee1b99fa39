//! The committed offsets of groups.
//! Kafka: `OffsetMetadataManager`. Left out: transactional commits, metadata and leader epoch of an offset, deletion by an
//! operator, the log of `__consumer_offsets`.
//! Holds: an offset is what was last taken for its partition; it is not compared with the partition's log.

use super::classic::ClassicGroup;
use super::message::OffsetCommitRequestPartition;
use crate::engine::id::{Offset, TopicId, TopicPartition};
use crate::engine::time::{Duration, Instant};
use std::collections::BTreeMap;

/// `offsets.retention.minutes`.
pub const OFFSETS_RETENTION: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// `offsets.retention.check.interval.ms`.
pub const OFFSETS_RETENTION_CHECK_INTERVAL: Duration = Duration::from_secs(10 * 60);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OffsetAndMetadata {
    pub topic: TopicId,
    /// Of the next record to be read.
    pub offset: Offset,
    pub committed_at: Instant,
}

/// The committed offsets of one group.
#[derive(Clone, Debug, Default)]
pub struct OffsetMetadata {
    offsets: BTreeMap<TopicPartition, OffsetAndMetadata>,
}

impl OffsetMetadata {
    pub fn get(&self, partition: TopicPartition) -> Option<&OffsetAndMetadata> {
        self.offsets.get(&partition)
    }
    pub fn iter(&self) -> impl Iterator<Item = (TopicPartition, &OffsetAndMetadata)> {
        self.offsets.iter().map(|(&partition, offset)| (partition, offset))
    }
    pub fn is_empty(&self) -> bool {
        self.offsets.is_empty()
    }

    pub(super) fn commit(&mut self, now: Instant, offsets: &[OffsetCommitRequestPartition]) {
        for &OffsetCommitRequestPartition { topic, partition, offset } in offsets {
            self.offsets.insert(partition, OffsetAndMetadata { topic, offset, committed_at: now });
        }
    }

    /// Forgets what nobody has used for the time of retention.
    pub(super) fn cleanup_expired(&mut self, now: Instant, group: &ClassicGroup) {
        self.offsets.retain(|_, offset| match group.offset_expires_from(offset.topic, offset.committed_at) {
            Some(from) => now < from + OFFSETS_RETENTION,
            None => true,
        });
    }
}
