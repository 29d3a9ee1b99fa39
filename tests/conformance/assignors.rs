//! `assignor_range`, `assignor_roundrobin`, `assignor_sticky`, `assignor_cooperative_sticky`: one call each.

use super::Disagreement;
use laglab::engine::coordinator::group::assignor::{Member, Topic, assign};
use laglab::engine::design::Assignor;
use laglab::engine::id::{TopicId, TopicPartition};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// By member.
pub type Assignment = BTreeMap<String, BTreeSet<(String, usize)>>;

pub fn check(file: &Value) -> Vec<Disagreement> {
    let vectors = file["vectors"].as_array().expect("vectors are a list");
    vectors.iter().filter_map(|vector| disagreement(&vector["index"].to_string(), &Case::read(vector), vector)).collect()
}

/// Compares one call, as exactly as the original itself is determined.
pub fn disagreement(name: &str, case: &Case, vector: &Value) -> Option<Disagreement> {
    let expected = vector.get("expected").unwrap_or(&vector["assignment"]);
    let expected: Assignment = expected.as_object().expect("an assignment").iter().map(|(id, list)| (id.clone(), set(list))).collect();
    let got = case.assign();
    let same = if vector["hash_order_sensitive"] == true { case.measures(&got) == case.measures(&expected) } else { got == expected };
    (!same).then(|| {
        let name = if vector["hash_order_sensitive"] == true { format!("{name} (hash order)") } else { name.to_owned() };
        Disagreement::new(name, format!("{expected:?}"), format!("{got:?}"))
    })
}

/// The input of one call.
pub struct Case {
    assignor: Assignor,
    topics: BTreeMap<String, (usize, Vec<Vec<String>>)>,
    members: Vec<CaseMember>,
}

struct CaseMember {
    id: String,
    instance_id: Option<String>,
    rack: Option<String>,
    subscription: Vec<String>,
    owned: BTreeSet<(String, usize)>,
    generation: Option<i32>,
}

pub fn assignor(name: &Value) -> Assignor {
    match name.as_str().expect("the assignor has a name") {
        "range" => Assignor::Range,
        "roundrobin" => Assignor::RoundRobin,
        "sticky" => Assignor::Sticky,
        "cooperative-sticky" => Assignor::CooperativeSticky,
        other => panic!("no assignor is called {other}"),
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn words(value: &Value) -> Vec<String> {
    list(value).map(|word| word.as_str().expect("a word").to_owned()).collect()
}

fn set(value: &Value) -> BTreeSet<(String, usize)> {
    list(value).map(|pair| (pair[0].as_str().expect("a topic").to_owned(), pair[1].as_u64().expect("a partition") as usize)).collect()
}

impl Case {
    fn read(vector: &Value) -> Case {
        let topic = |topic: &Value| {
            let racks = list(&topic["replica_racks"]).map(words).collect();
            (topic["name"].as_str().expect("a name").to_owned(), (topic["partitions"].as_u64().expect("a count") as usize, racks))
        };
        Case::new(assignor(&vector["assignor"]), list(&vector["topics"]).map(topic).collect(), &vector["members"])
    }

    pub fn new(assignor: Assignor, topics: BTreeMap<String, (usize, Vec<Vec<String>>)>, members: &Value) -> Case {
        let word = |value: &Value| value.as_str().map(str::to_owned);
        let member = |member: &Value| CaseMember {
            id: word(&member["id"]).expect("a member id"),
            instance_id: word(&member["instance_id"]),
            rack: word(&member["rack"]),
            subscription: words(&member["subscription"]),
            owned: set(&member["owned"]),
            generation: member["generation"].as_i64().map(|generation| generation as i32),
        };
        Case { assignor, topics, members: list(members).map(member).collect() }
    }

    fn assign(&self) -> Assignment {
        // Ids run against the order of names, and members come last first, so that nothing is right by accident.
        let mentioned =
            self.members.iter().flat_map(|member| member.subscription.iter().chain(member.owned.iter().map(|(topic, _)| topic)));
        let names: BTreeSet<&String> = self.topics.keys().chain(mentioned).collect();
        let topic_id = |name: &String| TopicId(names.iter().rev().position(|known| *known == name).expect("a known topic") as u32);
        let partition_id = |name: &String, number: usize| TopicPartition(topic_id(name).0 * 1_000 + number as u32);

        let partitions: Vec<Vec<TopicPartition>> =
            self.topics.iter().map(|(name, (count, _))| (0..*count).map(|number| partition_id(name, number)).collect()).collect();
        let racks: Vec<Vec<Vec<&str>>> =
            self.topics.values().map(|(_, racks)| racks.iter().map(|racks| racks.iter().map(String::as_str).collect()).collect()).collect();
        let topics: Vec<Topic> = (self.topics.keys().zip(&partitions).zip(&racks))
            .map(|((name, partitions), racks)| Topic { id: topic_id(name), name, partitions, racks })
            .collect();
        let wanted: Vec<Vec<TopicId>> = self.members.iter().map(|member| member.subscription.iter().map(topic_id).collect()).collect();
        let owned: Vec<Vec<TopicPartition>> =
            self.members.iter().map(|member| member.owned.iter().map(|(topic, number)| partition_id(topic, *number)).collect()).collect();
        let members: Vec<Member> = (self.members.iter().zip(&wanted).zip(&owned))
            .rev()
            .map(|((member, topics), owned)| Member {
                id: &member.id,
                instance_id: member.instance_id.as_deref(),
                rack: member.rack.as_deref(),
                topics,
                owned,
                generation: member.generation,
            })
            .collect();

        let name_of = |partition: &TopicPartition| {
            let name = names.iter().rev().nth(partition.0 as usize / 1_000).expect("a known topic");
            ((*name).clone(), partition.0 as usize % 1_000)
        };
        let answer = assign(self.assignor, &members, &topics);
        assert_eq!(answer.len(), members.len(), "one answer for each member");
        members.iter().zip(answer).map(|(member, partitions)| (member.id.to_owned(), partitions.iter().map(name_of).collect())).collect()
    }

    /// What does not depend on the order of a hash map: that all is given once, to members that want it, how even it is,
    /// how much stays where it was, and how much is withheld from a member because another one has it.
    fn measures(&self, assignment: &Assignment) -> Measures {
        let mut given: Vec<&(String, usize)> = assignment.values().flatten().collect();
        given.sort();
        let twice = given.windows(2).filter(|pair| pair[0] == pair[1]).count();
        let member = |id: &String| self.members.iter().find(|member| member.id == *id).expect("a known member");
        let unwanted = assignment
            .iter()
            .map(|(id, partitions)| partitions.iter().filter(|(topic, _)| !member(id).subscription.contains(topic)).count())
            .sum();
        let owned_elsewhere =
            |id: &String, partition: &(String, usize)| self.members.iter().any(|other| other.id != *id && other.owned.contains(partition));
        let given_before_revoked = assignment
            .iter()
            .map(|(id, partitions)| partitions.iter().filter(|p| !member(id).owned.contains(*p) && owned_elsewhere(id, p)).count())
            .sum();
        let mut counts: Vec<usize> = assignment.values().map(BTreeSet::len).collect();
        counts.sort_unstable();
        let kept = assignment.iter().map(|(id, partitions)| partitions.intersection(&member(id).owned).count()).sum();
        Measures { given: given.len(), twice, unwanted, given_before_revoked, counts, kept }
    }
}

#[derive(Debug, PartialEq)]
struct Measures {
    given: usize,
    twice: usize,
    unwanted: usize,
    /// Zero in cooperative-sticky, unless a claim was out of date.
    given_before_revoked: usize,
    /// In order.
    counts: Vec<usize>,
    kept: usize,
}
