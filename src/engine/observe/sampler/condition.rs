//! Conditions of the timeline, asked over the sample that has just been taken.

use super::super::super::plan::Plan;
use super::super::super::time::Duration;
use super::super::super::world::{History, World};
use super::super::condition::{Aggregate, Value};
use super::super::histogram::Histogram;
use super::super::metric::{Labels, Metric, MetricKind};
use super::super::series::{Series, SeriesTable};

/// Asks the timeline's conditions, over the sample that has just been taken.
pub fn ask_conditions(world: &mut World, plan: &Plan, history: &History) {
    let now = world.now;
    let table = &history.series;
    world.timeline.ask(now, &plan.design, |condition| {
        value_now(&condition.value, table).is_some_and(|value| condition.comparison.holds(value, condition.number))
    });
}

/// A value over the last sample: labels left out add up where the metric does, else the worst counts.
fn value_now(value: &Value, table: &SeriesTable) -> Option<f64> {
    match value {
        Value::Ratio(above, below) => {
            let below = value_now(below, table)?;
            Some(value_now(above, table)? / below).filter(|ratio| !ratio.is_nan())
        }
        Value::Counter { metric, labels } => gauge_now(*metric, labels, table),
        Value::Aggregate { aggregate, metric, labels } => match metric.kind() {
            MetricKind::Latency => latency_now(*aggregate, *metric, labels, table),
            MetricKind::Counter | MetricKind::Gauge | MetricKind::Word => gauge_now(*metric, labels, table),
        },
    }
}

fn gauge_now(metric: Metric, labels: &Labels, table: &SeriesTable) -> Option<f64> {
    let values = table.select(metric, labels).filter_map(Series::last).filter(|value| !value.is_nan());
    if metric.adds_up() { Some(values.sum()) } else { values.reduce(f64::max) }
}

fn latency_now(aggregate: Aggregate, metric: Metric, labels: &Labels, table: &SeriesTable) -> Option<f64> {
    let mut all = Histogram::default();
    for series in table.latencies.iter().filter(|series| series.metric == metric && series.labels.matches(labels)) {
        if let Some(window) = series.windows().last() {
            all.merge(window);
        }
    }
    let millis = |time: Duration| time.as_millis_f64();
    match aggregate {
        Aggregate::Min => (all.count() > 0).then(|| millis(all.min())),
        Aggregate::Max | Aggregate::Last => (all.count() > 0).then(|| millis(all.max())),
        Aggregate::Mean => all.mean().map(|nanos| nanos / 1e6),
        Aggregate::P50 => all.quantile(0.5).map(millis),
        Aggregate::P90 => all.quantile(0.9).map(millis),
        Aggregate::P95 => all.quantile(0.95).map(millis),
        Aggregate::P99 => all.quantile(0.99).map(millis),
        Aggregate::P999 => all.quantile(0.999).map(millis),
    }
}
