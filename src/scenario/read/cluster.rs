//! `cluster:` — brokers, network, what work costs, broker settings.

use super::super::format::{CLUSTER, COSTS, NETWORK};
use super::super::kafka_config::Scope;
use super::super::problem::Problems;
use super::super::tree::{Node, Value, shorten};
use super::super::units::{self, Wrong};
use super::config::Config;
use super::fields::{Fields, read_scalar};
use crate::engine::design::{BrokerConfig, Cluster, Costs, Network};
use crate::engine::random::Distribution;
use crate::engine::time::Duration;

pub const MAX_BROKERS: u64 = 100;

/// What a broker's work costs when the file does not say: a current server, its log on an SSD, a network of 10 Gbit/s.
pub const DEFAULT_COSTS: Costs = Costs {
    request: Duration::from_micros(40),
    partition: Duration::from_micros(3),
    record: Duration::ZERO,
    byte_picos: 500,
    network_bytes_per_sec: 1 << 30,
    disk_bytes_per_sec: 500 << 20,
    compression: true,
};

pub const ZERO_COSTS: Costs = Costs {
    request: Duration::ZERO,
    partition: Duration::ZERO,
    record: Duration::ZERO,
    byte_picos: 0,
    network_bytes_per_sec: 0,
    disk_bytes_per_sec: 0,
    compression: false,
};

/// The cluster, and the broker settings that topics inherit.
pub fn read(problems: &Problems, node: Option<&Node>) -> (Cluster, Config) {
    let fields = node.and_then(|node| Fields::open(problems, node, &CLUSTER, "cluster"));
    let config = Config::read(problems, fields.as_ref().and_then(|fields| fields.get("config")), Scope::Broker, "the brokers");
    let network = fields.as_ref().and_then(|fields| Fields::open(problems, fields.get("network")?, &NETWORK, "network"));
    let cluster = Cluster {
        brokers: fields.as_ref().and_then(|fields| fields.count("brokers", 1, MAX_BROKERS)).unwrap_or(1) as u32,
        network: Network {
            latency: network.as_ref().and_then(|network| network.time("latency")).unwrap_or(Distribution::Constant(500_000)),
            jitter: network.as_ref().and_then(|network| network.duration("jitter")).unwrap_or(Duration::ZERO),
        },
        costs: fields.as_ref().and_then(|fields| fields.get("costs")).and_then(|node| costs(problems, node)).unwrap_or(DEFAULT_COSTS),
        config: BrokerConfig {
            num_io_threads: config.int("num.io.threads") as u32,
            group_initial_rebalance_delay: config.millis("group.initial.rebalance.delay.ms"),
            group_min_session_timeout: config.millis("group.min.session.timeout.ms"),
            group_max_session_timeout: config.millis("group.max.session.timeout.ms"),
            group_max_size: config.int("group.max.size") as u32,
            log_initial_task_delay: config.millis("log.initial.task.delay.ms"),
            log_retention_check_interval: config.millis("log.retention.check.interval.ms"),
            offsets_topic_num_partitions: config.int("offsets.topic.num.partitions") as u32,
        },
    };
    (cluster, config)
}

fn costs(problems: &Problems, node: &Node) -> Option<Costs> {
    if let Value::Scalar { text, .. } = &node.value {
        return match text.as_str() {
            "default" => Some(DEFAULT_COSTS),
            "zero" => Some(ZERO_COSTS),
            other => {
                problems.error(
                    node.span,
                    format!("`costs` of cluster cannot be `{}`", shorten(other)),
                    "write default, zero, or { request: 40us, … }",
                );
                None
            }
        };
    }
    let fields = Fields::open(problems, node, &COSTS, "costs")?;
    let per_second = |key: &str, default: u64| {
        let read = |text: &str| match text {
            "unlimited" => Ok(0),
            _ => match text.strip_suffix("/s").map(units::size) {
                Some(Ok(0)) | None => Err(Wrong {
                    message: format!("`{}` is not a speed", shorten(text)),
                    help: "write bytes a second such as 500MiB/s, or unlimited".into(),
                }),
                Some(size) => size,
            },
        };
        fields.get(key).and_then(|node| read_scalar(problems, node, &format!("`{key}` of costs"), read)).unwrap_or(default)
    };
    // A byte costs less than the smallest time of the engine, so picoseconds are allowed here.
    let picos = |text: &str| {
        let wrong = || Wrong { message: format!("`{}` is not the time of a byte", shorten(text)), help: "write 500ps or 0.5ns".into() };
        let (number, scale) = match (text.strip_suffix("ps"), text.strip_suffix("ns")) {
            (Some(number), _) => (number, 1.0),
            (None, Some(number)) => (number, 1_000.0),
            (None, None) => return Err(wrong()),
        };
        let picos = units::number(number.trim()).map_err(|_| wrong())? * scale;
        if (0.0..=1e9).contains(&picos) { Ok(picos as u64) } else { Err(wrong()) }
    };
    Some(Costs {
        request: fields.duration("request").unwrap_or(DEFAULT_COSTS.request),
        partition: fields.duration("partition").unwrap_or(DEFAULT_COSTS.partition),
        record: fields.duration("record").unwrap_or(DEFAULT_COSTS.record),
        byte_picos: fields
            .get("byte")
            .and_then(|node| read_scalar(problems, node, "`byte` of costs", picos))
            .unwrap_or(DEFAULT_COSTS.byte_picos),
        network_bytes_per_sec: per_second("network", DEFAULT_COSTS.network_bytes_per_sec),
        disk_bytes_per_sec: per_second("disk", DEFAULT_COSTS.disk_bytes_per_sec),
        compression: fields.bool("compression").unwrap_or(DEFAULT_COSTS.compression),
    })
}
