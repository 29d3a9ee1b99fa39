//! SyncGroup, Heartbeat and LeaveGroup.
//! Kafka: `GroupMetadataManager.classicGroupSyncToClassicGroup`, `…HeartbeatToClassicGroup`, `…LeaveToClassicGroup`.

use super::super::message::{GroupResponse, HeartbeatRequest, JoinGroupResponse, LeaveGroupRequest, LeaveGroupResponse};
use super::super::message::{LeaveReason, MemberId, MemberIdentity, ReplyTo, SyncGroupRequest, SyncGroupResponse};
use super::{ClassicGroup, ClassicGroupState, Context, TimerKey};
use crate::engine::errors::Errors;
use crate::engine::observe::observation::{RebalanceReason, RemovalReason};
use crate::engine::time::Instant;

impl ClassicGroup {
    pub(in super::super) fn sync(&mut self, cx: &mut Context, request: &SyncGroupRequest, reply_to: ReplyTo) {
        let respond = |cx: &mut Context, response| cx.respond(reply_to, GroupResponse::SyncGroup(response));
        if let Err(error) = self.validate_sync(request) {
            return respond(cx, SyncGroupResponse::failed(error));
        }
        let id = request.member_id;
        match self.state {
            ClassicGroupState::PreparingRebalance => respond(cx, SyncGroupResponse::failed(Errors::RebalanceInProgress)),
            ClassicGroupState::CompletingRebalance => {
                self.members.get_mut(&id).expect("the sender is a member").awaiting_sync = Some(reply_to);
                self.remove_pending_sync(id);
                if self.is_leader(id) {
                    self.set_and_propagate_assignment(cx, &request.assignments);
                }
            }
            ClassicGroupState::Stable => {
                self.remove_pending_sync(id);
                let assignment = self.members[&id].assignment.clone();
                respond(cx, SyncGroupResponse { error: Errors::None, protocol: self.protocol, assignment });
            }
            ClassicGroupState::Empty | ClassicGroupState::Dead => unreachable!("validated: the group has a member"),
        }
    }

    fn validate_sync(&self, request: &SyncGroupRequest) -> Result<(), Errors> {
        match self.state {
            ClassicGroupState::Empty => return Err(Errors::UnknownMemberId),
            ClassicGroupState::Dead => return Err(Errors::CoordinatorNotAvailable),
            ClassicGroupState::PreparingRebalance | ClassicGroupState::CompletingRebalance | ClassicGroupState::Stable => (),
        }
        self.validate_member(Some(request.member_id), request.group_instance_id)?;
        if request.generation != self.generation {
            return Err(Errors::IllegalGeneration);
        }
        let inconsistent = request.protocol.is_some() && self.protocol.is_some() && request.protocol != self.protocol;
        if inconsistent { Err(Errors::InconsistentGroupProtocol) } else { Ok(()) }
    }

    fn remove_pending_sync(&mut self, id: MemberId) {
        self.pending_sync.remove(&id);
        if self.pending_sync.is_empty() {
            self.timer.cancel(TimerKey::Sync);
        }
    }

    /// The answer says whether the group rebalances; the member's session begins anew.
    pub(in super::super) fn heartbeat(&mut self, now: Instant, request: &HeartbeatRequest) -> Errors {
        if self.state == ClassicGroupState::Dead {
            return Errors::CoordinatorNotAvailable;
        }
        if let Err(error) = self.validate_member(Some(request.member_id), request.group_instance_id) {
            return error;
        }
        if request.generation != self.generation {
            return Errors::IllegalGeneration;
        }
        match self.state {
            ClassicGroupState::Empty | ClassicGroupState::Dead => Errors::UnknownMemberId,
            ClassicGroupState::PreparingRebalance => {
                self.reschedule_heartbeat(request.member_id, now);
                Errors::RebalanceInProgress
            }
            // A member may send heartbeats as soon as its JoinGroup is answered.
            ClassicGroupState::CompletingRebalance | ClassicGroupState::Stable => {
                self.reschedule_heartbeat(request.member_id, now);
                Errors::None
            }
        }
    }

    pub(in super::super) fn leave(&mut self, cx: &mut Context, request: &LeaveGroupRequest) -> LeaveGroupResponse {
        if self.state == ClassicGroupState::Dead {
            return LeaveGroupResponse { error: Errors::CoordinatorNotAvailable, members: Vec::new() };
        }
        let mut members = Vec::with_capacity(request.members.len());
        // Who is the reason for the rebalance: the first that really left.
        let mut left = None;
        for identity in &request.members {
            let result = self.leave_one(cx, *identity);
            if let Ok(id) = result {
                left.get_or_insert(id.client);
            }
            members.push(result.err().unwrap_or(Errors::None));
        }
        if left.is_some() {
            match self.state {
                ClassicGroupState::Stable | ClassicGroupState::CompletingRebalance => {
                    self.prepare_rebalance(cx, RebalanceReason::MemberLeft(left));
                }
                ClassicGroupState::PreparingRebalance => self.maybe_complete_join_phase(cx),
                ClassicGroupState::Empty | ClassicGroupState::Dead => (),
            }
        }
        LeaveGroupResponse { error: Errors::None, members }
    }

    fn leave_one(&mut self, cx: &mut Context, identity: MemberIdentity) -> Result<MemberId, Errors> {
        let id = match (identity.member_id, identity.group_instance_id) {
            (Some(id), _) if self.pending_join.contains(&id) => {
                self.remove(id);
                return Ok(id);
            }
            (Some(id), instance) => self.validate_member(Some(id), instance)?,
            (None, Some(instance)) => self.static_members.get(&instance).copied().ok_or(Errors::UnknownMemberId)?,
            (None, None) => return Err(Errors::UnknownMemberId),
        };
        let why = match identity.reason {
            LeaveReason::Closed => RemovalReason::Left,
            LeaveReason::PollTimeoutExpired => RemovalReason::PollTimeout,
        };
        self.complete_join(cx, id, JoinGroupResponse::failed(Errors::UnknownMemberId, None));
        self.remove_member(cx, id, why);
        Ok(id)
    }
}
