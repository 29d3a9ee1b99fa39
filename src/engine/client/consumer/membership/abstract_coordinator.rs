//! Joining, syncing, heartbeats and leaving, and what the answers to them do to the member's generation.
//! Kafka: `AbstractCoordinator`.

use super::super::commit::CommitKind;
use super::{Asked, Generation, InFlight, JoinFuture, MemberState, Membership, Output, REQUEST_TIMEOUT, backoff};
use crate::engine::coordinator::group::message::{
    GroupRequest, GroupResponse, HeartbeatRequest, JoinGroupRequest, JoinGroupResponse, JoinReason, LeaveGroupRequest, LeaveReason,
    MemberIdentity, NO_GENERATION, SyncGroupRequest, SyncGroupResponse,
};
use crate::engine::errors::Errors;
use crate::engine::time::{Duration, Instant};

/// `JOIN_GROUP_TIMEOUT_LAPSE`: how much longer than the rebalance timeout a JoinGroup is waited for.
const JOIN_GROUP_TIMEOUT_LAPSE: Duration = Duration::from_secs(5);

impl Membership {
    /// `joinGroupIfNeeded`: whether the member is settled.
    pub(super) fn join_if_needed(&mut self, now: Instant, out: &mut Vec<Output>) -> bool {
        self.rejoin_if_metadata_changed();
        while self.rejoin_needed_or_pending() {
            if self.join_backoff_until.is_some_and(|until| now < until) {
                return false;
            }
            self.join_backoff_until = None;
            if self.needs_join_prepare {
                if !self.on_join_prepare(now, out) {
                    return false;
                }
                self.needs_join_prepare = false;
            }
            match self.join_future.take() {
                None => {
                    self.send_join(now, out);
                    return false;
                }
                Some(JoinFuture::Pending) => {
                    self.join_future = Some(JoinFuture::Pending);
                    return false;
                }
                Some(JoinFuture::Succeeded(assignment)) => {
                    // A heartbeat may have learned meanwhile that the group goes on without the member.
                    if self.state == MemberState::Stable && !self.has_generation_reset() {
                        self.needs_join_prepare = true;
                        self.on_join_complete(now, &assignment, out);
                    } else {
                        self.reset_state_and_rejoin(true);
                    }
                }
                Some(JoinFuture::Failed(error)) => {
                    // Who has just got its id comes back for the reason that it first came.
                    if error != Errors::MemberIdRequired {
                        let rebalances = error == Errors::RebalanceInProgress;
                        self.request_rejoin(if rebalances { JoinReason::GroupRebalancing } else { JoinReason::MembershipLost });
                    }
                    let at_once = matches!(
                        error,
                        Errors::MemberIdRequired | Errors::RebalanceInProgress | Errors::UnknownMemberId | Errors::IllegalGeneration
                    );
                    if at_once {
                        continue;
                    }
                    if error.is_retriable() {
                        self.join_backoff_until = Some(now + backoff(0));
                    } else {
                        self.polling = false;
                        out.push(Output::Failed(error));
                    }
                    return false;
                }
            }
        }
        true
    }

    fn send_join(&mut self, now: Instant, out: &mut Vec<Output>) {
        self.state = MemberState::PreparingRebalance;
        self.join_future = Some(JoinFuture::Pending);
        let request = JoinGroupRequest {
            group: self.config.group,
            client: self.config.client,
            member_id: self.generation.member_id,
            group_instance_id: self.config.group_instance_id,
            session_timeout: self.config.session_timeout,
            rebalance_timeout: self.config.max_poll_interval,
            protocols: self.protocols(),
            reason: self.rejoin_reason,
            version: JoinGroupRequest::LATEST_VERSION,
        };
        let timeout = REQUEST_TIMEOUT.max(self.config.max_poll_interval + JOIN_GROUP_TIMEOUT_LAPSE);
        self.send(now, GroupRequest::JoinGroup(request), Asked::JoinGroup, timeout, out);
    }

    /// Hears an answer.
    pub(super) fn receive(&mut self, now: Instant, asked: InFlight, response: GroupResponse, out: &mut Vec<Output>) {
        let sent = asked.sent_generation;
        match (asked.what, response) {
            (Asked::JoinGroup, GroupResponse::JoinGroup(response)) => {
                // While the member joins, its heartbeat thread rests: nobody reads the answer before the application polls.
                if self.reads_network() {
                    self.joined(now, sent, response, out);
                } else {
                    self.unread_join = Some((sent, response));
                }
            }
            (Asked::SyncGroup, GroupResponse::SyncGroup(response)) => self.synced(sent, response, out),
            (Asked::Heartbeat, GroupResponse::Heartbeat(error)) => self.heartbeat_answered(now, sent, error, out),
            (Asked::LeaveGroup, GroupResponse::LeaveGroup(_)) => (),
            (Asked::OffsetCommit(commit), GroupResponse::OffsetCommit(response)) => {
                self.commit_answered(now, commit, sent, response.error, out);
            }
            (Asked::OffsetFetch(fetch), GroupResponse::OffsetFetch(response)) => self.offsets_fetched(now, fetch, response, out),
            (what, response) => panic!("{response:?} is no answer to {what:?}"),
        }
    }

    fn reads_network(&self) -> bool {
        let is_sync = |what: &Asked| match what {
            Asked::OffsetCommit(commit) => commit.kind == CommitKind::Sync,
            Asked::JoinGroup | Asked::SyncGroup | Asked::Heartbeat | Asked::LeaveGroup | Asked::OffsetFetch(_) => false,
        };
        let commits = self.in_flight.values().any(|asked| is_sync(&asked.what)) || self.retries.iter().any(|(_, what)| is_sync(what));
        self.polling || self.closing.is_some() || self.sends_heartbeats() || commits
    }

    /// Somebody reads again what has come in.
    pub(in super::super) fn read_unread_join(&mut self, now: Instant, out: &mut Vec<Output>) {
        if let Some((sent, response)) = self.unread_join.take() {
            self.joined(now, sent, response, out);
        }
    }

    fn joined(&mut self, now: Instant, sent: Generation, response: JoinGroupResponse, out: &mut Vec<Output>) {
        match response.error {
            // It has left meanwhile (Kafka: `UnjoinedGroupException`, which is retriable).
            Errors::None if self.state != MemberState::PreparingRebalance => {
                self.join_future = Some(JoinFuture::Failed(Errors::NetworkException));
            }
            Errors::None => {
                self.state = MemberState::CompletingRebalance;
                self.heartbeat.reset(now);
                let (id, member_id) = (response.generation, response.member_id);
                self.generation = Generation { id, member_id, protocol: response.protocol };
                let assignments = if response.leader == member_id { self.on_leader_elected(&response) } else { Vec::new() };
                let request = SyncGroupRequest {
                    group: self.config.group,
                    member_id: member_id.expect("who has joined has an id"),
                    group_instance_id: self.config.group_instance_id,
                    generation: id,
                    protocol: response.protocol,
                    assignments,
                };
                self.send(now, GroupRequest::SyncGroup(request), Asked::SyncGroup, REQUEST_TIMEOUT, out);
            }
            Errors::MemberIdRequired => {
                self.generation = Generation { member_id: response.member_id, ..Generation::NONE };
                self.join_future = Some(JoinFuture::Failed(Errors::MemberIdRequired));
            }
            Errors::UnknownMemberId => {
                if self.generation == sent {
                    self.fenced(Errors::UnknownMemberId, out);
                }
                self.join_future = Some(JoinFuture::Failed(Errors::UnknownMemberId));
            }
            error => self.join_future = Some(JoinFuture::Failed(error)),
        }
    }

    fn synced(&mut self, sent: Generation, response: SyncGroupResponse, out: &mut Vec<Output>) {
        let error = match response.error {
            Errors::None if self.state == MemberState::CompletingRebalance && !self.has_generation_reset() => {
                if response.protocol == self.generation.protocol {
                    self.state = MemberState::Stable;
                    self.rejoin_reason = JoinReason::NotProvided;
                    self.rejoin_needed = false;
                    self.join_future = Some(JoinFuture::Succeeded(response.assignment));
                    return;
                }
                Errors::InconsistentGroupProtocol
            }
            // A heartbeat was told that the member is out: it joins again at once.
            Errors::None => Errors::IllegalGeneration,
            error @ (Errors::UnknownMemberId | Errors::IllegalGeneration) => {
                if self.generation == sent {
                    self.fenced(error, out);
                }
                error
            }
            error => error,
        };
        self.join_future = Some(JoinFuture::Failed(error));
    }

    /// Heartbeats are sent from the answer to JoinGroup on.
    pub(super) fn sends_heartbeats(&self) -> bool {
        match self.state {
            MemberState::Unjoined | MemberState::PreparingRebalance => false,
            MemberState::CompletingRebalance | MemberState::Stable => self.failed.is_none() && self.closing.is_none(),
        }
    }

    pub(super) fn send_heartbeat(&mut self, now: Instant, out: &mut Vec<Output>) {
        self.heartbeat.sent(now);
        let request = HeartbeatRequest {
            group: self.config.group,
            member_id: self.generation.member_id.expect("who has joined has an id"),
            group_instance_id: self.config.group_instance_id,
            generation: self.generation.id,
        };
        self.send(now, GroupRequest::Heartbeat(request), Asked::Heartbeat, REQUEST_TIMEOUT, out);
    }

    fn heartbeat_answered(&mut self, now: Instant, sent: Generation, error: Errors, out: &mut Vec<Output>) {
        match error {
            Errors::None => self.heartbeat.received(now),
            Errors::RebalanceInProgress => {
                // Whoever joins already knows. Heartbeats go on, so that the member stays until it has joined.
                if self.state == MemberState::Stable {
                    self.request_rejoin(JoinReason::GroupRebalancing);
                }
                self.heartbeat.received(now);
            }
            Errors::IllegalGeneration | Errors::UnknownMemberId | Errors::FencedInstanceId => {
                if self.generation != sent {
                    return self.heartbeat.received(now);
                }
                self.fenced(error, out);
                if error == Errors::FencedInstanceId {
                    // Another process runs as this member: the application is told when it polls.
                    self.failed = Some(error);
                } else {
                    self.heartbeat.failed(now);
                }
            }
            // Whatever else it is, the next heartbeat may fare better.
            _other => self.heartbeat.failed(now),
        }
    }

    /// `maybeLeaveGroup`: a static member does not say so, and its place is kept until its session ends.
    pub(super) fn maybe_leave_group(&mut self, now: Instant, reason: LeaveReason, out: &mut Vec<Output>) {
        let is_dynamic = self.config.group_instance_id.is_none();
        if let Some(member_id) = self.generation.member_id.filter(|_| is_dynamic && self.state != MemberState::Unjoined) {
            let identity = MemberIdentity { member_id: Some(member_id), group_instance_id: None, reason };
            let request = LeaveGroupRequest { group: self.config.group, members: vec![identity] };
            self.send(now, GroupRequest::LeaveGroup(request), Asked::LeaveGroup, REQUEST_TIMEOUT, out);
        }
        self.reset_state_and_rejoin(true);
    }

    /// A request has waited too long for its answer.
    pub(super) fn expire_requests(&mut self, now: Instant, out: &mut Vec<Output>) {
        self.time_out_commits(now, out);
        if self.in_flight.values().any(|asked| asked.expires <= now) {
            self.disconnect(now, out);
        }
    }

    /// `markCoordinatorUnknown`: nothing that is under way will be heard; all of it is tried again.
    pub(super) fn disconnect(&mut self, now: Instant, out: &mut Vec<Output>) {
        for asked in std::mem::take(&mut self.in_flight).into_values() {
            match asked.what {
                Asked::JoinGroup | Asked::SyncGroup => self.join_future = Some(JoinFuture::Failed(Errors::NetworkException)),
                Asked::Heartbeat => self.heartbeat.failed(now),
                Asked::LeaveGroup => (),
                Asked::OffsetCommit(commit) => {
                    self.commit_answered(now, commit, asked.sent_generation, Errors::NetworkException, out);
                }
                Asked::OffsetFetch(fetch) => self.retry_fetch(now, fetch),
            }
        }
        self.heartbeat.reset_session(now);
    }

    /// The coordinator does not know this member or generation: it has to start anew.
    pub(in super::super) fn fenced(&mut self, error: Errors, out: &mut Vec<Output>) {
        if self.generation.id != NO_GENERATION || !self.owned.is_empty() {
            out.push(Output::Fenced(error));
        }
        // With another generation the id may still be good, and a known member need not be waited for twice.
        self.reset_state_and_rejoin(error != Errors::IllegalGeneration);
    }

    pub(super) fn reset_state_and_rejoin(&mut self, reset_member_id: bool) {
        self.state = MemberState::Unjoined;
        let member_id = if reset_member_id { None } else { self.generation.member_id };
        self.generation = Generation { member_id, ..Generation::NONE };
        self.request_rejoin(JoinReason::MembershipLost);
        self.needs_join_prepare = true;
    }

    pub(in super::super) fn request_rejoin(&mut self, reason: JoinReason) {
        self.rejoin_reason = reason;
        self.rejoin_needed = true;
    }

    fn has_generation_reset(&self) -> bool {
        self.generation.id == NO_GENERATION && self.generation.protocol.is_none()
    }
}
