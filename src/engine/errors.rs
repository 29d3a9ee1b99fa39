//! What a broker answers when it cannot do what was asked: the error codes of the protocol.
//! Kafka: `org.apache.kafka.common.protocol.Errors`. Left out: security, delegation tokens, log directories, features, voters.
//! Holds: names and codes are the protocol's; an answer without an error is `Errors::None`.

use std::fmt;

macro_rules! errors {
    ($($(#[$doc:meta])* $variant:ident = $code:literal $name:literal $(($kind:ident))?,)*) => {
        /// The outcome of a request, of one of its partitions or of one of its members.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(i16)]
        pub enum Errors {
            $($(#[$doc])* $variant = $code,)*
        }

        impl Errors {
            /// Every error that the engine knows, by code.
            pub const ALL: &[Errors] = &[$(Errors::$variant),*];

            /// The protocol's name: `OFFSET_OUT_OF_RANGE`.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Errors::$variant => $name,)*
                }
            }

            const fn kind(self) -> Kind {
                match self {
                    $(Errors::$variant => errors!(@kind $($kind)?),)*
                }
            }
        }
    };
    (@kind) => { Kind::Final };
    (@kind $kind:ident) => { Kind::$kind };
}

/// What a client does with an error, by the class of its exception.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Handed to the application.
    Final,
    /// A `RetriableException`: the client tries again after its back-off.
    Retriable,
    /// An `InvalidMetadataException`: the client asks for metadata, then tries again.
    Metadata,
}

errors! {
    /// The broker failed in a way it has no code for.
    UnknownServerError = -1 "UNKNOWN_SERVER_ERROR",
    /// Done.
    None = 0 "NONE",
    /// An offset before the log start or after the log end.
    OffsetOutOfRange = 1 "OFFSET_OUT_OF_RANGE",
    /// A batch that fails its checksum.
    CorruptMessage = 2 "CORRUPT_MESSAGE" (Retriable),
    /// The broker does not hold this partition.
    UnknownTopicOrPartition = 3 "UNKNOWN_TOPIC_OR_PARTITION" (Metadata),
    /// The partition has no leader now.
    LeaderNotAvailable = 5 "LEADER_NOT_AVAILABLE" (Metadata),
    /// The broker asked is not the partition's leader.
    NotLeaderOrFollower = 6 "NOT_LEADER_OR_FOLLOWER" (Metadata),
    /// No answer within the request's time limit.
    RequestTimedOut = 7 "REQUEST_TIMED_OUT" (Retriable),
    /// The broker asked is not alive.
    BrokerNotAvailable = 8 "BROKER_NOT_AVAILABLE",
    /// The broker asked holds no replica.
    ReplicaNotAvailable = 9 "REPLICA_NOT_AVAILABLE" (Metadata),
    /// A batch over `max.message.bytes`.
    MessageTooLarge = 10 "MESSAGE_TOO_LARGE",
    /// A commit's metadata text is too long.
    OffsetMetadataTooLarge = 12 "OFFSET_METADATA_TOO_LARGE",
    /// The connection broke before the answer came.
    NetworkException = 13 "NETWORK_EXCEPTION" (Metadata),
    /// The coordinator is still reading its log.
    CoordinatorLoadInProgress = 14 "COORDINATOR_LOAD_IN_PROGRESS" (Retriable),
    /// There is no coordinator now.
    CoordinatorNotAvailable = 15 "COORDINATOR_NOT_AVAILABLE" (Retriable),
    /// The broker asked is not the coordinator.
    NotCoordinator = 16 "NOT_COORDINATOR" (Retriable),
    /// A topic that may not be used so.
    InvalidTopicException = 17 "INVALID_TOPIC_EXCEPTION",
    /// A batch over `segment.bytes`.
    RecordListTooLarge = 18 "RECORD_LIST_TOO_LARGE",
    /// Fewer in-sync replicas than `min.insync.replicas`; nothing was written.
    NotEnoughReplicas = 19 "NOT_ENOUGH_REPLICAS" (Retriable),
    /// Written, but the in-sync replicas became too few before it was replicated.
    NotEnoughReplicasAfterAppend = 20 "NOT_ENOUGH_REPLICAS_AFTER_APPEND" (Retriable),
    /// `acks` is none of 0, 1 and -1.
    InvalidRequiredAcks = 21 "INVALID_REQUIRED_ACKS",
    /// Not the generation that the group is in.
    IllegalGeneration = 22 "ILLEGAL_GENERATION",
    /// The member supports no protocol that all others support.
    InconsistentGroupProtocol = 23 "INCONSISTENT_GROUP_PROTOCOL",
    /// An empty group id.
    InvalidGroupId = 24 "INVALID_GROUP_ID",
    /// The coordinator does not know this member.
    UnknownMemberId = 25 "UNKNOWN_MEMBER_ID",
    /// A session timeout outside the broker's bounds.
    InvalidSessionTimeout = 26 "INVALID_SESSION_TIMEOUT",
    /// The group is rebalancing: join again.
    RebalanceInProgress = 27 "REBALANCE_IN_PROGRESS",
    /// A batch of commits over the offsets topic's message size.
    InvalidCommitOffsetSize = 28 "INVALID_COMMIT_OFFSET_SIZE",
    /// The client may not use this group.
    GroupAuthorizationFailed = 30 "GROUP_AUTHORIZATION_FAILED",
    /// A record time too far from the broker's.
    InvalidTimestamp = 32 "INVALID_TIMESTAMP",
    /// A request version that the broker does not speak.
    UnsupportedVersion = 35 "UNSUPPORTED_VERSION",
    /// A topic of this name exists.
    TopicAlreadyExists = 36 "TOPIC_ALREADY_EXISTS",
    /// A number of partitions that cannot be.
    InvalidPartitions = 37 "INVALID_PARTITIONS",
    /// More replicas than brokers.
    InvalidReplicationFactor = 38 "INVALID_REPLICATION_FACTOR",
    /// A setting that cannot be.
    InvalidConfig = 40 "INVALID_CONFIG",
    /// The broker asked is not the controller.
    NotController = 41 "NOT_CONTROLLER" (Retriable),
    /// A request that contradicts itself.
    InvalidRequest = 42 "INVALID_REQUEST",
    /// A producer's batch with a gap before it.
    OutOfOrderSequenceNumber = 45 "OUT_OF_ORDER_SEQUENCE_NUMBER",
    /// A producer's batch that is older than those the broker remembers.
    DuplicateSequenceNumber = 46 "DUPLICATE_SEQUENCE_NUMBER",
    /// A producer that a newer one has replaced.
    InvalidProducerEpoch = 47 "INVALID_PRODUCER_EPOCH",
    /// Not possible in the transaction's state.
    InvalidTxnState = 48 "INVALID_TXN_STATE",
    /// Not the producer id of this transactional id.
    InvalidProducerIdMapping = 49 "INVALID_PRODUCER_ID_MAPPING",
    /// A transaction timeout over the broker's bound.
    InvalidTransactionTimeout = 50 "INVALID_TRANSACTION_TIMEOUT",
    /// The transaction before is not complete yet.
    ConcurrentTransactions = 51 "CONCURRENT_TRANSACTIONS" (Retriable),
    /// A marker of a transaction coordinator that a newer one has replaced.
    TransactionCoordinatorFenced = 52 "TRANSACTION_COORDINATOR_FENCED",
    /// The broker's disk failed.
    KafkaStorageError = 56 "KAFKA_STORAGE_ERROR" (Metadata),
    /// The broker remembers nothing of this producer.
    UnknownProducerId = 59 "UNKNOWN_PRODUCER_ID",
    /// The group has members.
    NonEmptyGroup = 68 "NON_EMPTY_GROUP",
    /// There is no such group.
    GroupIdNotFound = 69 "GROUP_ID_NOT_FOUND",
    /// A leader epoch older than the broker's.
    FencedLeaderEpoch = 74 "FENCED_LEADER_EPOCH" (Metadata),
    /// A leader epoch newer than the broker's.
    UnknownLeaderEpoch = 75 "UNKNOWN_LEADER_EPOCH" (Retriable),
    /// A broker that registered again since.
    StaleBrokerEpoch = 77 "STALE_BROKER_EPOCH",
    /// A new leader's high watermark is not yet known to be right.
    OffsetNotAvailable = 78 "OFFSET_NOT_AVAILABLE" (Retriable),
    /// Join again with the member id in the answer.
    MemberIdRequired = 79 "MEMBER_ID_REQUIRED",
    /// The preferred leader is not alive or not in sync.
    PreferredLeaderNotAvailable = 80 "PREFERRED_LEADER_NOT_AVAILABLE" (Metadata),
    /// The group has as many members as it may have.
    GroupMaxSizeReached = 81 "GROUP_MAX_SIZE_REACHED",
    /// Another member took over this `group.instance.id`.
    FencedInstanceId = 82 "FENCED_INSTANCE_ID",
    /// No replica may become leader.
    EligibleLeadersNotAvailable = 83 "ELIGIBLE_LEADERS_NOT_AVAILABLE" (Metadata),
    /// The leader is already the one asked for.
    ElectionNotNeeded = 84 "ELECTION_NOT_NEEDED" (Metadata),
    /// The group reads the topic whose offsets should be deleted.
    GroupSubscribedToTopic = 86 "GROUP_SUBSCRIBED_TO_TOPIC",
    /// A record that the broker refuses: no key on a compacted topic.
    InvalidRecord = 87 "INVALID_RECORD",
    /// Offsets of an open transaction.
    UnstableOffsetCommit = 88 "UNSTABLE_OFFSET_COMMIT" (Retriable),
    /// Over the quota.
    ThrottlingQuotaExceeded = 89 "THROTTLING_QUOTA_EXCEEDED" (Retriable),
    /// A newer producer has the same transactional id.
    ProducerFenced = 90 "PRODUCER_FENCED",
    /// Not the partition epoch of the controller.
    InvalidUpdateVersion = 95 "INVALID_UPDATE_VERSION",
    /// The broker holds no topic of this id.
    UnknownTopicId = 100 "UNKNOWN_TOPIC_ID" (Metadata),
    /// The log's topic has another id.
    InconsistentTopicId = 103 "INCONSISTENT_TOPIC_ID" (Metadata),
    /// No transaction of this id.
    TransactionalIdNotFound = 105 "TRANSACTIONAL_ID_NOT_FOUND",
    /// A replica that may not join the in-sync replicas.
    IneligibleReplica = 107 "INELIGIBLE_REPLICA",
    /// The leader changed with this request.
    NewLeaderElected = 108 "NEW_LEADER_ELECTED",
    /// Not the member's epoch: give up all partitions and join again.
    FencedMemberEpoch = 110 "FENCED_MEMBER_EPOCH",
    /// A living member has this `group.instance.id`.
    UnreleasedInstanceId = 111 "UNRELEASED_INSTANCE_ID",
    /// The group's coordinator does not know the assignor.
    UnsupportedAssignor = 112 "UNSUPPORTED_ASSIGNOR",
    /// A commit with an epoch that the member has left behind.
    StaleMemberEpoch = 113 "STALE_MEMBER_EPOCH",
    /// The transaction failed and can only be aborted.
    TransactionAbortable = 120 "TRANSACTION_ABORTABLE",
    /// A share group's record is not in the state that the acknowledgement needs.
    InvalidRecordState = 121 "INVALID_RECORD_STATE",
    /// The broker knows no such share session.
    ShareSessionNotFound = 122 "SHARE_SESSION_NOT_FOUND" (Retriable),
    /// Not the share session's epoch.
    InvalidShareSessionEpoch = 123 "INVALID_SHARE_SESSION_EPOCH" (Retriable),
    /// Not the share group's state epoch.
    FencedStateEpoch = 124 "FENCED_STATE_EPOCH",
}

impl Errors {
    /// The code in the protocol.
    pub const fn code(self) -> i16 {
        self as i16
    }

    pub const fn is_none(self) -> bool {
        matches!(self, Errors::None)
    }

    /// Whether a client tries again by itself: the error's exception is a `RetriableException`.
    pub const fn is_retriable(self) -> bool {
        match self.kind() {
            Kind::Final => false,
            Kind::Retriable | Kind::Metadata => true,
        }
    }

    /// Whether a client asks for new metadata before it tries again: the exception is an `InvalidMetadataException`.
    pub const fn is_invalid_metadata(self) -> bool {
        match self.kind() {
            Kind::Final | Kind::Retriable => false,
            Kind::Metadata => true,
        }
    }
}

impl fmt::Display for Errors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::Errors;

    #[test]
    fn errors_are_listed_by_code_and_no_code_or_name_is_used_twice() {
        for pair in Errors::ALL.windows(2) {
            assert!(pair[0].code() < pair[1].code(), "{} is before {}", pair[0], pair[1]);
            assert_ne!(pair[0].name(), pair[1].name());
        }
    }

    /// The names in the code are Kafka's in camel case, so that one is found by the other.
    #[test]
    fn a_name_is_its_variant_in_capitals() {
        for error in Errors::ALL {
            let mut name = String::new();
            for letter in format!("{error:?}").chars() {
                if letter.is_uppercase() && !name.is_empty() {
                    name.push('_');
                }
                name.push(letter.to_ascii_uppercase());
            }
            assert_eq!(error.name(), name);
        }
    }

    #[test]
    fn a_lost_leader_asks_for_metadata_and_a_full_record_does_not_come_back() {
        assert!(Errors::NotLeaderOrFollower.is_invalid_metadata() && Errors::NotLeaderOrFollower.is_retriable());
        assert!(Errors::NotEnoughReplicas.is_retriable() && !Errors::NotEnoughReplicas.is_invalid_metadata());
        assert!(!Errors::MessageTooLarge.is_retriable());
    }
}
