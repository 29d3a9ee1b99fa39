//! Rates that a person can read: the series smoothed over a second, and where each of them lies in the table.

use crate::engine::design::Design;
use crate::engine::id::{GroupId, TopicId};
use crate::engine::observe::metric::{Labels, Metric};
use crate::engine::observe::series::{LatencySeries, Series, SeriesTable};

/// Places in the table of series, by the place of a partition or member.
#[derive(Clone, Debug, Default)]
pub struct Trends {
    /// By the dense count of partitions.
    pub rate_in: Vec<usize>,
    /// By group, then by its partitions: the place in the dense count, and the rate out.
    pub groups: Vec<Vec<GroupTrend>>,
}

#[derive(Clone, Copy, Debug)]
pub struct GroupTrend {
    pub partition: usize,
    pub rate_out: usize,
}

impl Trends {
    pub fn new(design: &Design, table: &SeriesTable) -> Trends {
        let place =
            |metric: Metric, labels: &Labels| table.series.iter().position(|series| series.metric == metric && series.labels == *labels);
        let mut trends = Trends::default();
        let mut first = Vec::new();
        for (topic, about) in design.topics.iter().enumerate() {
            first.push(trends.rate_in.len());
            for partition in 0..about.partitions {
                let labels = Labels { topic: Some(TopicId::from(topic)), partition: Some(partition), ..Labels::default() };
                trends.rate_in.push(place(Metric::ThroughputIn, &labels).expect("each partition has its rate in"));
            }
        }
        for (group, about) in design.groups.iter().enumerate() {
            let mut own = Vec::new();
            for topic in &about.topics {
                for partition in 0..design.topics[topic.index()].partitions {
                    let labels =
                        Labels { group: Some(GroupId::from(group)), topic: Some(*topic), partition: Some(partition), ..Labels::default() };
                    own.push(GroupTrend {
                        partition: first[topic.index()] + partition as usize,
                        rate_out: place(Metric::ThroughputOut, &labels).expect("each partition of a group has its rate out"),
                    });
                }
            }
            trends.groups.push(own);
        }
        trends
    }
}

/// Samples in so many seconds, at least one.
pub fn samples_in(table: &SeriesTable, seconds: f64) -> usize {
    ((seconds * 1e9 / table.every.0.max(1) as f64).round() as usize).max(1)
}

/// The mean of the last so many values that are known.
pub fn mean_of_last(series: &Series, samples: usize) -> f64 {
    let values = series.values();
    let known = values[values.len().saturating_sub(samples)..].iter().filter(|value| value.is_finite());
    let (sum, count) = known.fold((0.0, 0), |(sum, count), value| (sum + value, count + 1));
    if count == 0 { 0.0 } else { sum / f64::from(count) }
}

/// p50 and p99 in ms of each column that is complete, since merging histograms for each digest would cost more than drawing.
#[derive(Clone, Debug, Default)]
pub struct LatencyCache {
    width: usize,
    /// By latency series.
    columns: Vec<Vec<Option<(f32, f32)>>>,
}

impl LatencyCache {
    /// Values for each column of `width` samples, the last one perhaps not complete.
    pub fn columns(&mut self, slot: usize, series: &LatencySeries, width: usize) -> Vec<Option<(f32, f32)>> {
        if self.width != width {
            *self = LatencyCache { width, columns: Vec::new() };
        }
        if self.columns.len() <= slot {
            self.columns.resize(slot + 1, Vec::new());
        }
        let windows = series.windows();
        let complete = windows.len() / width;
        let known = &mut self.columns[slot];
        for column in known.len()..complete {
            known.push(quantiles(&windows[column * width..(column + 1) * width]));
        }
        let mut columns = known[..complete].to_vec();
        if windows.len() > complete * width {
            columns.push(quantiles(&windows[complete * width..]));
        }
        columns
    }
}

fn quantiles(windows: &[crate::engine::observe::histogram::Histogram]) -> Option<(f32, f32)> {
    let mut all = windows.first()?.clone();
    for window in &windows[1..] {
        all.merge(window);
    }
    Some((all.quantile(0.5)?.as_millis_f64() as f32, all.quantile(0.99)?.as_millis_f64() as f32))
}
