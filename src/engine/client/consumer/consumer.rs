//! A member's process: it polls, handles, commits, and may die, stop, or stand still at any moment.
//! Kafka: `KafkaConsumer`, `ClassicKafkaConsumer` and the loop that applications write around them.
//! Left out: answers are read when they arrive, while a real client reads them off its socket in `poll` only.
//! Holds: what a process had done when it died is done, and the rest never happened.

use super::super::super::application::handler::{Bench, Records, Start, Work};
use super::super::super::design::{CommitPolicy, OnCommitFailure};
use super::super::super::id::{BrokerId, GroupId, MemberIndex, NodeId, ObservationId, Offset, TopicPartition};
use super::super::super::log::file_records::FileRecords;
use super::super::super::message::Message;
use super::super::super::observe::observation::What;
use super::super::super::observe::snapshot::MemberState;
use super::super::super::plan::Plan;
use super::super::super::time::{Duration, Instant};
use super::super::super::world::{Books, Context, RequestKind};
use super::fetcher::Fetcher;
use super::membership::{CommitId, Config, Membership, TopicMetadata};
use std::sync::Arc;

#[derive(Clone, Debug)]
pub struct Consumer {
    pub(super) node: NodeId,
    pub(super) group: GroupId,
    pub(super) member: MemberIndex,
    pub(super) process: Option<Process>,
    /// When it comes up by itself.
    pub(super) starts_at: Instant,
    pub(super) paused: Option<Paused>,
    pub(super) factor: f64,
    /// Of all work so far, but for the work in hand.
    busy: Duration,
    handled: u64,
    pub(super) work: Work,
    /// Starts of handling that the order tracker has not heard of, of work that has ended.
    starts: Vec<Start>,
    /// Processes so far: answers to an earlier one are not heard.
    incarnation: u32,
    config: Config,
    metadata: Arc<[TopicMetadata]>,
}

/// One life of the process.
#[derive(Clone, Debug)]
pub(super) struct Process {
    pub started: Instant,
    pub incarnation: u32,
    pub membership: Membership,
    pub fetcher: Fetcher,
    pub activity: Activity,
    /// Records of the last poll that are handled after the one in hand, where each is committed by itself.
    pub rest: Vec<Records>,
    /// Everything is about to be revoked: nothing is fetched or returned.
    pub revoking: bool,
    /// The process ends when it is done with what it has in hand.
    pub stopping: bool,
    /// A refused commit has been told; the next one is, after a commit that was taken.
    pub refusal_told: bool,
    /// Requests to the coordinator: when they were sent.
    pub asked: Vec<(u32, RequestKind, Instant)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Activity {
    /// Inside of `poll`.
    Polling,
    Handling,
    /// Inside of `commitSync`.
    Committing {
        id: CommitId,
        then: AfterCommit,
    },
    Closing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AfterCommit {
    /// The records of the poll are handled now.
    Handle,
    /// The next record of the poll, or the next poll.
    GoOn,
}

#[derive(Clone, Debug)]
pub(super) struct Paused {
    pub since: Instant,
    pub messages: Vec<(NodeId, Message)>,
}

impl Consumer {
    /// A member that will start at once.
    pub fn new(plan: &Plan, group: GroupId, member: MemberIndex, node: NodeId) -> Self {
        let spec = &plan.design.groups[group.index()];
        let topics = spec.topics.iter().map(|&topic| TopicMetadata {
            topic,
            name: plan.design.topics[topic.index()].name.as_str().into(),
            partitions: plan.partitions_of(topic).collect(),
        });
        Consumer {
            node,
            group,
            member,
            process: None,
            starts_at: Instant::ZERO,
            paused: None,
            factor: 1.0,
            busy: Duration::ZERO,
            handled: 0,
            work: Work::default(),
            starts: Vec::new(),
            incarnation: 0,
            config: Config::new(group, spec, member),
            metadata: topics.collect(),
        }
    }

    pub fn node(&self) -> NodeId {
        self.node
    }
    pub fn group(&self) -> GroupId {
        self.group
    }
    pub fn member(&self) -> MemberIndex {
        self.member
    }
    pub fn is_running(&self) -> bool {
        self.process.is_some()
    }
    pub fn owns_nothing(&self) -> bool {
        self.process.as_ref().is_some_and(|process| process.fetcher.owns_nothing())
    }
    pub fn fetcher(&self) -> Option<&Fetcher> {
        self.process.as_ref().map(|process| &process.fetcher)
    }
    pub fn membership(&self) -> Option<&Membership> {
        self.process.as_ref().map(|process| &process.membership)
    }
    /// Time in the handler so far.
    pub fn busy_until(&self, now: Instant) -> Duration {
        self.busy + if self.is_handling() { self.work.busy_until(self.clock(now)) } else { Duration::ZERO }
    }
    /// Records handled so far.
    pub fn handled(&self) -> u64 {
        self.handled + if self.is_handling() { self.work.settled() as u64 } else { 0 }
    }
    /// What it is handling.
    pub fn current(&self, now: Instant) -> Option<(TopicPartition, Offset)> {
        self.is_handling().then(|| self.work.current(self.clock(now))).flatten()
    }

    pub fn state(&self) -> MemberState {
        let Some(process) = &self.process else { return MemberState::Down };
        if self.paused.is_some() {
            return MemberState::Paused;
        }
        match process.activity {
            Activity::Handling => MemberState::Processing,
            Activity::Committing { .. } => MemberState::Committing,
            Activity::Polling if process.membership.rejoin_needed_or_pending() => MemberState::Joining,
            Activity::Polling | Activity::Closing => MemberState::Polling,
        }
    }

    pub(super) fn is_handling(&self) -> bool {
        self.process.as_ref().is_some_and(|process| process.activity == Activity::Handling)
    }

    /// The process's own time: it stands still in a pause.
    pub(super) fn clock(&self, now: Instant) -> Instant {
        self.paused.as_ref().map_or(now, |paused| paused.since)
    }

    pub fn wake_at(&self) -> Instant {
        let Some(process) = &self.process else { return self.starts_at };
        if self.paused.is_some() {
            return Instant::MAX;
        }
        let work = if process.activity == Activity::Handling { self.work.ends_at() } else { Instant::MAX };
        process.membership.next_timer().min(work)
    }

    pub fn receive(&mut self, cx: &mut Context<'_>, from: NodeId, message: Message) {
        if let Some(paused) = &mut self.paused {
            paused.messages.push((from, message));
            return;
        }
        let Some(process) = &mut self.process else { return };
        match message {
            Message::FetchResponse(response) => {
                if response.sent_at < process.started {
                    return;
                }
                cx.answered(RequestKind::Fetch, response.sent_at);
                let arrived = process.fetcher.arrive(BrokerId(from.0), &response);
                cx.books.groups[self.group.index()].progress.bytes_out += arrived.bytes;
                if !arrived.out_of_range.is_empty() {
                    self.reset_positions(cx, &arrived.out_of_range);
                }
            }
            Message::ListOffsetsResponse(response) => {
                if response.sent_at < process.started {
                    return;
                }
                cx.answered(RequestKind::ListOffsets, response.sent_at);
                self.positions_found(cx, &response.partitions);
            }
            Message::GroupResponse { response, correlation } => {
                let Some(place) = process.asked.iter().position(|(known, ..)| *known == correlation) else { return };
                let (_, kind, sent_at) = process.asked.swap_remove(place);
                cx.answered(kind, sent_at);
                let mut out = Vec::new();
                process.membership.on_response(cx.now, correlation & CORRELATIONS, *response, &mut out);
                self.carry_out(cx, out);
            }
            Message::Produce(_)
            | Message::ProduceResponse { .. }
            | Message::Fetch(_)
            | Message::ListOffsets(_)
            | Message::Group { .. }
            | Message::Nothing => unreachable!("a consumer gets answers to what it asked"),
        }
        self.go_on(cx);
    }

    pub fn elapsed(&mut self, cx: &mut Context<'_>) {
        if self.process.is_none() {
            if self.starts_at <= cx.now {
                let cause = cx.books.causes.member.get(&(self.group, self.member)).copied();
                self.launch(cx, cause);
            }
            return;
        }
        if self.is_handling() && self.work.ends_at() <= cx.now {
            self.finish_work(cx);
        }
        if let Some(process) = &mut self.process
            && process.membership.next_timer() <= cx.now
        {
            let mut out = Vec::new();
            process.membership.on_timer(cx.now, &mut out);
            self.carry_out(cx, out);
        }
        self.go_on(cx);
    }

    pub(super) fn launch(&mut self, cx: &mut Context<'_>, cause: Option<ObservationId>) {
        self.starts_at = Instant::MAX;
        self.incarnation += 1;
        let config = &cx.plan.design.groups[self.group.index()].config;
        self.process = Some(Process {
            started: cx.now,
            incarnation: self.incarnation,
            membership: Membership::new(self.config.clone(), Arc::clone(&self.metadata), cx.now),
            fetcher: Fetcher::new(cx.plan, config),
            activity: Activity::Polling,
            rest: Vec::new(),
            revoking: false,
            stopping: false,
            refusal_told: false,
            asked: Vec::new(),
        });
        let id = cx.observe(cause, What::MemberStarted { group: self.group, member: self.member });
        cx.books.causes.member.insert((self.group, self.member), id);
        self.poll(cx);
    }

    /// Inside of `poll` something has happened: perhaps there are records now.
    pub(super) fn go_on(&mut self, cx: &mut Context<'_>) {
        if self.process.as_ref().is_some_and(|process| process.activity == Activity::Polling) {
            self.poll(cx);
        }
    }

    /// The application's loop comes to `poll`, or is inside of it still.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) {
        let Some(process) = &mut self.process else { return };
        process.activity = Activity::Polling;
        if process.stopping {
            return self.close(cx);
        }
        let mut out = Vec::new();
        process.membership.poll(cx.now, &mut out);
        self.carry_out(cx, out);
        let Some(process) = &mut self.process else { return };
        if process.activity != Activity::Polling || process.revoking {
            return;
        }
        process.fetcher.collect(&mut self.work.records);
        let (group, now) = (self.group, cx.now);
        let partitions = &mut cx.books.groups[group.index()].partitions;
        for records in &self.work.records {
            partitions[records.partition.index()].position = Some(records.end);
        }
        process.fetcher.prepare_fetches(group, now, |broker, request| {
            let bytes = REQUEST_BYTES + 16 * request.changed.len() as u64;
            cx.send(NodeId(broker.0), Message::Fetch(Box::new(request)), bytes);
        });
        if self.work.records.is_empty() {
            return;
        }
        process.membership.poll_returns(now);
        match cx.plan.design.groups[group.index()].handler.commit {
            CommitPolicy::Before => self.commit_positions(cx, AfterCommit::Handle),
            CommitPolicy::AfterRecord => {
                process.rest.clear();
                process.rest.append(&mut self.work.records);
                process.rest.reverse();
                self.next_record(cx);
            }
            CommitPolicy::AfterBatch | CommitPolicy::Auto | CommitPolicy::Never => self.begin_work(cx),
        }
    }

    /// The next of the records that are committed one by one, or the next poll.
    pub(super) fn next_record(&mut self, cx: &mut Context<'_>) {
        let Some(process) = &mut self.process else { return };
        let Some(records) = process.rest.last_mut() else { return self.poll(cx) };
        let one = Records { end: records.first + 1, ..*records };
        records.first += 1;
        if records.first == records.end {
            process.rest.pop();
        }
        self.work.records.clear();
        self.work.records.push(one);
        self.begin_work(cx);
    }

    pub(super) fn begin_work(&mut self, cx: &mut Context<'_>) {
        let Some(process) = &mut self.process else { return };
        process.activity = Activity::Handling;
        let bench = bench(cx.plan, self.group, cx.books, &cx.history.records);
        self.work.begin(&bench, cx.now, self.factor);
        *cx.work += self.work.len() as u64;
    }

    /// All records in hand are done.
    fn finish_work(&mut self, cx: &mut Context<'_>) {
        self.book_work(cx, None);
        match cx.plan.design.groups[self.group.index()].handler.commit {
            CommitPolicy::AfterBatch => self.commit_positions(cx, AfterCommit::GoOn),
            CommitPolicy::AfterRecord => {
                let last = *self.work.records.last().expect("one record was handled");
                self.commit(cx, &[(last.partition, last.end)], AfterCommit::GoOn);
            }
            CommitPolicy::Auto | CommitPolicy::Before | CommitPolicy::Never => self.poll(cx),
        }
    }

    /// Work ends: all of it, or at a cut.
    pub(super) fn book_work(&mut self, cx: &mut Context<'_>, cut: Option<Instant>) {
        let mut bench = bench(cx.plan, self.group, cx.books, &cx.history.records);
        match cut {
            None => self.work.settle(&mut bench, cx.now),
            Some(at) => self.work.cut(&mut bench, at, self.factor),
        }
        if cx.plan.design.track_order {
            self.work.tell_starts(cut.unwrap_or(cx.now), &mut self.starts);
        }
        self.busy += self.work.busy_until(cut.unwrap_or(cx.now));
        self.handled += self.work.settled() as u64;
        self.tell_repeats(cx);
    }

    fn tell_repeats(&mut self, cx: &mut Context<'_>) {
        let mut repeats = std::mem::take(&mut self.work.repeats);
        let mut delivery: Option<(TopicPartition, ObservationId)> = None;
        repeats.sort_by_key(|repeat| (repeat.records.partition, repeat.effect, repeat.records.first));
        for repeat in repeats.drain(..) {
            let Records { partition, first, end: last } = repeat.records;
            let (group, member) = (self.group, self.member);
            let cause = cx.books.causes.uncommitted.get(&(group, partition)).copied();
            match repeat.effect {
                None => {
                    let id = cx.observe(cause, What::DuplicatesDelivered { group, member, partition, first, last });
                    delivery = Some((partition, id));
                }
                Some(effect) => {
                    let cause = delivery.filter(|(of, _)| *of == partition).map(|(_, id)| id).or(cause);
                    let count = repeat.count;
                    cx.observe(cause, What::EffectRepeated { group, member, effect, partition, first, last, count });
                }
            }
        }
        self.work.repeats = repeats;
    }

    /// The handler takes so many times as long from now on.
    pub fn set_factor(&mut self, cx: &mut Context<'_>, factor: f64) {
        self.factor = factor;
        if self.is_handling() {
            let now = self.clock(cx.now);
            let mut bench = bench(cx.plan, self.group, cx.books, &cx.history.records);
            self.work.settle(&mut bench, now);
            self.work.change_speed(&bench, now, factor);
        }
    }

    /// Books what has been done by now.
    pub fn settle(&mut self, now: Instant, plan: &Plan, books: &mut Books, records: &[FileRecords]) {
        if self.is_handling() {
            let now = self.clock(now);
            self.work.settle(&mut bench(plan, self.group, books, records), now);
        }
    }

    /// The starts of handling since the last time it was asked.
    pub fn tell_starts(&mut self, now: Instant, starts: &mut Vec<Start>) {
        starts.append(&mut self.starts);
        if self.is_handling() {
            let now = self.clock(now);
            self.work.tell_starts(now, starts);
        }
    }

    pub(super) fn disown(&mut self, cx: &mut Context<'_>, partitions: &[TopicPartition]) {
        let of = cx.plan.groups[self.group.index()].partitions.len();
        for &partition in partitions {
            let gauges = &mut cx.books.groups[self.group.index()].partitions[partition.index()];
            if gauges.owner == Some(self.member) {
                gauges.position = None;
                cx.books.set_owner(cx.now, self.group, partition, None, of);
            }
        }
    }

    /// A commit has failed and the application has been told.
    pub(super) fn commit_failed(&mut self, cx: &mut Context<'_>, cause: Option<ObservationId>) -> bool {
        match cx.plan.design.groups[self.group.index()].handler.on_commit_failure {
            OnCommitFailure::Continue => false,
            OnCommitFailure::Restart => {
                self.give_up(cx, cause, true);
                true
            }
            OnCommitFailure::Rewind => {
                self.rewind(cx);
                true
            }
        }
    }
}

/// Numbers of requests of one process; above them stands the process's own number.
pub(super) const CORRELATIONS: u32 = (1 << 22) - 1;
/// Bytes of a request, about.
pub(super) const REQUEST_BYTES: u64 = 100;

fn bench<'a>(plan: &'a Plan, group: GroupId, books: &'a mut Books, records: &'a [FileRecords]) -> Bench<'a> {
    let Books { groups, logs, .. } = books;
    Bench { plan: &plan.groups[group.index()], progress: &mut groups[group.index()].progress, logs, records }
}
