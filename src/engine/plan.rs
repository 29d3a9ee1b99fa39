//! What follows from a design once and for all: dense tables of partitions, leaders, coordinators and names.

use super::design::{DedupMark, Design, Effect};
use super::id::{BrokerId, GroupId, NodeId, TopicId, TopicPartition};
use super::random::{Sampler, Stream};
use super::time::Duration;

#[derive(Clone, Debug)]
pub struct Plan {
    pub design: Design,
    pub partitions: Vec<PartitionPlan>,
    /// The first partition of each topic in the dense count.
    pub first_partition: Vec<u32>,
    pub groups: Vec<GroupPlan>,
    /// Every request is answered at the instant it arrives.
    pub no_costs: bool,
}

#[derive(Clone, Copy, Debug)]
pub struct PartitionPlan {
    pub topic: TopicId,
    /// Within the topic.
    pub partition: u32,
    pub leader: BrokerId,
    /// Place among the partitions of its leader.
    pub local: u32,
}

#[derive(Clone, Debug)]
pub struct GroupPlan {
    /// In the order of the dense count.
    pub partitions: Vec<TopicPartition>,
    pub coordinator: BrokerId,
    pub steps: Vec<StepPlan>,
    /// Names of effects that must happen once, in the order of steps: the ledger's rows.
    pub effects: Vec<String>,
    pub dedup: Option<DedupPlan>,
}

#[derive(Clone, Debug)]
pub struct StepPlan {
    pub sampler: Sampler,
    /// Service times: `stream.sub(partition).at(offset)`.
    pub stream: Stream,
    pub effect: StepEffect,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepEffect {
    None,
    Idempotent,
    /// The ledger's row, and for how long the target remembers the idempotency key.
    Once {
        effect: u32,
        honours_key: Duration,
    },
}

#[derive(Clone, Debug)]
pub struct DedupPlan {
    pub sampler: Sampler,
    pub check: Stream,
    pub write: Stream,
    pub keeps: Duration,
    /// The mark is written before the first step.
    pub marks_first: bool,
    /// Writing the mark is a call of its own.
    pub own_write: bool,
    /// The mark is written in the transaction of this step.
    pub with_step: Option<usize>,
}

impl Plan {
    pub fn new(design: Design) -> Self {
        let brokers = design.cluster.brokers;
        let mut partitions = Vec::new();
        let mut first_partition = Vec::new();
        let mut led = vec![0; brokers as usize];
        for (topic, spec) in design.topics.iter().enumerate() {
            first_partition.push(u32::try_from(partitions.len()).expect("partitions are limited"));
            for partition in 0..spec.partitions {
                let leader = BrokerId(partition % brokers);
                partitions.push(PartitionPlan { topic: TopicId::from(topic), partition, leader, local: led[leader.index()] });
                led[leader.index()] += 1;
            }
        }
        let groups = (0..design.groups.len()).map(|group| GroupPlan::new(&design, &first_partition, GroupId::from(group))).collect();
        let costs = &design.cluster.costs;
        let no_costs = costs.request.0 == 0
            && costs.partition.0 == 0
            && costs.record.0 == 0
            && costs.byte_picos == 0
            && costs.network_bytes_per_sec == 0
            && costs.disk_bytes_per_sec == 0;
        Plan { partitions, first_partition, groups, no_costs, design }
    }

    pub fn partition(&self, partition: TopicPartition) -> &PartitionPlan {
        &self.partitions[partition.index()]
    }

    pub fn partitions_of(&self, topic: TopicId) -> impl Iterator<Item = TopicPartition> + use<> {
        let first = self.first_partition[topic.index()];
        (first..first + self.design.topics[topic.index()].partitions).map(TopicPartition)
    }

    pub fn broker_node(&self, broker: BrokerId) -> NodeId {
        NodeId(broker.0)
    }
}

impl GroupPlan {
    fn new(design: &Design, first_partition: &[u32], group: GroupId) -> Self {
        let spec = &design.groups[group.index()];
        let mut partitions: Vec<TopicPartition> = spec
            .topics
            .iter()
            .flat_map(|topic| {
                let first = first_partition[topic.index()];
                (first..first + design.topics[topic.index()].partitions).map(TopicPartition)
            })
            .collect();
        partitions.sort_unstable();
        let mut effects: Vec<String> = Vec::new();
        let steps = spec.handler.steps.iter().enumerate().map(|(place, step)| {
            let target = step.target.map(|target| &design.targets[target.index()]);
            StepPlan {
                sampler: target.map_or(&step.takes, |target| &target.takes).sampler(),
                stream: design.seed.stream(&format!("group {} step {place} {}", spec.name, step.name)),
                effect: match &step.effect {
                    Effect::None => StepEffect::None,
                    Effect::Idempotent => StepEffect::Idempotent,
                    Effect::Once(name) => {
                        let effect = effects.iter().position(|known| known == name).unwrap_or_else(|| {
                            effects.push(name.clone());
                            effects.len() - 1
                        });
                        StepEffect::Once { effect: effect as u32, honours_key: target.map_or(Duration::ZERO, |target| target.honours_key) }
                    }
                },
            }
        });
        let steps = steps.collect();
        let dedup = spec.handler.dedup.map(|dedup| {
            let store = &design.targets[dedup.store.index()];
            DedupPlan {
                sampler: store.takes.sampler(),
                check: design.seed.stream(&format!("group {} dedup check", spec.name)),
                write: design.seed.stream(&format!("group {} dedup mark", spec.name)),
                keeps: store.keeps,
                marks_first: dedup.mark == DedupMark::Before,
                own_write: dedup.mark != DedupMark::SameTransaction,
                with_step: (dedup.mark == DedupMark::SameTransaction)
                    .then(|| spec.handler.steps.iter().position(|step| step.target == Some(dedup.store) && step.effect != Effect::None))
                    .flatten(),
            }
        });
        GroupPlan { partitions, coordinator: coordinator_of(&spec.name, design), steps, effects, dedup }
    }
}

/// The leader of the group's partition of `__consumer_offsets`: Java's `hashCode` of its id, modulo the partitions.
/// Kafka: `GroupCoordinatorService.partitionFor`.
fn coordinator_of(group: &str, design: &Design) -> BrokerId {
    let hash = group.encode_utf16().fold(0i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)));
    let partition = (hash & i32::MAX) as u32 % design.cluster.config.offsets_topic_num_partitions;
    BrokerId(partition % design.cluster.brokers)
}
