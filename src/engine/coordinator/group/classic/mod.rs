//! A classic consumer group: who is in it, which generation it is in, and what its state allows.
//! Kafka: `ClassicGroup`, KIP-62, KIP-345, KIP-394. The requests are in `join` and `sync`, the phases in `rebalance`
//! (Kafka: `GroupMetadataManager`). Left out: unloading of a coordinator, conversion to and from KIP-848 groups, other
//! protocol types than "consumer", and the records that Kafka writes before it answers: state changes at once.
//! Holds: a generation has one leader and one protocol that all its members support; members are only added and removed
//! together with the counts that the completion of a rebalance is decided by.
//!
//! Where Kafka's choice depends on the order of a hash map (who leads after the leader is gone), the member that joined
//! first is chosen.

mod join;
mod member;
mod rebalance;
mod sync;

use super::coordinator_timer::CoordinatorTimer;
use super::group_coordinator::{Config, Output};
use super::message::{GroupResponse, InstanceId, JoinGroupResponse, JoinGroupResponseMember, MemberId, ReplyTo, SyncGroupResponse};
use super::message::{NO_GENERATION, Protocol};
use crate::engine::design::Assignor;
use crate::engine::errors::Errors;
use crate::engine::id::{GroupId, MemberIndex, TopicId, TopicPartition};
use crate::engine::observe::observation::{RemovalReason, What};
use crate::engine::time::{Duration, Instant};
pub use member::ClassicGroupMember;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ClassicGroupState {
    /// No members; offsets may be committed.
    Empty,
    /// Waits for all members to join again.
    PreparingRebalance,
    /// Waits for the leader's assignment.
    CompletingRebalance,
    Stable,
    /// Of a group that the coordinator does not know, or has forgotten.
    Dead,
}

impl ClassicGroupState {
    /// Kafka's name of it.
    pub fn name(self) -> &'static str {
        match self {
            ClassicGroupState::Empty => "Empty",
            ClassicGroupState::PreparingRebalance => "PreparingRebalance",
            ClassicGroupState::CompletingRebalance => "CompletingRebalance",
            ClassicGroupState::Stable => "Stable",
            ClassicGroupState::Dead => "Dead",
        }
    }
}

/// What a group waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum TimerKey {
    /// The end of the join phase.
    Join,
    /// The end of the time in which members may sync.
    Sync,
    /// The end of a session: of a member, or of an id that was given out and not yet used.
    Heartbeat(MemberId),
}

/// The first rebalance of an empty group waits for more members to come.
#[derive(Clone, Copy, Debug)]
struct InitialRebalance {
    /// How long the present wait is.
    delay: Duration,
    /// How much longer all waits together may become.
    remaining: Duration,
}

#[derive(Clone, Debug)]
pub struct ClassicGroup {
    id: GroupId,
    state: ClassicGroupState,
    previous_state: ClassicGroupState,
    /// Since when the group is in its state.
    state_since: Instant,
    generation: i32,
    protocol: Option<Assignor>,
    /// Whether a member has ever joined: else it is a simple group, which only holds offsets.
    is_consumer_group: bool,
    leader: Option<MemberId>,
    members: BTreeMap<MemberId, ClassicGroupMember>,
    static_members: BTreeMap<InstanceId, MemberId>,
    /// Ids that were given out and that nobody has joined with yet.
    pending_join: BTreeSet<MemberId>,
    /// Who has not asked for the assignment of this generation yet.
    pending_sync: BTreeSet<MemberId>,
    awaiting_join: usize,
    /// How many members support each assignor.
    supporters: [usize; ASSIGNORS.len()],
    /// A member came during the initial rebalance, so that it may be extended.
    new_member_added: bool,
    initial_rebalance: Option<InitialRebalance>,
    /// The topics of all members; none before the first generation.
    subscribed_topics: Option<BTreeSet<TopicId>>,
    timer: CoordinatorTimer<TimerKey>,
    ids_given: u32,
    joins: u32,
    /// When the group was last left without a valid assignment.
    unsettled_since: Instant,
    /// Who was last given each partition, to see what moves.
    owners: BTreeMap<TopicPartition, MemberIndex>,
}

/// In the order in which Kafka takes them when they have as many votes: that of a `java.util.HashMap` of their names.
const ASSIGNORS: [Assignor; 4] = [Assignor::Sticky, Assignor::Range, Assignor::RoundRobin, Assignor::CooperativeSticky];

fn place(assignor: Assignor) -> usize {
    match assignor {
        Assignor::Sticky => 0,
        Assignor::Range => 1,
        Assignor::RoundRobin => 2,
        Assignor::CooperativeSticky => 3,
    }
}

/// What a request or a timeout is handled with.
pub(super) struct Context<'a> {
    pub now: Instant,
    pub config: &'a Config,
    pub out: &'a mut Vec<Output>,
}

impl Context<'_> {
    fn respond(&mut self, to: ReplyTo, response: GroupResponse) {
        self.out.push(Output::Respond { to, response });
    }
    fn observe(&mut self, what: What) {
        self.out.push(Output::Observe(what));
    }
}

impl ClassicGroup {
    pub fn new(id: GroupId, now: Instant) -> Self {
        ClassicGroup {
            id,
            state: ClassicGroupState::Empty,
            previous_state: ClassicGroupState::Dead,
            state_since: now,
            generation: 0,
            protocol: None,
            is_consumer_group: false,
            leader: None,
            members: BTreeMap::new(),
            static_members: BTreeMap::new(),
            pending_join: BTreeSet::new(),
            pending_sync: BTreeSet::new(),
            awaiting_join: 0,
            supporters: [0; ASSIGNORS.len()],
            new_member_added: false,
            initial_rebalance: None,
            subscribed_topics: None,
            timer: CoordinatorTimer::default(),
            ids_given: 0,
            joins: 0,
            unsettled_since: now,
            owners: BTreeMap::new(),
        }
    }

    pub fn state(&self) -> ClassicGroupState {
        self.state
    }
    pub fn generation(&self) -> i32 {
        self.generation
    }
    /// The assignor that was voted for this generation.
    pub fn protocol(&self) -> Option<Assignor> {
        self.protocol
    }
    pub fn leader(&self) -> Option<MemberId> {
        self.leader
    }
    pub fn members(&self) -> impl ExactSizeIterator<Item = &ClassicGroupMember> {
        self.members.values()
    }
    pub fn member(&self, id: MemberId) -> Option<&ClassicGroupMember> {
        self.members.get(&id)
    }
    pub fn pending_members(&self) -> usize {
        self.pending_join.len()
    }
    /// Members whose JoinGroup waits for its answer.
    pub fn awaiting_join(&self) -> usize {
        self.awaiting_join
    }
    pub fn next_timer(&self) -> Option<Instant> {
        self.timer.next_wake()
    }

    fn is_leader(&self, id: MemberId) -> bool {
        self.leader == Some(id)
    }

    /// `validateMember`: that the id is a member's, and that no other id has taken over its instance id.
    fn validate_member(&self, id: Option<MemberId>, instance: Option<InstanceId>) -> Result<MemberId, Errors> {
        if let Some(instance) = instance {
            let Some(&current) = self.static_members.get(&instance) else { return Err(Errors::UnknownMemberId) };
            if id != Some(current) {
                return Err(Errors::FencedInstanceId);
            }
        }
        id.filter(|id| self.members.contains_key(id)).ok_or(Errors::UnknownMemberId)
    }

    /// Whether a commit is taken: by an operator while the group is empty, by a member with the group's generation.
    pub fn validate_offset_commit(
        &self,
        member_id: Option<MemberId>,
        group_instance_id: Option<InstanceId>,
        generation: i32,
        is_transactional: bool,
    ) -> Result<(), Errors> {
        match self.state {
            ClassicGroupState::Dead => return Err(Errors::CoordinatorNotAvailable),
            ClassicGroupState::Empty if generation <= NO_GENERATION => return Ok(()),
            ClassicGroupState::Empty
            | ClassicGroupState::PreparingRebalance
            | ClassicGroupState::CompletingRebalance
            | ClassicGroupState::Stable => (),
        }
        if generation > NO_GENERATION || member_id.is_some() || group_instance_id.is_some() {
            self.validate_member(member_id, group_instance_id)?;
            if generation != self.generation {
                return Err(Errors::IllegalGeneration);
            }
        } else if !is_transactional {
            return Err(Errors::UnknownMemberId);
        }
        // The member knows the new generation, so it has joined, but the partitions are not divided yet.
        if !is_transactional && self.state == ClassicGroupState::CompletingRebalance {
            return Err(Errors::RebalanceInProgress);
        }
        Ok(())
    }

    /// A commit that is taken shows that the member lives.
    pub(super) fn maintain_session(&mut self, id: Option<MemberId>, now: Instant) {
        let (ClassicGroupState::Stable | ClassicGroupState::PreparingRebalance, Some(id)) = (self.state, id) else { return };
        self.reschedule_heartbeat(id, now);
    }

    /// `offsetExpirationCondition`: from when on the retention of an offset of this topic counts; none: it is in use.
    pub(super) fn offset_expires_from(&self, topic: TopicId, committed: Instant) -> Option<Instant> {
        if !self.is_consumer_group {
            return Some(committed);
        }
        if self.subscribed_topics.as_ref().is_none_or(|topics| topics.contains(&topic)) {
            return None;
        }
        match self.state {
            ClassicGroupState::Empty => Some(self.state_since),
            ClassicGroupState::Stable => Some(committed),
            ClassicGroupState::PreparingRebalance | ClassicGroupState::CompletingRebalance | ClassicGroupState::Dead => None,
        }
    }

    fn transition_to(&mut self, state: ClassicGroupState, now: Instant) {
        self.previous_state = self.state;
        self.state = state;
        self.state_since = now;
    }

    fn add(&mut self, member: ClassicGroupMember) {
        let id = member.member_id;
        if let Some(instance) = member.group_instance_id {
            let replaced = self.static_members.insert(instance, id);
            assert!(replaced.is_none(), "an instance id that is in the group is replaced, not added");
        }
        self.is_consumer_group = true;
        self.leader.get_or_insert(id);
        self.count_supporters(&member.supported_protocols, 1);
        self.awaiting_join += usize::from(member.is_awaiting_join());
        self.pending_join.remove(&id);
        let known = self.members.insert(id, member);
        assert!(known.is_none(), "a member is added once");
    }

    /// Forgets a member, or an id that was given out.
    fn remove(&mut self, id: MemberId) {
        if let Some(member) = self.members.remove(&id) {
            self.count_supporters(&member.supported_protocols, -1);
            self.awaiting_join -= usize::from(member.is_awaiting_join());
            if let Some(instance) = member.group_instance_id {
                self.static_members.remove(&instance);
            }
        }
        if self.is_leader(id) {
            self.leader = self.members.values().min_by_key(|member| member.joined).map(|member| member.member_id);
        }
        self.pending_join.remove(&id);
        self.pending_sync.remove(&id);
        self.timer.cancel(TimerKey::Heartbeat(id));
    }

    /// Removes a member and tells the story.
    fn remove_member(&mut self, cx: &mut Context, id: MemberId, why: RemovalReason) {
        self.remove(id);
        cx.observe(What::MemberRemoved { group: self.id, member: id.client, why });
    }

    fn update_member(&mut self, id: MemberId, request: &super::message::JoinGroupRequest, reply_to: ReplyTo) {
        let member = self.members.get_mut(&id).expect("only a member is updated");
        let old = std::mem::replace(&mut member.supported_protocols, request.protocols.clone());
        member.rebalance_timeout = request.rebalance_timeout;
        member.session_timeout = request.session_timeout;
        // A second JoinGroup of a member takes the place of the first, which stays without an answer.
        let awaited = member.awaiting_join.replace(reply_to).is_some();
        self.awaiting_join += usize::from(!awaited);
        self.count_supporters(&old, -1);
        self.count_supporters(&request.protocols, 1);
    }

    fn count_supporters(&mut self, protocols: &[Protocol], by: isize) {
        for protocol in protocols {
            let supporters = &mut self.supporters[place(protocol.assignor)];
            *supporters = supporters.checked_add_signed(by).expect("only who was counted is taken off");
        }
    }

    fn is_candidate(&self, assignor: Assignor) -> bool {
        self.supporters[place(assignor)] == self.members.len()
    }

    /// Whether a joining member has a protocol that all others have too.
    fn supports_protocols(&self, protocols: &[Protocol]) -> bool {
        if self.state == ClassicGroupState::Empty {
            return !protocols.is_empty();
        }
        protocols.iter().any(|protocol| self.is_candidate(protocol.assignor))
    }

    /// Each member votes for the first of its protocols that all support; most votes win.
    fn select_protocol(&self) -> Assignor {
        let mut votes = [0; ASSIGNORS.len()];
        for member in self.members.values() {
            votes[place(member.vote(|assignor| self.is_candidate(assignor)))] += 1;
        }
        let most = *votes.iter().max().expect("there are assignors");
        assert!(most > 0, "a group without members has no vote");
        ASSIGNORS[votes.iter().position(|&count| count == most).expect("the most is one of them")]
    }

    /// The longest of its members'.
    fn rebalance_timeout(&self) -> Duration {
        self.members.values().map(|member| member.rebalance_timeout).max().unwrap_or(Duration::ZERO)
    }

    fn has_all_members_joined(&self) -> bool {
        self.members.len() == self.awaiting_join && self.pending_join.is_empty()
    }

    /// What a joined member is told of its generation; only the leader learns of the others.
    fn join_response(&self, id: MemberId, skip_assignment: bool) -> JoinGroupResponse {
        let protocol = self.protocol.expect("a group that completes a join has voted");
        let members = if self.is_leader(id) {
            let members = self.members.values().map(|member| JoinGroupResponseMember {
                member_id: member.member_id,
                group_instance_id: member.group_instance_id,
                subscription: member.metadata(protocol).clone(),
            });
            members.collect()
        } else {
            Vec::new()
        };
        JoinGroupResponse {
            error: Errors::None,
            member_id: Some(id),
            generation: self.generation,
            protocol: Some(protocol),
            leader: self.leader,
            skip_assignment,
            members,
        }
    }

    fn complete_join(&mut self, cx: &mut Context, id: MemberId, response: JoinGroupResponse) {
        let member = self.members.get_mut(&id).expect("only a member waits");
        if let Some(to) = member.awaiting_join.take() {
            self.awaiting_join -= 1;
            cx.respond(to, GroupResponse::JoinGroup(response));
        }
    }

    /// Whether it was waiting.
    fn complete_sync(&mut self, cx: &mut Context, id: MemberId, response: SyncGroupResponse) -> bool {
        let member = self.members.get_mut(&id).expect("only a member waits");
        let Some(to) = member.awaiting_sync.take() else { return false };
        cx.respond(to, GroupResponse::SyncGroup(response));
        true
    }

    fn reschedule_heartbeat(&mut self, id: MemberId, now: Instant) {
        let session_timeout = self.members[&id].session_timeout;
        self.timer.schedule(TimerKey::Heartbeat(id), now + session_timeout);
    }
}
