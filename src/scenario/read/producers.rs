//! `producers:` — rates, keys, lives, values, settings.

use super::super::format::{FROM, HOT, KEY, LIFE, PRODUCER, RATE, SHARE_OF_KEYS, STAGE, VALUE, ZIPF};
use super::super::kafka_config::{Scope, is_idempotent};
use super::super::problem::Problems;
use super::super::tree::{Entry, Node, Span, Value};
use super::super::units;
use super::config::Config;
use super::draw;
use super::fields::{Fields, mapping, read_scalar};
use super::names::{Names, legal, section};
use crate::engine::design::{
    Acks, Arrivals, Compression, Entity, Key, KeyDistribution, Life, Producer, ProducerConfig, RateCurve, SendKey,
};
use crate::engine::id::TopicId;
use crate::engine::random::Distribution;
use crate::engine::time::{Duration, Instant};

pub const MAX_INSTANCES: u64 = 1_000;
/// Keys of one producer.
pub const MAX_KEYS: u64 = 1_000_000;
/// Records a second of one producer.
pub const MAX_RATE: f64 = 10_000_000.0;

pub fn read(problems: &Problems, node: Option<&Node>, names: &Names) -> Vec<Producer> {
    section(problems, node, "producers").iter().map(|entry| producer(problems, entry, names)).collect()
}

fn producer(problems: &Problems, entry: &Entry, names: &Names) -> Producer {
    let what = format!("producer {}", entry.key);
    legal(problems, "producer", &entry.key, entry.key_span);
    let fields = Fields::open(problems, &entry.node, &PRODUCER, &what);
    let fields = fields.as_ref();
    let config = Config::read(problems, fields.and_then(|fields| fields.get("config")), Scope::Producer, &what);
    let topic = fields.and_then(|fields| names.topic(problems, &fields.text("topic")?, fields.get("topic")?.span));
    let key = fields.and_then(|fields| fields.get("key")).and_then(|node| key(problems, node, &what));
    let key = key.unwrap_or(Key { entity: None, send: SendKey::Null });
    let life = fields.and_then(|fields| fields.get("life")).and_then(|node| life(problems, node, &what));
    if life.is_some() && key.entity.is_none() {
        let span = fields.and_then(|fields| fields.key_span("life")).unwrap_or_default();
        problems.error(
            span,
            format!("{what}: a life needs an entity"),
            "add key: { field: …, from: … }, with `send: none` for a record without key",
        );
    }
    let value = fields.and_then(|fields| Fields::open(problems, fields.get("value")?, &VALUE, format!("value of {what}")));
    Producer {
        name: entry.key.clone(),
        topic: topic.unwrap_or(TopicId(0)),
        instances: fields.and_then(|fields| fields.count("instances", 1, MAX_INSTANCES)).unwrap_or(1) as u32,
        rate: fields.and_then(|fields| rate(problems, fields.get("rate")?, &what)).unwrap_or(RateCurve { points: Vec::new() }),
        arrivals: match fields.and_then(|fields| fields.one_of("arrivals", &["poisson", "constant"])) {
            Some("constant") => Arrivals::Constant,
            Some(_) | None => Arrivals::Poisson,
        },
        key,
        life,
        value_size: value
            .and_then(|value| draw::size(problems, value.get("size")?, &format!("size of the value of {what}")))
            .unwrap_or(Distribution::Constant(100)),
        config: producer_config(problems, &config),
    }
}

/// `500/s`, or straight lines.
fn rate(problems: &Problems, node: &Node, what: &str) -> Option<RateCurve> {
    let what = format!("rate of {what}");
    if node.scalar().is_some() {
        let rate = bounded(problems, node.span, read_scalar(problems, node, &what, units::rate)?)?;
        return Some(RateCurve { points: vec![(Instant::ZERO, rate)] });
    }
    let fields = Fields::open(problems, node, &RATE, &what)?;
    let start = fields.rate("start").and_then(|rate| bounded(problems, fields.span, rate));
    let mut points = vec![(Instant::ZERO, start.unwrap_or(0.0))];
    let mut now = Instant::ZERO;
    for (place, stage) in fields.list("stages").unwrap_or_default().iter().enumerate() {
        let Some(stage_fields) = Fields::open(problems, stage, &STAGE, format!("stage {place} of the {what}")) else { continue };
        let to = stage_fields.rate("to").and_then(|rate| bounded(problems, stage.span, rate));
        now += stage_fields.duration("over").unwrap_or(Duration::ZERO);
        points.push((now, to.unwrap_or(0.0)));
    }
    Some(RateCurve { points })
}

pub fn bounded(problems: &Problems, span: Span, rate: f64) -> Option<f64> {
    if rate > MAX_RATE {
        problems.error(span, format!("{rate} records a second are more than the limit of {MAX_RATE}"), "write at most 10000000/s");
        return None;
    }
    Some(rate)
}

fn key(problems: &Problems, node: &Node, what: &str) -> Option<Key> {
    if let Value::Scalar { text, .. } = &node.value {
        if text != "none" {
            problems.error(
                node.span,
                format!("key of {what} cannot be {}", node.kind()),
                "write none, or { field: NAME, from: { uniform: { keys: 100 } } }",
            );
        }
        return Some(Key { entity: None, send: SendKey::Null });
    }
    let what = format!("key of {what}");
    let fields = Fields::open(problems, node, &KEY, &what)?;
    let from = fields.get("from").and_then(|node| from(problems, node, &what));
    let hot = fields.get("hot").and_then(|node| {
        let hot = Fields::open(problems, node, &HOT, format!("hot {what}"))?;
        let share = hot.percent("share");
        if share.is_some_and(|share| share > 1.0) {
            problems.error(node.span, format!("the hot {what} has more than all"), "write a share of at most 100%");
        }
        Some((share?, hot.text("key")?))
    });
    let salt = fields.count("salt", 2, 10_000);
    let send = match (fields.one_of("send", &["key", "none"]), salt) {
        (Some("none"), Some(_)) => {
            let span = fields.get("salt").map_or(node.span, |salt| salt.span);
            problems.error(span, format!("{what} is not sent, so it has no salt"), "take salt or `send: none` away");
            SendKey::Null
        }
        (Some("none"), None) => SendKey::Null,
        (_, Some(salt)) => SendKey::Salted(salt as u32),
        (_, None) => SendKey::Entity,
    };
    Some(Key { entity: Some(Entity { field: fields.text("field")?, from: from?, hot }), send })
}

fn from(problems: &Problems, node: &Node, what: &str) -> Option<KeyDistribution> {
    let help = "write { uniform: { keys: N } }, { zipf: { keys: N, exponent: S } } or { weighted: { acme: 30, globex: 10 } }";
    let fields = Fields::open(problems, node, &FROM, format!("`from` of the {what}"))?;
    if node.map().is_some_and(|entries| entries.len() != 1) {
        problems.error(node.span, format!("`from` of the {what} needs one way to draw"), help);
        return None;
    }
    if let Some(node) = fields.get("uniform") {
        let uniform = Fields::open(problems, node, &SHARE_OF_KEYS, "uniform")?;
        return Some(KeyDistribution::Uniform { keys: uniform.count("keys", 1, MAX_KEYS)? as u32 });
    }
    if let Some(node) = fields.get("zipf") {
        let zipf = Fields::open(problems, node, &ZIPF, "zipf")?;
        let (keys, exponent) = (zipf.count("keys", 1, MAX_KEYS), zipf.number("exponent"));
        if let Some(exponent) = exponent
            && !(0.0..=10.0).contains(&exponent)
        {
            problems.error(
                zipf.get("exponent")?.span,
                format!("an exponent of {exponent} is out of bounds"),
                "write a number from 0 to 10",
            );
            return None;
        }
        return Some(KeyDistribution::Zipf { keys: keys? as u32, exponent: exponent? });
    }
    let node = fields.get("weighted")?;
    let entries = mapping(problems, node, "`weighted`")?;
    let mut weights = Vec::new();
    for entry in entries {
        if let Some(weight) = read_scalar(problems, &entry.node, &format!("weight of {}", entry.key), units::number) {
            if weight < 0.0 {
                problems.error(entry.node.span, format!("the weight of {} is below zero", entry.key), "write a number from 0 up");
            }
            weights.push((entry.key.clone(), weight));
        }
    }
    if weights.iter().map(|(_, weight)| weight).sum::<f64>() <= 0.0 {
        problems.error(node.span, "the weights add up to nothing", "write { acme: 30, globex: 10 }");
        return None;
    }
    Some(KeyDistribution::Weighted(weights))
}

fn life(problems: &Problems, node: &Node, what: &str) -> Option<Life> {
    let fields = Fields::open(problems, node, &LIFE, format!("life of {what}"))?;
    let types: Vec<String> = fields.words("types").into_iter().map(|(word, _)| word).collect();
    if !(2..=100).contains(&types.len()) {
        problems.error(node.span, format!("the life of {what} has {} types", types.len()), "write from 2 to 100 types, in order");
        return None;
    }
    Some(Life { types, gap: fields.duration("gap")? })
}

fn producer_config(problems: &Problems, config: &Config) -> ProducerConfig {
    let acks = match config.text("acks").as_str() {
        "0" => Acks::None,
        "1" => Acks::Leader,
        _ => Acks::All,
    };
    let in_flight = config.int("max.in.flight.requests.per.connection");
    let idempotent = is_idempotent(&config.pairs());
    if config.explicit("enable.idempotence").is_none()
        && !idempotent
        && let Some(span) = config.explicit("acks").or(config.explicit("retries"))
    {
        problems.note(span, "this switches enable.idempotence off, without a word from Kafka", "write enable.idempotence: false to say so");
    }
    ProducerConfig {
        acks,
        batch_size: config.int("batch.size") as u32,
        linger: config.millis("linger.ms"),
        max_in_flight: in_flight as u32,
        max_request_size: config.int("max.request.size") as u32,
        compression: match config.text("compression.type").as_str() {
            "gzip" => Compression::Gzip,
            "snappy" => Compression::Snappy,
            "lz4" => Compression::Lz4,
            "zstd" => Compression::Zstd,
            _ => Compression::None,
        },
        adaptive_partitioning: config.bool("partitioner.adaptive.partitioning.enable"),
        ignore_keys: config.bool("partitioner.ignore.keys"),
        enable_idempotence: idempotent,
    }
}
