//! The story of a run: sentences with numbers, made from observations. Each knows its moment, its thing and its cause.
//! Left out: what a sentence nearby says already (who got which partition, when a rebalance has completed).
//! Holds: the same observations give the same sentences; every observation is told, or listed as not told, by name.

mod action;
mod teller;

pub use action::action;

use crate::engine::id::{GroupId, ObservationId, TopicPartition};
use crate::engine::observe::observation::{Observation, RemovalReason, What};
use crate::engine::observe::snapshot::Status;
use crate::engine::plan::Plan;
use crate::engine::time::{Duration, Instant};
use teller::Teller;

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

/// What happens to many within this time happens to them at once.
const AT_ONCE: Duration = Duration::from_secs(1);
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
        | What::OffsetReset { .. } => Some(AT_ONCE),
        What::CommitRefused { .. }
        | What::DuplicatesDelivered { .. }
        | What::EffectRepeated { .. }
        | What::OrderViolated { .. }
        | What::UnreadExpired { .. }
        | What::CannotKeepUp { .. } => Some(TOGETHER),
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
        | What::PartitionsLost { .. } => None,
    }
}

/// Two of a kind that say the same but for the number.
fn goes_with(first: &What, other: &What) -> bool {
    match (first, other) {
        (What::CommitRefused { error: a, .. }, What::CommitRefused { error: b, .. }) => a == b,
        (What::EffectRepeated { effect: a, .. }, What::EffectRepeated { effect: b, .. }) => a == b,
        (What::MemberRemoved { why: a, .. }, What::MemberRemoved { why: b, .. }) => a == b,
        (What::StatusChanged { to: a, .. }, What::StatusChanged { to: b, .. }) => a == b,
        (What::OffsetReset { skipped: a, .. }, What::OffsetReset { skipped: b, .. }) => (*a == 0) == (*b == 0),
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
