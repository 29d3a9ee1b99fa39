//! Bounds of a run as a whole, each with an error that names it.

use super::super::problem::Problems;
use super::super::tree::Node;
use super::fields::Fields;
use super::groups::MAX_MEMBERS;
use super::names::Names;
use super::producers::{MAX_INSTANCES, MAX_KEYS};
use crate::engine::design::{Action, Design, KeyDistribution, Rate, RateCurve, When};
use crate::engine::id::TopicId;
use crate::engine::observe::series::sample_interval;
use crate::engine::time::{Duration, Instant};

/// Records that a run may send.
pub const MAX_RECORDS: f64 = 500_000_000.0;

/// Beginnings of entries of the timeline.
pub const MAX_OCCURRENCES: u64 = 100_000;
/// What all series of a run may take.
pub const MAX_SERIES_BYTES: u64 = 2 << 30;

pub fn check(problems: &Problems, fields: &Fields, design: &Design) {
    let span = |key: &str| fields.key_span(key).unwrap_or(fields.span);
    check_memory(problems, fields, design);
    let records = records(design);
    if records > MAX_RECORDS {
        let message =
            format!("the run would send about {:.0} million records; the limit is {:.0} million", records / 1e6, MAX_RECORDS / 1e6);
        problems.error(span("duration"), message, "make the duration or the rates smaller");
    }
    let instances: u64 = design.producers.iter().map(|producer| u64::from(producer.instances)).sum();
    if instances > MAX_INSTANCES {
        problems.error(
            span("producers"),
            format!("there are {instances} instances of producers; the limit is {MAX_INSTANCES}"),
            "make them fewer",
        );
    }
    let keys: u64 = design.producers.iter().filter_map(|producer| producer.key.entity.as_ref()).map(|entity| keys(&entity.from)).sum();
    if keys > MAX_KEYS {
        problems.error(
            span("producers"),
            format!("there are {keys} keys; the limit is {MAX_KEYS} for all producers together"),
            "make them fewer",
        );
    }
    let added: u64 = design.timeline.iter().map(|entry| added(&entry.action, &entry.when)).sum();
    let members = design.groups.iter().map(|group| u64::from(group.members)).sum::<u64>() + added;
    if added > 0 && members > MAX_MEMBERS {
        problems.error(span("timeline"), format!("the groups may come to {members} members; the limit is {MAX_MEMBERS}"), "add fewer");
    }
}

/// Occurrences of the whole timeline, and what the series of a run take at most.
fn check_memory(problems: &Problems, fields: &Fields, design: &Design) {
    let span = |key: &str| fields.key_span(key).unwrap_or(fields.span);
    let occurrences: u64 = design.timeline.iter().map(|entry| times(&entry.when)).sum();
    if occurrences > MAX_OCCURRENCES {
        let message = format!("the timeline begins {occurrences} things; the limit is {MAX_OCCURRENCES}");
        problems.error(span("timeline"), message, "make `times` smaller");
    }
    let partitions = |topics: &[TopicId]| -> u64 {
        topics.iter().filter_map(|topic| design.topics.get(topic.index())).map(|topic| u64::from(topic.partitions)).sum()
    };
    let all: u64 = design.topics.iter().map(|topic| u64::from(topic.partitions)).sum();
    let read: u64 = design.groups.iter().map(|group| partitions(&group.topics)).sum();
    let members: u64 = design.groups.iter().map(|group| u64::from(group.members)).sum();
    // About what the engine samples: two series a partition, eight for each group that reads it, one a member.
    let series = 2 * all + 8 * read + members + 20 * design.groups.len() as u64;
    let samples = design.duration.0 / sample_interval(design.duration).0.max(1);
    let bytes = series.saturating_mul(samples).saturating_mul(8);
    if bytes > MAX_SERIES_BYTES {
        let message = format!("the samples of this run would take about {} MiB; the limit is {} MiB", bytes >> 20, MAX_SERIES_BYTES >> 20);
        problems.error(span("duration"), message, "make partitions, groups or the duration smaller");
    }
}

fn keys(from: &KeyDistribution) -> u64 {
    match from {
        KeyDistribution::Uniform { keys } | KeyDistribution::Zipf { keys, .. } => u64::from(*keys),
        KeyDistribution::Weighted(weights) => weights.len() as u64,
    }
}

fn times(when: &When) -> u64 {
    match when {
        When::At { times, .. } | When::Holds { times, .. } => u64::from(*times),
        When::After { .. } => 1,
    }
}

fn added(action: &Action, when: &When) -> u64 {
    match action {
        Action::MembersAdd { count, .. } => u64::from(*count) * times(when),
        Action::ProducerRate { .. }
        | Action::MemberCrash { .. }
        | Action::MemberStop { .. }
        | Action::MemberPause { .. }
        | Action::HandlerSlow { .. }
        | Action::CommitsFail { .. }
        | Action::GroupStop { .. }
        | Action::GroupStart { .. }
        | Action::GroupReset { .. }
        | Action::RollingRestart { .. }
        | Action::BrokerSlow { .. } => 0,
    }
}

/// What the curves ask for, and at most what changed rates add to it.
fn records(design: &Design) -> f64 {
    let end = Instant::ZERO + design.duration;
    let curves: f64 = design.producers.iter().map(|producer| area(&producer.rate, end)).sum();
    let changes = design.timeline.iter().map(|entry| {
        let Action::ProducerRate { producer, rate } = &entry.action else { return 0.0 };
        let begin = match entry.when {
            When::At { at, .. } => at,
            When::After { .. } | When::Holds { .. } => Instant::ZERO,
        };
        let lasts = entry.lasts.unwrap_or(Duration::MAX).as_secs_f64().min(end.since(begin).as_secs_f64());
        let seconds = (lasts * times(&entry.when) as f64).min(design.duration.as_secs_f64());
        match rate {
            Rate::To(rate) => rate * seconds,
            Rate::Times(factor) => {
                let curve = design.producers.get(producer.index()).map(|producer| &producer.rate);
                let most = curve.map_or(0.0, |curve| curve.points.iter().map(|(_, rate)| *rate).fold(0.0, f64::max));
                (factor - 1.0).max(0.0) * most * seconds
            }
        }
    });
    curves + changes.sum::<f64>()
}

/// Records under a curve up to `end`.
fn area(curve: &RateCurve, end: Instant) -> f64 {
    let mut sum = 0.0;
    for (place, (from, start)) in curve.points.iter().enumerate() {
        let (to, goal) = curve.points.get(place + 1).map_or((end.max(*from), *start), |(to, goal)| (*to, *goal));
        let full = to.since(*from).as_secs_f64();
        let cut = to.min(end).since(*from).as_secs_f64();
        if full > 0.0 && cut > 0.0 {
            let at_cut = start + (goal - start) * cut / full;
            sum += (start + at_cut) / 2.0 * cut;
        }
    }
    sum
}

/// What `members.add` may bring to each group, so that those members can be named.
pub fn count_added_members(timeline: Option<&Node>, names: &mut Names) {
    for entry in timeline.and_then(Node::list).unwrap_or_default() {
        let word = |key: &str| entry.get(key).and_then(Node::scalar);
        let number = |key: &str| word(key).and_then(|text| text.parse::<u32>().ok()).unwrap_or(1);
        if word("do") == Some("members.add")
            && let Some(group) = word("group").and_then(|group| names.groups.iter().position(|known| known == group))
            && let Some(members) = names.members.get_mut(group)
        {
            *members = members.saturating_add(number("count").saturating_mul(number("times")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_area_under_a_curve_is_its_records() {
        let at = |seconds: u64| Instant::from_millis(seconds * 1_000);
        let curve = RateCurve { points: vec![(at(0), 100.0), (at(10), 100.0), (at(20), 300.0), (at(20), 0.0)] };
        assert_eq!(area(&curve, at(10)), 1_000.0);
        assert_eq!(area(&curve, at(15)), 1_000.0 + 750.0);
        assert_eq!(area(&curve, at(100)), 1_000.0 + 2_000.0);
    }
}
