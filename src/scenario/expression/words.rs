//! An expectation in words, for the page; and back as text.

use super::super::read::names::Names;
use super::{Expectation, Quantifier, Scope, Term, Test};
use crate::engine::observe::condition::{Aggregate, Comparison, Value};
use crate::engine::observe::metric::{Labels, Metric};
use crate::engine::time::Duration;

/// `The highest lag of group charger stays below 10 000 records; a breach counts once it has lasted 10s.`
pub fn in_words(expectation: &Expectation, names: &Names) -> String {
    let mut words = match &expectation.term {
        Term::Compare { value, comparison, number, lasting } => {
            let mut words = format!("{} {} {}", of_value(value, names), is(*comparison), quantity(*number, unit_of(value)));
            if let Some(lasting) = lasting {
                words += &format!("; a breach counts once it has lasted {lasting}");
            }
            words
        }
        Term::Each { metric, labels, quantifier, test, within } => {
            let what = of_metric(*metric, labels, names);
            let test = match test {
                Test::Number(comparison, number) => format!("{} {}", comparing(*comparison), quantity(*number, metric.unit())),
                Test::Word(status) => status.name().to_owned(),
            };
            let mut words = match quantifier {
                Quantifier::Never => format!("{what} is never {test}"),
                Quantifier::Always => format!("{what} is always {test}"),
                Quantifier::Eventually => format!("{what} comes to be {test}"),
            };
            if let Some(within) = within {
                words += &format!(" within {within}");
            }
            words
        }
    };
    let entry = |place: usize| names.entries.get(place).map_or("the entry", String::as_str);
    words += &match expectation.scope {
        Scope::Whole => String::new(),
        Scope::After(place) => format!(", after {}", entry(place)),
        Scope::During(place) => format!(", during {}", entry(place)),
        Scope::Before(place) => format!(", before {}", entry(place)),
        Scope::OutsideFaults => ", outside faults".into(),
        Scope::Absent => " (not in this variant)".into(),
    };
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>() + ".").unwrap_or_default()
}

fn of_value(value: &Value, names: &Names) -> String {
    match value {
        Value::Aggregate { aggregate, metric, labels } => {
            let aggregate = match aggregate {
                Aggregate::Min => "the lowest",
                Aggregate::Max => "the highest",
                Aggregate::Mean => "the mean",
                Aggregate::Last => "the last",
                Aggregate::P50 => "the median",
                Aggregate::P90 => "the 90th percentile of",
                Aggregate::P95 => "the 95th percentile of",
                Aggregate::P99 => "the 99th percentile of",
                Aggregate::P999 => "the 99.9th percentile of",
            };
            format!("{aggregate} {}", of_metric(*metric, labels, names))
        }
        Value::Counter { metric, labels } => of_metric(*metric, labels, names),
        Value::Ratio(over, under) => format!("{} divided by {}", of_value(over, names), of_value(under, names)),
    }
}

fn of_metric(metric: Metric, labels: &Labels, names: &Names) -> String {
    let mut words = metric.name().replace('_', " ");
    let list = [
        labels.step.as_ref().map(|step| format!("step {step}")),
        labels.effect.as_ref().map(|effect| format!("effect {effect}")),
        labels.kind.as_ref().map(|kind| format!("request {kind}")),
        labels.member.map(|member| format!("member {}", member.0)),
        labels.partition.map(|partition| format!("partition {partition}")),
        labels.topic.and_then(|topic| names.topics.get(topic.index())).map(|topic| format!("topic {topic}")),
        labels.producer.and_then(|producer| names.producers.get(producer.index())).map(|producer| format!("producer {producer}")),
        labels.group.and_then(|group| names.groups.get(group.index())).map(|group| format!("group {group}")),
    ];
    for label in list.into_iter().flatten() {
        words += " of ";
        words += &label;
    }
    words
}

/// A value as the file writes it.
pub fn value_text(value: &Value, names: &Names) -> String {
    match value {
        Value::Aggregate { aggregate, metric, labels } => {
            let name = super::AGGREGATES.iter().find(|(_, known)| known == aggregate).map_or("", |(name, _)| name);
            format!("{name}({metric}{})", names.label_text(labels))
        }
        Value::Counter { metric, labels } => format!("{metric}{}", names.label_text(labels)),
        Value::Ratio(over, under) => format!("{} / {}", value_text(over, names), value_text(under, names)),
    }
}

pub fn unit_of(value: &Value) -> &'static str {
    match value {
        Value::Aggregate { metric, .. } | Value::Counter { metric, .. } => metric.unit(),
        Value::Ratio(..) => "",
    }
}

fn is(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Less => "stays below",
        Comparison::LessOrEqual => "is at most",
        Comparison::Greater => "is above",
        Comparison::GreaterOrEqual => "is at least",
        Comparison::Equal => "is",
        Comparison::NotEqual => "is not",
    }
}

fn comparing(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Less => "below",
        Comparison::LessOrEqual => "at most",
        Comparison::Greater => "above",
        Comparison::GreaterOrEqual => "at least",
        Comparison::Equal => "equal to",
        Comparison::NotEqual => "other than",
    }
}

/// A number of a metric for people: `10 000 records`, `2s`, `30 %`, `never`.
pub fn quantity(number: f64, unit: &str) -> String {
    if number.is_infinite() {
        return "never".into();
    }
    match unit {
        "ms" if number >= 0.0 => Duration((number * 1e6) as u64).to_string(),
        "s" if number >= 0.0 => Duration((number * 1e9) as u64).to_string(),
        "share" => format!("{} %", trim(number * 100.0)),
        "" => grouped(number),
        unit => format!("{} {unit}", grouped(number)),
    }
}

/// Whole thousands apart, at most three digits after the point.
fn grouped(number: f64) -> String {
    let text = trim(number.abs());
    let (whole, part) = text.split_once('.').map_or((text.as_str(), None), |(whole, part)| (whole, Some(part)));
    let mut out = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place) % 3 == 0 && whole.len() > 4 {
            out.push(' ');
        }
        out.push(digit);
    }
    let sign = if number < 0.0 { "−" } else { "" };
    match part {
        Some(part) => format!("{sign}{out}.{part}"),
        None => format!("{sign}{out}"),
    }
}

fn trim(number: f64) -> String {
    let text = format!("{number:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
