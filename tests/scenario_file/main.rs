//! Scenario files: what is read from them, what is said about wrong ones, how they are changed.
#![cfg(not(target_arch = "wasm32"))]

mod edits;
mod hostile;
mod problems;
mod reading;

use laglab::scenario::Scenario;
use laglab::scenario::problem::{Problem, Severity, render_all};

/// A small right file; tests change lines of it.
pub const SMALL: &str = r#"laglab: 1
title: A small one
duration: 1m   # long enough
topics:
  orders: { partitions: 6 }
producers:
  shop:
    topic: orders
    rate: 100/s
    key: { field: order_id, from: { uniform: { keys: 100 } } }
groups:
  # who bills
  billing:
    topics: [orders]
    members: 2
    config: { enable.auto.commit: false }
    handler: { takes: 1ms, commit: after-batch }
timeline:
  - { id: crash, at: 10s, do: member.crash, group: billing, member: 1, for: 5s }
expect:
  - in_budget: max(lag{group=billing}) < 1000
variants:
  - name: Three
    set: { groups.billing.members: 3 }
"#;

/// All that is said about a text, as a terminal shows it.
pub fn said(text: &str) -> String {
    let problems = match Scenario::parse("test.yaml", text) {
        Ok(scenario) => scenario.notes,
        Err(problems) => problems,
    };
    render_all("test.yaml", &problems)
}

pub fn errors(problems: &[Problem]) -> Vec<&Problem> {
    problems.iter().filter(|problem| problem.severity == Severity::Error).collect()
}

/// The small file with a piece exchanged.
pub fn small(old: &str, new: &str) -> String {
    assert!(SMALL.contains(old), "the small file has `{old}`");
    SMALL.replacen(old, new, 1)
}

pub fn parse(text: &str) -> Scenario {
    match Scenario::parse("test.yaml", text) {
        Ok(scenario) => scenario,
        Err(problems) => panic!("{}", render_all("test.yaml", &problems)),
    }
}
