//! What was measured at each sample. Sample k is taken at `every` × (k + 1), after everything else of that instant.

use super::super::id::GroupId;
use super::super::time::{Duration, Instant};
use super::histogram::Histogram;
use super::metric::{Labels, Metric};
use super::snapshot::Status;

/// The finest distance between samples, and how many there are at most: longer runs are sampled more coarsely.
pub const SAMPLE_EVERY: Duration = Duration::from_millis(100);
pub const MAX_SAMPLES: u64 = 6_000;

/// 100 ms, doubled until the run has no more than 6 000 samples.
pub fn sample_interval(duration: Duration) -> Duration {
    let mut every = SAMPLE_EVERY;
    while duration.0 / every.0 > MAX_SAMPLES {
        every = every * 2;
    }
    every
}

/// One measured thing over time.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    pub metric: Metric,
    /// All labels that it has.
    pub labels: Labels,
    /// A value for each sample since `first`; NaN: unknown, infinite: never.
    pub values: Vec<f64>,
    /// The number of the sample that `values[0]` is of: 0, unless the thing came to be later.
    pub first: usize,
}

/// Latencies of the records that completed within one sample.
#[derive(Clone, Debug, PartialEq)]
pub struct LatencySeries {
    pub metric: Metric,
    pub labels: Labels,
    /// One for each sample.
    pub windows: Vec<Histogram>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct StatusSeries {
    pub group: GroupId,
    pub labels: Labels,
    pub values: Vec<Status>,
}

/// All series up to the playhead.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SeriesTable {
    pub every: Duration,
    /// Samples taken so far.
    pub samples: usize,
    pub series: Vec<Series>,
    pub latencies: Vec<LatencySeries>,
    pub statuses: Vec<StatusSeries>,
}

impl SeriesTable {
    pub fn time_of(&self, sample: usize) -> Instant {
        Instant(self.every.0 * (sample as u64 + 1))
    }

    /// All series of a metric that a selector means.
    pub fn select<'a>(&'a self, metric: Metric, selector: &'a Labels) -> impl Iterator<Item = &'a Series> {
        self.series.iter().filter(move |series| series.metric == metric && series.labels.matches(selector))
    }
}
