//! Keys and their partitions: `murmur2` of the Java client.

use super::Disagreement;
use laglab::engine::client::producer::murmur2::{murmur2, to_positive};
use laglab::engine::client::producer::partitioner::partition_for_key;
use serde_json::{Value, json};

pub fn check(file: &Value) -> Vec<Disagreement> {
    let vectors = file["vectors"].as_array().expect("a file has vectors");
    vectors.iter().enumerate().filter_map(|(index, vector)| check_one(index, vector)).collect()
}

fn check_one(index: usize, vector: &Value) -> Option<Disagreement> {
    let key = bytes(vector["key_hex"].as_str().expect("key_hex is text"));
    let hash = murmur2(&key);
    let counts = vector["partition"].as_object().expect("partition is a table by count");
    let partitions: serde_json::Map<String, Value> = counts
        .keys()
        .map(|count| {
            let number = count.parse().expect("a count of partitions is a number");
            (count.clone(), json!(partition_for_key(&key, number)))
        })
        .collect();
    let got = json!({ "murmur2_i32": hash, "murmur2_u32": hash as u32, "positive": to_positive(hash), "partition": partitions });
    let expected = json!({
        "murmur2_i32": vector["murmur2_i32"], "murmur2_u32": vector["murmur2_u32"],
        "positive": vector["positive"], "partition": vector["partition"],
    });
    let name = format!("{} (key {})", vector["index"].as_u64().unwrap_or(index as u64), vector["key_hex"]);
    (got != expected).then(|| Disagreement::new(name, expected.to_string(), got.to_string()))
}

fn bytes(hex: &str) -> Vec<u8> {
    assert!(hex.len().is_multiple_of(2), "hex digits come in pairs: {hex}");
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex digits")).collect()
}
