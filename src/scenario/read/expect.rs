//! `expect:` — sentences, each with its name or without.

use super::super::expression::{self, Expectation};
use super::super::problem::Problems;
use super::super::tree::{Node, Value, shorten};
use super::fields::list;
use super::names::Names;

pub const MAX_EXPECTATIONS: usize = 200;

pub fn read(problems: &Problems, node: Option<&Node>, names: &Names) -> Vec<Expectation> {
    let Some(node) = node else { return Vec::new() };
    let items = list(problems, node, "`expect`").unwrap_or_default();
    if items.len() > MAX_EXPECTATIONS {
        problems.error(items[MAX_EXPECTATIONS].span, format!("there are more than {MAX_EXPECTATIONS} expectations"), "take some away");
        return Vec::new();
    }
    let mut expectations: Vec<Expectation> = Vec::new();
    for item in items {
        let Some((name, text, node)) = sentence(problems, item) else { continue };
        let Some(expectation) = expression::expectation(problems, names, name, text, node) else { continue };
        if expectations.iter().any(|other| other.name == expectation.name) {
            problems.error(item.span, format!("two expectations are called `{}`", shorten(&expectation.name)), "give one another name");
        }
        expectations.push(expectation);
    }
    expectations
}

/// `name: expression`, or the expression alone.
fn sentence<'n>(problems: &Problems, item: &'n Node) -> Option<(Option<&'n str>, &'n str, &'n Node)> {
    let help = "write `- name: max(lag{group=…}) < 1000`, or the expression alone";
    match &item.value {
        Value::Scalar { text, .. } => Some((None, text, item)),
        Value::Map(entries) if entries.len() == 1 && entries[0].node.scalar().is_some() => {
            Some((Some(&entries[0].key), entries[0].node.scalar()?, &entries[0].node))
        }
        Value::Null | Value::List(_) | Value::Map(_) => {
            problems.error(item.span, format!("an expectation cannot be {}", item.kind()), help);
            None
        }
    }
}
