//! Expectations, conditions and comparisons: what they are, and how they are read.
//!
//! ```text
//! expect  = term [scope]
//! term    = value OP NUMBER [for DURATION]
//!         | METRIC{labels} (never | always | eventually) (OP NUMBER | WORD) [within DURATION]
//! value   = AGG(METRIC{labels}) | COUNTER{labels} | value / value
//! scope   = (after | during | before) ID | outside faults
//! compare = value (< | > | within PERCENT of) base
//! ```

mod labels;
mod lexer;
mod metrics;
mod parser;
mod words;

pub use metrics::{AGGREGATES, labels_of};
pub use words::{in_words, quantity, unit_of, value_text};

use super::problem::Problems;
use super::read::names::Names;
use super::tree::Node;
use crate::engine::observe::condition::{Comparison, Condition, Value};
use crate::engine::observe::metric::{Labels, Metric};
use crate::engine::observe::snapshot::Status;
use crate::engine::time::Duration;
use parser::Parser;

/// A sentence of `expect`, read.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// The name that the file gives it, or its text.
    pub name: String,
    pub text: String,
    pub term: Term,
    pub scope: Scope,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Term {
    /// A value against a number; with `lasting`, a breach counts once it has lasted that long.
    Compare { value: Value, comparison: Comparison, number: f64, lasting: Option<Duration> },
    /// A metric at each sample.
    Each { metric: Metric, labels: Labels, quantifier: Quantifier, test: Test, within: Option<Duration> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantifier {
    /// At no sample, for no label.
    Never,
    /// At all samples, for all labels.
    Always,
    /// At one sample at least, for all labels at once.
    Eventually,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Test {
    Number(Comparison, f64),
    Word(Status),
}

/// The part of the run that is judged; the warm-up never is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    Whole,
    /// From the end of an entry of the timeline (by its place), the last one if it repeats.
    After(usize),
    During(usize),
    /// Up to the first beginning of an entry.
    Before(usize),
    /// Without the times in which something of the timeline is broken.
    OutsideFaults,
    /// Relative to an entry that this variant has taken away: there is nothing to judge.
    Absent,
}

/// A variant against the base run.
#[derive(Clone, Debug, PartialEq)]
pub struct Compare {
    pub text: String,
    pub value: Value,
    pub how: CompareHow,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CompareHow {
    Less,
    Greater,
    /// Within this share of the base's value.
    Within(f64),
}

pub fn expectation(problems: &Problems, names: &Names, name: Option<&str>, text: &str, node: &Node) -> Option<Expectation> {
    let (term, scope) = Parser::new(problems, names, text, node)?.expectation()?;
    Some(Expectation { name: name.unwrap_or(text).to_owned(), text: text.to_owned(), term, scope })
}

pub fn condition(problems: &Problems, names: &Names, text: &str, node: &Node) -> Option<Condition> {
    Parser::new(problems, names, text, node)?.condition()
}

pub fn compare(problems: &Problems, names: &Names, text: &str, node: &Node) -> Option<Compare> {
    let (value, how) = Parser::new(problems, names, text, node)?.compare()?;
    Some(Compare { text: text.to_owned(), value, how })
}

/// Whether an expectation asks for a metric, so that the engine must measure it.
pub fn asks_for(expectation: &Expectation, metric: Metric) -> bool {
    match &expectation.term {
        Term::Compare { value, .. } => value_asks_for(value, metric),
        Term::Each { metric: asked, .. } => *asked == metric,
    }
}

pub fn value_asks_for(value: &Value, metric: Metric) -> bool {
    match value {
        Value::Aggregate { metric: asked, .. } | Value::Counter { metric: asked, .. } => *asked == metric,
        Value::Ratio(over, under) => value_asks_for(over, metric) || value_asks_for(under, metric),
    }
}
