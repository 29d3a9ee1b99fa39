//! From the tree to a design: each part of the file has its reader, and all problems are told at once.

pub mod cluster;
pub mod config;
pub mod draw;
mod expect;
pub mod fields;
mod groups;
mod handler;
mod lesson;
mod limits;
pub mod names;
mod producers;
mod targets;
mod timeline;
mod topics;

pub use lesson::{Lesson, LessonStep, Question, known as known_expectation};

use super::expression::{self, Expectation, asks_for};
use super::format::FILE;
use super::problem::Problems;
use super::tree::Node;
use super::units;
use crate::engine::design::{Action, Design, When};
use crate::engine::observe::metric::Metric;
use crate::engine::random::Seed;
use crate::engine::time::Duration;
use fields::{Fields, read_scalar};
use names::Names;

/// The longest run.
pub const MAX_DURATION: Duration = Duration::from_secs(30 * 86_400);

/// A file, or a variant of it, that nothing is wrong with.
#[derive(Clone, Debug)]
pub struct Checked {
    pub design: Design,
    pub names: Names,
    pub expectations: Vec<Expectation>,
    pub lesson: Option<Lesson>,
    pub about: About,
}

/// What a file says for people.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct About {
    pub title: Option<String>,
    pub question: Option<String>,
    pub theme: Option<String>,
    pub tags: Vec<String>,
    pub owned: Vec<Owned>,
}

/// Who answers for a topic, a group or a target.
#[derive(Clone, Debug, PartialEq)]
pub struct Owned {
    /// `topic`, `group` or `target`.
    pub kind: &'static str,
    pub name: String,
    pub owner: Option<String>,
    pub critical: bool,
}

impl Owned {
    fn read(fields: &Fields, kind: &'static str, name: &str) -> Option<Owned> {
        let critical = if kind == "target" { None } else { fields.bool("critical") }.unwrap_or(false);
        let owner = fields.text("owner");
        (owner.is_some() || critical).then(|| Owned { kind, name: name.to_owned(), owner, critical })
    }
}

/// Reads everything; none when there was an error. `base`: the names of the base, when this is a variant of it.
pub fn build(root: &Node, problems: &Problems, base: Option<&Names>) -> Option<Checked> {
    let fields = Fields::open(problems, root, &FILE, "the scenario")?;
    if let Some(node) = fields.get("laglab") {
        let version = read_scalar(problems, node, "`laglab`", units::count);
        if version.is_some_and(|version| version != 1) {
            problems.error(node.span, "this version of laglab reads format 1", "write laglab: 1");
        }
    }
    let mut names = Names::collect(root);
    names.without(base);
    let mut about = About {
        title: fields.text("title"),
        question: fields.text("question"),
        theme: fields.text("theme"),
        tags: fields.words("tags").into_iter().map(|(word, _)| word).collect(),
        owned: Vec::new(),
    };
    let duration = duration(problems, &fields);
    let warmup = fields.duration("warmup").unwrap_or(Duration::ZERO);
    if let (Some(duration), Some(node)) = (duration, fields.get("warmup"))
        && warmup >= duration
    {
        problems.error(node.span, "the warm-up is as long as the run: nothing is left to judge", "make it shorter than `duration`");
    }
    let (cluster, broker_config) = cluster::read(problems, fields.get("cluster"));
    let topics = topics::read(problems, fields.get("topics"), cluster.brokers, &broker_config, &mut about.owned);
    names.partitions = topics.iter().map(|topic| topic.partitions).collect();
    let producers = producers::read(problems, fields.get("producers"), &names);
    let targets = targets::read(problems, fields.get("targets"), &mut about.owned);
    let groups = groups::read(problems, fields.get("groups"), &mut names, &targets, &mut about.owned);
    groups::check_sessions(problems, fields.get("groups"), &groups, &cluster.config);
    limits::count_added_members(fields.get("timeline"), &mut names);
    let timeline = timeline::read(problems, fields.get("timeline"), &names, &groups, cluster.brokers);
    let expectations = expect::read(problems, fields.get("expect"), &names);
    // The tour is one through the base run.
    let lesson = fields.get("lesson").filter(|_| base.is_none());
    let lesson = lesson.and_then(|node| lesson::read(problems, node, &names, &expectations));
    let design = Design {
        seed: Seed(fields.count("seed", 0, u64::MAX).unwrap_or(1)),
        duration: duration.unwrap_or(Duration::from_secs(1)),
        warmup,
        cluster,
        topics,
        producers,
        targets,
        groups,
        timeline,
        track_order: false,
    };
    limits::check(problems, &fields, &design);
    if problems.has_errors() {
        return None;
    }
    let mut checked = Checked { design, names, expectations, lesson, about };
    checked.design.track_order = checked.needs_order();
    Some(checked)
}

impl Checked {
    /// Whether somebody asks for order violations.
    fn needs_order(&self) -> bool {
        self.design.producers.iter().any(|producer| producer.life.is_some())
            || self.expectations.iter().any(|expectation| asks_for(expectation, Metric::OrderViolations))
            || self.design.timeline.iter().any(|entry| match &entry.when {
                When::At { .. } | When::After { .. } => false,
                When::Holds { condition, .. } => expression::value_asks_for(&condition.value, Metric::OrderViolations),
            })
    }

    /// Whether an action breaks something, as against what people or the load do.
    pub fn is_fault(action: &Action) -> bool {
        match action {
            Action::MemberCrash { .. }
            | Action::MemberStop { .. }
            | Action::MemberPause { .. }
            | Action::HandlerSlow { .. }
            | Action::CommitsFail { .. }
            | Action::GroupStop { .. }
            | Action::RollingRestart { .. }
            | Action::BrokerSlow { .. } => true,
            Action::ProducerRate { .. } | Action::MembersAdd { .. } | Action::GroupStart { .. } | Action::GroupReset { .. } => false,
        }
    }
}

fn duration(problems: &Problems, fields: &Fields) -> Option<Duration> {
    let duration = fields.duration("duration")?;
    let span = fields.get("duration")?.span;
    if duration == Duration::ZERO {
        problems.error(span, "a run of no time shows nothing", "write a duration such as 3m");
    }
    if duration > MAX_DURATION {
        problems.error(span, format!("a run of {duration} is longer than the limit of 30 days"), "write at most 720h");
    }
    Some(duration)
}
