//! A member of a classic group, as the coordinator knows it.
//! Kafka: `ClassicGroupMember`. Left out: host.

use super::super::message::{Assignment, InstanceId, MemberId, Protocol, ReplyTo, Subscription};
use crate::engine::design::Assignor;
use crate::engine::time::Duration;
use std::sync::Arc;

#[derive(Clone, Debug)]
pub struct ClassicGroupMember {
    pub member_id: MemberId,
    pub group_instance_id: Option<InstanceId>,
    pub rebalance_timeout: Duration,
    pub session_timeout: Duration,
    /// In the member's order of preference.
    pub supported_protocols: Arc<[Protocol]>,
    pub assignment: Assignment,
    /// The JoinGroup that waits for its answer.
    pub(super) awaiting_join: Option<ReplyTo>,
    /// The SyncGroup that waits for its answer.
    pub(super) awaiting_sync: Option<ReplyTo>,
    /// It has not yet seen a JoinGroup answered, so it can send no heartbeats.
    pub(super) is_new: bool,
    /// Its place among all that ever joined: who takes over from a leader that is gone.
    pub(super) joined: u32,
}

impl ClassicGroupMember {
    pub fn is_static(&self) -> bool {
        self.group_instance_id.is_some()
    }

    pub fn is_awaiting_join(&self) -> bool {
        self.awaiting_join.is_some()
    }

    /// What it said for this assignor.
    pub fn metadata(&self, protocol: Assignor) -> &Subscription {
        let supported = self.supported_protocols.iter().find(|supported| supported.assignor == protocol);
        &supported.expect("every member supports the protocol that was voted").subscription
    }

    /// A member that waits for an answer need not send heartbeats, except a new one, which could have gone unseen.
    pub fn has_satisfied_heartbeat(&self) -> bool {
        !self.is_new && (self.awaiting_join.is_some() || self.awaiting_sync.is_some())
    }

    /// The first of its protocols that all members support.
    pub fn vote(&self, is_candidate: impl Fn(Assignor) -> bool) -> Assignor {
        let vote = self.supported_protocols.iter().map(|protocol| protocol.assignor).find(|&assignor| is_candidate(assignor));
        vote.expect("a member is only taken in when it supports a protocol of all others")
    }
}
