//! The words: a sentence for each kind of observation, or for several of a kind.

use super::super::number::{count, millis, rate, share};
use super::action::{action, refusal, thing_of};
use super::{Tone, partition_of};
use crate::engine::id::{GroupId, MemberIndex, TopicPartition};
use crate::engine::observe::observation::{RebalanceReason, RemovalReason, What};
use crate::engine::observe::snapshot::Status;
use crate::engine::plan::Plan;

/// The share of the ten most frequent keys above which a rule of thumb warns.
const TOP_KEYS: f64 = 0.3;

pub struct Teller<'a> {
    pub plan: &'a Plan,
}

pub type Said = (String, Tone, Option<String>);

impl Teller<'_> {
    pub fn say(&self, what: &What, all: &[&What]) -> Said {
        let many = all.len();
        match what {
            What::TopKeys { producer, share: part } => {
                let name = &self.plan.design.producers[producer.index()].name;
                let rule = if *part > TOP_KEYS { " (rule of thumb: at most 30 %)" } else { "" };
                let much = if *part < 0.01 { "less than 1 %".to_owned() } else { share(*part) };
                let text = format!("the top 10 keys of {name} are {much} of its records{rule}");
                (text, if *part > TOP_KEYS { Tone::Warning } else { Tone::Plain }, Some(format!("producer/{name}")))
            }
            What::InterventionBegan { entry } => {
                let action_of = &self.plan.design.timeline[*entry as usize].action;
                (action(&self.plan.design, action_of), Tone::Hand, thing_of(&self.plan.design, action_of))
            }
            What::InterventionEnded { entry } => {
                let action_of = &self.plan.design.timeline[*entry as usize].action;
                (format!("over: {}", action(&self.plan.design, action_of)), Tone::Hand, thing_of(&self.plan.design, action_of))
            }
            What::InterventionRefused { entry, why } => {
                let action_of = &self.plan.design.timeline[*entry as usize].action;
                let text = format!("not done: {}, since {}", action(&self.plan.design, action_of), refusal(*why));
                (text, Tone::Warning, thing_of(&self.plan.design, action_of))
            }
            What::MemberStarted { group, member } => match many {
                1 => (format!("{} starts", self.member(*group, *member)), Tone::Plain, Some(self.member_thing(*group, *member))),
                _ => (format!("{} members of {} start", many, self.group(*group)), Tone::Plain, Some(self.group_thing(*group))),
            },
            What::MemberStopped { group, member } => (
                format!("{} stops and leaves its group", self.member(*group, *member)),
                Tone::Plain,
                Some(self.member_thing(*group, *member)),
            ),
            What::MemberCrashed { group, member } => (
                format!("{} dies; its group does not know yet", self.member(*group, *member)),
                Tone::Bad,
                Some(self.member_thing(*group, *member)),
            ),
            What::MemberRemoved { group, member, why } => {
                let who = if many == 1 { self.member(*group, *member) } else { format!("{many} members of {}", self.group(*group)) };
                let text = match why {
                    RemovalReason::Left => format!("{who} leaves"),
                    RemovalReason::SessionTimeout => format!("{who} is taken out of the group: no heartbeat within the session timeout"),
                    RemovalReason::RebalanceTimeout => format!("{who} is taken out of the group: it did not rejoin in time"),
                    RemovalReason::SyncTimeout => format!("{who} is taken out of the group: it did not sync in time"),
                    RemovalReason::PollTimeout => format!("{who} leaves: max.poll.interval.ms has passed between two polls"),
                };
                (text, Tone::Warning, Some(self.member_thing(*group, *member)))
            }
            What::MemberFenced { group, member, error } => {
                let text = format!("{} learns that its group went on without it ({error})", self.member(*group, *member));
                (text, Tone::Warning, Some(self.member_thing(*group, *member)))
            }
            What::RebalanceStarted { group, why } => {
                (format!("{} rebalances: {}", self.group(*group), self.reason(*group, *why)), Tone::Plain, Some(self.group_thing(*group)))
            }
            What::RebalanceCompleted { group, members, moved, took, .. } => {
                let moved = if *moved == 0 { String::new() } else { format!(", {} moved", plural(u64::from(*moved), "partition")) };
                let members = plural(u64::from(*members), "member");
                let text = format!("{} is stable after {}: {members}{moved}", self.group(*group), millis(took.as_millis_f64()));
                (text, Tone::Good, Some(self.group_thing(*group)))
            }
            What::PartitionsAssigned { group, member, partitions } => (
                format!("{} gets {}", self.member(*group, *member), self.list(partitions)),
                Tone::Plain,
                Some(self.member_thing(*group, *member)),
            ),
            What::PartitionsRevoked { group, member, partitions } => {
                let text = format!("{} gives {} up", self.member(*group, *member), self.list(partitions));
                (text, Tone::Plain, Some(self.member_thing(*group, *member)))
            }
            What::PartitionsLost { group, member, partitions } => {
                let text = format!(
                    "{} has lost {}: others own them, what it did not commit comes again",
                    self.member(*group, *member),
                    self.list(partitions)
                );
                (text, Tone::Warning, Some(self.member_thing(*group, *member)))
            }
            What::CommitRefused { group, member, error, uncommitted } => {
                let last = all.iter().rev().find_map(|what| match what {
                    What::CommitRefused { uncommitted, .. } => Some(*uncommitted),
                    _ => None,
                });
                let left = last.unwrap_or(*uncommitted);
                let left = format!("{} {} not covered", plural(left, "handled record"), if left == 1 { "is" } else { "are" });
                let who = if many == 1 {
                    format!("a commit of {} is", self.member(*group, *member))
                } else {
                    format!("{many} commits of {} are", self.group(*group))
                };
                (format!("{who} refused ({error}); {left}"), Tone::Warning, Some(self.member_thing(*group, *member)))
            }
            What::OffsetReset { group, partition, to, .. } => {
                let skipped: u64 = all.iter().map(|what| if let What::OffsetReset { skipped, .. } = what { *skipped } else { 0 }).sum();
                let (who, places) = (self.group(*group), self.partition_list(all));
                let (text, tone) = match (skipped, many) {
                    (0, 1) => (format!("{who} begins {places} at offset {}", count(*to)), Tone::Plain),
                    (0, _) => (format!("{who} begins {places}"), Tone::Plain),
                    _ => (format!("{who} jumps over {} of {places}", plural(skipped, "unread record")), Tone::Bad),
                };
                (text, tone, Some(self.partition_thing(*partition)))
            }
            What::GroupReset { group, to, partition, .. } => (
                format!("{} is set back on {}, first to offset {}", self.group(*group), self.partition_list(all), count(*to)),
                Tone::Hand,
                Some(self.partition_thing(*partition)),
            ),
            What::DuplicatesDelivered { group, partition, .. } => {
                let records: u64 = all
                    .iter()
                    .map(|what| match what {
                        What::DuplicatesDelivered { first, last, .. } => last - first,
                        _ => 0,
                    })
                    .sum();
                let text =
                    format!("{} records of {} are delivered to {} again", count(records), self.partition_list(all), self.group(*group));
                (text, Tone::Twice, Some(self.partition_thing(*partition)))
            }
            What::EffectRepeated { group, effect, partition, .. } => {
                let events: u64 = all
                    .iter()
                    .map(|what| match what {
                        What::EffectRepeated { count, .. } => *count,
                        _ => 0,
                    })
                    .sum();
                let name = self.plan.groups[group.index()].effects.get(*effect as usize).map_or("an effect", String::as_str);
                (format!("{name} happens again for {}", plural(events, "event")), Tone::Twice, Some(self.partition_thing(*partition)))
            }
            What::OrderViolated { group, partition, offset, .. } => {
                let times = if many == 1 { String::new() } else { format!(", {many} times") };
                let text = format!(
                    "{} handles {}@{} after a later event of the same entity{times}",
                    self.group(*group),
                    self.partition(*partition),
                    count(*offset)
                );
                (text, Tone::Warning, Some(self.partition_thing(*partition)))
            }
            What::UnreadExpired { group, partition, .. } => {
                let records: u64 = all
                    .iter()
                    .map(|what| match what {
                        What::UnreadExpired { count, .. } => *count,
                        _ => 0,
                    })
                    .sum();
                let text = format!(
                    "retention deletes {} records of {} that {} had not read",
                    count(records),
                    self.partition_list(all),
                    self.group(*group)
                );
                (text, Tone::Bad, Some(self.partition_thing(*partition)))
            }
            What::SegmentsDeleted { partition, .. } => {
                let records: u64 = all
                    .iter()
                    .map(|what| match what {
                        What::SegmentsDeleted { records, .. } => *records,
                        _ => 0,
                    })
                    .sum();
                (
                    format!("retention deletes {} records of {}", count(records), self.partition_list(all)),
                    Tone::Plain,
                    Some(self.partition_thing(*partition)),
                )
            }
            What::BudgetBreached { group, partition, lag, age } => {
                let budget = self.plan.design.groups[group.index()].budget.records;
                let over = budget.filter(|budget| lag > budget);
                let text = match over {
                    Some(budget) => format!("lag budget of {} exceeded on {}", count(budget), self.partition_list(all)),
                    None => format!(
                        "lag budget exceeded on {}: the oldest record waits for {}",
                        self.partition_list(all),
                        millis(age.as_millis_f64())
                    ),
                };
                (text, Tone::Bad, Some(self.partition_thing(*partition)))
            }
            What::BudgetMet { partition, .. } => {
                let verb = if many == 1 { "is" } else { "are" };
                (
                    format!("{} {verb} within the lag budget again", self.partition_list(all)),
                    Tone::Good,
                    Some(self.partition_thing(*partition)),
                )
            }
            What::CannotKeepUp { group, member, partition, growth } if many == 1 => {
                let text =
                    format!("{} is at 100 %; {} grows by {}", self.member(*group, *member), self.partition(*partition), rate(*growth));
                (text, Tone::Warning, Some(self.partition_thing(*partition)))
            }
            What::CannotKeepUp { group, .. } => {
                let grows: f64 = all.iter().map(|what| if let What::CannotKeepUp { growth, .. } = what { *growth } else { 0.0 }).sum();
                let text = format!("{} cannot keep up: {} grow by {} together", self.group(*group), self.partition_list(all), rate(grows));
                (text, Tone::Warning, Some(self.group_thing(*group)))
            }
            What::StatusChanged { from, to, partition, .. } => {
                let tone = if *to == Status::Ok { Tone::Good } else { Tone::Warning };
                let places = self.partition_list(all);
                (format!("Burrow would say {} of {places}, after {}", to.name(), from.name()), tone, Some(self.partition_thing(*partition)))
            }
        }
    }

    fn group(&self, group: GroupId) -> &str {
        &self.plan.design.groups[group.index()].name
    }

    fn member(&self, group: GroupId, member: MemberIndex) -> String {
        format!("{}-{}", self.group(group), member.0)
    }

    fn group_thing(&self, group: GroupId) -> String {
        format!("group/{}", self.group(group))
    }

    fn member_thing(&self, group: GroupId, member: MemberIndex) -> String {
        format!("group/{}/{}", self.group(group), member.0)
    }

    /// `p7`, with the topic where there are several.
    fn partition(&self, partition: TopicPartition) -> String {
        let at = self.plan.partition(partition);
        match self.plan.design.topics.len() {
            1 => format!("p{}", at.partition),
            _ => format!("{} p{}", self.plan.design.topics[at.topic.index()].name, at.partition),
        }
    }

    fn partition_thing(&self, partition: TopicPartition) -> String {
        let at = self.plan.partition(partition);
        format!("topic/{}/{}", self.plan.design.topics[at.topic.index()].name, at.partition)
    }

    fn list(&self, partitions: &[TopicPartition]) -> String {
        match partitions {
            [] => "nothing".to_owned(),
            few if few.len() <= 4 => few.iter().map(|partition| self.partition(*partition)).collect::<Vec<_>>().join(", "),
            many => plural(many.len() as u64, "partition"),
        }
    }

    fn partition_list(&self, all: &[&What]) -> String {
        let mut partitions: Vec<TopicPartition> = all.iter().filter_map(|what| partition_of(what)).collect();
        partitions.sort_unstable();
        partitions.dedup();
        self.list(&partitions)
    }

    fn reason(&self, group: GroupId, why: RebalanceReason) -> String {
        let who = |member: Option<MemberIndex>| member.map_or("a member".to_owned(), |member| self.member(group, member));
        match why {
            RebalanceReason::MemberJoined(member) => format!("{} joins", who(member)),
            RebalanceReason::MemberLeft(member) => format!("{} is gone", who(member)),
            RebalanceReason::Rejoined(member) => format!("{} gave partitions up, and asks for the second round", who(member)),
            RebalanceReason::SubscriptionChanged => "a subscription changed".to_owned(),
        }
    }
}

fn plural(n: u64, word: &str) -> String {
    if n == 1 { format!("1 {word}") } else { format!("{} {word}s", count(n)) }
}
