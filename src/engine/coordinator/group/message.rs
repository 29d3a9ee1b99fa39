//! What members of a classic group and its coordinator say to each other.
//! Kafka: the JoinGroup, SyncGroup, Heartbeat, LeaveGroup, OffsetCommit and OffsetFetch APIs and `ConsumerProtocol`, with
//! numbers in the place of names. Left out: racks, user data but that of the sticky assignor, metadata of an offset, several
//! groups in one OffsetFetch, transactional commits.
//! Holds: lists that a request, a response and the group's state have in common are shared, not copied.

use crate::engine::design::Assignor;
use crate::engine::errors::Errors;
use crate::engine::id::{GroupId, MemberIndex, NodeId, Offset, TopicId, TopicPartition};
use crate::engine::time::Duration;
use std::fmt;
use std::sync::Arc;

/// Where an answer goes: the node that asked, and its own number for the request (Kafka's correlation id).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReplyTo {
    pub node: NodeId,
    pub correlation: u32,
}

/// `member.id`: who the member is, and which of the ids that the group has given out. A process that starts again, or that
/// was fenced, gets a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemberId {
    /// Stands for `client.id`, or for `group.instance.id` of a static member.
    pub client: MemberIndex,
    /// Counts the ids that the group has given out, from 1.
    pub incarnation: u32,
}

impl MemberId {
    /// As Kafka writes it: `CLIENT-UUID`, with the client id `GROUP-N`. The digits of the UUID follow from the number.
    pub fn text(self, group: &str) -> String {
        // A bijective mix, so that no two ids of a group look alike.
        let mut x = (u64::from(self.client.0) << 32 | u64::from(self.incarnation)).wrapping_add(0x9e37_79b9_7f4a_7c15);
        x = (x ^ x >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ x >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^= x >> 31;
        let (high, low) = ((x >> 32) as u32, x as u32);
        let tail = x.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 16;
        format!(
            "{group}-{}-{high:08x}-{:04x}-4{:03x}-8{:03x}-{tail:012x}",
            self.client.0,
            low >> 16,
            low >> 4 & 0xfff,
            (low & 0xf) << 8 | high & 0xff
        )
    }
}

impl fmt::Display for MemberId {
    /// `3#2`: member 3, the second id of the group.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.client.0, self.incarnation)
    }
}

/// `group.instance.id` of a static member (KIP-345).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceId(pub u32);

/// The generation of a client that has none: an operator, a consumer without a group, a member that has not joined.
pub const NO_GENERATION: i32 = -1;

/// What a member owns, in any order.
pub type Assignment = Arc<[TopicPartition]>;

/// `ConsumerProtocolSubscription`: what a member wants, and what it has.
#[derive(Clone, Debug, PartialEq)]
pub struct Subscription {
    pub topics: Arc<[TopicId]>,
    /// What the member owned when it joined. For the sticky assignor: what its user data remembers.
    pub owned: Assignment,
    /// The generation of `owned`, or [`NO_GENERATION`].
    pub generation: i32,
}

/// One of the assignors that a member can work with, and what it says to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Protocol {
    pub assignor: Assignor,
    pub subscription: Subscription,
}

/// Why a member joins again (KIP-800): for the story only, the coordinator decides nothing by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinReason {
    /// It starts, or comes back with the id that it was given.
    NotProvided,
    /// A heartbeat or commit said that the group rebalances.
    GroupRebalancing,
    /// A cooperative member has given partitions up, so that others can have them.
    NeedToRevokePartitionsAndRejoin,
    /// The leader sees other partitions than those that it had assigned.
    CachedMetadataChanged,
    /// It had been fenced, or had left since `max.poll.interval.ms` was over, or its last attempt failed.
    MembershipLost,
}

#[derive(Clone, Debug, PartialEq)]
pub struct JoinGroupRequest {
    pub group: GroupId,
    /// Whose id is in the first part of a new member id.
    pub client: MemberIndex,
    /// None: the member has no id yet.
    pub member_id: Option<MemberId>,
    pub group_instance_id: Option<InstanceId>,
    pub session_timeout: Duration,
    /// `max.poll.interval.ms` of a Java consumer.
    pub rebalance_timeout: Duration,
    /// In order of preference.
    pub protocols: Arc<[Protocol]>,
    pub reason: JoinReason,
    /// Of the API: since 4, a dynamic member has to come back with the id that it is given; since 9, `skip_assignment`.
    pub version: u8,
}

impl JoinGroupRequest {
    pub const LATEST_VERSION: u8 = 9;

    pub fn requires_known_member_id(&self) -> bool {
        self.version >= 4
    }
    pub fn supports_skipping_assignment(&self) -> bool {
        self.version >= 9
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct JoinGroupResponse {
    pub error: Errors,
    pub member_id: Option<MemberId>,
    pub generation: i32,
    /// The assignor that was voted.
    pub protocol: Option<Assignor>,
    pub leader: Option<MemberId>,
    /// The leader is to leave the assignment as it is: it has only restarted (KIP-814).
    pub skip_assignment: bool,
    /// All members, for the leader only.
    pub members: Vec<JoinGroupResponseMember>,
}

impl JoinGroupResponse {
    pub fn failed(error: Errors, member_id: Option<MemberId>) -> Self {
        JoinGroupResponse {
            error,
            member_id,
            generation: NO_GENERATION,
            protocol: None,
            leader: None,
            skip_assignment: false,
            members: Vec::new(),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct JoinGroupResponseMember {
    pub member_id: MemberId,
    pub group_instance_id: Option<InstanceId>,
    pub subscription: Subscription,
}

#[derive(Clone, Debug, PartialEq)]
pub struct SyncGroupRequest {
    pub group: GroupId,
    pub member_id: MemberId,
    pub group_instance_id: Option<InstanceId>,
    pub generation: i32,
    /// What the sender takes the voted assignor to be; none in old versions of the API.
    pub protocol: Option<Assignor>,
    /// From the leader only.
    pub assignments: Vec<(MemberId, Assignment)>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct SyncGroupResponse {
    pub error: Errors,
    pub protocol: Option<Assignor>,
    pub assignment: Assignment,
}

impl SyncGroupResponse {
    pub fn failed(error: Errors) -> Self {
        SyncGroupResponse { error, protocol: None, assignment: Arc::new([]) }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeartbeatRequest {
    pub group: GroupId,
    pub member_id: MemberId,
    pub group_instance_id: Option<InstanceId>,
    pub generation: i32,
}

/// Why a member leaves (KIP-800).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaveReason {
    /// The consumer is closed.
    Closed,
    /// `max.poll.interval.ms` passed between two polls.
    PollTimeoutExpired,
}

#[derive(Clone, Debug, PartialEq)]
pub struct LeaveGroupRequest {
    pub group: GroupId,
    pub members: Vec<MemberIdentity>,
}

/// Who is to leave. An operator names a static member by its instance id alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MemberIdentity {
    pub member_id: Option<MemberId>,
    pub group_instance_id: Option<InstanceId>,
    pub reason: LeaveReason,
}

#[derive(Clone, Debug, PartialEq)]
pub struct LeaveGroupResponse {
    pub error: Errors,
    /// One for each member of the request.
    pub members: Vec<Errors>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct OffsetCommitRequest {
    pub group: GroupId,
    /// None, with [`NO_GENERATION`]: an operator, or a consumer that is not a member.
    pub member_id: Option<MemberId>,
    pub group_instance_id: Option<InstanceId>,
    pub generation: i32,
    pub offsets: Arc<[OffsetCommitRequestPartition]>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OffsetCommitRequestPartition {
    pub topic: TopicId,
    pub partition: TopicPartition,
    /// Of the next record to be read.
    pub offset: Offset,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OffsetCommitResponse {
    /// The same for all partitions, since the engine has no error that hits only some.
    pub error: Errors,
}

#[derive(Clone, Debug, PartialEq)]
pub struct OffsetFetchRequest {
    pub group: GroupId,
    pub partitions: Arc<[TopicPartition]>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct OffsetFetchResponse {
    pub error: Errors,
    /// In the order of the request; none where nothing is committed.
    pub offsets: Vec<(TopicPartition, Option<Offset>)>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum GroupRequest {
    JoinGroup(JoinGroupRequest),
    SyncGroup(SyncGroupRequest),
    Heartbeat(HeartbeatRequest),
    LeaveGroup(LeaveGroupRequest),
    OffsetCommit(OffsetCommitRequest),
    OffsetFetch(OffsetFetchRequest),
}

impl GroupRequest {
    pub fn group(&self) -> GroupId {
        match self {
            GroupRequest::JoinGroup(request) => request.group,
            GroupRequest::SyncGroup(request) => request.group,
            GroupRequest::Heartbeat(request) => request.group,
            GroupRequest::LeaveGroup(request) => request.group,
            GroupRequest::OffsetCommit(request) => request.group,
            GroupRequest::OffsetFetch(request) => request.group,
        }
    }

    /// How many partitions the broker has to look at, for what the request costs.
    pub fn partitions(&self) -> usize {
        match self {
            GroupRequest::OffsetCommit(request) => request.offsets.len(),
            GroupRequest::OffsetFetch(request) => request.partitions.len(),
            GroupRequest::JoinGroup(_) | GroupRequest::SyncGroup(_) | GroupRequest::Heartbeat(_) | GroupRequest::LeaveGroup(_) => 0,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum GroupResponse {
    JoinGroup(JoinGroupResponse),
    SyncGroup(SyncGroupResponse),
    Heartbeat(Errors),
    LeaveGroup(LeaveGroupResponse),
    OffsetCommit(OffsetCommitResponse),
    OffsetFetch(OffsetFetchResponse),
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_member_id_looks_like_kafkas_and_is_nobody_elses() {
        let mut texts = BTreeSet::new();
        for (client, incarnation) in (0..100).flat_map(|client| (1..100).map(move |incarnation| (client, incarnation))) {
            let text = MemberId { client: MemberIndex(client), incarnation }.text("billing");
            let uuid = text.strip_prefix(&format!("billing-{client}-")).expect("the client id comes first");
            let parts: Vec<usize> = uuid.split('-').map(str::len).collect();
            assert_eq!(parts, [8, 4, 4, 4, 12], "{text}");
            assert!(uuid.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit()), "{text}");
            assert!(texts.insert(uuid.to_owned()), "{text} is not the first of its kind");
        }
    }
}
