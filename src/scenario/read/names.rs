//! The names that a file gives, so that a reference can be looked up before everything is read.

use super::super::problem::{Problems, suggest};
use super::super::tree::{Entry, Node, Span, shorten};
use super::fields::mapping;
use crate::engine::id::{GroupId, ProducerId, TargetId, TopicId};
use crate::engine::observe::metric::Labels;

/// Topics, and as many producers, targets and groups. More are refused where they are read.
pub const MAX_NAMES: usize = 1_000;

#[derive(Clone, Debug, Default)]
pub struct Names {
    pub topics: Vec<String>,
    pub producers: Vec<String>,
    pub targets: Vec<String>,
    pub groups: Vec<String>,
    /// An id for each entry of the timeline: its own, or `timeline[3]`.
    pub entries: Vec<String>,
    /// Ids of entries that a variant has taken out of the base's timeline.
    pub removed_entries: Vec<String>,
    /// Partitions of each topic.
    pub partitions: Vec<u32>,
    /// Members that each group may have, with those that the timeline adds.
    pub members: Vec<u32>,
    /// Names of effects that must happen once.
    pub effects: Vec<String>,
    /// Names of steps.
    pub steps: Vec<String>,
}

impl Names {
    pub fn collect(root: &Node) -> Self {
        let keys = |name: &str| -> Vec<String> {
            root.get(name).and_then(Node::map).unwrap_or_default().iter().take(MAX_NAMES).map(|entry| entry.key.clone()).collect()
        };
        let entries = root.get("timeline").and_then(Node::list).unwrap_or_default().iter().enumerate();
        let entries = entries.map(|(place, entry)| match entry.get("id").and_then(Node::scalar) {
            Some(id) => id.to_owned(),
            None => format!("timeline[{place}]"),
        });
        Names {
            topics: keys("topics"),
            producers: keys("producers"),
            targets: keys("targets"),
            groups: keys("groups"),
            entries: entries.collect(),
            removed_entries: Vec::new(),
            partitions: Vec::new(),
            members: Vec::new(),
            effects: Vec::new(),
            steps: Vec::new(),
        }
    }

    /// Notes which entries the base had and this variant has not.
    pub fn without(&mut self, base: Option<&Names>) {
        let of_base = base.map(|base| base.entries.as_slice()).unwrap_or_default();
        self.removed_entries = of_base.iter().filter(|id| !self.entries.contains(id)).cloned().collect();
    }

    pub fn topic(&self, problems: &Problems, name: &str, span: Span) -> Option<TopicId> {
        find(problems, &self.topics, "topic", name, span).map(TopicId::from)
    }
    pub fn producer(&self, problems: &Problems, name: &str, span: Span) -> Option<ProducerId> {
        find(problems, &self.producers, "producer", name, span).map(ProducerId::from)
    }
    pub fn target(&self, problems: &Problems, name: &str, span: Span) -> Option<TargetId> {
        find(problems, &self.targets, "target", name, span).map(TargetId::from)
    }
    pub fn group(&self, problems: &Problems, name: &str, span: Span) -> Option<GroupId> {
        find(problems, &self.groups, "group", name, span).map(GroupId::from)
    }
    pub fn entry(&self, problems: &Problems, name: &str, span: Span) -> Option<usize> {
        find(problems, &self.entries, "entry of the timeline", name, span)
    }
}

pub fn find(problems: &Problems, names: &[String], what: &str, name: &str, span: Span) -> Option<usize> {
    let place = names.iter().position(|known| known == name);
    if place.is_none() && !problems.full() {
        problems.error(span, format!("there is no {what} `{}`", shorten(name)), suggest(name, names.iter().map(String::as_str)));
    }
    place
}

/// Kafka's rule for names of topics; groups and the rest of the file follow it too.
pub fn legal(problems: &Problems, what: &str, name: &str, span: Span) {
    let fine = !name.is_empty()
        && name.len() <= 249
        && name != "."
        && name != ".."
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
    if !fine {
        problems.error(
            span,
            format!("`{}` is no name for a {what}", shorten(name)),
            "Kafka takes letters, digits, `.`, `_` and `-`, at most 249 of them",
        );
    }
}

impl Names {
    /// Labels as they stand in the file: `{group=charger,partition=7}`, in alphabetical order; nothing when there are none.
    pub fn label_text(&self, labels: &Labels) -> String {
        let text = self.label_list(labels);
        if text.is_empty() { text } else { format!("{{{text}}}") }
    }

    /// The same without braces, as the report writes it.
    pub fn label_list(&self, labels: &Labels) -> String {
        let name =
            |names: &[String], place: Option<usize>| place.map(|place| names.get(place).cloned().unwrap_or_else(|| place.to_string()));
        let list = [
            ("effect", labels.effect.clone()),
            ("group", name(&self.groups, labels.group.map(|group| group.index()))),
            ("kind", labels.kind.clone()),
            ("member", labels.member.map(|member| member.0.to_string())),
            ("partition", labels.partition.map(|partition| partition.to_string())),
            ("producer", name(&self.producers, labels.producer.map(|producer| producer.index()))),
            ("step", labels.step.clone()),
            ("topic", name(&self.topics, labels.topic.map(|topic| topic.index()))),
        ];
        let given: Vec<String> = list.into_iter().filter_map(|(label, value)| Some(format!("{label}={}", value?))).collect();
        given.join(",")
    }
}

/// The things of a section that a file names; too many are refused, and none of them read.
pub fn section<'n>(problems: &Problems, node: Option<&'n Node>, key: &str) -> &'n [Entry] {
    let entries = node.and_then(|node| mapping(problems, node, &format!("`{key}`"))).unwrap_or_default();
    if entries.len() > MAX_NAMES {
        problems.error(
            entries[MAX_NAMES].key_span,
            format!("there are {} {key}; the limit is {MAX_NAMES}", entries.len()),
            "take some away",
        );
        return &[];
    }
    entries
}
