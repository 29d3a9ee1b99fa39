//! The story of a run: sentences with numbers, made from observations. Each knows its moment, its thing and its cause.
//! Left out: what a sentence nearby says already (who got which partition, when a rebalance has completed).
//! Holds: the same observations give the same sentences; every observation is told, or listed as not told, by name.

use super::number::{count, millis, rate, share, short};
use crate::engine::design::{Action, CommitError, Design, Rate, ResetTo};
use crate::engine::id::{GroupId, MemberIndex, ObservationId, TopicPartition};
use crate::engine::observe::observation::{Observation, RebalanceReason, Refusal, RemovalReason, What};
use crate::engine::observe::snapshot::Status;
use crate::engine::plan::Plan;
use crate::engine::time::{Duration, Instant};

#[derive(Clone, Debug, PartialEq)]
pub struct Sentence {
    pub event: ObservationId,
    pub at: Instant,
    pub text: String,
    pub tone: Tone,
    /// `group/billing/3`, `topic/usage-events/7`, `producer/tracker`.
    pub thing: Option<String>,
    pub cause: Option<ObservationId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Plain,
    Good,
    Warning,
    Bad,
    /// A duplicate or a double effect.
    Twice,
    /// What people or faults do: the timeline.
    Hand,
}

/// The share of the ten most frequent keys above which a rule of thumb warns.
const TOP_KEYS: f64 = 0.3;
/// What repeats within this time is one sentence.
const TOGETHER: Duration = Duration::from_secs(10);

/// The whole story.
pub fn tell(plan: &Plan, observations: &[Observation]) -> Vec<Sentence> {
    tell_last(plan, observations, usize::MAX).0
}

/// The last sentences, oldest first, and how many there are before them.
pub fn tell_last(plan: &Plan, observations: &[Observation], most: usize) -> (Vec<Sentence>, usize) {
    let passages = passages(observations);
    let left_out = passages.len().saturating_sub(most);
    (passages[left_out..].iter().map(|passage| sentence(plan, observations, passage)).collect(), left_out)
}

/// Observations that are one sentence, by their places.
struct Passage {
    kind: std::mem::Discriminant<What>,
    group: Option<GroupId>,
    places: Vec<usize>,
}

fn passages(observations: &[Observation]) -> Vec<Passage> {
    let mut passages: Vec<Passage> = Vec::new();
    for (place, observation) in observations.iter().enumerate() {
        if !is_told(&observation.what) {
            continue;
        }
        let (kind, group) = (std::mem::discriminant(&observation.what), group_of(&observation.what));
        if let Some(window) = gathers(&observation.what) {
            let open = passages.iter_mut().rev().take(12).find(|passage| passage.kind == kind && passage.group == group);
            if let Some(open) = open
                && observation.at.since(observations[open.places[0]].at) <= window
                && goes_with(&observations[open.places[0]].what, &observation.what)
            {
                open.places.push(place);
                continue;
            }
        }
        passages.push(Passage { kind, group, places: vec![place] });
    }
    passages
}

/// For how long the same again belongs to one sentence; none: each is its own.
fn gathers(what: &What) -> Option<Duration> {
    match what {
        What::MemberStarted { .. }
        | What::StatusChanged { .. }
        | What::BudgetBreached { .. }
        | What::BudgetMet { .. }
        | What::MemberRemoved { .. }
        | What::SegmentsDeleted { .. }
        | What::GroupReset { .. }
        | What::OffsetReset { .. } => Some(Duration::ZERO),
        What::CommitRefused { .. }
        | What::DuplicatesDelivered { .. }
        | What::EffectRepeated { .. }
        | What::OrderViolated { .. }
        | What::UnreadExpired { .. } => Some(TOGETHER),
        What::TopKeys { .. }
        | What::InterventionBegan { .. }
        | What::InterventionEnded { .. }
        | What::InterventionRefused { .. }
        | What::MemberStopped { .. }
        | What::MemberCrashed { .. }
        | What::MemberFenced { .. }
        | What::RebalanceStarted { .. }
        | What::RebalanceCompleted { .. }
        | What::PartitionsAssigned { .. }
        | What::PartitionsRevoked { .. }
        | What::PartitionsLost { .. }
        | What::CannotKeepUp { .. } => None,
    }
}

/// Two of a kind that say the same but for the number.
fn goes_with(first: &What, other: &What) -> bool {
    match (first, other) {
        (What::CommitRefused { error: a, .. }, What::CommitRefused { error: b, .. }) => a == b,
        (What::EffectRepeated { effect: a, .. }, What::EffectRepeated { effect: b, .. }) => a == b,
        (What::MemberRemoved { why: a, .. }, What::MemberRemoved { why: b, .. }) => a == b,
        (What::StatusChanged { to: a, .. }, What::StatusChanged { to: b, .. }) => a == b,
        _ => true,
    }
}

fn is_told(what: &What) -> bool {
    match what {
        What::PartitionsAssigned { .. } | What::PartitionsRevoked { .. } | What::MemberRemoved { why: RemovalReason::Left, .. } => false,
        What::StatusChanged { from, to, .. } => {
            let grave = |status: &Status| matches!(status, Status::Stop | Status::Stall | Status::Rewind);
            grave(to) || grave(from) && *to == Status::Ok
        }
        What::TopKeys { .. }
        | What::InterventionBegan { .. }
        | What::InterventionEnded { .. }
        | What::InterventionRefused { .. }
        | What::MemberStarted { .. }
        | What::MemberStopped { .. }
        | What::MemberCrashed { .. }
        | What::MemberRemoved { .. }
        | What::MemberFenced { .. }
        | What::RebalanceStarted { .. }
        | What::RebalanceCompleted { .. }
        | What::PartitionsLost { .. }
        | What::CommitRefused { .. }
        | What::OffsetReset { .. }
        | What::GroupReset { .. }
        | What::DuplicatesDelivered { .. }
        | What::EffectRepeated { .. }
        | What::OrderViolated { .. }
        | What::UnreadExpired { .. }
        | What::SegmentsDeleted { .. }
        | What::BudgetBreached { .. }
        | What::BudgetMet { .. }
        | What::CannotKeepUp { .. } => true,
    }
}

fn group_of(what: &What) -> Option<GroupId> {
    match what {
        What::TopKeys { .. }
        | What::InterventionBegan { .. }
        | What::InterventionEnded { .. }
        | What::InterventionRefused { .. }
        | What::SegmentsDeleted { .. } => None,
        What::MemberStarted { group, .. }
        | What::MemberStopped { group, .. }
        | What::MemberCrashed { group, .. }
        | What::MemberRemoved { group, .. }
        | What::MemberFenced { group, .. }
        | What::RebalanceStarted { group, .. }
        | What::RebalanceCompleted { group, .. }
        | What::PartitionsAssigned { group, .. }
        | What::PartitionsRevoked { group, .. }
        | What::PartitionsLost { group, .. }
        | What::CommitRefused { group, .. }
        | What::OffsetReset { group, .. }
        | What::GroupReset { group, .. }
        | What::DuplicatesDelivered { group, .. }
        | What::EffectRepeated { group, .. }
        | What::OrderViolated { group, .. }
        | What::UnreadExpired { group, .. }
        | What::BudgetBreached { group, .. }
        | What::BudgetMet { group, .. }
        | What::CannotKeepUp { group, .. }
        | What::StatusChanged { group, .. } => Some(*group),
    }
}

fn sentence(plan: &Plan, observations: &[Observation], passage: &Passage) -> Sentence {
    let first = passage.places[0];
    let observation = &observations[first];
    let all: Vec<&What> = passage.places.iter().map(|place| &observations[*place].what).collect();
    let teller = Teller { plan };
    let (text, tone, thing) = teller.say(&observation.what, &all);
    Sentence { event: ObservationId::from(first), at: observation.at, text, tone, thing, cause: observation.cause }
}

struct Teller<'a> {
    plan: &'a Plan,
}

type Said = (String, Tone, Option<String>);

impl Teller<'_> {
    fn say(&self, what: &What, all: &[&What]) -> Said {
        let many = all.len();
        match what {
            What::TopKeys { producer, share: part } => {
                let name = &self.plan.design.producers[producer.index()].name;
                let rule = if *part > TOP_KEYS { " (rule of thumb: at most 30 %)" } else { "" };
                let text = format!("the top 10 keys of {name} are {} of its records{rule}", share(*part));
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
                let text = format!(
                    "{} is stable after {}: {}, {} moved",
                    self.group(*group),
                    millis(took.as_millis_f64()),
                    plural(u64::from(*members), "member"),
                    plural(u64::from(*moved), "partition")
                );
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
                let records = count(last.unwrap_or(*uncommitted));
                let who = if many == 1 {
                    format!("a commit of {} is", self.member(*group, *member))
                } else {
                    format!("{many} commits of {} are", self.group(*group))
                };
                (
                    format!("{who} refused ({error}); {records} handled records are not covered"),
                    Tone::Warning,
                    Some(self.member_thing(*group, *member)),
                )
            }
            What::OffsetReset { group, partition, to, skipped, .. } => {
                let (text, tone) = match skipped {
                    0 => (format!("{} begins {} at offset {}", self.group(*group), self.partition_list(all), count(*to)), Tone::Plain),
                    _ => (
                        format!("{} jumps over {} unread records of {}", self.group(*group), count(*skipped), self.partition(*partition)),
                        Tone::Bad,
                    ),
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
            What::CannotKeepUp { group, member, partition, growth } => {
                let text =
                    format!("{} is at 100 %; {} grows by {}", self.member(*group, *member), self.partition(*partition), rate(*growth));
                (text, Tone::Warning, Some(self.partition_thing(*partition)))
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

fn partition_of(what: &What) -> Option<TopicPartition> {
    match what {
        What::OffsetReset { partition, .. }
        | What::GroupReset { partition, .. }
        | What::DuplicatesDelivered { partition, .. }
        | What::EffectRepeated { partition, .. }
        | What::OrderViolated { partition, .. }
        | What::UnreadExpired { partition, .. }
        | What::SegmentsDeleted { partition, .. }
        | What::BudgetBreached { partition, .. }
        | What::BudgetMet { partition, .. }
        | What::CannotKeepUp { partition, .. }
        | What::StatusChanged { partition, .. } => Some(*partition),
        What::TopKeys { .. }
        | What::InterventionBegan { .. }
        | What::InterventionEnded { .. }
        | What::InterventionRefused { .. }
        | What::MemberStarted { .. }
        | What::MemberStopped { .. }
        | What::MemberCrashed { .. }
        | What::MemberRemoved { .. }
        | What::MemberFenced { .. }
        | What::RebalanceStarted { .. }
        | What::RebalanceCompleted { .. }
        | What::PartitionsAssigned { .. }
        | What::PartitionsRevoked { .. }
        | What::PartitionsLost { .. }
        | What::CommitRefused { .. } => None,
    }
}

fn refusal(why: Refusal) -> &'static str {
    match why {
        Refusal::GroupActive => "the group is active: stop it first",
        Refusal::NoSuchMember => "there is no such member",
        Refusal::MemberNotRunning => "the member does not run",
        Refusal::MemberAlreadyRunning => "the member runs already",
        Refusal::NothingCommitted => "nothing was committed",
    }
}

/// An entry of the timeline in a few words: for the story and for marks.
pub fn action(design: &Design, action: &Action) -> String {
    let group = |group: &GroupId| design.groups[group.index()].name.as_str();
    match action {
        Action::ProducerRate { producer, rate: new } => {
            let name = &design.producers[producer.index()].name;
            match new {
                Rate::To(records) => format!("{name} at {}", rate(*records)),
                Rate::Times(factor) => format!("{name} ×{}", short(*factor)),
            }
        }
        Action::MemberCrash { group: of, member } => format!("kill {}-{}", group(of), member.0),
        Action::MemberStop { group: of, member } => format!("stop {}-{}", group(of), member.0),
        Action::MembersAdd { group: of, count } => format!("{} +{count}", group(of)),
        Action::MemberPause { group: of, member } => format!("{}-{} stands still", group(of), member.0),
        Action::HandlerSlow { group: of, member, factor } => match member {
            Some(member) => format!("{}-{} ×{} slower", group(of), member.0, short(*factor)),
            None => format!("{} ×{} slower", group(of), short(*factor)),
        },
        Action::CommitsFail { group: of, error } => match error {
            CommitError::Retriable => format!("commits of {} fail", group(of)),
            CommitError::Fatal => format!("commits of {} fail for good", group(of)),
        },
        Action::GroupStop { group: of } => format!("stop {}", group(of)),
        Action::GroupStart { group: of } => format!("start {}", group(of)),
        Action::GroupReset { group: of, to } => match to {
            ResetTo::Earliest => format!("reset {} to earliest", group(of)),
            ResetTo::Latest => format!("reset {} to latest", group(of)),
            ResetTo::Time(at) => format!("reset {} to {at}", group(of)),
            ResetTo::By(records) => format!("reset {} by {records}", group(of)),
        },
        Action::RollingRestart { group: of, .. } => format!("rolling restart of {}", group(of)),
        Action::BrokerSlow { broker, factor } => format!("broker {} ×{} slower", broker.0, short(*factor)),
    }
}

fn thing_of(design: &Design, action: &Action) -> Option<String> {
    let group = |group: &GroupId| format!("group/{}", design.groups[group.index()].name);
    match action {
        Action::ProducerRate { producer, .. } => Some(format!("producer/{}", design.producers[producer.index()].name)),
        Action::MemberCrash { group: of, member }
        | Action::MemberStop { group: of, member }
        | Action::MemberPause { group: of, member } => Some(format!("{}/{}", group(of), member.0)),
        Action::HandlerSlow { group: of, member: Some(member), .. } => Some(format!("{}/{}", group(of), member.0)),
        Action::HandlerSlow { group: of, member: None, .. }
        | Action::MembersAdd { group: of, .. }
        | Action::CommitsFail { group: of, .. }
        | Action::GroupStop { group: of }
        | Action::GroupStart { group: of }
        | Action::GroupReset { group: of, .. }
        | Action::RollingRestart { group: of, .. } => Some(group(of)),
        Action::BrokerSlow { broker, .. } => Some(format!("broker/{}", broker.0)),
    }
}

fn plural(n: u64, word: &str) -> String {
    if n == 1 { format!("1 {word}") } else { format!("{} {word}s", count(n)) }
}
