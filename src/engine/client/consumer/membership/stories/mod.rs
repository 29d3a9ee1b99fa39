//! Members and their coordinator together, with a millisecond between them.

mod commits;
mod rebalances;
mod swarm;

use super::*;
use crate::engine::coordinator::group::classic::ClassicGroupState;
use crate::engine::coordinator::group::group_coordinator::{self, GroupCoordinator};
use crate::engine::coordinator::group::message::{InstanceId, OffsetCommitRequestPartition, ReplyTo};
use crate::engine::id::{GroupId, MemberIndex, NodeId, TopicId};
use crate::engine::observe::observation::What;
use std::collections::BTreeSet;
use std::fmt::Write;

const GROUP: GroupId = GroupId(0);
const LATENCY: Duration = Duration::from_millis(1);

enum Event {
    Request(ReplyTo, GroupRequest),
    Response(ReplyTo, GroupResponse),
    Poll(usize),
}

#[derive(Default)]
struct Process {
    membership: Option<Membership>,
    /// A process that starts again does not get the answers to its former self.
    life: u32,
    /// All of it stands still. What comes in is read when it goes on.
    paused: bool,
    unread: Vec<(u32, GroupResponse)>,
    /// Where the member would read on, of each partition that it has.
    positions: BTreeMap<TopicPartition, Offset>,
}

impl Process {
    fn next_timer(&self) -> Option<Instant> {
        self.membership.as_ref().filter(|_| !self.paused).map(Membership::next_timer)
    }
}

struct Story {
    now: Instant,
    coordinator: GroupCoordinator,
    processes: Vec<Process>,
    events: BTreeMap<(Instant, u64), Event>,
    count: u64,
    partitions: u32,
    settings: Settings,
    told: String,
    /// Requests do not reach the coordinator.
    is_cut: bool,
    /// Who has each partition, in the eyes of its member.
    owners: BTreeMap<TopicPartition, usize>,
}

#[derive(Clone)]
struct Settings {
    assignors: Vec<Assignor>,
    auto_commit: bool,
    is_static: bool,
    max_poll_interval: Duration,
}

const EAGER: &[Assignor] = &[Assignor::Range, Assignor::CooperativeSticky];
const COOPERATIVE: &[Assignor] = &[Assignor::CooperativeSticky];

impl Settings {
    fn new(assignors: &[Assignor]) -> Self {
        let assignors = assignors.to_vec();
        Settings { assignors, auto_commit: false, is_static: false, max_poll_interval: Duration::from_secs(300) }
    }
}

impl Story {
    /// A topic of so many partitions, and nobody reads it yet.
    fn new(partitions: u32, settings: Settings) -> Self {
        let config = group_coordinator::Config {
            initial_rebalance_delay: Duration::from_secs(3),
            min_session_timeout: Duration::from_secs(6),
            max_session_timeout: Duration::from_secs(1_800),
            group_max_size: usize::MAX,
        };
        Story {
            now: Instant::ZERO,
            coordinator: GroupCoordinator::new(config, Instant::ZERO),
            processes: Vec::new(),
            events: BTreeMap::new(),
            count: 0,
            partitions,
            settings,
            told: String::new(),
            is_cut: false,
            owners: BTreeMap::new(),
        }
    }

    fn tell(&mut self, line: &str) {
        writeln!(self.told, "{} {line}", self.now).expect("a text takes a line");
    }

    /// What happened since the last call.
    fn told(&mut self) -> String {
        std::mem::take(&mut self.told)
    }

    fn member(&mut self, member: usize) -> &mut Membership {
        self.processes[member].membership.as_mut().expect("the member runs")
    }

    fn metadata(&self) -> Arc<[TopicMetadata]> {
        Arc::new([TopicMetadata {
            topic: TopicId(0),
            name: "orders".into(),
            partitions: (0..self.partitions).map(TopicPartition).collect(),
        }])
    }

    /// The process starts and polls.
    fn start(&mut self, member: usize) {
        if self.processes.len() <= member {
            self.processes.resize_with(member + 1, Process::default);
        }
        let Settings { assignors, auto_commit, is_static, max_poll_interval } = self.settings.clone();
        let client = MemberIndex::from(member);
        let config = Config {
            group: GROUP,
            group_name: "billing".into(),
            client,
            group_instance_id: is_static.then_some(InstanceId(client.0)),
            topics: Arc::new([TopicId(0)]),
            assignors: assignors.into(),
            session_timeout: Duration::from_secs(45),
            heartbeat_interval: Duration::from_secs(3),
            max_poll_interval,
            auto_commit_interval: auto_commit.then_some(Duration::from_secs(5)),
        };
        let membership = Membership::new(config, self.metadata(), self.now);
        let life = self.processes[member].life + 1;
        self.processes[member] = Process { membership: Some(membership), life, ..Process::default() };
        self.poll(member);
    }

    fn poll(&mut self, member: usize) {
        self.with(member, |membership, now, out| membership.poll(now, out));
    }

    /// Poll returns records, and the application works on them for so long.
    fn process(&mut self, member: usize, time: Duration) {
        self.with(member, |membership, now, _| membership.poll_returns(now));
        self.push(self.now + time, Event::Poll(member));
    }

    fn resume(&mut self, member: usize) {
        self.processes[member].paused = false;
        for (correlation, response) in std::mem::take(&mut self.processes[member].unread) {
            self.with(member, |membership, now, out| membership.on_response(now, correlation, response, out));
        }
    }

    fn crash(&mut self, member: usize) {
        self.processes[member].membership = None;
        self.owners.retain(|_, owner| *owner != member);
    }

    fn close(&mut self, member: usize) {
        self.with(member, |membership, now, out| membership.close(now, out));
    }

    fn with(&mut self, member: usize, call: impl FnOnce(&mut Membership, Instant, &mut Vec<Output>)) {
        let mut out = Vec::new();
        let now = self.now;
        call(self.member(member), now, &mut out);
        self.obey(member, out);
    }

    fn push(&mut self, at: Instant, event: Event) {
        self.count += 1;
        self.events.insert((at, self.count), event);
    }

    fn obey(&mut self, member: usize, out: Vec<Output>) {
        for output in out {
            match output {
                Output::Send { correlation, request } => {
                    let node = NodeId(u32::try_from(member).unwrap() << 16 | self.processes[member].life);
                    self.push(self.now + LATENCY, Event::Request(ReplyTo { node, correlation }, request));
                }
                Output::PartitionsPendingRevocation => self.tell(&format!("{member} stops reading")),
                Output::PartitionsRevoked(partitions) => self.drop_partitions(member, "revoked", &partitions),
                Output::PartitionsLost(partitions) => self.drop_partitions(member, "lost", &partitions),
                Output::PartitionsAssigned { added, assigned } => {
                    for partition in added.iter() {
                        if let Some(other) = self.owners.insert(*partition, member).filter(|other| *other != member) {
                            // Who is out of the group may not know it yet, but its generation is over.
                            let (former, latter) = (self.member(other).generation(), self.member(member).generation());
                            assert!(former < latter, "{partition:?} is {other}'s and {member}'s at {}\n{}", self.now, self.told);
                        }
                        self.processes[member].positions.insert(*partition, 0);
                    }
                    let (added, assigned) = (list(&added), list(&assigned));
                    let generation = self.member(member).generation();
                    self.tell(&format!("{member} has {assigned} (new: {added}) in generation {generation}"));
                    let partitions: Arc<[TopicPartition]> = self.member(member).owned().clone();
                    if !partitions.is_empty() {
                        self.with(member, |membership, now, out| membership.fetch_committed(now, partitions, out));
                    }
                }
                Output::AutoCommit(why) => {
                    let offsets = self.offsets(member);
                    self.with(member, |membership, now, out| {
                        membership.auto_commit(now, why, offsets, out);
                    });
                }
                Output::CommitCompleted(completed) => {
                    let result = completed.result.err().map_or("taken", CommitFailure::name);
                    self.tell(&format!("{member} commit ({:?}): {result}", completed.kind));
                }
                Output::CommittedOffsets(offsets) => {
                    for (partition, offset) in offsets {
                        if let Some(position) = self.processes[member].positions.get_mut(&partition) {
                            *position = offset.unwrap_or(*position);
                        }
                    }
                }
                Output::Fenced(error) => self.tell(&format!("{member} is told {error}")),
                Output::PollTimeoutExpired => self.tell(&format!("{member} did not poll in time")),
                Output::Failed(error) => self.tell(&format!("{member} throws {error}")),
                Output::Closed => {
                    self.tell(&format!("{member} is closed"));
                    self.crash(member);
                    return;
                }
            }
        }
    }

    fn offsets(&self, member: usize) -> Arc<[OffsetCommitRequestPartition]> {
        let positions = self.processes[member].positions.iter();
        positions.map(|(&partition, &offset)| OffsetCommitRequestPartition { topic: TopicId(0), partition, offset }).collect()
    }

    fn drop_partitions(&mut self, member: usize, how: &str, partitions: &[TopicPartition]) {
        for partition in partitions {
            if self.owners.get(partition) == Some(&member) {
                self.owners.remove(partition);
            }
            self.processes[member].positions.remove(partition);
        }
        self.tell(&format!("{member} {how} {}", list(partitions)));
    }

    fn run_until(&mut self, millis: u64) {
        let until = Instant::from_millis(millis);
        let (mut moment, mut steps) = (self.now, 0);
        loop {
            let event = self.events.first_key_value().map_or(Instant::MAX, |((at, _), _)| *at);
            let timers = self.processes.iter().filter_map(Process::next_timer);
            let timer = timers.fold(self.coordinator.next_timer(), Instant::min);
            let next = event.min(timer);
            if next > until {
                break;
            }
            // What was due while a process stood still is done when it goes on.
            self.now = self.now.max(next);
            steps = if self.now == moment { steps + 1 } else { 0 };
            moment = self.now;
            assert!(steps < 10_000, "time stands still at {}\n{}", self.now, self.told);
            if event <= timer {
                let (_, event) = self.events.pop_first().expect("it was seen");
                self.happen(event);
            } else {
                self.on_timers();
            }
        }
        self.now = until;
    }

    fn on_timers(&mut self) {
        if self.coordinator.next_timer() <= self.now {
            let mut out = Vec::new();
            self.coordinator.on_timer(self.now, &mut out);
            self.answer(out);
        }
        for member in 0..self.processes.len() {
            if self.processes[member].next_timer().is_some_and(|next| next <= self.now) {
                self.with(member, |membership, now, out| membership.on_timer(now, out));
            }
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Request(..) if self.is_cut => (),
            Event::Request(from, request) => {
                let mut out = Vec::new();
                self.coordinator.handle(self.now, &request, from, &mut out);
                self.answer(out);
            }
            Event::Response(to, response) => {
                let member = (to.node.0 >> 16) as usize;
                let process = &mut self.processes[member];
                if process.membership.is_none() || process.life != to.node.0 & 0xffff {
                    // Nobody is there any more.
                } else if process.paused {
                    process.unread.push((to.correlation, response));
                } else {
                    self.with(member, |membership, now, out| membership.on_response(now, to.correlation, response, out));
                }
            }
            Event::Poll(member) if self.processes[member].membership.is_some() => self.poll(member),
            Event::Poll(_) => (),
        }
    }

    fn answer(&mut self, out: Vec<group_coordinator::Output>) {
        for output in out {
            match output {
                group_coordinator::Output::Respond { to, response } => self.push(self.now + LATENCY, Event::Response(to, response)),
                group_coordinator::Output::Observe(what) => self.tell(&format!("group: {}", short(&what))),
            }
        }
    }

    /// Everything is as it should be after a while of quiet: all partitions are owned, by the members that run.
    fn assert_settled(&mut self) {
        let running: BTreeSet<usize> = (0..self.processes.len()).filter(|&member| self.processes[member].membership.is_some()).collect();
        let owned: BTreeSet<TopicPartition> = self.owners.keys().copied().collect();
        for &member in &running {
            assert_eq!(self.member(member).state(), MemberState::Stable, "{member} at {}\n{}", self.now, self.told);
        }
        if running.is_empty() {
            assert_eq!(self.coordinator.state(GROUP), ClassicGroupState::Empty);
            return;
        }
        let group = self.coordinator.group(GROUP).expect("there is a group");
        assert_eq!((group.state(), group.members().len()), (ClassicGroupState::Stable, running.len()));
        assert_eq!(owned, (0..self.partitions).map(TopicPartition).collect(), "\n{}", self.told);
        assert!(self.owners.values().all(|owner| running.contains(owner)));
        let (least, most) = running.iter().fold((usize::MAX, 0), |(least, most), member| {
            let count = self.owners.values().filter(|owner| *owner == member).count();
            (least.min(count), most.max(count))
        });
        assert!(most <= least + 1, "the assignors balance one topic: {:?}", self.owners);
    }
}

fn list(partitions: &[TopicPartition]) -> String {
    let numbers: Vec<String> = partitions.iter().map(|partition| partition.0.to_string()).collect();
    format!("[{}]", numbers.join(" "))
}

fn short(what: &What) -> String {
    match what {
        What::RebalanceStarted { why, .. } => format!("rebalance, {why:?}"),
        What::RebalanceCompleted { generation, members, moved, took, .. } => {
            format!("generation {generation} with {members} members, {moved} moved, after {took}")
        }
        What::MemberRemoved { member, why, .. } => format!("{} removed, {why:?}", member.0),
        other => format!("{other:?}"),
    }
}

/// Compares line by line, so that a difference is seen.
#[track_caller]
fn check(told: &str, expected: &[&str]) {
    let told: Vec<&str> = told.lines().collect();
    assert_eq!(told, expected, "\n{}", told.join("\n"));
}

/// A group that has settled, at 20 s.
fn settled(partitions: u32, members: usize, settings: Settings) -> Story {
    let mut story = Story::new(partitions, settings);
    for member in 0..members {
        story.start(member);
    }
    story.run_until(20_000);
    story.assert_settled();
    story
}
