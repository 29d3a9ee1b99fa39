//! Values of a run over windows, and at one sample.

use super::super::expression::Test;
use super::Evidence;
use super::windows::Windows;
use crate::engine::observe::condition::{Aggregate, Value};
use crate::engine::observe::histogram::Histogram;
use crate::engine::observe::metric::{Labels, Metric, MetricKind};
use crate::engine::observe::series::{LatencySeries, Series};
use crate::engine::observe::snapshot::Status;
use crate::engine::time::Instant;

/// A value that was seen; no number: unknown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    pub number: Option<f64>,
    /// Whose it is, when labels were left open and one of several is the worst.
    pub labels: Option<Labels>,
    /// When, for a value of one moment.
    pub at: Option<Instant>,
}

/// Over all of the windows.
pub fn of(evidence: &Evidence, windows: &Windows, value: &Value) -> Seen {
    match value {
        Value::Counter { metric, labels } => counter(evidence, windows, *metric, labels),
        Value::Aggregate { aggregate, metric, labels } => match metric.kind() {
            MetricKind::Latency => Seen { number: over_records(evidence, windows, *aggregate, *metric, labels), ..Seen::default() },
            MetricKind::Gauge | MetricKind::Counter | MetricKind::Word => over_samples(evidence, windows, *aggregate, *metric, labels),
        },
        Value::Ratio(over, under) => {
            let (over, under) = (of(evidence, windows, over), of(evidence, windows, under));
            let ratio = over.number.zip(under.number).map(|(over, under)| over / under).filter(|ratio| !ratio.is_nan());
            Seen { number: ratio, ..Seen::default() }
        }
    }
}

/// At one sample: gauges over labels, latencies over the records that completed since the sample before.
pub fn at_sample(evidence: &Evidence, sample: usize, value: &Value) -> Seen {
    match value {
        Value::Counter { metric, labels } => {
            let number = evidence.series.select(*metric, labels).filter_map(|series| known(series, sample)).sum();
            Seen { number: Some(number), ..Seen::default() }
        }
        Value::Aggregate { aggregate, metric, labels } => match metric.kind() {
            MetricKind::Latency => {
                let mut all = Histogram::default();
                for windows in latencies(evidence, *metric, labels).filter_map(|series| series.windows().get(sample)) {
                    all.merge(windows);
                }
                Seen { number: of_histogram(&all, *aggregate), ..Seen::default() }
            }
            MetricKind::Gauge | MetricKind::Counter | MetricKind::Word if metric.adds_up() => {
                Seen { number: added_up(evidence, sample, *metric, labels), ..Seen::default() }
            }
            MetricKind::Gauge | MetricKind::Counter | MetricKind::Word => {
                let all = evidence.series.select(*metric, labels).map(|series| (known(series, sample), series));
                worst(*aggregate, all.map(|(number, series)| (number, &series.labels, None)))
            }
        },
        Value::Ratio(over, under) => {
            let (over, under) = (at_sample(evidence, sample, over), at_sample(evidence, sample, under));
            let ratio = over.number.zip(under.number).map(|(over, under)| over / under).filter(|ratio| !ratio.is_nan());
            Seen { number: ratio, ..Seen::default() }
        }
    }
}

/// The value of a sample, unless it is unknown.
fn known(series: &Series, sample: usize) -> Option<f64> {
    series.values().get(sample.checked_sub(series.first)?).copied().filter(|value| !value.is_nan())
}

/// Values of all labels together at a sample; none if none is known.
fn added_up(evidence: &Evidence, sample: usize, metric: Metric, labels: &Labels) -> Option<f64> {
    let values: Vec<f64> = evidence.series.select(metric, labels).filter_map(|series| known(series, sample)).collect();
    (!values.is_empty()).then(|| values.iter().sum())
}

/// What a counter had reached at a moment: its last sample up to it.
fn reached(evidence: &Evidence, series: &Series, at: Instant) -> f64 {
    let every = evidence.series.every.0.max(1);
    let Some(sample) = (at.0 / every).checked_sub(1) else { return 0.0 };
    let Some(last) = (sample as usize).checked_sub(series.first) else { return 0.0 };
    let value = series.values().get(last).or(series.values().last()).copied().unwrap_or(0.0);
    if value.is_nan() { 0.0 } else { value }
}

fn counter(evidence: &Evidence, windows: &Windows, metric: Metric, labels: &Labels) -> Seen {
    let totals: Vec<&(Metric, Labels, f64)> = evidence.totals.iter().filter(|(own, of, _)| *own == metric && of.matches(labels)).collect();
    let all: Vec<&Series> = evidence.series.select(metric, labels).collect();
    let mut sum = 0.0;
    let mut most: Option<(f64, &Labels)> = None;
    for (from, to) in windows.pieces() {
        let before: f64 = all.iter().map(|series| reached(evidence, series, *from)).sum();
        // At the playhead the exact totals are known; in between, the samples.
        let after: f64 = if *to == evidence.now && !totals.is_empty() {
            totals.iter().map(|(_, _, count)| count).sum()
        } else {
            all.iter().map(|series| reached(evidence, series, *to)).sum()
        };
        sum += after - before;
    }
    for series in &all {
        let own: f64 = windows.pieces().iter().map(|(from, to)| reached(evidence, series, *to) - reached(evidence, series, *from)).sum();
        if most.is_none_or(|(count, _)| own > count) {
            most = Some((own, &series.labels));
        }
    }
    let labels = most.filter(|(count, _)| all.len() > 1 && *count > 0.0).map(|(_, labels)| labels.clone());
    Seen { number: Some(sum), labels, at: None }
}

/// The first sample at which what a counter has come to within the windows breaks its bound.
pub fn counter_breach(
    evidence: &Evidence,
    windows: &Windows,
    metric: Metric,
    labels: &Labels,
    breaks: impl Fn(f64) -> bool,
) -> Option<Instant> {
    let all: Vec<&Series> = evidence.series.select(metric, labels).collect();
    let at = |moment: Instant| -> f64 { all.iter().map(|series| reached(evidence, series, moment)).sum() };
    let mut before = 0.0;
    for (from, to) in windows.pieces() {
        let start = at(*from);
        for sample in 0..evidence.series.samples {
            let time = evidence.series.time_of(sample);
            if *from < time && time <= *to && breaks(before + at(time) - start) {
                return Some(time);
            }
        }
        before += at(*to) - start;
    }
    None
}

fn over_samples(evidence: &Evidence, windows: &Windows, aggregate: Aggregate, metric: Metric, labels: &Labels) -> Seen {
    let samples: Vec<usize> = windows.samples(evidence.series).collect();
    if metric.adds_up() {
        let values = samples.iter().filter_map(|sample| Some((added_up(evidence, *sample, metric, labels)?, *sample)));
        let (number, sample) = over_values(aggregate, values.collect());
        return Seen { number, labels: None, at: sample.map(|sample| evidence.series.time_of(sample)) };
    }
    let each = evidence.series.select(metric, labels).map(|series| {
        let values = samples.iter().filter_map(|sample| Some((known(series, *sample)?, *sample)));
        let (number, sample) = over_values(aggregate, values.collect());
        (number, &series.labels, sample.map(|sample| evidence.series.time_of(sample)))
    });
    worst(aggregate, each)
}

/// The aggregate of known values, and the sample that it is of.
fn over_values(aggregate: Aggregate, mut values: Vec<(f64, usize)>) -> (Option<f64>, Option<usize>) {
    let Some(last) = values.last().copied() else { return (None, None) };
    let quantile = |values: &mut Vec<(f64, usize)>, q: f64| {
        values.sort_by(|a, b| a.0.total_cmp(&b.0));
        let rank = ((q * values.len() as f64).ceil() as usize).clamp(1, values.len());
        (Some(values[rank - 1].0), None)
    };
    match aggregate {
        Aggregate::Last => (Some(last.0), Some(last.1)),
        Aggregate::Mean => (Some(values.iter().map(|(value, _)| value).sum::<f64>() / values.len() as f64), None),
        Aggregate::Min => {
            let first = values.iter().copied().reduce(|least, next| if next.0 < least.0 { next } else { least }).unwrap_or(last);
            (Some(first.0), Some(first.1))
        }
        Aggregate::Max => {
            let first = values.iter().copied().reduce(|most, next| if next.0 > most.0 { next } else { most }).unwrap_or(last);
            (Some(first.0), Some(first.1))
        }
        Aggregate::P50 => quantile(&mut values, 0.5),
        Aggregate::P90 => quantile(&mut values, 0.9),
        Aggregate::P95 => quantile(&mut values, 0.95),
        Aggregate::P99 => quantile(&mut values, 0.99),
        Aggregate::P999 => quantile(&mut values, 0.999),
    }
}

/// The largest of several labels, the smallest for `min`; labels are named when there are several.
fn worst<'l>(aggregate: Aggregate, all: impl Iterator<Item = (Option<f64>, &'l Labels, Option<Instant>)>) -> Seen {
    let mut seen = Seen::default();
    let mut several = 0;
    for (number, labels, at) in all {
        several += 1;
        let Some(number) = number else { continue };
        let worse = match (seen.number, aggregate) {
            (None, _) => true,
            (Some(old), Aggregate::Min) => number < old,
            (Some(old), _) => number > old,
        };
        if worse {
            seen = Seen { number: Some(number), labels: Some(labels.clone()), at };
        }
    }
    if several < 2 {
        seen.labels = None;
    }
    seen
}

/// Time in the handler is kept as a whole and for each step: without a step the whole is meant.
fn latencies<'e>(evidence: &Evidence<'e>, metric: Metric, labels: &Labels) -> impl Iterator<Item = &'e LatencySeries> {
    let whole = metric == Metric::ProcessingLatency && labels.step.is_none();
    evidence
        .series
        .latencies
        .iter()
        .filter(move |series| series.metric == metric && series.labels.matches(labels) && !(whole && series.labels.step.is_some()))
}

fn over_records(evidence: &Evidence, windows: &Windows, aggregate: Aggregate, metric: Metric, labels: &Labels) -> Option<f64> {
    let samples: Vec<usize> = windows.samples(evidence.series).collect();
    let mut all = Histogram::default();
    for series in latencies(evidence, metric, labels) {
        let own = samples.iter().filter_map(|sample| series.windows().get(*sample));
        if aggregate == Aggregate::Last {
            if let Some(last) = own.rev().find(|window| window.count() > 0) {
                all.merge(last);
            }
            continue;
        }
        own.for_each(|window| all.merge(window));
    }
    of_histogram(&all, aggregate)
}

/// In milliseconds.
fn of_histogram(histogram: &Histogram, aggregate: Aggregate) -> Option<f64> {
    if histogram.count() == 0 {
        return None;
    }
    let quantile = |q: f64| histogram.quantile(q).map(|time| time.as_millis_f64());
    match aggregate {
        Aggregate::Min => Some(histogram.min().as_millis_f64()),
        Aggregate::Max => Some(histogram.max().as_millis_f64()),
        Aggregate::Mean | Aggregate::Last => histogram.mean().map(|nanos| nanos / 1e6),
        Aggregate::P50 => quantile(0.5),
        Aggregate::P90 => quantile(0.9),
        Aggregate::P95 => quantile(0.95),
        Aggregate::P99 => quantile(0.99),
        Aggregate::P999 => quantile(0.999),
    }
}

/// A series at a sample, against a test.
#[derive(Clone, Debug)]
pub struct One {
    pub number: Option<f64>,
    pub word: Option<Status>,
    pub labels: Labels,
}

/// One that passes and one that fails, of those that are known; the worst of each.
#[derive(Clone, Debug, Default)]
pub struct Tested {
    pub passed: Option<One>,
    pub failed: Option<One>,
}

pub fn each(evidence: &Evidence, sample: usize, metric: Metric, labels: &Labels, test: Test) -> Tested {
    let mut tested = Tested::default();
    match test {
        Test::Word(word) => {
            for series in evidence.series.statuses.iter().filter(|series| series.labels.matches(labels)) {
                let Some(status) = series.values().get(sample) else { continue };
                let one = One { number: None, word: Some(*status), labels: series.labels.clone() };
                let slot = if *status == word { &mut tested.passed } else { &mut tested.failed };
                slot.get_or_insert(one);
            }
        }
        Test::Number(comparison, number) if metric.adds_up() => {
            let Some(sum) = added_up(evidence, sample, metric, labels) else { return tested };
            let one = One { number: Some(sum), word: None, labels: labels.clone() };
            let slot = if comparison.holds(sum, number) { &mut tested.passed } else { &mut tested.failed };
            *slot = Some(one);
        }
        Test::Number(comparison, number) => {
            for series in evidence.series.select(metric, labels) {
                let Some(value) = known(series, sample) else { continue };
                let slot = if comparison.holds(value, number) { &mut tested.passed } else { &mut tested.failed };
                if slot.as_ref().is_none_or(|old| old.number.is_none_or(|old| value > old)) {
                    *slot = Some(One { number: Some(value), word: None, labels: series.labels.clone() });
                }
            }
        }
    }
    tested
}
