//! JoinGroup: who is taken in, with which id, and whether it makes the group rebalance.
//! Kafka: `GroupMetadataManager.classicGroupJoinToClassicGroup` and what it calls, KIP-345, KIP-394, KIP-814.

use super::super::message::{GroupResponse, InstanceId, JoinGroupRequest, JoinGroupResponse, JoinReason, MemberId, ReplyTo};
use super::super::message::{NO_GENERATION, SyncGroupResponse};
use super::{ClassicGroup, ClassicGroupMember, ClassicGroupState, Context, TimerKey};
use crate::engine::errors::Errors;
use crate::engine::observe::observation::RebalanceReason;
use crate::engine::time::Duration;
use std::sync::Arc;

/// `classicGroupNewMemberJoinTimeoutMs`: a new member whose JoinGroup waits this long is dropped, since nobody may wait for
/// the answer any more.
pub const NEW_MEMBER_JOIN_TIMEOUT: Duration = Duration::from_secs(5 * 60);

impl ClassicGroup {
    pub(in super::super) fn join(&mut self, cx: &mut Context, request: &JoinGroupRequest, reply_to: ReplyTo) {
        if !self.accepts(cx.config.group_max_size, request.member_id) {
            if let Some(id) = request.member_id {
                self.remove(id);
            }
            cx.respond(reply_to, GroupResponse::JoinGroup(JoinGroupResponse::failed(Errors::GroupMaxSizeReached, None)));
            return;
        }
        let refusal = match self.state {
            ClassicGroupState::Dead => Some(Errors::CoordinatorNotAvailable),
            ClassicGroupState::Empty
            | ClassicGroupState::PreparingRebalance
            | ClassicGroupState::CompletingRebalance
            | ClassicGroupState::Stable => (!self.supports_protocols(&request.protocols)).then_some(Errors::InconsistentGroupProtocol),
        };
        if let Some(error) = refusal {
            cx.respond(reply_to, GroupResponse::JoinGroup(JoinGroupResponse::failed(error, request.member_id)));
            return;
        }
        match (request.member_id, request.group_instance_id) {
            (Some(id), _) => self.join_existing_member(cx, request, id, reply_to),
            (None, Some(instance)) => self.join_new_static_member(cx, request, instance, reply_to),
            (None, None) => self.join_new_dynamic_member(cx, request, reply_to),
        }
    }

    /// `acceptJoiningMember`: whether there is room. While the group prepares, room is for those who come first.
    fn accepts(&self, max_size: usize, id: Option<MemberId>) -> bool {
        let member = id.and_then(|id| self.members.get(&id));
        match self.state {
            ClassicGroupState::Empty | ClassicGroupState::Dead => true,
            ClassicGroupState::PreparingRebalance => {
                member.is_some_and(ClassicGroupMember::is_awaiting_join) || self.awaiting_join < max_size
            }
            ClassicGroupState::CompletingRebalance | ClassicGroupState::Stable => member.is_some() || self.members.len() < max_size,
        }
    }

    fn generate_member_id(&mut self, request: &JoinGroupRequest) -> MemberId {
        self.ids_given += 1;
        MemberId { client: request.client, incarnation: self.ids_given }
    }

    fn join_new_static_member(&mut self, cx: &mut Context, request: &JoinGroupRequest, instance: InstanceId, reply_to: ReplyTo) {
        let new_id = self.generate_member_id(request);
        match self.static_members.get(&instance).copied() {
            Some(old_id) => self.update_static_member(cx, request, old_id, new_id, reply_to),
            None => self.add_member(cx, request, new_id, reply_to),
        }
    }

    /// A member without an id is given one and told to come back with it, so that a lost answer leaves no ghost behind.
    fn join_new_dynamic_member(&mut self, cx: &mut Context, request: &JoinGroupRequest, reply_to: ReplyTo) {
        let id = self.generate_member_id(request);
        if !request.requires_known_member_id() {
            return self.add_member(cx, request, id, reply_to);
        }
        self.pending_join.insert(id);
        self.timer.schedule(TimerKey::Heartbeat(id), cx.now + request.session_timeout);
        cx.respond(reply_to, GroupResponse::JoinGroup(JoinGroupResponse::failed(Errors::MemberIdRequired, Some(id))));
    }

    fn join_existing_member(&mut self, cx: &mut Context, request: &JoinGroupRequest, id: MemberId, reply_to: ReplyTo) {
        if self.pending_join.contains(&id) {
            return self.add_member(cx, request, id, reply_to);
        }
        let fail = |cx: &mut Context, error| {
            cx.respond(reply_to, GroupResponse::JoinGroup(JoinGroupResponse::failed(error, Some(id))));
        };
        if let Err(error) = self.validate_member(Some(id), request.group_instance_id) {
            return fail(cx, error);
        }
        let unchanged = self.members[&id].supported_protocols == request.protocols;
        // With the same metadata in the same generation, the answer to its last JoinGroup may have been lost. A leader of a
        // stable group always gets its rebalance: it may know of something that metadata does not show, as new partitions.
        let rebalances = match self.state {
            ClassicGroupState::PreparingRebalance => true,
            ClassicGroupState::CompletingRebalance => !unchanged,
            ClassicGroupState::Stable => self.is_leader(id) || !unchanged,
            // The member has been removed and the group emptied: it has to start anew.
            ClassicGroupState::Empty | ClassicGroupState::Dead => return fail(cx, Errors::UnknownMemberId),
        };
        if rebalances {
            self.update_member(id, request, reply_to);
            let why = match request.reason {
                JoinReason::NeedToRevokePartitionsAndRejoin => RebalanceReason::Rejoined(Some(id.client)),
                JoinReason::NotProvided | JoinReason::GroupRebalancing | JoinReason::CachedMetadataChanged | JoinReason::MembershipLost => {
                    RebalanceReason::SubscriptionChanged
                }
            };
            self.maybe_prepare_rebalance_or_complete_join(cx, why);
        } else {
            cx.respond(reply_to, GroupResponse::JoinGroup(self.join_response(id, false)));
        }
    }

    fn add_member(&mut self, cx: &mut Context, request: &JoinGroupRequest, id: MemberId, reply_to: ReplyTo) {
        if self.state == ClassicGroupState::PreparingRebalance && self.previous_state == ClassicGroupState::Empty {
            self.new_member_added = true;
        }
        self.joins += 1;
        self.add(ClassicGroupMember {
            member_id: id,
            group_instance_id: request.group_instance_id,
            rebalance_timeout: request.rebalance_timeout,
            session_timeout: request.session_timeout,
            supported_protocols: request.protocols.clone(),
            assignment: Arc::new([]),
            awaiting_join: Some(reply_to),
            awaiting_sync: None,
            is_new: true,
            joined: self.joins,
        });
        self.timer.schedule(TimerKey::Heartbeat(id), cx.now + NEW_MEMBER_JOIN_TIMEOUT);
        self.maybe_prepare_rebalance_or_complete_join(cx, RebalanceReason::MemberJoined(Some(id.client)));
    }

    /// A static member has restarted: its new id takes the place of the old one, which is fenced. A stable group goes on as
    /// it is, unless another protocol would be voted now.
    fn update_static_member(
        &mut self,
        cx: &mut Context,
        request: &JoinGroupRequest,
        old_id: MemberId,
        new_id: MemberId,
        reply_to: ReplyTo,
    ) {
        let old_leader = self.leader;
        self.replace_static_member(cx, old_id, new_id);
        self.reschedule_heartbeat(new_id, cx.now);
        self.update_member(new_id, request, reply_to);
        match self.state {
            ClassicGroupState::Stable if self.protocol == Some(self.select_protocol()) => {
                let response = if request.supports_skipping_assignment() {
                    self.join_response(new_id, self.is_leader(new_id))
                } else {
                    // An old client that is told that it leads would assign anew: it is shown as a follower of its former self.
                    JoinGroupResponse { leader: old_leader, members: Vec::new(), ..self.join_response(new_id, false) }
                };
                self.complete_join(cx, new_id, response);
            }
            ClassicGroupState::Stable => {
                self.maybe_prepare_rebalance_or_complete_join(cx, RebalanceReason::SubscriptionChanged);
            }
            // The leader may be assigning to the old id right now.
            ClassicGroupState::CompletingRebalance => {
                self.prepare_rebalance(cx, RebalanceReason::MemberJoined(Some(new_id.client)));
            }
            ClassicGroupState::PreparingRebalance => self.maybe_complete_join_phase(cx),
            ClassicGroupState::Empty | ClassicGroupState::Dead => unreachable!("a group with a member is not empty"),
        }
    }

    fn replace_static_member(&mut self, cx: &mut Context, old_id: MemberId, new_id: MemberId) {
        let fenced = JoinGroupResponse { generation: NO_GENERATION, ..JoinGroupResponse::failed(Errors::FencedInstanceId, Some(old_id)) };
        self.complete_join(cx, old_id, fenced);
        self.complete_sync(cx, old_id, SyncGroupResponse::failed(Errors::FencedInstanceId));
        let old = self.members.remove(&old_id).expect("a static member is a member");
        self.timer.cancel(TimerKey::Heartbeat(old_id));
        // Kafka starts with a new member object: what the old id still owed does not bind the new one.
        let new = ClassicGroupMember { member_id: new_id, is_new: false, ..old };
        let instance = new.group_instance_id.expect("only a static member is replaced");
        self.members.insert(new_id, new);
        if self.is_leader(old_id) {
            self.leader = Some(new_id);
        }
        self.static_members.insert(instance, new_id);
    }
}
