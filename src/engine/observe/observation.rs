//! What happened, as data: the story on screen, golden traces, expectations and chains of causes are all made of this.
//! Text is made from it at the edge, never here.

use super::super::id::{GroupId, MemberIndex, ObservationId, Offset, OffsetCount, ProducerId, TopicPartition};
use super::super::time::{Duration, Instant};
use super::snapshot::Status;

#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    pub at: Instant,
    /// The observation without which this one would not be.
    pub cause: Option<ObservationId>,
    pub what: What,
}

#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// The share of records that the ten most frequent keys of a producer have, known before the first record.
    TopKeys {
        producer: ProducerId,
        share: f64,
    },
    /// An entry of the timeline begins (by its place in the list) or ends.
    InterventionBegan {
        entry: u32,
    },
    InterventionEnded {
        entry: u32,
    },
    /// It could not be done, such as a reset of an active group.
    InterventionRefused {
        entry: u32,
        why: Refusal,
    },

    MemberStarted {
        group: GroupId,
        member: MemberIndex,
    },
    MemberStopped {
        group: GroupId,
        member: MemberIndex,
    },
    MemberCrashed {
        group: GroupId,
        member: MemberIndex,
    },
    /// The coordinator takes the member out of the group.
    MemberRemoved {
        group: GroupId,
        member: MemberIndex,
        why: RemovalReason,
    },
    /// The member learns that the group goes on without it: its partitions are lost, not revoked.
    MemberFenced {
        group: GroupId,
        member: MemberIndex,
        error: &'static str,
    },
    RebalanceStarted {
        group: GroupId,
        why: RebalanceReason,
    },
    RebalanceCompleted {
        group: GroupId,
        generation: u32,
        members: u32,
        moved: u32,
        took: Duration,
    },
    PartitionsAssigned {
        group: GroupId,
        member: MemberIndex,
        partitions: Vec<TopicPartition>,
    },
    PartitionsRevoked {
        group: GroupId,
        member: MemberIndex,
        partitions: Vec<TopicPartition>,
    },
    PartitionsLost {
        group: GroupId,
        member: MemberIndex,
        partitions: Vec<TopicPartition>,
    },

    /// `uncommitted`: records handled since the last commit that was taken.
    CommitRefused {
        group: GroupId,
        member: MemberIndex,
        error: &'static str,
        uncommitted: OffsetCount,
    },
    /// The group has no valid position for the partition: `auto.offset.reset` decides. `skipped`: unread records jumped over.
    OffsetReset {
        group: GroupId,
        partition: TopicPartition,
        from: Option<Offset>,
        to: Offset,
        skipped: OffsetCount,
    },
    /// An operator moved the group's offset.
    GroupReset {
        group: GroupId,
        partition: TopicPartition,
        from: Option<Offset>,
        to: Offset,
    },

    /// Records that the group had handled before come again, `first..last` (half-open).
    DuplicatesDelivered {
        group: GroupId,
        member: MemberIndex,
        partition: TopicPartition,
        first: Offset,
        last: Offset,
    },
    /// The effects of events `first..last` of a partition happen again (`count` of them).
    EffectRepeated {
        group: GroupId,
        member: MemberIndex,
        effect: u32,
        partition: TopicPartition,
        first: Offset,
        last: Offset,
        count: u64,
    },
    /// A later event of the entity had already been started. Told for the first few of each group.
    OrderViolated {
        group: GroupId,
        partition: TopicPartition,
        offset: Offset,
        entity: u32,
        event_type: Option<u8>,
        after_type: Option<u8>,
    },
    /// Retention deleted records that the group had not read.
    UnreadExpired {
        group: GroupId,
        partition: TopicPartition,
        count: OffsetCount,
    },
    SegmentsDeleted {
        partition: TopicPartition,
        log_start: Offset,
        records: OffsetCount,
    },

    /// The group's budget: breached at the first sample over it, met again at the first under it.
    BudgetBreached {
        group: GroupId,
        partition: TopicPartition,
        lag: OffsetCount,
        age: Duration,
    },
    BudgetMet {
        group: GroupId,
        partition: TopicPartition,
    },
    /// A member has been busy all of the last 10 s while a partition of its grew by so many records a second.
    CannotKeepUp {
        group: GroupId,
        member: MemberIndex,
        partition: TopicPartition,
        growth: f64,
    },
    StatusChanged {
        group: GroupId,
        partition: TopicPartition,
        from: Status,
        to: Status,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    GroupActive,
    NoSuchMember,
    MemberNotRunning,
    MemberAlreadyRunning,
    NothingCommitted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemovalReason {
    Left,
    SessionTimeout,
    /// Did not rejoin before the rebalance timeout.
    RebalanceTimeout,
    /// Did not sync in time.
    SyncTimeout,
    /// Left by itself, since `max.poll.interval.ms` had passed between two polls.
    PollTimeout,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RebalanceReason {
    MemberJoined(Option<MemberIndex>),
    MemberLeft(Option<MemberIndex>),
    /// A cooperative member gave partitions up and asks for the second round.
    Rejoined(Option<MemberIndex>),
    SubscriptionChanged,
}

impl What {
    /// Its name in golden traces and JSON, the variant's own.
    pub fn name(&self) -> String {
        let text = format!("{self:?}");
        text.split([' ', '{', '(']).next().expect("split gives one part").to_owned()
    }
}
