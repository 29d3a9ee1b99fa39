//! The world: all nodes, what is under way between them, and what they share of the run's books.
//! A clone of it is a checkpoint; what only grows (records, series, observations) lies beside it in [`History`].

use super::application::progress::GroupProgress;
use super::broker::broker::Broker;
use super::client::consumer::consumer::Consumer;
use super::client::producer::sender::Sender;
use super::coordinator::group::message::GroupRequest;
use super::coordinator::group::message::GroupResponse;
use super::environment::network::Network;
use super::id::{BrokerId, GroupId, MemberIndex, NodeId, ObservationId, Offset, ProducerId, TopicPartition};
use super::log::file_records::{FileRecords, Tail};
use super::message::{Message, ProduceRequest};
use super::observe::lag::CommitWindow;
use super::observe::observation::{Observation, What};
use super::observe::sampler::Sampler;
use super::observe::series::SeriesTable;
use super::plan::Plan;
use super::queue::{Next, Queue};
use super::random::mix;
use super::time::{Duration, Instant};
use super::timeline::Timeline;
use std::collections::BTreeMap;

#[derive(Clone, Debug)]
pub struct World {
    pub now: Instant,
    pub queue: Queue,
    pub network: Network,
    actors: Vec<Actor>,
    pub brokers: Vec<Broker>,
    /// Instances of all producers, in the order of the file.
    pub senders: Vec<Sender>,
    pub consumers: Vec<Consumer>,
    /// Members of each group, by their place in `consumers`.
    pub members: Vec<Vec<usize>>,
    pub books: Books,
    pub timeline: Timeline,
    pub sampler: Sampler,
    /// Records and events: the measure of work done, by which checkpoints are spaced.
    pub work: u64,
}

#[derive(Clone, Copy, Debug)]
enum Actor {
    Broker(usize),
    Sender(usize),
    Consumer(usize),
}

/// What only grows. After a rewind it still holds the future, which a run over the same time writes again, the same.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// By `TopicPartition`.
    pub records: Vec<FileRecords>,
    pub series: SeriesTable,
    pub observations: Vec<Observation>,
}

/// Gauges and counters that nodes write and the sampler reads.
#[derive(Clone, Debug)]
pub struct Books {
    pub logs: Vec<LogGauges>,
    pub groups: Vec<GroupBooks>,
    pub producers: Vec<ProducerBooks>,
    pub requests: Requests,
    /// Observations so far.
    pub observations: u32,
    /// Everything that happened, mixed in the order in which it did.
    pub chain: u64,
    /// Where each thing on the stage last got its cause from.
    pub causes: Causes,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct LogGauges {
    pub log_start: Offset,
    pub high_watermark: Offset,
    pub log_end: Offset,
    pub bytes_in: u64,
    /// How far the leader's log is written: finds records in [`History`].
    pub tail: Tail,
}

#[derive(Clone, Debug)]
pub struct GroupBooks {
    /// By `TopicPartition`.
    pub partitions: Vec<GroupPartitionGauges>,
    /// What Burrow remembers of each partition.
    pub commits: Vec<CommitWindow>,
    pub progress: GroupProgress,
    pub rebalances: u64,
    pub rebalance_pause: super::application::progress::Latency,
    pub unowned: Duration,
    pub stopped: Duration,
    /// Up to when `unowned` and `stopped` are counted.
    pub ownership_counted: Instant,
    pub owned: u32,
    /// The group has owned something: stop time counts from then.
    pub ever_owned: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GroupPartitionGauges {
    pub owner: Option<MemberIndex>,
    pub committed: Option<Offset>,
    pub position: Option<Offset>,
}

#[derive(Clone, Debug, Default)]
pub struct ProducerBooks {
    /// Records appended, by partition of the topic.
    pub appended: Vec<u64>,
    pub batches: u64,
    /// Records that a broker would not take.
    pub refused: u64,
}

/// Requests by kind: how many brokers handled, and how long clients waited for the answer.
#[derive(Clone, Debug)]
pub struct Requests {
    pub handled: [u64; RequestKind::ALL.len()],
    pub latency: Vec<super::application::progress::Latency>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestKind {
    Produce,
    Fetch,
    ListOffsets,
    JoinGroup,
    SyncGroup,
    Heartbeat,
    LeaveGroup,
    OffsetCommit,
    OffsetFetch,
}

impl RequestKind {
    pub const ALL: [RequestKind; 9] = [
        RequestKind::Produce,
        RequestKind::Fetch,
        RequestKind::ListOffsets,
        RequestKind::JoinGroup,
        RequestKind::SyncGroup,
        RequestKind::Heartbeat,
        RequestKind::LeaveGroup,
        RequestKind::OffsetCommit,
        RequestKind::OffsetFetch,
    ];

    /// The kind of a request to a group's coordinator.
    pub fn of(request: &GroupRequest) -> RequestKind {
        match request {
            GroupRequest::JoinGroup(_) => RequestKind::JoinGroup,
            GroupRequest::SyncGroup(_) => RequestKind::SyncGroup,
            GroupRequest::Heartbeat(_) => RequestKind::Heartbeat,
            GroupRequest::LeaveGroup(_) => RequestKind::LeaveGroup,
            GroupRequest::OffsetCommit(_) => RequestKind::OffsetCommit,
            GroupRequest::OffsetFetch(_) => RequestKind::OffsetFetch,
        }
    }

    /// The name of the API in Kafka's protocol.
    pub fn name(self) -> &'static str {
        match self {
            RequestKind::Produce => "Produce",
            RequestKind::Fetch => "Fetch",
            RequestKind::ListOffsets => "ListOffsets",
            RequestKind::JoinGroup => "JoinGroup",
            RequestKind::SyncGroup => "SyncGroup",
            RequestKind::Heartbeat => "Heartbeat",
            RequestKind::LeaveGroup => "LeaveGroup",
            RequestKind::OffsetCommit => "OffsetCommit",
            RequestKind::OffsetFetch => "OffsetFetch",
        }
    }
}

/// The last observation about a thing that later ones follow from.
#[derive(Clone, Debug, Default)]
pub struct Causes {
    /// A member's crash, stop, fencing.
    pub member: BTreeMap<(GroupId, MemberIndex), ObservationId>,
    /// A group's rebalance, from its start on.
    pub rebalance: BTreeMap<GroupId, ObservationId>,
    /// Why records of a partition were handled and not committed: a refused commit, a crash.
    pub uncommitted: BTreeMap<(GroupId, TopicPartition), ObservationId>,
    /// An intervention that is in force and makes commits of a group fail.
    pub commits: BTreeMap<GroupId, ObservationId>,
    /// Why the lag of a partition grows.
    pub lag: BTreeMap<(GroupId, TopicPartition), ObservationId>,
}

/// Requests whose memory is used again, boxes and all. What is in them means nothing any more.
pub type Pool = Vec<Box<ProduceRequest>>;

/// What a node may see and do while it handles an event.
pub struct Context<'a> {
    pub now: Instant,
    pub node: NodeId,
    pub plan: &'a Plan,
    /// Nothing from this moment on may be computed ahead: an intervention may change it.
    pub horizon: Instant,
    pub queue: &'a mut Queue,
    pub network: &'a mut Network,
    pub books: &'a mut Books,
    pub history: &'a mut History,
    pub work: &'a mut u64,
    pub pool: &'a mut Pool,
}

impl Context<'_> {
    /// Puts a message of so many bytes on its way.
    #[inline]
    pub fn send(&mut self, to: NodeId, message: Message, bytes: u64) {
        let at = self.network.arrival(self.now, self.node, to, bytes);
        self.queue.send(at, self.node, to, message);
    }

    /// The same, leaving later: the sender's CPU is busy until then.
    pub fn send_at(&mut self, departure: Instant, to: NodeId, message: Message, bytes: u64) {
        let at = self.network.arrival(departure.max(self.now), self.node, to, bytes);
        self.queue.send(at, self.node, to, message);
    }

    pub fn observe(&mut self, cause: Option<ObservationId>, what: What) -> ObservationId {
        self.history.observe(self.books, self.now, cause, what)
    }

    /// The buffers of a request are used again.
    pub fn recycle(&mut self, request: Box<ProduceRequest>) {
        self.pool.push(request);
    }

    /// An earlier request.
    pub fn spare(&mut self) -> Option<Box<ProduceRequest>> {
        self.pool.pop()
    }

    /// A request of this kind was answered.
    #[inline]
    pub fn answered(&mut self, kind: RequestKind, sent_at: Instant) {
        self.books.requests.latency[kind as usize].record(self.now.since(sent_at).0);
    }

    #[inline]
    pub fn handled(&mut self, kind: RequestKind) {
        self.books.requests.handled[kind as usize] += 1;
    }
}

impl History {
    pub fn observe(&mut self, books: &mut Books, at: Instant, cause: Option<ObservationId>, what: What) -> ObservationId {
        let id = ObservationId(books.observations);
        books.observations += 1;
        let observation = Observation { at, cause, what };
        books.mix(at.0 ^ u64::from(id.0) << 40);
        match self.observations.get_mut(id.index()) {
            Some(held) => *held = observation,
            None => self.observations.push(observation),
        }
        id
    }

    /// Forgets what lies beyond the playhead, since it is about to become different.
    pub fn forget_future(&mut self, world: &World) {
        for (records, log) in self.records.iter_mut().zip(&world.books.logs) {
            records.forget_after(&log.tail);
        }
        self.observations.truncate(world.books.observations as usize);
        self.series.show(world.sampler.samples());
        self.series.forget_future();
    }
}

impl Books {
    fn new(plan: &Plan) -> Self {
        let partitions = plan.partitions.len();
        let groups = plan.groups.iter().map(|group| GroupBooks {
            partitions: vec![GroupPartitionGauges::default(); partitions],
            commits: vec![CommitWindow::default(); partitions],
            progress: GroupProgress::new(partitions, group, plan.design.track_order),
            rebalances: 0,
            rebalance_pause: Default::default(),
            unowned: Duration::ZERO,
            stopped: Duration::ZERO,
            ownership_counted: Instant::ZERO,
            owned: 0,
            ever_owned: false,
        });
        let producers = plan.design.producers.iter().map(|producer| ProducerBooks {
            appended: vec![0; plan.design.topics[producer.topic.index()].partitions as usize],
            ..ProducerBooks::default()
        });
        Books {
            logs: vec![LogGauges::default(); partitions],
            groups: groups.collect(),
            producers: producers.collect(),
            requests: Requests { handled: [0; RequestKind::ALL.len()], latency: vec![Default::default(); RequestKind::ALL.len()] },
            observations: 0,
            chain: 0,
            causes: Causes::default(),
        }
    }

    /// Adds to what the fingerprint is made of.
    #[inline(always)]
    pub fn mix(&mut self, what: u64) {
        self.chain = mix(self.chain ^ what);
    }

    pub fn chain_commit(&mut self, partition: TopicPartition, offset: Offset) {
        self.mix(offset ^ u64::from(partition.0) << 44 ^ 1 << 63);
    }

    /// A partition gets or loses its owner.
    pub fn set_owner(&mut self, now: Instant, group: GroupId, partition: TopicPartition, owner: Option<MemberIndex>, of: usize) {
        let books = &mut self.groups[group.index()];
        books.count_ownership(now, of);
        let gauges = &mut books.partitions[partition.index()];
        match (gauges.owner, owner) {
            (None, Some(_)) => books.owned += 1,
            (Some(_), None) => books.owned -= 1,
            (None, None) | (Some(_), Some(_)) => {}
        }
        gauges.owner = owner;
        books.ever_owned |= books.owned > 0;
        let name = owner.map_or(0, |member| u64::from(member.0) + 1);
        self.mix(now.0 ^ u64::from(partition.0) << 44 ^ name << 20 ^ u64::from(group.0));
    }
}

impl GroupBooks {
    /// Counts unowned partition-seconds and stopped seconds up to `now`; the group has `of` partitions.
    pub fn count_ownership(&mut self, now: Instant, of: usize) {
        let passed = now.since(self.ownership_counted);
        self.ownership_counted = now;
        if self.ever_owned {
            self.unowned += passed * (of as u64 - u64::from(self.owned));
            if self.owned == 0 {
                self.stopped += passed;
            }
        }
    }
}

impl World {
    pub fn new(plan: &Plan, history: &mut History) -> Self {
        let design = &plan.design;
        let cluster = &design.cluster;
        history.records = plan.partitions.iter().map(|_| FileRecords::default()).collect();
        let mut world = World {
            now: Instant::ZERO,
            queue: Queue::new(),
            network: Network::new(&cluster.network, cluster.costs.network_bytes_per_sec, cluster.brokers, design.seed),
            actors: Vec::new(),
            brokers: Vec::new(),
            senders: Vec::new(),
            consumers: Vec::new(),
            members: vec![Vec::new(); design.groups.len()],
            books: Books::new(plan),
            timeline: Timeline::new(design),
            sampler: Sampler::new(plan),
            work: 0,
        };
        for broker in 0..cluster.brokers {
            let node = world.add_node(&format!("broker {broker}"), Actor::Broker(world.brokers.len()));
            world.brokers.push(Broker::new(plan, BrokerId(broker), node));
            let at = world.brokers[broker as usize].wake_at();
            world.queue.set_timer(node, at);
        }
        for (index, producer) in design.producers.iter().enumerate() {
            let share = Sender::shared(plan, ProducerId::from(index));
            history.observe(
                &mut world.books,
                Instant::ZERO,
                None,
                What::TopKeys { producer: ProducerId::from(index), share: share.top10_share() },
            );
            for instance in 0..producer.instances {
                let node = world.add_node(&format!("producer {}/{instance}", producer.name), Actor::Sender(world.senders.len()));
                world.senders.push(Sender::new(plan, ProducerId::from(index), instance, node, &share));
                world.queue.set_timer(node, Instant::ZERO);
            }
        }
        for (index, group) in design.groups.iter().enumerate() {
            for _ in 0..group.members {
                world.add_member(plan, GroupId::from(index));
            }
        }
        world.sampler.begin(plan, &world.consumers, &mut history.series);
        world
    }

    fn add_node(&mut self, name: &str, actor: Actor) -> NodeId {
        self.network.add_node(name);
        self.actors.push(actor);
        self.queue.add_node()
    }

    /// One more member, which starts now.
    pub fn add_member(&mut self, plan: &Plan, group: GroupId) -> MemberIndex {
        let member = MemberIndex::from(self.members[group.index()].len());
        let name = format!("group {}/{}", plan.design.groups[group.index()].name, member.0);
        let node = self.add_node(&name, Actor::Consumer(self.consumers.len()));
        self.members[group.index()].push(self.consumers.len());
        self.consumers.push(Consumer::new(plan, group, member, node));
        self.queue.set_timer(node, self.now);
        member
    }

    /// The next event of the world happens.
    pub fn step(&mut self, plan: &Plan, history: &mut History, horizon: Instant, pool: &mut Pool) {
        let Some((at, next)) = self.queue.pop() else { unreachable!("the caller has seen that there is an event") };
        debug_assert!(at >= self.now, "time does not run back");
        self.now = at;
        self.work += 1;
        let node = match &next {
            Next::Deliver { to, .. } => *to,
            Next::Elapsed { node } => *node,
        };
        if self.asks_what_is_handled(node, &next) {
            self.settle(plan, history);
        }
        let World { queue, network, books, work, .. } = self;
        let mut cx = Context { now: at, node, plan, horizon, queue, network, books, history, work, pool };
        let wake = match self.actors[node.index()] {
            Actor::Broker(index) => {
                let broker = &mut self.brokers[index];
                match next {
                    Next::Deliver { from, message, .. } => broker.receive(&mut cx, from, message),
                    Next::Elapsed { .. } => broker.elapsed(&mut cx),
                }
                broker.wake_at()
            }
            Actor::Sender(index) => {
                let sender = &mut self.senders[index];
                match next {
                    Next::Deliver { from, message, .. } => sender.receive(&mut cx, from, message),
                    Next::Elapsed { .. } => sender.elapsed(&mut cx),
                }
                sender.wake_at()
            }
            Actor::Consumer(index) => {
                let consumer = &mut self.consumers[index];
                match next {
                    Next::Deliver { from, message, .. } => consumer.receive(&mut cx, from, message),
                    Next::Elapsed { .. } => consumer.elapsed(&mut cx),
                }
                consumer.wake_at()
            }
        };
        // What is overdue is done now.
        self.queue.set_timer(node, wake.max(at));
    }

    /// Whether what comes counts records that a group has not handled: then all that is done by now has to be booked.
    fn asks_what_is_handled(&self, node: NodeId, next: &Next) -> bool {
        match (self.actors[node.index()], next) {
            (Actor::Broker(index), Next::Elapsed { .. }) => self.brokers[index].retention_is_due(self.now),
            (Actor::Consumer(_), Next::Deliver { message: Message::ListOffsetsResponse(_), .. }) => true,
            (Actor::Consumer(_), Next::Deliver { message: Message::GroupResponse { response, .. }, .. }) => {
                matches!(**response, GroupResponse::OffsetFetch(_))
            }
            (Actor::Broker(_) | Actor::Sender(_) | Actor::Consumer(_), _) => false,
        }
    }

    /// Lets a node act outside of an event: an intervention.
    pub fn with_consumer<T>(
        &mut self,
        plan: &Plan,
        history: &mut History,
        pool: &mut Pool,
        index: usize,
        act: impl FnOnce(&mut Consumer, &mut Context<'_>) -> T,
    ) -> T {
        let node = self.consumers[index].node();
        let World { now, queue, network, books, work, .. } = self;
        let mut cx = Context { now: *now, node, plan, horizon: *now, queue, network, books, history, work, pool };
        let consumer = &mut self.consumers[index];
        let result = act(consumer, &mut cx);
        let wake = consumer.wake_at().max(cx.now);
        self.queue.set_timer(node, wake);
        result
    }

    /// The youngest record that a producer has computed ahead.
    pub fn computed_until(&self) -> Instant {
        self.senders.iter().map(Sender::ahead).max().unwrap_or(Instant::ZERO)
    }

    /// The member of a group, by its place in `consumers`.
    pub fn member(&self, group: GroupId, member: MemberIndex) -> Option<usize> {
        self.members[group.index()].get(member.index()).copied()
    }

    /// Books everything that has been done by now, so that gauges and counters are those of this moment.
    pub fn settle(&mut self, plan: &Plan, history: &History) {
        for consumer in &mut self.consumers {
            consumer.settle(self.now, plan, &mut self.books, &history.records);
        }
        for (group, books) in self.books.groups.iter_mut().enumerate() {
            books.count_ownership(self.now, plan.groups[group].partitions.len());
        }
    }
}
