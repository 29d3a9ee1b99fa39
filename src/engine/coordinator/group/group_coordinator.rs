//! The group coordinator of a broker: takes the requests of members to the group that they are for.
//! Kafka: `GroupCoordinatorService`, `GroupCoordinatorShard`. Left out: loading and unloading; `__consumer_offsets` as a
//! log, so that what the coordinator knows outlives its broker.
//! Holds: every request is answered exactly once, now or later, except a JoinGroup or SyncGroup that the same member repeats.

use super::classic::{ClassicGroup, ClassicGroupState, Context};
use super::message::{GroupRequest, GroupResponse, JoinGroupRequest, JoinGroupResponse, LeaveGroupRequest, LeaveGroupResponse};
use super::message::{NO_GENERATION, OffsetCommitRequest, OffsetCommitRequestPartition, OffsetCommitResponse, OffsetFetchRequest};
use super::message::{OffsetFetchResponse, ReplyTo, SyncGroupResponse};
use super::offsets::{OFFSETS_RETENTION_CHECK_INTERVAL, OffsetAndMetadata, OffsetMetadata};
use crate::engine::design::{BrokerConfig, CommitError};
use crate::engine::errors::Errors;
use crate::engine::id::{GroupId, Offset, TopicPartition};
use crate::engine::observe::observation::{Refusal, What};
use crate::engine::time::{Duration, Instant};
use std::collections::BTreeMap;

/// What the coordinator wants done, in this order.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    Respond { to: ReplyTo, response: GroupResponse },
    Observe(What),
}

/// The broker's settings for groups.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// `group.initial.rebalance.delay.ms`
    pub initial_rebalance_delay: Duration,
    /// `group.min.session.timeout.ms`
    pub min_session_timeout: Duration,
    /// `group.max.session.timeout.ms`
    pub max_session_timeout: Duration,
    /// `group.max.size`
    pub group_max_size: usize,
}

impl From<&BrokerConfig> for Config {
    fn from(config: &BrokerConfig) -> Self {
        Config {
            initial_rebalance_delay: config.group_initial_rebalance_delay,
            min_session_timeout: config.group_min_session_timeout,
            max_session_timeout: config.group_max_session_timeout,
            group_max_size: config.group_max_size as usize,
        }
    }
}

#[derive(Clone, Debug)]
pub struct GroupCoordinator {
    config: Config,
    groups: BTreeMap<GroupId, ClassicGroup>,
    offsets: BTreeMap<GroupId, OffsetMetadata>,
    /// What commits of a group are answered with, by intervention.
    commit_failures: BTreeMap<GroupId, CommitError>,
    next_retention_check: Instant,
}

impl GroupCoordinator {
    pub fn new(config: Config, now: Instant) -> Self {
        GroupCoordinator {
            config,
            groups: BTreeMap::new(),
            offsets: BTreeMap::new(),
            commit_failures: BTreeMap::new(),
            next_retention_check: now + OFFSETS_RETENTION_CHECK_INTERVAL,
        }
    }

    /// None: nobody has joined or committed yet, or the group is forgotten.
    pub fn group(&self, group: GroupId) -> Option<&ClassicGroup> {
        self.groups.get(&group)
    }

    /// A group that the coordinator does not know is `Dead`.
    pub fn state(&self, group: GroupId) -> ClassicGroupState {
        self.groups.get(&group).map_or(ClassicGroupState::Dead, ClassicGroup::state)
    }

    pub fn committed(&self, group: GroupId, partition: TopicPartition) -> Option<&OffsetAndMetadata> {
        self.offsets.get(&group)?.get(partition)
    }

    /// All that the group has committed, by partition.
    pub fn offsets(&self, group: GroupId) -> Option<&OffsetMetadata> {
        self.offsets.get(&group)
    }

    pub fn handle(&mut self, now: Instant, request: &GroupRequest, reply_to: ReplyTo, out: &mut Vec<Output>) {
        let response = match request {
            GroupRequest::JoinGroup(request) => return self.join(now, request, reply_to, out),
            GroupRequest::SyncGroup(request) => match self.groups.get_mut(&request.group) {
                Some(group) => return group.sync(&mut Context { now, config: &self.config, out }, request, reply_to),
                None => GroupResponse::SyncGroup(SyncGroupResponse::failed(Errors::UnknownMemberId)),
            },
            GroupRequest::Heartbeat(request) => GroupResponse::Heartbeat(match self.groups.get_mut(&request.group) {
                Some(group) => group.heartbeat(now, request),
                None => Errors::UnknownMemberId,
            }),
            GroupRequest::LeaveGroup(request) => GroupResponse::LeaveGroup(self.leave(now, request, out)),
            GroupRequest::OffsetCommit(request) => {
                let error = self.commit_offset(now, request).err().unwrap_or(Errors::None);
                GroupResponse::OffsetCommit(OffsetCommitResponse { error })
            }
            GroupRequest::OffsetFetch(request) => GroupResponse::OffsetFetch(self.fetch_offsets(request)),
        };
        out.push(Output::Respond { to: reply_to, response });
    }

    /// When `on_timer` is to be called next.
    pub fn next_timer(&self) -> Instant {
        let groups = self.groups.values().filter_map(ClassicGroup::next_timer);
        groups.fold(self.next_retention_check, Instant::min)
    }

    pub fn on_timer(&mut self, now: Instant, out: &mut Vec<Output>) {
        for group in self.groups.values_mut() {
            group.on_timer(&mut Context { now, config: &self.config, out });
        }
        while self.next_retention_check <= now {
            self.next_retention_check += OFFSETS_RETENTION_CHECK_INTERVAL;
            self.cleanup_group_metadata(now);
        }
    }

    /// From now on every OffsetCommit of the group is answered with such an error; none: as usual again.
    pub fn set_commit_failure(&mut self, group: GroupId, error: Option<CommitError>) {
        match error {
            Some(error) => self.commit_failures.insert(group, error),
            None => self.commit_failures.remove(&group),
        };
    }

    /// What `kafka-consumer-groups --reset-offsets` does: moves offsets of a group that has no members.
    pub fn reset_offsets(
        &mut self,
        now: Instant,
        group: GroupId,
        offsets: &[OffsetCommitRequestPartition],
        out: &mut Vec<Output>,
    ) -> Result<(), Refusal> {
        match self.state(group) {
            ClassicGroupState::Empty | ClassicGroupState::Dead => (),
            ClassicGroupState::PreparingRebalance | ClassicGroupState::CompletingRebalance | ClassicGroupState::Stable => {
                return Err(Refusal::GroupActive);
            }
        }
        for commit in offsets {
            let from: Option<Offset> = self.committed(group, commit.partition).map(|committed| committed.offset);
            out.push(Output::Observe(What::GroupReset { group, partition: commit.partition, from, to: commit.offset }));
        }
        self.groups.entry(group).or_insert_with(|| ClassicGroup::new(group, now));
        self.offsets.entry(group).or_default().commit(now, offsets);
        Ok(())
    }

    fn join(&mut self, now: Instant, request: &JoinGroupRequest, reply_to: ReplyTo, out: &mut Vec<Output>) {
        let mut fail = |error, id| {
            let response = GroupResponse::JoinGroup(JoinGroupResponse::failed(error, id));
            out.push(Output::Respond { to: reply_to, response });
        };
        let session = request.session_timeout;
        if session < self.config.min_session_timeout || session > self.config.max_session_timeout {
            return fail(Errors::InvalidSessionTimeout, None);
        }
        if request.member_id.is_some() && !self.groups.contains_key(&request.group) {
            return fail(Errors::UnknownMemberId, request.member_id);
        }
        let group = self.groups.entry(request.group).or_insert_with(|| ClassicGroup::new(request.group, now));
        group.join(&mut Context { now, config: &self.config, out }, request, reply_to);
    }

    fn leave(&mut self, now: Instant, request: &LeaveGroupRequest, out: &mut Vec<Output>) -> LeaveGroupResponse {
        match self.groups.get_mut(&request.group) {
            Some(group) => group.leave(&mut Context { now, config: &self.config, out }, request),
            None => {
                let members = vec![Errors::UnknownMemberId; request.members.len()];
                LeaveGroupResponse { error: Errors::None, members }
            }
        }
    }

    fn commit_offset(&mut self, now: Instant, request: &OffsetCommitRequest) -> Result<(), Errors> {
        match self.commit_failures.get(&request.group) {
            Some(CommitError::Retriable) => return Err(Errors::CoordinatorLoadInProgress),
            Some(CommitError::Fatal) => return Err(Errors::GroupAuthorizationFailed),
            None => (),
        }
        // A group that nobody joined is made for whoever keeps its offsets there without being a member.
        if request.generation <= NO_GENERATION {
            self.groups.entry(request.group).or_insert_with(|| ClassicGroup::new(request.group, now));
        }
        let group = self.groups.get_mut(&request.group).ok_or(Errors::IllegalGeneration)?;
        group.validate_offset_commit(request.member_id, request.group_instance_id, request.generation, false)?;
        group.maintain_session(request.member_id, now);
        self.offsets.entry(request.group).or_default().commit(now, &request.offsets);
        Ok(())
    }

    fn fetch_offsets(&self, request: &OffsetFetchRequest) -> OffsetFetchResponse {
        let committed = |&partition| (partition, self.committed(request.group, partition).map(|committed| committed.offset));
        OffsetFetchResponse { error: Errors::None, offsets: request.partitions.iter().map(committed).collect() }
    }

    /// Forgets old offsets, then groups that are empty and have none.
    fn cleanup_group_metadata(&mut self, now: Instant) {
        let offsets = &mut self.offsets;
        self.groups.retain(|id, group| {
            let none_left = offsets.get_mut(id).is_none_or(|offsets| {
                offsets.cleanup_expired(now, group);
                offsets.is_empty()
            });
            if none_left {
                offsets.remove(id);
            }
            !(none_left && group.state() == ClassicGroupState::Empty)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::message::{HeartbeatRequest, InstanceId, JoinReason, MemberId, Protocol, Subscription, SyncGroupRequest};
    use super::*;
    use crate::engine::design::Assignor;
    use crate::engine::id::{MemberIndex, NodeId, TopicId};
    use std::sync::Arc;

    const GROUP: GroupId = GroupId(0);

    fn coordinator() -> GroupCoordinator {
        let config = Config {
            initial_rebalance_delay: Duration::from_secs(3),
            min_session_timeout: Duration::from_secs(6),
            max_session_timeout: Duration::from_secs(1_800),
            group_max_size: usize::MAX,
        };
        GroupCoordinator::new(config, Instant::ZERO)
    }

    /// Joins as a static member, which gets in at once.
    fn join(client: u32, assignors: &[Assignor]) -> JoinGroupRequest {
        let subscription = Subscription { topics: Arc::new([TopicId(0)]), owned: Arc::new([]), generation: NO_GENERATION };
        let protocol = |&assignor: &Assignor| Protocol { assignor, subscription: subscription.clone() };
        JoinGroupRequest {
            group: GROUP,
            client: MemberIndex(client),
            member_id: None,
            group_instance_id: Some(InstanceId(client)),
            session_timeout: Duration::from_secs(45),
            rebalance_timeout: Duration::from_secs(300),
            protocols: assignors.iter().map(protocol).collect(),
            reason: JoinReason::NotProvided,
            version: JoinGroupRequest::LATEST_VERSION,
        }
    }

    fn ask(coordinator: &mut GroupCoordinator, now: Instant, request: GroupRequest) -> Option<GroupResponse> {
        let mut out = Vec::new();
        coordinator.handle(now, &request, ReplyTo { node: NodeId(0), correlation: 0 }, &mut out);
        out.into_iter().find_map(|output| match output {
            Output::Respond { response, .. } => Some(response),
            Output::Observe(_) => None,
        })
    }

    /// A group of such members, each with its own assignors, right after the answer to their JoinGroups.
    fn joined(members: &[&[Assignor]]) -> (GroupCoordinator, Instant) {
        let mut coordinator = coordinator();
        for (client, assignors) in members.iter().enumerate() {
            let request = join(u32::try_from(client).expect("few members"), assignors);
            assert_eq!(ask(&mut coordinator, Instant::ZERO, GroupRequest::JoinGroup(request)), None);
        }
        let now = Instant::from_millis(6_000);
        let mut out = Vec::new();
        coordinator.on_timer(Instant::from_millis(3_000), &mut out);
        coordinator.on_timer(now, &mut out);
        assert_eq!(coordinator.state(GROUP), ClassicGroupState::CompletingRebalance);
        (coordinator, now)
    }

    #[test]
    fn a_session_timeout_out_of_bounds_is_refused() {
        for seconds in [5, 1_801] {
            let request = JoinGroupRequest { session_timeout: Duration::from_secs(seconds), ..join(0, &[Assignor::Range]) };
            let refused = JoinGroupResponse::failed(Errors::InvalidSessionTimeout, None);
            let mut coordinator = coordinator();
            let response = ask(&mut coordinator, Instant::ZERO, GroupRequest::JoinGroup(request));
            assert_eq!(response, Some(GroupResponse::JoinGroup(refused)));
            assert!(coordinator.group(GROUP).is_none());
        }
    }

    #[test]
    fn as_many_votes_are_decided_by_the_hashes_of_the_names() {
        use Assignor::{CooperativeSticky, Range, RoundRobin, Sticky};
        for (first, second, elected) in [
            ([Range, RoundRobin], [RoundRobin, Range], Range),
            ([Range, Sticky], [Sticky, Range], Sticky),
            ([CooperativeSticky, RoundRobin], [RoundRobin, CooperativeSticky], RoundRobin),
        ] {
            let (coordinator, _) = joined(&[&first, &second]);
            assert_eq!(coordinator.group(GROUP).and_then(ClassicGroup::protocol), Some(elected));
        }
    }

    #[test]
    fn heartbeats_of_a_quiet_group_hardly_wake_the_coordinator() {
        let members = 200;
        let (mut coordinator, mut now) = joined(&vec![&[Assignor::Range][..]; members]);
        let group = coordinator.group(GROUP).expect("it was joined");
        let (leader, ids): (_, Vec<MemberId>) = (group.leader().unwrap(), group.members().map(|member| member.member_id).collect());
        let instance = |id: MemberId| Some(InstanceId(id.client.0));
        for id in [leader].into_iter().chain(ids.iter().copied().filter(|id| *id != leader)) {
            let (generation, protocol, assignments) = (1, Some(Assignor::Range), Vec::new());
            let sync = SyncGroupRequest { group: GROUP, member_id: id, group_instance_id: instance(id), generation, protocol, assignments };
            ask(&mut coordinator, now, GroupRequest::SyncGroup(sync));
        }
        let mut wakes = 0;
        let mut out = Vec::new();
        let minutes = 9;
        for _ in 0..minutes * 20 {
            now += Duration::from_secs(3);
            while coordinator.next_timer() <= now {
                let wake = coordinator.next_timer();
                coordinator.on_timer(wake, &mut out);
                wakes += 1;
            }
            for &id in &ids {
                let beat = HeartbeatRequest { group: GROUP, member_id: id, group_instance_id: instance(id), generation: 1 };
                let response = ask(&mut coordinator, now, GroupRequest::Heartbeat(beat));
                assert_eq!(response, Some(GroupResponse::Heartbeat(Errors::None)));
            }
        }
        assert_eq!((coordinator.state(GROUP), out.len()), (ClassicGroupState::Stable, 0));
        // All members were last seen at the same moment, so one look in a session's time is enough for all of them.
        assert!(wakes <= minutes * 60 / 40, "{wakes} wakes for {} heartbeats", members * minutes * 20);
    }
}
