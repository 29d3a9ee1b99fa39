//! `topics:` — partitions and settings; what a topic does not say, its brokers say.

use super::super::format::TOPIC;
use super::super::kafka_config::Scope;
use super::super::problem::Problems;
use super::super::tree::{Entry, Node};
use super::Owned;
use super::config::Config;
use super::fields::Fields;
use super::names::{legal, section};
use crate::engine::design::{Topic, TopicConfig};
use crate::engine::time::Duration;

/// Of all topics together.
pub const MAX_PARTITIONS: u64 = 10_000;

pub fn read(problems: &Problems, node: Option<&Node>, brokers: u32, broker: &Config, owned: &mut Vec<Owned>) -> Vec<Topic> {
    let Some(node) = node else { return Vec::new() };
    let entries = section(problems, Some(node), "topics");
    if node.map().is_some_and(<[Entry]>::is_empty) {
        problems.error(node.span, "there are no topics", "write `topics: { orders: { partitions: 6 } }`");
    }
    let topics: Vec<Topic> = entries.iter().map(|entry| topic(problems, entry, brokers, broker, owned)).collect();
    let partitions: u64 = topics.iter().map(|topic| u64::from(topic.partitions)).sum();
    if partitions > MAX_PARTITIONS {
        let message = format!("the topics have {partitions} partitions together; the limit is {MAX_PARTITIONS}");
        problems.error(entries[0].key_span, message, "make them fewer");
    }
    topics
}

fn topic(problems: &Problems, entry: &Entry, brokers: u32, broker: &Config, owned: &mut Vec<Owned>) -> Topic {
    let what = format!("topic {}", entry.key);
    legal(problems, "topic", &entry.key, entry.key_span);
    let fields = Fields::open(problems, &entry.node, &TOPIC, &what);
    let config = Config::read(problems, fields.as_ref().and_then(|fields| fields.get("config")), Scope::Topic, &what);
    let mut partitions = broker.int("num.partitions").max(1) as u64;
    if let Some(fields) = &fields {
        partitions = fields.count("partitions", 1, MAX_PARTITIONS).unwrap_or(partitions);
        let replicas = fields.count("replicas", 1, 1_000).unwrap_or(1);
        let replicas_span = fields.get("replicas").map_or(entry.key_span, |node| node.span);
        if replicas > u64::from(brokers) {
            let has = if brokers == 1 { "1 broker".to_owned() } else { format!("{brokers} brokers") };
            let message = format!("{} asks for {replicas} replicas, but the cluster has {has}", entry.key);
            problems.error(replicas_span, message, "replicas are not built yet: write replicas: 1");
        } else if replicas > 1 {
            problems.error(replicas_span, format!("`replicas: {replicas}` of {what} is not built yet"), "write replicas: 1");
        } else {
            for (config, name) in [(&config, "min.insync.replicas"), (broker, "min.insync.replicas")] {
                if let Some(span) = config.explicit(name)
                    && config.int(name) > 1
                {
                    let message = format!("{what} has 1 replica, so {} in sync are never reached", config.int(name));
                    problems.error(span, message, "write min.insync.replicas: 1");
                    break;
                }
            }
        }
        owned.extend(Owned::read(fields, "topic", &entry.key));
    }
    Topic { name: entry.key.clone(), partitions: partitions as u32, config: topic_config(&config, broker) }
}

/// The topic's own word, then the brokers', then Kafka's default.
fn topic_config(config: &Config, broker: &Config) -> TopicConfig {
    let int = |own: &str, inherited: &[(&str, i64)]| -> i64 {
        if config.explicit(own).is_some() {
            return config.int(own);
        }
        let broker_says = inherited.iter().find(|(name, _)| broker.explicit(name).is_some());
        broker_says.map_or(config.int(own), |(name, unit)| match broker.int(name) {
            forever @ ..=-1 => forever,
            number => number.saturating_mul(*unit),
        })
    };
    let retention = int("retention.ms", &[("log.retention.ms", 1), ("log.retention.minutes", 60_000), ("log.retention.hours", 3_600_000)]);
    let retention_bytes = int("retention.bytes", &[("log.retention.bytes", 1)]);
    let timestamps = if config.explicit("message.timestamp.type").is_none() && broker.explicit("log.message.timestamp.type").is_some() {
        broker.text("log.message.timestamp.type")
    } else {
        config.text("message.timestamp.type")
    };
    TopicConfig {
        segment_bytes: int("segment.bytes", &[("log.segment.bytes", 1)]) as u64,
        segment_ms: millis(int("segment.ms", &[("log.roll.ms", 1), ("log.roll.hours", 3_600_000)])),
        retention_ms: if retention < 0 { Duration::MAX } else { millis(retention) },
        retention_bytes: u64::try_from(retention_bytes).ok(),
        max_message_bytes: int("max.message.bytes", &[("message.max.bytes", 1)]) as u32,
        log_append_time: timestamps == "LogAppendTime",
    }
}

/// Kafka's settings reach beyond what a `u64` of nanoseconds holds: that is longer than any run.
fn millis(ms: i64) -> Duration {
    Duration(u64::try_from(ms).unwrap_or(0).saturating_mul(1_000_000))
}
