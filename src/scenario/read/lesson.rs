//! `lesson:` — what the base run must break, and the tour through it. The texts are the page's.

use super::super::expression::Expectation;
use super::super::format::{LESSON, LESSON_STEP, PREDICT};
use super::super::problem::{Problems, suggest};
use super::super::tree::{Node, Span, shorten};
use super::fields::Fields;
use super::names::{Names, find};
use crate::engine::time::Instant;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lesson {
    /// Names of expectations.
    pub fails: Vec<String>,
    /// In order of time.
    pub steps: Vec<LessonStep>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct LessonStep {
    pub at: Instant,
    /// `group/charger`, `group/charger/1`, `topic/payments/7`, `producer/checkout`, `target/card-api`, `broker/0`.
    pub look: Option<String>,
    pub title: String,
    pub text: String,
    pub predict: Option<Question>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    pub ask: String,
    pub answers: Vec<String>,
    /// The right one, from 0.
    pub right: usize,
    pub because: Option<String>,
}

pub fn read(problems: &Problems, node: &Node, names: &Names, expectations: &[Expectation]) -> Option<Lesson> {
    let fields = Fields::open(problems, node, &LESSON, "the lesson")?;
    let mut fails = Vec::new();
    for (name, span) in fields.words("fails") {
        known(problems, &name, span, expectations);
        fails.push(name);
    }
    let mut steps = Vec::new();
    for (place, item) in fields.list("steps").unwrap_or_default().iter().enumerate() {
        steps.extend(step(problems, item, place, names));
    }
    if let Some(late) = steps.windows(2).position(|pair| pair[0].at > pair[1].at) {
        problems.error(node.span, format!("step {} of the lesson comes before step {late}", late + 1), "put them in order of time");
    }
    Some(Lesson { fails, steps })
}

/// A name in `fails` is one of an expectation.
pub fn known(problems: &Problems, name: &str, span: Span, expectations: &[Expectation]) {
    if !expectations.iter().any(|expectation| expectation.name == name) {
        let names = expectations.iter().map(|expectation| expectation.name.as_str());
        problems.error(span, format!("there is no expectation `{}`", shorten(name)), suggest(name, names));
    }
}

fn step(problems: &Problems, node: &Node, place: usize, names: &Names) -> Option<LessonStep> {
    let fields = Fields::open(problems, node, &LESSON_STEP, format!("step {place} of the lesson"))?;
    let look = fields.text("look");
    if let (Some(look), Some(node)) = (&look, fields.get("look")) {
        check_look(problems, look, node.span, names);
    }
    Some(LessonStep {
        at: Instant::ZERO + fields.duration("at")?,
        look,
        title: fields.text("title")?,
        text: fields.text("text")?,
        predict: fields.get("predict").and_then(|node| question(problems, node)),
    })
}

fn question(problems: &Problems, node: &Node) -> Option<Question> {
    let fields = Fields::open(problems, node, &PREDICT, "the question")?;
    let answers: Vec<String> = fields.words("answers").into_iter().map(|(word, _)| word).collect();
    if answers.is_empty() {
        problems.error(node.span, "the question has no answers", "write answers: [\"…\", \"…\"]");
        return None;
    }
    let right = fields.count("right", 0, answers.len() as u64 - 1)? as usize;
    Some(Question { ask: fields.text("ask")?, answers, right, because: fields.text("because") })
}

fn check_look(problems: &Problems, look: &str, span: Span, names: &Names) {
    const HELP: &str = "write group/NAME, group/NAME/MEMBER, topic/NAME, topic/NAME/PARTITION, producer/NAME, target/NAME or broker/N";
    let mut parts = look.splitn(3, '/');
    let (kind, name, number) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""), parts.next());
    let bounded = |most: Option<&u32>| match (number, most) {
        (None, _) => {}
        (Some(number), Some(most)) if number.parse::<u32>().is_ok_and(|number| number < *most) => {}
        (Some(number), _) => problems.error(span, format!("{kind} {} has no number {}", shorten(name), shorten(number)), HELP),
    };
    let none = || {
        if number.is_some() {
            problems.error(span, format!("`{}` goes too deep", shorten(look)), HELP);
        }
    };
    match kind {
        "group" => {
            if let Some(group) = find(problems, &names.groups, "group", name, span) {
                bounded(names.members.get(group));
            }
        }
        "topic" | "partition" => {
            if let Some(topic) = find(problems, &names.topics, "topic", name, span) {
                bounded(names.partitions.get(topic));
            }
        }
        "producer" => {
            find(problems, &names.producers, "producer", name, span);
            none();
        }
        "target" => {
            find(problems, &names.targets, "target", name, span);
            none();
        }
        "broker" if name.parse::<u32>().is_ok() => none(),
        _ => problems.error(span, format!("`{}` is nothing to look at", shorten(look)), HELP),
    }
}
