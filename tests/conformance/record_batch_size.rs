//! Sizes of records and batches, beside those of `MemoryRecords` (vectors/record_batch_size.json).

use crate::Disagreement;
use laglab::engine::log::record_batch::{BatchSize, size_of_headers};
use serde_json::Value;

pub fn check(file: &Value) -> Vec<Disagreement> {
    let vectors = file["vectors"].as_array().expect("a list of vectors");
    vectors.iter().flat_map(check_batch).collect()
}

fn check_batch(vector: &Value) -> Option<Disagreement> {
    let mut batch = BatchSize::EMPTY;
    let mut record_bytes = Vec::new();
    for record in vector["records"].as_array().expect("a batch has records") {
        let headers: Vec<(u32, Option<u32>)> = record["headers"]
            .as_array()
            .expect("a list of headers")
            .iter()
            .map(|header| (length(&header[0]).expect("a header has a name"), length(&header[1])))
            .collect();
        let timestamp = record["timestamp_delta"].as_i64().expect("a time");
        record_bytes.push(batch.add(timestamp, length(&record["key_len"]), length(&record["value_len"]), size_of_headers(&headers)));
    }
    let got = format!("{} bytes, records {record_bytes:?}", batch.bytes);
    let expected: Vec<u32> = serde_json::from_value(vector["record_bytes"].clone()).expect("sizes of records");
    let expected = format!("{} bytes, records {expected:?}", vector["batch_bytes"]);
    (got != expected).then(|| Disagreement::new(vector["index"].to_string(), expected, got))
}

/// A length in bytes; null is absent.
fn length(value: &Value) -> Option<u32> {
    value.as_u64().map(|length| u32::try_from(length).expect("a length of 32 bits"))
}
