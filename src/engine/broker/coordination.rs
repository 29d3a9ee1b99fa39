//! The broker as the home of coordinators: requests of groups, what is booked of commits, what is told of rebalances.
//! Kafka: the part of `KafkaApis` that hands over to `GroupCoordinator`.

use super::super::coordinator::group::group_coordinator::Output;
use super::super::coordinator::group::message::{GroupRequest, GroupResponse, OffsetCommitRequestPartition, ReplyTo};
use super::super::errors::Errors;
use super::super::id::{GroupId, NodeId};
use super::super::message::Message;
use super::super::observe::observation::{RebalanceReason, RemovalReason, What};
use super::super::world::{Context, RequestKind};
use super::broker::{Broker, RESPONSE_BYTES};

impl Broker {
    pub(super) fn group(&mut self, cx: &mut Context<'_>, from: NodeId, request: &GroupRequest, correlation: u32) {
        cx.handled(RequestKind::of(request));
        self.coordinator.handle(cx.now, request, ReplyTo { node: from, correlation }, &mut self.outputs);
        self.coordinator_wake = self.coordinator.next_timer();
        if let GroupRequest::OffsetCommit(commit) = request {
            self.book_commit(cx, commit.group, &commit.offsets);
        }
        self.carry_out(cx);
    }

    /// What the coordinator took of a commit goes into the books; what it refused is counted.
    fn book_commit(&mut self, cx: &mut Context<'_>, group: GroupId, offsets: &[OffsetCommitRequestPartition]) {
        let taken = self.outputs.iter().any(|output| match output {
            Output::Respond { response: GroupResponse::OffsetCommit(response), .. } => response.error == Errors::None,
            Output::Respond { .. } | Output::Observe(_) => false,
        });
        if !taken {
            cx.books.groups[group.index()].progress.commits_refused += 1;
            return;
        }
        for commit in offsets {
            let log_end = cx.books.logs[commit.partition.index()].log_end;
            let books = &mut cx.books.groups[group.index()];
            books.partitions[commit.partition.index()].committed = Some(commit.offset);
            books.commits[commit.partition.index()].commit(cx.now, commit.offset, log_end);
            cx.books.chain_commit(commit.partition, commit.offset);
            cx.books.causes.uncommitted.remove(&(group, commit.partition));
        }
    }

    /// What the coordinator wants done.
    pub(super) fn carry_out(&mut self, cx: &mut Context<'_>) {
        let outputs = std::mem::take(&mut self.outputs);
        for output in &outputs {
            match output {
                Output::Respond { to, response } => {
                    let message = Message::GroupResponse { response: Box::new(response.clone()), correlation: to.correlation };
                    cx.send(to.node, message, RESPONSE_BYTES);
                }
                Output::Observe(what) => observe_group(cx, what.clone()),
            }
        }
        self.outputs = outputs;
        self.outputs.clear();
    }
}

/// Finds the cause of what the coordinator saw, and keeps it for what follows.
fn observe_group(cx: &mut Context<'_>, what: What) {
    match what {
        What::MemberRemoved { group, member, why } => {
            let cause = cx.books.causes.member.get(&(group, member)).copied();
            let id = cx.observe(cause, What::MemberRemoved { group, member, why });
            match why {
                RemovalReason::Left
                | RemovalReason::SessionTimeout
                | RemovalReason::RebalanceTimeout
                | RemovalReason::SyncTimeout
                | RemovalReason::PollTimeout => cx.books.causes.member.insert((group, member), id),
            };
        }
        What::RebalanceStarted { group, why } => {
            let member = match why {
                RebalanceReason::MemberJoined(member) | RebalanceReason::MemberLeft(member) | RebalanceReason::Rejoined(member) => member,
                RebalanceReason::SubscriptionChanged => None,
            };
            let cause = match why {
                RebalanceReason::Rejoined(_) => cx.books.causes.rebalance.get(&group).copied(),
                RebalanceReason::MemberJoined(_) | RebalanceReason::MemberLeft(_) | RebalanceReason::SubscriptionChanged => {
                    member.and_then(|member| cx.books.causes.member.get(&(group, member)).copied())
                }
            };
            let id = cx.observe(cause, What::RebalanceStarted { group, why });
            cx.books.causes.rebalance.insert(group, id);
        }
        What::RebalanceCompleted { group, generation, members, moved, took } => {
            let cause = cx.books.causes.rebalance.get(&group).copied();
            let id = cx.observe(cause, What::RebalanceCompleted { group, generation, members, moved, took });
            cx.books.causes.rebalance.insert(group, id);
            let books = &mut cx.books.groups[group.index()];
            books.rebalances += 1;
            books.rebalance_pause.record(took.0);
        }
        other => {
            cx.observe(None, other);
        }
    }
}
