//! Members and their coordinator together, with a millisecond between them.

use super::*;
use crate::engine::coordinator::group::classic::ClassicGroupState;
use crate::engine::coordinator::group::group_coordinator::{self, GroupCoordinator};
use crate::engine::coordinator::group::message::{OffsetCommitRequestPartition, ReplyTo};
use crate::engine::design::CommitError;
use crate::engine::id::NodeId;
use crate::engine::observe::observation::{Refusal, What};
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

#[test]
fn three_members_that_start_together_wait_for_each_other_and_get_ranges() {
    let mut story = settled(7, 3, Settings::new(EAGER));
    check(
        &story.told(),
        &[
            "00:00.003 group: rebalance, MemberJoined(Some(MemberIndex(0)))",
            "00:06.005 group: generation 1 with 3 members, 0 moved, after 6.002s",
            "00:06.006 0 has [0 1 2] (new: [0 1 2]) in generation 1",
            "00:06.006 1 has [3 4] (new: [3 4]) in generation 1",
            "00:06.006 2 has [5 6] (new: [5 6]) in generation 1",
        ],
    );
}

#[test]
fn an_eager_rebalance_stops_everyone() {
    let mut story = settled(7, 2, Settings::new(EAGER));
    story.told();
    story.start(2);
    story.run_until(40_000);
    story.assert_settled();
    check(
        &story.told(),
        &[
            "00:20.003 group: rebalance, MemberJoined(Some(MemberIndex(2)))",
            "00:21.006 0 revoked [0 1 2 3]",
            "00:21.006 1 revoked [4 5 6]",
            "00:21.009 group: generation 2 with 3 members, 3 moved, after 1.006s",
            "00:21.010 0 has [0 1 2] (new: [0 1 2]) in generation 2",
            "00:21.010 1 has [3 4] (new: [3 4]) in generation 2",
            "00:21.010 2 has [5 6] (new: [5 6]) in generation 2",
        ],
    );
}

#[test]
fn a_cooperative_rebalance_moves_partitions_in_two_generations_and_stops_only_those() {
    let mut story = settled(7, 2, Settings::new(COOPERATIVE));
    story.told();
    story.start(2);
    story.run_until(40_000);
    story.assert_settled();
    check(
        &story.told(),
        &[
            "00:20.003 group: rebalance, MemberJoined(Some(MemberIndex(2)))",
            "00:21.009 group: generation 2 with 3 members, 0 moved, after 1.006s",
            "00:21.010 0 revoked [6]",
            "00:21.010 0 has [0 2 4] (new: []) in generation 2",
            "00:21.010 1 revoked [5]",
            "00:21.010 1 has [1 3] (new: []) in generation 2",
            "00:21.010 2 has [] (new: []) in generation 2",
            "00:21.011 group: rebalance, Rejoined(Some(MemberIndex(0)))",
            "00:24.013 group: generation 3 with 3 members, 2 moved, after 3.002s",
            "00:24.014 0 has [0 2 4] (new: []) in generation 3",
            "00:24.014 1 has [1 3] (new: []) in generation 3",
            "00:24.014 2 has [5 6] (new: [5 6]) in generation 3",
        ],
    );
}

#[test]
fn the_sticky_assignor_lets_members_keep_what_they_had_though_all_stop() {
    let mut story = settled(6, 3, Settings::new(&[Assignor::Sticky]));
    story.told();
    story.close(1);
    story.run_until(40_000);
    story.assert_settled();
    check(
        &story.told(),
        &[
            "00:20.000 1 revoked [1 4]",
            "00:20.001 group: 1 removed, Left",
            "00:20.001 group: rebalance, MemberLeft(Some(MemberIndex(1)))",
            "00:20.002 1 is closed",
            "00:21.006 0 revoked [0 3]",
            "00:21.006 2 revoked [2 5]",
            "00:21.009 group: generation 2 with 2 members, 2 moved, after 1.008s",
            "00:21.010 0 has [0 1 3] (new: [0 1 3]) in generation 2",
            "00:21.010 2 has [2 4 5] (new: [2 4 5]) in generation 2",
        ],
    );
}

#[test]
fn a_crash_is_found_when_the_session_ends() {
    let mut story = settled(4, 2, Settings::new(EAGER));
    story.told();
    story.crash(0);
    story.run_until(100_000);
    story.assert_settled();
    check(
        &story.told(),
        &[
            "01:03.005 group: 0 removed, SessionTimeout",
            "01:03.005 group: rebalance, MemberLeft(Some(MemberIndex(0)))",
            "01:06.006 1 revoked [2 3]",
            "01:06.009 group: generation 2 with 1 members, 2 moved, after 3.004s",
            "01:06.010 1 has [0 1 2 3] (new: [0 1 2 3]) in generation 2",
        ],
    );
}

#[test]
fn a_member_that_does_not_poll_in_time_leaves_and_comes_back_without_its_partitions() {
    let mut settings = Settings::new(EAGER);
    settings.max_poll_interval = Duration::from_secs(10);
    let mut story = settled(4, 2, settings);
    story.told();
    story.process(1, Duration::from_secs(30));
    story.run_until(100_000);
    story.assert_settled();
    check(
        &story.told(),
        &[
            "00:30.000 1 did not poll in time",
            "00:30.001 group: 1 removed, PollTimeout",
            "00:30.001 group: rebalance, MemberLeft(Some(MemberIndex(1)))",
            "00:30.006 0 revoked [0 1]",
            "00:30.009 group: generation 2 with 1 members, 2 moved, after 8ms",
            "00:30.010 0 has [0 1 2 3] (new: [0 1 2 3]) in generation 2",
            "00:50.000 1 lost [2 3]",
            "00:50.003 group: rebalance, MemberJoined(Some(MemberIndex(1)))",
            "00:51.010 0 revoked [0 1 2 3]",
            "00:51.013 group: generation 3 with 2 members, 2 moved, after 1.01s",
            "00:51.014 0 has [0 1] (new: [0 1]) in generation 3",
            "00:51.014 1 has [2 3] (new: [2 3]) in generation 3",
        ],
    );
}

#[test]
fn a_static_member_restarts_without_a_rebalance() {
    let mut settings = Settings::new(EAGER);
    settings.is_static = true;
    let mut story = settled(4, 2, settings);
    story.told();
    story.close(0);
    story.run_until(30_000);
    story.start(0);
    story.run_until(100_000);
    story.assert_settled();
    check(&story.told(), &["00:20.000 0 revoked [0 1]", "00:20.000 0 is closed", "00:30.004 0 has [0 1] (new: [0 1]) in generation 1"]);
}

#[test]
fn two_processes_cannot_be_the_same_static_member() {
    let mut settings = Settings::new(EAGER);
    settings.is_static = true;
    let mut story = settled(4, 2, settings);
    story.told();
    // The instance id of member 0, in another process.
    let twin = story.processes[0].membership.clone();
    story.start(0);
    story.processes.push(Process { membership: twin, ..Process::default() });
    story.run_until(30_000);
    check(
        &story.told(),
        &[
            "00:20.004 0 has [0 1] (new: [0 1]) in generation 1",
            "00:21.004 2 is told FENCED_INSTANCE_ID",
            "00:21.004 2 throws FENCED_INSTANCE_ID",
        ],
    );
}

#[test]
fn a_commit_of_a_generation_that_is_over_is_refused() {
    let mut story = settled(4, 2, Settings::new(EAGER));
    // Member 1 as it is now, which does not hear of what follows.
    let former = story.processes[1].membership.clone();
    story.start(2);
    story.run_until(30_000);
    story.told();
    story.processes.push(Process { membership: former, ..Process::default() });
    let offsets = Arc::new([OffsetCommitRequestPartition { topic: TopicId(0), partition: TopicPartition(2), offset: 9 }]);
    story.with(3, |membership, now, out| {
        membership.poll_returns(now);
        membership.commit_sync(now, offsets, out);
    });
    story.run_until(31_000);
    check(&story.told(), &["00:30.002 3 is told ILLEGAL_GENERATION", "00:30.002 3 commit (Sync): ILLEGAL_GENERATION"]);
    assert!(story.coordinator.committed(GROUP, TopicPartition(2)).is_none());
}

#[test]
fn what_was_read_is_committed_before_it_is_given_up() {
    let mut settings = Settings::new(EAGER);
    settings.auto_commit = true;
    let mut story = settled(2, 1, settings);
    story.told();
    story.processes[0].positions.insert(TopicPartition(1), 17);
    story.start(1);
    story.run_until(26_000);
    check(
        &story.told(),
        &[
            "00:20.003 group: rebalance, MemberJoined(Some(MemberIndex(1)))",
            "00:21.006 0 stops reading",
            "00:21.008 0 commit (Auto(BeforeRejoin)): taken",
            "00:21.008 0 revoked [0 1]",
            "00:21.011 group: generation 2 with 2 members, 1 moved, after 1.008s",
            "00:21.012 0 has [0] (new: [0]) in generation 2",
            "00:21.012 1 has [1] (new: [1]) in generation 2",
        ],
    );
    assert_eq!(story.coordinator.committed(GROUP, TopicPartition(1)).map(|committed| committed.offset), Some(17));
    assert_eq!(story.processes[1].positions, BTreeMap::from([(TopicPartition(1), 17)]));
}

#[test]
fn auto_commit_happens_only_inside_of_poll() {
    let mut settings = Settings::new(EAGER);
    settings.auto_commit = true;
    let mut story = settled(1, 1, settings);
    story.run_until(25_000);
    story.told();
    story.process(0, Duration::from_secs(20));
    story.run_until(51_000);
    check(&story.told(), &["00:45.002 0 commit (Auto(Interval)): taken", "00:50.002 0 commit (Auto(Interval)): taken"]);
}

#[test]
fn a_synchronous_commit_is_tried_until_it_is_taken_or_its_time_is_over() {
    let mut story = settled(1, 1, Settings::new(EAGER));
    story.told();
    let commit = |story: &mut Story| {
        let offsets = story.offsets(0);
        story.with(0, |membership, now, out| {
            membership.poll_returns(now);
            membership.commit_sync(now, offsets, out);
        });
    };
    story.coordinator.set_commit_failure(GROUP, Some(CommitError::Retriable));
    commit(&mut story);
    story.run_until(22_000);
    story.coordinator.set_commit_failure(GROUP, None);
    story.run_until(30_000);
    story.coordinator.set_commit_failure(GROUP, Some(CommitError::Retriable));
    commit(&mut story);
    story.run_until(100_000);
    story.coordinator.set_commit_failure(GROUP, Some(CommitError::Fatal));
    commit(&mut story);
    story.run_until(101_000);
    check(
        &story.told(),
        &[
            "00:22.512 0 commit (Sync): taken",
            "01:30.000 0 commit (Sync): TimeoutException",
            "01:40.002 0 commit (Sync): GROUP_AUTHORIZATION_FAILED",
        ],
    );
}

#[test]
fn an_asynchronous_commit_is_not_tried_again_and_its_callback_waits_for_the_next_poll() {
    let mut story = settled(1, 1, Settings::new(EAGER));
    story.told();
    story.coordinator.set_commit_failure(GROUP, Some(CommitError::Retriable));
    story.process(0, Duration::from_secs(2));
    let offsets = story.offsets(0);
    story.with(0, |membership, now, out| {
        membership.commit_async(now, offsets, out);
    });
    story.run_until(30_000);
    check(&story.told(), &["00:22.000 0 commit (Async): COORDINATOR_LOAD_IN_PROGRESS"]);
}

#[test]
fn a_busy_member_holds_a_cooperative_rebalance_up_until_it_polls() {
    let mut story = settled(4, 2, Settings::new(COOPERATIVE));
    story.told();
    story.start(2);
    // The leader has joined again and gets records while the group is still waiting for the others.
    story.run_until(21_500);
    story.process(0, Duration::from_secs(8));
    story.run_until(40_000);
    story.assert_settled();
    check(
        &story.told(),
        &[
            "00:20.003 group: rebalance, MemberJoined(Some(MemberIndex(2)))",
            "00:21.009 group: generation 2 with 3 members, 0 moved, after 1.006s",
            "00:21.010 0 has [0 2] (new: []) in generation 2",
            "00:21.010 1 revoked [3]",
            "00:21.010 1 has [1] (new: []) in generation 2",
            "00:21.010 2 has [] (new: []) in generation 2",
            "00:21.011 group: rebalance, Rejoined(Some(MemberIndex(1)))",
            "00:29.503 group: generation 3 with 3 members, 1 moved, after 8.492s",
            "00:29.504 0 has [0 2] (new: []) in generation 3",
            "00:29.504 1 has [1] (new: []) in generation 3",
            "00:29.504 2 has [3] (new: [3]) in generation 3",
        ],
    );
}

#[test]
fn a_leader_that_sees_new_partitions_has_the_group_rebalance() {
    let mut story = settled(2, 2, Settings::new(COOPERATIVE));
    story.told();
    story.partitions = 4;
    let metadata = story.metadata();
    for member in 0..2 {
        let metadata = metadata.clone();
        story.with(member, |membership, now, out| membership.update_metadata(now, metadata, out));
    }
    story.run_until(40_000);
    story.assert_settled();
    check(
        &story.told(),
        &[
            "00:20.001 group: rebalance, SubscriptionChanged",
            "00:21.009 group: generation 2 with 2 members, 0 moved, after 1.008s",
            "00:21.010 0 has [0 2] (new: [2]) in generation 2",
            "00:21.010 1 has [1 3] (new: [3]) in generation 2",
        ],
    );
}

#[test]
fn a_process_that_stood_still_for_longer_than_its_session_loses_its_partitions() {
    let mut story = settled(4, 2, Settings::new(EAGER));
    story.told();
    story.processes[1].paused = true;
    story.run_until(80_000);
    story.resume(1);
    story.run_until(120_000);
    story.assert_settled();
    check(
        &story.told(),
        &[
            "01:03.005 group: 1 removed, SessionTimeout",
            "01:03.005 group: rebalance, MemberLeft(Some(MemberIndex(1)))",
            "01:06.006 0 revoked [0 1]",
            "01:06.009 group: generation 2 with 1 members, 2 moved, after 3.004s",
            "01:06.010 0 has [0 1 2 3] (new: [0 1 2 3]) in generation 2",
            "01:20.002 1 is told UNKNOWN_MEMBER_ID",
            "01:20.002 1 lost [2 3]",
            "01:20.005 group: rebalance, MemberJoined(Some(MemberIndex(1)))",
            "01:21.010 0 revoked [0 1 2 3]",
            "01:21.013 group: generation 3 with 2 members, 2 moved, after 1.008s",
            "01:21.014 0 has [0 1] (new: [0 1]) in generation 3",
            "01:21.014 1 has [2 3] (new: [2 3]) in generation 3",
        ],
    );
}

#[test]
fn a_group_that_is_empty_for_a_week_forgets_its_offsets() {
    let mut story = settled(1, 1, Settings::new(EAGER));
    let offsets = story.offsets(0);
    story.with(0, |membership, now, out| {
        membership.commit_sync(now, offsets, out);
    });
    story.close(0);
    story.run_until(30_000);
    assert!(story.coordinator.committed(GROUP, TopicPartition(0)).is_some());
    let week = 7 * 24 * 60 * 60 * 1_000;
    story.run_until(20_000 + week);
    assert!(story.coordinator.committed(GROUP, TopicPartition(0)).is_some(), "not before the check after the week");
    story.run_until(20_000 + week + 600_000);
    assert!(story.coordinator.committed(GROUP, TopicPartition(0)).is_none());
    assert_eq!(story.coordinator.state(GROUP), ClassicGroupState::Dead);
}

#[test]
fn offsets_are_reset_only_while_nobody_is_in_the_group() {
    let mut story = settled(1, 1, Settings::new(EAGER));
    let to = [OffsetCommitRequestPartition { topic: TopicId(0), partition: TopicPartition(0), offset: 5 }];
    let mut out = Vec::new();
    assert_eq!(story.coordinator.reset_offsets(story.now, GROUP, &to, &mut out), Err(Refusal::GroupActive));
    story.close(0);
    story.run_until(30_000);
    assert_eq!(story.coordinator.reset_offsets(story.now, GROUP, &to, &mut out), Ok(()));
    let reset = What::GroupReset { group: GROUP, partition: TopicPartition(0), from: None, to: 5 };
    assert_eq!(out, [group_coordinator::Output::Observe(reset)]);
    story.start(0);
    story.run_until(60_000);
    assert_eq!(story.processes[0].positions, BTreeMap::from([(TopicPartition(0), 5)]));
}

/// A small generator of chance, the same everywhere.
struct Draw(u64);

impl Draw {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

#[test]
fn whatever_happens_no_partition_is_owned_twice_and_in_quiet_all_are_read() {
    for seed in 0..300_u64 {
        let assignors: [&[Assignor]; 4] = [EAGER, COOPERATIVE, &[Assignor::Sticky], &[Assignor::RoundRobin]];
        let mut settings = Settings::new(assignors[(seed % 4) as usize]);
        settings.auto_commit = seed / 4 % 2 == 0;
        settings.is_static = seed / 8 % 3 == 0;
        settings.max_poll_interval = Duration::from_secs(20);
        let mut story = Story::new(7, settings);
        let mut draw = Draw(seed);
        story.start(0);
        for _ in 0..40 {
            let longest = if draw.below(3) == 0 { 12_000 } else { 400 };
            let until = story.now.as_millis() + draw.below(longest);
            story.run_until(until);
            something_happens(&mut story, &mut draw);
        }
        story.is_cut = false;
        story.coordinator.set_commit_failure(GROUP, None);
        for member in 0..story.processes.len() {
            if story.processes[member].paused {
                story.resume(member);
            }
        }
        // Longer than a session, a rebalance and the time-outs of requests together.
        let until = story.now.as_millis() + 400_000;
        story.run_until(until);
        story.assert_settled();
    }
}

fn something_happens(story: &mut Story, draw: &mut Draw) {
    let member = draw.below(5) as usize;
    if story.processes.get(member).is_none_or(|process| process.membership.is_none()) {
        return story.start(member);
    }
    if story.processes[member].paused {
        return story.resume(member);
    }
    let (polling, closing) = (story.member(member).polling, story.member(member).closing.is_some());
    let offsets = story.offsets(member);
    match draw.below(9) {
        0 => story.crash(member),
        1 if !closing => story.close(member),
        2 if polling => story.process(member, Duration::from_millis(draw.below(30_000))),
        3 => story.processes[member].paused = true,
        4 => story.is_cut = draw.below(3) == 0,
        5 if !closing => story.with(member, |membership, now, out| {
            membership.commit_async(now, offsets, out);
        }),
        6 if polling => {
            story.with(member, |membership, now, out| {
                membership.poll_returns(now);
                membership.commit_sync(now, offsets, out);
            });
            story.process(member, Duration::from_secs(1));
        }
        7 => {
            let error = (draw.below(2) == 0).then_some(CommitError::Retriable);
            story.coordinator.set_commit_failure(GROUP, error);
        }
        _ => (),
    }
}
