//! The event that broke an expectation: what a click on it leads to.

use super::Evidence;
use super::windows::Windows;
use crate::engine::design::{Design, Effect};
use crate::engine::id::{GroupId, ObservationId, TopicPartition};
use crate::engine::observe::metric::{Labels, Metric};
use crate::engine::observe::observation::{Observation, What};
use crate::engine::observe::snapshot::Status;
use crate::engine::time::Instant;

/// What happened in the sample that broke it; else the latest of its kind before; else the first within the windows.
pub fn find(
    evidence: &Evidence,
    windows: &Windows,
    metric: Metric,
    labels: &Labels,
    at: Option<Instant>,
    word: Option<Status>,
) -> Option<ObservationId> {
    let of_kind: Vec<(usize, &Observation)> = evidence
        .observations
        .iter()
        .enumerate()
        .filter(|(_, observation)| windows.contains(observation.at) || is_cause(metric))
        .filter(|(_, observation)| is_of(evidence.design, metric, labels, word, &observation.what))
        .collect();
    let chosen = at.and_then(|at| {
        let sample_before = Instant(at.0.saturating_sub(evidence.series.every.0));
        let within = of_kind.iter().find(|(_, observation)| sample_before < observation.at && observation.at <= at);
        within.or_else(|| of_kind.iter().rev().find(|(_, observation)| observation.at <= at))
    });
    chosen.or(of_kind.first()).map(|(place, _)| ObservationId::from(*place))
}

/// What goes before the breach, such as a member that cannot keep up, may lie before the windows.
fn is_cause(metric: Metric) -> bool {
    matches!(metric, Metric::Lag | Metric::PositionLag | Metric::LagAge | Metric::UnreadAge | Metric::TimeToDrain | Metric::Top10Share)
}

fn is_of(design: &Design, metric: Metric, labels: &Labels, word: Option<Status>, what: &What) -> bool {
    let group = |own: GroupId| labels.group.is_none_or(|asked| asked == own);
    let place = |partition: TopicPartition| is_at(design, labels, partition);
    match what {
        What::EffectRepeated { group: own, effect, .. } => {
            metric == Metric::EffectsRepeated
                && group(*own)
                && labels.effect.as_ref().is_none_or(|name| effect_name(design, *own, *effect) == Some(name))
        }
        What::DuplicatesDelivered { group: own, .. } => metric == Metric::DuplicatesDelivered && group(*own),
        What::OrderViolated { group: own, .. } => metric == Metric::OrderViolations && group(*own),
        What::CommitRefused { group: own, .. } => metric == Metric::CommitsRefused && group(*own),
        What::OffsetReset { group: own, skipped, .. } => metric == Metric::RecordsSkipped && *skipped > 0 && group(*own),
        What::UnreadExpired { group: own, .. } => metric == Metric::RecordsExpired && group(*own),
        What::RebalanceCompleted { group: own, .. } => matches!(metric, Metric::Rebalances | Metric::RebalancePause) && group(*own),
        What::RebalanceStarted { group: own, .. } => matches!(metric, Metric::GroupStopTime | Metric::UnownedTime) && group(*own),
        What::BudgetBreached { group: own, partition, .. } | What::CannotKeepUp { group: own, partition, .. } => {
            let of_lag = matches!(
                metric,
                Metric::Lag | Metric::PositionLag | Metric::LagAge | Metric::UnreadAge | Metric::TimeToDrain | Metric::EndToEndLatency
            );
            of_lag && group(*own) && place(*partition)
        }
        What::StatusChanged { group: own, partition, to, .. } => {
            metric == Metric::Status && group(*own) && place(*partition) && word.is_none_or(|word| word == *to)
        }
        What::TopKeys { producer, .. } => metric == Metric::Top10Share && labels.producer.is_none_or(|asked| asked == *producer),
        What::MemberStarted { group: own, .. } | What::MemberStopped { group: own, .. } | What::MemberCrashed { group: own, .. } => {
            matches!(metric, Metric::Members | Metric::IdleMembers) && group(*own)
        }
        What::InterventionBegan { .. }
        | What::InterventionEnded { .. }
        | What::InterventionRefused { .. }
        | What::MemberRemoved { .. }
        | What::MemberFenced { .. }
        | What::PartitionsAssigned { .. }
        | What::PartitionsRevoked { .. }
        | What::PartitionsLost { .. }
        | What::GroupReset { .. }
        | What::SegmentsDeleted { .. }
        | What::BudgetMet { .. } => false,
    }
}

/// Effects of a group that must happen once, in the order of its steps.
fn effect_name(design: &Design, group: GroupId, effect: u32) -> Option<&String> {
    let steps = &design.groups.get(group.index())?.handler.steps;
    let once = steps.iter().filter_map(|step| match &step.effect {
        Effect::Once(name) => Some(name),
        Effect::None | Effect::Idempotent => None,
    });
    let mut names: Vec<&String> = Vec::new();
    for name in once {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.get(effect as usize).copied()
}

/// Whether labels mean this partition.
fn is_at(design: &Design, labels: &Labels, partition: TopicPartition) -> bool {
    let mut rest = partition.0;
    for (topic, of) in design.topics.iter().enumerate() {
        if rest < of.partitions {
            return labels.topic.is_none_or(|asked| asked.index() == topic) && labels.partition.is_none_or(|asked| asked == rest);
        }
        rest -= of.partitions;
    }
    false
}
