//! A run as JSON: a result that stands alone. Times in milliseconds; labels as `group=billing,partition=7`, in alphabetical
//! order; what is unknown or never is null. The form is public: keys are added, not changed.

use super::outcome::Outcome;
use super::story;
use crate::engine::observe::histogram::Histogram;
use crate::engine::observe::observation::Observation;
use crate::engine::time::Instant;
use crate::scenario::expectation::Verdict;
use serde_json::{Map, Value, json};

pub fn run(outcome: &Outcome) -> Value {
    let names = outcome.names;
    let mut totals = Map::new();
    for (metric, labels, number) in &outcome.totals {
        within(&mut totals, metric.name()).insert(names.label_list(labels), self::number(Some(*number)));
    }
    let mut latency = Map::new();
    for (metric, labels, histogram) in outcome.latencies.iter().filter(|(_, _, histogram)| histogram.count() > 0) {
        latency.insert(format!("{metric}{}", names.label_text(labels)), self::latency(histogram));
    }
    json!({
        "laglab": env!("CARGO_PKG_VERSION"),
        "scenario": outcome.scenario.text,
        "variant": outcome.variant,
        "seed": outcome.sim.design().seed.0,
        "fingerprint": format!("{:016x}", outcome.fingerprint),
        "duration_ms": millis(outcome.now),
        "holds": outcome.holds(),
        "expectations": outcome.verdicts.iter().map(verdict).collect::<Vec<_>>(),
        "totals": totals,
        "latency": latency,
        "series": series(outcome),
        "ledger": ledger(outcome),
        "story": story(outcome),
    })
}

pub fn verdict(verdict: &Verdict) -> Value {
    let observed = match verdict.word {
        Some(word) => Value::from(word.name()),
        None => number(verdict.observed),
    };
    json!({
        "name": verdict.name,
        "text": verdict.text,
        "holds": verdict.holds(),
        "observed": observed,
        "at_ms": verdict.at.map(millis),
        "event": verdict.event.map(|event| event.0),
    })
}

fn latency(histogram: &Histogram) -> Value {
    let quantile = |q: f64| number(histogram.quantile(q).map(|time| time.as_millis_f64()));
    json!({
        "mean": number(histogram.mean().map(|nanos| nanos / 1e6)),
        "p50": quantile(0.5),
        "p90": quantile(0.9),
        "p99": quantile(0.99),
        "p99.9": quantile(0.999),
        "max": number(Some(histogram.max().as_millis_f64())),
        "count": histogram.count(),
    })
}

/// `{ METRIC: { LABELS: [[ms, value], …] } }`.
fn series(outcome: &Outcome) -> Value {
    let table = outcome.sim.series();
    let at = |sample: usize| millis(table.time_of(sample));
    let mut all = Map::new();
    for series in &table.series {
        let points = series.values().iter().enumerate().map(|(place, value)| json!([at(series.first + place), number(Some(*value))]));
        within(&mut all, series.metric.name()).insert(outcome.names.label_list(&series.labels), points.collect());
    }
    for status in &table.statuses {
        let points = status.values().iter().enumerate().map(|(sample, status)| json!([at(sample), status.name()]));
        within(&mut all, "status").insert(outcome.names.label_list(&status.labels), points.collect());
    }
    Value::Object(all)
}

fn ledger(outcome: &Outcome) -> Vec<Value> {
    let line = |(group, effect): &(crate::engine::id::GroupId, crate::engine::observe::snapshot::EffectSnapshot)| {
        json!({
            "group": outcome.names.groups[group.index()],
            "effect": effect.name,
            "intended": effect.intended,
            "once": effect.once,
            "repeated": effect.repeated,
            "missing": effect.missing,
        })
    };
    outcome.ledger.iter().map(line).collect()
}

/// Every observation by its id, with the sentence that tells it where there is one.
fn story(outcome: &Outcome) -> Vec<Value> {
    let observations = outcome.sim.observations();
    let mut texts: Vec<Option<String>> = vec![None; observations.len()];
    for sentence in story::tell(outcome.sim.plan(), observations) {
        texts[sentence.event.index()] = Some(sentence.text);
    }
    let line = |(id, (observation, text)): (usize, (&Observation, Option<String>))| {
        json!({
            "event": id,
            "at_ms": millis(observation.at),
            "cause": observation.cause.map(|cause| cause.0),
            "what": observation.what.name(),
            "text": text,
        })
    };
    observations.iter().zip(texts).enumerate().map(line).collect()
}

fn within<'m>(map: &'m mut Map<String, Value>, key: &str) -> &'m mut Map<String, Value> {
    let value = map.entry(key).or_insert_with(|| Value::Object(Map::new()));
    value.as_object_mut().expect("only objects are put in")
}

/// Whole milliseconds without a point, others with it.
fn millis(at: Instant) -> Value {
    number(Some(at.as_millis_f64()))
}

/// Whole numbers as such; what is unknown or infinite is null.
fn number(number: Option<f64>) -> Value {
    match number {
        Some(number) if number.fract() == 0.0 && number.abs() < 9e15 => Value::from(number as i64),
        Some(number) => serde_json::Number::from_f64(number).map_or(Value::Null, Value::Number),
        None => Value::Null,
    }
}
