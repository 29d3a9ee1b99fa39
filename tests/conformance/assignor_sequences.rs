//! `assignor_sequences`: groups that live through joins, departures and new partitions, round after round.

use super::Disagreement;
use super::assignors::{Case, assignor, disagreement};
use serde_json::Value;

pub fn check(file: &Value) -> Vec<Disagreement> {
    let mut disagreements = Vec::new();
    for vector in file["vectors"].as_array().expect("vectors are a list") {
        for (place, step) in vector["steps"].as_array().expect("steps are a list").iter().enumerate() {
            let count = |partitions: &Value| (partitions.as_u64().expect("a count") as usize, Vec::new());
            let topics = step["topics"].as_object().expect("topics by name").iter();
            let topics: std::collections::BTreeMap<_, _> = topics.map(|(name, partitions)| (name.clone(), count(partitions))).collect();
            for round in step["rounds"].as_array().expect("rounds are a list") {
                let case = Case::new(assignor(&vector["assignor"]), topics.clone(), &round["members"]);
                let name = format!("{} step {place} ({}) generation {}", vector["index"], step["event"], round["generation"]);
                disagreements.extend(disagreement(&name, &case, round));
            }
        }
    }
    disagreements
}
