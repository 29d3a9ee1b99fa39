//! The timeline: what goes wrong and what people do, in a lane of its own ahead of the world.
//!
//! Entries are numbered by their place in the list, so that one that was added live plays as if it had been in the file.
//! Holds: at one instant entries go by place, occurrence and phase, whatever was scheduled first.

use super::application::progress::PassedOver;
use super::design::{Action, CommitError, Design, ResetTo, TimelineEntry, When};
use super::id::{GroupId, MemberIndex, ObservationId};
use super::observe::observation::{Refusal, What};
use super::plan::Plan;
use super::time::Instant;
use super::world::{History, Pool, World};
use std::collections::BTreeSet;

#[derive(Clone, Debug)]
pub struct Timeline {
    due: BTreeSet<Due>,
    conditions: Vec<ConditionState>,
    /// For each entry, the observation of its beginning.
    began: Vec<Option<ObservationId>>,
    /// For each entry, the members that it added.
    added: Vec<Vec<(GroupId, MemberIndex)>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Due {
    at: Instant,
    entry: u32,
    occurrence: u32,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Begin,
    /// A member of a rolling restart goes down, comes back.
    RollDown(u32),
    RollUp(u32),
    End,
}

#[derive(Clone, Debug)]
struct ConditionState {
    entry: u32,
    held: bool,
    left: u32,
    occurrence: u32,
}

impl Timeline {
    pub fn new(design: &Design) -> Self {
        let mut timeline = Timeline { due: BTreeSet::new(), conditions: Vec::new(), began: Vec::new(), added: Vec::new() };
        for entry in &design.timeline {
            timeline.add(entry);
        }
        timeline
    }

    /// Puts the next entry of the list on the schedule.
    pub fn add(&mut self, entry: &TimelineEntry) {
        let place = self.began.len() as u32;
        self.began.push(None);
        self.added.push(Vec::new());
        match &entry.when {
            When::At { at, every, times } => {
                for occurrence in 0..*times {
                    self.due.insert(Due { at: *at + *every * u64::from(occurrence), entry: place, occurrence, phase: Phase::Begin });
                }
            }
            When::After { .. } => {}
            When::Holds { times, .. } => self.conditions.push(ConditionState { entry: place, held: false, left: *times, occurrence: 0 }),
        }
    }

    pub fn next_at(&self) -> Instant {
        self.due.first().map_or(Instant::MAX, |due| due.at)
    }

    /// From when on an intervention may change what nodes do; conditions are asked at the next sample.
    pub fn horizon(&self, next_sample: Instant) -> Instant {
        if self.conditions.iter().any(|condition| condition.left > 0) { self.next_at().min(next_sample) } else { self.next_at() }
    }

    /// Whether any entry waits for a condition.
    pub fn has_conditions(&self) -> bool {
        !self.conditions.is_empty()
    }

    /// Asks the conditions that are left; those that have come to hold begin at once.
    pub fn ask(&mut self, now: Instant, design: &Design, mut holds: impl FnMut(&super::observe::condition::Condition) -> bool) {
        for state in &mut self.conditions {
            let When::Holds { condition, .. } = &design.timeline[state.entry as usize].when else { continue };
            if state.left == 0 {
                continue;
            }
            let held = holds(condition);
            if held && !state.held {
                self.due.insert(Due { at: now, entry: state.entry, occurrence: state.occurrence, phase: Phase::Begin });
                state.left -= 1;
                state.occurrence += 1;
            }
            state.held = held;
        }
    }

    pub fn pop(&mut self) -> Option<Due> {
        self.due.pop_first()
    }
}

impl Due {
    pub fn at(&self) -> Instant {
        self.at
    }
}

/// The rest of the simulation that an intervention works on.
pub struct Stage<'a> {
    pub world: &'a mut World,
    pub plan: &'a Plan,
    pub history: &'a mut History,
    pub pool: &'a mut Pool,
}

impl Stage<'_> {
    /// One entry begins, goes on or ends.
    pub fn intervene(&mut self, due: Due) {
        let plan = self.plan;
        let entry = &plan.design.timeline[due.entry as usize];
        let now = due.at;
        self.world.now = now;
        let cause = match due.phase {
            Phase::Begin => {
                let id = self.observe(None, What::InterventionBegan { entry: due.entry });
                self.world.timeline.began[due.entry as usize] = Some(id);
                Some(id)
            }
            Phase::RollDown(_) | Phase::RollUp(_) | Phase::End => self.world.timeline.began[due.entry as usize],
        };
        let result = match due.phase {
            Phase::Begin => self.begin(due, entry, cause),
            Phase::RollDown(member) => match entry.action {
                Action::RollingRestart { group, .. } => self.member(group, MemberIndex(member), |consumer, cx| consumer.stop(cx, cause)),
                _ => unreachable!("only a rolling restart has these phases"),
            },
            Phase::RollUp(member) => match entry.action {
                Action::RollingRestart { group, .. } => self.member(group, MemberIndex(member), |consumer, cx| consumer.start(cx, cause)),
                _ => unreachable!("only a rolling restart has these phases"),
            },
            Phase::End => self.end(due, entry, cause),
        };
        if let Err(why) = result {
            self.observe(cause, What::InterventionRefused { entry: due.entry, why });
        }
        match due.phase {
            Phase::Begin => {
                let ends = match (entry.lasts, &entry.action) {
                    (_, Action::RollingRestart { group, down, gap }) => {
                        let members = self.world.members[group.index()].len() as u64;
                        now + (*down + *gap) * members.saturating_sub(1) + *down
                    }
                    (Some(lasts), _) => now + lasts,
                    (None, _) => {
                        self.follow_up(due, now);
                        return;
                    }
                };
                self.world.timeline.due.insert(Due { at: ends, phase: Phase::End, ..due });
            }
            Phase::End => {
                self.observe(cause, What::InterventionEnded { entry: due.entry });
                self.follow_up(due, now);
            }
            Phase::RollDown(_) | Phase::RollUp(_) => {}
        }
    }

    /// Entries that wait for the end of this one are scheduled, after its last occurrence.
    fn follow_up(&mut self, due: Due, end: Instant) {
        let own = &self.plan.design.timeline[due.entry as usize];
        let last = match own.when {
            When::At { times, .. } => times,
            When::After { .. } => 1,
            When::Holds { .. } => 1,
        };
        if due.occurrence + 1 < last {
            return;
        }
        for (place, entry) in self.plan.design.timeline.iter().enumerate() {
            if let When::After { entry: waits_for, plus } = entry.when
                && waits_for == due.entry as usize
            {
                self.world.timeline.due.insert(Due {
                    at: end + plus,
                    entry: place as u32,
                    occurrence: due.occurrence,
                    phase: Phase::Begin,
                });
            }
        }
    }

    fn begin(&mut self, due: Due, entry: &TimelineEntry, cause: Option<ObservationId>) -> Result<(), Refusal> {
        match &entry.action {
            Action::ProducerRate { producer, rate } => {
                self.set_rate(*producer, Some(*rate));
                Ok(())
            }
            Action::MemberCrash { group, member } => self.member(*group, *member, |consumer, cx| consumer.crash(cx, cause)),
            Action::MemberStop { group, member } => self.member(*group, *member, |consumer, cx| consumer.stop(cx, cause)),
            Action::MemberPause { group, member } => self.member(*group, *member, |consumer, cx| consumer.pause(cx, cause)),
            Action::MembersAdd { group, count } => {
                for _ in 0..*count {
                    let member = self.world.add_member(self.plan, *group);
                    let index = self.world.consumers.len() - 1;
                    self.world.sampler.add_member(&self.world.consumers[index], &mut self.history.series);
                    self.world.timeline.added[due.entry as usize].push((*group, member));
                    self.world.books.causes.member.extend(cause.map(|cause| ((*group, member), cause)));
                }
                Ok(())
            }
            Action::HandlerSlow { group, member, factor } => self.set_factor(*group, *member, *factor),
            Action::CommitsFail { group, error } => {
                self.fail_commits(*group, Some(*error));
                self.world.books.causes.commits.extend(cause.map(|cause| (*group, cause)));
                Ok(())
            }
            Action::GroupStop { group } => self.all_members(*group, |consumer, cx| {
                let _ = consumer.stop(cx, cause);
            }),
            Action::GroupStart { group } => self.all_members(*group, |consumer, cx| {
                let _ = consumer.start(cx, cause);
            }),
            Action::GroupReset { group, to } => self.reset(*group, *to, cause),
            Action::RollingRestart { group, down, gap } => {
                let mut at = due.at;
                for member in 0..self.world.members[group.index()].len() as u32 {
                    self.world.timeline.due.insert(Due { at, phase: Phase::RollDown(member), ..due });
                    self.world.timeline.due.insert(Due { at: at + *down, phase: Phase::RollUp(member), ..due });
                    at += *down + *gap;
                }
                Ok(())
            }
            Action::BrokerSlow { broker, factor } => {
                self.world.brokers[broker.index()].set_factor(*factor);
                Ok(())
            }
        }
    }

    fn end(&mut self, due: Due, entry: &TimelineEntry, cause: Option<ObservationId>) -> Result<(), Refusal> {
        match &entry.action {
            Action::ProducerRate { producer, .. } => {
                self.set_rate(*producer, None);
                Ok(())
            }
            Action::MemberCrash { group, member } | Action::MemberStop { group, member } => {
                self.member(*group, *member, |consumer, cx| consumer.start(cx, cause))
            }
            Action::MemberPause { group, member } => self.member(*group, *member, |consumer, cx| consumer.resume(cx)),
            Action::MembersAdd { .. } => {
                for (group, member) in std::mem::take(&mut self.world.timeline.added[due.entry as usize]) {
                    self.member(group, member, |consumer, cx| consumer.stop(cx, cause))?;
                }
                Ok(())
            }
            Action::HandlerSlow { group, member, .. } => self.set_factor(*group, *member, 1.0),
            Action::CommitsFail { group, .. } => {
                self.fail_commits(*group, None);
                self.world.books.causes.commits.remove(group);
                Ok(())
            }
            Action::GroupStop { group } => self.all_members(*group, |consumer, cx| {
                let _ = consumer.start(cx, cause);
            }),
            Action::BrokerSlow { broker, .. } => {
                self.world.brokers[broker.index()].set_factor(1.0);
                Ok(())
            }
            Action::GroupStart { .. } | Action::GroupReset { .. } | Action::RollingRestart { .. } => Ok(()),
        }
    }

    fn observe(&mut self, cause: Option<ObservationId>, what: What) -> ObservationId {
        self.history.observe(&mut self.world.books, self.world.now, cause, what)
    }

    fn member(
        &mut self,
        group: GroupId,
        member: MemberIndex,
        act: impl FnOnce(&mut super::client::consumer::consumer::Consumer, &mut super::world::Context<'_>) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        let index = self.world.member(group, member).ok_or(Refusal::NoSuchMember)?;
        self.world.with_consumer(self.plan, self.history, self.pool, index, act)
    }

    fn all_members(
        &mut self,
        group: GroupId,
        mut act: impl FnMut(&mut super::client::consumer::consumer::Consumer, &mut super::world::Context<'_>),
    ) -> Result<(), Refusal> {
        for index in self.world.members[group.index()].clone() {
            self.world.with_consumer(self.plan, self.history, self.pool, index, &mut act);
        }
        Ok(())
    }

    fn set_factor(&mut self, group: GroupId, member: Option<MemberIndex>, factor: f64) -> Result<(), Refusal> {
        match member {
            Some(member) => self.member(group, member, |consumer, cx| {
                consumer.set_factor(cx, factor);
                Ok(())
            }),
            None => self.all_members(group, |consumer, cx| consumer.set_factor(cx, factor)),
        }
    }

    fn set_rate(&mut self, producer: super::id::ProducerId, rate: Option<super::design::Rate>) {
        for sender in &mut self.world.senders {
            if sender.producer() == producer {
                sender.set_rate(self.world.now, rate);
                self.world.queue.set_timer(sender.node(), self.world.now);
            }
        }
    }

    fn fail_commits(&mut self, group: GroupId, error: Option<CommitError>) {
        let coordinator = self.plan.groups[group.index()].coordinator;
        self.world.brokers[coordinator.index()].fail_commits(group, error);
    }

    /// `kafka-consumer-groups --reset-offsets`: refused while the group has members, as in Kafka.
    fn reset(&mut self, group: GroupId, to: ResetTo, cause: Option<ObservationId>) -> Result<(), Refusal> {
        let plan = &self.plan.groups[group.index()];
        for &partition in &plan.partitions {
            let log = self.world.books.logs[partition.index()];
            let books = &self.world.books.groups[group.index()];
            let from = books.partitions[partition.index()].committed;
            let offset = match to {
                ResetTo::Earliest => log.log_start,
                ResetTo::Latest => log.high_watermark,
                ResetTo::Time(at) => {
                    let leader = self.plan.partition(partition).leader;
                    self.world.brokers[leader.index()].offset_for(self.plan, self.history, partition, at).unwrap_or(log.high_watermark)
                }
                ResetTo::By(shift) => {
                    from.ok_or(Refusal::NothingCommitted)?.saturating_add_signed(shift).clamp(log.log_start, log.high_watermark)
                }
            };
            let broker = &mut self.world.brokers[plan.coordinator.index()];
            broker.reset_offset(self.world.now, self.plan, group, partition, offset).map_err(|_| Refusal::GroupActive)?;
            let books = &mut self.world.books;
            books.groups[group.index()].partitions[partition.index()].committed = Some(offset);
            let from_offset = from.unwrap_or(offset).max(log.log_start);
            books.groups[group.index()].progress.pass_over(partition, from_offset, offset, PassedOver::Skipped);
            books.mix(offset ^ u64::from(partition.0) << 40);
            let id = self.observe(cause, What::GroupReset { group, partition, from, to: offset });
            self.world.books.causes.uncommitted.insert((group, partition), id);
        }
        Ok(())
    }
}
