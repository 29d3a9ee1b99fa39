//! The world at one moment, as plain data for whoever wants to show it.

use super::super::id::{BrokerId, GroupId, MemberIndex, Offset, OffsetCount, ProducerId, TopicId, TopicPartition};
use super::super::time::{Duration, Instant};

#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    pub now: Instant,
    pub brokers: Vec<BrokerSnapshot>,
    /// All partitions of all topics, by `TopicPartition`.
    pub partitions: Vec<PartitionSnapshot>,
    pub producers: Vec<ProducerSnapshot>,
    pub groups: Vec<GroupSnapshot>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct BrokerSnapshot {
    pub id: BrokerId,
    pub queued_requests: u32,
    /// Share of time that request handlers were idle over the last sample.
    pub handler_idle: f64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct PartitionSnapshot {
    pub topic: TopicId,
    /// Within the topic.
    pub partition: u32,
    pub leader: BrokerId,
    pub log_start: Offset,
    pub high_watermark: Offset,
    pub log_end: Offset,
    pub bytes: u64,
    pub segments: Vec<SegmentSnapshot>,
    /// Appended records a second, over the last sample.
    pub rate_in: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentSnapshot {
    pub base_offset: Offset,
    pub bytes: u64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ProducerSnapshot {
    pub id: ProducerId,
    /// What the load asks for now, records a second.
    pub rate: f64,
    pub sent: u64,
    /// Over all instances.
    pub in_flight_requests: u32,
    pub buffered_batches: u32,
    pub buffered_records: u64,
    pub mean_batch_records: f64,
    /// Records a second to each partition of its topic, over the last sample.
    pub rate_by_partition: Vec<f64>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct GroupSnapshot {
    pub id: GroupId,
    /// Kafka's name of the state: `Empty`, `PreparingRebalance`, `CompletingRebalance`, `Stable`, `Dead`.
    pub state: &'static str,
    pub generation: u32,
    /// The assignor that was voted.
    pub protocol: Option<&'static str>,
    pub coordinator: BrokerId,
    pub members: Vec<MemberSnapshot>,
    /// A line for each partition of the group's topics.
    pub partitions: Vec<GroupPartitionSnapshot>,
    pub rebalances: u64,
    pub duplicates: u64,
    pub effects: Vec<EffectSnapshot>,
    pub order_violations: u64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct MemberSnapshot {
    pub index: MemberIndex,
    /// Kafka's id, while it is in the group.
    pub member_id: Option<String>,
    pub client_id: String,
    pub state: MemberState,
    pub owned: Vec<TopicPartition>,
    /// Share of time in the handler, over the last sample.
    pub busy: f64,
    /// Handled records a second, over the last sample.
    pub rate: f64,
    pub handled: u64,
    /// What it is handling right now.
    pub current: Option<(TopicPartition, Offset)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberState {
    /// Not running, after a crash or a stop.
    Down,
    /// Stands still: heartbeats too.
    Paused,
    /// Waits for the group to agree.
    Joining,
    /// In `poll`, with nothing to do.
    Polling,
    Processing,
    /// Waits for the answer to a commit.
    Committing,
}

impl MemberState {
    pub fn name(self) -> &'static str {
        match self {
            MemberState::Down => "down",
            MemberState::Paused => "paused",
            MemberState::Joining => "joining",
            MemberState::Polling => "polling",
            MemberState::Processing => "processing",
            MemberState::Committing => "committing",
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct GroupPartitionSnapshot {
    pub partition: TopicPartition,
    pub owner: Option<MemberIndex>,
    pub committed: Option<Offset>,
    pub position: Option<Offset>,
    /// High watermark − committed; unknown before the first commit.
    pub lag: Option<OffsetCount>,
    /// Age of the oldest record that was not handled.
    pub unread_age: Duration,
    /// Handled records a second, over the last sample.
    pub rate_out: f64,
    pub status: Status,
    /// Infinite while the lag does not shrink.
    pub time_to_drain: f64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffectSnapshot {
    pub name: String,
    pub intended: u64,
    pub once: u64,
    pub repeated: u64,
    pub missing: u64,
}

/// Burrow's verdict on a group's partition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    #[default]
    Ok,
    Warn,
    Stop,
    Stall,
    Rewind,
}

impl Status {
    pub fn name(self) -> &'static str {
        match self {
            Status::Ok => "OK",
            Status::Warn => "WARN",
            Status::Stop => "STOP",
            Status::Stall => "STALL",
            Status::Rewind => "REWIND",
        }
    }
}
