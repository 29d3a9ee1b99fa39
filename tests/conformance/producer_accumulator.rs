//! Batching step by step: appends, readiness and drains of Kafka's `RecordAccumulator` with its sticky partitioner.

use super::Disagreement;
use laglab::engine::client::producer::accumulator::{AccumulatorConfig, BUFFER_MEMORY, RecordAccumulator};
use laglab::engine::client::producer::batch::Record;
use laglab::engine::client::producer::metadata::Metadata;
use laglab::engine::client::producer::partitioner::PartitionDraws;
use laglab::engine::design::Compression;
use laglab::engine::id::ProducerId;
use laglab::engine::log::record_batch::size_of_bytes;
use laglab::engine::time::{Duration, Instant};
use serde_json::{Value, json};
use std::sync::Arc;

pub fn check(file: &Value) -> Vec<Disagreement> {
    file["vectors"].as_array().expect("a file has vectors").iter().filter_map(check_one).collect()
}

/// The first step at which they differ; what follows it would only follow from it.
fn check_one(vector: &Value) -> Option<Disagreement> {
    let mut accumulator = build(vector);
    let mut now = 0;
    for (number, step) in vector["steps"].as_array().expect("a vector has steps").iter().enumerate() {
        let op = &step["op"];
        now = op["at"].as_u64().unwrap_or(now);
        let mut got = perform(&mut accumulator, op, Instant::from_millis(now), step);
        got["op"] = op.clone();
        got["now"] = json!(now);
        if got != *step {
            let name = format!("{} step {number} ({op})", vector["id"].as_str().unwrap_or("?"));
            return Some(Disagreement::new(name, step.to_string(), got.to_string()));
        }
    }
    None
}

fn build(vector: &Value) -> RecordAccumulator {
    let number = |name: &str| vector[name].as_u64();
    let partitions = number("partitions").expect("partitions is a number") as u32;
    let nodes = number("nodes").unwrap_or(1) as u32;
    let list = |name: &str| -> Vec<u32> {
        vector[name].as_array().map_or_else(Vec::new, |list| list.iter().map(|p| p.as_u64().expect("a partition") as u32).collect())
    };
    let without = list("no_leader");
    let leaders = (0..partitions).map(|p| (!without.contains(&p)).then_some(p % nodes)).collect();
    let metadata = Metadata::in_order(&list("all_partitions_order"), leaders);
    let available: Vec<u32> = (0..metadata.available_count()).map(|place| metadata.available(place)).collect();
    assert_eq!(available, list("available_partitions_order"), "the available partitions are those with a leader");
    let config = AccumulatorConfig {
        producer: ProducerId(0),
        batch_size: number("batch_size").expect("batch_size is a number") as u32,
        linger: Duration::from_millis(number("linger_ms").expect("linger_ms is a number")),
        buffer_memory: number("buffer_memory").unwrap_or(BUFFER_MEMORY),
        compression: Compression::None,
        adaptive_partitioning: false,
        fixed_value_size: None,
        with_types: false,
    };
    RecordAccumulator::new(config, Arc::new(metadata), PartitionDraws::Counting(0))
}

fn perform(accumulator: &mut RecordAccumulator, op: &Value, now: Instant, step: &Value) -> Value {
    match op["op"].as_str().expect("a step has an op") {
        "append" => {
            let partition = op["partition"].as_u64().map(|partition| partition as u32);
            let value_size = op["value_size"].as_u64().expect("value_size is a number") as u32;
            let record = Record { time: now, key: u32::MAX, key_size: size_of_bytes(None), value_size, kind: 0 };
            let results: Vec<Value> = (0..op["count"].as_u64().unwrap_or(1))
                .map(|_| match accumulator.append(now, partition, &record) {
                    Ok(result) => json!({
                        "partition": result.partition, "new_batch": result.new_batch_created,
                        "batch_is_full": result.batch_is_full, "appended_bytes_for_sticky": result.appended_bytes,
                    }),
                    Err(_) => json!({ "error": "BufferExhaustedException" }),
                })
                .collect();
            json!({ "results": results })
        }
        "ready" => {
            let mut nodes = Vec::new();
            let next = accumulator.ready(now, &mut nodes);
            // The original says when to look again only where it saw something that is not ready yet; where a node is
            // ready it may have, depending on the order of its map, and a new look is due anyway.
            let mut got = json!({ "ready_nodes": nodes });
            if step.get("next_check_ms").is_some() || (nodes.is_empty() && next != Instant::MAX) {
                got["next_check_ms"] = json!(next.since(now).as_millis());
            }
            got
        }
        "flush" => {
            accumulator.begin_flush();
            json!({})
        }
        "drain" => {
            let max_request_size = op["max_request_size"].as_u64().unwrap_or(1_048_576) as u32;
            let mut nodes = Vec::new();
            accumulator.ready(now, &mut nodes);
            let mut batches = Vec::new();
            for node in nodes {
                let data = accumulator.drain(node, max_request_size);
                batches.extend(data.batches.iter().map(|batch| {
                    assert_eq!(data.batch(batch).keys.len(), batch.count as usize, "the columns are as long as the batch");
                    json!({
                        "node": node, "partition": batch.partition, "records": batch.count,
                        "bytes": batch.bytes, "created_at": batch.created.as_millis(),
                    })
                }));
            }
            json!({ "batches": batches })
        }
        other => panic!("an op that this test does not know: {other}"),
    }
}
