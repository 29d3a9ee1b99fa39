//! Answers of real implementations (Kafka 4.3.0 and others), checked one by one against the engine's own components.
//! `LAGLAB_VECTORS=DIR cargo test --test conformance` runs a folder of other files of the same form.
//!
//! A file whose part of the engine does not exist yet is reported as not built; a file with an unknown name is an error.

mod assignor_sequences;
mod assignors;
mod burrow_lag_evaluation;
mod defaults;
mod group_classic;
mod log_retention_segments;
mod murmur2;
mod producer_accumulator;
mod record_batch_size;

use serde_json::Value;
use std::path::{Path, PathBuf};

/// A vector on which engine and original differ.
pub struct Disagreement {
    /// Its id, or its index in the file, and the step within it.
    pub vector: String,
    pub expected: String,
    pub got: String,
}

impl Disagreement {
    pub fn new(vector: impl Into<String>, expected: impl Into<String>, got: impl Into<String>) -> Self {
        Disagreement { vector: vector.into(), expected: expected.into(), got: got.into() }
    }
}

/// Checks all vectors of one file and returns where they disagree.
type Check = fn(&Value) -> Vec<Disagreement>;

enum Part {
    Built(Check),
    NotBuilt,
}
use Part::{Built, NotBuilt};

/// Every file that is known, by name.
const PARTS: &[(&str, Part)] = &[
    ("assignor_cooperative_sticky", Built(assignors::check)),
    ("assignor_range", Built(assignors::check)),
    ("assignor_roundrobin", Built(assignors::check)),
    ("assignor_sequences", Built(assignor_sequences::check)),
    ("assignor_sticky", Built(assignors::check)),
    ("avro_compat", NotBuilt),
    ("burrow_lag_evaluation", Built(burrow_lag_evaluation::check)),
    ("debezium_outbox_router", NotBuilt),
    ("defaults", Built(defaults::check)),
    ("e2e_cluster", NotBuilt),
    ("group_classic", Built(group_classic::check)),
    ("group_consumer_848", NotBuilt),
    ("leader_election", NotBuilt),
    ("librdkafka_partitioners", NotBuilt),
    ("log_compaction", NotBuilt),
    ("log_idempotence", NotBuilt),
    ("log_retention_segments", Built(log_retention_segments::check)),
    ("log_transactions", NotBuilt),
    ("murmur2", Built(murmur2::check)),
    ("producer_accumulator", Built(producer_accumulator::check)),
    ("record_batch_size", Built(record_batch_size::check)),
    ("schema_registry_levels", NotBuilt),
    ("server_assignors", NotBuilt),
    ("share_group_partition", NotBuilt),
    ("spring_backoff", NotBuilt),
];

fn folder() -> PathBuf {
    std::env::var_os("LAGLAB_VECTORS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/vectors"), PathBuf::from)
}

#[test]
fn the_engine_answers_as_the_originals_did() {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder())
        .unwrap_or_else(|error| panic!("cannot read {}: {error}", folder().display()))
        .map(|entry| entry.expect("a folder's entry can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no vectors in {}", folder().display());
    let mut failures = String::new();
    for path in files {
        let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
        let Some((_, part)) = PARTS.iter().find(|(known, _)| *known == name) else {
            failures += &format!("{name}: no part of the engine has this name\n");
            continue;
        };
        let Built(check) = part else {
            println!("{name}: not built");
            continue;
        };
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()));
        let file: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let count = file["vectors"].as_array().map_or(0, Vec::len);
        if count == 0 {
            failures += &format!("{name}: no vectors in the file\n");
            continue;
        }
        let disagreements = check(&file);
        println!("{name}: {count} vectors, {} disagreements", disagreements.len());
        for Disagreement { vector, expected, got } in disagreements {
            failures += &format!("{name} {vector}\n  original: {expected}\n  engine:   {got}\n");
        }
    }
    assert!(failures.is_empty(), "\n{failures}");
}
