//! What the group tells a consumer, and what it does about it: partitions come and go, commits fail, positions are found.
//! Kafka: `ConsumerRebalanceListenerInvoker`, `OffsetsRequestManager`, `SubscriptionState`.
//! Left out: leader epochs of positions (a later part).

use super::super::super::application::progress::PassedOver;
use super::super::super::coordinator::group::message::OffsetCommitRequestPartition;
use super::super::super::design::AutoOffsetReset;
use super::super::super::id::{NodeId, ObservationId, Offset, TopicPartition};
use super::super::super::message::{ListOffsetsRequest, Message, OffsetSpec};
use super::super::super::observe::observation::What;
use super::super::super::time::Instant;
use super::super::super::world::{Context, RequestKind};
use super::commit::{CommitFailure, CommitKind, CompletedCommit};
use super::consumer::{Activity, AfterCommit, CORRELATIONS, Consumer, REQUEST_BYTES};
use super::membership::{AutoCommit, Output};
use std::sync::Arc;

impl Consumer {
    /// Does what the membership wants done, in order; what follows from it comes behind.
    pub(super) fn carry_out(&mut self, cx: &mut Context<'_>, mut out: Vec<Output>) {
        while !out.is_empty() {
            let mut more = Vec::new();
            for output in out {
                if self.process.is_none() {
                    return;
                }
                self.carry_out_one(cx, output, &mut more);
            }
            out = more;
        }
    }

    fn carry_out_one(&mut self, cx: &mut Context<'_>, output: Output, more: &mut Vec<Output>) {
        let (group, member) = (self.group, self.member);
        let process = self.process.as_mut().expect("the caller has looked");
        match output {
            Output::Send { correlation, request } => {
                let correlation = (correlation & CORRELATIONS) | process.incarnation << CORRELATIONS.count_ones();
                process.asked.push((correlation, RequestKind::of(&request), cx.now));
                let bytes = REQUEST_BYTES + 8 * request.partitions() as u64;
                let coordinator = cx.plan.broker_node(cx.plan.groups[group.index()].coordinator);
                cx.send(coordinator, Message::Group { request: Box::new(request), correlation }, bytes);
            }
            Output::PartitionsPendingRevocation => process.revoking = true,
            Output::PartitionsRevoked(partitions) => {
                process.revoking = false;
                process.fetcher.revoke(&partitions);
                self.disown(cx, &partitions);
                if !partitions.is_empty() {
                    let cause = cx.books.causes.rebalance.get(&group).copied();
                    cx.observe(cause, What::PartitionsRevoked { group, member, partitions: partitions.to_vec() });
                }
            }
            Output::PartitionsLost(partitions) => {
                process.revoking = false;
                process.fetcher.revoke(&partitions);
                self.disown(cx, &partitions);
                let cause = cx.books.causes.member.get(&(group, member)).copied();
                let id = cx.observe(cause, What::PartitionsLost { group, member, partitions: partitions.to_vec() });
                for &partition in partitions.iter() {
                    cx.books.causes.uncommitted.entry((group, partition)).or_insert(id);
                }
            }
            Output::PartitionsAssigned { added, assigned } => {
                process.revoking = false;
                process.fetcher.assign(cx.plan, &added);
                if !added.is_empty() {
                    process.membership.fetch_committed(cx.now, Arc::clone(&added), more);
                }
                let of = cx.plan.groups[group.index()].partitions.len();
                for &partition in added.iter() {
                    cx.books.set_owner(cx.now, group, partition, Some(member), of);
                }
                let cause = cx.books.causes.rebalance.get(&group).copied();
                cx.observe(cause, What::PartitionsAssigned { group, member, partitions: assigned.to_vec() });
            }
            Output::AutoCommit(why) => {
                let offsets = self.offsets_to_commit(cx, why);
                let process = self.process.as_mut().expect("it was there a moment ago");
                process.membership.auto_commit(cx.now, why, offsets, more);
            }
            Output::CommitCompleted(completed) => self.commit_completed(cx, &completed),
            Output::CommittedOffsets(offsets) => self.committed_found(cx, &offsets),
            Output::Fenced(error) => {
                let cause = cx.books.causes.member.get(&(group, member)).copied();
                let id = cx.observe(cause, What::MemberFenced { group, member, error: error.name() });
                cx.books.causes.member.insert((group, member), id);
            }
            // The coordinator tells of the removal when it hears of it.
            Output::PollTimeoutExpired => {}
            Output::Failed(_) => {
                let cause = cx.books.causes.member.get(&(group, member)).copied();
                self.give_up(cx, cause, false);
            }
            Output::Closed => self.closed(cx),
        }
    }

    /// All that is owned, up to where records have been returned by polls before this one.
    fn offsets_to_commit(&self, cx: &Context<'_>, why: AutoCommit) -> Arc<[OffsetCommitRequestPartition]> {
        match why {
            AutoCommit::Interval | AutoCommit::BeforeRejoin | AutoCommit::Close => {}
        }
        let Some(process) = &self.process else { return Arc::new([]) };
        let commit = |(partition, offset)| OffsetCommitRequestPartition { topic: cx.plan.partition(partition).topic, partition, offset };
        process.fetcher.positions().map(commit).collect()
    }

    /// `commitSync()`: the positions of all partitions.
    pub(super) fn commit_positions(&mut self, cx: &mut Context<'_>, then: AfterCommit) {
        let Some(process) = &self.process else { return };
        let positions: Vec<(TopicPartition, Offset)> = process.fetcher.positions().collect();
        self.commit(cx, &positions, then);
    }

    /// `commitSync(offsets)`.
    pub(super) fn commit(&mut self, cx: &mut Context<'_>, offsets: &[(TopicPartition, Offset)], then: AfterCommit) {
        let Some(process) = &mut self.process else { return };
        let commit = |&(partition, offset): &(TopicPartition, Offset)| OffsetCommitRequestPartition {
            topic: cx.plan.partition(partition).topic,
            partition,
            offset,
        };
        let offsets: Arc<[OffsetCommitRequestPartition]> = offsets.iter().map(commit).collect();
        let mut out = Vec::new();
        let id = process.membership.commit_sync(cx.now, offsets, &mut out);
        process.activity = Activity::Committing { id, then };
        self.carry_out(cx, out);
    }

    fn commit_completed(&mut self, cx: &mut Context<'_>, completed: &CompletedCommit) {
        let (group, member) = (self.group, self.member);
        let Some(process) = &mut self.process else { return };
        let mut cause = None;
        match completed.result {
            Ok(()) => process.refusal_told = false,
            Err(failure) if !process.refusal_told => {
                process.refusal_told = true;
                let partitions = &cx.books.groups[group.index()].partitions;
                let uncommitted = completed
                    .offsets
                    .iter()
                    .map(|commit| commit.offset.saturating_sub(partitions[commit.partition.index()].committed.unwrap_or(0)))
                    .sum();
                let causes = &cx.books.causes;
                let why = match failure {
                    CommitFailure::RebalanceInProgress => causes.rebalance.get(&group),
                    CommitFailure::CommitFailed(_) | CommitFailure::FencedInstanceId => causes.member.get(&(group, member)),
                    CommitFailure::Retriable(_) | CommitFailure::TimedOut | CommitFailure::Fatal(_) => causes.commits.get(&group),
                };
                let why = why.copied();
                let id = cx.observe(why, What::CommitRefused { group, member, error: failure.name(), uncommitted });
                for commit in completed.offsets.iter() {
                    cx.books.causes.uncommitted.insert((group, commit.partition), id);
                }
                cause = Some(id);
            }
            Err(_) => {}
        }
        match completed.kind {
            CommitKind::Sync => self.commit_returns(cx, completed, cause),
            CommitKind::Async | CommitKind::Auto(_) => {}
        }
    }

    /// `commitSync` comes back to the application, with or without an exception.
    fn commit_returns(&mut self, cx: &mut Context<'_>, completed: &CompletedCommit, cause: Option<ObservationId>) {
        let Some(process) = &mut self.process else { return };
        let Activity::Committing { id, then } = process.activity else { return };
        if id != completed.id || (completed.result.is_err() && self.commit_failed(cx, cause)) {
            return;
        }
        match then {
            AfterCommit::Handle => self.begin_work(cx),
            AfterCommit::GoOn => self.next_record(cx),
        }
    }

    fn committed_found(&mut self, cx: &mut Context<'_>, offsets: &[(TopicPartition, Option<Offset>)]) {
        let mut without = Vec::new();
        for &(partition, offset) in offsets {
            let Some(process) = &mut self.process else { return };
            if process.fetcher.position(partition).is_some() {
                continue;
            }
            match offset {
                Some(offset) => {
                    process.fetcher.seek(partition, offset);
                    if process.fetcher.position(partition).is_some() {
                        let books = &mut cx.books.groups[self.group.index()];
                        books.partitions[partition.index()].position = Some(offset);
                        // Committed and never handled: who commits first and dies, or an operator, has jumped over them.
                        let log_start = cx.books.logs[partition.index()].log_start;
                        books.progress.pass_over(partition, log_start, offset, PassedOver::Skipped);
                    }
                }
                None => without.push(partition),
            }
        }
        self.reset_positions(cx, &without);
    }

    /// No valid position: `auto.offset.reset` says where to go on.
    pub(super) fn reset_positions(&mut self, cx: &mut Context<'_>, partitions: &[TopicPartition]) {
        if partitions.is_empty() {
            return;
        }
        let spec = match cx.plan.design.groups[self.group.index()].config.auto_offset_reset {
            AutoOffsetReset::Earliest => OffsetSpec::Earliest,
            AutoOffsetReset::Latest => OffsetSpec::Latest,
            AutoOffsetReset::ByDuration(ago) => OffsetSpec::Time(Instant(cx.now.0.saturating_sub(ago.0))),
            AutoOffsetReset::None => {
                // NoOffsetForPartitionException: the application does not survive it.
                let cause = cx.books.causes.member.get(&(self.group, self.member)).copied();
                return self.give_up(cx, cause, false);
            }
        };
        let brokers = cx.plan.design.cluster.brokers;
        for broker in 0..brokers {
            let of_broker = partitions.iter().filter(|partition| cx.plan.partition(**partition).leader.0 == broker);
            let asked: Vec<(TopicPartition, OffsetSpec)> = of_broker.map(|partition| (*partition, spec)).collect();
            if !asked.is_empty() {
                let request = ListOffsetsRequest { partitions: asked, sent_at: cx.now };
                cx.send(NodeId(broker), Message::ListOffsets(Box::new(request)), REQUEST_BYTES);
            }
        }
    }

    pub(super) fn positions_found(&mut self, cx: &mut Context<'_>, offsets: &[(TopicPartition, Option<Offset>)]) {
        let group = self.group;
        for &(partition, offset) in offsets {
            let Some(process) = &mut self.process else { return };
            if process.fetcher.assigned().all(|assigned| assigned != partition) {
                continue;
            }
            let from = process.fetcher.position(partition);
            // Nothing is new enough: the end, where what comes next will be.
            let to = offset.unwrap_or(cx.books.logs[partition.index()].high_watermark);
            process.fetcher.seek(partition, to);
            let books = &mut cx.books.groups[group.index()];
            books.partitions[partition.index()].position = Some(to);
            let log_start = cx.books.logs[partition.index()].log_start;
            let skipped = books.progress.pass_over(partition, from.unwrap_or(0).max(log_start), to, PassedOver::Skipped);
            cx.books.mix(to ^ u64::from(partition.0) << 44 ^ 1 << 62);
            if from.is_some() || skipped > 0 {
                let cause = cx.books.causes.lag.get(&(group, partition)).copied();
                cx.observe(cause, What::OffsetReset { group, partition, from, to, skipped });
            }
        }
    }

    /// Goes back to the last committed offsets, as `seek` would.
    pub(super) fn rewind(&mut self, cx: &mut Context<'_>) {
        let Some(process) = &mut self.process else { return };
        process.rest.clear();
        process.activity = Activity::Polling;
        let partitions = process.fetcher.unset_all();
        for partition in &partitions {
            cx.books.groups[self.group.index()].partitions[partition.index()].position = None;
        }
        let mut out = Vec::new();
        process.membership.fetch_committed(cx.now, partitions.into(), &mut out);
        self.carry_out(cx, out);
        self.poll(cx);
    }
}
