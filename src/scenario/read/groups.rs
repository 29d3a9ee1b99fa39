//! `groups:` — who reads what, with which settings, and within which budget.

use super::super::format::{BUDGET, GROUP};
use super::super::kafka_config::{self, Scope};
use super::super::problem::{Problems, suggest};
use super::super::tree::{Entry, Node, shorten};
use super::Owned;
use super::config::Config;
use super::fields::Fields;
use super::handler;
use super::names::{Names, legal, section};
use crate::engine::design::{Assignor, AutoOffsetReset, BrokerConfig, Budget, ConsumerConfig, Group, Target};

/// Of all groups together, with those that the timeline adds.
pub const MAX_MEMBERS: u64 = 1_000;

pub fn read(problems: &Problems, node: Option<&Node>, names: &mut Names, targets: &[Target], owned: &mut Vec<Owned>) -> Vec<Group> {
    let entries = section(problems, node, "groups");
    let groups: Vec<Group> = entries.iter().map(|entry| group(problems, entry, names, targets, owned)).collect();
    let members: u64 = groups.iter().map(|group| u64::from(group.members)).sum();
    if members > MAX_MEMBERS {
        let message = format!("the groups have {members} members together; the limit is {MAX_MEMBERS}");
        problems.error(entries[0].key_span, message, "make them fewer");
    }
    groups
}

fn group(problems: &Problems, entry: &Entry, names: &mut Names, targets: &[Target], owned: &mut Vec<Owned>) -> Group {
    let what = format!("group {}", entry.key);
    legal(problems, "group", &entry.key, entry.key_span);
    let fields = Fields::open(problems, &entry.node, &GROUP, &what);
    let fields = fields.as_ref();
    let config = Config::read(problems, fields.and_then(|fields| fields.get("config")), Scope::Consumer, &what);
    let mut topics = Vec::new();
    for (name, span) in fields.map(|fields| fields.words("topics")).unwrap_or_default() {
        if let Some(topic) = names.topic(problems, &name, span) {
            if topics.contains(&topic) {
                problems.error(span, format!("{what} reads {name} twice"), "keep one of them");
            }
            topics.push(topic);
        }
    }
    if let Some(node) = fields.and_then(|fields| fields.get("topics"))
        && node.list().is_some_and(<[Node]>::is_empty)
    {
        problems.error(node.span, format!("{what} reads no topic"), suggest("", names.topics.iter().map(String::as_str)));
    }
    if let Some(span) = config.explicit("group.id")
        && config.text("group.id") != entry.key
    {
        problems.error(
            span,
            format!("the group.id of {what} is its name in the file"),
            format!("take it away, or write group.id: {}", entry.key),
        );
    }
    if let Some(fields) = fields {
        owned.extend(Owned::read(fields, "group", &entry.key));
    }
    let members = fields.and_then(|fields| fields.count("members", 0, MAX_MEMBERS));
    // When the number is wrong, nobody can say which members there are: one error is enough.
    names.members.push(members.map_or(u32::MAX, |members| members as u32));
    let handler = handler::read(problems, fields, &what, &config, names, targets);
    Group {
        name: entry.key.clone(),
        topics,
        members: members.unwrap_or(1) as u32,
        config: consumer_config(problems, &config, &what),
        handler,
        budget: fields.and_then(|fields| budget(problems, fields.get("budget")?, &what)).unwrap_or_default(),
    }
}

fn budget(problems: &Problems, node: &Node, what: &str) -> Option<Budget> {
    let fields = Fields::open(problems, node, &BUDGET, format!("budget of {what}"))?;
    Some(Budget { records: fields.count("records", 1, u64::MAX), age: fields.duration("age"), drain: fields.duration("drain") })
}

fn consumer_config(problems: &Problems, config: &Config, what: &str) -> ConsumerConfig {
    if let Some(span) = config.explicit("group.protocol")
        && !config.text("group.protocol").eq_ignore_ascii_case("classic")
    {
        problems.error(
            span,
            format!("`group.protocol: {}` of {what} is not built yet", shorten(&config.text("group.protocol"))),
            "write group.protocol: classic",
        );
    }
    if let Some(span) = config.explicit("group.instance.id") {
        problems.note(span, format!("each member of {what} gets a group.instance.id of its own"), "it becomes <group>-<member>");
    }
    ConsumerConfig {
        assignors: assignors(config),
        max_poll_records: config.int("max.poll.records") as u32,
        max_poll_interval: config.millis("max.poll.interval.ms"),
        session_timeout: config.millis("session.timeout.ms"),
        heartbeat_interval: config.millis("heartbeat.interval.ms"),
        fetch_min_bytes: config.int("fetch.min.bytes") as u32,
        fetch_max_wait: config.millis("fetch.max.wait.ms"),
        fetch_max_bytes: config.int("fetch.max.bytes") as u32,
        max_partition_fetch_bytes: config.int("max.partition.fetch.bytes") as u32,
        auto_offset_reset: kafka_config::auto_offset_reset(&config.text("auto.offset.reset")).unwrap_or(AutoOffsetReset::Latest),
        auto_commit_interval: config.millis("auto.commit.interval.ms"),
        static_membership: config.explicit("group.instance.id").is_some(),
    }
}

/// A group coordinator refuses a session timeout outside of its bounds.
pub fn check_sessions(problems: &Problems, node: Option<&Node>, groups: &[Group], broker: &BrokerConfig) {
    for group in groups {
        let (least, most) = (broker.group_min_session_timeout, broker.group_max_session_timeout);
        let timeout = group.config.session_timeout;
        if timeout < least || timeout > most {
            let node = node.and_then(|node| node.get(&group.name));
            let setting = node.and_then(|node| node.get("config")?.get("session.timeout.ms")).or(node);
            let message = format!("the session timeout of group {} is {timeout}; its coordinator takes {least} to {most}", group.name);
            problems.error(
                setting.map(|node| node.span).unwrap_or_default(),
                message,
                "or change group.min.session.timeout.ms of cluster.config",
            );
        }
    }
}

/// The table has checked the names.
fn assignors(config: &Config) -> Vec<Assignor> {
    let mut found = Vec::new();
    for assignor in config.list("partition.assignment.strategy").iter().filter_map(|name| kafka_config::assignor(name)) {
        if !found.contains(&assignor) {
            found.push(assignor);
        }
    }
    found
}
