//! The settings of a topic that its logs go by, under Kafka's names with `.` as `_`.
//! Kafka: `LogConfig`. Left out: what concerns files, indexes, flushing, tiered storage and `segment.jitter.ms`.

use super::super::design::TopicConfig;
use super::super::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogConfig {
    /// A batch that would make a segment larger begins a new one.
    pub segment_bytes: u64,
    /// A batch this much younger than a segment's first begins a new one.
    pub segment_ms: Duration,
    /// Segments whose youngest record is older are deleted; `Duration::MAX` keeps them for ever.
    pub retention_ms: Duration,
    /// Segments are deleted as long as what remains is at least this much; none: no limit.
    pub retention_bytes: Option<u64>,
    /// A larger batch is refused.
    pub max_message_bytes: u32,
    /// `message.timestamp.type=LogAppendTime`.
    pub log_append_time: bool,
    /// A record this much older than the broker's clock is refused; `Duration::MAX`: none is.
    pub message_timestamp_before_max_ms: Duration,
    /// A record this much younger than the broker's clock is refused.
    pub message_timestamp_after_max_ms: Duration,
    pub cleanup_policy: CleanupPolicy,
}

/// What happens to old records; at least one of both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CleanupPolicy {
    pub delete: bool,
    pub compact: bool,
}

impl Default for LogConfig {
    /// Kafka's defaults.
    fn default() -> Self {
        LogConfig {
            segment_bytes: 1 << 30,
            segment_ms: Duration::from_secs(7 * 24 * 60 * 60),
            retention_ms: Duration::from_secs(7 * 24 * 60 * 60),
            retention_bytes: None,
            max_message_bytes: 1_048_588,
            log_append_time: false,
            message_timestamp_before_max_ms: Duration::MAX,
            message_timestamp_after_max_ms: Duration::from_secs(60 * 60),
            cleanup_policy: CleanupPolicy { delete: true, compact: false },
        }
    }
}

impl From<&TopicConfig> for LogConfig {
    fn from(topic: &TopicConfig) -> Self {
        let &TopicConfig { segment_bytes, segment_ms, retention_ms, retention_bytes, max_message_bytes, log_append_time } = topic;
        LogConfig { segment_bytes, segment_ms, retention_ms, retention_bytes, max_message_bytes, log_append_time, ..LogConfig::default() }
    }
}
