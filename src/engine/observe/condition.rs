//! A question about the run that is asked at each sample: `max(lag{group=charger}) > 20000`.

use super::metric::{Labels, Metric};

#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    pub value: Value,
    pub comparison: Comparison,
    pub number: f64,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Over the samples (gauges) or the records (latencies); in a condition of the timeline, over the last sample.
    Aggregate {
        aggregate: Aggregate,
        metric: Metric,
        labels: Labels,
    },
    Counter {
        metric: Metric,
        labels: Labels,
    },
    Ratio(Box<Value>, Box<Value>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aggregate {
    Min,
    Max,
    Mean,
    Last,
    P50,
    P90,
    P95,
    P99,
    P999,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
}

impl Comparison {
    pub fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Comparison::Less => left < right,
            Comparison::LessOrEqual => left <= right,
            Comparison::Greater => left > right,
            Comparison::GreaterOrEqual => left >= right,
            Comparison::Equal => left == right,
            Comparison::NotEqual => left != right,
        }
    }
}
