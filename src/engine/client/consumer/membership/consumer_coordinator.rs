//! What a rebalance does to the partitions of a member, and how a leader divides them.
//! Kafka: `ConsumerCoordinator`, KIP-429.

use super::{Assignment, AutoCommit, Closing, MemberState, Membership, Output, PrepareCommit, RebalanceProtocol, TopicMetadata, backoff};
use crate::engine::coordinator::group::assignor::{self, assign};
use crate::engine::coordinator::group::message::{
    InstanceId, JoinGroupResponse, JoinGroupResponseMember, JoinReason, LeaveReason, MemberId, NO_GENERATION, Protocol, Subscription,
};
use crate::engine::design::Assignor;
use crate::engine::id::TopicPartition;
use crate::engine::time::Instant;
use std::sync::Arc;

impl Membership {
    /// Before the member joins: a last commit of what it has, then it gives up what it has to. False: not done yet.
    pub(super) fn on_join_prepare(&mut self, now: Instant, out: &mut Vec<Output>) -> bool {
        let expires = *self.join_prepare_expires.get_or_insert(now + self.config.max_poll_interval);
        if self.config.auto_commit_interval.is_some() && !self.owned.is_empty() {
            match self.prepare_commit {
                PrepareCommit::Done => (),
                // The group would not wait longer.
                PrepareCommit::NotBegun | PrepareCommit::UnderWay(_) if expires <= now => (),
                PrepareCommit::UnderWay(_) => return false,
                PrepareCommit::NotBegun => {
                    if self.config.rebalance_protocol() == RebalanceProtocol::Eager {
                        out.push(Output::PartitionsPendingRevocation);
                    }
                    self.prepare_commit = PrepareCommit::UnderWay(None);
                    out.push(Output::AutoCommit(AutoCommit::BeforeRejoin));
                    return false;
                }
            }
        }
        self.join_prepare_expires = None;
        self.prepare_commit = PrepareCommit::NotBegun;
        self.is_leader = false;
        if self.generation.id == NO_GENERATION || self.generation.member_id.is_none() {
            self.give_up_all(Output::PartitionsLost, out);
        } else if self.config.rebalance_protocol() == RebalanceProtocol::Eager {
            self.give_up_all(Output::PartitionsRevoked, out);
        }
        true
    }

    /// The commit before joining is done with; an error that may pass is met by another try.
    pub(in super::super) fn prepare_commit_done(&mut self, now: Instant, retriable: bool) {
        if retriable {
            self.prepare_commit = PrepareCommit::NotBegun;
            self.join_backoff_until = Some(now + backoff(0));
        } else {
            self.prepare_commit = PrepareCommit::Done;
        }
    }

    fn give_up_all(&mut self, how: fn(Assignment) -> Output, out: &mut Vec<Output>) {
        let dropped = std::mem::replace(&mut self.owned, Arc::new([]));
        if !dropped.is_empty() {
            out.push(how(dropped));
        }
    }

    pub(super) fn on_join_complete(&mut self, now: Instant, assignment: &Assignment, out: &mut Vec<Output>) {
        if !self.is_leader {
            self.assignment_snapshot = None;
        }
        let mut assigned = assignment.to_vec();
        assigned.sort_unstable();
        let without = |these: &[TopicPartition], those: &[TopicPartition]| -> Assignment {
            these.iter().copied().filter(|partition| those.binary_search(partition).is_err()).collect()
        };
        if self.config.rebalance_protocol() == RebalanceProtocol::Cooperative {
            let revoked = without(&self.owned, &assigned);
            if !revoked.is_empty() {
                out.push(Output::PartitionsRevoked(revoked));
                // Only in the next generation can others have them.
                self.request_rejoin(JoinReason::NeedToRevokePartitionsAndRejoin);
            }
        }
        let added = without(&assigned, &self.owned);
        self.last_assignment = (assignment.clone(), self.generation.id);
        self.owned = assigned.into();
        if let Some(interval) = self.config.auto_commit_interval {
            self.next_auto_commit = now + interval;
        }
        out.push(Output::PartitionsAssigned { added, assigned: self.owned.clone() });
    }

    /// What the member says to each assignor that it can work with.
    pub(super) fn protocols(&self) -> Arc<[Protocol]> {
        let protocol = |&assignor: &Assignor| {
            let (owned, generation) = match assignor {
                // Eager members own nothing when they join: the sticky assignor has its own memory.
                Assignor::Sticky => self.last_assignment.clone(),
                Assignor::Range | Assignor::RoundRobin | Assignor::CooperativeSticky => (self.owned.clone(), self.generation.id),
            };
            Protocol { assignor, subscription: Subscription { topics: self.config.topics.clone(), owned, generation } }
        };
        self.config.assignors.iter().map(protocol).collect()
    }

    /// The member leads: it divides the partitions with the assignor that was voted.
    pub(super) fn on_leader_elected(&mut self, response: &JoinGroupResponse) -> Vec<(MemberId, Assignment)> {
        self.is_leader = true;
        self.assignment_snapshot = Some(self.metadata.clone());
        if response.skip_assignment {
            return Vec::new();
        }
        let group = &self.config.group_name;
        let ids: Vec<String> = response.members.iter().map(|member| member.member_id.text(group)).collect();
        let instance_id = |instance: InstanceId| format!("{group}-{}", instance.0);
        let instance_ids: Vec<Option<String>> = response.members.iter().map(|member| member.group_instance_id.map(instance_id)).collect();
        let mut members = Vec::with_capacity(response.members.len());
        for (place, JoinGroupResponseMember { subscription, .. }) in response.members.iter().enumerate() {
            members.push(assignor::Member {
                id: &ids[place],
                instance_id: instance_ids[place].as_deref(),
                rack: None,
                topics: &subscription.topics,
                owned: &subscription.owned,
                generation: Some(subscription.generation),
            });
        }
        let mut topics = Vec::with_capacity(self.metadata.len());
        for TopicMetadata { topic, name, partitions } in self.metadata.iter() {
            topics.push(assignor::Topic { id: *topic, name, partitions, racks: &[] });
        }
        let protocol = response.protocol.expect("a group with members has voted");
        let assignments = assign(protocol, &members, &topics);
        response.members.iter().map(|member| member.member_id).zip(assignments.into_iter().map(Into::into)).collect()
    }

    /// Only the leader watches for partitions that it has not assigned.
    pub(super) fn rejoin_if_metadata_changed(&mut self) {
        let Some(snapshot) = &self.assignment_snapshot else { return };
        let changed = !Arc::ptr_eq(snapshot, &self.metadata) && *snapshot != self.metadata;
        if changed && !self.rejoin_needed {
            self.request_rejoin(JoinReason::CachedMetadataChanged);
        }
    }

    /// The last commit is done: gives everything up and leaves.
    pub(in super::super) fn leave_on_close(&mut self, now: Instant, out: &mut Vec<Output>) {
        let Some(Closing { expires, left: false }) = self.closing else { return };
        let is_member = self.generation.id != NO_GENERATION && self.generation.member_id.is_some();
        let rebalances = match self.state {
            MemberState::PreparingRebalance | MemberState::CompletingRebalance => true,
            MemberState::Unjoined | MemberState::Stable => false,
        };
        let how = if is_member && !rebalances { Output::PartitionsRevoked } else { Output::PartitionsLost };
        self.give_up_all(how, out);
        self.maybe_leave_group(now, LeaveReason::Closed, out);
        self.closing = Some(Closing { expires, left: true });
        self.finish_close(now, out);
    }

    /// Waits for the answers to what is under way, but not for ever.
    pub(super) fn finish_close(&mut self, now: Instant, out: &mut Vec<Output>) {
        let Some(Closing { expires, left }) = self.closing else { return };
        if expires == Instant::MAX {
            return; // It is closed already.
        }
        if !left && expires <= now {
            return self.leave_on_close(now, out);
        }
        if left && (self.in_flight.is_empty() || expires <= now) {
            self.in_flight.clear();
            self.retries.clear();
            self.closing = Some(Closing { expires: Instant::MAX, left: true });
            out.extend(self.completed.drain(..).map(Output::CommitCompleted));
            out.push(Output::Closed);
        }
    }
}
