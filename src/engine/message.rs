//! What nodes send one another. Batches travel; records lie still in the log's columns and are read where they are.

use super::client::producer::batch::ProduceData;
use super::coordinator::group::message::{GroupRequest, GroupResponse};
use super::design::Acks;
use super::errors::Errors;
use super::id::{GroupId, Offset, ProducerId, TopicPartition};
use super::time::Instant;

#[derive(Clone, Debug)]
pub enum Message {
    Produce(Box<ProduceRequest>),
    ProduceResponse {
        sent_at: Instant,
    },
    Fetch(Box<FetchRequest>),
    FetchResponse(Box<FetchResponse>),
    ListOffsets(Box<ListOffsetsRequest>),
    ListOffsetsResponse(Box<ListOffsetsResponse>),
    Group {
        request: Box<GroupRequest>,
        correlation: u32,
    },
    GroupResponse {
        response: Box<GroupResponse>,
        correlation: u32,
    },
    /// Only to test the order of the world.
    Nothing,
}

#[derive(Clone, Debug)]
pub struct ProduceRequest {
    pub acks: Acks,
    pub producer: ProducerId,
    pub data: ProduceData,
    pub sent_at: Instant,
}

/// One fetch of a session (KIP-227): it names only what has changed since the one before.
#[derive(Clone, Debug)]
pub struct FetchRequest {
    /// Opens a new session; the old one is forgotten.
    pub full: bool,
    pub changed: Vec<(TopicPartition, Offset)>,
    pub forgotten: Vec<TopicPartition>,
    /// Whose settings limit the answer.
    pub group: GroupId,
    pub sent_at: Instant,
}

#[derive(Clone, Debug)]
pub struct FetchResponse {
    /// Only partitions that have something to say.
    pub partitions: Vec<FetchedPartition>,
    pub sent_at: Instant,
}

#[derive(Clone, Copy, Debug)]
pub struct FetchedPartition {
    pub partition: TopicPartition,
    pub error: Errors,
    /// Where the client had asked to begin.
    pub fetch_offset: Offset,
    /// One past the last record of the last batch.
    pub end: Offset,
    pub bytes: u64,
}

#[derive(Clone, Debug)]
pub struct ListOffsetsRequest {
    pub partitions: Vec<(TopicPartition, OffsetSpec)>,
    pub sent_at: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OffsetSpec {
    Earliest,
    Latest,
    /// The first record at or after this moment.
    Time(Instant),
}

#[derive(Clone, Debug)]
pub struct ListOffsetsResponse {
    /// None: no record is so young.
    pub partitions: Vec<(TopicPartition, Option<Offset>)>,
    pub sent_at: Instant,
}
