//! Labels of a metric: `{group=billing,partition=7}`. What they name must exist, or a sentence would hold of nothing.

use super::super::problem::suggest;
use super::super::read::names::find;
use super::super::tree::{Span, shorten};
use super::lexer::Token;
use super::metrics::labels_of;
use super::parser::Parser;
use crate::engine::id::MemberIndex;
use crate::engine::observe::metric::{Labels, Metric};
use crate::engine::world::RequestKind;

impl Parser<'_> {
    pub(super) fn labels(&mut self, metric: Metric) -> Option<Labels> {
        let mut labels = Labels::default();
        if !self.sign("{") {
            return Some(labels);
        }
        let known = labels_of(metric);
        let mut given: Vec<String> = Vec::new();
        while !self.sign("}") {
            let Some(Token::Word(label)) = self.peek().cloned() else {
                return self.fail("a label is missing", suggest("", known.iter().copied()));
            };
            if !known.contains(&label.as_str()) {
                return self.fail(format!("{metric} has no label `{}`", shorten(&label)), suggest(&label, known.iter().copied()));
            }
            if given.contains(&label) {
                return self.fail(format!("the label {label} stands twice"), "keep one of them");
            }
            self.at += 1;
            if !self.sign("=") {
                return self.fail(format!("`=` is missing after {label}"), format!("write {label}=…"));
            }
            let span = self.here();
            let Some(Token::Word(value) | Token::Number(value)) = self.peek().cloned() else {
                return self.fail(format!("the value of {label} is missing"), format!("write {label}=…"));
            };
            self.label(&mut labels, &label, &value, span)?;
            given.push(label);
            self.at += 1;
            if !self.sign(",") && !matches!(self.peek(), Some(Token::Sign("}"))) {
                return self.fail("`,` or `}` is missing", "write {group=…,partition=…}");
            }
        }
        self.check_bounds(&labels)?;
        Some(labels)
    }

    fn label(&mut self, labels: &mut Labels, label: &str, value: &str, span: Span) -> Option<()> {
        let (problems, names) = (self.problems, self.names);
        match label {
            "group" => labels.group = Some(names.group(problems, value, span)?),
            "topic" => labels.topic = Some(names.topic(problems, value, span)?),
            "producer" => labels.producer = Some(names.producer(problems, value, span)?),
            "step" => {
                find(problems, &names.steps, "step", value, span)?;
                labels.step = Some(value.to_owned());
            }
            "effect" => {
                find(problems, &names.effects, "effect", value, span)?;
                labels.effect = Some(value.to_owned());
            }
            "kind" => {
                let kinds = RequestKind::ALL.iter().map(|kind| kind.name());
                if !kinds.clone().any(|kind| kind == value) {
                    return self.fail(format!("there is no request `{}`", shorten(value)), suggest(value, kinds));
                }
                labels.kind = Some(value.to_owned());
            }
            _ => {
                let Ok(number) = value.parse::<u32>() else {
                    return self.fail(format!("{label} `{}` is not a number", shorten(value)), format!("they count from 0: {label}=0"));
                };
                if label == "partition" {
                    labels.partition = Some(number);
                } else {
                    labels.member = Some(MemberIndex(number));
                }
            }
        }
        Some(())
    }

    /// A partition or member that does not exist would be judged as if nothing happened to it.
    fn check_bounds(&self, labels: &Labels) -> Option<()> {
        let most = |of: &[u32], chosen: Option<usize>| chosen.and_then(|place| of.get(place)).or(of.iter().max()).copied().unwrap_or(0);
        let partitions = most(&self.names.partitions, labels.topic.map(|topic| topic.index()));
        if let Some(partition) = labels.partition
            && partition >= partitions
        {
            return self.fail(
                format!("there is no partition {partition}"),
                format!("partitions count from 0: 0 to {}", partitions.saturating_sub(1)),
            );
        }
        let members = most(&self.names.members, labels.group.map(|group| group.index()));
        if let Some(member) = labels.member
            && member.0 >= members
        {
            return self
                .fail(format!("there is no member {}", member.0), format!("members count from 0: 0 to {}", members.saturating_sub(1)));
        }
        Some(())
    }
}
