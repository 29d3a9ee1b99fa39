//! The expectations of the file, judged up to the playhead, in words.

use super::super::frame::Verdict;
use super::super::number::{count, millis, rate, share, short};
use super::nanos;
use super::run::Run;
use crate::engine::observe::condition::Value;
use crate::engine::observe::metric::{Labels, Metric};
use crate::scenario::expectation::{self, Evidence, State};
use crate::scenario::expression::Term;

pub fn verdicts(run: &mut Run) -> Vec<Verdict> {
    let totals = run.sim.totals();
    let variant = run.variant.as_deref();
    // The variant was looked up when it was opened.
    let (Ok(fails), Ok(expectations), Ok(names)) =
        (run.scenario.fails(variant), run.scenario.expectations(variant), run.scenario.names(variant))
    else {
        return Vec::new();
    };
    let evidence = Evidence {
        design: run.sim.design(),
        names,
        series: run.sim.series(),
        observations: run.sim.observations(),
        totals: &totals,
        now: run.sim.now(),
    };
    let judged = expectations.iter().zip(expectation::judge_all(expectations, &evidence));
    judged
        .map(|(expectation, verdict)| {
            let whose = verdict.worst.as_ref().map(|labels| whose(labels, run)).unwrap_or_default();
            let value = match (verdict.word, verdict.observed) {
                (Some(word), _) => word.name().to_owned(),
                (None, Some(number)) => say(&expectation.term, number),
                (None, None) => String::new(),
            };
            Verdict {
                name: verdict.name,
                text: verdict.text,
                holds: match verdict.state {
                    State::Holds => Some(true),
                    State::Broken => Some(false),
                    State::Open => None,
                },
                observed: if value.is_empty() || whose.is_empty() { value } else { format!("{value} on {whose}") },
                at: verdict.at.map(nanos),
                meant_to_fail: fails.contains(&expectation.name),
            }
        })
        .collect()
}

/// `p7`, `billing-2`: what the stage calls it.
fn whose(labels: &Labels, run: &Run) -> String {
    let design = run.sim.design();
    match (labels.partition, labels.member, labels.group) {
        (Some(partition), _, _) => match labels.topic.filter(|_| design.topics.len() > 1) {
            Some(topic) => format!("{} p{partition}", design.topics[topic.index()].name),
            None => format!("p{partition}"),
        },
        (None, Some(member), Some(group)) => format!("{}-{}", design.groups[group.index()].name, member.0),
        (None, _, Some(group)) if design.groups.len() > 1 => design.groups[group.index()].name.clone(),
        (None, _, _) => String::new(),
    }
}

/// A value in the unit of what was asked.
fn say(term: &Term, number: f64) -> String {
    let (metric, is_ratio) = match term {
        Term::Compare { value, .. } => (metric_of(value), matches!(value, Value::Ratio(..))),
        Term::Each { metric, .. } => (*metric, false),
    };
    if number.is_infinite() {
        return "never".to_owned();
    }
    if is_ratio {
        return short(number);
    }
    match metric.unit() {
        "ms" => millis(number),
        "s" => millis(number * 1e3),
        "share" => share(number),
        "records/s" => rate(number),
        _ if number.fract() == 0.0 && number >= 0.0 => count(number as u64),
        _ => short(number),
    }
}

fn metric_of(value: &Value) -> Metric {
    match value {
        Value::Aggregate { metric, .. } | Value::Counter { metric, .. } => *metric,
        Value::Ratio(over, _) => metric_of(over),
    }
}
