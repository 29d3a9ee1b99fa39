//! Times and sizes to draw: a constant, exponential, lognormal through two quantiles, uniform.

use super::super::format::{SIZE, TIME};
use super::super::problem::Problems;
use super::super::tree::{Node, Value};
use super::super::units::{self, Wrong};
use super::fields::{Fields, list, read_scalar};
use crate::engine::random::Distribution;

/// A time of the file is at most a day: more is a slip of the pen.
const MAX_TIME: u64 = 86_400_000_000_000;
/// A record is at most 1 GiB.
const MAX_SIZE: u64 = 1 << 30;

/// In nanoseconds.
pub fn time(problems: &Problems, node: &Node, what: &str) -> Option<Distribution> {
    let read = |text: &str| match units::duration(text) {
        Ok(time) if time.0 > MAX_TIME => Err(Wrong { message: format!("{time} is longer than a day"), help: "write at most 24h".into() }),
        Ok(time) => Ok(time.0),
        Err(wrong) => Err(wrong),
    };
    if !matches!(node.value, Value::Map(_)) {
        let help = "write a time such as 2ms, { exponential: 10ms }, { p50: 2ms, p99: 40ms } or { uniform: [1ms, 5ms] }";
        return constant(problems, node, what, read, help);
    }
    let fields = Fields::open(problems, node, &TIME, what)?;
    if let Some(mean) = fields.get("exponential") {
        alone(&fields, "exponential", &["p50", "p99", "uniform"])?;
        let mean = read_scalar(problems, mean, what, read)?;
        if mean == 0 {
            problems.error(node.span, format!("{what}: the mean is zero"), "write 0s alone");
            return None;
        }
        return Some(Distribution::Exponential(mean));
    }
    quantiles_or_uniform(&fields, node, what, read)
}

/// In bytes.
pub fn size(problems: &Problems, node: &Node, what: &str) -> Option<Distribution> {
    let read = |text: &str| match units::size(text) {
        Ok(size) if size > MAX_SIZE => {
            Err(Wrong { message: format!("{text} is more than a record can have"), help: "write at most 1GiB".into() })
        }
        wrong_or_right => wrong_or_right,
    };
    if !matches!(node.value, Value::Map(_)) {
        return constant(problems, node, what, read, "write a size such as 400B, { p50: 300B, p99: 2KiB } or { uniform: [100B, 1KiB] }");
    }
    quantiles_or_uniform(&Fields::open(problems, node, &SIZE, what)?, node, what, read)
}

fn constant(problems: &Problems, node: &Node, what: &str, read: impl Fn(&str) -> Result<u64, Wrong>, help: &str) -> Option<Distribution> {
    if node.scalar().is_none() {
        problems.error(node.span, format!("{what} cannot be {}", node.kind()), help);
        return None;
    }
    read_scalar(problems, node, what, read).map(Distribution::Constant)
}

fn quantiles_or_uniform(fields: &Fields, node: &Node, what: &str, read: impl Fn(&str) -> Result<u64, Wrong>) -> Option<Distribution> {
    let problems = fields.problems;
    if let Some(bounds) = fields.get("uniform") {
        alone(fields, "uniform", &["p50", "p99"])?;
        let items = list(problems, bounds, &format!("`uniform` of {what}"))?;
        let [low, high] = items else {
            problems.error(
                bounds.span,
                format!("`uniform` of {what} needs two values, not {}", items.len()),
                "write { uniform: [low, high] }",
            );
            return None;
        };
        let (low, high) = (read_scalar(problems, low, what, &read), read_scalar(problems, high, what, &read));
        let (low, high) = (low?, high?);
        if low > high {
            problems.error(bounds.span, format!("{what}: the lower bound is above the upper one"), "change their places");
            return None;
        }
        return Some(Distribution::Uniform { low, high });
    }
    match (fields.get("p50"), fields.get("p99")) {
        (Some(p50), Some(p99)) => {
            let (low, high) = (read_scalar(problems, p50, what, &read), read_scalar(problems, p99, what, &read));
            let (low, high) = (low?, high?);
            if low == 0 || low > high {
                problems.error(
                    node.span,
                    format!("{what}: no lognormal distribution has these quantiles"),
                    "p50 must be above zero and not above p99",
                );
                return None;
            }
            Some(Distribution::LogNormal { p50: low, p99: high })
        }
        (None, None) => {
            problems.error(node.span, format!("{what} names no distribution"), "write { p50: …, p99: … } or { uniform: [low, high] }");
            None
        }
        (Some(_), None) | (None, Some(_)) => {
            problems.error(node.span, format!("{what} gives one of p50 and p99"), "give both, or a constant alone");
            None
        }
    }
}

/// A distribution is named once.
fn alone(fields: &Fields, named: &str, others: &[&'static str]) -> Option<()> {
    let Some(other) = others.iter().find_map(|other| fields.key_span(other)) else { return Some(()) };
    fields.problems.error(other, format!("{} is already {named}", fields.what), "keep one of them");
    None
}
