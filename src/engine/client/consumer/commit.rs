//! Committing offsets and asking for them.
//! Kafka: `ConsumerCoordinator.commitOffsetsSync`, `commitOffsetsAsync`, `maybeAutoCommitOffsetsAsync`, `fetchCommittedOffsets`
//! and the handlers of their answers. Left out: the jitter of a back-off.
//! Holds: each commit is completed exactly once. `commitSync` tries again until its time is over, `commitAsync` never; a
//! generation that is over commits nothing.

use super::membership::{Asked, AutoCommit, Generation, MemberState, Membership, Output, PrepareCommit};
use super::membership::{DEFAULT_API_TIMEOUT, REQUEST_TIMEOUT, backoff};
use crate::engine::coordinator::group::message::{
    GroupRequest, JoinReason, OffsetCommitRequest, OffsetCommitRequestPartition, OffsetFetchRequest, OffsetFetchResponse,
};
use crate::engine::errors::Errors;
use crate::engine::id::TopicPartition;
use crate::engine::time::{Duration, Instant};
use std::sync::Arc;

/// A commit of this consumer, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CommitId(pub u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommitKind {
    /// The application waits for it.
    Sync,
    /// Its callback is called inside of a later poll.
    Async,
    Auto(AutoCommit),
}

/// Why a commit was not taken, as the exception that the application gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommitFailure {
    /// `CommitFailedException`: the member is not in the group any more, so others may have its partitions. The error of the
    /// coordinator, or none if the consumer knew it already.
    CommitFailed(Option<Errors>),
    /// `RebalanceInProgressException`: to be tried again after the next poll.
    RebalanceInProgress,
    /// `FencedInstanceIdException`: another process runs as this member.
    FencedInstanceId,
    /// `RetriableCommitFailedException`, or the error of an automatic commit that may pass.
    Retriable(Errors),
    /// `TimeoutException`: the last of many tries failed.
    TimedOut,
    /// Any other error.
    Fatal(Errors),
}

impl CommitFailure {
    /// The protocol's name of the error, or the exception's where no coordinator was asked.
    pub fn name(self) -> &'static str {
        match self {
            CommitFailure::CommitFailed(Some(error)) | CommitFailure::Retriable(error) | CommitFailure::Fatal(error) => error.name(),
            CommitFailure::CommitFailed(None) => "CommitFailedException",
            CommitFailure::RebalanceInProgress => Errors::RebalanceInProgress.name(),
            CommitFailure::FencedInstanceId => Errors::FencedInstanceId.name(),
            CommitFailure::TimedOut => "TimeoutException",
        }
    }
}

/// A commit and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct CompletedCommit {
    pub id: CommitId,
    pub kind: CommitKind,
    pub offsets: Arc<[OffsetCommitRequestPartition]>,
    pub result: Result<(), CommitFailure>,
}

#[derive(Clone, Debug)]
pub(super) struct PendingCommit {
    id: CommitId,
    pub kind: CommitKind,
    offsets: Arc<[OffsetCommitRequestPartition]>,
    /// When the caller stops waiting.
    deadline: Instant,
    attempts: u32,
}

#[derive(Clone, Debug)]
pub(super) struct OffsetFetch {
    partitions: Arc<[TopicPartition]>,
    attempts: u32,
}

type Offsets = Arc<[OffsetCommitRequestPartition]>;

impl Membership {
    /// `commitSync`: the application waits, up to `default.api.timeout.ms`, for [`Output::CommitCompleted`].
    pub fn commit_sync(&mut self, now: Instant, offsets: Offsets, out: &mut Vec<Output>) -> CommitId {
        let id = self.begin_commit(now, CommitKind::Sync, offsets, now + DEFAULT_API_TIMEOUT, out);
        // Whoever waits for one answer reads all.
        self.read_unread_join(now, out);
        id
    }

    /// `commitAsync`: sent once; the application learns inside of a later poll what became of it.
    pub fn commit_async(&mut self, now: Instant, offsets: Offsets, out: &mut Vec<Output>) -> CommitId {
        self.begin_commit(now, CommitKind::Async, offsets, Instant::MAX, out)
    }

    /// The answer to [`Output::AutoCommit`]: the positions of all partitions that have one.
    pub fn auto_commit(&mut self, now: Instant, why: AutoCommit, offsets: Offsets, out: &mut Vec<Output>) -> CommitId {
        let deadline = match why {
            AutoCommit::Interval => Instant::MAX,
            AutoCommit::BeforeRejoin => {
                self.prepare_commit = PrepareCommit::UnderWay(Some(CommitId(self.next_commit)));
                Instant::MAX
            }
            AutoCommit::Close => self.closing.map_or(now, |closing| closing.expires),
        };
        let id = self.begin_commit(now, CommitKind::Auto(why), offsets, deadline, out);
        self.run(now, out);
        id
    }

    /// Asks where the group has got to, until there is an answer: [`Output::CommittedOffsets`].
    pub fn fetch_committed(&mut self, now: Instant, partitions: Arc<[TopicPartition]>, out: &mut Vec<Output>) {
        self.send_fetch(now, OffsetFetch { partitions, attempts: 0 }, out);
    }

    fn begin_commit(&mut self, now: Instant, kind: CommitKind, offsets: Offsets, deadline: Instant, out: &mut Vec<Output>) -> CommitId {
        let id = CommitId(self.next_commit);
        self.next_commit += 1;
        let commit = PendingCommit { id, kind, offsets, deadline, attempts: 0 };
        if commit.offsets.is_empty() {
            self.complete_commit(now, commit, Ok(()), out);
        } else {
            self.send_commit(now, commit, out);
        }
        id
    }

    fn send_commit(&mut self, now: Instant, commit: PendingCommit, out: &mut Vec<Output>) {
        match self.state {
            MemberState::Stable => {
                let request = OffsetCommitRequest {
                    group: self.config.group,
                    member_id: self.generation.member_id,
                    group_instance_id: self.config.group_instance_id,
                    generation: self.generation.id,
                    offsets: commit.offsets.clone(),
                };
                let timeout = REQUEST_TIMEOUT.min(commit.deadline.since(now));
                self.send(now, GroupRequest::OffsetCommit(request), Asked::OffsetCommit(commit), timeout, out);
            }
            MemberState::PreparingRebalance | MemberState::CompletingRebalance => {
                self.complete_commit(now, commit, Err(CommitFailure::RebalanceInProgress), out);
            }
            MemberState::Unjoined => self.complete_commit(now, commit, Err(CommitFailure::CommitFailed(None)), out),
        }
    }

    pub(super) fn commit_answered(&mut self, now: Instant, commit: PendingCommit, sent: Generation, error: Errors, out: &mut Vec<Output>) {
        let unchanged = self.generation == sent;
        let joins_anew = !unchanged && self.state == MemberState::PreparingRebalance;
        let result = match error {
            Errors::None => Ok(()),
            Errors::FencedInstanceId if unchanged => Err(CommitFailure::FencedInstanceId),
            Errors::FencedInstanceId | Errors::UnknownMemberId | Errors::IllegalGeneration if joins_anew => {
                Err(CommitFailure::RebalanceInProgress)
            }
            Errors::FencedInstanceId => Err(CommitFailure::CommitFailed(Some(error))),
            Errors::UnknownMemberId | Errors::IllegalGeneration => {
                self.fenced(error, out);
                Err(CommitFailure::CommitFailed(Some(error)))
            }
            Errors::RebalanceInProgress => {
                self.request_rejoin(JoinReason::GroupRebalancing);
                Err(CommitFailure::RebalanceInProgress)
            }
            error if error.is_retriable() => Err(CommitFailure::Retriable(error)),
            error => Err(CommitFailure::Fatal(error)),
        };
        self.commit_tried(now, commit, result, out);
    }

    /// Tries again what the caller still waits for, if it may help.
    fn commit_tried(&mut self, now: Instant, mut commit: PendingCommit, result: Result<(), CommitFailure>, out: &mut Vec<Output>) {
        let tries_again = match commit.kind {
            CommitKind::Sync | CommitKind::Auto(AutoCommit::Close) => matches!(result, Err(CommitFailure::Retriable(_))),
            CommitKind::Async | CommitKind::Auto(AutoCommit::Interval | AutoCommit::BeforeRejoin) => false,
        };
        if tries_again {
            let at = (now + backoff(commit.attempts)).min(commit.deadline);
            commit.attempts += 1;
            self.retries.push((at, Asked::OffsetCommit(commit)));
        } else {
            self.complete_commit(now, commit, result, out);
        }
    }

    fn complete_commit(&mut self, now: Instant, commit: PendingCommit, result: Result<(), CommitFailure>, out: &mut Vec<Output>) {
        let PendingCommit { id, kind, offsets, .. } = commit;
        let retriable = matches!(result, Err(CommitFailure::Retriable(_)));
        let completed = CompletedCommit { id, kind, offsets, result };
        match kind {
            CommitKind::Sync => {
                out.extend(self.completed.drain(..).map(Output::CommitCompleted));
                out.push(Output::CommitCompleted(completed));
            }
            CommitKind::Async => {
                if result == Err(CommitFailure::FencedInstanceId) {
                    self.failed = Some(Errors::FencedInstanceId);
                }
                self.completed.push(completed);
            }
            CommitKind::Auto(AutoCommit::Interval) => {
                if retriable {
                    self.next_auto_commit = now + backoff(0);
                }
                out.push(Output::CommitCompleted(completed));
            }
            CommitKind::Auto(AutoCommit::BeforeRejoin) => {
                // The member may have joined without it, after having waited too long.
                if self.prepare_commit == PrepareCommit::UnderWay(Some(id)) {
                    self.prepare_commit_done(now, retriable);
                }
                out.push(Output::CommitCompleted(completed));
            }
            CommitKind::Auto(AutoCommit::Close) => {
                out.push(Output::CommitCompleted(completed));
                self.leave_on_close(now, out);
            }
        }
    }

    /// Commits whose caller waits no longer. They may still be taken.
    pub(super) fn time_out_commits(&mut self, now: Instant, out: &mut Vec<Output>) {
        let mut late = Vec::new();
        self.in_flight.retain(|_, asked| match &asked.what {
            Asked::OffsetCommit(commit) if commit.deadline <= now => {
                late.push(commit.clone());
                false
            }
            Asked::OffsetCommit(_) | Asked::OffsetFetch(_) | Asked::JoinGroup | Asked::SyncGroup | Asked::Heartbeat | Asked::LeaveGroup => {
                true
            }
        });
        for commit in late {
            self.complete_commit(now, commit, Err(CommitFailure::TimedOut), out);
        }
    }

    /// Sends again what waits for its next attempt.
    pub(super) fn retry(&mut self, now: Instant, out: &mut Vec<Output>) {
        let (due, later) = std::mem::take(&mut self.retries).into_iter().partition(|(at, _)| *at <= now);
        self.retries = later;
        let due: Vec<(Instant, Asked)> = due;
        for (_, what) in due {
            match what {
                Asked::OffsetCommit(commit) if commit.deadline <= now => {
                    self.complete_commit(now, commit, Err(CommitFailure::TimedOut), out);
                }
                Asked::OffsetCommit(commit) => self.send_commit(now, commit, out),
                Asked::OffsetFetch(fetch) => self.send_fetch(now, fetch, out),
                Asked::JoinGroup | Asked::SyncGroup | Asked::Heartbeat | Asked::LeaveGroup => {
                    unreachable!("only commits and fetches are kept for another attempt")
                }
            }
        }
    }

    fn send_fetch(&mut self, now: Instant, fetch: OffsetFetch, out: &mut Vec<Output>) {
        let request = OffsetFetchRequest { group: self.config.group, partitions: fetch.partitions.clone() };
        self.send(now, GroupRequest::OffsetFetch(request), Asked::OffsetFetch(fetch), REQUEST_TIMEOUT, out);
    }

    pub(super) fn offsets_fetched(&mut self, now: Instant, fetch: OffsetFetch, response: OffsetFetchResponse, out: &mut Vec<Output>) {
        match response.error {
            Errors::None => out.push(Output::CommittedOffsets(response.offsets)),
            error if error.is_retriable() => self.retry_fetch(now, fetch),
            error => {
                self.polling = false;
                out.push(Output::Failed(error));
            }
        }
    }

    /// Later, and only for what the member still has by then.
    pub(super) fn retry_fetch(&mut self, now: Instant, fetch: OffsetFetch) {
        let owned = |partition: &&TopicPartition| self.owned.binary_search(partition).is_ok();
        let partitions: Arc<[TopicPartition]> = fetch.partitions.iter().filter(owned).copied().collect();
        if !partitions.is_empty() {
            let at: Duration = backoff(fetch.attempts);
            self.retries.push((now + at, Asked::OffsetFetch(OffsetFetch { partitions, attempts: fetch.attempts + 1 })));
        }
    }
}
