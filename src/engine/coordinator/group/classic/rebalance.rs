//! The phases of a rebalance and what ends them: everyone joined, the time is over, a session ended.
//! Kafka: `GroupMetadataManager.prepareRebalance`, `completeClassicGroupJoin`, `expirePendingSync`,
//! `expireClassicGroupMemberHeartbeat` and what they call.

use super::super::message::{Assignment, JoinGroupResponse, MemberId, SyncGroupResponse};
use super::{ClassicGroup, ClassicGroupMember, ClassicGroupState, Context, InitialRebalance, TimerKey};
use crate::engine::errors::Errors;
use crate::engine::observe::observation::{RebalanceReason, RemovalReason, What};
use crate::engine::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

impl ClassicGroup {
    /// Everything whose time has come.
    pub(in super::super) fn on_timer(&mut self, cx: &mut Context) {
        while let Some(key) = self.timer.pop_expired(cx.now) {
            match key {
                TimerKey::Join => match self.initial_rebalance {
                    Some(initial) => self.try_complete_initial_rebalance(cx, initial),
                    None => self.complete_join_phase(cx),
                },
                TimerKey::Sync => self.expire_pending_sync(cx),
                TimerKey::Heartbeat(id) => self.expire_heartbeat(cx, id),
            }
        }
    }

    pub(super) fn maybe_prepare_rebalance_or_complete_join(&mut self, cx: &mut Context, why: RebalanceReason) {
        match self.state {
            ClassicGroupState::Empty | ClassicGroupState::CompletingRebalance | ClassicGroupState::Stable => {
                self.prepare_rebalance(cx, why);
            }
            ClassicGroupState::PreparingRebalance => self.maybe_complete_join_phase(cx),
            ClassicGroupState::Dead => (),
        }
    }

    pub(super) fn prepare_rebalance(&mut self, cx: &mut Context, why: RebalanceReason) {
        if self.state == ClassicGroupState::CompletingRebalance {
            self.reset_and_propagate_assignment(cx, Errors::RebalanceInProgress);
        } else {
            self.unsettled_since = cx.now;
        }
        self.cancel_sync_expiration();
        cx.observe(What::RebalanceStarted { group: self.id, why });
        if self.state == ClassicGroupState::Empty {
            // More members are likely to come.
            let delay = cx.config.initial_rebalance_delay;
            self.initial_rebalance = Some(InitialRebalance { delay, remaining: self.rebalance_timeout() - delay });
            self.timer.schedule(TimerKey::Join, cx.now + delay);
            self.transition_to(ClassicGroupState::PreparingRebalance, cx.now);
        } else {
            self.transition_to(ClassicGroupState::PreparingRebalance, cx.now);
            if self.has_all_members_joined() {
                self.complete_join_phase(cx);
            } else {
                self.initial_rebalance = None;
                self.timer.schedule(TimerKey::Join, cx.now + self.rebalance_timeout());
            }
        }
    }

    /// Unless this is the initial rebalance, which takes its time.
    pub(super) fn maybe_complete_join_phase(&mut self, cx: &mut Context) {
        let prepares = self.state == ClassicGroupState::PreparingRebalance;
        if prepares && self.previous_state != ClassicGroupState::Empty && self.has_all_members_joined() {
            self.complete_join_phase(cx);
        }
    }

    fn try_complete_initial_rebalance(&mut self, cx: &mut Context, initial: InitialRebalance) {
        if !self.new_member_added || initial.remaining == Duration::ZERO {
            return self.complete_join_phase(cx);
        }
        self.new_member_added = false;
        let delay = cx.config.initial_rebalance_delay.min(initial.remaining);
        self.initial_rebalance = Some(InitialRebalance { delay, remaining: initial.remaining - initial.delay });
        self.timer.schedule(TimerKey::Join, cx.now + delay);
    }

    /// Ends the join phase: whoever is not there is out, and the next generation begins.
    fn complete_join_phase(&mut self, cx: &mut Context) {
        self.timer.cancel(TimerKey::Join);
        self.initial_rebalance = None;
        let absent = |member: &&ClassicGroupMember| !member.is_awaiting_join() && !member.is_static();
        let absent: Vec<MemberId> = self.members.values().filter(absent).map(|member| member.member_id).collect();
        for id in absent {
            self.remove_member(cx, id, RemovalReason::RebalanceTimeout);
        }
        if !self.elect_joined_leader() && !self.members.is_empty() {
            // Static members only, none of which is here: they have until their sessions end.
            self.timer.schedule(TimerKey::Join, cx.now + self.rebalance_timeout());
            return;
        }
        self.generation += 1;
        self.pending_sync.clear();
        if self.members.is_empty() {
            self.protocol = None;
            self.subscribed_topics = Some(BTreeSet::new());
            self.transition_to(ClassicGroupState::Empty, cx.now);
            self.observe_completed(cx, 0);
            return;
        }
        let protocol = self.select_protocol();
        self.protocol = Some(protocol);
        let topics = self.members.values().flat_map(|member| member.metadata(protocol).topics.iter().copied());
        self.subscribed_topics = Some(topics.collect());
        self.transition_to(ClassicGroupState::CompletingRebalance, cx.now);
        let ids: Vec<MemberId> = self.members.keys().copied().collect();
        for id in ids {
            let response = self.join_response(id, false);
            self.complete_join(cx, id, response);
            self.reschedule_heartbeat(id, cx.now);
            self.members.get_mut(&id).expect("nobody left meanwhile").is_new = false;
            self.pending_sync.insert(id);
        }
        self.timer.schedule(TimerKey::Sync, cx.now + self.rebalance_timeout());
    }

    /// Makes sure that the leader has joined; false: nobody has.
    fn elect_joined_leader(&mut self) -> bool {
        let Some(leader) = self.leader else { return false };
        if self.members[&leader].is_awaiting_join() {
            return true;
        }
        let joined = self.members.values().filter(|member| member.is_awaiting_join()).min_by_key(|member| member.joined);
        let Some(joined) = joined else { return false };
        self.leader = Some(joined.member_id);
        true
    }

    pub(super) fn cancel_sync_expiration(&mut self) {
        self.pending_sync.clear();
        self.timer.cancel(TimerKey::Sync);
    }

    /// Members that have not asked for their assignment in time are out.
    fn expire_pending_sync(&mut self, cx: &mut Context) {
        match self.state {
            ClassicGroupState::Empty | ClassicGroupState::PreparingRebalance | ClassicGroupState::Dead => {}
            ClassicGroupState::CompletingRebalance | ClassicGroupState::Stable => {
                let late = std::mem::take(&mut self.pending_sync);
                let Some(first) = late.first().copied() else { return };
                for id in late {
                    // The id may be one that a static member has given up by restarting.
                    if self.members.contains_key(&id) {
                        self.remove_member(cx, id, RemovalReason::SyncTimeout);
                    }
                }
                self.prepare_rebalance(cx, RebalanceReason::MemberLeft(Some(first.client)));
            }
        }
    }

    fn expire_heartbeat(&mut self, cx: &mut Context, id: MemberId) {
        if self.pending_join.contains(&id) {
            self.remove(id);
            if self.state == ClassicGroupState::PreparingRebalance && self.has_all_members_joined() {
                self.complete_join_phase(cx);
            }
            return;
        }
        let Some(member) = self.members.get(&id) else { return };
        // It is not looked for again until the answer that it waits for is sent, which begins a new session.
        if member.has_satisfied_heartbeat() {
            return;
        }
        self.complete_join(cx, id, JoinGroupResponse::failed(Errors::UnknownMemberId, None));
        self.remove_member(cx, id, RemovalReason::SessionTimeout);
        match self.state {
            ClassicGroupState::Stable | ClassicGroupState::CompletingRebalance => {
                self.prepare_rebalance(cx, RebalanceReason::MemberLeft(Some(id.client)));
            }
            ClassicGroupState::PreparingRebalance if self.has_all_members_joined() => self.complete_join_phase(cx),
            ClassicGroupState::PreparingRebalance | ClassicGroupState::Empty | ClassicGroupState::Dead => (),
        }
    }

    /// The leader has divided the partitions: everyone who asked gets its part, and the group is stable.
    pub(super) fn set_and_propagate_assignment(&mut self, cx: &mut Context, assignments: &[(MemberId, Assignment)]) {
        let mut assignments: BTreeMap<MemberId, Assignment> = assignments.iter().cloned().collect();
        let mut moved = 0;
        for (id, member) in &mut self.members {
            member.assignment = assignments.remove(id).unwrap_or_else(|| Arc::new([]));
            for &partition in member.assignment.iter() {
                let last = self.owners.insert(partition, id.client);
                moved += u32::from(last.is_some_and(|last| last != id.client));
            }
        }
        self.propagate_assignment(cx, Errors::None);
        self.transition_to(ClassicGroupState::Stable, cx.now);
        self.observe_completed(cx, moved);
    }

    fn reset_and_propagate_assignment(&mut self, cx: &mut Context, error: Errors) {
        let nothing: Assignment = Arc::new([]);
        for member in self.members.values_mut() {
            member.assignment = nothing.clone();
        }
        self.propagate_assignment(cx, error);
    }

    fn propagate_assignment(&mut self, cx: &mut Context, error: Errors) {
        let protocol = if error.is_none() { self.protocol } else { None };
        let ids: Vec<MemberId> = self.members.keys().copied().collect();
        for id in ids {
            let assignment = self.members[&id].assignment.clone();
            // Its session may have ended unnoticed while it waited.
            if self.complete_sync(cx, id, SyncGroupResponse { error, protocol, assignment }) {
                self.reschedule_heartbeat(id, cx.now);
            }
        }
    }

    fn observe_completed(&self, cx: &mut Context, moved: u32) {
        cx.observe(What::RebalanceCompleted {
            group: self.id,
            generation: u32::try_from(self.generation).expect("a generation that has begun is positive"),
            members: u32::try_from(self.members.len()).expect("members fit in 32 bits"),
            moved,
            took: cx.now.since(self.unsettled_since),
        });
    }
}
