//! Client-side assignors: which member of a classic group gets which partition. The group's leader calls [`assign`]
//! between its JoinGroup response and its SyncGroup request.
//! Kafka: `AbstractPartitionAssignor` and its classes, KIP-54, KIP-429, KIP-881 (racks).
//! Left out: `maxGeneration` is that of this call; Kafka's assignor object also remembers the one of earlier calls.
//! Holds: a partition is given to at most one member, and in every assignor but cooperative-sticky to exactly one.
//!
//! Where Kafka's answer depends on the order of a `java.util.HashMap`, this one goes by member id and topic name.

mod abstract_sticky;
mod cooperative_sticky;
mod range;
mod roundrobin;
mod sticky;

use crate::engine::design::Assignor;
use crate::engine::id::{TopicId, TopicPartition};
use std::cmp::Ordering;
use std::ops::Range;

/// A member and what it sent with JoinGroup: `ConsumerPartitionAssignor.Subscription`.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    /// `member.id`: members are ordered by it, so it has to look as Kafka's does (`CLIENT-UUID`).
    pub id: &'a str,
    /// `group.instance.id`: range and roundrobin put static members first, ordered by it.
    pub instance_id: Option<&'a str>,
    /// `client.rack`; empty is none.
    pub rack: Option<&'a str>,
    /// Each topic once, in any order.
    pub topics: &'a [TopicId],
    /// Cooperative-sticky: `ownedPartitions`. Sticky: the assignment that its user data remembers. Others: not looked at.
    pub owned: &'a [TopicPartition],
    /// The generation in which the member got what it owns; none (or −1) once it has lost its membership.
    pub generation: Option<i32>,
}

/// What the leader knows of a topic. A topic that members ask for and that is not there, or has no partition, is one
/// for which the leader has no metadata yet: nobody gets any of it.
#[derive(Clone, Copy, Debug)]
pub struct Topic<'a> {
    pub id: TopicId,
    pub name: &'a str,
    /// In order of partition numbers, from 0 without gap.
    pub partitions: &'a [TopicPartition],
    /// The racks of the replicas of each partition; empty when racks are not known.
    pub racks: &'a [Vec<&'a str>],
}

/// The partitions of each member, in the order of `members`.
pub fn assign(assignor: Assignor, members: &[Member], topics: &[Topic]) -> Vec<Vec<TopicPartition>> {
    let group = GroupSubscription::new(members, topics);
    let assignment = match assignor {
        Assignor::Range => range::assign(&group),
        Assignor::RoundRobin => roundrobin::assign(&group),
        Assignor::Sticky => sticky::assign(&group),
        Assignor::CooperativeSticky => cooperative_sticky::assign(&group),
    };
    let mut answer = vec![Vec::new(); members.len()];
    for (consumer, partitions) in group.consumers.iter().zip(assignment) {
        answer[consumer.place] = partitions.into_iter().map(|partition| group.ids[partition]).collect();
    }
    answer
}

/// Partitions of each consumer, both by their places in a [`GroupSubscription`].
type Assignment = Vec<Vec<usize>>;

/// The question in dense numbers, so that comparing places is comparing Kafka's names: consumers by member id, topics by
/// name, partitions by topic and number, racks by name.
struct GroupSubscription {
    consumers: Vec<Consumer>,
    /// The consumers as `AbstractPartitionAssignor.MemberInfo` orders them: static ones first.
    member_info_order: Vec<usize>,
    /// The partitions of each topic that exists and that somebody wants.
    topics: Vec<Range<usize>>,
    /// The topic of each partition.
    topic_of: Vec<usize>,
    /// The racks of each partition's replicas, each rack once.
    racks_of: Vec<Vec<usize>>,
    ids: Vec<TopicPartition>,
    /// Whether all consumers ask for the same topics, existing or not.
    all_subscriptions_equal: bool,
}

struct Consumer {
    /// Its place in the caller's list.
    place: usize,
    /// In order.
    topics: Vec<usize>,
    /// Without those of topics that are gone or that nobody wants any more.
    owned: Vec<usize>,
    generation: i32,
    rack: Option<usize>,
}

impl Consumer {
    fn subscribes(&self, topic: usize) -> bool {
        self.topics.binary_search(&topic).is_ok()
    }
}

/// `AbstractStickyAssignor.DEFAULT_GENERATION`.
const DEFAULT_GENERATION: i32 = -1;

impl GroupSubscription {
    fn new(members: &[Member], topics: &[Topic]) -> Self {
        let mut wanted: Vec<TopicId> = members.iter().flat_map(|member| member.topics).copied().collect();
        wanted.sort_unstable();
        wanted.dedup();
        let mut by_name: Vec<&Topic> =
            topics.iter().filter(|topic| !topic.partitions.is_empty() && wanted.binary_search(&topic.id).is_ok()).collect();
        by_name.sort_by_key(|topic| topic.name);

        let mut rack_names: Vec<&str> = members.iter().filter_map(|member| member.rack).collect();
        rack_names.extend(by_name.iter().flat_map(|topic| topic.racks).flatten());
        rack_names.sort_unstable();
        rack_names.dedup();
        let rack_of = |name: &str| rack_names.binary_search(&name).expect("every rack is in the list");

        let (mut ranges, mut topic_of, mut racks_of, mut ids) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (topic, known) in by_name.iter().enumerate() {
            ranges.push(ids.len()..ids.len() + known.partitions.len());
            for (number, id) in known.partitions.iter().enumerate() {
                let mut racks: Vec<usize> = known.racks.get(number).into_iter().flatten().map(|rack| rack_of(rack)).collect();
                racks.sort_unstable();
                racks.dedup();
                racks_of.push(racks);
                topic_of.push(topic);
                ids.push(*id);
            }
        }
        let mut topic_places: Vec<(TopicId, usize)> = by_name.iter().enumerate().map(|(place, topic)| (topic.id, place)).collect();
        topic_places.sort_unstable();
        let mut partition_places: Vec<(TopicPartition, usize)> = ids.iter().enumerate().map(|(place, id)| (*id, place)).collect();
        partition_places.sort_unstable();

        let mut by_id: Vec<usize> = (0..members.len()).collect();
        by_id.sort_by_key(|&place| members[place].id);
        let consumers: Vec<Consumer> = by_id
            .iter()
            .map(|&place| {
                let member = &members[place];
                let mut topics: Vec<usize> = member.topics.iter().filter_map(|id| find(&topic_places, *id)).collect();
                topics.sort_unstable();
                Consumer {
                    place,
                    topics,
                    owned: member.owned.iter().filter_map(|id| find(&partition_places, *id)).collect(),
                    generation: member.generation.unwrap_or(DEFAULT_GENERATION),
                    rack: member.rack.filter(|rack| !rack.is_empty()).map(rack_of),
                }
            })
            .collect();
        let mut member_info_order: Vec<usize> = (0..consumers.len()).collect();
        member_info_order.sort_by(|a, b| member_info(&members[by_id[*a]], &members[by_id[*b]]));
        // Everything wanted is wanted by somebody, so equally many topics are the same topics.
        let all_subscriptions_equal = members.iter().all(|member| member.topics.len() == wanted.len());
        GroupSubscription { consumers, member_info_order, topics: ranges, topic_of, racks_of, ids, all_subscriptions_equal }
    }

    /// `AbstractPartitionAssignor.useRackAwareAssignment`: it pays only where some partition is not on all racks.
    fn use_rack_aware_assignment(&self, consumer_racks: &[usize], partitions: Range<usize>) -> bool {
        let all_racks = sorted_union(self.racks_of[partitions.clone()].iter().flatten());
        consumer_racks.iter().any(|rack| all_racks.binary_search(rack).is_ok())
            && self.racks_of[partitions].iter().any(|racks| *racks != all_racks)
    }
}

/// `MemberInfo.compareTo`.
fn member_info(a: &Member, b: &Member) -> Ordering {
    match (a.instance_id, b.instance_id) {
        (Some(a), Some(b)) => a.cmp(b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => a.id.cmp(b.id),
    }
}

fn find<Id: Ord>(places: &[(Id, usize)], id: Id) -> Option<usize> {
    places.binary_search_by(|(known, _)| known.cmp(&id)).ok().map(|found| places[found].1)
}

fn sorted_union<'a>(racks: impl Iterator<Item = &'a usize>) -> Vec<usize> {
    let mut union: Vec<usize> = racks.copied().collect();
    union.sort_unstable();
    union.dedup();
    union
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::Seed;

    /// A group of which every member wants the topics that `wants` says, of `sizes` partitions each.
    struct Group {
        ids: Vec<String>,
        names: Vec<String>,
        partitions: Vec<Vec<TopicPartition>>,
        wanted: Vec<Vec<TopicId>>,
    }

    impl Group {
        fn new(members: usize, sizes: &[usize], wants: impl Fn(usize, usize) -> bool) -> Self {
            let mut next = 0..;
            Group {
                ids: (0..members).map(|member| format!("member-{member:05}")).collect(),
                names: (0..sizes.len()).map(|topic| format!("topic-{topic:05}")).collect(),
                partitions: sizes.iter().map(|&size| next.by_ref().take(size).map(TopicPartition).collect()).collect(),
                wanted: (0..members)
                    .map(|member| (0..sizes.len()).filter(|&topic| wants(member, topic)).map(TopicId::from).collect())
                    .collect(),
            }
        }

        fn assign(&self, assignor: Assignor, owned: &[(Vec<TopicPartition>, i32)]) -> Vec<Vec<TopicPartition>> {
            let topics: Vec<Topic> = (0..self.names.len())
                .map(|topic| Topic { id: TopicId::from(topic), name: &self.names[topic], partitions: &self.partitions[topic], racks: &[] })
                .collect();
            let members: Vec<Member> = (0..self.ids.len())
                .map(|member| Member {
                    id: &self.ids[member],
                    instance_id: None,
                    rack: None,
                    topics: &self.wanted[member],
                    owned: owned.get(member).map_or(&[], |(owned, _)| owned),
                    generation: owned.get(member).map(|(_, generation)| *generation),
                })
                .collect();
            assign(assignor, &members, &topics)
        }

        /// Everything that somebody wants is given once, to one that wants it.
        fn assert_complete(&self, assignment: &[Vec<TopicPartition>]) {
            let mut given: Vec<TopicPartition> = assignment.iter().flatten().copied().collect();
            given.sort_unstable();
            let wanted = |topic: usize| self.wanted.iter().any(|topics| topics.contains(&TopicId::from(topic)));
            let all: Vec<TopicPartition> =
                (0..self.names.len()).filter(|&topic| wanted(topic)).flat_map(|topic| self.partitions[topic].clone()).collect();
            assert_eq!(given, all);
            for (member, partitions) in assignment.iter().enumerate() {
                let mut may_have: Vec<TopicPartition> =
                    self.wanted[member].iter().flat_map(|topic| self.partitions[topic.index()].clone()).collect();
                may_have.sort_unstable();
                assert!(partitions.iter().all(|partition| may_have.binary_search(partition).is_ok()));
            }
        }
    }

    fn in_generation(generation: i32, assignment: Vec<Vec<TopicPartition>>) -> Vec<(Vec<TopicPartition>, i32)> {
        assignment.into_iter().map(|owned| (owned, generation)).collect()
    }

    #[test]
    fn a_partition_that_moves_is_owned_by_nobody_for_one_round() {
        let two = Group::new(2, &[4], |_, _| true);
        let owned = in_generation(1, vec![(0..4).map(TopicPartition).collect(), Vec::new()]);
        let first = two.assign(Assignor::CooperativeSticky, &owned);
        assert_eq!(first, [vec![TopicPartition(0), TopicPartition(1)], vec![]]);
        let second = two.assign(Assignor::CooperativeSticky, &in_generation(2, first));
        assert_eq!(second, [vec![TopicPartition(0), TopicPartition(1)], vec![TopicPartition(2), TopicPartition(3)]]);
    }

    #[test]
    fn a_group_of_a_hundred_shares_ten_thousand_partitions() {
        for assignor in [Assignor::Range, Assignor::RoundRobin, Assignor::Sticky, Assignor::CooperativeSticky] {
            for (topics, size) in [(1, 10_000), (1_000, 10)] {
                let group = Group::new(100, &vec![size; topics], |_, _| true);
                let first = group.assign(assignor, &[]);
                group.assert_complete(&first);
                let again = group.assign(assignor, &in_generation(1, first.clone()));
                group.assert_complete(&again);
            }
        }
    }

    #[test]
    fn a_sticky_group_of_different_wishes_comes_to_rest() {
        for topics in [1_000, 20] {
            let group = Group::new(100, &vec![10_000 / topics; topics], |member, topic| (member * 7 + topic * 13) % 5 < 1 + topic % 4);
            let mut owned = in_generation(1, group.assign(Assignor::Range, &[]));
            for generation in 2..4 {
                let next = group.assign(Assignor::Sticky, &owned);
                group.assert_complete(&next);
                owned = in_generation(generation, next);
            }
            let settled: Vec<Vec<TopicPartition>> = owned.iter().map(|(partitions, _)| partitions.clone()).collect();
            assert_eq!(group.assign(Assignor::Sticky, &owned), settled, "nothing moves when nothing has changed");
        }
    }

    /// Members come and go, change their minds, forget what they had, and claim what is no longer theirs.
    #[test]
    fn random_groups_come_to_rest_in_balance() {
        for seed in 0..400 {
            let luck = Seed(seed).stream("assignor");
            let mut draws = 0..;
            let mut below = |n: u64| luck.at(draws.next().expect("draws do not end")) % n;
            let sizes: Vec<usize> = (0..1 + below(5)).map(|_| 1 + below(12) as usize).collect();
            let mut owned: Vec<(Vec<TopicPartition>, i32)> = Vec::new();
            for generation in 1..8 {
                let alike = below(3) == 0;
                let members = 1 + below(9) as usize;
                let wants: Vec<u64> = (0..members).map(|_| if alike { u64::MAX } else { 1 + below(31) }).collect();
                let group = Group::new(members, &sizes, |member, topic| wants[member] >> topic & 1 == 1);
                owned.resize(members, (Vec::new(), -1));
                for claim in &mut owned {
                    match below(10) {
                        0 => *claim = (Vec::new(), -1),
                        // It has slept through some rebalances and wakes up.
                        1 => claim.1 = generation - 1 - below(3) as i32,
                        _ => {}
                    }
                }
                let sticky = group.assign(Assignor::Sticky, &owned);
                group.assert_complete(&sticky);
                let mut now = group.assign(Assignor::CooperativeSticky, &owned);
                // One more round gives away what was withheld; unlike wishes may move something else then.
                for round in 0.. {
                    assert!(round < 10, "no end of rebalances: {seed}");
                    let next = group.assign(Assignor::CooperativeSticky, &in_generation(generation, now.clone()));
                    let only_gives = now.iter().zip(&next).all(|(now, next)| now.iter().all(|partition| next.contains(partition)));
                    assert!(!alike || only_gives, "with equal wishes nothing else moves: {seed}");
                    if next == now {
                        break;
                    }
                    now = next;
                }
                group.assert_complete(&now);
                let counts = || now.iter().map(Vec::len);
                assert!(!alike || counts().max() <= counts().min().map(|least| least + 1), "balanced: {seed}");
                owned = in_generation(generation, now);
            }
        }
    }
}
