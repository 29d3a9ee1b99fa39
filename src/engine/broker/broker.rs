//! One broker: takes requests in, in order, and answers them; leads logs; deletes what is old; hosts coordinators.
//! Kafka: `KafkaApis`, `ReplicaManager`, `LogManager`. Left out: followers (a later part: with one replica the high
//! watermark is the log end at once, and `acks=all` waits for nobody), reading old records from disk.

use super::super::application::progress::PassedOver;
use super::super::client::consumer::fetcher::Fetcher;
use super::super::coordinator::group::group_coordinator::{GroupCoordinator, Output};
use super::super::coordinator::group::message::OffsetCommitRequestPartition;
use super::super::design::{Acks, CommitError};
use super::super::errors::Errors;
use super::super::id::{BrokerId, GroupId, NodeId, Offset, TopicPartition};
use super::super::log::file_records::FileRecords;
use super::super::log::list_offsets::OffsetSpec as LogOffsetSpec;
use super::super::log::log_config::LogConfig;
use super::super::log::unified_log::{FetchIsolation, UnifiedLog};
use super::super::message::{FetchRequest, FetchedPartition, ListOffsetsRequest, ListOffsetsResponse, Message, OffsetSpec, ProduceRequest};
use super::super::observe::observation::{Refusal, What};
use super::super::plan::Plan;
use super::super::random::round_nanos;
use super::super::time::{Duration, Instant};
use super::super::world::{Context, History, RequestKind};
use super::fetch_session::{FetchSession, ReadLog};
use super::request_queue::{Cost, RequestQueue};

#[derive(Clone, Debug)]
pub struct Broker {
    id: BrokerId,
    node: NodeId,
    /// By local number.
    logs: Vec<UnifiedLog>,
    partitions: Vec<TopicPartition>,
    queue: RequestQueue,
    /// One for each consumer that has ever fetched here, in the order in which they came.
    sessions: Vec<FetchSession>,
    /// The session of each node, as its place + 1.
    session_of: Vec<u32>,
    /// When the first waiting fetch is answered at the latest.
    first_wait: Instant,
    /// Places in `sessions` of those that have ever held a partition, by local number.
    watchers: Vec<Vec<u32>>,
    /// Sessions that may have their answer now.
    touched: Vec<u32>,
    pub(super) coordinator: GroupCoordinator,
    /// When the coordinator has something to do by itself.
    pub(super) coordinator_wake: Instant,
    pub(super) outputs: Vec<Output>,
    next_retention: Instant,
    factor: f64,
    wake: Instant,
}

/// The logs of a broker with their records.
struct Logs<'a> {
    logs: &'a [UnifiedLog],
    records: &'a [FileRecords],
}

impl ReadLog for Logs<'_> {
    fn read(&self, partition: TopicPartition, local: u32, offset: Offset, max_bytes: u64, min_one_message: bool) -> FetchedPartition {
        let log = &self.logs[local as usize];
        let max_bytes = u32::try_from(max_bytes).unwrap_or(u32::MAX);
        match log.read(&self.records[partition.index()], offset, max_bytes, FetchIsolation::HighWatermark, min_one_message) {
            Ok(data) => {
                FetchedPartition { partition, error: Errors::None, fetch_offset: offset, end: data.next_offset(), bytes: data.bytes }
            }
            Err(error) => FetchedPartition { partition, error, fetch_offset: offset, end: offset, bytes: 0 },
        }
    }

    fn has_news(&self, local: u32, offset: Offset) -> bool {
        let log = &self.logs[local as usize];
        log.high_watermark() > offset || offset < log.log_start_offset() || offset > log.log_end_offset()
    }
}

impl Broker {
    pub fn new(plan: &Plan, id: BrokerId, node: NodeId) -> Self {
        let config = &plan.design.cluster.config;
        let mut partitions: Vec<(u32, TopicPartition)> = (0..plan.partitions.len())
            .map(TopicPartition::from)
            .filter(|partition| plan.partition(*partition).leader == id)
            .map(|partition| (plan.partition(partition).local, partition))
            .collect();
        partitions.sort_unstable();
        let partitions: Vec<TopicPartition> = partitions.into_iter().map(|(_, partition)| partition).collect();
        let log = |partition: &TopicPartition| {
            let topic = &plan.design.topics[plan.partition(*partition).topic.index()];
            UnifiedLog::new(LogConfig::from(&topic.config))
        };
        let mut broker = Broker {
            id,
            node,
            logs: partitions.iter().map(log).collect(),
            watchers: vec![Vec::new(); partitions.len()],
            partitions,
            queue: RequestQueue::new(config.num_io_threads),
            sessions: Vec::new(),
            session_of: Vec::new(),
            first_wait: Instant::MAX,
            touched: Vec::new(),
            coordinator: GroupCoordinator::new(config.into(), Instant::ZERO),
            coordinator_wake: Instant::MAX,
            outputs: Vec::new(),
            next_retention: Instant::ZERO + config.log_initial_task_delay,
            factor: 1.0,
            wake: Instant::MAX,
        };
        broker.coordinator_wake = broker.coordinator.next_timer();
        broker.set_wake();
        broker
    }

    pub fn id(&self) -> BrokerId {
        self.id
    }

    pub fn node(&self) -> NodeId {
        self.node
    }

    pub fn wake_at(&self) -> Instant {
        self.wake
    }

    pub fn coordinator(&self) -> &GroupCoordinator {
        &self.coordinator
    }

    pub fn log(&self, local: u32) -> &UnifiedLog {
        &self.logs[local as usize]
    }

    /// Whether a retention pass is due.
    pub fn retention_is_due(&self, now: Instant) -> bool {
        self.next_retention <= now
    }

    pub fn queued_requests(&self) -> usize {
        self.queue.waiting()
    }

    /// No request waits or is in work.
    pub fn is_idle(&self) -> bool {
        self.queue.is_empty()
    }

    /// Time that request handlers have worked.
    pub fn worked(&self) -> Duration {
        self.queue.worked
    }

    /// Requests take so many times as long from now on.
    pub fn set_factor(&mut self, factor: f64) {
        self.factor = factor;
    }

    pub fn fail_commits(&mut self, group: GroupId, error: Option<CommitError>) {
        self.coordinator.set_commit_failure(group, error);
    }

    /// The offset of the first record at or after a moment.
    pub fn offset_for(&self, plan: &Plan, history: &History, partition: TopicPartition, at: Instant) -> Option<Offset> {
        let log = &self.logs[plan.partition(partition).local as usize];
        let spec = LogOffsetSpec::ForTimestamp(at.as_millis());
        log.fetch_offset_for_timestamp(&history.records[partition.index()], spec, FetchIsolation::HighWatermark).map(|found| found.offset)
    }

    /// An operator moves the offset of a group that has no members.
    pub fn reset_offset(
        &mut self,
        now: Instant,
        plan: &Plan,
        group: GroupId,
        partition: TopicPartition,
        offset: Offset,
    ) -> Result<(), Refusal> {
        let commit = OffsetCommitRequestPartition { topic: plan.partition(partition).topic, partition, offset };
        let result = self.coordinator.reset_offsets(now, group, &[commit], &mut self.outputs);
        // The timeline tells of the reset itself, with its cause.
        self.outputs.clear();
        self.coordinator_wake = self.coordinator.next_timer();
        self.set_wake();
        result
    }

    pub fn receive(&mut self, cx: &mut Context<'_>, from: NodeId, message: Message) {
        if cx.plan.no_costs {
            self.handle(cx, from, message);
        } else {
            let cost = self.cost(cx.plan, &message);
            self.queue.push(cx.now, from, message, cost);
        }
        self.set_wake();
    }

    pub fn elapsed(&mut self, cx: &mut Context<'_>) {
        while let Some((from, message)) = self.queue.take_done(cx.now) {
            self.handle(cx, from, message);
        }
        if self.coordinator_wake <= cx.now {
            self.coordinator.on_timer(cx.now, &mut self.outputs);
            self.coordinator_wake = self.coordinator.next_timer();
            self.carry_out(cx);
        }
        if self.first_wait <= cx.now {
            for session in 0..self.sessions.len() as u32 {
                if self.sessions[session as usize].waits_until() <= cx.now {
                    self.answer(cx, session);
                }
            }
        }
        if self.next_retention <= cx.now {
            self.delete_old_segments(cx);
            self.next_retention = cx.now + cx.plan.design.cluster.config.log_retention_check_interval;
        }
        self.set_wake();
    }

    fn set_wake(&mut self) {
        self.wake = self.first_wait.min(self.queue.next_done()).min(self.coordinator_wake).min(self.next_retention);
    }

    /// After the first of the waiting fetches was answered.
    fn find_first_wait(&mut self) {
        self.first_wait = self.sessions.iter().map(FetchSession::waits_until).min().unwrap_or(Instant::MAX);
    }

    /// What a request asks of a handler thread and of the disk.
    fn cost(&self, plan: &Plan, message: &Message) -> Cost {
        let costs = &plan.design.cluster.costs;
        let (partitions, records, bytes, disk_bytes) = match message {
            Message::Produce(request) => {
                let bytes = request.data.bytes();
                (request.data.batches.len(), request.data.records(), bytes, bytes)
            }
            Message::Fetch(request) => (request.changed.len() + request.forgotten.len(), 0, 0, 0),
            Message::ListOffsets(request) => (request.partitions.len(), 0, 0, 0),
            Message::Group { request, .. } => (request.partitions(), 0, 0, 0),
            Message::ProduceResponse { .. }
            | Message::FetchResponse(_)
            | Message::ListOffsetsResponse(_)
            | Message::GroupResponse { .. }
            | Message::Nothing => (0, 0, 0, 0),
        };
        let nanos = costs.request.0 as f64
            + costs.partition.0 as f64 * partitions as f64
            + costs.record.0 as f64 * records as f64
            + costs.byte_picos as f64 * bytes as f64 / 1e3;
        let disk = match costs.disk_bytes_per_sec {
            0 => 0.0,
            rate => disk_bytes as f64 * 1e9 / rate as f64,
        };
        Cost { cpu: Duration(round_nanos(nanos * self.factor)), disk: Duration(round_nanos(disk * self.factor)) }
    }

    fn handle(&mut self, cx: &mut Context<'_>, from: NodeId, message: Message) {
        match message {
            Message::Produce(request) => self.produce(cx, from, request),
            Message::Fetch(request) => self.fetch(cx, from, &request),
            Message::ListOffsets(request) => self.list_offsets(cx, from, &request),
            Message::Group { request, correlation } => self.group(cx, from, &request, correlation),
            Message::ProduceResponse { .. }
            | Message::FetchResponse(_)
            | Message::ListOffsetsResponse(_)
            | Message::GroupResponse { .. }
            | Message::Nothing => unreachable!("a broker is sent requests only"),
        }
    }

    fn produce(&mut self, cx: &mut Context<'_>, from: NodeId, request: Box<ProduceRequest>) {
        cx.handled(RequestKind::Produce);
        let ProduceRequest { acks, producer, ref data, sent_at } = *request;
        let first = cx.plan.first_partition[cx.plan.design.producers[producer.index()].topic.index()];
        *cx.work += data.records();
        for batch in &data.batches {
            let partition = TopicPartition(first + batch.partition);
            let local = cx.plan.partition(partition).local;
            let log = &mut self.logs[local as usize];
            // A batch that is refused is lost to its producer; retries are a later part, and so is what they cost.
            let Ok(info) = log.append(&mut cx.history.records[partition.index()], cx.now, 0, &data.batch(batch)) else {
                cx.books.producers[producer.index()].refused += u64::from(batch.count);
                continue;
            };
            let end = log.log_end_offset();
            log.maybe_increment_high_watermark(end);
            let gauges = &mut cx.books.logs[partition.index()];
            gauges.log_end = end;
            gauges.high_watermark = end;
            gauges.tail = *log.tail();
            gauges.bytes_in += u64::from(batch.bytes);
            cx.books.producers[producer.index()].appended[batch.partition as usize] += u64::from(batch.count);
            cx.books.mix(info.first_offset ^ u64::from(partition.0) << 44 ^ u64::from(batch.count) << 32);
            cx.books.mix(cx.now.0 ^ batch.base_time.0 << 1);
            self.touch(cx, local);
        }
        cx.books.producers[producer.index()].batches += data.batches.len() as u64;
        if acks != Acks::None {
            cx.send(from, Message::ProduceResponse { sent_at }, RESPONSE_BYTES);
        }
        cx.recycle(request);
        self.answer_touched(cx);
    }

    /// Something has changed in a log: whoever waits for it is looked at when the request is done.
    fn touch(&mut self, cx: &Context<'_>, local: u32) {
        let logs = Logs { logs: &self.logs, records: &cx.history.records };
        for &session in &self.watchers[local as usize] {
            if self.sessions[session as usize].touch(local, &logs) && !self.touched.contains(&session) {
                self.touched.push(session);
            }
        }
    }

    fn answer_touched(&mut self, cx: &mut Context<'_>) {
        let touched = std::mem::take(&mut self.touched);
        for &session in &touched {
            self.answer(cx, session);
        }
        self.touched = touched;
        self.touched.clear();
    }

    fn answer(&mut self, cx: &mut Context<'_>, session: u32) {
        let logs = Logs { logs: &self.logs, records: &cx.history.records };
        let session = &mut self.sessions[session as usize];
        let waited_until = session.waits_until();
        if let Some(response) = session.answer_if_due(cx.now, &logs) {
            let bytes = response.partitions.iter().map(|fetched| fetched.bytes).sum::<u64>() + RESPONSE_BYTES;
            cx.send(session.client, Message::FetchResponse(Box::new(response)), bytes);
            if waited_until == self.first_wait {
                self.find_first_wait();
            }
        }
    }

    fn fetch(&mut self, cx: &mut Context<'_>, from: NodeId, request: &FetchRequest) {
        cx.handled(RequestKind::Fetch);
        let place = self.session_of(cx.plan, from, request.group);
        for (partition, _) in &request.changed {
            let watchers = &mut self.watchers[cx.plan.partition(*partition).local as usize];
            if !watchers.contains(&(place as u32)) {
                watchers.push(place as u32);
            }
        }
        let logs = Logs { logs: &self.logs, records: &cx.history.records };
        let session = &mut self.sessions[place];
        let waited_until = session.waits_until();
        if let Some(response) = session.fetch(cx.now, request, |partition| cx.plan.partition(partition).local, &logs) {
            let bytes = response.partitions.iter().map(|fetched| fetched.bytes).sum::<u64>() + RESPONSE_BYTES;
            cx.send(from, Message::FetchResponse(Box::new(response)), bytes);
        }
        // A new process of this client may have asked while the fetch of an earlier one was waiting.
        if waited_until == self.first_wait && waited_until != Instant::MAX {
            self.find_first_wait();
        } else {
            self.first_wait = self.first_wait.min(self.sessions[place].waits_until());
        }
    }

    /// The place of a client's session, which is made for its first fetch.
    fn session_of(&mut self, plan: &Plan, client: NodeId, group: GroupId) -> usize {
        if self.session_of.len() <= client.index() {
            self.session_of.resize(client.index() + 1, 0);
        }
        let place = &mut self.session_of[client.index()];
        if *place == 0 {
            let limits = Fetcher::limits(&plan.design.groups[group.index()].config);
            self.sessions.push(FetchSession::new(client, limits, self.logs.len()));
            *place = self.sessions.len() as u32;
        }
        *place as usize - 1
    }

    fn list_offsets(&mut self, cx: &mut Context<'_>, from: NodeId, request: &ListOffsetsRequest) {
        cx.handled(RequestKind::ListOffsets);
        let offset_of = |partition: TopicPartition, spec: OffsetSpec| {
            let log = &self.logs[cx.plan.partition(partition).local as usize];
            let spec = match spec {
                OffsetSpec::Earliest => LogOffsetSpec::Earliest,
                OffsetSpec::Latest => LogOffsetSpec::Latest,
                OffsetSpec::Time(at) => LogOffsetSpec::ForTimestamp(at.as_millis()),
            };
            log.fetch_offset_for_timestamp(&cx.history.records[partition.index()], spec, FetchIsolation::HighWatermark)
                .map(|found| found.offset)
        };
        let partitions = request.partitions.iter().map(|&(partition, spec)| (partition, offset_of(partition, spec))).collect();
        let response = ListOffsetsResponse { partitions, sent_at: request.sent_at };
        cx.send(from, Message::ListOffsetsResponse(Box::new(response)), RESPONSE_BYTES);
    }

    /// One retention pass over all logs.
    fn delete_old_segments(&mut self, cx: &mut Context<'_>) {
        for local in 0..self.logs.len() {
            let partition = self.partitions[local];
            let log = &mut self.logs[local];
            let before = log.log_start_offset();
            if log.delete_old_segments(cx.now).total() == 0 {
                continue;
            }
            let log_start = log.log_start_offset();
            let gauges = &mut cx.books.logs[partition.index()];
            gauges.log_start = log_start;
            gauges.tail = *log.tail();
            cx.books.mix(log_start ^ u64::from(partition.0) << 44);
            let deleted = cx.observe(None, What::SegmentsDeleted { partition, log_start, records: log_start - before });
            for group in (0..cx.plan.groups.len()).map(GroupId::from) {
                if !cx.plan.groups[group.index()].partitions.contains(&partition) {
                    continue;
                }
                let progress = &mut cx.books.groups[group.index()].progress;
                let count = progress.pass_over(partition, before, log_start, PassedOver::Expired);
                if count > 0 {
                    let expired = cx.observe(Some(deleted), What::UnreadExpired { group, partition, count });
                    cx.books.causes.lag.insert((group, partition), expired);
                }
            }
            self.touch(cx, local as u32);
        }
        self.answer_touched(cx);
    }
}

/// Bytes of a request or response beside its records, about.
pub const RESPONSE_BYTES: u64 = 100;
