//! What a member is told when it is made: its settings, and the topics that it reads.
//! Kafka: `GroupRebalanceConfig`, `RebalanceProtocol`. Left out: racks, patterns.

use crate::engine::coordinator::group::message::InstanceId;
use crate::engine::design::{Assignor, CommitPolicy, Group};
use crate::engine::id::{GroupId, MemberIndex, TopicId, TopicPartition};
use crate::engine::time::Duration;
use std::sync::Arc;

/// The settings of the consumer. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Config {
    pub group: GroupId,
    /// `group.id`, the first part of client and member ids.
    pub group_name: Arc<str>,
    pub client: MemberIndex,
    pub group_instance_id: Option<InstanceId>,
    pub topics: Arc<[TopicId]>,
    /// In order of preference.
    pub assignors: Arc<[Assignor]>,
    pub session_timeout: Duration,
    pub heartbeat_interval: Duration,
    /// Also the rebalance timeout of the group.
    pub max_poll_interval: Duration,
    /// `auto.commit.interval.ms`; none: `enable.auto.commit` is off.
    pub auto_commit_interval: Option<Duration>,
}

impl Config {
    pub fn new(id: GroupId, group: &Group, client: MemberIndex) -> Self {
        let config = &group.config;
        Config {
            group: id,
            group_name: group.name.as_str().into(),
            client,
            group_instance_id: config.static_membership.then_some(InstanceId(client.0)),
            topics: group.topics.as_slice().into(),
            assignors: config.assignors.as_slice().into(),
            session_timeout: config.session_timeout,
            heartbeat_interval: config.heartbeat_interval,
            max_poll_interval: config.max_poll_interval,
            auto_commit_interval: match group.handler.commit {
                CommitPolicy::Auto => Some(config.auto_commit_interval),
                CommitPolicy::AfterRecord | CommitPolicy::AfterBatch | CommitPolicy::Before | CommitPolicy::Never => None,
            },
        }
    }

    /// Cooperative only if every assignor of the list can do it: the default list of range and cooperative-sticky is eager.
    pub fn rebalance_protocol(&self) -> RebalanceProtocol {
        match self.assignors.iter().all(|&assignor| assignor == Assignor::CooperativeSticky) {
            true => RebalanceProtocol::Cooperative,
            false => RebalanceProtocol::Eager,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RebalanceProtocol {
    /// A member gives everything up before it joins.
    Eager,
    /// A member keeps what it has until it is told to give it up (KIP-429).
    Cooperative,
}

/// What the consumer knows of a topic that it reads.
#[derive(Clone, Debug, PartialEq)]
pub struct TopicMetadata {
    pub topic: TopicId,
    pub name: Arc<str>,
    /// In order of partition numbers, from 0 without gap.
    pub partitions: Arc<[TopicPartition]>,
}
