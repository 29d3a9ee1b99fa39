//! What can be asked of each metric: its labels, its aggregates, the unit of the number beside it.

use super::super::units::{self, Wrong};
use crate::engine::observe::condition::Aggregate;
use crate::engine::observe::metric::Metric;

/// The labels by which a metric is told apart.
pub fn labels_of(metric: Metric) -> &'static [&'static str] {
    match metric {
        Metric::Lag
        | Metric::PositionLag
        | Metric::LagAge
        | Metric::UnreadAge
        | Metric::TimeToDrain
        | Metric::Consumed
        | Metric::ThroughputOut
        | Metric::Status => &["group", "topic", "partition"],
        Metric::Produced | Metric::ThroughputIn => &["topic", "partition"],
        Metric::Sent | Metric::Top10Share | Metric::ProducerErrors => &["producer", "topic"],
        Metric::RequestLatency | Metric::Requests => &["kind"],
        Metric::Busy => &["group", "member"],
        Metric::EndToEndLatency
        | Metric::UnownedTime
        | Metric::GroupStopTime
        | Metric::Rebalances
        | Metric::RebalancePause
        | Metric::CommitsRefused
        | Metric::RecordsLost
        | Metric::RecordsSkipped
        | Metric::RecordsExpired
        | Metric::DuplicatesDelivered
        | Metric::OrderViolations
        | Metric::BytesOut
        | Metric::Members
        | Metric::IdleMembers => &["group"],
        Metric::ProcessingLatency => &["group", "step"],
        Metric::EffectsRepeated | Metric::EffectsMissing => &["group", "effect"],
        Metric::Skew | Metric::BytesIn => &["topic"],
        // Not built: no label can be asked for.
        Metric::EffectsPhantom
        | Metric::Retries
        | Metric::DeadLetters
        | Metric::DecodeErrors
        | Metric::SchemaRejections
        | Metric::StateError
        | Metric::StaleReads
        | Metric::RelayLag
        | Metric::RelayFailures
        | Metric::Divergence
        | Metric::UnderReplicated
        | Metric::IsrShrinks
        | Metric::OfflinePartitions
        | Metric::BytesUseful
        | Metric::CatchUpTime
        | Metric::Alerts => &[],
    }
}

pub const AGGREGATES: &[(&str, Aggregate)] = &[
    ("min", Aggregate::Min),
    ("max", Aggregate::Max),
    ("mean", Aggregate::Mean),
    ("last", Aggregate::Last),
    ("p50", Aggregate::P50),
    ("p90", Aggregate::P90),
    ("p95", Aggregate::P95),
    ("p99", Aggregate::P99),
    ("p99.9", Aggregate::P999),
];

/// A number in the unit of what it stands beside: `2s` beside a latency is 2 000.
pub fn number(text: &str, unit: &str) -> Result<f64, Wrong> {
    let bare = units::number(text);
    match unit {
        "ms" | "s" => {
            let scale = if unit == "ms" { 1e6 } else { 1e9 };
            match (text, &bare) {
                ("0", _) => Ok(0.0),
                ("never", _) => Ok(f64::INFINITY),
                (_, Ok(_)) => {
                    Err(Wrong { message: format!("`{text}` has no unit, and this is a time"), help: format!("write {text}ms or {text}s") })
                }
                (_, Err(_)) => units::duration(text).map(|time| time.0 as f64 / scale),
            }
        }
        "share" | "" => bare.or_else(|wrong| if text.ends_with('%') { units::percent(text) } else { Err(wrong) }),
        "records/s" => bare.or_else(|_| units::rate(text)),
        "bytes" => bare.or_else(|_| units::size(text).map(|bytes| bytes as f64)),
        _ => bare,
    }
}
