//! A consumer's place in its group, as the consumer sees it: joining, heartbeats, giving partitions up, leaving.
//! Kafka: `AbstractCoordinator` (here `abstract_coordinator`), `ConsumerCoordinator` (`consumer_coordinator`, `commit`),
//! `Heartbeat`. Left out: the search for the coordinator, which is known from the start, so that a broken connection costs a
//! back-off; subscription by pattern; manual assignment; interceptors.
//! Holds: partitions change hands only inside `poll` and `close`; heartbeats, and what their answers do to the generation,
//! go on all the time; a request that was given up is not heard any more.
//!
//! The node that owns it calls [`Membership::poll`] whenever the application calls poll, and [`Membership::poll_returns`] when
//! that call comes back; in between, everything that Kafka does inside of poll is done as soon as it can be. It hands over
//! each response, and calls [`Membership::on_timer`] at [`Membership::next_timer`]. A crash is dropping it.

mod abstract_coordinator;
mod config;
mod consumer_coordinator;
mod heartbeat;
#[cfg(test)]
mod stories;

pub use super::commit::{CommitFailure, CommitId, CommitKind, CompletedCommit};
use super::commit::{OffsetFetch, PendingCommit};
use crate::engine::coordinator::group::message::{
    Assignment, GroupRequest, GroupResponse, JoinGroupResponse, JoinReason, LeaveReason, MemberId, NO_GENERATION,
};
use crate::engine::design::Assignor;
use crate::engine::errors::Errors;
use crate::engine::id::{Offset, TopicPartition};
use crate::engine::time::{Duration, Instant};
pub use config::{Config, RebalanceProtocol, TopicMetadata};
use heartbeat::Heartbeat;
pub(super) use heartbeat::backoff;
use std::collections::BTreeMap;
use std::sync::Arc;

/// `request.timeout.ms`
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// `default.api.timeout.ms`: how long `commitSync` tries.
pub const DEFAULT_API_TIMEOUT: Duration = Duration::from_secs(60);
/// How long `close` takes at most.
pub const CLOSE_TIMEOUT: Duration = Duration::from_secs(30);

/// What the membership wants done, in this order.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// To the group's coordinator; the response comes back with the same number.
    Send { correlation: u32, request: GroupRequest },
    /// No more records of any partition may be fetched or returned: all are about to be revoked, and what is committed now
    /// has to stay the end of what was handled.
    PartitionsPendingRevocation,
    /// Given up in good order.
    PartitionsRevoked(Assignment),
    /// Taken away: others may have them already.
    PartitionsLost(Assignment),
    /// The member has joined: `added` begin at their committed offsets; `assigned` is all that it has now.
    PartitionsAssigned { added: Assignment, assigned: Assignment },
    /// The positions of all partitions are wanted at once, by [`Membership::auto_commit`].
    AutoCommit(AutoCommit),
    /// A commit is done with, whoever asked for it.
    CommitCompleted(CompletedCommit),
    /// The answer to [`Membership::fetch_committed`]; no offset: nothing is committed.
    CommittedOffsets(Vec<(TopicPartition, Option<Offset>)>),
    /// The coordinator does not know the member or its generation any more. What it owns is lost at the next poll.
    Fenced(Errors),
    /// `max.poll.interval.ms` passed between two polls: the member is out of the group.
    PollTimeoutExpired,
    /// The application's call of poll throws this.
    Failed(Errors),
    /// `close` is done.
    Closed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AutoCommit {
    /// `auto.commit.interval.ms` has passed.
    Interval,
    /// Before the member joins again. It does not join before this is done.
    BeforeRejoin,
    Close,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberState {
    /// Not in the group.
    Unjoined,
    /// Has asked to join.
    PreparingRebalance,
    /// Has joined and waits for its assignment.
    CompletingRebalance,
    Stable,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Generation {
    pub id: i32,
    pub member_id: Option<MemberId>,
    pub protocol: Option<Assignor>,
}

impl Generation {
    const NONE: Generation = Generation { id: NO_GENERATION, member_id: None, protocol: None };
}

/// A request that is under way, and what the answer is for.
#[derive(Clone, Debug)]
pub(super) struct InFlight {
    pub what: Asked,
    /// Of the member when it sent it: an answer to a former self changes nothing.
    pub sent_generation: Generation,
    /// When it is given up.
    pub expires: Instant,
}

#[derive(Clone, Debug)]
pub(super) enum Asked {
    JoinGroup,
    SyncGroup,
    Heartbeat,
    LeaveGroup,
    OffsetCommit(PendingCommit),
    OffsetFetch(OffsetFetch),
}

/// JoinGroup and SyncGroup together.
#[derive(Clone, Debug)]
enum JoinFuture {
    Pending,
    Succeeded(Assignment),
    Failed(Errors),
}

/// The commit that comes before the member joins again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PrepareCommit {
    NotBegun,
    /// None: the positions have not come yet.
    UnderWay(Option<CommitId>),
    Done,
}

#[derive(Clone, Debug)]
pub struct Membership {
    pub(super) config: Config,
    metadata: Arc<[TopicMetadata]>,
    pub(super) state: MemberState,
    pub(super) generation: Generation,
    heartbeat: Heartbeat,
    /// The application is inside of poll.
    pub(super) polling: bool,
    rejoin_needed: bool,
    rejoin_reason: JoinReason,
    needs_join_prepare: bool,
    join_prepare_expires: Option<Instant>,
    pub(super) prepare_commit: PrepareCommit,
    join_future: Option<JoinFuture>,
    /// Nothing is tried before.
    pub(super) join_backoff_until: Option<Instant>,
    /// The answer to a JoinGroup that nobody reads before the next poll.
    unread_join: Option<(Generation, JoinGroupResponse)>,
    pub(super) owned: Assignment,
    /// What the sticky assignor remembers, and the generation of it.
    last_assignment: (Assignment, i32),
    is_leader: bool,
    /// What the leader knew of the topics when it assigned.
    assignment_snapshot: Option<Arc<[TopicMetadata]>>,
    pub(super) in_flight: BTreeMap<u32, InFlight>,
    next_correlation: u32,
    pub(super) next_auto_commit: Instant,
    pub(super) next_commit: u32,
    /// Commits and fetches that wait for their next attempt.
    pub(super) retries: Vec<(Instant, Asked)>,
    /// Asynchronous commits whose callbacks wait for the next poll.
    pub(super) completed: Vec<CompletedCommit>,
    pub(super) closing: Option<Closing>,
    /// What every poll throws from now on.
    pub(super) failed: Option<Errors>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Closing {
    /// When it waits no longer; never once it is closed.
    pub expires: Instant,
    /// The last commit is done, and the group has been left.
    pub left: bool,
}

impl Membership {
    /// A consumer that has subscribed and has not yet polled.
    pub fn new(config: Config, metadata: Arc<[TopicMetadata]>, now: Instant) -> Self {
        Membership {
            metadata,
            state: MemberState::Unjoined,
            generation: Generation::NONE,
            heartbeat: Heartbeat::new(&config, now),
            polling: false,
            rejoin_needed: true,
            rejoin_reason: JoinReason::NotProvided,
            needs_join_prepare: true,
            join_prepare_expires: None,
            prepare_commit: PrepareCommit::NotBegun,
            join_future: None,
            join_backoff_until: None,
            unread_join: None,
            owned: Arc::new([]),
            last_assignment: (Arc::new([]), NO_GENERATION),
            is_leader: false,
            assignment_snapshot: None,
            in_flight: BTreeMap::new(),
            next_correlation: 0,
            next_auto_commit: config.auto_commit_interval.map_or(Instant::MAX, |interval| now + interval),
            next_commit: 0,
            retries: Vec::new(),
            completed: Vec::new(),
            closing: None,
            failed: None,
            config,
        }
    }

    pub fn state(&self) -> MemberState {
        self.state
    }
    /// Kafka's id of the member, while it has one.
    pub fn member_id(&self) -> Option<MemberId> {
        self.generation.member_id
    }
    pub fn generation(&self) -> i32 {
        self.generation.id
    }
    pub fn owned(&self) -> &Assignment {
        &self.owned
    }
    pub fn is_leader(&self) -> bool {
        self.is_leader
    }
    /// Whether the member has to join before it is settled: what the next poll works on.
    pub fn rejoin_needed_or_pending(&self) -> bool {
        self.rejoin_needed || self.join_future.is_some()
    }

    /// The application calls poll. May be called again while it is inside.
    pub fn poll(&mut self, now: Instant, out: &mut Vec<Output>) {
        self.polling = true;
        self.heartbeat.poll(now);
        self.read_unread_join(now, out);
        self.run(now, out);
    }

    /// The application's call of poll is over: it works on records now, and nothing but heartbeats goes on.
    pub fn poll_returns(&mut self, now: Instant) {
        self.polling = false;
        self.heartbeat.poll(now);
    }

    /// An answer to what was sent with this number.
    pub fn on_response(&mut self, now: Instant, correlation: u32, response: GroupResponse, out: &mut Vec<Output>) {
        let Some(asked) = self.in_flight.remove(&correlation) else { return };
        self.receive(now, asked, response, out);
        self.run(now, out);
    }

    /// When `on_timer` is to be called next.
    pub fn next_timer(&self) -> Instant {
        let requests = self.in_flight.values().map(|asked| asked.expires);
        let retries = self.retries.iter().map(|(at, _)| *at);
        let mut next = requests.chain(retries).fold(Instant::MAX, Instant::min);
        if let Some(closing) = self.closing {
            return next.min(closing.expires);
        }
        if self.sends_heartbeats() {
            next = next.min(self.heartbeat.due).min(self.heartbeat.session_expires);
            if !self.polling {
                next = next.min(self.heartbeat.poll_expires);
            }
        }
        if self.polling && self.failed.is_none() {
            // During a back-off nothing else counts.
            next = next.min(self.join_backoff_until.or(self.join_prepare_expires).unwrap_or(Instant::MAX));
            if !self.rejoin_needed_or_pending() {
                next = next.min(self.next_auto_commit);
            }
        }
        next
    }

    /// Everything whose time has come.
    pub fn on_timer(&mut self, now: Instant, out: &mut Vec<Output>) {
        self.expire_requests(now, out);
        if self.closing.is_none() && self.sends_heartbeats() {
            if self.heartbeat.session_expires <= now {
                // Perhaps the coordinator is gone: all that is under way to it is given up and tried again.
                self.disconnect(now, out);
            } else if !self.polling && self.heartbeat.poll_expires <= now {
                out.push(Output::PollTimeoutExpired);
                self.maybe_leave_group(now, LeaveReason::PollTimeoutExpired, out);
            } else if self.heartbeat.due <= now {
                self.send_heartbeat(now, out);
            }
        }
        self.retry(now, out);
        self.run(now, out);
    }

    /// The consumer is closed: a last commit if it commits automatically, partitions given up, the group left unless the
    /// member is static. [`Output::Closed`] tells when it is done.
    pub fn close(&mut self, now: Instant, out: &mut Vec<Output>) {
        self.polling = false;
        self.closing = Some(Closing { expires: now + CLOSE_TIMEOUT, left: false });
        self.read_unread_join(now, out);
        if self.config.auto_commit_interval.is_some() && !self.owned.is_empty() {
            out.push(Output::AutoCommit(AutoCommit::Close));
        } else {
            self.leave_on_close(now, out);
        }
    }

    /// The consumer's metadata has changed: a leader has the group rebalance.
    pub fn update_metadata(&mut self, now: Instant, metadata: Arc<[TopicMetadata]>, out: &mut Vec<Output>) {
        self.metadata = metadata;
        self.run(now, out);
    }

    /// What Kafka does in each turn of the loop inside of poll.
    pub(super) fn run(&mut self, now: Instant, out: &mut Vec<Output>) {
        if self.closing.is_some() {
            return self.finish_close(now, out);
        }
        if !self.polling {
            return;
        }
        out.extend(self.completed.drain(..).map(Output::CommitCompleted));
        if let Some(error) = self.failed {
            self.polling = false;
            out.push(Output::Failed(error));
            return;
        }
        self.heartbeat.poll(now);
        if self.join_if_needed(now, out) && self.next_auto_commit <= now {
            let interval = self.config.auto_commit_interval.expect("only who commits automatically has a next time");
            self.next_auto_commit = now + interval;
            out.push(Output::AutoCommit(AutoCommit::Interval));
        }
    }

    pub(super) fn send(&mut self, now: Instant, request: GroupRequest, what: Asked, timeout: Duration, out: &mut Vec<Output>) {
        let correlation = self.next_correlation;
        self.next_correlation += 1;
        self.in_flight.insert(correlation, InFlight { what, sent_generation: self.generation, expires: now + timeout });
        out.push(Output::Send { correlation, request });
    }
}
