//! What was measured at each sample. Sample k is taken at `every` × (k + 1), after everything else of that instant.

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

/// One measured thing over time. Nothing beyond the playhead is shown, although a rewound run may still hold it.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    pub metric: Metric,
    /// All labels that it has.
    pub labels: Labels,
    /// The number of the sample that the first value is of: 0, unless the thing came to be later.
    pub first: usize,
    held: Vec<f64>,
    shown: usize,
}

/// Latencies of the records that completed within one sample.
#[derive(Clone, Debug, PartialEq)]
pub struct LatencySeries {
    pub metric: Metric,
    pub labels: Labels,
    held: Vec<Histogram>,
    shown: usize,
}

/// Burrow's verdict on a group's partition at each sample.
#[derive(Clone, Debug, PartialEq)]
pub struct StatusSeries {
    pub labels: Labels,
    held: Vec<Status>,
    shown: usize,
}

/// Room for the first samples of a series: with thousands of partitions, growing from nothing would be most of the work.
const FIRST_ROOM: usize = 64;

impl Series {
    pub fn new(metric: Metric, labels: Labels, first: usize) -> Self {
        Series { metric, labels, first, held: Vec::with_capacity(FIRST_ROOM), shown: 0 }
    }
    /// A value for each sample since `first` up to the playhead; NaN: unknown, infinite: never.
    pub fn values(&self) -> &[f64] {
        &self.held[..self.shown]
    }
    pub fn last(&self) -> Option<f64> {
        self.values().last().copied()
    }
    pub fn push(&mut self, value: f64) {
        record(&mut self.held, &mut self.shown, value);
    }
}

impl LatencySeries {
    pub fn new(metric: Metric, labels: Labels) -> Self {
        LatencySeries { metric, labels, held: Vec::new(), shown: 0 }
    }
    /// A histogram for each sample.
    pub fn windows(&self) -> &[Histogram] {
        &self.held[..self.shown]
    }
    pub fn push(&mut self, window: Histogram) {
        record(&mut self.held, &mut self.shown, window);
    }
}

impl StatusSeries {
    pub fn new(labels: Labels) -> Self {
        StatusSeries { labels, held: Vec::with_capacity(FIRST_ROOM), shown: 0 }
    }
    pub fn values(&self) -> &[Status] {
        &self.held[..self.shown]
    }
    pub fn push(&mut self, status: Status) {
        record(&mut self.held, &mut self.shown, status);
    }
}

/// Adds what comes next, or goes over what an earlier pass over the same time had left.
fn record<T>(held: &mut Vec<T>, shown: &mut usize, value: T) {
    if *shown == held.len() {
        held.push(value);
    } else {
        held[*shown] = value;
    }
    *shown += 1;
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
    /// Samples that are not yet with their series: a value for each of the first ones, sample after sample. With many
    /// partitions, going to all series at each sample would be most of the work.
    rows: Vec<f64>,
    width: usize,
}

/// Samples that are laid out at once.
const ROWS: usize = 16;

impl SeriesTable {
    /// The value of the next series, in order, at the sample that is being taken.
    #[inline]
    pub fn put(&mut self, value: f64) {
        self.rows.push(value);
    }

    /// The sample has a value for each of the first so many series.
    pub fn end_row(&mut self, width: usize) {
        debug_assert!(self.rows.len().is_multiple_of(width), "each sample has as many values");
        self.width = width;
        if self.rows.len() >= ROWS * width {
            self.lay_out();
        }
    }

    /// Brings all samples to their series: before anybody looks.
    pub fn lay_out(&mut self) {
        if self.rows.is_empty() {
            return;
        }
        for (place, series) in self.series[..self.width].iter_mut().enumerate() {
            for row in self.rows.chunks_exact(self.width) {
                series.push(row[place]);
            }
        }
        self.rows.clear();
    }

    pub fn time_of(&self, sample: usize) -> Instant {
        Instant(self.every.0 * (sample as u64 + 1))
    }

    /// All series of a metric that a selector means.
    pub fn select<'a>(&'a self, metric: Metric, selector: &'a Labels) -> impl Iterator<Item = &'a Series> {
        self.series.iter().filter(move |series| series.metric == metric && series.labels.matches(selector))
    }

    /// Shows the first so many samples: the playhead has moved.
    pub fn show(&mut self, samples: usize) {
        self.lay_out();
        self.samples = samples;
        for series in &mut self.series {
            series.shown = samples.saturating_sub(series.first).min(series.held.len());
        }
        for latency in &mut self.latencies {
            latency.shown = samples.min(latency.held.len());
        }
        for status in &mut self.statuses {
            status.shown = samples.min(status.held.len());
        }
    }

    /// Forgets what lies beyond the playhead: the future is being changed.
    pub fn forget_future(&mut self) {
        let samples = self.samples;
        self.series.retain(|series| series.first == 0 || series.first < samples);
        for series in &mut self.series {
            series.held.truncate(series.shown);
        }
        for latency in &mut self.latencies {
            latency.held.truncate(latency.shown);
        }
        for status in &mut self.statuses {
            status.held.truncate(status.shown);
        }
    }
}
